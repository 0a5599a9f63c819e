/* SPDX-License-Identifier: PostgreSQL */
/* Plans read, worked out, hinted and compared: by real plans of 13 to 18 and by small ones made up for one figure each. */
#include "insight/plan.h"

#include <math.h>

#include "plans.h"
#include "unit.h"

static const int versions[] = {13, 14, 15, 16, 17, 18};

static int find(const struct plan *p, const char *name)
{
	for (int i = 0; i < p->count; i++)
		if (strstr(p->node[i].name, name))
			return i;
	ck_abort_msg("no node %s", name);
}

static const struct plan_hint *hint(const struct plan *p, enum plan_hint_kind kind)
{
	for (int i = 0; i < p->hint_count; i++)
		if (p->hint[i].kind == kind)
			return &p->hint[i];
	return NULL;
}

/* The hint is there, and says all of these words (parted by '|'). */
static void says(const struct plan *p, enum plan_hint_kind kind, const char *words)
{
	const struct plan_hint *h = hint(p, kind);
	char copy[512], *save = NULL;

	ck_assert_msg(h != NULL, "no hint %s", plan_hint_name(kind));
	snprintf(copy, sizeof(copy), "%s", words);
	for (char *word = strtok_r(copy, "|", &save); word; word = strtok_r(NULL, "|", &save))
		ck_assert_msg(strstr(h->text, word) != NULL, "'%s' is not in: %s", word, h->text);
}

static void near(double have, double want)
{
	ck_assert_msg(fabs(have - want) < 0.01 * (fabs(want) + 0.01), "%g is not %g", have, want);
}

/* --- every plan that we have ------------------------------------------------------------------------------------------------ */

static void check_tree(const struct plan *p, const char *name)
{
	double cost = 0;

	for (int i = 0; i < p->count; i++) {
		const struct plan_node *n = &p->node[i];

		ck_assert_int_gt(n->end, i);
		ck_assert_int_le(n->end, p->count);
		ck_assert_int_lt(n->parent, i);
		ck_assert_int_eq(n->depth, n->parent < 0 ? 0 : p->node[n->parent].depth + 1);
		if (n->parent >= 0)
			ck_assert_int_le(n->end, p->node[n->parent].end);
		ck_assert_msg(n->cost_share > -0.001 && n->cost_share < 100.001, "%s: %g", name, n->cost_share);
		cost += n->cost_share;
		if (p->timed && !isnan(n->ms))
			ck_assert_msg(n->self_ms >= 0 && n->self_ms <= n->ms + 1e-9, "%s: %s: %g of %g", name, n->name, n->self_ms, n->ms);
		if (p->buffered && !isnan(n->buffers.hit))
			ck_assert(n->self.hit >= 0 && n->self.hit <= n->buffers.hit);
	}
	if (p->node[0].total_cost > 0)
		ck_assert_msg(fabs(cost - 100) < 0.01, "%s: the shares sum up to %g", name, cost);
}

START_TEST(all)
{
	for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
		struct plans_entry e;
		struct plans s;

		plans_open(&s, versions[v]);
		while (plans_next(&s, &e)) {
			struct plan *p = plans_parse(e.json);
			struct plan_diff *d = plan_diff(p, p);

			check_tree(p, e.name);
			ck_assert_int_eq(p->since_18, versions[v] >= 18);
			ck_assert(d->same_shape && d->changed == 0 && d->count == p->count);
			plan_diff_free(d);
			plan_free(p);
		}
		plans_close(&s);
	}
}
END_TEST

