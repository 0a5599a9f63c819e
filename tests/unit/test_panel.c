/* SPDX-License-Identifier: PostgreSQL */
#include "model/panel.h"

#include <string.h>

#include "core/buf.h"
#include "unit.h"

/* Every feature of the format; the mistakes below are made by changing one place of it. */
/* clang-format off */
static const char good[] =
	/*  1 */ "/* dytop panel\n"
	/*  2 */ "title: Everything\n"
	/*  3 */ "about: \"all there is: every key\"\n"
	/*  4 */ "source: pg\n"
	/*  5 */ "screen: things\n"
	/*  6 */ "shape: table\n"
	/*  7 */ "digit: 0\n"
	/*  8 */ "order: -5\n"
	/*  9 */ "always: yes\n"
	/* 10 */ "every: 4s\n"
	/* 11 */ "timeout: 1500ms\n"
	/* 12 */ "limit: 300\n"
	/* 13 */ "needs: [pg_stat_statements, hypopg]\n"
	/* 14 */ "params: [pools]\n"
	/* 15 */ "key: [dbid, queryid]\n"
	/* 16 */ "reset: stats_reset\n"
	/* 17 */ "hidden: is_hidden\n"
	/* 18 */ "sort: -share\n"
	/* 19 */ "hide: {title: idle, when: state = \"idle\"}\n"
	/* 20 */ "tree: {id: queryid, parent: parent, default: yes}\n"
	/* 21 */ "cycle: [share, size]\n"
	/* 22 */ "trend: d(total)\n"
	/* 23 */ "timings: {calls: calls, total: total, mean: mean, stddev: sd, max: max, queryid: queryid}\n"
	/* 24 */ "observes: {panel: statements, id: queryid, age: mean}\n"
	/* 25 */ "fields:\n"
	/* 26 */ "  dbid: id\n"
	/* 27 */ "  queryid: id\n"
	/* 28 */ "  parent: id\n"
	/* 29 */ "  calls: counter\n"
	/* 30 */ "  total: counter\n"
	/* 31 */ "  mean: gauge\n"
	/* 32 */ "  sd: gauge\n"
	/* 33 */ "  max: gauge\n"
	/* 34 */ "  state: text\n"
	/* 35 */ "  is_hidden: bool\n"
	/* 36 */ "  stats_reset: time\n"
	/* 37 */ "  histo: histogram\n"
	/* 38 */ "  wal: {kind: counter, from: 140000, until: 170000}\n"
	/* 39 */ "lookups:\n"
	/* 40 */ "  texts: {by: [dbid, queryid], fields: {query: text, size: gauge}, gap: 30s, batch: 200}\n"
	/* 41 */ "  names: {by: [dbid], fields: [database], rows: all, keep: 1min}\n"
	/* 42 */ "  whole: {by: [queryid], fields: [whole_text], rows: detail}\n"
	/* 43 */ "columns:\n"
	/* 44 */ "  - {name: share, title: TIME%, expr: share(d(total)), unit: percent, width: 6, priority: 1,\n"
	/* 45 */ "     warn: \"> 50\", crit: \"> 90%\", about: share of the time}\n"
	/* 46 */ "  - {name: mean_time, expr: d(total) / d(calls), unit: ms}\n"
	/* 47 */ "  - {name: size, unit: bytes, show: no}\n"
	/* 48 */ "  - {name: stats_reset}\n"
	/* 49 */ "  - {name: trend, title: TREND, unit: float}\n"
	/* 50 */ "  - {name: p99, expr: \"hquantile(0.99, histo)\", unit: ms}\n"
	/* 51 */ "  - {name: query, title: QUERY, expr: query, unit: text, flex: yes, tree: yes, warn: self ~ drop}\n"
	/* 52 */ "figures:\n"
	/* 53 */ "  - {name: queries, title: q, expr: sum(rate(calls)), unit: rate, line: 1, order: 1, trend: yes}\n"
	/* 54 */ "  - {name: idle, expr: 'count(state = \"idle\")', warn: \"> 5\", crit: \">= 10\"}\n"
	/* 55 */ "charts:\n"
	/* 56 */ "  - {name: latency, title: Latency, unit: ms, figures: [mean, p95]}\n"
	/* 57 */ "*/\n"
	/* 58 */ "\n"
	/* 59 */ "-- a remark before the first body\n"
	/* 60 */ "-- since 170000\n"
	/* 61 */ "SELECT dbid, queryid, parent, calls, total, mean, sd, max, state, is_hidden, stats_reset, histo;\n"
	/* 62 */ "\n"
	/* 63 */ "-- since 130000\n"
	/* 64 */ "SELECT dbid, queryid, parent, calls, total, mean, sd, max, state, is_hidden, stats_reset, histo\n"
	/* 65 */ "  FROM old -- wal came later\n"
	/* 66 */ "-- since 140000\n"
	/* 67 */ "SELECT wal, dbid, queryid, parent, calls, total, mean, sd, max, state, is_hidden, stats_reset, histo\n"
	/* 68 */ "-- lookup texts since 130000\n"
	/* 69 */ "SELECT dbid, queryid, query, size FROM t WHERE q = ANY ($1::int8[])\n"
	/* 70 */ "-- lookup names since 130000\n"
	/* 71 */ "SELECT oid AS dbid, datname AS database\n"
	/* 72 */ "-- lookup whole since 130000\n"
	/* 73 */ "SELECT queryid, whole_text\n";
