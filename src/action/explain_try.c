/* SPDX-License-Identifier: PostgreSQL */
/* A try: the statement in its present form is prepared, planned and given up in one round trip. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/explain_private.h"
#include "core/mem.h"
#include "core/units.h"

enum { HELD_MAX = 4 };

static void next_plan(struct explain *e);

/* --- what comes back ---------------------------------------------------------------------------------------------- */

static void take_types(struct explain *e, const struct pgresult *r)
{
	if (e->plans > 0 || r->rows == 0 || r->rows > PARSE_PARAMS_MAX)
		return;
	for (int i = 0; i < e->params; i++) /* of a try that failed after all */
		free((void *)(uintptr_t)e->param[i].type);
	free(e->param);
	free(e->value);
	free(e->value_from);
	e->params = r->rows;
	e->param = mem_calloc((size_t)r->rows, sizeof *e->param);
	e->value = mem_calloc((size_t)r->rows + 1, sizeof *e->value);
	e->value_from = mem_calloc((size_t)r->rows + 1, sizeof *e->value_from);
	for (int i = 0; i < r->rows; i++)
		e->param[i].type = explain_text(r, i, "type");
}

/* EXPLAIN writes the root's figures before its children, and a name in the plan cannot hold a bare quote. */
static double total_cost(const char *json)
{
	static const char key[] = "\"Total Cost\": ";
	const char *at = strstr(json, key);

	return at ? strtod(at + sizeof key - 1, NULL) : NAN;
}

static void describe(struct explain *e, struct explain_plan *p)
{
	int major = pgwork_version(e->work) / 10000;

	switch (p->kind) {
	case EXPLAIN_GENERIC:
		snprintf(p->about, sizeof p->about, "generic plan, PostgreSQL %d, not executed", major);
		break;
	case EXPLAIN_CUSTOM:
		snprintf(p->about, sizeof p->about, "%s, PostgreSQL %d, not executed", e->form.params ? "plan with values" : "plan", major);
		break;
	case EXPLAIN_ANALYZED:
		snprintf(p->about, sizeof p->about, "executed and rolled back, PostgreSQL %d%s", major, e->writing ? ", with writes" : "");
		break;
	default:
		snprintf(p->about, sizeof p->about, "%s with the hypothetical index, PostgreSQL %d, not executed",
		         p->kind == EXPLAIN_WHAT_IF_CUSTOM ? "plan with values" : e->form.params ? "generic plan" : "plan", major);
	}
}

void explain_take_plan(struct explain *e, const struct pgresult *r)
{
	char *json = r->rows > 0 ? explain_text(r, 0, "QUERY PLAN") : NULL;
	struct explain_plan *p = &e->plan[e->plans];

	if (!json || e->plans == EXPLAIN_PLANS_MAX) {
		free(json);
		return;
	}
	e->json[e->plans++] = json;
	*p = (struct explain_plan){.kind = e->doing, .json = json, .len = strlen(json), .cost = total_cost(json)};
	describe(e, p);
}

static void take_index(struct explain *e, const struct pgresult *r)
{
	free(e->index_name);
	e->index_name = explain_text(r, 0, "name");
	e->index_bytes = r->rows > 0 ? explain_int(r, 0, "bytes") : -1;
}

/* --- one try ------------------------------------------------------------------------------------------------------ */

static void tried(struct explain *e);

static bool is_what_if(const struct explain *e)
{
	return e->doing == EXPLAIN_WHAT_IF || e->doing == EXPLAIN_WHAT_IF_CUSTOM;
}

static void add_index(struct explain *e)
{
	const char *index[] = {e->conf.index};

	free(e->schema);
	e->schema = mem_strdup(e->hypopg);
	explain_add(e, "explain_hypothetical", take_index, index, 1);
}

static void send_try(struct explain *e)
{
	bool generic = e->doing == EXPLAIN_GENERIC || e->doing == EXPLAIN_WHAT_IF || e->form.params == 0;
	const char *name[] = {e->name};

	snprintf(e->name, sizeof e->name, "dytop_%llx_%d", (unsigned long long)loop_now(e->loop)->mono_ns, ++e->tries);
	explain_values_text(e, generic);
	free(e->schema);
	e->schema = NULL;
	explain_batch(e, false);
	explain_local(e, e->form.path, generic ? "force_generic_plan" : "force_custom_plan", EXPLAIN_PLAN_TIMEOUT_MS);
	explain_add(e, "explain_savepoint", NULL, NULL, 0);
	if (is_what_if(e))
		add_index(e);
	e->prepare_at = e->count;
	explain_add(e, "explain_prepare", NULL, NULL, 0);
	explain_add(e, "explain_types", take_types, name, 1);
	e->plan_at = e->count;
	explain_add(e, is_what_if(e) ? "explain_what_if" : "explain_plan", explain_take_plan, NULL, 0);
	if (is_what_if(e))
		explain_add(e, "explain_forget", NULL, NULL, 0);
	explain_add(e, "explain_deallocate", NULL, NULL, 0);
	explain_add(e, "explain_end", NULL, NULL, 0);
	explain_send(e, e->work, tried);
}