START_TEST(fields)
{
	struct plan *p = plans_load("joins", 15);
	const struct plan_node *n;

	ck_assert(p->analyzed && p->timed && p->buffered && !p->verbose);
	n = &p->node[find(p, "Hash Left Join")];
	ck_assert_str_eq(n->type, "Hash Join");
	ck_assert_str_eq(n->join, "Left");
	ck_assert_str_eq(plan_note(n, "Hash Cond"), "(t.id = c.id)");
	n = &p->node[find(p, "Seq Scan on u")];
	ck_assert_str_eq(n->relation, "u");
	ck_assert_int_eq(n->link, PLAN_OUTER);
	near(n->actual_rows, 40000);
	near(n->loops, 1);
	plan_free(p);

	p = plans_load("odd", 15);
	ck_assert_str_eq(p->node[0].name, "Index Scan using \"Odd Index\" on \"Select \"\"me\"\"\" \"X y\"");
	plan_free(p);
	p = plans_load("odd", 13); /* 13 quotes the name of the index itself */
	ck_assert_str_eq(p->node[0].name, "Index Scan using \"Odd Index\" on \"Select \"\"me\"\"\" \"X y\"");
	plan_free(p);
	p = plans_load("sets", 15);
	ck_assert_ptr_nonnull(plan_note(&p->node[0], "Group Key"));
	plan_free(p);
	p = plans_load("pruned", 18);
	near(p->node[0].subplans_removed, 2);
	plan_free(p);
}
END_TEST

/* Each process of a parallel part has its own time; on the clock it is their average. */
START_TEST(workers)
{
	struct plan *p = plans_load("workers", 15);
	const struct plan_node *gather = &p->node[find(p, "Gather")], *n = &p->node[find(p, "Partial Aggregate")];

	near(gather->processes, 1);
	near(n->processes, n->loops);
	near(n->ms, n->total_ms);
	ck_assert(n->ms <= gather->ms);
	near(gather->workers_planned, 2);
	plan_free(p);
}
END_TEST

/* Time below a CTE or an InitPlan belongs to who asked for it, once. */
START_TEST(initplans)
{
	struct plan *p = plans_parse(
		"[{\"Plan\": {\"Node Type\": \"Nested Loop\", \"Join Type\": \"Inner\", \"Total Cost\": 100, \"Actual Total Time\": 100, \"Actual Loops\": 1, \"Actual Rows\": 1, \"Plans\": ["
		"{\"Node Type\": \"Seq Scan\", \"Parent Relationship\": \"InitPlan\", \"Subplan Name\": \"CTE x\", \"Total Cost\": 50, \"Actual Total Time\": 60, \"Actual Loops\": 1},"
		"{\"Node Type\": \"Seq Scan\", \"Parent Relationship\": \"InitPlan\", \"Subplan Name\": \"InitPlan 2 (returns $1)\", \"Total Cost\": 10, \"Actual Total Time\": 10, \"Actual Loops\": 1},"
		"{\"Node Type\": \"CTE Scan\", \"Parent Relationship\": \"Outer\", \"CTE Name\": \"x\", \"Total Cost\": 20, \"Actual Total Time\": 65, \"Actual Loops\": 1},"
		"{\"Node Type\": \"Seq Scan\", \"Parent Relationship\": \"Inner\", \"Filter\": \"(a = $1)\", \"Total Cost\": 20, \"Actual Total Time\": 30, \"Actual Loops\": 1}"
		"]}}]");

	near(p->node[1].self_ms, 60);
	near(p->node[2].self_ms, 10);
	near(p->node[3].self_ms, 5);  /* 65 less the CTE's 60 */
	near(p->node[4].self_ms, 20); /* 30 less the InitPlan's 10, which its filter names */
	near(p->node[0].self_ms, 5);  /* 100 less 65 and 30 */
	plan_free(p);
}
END_TEST

/* The inner side of a nested loop is paid for once a row; under a Limit the parts are cut to the whole. */
START_TEST(costs)
{
	struct plan *p = plans_parse(
		"{\"Plan\": {\"Node Type\": \"Nested Loop\", \"Join Type\": \"Inner\", \"Total Cost\": 1000, \"Plan Rows\": 90, \"Plans\": ["
		"{\"Node Type\": \"Seq Scan\", \"Parent Relationship\": \"Outer\", \"Total Cost\": 50, \"Plan Rows\": 90},"
		"{\"Node Type\": \"Index Scan\", \"Parent Relationship\": \"Inner\", \"Total Cost\": 10, \"Plan Rows\": 1}]}}");

	near(p->node[0].cost_share, 5);
	near(p->node[1].cost_share, 5);
	near(p->node[2].cost_share, 90);
	ck_assert(p->node[2].costliest && p->node[0].costliest && !p->node[1].costliest);
	plan_free(p);
	p = plans_load("limit", 15);
	near(p->node[1].cost_share, 100);
	ck_assert(isnan(p->node[0].time_share));
	plan_free(p);
}
END_TEST

