/* SPDX-License-Identifier: PostgreSQL */
/* From what is due to one round trip a server, and from its answers to the feeds. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/session_private.h"
#include "core/mem.h"

static void request_free(struct session_request *rq)
{
	free(rq->keys);
	free(rq);
}

static void after_answer(void *ctx)
{
	struct session *s = ctx;

	s->after_planned = false;
	if (session_may_ask(s))
		for (int k = 0; k < s->server_count; k++)
			session_ask_due(s, k);
}

/* What became due while a round trip was open goes out when it is over: in a fresh turn, not inside a source's callback. */
static void plan_after(struct session *s)
{
	if (s->after_planned)
		return;
	s->after_planned = true;
	loop_defer(s->loop, after_answer, s);
}

/* What the way alone takes. PostgreSQL is pinged seldom, and a ping that woke its process up counts that as the way: so of the
 * last few the least. A Redis round brings its own ping, and carries just that one. */
static double way_ms(struct session *s, int server)
{
	struct session_server *at = &s->server[server];
	double now = s->status[server]->rtt_ms, least = now;
	int newest = (at->rtt_next + SESSION_RTTS - 1) % SESSION_RTTS;

	if (s->status[server]->kind != PANEL_PG || !isfinite(now))
		return now;
	if (at->rtt_count == 0 || at->rtt_ms[newest] != now) {
		at->rtt_ms[at->rtt_next] = now;
		at->rtt_next = (at->rtt_next + 1) % SESSION_RTTS;
		at->rtt_count += at->rtt_count < SESSION_RTTS;
	}
	for (int i = 0; i < at->rtt_count; i++)
		least = fmin(least, at->rtt_ms[i]);
	return least;
}

/* The figures of the first answer after a long absence (another screen, a pause, a stopped dytop, a lost server) are no mean over
 * it. What a server could not answer for a while is: it was asked all the time. A batch says the length of each interval. */
static void expect(const struct session *s, const struct session_request *rq)
{
	struct session_slot *slot = session_slot(s, rq->panel, rq->server);
	double usual = session_usual_ms(s, rq->panel, rq->server), now = usual;

	if (s->conf.headless)
		return;
	usual = fmax(usual, slot->usual_ms); /* the interval may just have been made shorter */
	feed_set_gap(slot->feed, slot->failed ? (double)INFINITY : fmax(SESSION_GAP_ASKS * usual, SESSION_GAP_MS) / 1e3);
	feed_set_hole(slot->feed, fmax(2 * usual, 1000) / 1e3);
	slot->usual_ms = now;
	slot->failed = false;
}

static void take_panel(struct session *s, struct session_request *rq, struct sample *sample, const struct err *why)
{
	struct session_slot *slot = session_slot(s, rq->panel, rq->server);

	slot->open = false;
	if (sample && feed_sample(slot->feed) && feed_sample(slot->feed)->mono_ns == sample->mono_ns) {
		sample_free(sample); /* a recording's frame, asked for twice: no time passed, so there is no interval */
	} else if (sample) {
		slot->cadence.strict = !slot->wanted; /* nobody waits for it: then its share is a promise */
		cadence_note(&slot->cadence, (double)sample->elapsed_us / 1e3, way_ms(s, rq->server));
		slot->cadence.rows = sample->rows;
		expect(s, rq);
		feed_push(slot->feed, sample);
	} else if (why->code != ERR_NOT_FOUND) { /* a recording that has no sample of this moment: keep what is there */
		slot->failed |= why->code != ERR_LOST && s->status[rq->server]->state == SERVER_LIVE;
		feed_fail(slot->feed, why);
	}
}

void session_begin_looks(struct session *s)
{
	for (int i = 0; i < s->panel_count * s->server_count; i++)
		if (s->slot[i].feed)
			feed_set_looks(s->slot[i].feed, NULL);
	for (int k = 0; k < s->server_count; k++)
		s->server[k].looks_ns = 0;
}

