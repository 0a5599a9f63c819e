/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "unit.h"

#define KEY_A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_B "F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFFe0e1e2e3e4e5e6e7e8e9eaebecedeeef"

static const struct str key_name = STR("dytallix:bridge:tx:1");

static struct codec *make(enum codec_kind kind, const char *text)
{
	struct codec_keys keys = {.count = 0};
	struct codec *c = NULL;
	struct err why;

	if (text)
		ck_assert_int_eq(codec_keys_parse(&keys, str_from(text), "keys", &why), 0);
	ck_assert_msg(codec_new(&c, kind, text ? &keys : NULL, &why) == 0, "%s", why.text);
	codec_keys_wipe(&keys);
	return c;
}

/* Text that compresses about as JSON does. */
static char *text_of(size_t len, unsigned seed)
{
	static const char words[] = "{\"id\":\"status\",\"source_chain\":\"ethereum\",\"amount\":";
	char *out = mem_alloc(len + 1);

	for (size_t i = 0; i < len; i++) {
		seed = seed * 1103515245 + 12345;
		out[i] = seed >> 28 ? words[i % (sizeof(words) - 1)] : (char)('a' + (seed >> 16) % 26);
	}
	return out;
}

static void round_trip(struct codec *c, size_t len)
{
	struct buf stored = BUF_INIT(16 << 20), back = BUF_INIT(16 << 20);
	char *text = text_of(len, (unsigned)len + 1);
	struct err why;

	ck_assert_int_eq(codec_encode(c, key_name, (struct str){text, len}, &stored, &why), 0);
	ck_assert_msg(codec_decode(c, key_name, buf_str(&stored), &back, &why) == 0, "%zu: %s", len, why.text);
	ck_assert(str_eq(buf_str(&back), (struct str){text, len}));
	buf_release(&stored);
	buf_release(&back);
	free(text);
}

START_TEST(every_kind_gives_back_what_it_took)
{
	static const size_t sizes[] = {0, 1, 15, 399, 400, 545, 1400, 16384, 16385, 17000, 300000, CODEC_RAW_MAX};

	for (int kind = CODEC_RAW; kind <= CODEC_SEALED; kind++) {
		struct codec *c = make(kind, kind == CODEC_SEALED ? "7 " KEY_A : NULL);
		for (int again = 0; again < 2; again++) /* a stream that was used, small and large in turn */
			for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
				round_trip(c, sizes[i]);
		ck_assert_int_eq(codec_counts(c)->encoded, 2 * ARRAY_LEN(sizes));
		ck_assert_int_eq(codec_counts(c)->decoded, 2 * ARRAY_LEN(sizes));
		ck_assert_int_eq(codec_counts(c)->broken + codec_counts(c)->forged + codec_counts(c)->too_big, 0);
		codec_free(c);
	}
}
END_TEST

/* zlib.compress(b'{"a": [1, 2, 3], "b": null}') of Python; ours must be readable by it, see tests/live. */
START_TEST(zlib_of_another_program)
{
	static const uint8_t theirs[] = {0x78, 0x9c, 0xab, 0x56, 0x4a, 0x54, 0xb2, 0x52, 0x88, 0x36, 0xd4, 0x51, 0x30, 0xd2,
	                                 0x51, 0x30, 0x8e, 0xd5, 0x51, 0x50, 0x4a, 0x02, 0xf2, 0xf3, 0x4a, 0x73, 0x72, 0x6a,
	                                 0x01, 0x57, 0x9a, 0x06, 0xe5};
	struct codec *c = make(CODEC_ZLIB, NULL);
	struct buf out = BUF_INIT(1000);
	struct err why;
	char bytes[sizeof(theirs) + 1];

	memcpy(bytes, theirs, sizeof(theirs));
	ck_assert_msg(codec_decode(c, key_name, (struct str){bytes, sizeof(theirs)}, &out, &why) == 0, "%s", why.text);
	ck_assert_str_eq(buf_text(&out), "{\"a\": [1, 2, 3], \"b\": null}");
	for (size_t len = 0; len < sizeof(theirs); len++)
		ck_assert_int_eq(codec_decode(c, key_name, (struct str){bytes, len}, &out, &why), ERR_PROTOCOL);
	bytes[sizeof(theirs)] = 'x'; /* something behind it */
	ck_assert_int_eq(codec_decode(c, key_name, (struct str){bytes, sizeof(bytes)}, &out, &why), ERR_PROTOCOL);
	ck_assert_int_eq(codec_counts(c)->broken, sizeof(theirs) + 1);
	ck_assert_uint_eq(out.len, 0);
	buf_release(&out);
	codec_free(c);
}
END_TEST

