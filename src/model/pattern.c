/* SPDX-License-Identifier: PostgreSQL */
/* Text to positions and what may follow them: recursive descent, alternatives < sequence < repetition < atom. */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"
#include "model/pattern_private.h"

enum { DEPTH_MAX = 32, REPEAT_MAX = 255, STEPS_MAX = 8192 };

/* A part of the pattern: where it may begin and end, and whether it may be nothing. */
struct part {
	struct pattern_set first, last;
	bool empty;
};

struct compiler {
	struct str text;
	size_t at;
	struct pattern *p;
	int depth;
	int steps; /* atoms read, counting again those that a repetition writes out */
	struct err *why;
};

static int fail(const struct compiler *c, size_t at, const char *what)
{
	return err_set(c->why, ERR_INVALID, "the pattern at %zu: %s", at + 1, what);
}

static bool more(const struct compiler *c)
{
	return c->at < c->text.len;
}

static char peek(const struct compiler *c, size_t ahead)
{
	return c->at + ahead < c->text.len ? c->text.at[c->at + ahead] : '\0';
}

/* --- positions ---------------------------------------------------------------------------------------------------- */

/* A new position as a part; the caller says what it takes. Negative when there are too many. */
static int add_position(struct compiler *c, struct part *out)
{
	int position = c->p->positions;

	if (position >= PATTERN_POSITIONS_MAX)
		return fail(c, c->at, "too many characters, or repetitions of them");
	c->p->positions++;
	*out = (struct part){.empty = false};
	pattern_add(&out->first, position);
	pattern_add(&out->last, position);
	return position;
}

static void take(struct compiler *c, int position, int symbol)
{
	pattern_add(&c->p->takes[symbol], position);
}

static void take_any_case(struct compiler *c, int position, unsigned char byte)
{
	take(c, position, byte);
	if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'))
		take(c, position, byte ^ 0x20);
}

/* Whatever ends in `ends` may be followed by what begins in `begins`. */
static void link(struct compiler *c, const struct pattern_set *ends, const struct pattern_set *begins)
{
	for (int w = 0; w < PATTERN_WORDS; w++)
		for (uint64_t left = ends->word[w]; left != 0; left &= left - 1)
			pattern_join(&c->p->follow[w * 64 + __builtin_ctzll(left)], begins);
}

static void append(struct compiler *c, struct part *a, const struct part *b)
{
	link(c, &a->last, &b->first);
	if (a->empty)
		pattern_join(&a->first, &b->first);
	if (b->empty)
		pattern_join(&a->last, &b->last);
	else
		a->last = b->last;
	a->empty = a->empty && b->empty;
}

/* --- atoms -------------------------------------------------------------------------------------------------------- */

static int parse_alternatives(struct compiler *c, struct part *out);

/* A character beyond ASCII: a lead byte and what continues it. accepts: of the ASCII bytes. */
static int add_class(struct compiler *c, const bool accepts[128], bool beyond, struct part *out)
{
	int position = add_position(c, out), tail;
	struct part rest;

	if (position < 0)
		return position;
	for (int b = 0; b < 128; b++)
		if (accepts[b])
			take_any_case(c, position, (unsigned char)b);
	if (!beyond)
		return 0;
	for (int b = 0xC0; b < 0x100; b++)
		take(c, position, b);
	tail = add_position(c, &rest);
	if (tail < 0)
		return tail;
	for (int b = 0x80; b < 0xC0; b++)
		take(c, tail, b);
	link(c, &rest.last, &rest.first);
	rest.empty = true;
	append(c, out, &rest);
	return 0;
}

static int add_anchor(struct compiler *c, int symbol, struct part *out)
{
	int position = add_position(c, out);

	if (position >= 0)
		take(c, position, symbol);
	return position < 0 ? position : 0;
}

