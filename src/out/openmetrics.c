/* SPDX-License-Identifier: PostgreSQL */
/*
 * openmetrics: one exposition, of the last frame (the frames before it only make the intervals). Valid OpenMetrics and valid
 * Prometheus text at once, so it goes to a scraper, a push gateway and a textfile collector alike; the two want TYPE
 * of a counter under different names, so cumulative counters (_total) stand without a TYPE line.
 *
 * Names: dytop_PANEL_COLUMN_UNIT, base units (seconds, bytes, ratio). Figures of a whole panel: dytop_PANEL_overall_FIGURE.
 * Labels: server, the panel's key, and the names that belong to it. What is not exact has the label mark; what is stale or only
 * cumulative is left out (the counters themselves are there).
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "core/clean.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "model/json.h"
#include "out/out_private.h"

enum { NAME_MAX_LEN = 160, LABEL_VALUE_MAX = 128, LABELS_MAX = 24, SAMPLES_MAX = 20000 };

struct row_labels { /* the label texts of the printed rows of one panel on one server */
	const struct out_panel *panel;
	struct buf text;
	size_t *end;
	int rows;
};

struct exposition {
	struct buf *out;
	const struct out_frame *frame;
	struct map names;   /* of families, so that none appears twice */
	struct buf samples; /* of the family being made */
	int count, dropped;
};

/* --- names -------------------------------------------------------------------------------------------------------- */

static bool is_listed(const char *word, size_t len, const char *const *list)
{
	for (; *list; list++)
		if (strlen(*list) == len && memcmp(*list, word, len) == 0)
			return true;
	return false;
}

/* Adds _WORD for each word of the name, in the letters that metrics may have; words that would contradict the base unit or
 * the type are left out. */
static void add_words(struct buf *out, const char *name)
{
	static const char *const wrong[] = {
		"s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d", "milliseconds", "microseconds",
		"minutes", "hours", "days", "weeks", "kilobytes", "megabytes", "gigabytes", "counter", "gauge", "histogram",
		"summary", NULL,
	};
	char word[64];
	size_t len = 0, start = out->len;

	for (const char *p = name;; p++) {
		if (isalnum((unsigned char)*p) && len < sizeof word - 1) {
			word[len++] = (char)tolower((unsigned char)*p);
			continue;
		}
		if (len > 0 && !is_listed(word, len, wrong)) {
			buf_addc(out, '_');
			buf_add(out, word, len);
		}
		len = 0;
		if (!*p)
			break;
	}
	if (out->len == start)
		buf_adds(out, "_value");
}

static const char *unit_suffix(enum unit unit)
{
	switch (unit) {
	case UNIT_MS:
	case UNIT_AGE:
		return "seconds";
	case UNIT_TIME:
		return "timestamp_seconds";
	case UNIT_BYTES:
		return "bytes";
	case UNIT_PERCENT:
		return "ratio";
	case UNIT_RATE:
		return "per_second";
	case UNIT_BYTE_RATE:
		return "bytes_per_second";
	default:
		return "";
	}
}

static double to_base(enum unit unit, double value)
{
	return unit == UNIT_MS || unit == UNIT_AGE ? value / 1e3 : unit == UNIT_TIME ? value / 1e6 :
	       unit == UNIT_PERCENT ? value / 100 : value;
}

static bool ends_in(const struct buf *name, const char *suffix)
{
	size_t len = strlen(suffix);
	return name->len >= len && memcmp(buf_text(name) + name->len - len, suffix, len) == 0;
}

/* "dytop_PANEL[_overall]_WHAT[_UNIT]", unique in the exposition. */
static void make_name(struct exposition *e, struct buf *name, const char *panel, const char *middle, const char *what,
                      const char *suffix)
{
	static const char *const reserved[] = {"_total", "_count", "_sum", "_bucket", "_created", "_info"};
	char number[16];

	buf_clear(name);
	buf_adds(name, "dytop");
	add_words(name, panel);
	if (*middle)
		buf_addf(name, "_%s", middle);
	add_words(name, what);
	if (*suffix && !(ends_in(name, suffix) && name->len > strlen(suffix) &&
	                 buf_text(name)[name->len - strlen(suffix) - 1] == '_')) {
		buf_addf(name, "_%s", suffix);
	}
	for (size_t i = 0; strcmp(suffix, "total") != 0 && i < ARRAY_LEN(reserved); i++)
		if (ends_in(name, reserved[i]))
			buf_adds(name, "_value");
	uint64_t taken;
	for (int i = 2; map_get(&e->names, map_hash(MAP_SEED, buf_text(name), name->len), &taken); i++) {
		snprintf(number, sizeof number, "_%d", i); /* before the unit, which must stay last */
		size_t tail = *suffix ? strlen(suffix) + 1 : 0;
		buf_cut(name, name->len - tail);
		buf_addf(name, "%s%s%s", number, tail ? "_" : "", suffix);
	}
	map_put(&e->names, map_hash(MAP_SEED, buf_text(name), name->len), 1);
}

