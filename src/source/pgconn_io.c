/* SPDX-License-Identifier: PostgreSQL */
/* Bytes in and out of a connection that is up. */
#include <stdlib.h>

#include "core/mem.h"
#include "source/libpq_gate.h"
#include "source/pgconn_private.h"

enum { READ_MAX = 1 << 20 }; /* of one turn: what libpq copies in a part of a millisecond */

/* Reports the loss from the loop, not from inside a call of the owner. */
static void broke(struct pgconn *c)
{
	c->broken = true;
	loop_timer_in(c->later, 0);
}

static void tell_notifications(struct pgconn *c)
{
	PGnotify *n;

	while (c->events.notify && c->phase == PGCONN_UP && (n = c->pq->PQnotifies(c->conn)) != NULL) {
		c->events.notify(c->events.ctx, n->relname, n->extra, n->be_pid);
		c->pq->PQfreemem(n);
	}
}

void pgconn_take_bytes(struct pgconn *c)
{
	/* Under TLS a record may be decrypted in parts, and the rest makes no descriptor readable: three reads of at least 8 kB
	 * each empty a record of 16 kB. */
	int reads = c->pq->PQsslInUse(c->conn) ? 3 : 1;

	for (int i = 0; i < reads && c->phase == PGCONN_UP && !c->paused; i++) {
		size_t taken;
		bool alive;

		libpq_gate_open(c->fd_no, READ_MAX);
		alive = c->pq->PQconsumeInput(c->conn) == 1;
		taken = libpq_gate_shut();
		c->bytes += taken;
		if (taken > 0)
			c->heard_ns = loop_now(c->loop)->mono_ns;
		c->events.readable(c->events.ctx);
		tell_notifications(c);
		if (c->phase == PGCONN_UP && (!alive || c->pq->PQstatus(c->conn) == CONNECTION_BAD)) {
			pgconn_lost(c);
			return;
		}
	}
	if (c->phase == PGCONN_UP && c->bytes > PGCONN_ANSWER_BYTES_MAX) {
		struct err why;

		err_set(&why, ERR_TOO_BIG, "an answer of more than %d MB: connection dropped", PGCONN_ANSWER_BYTES_MAX >> 20);
		pgconn_went_down(c, &why, SOURCE_DENIED); /* it would be as large again: not four logins a second */
	}
}

void pgconn_poke(struct pgconn *c)
{
	if (c->phase == PGCONN_UP && !c->paused)
		pgconn_take_bytes(c);
}

int64_t pgconn_heard_ns(const struct pgconn *c)
{
	return c->heard_ns;
}

void pgconn_pause(struct pgconn *c, bool paused)
{
	if (c->phase != PGCONN_UP || c->paused == paused)
		return;
	c->paused = paused;
	pgconn_flush(c); /* sets what is wanted */
}

bool pgconn_idle(const struct pgconn *c)
{
	return c->phase == PGCONN_UP && c->had_null && !c->pq->PQisBusy(c->conn);
}

static enum pgresult_kind kind_of(ExecStatusType status)
{
	static const enum pgresult_kind kinds[] = {
		[PGRES_TUPLES_OK] = PGRESULT_ROWS,         [PGRES_COMMAND_OK] = PGRESULT_DONE,
		[PGRES_EMPTY_QUERY] = PGRESULT_DONE,       [PGRES_PIPELINE_SYNC] = PGRESULT_SYNC,
		[PGRES_PIPELINE_ABORTED] = PGRESULT_ABORTED, [PGRES_FATAL_ERROR] = PGRESULT_ERROR,
		[PGRES_COPY_OUT] = PGRESULT_OTHER,         [PGRES_COPY_IN] = PGRESULT_COPY_IN,
		[PGRES_BAD_RESPONSE] = PGRESULT_OTHER,     [PGRES_NONFATAL_ERROR] = PGRESULT_OTHER,
		[PGRES_COPY_BOTH] = PGRESULT_OTHER,        [PGRES_SINGLE_TUPLE] = PGRESULT_SOME,
		[PGRES_PIPELINE_ABORTED + 1] = PGRESULT_SOME, /* PGRES_TUPLES_CHUNK, from libpq 17 on */
	};

	return (size_t)status < ARRAY_LEN(kinds) ? kinds[status] : PGRESULT_OTHER;
}

struct pgresult *pgconn_step(struct pgconn *c, bool *ended)
{
	PGresult *res;
	struct pgresult *r;

