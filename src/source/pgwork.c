/* SPDX-License-Identifier: PostgreSQL */
#include "source/pgwork.h"

#include <stdlib.h>

#include "core/mem.h"
#include "source/pg_private.h"
#include "source/pgwork_private.h"

/* --- down ------------------------------------------------------------------------------------------------------------------ */

static void free_jobs(struct pgwork *w, struct pgjobs *jobs)
{
	struct pgjob *j;

	while ((j = pgjobs_pop(jobs)) != NULL) {
		w->open_count -= j->kind != PGJOB_SYNC;
		pgjob_free(j);
	}
}

/* All that is open, into *out, in order. */
static void take_open(struct pgwork *w, struct pgjobs *out)
{
	struct pgjobs *const from[] = {&w->sent, &w->waiting};
	struct pgjob *j;

	for (size_t i = 0; i < ARRAY_LEN(from); i++) {
		while ((j = pgjobs_pop(from[i])) != NULL) {
			if (j->kind == PGJOB_SYNC || j->done == NULL) {
				w->open_count -= j->kind != PGJOB_SYNC;
				pgjob_free(j);
			} else {
				pgjobs_add(out, j);
			}
		}
	}
}

static void forget_connection(struct pgwork *w)
{
	w->life++;
	w->settled = w->pooled = w->overdue = w->held = w->copy_waits = false;
	w->piped = w->keeps_pipe = false;
	w->setting_up = w->no_syncs = 0;
	w->at = w->copying = NULL;
	w->sent_count = 0;
	buf_release(&w->copy);
	loop_timer_stop(w->tick);
	pgcancel_free(w->cancel);
	w->cancel = NULL;
	free_jobs(w, &w->setup);
	for (int i = 0; i < w->names; i++)
		w->name[i]->state = PGNAME_UNKNOWN;
}

static void setup_done(void *ctx, const struct pgwork_outcome *o);

/* The setup's own statements go without a word: down() tells. */
static void silence_setup(struct pgwork *w)
{
	for (struct pgjob *j = w->sent.first; j; j = j->next) {
		if (j->done == setup_done)
			j->done = NULL;
	}
}

/* Why what is run from now on ends at once. */
static void now_gone(struct pgwork *w, const char *text)
{
	w->gone = true;
	err_set(&w->gone_why, ERR_LOST, "%s", text);
}

static void on_down(void *ctx, const struct err *why, enum source_failure failure)
{
	struct pgwork *w = ctx;
	struct err copy = *why;
	/* Never up: what waited was never sent, and the reason is the answer. Else the connection went away under it. */
	int code = w->was_up && copy.code != ERR_TIMEOUT ? ERR_LOST : copy.code;
	struct pgjob *overdue = w->overdue ? w->at : NULL;
	struct pgjobs open = {NULL, NULL};
	struct pgjob *j;

	(void)failure;
	silence_setup(w);
	take_open(w, &open);
	forget_connection(w);
	now_gone(w, copy.text);
	w->was_up = false;
	log_write(w->log, LOG_INFO, "%s: %s", pgconn_name(w->conn), copy.text);
	while ((j = pgjobs_pop(&open)) != NULL) {
		struct clock now;

		clock_read(&now);
		w->known_ns = j->ended_ns = now.mono_ns;
		pgresult_free(j->result); /* what the server did not confirm is not known */
		j->result = NULL;
		pgjob_fail(j, j->sent && j != overdue && code == ERR_TIMEOUT ? ERR_LOST : code, copy.text);
		pgwork_tell(w, j);
	}
	if (w->events.down)
		w->events.down(w->events.ctx, &copy);
}

void pgwork_drop(struct pgwork *w, const struct err *why)
{
	pgconn_close(w->conn);
	on_down(w, why, SOURCE_UNREACHABLE);
}

