/* SPDX-License-Identifier: PostgreSQL */
/*
 * The servers and their states as one more panel, made here from what the header shows: so it sorts, filters and opens like
 * every other. No server is asked for it.
 */
#include <math.h>
#include <stdlib.h>

#include "core/mem.h"
#include "ui/state.h"

struct servers {
	struct panel *panel;
	struct feed *feed;
	int64_t taken_ns; /* when the last sample was made; 0 never */
	uint64_t seen;    /* states behind it */
};

enum field {
	F_ID, F_NAME, F_KIND, F_STATE, F_PRODUCT, F_VERSION, F_ROLE, F_ACCOUNT, F_STARTED, F_SINCE, F_RTT, F_ASKED, F_FAILED,
	F_LOGINS, F_COST, F_RETRIES, F_HIDDEN, F_REASON, F_COUNT
};

static const char panel_text[] =
	"/* dytop panel\n"
	"title: Servers\n"
	"about: All servers that dytop looks at, their states, and what looking costs them. { and } choose one of a kind.\n"
	"source: self\n"
	"screen: servers\n"
	"key: [id]\n"
	"sort: id\n"
	"fields:\n"
	"  id: id\n"
	"  name: text\n"
	"  kind: text\n"
	"  state: text\n"
	"  product: text\n"
	"  version: text\n"
	"  role: text\n"
	"  account: text\n"
	"  started: time\n"
	"  since: time\n"
	"  rtt: gauge\n"
	"  asked: counter\n"
	"  failed: counter\n"
	"  logins: counter\n"
	"  cost: counter\n"
	"  retries: gauge\n"
	"  hidden: gauge\n"
	"  reason: text\n"
	"columns:\n"
	"  - {name: name, title: SERVER, unit: text, width: 20, priority: 1, about: 'as given, or made from its address'}\n"
	"  - {name: id, title: NO, unit: id, width: 2, priority: 9, show: no, about: order on the command line}\n"
	"  - {name: kind, title: KIND, unit: text, width: 10, priority: 6, about: 'what it was asked as'}\n"
	"  - {name: state, title: STATE, unit: text, width: 10, priority: 1, warn: 'state != \"live\"',\n"
	"     crit: 'state = \"lost\" or state = \"refused\"', about: 'connecting, live, stale, lost, refused, ended'}\n"
	"  - {name: since, title: FOR, expr: age(since), unit: age, width: 5, priority: 3, about: how long in this state}\n"
	"  - {name: product, title: PRODUCT, unit: text, width: 10, priority: 5, about: what answered}\n"
	"  - {name: version, title: VERSION, unit: text, width: 8, priority: 4, about: its version}\n"
	"  - {name: role, title: ROLE, unit: text, width: 8, priority: 4, about: 'primary, standby, replica'}\n"
	"  - {name: account, title: USER, unit: text, width: 10, priority: 7, about: who dytop is there}\n"
	"  - {name: up, title: UP, expr: age(started), unit: age, width: 5, priority: 5, about: since its start}\n"
	"  - {name: rtt, title: RTT, unit: ms, width: 8, priority: 4, about: last round trip of an empty request}\n"
	"  - {name: cost, title: COST ms/s, expr: rate(cost), unit: float, width: 9, priority: 4,\n"
	"     about: time that requests of dytop took there}\n"
	"  - {name: asked, title: ASKS/s, expr: rate(asked), unit: rate, width: 6, priority: 6, about: requests of dytop}\n"
	"  - {name: failed, title: FAILED, unit: count, width: 6, priority: 5, about: requests without a good answer since start}\n"
	"  - {name: logins, title: LOGINS, unit: count, width: 6, priority: 7, about: logins since start}\n"
	"  - {name: retries, title: RETRY, unit: count, width: 5, priority: 7, about: failed tries since it was last live}\n"
	"  - {name: hidden, title: HIDDEN, unit: count, width: 6, priority: 8, warn: '> 0',\n"
	"     about: sessions that missing privilege hides}\n"
	"  - {name: reason, title: WHY, unit: text, width: 20, flex: yes, priority: 1, about: 'why it is not live, or what happened'}\n"
	"*/\n"
	"-- since 0\n"
	"id name kind state product version role account started since rtt asked failed logins cost retries hidden reason\n";

