/* SPDX-License-Identifier: PostgreSQL */
#include "model/histogram.h"

#include <math.h>

struct bucket {
	uint64_t bound, count;
};

static bool read_number(struct str *text, uint64_t *out)
{
	uint64_t v = 0;
	size_t i = 0;

	while (i < text->len && text->at[i] >= '0' && text->at[i] <= '9') {
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(text->at[i] - '0'), &v))
			return false;
		i++;
	}
	if (i == 0)
		return false;
	text->at += i;
	text->len -= i;
	*out = v;
	return true;
}

static void skip_blanks(struct str *text)
{
	while (text->len > 0 && *text->at == ' ') {
		text->at++;
		text->len--;
	}
}

/* The next bucket: 1, 0 at the end, -1 when it is none or does not rise. */
static int read_bucket(struct str *text, struct bucket *b)
{
	struct bucket last = *b;

	skip_blanks(text);
	if (text->len == 0)
		return 0;
	if (!read_number(text, &b->bound) || text->len == 0 || *text->at != ':')
		return -1;
	text->at++;
	text->len--;
	if (!read_number(text, &b->count) || b->bound < last.bound || b->count < last.count)
		return -1;
	return 1;
}

struct walk {
	struct str before;
	struct bucket was;  /* the last bucket of `before` not beyond the present bound */
	struct bucket next; /* the one after it */
	bool more;
};

/* The cumulated count that `before` had at a bound; false when its text is broken. */
static bool count_before(struct walk *w, uint64_t bound, uint64_t *count)
{
	while (w->more && w->next.bound <= bound) {
		int got;

		w->was = w->next;
		got = read_bucket(&w->before, &w->next);
		if (got < 0)
			return false;
		w->more = got > 0;
	}
	*count = w->was.count;
	return true;
}

/* Walks over the increase per bound: finds the bucket where it reaches `rank` (0: never), and its total. */
static bool walk(struct str before, struct str now, double rank, struct histogram_range *range, uint64_t *total)
{
	struct walk w = {.before = before};
	struct bucket b = {0};
	uint64_t was, last = 0, below = 0;
	int got = read_bucket(&w.before, &w.next);

	if (got < 0)
		return false;
	w.more = got > 0;
	while ((got = read_bucket(&now, &b)) > 0) {
		if (!count_before(&w, b.bound, &was) || b.count < was || b.count - was < last)
			return false;
		last = b.count - was;
		if (rank > 0 && (double)last >= rank) {
			range->most = (double)b.bound / 1000;
			range->least = (double)(below > b.bound / 2 ? below : b.bound / 2) / 1000;
			return true;
		}
		below = b.bound;
	}
	/* What `before` had beyond the last bound of `now` fell. */
	if (got < 0 || !count_before(&w, UINT64_MAX, &was) || b.count < was)
		return false;
	*total = last;
	return rank <= 0;
}

struct histogram_range histogram_quantile(struct str before, struct str now, double q)
{
	const struct histogram_range none = {NAN, NAN};
	struct histogram_range range = none;
	uint64_t total = 0;

	if (!(q >= 0 && q <= 1) || !walk(before, now, 0, &range, &total) || total == 0)
		return none;
	return walk(before, now, fmax(1, ceil(q * (double)total - 1e-9)), &range, &total) ? range : none;
}
