/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/rows.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bridge/md5.h"
#include "model/json.h"
#include "unit.h"

enum { COUNT = 100000, COLUMNS = 15 };

static const struct rows_load load = {.seed = 1, .first = 1, .last = COUNT, .from_us = INT64_C(1780000000000000),
                                      .until_us = INT64_C(1787776000000000)};

/* Cuts one line of COPY text into its columns, in place. */
static int split(char *line, char **column)
{
	int n = 0;

	for (char *at = line; at && n < COLUMNS + 1; n++) {
		column[n] = at;
		at = strchr(at, '\t');
		if (at)
			*at++ = '\0';
	}
	return n;
}

START_TEST(md5)
{
	static const char *const known[][2] = {{"", "d41d8cd98f00b204e9800998ecf8427e"}, {"a", "0cc175b9c0f1b6a831c399e269772661"},
		{"abc", "900150983cd24fb0d6963f7d28e17f72"}, {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
		{"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"}, {"1000000", "8155bc545f84d9652f1012ef2bdfb6eb"}};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		char hex[MD5_HEX];
		md5_hex(hex, known[i][0], strlen(known[i][0]));
		ck_assert_msg(memcmp(hex, known[i][1], MD5_HEX) == 0, "%s: %.32s", known[i][0], hex);
	}
}
END_TEST

START_TEST(times)
{
	static const struct {
		int64_t us;
		const char *text;
	} known[] = {
		{0, "1970-01-01 00:00:00.000000+00"}, {INT64_C(951782400000001), "2000-02-29 00:00:00.000001+00"},
		{INT64_C(951868799999999), "2000-02-29 23:59:59.999999+00"}, {INT64_C(951868800000000), "2000-03-01 00:00:00.000000+00"},
		{INT64_C(1798761599000000), "2026-12-31 23:59:59.000000+00"}, {INT64_C(4107542400000000), "2100-03-01 00:00:00.000000+00"},
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		struct buf text = BUF_INIT(100);
		rows_time(&text, known[i].us);
		ck_assert_str_eq(buf_text(&text), known[i].text);
		buf_release(&text);
	}
}
END_TEST

START_TEST(the_same_again)
{
	struct buf a = BUF_INIT(10000), b = BUF_INIT(10000);
	struct rows_load other = load;

	rows_transaction(&load, 4711, &a);
	rows_transaction(&load, 4711, &b);
	ck_assert_str_eq(buf_text(&a), buf_text(&b));
	buf_clear(&b);
	other.seed = 2;
	rows_transaction(&other, 4711, &b);
	ck_assert_str_ne(buf_text(&a), buf_text(&b));
	buf_clear(&b);
	rows_transaction(&load, 4712, &b);
	ck_assert_str_ne(buf_text(&a), buf_text(&b));
	buf_release(&a);
	buf_release(&b);
}
END_TEST

static void check_metadata(const char *text)
{
	struct json *root = NULL;
	struct err why = {0};

	ck_assert_msg(json_parse(&root, text, strlen(text), 10000, &why) == 0, "%s: %s", why.text, text);
	ck_assert_ptr_nonnull(json_text(json_get(root, "asset_type")));
	ck_assert_ptr_nonnull(json_text(json_get(json_get(root, "asset_metadata"), "symbol")));
	ck_assert(isfinite(json_number(json_get(root, "fee"))));
	json_free(root);
}

START_TEST(rows_are_whole)
{
	for (int64_t i = 1; i <= 2000; i++) {
		struct buf text = BUF_INIT(ROWS_TEXT_MAX);
		struct json *signers = NULL;
		struct err why = {0};
		char id[ROWS_ID_LEN + 1], *column[COLUMNS + 1], *end;

		rows_transaction(&load, i, &text);
		ck_assert(!text.failed && text.data[text.len - 1] == '\n');
		text.data[text.len - 1] = '\0';
		ck_assert_int_eq(split(text.data, column), COLUMNS);
		rows_id(id, i);
		ck_assert_str_eq(column[0], id);
		int64_t amount = strtoll(column[2], &end, 10);
		ck_assert_msg(amount > 0 && *end == '\0', "%s", column[2]);
		ck_assert_str_ne(column[4], column[5]); /* a bridge leads to another chain */
		ck_assert_uint_eq(strlen(column[6]), 42);
		ck_assert_uint_eq(strlen(column[8]), 66);
		ck_assert_int_le(strcmp(column[11], column[12]), 0);
		ck_assert_int_eq(json_parse(&signers, column[13], strlen(column[13]), 1000, &why), 0);
		ck_assert_int_eq(json_count(signers), strcmp(column[10], "pending") == 0 ? 0 : 2);
		json_free(signers);
		check_metadata(column[14]);
		buf_release(&text);
	}
}
END_TEST

