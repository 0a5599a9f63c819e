/* SPDX-License-Identifier: PostgreSQL */
#include "ui/input.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/utf8.h"

enum {
	ESC = 0x1b,
	CSI_MAX = 64, /* no sequence that means something is longer */
	PARAMS_MAX = 4,
};

static const char paste_end[] = "\x1b[201~";

struct csi {
	int param[PARAMS_MAX];
	int params;
	unsigned char private; /* '<', '?', '>', '=' or 0 */
	unsigned char final;
};

void input_init(struct input *in, bool utf8)
{
	memset(in, 0, sizeof(*in));
	in->utf8 = utf8;
	buf_init(&in->paste, INPUT_PASTE_MAX);
}

void input_release(struct input *in)
{
	buf_release(&in->paste);
}

void input_add_cap(struct input *in, const char *bytes, int key)
{
	size_t len = bytes ? strlen(bytes) : 0;

	if (len < 2 || len > sizeof(in->cap[0].bytes) || bytes[0] != ESC || in->caps == INPUT_CAPS_MAX)
		return;
	memcpy(in->cap[in->caps].bytes, bytes, len);
	in->cap[in->caps].len = (uint8_t)len;
	in->cap[in->caps].key = key;
	in->caps++;
}

size_t input_room(const struct input *in)
{
	return INPUT_HELD_MAX - (in->len - in->at);
}

/* Keys of more than one byte begin with ESC; so does everything that a terminal answers. */
static bool is_burst(const struct input *in, const unsigned char *p, size_t len, int64_t now_ns)
{
	bool goes_on = in->burst_ns && now_ns - in->burst_ns < INPUT_BURST_MS * CLOCK_MS_NS, alike = true;

	if (!in->bursts || in->in_paste || in->in_string || in->at < in->len || (len < INPUT_BURST_MIN && !goes_on))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (p[i] == 0x7f || (p[i] < ' ' && p[i] != '\t' && p[i] != '\r' && p[i] != '\n'))
			return false;
		alike = alike && p[i] == p[0];
	}
	return goes_on || !alike;
}

void input_feed(struct input *in, const void *bytes, size_t len, int64_t now_ns)
{
	bool stale = now_ns - in->last_ns > INPUT_STALE_MS * CLOCK_MS_NS;

	if (stale && !in->in_paste) {
		in->at = in->len;
		in->in_string = false;
	}
	in->last_ns = now_ns;
	if (is_burst(in, bytes, len, now_ns)) {
		if (!in->burst)
			buf_clear(&in->paste);
		buf_add(&in->paste, bytes, len);
		in->burst = true;
		in->burst_ns = now_ns;
		return;
	}
	if (in->in_paste && len == 1 && *(const unsigned char *)bytes == 3) {
		/* ^C by hand: the end of this paste got lost; without a way out no key would work any more. */
		in->in_paste = false;
		buf_clear(&in->paste);
		in->at = in->len;
		return;
	}
	memmove(in->held, in->held + in->at, in->len - in->at);
	in->len -= in->at;
	in->at = 0;
	if (len > INPUT_HELD_MAX - in->len)
		len = INPUT_HELD_MAX - in->len;
	memcpy(in->held + in->len, bytes, len);
	in->len += len;
}

static int plain_key(unsigned char byte)
{
	switch (byte) {
	case '\r':
	case '\n': return TERM_KEY_ENTER;
	case 0x08:
	case 0x7f: return TERM_KEY_BACKSPACE;
	default: return byte;
	}
}

static int letter_key(unsigned char letter)
{
	switch (letter) {
	case 'A': return TERM_KEY_UP;
	case 'B': return TERM_KEY_DOWN;
	case 'C': return TERM_KEY_RIGHT;
	case 'D': return TERM_KEY_LEFT;
	case 'H': return TERM_KEY_HOME;
	case 'F': return TERM_KEY_END;
	case 'P': return TERM_KEY_F1;
	case 'Q': return TERM_KEY_F2;
	case 'S': return TERM_KEY_F4;
	case 'Z': return TERM_KEY_BACKTAB;
	default: return TERM_KEY_NONE;
	}
}

