/* SPDX-License-Identifier: PostgreSQL */
/* What terminfo says of the terminal that TERM names. */
#ifndef UI_TERM_CAPS_H
#define UI_TERM_CAPS_H

#include "core/buf.h"
#include "core/err.h"

enum { TERM_CAPS_BYTES = 1024 };

struct term_caps { /* texts without padding; NULL = the terminal has none */
	const char *cup, *clear, *el, *sgr0, *op, *bold, *dim, *rev, *smul, *setaf, *setab;
	int colours;      /* how many; 0 or less = none */
	unsigned barred;  /* enum theme_attr that cannot be shown together with colours */
	bool ansi;        /* cup and the colours are those of ECMA-48, so that shorter forms of them may be used */
	bool keeps_wrap;  /* the last cell of the last row can be written without scrolling */
	bool known;
	char text[TERM_CAPS_BYTES]; /* of the above: do not copy the struct */
};

/* Reads them; ERR_UNSUPPORTED when TERM is unset, unknown or cannot position its cursor. */
int caps_open(struct term_caps *c, int fd, struct err *why) MUSTCHECK;
void caps_close(struct term_caps *c);
/* A capability by its terminfo name as it stands in terminfo, valid until the next call; NULL when there is none. */
const char *caps_text(const char *name);
/* Appends one without its padding, which only terminals with wheels need. */
void caps_add(struct buf *out, const char *name);

#endif
