/* SPDX-License-Identifier: PostgreSQL */
/*
 * One source under a test's control: connects, asks its panels every interval as the program does, and prints one JSON line
 * per event; commands come on stdin. Driven by asker.py. The longest pause between two beats of a 2 ms timer is told at
 * the end: what a key would have waited for.
 *
 *   asker KIND [-t TARGET] [-H HOST] [-p PORT] [-U USER] [-d DBNAME] [-i INTERVAL_MS] [-c CONNECT_MS] [-s STATEMENT_MS]
 *         [-l LOCK_MS] [-n NOTICE_MS] [-a CA_FILE] [-v NAME=VALUE]... PANEL_FILE...
 *   the password comes in ASKER_PASSWORD
 *   asker pg -k PID -t TARGET: connects, cancels what backend PID runs over a second connection, and ends
 *   stdin: "retry", "pause", "go", "lookup PANEL LOOKUP KEY...", "quit"
 */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "core/mem.h"
#include "source/pgconn.h"
#include "source/source.h"
#include "driven.h"

enum { PANELS_MAX = 32, PARAMS_MAX = 8, KEYS_MAX = 16 };

struct asker {
	struct loop *loop;
	struct source *source;
	struct loop_timer *next;
	struct driven_beat beat;
	struct panel *panel[PANELS_MAX];
	int panels;
	struct source_param param[PARAMS_MAX + 1];
	int params;
	double interval_ms;
	struct driven_input input;
	bool paused;
	int waiting;
	int cancel;
};

static void ask_all(struct asker *a);

static void on_status(void *ctx, struct source *s)
{
	struct asker *a = ctx;
	const struct server_status *t = source_status(s);
	struct json_writer w;
	struct buf out;

	driven_begin(&w, &out, "status");
	json_put_string(&w, "state", server_state_name(t->state));
	json_put_string(&w, "reason", t->reason);
	json_put_string(&w, "notice", t->notice);
	json_put_string(&w, "name", t->name);
	json_put_string(&w, "product", t->product);
	json_put_string(&w, "version_text", t->version_text);
	json_put_int(&w, "version", t->version);
	json_put_string(&w, "role", t->role);
	json_put_string(&w, "user", t->user);
	json_put_int(&w, "retries", t->retries);
	json_put_int(&w, "logins", t->logins);
	json_put_int(&w, "hidden", t->hidden);
	json_put_bool(&w, "pooled", t->pooled);
	json_put_bool(&w, "superuser", t->superuser);
	json_put_number(&w, "retry_in", t->retry_ns ? (double)(t->retry_ns - loop_now(a->loop)->mono_ns) / 1e6 : (double)NAN);
	json_put_number(&w, "rtt", t->rtt_ms);
	driven_end(&w, &out);
	if (t->state == SERVER_LIVE && a->next && !loop_timer_armed(a->next))
		loop_timer_in(a->next, 0);
}

static void put_rows(struct json_writer *w, const struct panel *panel, const struct sample *s)
{
	json_open_list(w, "sample");
	for (int row = 0; row < s->rows && row < 20; row++) {
		json_open_map(w, NULL);
		for (int c = 0; c < s->columns; c++) {
			struct cell cell = sample_cell(s, row, c);

			if (s->column[c].type != SAMPLE_ABSENT)
				json_put_cell(w, panel->field[c].name, &cell);
		}
		json_close(w);
	}
	json_close(w);
}

struct asked {
	struct asker *asker;
	const struct panel *panel;
	int lookup;
};

static void on_answer(void *ctx, struct sample *s, const struct err *why)
{
	struct asked *asked = ctx;
	struct asker *a = asked->asker;
	struct json_writer w;
	struct buf out;

	driven_begin(&w, &out, "answer");
	json_put_string(&w, "panel", asked->panel->name);
	if (asked->lookup >= 0)
		json_put_string(&w, "lookup", asked->panel->lookup[asked->lookup].name);
	json_put_string(&w, "code", why ? err_name(why->code) : "ok");
	json_put_string(&w, "why", why ? why->text : "");
	if (s) {
		json_put_int(&w, "rows", s->rows);
		json_put_int(&w, "elapsed_us", s->elapsed_us);
		json_put_int(&w, "hidden", s->hidden);
		json_put_bool(&w, "cut", s->cut);
		json_put_string(&w, "life", "");
		json_put_number(&w, "life_number", (double)(s->life >> 12));
		put_rows(&w, asked->panel, s);
	}
	driven_end(&w, &out);
	sample_free(s);
	free(asked);
	a->waiting--;
	if (a->waiting == 0 && !a->paused)
		loop_timer_in(a->next, a->interval_ms);
}

