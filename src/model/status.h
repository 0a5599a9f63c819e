/* SPDX-License-Identifier: PostgreSQL */
/* The state of one server, as every screen and format shows it. Filled by source/ (through its one state function),
 * read by everybody else. Plain data. */
#ifndef MODEL_STATUS_H
#define MODEL_STATUS_H

#include "core/base.h"
#include "model/panel.h"

enum server_state {
	SERVER_CONNECTING, /* resolving, connecting, logging in, starting up */
	SERVER_LIVE,
	SERVER_STALE,      /* connected, but a request has had no answer for longer than it should */
	SERVER_LOST,       /* was live; reconnecting, retry_ns says when */
	SERVER_REFUSED,    /* answered and said no (password, privilege, limit); retried slowly */
	SERVER_ENDED,      /* replay is at its end; nothing more will come */
};

struct server_status {
	enum panel_source kind;
	enum server_state state;
	int64_t since_ns;        /* monotonic: in this state since */
	int64_t answered_ns;     /* monotonic: last answer; 0 = never */
	int64_t retry_ns;        /* monotonic: next try, 0 = none planned */
	int retries;             /* failed tries since it was last live */
	int version;             /* 150020, 70015, 11800; 0 = not known yet */
	char product[32];        /* "PostgreSQL", "Redis", "Valkey", "PgBouncer" */
	char version_text[32];   /* "15.18" */
	char name[96];           /* as shown: "bridge@db1:5432", "cache1:6379"; cleaned */
	char role[24];           /* "primary", "standby", "replica", ...; "" = not known */
	char user[64];           /* who we are there; cleaned */
	char reason[200];        /* why not live, in words; "" when live */
	char notice[120];        /* live, but: "restarted 12:04:31", "promoted", "degraded: catalog locked"; "" none */
	int64_t started_us;      /* server start, us since 1970; 0 unknown */
	double rtt_ms;           /* last round trip of an empty request; NAN unknown */
	uint64_t life;           /* changes with restart, promotion, failover */
	int hidden;              /* sessions hidden by missing privilege at the last look */
	int64_t logins, asked, failed; /* since dytop started */
	double cost_ms;          /* server time that dytop's requests took, summed since start (by the client's clock) */
	int backend_pid;         /* PostgreSQL: of our session there; 0 not known, or another each time (behind a pooler) */
	bool superuser;
	bool pooled;             /* a pooler stands between: session features off */
};

const char *server_state_name(enum server_state state); /* "connecting", "live", "stale", "lost", "refused", "ended" */

#endif
