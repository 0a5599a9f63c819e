/* SPDX-License-Identifier: PostgreSQL */
/*
 * What one connection knows of one panel (or lookup) query: which body holds here, whether it is prepared, what it cost, and
 * what failed lately, so that a failing query is not sent each second. Pure.
 */
#ifndef SOURCE_PGSTMT_H
#define SOURCE_PGSTMT_H

#include "core/err.h"
#include "model/panel.h"

enum { PGSTMT_MAX = 256 };

struct pgstmt {
	const struct panel *panel;
	int lookup;                     /* -1: the panel itself */
	const struct panel_body *body;  /* NULL: not chosen yet, or none holds */
	int version;                    /* what stands for the server's version in checks: lower after a step down */
	char *sql;                      /* the body with its holes filled; NULL until then */
	int params;                     /* highest $n in it */
	char name[24];                  /* as a prepared statement */
	bool prepared;
	bool proven;                    /* worked last time: may share a sync with others */
	double cost_ms;                 /* measured, smoothed; 0 = not yet */
	int64_t hold_until_ns;          /* not sent before; `held` is the answer */
	double hold_ms;                 /* length of the next hold for timeouts */
	struct err held;
};

struct pgextension {
	char *name, *schema, *version;
};

struct pgextensions {
	struct pgextension *at;
	int count;
	bool known; /* the server was asked on this connection */
};

void pgextensions_clear(struct pgextensions *e);
void pgextensions_add(struct pgextensions *e, const char *name, const char *schema, const char *version);
const struct pgextension *pgextensions_find(const struct pgextensions *e, const char *name);

/* Fills in body and sql for a server version. ERR_UNSUPPORTED in words when no body holds, or an extension is missing in
 * `database`. */
int pgstmt_choose(struct pgstmt *s, int server_version, const struct pgextensions *extensions, const char *database,
                  struct err *why) MUSTCHECK;
/* Takes the next lower body after the server did not know a column or function; false when there is none. */
bool pgstmt_step_down(struct pgstmt *s);
/* A new connection: nothing is prepared, everything may have changed. */
void pgstmt_forget(struct pgstmt *s);
void pgstmt_free(struct pgstmt *s);
/* Whether the panel (or a hole in its body) needs to know the extensions. */
bool pgstmt_needs_extensions(const struct panel *panel, int lookup, int server_version);

enum pgverdict {
	PGVERDICT_FAIL,      /* *why is the answer; hold says for how long it stands */
	PGVERDICT_STEP_DOWN, /* the next lower body may do */
	PGVERDICT_POOLED,    /* a pooler lost the prepared statement: again, without names */
	PGVERDICT_PREPARE,   /* the plan is out of date: prepare anew */
	PGVERDICT_AGAIN,     /* aborted with others: alone */
};
/* What an error of a panel's query means: words for the operator that name the remedy. *hold_ms gets how long it is held. */
enum pgverdict pgstmt_verdict(struct pgstmt *s, const char *sqlstate, const char *message, const char *role,
                              double statement_timeout_ms, double lock_timeout_ms, struct err *why, double *hold_ms);

/* A name between double quotes, doubling those within. */
void pgstmt_quote(struct buf *out, const char *name);

#endif
