/* SPDX-License-Identifier: PostgreSQL */
/*
 * One source under a test's control: connects, asks its panels every interval as the program does, and prints one JSON line
 * per event; commands come on stdin. Driven by asker.py. The longest pause between two beats of a 2 ms timer is told at
 * the end: what a key would have waited for.
 *
 *   asker KIND [-t TARGET] [-H HOST] [-p PORT] [-U USER] [-d DBNAME] [-i INTERVAL_MS] [-c CONNECT_MS] [-s STATEMENT_MS]
 *         [-l LOCK_MS] [-a CA_FILE] [-v NAME=VALUE]... PANEL_FILE...
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

#include "app/embed.h"
#include "core/buf.h"
#include "core/log.h"
#include "core/mem.h"
#include "model/json.h"
#include "source/pgconn.h"
#include "source/source.h"

enum { PANELS_MAX = 32, PARAMS_MAX = 8, KEYS_MAX = 16 };

struct asker {
	struct loop *loop;
	struct source *source;
	struct loop_timer *next, *beat;
	struct loop_fd *input;
	struct panel *panel[PANELS_MAX];
	int panels;
	struct source_param param[PARAMS_MAX + 1];
	int params;
	double interval_ms;
	struct clock start;
	int64_t beat_ns, queued_ns;
	double stall_ms;
	char line[4096];
	size_t line_len;
	bool paused;
	int waiting;
	int cancel;
};

static double ms_since(const struct asker *a)
{
	struct clock now;

	clock_read(&now);
	return (double)(now.mono_ns - a->start.mono_ns) / 1e6;
}

static void begin(struct asker *a, struct json_writer *w, struct buf *out, const char *event)
{
	buf_init(out, 1 << 20);
	json_begin(w, out, false);
	json_open_map(w, NULL);
	json_put_number(w, "t", ms_since(a));
	json_put_string(w, "event", event);
}

static void end(struct json_writer *w, struct buf *out)
{
	json_close(w);
	buf_addc(out, '\n');
	if (write(STDOUT_FILENO, buf_text(out), out->len) < 0)
		exit(1);
	buf_release(out);
}

static void ask_all(struct asker *a);

static void on_status(void *ctx, struct source *s)
{
	struct asker *a = ctx;
	const struct server_status *t = source_status(s);
	struct json_writer w;
	struct buf out;

	begin(a, &w, &out, "status");
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
	end(&w, &out);
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

	begin(a, &w, &out, "answer");
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
	end(&w, &out);
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

/* Time that we were ready to run, but others were on the processors: no fault of ours. */
static int64_t queued_ns(void)
{
	FILE *f = fopen("/proc/self/schedstat", "r");
	long long ran, queued = 0;

	if (f && fscanf(f, "%lld %lld", &ran, &queued) != 2)
		queued = 0;
	if (f)
		fclose(f);
	return queued;
}

