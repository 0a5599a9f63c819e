/* SPDX-License-Identifier: PostgreSQL */
/* What a bench measured, as text and as JSON. */
#include "bridge/bench_report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clean.h"
#include "core/clock.h"
#include "core/mem.h"
#include "core/units.h"
#include "model/json.h"

void bench_result_init(struct bench_result *r, enum bench_variant variant, int statements)
{
	*r = (struct bench_result){.variant = variant, .count = statements, .open = NAN, .busy = NAN, .db_deadlocks = -1,
	                           .index_scans = -1, .seq_scans = -1};
	r->statement = mem_calloc((size_t)statements, sizeof *r->statement);
}

void bench_result_release(struct bench_result *r)
{
	free(r->statement);
	r->statement = NULL;
}

void bench_result_sum(struct bench_result *r)
{
	r->all = (struct bench_count){0};
	for (int i = 0; i < r->count; i++) {
		const struct bench_count *c = &r->statement[i];

		quantile_merge(&r->all.time, &c->time);
		r->all.errors += c->errors;
		r->all.deadlocks += c->deadlocks;
		r->all.hits += c->hits;
		r->all.misses += c->misses;
		r->all.shared += c->shared;
	}
}

void bench_result_fault(struct bench_result *r, const char *text)
{
	struct buf clean = BUF_INIT(10 * sizeof r->fault[0].text);
	char cut[sizeof r->fault[0].text];
	int i = 0;

	clean_text(&clean, text, strnlen(text, sizeof cut - 1), CLEAN_LINE);
	snprintf(cut, sizeof cut, "%s", buf_text(&clean));
	buf_release(&clean);
	while (i < r->fault_count && strcmp(r->fault[i].text, cut) != 0)
		i++;
	if (i == r->fault_count && i < BENCH_FAULTS_MAX)
		memcpy(r->fault[r->fault_count++].text, cut, sizeof cut);
	if (i < BENCH_FAULTS_MAX)
		r->fault[i].count++;
}

/* --- figures ------------------------------------------------------------------------------------------------------ */

double bench_throughput(const struct bench_result *r, const struct bench_count *c)
{
	return r->window_ms > 0 ? (double)c->time.count * 1000 / r->window_ms : NAN;
}

static double percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : NAN;
}

double bench_hit_percent(const struct bench_count *c)
{
	return percent((double)c->hits, (double)(c->hits + c->misses));
}

double bench_index_percent(const struct bench_result *r)
{
	if (r->index_scans < 0 || r->seq_scans < 0)
		return NAN;
	return percent((double)r->index_scans, (double)(r->index_scans + r->seq_scans));
}

double bench_efficiency(const struct bench_result *r)
{
	return percent(r->busy, r->open);
}

static double mean_ms(const struct quantile *q)
{
	return quantile_mean(q) / 1e6;
}

static double at_ms(const struct quantile *q, double share)
{
	return quantile_at(q, share) / 1e6;
}

/* Those that dytop's own statements saw, and those of the whole database if that is more. */
static double deadlocks(const struct bench_result *r)
{
	return fmax((double)r->all.deadlocks, r->db_deadlocks < 0 ? 0 : (double)r->db_deadlocks);
}

void bench_targets(const struct bench_result *r, struct bench_target out[BENCH_TARGETS])
{
	double rate = bench_throughput(r, &r->all), mean = mean_ms(&r->all.time), hits = bench_hit_percent(&r->all);
	double locks = deadlocks(r), efficiency = bench_efficiency(r);

	out[0] = (struct bench_target){"throughput", ">= 1000 ops/s", 1000, rate, rate >= 1000};
	out[1] = (struct bench_target){"mean", "< 100 ms", 100, mean, mean < 100};
	out[2] = (struct bench_target){"hit_ratio", "> 95 %", 95, hits, hits > 95};
	out[3] = (struct bench_target){"deadlocks", "0", 0, locks, locks <= 0};
	out[4] = (struct bench_target){"connection_efficiency", "> 80 %", 80, efficiency, efficiency > 80};
}

/* --- text --------------------------------------------------------------------------------------------------------- */

