/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the files of the dashboard share: its state, and what each file offers to the others. Private to src/ui; the rest
 * of the program sees ui/ui.h only. Nothing here reads a clock, a file or a terminal.
 *
 * Drawing functions take the row where they start and the row where they must end, and return the first row below what
 * they drew. Actions return bits of enum ui_result.
 */
#ifndef UI_STATE_H
#define UI_STATE_H

#include "ui/keys.h"
#include "ui/pager.h"
#include "ui/planview.h"
#include "ui/prompt.h"
#include "ui/ui.h"

enum {
	UI_PLACES_MAX = 64,  /* columns drawn side by side */
	UI_HITS_MAX = 200,   /* places that a mouse can click on */
	UI_KINDS = 4,        /* of enum panel_source */
	UI_WIDTH_MIN = 24,   /* a smaller screen says so and draws nothing else */
	UI_HEIGHT_MIN = 6,
	UI_VERY_LOW = 10,    /* rows under which no figures are shown */
	UI_LOW = 14,         /* ... one line of them */
	UI_TALL = 30,        /* rows from which on all lines of them are */
	UI_MARKS_MAX = 128,  /* pairs of panel and server that one mark keeps */
	UI_TEXT_MAX = 256 * 1024, /* bytes of one text that a window shows or the clipboard gets */
	UI_RESULT_REDRAW_WANT = UI_REDRAW | UI_WANT
};

enum ui_window { WINDOW_NONE, WINDOW_DETAIL, WINDOW_HELP, WINDOW_SETUP, WINDOW_SORT, WINDOW_MENU, WINDOW_JOBS, WINDOW_JOB,
	WINDOW_PLAN };

/* The question that stands over the screen: a task's, or our own before quitting. It takes every key. */
enum ask_kind { ASK_NONE, ASK_TASK, ASK_QUIT };
struct ui_ask {
	enum ask_kind kind;
	uint64_t id;               /* of the task */
	uint64_t question;         /* what was asked, in one number: a second question is another one */
	int64_t opened_ns;         /* when it was first drawn, 0 not yet: before, no key counts */
	int64_t quiet_ns;          /* no key counts before */
	int64_t key_ns;            /* when the last key came, and how many came at that very moment */
	int burst;
	bool yes;                  /* said, and taken at the end of the turn if nothing came with it */
	char typed[200];
	size_t typed_len;
	char error[120];
	struct pager pager;
	int width;                 /* that the pager was built for */
	int line_count;            /* of the task, when it was built */
};

struct ui_seen {               /* what was last noticed of a task */
	uint64_t id, answered;     /* the question that has its answer */
	enum task_state state;
};

/* Rows that something is to be done to, by key: a sample that comes meanwhile moves none. */
struct ui_aim {
	int table, server;
	uint64_t key[UI_ROWS_MAX];
	int count;
};

/* One table: a panel, how a person looks at it, and where the last draw put it. */
struct ui_table {
	int panel;                 /* index into ui.panel */
	const struct panel *p;
	struct view view;
	int *column;               /* all columns of the panel, in the order of the screen */
	bool *shown;               /* by column number */
	int *grown;                /* by column number: columns that a number needed beyond its declared width */
	int scroll;                /* columns left out behind the first */
	int shift;                 /* characters left out of the flex column */
	int cycle;                 /* which of p->cycle stands in their one place */
	bool wrap;
	int server;                /* that the view was last updated for; -2 never */
	const struct feed *feed;   /* same; borrowed, for comparing only */
	int *visible;              /* feed rows of the last draw */
	int visible_count, visible_room;
	int rows;                  /* rows of the screen that the last draw had: the length of a page */
	double apart_s;            /* how far the two samples lie apart, as the status line says it; 0: as the header says */
	struct feed_looks looks;   /* of the sampler, as the status line says it, and since when: it must not flicker */
	int64_t looks_ns;
};

struct ui_screen {
	const char *name;
	int digit;                 /* 0..9, -1 none */
	int order;
	bool overview;
	int *table;                /* indexes into ui.table */
	int table_count;
	int here;                  /* which of them */
	int *card;                 /* indexes into ui.panel */
	int card_count;
};

struct ui_figure {             /* a figure of the header, found once */
	int panel, figure;
	int width;                 /* widest form so far: what stands behind it does not move */
};

