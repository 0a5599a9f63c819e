/* SPDX-License-Identifier: PostgreSQL */
/* How the plan window looks: what it is, the tree (or text, JSON, two plans), the hints. */
#include <stdio.h>
#include <stdlib.h>

#include "core/clean.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "insight/plan_show.h"
#include "ui/planview.h"
#include "ui/state.h"

#define CHANGED "! this plan has another shape than when it was last looked at (! keeps a plan, D compares)"

enum { HINTS_MIN_HEIGHT = 10, NOTES_MIN = 3 };

/* --- building the pager ------------------------------------------------------------------------------------------------- */

static void note_line(struct planview *v, int node)
{
	if (v->lines == v->line_room) {
		v->line_room = v->line_room ? v->line_room * 2 : 128;
		v->node = mem_resize(v->node, (size_t)v->line_room, sizeof(*v->node));
	}
	v->node[v->lines++] = node;
}

static void tree_piece(void *ctx, enum plan_piece what, struct str text)
{
	static const unsigned slot[] = {
		[PLAN_PIECE_HEAD] = SLOT_HEAD,     [PLAN_PIECE_CELL] = SLOT_TEXT,  [PLAN_PIECE_WARN] = SLOT_WARN,
		[PLAN_PIECE_SIGN] = SLOT_DIM,      [PLAN_PIECE_STRONG] = SLOT_WARN, [PLAN_PIECE_BRANCH] = SLOT_DIM,
		[PLAN_PIECE_PATH] = SLOT_CHART_1,  [PLAN_PIECE_NAME] = SLOT_TEXT,  [PLAN_PIECE_DETAIL] = SLOT_DIM,
		[PLAN_PIECE_FOLD] = SLOT_LABEL};
	struct planview *v = ctx;

	pager_add(&v->pager, slot[what], text);
}

static void tree_end(void *ctx, int node)
{
	struct planview *v = ctx;

	if (node < 0) { /* the heads stand above what scrolls; see draw_heads() */
		pager_clear(&v->pager);
		v->lines = 0;
		return;
	}
	pager_end(&v->pager);
	note_line(v, node);
}

static void build_tree(struct planview *v, int width, bool ascii)
{
	const struct plan_tree_view view = {.style = {.width = width, .ascii = ascii}, .folded = v->folded,
	                                    .details = !v->no_details};
	const struct plan_sink sink = {tree_piece, tree_end, v};

	plan_tree_lines(planview_here(v)->plan, &view, &sink);
}

/* Lines as they are; the first character of a line of two plans is its mark. */
static void build_lines(struct pager *p, const struct buf *text, bool marks, int width, bool ascii)
{
	const char *at = buf_text(text);

	for (const char *end = strchr(at, '\n'); end; at = end + 1, end = strchr(at, '\n')) {
		unsigned slot = !marks || p->line_count < 2 ? SLOT_TEXT : *at == '!' ? SLOT_WARN
		                : *at == '-'                            ? SLOT_CRIT
		                : *at == '+'                            ? SLOT_OK
		                                                        : SLOT_TEXT;
		struct buf line = BUF_INIT(UI_TEXT_MAX);

		clean_text(&line, at, (size_t)(end - at), CLEAN_KEEP_LINES | (ascii && !marks ? CLEAN_ASCII : 0));
		if (marks) {
			pager_add(p, slot, buf_str(&line));
			pager_end(p);
		} else {
			size_t blanks = strspn(buf_text(&line), " ");
			int indent = (int)blanks < width / 2 ? (int)blanks : width / 2;

			pager_add(p, slot, (struct str){buf_text(&line), (size_t)indent});
			pager_wrap(p, slot, indent + 4, width - indent - 4, (struct str){buf_text(&line) + blanks, line.len - blanks});
		}
		buf_release(&line);
	}
}

/* The two that stand beside each other: what is compared stands right of what it is compared with. */
static void two(const struct planview *v, const struct planview_plan **a, const struct planview_plan **b)
{
	int base = planview_base(v), here = v->here;
	bool other_way;

	*a = &v->marked;
	*b = planview_here(v);
	if (v->diff || base < 0)
		return;
	other_way = v->kept[here].beside == 0 && (v->kept[base].beside == here + 1 || base > here);
	*a = &v->kept[other_way ? here : base];
	*b = &v->kept[other_way ? base : here];
}

static void build_two(struct planview *v, int width, bool ascii)
{
	const char *const when[2] = {"kept by !", "now"};
	const struct planview_plan *a, *b;
	struct plan_style style = {.width = width, .ascii = ascii};
	struct buf text = BUF_INIT(UI_TEXT_MAX * 4);

	two(v, &a, &b);
	plan_beside(&text, a->plan, b->plan, v->diff ? when : (const char *const[2]){a->title, b->title}, &style);
	build_lines(&v->pager, &text, true, width, ascii);
	buf_release(&text);
}

