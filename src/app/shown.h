/* SPDX-License-Identifier: PostgreSQL */
/* A word that a person or a file gave, as a message may show it: one line, cleaned, at most 80 bytes. */
#ifndef APP_SHOWN_H
#define APP_SHOWN_H

#include <string.h>

#include "core/clean.h"

struct shown {
	char text[84];
};

/* For a call's arguments: shown(word).text lives to the end of the expression. */
static inline struct shown shown(const char *word)
{
	struct shown out;
	struct buf clean = BUF_INIT(80);

	clean_text(&clean, word, strlen(word), CLEAN_LINE);
	memcpy(out.text, buf_text(&clean), clean.len + 1);
	buf_release(&clean);
	return out;
}

#endif