/* --- labels ------------------------------------------------------------------------------------------------------- */

static void add_escaped(struct buf *out, const char *at, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (at[i] == '\\' || at[i] == '"')
			buf_addc(out, '\\');
		if (at[i] == '\n')
			buf_adds(out, "\\n");
		else
			buf_addc(out, at[i]);
	}
}

static void add_label(struct buf *out, const char *name, const char *at, size_t len)
{
	struct buf clean = BUF_INIT(LABEL_VALUE_MAX * 2);

	if (len > LABEL_VALUE_MAX * 2)
		len = LABEL_VALUE_MAX * 2;
	clean_text(&clean, at, len, CLEAN_LINE);
	size_t fit = clean.len;
	if (fit > LABEL_VALUE_MAX) {
		fit = LABEL_VALUE_MAX;
		while (fit > 0 && ((unsigned char)buf_text(&clean)[fit] & 0xC0) == 0x80)
			fit--;
	}
	if (out->len > 0)
		buf_addc(out, ',');
	buf_addf(out, "%s=\"", name);
	add_escaped(out, buf_text(&clean), fit);
	buf_addc(out, '"');
	buf_release(&clean);
}

static void add_cell_label(struct buf *out, const char *name, const struct cell *c)
{
	char text[JSON_NUMBER_MAX];
	size_t len = 0;

	if (c->kind == CELL_TEXT) {
		add_label(out, name, c->text.at, c->text.len);
		return;
	}
	if (c->kind == CELL_INT || c->kind == CELL_BOOL)
		len = (size_t)snprintf(text, sizeof text, "%lld", (long long)c->integer);
	else if (c->kind == CELL_NUMBER)
		len = json_number_text(text, c->number);
	add_label(out, name, text, len);
}

/* A label's name as metrics may have it; ours and the reserved ones get panel_ in front. */
static void label_name(char out[64], const char *name)
{
	static const char *const taken[] = {"server", "mark", "row", "panel", "le", "quantile", NULL};
	size_t len = strlen(name), at = 0;

	if (is_listed(name, len, taken))
		at = (size_t)snprintf(out, 64, "panel_");
	for (size_t i = 0; i < len && at < 63; i++)
		out[at++] = isalnum((unsigned char)name[i]) ? (char)tolower((unsigned char)name[i]) : '_';
	out[at] = '\0';
}

struct label_source { /* where the labels of a panel's rows come from */
	char name[64];
	int field, column; /* one of them, the other -1 */
};

static int add_source(struct label_source *list, int count, const char *name, int field, int column)
{
	struct label_source source = {.field = field, .column = column};

	if (count == LABELS_MAX)
		return count;
	label_name(source.name, name);
	for (int i = 0; i < count; i++)
		if (strcmp(list[i].name, source.name) == 0)
			return count;
	list[count] = source;
	return count + 1;
}

/* What names a row and stays: its key, its first column, and the names that lookups bring for its numbers. A state would make
 * another series each time that it changes. */
static int label_sources(const struct panel *p, struct label_source list[LABELS_MAX])
{
	int count = 0;

	for (int i = 0; i < p->key_count; i++)
		count = add_source(list, count, p->field[p->key[i]].name, p->key[i], -1);
	for (int i = 0; i < p->column_count && p->shape != PANEL_CARD; i++)
		if (p->column[i].unit == UNIT_TEXT && !p->column[i].flex && p->column[i].field >= 0 &&
		    (i == 0 || p->field[p->column[i].field].lookup >= 0))
			count = add_source(list, count, p->column[i].name, -1, i);
	return count;
}

