/* SPDX-License-Identifier: PostgreSQL */
/*
 * Watches one server through source/, without a screen, and prints a JSON line for each change of its state and each answer: what
 * the live tests of src/source look at.
 *
 *   probe KIND TARGET [--panel FILE]... [--param NAME=VALUE] [-i MS] [-c CONNECT_MS] [--user U] [--ca F] [--cert F] [--key F]
 *         [--insecure] [--sql DIR]
 *
 * KIND is pg, redis or pgbouncer. The password comes from PROBE_PASSWORD. Ends when its standard input does.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "loop/loop.h"
#include "model/json.h"
#include "source/source.h"

enum { PROBE_PANELS_MAX = 16, PROBE_PARAMS_MAX = 4, PROBE_ROWS_MAX = 2000, PROBE_FILE_MAX = 1 << 20 };

struct probe;

struct watched {
	struct probe *probe;
	struct panel *panel;
};

struct probe {
	struct loop *loop;
	struct source *source;
	struct loop_timer *timer;
	struct loop_fd *input;
	struct watched watched[PROBE_PANELS_MAX];
	int count;
	struct source_param params[PROBE_PARAMS_MAX + 1];
	const char *sql;
	double interval_ms;
	struct buf line;
};

static void print_line(struct probe *p)
{
	buf_addc(&p->line, '\n');
	fputs(buf_text(&p->line), stdout);
	fflush(stdout);
	buf_clear(&p->line);
}

static void on_status(void *ctx, struct source *source)
{
	struct probe *p = ctx;
	const struct server_status *s = source_status(source);
	struct json_writer w;

	json_begin(&w, &p->line, false);
	json_open_map(&w, NULL);
	json_put_string(&w, "event", "status");
	json_put_string(&w, "state", server_state_name(s->state));
	json_put_string(&w, "name", s->name);
	json_put_string(&w, "reason", s->reason);
	json_put_string(&w, "notice", s->notice);
	json_put_string(&w, "product", s->product);
	json_put_string(&w, "version_text", s->version_text);
	json_put_int(&w, "version", s->version);
	json_put_string(&w, "role", s->role);
	json_put_string(&w, "user", s->user);
	json_put_int(&w, "retries", s->retries);
	json_put_int(&w, "logins", s->logins);
	json_put_number(&w, "rtt_ms", s->rtt_ms);
	json_close(&w);
	print_line(p);
}

static void put_rows(struct json_writer *w, const struct panel *panel, const struct sample *s)
{
	json_open_list(w, "rows");
	for (int r = 0; r < s->rows && r < PROBE_ROWS_MAX; r++) {
		json_open_map(w, NULL);
		for (int f = 0; f < panel->field_count; f++) {
			struct cell cell = sample_cell(s, r, f);
			json_put_cell(w, panel->field[f].name, &cell);
		}
		json_close(w);
	}
	json_close(w);
}

static void on_answer(void *ctx, struct sample *sample, const struct err *why)
{
	struct watched *watched = ctx;
	struct probe *p = watched->probe;
	char life[24];
	struct json_writer w;

	json_begin(&w, &p->line, false);
	json_open_map(&w, NULL);
	json_put_string(&w, "event", "answer");
	json_put_string(&w, "panel", watched->panel->name);
	if (why) {
		json_put_string(&w, "code", err_name(why->code));
		json_put_string(&w, "error", why->text);
	}
	if (sample) {
		snprintf(life, sizeof(life), "%016llx", (unsigned long long)sample->life);
		json_put_string(&w, "life", life);
		json_put_int(&w, "elapsed_us", sample->elapsed_us);
		json_put_bool(&w, "cut", sample->cut);
		json_put_int(&w, "hidden", sample->hidden);
		put_rows(&w, watched->panel, sample);
	}
	json_close(&w);
	print_line(p);
	sample_free(sample);
}

static void on_timer(void *ctx)
{
	struct probe *p = ctx;
	struct ask asks[PROBE_PANELS_MAX] = {{0}};
	struct err why;

	loop_timer_in(p->timer, p->interval_ms);
	if (!source_ready(p->source) || p->count == 0)
		return;
	for (int i = 0; i < p->count; i++)
		asks[i] = (struct ask){.panel = p->watched[i].panel, .lookup = -1, .done = on_answer, .ctx = &p->watched[i]};
	if (source_ask(p->source, asks, p->count, &why))
		fprintf(stderr, "probe: %s\n", why.text);
}

static void on_input(void *ctx, unsigned got)
{
	struct probe *p = ctx;
	char bytes[256];

	(void)got;
	if (read(STDIN_FILENO, bytes, sizeof(bytes)) <= 0)
		loop_stop(p->loop);
}

static char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "r");
	char *text = f ? mem_alloc(PROBE_FILE_MAX) : NULL;

	*len = f ? fread(text, 1, PROBE_FILE_MAX - 1, f) : 0;
	if (f)
		fclose(f);
	return text;
}

/* Texts that are no panels: DIR/NAME.sql. Kept for the life of the program. */
static const char *find_text(void *ctx, const char *name)
{
	struct probe *p = ctx;
	char path[4096];
	size_t len;

	snprintf(path, sizeof(path), "%s/%s.sql", p->sql, name);
	return read_file(path, &len);
}

