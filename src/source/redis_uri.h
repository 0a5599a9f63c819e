/* SPDX-License-Identifier: PostgreSQL */
/* Where a Redis server is: redis://[user[:password]@]host[:port][/db], rediss://..., unix://[user:password@]/path[?db=N], and the
 * short forms /path, host, host:port, [::1]:port. */
#ifndef SOURCE_REDIS_URI_H
#define SOURCE_REDIS_URI_H

#include "core/base.h"
#include "core/err.h"

struct redis_address {
	bool tls;
	char *path;     /* a Unix socket; else NULL */
	char *host;     /* else */
	int port;
	int db;
	char *user;     /* NULL: the default user */
	char *password; /* NULL: none */
};

/* Fills out (all zero before), which redis_address_release() frees. ERR_INVALID says what is wrong, without what might be a
 * password. */
int redis_address_parse(struct redis_address *out, const char *text, struct err *why) MUSTCHECK;
void redis_address_release(struct redis_address *a); /* wipes the password */
/* "host:6379", "host:6379/2", "/path" into out: never a user or a password. */
void redis_address_text(const struct redis_address *a, char *out, size_t room);

#endif
