/* SPDX-License-Identifier: PostgreSQL */
/* dytop bench: a workload's mix against the servers given, what was measured against the report's figures and targets. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "action/audit.h"
#include "app/bench_schema.h"
#include "app/bench_task.h"
#include "app/bench_top.h"
#include "app/claims.h"
#include "app/commands.h"
#include "app/front.h"
#include "app/run.h"
#include "app/slurp.h"
#include "core/clean.h"
#include "core/mem.h"
#include "core/nearest.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

enum { TEXT_MAX = 8 << 20 };

struct args {
	bool baseline, optimized, claims, compare, json, yes, quiet, keep, no_cache;
	int64_t clients, connections, connections_min, seed;
	double rate, duration_ms, warmup_ms, timeout_ms;
	struct option_list only;
	char *raw, *output;
	bool top;
	struct bench_child *child; /* we are that of --top */
};

#define AT(member) offsetof(struct args, member)

static const struct option_def rows[] = {
	{"clients", 'c', OPTION_INT, OPTIONS_OTHER, AT(clients), OPTION_ARGV_ONLY, "1000", 1, 100000, .arg = "N",
	 .help = "logical clients, each with one operation at a time"},
	{"rate", 'R', OPTION_NUMBER, OPTIONS_OTHER, AT(rate), OPTION_ARGV_ONLY, "0", 0, 1e7, .arg = "N",
	 .help = "operations a second, begun at times drawn before: what begins late counts from when it was due; 0 = each client goes "
	         "on at once"},
	{"duration", 't', OPTION_DURATION, OPTIONS_OTHER, AT(duration_ms), OPTION_ARGV_ONLY, "20s", 0, 86400e3, .arg = "TIME",
	 .help = "measured time of each run, 0 = until interrupted"},
	{"warmup", 0, OPTION_DURATION, OPTIONS_OTHER, AT(warmup_ms), OPTION_ARGV_ONLY, "5s", 0, 3600e3, .arg = "TIME",
	 .help = "load before it that is not measured"},
	{"connections", 0, OPTION_INT, OPTIONS_OTHER, AT(connections), OPTION_ARGV_ONLY, "20", 1, 1000, .arg = "N",
	 .help = "connections of the pool at most"},
	{"min-connections", 0, OPTION_INT, OPTIONS_OTHER, AT(connections_min), OPTION_ARGV_ONLY, "5", 0, 1000, .arg = "N",
	 .help = "connections of the pool at least"},
	{"baseline", 0, OPTION_FLAG, OPTIONS_OTHER, AT(baseline), OPTION_ARGV_ONLY,
	 .help = "measure the statements of before the optimisation, without a cache; with --optimized: before and after in one table"},
	{"optimized", 0, OPTION_FLAG, OPTIONS_OTHER, AT(optimized), OPTION_ARGV_ONLY,
	 .help = "measure the optimised statements, with the cache that --redis names; the default"},
	{"no-cache", 0, OPTION_FLAG, OPTIONS_OTHER, AT(no_cache), OPTION_ARGV_ONLY, .help = "read everything from the database"},
	{"only", 0, OPTION_NAMES, OPTIONS_OTHER, AT(only), OPTION_ARGV_ONLY, .arg = "NAME,...",
	 .help = "statements of the workload that take part"},
	{"timeout", 0, OPTION_DURATION, OPTIONS_OTHER, AT(timeout_ms), OPTION_ARGV_ONLY, "30s", 100, 3600e3, .arg = "TIME",
	 .help = "a statement that takes longer is cancelled and counts as an error"},
	{"seed", 0, OPTION_INT, OPTIONS_OTHER, AT(seed), OPTION_ARGV_ONLY, "1", 0, 9e15, .arg = "N",
	 .help = "the same seed draws the same operations"},
	{"keep", 0, OPTION_FLAG, OPTIONS_OTHER, AT(keep), OPTION_ARGV_ONLY, .help = "leave what was written in the database"},
	{"json", 0, OPTION_FLAG, OPTIONS_OTHER, AT(json), OPTION_ARGV_ONLY, .help = "print JSON (docs/bench.schema.json)"},
	{"output", 'o', OPTION_TEXT, OPTIONS_OTHER, AT(output), OPTION_ARGV_ONLY, .arg = "FILE", .help = "write the report to FILE"},
	{"compare", 0, OPTION_FLAG, OPTIONS_OTHER, AT(compare), OPTION_ARGV_ONLY,
	 .help = "measure nothing: print two JSON reports, A and B, side by side"},
	{"claims", 0, OPTION_FLAG, OPTIONS_OTHER, AT(claims), OPTION_ARGV_ONLY,
	 .help = "no load: measure what the report claims of indexes, each with and without its index, in a copy of the transactions that "
	         "is dropped again"},
	{"raw", 0, OPTION_TEXT, OPTIONS_OTHER, AT(raw), OPTION_ARGV_ONLY, .arg = "FILE",
	 .help = "write every measured time as a line \"STATEMENT NANOSECONDS\""},
	{"top", 0, OPTION_FLAG, OPTIONS_OTHER, AT(top), OPTION_ARGV_ONLY,
	 .help = "open the dashboard on the load; leaving it ends the bench, then comes the report"},
	{"yes", 'y', OPTION_FLAG, OPTIONS_OTHER, AT(yes), OPTION_ARGV_ONLY, .help = "do not ask"},
	{"quiet", 'q', OPTION_FLAG, OPTIONS_OTHER, AT(quiet), OPTION_ARGV_ONLY, .help = "no line of progress, no report"},
	{0},
};