/* clang-format on */

static struct panel *parsed(const char *text, size_t len)
{
	struct panel *p = NULL;
	struct err why;
	int rc = panel_parse(&p, "everything", "e.sql", text, len, &why);

	ck_assert_msg(rc == 0, "%s", rc < 0 ? why.text : "");
	return p;
}

static int field(const struct panel *p, const char *name)
{
	int i = panel_field_by_name(p, str_from(name));

	ck_assert_int_ge(i, 0);
	return i;
}

static void check_top(const struct panel *p)
{
	ck_assert_str_eq(p->name, "everything");
	ck_assert_str_eq(p->file, "e.sql");
	ck_assert_str_eq(p->title, "Everything");
	ck_assert_str_eq(p->about, "all there is: every key");
	ck_assert_str_eq(p->screen, "things");
	ck_assert_str_eq(p->source_name, "pg");
	ck_assert_int_eq(p->source, PANEL_PG);
	ck_assert_int_eq(p->shape, PANEL_TABLE);
	ck_assert_int_eq(p->digit, 0);
	ck_assert_int_eq(p->order, -5);
	ck_assert(p->always);
	ck_assert_double_eq(p->every_ms, 4000);
	ck_assert_double_eq(p->timeout_ms, 1500);
	ck_assert_int_eq(p->limit, 300);
	ck_assert_str_eq(p->needs[0], "pg_stat_statements");
	ck_assert_str_eq(p->needs[1], "hypopg");
	ck_assert_ptr_null(p->needs[2]);
	ck_assert_str_eq(p->params[0], "pools");
	ck_assert_ptr_null(p->params[1]);
	ck_assert_ptr_null(p->reader);
}

static void check_links(const struct panel *p)
{
	ck_assert_int_eq(p->key_count, 2);
	ck_assert_int_eq(p->key[1], field(p, "queryid"));
	ck_assert_int_eq(p->reset_field, field(p, "stats_reset"));
	ck_assert_int_eq(p->hidden_field, field(p, "is_hidden"));
	ck_assert_int_eq(p->sort, 0);
	ck_assert(p->sort_descending);
	ck_assert_str_eq(p->hide_title, "idle");
	ck_assert_ptr_nonnull(p->hide);
	ck_assert_int_eq(p->tree_parent, field(p, "parent"));
	ck_assert(p->tree_default);
	ck_assert_int_eq(p->cycle_count, 2);
	ck_assert_int_eq(p->cycle[1], 2);
	ck_assert_ptr_nonnull(p->trend);
	ck_assert_int_eq(p->timings.calls, field(p, "calls"));
	ck_assert_int_eq(p->timings.stddev, field(p, "sd"));
	ck_assert_str_eq(p->observes, "statements");
	ck_assert_int_eq(p->observe_age, field(p, "mean"));
}

static void check_fields(const struct panel *p)
{
	const struct panel_field *wal = &p->field[field(p, "wal")];
	const struct panel_lookup *texts = &p->lookup[0];

	ck_assert_int_eq(p->field_count, 17);
	ck_assert_int_eq(wal->kind, FIELD_COUNTER);
	ck_assert_int_eq(wal->from, 140000);
	ck_assert_int_eq(wal->until, 170000);
	ck_assert_int_eq(wal->lookup, -1);
	ck_assert_int_eq(wal->line, 38);
	ck_assert_int_eq(p->field[field(p, "size")].lookup, 0);
	ck_assert_int_eq(p->field[field(p, "size")].kind, FIELD_GAUGE);
	ck_assert_int_eq(p->field[field(p, "database")].lookup, 1);
	ck_assert_int_eq(p->field[field(p, "database")].kind, FIELD_TEXT);
	ck_assert_int_eq(p->lookup_count, 3);
	ck_assert_int_eq(texts->by_count, 2);
	ck_assert_int_eq(texts->by[0], field(p, "dbid"));
	ck_assert_double_eq(texts->gap_ms, 30000);
	ck_assert_int_eq(texts->batch, 200);
	ck_assert(!texts->all_rows && !texts->detail);
	ck_assert(p->lookup[1].all_rows);
	ck_assert_double_eq(p->lookup[1].keep_ms, 60000);
	ck_assert_int_eq(p->lookup[1].batch, 500);
	ck_assert(p->lookup[2].detail);
	ck_assert_int_eq(panel_lookup_by_name(p, STR("whole")), 2);
	ck_assert_int_eq(panel_lookup_by_name(p, STR("who")), -1);
}