/* --- hints ------------------------------------------------------------------------------------------------------------------ */

START_TEST(hints_of_real_plans)
{
	for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
		struct plan *p = plans_load("seq", versions[v]);

		says(p, PLAN_HINT_SEQ_FILTER, "reads all of t|20.0k rows|99.1%|pending");
		says(p, PLAN_HINT_CAST, "lower(...)");
		plan_free(p);
		p = plans_load("spill", versions[v]);
		says(p, PLAN_HINT_SPILL_SORT, "on disk|MB|work_mem");
		says(p, PLAN_HINT_SPILL_HASH, "batches");
		plan_free(p);
		p = plans_load("groups", versions[v]);
		says(p, PLAN_HINT_SPILL_AGGREGATE, "groups on disk");
		plan_free(p);
		p = plans_load("nested", versions[v]);
		says(p, PLAN_HINT_NESTED_LOOP, "times");
		plan_free(p);
		p = plans_load("lossy", versions[v]);
		says(p, PLAN_HINT_LOSSY, "blocks of the bitmap are lossy|in vain");
		plan_free(p);
		p = plans_load("indexonly", versions[v]);
		says(p, PLAN_HINT_HEAP_FETCHES, "fetched from the table|visibility map|VACUUM u");
		plan_free(p);
		p = plans_load("disabled", versions[v]);
		says(p, PLAN_HINT_DISABLED, "enable_");
		plan_free(p);
		p = plans_load("never", versions[v]);
		says(p, PLAN_HINT_NEVER_RUN, "never executed");
		plan_free(p);
	}
}
END_TEST

/* Plans that are as they should be get none. */
START_TEST(no_hints)
{
	static const char *const good[] = {"limit", "backward", "tid", "sample", "union", "merge", "settings", "nocosts", "functions",
	                                   "verbose", "odd", "recursive", "onetime", "notiming", "locked", "distinct"};

	for (size_t v = 0; v < ARRAY_LEN(versions); v++)
		for (size_t i = 0; i < ARRAY_LEN(good); i++) {
			struct plan *p = plans_load(good[i], versions[v]);

			ck_assert_msg(p->hint_count == 0, "%s %d: %s", good[i], versions[v], p->hint[0].text);
			plan_free(p);
		}
}
END_TEST

/* A scan with a filter, as its figures say. */
static struct plan *scan(const char *figures)
{
	char text[2048];

	snprintf(text, sizeof(text), "{\"Plan\": {\"Node Type\": \"Seq Scan\", \"Relation Name\": \"t\", %s}}", figures);
	return plans_parse(text);
}

