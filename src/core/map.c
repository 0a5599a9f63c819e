/* SPDX-License-Identifier: PostgreSQL */
#include "core/map.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

enum { FIRST_ROOM = 16 };

/* The finaliser of MurmurHash3: every bit of the input moves every bit of the output, so keys may be small integers. */
static uint64_t mix(uint64_t h)
{
	h ^= h >> 33;
	h *= UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	h ^= h >> 33;
	return h;
}

uint64_t map_hash(uint64_t seed, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint64_t h = seed;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return mix(h);
}

uint64_t map_hash_int(uint64_t seed, int64_t value)
{
	return map_hash(seed, &value, sizeof(value));
}

void map_release(struct map *m)
{
	free(m->key);
	free(m->value);
	free(m->used);
	memset(m, 0, sizeof(*m));
}

void map_clear(struct map *m)
{
	if (m->room)
		memset(m->used, 0, m->room);
	m->count = 0;
}

/* The slot of key, or the free slot where it would go. There is always a free one: at most 3/4 are taken. */
static size_t find(const struct map *m, uint64_t key)
{
	size_t i = (size_t)mix(key) & (m->room - 1);

	while (m->used[i] && m->key[i] != key)
		i = (i + 1) & (m->room - 1);
	return i;
}

static void grow(struct map *m)
{
	struct map old = *m;

	m->room = old.room ? old.room * 2 : FIRST_ROOM;
	m->key = mem_calloc(m->room, sizeof(*m->key));
	m->value = mem_calloc(m->room, sizeof(*m->value));
	m->used = mem_calloc(m->room, sizeof(*m->used));
	for (size_t i = 0; i < old.room; i++) {
		size_t to;

		if (!old.used[i])
			continue;
		to = find(m, old.key[i]);
		m->used[to] = 1;
		m->key[to] = old.key[i];
		m->value[to] = old.value[i];
	}
	map_release(&old);
}

void map_put(struct map *m, uint64_t key, uint64_t value)
{
	size_t i;

	if (m->count >= m->room / 4 * 3)
		grow(m);
	i = find(m, key);
	if (!m->used[i])
		m->count++;
	m->used[i] = 1;
	m->key[i] = key;
	m->value[i] = value;
}

bool map_get(const struct map *m, uint64_t key, uint64_t *value)
{
	size_t i;

	if (m->count == 0)
		return false;
	i = find(m, key);
	if (!m->used[i])
		return false;
	if (value)
		*value = m->value[i];
	return true;
}

bool map_remove(struct map *m, uint64_t key)
{
	size_t hole, i;

	if (m->count == 0)
		return false;
	hole = find(m, key);
	if (!m->used[hole])
		return false;
	/* Moves back the entries that probed past the hole, so that no tombstones pile up. */
	for (i = (hole + 1) & (m->room - 1); m->used[i]; i = (i + 1) & (m->room - 1)) {
		size_t home = (size_t)mix(m->key[i]) & (m->room - 1);

		if (((i - home) & (m->room - 1)) < ((i - hole) & (m->room - 1)))
			continue;
		m->key[hole] = m->key[i];
		m->value[hole] = m->value[i];
		hole = i;
	}
	m->used[hole] = 0;
	m->count--;
	return true;
}
