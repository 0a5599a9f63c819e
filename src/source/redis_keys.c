/* SPDX-License-Identifier: PostgreSQL */
#include "source/redis_keys.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "source/redis_info.h"
#include "source/redis_readers.h"

enum { KEY_LEN_MAX = 1024, KIND_LEN_MAX = 64 };

struct kind {
	char *label;
	char *pattern;           /* NULL: found by its prefix, or "other" */
	double matched;          /* fades, so no integer */
	int64_t round_matched;
	double bytes, bytes_count;
	char *sized[KEYS_SIZED]; /* keys of this round whose memory is asked for */
	size_t sized_len[KEYS_SIZED];
	int sized_count;
};

enum keys_phase { KEYS_SCANNING, KEYS_SIZING, KEYS_DONE };

struct keys_scan {
	struct kind kind[KEYS_KINDS_MAX]; /* the last one is "other" */
	int kind_count;                   /* without "other" */
	bool by_prefix;
	char cursor[24];                  /* "0": at the start */
	int call_count;                   /* COUNT of one SCAN */
	double seen;                      /* keys in the window */
	int64_t total;                    /* DBSIZE, -1 unknown */
	/* of this round */
	enum keys_phase phase;
	int64_t round_seen;
	int calls;
	bool from_start, whole;           /* this round began at the start; and came round */
};

static struct kind *other(struct keys_scan *k)
{
	return &k->kind[KEYS_KINDS_MAX - 1];
}

/* --- patterns ----------------------------------------------------------------------------------------------- */

/* One [...] at *at (behind the bracket); moves *at behind it. */
static bool class_fits(struct str p, size_t *at, unsigned char c)
{
	size_t i = *at;
	bool negated = i < p.len && p.at[i] == '^', fits = false;

	i += negated;
	while (i < p.len && p.at[i] != ']') {
		if (p.at[i] == '\\' && i + 1 < p.len)
			i++;
		unsigned char low = (unsigned char)p.at[i], high = low;
		if (i + 2 < p.len && p.at[i + 1] == '-' && p.at[i + 2] != ']') {
			high = (unsigned char)p.at[i + 2];
			i += 2;
		}
		if ((c >= low && c <= high) || (c >= high && c <= low))
			fits = true;
		i++;
	}
	*at = i < p.len ? i + 1 : i;
	return fits != negated;
}

/* One pattern element other than '*' against one byte; moves *at behind the element. */
static bool element_fits(struct str p, size_t *at, unsigned char c)
{
	char e = p.at[(*at)++];

	if (e == '?')
		return true;
	if (e == '[')
		return class_fits(p, at, c);
	if (e == '\\' && *at < p.len)
		e = p.at[(*at)++];
	return (unsigned char)e == c;
}

bool keys_glob(struct str p, struct str key)
{
	size_t pi = 0, ki = 0, star = SIZE_MAX, star_key = 0;

	/* On a mismatch only the last '*' takes one byte more: never exponential. */
	while (ki < key.len) {
		size_t next = pi;
		if (pi < p.len && p.at[pi] == '*') {
			star = pi++;
			star_key = ki;
		} else if (pi < p.len && element_fits(p, &next, (unsigned char)key.at[ki])) {
			pi = next;
			ki++;
		} else if (star != SIZE_MAX) {
			pi = star + 1;
			ki = ++star_key;
		} else {
			return false;
		}
	}
	while (pi < p.len && p.at[pi] == '*')
		pi++;
	return pi == p.len;
}

static bool separates(char c)
{
	return c == ' ' || c == ',' || c == '\n' || c == '\t' || c == '\r';
}

static int add_pattern(struct keys_scan *k, struct str text, struct err *why)
{
	const char *equals = memchr(text.at, '=', text.len);
	struct str label = {text.at, equals ? (size_t)(equals - text.at) : text.len};
	struct str glob = equals ? (struct str){equals + 1, text.len - label.len - 1} : text;

	if (k->kind_count == KEYS_KINDS_MAX - 1)
		return err_set(why, ERR_INVALID, "more than %d key patterns", KEYS_KINDS_MAX - 1);
	if (glob.len == 0 || label.len == 0)
		return err_set(why, ERR_INVALID, "key pattern %d is empty", k->kind_count + 1);
	struct kind *kind = &k->kind[k->kind_count++];
	kind->label = mem_strndup(label.at, label.len);
	kind->pattern = mem_strndup(glob.at, glob.len);
	return 0;
}

int keys_new(struct keys_scan **out, const char *patterns, struct err *why)
{
	struct keys_scan *k = mem_alloc(sizeof(*k));
	const char *at = patterns ? patterns : "";
	int code = 0;

	while (!code && *at) {
		size_t len = 0;
		while (at[len] && !separates(at[len]))
			len++;
		if (len)
			code = add_pattern(k, (struct str){at, len}, why);
		at += len + (at[len] != '\0');
	}
	k->by_prefix = k->kind_count == 0;
	other(k)->label = mem_strdup("other");
	k->call_count = KEYS_CALL_COUNT;
	k->cursor[0] = '0';
	k->total = -1;
	if (code)
		keys_free(k);
	else
		*out = k;
	return code;
}