START_TEST(thresholds)
{
	static const struct { const char *figures; enum plan_hint_kind kind; bool hinted; } cases[] = {
		{"\"Total Cost\": 18334, \"Plan Rows\": 33, \"Filter\": \"(a = 1)\"", PLAN_HINT_SEQ_FILTER, true},
		{"\"Total Cost\": 18334, \"Plan Rows\": 900000, \"Filter\": \"(a = 1)\"", PLAN_HINT_SEQ_FILTER, false},
		{"\"Total Cost\": 18, \"Plan Rows\": 1, \"Filter\": \"(a = 1)\"", PLAN_HINT_SEQ_FILTER, false},
		{"\"Total Cost\": 18334, \"Plan Rows\": 33", PLAN_HINT_SEQ_FILTER, false},
		/* no size of the table, nothing of rows removed: no word about it */
		{"\"Filter\": \"(a = 1)\"", PLAN_HINT_SEQ_FILTER, false},
		{"\"Total Cost\": 9000, \"Plan Rows\": 1, \"Filter\": \"((id)::numeric = 5.0)\"", PLAN_HINT_CAST, true},
		{"\"Total Cost\": 9000, \"Plan Rows\": 1, \"Filter\": \"((created)::date = '2026-01-01'::date)\"", PLAN_HINT_CAST, true},
		/* varchar as text uses a plain index all the same */
		{"\"Total Cost\": 9000, \"Plan Rows\": 1, \"Filter\": \"((email)::text = 'a'::text)\"", PLAN_HINT_CAST, false},
		{"\"Total Cost\": 9000, \"Plan Rows\": 1, \"Filter\": \"(id = ('5')::numeric)\"", PLAN_HINT_CAST, false},
		{"\"Total Cost\": 9, \"Plan Rows\": 1, \"Actual Rows\": 5000, \"Actual Loops\": 1", PLAN_HINT_MISESTIMATE, true},
		{"\"Total Cost\": 9, \"Plan Rows\": 5000, \"Actual Rows\": 1, \"Actual Loops\": 1", PLAN_HINT_MISESTIMATE, true},
		{"\"Total Cost\": 9, \"Plan Rows\": 1000, \"Actual Rows\": 5000, \"Actual Loops\": 1", PLAN_HINT_MISESTIMATE, false},
		{"\"Total Cost\": 9, \"Plan Rows\": 1, \"Actual Rows\": 50, \"Actual Loops\": 1", PLAN_HINT_MISESTIMATE, false},
		{"\"Total Cost\": 9, \"Plan Rows\": 1, \"Actual Rows\": 0, \"Actual Loops\": 0", PLAN_HINT_MISESTIMATE, false},
		{"\"Actual Loops\": 1, \"Shared Hit Blocks\": 10, \"Shared Read Blocks\": 20000", PLAN_HINT_READ, true},
		{"\"Actual Loops\": 1, \"Shared Hit Blocks\": 100000, \"Shared Read Blocks\": 20000", PLAN_HINT_READ, false},
		{"\"Total Cost\": 10000000005.0, \"Plan Rows\": 1", PLAN_HINT_DISABLED, true},
		{"\"Total Cost\": 10000000005.0, \"Plan Rows\": 1, \"Disabled\": false", PLAN_HINT_DISABLED, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct plan *p = scan(cases[i].figures);

		ck_assert_msg((hint(p, cases[i].kind) != NULL) == cases[i].hinted, "%s: %s", cases[i].figures,
		              p->hint_count ? p->hint[0].text : "no hint");
		plan_free(p);
	}
}
END_TEST

/* Fewer rows than planned mean nothing where nobody asked for more. */
START_TEST(below_a_limit)
{
	struct plan *p = plans_load("backward", 15);

	ck_assert(isnan(p->node[1].misestimate));
	ck_assert_ptr_null(hint(p, PLAN_HINT_MISESTIMATE));
	plan_free(p);
}
END_TEST

START_TEST(whole_plan)
{
	static const char base[] = "[{\"Plan\": {\"Node Type\": \"Result\", \"Actual Loops\": 1}, %s}]";
	char text[512];
	struct plan *p;

	snprintf(text, sizeof(text), base, "\"JIT\": {\"Functions\": 9, \"Timing\": {\"Total\": 350.5}}, \"Execution Time\": 400");
	p = plans_parse(text);
	says(p, PLAN_HINT_JIT, "351ms|400ms|9 functions");
	plan_free(p);
	snprintf(text, sizeof(text), base, "\"JIT\": {\"Functions\": 9, \"Timing\": {\"Total\": 350.5}}, \"Execution Time\": 4000");
	p = plans_parse(text);
	ck_assert_int_eq(p->hint_count, 0);
	plan_free(p);
	snprintf(text, sizeof(text), base, "\"JIT\": {\"Functions\": 9, \"Timing\": {\"Total\": 350.5}}");
	p = plans_parse(text); /* nothing to compare it with */
	ck_assert_int_eq(p->hint_count, 0);
	plan_free(p);
	snprintf(text, sizeof(text), base, "\"Planning Time\": 300, \"Execution Time\": 2, \"Query Identifier\": -9223372036854775807");
	p = plans_parse(text);
	says(p, PLAN_HINT_PLANNING, "300ms|2.0ms");
	ck_assert_str_eq(p->query_id, "-9223372036854775807");
	plan_free(p);
}
END_TEST

/* --- two plans ---------------------------------------------------------------------------------------------------------------- */

/* The same statement has the same shape on every server, whatever the versions say beside it. */
START_TEST(shape_across_versions)
{
	static const char *const same[] = {"limit", "seq", "partitions", "indexonly", "backward", "odd"};

	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		struct plan *p = plans_load(same[i], 14);

		for (size_t v = 1; v < ARRAY_LEN(versions); v++) {
			struct plan *q = plans_load(same[i], versions[v]);

			ck_assert_msg(p->shape == q->shape, "%s of %d", same[i], versions[v]);
			plan_free(q);
		}
		plan_free(p);
	}
}
END_TEST