/* Counts a look; true when rate and cost were measured over long enough. */
static bool count_look(const struct session *s, struct session_server *server, double cost_ms, struct feed_looks *out)
{
	int64_t now = loop_now(s->loop)->mono_ns;
	double seconds = (double)(now - server->looks_ns) / 1e9;
	bool first = server->looks_ns == 0;

	server->looks++;
	server->looks_ms += cost_ms;
	if (!first && seconds * 1e3 < SESSION_LOOKS_MS)
		return false;
	*out = (struct feed_looks){server->looks / seconds, s->conf.inflight_hz, server->looks_ms / 1e3 / seconds};
	server->looks_ns = now;
	server->looks = 0;
	server->looks_ms = 0;
	return !first;
}

static void take_running(struct session *s, struct session_request *rq, struct sample *sample)
{
	struct session_slot *slot = session_slot(s, rq->panel, rq->server);
	const struct panel *observer = s->panels[rq->panel];
	struct session_server *server = &s->server[rq->server];
	int64_t now = loop_now(s->loop)->mono_ns;
	struct feed_looks looks;
	double elapsed, way;
	bool measured;

	slot->open = false;
	if (!sample)
		return;
	/* at least half of the time counts as the server's: a sampler that is often asked must not be taken for free */
	elapsed = (double)sample->elapsed_us / 1e3;
	way = fmin(way_ms(s, rq->server), elapsed / 2);
	slot->cadence.strict = true;
	cadence_note(&slot->cadence, elapsed, way);
	measured = count_look(s, server, cadence_cost_ms(&slot->cadence), &looks); /* what its share is held against */
	for (int p = 0; p < s->panel_count; p++) {
		struct feed *feed = session_slot(s, p, rq->server)->feed;

		if (!feed || strcmp(s->panels[p]->name, observer->observes) != 0)
			continue;
		if (server->observed_ns > 0)
			feed_observe(feed, observer, sample, 1e9 / (double)(now - server->observed_ns));
		if (measured)
			feed_set_looks(feed, &looks);
	}
	server->observed_ns = now;
	sample_free(sample);
}

static void tell_arrival(struct session *s, const struct session_request *rq, const struct sample *sample)
{
	struct session_arrival arrival = {
		.server = rq->server, .status = s->status[rq->server], .panel = s->panels[rq->panel],
		.lookup = rq->lookup, .keys = rq->keys, .key_count = rq->key_count, .sample = sample};

	s->conf.arrived(s->conf.arrived_ctx, &arrival);
}

/* A server that stood still did not work for us all that time: what goes far beyond a panel's usual time is waiting. */
static void note_spent(struct session *s, const struct session_request *rq, const struct sample *sample)
{
	double ms = (double)sample->elapsed_us / 1e3;
	double usual = rq->lookup < 0 ? cadence_cost_ms(&session_slot(s, rq->panel, rq->server)->cadence) : NAN;

	s->spent_ms += fmin(ms, isnan(usual) ? SESSION_SPENT_MAX_MS : 4 * fmax(usual, 1));
}

static void on_answer(void *ctx, struct sample *sample, const struct err *why)
{
	struct session_request *rq = ctx;
	struct session *s = rq->session;
	struct session_slot *slot = session_slot(s, rq->panel, rq->server);

	s->server[rq->server].open--;
	if (sample)
		note_spent(s, rq, sample);
	if (s->ending) {
		sample_free(sample);
		request_free(rq);
		return;
	}
	if (sample && s->conf.arrived && !rq->observing)
		tell_arrival(s, rq, sample);
	if (rq->observing) {
		take_running(s, rq, sample);
	} else if (rq->lookup < 0) {
		take_panel(s, rq, sample, why);
	} else {
		slot->lookups_open &= ~(1u << rq->lookup);
		if (sample)
			feed_learn(slot->feed, rq->lookup, rq->keys, rq->key_count, sample, loop_now(s->loop));
		else if (why->code != ERR_LOST && why->code != ERR_BUSY && why->code != ERR_NOT_FOUND)
			feed_miss(slot->feed, rq->lookup, why);
	}
	request_free(rq);
	plan_after(s);
	s->conf.changed(s->conf.changed_ctx);
}

static struct session_request *request_new(struct session *s, int server, int panel, int lookup)
{
	struct session_request *rq = mem_alloc(sizeof *rq);

	*rq = (struct session_request){.session = s, .panel = panel, .server = server, .lookup = lookup};
	return rq;
}

