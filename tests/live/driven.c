/* SPDX-License-Identifier: PostgreSQL */
#include "driven.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/embed.h"
#include "core/mem.h"

/* --- events ------------------------------------------------------------------------------------------------------------- */

void driven_begin(struct json_writer *w, struct buf *out, const char *event)
{
	buf_init(out, 1 << 20);
	json_begin(w, out, false);
	json_open_map(w, NULL);
	json_put_string(w, "event", event);
}

void driven_end(struct json_writer *w, struct buf *out)
{
	json_close(w);
	buf_addc(out, '\n');
	if (write(STDOUT_FILENO, buf_text(out), out->len) < 0)
		exit(1);
	buf_release(out);
}

/* --- commands ----------------------------------------------------------------------------------------------------------- */

static void on_input(void *ctx, unsigned got)
{
	struct driven_input *in = ctx;
	ssize_t n = read(STDIN_FILENO, in->line + in->len, sizeof(in->line) - 1 - in->len);
	char *newline;

	(void)got;
	if (n <= 0) {
		loop_stop(in->loop);
		return;
	}
	in->len += (size_t)n;
	in->line[in->len] = '\0';
	while ((newline = strchr(in->line, '\n')) != NULL) {
		char *line = mem_strndup(in->line, (size_t)(newline - in->line));

		in->len -= (size_t)(newline + 1 - in->line);
		memmove(in->line, newline + 1, in->len + 1);
		in->command(in->ctx, line);
		free(line);
	}
}

void driven_input(struct driven_input *in, struct loop *l, void (*command)(void *ctx, char *line), void *ctx)
{
	in->loop = l;
	in->command = command;
	in->ctx = ctx;
	in->len = 0;
	in->fd = loop_fd_new(l, STDIN_FILENO, LOOP_READ, on_input, in);
}

void driven_input_free(struct driven_input *in)
{
	loop_fd_free(in->fd);
	in->fd = NULL;
}

/* --- stalls ------------------------------------------------------------------------------------------------------------- */

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
	struct driven_beat *b = ctx;
	int64_t queued = queued_ns();
	struct clock now;
	double gap;

	clock_read(&now);
	gap = b->at_ns ? (double)(now.mono_ns - b->at_ns - (queued - b->queued_ns)) / 1e6 - 2 : 0;
	if (gap > b->stall_ms)
		b->stall_ms = gap;
	b->at_ns = now.mono_ns;
	b->queued_ns = queued;
	loop_timer_in(b->timer, 2);
}

void driven_beat(struct driven_beat *b, struct loop *l)
{
	b->timer = loop_timer_new(l, on_beat, b);
	loop_timer_in(b->timer, 2);
}

void driven_beat_free(struct driven_beat *b)
{
	loop_timer_free(b->timer);
	b->timer = NULL;
}

/* --- the rest ------------------------------------------------------------------------------------------------------------ */

const char *driven_text(void *ctx, const char *name)
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

void driven_die(const char *program, const char *what, const char *why)
{
	fprintf(stderr, "%s: %s: %s\n", program, what, why);
	exit(2);
}
