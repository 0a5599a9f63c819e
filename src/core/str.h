/* SPDX-License-Identifier: PostgreSQL */
/* A borrowed piece of text: not owned, not NUL-terminated, valid as long as its owner says. */
#ifndef CORE_STR_H
#define CORE_STR_H

#include <string.h>

#include "core/base.h"

struct str {
	const char *at;
	size_t len;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})

static inline struct str str_from(const char *text)
{
	return (struct str){text, text ? strlen(text) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool str_is(struct str a, const char *text)
{
	return str_eq(a, str_from(text));
}

#endif
