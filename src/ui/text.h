/* SPDX-License-Identifier: PostgreSQL */
/* Cutting text by bytes without cutting a character. */
#ifndef UI_TEXT_H
#define UI_TEXT_H

#include "core/str.h"

/* The first max bytes of the text, less the part of a character that would be cut. */
static inline struct str text_head(struct str text, size_t max)
{
	size_t len = max;

	if (text.len <= max)
		return text;
	while (len > 0 && max - len < 3 && ((unsigned char)text.at[len] & 0xc0) == 0x80)
		len--;
	return (struct str){text.at, len};
}

#endif
