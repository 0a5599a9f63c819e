/* SPDX-License-Identifier: PostgreSQL */
#include "core/arena.h"

#include <string.h>

#include "unit.h"

START_TEST(pieces_are_apart_aligned_and_zero)
{
	struct arena *a = arena_new();
	unsigned char *last = NULL;

	for (size_t size = 0; size < 9000; size += 37) {
		unsigned char *at = arena_alloc(a, size);

		ck_assert_uint_eq((uintptr_t)at % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			ck_assert_uint_eq(at[i], 0);
		memset(at, 0xAA, size); /* shows in the next piece if they overlap, and to the sanitizer */
		ck_assert_ptr_ne(at, last);
		last = size > 0 ? at : last;
	}
	arena_free(a);
	arena_free(NULL);
}
END_TEST

START_TEST(texts_are_copied)
{
	struct arena *a = arena_new();
	char text[] = "abc";
	char *copy = arena_strdup(a, text), *part = arena_strndup(a, text, 2), *empty = arena_strndup(a, NULL, 0);

	text[0] = 'x';
	ck_assert_str_eq(copy, "abc");
	ck_assert_str_eq(part, "ab");
	ck_assert_str_eq(empty, "");
	ck_assert_ptr_null(arena_strdup(a, NULL));
	ck_assert_ptr_nonnull(arena_calloc(a, 0, 8));
	arena_free(a);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {pieces_are_apart_aligned_and_zero, texts_are_copied};

	return unit_run("arena", cases, ARRAY_LEN(cases));
}
