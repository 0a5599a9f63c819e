/* SPDX-License-Identifier: PostgreSQL */
/* The reference part of README.md and of the man page, from the tables that the program itself works by; tests/lint/docs.sh
 * compares. */
#include <stdio.h>
#include <string.h>

#include "app/usage.h"
#include "core/units.h"
#include "out/out.h"
#include "ui/ui.h"

/* A text for roff: backslashes and minus signs are protected, and a dot or quote at its beginning. */
static void add_roff(struct buf *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		buf_adds(out, "\\&");
	for (; *text; text++) {
		if (*text == '\\')
			buf_adds(out, "\\e");
		else if (*text == '-')
			buf_adds(out, "\\-");
		else
			buf_addc(out, *text);
	}
}

/* One entry of a list: a term and what it is. */
static void add_entry(struct buf *out, bool roff, const char *term, const char *about)
{
	if (roff) {
		buf_adds(out, ".TP\n.B ");
		add_roff(out, term);
		buf_addc(out, '\n');
		add_roff(out, about);
		buf_addc(out, '\n');
		return;
	}
	buf_addf(out, "| `%s` | ", term);
	for (; *about; about++)
		buf_addf(out, "%s%c", *about == '|' ? "\\" : "", *about);
	buf_adds(out, " |\n");
}

static void add_head(struct buf *out, bool roff, const char *title, const char *column)
{
	if (!roff) {
		buf_adds(out, "\n| ");
		for (; *title; title++)
			buf_addf(out, "%s%c", *title == '|' ? "\\" : "", *title == '\n' ? ' ' : *title);
		buf_addf(out, " | %s |\n| --- | --- |\n", column);
		return;
	}
	buf_adds(out, ".SS \"");
	add_roff(out, title);
	buf_adds(out, "\"\n");
}

static void add_option(struct buf *out, bool roff, const struct option_def *row, const struct command *command)
{
	struct buf term = BUF_INIT(256), about = BUF_INIT(1024);
	const struct option_def *def = options_find_for(command, row->name);

	if (row->letter)
		buf_addf(&term, "-%c, ", row->letter);
	buf_addf(&term, "--%s%s%s", row->name, def->arg ? " " : "", def->arg ? def->arg : "");
	if (row->kind == OPTION_ALIAS)
		buf_addf(&about, "the same as --%s", row->arg);
	else
		buf_adds(&about, row->help);
	if (row->fallback && strcmp(row->fallback, "-1") != 0)
		buf_addf(&about, " (default: %s)", row->fallback);
	add_entry(out, roff, buf_text(&term), buf_text(&about));
	buf_release(&term);
	buf_release(&about);
}

static void add_options(struct buf *out, bool roff)
{
	for (int group = 0; group < OPTIONS_GROUP_COUNT; group++) {
		add_head(out, roff, options_group_title((enum option_group)group), "");
		for (const struct option_def *row = options_table(NULL); row->name; row++)
			if ((int)row->group == group)
				add_option(out, roff, row, NULL);
	}
}

/* A paragraph of the man page. */
static void add_paragraphs(struct buf *out, const char *text)
{
	while (text && *text) {
		struct buf line = BUF_INIT(4096);
		size_t len = strcspn(text, "\n");
		buf_add(&line, text, len);
		buf_adds(out, ".PP\n");
		add_roff(out, buf_text(&line));
		buf_addc(out, '\n');
		buf_release(&line);
		text += len + (text[len] == '\n');
	}
}

static void add_commands(struct buf *out, bool roff)
{
	struct buf title = BUF_INIT(512);

	if (!commands_all()[0])
		return;
	if (roff)
		buf_adds(out, ".SH COMMANDS\n");
	for (const struct command *const *c = commands_all(); *c; c++) {
		buf_clear(&title);
		buf_addf(&title, "dytop %s %s", (*c)->name, (*c)->arguments);
		add_head(out, roff, buf_text(&title), (*c)->summary);
		if (roff) {
			buf_adds(out, "This is to ");
			add_roff(out, (*c)->summary);
			buf_adds(out, ".\n");
			add_paragraphs(out, (*c)->about);
		}
		for (const struct option_def *row = (*c)->rows; row && row->name; row++)
			add_option(out, roff, row, *c);
	}
	buf_release(&title);
}

static void add_panels(const struct files *f, struct buf *out, bool roff)
{
	struct buf about = BUF_INIT(4096);
	int count;
	const struct panel *const *panels = files_panels(f, &count);

	add_head(out, roff, "Panels", "screen; what it shows");
	for (int i = 0; i < count; i++) {
		buf_clear(&about);
		buf_addf(&about, "%s%s: %s", panels[i]->source_name, panels[i]->shape == PANEL_HIDDEN ? ", not shown itself" : "",
		         panels[i]->about ? panels[i]->about : panels[i]->title);
		add_entry(out, roff, panels[i]->name, buf_text(&about));
	}
	buf_release(&about);
}

static void add_screens(const struct files *f, struct buf *out, bool roff)
{
	struct buf about = BUF_INIT(4096);
	int count, panel_count;
	const struct files_screen *screens = files_screens(f, &count);
	const struct panel *const *panels = files_panels(f, &panel_count);

	add_head(out, roff, "Screens", "panels on it");
	for (int i = 0; i < count; i++) {
		buf_clear(&about);
		if (screens[i].digit >= 0)
			buf_addf(&about, "key %d:", screens[i].digit);
		else
			buf_adds(&about, "Tab, or :screen:");
		for (int k = 0; k < panel_count; k++)
			if (strcmp(panels[k]->screen, screens[i].name) == 0 && panels[k]->shape != PANEL_HIDDEN)
				buf_addf(&about, " %s", panels[k]->name);
		add_entry(out, roff, screens[i].name, buf_text(&about));
	}
	buf_release(&about);
}

static void add_themes(const struct files *f, struct buf *out, bool roff)
{
	static const char *const slots[][2] = {
#define SLOT(id, name, letter, about) {name, about},
		THEME_SLOTS(SLOT)
#undef SLOT
	};

	add_head(out, roff, "Themes", "file");
	for (const char *const *name = files_themes(f); *name; name++) {
		char file[160];
		snprintf(file, sizeof file, "themes/%.100s.theme", *name);
		add_entry(out, roff, *name, file);
	}
	add_head(out, roff, "Slots of a theme", "what it colours");
	for (size_t i = 0; i < ARRAY_LEN(slots); i++)
		add_entry(out, roff, slots[i][0], slots[i][1]);
}

void usage_reference(const struct files *f, bool roff, struct buf *out)
{
	if (roff)
		buf_adds(out, ".SH OPTIONS\n");
	add_options(out, roff);
	add_commands(out, roff);
	add_head(out, roff, "Formats", "what it is");
	for (const struct out_format *const *format = out_formats(); *format; format++)
		add_entry(out, roff, (*format)->name, (*format)->help);
	if (roff)
		buf_adds(out, ".SH KEYS\n");
	ui_key_table(out, roff);
	if (roff)
		buf_adds(out, ".SS \"The command line (:)\"\n");
	else
		buf_addc(out, '\n');
	ui_command_table(out, roff);
	if (roff)
		buf_adds(out, ".SH PANELS, SCREENS AND THEMES\n");
	add_screens(f, out, roff);
	add_panels(f, out, roff);
	add_themes(f, out, roff);
}