static void build_text(struct planview *v, int width, bool ascii)
{
	const struct planview_plan *k = planview_here(v);
	struct buf text = BUF_INIT(UI_TEXT_MAX * 4);

	if (v->form == PLANVIEW_TEXT) {
		plan_text(&text, k->plan);
	} else {
		clean_text(&text, k->json, k->json_len, CLEAN_KEEP_LINES);
		buf_addc(&text, '\n');
	}
	build_lines(&v->pager, &text, false, width, ascii);
	if (text.failed) {
		pager_puts(&v->pager, SLOT_WARN, "... and more: dytop explain has all of it");
		pager_end(&v->pager);
	}
	buf_release(&text);
}

static void build(struct ui *u, int width, bool ascii)
{
	struct planview *v = &u->plan;

	if (v->built_width == width && v->built_ascii == ascii)
		return;
	pager_clear(&v->pager);
	v->lines = 0;
	if (planview_is_tree(v))
		build_tree(v, width, ascii);
	else if (v->diff || v->beside)
		build_two(v, width, ascii);
	else
		build_text(v, width, ascii);
	v->built_width = width;
	v->built_ascii = ascii;
	planview_move(u, 0); /* the cursor's node into sight again */
}

/* --- drawing ------------------------------------------------------------------------------------------------------------ */

static int draw_title(const struct ui *u, struct canvas *c, int y)
{
	const struct planview *v = &u->plan;
	const struct planview_plan *k = planview_here(v);
	struct buf text = BUF_INIT(UI_TEXT_MAX), clean = BUF_INIT(UI_TEXT_MAX * 10);

	const char *of = strncmp(v->statement, "plan of ", 8) == 0 ? v->statement + 8 : v->statement;
	bool said = k->title[0] && strncmp(k->about, k->title, strlen(k->title)) == 0; /* "generic plan, PostgreSQL 15" */

	buf_addf(&text, "Plan of %s: ", of[0] ? of : "a statement");
	if (v->diff)
		buf_adds(&text, "the one kept by !, and now");
	else if (v->beside) {
		const struct planview_plan *a, *b;

		two(v, &a, &b);
		buf_addf(&text, "%s, and %s", a->title, b->title);
	}
	else if (v->count > 1)
		buf_addf(&text, "%s (%d of %d)", k->title, v->here + 1, v->count);
	else
		buf_adds(&text, k->title);
	if (k->about[0] && !v->diff && !v->beside)
		buf_addf(&text, said && k->about[strlen(k->title)] == ',' ? "%s" : ", %s", k->about + (said ? strlen(k->title) : 0));
	clean_text(&clean, buf_text(&text), text.len, c->ascii ? CLEAN_ASCII : 0);
	canvas_fill(c, 0, y, c->width, SLOT_DIALOG_TITLE, 0, ' ');
	cells_draw_cut(c, 1, y, c->width - 2, SLOT_DIALOG_TITLE, buf_str(&clean));
	buf_release(&text);
	buf_release(&clean);
	return y + 1;
}

static int draw_note(struct canvas *c, int y, unsigned slot, const char *text, size_t len)
{
	struct buf line = BUF_INIT(UI_TEXT_MAX);

	clean_text(&line, text, len, c->ascii ? CLEAN_ASCII : 0);
	cells_draw_cut(c, 1, y, c->width - 2, slot, buf_str(&line));
	buf_release(&line);
	return y + 1;
}

/* On two lines where it must: what changed, and what it costs. */
static int draw_compared(struct canvas *c, int y, const char *text)
{
	size_t len = strlen(text), n = utf8_fit(text, len, c->width - 2, NULL);

	while (n < len && n > 0 && text[n] != ' ')
		n--;
	if (n == 0)
		n = len;
	y = draw_note(c, y, SLOT_LABEL, text, n);
	return n < len ? draw_note(c, y, SLOT_LABEL, text + n + 1, len - n - 1) : y;
}

/* Totals, and what the caller has to say: warnings, values, what if. */
static int draw_notes(const struct ui *u, struct canvas *c, int y, int end)
{
	const struct planview_plan *k = planview_here(&u->plan);
	int most = (end - y) / 5 > NOTES_MIN ? (end - y) / 5 : NOTES_MIN, left = 0;
	struct buf text = BUF_INIT(4096);
	const char *at = k->notes;

	if (end - y < HINTS_MIN_HEIGHT / 2 || u->plan.diff || u->plan.beside)
		return y;
	plan_totals(&text, k->plan);
	y = draw_note(c, y, SLOT_DIM, buf_text(&text), text.len);
	buf_release(&text);
	if (end - y < HINTS_MIN_HEIGHT)
		return y;
	if (u->plan.changed)
		y = draw_note(c, y, SLOT_WARN, CHANGED, strlen(CHANGED));
	if (u->plan.compared)
		y = draw_compared(c, y, u->plan.compared);
	for (const char *p = k->notes; *p; p++)
		left += *p == '\n' || p[1] == '\0';
	for (int i = 0; *at && i < most; i++, left--) {
		size_t len = strcspn(at, "\n");
		char more[64];

		if (i == most - 1 && left > 1) {
			snprintf(more, sizeof(more), "and %d more; J has them", left);
			return draw_note(c, y, SLOT_DIM, more, strlen(more));
		}
		y = draw_note(c, y, SLOT_LABEL, at, len);
		at += len + (at[len] == '\n');
	}
	return y;
}

