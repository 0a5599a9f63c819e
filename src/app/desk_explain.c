/* SPDX-License-Identifier: PostgreSQL */
/* Keys e and E: the plan of a statement or of what a session runs, shown in the plan window; E runs it after that, with
 * the values that are known or typed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/desk_private.h"
#include "core/clean.h"
#include "core/mem.h"
#include "core/units.h"
#include "insight/plan_advice.h"

enum { STATEMENT_MAX = 300 }; /* bytes of it above its plan */

static int take_target(const struct desk_aim *a, int row, struct explain_conf *conf, struct err *why)
{
	int64_t number;

	if (a->panel->target == TARGET_SESSION) {
		if (!desk_number(a, row, PART_PID, &number) || number <= 0)
			return err_set(why, ERR_INVALID, "that is no session");
		conf->pid = (int)number;
		desk_number(a, row, PART_START, &conf->backend_start_us);
		return 0;
	}
	if (!desk_number(a, row, PART_QUERYID, &conf->queryid))
		return err_set(why, ERR_NOT_FOUND, "the statement's id is hidden: GRANT pg_monitor");
	desk_number(a, row, PART_DATABASE, &conf->dbid);
	desk_number(a, row, PART_USER, &conf->userid);
	return 0;
}

/* Makes the task; what is borrowed for the call only is put in here. again: of the statement that this one has; NULL it is looked up. */
static int make(struct desk *d, struct desk_side *side, struct desk_plan *plan, const struct task *again, struct err *why)
{
	const struct options *o = d->conf.options;
	struct explain_conf conf = plan->conf;

	conf.like = session_source(d->session, side->server);
	if (!conf.like)
		return err_set(why, ERR_LOST, "the server is gone");
	conf.over = o->explain_conn;
	conf.role = o->explain_role;
	conf.text = files_session_text;
	conf.text_ctx = d->conf.files;
	conf.index = plan->index;
	conf.again = again;
	conf.params = (const char *const *)plan->value;
	conf.param_count = plan->values;
	conf.queued = true;
	conf.read_only = o->read_only;
	conf.audit = o->read_only ? NULL : desk_audit(d);
	conf.confirmed = "y";
	conf.log = d->conf.log;
	side->kind = DESK_EXPLAIN;
	side->plan = plan;
	return explain_new(&side->task, d->loop, &conf, why);
}

int desk_explain(struct desk *d, const struct ui_request *r, struct desk_side *side, struct err *why)
{
	struct ui_request of = *r;
	bool shown = r->panel < 0 && d->shown_server >= 0; /* out of the plan window */
	struct desk_plan *plan;
	struct desk_aim a;
	int rc;

	of.server = side->server = shown ? d->shown_server : r->server;
	rc = desk_aim(d, &of, &a, why);
	if (rc == 0 && !shown && (!a.panel || r->row_count != 1))
		rc = err_set(why, ERR_INVALID, "one statement or session at a time");
	if (rc < 0)
		return rc;
	plan = mem_calloc(1, sizeof *plan);
	plan->run = strcmp(r->action, "explain-run") == 0;
	if (strcmp(r->action, "explain-index") == 0)
		plan->index = mem_strdup(r->text);
	if (shown)
		plan->conf = d->shown;
	else
		rc = take_target(&a, r->row[0], &plan->conf, why);
	if (rc == 0)
		return make(d, side, plan, NULL, why); /* the side has the plan now, also when it failed */
	desk_plan_free(plan);
	return rc;
}

void desk_plan_free(struct desk_plan *p)
{
	if (!p)
		return;
	for (int i = 0; i < p->values; i++)
		free(p->value[i]);
	free(p->index);
	free(p);
}

/* --- showing --------------------------------------------------------------------------------------------------------
 */

static const char *title_of(enum explain_kind kind)
{
	static const char *const title[] = {[EXPLAIN_GENERIC] = "generic plan",
					    [EXPLAIN_CUSTOM] = "plan with values",
					    [EXPLAIN_ANALYZED] = "as it ran",
					    [EXPLAIN_WHAT_IF] = "what if",
					    [EXPLAIN_WHAT_IF_CUSTOM] = "what if, with values"};
	return title[kind];
}

