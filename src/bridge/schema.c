/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/schema.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/schema_private.h"
#include "core/clean.h"
#include "core/mem.h"
#include "source/pgstmt.h"

static struct schema *of(struct task *t)
{
	return (struct schema *)t;
}

/* --- one statement after the other ---------------------------------------------------------------------------------- */

const char *schema_query_text(const struct schema *s, const char *name)
{
	for (int i = 0; i < s->conf.text_count; i++) {
		if (strcmp(s->conf.texts[i].name, name) != 0)
			continue;
		const char *text = s->conf.texts[i].text.at;
		while (text[0] == '-' && text[1] == '-' && strchr(text, '\n'))
			text = strchr(text, '\n') + 1;
		return text;
	}
	return NULL;
}

static void answered(void *ctx, const struct pgwork_outcome *outcome)
{
	struct schema *s = ctx;
	schema_next *next = s->next;

	s->next = NULL;
	if (!s->ended && next)
		next(s, outcome);
}

void schema_ask(struct schema *s, const char *sql, const char *const *values, int count, schema_next *next)
{
	struct pgwork_query q = {.sql = sql, .values = values, .count = count, .done = answered, .ctx = s};

	s->next = next;
	pgwork_run(s->work, &q, 1);
}

void schema_ask_text(struct schema *s, const char *name, const char *value, int count, schema_next *next)
{
	schema_ask(s, schema_query_text(s, name), &value, count, next);
}

/* --- the end --------------------------------------------------------------------------------------------------------- */

static void say_outcome(struct schema *s, enum task_outcome outcome, const struct err *why)
{
	double elapsed = s->task.began_ns ? (double)(loop_now(s->loop)->mono_ns - s->task.began_ns) / 1e6 : NAN;

	if (s->witnessed && s->witness.outcome)
		s->witness.outcome(s->witness.ctx, outcome, why, elapsed);
	s->witnessed = false;
}

/* Runs it from the loop: a task's front is never called from inside its own call, and may free the task at any time. */
static void later(struct schema *s, void (*fn)(struct schema *s))
{
	s->later = fn;
	loop_timer_in(s->timer, 0);
}

static void on_timer(void *ctx)
{
	struct schema *s = ctx;
	void (*fn)(struct schema *s) = s->later;

	s->later = NULL;
	if (fn)
		fn(s);
}

static void hang_up(struct schema *s)
{
	pgwork_close(s->work);
}

void schema_end(struct schema *s, enum task_outcome outcome, const struct err *why)
{
	if (s->ended)
		return;
	s->ended = true;
	say_outcome(s, outcome, why);
	later(s, hang_up);
	task_done(&s->task, outcome, why, loop_now(s->loop)->mono_ns);
}

void schema_fail(struct schema *s, const struct err *why)
{
	struct err text = *why;

	if (s->cancelled)
		err_set(&text, ERR_LOST, "cancelled; what was applied stays, and the same command goes on from there");
	else if (s->task.state == TASK_RUNNING && why->code != ERR_LOST)
		task_say(&s->task, TASK_PLAIN, "what was applied stays; the same command goes on from there");
	schema_end(s, s->cancelled ? TASK_CANCELLED : s->task.state == TASK_RUNNING && why->code == ERR_LOST ? TASK_UNKNOWN : TASK_FAILED,
	           &text);
}

bool schema_failed(struct schema *s, const struct pgwork_outcome *outcome)
{
	if (!outcome->why)
		return false;
	schema_fail(s, outcome->why);
	return true;
}

void schema_refuse(struct schema *s, const struct err *why)
{
	schema_end(s, TASK_REFUSED, why);
}

/* --- doing ----------------------------------------------------------------------------------------------------------- */

static void next_step(struct schema *s);

void schema_progress(struct schema *s, double within, const char *phase)
{
	const struct step *step = &s->step[s->at];
	double part = s->units > 0 ? (s->units_done + within * step->units) / s->units : 0;
	double elapsed = (double)(loop_now(s->loop)->mono_ns - s->task.began_ns) / 1e6;

	/* Too early, the guess is worth nothing. */
	task_progress(&s->task, part, part > 0.05 && elapsed > 2000 ? elapsed * (1 - part) / part : NAN, phase);
}

static void step_done(struct schema *s)
{
	s->units_done += s->step[s->at++].units;
	next_step(s);
}

