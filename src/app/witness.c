/* SPDX-License-Identifier: PostgreSQL */
#include "app/witness.h"

#include <stdlib.h>

#include "core/mem.h"

static void written(void *ctx, const struct err *why)
{
	struct witness *w = ctx;
	w->done(w->doer, why);
}

static void intent(void *ctx, const char *server, const char *user, const char *sql,
                   void (*done)(void *doer, const struct err *why), void *doer)
{
	struct witness *w = ctx;
	bool asked = w->task && w->task->question.title[0] != '\0';
	const struct audit_intent line = {
		.id = w->id, .action = w->action, .server = {.name = server, .role = user}, .target = w->target, .sql = sql,
		.confirmed = !asked ? "not asked: the database is empty" : w->yes ? "--yes" : "y"};

	w->done = done;
	w->doer = doer;
	audit_intent(w->audit, &line, written, w);
}

static void outcome(void *ctx, enum task_outcome result, const struct err *why, double elapsed_ms)
{
	struct witness *w = ctx;
	const struct audit_outcome line = {.id = w->id, .action = w->action, .outcome = result, .error = why ? why->text : NULL,
	                                   .duration_ms = elapsed_ms, .rows = w->rows};

	audit_outcome(w->audit, &line, NULL, NULL);
}

int witness_open(struct witness *w, struct run *r, struct err *why)
{
	audit_id(w->id);
	w->hooks = (struct schema_witness){intent, outcome, w};
	return audit_new(&w->audit, r->loop, &(struct audit_conf){.path = r->options->audit}, why);
}

void witness_close(struct witness *w)
{
	audit_free(w->audit);
	w->audit = NULL;
}

int witness_texts(struct run *r, enum file_kind kind, struct schema_text **out, int *count, struct err *why)
{
	const char *const *names = NULL;
	int rc = files_texts(r->files, r->options, kind, &names, why), n = 0;

	while (rc == 0 && names[n])
		n++;
	*out = mem_calloc((size_t)n + 1, sizeof **out);
	for (*count = 0; rc == 0 && *count < n; ++*count) {
		struct files_text text;
		rc = files_text(r->files, r->options, kind, names[*count], &text, why);
		if (rc == 0)
			(*out)[*count] = (struct schema_text){text.name, text.path, text.text};
	}
	return rc;
}