static void make_labels(struct row_labels *labels, const struct out_frame *frame, const struct out_panel *p)
{
	struct label_source list[LABELS_MAX];
	struct buf row = BUF_INIT(LABELS_MAX * (LABEL_VALUE_MAX + 80) * 2);
	struct map seen = {0};
	char number[16];
	uint64_t same;
	int count = label_sources(p->panel, list);

	*labels = (struct row_labels){.panel = p, .text = BUF_INIT(64 << 20)};
	labels->rows = strcmp(out_state(p), "live") == 0 ? out_rows(frame, p) : 0;
	labels->end = mem_calloc((size_t)labels->rows + 1, sizeof *labels->end);
	for (int i = 0; i < labels->rows; i++) {
		buf_clear(&row);
		add_label(&row, "server", p->server->name, strlen(p->server->name));
		for (int k = 0; k < count; k++) {
			struct cell c = list[k].field >= 0 ?
			                        feed_field(p->feed, out_row(p, i), list[k].field) :
			                        feed_cell(p->feed, out_row(p, i), list[k].column, frame->now.wall_us);
			if (c.kind != CELL_UNKNOWN)
				add_cell_label(&row, list[k].name, &c);
		}
		uint64_t hash = map_hash(MAP_SEED, buf_text(&row), row.len);
		if (map_get(&seen, hash, &same)) {
			snprintf(number, sizeof number, "%d", i + 1);
			add_label(&row, "row", number, strlen(number));
		}
		map_put(&seen, hash, 1);
		buf_add(&labels->text, buf_text(&row), row.len);
		labels->end[i] = labels->text.len;
	}
	map_release(&seen);
	buf_release(&row);
}

/* --- families ----------------------------------------------------------------------------------------------------- */

/* One sample of the family being made. */
static void add_sample(struct exposition *e, const char *name, struct str labels, enum mark mark, double value)
{
	char text[JSON_NUMBER_MAX];

	if (!isfinite(value))
		return;
	if (e->count >= SAMPLES_MAX) {
		e->dropped++;
		return;
	}
	e->count++;
	buf_addf(&e->samples, "%s{", name);
	buf_addstr(&e->samples, labels);
	if (mark != MARK_EXACT)
		buf_addf(&e->samples, "%smark=\"%s\"", labels.len ? "," : "", mark_name(mark));
	json_number_text(text, value);
	buf_addf(&e->samples, "} %s\n", text);
}

/* Head and samples of the family; a family without samples is not mentioned. */
static void end_family(struct exposition *e, const char *name, const char *suffix, const char *help)
{
	bool counter = strcmp(suffix, "total") == 0;
	struct buf clean = BUF_INIT(1024);

	if (e->samples.len > 0) {
		clean_text(&clean, help, strlen(help), CLEAN_LINE);
		buf_addf(e->out, "# HELP %s ", name);
		for (char *p = clean.data; p && *p; p++)
			if (*p == '"') /* OpenMetrics would escape it, Prometheus' text forbids that */
				*p = '\'';
		add_escaped(e->out, buf_text(&clean), clean.len);
		buf_addc(e->out, '\n');
		if (!counter)
			buf_addf(e->out, "# TYPE %s gauge\n", name);
		if (strcmp(suffix, "seconds") == 0 || strcmp(suffix, "bytes") == 0 || strcmp(suffix, "ratio") == 0)
			buf_addf(e->out, "# UNIT %s %s\n", name, suffix);
		buf_addstr(e->out, buf_str(&e->samples));
	}
	e->out->failed |= e->samples.failed;
	buf_clear(&e->samples);
	buf_release(&clean);
}

static struct str labels_of(const struct row_labels *l, int row)
{
	size_t start = row > 0 ? l->end[row - 1] : 0;
	return (struct str){buf_text(&l->text) + start, l->end[row] - start};
}

static void put_column(struct exposition *e, const struct row_labels *labels, int servers, int column)
{
	const struct panel *panel = labels[0].panel->panel;
	const struct panel_column *c = &panel->column[column];
	struct buf name = BUF_INIT(NAME_MAX_LEN), help = BUF_INIT(512);

	make_name(e, &name, panel->name, "", c->name, unit_suffix(c->unit));
	for (int s = 0; s < servers; s++) {
		for (int i = 0; i < labels[s].rows; i++) {
			struct cell cell = feed_cell(labels[s].panel->feed, out_row(labels[s].panel, i), column,
			                             e->frame->now.wall_us);
			if (cell.mark != MARK_LIFETIME)
				add_sample(e, buf_text(&name), labels_of(&labels[s], i), cell.mark,
				           to_base(c->unit, cell_value(&cell)));
		}
	}
	buf_addf(&help, "%s: %s.", panel->title, c->about ? c->about : c->title);
	end_family(e, buf_text(&name), unit_suffix(c->unit), buf_text(&help));
	buf_release(&name);
	buf_release(&help);
}