static bool add_panel(struct probe *p, const char *path)
{
	const char *slash = strrchr(path, '/');
	char name[64];
	struct err why;
	size_t len;
	char *text = read_file(path, &len);

	if (!text || p->count == PROBE_PANELS_MAX) {
		fprintf(stderr, "probe: %s: %s\n", path, strerror(errno));
		return false;
	}
	snprintf(name, sizeof(name), "%s", slash ? slash + 1 : path);
	name[strcspn(name, ".")] = '\0';
	struct watched *watched = &p->watched[p->count];
	watched->probe = p;
	int code = panel_parse(&watched->panel, name, path, text, len, &why);
	free(text);
	if (code) {
		fprintf(stderr, "probe: %s\n", why.text);
		return false;
	}
	p->count++;
	return true;
}

static bool add_param(struct probe *p, char *text)
{
	char *equals = strchr(text, '=');
	size_t n = 0;

	while (p->params[n].name)
		n++;
	if (!equals || n == PROBE_PARAMS_MAX)
		return false;
	*equals = '\0';
	p->params[n] = (struct source_param){text, equals + 1};
	return true;
}

static bool parse_option(struct probe *p, struct source_conf *conf, const char *name, char *value)
{
	if (strcmp(name, "--panel") == 0)
		return add_panel(p, value);
	if (strcmp(name, "--param") == 0)
		return add_param(p, value);
	if (strcmp(name, "-i") == 0)
		return (p->interval_ms = strtod(value, NULL)) > 0;
	if (strcmp(name, "-c") == 0)
		return (conf->connect_timeout_ms = strtod(value, NULL)) > 0;
	const struct {
		const char *name;
		const char **into;
	} texts[] = {{"--user", &conf->redis_user}, {"--ca", &conf->tls_ca}, {"--cert", &conf->tls_cert},
	             {"--key", &conf->tls_key},     {"--sql", &p->sql}};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (strcmp(name, texts[i].name) == 0) {
			*texts[i].into = value;
			return true;
		}
	return false;
}

static bool parse_options(struct probe *p, struct source_conf *conf, int argc, char **argv)
{
	if (argc < 3)
		return false;
	conf->kind = strcmp(argv[1], "redis") == 0       ? PANEL_REDIS
	             : strcmp(argv[1], "pgbouncer") == 0 ? PANEL_PGBOUNCER
	                                                 : PANEL_PG;
	conf->target = argv[2];
	for (int i = 3; i < argc; i++) {
		if (strcmp(argv[i], "--insecure") == 0) {
			conf->tls_insecure = true;
			continue;
		}
		if (i + 1 == argc || !parse_option(p, conf, argv[i], argv[i + 1]))
			return false;
		i++;
	}
	return true;
}

static void run(struct probe *p)
{
	p->timer = loop_timer_new(p->loop, on_timer, p);
	p->input = loop_fd_new(p->loop, STDIN_FILENO, LOOP_READ, on_input, p);
	source_start(p->source);
	loop_timer_in(p->timer, 0);
	loop_run(p->loop);
	loop_fd_free(p->input);
	loop_timer_free(p->timer);
}

int main(int argc, char **argv)
{
	struct probe p = {.interval_ms = 200, .sql = "sql/session", .line = BUF_INIT(64 << 20)};
	struct source_conf conf = {.params = p.params, .text = find_text, .text_ctx = &p};
	const struct source_events events = {on_status, &p};
	struct err why;
	int failed = 1;

	if (!parse_options(&p, &conf, argc, argv)) {
		fprintf(stderr, "probe: bad options\n");
		goto out;
	}
	conf.password = mem_strdup(getenv("PROBE_PASSWORD"));
	if (loop_new(&p.loop, &why) || source_new(&p.source, p.loop, &conf, &events, NULL, &why)) {
		fprintf(stderr, "probe: %s\n", why.text);
		goto out;
	}
	run(&p);
	failed = 0;
out:
	source_free(p.source);
	if (p.loop)
		loop_free(p.loop);
	for (int i = 0; i < p.count; i++)
		panel_free(p.watched[i].panel);
	free(conf.password);
	buf_release(&p.line);
	return failed;
}
