/* SPDX-License-Identifier: PostgreSQL */
#include "source/pgresult.h"

#include <stdlib.h>
#include <string.h>

void pgresult_free(struct pgresult *r)
{
	if (!r)
		return;
	r->pq->PQclear(r->res);
	free(r);
}

static const char *field(const struct pgresult *r, int code)
{
	const char *text = r->pq->PQresultErrorField(r->res, code);

	return text ? text : "";
}

const char *pgresult_sqlstate(const struct pgresult *r)
{
	return field(r, PG_DIAG_SQLSTATE);
}

const char *pgresult_message(const struct pgresult *r)
{
	return field(r, PG_DIAG_MESSAGE_PRIMARY);
}

int64_t pgresult_affected(const struct pgresult *r)
{
	const char *text;

	/* The most frequent tag tells what we have: no need to read a number. */
	if (r->kind == PGRESULT_ROWS && r->rows > 0 && strncmp(r->pq->PQcmdStatus(r->res), "SELECT ", 7) == 0)
		return r->rows;
	text = r->pq->PQcmdTuples(r->res);
	return text && *text ? strtoll(text, NULL, 10) : -1;
}

const char *pgresult_tag(const struct pgresult *r)
{
	const char *text = r->pq->PQcmdStatus(r->res);

	return text ? text : "";
}

const char *pgresult_name(const struct pgresult *r, int column)
{
	const char *name = r->pq->PQfname(r->res, column);

	return name ? name : "";
}

unsigned pgresult_type(const struct pgresult *r, int column)
{
	return r->pq->PQftype(r->res, column);
}

bool pgresult_binary(const struct pgresult *r, int column)
{
	return r->pq->PQfformat(r->res, column) == 1;
}
