/* SPDX-License-Identifier: PostgreSQL */
/* Why there is no plan: one line, with what would help. */
#include <stdio.h>
#include <string.h>

#include "action/explain_private.h"

static bool is(const struct explain *e, const char *state)
{
	return strcmp(e->sqlstate, state) == 0;
}

static void why_missing(const struct explain *e, struct err *why)
{
	err_set(why, ERR_NOT_FOUND, "%s in database %s: a temporary table of its session, dropped since, or in a schema that role %s may not "
	        "use; it can be planned only where it is there", e->message, pgwork_dbname(e->work), pgwork_user(e->work));
}

static void why_rights(const struct explain *e, struct err *why)
{
	err_set(why, ERR_PRIVILEGE, "%s: GRANT it to role %s (a plan of INSERT, UPDATE or DELETE needs that right too), or --explain-as a "
	        "login that has it", e->message, e->conf.role ? e->conf.role : pgwork_user(e->work));
}

static void why_syntax(const struct explain *e, struct err *why)
{
	struct err lacks;

	if (parse_available(&lacks) < 0)
		err_set(why, ERR_UNSUPPORTED, "%s; %s: with it more texts can be planned", e->message, lacks.text);
	else if (e->cut)
		err_set(why, ERR_UNSUPPORTED, "%s: the text is incomplete", e->message);
	else
		err_set(why, ERR_QUERY, "%s: the text is no statement of its own (a fragment of PL/pgSQL, or a newer syntax)", e->message);
}

void explain_why(const struct explain *e, struct err *why)
{
	bool running = e->doing == EXPLAIN_ANALYZED;

	if (e->cancelled)
		err_set(why, ERR_LOST, running ? "cancelled, and rolled back" : "cancelled");
	else if (e->why.code == ERR_LOST || e->why.code == ERR_CONNECT || e->why.code == ERR_AUTH)
		*why = e->why;
	else if (e->prepare_at < 0 && e->index_bytes < 0 && (e->doing == EXPLAIN_WHAT_IF || e->doing == EXPLAIN_WHAT_IF_CUSTOM) &&
	         !is(e, "57014") && !is(e, "55P03"))
		err_set(why, ERR_INVALID, "what-if: HypoPG refused the index: %s (one CREATE INDEX statement; btree, hash, brin, bloom)",
		        e->message);
	else if (is(e, "55P03"))
		err_set(why, ERR_BUSY, "a lock stands in the way (waited 0.5 s for it): see who holds it on screen locks, and try again");
	else if (is(e, "57014") || e->why.code == ERR_TIMEOUT)
		err_set(why, ERR_TIMEOUT, "%s took longer than %g s and was ended%s", running ? "running it" : "planning",
		        running ? e->conf.analyze_timeout_ms / 1000 : EXPLAIN_PLAN_TIMEOUT_MS / 1000.0,
		        running ? ", and rolled back (--timeout)" : "");
	else if (is(e, "42501"))
		why_rights(e, why);
	else if (is(e, "42P01") || is(e, "3F000"))
		why_missing(e, why);
	else if (is(e, "42601"))
		why_syntax(e, why);
	else if (is(e, "25006"))
		err_set(why, ERR_PRIVILEGE, "%s: the statement writes, by itself or in a function, and this %s", e->message,
		        running ? "was run read-only" : "session is read-only");
	else if (e->form.ladder > 0 && !running && e->conf.param_count == 0)
		err_set(why, ERR_QUERY, "%s, with every type that was tried for its parameters", e->message);
	else
		err_set(why, e->why.code < 0 ? e->why.code : ERR_QUERY, "%s", e->message[0] ? e->message : e->why.text);
}
