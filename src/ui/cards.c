/* SPDX-License-Identifier: PostgreSQL */
/* Cards: the first row of a panel as "TITLE value" pairs, in columns that do not move. */
#include "core/clean.h"
#include "core/utf8.h"
#include "ui/state.h"

enum { CARD_LINES_MAX = 5, CARD_LINES_LOW = 2, PAIR_GAP = 2, CARD_BYTES_MAX = 4096, PRIORITY_MAX = 9 };

struct card {
	const struct ui *u;
	int panel;
	const struct panel *p;
	const struct feed *f;
	int64_t wall_us;
	bool stale;
	struct canvas *c;
	int x, y, end;      /* where the next pair goes; rows end */
	int left;           /* where a line begins */
};

/* A pair as it will stand. */
struct pair {
	const struct panel_column *k;
	struct buf text;
	unsigned slot;
	int alert;
	int width;          /* columns with its title and sign; what stands behind it does not move */
};

static void make_pair(const struct card *card, int column, struct pair *out)
{
	const struct panel_column *k = &card->p->column[column];
	struct cell cell = feed_cell(card->f, 0, column, card->wall_us);
	bool early = cells_too_early(card->u, card->panel, &cell);
	int width;

	*out = (struct pair){.k = k, .text = BUF_INIT(CARD_BYTES_MAX)};
	if (early)
		cell = CELL_NONE;
	else
		out->alert = k->warn || k->crit ? feed_alert(card->f, 0, column, card->wall_us) : 0;
	out->slot = cells_slot(&cell, out->alert, card->stale);
	cells_text(&out->text, &cell, k->unit, card->wall_us, 200, card->c->ascii);
	width = utf8_text_width(buf_text(&out->text), out->text.len);
	out->width = utf8_text_width(k->title, strlen(k->title)) + 1 + (width < k->width ? k->width : width) +
	             (k->crit ? 2 : k->warn ? 1 : 0);
}

/* Moves on to where a pair of that width goes. */
static void place_pair(struct card *card, int width)
{
	if (card->x > card->left && card->x + width > card->c->width) {
		card->x = card->left;
		card->y++;
	}
}

static void draw_pair(struct card *card, const struct pair *pair)
{
	int x = card->x, used;

	if (card->y >= card->end)
		return;
	x += canvas_puts(card->c, x, card->y, card->c->width, SLOT_LABEL, 0, pair->k->title) + 1;
	used = cells_draw_cut(card->c, x, card->y, card->c->width - x, pair->slot, buf_str(&pair->text));
	canvas_puts(card->c, x + used, card->y, 2, pair->slot, 0, cells_sign(pair->alert));
}

/* Goes through the pairs down to a priority; draws them, or only finds out how many lines they take. */
static int walk(struct card *card, int priority, bool draw)
{
	int from = card->y;

	card->x = card->left;
	for (int i = 0; i < card->p->column_count; i++) {
		struct pair pair;

		if (!card->p->column[i].shown || card->p->column[i].priority > priority)
			continue;
		make_pair(card, i, &pair);
		place_pair(card, pair.width);
		if (draw)
			draw_pair(card, &pair);
		card->x += pair.width + PAIR_GAP;
		buf_release(&pair.text);
	}
	return card->y - from + 1;
}

/* Shows as many as there are lines for, the most telling ones. */
static int draw_pairs(struct card *card)
{
	int priority = PRIORITY_MAX, y = card->y, lines = walk(card, priority, false);

	while (lines > card->end - y && priority > 1) {
		card->y = y;
		lines = walk(card, --priority, false);
	}
	card->y = y;
	return walk(card, priority, true);
}

/* Why the card is empty, in its place. */
static void draw_reason(struct ui *u, const struct ui_host *h, struct card *card, int panel)
{
	const struct ui_table probe = {.panel = panel, .p = card->p};
	struct buf raw = BUF_INIT(2048), text = BUF_INIT(8192);

	table_empty_reason(u, h, &probe, &raw);
	clean_text(&text, buf_text(&raw), raw.len, card->c->ascii ? CLEAN_ASCII : 0);
	cells_draw_cut(card->c, card->x, card->y, card->c->width - card->x, SLOT_DIM, buf_str(&text));
	buf_release(&raw);
	buf_release(&text);
}

static int draw_card(struct ui *u, const struct ui_host *h, struct canvas *c, int panel, int y, int end)
{
	const struct server_status *s = screens_status(u, h, panel);
	struct card card = {.u = u, .panel = panel, .p = u->panel[panel], .f = screens_feed(u, h, panel), .c = c, .y = y};

	int lines = c->height < UI_TALL ? CARD_LINES_LOW : CARD_LINES_MAX;

	card.end = end < y + lines ? end : y + lines;
	card.wall_us = screens_wall(card.f, h);
	card.stale = (card.f && feed_state(card.f) == FEED_STALE) || (s && !header_server_ok(s));
	card.left = card.x = 1 + canvas_puts(c, 1, y, c->width - 1, SLOT_TITLE, 0, card.p->title) + 2;
	if (card.left > c->width / 3)
		card.left = 3;
	if (!card.f || !feed_sample(card.f) || feed_rows(card.f) == 0) {
		draw_reason(u, h, &card, panel);
		return y + 1;
	}
	lines = draw_pairs(&card);
	return y + lines < card.end ? y + lines : card.end;
}

int cards_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end)
{
	const struct ui_screen *s = &u->screen[u->here];

	for (int i = 0; i < s->card_count && y < end; i++)
		y = draw_card(u, h, c, s->card[i], y, end);
	return y;
}
