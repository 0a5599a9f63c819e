/* SPDX-License-Identifier: PostgreSQL */
#include "action/signal_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/clean.h"
#include "core/mem.h"

enum { CHECK_EVERY_MS = 100, CHECK_FOR_MS = 2000, DEADLINE_MS = 5000, NUMBER_MAX = SIGNAL_NUMBER_MAX };

const char *signal_verb(const struct signal_job *j)
{
	return j->conf.kind == SIGNAL_CANCEL ? "cancel" : "terminate";
}

static int64_t now(const struct signal_job *j)
{
	return loop_now(j->loop)->mono_ns;
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

static void close_job(struct signal_job *j)
{
	task_done(&j->task, j->end, j->end_why.code ? &j->end_why : NULL, now(j));
}

static void outcome_written(void *ctx, const struct err *why)
{
	struct signal_job *j = ctx;

	if (why)
		task_say(&j->task, TASK_BAD, "the outcome is not in the audit log: %s", why->text);
	close_job(j);
}

static void write_outcome(struct signal_job *j, const char *note, audit_done *done)
{
	struct audit_outcome line = {.id = j->id,
				     .action = signal_verb(j),
				     .outcome = j->closing ? j->end : TASK_UNKNOWN,
				     .error = j->end_why.code ? j->end_why.text : NULL,
				     .duration_ms = NAN,
				     .rows = -1,
				     .note = note};

	if (j->task.began_ns)
		line.duration_ms = (double)(now(j) - j->task.began_ns) / 1e6;
	j->intended = false;
	audit_outcome(j->conf.audit, &line, done, j);
}

void signal_finish(struct signal_job *j, enum task_outcome outcome, const struct err *why)
{
	if (j->task.state == TASK_DONE || j->closing)
		return;
	loop_timer_stop(j->later);
	pgwork_close(j->work);
	j->ending = j->closing = true;
	j->end = outcome;
	j->end_why = why ? *why : (struct err){0};
	if (j->intended)
		write_outcome(j, NULL, outcome_written);
	else if (!j->intending) /* else noted() goes on */
		close_job(j);
}

/* The same from inside a call of the front. */
static void finish_later(struct signal_job *j, enum task_outcome outcome, const struct err *why)
{
	j->ending = true;
	j->end = outcome;
	j->end_why = why ? *why : (struct err){0};
	loop_timer_in(j->later, 0);
}

/* "{1,2,3}" of one number of each target. */
static char *array_of(const struct signal_job *j, int64_t (*number)(const struct signal_job *j, int i), bool none)
{
	struct buf text = BUF_INIT(1024);

	buf_addc(&text, '{');
	for (int i = 0; i < j->count; i++) {
		buf_adds(&text, i ? "," : "");
		if (none)
			buf_adds(&text, "NULL");
		else
			buf_addf(&text, "%lld", (long long)number(j, i));
	}
	buf_addc(&text, '}');
	return buf_take(&text);
}

static int64_t pid_of(const struct signal_job *j, int i)
{
	return j->target[i].who.pid;
}

static int64_t start_of(const struct signal_job *j, int i)
{
	return j->target[i].who.start_us;
}

static int64_t query_start_of(const struct signal_job *j, int i)
{
	return j->target[i].query_start_us;
}

/* Settings of the session stay in it: behind a pooler others would get them, so each statement has its own there. */
static void run_one(struct signal_job *j, const struct pgwork_query *q)
{
	static const char *const limits[] = {"5s", "1s"};
	struct pgwork_query both[] = {{.sql = j->text[TEXT_LOCAL], .values = limits, .count = 2, .deadline_ms = DEADLINE_MS}, *q};

	if (pgwork_is_pooled(j->work))
		pgwork_run(j->work, both, 2);
	else
		pgwork_run(j->work, q, 1);
}

/* A role may be refused it: then the audit log does not have it. */
static void identified(void *ctx, const struct pgwork_outcome *o)
{
	struct signal_job *j = ctx;
	struct signal_row w = {o->result, 0};

	if (!o->why && o->result->rows > 0 && !j->system_id)
		j->system_id = mem_strdup(signal_value(&w, "system_identifier"));
}

static void look(void *ctx)
{
	struct signal_job *j = ctx;
	struct pgwork_query who = {.sql = j->text[TEXT_IDENTITY], .deadline_ms = DEADLINE_MS, .done = identified, .ctx = j};
	char *pids = array_of(j, pid_of, false);
	const char *values[] = {pids};
	struct pgwork_query q = {.sql = j->text[TEXT_LOOK],
				 .values = values,
				 .count = 1,
				 .deadline_ms = DEADLINE_MS,
				 .done = signal_looked,
				 .ctx = j};

	if (j->task.state == TASK_LOOKING) {
		run_one(j, &who);
		run_one(j, &q);
	}
	free(pids);
}

/* --- afterwards --------------------------------------------------------------------------------------------------- */

static void conclude(struct signal_job *j)
{
	struct err why = {0};
	int left = 0, hit = 0, reused = 0;

	for (int i = 0; i < j->count; i++) {
		const struct signal_who *t = &j->target[i];

		hit += t->sent;
		if (t->failed)
			left++;
		else if (!t->sent && t->reused) {
			err_set(&why, ERR_NOT_FOUND, "%s: already finished, and its pid belongs to another session now: nothing was sent",
				t->name);
			task_say(&j->task, TASK_WARN, "%s", why.text);
			reused++;
		}
		else if (!t->sent)
			task_say(&j->task, TASK_PLAIN, "%s: already finished, nothing was sent", t->name);
		else if (t->gone)
			task_say(&j->task, TASK_GOOD, "%s: %s", t->name,
				 j->conf.kind == SIGNAL_CANCEL ? "what it ran has ended" : "gone");
		else {
			left++;
			task_say(&j->task, TASK_WARN, "%s: still there after %d s%s%s", t->name, CHECK_FOR_MS / 1000,
				 t->wait[0] ? ", waits on " : "", t->wait);
		}
	}
	if (left == 0 && hit == 0 && reused > 0) {
		signal_finish(j, TASK_REFUSED, &why);
		return;
	}
	if (left > 0)
		err_set(&why, ERR_TIMEOUT, "%d of %d: %s", left, j->count,
			j->task.line_count ? j->task.line[j->task.line_count - 1].text : "");
	signal_finish(j, left > 0 ? TASK_FAILED : TASK_OK, left > 0 ? &why : NULL);
}

static void check(struct signal_job *j);

static void checked(void *ctx, const struct pgwork_outcome *o)
{
	struct signal_job *j = ctx;
	int open = 0, hit = 0;

	if (j->ending)
		return;
	for (int i = 0; i < j->count; i++)
		hit += j->target[i].sent;
	if (o->why && hit == 0) { /* nothing that could be unknown */
		conclude(j);
		return;
	}
	if (o->why) {
		struct err why = *o->why;

		err_prefix(&why, "it was sent, but what came of it is not known; look at the activity");
		signal_finish(j, TASK_UNKNOWN, &why);
		return;
	}
	for (int i = 0; i < j->count; i++) {
		j->target[i].gone = true;
		for (int r = 0; r < o->result->rows; r++) {
			struct signal_row w = {o->result, r};

			if (signal_number(&w, "pid") != j->target[i].who.pid)
				continue;
			j->target[i].reused = signal_text(&w, "same")[0] != 't';
			j->target[i].gone = signal_text(&w, "there")[0] != 't';
			snprintf(j->target[i].wait, sizeof j->target[i].wait, "%s%s%s",
				 signal_text(&w, "wait_event_type"), signal_value(&w, "wait_event") ? ":" : "",
				 signal_text(&w, "wait_event"));
		}
		open += j->target[i].sent && !j->target[i].gone;
	}
	if (open == 0 || now(j) >= j->check_until_ns)
		conclude(j);
	else
		loop_timer_in(j->later, CHECK_EVERY_MS);
}

static void check(struct signal_job *j)
{
	char *pids = array_of(j, pid_of, false), *starts = array_of(j, start_of, false);
	char *queries = array_of(j, query_start_of, j->conf.kind == SIGNAL_TERMINATE);
	const char *values[] = {pids, starts, queries};
	struct pgwork_query q = {.sql = j->text[TEXT_CHECK],
				 .values = values,
				 .count = 3,
				 .deadline_ms = DEADLINE_MS,
				 .done = checked,
				 .ctx = j};

	run_one(j, &q);
	free(pids);
	free(starts);
	free(queries);
}

/* --- sending ------------------------------------------------------------------------------------------------------ */

static void send_next(struct signal_job *j);

static void sent(void *ctx, const struct pgwork_outcome *o)
{
	struct signal_job *j = ctx;
	struct signal_who *t = &j->target[j->next];

	if (j->ending)
		return;
	if (o->why && o->sent && (o->why->code == ERR_LOST || o->why->code == ERR_TIMEOUT)) {
		struct err why = *o->why;

		err_prefix(&why, "whether backend %d was hit is not known; look at the activity", t->who.pid);
		signal_finish(j, TASK_UNKNOWN, &why);
		return;
	}
	if (o->why) {
		t->failed = true;
		task_say(&j->task, TASK_BAD, "%s: %s", t->name, o->why->text);
	} else if (o->result->rows > 0) {
		t->sent = true;
	}
	j->next++;
	send_next(j);
}

static void send_next(struct signal_job *j)
{
	struct signal_who *t = &j->target[j->next];
	char pid[NUMBER_MAX], start[NUMBER_MAX], query[NUMBER_MAX];
	const char *values[] = {pid, start, t->role_oid[0] ? t->role_oid : NULL, query};
	bool cancel = j->conf.kind == SIGNAL_CANCEL;
	struct pgwork_query q = {.sql = j->text[TEXT_SEND],
				 .values = values,
				 .count = cancel ? 4 : 3,
				 .deadline_ms = DEADLINE_MS,
				 .done = sent,
				 .ctx = j};

	if (j->next >= j->count) {
		task_check(&j->task);
		j->check_until_ns = now(j) + CHECK_FOR_MS * CLOCK_MS_NS;
		check(j);
		return;
	}
	snprintf(pid, sizeof pid, "%d", t->who.pid);
	snprintf(start, sizeof start, "%lld", (long long)t->who.start_us);
	snprintf(query, sizeof query, "%lld", (long long)t->query_start_us);
	run_one(j, &q);
}

static void noted(void *ctx, const struct err *why)
{
	struct signal_job *j = ctx;

	j->intending = false;
	if (j->closing && why)
		close_job(j);
	else if (j->closing) /* the line is there, and nothing was sent: it gets its outcome */
		write_outcome(j, "nothing was sent", outcome_written);
	if (j->closing)
		return;
	if (j->ending) {
		j->intended = !why;
		return;
	}
	if (why) {
		struct err text = *why;

		err_prefix(&text, "not done, because the audit log cannot be written");
		signal_finish(j, TASK_REFUSED, &text);
		return;
	}
	j->intended = true;
	task_run(&j->task, now(j));
	j->next = 0;
	send_next(j);
}

static void intend(struct signal_job *j)
{
	struct buf target = BUF_INIT(512), identity = BUF_INIT(1024);
	char host[256], port[16];
	struct audit_intent line = {.id = j->id,
				    .action = signal_verb(j),
				    .sql = j->task.sql,
				    .confirmed = j->conf.consent                 ? j->conf.consent
						 : j->conf.kind == SIGNAL_CANCEL ? "y"
										 : "typed the pid"};

	for (int i = 0; i < j->count; i++) {
		const struct signal_who *t = &j->target[i];

		buf_addf(&target, "%s%d", i ? ", " : "backend ", t->who.pid);
		buf_addf(&identity, "%s%s, started %lld us", i ? "; " : "", t->name, (long long)t->who.start_us);
	}
	audit_place(pgwork_name(j->work), host, port); /* before it was up the name was that of the conninfo */
	line.server = (struct audit_server){.name = pgwork_name(j->work),
					    .host = host,
					    .port = port,
					    .database = j->database,
					    .role = j->role,
					    .system_id = j->system_id,
					    .version = j->version};
	line.target = buf_text(&target);
	line.identity = buf_text(&identity);
	j->intending = true;
	audit_intent(j->conf.audit, &line, noted, j);
	buf_release(&target);
	buf_release(&identity);
}

/* --- the task ----------------------------------------------------------------------------------------------------- */

static void answer(struct task *t, bool yes)
{
	struct signal_job *j = (struct signal_job *)t;

	if (j->ending)
		return;
	if (!yes)
		finish_later(j, TASK_DECLINED, NULL);
	else if (!pgwork_is_up(j->work)) {
		struct err why;

		err_set(&why, ERR_LOST, "the connection was lost meanwhile: nothing was sent");
		finish_later(j, TASK_REFUSED, &why);
	} else
		intend(j);
}

static void later(void *ctx)
{
	struct signal_job *j = ctx;

	if (j->ending)
		signal_finish(j, j->end, j->end_why.code ? &j->end_why : NULL);
	else if (j->task.state == TASK_CHECKING)
		check(j);
}

/* Before the question that is a no; after it the signal may be out, and only the waiting ends. */
static void cancel(struct task *t)
{
	struct signal_job *j = (struct signal_job *)t;
	struct err why;

	if (j->ending)
		return;
	if (t->state == TASK_LOOKING || t->state == TASK_ASKING) {
		finish_later(j, TASK_CANCELLED, NULL);
		return;
	}
	err_set(&why, ERR_TIMEOUT, "not waited for any longer; it may have been sent: look at the activity");
	finish_later(j, TASK_UNKNOWN, &why);
}

static void job_free(struct task *t)
{
	struct signal_job *j = (struct signal_job *)t;

	if (j->conf.audit) {
		audit_forget(j->conf.audit, j);
		if (j->intending && !j->closing) {
			j->closing = true;
			j->end = TASK_CANCELLED;
		}
		if (j->intending)
			write_outcome(j, "dytop ended before anything was sent", NULL);
		else if (j->intended)
			write_outcome(j, "dytop ended before it was looked after", NULL);
	}
	pgwork_free(j->work);
	loop_timer_free(j->later);
	for (size_t i = 0; i < ARRAY_LEN(j->text); i++)
		free(j->text[i]);
	free(j->own);
	free(j->jobs);
	free(j->role);
	free(j->database);
	free(j->version);
	free(j->system_id);
	task_release(t);
	free(j);
}

static void start(struct task *t)
{
	pgwork_open(((struct signal_job *)t)->work);
}

static const struct task_ops ops = {answer, cancel, job_free, start};

static void down(void *ctx, const struct err *why)
{
	struct signal_job *j = ctx;

	if (j->task.state == TASK_LOOKING) {
		signal_finish(j, TASK_REFUSED, why);
	} else if (j->task.state == TASK_ASKING && !j->ending) {
		struct err text = *why;

		err_prefix(&text, "nothing was sent");
		signal_finish(j, TASK_REFUSED, &text);
	}
	/* later: the statement's own done() has said it */
}

static int take_targets(struct signal_job *j, const struct signal_conf *conf, struct err *why)
{
	if (conf->count < 1)
		return err_set(why, ERR_INVALID, "which session? give its pid");
	if (conf->count > SIGNAL_TARGETS_MAX)
		return err_set(why, ERR_INVALID, "%d sessions at once, at most %d are taken", conf->count,
			       SIGNAL_TARGETS_MAX);
	for (int i = 0; i < conf->count; i++) {
		if (conf->target[i].pid <= 0)
			return err_set(why, ERR_INVALID,
				       "%d is no session: a prepared transaction is ended by ROLLBACK PREPARED",
				       conf->target[i].pid);
		for (int k = 0; k < i; k++)
			if (conf->target[k].pid == conf->target[i].pid)
				return err_set(why, ERR_INVALID, "backend %d is there twice", conf->target[i].pid);
		j->target[i].who = conf->target[i];
		snprintf(j->target[i].name, sizeof j->target[i].name, "backend %d", conf->target[i].pid);
	}
	j->count = conf->count;
	return 0;
}

static int take_texts(struct signal_job *j, const struct signal_conf *conf, struct err *why)
{
	const char *const name[] = {"signal_look", conf->kind == SIGNAL_CANCEL ? "signal_cancel" : "signal_terminate",
				    "signal_check", "pg_local", "pg_identity"};

	for (size_t i = 0; i < ARRAY_LEN(name); i++) {
		const char *text = conf->text(conf->text_ctx, name[i]);

		if (!text)
			return err_set(why, ERR_NOT_FOUND, "sql/session/%s.sql is missing", name[i]);
		j->text[i] = mem_strdup(text);
	}
	return 0;
}

static int connect(struct signal_job *j, const struct signal_conf *conf, struct err *why)
{
	static const char *const settings[] = {"search_path",
					       "pg_catalog",
					       "statement_timeout",
					       "5s",
					       "lock_timeout",
					       "1s",
					       "default_transaction_read_only",
					       "on",
					       "client_min_messages",
					       "error",
					       NULL};
	struct pgwork_conf work = {.conf = conf->conf,
				   .like = conf->like,
				   .over = conf->over,
				   .application = j->application,
				   .settings = settings,
				   .log = conf->log};
	struct pgwork_events events = {.up = look, .down = down, .ctx = j};
	int rc;

	snprintf(j->application, sizeof j->application, "dytop:%s", j->id);
	rc = pgwork_new(&j->work, j->loop, &work, &events, why);
	if (rc < 0)
		return rc;
	struct buf name = BUF_INIT(1024);
	clean_text(&name, pgwork_name(j->work), strlen(pgwork_name(j->work)), CLEAN_LINE);
	snprintf(j->where, sizeof j->where, "%s", buf_text(&name));
	buf_release(&name);
	return 0;
}

static void set_title(struct signal_job *j)
{
	struct buf title = BUF_INIT(TASK_TITLE_MAX * 2);

	buf_addf(&title, "%s backend", signal_verb(j));
	for (int i = 0; i < j->count; i++)
		buf_addf(&title, "%s %d", i ? "," : j->count > 1 ? "s" : "", j->target[i].who.pid);
	buf_addf(&title, " on %s", j->where);
	snprintf(j->task.title, sizeof j->task.title, "%s", buf_text(&title));
	j->task.title[0] = j->conf.kind == SIGNAL_CANCEL ? 'C' : 'T';
	buf_release(&title);
}

static int *copy_pids(const int *pids, int count)
{
	int *copy = mem_calloc((size_t)count + 1, sizeof *copy);

	for (int i = 0; i < count; i++)
		copy[i] = pids[i];
	return copy;
}

int signal_new(struct task **out, struct loop *l, const struct signal_conf *conf, struct err *why)
{
	struct signal_job *j = mem_calloc(1, sizeof *j);
	struct err no = {0};
	int rc;

	j->loop = l;
	j->conf = *conf;
	task_init(&j->task, &ops, signal_verb(j), signal_verb(j));
	audit_id(j->id);
	j->later = loop_timer_new(l, later, j);
	j->own = copy_pids(conf->own, conf->own_count);
	j->jobs = copy_pids(conf->jobs, conf->job_count);
	rc = take_targets(j, conf, why);
	if (rc == 0)
		rc = take_texts(j, conf, why);
	if (rc == 0)
		rc = connect(j, conf, why);
	if (rc < 0) {
		job_free(&j->task);
		return rc;
	}
	set_title(j);
	*out = &j->task;
	if (conf->read_only)
		err_set(&no, ERR_INVALID, "read-only: dytop was started with --read-only");
	else if (!conf->audit)
		err_set(&no, ERR_IO, "there is no audit log: nothing is done without one");
	if (no.code)
		finish_later(j, TASK_REFUSED, &no);
	else if (!conf->queued)
		pgwork_open(j->work);
	j->task.queued = conf->queued && !no.code;
	return 0;
}
