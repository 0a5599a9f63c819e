/* SPDX-License-Identifier: PostgreSQL */
/* The help window, made from the key table, the panel and the command table: what works here first. */
#include <stdio.h>

#include "core/utf8.h"
#include "ui/state.h"

enum { KEYS_WIDTH = 16, NAME_WIDTH = 14 };

static void heading(struct pager *p, const char *text)
{
	if (p->line_count > 0)
		pager_end(p);
	pager_puts(p, SLOT_DIALOG_TITLE, text);
	pager_end(p);
}

static void entry(struct pager *p, const char *name, int name_width, const char *about, int width)
{
	pager_puts(p, SLOT_TEXT, " ");
	pager_pad(p, SLOT_KEY, str_from(name), name_width + 1);
	pager_puts(p, SLOT_TEXT, " ");
	pager_wrap(p, SLOT_TEXT, name_width + 2, width - name_width - 2, str_from(about));
}

static void write_columns(const struct ui *u, struct pager *p, int width)
{
	const struct ui_table *t = screens_table(u);
	char text[256];

	if (!t)
		return;
	snprintf(text, sizeof(text), "%s", t->p->title);
	heading(p, text);
	if (t->p->about && t->p->about[0])
		pager_wrap(p, SLOT_TEXT, 1, width - 1, str_from(t->p->about));
	for (int i = 0; i < t->p->column_count; i++) {
		const struct panel_column *k = &t->p->column[t->column[i]];

		snprintf(text, sizeof(text), "%s%s%s", k->about ? k->about : k->name,
		         t->shown[t->column[i]] ? "" : " (off: f turns it on)", "");
		entry(p, k->title, NAME_WIDTH, text, width);
	}
}

static void write_marks(struct pager *p, int width)
{
	heading(p, "Marks");
	entry(p, "42.1", NAME_WIDTH, "exact over the interval, or as the server says", width);
	entry(p, "~120ms", NAME_WIDTH, "estimated by a method that is good for this case", width);
	entry(p, "<=300ms", NAME_WIDTH, "a bound that always holds", width);
	entry(p, "-", NAME_WIDTH, "not known here: reset, gap, no privilege, old server", width);
	entry(p, "! !!", NAME_WIDTH, "past a warning, past a critical threshold", width);
	entry(p, "+ *", NAME_WIDTH, "in the first column of the screen: a new row, a tagged row", width);
	entry(p, "< >", NAME_WIDTH, "in the head: columns left out there", width);
}

/* Keys by group: those that do something in the window below (useful), then the others. */
static void write_keys(struct ui *u, const struct ui_host *h, struct pager *p, int width, bool useful)
{
	struct buf keys = BUF_INIT(256);
	unsigned context = ui_context(u);
	const char *group = "";

	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
		enum keys_action action = (enum keys_action)i;

		if ((keys_works(action, context) && act_useful(u, h, action)) != useful)
			continue;
		if (strcmp(group, keys_group(action)) != 0) {
			char text[64];

			group = keys_group(action);
			snprintf(text, sizeof(text), useful ? "Keys: %s" : "Keys elsewhere: %s", group);
			heading(p, text);
		}
		buf_clear(&keys);
		keys_text(action, useful ? context : KEYS_ANY, &keys);
		entry(p, buf_text(&keys), KEYS_WIDTH, keys_about(action), width);
	}
	buf_release(&keys);
}

static void write_commands(struct pager *p, int width)
{
	heading(p, "Commands");
	for (int i = 0;; i++) {
		char name[64];
		const char *about = command_help(i, name);

		if (!about)
			break;
		entry(p, name, 2 * NAME_WIDTH, about, width);
	}
	pager_wrap(p, SLOT_TEXT, 1, width - 1, STR("Every action has a name too: :sort-invert. Tab completes."));
}

