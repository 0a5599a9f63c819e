/* SPDX-License-Identifier: PostgreSQL */
/*
 * A working Redis connection under a test's control: commands come on stdin, a JSON line per event goes to stdout.
 *
 *   redis_driver [-C] [-a CA_FILE] [-w WINDOW] [-d DEADLINE_MS] [-c CONNECT_MS] [-u USER] TARGET
 *   the password comes in DRIVER_PASSWORD
 *   -C: through source/redis_cluster: the second word of a command is its key
 *   stdin: "open", "close", "send WORD...", "flood COUNT WORD..." (all at once, whatever the window says),
 *          "pump COUNT BYTES" (SET k:i, within the window), "check COUNT BYTES" (GET k:i, each value compared),
 *          "nodes" (with -C: DBSIZE of each), "quit"
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/mem.h"
#include "model/json.h"
#include "source/redis_cluster.h"

enum { WORDS_MAX = 8, VALUE_MAX = 1 << 20 };

struct driver {
	struct loop *loop;
	struct redis_work *work;
	struct redis_cluster *cluster; /* -C: instead */
	struct loop_fd *input;
	char line[4096];
	size_t line_len;
	/* pump, check, flood */
	bool checking;
	int sent, count, got, good, failed;
	size_t bytes;
	char *value;
	char last[200];
	struct clock began;
};

static void print(const char *event, const char *text, int64_t number)
{
	struct buf out = BUF_INIT(1 << 20);
	struct json_writer w;

	json_begin(&w, &out, false);
	json_open_map(&w, NULL);
	json_put_string(&w, "event", event);
	json_put_string(&w, "text", text);
	json_put_number(&w, "number", (double)number);
	json_close(&w);
	buf_addc(&out, '\n');
	if (write(STDOUT_FILENO, buf_text(&out), out.len) < 0)
		exit(1);
	buf_release(&out);
}

static void on_up(void *ctx)
{
	struct driver *d = ctx;

	if (d->cluster)
		print("up", redis_cluster_is_cluster(d->cluster) ? "cluster" : "single", redis_cluster_nodes(d->cluster));
	else
		print("up", redis_work_name(d->work), 0);
}

static void send_words(struct driver *d, int argc, const struct str *argv, redis_work_reply *reply)
{
	if (d->cluster)
		redis_cluster_send(d->cluster, argc > 1 ? argv[1] : STR(""), argc, argv, reply, d);
	else
		redis_work_send(d->work, argc, argv, reply, d);
}

static bool is_full(const struct driver *d)
{
	return d->cluster ? redis_cluster_full(d->cluster) : redis_work_full(d->work);
}

static void on_down(void *ctx, const struct err *why)
{
	(void)ctx;
	print(err_name(why->code), why->text, -1);
}

static void on_reply(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	(void)ctx;
	if (why)
		print("lost", why->text, why->code);
	else
		print("reply", reply->text.at ? reply->text.at : "", reply->type == RESP_INTEGER ? reply->integer : reply->type);
}

static void fill(struct driver *d);

/* The value tells which command it answers, so a reply out of step is seen. */
static void value_of(struct driver *d, int i)
{
	char head[16];

	snprintf(head, sizeof(head), "%010d", i);
	memcpy(d->value, head, 10);
}

static void on_many(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	struct driver *d = ctx;
	int i = d->got++;

	if (why) { /* in a cluster replies of different nodes overtake each other: the values are looked at one by one */
		d->failed++;
		snprintf(d->last, sizeof(d->last), "%.190s", why->text);
	} else if (d->checking) {
		value_of(d, d->cluster ? (int)strtol(reply->text.at ? reply->text.at : "", NULL, 10) : i);
		d->good += reply->type == RESP_STRING && str_eq(reply->text, (struct str){d->value, d->bytes});
	} else {
		d->good += reply->type == RESP_STATUS && str_is(reply->text, "OK");
	}
	if (d->got == d->count) {
		struct clock now;
		char text[300];
		clock_read(&now);
		double seconds = (double)(now.mono_ns - d->began.mono_ns) / 1e9;
		snprintf(text, sizeof(text), "good %d failed %d rate %.0f %s", d->good, d->failed, d->count / seconds, d->last);
		print("many", text, d->good);
	}
}

static void fill(struct driver *d)
{
	char key[32];

	while (d->sent < d->count && !is_full(d)) {
		int i = d->sent++;
		value_of(d, i);
		snprintf(key, sizeof(key), "k:%d", i);
		struct str words[3] = {d->checking ? STR("GET") : STR("SET"), str_from(key), {d->value, d->bytes}};
		send_words(d, d->checking ? 2 : 3, words, on_many);
	}
}

