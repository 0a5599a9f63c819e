/* SPDX-License-Identifier: PostgreSQL */
/*
 * The dashboard as a pure thing: state + events in, canvas out. It knows no server, no loop and no terminal; app/live
 * feeds it, acts on the bits it returns, and brings its canvas to a terminal (or to a test's dump).
 */
#ifndef UI_UI_H
#define UI_UI_H

#include "core/base.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/err.h"
#include "model/feed.h"
#include "model/status.h"
#include "model/view.h"
#include "ui/canvas.h"
#include "ui/term.h" /* for struct term_event only */

struct ui;

/* What the dashboard may look at; owned by the session, const for the ui. */
struct ui_host {
	const struct panel *const *panels;        /* all panels, hidden ones too, in screen order */
	int panel_count;
	const struct server_status *const *servers;
	int server_count;
	/* The feed of a panel on a server (index into servers); NULL while nothing was asked. Panels of source self are on a
	 * server of that kind when the host lists one, else on server -1. */
	const struct feed *(*feed)(void *ctx, int panel, int server);
	/* Themes by name, for the live chooser. */
	const char *const *themes;                /* NULL-terminated */
	const char *theme;                        /* the one at start; NULL: the first */
	void *ctx;
	struct clock now;
	double interval_ms;
	double cost_share;                        /* of one core, percent, what dytop costs its servers now; NAN unknown */
	bool replay;
};

enum ui_result {
	UI_REDRAW = 1u << 0,
	UI_QUIT = 1u << 1,
	UI_SUSPEND = 1u << 2,
	UI_REPAINT = 1u << 3,      /* paint every cell */
	UI_REFRESH = 1u << 4,      /* ask all due panels now (r) */
	UI_WANT = 1u << 5,         /* the visible panels changed: ui_wants() */
	UI_INTERVAL = 1u << 6,     /* ui_interval() changed */
	UI_THEME = 1u << 7,        /* ui_theme() changed */
	UI_SAVE = 1u << 8,         /* write the layout: ui_layout() */
	UI_COPY = 1u << 9,         /* ui_copy_text() to the clipboard */
	UI_PAUSE = 1u << 10,       /* ui_paused() changed */
	UI_RETRY = 1u << 11,       /* reconnect now */
	UI_DETAIL = 1u << 12,      /* a detail window wants lookups marked detail */
	UI_MODE = 1u << 13,        /* ui_mode() of some panel changed: feed_set_mode() */
};

int ui_new(struct ui **out, const struct ui_host *host, struct err *why) MUSTCHECK;
void ui_free(struct ui *u);
/* Start settings by name: screen, sort, filter, columns per panel (also what a saved layout gives). */
int ui_set_screen(struct ui *u, const char *screen, struct err *why) MUSTCHECK;
/* The same as on the ':' line, for the table that the screen shows: "-calls" sorts descending, "calls" ascending. */
int ui_set_sort(struct ui *u, const char *column, struct err *why) MUSTCHECK;
int ui_set_filter(struct ui *u, const char *text, struct err *why) MUSTCHECK;
int ui_set_columns(struct ui *u, const char *names, struct err *why) MUSTCHECK;
/* Strict: an unknown key, screen, table or column is an error with its line. May change ui_theme(), ui_interval() and
 * ui_mode() of panels: read them afterwards. */
int ui_load_layout(struct ui *u, const char *name, const char *yaml, size_t len, struct err *why) MUSTCHECK;
void ui_layout(const struct ui *u, struct buf *out); /* YAML */

unsigned ui_event(struct ui *u, const struct ui_host *host, const struct term_event *event);
/* New data or a passed second; returns UI_REDRAW when something on the screen would change. */
unsigned ui_tick(struct ui *u, const struct ui_host *host);
void ui_draw(struct ui *u, const struct ui_host *host, struct canvas *c);

/* What the screen needs now: panel and server pairs (panels of the screen on the chosen servers). Returns the count. */
struct ui_want { int panel, server; };
int ui_wants(const struct ui *u, const struct ui_host *host, struct ui_want *out, int max);
/* Feed rows that the last draw showed of a panel (for lookups); borrowed until the next draw. */
int ui_visible_rows(const struct ui *u, int panel, int server, const int **rows);
/* All rows of that panel in shown order, beyond the window too: what a scroll would bring. Borrowed likewise. */
int ui_ordered_rows(const struct ui *u, int panel, int server, const int **rows);
/* True when the sort or filter of that panel needs lookup k for all rows; detail: its detail window is open. */
bool ui_needs_lookup(const struct ui *u, int panel, int k);
bool ui_detail_row(const struct ui *u, int panel, int server, int *row);
/* How the person looks at that panel: over the interval, or since the last reset. */
enum feed_mode ui_mode(const struct ui *u, int panel);
double ui_interval(const struct ui *u); /* ms */
bool ui_paused(const struct ui *u);
const char *ui_theme(const struct ui *u);
struct str ui_copy_text(const struct ui *u);
/* A message on the notice line: errors stay until a key, others go after some seconds. Text is cleaned here. */
void ui_notice(struct ui *u, const struct ui_host *host, bool error, const char *text);
/* The key table and the commands of the ':' line as Markdown / roff for docs, from the same rows that dispatch. */
void ui_key_table(struct buf *out, bool roff);
void ui_command_table(struct buf *out, bool roff);

#endif
