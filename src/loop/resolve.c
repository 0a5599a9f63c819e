/* SPDX-License-Identifier: PostgreSQL */
#include "loop/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/mem.h"

/* What the resolver's thread works on. Two holders: the loop's side and the notification; the last one frees it, so a
 * lookup that is given up on runs to its end and is thrown away where it ends. */
struct lookup {
	struct gaicb request;
	struct gaicb *list[1];
	struct sigevent notify;
	struct addrinfo hints;
	char *host;
	int wake; /* eventfd */
	atomic_int holders;
};

struct resolve {
	struct loop *loop;
	struct lookup *lookup;     /* NULL for a numeric address */
	struct loop_fd *fd;
	struct loop_timer *timer;  /* the deadline, or the next turn for what is known at once */
	struct resolve_address found[RESOLVE_MAX];
	int count;
	struct err why;
	bool known;                /* found, count and why are the answer */
	char *host;
	int port;
	double deadline_ms;
	void (*fn)(void *ctx, const struct resolve_address *found, int count, const struct err *why);
	void *ctx;
};

static void lookup_drop(struct lookup *k)
{
	if (atomic_fetch_sub(&k->holders, 1) != 1)
		return;
	if (k->request.ar_result)
		freeaddrinfo(k->request.ar_result);
	close(k->wake);
	free(k->host);
	free(k);
}

/* Runs in a thread that the C library makes for it. */
static void lookup_ended(union sigval value)
{
	struct lookup *k = value.sival_ptr;
	uint64_t one = 1;
	ssize_t written;

	do
		written = write(k->wake, &one, sizeof(one));
	while (written < 0 && errno == EINTR);
	lookup_drop(k);
}

static void resolve_release(struct resolve *r)
{
	loop_fd_free(r->fd);
	loop_timer_free(r->timer);
	if (r->lookup)
		lookup_drop(r->lookup);
	free(r->host);
	free(r);
}

static void resolve_answer(struct resolve *r)
{
	void (*fn)(void *, const struct resolve_address *, int, const struct err *) = r->fn;
	void *ctx = r->ctx;
	struct resolve_address found[RESOLVE_MAX];
	struct err why = r->why;
	int count = r->count;

	for (int i = 0; i < count; i++)
		found[i] = r->found[i];
	resolve_release(r);
	fn(ctx, found, count, count > 0 ? NULL : &why);
}

static void address_text(struct resolve_address *a)
{
	if (getnameinfo((struct sockaddr *)&a->addr, a->len, a->text, sizeof(a->text), NULL, 0, NI_NUMERICHOST) != 0)
		a->text[0] = '\0';
}

static void take_addresses(struct resolve *r, const struct addrinfo *list)
{
	for (const struct addrinfo *at = list; at && r->count < RESOLVE_MAX; at = at->ai_next) {
		struct resolve_address *a = &r->found[r->count];

		if (at->ai_addrlen > sizeof(a->addr))
			continue;
		memcpy(&a->addr, at->ai_addr, at->ai_addrlen);
		a->len = at->ai_addrlen;
		if (at->ai_family == AF_INET)
			((struct sockaddr_in *)&a->addr)->sin_port = htons((uint16_t)r->port);
		else if (at->ai_family == AF_INET6)
			((struct sockaddr_in6 *)&a->addr)->sin6_port = htons((uint16_t)r->port);
		else
			continue;
		address_text(a);
		if (a->text[0])
			r->count++;
	}
}

static void on_lookup_ended(void *ctx, unsigned got)
{
	struct resolve *r = ctx;
	int status = gai_error(&r->lookup->request);

	(void)got;
	if (status == EAI_INPROGRESS)
		return;
	if (status == 0)
		take_addresses(r, r->lookup->request.ar_result);
	if (r->count == 0)
		err_set(&r->why, ERR_CONNECT, "cannot resolve host \"%s\": %s", r->host,
		        status ? gai_strerror(status) : "no usable address");
	resolve_answer(r);
}

static void on_timer(void *ctx)
{
	struct resolve *r = ctx;

	if (!r->known)
		err_set(&r->why, ERR_TIMEOUT, "cannot resolve host \"%s\": no answer from the resolver within %.0f s", r->host,
		        r->deadline_ms / 1000);
	resolve_answer(r);
}

static bool numeric_address(struct resolve *r)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;

	/* Numeric hosts are read without the resolver's thread; getaddrinfo (not inet_pton) so that fe80::1%eth0 works. */
	if (getaddrinfo(r->host, NULL, &hints, &list) != 0)
		return false;
	take_addresses(r, list);
	freeaddrinfo(list);
	return r->count > 0;
}

static int lookup_start(struct resolve *r)
{
	struct lookup *k = mem_alloc(sizeof(*k));
	int status;

	k->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (k->wake < 0) {
		free(k);
		return EAI_SYSTEM;
	}
	atomic_init(&k->holders, 2);
	k->host = mem_strdup(r->host);
	k->hints.ai_socktype = SOCK_STREAM;
	k->request.ar_name = k->host;
	k->request.ar_request = &k->hints;
	k->list[0] = &k->request;
	k->notify.sigev_notify = SIGEV_THREAD;
	k->notify.sigev_notify_function = lookup_ended;
	k->notify.sigev_value.sival_ptr = k;
	status = getaddrinfo_a(GAI_NOWAIT, k->list, 1, &k->notify);
	if (status != 0) {
		atomic_store(&k->holders, 1); /* nobody will be notified */
		lookup_drop(k);
		return status;
	}
	r->lookup = k;
	return 0;
}

struct resolve *resolve_start(struct loop *l, const char *host, int port, double deadline_ms,
                              void (*fn)(void *ctx, const struct resolve_address *found, int count, const struct err *why),
                              void *ctx)
{
	struct resolve *r = mem_alloc(sizeof(*r));
	int status;

	r->loop = l;
	r->host = mem_strdup(host);
	r->port = port;
	r->deadline_ms = deadline_ms;
	r->fn = fn;
	r->ctx = ctx;
	r->timer = loop_timer_new(l, on_timer, r);
	r->known = numeric_address(r);
	if (!r->known) {
		status = lookup_start(r);
		if (status != 0) {
			r->known = true;
			err_set(&r->why, ERR_CONNECT, "cannot resolve host \"%s\": %s", host,
			        status == EAI_SYSTEM ? strerror(errno) : gai_strerror(status));
		}
	}
	if (r->lookup)
		r->fd = loop_fd_new(l, r->lookup->wake, LOOP_READ, on_lookup_ended, r);
	loop_timer_in(r->timer, r->known ? 0 : deadline_ms);
	return r;
}

void resolve_cancel(struct resolve *r)
{
	if (r)
		resolve_release(r);
}
