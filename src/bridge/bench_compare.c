/* SPDX-License-Identifier: PostgreSQL */
/* Two reports side by side. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bridge/bench_report.h"
#include "core/clean.h"
#include "core/units.h"
#include "model/json.h"

struct side {
	const char *name;
	struct json *root;
	const struct json *run;  /* the last one */
};

static int open_side(struct side *s, const char *name, struct str text, struct err *why)
{
	const struct json *runs, *run;
	int64_t version;
	int rc = json_parse(&s->root, text.at, text.len, BENCH_JSON_MAX, why);

	s->name = name;
	if (rc < 0) {
		s->root = NULL;
		return err_prefix(why, "%s", name);
	}
	if (!json_int(json_get(s->root, "dytop_bench"), &version))
		return err_set(why, ERR_INVALID, "%s: no report of dytop bench --json", name);
	if (version != BENCH_JSON_VERSION)
		return err_set(why, ERR_INVALID, "%s: a report of version %lld, this dytop reads version %d", name, (long long)version,
		               BENCH_JSON_VERSION);
	runs = json_get(s->root, "runs");
	for (run = json_child(runs); run; run = json_next(run))
		s->run = run;
	return s->run ? 0 : err_set(why, ERR_INVALID, "%s: it has no run", name);
}

static void add_text(struct buf *out, const struct json *n)
{
	const char *text = json_text(n);
	double number = json_number(n);

	if (text)
		clean_text(out, text, strnlen(text, 200), CLEAN_LINE);
	else if (isfinite(number))
		buf_addf(out, "%g", number);
	else
		buf_addc(out, '-');
}

/* Settings that differ: two runs of different things are no before and after. */
static void add_differences(struct buf *out, const struct side side[2])
{
	static const char *const keys[] = {"workload", "server", "server_version", "cache", "rows", "clients", "rate", "pool_max", "dytop"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct buf a = BUF_INIT(4096), b = BUF_INIT(4096);

		add_text(&a, json_get(side[0].root, keys[i]));
		add_text(&b, json_get(side[1].root, keys[i]));
		if (strcmp(buf_text(&a), buf_text(&b)) != 0)
			buf_addf(out, "  differs: %s: %s, %s\n", keys[i], buf_text(&a), buf_text(&b));
		buf_release(&a);
		buf_release(&b);
	}
}

static const char *shown(char out[UNIT_TEXT_MAX], enum unit unit, double value)
{
	if (unit == UNIT_PERCENT && isfinite(value))
		snprintf(out, UNIT_TEXT_MAX, "%.1f%%", value);
	else if (unit != UNIT_MS && isfinite(value))
		snprintf(out, UNIT_TEXT_MAX, "%.*f", value < 99.95 && unit == UNIT_RATE ? 1 : 0, value);
	else
		unit_format(out, unit, value, 0);
	return out;
}

static void add_row(struct buf *out, const char *title, enum unit unit, double a, double b)
{
	char ta[UNIT_TEXT_MAX], tb[UNIT_TEXT_MAX];

	buf_addf(out, "  %-26s %12s %12s", title, shown(ta, unit, a), shown(tb, unit, b));
	if (unit != UNIT_PERCENT && unit != UNIT_NONE && isfinite(b / a))
		buf_addf(out, "   x%.3f", b / a);
	else if (unit != UNIT_MS && unit != UNIT_RATE && isfinite(b - a))
		buf_addf(out, "   %+.*f", unit == UNIT_PERCENT ? 1 : 0, b - a);
	buf_addc(out, '\n');
}

static double number_at(const struct json *map, const char *outer, const char *inner)
{
	return json_number(json_get(outer ? json_get(map, outer) : map, inner));
}

static void add_count(struct buf *out, const char *title, const struct json *a, const struct json *b)
{
	static const char *const times[] = {"mean", "p50", "p95", "p99", "p99.9", "max"};

	buf_addf(out, "\n  %s\n", title);
	add_row(out, "  ops/s", UNIT_RATE, number_at(a, NULL, "ops_per_s"), number_at(b, NULL, "ops_per_s"));
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		char name[16];

		snprintf(name, sizeof name, "  %s", times[i]);
		add_row(out, name, UNIT_MS, number_at(a, "ms", times[i]), number_at(b, "ms", times[i]));
	}
	if (isfinite(number_at(a, NULL, "hit_percent")) || isfinite(number_at(b, NULL, "hit_percent")))
		add_row(out, "  cache hits", UNIT_PERCENT, number_at(a, NULL, "hit_percent"), number_at(b, NULL, "hit_percent"));
	add_row(out, "  errors", UNIT_NONE, number_at(a, NULL, "errors"), number_at(b, NULL, "errors"));
}

static const struct json *statement_of(const struct json *run, const char *name)
{
	for (const struct json *n = json_child(json_get(run, "statements")); n; n = json_next(n))
		if (json_text(json_get(n, "name")) && strcmp(json_text(json_get(n, "name")), name) == 0)
			return n;
	return NULL;
}

static void add_sides(struct buf *out, const struct side side[2])
{
	for (int i = 0; i < 2; i++) {
		buf_addf(out, "%c  %s: ", i ? 'B' : 'A', side[i].name);
		add_text(out, json_get(side[i].root, "workload"));
		buf_adds(out, " ");
		add_text(out, json_get(side[i].run, "variant"));
		buf_adds(out, " on ");
		add_text(out, json_get(side[i].root, "server"));
		buf_adds(out, ", ");
		add_text(out, json_get(side[i].root, "started"));
		buf_addc(out, '\n');
	}
	add_differences(out, side);
	buf_addf(out, "\n  %-26s %12s %12s   B / A\n", "", "A", "B");
	add_count(out, "all", json_get(side[0].run, "all"), json_get(side[1].run, "all"));
	add_row(out, "  connection efficiency", UNIT_PERCENT, number_at(side[0].run, "pool", "efficiency_percent"),
	        number_at(side[1].run, "pool", "efficiency_percent"));
	for (const struct json *n = json_child(json_get(side[0].run, "statements")); n; n = json_next(n)) {
		const char *name = json_text(json_get(n, "name"));
		const struct json *other = name ? statement_of(side[1].run, name) : NULL;

		if (other && (json_number(json_get(n, "operations")) > 0 || json_number(json_get(other, "operations")) > 0)) {
			struct buf clean = BUF_INIT(1024);

			clean_text(&clean, name, strnlen(name, 64), CLEAN_LINE);
			add_count(out, buf_text(&clean), n, other);
			buf_release(&clean);
		}
	}
}

int bench_compare(struct buf *out, const char *name_a, struct str a, const char *name_b, struct str b, struct err *why)
{
	struct side side[2] = {{0}};
	int rc = open_side(&side[0], name_a, a, why);

	if (rc == 0)
		rc = open_side(&side[1], name_b, b, why);
	if (rc == 0)
		add_sides(out, side);
	json_free(side[0].root);
	json_free(side[1].root);
	return rc;
}