/* --- compare ------------------------------------------------------------------------------------------------------ */

static int print(const struct options *o, struct buf *text, struct err *why)
{
	const char *path = ((const struct args *)o->args)->output;
	FILE *f = path && strcmp(path, "-") != 0 ? fopen(path, "w") : stdout;
	bool ok = f && !text->failed && fputs(buf_text(text), f) != EOF && fflush(f) == 0;
	int saved = errno;

	if (f && f != stdout && fclose(f) != 0)
		ok = false;
	buf_release(text);
	if (ok)
		return 0;
	err_set(why, ERR_IO, "cannot write to %s: %s", path ? path : "standard output", strerror(saved));
	return 4;
}

static int compare(const struct options *o, struct err *why)
{
	struct buf a = BUF_INIT(BENCH_JSON_MAX), b = BUF_INIT(BENCH_JSON_MAX), out = BUF_INIT(TEXT_MAX);
	int rc;

	if (o->words.count != 2) {
		err_set(why, ERR_INVALID, "bench --compare needs two reports, as dytop bench --json writes them: A.json B.json");
		return 1;
	}
	rc = slurp_file(&a, o->words.item[0], SLURP_PLAIN, why);
	if (rc == 0)
		rc = slurp_file(&b, o->words.item[1], SLURP_PLAIN, why);
	if (rc == 0)
		rc = bench_compare(&out, o->words.item[0], buf_str(&a), o->words.item[1], buf_str(&b), why);
	buf_release(&a);
	buf_release(&b);
	if (rc == 0)
		return print(o, &out, why);
	buf_release(&out);
	return 1;
}

/* --- what to run -------------------------------------------------------------------------------------------------- */

/* The word: a name under sql/bench, or a file's path. */
static int read_workload(struct bench_workload **out, const struct options *o, struct files *files, struct err *why)
{
	const char *word = o->words.count > 0 ? o->words.item[0] : "bridge";
	struct buf text = BUF_INIT(1 << 20);
	struct files_text found;
	int rc;

	if (o->words.count > 1)
		return err_set(why, ERR_INVALID, "bench takes one workload, not '%s' too; databases are given by -d", o->words.item[1]);
	if (!strchr(word, '/') && !strstr(word, ".sql")) {
		rc = files_text(files, o, FILE_BENCH, word, &found, why);
		return rc < 0 ? rc : bench_workload_parse(out, word, found.path, found.text, why);
	}
	rc = slurp_file(&text, word, SLURP_PLAIN, why);
	if (rc == 0) {
		const char *base = strrchr(word, '/') ? strrchr(word, '/') + 1 : word;
		char *name = mem_strndup(base, strcspn(base, "."));

		rc = bench_workload_parse(out, name, word, buf_str(&text), why);
		free(name);
	}
	buf_release(&text);
	return rc;
}

