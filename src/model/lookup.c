/* SPDX-License-Identifier: PostgreSQL */
#include "model/lookup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "core/mem.h"

enum { SWEEP_MS = 60000 };

struct value {
	union {
		int64_t integer;
		double number;
		char *text;
	};
	uint32_t len;
	uint8_t kind; /* enum cell_kind */
};

struct entry {
	uint64_t key;
	int64_t learned_ns;
	int64_t used_ns; /* a row had this key at the last sweep of that time */
	bool vain;       /* the server had no answer */
};

struct lookup {
	const struct panel_lookup *def;
	int by_count;
	int columns;      /* fields of this lookup */
	int *column_of;   /* by field number: its column here, -1 */
	int field_count;
	struct map index; /* key -> entry number */
	struct entry *entry;
	struct value *value; /* columns values an entry */
	int count, room;
	size_t text_bytes;
	int64_t asked_ns; /* 0 = never */
	int64_t swept_ns;
};

struct lookup *lookup_new(const struct panel *panel, int number)
{
	struct lookup *l = mem_alloc(sizeof(*l));

	l->def = &panel->lookup[number];
	l->by_count = l->def->by_count;
	l->field_count = panel->field_count;
	l->column_of = mem_calloc((size_t)panel->field_count, sizeof(*l->column_of));
	for (int i = 0; i < panel->field_count; i++)
		l->column_of[i] = panel->field[i].lookup == number ? l->columns++ : -1;
	if (l->columns == 0)
		l->columns = 1; /* brings nothing but whether the key exists */
	return l;
}

static struct value *values_of(const struct lookup *l, int at)
{
	return l->value + (size_t)at * (size_t)l->columns;
}

static void value_release(struct lookup *l, struct value *v)
{
	if (v->kind == CELL_TEXT) {
		free(v->text);
		l->text_bytes -= v->len + 1;
	}
	*v = (struct value){.kind = CELL_UNKNOWN};
}

void lookup_clear(struct lookup *l)
{
	for (int i = 0; i < l->count * l->columns; i++)
		value_release(l, &l->value[i]);
	free(l->entry);
	free(l->value);
	l->entry = NULL;
	l->value = NULL;
	l->count = l->room = 0;
	map_release(&l->index);
}

void lookup_free(struct lookup *l)
{
	if (!l)
		return;
	lookup_clear(l);
	free(l->column_of);
	free(l);
}

/* The row's `by` integers; false when one is unknown. */
static bool row_integers(const struct lookup *l, const struct sample *s, int row, int64_t *out)
{
	for (int i = 0; i < l->by_count; i++) {
		struct cell c = sample_cell(s, row, l->def->by[i]);

		if (c.kind != CELL_INT && c.kind != CELL_BOOL)
			return false;
		out[i] = c.integer;
	}
	return true;
}

static uint64_t key_of(const struct lookup *l, const int64_t *integers)
{
	uint64_t key = MAP_SEED;

	for (int i = 0; i < l->by_count; i++)
		key = map_hash_int(key, integers[i]);
	return key;
}

static int find(const struct lookup *l, uint64_t key)
{
	uint64_t at;

	return map_get(&l->index, key, &at) ? (int)at : -1;
}

static int find_row(const struct lookup *l, const struct sample *s, int row)
{
	int64_t integers[ARRAY_LEN(l->def->by)];

	return row_integers(l, s, row, integers) ? find(l, key_of(l, integers)) : -1;
}

struct cell lookup_cell(const struct lookup *l, const struct sample *s, int row, int field)
{
	const struct value *v;
	int at;

	if (l->count == 0 || field < 0 || field >= l->field_count || l->column_of[field] < 0)
		return CELL_NONE;
	at = find_row(l, s, row);
	if (at < 0)
		return CELL_NONE;
	v = values_of(l, at) + l->column_of[field];
	switch ((enum cell_kind)v->kind) {
	case CELL_INT:
		return cell_int(v->integer);
	case CELL_BOOL:
		return cell_bool(v->integer != 0);
	case CELL_NUMBER:
		return cell_number(v->number);
	case CELL_TEXT:
		return cell_text((struct str){v->text, v->len});
	case CELL_UNKNOWN:
		break;
	}
	return CELL_NONE;
}

