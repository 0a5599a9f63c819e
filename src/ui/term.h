/* SPDX-License-Identifier: PostgreSQL */
/*
 * The terminal: canvas in, keys out. Holds no state of the program. ui/term*.c are the only home of curses, of which nothing but
 * terminfo is used.
 */
#ifndef UI_TERM_H
#define UI_TERM_H

#include "core/buf.h"
#include "core/err.h"
#include "ui/canvas.h"
#include "ui/theme.h"

struct term;

/* Keys: characters as code points; others as TERM_KEY_*; Alt is not used. */
enum term_key {
	TERM_KEY_NONE = 0,
	TERM_KEY_UP = 0x110000, TERM_KEY_DOWN, TERM_KEY_LEFT, TERM_KEY_RIGHT, TERM_KEY_PGUP, TERM_KEY_PGDN, TERM_KEY_HOME,
	TERM_KEY_END, TERM_KEY_BACKSPACE, TERM_KEY_DELETE, TERM_KEY_BACKTAB, TERM_KEY_ESC, TERM_KEY_ENTER,
	TERM_KEY_F1, TERM_KEY_F2, TERM_KEY_F3, TERM_KEY_F4, TERM_KEY_F5, TERM_KEY_F6, TERM_KEY_F7, TERM_KEY_F8, TERM_KEY_F9,
	TERM_KEY_F10, TERM_KEY_F11, TERM_KEY_F12, TERM_KEY_RESIZE, TERM_KEY_MOUSE, TERM_KEY_PASTE /* see term_event.text */
};

enum { TERM_ESC_WAIT_MS = 25 };

struct term_event {
	int key;
	int x, y, button, wheel; /* mouse: button 1..3 or 0, wheel -1 / +1 */
	struct str text;         /* paste: what was pasted, borrowed until the next term_read() */
};

struct term_conf {
	bool ascii;      /* no characters beyond ASCII */
	int colours;     /* -1 = ask the terminal; 0, 8, 16, 256 force it */
	bool mouse;
};

/* Keys come raw (ISIG off): ^C is key 3, ^Z key 26, ^\\ key 28; signals are only those that others send. Installs no signal
 * handler: the loop watches signals.
 * Fails (ERR_UNSUPPORTED) when TERM is unset, unknown or cannot position its cursor. */
int term_open(struct term **out, const struct term_conf *conf, struct err *why) MUSTCHECK;
void term_close(struct term *t); /* restores everything; NULL and twice are accepted */
void term_size(const struct term *t, int *width, int *height);
/* True when nothing beyond ASCII may be drawn: asked for, or the locale is not UTF-8. For canvas.ascii. */
bool term_ascii(const struct term *t);
void term_resized(struct term *t);    /* after SIGWINCH: reads the new size */
void term_set_theme(struct term *t, const struct theme *theme);
void term_draw(struct term *t, const struct canvas *c); /* only what changed */
void term_repaint(struct term *t);    /* the next draw paints every cell (^L, foreign output, fg) */
/* True when the terminal can take output now, and is ours; a slow line drops frames instead of stopping the loop. */
bool term_writable(const struct term *t);
int term_fd(const struct term *t);
bool term_read(struct term *t, struct term_event *out); /* false: nothing more now; never waits. Hang-up reads as key -1 */
/* After term_read() said false: an ESC is there that is a key when nothing follows, or the begin of a longer key. The caller
 * lets TERM_ESC_WAIT_MS pass; if no input came meanwhile, term_late() says so, and term_read() gives the key. */
bool term_half(const struct term *t);
void term_late(struct term *t);
void term_suspend(struct term *t);    /* gives the screen and the modes back; the caller stops the process */
void term_resume(struct term *t);
/* Modes and screen once more, without asking what the modes were: after a stop that left no time for term_suspend(). */
void term_reenter(struct term *t);
/* The bytes that bring the terminal back from what term_open() did (terminfo's own, plus mouse and paste modes off): for the
 * guard process, which writes them when the dashboard could not. Appended to out, at most 512 bytes. */
void term_restore_text(const struct term *t, struct buf *out);
/* Puts text on the terminal's clipboard (OSC 52), base64; at most 64 KiB. */
void term_copy(struct term *t, struct str text);

#endif
