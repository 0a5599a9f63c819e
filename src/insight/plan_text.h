/* SPDX-License-Identifier: PostgreSQL */
/* What the two files of the text layout share. Private to them. */
#ifndef INSIGHT_PLAN_TEXT_H
#define INSIGHT_PLAN_TEXT_H

#include "insight/plan_private.h"

struct plan_writer {
	const struct plan *p;
	struct buf *out;
	int indent;      /* stops of two columns */
	int groups;      /* maps of extensions inside each other */
};

/* Blanks, where a line begins. */
void plan_text_begin(struct plan_writer *w);
/* All properties of a map in their order, each by its rule. */
void plan_text_walk(struct plan_writer *w, const struct json *map);
/* "label: value" of an entry. */
void plan_text_plain(struct plan_writer *w, const struct json *value);
/* The lines "Buffers: ..." and "I/O Timings: ...", where there is something to say. */
void plan_text_buffers(struct plan_writer *w, const struct json *map, const struct json *value);
void plan_text_jit(struct plan_writer *w, const struct json *map, const struct json *jit);
/* "actual time=0.010..0.020 rows=1 loops=1" */
void plan_text_actual(struct plan_writer *w, const struct json *map);
/* A number, 0 where it is not there. */
double plan_count_of(const struct json *map, const char *key);

#endif
