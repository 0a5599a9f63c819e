/* SPDX-License-Identifier: PostgreSQL */
#include "stage.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "model/panel.h"
#include "model/sample.h"
#include "ui/keys.h"
#include "unit.h"

/* 2026-11-22 12:04:31 UTC */
#define WALL_US INT64_C(1795349071000000)
#define MONO_NS (INT64_C(5000) * CLOCK_SECOND_NS)

static const char *const panel_texts[][2] = {
	{"overview",
	 "title: Overview\nscreen: overview\nshape: card\ndigit: 0\nalways: yes\n"
	 "fields: {commits: counter, hit: counter, read: counter, conns: gauge, most: gauge, started: time}\n"
	 "columns:\n"
	 "  - {name: commits, title: XACT/s, expr: rate(commits), unit: rate, width: 7, about: transactions ended in a second}\n"
	 "  - {name: hit, title: \"HIT%\", expr: 100 * d(hit) / (d(hit) + d(read)), unit: percent, width: 6, warn: '< 95', crit: '< 90', about: found in shared buffers}\n"
	 "  - {name: conns, title: CONN, unit: count, width: 5, about: connections}\n"
	 "  - {name: since, title: SINCE ms, expr: age(started), unit: id, width: 9, about: an age that changes with every look at the clock}\n"
	 "figures:\n"
	 "  - {name: xacts, title: xacts, expr: rate(commits), unit: rate, line: 1, order: 10, trend: yes}\n"
	 "  - {name: pg_hit, title: postgres hit, expr: 100 * d(hit) / (d(hit) + d(read)), unit: percent, line: 2, order: 10, trend: yes, warn: '< 95', crit: '< 90'}\n"
	 "  - {name: connections, title: connections, expr: conns, unit: count, line: 2, order: 40, warn: '> 100'}\n"
	 "  - {name: of, title: of, expr: most, unit: count, line: 2, order: 41}\n"
	 "charts:\n"
	 "  - {name: throughput, title: Transactions and commands, unit: rate, figures: [xacts, redis_ops]}\n"
	 "  - {name: latency, title: Latency, unit: ms, figures: [mean, p95]}\n"
	 "  - {name: hits, title: Hit ratios, unit: percent, figures: [pg_hit, redis_hit]}\n"
	 "  - {name: pool, title: Connections, unit: count, figures: [connections]}\n"
	 "*/\n-- since 130000\nSELECT commits, hit, read, conns, most, started FROM x\n"},
	{"activity",
	 "title: Activity\nabout: Who runs what.\nscreen: activity\ndigit: 1\norder: 10\nkey: [pid]\nhidden: is_hidden\nsort: -age\n"
	 "hide: {title: idle, when: 'state = \"idle\"'}\ntree: {id: pid, parent: leader, default: no}\ncycle: [age, xact_age]\n"
	 "target: {kind: session, pid: pid, start: began, text: text}\n"
	 "fields: {pid: id, leader: id, state: text, app: text, age_ms: gauge, xact_ms: gauge, wait: text, is_hidden: bool, text: text, began: time}\n"
	 "columns:\n"
	 "  - {name: pid, title: PID, unit: id, width: 7, priority: 1, tree: yes, about: process id}\n"
	 "  - {name: age, title: QUERY, expr: age_ms, unit: ms, width: 7, priority: 1, warn: '> 10s', crit: '> 60s', about: how long the query has run}\n"
	 "  - {name: xact_age, title: XACT, expr: xact_ms, unit: ms, width: 7, priority: 2, about: how long the transaction has been open}\n"
	 "  - {name: state, title: STATE, unit: text, width: 8, priority: 3, about: what it does}\n"
	 "  - {name: wait, title: WAIT, unit: text, width: 12, priority: 4, about: what it waits for}\n"
	 "  - {name: app, title: APP, unit: text, width: 14, priority: 6, tree: yes, about: application name}\n"
	 "  - {name: leader, title: LEADER, unit: id, width: 7, priority: 9, show: no, about: leader of a parallel query}\n"
	 "  - {name: text, title: SQL, unit: text, width: 20, flex: yes, priority: 1, about: the statement}\n"
	 "figures:\n"
	 "  - {name: running, title: running, expr: 'count(state = \"active\")', unit: count, line: 1, order: 60}\n"
	 "*/\n-- since 130000\nSELECT pid, leader, state, app, age_ms, xact_ms, wait, is_hidden, text, began FROM x\n"},
	{"statements",
	 "title: Statements\nabout: What each statement did.\nscreen: statements\ndigit: 2\norder: 20\nkey: [queryid]\nsort: -share\ntarget: {kind: statement, queryid: queryid, text: text}\n"
	 "trend: d(total)\n"
	 "fields: {queryid: id, calls: counter, total: counter, most: gauge, hit: counter, read: counter, io: counter, rows: counter, text: text}\n"
	 "columns:\n"
	 "  - {name: share, title: \"TIME%\", expr: share(d(total)), unit: percent, width: 6, priority: 1, warn: '> 50', about: share of all time}\n"
	 "  - {name: calls, title: CALLS/s, expr: rate(calls), unit: rate, width: 8, priority: 1, about: executions in a second}\n"
	 "  - {name: mean, title: MEAN, expr: d(total) / d(calls), unit: ms, width: 8, priority: 1, warn: '> 100ms', crit: '> 1s', about: mean time}\n"
	 "  - {name: max, title: MAX, expr: most, unit: ms, width: 8, priority: 4, about: longest execution}\n"
	 "  - {name: per_call, title: ROWS/c, expr: d(rows) / d(calls), unit: float, width: 7, priority: 5, about: rows per call}\n"
	 "  - {name: hit, title: \"HIT%\", expr: 100 * d(hit) / (d(hit) + d(read)), unit: percent, width: 6, priority: 4, warn: '< 90', about: hit ratio}\n"
	 "  - {name: io, title: IO, expr: d(io) / d(calls), unit: ms, width: 7, priority: 6, about: time for blocks}\n"
	 "  - {name: trend, title: TREND, unit: float, width: 8, priority: 6, about: time over the last intervals}\n"
	 "  - {name: total, title: TOTAL, expr: total, unit: ms, width: 8, priority: 8, show: no, about: time since the reset}\n"
	 "  - {name: query, title: QUERY, expr: text, unit: text, flex: yes, width: 20, priority: 1, about: the statement}\n"
	 "figures:\n"
	 "  - {name: queries, title: queries, expr: sum(rate(calls)), unit: rate, line: 1, order: 20, trend: yes}\n"
	 "  - {name: mean, title: mean, expr: sum(d(total)) / sum(d(calls)), unit: ms, line: 1, order: 30, warn: '> 50ms'}\n"
	 "  - {name: p95, title: p95, expr: 3 * sum(d(total)) / sum(d(calls)), unit: ms}\n"
	 "*/\n-- since 130000\nSELECT queryid, calls, total, most, hit, read, io, rows, text FROM x\n"},
	{"locks",
	 "title: Locks\nempty: 'nothing waits: no locks'\nscreen: locks\ndigit: 3\norder: 30\nkey: [pid]\ntree: {id: pid, parent: blocker, default: yes}\n"
	 "target: {kind: session, pid: pid, start: began}\n"
	 "fields: {pid: id, blocker: id, mode: text, target: text, age_ms: gauge, began: time}\n"
	 "columns:\n"
	 "  - {name: pid, title: PID, unit: id, width: 7, priority: 1, about: process id}\n"
	 "  - {name: mode, title: MODE, unit: text, width: 28, priority: 2, tree: yes, about: lock mode}\n"
	 "  - {name: age, title: AGE, expr: age_ms, unit: age, width: 5, priority: 1, crit: '> 60s', about: how long it waits}\n"
	 "  - {name: target, title: TARGET, unit: text, flex: yes, width: 20, priority: 1, about: what is locked}\n"
	 "*/\n-- since 130000\nSELECT pid, blocker, mode, target, age_ms, began FROM x\n"},
	{"waits",
	 "title: Waits\nscreen: locks\norder: 31\nkey: [event]\nfields: {event: text, sessions: gauge}\n"
	 "columns:\n"
	 "  - {name: event, title: EVENT, unit: text, flex: yes, width: 20, priority: 1, about: what is waited for}\n"
	 "  - {name: sessions, title: SESSIONS, unit: count, width: 8, priority: 1, about: how many wait}\n"
	 "*/\n-- since 130000\nSELECT event, sessions FROM x\n"},
	{"cache",
	 "title: Redis\nsource: redis\nscreen: cache\nshape: card\ndigit: 8\norder: 80\nreader: info\n"
	 "fields: {hits: counter, misses: counter, ops: gauge, memory: gauge, latency: histogram}\n"
	 "columns:\n"
	 "  - {name: hit, title: \"HIT%\", expr: 100 * d(hits) / (d(hits) + d(misses)), unit: percent, width: 6, crit: '< 50', about: keyspace hits}\n"
	 "  - {name: ops, title: OPS/s, expr: ops, unit: rate, width: 7, about: commands in a second}\n"
	 "  - {name: p50, title: P50, expr: 'hquantile(0.5, latency)', unit: ms, width: 9, about: half of the commands}\n"
	 "  - {name: p99, title: P99, expr: 'hquantile(0.99, latency)', unit: ms, width: 9, warn: '> 15ms', about: nearly all}\n"
	 "  - {name: memory, title: MEMORY, unit: bytes, width: 8, about: memory in use}\n"
	 "figures:\n"
	 "  - {name: redis_hit, title: redis hit, expr: 100 * d(hits) / (d(hits) + d(misses)), unit: percent, line: 2, order: 20, trend: yes}\n"
	 "  - {name: redis_ops, title: redis ops, expr: ops, unit: rate, line: 3, order: 10}\n"
	 "*/\n-- since 60000\nINFO everything\nhits misses ops memory latency\n"},
	{"pools",
	 "title: Pools\nsource: pgbouncer\nscreen: pools\ndigit: 7\norder: 70\nkey: [name]\nfields: {name: text, used: gauge}\n"
	 "columns:\n"
	 "  - {name: name, title: POOL, unit: text, width: 20, flex: yes, priority: 1, about: its name}\n"
	 "  - {name: used, title: USED, unit: count, width: 6, priority: 1, about: connections in use}\n"
	 "*/\n-- since 11200\nSHOW POOLS\nname used\n"},
	{"servers",
	 "title: Servers\nsource: self\nscreen: servers\norder: 150\nkey: [name, kind]\n"
	 "fields: {name: text, kind: text, state: text, rtt_ms: gauge, reason: text}\n"
	 "columns:\n"
	 "  - {name: name, title: SERVER, unit: text, width: 24, priority: 1, about: its name}\n"
	 "  - {name: kind, title: KIND, unit: text, width: 10, priority: 4, about: what it was asked as}\n"
	 "  - {name: state, title: STATE, unit: text, width: 10, priority: 1, warn: 'state != \"live\"', about: its state}\n"
	 "  - {name: rtt, title: RTT, expr: rtt_ms, unit: ms, width: 8, priority: 3, about: last round trip}\n"
	 "  - {name: reason, title: WHY, unit: text, flex: yes, width: 20, priority: 1, about: why it is not live}\n"
	 "*/\n"},
};

