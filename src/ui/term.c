/* SPDX-License-Identifier: PostgreSQL */
/*
 * Of curses only terminfo is used: what the terminal is called, what it can do and how that is asked for. Its screen half would
 * wait for a terminal that reads slowly, scroll rows, and take three times as long as ui/term_paint.
 */
#include "ui/term.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/mem.h"
#include "ui/input.h"
#include "ui/outq.h"
#include "ui/term_paint.h"

enum {
	LINE_WAIT_MS = 10,  /* what a frame may wait for the terminal to take its rest */
	CLOSE_WAIT_MS = 250,
	COPY_MAX = 64 * 1024,
	SIDE_MAX = 1000,    /* columns or rows; beyond lies only nonsense */
	FRAME_MAX = 8 * 1024 * 1024,
	FRAME_KEEP = 256 * 1024,
};

/* Mouse presses and wheel, in decimal form; bracketed paste. terminfo has no common names for them. */
#define MOUSE_ON "\x1b[?1000h\x1b[?1006h"
#define MOUSE_OFF "\x1b[?1006l\x1b[?1000l"
#define PASTE_ON "\x1b[?2004h"
#define PASTE_OFF "\x1b[?2004l"

struct term {
	int fd;           /* the terminal; a description of its own where possible, so that O_NONBLOCK stays ours */
	struct outq *out;
	struct termios saved, raw;
	int width, height;
	bool ascii, modes, mouse, pastes, suspended;
	bool cursor_on;
	bool gone;
	bool half, late;  /* see term_half() and term_late() */
	struct term_paint paint;
	struct buf frame; /* of the paint under way */
	struct input input;
};

static const struct {
	const char *name;
	int key;
} caps[] = {
	{"kcuu1", TERM_KEY_UP}, {"kcud1", TERM_KEY_DOWN}, {"kcub1", TERM_KEY_LEFT}, {"kcuf1", TERM_KEY_RIGHT},
	{"kpp", TERM_KEY_PGUP}, {"knp", TERM_KEY_PGDN}, {"khome", TERM_KEY_HOME}, {"kend", TERM_KEY_END},
	{"kdch1", TERM_KEY_DELETE}, {"kcbt", TERM_KEY_BACKTAB}, {"kf1", TERM_KEY_F1}, {"kf2", TERM_KEY_F2},
	{"kf3", TERM_KEY_F3}, {"kf4", TERM_KEY_F4}, {"kf5", TERM_KEY_F5}, {"kf6", TERM_KEY_F6}, {"kf7", TERM_KEY_F7},
	{"kf8", TERM_KEY_F8}, {"kf9", TERM_KEY_F9}, {"kf10", TERM_KEY_F10}, {"kf11", TERM_KEY_F11}, {"kf12", TERM_KEY_F12},
};

/* ---- output ---------------------------------------------------------------------------------------------------- */

/* Brings the frame under way on its way. */
static void send_frame(struct term *t)
{
	if (t->frame.failed)
		paint_forget(&t->paint, true);
	else
		outq_add(t->out, t->frame.data, t->frame.len);
	if (t->frame.room > FRAME_KEEP)
		buf_release(&t->frame);
	buf_clear(&t->frame);
}

static void set_modes(struct term *t, bool on)
{
	if (t->pastes && on)
		outq_text(t->out, PASTE_ON);
	if (t->mouse)
		outq_text(t->out, on ? MOUSE_ON : MOUSE_OFF);
	if (t->pastes && !on)
		outq_text(t->out, PASTE_OFF);
}

/* Onto a screen of our own, as full-screen programs do. */
static void enter(struct term *t)
{
	static const char *const names[] = {"smcup", "smam", "smkx", "civis"};

	set_modes(t, true);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		caps_add(&t->frame, names[i]);
	t->cursor_on = false;
	paint_forget(&t->paint, true);
	send_frame(t);
}

