/* SPDX-License-Identifier: PostgreSQL */
#include "ui/keys.h"

#include <stdio.h>

#include "ui/term.h"

#define MAIN KEYS_MAIN
#define DETAIL KEYS_DETAIL
#define HELP KEYS_HELP
#define SETUP KEYS_SETUP
#define LIST KEYS_LIST
#define JOBS KEYS_JOBS
#define JOB KEYS_JOB
#define PLAN KEYS_PLAN
#define ANY KEYS_ANY

struct binding {
	enum keys_action action;
	const char *keys;
	unsigned contexts;
};

static const struct binding bindings[] = {
#define KEY(id, name, keys, contexts, group, label, help) {ACT_##id, keys, contexts},
#define MORE(id, keys, contexts) {ACT_##id, keys, contexts},
#include "ui/keys.def"
#undef KEY
#undef MORE
};

struct action_text {
	const char *name, *group, *label, *about;
};

static const struct action_text texts[ACT_COUNT] = {
	[ACT_NONE] = {"", "", "", ""},
#define KEY(id, name, keys, contexts, group, label, help) [ACT_##id] = {#name, group, label, help},
#define MORE(id, keys, contexts)
#include "ui/keys.def"
#undef KEY
#undef MORE
};

static const struct {
	const char *name;
	int key;
} named[] = {
	{"Up", TERM_KEY_UP},       {"Down", TERM_KEY_DOWN},   {"Left", TERM_KEY_LEFT},     {"Right", TERM_KEY_RIGHT},
	{"PgUp", TERM_KEY_PGUP},   {"PgDn", TERM_KEY_PGDN},   {"Home", TERM_KEY_HOME},     {"End", TERM_KEY_END},
	{"Esc", TERM_KEY_ESC},     {"Enter", TERM_KEY_ENTER}, {"BS", TERM_KEY_BACKSPACE},  {"Del", TERM_KEY_DELETE},
	{"Tab", '\t'},             {"Space", ' '},            {"S-Tab", TERM_KEY_BACKTAB},
};

int keys_parse(struct str name)
{
	if (name.len == 1)
		return (unsigned char)name.at[0];
	if (name.len == 2 && name.at[0] == '^' && name.at[1] >= '@' && name.at[1] <= '_')
		return keys_normal(name.at[1] - '@');
	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		if (str_is(name, named[i].name))
			return named[i].key;
	if ((name.len == 2 || name.len == 3) && name.at[0] == 'F') {
		int number = 0;

		for (size_t i = 1; i < name.len; i++) {
			if (name.at[i] < '0' || name.at[i] > '9')
				return 0;
			number = number * 10 + (name.at[i] - '0');
		}
		return number >= 1 && number <= 12 ? TERM_KEY_F1 + number - 1 : 0;
	}
	return 0;
}

int keys_normal(int key)
{
	switch (key) {
	case 10:
	case 13:
		return TERM_KEY_ENTER;
	case 27:
		return TERM_KEY_ESC;
	case 8:
	case 127:
		return TERM_KEY_BACKSPACE;
	default:
		return key;
	}
}

/* Takes the next name off the front of a list parted by blanks. */
static bool next_name(const char **list, struct str *name)
{
	while (**list == ' ')
		(*list)++;
	name->at = *list;
	while (**list != '\0' && **list != ' ')
		(*list)++;
	name->len = (size_t)(*list - name->at);
	return name->len > 0;
}

static bool is_key(struct str name, int key)
{
	return str_is(name, "0-9") ? key >= '0' && key <= '9' : keys_parse(name) == key;
}

enum keys_action keys_find(int key, unsigned context)
{
	for (size_t i = 0; i < ARRAY_LEN(bindings); i++) {
		const char *list = bindings[i].keys;
		struct str name;

		if (!(bindings[i].contexts & context))
			continue;
		while (next_name(&list, &name))
			if (is_key(name, key))
				return bindings[i].action;
	}
	return ACT_NONE;
}

bool keys_works(enum keys_action action, unsigned context)
{
	for (size_t i = 0; i < ARRAY_LEN(bindings); i++)
		if (bindings[i].action == action && (bindings[i].contexts & context))
			return true;
	return false;
}

void keys_name(enum keys_action action, char out[32])
{
	snprintf(out, 32, "%s", texts[action].name);
	for (char *at = out; *at; at++)
		if (*at == '_')
			*at = '-';
}

enum keys_action keys_by_name(struct str name)
{
	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
		char text[32];

		keys_name((enum keys_action)i, text);
		if (str_is(name, text))
			return (enum keys_action)i;
	}
	return ACT_NONE;
}

const char *keys_group(enum keys_action action)
{
	return texts[action].group;
}

const char *keys_label(enum keys_action action)
{
	return texts[action].label;
}

const char *keys_about(enum keys_action action)
{
	return texts[action].about;
}

void keys_text(enum keys_action action, unsigned context, struct buf *out)
{
	bool first = true;

	for (size_t i = 0; i < ARRAY_LEN(bindings); i++) {
		if (bindings[i].action != action || !(bindings[i].contexts & context))
			continue;
		if (!first)
			buf_addc(out, ' ');
		buf_adds(out, bindings[i].keys);
		first = false;
	}
}

void keys_first(enum keys_action action, unsigned context, char out[16])
{
	out[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(bindings); i++) {
		const char *list = bindings[i].keys;
		struct str name;

		if (bindings[i].action != action || !(bindings[i].contexts & context) || !next_name(&list, &name))
			continue;
		if (name.len > 15)
			name.len = 15;
		memcpy(out, name.at, name.len);
		out[name.len] = '\0';
		return;
	}
}
