/* SPDX-License-Identifier: PostgreSQL */
/* The tree as lines of text, for a command's output; two plans beside each other. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/clean.h"
#include "core/units.h"
#include "core/utf8.h"
#include "insight/plan_private.h"
#include "insight/plan_show.h"

enum { DETAIL_LINES = 4, BESIDE_WIDTH = 100, WIDTH_MIN = 24, COST_WIDTH = 9, ROWS_WIDTH = 6, MARK_WIDTH = 2, LINE_MAX_BYTES = 1 << 20 };

/* --- lines ------------------------------------------------------------------------------------------------------------ */

static int width_of(const struct plan_style *style)
{
	return style->width > WIDTH_MIN ? style->width : WIDTH_MIN;
}

/* Clean text for this output: beyond ASCII is escaped where it must be. Returns the columns. */
static int put(struct buf *out, const char *text, size_t len, bool ascii)
{
	size_t from = out->len;

	clean_text(out, text, len, ascii ? CLEAN_ASCII : CLEAN_LINE);
	return utf8_text_width(buf_text(out) + (out->len > from ? from : 0), out->len > from ? out->len - from : 0);
}

/* As much as fits, with a sign when something is left out; returns the columns. */
static int put_cut(struct buf *out, struct buf *text, int columns, bool ascii)
{
	int width = utf8_text_width(buf_text(text), text->len), used = 0;
	const char *sign = ascii ? "~" : "…";

	if (columns <= 0)
		return 0;
	if (width <= columns) {
		buf_addstr(out, buf_str(text));
		return width;
	}
	buf_add(out, buf_text(text), utf8_fit(buf_text(text), text->len, columns - 1, &used));
	buf_adds(out, sign);
	return used + 1;
}

static void blanks(struct buf *out, int count)
{
	for (int i = 0; i < count; i++)
		buf_addc(out, ' ');
}

static void trim_line(struct buf *out)
{
	size_t len = out->len;

	while (len > 0 && out->data[len - 1] == ' ')
		len--;
	buf_cut(out, len);
	buf_addc(out, '\n');
}

/* Bytes of the next line of a text, broken at a blank where there is one in its second half. */
static size_t wrapped(struct str text, int columns)
{
	size_t fit = utf8_fit(text.at, text.len, columns, NULL), n = fit;

	while (n > fit / 2 && n < text.len && text.at[n] != ' ')
		n--;
	return n <= fit / 2 || fit == text.len ? (fit ? fit : 1) : n;
}

/* Every line begins with `lead`, the first with `first` of the same width. */
static void put_wrapped(struct buf *out, const char *first, const char *lead, struct str text, int columns)
{
	bool begun = false;

	columns = columns > 8 ? columns : 8;
	do {
		size_t n = wrapped(text, columns);

		buf_adds(out, begun ? lead : first);
		begun = true;
		buf_add(out, text.at, n);
		buf_addc(out, '\n');
		while (n < text.len && text.at[n] == ' ')
			n++;
		text.at += n;
		text.len -= n;
	} while (text.len > 0 && !out->failed);
}

/* --- the tree --------------------------------------------------------------------------------------------------------- */

struct drawing {
	const struct plan_sink *sink;
	const struct plan *p;
	const struct plan_tree_view *view;
	enum plan_column column[PLAN_COL_COUNT];
	int columns, left;       /* left: what the columns take */
	struct buf text, clean, line;
};

static void put_cell(struct buf *out, const char *text, int width, bool left)
{
	int used = utf8_text_width(text, strlen(text));

	if (!left)
		blanks(out, width - used);
	buf_adds(out, text);
	if (left)
		blanks(out, width - used);
	buf_addc(out, ' ');
}

static void piece(struct drawing *d, enum plan_piece what, const struct buf *text)
{
	if (text->len > 0)
		d->sink->piece(d->sink->ctx, what, buf_str(text));
}

static void put_heads(struct drawing *d)
{
	buf_clear(&d->line);
	for (int i = 0; i < d->columns; i++)
		put_cell(&d->line, plan_column_title(d->column[i]), plan_column_width(d->column[i]), false);
	buf_adds(&d->line, " NODE");
	piece(d, PLAN_PIECE_HEAD, &d->line);
	d->sink->end(d->sink->ctx, -1);
}

