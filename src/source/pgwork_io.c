/* SPDX-License-Identifier: PostgreSQL */
/* Results as they come, and the bytes of a copy as they go. */
#include <string.h>

#include "core/mem.h"
#include "source/pgwork_private.h"

static void advance(struct pgwork *w)
{
	w->known_ns = w->at->ended_ns = clock_mono();
	w->at = w->at->next;
	pgwork_watch(w);
}

/* --- the end of a batch -------------------------------------------------------------------------------------------------- */

/* What ran after the last COMMIT of the batch was in the transaction that the sync could not commit. */
static void commit_failed(struct pgjobs *batch, struct pgjob *sync)
{
	struct pgjob *from = batch->first;
	const char *state = pgresult_sqlstate(sync->error);
	struct err why;
	char words[400];

	for (struct pgjob *j = batch->first; j; j = j->next) {
		const char *tag = j->result ? pgresult_tag(j->result) : "";

		if (strncmp(tag, "COMMIT", 6) == 0 || strncmp(tag, "ROLLBACK", 8) == 0 || (strncmp(tag, "PREPARE", 7) == 0 && tag[7]))
			from = j->next;
	}
	source_put_text(words, sizeof(words), pgresult_message(sync->error));
	err_set(&why, sync->overdue && strcmp(state, "57014") == 0 ? ERR_TIMEOUT : ERR_QUERY, "not committed: %s",
	        words[0] ? words : "no reason given");
	for (struct pgjob *j = from; j; j = j->next) {
		if (!j->error && !j->why)
			source_put_text(j->sqlstate, sizeof(j->sqlstate), state);
		pgjob_fail(j, why.code, why.text);
	}
}

static void tell_all(struct pgwork *w, struct pgjobs *batch)
{
	struct pgjob *j;

	while ((j = pgjobs_pop(batch)) != NULL)
		pgwork_tell(w, j);
}

/* The sync has come: all before it is final. */
static void batch_ended(struct pgwork *w)
{
	struct pgjobs batch = {NULL, NULL};
	struct pgjob *j;

	advance(w);
	w->no_syncs = 0;
	while ((j = pgjobs_pop(&w->sent)) != NULL && j->kind != PGJOB_SYNC) {
		w->sent_count--;
		pgjobs_add(&batch, j);
	}
	if (j && j->error)
		commit_failed(&batch, j);
	pgjob_free(j);
	pgconn_sent(w->conn);
	tell_all(w, &batch);
}

/* Plain mode, or a statement that was sent alone: the statement's results were all. */
static void plain_ended(struct pgwork *w)
{
	struct pgjobs batch = {NULL, NULL};
	struct pgjob *j;
	bool failed, last;

	advance(w);
	j = pgjobs_pop(&w->sent);
	w->sent_count--;
	failed = j->error || j->why;
	last = j->last;
	pgjobs_add(&batch, j);
	while (failed && !last && w->waiting.first && w->waiting.first->batch == j->batch) {
		struct pgjob *rest = pgjobs_pop(&w->waiting);

		rest->skipped = true;
		pgjob_fail(rest, ERR_QUERY, "not run: an earlier one failed");
		last = rest->last;
		pgjobs_add(&batch, rest);
	}
	pgconn_sent(w->conn);
	tell_all(w, &batch);
}

/* --- results --------------------------------------------------------------------------------------------------------------- */

static void take_rows(struct pgwork *w, struct pgjob *j, struct pgresult *r)
{
	unsigned life = w->life;
	bool more = !j->rows || j->rows(j->ctx, r);

	pgresult_free(r);
	if (life != w->life)
		return;
	pgconn_sent(w->conn); /* each few rows are an answer of their own: a stream has no end of bytes */
	if (!more) {
		w->held = true;
		pgconn_pause(w->conn, true);
	}
}

static void take_prepared(struct pgjob *j, struct pgresult *r)
{
	if (r->kind == PGRESULT_DONE)
		j->name->state = PGNAME_READY;
	else
		j->name->state = PGNAME_UNKNOWN;
	if (r->kind == PGRESULT_ERROR && !j->error)
		j->error = r;
	else
		pgresult_free(r);
}

static void take_final(struct pgwork *w, struct pgjob *j, struct pgresult *r)
{
	if (r->kind == PGRESULT_ERROR) {
		pgresult_free(j->error);
		j->error = r;
		return;
	}
	if (r->kind == PGRESULT_ABORTED && !j->error) {
		j->skipped = true;
		pgjob_fail(j, ERR_QUERY, "not run: an earlier one failed");
	}
	if (r->kind == PGRESULT_ABORTED || j->error) {
		pgresult_free(r);
		return;
	}
	if (j->stream && r->kind == PGRESULT_ROWS && r->rows > 0) {
		unsigned life = w->life;
		bool more = !j->rows || j->rows(j->ctx, r);

		if (life != w->life) {
			pgresult_free(r);
			return;
		}
		if (!more) {
			w->held = true;
			pgconn_pause(w->conn, true);
		}
	}
	pgresult_free(j->result);
	j->result = r;
}

