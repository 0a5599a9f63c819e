/* SPDX-License-Identifier: PostgreSQL */
/* The compiled form of a pattern: for pattern*.c only. */
#ifndef MODEL_PATTERN_PRIVATE_H
#define MODEL_PATTERN_PRIVATE_H

#include "model/pattern.h"

enum {
	PATTERN_WORDS = PATTERN_POSITIONS_MAX / 64,
	/* what a position may match: a byte, or the text's begin and end, which ^ and $ consume */
	PATTERN_BEGIN = 256,
	PATTERN_END = 257,
	PATTERN_SYMBOLS = 258,
};

struct pattern_set {
	uint64_t word[PATTERN_WORDS];
};

/* A position is one character of the pattern. After the symbols s1 .. sk the active set holds the positions at which a
 * match may stand that took sk last. */
struct pattern {
	char *needle;              /* lower case, when the pattern has no special signs: found by searching */
	size_t needle_len;
	bool empty;                /* matches the empty text, so every text */
	int positions, words;
	struct pattern_set first, last;
	struct pattern_set follow[PATTERN_POSITIONS_MAX];
	struct pattern_set takes[PATTERN_SYMBOLS]; /* which positions take the symbol */
};

static inline void pattern_add(struct pattern_set *s, int position)
{
	s->word[position / 64] |= UINT64_C(1) << (position % 64);
}

static inline void pattern_join(struct pattern_set *s, const struct pattern_set *with)
{
	for (int i = 0; i < PATTERN_WORDS; i++)
		s->word[i] |= with->word[i];
}

#endif
