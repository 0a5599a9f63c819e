/* SPDX-License-Identifier: PostgreSQL */
#include "model/pattern.h"

#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/buf.h"
#include "unit.h"

static struct pattern *made(const char *text)
{
	struct pattern *p = NULL;
	struct err why;
	int rc = pattern_new(&p, str_from(text), &why);

	ck_assert_msg(rc == 0, "%s: %s", text, rc < 0 ? why.text : "");
	return p;
}

static bool matches(const char *pattern, const char *text)
{
	struct pattern *p = made(pattern);
	bool found = pattern_match(p, str_from(text));

	pattern_free(p);
	return found;
}

#define YES(pattern, text) ck_assert_msg(matches(pattern, text), "%s is not found in %s", pattern, text)
#define NO(pattern, text)  ck_assert_msg(!matches(pattern, text), "%s is found in %s", pattern, text)

START_TEST(words)
{
	YES("bridge", "SELECT * FROM Bridge_transactions");
	YES("BRIDGE", "bridge");
	NO("bridges", "bridge");
	YES("a b", "xa b");
	YES("t:e", "Wait:Event");
	NO("x", "");
	YES("aab", "aaab");
}
END_TEST

START_TEST(single_characters)
{
	YES("b.d", "abcd");
	NO("b.d", "abd");
	YES("a\\.b", "a.b");
	NO("a\\.b", "axb");
	YES("[bc]d", "acd");
	NO("[^c]d", "cd");
	NO("[^C]d", "cd");
	YES("[^c]d", "xd");
	YES("[a-c]+z", "abcaz");
	YES("[]x]y", "]y");
	YES("[^]x]y", "ay");
	NO("[^]x]y", "]y");
	YES("[a-]", "-");
	YES("[a\\]", "\\");
	YES("[[:digit:]]{3}", "ab123");
	NO("[[:digit:]]{3}", "ab12c3");
	YES("^[[:alnum:]_]+$", "a_1");
	YES("[^[:space:]]", " x ");
	NO("[^[:space:]]", " \t\n");
	YES("\\d\\w\\s", "x1_ y");
	YES("^\\D+$", "abc");
	NO("^\\D+$", "a1c");
	YES("\\S", "\xC3\xA4");
	YES("a\\nb", "a\nb");
	YES(".", "\n");
	YES("\\$\\^", "$^");
}
END_TEST

START_TEST(repetitions)
{
	YES("^ab*c$", "ac");
	YES("^ab*c$", "abbbc");
	NO("^ab+c$", "ac");
	YES("^ab?c$", "abc");
	NO("^ab?c$", "abbc");
	YES("^a{3}$", "aaa");
	NO("^a{3}$", "aa");
	NO("^a{3}$", "aaaa");
	YES("^a{2,}$", "aaaaa");
	NO("^a{2,}$", "a");
	YES("^a{0,2}$", "");
	YES("^a{,2}$", "aa");
	NO("^a{,2}$", "aaa");
	YES("^xa{0}y$", "xy");
	NO("^xa{0}y$", "xay");
	YES("^(ab){2}$", "abab");
	YES("^(a|bc){2,3}$", "abcbc");
	YES("^(a{2}){2}$", "aaaa");
	NO("^(a{2}){2}$", "aaa");
	YES("^(a{2})*$", "aaaa");
	NO("^(a{2})*$", "aaa");
	YES("^a{2}{2}$", "aaaa");
	NO("^a{2}{2}$", "aaaaa");
	YES("^(a*)*b$", "aaab");
	YES("^(|a)b$", "b");
	YES("x*", "");
	YES("()", "");
}
END_TEST

START_TEST(anchors_and_alternatives)
{
	YES("^a", "abc");
	NO("^b", "abc");
	YES("c$", "abc");
	NO("b$", "abc");
	YES("^$", "");
	NO("^$", "x");
	YES("^a|c$", "xc");
	YES("(^|x)b", "b");
	YES("(^|x)b", "axb");
	NO("(^|x)b", "ab");
	YES("a($|x)", "a");
	YES("a(b|c)d", "acd");
	YES("cat|dog|bird", "a Dog");
	NO("a^b", "ab");
	NO("a$b", "ab");
}
END_TEST

