/* SPDX-License-Identifier: PostgreSQL */
/* What every unit test program shares: one time zone, one locale, one way to run. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>

/* Runs the cases (each in its own process) and returns main()'s result. */
static inline int unit_run(const char *name, const TTest *const *cases, size_t count)
{
	Suite *suite = suite_create(name);
	TCase *group = tcase_create(name);
	SRunner *runner;
	int failed;

	setenv("TZ", "UTC", 1);
	setenv("LC_ALL", "C", 1);
	tcase_set_timeout(group, 60); /* under sanitizers and valgrind too */
	for (size_t i = 0; i < count; i++)
		tcase_add_test(group, cases[i]);
	suite_add_tcase(suite, group);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed || count == 0 ? 1 : 0;
}

#endif
