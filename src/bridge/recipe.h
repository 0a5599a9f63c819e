/* SPDX-License-Identifier: PostgreSQL */
/*
 * A warm-up recipe: one file under sql/warm. A YAML header in the leading comment, then the query, then perhaps an estimate of
 * how many rows it will yield. docs/warm.md has the format with examples; this header is its meaning for the program.
 *
 *   (comment open) dytop warm
 *   title: The bridge's transactions
 *   prefix: "dytallix:bridge:tx:"
 *   codec: zlib
 *   ttl: {low: 1800s, medium: 3600s, high: 600s, critical: 1200s}
 *   ...
 *   (comment close)
 *   SELECT id AS key, ... AS value, ... AS priority FROM ... LIMIT $1
 *   -- estimate
 *   SELECT ... LIMIT $1
 *
 * Columns of the query, by name: key (text, without the prefix), value (text, json, jsonb or bytea), priority (low, medium, high,
 * critical, any case), and perhaps sensitive (boolean: true is never cached). Where a text has $1 it gets the limit of rows.
 * Unknown keys and bad values are errors "FILE:LINE: what; what to do".
 */
#ifndef BRIDGE_RECIPE_H
#define BRIDGE_RECIPE_H

#include "bridge/codec.h"
#include "bridge/deny.h"
#include "core/base.h"
#include "core/err.h"
#include "core/str.h"

enum recipe_priority { RECIPE_LOW, RECIPE_MEDIUM, RECIPE_HIGH, RECIPE_CRITICAL, RECIPE_PRIORITIES };
enum recipe_mode {
	RECIPE_NX,  /* a key that is there stays as it is: the application's own is newer */
	RECIPE_SET, /* it is replaced */
};

enum { RECIPE_PREFIX_MAX = 128, RECIPE_TEXT_MAX = 256 << 10, RECIPE_RATE_DEFAULT = 5000 };

struct recipe {
	char *name;             /* "transactions" */
	char *title;
	char *about;            /* may be NULL */
	char prefix[RECIPE_PREFIX_MAX];
	enum codec_kind codec;  /* default zlib */
	enum recipe_mode mode;  /* default nx */
	double ttl_s[RECIPE_PRIORITIES]; /* 1 s and more; every key gets one */
	double jitter;          /* 0 to 0.9: up to that part of the TTL is taken off at random; default 0.1 */
	int64_t limit;          /* rows; default 100000 */
	int64_t value_limit;    /* bytes of a stored value; larger ones are passed over and counted; default 1 MiB */
	double memory;          /* stop at that part of maxmemory; default 0.8 */
	double rate;            /* keys/s; 0 = as fast as it goes; default 5000 */
	double snapshot_ms;     /* a query that runs for longer begins anew and passes over what it has brought; 0 never; default 60 s */
	struct deny deny;
	char *query;            /* NUL-terminated */
	bool query_limit;       /* it has $1 */
	char *estimate;         /* NULL: none */
	bool estimate_limit;
};

/* Parses a file's text; `path` is for messages. */
int recipe_parse(struct recipe **out, const char *name, const char *path, struct str text, struct err *why) MUSTCHECK;
void recipe_free(struct recipe *r); /* NULL is accepted */
const char *recipe_priority_name(enum recipe_priority p); /* "low", ... */
int recipe_priority_find(struct str name);                /* any case; -1 unknown */

#endif