static int choose(struct bench_conf *c, const struct args *args, struct err *why)
{
	for (int k = 0; k < args->only.count; k++) {
		const char *known[BENCH_STATEMENTS_MAX + 1] = {NULL}, *near;
		int found = -1;

		for (int i = 0; i < c->workload->count; i++) {
			known[i] = c->workload->statement[i].name;
			found = strcmp(known[i], args->only.item[k]) == 0 ? i : found;
		}
		near = nearest_of(str_from(args->only.item[k]), known);
		if (found < 0)
			return err_set(why, ERR_INVALID, "--only: %s has no statement '%s'%s%s%s", c->workload->file, args->only.item[k],
			               near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
		c->only |= UINT32_C(1) << found;
	}
	return 0;
}

static int make_plan(struct bench_plan *plan, const struct run *r, const struct bench_workload *w, struct err *why)
{
	const struct args *args = r->options->args;
	struct bench_conf *c = &plan->conf;

	*plan = (struct bench_plan){.confirmed = args->yes ? "--yes" : "y"};
	*c = (struct bench_conf){
		.workload = w, .clients = (int)args->clients, .rate = args->rate, .pool_max = (int)args->connections,
		.pool_min = (int)args->connections_min, .warmup_ms = args->warmup_ms, .window_ms = args->duration_ms,
		.timeout_ms = args->timeout_ms, .seed = (uint64_t)args->seed, .keep = args->keep, .log = r->log,
	};
	if (c->pool_min > c->pool_max) {
		if (options_own_given(r->options, "min-connections"))
			return err_set(why, ERR_INVALID, "--min-connections is above --connections");
		c->pool_min = c->pool_max;
	}
	if (args->baseline)
		plan->run[plan->runs++] = BENCH_BASELINE;
	if (args->optimized || !args->baseline)
		plan->run[plan->runs++] = BENCH_OPTIMIZED;
	if (plan->runs > 1 && c->window_ms <= 0)
		return err_set(why, ERR_INVALID, "--duration 0 is for one run; --baseline and --optimized are two");
	c->over = r->options->operator_conn;
	c->postgres = front_server(&r->servers, PANEL_PG, why);
	if (!c->postgres)
		return why->code;
	if (w->caches && !args->no_cache && r->options->redis.count > 0) {
		c->redis = front_server(&r->servers, PANEL_REDIS, why);
		if (!c->redis)
			return why->code;
	}
	return choose(c, args, why);
}

/* --- the run ------------------------------------------------------------------------------------------------------ */

struct raw {
	FILE *file;
	const struct bench_workload *workload;
};

static void keep_sample(void *ctx, int statement, int64_t ns)
{
	struct raw *raw = ctx;

	fprintf(raw->file, "%s %lld\n", raw->workload->statement[statement].name, (long long)ns);
}

static int close_raw(struct raw *raw, const char *path, int status, struct err *why)
{
	bool bad = raw->file && ferror(raw->file);

	if (raw->file && (fclose(raw->file) != 0 || bad)) {
		err_set(why, ERR_IO, "cannot write to %s: %s", path, strerror(errno));
		return 4;
	}
	return status;
}

static void describe(struct bench_report *report, const struct bench_plan *plan)
{
	struct clock now;

	clock_read(&now);
	*report = (struct bench_report){
		.rows = -1, .clients = plan->conf.clients, .pool_min = plan->conf.pool_min, .pool_max = plan->conf.pool_max,
		.rate = plan->conf.rate, .warmup_ms = plan->conf.warmup_ms, .started_us = now.wall_us, .program = PACKAGE_VERSION,
	};
	snprintf(report->workload, sizeof report->workload, "%s", plan->conf.workload->name);
	snprintf(report->title, sizeof report->title, "%s", plan->conf.workload->title);
}

static int report_out(const struct options *o, const struct bench_report *report, const struct bench_workload *w, struct err *why)
{
	const struct args *args = o->args;
	struct buf out = BUF_INIT(TEXT_MAX);

	if (report->runs == 0 || (args->quiet && !args->json && !args->output))
		return 0;
	if (args->json)
		bench_report_json(&out, report, w);
	else
		bench_report_text(&out, report, w);
	return print(o, &out, why);
}

/* A statement that never worked makes the figures those of another workload. */
static int judge(const struct bench_report *report, const struct bench_workload *w, struct err *why)
{
	for (int r = 0; r < report->runs; r++) {
		for (int i = 0; i < report->run[r].count; i++) {
			const struct bench_count *c = &report->run[r].statement[i];

			if (c->errors > 0 && c->time.count == 0) {
				err_set(why, ERR_QUERY, "statement '%s' never worked: these are figures of another mix", w->statement[i].name);
				return 3;
			}
		}
	}
	return 0;
}

/* One task: asks unless it was asked before. */
static int run_task(struct run *r, const struct bench_plan *plan, const struct front_conf *front, struct bench_report *report,
                    struct err *why)
{
	struct task *task;
	int status;

	bench_task_new(&task, r->loop, plan, report);
	status = front_run(r->loop, task, front, why);
	task_free(task);
	return status;
}

/* Before and after: the first run's question covers both and what comes between. */
static int run_both(struct run *r, struct bench_plan *plan, const struct front_conf *front, struct bench_report *report,
                    struct err *why)
{
	struct front_conf again = *front;
	int status;

	plan->runs = 1;
	plan->then_optimizes = plan->conf.workload->bridge;
	status = run_task(r, plan, front, report, why);
	plan->run[0] = BENCH_OPTIMIZED;
	if (status != 0 || report->run[0].cut)
		return status;
	if (plan->then_optimizes)
		status = bench_schema_optimize(r, front->yes, front->lines, why);
	plan->then_optimizes = false;
	if (status != 0)
		return status;
	again.lines = fopen("/dev/null", "w"); /* it would say the same as the first one */
	again.yes = true;
	status = run_task(r, plan, &again, report, why);
	if (again.lines)
		fclose(again.lines);
	return status;
}

static int run_plan(struct run *r, struct bench_plan *plan, struct err *why)
{
	const struct args *args = r->options->args;
	struct front_conf front = {.lines = (args->json || args->quiet) && !args->child ? stderr : stdout, .yes = args->yes,
	                           .quiet = args->quiet};
	struct bench_report *report = mem_alloc(sizeof *report);
	struct err out_why = {0};
	int status, printed;

	describe(report, plan);
	status = plan->runs > 1 ? run_both(r, plan, &front, report, why) : run_task(r, plan, &front, report, why);
	if (status == 0)
		status = judge(report, plan->conf.workload, why);
	printed = report_out(r->options, report, plan->conf.workload, &out_why);
	if (printed != 0 && status == 0) {
		status = printed;
		*why = out_why;
	}
	for (int i = 0; i < report->runs; i++)
		bench_result_release(&report->run[i]);
	free(report);
	return status;
}

/* The bridge's own workload on the bridge's own schema: what is there must be what is to be measured. */
static int look_at_schema(struct run *r, const struct bench_plan *plan, struct err *why)
{
	struct bench_schema schema;
	int status = plan->conf.workload->bridge ? bench_schema_look(r, &schema, why) : 0;

	if (status == 0 && plan->conf.workload->bridge && bench_schema_fits(&schema, plan->run, plan->runs, why) < 0)
		status = 1;
	return status;
}

static int with_workload(struct run *r, const struct bench_workload *w, struct err *why)
{
	const struct options *o = r->options;
	const struct args *args = o->args;
	struct raw raw = {.workload = w};
	struct bench_plan plan;
	struct audit *audit = NULL;
	int status = 1;

	if (make_plan(&plan, r, w, why) < 0)
		return 1;
	if (o->read_only) {
		err_set(why, ERR_PRIVILEGE, "bench puts load on a server%s: refused by --read-only", w->writes ? " and writes" : "");
		return 1;
	}
	if (args->raw && !(raw.file = fopen(args->raw, "w"))) {
		err_set(why, ERR_IO, "cannot write to %s: %s", args->raw, strerror(errno));
		return 4;
	}
	plan.sample = raw.file ? keep_sample : NULL;
	plan.sample_ctx = &raw;
	plan.begun = args->child ? bench_top_begun : NULL;
	plan.begun_ctx = args->child;
	if ((status = look_at_schema(r, &plan, why)) != 0)
		return close_raw(&raw, args->raw, status, why);
	status = 1;
	if (!w->writes || audit_new(&audit, r->loop, &(struct audit_conf){.path = o->audit}, why) == 0) {
		plan.audit = audit;
		status = run_plan(r, &plan, why);
	}
	audit_free(audit);
	return close_raw(&raw, args->raw, status, why);
}

static int run_bench(const struct options *o, struct err *why);

/* The same in the child of --top: silent once it was agreed to, its report to where the dashboard's process reads it. */
static int bench_child(const struct options *o, struct bench_child *child, struct err *why)
{
	struct args args = *(const struct args *)o->args;
	struct options mine = *o;

	args.child = child;
	args.quiet = true;
	args.output = child->report;
	mine.args = &args;
	return run_bench(&mine, why);
}

static int run_bench(const struct options *o, struct err *why)
{
	const struct args *args = o->args;
	struct bench_workload *w = NULL;
	struct run r;
	int status = 1;

	if (args->compare)
		return compare(o, why);
	if (args->top && !args->compare && !args->claims && !args->child)
		return bench_top(o, bench_child, why);
	if (args->claims)
		return claims_run(o, &(struct claims_args){.yes = args->yes, .json = args->json, .output = args->output}, why);
	if (run_init(&r, o, why) < 0)
		return 1;
	if (r.replay)
		err_set(why, ERR_INVALID, "bench needs a live server, not --replay");
	else if (read_workload(&w, o, r.files, why) == 0)
		status = with_workload(&r, w, why);
	bench_workload_free(w);
	run_release(&r);
	return status;
}

extern const struct command cmd_bench;
const struct command cmd_bench = {
	.name = "bench",
	.arguments = "[OPTION]... [WORKLOAD | FILE.sql]\n  dytop bench --compare A.json B.json",
	.summary = "load the bridge and measure it: times, throughput, cache hits, the report's targets",
	.about = "Runs a workload's mix of statements (sql/bench; default: bridge) with many logical clients over a pool of connections, "
	         "reads first from the cache that --redis names, and prints true percentiles per statement and in all, and each target of the "
	         "report as met or missed.\n"
	         "It writes into the database, only rows of its own, and takes them away at the end; it says what it will send and asks "
	         "first. A database without the bridge's tables is refused: dytop bridge init makes one. ^C ends it early and cleans up; ^C "
	         "again does not clean up.",
	.rows = rows,
	.size = sizeof(struct args),
	.crowded = true,
	.run = run_bench,
};
