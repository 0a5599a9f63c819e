/* SPDX-License-Identifier: PostgreSQL */
/* What --help and the --list-* options print, from the tables themselves. */
#ifndef APP_USAGE_H
#define APP_USAGE_H

#include "app/files.h"
#include "app/options.h"
#include "core/buf.h"

void usage_help(struct buf *out);    /* at most 80 columns wide */
void usage_options(struct buf *out); /* names, one a line */
/* Options, formats, keys, screens, panels, themes: the reference part of the man page (roff) and the README (Markdown). */
void usage_reference(const struct files *f, bool roff, struct buf *out);
void usage_panels(const struct files *f, struct buf *out);
void usage_screens(const struct files *f, struct buf *out);
void usage_themes(const struct files *f, struct buf *out);
/* The columns of the panels named, or of all. Unknown panel: ERR_NOT_FOUND. */
int usage_fields(const struct files *f, const struct option_list *panels, struct buf *out, struct err *why) MUSTCHECK;

#endif
