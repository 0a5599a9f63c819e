/* SPDX-License-Identifier: PostgreSQL */
/* What the prompt's keys mean: search while one types, filters with their errors, commands, the interval. */
#include <stdio.h>

#include "core/clean.h"
#include "ui/state.h"

/* --- search ------------------------------------------------------------------------------------------------------------- */

static unsigned search_changed(struct ui *u, const struct ui_host *h)
{
	struct ui_table *t = screens_table(u);
	int row;

	snprintf(u->search, sizeof(u->search), "%s", u->prompt.text);
	u->prompt.error[0] = '\0';
	if (window_pager(u)) {
		window_pager(u)->top = u->search_top;
		if (u->search[0] && !pager_search(window_pager(u), u->search, 1, true))
			snprintf(u->prompt.error, sizeof(u->prompt.error), "not found");
		return UI_REDRAW;
	}
	if (!t || !t->feed || t->view.count == 0)
		return UI_REDRAW;
	/* From the row before the one where it began, so that this one can match too. */
	view_move(&t->view, (u->search_from + t->view.count - 1) % t->view.count);
	row = u->search[0] ? view_search(&t->view, t->feed, u->search, 1, screens_wall(t->feed, h)) : u->search_from;
	view_move(&t->view, row >= 0 ? row : u->search_from);
	if (row < 0)
		snprintf(u->prompt.error, sizeof(u->prompt.error), "not found");
	u->prompt.error_column = 0;
	return UI_REDRAW;
}

static unsigned search_cancelled(struct ui *u)
{
	struct ui_table *t = screens_table(u);

	u->search[0] = '\0';
	if (window_pager(u)) {
		window_pager(u)->top = u->search_top;
	} else if (t) {
		view_move(&t->view, u->search_from);
		t->view.top = u->search_top;
	}
	return UI_REDRAW;
}

/* --- done ----------------------------------------------------------------------------------------------------------------- */

/* Keeps the line open and says what is wrong with it; "column 14: ..." goes to its place. */
static unsigned refuse(struct ui *u, const struct err *why)
{
	const char *text = why->text;
	int column = 0, used = 0;

	if (sscanf(text, "column %d: %n", &column, &used) == 1 && used > 0)
		text += used;
	else
		column = 0;
	snprintf(u->prompt.error, sizeof(u->prompt.error), "%s", text);
	u->prompt.error_column = column > 0 && column <= PROMPT_MAX ? column : 0;
	return UI_REDRAW;
}

static unsigned filter_done(struct ui *u)
{
	struct ui_table *t = screens_table(u);
	struct err why = {0};

	if (t && view_set_filter(&t->view, u->prompt.text[0] ? u->prompt.text : NULL, &why) < 0)
		return refuse(u, &why);
	prompt_close(&u->prompt);
	return UI_RESULT_REDRAW_WANT;
}

static const char *line_word(enum prompt_kind kind)
{
	return kind == PROMPT_DELAY ? "interval " : kind == PROMPT_BRANCH ? "branch " : "";
}

static unsigned line_done(struct ui *u, const struct ui_host *h)
{
	char line[PROMPT_MAX + 16];

	snprintf(line, sizeof(line), "%s%s", line_word(u->prompt.kind), u->prompt.text);
	prompt_close(&u->prompt);
	return command_run(u, h, line);
}

/* The line that the host asked for; its text stays where it is until the next event. */
static unsigned input_done(struct ui *u, bool given)
{
	snprintf(u->request_text, sizeof(u->request_text), "%s", given ? u->prompt.text : "");
	u->input.text = u->request_text;
	u->input.given = given;
	prompt_close(&u->prompt);
	return UI_INPUT | UI_REDRAW;
}

static unsigned done(struct ui *u, const struct ui_host *h)
{
	switch (u->prompt.kind) {
	case PROMPT_SEARCH:
		snprintf(u->search, sizeof(u->search), "%s", u->prompt.text);
		if (u->prompt.error[0])
			ui_note(u, h, "not found: %s", u->search);
		prompt_close(&u->prompt);
		return UI_REDRAW;
	case PROMPT_FILTER:
		return filter_done(u);
	case PROMPT_LINE:
		if (u->wish)
			return menu_typed(u, h);
		return input_done(u, true);
	default:
		return line_done(u, h);
	}
}

/* --- completion ---------------------------------------------------------------------------------------------------------- */

/* Length of what all candidates begin with. */
static size_t common(const char *list)
{
	size_t len = strcspn(list, " ");

	for (const char *at = list; *at; at += strspn(at, " ")) {
		size_t same = 0;

		while (same < len && at[same] == list[same])
			same++;
		len = same;
		at += strcspn(at, " ");
	}
	return len;
}

static unsigned complete(struct ui *u, const struct ui_host *h)
{
	if (u->prompt.kind == PROMPT_LINE)
		return 0;
	struct buf list = BUF_INIT(16384);
	size_t start = 0;

	command_complete(u, h, &start, &list);
	if (list.len == 0) {
		ui_note(u, h, "nothing completes this");
	} else {
		bool only = !strchr(buf_text(&list), ' ');

		prompt_replace(&u->prompt, start, (struct str){list.data, common(list.data)});
		if (only && u->prompt.at == u->prompt.len)
			prompt_insert(&u->prompt, STR(" "));
		if (!only)
			ui_note(u, h, "%s", list.data);
	}
	buf_release(&list);
	return UI_REDRAW;
}

unsigned prompt_key(struct ui *u, const struct ui_host *h, int key)
{
	enum prompt_kind kind = u->prompt.kind;

	switch (prompt_type(&u->prompt, key)) {
	case PROMPT_DONE:
		return done(u, h);
	case PROMPT_CANCELLED:
		if (kind == PROMPT_LINE && !u->wish)
			return input_done(u, false);
		u->wish = NULL;
		prompt_close(&u->prompt);
		return kind == PROMPT_SEARCH ? search_cancelled(u) : UI_REDRAW;
	case PROMPT_CHANGED:
		return kind == PROMPT_SEARCH ? search_changed(u, h) : UI_REDRAW;
	case PROMPT_COMPLETE:
		return complete(u, h);
	default:
		return UI_REDRAW;
	}
}

unsigned prompt_paste(struct ui *u, const struct ui_host *h, struct str text)
{
	struct buf clean = BUF_INIT(PROMPT_MAX * 12);

	if (text.len > PROMPT_MAX)
		text.len = PROMPT_MAX;
	clean_text(&clean, text.at, text.len, CLEAN_LINE);
	prompt_insert(&u->prompt, buf_str(&clean));
	buf_release(&clean);
	return u->prompt.kind == PROMPT_SEARCH ? search_changed(u, h) : UI_REDRAW;
}