/* One text of a node, in as many lines as it needs, up to DETAIL_LINES. */
static void put_detail(struct drawing *d, int node, const struct buf *lead, struct str text, int columns)
{
	for (int line = 1; text.len > 0; line++) {
		size_t n = wrapped(text, columns);

		piece(d, PLAN_PIECE_BRANCH, lead);
		if (line == DETAIL_LINES && n < text.len)
			n = utf8_fit(text.at, text.len, columns - 3, NULL);
		d->sink->piece(d->sink->ctx, PLAN_PIECE_DETAIL, (struct str){text.at, n});
		while (n < text.len && text.at[n] == ' ')
			n++;
		if (line == DETAIL_LINES && n < text.len) {
			d->sink->piece(d->sink->ctx, PLAN_PIECE_DETAIL, STR("..."));
			n = text.len;
		}
		d->sink->end(d->sink->ctx, node);
		text.at += n;
		text.len -= n;
	}
}

static void put_details(struct drawing *d, int node)
{
	int room = width_of(&d->view->style) - d->left;
	struct plan_style branch = {.width = room / 2, .ascii = d->view->style.ascii};
	struct buf lead = BUF_INIT(4096);
	int used, columns;

	blanks(&lead, d->left);
	used = plan_branch(&lead, d->p, node, true, &branch);
	blanks(&lead, 2);
	columns = room - used - 2 > 8 ? room - used - 2 : 8;
	for (int i = 0;; i++) {
		buf_clear(&d->text);
		buf_clear(&d->clean);
		if (!plan_detail(d->p, node, i, &d->text))
			break;
		put(&d->clean, buf_text(&d->text), d->text.len, branch.ascii);
		put_detail(d, node, &lead, buf_str(&d->clean), columns);
	}
	buf_release(&lead);
}

static void put_cells(struct drawing *d, int node)
{
	bool ascii = d->view->style.ascii, strong = false;
	char cell[PLAN_CELL_MAX];

	for (int i = 0; i < d->columns; i++) {
		bool warn = plan_cell(d->p, node, d->column[i], ascii, cell);

		buf_clear(&d->line);
		put_cell(&d->line, cell, plan_column_width(d->column[i]), d->column[i] == PLAN_COL_BAR);
		piece(d, warn ? PLAN_PIECE_WARN : PLAN_PIECE_CELL, &d->line);
	}
	buf_clear(&d->line);
	buf_addc(&d->line, plan_hinted(d->p, node, &strong) ? (strong ? '!' : '.') : ' ');
	piece(d, strong ? PLAN_PIECE_STRONG : PLAN_PIECE_SIGN, &d->line);
}

static void put_node(struct drawing *d, int node)
{
	const struct plan_node *n = &d->p->node[node];
	int room = width_of(&d->view->style) - d->left, used;
	bool ascii = d->view->style.ascii, folded = d->view->folded && d->view->folded[node] && n->end > node + 1;
	struct plan_style branch = {.width = room / 2, .ascii = ascii};
	char fold[24] = "";

	put_cells(d, node);
	buf_clear(&d->line);
	used = plan_branch(&d->line, d->p, node, false, &branch);
	piece(d, PLAN_PIECE_BRANCH, &d->line);
	buf_clear(&d->line);
	buf_adds(&d->line, !n->costliest ? "" : ascii ? "> " : "▸ ");
	piece(d, PLAN_PIECE_PATH, &d->line);
	used += n->costliest ? 2 : 0;
	if (folded)
		snprintf(fold, sizeof(fold), " [+%d]", n->end - node - 1);
	buf_clear(&d->line);
	buf_clear(&d->text);
	buf_clear(&d->clean);
	plan_label(&d->text, n);
	put(&d->clean, buf_text(&d->text), d->text.len, ascii);
	put_cut(&d->line, &d->clean, room - used - (int)strlen(fold), ascii);
	piece(d, PLAN_PIECE_NAME, &d->line);
	buf_clear(&d->line);
	buf_adds(&d->line, fold);
	piece(d, PLAN_PIECE_FOLD, &d->line);
	d->sink->end(d->sink->ctx, node);
	if (d->view->details && !folded)
		put_details(d, node);
}

