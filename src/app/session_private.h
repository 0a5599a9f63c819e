/* SPDX-License-Identifier: PostgreSQL */
/* What the files of the session share; nobody else includes it. */
#ifndef APP_SESSION_PRIVATE_H
#define APP_SESSION_PRIVATE_H

#include "app/session.h"
#include "model/cadence.h"

enum {
	SESSION_ASKS_MAX = 64,     /* asks of one round trip */
	SESSION_SPENT_MAX_MS = 100, /* of one answer whose usual time is not known */
	SESSION_COST_TURNS = 10,   /* turns over which dytop's own cost is averaged */
	SESSION_RTTS = 6,          /* round trips of a server that are remembered: a minute's */
	SESSION_UNSEEN_SLOWEST_MS = 20000, /* what only the header needs is asked for that often, whatever it costs */
	SESSION_LOOKS_MS = 5000,   /* over which the sampler's rate and cost are measured */
	SESSION_GAP_ASKS = 3,      /* so many usual times without a sample, and as long as this, are an absence: a mean over it is */
	SESSION_GAP_MS = 30000,    /* not what the screen means by now */
};

struct session_slot { /* one panel on one server */
	struct feed *feed;
	struct cadence cadence;
	bool wanted;
	bool due;              /* to be asked as soon as the server is ready */
	bool open;             /* asked, not answered */
	bool failed;           /* since its last sample it was asked, and the server could not */
	double usual_ms;       /* between two asks, when it was last answered */
	unsigned lookups_open; /* bit per lookup */
	unsigned lookups_whole; /* bit per lookup: nothing was missing in any row of the sample of whole_ns */
	int64_t whole_ns;
};

struct session_request { /* the context of one ask */
	struct session *session;
	int panel, server, lookup;
	int64_t *keys;
	int key_count;
	bool observing;        /* for the sampler of running statements, not for the panel's own feed */
};

struct session_server {
	struct session *session;
	struct source *source; /* NULL: dytop itself */
	enum server_state state;
	int open;              /* asks without an answer */
	struct ask staged[SESSION_ASKS_MAX];
	int staged_count;
	int64_t observed_ns;   /* when the sampler last looked */
	int64_t looks_ns;      /* since when its looks are counted, 0: since the next one */
	int looks;
	double looks_ms;       /* that they took of the server */
	double rtt_ms[SESSION_RTTS]; /* the last round trips that differ, newest at rtt_next - 1 */
	int rtt_count, rtt_next;
};

struct session {
	struct loop *loop;
	struct session_conf conf;
	const struct panel *const *panels;
	int panel_count;
	struct session_server *server; /* server_count, dytop itself last */
	const struct server_status **status;
	struct server_status self;
	int server_count;
	struct session_slot *slot;     /* panel-major: [panel * server_count + server] */
	struct loop_timer *tick, *sampler;
	int64_t tick_ns;               /* when the running interval began */
	int64_t turn;
	double interval_ms;
	bool started, held, paused, after_planned;
	bool ending;                   /* being freed: answers that come now are dropped, and nobody is told */
	double spent_ms;       /* what our requests took of the servers' time so far, by our clock */
	double cost_ms[SESSION_COST_TURNS];
	int64_t cost_ns[SESSION_COST_TURNS];
	int cost_count;
};

struct session_slot *session_slot(const struct session *s, int panel, int server);
double session_usual_ms(const struct session *s, int panel, int server); /* between two asks of it, as things are now */
bool session_may_ask(const struct session *s); /* not while paused, but for a recording: its time stands still, and asking costs nobody */
bool session_stands(const struct session *s, int panel, int server); /* the panel is for that kind of server */

/* session_ask.c: from what is due to one round trip, and its answers. */
void session_ask_due(struct session *s, int server);
void session_stage(struct session *s, int server, int panel, int lookup, const int64_t *keys, int key_count);
void session_send(struct session *s, int server);
void session_sample_running(struct session *s); /* the sampler's turn */
void session_begin_looks(struct session *s);    /* it looks again: its rate is measured anew */
bool session_observes(const struct session *s);  /* a panel is wanted that a sampler feeds */

/* session_self.c: the panels about dytop itself. */
void session_ask_self(struct session *s, int panel);

#endif