/* One character, of as many bytes as it has. */
static int add_character(struct compiler *c, struct part *out)
{
	size_t len = 1;

	utf8_decode(c->text.at + c->at, c->text.len - c->at, &len);
	for (size_t i = 0; i < len; i++) {
		struct part byte;
		int position = add_position(c, &byte);

		if (position < 0)
			return position;
		take_any_case(c, position, (unsigned char)c->text.at[c->at + i]);
		if (i == 0)
			*out = byte;
		else
			append(c, out, &byte);
	}
	c->at += len;
	return 0;
}

static bool is_word(int b)
{
	return (b >= '0' && b <= '9') || (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || b == '_';
}

static bool is_space(int b)
{
	return b == ' ' || (b >= '\t' && b <= '\r');
}

static int parse_escape(struct compiler *c, struct part *out)
{
	size_t start = c->at++;
	char e = peek(c, 0);
	bool accepts[128] = {false};
	bool negated = e == 'D' || e == 'W' || e == 'S';
	char kind = (char)(e | 0x20);

	if (!more(c))
		return fail(c, start, "nothing stands behind \\");
	if (e >= '1' && e <= '9')
		return fail(c, start, "back-references are not taken");
	if (kind == 'd' || kind == 'w' || kind == 's') {
		for (int b = 0; b < 128; b++)
			accepts[b] = negated != (kind == 'd'   ? b >= '0' && b <= '9'
						 : kind == 'w' ? is_word(b)
							       : is_space(b));
		c->at++;
		return add_class(c, accepts, negated, out);
	}
	if (e == 'n' || e == 't') {
		accepts[e == 'n' ? '\n' : '\t'] = true;
		c->at++;
		return add_class(c, accepts, false, out);
	}
	if (is_word(e) || e == '<' || e == '>' || e == '`' || e == '\'')
		return fail(c, start, "this \\ sequence is not taken");
	return add_character(c, out);
}

/* [:alpha:] inside of brackets; the text stands on its [. */
static int parse_named_class(struct compiler *c, bool accepts[128])
{
	static const char *const names[] = {"alpha", "digit", "alnum",  "upper", "lower", "space",
					    "blank", "punct", "xdigit", "print", "graph", "cntrl"};
	size_t start = c->at, len = 0, k = 0;

	c->at += 2;
	while (peek(c, len) != '\0' && peek(c, len) != ':')
		len++;
	while (k < ARRAY_LEN(names) && !str_is((struct str){c->text.at + c->at, len}, names[k]))
		k++;
	if (k == ARRAY_LEN(names) || peek(c, len + 1) != ']')
		return fail(c, start,
			    "unknown class; known are [:alpha:], [:digit:], [:alnum:], [:space:], [:punct:] ...");
	c->at += len + 2;
	for (int b = 0; b < 128; b++) {
		bool digit = b >= '0' && b <= '9', letter = is_word(b) && !digit && b != '_', graph = b > 32 && b < 127;
		bool hex = digit || ((b | 0x20) >= 'a' && (b | 0x20) <= 'f');
		const bool in[] = {letter,
				   digit,
				   letter || digit,
				   letter,
				   letter,
				   is_space(b),
				   b == ' ' || b == '\t',
				   graph && !letter && !digit,
				   hex,
				   graph || b == ' ',
				   graph,
				   b < 32 || b == 127};

		accepts[b] |= in[k];
	}
	return 0;
}

/* One entry between brackets: a class, a character or a range. */
static int parse_entry(struct compiler *c, bool accepts[128])
{
	unsigned char from = (unsigned char)peek(c, 0), to = from;

	if (from == '[' && peek(c, 1) == ':')
		return parse_named_class(c, accepts);
	if (from == '[' && (peek(c, 1) == '.' || peek(c, 1) == '='))
		return fail(c, c->at, "[. .] and [= =] are not taken");
	c->at++;
	if (peek(c, 0) == '-' && c->at + 1 < c->text.len && peek(c, 1) != ']') {
		to = (unsigned char)peek(c, 1);
		c->at += 2;
	}
	if (from >= 128 || to >= 128)
		return fail(c, c->at - 1, "only ASCII is taken between [ and ]; write (x|y)");
	if (from > to)
		return fail(c, c->at - 1, "the range goes backwards");
	for (int b = from; b <= to; b++)
		accepts[b] = true;
	return 0;
}

static int parse_brackets(struct compiler *c, struct part *out)
{
	bool accepts[128] = {false};
	size_t start = c->at++, first;
	bool negated = peek(c, 0) == '^';

	c->at += negated;
	for (first = c->at; more(c) && (peek(c, 0) != ']' || c->at == first);) { /* a ] right at the start is one */
		int rc = parse_entry(c, accepts);

		if (rc < 0)
			return rc;
	}
	if (!more(c))
		return fail(c, start, "[ has no ]");
	c->at++;
	for (int b = 'a'; b <= 'z'; b++) /* before it is turned round: [^a] is no A either */
		accepts[b] = accepts[b ^ 0x20] = accepts[b] || accepts[b ^ 0x20];
	for (int b = 0; b < 128; b++)
		accepts[b] = accepts[b] != negated;
	return add_class(c, accepts, negated, out);
}

static int parse_group(struct compiler *c, struct part *out)
{
	size_t start = c->at++;
	int rc;

	if (peek(c, 0) == '?')
		return fail(c, start, "(?...) is not taken");
	if (++c->depth > DEPTH_MAX)
		return fail(c, start, "nested too deep");
	rc = parse_alternatives(c, out);
	c->depth--;
	if (rc < 0)
		return rc;
	if (peek(c, 0) != ')' || !more(c))
		return fail(c, start, "( has no )");
	c->at++;
	return 0;
}

static bool starts_repetition(const struct compiler *c)
{
	char next = peek(c, 0), then = peek(c, 1);

	return next == '*' || next == '+' || next == '?' ||
	       (next == '{' && ((then >= '0' && then <= '9') || then == ','));
}

static int parse_atom(struct compiler *c, struct part *out)
{
	bool all[128];

	if (++c->steps > STEPS_MAX)
		return fail(c, c->at, "too many repetitions");
	if (starts_repetition(c))
		return fail(c, c->at, "there is nothing to repeat");
	switch (peek(c, 0)) {
	case '(':
		return parse_group(c, out);
	case '[':
		return parse_brackets(c, out);
	case '\\':
		return parse_escape(c, out);
	case '.':
		c->at++;
		for (int b = 0; b < 128; b++)
			all[b] = true;
		return add_class(c, all, true, out);
	case '^':
		c->at++;
		return add_anchor(c, PATTERN_BEGIN, out);
	case '$':
		c->at++;
		return add_anchor(c, PATTERN_END, out);
	default:
		return add_character(c, out);
	}
}

/* --- repetitions -------------------------------------------------------------------------------------------------- */

static int parse_quantified(struct compiler *c, size_t until, struct part *out);

static int parse_count(struct compiler *c, int *out)
{
	int value = 0;

	if (peek(c, 0) < '0' || peek(c, 0) > '9')
		return 0;
	while (peek(c, 0) >= '0' && peek(c, 0) <= '9') {
		value = value * 10 + (peek(c, 0) - '0');
		if (value > REPEAT_MAX)
			return fail(c, c->at, "more than 255 repetitions");
		c->at++;
	}
	*out = value;
	return 1;
}

/* "{m,n}": *most is -1 when it is open. */
static int parse_counts(struct compiler *c, int *least, int *most)
{
	size_t start = c->at++;
	int rc = parse_count(c, least);

	if (rc < 0)
		return rc;
	*most = *least;
	if (peek(c, 0) == ',') {
		c->at++;
		*most = -1;
		rc = parse_count(c, most);
		if (rc < 0)
			return rc;
	}
	if (peek(c, 0) != '}' || (*most >= 0 && *most < *least))
		return fail(c, start, "this is no repetition; write {2}, {2,} or {2,4}");
	c->at++;
	return 0;
}

/* The part from `start` to the brace was read once, into *part; what it is repeated to is read again as often. */
static int repeat(struct compiler *c, size_t start, struct part *part)
{
	size_t brace = c->at, end;
	int least = 0, most = 0, rc = parse_counts(c, &least, &most);
	int copies = most < 0 ? (least > 1 ? least : 1) : most;

	if (rc < 0)
		return rc;
	end = c->at;
	if (copies == 0) { /* {0}: its positions stay, nothing leads to them */
		*part = (struct part){.empty = true};
		return 0;
	}
	for (int i = 1; i <= copies; i++) {
		struct part copy = *part;

		if (i > 1) {
			c->at = start;
			rc = parse_quantified(c, brace, &copy);
			if (rc < 0)
				return rc;
		}
		if (i == copies && most < 0)
			link(c, &copy.last, &copy.first);
		copy.empty = copy.empty || i > least;
		if (i == 1)
			*part = copy;
		else
			append(c, part, &copy);
	}
	c->at = end;
	return 0;
}

/* An atom with the repetitions behind it that start before `until`. */
static int parse_quantified(struct compiler *c, size_t until, struct part *out)
{
	size_t start = c->at;
	int rc = parse_atom(c, out);

	while (rc == 0 && c->at < until && starts_repetition(c)) {
		char sign = peek(c, 0);

		if (sign == '{') {
			rc = repeat(c, start, out);
			continue;
		}
		if (sign != '?')
			link(c, &out->last, &out->first);
		out->empty = out->empty || sign != '+';
		c->at++;
	}
	return rc;
}

static int parse_sequence(struct compiler *c, struct part *out)
{
	int rc = 0;

	*out = (struct part){.empty = true};
	while (rc == 0 && more(c) && peek(c, 0) != '|' && (peek(c, 0) != ')' || c->depth == 0)) {
		struct part next;

		rc = parse_quantified(c, c->text.len, &next);
		if (rc == 0)
			append(c, out, &next);
	}
	return rc;
}

static int parse_alternatives(struct compiler *c, struct part *out)
{
	int rc = parse_sequence(c, out);

	while (rc == 0 && more(c) && peek(c, 0) == '|') {
		struct part other;

		c->at++;
		rc = parse_sequence(c, &other);
		if (rc < 0)
			return rc;
		pattern_join(&out->first, &other.first);
		pattern_join(&out->last, &other.last);
		out->empty = out->empty || other.empty;
	}
	return rc;
}

/* ------------------------------------------------------------------------------------------------------------------ */

static bool is_plain(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] >= 0x80 || strchr("\\^$.[]|()*+?{}", text.at[i]) != NULL)
			return false;
	return true;
}

static char *lowered(struct str text)
{
	char *copy = mem_strndup(text.at, text.len);

	for (char *c = copy; *c != '\0'; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
	return copy;
}

int pattern_new(struct pattern **out, struct str text, struct err *why)
{
	struct compiler c = {.text = text, .why = why};
	struct part whole;
	int rc;

	if (text.len == 0)
		return err_set(why, ERR_INVALID, "the pattern is empty");
	if (text.len > PATTERN_BYTES_MAX)
		return err_set(why, ERR_INVALID, "the pattern is over %d bytes", PATTERN_BYTES_MAX);
	c.p = mem_alloc(sizeof(*c.p));
	if (is_plain(text)) {
		c.p->needle = lowered(text);
		c.p->needle_len = text.len;
		*out = c.p;
		return 0;
	}
	rc = parse_alternatives(&c, &whole);
	if (rc < 0) {
		pattern_free(c.p);
		return rc;
	}
	c.p->first = whole.first;
	c.p->last = whole.last;
	c.p->empty = whole.empty;
	c.p->words = (c.p->positions + 63) / 64;
	*out = c.p;
	return 0;
}

void pattern_free(struct pattern *p)
{
	if (p == NULL)
		return;
	free(p->needle);
	free(p);
}
