/* SPDX-License-Identifier: PostgreSQL */
#include "app/live.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/board.h"
#include "app/trim.h"
#include "core/mem.h"
#include "ui/canvas.h"
#include "ui/term.h"

enum {
	LIVE_HOLD_MS = 50,     /* how long a paint waits for the rest of a round trip */
	LIVE_TRIM_MS = 1500,   /* after the start: nearly everything is loaded and has been used once */
	LIVE_TRIM_AGAIN_MS = 4000, /* what a thread loaded meanwhile (the audit log's digests) */
	LIVE_TRIM_LATER_MS = 60000,
	LIVE_SAVING_MS = 1000, /* what the end waits for a layout that is being written */
};

struct live {
	struct loop *loop;
	const struct live_conf *conf;
	struct board board;
	struct term *term;
	struct loop_fd *input;
	struct loop_signal *signals[8];
	struct loop_timer *hold, *trim, *escape;
	bool trimmed;          /* once */
	int64_t changed_ns;    /* first change that is not on the screen yet, 0 = none */
	bool urgent;           /* a key: paint at the end of this turn */
	bool resized, suspended;
	bool ended;            /* the replay */
	const char *told;      /* of conf->trouble() */
	struct background *saving; /* the layout; NULL: not now */
	bool want;             /* the screen shows other panels than were asked for */
	bool fresh;            /* they were asked for, and are not shown yet */
	int signo;
	int64_t turn;          /* of the session, when last seen */
};

static void on_hold(void *ctx)
{
	struct live *v = ctx;

	if (!v->conf->stepper || !stepper_busy(v->conf->stepper)) /* what it passes is no picture, but a key's is */
		v->urgent = true; /* the turn's end paints */
}

static void on_trim(void *ctx)
{
	struct live *v = ctx;

	trim_pages();
	loop_timer_in(v->trim, v->trimmed ? LIVE_TRIM_LATER_MS : LIVE_TRIM_AGAIN_MS);
	v->trimmed = true;
}

static void on_changed(void *ctx)
{
	struct live *v = ctx;

	if (v->changed_ns == 0)
		v->changed_ns = loop_now(v->loop)->mono_ns;
	if (!loop_timer_armed(v->hold))
		loop_timer_in(v->hold, LIVE_HOLD_MS);
}

/* A question, or the end of something: shown at once. */
static void on_desk(void *ctx)
{
	struct live *v = ctx;

	on_changed(v);
	v->urgent = true;
}

static void load_theme(struct live *v)
{
	struct theme theme;
	struct err why = {0};

	if (v->conf->load_theme(v->conf->ctx, ui_theme(v->board.ui), &theme, &why) < 0) {
		ui_notice(v->board.ui, &v->board.host, true, why.text);
		return;
	}
	term_set_theme(v->term, &theme);
	term_repaint(v->term);
}

static void on_saved(void *ctx, const struct err *why)
{
	struct live *v = ctx;

	v->saving = NULL;
	ui_notice(v->board.ui, &v->board.host, why != NULL, why ? why->text : "layout saved");
	v->urgent = true;
}

static void save_layout(struct live *v)
{
	struct buf text = BUF_INIT(1 << 20);

	if (v->saving) {
		ui_notice(v->board.ui, &v->board.host, true, "the disk has not taken the layout yet");
		return;
	}
	ui_layout(v->board.ui, &text);
	v->saving = v->conf->save(v->conf->ctx, buf_str(&text), on_saved, v);
	if (!v->saving)
		ui_notice(v->board.ui, &v->board.host, true, "there is no place to keep the layout: HOME is not set");
	buf_release(&text);
}

static void tell_guard(struct live *v, bool active)
{
	struct buf restore = BUF_INIT(1024);

	if (!v->conf->guard)
		return;
	term_restore_text(v->term, &restore);
	guard_arm(v->conf->guard, buf_str(&restore), active);
	buf_release(&restore);
}

