/* SPDX-License-Identifier: PostgreSQL */
/*
 * What never goes into a cache, whoever asks for it: private keys and signature bytes, told by the names of JSON members, by
 * the name of the Redis key, and by PEM armour in the value. Pure.
 *
 * A name matches a pattern when all of it does, any case, '*' standing for any run of characters. A member that holds nothing
 * (null, "", [], {}, true, false, a number below ten digits) harms nobody: the application's own "validator_signatures": []
 * passes. A value that is no JSON object or list is searched for the patterns as plain text.
 */
#ifndef BRIDGE_DENY_H
#define BRIDGE_DENY_H

#include "core/base.h"
#include "core/err.h"
#include "core/str.h"

enum { DENY_MAX = 48, DENY_TEXT_MAX = 64, DENY_MEMO = 256, DENY_MEMO_NAME = 38 };

struct deny_memo { /* a member's name and what was found for it: the rows of a query have the same few names */
	const char *found; /* NULL: it is none of them */
	uint8_t len;       /* 0: not in use */
	char name[DENY_MEMO_NAME];
};

struct deny {
	char pattern[DENY_MAX][DENY_TEXT_MAX]; /* small letters */
	int count;
	struct deny_memo memo[DENY_MEMO];
};

/* The list that always holds: *private_key*, *privatekey*, *secret*, *mnemonic*, *seed_phrase*, *passphrase*, *password*,
 * *signature*. */
void deny_init(struct deny *d);
/* Adds one; ERR_INVALID: empty, too long, too many, a pattern that matches everything. */
int deny_add(struct deny *d, struct str pattern, struct err *why) MUSTCHECK;

/* The pattern that forbids this value under this key, NULL = it may be cached. Borrowed. Remembers names. */
const char *deny_finds(struct deny *d, struct str key, struct str value);

#endif