START_TEST(after_an_index)
{
	struct plan *a = plans_parse(
		"{\"Plan\": {\"Node Type\": \"Limit\", \"Total Cost\": 18337, \"Plans\": [{\"Node Type\": \"Sort\", \"Parent Relationship\": \"Outer\", \"Total Cost\": 18337, \"Plans\": ["
		"{\"Node Type\": \"Seq Scan\", \"Parent Relationship\": \"Outer\", \"Relation Name\": \"t\", \"Alias\": \"t\", \"Total Cost\": 18334}]}]}}");
	struct plan *b = plans_parse(
		"{\"Plan\": {\"Node Type\": \"Limit\", \"Total Cost\": 12.4, \"Plans\": ["
		"{\"Node Type\": \"Index Scan\", \"Parent Relationship\": \"Outer\", \"Relation Name\": \"t\", \"Alias\": \"t\", \"Index Name\": \"i\", \"Total Cost\": 12.4}]}}");
	struct plan_diff *d = plan_diff(a, b);
	struct buf words = BUF_INIT(4096);

	ck_assert(!d->same_shape);
	ck_assert_int_eq(d->count, 3);
	ck_assert_int_eq(d->pair[0].change, PLAN_SAME);
	ck_assert_int_eq(d->pair[1].change, PLAN_GONE);
	ck_assert_int_eq(d->pair[2].change, PLAN_CHANGED);
	near(d->cost_ratio, 12.4 / 18337);
	plan_diff_words(d, a, b, &words);
	ck_assert_str_eq(buf_text(&words), "another shape: Seq Scan on t -> Index Scan using i on t, no more Sort; "
	                                   "cost 18337 -> 12.40 (1479 times less)");
	plan_diff_free(d);
	buf_release(&words);
	plan_free(a);
	plan_free(b);
}
END_TEST

/* --- hostile ------------------------------------------------------------------------------------------------------------------ */

static int refuse(const char *text, size_t len, const char *word)
{
	struct plan *p = NULL;
	struct err why = {0};
	int rc = plan_parse(&p, text, len, &why);

	ck_assert_msg(rc < 0, "it was read");
	ck_assert_msg(strstr(why.text, word) != NULL, "%s", why.text);
	ck_assert_ptr_null(p);
	return rc;
}

static struct buf nested(int depth)
{
	struct buf text = BUF_INIT(32 << 20);

	buf_adds(&text, "{\"Plan\": ");
	for (int i = 0; i < depth; i++)
		buf_adds(&text, "{\"Node Type\": \"Limit\", \"Total Cost\": 1, \"Plans\": [");
	for (int i = 0; i < depth; i++)
		buf_adds(&text, "]}");
	buf_adds(&text, "}");
	return text;
}