static void got_step(struct schema *s, const struct pgwork_outcome *outcome)
{
	const struct step *step = &s->step[s->at];
	struct err why;

	if (!outcome->why) {
		step_done(s);
		return;
	}
	why = *outcome->why;
	if (step->migration >= 0)
		err_prefix(&why, "sql/bridge/%s.sql:%d", s->migration[step->migration].name, step->line);
	if (step->may_fail && !s->cancelled && why.code != ERR_LOST && why.code != ERR_TIMEOUT) {
		task_say(&s->task, TASK_WARN, "left out: %s", why.text);
		s->skipped++;
		step_done(s);
	} else {
		schema_fail(s, &why);
	}
}

static void got_rows(struct schema *s, const struct pgwork_outcome *outcome)
{
	if (!outcome || !schema_failed(s, outcome))
		step_done(s);
}

static void got_timeout(struct schema *s, const struct pgwork_outcome *outcome)
{
	if (schema_failed(s, outcome))
		return;
	s->unlimited = !s->unlimited;
	next_step(s);
}

static void record(struct schema *s, const struct step *step)
{
	const struct migration *m = &s->migration[step->migration];
	char *text = mem_strndup(m->text.at, m->text.len);
	const char *values[] = {m->name, text};

	schema_ask(s, schema_query_text(s, "record"), values, 2, got_step);
	free(text);
}

static void verify(struct schema *s, const struct pgwork_outcome *outcome)
{
	struct err why = {0};
	int left = 0;

	(void)outcome;
	for (int i = 0; i < s->report.object_count; i++) {
		const struct schema_object *o = &s->report.object[i];
		bool server = strcmp(o->kind, "extension") == 0 || strcmp(o->kind, "role") == 0;
		if (!s->conf.sets[o->set] || o->state == SCHEMA_PRESENT)
			continue;
		task_say(&s->task, server || o->state == SCHEMA_DIFFERS ? TASK_WARN : TASK_BAD, "%s %s: %s", o->kind, o->name,
		         schema_state_name(o->state));
		left += !server && o->state != SCHEMA_DIFFERS;
	}
	if (left > 0) {
		err_set(&why, ERR_QUERY, "%d thing%s still missing or invalid", left, left == 1 ? " is" : "s are");
		schema_end(s, TASK_FAILED, &why);
		return;
	}
	for (int set = 0; set < MIGRATION_SETS; set++)
		if (s->conf.sets[set] && set != MIGRATION_ROWS)
			task_say(&s->task, TASK_GOOD, "%s: %d of %d there", migration_set_name((enum migration_set)set),
			         schema_count(&s->report, (enum migration_set)set, SCHEMA_PRESENT),
			         schema_count(&s->report, (enum migration_set)set, SCHEMA_PRESENT) +
			         schema_count(&s->report, (enum migration_set)set, SCHEMA_MISSING) +
			         schema_count(&s->report, (enum migration_set)set, SCHEMA_DIFFERS));
	if (schema_rows_there(&s->report) > 0)
		task_say(&s->task, TASK_GOOD, "rows: %lld generated transactions", (long long)schema_rows_there(&s->report));
	schema_end(s, TASK_OK, NULL);
}

static void next_step(struct schema *s)
{
	if (s->cancelled) {
		schema_fail(s, &(struct err){.code = ERR_LOST});
		return;
	}
	if (s->at == s->step_count) {
		task_check(&s->task);
		schema_look(s, verify);
		return;
	}
	struct step *step = &s->step[s->at];
	if (step->kind == STEP_SQL && step->alone != s->unlimited) {
		schema_ask_text(s, "lock_timeout", step->alone ? "0" : "10s", 1, got_timeout);
		return;
	}
	if (step->kind == STEP_LOAD) {
		schema_load_rows(s, got_rows);
	} else if (step->kind == STEP_SQL) {
		schema_progress(s, 0, step->words);
		schema_ask(s, step->sql, NULL, 0, got_step);
	} else if (s->skipped > 0) { /* not all of the file was applied: no record of it */
		s->skipped = 0;
		step_done(s);
	} else {
		record(s, step);
	}
}

/* --- the question ---------------------------------------------------------------------------------------------------- */

static void permitted(void *doer, const struct err *why)
{
	struct schema *s = doer;

	if (s->ended)
		return;
	if (why) {
		schema_refuse(s, why);
		return;
	}
	s->witnessed = s->witness.intent != NULL;
	task_run(&s->task, loop_now(s->loop)->mono_ns);
	next_step(s);
}

