/* SPDX-License-Identifier: PostgreSQL */
/* The report from literals: every figure below is worked out by hand. */
#include "bridge/bench_report.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/json.h"
#include "unit.h"

static struct bench_workload *workload(void)
{
	static const char text[] = "/* dytop bench\ntitle: T\nstatements:\n  - name: get\n  - name: put\n*/\n"
		"-- statement get\nG\n-- statement put\nP\n";
	struct bench_workload *w = NULL;
	struct err why;

	ck_assert_int_eq(bench_workload_parse(&w, "w", "w.sql", STR(text), &why), 0);
	return w;
}

/* 98 gets of 10 ms, one of 250 ms; one put of 300 ms, two failed: 100 operations in two seconds. */
static void fill(struct bench_result *r, enum bench_variant variant)
{
	bench_result_init(r, variant, 2);
	r->window_ms = 2000;
	for (int i = 0; i < 98; i++) {
		quantile_add(&r->all.time, 10000000);
		quantile_add(&r->statement[0].time, 10000000);
	}
	quantile_add(&r->all.time, 250000000);
	quantile_add(&r->statement[0].time, 250000000);
	quantile_add(&r->all.time, 300000000);
	quantile_add(&r->statement[1].time, 300000000);
	r->all.errors = r->statement[1].errors = 2;
	r->all.deadlocks = r->statement[1].deadlocks = 1;
	r->all.hits = r->statement[0].hits = 96;
	r->all.misses = r->statement[0].misses = 3;
	r->open = 10;
	r->busy = 8.7;
	r->most = 12;
	r->index_scans = 92;
	r->seq_scans = 8;
	r->db_deadlocks = 0;
	bench_result_fault(r, "put: 40P01 deadlock\x1b[2J detected");
	bench_result_fault(r, "put: 40P01 deadlock\x1b[2J detected");
	bench_result_fault(r, "put: something else");
}

static void init(struct bench_report *report)
{
	*report = (struct bench_report){.workload = "w", .title = "T", .server = "s", .version = "15.20", .rows = -1, .clients = 1000,
	                                .pool_min = 5, .pool_max = 20, .program = "0", .runs = 1};
	fill(&report->run[0], BENCH_OPTIMIZED);
}

START_TEST(figures)
{
	struct bench_result r;

	fill(&r, BENCH_OPTIMIZED);
	ck_assert_double_eq_tol(bench_throughput(&r, &r.all), 50, 1e-9);
	ck_assert_double_eq_tol(bench_hit_percent(&r.all), 100 * 96 / 99.0, 1e-9);
	ck_assert(isnan(bench_hit_percent(&r.statement[1])));
	ck_assert_double_eq_tol(bench_index_percent(&r), 92, 1e-9);
	ck_assert_double_eq_tol(bench_efficiency(&r), 87, 1e-9);
	ck_assert_int_eq(r.fault_count, 2);
	ck_assert_int_eq(r.fault[0].count, 2);
	ck_assert_str_eq(r.fault[0].text, "put: 40P01 deadlock\\x1B[2J detected");
	bench_result_release(&r);
}
END_TEST

static void expect(const struct bench_target *t, const char *name, double measured, bool met)
{
	ck_assert_str_eq(t->name, name);
	ck_assert_msg(isnan(measured) ? isnan(t->measured) : fabs(t->measured - measured) < 1e-6, "%s: %g", name, t->measured);
	ck_assert_msg(t->met == met, "%s", name);
}

START_TEST(targets_are_met_or_missed_at_their_edges)
{
	struct bench_target t[BENCH_TARGETS];
	struct bench_result r;

	fill(&r, BENCH_OPTIMIZED);
	bench_targets(&r, t);
	expect(&t[0], "throughput", 50, false);
	expect(&t[1], "mean", (98 * 10 + 250 + 300) / 100.0, true);
	expect(&t[2], "hit_ratio", 100 * 96 / 99.0, true);
	expect(&t[3], "deadlocks", 1, false); /* ours count even where the server's counter is behind */
	expect(&t[4], "connection_efficiency", 87, true);
	r.window_ms = 100;
	r.all.deadlocks = 0;
	r.all.hits = 95;
	r.all.misses = 5;
	r.busy = 8;
	bench_targets(&r, t);
	expect(&t[0], "throughput", 1000, true);
	expect(&t[2], "hit_ratio", 95, false);
	expect(&t[3], "deadlocks", 0, true);
	expect(&t[4], "connection_efficiency", 80, false);
	r.db_deadlocks = 4; /* somebody else's too */
	bench_targets(&r, t);
	expect(&t[3], "deadlocks", 4, false);
	bench_result_release(&r);
	/* nothing was measured: nothing is met but for no deadlocks */
	bench_result_init(&r, BENCH_OPTIMIZED, 2);
	bench_targets(&r, t);
	expect(&t[0], "throughput", NAN, false);
	expect(&t[1], "mean", NAN, false);
	expect(&t[2], "hit_ratio", NAN, false);
	expect(&t[4], "connection_efficiency", NAN, false);
	bench_result_release(&r);
}
END_TEST

static void has(const struct buf *out, const char *text)
{
	ck_assert_msg(strstr(buf_text(out), text) != NULL, "'%s' is not in:\n%s", text, buf_text(out));
}

