/* SPDX-License-Identifier: PostgreSQL */
#include "app/claims.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/front.h"
#include "app/run.h"
#include "app/witness.h"
#include "bridge/claims.h"

enum { CLAIMS_ROWS = 1000000, CLAIMS_RUNS = 9 };

static int print(const struct claims_report *report, bool json, FILE *to, struct err *why)
{
	struct buf text = BUF_INIT(8 << 20);
	int status = 0;

	if (json)
		claims_json(&text, report);
	else
		claims_text(&text, report);
	if (text.failed || fputs(buf_text(&text), to) == EOF || fflush(to) != 0) {
		err_set(why, ERR_IO, "cannot write the report: %s", strerror(errno));
		status = 4;
	}
	for (int i = 0; i < report->count && status == 0; i++)
		if (report->result[i].why.code < 0)
			status = 3;
	buf_release(&text);
	return status;
}

static int run_task(struct run *r, struct claims_conf *conf, const struct claims_args *a, FILE *to, struct err *why)
{
	struct witness w = {.action = "bench_claims", .target = "dytop_claims", .yes = a->yes, .rows = -1};
	struct task *task = NULL;
	int status = 1;

	if (witness_open(&w, r, why) < 0)
		return 1;
	conf->witness = &w.hooks;
	if (claims_new(&task, r->loop, conf, why) == 0) {
		w.task = task;
		status = front_run(r->loop, task, &(struct front_conf){.yes = a->yes, .lines = stderr}, why);
		if (status == 0)
			status = print(claims_report(task), a->json, to, why);
	}
	task_free(task);
	witness_close(&w);
	return status;
}

static int measure(const struct options *o, const struct claims_args *a, FILE *to, struct err *why)
{
	struct schema_text *claims = NULL, *texts = NULL;
	struct claims_conf conf = {.rows = a->rows > 0 ? a->rows : CLAIMS_ROWS, .runs = CLAIMS_RUNS, .read_only = o->read_only,
	                           .over = o->operator_conn};
	struct run r;
	int status = 1;

	if (run_init(&r, o, why) < 0)
		return 1;
	conf.server = front_server(&r.servers, PANEL_PG, why);
	conf.log = r.log;
	if (conf.server && witness_texts(&r, FILE_BENCH, &claims, &conf.claim_count, why) == 0 &&
	    witness_texts(&r, FILE_BRIDGE, &texts, &conf.text_count, why) == 0) {
		conf.claims = claims;
		conf.texts = texts;
		status = run_task(&r, &conf, a, to, why);
	}
	free(claims);
	free(texts);
	run_release(&r);
	return status;
}

int claims_run(const struct options *o, const struct claims_args *a, struct err *why)
{
	bool file = a->output && strcmp(a->output, "-") != 0;
	FILE *to = file ? fopen(a->output, "w") : stdout; /* before minutes are spent on it */
	int status;

	if (!to) {
		err_set(why, ERR_IO, "cannot write to %s: %s", a->output, strerror(errno));
		return 4;
	}
	status = measure(o, a, to, why);
	if (file && fclose(to) != 0 && status == 0) {
		err_set(why, ERR_IO, "cannot write to %s: %s", a->output, strerror(errno));
		status = 4;
	}
	return status;
}
