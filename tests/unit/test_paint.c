/* SPDX-License-Identifier: PostgreSQL */
/* The painter against a small terminal: whatever was shown before, after its bytes the terminal shows the canvas. */
#include "ui/term_paint.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"
#include "unit.h"

enum { WIDE = 40, TALL = 12 };

struct shown {
	uint32_t cp; /* 0 = right half */
	struct term_look look;
};

struct terminal { /* what the painter may use of ECMA-48, and nothing else */
	struct shown cell[TALL][WIDE];
	struct term_look pen;
	int x, y;
};

struct rig {
	struct term_paint paint;
	struct terminal terminal;
	struct canvas canvas;
	struct buf out;
};

static const struct term_look plain = {.fg = -1, .bg = -1};

static void start(struct rig *r, bool default_colours)
{
	static const char theme[] = "warn: yellow bold\ncrit: \"#ff5f5f on colour 236\"\nok: green\ncursor: on blue\n"
				    "head: reverse\ntab: underline\nkey: bright_blue\n";
	struct theme parsed;
	struct err why;

	*r = (struct rig){.out = BUF_INIT(1 << 20)};
	r->paint.caps = (struct term_caps){.cup = "", .clear = "\x1b[H\x1b[2J", .el = "\x1b[K", .sgr0 = "\x1b[m", .ansi = true,
					   .op = default_colours ? "\x1b[39;49m" : NULL, .keeps_wrap = true};
	r->paint.looks.has_default = default_colours;
	term_look_start(&r->paint.looks, 256, -1);
	ck_assert_int_eq(theme_parse(&parsed, "t", "t", theme, strlen(theme), &why), 0);
	term_look_theme(&r->paint.looks, &parsed);
	paint_resize(&r->paint, WIDE, TALL);
	canvas_init(&r->canvas, WIDE, TALL);
	for (int y = 0; y < TALL; y++)
		for (int x = 0; x < WIDE; x++)
			r->terminal.cell[y][x] = (struct shown){'?', plain};
}

static void stop(struct rig *r)
{
	paint_release(&r->paint);
	canvas_release(&r->canvas);
	buf_release(&r->out);
}

static void take_sgr(struct terminal *t, const int *n, int count)
{
	for (int i = 0; i < count; i++) {
		if (n[i] == 0)
			t->pen = plain;
		else if (n[i] == 1 || n[i] == 2 || n[i] == 4 || n[i] == 7)
			t->pen.attrs |= n[i] == 1 ? THEME_BOLD : n[i] == 2 ? THEME_DIM : n[i] == 4 ? THEME_UNDERLINE : THEME_REVERSE;
		else if (n[i] == 38 || n[i] == 48) {
			ck_assert_int_eq(n[i + 1], 5);
			*(n[i] == 38 ? &t->pen.fg : &t->pen.bg) = (int16_t)n[i + 2];
			i += 2;
		} else if (n[i] >= 90)
			*(n[i] < 100 ? &t->pen.fg : &t->pen.bg) = (int16_t)(n[i] % 10 + 8);
		else
			*(n[i] < 40 ? &t->pen.fg : &t->pen.bg) = (int16_t)(n[i] % 10 == 9 ? -1 : n[i] % 10);
	}
}

static void erase(struct terminal *t, int y, int from)
{
	for (int x = from; x < WIDE; x++)
		t->cell[y][x] = (struct shown){' ', {.fg = -1, .bg = t->pen.bg}};
}

/* One CSI sequence; returns its length. */
static size_t take_csi(struct terminal *t, const char *at)
{
	int n[16] = {0}, count = 1;
	size_t i = 2;

	for (; (at[i] >= '0' && at[i] <= '9') || at[i] == ';'; i++)
		if (at[i] == ';')
			count++;
		else
			n[count - 1] = n[count - 1] * 10 + (at[i] - '0');
	switch (at[i]) {
	case 'H':
		t->y = n[0] > 0 ? n[0] - 1 : 0;
		t->x = count > 1 && n[1] > 0 ? n[1] - 1 : 0;
		break;
	case 'C':
		ck_assert_int_ge(t->x, 0);
		t->x += n[0];
		break;
	case 'K':
		erase(t, t->y, t->x);
		break;
	case 'J':
		for (int y = 0; y < TALL; y++)
			erase(t, y, 0);
		break;
	case 'm':
		take_sgr(t, n, count);
		break;
	default:
		ck_abort_msg("an unknown sequence: %.8s", at + 1);
	}
	return i + 1;
}