static bool is_final(const struct explain *e)
{
	static const char *const final[] = {"42501", "57014", "55P03", "25006", "53300", "40P01", "42P05"};

	for (size_t i = 0; i < ARRAY_LEN(final); i++)
		if (strcmp(e->sqlstate, final[i]) == 0)
			return true;
	return e->sqlstate[0] == '\0' || e->cancelled || e->tries >= EXPLAIN_TRIES_MAX ||
	       loop_now(e->loop)->mono_ns - e->began_ns > EXPLAIN_TRY_MS * CLOCK_MS_NS;
}

static void give_up(struct explain *e)
{
	struct err why = {0};

	explain_why(e, &why);
	if (e->cancelled)
		explain_end(e, TASK_CANCELLED, &why);
	else if (e->doing == EXPLAIN_CUSTOM && e->plans > 0 && e->conf.param_count == 0 && why.code != ERR_LOST) {
		task_say(&e->task, TASK_WARN, "no plan with values: %s", why.text); /* values that were guessed */
		e->done_custom = true;
		next_plan(e);
	} else
		explain_end(e, TASK_FAILED, &why);
}

/* The schemas were looked for: with them, or with what else may help. */
static void pathed(struct explain *e)
{
	if (strcmp(e->form.path, e->path ? e->path : "public") != 0 || explain_retry(e))
		send_try(e);
	else
		give_up(e);
}

static void recovered(struct explain *e)
{
	bool first = e->doing == EXPLAIN_GENERIC || (e->doing == EXPLAIN_CUSTOM && e->plans == 0);

	if (first && !is_final(e) && explain_retry_path(e, pathed))
		return;
	if (first && !is_final(e) && explain_retry(e))
		send_try(e);
	else
		give_up(e);
}

static void tried(struct explain *e)
{
	if (e->failed < 0)
		next_plan(e);
	else if (!pgwork_is_up(e->work))
		give_up(e);
	else
		explain_recover(e, recovered);
}

/* --- one plan after the other ------------------------------------------------------------------------------------- */

static const struct explain_plan *plan_of(const struct explain *e, enum explain_kind kind)
{
	for (int i = 0; i < e->plans; i++)
		if (e->plan[i].kind == kind)
			return &e->plan[i];
	return NULL;
}

static void say_costs(struct explain *e, enum explain_kind before, enum explain_kind after, const char *what)
{
	const struct explain_plan *was = plan_of(e, before), *is = plan_of(e, after);

	if (was && is)
		task_say(&e->task, is->cost < was->cost ? TASK_GOOD : TASK_PLAIN, "what if: cost %.2f -> %.2f%s%s%s", was->cost, is->cost, what,
		         is->cost < was->cost ? "" : ": the index would not be used", "");
}

static void end_what_if(struct explain *e)
{
	char size[UNIT_TEXT_MAX];

	unit_format(size, UNIT_BYTES, (double)e->index_bytes, 0);
	task_say(&e->task, TASK_PLAIN, "what if: the index would have about %s (HypoPG's estimate, without deduplication)", size);
	say_costs(e, EXPLAIN_GENERIC, EXPLAIN_WHAT_IF, " (generic)");
	say_costs(e, EXPLAIN_CUSTOM, e->form.params ? EXPLAIN_WHAT_IF_CUSTOM : EXPLAIN_WHAT_IF, e->form.params ? " (with values)" : "");
	e->done_what_if = true;
	next_plan(e);
}

static void begin_what_if(struct explain *e)
{
	if (!e->hypopg)
		explain_fail(e, ERR_UNSUPPORTED, "what-if needs HypoPG in database %s: CREATE EXTENSION hypopg (Debian package "
		             "postgresql-%d-hypopg)", pgwork_dbname(e->work), pgwork_version(e->work) / 10000);
	else {
		e->doing = EXPLAIN_WHAT_IF;
		send_try(e);
	}
}

static void with_values(struct explain *e)
{
	if (!explain_has_values(e)) {
		e->done_custom = true;
		next_plan(e);
		return;
	}
	e->doing = EXPLAIN_CUSTOM;
	send_try(e);
}

