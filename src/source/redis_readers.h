/* SPDX-License-Identifier: PostgreSQL */
/*
 * Replies of Redis to rows of a panel. Pure: replies in, sample out (docs/panels.md has the table of readers).
 *
 * A field is looked up by its name in what the server sent and becomes what its kind says; what is not there, does not parse or
 * does not fit is unknown. Values come as bytes of a stranger and stay raw in the sample.
 */
#ifndef SOURCE_REDIS_READERS_H
#define SOURCE_REDIS_READERS_H

#include "core/base.h"
#include "core/err.h"
#include "model/panel.h"
#include "model/sample.h"
#include "source/resp.h"

struct redis_facts {
	double ping_ms; /* NAN: not known */
};

struct redis_reader {
	const char *name;
	/* Fills s from `count` replies, one for each command of the panel's body, in its order. An error reply to the first
	 * command fails the panel, to a later one it leaves its fields unknown. */
	int (*read)(const struct panel *p, struct resp_reply *const *reply, int count, const struct redis_facts *facts,
	            struct sample *s, struct err *why);
};

/* NULL: there is none of that name. "keys" is not here, it takes several rounds (source/redis_keys). */
const struct redis_reader *redis_reader_find(const char *name);

/* An error reply in words of ours, with what would help: ERR_PRIVILEGE (NOPERM), ERR_AUTH (NOAUTH, WRONGPASS), ERR_BUSY
 * (LOADING, BUSY, MASTERDOWN), ERR_UNSUPPORTED (unknown command), else ERR_QUERY. `command` is its first words. */
int redis_error(const struct resp_reply *reply, const char *command, struct err *why);

/* Sets a field of a row from text by the field's kind (shared with source/redis_keys). */
void redis_put(const struct panel *p, struct sample *s, int row, int field, struct str value);

#endif
