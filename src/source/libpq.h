/* SPDX-License-Identifier: PostgreSQL */
/*
 * libpq, loaded at first use: its twenty shared libraries (TLS, Kerberos, LDAP) cost more than the first paint, and a function
 * that only a newer libpq has is found at run time. Types come from libpq-fe.h, so a wrong call does not compile. Only
 * source/pgconn and source/pgresult include this.
 */
#ifndef SOURCE_LIBPQ_H
#define SOURCE_LIBPQ_H

#include <libpq-fe.h>

#include "core/base.h"
#include "core/err.h"
#include "loop/loop.h"

/* First, side by side, those that every statement needs. */
#define LIBPQ_FUNCTIONS(X) \
	X(PQconsumeInput) X(PQsslInUse) X(PQisBusy) X(PQgetResult) X(PQresultStatus) X(PQntuples) X(PQnfields) \
	X(PQstatus) X(PQcmdStatus) X(PQtransactionStatus) X(PQclear) X(PQsendQueryPrepared) X(PQflush) \
	X(PQpipelineSync) X(PQgetvalue) X(PQgetisnull) X(PQgetlength) X(PQconninfoParse) X(PQconninfo) \
	X(PQconninfoFree) X(PQfreemem) X(PQconnectStartParams) X(PQconnectPoll) X(PQfinish) X(PQsocket) \
	X(PQerrorMessage) X(PQparameterStatus) X(PQserverVersion) X(PQbackendPID) X(PQconnectionNeedsPassword) \
	X(PQsetErrorVerbosity) X(PQsetNoticeReceiver) X(PQsetnonblocking) X(PQsetClientEncoding) X(PQhost) X(PQport) \
	X(PQuser) X(PQdb) X(PQlibVersion) X(PQenterPipelineMode) X(PQexitPipelineMode) X(PQsendFlushRequest) \
	X(PQsendQuery) X(PQsendQueryParams) X(PQsendPrepare) X(PQresultErrorField) X(PQresultErrorMessage) \
	X(PQcmdTuples) X(PQfname) X(PQftype) X(PQfformat) X(PQsetSingleRowMode) X(PQnotifies) X(PQputCopyData) \
	X(PQputCopyEnd)

/* From libpq 17 on; NULL in older ones. Declared here because the header at build time may not know them. */
struct pg_cancel_conn;
typedef struct pg_cancel_conn *libpq_cancel_create(PGconn *conn);
typedef int libpq_cancel_start(struct pg_cancel_conn *cancel);
typedef PostgresPollingStatusType libpq_cancel_poll(struct pg_cancel_conn *cancel);
typedef int libpq_cancel_socket(const struct pg_cancel_conn *cancel);
typedef void libpq_cancel_finish(struct pg_cancel_conn *cancel);
typedef int libpq_set_chunked(PGconn *conn, int rows);

struct libpq {
#define X(name) __typeof__(&name) name;
	LIBPQ_FUNCTIONS(X)
#undef X
	libpq_cancel_create *cancel_create; /* all five or none */
	libpq_cancel_start *cancel_start;
	libpq_cancel_poll *cancel_poll;
	libpq_cancel_socket *cancel_socket;
	libpq_cancel_finish *cancel_finish;
	libpq_set_chunked *set_chunked; /* PQsetChunkedRowsMode, by itself */
};

/* Loading takes some milliseconds, and seconds from a slow disk: libpq_touch() may be run in the background first. */
bool libpq_is_loaded(void);
void libpq_touch(void); /* loads it, if it can be; what failed is told by libpq_load() */
/* Fills *out. The library stays loaded for the life of the process; a second call is cheap. ERR_UNSUPPORTED when it is
 * missing or too old (< 14), naming the Debian package. */
int libpq_load(struct libpq *out, struct err *why) MUSTCHECK;
/* The same, one for all connections of a loop: twenty tables of their own would be cold whenever they are needed. */
int libpq_of_loop(const struct libpq **out, struct loop *l, struct err *why) MUSTCHECK;

#endif
