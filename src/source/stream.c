/* SPDX-License-Identifier: PostgreSQL */
#include "source/stream.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/mem.h"
#include "loop/resolve.h"

/* The kernel gives up on a peer that acknowledges nothing for this long; a stopped process still acknowledges. */
enum { STREAM_DEAD_PEER_MS = 30000, STREAM_KEEPALIVE_S = 15, STREAM_UNSENT_MAX = 16 << 20 };

struct stream {
	struct loop *loop;
	struct stream_events events;
	char *path, *host; /* one of them; host also names the server in messages */
	int port;
	double timeout_ms;
	int64_t opened_ns;
	bool secure;
	struct tls *tls;
	struct resolve *resolve;
	struct resolve_address address[RESOLVE_MAX];
	int address_count, address_next; /* address_next - 1 is being tried */
	struct loop_timer *deadline;     /* of the address being tried, or of the handshake */
	struct loop_timer *failing;      /* delivers `failure` from the loop when a call could not */
	struct err failure;              /* the last reason; what closed() gets */
	int fd;                          /* while connecting, then in clear; -1 else */
	struct loop_fd *watch;
	struct bufferevent *bev; /* under TLS; in clear the socket is read and written here */
	struct buf unsent;       /* in clear: what the socket did not take */
	bool connected;
	bool busy; /* received() runs */
	bool dead; /* freed inside received(): only the memory is still there */
};

static void try_next(struct stream *s);