static void take_character(struct terminal *t, uint32_t cp)
{
	int width = utf8_width(cp);

	ck_assert_msg(t->x >= 0 && t->x + width <= WIDE && t->y < TALL, "written outside, or where the cursor is not known");
	t->cell[t->y][t->x] = (struct shown){cp, t->pen};
	if (width == 2)
		t->cell[t->y][t->x + 1] = (struct shown){0, t->pen};
	t->x += width;
	if (t->x == WIDE)
		t->x = -1; /* terminals differ */
}

static void feed(struct terminal *t, const char *at, size_t len)
{
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = 1;
		if (at[i] == '\x1b')
			n = take_csi(t, at + i);
		else if (at[i] == '\r')
			t->x = 0;
		else if (at[i] == '\n')
			ck_assert_int_lt(++t->y, TALL);
		else if (at[i] == '\b')
			ck_assert_int_ge(--t->x, 0);
		else
			take_character(t, utf8_decode(at + i, len - i, &n));
	}
}

static size_t paint(struct rig *r)
{
	size_t len;

	buf_clear(&r->out);
	paint_canvas(&r->paint, &r->canvas, &r->out);
	len = r->out.len;
	feed(&r->terminal, buf_text(&r->out), len);
	return len;
}

static void compare(struct rig *r, int turn)
{
	for (int y = 0; y < TALL; y++)
		for (int x = 0; x < WIDE; x++) {
			const struct canvas_cell *want = &r->canvas.cell[y * WIDE + x];
			const struct shown *got = &r->terminal.cell[y][x];
			const struct term_look *look = term_look_get(&r->paint.looks, want->slot, want->flags);
			unsigned seen = want->cp == ' ' ? THEME_REVERSE | THEME_UNDERLINE : 0xff;
			bool same = want->cp == got->cp && look->bg == got->look.bg &&
				    (look->attrs & seen) == (got->look.attrs & seen) &&
				    (want->cp == ' ' || look->fg == got->look.fg);

			ck_assert_msg(same, "turn %d, %d,%d: %x %d/%d/%x instead of %x %d/%d/%x", turn, x, y, got->cp, got->look.fg,
				      got->look.bg, got->look.attrs, want->cp, look->fg, look->bg, look->attrs);
		}
}

static unsigned dice(unsigned *seed, unsigned sides)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % sides;
}

static void scribble(struct rig *r, unsigned *seed)
{
	static const char *const texts[] = {"a", "1204", "SELECT * FROM t", "   ", "日本語", "café", "x日",
					    "0123456789012345678901234567890123456789"};
	static const unsigned slots[] = {SLOT_TEXT, SLOT_WARN, SLOT_CRIT, SLOT_OK, SLOT_HEAD, SLOT_TAB, SLOT_KEY};

	if (dice(seed, 8) == 0)
		canvas_clear(&r->canvas);
	for (unsigned i = dice(seed, 12); i > 0; i--)
		canvas_puts(&r->canvas, (int)dice(seed, WIDE), (int)dice(seed, TALL), WIDE, slots[dice(seed, 7)],
			    dice(seed, 5) == 0 ? CANVAS_BOLD : 0, texts[dice(seed, 8)]);
	if (dice(seed, 4) == 0)
		canvas_flag_row(&r->canvas, (int)dice(seed, TALL), CANVAS_CURSOR);
}

static void random_frames(bool default_colours)
{
	unsigned seed = 7;
	struct rig r;

	start(&r, default_colours);
	for (int turn = 0; turn < 3000; turn++) {
		scribble(&r, &seed);
		if (dice(&seed, 50) == 0)
			paint_forget(&r.paint, dice(&seed, 2));
		paint(&r);
		compare(&r, turn);
		ck_assert_uint_eq(paint(&r), 0);
	}
	stop(&r);
}

START_TEST(after_any_frame_the_terminal_shows_the_canvas)
{
	random_frames(true);
	random_frames(false);
}
END_TEST