START_TEST(in_the_order_of_time)
{
	char last[32] = "", first[] = "2026-05-28 20:26:40";
	struct buf until = BUF_INIT(100);

	rows_time(&until, load.until_us);
	for (int64_t i = 1; i <= COUNT; i += 7) {
		struct buf text = BUF_INIT(ROWS_TEXT_MAX);
		char *column[COLUMNS + 1];
		rows_transaction(&load, i, &text);
		split(text.data, column);
		ck_assert_int_ge(strcmp(column[11], last), 0);
		ck_assert_int_le(strcmp(column[12], buf_text(&until)), 0);
		snprintf(last, sizeof last, "%s", column[11]);
		if (i == 1)
			ck_assert_msg(strncmp(last, first, 15) == 0, "%s", last);
		buf_release(&text);
	}
	buf_release(&until);
}
END_TEST

struct tally {
	int completed, pending, failed, ethereum, over, dgt, rare, type_0;
};

static void tally(struct tally *t, char **column)
{
	double units = strtod(column[2], NULL) / (strcmp(column[3], "8") == 0 ? 1e8 : 1e6);

	t->completed += strcmp(column[10], "completed") == 0;
	t->pending += strcmp(column[10], "pending") == 0;
	t->failed += strcmp(column[10], "failed") == 0;
	t->ethereum += strcmp(column[4], "ethereum") == 0;
	t->dgt += strcmp(column[1], "dgt") == 0;
	t->over += units > 1000;
	t->rare += strstr(column[14], "\"rare_nft\"") != NULL;
	t->type_0 += strstr(column[14], "\"type_0\"") != NULL;
}

static void share(const char *what, int count, double wanted)
{
	double sigma = sqrt(COUNT * wanted * (1 - wanted));

	ck_assert_msg(fabs(count - COUNT * wanted) < 5 * sigma, "%s: %d of %d, wanted %g", what, count, COUNT, COUNT * wanted);
}

/* As the header says, within five standard deviations; they are the same at each run. */
START_TEST(shares)
{
	struct tally t = {0};
	struct buf text = BUF_INIT(ROWS_TEXT_MAX);
	char *column[COLUMNS + 1];

	for (int64_t i = 1; i <= COUNT; i++) {
		buf_clear(&text);
		rows_transaction(&load, i, &text);
		split(text.data, column);
		tally(&t, column);
	}
	buf_release(&text);
	share("completed", t.completed, 0.90);
	share("failed", t.failed, 0.03);
	share("pending", t.pending, 0.025);
	share("ethereum", t.ethereum, sqrt(1 / 8.0));
	share("dgt", t.dgt, sqrt(1 / 8.0));
	share("over 1000", t.over, 0.1008); /* 1 - Phi((ln 1000 - 4.8) / 1.65) */
	share("rare_nft", t.rare, 0.0005);
	share("type_0", t.type_0, sqrt(1 / 19.0) - sqrt(0) - 0.0005);
}
END_TEST

START_TEST(signatures)
{
	struct buf text = BUF_INIT(ROWS_TEXT_MAX);
	char a[8], b[8], c[8];

	for (int64_t i = 1; i < 5; i++)
		rows_signatures(&load, i, &text);
	ck_assert_uint_eq(text.len, 0);
	rows_signatures(&load, 5, &text);
	ck_assert_int_eq(sscanf(buf_text(&text), "%*s val-%7s %*s %*s %*s %*s %*s val-%7s %*s %*s %*s %*s %*s val-%7s", a, b, c), 3);
	ck_assert(strcmp(a, b) != 0 && strcmp(b, c) != 0 && strcmp(a, c) != 0);
	buf_release(&text);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {md5, times, the_same_again, rows_are_whole, in_the_order_of_time, shares, signatures};

	return unit_run("rows", cases, ARRAY_LEN(cases));
}
