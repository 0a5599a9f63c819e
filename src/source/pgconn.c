/* SPDX-License-Identifier: PostgreSQL */
#include "source/pgconn.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/mem.h"
#include "loop/resolve.h"
#include "source/libpq_gate.h"
#include "source/pgconn_private.h"
#include "source/pgerror.h"

enum {
	TRY_NEXT_AFTER_MS = 3000,  /* an address that does not answer, while there are others */
	LOGIN_BYTES_MAX = 1 << 20, /* certificates, settings and notices take some kB */
};

static void next_address(struct pgconn *c);

/* --- life ----------------------------------------------------------------------------------------------------------- */

static void on_later(void *ctx);
static void on_deadline(void *ctx);

struct pgconn *pgconn_make(struct loop *l, const struct pgconn_events *events, struct log *log)
{
	struct pgconn *c = mem_alloc(sizeof(*c));

	c->loop = l;
	c->log = log;
	c->events = *events;
	c->fd_no = -1;
	c->later = loop_timer_new(l, on_later, c);
	c->deadline = loop_timer_new(l, on_deadline, c);
	return c;
}

int pgconn_new(struct pgconn **out, struct loop *l, const struct source_conf *conf, const struct pgconn_events *events,
               struct log *log, struct err *why)
{
	struct pgtarget target;
	int rc = pgtarget_init(&target, conf, why);

	if (rc < 0)
		return rc;
	*out = pgconn_make(l, events, log);
	(*out)->target = target;
	(*out)->name = mem_strdup(conf->kind == PANEL_PGBOUNCER ? "PgBouncer" : "PostgreSQL");
	return 0;
}

int pgconn_new_like(struct pgconn **out, struct loop *l, const struct pgconn_like *conf, const struct pgconn_events *events,
                    struct log *log, struct err *why)
{
	const struct pgconn *like = conf->like;
	struct pgtarget target;
	int rc = pgtarget_like(&target, &like->target, like->host, conf->over, conf->dbname, why);

	if (rc < 0)
		return rc;
	*out = pgconn_make(l, events, log);
	(*out)->target = target;
	(*out)->name = mem_strdup(like->name);
	if (conf->connect_timeout_ms > 0)
		(*out)->target.connect_timeout_ms = conf->connect_timeout_ms;
	if (conf->application) {
		free((*out)->target.application);
		(*out)->target.application = mem_strdup(conf->application);
	}
	return 0;
}

static void drop(struct pgconn *c)
{
	loop_timer_stop(c->later);
	loop_timer_stop(c->deadline);
	background_cancel(c->loading);
	c->loading = NULL;
	resolve_cancel(c->resolve);
	c->resolve = NULL;
	loop_fd_free(c->fd);
	c->fd = NULL;
	c->fd_no = -1;
	if (c->conn)
		c->pq->PQfinish(c->conn);
	c->conn = NULL;
	c->paused = c->broken = c->ended = false;
	c->phase = PGCONN_CLOSED;
}

void pgconn_close(struct pgconn *c)
{
	drop(c);
}

void pgconn_free(struct pgconn *c)
{
	if (!c)
		return;
	drop(c);
	loop_timer_free(c->later);
	loop_timer_free(c->deadline);
	pgtarget_release(&c->target);
	free(c->name);
	free(c);
}

bool pgconn_is_closed(const struct pgconn *c)
{
	return c->phase == PGCONN_CLOSED;
}

void pgconn_went_down(struct pgconn *c, const struct err *why, enum source_failure failure)
{
	drop(c);
	c->events.down(c->events.ctx, why, failure);
}

/* --- what it is ------------------------------------------------------------------------------------------------------ */

const char *pgconn_name(const struct pgconn *c)
{
	return c->name;
}

const char *pgconn_user(const struct pgconn *c)
{
	return c->target.user ? c->target.user : "";
}

const char *pgconn_dbname(const struct pgconn *c)
{
	return c->target.dbname ? c->target.dbname : "";
}

int pgconn_version(const struct pgconn *c)
{
	return c->phase == PGCONN_UP ? c->pq->PQserverVersion(c->conn) : 0;
}

int pgconn_backend_pid(const struct pgconn *c)
{
	return c->phase == PGCONN_UP ? c->pq->PQbackendPID(c->conn) : 0;
}

const char *pgconn_parameter(const struct pgconn *c, const char *name)
{
	const char *value = c->phase == PGCONN_UP ? c->pq->PQparameterStatus(c->conn, name) : NULL;

	return value ? value : "";
}

