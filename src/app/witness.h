/* SPDX-License-Identifier: PostgreSQL */
/* What the bridge's commands share: the audit log as bridge/ sees it, and the texts of a folder. */
#ifndef APP_WITNESS_H
#define APP_WITNESS_H

#include "action/audit.h"
#include "app/run.h"
#include "bridge/schema.h"

struct witness {
	const char *action, *target;  /* of the audit's lines; target may be NULL */
	bool yes;                     /* --yes answered */
	int64_t rows;                 /* -1 none */
	const struct task *task;      /* set when it is made */
	struct schema_witness hooks;  /* for the task's conf */
	/* private */
	struct audit *audit;
	char id[AUDIT_ID_MAX];
	void (*done)(void *doer, const struct err *why);
	void *doer;
};

/* Fills in hooks; they borrow *w. ERR_INVALID: there is no place for an audit log. */
int witness_open(struct witness *w, struct run *r, struct err *why) MUSTCHECK;
void witness_close(struct witness *w); /* waits until the lines are written */
/* All files of a kind; *out is malloc'ed, its texts live as long as the files. */
int witness_texts(struct run *r, enum file_kind kind, struct schema_text **out, int *count, struct err *why) MUSTCHECK;

#endif