static void check_columns(const struct panel *p)
{
	const struct panel_column *share = &p->column[0], *query = &p->column[6];

	ck_assert_int_eq(p->column_count, 7);
	ck_assert_str_eq(share->title, "TIME%");
	ck_assert_str_eq(share->about, "share of the time");
	ck_assert_int_eq(share->unit, UNIT_PERCENT);
	ck_assert_int_eq(share->width, 6);
	ck_assert_int_eq(share->priority, 1);
	ck_assert_int_eq(share->field, -1);
	ck_assert_ptr_nonnull(share->warn);
	ck_assert_ptr_nonnull(share->crit);
	ck_assert(share->shown && !share->flex && !share->tree);
	ck_assert_str_eq(p->column[1].title, "MEAN TIME");
	ck_assert_int_eq(p->column[1].priority, 5);
	ck_assert_int_eq(p->column[2].field, field(p, "size"));
	ck_assert(!p->column[2].shown);
	ck_assert_int_eq(p->column[3].unit, UNIT_TIME);
	ck_assert_ptr_nonnull(p->column[4].expr); /* the panel's trend */
	ck_assert_int_eq(p->column[4].field, -1);
	ck_assert_int_eq(query->field, field(p, "query"));
	ck_assert(query->flex && query->tree);
	ck_assert_int_eq(panel_column_by_name(p, STR("share")), 0);
	ck_assert_int_eq(panel_column_by_name(p, STR("Time%")), 0);
	ck_assert_int_eq(panel_column_by_name(p, STR("SHARE")), 0);
	ck_assert_int_eq(panel_column_by_name(p, STR("shar")), -1);
	ck_assert_int_eq(panel_column_by_name(p, STR("")), -1);
}

static void check_figures(const struct panel *p)
{
	ck_assert_int_eq(p->figure_count, 2);
	ck_assert_str_eq(p->figure[0].name, "queries");
	ck_assert_int_eq(p->figure[0].place, 1);
	ck_assert_int_eq(p->figure[0].unit, UNIT_RATE);
	ck_assert(p->figure[0].trend);
	ck_assert_str_eq(p->figure[1].title, "idle");
	ck_assert_int_eq(p->figure[1].place, 0);
	ck_assert_ptr_nonnull(p->figure[1].crit);
	ck_assert_int_eq(p->chart_count, 1);
	ck_assert_int_eq(p->chart[0].figure_count, 2);
	ck_assert_str_eq(p->chart[0].figure[1], "p95");
}

START_TEST(everything_there_is)
{
	struct panel *p = parsed(good, sizeof(good) - 1);

	check_top(p);
	check_links(p);
	check_fields(p);
	check_columns(p);
	check_figures(p);
	panel_free(p);
	panel_free(NULL);
}
END_TEST

START_TEST(bodies_by_version)
{
	struct panel *p = parsed(good, sizeof(good) - 1);
	const struct panel_body *b;

	ck_assert_int_eq(p->body_count, 6);
	ck_assert_ptr_null(panel_body_for(p, -1, 129999, 0));
	ck_assert_int_eq(panel_body_for(p, -1, 130000, 0)->since, 130000);
	ck_assert_int_eq(panel_body_for(p, -1, 139999, 0)->since, 130000);
	ck_assert_int_eq(panel_body_for(p, -1, 150020, 0)->since, 140000);
	ck_assert_int_eq(panel_body_for(p, -1, 180000, 0)->since, 170000);
	/* stepping down */
	ck_assert_int_eq(panel_body_for(p, -1, 180000, 170000)->since, 140000);
	ck_assert_int_eq(panel_body_for(p, -1, 180000, 140000)->since, 130000);
	ck_assert_ptr_null(panel_body_for(p, -1, 180000, 130000));
	b = panel_body_for(p, 1, 150000, 0);
	ck_assert_str_eq(b->text, "SELECT oid AS dbid, datname AS database");
	ck_assert_int_eq(b->line, 70);
	/* without the last semicolon and the blank lines around */
	b = panel_body_for(p, -1, 170000, 0);
	ck_assert_str_eq(strchr(b->text, 'h') != NULL ? strstr(b->text, "stats_reset") : "", "stats_reset, histo");
	ck_assert_ptr_nonnull(strstr(panel_body_for(p, -1, 130000, 0)->text, "\n  FROM old -- wal came later"));
	panel_free(p);
}
END_TEST