static void suspend(struct live *v)
{
	term_suspend(v->term);
	tell_guard(v, false);
	v->suspended = true;
	raise(SIGSTOP);
	/* continued (fg): SIGCONT's handler does the rest; a bg'ed dashboard stops again at its first output (SIGTTOU) */
}

static void resume(struct live *v)
{
	if (v->conf->guard)
		guard_continued(v->conf->guard);
	if (v->suspended)
		term_resume(v->term);
	else
		term_reenter(v->term); /* stopped from outside: whoever had the terminal did with it what he liked */
	v->suspended = false;
	tell_guard(v, true);
	v->resized = v->urgent = true;
	session_refresh(v->board.session);
}

static void act(struct live *v, unsigned result)
{
	if (result & UI_QUIT)
		loop_stop(v->loop);
	if (result & UI_REDRAW)
		v->urgent = true;
	if (result & UI_REPAINT) {
		term_repaint(v->term);
		v->urgent = true;
	}
	if (result & UI_INTERVAL)
		session_set_interval(v->board.session, v->board.host.interval_ms = ui_interval(v->board.ui));
	if (result & UI_PAUSE)
		session_pause(v->board.session, ui_paused(v->board.ui));
	if (result & UI_WANT)
		v->want = true; /* asked when the key is on the screen: sending takes time, and wakes the servers beside us */
	if (result & UI_STEP && v->conf->stepper) {
		struct ui_step step = ui_step(v->board.ui);

		stepper_go(v->conf->stepper, &step);
		v->ended = false;
	}
	if (result & UI_MARK)
		board_mark(&v->board);
	if (result & UI_MODE)
		board_mode(&v->board);
	if (result & UI_REFRESH)
		session_refresh(v->board.session);
	if (result & UI_RETRY)
		session_retry(v->board.session);
	if (result & UI_THEME)
		load_theme(v);
	if (result & UI_SAVE)
		save_layout(v);
	if (result & UI_COPY)
		term_copy(v->term, ui_copy_text(v->board.ui));
	if (v->conf->desk)
		desk_act(v->conf->desk, v->board.ui, &v->board.host, result);
	if (result & UI_SUSPEND)
		suspend(v);
}

static void look_around(struct live *v)
{
	board_sync(&v->board);
	if (v->conf->desk)
		desk_show(v->conf->desk, &v->board.host);
}

static void read_keys(struct live *v)
{
	struct term_event event;

	while (term_read(v->term, &event)) {
		if (event.key < 0) { /* the terminal is gone */
			v->signo = SIGHUP;
			loop_stop(v->loop);
			return;
		}
		if (event.key == TERM_KEY_RESIZE)
			v->resized = true;
		look_around(v);
		act(v, ui_event(v->board.ui, &v->board.host, &event));
	}
	if (term_half(v->term))
		loop_timer_in(v->escape, TERM_ESC_WAIT_MS);
	else
		loop_timer_stop(v->escape);
}

static void on_input(void *ctx, unsigned got)
{
	(void)got;
	read_keys(ctx);
}

/* Nothing followed the ESC. */
static void on_escape(void *ctx)
{
	struct live *v = ctx;

	term_late(v->term);
	read_keys(v);
}

static void on_signal(void *ctx, int signo)
{
	struct live *v = ctx;

	switch (signo) {
	case SIGWINCH:
		v->resized = v->urgent = true;
		break;
	case SIGTSTP:
		suspend(v);
		break;
	case SIGCONT:
		resume(v);
		break;
	default:
		v->signo = signo;
		loop_stop(v->loop);
	}
}

static void resize(struct live *v)
{
	int width, height;

	v->resized = false;
	term_resized(v->term);
	term_size(v->term, &width, &height);
	canvas_resize(&v->board.canvas, width, height);
	look_around(v);
	v->want = true; /* a taller window may show more panels */
}