static void begin(struct schema *s)
{
	if (s->ended)
		return;
	if (!pgwork_is_up(s->work)) {
		schema_end(s, TASK_FAILED, &(struct err){ERR_LOST, "the connection was lost while the question was open"});
	} else if (s->witness.intent)
		s->witness.intent(s->witness.ctx, pgwork_name(s->work), pgwork_user(s->work), s->task.sql, permitted, s);
	else
		permitted(s, NULL);
}

static void decline(struct schema *s)
{
	schema_end(s, s->cancelled ? TASK_CANCELLED : TASK_DECLINED, NULL);
}

static void schema_answer(struct task *t, bool yes)
{
	later(of(t), yes ? begin : decline);
}

static void ask_person(struct schema *s)
{
	struct task_question q = {.weight = TASK_WEIGHT_YES, .expires_ms = 60000};
	struct buf where = BUF_INIT(512);
	int statements = 0;

	for (int i = 0; i < s->step_count; i++)
		statements += s->step[i].kind != STEP_RECORD;
	clean_text(&where, s->report.schema, strlen(s->report.schema), CLEAN_EXACT);
	buf_adds(&where, " of ");
	clean_text(&where, s->report.server, strlen(s->report.server), CLEAN_EXACT);
	snprintf(q.title, sizeof q.title, "Run these %d statements in schema %.140s?", statements, buf_text(&where));
	buf_release(&where);
	task_ask(&s->task, &q);
}

/* Everything was looked at: refuse, be done, ask or begin. */
static void decide(struct schema *s, const struct pgwork_outcome *outcome)
{
	struct err why = {0};

	(void)outcome;
	if (s->conf.check_only) {
		schema_end(s, TASK_OK, NULL);
	} else if (schema_judge(s, &why) < 0) {
		schema_refuse(s, &why);
	} else {
		schema_plan(s);
		if (s->step_count == 0) {
			task_say(&s->task, TASK_GOOD, "all of it is there: nothing to do");
			schema_end(s, TASK_OK, NULL);
		} else if (s->empty) {
			task_say(&s->task, TASK_PLAIN, "the database is empty");
			begin(s);
		} else {
			ask_person(s);
		}
	}
}

/* --- the connection -------------------------------------------------------------------------------------------------- */

static void got_lock(struct schema *s, const struct pgwork_outcome *outcome)
{
	if (schema_failed(s, outcome))
		return;
	if (!report_true(outcome->result, 0)) {
		schema_refuse(s, &(struct err){
			ERR_UNSUPPORTED, "a pooler stands between: this needs a session of its own; give the server itself"});
		return;
	}
	if (!report_true(outcome->result, 1)) {
		schema_refuse(s, &(struct err){ERR_BUSY, "another dytop bridge init is at work in this database"});
		return;
	}
	schema_look(s, decide);
}

static void up(void *ctx)
{
	struct schema *s = ctx;

	snprintf(s->report.server, sizeof s->report.server, "%s", pgwork_name(s->work));
	if (s->conf.check_only) {
		schema_look(s, decide);
		return;
	}
	char pid[24];
	snprintf(pid, sizeof pid, "%d", pgwork_backend_pid(s->work));
	schema_ask_text(s, "lock", pid, 1, got_lock);
}

static void down(void *ctx, const struct err *why)
{
	struct schema *s = ctx;

	if (!s->ended)
		schema_fail(s, why);
}

static void notice(void *ctx, const char *severity, const char *sqlstate, const char *text)
{
	struct schema *s = ctx;

	(void)sqlstate;
	if (!s->ended && strcmp(severity, "WARNING") == 0)
		task_say(&s->task, TASK_WARN, "%s", text);
}

static void start(struct schema *s)
{
	if (s->conf.read_only && !s->conf.check_only)
		schema_refuse(s, &(struct err){ERR_PRIVILEGE, "--read-only: nothing is changed"});
	else
		pgwork_open(s->work);
}

/* --- as a task ------------------------------------------------------------------------------------------------------- */

static void schema_cancel(struct task *t)
{
	struct schema *s = of(t);

	if (s->ended)
		return;
	s->cancelled = true;
	if (s->task.state == TASK_LOOKING || !pgwork_is_up(s->work))
		later(s, decline);
	else
		pgwork_cancel(s->work);
}

