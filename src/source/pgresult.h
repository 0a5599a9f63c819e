/* SPDX-License-Identifier: PostgreSQL */
/* A result of one request, hiding libpq's. */
#ifndef SOURCE_PGRESULT_H
#define SOURCE_PGRESULT_H

#include "core/base.h"
#include "source/libpq.h"

enum pgresult_kind {
	PGRESULT_ROWS,
	PGRESULT_DONE,    /* a command without rows */
	PGRESULT_ERROR,
	PGRESULT_ABORTED, /* skipped because an earlier request of the same sync failed */
	PGRESULT_SYNC,
	PGRESULT_SOME,    /* rows of a stream, more to come; the last result of it is PGRESULT_ROWS without rows */
	PGRESULT_COPY_IN, /* the server waits for data */
	PGRESULT_OTHER,   /* COPY TO and the like: nothing that we asked for */
};

struct pgresult {
	const struct libpq *pq;
	PGresult *res;
	enum pgresult_kind kind;
	int rows, columns;
};

void pgresult_free(struct pgresult *r); /* NULL is accepted */
const char *pgresult_sqlstate(const struct pgresult *r); /* five characters, or "" when the server sent none */
/* The server's primary message, raw; "" when there is none. Borrowed. */
const char *pgresult_message(const struct pgresult *r);
int64_t pgresult_affected(const struct pgresult *r); /* rows, by the command tag; -1 it has none */
const char *pgresult_tag(const struct pgresult *r);  /* command tag ("COMMIT", "INSERT 0 3"), "" none. Borrowed */
const char *pgresult_name(const struct pgresult *r, int column); /* raw, borrowed; "" when out of range */
unsigned pgresult_type(const struct pgresult *r, int column);    /* type oid */
bool pgresult_binary(const struct pgresult *r, int column);
/* NULL for SQL NULL or out of range. Borrowed. */
static inline const char *pgresult_value(const struct pgresult *r, int row, int column, int *len)
{
	if (column < 0 || column >= r->columns || r->pq->PQgetisnull(r->res, row, column))
		return NULL;
	*len = r->pq->PQgetlength(r->res, row, column);
	return r->pq->PQgetvalue(r->res, row, column);
}

#endif
