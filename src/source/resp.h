/* SPDX-License-Identifier: PostgreSQL */
/*
 * The Redis protocol (RESP2): commands to bytes, bytes to replies. The one home of hiredis, of which only the reader is
 * used; no socket here.
 *
 * What comes from a server is hostile: a reply may have RESP_ELEMENTS_MAX elements in all, RESP_BYTES_MAX bytes and hiredis'
 * depth (7), memory grows with what arrived and never with what was announced, and after an error the connection must
 * be dropped: nothing behind it can be trusted.
 */
#ifndef SOURCE_RESP_H
#define SOURCE_RESP_H

#include "core/base.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"

enum {
	RESP_ELEMENTS_MAX = 65536,   /* of one reply, all arrays together */
	RESP_BYTES_MAX = 16 << 20,   /* of one reply */
	RESP_LINE_MAX = 65536,       /* of a status, an error or a length */
	RESP_COMMAND_MAX = 1 << 20,  /* bytes of one batch of commands */
	RESP_ARGS_MAX = 32,          /* words of one command */
};

enum resp_type { RESP_STATUS, RESP_ERROR, RESP_INTEGER, RESP_STRING, RESP_NIL, RESP_ARRAY };

struct resp_reply {
	enum resp_type type;
	int64_t integer;             /* RESP_INTEGER */
	struct str text;             /* status, error, string: raw bytes, a NUL behind them */
	struct resp_reply **element; /* RESP_ARRAY */
	int count;
};

struct resp;

struct resp *resp_new(void);
void resp_free(struct resp *r); /* NULL is accepted */
/* Takes bytes in. */
int resp_feed(struct resp *r, const char *bytes, size_t len, struct err *why) MUSTCHECK;
/* The next whole reply (the caller frees it): 1; not all of it is there: 0; or an error, ERR_PROTOCOL or ERR_TOO_BIG. */
int resp_next(struct resp *r, struct resp_reply **out, struct err *why) MUSTCHECK;
void resp_reply_free(struct resp_reply *reply); /* NULL is accepted */

/* Appends one command; false (and out->failed) when out's ceiling is hit. */
bool resp_command(struct buf *out, int argc, const struct str *argv);
/* Splits a line into words at blanks (a word may stand in double quotes) and appends it as a command. ERR_INVALID when
 * it is empty, has more than RESP_ARGS_MAX words or an open quote. */
int resp_command_line(struct buf *out, struct str line, struct err *why) MUSTCHECK;

#endif