static void stage_request(struct session *s, struct session_request *rq)
{
	struct session_server *server = &s->server[rq->server];

	server->staged[server->staged_count++] = (struct ask){
		.panel = s->panels[rq->panel], .lookup = rq->lookup, .keys = rq->keys, .key_count = rq->key_count,
		.done = on_answer, .ctx = rq};
}

void session_stage(struct session *s, int server, int panel, int lookup, const int64_t *keys, int key_count)
{
	struct session_request *rq;
	size_t integers = 0;

	if (s->server[server].staged_count == SESSION_ASKS_MAX)
		return;
	rq = request_new(s, server, panel, lookup);
	if (lookup >= 0) {
		integers = (size_t)key_count * (size_t)s->panels[panel]->lookup[lookup].by_count;
		rq->keys = mem_calloc(integers ? integers : 1, sizeof *rq->keys);
		if (integers)
			memcpy(rq->keys, keys, integers * sizeof *keys);
		rq->key_count = key_count;
	}
	stage_request(s, rq);
}

static void unstage(struct session *s, struct session_server *server)
{
	for (int i = 0; i < server->staged_count; i++) {
		struct session_request *rq = server->staged[i].ctx;
		struct session_slot *slot = session_slot(s, rq->panel, rq->server);

		if (rq->lookup < 0)
			slot->due = !rq->observing;
		request_free(rq);
	}
	server->staged_count = 0;
}

void session_send(struct session *s, int index)
{
	struct session_server *server = &s->server[index];
	struct err why = {0};
	int64_t now = loop_now(s->loop)->mono_ns;

	if (server->staged_count == 0)
		return;
	if (source_ask(server->source, server->staged, server->staged_count, &why) < 0) {
		log_write(s->conf.log, LOG_DEBUG, "%s: %s", s->status[index]->name, why.text);
		unstage(s, server);
		return;
	}
	server->open += server->staged_count;
	for (int i = 0; i < server->staged_count; i++) {
		struct session_request *rq = server->staged[i].ctx;
		struct session_slot *slot = session_slot(s, rq->panel, index);

		if (rq->lookup >= 0) {
			slot->lookups_open |= 1u << rq->lookup;
			feed_asked(slot->feed, rq->lookup, loop_now(s->loop));
		} else {
			slot->open = true;
			slot->due = false;
			slot->cadence.asked_ns = now;
		}
	}
	server->staged_count = 0;
}

/* What is looked at comes first, then what the header shows each time, then what is asked seldom because it is dear. */
static int rank(const struct session *s, const struct session_slot *slot, int panel)
{
	return slot->wanted ? 0 : s->panels[panel]->every_ms <= 0 ? 1 : 2;
}

static void stage_due(struct session *s, int index, int wanted_rank)
{
	struct session_server *server = &s->server[index];

	for (int p = 0; p < s->panel_count; p++) {
		struct session_slot *slot = session_slot(s, p, index);

		if (!slot->due || slot->open || rank(s, slot, p) != wanted_rank)
			continue;
		if (!server->source) {
			slot->due = false;
			slot->cadence.asked_ns = loop_now(s->loop)->mono_ns;
			session_ask_self(s, p);
		} else {
			session_stage(s, index, p, -1, NULL, 0);
		}
	}
}

void session_ask_due(struct session *s, int index)
{
	struct session_server *server = &s->server[index];

	if (!s->started || (server->source && !source_ready(server->source)))
		return;
	for (int i = 0; i < 3; i++)
		stage_due(s, index, i);
	session_send(s, index);
}

static bool observed_is_wanted(const struct session *s, const char *observed, int server)
{
	for (int p = 0; p < s->panel_count; p++)
		if (strcmp(s->panels[p]->name, observed) == 0)
			return session_slot(s, p, server)->wanted;
	return false;
}

bool session_observes(const struct session *s)
{
	for (int p = 0; p < s->panel_count; p++)
		for (int k = 0; s->panels[p]->observes && k < s->server_count - 1; k++)
			if (session_stands(s, p, k) && observed_is_wanted(s, s->panels[p]->observes, k))
				return true;
	return false;
}

