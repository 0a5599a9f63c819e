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
#include "model/task.h"
#include "model/view.h"
#include "ui/canvas.h"
#include "ui/term.h" /* for struct term_event only */

struct ui;

/* Something that can be done: a key, an entry of the menu, a word of the ':' line. Borrowed from the host; texts are clean. */
struct ui_choice {
	const char *name;         /* "vacuum", "cancel": what ui_request() says */
	const char *title;        /* "VACUUM" */
	const char *about;        /* one line */
	unsigned targets;         /* bits 1u << enum panel_target of rows that it is for; TARGET_NONE's: it needs no row */
	enum panel_source source; /* the kind of server that it goes to */
	int rows;                 /* how many tagged rows it takes at once, at most UI_ROWS_MAX */
	const char *input;        /* what must be typed first, as the prompt says it; NULL nothing */
	const char *given;        /* what stands in that line at first; NULL nothing */
	const char *why_not;      /* it cannot be done now, for this reason; NULL it can */
	const char *kinds;        /* letters of pg_class.relkind of the tables or indexes that it is for; NULL all */
};

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
	/* What is being done and was done, oldest first; they ask, and end, on the screen. */
	const struct task *const *tasks;
	int task_count;
	const struct ui_choice *choices;
	int choice_count;
	const char *no_actions;                   /* why what is not among the choices cannot be done; NULL: no reason known */
	const char *const *audit;                 /* the last lines of the audit trail, newest last; clean */
	int audit_count;
	double cost_share;                        /* of one core, percent, what dytop costs its servers now; NAN unknown */
	bool replay;
	int64_t frame, frames;                    /* of a recording: the one shown, and how many there are */
	int64_t began_us;                         /* ... and wall time of the first */
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
	UI_REQUEST = 1u << 14,     /* something is to be done: ui_request() */
	UI_ANSWER = 1u << 15,      /* a task's question was answered, or expired: ui_answer() */
	UI_CANCEL = 1u << 16,      /* a task is to end: ui_cancelled() */
	UI_INPUT = 1u << 17,       /* the line that ui_ask_line() asked for: ui_input() */
	UI_CANCEL_ALL = 1u << 18,  /* quit as soon as every task has ended that can be cancelled; those were asked to */
	UI_MARK = 1u << 19,        /* ui_marks() are to be kept by feed_mark(), and no others */
	UI_STEP = 1u << 20,        /* a recording is to go elsewhere: ui_step() */
};

enum { UI_ROWS_MAX = 64 };

/* What a person wants done. Valid until the next event. */
struct ui_request {
	const char *action;        /* a choice's name */
	int panel, server;         /* server: -1 there is none of that kind */
	int row[UI_ROWS_MAX];      /* feed rows: the tagged ones, else that under the cursor */
	int row_count;             /* 0: it needs none */
	const char *text;          /* what was typed; "" nothing */
};

/* Where in a recording somebody wants to be. */
struct ui_step {
	enum { UI_STEP_FRAMES, UI_STEP_TIME, UI_STEP_END } kind;
	int64_t by;                /* frames: so many on, below zero back */
	int64_t wall_us;           /* time: the first frame at or after it */
	bool about;                /* ... or a little before: half of what frames lie apart */
};

struct ui_answer {
	uint64_t id;               /* of the task */
	bool yes;
};

struct ui_input {
	uint64_t token;            /* that of ui_ask_line() */
	const char *text;
	bool given;                /* false: Esc */
};

/* A plan for the plan window: EXPLAIN (FORMAT JSON) as the server gave it. Texts are cleaned by the ui; all is copied. */
struct ui_plan {
	const char *title;         /* "generic plan", "plan with values", "what if" */
	const char *about;         /* "PostgreSQL 15, not executed"; NULL nothing */
	const char *notes;         /* lines that stand above it: what could not be done, cost before and after; NULL none */
	const char *json;
	size_t json_len;
	int beside;                /* the number, from 1, of the plan that it is compared with: a what-if with the plan as it is;
	                            * 0: the first one */
};

enum { UI_PLANS_MAX = 6 };

struct ui_plans {
	const char *statement;     /* "statement 7f3a.. on bridge@db1": the window's title */
	uint64_t id;               /* of the statement, the same each time; 0: not known */
	const struct ui_plan *plan;
	int count;                 /* 1 to UI_PLANS_MAX: the generic one first */
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
/* What a mark keeps: these, and what the header shows. */
int ui_marks(const struct ui *u, const struct ui_host *host, struct ui_want *out, int max);
/* Feed rows that the last draw showed of a panel (for lookups); borrowed until the next draw. */
int ui_visible_rows(const struct ui *u, int panel, int server, const int **rows);
/* All rows of that panel in shown order, beyond the window too: what a scroll would bring. Borrowed likewise. */
int ui_ordered_rows(const struct ui *u, int panel, int server, const int **rows);
/* True when the sort or filter of that panel needs lookup k for all rows; detail: its detail window is open. */
bool ui_needs_lookup(const struct ui *u, int panel, int k);
bool ui_detail_row(const struct ui *u, int panel, int server, int *row);
/* How the person looks at that panel: over the interval, since the last reset, or since the mark. */
enum feed_mode ui_mode(const struct ui *u, int panel);
double ui_interval(const struct ui *u); /* ms */
bool ui_paused(const struct ui *u);
const char *ui_theme(const struct ui *u);
struct str ui_copy_text(const struct ui *u);
struct ui_request ui_request(const struct ui *u);
struct ui_step ui_step(const struct ui *u);
struct ui_answer ui_answer(const struct ui *u);
uint64_t ui_cancelled(const struct ui *u);
struct ui_input ui_input(const struct ui *u);
/* Asks for a line: `label` stands before it, `text` in it. The line of a person who is typing is not taken away: false then. */
bool ui_ask_line(struct ui *u, uint64_t token, const char *label, const char *text);
/* Opens the plan window with them, in place of those that it had. Says when one has another shape than the plan of the same
 * statement and title when it was last shown. A plan that cannot be read: the error, and nothing changes. */
int ui_show_plans(struct ui *u, const struct ui_host *host, const struct ui_plans *plans, struct err *why) MUSTCHECK;
/* A message on the notice line: errors stay until a key, others go after some seconds. Text is cleaned here. */
void ui_notice(struct ui *u, const struct ui_host *host, bool error, const char *text);
/* The key table and the commands of the ':' line as Markdown / roff for docs, from the same rows that dispatch. */
void ui_key_table(struct buf *out, bool roff);
void ui_command_table(struct buf *out, bool roff);

#endif
