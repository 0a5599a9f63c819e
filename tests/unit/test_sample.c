/* SPDX-License-Identifier: PostgreSQL */
#include "model/sample.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

START_TEST(unset_values_are_unknown)
{
	struct sample *s = sample_new(5);

	sample_type(s, 0, SAMPLE_INT);
	sample_type(s, 1, SAMPLE_FLOAT);
	sample_type(s, 2, SAMPLE_TEXT);
	sample_type(s, 3, SAMPLE_BOOL); /* column 4 stays absent */
	ck_assert_int_eq(sample_add_row(s), 0);
	sample_finish(s, NULL, 0);
	for (int c = -1; c <= 5; c++) {
		ck_assert_int_eq(sample_cell(s, 0, c).kind, CELL_UNKNOWN);
		ck_assert(isnan(sample_number(s, 0, c)));
	}
	ck_assert_int_eq(sample_cell(s, 1, 0).kind, CELL_UNKNOWN);
	ck_assert_int_eq(sample_cell(s, -1, 0).kind, CELL_UNKNOWN);
	sample_free(s);
	sample_free(NULL);
}
END_TEST

START_TEST(setters_convert_or_refuse)
{
	struct sample *s = sample_new(4);

	for (int c = 0; c < 4; c++)
		sample_type(s, c, (enum sample_type[]){SAMPLE_INT, SAMPLE_FLOAT, SAMPLE_TEXT, SAMPLE_BOOL}[c]);
	sample_add_row(s);
	sample_set_float(s, 0, 0, 2.6);
	ck_assert_int_eq(sample_cell(s, 0, 0).integer, 3);
	sample_set_float(s, 0, 0, 9223372036854775808.0); /* 2^63: one too many */
	ck_assert_int_eq(sample_cell(s, 0, 0).kind, CELL_UNKNOWN);
	sample_set_float(s, 0, 0, -9223372036854774784.0);
	ck_assert_int_eq(sample_cell(s, 0, 0).integer, INT64_MIN + 1024);
	sample_set_int(s, 0, 0, INT64_MAX);
	ck_assert_int_eq(sample_cell(s, 0, 0).integer, INT64_MAX);
	sample_set_text(s, 0, 0, "12", 2);
	ck_assert_int_eq(sample_cell(s, 0, 0).kind, CELL_UNKNOWN);
	sample_set_int(s, 0, 1, INT64_MIN);
	ck_assert_int_eq(sample_cell(s, 0, 1).kind, CELL_UNKNOWN);
	sample_set_int(s, 0, 1, 7);
	ck_assert_double_eq(sample_cell(s, 0, 1).number, 7);
	sample_set_float(s, 0, 1, INFINITY);
	ck_assert_int_eq(sample_cell(s, 0, 1).kind, CELL_UNKNOWN);
	sample_set_float(s, 0, 1, NAN);
	ck_assert_int_eq(sample_cell(s, 0, 1).kind, CELL_UNKNOWN);
	sample_set_int(s, 0, 2, 5);
	ck_assert_int_eq(sample_cell(s, 0, 2).kind, CELL_UNKNOWN);
	sample_set_text(s, 0, 2, "", 0);
	ck_assert_int_eq(sample_cell(s, 0, 2).kind, CELL_TEXT);
	ck_assert_uint_eq(sample_cell(s, 0, 2).text.len, 0);
	sample_set_text(s, 0, 2, NULL, 3);
	ck_assert_int_eq(sample_cell(s, 0, 2).kind, CELL_UNKNOWN);
	sample_set_int(s, 0, 3, 1);
	ck_assert_int_eq(sample_cell(s, 0, 3).kind, CELL_BOOL);
	sample_set_int(s, 9, 9, 1); /* passed over */
	sample_free(s);
}
END_TEST

START_TEST(texts_keep_every_byte_and_share_with_the_row_above)
{
	struct sample *s = sample_new(2);
	size_t one;

	sample_type(s, 0, SAMPLE_TEXT);
	sample_type(s, 1, SAMPLE_TEXT);
	sample_add_row(s);
	sample_set_text(s, 0, 0, "a\0b\xff", 4);
	sample_set_text(s, 0, 1, "bridge", 6);
	one = s->pool.len;
	for (int i = 1; i < 1000; i++) {
		sample_add_row(s);
		sample_set_text(s, i, 0, "a\0b\xff", 4);
		sample_set_text(s, i, 1, "bridge", 6);
	}
	ck_assert_uint_eq(s->pool.len, one);
	ck_assert_mem_eq(sample_cell(s, 999, 0).text.at, "a\0b\xff", 4);
	sample_free(s);
}
END_TEST

START_TEST(a_text_too_big_is_unknown_and_said)
{
	struct sample *s = sample_new(1);
	size_t len = SAMPLE_TEXT_BYTES_MAX / 2 + 1;
	char *big = malloc(len);

	memset(big, 'x', len);
	sample_type(s, 0, SAMPLE_TEXT);
	sample_add_row(s);
	sample_set_text(s, 0, 0, big, len);
	ck_assert(!s->cut);
	big[0] = 'y';
	sample_add_row(s);
	sample_set_text(s, 1, 0, big, len);
	ck_assert(s->cut);
	ck_assert_int_eq(sample_cell(s, 1, 0).kind, CELL_UNKNOWN);
	sample_set_text(s, 1, 0, "still room for this", 19);
	ck_assert_int_eq(sample_cell(s, 1, 0).kind, CELL_TEXT);
	ck_assert_uint_eq(sample_cell(s, 0, 0).text.len, len);
	sample_free(s);
	free(big);
}
END_TEST