static void note_turn(struct live *v)
{
	const char *trouble;

	if (session_turn(v->board.session) == v->turn)
		return;
	v->turn = session_turn(v->board.session);
	if (v->conf->next_frame && !ui_paused(v->board.ui) && !v->ended && !stepper_busy(v->conf->stepper) &&
	    !v->conf->next_frame(v->conf->ctx)) {
		v->ended = true;
		ui_notice(v->board.ui, &v->board.host, false, "the recording is at its end");
	}
	if (v->conf->turn)
		v->conf->turn(v->conf->ctx, v->board.session);
	trouble = v->conf->trouble(v->conf->ctx);
	if (trouble && trouble != v->told) {
		v->told = trouble;
		ui_notice(v->board.ui, &v->board.host, true, trouble);
	}
}

static void want(struct live *v)
{
	if (!v->want)
		return;
	v->want = false;
	v->fresh = true;
	board_want(&v->board);
}

/* Nothing more comes soon; or what one looks at is there for the first time, which need not wait for the header's figures. */
static bool is_whole(const struct live *v)
{
	return session_settled(v->board.session) || (v->fresh && session_wanted_settled(v->board.session));
}

/* True while the recording is on its way to another frame: the picture stays what it was, until a key changes it. */
static bool is_stepping(struct live *v)
{
	struct stepper *st = v->conf->stepper;
	struct err why = {0};
	int rc = st ? stepper_turn(st, v->board.session, &why) : 0;
	const char *notice = rc < 0 ? why.text : st && rc != 1 ? stepper_notice(st) : NULL;

	if (notice)
		ui_notice(v->board.ui, &v->board.host, rc < 0, notice);
	if (notice || rc == 2)
		v->urgent = true;
	return rc == 1;
}

/* The end of a turn: decides whether to paint now or to wait for the rest of what was asked. */
static void on_turn(void *ctx)
{
	struct live *v = ctx;
	int64_t now = loop_now(v->loop)->mono_ns;
	bool old = v->changed_ns != 0 && now - v->changed_ns >= LIVE_HOLD_MS * CLOCK_MS_NS;

	note_turn(v);
	if (v->conf->desk && desk_quits(v->conf->desk)) {
		loop_stop(v->loop);
		return;
	}
	if (is_stepping(v) && !v->urgent)
		return;
	if (v->suspended || (v->conf->guard && !guard_armed(v->conf->guard))) /* resume() is yet to come */
		return;
	if (v->changed_ns == 0 && !v->urgent)
		return;
	if (!v->urgent && !old && !is_whole(v))
		return;
	look_around(v);
	if (v->resized)
		resize(v);
	if (v->conf->desk) {
		desk_turn(v->conf->desk, v->board.ui, &v->board.host);
		desk_show(v->conf->desk, &v->board.host);
	}
	act(v, ui_tick(v->board.ui, &v->board.host) & ~(unsigned)UI_REDRAW);
	if (!term_writable(v->term)) { /* a slow line: skip this frame, look again soon */
		loop_timer_in(v->hold, LIVE_HOLD_MS);
		return;
	}
	if (board_draw(&v->board) && !v->urgent && !old)
		return; /* names and texts of these rows come in a moment: one paint, not two */
	v->fresh = v->fresh && !session_wanted_settled(v->board.session);
	v->urgent = false;
	v->changed_ns = 0;
	loop_timer_stop(v->hold);
	term_draw(v->term, &v->board.canvas);
	want(v);
}

static void watch_signals(struct live *v)
{
	static const int watched[] = {SIGWINCH, SIGTSTP, SIGCONT, SIGTERM, SIGHUP, SIGINT, SIGQUIT};

	for (size_t i = 0; i < ARRAY_LEN(watched); i++)
		v->signals[i] = loop_signal_new(v->loop, watched[i], on_signal, v);
}

