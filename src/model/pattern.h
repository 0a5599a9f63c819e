/* SPDX-License-Identifier: PostgreSQL */
/*
 * Regular expressions whose cost has a bound. Patterns come from a person or a file, texts from a server, and a screen
 * waits for the answer: the C library's engine needs 4 ms for ([a-z]+)*[0-9] on 600 letters, and grows with the square.
 * This one steps a set of positions (Glushkov's automaton) once per byte, whatever the pattern, and allocates nothing.
 *
 * POSIX extended syntax, any case (of ASCII letters), anywhere in the text unless anchored:
 *   . [abc] [^a-z] [[:alpha:]] ( ) | * + ? {m} {m,} {m,n} ^ $ and \ before a sign; \d \w \s \D \W \S; \n \t
 * A character of several bytes is one character outside of [ ]; inside only ASCII is taken. Back-references, word
 * boundaries and (?...) are refused.
 */
#ifndef MODEL_PATTERN_H
#define MODEL_PATTERN_H

#include "core/base.h"
#include "core/err.h"
#include "core/str.h"

enum {
	PATTERN_BYTES_MAX = 256,      /* of the pattern */
	PATTERN_POSITIONS_MAX = 256,  /* characters in it when repetitions are written out */
	PATTERN_TEXT_MAX = 4096,      /* bytes of a text that are looked at */
};

struct pattern;

/* why says what is wrong and where in the pattern ("at 4: ..."). */
int pattern_new(struct pattern **out, struct str text, struct err *why) MUSTCHECK;
void pattern_free(struct pattern *p); /* NULL is accepted */
bool pattern_match(const struct pattern *p, struct str text);

#endif
