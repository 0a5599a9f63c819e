/* SPDX-License-Identifier: PostgreSQL */
/* The answers: asks of a recorded server from the lines of the frame. */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "source/replay.h"
#include "source/replay_private.h"
#include "source/source_private.h"

struct replay_source {
	struct replay *replay;
	int index;
	struct loop_timer *answer; /* answers come from the loop, never from inside ask */
	struct ask *ask;
	int ask_count;
};

/* --- lines to samples --------------------------------------------------------------------------------------------- */

struct layout { /* where the values of a row go: field number of each, -1 = the panel has no such field */
	int field[REPLAY_FIELDS_MAX];
	enum sample_type type[REPLAY_FIELDS_MAX];
	int count;
};

static enum sample_type type_of(const char *name)
{
	return strcmp(name, "int") == 0 ? SAMPLE_INT : strcmp(name, "float") == 0 ? SAMPLE_FLOAT :
	       strcmp(name, "bool") == 0 ? SAMPLE_BOOL : SAMPLE_TEXT;
}

static void read_layout(struct layout *l, const struct panel *p, const struct json *line)
{
	l->count = 0;
	for (const struct json *f = json_child(json_get(line, "fields")); f; f = json_next(f)) {
		l->field[l->count] = panel_field_by_name(p, str_from(json_key(f)));
		l->type[l->count++] = type_of(json_text(f));
	}
}

static void set_hex(struct sample *s, int row, int field, const char *hex)
{
	size_t len = strlen(hex) / 2;
	char *bytes = mem_alloc(len + 1), digits[3] = "";

	for (size_t i = 0; i < len; i++) {
		memcpy(digits, hex + 2 * i, 2);
		bytes[i] = (char)strtol(digits, NULL, 16);
	}
	sample_set_text(s, row, field, bytes, len);
	free(bytes);
}

static void set_value(struct sample *s, int row, int field, const struct json *value)
{
	const char *text = json_text(value), *hex = json_text(json_get(value, "hex"));
	int64_t integer;

	if (s->column[field].type == SAMPLE_TEXT) {
		if (text)
			sample_set_text(s, row, field, text, strlen(text));
		else if (hex)
			set_hex(s, row, field, hex);
	} else if (s->column[field].type == SAMPLE_FLOAT) {
		sample_set_float(s, row, field, json_number(value));
	} else if (json_int(value, &integer)) {
		sample_set_int(s, row, field, integer);
	}
}

static void add_row(struct sample *s, const struct layout *l, const struct json *values)
{
	int row = sample_add_row(s), i = 0;

	if (row < 0)
		return;
	for (const struct json *value = json_child(values); value && i < l->count; value = json_next(value), i++)
		if (l->field[i] >= 0)
			set_value(s, row, l->field[i], value);
}

/* An empty sample with the line's own words. */
static struct sample *begin_sample(const struct panel *p, const struct json *line, const struct layout *l)
{
	struct sample *s = sample_new(p->field_count);
	const char *life = json_text(json_get(line, "life"));
	int64_t hidden = 0;

	for (int i = 0; i < l->count; i++)
		if (l->field[i] >= 0)
			sample_type(s, l->field[i], l->type[i]);
	if (!json_int(json_get(line, "mono_ns"), &s->mono_ns) || !json_int(json_get(line, "wall_us"), &s->wall_us) ||
	    !json_int(json_get(line, "elapsed_us"), &s->elapsed_us) || !json_int(json_get(line, "hidden"), &hidden))
		hidden = 0; /* cannot be: the line was checked when it was read */
	s->life = life ? strtoull(life, NULL, 16) : 0;
	s->hidden = (int)hidden;
	s->cut = json_is_true(json_get(line, "cut"));
	return s;
}

static struct sample *panel_sample(const struct replay_source *rs, const struct panel *p)
{
	const struct json *line = NULL;

	for (int i = 0; i < rs->replay->sample_count; i++)
		if (rs->replay->sample[i].server == rs->index && strcmp(rs->replay->sample[i].panel, p->name) == 0)
			line = rs->replay->sample[i].line;
	if (!line)
		return NULL;
	struct layout *l = mem_alloc(sizeof *l);
	read_layout(l, p, line);
	struct sample *s = begin_sample(p, line, l);
	for (const struct json *row = json_child(json_get(line, "rows")); row; row = json_next(row))
		add_row(s, l, row);
	sample_finish(s, p->key, p->key_count);
	free(l);
	return s;
}