START_TEST(a_bomb_is_capped)
{
	struct codec *c = make(CODEC_ZLIB, NULL);
	struct buf stored = BUF_INIT(1 << 20), back = BUF_INIT(SIZE_MAX);
	char *zeros = mem_alloc(CODEC_RAW_MAX);
	struct err why;

	ck_assert_int_eq(codec_encode(c, key_name, (struct str){zeros, CODEC_RAW_MAX}, &stored, &why), ERR_TOO_BIG);
	buf_release(&stored);
	stored = BUF_INIT(16 << 20);
	ck_assert_int_eq(codec_encode(c, key_name, (struct str){zeros, CODEC_RAW_MAX}, &stored, &why), 0);
	ck_assert_uint_lt(stored.len, 20000);
	ck_assert_int_eq(codec_decode(c, key_name, buf_str(&stored), &back, &why), 0);
	ck_assert_uint_eq(back.len, CODEC_RAW_MAX);
	/* no more is inflated than the caller's ceiling holds */
	buf_release(&back);
	struct buf small = BUF_INIT(1000);
	ck_assert_int_eq(codec_decode(c, key_name, buf_str(&stored), &small, &why), ERR_TOO_BIG);
	ck_assert_uint_le(small.room, 1001);
	ck_assert_int_eq(codec_counts(c)->too_big, 1);
	buf_release(&small);
	buf_release(&stored);
	free(zeros);
	codec_free(c);
}
END_TEST

static int decode(struct codec *c, struct str name, const char *bytes, size_t len)
{
	struct buf out = BUF_INIT(1 << 20);
	struct err why;
	int code = codec_decode(c, name, (struct str){bytes, len}, &out, &why);

	ck_assert(code == 0 || out.len == 0);
	buf_release(&out);
	return code;
}

static void tamper(size_t len)
{
	struct codec *c = make(CODEC_SEALED, "7 " KEY_A "\n8 " KEY_B "\n");
	struct buf stored = BUF_INIT(1 << 20);
	char *text = text_of(len, 5);
	struct err why;

	ck_assert_int_eq(codec_encode(c, key_name, (struct str){text, len}, &stored, &why), 0);
	ck_assert_int_eq(decode(c, key_name, stored.data, stored.len), 0);
	for (size_t bit = 0; bit < stored.len * 8; bit++) {
		stored.data[bit / 8] = (char)(stored.data[bit / 8] ^ (1 << bit % 8));
		int code = decode(c, key_name, stored.data, stored.len);
		ck_assert_msg(code == ERR_AUTH || (bit < 48 && code == ERR_UNSUPPORTED), "bit %zu: %d", bit, code);
		stored.data[bit / 8] = (char)(stored.data[bit / 8] ^ (1 << bit % 8));
	}
	for (size_t cut = 0; cut < stored.len; cut++) {
		ck_assert_int_ne(decode(c, key_name, stored.data, cut), 0);
		ck_assert_int_ne(decode(c, key_name, stored.data + stored.len - cut, cut), 0);
	}
	buf_addc(&stored, 'x');
	ck_assert_int_eq(decode(c, key_name, stored.data, stored.len), ERR_AUTH);
	buf_cut(&stored, stored.len - 1);
	ck_assert_int_eq(decode(c, STR("dytallix:bridge:tx:2"), stored.data, stored.len), ERR_AUTH);
	ck_assert_int_eq(decode(c, STR("dytallix:bridge:tx:"), stored.data, stored.len), ERR_AUTH);
	ck_assert_int_eq(decode(c, key_name, stored.data, stored.len), 0);
	int64_t refused = codec_counts(c)->unknown + codec_counts(c)->forged;
	ck_assert_int_eq(refused, (int64_t)(stored.len * 8 + stored.len * 2 + 3));
	ck_assert_int_eq(codec_counts(c)->broken + codec_counts(c)->too_big, 0);
	buf_release(&stored);
	free(text);
	codec_free(c);
}

