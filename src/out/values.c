/* SPDX-License-Identifier: PostgreSQL */
#include <math.h>
#include <string.h>

#include "out/out_private.h"

static bool is_trend(const struct panel *panel, int column)
{
	return panel->trend && strcmp(panel->column[column].name, "trend") == 0;
}

int out_columns(const struct out_panel *p, bool all, int columns[OUT_COLUMNS_MAX])
{
	int count = 0;

	if (p->columns) {
		for (int i = 0; i < p->column_count && count < OUT_COLUMNS_MAX; i++)
			if (!is_trend(p->panel, p->columns[i]))
				columns[count++] = p->columns[i];
		return count;
	}
	for (int i = 0; i < p->panel->column_count && count < OUT_COLUMNS_MAX; i++)
		if ((all || p->panel->column[i].shown) && !is_trend(p->panel, i))
			columns[count++] = i;
	return count;
}

bool out_has_data(const struct out_panel *p)
{
	return p->feed && p->view && feed_sample(p->feed);
}

int out_rows(const struct out_frame *frame, const struct out_panel *p)
{
	if (!out_has_data(p))
		return 0;
	return frame->row_limit > 0 && p->view->count > frame->row_limit ? frame->row_limit : p->view->count;
}

int out_row(const struct out_panel *p, int i)
{
	return p->view->order[i];
}

const char *out_state(const struct out_panel *p)
{
	switch (p->feed ? feed_state(p->feed) : FEED_EMPTY) {
	case FEED_LIVE:
		return "live";
	case FEED_STALE:
		return "stale";
	default:
		return "unavailable";
	}
}

const char *out_reason(const struct out_panel *p)
{
	const char *reason = p->feed ? feed_reason(p->feed) : "";

	if (p->feed && feed_state(p->feed) == FEED_LIVE)
		return "";
	if (*reason)
		return reason;
	return p->server->reason[0] ? p->server->reason : "no answer in time";
}

double out_age_s(const struct out_frame *frame, const struct out_panel *p)
{
	if (!out_has_data(p))
		return (double)NAN;
	double age = (double)(frame->now.mono_ns - feed_sample(p->feed)->mono_ns) / 1e9;
	return age > 0 ? age : 0;
}

bool out_is_hash(const struct panel *panel, int column)
{
	const struct panel_column *c = &panel->column[column];

	return c->unit == UNIT_ID && ((c->field >= 0 && c->field == panel->timings.queryid && panel->timings.calls >= 0) ||
	                              strstr(c->name, "queryid") || strstr(c->name, "query_id"));
}

void out_time(struct buf *out, int64_t us)
{
	char text[32];

	clock_utc_text(us, text);
	buf_adds(out, text);
}

int out_check(struct buf *out, size_t start, struct err *why)
{
	if (!out->failed)
		return 0;
	buf_cut(out, start);
	return err_set(why, ERR_TOO_BIG, "the frame is larger than %zu MiB: ask for fewer rows (--limit) or panels",
	               out->limit >> 20);
}
