/* SPDX-License-Identifier: PostgreSQL */
/* dytop bench --claims, for the command. */
#ifndef APP_CLAIMS_H
#define APP_CLAIMS_H

#include "app/options.h"
#include "core/err.h"

struct claims_args {
	bool yes, json;
	int64_t rows; /* transactions copied at most; 0 = 1,000,000 */
	const char *output; /* the report goes there; NULL or "-": standard output */
};

/* Measures and prints; the exit status: 0 measured, whatever came out, 3 when not all of it could be. */
int claims_run(const struct options *o, const struct claims_args *a, struct err *why);

#endif
