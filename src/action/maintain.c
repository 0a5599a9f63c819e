/* SPDX-License-Identifier: PostgreSQL */
/* The task itself: made, answered, cancelled, freed; and the engine of the rounds that it asks. */
#include "action/maintain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/maintain_private.h"
#include "core/clean.h"
#include "core/mem.h"

enum { QUERY_DEADLINE_MS = 10000 };

void maintain_clean(char *out, size_t room, const char *raw)
{
	struct buf text = BUF_INIT(8192);
	size_t len;

	clean_text(&text, raw, strlen(raw), CLEAN_EXACT);
	len = text.len < room ? text.len : room - 1;
	while (len < text.len && len > 0 && ((unsigned char)buf_text(&text)[len] & 0xC0) == 0x80)
		len--;
	memcpy(out, buf_text(&text), len);
	out[len] = '\0';
	buf_release(&text);
}

bool maintain_is_relation(const struct action *a)
{
	return a->target == ACTION_ON_TABLE || a->target == ACTION_ON_INDEX || a->target == ACTION_ON_MATVIEW ||
	       a->target == ACTION_ON_DEFINITION;
}

struct item *maintain_item(struct maintain *m)
{
	return &m->item[m->at];
}

const char *maintain_prefix(const struct maintain *m)
{
	return m->items > 1 ? m->item[m->at].shown : "";
}

/* --- rounds ---------------------------------------------------------------------------------------------------------- */

static void on_soon(void *ctx)
{
	struct maintain *m = ctx;

	m->soon_do(m);
}

void maintain_soon(struct maintain *m, void (*what)(struct maintain *m))
{
	m->soon_do = what;
	loop_timer_in(m->soon, 0);
}

static void on_round(void *ctx, const struct pgwork_outcome *o)
{
	struct maintain *m = ctx;
	const struct round *r = &m->rounds[m->rounds_at];

	if (m->task.state == TASK_DONE)
		return;
	if (o->why && o->why->code == ERR_LOST && m->on == m->work) {
		maintain_lost(m, o->why);
		return;
	}
	r->take(m, o);
}

static void go(struct maintain *m)
{
	while (m->task.state != TASK_DONE && m->at < m->items) {
		bool over = m->rounds_at >= m->round_count;
		if (over && (!m->item_rounds || ++m->at >= m->items))
			break;
		if (over)
			m->rounds_at = 0;
		if (!m->item[m->at].out && m->rounds[m->rounds_at].send(m))
			return;
		m->rounds_at++;
	}
	if (m->task.state != TASK_DONE)
		m->rounds_end(m);
}

void maintain_rounds(struct maintain *m, const struct round *rounds, int count, bool each_item, void (*end)(struct maintain *m))
{
	m->rounds = rounds;
	m->round_count = count;
	m->rounds_at = 0;
	m->rounds_end = end;
	m->item_rounds = each_item;
	go(m);
}

void maintain_next(struct maintain *m)
{
	m->rounds_at++;
	go(m);
}

/* A query may take fewer values than it is offered, but must be sent exactly those: the type of one that is not in it could not be
 * told. They are numbered anew; how many there are is returned. */
static int pick_values(char *sql, const char *const *offered, const char *values[VALUES_MAX])
{
	bool used[VALUES_MAX] = {false};
	char number[VALUES_MAX];
	int count = 0;

	for (const char *at = sql; (at = strchr(at, '$')) != NULL; at++)
		if (at[1] >= '1' && at[1] <= '0' + VALUES_MAX)
			used[at[1] - '1'] = true;
	for (int i = 0; i < VALUES_MAX; i++)
		if (used[i]) {
			values[count] = offered[i];
			number[i] = (char)('0' + ++count);
		}
	for (char *at = sql; (at = strchr(at, '$')) != NULL; at++)
		if (at[1] >= '1' && at[1] <= '0' + VALUES_MAX)
			at[1] = number[at[1] - '1'];
	return count;
}

void maintain_query(struct maintain *m, struct pgwork *on, const char *sql, const char *const *values,
                    void (*done)(void *ctx, const struct pgwork_outcome *o))
{
	char *text = mem_strdup(sql);
	const char *picked[VALUES_MAX];
	struct pgwork_query q = {.sql = text, .values = picked, .deadline_ms = QUERY_DEADLINE_MS, .done = done, .ctx = m};

	q.count = values ? pick_values(text, values, picked) : 0;
	pgwork_run(on, &q, 1);
	free(text);
}

bool maintain_ask_sql(struct maintain *m, const char *sql, const char *const *values)
{
	if (!sql)
		return false;
	maintain_query(m, m->on, sql, values, on_round);
	return true;
}

bool maintain_ask(struct maintain *m, const char *text, const char *const *values)
{
	const char *sql = m->text(m->text_ctx, text);

	if (!sql) {
		task_say(&m->task, TASK_WARN, "the file sql/session/%s.sql is missing", text);
		return false;
	}
	return maintain_ask_sql(m, sql, values);
}