static void forget_sized(struct keys_scan *k)
{
	for (int i = 0; i < KEYS_KINDS_MAX; i++) {
		for (int n = 0; n < k->kind[i].sized_count; n++)
			free(k->kind[i].sized[n]);
		k->kind[i].sized_count = 0;
	}
}

void keys_free(struct keys_scan *k)
{
	if (!k)
		return;
	forget_sized(k);
	for (int i = 0; i < KEYS_KINDS_MAX; i++) {
		free(k->kind[i].label);
		free(k->kind[i].pattern);
	}
	free(k);
}

/* --- a round ------------------------------------------------------------------------------------------------ */

static void fade(struct keys_scan *k)
{
	k->seen /= 2;
	for (int i = 0; i < KEYS_KINDS_MAX; i++)
		k->kind[i].matched /= 2;
}

void keys_begin(struct keys_scan *k)
{
	forget_sized(k);
	k->phase = KEYS_SCANNING;
	k->round_seen = 0;
	k->calls = 0;
	k->from_start = strcmp(k->cursor, "0") == 0;
	k->whole = false;
	if (k->seen >= KEYS_WINDOW)
		fade(k);
	for (int i = 0; i < KEYS_KINDS_MAX; i++)
		k->kind[i].round_matched = 0;
}

static int scan_commands(struct keys_scan *k, struct buf *out)
{
	char count[16];
	struct str words[] = {STR("SCAN"), str_from(k->cursor), STR("COUNT"), {count, 0}};
	struct str size = STR("DBSIZE");

	words[3].len = (size_t)snprintf(count, sizeof(count), "%d", k->call_count);
	resp_command(out, 4, words);
	if (k->calls++)
		return 1;
	resp_command(out, 1, &size);
	return 2;
}

static int size_commands(struct keys_scan *k, struct buf *out)
{
	int count = 0;

	for (int i = 0; i < KEYS_KINDS_MAX; i++)
		for (int n = 0; n < k->kind[i].sized_count; n++) {
			struct str words[] = {STR("MEMORY"), STR("USAGE"),
			                      {k->kind[i].sized[n], k->kind[i].sized_len[n]}};
			resp_command(out, 3, words);
			count++;
		}
	return count;
}

int keys_step(struct keys_scan *k, struct buf *commands)
{
	int count = 0;

	if (k->phase == KEYS_SCANNING)
		return scan_commands(k, commands);
	if (k->phase == KEYS_SIZING)
		count = size_commands(k, commands);
	if (count == 0)
		k->phase = KEYS_DONE;
	return count;
}

static struct kind *kind_by_prefix(struct keys_scan *k, struct str key)
{
	size_t len = 0;

	while (len < key.len && !memchr(":./|", key.at[len], 4))
		len++;
	if (len == key.len || len == 0 || len > KIND_LEN_MAX)
		return other(k);
	for (int i = 0; i < k->kind_count; i++)
		if (strncmp(k->kind[i].label, key.at, len) == 0 && k->kind[i].label[len] == '\0')
			return &k->kind[i];
	if (k->kind_count == KEYS_KINDS_MAX - 1 || memchr(key.at, '\0', len))
		return other(k);
	struct kind *made = &k->kind[k->kind_count++];
	made->label = mem_strndup(key.at, len);
	return made;
}

static struct kind *kind_of(struct keys_scan *k, struct str key)
{
	if (key.len > KEY_LEN_MAX)
		return other(k);
	if (k->by_prefix)
		return kind_by_prefix(k, key);
	for (int i = 0; i < k->kind_count; i++)
		if (keys_glob(str_from(k->kind[i].pattern), key))
			return &k->kind[i];
	return other(k);
}

static void take_key(struct keys_scan *k, struct str key)
{
	struct kind *kind = kind_of(k, key);

	k->seen++;
	k->round_seen++;
	kind->matched++;
	kind->round_matched++;
	if (kind->sized_count < KEYS_SIZED && key.len <= KEY_LEN_MAX) {
		kind->sized[kind->sized_count] = mem_strndup(key.at, key.len);
		kind->sized_len[kind->sized_count++] = key.len;
	}
}

