/* SPDX-License-Identifier: PostgreSQL */
/* A run's beginning: connections, the check of what is there, the values that a query brings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/bench_run.h"
#include "core/mem.h"

enum { CHECK_MS = 30000, READ_MS = 120000 };

static void read_next(struct bench *b);

static bool on_rows(void *ctx, const struct pgresult *rows)
{
	struct bench *b = ctx;

	for (int i = 0; i < rows->rows; i++) {
		int len = 0;
		const char *value = pgresult_value(rows, i, 0, &len);

		if (value && len < BENCH_VALUE_MAX)
			bench_values_add(&b->domain[b->reading], value, (size_t)len);
	}
	return true;
}

static void on_read(void *ctx, const struct pgwork_outcome *o)
{
	struct bench *b = ctx;
	struct err why;

	if (o->why) {
		const struct bench_domain *d = &b->conf.workload->domain[b->reading];

		err_set(&why, o->why->code, "%s:%d: domain '%s': %s", b->conf.workload->file, d->line, d->name, o->why->text);
		bench_fail(b, &why);
		return;
	}
	b->reading++;
	read_next(b);
}

static void read_next(struct bench *b)
{
	const struct bench_domain *d = &b->conf.workload->domain[b->reading];
	struct pgwork_query q = {.stream = true, .rows = on_rows, .done = on_read, .ctx = b, .count = 1, .deadline_ms = READ_MS};
	char limit[24];
	const char *values[1] = {limit};

	if (b->reading == b->conf.workload->domain_count) {
		bench_load(b);
		return;
	}
	snprintf(limit, sizeof limit, "%lld", (long long)d->limit);
	q.sql = d->sql;
	q.values = values;
	pgwork_run(b->control, &q, 1);
}

void bench_ready(struct bench *b)
{
	bench_enter(b, BENCH_READY);
	b->events.ready(b->events.ctx);
}

void bench_go(struct bench *b)
{
	if (b->step != BENCH_READY)
		return;
	bench_enter(b, BENCH_READING);
	read_next(b);
}

static void on_checked(void *ctx, const struct pgwork_outcome *o)
{
	struct bench *b = ctx;
	struct err why;
	int len = 0;

	if (o->why) {
		bench_fail(b, o->why);
		return;
	}
	for (int i = 0; i < o->result->rows; i++) {
		const char *missing = pgresult_value(o->result, i, 1, &len);

		if (missing && *missing == 't') {
			err_set(&why, ERR_NOT_FOUND, "%s has no table %s: this is no database of the bridge; dytop bridge init makes one",
			        pgwork_name(b->control), b->conf.workload->tables[i]);
			bench_fail(b, &why);
			return;
		}
	}
	b->rows = o->result->rows > 0 ? bench_number(o->result, 0, 2) : -1;
	snprintf(b->version, sizeof b->version, "%s", pgwork_parameter(b->control, "server_version"));
	if (b->store)
		store_open(b->store);
	else
		bench_ready(b);
}

static void check(struct bench *b)
{
	struct buf names = BUF_INIT(4096);
	struct pgwork_query q = {.sql = b->texts[0], .count = 1, .deadline_ms = CHECK_MS, .done = on_checked, .ctx = b};
	const char *values[1];

	buf_addc(&names, '{');
	for (int i = 0; b->conf.workload->tables[i]; i++)
		buf_addf(&names, "%s\"%s\"", i ? "," : "", b->conf.workload->tables[i]);
	buf_addc(&names, '}');
	values[0] = buf_text(&names);
	q.values = values;
	pgwork_run(b->control, &q, 1);
	buf_release(&names);
}

static void on_control_up(void *ctx)
{
	struct bench *b = ctx;

	if (b->step == BENCH_CONNECTING)
		check(b);
	else if (b->step == BENCH_CLEANING)
		bench_send_after(b);
}

static void on_control_down(void *ctx, const struct err *why)
{
	struct bench *b = ctx;

	if (b->step <= BENCH_READING)
		bench_fail(b, why);
	else if (b->step < BENCH_ENDED)
		loop_timer_in(b->again, BENCH_RETRY_MS);
}

void bench_open_again(void *ctx)
{
	pgwork_open(((struct bench *)ctx)->control);
}

static int take_texts(struct bench *b, struct err *why)
{
	static const char *const names[2] = {"bench_check", "bench_counters"};
	const struct source_conf *pg = b->conf.postgres;

	for (int i = 0; i < 2; i++) {
		const char *text = pg->text ? pg->text(pg->text_ctx, names[i]) : NULL;

		if (!text)
			return err_set(why, ERR_NOT_FOUND, "sql/session/%s.sql is missing", names[i]);
		b->texts[i] = mem_strdup(text);
	}
	return 0;
}

int bench_connections(struct bench *b, struct err *why)
{
	struct pgwork_conf pg = {.conf = b->conf.postgres, .over = b->conf.over, .application = "dytop-bench", .log = b->conf.log};
	struct pgwork_events pg_events = {.up = on_control_up, .down = on_control_down, .ctx = b};
	int rc = take_texts(b, why);

	if (rc == 0)
		rc = pgwork_new(&b->control, b->loop, &pg, &pg_events, why);
	if (rc == 0)
		rc = bench_db_new(b, why);
	if (rc == 0)
		rc = bench_store_new(b, why);
	return rc;
}
