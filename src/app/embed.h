/* SPDX-License-Identifier: PostgreSQL */
/*
 * The files of sql/ and themes/, compiled in by tools/embed.sh, so that the binary works uninstalled on a strange host.
 * They are overridden by name from --sql-dir, the user's folder, then the system's (app/files).
 */
#ifndef APP_EMBED_H
#define APP_EMBED_H

#include "core/base.h"
#include "core/str.h"

struct embed_file {
	const char *path; /* "sql/panels/activity.sql" */
	const char *text;
	size_t len;
};

extern const struct embed_file embed_files[]; /* sorted by path; path NULL ends it */

struct embed_header { /* of a panel, packed by tools/pack */
	const char *path;
	struct str tree; /* see model/yaml_pack.h */
};

/* path NULL ends it. Only in dytop itself: tests parse the texts. */
extern const struct embed_header embed_headers[];

#endif
