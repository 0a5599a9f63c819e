/* SPDX-License-Identifier: PostgreSQL */
/*
 * csv: RFC 4180. A block for each panel: a head line, then its rows on every server, each with time, server, state and (last)
 * the marks of what is not exact. With one panel the head stands once, on the first frame; blocks are divided by an empty
 * line. A text that a spreadsheet would take for a formula gets ' in front; control characters are shown as escapes.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/clean.h"
#include "model/json.h"
#include "out/out_private.h"

/* A field whose bytes are ours or were cleaned. */
static void put_field(struct buf *out, const char *at, size_t len)
{
	bool quote = false;

	for (size_t i = 0; i < len && !quote; i++)
		quote = at[i] == '"' || at[i] == ',' || at[i] == '\n' || at[i] == '\r';
	quote |= len > 0 && (at[0] == ' ' || at[len - 1] == ' ');
	if (!quote) {
		buf_add(out, at, len);
		return;
	}
	buf_addc(out, '"');
	for (size_t i = 0; i < len; i++) {
		if (at[i] == '"')
			buf_addc(out, '"');
		buf_addc(out, at[i]);
	}
	buf_addc(out, '"');
}

static void put_text(struct buf *out, struct str text)
{
	struct buf clean = BUF_INIT(text.len * 10 + 16);

	if (text.len > 0 && strchr("=+-@\t\r\n", text.at[0]) && text.at[0] != '\0')
		buf_addc(&clean, '\'');
	clean_text(&clean, text.at, text.len, CLEAN_KEEP_LINES);
	put_field(out, buf_text(&clean), clean.len);
	buf_release(&clean);
}

static void put_value(struct buf *out, const struct cell *c, enum unit unit)
{
	char text[JSON_NUMBER_MAX];
	size_t len;

	switch (c->kind) {
	case CELL_UNKNOWN:
		break;
	case CELL_TEXT:
		put_text(out, c->text);
		break;
	case CELL_BOOL:
		buf_adds(out, c->integer ? "true" : "false");
		break;
	case CELL_INT:
		if (unit == UNIT_TIME)
			out_time(out, c->integer);
		else if (unit == UNIT_BOOL)
			buf_adds(out, c->integer ? "true" : "false");
		else
			buf_addf(out, "%lld", (long long)c->integer);
		break;
	case CELL_NUMBER:
		if (unit == UNIT_TIME) {
			out_time(out, llround(c->number));
		} else {
			len = json_number_text(text, c->number);
			buf_add(out, text, len);
		}
		break;
	}
}

static void put_head(struct buf *out, const struct out_panel *p, const int *columns, int count)
{
	buf_adds(out, "time,server,panel,state");
	for (int i = 0; i < count; i++)
		buf_addf(out, ",%s", p->panel->column[columns[i]].name);
	buf_adds(out, ",marks\r\n");
}

static void put_row(struct buf *out, const struct out_frame *frame, const struct out_panel *p, int row,
                    const int *columns, int count)
{
	bool any = false;
	enum mark marks[OUT_COLUMNS_MAX];

	out_time(out, frame->now.wall_us);
	buf_addc(out, ',');
	put_text(out, str_from(p->server->name));
	buf_addf(out, ",%s,%s", p->panel->name, out_state(p));
	for (int i = 0; i < count; i++) {
		struct cell c = feed_cell(p->feed, row, columns[i], frame->now.wall_us);
		marks[i] = c.kind == CELL_UNKNOWN ? MARK_EXACT : c.mark;
		buf_addc(out, ',');
		put_value(out, &c, p->panel->column[columns[i]].unit);
	}
	buf_addc(out, ',');
	for (int i = 0; i < count; i++) {
		if (marks[i] == MARK_EXACT)
			continue;
		buf_addf(out, "%s%s=%s", any ? ";" : "", p->panel->column[columns[i]].name, mark_name(marks[i]));
		any = true;
	}
	buf_adds(out, "\r\n");
}

/* True when the panel before this one in the frame is the same panel, on another server. */
static bool goes_on(const struct out_frame *frame, int i)
{
	return i > 0 && frame->panels[i].panel == frame->panels[i - 1].panel;
}

static int csv_frame(struct buf *out, const struct out_frame *frame, struct err *why)
{
	int columns[OUT_COLUMNS_MAX];
	size_t start = out->len;
	int blocks = 0;

	for (int i = 0; i < frame->panel_count; i++)
		blocks += !goes_on(frame, i);
	for (int i = 0; i < frame->panel_count; i++) {
		const struct out_panel *p = &frame->panels[i];
		int count = out_columns(p, true, columns), rows = out_rows(frame, p);

		if (!goes_on(frame, i) && (blocks > 1 || frame->number == 1)) {
			if (i > 0 || frame->number > 1)
				buf_adds(out, "\r\n");
			put_head(out, p, columns, count);
		}
		for (int k = 0; k < rows; k++)
			put_row(out, frame, p, out_row(p, k), columns, count);
	}
	return out_check(out, start, why);
}

const struct out_format out_csv = {
	.name = "csv", .help = "RFC 4180, a block for each panel", .frame = csv_frame,
};
