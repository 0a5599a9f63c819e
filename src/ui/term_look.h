/* SPDX-License-Identifier: PostgreSQL */
/* The colours of ui/term: how curses shows a slot of the theme, on terminals of 256, 16, 8 and no colours. Pairs are taken when a
 * slot is first drawn. */
#ifndef UI_TERM_LOOK_H
#define UI_TERM_LOOK_H

#include <curses.h>

#include "core/base.h"
#include "ui/canvas.h"
#include "ui/theme.h"

enum {
	TERM_LOOK_FLAGS = 8, /* combinations of canvas_flags */
	TERM_LOOK_PAIRS = 512,
};

struct term_look {
	attr_t attrs;
	short pair;
	bool ready;
};

struct term_pair {
	int16_t fg, bg;
};

struct term_looks {
	int colours;      /* 0, 8, 16, 256 */
	bool has_default; /* the terminal's own colours can be asked for */
	struct theme theme;
	struct term_look look[SLOT_COUNT][TERM_LOOK_FLAGS];
	struct term_pair pair[TERM_LOOK_PAIRS];
	int pairs;
};

/* After newterm(). wanted: see term_conf.colours; never more than the terminal has. */
void term_look_start(struct term_looks *l, int wanted);
/* All cells must be drawn again after it. */
void term_look_theme(struct term_looks *l, const struct theme *theme);
const struct term_look *term_look_get(struct term_looks *l, unsigned slot, unsigned flags);

#endif
