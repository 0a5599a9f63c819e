/* SPDX-License-Identifier: PostgreSQL */
/*
 * A result into a sample: columns by name to the panel's fields, values by type. In slices, so that ten thousand rows never
 * hold up a key. The types are those of docs/panels.md; another type is an error that says so.
 */
#ifndef SOURCE_PGSAMPLE_H
#define SOURCE_PGSAMPLE_H

#include "core/clock.h"
#include "core/err.h"
#include "model/panel.h"
#include "model/sample.h"
#include "source/pgresult.h"

enum { PGSAMPLE_COLUMNS_MAX = 160 };

struct pgsample_column {
	int field;   /* -1: not declared, left out */
	void (*binary)(struct sample *s, int row, int column, const char *value, int len); /* NULL: text format */
	enum sample_type type;
};

struct pgsample {
	const struct panel *panel;
	int lookup;
	struct pgresult *result; /* taken over */
	struct sample *sample;
	struct pgsample_column column[PGSAMPLE_COLUMNS_MAX];
	int columns;
	int hidden_column;       /* of the result; -1 none */
	int next;                /* result row */
};

/* Takes the result over (also on failure). version: the server's, or what stands for it when an older body was taken; a field
 * of that version which the result lacks is an error. */
int pgsample_begin(struct pgsample *p, const struct panel *panel, int lookup, int version, struct pgresult *result,
                   struct err *why) MUSTCHECK;
/* Converts rows until budget_ns is used up; true when all are in. */
bool pgsample_step(struct pgsample *p, int64_t budget_ns);
/* Hands the finished sample over (times and life not set) and frees the result. */
struct sample *pgsample_end(struct pgsample *p);
void pgsample_abandon(struct pgsample *p);

/* One value of a binary result, for the source's own probes. Unknown: SAMPLE_INT_UNKNOWN. Integers, booleans, oids, timestamps. */
int64_t pgsample_int(const struct pgresult *r, int row, int column);
/* PostgreSQL's binary numeric as the nearest double; NAN for NaN, infinities and nonsense. */
double pgsample_numeric(const char *value, int len);

#endif