static bool is_fresh(const struct lookup *l, int at, const struct clock *now)
{
	const struct entry *e = &l->entry[at];
	double keep = l->def->keep_ms > 0 ? l->def->keep_ms : e->vain ? LOOKUP_VAIN_MS : (double)INFINITY;

	return (double)(now->mono_ns - e->learned_ns) / 1e6 < keep;
}

int lookup_missing(const struct lookup *l, const struct sample *s, const int *rows, int row_count,
                   const struct clock *now, int64_t *keys, int max)
{
	struct map taken = {0};
	int count = 0;

	if (l->def->batch > 0 && max > l->def->batch)
		max = l->def->batch;
	if (l->asked_ns != 0 && (double)(now->mono_ns - l->asked_ns) / 1e6 < l->def->gap_ms)
		return 0;
	for (int i = 0; i < row_count && count < max; i++) {
		int64_t integers[ARRAY_LEN(l->def->by)];
		uint64_t key;
		int at;

		if (!row_integers(l, s, rows[i], integers))
			continue;
		key = key_of(l, integers);
		at = find(l, key);
		if ((at >= 0 && is_fresh(l, at, now)) || map_get(&taken, key, NULL))
			continue;
		map_put(&taken, key, 1);
		memcpy(keys + (size_t)count * (size_t)l->by_count, integers, sizeof(*keys) * (size_t)l->by_count);
		count++;
	}
	map_release(&taken);
	return count;
}

void lookup_asked(struct lookup *l, const struct clock *now)
{
	l->asked_ns = now->mono_ns;
}

static int entry_get(struct lookup *l, uint64_t key)
{
	int at = find(l, key);

	if (at >= 0)
		return at;
	if (l->count == l->room) {
		l->room = l->room ? l->room * 2 : 64;
		l->entry = mem_resize(l->entry, (size_t)l->room, sizeof(*l->entry));
		l->value = mem_resize(l->value, (size_t)l->room * (size_t)l->columns, sizeof(*l->value));
	}
	at = l->count++;
	l->entry[at] = (struct entry){.key = key};
	memset(values_of(l, at), 0, sizeof(*l->value) * (size_t)l->columns); /* CELL_UNKNOWN is 0 */
	map_put(&l->index, key, (uint64_t)at);
	return at;
}

static void entry_remove(struct lookup *l, int at)
{
	int last = l->count - 1;

	for (int i = 0; i < l->columns; i++)
		value_release(l, values_of(l, at) + i);
	map_remove(&l->index, l->entry[at].key);
	if (at != last) {
		l->entry[at] = l->entry[last];
		memcpy(values_of(l, at), values_of(l, last), sizeof(*l->value) * (size_t)l->columns);
		map_put(&l->index, l->entry[at].key, (uint64_t)at);
	}
	l->count--;
}

static void value_set(struct lookup *l, struct value *v, const struct cell *c)
{
	value_release(l, v);
	switch (c->kind) {
	case CELL_TEXT:
		if (c->text.len + 1 > LOOKUP_TEXT_BYTES_MAX - l->text_bytes)
			return; /* shown as unknown; lookup_learn() makes room for the next time */
		v->text = mem_strndup(c->text.at, c->text.len);
		v->len = (uint32_t)c->text.len;
		l->text_bytes += c->text.len + 1;
		break;
	case CELL_NUMBER:
		v->number = c->number;
		break;
	case CELL_INT:
	case CELL_BOOL:
		v->integer = c->integer;
		break;
	case CELL_UNKNOWN:
		break;
	}
	v->kind = (uint8_t)c->kind;
}

