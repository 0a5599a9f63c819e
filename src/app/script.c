/* SPDX-License-Identifier: PostgreSQL */
#include "app/script.h"

#include <stdio.h>
#include <string.h>

#include "app/board.h"
#include "core/utf8.h"
#include "ui/keys.h"

enum {
	SCRIPT_LINE_MAX = 4096,
	SCRIPT_SETTLE_TURNS = 10000, /* a frame that never settles is an error, not a hang */
	SCRIPT_DOWN_TURNS = 50,      /* so long a server that is not live is taken for one that the recording shows so */
	SCRIPT_SIZE_MAX = 1000,
};

struct script {
	struct loop *loop;
	const struct script_conf *conf;
	struct board board;
	struct buf *out;
	int line;
	bool quit;
};

static void on_changed(void *ctx)
{
	(void)ctx;
}

static int fail(const struct script *s, struct err *why, const char *what, struct str at)
{
	return err_set(why, ERR_INVALID, "%s:%d: %s '%.*s'", s->conf->name, s->line, what, (int)at.len, at.at);
}

static void look_around(struct script *s)
{
	board_sync(&s->board);
	desk_show(s->conf->live.desk, &s->board.host);
}

static void act(struct script *s, unsigned result)
{
	desk_act(s->conf->live.desk, s->board.ui, &s->board.host, result);
	if (result & UI_QUIT)
		s->quit = true;
	if (result & UI_WANT)
		board_want(&s->board);
	if (result & UI_PAUSE)
		session_pause(s->board.session, ui_paused(s->board.ui));
	if (result & UI_STEP) {
		struct ui_step to = ui_step(s->board.ui);

		stepper_go(s->conf->live.stepper, &to);
	}
	if (result & UI_MARK)
		board_mark(&s->board);
	if (result & UI_MODE)
		board_mode(&s->board);
	if (result & UI_REFRESH)
		session_refresh(s->board.session);
	if (result & UI_COPY) {
		struct str text = ui_copy_text(s->board.ui);

		buf_adds(s->out, "copied: ");
		buf_addstr(s->out, text);
		buf_addc(s->out, '\n');
	}
	if (result & UI_SAVE) {
		buf_adds(s->out, "saved:\n");
		ui_layout(s->board.ui, s->out);
	}
}

/* Runs the loop until nothing is asked any more and the picture has all that belongs to it. */
static int settle(struct script *s, struct err *why)
{
	const char *notice;
	int down = 0;

	for (int i = 0; i < SCRIPT_SETTLE_TURNS; i++) {
		int rc;

		loop_once(s->loop, false);
		rc = stepper_turn(s->conf->live.stepper, s->board.session, why);
		if (rc < 0)
			return rc;
		if (rc == 1)
			continue;
		look_around(s);
		notice = stepper_notice(s->conf->live.stepper);
		if (notice)
			ui_notice(s->board.ui, &s->board.host, false, notice);
		act(s, ui_tick(s->board.ui, &s->board.host));
		bool whole = !board_draw(&s->board);
		down = session_waits_for_servers(s->board.session) ? down + 1 : 0;
		if (whole && (session_idle(s->board.session) || down >= SCRIPT_DOWN_TURNS))
			return 0;
	}
	return err_set(why, ERR_TIMEOUT, "%s:%d: the screen does not settle", s->conf->name, s->line);
}

static int event(struct script *s, const struct term_event *event, struct err *why)
{
	look_around(s);
	act(s, ui_event(s->board.ui, &s->board.host, event));
	return settle(s, why);
}

static int press(struct script *s, struct str names, struct err *why)
{
	while (names.len > 0) {
		const char *blank = memchr(names.at, ' ', names.len);
		struct str name = {names.at, blank ? (size_t)(blank - names.at) : names.len};
		struct term_event key = {.key = keys_parse(name)};
		int rc;

		if (key.key == 0)
			return fail(s, why, "no such key:", name);
		rc = event(s, &key, why);
		if (rc < 0)
			return rc;
		names.at += name.len;
		names.len -= name.len;
		while (names.len > 0 && *names.at == ' ')
			names.at++, names.len--;
	}
	return 0;
}

static int type_text(struct script *s, struct str text, struct err *why)
{
	for (size_t i = 0; i < text.len;) {
		size_t length;
		struct term_event key = {.key = (int)utf8_decode(text.at + i, text.len - i, &length)};
		int rc = event(s, &key, why);

		if (rc < 0)
			return rc;
		i += length;
	}
	return 0;
}

static int resize(struct script *s, struct str text, struct err *why)
{
	int width, height, used = 0;

	if (sscanf(text.at, "%dx%d%n", &width, &height, &used) != 2 || (size_t)used != text.len || width < 1 || height < 1 ||
	    width > SCRIPT_SIZE_MAX || height > SCRIPT_SIZE_MAX)
		return fail(s, why, "not a size (as 120x40):", text);
	canvas_resize(&s->board.canvas, width, height);
	return event(s, &(struct term_event){.key = TERM_KEY_RESIZE}, why);
}