void plan_tree_lines(const struct plan *p, const struct plan_tree_view *view, const struct plan_sink *sink)
{
	struct drawing d = {.sink = sink, .p = p, .view = view, .text = BUF_INIT(LINE_MAX_BYTES), .clean = BUF_INIT(LINE_MAX_BYTES),
	                    .line = BUF_INIT(LINE_MAX_BYTES)};

	d.columns = plan_columns(p, width_of(&view->style), d.column);
	for (int i = 0; i < d.columns; i++)
		d.left += plan_column_width(d.column[i]) + 1;
	d.left++; /* the hint's sign */
	put_heads(&d);
	for (int i = 0; i < p->count; i = view->folded && view->folded[i] ? p->node[i].end : i + 1)
		put_node(&d, i);
	buf_release(&d.text);
	buf_release(&d.clean);
	buf_release(&d.line);
}

void plan_hints_text(struct buf *out, const struct plan *p, const struct plan_style *style)
{
	struct buf text = BUF_INIT(LINE_MAX_BYTES), clean = BUF_INIT(LINE_MAX_BYTES);

	for (int i = 0; i < p->hint_count; i++) {
		buf_clear(&text);
		buf_clear(&clean);
		plan_hint_line(&text, p, i);
		put(&clean, buf_text(&text), text.len, style->ascii);
		put_wrapped(out, p->hint[i].strong ? "! " : ". ", "  ", buf_str(&clean), width_of(style) - 2);
	}
	buf_release(&text);
	buf_release(&clean);
}

static void text_piece(void *ctx, enum plan_piece what, struct str text)
{
	(void)what;
	buf_addstr(ctx, text);
}

static void text_end(void *ctx, int node)
{
	(void)node;
	trim_line(ctx);
}

void plan_tree(struct buf *out, const struct plan *p, const struct plan_style *style)
{
	const struct plan_sink sink = {text_piece, text_end, out};
	const struct plan_tree_view view = {.style = *style, .details = true};
	struct buf totals = BUF_INIT(LINE_MAX_BYTES);

	plan_totals(&totals, p);
	put_wrapped(out, "", "", buf_str(&totals), width_of(style));
	plan_tree_lines(p, &view, &sink);
	if (p->hint_count > 0)
		buf_addc(out, '\n');
	plan_hints_text(out, p, style);
	buf_release(&totals);
}

/* --- two plans -------------------------------------------------------------------------------------------------------- */

struct beside {
	struct buf *out;
	const struct plan *p[2];
	const struct plan_style *style;
	bool timed;            /* both were: times stand there, else costs */
	struct buf text, clean;
};

static void put_figure(struct beside *b, int side, int node)
{
	char text[PLAN_CELL_MAX] = "";

	if (node >= 0)
		plan_cell(b->p[side], node, b->timed ? PLAN_COL_TIME : PLAN_COL_COST, b->style->ascii, text);
	put_cell(b->out, text, COST_WIDTH, false);
}

static int put_name(struct beside *b, int side, int node, int columns)
{
	struct plan_style branch = {.width = columns / 2, .ascii = b->style->ascii};
	const struct plan_node *n = &b->p[side]->node[node];
	int used = plan_branch(b->out, b->p[side], node, false, &branch);

	buf_clear(&b->text);
	buf_clear(&b->clean);
	plan_label(&b->text, n);
	put(&b->clean, buf_text(&b->text), b->text.len, b->style->ascii);
	return used + put_cut(b->out, &b->clean, columns - used, b->style->ascii);
}

/* One half of a row, padded to its width. */
static void put_half(struct beside *b, int side, int node, int width)
{
	int room = width - COST_WIDTH - ROWS_WIDTH - 3, used = 0;
	char text[PLAN_CELL_MAX] = "";

	put_figure(b, side, node);
	if (node >= 0)
		plan_cell(b->p[side], node, b->timed ? PLAN_COL_ACTUAL : PLAN_COL_ROWS, b->style->ascii, text);
	put_cell(b->out, text, ROWS_WIDTH, false);
	buf_addc(b->out, ' ');
	if (node >= 0)
		used = put_name(b, side, node, room);
	blanks(b->out, room - used);
}