START_TEST(every_bit_is_sealed)
{
	tamper(0);
	tamper(60);
	tamper(545);
}
END_TEST

START_TEST(compression_only_where_it_helps)
{
	struct codec *c = make(CODEC_SEALED, "513 " KEY_A);
	struct buf stored = BUF_INIT(1 << 20);
	char *text = text_of(399, 9), *noise = mem_alloc(500);
	struct err why;
	unsigned x = 1;

	for (int i = 0; i < 500; i++)
		noise[i] = (char)((x = x * 1103515245 + 12345) >> 16);
	ck_assert_int_eq(codec_encode(c, key_name, (struct str){text, 399}, &stored, &why), 0);
	ck_assert_uint_eq(stored.len, 399 + CODEC_SEAL_BYTES);
	static const uint8_t header[] = {'D', 1, 2, 2, 1, 0, 0, 0, 1, 0x8f};
	ck_assert_mem_eq(stored.data, header, sizeof(header));
	ck_assert_int_eq(codec_encode(c, key_name, (struct str){noise, 500}, &stored, &why), 0);
	ck_assert_uint_eq(stored.len, 500 + CODEC_SEAL_BYTES);
	ck_assert_int_eq(stored.data[2], 2);
	free(text);
	text = text_of(545, 9);
	ck_assert_int_eq(codec_encode(c, key_name, (struct str){text, 545}, &stored, &why), 0);
	ck_assert_uint_lt(stored.len, 545);
	ck_assert_int_eq(stored.data[2], 3);
	free(text);
	free(noise);
	buf_release(&stored);
	codec_free(c);
}
END_TEST

START_TEST(keys_rotate)
{
	struct codec *old = make(CODEC_SEALED, "1 " KEY_A), *both = make(CODEC_SEALED, "2 " KEY_B ", 1 " KEY_A);
	struct codec *later = make(CODEC_SEALED, "2 " KEY_B), *wrong = make(CODEC_SEALED, "1 " KEY_B);
	struct buf a = BUF_INIT(1000), b = BUF_INIT(1000);
	struct err why;

	ck_assert_int_eq(codec_encode(old, key_name, STR("under the old key"), &a, &why), 0);
	ck_assert_int_eq(codec_encode(both, key_name, STR("under the new key"), &b, &why), 0);
	ck_assert_int_eq(decode(both, key_name, a.data, a.len), 0);
	ck_assert_int_eq(decode(both, key_name, b.data, b.len), 0);
	ck_assert_int_eq(decode(later, key_name, b.data, b.len), 0);
	ck_assert_int_eq(decode(later, key_name, a.data, a.len), ERR_UNSUPPORTED);
	ck_assert_int_eq(codec_counts(later)->unknown, 1);
	ck_assert_int_eq(decode(wrong, key_name, a.data, a.len), ERR_AUTH);
	ck_assert_int_eq(codec_counts(wrong)->forged, 1);
	buf_release(&a);
	buf_release(&b);
	codec_free(old);
	codec_free(both);
	codec_free(later);
	codec_free(wrong);
}
END_TEST