void pgwork_unclear(struct pgwork *w, const char *what)
{
	struct err why;

	err_set(&why, ERR_PROTOCOL, "the server's answers make no sense (%s): connection dropped", what);
	pgwork_drop(w, &why);
}

void pgwork_close(struct pgwork *w)
{
	struct pgjobs open = {NULL, NULL};
	struct pgjob *j;

	if (!w)
		return;
	silence_setup(w);
	take_open(w, &open);
	pgconn_close(w->conn);
	forget_connection(w);
	now_gone(w, "the connection was closed");
	w->was_up = false;
	while ((j = pgjobs_pop(&open)) != NULL) {
		pgresult_free(j->result);
		j->result = NULL;
		pgjob_fail(j, ERR_LOST, "the connection was closed");
		pgjobs_add(&w->dead, j);
	}
	if (w->dead.first)
		loop_timer_in(w->later, 0);
}

/* --- up -------------------------------------------------------------------------------------------------------------------- */

static void settled(struct pgwork *w)
{
	if (w->setup_why.code < 0) {
		struct err why = w->setup_why;

		pgwork_drop(w, &why);
		return;
	}
	w->settled = w->was_up = true;
	if (w->events.up)
		w->events.up(w->events.ctx);
	pgwork_pump(w);
}

static void setup_done(void *ctx, const struct pgwork_outcome *o)
{
	struct pgwork *w = ctx;
	int len = 0;
	const char *pid = o->result ? pgresult_value(o->result, 0, 0, &len) : NULL;

	if (o->why && !o->skipped && w->setup_why.code == 0)
		err_set(&w->setup_why, o->why->code, "a setting of the session was refused: %s", o->why->text);
	if (pid && strtol(pid, NULL, 10) != pgconn_backend_pid(w->conn))
		w->pooled = true;
	w->setting_up--;
	if (w->setting_up == 0)
		settled(w);
}

static void on_up(void *ctx)
{
	struct pgwork *w = ctx;
	int count = w->settings + 1;
	struct pgwork_query *queries = mem_calloc((size_t)count, sizeof(*queries));
	const char **values = mem_calloc((size_t)count * 3, sizeof(*values));
	char pid[16];

	w->setup_why.code = 0;
	w->setting_up = count;
	snprintf(pid, sizeof(pid), "%d", pgconn_backend_pid(w->conn));
	for (int i = 0; i < count; i++) {
		values[i * 3] = i == 0 ? NULL : w->setting[(i - 1) * 2];
		values[i * 3 + 1] = i == 0 ? NULL : w->setting[(i - 1) * 2 + 1];
		values[i * 3 + 2] = pid;
		queries[i] = (struct pgwork_query){
			.sql = w->work_sql,
			.values = values + (size_t)i * 3,
			.count = 3,
			.done = setup_done,
			.ctx = w,
		};
	}
	pgwork_keep(w, &w->setup, queries, count);
	free(queries);
	free(values);
	pgwork_pump(w);
}

void pgwork_open(struct pgwork *w)
{
	w->gone = false;
	pgconn_open(w->conn);
}

/* --- cancel and deadline ----------------------------------------------------------------------------------------------------- */

static void say(struct pgwork *w, const char *words)
{
	log_write(w->log, LOG_WARN, "%s: %s", pgconn_name(w->conn), words);
	if (w->events.notice)
		w->events.notice(w->events.ctx, "WARNING", "", words);
}

static void on_cancelled(void *ctx, const struct err *why)
{
	struct pgwork *w = ctx;
	unsigned life = w->life;
	char words[ERR_TEXT_MAX + 40];

	w->cancel = NULL;
	if (why) {
		snprintf(words, sizeof(words), "the cancel request failed: %s", why->text);
		say(w, words);
	}
	if (life == w->life)
		pgwork_pump(w);
}

