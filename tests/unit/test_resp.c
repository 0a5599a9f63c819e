/* SPDX-License-Identifier: PostgreSQL */
#include "source/resp.h"

#include <stdio.h>
#include <sys/resource.h>

#include "unit.h"

static int feed(struct resp *r, const char *bytes, struct err *why)
{
	return resp_feed(r, bytes, strlen(bytes), why);
}

/* The code that reading all of `bytes` ends with (0: more is wanted). */
static int outcome(const char *bytes, size_t len, struct err *why)
{
	struct resp *r = resp_new();
	struct resp_reply *reply;
	int code = resp_feed(r, bytes, len, why);

	while (!code && (code = resp_next(r, &reply, why)) == 1) {
		resp_reply_free(reply);
		code = 0;
	}
	resp_free(r);
	return code;
}

static const char mixed[] = "*6\r\n+OK\r\n-ERR no\r\n:-9223372036854775808\r\n$5\r\na\r\n\0b\r\n$-1\r\n*2\r\n:1\r\n*-1\r\n";

static void check_mixed(const struct resp_reply *r)
{
	ck_assert_int_eq(r->type, RESP_ARRAY);
	ck_assert_int_eq(r->count, 6);
	ck_assert_int_eq(r->element[0]->type, RESP_STATUS);
	ck_assert(str_is(r->element[0]->text, "OK"));
	ck_assert_int_eq(r->element[1]->type, RESP_ERROR);
	ck_assert(r->element[2]->integer == INT64_MIN);
	ck_assert_int_eq(r->element[3]->type, RESP_STRING);
	ck_assert(str_eq(r->element[3]->text, (struct str){"a\r\n\0b", 5}));
	ck_assert_int_eq(r->element[4]->type, RESP_NIL);
	ck_assert_int_eq(r->element[5]->count, 2);
	ck_assert_int_eq(r->element[5]->element[1]->type, RESP_NIL);
}

START_TEST(replies_come_whole_however_they_are_cut)
{
	for (size_t piece = 1; piece < sizeof(mixed); piece++) {
		struct resp *r = resp_new();
		struct resp_reply *reply = NULL;
		struct err why;
		for (size_t at = 0; at < sizeof(mixed) - 1; at += piece) {
			size_t len = sizeof(mixed) - 1 - at < piece ? sizeof(mixed) - 1 - at : piece;
			ck_assert_int_eq(resp_feed(r, mixed + at, len, &why), 0);
			int got = resp_next(r, &reply, &why);
			ck_assert_int_eq(got, at + len == sizeof(mixed) - 1);
		}
		check_mixed(reply);
		resp_reply_free(reply);
		resp_free(r);
	}
}
END_TEST

START_TEST(a_cut_reply_is_no_reply)
{
	for (size_t len = 0; len < sizeof(mixed) - 1; len++) {
		struct err why;
		ck_assert_int_eq(outcome(mixed, len, &why), 0);
	}
}
END_TEST

START_TEST(a_second_reply_behind_the_first_is_seen)
{
	struct resp *r = resp_new();
	struct resp_reply *reply;
	struct err why;

	/* What a forged CR LF in an error makes of one reply. */
	ck_assert_int_eq(feed(r, "-ERR x\r\n+OK\r\n:7", &why), 0);
	ck_assert_int_eq(resp_next(r, &reply, &why), 1);
	resp_reply_free(reply);
	ck_assert_int_eq(resp_next(r, &reply, &why), 1);
	ck_assert_int_eq(reply->type, RESP_STATUS);
	resp_reply_free(reply);
	ck_assert_int_eq(resp_next(r, &reply, &why), 0);
	resp_free(r);
}
END_TEST

START_TEST(announced_sizes_cost_nothing)
{
	struct rlimit memory = {256 << 20, 256 << 20};
	struct err why;

#ifdef __has_feature /* clang's way to say that AddressSanitizer, which needs much address space, is on */
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifndef __SANITIZE_ADDRESS__
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &memory), 0);
#endif
	(void)memory;
	ck_assert_int_eq(outcome("*444444444\r\n", 12, &why), ERR_TOO_BIG);
	ck_assert_int_eq(outcome("*2147483647\r\n", 13, &why), ERR_TOO_BIG);
	ck_assert_int_eq(outcome("*65537\r\n", 8, &why), ERR_TOO_BIG);
	ck_assert_int_eq(outcome("$500000000\r\n", 12, &why), 0); /* nothing came yet */
	/* Each header of 8 bytes announces 65,536 elements, 7 deep: half a megabyte of pointers a header, if believed. */
	ck_assert_int_eq(outcome("*65536\r\n*65536\r\n*65536\r\n*65536\r\n*65536\r\n*65536\r\n", 48, &why), 0);
}
END_TEST

START_TEST(elements_are_counted_over_all_arrays)
{
	struct buf bytes = BUF_INIT(8 << 20);
	struct err why;

	buf_adds(&bytes, "*4\r\n");
	for (int i = 0; i < 4; i++) {
		buf_adds(&bytes, "*20000\r\n");
		for (int n = 0; n < 20000; n++)
			buf_adds(&bytes, ":1\r\n");
	}
	ck_assert_int_eq(outcome(bytes.data, bytes.len, &why), ERR_TOO_BIG);
	ck_assert(strstr(why.text, "65536"));
	buf_release(&bytes);
}
END_TEST

