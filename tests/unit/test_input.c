/* SPDX-License-Identifier: PostgreSQL */
#include "ui/input.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "unit.h"

static const char *const names[] = {
	"up", "down", "left", "right", "pgup", "pgdn", "home", "end", "backspace", "delete", "backtab", "esc", "enter", "f1", "f2",
	"f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12",
};

/* All the events of some bytes as text: keys by name or in hex, "p[...]" a paste, "mX,Y,button,wheel" the mouse, "..." waits for more. */
static void run(struct input *in, const char *bytes, size_t len, int64_t ms, bool waited, char *out, size_t size)
{
	struct term_event e;
	enum input_state state;
	size_t at = 0;

	input_feed(in, bytes, len, ms * CLOCK_MS_NS);
	out[0] = '\0';
	while ((state = input_next(in, waited, &e)) == INPUT_EVENT && at < size) {
		if (e.key == TERM_KEY_PASTE)
			at += (size_t)snprintf(out + at, size - at, "p[%.*s] ", (int)e.text.len, e.text.at);
		else if (e.key == TERM_KEY_MOUSE)
			at += (size_t)snprintf(out + at, size - at, "m%d,%d,%d,%d ", e.x, e.y, e.button, e.wheel);
		else if (e.key >= TERM_KEY_UP)
			at += (size_t)snprintf(out + at, size - at, "%s ", names[e.key - TERM_KEY_UP]);
		else
			at += (size_t)snprintf(out + at, size - at, "%x ", (unsigned)e.key);
	}
	if (state == INPUT_PART)
		snprintf(out + at, size - at, "...");
}

struct row {
	const char *bytes, *events;
	bool waited;
};

static const struct row rows[] = {
	{"q", "71 ", false},
	{"\r\n\x7f\x08\t\x03\x1a", "enter enter backspace backspace 9 3 1a ", false},
	{"\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80", "e9 65e5 1f600 ", false},
	{"\xc3", "...", false},
	{"\xff\x80\xc0\xafq", "71 ", false},
	{"\xc2\x9b" "1q", "31 71 ", false},                     /* C1 is no key */
	{"\x1b", "...", false},
	{"\x1b", "esc ", true},
	{"\x1b\x1b", "esc ...", false},
	{"\x1b\x1b[A", "esc up ", false},
	{"\x1b[A\x1b[B\x1b[C\x1b[D\x1bOA", "up down right left up ", false},
	{"\x1b[1;5A\x1b[H\x1b[F\x1b[1~\x1b[4~\x1b[5~\x1b[6~\x1b[3~\x1b[Z", "up home end home end pgup pgdn delete backtab ", false},
	{"\x1b[[A\x1b[[E\x1bOP\x1b[15~\x1b[24~\x1b[24;2~", "f1 f5 f1 f5 f12 f12 ", false},
	{"\x1bOp\x1bOy\x1bOM\x1bOk", "30 39 enter 2b ", false},
	{"\x1bq", "", false},                                   /* Alt fires nothing */
	{"\x1b\xc3\xa9x", "78 ", false},
	{"\x1b[?1;2cq", "71 ", false},                          /* DA */
	{"\x1b[>0;276;0cq", "71 ", false},
	{"\x1b[24;80Rq", "71 ", false},                         /* DSR */
	{"\x1b[0nq", "71 ", false},
	{"\x1b[?2004;2$yq", "71 ", false},                      /* DECRPM */
	{"\x1b]11;rgb:0000/0000/0000\x07q", "71 ", false},      /* OSC answers */
	{"\x1b]11;rgb:0000/0000/0000\x1b\\q", "71 ", false},
	{"\x1bP>|XTerm(379)\x1b\\q", "71 ", false},             /* XTVERSION */
	{"\x1b_Gq;OK\x1b\\q", "71 ", false},
	{"\x1bP1$r q k q", "...", false},                       /* nothing of an answer fires before its end */
	{"\x1b[I\x1b[O" "q", "71 ", false},                     /* focus */
	{"\x1b[97;5uq", "71 ", false},
	{"\x1b[200q", "", false},
	{"\x1b[1;2;3;4;5;6;7Aq", "71 ", false},
	{"\x1b[999999999999999~q", "71 ", false},
	{"\x1b[12\x1b[Aq", "up 71 ", false},                /* broken off by another */
	{"\x1b[", "...", true},
	{"\x1b[<0;10;5M\x1b[<0;10;5m", "m9,4,1,0 ", false},
	{"\x1b[<64;1;1M\x1b[<65;2;3M\x1b[<66;1;1M", "m0,0,0,-1 m1,2,0,1 ", false},
	{"\x1b[<2;500;200M\x1b[<35;5;5M\x1b[<0;0;0M\x1b[<0;5M\x1b[<3;5;5M", "m499,199,3,0 ", false},
	{"\x1b[M !!", "m0,0,1,0 ", false},
	{"\x1b[M !", "...", false},
	{"\x1b[200~rm -rf\nq\x1b[Aq\x1b[201~x", "p[rm -rf\nq\x1b[Aq] 78 ", false},
	{"\x1b[200~\x1b[201~", "p[] ", false},
	{"\x1b[200~abc", "...", false},
	{"\x1b[200~a\x1b[20\x1b[201~b", "p[a\x1b[20] 62 ", false},
	{"\x1b[201~q", "71 ", false},                           /* an end without its begin */
};