START_TEST(characters_of_several_bytes)
{
	YES("^.$", "\xC3\xA4");
	NO("^.$", "\xC3\xA4\xC3\xA4");
	YES("^..$", "\xE2\x82\xAC\xF0\x9F\x98\x80");
	YES("^\xC3\xA4+$", "\xC3\xA4\xC3\xA4");
	NO("^\xC3\xA4+$", "\xC3\xA4\xA4");
	YES("^(\xC3\xA4|\xC3\xB6)x$", "\xC3\xB6x");
	YES("[^a]b", "\xC3\xA4"
		     "b");
	NO("^.$", "\xC3\xA4"
		  "b");
}
END_TEST

static void refused(const char *text, const char *message)
{
	struct pattern *p = NULL;
	struct err why = {0};

	ck_assert_msg(pattern_new(&p, str_from(text), &why) < 0, "accepted: %s", text);
	ck_assert_str_eq(why.text, message);
	ck_assert_ptr_null(p);
}

START_TEST(mistakes)
{
	char deep[80], text[300];

	refused("", "the pattern is empty");
	refused("(a", "the pattern at 1: ( has no )");
	refused("[a", "the pattern at 1: [ has no ]");
	refused("[]", "the pattern at 1: [ has no ]");
	refused("*a", "the pattern at 1: there is nothing to repeat");
	refused("a|+", "the pattern at 3: there is nothing to repeat");
	refused("(?:a)", "the pattern at 1: (?...) is not taken");
	refused("(a)\\1", "the pattern at 4: back-references are not taken");
	refused("\\bword", "the pattern at 1: this \\ sequence is not taken");
	refused("a\\", "the pattern at 2: nothing stands behind \\");
	refused("[z-a]", "the pattern at 4: the range goes backwards");
	refused("[\xC3\xA4]", "the pattern at 2: only ASCII is taken between [ and ]; write (x|y)");
	refused("[[:alhpa:]]",
		"the pattern at 2: unknown class; known are [:alpha:], [:digit:], [:alnum:], [:space:], [:punct:] ...");
	refused("[[.a.]]", "the pattern at 2: [. .] and [= =] are not taken");
	refused("a{2,1}", "the pattern at 2: this is no repetition; write {2}, {2,} or {2,4}");
	refused("a{2x}", "the pattern at 2: this is no repetition; write {2}, {2,} or {2,4}");
	refused("a{999}", "the pattern at 5: more than 255 repetitions");
	refused("(a{100}){100}", "the pattern at 2: too many characters, or repetitions of them");
	refused("((){255}){255}", "the pattern at 1: too many repetitions");
	memset(deep, '(', sizeof(deep));
	deep[79] = '\0';
	refused(deep, "the pattern at 33: nested too deep");
	memset(text, 'a', sizeof(text));
	text[257] = '\0';
	refused(text, "the pattern is over 256 bytes");
}
END_TEST

/* --- against the C library ---------------------------------------------------------------------------------------- */

static uint64_t roll(uint64_t *state, uint64_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state % below;
}

static void random_pattern(struct buf *out, uint64_t *state, int depth)
{
	static const char *const atoms[] = {"a", "b", "c", ".", "[ab]", "[^a]", "ab", "[a-c]", "bc"};
	static const char *const signs[] = {"", "", "", "*", "+", "?", "{2}", "{1,2}", "{0,3}", "{2,}"};
	size_t parts = 1 + roll(state, 3);

	for (size_t i = 0; i < parts; i++) {
		if (depth > 0 && roll(state, 3) == 0) {
			buf_addc(out, '(');
			random_pattern(out, state, depth - 1);
			if (roll(state, 2) == 0) {
				buf_addc(out, '|');
				random_pattern(out, state, depth - 1);
			}
			buf_addc(out, ')');
		} else {
			buf_adds(out, atoms[roll(state, ARRAY_LEN(atoms))]);
		}
		buf_adds(out, signs[roll(state, ARRAY_LEN(signs))]);
	}
}

