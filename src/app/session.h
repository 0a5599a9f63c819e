/* SPDX-License-Identifier: PostgreSQL */
/*
 * The heart: which panel is asked of which server when, and where the answer goes. Owns the sources and the feeds; knows no
 * terminal and no format. Live, batch and (later) record and check all stand on it.
 *
 * Every panel stands on every server of its kind: a feed for each pair is made at first use. A pair is asked when it is
 * wanted (on the screen, in the batch) or its panel is `always`, and when its cadence says that it is due; all that is due
 * for one server goes out in one round trip. dytop itself is the last server (PANEL_SELF): its panels read the states of
 * the others.
 */
#ifndef APP_SESSION_H
#define APP_SESSION_H

#include "core/base.h"
#include "core/err.h"
#include "core/log.h"
#include "loop/loop.h"
#include "model/feed.h"
#include "model/status.h"
#include "source/source.h"

struct session;

struct session_pair { /* a panel on a server, both by index */
	int panel, server;
};

struct session_arrival {
	int server;
	const struct server_status *status;
	const struct panel *panel;
	int lookup;             /* -1: the panel itself */
	const int64_t *keys;    /* lookup: what was asked, by_count a row */
	int key_count;
	const struct sample *sample;
};

struct session_conf {
	struct source_conf *sources;       /* passwords in it are wiped when the sources took them */
	int source_count;
	double interval_ms;
	double cost_share;      /* of one core of a server, that one panel may take (0.004) */
	double inflight_hz;     /* how often the sampler of running statements looks; 0 = never */
	double inflight_share;  /* of one core of the server, that the sampler may take */
	double recorded_ms;     /* a recording: how far its frames lie apart; 0 = this is none */
	bool every_frame;       /* batch: ask each wanted panel in each interval, whatever its own cadence */
	bool headless;          /* batch: there is no header, so what is asked `always` for its figures is not */
	struct log *log;
	/* Something changed (a sample, a lookup, a status); called from the loop, may be called often. */
	void (*changed)(void *ctx);
	void *changed_ctx;
	/* A sample arrived, for a recorder; NULL = none. */
	void (*arrived)(void *ctx, const struct session_arrival *arrival);
	void *arrived_ctx;
};

/* Makes the sources. */
int session_new(struct session **out, struct loop *l, const struct session_conf *conf, struct err *why) MUSTCHECK;
void session_free(struct session *s); /* NULL is accepted */
/* Begins to connect; panels may still be read while it does. */
void session_connect(struct session *s);
/* The panels are known (borrowed): from here on they are asked. */
void session_start(struct session *s, const struct panel *const *panels, int count);

/* The servers, dytop itself last; the array lives as long as the session. */
const struct server_status *const *session_servers(const struct session *s, int *count);
struct source *session_source(const struct session *s, int server); /* NULL for dytop itself */
/* NULL while the pair was never wanted. */
struct feed *session_feed(const struct session *s, int panel, int server);

/* What is wanted from now on (always: panels are added by the session); new pairs are asked at once. */
void session_want(struct session *s, const struct session_pair *wanted, int count);
/* Rows of a pair whose lookups should be filled: `whole` is a bit set of lookups that all rows of the feed need (for sorting,
 * filtering), `spare` those that no row needs; `detail` includes the lookups that only a detail window needs. What is missing is staged. */
struct session_rows {
	struct session_pair pair;
	const int *rows;
	int count;
	const int *near;        /* rows that may be looked at next, best first: they ride along in an ask that is made anyway */
	int near_count;         /* for lookups with a gap, up to their batch */
	unsigned whole;
	unsigned spare;      /* bit set of lookups that nothing shows */
	bool detail;
};
void session_fill(struct session *s, const struct session_rows *rows);
/* Sends what was staged, one round trip a server. True while a lookup is open (the answer will change the screen). */
bool session_flush(struct session *s);
void session_refresh(struct session *s);                 /* everything wanted is due now */
void session_set_interval(struct session *s, double ms);
/* While held, intervals pass and ask for nothing; what is due already is still asked, also of a server that comes up late. So a
 * snapshot that takes longer than its interval stays one look at each panel. */
void session_hold(struct session *s, bool held);
/* Forgets what the panels about dytop itself have seen and looks anew: so that the first frame of a snapshot has the states at
 * its end, not those from before the servers answered. */
void session_look_at_self(struct session *s);
void session_pause(struct session *s, bool paused);      /* nothing is asked while paused, but of a recording; states go on */
void session_retry(struct session *s);                   /* servers that wait to reconnect try now */

/* A recording went to another time: what was seen of this one is forgotten, and asked for anew by session_refresh(). Only when
 * nothing is open. */
void session_rewind(struct session *s);

/* No request is open. */
bool session_settled(const struct session *s);
/* All that was said to be wanted has its answer, and so have the header's figures that are asked each time; dearer ones may be
 * open. */
bool session_wanted_settled(const struct session *s);
/* The pair is to be asked, or asked and not answered, on a server that may still answer. */
bool session_pending(const struct session *s, struct session_pair pair);
/* Nothing wanted is pending on any server. */
bool session_idle(const struct session *s);
/* Requests sent, and percent of one core that the servers spent on us over the last seconds (NAN: not known yet). */
double session_cost(const struct session *s);
/* Nothing is open, and all that is due stands on servers that are not live: no turn of the loop changes that by itself where a
 * recording says so. */
bool session_waits_for_servers(const struct session *s);
/* How many intervals have begun. */
int64_t session_turn(const struct session *s);

#endif