START_TEST(sequences)
{
	const struct row *r = &rows[_i];
	struct input in;
	char got[256];

	input_init(&in, true);
	run(&in, r->bytes, strlen(r->bytes), 1000, r->waited, got, sizeof(got));
	ck_assert_msg(strcmp(got, r->events) == 0, "row %d: got \"%s\", expected \"%s\"", _i, got, r->events);
	input_release(&in);
}
END_TEST

/* However the bytes are cut, the events are the same. */
START_TEST(cut_anywhere)
{
	const struct row *r = &rows[_i];
	struct input in;
	char got[512], part[256], want[256];
	size_t len = strlen(r->bytes), used;

	if (r->waited || strstr(r->events, "..."))
		return;
	snprintf(want, sizeof(want), "%s", r->events);
	for (size_t cut = 0; cut <= len; cut++) {
		input_init(&in, true);
		run(&in, r->bytes, cut, 1000, false, got, 256);
		if (strstr(got, "..."))
			*strstr(got, "...") = '\0';
		run(&in, r->bytes + cut, len - cut, 1001, false, part, sizeof(part));
		used = strlen(got);
		snprintf(got + used, sizeof(got) - used, "%s", part);
		ck_assert_msg(strcmp(got, want) == 0, "row %d cut at %zu: got \"%s\", expected \"%s\"", _i, cut, got, want);
		input_release(&in);
	}
}
END_TEST

START_TEST(what_never_ends_is_given_up)
{
	struct input in;
	char got[64], flood[3000];

	input_init(&in, true);
	run(&in, "\x1b]0;title", 9, 1000, false, got, sizeof(got));
	ck_assert_str_eq(got, "...");
	run(&in, "q", 1, 1000 + INPUT_STALE_MS + 1, false, got, sizeof(got));
	ck_assert_str_eq(got, "71 ");
	run(&in, "\x1b[12", 4, 3000, false, got, sizeof(got));
	run(&in, "q", 1, 9000, false, got, sizeof(got));
	ck_assert_str_eq(got, "71 ");
	memset(flood, '1', sizeof(flood));
	memcpy(flood, "\x1b[", 2);
	run(&in, flood, sizeof(flood), 10000, false, got, sizeof(got));
	ck_assert_uint_eq(input_room(&in), INPUT_HELD_MAX);
	input_release(&in);
}
END_TEST

START_TEST(a_paste_is_bounded_and_can_be_left)
{
	struct input in;
	struct term_event e;
	char got[64], block[1000];

	input_init(&in, true);
	memset(block, 'q', sizeof(block));
	run(&in, "\x1b[200~", 6, 1000, false, got, sizeof(got));
	for (int i = 0; i < 100; i++) {
		input_feed(&in, block, sizeof(block), (1000 + i * 700) * CLOCK_MS_NS);
		ck_assert_int_eq((int)input_next(&in, false, &e), INPUT_PART);
	}
	input_feed(&in, "\x1b[201~", 6, 90000 * CLOCK_MS_NS);
	ck_assert_int_eq((int)input_next(&in, false, &e), INPUT_EVENT);
	ck_assert_int_eq(e.key, TERM_KEY_PASTE);
	ck_assert_uint_eq(e.text.len, INPUT_PASTE_MAX);

	run(&in, "\x1b[200~abc", 9, 91000, false, got, sizeof(got));
	run(&in, "\x03", 1, 92000, false, got, sizeof(got));
	run(&in, "q", 1, 92001, false, got, sizeof(got));
	ck_assert_str_eq(got, "71 ");
	input_release(&in);
}
END_TEST

