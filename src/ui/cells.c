/* SPDX-License-Identifier: PostgreSQL */
/* One figure on the screen: its text, its colour, its sign, and how it is cut. */
#include <math.h>

#include "core/clean.h"
#include "core/utf8.h"
#include "ui/chart.h"
#include "ui/state.h"
#include "ui/text.h"

enum { SPARK_MAX = 128 };

void cells_text(struct buf *out, const struct cell *c, enum unit unit, int64_t wall_us, int width, bool ascii)
{
	unsigned flags = ascii ? CLEAN_ASCII : 0;
	struct str head;

	if (c->kind != CELL_TEXT) {
		cell_format(out, c, unit, wall_us, flags);
		return;
	}
	/* Only what can be seen is read of a text that may be a hundred kilobytes: four bytes a character, and some more
	 * because runs of blanks become one. */
	head = text_head(c->text, (size_t)(width > 0 ? width : 1) * 6 + 256);
	clean_text(out, head.at, head.len, CLEAN_LINE | flags);
}

unsigned cells_slot(const struct cell *c, int alert, bool stale)
{
	if (stale)
		return SLOT_STALE;
	if (c->kind == CELL_UNKNOWN)
		return SLOT_DIM;
	if (alert > 0)
		return alert > 1 ? SLOT_CRIT : SLOT_WARN;
	if (c->mark == MARK_ESTIMATED)
		return SLOT_ESTIMATED;
	return c->mark == MARK_BOUND ? SLOT_BOUND : SLOT_TEXT;
}

bool cells_too_early(const struct ui *u, int panel, const struct cell *c)
{
	return c->mark == MARK_LIFETIME && u->mode[panel] == FEED_INTERVAL;
}

const char *cells_sign(int alert)
{
	return alert <= 0 ? "" : alert == 1 ? "!" : "!!";
}

int cells_draw_cut(struct canvas *c, int x, int y, int width, unsigned slot, struct str text)
{
	size_t fit;
	int used;

	if (width <= 0)
		return 0;
	if (utf8_text_width(text.at, text.len) <= width)
		return canvas_text(c, x, y, width, slot, 0, text);
	fit = utf8_fit(text.at, text.len, width - 1, NULL);
	used = canvas_text(c, x, y, width - 1, slot, 0, (struct str){text.at, fit});
	return used + canvas_puts(c, x + used, y, 1, SLOT_DIM, 0, "…");
}

void cells_spark(struct canvas *c, int x, int y, int width, unsigned slot, const struct series *s, const struct series *steps)
{
	double room[SPARK_MAX];
	int from;

	if (width > SPARK_MAX)
		width = SPARK_MAX;
	from = width;
	for (int i = 0; i < s->count && from > 0; i++) {
		room[--from] = series_at(s, i);
		if (series_at(steps, i) < 0 && from > 0)
			room[--from] = NAN;
	}
	if (width > 0)
		chart_spark(c, x, y, width, slot, (struct chart_values){room + from, width - from}, NAN);
}

static bool cell_is(const struct canvas_cell *cell, uint32_t want)
{
	uint32_t cp = cell->cp;

	if (cp >= 'A' && cp <= 'Z')
		cp += 'a' - 'A';
	if (want >= 'A' && want <= 'Z')
		want += 'a' - 'A';
	return cp == want;
}

/* Column behind the text when it stands at x, -1 when it does not. */
static int match_end(const struct canvas *c, const struct canvas_cell *row, int x, struct str text)
{
	size_t n;

	for (size_t i = 0; i < text.len; i += n) {
		if (x >= c->width || !cell_is(&row[x], utf8_decode(text.at + i, text.len - i, &n)))
			return -1;
		x += x + 1 < c->width && row[x + 1].cp == 0 ? 2 : 1;
	}
	return x;
}

void cells_highlight(struct canvas *c, int x, int y, const char *text)
{
	struct canvas_cell *row;

	if (!text[0] || y < 0 || y >= c->height)
		return;
	for (row = c->cell + (size_t)y * (size_t)c->width; x < c->width; x++) {
		int end = match_end(c, row, x, str_from(text));

		for (int k = x; k < end; k++) { /* seen under the cursor bar too */
			row[k].slot = SLOT_MATCH;
			row[k].flags &= (uint8_t)~(CANVAS_CURSOR | CANVAS_TAGGED);
		}
	}
}

void cells_age(char out[UNIT_TEXT_MAX], int64_t now_ns, int64_t then_ns)
{
	double ms = (double)(now_ns - then_ns) / (double)CLOCK_MS_NS;

	unit_format(out, UNIT_AGE, ms < 0 ? 0 : ms, 0);
}