static char mark_of(const struct plan_pair *pair)
{
	static const char mark[] = {[PLAN_SAME] = ' ', [PLAN_CHANGED] = '!', [PLAN_GONE] = '-', [PLAN_NEW] = '+'};

	return mark[pair->change];
}

static void put_side_by_side(struct beside *b, const struct plan_diff *d, const char *const title[2])
{
	int half = (width_of(b->style) - MARK_WIDTH - 2) / 2;

	for (int side = 0; side < 2; side++) {
		struct buf head = BUF_INIT(256);
		int used;

		if (side)
			buf_adds(b->out, b->style->ascii ? "| " : "│ ");
		else
			blanks(b->out, MARK_WIDTH);
		put_cell(b->out, b->timed ? "TIME" : "COST", COST_WIDTH, false);
		put_cell(b->out, b->timed ? "ACTUAL" : "ROWS", ROWS_WIDTH, false);
		buf_addc(b->out, ' ');
		put(&head, title[side], strlen(title[side]), b->style->ascii);
		used = put_cut(b->out, &head, half - COST_WIDTH - ROWS_WIDTH - 3, b->style->ascii);
		blanks(b->out, half - COST_WIDTH - ROWS_WIDTH - 3 - used);
		buf_release(&head);
	}
	trim_line(b->out);
	for (int i = 0; i < d->count && !b->out->failed; i++) {
		buf_addf(b->out, "%c ", mark_of(&d->pair[i]));
		put_half(b, 0, d->pair[i].a, half);
		buf_adds(b->out, b->style->ascii ? "| " : "│ ");
		put_half(b, 1, d->pair[i].b, half);
		trim_line(b->out);
	}
}

/* In one column: a node that was changed stands there twice, as it was and as it is. */
static void put_one_below(struct beside *b, const struct plan_diff *d, const char *const title[2])
{
	int room = width_of(b->style) - MARK_WIDTH - 2 * (COST_WIDTH + 1);

	buf_clear(&b->text);
	buf_clear(&b->clean);
	buf_addf(&b->text, "%s: - and left; %s: + and right", title[0], title[1]);
	put(&b->clean, buf_text(&b->text), b->text.len, b->style->ascii);
	put_cut(b->out, &b->clean, width_of(b->style), b->style->ascii);
	buf_addc(b->out, '\n');
	blanks(b->out, MARK_WIDTH);
	put_cell(b->out, b->timed ? "TIME" : "COST", COST_WIDTH, false);
	put_cell(b->out, b->timed ? "TIME" : "COST", COST_WIDTH, false);
	buf_adds(b->out, "NODE\n");
	for (int i = 0; i < d->count && !b->out->failed; i++) {
		const struct plan_pair *pair = &d->pair[i];
		bool same = pair->change == PLAN_SAME;

		if (pair->a >= 0) {
			buf_addf(b->out, "%c ", same ? ' ' : '-');
			put_figure(b, 0, pair->a);
			put_figure(b, 1, same ? pair->b : -1);
			put_name(b, 0, pair->a, room);
			trim_line(b->out);
		}
		if (pair->b >= 0 && !same) {
			buf_adds(b->out, "+ ");
			put_figure(b, 0, -1);
			put_figure(b, 1, pair->b);
			put_name(b, 1, pair->b, room);
			trim_line(b->out);
		}
	}
}

void plan_beside(struct buf *out, const struct plan *a, const struct plan *b, const char *const title[2],
                 const struct plan_style *style)
{
	struct beside draw = {.out = out, .p = {a, b}, .style = style, .timed = a->timed && b->timed,
	                      .text = BUF_INIT(LINE_MAX_BYTES), .clean = BUF_INIT(LINE_MAX_BYTES)};
	struct plan_diff *d = plan_diff(a, b);

	plan_diff_words(d, a, b, &draw.text);
	put(&draw.clean, buf_text(&draw.text), draw.text.len, style->ascii);
	put_wrapped(out, "", "", buf_str(&draw.clean), width_of(style));
	if (style->width >= BESIDE_WIDTH)
		put_side_by_side(&draw, d, title);
	else
		put_one_below(&draw, d, title);
	plan_diff_free(d);
	buf_release(&draw.text);
	buf_release(&draw.clean);
}