/* The good one with `from` (once in it) replaced by `to`. */
static struct buf changed(const char *from, const char *to)
{
	struct buf b = BUF_INIT(1 << 20);
	const char *at = strstr(good, from);

	ck_assert_msg(at != NULL, "not there: %s", from);
	buf_add(&b, good, (size_t)(at - good));
	buf_adds(&b, to);
	buf_adds(&b, at + strlen(from));
	return b;
}

static void refused(const char *from, const char *to, const char *message)
{
	struct buf b = changed(from, to);
	struct panel *p = NULL;
	struct err why = {0};
	int rc = panel_parse(&p, "everything", "e.sql", b.data, b.len, &why);

	ck_assert_msg(rc < 0, "accepted: %s", to);
	ck_assert_str_eq(why.text, message);
	ck_assert_ptr_null(p);
	buf_release(&b);
}

static void accepted(const char *from, const char *to)
{
	struct buf b = changed(from, to);

	panel_free(parsed(b.data, b.len));
	buf_release(&b);
}

START_TEST(what_a_row_is)
{
	struct buf b = changed("cycle: [share, size]", "cycle: [share, size]\ntarget: {kind: statement, user: dbid, queryid: queryid, text: query}");
	struct panel *p = parsed(b.data, b.len);

	ck_assert_int_eq(p->target, TARGET_STATEMENT);
	ck_assert_int_eq(p->part[PART_QUERYID], field(p, "queryid"));
	ck_assert_int_eq(p->part[PART_TEXT], field(p, "query"));
	ck_assert_int_eq(p->part[PART_PID], -1);
	panel_free(p);
	buf_release(&b);
	p = parsed(good, sizeof(good) - 1);
	ck_assert_int_eq(p->target, TARGET_NONE);
	panel_free(p);
	accepted("cycle: [share, size]", "cycle: [share, size]\ntarget: {kind: session, pid: queryid, start: stats_reset}");
	refused("cycle: [share, size]", "target: {queryid: queryid}", "e.sql:21: target: kind is missing");
	refused("cycle: [share, size]", "target: {kind: statment, queryid: queryid}",
		"e.sql:21: kind: unknown value 'statment'; did you mean 'statement'?");
	refused("cycle: [share, size]", "target: {kind: session, pid: queryid}", "e.sql:21: target: a session needs start");
	refused("cycle: [share, size]", "target: {kind: table, oid: dbid, pid: queryid}", "e.sql:21: target: a table has no pid");
	refused("cycle: [share, size]", "target: {kind: table, oid: state}",
		"e.sql:21: target: oid: state is not the kind of field for that");
	refused("cycle: [share, size]", "target: {kind: table, oid: nothing}",
		"e.sql:21: oid: unknown field 'nothing'; declare it in fields:");
}
END_TEST

START_TEST(mistakes_in_the_frame)
{
	refused("/* dytop panel\n", "", "e.sql:1: no panel; its first line must be '/* dytop panel'");
	refused("/* dytop panel\n", "/* dytop panels\n", "e.sql:1: no panel; its first line must be '/* dytop panel'");
	refused("*/", "", "e.sql:1: the header has no end; put */ on a line of its own behind it");
	refused("*/\n", "*/ SELECT 1\n", "e.sql:57: text behind the header's */; put it on the next line");
	refused("title: Everything\n", "", "e.sql:2: title is missing");
	refused("title: Everything\n", "title: ''\n", "e.sql:2: title: the text is empty");
	refused("title: Everything\n", "title:\n", "e.sql:2: title: the value is missing");
	refused("title: Everything\n", "titel: Everything\n", "e.sql:2: unknown key 'titel'; did you mean 'title'?");
	refused("title: Everything\n", "title: %x\n",
		"e.sql:2: column 8: found character that cannot start any token; quote a value that starts with a "
		"sign");
	refused("order: -5\n", "title: again\n", "e.sql:8: column 1: 'title' is given twice, first on line 2");
	accepted("title: Everything\n", "title: TIME%\n");
	accepted("source: pg\n", "");
}
END_TEST