static int tilde_key(int number)
{
	static const int keys[] = {
		[1] = TERM_KEY_HOME, [3] = TERM_KEY_DELETE, [4] = TERM_KEY_END, [5] = TERM_KEY_PGUP, [6] = TERM_KEY_PGDN,
		[7] = TERM_KEY_HOME, [8] = TERM_KEY_END, [11] = TERM_KEY_F1, [12] = TERM_KEY_F2, [13] = TERM_KEY_F3,
		[14] = TERM_KEY_F4, [15] = TERM_KEY_F5, [17] = TERM_KEY_F6, [18] = TERM_KEY_F7, [19] = TERM_KEY_F8,
		[20] = TERM_KEY_F9, [21] = TERM_KEY_F10, [23] = TERM_KEY_F11, [24] = TERM_KEY_F12,
	};

	return number > 0 && number < (int)ARRAY_LEN(keys) ? keys[number] : TERM_KEY_NONE;
}

/* ESC O x: function keys, arrows in application mode, the numeric keypad. */
static int ss3_key(unsigned char x)
{
	if (x == 'R')
		return TERM_KEY_F3;
	if (x == 'M')
		return TERM_KEY_ENTER;
	if (x >= 'j' && x <= 'y')
		return (unsigned char)"*+,-./0123456789"[x - 'j'];
	return letter_key(x);
}

/* Presses and wheel steps; releases and movements are no events. code: xterm's button byte without its offset. */
static void mouse_event(int code, int x, int y, bool press, struct term_event *out)
{
	bool wheel = (code & 64) != 0;

	if (!press || code & 32 || code & 128 || x < 1 || y < 1 || (wheel ? (code & 3) > 1 : (code & 3) == 3))
		return;
	out->key = TERM_KEY_MOUSE;
	out->x = x - 1;
	out->y = y - 1;
	if (wheel)
		out->wheel = (code & 3) == 0 ? -1 : 1;
	else
		out->button = (code & 3) + 1;
}

static void csi_event(struct input *in, const struct csi *s, struct term_event *out)
{
	if (s->private == '<' && (s->final == 'M' || s->final == 'm')) {
		if (s->params == 3)
			mouse_event(s->param[0], s->param[1], s->param[2], s->final == 'M', out);
	} else if (s->private) {
		return;
	} else if (s->final == '~' && s->params && s->param[0] == 200) {
		in->in_paste = true;
		buf_clear(&in->paste);
	} else if (s->final == '~') {
		out->key = s->params ? tilde_key(s->param[0]) : TERM_KEY_NONE;
	} else {
		out->key = letter_key(s->final);
	}
}

/* Reads the numbers; anything else in their place makes a sequence that means nothing. */
static void csi_params(const unsigned char *p, size_t len, struct csi *s)
{
	size_t i = 0;

	if (len && p[0] >= '<' && p[0] <= '?')
		s->private = p[i++];
	for (; i < len; i++) {
		if (p[i] >= '0' && p[i] <= '9') {
			int *n;

			if (s->params == 0)
				s->params = 1;
			n = &s->param[s->params - 1];
			*n = *n < 100000 ? *n * 10 + (p[i] - '0') : *n;
		} else if (p[i] == ';' && s->params < PARAMS_MAX) {
			s->params += s->params ? 1 : 2;
		} else {
			s->private = 1;
			return;
		}
	}
}

/* p begins with ESC [. Returns the bytes taken, 0 when more must come. */
static size_t take_csi(struct input *in, const unsigned char *p, size_t n, struct term_event *out)
{
	struct csi s = {.params = 0};
	size_t i = 2;

	if (n > 2 && p[2] == '[') { /* F1 to F5 of the Linux console */
		if (n > 3 && p[3] >= 'A' && p[3] <= 'E')
			out->key = TERM_KEY_F1 + (p[3] - 'A');
		return n > 3 ? 4 : 0;
	}
	if (n > 2 && p[2] == 'M') { /* the mouse of old: three bytes with an offset of 32 */
		if (n < 6)
			return 0;
		mouse_event(p[3] - 32, p[4] - 32, p[5] - 32, p[3] >= 32, out);
		return 6;
	}
	while (i < n && p[i] >= 0x20 && p[i] < 0x40)
		i++;
	if (i == n)
		return n > CSI_MAX ? n : 0;
	if (p[i] < 0x40 || p[i] > 0x7e)
		return i; /* broken off: what breaks it is taken for itself */
	s.final = p[i];
	csi_params(p + 2, i - 2, &s);
	csi_event(in, &s, out);
	return i + 1;
}

