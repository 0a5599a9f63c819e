/* SPDX-License-Identifier: PostgreSQL */
#include "ui/term_look.h"

#include <string.h>

void term_look_start(struct term_looks *l, int wanted)
{
	int have = wanted != 0 && has_colors() && start_color() == OK ? COLORS : 0;

	if (wanted >= 0 && wanted < have)
		have = wanted;
	l->colours = have >= 256 ? 256 : have >= 16 ? 16 : have >= 8 ? 8 : 0;
	l->has_default = l->colours && use_default_colors() == OK;
}

void term_look_theme(struct term_looks *l, const struct theme *theme)
{
	l->theme = *theme;
	memset(l->look, 0, sizeof(l->look));
	l->pairs = 0;
}

static short take_pair(struct term_looks *l, int fg, int bg)
{
	int most = COLOR_PAIRS - 1 < TERM_LOOK_PAIRS ? COLOR_PAIRS - 1 : TERM_LOOK_PAIRS;

	if (!l->has_default) {
		fg = fg < 0 ? COLOR_WHITE : fg;
		bg = bg < 0 ? COLOR_BLACK : bg;
	}
	if (fg < 0 && bg < 0)
		return 0;
	for (int i = 0; i < l->pairs; i++)
		if (l->pair[i].fg == fg && l->pair[i].bg == bg)
			return (short)(i + 1);
	if (l->pairs >= most || init_pair((short)(l->pairs + 1), (short)fg, (short)bg) == ERR)
		return 0;
	l->pair[l->pairs++] = (struct term_pair){(int16_t)fg, (int16_t)bg};
	return (short)l->pairs;
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
static void down_to_8(int *fg, int *bg, attr_t *attrs)
{
	if (*fg == 8) {
		*fg = -1;
		*attrs |= A_DIM;
	} else if (*fg > 8) {
		*fg -= 8;
		*attrs |= A_BOLD;
	}
	if (*bg >= 8)
		*bg -= 8;
}

static void make_look(struct term_looks *l, struct term_look *look, unsigned slot, unsigned flags)
{
	struct theme_style s = l->theme.style[slot];
	attr_t attrs = A_NORMAL;
	int fg, bg;

	if (flags & CANVAS_TAGGED)
		lay_over(&s, &l->theme.style[SLOT_TAGGED]);
	if (flags & CANVAS_CURSOR)
		lay_over(&s, &l->theme.style[SLOT_CURSOR]);
	fg = l->colours == 256 ? s.fg : s.fg16;
	bg = l->colours == 256 ? s.bg : s.bg16;
	if (l->colours == 8)
		down_to_8(&fg, &bg, &attrs);
	if (fg >= 0 && fg == bg)
		fg = bg == COLOR_WHITE || bg == COLOR_CYAN || bg == COLOR_YELLOW || bg == COLOR_GREEN || bg > 8 ? COLOR_BLACK
		                                                                                               : COLOR_WHITE;
	/* Without colours a ground of its own is shown by inversion. */
	if (s.attrs & THEME_REVERSE || (l->colours == 0 && s.bg >= 0 && s.bg != l->theme.style[SLOT_TEXT].bg))
		attrs |= A_REVERSE;
	if (s.attrs & THEME_BOLD || flags & CANVAS_BOLD)
		attrs |= A_BOLD;
	if (s.attrs & THEME_DIM)
		attrs |= A_DIM;
	if (s.attrs & THEME_UNDERLINE)
		attrs |= A_UNDERLINE;
	look->attrs = attrs;
	look->pair = l->colours ? take_pair(l, fg, bg) : 0;
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