static void mark_used(struct lookup *l, const struct sample *s, int64_t now_ns)
{
	for (int row = 0; s && row < s->rows; row++) {
		int at = find_row(l, s, row);

		if (at >= 0)
			l->entry[at].used_ns = now_ns;
	}
}

/* Forgets what was last used before then_ns. */
static void forget(struct lookup *l, int64_t then_ns)
{
	for (int i = l->count - 1; i >= 0; i--) {
		if (l->entry[i].used_ns < then_ns)
			entry_remove(l, i);
	}
}

/* Forgets the oldest quarter (by time) of what was learned before now; false when all is new. */
static bool forget_oldest(struct lookup *l, int64_t now_ns)
{
	int64_t oldest = INT64_MAX, newest = INT64_MIN, cut;

	for (int i = 0; i < l->count; i++) {
		if (l->entry[i].learned_ns >= now_ns)
			continue;
		oldest = l->entry[i].learned_ns < oldest ? l->entry[i].learned_ns : oldest;
		newest = l->entry[i].learned_ns > newest ? l->entry[i].learned_ns : newest;
	}
	if (oldest > newest)
		return false;
	cut = oldest + (newest - oldest) / 4;
	for (int i = l->count - 1; i >= 0; i--) {
		if (l->entry[i].learned_ns <= cut)
			entry_remove(l, i);
	}
	return true;
}

static bool is_over(const struct lookup *l, const struct sample *s)
{
	int limit = s && s->rows > LOOKUP_KEYS_MAX ? s->rows : LOOKUP_KEYS_MAX;

	return l->count > limit || l->text_bytes >= LOOKUP_TEXT_BYTES_MAX / 4 * 3;
}

/* Over the ceiling: first goes what no row uses now, then what was learned longest ago. */
static void bound(struct lookup *l, const struct sample *s, int64_t now_ns)
{
	if (!is_over(l, s))
		return;
	mark_used(l, s, now_ns);
	forget(l, now_ns);
	while (is_over(l, s) && forget_oldest(l, now_ns))
		;
}

void lookup_learn(struct lookup *l, const int64_t *asked, int asked_count, const struct sample *answer,
                  const struct sample *s, const struct clock *now)
{
	for (int i = 0; i < asked_count; i++) {
		int at = entry_get(l, key_of(l, asked + (size_t)i * (size_t)l->by_count));

		l->entry[at].learned_ns = l->entry[at].used_ns = now->mono_ns;
		l->entry[at].vain = true;
		for (int c = 0; c < l->columns; c++)
			value_release(l, values_of(l, at) + c);
	}
	for (int row = 0; answer && row < answer->rows; row++) {
		int64_t integers[ARRAY_LEN(l->def->by)];
		int at;

		if (!row_integers(l, answer, row, integers))
			continue;
		at = entry_get(l, key_of(l, integers));
		l->entry[at].learned_ns = l->entry[at].used_ns = now->mono_ns;
		l->entry[at].vain = false;
		for (int f = 0; f < l->field_count; f++) {
			struct cell c = sample_cell(answer, row, f);

			if (l->column_of[f] >= 0)
				value_set(l, values_of(l, at) + l->column_of[f], &c);
		}
	}
	bound(l, s, now->mono_ns);
}

void lookup_sweep(struct lookup *l, const struct sample *s)
{
	if (l->count == 0 || s->mono_ns - l->swept_ns < (int64_t)SWEEP_MS * 1000000)
		return;
	l->swept_ns = s->mono_ns;
	mark_used(l, s, s->mono_ns);
	forget(l, s->mono_ns - (int64_t)LOOKUP_UNUSED_MS * 1000000);
}

int lookup_count(const struct lookup *l)
{
	return l->count;
}

size_t lookup_bytes(const struct lookup *l)
{
	return sizeof(*l) + (size_t)l->field_count * sizeof(*l->column_of) + l->text_bytes +
	       (size_t)l->room * (sizeof(*l->entry) + (size_t)l->columns * sizeof(*l->value)) + l->index.room * 17;
}
