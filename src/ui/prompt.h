/* SPDX-License-Identifier: PostgreSQL */
/*
 * The line one types into: a bounded text with a cursor, and a history for each kind of prompt. Knows nothing of what the
 * text is for.
 */
#ifndef UI_PROMPT_H
#define UI_PROMPT_H

#include "core/base.h"
#include "core/buf.h"
#include "core/str.h"

enum prompt_kind { PROMPT_NONE, PROMPT_SEARCH, PROMPT_FILTER, PROMPT_COMMAND, PROMPT_DELAY, PROMPT_BRANCH, PROMPT_LINE, PROMPT_COUNT_ };

enum { PROMPT_MAX = 1024, PROMPT_HISTORY = 32 };

struct prompt {
	enum prompt_kind kind;
	char text[PROMPT_MAX];     /* NUL-terminated, whole characters only */
	size_t len, at;            /* bytes; at = cursor */
	char error[480];           /* what was wrong with it; "" none */
	char label[80];            /* of PROMPT_LINE: what stands before it; clean */
	int error_column;          /* 1-based column of the text, 0 = as a whole */
	char *history[PROMPT_COUNT_][PROMPT_HISTORY]; /* newest first */
	int recall;                /* which of them stands in the line, -1 = what was typed */
	char typed[PROMPT_MAX];    /* what was typed before the history was walked */
};

/* What a key did to the line. */
enum prompt_did { PROMPT_NOTHING, PROMPT_CHANGED, PROMPT_MOVED, PROMPT_DONE, PROMPT_CANCELLED, PROMPT_COMPLETE };

void prompt_release(struct prompt *p); /* an all-zero struct is a closed prompt */
void prompt_open(struct prompt *p, enum prompt_kind kind, const char *text);
void prompt_close(struct prompt *p);
/* A key as keys_normal() gives it. DONE puts the text into the history and leaves the prompt open: the caller closes it
 * when the text was good. */
enum prompt_did prompt_type(struct prompt *p, int key);
/* Inserts text at the cursor, as much as fits; the caller cleaned it. */
bool prompt_insert(struct prompt *p, struct str text);
/* Puts `text` in place of bytes start .. cursor. */
void prompt_replace(struct prompt *p, size_t start, struct str text);
const char *prompt_sign(const struct prompt *p); /* "/", "filter: ", ":", the label */

#endif
