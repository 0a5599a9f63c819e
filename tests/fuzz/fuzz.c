/* SPDX-License-Identifier: PostgreSQL */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clean.h"

void fuzz_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
	abort();
}

void fuzz_check_message(const char *text)
{
	FUZZ_REQUIRE(text[0] != '\0');
	if (!clean_is_clean(text, strlen(text)))
		fprintf(stderr, "message: %s\n", text);
	FUZZ_REQUIRE(clean_is_clean(text, strlen(text)));
}
