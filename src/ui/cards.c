/* SPDX-License-Identifier: PostgreSQL */
/* Cards: the first row of a panel as "TITLE value" pairs, in columns that do not move. */
#include "core/clean.h"
#include "core/utf8.h"
#include "ui/state.h"

enum { CARD_LINES_MAX = 4, PAIR_GAP = 2, CARD_BYTES_MAX = 4096 };

struct card {
	const struct panel *p;
	const struct feed *f;
	int64_t wall_us;
	bool stale;
	struct canvas *c;
	int x, y, end;      /* where the next pair goes; rows end */
	int left;           /* where a line begins */
};

static bool draw_pair(struct card *card, int column)
{
	const struct panel_column *k = &card->p->column[column];
	int title = utf8_text_width(k->title, strlen(k->title));
	int sign = k->crit ? 2 : k->warn ? 1 : 0;
	struct cell cell = feed_cell(card->f, 0, column, card->wall_us);
	int alert = k->warn || k->crit ? feed_alert(card->f, 0, column, card->wall_us) : 0;
	unsigned slot = cells_slot(&cell, alert, card->stale);
	struct buf text = BUF_INIT(CARD_BYTES_MAX);
	int width, all;

	cells_text(&text, &cell, k->unit, card->wall_us, 200, card->c->ascii);
	width = utf8_text_width(buf_text(&text), text.len);
	width = width < k->width ? k->width : width;
	all = title + 1 + width + sign;
	if (card->x > card->left && card->x + all > card->c->width) {
		card->x = card->left;
		card->y++;
	}
	if (card->y < card->end) {
		int x = card->x + canvas_puts(card->c, card->x, card->y, card->c->width, SLOT_LABEL, 0, k->title) + 1;
		int used = cells_draw_cut(card->c, x, card->y, card->c->width - x, slot, buf_str(&text));

		canvas_puts(card->c, x + used, card->y, sign, slot, 0, cells_sign(alert));
	}
	card->x += all + PAIR_GAP;
	buf_release(&text);
	return card->y < card->end;
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
	struct card card = {.p = u->panel[panel], .f = screens_feed(u, h, panel), .c = c, .y = y};

	card.end = end < y + CARD_LINES_MAX ? end : y + CARD_LINES_MAX;
	card.wall_us = screens_wall(card.f, h);
	card.stale = (card.f && feed_state(card.f) == FEED_STALE) || (s && !header_server_ok(s));
	card.left = card.x = 1 + canvas_puts(c, 1, y, c->width - 1, SLOT_TITLE, 0, card.p->title) + 2;
	if (card.left > c->width / 3)
		card.left = 3;
	if (!card.f || !feed_sample(card.f) || feed_rows(card.f) == 0) {
		draw_reason(u, h, &card, panel);
		return y + 1;
	}
	for (int i = 0; i < card.p->column_count; i++)
		if (card.p->column[i].shown && !draw_pair(&card, i))
			break;
	return card.y < card.end ? card.y + 1 : card.end;
}

int cards_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end)
{
	const struct ui_screen *s = &u->screen[u->here];

	for (int i = 0; i < s->card_count && y < end; i++)
		y = draw_card(u, h, c, s->card[i], y, end);
	return y;
}