/* --- lookups ------------------------------------------------------------------------------------------------------ */

static struct replay_index *find_index(struct replay *r, const struct panel *p, const char *lookup, int server)
{
	for (int i = 0; i < r->index_count; i++)
		if (r->index[i].server == server && strcmp(r->index[i].panel, p->name) == 0 &&
		    strcmp(r->index[i].lookup, lookup) == 0)
			return &r->index[i];
	r->index = mem_resize(r->index, (size_t)r->index_count + 1, sizeof *r->index);
	r->index[r->index_count] = (struct replay_index){mem_strdup(p->name), mem_strdup(lookup), server, {0}, {0}};
	return &r->index[r->index_count++];
}

/* The hash of a row's `by` fields; false when it lacks one. */
static bool row_hash(const struct panel_lookup *lookup, const struct layout *l, const struct json *row, uint64_t *hash)
{
	*hash = MAP_SEED;
	for (int k = 0; k < lookup->by_count; k++) {
		const struct json *value = json_child(row);
		int64_t key;
		int i = 0;
		while (value && i < l->count && l->field[i] != lookup->by[k])
			i++, value = json_next(value);
		if (i == l->count || !json_int(value, &key))
			return false;
		*hash = map_hash_int(*hash, key);
	}
	return true;
}

/* Takes lines that were read since the last time into the index: what is newer replaces. */
static void learn(struct replay *r, struct replay_index *index, const struct panel *p, const struct panel_lookup *lookup)
{
	struct layout *l = mem_alloc(sizeof *l);
	uint64_t hash;

	for (int i = 0; i < r->learned_count; i++) {
		struct replay_sample *s = &r->learned[i];
		if (s->indexed || s->server != index->server || strcmp(s->panel, p->name) != 0 ||
		    strcmp(s->lookup, lookup->name) != 0)
			continue;
		s->indexed = true;
		read_layout(l, p, s->line);
		for (const struct json *row = json_child(json_get(s->line, "rows")); row; row = json_next(row)) {
			if (!row_hash(lookup, l, row, &hash))
				continue;
			map_put(&index->row, hash, (uint64_t)(uintptr_t)row);
			map_put(&index->owner, hash, (uint64_t)(uintptr_t)s->line);
		}
	}
	free(l);
}

static struct sample *lookup_sample(const struct replay_source *rs, const struct ask *ask)
{
	const struct panel *p = ask->panel;
	const struct panel_lookup *lookup = &p->lookup[ask->lookup];
	struct replay_index *index = find_index(rs->replay, p, lookup->name, rs->index);
	struct layout *l = mem_alloc(sizeof *l);
	struct sample *s = NULL;

	learn(rs->replay, index, p, lookup);
	for (int i = 0; i < ask->key_count; i++) {
		uint64_t hash = MAP_SEED, row = 0, line = 0;
		for (int k = 0; k < lookup->by_count; k++)
			hash = map_hash_int(hash, ask->keys[i * lookup->by_count + k]);
		if (!map_get(&index->row, hash, &row) || !map_get(&index->owner, hash, &line))
			continue;
		read_layout(l, p, (const struct json *)(uintptr_t)line);
		if (!s)
			s = begin_sample(p, (const struct json *)(uintptr_t)line, l);
		add_row(s, l, (const struct json *)(uintptr_t)row);
	}
	if (!s)
		s = sample_new(p->field_count);
	s->mono_ns = rs->replay->now.mono_ns;
	s->wall_us = rs->replay->now.wall_us;
	s->elapsed_us = 0;
	sample_finish(s, lookup->by, lookup->by_count);
	free(l);
	return s;
}

/* --- the source --------------------------------------------------------------------------------------------------- */

static void answer(struct source *source, const struct replay_source *rs, const struct ask *ask)
{
	struct sample *s = ask->lookup >= 0 ? lookup_sample(rs, ask) : panel_sample(rs, ask->panel);
	const struct server_status *recorded = &rs->replay->status[rs->index];
	struct err why;

	if (!s)
		err_set(&why, ERR_NOT_FOUND, "the recording has no sample of panel %s in this frame", ask->panel->name);
	source_answer(source, ask, s, s ? NULL : &why);
	/* what was asked then counts, not what is asked of the file */
	source->status.asked = recorded->asked;
	source->status.failed = recorded->failed;
	source->status.cost_ms = recorded->cost_ms;
	source->status.answered_ns = recorded->answered_ns;
}

