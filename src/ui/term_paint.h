/* SPDX-License-Identifier: PostgreSQL */
/*
 * The painter of ui/term: from a canvas to the fewest bytes that make a terminal show it. It knows what the terminal shows, and
 * writes only runs of cells that differ; rows are never scrolled, nothing is inserted or repeated (terminals differ in that).
 */
#ifndef UI_TERM_PAINT_H
#define UI_TERM_PAINT_H

#include "core/buf.h"
#include "ui/canvas.h"
#include "ui/term_caps.h"
#include "ui/term_look.h"

struct term_paint {
	struct term_caps caps;
	struct term_looks looks;
	int width, height;
	bool ascii;
	bool all;                  /* what the terminal shows is not known */
	struct canvas_cell *shown; /* width * height */
	struct term_look pen;      /* how the next character would look */
	bool pen_known;
	int x, y;                  /* where it would stand; x -1 = not known */
};

/* Sets the size; the next paint draws everything. */
void paint_resize(struct term_paint *p, int width, int height);
void paint_release(struct term_paint *p);
/* Somebody else wrote to the terminal: its pen and cursor are not known any more. With all, its cells neither. */
void paint_forget(struct term_paint *p, bool all);
/* Appends what is needed to show the canvas, which may have another size; nothing when nothing changed. */
void paint_canvas(struct term_paint *p, const struct canvas *c, struct buf *out);
/* Appends a cursor movement, unless it stands there. */
void paint_move(struct term_paint *p, int x, int y, struct buf *out);
/* Appends what gives the terminal its own look back. */
void paint_plain(struct term_paint *p, struct buf *out);

#endif
