/* SPDX-License-Identifier: PostgreSQL */
#include "app/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/session_private.h"
#include "core/mem.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

struct session_slot *session_slot(const struct session *s, int panel, int server)
{
	return &s->slot[panel * s->server_count + server];
}

/* The header's figures are asked for always, but a batch has no header. */
static bool is_always(const struct session *s, int panel)
{
	return s->panels[panel]->always && !s->conf.headless;
}

bool session_stands(const struct session *s, int panel, int server)
{
	return s->panels[panel]->source == s->status[server]->kind;
}

bool session_may_ask(const struct session *s)
{
	return !s->paused || s->conf.recorded_ms > 0;
}

static void server_down(struct session *s, int server)
{
	const struct server_status *status = s->status[server];

	for (int p = 0; p < s->panel_count; p++) {
		struct session_slot *slot = session_slot(s, p, server);

		slot->failed = false; /* a lost server is an absence, whatever it could not do before */
		if (slot->feed)
			feed_stale(slot->feed, status->reason);
	}
}

static void server_up(struct session *s, int server)
{
	for (int p = 0; p < s->panel_count; p++) {
		struct session_slot *slot = session_slot(s, p, server);

		slot->due = slot->feed && (slot->wanted || is_always(s, p));
	}
	if (session_may_ask(s))
		session_ask_due(s, server);
}

static void on_status(void *ctx, struct source *source)
{
	struct session_server *server = ctx;
	struct session *s = server->session;
	int index = (int)(server - s->server);
	enum server_state before = server->state, now = source_status(source)->state;

	server->state = now;
	if (now != before && (now == SERVER_STALE || now == SERVER_LOST || now == SERVER_REFUSED))
		server_down(s, index);
	if (now == SERVER_LIVE && before != SERVER_LIVE && before != SERVER_STALE)
		server_up(s, index);
	s->conf.changed(s->conf.changed_ctx);
}

static void note_cost(struct session *s)
{
	int i = (int)(s->turn % SESSION_COST_TURNS);

	s->cost_ms[i] = s->spent_ms;
	s->cost_ns[i] = loop_now(s->loop)->mono_ns;
	if (s->cost_count < SESSION_COST_TURNS)
		s->cost_count++;
}

double session_cost(const struct session *s)
{
	int newest = (int)(s->turn % SESSION_COST_TURNS);
	int oldest = (newest + SESSION_COST_TURNS - (s->cost_count - 1)) % SESSION_COST_TURNS;

	if (s->cost_count < 3)
		return NAN;
	return 100.0 * (s->cost_ms[newest] - s->cost_ms[oldest]) * 1e6 / (double)(s->cost_ns[newest] - s->cost_ns[oldest]);
}

/* What only the header's figures need may take an eighth of what is looked at, and more than that only so as not to grow old. */
static double share_of(const struct session *s, const struct session_slot *slot)
{
	double cost = cadence_cost_ms(&slot->cadence), least = s->conf.cost_share / 8;

	return slot->wanted ? s->conf.cost_share : fmin(s->conf.cost_share, fmax(least, cost / SESSION_UNSEEN_SLOWEST_MS));
}

/* A recording is read as fast as one likes, but what is in it was asked for at its own pace. */
double session_usual_ms(const struct session *s, int panel, int server)
{
	const struct session_slot *slot = session_slot(s, panel, server);
	double interval = s->conf.recorded_ms > 0 ? s->conf.recorded_ms : s->interval_ms;

	return cadence_wait_ms(&slot->cadence, interval, s->panels[panel]->every_ms, share_of(s, slot));
}

static void mark_due(struct session *s)
{
	int64_t now = loop_now(s->loop)->mono_ns;
	int64_t slack = (int64_t)(s->interval_ms * 1e6 / 4);

	for (int p = 0; p < s->panel_count; p++) {
		const struct panel *panel = s->panels[p];

		for (int k = 0; k < s->server_count; k++) {
			struct session_slot *slot = session_slot(s, p, k);
			double every = s->conf.every_frame ? 0 : panel->every_ms;
			double share = s->conf.every_frame ? INFINITY : share_of(s, slot);

			if (!slot->feed || slot->open || panel->observes || !(slot->wanted || is_always(s, p)))
				continue;
			if (cadence_due_ns(&slot->cadence, s->interval_ms, every, share) <= now + slack)
				slot->due = true;
		}
	}
}

