/* SPDX-License-Identifier: PostgreSQL */
#include "model/sample.h"

#include <math.h>
#include <stdlib.h>

#include "core/mem.h"

enum { SAMPLE_FIRST_ROOM = 16, SAMPLE_RESERVE_MAX = 16384 };

/* 2^63 as a double: the first value that no longer fits an int64_t. */
#define INT64_LIMIT 9223372036854775808.0

struct sample *sample_new(int columns)
{
	struct sample *s = mem_alloc(sizeof(*s));

	s->columns = columns > 0 ? columns : 0;
	s->column = mem_calloc((size_t)s->columns, sizeof(*s->column));
	buf_init(&s->pool, SAMPLE_TEXT_BYTES_MAX);
	return s;
}

void sample_free(struct sample *s)
{
	if (!s)
		return;
	for (int i = 0; i < s->columns; i++)
		free(s->column[i].ints);
	free(s->column);
	free(s->key);
	free(s->index);
	map_release(&s->twins);
	buf_release(&s->pool);
	free(s);
}

static size_t value_size(enum sample_type type)
{
	return type == SAMPLE_ABSENT ? 0 : 8;
}

/* Rows from..to-1 of a column become unknown. */
static void column_blank(struct sample_column *c, int from, int to)
{
	for (int i = from; i < to; i++) {
		if (c->type == SAMPLE_FLOAT)
			c->floats[i] = NAN;
		else if (c->type == SAMPLE_TEXT)
			c->texts[i] = (struct sample_text){SAMPLE_TEXT_UNKNOWN, 0};
		else
			c->ints[i] = SAMPLE_INT_UNKNOWN;
	}
}

static void column_resize(struct sample_column *c, int room)
{
	_Static_assert(sizeof(struct sample_text) == 8 && sizeof(double) == 8, "every value takes 8 bytes");
	if (value_size(c->type) > 0)
		c->ints = mem_resize(c->ints, (size_t)room, value_size(c->type));
}

void sample_type(struct sample *s, int column, enum sample_type type)
{
	struct sample_column *c;

	if (column < 0 || column >= s->columns)
		return;
	c = &s->column[column];
	free(c->ints);
	c->ints = NULL;
	c->type = type;
	if (s->room > 0 && type != SAMPLE_ABSENT) {
		column_resize(c, s->room);
		column_blank(c, 0, s->room);
	}
}

static void grow(struct sample *s, int room)
{
	for (int i = 0; i < s->columns; i++) {
		if (s->column[i].type == SAMPLE_ABSENT)
			continue;
		column_resize(&s->column[i], room);
		column_blank(&s->column[i], s->room, room);
	}
	s->room = room;
}

void sample_reserve(struct sample *s, int rows)
{
	if (rows > SAMPLE_RESERVE_MAX)
		rows = SAMPLE_RESERVE_MAX;
	if (rows > s->room)
		grow(s, rows);
}

int sample_add_row(struct sample *s)
{
	if (s->rows >= SAMPLE_ROWS_MAX) {
		s->cut = true;
		return -1;
	}
	if (s->rows == s->room)
		grow(s, s->room ? s->room * 2 : SAMPLE_FIRST_ROOM);
	return s->rows++;
}

static struct sample_column *place(struct sample *s, int row, int column)
{
	if (row < 0 || row >= s->rows || column < 0 || column >= s->columns)
		return NULL;
	return s->column[column].type == SAMPLE_ABSENT ? NULL : &s->column[column];
}

void sample_set_int(struct sample *s, int row, int column, int64_t value)
{
	struct sample_column *c = place(s, row, column);

	if (!c)
		return;
	if (c->type == SAMPLE_FLOAT)
		c->floats[row] = value == SAMPLE_INT_UNKNOWN ? (double)NAN : (double)value;
	else if (c->type == SAMPLE_TEXT)
		column_blank(c, row, row + 1);
	else
		c->ints[row] = value;
}

void sample_set_float(struct sample *s, int row, int column, double value)
{
	struct sample_column *c = place(s, row, column);

	if (!c)
		return;
	if (c->type == SAMPLE_FLOAT)
		c->floats[row] = isfinite(value) ? value : (double)NAN;
	else if (c->type == SAMPLE_TEXT || !isfinite(value) || value >= INT64_LIMIT || value < -INT64_LIMIT)
		column_blank(c, row, row + 1);
	else
		c->ints[row] = (int64_t)round(value);
}

