/* SPDX-License-Identifier: PostgreSQL */
/* json: one document with all frames; ndjson: a frame a line. Both as docs/snapshot.schema.json says. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "model/json.h"
#include "out/out_private.h"

enum { SNAPSHOT_SCHEMA = 1 };

static const char *const kind_name[] = {
	[PANEL_PG] = "pg", [PANEL_REDIS] = "redis", [PANEL_PGBOUNCER] = "pgbouncer", [PANEL_SELF] = "self",
};

/* NULL for "", so that what is not known or not so is null. */
static const char *said(const char *text)
{
	return text && *text ? text : NULL;
}

static void put_time(struct json_writer *w, const char *key, int64_t us)
{
	char text[32];

	clock_utc_text(us, text);
	json_put_string(w, key, text);
}

static double seconds_since(int64_t then_ns, int64_t now_ns)
{
	return then_ns > 0 && now_ns >= then_ns ? (double)((now_ns - then_ns) / CLOCK_MS_NS) / 1e3 : (double)NAN;
}

static void put_server(struct json_writer *w, const struct out_frame *frame, const struct server_status *s)
{
	json_open_map(w, NULL);
	json_put_string(w, "name", s->name);
	json_put_string(w, "kind", kind_name[s->kind]);
	json_put_string(w, "product", said(s->product));
	json_put_string(w, "version", said(s->version_text));
	if (s->version > 0)
		json_put_int(w, "version_num", s->version);
	else
		json_put_null(w, "version_num");
	json_put_string(w, "role", said(s->role));
	json_put_string(w, "user", said(s->user));
	json_put_string(w, "state", server_state_name(s->state));
	json_put_number(w, "state_s", seconds_since(s->since_ns, frame->now.mono_ns));
	json_put_string(w, "reason", said(s->reason));
	json_put_string(w, "notice", said(s->notice));
	if (s->started_us > 0)
		put_time(w, "started", s->started_us);
	else
		json_put_null(w, "started");
	json_put_number(w, "rtt_ms", s->rtt_ms);
	json_put_int(w, "hidden", s->hidden);
	json_put_bool(w, "superuser", s->superuser);
	json_put_bool(w, "pooled", s->pooled);
	json_put_int(w, "logins", s->logins);
	json_put_int(w, "asked", s->asked);
	json_put_int(w, "failed", s->failed);
	json_put_number(w, "cost_ms", s->cost_ms);
	json_close(w);
}

static void put_value(struct json_writer *w, const char *key, const struct cell *c, enum unit unit, bool hash)
{
	char digits[24];

	if (c->kind == CELL_INT && unit == UNIT_TIME)
		put_time(w, key, c->integer);
	else if (c->kind == CELL_NUMBER && unit == UNIT_TIME)
		put_time(w, key, llround(c->number));
	else if (c->kind == CELL_INT && unit == UNIT_BOOL)
		json_put_bool(w, key, c->integer != 0);
	else if (c->kind == CELL_INT && hash) {
		snprintf(digits, sizeof digits, "%lld", (long long)c->integer);
		json_put_string(w, key, digits);
	} else {
		json_put_cell(w, key, c);
	}
}

static void put_row(struct json_writer *w, const struct out_frame *frame, const struct out_panel *p, int row,
                    const int *columns, int count)
{
	const struct panel_column *column = p->panel->column;
	enum mark marks[OUT_COLUMNS_MAX];
	bool any_mark = false, any_rung = false, any_alert = false;

	json_open_map(w, NULL);
	for (int i = 0; i < count; i++) {
		struct cell c = feed_cell(p->feed, row, columns[i], frame->now.wall_us);
		put_value(w, column[columns[i]].name, &c, column[columns[i]].unit, out_is_hash(p->panel, columns[i]));
		marks[i] = c.kind == CELL_UNKNOWN ? MARK_EXACT : c.mark;
		any_mark |= marks[i] != MARK_EXACT;
	}
	if (any_mark) {
		json_open_map(w, "marks");
		for (int i = 0; i < count; i++)
			if (marks[i] != MARK_EXACT)
				json_put_string(w, column[columns[i]].name, mark_name(marks[i]));
		json_close(w);
	}
	for (int i = 0; i < count; i++) {
		const char *rung = feed_column_rung(p->feed, row, columns[i], NULL);

		if (!rung[0])
			continue;
		if (!any_rung)
			json_open_map(w, "rung");
		any_rung = true;
		json_put_string(w, column[columns[i]].name, rung);
	}
	if (any_rung)
		json_close(w);
	for (int i = 0; i < count; i++) {
		int alert = column[columns[i]].warn || column[columns[i]].crit ?
		                    feed_alert(p->feed, row, columns[i], frame->now.wall_us) : 0;
		if (alert == 0)
			continue;
		if (!any_alert)
			json_open_map(w, "alerts");
		any_alert = true;
		json_put_string(w, column[columns[i]].name, alert > 1 ? "crit" : "warn");
	}
	if (any_alert)
		json_close(w);
	json_close(w);
}