static void stop_connecting(struct stream *s)
{
	loop_fd_free(s->watch);
	s->watch = NULL;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

/* The last step of every failure. The stream may be gone when it returns. */
static void fail(struct stream *s)
{
	struct err why = s->failure;

	resolve_cancel(s->resolve);
	s->resolve = NULL;
	stop_connecting(s);
	loop_timer_stop(s->deadline);
	if (s->bev)
		bufferevent_disable(s->bev, EV_READ | EV_WRITE);
	s->connected = false;
	s->events.closed(s->events.ctx, &why);
}

static void on_failing(void *ctx)
{
	fail(ctx);
}

/* Like fail(), but from the loop: for failures inside stream_open(). */
static void fail_soon(struct stream *s)
{
	loop_timer_in(s->failing, 0);
}

static double left_ms(const struct stream *s)
{
	double spent = (double)(loop_now(s->loop)->mono_ns - s->opened_ns) / (double)CLOCK_MS_NS;

	return spent < s->timeout_ms ? s->timeout_ms - spent : 0;
}

static void where(const struct stream *s, char out[160])
{
	if (s->path)
		snprintf(out, 160, "%s", s->path);
	else if (s->address_next > 0 && strcmp(s->address[s->address_next - 1].text, s->host) != 0)
		snprintf(out, 160, "%.80s:%d (%s)", s->host, s->port, s->address[s->address_next - 1].text);
	else
		snprintf(out, 160, "%.80s:%d", s->host, s->port);
}

/* --- connected ---------------------------------------------------------------------------------------------- */

static void on_readable(struct bufferevent *bev, void *ctx)
{
	struct stream *s = ctx;
	struct evbuffer *in = bufferevent_get_input(bev);
	char bytes[16384];
	int got;

	s->busy = true;
	while (!s->dead && (got = evbuffer_remove(in, bytes, sizeof(bytes))) > 0)
		s->events.received(s->events.ctx, bytes, (size_t)got);
	s->busy = false;
	if (s->dead)
		free(s);
}

/* Behind TLS errno may be left over from something else; only these can be the connection's. */
static bool is_network_error(int error)
{
	return error == ECONNRESET || error == EPIPE || error == ETIMEDOUT || error == EHOSTUNREACH ||
	       error == ENETUNREACH || error == ENETDOWN || error == ECONNABORTED;
}

static void on_event(struct bufferevent *bev, short what, void *ctx)
{
	struct stream *s = ctx;
	int saved = errno;
	char name[160];

	if (what & BEV_EVENT_CONNECTED) {
		loop_timer_stop(s->deadline);
		s->connected = true;
		s->events.connected(s->events.ctx);
		return;
	}
	where(s, name);
	if (s->tls && tls_reason(s->tls, bev, s->host, &s->failure)) {
		fail(s);
		return;
	}
	if (what & BEV_EVENT_ERROR && is_network_error(saved))
		err_set(&s->failure, s->connected ? ERR_LOST : ERR_CONNECT, "%s: %s", name, strerror(saved));
	else
		err_set(&s->failure, s->connected ? ERR_LOST : ERR_CONNECT, "%s closed the connection%s", name,
		        s->tls && !s->connected ? " during the TLS handshake" : "");
	fail(s);
}

static void lost_in_clear(struct stream *s, int error)
{
	char name[160];

	where(s, name);
	err_set(&s->failure, ERR_LOST, error ? "%s: %s" : "%s closed the connection", name, strerror(error));
	fail(s);
}

/* False when the connection is lost, which has been reported then. */
static bool flush_in_clear(struct stream *s)
{
	while (s->unsent.len > 0) {
		ssize_t n = send(s->fd, s->unsent.data, s->unsent.len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			lost_in_clear(s, errno);
			return false;
		}
		if (n < 0)
			break;
		buf_drop(&s->unsent, (size_t)n);
	}
	loop_fd_want(s->watch, LOOP_READ | (s->unsent.len ? LOOP_WRITE : 0u));
	return true;
}

static void on_clear(void *ctx, unsigned got)
{
	struct stream *s = ctx;
	char bytes[16384];
	ssize_t n;

	if (got & LOOP_WRITE && !flush_in_clear(s))
		return;
	if (!(got & LOOP_READ))
		return;
	n = recv(s->fd, bytes, sizeof(bytes), 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		lost_in_clear(s, n < 0 ? errno : 0);
		return;
	}
	s->busy = true;
	s->events.received(s->events.ctx, bytes, (size_t)n);
	s->busy = false;
	if (s->dead)
		free(s);
}

/* The socket is connected: bytes in clear at once, or the handshake first. */
static void carry(struct stream *s)
{
	int fd = s->fd;

	loop_fd_free(s->watch);
	s->watch = NULL;
	if (s->secure) {
		s->fd = -1;
		if (tls_wrap(s->tls, loop_base(s->loop), fd, s->host, &s->bev, &s->failure)) {
			fail(s);
			return;
		}
		loop_timer_in(s->deadline, left_ms(s));
	} else {
		s->watch = loop_fd_new(s->loop, fd, LOOP_READ, on_clear, s);
		loop_timer_stop(s->deadline);
		s->connected = true;
		s->events.connected(s->events.ctx);
		return;
	}
	bufferevent_setcb(s->bev, on_readable, NULL, on_event, s);
	bufferevent_enable(s->bev, EV_READ | EV_WRITE);
}

/* --- connecting --------------------------------------------------------------------------------------------- */

static void on_writable(void *ctx, unsigned got)
{
	struct stream *s = ctx;
	int error = 0;
	socklen_t len = sizeof(error);

	(void)got;
	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len))
		error = errno;
	if (!error) {
		carry(s);
		return;
	}
	char name[160];
	where(s, name);
	err_set(&s->failure, ERR_CONNECT, "cannot connect to %s: %s", name, strerror(error));
	stop_connecting(s);
	try_next(s);
}

static void on_deadline(void *ctx)
{
	struct stream *s = ctx;
	char name[160];

	where(s, name);
	if (s->bev) {
		err_set(&s->failure, ERR_TIMEOUT, "no TLS handshake with %s in %.0f s: does it speak TLS?", name, s->timeout_ms / 1000);
		fail(s);
		return;
	}
	err_set(&s->failure, ERR_TIMEOUT, "no connection to %s in %.1f s", name,
	        (s->timeout_ms - left_ms(s)) / 1000);
	stop_connecting(s);
	try_next(s);
}

