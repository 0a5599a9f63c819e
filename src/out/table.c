/* SPDX-License-Identifier: PostgreSQL */
/* table: aligned text for people. Every byte of a server has gone through clean_text(). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "core/clean.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "out/out_private.h"

enum { TEXT_COLUMNS_MAX = 200, CELL_BYTES_MAX = 1 << 14 };

struct grid { /* the shown texts of a panel, before they are aligned */
	struct buf text;  /* all of them */
	size_t *end;      /* of cell row * columns + column */
	int *columns, column_count, rows;
	int *width;
};

static unsigned clean_flags(const struct out_frame *frame)
{
	return CLEAN_LINE | (frame->ascii ? CLEAN_ASCII : 0);
}

static void put_server(struct buf *out, const struct out_frame *frame, const struct server_status *s)
{
	char age[UNIT_TEXT_MAX];

	clean_text(out, s->name, strlen(s->name), clean_flags(frame));
	if (s->product[0])
		buf_addf(out, "  %s%s%s", s->product, s->version_text[0] ? " " : "", s->version_text);
	if (s->role[0])
		buf_addf(out, "  %s", s->role);
	buf_addf(out, "  %s", server_state_name(s->state));
	if (s->state != SERVER_LIVE && s->since_ns > 0) {
		unit_format(age, UNIT_AGE, (double)(frame->now.mono_ns - s->since_ns) / 1e6, 0);
		buf_addf(out, " %s", age);
	}
	if (s->reason[0]) {
		buf_adds(out, ": ");
		clean_text(out, s->reason, strlen(s->reason), clean_flags(frame));
	}
	if (s->notice[0]) {
		buf_adds(out, "  (");
		clean_text(out, s->notice, strlen(s->notice), clean_flags(frame));
		buf_addc(out, ')');
	}
	if (s->hidden > 0)
		buf_addf(out, "  %d hidden: grant pg_monitor", s->hidden);
	buf_addc(out, '\n');
}

/* "activity on db1: 12 of 30 rows, over 2.0s, 3 hidden by privilege, stale 4s: reason". */
static void put_title(struct buf *out, const struct out_frame *frame, const struct out_panel *p)
{
	char text[UNIT_TEXT_MAX];
	int rows = out_rows(frame, p);

	buf_addf(out, "\n%s (%s) on ", p->panel->title, p->panel->name);
	clean_text(out, p->server->name, strlen(p->server->name), clean_flags(frame));
	if (out_has_data(p)) {
		buf_addf(out, ": %d", rows);
		if (rows != p->view->total)
			buf_addf(out, " of %d", p->view->total);
		buf_adds(out, rows == 1 && rows == p->view->total ? " row" : " rows");
		if (feed_mode(p->feed) == FEED_LIFETIME)
			buf_adds(out, ", cumulative");
		else if (!isnan(feed_seconds(p->feed))) {
			unit_format(text, UNIT_MS, feed_seconds(p->feed) * 1e3, 0);
			buf_addf(out, ", over %s", text);
		}
		if (feed_was_reset(p->feed))
			buf_adds(out, ", counters were reset");
		if (feed_sample(p->feed)->cut)
			buf_adds(out, ", cut: there are more rows");
		if (feed_sample(p->feed)->hidden > 0)
			buf_addf(out, ", %d hidden by missing privilege", feed_sample(p->feed)->hidden);
		if (p->view->hidden_count > 0)
			buf_addf(out, ", %d %s left out", p->view->hidden_count,
			         p->panel->hide_title ? p->panel->hide_title : "others");
	}
	if (strcmp(out_state(p), "live") != 0) {
		buf_addf(out, "%s %s", out_has_data(p) ? "," : ":", out_state(p));
		if (out_has_data(p)) {
			unit_format(text, UNIT_AGE, out_age_s(frame, p) * 1e3, 0);
			buf_addf(out, " %s", text);
		}
		buf_adds(out, ": ");
		clean_text(out, out_reason(p), strlen(out_reason(p)), clean_flags(frame));
	}
	buf_addc(out, '\n');
}

static void put_figures(struct buf *out, const struct out_frame *frame, const struct out_panel *p)
{
	bool any = false;

	for (int i = 0; i < p->panel->figure_count; i++) {
		struct cell c = feed_figure(p->feed, i, frame->now.wall_us);
		buf_addf(out, "%s%s ", any ? "  " : "", p->panel->figure[i].title);
		cell_format(out, &c, p->panel->figure[i].unit, frame->now.wall_us, clean_flags(frame));
		any = true;
	}
	if (any)
		buf_addc(out, '\n');
}

/* The text of a cell, cut where a person would no longer read. */
static int put_cell(struct grid *g, const struct out_frame *frame, const struct out_panel *p, int i, int column)
{
	struct buf text = BUF_INIT(CELL_BYTES_MAX);
	struct cell c = feed_cell(p->feed, out_row(p, i), column, frame->now.wall_us);
	int used = 0;

	if (p->view->tree && p->panel->column[column].tree && p->view->depth)
		for (int depth = 0; depth < p->view->depth[i]; depth++)
			buf_adds(&text, "  ");
	if (c.kind == CELL_TEXT && c.text.len > CELL_BYTES_MAX / 16)
		c.text.len = CELL_BYTES_MAX / 16;
	cell_format(&text, &c, p->panel->column[column].unit, frame->now.wall_us, clean_flags(frame));
	size_t fit = utf8_fit(buf_text(&text), text.len, TEXT_COLUMNS_MAX, &used);
	buf_add(&g->text, buf_text(&text), fit);
	buf_release(&text);
	return used;
}

