/* SPDX-License-Identifier: PostgreSQL */
#include "model/cell.h"

#include <math.h>

#include "core/clean.h"

struct cell cell_number(double v)
{
	if (!isfinite(v))
		return CELL_NONE;
	return (struct cell){.kind = CELL_NUMBER, .number = v};
}

double cell_value(const struct cell *c)
{
	switch (c->kind) {
	case CELL_INT:
	case CELL_BOOL:
		return (double)c->integer;
	case CELL_NUMBER:
		return c->number;
	case CELL_UNKNOWN:
	case CELL_TEXT:
		break;
	}
	return NAN;
}

/* Exact, also beyond 2^53 where a comparison of doubles would call neighbours equal. */
static int compare_int_number(int64_t a, double b)
{
	double whole;

	if (b >= 0x1p63)
		return -1;
	if (b < -0x1p63)
		return 1;
	whole = floor(b);
	if (a != (int64_t)whole)
		return a < (int64_t)whole ? -1 : 1;
	return b > whole ? -1 : 0;
}

static int compare_numbers(const struct cell *a, const struct cell *b)
{
	if (a->kind == CELL_NUMBER && b->kind == CELL_NUMBER)
		return (a->number > b->number) - (a->number < b->number);
	if (a->kind == CELL_NUMBER)
		return -compare_int_number(b->integer, a->number);
	if (b->kind == CELL_NUMBER)
		return compare_int_number(a->integer, b->number);
	return (a->integer > b->integer) - (a->integer < b->integer);
}

static int compare_texts(struct str a, struct str b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len > 0 ? memcmp(a.at, b.at, len) : 0;

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

int cell_compare(const struct cell *a, const struct cell *b)
{
	/* 0 unknown, 1 number, 2 text */
	int rank_a = a->kind == CELL_UNKNOWN ? 0 : a->kind == CELL_TEXT ? 2 : 1;
	int rank_b = b->kind == CELL_UNKNOWN ? 0 : b->kind == CELL_TEXT ? 2 : 1;

	if (rank_a != rank_b || rank_a == 0)
		return rank_a - rank_b;
	return rank_a == 1 ? compare_numbers(a, b) : compare_texts(a->text, b->text);
}

const char *mark_name(enum mark mark)
{
	switch (mark) {
	case MARK_ESTIMATED:
		return "estimated";
	case MARK_BOUND:
		return "bound";
	case MARK_LIFETIME:
		return "cumulative";
	case MARK_EXACT:
		break;
	}
	return "exact";
}

enum mark mark_worst(enum mark a, enum mark b)
{
	static const uint8_t rank[] = {
		[MARK_EXACT] = 0,
		[MARK_BOUND] = 1,
		[MARK_ESTIMATED] = 2,
		[MARK_LIFETIME] = 3,
	};

	return rank[a] >= rank[b] ? a : b;
}

static double shown_value(const char *text, size_t len)
{
	double value;
	enum unit unit;

	return unit_parse((struct str){text, len}, &value, &unit, NULL) < 0 ? INFINITY : value;
}

/* A bound holds as it is shown, too: where rounding to few digits went below it, the next figure above is shown. */
static size_t format_bound(char text[UNIT_TEXT_MAX], enum unit unit, double bound, int64_t wall_us)
{
	static const double steps[] = {1, 1.0005, 1.002, 1.005, 1.02, 1.05, 1.1};
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		len = unit_format(text, unit, bound * steps[i], wall_us);
		if (!(shown_value(text, len) < bound))
			break;
	}
	return len;
}

void cell_format(struct buf *out, const struct cell *c, enum unit unit, int64_t wall_us, unsigned clean_flags)
{
	char text[UNIT_TEXT_MAX];
	size_t len = 0;

	switch (c->kind) {
	case CELL_TEXT:
		clean_text(out, c->text.at, c->text.len, clean_flags);
		return;
	case CELL_INT:
		len = unit_format_int(text, unit == UNIT_TEXT ? UNIT_ID : unit, c->integer, wall_us);
		break;
	case CELL_BOOL:
		len = unit_format_int(text, UNIT_BOOL, c->integer, wall_us);
		break;
	case CELL_NUMBER:
		if (c->mark == MARK_BOUND)
			len = format_bound(text, unit == UNIT_TEXT ? UNIT_FLOAT : unit, c->number, wall_us);
		else
			len = unit_format(text, unit == UNIT_TEXT ? UNIT_FLOAT : unit, c->number, wall_us);
		break;
	case CELL_UNKNOWN:
		buf_addc(out, '-');
		return;
	}
	if (len == 1 && text[0] == '-')
		; /* no figure, no sign */
	else if (c->mark == MARK_ESTIMATED)
		buf_addc(out, '~');
	else if (c->mark == MARK_BOUND && text[0] != '<') /* "<0.001ms" is a bound already */
		buf_adds(out, "<=");
	buf_add(out, text, len);
}