/* Values of others: in clear, and what an attacker would like to be taken for sealed. */
START_TEST(no_way_around_the_seal)
{
	struct codec *c = make(CODEC_SEALED, "1 " KEY_A);
	struct codec *z = make(CODEC_ZLIB, NULL);
	struct buf stored = BUF_INIT(1 << 20);
	char bare[200] = {'D', 1, 0, 0, 1, 0, 0, 0, 0, 4};
	struct err why;

	ck_assert_int_eq(codec_encode(z, key_name, STR("{\"in\":\"clear\"}"), &stored, &why), 0);
	ck_assert_int_eq(decode(c, key_name, stored.data, stored.len), ERR_UNSUPPORTED);
	ck_assert_int_eq(decode(c, key_name, "{}", 2), ERR_UNSUPPORTED);
	ck_assert_int_eq(decode(c, key_name, bare, 60), ERR_UNSUPPORTED); /* flags say: not sealed */
	bare[2] = 6;
	ck_assert_int_eq(decode(c, key_name, bare, 60), ERR_UNSUPPORTED);
	bare[2] = 2;
	bare[1] = 2;
	ck_assert_int_eq(decode(c, key_name, bare, 60), ERR_UNSUPPORTED);
	bare[1] = 1;
	bare[6] = bare[7] = '\xff'; /* 4 GB announced */
	ck_assert_int_eq(decode(c, key_name, bare, 60), ERR_AUTH);
	ck_assert_int_eq(codec_counts(c)->unknown, 5);
	ck_assert_int_eq(codec_counts(c)->forged, 1);
	buf_release(&stored);
	codec_free(c);
	codec_free(z);
}
END_TEST

static int keys(const char *text, struct err *why)
{
	struct codec_keys out;

	return codec_keys_parse(&out, str_from(text), "cache.keys", why);
}

START_TEST(keys_are_read_strictly)
{
	struct codec *c = NULL;
	struct codec_keys parsed;
	struct err why;

	ck_assert_int_eq(keys("# ours\n\n 3\t" KEY_A " # new\r\n4 " KEY_B "\n", &why), 0);
	ck_assert_int_eq(keys("", &why), ERR_INVALID);
	ck_assert_int_eq(keys("# only this\n", &why), ERR_INVALID);
	ck_assert_int_eq(keys("65536 " KEY_A, &why), ERR_INVALID);
	ck_assert_int_eq(keys(KEY_A, &why), ERR_INVALID);
	ck_assert_int_eq(keys("1 " KEY_A "\n2 abc", &why), ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(why.text, "cache.keys:2: "));
	ck_assert_ptr_null(strstr(why.text, "abc")); /* it may be most of a key */
	ck_assert_int_eq(keys("1 " KEY_A "\n1 " KEY_B, &why), ERR_INVALID);
	ck_assert_int_eq(keys("1 " KEY_A ";2 " KEY_A ";3 " KEY_A ";4 " KEY_A ";5 " KEY_A, &why), ERR_INVALID);
	ck_assert_int_eq(codec_keys_parse(&parsed, str_from("9 " KEY_B), "k", &why), 0);
	ck_assert_int_eq(parsed.key[0].id, 9);
	ck_assert_int_eq(parsed.key[0].bytes[0], 0xf0);
	ck_assert_int_eq(parsed.key[0].bytes[31], 0xef);
	ck_assert_int_eq(codec_new(&c, CODEC_SEALED, NULL, &why), ERR_INVALID);
	ck_assert_ptr_null(c);
	ck_assert_int_eq(codec_kind_find(STR("sealed")), CODEC_SEALED);
	ck_assert_int_eq(codec_kind_find(STR("seal")), -1);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		every_kind_gives_back_what_it_took, zlib_of_another_program, a_bomb_is_capped, every_bit_is_sealed,
		compression_only_where_it_helps, keys_rotate, no_way_around_the_seal, keys_are_read_strictly,
	};

	return unit_run("codec", cases, ARRAY_LEN(cases));
}