static void put_counter(struct exposition *e, const struct row_labels *labels, int servers, int field)
{
	const struct panel *panel = labels[0].panel->panel;
	struct buf name = BUF_INIT(NAME_MAX_LEN), help = BUF_INIT(512);

	make_name(e, &name, panel->name, "", panel->field[field].name, "total");
	for (int s = 0; s < servers; s++) {
		for (int i = 0; i < labels[s].rows; i++) {
			struct cell cell = feed_field(labels[s].panel->feed, out_row(labels[s].panel, i), field);
			add_sample(e, buf_text(&name), labels_of(&labels[s], i), MARK_EXACT, cell_value(&cell));
		}
	}
	buf_addf(&help, "%s: %s, a counter as the server has it.", panel->title, panel->field[field].name);
	end_family(e, buf_text(&name), "total", buf_text(&help));
	buf_release(&name);
	buf_release(&help);
}

static void put_figure(struct exposition *e, const struct row_labels *labels, int servers, int figure)
{
	const struct panel *panel = labels[0].panel->panel;
	const struct panel_figure *f = &panel->figure[figure];
	struct buf name = BUF_INIT(NAME_MAX_LEN), help = BUF_INIT(512), server = BUF_INIT(512);

	make_name(e, &name, panel->name, "overall", f->name, unit_suffix(f->unit));
	for (int s = 0; s < servers; s++) {
		const struct out_panel *p = labels[s].panel;
		if (strcmp(out_state(p), "live") != 0)
			continue;
		struct cell cell = feed_figure(p->feed, figure, e->frame->now.wall_us);
		buf_clear(&server);
		add_label(&server, "server", p->server->name, strlen(p->server->name));
		if (cell.mark != MARK_LIFETIME)
			add_sample(e, buf_text(&name), buf_str(&server), cell.mark, to_base(f->unit, cell_value(&cell)));
	}
	buf_addf(&help, "%s: %s, of the whole panel.", panel->title, f->title);
	end_family(e, buf_text(&name), unit_suffix(f->unit), buf_text(&help));
	buf_release(&name);
	buf_release(&help);
	buf_release(&server);
}

/* All families of one panel, over the servers that it stands on. */
static void put_panel(struct exposition *e, int first)
{
	const struct panel *panel = e->frame->panels[first].panel;
	struct row_labels *labels = mem_calloc((size_t)e->frame->panel_count + 1, sizeof *labels);
	int columns[OUT_COLUMNS_MAX];
	int count = out_columns(&e->frame->panels[first], true, columns), servers = 0;

	for (int i = first; i < e->frame->panel_count; i++)
		if (e->frame->panels[i].panel == panel)
			make_labels(&labels[servers++], e->frame, &e->frame->panels[i]);
	for (int i = 0; i < count; i++)
		if (panel->column[columns[i]].unit != UNIT_TEXT && panel->column[columns[i]].unit != UNIT_ID)
			put_column(e, labels, servers, columns[i]);
	for (int i = 0; i < panel->field_count; i++)
		if (panel->field[i].kind == FIELD_COUNTER)
			put_counter(e, labels, servers, i);
	for (int i = 0; i < panel->figure_count; i++)
		put_figure(e, labels, servers, i);
	for (int i = 0; i < servers; i++) {
		buf_release(&labels[i].text);
		free(labels[i].end);
	}
	free(labels);
}

/* --- the state of servers and panels ------------------------------------------------------------------------------ */

enum about { ABOUT_UP, ABOUT_RTT, ABOUT_HIDDEN, ABOUT_COST, ABOUT_INFO };

static double about_server(const struct server_status *s, enum about what)
{
	switch (what) {
	case ABOUT_UP:
		return s->state == SERVER_LIVE || s->state == SERVER_ENDED;
	case ABOUT_RTT:
		return s->rtt_ms / 1e3;
	case ABOUT_HIDDEN:
		return s->hidden;
	case ABOUT_COST:
		return s->cost_ms / 1e3;
	default:
		return 1;
	}
}

