/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where ui and session meet: what the dashboard shows is asked for, what was asked for is shown. The live loop puts a
 * terminal around it, the script runner a list of keys.
 */
#ifndef APP_BOARD_H
#define APP_BOARD_H

#include "app/session.h"
#include "source/replay.h"
#include "ui/canvas.h"
#include "ui/ui.h"

struct board {
	struct loop *loop;
	struct session *session; /* NULL until there is one: the first paint comes before */
	struct ui *ui;
	struct ui_host host;
	struct canvas canvas;
	const struct replay *replay;
};

/* What it shows: panels in the order of the screens; themes by name, NULL-terminated, and the one at the start. Borrowed. */
struct board_conf {
	const struct panel *const *panels;
	int panel_count;
	const char *const *themes;
	const char *theme;
	double interval_ms;
	const struct replay *replay; /* NULL when live */
};

int board_init(struct board *b, struct loop *l, const struct board_conf *conf, struct err *why) MUSTCHECK;
void board_release(struct board *b); /* ends the session too */
/* Takes over a session, lets it begin, and asks for what is on the screen. */
void board_connect(struct board *b, struct session *s);
/* Brings the host's clock, servers and cost up to date: before events and before drawing. */
void board_sync(struct board *b);
/* Tells the session which panels the screen needs. */
void board_want(struct board *b);
/* Keeps this moment of what is on the screen, in place of what was kept before. */
void board_mark(struct board *b);
/* Hands on how the person looks at each panel: over the interval, since the last reset, or since the mark. */
void board_mode(struct board *b);
/* Draws into the canvas and asks for the names, texts and sizes of the rows that are on it. True while answers are on their way
 * that belong to this picture. */
bool board_draw(struct board *b);

#endif
