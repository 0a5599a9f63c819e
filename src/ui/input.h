/* SPDX-License-Identifier: PostgreSQL */
/*
 * Bytes from a terminal to keys: no terminal here, so that every odd sequence can be tested. What is not known (answers of the
 * terminal, Alt keys, sequences of other terminals) is swallowed whole: no part of it fires a key.
 */
#ifndef UI_INPUT_H
#define UI_INPUT_H

#include "core/base.h"
#include "core/buf.h"
#include "ui/term.h"

enum {
	INPUT_HELD_MAX = 4096,
	INPUT_CAPS_MAX = 40,
	INPUT_PASTE_MAX = 64 * 1024, /* the rest of a longer paste is dropped */
	INPUT_STALE_MS = 500,        /* a sequence that stopped in its middle is given up then */
	INPUT_BURST_MIN = 8,         /* characters at once: nobody types so */
	INPUT_BURST_MS = 50,         /* what follows a burst so soon is the rest of it */
};

struct input {
	unsigned char held[INPUT_HELD_MAX];
	size_t at, len;       /* what is not yet taken: held[at .. len) */
	struct {
		char bytes[12];
		uint8_t len;
		int key;
	} cap[INPUT_CAPS_MAX]; /* what terminfo says beyond the usual */
	int caps;
	struct buf paste;
	bool in_paste, in_string; /* within ESC [200~ ...; within an OSC, DCS, APC, PM or SOS answer */
	bool utf8;
	bool bursts;          /* a terminal that may not mark pastes: what came in a burst is told as one */
	bool burst;           /* one is in `paste`, not told yet */
	int64_t burst_ns;     /* its last bytes came then; 0 = none yet */
	int64_t last_ns;
};

enum input_state { INPUT_EMPTY, INPUT_PART, INPUT_EVENT };

void input_init(struct input *in, bool utf8);
void input_release(struct input *in);
/* A sequence of this terminal (NULL, too long or not beginning with ESC: ignored). */
void input_add_cap(struct input *in, const char *bytes, int key);
/* How much may be fed now. */
size_t input_room(const struct input *in);
/* now_ns: monotonic; what has been incomplete for INPUT_STALE_MS is dropped first. */
void input_feed(struct input *in, const void *bytes, size_t len, int64_t now_ns);
/* The next event. INPUT_PART: there are bytes, but more must come; with `waited` (nothing came for 25 ms) a lone ESC is a key.
 * A burst is printable characters, Tabs and Enters in one piece; one key that repeats itself (a slow line, a held key) is none.
 * The text of a paste is borrowed until the next call and not cleaned. */
enum input_state input_next(struct input *in, bool waited, struct term_event *out);

#endif