/* What a figure is shown as. */
enum show { SHOW_MS, SHOW_PERCENT, SHOW_RATE, SHOW_COUNT };

static const char *shown(char out[UNIT_TEXT_MAX], enum show show, double value)
{
	if (!isfinite(value))
		snprintf(out, UNIT_TEXT_MAX, "-");
	else if (show == SHOW_MS)
		unit_format(out, UNIT_MS, value, 0);
	else if (show == SHOW_PERCENT)
		snprintf(out, UNIT_TEXT_MAX, "%.1f%%", value);
	else if (show == SHOW_RATE && value < 99.95)
		snprintf(out, UNIT_TEXT_MAX, "%.1f", value);
	else
		snprintf(out, UNIT_TEXT_MAX, "%.0f", value);
	return out;
}

struct line {
	const char *title, *claim; /* what the report says of before and after */
	enum show show;
	bool ratio, less;          /* a ratio is of use; less is better */
	double value[BENCH_VARIANTS];
};

static void add_line(struct buf *out, const struct line *l, int runs)
{
	char text[UNIT_TEXT_MAX];
	double ratio = l->less ? l->value[0] / l->value[1] : l->value[1] / l->value[0];

	buf_addf(out, "  %-24s", l->title);
	for (int i = 0; i < runs; i++)
		buf_addf(out, " %11s", shown(text, l->show, l->value[i]));
	if (runs > 1 && l->ratio && isfinite(ratio))
		buf_addf(out, "  x%-8.*f", ratio < 10 ? 2 : ratio < 100 ? 1 : 0, ratio);
	else if (runs > 1)
		buf_addf(out, "  %-9s", "");
	buf_addf(out, "  %s", l->claim);
	while (out->len > 0 && out->data[out->len - 1] == ' ')
		buf_cut(out, out->len - 1);
	buf_addc(out, '\n');
}

static void add_table(struct buf *out, const struct bench_report *r)
{
	struct line lines[] = {
		{"throughput, ops/s", "200 -> 1200", SHOW_RATE, true, false, {0}}, {"mean", "250ms -> 45ms", SHOW_MS, true, true, {0}},
		{"p50", "", SHOW_MS, true, true, {0}}, {"p95", "800ms -> 120ms", SHOW_MS, true, true, {0}},
		{"p99", "2s -> 300ms", SHOW_MS, true, true, {0}}, {"p99.9", "", SHOW_MS, true, true, {0}},
		{"max", "", SHOW_MS, true, true, {0}}, {"cache hit ratio", "none -> 96.5%", SHOW_PERCENT, false, false, {0}},
		{"scans that use an index", "45% -> 92%", SHOW_PERCENT, false, false, {0}},
		{"connection efficiency", "87% after", SHOW_PERCENT, false, false, {0}},
		{"connections, most open", "", SHOW_COUNT, false, false, {0}},
		{"wait for a connection", "", SHOW_MS, true, true, {0}}, {"deadlocks", "0 after", SHOW_COUNT, false, false, {0}},
		{"errors", "", SHOW_COUNT, false, false, {0}},
	};

	buf_addf(out, "  %-24s", "");
	for (int i = 0; i < r->runs; i++) {
		const struct bench_result *run = &r->run[i];
		const struct quantile *q = &run->all.time;
		const double values[] = {
			bench_throughput(run, &run->all), mean_ms(q), at_ms(q, 0.5), at_ms(q, 0.95), at_ms(q, 0.99), at_ms(q, 0.999),
			at_ms(q, 1), bench_hit_percent(&run->all), bench_index_percent(run), bench_efficiency(run), run->most,
			mean_ms(&run->wait), deadlocks(run), (double)run->all.errors,
		};

		for (size_t k = 0; k < ARRAY_LEN(lines); k++)
			lines[k].value[i] = values[k];
		buf_addf(out, " %11s", bench_variant_name(run->variant));
	}
	buf_addf(out, "%s  the report says\n", r->runs > 1 ? "  ratio    " : "");
	for (size_t k = 0; k < ARRAY_LEN(lines); k++)
		add_line(out, &lines[k], r->runs);
}