static int draw_heads(const struct ui *u, struct canvas *c, int y, int width)
{
	enum plan_column column[PLAN_COL_COUNT];
	int count = plan_columns(planview_here(&u->plan)->plan, width, column), x = 1;

	canvas_fill(c, 0, y, c->width, SLOT_HEAD, 0, ' ');
	for (int i = 0; i < count; i++) {
		const char *title = plan_column_title(column[i]);
		int room = plan_column_width(column[i]);

		canvas_puts(c, x + room - (int)strlen(title), y, room, SLOT_HEAD, 0, title);
		x += room + 1;
	}
	canvas_puts(c, x + 1, y, c->width - x - 1, SLOT_HEAD, 0, "NODE");
	return y + 1;
}

/* Hints about the node under the cursor first. */
static void build_hints(struct ui *u, int width, bool ascii)
{
	struct planview *v = &u->plan;
	const struct plan *p = planview_here(v)->plan;
	struct buf text = BUF_INIT(4096), clean = BUF_INIT(UI_TEXT_MAX);

	pager_clear(&v->hints);
	for (int turn = 0; turn < 2; turn++)
		for (int i = 0; i < p->hint_count; i++) {
			const struct plan_hint *hint = &p->hint[i];
			unsigned slot = hint->strong ? SLOT_WARN : SLOT_DIM;

			if ((hint->node == v->cursor) != (turn == 0))
				continue;
			buf_clear(&text);
			buf_clear(&clean);
			plan_hint_line(&text, p, i);
			clean_text(&clean, buf_text(&text), text.len, ascii ? CLEAN_ASCII : 0);
			pager_puts(&v->hints, slot, hint->strong ? "! " : ". ");
			pager_wrap(&v->hints, turn == 0 ? SLOT_TEXT : SLOT_DIM, 2, width - 2, buf_str(&clean));
		}
	buf_release(&text);
	buf_release(&clean);
}

/* The pane at the bottom; returns the row where it begins. */
static int draw_hints(struct ui *u, struct canvas *c, int y, int end)
{
	struct planview *v = &u->plan;
	int rows, most = (end - y) / 3;
	char title[64];

	if (v->no_hints || !planview_is_tree(v) || planview_here(v)->plan->hint_count == 0 || end - y < HINTS_MIN_HEIGHT)
		return end;
	build_hints(u, c->width - 2, c->ascii);
	rows = v->hints.line_count < most ? v->hints.line_count : most;
	canvas_fill(c, 0, end - rows - 1, c->width, SLOT_DIALOG_TITLE, 0, ' ');
	snprintf(title, sizeof(title), "Hints: %d%s", planview_here(v)->plan->hint_count,
	         rows < v->hints.line_count ? " (those of the node first)" : "");
	canvas_puts(c, 1, end - rows - 1, c->width - 2, SLOT_DIALOG_TITLE, 0, title);
	v->hints.top = 0;
	pager_draw(&v->hints, c, 1, end - rows, c->width - 2, end);
	return end - rows - 1;
}

static void draw_cursor(struct ui *u, struct canvas *c, int y, int end)
{
	struct planview *v = &u->plan;

	for (int row = y; row < end && v->pager.top + row - y < v->lines; row++) {
		int line = v->pager.top + row - y;

		ui_hit(u, 0, row, c->width, HIT_ITEM, v->node[line]);
		if (v->node[line] == v->cursor && (line == 0 || v->node[line - 1] != v->cursor))
			canvas_flag_row(c, row, CANVAS_CURSOR);
	}
}

void planview_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end)
{
	struct planview *v = &u->plan;
	bool tree = planview_is_tree(v);
	int width = c->width - 2, bottom;

	(void)h;
	if (!planview_here(v))
		return;
	build(u, width, c->ascii);
	y = draw_title(u, c, y);
	y = draw_notes(u, c, y, end);
	if (tree && end - y > 1)
		y = draw_heads(u, c, y, width);
	if (tree && v->pager.top != v->top_drawn && v->pager.top < v->lines) /* a search went there */
		v->cursor = v->node[v->pager.top];
	bottom = draw_hints(u, c, y, end);
	v->pager.height = bottom - y;
	if (tree)
		planview_move(u, 0);
	pager_draw(&v->pager, c, 1, y, width, bottom);
	v->top_drawn = v->pager.top;
	if (tree)
		draw_cursor(u, c, y, bottom);
	for (int row = y; row < bottom; row++)
		cells_highlight(c, 1, row, u->search);
}