static struct asked *asked_new(struct asker *a, const struct panel *panel, int lookup)
{
	struct asked *asked = mem_alloc(sizeof(*asked));

	asked->asker = a;
	asked->panel = panel;
	asked->lookup = lookup;
	a->waiting++;
	return asked;
}

static void ask_all(struct asker *a)
{
	struct ask asks[PANELS_MAX];
	struct err why;

	if (a->paused || a->waiting > 0 || a->panels == 0)
		return;
	if (!source_ready(a->source)) {
		loop_timer_in(a->next, 20);
		return;
	}
	for (int i = 0; i < a->panels; i++)
		asks[i] = (struct ask){a->panel[i], -1, NULL, 0, on_answer, asked_new(a, a->panel[i], -1)};
	if (source_ask(a->source, asks, a->panels, &why) < 0) {
		fprintf(stderr, "asker: %s\n", why.text);
		exit(1);
	}
}

static void on_next(void *ctx)
{
	ask_all(ctx);
}

/* --- commands ----------------------------------------------------------------------------------------------------------- */

static void ask_lookup(struct asker *a, char *words)
{
	const char *name = strtok_r(words, " ", &words), *lookup = strtok_r(NULL, " ", &words);
	int64_t keys[KEYS_MAX];
	int count = 0;
	struct err why;

	for (const char *key; count < KEYS_MAX && (key = strtok_r(NULL, " ", &words)) != NULL;)
		keys[count++] = strtoll(key, NULL, 10);
	for (int i = 0; name && lookup && i < a->panels; i++) {
		int k = strcmp(a->panel[i]->name, name) == 0 ? panel_lookup_by_name(a->panel[i], str_from(lookup)) : -1;
		struct ask ask = {a->panel[i], k, keys, 0, on_answer, NULL};

		if (k < 0)
			continue;
		ask.key_count = count / a->panel[i]->lookup[k].by_count;
		ask.ctx = asked_new(a, a->panel[i], k);
		if (source_ask(a->source, &ask, 1, &why) < 0) {
			fprintf(stderr, "asker: lookup: %s\n", why.text);
			free(ask.ctx);
			a->waiting--;
		}
	}
}

static void run_command(void *ctx, char *line)
{
	struct asker *a = ctx;

	if (strcmp(line, "quit") == 0)
		loop_stop(a->loop);
	else if (strcmp(line, "retry") == 0)
		source_retry(a->source);
	else if (strcmp(line, "pause") == 0)
		a->paused = true;
	else if (strncmp(line, "lookup ", 7) == 0)
		ask_lookup(a, line + 7);
	else if (strcmp(line, "go") == 0) {
		a->paused = false;
		loop_timer_in(a->next, 0);
	}
}

/* --- start -------------------------------------------------------------------------------------------------------------- */

static void add_panel(struct asker *a, const char *path)
{
	static char text[1 << 20];
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	char *name = mem_strndup(base, strcspn(base, "."));
	FILE *f = fopen(path, "r");
	struct err why;
	size_t len;

	if (!f || a->panels == PANELS_MAX)
		driven_die("asker", path, "cannot be read");
	len = fread(text, 1, sizeof(text), f);
	fclose(f);
	if (panel_parse(&a->panel[a->panels++], name, path, text, len, &why) < 0)
		driven_die("asker", path, why.text);
	free(name);
}

static void add_param(struct asker *a, char *text)
{
	char *equals = strchr(text, '=');

	if (!equals || a->params == PARAMS_MAX)
		driven_die("asker", text, "NAME=VALUE is wanted");
	*equals = '\0';
	a->param[a->params++] = (struct source_param){text, equals + 1};
}

static int kind_of(const char *word)
{
	static const char *const names[] = {"pg", "redis", "pgbouncer"};

	for (int i = 0; i < 3; i++) {
		if (strcmp(names[i], word) == 0)
			return i;
	}
	driven_die("asker", word, "pg, redis or pgbouncer is wanted");
	return -1;
}

