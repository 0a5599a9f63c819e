/* SPDX-License-Identifier: PostgreSQL */
/* What can be done from the dashboard: the keys' own actions, then every file under sql/actions. */
#include <string.h>

#include "app/desk_private.h"

#include <ctype.h>

#define ON(target) (1u << TARGET_##target)

static const struct ui_choice acts[] = {
	{.name = "cancel",
	 .title = "Cancel the query",
	 .about = "cancels what the session runs; the session stays",
	 .targets = ON(SESSION),
	 .source = PANEL_PG,
	 .rows = 5},
	{.name = "terminate",
	 .title = "End the session",
	 .about = "its transaction is rolled back, its client is disconnected",
	 .targets = ON(SESSION),
	 .source = PANEL_PG,
	 .rows = 5},
	{.name = "explain-run",
	 .title = "Run with EXPLAIN ANALYZE",
	 .about = "in a transaction that is rolled back, with a time limit",
	 .targets = ON(SESSION) | ON(STATEMENT),
	 .source = PANEL_PG,
	 .rows = 1},
	{.name = "explain-index",
	 .title = "Plan with an index that is not there",
	 .about = "what if: HypoPG, nothing is created",
	 .targets = ON(SESSION) | ON(STATEMENT),
	 .source = PANEL_PG,
	 .rows = 1,
	 .input = "the index, as in CREATE INDEX ON t (a)"},
	{.name = "warm",
	 .title = "Warm the cache",
	 .about = "a recipe's rows from PostgreSQL into Redis, paced",
	 .targets = ON(NONE) | ON(KEYS),
	 .source = PANEL_REDIS,
	 .rows = 1,
	 .input = "recipe",
	 .given = "transactions"},
	{.name = "drop",
	 .title = "Drop cached keys",
	 .about = "all that begin so, by SCAN and UNLINK; they are counted first",
	 .targets = ON(NONE) | ON(KEYS),
	 .source = PANEL_REDIS,
	 .rows = 1,
	 .input = "what they begin with",
	 .given = "dytallix:bridge:"},
};

static const struct ui_choice plan = {.name = "explain",
				      .title = "Plan",
				      .about = "the plan of the statement; it is not executed",
				      .targets = ON(SESSION) | ON(STATEMENT),
				      .source = PANEL_PG,
				      .rows = 1};

static void add(struct desk *d, const struct ui_choice *choice)
{
	if (d->choice_count < DESK_CHOICES_MAX)
		d->choice[d->choice_count++] = *choice;
}

/* What is typed for a plan with an index begins with the one that the last plan asks for. */
static void add_act(struct desk *d, const struct ui_choice *act)
{
	struct ui_choice choice = *act;

	if (strcmp(act->name, "explain-index") == 0)
		choice.given = d->candidate;
	add(d, &choice);
}

static unsigned targets_of(const struct action *a)
{
	static const unsigned of[] = {
		[ACTION_ON_NOTHING] = ON(NONE),   [ACTION_ON_TABLE] = ON(TABLE),     [ACTION_ON_INDEX] = ON(INDEX),
		[ACTION_ON_MATVIEW] = ON(TABLE),  [ACTION_ON_SETTING] = ON(SETTING), [ACTION_ON_QUERY] = ON(STATEMENT),
		[ACTION_ON_DEFINITION] = ON(NONE)};

	return of[a->target];
}

/* "REINDEX INDEX": what an operator looks for in a menu; the question then says it in words. */
static const char *keyword(struct desk *d, const char *name)
{
	char *out = d->keyword[d->choice_count < DESK_CHOICES_MAX ? d->choice_count : 0];
	size_t i = 0;

	for (; name[i] && i < sizeof d->keyword[0] - 1; i++)
		out[i] = (char)(name[i] == '_' ? ' ' : toupper((unsigned char)name[i]));
	out[i] = '\0';
	return out;
}

static void add_action(struct desk *d, const struct action *a)
{
	struct ui_choice choice = {.name = a->name,
				   .title = keyword(d, a->name),
				   .about = a->about ? a->about : "",
				   .targets = targets_of(a),
				   .kinds = a->kinds[0] ? a->kinds : NULL,
				   .source = PANEL_PG,
				   .rows = UI_ROWS_MAX};

	if (a->value == ACTION_NEEDS_VALUE) {
		choice.rows = 1;
		choice.input = a->value_name ? a->value_name : "value";
	}
	if (a->target == ACTION_ON_DEFINITION) {
		choice.input = "the index, as in CREATE INDEX ON t (a)";
		choice.given = d->candidate;
	}
	add(d, &choice);
}

void desk_choices(struct desk *d)
{
	d->choice_count = 0;
	if (d->conf.replay)
		d->no_actions = desk_no_acts;
	else if (d->conf.options->read_only)
		d->no_actions = "read-only: dytop was started with --read-only";
	add(d, &plan);
	for (size_t i = 0; i < ARRAY_LEN(acts) && !d->conf.options->read_only; i++)
		add_act(d, &acts[i]);
	for (int i = 0; i < d->actions.count && !d->conf.options->read_only; i++)
		add_action(d, d->actions.at[i]);
	for (int i = 0; i < d->choice_count && d->conf.replay; i++) /* the menu shows what there would be */
		d->choice[i].why_not = i == 0 ? desk_replay_lacks(d) : desk_no_acts;
}