static const struct feed *get_feed(void *ctx, int panel, int server)
{
	struct stage *s = ctx;

	if (panel < 0 || panel >= s->panel_count || server >= s->server_count)
		ck_abort_msg("asked for panel %d on server %d", panel, server);
	return server < 0 ? NULL : s->feed[panel][server];
}

static void add_server(struct stage *s, enum panel_source kind, const char *name, const char *product, const char *version)
{
	struct server_status *at = &s->server[s->server_count];

	*at = (struct server_status){.kind = kind, .state = SERVER_LIVE, .rtt_ms = 0.21};
	snprintf(at->name, sizeof(at->name), "%s", name);
	snprintf(at->product, sizeof(at->product), "%s", product);
	snprintf(at->version_text, sizeof(at->version_text), "%s", version);
	snprintf(at->role, sizeof(at->role), "%s", kind == PANEL_PG ? "primary" : kind == PANEL_REDIS ? "master" : "");
	at->since_ns = MONO_NS - 600 * CLOCK_SECOND_NS;
	at->answered_ns = MONO_NS;
	at->started_us = WALL_US - INT64_C(1051440) * 1000000; /* 12d04h04m */
	at->asked = 1200;
	at->logins = 1;
	s->servers[s->server_count++] = at;
}

static void parse_panels(struct stage *s)
{
	for (size_t i = 0; i < ARRAY_LEN(panel_texts); i++) {
		struct buf text = BUF_INIT(1 << 20);
		struct err why = {0};

		buf_addf(&text, "/* dytop panel\n%s", panel_texts[i][1]);
		ck_assert_msg(panel_parse(&s->panel[i], panel_texts[i][0], panel_texts[i][0], text.data, text.len, &why) == 0,
		              "%s", why.text);
		s->panels[i] = s->panel[i];
		s->panel_count++;
		buf_release(&text);
	}
}

