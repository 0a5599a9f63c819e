/* SPDX-License-Identifier: PostgreSQL */
#include "out/out.h"

#include <string.h>

#include "out/out_private.h"

static const struct out_format *const formats[] = {
	&out_table, &out_json, &out_ndjson, &out_csv, &out_openmetrics, NULL,
};

static const char *const names[] = {"table", "json", "ndjson", "csv", "openmetrics", NULL};
_Static_assert(ARRAY_LEN(names) == ARRAY_LEN(formats), "a name for each format");

const struct out_format *const *out_formats(void)
{
	return formats;
}

const char *const *out_format_names(void)
{
	return names;
}

const struct out_format *out_format_by_name(const char *name)
{
	for (size_t i = 0; formats[i]; i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return NULL;
}