static size_t take_utf8(const struct input *in, const unsigned char *p, size_t n, bool waited, struct term_event *out)
{
	size_t need = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2, len;
	uint32_t cp;

	if (!in->utf8 || p[0] < 0xc2 || p[0] > 0xf4)
		return 1;
	if (n < need && !waited)
		return 0;
	cp = utf8_decode((const char *)p, n, &len);
	if (len > 1 && cp >= 0xa0)
		out->key = (int)cp;
	return len;
}

/* The sequence of terminfo that p begins with; 0 when there is none. */
static size_t take_cap(const struct input *in, const unsigned char *p, size_t n, struct term_event *out)
{
	for (int i = 0; i < in->caps; i++) {
		size_t len = in->cap[i].len;

		if (len > n || memcmp(p, in->cap[i].bytes, len) != 0)
			continue;
		out->key = in->cap[i].key;
		return len;
	}
	return 0;
}

static size_t take_escape(struct input *in, const unsigned char *p, size_t n, bool waited, struct term_event *out)
{
	struct term_event ignored = {.key = TERM_KEY_NONE};
	size_t len = take_cap(in, p, n, out);

	if (len)
		return len;
	if (n == 1) {
		out->key = waited ? TERM_KEY_ESC : TERM_KEY_NONE;
		return waited;
	}
	switch (p[1]) {
	case '[': return take_csi(in, p, n, out);
	case 'O':
		if (n > 2)
			out->key = ss3_key(p[2]);
		return n > 2 ? 3 : 0;
	case 'P':
	case ']':
	case 'X':
	case '^':
	case '_': in->in_string = true; return 2;
	default: break;
	}
	if (p[1] < 0x20 || p[1] == 0x7f) { /* ESC, then another key */
		out->key = TERM_KEY_ESC;
		return 1;
	}
	if (p[1] < 0x80)
		return 2; /* Alt and a character */
	len = take_utf8(in, p + 1, n - 1, waited, &ignored);
	return len ? len + 1 : 0;
}

static size_t take(struct input *in, const unsigned char *p, size_t n, bool waited, struct term_event *out)
{
	if (p[0] == ESC)
		return take_escape(in, p, n, waited, out);
	if (p[0] >= 0x80)
		return take_utf8(in, p, n, waited, out);
	out->key = plain_key(p[0]);
	return 1;
}

/* Leaves the answer of a terminal behind. False when its end has not come yet. */
static bool skip_string(struct input *in)
{
	while (in->at < in->len) {
		unsigned char byte = in->held[in->at];

		if (byte == ESC && in->at + 1 == in->len)
			return false;
		in->at++;
		if (byte == ESC || byte == 0x07 || byte == 0x18 || byte == 0x1a) {
			if (byte == ESC && in->held[in->at] == '\\')
				in->at++;
			else if (byte == ESC)
				in->at--; /* another sequence begins */
			in->in_string = false;
			return true;
		}
	}
	return false;
}

/* Collects a paste. True when its end is there. */
static bool take_paste(struct input *in, struct term_event *out)
{
	const size_t end_len = sizeof(paste_end) - 1;

	while (in->at < in->len) {
		const unsigned char *p = in->held + in->at;
		size_t left = in->len - in->at;

		if (p[0] == ESC && memcmp(p, paste_end, left < end_len ? left : end_len) == 0) {
			if (left < end_len)
				return false;
			in->at += end_len;
			in->in_paste = false;
			out->key = TERM_KEY_PASTE;
			out->text = buf_str(&in->paste);
			return true;
		}
		buf_addc(&in->paste, (char)p[0]);
		in->at++;
	}
	return false;
}

enum input_state input_next(struct input *in, bool waited, struct term_event *out)
{
	*out = (struct term_event){.key = TERM_KEY_NONE};
	if (in->burst) {
		in->burst = false;
		out->key = TERM_KEY_PASTE;
		out->text = buf_str(&in->paste);
		return INPUT_EVENT;
	}
	while (in->at < in->len) {
		size_t n;

		if (in->in_paste) {
			if (take_paste(in, out))
				return INPUT_EVENT;
			return INPUT_PART;
		}
		if (in->in_string) {
			if (!skip_string(in))
				return INPUT_PART;
			continue;
		}
		n = take(in, in->held + in->at, in->len - in->at, waited, out);
		in->at += n;
		if (n == 0)
			return INPUT_PART;
		if (out->key != TERM_KEY_NONE)
			return INPUT_EVENT;
	}
	return INPUT_EMPTY;
}