/* On the screen before a file of panels is read, a library loaded or a name resolved. */
static int open_terminal(struct live *v, struct err *why)
{
	const struct live_conf *conf = v->conf;
	struct theme theme;
	int width, height, rc = conf->theme ? conf->load_theme(conf->ctx, conf->theme, &theme, why) : 0;

	if (rc == 0)
		rc = term_open(&v->term, &conf->term, why);
	if (rc < 0)
		return rc;
	tell_guard(v, true);
	term_size(v->term, &width, &height);
	canvas_init(&v->board.canvas, width, height);
	v->board.canvas.ascii = term_ascii(v->term);
	if (conf->theme)
		term_set_theme(v->term, &theme);
	canvas_puts(&v->board.canvas, 1, 0, width - 1, SLOT_TITLE, CANVAS_BOLD, "dytop");
	canvas_puts(&v->board.canvas, 8, 0, width - 8, SLOT_DIM, 0, "starting ...");
	term_draw(v->term, &v->board.canvas);
	return 0;
}

static int open_board(struct live *v, struct session *session, struct err *why)
{
	struct board_conf conf = {.themes = v->conf->themes, .theme = v->conf->theme,
	                          .interval_ms = v->conf->session.interval_ms, .replay = v->conf->replay};
	int rc = v->conf->read_panels(v->conf->ctx, &conf.panels, &conf.panel_count, why);

	if (rc == 0)
		rc = board_init(&v->board, v->loop, &conf, why);
	if (rc == 0)
		rc = v->conf->prepare(v->conf->ctx, v->board.ui, why);
	if (rc < 0) {
		session_free(session);
		return rc;
	}
	if (v->conf->replay)
		ui_notice(v->board.ui, &v->board.host, false,
		          "a recording: p pauses, ( and ) step back and on, b goes to a time, B to its end");
	if (v->conf->desk)
		desk_open(v->conf->desk, session, conf.panels, on_desk, v);
	board_connect(&v->board, session);
	if (strcmp(ui_theme(v->board.ui), v->conf->theme ? v->conf->theme : "") != 0)
		load_theme(v); /* a saved layout names another one */
	return 0;
}

static void release(struct live *v)
{
	for (size_t i = 0; i < ARRAY_LEN(v->signals); i++)
		if (v->signals[i])
			loop_signal_free(v->signals[i]);
	loop_fd_free(v->input);
	loop_timer_free(v->hold);
	loop_timer_free(v->trim);
	loop_timer_free(v->escape);
	if (v->term) {
		term_close(v->term);
		if (v->conf->guard)
			guard_arm(v->conf->guard, (struct str){0}, false);
	}
	if (v->saving && !background_wait(v->saving, LIVE_SAVING_MS))
		fprintf(stderr, "dytop: the layout may not be saved: the disk did not take it within %d s\n", LIVE_SAVING_MS / 1000);
	background_cancel(v->saving);
	if (v->conf->desk)
		desk_report(v->conf->desk, stderr);
	desk_free(v->conf->desk);
	stepper_free(v->conf->stepper);
	board_release(&v->board);
}

int live_run(struct loop *l, const struct live_conf *conf, int *signo, struct err *why)
{
	struct live v = {.loop = l, .conf = conf};
	struct session_conf session = conf->session;
	struct session *made;
	int rc;

	session.changed = on_changed;
	session.changed_ctx = &v;
	v.hold = loop_timer_new(l, on_hold, &v);
	v.trim = loop_timer_new(l, on_trim, &v);
	v.escape = loop_timer_new(l, on_escape, &v);
	loop_timer_in(v.trim, LIVE_TRIM_MS);
	rc = open_terminal(&v, why);
	if (rc < 0)
		goto out;
	rc = session_new(&made, l, &session, why);
	if (rc < 0)
		goto out;
	session_connect(made);
	rc = open_board(&v, made, why);
	if (rc < 0)
		goto out;
	if (conf->turn) /* what comes before the first tick belongs to a frame too: names and texts are asked for once */
		conf->turn(conf->ctx, made);
	watch_signals(&v);
	v.input = loop_fd_new(l, term_fd(v.term), LOOP_READ, on_input, &v);
	v.urgent = v.fresh = true;
	loop_on_turn(l, on_turn, &v);
	loop_run(l);
out:
	loop_on_turn(l, NULL, NULL);
	*signo = v.signo;
	release(&v);
	return rc;
}