START_TEST(small_changes_take_few_bytes)
{
	struct rig r;

	start(&r, true);
	canvas_puts(&r.canvas, 0, 0, WIDE, SLOT_TEXT, 0, "clock 12:00:00  and a text");
	canvas_puts(&r.canvas, 0, 5, WIDE, SLOT_TEXT, 0, "a row of a table with a long text");
	paint(&r);
	canvas_puts(&r.canvas, 13, 0, WIDE, SLOT_TEXT, 0, "1");
	ck_assert_uint_eq(paint(&r), 8); /* ESC [ 1 ; 14 H and the digit */
	canvas_puts(&r.canvas, 13, 0, WIDE, SLOT_TEXT, 0, "2");
	ck_assert_uint_eq(paint(&r), 2); /* back by one */
	canvas_puts(&r.canvas, 9, 0, WIDE, SLOT_TEXT, 0, "1:22:13");
	ck_assert_uint_le(paint(&r), 14); /* gaps are written over */
	canvas_fill(&r.canvas, 5, 5, WIDE - 5, SLOT_TEXT, 0, ' ');
	ck_assert_uint_le(paint(&r), 9); /* erased, not overwritten */
	compare(&r, 0);
	stop(&r);
}
END_TEST

START_TEST(other_sizes_are_no_harm)
{
	struct rig r;

	start(&r, true);
	canvas_resize(&r.canvas, WIDE + 7, TALL + 3);
	canvas_puts(&r.canvas, WIDE - 1, 2, 8, SLOT_TEXT, 0, "日本"); /* half of it is beyond the edge */
	canvas_puts(&r.canvas, 0, 3, 8, SLOT_OK, 0, "here");
	paint(&r);
	ck_assert_uint_eq(r.terminal.cell[2][WIDE - 1].cp, ' ');
	ck_assert_uint_eq(r.terminal.cell[3][0].cp, 'h');
	canvas_resize(&r.canvas, 3, 2);
	canvas_puts(&r.canvas, 0, 0, 3, SLOT_TEXT, 0, "abc");
	paint(&r);
	ck_assert_uint_eq(r.terminal.cell[0][2].cp, 'c');
	ck_assert_uint_eq(r.terminal.cell[3][0].cp, 'h');
	stop(&r);
}
END_TEST

START_TEST(without_wrap_the_last_cell_is_left_alone)
{
	struct rig r;

	start(&r, true);
	r.paint.caps.keeps_wrap = false;
	canvas_fill(&r.canvas, 0, TALL - 1, WIDE, SLOT_TEXT, 0, '#');
	paint(&r);
	ck_assert_uint_eq(r.terminal.cell[TALL - 1][WIDE - 2].cp, '#');
	ck_assert_uint_eq(r.terminal.cell[TALL - 1][WIDE - 1].cp, ' ');
	stop(&r);
}
END_TEST

/* In a dialog what has no ground of its own must not punch a hole into the dialog's. */
START_TEST(a_dialog_has_one_ground)
{
	static const char theme[] = "ok: green\ndialog: white on blue\nerror: white on red\ncursor: on cyan\n";
	struct term_looks l = {.has_default = true};
	struct theme parsed;
	struct err why;

	ck_assert_int_eq(theme_parse(&parsed, "t", "t", theme, strlen(theme), &why), 0);
	for (int colours = 8; colours <= 256; colours = colours == 8 ? 16 : colours * 16) {
		term_look_start(&l, colours, -1);
		term_look_theme(&l, &parsed);
		int ground = term_look_get(&l, SLOT_DIALOG, 0)->bg;

		ck_assert_int_ge(ground, 0);
		ck_assert_int_eq(term_look_get(&l, SLOT_OK, 0)->bg, -1);
		ck_assert_int_eq(term_look_get(&l, SLOT_OK, CANVAS_RAISED)->bg, ground);
		ck_assert_int_eq(term_look_get(&l, SLOT_OK, CANVAS_RAISED)->fg, term_look_get(&l, SLOT_OK, 0)->fg);
		ck_assert_int_eq(term_look_get(&l, SLOT_ERROR, CANVAS_RAISED)->bg, term_look_get(&l, SLOT_ERROR, 0)->bg);
		ck_assert_int_eq(term_look_get(&l, SLOT_OK, CANVAS_RAISED | CANVAS_CURSOR)->bg, term_look_get(&l, SLOT_OK, CANVAS_CURSOR)->bg);
	}
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		after_any_frame_the_terminal_shows_the_canvas,
		small_changes_take_few_bytes,
		other_sizes_are_no_harm,
		without_wrap_the_last_cell_is_left_alone,
		a_dialog_has_one_ground,
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return unit_run("paint", cases, ARRAY_LEN(cases));
}