struct stage *stage_new_empty(int width, int height)
{
	static const char *const themes[] = {"dark", "light", "mono", NULL};
	struct stage *s = mem_alloc(sizeof(*s));
	struct err why = {0};

	setenv("TZ", "UTC", 1);
	parse_panels(s);
	add_server(s, PANEL_PG, "bridge@db1:5432", "PostgreSQL", "15.18");
	add_server(s, PANEL_REDIS, "cache1:6379", "Redis", "7.0.15");
	add_server(s, PANEL_SELF, "dytop", "dytop", "");
	s->host = (struct ui_host){.panels = s->panels, .panel_count = s->panel_count, .servers = s->servers,
	                           .server_count = s->server_count, .feed = get_feed, .themes = themes, .ctx = s,
	                           .now = {MONO_NS, WALL_US}, .interval_ms = 1000, .cost_share = 0.3};
	ck_assert_msg(ui_new(&s->ui, &s->host, &why) == 0, "%s", why.text);
	canvas_init(&s->canvas, width, height);
	return s;
}

static void fill(struct stage *s, int turn)
{
	struct buf rows = BUF_INIT(1 << 20);

	buf_addf(&rows, "%d|%d|%d|143|197|1795000000000000", 100000 + turn * 512, 9000000 + turn * 9000, 90000 + turn * 820);
	stage_push(s, "overview", 0, rows.data);
	stage_push(s, "activity", 0,
	           "4711|-|active|bridge|3200.5|3300|-|0|SELECT id, status FROM bridge_transactions WHERE created_at > $1 ORDER BY created_at DESC LIMIT 50\n"
	           "4712|-|active|bridge|75000|80000|Lock:tuple|0|UPDATE bridge_transactions SET status = $1 WHERE id = $2\n"
	           "4713|4711|active|bridge|3200|3300|IPC:Gather|0|SELECT id, status FROM bridge_transactions\n"
	           "4720|-|idle|psql|120000|-|Client:Read|0|COMMIT\n"
	           "4721|-|idle in transaction|worker-with-a-long-name|12000|13000|Client:Read|0|SELECT 1\n"
	           "4799|-|-|-|-|-|-|1|-");
	buf_clear(&rows);
	for (int i = 0; i < 40; i++)
		buf_addf(&rows, "%d|%d|%.1f|%d.5|%d|%d|%d|%d|SELECT /* number %d */ * FROM table_%d WHERE id = $1 AND note LIKE $2\n",
		         1000 + i, 5000 + turn * (400 - 9 * i), 80000 + turn * (50.0 * (40 - i) + (i % 7) * (turn % 3) * 20), 100 + i * 40,
		         100000 + turn * (100 + i), 1000 + turn * i * 2, 50 + turn * i, 700 + turn * (i + 1), i, i);
	rows.data[rows.len - 1] = '\0';
	stage_push(s, "statements", 0, rows.data);
	stage_push(s, "locks", 0,
	           "4711|-|RowExclusiveLock|bridge_transactions|-\n4712|4711|ShareRowExclusiveLock|bridge_transactions|61000\n"
	           "4713|4712|AccessExclusiveLock|bridge_validators|2000\n4714|4711|ShareLock|transaction 991|3000");
	stage_push(s, "waits", 0, "Lock:tuple|1\nClient:Read|2\nIO:DataFileRead|7");
	buf_clear(&rows);
	buf_addf(&rows, "%d|%d|5120|104857600|4:%d 16:%d 67633:%d", 1000000 + turn * 4825, 40000 + turn * 175, turn * 700, turn * 900,
	         turn * 1000);
	stage_push(s, "cache", 1, rows.data);
	stage_push(s, "servers", 2, "bridge@db1:5432|postgresql|live|0.21|-\ncache1:6379|redis|live|0.08|-\nother@db2|postgresql|lost|-|no route");
	buf_release(&rows);
}

