/* SPDX-License-Identifier: PostgreSQL */
/* What became of it: a warning may mean that nothing was done, a failed build leaves an index, a lost reply says nothing. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/maintain_private.h"
#include "core/units.h"

enum { CHECKS_MAX = 8, CHECK_GAP_MS = 400, FATE_TRIES = 15, FATE_LOOKS = 3, FATE_GAP_MS = 1000, COLLECTOR_MS = 1200 };

static void again(struct maintain *m);

/* --- did it happen? -------------------------------------------------------------------------------------------------- */

/* Skipped tables are told by a warning only, and the statement "succeeds". The server's own record says which it was; it may
 * come a little later than the answer. */
static bool send_check(struct maintain *m)
{
	m->verifying = m->outcome == TASK_OK && m->warnings > 0 && maintain_ask_own(m, ACTION_CHECK);
	return m->verifying;
}

static void take_check(struct maintain *m, const struct pgwork_outcome *o)
{
	if (!o->why && maintain_true(o->result, 0, "done")) {
		m->verifying = false;
		maintain_next(m);
		return;
	}
	if (!o->why && ++m->checks < CHECKS_MAX) {
		loop_timer_in(m->soon, CHECK_GAP_MS);
		m->soon_do = again;
		return;
	}
	m->verifying = false;
	m->outcome = TASK_FAILED;
	err_set(&m->why, ERR_QUERY, "it was not done: %s", buf_text(&m->warning));
	maintain_next(m);
}

static void again(struct maintain *m)
{
	if (!m->rounds[m->rounds_at].send(m))
		maintain_next(m);
}

/* --- a lost reply ---------------------------------------------------------------------------------------------------- */

static bool send_fate(struct maintain *m)
{
	const char *values[VALUES_MAX] = {m->application};

	if (m->outcome != TASK_UNKNOWN)
		return false;
	pgwork_open(m->watch);
	return maintain_ask(m, "act_fate", values);
}

static void take_fate(struct maintain *m, const struct pgwork_outcome *o)
{
	const char *pid = maintain_cell(o->result, 0, "pid"), *since = maintain_cell(o->result, 0, "since");

	/* The server may be starting again; a backend that was told to end needs a moment. */
	if (++m->tries < (o->why ? FATE_TRIES : pid ? FATE_LOOKS : 0)) {
		loop_timer_in(m->soon, FATE_GAP_MS);
		m->soon_do = again;
		return;
	}
	if (o->why) {
		err_set(&m->why, ERR_LOST, "outcome unknown: the connection was lost, and the server could not be asked since: %s",
		        o->why->text);
		maintain_finish_item(m);
		return;
	}
	if (pid) {
		task_say(&m->task, TASK_WARN, "it still runs on the server: backend %s, since %s; nothing is sent again", pid,
		         since ? since : "?");
		err_set(&m->why, ERR_LOST, "outcome unknown: the connection was lost, and it still runs as backend %s", pid);
		maintain_finish_item(m);
		return;
	}
	err_set(&m->why, ERR_LOST, "outcome unknown: the connection was lost before the reply came, and it runs no more; look at %s",
	        maintain_item(m)->shown[0] ? maintain_item(m)->shown : "the server");
	maintain_next(m);
}

/* The role's own path was for the statement only. */
static bool send_path(struct maintain *m)
{
	return maintain_own_path(m) && m->on == m->work && maintain_ask(m, "act_path", NULL);
}

static void take_path(struct maintain *m, const struct pgwork_outcome *o)
{
	if (!o->why) {
		maintain_next(m);
		return;
	}
	task_say(&m->task, TASK_WARN, "what came of it could not be looked at: %s", o->why->text);
	maintain_finish_item(m);
}

/* A rebuilt index has another oid: what bears the name now is what is looked at. */
static bool send_name(struct maintain *m)
{
	const char *values[VALUES_MAX] = {maintain_item(m)->target};

	return maintain_is_relation(m->action) && maintain_ask(m, "act_target_name", values);
}

static void take_name(struct maintain *m, const struct pgwork_outcome *o)
{
	const char *oid = maintain_cell(o->result, 0, "oid");

	if (!o->why && oid)
		maintain_item(m)->oid = (uint32_t)strtoul(oid, NULL, 10);
	maintain_next(m);
}

