/* SPDX-License-Identifier: PostgreSQL */
/*
 * One pgwork under a test's control: commands on stdin, one JSON line per event. Driven by worker.py. Told at the end: the
 * longest pause between two beats of a 2 ms timer, what a key would have waited for.
 *
 *   worker [-c] [-l] [-o OVER] [-d DBNAME] [-n NAME=VALUE] CONNINFO
 *      -c: for copies; -l: made like a live source of CONNINFO; -n: a setting of the session
 *   stdin: open | close | cancel | more | hold N (streams are held after each N rows; 0 = never) | fill MS (a copy pauses)
 *          run ID SQL [<TAB>SQL]... | named ID NAME<TAB>SQL[<TAB>VALUE]... | binary ID SQL | stream ID SQL | limit ID MS SQL
 *          copy ID ROWS SQL | bad ID ROWS SQL (a copy that gives up) | flood ID N SQL (a batch of N) | quit
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "source/pgwork.h"
#include "driven.h"

struct worker {
	struct loop *loop;
	struct pgwork *work;
	struct source *source;
	struct pgwork_conf conf;
	struct loop_timer *filler;
	struct driven_beat beat;
	struct driven_input input;
	long hold;
	double fill_ms;
};

struct job {
	struct worker *worker;
	char id[40];
	long rows, since, left;
	bool bad, paused;
};

static void on_up(void *ctx)
{
	struct worker *a = ctx;
	struct json_writer w;
	struct buf out;

	driven_begin(&w, &out, "up");
	json_put_string(&w, "name", pgwork_name(a->work));
	json_put_string(&w, "user", pgwork_user(a->work));
	json_put_string(&w, "dbname", pgwork_dbname(a->work));
	json_put_int(&w, "version", pgwork_version(a->work));
	json_put_int(&w, "pid", pgwork_backend_pid(a->work));
	json_put_string(&w, "application", pgwork_parameter(a->work, "application_name"));
	driven_end(&w, &out);
}

static void on_down(void *ctx, const struct err *why)
{
	struct json_writer w;
	struct buf out;

	(void)ctx;
	driven_begin(&w, &out, "down");
	json_put_string(&w, "code", err_name(why->code));
	json_put_string(&w, "why", why->text);
	driven_end(&w, &out);
}

static void on_notice(void *ctx, const char *severity, const char *sqlstate, const char *text)
{
	struct json_writer w;
	struct buf out;

	(void)ctx;
	driven_begin(&w, &out, "notice");
	json_put_string(&w, "severity", severity);
	json_put_string(&w, "sqlstate", sqlstate);
	json_put_string(&w, "text", text);
	driven_end(&w, &out);
}

static void on_notify(void *ctx, const char *channel, const char *payload, int pid)
{
	struct json_writer w;
	struct buf out;

	(void)ctx;
	driven_begin(&w, &out, "notify");
	json_put_string(&w, "channel", channel);
	json_put_string(&w, "payload", payload);
	json_put_int(&w, "pid", pid);
	driven_end(&w, &out);
}

static void put_result(struct json_writer *w, const struct pgresult *r)
{
	json_open_list(w, "rows");
	for (int row = 0; row < r->rows && row < 20; row++) {
		json_open_list(w, NULL);
		for (int c = 0; c < r->columns; c++) {
			int len = 0;
			const char *value = pgresult_value(r, row, c, &len);

			if (pgresult_binary(r, c))
				json_put_int(w, NULL, len);
			else
				json_put_string(w, NULL, value);
		}
		json_close(w);
	}
	json_close(w);
}

static void on_done(void *ctx, const struct pgwork_outcome *o)
{
	struct job *j = ctx;
	struct json_writer w;
	struct buf out;

	driven_begin(&w, &out, "done");
	json_put_string(&w, "id", j->id);
	json_put_string(&w, "code", o->why ? err_name(o->why->code) : "ok");
	json_put_string(&w, "why", o->why ? o->why->text : "");
	json_put_string(&w, "sqlstate", o->sqlstate);
	json_put_int(&w, "affected", o->affected);
	json_put_number(&w, "elapsed", o->elapsed_ms);
	json_put_bool(&w, "sent", o->sent);
	json_put_bool(&w, "skipped", o->skipped);
	json_put_bool(&w, "transaction", pgwork_in_transaction(j->worker->work));
	json_put_int(&w, "streamed", j->rows);
	if (o->result)
		put_result(&w, o->result);
	driven_end(&w, &out);
	free(j);
}

static bool on_rows(void *ctx, const struct pgresult *rows)
{
	struct job *j = ctx;
	struct json_writer w;
	struct buf out;

	j->rows += rows->rows;
	j->since += rows->rows;
	if (j->worker->hold == 0 || j->since < j->worker->hold)
		return true;
	j->since = 0;
	driven_begin(&w, &out, "held");
	json_put_string(&w, "id", j->id);
	json_put_int(&w, "streamed", j->rows);
	driven_end(&w, &out);
	return false;
}

static void on_filler(void *ctx)
{
	struct worker *a = ctx;

	pgwork_more(a->work);
}

static int on_fill(void *ctx, struct buf *out, struct err *why)
{
	struct job *j = ctx;

	if (j->worker->fill_ms > 0 && !j->paused) {
		j->paused = true;
		loop_timer_in(j->worker->filler, j->worker->fill_ms);
		return 1;
	}
	j->paused = false;
	while (j->left > 0 && out->len < 65536) {
		buf_addf(out, "%ld\trow %ld of a copy\n", j->left, j->left);
		j->left--;
	}
	if (j->left == 0 && j->bad)
		return err_set(why, ERR_IO, "the file ended early");
	return j->left > 0;
}

static struct job *job_new(struct worker *a, const char *id)
{
	struct job *j = mem_alloc(sizeof(*j));

	j->worker = a;
	snprintf(j->id, sizeof(j->id), "%s", id);
	return j;
}

enum { BATCH_MAX = 4000 };

static void run_batch(struct worker *a, const char *id, char *rest, struct pgwork_query q)
{
	struct pgwork_query *queries = mem_calloc(BATCH_MAX, sizeof(*queries));
	int count = 0;

	for (char *sql; count < BATCH_MAX && (sql = strtok_r(rest, "\t", &rest)) != NULL; count++) {
		queries[count] = q;
		queries[count].sql = sql;
		queries[count].ctx = job_new(a, id);
	}
	pgwork_run(a->work, queries, count);
	free(queries);
}

static void run_named(struct worker *a, const char *id, char *rest, struct pgwork_query q)
{
	const char *values[20];

	q.name = strtok_r(rest, "\t", &rest);
	q.sql = strtok_r(NULL, "\t", &rest);
	q.values = values;
	while (q.count < 20 && (values[q.count] = strtok_r(NULL, "\t", &rest)) != NULL) {
		if (strcmp(values[q.count], "NULL") == 0)
			values[q.count] = NULL;
		q.count++;
	}
	q.ctx = job_new(a, id);
	pgwork_run(a->work, &q, 1);
}

static void run_flood(struct worker *a, const char *id, char *rest, struct pgwork_query q)
{
	long n = strtol(rest, &rest, 10);
	struct pgwork_query *queries = mem_calloc((size_t)n, sizeof(*queries));

	for (long i = 0; i < n; i++) {
		queries[i] = q;
		queries[i].sql = rest + 1;
		queries[i].ctx = job_new(a, id);
	}
	pgwork_run(a->work, queries, (int)n);
	free(queries);
}

static void run_copy(struct worker *a, const char *id, char *rest, bool bad)
{
	struct job *j = job_new(a, id);

	j->left = strtol(rest, &rest, 10);
	j->bad = bad;
	pgwork_copy(a->work, rest + 1, on_fill, on_done, j);
}

static void run_statement(struct worker *a, const char *word, const char *id, char *rest)
{
	struct pgwork_query q = {.done = on_done};

	if (strcmp(word, "limit") == 0) {
		q.deadline_ms = strtod(rest, &rest);
		run_batch(a, id, rest + 1, q);
	} else if (strcmp(word, "stream") == 0) {
		q.stream = true;
		q.rows = on_rows;
		run_batch(a, id, rest, q);
	} else if (strcmp(word, "binary") == 0) {
		q.binary = true;
		run_batch(a, id, rest, q);
	} else if (strcmp(word, "run") == 0) {
		run_batch(a, id, rest, q);
	} else if (strcmp(word, "named") == 0) {
		run_named(a, id, rest, q);
	} else if (strcmp(word, "flood") == 0) {
		run_flood(a, id, rest, q);
	} else if (strcmp(word, "copy") == 0 || strcmp(word, "bad") == 0) {
		run_copy(a, id, rest, word[0] == 'b');
	} else {
		fprintf(stderr, "worker: what is '%s'?\n", word);
		exit(2);
	}
}

static void run_command(void *ctx, char *line)
{
	struct worker *a = ctx;
	char *rest, *word = strtok_r(line, " ", &rest), *id;

	if (strcmp(word, "quit") == 0)
		loop_stop(a->loop);
	else if (strcmp(word, "open") == 0)
		pgwork_open(a->work);
	else if (strcmp(word, "close") == 0)
		pgwork_close(a->work);
	else if (strcmp(word, "cancel") == 0)
		pgwork_cancel(a->work);
	else if (strcmp(word, "more") == 0)
		pgwork_more(a->work);
	else if (strcmp(word, "hold") == 0)
		a->hold = strtol(rest, NULL, 10);
	else if (strcmp(word, "fill") == 0)
		a->fill_ms = strtod(rest, NULL);
	else if ((id = strtok_r(NULL, " ", &rest)) != NULL)
		run_statement(a, word, id, rest);
}

static void make(struct worker *a)
{
	struct pgwork_events events = {on_up, on_down, on_notice, on_notify, a};
	struct err why;

	if (pgwork_new(&a->work, a->loop, &a->conf, &events, &why) < 0)
		driven_die("worker", "pgwork", why.text);
	pgwork_open(a->work);
}

static void on_status(void *ctx, struct source *s)
{
	struct worker *a = ctx;

	if (source_status(s)->state == SERVER_LIVE && !a->work)
		make(a);
}

static void start(struct worker *a, struct source_conf *conf, bool like)
{
	struct source_events events = {on_status, a};
	struct err why;

	if (!like) {
		a->conf.conf = conf;
		make(a);
		return;
	}
	if (source_new(&a->source, a->loop, conf, &events, NULL, &why) < 0)
		driven_die("worker", "source", why.text);
	a->conf.like = a->source;
	source_start(a->source);
}

int main(int argc, char **argv)
{
	static struct worker a;
	struct source_conf conf = {.kind = PANEL_PG, .text = driven_text};
	const char *settings[3] = {NULL, NULL, NULL};
	bool like = false;
	struct json_writer w;
	struct buf out;
	struct err why;
	int option;

	signal(SIGPIPE, SIG_IGN);
	a.conf.application = "worker";
	while ((option = getopt(argc, argv, "clo:d:n:")) != -1) {
		if (option == 'c') {
			a.conf.copies = true;
		} else if (option == 'l') {
			like = true;
		} else if (option == 'o') {
			a.conf.over = optarg;
		} else if (option == 'd') {
			a.conf.dbname = optarg;
		} else {
			settings[0] = strtok_r(optarg, "=", &optarg);
			settings[1] = optarg;
			a.conf.settings = settings;
		}
	}
	conf.target = argv[optind];
	conf.password = mem_strdup(getenv("ASKER_PASSWORD"));
	if (loop_new(&a.loop, &why) < 0)
		driven_die("worker", "loop", why.text);
	driven_beat(&a.beat, a.loop);
	a.filler = loop_timer_new(a.loop, on_filler, &a);
	driven_input(&a.input, a.loop, run_command, &a);
	start(&a, &conf, like);
	loop_run(a.loop);
	pgwork_free(a.work);
	source_free(a.source);
	free(conf.password);
	driven_begin(&w, &out, "end");
	json_put_number(&w, "stall_ms", a.beat.stall_ms);
	driven_end(&w, &out);
	driven_input_free(&a.input);
	driven_beat_free(&a.beat);
	loop_timer_free(a.filler);
	loop_free(a.loop);
	return 0;
}
