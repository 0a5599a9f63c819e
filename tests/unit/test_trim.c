/* SPDX-License-Identifier: PostgreSQL */
/* Pages given back must come back with what was in them, and written ones must never go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/trim.h"
#include "unit.h"

static const char constant[1 << 20] = "a constant of the program"; /* large, so that its going is seen */
static char written[8192] = "a variable that starts with a value";

static long resident_file_kb(void)
{
	char line[256];
	long kb = -1;
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "RssFile: %ld kB", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

START_TEST(gives_back_code_and_nothing_else)
{
	volatile char *touched = written;
	char *heap = strdup("heap");
	long before;

	touched[4096] = 'x';
	for (size_t i = 0; i < sizeof constant; i += 4096)
		touched[0] = i == 0 ? 'a' : ((const volatile char *)constant)[i] ? 'b' : 'a';
	before = resident_file_kb();
	size_t given = trim_pages();
	ck_assert_uint_gt(given, 64 << 10);
	ck_assert_int_lt(resident_file_kb(), before);
	ck_assert_str_eq(constant, "a constant of the program");
	ck_assert_str_eq(written, "a variable that starts with a value");
	ck_assert_int_eq(written[4096], 'x');
	ck_assert_str_eq(heap, "heap");
	free(heap);
	ck_assert_uint_gt(trim_pages(), 0); /* again, with what has come back since */
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {gives_back_code_and_nothing_else};

	return unit_run("trim", cases, ARRAY_LEN(cases));
}
