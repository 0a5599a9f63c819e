/* SPDX-License-Identifier: PostgreSQL */
/* Cancelling without waiting: libpq 17's encrypted cancel request where there is one, else a short second login. */
#include <stdlib.h>

#include "core/mem.h"
#include "source/pgconn_private.h"

struct pgcancel {
	struct loop *loop;
	const struct libpq *pq;
	struct pg_cancel_conn *request; /* libpq 17 */
	struct loop_fd *fd;
	struct pgconn *login;           /* otherwise */
	struct loop_timer *timer;       /* the deadline; also ends it from the loop */
	char *sql;
	int pid;
	bool ended;
	struct err why;                 /* code 0: done */
	void (*done)(void *ctx, const struct err *why);
	void *ctx;
};

void pgcancel_free(struct pgcancel *k)
{
	if (!k)
		return;
	loop_fd_free(k->fd);
	if (k->request)
		k->pq->cancel_finish(k->request);
	pgconn_free(k->login);
	loop_timer_free(k->timer);
	free(k->sql);
	free(k);
}

/* From the next turn, because it frees what may be calling. */
static void end(struct pgcancel *k)
{
	k->ended = true;
	loop_timer_in(k->timer, 0);
}

static void on_timer(void *ctx)
{
	struct pgcancel *k = ctx;
	void (*done)(void *, const struct err *) = k->done;
	void *done_ctx = k->ctx;
	struct err why;

	if (!k->ended)
		err_set(&k->why, ERR_TIMEOUT, "the cancel request had no answer in time");
	why = k->why;
	pgcancel_free(k);
	if (done)
		done(done_ctx, why.code ? &why : NULL);
}

/* --- libpq 17 --------------------------------------------------------------------------------------------------------- */

static void on_request(void *ctx, unsigned got);

static void poll_request(struct pgcancel *k)
{
	PostgresPollingStatusType want = k->pq->cancel_poll(k->request);

	loop_fd_free(k->fd);
	k->fd = NULL;
	if (want == PGRES_POLLING_READING || want == PGRES_POLLING_WRITING) {
		k->fd = loop_fd_new(k->loop, k->pq->cancel_socket(k->request),
		                    want == PGRES_POLLING_READING ? LOOP_READ : LOOP_WRITE, on_request, k);
		return;
	}
	if (want != PGRES_POLLING_OK)
		err_set(&k->why, ERR_CONNECT, "the cancel request did not reach the server");
	end(k);
}

static void on_request(void *ctx, unsigned got)
{
	(void)got;
	poll_request(ctx);
}

static bool start_request(struct pgcancel *k, const struct pgconn *c)
{
	if (!c->pq->cancel_create || c->phase != PGCONN_UP)
		return false;
	k->request = c->pq->cancel_create(c->conn);
	if (!k->request || !c->pq->cancel_start(k->request))
		return false;
	k->fd = loop_fd_new(k->loop, c->pq->cancel_socket(k->request), LOOP_WRITE, on_request, k);
	return true;
}

/* --- a login ----------------------------------------------------------------------------------------------------------- */

static void on_up(void *ctx)
{
	struct pgcancel *k = ctx;
	char pid[24];
	const char *values[1] = {pid};

	snprintf(pid, sizeof(pid), "%d", k->pid);
	if (pgconn_query(k->login, k->sql, 1, values))
		pgconn_flush(k->login);
}

static void on_down(void *ctx, const struct err *why, enum source_failure failure)
{
	struct pgcancel *k = ctx;

	(void)failure;
	if (k->ended)
		return;
	k->why = *why;
	end(k);
}

static void on_readable(void *ctx)
{
	struct pgcancel *k = ctx;
	struct pgresult *r;

	while ((r = pgconn_next(k->login)) != NULL) {
		int len = 0;
		const char *value = r->kind == PGRESULT_ROWS && r->rows == 1 ? pgresult_value(r, 0, 0, &len) : NULL;
		char words[300];

		source_put_text(words, sizeof(words), pgresult_message(r));
		if (r->kind == PGRESULT_ERROR)
			err_set(&k->why, ERR_QUERY, "%s", words);
		else if (!value || len != 1 || !value[0])
			err_set(&k->why, ERR_NOT_FOUND, "backend %d is no more", k->pid);
		pgresult_free(r);
		end(k);
	}
}

bool pgcancel_is_direct(const struct pgconn *c)
{
	return c->pq->cancel_create != NULL;
}

struct pgcancel *pgcancel_start(struct pgconn *c, int pid, const char *sql, double deadline_ms,
                                void (*done)(void *ctx, const struct err *why), void *ctx)
{
	struct pgcancel *k = mem_alloc(sizeof(*k));
	struct pgconn_events events = {.up = on_up, .down = on_down, .readable = on_readable, .ctx = k};

	k->loop = c->loop;
	k->pq = c->pq;
	k->pid = pid ? pid : pgconn_backend_pid(c);
	k->sql = mem_strdup(sql);
	k->done = done;
	k->ctx = ctx;
	k->timer = loop_timer_new(c->loop, on_timer, k);
	loop_timer_in(k->timer, deadline_ms);
	if (pid == 0 && start_request(k, c))
		return k;
	if (k->request)
		k->pq->cancel_finish(k->request);
	k->request = NULL;
	if (c->target.host_count == 0) {
		err_set(&k->why, ERR_BUSY, "not connected");
		end(k);
		return k;
	}
	k->login = pgconn_make(c->loop, &events, c->log);
	k->login->pq = c->pq;
	pgtarget_clone(&k->login->target, &c->target, c->host < c->target.host_count ? c->host : 0);
	pgconn_open(k->login);
	return k;
}
