/* SPDX-License-Identifier: PostgreSQL */
/* The colours of ui/term: how a slot of the theme looks on terminals of 256, 16, 8 and no colours. */
#ifndef UI_TERM_LOOK_H
#define UI_TERM_LOOK_H

#include "core/base.h"
#include "ui/canvas.h"
#include "ui/theme.h"

enum { TERM_LOOK_FLAGS = 16 /* combinations of canvas_flags */ };

struct term_look {
	int16_t fg, bg; /* a colour that the terminal has, -1 = its own */
	uint8_t attrs;  /* enum theme_attr */
	bool ready;
};

struct term_looks {
	int colours;      /* 0, 8, 16, 256 */
	bool has_default; /* the terminal's own colours can be asked for */
	unsigned barred;  /* enum theme_attr that the terminal cannot show together with colours */
	struct theme theme;
	struct term_look look[SLOT_COUNT][TERM_LOOK_FLAGS];
};

/* have: the colours of the terminal; wanted: see term_conf.colours; never more than it has. */
void term_look_start(struct term_looks *l, int have, int wanted);
/* All cells must be drawn again after it. */
void term_look_theme(struct term_looks *l, const struct theme *theme);
const struct term_look *term_look_get(struct term_looks *l, unsigned slot, unsigned flags);

#endif