/* --- how it is now --------------------------------------------------------------------------------------------------- */

static bool send_measure(struct maintain *m)
{
	return m->outcome == TASK_OK && maintain_item(m)->measures > 0 && maintain_ask_own(m, ACTION_MEASURE);
}

static void take_measure(struct maintain *m, const struct pgwork_outcome *o)
{
	struct item *it = maintain_item(m);
	struct measure now[MEASURES_MAX];
	int count = maintain_not_known(m, o, "how it is now") ? 0 : maintain_read_measures(o->result, now);

	for (int i = 0; i < count; i++)
		for (int k = 0; k < it->measures; k++) {
			struct buf text = BUF_INIT(1024);
			if (strcmp(now[i].label, it->measure[k].label) != 0)
				continue;
			buf_addf(&text, "%s: ", now[i].label);
			maintain_show_measure(&it->measure[k], &text);
			buf_adds(&text, " before, ");
			maintain_show_measure(&now[i], &text);
			buf_adds(&text, " now");
			maintain_say(m, TASK_PLAIN, buf_text(&text));
			buf_release(&text);
		}
	maintain_next(m);
}

static bool was_there(const struct item *it, uint32_t oid)
{
	for (int i = 0; i < it->lefts; i++)
		if (it->left[i] == oid)
			return true;
	return false;
}

/* Before what it left, so that the one explains the other. */
static bool send_failure(struct maintain *m)
{
	if (m->outcome == TASK_FAILED)
		maintain_say(m, TASK_BAD, m->why.text);
	return false;
}

static bool send_left(struct maintain *m)
{
	return m->action->leaves && m->outcome != TASK_OK && maintain_ask_own(m, ACTION_LEFT);
}

static void add_follow(struct maintain *m, uint32_t oid, const char *name)
{
	struct maintain_follow *f = &m->follow[m->follows];

	if (m->follows == LEFT_MAX)
		return;
	m->follows++;
	snprintf(f->action, sizeof f->action, "drop_index");
	f->oid = oid;
	maintain_clean(f->name, sizeof f->name, name);
	task_say(&m->task, TASK_WARN, "to take it away: dytop maintain drop_index '%s'", f->name);
}

static void take_left(struct maintain *m, const struct pgwork_outcome *o)
{
	struct item *it = maintain_item(m);

	for (int i = 0; !maintain_not_known(m, o, "what it left") && i < o->result->rows; i++) {
		const char *oid = maintain_cell(o->result, i, "oid"), *name = maintain_cell(o->result, i, "name"),
		           *text = maintain_cell(o->result, i, "text"), *busy = maintain_cell(o->result, i, "busy");
		uint32_t number = oid ? (uint32_t)strtoul(oid, NULL, 10) : 0;
		if (!oid || !name || !text || was_there(it, number))
			continue;
		maintain_say(m, TASK_BAD, text);
		if (!busy)
			add_follow(m, number, name);
	}
	maintain_next(m);
}

static const struct round after_rounds[] = {
	{send_fate, take_fate},
	{send_path, take_path},
	{send_name, take_name},
	{send_check, take_check},
	{send_measure, take_measure},
	{send_failure, NULL},
	{send_left, take_left},
};

static void look_after(struct maintain *m)
{
	maintain_rounds(m, after_rounds, ARRAY_LEN(after_rounds), false, maintain_finish_item);
}

/* Before 15 counters come by way of a process that writes them twice a second: sooner, "now" would be "before". */
static double settle_ms(const struct maintain *m)
{
	bool counters = m->version < 150000 && action_sql(m->action, ACTION_MEASURE, 0, m->version);

	return counters && m->action->settle_ms < COLLECTOR_MS ? COLLECTOR_MS : m->action->settle_ms;
}

void maintain_after(struct maintain *m)
{
	m->after = true;
	maintain_unwatch(m);
	task_progress(&m->task, NAN, NAN, "");
	if (m->items == 1)
		task_check(&m->task);
	if (m->outcome == TASK_UNKNOWN) {
		task_say(&m->task, TASK_BAD, "the reply was lost: %s", m->why.text);
		m->on = m->watch;
	}
	if (m->outcome == TASK_OK && settle_ms(m) > 0) {
		m->soon_do = look_after;
		loop_timer_in(m->soon, settle_ms(m));
	} else
		look_after(m);
}