/* Never NULL; an empty text may stand in an empty pool. */
static const char *text_at(const struct sample *s, struct sample_text t)
{
	return t.len > 0 ? s->pool.data + t.offset : "";
}

static bool same_text(const struct sample *s, struct sample_text t, const char *bytes, size_t len)
{
	if (t.offset == SAMPLE_TEXT_UNKNOWN || t.len != len)
		return false;
	return memcmp(text_at(s, t), bytes, len) == 0;
}

void sample_set_text(struct sample *s, int row, int column, const char *bytes, size_t len)
{
	struct sample_column *c = place(s, row, column);

	if (!c)
		return;
	column_blank(c, row, row + 1);
	if (c->type != SAMPLE_TEXT || !bytes)
		return;
	if (row > 0 && same_text(s, c->texts[row - 1], bytes, len)) {
		c->texts[row] = c->texts[row - 1];
		return;
	}
	if (len > SAMPLE_TEXT_BYTES_MAX - s->pool.len) {
		s->cut = true;
		return;
	}
	uint32_t offset = (uint32_t)s->pool.len;

	if (len > 0 && !buf_add(&s->pool, bytes, len)) {
		s->cut = true;
		return;
	}
	c->texts[row] = (struct sample_text){offset, (uint32_t)len};
}

/* Gives back the room that doubling left over: samples live for long. */
static void shrink(struct sample *s)
{
	if (s->room > s->rows) {
		s->room = s->rows > 0 ? s->rows : 1;
		for (int i = 0; i < s->columns; i++)
			column_resize(&s->column[i], s->room);
	}
	if (s->pool.data) {
		s->pool.room = s->pool.len + 1;
		s->pool.data = mem_resize(s->pool.data, s->pool.room, 1);
	}
}

/* Continues a key's hash with one value; kinds are told apart, so that 1 and "1" and unknown differ. */
static uint64_t hash_value(const struct sample *s, uint64_t hash, int row, int column)
{
	const struct sample_column *c = &s->column[column];

	switch (c->type) {
	case SAMPLE_INT:
	case SAMPLE_BOOL:
		return map_hash_int(hash, c->ints[row]);
	case SAMPLE_FLOAT: {
		int64_t bits;

		memcpy(&bits, &c->floats[row], sizeof(bits));
		return map_hash_int(hash, bits);
	}
	case SAMPLE_TEXT:
		if (c->texts[row].offset == SAMPLE_TEXT_UNKNOWN)
			break;
		hash = map_hash_int(hash, c->texts[row].len);
		return map_hash(hash, text_at(s, c->texts[row]), c->texts[row].len);
	case SAMPLE_ABSENT:
		break;
	}
	return map_hash_int(hash, SAMPLE_INT_UNKNOWN);
}

/* Where the key's row is in the index, or would go. A hash table of our own takes a quarter of the memory that struct
 * map would, and there is one for each panel on each server. */
