/* SPDX-License-Identifier: PostgreSQL */
/* Statements: kept while they wait, sent in order, told what came of them. */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "source/pgwork_private.h"

void pgjobs_add(struct pgjobs *jobs, struct pgjob *j)
{
	j->next = NULL;
	if (jobs->last)
		jobs->last->next = j;
	else
		jobs->first = j;
	jobs->last = j;
}

struct pgjob *pgjobs_pop(struct pgjobs *jobs)
{
	struct pgjob *j = jobs->first;

	if (!j)
		return NULL;
	jobs->first = j->next;
	if (!jobs->first)
		jobs->last = NULL;
	j->next = NULL;
	return j;
}

static void forget_texts(struct pgjob *j)
{
	for (int i = 0; j->values && i < j->count; i++)
		free(j->values[i]);
	free(j->values);
	free(j->sql);
	j->values = NULL;
	j->sql = NULL;
}

void pgjob_free(struct pgjob *j)
{
	if (!j)
		return;
	forget_texts(j);
	pgresult_free(j->result);
	pgresult_free(j->error);
	free(j->why);
	free(j);
}

void pgjob_fail(struct pgjob *j, int code, const char *text)
{
	if (j->why || j->error)
		return;
	j->why = mem_alloc(sizeof(*j->why));
	err_set(j->why, code, "%s", text);
}

/* --- names of prepared statements -------------------------------------------------------------------------------------- */

static struct pgwork_name *find_name(struct pgwork *w, const char *name)
{
	uint64_t hash = map_hash(MAP_SEED, name, strlen(name)), at;
	struct pgwork_name *n;

	if (map_get(&w->name_of, hash, &at))
		return strcmp(w->name[at - 1]->name, name) == 0 ? w->name[at - 1] : NULL;
	if (w->names == PGWORK_NAMES_MAX)
		return NULL;
	n = mem_alloc(sizeof(*n));
	n->name = mem_strdup(name);
	w->name[w->names++] = n;
	map_put(&w->name_of, hash, (uint64_t)w->names);
	return n;
}

/* A caller asks with the same text again and again: where it stood last time is looked at first. */
static struct pgwork_name *name_of(struct pgwork *w, const char *name)
{
	struct pgwork_name **recent = &w->recent[((uintptr_t)name >> 3) % PGWORK_RECENT];

	if (!*recent || strcmp((*recent)->name, name) != 0)
		*recent = find_name(w, name);
	return *recent;
}

/* --- kept ---------------------------------------------------------------------------------------------------------------- */

static struct pgjob *job_new(struct pgwork *w, const struct pgwork_query *q, struct pgwork_name *name)
{
	struct pgjob *j = mem_alloc(sizeof(*j));

	j->kind = PGJOB_QUERY;
	j->batch = w->batch;
	j->binary = q->binary;
	j->stream = q->stream;
	j->single = q->single;
	j->name = name;
	j->deadline_ms = q->deadline_ms;
	j->count = q->count;
	j->rows = q->rows;
	j->done = q->done;
	j->ctx = q->ctx;
	w->open_count++;
	return j;
}

static void keep_texts(struct pgjob *j, const struct pgwork_query *q)
{
	j->sql = mem_strdup(q->sql);
	if (q->count == 0)
		return;
	j->values = mem_calloc((size_t)q->count, sizeof(*j->values));
	for (int i = 0; i < q->count; i++)
		j->values[i] = mem_strdup(q->values[i]);
}

void pgwork_keep(struct pgwork *w, struct pgjobs *to, const struct pgwork_query *queries, int count)
{
	w->batch++;
	for (int i = 0; i < count; i++) {
		struct pgwork_name *name = queries[i].name && !w->copies && !w->pooled ? name_of(w, queries[i].name) : NULL;
		struct pgjob *j = job_new(w, &queries[i], name);

		keep_texts(j, &queries[i]);
		j->last = i == count - 1;
		pgjobs_add(to, j);
	}
}

/* --- sent ---------------------------------------------------------------------------------------------------------------- */