START_TEST(hostile)
{
	static const char *const no_plan[] = {"{}", "[]", "[[]]", "null", "3", "[{\"Plan\": null}]", "{\"Plan\": 3}", "{\"Plan\": []}"};
	static const char *const odd[] = { /* read, and nothing breaks */
		"{\"Plan\": {}}", "{\"Plan\": {\"Plans\": 3}}", "{\"Plan\": {\"Node Type\": 7, \"Total Cost\": \"x\", \"Filter\": [[]]}}",
		"{\"Plan\": {\"Node Type\": \"Seq Scan\", \"Total Cost\": -5, \"Plan Rows\": 1e999}}",
		"{\"Plan\": {\"Node Type\": \"Sort\", \"Workers\": [3, {\"Sort Space Type\": \"Disk\"}], \"Grouping Sets\": [1, [2]]}}",
		"{\"Node Type\": \"Result\"}",
		"{\"Plan\": {\"Node Type\": \"A\", \"Subplan Name\": \"InitPlan\", \"Plans\": [{\"Parent Relationship\": \"InitPlan\", \"Subplan Name\": \"CTE \"}]}}"};
	struct buf text;
	struct plan *p;

	for (size_t i = 0; i < ARRAY_LEN(no_plan); i++)
		refuse(no_plan[i], strlen(no_plan[i]), i < 5 ? "no plan" : "no map");
	ck_assert_int_eq(refuse("[{\"Plan\": {", 11, "ends too early"), ERR_INVALID);
	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		plan_free(plans_parse(odd[i]));

	text = nested(10000);
	ck_assert_int_eq(refuse(buf_text(&text), text.len, "nested too deep"), ERR_INVALID);
	buf_release(&text);
	text = nested(PLAN_DEPTH_MAX);
	p = plans_parse(buf_text(&text));
	ck_assert_int_eq(p->count, PLAN_DEPTH_MAX);
	plan_free(p);
	buf_release(&text);
	text = nested(PLAN_DEPTH_MAX + 1);
	ck_assert_int_eq(refuse(buf_text(&text), text.len, "deeper than"), ERR_TOO_BIG);
	buf_release(&text);
}
END_TEST

/* The largest plan that is read at all: hundreds of thousands of figures, hints looked for in each, in less than a test's time. */
START_TEST(wide)
{
	struct buf text = BUF_INIT(PLAN_BYTES_MAX * 2);
	struct plan_diff *d;
	struct plan *p;

	buf_adds(&text, "{\"Plan\": {\"Node Type\": \"Append\", \"Total Cost\": 9e9, \"Plans\": [");
	for (int i = 0; i < PLAN_NODES_MAX - 1; i++)
		buf_addf(&text, "%s{\"Node Type\": \"CTE Scan\", \"CTE Name\": \"c%d\", \"Parent Relationship\": \"%s\", \"Subplan Name\": \"%s %d\", "
		         "\"Total Cost\": 9e5, \"Plan Rows\": 1, \"Actual Loops\": 1, \"Actual Total Time\": 1, \"Actual Rows\": 9000, "
		         "\"Filter\": \"(lower(x) = hashed SubPlan %d)\"}", i ? "," : "", i, i % 2 ? "SubPlan" : "InitPlan",
		         i % 2 ? "SubPlan" : "InitPlan", i, i);
	buf_adds(&text, "]}}");
	ck_assert(!text.failed);
	p = plans_parse(buf_text(&text));
	ck_assert_int_eq(p->count, PLAN_NODES_MAX);
	d = plan_diff(p, p);
	ck_assert_int_eq(d->count, PLAN_NODES_MAX * 2 - PLAN_DIFF_NODES);
	plan_diff_free(d);
	plan_free(p);
	buf_release(&text);

	buf_adds(&text, "[{\"Plan\": {\"Node Type\": \"");
	while (text.len <= PLAN_BYTES_MAX)
		buf_adds(&text, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	ck_assert_int_eq(refuse(buf_text(&text), text.len, "over"), ERR_TOO_BIG);
	buf_release(&text);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {all, fields, workers, initplans, costs, hints_of_real_plans, no_hints, thresholds, below_a_limit,
	                              whole_plan, shape_across_versions, after_an_index, hostile, wide};

	return unit_run("plan", cases, ARRAY_LEN(cases));
}