static void put_figures(struct json_writer *w, const struct out_frame *frame, const struct out_panel *p)
{
	json_open_map(w, "figures");
	for (int i = 0; i < p->panel->figure_count && out_has_data(p); i++) {
		const struct panel_figure *figure = &p->panel->figure[i];
		struct cell c = feed_figure(p->feed, i, frame->now.wall_us);
		int alert = feed_figure_alert(p->feed, i, frame->now.wall_us);
		json_open_map(w, figure->name);
		put_value(w, "value", &c, figure->unit, false);
		json_put_string(w, "unit", unit_name(figure->unit));
		json_put_string(w, "mark", c.kind == CELL_UNKNOWN ? NULL : mark_name(c.mark));
		json_put_string(w, "alert", alert == 0 ? NULL : alert > 1 ? "crit" : "warn");
		json_close(w);
	}
	json_close(w);
}

/* What the sampler behind the panel's estimates does, where there is one. */
static void put_looks(struct json_writer *w, const struct feed_looks *looks)
{
	if (!looks)
		return;
	json_open_map(w, "inflight");
	json_put_number(w, "looks_s", looks->hz);
	json_put_number(w, "wished_s", looks->most_hz);
	json_put_number(w, "cost_pct", looks->share * 100);
	json_close(w);
}

static void put_panel(struct json_writer *w, const struct out_frame *frame, const struct out_panel *p)
{
	int columns[OUT_COLUMNS_MAX];
	int count = out_columns(p, true, columns), rows = out_rows(frame, p);
	bool data = out_has_data(p);

	json_open_map(w, NULL);
	json_put_string(w, "panel", p->panel->name);
	json_put_string(w, "title", p->panel->title);
	json_put_string(w, "server", p->server->name);
	json_put_string(w, "state", out_state(p));
	json_put_string(w, "reason", said(out_reason(p)));
	json_put_number(w, "age_s", out_age_s(frame, p));
	json_put_number(w, "interval_s", data ? feed_seconds(p->feed) : (double)NAN);
	put_looks(w, data ? feed_looks(p->feed) : NULL);
	json_put_bool(w, "cumulative", data && feed_mode(p->feed) == FEED_LIFETIME);
	json_put_bool(w, "reset", data && feed_was_reset(p->feed));
	json_put_bool(w, "cut", data && feed_sample(p->feed)->cut);
	json_put_int(w, "hidden", data ? feed_sample(p->feed)->hidden : 0);
	json_put_int(w, "rows_total", data ? p->view->total : 0);
	json_put_int(w, "rows_left_out", data ? p->view->hidden_count : 0);
	json_put_int(w, "rows_filtered", data ? p->view->filtered_count : 0);
	json_put_int(w, "rows_shown", rows);
	json_open_list(w, "columns");
	for (int i = 0; i < count; i++) {
		const struct panel_column *column = &p->panel->column[columns[i]];
		json_open_map(w, NULL);
		json_put_string(w, "name", column->name);
		json_put_string(w, "title", column->title);
		json_put_string(w, "unit", unit_name(column->unit));
		json_close(w);
	}
	json_close(w);
	put_figures(w, frame, p);
	json_open_list(w, "rows");
	for (int i = 0; i < rows; i++)
		put_row(w, frame, p, out_row(p, i), columns, count);
	json_close(w);
	json_close(w);
}

static void put_frame(struct json_writer *w, const struct out_frame *frame)
{
	json_put_int(w, "frame", frame->number);
	put_time(w, "time", frame->now.wall_us);
	json_put_number(w, "interval_s", frame->interval_s);
	json_open_list(w, "servers");
	for (int i = 0; i < frame->server_count; i++)
		put_server(w, frame, frame->servers[i]);
	json_close(w);
	json_open_list(w, "panels");
	for (int i = 0; i < frame->panel_count; i++)
		put_panel(w, frame, &frame->panels[i]);
	json_close(w);
}

static int json_frame(struct buf *out, const struct out_frame *frame, struct err *why)
{
	struct json_writer w;
	size_t start = out->len;

	if (frame->number == 1)
		buf_addf(out, "{\"schema\":%d,\"dytop\":\"%s\",\"frames\":[\n", SNAPSHOT_SCHEMA, PACKAGE_VERSION);
	else
		buf_adds(out, ",\n");
	json_begin(&w, out, false);
	json_open_map(&w, NULL);
	put_frame(&w, frame);
	json_close(&w);
	if (frame->last)
		buf_adds(out, "\n]}\n");
	return out_check(out, start, why);
}

static void json_abandon(struct buf *out, int frames)
{
	if (frames > 0)
		buf_adds(out, "\n]}\n");
}

static int ndjson_frame(struct buf *out, const struct out_frame *frame, struct err *why)
{
	struct json_writer w;
	size_t start = out->len;

	json_begin(&w, out, false);
	json_open_map(&w, NULL);
	json_put_int(&w, "schema", SNAPSHOT_SCHEMA);
	json_put_string(&w, "dytop", PACKAGE_VERSION);
	put_frame(&w, frame);
	json_close(&w);
	buf_addc(out, '\n');
	return out_check(out, start, why);
}

const struct out_format out_json = {
	.name = "json", .help = "one JSON document with all frames", .frame = json_frame, .abandon = json_abandon,
};

const struct out_format out_ndjson = {
	.name = "ndjson", .help = "a JSON object a line, one for each frame", .frame = ndjson_frame,
};