static void put_padded(struct buf *out, const char *at, size_t len, int width, bool right, bool last)
{
	int fill = width - utf8_text_width(at, len);

	if (fill < 0)
		fill = 0;
	if (right)
		buf_addf(out, "%*s", fill, "");
	buf_add(out, at, len);
	if (!right && !last)
		buf_addf(out, "%*s", fill, "");
}

static bool is_text(const struct panel_column *column)
{
	return column->unit == UNIT_TEXT || column->unit == UNIT_BOOL;
}

static void grid_gather(struct grid *g, const struct out_frame *frame, const struct out_panel *p)
{
	size_t cells = (size_t)g->rows * (size_t)g->column_count, at = 0;

	g->end = mem_calloc(cells + 1, sizeof *g->end);
	g->width = mem_calloc((size_t)g->column_count + 1, sizeof *g->width);
	for (int k = 0; k < g->column_count; k++) {
		const char *title = p->panel->column[g->columns[k]].title;
		g->width[k] = utf8_text_width(title, strlen(title));
	}
	for (int i = 0; i < g->rows; i++) {
		for (int k = 0; k < g->column_count; k++) {
			int used = put_cell(g, frame, p, i, g->columns[k]);
			if (used > g->width[k])
				g->width[k] = used;
			g->end[at++] = g->text.len;
		}
	}
}

static void grid_print(struct buf *out, const struct grid *g, const struct panel *panel)
{
	size_t at = 0, from = 0;

	for (int i = -1; i < g->rows; i++) {
		for (int k = 0; k < g->column_count; k++) {
			const struct panel_column *column = &panel->column[g->columns[k]];
			const char *text = i < 0 ? column->title : buf_text(&g->text) + from;
			size_t len = i < 0 ? strlen(column->title) : g->end[at] - from;
			if (k > 0)
				buf_adds(out, "  ");
			put_padded(out, text, len, g->width[k], !is_text(column), k == g->column_count - 1);
			if (i >= 0)
				from = g->end[at++];
		}
		buf_addc(out, '\n');
	}
}

/* A card: "TITLE value" pairs of its first row. */
static void card_print(struct buf *out, const struct grid *g, const struct panel *panel)
{
	size_t from = 0;
	int width = 0;

	for (int k = 0; k < g->column_count; k++) {
		const char *title = panel->column[g->columns[k]].title;
		int columns = utf8_text_width(title, strlen(title));
		width = columns > width ? columns : width;
	}
	for (int k = 0; k < g->column_count && g->rows > 0; k++) {
		const char *title = panel->column[g->columns[k]].title;
		put_padded(out, title, strlen(title), width, false, false);
		buf_adds(out, "  ");
		buf_add(out, buf_text(&g->text) + from, g->end[k] - from);
		buf_addc(out, '\n');
		from = g->end[k];
	}
}

static int put_panel(struct buf *out, const struct out_frame *frame, const struct out_panel *p, struct err *why)
{
	int columns[OUT_COLUMNS_MAX];
	struct grid g = {.text = BUF_INIT(out->limit), .columns = columns};

	if (!out_has_data(p) && p->server->state != SERVER_LIVE)
		return 0; /* the server's own line says why; not once more for each panel */
	put_title(out, frame, p);
	if (!out_has_data(p))
		return 0;
	put_figures(out, frame, p);
	g.rows = out_rows(frame, p);
	g.column_count = out_columns(p, false, columns);
	if (p->panel->shape == PANEL_CARD && g.rows > 1)
		g.rows = 1;
	grid_gather(&g, frame, p);
	bool whole = !g.text.failed;
	if (whole && p->panel->shape == PANEL_CARD)
		card_print(out, &g, p->panel);
	else if (whole && g.rows > 0)
		grid_print(out, &g, p->panel);
	buf_release(&g.text);
	free(g.end);
	free(g.width);
	return whole ? 0 : err_set(why, ERR_TOO_BIG, "panel %s is too large: ask for fewer rows (--limit)", p->panel->name);
}

static int table_frame(struct buf *out, const struct out_frame *frame, struct err *why)
{
	size_t start = out->len;
	int rc = 0;

	if (frame->number > 1)
		buf_addc(out, '\n');
	buf_addf(out, "dytop %s  frame %d  ", PACKAGE_VERSION, frame->number);
	out_time(out, frame->now.wall_us);
	buf_addc(out, '\n');
	for (int i = 0; i < frame->server_count; i++)
		put_server(out, frame, frame->servers[i]);
	for (int i = 0; i < frame->panel_count && rc == 0; i++)
		rc = put_panel(out, frame, &frame->panels[i], why);
	if (rc < 0)
		buf_cut(out, start);
	return rc < 0 ? rc : out_check(out, start, why);
}

const struct out_format out_table = {
	.name = "table", .help = "aligned text for people", .frame = table_frame,
};
