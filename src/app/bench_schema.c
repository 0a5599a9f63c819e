/* SPDX-License-Identifier: PostgreSQL */
#include "app/bench_schema.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/front.h"
#include "app/witness.h"
#include "bridge/schema.h"

static int base_conf(struct run *r, struct schema_conf *conf, struct schema_text **texts, struct err *why)
{
	int count = 0;

	*conf = (struct schema_conf){
		.server = front_server(&r->servers, PANEL_PG, why), .over = r->options->operator_conn,
		.sets = {[MIGRATION_BASELINE] = true, [MIGRATION_OPTIMIZED] = true}, .read_only = r->options->read_only, .log = r->log,
	};
	if (!conf->server || witness_texts(r, FILE_BRIDGE, texts, &count, why) < 0)
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
		return err_set(why, ERR_NOT_FOUND, "%d of the optimisation's %d indexes and views are missing or others than they should be: "
		               "dytop bridge check says which, dytop bridge init --optimized brings the missing, --baseline measures "
		               "without them", s->wanted - s->optimized, s->wanted);
	return 0;
}

int bench_schema_optimize(struct run *r, bool yes, FILE *lines, struct err *why)
{
	struct witness w = {.action = "bridge_init", .yes = yes, .rows = -1};
	struct schema_text *texts = NULL;
	struct schema_conf conf;
	struct task *task = NULL;
	int status = 1;

	if (base_conf(r, &conf, &texts, why) == 0 && witness_open(&w, r, why) == 0) {
		conf.witness = &w.hooks;
		if (schema_new(&task, r->loop, &conf, why) == 0) {
			w.task = task;
			status = front_run(r->loop, task, &(struct front_conf){.lines = lines, .yes = true}, why);
		}
		task_free(task);
		witness_close(&w);
	}
	free(texts);
	return status;
}
