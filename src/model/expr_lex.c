/* SPDX-License-Identifier: PostgreSQL */
#include <string.h>

#include "core/buf.h"
#include "core/clean.h"
#include "core/units.h"
#include "model/expr_private.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char at(struct str text, size_t i)
{
	return i < text.len ? text.at[i] : '\0';
}

static size_t skip_blanks(struct str text, size_t i)
{
	while (i < text.len && is_blank(text.at[i]))
		i++;
	return i;
}

static size_t word_end(struct str text, size_t i)
{
	while (is_letter(at(text, i)) || is_digit(at(text, i)))
		i++;
	return i;
}

static bool word_is(struct str word, const char *keyword)
{
	if (word.len != strlen(keyword))
		return false;
	for (size_t i = 0; i < word.len; i++)
		if ((word.at[i] | 0x20) != keyword[i])
			return false;
	return true;
}

static enum token_kind keyword(struct str word)
{
	static const struct {
		const char *word;
		enum token_kind kind;
	} keywords[] = {
		{"and", TOKEN_AND},   {"or", TOKEN_OR},       {"not", TOKEN_NOT},         {"in", TOKEN_IN},
		{"true", TOKEN_TRUE}, {"false", TOKEN_FALSE}, {"unknown", TOKEN_UNKNOWN},
	};

	for (size_t i = 0; i < ARRAY_LEN(keywords); i++)
		if (word_is(word, keywords[i].word))
			return keywords[i].kind;
	return TOKEN_WORD;
}

/* "90%" is a percentage, "90 % x", "90%x" and "90%(x)" are remainders: a sign right behind the digits is a unit unless
 * an operand follows. */
static bool percent_is_unit(struct str text, size_t i)
{
	size_t next = skip_blanks(text, i + 1);
	char c = at(text, next);

	if (is_letter(c)) {
		enum token_kind kind = keyword((struct str){text.at + next, word_end(text, next) - next});

		return kind == TOKEN_AND || kind == TOKEN_OR || kind == TOKEN_IN || kind == TOKEN_NOT;
	}
	return !is_digit(c) && c != '(' && c != '"' && c != '\'';
}

/* Whole numbers without a unit stay exact: query ids have 19 digits. */
static bool whole_number(struct str digits, int64_t *out)
{
	uint64_t value = 0;

	for (size_t i = 0; i < digits.len; i++) {
		unsigned digit = (unsigned)(digits.at[i] - '0');

		if (digit > 9 || value > ((uint64_t)INT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = (int64_t)value;
	return true;
}

static size_t number_end(struct str text, size_t i, bool *plain)
{
	size_t unit;

	while (is_digit(at(text, i)))
		i++;
	*plain = at(text, i) != '.';
	if (!*plain)
		for (i++; is_digit(at(text, i));)
			i++;
	unit = skip_blanks(text, i);
	if (is_letter(at(text, unit))) {
		size_t end = word_end(text, unit);

		if (keyword((struct str){text.at + unit, end - unit}) != TOKEN_WORD)
			return i;
		*plain = false;
		return end;
	}
	if (at(text, i) == '%' && percent_is_unit(text, i)) {
		*plain = false;
		return i + 1;
	}
	return i;
}

static int number_token(struct str text, size_t *pos, struct token *out, struct err *why)
{
	bool plain;
	size_t end = number_end(text, *pos, &plain);
	enum unit unit;
	double value;
	int64_t whole;
	struct err reason;
	int rc;

	out->kind = TOKEN_NUMBER;
	out->text = (struct str){text.at + *pos, end - *pos};
	*pos = end;
	if (plain && whole_number(out->text, &whole)) {
		out->number = cell_int(whole);
		return 0;
	}
	if (unit_parse(out->text, &value, &unit, &reason) < 0) {
		struct buf clean = BUF_INIT(ERR_TEXT_MAX); /* there may be a line end before the unit */

		clean_text(&clean, reason.text, strlen(reason.text), CLEAN_LINE);
		rc = err_set(why, ERR_INVALID, "column %zu: %s", out->at + 1, buf_text(&clean));
		buf_release(&clean);
		return rc;
	}
	out->number = cell_number(value);
	return 0;
}

static int text_token(struct str text, size_t *pos, struct token *out, struct err *why)
{
	char quote = text.at[*pos];
	size_t i = *pos + 1;

	while (i < text.len && (text.at[i] != quote || at(text, i + 1) == quote))
		i += text.at[i] == quote ? 2 : 1;
	if (i >= text.len)
		return err_set(why, ERR_INVALID, "column %zu: the text has no closing %c", *pos + 1, quote);
	out->kind = TOKEN_TEXT;
	out->quote = quote;
	out->text = (struct str){text.at + *pos + 1, i - *pos - 1};
	*pos = i + 1;
	return 0;
}

static int sign_token(struct str text, size_t *pos, struct token *out, struct err *why)
{
	static const struct {
		char sign[3];
		enum token_kind kind;
	} signs[] = {
		/* the longer ones first */
		{"!=", TOKEN_NE},  {"<>", TOKEN_NE},   {"<=", TOKEN_LE},     {">=", TOKEN_GE},  {"!~", TOKEN_NMATCH},
		{"==", TOKEN_EQ},  {"=", TOKEN_EQ},    {"<", TOKEN_LT},      {">", TOKEN_GT},   {"~", TOKEN_MATCH},
		{"(", TOKEN_OPEN}, {")", TOKEN_CLOSE}, {",", TOKEN_COMMA},   {"+", TOKEN_PLUS}, {"-", TOKEN_MINUS},
		{"*", TOKEN_STAR}, {"/", TOKEN_SLASH}, {"%", TOKEN_PERCENT},
	};
	char c = text.at[*pos];

	for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
		size_t len = strlen(signs[i].sign);

		if (text.len - *pos >= len && memcmp(text.at + *pos, signs[i].sign, len) == 0) {
			out->kind = signs[i].kind;
			out->text = (struct str){text.at + *pos, len};
			*pos += len;
			return 0;
		}
	}
	if (c > ' ' && c < 0x7F)
		return err_set(why, ERR_INVALID, "column %zu: '%c' is no operator%s", *pos + 1, c,
			       c == '&' || c == '|' ? "; write and, or"
			       : c == '!'           ? "; write not"
						    : "");
	return err_set(why, ERR_INVALID, "column %zu: a character that no expression has; quote texts", *pos + 1);
}

int expr_token(struct str text, size_t *pos, struct token *out, struct err *why)
{
	char c;

	*pos = skip_blanks(text, *pos);
	*out = (struct token){.kind = TOKEN_END, .at = *pos, .text = {text.at + *pos, 0}};
	if (*pos >= text.len)
		return 0;
	c = text.at[*pos];
	if (is_digit(c) || (c == '.' && is_digit(at(text, *pos + 1))))
		return number_token(text, pos, out, why);
	if (c == '"' || c == '\'')
		return text_token(text, pos, out, why);
	if (!is_letter(c))
		return sign_token(text, pos, out, why);
	out->text.len = word_end(text, *pos) - *pos;
	out->kind = keyword(out->text);
	*pos += out->text.len;
	return 0;
}