static void copy_more(struct pgwork *w);

static void take_result(struct pgwork *w, struct pgjob *j, struct pgresult *r)
{
	if (j->kind == PGJOB_SYNC && r->kind == PGRESULT_ERROR) {
		pgresult_free(j->error);
		j->error = r;
	} else if ((j->kind == PGJOB_SYNC) != (r->kind == PGRESULT_SYNC)) {
		pgresult_free(r);
		pgwork_unclear(w, "results out of order");
	} else if (r->kind == PGRESULT_SYNC) {
		pgresult_free(r);
		batch_ended(w);
	} else if (r->kind == PGRESULT_COPY_IN && j->kind == PGJOB_COPY) {
		pgresult_free(r);
		w->copying = j;
		w->copy_waits = false;
		copy_more(w);
	} else if (r->kind == PGRESULT_OTHER || r->kind == PGRESULT_COPY_IN) {
		pgresult_free(r);
		pgwork_unclear(w, "a COPY that nobody serves");
	} else if (r->kind == PGRESULT_SOME && j->stream) {
		take_rows(w, j, r);
	} else if (j->prepares) {
		take_prepared(j, r);
	} else {
		take_final(w, j, r);
	}
}

static void take_end(struct pgwork *w, struct pgjob *j)
{
	if (j->kind == PGJOB_SYNC)
		w->no_syncs++;
	if (j->kind == PGJOB_SYNC && w->no_syncs > 2)
		pgwork_unclear(w, "no end of a batch");
	else if (j->kind == PGJOB_SYNC)
		return;
	else if (j->prepares)
		j->prepares = false;
	else if (w->copies || j->alone)
		plain_ended(w);
	else
		advance(w);
}

void pgwork_readable(void *ctx)
{
	struct pgwork *w = ctx;
	unsigned life = w->life;
	uint64_t batch = w->batch;

	/* What was sent since cannot have its answer among the bytes that were read. */
	while (w->at && w->at->batch <= batch && !w->held && !w->copying && life == w->life) {
		struct pgjob *j = w->at;
		struct pgresult *r;
		bool ended;

		if (j->stream && !j->prepares && !j->armed)
			j->armed = pgconn_stream(w->conn, j->single);
		r = pgconn_step(w->conn, &ended);
		if (r)
			take_result(w, j, r);
		else if (ended)
			take_end(w, j);
		else
			break;
	}
	if (life != w->life)
		return;
	if (!w->at)
		(void)pgconn_idle(w->conn); /* libpq looks at what the server says unasked */
	pgwork_pump(w);
}

/* --- COPY ------------------------------------------------------------------------------------------------------------------ */

void pgwork_end_copy(struct pgwork *w, const struct err *failed)
{
	struct pgjob *j = w->copying;

	w->copying = NULL;
	buf_release(&w->copy);
	if (failed)
		pgjob_fail(j, failed->code, failed->text);
	pgconn_end_copy(w->conn, failed ? failed->text : NULL);
	pgconn_flush(w->conn);
}

static void copy_more(struct pgwork *w)
{
	unsigned life = w->life;
	size_t sent = 0;

	while (w->copying && !w->copy_waits && pgconn_flushed(w->conn)) {
		struct pgjob *j = w->copying;
		struct err why = {.code = ERR_INVALID, .text = "given up"};
		int more;

		if (sent > PGWORK_COPY_TURN) {
			loop_timer_in(w->later, 0);
			return;
		}
		buf_clear(&w->copy);
		w->copy.limit = PGWORK_COPY_MAX;
		more = j->fill(j->ctx, &w->copy, &why);
		if (life != w->life || w->copying != j)
			return;
		if (w->copy.failed)
			more = err_set(&why, ERR_TOO_BIG, "more than %d MB at once", PGWORK_COPY_MAX >> 20);
		if (more >= 0 && w->copy.len > 0)
			pgconn_put_copy(w->conn, w->copy.data, w->copy.len);
		sent += w->copy.len;
		w->copy_waits = more > 0 && w->copy.len == 0;
		if (more <= 0)
			pgwork_end_copy(w, more < 0 ? &why : NULL);
	}
}

void pgwork_writable(void *ctx)
{
	copy_more(ctx);
}