static void add_statements(struct buf *out, const struct bench_result *run, const struct bench_workload *w)
{
	char t[5][UNIT_TEXT_MAX], rate[UNIT_TEXT_MAX], hits[UNIT_TEXT_MAX], mean[UNIT_TEXT_MAX];
	static const double shares[] = {0.5, 0.95, 0.99, 0.999, 1};

	buf_addf(out, "\n  %-14s %8s %8s %8s %8s %8s %8s %8s %7s %6s\n", bench_variant_name(run->variant), "ops/s", "mean", "p50",
	         "p95", "p99", "p99.9", "max", "hits", "errors");
	for (int i = 0; i < run->count; i++) {
		const struct bench_count *c = &run->statement[i];

		if (c->time.count == 0 && c->errors == 0)
			continue;
		for (size_t k = 0; k < ARRAY_LEN(shares); k++)
			shown(t[k], SHOW_MS, at_ms(&c->time, shares[k]));
		buf_addf(out, "  %-14s %8s %8s %8s %8s %8s %8s %8s %7s %6lld\n", w->statement[i].name,
		         shown(rate, SHOW_RATE, bench_throughput(run, c)), shown(mean, SHOW_MS, mean_ms(&c->time)), t[0], t[1], t[2],
		         t[3], t[4], shown(hits, SHOW_PERCENT, bench_hit_percent(c)), (long long)c->errors);
	}
	for (int i = 0; i < run->fault_count; i++)
		buf_addf(out, "  %lld times: %s\n", (long long)run->fault[i].count, run->fault[i].text);
	if (run->cut)
		buf_addf(out, "  ended early, after %.1f s\n", run->window_ms / 1e3);
	if (run->not_begun > 0)
		buf_addf(out, "  %lld operations were due and not begun when the time was over: the rate was not reached, and the times above "
		              "are only those of what was served\n", (long long)run->not_begun);
}

static void add_targets(struct buf *out, const struct bench_result *run)
{
	static const enum show shows[BENCH_TARGETS] = {SHOW_RATE, SHOW_MS, SHOW_PERCENT, SHOW_COUNT, SHOW_PERCENT};
	struct bench_target target[BENCH_TARGETS];
	char text[UNIT_TEXT_MAX];
	int met = 0;

	bench_targets(run, target);
	buf_addf(out, "\n  Targets (%s)\n", bench_variant_name(run->variant));
	for (int i = 0; i < BENCH_TARGETS; i++) {
		char name[40];

		snprintf(name, sizeof name, "%s", target[i].name);
		for (char *c = name; *c; c++)
			*c = *c == '_' ? ' ' : *c;
		buf_addf(out, "  %-6s %-22s %-14s measured %s\n", target[i].met ? "met" : "MISSED", name, target[i].title,
		         shown(text, shows[i], target[i].measured));
		met += target[i].met;
	}
	buf_addf(out, "  %d of %d targets met\n", met, BENCH_TARGETS);
}

static void add_store(struct buf *out, const struct bench_result *run)
{
	const struct bench_store *s = &run->store;
	char part[UNIT_TEXT_MAX];

	if (!run->cached)
		return;
	buf_addf(out, "\n  Store: %lld misses, %s of them of what had just been invalidated, were %lld queries, %lld joined another's; %lld\n"
	              "  values put back, %lld too late, %lld given up as stale; %lld invalidated; %lld errors of Redis\n",
	         (long long)run->all.misses, shown(part, SHOW_PERCENT, percent((double)s->tombstones, (double)run->all.misses)),
	         (long long)s->queries, (long long)s->joined, (long long)s->sets, (long long)s->sets_late,
	         (long long)s->sets_stale, (long long)s->deletions, (long long)s->errors);
}