static uint32_t index_place(const struct sample *s, uint64_t key)
{
	uint32_t at = (uint32_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & s->index_mask;

	while (s->index[at] >= 0 && s->key[s->index[at]] != key)
		at = (at + 1) & s->index_mask;
	return at;
}

static void index_init(struct sample *s)
{
	uint32_t room = 4;

	while (room < (uint32_t)s->rows + (uint32_t)s->rows / 2)
		room *= 2;
	s->index = mem_resize(s->index, room, sizeof(*s->index));
	memset(s->index, 0xff, room * sizeof(*s->index));
	s->index_mask = room - 1;
}

void sample_finish(struct sample *s, const int *key_columns, int key_count)
{
	shrink(s);
	s->key = mem_resize(s->key, (size_t)(s->rows > 0 ? s->rows : 1), sizeof(*s->key));
	index_init(s);
	for (int row = 0; row < s->rows; row++) {
		uint64_t hash = key_count > 0 ? MAP_SEED : (uint64_t)row;
		uint32_t at;

		for (int i = 0; i < key_count; i++) {
			if (key_columns[i] >= 0 && key_columns[i] < s->columns)
				hash = hash_value(s, hash, row, key_columns[i]);
		}
		s->key[row] = hash;
		at = index_place(s, hash);
		if (s->index[at] >= 0)
			map_put(&s->twins, hash, (uint64_t)s->index[at]);
		else
			s->index[at] = row;
	}
}

struct cell sample_cell(const struct sample *s, int row, int column)
{
	const struct sample_column *c;

	if (row < 0 || row >= s->rows || column < 0 || column >= s->columns)
		return CELL_NONE;
	c = &s->column[column];
	switch (c->type) {
	case SAMPLE_INT:
		return c->ints[row] == SAMPLE_INT_UNKNOWN ? CELL_NONE : cell_int(c->ints[row]);
	case SAMPLE_BOOL:
		return c->ints[row] == SAMPLE_INT_UNKNOWN ? CELL_NONE : cell_bool(c->ints[row] != 0);
	case SAMPLE_FLOAT:
		return isnan(c->floats[row]) ? CELL_NONE : (struct cell){.kind = CELL_NUMBER, .number = c->floats[row]};
	case SAMPLE_TEXT:
		if (c->texts[row].offset == SAMPLE_TEXT_UNKNOWN)
			return CELL_NONE;
		return cell_text((struct str){text_at(s, c->texts[row]), c->texts[row].len});
	case SAMPLE_ABSENT:
		break;
	}
	return CELL_NONE;
}

double sample_number(const struct sample *s, int row, int column)
{
	const struct sample_column *c;

	if (row < 0 || row >= s->rows || column < 0 || column >= s->columns)
		return NAN;
	c = &s->column[column];
	if (c->type == SAMPLE_FLOAT)
		return c->floats[row];
	if ((c->type != SAMPLE_INT && c->type != SAMPLE_BOOL) || c->ints[row] == SAMPLE_INT_UNKNOWN)
		return NAN;
	return (double)c->ints[row];
}

int sample_find(const struct sample *s, uint64_t key)
{
	return s->index ? s->index[index_place(s, key)] : -1;
}

bool sample_is_twin(const struct sample *s, uint64_t key)
{
	uint64_t row;

	return s->twins.count > 0 && map_get(&s->twins, key, &row);
}

static void *copy_of(const void *from, size_t count, size_t size)
{
	void *to = mem_resize(NULL, count > 0 ? count : 1, size);

	if (count > 0)
		memcpy(to, from, count * size);
	return to;
}

struct sample *sample_copy(const struct sample *s, bool (*keep)(void *ctx, int column), void *ctx)
{
	struct sample *to = sample_new(s->columns);
	bool texts = false;
	uint64_t row;

	to->mono_ns = s->mono_ns;
	to->wall_us = s->wall_us;
	to->elapsed_us = s->elapsed_us;
	to->life = s->life;
	to->hidden = s->hidden;
	to->cut = s->cut;
	to->rows = to->room = s->rows;
	for (int i = 0; i < s->columns; i++) {
		if (s->column[i].type == SAMPLE_ABSENT || !keep(ctx, i))
			continue;
		to->column[i].type = s->column[i].type;
		to->column[i].ints = copy_of(s->column[i].ints, (size_t)s->rows, value_size(s->column[i].type));
		texts |= s->column[i].type == SAMPLE_TEXT;
	}
	if (texts && s->pool.len > 0)
		buf_add(&to->pool, s->pool.data, s->pool.len); /* fits: it did there */
	to->key = copy_of(s->key, (size_t)s->rows, sizeof(*s->key));
	index_init(to);
	for (int i = 0; i < s->rows; i++) {
		uint32_t at = index_place(to, to->key[i]);

		if (to->index[at] < 0)
			to->index[at] = i;
		if (s->twins.count > 0 && map_get(&s->twins, to->key[i], &row))
			map_put(&to->twins, to->key[i], row);
	}
	return to;
}

void sample_strip(struct sample *s, bool (*keep)(void *ctx, int column), void *ctx)
{
	bool texts = false;

	for (int i = 0; i < s->columns; i++) {
		if (!keep(ctx, i))
			sample_type(s, i, SAMPLE_ABSENT);
		else if (s->column[i].type == SAMPLE_TEXT)
			texts = true;
	}
	if (!texts)
		buf_release(&s->pool);
	free(s->key);
	s->key = NULL;
	free(s->index);
	s->index = NULL;
	map_release(&s->twins);
}

static size_t map_bytes(const struct map *m)
{
	return m->room * (sizeof(*m->key) + sizeof(*m->value) + sizeof(*m->used));
}

size_t sample_bytes(const struct sample *s)
{
	size_t bytes = sizeof(*s) + (size_t)s->columns * sizeof(*s->column) + s->pool.room;

	for (int i = 0; i < s->columns; i++)
		bytes += (size_t)s->room * value_size(s->column[i].type);
	if (s->key)
		bytes += (size_t)s->rows * sizeof(*s->key);
	if (s->index)
		bytes += ((size_t)s->index_mask + 1) * sizeof(*s->index);
	return bytes + map_bytes(&s->twins);
}