START_TEST(mistakes_in_plain_keys)
{
	refused("source: pg", "source: postgres",
		"e.sql:4: source: unknown value 'postgres'; known: pg, redis, pgbouncer or self");
	refused("source: pg", "source: redis", "e.sql:2: reader is missing; say what turns the replies into rows");
	refused("source: pg", "source: redis\nreader: inof",
		"e.sql:5: reader: unknown value 'inof'; did you mean 'info'?");
	refused("source: pg", "source: pg\nreader: info", "e.sql:5: reader: a query needs none; take it out");
	refused("screen: things", "screen: My Things",
		"e.sql:5: 'My Things' is no name; use small letters, digits and _, a letter first");
	refused("shape: table", "shape: round", "e.sql:6: shape: unknown value 'round'; known: table, card or hidden");
	refused("digit: 0", "digit: 10", "e.sql:7: digit: '10' is no whole number from 0 to 9");
	refused("always: yes", "always: on", "e.sql:9: always: 'on' is neither yes nor no");
	refused("every: 4s", "every: 4", "e.sql:10: every: '4' is no duration; write it like 500ms, 2s or 1min");
	refused("timeout: 1500ms", "timeout: 0", "e.sql:11: timeout: must be above 0");
	refused("limit: 300", "limit: 1000000", "e.sql:12: limit: '1000000' is no whole number from 1 to 200000");
	refused("needs: [pg_stat_statements, hypopg]", "needs: hypopg", "e.sql:13: needs: a list is expected");
	refused("params: [pools]", "params: []", "e.sql:14: params: 0 entries; 1 to 32 are expected");
	refused("key: [dbid, queryid]", "key: [dbid, query_id]",
		"e.sql:15: unknown field 'query_id'; did you mean 'queryid'?");
	refused("key: [dbid, queryid]", "key: [dbid, dbid]", "e.sql:15: key: dbid is there twice");
	refused("key: [dbid, queryid]", "key: [query]",
		"e.sql:15: key: query comes from a lookup; a key must come with the row");
	refused("reset: stats_reset", "reset: calls", "e.sql:16: reset: a time field is wanted, calls is a counter");
	refused("hidden: is_hidden", "hidden: state",
		"e.sql:17: hidden: a gauge or bool field is wanted, state is a text");
	refused("hidden: is_hidden", "hidden: nothere",
		"e.sql:17: hidden: unknown field 'nothere'; declare it in fields:");
	refused("sort: -share", "sort: -shares", "e.sql:18: sort: unknown column 'shares'; did you mean 'share'?");
	refused("sort: -share", "sort: \"-\"", "e.sql:18: sort: unknown column ''");
	refused("when: state = \"idle\"", "when: stat = 1",
		"e.sql:19: hide: when: column 1: unknown name 'stat'; did you mean 'state'?");
	refused("{title: idle, when: state = \"idle\"}", "{title: idle}", "e.sql:19: hide: when is missing");
	refused("parent: parent", "parent: state", "e.sql:20: parent: a gauge or id field is wanted, state is a text");
	refused("cycle: [share, size]", "cycle: [share, sizes]",
		"e.sql:21: unknown column 'sizes'; did you mean 'size'?");
	refused("trend: d(total)", "trend: d(mean)", "e.sql:22: trend: column 3: d() wants a counter, 'mean' is none");
	refused("{calls: calls, total: total,", "{total: total,", "e.sql:23: timings: calls is missing");
	refused("{calls: calls,", "{calls: mean,", "e.sql:23: calls: a counter field is wanted, mean is a gauge");
	refused("{panel: statements,", "{", "e.sql:24: observes: panel is missing");
}
END_TEST

START_TEST(mistakes_in_fields)
{
	refused("  dbid: id\n", "  dbid: oid\n", "e.sql:26: dbid: unknown value 'oid'; did you mean 'id'?");
	refused("  dbid: id\n", "  dbid: number\n",
		"e.sql:26: dbid: unknown value 'number'; known: gauge, counter, text, time, bool, id or histogram");
	refused("  dbid: id\n", "  db-id: id\n", "e.sql:26: 'db-id' cannot be the name of a field");
	refused("  dbid: id\n", "  self: id\n", "e.sql:26: 'self' cannot be the name of a field");
	refused("{kind: counter, from: 140000, until: 170000}", "{from: 140000}",
		"e.sql:38: wal: kind is missing; say {kind: gauge, ...}");
	refused("{kind: counter, from: 140000, until: 170000}", "{kind: counter, form: 140000}",
		"e.sql:38: unknown key 'form' in wal; did you mean 'from'?");
	refused("from: 140000, until: 170000", "from: 140000, until: 140000",
		"e.sql:38: wal: until must be above from");
	refused("by: [dbid, queryid], ", "", "e.sql:40: texts: by is missing; name the fields to look up by");
	refused("by: [dbid, queryid]", "by: [dbid, state]",
		"e.sql:40: texts: a lookup goes by whole numbers, state is a text");
	refused("by: [dbid], fields", "by: [size], fields", "e.sql:41: names: size comes from a lookup itself");
	refused("fields: [database]", "fields: [state]", "e.sql:41: field state is declared twice, first on line 34");
	refused("fields: [database], ", "", "e.sql:41: names: fields is missing; name what the lookup brings");
	refused("rows: all", "rows: every", "e.sql:41: rows: unknown value 'every'; known: visible, all or detail");
	refused("keep: 1min", "kepp: 1min", "e.sql:41: unknown key 'kepp' in names; did you mean 'keep'?");
	refused("batch: 200", "batch: 0", "e.sql:40: batch: '0' is no whole number from 1 to 10000");
	refused("fields:\n  dbid: id\n", "fields: none\nx:\n  dbid: id\n",
		"e.sql:26: unknown key 'x'; known: title, about, source, screen, "
		"shape, digit, order, always, every, timeout, limit, needs, params, reader, key, reset, hidden, sort, "
		"hide, tree, "
		"cycle, trend, timings, observes, fields, lookups, columns, figures, charts, empty or target");
}
END_TEST

