/* SPDX-License-Identifier: PostgreSQL */
/* Files that people write: an action, or a plan of maintenance. What is taken must be able to be used. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "action/action.h"
#include "action/audit.h"
#include "action/schedule.h"

const char *const fuzz_folder = "sql/actions";
const char *const fuzz_seeds[] = {
	"/* dytop action\ntitle: T\ntarget: table\nlock_timeout: none\n*/\n-- before\nSELECT 1\n-- statement since 140000\nDO %{target}\n",
	"/* dytop action\ntitle: T\ntarget: setting\nvalue: {name: V, needed: yes}\nlists: [a]\nlock_timeout: 2s\n*/\n-- statement\n"
	"SET %{name} = %{value}\n-- statement\nSELECT 1;;\n",
	"name: p\nzone: utc\nlimits: {active: 20, lag: 64MB}\nwindow: {days: [sun], from: \"22:00\", to: \"05:00\"}\njobs:\n"
	"  - {name: a, action: analyze, targets: [t, u], every: daily, max_size: 1GB}\n",
	NULL,
};
const char *const fuzz_words[] = {"/* dytop action\n", "\n*/\n", "-- statement", "-- before since 150000\n", "%{target}", "%{", "}", "yes",
                                  "[owner, maintain]", "rate: 5MB\n", "every: ", "jobs:\n", "$1", "'", "\\", "$$", "E'", "--", "/*", NULL};

static void use_action(const struct action *a)
{
	const struct action_holes holes = {.target = "t", .name = "a.b", .value = "x'\\", .columns = "a, b", .text = "i", .query = "1",
	                                   .oid = "2", .extension = "e", .list = true};

	for (int version = 130000; version <= 190000; version += 10000)
		for (int section = 0; section < ACTION_SECTIONS; section++)
			for (int step = 0; step < ACTION_STATEMENTS_MAX; step++) {
				const char *sql = action_sql(a, (enum action_section)section, step, version);
				struct buf out = BUF_INIT(1 << 20), masked = BUF_INIT(1 << 20);
				struct err why = {0};
				if (sql && action_fill(&out, sql, &holes, &why) < 0)
					fuzz_check_message(why.text);
				if (sql)
					audit_mask(&masked, sql);
				buf_release(&out);
				buf_release(&masked);
			}
}

static void use_schedule(const struct schedule *s)
{
	static struct schedule_state zero[SCHEDULE_JOBS_MAX], again[SCHEDULE_JOBS_MAX];
	struct buf text = BUF_INIT(1 << 20);
	struct err why = {0};
	int64_t next;

	for (int i = 0; i < s->jobs; i++)
		(void)schedule_due(s, i, &zero[i], 1700000000000000, &next);
	schedule_put_state(s, zero, &text);
	FUZZ_REQUIRE(text.failed || schedule_get_state(s, buf_text(&text), again, &why) == 0);
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = calloc(1, size + 1);
	struct action *a = NULL;
	struct schedule *s = NULL;
	struct err why = {0};

	if (size > 0)
		memcpy(copy, data, size);
	if (action_parse(&a, "f", "f.sql", (struct str){copy, size}, &why) == 0)
		use_action(a);
	else
		fuzz_check_message(why.text);
	action_free(a);
	why = (struct err){0};
	if (schedule_parse(&s, "f", "f.yaml", (struct str){copy, size}, &why) == 0)
		use_schedule(s);
	else
		fuzz_check_message(why.text);
	schedule_free(s);
	free(copy);
	return 0;
}
