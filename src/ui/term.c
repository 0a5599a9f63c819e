/* SPDX-License-Identifier: PostgreSQL */
/*
 * curses never writes to the terminal itself: its descriptor leads to a file in memory, whose contents go out through a queue
 * without blocking. curses would wait for a terminal that reads slowly, and turn in a circle on one that does not block.
 */
#include "ui/term.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "core/clock.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "ui/input.h"
#include "ui/outq.h"
#include "ui/term_look.h"

enum {
	ESC_WAIT_MS = 25,   /* after a lone ESC: is it a key or the begin of a sequence */
	LINE_WAIT_MS = 10,  /* what a frame may wait for the terminal to take its rest */
	CLOSE_WAIT_MS = 250,
	COPY_MAX = 64 * 1024,
	SIDE_MAX = 1000,    /* columns or rows; beyond lies only nonsense */
	SINK_KEEP = 256 * 1024,
};

/* Mouse presses and wheel, in decimal form; bracketed paste. terminfo has no common names for them. */
#define MOUSE_ON "\x1b[?1000h\x1b[?1006h"
#define MOUSE_OFF "\x1b[?1006l\x1b[?1000l"
#define PASTE_ON "\x1b[?2004h"
#define PASTE_OFF "\x1b[?2004l"

struct term {
	SCREEN *screen;
	FILE *curses_out; /* leads to sink once curses has seen the terminal */
	int fd;           /* the terminal; a description of its own where possible, so that O_NONBLOCK stays ours */
	int sink;         /* what curses wrote last */
	struct outq *out;
	struct termios saved, raw;
	int width, height;
	bool ascii, modes, mouse, suspended;
	bool all;         /* the next frame draws every cell */
	bool cursor_on;
	bool resized;     /* a TERM_KEY_RESIZE is due */
	bool gone;
	struct canvas_cell *last; /* what curses was told, width * height */
	cchar_t *row;
	struct term_looks looks;
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

/* A capability as text; NULL when the terminal has none (terminfo says NULL or -1). */
static const char *cap_text(const char *name)
{
	char copy[16];
	char *text;

	strncpy(copy, name, sizeof(copy) - 1)[sizeof(copy) - 1] = '\0'; /* tigetstr() takes no const in old curses */
	text = tigetstr(copy);
	return text && text != (char *)-1 && *text ? text : NULL;
}

/* ---- output ---------------------------------------------------------------------------------------------------- */

/* Takes what curses wrote since the last time into the queue. */
static void drain(struct term *t)
{
	off_t size = lseek(t->sink, 0, SEEK_CUR), at = 0;
	char block[16384];

	while (at < size) {
		size_t left = (size_t)(size - at);
		ssize_t n = pread(t->sink, block, left < sizeof(block) ? left : sizeof(block), at);

		if (n <= 0)
			break;
		outq_add(t->out, block, (size_t)n);
		at += n;
	}
	if (size > 0)
		lseek(t->sink, 0, SEEK_SET);
	if (size > SINK_KEEP && ftruncate(t->sink, 0) != 0)
		t->all = true; /* nothing lost; only memory kept */
}

static void set_modes(struct term *t, bool on)
{
	if (t->modes && on)
		outq_text(t->out, PASTE_ON);
	if (t->mouse)
		outq_text(t->out, on ? MOUSE_ON : MOUSE_OFF);
	if (t->modes && !on)
		outq_text(t->out, PASTE_OFF);
}

/* Out of curses' mode, with all of it sent, unless the terminal does not take it in time. */
static void leave(struct term *t)
{
	curs_set(1);
	endwin();
	set_modes(t, false);
	drain(t);
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

/* newterm() takes some signals for itself; the loop watches them. */
static SCREEN *newterm_without_signals(FILE *out)
{
	static const int taken[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
	struct sigaction before[ARRAY_LEN(taken)];
	SCREEN *screen;

	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		sigaction(taken[i], NULL, &before[i]);
	screen = newterm(NULL, out, stdin);
	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		sigaction(taken[i], &before[i], NULL);
	return screen;
}

static int open_curses(struct term *t, struct err *why)
{
	const char *name = getenv("TERM");
	int fd = fcntl(t->fd, F_DUPFD_CLOEXEC, 3);

	if (!name || !*name) {
		if (fd >= 0)
			close(fd);
		return err_set(why, ERR_UNSUPPORTED, "TERM is not set, so the terminal's abilities are unknown; set it, or use -b");
	}
	t->curses_out = fd >= 0 ? fdopen(fd, "w") : NULL;
	t->sink = memfd_create("dytop-screen", MFD_CLOEXEC);
	if (!t->curses_out || t->sink < 0) {
		if (!t->curses_out && fd >= 0)
			close(fd);
		return err_set(why, ERR_IO, "cannot open the terminal: %s", strerror(errno));
	}
	t->screen = newterm_without_signals(t->curses_out);
	if (!t->screen)
		return err_set(why, ERR_UNSUPPORTED, "terminal type \"%s\" (TERM) is unknown here; set TERM, or use -b", name);
	if (dup2(t->sink, fileno(t->curses_out)) < 0)
		return err_set(why, ERR_IO, "cannot redirect the screen: %s", strerror(errno));
	if (!cap_text("cup"))
		return err_set(why, ERR_UNSUPPORTED, "terminal type \"%s\" (TERM) cannot position its cursor; use -b", name);
	return 0;
}

static void set_up_curses(void)
{
	typeahead(-1); /* a frame is not put off because keys wait: they were read before it */
	nonl();
	keypad(stdscr, TRUE); /* keys as terminfo names them */
	leaveok(stdscr, TRUE);
	curs_set(0);
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
	if (LINES != t->height || COLS != t->width)
		resizeterm(t->height, t->width);
	free(t->last);
	free(t->row);
	t->last = mem_calloc((size_t)t->width * (size_t)t->height, sizeof(*t->last));
	t->row = mem_calloc((size_t)t->width, sizeof(*t->row));
	t->all = true;
}

int term_open(struct term **out, const struct term_conf *conf, struct err *why)
{
	struct term *t = mem_alloc(sizeof(*t));
	int rc;

	setlocale(LC_CTYPE, "");
	t->sink = -1;
	t->fd = open_tty();
	t->ascii = conf->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	input_init(&t->input, strcmp(nl_langinfo(CODESET), "UTF-8") == 0);
	if (t->fd < 0 || tcgetattr(t->fd, &t->saved) != 0)
		rc = err_set(why, ERR_UNSUPPORTED, "standard output is not a terminal; use -b");
	else
		rc = open_curses(t, why);
	if (rc < 0) {
		if (t->screen)
			tcsetattr(t->fd, TCSANOW, &t->saved); /* newterm() changed it */
		term_close(t);
		return rc;
	}
	t->out = outq_new(t->fd);
	make_raw(t);
	set_up_curses();
	term_look_start(&t->looks, conf->colours);
	set_size(t);
	for (size_t i = 0; i < ARRAY_LEN(caps); i++)
		input_add_cap(&t->input, cap_text(caps[i].name), caps[i].key);
	t->modes = cap_text("kmous") != NULL; /* of the family of xterm, which knows these modes */
	t->mouse = t->modes && conf->mouse;
	set_modes(t, true);
	*out = t;
	return 0;
}

void term_close(struct term *t)
{
	if (!t)
		return;
	if (t->out && !t->suspended)
		leave(t);
	if (t->screen)
		delscreen(t->screen);
	if (t->curses_out)
		fclose(t->curses_out);
	if (t->sink >= 0)
		close(t->sink);
	outq_free(t->out);
	if (t->fd >= 0)
		close(t->fd);
	input_release(&t->input);
	free(t->last);
	free(t->row);
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

bool term_writable(const struct term *t)
{
	struct pollfd p = {.fd = t->fd, .events = POLLOUT};
	int waiting = 0;

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
	set_modes(t, true);
	keypad(stdscr, TRUE);
	curs_set(0);
	t->cursor_on = false;
	term_repaint(t);
}

void term_repaint(struct term *t)
{
	clearok(curscr, TRUE);
	t->all = true;
}

/* Appends a capability without its padding, which only terminals with wheels need. */
static void add_cap(struct buf *out, const char *name)
{
	const char *at = cap_text(name);

	while (at && *at) {
		const char *pad = strstr(at, "$<");
		const char *end = pad ? strchr(pad, '>') : NULL;

		if (!end) {
			buf_adds(out, at);
			return;
		}
		buf_add(out, at, (size_t)(pad - at));
		at = end + 1;
	}
}

void term_restore_text(const struct term *t, struct buf *out)
{
	static const char *const names[] = {"sgr0", "op", "rmacs", "rmir", "rmkx", "cnorm", "rmcup"};

	if (t->mouse)
		buf_adds(out, MOUSE_OFF);
	if (t->modes)
		buf_adds(out, PASTE_OFF);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		add_cap(out, names[i]);
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
	term_look_theme(&t->looks, theme);
	t->all = true;
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

/* One cell for curses. What curses would measure otherwise than the canvas (its tables are the locale's, ours utf8proc's) becomes
 * question marks, or the row would shift. Returns how many went into out: 1, or 2 for a wide one that cannot be shown. */
static int put_cell(struct term *t, cchar_t *out, const struct canvas_cell *cell, bool wide)
{
	const struct term_look *look = term_look_get(&t->looks, cell->slot, cell->flags);
	wchar_t text[2 + ARRAY_LEN(cell->mark)] = {(wchar_t)cell->cp};
	size_t n = 1;
	bool plain = cell->cp >= 0x20 && cell->cp < 0x7f;

	if (!plain && (t->ascii || wcwidth((wchar_t)cell->cp) != 1 + wide))
		text[0] = L'?';
	for (size_t i = 0; i < ARRAY_LEN(cell->mark) && cell->mark[i] && !t->ascii; i++)
		if (wcwidth((wchar_t)cell->mark[i]) == 0)
			text[n++] = (wchar_t)cell->mark[i];
	setcchar(out, text, look->attrs, look->pair, NULL);
	if (!wide || text[0] != L'?')
		return 1;
	out[1] = out[0];
	return 2;
}

/* Tells curses what changed in a row. False when nothing did. */
static bool draw_row(struct term *t, const struct canvas *c, int y)
{
	const struct canvas_cell *now = c->cell + (size_t)y * (size_t)c->width;
	struct canvas_cell *last = t->last + (size_t)y * (size_t)t->width;
	int width = c->width < t->width ? c->width : t->width;
	int from = 0, to = width, count = 0;

	if (!t->all) {
		if (memcmp(now, last, (size_t)width * sizeof(*now)) == 0)
			return false;
		while (memcmp(&now[from], &last[from], sizeof(*now)) == 0)
			from++;
		while (memcmp(&now[to - 1], &last[to - 1], sizeof(*now)) == 0)
			to--;
	}
	while (from > 0 && now[from].cp == 0)
		from--;
	for (int x = from; x < to; x++) {
		bool wide = x + 1 < c->width && now[x + 1].cp == 0;
		struct canvas_cell cell = now[x];

		if (cell.cp == 0)
			continue;
		if (wide && x + 1 >= width) { /* the canvas is wider than the terminal */
			cell.cp = ' ';
			wide = false;
		}
		count += put_cell(t, &t->row[count], &cell, wide);
	}
	mvwadd_wchnstr(stdscr, y, from, t->row, count);
	memcpy(last, now, (size_t)width * sizeof(*now));
	return true;
}

/* True when the cursor moves, appears or goes. */
static bool place_cursor(struct term *t, const struct canvas *c)
{
	bool on = c->cursor_x >= 0 && c->cursor_y >= 0 && c->cursor_x < t->width && c->cursor_y < t->height;
	bool changed = on != t->cursor_on;

	if (changed) {
		curs_set(on);
		leaveok(stdscr, !on);
		t->cursor_on = on;
	}
	if (!on)
		return changed;
	changed |= getcurx(stdscr) != c->cursor_x || getcury(stdscr) != c->cursor_y;
	wmove(stdscr, c->cursor_y, c->cursor_x);
	return changed;
}

/* Draws every `step`th row from the first on and lets curses write. */
static void draw_rows(struct term *t, const struct canvas *c, int first, int step)
{
	int height = c->height < t->height ? c->height : t->height;
	bool changed = t->all;

	for (int y = first; y < height; y += step)
		changed |= draw_row(t, c, y);
	if (!changed)
		return;
	wnoutrefresh(stdscr);
	doupdate();
}

void term_draw(struct term *t, const struct canvas *c)
{
	if (t->suspended)
		return;
	if (t->all) {
		werase(stdscr);
		draw_rows(t, c, 0, 1);
		t->all = false;
	} else {
		/* In two goes, because curses looks for three rows and more that moved together, and scrolls them: that tears, and not
		 * every terminal that calls itself xterm can do it. There is no other way to stop it. */
		draw_rows(t, c, 0, 2);
		draw_rows(t, c, 1, 2);
	}
	if (place_cursor(t, c)) {
		wnoutrefresh(stdscr);
		doupdate();
	}
	drain(t);
	outq_flush(t->out, LINE_WAIT_MS);
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

/* Reads what there is, waiting at most wait_ms. False when nothing came. */
static bool read_more(struct term *t, int wait_ms)
{
	struct pollfd p = {.fd = t->fd, .events = POLLIN};
	unsigned char block[1024];
	size_t room = input_room(&t->input);
	struct clock now;
	ssize_t n;

	if (room == 0 || poll(&p, 1, wait_ms) <= 0)
		return false;
	n = read(t->fd, block, room < sizeof(block) ? room : sizeof(block));
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		t->gone = true;
	if (n <= 0)
		return false;
	clock_read(&now);
	input_feed(&t->input, block, (size_t)n, now.mono_ns);
	return true;
}

bool term_read(struct term *t, struct term_event *out)
{
	bool waited = false;

	for (;;) {
		enum input_state state = input_next(&t->input, waited, out);

		if (state == INPUT_EVENT)
			return true;
		if (read_more(t, state == INPUT_PART && !waited && !t->input.in_paste ? ESC_WAIT_MS : 0)) {
			waited = false;
			continue;
		}
		if (t->gone) {
			*out = (struct term_event){.key = -1};
			t->gone = false; /* said once a call; the next read says it again */
			return true;
		}
		if (state == INPUT_EMPTY || waited)
			return false;
		waited = true;
	}
}