static void add_head(struct buf *out, const struct bench_report *r)
{
	buf_addf(out, "%s (%s) on %s, PostgreSQL %s%s%s\n", r->title, r->workload, r->server, r->version,
	         r->cache[0] ? ", cache " : "", r->cache);
	if (r->rows >= 0)
		buf_addf(out, "about %lld transactions; ", (long long)r->rows);
	if (r->rate > 0)
		buf_addf(out, "open loop at %.0f operations/s, at most %d at once", r->rate, r->clients);
	else
		buf_addf(out, "closed loop of %d clients", r->clients);
	buf_addf(out, ", %d to %d connections; %.0f s of warm-up, %.1f s measured\n\n", r->pool_min, r->pool_max, r->warmup_ms / 1e3,
	         r->runs > 0 ? r->run[r->runs - 1].window_ms / 1e3 : 0);
}

/* Little's law ties the closed loop's mean to its throughput; the report's own figures break it. */
static void add_note(struct buf *out, const struct bench_report *r)
{
	const struct bench_result *run = &r->run[r->runs - 1];
	double rate = bench_throughput(run, &run->all);

	if (r->rate > 0 || !(rate > 0))
		return;
	buf_addf(out, "\n  A closed loop of %d clients at %.0f ops/s has a mean of %d / %.0f = %.1f ms, whatever the server does (Little's\n"
	              "  law); a mean below 100 ms needs %d ops/s. The report's 1000 requests at 1200 ops/s would be 833 ms, not 45.\n",
	         r->clients, rate, r->clients, rate, r->clients * 1000.0 / rate, r->clients * 10);
}

