/* SPDX-License-Identifier: PostgreSQL */
/* What pgconn.c (life, connecting), pgconn_io.c (bytes) and pgcancel.c share. */
#ifndef SOURCE_PGCONN_PRIVATE_H
#define SOURCE_PGCONN_PRIVATE_H

#include "loop/background.h"
#include "loop/resolve.h"
#include "source/pgconn.h"
#include "source/pgerror.h"
#include "source/pgtarget.h"

enum pgconn_phase {
	PGCONN_CLOSED,
	PGCONN_STARTING,   /* opened; the work begins in the next turn, or when libpq is loaded */
	PGCONN_CONNECTING, /* resolving, or an attempt on one address */
	PGCONN_UP,
};

struct pgconn {
	/* what every statement touches, side by side */
	struct loop *loop;
	PGconn *conn;
	struct loop_fd *fd;
	int fd_no;
	enum pgconn_phase phase;
	bool paused, broken;
	bool ended;            /* the server said goodbye: no result means anything any more */
	bool had_null;
	int64_t heard_ns;
	size_t bytes;
	struct pgconn_events events;
	const struct libpq *pq; /* NULL before the first connection */
	/* life */
	struct log *log;
	struct background *loading;
	struct pgtarget target;
	char *name;
	struct loop_timer *later, *deadline;
	/* connecting */
	int host, pass, attempts;
	struct resolve *resolve;
	struct resolve_address address[RESOLVE_MAX]; /* text "": as the host says (a Unix socket) */
	int address_count, address_at;
	int64_t attempt_ns;
	enum pgstage stage;
	enum pgpeer peer;
	ConnStatusType peeked;
	struct pgfailure failure; /* of the last address */
	char fatal_state[6];   /* the last FATAL that the server sent; "" none */
	char fatal_text[240];
};

struct pgconn *pgconn_make(struct loop *l, const struct pgconn_events *events, struct log *log);
void pgconn_went_down(struct pgconn *c, const struct err *why, enum source_failure failure);
void pgconn_lost(struct pgconn *c); /* went down, with what is known of the reason */
void pgconn_watch(struct pgconn *c, unsigned want);
void pgconn_take_bytes(struct pgconn *c);
void pgconn_note_fatal(struct pgconn *c, const PGresult *res);

#endif