START_TEST(rows_have_a_ceiling)
{
	struct sample *s = sample_new(1);

	sample_type(s, 0, SAMPLE_INT);
	for (int i = 0; i < SAMPLE_ROWS_MAX; i++)
		ck_assert_int_eq(sample_add_row(s), i);
	ck_assert(!s->cut);
	ck_assert_int_eq(sample_add_row(s), -1);
	ck_assert(s->cut);
	ck_assert_int_eq(s->rows, SAMPLE_ROWS_MAX);
	sample_free(s);
}
END_TEST

static struct sample *keyed(const char *const *texts, const int64_t *ints, int rows)
{
	struct sample *s = sample_new(2);

	sample_type(s, 0, SAMPLE_INT);
	sample_type(s, 1, SAMPLE_TEXT);
	for (int i = 0; i < rows; i++) {
		sample_add_row(s);
		sample_set_int(s, i, 0, ints[i]);
		if (texts[i])
			sample_set_text(s, i, 1, texts[i], strlen(texts[i]));
	}
	sample_finish(s, (int[]){0, 1}, 2);
	return s;
}

START_TEST(keys_follow_values_not_places)
{
	struct sample *a = keyed((const char *const[]){"x", "y", NULL, ""}, (int64_t[]){1, 1, 1, 1}, 4);
	struct sample *b = keyed((const char *const[]){"", NULL, "y", "x"}, (int64_t[]){1, 1, 1, 1}, 4);

	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(sample_find(b, a->key[i]), 3 - i);
		ck_assert(!sample_is_twin(a, a->key[i]));
	}
	ck_assert_int_eq(sample_find(a, 12345), -1);
	sample_free(a);
	sample_free(b);
}
END_TEST

START_TEST(equal_keys_find_the_first_and_are_twins)
{
	struct sample *s = keyed((const char *const[]){"a", "b", "a", "a"}, (int64_t[]){7, 7, 7, 7}, 4);

	ck_assert_int_eq(sample_find(s, s->key[3]), 0);
	ck_assert(sample_is_twin(s, s->key[0]));
	ck_assert(!sample_is_twin(s, s->key[1]));
	sample_free(s);
}
END_TEST

START_TEST(without_key_columns_the_row_number_is_the_key)
{
	struct sample *s = sample_new(1);

	sample_type(s, 0, SAMPLE_INT);
	sample_add_row(s);
	sample_add_row(s);
	sample_finish(s, NULL, 0);
	ck_assert_uint_eq(s->key[1], 1);
	ck_assert_int_eq(sample_find(s, 1), 1);
	sample_free(s);
}
END_TEST

START_TEST(ten_thousand_rows_stay_small)
{
	struct sample *s = sample_new(12);

	for (int c = 0; c < 12; c++)
		sample_type(s, c, c == 11 ? SAMPLE_TEXT : c % 2 ? SAMPLE_FLOAT : SAMPLE_INT);
	for (int i = 0; i < 10000; i++) {
		sample_add_row(s);
		for (int c = 0; c < 11; c++)
			sample_set_int(s, i, c, i * 12 + c);
		sample_set_text(s, i, 11, "public", 6);
	}
	sample_finish(s, (int[]){0, 2}, 2);
	/* values 960 kB, keys 80 kB, index 66 kB */
	ck_assert_uint_lt(sample_bytes(s), 1110 * 1000);
	for (int i = 0; i < 10000; i++) {
		ck_assert_int_eq(sample_find(s, s->key[i]), i);
		ck_assert_int_eq(sample_cell(s, i, 4).integer, i * 12 + 4);
		ck_assert_double_eq(sample_number(s, i, 5), i * 12 + 5);
	}
	sample_free(s);
}
END_TEST

static bool keep_column(void *ctx, int column)
{
	return column == *(int *)ctx;
}

START_TEST(strip_keeps_what_is_asked_for)
{
	struct sample *s = keyed((const char *const[]){"a", "b"}, (int64_t[]){7, 8}, 2);
	size_t before = sample_bytes(s);
	int kept = 0;

	sample_strip(s, keep_column, &kept);
	ck_assert_int_eq(sample_cell(s, 1, 0).integer, 8);
	ck_assert_int_eq(sample_cell(s, 1, 1).kind, CELL_UNKNOWN);
	ck_assert_uint_lt(sample_bytes(s), before);
	sample_free(s);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		unset_values_are_unknown,
		setters_convert_or_refuse,
		texts_keep_every_byte_and_share_with_the_row_above,
		a_text_too_big_is_unknown_and_said,
		rows_have_a_ceiling,
		keys_follow_values_not_places,
		equal_keys_find_the_first_and_are_twins,
		without_key_columns_the_row_number_is_the_key,
		ten_thousand_rows_stay_small,
		strip_keeps_what_is_asked_for,
	};

	return unit_run("sample", cases, ARRAY_LEN(cases));
}
