/* SPDX-License-Identifier: PostgreSQL */
/* From options to the servers to be asked: which ones, with which credentials, never printing one. */
#ifndef APP_SERVERS_H
#define APP_SERVERS_H

#include "app/files.h"
#include "app/options.h"
#include "core/err.h"
#include "source/source.h"

struct servers {
	struct source_conf *conf;
	int count;
	/* private: what conf points to */
	char *pools, *cache_patterns, *password, *redis_password;
	char **owned;
	int owned_count;
	struct source_param params[3];
};

/* One server for each target (none given: the one that libpq's environment means), --redis and --pgbouncer. Asks for the
 * password on /dev/tty with -W. Reads --redis-password-file, else DYTOP_REDIS_PASSWORD, else REDISCLI_AUTH. Options and files
 * are borrowed for the life of *out. */
int servers_init(struct servers *out, const struct options *o, struct files *files, struct err *why) MUSTCHECK;
void servers_release(struct servers *s); /* wipes passwords */

#endif
