/* SPDX-License-Identifier: PostgreSQL */
#include "ui/prompt.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/mem.h"
#include "core/utf8.h"
#include "ui/term.h"
#include "ui/text.h"

void prompt_release(struct prompt *p)
{
	for (int kind = 0; kind < PROMPT_COUNT_; kind++)
		for (int i = 0; i < PROMPT_HISTORY; i++)
			free(p->history[kind][i]);
	*p = (struct prompt){0};
}

static void set_text(struct prompt *p, const char *text)
{
	size_t len = text_head(str_from(text), PROMPT_MAX - 1).len;

	memcpy(p->text, text, len);
	p->text[len] = '\0';
	p->len = p->at = len;
	p->error[0] = '\0';
}

void prompt_open(struct prompt *p, enum prompt_kind kind, const char *text)
{
	p->kind = kind;
	p->recall = -1;
	p->typed[0] = '\0';
	set_text(p, text ? text : "");
}

void prompt_close(struct prompt *p)
{
	p->kind = PROMPT_NONE;
	p->error[0] = '\0';
}

bool prompt_insert(struct prompt *p, struct str text)
{
	text = text_head(text, PROMPT_MAX - 1 - p->len);
	if (text.len == 0)
		return false;
	memmove(p->text + p->at + text.len, p->text + p->at, p->len - p->at + 1);
	memcpy(p->text + p->at, text.at, text.len);
	p->len += text.len;
	p->at += text.len;
	p->error[0] = '\0';
	return true;
}

static void cut(struct prompt *p, size_t from, size_t to)
{
	memmove(p->text + from, p->text + to, p->len - to + 1);
	p->len -= to - from;
	p->at = from;
	p->error[0] = '\0';
}

void prompt_replace(struct prompt *p, size_t start, struct str text)
{
	if (start > p->at)
		return;
	cut(p, start, p->at);
	prompt_insert(p, text);
}

/* One character with its combining marks back or on from the cursor. */
static size_t step(const struct prompt *p, int direction)
{
	size_t at = p->at, n;

	if (direction > 0) {
		for (size_t i = at; i < p->len; i += n) {
			uint32_t cp = utf8_decode(p->text + i, p->len - i, &n);

			if (i > at && utf8_width(cp) > 0)
				return i;
		}
		return p->len;
	}
	while (at > 0) {
		uint32_t cp;

		at--;
		while (at > 0 && ((unsigned char)p->text[at] & 0xc0) == 0x80)
			at--;
		cp = utf8_decode(p->text + at, p->len - at, &n);
		if (utf8_width(cp) > 0)
			break;
	}
	return at;
}

static size_t word_back(const struct prompt *p)
{
	size_t at = p->at;

	while (at > 0 && p->text[at - 1] == ' ')
		at--;
	while (at > 0 && p->text[at - 1] != ' ')
		at--;
	return at;
}

static void remember(struct prompt *p)
{
	char **list = p->history[p->kind];
	int last = PROMPT_HISTORY - 1;

	if (p->len == 0)
		return;
	for (int i = 0; i < PROMPT_HISTORY; i++)
		if (list[i] && strcmp(list[i], p->text) == 0)
			last = i;
	free(list[last]);
	memmove(list + 1, list, (size_t)last * sizeof(*list));
	list[0] = mem_strdup(p->text);
}

static enum prompt_did recall(struct prompt *p, int by)
{
	int to = p->recall + by;

	if (to < -1 || to >= PROMPT_HISTORY || (to >= 0 && !p->history[p->kind][to]))
		return PROMPT_NOTHING;
	if (p->recall == -1)
		snprintf(p->typed, sizeof(p->typed), "%s", p->text);
	p->recall = to;
	set_text(p, to < 0 ? p->typed : p->history[p->kind][to]);
	return PROMPT_CHANGED;
}

static enum prompt_did move(struct prompt *p, size_t to)
{
	p->at = to;
	return PROMPT_MOVED;
}

static enum prompt_did erase(struct prompt *p, size_t from, size_t to)
{
	if (from == to)
		return PROMPT_NOTHING;
	cut(p, from, to);
	return PROMPT_CHANGED;
}

/* Keys that edit; PROMPT_NOTHING for those that are none. */
static enum prompt_did edit(struct prompt *p, int key)
{
	switch (key) {
	case TERM_KEY_LEFT:
	case 'B' & 31:
		return move(p, step(p, -1));
	case TERM_KEY_RIGHT:
	case 'F' & 31:
		return move(p, step(p, 1));
	case TERM_KEY_HOME:
	case 'A' & 31:
		return move(p, 0);
	case TERM_KEY_END:
	case 'E' & 31:
		return move(p, p->len);
	case TERM_KEY_BACKSPACE:
		return erase(p, step(p, -1), p->at);
	case TERM_KEY_DELETE:
	case 'D' & 31:
		return erase(p, p->at, step(p, 1));
	case 'U' & 31:
		return erase(p, 0, p->at);
	case 'K' & 31:
		return erase(p, p->at, p->len);
	case 'W' & 31:
		return erase(p, word_back(p), p->at);
	case TERM_KEY_UP:
	case 'P' & 31:
		return recall(p, 1);
	case TERM_KEY_DOWN:
	case 'N' & 31:
		return recall(p, -1);
	default:
		return PROMPT_NOTHING;
	}
}

enum prompt_did prompt_type(struct prompt *p, int key)
{
	char bytes[4];
	size_t n;

	switch (key) {
	case TERM_KEY_ENTER:
		remember(p);
		return PROMPT_DONE;
	case TERM_KEY_ESC:
		return PROMPT_CANCELLED;
	case '\t':
		return PROMPT_COMPLETE;
	default:
		break;
	}
	if (key < ' ' || key >= TERM_KEY_UP)
		return edit(p, key);
	if ((key >= 0x7f && key < 0xa0) || (key >= 0xd800 && key < 0xe000) ||
	    (utf8_width((uint32_t)key) == 0 && !utf8_is_mark((uint32_t)key)))
		return PROMPT_NOTHING; /* what shows nothing cannot be typed: nobody would see it */
	n = utf8_encode((uint32_t)key, bytes);
	return prompt_insert(p, (struct str){bytes, n}) ? PROMPT_CHANGED : PROMPT_NOTHING;
}

const char *prompt_sign(const struct prompt *p)
{
	static const char *const sign[PROMPT_COUNT_] = {
		[PROMPT_NONE] = "",
		[PROMPT_SEARCH] = "/",
		[PROMPT_FILTER] = "filter: ",
		[PROMPT_COMMAND] = ":",
		[PROMPT_DELAY] = "seconds between samples: ",
		[PROMPT_BRANCH] = "go to (14:05, 14:05:30, -5m): ",
	};

	return p->kind == PROMPT_LINE ? p->label : sign[p->kind];
}