const char *maintain_cell(const struct pgresult *r, int row, const char *column)
{
	int len;

	for (int i = 0; r && row < r->rows && i < r->columns; i++)
		if (strcmp(pgresult_name(r, i), column) == 0)
			return pgresult_value(r, row, i, &len);
	return NULL;
}

bool maintain_true(const struct pgresult *r, int row, const char *column)
{
	const char *text = maintain_cell(r, row, column);

	return text && text[0] == 't';
}

/* --- the task -------------------------------------------------------------------------------------------------------- */

void maintain_end(struct maintain *m, enum task_outcome outcome, const struct err *why)
{
	if (m->task.state == TASK_DONE)
		return;
	maintain_run_free(m);
	maintain_unwatch(m);
	/* From inside their callbacks they may only be closed; they are freed with the task. */
	if (m->work)
		pgwork_close(m->work);
	if (m->watch)
		pgwork_close(m->watch);
	task_done(&m->task, outcome, why, loop_now(m->loop)->mono_ns);
}

static void on_up(void *ctx)
{
	struct maintain *m = ctx;

	m->up = true;
	maintain_look(m);
}

static void on_down(void *ctx, const struct err *why)
{
	struct maintain *m = ctx;

	if (m->task.state == TASK_DONE)
		return;
	if (!m->up || m->task.state == TASK_LOOKING || m->task.state == TASK_ASKING)
		maintain_end(m, TASK_REFUSED, why);
	/* later, what was open has had its done() with ERR_LOST, and knows */
}

static void on_notice(void *ctx, const char *severity, const char *sqlstate, const char *text)
{
	struct maintain *m = ctx;
	bool warning = strcmp(severity, "WARNING") == 0;

	if (m->task.state != TASK_RUNNING)
		return;
	if (sqlstate[0] == '\0') {
		task_say(&m->task, TASK_WARN, "%s", text);
		return;
	}
	if (!m->statement)
		return;
	task_say(&m->task, warning ? TASK_WARN : TASK_PLAIN, "%s%sserver: %s", maintain_prefix(m), m->items > 1 ? ": " : "", text);
	if (warning && m->warnings++ == 0)
		clean_text(&m->warning, text, strlen(text), CLEAN_LINE);
}

static void refused_read_only(struct maintain *m)
{
	struct err why;

	err_set(&why, ERR_PRIVILEGE, "read-only: dytop was told to change nothing (--read-only)");
	maintain_end(m, TASK_REFUSED, &why);
}

static void declined(struct maintain *m)
{
	maintain_end(m, TASK_DECLINED, NULL);
}

static void cancelled(struct maintain *m)
{
	struct err why;

	err_set(&why, ERR_LOST, "cancelled before anything was sent");
	maintain_end(m, TASK_CANCELLED, &why);
}

static void answer(struct task *t, bool yes)
{
	struct maintain *m = (struct maintain *)t;

	if (m->answered)
		return;
	m->answered = true;
	maintain_soon(m, yes ? maintain_run : declined);
}

static void cancel(struct task *t)
{
	struct maintain *m = (struct maintain *)t;

	m->cancelled = true;
	if (m->statement)
		pgwork_cancel(m->work);
	else if (t->state == TASK_LOOKING || (t->state == TASK_ASKING && !m->answered)) {
		m->answered = true;
		maintain_soon(m, cancelled);
	}
	/* between two statements: seen before the next one is sent */
}

static void release_item(struct item *it)
{
	free(it->name);
	free(it->value);
	free(it->target);
	free(it->table);
	free(it->definition);
	free(it->undo);
	free(it->line);
	for (int i = 0; i < ACTION_STATEMENTS_MAX; i++)
		free(it->sql[i]);
}

/* dytop ends: what has an intent, written or about to be, gets an outcome, as far as it is known. */
static void leave(struct maintain *m)
{
	struct audit_outcome o = {.id = m->id, .action = m->action->name, .outcome = TASK_UNKNOWN, .duration_ms = NAN, .rows = -1,
	                          .note = "left running when dytop ended"};

	audit_forget(m->audit, m);
	if (!m->intending && !m->intended)
		return;
	if (!m->statement && m->after) {
		o.outcome = m->verifying ? TASK_UNKNOWN : m->outcome;
		o.sqlstate = m->sqlstate;
		o.error = m->why.code ? m->why.text : NULL;
		o.duration_ms = m->elapsed_ms;
		o.rows = m->rows;
		o.note = m->verifying ? buf_text(&m->warning) : "dytop ended before it was looked after";
	} else if (!m->statement) {
		o.outcome = TASK_CANCELLED;
		o.note = "dytop ended before anything was sent";
	}
	audit_outcome(m->audit, &o, NULL, NULL);
}

static void free_task(struct task *t)
{
	struct maintain *m = (struct maintain *)t;

	leave(m);
	maintain_run_free(m);
	pgwork_free(m->work);
	pgwork_free(m->watch);
	loop_timer_free(m->soon);
	loop_timer_free(m->poll);
	for (int i = 0; i < m->items; i++)
		release_item(&m->item[i]);
	free(m->item);
	free(m->consent);
	free(m->role);
	free(m->database);
	free(m->system_id);
	free(m->version_text);
	free(m->server);
	free(m->extension);
	buf_release(&m->warning);
	task_release(t);
	free(m);
}