static void on_tick(void *ctx)
{
	struct session *s = ctx;
	int64_t now = loop_now(s->loop)->mono_ns, step = (int64_t)(s->interval_ms * 1e6);

	/* after a stop (SIGSTOP, a laptop's sleep) go on from now: no burst of missed turns; and where the clock is a recording's, which
	 * stands or goes back, no turns that are long in coming */
	if (now - s->tick_ns > step + SESSION_LOOKS_MS * CLOCK_MS_NS)
		session_begin_looks(s);
	s->tick_ns = now - s->tick_ns > 2 * step || now - s->tick_ns < step ? now : s->tick_ns + step;
	loop_timer_at(s->tick, s->tick_ns + step);
	s->turn++;
	note_cost(s);
	if (!s->paused && !s->held) {
		mark_due(s);
		for (int k = 0; k < s->server_count; k++)
			session_ask_due(s, k);
	}
	s->conf.changed(s->conf.changed_ctx); /* a second passed: clock and ages */
}

static void on_sampler(void *ctx)
{
	struct session *s = ctx;

	if (!s->paused)
		session_sample_running(s);
	if (session_observes(s))
		loop_timer_in(s->sampler, 1000.0 / s->conf.inflight_hz);
}

int session_new(struct session **out, struct loop *l, const struct session_conf *conf, struct err *why)
{
	struct session *s = mem_alloc(sizeof *s);
	int n = conf->source_count;

	s->loop = l;
	s->conf = *conf;
	s->interval_ms = conf->interval_ms;
	s->server_count = n + 1;
	s->server = mem_calloc((size_t)n + 1, sizeof *s->server);
	s->status = mem_calloc((size_t)n + 1, sizeof *s->status);
	s->self = (struct server_status){.kind = PANEL_SELF, .state = SERVER_LIVE, .rtt_ms = NAN, .product = "dytop",
	                                 .name = "dytop", .version_text = PACKAGE_VERSION};
	s->self.since_ns = loop_now(l)->mono_ns;
	s->status[n] = &s->self;
	for (int i = 0; i <= n; i++)
		s->server[i].session = s;
	s->server[n].state = SERVER_LIVE;
	for (int i = 0; i < n; i++) {
		struct source_events events = {.status = on_status, .ctx = &s->server[i]};
		int rc = source_new(&s->server[i].source, l, &conf->sources[i], &events, conf->log, why);

		if (rc < 0) {
			session_free(s);
			return rc;
		}
		s->status[i] = source_status(s->server[i].source);
		s->server[i].state = s->status[i]->state;
	}
	s->tick = loop_timer_new(l, on_tick, s);
	s->sampler = loop_timer_new(l, on_sampler, s);
	*out = s;
	return 0;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	s->ending = true; /* source_free() answers what is open, and those who are told may be gone */
	for (int i = 0; i < s->server_count; i++)
		source_free(s->server[i].source);
	loop_timer_free(s->tick);
	loop_timer_free(s->sampler);
	for (int i = 0; i < s->panel_count * s->server_count; i++)
		feed_free(s->slot[i].feed);
	free(s->slot);
	free(s->status);
	free(s->server);
	free(s);
}

void session_connect(struct session *s)
{
	for (int i = 0; i < s->server_count - 1; i++)
		source_start(s->server[i].source);
}

static void make_slots(struct session *s)
{
	s->slot = mem_calloc((size_t)s->panel_count * (size_t)s->server_count, sizeof *s->slot);
	for (int p = 0; p < s->panel_count; p++)
		for (int k = 0; k < s->server_count; k++)
			if (is_always(s, p) && session_stands(s, p, k))
				session_slot(s, p, k)->feed = feed_new(s->panels[p]);
}

void session_start(struct session *s, const struct panel *const *panels, int count)
{
	s->panels = panels;
	s->panel_count = count;
	make_slots(s);
	s->started = true;
	s->tick_ns = loop_now(s->loop)->mono_ns;
	loop_timer_in(s->tick, s->interval_ms);
	session_refresh(s);
}

const struct server_status *const *session_servers(const struct session *s, int *count)
{
	*count = s->server_count;
	return s->status;
}

struct source *session_source(const struct session *s, int server)
{
	return s->server[server].source;
}

struct feed *session_feed(const struct session *s, int panel, int server)
{
	return session_slot(s, panel, server)->feed;
}

