/* SPDX-License-Identifier: PostgreSQL */
/*
 * Why a connection did not come about, from what libpq and the first bytes say: which kind of failure it is and a sentence for
 * the operator. Never depends on libpq's language: it goes by SQLSTATE, by stage and by first bytes.
 */
#ifndef SOURCE_PGERROR_H
#define SOURCE_PGERROR_H

#include "source/source_private.h"

enum pgpeer { /* what the first bytes of the peer look like */
	PGPEER_SILENT,
	PGPEER_POSTGRES,
	PGPEER_NO_TLS,  /* PostgreSQL that declined TLS */
	PGPEER_CLOSED,
	PGPEER_HTTP,
	PGPEER_REDIS,
	PGPEER_SSH,
	PGPEER_TLS,
	PGPEER_OTHER,
};

enum pgstage { PGSTAGE_CONNECT, PGSTAGE_TLS, PGSTAGE_LOGIN };

struct pgfailure {
	struct err why;
	enum source_failure failure;
};

struct pgattempt {
	const char *message;   /* PQerrorMessage() at PQERRORS_VERBOSE; "" when the attempt was given up */
	const char *address;   /* for the sentence: "10.0.0.1:5432" */
	enum pgpeer peer;
	enum pgstage stage;
	bool needs_password;
	bool tls_required, tls_in_use;
	double gave_up_ms;     /* > 0: no answer for that long */
};

/* What the first len bytes that a peer sent look like; stage says what a PostgreSQL server may send. */
enum pgpeer pgerror_peer(enum pgstage stage, const char *bytes, size_t len);
void pgerror_attempt(const struct pgattempt *a, struct pgfailure *out);
/* The SQLSTATE and the primary message within libpq's verbose text ("FATAL:  53300: sorry ..."); false when there is none. */
bool pgerror_sqlstate(const char *message, char state[6], char *text, size_t room);
/* An established connection went away: by what the server said last (state "" = nothing), else libpq's message. */
void pgerror_lost(const char *state, const char *text, const char *message, struct err *why);

#endif
