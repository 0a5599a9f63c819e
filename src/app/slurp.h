/* SPDX-License-Identifier: PostgreSQL */
/* A whole file into memory, without surprises: a ceiling, no FIFO that never ends, no foreign author where it matters. */
#ifndef APP_SLURP_H
#define APP_SLURP_H

#include "core/base.h"
#include "core/buf.h"
#include "core/err.h"

enum slurp_flags {
	SLURP_PLAIN = 0,
	SLURP_TRUSTED = 1u << 0, /* refuse a file that another user than this one or root owns or may write */
	SLURP_SECRET = 1u << 1,  /* refuse a file that others may read (mode over 0600) */
};

/* Appends the file to out (its ceiling is the file's). Only regular files; the sentence names the path. */
int slurp_file(struct buf *out, const char *path, unsigned flags, struct err *why) MUSTCHECK;

#endif