void session_want(struct session *s, const struct session_pair *wanted, int count)
{
	bool fresh = false;

	for (int i = 0; i < s->panel_count * s->server_count; i++)
		s->slot[i].wanted = false;
	for (int i = 0; i < count; i++) {
		struct session_slot *slot = session_slot(s, wanted[i].panel, wanted[i].server);

		if (!session_stands(s, wanted[i].panel, wanted[i].server))
			continue;
		slot->wanted = true;
		if (!slot->feed)
			slot->feed = feed_new(s->panels[wanted[i].panel]);
		/* a screen one comes back to shows its last figures at once and asks when its cadence allows */
		if (cadence_due_ns(&slot->cadence, s->interval_ms, s->panels[wanted[i].panel]->every_ms,
		                   s->conf.cost_share) <= loop_now(s->loop)->mono_ns && !slot->open)
			fresh = slot->due = true;
	}
	/* the sampler of running statements looks only while somebody looks at what it is for */
	if (s->conf.inflight_hz > 0 && !loop_timer_armed(s->sampler) && session_observes(s)) {
		session_begin_looks(s);
		loop_timer_in(s->sampler, 1000.0 / s->conf.inflight_hz);
	}
	if (fresh && s->started && session_may_ask(s))
		for (int k = 0; k < s->server_count; k++)
			session_ask_due(s, k);
}

void session_refresh(struct session *s)
{
	for (int p = 0; p < s->panel_count; p++)
		for (int k = 0; k < s->server_count; k++) {
			struct session_slot *slot = session_slot(s, p, k);

			if (slot->feed && !slot->open && (slot->wanted || is_always(s, p)))
				slot->due = true;
		}
	for (int k = 0; k < s->server_count; k++)
		session_ask_due(s, k);
}

void session_set_interval(struct session *s, double ms)
{
	s->interval_ms = ms;
	if (!s->started)
		return;
	s->tick_ns = loop_now(s->loop)->mono_ns;
	loop_timer_at(s->tick, s->tick_ns + (int64_t)(ms * 1e6));
}

void session_hold(struct session *s, bool held)
{
	s->held = held;
}

void session_pause(struct session *s, bool paused)
{
	s->paused = paused;
	session_begin_looks(s); /* its rate is not over the pause */
	if (!paused)
		session_refresh(s);
}

void session_retry(struct session *s)
{
	for (int i = 0; i < s->server_count - 1; i++)
		if (s->status[i]->state != SERVER_LIVE)
			source_retry(s->server[i].source);
}

void session_rewind(struct session *s)
{
	for (int i = 0; i < s->panel_count * s->server_count; i++) {
		struct session_slot *slot = &s->slot[i];

		if (slot->feed)
			feed_rewind(slot->feed);
		slot->cadence = (struct cadence){0};
		slot->failed = false;
		slot->usual_ms = 0;
		slot->lookups_whole = 0;
		slot->whole_ns = 0;
	}
	s->cost_count = 0; /* it was over times that are no more */
}

bool session_settled(const struct session *s)
{
	for (int i = 0; i < s->server_count; i++)
		if (s->server[i].open > 0)
			return false;
	return true;
}

bool session_pending(const struct session *s, struct session_pair pair)
{
	const struct session_slot *slot = session_slot(s, pair.panel, pair.server);

	return slot->feed && (slot->open || (slot->due && session_may_ask(s) && s->status[pair.server]->state != SERVER_ENDED));
}

bool session_idle(const struct session *s)
{
	for (int p = 0; p < s->panel_count; p++)
		for (int k = 0; k < s->server_count; k++)
			if (session_pending(s, (struct session_pair){p, k}))
				return false;
	return true;
}

bool session_waits_for_servers(const struct session *s)
{
	for (int p = 0; p < s->panel_count; p++)
		for (int k = 0; k < s->server_count; k++)
			if (session_pending(s, (struct session_pair){p, k}) && s->status[k]->state == SERVER_LIVE)
				return false;
	return session_settled(s);
}

bool session_wanted_settled(const struct session *s)
{
	for (int p = 0; p < s->panel_count; p++)
		for (int k = 0; k < s->server_count; k++) {
			const struct session_slot *slot = session_slot(s, p, k);
			bool counts = slot->wanted || (is_always(s, p) && s->panels[p]->every_ms <= 0 && s->server[k].open > 0);

			if (counts && (slot->open || slot->due))
				return false;
		}
	return true;
}

int64_t session_turn(const struct session *s)
{
	return s->turn;
}