static int mouse(struct script *s, struct str text, bool wheel, struct err *why)
{
	struct term_event e = {.key = TERM_KEY_MOUSE, .button = wheel ? 0 : 1};
	int n = sscanf(text.at, "%d %d %d", &e.x, &e.y, &e.wheel);

	if (n != (wheel ? 3 : 2))
		return fail(s, why, "not a place:", text);
	return event(s, &e, why);
}

static int go_on(struct script *s, struct str text, struct err *why)
{
	int count = 1, used = 0;

	if (text.len > 0 && (sscanf(text.at, "%d%n", &count, &used) != 1 || (size_t)used != text.len || count < 1))
		return fail(s, why, "not a number of frames:", text);
	for (int i = 0; i < count; i++) {
		int rc;

		if (s->conf->live.next_frame && !s->conf->live.next_frame(s->conf->live.ctx))
			return err_set(why, ERR_NOT_FOUND, "%s:%d: the recording has no more frames", s->conf->name,
			               s->line);
		if (!ui_paused(s->board.ui)) /* then time passes, and nothing is asked */
			session_refresh(s->board.session);
		rc = settle(s, why);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void dump(struct script *s, struct str name, bool styles)
{
	buf_addf(s->out, "--- %.*s %dx%d\n", (int)name.len, name.at, s->board.canvas.width, s->board.canvas.height);
	canvas_dump_text(&s->board.canvas, s->out);
	buf_addc(s->out, '\n');
	if (styles) {
		buf_adds(s->out, "--- styles\n");
		canvas_dump_style(&s->board.canvas, s->out);
		buf_addc(s->out, '\n');
	}
}

static int step(struct script *s, struct str verb, struct str rest, struct err *why)
{
	if (verb.len == 0 || verb.at[0] == '#')
		return 0;
	if (str_is(verb, "key"))
		return press(s, rest, why);
	if (str_is(verb, "type"))
		return type_text(s, rest, why);
	if (str_is(verb, "paste"))
		return event(s, &(struct term_event){.key = TERM_KEY_PASTE, .text = rest}, why);
	if (str_is(verb, "click") || str_is(verb, "wheel"))
		return mouse(s, rest, str_is(verb, "wheel"), why);
	if (str_is(verb, "frame"))
		return go_on(s, rest, why);
	if (str_is(verb, "size"))
		return resize(s, rest, why);
	if (str_is(verb, "dump") || str_is(verb, "text")) {
		dump(s, rest, str_is(verb, "dump"));
		return s->out->failed ? err_set(why, ERR_TOO_BIG, "%s: too many dumps", s->conf->name) : 0;
	}
	return fail(s, why, "no such step:", verb);
}

static int run_lines(struct script *s, struct err *why)
{
	const char *at = s->conf->text, *end = at + s->conf->len;

	for (s->line = 1; at < end && !s->quit; s->line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((newline ? newline : end) - at);
		char text[SCRIPT_LINE_MAX];
		struct str verb, rest;
		int rc;

		if (len >= sizeof text)
			return fail(s, why, "line too long:", (struct str){at, 20});
		memcpy(text, at, len);
		text[len] = '\0';
		verb = (struct str){text, strcspn(text, " ")};
		rest = str_from(text + verb.len + (text[verb.len] == ' '));
		rc = step(s, verb, rest, why);
		if (rc < 0)
			return rc;
		at += len + 1;
	}
	return 0;
}

int script_run(struct loop *l, const struct script_conf *conf, struct buf *out, struct err *why)
{
	struct script s = {.loop = l, .conf = conf, .out = out};
	struct session_conf session = conf->live.session;
	struct board_conf board = {.panels = conf->panels, .panel_count = conf->panel_count, .themes = conf->live.themes,
	                           .theme = conf->live.theme, .interval_ms = conf->live.session.interval_ms,
	                           .replay = conf->live.replay};
	struct session *made;
	int rc;

	session.changed = on_changed;
	session.changed_ctx = &s;
	session.every_frame = true;
	session.interval_ms = 3600e3; /* only the script makes turns */
	rc = board_init(&s.board, l, &board, why);
	if (rc < 0)
		goto out;
	rc = conf->live.prepare(conf->live.ctx, s.board.ui, why);
	if (rc < 0)
		goto out;
	canvas_init(&s.board.canvas, conf->width, conf->height);
	s.board.canvas.ascii = conf->live.term.ascii;
	rc = session_new(&made, l, &session, why);
	if (rc < 0)
		goto out;
	session_connect(made);
	desk_open(conf->live.desk, made, conf->panels, NULL, NULL);
	board_connect(&s.board, made);
	rc = settle(&s, why);
	if (rc == 0)
		rc = run_lines(&s, why);
out:
	desk_free(conf->live.desk);
	stepper_free(conf->live.stepper);
	board_release(&s.board);
	return rc;
}
