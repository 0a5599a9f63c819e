/* SPDX-License-Identifier: PostgreSQL */
/* What --help and the --list-* options print, from the tables themselves. */
#ifndef APP_USAGE_H
#define APP_USAGE_H

#include "app/commands.h"
#include "app/files.h"
#include "app/options.h"
#include "core/buf.h"

/* At most 80 columns wide. NULL: the program's; else the command's, which lists its own options and the general ones that it
 * shares by their groups only. */
void usage_help(struct buf *out, const struct command *command);
void usage_options(struct buf *out); /* names of all, those of the commands too, one a line */
/* Options, formats, keys, screens, panels, themes: the reference part of the man page (roff) and the README (Markdown). */
void usage_reference(const struct files *f, bool roff, struct buf *out);
void usage_panels(const struct files *f, struct buf *out);
void usage_screens(const struct files *f, struct buf *out);
void usage_themes(const struct files *f, struct buf *out);
/* The columns of the panels named, or of all. Unknown panel: ERR_NOT_FOUND. */
int usage_fields(const struct files *f, const struct option_list *panels, struct buf *out, struct err *why) MUSTCHECK;

#endif