	*ended = false;
	if (c->phase != PGCONN_UP || c->ended || c->pq->PQisBusy(c->conn))
		return NULL;
	res = c->pq->PQgetResult(c->conn);
	if (!res) {
		*ended = true;
		return NULL;
	}
	if (c->pq->PQresultStatus(res) == PGRES_FATAL_ERROR) {
		pgconn_note_fatal(c, res);
		if (c->pq->PQstatus(c->conn) == CONNECTION_BAD || c->fatal_state[0]) {
			c->pq->PQclear(res);
			c->ended = true;
			return NULL; /* the loss of the connection is the answer */
		}
	}
	r = mem_alloc(sizeof(*r));
	r->pq = c->pq;
	r->res = res;
	r->kind = kind_of(c->pq->PQresultStatus(res));
	if (r->kind == PGRESULT_ROWS || r->kind == PGRESULT_SOME) {
		r->rows = c->pq->PQntuples(res);
		r->columns = c->pq->PQnfields(res);
	}
	return r;
}

struct pgresult *pgconn_next(struct pgconn *c)
{
	for (;;) {
		bool ended;
		struct pgresult *r = pgconn_step(c, &ended);

		/* Between two requests of a pipeline comes one NULL; two mean that nothing is left. */
		if (!r && !ended)
			return NULL;
		if (r || c->had_null) {
			c->had_null = !r;
			return r;
		}
		c->had_null = true;
	}
}

/* --- sending --------------------------------------------------------------------------------------------------------- */

static bool sent(struct pgconn *c, int ok)
{
	if (!ok)
		broke(c);
	c->had_null = false;
	return ok;
}

bool pgconn_pipeline(struct pgconn *c)
{
	return sent(c, c->pq->PQenterPipelineMode(c->conn));
}

bool pgconn_leave_pipeline(struct pgconn *c)
{
	return c->phase == PGCONN_UP && c->pq->PQexitPipelineMode(c->conn) == 1;
}

bool pgconn_prepare(struct pgconn *c, const char *name, const char *sql)
{
	return sent(c, c->pq->PQsendPrepare(c->conn, name, sql, 0, NULL));
}

bool pgconn_execute(struct pgconn *c, const char *name, int count, const char *const *values)
{
	return sent(c, c->pq->PQsendQueryPrepared(c->conn, name, count, values, NULL, NULL, 1));
}

bool pgconn_query(struct pgconn *c, const char *sql, int count, const char *const *values)
{
	return sent(c, c->pq->PQsendQueryParams(c->conn, sql, count, NULL, values, NULL, NULL, 1));
}

bool pgconn_send(struct pgconn *c, const char *name, const char *sql, int count, const char *const *values, bool binary)
{
	return sent(c, name ? c->pq->PQsendQueryPrepared(c->conn, name, count, values, NULL, NULL, binary)
	                    : c->pq->PQsendQueryParams(c->conn, sql, count, NULL, values, NULL, NULL, binary));
}

bool pgconn_stream(struct pgconn *c, bool single)
{
	enum { CHUNK_ROWS = 200 };

	return c->pq->set_chunked && !single ? c->pq->set_chunked(c->conn, CHUNK_ROWS) : c->pq->PQsetSingleRowMode(c->conn);
}

bool pgconn_put_copy(struct pgconn *c, const char *bytes, size_t len)
{
	bool ok;

	libpq_gate_open(c->fd_no, READ_MAX);
	ok = c->pq->PQputCopyData(c->conn, bytes, (int)len) == 1;
	c->bytes += libpq_gate_shut();
	return sent(c, ok);
}

bool pgconn_end_copy(struct pgconn *c, const char *failed)
{
	return sent(c, c->pq->PQputCopyEnd(c->conn, failed) == 1);
}

bool pgconn_simple(struct pgconn *c, const char *sql)
{
	return sent(c, c->pq->PQsendQuery(c->conn, sql));
}

bool pgconn_ask_flush(struct pgconn *c)
{
	return sent(c, c->pq->PQsendFlushRequest(c->conn));
}

bool pgconn_sync(struct pgconn *c)
{
	return sent(c, c->pq->PQpipelineSync(c->conn));
}

void pgconn_sent(struct pgconn *c)
{
	c->bytes = 0;
}

bool pgconn_flushed(struct pgconn *c)
{
	int left;

	libpq_gate_open(c->fd_no, READ_MAX); /* while the server takes no more libpq reads, too */
	left = c->pq->PQflush(c->conn);
	c->bytes += libpq_gate_shut();
	if (left < 0)
		broke(c);
	pgconn_watch(c, (c->paused ? 0u : LOOP_READ) | (left == 1 ? LOOP_WRITE : 0u));
	return left == 0;
}

void pgconn_flush(struct pgconn *c)
{
	(void)pgconn_flushed(c);
}