bool pgconn_in_transaction(const struct pgconn *c)
{
	PGTransactionStatusType status = c->phase == PGCONN_UP ? c->pq->PQtransactionStatus(c->conn) : PQTRANS_IDLE;

	return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

static void make_name(struct pgconn *c)
{
	const struct pgtarget_host *h = &c->target.host[c->host < c->target.host_count ? c->host : 0];
	struct buf name = BUF_INIT(256);

	if (!c->target.bouncer)
		buf_addf(&name, "%s@", pgconn_dbname(c));
	buf_addf(&name, "%s:%s", h->local ? "local" : h->host[0] ? h->host : h->hostaddr, h->port);
	free(c->name);
	c->name = buf_take(&name);
}

/* --- connecting ------------------------------------------------------------------------------------------------------ */

static const struct pgtarget_host *host_now(const struct pgconn *c)
{
	return &c->target.host[c->host];
}

/* "10.0.0.1:5432" or "/run/postgresql:5432" of the attempt under way. */
static void address_words(const struct pgconn *c, char *out, size_t room)
{
	const struct pgtarget_host *h = host_now(c);
	const char *address = c->address_at < c->address_count ? c->address[c->address_at].text : "";
	char host[200];

	if (h->local)
		source_put_text(host, sizeof(host), h->host[0] ? h->host : "the local socket");
	else if (h->host[0] && strcmp(h->host, address) != 0)
		snprintf(host, sizeof(host), "%.120s (%.64s)", h->host, address);
	else
		snprintf(host, sizeof(host), "%.64s", address);
	snprintf(out, room, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, h->port);
}

static void all_failed(struct pgconn *c)
{
	struct pgfailure f = c->failure;

	if (c->attempts > 1 && f.why.text[0]) {
		char text[ERR_TEXT_MAX];

		memcpy(text, f.why.text, sizeof(text));
		err_set(&f.why, f.why.code, "%s (the last of %d addresses tried)", text, c->attempts);
	}
	pgconn_went_down(c, &f.why, f.failure);
}

static void attempt_failed(struct pgconn *c, const struct pgfailure *f)
{
	loop_fd_free(c->fd);
	c->fd = NULL;
	c->fd_no = -1;
	if (c->conn)
		c->pq->PQfinish(c->conn);
	c->conn = NULL;
	c->failure = *f;
	/* A refused login is an answer: as in libpq, other hosts are not tried with it. */
	if (f->why.code == ERR_AUTH || f->why.code == ERR_INVALID) {
		all_failed(c);
		return;
	}
	c->address_at++;
	next_address(c);
}

static void describe_failure(struct pgconn *c, double gave_up_ms)
{
	char address[300];
	struct pgattempt a = {.peer = c->peer, .stage = c->stage, .gave_up_ms = gave_up_ms, .address = address};
	struct pgfailure f;

	address_words(c, address, sizeof(address));
	a.message = c->conn ? c->pq->PQerrorMessage(c->conn) : "out of memory";
	a.tls_required = c->target.tls_required;
	if (c->conn) {
		a.tls_in_use = c->pq->PQsslInUse(c->conn);
		a.needs_password = c->pq->PQconnectionNeedsPassword(c->conn);
	}
	pgerror_attempt(&a, &f);
	attempt_failed(c, &f);
}

static void on_deadline(void *ctx)
{
	struct pgconn *c = ctx;
	double spent = (double)(loop_now(c->loop)->mono_ns - c->attempt_ns) / (double)CLOCK_MS_NS;

	if (c->stage != PGSTAGE_CONNECT && spent < c->target.connect_timeout_ms - 1) {
		loop_timer_in(c->deadline, c->target.connect_timeout_ms - spent);
		return;
	}
	describe_failure(c, spent > 1 ? spent : 1);
}

/* The server says most of what matters in errors; what it says while nothing is asked comes as a notice. */
static void on_notice(void *ctx, const PGresult *res)
{
	struct pgconn *c = ctx;
	const char *severity = c->pq->PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *state = c->pq->PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *text = c->pq->PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);

	pgconn_note_fatal(c, res);
	if (c->phase == PGCONN_UP && c->events.notice && text)
		c->events.notice(c->events.ctx, severity ? severity : "", state ? state : "", text);
}