/* Off it, with all of it sent, unless the terminal does not take it in time. */
static void leave(struct term *t)
{
	static const char *const names[] = {"rmkx", "cnorm", "rmcup"};

	set_modes(t, false);
	paint_plain(&t->paint, &t->frame);
	paint_forget(&t->paint, false);
	paint_move(&t->paint, 0, t->height - 1, &t->frame);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		caps_add(&t->frame, names[i]);
	buf_addc(&t->frame, '\r');
	send_frame(t);
	outq_flush(t->out, CLOSE_WAIT_MS);
	tcsetattr(t->fd, TCSANOW, &t->saved);
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static int open_tty(void)
{
	char name[256];
	int fd = -1;

	if (!isatty(STDOUT_FILENO))
		return -1;
	if (ttyname_r(STDOUT_FILENO, name, sizeof(name)) == 0)
		fd = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	return fd >= 0 ? fd : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
}

/* Keys one by one, none of them a signal, nothing translated. */
static void make_raw(struct term *t)
{
	t->raw = t->saved;
	t->raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	t->raw.c_oflag &= ~(tcflag_t)ONLCR;
	t->raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	t->raw.c_cc[VMIN] = 1;
	t->raw.c_cc[VTIME] = 0;
	tcsetattr(t->fd, TCSANOW, &t->raw);
}

static void set_size(struct term *t)
{
	struct winsize ws = {.ws_row = 0};
	int width, height;

	if (ioctl(t->fd, TIOCGWINSZ, &ws) != 0)
		ws.ws_row = ws.ws_col = 0;
	width = ws.ws_col ? ws.ws_col : 80; /* a line that does not know says 0 */
	height = ws.ws_row ? ws.ws_row : 24;
	t->width = width > SIDE_MAX ? SIDE_MAX : width;
	t->height = height > SIDE_MAX ? SIDE_MAX : height;
	paint_resize(&t->paint, t->width, t->height);
}

int term_open(struct term **out, const struct term_conf *conf, struct err *why)
{
	struct term *t = mem_alloc(sizeof(*t));
	int rc;

	setlocale(LC_CTYPE, "");
	buf_init(&t->frame, FRAME_MAX);
	t->fd = open_tty();
	t->ascii = t->paint.ascii = conf->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	input_init(&t->input, strcmp(nl_langinfo(CODESET), "UTF-8") == 0);
	if (t->fd < 0 || tcgetattr(t->fd, &t->saved) != 0)
		rc = err_set(why, ERR_UNSUPPORTED, "standard output is not a terminal; use -b");
	else
		rc = caps_open(&t->paint.caps, t->fd, why);
	if (rc < 0) {
		term_close(t);
		return rc;
	}
	t->out = outq_new(t->fd);
	make_raw(t);
	t->paint.looks.has_default = t->paint.caps.op != NULL;
	t->paint.looks.barred = t->paint.caps.barred;
	term_look_start(&t->paint.looks, t->paint.caps.colours, conf->colours);
	set_size(t);
	for (size_t i = 0; i < ARRAY_LEN(caps); i++)
		input_add_cap(&t->input, caps_text(caps[i].name), caps[i].key);
	t->modes = caps_text("kmous") != NULL; /* of the family of xterm, which knows these modes */
	t->mouse = t->modes && conf->mouse;
	t->pastes = t->modes || t->paint.caps.ansi; /* who does not know the mode passes over it */
	t->input.bursts = !t->modes;
	enter(t);
	*out = t;
	return 0;
}

void term_close(struct term *t)
{
	if (!t)
		return;
	if (t->out && !t->suspended)
		leave(t);
	caps_close(&t->paint.caps);
	outq_free(t->out);
	if (t->fd >= 0)
		close(t->fd);
	input_release(&t->input);
	paint_release(&t->paint);
	buf_release(&t->frame);
	free(t);
}

/* ---- state ------------------------------------------------------------------------------------------------------ */

void term_size(const struct term *t, int *width, int *height)
{
	*width = t->width;
	*height = t->height;
}

bool term_ascii(const struct term *t)
{
	return t->ascii;
}

void term_resized(struct term *t)
{
	set_size(t);
}

int term_fd(const struct term *t)
{
	return t->fd;
}

/* Another job of the shell has the terminal: the guard alone was stopped. No controlling terminal: nobody takes it away. */
static bool in_background(const struct term *t)
{
	pid_t front = tcgetpgrp(t->fd);

	return front >= 0 && front != getpgrp();
}

bool term_writable(const struct term *t)
{
	struct pollfd p = {.fd = t->fd, .events = POLLOUT};
	int waiting = 0;

	if (in_background(t))
		return false;
	if (!outq_flush(t->out, 0) || poll(&p, 1, 0) <= 0 || !(p.revents & POLLOUT))
		return false;
	return ioctl(t->fd, TIOCOUTQ, &waiting) != 0 || waiting < 2048;
}

void term_suspend(struct term *t)
{
	if (t->suspended)
		return;
	leave(t);
	t->suspended = true;
}

void term_resume(struct term *t)
{
	if (!t->suspended)
		return;
	t->suspended = false;
	tcgetattr(t->fd, &t->saved); /* the shell may have changed it meanwhile */
	make_raw(t);
	enter(t);
}

void term_reenter(struct term *t)
{
	if (t->suspended)
		return;
	make_raw(t);
	enter(t);
}

void term_repaint(struct term *t)
{
	paint_forget(&t->paint, true);
}

void term_restore_text(const struct term *t, struct buf *out)
{
	static const char *const names[] = {"sgr0", "op", "rmacs", "rmir", "rmkx", "cnorm", "rmcup"};

	if (t->mouse)
		buf_adds(out, MOUSE_OFF);
	if (t->pastes)
		buf_adds(out, PASTE_OFF);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		caps_add(out, names[i]);
}

void term_copy(struct term *t, struct str text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct buf out = BUF_INIT(COPY_MAX * 2);
	size_t len = text.len < COPY_MAX ? text.len : COPY_MAX;

	while (len < text.len && len > 0 && ((unsigned char)text.at[len] & 0xc0) == 0x80)
		len--;
	buf_adds(&out, "\x1b]52;c;");
	for (size_t i = 0; i < len; i += 3) {
		uint32_t three = (uint32_t)(unsigned char)text.at[i] << 16;

		if (i + 1 < len)
			three |= (uint32_t)(unsigned char)text.at[i + 1] << 8;
		if (i + 2 < len)
			three |= (unsigned char)text.at[i + 2];
		buf_addc(&out, digits[three >> 18]);
		buf_addc(&out, digits[three >> 12 & 63]);
		buf_addc(&out, i + 1 < len ? digits[three >> 6 & 63] : '=');
		buf_addc(&out, i + 2 < len ? digits[three & 63] : '=');
	}
	buf_addc(&out, '\x07');
	if (t->modes && !out.failed)
		outq_add(t->out, out.data, out.len);
	outq_flush(t->out, 0);
	buf_release(&out);
}

void term_set_theme(struct term *t, const struct theme *theme)
{
	term_look_theme(&t->paint.looks, theme);
	paint_forget(&t->paint, true);
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

static void place_cursor(struct term *t, const struct canvas *c)
{
	bool on = c->cursor_x >= 0 && c->cursor_y >= 0 && c->cursor_x < t->width && c->cursor_y < t->height;

	if (on)
		paint_move(&t->paint, c->cursor_x, c->cursor_y, &t->frame);
	if (on != t->cursor_on)
		caps_add(&t->frame, on ? "cnorm" : "civis");
	t->cursor_on = on;
}

void term_draw(struct term *t, const struct canvas *c)
{
	if (t->suspended)
		return;
	paint_canvas(&t->paint, c, &t->frame);
	place_cursor(t, c);
	send_frame(t);
	outq_flush(t->out, LINE_WAIT_MS);
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

/* Reads what there is. False when nothing came. */
static bool read_more(struct term *t)
{
	struct pollfd p = {.fd = t->fd, .events = POLLIN};
	unsigned char block[1024];
	size_t room = input_room(&t->input);
	struct clock now;
	ssize_t n;

	if (room == 0 || poll(&p, 1, 0) <= 0)
		return false;
	n = read(t->fd, block, room < sizeof(block) ? room : sizeof(block));
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		t->gone = true;
	if (n <= 0)
		return false;
	clock_read(&now);
	input_feed(&t->input, block, (size_t)n, now.mono_ns);
	t->late = false;
	return true;
}

bool term_read(struct term *t, struct term_event *out)
{
	enum input_state state;

	do {
		state = input_next(&t->input, t->late, out);
		if (state == INPUT_EVENT)
			return true;
	} while (read_more(t));
	t->half = state == INPUT_PART && !t->late && !t->input.in_paste;
	t->late = false;
	if (!t->gone)
		return false;
	*out = (struct term_event){.key = -1};
	t->gone = false; /* said once a call; the next read says it again */
	return true;
}

bool term_half(const struct term *t)
{
	return t->half;
}

void term_late(struct term *t)
{
	t->late = !read_more(t); /* what follows may be here, and only not read yet */
}
