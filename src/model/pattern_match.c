/* SPDX-License-Identifier: PostgreSQL */
#include "model/pattern_private.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool find_needle(const struct pattern *p, struct str text)
{
	char first = p->needle[0], upper = first >= 'a' && first <= 'z' ? (char)(first - 'a' + 'A') : first;

	for (size_t i = 0; i + p->needle_len <= text.len; i++) {
		size_t k = 1;

		if (text.at[i] != first && text.at[i] != upper)
			continue;
		while (k < p->needle_len && lower(text.at[i + k]) == p->needle[k])
			k++;
		if (k == p->needle_len)
			return true;
	}
	return false;
}

/* The usual case: no more than 64 positions, one word. */
static uint64_t step_word(const struct pattern *p, uint64_t active, int symbol)
{
	uint64_t next = p->first.word[0];

	while (active != 0) {
		next |= p->follow[__builtin_ctzll(active)].word[0];
		active &= active - 1;
	}
	return next & p->takes[symbol].word[0];
}

static bool match_word(const struct pattern *p, struct str text)
{
	uint64_t active = step_word(p, 0, PATTERN_BEGIN), last = p->last.word[0];

	for (size_t i = 0; i < text.len && (active & last) == 0; i++)
		active = step_word(p, active, (unsigned char)text.at[i]);
	if ((active & last) == 0)
		active = step_word(p, active, PATTERN_END);
	return (active & last) != 0;
}

/* One step of all words; true when a match is complete. */
static bool step(const struct pattern *p, struct pattern_set *active, int symbol)
{
	struct pattern_set next = p->first;
	uint64_t done = 0;

	for (int w = 0; w < p->words; w++) {
		for (uint64_t left = active->word[w]; left != 0; left &= left - 1)
			pattern_join(&next, &p->follow[w * 64 + __builtin_ctzll(left)]);
	}
	for (int w = 0; w < p->words; w++) {
		active->word[w] = next.word[w] & p->takes[symbol].word[w];
		done |= active->word[w] & p->last.word[w];
	}
	return done != 0;
}

static bool match_words(const struct pattern *p, struct str text)
{
	struct pattern_set active = {{0}};
	bool done = step(p, &active, PATTERN_BEGIN);

	for (size_t i = 0; i < text.len && !done; i++)
		done = step(p, &active, (unsigned char)text.at[i]);
	return done || step(p, &active, PATTERN_END);
}

bool pattern_match(const struct pattern *p, struct str text)
{
	if (p->empty)
		return true;
	if (text.len > PATTERN_TEXT_MAX)
		text.len = PATTERN_TEXT_MAX;
	if (p->needle != NULL)
		return find_needle(p, text);
	return p->words <= 1 ? match_word(p, text) : match_words(p, text);
}
