/* SPDX-License-Identifier: PostgreSQL */
#include "core/buf.h"

#include "unit.h"

START_TEST(starts_without_memory)
{
	struct buf b = BUF_INIT(10);

	ck_assert_str_eq(buf_text(&b), "");
	ck_assert_uint_eq(buf_str(&b).len, 0);
	buf_cut(&b, 0);
	buf_drop(&b, 5);
	ck_assert_ptr_null(b.data);
}
END_TEST

START_TEST(fills_to_the_ceiling_and_no_byte_more)
{
	struct buf b = BUF_INIT(3);

	ck_assert(buf_adds(&b, "abc"));
	ck_assert(!b.failed);
	ck_assert(!buf_addc(&b, 'd'));
	ck_assert(b.failed);
	ck_assert_str_eq(buf_text(&b), "abc");
	buf_release(&b);
	ck_assert(buf_adds(&b, "xyz"));
	buf_release(&b);
}
END_TEST

START_TEST(a_refusal_sticks_so_that_what_is_there_is_a_prefix)
{
	struct buf b = BUF_INIT(4);

	ck_assert(buf_adds(&b, "ab"));
	ck_assert(!buf_adds(&b, "cde"));
	ck_assert(!buf_addc(&b, 'c'));
	ck_assert(!buf_addf(&b, "%d", 1));
	ck_assert(!buf_add(&b, NULL, 0));
	ck_assert_str_eq(buf_text(&b), "ab");
	buf_clear(&b);
	ck_assert(buf_adds(&b, "wxyz"));
	ck_assert_str_eq(buf_text(&b), "wxyz");
	buf_release(&b);
}
END_TEST

START_TEST(formats_across_the_end_of_its_room)
{
	struct buf b = BUF_INIT(1000);

	for (int i = 0; i < 60; i++)
		ck_assert(buf_addf(&b, "%d,", i % 10));
	ck_assert(buf_addf(&b, "%0100d|", 7));
	ck_assert_uint_eq(b.len, 221);
	ck_assert_int_eq(b.data[120], '0');
	ck_assert_str_eq(b.data + 219, "7|");
	buf_release(&b);
}
END_TEST

START_TEST(a_format_that_does_not_fit_leaves_nothing_behind)
{
	struct buf b = BUF_INIT(5);

	ck_assert(buf_adds(&b, "abc"));
	ck_assert(!buf_addf(&b, "%s", "defgh"));
	ck_assert_str_eq(buf_text(&b), "abc");
	buf_clear(&b);
	ck_assert(buf_addf(&b, "%s", "12345"));
	ck_assert_str_eq(buf_text(&b), "12345");
	buf_release(&b);
}
END_TEST

START_TEST(keeps_nul_bytes_and_counts_them)
{
	struct buf b = BUF_INIT(100);

	ck_assert(buf_add(&b, "a\0b", 3));
	ck_assert_uint_eq(b.len, 3);
	buf_drop(&b, 2);
	ck_assert_str_eq(buf_text(&b), "b");
	buf_drop(&b, 99);
	ck_assert_uint_eq(b.len, 0);
	buf_release(&b);
}
END_TEST

START_TEST(hands_its_memory_over)
{
	struct buf b = BUF_INIT(8);
	char *none = buf_take(&b), *some;

	ck_assert_str_eq(none, "");
	ck_assert(buf_adds(&b, "memory"));
	buf_cut(&b, 3);
	buf_cut(&b, 100);
	some = buf_take(&b);
	ck_assert_str_eq(some, "mem");
	ck_assert_uint_eq(b.len, 0);
	ck_assert_uint_eq(b.limit, 8);
	free(none);
	free(some);
}
END_TEST

START_TEST(grows_a_lot_without_passing_the_ceiling)
{
	struct buf b = BUF_INIT(100000);
	char block[777];

	memset(block, 'x', sizeof(block));
	while (buf_add(&b, block, sizeof(block)))
		ck_assert_uint_le(b.room, 100001);
	ck_assert_uint_eq(b.len, 100000 / 777 * 777);
	ck_assert_uint_eq(strlen(buf_text(&b)), b.len);
	buf_release(&b);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		starts_without_memory,
		fills_to_the_ceiling_and_no_byte_more,
		a_refusal_sticks_so_that_what_is_there_is_a_prefix,
		formats_across_the_end_of_its_room,
		a_format_that_does_not_fit_leaves_nothing_behind,
		keeps_nul_bytes_and_counts_them,
		hands_its_memory_over,
		grows_a_lot_without_passing_the_ceiling,
	};

	return unit_run("buf", cases, ARRAY_LEN(cases));
}
