/* SPDX-License-Identifier: PostgreSQL */
/*
 * What every connection to a Redis does first, whoever it is for: where it is and as whom (address, user, password, TLS), AUTH
 * before anything else, what an answer that says no means. source/redis (watching) and source/redis_work (doing) stand on it.
 */
#ifndef SOURCE_REDIS_LOGIN_H
#define SOURCE_REDIS_LOGIN_H

#include "core/buf.h"
#include "core/err.h"
#include "loop/loop.h"
#include "source/redis_uri.h"
#include "source/resp.h"
#include "source/source.h"
#include "source/stream.h"
#include "source/tls.h"

struct redis_login {
	struct redis_address address;
	struct tls_conf tls; /* texts owned below */
	char *tls_text[3];
	double timeout_ms;   /* to connect, and again to log in */
};

/* An address with the user and the password of conf, where it has none of its own. Zero before; redis_address_release() frees it.
 * ERR_INVALID: a bad address. */
int redis_login_address(struct redis_address *out, const struct source_conf *conf, struct err *why) MUSTCHECK;
/* All of it is copied. ERR_INVALID: a bad address, a user without a password. */
int redis_login_init(struct redis_login *out, const struct source_conf *conf, struct err *why) MUSTCHECK;
void redis_login_release(struct redis_login *l); /* wipes the password */

struct stream *redis_login_open(const struct redis_login *l, struct loop *loop, const struct stream_events *events);

/* Sends AUTH; false: there is no password. Nothing else may be sent before its answer. */
bool redis_login_auth(const struct redis_login *l, struct stream *stream);
/* Its answer: 0 it is OK. After a failed AUTH a server would go on as the default user: the login ends then. ERR_CONNECT: full, see
 * redis_login_refused(). ERR_PROTOCOL: no Redis. */
int redis_login_authed(const struct resp_reply *reply, struct err *why) MUSTCHECK;
/* Adds SELECT where the address has a database; how many commands that is. */
int redis_login_select(const struct redis_login *l, struct buf *out);
/* Refusals that any command can meet, before a connection is of use: 0 it is none; ERR_CONNECT: maxclients is reached (that is said
 * instead of every other answer, and then the connection ends); else what redis_error() makes of NOAUTH and DENIED. */
int redis_login_refused(const struct resp_reply *reply, const char *command, struct err *why) MUSTCHECK;

/* The connection ended while logging in, with `heard` true when anything came before: adds what may be the cause. */
void redis_login_closed(const struct redis_login *l, bool heard, const struct err *why, struct err *said);
void redis_login_silent(const struct redis_login *l, struct err *why); /* no answer within timeout_ms: ERR_TIMEOUT */

/* An error that begins so. */
bool redis_says(const struct resp_reply *reply, const char *prefix);

#endif
