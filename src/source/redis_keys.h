/* SPDX-License-Identifier: PostgreSQL */
/*
 * What kinds of keys a Redis database holds, by bounded SCAN: never KEYS, at most KEYS_ROUND_MAX keys looked at in one round, the
 * next round goes on where the last one stopped. SCAN walks the hash table, so a part of it is a fair sample: a kind's
 * number of keys is its share of the sample times DBSIZE, with a margin, until one round covers everything.
 *
 * Patterns are the person's ("label=glob label=glob ..." or plain globs); the first that fits a key counts it, the
 * rest is "other". Without patterns the text before the first separator (: . / |) is the kind.
 */
#ifndef SOURCE_REDIS_KEYS_H
#define SOURCE_REDIS_KEYS_H

#include "core/base.h"
#include "core/buf.h"
#include "core/err.h"
#include "model/panel.h"
#include "model/sample.h"
#include "source/resp.h"

enum {
	KEYS_ROUND_MAX = 2000,   /* keys looked at in one round, and the rest of a bucket */
	KEYS_CALL_COUNT = 500,   /* COUNT of one SCAN */
	KEYS_CALLS_MAX = 16,     /* SCANs of one round, also when they bring nothing */
	KEYS_WINDOW = 20000,     /* older looks fade once this many keys were seen */
	KEYS_KINDS_MAX = 33,     /* kinds of one panel, "other" included */
	KEYS_SIZED = 3,          /* keys of a kind whose memory is asked for in one round */
};

struct keys_scan;

/* patterns may be NULL or "". ERR_INVALID: too many. */
int keys_new(struct keys_scan **out, const char *patterns, struct err *why) MUSTCHECK;
void keys_free(struct keys_scan *k); /* NULL is accepted */

/* A round: keys_begin(), then as long as keys_step() appends commands (it says how many), send them and give their replies to
 * keys_take(); then keys_fill(). */
void keys_begin(struct keys_scan *k);
int keys_step(struct keys_scan *k, struct buf *commands);
int keys_take(struct keys_scan *k, struct resp_reply *const *reply, int count, struct err *why) MUSTCHECK;
/* A row per kind with the panel's fields among: pattern, kind, keys, share (percent), margin (keys, half of the 95 %
 * interval; 0 when exact), exact (bool), bytes (mean memory of one key, sampled), sampled, matched, total. */
void keys_fill(const struct keys_scan *k, const struct panel *p, struct sample *s);
/* A reply was too large for us: ask for fewer keys at a time from now on, and start anew. */
void keys_shrink(struct keys_scan *k);

/* True when the glob (Redis' own: * ? [a-z] [^a] \x) fits the whole key. */
bool keys_glob(struct str pattern, struct str key);

#endif
