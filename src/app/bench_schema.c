/* SPDX-License-Identifier: PostgreSQL */
#include "app/bench_schema.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "action/audit.h"
#include "app/front.h"
#include "bridge/schema.h"
#include "core/mem.h"

static int read_texts(struct run *r, struct schema_text **out, int *count, struct err *why)
{
	const char *const *names = NULL;
	int n = 0, rc = files_texts(r->files, r->options, FILE_BRIDGE, &names, why);

	while (rc == 0 && names[n])
		n++;
	*out = mem_calloc((size_t)n + 1, sizeof **out);
	for (*count = 0; rc == 0 && *count < n; ++*count) {
		struct files_text text;

		rc = files_text(r->files, r->options, FILE_BRIDGE, names[*count], &text, why);
		if (rc == 0)
			(*out)[*count] = (struct schema_text){text.name, text.path, text.text};
	}
	return rc;
}

static int base_conf(struct run *r, struct schema_conf *conf, struct schema_text **texts, struct err *why)
{
	int count = 0;

	*conf = (struct schema_conf){
		.server = front_server(&r->servers, PANEL_PG, why), .over = r->options->operator_conn,
		.sets = {[MIGRATION_BASELINE] = true, [MIGRATION_OPTIMIZED] = true}, .read_only = r->options->read_only, .log = r->log,
	};
	if (!conf->server || read_texts(r, texts, &count, why) < 0)
		return why->code;
	conf->texts = *texts;
	conf->text_count = count;
	return 0;
}

static void sum_up(const struct schema_report *r, struct bench_schema *out)
{
	*out = (struct bench_schema){.optimized = schema_count(r, MIGRATION_OPTIMIZED, SCHEMA_PRESENT),
	                             .baseline = schema_has(r, MIGRATION_BASELINE), .whole = schema_has(r, MIGRATION_OPTIMIZED)};
	for (int s = 0; s < SCHEMA_STATES; s++)
		out->wanted += schema_count(r, MIGRATION_OPTIMIZED, (enum schema_state)s);
}

int bench_schema_look(struct run *r, struct bench_schema *out, struct err *why)
{
	struct schema_text *texts = NULL;
	struct schema_conf conf;
	struct task *task = NULL;
	FILE *nowhere = fopen("/dev/null", "w");
	int status = 1;

	*out = (struct bench_schema){0};
	if (!nowhere)
		err_set(why, ERR_IO, "/dev/null: %s", strerror(errno));
	else if (base_conf(r, &conf, &texts, why) == 0) {
		conf.check_only = true;
		if (schema_new(&task, r->loop, &conf, why) == 0)
			status = front_run(r->loop, task, &(struct front_conf){.lines = nowhere, .quiet = true}, why);
		if (status == 0)
			sum_up(schema_report(task), out);
		task_free(task);
	}
	free(texts);
	if (nowhere)
		fclose(nowhere);
	return status;
}

int bench_schema_fits(const struct bench_schema *s, const enum bench_variant *run, int runs, struct err *why)
{
	if (!s->baseline)
		return err_set(why, ERR_NOT_FOUND, "this is no database of the bridge, or not all of it is there: dytop bridge check says what "
		               "is missing, dytop bridge init brings it");
	if (run[0] == BENCH_BASELINE && s->optimized > 0)
		return err_set(why, ERR_INVALID, "--baseline: %d of the optimisation's %d indexes and views are there, so this would be no "
		               "baseline; dytop bridge init --baseline --rows N makes a database without them", s->optimized, s->wanted);
	if (runs == 1 && run[0] == BENCH_OPTIMIZED && !s->whole)
		return err_set(why, ERR_NOT_FOUND, "%d of the optimisation's %d indexes and views are missing: dytop bridge init --optimized "
		               "brings them, --baseline measures without them", s->wanted - s->optimized, s->wanted);
	return 0;
}

/* --- between the runs --------------------------------------------------------------------------------------------- */

struct witness {
	struct audit *audit;
	char id[AUDIT_ID_MAX];
	const char *confirmed;
	void (*done)(void *doer, const struct err *why);
	void *doer;
};

static void written(void *ctx, const struct err *why)
{
	struct witness *w = ctx;

	w->done(w->doer, why);
}

static void intent(void *ctx, const char *server, const char *user, const char *sql,
                   void (*done)(void *doer, const struct err *why), void *doer)
{
	struct witness *w = ctx;
	const struct audit_intent line = {.id = w->id, .action = "bridge_init", .server = {.name = server, .role = user}, .sql = sql,
	                                  .confirmed = w->confirmed};

	w->done = done;
	w->doer = doer;
	audit_intent(w->audit, &line, written, w);
}

static void outcome(void *ctx, enum task_outcome result, const struct err *why, double elapsed_ms)
{
	struct witness *w = ctx;
	const struct audit_outcome line = {.id = w->id, .action = "bridge_init", .outcome = result, .error = why ? why->text : NULL,
	                                   .duration_ms = elapsed_ms, .rows = -1};

	audit_outcome(w->audit, &line, NULL, NULL);
}

int bench_schema_optimize(struct run *r, const char *confirmed, FILE *lines, struct err *why)
{
	struct witness w = {.confirmed = confirmed};
	const struct schema_witness witness = {intent, outcome, &w};
	struct schema_text *texts = NULL;
	struct schema_conf conf;
	struct task *task = NULL;
	int status = 1;

	audit_id(w.id);
	if (base_conf(r, &conf, &texts, why) == 0 &&
	    audit_new(&w.audit, r->loop, &(struct audit_conf){.path = r->options->audit}, why) == 0) {
		conf.witness = &witness;
		if (schema_new(&task, r->loop, &conf, why) == 0)
			status = front_run(r->loop, task, &(struct front_conf){.lines = lines, .yes = true}, why);
		task_free(task);
	}
	audit_free(w.audit);
	free(texts);
	return status;
}