void session_sample_running(struct session *s)
{
	int64_t now = loop_now(s->loop)->mono_ns;

	for (int p = 0; p < s->panel_count; p++) {
		const struct panel *panel = s->panels[p];

		for (int k = 0; panel->observes && k < s->server_count - 1; k++) {
			struct session_slot *slot = session_slot(s, p, k);
			struct session_request *rq;

			if (!session_stands(s, p, k) || slot->open || !observed_is_wanted(s, panel->observes, k) ||
			    !source_ready(s->server[k].source) || !panel_body_for(panel, -1, s->status[k]->version, 0))
				continue;
			if (cadence_due_ns(&slot->cadence, 0, 1000.0 / s->conf.inflight_hz, s->conf.inflight_share) > now)
				continue;
			rq = request_new(s, k, p, -1);
			rq->observing = true;
			stage_request(s, rq);
			session_send(s, k);
		}
	}
}

/* --- lookups ---------------------------------------------------------------------------------------------------- */

/* The rows that are asked for, in the order of their worth; into `out` (room for every row and those wanted). */
static int rows_to_ask(const struct session_rows *want, const struct panel_lookup *lookup, bool whole, int total, int *out)
{
	int count = 0;
	uint8_t *taken;

	if (whole || lookup->all_rows) {
		for (int i = 0; i < total; i++)
			out[count++] = i;
		return count;
	}
	for (; count < want->count; count++)
		out[count] = want->rows[count];
	if (lookup->gap_ms <= 0)
		return count;
	/* A dear lookup may not be asked again for a while: its one ask brings what a scroll would need, too. */
	taken = mem_calloc((size_t)total + 1, sizeof *taken);
	for (int i = 0; i < want->count; i++)
		taken[want->rows[i]] = 1;
	for (int i = 0; i < want->near_count && count < total; i++)
		if (!taken[want->near[i]])
			out[count++] = want->near[i];
	free(taken);
	return count;
}

/* A key's frame need not look at hundreds of rows again that lacked nothing. */
static bool is_whole(struct session_slot *slot, int k)
{
	int64_t sample_ns = feed_sample(slot->feed)->mono_ns;

	if (slot->whole_ns != sample_ns)
		slot->lookups_whole = 0;
	slot->whole_ns = sample_ns;
	return slot->lookups_whole & (1u << k);
}

static void stage_missing(struct session *s, const struct session_rows *want, int k)
{
	struct session_slot *slot = session_slot(s, want->pair.panel, want->pair.server);
	const struct panel_lookup *lookup = &s->panels[want->pair.panel]->lookup[k];
	bool all = want->whole & (1u << k) || lookup->all_rows;
	int total = feed_rows(slot->feed), found, count;
	int64_t *keys;
	int *rows;

	if (is_whole(slot, k))
		return;
	keys = mem_calloc((size_t)lookup->batch * (size_t)lookup->by_count, sizeof *keys);
	/* nothing that is on the screen is missing: nothing is asked, whatever lies beyond */
	found = feed_missing(slot->feed, k, want->rows, want->count, loop_now(s->loop), keys, lookup->batch);
	if (found > 0 || all) {
		rows = mem_calloc((size_t)total + (size_t)want->count + 1, sizeof *rows);
		count = rows_to_ask(want, lookup, want->whole & (1u << k), total, rows);
		found = feed_missing(slot->feed, k, rows, count, loop_now(s->loop), keys, lookup->batch);
		free(rows);
	}
	if (found > 0)
		session_stage(s, want->pair.server, want->pair.panel, k, keys, found);
	else if (all)
		slot->lookups_whole |= 1u << k;
	free(keys);
}

void session_fill(struct session *s, const struct session_rows *want)
{
	const struct panel *panel = s->panels[want->pair.panel];
	struct session_slot *slot = session_slot(s, want->pair.panel, want->pair.server);
	struct source *source = s->server[want->pair.server].source;

	if (!slot->feed || !source || !source_ready(source) || feed_rows(slot->feed) == 0)
		return;
	for (int k = 0; k < panel->lookup_count; k++)
		if (!((slot->lookups_open | want->spare) & (1u << k)) && (want->detail || !panel->lookup[k].detail))
			stage_missing(s, want, k);
}

bool session_flush(struct session *s)
{
	bool open = false;

	for (int k = 0; k < s->server_count - 1; k++)
		session_send(s, k);
	for (int i = 0; i < s->panel_count * s->server_count; i++)
		open = open || s->slot[i].lookups_open != 0;
	return open;
}
