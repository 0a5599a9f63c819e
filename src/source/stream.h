/* SPDX-License-Identifier: PostgreSQL */
/*
 * Bytes to and from one server over TCP, a Unix socket or TLS, non-blocking from the first byte: the name is resolved by
 * loop/resolve, every address is tried in turn, one deadline bounds it all (lookup, connect, handshake).
 *
 * Callbacks come from the loop, never from inside a call of this header. A stream may be freed in its own callbacks.
 */
#ifndef SOURCE_STREAM_H
#define SOURCE_STREAM_H

#include "core/base.h"
#include "core/err.h"
#include "loop/loop.h"
#include "source/tls.h"

struct stream;

struct stream_conf {
	const char *path; /* a Unix socket; NULL: host and port */
	const char *host;
	int port;
	const struct tls_conf *tls; /* NULL: in clear; not for Unix sockets */
	double connect_timeout_ms;
};

struct stream_events {
	/* Bytes may be sent and will come. */
	void (*connected)(void *ctx);
	/* Some bytes came; they are gone after the call. */
	void (*received)(void *ctx, const char *bytes, size_t len);
	/* The connection failed or ended, said in words with the server's name: the last call. Free the stream. */
	void (*closed)(void *ctx, const struct err *why);
	void *ctx;
};

/* Starts to connect. All of conf and events is copied. */
struct stream *stream_open(struct loop *l, const struct stream_conf *conf, const struct stream_events *events);
void stream_free(struct stream *s); /* closes; no callback comes after; NULL is accepted */
/* Queues bytes; only after connected(). */
void stream_send(struct stream *s, const void *bytes, size_t len);
/* Bytes of that which the kernel has not taken yet. In clear what would go beyond 16 MiB is lost: a sender of much looks here first. */
size_t stream_unsent(const struct stream *s);

#endif
