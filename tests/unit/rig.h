/* SPDX-License-Identifier: PostgreSQL */
/* One panel with all that feeds and views know, and samples of it written as tables of text. */
#ifndef TESTS_UNIT_RIG_H
#define TESTS_UNIT_RIG_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/feed.h"
#include "model/panel.h"
#include "model/sample.h"

static const char rig_text[] =
	"/* dytop panel\n"
	"title: Rig\n"
	"about: For tests.\n"
	"key: [id]\n"
	"reset: since\n"
	"hidden: secret\n"
	"hide: {title: idle, when: state = \"idle\"}\n"
	"tree: {id: id, parent: parent, default: no}\n"
	"trend: d(calls)\n"
	"timings: {calls: calls, total: total, mean: mean, stddev: stddev, max: longest, queryid: id}\n"
	"fields:\n"
	"  id: id\n"
	"  parent: id\n"
	"  oid: id\n"
	"  since: time\n"
	"  secret: bool\n"
	"  state: text\n"
	"  calls: counter\n"
	"  total: counter\n"
	"  mean: gauge\n"
	"  stddev: gauge\n"
	"  longest: gauge\n"
	"  size: gauge\n"
	"  latency: histogram\n"
	"lookups:\n"
	"  names: {by: [oid], fields: {name: text, pages: gauge}, rows: visible, gap: 30s, keep: 60s, batch: 2}\n"
	"  owners: {by: [id, oid], fields: {owner: text}, rows: visible}\n"
	"columns:\n"
	"  - {name: id, title: ID, unit: id, width: 8, priority: 1, about: \"who\"}\n"
	"  - {name: rate, title: CALLS/s, expr: rate(calls), unit: rate, width: 8, priority: 1,\n"
	"     warn: \"> 10\", crit: \"> 100\", about: \"calls in a second\"}\n"
	"  - {name: share, title: TIME%, expr: share(d(total)), unit: percent,\n"
	"     width: 6, priority: 1, about: \"share\"}\n"
	"  - {name: p95, title: P95, expr: quantile(0.95), unit: ms, width: 8, priority: 1,\n"
	"     warn: \"> 1ms\", about: \"p95\"}\n"
	"  - {name: h99, title: H99, expr: \"hquantile(0.99, latency)\", unit: ms,\n"
	"     width: 8, priority: 1, warn: \"> 15ms\", crit: \"> 1s\", about: \"p99\"}\n"
	"  - {name: sd, title: SD, expr: stddev(), unit: ms, width: 8, priority: 1, about: \"deviation\"}\n"
	"  - {name: size, title: SIZE, unit: bytes, width: 8, priority: 1, about: \"size\"}\n"
	"  - {name: state, title: STATE, unit: text, width: 8, priority: 1, about: \"state\"}\n"
	"  - {name: age, title: AGE, expr: age(since), unit: age, width: 8, priority: 1, about: \"age\"}\n"
	"  - {name: name, title: NAME, unit: text, flex: yes, width: 8, priority: 1, about: \"name\"}\n"
	"  - {name: trend, title: TREND, unit: float, width: 8, priority: 1, about: \"trend\"}\n"
	"figures:\n"
	"  - {name: all, title: all, expr: sum(rate(calls)), unit: rate, trend: yes, warn: \"> 1000\"}\n"
	"  - {name: rows, title: rows, expr: count(), unit: count}\n"
	"*/\n"
	"-- since 130000\n"
	"SELECT id, parent, oid, since, secret, state, calls, total, mean, stddev, longest, size, latency FROM x\n"
	"-- lookup names since 130000\n"
	"SELECT oid, name, pages FROM y WHERE oid = ANY ($1)\n"
	"-- lookup owners since 130000\n"
	"SELECT id, oid, owner FROM z WHERE id = ANY ($1) AND oid = ANY ($2)\n";

static inline struct panel *rig_panel(void)
{
	struct err why = {0};
	struct panel *p = NULL;

	if (panel_parse(&p, "rig", "rig.sql", rig_text, strlen(rig_text), &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		abort();
	}
	return p;
}

static inline void rig_value(struct sample *s, int row, int column, char *word)
{
	char *end;

	if (strcmp(word, "-") == 0)
		return;
	if (s->column[column].type == SAMPLE_TEXT) {
		for (char *c = word; *c; c++)
			*c = *c == '_' ? ' ' : *c;
		sample_set_text(s, row, column, word, strlen(word));
	} else if (strpbrk(word, ".en")) {
		sample_set_float(s, row, column, strtod(word, &end));
	} else {
		sample_set_int(s, row, column, strtoll(word, &end, 10));
	}
}

/* "id calls total\n1 10 5.5\n2 - 7": a line of field names, then rows; - is unknown, _ in a text a blank; total, mean,
 * stddev, longest are floats. Not finished. */
static inline struct sample *rig_table(const struct panel *p, const char *text)
{
	struct sample *s = sample_new(p->field_count);
	char *copy = strdup(text), *lines = NULL, *line = strtok_r(copy, "\n", &lines);
	int column[32], columns = 0;

	for (char *words = NULL, *word = strtok_r(line, " ", &words); word; word = strtok_r(NULL, " ", &words)) {
		int f = panel_field_by_name(p, str_from(word));

		if (f < 0)
			abort();
		column[columns++] = f;
		switch (p->field[f].kind) {
		case FIELD_TEXT:
		case FIELD_HISTOGRAM:
			sample_type(s, f, SAMPLE_TEXT);
			break;
		case FIELD_BOOL:
			sample_type(s, f, SAMPLE_BOOL);
			break;
		default:
			sample_type(s, f, strstr("total mean stddev longest", word) ? SAMPLE_FLOAT : SAMPLE_INT);
		}
	}
	while ((line = strtok_r(NULL, "\n", &lines))) {
		int row = sample_add_row(s), i = 0;

		for (char *words = NULL, *word = strtok_r(line, " ", &words); word; word = strtok_r(NULL, " ", &words))
			rig_value(s, row, column[i++], word);
	}
	free(copy);
	return s;
}

/* The same, finished, as of so many seconds after the start. */
static inline struct sample *rig_sample(const struct panel *p, double seconds, const char *text)
{
	struct sample *s = rig_table(p, text);

	s->mono_ns = 1000000000 + (int64_t)(seconds * 1e9);
	s->wall_us = INT64_C(1800000000000000) + (int64_t)(seconds * 1e6);
	s->life = 1;
	sample_finish(s, p->key, p->key_count);
	return s;
}

static inline struct clock rig_clock(double seconds)
{
	return (struct clock){
		.mono_ns = 1000000000 + (int64_t)(seconds * 1e9),
		.wall_us = INT64_C(1800000000000000) + (int64_t)(seconds * 1e6),
	};
}

static inline int rig_column(const struct panel *p, const char *name)
{
	int c = panel_column_by_name(p, str_from(name));

	if (c < 0)
		abort();
	return c;
}

static inline int rig_field(const struct panel *p, const char *name)
{
	int f = panel_field_by_name(p, str_from(name));

	if (f < 0)
		abort();
	return f;
}

#endif
