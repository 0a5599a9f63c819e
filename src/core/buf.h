/* SPDX-License-Identifier: PostgreSQL */
/*
 * A growing byte buffer with a ceiling. When an append would pass the ceiling nothing is appended, `failed` is set and
 * stays set, so a long run of appends needs one check at its end. The contents are always NUL-terminated.
 */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include <stdarg.h>

#include "core/base.h"
#include "core/str.h"

struct buf {
	char *data;   /* NULL until the first append */
	size_t len;
	size_t room;  /* allocated bytes */
	size_t limit; /* ceiling in bytes, without the NUL */
	bool failed;  /* an append was refused */
};

#define BUF_INIT(ceiling) ((struct buf){.limit = (ceiling)})

void buf_init(struct buf *b, size_t limit);
void buf_release(struct buf *b);                    /* frees the contents, keeps the ceiling; usable again */
void buf_clear(struct buf *b);                      /* len 0, memory kept, failed reset */
char *buf_take(struct buf *b);                      /* hands the memory to the caller (free() it); never NULL */
/* Makes place for so many more bytes, so that appending them moves nothing (a secret would leave a copy behind). */
bool buf_reserve(struct buf *b, size_t more);
bool buf_add(struct buf *b, const void *bytes, size_t len);
bool buf_adds(struct buf *b, const char *text);
bool buf_addc(struct buf *b, char c);
bool buf_addstr(struct buf *b, struct str text);
bool buf_addf(struct buf *b, const char *format, ...) PRINTFLIKE(2, 3);
bool buf_vaddf(struct buf *b, const char *format, va_list args) PRINTFLIKE(2, 0);
const char *buf_text(const struct buf *b);          /* "" when empty; never NULL */
struct str buf_str(const struct buf *b);
void buf_cut(struct buf *b, size_t len);            /* shortens to len (no-op when already shorter) */
void buf_drop(struct buf *b, size_t len);           /* removes len bytes from the front */

#endif
