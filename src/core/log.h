/* SPDX-License-Identifier: PostgreSQL */
/*
 * A levelled log that goes to a ring in memory and, if a person asked for one, to a file (0600, no symlink followed);
 * never to the screen. The struct is passed around; NULL means no log. Lines pass through clean_text().
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include "core/base.h"
#include "core/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log;

struct log *log_new(enum log_level level);
void log_free(struct log *log);
int log_open_file(struct log *log, const char *path, struct err *why) MUSTCHECK;
void log_write(struct log *log, enum log_level level, const char *format, ...) PRINTFLIKE(3, 4);
/* The file's descriptor, which is the caller's from now on (-1: there is none): lines go to `put`, LF included, which must not
 * wait. False: it has no room; the next line that it takes is preceded by a count of those that are missing. */
int log_divert(struct log *log, bool (*put)(void *ctx, const char *bytes, size_t len), void *ctx);
/* Line i of the ring, 0 = newest; NULL past the oldest. Borrowed until the next log_write(). */
const char *log_line(const struct log *log, size_t i);

#endif