void pgwork_cancel(struct pgwork *w)
{
	struct err given_up;

	if (!w->at || w->cancel)
		return;
	if (w->copying) {
		err_set(&given_up, ERR_QUERY, "cancelled");
		pgwork_end_copy(w, &given_up);
		return;
	}
	if (w->pooled && !pgcancel_is_direct(w->conn)) {
		loop_timer_in(w->later, 0); /* says so from there */
		w->no_cancel = true;
		return;
	}
	w->cancel = pgcancel_start(w->conn, 0, w->cancel_sql, PGWORK_OBEY_MS, on_cancelled, w);
}

static void on_tick(void *ctx)
{
	struct pgwork *w = ctx;
	struct err why;

	if (!w->at)
		return;
	if (!w->overdue) {
		w->overdue = w->at->overdue = true;
		pgwork_cancel(w);
		w->ticks = true;
		loop_timer_in(w->tick, PGWORK_OBEY_MS);
		return;
	}
	err_set(&why, ERR_TIMEOUT, "not done in time, and the cancel was not obeyed: connection dropped");
	pgwork_drop(w, &why);
}

void pgwork_watch(struct pgwork *w)
{
	/* The commit of a batch is within the deadline of its last statement. */
	if (w->at && w->at->kind == PGJOB_SYNC)
		return;
	w->overdue = false;
	if (w->at && w->at->deadline_ms > 0)
		loop_timer_in(w->tick, w->at->deadline_ms);
	else if (w->ticks)
		loop_timer_stop(w->tick);
	w->ticks = w->at && w->at->deadline_ms > 0;
}

static void on_later(void *ctx)
{
	struct pgwork *w = ctx;
	const struct pgjob *last = w->dead.last; /* what a done() runs now, and ends as well, has a turn of its own */
	struct pgjob *j;

	w->known_ns = clock_mono();
	while ((j = pgjobs_pop(&w->dead)) != NULL) {
		bool end = j == last;

		pgwork_tell(w, j);
		if (end)
			break;
	}
	if (w->dead.first)
		loop_timer_in(w->later, 0);
	if (w->no_cancel) {
		w->no_cancel = false;
		say(w, "a pooler stands between: libpq 17 is needed to cancel through it");
	}
	if (w->copying)
		pgwork_writable(w);
	if (w->at && !w->held && !w->copying) {
		pgconn_pause(w->conn, false);
		pgwork_readable(w);
	}
}

void pgwork_more(struct pgwork *w)
{
	if (!w->held && !w->copy_waits)
		return;
	w->held = w->copy_waits = false;
	loop_timer_in(w->later, 0);
}

/* --- life -------------------------------------------------------------------------------------------------------------------- */

static void on_notice(void *ctx, const char *severity, const char *sqlstate, const char *text)
{
	struct pgwork *w = ctx;

	if (w->events.notice)
		w->events.notice(w->events.ctx, severity, sqlstate, text);
}

static void on_notify(void *ctx, const char *channel, const char *payload, int pid)
{
	struct pgwork *w = ctx;

	if (w->events.notify)
		w->events.notify(w->events.ctx, channel, payload, pid);
}

static int take_texts(struct pgwork *w, const char *(*text)(void *, const char *), void *ctx, struct err *why)
{
	const char *work = text ? text(ctx, "pg_work") : NULL, *cancel = text ? text(ctx, "pg_cancel") : NULL;

	if (!work || !cancel)
		return err_set(why, ERR_NOT_FOUND, "sql/session/pg_%s.sql is missing", work ? "cancel" : "work");
	w->work_sql = mem_strdup(work);
	w->cancel_sql = mem_strdup(cancel);
	return 0;
}

