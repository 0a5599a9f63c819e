/* SPDX-License-Identifier: PostgreSQL */
/*
 * The files of sql/ and themes/, compiled in by tools/embed.sh, so that the binary works uninstalled on a strange host.
 * They are overridden by name from --sql-dir, the user's folder, then the system's (app/files).
 */
#ifndef APP_EMBED_H
#define APP_EMBED_H

#include "core/base.h"

struct embed_file {
	const char *path; /* "sql/panels/activity.sql" */
	const char *text;
	size_t len;
};

extern const struct embed_file embed_files[]; /* sorted by path; path NULL ends it */

#endif
