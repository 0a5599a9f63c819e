/* SPDX-License-Identifier: PostgreSQL */
/* An index worth a try, from a plan and its statement. A candidate, never a verdict: what-if tells what it would save. */
#ifndef INSIGHT_PLAN_ADVICE_H
#define INSIGHT_PLAN_ADVICE_H

#include "core/base.h"
#include "core/buf.h"
#include "insight/parse.h"
#include "insight/plan.h"

/*
 * Appends "CREATE INDEX ON public.t (status, at)" for the costliest sequential scan that has the hint
 * PLAN_HINT_SEQ_FILTER: first the columns that the statement compares with =, then one with < or >, else those
 * of ORDER BY when all of them are of that table. Only columns that stand in the scan's filter (or ORDER BY), by the name that
 * the statement has for them. False, with nothing appended: no such scan, no such column, a function or cast around one
 * (PLAN_HINT_CAST), an OR, or the text does not tell of which table a column is. Clean and quoted; at most 4 columns.
 */
bool plan_candidate(struct buf *out, const struct plan *p, const struct parse *statement);
/* The same from texts: EXPLAIN's JSON, and the statement (NULL is accepted). False also when one cannot be read, or libpg_query is
 * not there. */
bool plan_candidate_of(struct buf *out, const char *json, size_t len, const char *statement);

#endif
