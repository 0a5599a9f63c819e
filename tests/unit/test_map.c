/* SPDX-License-Identifier: PostgreSQL */
#include "core/map.h"

#include "unit.h"

START_TEST(an_empty_map_has_nothing)
{
	struct map m = {0};
	uint64_t v = 7;

	ck_assert(!map_get(&m, 0, &v));
	ck_assert(!map_remove(&m, 0));
	map_clear(&m);
	ck_assert_uint_eq(v, 7);
	map_release(&m);
}
END_TEST

START_TEST(keeps_the_keys_zero_and_all_ones)
{
	struct map m = {0};
	uint64_t v;

	map_put(&m, 0, 10);
	map_put(&m, UINT64_MAX, 20);
	map_put(&m, 0, 11);
	ck_assert_uint_eq(m.count, 2);
	ck_assert(map_get(&m, 0, &v) && v == 11);
	ck_assert(map_get(&m, UINT64_MAX, NULL));
	ck_assert(map_remove(&m, 0));
	ck_assert(!map_get(&m, 0, &v));
	ck_assert(map_get(&m, UINT64_MAX, &v) && v == 20);
	map_clear(&m);
	ck_assert(!map_get(&m, UINT64_MAX, &v));
	map_release(&m);
}
END_TEST

/* Against an array that cannot be wrong: random puts and removes over few keys, so that chains meet, wrap and break. */
START_TEST(agrees_with_a_plain_array)
{
	enum { KEYS = 96, STEPS = 60000 };
	struct map m = {0};
	uint64_t model[KEYS] = {0}, seed = 12345;
	bool there[KEYS] = {false};
	size_t count = 0;

	for (int step = 0; step < STEPS; step++) {
		size_t k;

		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		k = (size_t)(seed >> 40) % KEYS;
		if (seed >> 62 == 0) {
			ck_assert_int_eq(map_remove(&m, k << 32), there[k]);
			count -= there[k];
			there[k] = false;
		} else if (seed >> 62 == 1) {
			map_put(&m, k << 32, seed);
			model[k] = seed;
			count += !there[k];
			there[k] = true;
		} else {
			uint64_t v = 0;

			ck_assert_int_eq(map_get(&m, k << 32, &v), there[k]);
			ck_assert(!there[k] || v == model[k]);
		}
		ck_assert_uint_eq(m.count, count);
	}
	map_release(&m);
}
END_TEST

START_TEST(removal_leaves_no_tombstones)
{
	struct map m = {0};
	size_t room;

	for (uint64_t i = 0; i < 10; i++)
		map_put(&m, i, i);
	room = m.room;
	for (uint64_t i = 10; i < 20000; i++) {
		map_put(&m, i, i);
		ck_assert(map_remove(&m, i - 10));
	}
	ck_assert_uint_eq(m.room, room);
	for (uint64_t i = 19990; i < 20000; i++)
		ck_assert(map_get(&m, i, NULL));
	map_release(&m);
}
END_TEST

START_TEST(hashes_chain_and_tell_apart)
{
	struct map seen = {0};

	ck_assert_uint_ne(map_hash(MAP_SEED, "ab", 2), map_hash(MAP_SEED, "ba", 2));
	ck_assert_uint_ne(map_hash(map_hash(MAP_SEED, "a", 1), "bc", 2), map_hash(map_hash(MAP_SEED, "ab", 2), "c", 1));
	ck_assert_uint_ne(map_hash(MAP_SEED, "", 0), map_hash(MAP_SEED, "\0", 1));
	for (int64_t i = -50000; i < 50000; i++) {
		uint64_t h = map_hash_int(MAP_SEED, i);

		ck_assert(!map_get(&seen, h, NULL));
		map_put(&seen, h, 0);
	}
	map_release(&seen);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		an_empty_map_has_nothing,
		keeps_the_keys_zero_and_all_ones,
		agrees_with_a_plain_array,
		removal_leaves_no_tombstones,
		hashes_chain_and_tell_apart,
	};

	return unit_run("map", cases, ARRAY_LEN(cases));
}