void pgconn_note_fatal(struct pgconn *c, const PGresult *res)
{
	const char *severity = c->pq->PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *state = c->pq->PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *text = c->pq->PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);

	if (!severity || !state || !text || (strcmp(severity, "FATAL") != 0 && strcmp(severity, "PANIC") != 0))
		return;
	source_put_text(c->fatal_state, sizeof(c->fatal_state), state);
	source_put_text(c->fatal_text, sizeof(c->fatal_text), text);
}

static enum pgstage stage_of(ConnStatusType status)
{
	switch (status) {
	case CONNECTION_STARTED:
	case CONNECTION_NEEDED:
		return PGSTAGE_CONNECT;
	case CONNECTION_MADE:
	case CONNECTION_SSL_STARTUP:
	case CONNECTION_GSS_STARTUP:
		return PGSTAGE_TLS;
	default:
		return PGSTAGE_LOGIN;
	}
}

/* Looks at the first bytes of an answer before libpq takes them: who is it that answers here? */
static void peek(struct pgconn *c)
{
	ConnStatusType status = c->pq->PQstatus(c->conn);
	char bytes[8];
	ssize_t got;

	if (status == c->peeked || c->pq->PQsslInUse(c->conn))
		return;
	if (status != CONNECTION_SSL_STARTUP && status != CONNECTION_AWAITING_RESPONSE)
		return;
	got = recv(c->fd_no, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
	if (got < 0)
		return;
	c->peeked = status;
	c->peer = pgerror_peer(stage_of(status), bytes, (size_t)got);
}

static void on_fd(void *ctx, unsigned got);

void pgconn_watch(struct pgconn *c, unsigned want)
{
	int fd = c->phase == PGCONN_UP && c->fd ? c->fd_no : c->pq->PQsocket(c->conn); /* it changes only while connecting */

	/* the same number may be another descriptor while libpq connects */
	if (c->fd && fd == c->fd_no && c->phase == PGCONN_UP) {
		loop_fd_want(c->fd, want);
		return;
	}
	loop_fd_free(c->fd);
	c->fd_no = fd;
	c->fd = fd < 0 ? NULL : loop_fd_new(c->loop, fd, want, on_fd, c);
}

static void came_up(struct pgconn *c)
{
	c->phase = PGCONN_UP;
	loop_timer_stop(c->deadline);
	c->pq->PQsetnonblocking(c->conn, 1);
	c->heard_ns = loop_now(c->loop)->mono_ns;
	c->fatal_state[0] = '\0';
	c->had_null = false;
	c->bytes = 0;
	make_name(c);
	pgconn_watch(c, LOOP_READ);
	c->events.up(c->events.ctx);
}

static void poll_connect(struct pgconn *c)
{
	PostgresPollingStatusType want;

	libpq_gate_open(c->fd_no, LOGIN_BYTES_MAX - c->bytes);
	want = c->pq->PQconnectPoll(c->conn);
	c->bytes += libpq_gate_shut();
	if (c->bytes >= LOGIN_BYTES_MAX) {
		struct pgfailure f = {.failure = SOURCE_DENIED};

		err_set(&f.why, ERR_TOO_BIG, "the server sends more than %d MB before the login is done: connection dropped",
		        LOGIN_BYTES_MAX >> 20);
		attempt_failed(c, &f);
		return;
	}
	switch (want) {
	case PGRES_POLLING_OK:
		came_up(c);
		return;
	case PGRES_POLLING_READING:
	case PGRES_POLLING_WRITING:
		c->stage = stage_of(c->pq->PQstatus(c->conn));
		pgconn_watch(c, want == PGRES_POLLING_READING ? LOOP_READ : LOOP_WRITE);
		return;
	default:
		describe_failure(c, 0);
		return;
	}
}

static void start_attempt(struct pgconn *c)
{
	const char *address = c->address[c->address_at].text;
	bool others = c->address_at + 1 < c->address_count || c->host + 1 < c->target.host_count;
	double limit = c->target.connect_timeout_ms;
	struct pgtarget_params p;

	c->attempts++;
	c->attempt_ns = loop_now(c->loop)->mono_ns;
	c->bytes = 0;
	c->peer = PGPEER_SILENT;
	c->peeked = CONNECTION_BAD;
	c->stage = PGSTAGE_CONNECT;
	pgtarget_params(&c->target, host_now(c), address[0] ? address : NULL, c->pass, &p);
	c->conn = c->pq->PQconnectStartParams(p.keyword, p.value, 1);
	if (!c->conn || c->pq->PQstatus(c->conn) == CONNECTION_BAD) {
		describe_failure(c, 0);
		return;
	}
	c->pq->PQsetErrorVerbosity(c->conn, PQERRORS_VERBOSE); /* for the SQLSTATE of a refused login */
	c->pq->PQsetNoticeReceiver(c->conn, on_notice, c);
	loop_timer_in(c->deadline, others && limit > TRY_NEXT_AFTER_MS ? TRY_NEXT_AFTER_MS : limit);
	pgconn_watch(c, LOOP_WRITE);
}

static void on_resolved(void *ctx, const struct resolve_address *found, int count, const struct err *why)
{
	struct pgconn *c = ctx;

	c->resolve = NULL;
	c->address_at = 0;
	c->address_count = count;
	for (int i = 0; i < count; i++)
		c->address[i] = found[i];
	if (count == 0) {
		c->failure = (struct pgfailure){.why = *why, .failure = SOURCE_UNREACHABLE};
		c->attempts++;
	}
	next_address(c);
}

static bool is_numeric(const char *host)
{
	unsigned char address[16];

	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

static void start_host(struct pgconn *c)
{
	const struct pgtarget_host *h = host_now(c);

	c->address_at = 0;
	c->address_count = 1;
	c->address[0].text[0] = '\0';
	if (h->local) {
		start_attempt(c);
	} else if (h->hostaddr[0] || is_numeric(h->host)) {
		snprintf(c->address[0].text, sizeof(c->address[0].text), "%s", h->hostaddr[0] ? h->hostaddr : h->host);
		start_attempt(c);
	} else {
		c->address_count = 0;
		c->resolve = resolve_start(c->loop, h->host, 0, c->target.connect_timeout_ms, on_resolved, c);
	}
}

/* The address at address_at, else the next host's first, else the second pass, else the end. */
static void next_address(struct pgconn *c)
{
	if (c->address_at < c->address_count) {
		start_attempt(c);
		return;
	}
	c->host++;
	if (c->host >= c->target.host_count && c->target.any_then && c->pass == 0) {
		c->pass = 1;
		c->host = 0;
	}
	if (c->host >= c->target.host_count) {
		c->host = c->target.host_count - 1;
		all_failed(c);
		return;
	}
	start_host(c);
}

static void begin(struct pgconn *c)
{
	struct err why;
	int rc = libpq_of_loop(&c->pq, c->loop, &why);

	if (rc == 0)
		rc = pgtarget_resolve(&c->target, c->pq, &why);
	if (rc < 0) {
		pgconn_went_down(c, &why, SOURCE_DENIED);
		return;
	}
	c->phase = PGCONN_CONNECTING;
	c->host = c->pass = c->attempts = 0;
	make_name(c);
	start_host(c);
}

static void on_loaded(void *ctx)
{
	struct pgconn *c = ctx;

	c->loading = NULL;
	begin(c);
}

void pgconn_open(struct pgconn *c)
{
	if (c->phase != PGCONN_CLOSED)
		return;
	c->phase = PGCONN_STARTING;
	if (c->pq || libpq_is_loaded())
		loop_timer_in(c->later, 0);
	else
		c->loading = background_start(c->loop, libpq_touch, on_loaded, c);
}

/* --- connected -------------------------------------------------------------------------------------------------------- */

void pgconn_lost(struct pgconn *c)
{
	struct err why;

	pgerror_lost(c->fatal_state, c->fatal_text, c->pq->PQerrorMessage(c->conn), &why);
	pgconn_went_down(c, &why, SOURCE_UNREACHABLE);
}

static void on_later(void *ctx)
{
	struct pgconn *c = ctx;

	if (c->phase == PGCONN_STARTING)
		begin(c);
	else if (c->phase == PGCONN_UP && c->broken)
		pgconn_lost(c);
}

static void on_fd(void *ctx, unsigned got)
{
	struct pgconn *c = ctx;

	if (c->phase == PGCONN_CONNECTING) {
		if (got & LOOP_READ)
			peek(c);
		poll_connect(c);
		return;
	}
	if ((got & LOOP_WRITE) && pgconn_flushed(c) && c->events.writable)
		c->events.writable(c->events.ctx);
	if ((got & LOOP_READ) && c->phase == PGCONN_UP)
		pgconn_take_bytes(c);
}