START_TEST(mistakes_in_columns)
{
	refused("name: share, title", "title", "e.sql:44: the column has no name");
	refused("name: share, title", "name: Share, title",
		"e.sql:44: 'Share' is no name; use small letters, digits and _, a letter first");
	refused("name: mean_time,", "name: share,", "e.sql:46: column share is there twice, first on line 44");
	refused("unit: percent", "unit: procent", "e.sql:44: unit: unknown value 'procent'; did you mean 'percent'?");
	refused("unit: percent", "unit: parsec",
		"e.sql:44: unit: unknown value 'parsec'; known: count, id, float, ms, age, bytes, "
		"percent, rate, byterate, time, bool or text");
	refused("priority: 1", "priority: 0", "e.sql:44: priority: '0' is no whole number from 1 to 9");
	refused("expr: share(d(total))", "expr: share(d(totl))",
		"e.sql:44: share: expr: column 9: unknown name 'totl'; did you mean 'total'?");
	refused("expr: share(d(total))", "expr: 100 * state",
		"e.sql:44: share: expr: column 5: * wants a number, this is a text");
	refused("warn: \"> 50\"", "warn: 50",
		"e.sql:45: share: warn: column 1: no condition; write it like \"> 100ms\"");
	refused("warn: \"> 50\"", "warn: > 50",
		"e.sql:45: column 12: found character that cannot start any token; quote a value that starts with a "
		"sign");
	refused("expr: d(total) / d(calls)", "expr: if(calls > 0, total, mean)",
		"e.sql:46: column 43: 'total' has no value; quote a text that contains a comma");
	refused("{name: size, unit", "{name: sizes, unit",
		"e.sql:47: sizes: no expr, and no field of that name; add one of them");
	refused("unit: bytes", "unit: text", "e.sql:47: size: unit text does not fit the field; its own is count");
	refused("expr: query, unit: text", "expr: query, unit: ms",
		"e.sql:51: query: unit ms does not fit the field; its own is text");
	refused("trend: d(total)\n", "", "e.sql:48: trend: no expr, and no field of that name; add one of them");
	refused("flex: yes", "flex: maybe", "e.sql:51: flex: 'maybe' is neither yes nor no");
	refused("columns:\n", "columns: x\nfoo:\n",
		"e.sql:44: unknown key 'foo'; known: title, about, source, screen, shape, digit, "
		"order, always, every, timeout, limit, needs, params, reader, key, reset, hidden, sort, hide, tree, "
		"cycle, trend, "
		"timings, observes, fields, lookups, columns, figures, charts, empty or target");
	refused("expr: d(total) / d(calls), unit: ms", "expr: bound(max), unit: ms, warn: \"> 1s\"",
		"e.sql:46: mean_time: warn: a bound() never alerts: what it is at least is not known");
	refused("expr: d(total) / d(calls), unit: ms", "expr: \"if(calls > 1, unknown, bound(max))\", unit: ms, crit: \"> 1s\"",
		"e.sql:46: mean_time: crit: a bound() never alerts: what it is at least is not known");
	refused("expr: d(total) / d(calls), unit: ms", "expr: \"(2 + bound(max)) * 1000 / calls\", unit: ms, crit: \"> 1s\"",
		"e.sql:46: mean_time: crit: a bound() never alerts: what it is at least is not known");
	accepted("expr: d(total) / d(calls), unit: ms", "expr: bound(max) + quantile(0.5), unit: ms, warn: \"> 1s\"");
	accepted("expr: d(total) / d(calls), unit: ms", "expr: \"if(calls > 1, mean, bound(max))\", unit: ms, warn: \"> 1s\"");
	accepted("expr: d(total) / d(calls), unit: ms", "expr: bound(estimate(max)), unit: ms, warn: \"> 1s\"");
	accepted("unit: ms}\n  - {name: query", "unit: ms, warn: \"> 1s\"}\n  - {name: query");
	accepted("warn: self ~ drop", "warn: 'state = \"x\" and self ~ \"a, b\"'");
}
END_TEST

