/* SPDX-License-Identifier: PostgreSQL */
#include "app/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "core/mem.h"

enum { COLUMN_NAMES_MAX = 16384, LOG_WAITING_MAX = 1 << 20, LOG_CLOSE_MS = 1000 };

static enum log_level log_level(const char *name)
{
	static const char *const levels[] = {"error", "warn", "info", "debug"};

	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (name && strcmp(name, levels[i]) == 0)
			return (enum log_level)i;
	return LOG_INFO;
}

static int open_replay(struct run *r, struct err *why)
{
	int rc = replay_open(&r->replay, r->options->replay, why);

	if (rc < 0)
		return rc;
	r->replayed_count = replay_servers(r->replay);
	r->replayed = mem_calloc((size_t)r->replayed_count + 1, sizeof *r->replayed);
	for (int i = 0; i < r->replayed_count; i++)
		r->replayed[i] = replay_source_conf(r->replay, i);
	return 0;
}

static bool put_log(void *ctx, const char *bytes, size_t len)
{
	return writer_put(ctx, bytes, len);
}

static int open_log(struct run *r, const char *path, struct err *why)
{
	int rc = log_open_file(r->log, path, why);

	if (rc < 0)
		return rc;
	r->log_file = writer_new(log_divert(r->log, NULL, NULL), LOG_WAITING_MAX);
	log_divert(r->log, put_log, r->log_file);
	return 0;
}

int run_init(struct run *r, const struct options *options, struct err *why)
{
	int rc;

	*r = (struct run){.options = options};
	r->log = log_new(log_level(options->log_level));
	rc = options->log ? open_log(r, options->log, why) : 0;
	if (rc == 0)
		rc = files_open(&r->files, options, why);
	if (rc == 0)
		rc = options->replay ? open_replay(r, why) : servers_init(&r->servers, options, r->files, why);
	if (rc == 0 && options->command && options->command->crowded)
		rc = loop_new_crowded(&r->loop, why);
	else if (rc == 0)
		rc = loop_new(&r->loop, why);
	if (rc == 0 && options->record)
		rc = recorder_open(&r->recorder, options->record, why);
	if (rc < 0)
		run_release(r);
	return rc;
}

int run_close(struct run *r, struct err *why)
{
	int rc = recorder_close(r->recorder, why);

	r->recorder = NULL;
	return rc;
}

void run_release(struct run *r)
{
	struct err ignored;
	size_t left;

	if (run_close(r, &ignored) < 0) /* told by run_trouble() or run_close() before */
		r->recorder = NULL;
	servers_release(&r->servers);
	replay_close(r->replay);
	free(r->replayed);
	if (r->loop)
		loop_free(r->loop);
	files_free(r->files);
	log_free(r->log);
	if (r->log_file && writer_close(r->log_file, LOG_CLOSE_MS, &left) != 0)
		r->log_file = NULL; /* nobody is left who could be told */
	*r = (struct run){0};
}

int run_panels(struct run *r, struct err *why)
{
	int rc;

	while ((rc = files_parse_next(r->files, why)) > 0)
		loop_once(r->loop, false);
	if (rc == 0)
		r->panels = files_panels(r->files, &r->panel_count);
	return rc;
}

double run_interval_ms(const struct run *r)
{
	double recorded = r->replay ? replay_interval_ms(r->replay) : NAN;

	if (r->replay && options_from(r->options, "interval") == OPTION_DEFAULT && recorded > 0)
		return recorded;
	return r->options->interval_ms;
}

static void record_arrival(void *ctx, const struct session_arrival *a)
{
	struct run *r = ctx;
	struct record_sample sample = {.server = a->server, .panel = a->panel, .lookup = a->lookup, .keys = a->keys,
	                               .key_count = a->key_count, .sample = a->sample};

	recorder_sample(r->recorder, &sample, a->status);
}

struct session_conf run_session(struct run *r)
{
	const struct options *o = r->options;

	return (struct session_conf){
		.sources = r->replay ? r->replayed : r->servers.conf,
		.source_count = r->replay ? r->replayed_count : r->servers.count,
		.interval_ms = run_interval_ms(r), .cost_share = o->cost_share / 100,
		.inflight_hz = r->replay ? 0 : o->inflight_hz, .inflight_share = o->inflight_share / 100,
		.every_frame = r->replay != NULL, .recorded_ms = r->replay ? replay_interval_ms(r->replay) : 0,
		.arrived = r->recorder ? record_arrival : NULL, .arrived_ctx = r,
		.log = r->log};
}

void run_turn(void *ctx, struct session *s)
{
	struct run *r = ctx;
	int count;
	const struct server_status *const *servers = session_servers(s, &count);

	if (r->recorder)
		recorder_frame(r->recorder, servers, count, loop_now(r->loop), r->options->interval_ms);
	desk_record(r->desk);
}

bool run_next_frame(void *ctx)
{
	struct run *r = ctx;

	return replay_next(r->replay, &r->trouble) > 0;
}

const char *run_trouble(const struct run *r)
{
	if (r->trouble.code < 0)
		return r->trouble.text;
	return r->recorder ? recorder_trouble(r->recorder) : NULL;
}

int run_dress(const struct run *r, struct ui *ui, struct err *why)
{
	const struct options *o = r->options;
	struct buf names = BUF_INIT(COLUMN_NAMES_MAX);
	int rc = 0;

	for (int i = 0; i < o->columns.count; i++)
		buf_addf(&names, "%s ", o->columns.item[i]);
	if (options_from(o, "screen") != OPTION_DEFAULT || !r->layout)
		rc = ui_set_screen(ui, o->screen, why);
	if (rc == 0 && o->columns.count > 0)
		rc = ui_set_columns(ui, buf_text(&names), why);
	if (rc == 0 && o->sort)
		rc = ui_set_sort(ui, o->sort, why);
	if (rc == 0 && o->filter)
		rc = ui_set_filter(ui, o->filter, why);
	buf_release(&names);
	return rc;
}
