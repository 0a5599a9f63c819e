/* SPDX-License-Identifier: PostgreSQL */
#include "app/board.h"

#include <math.h>

enum { BOARD_PAIRS_MAX = 128 }; /* panels times servers on one screen */

static const struct feed *host_feed(void *ctx, int panel, int server)
{
	const struct board *b = ctx;

	return b->session ? session_feed(b->session, panel, server) : NULL;
}

int board_init(struct board *b, struct loop *l, const struct board_conf *conf, struct err *why)
{
	b->loop = l;
	b->host.panels = conf->panels;
	b->host.panel_count = conf->panel_count;
	b->host.feed = host_feed;
	b->host.ctx = b;
	b->host.themes = conf->themes;
	b->host.theme = conf->theme;
	b->host.interval_ms = conf->interval_ms;
	b->host.replay = conf->replay != NULL;
	b->replay = conf->replay;
	b->host.no_actions = conf->replay ? "this is a recording: nothing can be done to its servers" : NULL;
	board_sync(b);
	return ui_new(&b->ui, &b->host, why);
}

void board_release(struct board *b)
{
	canvas_release(&b->canvas);
	session_free(b->session);
	ui_free(b->ui);
	b->session = NULL;
	b->ui = NULL;
}

void board_connect(struct board *b, struct session *s)
{
	b->session = s;
	session_start(s, b->host.panels, b->host.panel_count);
	board_sync(b);
	board_want(b);
}

void board_sync(struct board *b)
{
	b->host.now = *loop_now(b->loop);
	b->host.cost_share = NAN;
	if (b->replay) {
		b->host.frame = replay_frame(b->replay);
		b->host.frames = replay_frames(b->replay);
		b->host.began_us = replay_began_us(b->replay);
	}
	if (!b->session)
		return;
	b->host.servers = session_servers(b->session, &b->host.server_count);
	b->host.cost_share = session_cost(b->session);
}

void board_want(struct board *b)
{
	struct ui_want want[BOARD_PAIRS_MAX];
	struct session_pair pair[BOARD_PAIRS_MAX];
	int count = ui_wants(b->ui, &b->host, want, BOARD_PAIRS_MAX);

	for (int i = 0; i < count; i++)
		pair[i] = (struct session_pair){want[i].panel, want[i].server};
	if (!b->session)
		return;
	session_want(b->session, pair, count);
	board_mode(b);
}

void board_mark(struct board *b)
{
	struct ui_want mark[BOARD_PAIRS_MAX];
	int count = ui_marks(b->ui, &b->host, mark, BOARD_PAIRS_MAX);
	struct feed *feed;

	for (int p = 0; p < b->host.panel_count; p++)
		for (int k = 0; k < b->host.server_count; k++)
			if ((feed = session_feed(b->session, p, k)) != NULL)
				feed_unmark(feed);
	for (int i = 0; i < count; i++)
		if ((feed = session_feed(b->session, mark[i].panel, mark[i].server)) != NULL)
			(void)feed_mark(feed);
}

void board_mode(struct board *b)
{
	for (int p = 0; p < b->host.panel_count; p++)
		for (int k = 0; k < b->host.server_count; k++) {
			struct feed *feed = session_feed(b->session, p, k);

			if (feed && feed_mode(feed) != ui_mode(b->ui, p))
				feed_set_mode(feed, ui_mode(b->ui, p));
		}
}

static void fill_pair(struct board *b, const struct ui_want *want)
{
	struct session_rows rows = {.pair = {want->panel, want->server}};
	const struct panel *panel = b->host.panels[want->panel];
	int detail;

	rows.count = ui_visible_rows(b->ui, want->panel, want->server, &rows.rows);
	rows.near_count = ui_ordered_rows(b->ui, want->panel, want->server, &rows.near);
	for (int k = 0; k < panel->lookup_count; k++)
		if (ui_needs_lookup(b->ui, want->panel, k))
			rows.whole |= 1u << k;
	session_fill(b->session, &rows);
	if (ui_detail_row(b->ui, want->panel, want->server, &detail)) {
		struct session_rows one = {.pair = rows.pair, .rows = &detail, .count = 1, .detail = true};

		session_fill(b->session, &one);
	}
}

bool board_draw(struct board *b)
{
	struct ui_want want[BOARD_PAIRS_MAX];
	int count;

	ui_draw(b->ui, &b->host, &b->canvas);
	if (!b->session)
		return false;
	count = ui_wants(b->ui, &b->host, want, BOARD_PAIRS_MAX);
	for (int i = 0; i < count; i++)
		fill_pair(b, &want[i]);
	return session_flush(b->session);
}