/* What was found out, below the plans' titles: the task's lines, the values. */
static void write_notes(const struct task *t, struct buf *out)
{
	int count;
	const struct explain_param *param = explain_params(t, &count);
	int64_t bytes = explain_index_bytes(t);
	char size[UNIT_TEXT_MAX];
	const char *statement = explain_statement(t, NULL);
	struct buf line = BUF_INIT(1 << 20);

	for (int i = 0; i < t->line_count; i++)
		if (t->line[i].mark != TASK_PLAIN)
			buf_addf(out, "%s\n", t->line[i].text);
	clean_text(&line, statement ? statement : "", statement ? strnlen(statement, STATEMENT_MAX) : 0, CLEAN_LINE);
	if (line.len > 0)
		buf_addf(out, "%s%s\n", buf_text(&line), strlen(statement) > STATEMENT_MAX ? " ..." : "");
	buf_release(&line);
	for (int i = 0; i < count && i < 12; i++)
		if (param[i].from)
			buf_addf(out, "$%d = %.80s  (%s, %s)\n", i + 1, param[i].value ? param[i].value : "NULL",
				 param[i].type ? param[i].type : "?", param[i].from);
	if (bytes >= 0) {
		unit_format(size, UNIT_BYTES, (double)bytes, 0);
		buf_addf(out, "the index would have about %s\n", size);
	}
}

/* The index that the plans ask for, for a note and for the line that a what-if is typed into. */
static void find_candidate(struct desk_side *side, struct buf *notes)
{
	const char *author, *statement = explain_statement(side->task, &author);
	struct buf index = BUF_INIT(sizeof(side->desk->candidate) - 1);
	int count;
	const struct explain_plan *made = explain_plans(side->task, &count);

	/* what was tried is what CREATE INDEX begins with */
	snprintf(side->desk->candidate, sizeof(side->desk->candidate), "%s", side->plan->index ? side->plan->index : "");
	for (int i = 0; i < count && !side->plan->index && index.len == 0; i++)
		if (plan_candidate_of(&index, made[i].json, made[i].len, statement) && !index.failed) {
			snprintf(side->desk->candidate, sizeof(side->desk->candidate), "%s", buf_text(&index));
			buf_addf(notes, "worth a try: %s   (m plans with it, and creates nothing)\n", buf_text(&index));
		}
	buf_release(&index);
}

/* The number, from 1, of the plan of that kind; 0 there is none. */
static int number_of(const struct explain_plan *made, int count, enum explain_kind kind)
{
	for (int i = 0; i < count; i++)
		if (made[i].kind == kind)
			return i + 1;
	return 0;
}

/* A what-if is compared with the plan as it is. */
static int compared_with(const struct explain_plan *made, int count, enum explain_kind kind)
{
	int custom = number_of(made, count, EXPLAIN_CUSTOM), generic = number_of(made, count, EXPLAIN_GENERIC);

	if (kind == EXPLAIN_WHAT_IF)
		return generic ? generic : custom;
	return kind == EXPLAIN_WHAT_IF_CUSTOM ? custom : 0;
}

uint64_t desk_plan_id(int64_t queryid, int64_t dbid)
{
	return queryid ? (uint64_t)queryid ^ (uint64_t)dbid << 32 : 0;
}

/* Into the recording, where there is one. */
static void record(const struct desk_side *side, const struct ui_plans *plans)
{
	const struct explain_conf *c = &side->plan->conf;
	struct record_plan plan[UI_PLANS_MAX];
	struct record_plans line = {.server = side->server, .queryid = c->queryid, .dbid = c->dbid, .pid = c->pid,
				    .start_us = c->backend_start_us, .statement = plans->statement, .plan = plan,
				    .count = plans->count};

	if (!side->desk->conf.recorder)
		return;
	for (int i = 0; i < plans->count; i++) {
		const struct ui_plan *p = &plans->plan[i];

		plan[i] = (struct record_plan){p->title, p->about, p->notes, p->json, p->json_len, p->beside};
	}
	recorder_plans(side->desk->conf.recorder, &line);
}

/* "statement 42 on bridge@db1": the window's own title says that it is a plan. */
static const char *subject(const struct task *t)
{
	return strncmp(t->title, "plan of ", 8) == 0 ? t->title + 8 : t->title;
}

/* The same for what is said of one plan, whose title stands before it: "PostgreSQL 15, not executed". */
static const char *about_of(const struct explain_plan *p)
{
	const char *title = title_of(p->kind);
	size_t len = strlen(title);

	return strncmp(p->about, title, len) == 0 && strncmp(p->about + len, ", ", 2) == 0 ? p->about + len + 2
											   : p->about;
}

