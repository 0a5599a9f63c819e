/* SPDX-License-Identifier: PostgreSQL */
/*
 * Lines of styled text that one scrolls through: the inside of the detail and help windows. Built from spans, drawn from
 * `top` on. Keeps its place while it is built again with newer figures.
 */
#ifndef UI_PAGER_H
#define UI_PAGER_H

#include "core/buf.h"
#include "ui/canvas.h"

struct pager_span {
	uint32_t offset, len; /* into text */
	uint8_t slot;
};

struct pager {
	struct buf text;      /* cleaned */
	struct pager_span *span;
	int span_count, span_room;
	int *line;            /* first span of each line */
	int line_count, line_room;
	int top;              /* first line drawn */
	int height;           /* lines of the last draw */
	bool open_line;       /* the last line is not ended yet */
};

void pager_release(struct pager *p); /* an all-zero struct is an empty pager */
void pager_clear(struct pager *p);   /* no lines; top stays, pager_draw() clamps it */
/* Appends cleaned text to the current line. */
void pager_add(struct pager *p, unsigned slot, struct str text);
void pager_puts(struct pager *p, unsigned slot, const char *text);
/* Appends text, then blanks up to that column of the line. */
void pager_pad(struct pager *p, unsigned slot, struct str text, int columns);
void pager_end(struct pager *p);     /* ends the line (an empty one when nothing was added) */
/* Appends cleaned text that may have line feeds, broken at blanks to `width` columns; each line begins with `indent`
 * blanks, except the first one when the current line has something already. Ends its last line. */
void pager_wrap(struct pager *p, unsigned slot, int indent, int width, struct str text);
void pager_scroll(struct pager *p, int lines);
/* The next line (from the one after / before top, wrapping) that contains text, any case, to the top; false: none does. */
bool pager_search(struct pager *p, const char *text, int direction, bool from_here);
/* Draws lines into rows y .. end-1, `width` columns from x on. */
void pager_draw(struct pager *p, struct canvas *c, int x, int y, int width, int end);
/* Text of a line, for tests and searching; appended to out. */
void pager_line(const struct pager *p, int line, struct buf *out);

#endif
