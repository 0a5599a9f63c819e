/* SPDX-License-Identifier: PostgreSQL */
/*
 * A grid of character cells that views draw into: no curses, no terminal, so it can be compared in tests. ui/term brings it
 * to a terminal and draws only what changed.
 */
#ifndef UI_CANVAS_H
#define UI_CANVAS_H

#include "core/base.h"
#include "core/str.h"
#include "ui/theme.h"

struct canvas_cell {
	uint32_t cp;        /* 0 = right half of a wide character */
	uint32_t mark[2];   /* combining marks, 0 = none */
	uint8_t slot;       /* enum theme_slot */
	uint8_t flags;      /* CANVAS_* */
	uint16_t spare;     /* 0: cells are compared as bytes, and padding has no value */
};

enum canvas_flags {
	CANVAS_CURSOR = 1u << 0,
	CANVAS_TAGGED = 1u << 1,
	CANVAS_BOLD = 1u << 2,
	CANVAS_RAISED = 1u << 3 /* inside of a dialog: what has no ground of its own has the dialog's */
};

struct canvas {
	int width, height;
	struct canvas_cell *cell; /* height * width */
	bool ascii;               /* beyond ASCII is replaced when drawn: lines and charts by ASCII forms, text escaped */
	int cursor_x, cursor_y;   /* where the terminal's cursor stands (prompt); -1 hidden */
};

void canvas_init(struct canvas *c, int width, int height);
void canvas_release(struct canvas *c);
void canvas_resize(struct canvas *c, int width, int height);
void canvas_clear(struct canvas *c);
/* Draws cleaned text from x on, clipped to max columns and the canvas; returns the columns used. y or x outside: nothing.
 * Text must have gone through clean_text(); what is not printable is drawn as '?', a net below the net. */
int canvas_text(struct canvas *c, int x, int y, int max, unsigned slot, unsigned flags, struct str text);
int canvas_puts(struct canvas *c, int x, int y, int max, unsigned slot, unsigned flags, const char *text);
void canvas_fill(struct canvas *c, int x, int y, int width, unsigned slot, unsigned flags, uint32_t cp);
/* Adds flags to the cells of a box (a dialog), clipped; to a whole row (the cursor bar). */
void canvas_flag_box(struct canvas *c, int x, int y, int width, int height, unsigned flags);
void canvas_flag_row(struct canvas *c, int y, unsigned flags);
/* The text plane, rows joined by LF, trailing blanks cut; and the style plane, one letter a cell (theme_slot_letter()).
 * For tests and --script dumps. */
void canvas_dump_text(const struct canvas *c, struct buf *out);
void canvas_dump_style(const struct canvas *c, struct buf *out);

#endif