/* --- the end --------------------------------------------------------------------------------------------------------- */

static void next_item(struct maintain *m)
{
	bool stop = m->cancelled || m->worst == TASK_UNKNOWN || !pgwork_is_up(m->work);
	int left = 0;
	struct err why;

	for (int i = m->at + 1; i < m->items; i++)
		left += !m->item[i].out;
	if (left > 0 && !stop) {
		do
			m->at++;
		while (m->item[m->at].out);
		maintain_begin_item(m);
		return;
	}
	if (left > 0)
		task_say(&m->task, TASK_WARN, "%d of them were not begun", left);
	if (m->items == 1 || m->failed == 0)
		why = m->first;
	else
		err_set(&why, m->first.code, "%d of %d failed; the first: %s", m->failed, m->failed + m->ok, m->first.text);
	if (m->worst == TASK_OPEN && left > 0)
		m->worst = TASK_CANCELLED;
	maintain_end(m, m->worst == TASK_OPEN ? TASK_OK : m->worst, m->worst == TASK_OPEN ? NULL : &why);
}

static void on_outcome(void *ctx, const struct err *why)
{
	struct maintain *m = ctx;

	if (m->task.state == TASK_DONE)
		return;
	if (why)
		task_say(&m->task, TASK_BAD, "the outcome is not in the audit log: %s", why->text);
	next_item(m);
}

static void say_outcome(struct maintain *m)
{
	char took[UNIT_TEXT_MAX];
	const char *prefix = maintain_prefix(m);

	unit_format(took, UNIT_MS, m->elapsed_ms, 0);
	if (m->outcome == TASK_OK)
		task_say(&m->task, TASK_GOOD, "%s%sdone in %s", prefix, prefix[0] ? ": " : "", took);
	else if (m->outcome == TASK_CANCELLED)
		task_say(&m->task, TASK_WARN, "%s%scancelled after %s", prefix, prefix[0] ? ": " : "", took);
	else if (m->outcome == TASK_UNKNOWN)
		task_say(&m->task, TASK_BAD, "%s%s%s", prefix, prefix[0] ? ": " : "", m->why.text);
	if (m->outcome == TASK_OK && maintain_item(m)->undo)
		task_say(&m->task, TASK_PLAIN, "to take it back: %s", maintain_item(m)->undo);
}

/* Unknown is worse than failed, that than cancelled. */
static void count(struct maintain *m)
{
	static const int rank[] = {[TASK_OPEN] = 0, [TASK_OK] = 0, [TASK_REFUSED] = 2, [TASK_DECLINED] = 1, [TASK_FAILED] = 3,
	                           [TASK_CANCELLED] = 1, [TASK_UNKNOWN] = 4};

	if (m->outcome == TASK_OK) {
		m->ok++;
		return;
	}
	if (m->failed++ == 0)
		m->first = m->why;
	if (rank[m->outcome] > rank[m->worst])
		m->worst = m->outcome;
}

void maintain_finish_item(struct maintain *m)
{
	struct audit_outcome o = {.id = m->id, .action = m->action->name, .outcome = m->outcome, .sqlstate = m->sqlstate,
	                          .error = m->why.code ? m->why.text : NULL, .duration_ms = m->sent ? m->elapsed_ms : NAN,
	                          .rows = m->rows, .note = m->warnings ? buf_text(&m->warning) : NULL};

	if (m->outcome == TASK_CANCELLED && m->why.code == 0)
		err_set(&m->why, ERR_LOST, "cancelled after statement %d of %d", m->step, m->action->steps);
	say_outcome(m);
	count(m);
	if (m->intended) /* what was not sent has no outcome but "refused" on the screen, unless its intent is on record */
		audit_outcome(m->audit, &o, on_outcome, m);
	else
		maintain_soon(m, next_item);
	m->intended = false;
}

int maintain_missed(const struct task *t)
{
	const struct maintain *m = (const struct maintain *)t;
	int count = 0;

	for (int i = 0; i < m->items; i++)
		count += m->item[i].missed;
	return count;
}