/* Where a click means something. */
enum ui_hit_kind { HIT_TAB, HIT_HEAD, HIT_ROW, HIT_KEY, HIT_TABLE, HIT_ITEM };
struct ui_hit {
	int x, y, width;
	enum ui_hit_kind kind;
	int arg;                   /* screen, column, row in the view, key, table of the screen, item of the list */
};

struct ui_notice {
	char text[256];
	bool error;
	int64_t until_ns;          /* of a message that goes away by itself */
};

struct ui {
	const struct panel **panel; /* the host's */
	int panel_count;
	enum feed_mode *mode;      /* by panel */
	struct ui_screen *screen;
	int screen_count, here;
	struct ui_table *table;
	int table_count;
	struct ui_figure *figure;
	int figure_count;
	int chosen[UI_KINDS];      /* server by kind, -1 none */
	enum ui_window window, under; /* under: what help lies over */
	struct pager pager, help;  /* of the detail and help windows */
	uint64_t detail_key, detail_seen; /* the row, and the feed's generation behind the text */
	int detail_table, detail_width;
	int64_t detail_gone_us;    /* wall time when the row was found missing; 0 it is there */
	bool detail_wrap;
	int item;                  /* cursor of the setup and sort windows */
	int item_top;
	struct prompt prompt;
	int search_from, search_top; /* cursor where an incremental search began */
	char search[PROMPT_MAX];   /* what is looked for and highlighted; "" none */
	struct ui_notice notice;
	bool paused;
	int64_t mark_us;           /* wall time of the moment that ! marked, 0 none */
	bool diff;                 /* figures since then */
	double interval_ms;
	char theme[32];
	struct buf copy;
	struct ui_hit hit[UI_HITS_MAX];
	int hit_count;
	double cost_shown;         /* the figure that stands in the tab line, and since when: it must not flicker */
	int64_t cost_ns;
	struct ui_ask ask;
	struct ui_seen *seen;      /* by the host's order of tasks */
	int seen_count;
	struct ui_aim aim;         /* of the menu, or of the line that is typed for a choice */
	const char *wish;          /* the choice that the line is typed for; the host's */
	struct ui_request request;
	char request_text[PROMPT_MAX];
	struct ui_answer answer;
	struct ui_step step;
	uint64_t cancelled;
	struct ui_input input;
	uint64_t job;              /* the task that the job window shows */
	struct pager job_pager;
	struct planview plan;
	uint64_t drawn;            /* what the last draw showed, see ui_tick() */
	uint64_t wanted;           /* the pairs that the caller was last told to ask for */
	int width, height;         /* of the last draw */
	bool ascii;                /* it was on a canvas without UTF-8 */
};

/* --- ui.c, screens.c: what is looked at ------------------------------------------------------------------------- */

void screens_build(struct ui *u);
void screens_free(struct ui *u);
int screens_by_name(const struct ui *u, struct str name);            /* -1 */
unsigned screens_go(struct ui *u, const struct ui_host *h, int screen);
int screens_server(const struct ui *u, int panel);                   /* index, or -1 */
const struct server_status *screens_status(const struct ui *u, const struct ui_host *h, int panel); /* NULL */
const struct feed *screens_feed(const struct ui *u, const struct ui_host *h, int panel); /* NULL */
/* The table with the cursor; NULL on a screen without tables. */
struct ui_table *screens_table(const struct ui *u);
/* Chooses among the servers that there are now, where the choice is void. */
void screens_choose(struct ui *u, const struct ui_host *h);
unsigned screens_switch_server(struct ui *u, const struct ui_host *h, int direction);
/* Time by which a feed's cells are computed: that of its sample, so that nothing moves while nothing is new. */
int64_t screens_wall(const struct feed *f, const struct ui_host *h);
/* Brings the view of a table to its feed. */
void table_update(struct ui *u, const struct ui_host *h, struct ui_table *t);
void ui_hit(struct ui *u, int x, int y, int width, enum ui_hit_kind kind, int arg);
unsigned ui_go(struct ui *u, const struct ui_step *step); /* elsewhere in a recording, paused */
unsigned ui_context(const struct ui *u); /* enum keys_context bit */
unsigned ui_context_of(enum ui_window window);
void ui_note(struct ui *u, const struct ui_host *h, const char *format, ...) PRINTFLIKE(3, 4);
void ui_error(struct ui *u, const struct ui_host *h, const char *format, ...) PRINTFLIKE(3, 4);

