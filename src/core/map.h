/* SPDX-License-Identifier: PostgreSQL */
/* A hash table from 64-bit keys to 64-bit values (open addressing), and the hash to make keys from bytes.
 * Text keys are hashed by map_hash(); callers that cannot bear a collision compare the text behind the value. */
#ifndef CORE_MAP_H
#define CORE_MAP_H

#include "core/base.h"

struct map {
	uint64_t *key;
	uint64_t *value;
	uint8_t *used;
	size_t count;
	size_t room; /* a power of two, or 0 */
};

/* 64-bit FNV-1a with a final mix; chain by passing the last hash as seed (start with MAP_SEED). */
#define MAP_SEED UINT64_C(0xcbf29ce484222325)
uint64_t map_hash(uint64_t seed, const void *bytes, size_t len);
uint64_t map_hash_int(uint64_t seed, int64_t value);

void map_release(struct map *m); /* an all-zero struct is an empty map */
void map_clear(struct map *m);
void map_put(struct map *m, uint64_t key, uint64_t value); /* replaces */
bool map_get(const struct map *m, uint64_t key, uint64_t *value);
bool map_remove(struct map *m, uint64_t key);

#endif
