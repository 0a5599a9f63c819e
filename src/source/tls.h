/* SPDX-License-Identifier: PostgreSQL */
/*
 * TLS for streams: OpenSSL and libevent's bridge to it, loaded with dlopen() when the first `rediss://` server is
 * connected, so that a start without TLS does not pay for them. This is their only home.
 *
 * The peer's certificate and its name (or IP address) are verified unless a person asked not to; TLS 1.2 is the least.
 */
#ifndef SOURCE_TLS_H
#define SOURCE_TLS_H

#include "core/base.h"
#include "core/err.h"

struct bufferevent;
struct event_base;
struct tls;

struct tls_conf {
	const char *ca;   /* a file with CA certificates or a folder of them (c_rehash); NULL: the system's */
	const char *cert; /* client certificate (chain), PEM; NULL: none */
	const char *key;  /* its private key, PEM, not encrypted; NULL: in the file of the certificate */
	bool insecure;    /* do not verify the peer */
};

/* Loads the libraries (cheap after the first time) and reads the files of conf. ERR_UNSUPPORTED when a library is not
 * there, ERR_INVALID naming the file when one cannot be used. */
int tls_new(struct tls **out, const struct tls_conf *conf, struct err *why) MUSTCHECK;
void tls_free(struct tls *t); /* after every bufferevent made with it; NULL is accepted */

/* A bufferevent that does the handshake on the connected socket fd, which it then owns (closed on failure too). `host` is
 * the name or address that the certificate must be for. */
int tls_wrap(struct tls *t, struct event_base *base, int fd, const char *host, struct bufferevent **out,
             struct err *why) MUSTCHECK;

/* Why the handshake or the connection behind bev (made by tls_wrap()) failed, in words: ERR_AUTH (a certificate is not
 * accepted, by us or by the server), ERR_PROTOCOL (it does not speak TLS), ERR_CONNECT; 0 when TLS has nothing to say, so
 * it was the network. */
int tls_reason(struct tls *t, struct bufferevent *bev, const char *host, struct err *why);

#endif