/* --- columns.c: which columns stand where ------------------------------------------------------------------------ */

struct place {
	int column;
	int x, width;     /* of the figure */
	int sign;         /* columns kept behind it, for the warning sign and as a gap */
};

void columns_init(struct ui_table *t);
void columns_release(struct ui_table *t);
void columns_defaults(struct ui_table *t);
/* Places in `width` columns from x on; *less, *more: columns are left out before (behind the first) or after. */
int columns_place(const struct ui_table *t, int x, int width, struct place out[UI_PLACES_MAX], bool *less, bool *more);
/* All columns that take part (shown, one of a cycle), in order: what sorting by < > walks. */
int columns_taking_part(const struct ui_table *t, int out[UI_PLACES_MAX]);
bool columns_scroll(struct ui_table *t, int width, int by); /* on a screen that wide; false: no further */
int columns_flex(const struct ui_table *t);              /* the column that takes the room left, -1 */
bool columns_right(const struct panel_column *c);        /* numbers stand right-aligned */
/* "+wal -max" or "share,calls,query" or "default". */
int columns_set(struct ui_table *t, const char *text, struct err *why) MUSTCHECK;

/* --- cells.c: one figure ------------------------------------------------------------------------------------------ */

/* The text of a cell for people, cleaned, at most about `width` columns of a text are read. */
void cells_text(struct buf *out, const struct cell *c, enum unit unit, int64_t wall_us, int width, bool ascii);
unsigned cells_slot(const struct cell *c, int alert, bool stale);
/* A figure since the last reset where one of the interval is meant: there was only one sample so far. */
bool cells_too_early(const struct ui *u, int panel, const struct cell *c);
const char *cells_sign(int alert);                       /* "", "!", "!!" */
/* Draws text, cut with a sign when it does not fit; returns the columns used. */
int cells_draw_cut(struct canvas *c, int x, int y, int width, unsigned slot, struct str text);
/* One value a column, newest at the right; a blank column where there is a hole in the time between two. steps: feed_steps(). */
void cells_spark(struct canvas *c, int x, int y, int width, unsigned slot, const struct series *s, const struct series *steps);
/* Colours what a search found in row y from x on. Beyond ASCII the letters must be the same. */
void cells_highlight(struct canvas *c, int x, int y, const char *text);
/* Age since a moment, coarse ("12s", "3m"). */
void cells_age(char out[UNIT_TEXT_MAX], int64_t now_ns, int64_t then_ns);

/* --- drawing ---------------------------------------------------------------------------------------------------------- */

int header_draw(struct ui *u, const struct ui_host *h, struct canvas *c);         /* title, figures */
int header_tabs(struct ui *u, const struct ui_host *h, struct canvas *c, int y);
int header_table_tabs(struct ui *u, struct canvas *c, int y); /* the tables of a screen that has several */
int header_banners(struct ui *u, const struct ui_host *h, struct canvas *c, int y);
bool header_server_ok(const struct server_status *s);
void footer_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y);  /* keys, or the prompt */
void footer_status(struct ui *u, const struct ui_host *h, struct canvas *c, int y); /* notice, or what is shown */
/* "over 5s": what the figures of a table are over, where that is not the interval of the header; false where it is. */
bool footer_apart(const struct ui *u, struct ui_table *t, char out[UNIT_TEXT_MAX + 16]);
void table_draw(struct ui *u, const struct ui_host *h, struct canvas *c, struct ui_table *t, int y, int end);
int cards_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end);
void overview_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end);
void detail_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end);
void help_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end);
void setup_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end);
void sort_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end);
/* Why a table has nothing to show, in words; "" when there is something. */
void table_empty_reason(struct ui *u, const struct ui_host *h, const struct ui_table *t, struct buf *out);
/* The panels whose figures the overview's charts draw, with repeats. */
int overview_panels(const struct ui *u, int *out, int max);

/* --- windows ---------------------------------------------------------------------------------------------------------- */

