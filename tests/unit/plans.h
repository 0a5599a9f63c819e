/* SPDX-License-Identifier: PostgreSQL */
/* The plans of tests/fixtures/plans, read from $srcdir. */
#ifndef TESTS_PLANS_H
#define TESTS_PLANS_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "insight/plan.h"

/* One file per version: "=== NAME", the JSON, "---", the server's text, "---". */
struct plans {
	char *all;
	char *at;
};

struct plans_entry {
	const char *name, *json, *text; /* in plans.all, NUL-terminated */
};

static inline void plans_open(struct plans *s, int version)
{
	const char *top = getenv("srcdir");
	char path[1024];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/fixtures/plans/%d.plans", top ? top : ".", version);
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "no %s", path);
	s->all = calloc(1, 4 << 20);
	len = fread(s->all, 1, (4 << 20) - 1, f);
	ck_assert_int_gt(len, 0);
	fclose(f);
	s->at = s->all;
}

static inline void plans_close(struct plans *s)
{
	free(s->all);
}

static inline char *plans_cut(char **at, const char *mark)
{
	char *from = *at, *end = strstr(from, mark);

	ck_assert_msg(end != NULL, "no %s behind: %.40s", mark, from);
	*end = '\0';
	*at = end + strlen(mark);
	return from;
}

static inline bool plans_next(struct plans *s, struct plans_entry *e)
{
	if (strncmp(s->at, "=== ", 4) != 0)
		return false;
	s->at += 4;
	e->name = plans_cut(&s->at, "\n");
	e->json = plans_cut(&s->at, "---\n");
	e->text = plans_cut(&s->at, "---\n");
	return true;
}

static inline struct plan *plans_parse(const char *text)
{
	struct plan *p = NULL;
	struct err why = {0};

	ck_assert_msg(plan_parse(&p, text, strlen(text), &why) == 0, "%s", why.text);
	return p;
}

static inline struct plan *plans_load(const char *name, int version)
{
	struct plans s;
	struct plans_entry e;
	struct plan *p = NULL;

	plans_open(&s, version);
	while (!p && plans_next(&s, &e))
		if (strcmp(e.name, name) == 0)
			p = plans_parse(e.json);
	ck_assert_msg(p != NULL, "no plan %s of %d", name, version);
	plans_close(&s);
	return p;
}

#endif
