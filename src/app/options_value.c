/* SPDX-License-Identifier: PostgreSQL */
/* Text to values of each kind, and back. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/commands.h"
#include "app/shown.h"
#include "app/wipe.h"
#include "core/mem.h"
#include "core/nearest.h"
#include "core/units.h"

static int bad(struct err *why, const char *where, const char *text, const char *expected)
{
	return err_set(why, ERR_INVALID, "%s: '%s' is not %s", where, shown(text).text, expected);
}

static int read_number(double *out, const struct option_def *def, const char *text, const char *where, struct err *why)
{
	char expected[96];
	bool duration = def->kind == OPTION_DURATION;
	enum unit unit = UNIT_NONE;
	double value = 0;

	if (duration)
		snprintf(expected, sizeof expected, "a duration from %.10gs to %.10gs", def->min / 1000, def->max / 1000);
	else
		snprintf(expected, sizeof expected, "a number from %.10g to %.10g", def->min, def->max);
	if (unit_parse(str_from(text), &value, &unit, NULL) < 0)
		return bad(why, where, text, expected);
	if (duration && unit == UNIT_NONE)
		value *= 1000;
	else if (duration ? unit != UNIT_MS : unit != UNIT_NONE && unit != UNIT_PERCENT)
		return bad(why, where, text, expected);
	if (!(value >= def->min && value <= def->max))
		return bad(why, where, text, expected);
	if (def->kind == OPTION_INT && value != floor(value))
		return bad(why, where, text, "a whole number");
	*out = value;
	return 0;
}

static int read_flag(bool *out, const char *text, const char *where, struct err *why)
{
	static const char *const yes[] = {"yes", "true", "on", "1"}, *const no[] = {"no", "false", "off", "0"};

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
			*out = strcasecmp(text, yes[i]) == 0;
			return 0;
		}
	}
	return bad(why, where, text, "yes or no");
}

static int read_choice(char **out, const struct option_def *def, const char *text, const char *where, struct err *why)
{
	const char *const *names = def->names();
	struct buf known = BUF_INIT(400);

	for (int i = 0; names[i]; i++) {
		if (strcmp(names[i], text) == 0) {
			free(*out);
			*out = mem_strdup(text);
			buf_release(&known);
			return 0;
		}
		buf_addf(&known, "%s%s", i ? ", " : "", names[i]);
	}
	const char *near = nearest_of(str_from(text), names);
	int rc = near ? err_set(why, ERR_INVALID, "%s: '%s' is not known; did you mean %s? (%s)", where, shown(text).text, near,
	                        buf_text(&known)) :
	                err_set(why, ERR_INVALID, "%s: '%s' is not known; there are %s", where, shown(text).text, buf_text(&known));
	buf_release(&known);
	return rc;
}

static int read_size(struct option_size *out, const char *text, const char *where, struct err *why)
{
	char *end;
	long width = strtol(text, &end, 10), height = *end == 'x' ? strtol(end + 1, &end, 10) : 0;

	if (*end || width < 1 || height < 1 || width > 1000 || height > 500)
		return bad(why, where, text, "WIDTHxHEIGHT, from 1x1 to 1000x500");
	*out = (struct option_size){(int)width, (int)height};
	return 0;
}

static int list_add(struct option_list *list, const char *at, size_t len, const char *where, struct err *why)
{
	if (list->count >= OPTIONS_LIST_MAX)
		return err_set(why, ERR_TOO_BIG, "%s: more than %d of them", where, OPTIONS_LIST_MAX);
	list->item = mem_resize(list->item, (size_t)list->count + 1, sizeof *list->item);
	list->item[list->count++] = mem_strndup(at, len);
	return 0;
}

static int names_add(struct option_list *list, const char *text, const char *where, struct err *why)
{
	while (*text) {
		size_t len = strcspn(text, ",");
		if (len == 0)
			return bad(why, where, text, "a list of names with commas between");
		int rc = list_add(list, text, len, where, why);
		if (rc < 0)
			return rc;
		text += len;
		if (*text == ',' && *++text == '\0')
			return bad(why, where, ",", "a list of names with commas between");
	}
	return 0;
}

static void list_clear(struct option_list *list)
{
	for (int i = 0; i < list->count; i++) {
		mem_wipe(list->item[i], strlen(list->item[i]));
		free(list->item[i]);
	}
	free(list->item);
	*list = (struct option_list){0};
}

int options_pool_key(struct option_pool *pool, const char *key, const char *text, const char *where, struct err *why)
{
	static const char *const known[] = {"application", "max", "min", "lifetime", "idle", "idle_in_transaction", NULL};
	static const struct option_def number = {.kind = OPTION_INT, .min = 0, .max = 1e6};
	static const struct option_def duration = {.kind = OPTION_DURATION, .min = 0, .max = 366 * 86400e3};
	double value = 0;
	int k = 0;

	while (known[k] && strcmp(known[k], key) != 0)
		k++;
	if (!known[k]) {
		const char *near = nearest_of(str_from(key), known);
		return err_set(why, ERR_INVALID, "%s: unknown key '%s' of a pool; %s%s%s", where, shown(key).text,
		               near ? "did you mean " : "known: application, max, min, lifetime, idle, idle_in_transaction",
		               near ? near : "", near ? "?" : "");
	}
	if (k == 0) {
		free(pool->application);
		pool->application = mem_strdup(text);
		return 0;
	}
	int rc = read_number(&value, k < 3 ? &number : &duration, text, where, why);
	if (rc < 0)
		return rc;
	if (k < 3)
		*(k == 1 ? &pool->max : &pool->min) = (int64_t)value;
	else
		*(k == 3 ? &pool->lifetime_ms : k == 4 ? &pool->idle_ms : &pool->idle_in_transaction_ms) = value;
	return 0;
}

int options_pool_add(struct option_pools *pools, struct option_pool *pool, const char *where, struct err *why)
{
	if (!pool->application || !*pool->application)
		return err_set(why, ERR_INVALID, "%s: a pool needs its application", where);
	if (pool->max >= 0 && pool->min > pool->max)
		return err_set(why, ERR_INVALID, "%s: the pool's min is above its max", where);
	if (pools->count >= OPTIONS_LIST_MAX)
		return err_set(why, ERR_TOO_BIG, "%s: more than %d pools", where, OPTIONS_LIST_MAX);
	pools->pool = mem_resize(pools->pool, (size_t)pools->count + 1, sizeof *pool);
	pools->pool[pools->count++] = *pool;
	return 0;
}

static int pool_read(struct option_pools *pools, const char *text, const char *where, struct err *why)
{
	struct option_pool pool = OPTION_POOL_INIT;
	char part[256];
	int rc = 0;

	while (*text && rc == 0) {
		size_t len = strcspn(text, ",");
		snprintf(part, sizeof part, "%.*s", (int)len, text);
		text += len + (text[len] == ',');
		char *is = strchr(part, '=');
		if (is) {
			*is++ = '\0';
			rc = options_pool_key(&pool, part, is, where, why);
		} else {
			rc = bad(why, where, part, "KEY=VALUE");
		}
	}
	if (rc == 0)
		rc = options_pool_add(pools, &pool, where, why);
	if (rc < 0)
		free(pool.application);
	return rc;
}

int options_pattern_add(struct option_patterns *list, const char *text, const char *where, struct err *why)
{
	const char *is = strchr(text, '=');

	if (!is || is == text || is[1] == '\0' || strpbrk(text, " \t\r\n"))
		return bad(why, where, text, "KIND=PATTERN, without blanks");
	if (list->count >= OPTIONS_LIST_MAX)
		return err_set(why, ERR_TOO_BIG, "%s: more than %d kinds", where, OPTIONS_LIST_MAX);
	list->pattern = mem_resize(list->pattern, (size_t)list->count + 1, sizeof *list->pattern);
	list->pattern[list->count++] = (struct option_pattern){mem_strndup(text, (size_t)(is - text)), mem_strdup(is + 1)};
	return 0;
}

/* A row of the command's own, not of the table. */
static bool is_own(const struct options *o, const struct option_def *def)
{
	const struct option_def *rows = o->command ? o->command->rows : NULL;

	for (; rows && rows->name; rows++)
		if (rows == def)
			return true;
	return false;
}