static void set_options(int fd)
{
	int yes = 1, idle = STREAM_KEEPALIVE_S, probes = 2;
	unsigned dead = STREAM_DEAD_PEER_MS;

	/* None of these is needed for correctness, so a system that lacks one is no error. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &idle, sizeof(idle));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead, sizeof(dead));
}

/* Starts one connect(); false with `failure` set when it failed at once. */
static bool begin(struct stream *s, const struct sockaddr *addr, socklen_t len)
{
	char name[160];

	where(s, name);
	s->fd = socket(addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0) {
		err_set(&s->failure, ERR_CONNECT, "cannot connect to %s: %s", name, strerror(errno));
		return false;
	}
	if (!s->path)
		set_options(s->fd);
	if (connect(s->fd, addr, len) && errno != EINPROGRESS) {
		err_set(&s->failure, ERR_CONNECT, "cannot connect to %s: %s", name,
		        errno == EAGAIN ? "its queue of new connections is full" : strerror(errno));
		stop_connecting(s);
		return false;
	}
	/* A connection that is there already is writable at once: one path for both. */
	s->watch = loop_fd_new(s->loop, s->fd, LOOP_WRITE, on_writable, s);
	return true;
}

/* Goes on to the next address; each gets its part of what is left, so that a dead one does not use it up. */
static void try_next(struct stream *s)
{
	while (s->address_next < s->address_count) {
		const struct resolve_address *a = &s->address[s->address_next++];
		if (begin(s, (const struct sockaddr *)&a->addr, a->len)) {
			loop_timer_in(s->deadline, left_ms(s) / (s->address_count - s->address_next + 1));
			return;
		}
	}
	fail(s);
}

static void on_resolved(void *ctx, const struct resolve_address *found, int count, const struct err *why)
{
	struct stream *s = ctx;

	s->resolve = NULL;
	if (count <= 0) {
		s->failure = *why;
		fail(s);
		return;
	}
	s->address_count = count < RESOLVE_MAX ? count : RESOLVE_MAX;
	memcpy(s->address, found, sizeof(*found) * (size_t)s->address_count);
	try_next(s);
}

static void open_path(struct stream *s)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	size_t len = strlen(s->path);

	if (len >= sizeof(addr.sun_path)) {
		err_set(&s->failure, ERR_INVALID, "the socket's path is longer than %zu bytes: %s",
		        sizeof(addr.sun_path) - 1, s->path);
		fail_soon(s);
		return;
	}
	memcpy(addr.sun_path, s->path, len);
	if (begin(s, (struct sockaddr *)&addr, sizeof(addr)))
		loop_timer_in(s->deadline, s->timeout_ms);
	else
		fail_soon(s);
}

struct stream *stream_open(struct loop *l, const struct stream_conf *conf, const struct stream_events *events)
{
	struct stream *s = mem_alloc(sizeof(*s));

	s->loop = l;
	s->events = *events;
	s->fd = -1;
	s->unsent = BUF_INIT(STREAM_UNSENT_MAX);
	s->path = mem_strdup(conf->path);
	s->host = mem_strdup(conf->host ? conf->host : "");
	s->port = conf->port;
	s->timeout_ms = conf->connect_timeout_ms;
	s->opened_ns = loop_now(l)->mono_ns;
	s->deadline = loop_timer_new(l, on_deadline, s);
	s->failing = loop_timer_new(l, on_failing, s);
	if (conf->tls && !conf->path) {
		s->secure = true;
		if (tls_new(&s->tls, conf->tls, &s->failure)) {
			fail_soon(s);
			return s;
		}
	}
	if (s->path)
		open_path(s);
	else
		s->resolve = resolve_start(l, s->host, s->port, s->timeout_ms, on_resolved, s);
	return s;
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	resolve_cancel(s->resolve);
	stop_connecting(s);
	loop_timer_free(s->deadline);
	loop_timer_free(s->failing);
	if (s->bev)
		bufferevent_free(s->bev);
	tls_free(s->tls);
	buf_release(&s->unsent);
	free(s->path);
	free(s->host);
	s->dead = true;
	if (!s->busy)
		free(s);
}

void stream_send(struct stream *s, const void *bytes, size_t len)
{
	ssize_t n = 0;

	if (!s->connected)
		return;
	if (s->bev) {
		bufferevent_write(s->bev, bytes, len);
		return;
	}
	/* at once where the socket has room; a loss is reported by the loop, which finds the socket readable */
	if (s->unsent.len == 0)
		n = send(s->fd, bytes, len, MSG_NOSIGNAL);
	if (n < 0)
		n = 0;
	if ((size_t)n < len) {
		buf_add(&s->unsent, (const char *)bytes + n, len - (size_t)n);
		loop_fd_want(s->watch, LOOP_READ | LOOP_WRITE);
	}
}

size_t stream_unsent(const struct stream *s)
{
	return s->bev ? evbuffer_get_length(bufferevent_get_output(s->bev)) : s->unsent.len;
}
