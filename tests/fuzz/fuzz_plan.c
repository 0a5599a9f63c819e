/* SPDX-License-Identifier: PostgreSQL */
/* Whatever is read as a plan can be drawn, narrow and wide, compared with another one, and comes out clean. */
#include "fuzz.h"

#include <string.h>

#include "core/clean.h"
#include "insight/plan_show.h"

const char *const fuzz_folder = NULL;
const char *const fuzz_seeds[] = {
	"[{\"Plan\": {\"Node Type\": \"Limit\", \"Startup Cost\": 0.29, \"Total Cost\": 20.99, \"Plan Rows\": 5, \"Plan Width\": 62, \"Actual Rows\": 1, "
	"\"Actual Loops\": 3, \"Actual Total Time\": 0.5, \"Plans\": [{\"Node Type\": \"Index Scan\", \"Parent Relationship\": \"Outer\", "
	"\"Scan Direction\": \"Backward\", \"Index Name\": \"i\", \"Relation Name\": \"t\", \"Alias\": \"t\", \"Total Cost\": 828.29, "
	"\"Filter\": \"(status = 'pending'::text)\", \"Rows Removed by Filter\": 20000, \"Actual Loops\": 3, \"Actual Rows\": 1}]}, "
	"\"Planning Time\": 0.1, \"Execution Time\": 3.1, \"JIT\": {\"Functions\": 3, \"Timing\": {\"Total\": 90}}, \"Triggers\": [{\"Trigger Name\": \"x\", \"Time\": 3}]}]",
	"{\"Plan\": {\"Node Type\": \"Nested Loop\", \"Join Type\": \"Left\", \"Inner Unique\": true, \"Plans\": [{\"Node Type\": \"Sort\", "
	"\"Parent Relationship\": \"InitPlan\", \"Subplan Name\": \"CTE x\", \"Sort Key\": [\"a\", \"b DESC\"], \"Sort Method\": \"external merge\", "
	"\"Sort Space Used\": 900, \"Sort Space Type\": \"Disk\", \"Workers\": [{\"Worker Number\": 0, \"Sort Method\": \"quicksort\"}]}, "
	"{\"Node Type\": \"CTE Scan\", \"Parent Relationship\": \"Outer\", \"CTE Name\": \"x\", \"Plan Rows\": 9}, "
	"{\"Node Type\": \"Aggregate\", \"Strategy\": \"Mixed\", \"Parent Relationship\": \"SubPlan\", \"Subplan Name\": \"SubPlan 2\", "
	"\"Grouping Sets\": [{\"Sort Key\": [\"k\"], \"Group Keys\": [[\"k\"], []]}], \"HashAgg Batches\": 5, \"Disk Usage\": 100}]}}",
	"{\"Plan\": {\"Node Type\": \"ModifyTable\", \"Operation\": \"Merge\", \"Tuples Inserted\": 1, \"Tuples Skipped\": 2, "
	"\"Target Tables\": [{\"Relation Name\": \"p\", \"Alias\": \"q\"}]}, \"Settings\": {\"a\": \"b\"}, \"Serialization\": {\"Time\": 1}}",
	NULL,
};
const char *const fuzz_words[] = {
	"{",    "}",    "[",    "]",       ":",        ",",       "\"",      "null",          "\"Plans\": [", "\"Plan\": {", "\\u001b",
	"1e99", "-1",   "0",    "1e-9",    "\xFF",     "\\n",     "\\t",     "\xE2\x80\xAE", "\"Workers\"",  "\"Disabled\": true",
	"$1",   "Inner", "InitPlan", "SubPlan", "CTE Scan", "Gather", "Materialize", NULL,
};

static void check_clean(const struct buf *out)
{
	const char *line = buf_text(out);

	for (const char *end = strchr(line, '\n'); end; line = end + 1, end = strchr(line, '\n')) {
		/* blanks in a row are layout */
		for (const char *c = line; c < end; c++)
			FUZZ_REQUIRE((unsigned char)*c >= ' ' && *c != 0x7f);
	}
}

static void draw(const struct plan *p, const struct plan *other)
{
	static const char *const title[2] = {"a", "b"};
	static const int width[] = {1, 24, 80, 140};

	for (size_t i = 0; i < sizeof(width) / sizeof(width[0]); i++) {
		struct plan_style style = {.width = width[i], .ascii = i % 2};
		struct buf out = BUF_INIT(8 << 20);

		plan_tree(&out, p, &style);
		plan_beside(&out, p, other, title, &style);
		check_clean(&out);
		buf_release(&out);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plan *p = NULL, *other = NULL;
	struct buf text = BUF_INIT(8 << 20);
	struct err why = {0};

	if (plan_parse(&other, fuzz_seeds[0], strlen(fuzz_seeds[0]), &why) < 0)
		FUZZ_REQUIRE(!"the first seed is a plan");
	if (plan_parse(&p, (const char *)data, size, &why) == 0) {
		FUZZ_REQUIRE(p->count > 0 && p->hint_count <= PLAN_HINTS_MAX);
		for (int i = 0; i < p->count; i++) {
			FUZZ_REQUIRE(p->node[i].parent < i && p->node[i].end > i && p->node[i].end <= p->count);
			FUZZ_REQUIRE(p->node[i].cost_share >= -1e-6 && p->node[i].cost_share <= 100 + 1e-6);
		}
		plan_text(&text, p);
		check_clean(&text);
		draw(p, other);
		draw(other, p);
		plan_free(p);
	} else {
		fuzz_check_message(why.text);
	}
	plan_free(other);
	buf_release(&text);
	return 0;
}