static void on_beat(void *ctx)
{
	struct asker *a = ctx;
	struct clock now;
	int64_t queued = queued_ns();
	double gap;

	clock_read(&now);
	gap = a->beat_ns ? (double)(now.mono_ns - a->beat_ns - (queued - a->queued_ns)) / 1e6 - 2 : 0;
	if (gap > a->stall_ms)
		a->stall_ms = gap;
	a->beat_ns = now.mono_ns;
	a->queued_ns = queued;
	loop_timer_in(a->beat, 2);
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

static void run_command(struct asker *a, char *line)
{
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

static void on_input(void *ctx, unsigned got)
{
	struct asker *a = ctx;
	ssize_t n = read(STDIN_FILENO, a->line + a->line_len, sizeof(a->line) - 1 - a->line_len);
	char *newline;

	(void)got;
	if (n <= 0) {
		loop_stop(a->loop);
		return;
	}
	a->line_len += (size_t)n;
	a->line[a->line_len] = '\0';
	while ((newline = strchr(a->line, '\n')) != NULL) {
		*newline = '\0';
		run_command(a, a->line);
		a->line_len -= (size_t)(newline + 1 - a->line);
		memmove(a->line, newline + 1, a->line_len + 1);
	}
}

/* --- start -------------------------------------------------------------------------------------------------------------- */

static const char *session_text(void *ctx, const char *name)
{
	char path[100];

	(void)ctx;
	snprintf(path, sizeof(path), "sql/session/%s.sql", name);
	for (int i = 0; embed_files[i].path; i++) {
		if (strcmp(embed_files[i].path, path) == 0)
			return embed_files[i].text;
	}
	return NULL;
}

static void die(const char *what, const char *why)
{
	fprintf(stderr, "asker: %s: %s\n", what, why);
	exit(2);
}

static void add_panel(struct asker *a, const char *path)
{
	static char text[1 << 20];
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	char *name = mem_strndup(base, strcspn(base, "."));
	FILE *f = fopen(path, "r");
	struct err why;
	size_t len;

	if (!f || a->panels == PANELS_MAX)
		die(path, "cannot be read");
	len = fread(text, 1, sizeof(text), f);
	fclose(f);
	if (panel_parse(&a->panel[a->panels++], name, path, text, len, &why) < 0)
		die(path, why.text);
	free(name);
}

static void add_param(struct asker *a, char *text)
{
	char *equals = strchr(text, '=');

	if (!equals || a->params == PARAMS_MAX)
		die(text, "NAME=VALUE is wanted");
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
	die(word, "pg, redis or pgbouncer is wanted");
	return -1;
}

static void read_options(struct asker *a, struct source_conf *conf, int argc, char **argv)
{
	int option;

	conf->kind = (enum panel_source)kind_of(argv[1]);
	for (optind = 2; (option = getopt(argc, argv, "t:H:p:U:d:i:c:s:l:a:v:k:")) != -1;) {
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
		case 'a': conf->tls_ca = optarg; break;
		case 'k': a->cancel = (int)strtol(optarg, NULL, 10); break;
		case 'v': add_param(a, optarg); break;
		default: die("usage", "see the head of asker.c");
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

	begin(c->asker, &w, &out, "cancelled");
	json_put_string(&w, "code", why ? err_name(why->code) : "ok");
	json_put_string(&w, "why", why ? why->text : "");
	end(&w, &out);
	loop_stop(c->asker->loop);
}

static void cancel_up(void *ctx)
{
	struct canceller *c = ctx;
	struct json_writer w;
	struct buf out;

	begin(c->asker, &w, &out, "up");
	end(&w, &out);
	pgcancel_start(c->conn, c->pid, session_text(NULL, "pg_cancel"), 3000, on_cancelled, c);
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
		die("cancel", why.text);
	a->beat = loop_timer_new(a->loop, on_beat, a);
	loop_timer_in(a->beat, 2);
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
	begin(a, &w, &out, "end");
	json_put_number(&w, "stall_ms", a->stall_ms);
	end(&w, &out);
	loop_fd_free(a->input);
	loop_timer_free(a->next);
	loop_timer_free(a->beat);
	loop_free(a->loop);
	for (int i = 0; i < a->panels; i++)
		panel_free(a->panel[i]);
}

int main(int argc, char **argv)
{
	struct asker a = {.interval_ms = 200};
	struct source_conf conf = {.text = session_text, .params = a.param};
	struct source_events events = {on_status, &a};
	struct log *log = log_new(LOG_DEBUG);
	struct err why;

	if (argc < 2)
		die("usage", "asker KIND ...");
	signal(SIGPIPE, SIG_IGN);
	clock_read(&a.start);
	read_options(&a, &conf, argc, argv);
	if (a.cancel) {
		log_free(log);
		return run_cancel(&a, &conf, a.cancel);
	}
	conf.password = mem_strdup(getenv("ASKER_PASSWORD"));
	if (loop_new(&a.loop, &why) < 0 ||
	    (getenv("ASKER_LOG") && log_open_file(log, getenv("ASKER_LOG"), &why) < 0) ||
	    source_new(&a.source, a.loop, &conf, &events, log, &why) < 0)
		die("source", why.text);
	free(conf.password);
	a.next = loop_timer_new(a.loop, on_next, &a);
	a.beat = loop_timer_new(a.loop, on_beat, &a);
	a.input = loop_fd_new(a.loop, STDIN_FILENO, LOOP_READ, on_input, &a);
	loop_timer_in(a.beat, 2);
	source_start(a.source);
	loop_run(a.loop);
	finish(&a);
	log_free(log);
	return 0;
}