/* Another batch is about to prepare what this one uses: whether that works is not known yet. */
static bool unsure_of(const struct pgjob *j)
{
	return j->name && j->name->state == PGNAME_PREPARING && j->name->batch != j->batch;
}

static bool may_send(const struct pgwork *w, bool settled)
{
	bool one = w->copies || !w->piped;

	return w->settled == settled && !w->cancel && (one ? w->sent_count == 0 : w->sent_count < PGWORK_OPEN_MAX);
}

/* last: the sync comes right behind it. */
static void send_job(struct pgwork *w, struct pgjob *j, const char *sql, const char *const *values, bool last)
{
	j->sent = true;
	if (!j->sent_ns)
		j->sent_ns = clock_mono();
	if (j->name && j->name->state == PGNAME_UNKNOWN) {
		pgconn_prepare(w->conn, j->name->name, sql);
		j->prepares = true;
		j->name->state = PGNAME_PREPARING;
		j->name->batch = j->batch;
	}
	pgconn_send(w->conn, j->name ? j->name->name : NULL, sql, j->count, values, j->binary);
	/* else the server keeps an answer until the sync, and the time of the next one would begin too early */
	if (j->deadline_ms > 0 && w->piped && !last)
		pgconn_ask_flush(w->conn);
	pgjobs_add(&w->sent, j);
	w->sent_count++;
	if (!w->at) {
		w->at = j;
		pgwork_watch(w);
		/* before any byte of its answer is looked at */
		if (j->stream && !j->prepares)
			j->armed = pgconn_stream(w->conn, j->single);
	}
}

static void send_sync(struct pgwork *w)
{
	struct pgjob *j = mem_alloc(sizeof(*j));

	j->kind = PGJOB_SYNC;
	pgconn_sync(w->conn);
	pgjobs_add(&w->sent, j);
}

static bool batch_may_go(const struct pgjob *first)
{
	for (const struct pgjob *j = first; j; j = j->last ? NULL : j->next) {
		if (unsure_of(j))
			return false;
	}
	return true;
}

static void enter_pipeline(struct pgwork *w)
{
	if (w->piped || w->copies)
		return;
	pgconn_pipeline(w->conn);
	w->piped = true;
}

void pgwork_refuse(struct pgwork *w, struct pgjobs *jobs)
{
	struct pgjob *j;

	while ((j = pgjobs_pop(jobs)) != NULL) {
		pgjob_fail(j, ERR_LOST, w->gone_why.text);
		pgjobs_add(&w->dead, j);
	}
	loop_timer_in(w->later, 0);
}

/* One batch; in plain mode one statement. */
static void send_kept(struct pgwork *w, struct pgjobs *from)
{
	enter_pipeline(w);
	for (;;) {
		struct pgjob *j = pgjobs_pop(from);
		bool last = j->last;

		send_job(w, j, j->sql, (const char *const *)j->values, last);
		forget_texts(j);
		if (w->copies)
			return;
		if (last)
			break;
	}
	send_sync(w);
}

void pgwork_pump(struct pgwork *w)
{
	struct pgjobs *from = w->settled ? &w->waiting : &w->setup;
	bool any = false;

	while (from->first && may_send(w, from == &w->waiting) && batch_may_go(from->first)) {
		send_kept(w, from);
		any = true;
	}
	if (any)
		pgconn_flush(w->conn);
}

/* A prepared statement on a connection that has nothing else to do needs no pipeline: that costs libpq two results and two entries
 * of its queue for each, a quarter of all its work. */
static bool may_go_alone(struct pgwork *w, const struct pgwork_query *q, int count, const struct pgwork_name *name)
{
	if (count != 1 || q->stream || !name || name->state != PGNAME_READY || w->sent.first || w->keeps_pipe)
		return false;
	if (w->piped && !pgconn_leave_pipeline(w->conn)) {
		w->keeps_pipe = true;
		return false;
	}
	w->piped = false;
	return true;
}