void detail_open(struct ui *u, const struct ui_host *h);
int detail_row(const struct ui *u, const struct ui_host *h); /* feed row, -1 gone */
void help_open(struct ui *u, const struct ui_host *h);
int setup_items(const struct ui *u, const struct ui_host *h);
/* Keeps the item under the cursor of a list in sight; returns the first item drawn. */
int setup_scroll(struct ui *u, const struct ui_host *h, int rows);
void window_close(struct ui *u);      /* one level back */
void window_close_all(struct ui *u);
struct pager *window_pager(struct ui *u); /* of the window on top; NULL when it has none */

/* --- ask.c: questions over the screen --------------------------------------------------------------------------------- */

/* Opens what waits to be asked, drops what is over; bits of what came of it (an expired question is answered). */
unsigned ask_update(struct ui *u, const struct ui_host *h);
unsigned ask_key(struct ui *u, const struct ui_host *h, int key);
void ask_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end);
void ask_quit(struct ui *u);
const struct task *ask_task(const struct ui_host *h, uint64_t id); /* NULL: gone */

/* --- menu.c: what can be done to a row ----------------------------------------------------------------------------------- */

const struct ui_choice *menu_choice(const struct ui_host *h, const char *name); /* NULL */
/* Starts a choice on the tagged rows, or that under the cursor, or asks for its line first. */
unsigned menu_start(struct ui *u, const struct ui_host *h, const char *name);
unsigned menu_pick(struct ui *u, const struct ui_host *h);
unsigned menu_typed(struct ui *u, const struct ui_host *h); /* the line for a choice is there */
int menu_items(const struct ui *u, const struct ui_host *h);
bool menu_fits(const struct ui *u, const struct ui_host *h, const char *name); /* something here can be done so */
/* The same, and nothing stands against it: for the keys that the footer names. */
bool menu_possible(const struct ui *u, const struct ui_host *h, const char *name);
void menu_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end);

/* --- jobs.c: what is under way ------------------------------------------------------------------------------------------- */

int jobs_running(const struct ui_host *h);
/* What a person waits for, NULL nothing; and the line that says so: false when there is none, or it was asked to end. */
const struct task *jobs_awaited(const struct ui_host *h);
/* What Esc would cancel now, because there is no window, search, tag or filter to go back from; NULL nothing. */
const struct task *jobs_stoppable(struct ui *u, const struct ui_host *h);
bool jobs_write_stoppable(struct ui *u, const struct ui_host *h, struct buf *out);
bool jobs_write_awaited(const struct ui *u, const struct ui_host *h, struct buf *out);
int jobs_items(const struct ui_host *h);
void jobs_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end);
void job_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end);
/* Notices what ended since the last look. */
unsigned jobs_notice(struct ui *u, const struct ui_host *h);
/* Everything of the tasks that a draw shows, in one number. */
uint64_t jobs_hash(const struct ui_host *h, uint64_t hash);

/* --- copy.c, layout.c, command.c ------------------------------------------------------------------------------------ */

unsigned copy_rows(struct ui *u, const struct ui_host *h, bool whole);
unsigned command_run(struct ui *u, const struct ui_host *h, const char *line);
/* Name with its arguments (into out, 64 bytes) and help of command i; NULL past the last. */
const char *command_help(int i, char out[64]);
/* Candidates for the word under the cursor of the prompt, parted by blanks; *start = where the word begins. */
void command_complete(struct ui *u, const struct ui_host *h, size_t *start, struct buf *out);
unsigned prompt_key(struct ui *u, const struct ui_host *h, int key);
unsigned prompt_paste(struct ui *u, const struct ui_host *h, struct str text);

/* --- actions, one for each row of keys.def --------------------------------------------------------------------------- */

unsigned act_run(struct ui *u, const struct ui_host *h, enum keys_action action, int key);
/* Whether it would do something now (the footer shows only such). */
bool act_useful(const struct ui *u, const struct ui_host *h, enum keys_action action);
void act_move(struct ui *u, const struct ui_host *h, int by);

#define KEY(id, name, keys, contexts, group, label, help) \
	unsigned act_##name(struct ui *u, const struct ui_host *h, int key);
#define MORE(id, keys, contexts)
#include "ui/keys.def"
#undef KEY
#undef MORE

#endif