START_TEST(mistakes_in_figures)
{
	refused("{name: queries, ", "{", "e.sql:53: the figure has no name");
	refused("{name: idle, expr", "{name: queries, expr",
		"e.sql:54: figure queries is there twice, first on line 53");
	refused("expr: sum(rate(calls)), ", "", "e.sql:53: queries: expr is missing");
	refused("line: 1", "line: 4", "e.sql:53: line: '4' is no whole number from 0 to 3");
	refused("crit: \">= 10\"", "crit: \">= x\"",
		"e.sql:54: idle: crit: column 4: unknown name 'x'; a text needs quotes; known: "
		"dbid, queryid, parent, calls, total, mean, sd, max, state, is_hidden, stats_reset, histo and 5 more");
	refused(", figures: [mean, p95]", "", "e.sql:56: latency: figures is missing; name what the chart draws");
	refused("figures: [mean, p95]", "figures: [a, b, c, d, e]",
		"e.sql:56: figures: 5 entries; 1 to 4 are expected");
	refused("{name: latency, ", "{", "e.sql:56: the chart has no name");
}
END_TEST

START_TEST(mistakes_in_bodies)
{
	refused("-- since 170000\n", "SELECT 0;\n-- since 170000\n",
		"e.sql:60: text before the first body; start it with a line '-- since 130000'");
	refused("-- since 170000\n", "-- since 17.0\n",
		"e.sql:60: a version number is expected, like '-- since 130000'");
	refused("-- since 170000\n", "-- since\n", "e.sql:60: a version number is expected, like '-- since 130000'");
	refused("-- since 170000\n", "-- since 170000 and on\n",
		"e.sql:60: nothing may stand behind the version; put remarks on the next line");
	refused("-- since 170000\n", "-- sinse 170000\n",
		"e.sql:60: a remark that looks like '-- since'; correct it or write it in other words");
	refused("-- since 170000\n", "-- since 99999999999999999999\n",
		"e.sql:60: a version number is expected, like '-- since 130000'");
	refused("-- since 140000\n", "-- since 130000\n",
		"e.sql:66: a second body since 130000, the first one is on line 63");
	refused("-- lookup texts since 130000\n", "-- lookup text since 130000\n",
		"e.sql:68: unknown lookup 'text'; did you mean 'texts'?");
	refused("-- lookup texts since 130000\n", "-- lookup texts 130000\n",
		"e.sql:68: since is expected, like '-- lookup texts since 130000'");
	refused("SELECT queryid, whole_text\n", "-- nothing\n;\n",
		"e.sql:72: the body since 130000 does not return whole_text (line 42); add it, "
		"or say from which version the field is there");
	refused("SELECT queryid, whole_text\n", " ;\n", "e.sql:72: the body is empty");
	refused("-- lookup whole since 130000\nSELECT queryid, whole_text\n", "",
		"e.sql:42: whole: the lookup has no body; add '-- lookup NAME since VERSION'");
	refused("SELECT wal, dbid", "SELECT -- wal\n/* wal */ dbid",
		"e.sql:66: the body since 140000 does not return wal (line 38); add it, or say from which version the "
		"field is there");
	refused("SELECT queryid, whole_text", "SELECT query_id, whole_text",
		"e.sql:72: the lookup does not return queryid, by which its rows are found");
	refused("SELECT queryid, whole_text", "SELECT queryid, whole_texts, my_whole_text",
		"e.sql:72: the body since 130000 does not return whole_text "
		"(line 42); add it, or say from which version the field is there");
	refused("from: 140000, until", "from: 150000, until",
		"e.sql:38: wal changes at 150000, but the body since 140000 on line 66 goes on past it; "
		"add '-- since 150000' or correct the field");
	refused("until: 170000", "until: 180000",
		"e.sql:38: wal changes at 180000, but the body since 170000 on line 60 goes on past it; add '-- since "
		"180000' or correct the field");
}
END_TEST