void pgwork_run(struct pgwork *w, const struct pgwork_query *queries, int count)
{
	bool now = w->settled && !w->copies && !w->waiting.first && may_send(w, true) && count > 0 && count <= PGWORK_DIRECT_MAX;
	struct pgwork_name *name[PGWORK_DIRECT_MAX];

	if (w->gone) {
		struct pgjobs none = {NULL, NULL};

		pgwork_keep(w, &none, queries, count);
		pgwork_refuse(w, &none);
		return;
	}
	for (int i = 0; now && i < count; i++) {
		name[i] = queries[i].name && !w->pooled ? name_of(w, queries[i].name) : NULL;
		now = !name[i] || name[i]->state != PGNAME_PREPARING;
	}
	if (!now) {
		pgwork_keep(w, &w->waiting, queries, count);
		pgwork_pump(w);
		return;
	}
	/* libpq copies what it is given: nothing needs to be kept */
	w->batch++;
	if (may_go_alone(w, queries, count, name[0])) {
		struct pgjob *j = job_new(w, &queries[0], name[0]);

		j->alone = j->last = true;
		j->sent_ns = queries[0].now_ns;
		send_job(w, j, queries[0].sql, queries[0].values, true);
		pgconn_flush(w->conn);
		return;
	}
	enter_pipeline(w);
	for (int i = 0; i < count; i++)
		send_job(w, job_new(w, &queries[i], name[i]), queries[i].sql, queries[i].values, i == count - 1);
	send_sync(w);
	pgconn_flush(w->conn);
}

void pgwork_copy(struct pgwork *w, const char *sql, int (*fill)(void *ctx, struct buf *out, struct err *why),
                 void (*done)(void *ctx, const struct pgwork_outcome *outcome), void *ctx)
{
	struct pgwork_query q = {.sql = sql, .done = done, .ctx = ctx};

	pgwork_keep(w, &w->waiting, &q, 1);
	w->waiting.last->kind = PGJOB_COPY;
	w->waiting.last->fill = fill;
	if (w->gone)
		pgwork_refuse(w, &w->waiting);
	else
		pgwork_pump(w);
}

void pgwork_forget(struct pgwork *w, const void *ctx)
{
	struct pgjobs *const lists[] = {&w->sent, &w->waiting, &w->dead};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		for (struct pgjob *j = lists[i]->first; j; j = j->next) {
			if (j->ctx == ctx) {
				j->done = NULL;
				j->rows = NULL;
			}
		}
	}
}

/* --- told ---------------------------------------------------------------------------------------------------------------- */

static void words_of(const struct pgjob *j, struct err *why)
{
	const char *state = pgresult_sqlstate(j->error);
	char words[400];

	source_put_text(words, sizeof(words), pgresult_message(j->error));
	if (j->overdue && strcmp(state, "57014") == 0)
		err_set(why, ERR_TIMEOUT, "not done within %.3g s: cancelled", j->deadline_ms / 1000);
	else if (strcmp(state, "42501") == 0)
		err_set(why, ERR_PRIVILEGE, "%s", words);
	else
		err_set(why, ERR_QUERY, "%s", words[0] ? words : "the server gave no reason");
}

void pgwork_tell(struct pgwork *w, struct pgjob *j)
{
	struct pgwork_outcome o = {.sqlstate = "", .affected = -1, .sent = j->sent, .skipped = j->skipped};
	struct err why;

	if (j->why) {
		o.why = j->why;
	} else if (j->error) {
		words_of(j, &why);
		o.why = &why;
	} else if (j->result) {
		o.affected = pgresult_affected(j->result);
		o.result = j->stream ? NULL : j->result;
	}
	if (j->why)
		o.sqlstate = j->sqlstate;
	else if (j->error)
		o.sqlstate = pgresult_sqlstate(j->error);
	if (j->sent && j->ended_ns > j->sent_ns)
		o.elapsed_ms = (double)(j->ended_ns - j->sent_ns) / (double)CLOCK_MS_NS;
	o.known_ns = w->known_ns;
	w->open_count--;
	if (j->done)
		j->done(j->ctx, &o);
	pgjob_free(j);
}