static void read_options(struct asker *a, struct source_conf *conf, int argc, char **argv)
{
	int option;

	conf->kind = (enum panel_source)kind_of(argv[1]);
	for (optind = 2; (option = getopt(argc, argv, "t:H:p:U:d:i:c:s:l:n:a:v:k:")) != -1;) {
		switch (option) {
		case 't': conf->target = optarg; break;
		case 'H': conf->host = optarg; break;
		case 'p': conf->port = optarg; break;
		case 'U': conf->user = conf->redis_user = optarg; break;
		case 'd': conf->dbname = optarg; break;
		case 'i': a->interval_ms = (double)strtol(optarg, NULL, 10); break;
		case 'c': conf->connect_timeout_ms = (double)strtol(optarg, NULL, 10); break;
		case 's': conf->statement_timeout_ms = (double)strtol(optarg, NULL, 10); break;
		case 'l': conf->lock_timeout_ms = (double)strtol(optarg, NULL, 10); break;
		case 'n': conf->notice_ms = (double)strtol(optarg, NULL, 10); break;
		case 'a': conf->tls_ca = optarg; break;
		case 'k': a->cancel = (int)strtol(optarg, NULL, 10); break;
		case 'v': add_param(a, optarg); break;
		default: driven_die("asker", "usage", "see the head of asker.c");
		}
	}
	for (; optind < argc; optind++)
		add_panel(a, argv[optind]);
}

static void finish(struct asker *a);

/* --- cancel ------------------------------------------------------------------------------------------------------------- */

struct canceller {
	struct asker *asker;
	struct pgconn *conn;
	int pid;
};

static void on_cancelled(void *ctx, const struct err *why)
{
	struct canceller *c = ctx;
	struct json_writer w;
	struct buf out;

	driven_begin(&w, &out, "cancelled");
	json_put_string(&w, "code", why ? err_name(why->code) : "ok");
	json_put_string(&w, "why", why ? why->text : "");
	driven_end(&w, &out);
	loop_stop(c->asker->loop);
}

static void cancel_up(void *ctx)
{
	struct canceller *c = ctx;
	struct json_writer w;
	struct buf out;

	driven_begin(&w, &out, "up");
	driven_end(&w, &out);
	pgcancel_start(c->conn, c->pid, driven_text(NULL, "pg_cancel"), 3000, on_cancelled, c);
}

static void cancel_down(void *ctx, const struct err *why, enum source_failure failure)
{
	(void)failure;
	on_cancelled(ctx, why);
}

static void cancel_readable(void *ctx)
{
	struct canceller *c = ctx;

	pgresult_free(pgconn_next(c->conn));
}

static int run_cancel(struct asker *a, const struct source_conf *conf, int pid)
{
	struct canceller c = {.asker = a, .pid = pid};
	struct pgconn_events events = {.up = cancel_up, .down = cancel_down, .readable = cancel_readable, .ctx = &c};
	struct err why;

	if (loop_new(&a->loop, &why) < 0 || pgconn_new(&c.conn, a->loop, conf, &events, NULL, &why) < 0)
		driven_die("asker", "cancel", why.text);
	driven_beat(&a->beat, a->loop);
	pgconn_open(c.conn);
	loop_run(a->loop);
	pgconn_free(c.conn);
	finish(a);
	return 0;
}

static void finish(struct asker *a)
{
	struct json_writer w;
	struct buf out;

	source_free(a->source);
	a->source = NULL;
	driven_begin(&w, &out, "end");
	json_put_number(&w, "stall_ms", a->beat.stall_ms);
	driven_end(&w, &out);
	driven_input_free(&a->input);
	loop_timer_free(a->next);
	driven_beat_free(&a->beat);
	loop_free(a->loop);
	for (int i = 0; i < a->panels; i++)
		panel_free(a->panel[i]);
}

int main(int argc, char **argv)
{
	struct asker a = {.interval_ms = 200};
	struct source_conf conf = {.text = driven_text, .params = a.param};
	struct source_events events = {on_status, &a};
	struct log *log = log_new(LOG_DEBUG);
	struct err why;

	if (argc < 2)
		driven_die("asker", "usage", "asker KIND ...");
	signal(SIGPIPE, SIG_IGN);
	read_options(&a, &conf, argc, argv);
	if (a.cancel) {
		log_free(log);
		return run_cancel(&a, &conf, a.cancel);
	}
	conf.password = mem_strdup(getenv("ASKER_PASSWORD"));
	if (loop_new(&a.loop, &why) < 0 ||
	    (getenv("ASKER_LOG") && log_open_file(log, getenv("ASKER_LOG"), &why) < 0) ||
	    source_new(&a.source, a.loop, &conf, &events, log, &why) < 0)
		driven_die("asker", "source", why.text);
	free(conf.password);
	a.next = loop_timer_new(a.loop, on_next, &a);
	driven_beat(&a.beat, a.loop);
	driven_input(&a.input, a.loop, run_command, &a);
	source_start(a.source);
	loop_run(a.loop);
	finish(&a);
	log_free(log);
	return 0;
}