void bench_report_text(struct buf *out, const struct bench_report *r, const struct bench_workload *w)
{
	const struct bench_result *last;
	double ops;

	if (r->runs < 1)
		return;
	last = &r->run[r->runs - 1];
	ops = (double)(last->all.time.count + (uint64_t)last->all.errors);
	add_head(out, r);
	add_table(out, r);
	for (int i = 0; i < r->runs; i++)
		add_statements(out, &r->run[i], w);
	add_store(out, last);
	add_targets(out, last);
	add_note(out, r);
	if (ops > 0)
		buf_addf(out, "  dytop itself: %.1f us of CPU per operation, %.1f MiB of memory\n", last->cpu_ms * 1e3 / ops,
		         (double)last->rss_bytes / 1048576);
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

static void put_times(struct json_writer *j, const char *key, const struct quantile *q)
{
	json_open_map(j, key);
	json_put_number(j, "mean", mean_ms(q));
	json_put_number(j, "p50", at_ms(q, 0.5));
	json_put_number(j, "p95", at_ms(q, 0.95));
	json_put_number(j, "p99", at_ms(q, 0.99));
	json_put_number(j, "p99.9", at_ms(q, 0.999));
	json_put_number(j, "max", at_ms(q, 1));
	json_close(j);
}

static void put_count(struct json_writer *j, const struct bench_result *r, const struct bench_count *c)
{
	json_put_int(j, "operations", (int64_t)c->time.count);
	json_put_number(j, "ops_per_s", bench_throughput(r, c));
	put_times(j, "ms", &c->time);
	json_put_int(j, "errors", c->errors);
	json_put_int(j, "deadlocks", c->deadlocks);
	json_put_int(j, "cache_hits", c->hits);
	json_put_int(j, "cache_misses", c->misses);
	json_put_int(j, "single_flight", c->shared);
	json_put_number(j, "hit_percent", bench_hit_percent(c));
}

static void put_unknown_int(struct json_writer *j, const char *key, int64_t value)
{
	if (value < 0)
		json_put_null(j, key);
	else
		json_put_int(j, key, value);
}

static void put_store(struct json_writer *j, const struct bench_result *r)
{
	const struct bench_store *s = &r->store;

	if (!r->cached) {
		json_put_null(j, "store");
		return;
	}
	json_open_map(j, "store");
	json_put_int(j, "queries", s->queries);
	json_put_int(j, "joined", s->joined);
	json_put_int(j, "tombstones", s->tombstones);
	json_put_int(j, "leased", s->leased);
	json_put_int(j, "undecodable", s->undecodable);
	json_put_int(j, "bypassed", s->bypassed);
	json_put_int(j, "sets", s->sets);
	json_put_int(j, "sets_late", s->sets_late);
	json_put_int(j, "sets_stale", s->sets_stale);
	json_put_int(j, "deletions", s->deletions);
	json_put_int(j, "errors", s->errors);
	json_close(j);
}

static void put_run(struct json_writer *j, const struct bench_result *r, const struct bench_workload *w)
{
	json_open_map(j, NULL);
	json_put_string(j, "variant", bench_variant_name(r->variant));
	json_put_bool(j, "cached", r->cached);
	json_put_number(j, "window_ms", r->window_ms);
	json_put_bool(j, "cut", r->cut);
	json_open_map(j, "all");
	put_count(j, r, &r->all);
	json_close(j);
	json_open_list(j, "statements");
	for (int i = 0; i < r->count; i++) {
		json_open_map(j, NULL);
		json_put_string(j, "name", w->statement[i].name);
		put_count(j, r, &r->statement[i]);
		json_close(j);
	}
	json_close(j);
	json_put_int(j, "not_begun", r->not_begun);
	put_store(j, r);
	json_open_map(j, "pool");
	json_put_number(j, "open", r->open);
	json_put_number(j, "busy", r->busy);
	json_put_int(j, "most", r->most);
	json_put_number(j, "efficiency_percent", bench_efficiency(r));
	put_times(j, "wait_ms", &r->wait);
	json_close(j);
	json_open_map(j, "database");
	put_unknown_int(j, "deadlocks", r->db_deadlocks);
	put_unknown_int(j, "index_scans", r->index_scans);
	put_unknown_int(j, "seq_scans", r->seq_scans);
	json_put_number(j, "index_percent", bench_index_percent(r));
	json_close(j);
	json_open_map(j, "self");
	json_put_number(j, "cpu_ms", r->cpu_ms);
	json_put_int(j, "rss_bytes", r->rss_bytes);
	json_close(j);
	json_open_list(j, "faults");
	for (int i = 0; i < r->fault_count; i++) {
		json_open_map(j, NULL);
		json_put_string(j, "text", r->fault[i].text);
		json_put_int(j, "count", r->fault[i].count);
		json_close(j);
	}
	json_close(j);
	json_close(j);
}

static void put_settings(struct json_writer *j, const struct bench_report *r)
{
	char when[32];

	clock_utc_text(r->started_us, when);
	json_put_string(j, "dytop", r->program);
	json_put_string(j, "started", when);
	json_put_string(j, "workload", r->workload);
	json_put_string(j, "title", r->title);
	json_put_string(j, "server", r->server);
	json_put_string(j, "server_version", r->version);
	json_put_string(j, "cache", r->cache[0] ? r->cache : NULL);
	put_unknown_int(j, "rows", r->rows);
	json_put_int(j, "clients", r->clients);
	json_put_number(j, "rate", r->rate > 0 ? r->rate : NAN);
	json_put_number(j, "warmup_ms", r->warmup_ms);
	json_put_int(j, "pool_min", r->pool_min);
	json_put_int(j, "pool_max", r->pool_max);
}

void bench_report_json(struct buf *out, const struct bench_report *r, const struct bench_workload *w)
{
	struct bench_target target[BENCH_TARGETS];
	struct json_writer j;

	json_begin(&j, out, true);
	json_open_map(&j, NULL);
	json_put_int(&j, "dytop_bench", BENCH_JSON_VERSION);
	put_settings(&j, r);
	json_open_list(&j, "runs");
	for (int i = 0; i < r->runs; i++)
		put_run(&j, &r->run[i], w);
	json_close(&j);
	json_open_list(&j, "targets");
	if (r->runs > 0)
		bench_targets(&r->run[r->runs - 1], target);
	for (int i = 0; r->runs > 0 && i < BENCH_TARGETS; i++) {
		json_open_map(&j, NULL);
		json_put_string(&j, "name", target[i].name);
		json_put_number(&j, "target", target[i].target);
		json_put_string(&j, "text", target[i].title);
		json_put_number(&j, "measured", target[i].measured);
		json_put_bool(&j, "met", target[i].met);
		json_close(&j);
	}
	json_close(&j);
	json_close(&j);
	buf_addc(out, '\n');
}