/* The connection that ours is like: a live source's, or one that is made for that. */
static int connect_like(struct pgwork *w, const struct pgwork_conf *conf, struct err *why)
{
	struct pgconn_events events = {
		.up = on_up, .down = on_down, .readable = pgwork_readable, .ctx = w,
		.notice = on_notice, .notify = w->events.notify ? on_notify : NULL, .writable = pgwork_writable,
	};
	struct pgconn_like like = {
		.over = conf->over,
		.dbname = conf->dbname,
		.application = conf->application ? conf->application : "dytop",
		.connect_timeout_ms = conf->connect_timeout_ms,
	};
	struct pgconn *made = NULL;
	int rc;

	if (conf->like && conf->like->ops != &pg_ops)
		return err_set(why, ERR_UNSUPPORTED, "%s is no live PostgreSQL", conf->like->status.name);
	if (conf->like) {
		struct pg *pg = conf->like->self;

		like.like = pg->conn;
		rc = take_texts(w, pg->text, pg->text_ctx, why);
	} else {
		rc = take_texts(w, conf->conf->text, conf->conf->text_ctx, why);
		if (rc == 0)
			rc = pgconn_new(&made, w->loop, conf->conf, &events, w->log, why);
		like.like = made;
	}
	if (rc == 0)
		rc = pgconn_new_like(&w->conn, w->loop, &like, &events, w->log, why);
	pgconn_free(made);
	return rc;
}

static void keep_settings(struct pgwork *w, const char *const *settings)
{
	int count = 0;

	while (settings && settings[count])
		count++;
	w->settings = count / 2;
	w->setting = mem_calloc((size_t)count + 1, sizeof(*w->setting));
	for (int i = 0; i < count; i++)
		w->setting[i] = mem_strdup(settings[i]);
}

int pgwork_new(struct pgwork **out, struct loop *l, const struct pgwork_conf *conf, const struct pgwork_events *events,
               struct err *why)
{
	struct pgwork *w = mem_alloc(sizeof(*w));
	int rc;

	w->loop = l;
	w->log = conf->log;
	w->events = *events;
	w->copies = conf->copies;
	w->copy = BUF_INIT(PGWORK_COPY_MAX);
	w->later = loop_timer_new(l, on_later, w);
	w->tick = loop_timer_new(l, on_tick, w);
	keep_settings(w, conf->settings);
	rc = connect_like(w, conf, why);
	if (rc < 0) {
		pgwork_free(w);
		return rc;
	}
	*out = w;
	return 0;
}

void pgwork_free(struct pgwork *w)
{
	struct pgjobs open = {NULL, NULL};

	if (!w)
		return;
	take_open(w, &open);
	pgconn_free(w->conn);
	forget_connection(w);
	free_jobs(w, &open);
	free_jobs(w, &w->dead);
	loop_timer_free(w->later);
	loop_timer_free(w->tick);
	for (int i = 0; i < w->names; i++) {
		free(w->name[i]->name);
		free(w->name[i]);
	}
	map_release(&w->name_of);
	for (int i = 0; i < w->settings * 2; i++)
		free(w->setting[i]);
	free(w->setting);
	free(w->work_sql);
	free(w->cancel_sql);
	free(w);
}

/* --- what it is ---------------------------------------------------------------------------------------------------------------- */

bool pgwork_is_up(const struct pgwork *w)
{
	return w->settled;
}

bool pgwork_is_pooled(const struct pgwork *w)
{
	return w->pooled;
}

bool pgwork_in_transaction(const struct pgwork *w)
{
	return pgconn_in_transaction(w->conn);
}

int pgwork_open_count(const struct pgwork *w)
{
	return w->open_count - w->setting_up;
}

const char *pgwork_name(const struct pgwork *w)
{
	return pgconn_name(w->conn);
}

const char *pgwork_user(const struct pgwork *w)
{
	return pgconn_user(w->conn);
}

const char *pgwork_dbname(const struct pgwork *w)
{
	return pgconn_dbname(w->conn);
}

int pgwork_version(const struct pgwork *w)
{
	return pgconn_version(w->conn);
}

int pgwork_backend_pid(const struct pgwork *w)
{
	return pgconn_backend_pid(w->conn);
}

const char *pgwork_parameter(const struct pgwork *w, const char *name)
{
	return pgconn_parameter(w->conn, name);
}