static void *place(const struct options *o, const struct option_def *def)
{
	return (char *)(is_own(o, def) ? o->args : (void *)(uintptr_t)o) + def->offset;
}

/* Frees what a member holds, so that a stronger place can say it anew. */
static void value_clear(struct options *o, const struct option_def *def)
{
	void *at = place(o, def);
	struct option_pools *pools = at;
	struct option_patterns *patterns = at;

	switch (def->kind) {
	case OPTION_LIST:
	case OPTION_NAMES:
		list_clear(at);
		break;
	case OPTION_POOL:
		for (int i = 0; i < pools->count; i++)
			free(pools->pool[i].application);
		free(pools->pool);
		*pools = (struct option_pools){0};
		break;
	case OPTION_PATTERN:
		for (int i = 0; i < patterns->count; i++) {
			free(patterns->pattern[i].kind);
			free(patterns->pattern[i].pattern);
		}
		free(patterns->pattern);
		*patterns = (struct option_patterns){0};
		break;
	case OPTION_TEXT:
	case OPTION_CHOICE:
		free(*(char **)at);
		*(char **)at = NULL;
		break;
	default:
		break;
	}
}

int options_word(struct options *o, const char *text, struct err *why)
{
	return list_add(&o->words, text, strlen(text), o->command->name, why);
}