static void write_filter(struct pager *p, int width)
{
	heading(p, "Filter");
	entry(p, "word", 2 * NAME_WIDTH, "rows with a text that contains it; !word: those without", width);
	entry(p, "column:regex", 2 * NAME_WIDTH, "rows whose column matches the regular expression", width);
	entry(p, "mean > 10ms and query ~ bridge", 2 * NAME_WIDTH,
	      "a condition over columns: and or not, = != < <= > >=, ~ !~, in (a, b), units as ms s min % kB MB", width);
}

static void build(struct ui *u, const struct ui_host *h)
{
	struct pager *p = &u->help;
	int width = u->width - 2;

	u->window = u->under; /* what is useful is asked for what lies below */
	pager_clear(p);
	write_keys(u, h, p, width, true);
	write_columns(u, p, width);
	write_marks(p, width);
	write_filter(p, width);
	write_commands(p, width);
	write_keys(u, h, p, width, false);
	u->window = WINDOW_HELP;
}

void help_open(struct ui *u, const struct ui_host *h)
{
	u->under = u->window;
	u->help.top = 0;
	build(u, h);
}

void help_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end)
{
	build(u, h);
	canvas_fill(c, 0, y, c->width, SLOT_DIALOG_TITLE, 0, ' ');
	canvas_puts(c, 1, y, c->width - 1, SLOT_DIALOG_TITLE, CANVAS_BOLD, "dytop help");
	canvas_puts(c, 13, y, c->width - 13, SLOT_DIALOG_TITLE, 0, u->screen[u->here].name);
	pager_draw(&u->help, c, 1, y + 1, c->width - 1, end);
	for (int row = y + 1; row < end; row++)
		cells_highlight(c, 1, row, u->search);
}

/* --- the same tables for the docs -------------------------------------------------------------------------------------- */

static void escape(struct buf *out, const char *text, bool roff)
{
	for (const char *at = text; *at; at++) {
		if (!roff && *at == '|')
			buf_adds(out, "\\|");
		else if (roff && *at == '\\')
			buf_adds(out, "\\e");
		else if (roff && *at == '-')
			buf_adds(out, "\\-");
		else
			buf_addc(out, *at);
	}
}

static void table_row(struct buf *out, bool roff, const char *one, const char *two, const char *three)
{
	if (roff) {
		buf_adds(out, ".TP\n.B \"");
		for (const char *at = one; *at; at++)
			if (*at == '"')
				buf_adds(out, "\\(dq");
			else
				escape(out, (char[]){*at, '\0'}, true);
		buf_adds(out, "\"\n");
		escape(out, three, true);
		if (two[0]) {
			buf_adds(out, " (");
			escape(out, two, true);
			buf_adds(out, ")");
		}
		buf_adds(out, "\n");
		return;
	}
	buf_adds(out, "| `");
	escape(out, one, false);
	if (two[0]) {
		buf_adds(out, "` | `");
		escape(out, two, false);
	}
	buf_adds(out, "` | ");
	escape(out, three, false);
	buf_adds(out, " |\n");
}

void ui_key_table(struct buf *out, bool roff)
{
	const char *group = "";
	struct buf keys = BUF_INIT(256);

	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
		enum keys_action action = (enum keys_action)i;
		char name[32];

		if (strcmp(group, keys_group(action)) != 0) {
			group = keys_group(action);
			buf_addf(out, roff ? ".SS \"Keys: %s\"\n" : "\n| %s | command | what it does |\n| --- | --- | --- |\n",
			         group);
		}
		buf_clear(&keys);
		keys_text(action, KEYS_ANY, &keys);
		keys_name(action, name);
		table_row(out, roff, buf_text(&keys), name, keys_about(action));
	}
	buf_release(&keys);
}

void ui_command_table(struct buf *out, bool roff)
{
	if (!roff)
		buf_adds(out, "| command | what it does |\n| --- | --- |\n");
	for (int i = 0;; i++) {
		char name[64];
		const char *about = command_help(i, name);

		if (!about)
			return;
		table_row(out, roff, name, "", about);
	}
}
