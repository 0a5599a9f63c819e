/* SPDX-License-Identifier: PostgreSQL */
/*
 * Errors: a negative code for the program, a sentence for the person.
 *
 * Every fallible function returns 0 or a negative enum err_code, takes a `struct err *why` last, and leaves its
 * outputs untouched on failure. Nobody below app/ prints. The sentence says what, where (file:line, server) and what to
 * do; bytes that came from a server go into it only through clean_text() (err_set() itself escapes controls as a net).
 */
#ifndef CORE_ERR_H
#define CORE_ERR_H

#include "core/base.h"

enum err_code {
	ERR_OK = 0,
	ERR_INVALID = -1,      /* bad input from a person: option, file, expression */
	ERR_TOO_BIG = -2,      /* a ceiling was hit */
	ERR_IO = -3,           /* file or terminal */
	ERR_CONNECT = -4,      /* not reachable: name, network, refused */
	ERR_AUTH = -5,         /* reached, but login refused */
	ERR_TIMEOUT = -6,      /* no answer in time */
	ERR_PROTOCOL = -7,     /* the peer does not speak what it should */
	ERR_QUERY = -8,        /* the server refused one request */
	ERR_PRIVILEGE = -9,    /* the server refused it for lack of rights */
	ERR_UNSUPPORTED = -10, /* this server, library or terminal cannot do it */
	ERR_NOT_FOUND = -11,
	ERR_BUSY = -12,        /* cannot be taken now: not live, or a request is under way */
	ERR_LOST = -13,        /* the connection went away before the answer */
};

enum { ERR_TEXT_MAX = 480 };

struct err {
	int code;
	char text[ERR_TEXT_MAX];
};

/* Sets *why (may be NULL) and returns code, so that `return err_set(why, ERR_X, "...")` is the whole failure path.
 * Control bytes in the formatted text are replaced by '?'; an overlong text is cut at a character. */
int err_set(struct err *why, int code, const char *format, ...) PRINTFLIKE(3, 4);

/* Puts "prefix: " before the text that is there (NULL is accepted) and returns why->code. */
int err_prefix(struct err *why, const char *format, ...) PRINTFLIKE(2, 3);

/* A short fixed name of a code ("timeout"), for logs and JSON; never NULL. */
const char *err_name(int code);

#endif
