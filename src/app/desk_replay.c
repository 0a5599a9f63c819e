/* SPDX-License-Identifier: PostgreSQL */
/* A recording's plans under the keys that showed them while it was made. Nothing is sent to anybody. */
#include <string.h>

#include "app/desk_private.h"

const char desk_no_acts[] = "this is a recording: nothing can be done to its servers";

const char *desk_replay_lacks(const struct desk *d)
{
	return replay_plans(d->conf.replay, 0)
		       ? NULL
		       : "this recording has no plans up to here: e shows those that were asked for while it was made";
}

static int64_t number(const struct json *line, const char *key)
{
	int64_t value;

	return json_int(json_get(line, key), &value) ? value : 0;
}

/* What was recorded of that row: a statement's plans by its id, a session's by its pid and start. */
static const struct json *find(const struct desk *d, const struct desk_aim *a, const struct ui_request *r)
{
	bool session = a->panel->target == TARGET_SESSION;
	int64_t id, more = 0;
	const struct json *line;

	if (!desk_number(a, r->row[0], session ? PART_PID : PART_QUERYID, &id))
		return NULL;
	desk_number(a, r->row[0], session ? PART_START : PART_DATABASE, &more);
	for (int i = 0; (line = replay_plans(d->conf.replay, i)) != NULL; i++)
		if (number(line, "server") == r->server && number(line, session ? "pid" : "queryid") == id &&
		    number(line, session ? "start_us" : "dbid") == more)
			return line;
	return NULL;
}

static void show(const struct json *line, struct ui *u, const struct ui_host *h)
{
	struct ui_plan plan[UI_PLANS_MAX];
	struct ui_plans plans = {.statement = json_text(json_get(line, "plans")),
				 .id = desk_plan_id(number(line, "queryid"), number(line, "dbid")),
				 .plan = plan};
	struct err why;

	for (const struct json *p = json_child(json_get(line, "plan")); p && plans.count < UI_PLANS_MAX; p = json_next(p)) {
		const char *json = json_text(json_get(p, "json"));

		plan[plans.count++] = (struct ui_plan){.title = json_text(json_get(p, "title")),
						       .about = json_text(json_get(p, "about")),
						       .notes = json_text(json_get(p, "notes")),
						       .json = json,
						       .json_len = strlen(json),
						       .beside = number(p, "beside") > 0 && number(p, "beside") <= UI_PLANS_MAX
									 ? (int)number(p, "beside")
									 : 0};
	}
	if (ui_show_plans(u, h, &plans, &why) < 0)
		ui_notice(u, h, true, why.text);
}

void desk_replay_start(struct desk *d, struct ui *u, const struct ui_host *h)
{
	struct ui_request r = ui_request(u);
	const struct json *line = NULL;
	struct desk_aim a;
	struct err why;

	if (strcmp(r.action, "explain") != 0) {
		ui_notice(u, h, true, desk_no_acts);
		return;
	}
	if (desk_aim(d, &r, &a, &why) < 0) {
		ui_notice(u, h, true, why.text);
		return;
	}
	if (a.panel && r.row_count == 1)
		line = find(d, &a, &r);
	if (line)
		show(line, u, h);
	else
		ui_notice(u, h, true,
			  "this recording has no plan of that: e shows those that were asked for while it was made");
}