int servers_new(struct servers **out, struct err *why)
{
	struct servers *s = mem_alloc(sizeof(*s));
	int rc = panel_parse(&s->panel, "servers", "servers (built in)", panel_text, sizeof(panel_text) - 1, why);

	if (rc < 0) {
		free(s);
		return rc;
	}
	s->feed = feed_new(s->panel);
	*out = s;
	return 0;
}

void servers_free(struct servers *s)
{
	if (!s)
		return;
	feed_free(s->feed);
	panel_free(s->panel);
	free(s);
}

const struct panel *servers_panel(const struct servers *s)
{
	return s->panel;
}

const struct feed *servers_feed(const struct servers *s)
{
	return s->feed;
}

static void set_text(struct sample *s, int row, enum field field, const char *text)
{
	if (text[0])
		sample_set_text(s, row, (int)field, text, strlen(text));
}

static void set_times(struct sample *s, int row, const struct server_status *from, const struct ui_host *h)
{
	if (from->started_us > 0)
		sample_set_int(s, row, F_STARTED, from->started_us);
	sample_set_int(s, row, F_SINCE, h->now.wall_us - (h->now.mono_ns - from->since_ns) / 1000);
	sample_set_float(s, row, F_RTT, from->rtt_ms);
}

static void add_server(struct sample *s, int number, const struct ui_host *h)
{
	static const char *const kind[UI_KINDS] = {"postgresql", "redis", "pgbouncer", "dytop"};
	const struct server_status *from = h->servers[number];
	int row = sample_add_row(s);

	if (row < 0)
		return;
	sample_set_int(s, row, F_ID, number + 1);
	set_text(s, row, F_NAME, from->name);
	set_text(s, row, F_KIND, kind[from->kind]);
	set_text(s, row, F_STATE, server_state_name(from->state));
	set_text(s, row, F_PRODUCT, from->product);
	set_text(s, row, F_VERSION, from->version_text);
	set_text(s, row, F_ROLE, from->role);
	set_text(s, row, F_ACCOUNT, from->user);
	set_times(s, row, from, h);
	sample_set_int(s, row, F_ASKED, from->asked);
	sample_set_int(s, row, F_FAILED, from->failed);
	sample_set_int(s, row, F_LOGINS, from->logins);
	sample_set_float(s, row, F_COST, from->cost_ms);
	sample_set_int(s, row, F_RETRIES, from->retries);
	sample_set_int(s, row, F_HIDDEN, from->hidden);
	set_text(s, row, F_REASON, from->reason[0] ? from->reason : from->notice);
}

static uint64_t states(const struct ui_host *h)
{
	uint64_t hash = MAP_SEED;

	for (int i = 0; i < h->server_count; i++) {
		hash = map_hash_int(hash, h->servers[i]->state);
		hash = map_hash(hash, h->servers[i]->reason, strlen(h->servers[i]->reason));
	}
	return hash;
}

void servers_update(struct servers *s, const struct ui_host *h)
{
	static const enum sample_type type[F_COUNT] = {
		SAMPLE_INT, SAMPLE_TEXT, SAMPLE_TEXT, SAMPLE_TEXT, SAMPLE_TEXT, SAMPLE_TEXT, SAMPLE_TEXT, SAMPLE_TEXT,
		SAMPLE_INT, SAMPLE_INT, SAMPLE_FLOAT, SAMPLE_INT, SAMPLE_INT, SAMPLE_INT, SAMPLE_FLOAT, SAMPLE_INT,
		SAMPLE_INT, SAMPLE_TEXT};
	uint64_t now = states(h);
	const int key[] = {F_ID};
	struct sample *sample;

	if (s->taken_ns != 0 && now == s->seen && h->now.mono_ns - s->taken_ns < CLOCK_SECOND_NS)
		return;
	sample = sample_new(F_COUNT);
	for (int i = 0; i < F_COUNT; i++)
		sample_type(sample, i, type[i]);
	for (int i = 0; i < h->server_count; i++)
		if (h->servers[i]->kind != PANEL_SELF)
			add_server(sample, i, h);
	sample->mono_ns = h->now.mono_ns;
	sample->wall_us = h->now.wall_us;
	sample_finish(sample, key, 1);
	feed_push(s->feed, sample);
	s->taken_ns = h->now.mono_ns;
	s->seen = now;
}