START_TEST(other_sources)
{
	static const char redis[] = "/* dytop panel\ntitle: C\nsource: redis\nreader: info\nfields: {hits: "
				    "counter}\ncolumns: [{name: hits}]\n*/\n"
				    "-- since 60000\n-- remark\nINFO everything\n\n  \nPING\n";
	static const char self[] =
		"/* dytop panel\ntitle: S\nsource: self\nreader: servers\nshape: hidden\nfields: {name: text}\n*/\n";
	static const char body[] =
		"/* dytop panel\ntitle: S\nsource: self\nshape: hidden\nfields: {name: text}\n*/\n-- since 1\nx\n";
	static const char none[] =
		"/* dytop panel\ntitle: S\nfields: {name: text}\ncolumns: [{name: name}]\n*/\n-- only a remark\n";
	static const char bare[] = "/* dytop panel\ntitle: S\nfields: {name: text}\n*/\n-- since 130000\nSELECT name\n";
	static const char empty[] = "/* dytop panel\n*/\n";
	struct panel *p = parsed(redis, sizeof(redis) - 1);
	struct err why;

	/* commands are handed on without remarks and blank lines; their fields need not be mentioned */
	ck_assert_str_eq(p->body[0].text, "INFO everything\nPING");
	ck_assert_str_eq(p->reader, "info");
	ck_assert_str_eq(p->screen, "everything");
	ck_assert_int_eq(p->digit, -1);
	ck_assert_int_eq(p->sort, -1);
	ck_assert_int_eq(p->timings.calls, -1);
	ck_assert_int_eq(p->tree_id, -1);
	ck_assert_int_eq(p->observe_id, -1);
	ck_assert_int_eq(p->reset_field, -1);
	ck_assert_int_eq(p->limit, 20000);
	ck_assert_double_eq(p->timeout_ms, 2000);
	ck_assert_str_eq(p->column[0].title, "HITS");
	panel_free(p);
	p = parsed(self, sizeof(self) - 1);
	ck_assert_int_eq(p->body_count, 0);
	ck_assert_int_eq(p->column_count, 0);
	ck_assert_str_eq(p->reader, "servers");
	panel_free(p);
	ck_assert_int_eq(panel_parse(&p, "x", "x.sql", body, sizeof(body) - 1, &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "x.sql:7: a self panel has no body: its rows come from dytop");
	ck_assert_int_eq(panel_parse(&p, "x", "x.sql", none, sizeof(none) - 1, &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "x.sql:6: no body; add a line '-- since 130000' and the query behind the header");
	ck_assert_int_eq(panel_parse(&p, "x", "x.sql", bare, sizeof(bare) - 1, &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "x.sql:2: columns is missing; only 'shape: hidden' goes without");
	ck_assert_int_eq(panel_parse(&p, "x", "x.sql", empty, sizeof(empty) - 1, &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "x.sql:2: title is missing");
}
END_TEST

START_TEST(bytes)
{
	struct buf b = BUF_INIT(1 << 20);
	struct panel *p = NULL;
	struct err why;

	/* as another system saves it: byte order mark, CR LF */
	buf_adds(&b, "\xEF\xBB\xBF");
	for (const char *c = good; *c != '\0'; c++) {
		if (*c == '\n')
			buf_addc(&b, '\r');
		buf_addc(&b, *c);
	}
	p = parsed(b.data, b.len);
	check_top(p);
	check_columns(p);
	ck_assert_ptr_null(strchr(p->body[1].text, '\r'));
	ck_assert_int_eq(p->body[1].line, 63);
	panel_free(p);
	p = NULL;
	b.data[b.len - 50] = '\0';
	ck_assert_int_eq(panel_parse(&p, "x", "x.sql", b.data, b.len, &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "x.sql:72: a NUL byte; this is no text file");
	while (b.len <= 256 << 10)
		buf_adds(&b, "-- filler\n");
	ck_assert_int_eq(panel_parse(&p, "x", "x.sql", b.data, b.len, &why), ERR_TOO_BIG);
	ck_assert_str_eq(why.text, "x.sql: over 256 kB; a panel file is no place for data");
	ck_assert_int_eq(panel_parse(&p, "x", "x.sql", "", 0, &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "x.sql:1: no panel; its first line must be '/* dytop panel'");
	ck_assert_int_eq(panel_parse(&p, "My Panel", "My Panel.sql", good, sizeof(good) - 1, &why), ERR_INVALID);
	ck_assert_str_eq(why.text,
			 "My Panel.sql: the file's name cannot be a panel's; use small letters, digits and _");
	ck_assert_ptr_null(p);
	buf_release(&b);
}
END_TEST

/* A file may be cut anywhere (a disk that fills up, an editor that dies): never more than an error. */
START_TEST(cut_anywhere)
{
	for (size_t len = 0; len < sizeof(good) - 1; len += 7) {
		struct panel *p = NULL;
		struct err why;

		if (panel_parse(&p, "everything", "e.sql", good, len, &why) == 0)
			panel_free(p);
		else
			ck_assert_msg(strncmp(why.text, "e.sql", 5) == 0, "%s", why.text);
	}
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		everything_there_is,   what_a_row_is, bodies_by_version,
		mistakes_in_the_frame, mistakes_in_plain_keys,
		mistakes_in_fields,    mistakes_in_columns,
		mistakes_in_figures,   mistakes_in_bodies,
		other_sources,         bytes,
		cut_anywhere,
	};

	return unit_run("panel", cases, ARRAY_LEN(cases));
}