struct stage *stage_new(int width, int height)
{
	struct stage *s = stage_new_empty(width, height);

	for (int turn = 0; turn < 8; turn++) {
		fill(s, turn);
		if (turn < 7)
			stage_pass(s, 1);
	}
	for (int i = 0; i < s->server_count; i++)
		s->server[i].answered_ns = s->host.now.mono_ns;
	return s;
}

void stage_free(struct stage *s)
{
	ui_free(s->ui);
	for (int i = 0; i < s->panel_count; i++)
		for (int k = 0; k < STAGE_SERVERS; k++)
			if (s->feed[i][k])
				feed_free(s->feed[i][k]);
	for (int i = 0; i < s->panel_count; i++)
		panel_free(s->panel[i]);
	canvas_release(&s->canvas);
	free(s);
}

int stage_panel(struct stage *s, const char *name)
{
	for (int i = 0; i < s->panel_count; i++)
		if (strcmp(s->panel[i]->name, name) == 0)
			return i;
	ck_abort_msg("no panel %s", name);
	return -1;
}

static enum sample_type type_of(enum field_kind kind)
{
	switch (kind) {
	case FIELD_GAUGE:
	case FIELD_COUNTER:
		return SAMPLE_FLOAT;
	case FIELD_TEXT:
	case FIELD_HISTOGRAM:
		return SAMPLE_TEXT;
	case FIELD_BOOL:
		return SAMPLE_BOOL;
	default:
		return SAMPLE_INT;
	}
}