static void schema_free(struct task *t)
{
	struct schema *s = of(t);

	s->ended = true;
	pgwork_free(s->work);
	loop_timer_free(s->timer);
	for (int i = 0; i < s->migration_count; i++)
		migration_release(&s->migration[i]);
	free(s->migration);
	schema_plan_release(s);
	report_release(&s->report);
	free(s->make_schema);
	free(s->elsewhere);
	free(s->schema_name);
	task_release(&s->task);
	free(s);
}

static const struct task_ops schema_ops = {.answer = schema_answer, .cancel = schema_cancel, .free = schema_free};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct migration *)a)->name, ((const struct migration *)b)->name);
}

static int read_files(struct schema *s, struct err *why)
{
	static const char *const needed[] = {"state", "lock", "check_objects", "records", "record", "loads", "load_begin", "load_done",
	                                     "any_rows", "other_rows", "lock_timeout", "copy_transactions", "copy_signatures"};
	int rc = 0;

	s->migration = mem_calloc((size_t)s->conf.text_count + 1, sizeof *s->migration);
	for (int i = 0; i < s->conf.text_count && rc == 0; i++) {
		const struct schema_text *t = &s->conf.texts[i];
		if (!migration_is(t->name))
			continue;
		rc = migration_parse(&s->migration[s->migration_count], t->name, t->path, t->text, why);
		s->migration_count += rc == 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(needed) && rc == 0; i++)
		if (!schema_query_text(s, needed[i]))
			rc = err_set(why, ERR_NOT_FOUND, "there is no sql/bridge/%s.sql", needed[i]);
	if (rc < 0)
		return rc;
	qsort(s->migration, (size_t)s->migration_count, sizeof *s->migration, by_name);
	s->report.file_count = s->migration_count;
	s->report.file = mem_calloc((size_t)s->migration_count + 1, sizeof *s->report.file);
	for (int i = 0; i < s->migration_count; i++)
		s->report.file[i] = (struct schema_file){.name = s->migration[i].name, .set = s->migration[i].set,
		                                         .layout = s->migration[i].layout};
	return 0;
}

static int connect_to(struct schema *s, struct err *why)
{
	struct buf path = BUF_INIT(1024);
	/* The search path comes last, so that it may be left out. What is made up need not wait for a disk at each commit. */
	const char *settings[] = {"statement_timeout", "0", "lock_timeout", "10s", "client_min_messages", "warning",
	                          "synchronous_commit", s->conf.rows > 0 ? "off" : "on", "maintenance_work_mem", "128MB",
	                          s->schema_name ? "search_path" : NULL, NULL, NULL};
	struct pgwork_conf conf = {.conf = s->conf.server, .over = s->conf.over, .application = "dytop bridge", .settings = settings,
	                           .copies = true, .log = s->conf.log};
	struct pgwork_events events = {.up = up, .down = down, .notice = notice, .ctx = s};

	if (s->schema_name) {
		pgstmt_quote(&path, s->schema_name);
		settings[11] = buf_text(&path);
	}
	int rc = pgwork_new(&s->work, s->loop, &conf, &events, why);
	buf_release(&path);
	return rc;
}

int schema_new(struct task **out, struct loop *l, const struct schema_conf *conf, struct err *why)
{
	struct schema *s;
	int rc;

	if (conf->schema && (strlen(conf->schema) > 63 || conf->schema[0] == '\0' || strncmp(conf->schema, "pg_", 3) == 0))
		return err_set(why, ERR_INVALID, "--schema: a name of 1 to 63 bytes that does not begin with pg_");
	s = mem_alloc(sizeof *s);
	s->loop = l;
	s->conf = *conf;
	s->schema_name = mem_strdup(conf->schema);
	s->witness = conf->witness ? *conf->witness : (struct schema_witness){0};
	task_init(&s->task, &schema_ops, conf->check_only ? "bridge_check" : "bridge_init", conf->check_only ? "bridge check" : "bridge init");
	s->timer = loop_timer_new(l, on_timer, s);
	rc = read_files(s, why);
	if (rc == 0)
		rc = connect_to(s, why);
	s->conf.server = NULL;
	s->conf.over = NULL;
	if (rc < 0) {
		schema_free(&s->task);
		return rc;
	}
	later(s, start);
	*out = &s->task;
	return 0;
}

const struct schema_report *schema_report(const struct task *t)
{
	return &((const struct schema *)t)->report;
}
