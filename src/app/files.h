/* SPDX-License-Identifier: PostgreSQL */
/*
 * Panels, session texts and themes by name. For each name the first of these has it: --sql-dir / --theme-dir, the user's
 * folder ($XDG_CONFIG_HOME/dytop), the system's ($sysconfdir/dytop), what is compiled in. All panels are parsed and
 * checked against each other before anything is asked of a server.
 */
#ifndef APP_FILES_H
#define APP_FILES_H

#include "app/options.h"
#include "core/base.h"
#include "core/buf.h"
#include "core/err.h"
#include "model/panel.h"
#include "ui/theme.h"

struct files;

/* Folders: under sql/ (themes/ for themes), and of the same name in the other places. */
enum file_kind {
	FILE_PANEL, FILE_SESSION, FILE_THEME,
	FILE_ACTION, FILE_WARM, FILE_BENCH, FILE_BRIDGE, /* looked for at first use only */
	FILE_KIND_COUNT
};

struct files_text {
	const char *name;  /* without folder and ending */
	const char *path;  /* for messages: "sql/actions/analyze.sql" */
	struct str text;   /* a NUL behind it */
};

struct files_screen {
	const char *name;
	const char *title; /* of its first panel */
	int digit;         /* -1 none */
};

/* Finds and parses everything; messages begin with file:line. Options are borrowed for the call only. */
int files_new(struct files **out, const struct options *o, struct err *why) MUSTCHECK;
/* The same in two steps, so that connecting and drawing need not wait for some 40 files: finds everything and has session texts
 * and themes ready; then parses a panel with each call: 1 = there are more, 0 = all are parsed and checked. Panels and
 * screens are there only after that. */
int files_open(struct files **out, const struct options *o, struct err *why) MUSTCHECK;
int files_parse_next(struct files *f, struct err *why) MUSTCHECK;
void files_free(struct files *f); /* NULL is accepted */

/* All panels in the order of the screens (hidden ones too); borrowed. */
const struct panel *const *files_panels(const struct files *f, int *count);
/* Index of a panel; unknown: ERR_NOT_FOUND with the nearest name. */
int files_panel(const struct files *f, const char *name, struct err *why) MUSTCHECK;
/* Screens with at least one panel that is shown, in order. */
const struct files_screen *files_screens(const struct files *f, int *count);
/* Index of a screen; unknown: ERR_NOT_FOUND with the nearest name. */
int files_screen(const struct files *f, const char *name, struct err *why) MUSTCHECK;

/* The text of sql/session/NAME.sql, NULL when there is none; ctx is the struct files (struct source_conf.text). */
const char *files_session_text(void *ctx, const char *name);

/* Names of the files of a kind from FILE_ACTION on, sorted, NULL-terminated; borrowed. An unreadable folder: ERR_INVALID. */
int files_texts(struct files *f, const struct options *o, enum file_kind kind, const char *const **names, struct err *why) MUSTCHECK;
/* One of them; texts live as long as the files. Unknown: ERR_NOT_FOUND with the nearest name. */
int files_text(struct files *f, const struct options *o, enum file_kind kind, const char *name, struct files_text *out,
               struct err *why) MUSTCHECK;

const char *const *files_themes(const struct files *f); /* names, sorted, NULL-terminated */
int files_theme(const struct files *f, const char *name, struct theme *out, struct err *why) MUSTCHECK;

#endif