static void start(struct task *t)
{
	pgwork_open(((struct maintain *)t)->work);
}

static const struct task_ops ops = {answer, cancel, free_task, start};

static int check_targets(const struct maintain_conf *c, struct err *why)
{
	const struct action *a = c->action;
	int want = a->target == ACTION_ON_NOTHING ? 0 : 1;

	if (c->count < want || (want == 0 && c->count > 0))
		return err_set(why, ERR_INVALID, "%s takes %s", a->name,
		               want == 0 ? "no target" : a->target == ACTION_ON_DEFINITION ? "a CREATE INDEX" : "a target");
	if (c->count > MAINTAIN_TARGETS_MAX)
		return err_set(why, ERR_INVALID, "%d targets at a time, no more", MAINTAIN_TARGETS_MAX);
	for (int i = 0; i < c->count; i++) {
		if (!c->target[i].name && c->target[i].oid == 0)
			return err_set(why, ERR_INVALID, "%s: a target without a name", a->name);
		if (a->value == ACTION_NEEDS_VALUE && !c->target[i].value)
			return err_set(why, ERR_INVALID, "%s wants a %s too", a->name, a->value_name);
		if (a->value == ACTION_NO_VALUE && c->target[i].value)
			return err_set(why, ERR_INVALID, "%s takes no value", a->name);
	}
	return 0;
}

static int connections(struct maintain *m, const struct maintain_conf *c, struct err *why)
{
	/* Nothing of other people's is met by a name that means a thing of the server. Where the person's own path says which relation
	 * is meant, the texts take it themselves (act_target_name, act_begin). */
	static const char *const settings[] = {"search_path", "pg_catalog, pg_temp", "lock_timeout", "2s", "statement_timeout", "10s", NULL};
	const struct pgwork_events work = {.up = on_up, .down = on_down, .notice = on_notice, .ctx = m};
	const struct pgwork_events watch = {.ctx = m};
	char watcher[64];
	struct pgwork_conf conf = {.conf = c->conf, .like = c->like, .over = c->over, .dbname = c->dbname,
	                           .application = m->application, .settings = settings, .log = c->log};
	int rc = pgwork_new(&m->work, m->loop, &conf, &work, why);

	snprintf(watcher, sizeof watcher, "dytop:%s:watch", m->id);
	conf.application = watcher;
	if (rc == 0)
		rc = pgwork_new(&m->watch, m->loop, &conf, &watch, why);
	m->on = m->work;
	return rc;
}

static void add_items(struct maintain *m, const struct maintain_conf *c)
{
	m->items = c->count > 0 ? c->count : 1;
	m->item = mem_calloc((size_t)m->items, sizeof *m->item);
	for (int i = 0; i < m->items; i++) {
		struct item *it = &m->item[i];
		it->bytes = NAN;
		if (c->count == 0)
			continue;
		it->name = mem_strdup(c->target[i].name);
		it->oid = c->target[i].oid;
		it->value = mem_strdup(c->target[i].value);
		maintain_clean(it->shown, sizeof it->shown, it->name ? it->name : "");
	}
}

int maintain_new(struct task **out, struct loop *l, const struct maintain_conf *c, struct err *why)
{
	struct maintain *m;
	char title[TASK_TITLE_MAX];
	int rc = check_targets(c, why);

	if (rc < 0)
		return rc;
	m = mem_alloc(sizeof *m);
	m->loop = l;
	m->action = c->action;
	m->audit = c->audit;
	m->consent = mem_strdup(c->consent);
	m->max_bytes = c->max_bytes > 0 ? c->max_bytes : 0;
	m->text = c->text;
	m->text_ctx = c->text_ctx;
	m->log = c->log;
	m->warning = BUF_INIT(TASK_LINE_MAX);
	m->soon = loop_timer_new(l, on_soon, m);
	add_items(m, c);
	audit_id(m->id);
	snprintf(m->application, sizeof m->application, "dytop:%s:%s", m->id, c->action->name);
	snprintf(title, sizeof title, "%.90s%s%.100s", c->action->title, m->items == 1 && m->item[0].shown[0] ? " " : "",
	         m->items == 1 ? m->item[0].shown : "");
	task_init(&m->task, &ops, c->action->name, title);
	rc = c->read_only ? 0 : connections(m, c, why);
	if (rc < 0) {
		free_task(&m->task);
		return rc;
	}
	if (c->read_only)
		maintain_soon(m, refused_read_only);
	else if (!c->queued)
		pgwork_open(m->work);
	m->task.queued = c->queued && !c->read_only;
	*out = &m->task;
	return 0;
}

bool maintain_follow(const struct task *t, int i, struct maintain_follow *out)
{
	const struct maintain *m = (const struct maintain *)t;

	if (i < 0 || i >= m->follows)
		return false;
	*out = m->follow[i];
	return true;
}