static void forget_asks(struct replay_source *rs)
{
	for (int i = 0; i < rs->ask_count; i++)
		free((int64_t *)(uintptr_t)rs->ask[i].keys);
	free(rs->ask);
	rs->ask = NULL;
	rs->ask_count = 0;
}

static void on_answer(void *ctx)
{
	struct source *source = ctx;
	struct replay_source *rs = source->self;
	struct replay_source asked = *rs; /* a callback may ask again at once */

	rs->ask = NULL;
	rs->ask_count = 0;
	source->asking_ns = 0;
	for (int i = 0; i < asked.ask_count; i++)
		answer(source, rs, &asked.ask[i]);
	forget_asks(&asked);
}

static int replay_create(struct source *s, struct source_conf *conf, struct err *why)
{
	struct replay_source *rs = mem_alloc(sizeof *rs);

	(void)why;
	rs->replay = conf->replay;
	rs->index = conf->replay_server;
	rs->answer = loop_timer_new(s->loop, on_answer, s);
	s->self = rs;
	rs->replay->source[rs->index] = s;
	loop_pin_clock(s->loop, &rs->replay->now);
	s->status = rs->replay->status[rs->index];
	s->status.state = SERVER_CONNECTING;
	return 0;
}

static void replay_start(struct source *s)
{
	struct replay_source *rs = s->self;

	replay_show_status(rs->replay, rs->index);
}

static void replay_destroy(struct source *s)
{
	struct replay_source *rs = s->self;
	struct err why;

	err_set(&why, ERR_LOST, "the replay was closed");
	for (int i = 0; i < rs->ask_count; i++)
		source_answer(s, &rs->ask[i], NULL, &why);
	forget_asks(rs);
	loop_timer_free(rs->answer);
	rs->replay->source[rs->index] = NULL;
	free(rs);
}

static bool replay_ready(const struct source *s)
{
	const struct replay_source *rs = s->self;
	return s->status.state == SERVER_LIVE && rs->ask_count == 0;
}

static int replay_ask(struct source *s, const struct ask *asks, int count, struct err *why)
{
	struct replay_source *rs = s->self;

	(void)why;
	rs->ask = mem_calloc((size_t)count, sizeof *rs->ask);
	rs->ask_count = count;
	for (int i = 0; i < count; i++) {
		rs->ask[i] = asks[i];
		if (asks[i].lookup < 0)
			continue;
		size_t keys = (size_t)asks[i].key_count * (size_t)asks[i].panel->lookup[asks[i].lookup].by_count;
		int64_t *copy = mem_calloc(keys + 1, sizeof *copy);
		memcpy(copy, asks[i].keys, keys * sizeof *copy);
		rs->ask[i].keys = copy;
	}
	s->asking_ns = loop_now(s->loop)->mono_ns;
	loop_timer_in(rs->answer, 0);
	return 0;
}

static void replay_retry(struct source *s)
{
	(void)s; /* the recording says when the server is back */
}

static const struct source_ops replay_ops = {
	.create = replay_create,
	.start = replay_start,
	.destroy = replay_destroy,
	.ready = replay_ready,
	.ask = replay_ask,
	.retry = replay_retry,
};

void replay_show_status(struct replay *r, int i)
{
	struct source *s = r->source[i];
	const struct server_status *recorded = &r->status[i];

	if (!s)
		return;
	loop_pin_clock(s->loop, &r->now);
	enum server_state state = s->status.state;
	char reason[sizeof s->status.reason];
	memcpy(reason, s->status.reason, sizeof reason);
	s->status = *recorded;
	s->status.state = state; /* changes through the one function that may */
	memcpy(s->status.reason, reason, sizeof reason);
	source_set_state(s, recorded->state, recorded->reason);
	s->status.since_ns = recorded->since_ns;
	source_changed(s);
}

struct source_conf replay_source_conf(struct replay *r, int i)
{
	return (struct source_conf){.kind = r->status[i].kind, .target = "", .replay = r, .replay_server = i};
}

int replay_source_new(struct source **out, struct loop *l, struct source_conf *conf, const struct source_events *events,
                      struct log *log, struct err *why)
{
	return source_make(out, &replay_ops, l, conf, events, log, why);
}