static int take_scan(struct keys_scan *k, const struct resp_reply *r, struct err *why)
{
	if (r->type == RESP_ERROR)
		return redis_error(r, "SCAN", why);
	/* A cursor is a 64-bit unsigned number in digits; anything else could be made to grow what we send. */
	if (r->type != RESP_ARRAY || r->count != 2 || r->element[0]->type != RESP_STRING ||
	    r->element[1]->type != RESP_ARRAY || r->element[0]->text.len == 0 || r->element[0]->text.len > 20)
		return err_set(why, ERR_PROTOCOL, "SCAN was answered in a form that Redis does not use");
	const struct str cursor = r->element[0]->text;
	for (size_t i = 0; i < cursor.len; i++)
		if (cursor.at[i] < '0' || cursor.at[i] > '9')
			return err_set(why, ERR_PROTOCOL, "SCAN's cursor is no number");
	memcpy(k->cursor, cursor.at, cursor.len);
	k->cursor[cursor.len] = '\0';
	for (int i = 0; i < r->element[1]->count; i++)
		if (r->element[1]->element[i]->type == RESP_STRING)
			take_key(k, r->element[1]->element[i]->text);
	bool at_end = str_is(cursor, "0");
	/* More keys than there are: SCAN may give one twice while its table grows. */
	k->whole = at_end && k->from_start && (k->total < 0 || k->round_seen <= k->total);
	if (at_end || k->round_seen + k->call_count > KEYS_ROUND_MAX || k->calls >= KEYS_CALLS_MAX)
		k->phase = KEYS_SIZING;
	return 0;
}

/* MEMORY USAGE may be forbidden, and the key may be gone: then there is one look less. */
static void take_sizes(struct keys_scan *k, struct resp_reply *const *reply, int count)
{
	int at = 0;

	for (int i = 0; i < KEYS_KINDS_MAX; i++)
		for (int n = 0; n < k->kind[i].sized_count && at < count; n++, at++) {
			if (reply[at]->type != RESP_INTEGER || reply[at]->integer < 0)
				continue;
			struct kind *kind = &k->kind[i];
			if (kind->bytes_count >= 100) {
				kind->bytes /= 2;
				kind->bytes_count /= 2;
			}
			kind->bytes += (double)reply[at]->integer;
			kind->bytes_count++;
		}
	k->phase = KEYS_DONE;
}

int keys_take(struct keys_scan *k, struct resp_reply *const *reply, int count, struct err *why)
{
	if (k->phase == KEYS_SIZING) {
		take_sizes(k, reply, count);
		return 0;
	}
	if (count > 1)
		k->total = reply[1]->type == RESP_INTEGER && reply[1]->integer >= 0 ? reply[1]->integer : -1;
	return count > 0 ? take_scan(k, reply[0], why) : 0;
}

void keys_shrink(struct keys_scan *k)
{
	k->call_count = k->call_count > 40 ? k->call_count / 4 : 10;
	snprintf(k->cursor, sizeof(k->cursor), "0");
}

/* --- rows --------------------------------------------------------------------------------------------------- */

static void put(const struct panel *p, struct sample *s, int row, const char *name, double value)
{
	int field = panel_field_by_name(p, str_from(name));

	if (field < 0 || !isfinite(value))
		return;
	if (s->column[field].type == SAMPLE_ABSENT)
		sample_type(s, field, p->field[field].kind == FIELD_BOOL ? SAMPLE_BOOL : SAMPLE_FLOAT);
	if (s->column[field].type == SAMPLE_FLOAT)
		sample_set_float(s, row, field, value);
	else
		sample_set_int(s, row, field, (int64_t)value);
}

static void put_text(const struct panel *p, struct sample *s, int row, const char *name, const char *text)
{
	int field = panel_field_by_name(p, str_from(name));

	if (field >= 0)
		redis_put(p, s, row, field, str_from(text));
}

static void fill_row(const struct keys_scan *k, const struct kind *kind, const struct panel *p, struct sample *s)
{
	int row = sample_add_row(s);
	double part = k->seen > 0 ? kind->matched / k->seen : NAN, total = k->total >= 0 ? (double)k->total : NAN;

	if (row < 0)
		return;
	put_text(p, s, row, "kind", kind->label);
	put_text(p, s, row, "pattern", kind->pattern ? kind->pattern : kind->label);
	put(p, s, row, "exact", k->whole);
	put(p, s, row, "sampled", k->whole ? (double)k->round_seen : floor(k->seen));
	put(p, s, row, "matched", k->whole ? (double)kind->round_matched : floor(kind->matched));
	put(p, s, row, "total", total);
	if (kind->bytes_count > 0)
		put(p, s, row, "bytes", kind->bytes / kind->bytes_count);
	if (k->whole) {
		put(p, s, row, "keys", (double)kind->round_matched);
		put(p, s, row, "margin", 0);
		if (k->round_seen)
			put(p, s, row, "share", 100.0 * (double)kind->round_matched / (double)k->round_seen);
		return;
	}
	/* None seen of n: with 95 % certainty at most 3 / n of all ("rule of three"); else the normal interval. */
	double margin = kind->matched < 1 ? 3 / k->seen : 1.96 * sqrt(part * (1 - part) / k->seen);
	put(p, s, row, "keys", round(part * total));
	put(p, s, row, "margin", ceil((margin < 1 ? margin : 1) * total));
	put(p, s, row, "share", 100 * part);
}

void keys_fill(const struct keys_scan *k, const struct panel *p, struct sample *s)
{
	for (int i = 0; i < k->kind_count; i++)
		fill_row(k, &k->kind[i], p, s);
	fill_row(k, &k->kind[KEYS_KINDS_MAX - 1], p, s);
}