/* After each plan: which one is the next. */
static void next_plan(struct explain *e)
{
	enum explain_kind last = e->plans > 0 ? e->plan[e->plans - 1].kind : EXPLAIN_GENERIC;

	if (last == EXPLAIN_CUSTOM)
		e->done_custom = true;
	if (e->plans == 1 && !is_what_if(e) && e->form.path && strcmp(e->form.path, e->path ? e->path : "public") != 0 && !e->told_path) {
		e->told_path = true;
		task_say(&e->task, TASK_PLAIN, "names were found only beyond the author's search_path, with %s", e->form.path);
	}
	if (e->form.params > 0 && !e->done_custom)
		explain_find_values(e, with_values);
	else if (e->conf.index && !e->done_what_if && !is_what_if(e))
		begin_what_if(e);
	else if (e->conf.index && !e->done_what_if && last == EXPLAIN_WHAT_IF && plan_of(e, EXPLAIN_CUSTOM) && e->form.params > 0) {
		e->doing = EXPLAIN_WHAT_IF_CUSTOM;
		send_try(e);
	} else if (e->conf.index && !e->done_what_if)
		end_what_if(e);
	else if (e->conf.analyze)
		explain_run(e);
	else
		explain_end(e, TASK_OK, NULL);
}

/* --- the first form ----------------------------------------------------------------------------------------------- */

/* What cannot be planned by its text, and what would be: in words. */
static const char *way_out(const char *word)
{
	static const struct {
		const char *begin, *way;
	} ways[] = {
		{"EXECUTE", "it runs what a PREPARE of its session holds: explain that text (the session's pg_prepared_statements has it)"},
		{"DEALLOCATE", "it runs nothing"},
		{"REFRESH", "it runs the view's own query: explain what pg_get_viewdef() says of the view"},
		{"CALL", "a procedure's statements stand by themselves in pg_stat_statements, with track = all"},
		{"DO", "its statements stand by themselves in pg_stat_statements, with track = all"},
		{"FETCH", "the plan is that of its DECLARE CURSOR"},
	};

	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		if (strncmp(word, ways[i].begin, strlen(ways[i].begin)) == 0)
			return ways[i].way;
	return NULL;
}

/* The query that a utility statement holds, in its place: it is planned and, when agreed to, run; nothing is made. */
static void take_held(struct explain *e)
{
	size_t start, len;

	for (int i = 0; i < HELD_MAX && e->parse && e->parse->kind == PARSE_UTILITY && parse_held(e->parse, &start, &len); i++) {
		bool cursor = strncmp(e->parse->word, "DECLARE", 7) == 0;
		char *held = mem_strndup(e->sql + start, len);

		task_say(&e->task, TASK_WARN, "this is the plan of the query that %s holds%s", e->parse->word,
		         cursor ? "; as a cursor it is planned for its first rows (cursor_tuple_fraction)" : "");
		if (e->whole)
			free(e->sql);
		else
			e->whole = e->sql;
		e->sql = held;
		e->sql_len = len;
		parse_free(e->parse);
		if (parse_new(&e->parse, e->sql, e->sql_len, &e->unread) < 0)
			e->parse = NULL;
	}
}

static bool has_no_plan(struct explain *e)
{
	char word[PARSE_NAME_MAX];

	if (e->parse && e->parse->kind == PARSE_UTILITY) {
		const char *way = way_out(e->parse->word);

		explain_fail(e, ERR_UNSUPPORTED, "%s is a utility statement: it has no plan%s%s", e->parse->word, way ? "; " : "",
		             way ? way : "");
		return true;
	}
	if (e->unread.code == ERR_INVALID && strcmp(e->unread.text, "more than one statement") == 0) {
		explain_fail(e, ERR_INVALID, "the text holds more than one statement: one at a time is planned");
		return true;
	}
	parse_first_word(e->sql, e->sql_len, word);
	if (!e->parse && strcmp(word, "ANALYZE") == 0) {
		explain_fail(e, ERR_UNSUPPORTED, "%s is a utility statement: it has no plan", word);
		return true;
	}
	return false;
}

void explain_plan_it(struct explain *e)
{
	struct err lacks;

	e->sql_len = strlen(e->sql);
	if (e->sql_len > EXPLAIN_STATEMENT_MAX) {
		explain_fail(e, ERR_TOO_BIG, "the statement has more than %d kB", EXPLAIN_STATEMENT_MAX >> 10);
		return;
	}
	if (parse_new(&e->parse, e->sql, e->sql_len, &e->unread) < 0)
		e->parse = NULL;
	take_held(e);
	if (has_no_plan(e))
		return;
	if (parse_available(&lacks) < 0)
		task_say(&e->task, TASK_WARN, "fewer ways to plan: %s", lacks.text);
	/* a semicolon at the end would come before what PREPARE makes of it; the server takes it, but fragments would not */
	e->form = (struct explain_form){.text = mem_strndup(e->sql, e->sql_len), .path = mem_strdup(e->path ? e->path : "public"),
	                                .params = parse_count_params(e->sql, e->sql_len)};
	e->form.type = mem_calloc((size_t)e->form.params + 1, sizeof *e->form.type);
	e->doing = e->form.params > 0 ? EXPLAIN_GENERIC : EXPLAIN_CUSTOM;
	e->began_ns = loop_now(e->loop)->mono_ns;
	task_run(&e->task, e->began_ns);
	send_try(e);
}
