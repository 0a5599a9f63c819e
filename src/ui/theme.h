/* SPDX-License-Identifier: PostgreSQL */
/*
 * A theme is a YAML file: slot -> "fg on bg bold reverse ...". Colours never carry meaning alone. Slots are named once
 * here; themes, docs and the lint read this list.
 */
#ifndef UI_THEME_H
#define UI_THEME_H

#include "core/base.h"
#include "core/buf.h"
#include "core/err.h"

/* SLOT(NAME, "name in files", 'letter of the style plane', "what it is for") */
#define THEME_SLOTS(SLOT) \
	SLOT(TEXT, "text", '.', "ordinary text and figures") \
	SLOT(DIM, "dim", 'd', "units, separators, what matters less") \
	SLOT(TITLE, "title", 'T', "the program's name and server names") \
	SLOT(LABEL, "label", 'l', "names of figures in the header") \
	SLOT(TAB, "tab", 't', "screens one can go to") \
	SLOT(TAB_HERE, "tab_here", 'H', "the screen one is on") \
	SLOT(HEAD, "head", 'h', "column heads") \
	SLOT(HEAD_SORT, "head_sort", 's', "the head of the column that sorts") \
	SLOT(OK, "ok", 'o', "live, good") \
	SLOT(WARN, "warn", 'w', "past a warning threshold") \
	SLOT(CRIT, "crit", 'c', "past a critical threshold") \
	SLOT(ESTIMATED, "estimated", 'e', "figures marked ~") \
	SLOT(BOUND, "bound", 'b', "figures marked <=") \
	SLOT(STALE, "stale", 'S', "figures of a server that does not answer") \
	SLOT(NEW, "new", 'n', "rows that were not there before") \
	SLOT(MATCH, "match", 'm', "what a search found") \
	SLOT(CHART_1, "chart_1", '1', "first line of a chart, sparklines") \
	SLOT(CHART_2, "chart_2", '2', "second line of a chart") \
	SLOT(CHART_3, "chart_3", '3', "third line of a chart") \
	SLOT(CHART_4, "chart_4", '4', "fourth line of a chart") \
	SLOT(KEY, "key", 'k', "keys in the footer and in help") \
	SLOT(FOOTER, "footer", 'f', "what the keys do") \
	SLOT(PROMPT, "prompt", 'p', "the line one types into") \
	SLOT(DIALOG, "dialog", 'D', "windows over the screen") \
	SLOT(DIALOG_TITLE, "dialog_title", 'W', "their titles and frames") \
	SLOT(NOTICE, "notice", 'N', "messages that go away by themselves") \
	SLOT(ERROR, "error", 'E', "messages that something failed") \
	SLOT(CURSOR, "cursor", 'C', "the bar under the cursor (laid over the row's colours)") \
	SLOT(TAGGED, "tagged", 'G', "tagged rows (laid over the row's colours)")

enum theme_slot {
#define SLOT(id, name, letter, about) SLOT_##id,
	THEME_SLOTS(SLOT)
#undef SLOT
	SLOT_COUNT
};

enum theme_attr { THEME_BOLD = 1u << 0, THEME_DIM = 1u << 1, THEME_REVERSE = 1u << 2, THEME_UNDERLINE = 1u << 3 };

struct theme_style {
	int16_t fg, bg;    /* 0..255, -1 = the terminal's own */
	int16_t fg16, bg16; /* nearest for terminals of 16 / 8 colours */
	uint8_t attrs;
};

struct theme {
	char name[32];
	struct theme_style style[SLOT_COUNT];
};

/* Parses a theme file: a YAML map of "about: TEXT" and one line per slot, like
 *
 *     warn: "yellow bold"    cursor: "on colour 237"    head: "#88c0d0 on default underline"
 *
 * Colours: the 16 names (black ... white, bright_black ... bright_white), colour 0..255, "#rrggbb" (the nearest of 256, and by hue
 * of 16), default. Attributes: bold dim reverse underline. A slot that is left out has the terminal's own colours. `file` is used
 * in messages. Unknown slots, colours and attributes are ERR_INVALID with file and line; *out is untouched then. */
int theme_parse(struct theme *out, const char *name, const char *file, const char *text, size_t len,
                struct err *why) MUSTCHECK;
const char *theme_slot_name(unsigned slot);
char theme_slot_letter(unsigned slot);

#endif