START_TEST(a_burst_is_a_paste_where_none_is_marked)
{
	struct input in;
	char got[200];

	input_init(&in, true);
	run(&in, "qK:quit\rq", 9, 1000, false, got, sizeof(got));
	ck_assert_str_eq(got, "71 4b 3a 71 75 69 74 enter 71 "); /* this one marks its pastes */
	in.bursts = true;
	run(&in, "qK:quit\rq", 9, 2000, false, got, sizeof(got));
	ck_assert_str_eq(got, "p[qK:quit\rq] ");
	run(&in, "q", 1, 2040, false, got, sizeof(got)); /* its rest */
	ck_assert_str_eq(got, "p[q] ");
	run(&in, "q", 1, 2095, false, got, sizeof(got));
	ck_assert_str_eq(got, "71 ");
	run(&in, "jjjjjjjjjj", 10, 3000, false, got, sizeof(got)); /* a held key over a slow line */
	ck_assert_str_eq(got, "6a 6a 6a 6a 6a 6a 6a 6a 6a 6a ");
	run(&in, "abcdefg", 7, 4000, false, got, sizeof(got));
	ck_assert_str_eq(got, "61 62 63 64 65 66 67 ");
	run(&in, "\x1b[A\x1b[A\x1b[A", 9, 5000, false, got, sizeof(got));
	ck_assert_str_eq(got, "up up up ");
	run(&in, "abcdefgh\x03", 9, 6000, false, got, sizeof(got)); /* a key that no paste has */
	ck_assert_str_eq(got, "61 62 63 64 65 66 67 68 3 ");
	run(&in, "\x1b[200~abcdefgh\x1b[201~", 20, 7000, false, got, sizeof(got));
	ck_assert_str_eq(got, "p[abcdefgh] ");
	input_release(&in);
}
END_TEST

START_TEST(terminfo_comes_first)
{
	struct input in;
	char got[64];

	input_init(&in, false);
	input_add_cap(&in, "\x1b[A", TERM_KEY_F9);
	input_add_cap(&in, "\x1b\x09", TERM_KEY_BACKTAB);
	input_add_cap(&in, NULL, TERM_KEY_F1);
	input_add_cap(&in, "q", TERM_KEY_F1);
	input_add_cap(&in, "\x1b[0123456789~", TERM_KEY_F1);
	run(&in, "\x1b[A\x1b\x09q\xc3\xa9", 8, 1000, false, got, sizeof(got));
	ck_assert_str_eq(got, "f9 backtab 71 ");
	input_release(&in);
}
END_TEST

/* Any bytes at all: nothing is read past the end, and what is held stays bounded. */
START_TEST(noise)
{
	static const char bits[] = "\x1b[]OP<;~0123MmAq\x07\\\xc3\xa9\x7f\x03\x18$y?";
	struct input in;
	struct term_event e;
	uint64_t seed = 42;

	input_init(&in, true);
	for (int i = 0; i < 200000; i++) {
		char byte;

		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		byte = bits[(seed >> 33) % (sizeof(bits) - 1)];
		input_feed(&in, &byte, 1, i * CLOCK_MS_NS);
		while (input_next(&in, (seed >> 60) == 0, &e) == INPUT_EVENT)
			ck_assert_int_ne(e.key, TERM_KEY_NONE);
		ck_assert_uint_gt(input_room(&in), INPUT_HELD_MAX - 200);
	}
	input_release(&in);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("input");
	TCase *group = tcase_create("input");
	SRunner *runner;
	int failed;

	tcase_set_timeout(group, 60);
	tcase_add_loop_test(group, sequences, 0, ARRAY_LEN(rows));
	tcase_add_loop_test(group, cut_anywhere, 0, ARRAY_LEN(rows));
	tcase_add_test(group, what_never_ends_is_given_up);
	tcase_add_test(group, a_paste_is_bounded_and_can_be_left);
	tcase_add_test(group, a_burst_is_a_paste_where_none_is_marked);
	tcase_add_test(group, terminfo_comes_first);
	tcase_add_test(group, noise);
	suite_add_tcase(suite, group);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
