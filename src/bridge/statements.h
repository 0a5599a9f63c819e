/* SPDX-License-Identifier: PostgreSQL */
/*
 * A text of several SQL statements, cut into single ones: the extended protocol takes one at a time, and some (CONCURRENTLY) must
 * come alone. Knows strings, E'' strings, quoted names, dollar quotes, and both kinds of comments, nested ones too; it does not
 * know the bodies of CREATE FUNCTION ... BEGIN ATOMIC. Pure.
 */
#ifndef BRIDGE_STATEMENTS_H
#define BRIDGE_STATEMENTS_H

#include "core/base.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"

enum { STATEMENTS_MAX = 200, STATEMENT_OBJECT_MAX = 64 };

enum statement_kind {
	STATEMENT_TABLE, /* makes a table */
	STATEMENT_INDEX,
	STATEMENT_VIEW,  /* a materialized one */
	STATEMENT_OTHER,
};

struct statement {
	struct str text;   /* without the comments before it and the semicolon behind it; borrowed */
	int line;          /* of its first word, in its file */
	enum statement_kind kind;
	char object[STATEMENT_OBJECT_MAX]; /* what it makes, when that is a plain name; "" else */
	struct str concurrently; /* that word within an index' text; empty: it has none */
	char words[40];    /* its first words, for progress: "vacuum (analyze) bridge_tran..." */
};

/* Cuts the text, whose first line is number first_line of its file; *out is malloc'ed, its texts borrow from `text`. `name`
 * begins messages. ERR_INVALID for what is not closed, ERR_TOO_BIG for more than STATEMENTS_MAX. */
int statements_cut(struct statement **out, int *count, const char *name, int first_line, struct str text,
                   struct err *why) MUSTCHECK;
/* The statement as it is sent. concurrently false: without that word, as partitioned tables want it. */
void statement_add(struct buf *out, const struct statement *s, bool concurrently);

#endif
