/* SPDX-License-Identifier: PostgreSQL */
#include "ui/term_look.h"

#include <string.h>

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE }; /* the first 8 colours of every terminal that has some */

void term_look_start(struct term_looks *l, int have, int wanted)
{
	if (wanted >= 0 && wanted < have)
		have = wanted;
	l->colours = have >= 256 ? 256 : have >= 16 ? 16 : have >= 8 ? 8 : 0;
}

void term_look_theme(struct term_looks *l, const struct theme *theme)
{
	l->theme = *theme;
	memset(l->look, 0, sizeof(l->look));
}

/* What is laid over a row (cursor, tag): its colours where it has some, its attributes added. */
static void lay_over(struct theme_style *s, const struct theme_style *over)
{
	if (over->fg >= 0) {
		s->fg = over->fg;
		s->fg16 = over->fg16;
	}
	if (over->bg >= 0) {
		s->bg = over->bg;
		s->bg16 = over->bg16;
	}
	s->attrs |= over->attrs;
}

/* The 16 colours on a terminal of 8: the bright ones are bold, grey is the terminal's own, dimmed. */
static void down_to_8(int *fg, int *bg, unsigned *attrs)
{
	if (*fg == 8) {
		*fg = -1;
		*attrs |= THEME_DIM;
	} else if (*fg > 8) {
		*fg -= 8;
		*attrs |= THEME_BOLD;
	}
	if (*bg >= 8)
		*bg -= 8;
}

static void make_look(struct term_looks *l, struct term_look *look, unsigned slot, unsigned flags)
{
	struct theme_style s = l->theme.style[slot];
	unsigned attrs;
	int fg, bg;

	if (flags & CANVAS_RAISED && s.bg == l->theme.style[SLOT_TEXT].bg) {
		s.bg = l->theme.style[SLOT_DIALOG].bg;
		s.bg16 = l->theme.style[SLOT_DIALOG].bg16;
	}
	if (flags & CANVAS_TAGGED)
		lay_over(&s, &l->theme.style[SLOT_TAGGED]);
	if (flags & CANVAS_CURSOR)
		lay_over(&s, &l->theme.style[SLOT_CURSOR]);
	attrs = s.attrs;
	fg = l->colours == 256 ? s.fg : s.fg16;
	bg = l->colours == 256 ? s.bg : s.bg16;
	if (l->colours == 8)
		down_to_8(&fg, &bg, &attrs);
	if (fg >= 0 && fg == bg)
		fg = bg == WHITE || bg == CYAN || bg == YELLOW || bg == GREEN || bg > 8 ? BLACK : WHITE;
	if (!l->has_default && (fg >= 0 || bg >= 0)) {
		fg = fg < 0 ? WHITE : fg;
		bg = bg < 0 ? BLACK : bg;
	}
	/* Without colours a ground of its own is shown by inversion. */
	if (l->colours == 0 && s.bg >= 0 && s.bg != l->theme.style[SLOT_TEXT].bg)
		attrs |= THEME_REVERSE;
	/* Few colours: a heading's ground would be the cursor's, so it is underlined instead. */
	if ((slot == SLOT_HEAD || slot == SLOT_HEAD_SORT) && l->colours <= 16 && !(flags & CANVAS_CURSOR)) {
		attrs = (attrs & ~THEME_REVERSE) | THEME_UNDERLINE;
		fg = l->has_default ? -1 : WHITE;
		bg = l->has_default ? -1 : BLACK;
	}
	if (flags & CANVAS_BOLD)
		attrs |= THEME_BOLD;
	if (l->colours == 0)
		fg = bg = -1;
	if (fg >= 0 || bg >= 0)
		attrs &= ~l->barred;
	look->attrs = (uint8_t)attrs;
	look->fg = (int16_t)fg;
	look->bg = (int16_t)bg;
	look->ready = true;
}

const struct term_look *term_look_get(struct term_looks *l, unsigned slot, unsigned flags)
{
	struct term_look *look;

	if (slot >= SLOT_COUNT)
		slot = SLOT_TEXT;
	flags &= TERM_LOOK_FLAGS - 1;
	look = &l->look[slot][flags];
	if (!look->ready)
		make_look(l, look, slot, flags);
	return look;
}