START_TEST(the_text_says_before_and_after)
{
	struct bench_workload *w = workload();
	static struct bench_report report;
	struct buf out = BUF_INIT(1 << 20);

	init(&report);
	report.runs = 2;
	report.run[1] = report.run[0];
	fill(&report.run[0], BENCH_BASELINE);
	report.run[0].window_ms = 8000;
	report.run[0].all.hits = report.run[0].all.misses = 0;
	bench_report_text(&out, &report, w);
	has(&out, "                              baseline   optimized  ratio      the report says\n");
	has(&out, "  throughput, ops/s               12.5        50.0  x4.00      200 -> 1200\n");
	has(&out, "  cache hit ratio                    -       97.0%             none -> 96.5%\n");
	has(&out, "  MISSED throughput             >= 1000 ops/s  measured 50.0\n");
	has(&out, "  met    hit ratio              > 95 %         measured 97.0%\n");
	has(&out, "  3 of 5 targets met\n");
	has(&out, "  2 times: put: 40P01 deadlock\\x1B[2J detected\n");
	has(&out, "closed loop of 1000 clients, 5 to 20 connections");
	has(&out, "a mean of 1000 / 50 = 20000.0 ms");
	buf_release(&out);
	bench_result_release(&report.run[0]);
	bench_result_release(&report.run[1]);
	bench_workload_free(w);
}
END_TEST

START_TEST(the_json_reads_back)
{
	struct bench_workload *w = workload();
	static struct bench_report report;
	struct buf out = BUF_INIT(1 << 20);
	struct json *root;
	const struct json *run, *put, *target;
	struct err why;

	init(&report);
	bench_report_json(&out, &report, w);
	ck_assert_int_eq(json_parse(&root, out.data, out.len, out.len, &why), 0);
	ck_assert_double_eq(json_number(json_get(root, "dytop_bench")), BENCH_JSON_VERSION);
	ck_assert_int_eq(json_kind(json_get(root, "cache")), JSON_NULL);
	ck_assert_int_eq(json_kind(json_get(root, "rows")), JSON_NULL);
	ck_assert_int_eq(json_kind(json_get(root, "rate")), JSON_NULL);
	run = json_child(json_get(root, "runs"));
	ck_assert_double_eq_tol(json_number(json_get(json_get(json_get(run, "all"), "ms"), "p50")), 10, 0.04);
	ck_assert_double_eq_tol(json_number(json_get(json_get(json_get(run, "all"), "ms"), "p99")), 250, 1);
	ck_assert_double_eq_tol(json_number(json_get(json_get(json_get(run, "all"), "ms"), "max")), 300, 1e-9);
	put = json_next(json_child(json_get(run, "statements")));
	ck_assert_str_eq(json_text(json_get(put, "name")), "put");
	ck_assert_double_eq(json_number(json_get(put, "errors")), 2);
	ck_assert_int_eq(json_kind(json_get(put, "hit_percent")), JSON_NULL);
	target = json_child(json_get(root, "targets"));
	ck_assert_int_eq(json_count(json_get(root, "targets")), 5);
	ck_assert_str_eq(json_text(json_get(target, "name")), "throughput");
	ck_assert_double_eq_tol(json_number(json_get(target, "measured")), 50, 1e-9);
	ck_assert(!json_is_true(json_get(target, "met")));
	json_free(root);
	buf_release(&out);
	bench_result_release(&report.run[0]);
	bench_workload_free(w);
}
END_TEST

START_TEST(two_runs_compare)
{
	struct bench_workload *w = workload();
	static struct bench_report report;
	struct buf a = BUF_INIT(1 << 20), b = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);
	struct err why;

	init(&report);
	bench_report_json(&a, &report, w);
	report.run[0].window_ms = 1000;
	report.clients = 500;
	bench_report_json(&b, &report, w);
	ck_assert_int_eq(bench_compare(&out, "a.json", buf_str(&a), "b.json", buf_str(&b), &why), 0);
	has(&out, "A  a.json: w optimized on s, ");
	has(&out, "  differs: clients: 1000, 500\n");
	has(&out, "    ops/s                            50.0          100   x2.000\n");
	has(&out, "    cache hits                      97.0%        97.0%   +0.0\n");
	has(&out, "\n  put\n");
	ck_assert_int_eq(bench_compare(&out, "a.json", buf_str(&a), "b.json", STR("{}"), &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "b.json: no report of dytop bench --json");
	ck_assert_int_eq(bench_compare(&out, "a.json", STR("{\"dytop_bench\": 9}"), "b.json", buf_str(&b), &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "a.json: a report of version 9, this dytop reads version 1");
	ck_assert_int_eq(bench_compare(&out, "a.json", STR("{\"dytop_bench\": 1}"), "b.json", buf_str(&b), &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "a.json: it has no run");
	ck_assert_int_eq(bench_compare(&out, "a.json", STR("{\"dytop"), "b.json", buf_str(&b), &why), ERR_INVALID);
	ck_assert(strncmp(why.text, "a.json: line 1", 14) == 0);
	buf_release(&a);
	buf_release(&b);
	buf_release(&out);
	bench_result_release(&report.run[0]);
	bench_workload_free(w);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		figures,
		targets_are_met_or_missed_at_their_edges,
		the_text_says_before_and_after,
		the_json_reads_back,
		two_runs_compare,
	};

	return unit_run("bench_report", cases, ARRAY_LEN(cases));
}
