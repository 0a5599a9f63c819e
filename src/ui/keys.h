/* SPDX-License-Identifier: PostgreSQL */
/*
 * Keys by name, and the table of keys.def: which action a key starts in which context. Const tables only; a lookup walks
 * them (some 90 names), which is nothing beside a drawn frame.
 */
#ifndef UI_KEYS_H
#define UI_KEYS_H

#include "core/base.h"
#include "core/buf.h"

enum keys_action {
	ACT_NONE,
#define KEY(id, name, keys, contexts, group, label, help) ACT_##id,
#define MORE(id, keys, contexts)
#include "ui/keys.def"
#undef KEY
#undef MORE
	ACT_COUNT
};

enum keys_context {
	KEYS_MAIN = 1u << 0,   /* a screen, no window over it */
	KEYS_DETAIL = 1u << 1,
	KEYS_HELP = 1u << 2,
	KEYS_SETUP = 1u << 3,
	KEYS_LIST = 1u << 4,
	KEYS_JOBS = 1u << 5,   /* the list of jobs, and one of them */
	KEYS_JOB = 1u << 6,
	KEYS_PLAN = 1u << 7,
	KEYS_ANY = 255
};

/* The key code of a name ("q", "^R", "F10", "Esc", "S-Tab", "Space"), as struct term_event has it; 0 = no such name. */
int keys_parse(struct str name);
/* One code for the forms in which terminals send a key: 13 and 10 are Enter, 27 Esc, 8 and 127 Backspace. */
int keys_normal(int key);

/* ACT_NONE when the key does nothing there. */
enum keys_action keys_find(int key, unsigned context);
bool keys_works(enum keys_action action, unsigned context);
/* The action of a command-line name ("sort-invert"), ACT_NONE when there is none. */
enum keys_action keys_by_name(struct str name);
/* Name as the command line takes it, into out (at least 32 bytes). */
void keys_name(enum keys_action action, char out[32]);
const char *keys_group(enum keys_action action);
const char *keys_label(enum keys_action action);
const char *keys_about(enum keys_action action);
/* The action's keys in any of these contexts, parted by blanks. */
void keys_text(enum keys_action action, unsigned context, struct buf *out);
/* The first of its keys in that context; "" when there is none. Into out (at least 16 bytes). */
void keys_first(enum keys_action action, unsigned context, char out[16]);

#endif