static void compare_once(uint64_t *state)
{
	struct buf pattern = BUF_INIT(250);
	struct pattern *p = NULL;
	regex_t reference;
	int anchors = (int)roll(state, 4);

	if (anchors & 1)
		buf_addc(&pattern, '^');
	if (anchors != 0)
		buf_addc(&pattern, '(');
	random_pattern(&pattern, state, 2);
	if (anchors != 0)
		buf_addc(&pattern, ')');
	if (anchors & 2)
		buf_addc(&pattern, '$');
	if (!pattern.failed && pattern_new(&p, buf_str(&pattern), NULL) == 0) {
		ck_assert_int_eq(regcomp(&reference, buf_text(&pattern), REG_EXTENDED | REG_ICASE | REG_NOSUB), 0);
		for (int k = 0; k < 12; k++) {
			char text[12] = "";
			size_t len = roll(state, 11);

			for (size_t i = 0; i < len; i++)
				text[i] = "abcABx"[roll(state, 6)];
			ck_assert_msg(pattern_match(p, str_from(text)) == (regexec(&reference, text, 0, NULL, 0) == 0),
				      "%s on %s: the C library says otherwise", buf_text(&pattern), text);
		}
		regfree(&reference);
	}
	pattern_free(p);
	buf_release(&pattern);
}

START_TEST(the_c_library_agrees)
{
	uint64_t state = UINT64_C(0x2545F4914F6CDD1D);

	for (int i = 0; i < 3000; i++)
		compare_once(&state);
}
END_TEST

/* CPU seconds of rows texts of len bytes, the least of three runs: what else the machine does is in none of them, or in some. */
static double match_seconds(const struct pattern *p, const char *text, size_t len, int rows)
{
	double least = INFINITY;

	for (int run = 0; run < 3; run++) {
		struct timespec t0, t1;
		double s;

		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t0);
		for (int row = 0; row < rows; row++)
			ck_assert(!pattern_match(p, (struct str){text, len}));
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t1);
		s = (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9;
		least = s < least ? s : least;
	}
	return least;
}

/* Eight times the text takes eight times as long, not sixty-four; the library's engine needs seconds for some of these. A ratio, since
 * seconds are the machine's. */
START_TEST(no_pattern_is_slow)
{
	static const char *const patterns[] = {
		"(a+)+b",
		"(a*)*b",
		"(.*)(.*)(.*)(.*)(.*)b$",
		"([a-z]+)*[0-9]",
		"[a-z]+[a-z]+[a-z]+[a-z]+[a-z]+0",
		"(a|b|ab)*c",
		"((a{1,3}){1,3}){1,3}b",
		"(a?){20}a{20}b",
		".{120}b",
		"(x+x+)+y",
	};
	char text[PATTERN_TEXT_MAX];

	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		struct pattern *p = made(patterns[i]);
		double brief = match_seconds(p, text, sizeof(text) / 8, 80);
		double whole = match_seconds(p, text, sizeof(text), 80);

		if (getenv("PATTERN_TIMES") != NULL)
			printf("%-40s %.2f us a row, %.1f times that for 8 times the text\n", patterns[i], brief / 80 * 1e6,
			       whole / brief);
		ck_assert_msg(whole < 30 * brief, "%s: %.6f s for an eighth of the text, %.6f s for all", patterns[i], brief, whole);
		pattern_free(p);
	}
}
END_TEST

START_TEST(long_texts_are_looked_at_in_part)
{
	struct buf b = BUF_INIT(1 << 14);

	while (b.len < PATTERN_TEXT_MAX)
		buf_addc(&b, 'a');
	buf_adds(&b, "needle");
	for (int i = 0; i < 2; i++) {
		struct pattern *p = made(i == 0 ? "needle" : "need.e");

		ck_assert(!pattern_match(p, buf_str(&b)));
		ck_assert(pattern_match(p, (struct str){b.data + 10, b.len - 10}));
		pattern_free(p);
	}
	buf_release(&b);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		words,
		single_characters,
		repetitions,
		anchors_and_alternatives,
		characters_of_several_bytes,
		mistakes,
		the_c_library_agrees,
		no_pattern_is_slow,
		long_texts_are_looked_at_in_part,
	};

	return unit_run("pattern", cases, ARRAY_LEN(cases));
}