START_TEST(bytes_of_a_reply_are_bounded)
{
	struct resp *r = resp_new();
	struct resp_reply *reply;
	struct err why;
	static char block[1 << 20];
	int code = feed(r, "$500000000\r\n", &why), blocks = 0;

	memset(block, 'x', sizeof(block));
	while (!code && blocks < 100) {
		blocks++;
		code = resp_feed(r, block, sizeof(block), &why);
		if (!code)
			code = resp_next(r, &reply, &why);
	}
	ck_assert_int_eq(code, ERR_TOO_BIG);
	ck_assert_int_eq(blocks, 16);
	resp_free(r);
}
END_TEST

START_TEST(many_small_replies_are_no_large_one)
{
	struct resp *r = resp_new();
	struct resp_reply *reply;
	struct err why;
	static char block[1 << 20];
	const char head[] = "$1048570\r\n"; /* with its CR LF */

	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 40; i++) {
		ck_assert_int_eq(resp_feed(r, head, sizeof(head) - 1, &why), 0);
		ck_assert_int_eq(resp_feed(r, block, 1048570, &why), 0);
		ck_assert_int_eq(resp_feed(r, "\r\n", 2, &why), 0);
		ck_assert_int_eq(resp_next(r, &reply, &why), 1);
		resp_reply_free(reply);
	}
	resp_free(r);
}
END_TEST

START_TEST(lines_without_end_are_refused)
{
	static char line[RESP_LINE_MAX + 2];
	struct err why;

	memset(line, 'A', sizeof(line));
	line[0] = '+';
	ck_assert_int_eq(outcome(line, sizeof(line), &why), ERR_TOO_BIG);
	line[0] = '$';
	ck_assert_int_lt(outcome(line, sizeof(line), &why), 0);
}
END_TEST

START_TEST(broken_bytes_are_an_error)
{
	static const char *const broken[] = {
		"$-5\r\n", "*-7\r\n", ":12a\r\n", ":99999999999999999999\r\n", "$3\r\nabcde\r\n", "+OK\r\n?\r\n",
		"%1\r\n+a\r\n+b\r\n", ",1.5\r\n", "#t\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		struct err why = {0};
		int code = outcome(broken[i], strlen(broken[i]), &why);
		if (strncmp(broken[i], "$3", 2) == 0) /* hiredis does not look at the two bytes behind a string */
			ck_assert_int_le(code, 0);
		else
			ck_assert_msg(code == ERR_PROTOCOL && why.text[0], "%s gave %d", broken[i], code);
	}
}
END_TEST

START_TEST(other_servers_are_told_apart)
{
	struct err why;

	ck_assert_int_eq(outcome("HTTP/1.1 400 Bad Request\r\n", 26, &why), ERR_PROTOCOL);
	ck_assert_msg(strstr(why.text, "not a Redis server: it says \"HTTP/1.1 400"), "%s", why.text);
	ck_assert_int_eq(outcome("\x15\x03\x01\x00\x02\x02\x46", 7, &why), ERR_PROTOCOL);
	ck_assert_msg(strstr(why.text, "rediss://"), "%s", why.text);
	ck_assert_int_eq(outcome("SSH\x1b]0;x\a\x9b" "2J\r\n", 14, &why), ERR_PROTOCOL);
	ck_assert_msg(!strchr(why.text, 0x1b) && strstr(why.text, "\\x1B]0;x"), "%s", why.text);
	ck_assert_int_eq(outcome("\0\0\0\0", 4, &why), ERR_PROTOCOL);
}
END_TEST

START_TEST(commands_are_binary_safe)
{
	struct buf out = BUF_INIT(1000);
	struct str words[] = {STR("SET"), {"a\r\nb", 4}, {"\0\x1b", 2}, STR("")};

	ck_assert(resp_command(&out, 4, words));
	ck_assert(str_eq(buf_str(&out),
	                 (struct str){"*4\r\n$3\r\nSET\r\n$4\r\na\r\nb\r\n$2\r\n\0\x1b\r\n$0\r\n\r\n", 37}));
	ck_assert(!resp_command(&out, 0, words));
	ck_assert(out.failed);
	buf_clear(&out);
	struct str large = {mixed, sizeof(mixed) - 1};
	struct buf small = BUF_INIT(10);
	ck_assert(!resp_command(&small, 1, &large));
	buf_release(&small);
	buf_release(&out);
}
END_TEST

START_TEST(command_lines_are_split_into_words)
{
	struct buf out = BUF_INIT(1000);
	struct err why;

	ck_assert_int_eq(resp_command_line(&out, str_from("  SLOWLOG\tGET \"a b\" \"\" 6\r\n"), &why), 0);
	ck_assert_str_eq(buf_text(&out), "*5\r\n$7\r\nSLOWLOG\r\n$3\r\nGET\r\n$3\r\na b\r\n$0\r\n\r\n$1\r\n6\r\n");
	ck_assert_int_eq(resp_command_line(&out, str_from("   "), &why), ERR_INVALID);
	ck_assert_int_eq(resp_command_line(&out, str_from("A \"b"), &why), ERR_INVALID);
	char many[RESP_ARGS_MAX * 2 + 3] = "";
	for (int i = 0; i <= RESP_ARGS_MAX; i++)
		memcpy(many + 2 * i, "a ", 3);
	ck_assert_int_eq(resp_command_line(&out, str_from(many), &why), ERR_INVALID);
	buf_release(&out);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		replies_come_whole_however_they_are_cut, a_cut_reply_is_no_reply, a_second_reply_behind_the_first_is_seen,
		announced_sizes_cost_nothing, elements_are_counted_over_all_arrays, bytes_of_a_reply_are_bounded,
		many_small_replies_are_no_large_one, lines_without_end_are_refused, broken_bytes_are_an_error,
		other_servers_are_told_apart, commands_are_binary_safe, command_lines_are_split_into_words,
	};

	return unit_run("resp", cases, ARRAY_LEN(cases));
}