static void show(struct desk_side *side, struct ui *u, const struct ui_host *h)
{
	struct ui_plan plan[UI_PLANS_MAX];
	struct buf notes = BUF_INIT(64 << 10);
	struct err why = {0};
	int count, from;
	const struct explain_plan *made = explain_plans(side->task, &count);

	if (count == 0)
		return; /* why is in the task, and on the notice line */
	side->desk->shown = side->plan->conf;
	side->desk->shown.analyze = false; /* agreed to for once */
	side->desk->shown_server = side->server;
	find_candidate(side, &notes);
	write_notes(side->task, &notes);
	from = count > UI_PLANS_MAX ? count - UI_PLANS_MAX : 0;
	for (int i = from; i < count; i++)
		plan[i - from] = (struct ui_plan){.title = title_of(made[i].kind),
						  .about = about_of(&made[i]),
						  .notes = buf_text(&notes),
						  .json = made[i].json,
						  .json_len = made[i].len,
						  .beside = compared_with(made + from, count - from, made[i].kind)};
	if (made[count - 1].kind >= EXPLAIN_ANALYZED && count - from > 1) { /* what was asked for comes first */
		struct ui_plan last = plan[count - from - 1];

		memmove(plan + 1, plan, (size_t)(count - from - 1) * sizeof plan[0]);
		plan[0] = last;
		for (int i = 0; i < count - from; i++) /* all others stand one further on */
			plan[i].beside += plan[i].beside > 0;
	}
	struct ui_plans plans = {
		.statement = subject(side->task),
		.id = desk_plan_id(side->plan->conf.queryid, side->plan->conf.dbid),
		.plan = plan,
		.count = count - from};
	if (ui_show_plans(u, h, &plans, &why) < 0)
		ui_notice(u, h, true, why.text);
	else
		record(side, &plans);
	buf_release(&notes);
}

/* --- running, with values -------------------------------------------------------------------------------------------
 */

/* What statistics say is good for a plan; what is run has values that a person saw in the line, or that somebody runs now. */
static bool lacks_values(const struct task *t, int *count)
{
	const struct explain_param *param = explain_params(t, count);

	for (int i = 0; i < *count; i++)
		if (!param[i].known || !param[i].from || strcmp(param[i].from, "a running statement") != 0)
			return true;
	return false;
}

/* Asks for the next value; false: not now. */
static bool ask(struct desk_side *side, struct ui *u)
{
	int count;
	const struct explain_param *p = explain_params(side->task, &count) + side->plan->values;
	char label[80];

	snprintf(label, sizeof label, "$%d of %d, %.40s (\\N is NULL): ", side->plan->values + 1, count,
		 p->type ? p->type : "text");
	side->plan->asking = ui_ask_line(u, side->task->id, label, p->known && p->value ? p->value : "");
	return side->plan->asking;
}

static bool run_it(struct desk_side *side, struct ui *u, const struct ui_host *h, struct desk_side *next)
{
	struct desk_plan *plan = mem_calloc(1, sizeof *plan);
	struct err why = {0};

	plan->conf = side->plan->conf;
	plan->conf.analyze = true;
	for (; plan->values < side->plan->values; plan->values++)
		plan->value[plan->values] =
			side->plan->value[plan->values] ? mem_strdup(side->plan->value[plan->values]) : NULL;
	next->server = side->server;
	/* the very statement that was planned: the session may run another one by now, which nobody has agreed to */
	if (make(side->desk, next, plan, side->task, &why) == 0)
		return true;
	ui_notice(u, h, true, why.text);
	return false;
}

bool desk_explained(struct desk_side *side, struct ui *u, const struct ui_host *h, struct desk_side *next)
{
	int count = 0;

	if (side->plan->asking)
		return false;
	if (!side->plan->run || side->task->outcome != TASK_OK) {
		show(side, u, h);
		return true;
	}
	if (!lacks_values(side->task, &count)) {
		run_it(side, u, h, next);
		return true;
	}
	if (count > DESK_VALUES_MAX) {
		ui_notice(u, h, true, "too many parameters to be typed: dytop explain --analyze --param takes them");
		show(side, u, h);
		return true;
	}
	ask(side, u);
	return false;
}

bool desk_typed(struct desk_side *side, const struct ui_input *in, struct ui *u, const struct ui_host *h,
		struct desk_side *next)
{
	int count;

	side->plan->asking = false;
	explain_params(side->task, &count);
	if (!in->given) {
		side->followed = true;
		ui_notice(u, h, false, "not run");
		show(side, u, h);
		return false;
	}
	side->plan->value[side->plan->values++] = strcmp(in->text, "\\N") == 0 ? NULL : mem_strdup(in->text);
	if (side->plan->values < count) {
		ask(side, u);
		return false;
	}
	side->followed = true;
	return run_it(side, u, h, next);
}
