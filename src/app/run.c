/* SPDX-License-Identifier: PostgreSQL */
#include "app/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int run_init(struct run *r, const struct options *options, struct err *why)
{
	static const char *const levels[] = {"error", "warn", "info", "debug"};
	enum log_level level = LOG_INFO;
	int rc;

	*r = (struct run){.options = options};
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (options->log_level && strcmp(options->log_level, levels[i]) == 0)
			level = (enum log_level)i;
	r->log = log_new(level);
	rc = options->log ? log_open_file(r->log, options->log, why) : 0;
	if (rc == 0)
		rc = files_open(&r->files, options, why);
	if (rc == 0)
		rc = servers_init(&r->servers, options, r->files, why);
	if (rc == 0)
		rc = loop_new(&r->loop, why);
	if (rc < 0) {
		run_release(r);
		return rc;
	}
	return 0;
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

void run_release(struct run *r)
{
	servers_release(&r->servers);
	if (r->loop)
		loop_free(r->loop);
	files_free(r->files);
	log_free(r->log);
	*r = (struct run){0};
}

struct session_conf run_session(struct run *r)
{
	const struct options *o = r->options;

	return (struct session_conf){
		.sources = r->servers.conf, .source_count = r->servers.count,
		.interval_ms = o->interval_ms, .cost_share = o->cost_share / 100,
		.inflight_hz = o->inflight_hz, .inflight_share = o->inflight_share / 100,
		.log = r->log};
}