static void put_servers(struct exposition *e)
{
	static const struct {
		enum about what;
		const char *name, *suffix, *help;
	} families[] = {
		{ABOUT_UP, "dytop_server_up", "", "Whether the server answers."},
		{ABOUT_INFO, "dytop_server_info", "", "What the server is, always 1."},
		{ABOUT_RTT, "dytop_server_round_trip_seconds", "seconds", "Round trip of an empty request."},
		{ABOUT_HIDDEN, "dytop_server_hidden_sessions", "", "Sessions hidden by missing privilege."},
		{ABOUT_COST, "dytop_server_cost_seconds_total", "total", "Time the server spent on dytop's requests."},
	};
	struct buf labels = BUF_INIT(2048);

	for (size_t k = 0; k < ARRAY_LEN(families); k++) {
		for (int i = 0; i < e->frame->server_count; i++) {
			const struct server_status *s = e->frame->servers[i];
			buf_clear(&labels);
			add_label(&labels, "server", s->name, strlen(s->name));
			if (families[k].what == ABOUT_INFO) {
				add_label(&labels, "product", s->product, strlen(s->product));
				add_label(&labels, "version", s->version_text, strlen(s->version_text));
				add_label(&labels, "role", s->role, strlen(s->role));
				add_label(&labels, "state", server_state_name(s->state), strlen(server_state_name(s->state)));
			}
			add_sample(e, families[k].name, buf_str(&labels), MARK_EXACT, about_server(s, families[k].what));
		}
		end_family(e, families[k].name, families[k].suffix, families[k].help);
	}
	buf_release(&labels);
}

static void put_panel_states(struct exposition *e)
{
	static const struct {
		const char *name, *suffix, *help;
	} families[] = {
		{"dytop_panel_up", "", "Whether the panel's figures are live; stale ones are left out."},
		{"dytop_panel_age_seconds", "seconds", "How old the panel's data are."},
		{"dytop_panel_rows", "", "Rows that the panel has, of which --limit are here."},
		{"dytop_panel_hidden_rows", "", "Rows hidden by missing privilege."},
	};
	struct buf labels = BUF_INIT(1024);

	for (size_t k = 0; k < ARRAY_LEN(families); k++) {
		for (int i = 0; i < e->frame->panel_count; i++) {
			const struct out_panel *p = &e->frame->panels[i];
			bool data = out_has_data(p);
			double value[] = {strcmp(out_state(p), "live") == 0, out_age_s(e->frame, p),
			                  data ? p->view->total : (double)NAN,
			                  data ? feed_sample(p->feed)->hidden : (double)NAN};
			buf_clear(&labels);
			add_label(&labels, "server", p->server->name, strlen(p->server->name));
			add_label(&labels, "panel", p->panel->name, strlen(p->panel->name));
			add_sample(e, families[k].name, buf_str(&labels), MARK_EXACT, value[k]);
		}
		end_family(e, families[k].name, families[k].suffix, families[k].help);
	}
	buf_release(&labels);
}

static int openmetrics_frame(struct buf *out, const struct out_frame *frame, struct err *why)
{
	struct exposition e = {.out = out, .frame = frame, .samples = BUF_INIT(out->limit)};
	size_t start = out->len;

	if (!frame->last)
		return 0;
	add_sample(&e, "dytop_build_info", STR("version=\"" PACKAGE_VERSION "\""), MARK_EXACT, 1);
	end_family(&e, "dytop_build_info", "", "The version of dytop, always 1.");
	put_servers(&e);
	put_panel_states(&e);
	for (int i = 0; i < frame->panel_count; i++) {
		bool first = true;
		for (int k = 0; k < i; k++)
			first &= frame->panels[k].panel != frame->panels[i].panel;
		if (first)
			put_panel(&e, i);
	}
	int dropped = e.dropped;
	e.count = 0;
	add_sample(&e, "dytop_dropped_samples", STR(""), MARK_EXACT, dropped);
	end_family(&e, "dytop_dropped_samples", "", "Samples left out because there were too many.");
	buf_adds(out, "# EOF\n");
	map_release(&e.names);
	buf_release(&e.samples);
	return out_check(out, start, why);
}

const struct out_format out_openmetrics = {
	.name = "openmetrics", .help = "OpenMetrics and Prometheus text, of the last frame", .frame = openmetrics_frame,
};