static void set_value(struct sample *sample, int row, int column, enum sample_type type, const char *at, size_t len)
{
	if ((len == 1 && *at == '-') || (len == 0 && type != SAMPLE_TEXT)) /* the last fields may be left out */
		return;
	if (type == SAMPLE_TEXT)
		sample_set_text(sample, row, column, at, len);
	else if (type == SAMPLE_FLOAT)
		sample_set_float(sample, row, column, strtod(at, NULL));
	else
		sample_set_int(sample, row, column, strtoll(at, NULL, 10));
}

static void add_row(struct sample *sample, const struct panel *p, const char *line, size_t len)
{
	int row = sample_add_row(sample);

	for (int i = 0; i < p->field_count; i++) {
		const char *bar = i + 1 < p->field_count ? memchr(line, '|', len) : NULL;
		size_t n = bar ? (size_t)(bar - line) : len;

		set_value(sample, row, i, type_of(p->field[i].kind), line, n);
		line += n + (bar != NULL);
		len -= n + (bar != NULL);
	}
	if (p->hidden_field >= 0 && sample_number(sample, row, p->hidden_field) > 0)
		sample->hidden++;
}

void stage_push(struct stage *s, const char *panel, int server, const char *rows)
{
	int at = stage_panel(s, panel);
	const struct panel *p = s->panel[at];
	struct sample *sample = sample_new(p->field_count);

	for (int i = 0; i < p->field_count; i++)
		sample_type(sample, i, type_of(p->field[i].kind));
	while (*rows) {
		size_t len = strcspn(rows, "\n");

		add_row(sample, p, rows, len);
		rows += len + (rows[len] == '\n');
	}
	sample->mono_ns = s->host.now.mono_ns;
	sample->wall_us = s->host.now.wall_us;
	sample->life = 1;
	sample_finish(sample, p->key, p->key_count);
	if (!s->feed[at][server])
		s->feed[at][server] = feed_new(p);
	feed_push(s->feed[at][server], sample);
}

void stage_pass(struct stage *s, double seconds)
{
	s->host.now.mono_ns += (int64_t)(seconds * 1e9);
	s->host.now.wall_us += (int64_t)(seconds * 1e6);
}

void stage_size(struct stage *s, int width, int height)
{
	canvas_resize(&s->canvas, width, height);
}

/* --- events ------------------------------------------------------------------------------------------------------------ */