static void on_drained(void *ctx)
{
	fill(ctx);
}

static void begin(struct driver *d, int count, size_t bytes, bool checking)
{
	d->sent = d->got = d->good = d->failed = 0;
	d->last[0] = '\0';
	d->count = count;
	d->checking = checking;
	d->bytes = bytes < 10 ? 10 : bytes < VALUE_MAX ? bytes : VALUE_MAX;
	clock_read(&d->began);
}

static void run_line(struct driver *d, char *line)
{
	struct str words[WORDS_MAX];
	int count = 0;
	char *rest = line, *word;

	while (count < WORDS_MAX && (word = strsep(&rest, " ")))
		words[count++] = str_from(word);
	if (str_is(words[0], "open")) {
		d->cluster ? redis_cluster_open(d->cluster) : redis_work_open(d->work);
	} else if (str_is(words[0], "close")) {
		d->cluster ? redis_cluster_close(d->cluster) : redis_work_close(d->work);
		print("closed", "", 0);
	} else if (str_is(words[0], "nodes")) {
		const struct str dbsize = STR("DBSIZE");
		for (int i = 0; i < redis_cluster_nodes(d->cluster); i++)
			redis_cluster_send_to(d->cluster, i, 1, &dbsize, on_reply, d);
	} else if (str_is(words[0], "send")) {
		send_words(d, count - 1, words + 1, on_reply);
	} else if (str_is(words[0], "flood")) {
		begin(d, (int)strtol(words[1].at, NULL, 10), 0, false);
		d->sent = d->count;
		for (int i = 0; i < d->count; i++)
			send_words(d, count - 2, words + 2, on_many);
	} else if (str_is(words[0], "pump") || str_is(words[0], "check")) {
		begin(d, (int)strtol(words[1].at, NULL, 10), strtoul(words[2].at, NULL, 10), str_is(words[0], "check"));
		fill(d);
	} else if (str_is(words[0], "quit")) {
		loop_stop(d->loop);
	}
}

static void on_input(void *ctx, unsigned got)
{
	struct driver *d = ctx;
	ssize_t n = read(STDIN_FILENO, d->line + d->line_len, sizeof(d->line) - 1 - d->line_len);
	char *end;

	(void)got;
	if (n <= 0) {
		loop_stop(d->loop);
		return;
	}
	d->line_len += (size_t)n;
	d->line[d->line_len] = '\0';
	while ((end = strchr(d->line, '\n'))) {
		*end = '\0';
		run_line(d, d->line);
		d->line_len -= (size_t)(end + 1 - d->line);
		memmove(d->line, end + 1, d->line_len + 1);
	}
}

int main(int argc, char **argv)
{
	struct driver d = {0};
	struct source_conf where = {.kind = PANEL_REDIS, .password = getenv("DRIVER_PASSWORD")};
	struct redis_work_conf conf = {.conf = &where, .name = "driver"};
	const struct redis_work_events events = {on_up, on_down, on_drained, &d};
	struct err why;
	bool many = false;
	int option, code;

	while ((option = getopt(argc, argv, "Ca:w:d:c:u:")) != -1) {
		if (option == 'C')
			many = true;
		else if (option == 'a')
			where.tls_ca = optarg;
		else if (option == 'w')
			conf.window = (int)strtol(optarg, NULL, 10);
		else if (option == 'd')
			conf.deadline_ms = strtod(optarg, NULL);
		else if (option == 'c')
			where.connect_timeout_ms = strtod(optarg, NULL);
		else
			where.redis_user = optarg;
	}
	where.target = argv[optind];
	d.value = mem_alloc(VALUE_MAX);
	memset(d.value, 'v', VALUE_MAX);
	code = loop_new(&d.loop, &why);
	if (!code)
		code = many ? redis_cluster_new(&d.cluster, d.loop, &conf, &events, &why)
		            : redis_work_new(&d.work, d.loop, &conf, &events, &why);
	if (code) {
		print("invalid", why.text, why.code);
		loop_free(d.loop);
		free(d.value);
		return 1;
	}
	d.input = loop_fd_new(d.loop, STDIN_FILENO, LOOP_READ, on_input, &d);
	loop_run(d.loop);
	loop_fd_free(d.input);
	redis_work_free(d.work);
	redis_cluster_free(d.cluster);
	loop_once(d.loop, false);
	loop_free(d.loop);
	free(d.value);
	return 0;
}
