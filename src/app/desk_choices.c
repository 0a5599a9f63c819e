/* SPDX-License-Identifier: PostgreSQL */
/* What can be done from the dashboard. */
#include "app/desk_private.h"

#define SESSION (1u << TARGET_SESSION)

static const struct ui_choice acts[] = {
	{.name = "cancel",
	 .title = "Cancel the query",
	 .about = "cancels what the session runs; the session stays",
	 .targets = SESSION,
	 .source = PANEL_PG,
	 .rows = 5},
	{.name = "terminate",
	 .title = "End the session",
	 .about = "its transaction is rolled back, its client is disconnected",
	 .targets = SESSION,
	 .source = PANEL_PG,
	 .rows = 5},
};

static void add(struct desk *d, const struct ui_choice *choice)
{
	if (d->choice_count < DESK_CHOICES_MAX)
		d->choice[d->choice_count++] = *choice;
}

void desk_choices(struct desk *d)
{
	d->choice_count = 0;
	if (!d->conf.servers) {
		d->no_actions = "this is a recording: nothing can be done to its servers";
		return;
	}
	if (d->conf.options->read_only)
		d->no_actions = "read-only: dytop was started with --read-only";
	for (size_t i = 0; i < ARRAY_LEN(acts) && !d->conf.options->read_only; i++)
		add(d, &acts[i]);
}