static int value_set(struct options *o, const struct option_def *def, const char *text, const char *where,
                     struct err *why)
{
	void *at = place(o, def);
	double number = 0;
	int rc;

	switch (def->kind) {
	case OPTION_FLAG:
		return read_flag(at, text, where, why);
	case OPTION_TEXT:
		free(*(char **)at);
		*(char **)at = mem_strdup(text);
		return 0;
	case OPTION_CHOICE:
		return read_choice(at, def, text, where, why);
	case OPTION_INT:
	case OPTION_NUMBER:
	case OPTION_DURATION:
		if ((rc = read_number(&number, def, text, where, why)) < 0)
			return rc;
		if (def->kind == OPTION_INT)
			*(int64_t *)at = (int64_t)number;
		else
			*(double *)at = number;
		return 0;
	case OPTION_LIST:
		return list_add(at, text, strlen(text), where, why);
	case OPTION_NAMES:
		return names_add(at, text, where, why);
	case OPTION_SIZE:
		return read_size(at, text, where, why);
	case OPTION_POOL:
		return pool_read(at, text, where, why);
	case OPTION_PATTERN:
		return options_pattern_add(at, text, where, why);
	case OPTION_ACTION:
		o->action = (enum options_action)def->offset;
		return 0;
	case OPTION_ALIAS:
		break;
	}
	return err_set(why, ERR_INVALID, "%s: cannot be set", where);
}

int options_set(struct options *o, const struct option_def *def, const char *text, enum option_from from,
                const char *where, struct err *why)
{
	uint8_t *last = is_own(o, def) ? &o->own_from[def - o->command->rows] : &o->from[def - options_table(NULL)];

	if (*last < from)
		value_clear(o, def);
	int rc = value_set(o, def, text, where, why);
	if (rc == 0)
		*last = (uint8_t)from;
	return rc;
}

void options_release(struct options *o)
{
	for (const struct option_def *def = options_table(NULL); def->name; def++)
		value_clear(o, def);
	for (const struct option_def *def = o->args ? o->command->rows : NULL; def && def->name; def++)
		value_clear(o, def);
	list_clear(&o->words);
	free(o->args);
	free(o->config_path);
	free(o->config_dir);
	memset(o, 0, sizeof *o);
}

void options_env_name(const struct option_def *def, char out[64])
{
	snprintf(out, 64, "DYTOP_%s", def->name);
	for (char *p = out; *p; p++)
		*p = (char)(*p == '-' ? '_' : toupper((unsigned char)*p));
}

/* A number as a person would write it. */
static void add_number(struct buf *out, const struct option_def *def, double value)
{
	if (def->kind != OPTION_DURATION)
		buf_addf(out, "%.10g", value);
	else if (value < 1000)
		buf_addf(out, "%.10gms", value);
	else
		buf_addf(out, "%.10gs", value / 1000);
}

static bool add_item(struct buf *out, const struct option_list *list, int i, bool secret)
{
	if (i >= list->count)
		return false;
	char *copy = mem_strdup(list->item[i]);
	if (secret)
		wipe_secret(copy);
	buf_adds(out, copy);
	free(copy);
	return true;
}

bool options_value(const struct options *o, const struct option_def *def, int i, struct buf *out)
{
	const void *at = place(o, def);
	const struct option_size *size = at;

	if (i > 0 && def->kind != OPTION_LIST && def->kind != OPTION_NAMES)
		return false;
	switch (def->kind) {
	case OPTION_FLAG:
		return buf_adds(out, *(const bool *)at ? "yes" : "no");
	case OPTION_TEXT:
	case OPTION_CHOICE:
		return *(char *const *)at && buf_adds(out, *(char *const *)at);
	case OPTION_INT:
		return buf_addf(out, "%lld", (long long)*(const int64_t *)at);
	case OPTION_NUMBER:
	case OPTION_DURATION:
		add_number(out, def, *(const double *)at);
		return true;
	case OPTION_LIST:
	case OPTION_NAMES:
		return add_item(out, at, i, def->flags & OPTION_SECRET);
	case OPTION_SIZE:
		return buf_addf(out, "%dx%d", size->width, size->height);
	case OPTION_POOL:
	case OPTION_PATTERN:
	case OPTION_ACTION:
	case OPTION_ALIAS:
		break;
	}
	return false;
}