void stage_obey(struct stage *s, unsigned result)
{
	struct ui_want mark[64];
	int count = result & UI_MARK ? ui_marks(s->ui, &s->host, mark, 64) : 0;

	for (int p = 0; p < s->panel_count; p++)
		for (int k = 0; k < s->server_count; k++) {
			struct feed *f = s->feed[p][k];

			if (f && result & UI_MARK)
				feed_unmark(f);
			for (int i = 0; f && i < count; i++)
				if (mark[i].panel == p && mark[i].server == k)
					(void)feed_mark(f);
			if (f)
				feed_set_mode(f, ui_mode(s->ui, p));
		}
}

unsigned stage_keys(struct stage *s, const char *keys)
{
	unsigned result = 0;

	while (*keys) {
		struct term_event event = {.key = 0};
		size_t len;

		keys += strspn(keys, " ");
		len = strcspn(keys, " ");
		if (len == 0)
			break;
		event.key = keys_parse((struct str){keys, len});
		if (event.key == 0)
			ck_abort_msg("no key %s", keys);
		result |= ui_event(s->ui, &s->host, &event);
		keys += len;
	}
	return s->result = result;
}

unsigned stage_type(struct stage *s, const char *text)
{
	unsigned result = 0;

	for (; *text; text++) {
		struct term_event event = {.key = (unsigned char)*text};

		result |= ui_event(s->ui, &s->host, &event);
	}
	return s->result = result;
}

unsigned stage_paste(struct stage *s, const char *text)
{
	struct term_event event = {.key = TERM_KEY_PASTE, .text = {text, strlen(text)}};

	return s->result = ui_event(s->ui, &s->host, &event);
}

unsigned stage_click(struct stage *s, int x, int y)
{
	struct term_event event = {.key = TERM_KEY_MOUSE, .x = x, .y = y, .button = 1};

	return s->result = ui_event(s->ui, &s->host, &event);
}

/* --- what is seen -------------------------------------------------------------------------------------------------------- */

static char plane[2 << 20];

const char *stage_text(struct stage *s)
{
	struct buf out = BUF_INIT(sizeof(plane) - 1);

	ui_draw(s->ui, &s->host, &s->canvas);
	canvas_dump_text(&s->canvas, &out);
	memcpy(plane, buf_text(&out), out.len + 1);
	buf_release(&out);
	return plane;
}

const char *stage_style(struct stage *s)
{
	struct buf out = BUF_INIT(sizeof(plane) - 1);

	ui_draw(s->ui, &s->host, &s->canvas);
	canvas_dump_style(&s->canvas, &out);
	memcpy(plane, buf_text(&out), out.len + 1);
	buf_release(&out);
	return plane;
}

const char *stage_line(struct stage *s, int y)
{
	char *at = plane;

	stage_text(s);
	if (y < 0)
		y += s->canvas.height;
	while (y-- > 0) {
		at = strchr(at, '\n');
		if (!at)
			return "";
		at++;
	}
	at[strcspn(at, "\n")] = '\0';
	return at;
}

int stage_find(struct stage *s, const char *text)
{
	const char *all = stage_text(s), *at = strstr(all, text);
	int line = 0;

	for (const char *c = all; at && c < at; c++)
		line += *c == '\n';
	return at ? line : -1;
}

void stage_golden(struct stage *s, const char *name)
{
	const char *mode = getenv("UI_GOLDEN"), *top = getenv("srcdir");
	struct buf now = BUF_INIT(4 << 20), file = BUF_INIT(4 << 20);
	char path[512], chunk[4096];
	size_t got;
	FILE *f;

	buf_adds(&now, stage_text(s));
	buf_adds(&now, "\n----\n");
	buf_adds(&now, stage_style(s));
	buf_adds(&now, "\n");
	snprintf(path, sizeof(path), "%s/tests/golden/ui/%s.txt", top ? top : ".", name);
	f = fopen(path, mode && strcmp(mode, "write") == 0 ? "w" : "r");
	ck_assert_msg(f != NULL, "cannot open %s (UI_GOLDEN=write makes it)", path);
	if (mode && strcmp(mode, "write") == 0) {
		ck_assert_uint_eq(fwrite(now.data, 1, now.len, f), now.len);
	} else {
		while ((got = fread(chunk, 1, sizeof(chunk), f)) > 0)
			buf_add(&file, chunk, got);
		ck_assert_msg(str_eq(buf_str(&now), buf_str(&file)), "%s differs; it is now:\n%.3000s", path, now.data);
	}
	fclose(f);
	buf_release(&now);
	buf_release(&file);
}
