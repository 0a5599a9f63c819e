/* SPDX-License-Identifier: PostgreSQL */
/*
 * A cache-first store under a test's control. Table things(id int primary key, v int, body text); kinds tx (zlib), raw, seal
 * (sealed), secret (sensitive), held (waits for a lock of the test). Driven by test_store.py.
 *
 *   storer [-T TOMBSTONE_MS] [-D REDIS_DEADLINE_MS] [-n] (does not listen) [-N NAME] (publishes) [-M POOL_MAX] [-u USER_OF_POOL]
 *          [-s] (flushes at start) [-L USER_OF_LISTENER] [-F FILE] (floors of the race, shared with others that judge by them)
 *          PG_CONNINFO REDIS_URI
 *   stdin: get KIND ID | nul KIND ID (of ID, a zero byte and x) | many N KIND ID | put KIND ID PRIORITY VALUE | drop KIND ID | prefix REST | security KIND | stats
 *          load CLIENTS IDS KIND | judge CLIENTS IDS KIND (a load that counts what is stale) | calm | tally | race UPDATES IDS READERS DROPS | speed N | quit
 *   race: updates things one after another, drops each (DROPS 0: does not), while READERS read; counts what is older than the
 *   value of the last update of which drop() was done when the read began.
 */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bridge/store.h"
#include "core/mem.h"
#include "source/redis_work.h"
#include "driven.h"

enum { IDS_MAX = 100000, READERS_MAX = 2000 };

struct storer;

struct reader {
	struct storer *all;
	int id, floor;
	bool busy;
};

struct asked { /* by get and many; kept until the end, when some may have no answer */
	struct asked *next;
	int64_t began;
	int left, ok, failed, cached;
};

struct storer {
	struct loop *loop;
	struct pool *pool;
	struct store *store;
	struct pgwork *updater;
	struct loop_timer *again;
	struct pool_conf pool_conf;
	struct source_conf redis;
	struct pgwork_conf listen_conf;
	struct reader reader[READERS_MAX];
	struct asked *asked;
	int readers, ids, kind;
	bool calm, racing, drops;
	int *floor;             /* of each id: what a read that begins now must bring at least; mapped */
	uint64_t random;
	int left, updating, value;
	/* the tally of load and race */
	int64_t ok, cached, missing, failed, stale;
	double longest_ms;
	char last_error[ERR_TEXT_MAX];
	struct driven_input input;
};

static int64_t now_ns(void)
{
	struct clock now;

	clock_read(&now);
	return now.mono_ns;
}

static uint32_t roll(struct storer *s)
{
	s->random = s->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(s->random >> 33);
}

/* --- load and race ------------------------------------------------------------------------------------------------------------- */

static void read_one(struct reader *r);

static void on_read(void *ctx, const struct store_answer *a, const struct err *why)
{
	struct reader *r = ctx;
	struct storer *s = r->all;

	r->busy = false;
	if (why) {
		s->failed++;
		snprintf(s->last_error, sizeof(s->last_error), "%s", why->text);
	} else if (!a->found) {
		s->missing++;
	} else {
		char text[32];
		size_t len = a->value.len < sizeof(text) - 1 ? a->value.len : sizeof(text) - 1;

		memcpy(text, a->value.at, len);
		text[len] = '\0';
		s->ok++;
		s->cached += a->from == STORE_CACHE;
		if (s->racing && strtol(text, NULL, 10) < r->floor)
			s->stale++;
	}
	if (!s->calm)
		loop_timer_in(s->again, 0);
}

static void read_one(struct reader *r)
{
	struct storer *s = r->all;
	char id[16];

	r->busy = true;
	r->id = (int)(roll(s) % (unsigned)s->ids) + 1;
	r->floor = __atomic_load_n(&s->floor[r->id], __ATOMIC_SEQ_CST);
	snprintf(id, sizeof(id), "%d", r->id);
	store_get(s->store, s->kind, str_from(id), on_read, r);
}

static void on_again(void *ctx)
{
	struct storer *s = ctx;

	for (int i = 0; i < s->readers && !s->calm; i++) {
		if (!s->reader[i].busy)
			read_one(&s->reader[i]);
	}
}

static void start_load(struct storer *s, int readers, int ids, int kind)
{
	s->readers = readers < READERS_MAX ? readers : READERS_MAX;
	s->ids = ids < IDS_MAX ? ids : IDS_MAX - 1;
	s->kind = kind;
	s->calm = false;
	for (int i = 0; i < s->readers; i++)
		s->reader[i].all = s;
	on_again(s);
}

static void put_tally(struct storer *s, const char *event)
{
	struct json_writer w;
	struct buf out;

	driven_begin(&w, &out, event);
	json_put_int(&w, "ok", s->ok);
	json_put_int(&w, "cached", s->cached);
	json_put_int(&w, "missing", s->missing);
	json_put_int(&w, "failed", s->failed);
	json_put_int(&w, "stale", s->stale);
	json_put_string(&w, "last_error", s->last_error);
	driven_end(&w, &out);
}

static void update_next(struct storer *s);

static void on_invalidated(void *ctx, int64_t count, const struct err *why)
{
	struct storer *s = ctx;

	(void)count;
	if (!why)
		__atomic_store_n(&s->floor[s->updating], s->value, __ATOMIC_SEQ_CST);
	update_next(s);
}

static void on_updated(void *ctx, const struct pgwork_outcome *o)
{
	struct storer *s = ctx;
	int len = 0;
	const char *v = o->result && o->result->rows == 1 ? pgresult_value(o->result, 0, 0, &len) : NULL;
	char id[16];

	if (!v) {
		fprintf(stderr, "storer: update: %s\n", o->why ? o->why->text : "no row");
		exit(2);
	}
	s->value = (int)strtol(v, NULL, 10);
	snprintf(id, sizeof(id), "%d", s->updating);
	if (s->drops)
		store_drop(s->store, s->kind, str_from(id), on_invalidated, s);
	else
		on_invalidated(s, 0, NULL);
}

static void update_next(struct storer *s)
{
	char id[16];
	const char *values[1] = {id};
	struct pgwork_query q = {.sql = "UPDATE things SET v = v + 1 WHERE id = $1::int RETURNING v", .name = "update",
	                         .values = values, .count = 1, .done = on_updated, .ctx = s};

	if (s->left-- == 0) {
		s->calm = true;
		put_tally(s, "raced");
		return;
	}
	s->updating = (int)(roll(s) % (unsigned)s->ids) + 1;
	snprintf(id, sizeof(id), "%d", s->updating);
	pgwork_run(s->updater, &q, 1);
}

static void start_race(struct storer *s, char *rest)
{
	struct pgwork_events none = {.ctx = s};
	struct err why;
	int ids, readers;

	s->left = (int)strtol(rest, &rest, 10);
	ids = (int)strtol(rest, &rest, 10);
	readers = (int)strtol(rest, &rest, 10);
	s->drops = strtol(rest, &rest, 10) != 0;
	s->ok = s->cached = s->missing = s->failed = s->stale = 0;
	s->racing = true;
	memset(s->floor, 0, IDS_MAX * sizeof(*s->floor));
	if (!s->updater && pgwork_new(&s->updater, s->loop, &s->pool_conf.work, &none, &why) < 0)
		exit(2);
	pgwork_open(s->updater);
	start_load(s, readers, ids, 0);
	update_next(s);
}

/* --- one at a time --------------------------------------------------------------------------------------------------------------- */

static struct asked *asked_new(struct storer *s, int count)
{
	struct asked *a = mem_alloc(sizeof(*a));

	a->next = s->asked;
	s->asked = a;
	a->began = now_ns();
	a->left = count;
	return a;
}

static void on_got(void *ctx, const struct store_answer *a, const struct err *why)
{
	const struct asked *asked = ctx;
	struct json_writer w;
	struct buf out;

	driven_begin(&w, &out, "got");
	json_put_number(&w, "ms", (double)(now_ns() - asked->began) / 1e6);
	json_put_string(&w, "code", why ? err_name(why->code) : "ok");
	json_put_string(&w, "why", why ? why->text : "");
	if (a) {
		json_put_bool(&w, "found", a->found);
		json_put_string(&w, "from", a->from == STORE_CACHE ? "cache" : "database");
		json_put_text(&w, "value", a->value);
	}
	driven_end(&w, &out);
}

static void on_many(void *ctx, const struct store_answer *a, const struct err *why)
{
	struct asked *m = ctx;
	struct json_writer w;
	struct buf out;

	m->ok += !why && a->found;
	m->cached += !why && a->from == STORE_CACHE;
	m->failed += why != NULL;
	if (--m->left > 0)
		return;
	driven_begin(&w, &out, "many");
	json_put_int(&w, "ok", m->ok);
	json_put_int(&w, "cached", m->cached);
	json_put_int(&w, "failed", m->failed);
	driven_end(&w, &out);
}

static void on_done(void *ctx, int64_t count, const struct err *why)
{
	struct json_writer w;
	struct buf out;

	(void)ctx;
	driven_begin(&w, &out, "done");
	json_put_int(&w, "count", count);
	json_put_string(&w, "code", why ? err_name(why->code) : "ok");
	json_put_string(&w, "why", why ? why->text : "");
	driven_end(&w, &out);
}

static void on_notice(void *ctx, const char *words)
{
	struct json_writer w;
	struct buf out;

	(void)ctx;
	driven_begin(&w, &out, "notice");
	json_put_string(&w, "words", words);
	driven_end(&w, &out);
}

static void put_stats(struct storer *s)
{
	const struct store_stats *t = store_stats(s->store);
	struct json_writer w;
	struct buf out;

	driven_begin(&w, &out, "stats");
	json_put_int(&w, "gets", t->gets);
	json_put_int(&w, "hits", t->hits);
	json_put_int(&w, "misses", t->misses);
	json_put_int(&w, "tombstones", t->tombstones);
	json_put_int(&w, "undecodable", t->undecodable);
	json_put_int(&w, "bypassed", t->bypassed);
	json_put_int(&w, "leased", t->leased);
	json_put_bool(&w, "leases", t->leases);
	json_put_int(&w, "queries", t->queries);
	json_put_int(&w, "joined", t->joined);
	json_put_int(&w, "sets", t->sets);
	json_put_int(&w, "sets_late", t->sets_late);
	json_put_int(&w, "sets_stale", t->sets_stale);
	json_put_int(&w, "denied", t->denied);
	json_put_int(&w, "deletions", t->deletions);
	json_put_int(&w, "events", t->events);
	json_put_int(&w, "flushes", t->flushes);
	json_put_int(&w, "redis_lost", t->redis_lost);
	json_put_int(&w, "listener_lost", t->listener_lost);
	json_put_bool(&w, "redis_up", t->redis_up);
	json_put_bool(&w, "listening", t->listening);
	json_put_bool(&w, "flushing", t->flushing);
	json_put_number(&w, "hit_p99_ms", quantile_at(&t->hit, 0.99) / 1e6);
	driven_end(&w, &out);
}

/* --- speed: cached gets, one after another and many at once -------------------------------------------------------------------------- */

struct speed {
	struct storer *all;
	struct redis_work *work; /* what there is to be compared with: GET and nothing else */
	int left, open, total;
	bool pipelined;
	int64_t began;
	struct quantile bare, one; /* in turns, so that both meet the same machine */
};

static void one_next(struct speed *p);
static void many_next(struct speed *p);

static void on_bare(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	struct speed *p = ctx;

	if (why || reply->type != RESP_STRING) {
		fprintf(stderr, "storer: speed: no value\n");
		exit(2);
	}
	quantile_add(&p->bare, now_ns() - p->began);
	one_next(p);
}

static void on_speed(void *ctx, const struct store_answer *a, const struct err *why)
{
	struct speed *p = ctx;

	if (why || a->from != STORE_CACHE) {
		fprintf(stderr, "storer: speed: not cached\n");
		exit(2);
	}
	p->open--;
	if (p->pipelined) {
		many_next(p);
		return;
	}
	quantile_add(&p->one, now_ns() - p->began);
	if (p->left-- > 0) {
		char key[40];

		snprintf(key, sizeof(key), "test:%s:%d", p->all->kind == 0 ? "tx" : "raw", (int)(roll(p->all) % 1000) + 1);
		p->began = now_ns();
		redis_work_send(p->work, 2, (const struct str[]){STR("GET"), str_from(key)}, on_bare, p);
		return;
	}
	p->pipelined = true;
	p->left = p->total *= 10;
	p->began = now_ns();
	many_next(p);
}

static void one_next(struct speed *p)
{
	char id[16];

	p->open++;
	snprintf(id, sizeof(id), "%d", (int)(roll(p->all) % 1000) + 1);
	p->began = now_ns();
	store_get(p->all->store, p->all->kind, str_from(id), on_speed, p);
}

static void free_speed(void *ctx)
{
	struct speed *p = ctx;

	redis_work_free(p->work);
	free(p);
}

static void many_next(struct speed *p)
{
	double per_s = p->total / ((double)(now_ns() - p->began) / 1e9);
	struct json_writer w;
	struct buf out;

	while (p->left > 0 && p->open < 500) {
		char id[16];

		p->left--;
		p->open++;
		snprintf(id, sizeof(id), "%d", (int)(roll(p->all) % 1000) + 1);
		store_get(p->all->store, p->all->kind, str_from(id), on_speed, p);
	}
	if (p->left > 0 || p->open > 0)
		return;
	driven_begin(&w, &out, "speed");
	json_put_number(&w, "bare_us", quantile_at(&p->bare, 0.5) / 1e3);
	json_put_number(&w, "one_us", quantile_at(&p->one, 0.5) / 1e3);
	json_put_number(&w, "pipelined_per_s", per_s);
	driven_end(&w, &out);
	loop_defer(p->all->loop, free_speed, p);
}

static void on_bare_up(void *ctx)
{
	one_next(ctx);
}

static void start_speed(struct storer *s, char *rest)
{
	struct speed *p = mem_alloc(sizeof(*p));
	struct redis_work_conf conf = {.conf = &s->redis};
	struct redis_work_events events = {.up = on_bare_up, .ctx = p};
	struct err why;

	p->all = s;
	p->left = p->total = (int)strtol(rest, &rest, 10);
	s->kind = store_kind(s->store, str_from(strtok_r(rest, " ", &rest)));
	if (redis_work_new(&p->work, s->loop, &conf, &events, &why) < 0)
		exit(2);
	redis_work_open(p->work);
}

/* --- commands -------------------------------------------------------------------------------------------------------------------------- */

static int kind_of(struct storer *s, const char *name)
{
	int kind = name ? store_kind(s->store, str_from(name)) : -1;

	if (kind < 0) {
		fprintf(stderr, "storer: what kind is '%s'?\n", name ? name : "");
		exit(2);
	}
	return kind;
}

static void run_key_command(struct storer *s, const char *word, char *rest)
{
	int count = strcmp(word, "many") == 0 ? (int)strtol(rest, &rest, 10) : 1;
	int kind = kind_of(s, strtok_r(rest, " ", &rest));
	const char *id = strtok_r(NULL, " ", &rest);

	if (strcmp(word, "get") == 0) {
		store_get(s->store, kind, str_from(id), on_got, asked_new(s, 1));
	} else if (strcmp(word, "nul") == 0) {
		char bytes[40];
		int len = snprintf(bytes, sizeof(bytes), "%s%cx", id, 0);

		store_get(s->store, kind, (struct str){bytes, (size_t)len}, on_got, asked_new(s, 1));
	} else if (strcmp(word, "many") == 0) {
		struct asked *m = asked_new(s, count);

		for (int i = 0; i < count; i++)
			store_get(s->store, kind, str_from(id), on_many, m);
	} else if (strcmp(word, "put") == 0) {
		int priority = recipe_priority_find(str_from(strtok_r(NULL, " ", &rest)));

		store_put(s->store, kind, str_from(id), str_from(rest), (enum recipe_priority)priority, on_done, s);
	} else if (strcmp(word, "drop") == 0) {
		store_drop(s->store, kind, str_from(id), on_done, s);
	} else if (strcmp(word, "security") == 0) {
		store_security_event(s->store, kind, on_done, s);
	}
}

static void run_command(void *ctx, char *line)
{
	struct storer *s = ctx;
	char *rest, *word = strtok_r(line, " ", &rest);

	if (strcmp(word, "quit") == 0) {
		loop_stop(s->loop);
	} else if (strcmp(word, "stats") == 0) {
		put_stats(s);
	} else if (strcmp(word, "tally") == 0) {
		put_tally(s, "tally");
	} else if (strcmp(word, "calm") == 0) {
		s->calm = true;
	} else if (strcmp(word, "prefix") == 0) {
		store_drop_prefix(s->store, str_from(rest ? rest : ""), on_done, s);
	} else if (strcmp(word, "load") == 0 || strcmp(word, "judge") == 0) {
		int readers = (int)strtol(rest, &rest, 10), ids = (int)strtol(rest, &rest, 10);

		s->racing = strcmp(word, "judge") == 0;
		s->ok = s->cached = s->missing = s->failed = s->stale = 0;
		s->last_error[0] = '\0';
		start_load(s, readers, ids, kind_of(s, strtok_r(rest, " ", &rest)));
	} else if (strcmp(word, "race") == 0) {
		start_race(s, rest);
	} else if (strcmp(word, "speed") == 0) {
		start_speed(s, rest);
	} else {
		run_key_command(s, word, rest);
	}
}

/* --- start --------------------------------------------------------------------------------------------------------------------------- */

/* In a file that several processes map, or in nobody else's sight. */
static int *map_floors(const char *path)
{
	size_t size = IDS_MAX * sizeof(int);
	int fd = path ? open(path, O_RDWR | O_CREAT, 0600) : -1;
	void *at;

	if (path && (fd < 0 || ftruncate(fd, (off_t)size) < 0))
		driven_die("storer", "floors", path);
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, path ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, fd, 0);
	if (at == MAP_FAILED)
		driven_die("storer", "floors", "mmap");
	if (fd >= 0)
		close(fd);
	return at;
}

static const struct store_kind kinds[] = {
	{.name = "tx", .sql = "SELECT v || ' ' || body, 'high' FROM things WHERE id = $1::int", .codec = CODEC_ZLIB,
	 .ttl_ms = {60000, 60000, 60000, 60000}, .jitter = 0.1},
	{.name = "raw", .sql = "SELECT v::text FROM things WHERE id = $1::int", .codec = CODEC_RAW,
	 .ttl_ms = {60000, 60000, 60000, 60000}},
	{.name = "seal", .sql = "SELECT v || ' ' || body FROM things WHERE id = $1::int", .codec = CODEC_SEALED,
	 .ttl_ms = {60000, 60000, 60000, 60000}},
	{.name = "secret", .sql = "SELECT v::text FROM things WHERE id = $1::int", .codec = CODEC_RAW,
	 .ttl_ms = {60000, 60000, 60000, 60000}, .sensitive = true},
	/* Has read its row, and is not through while somebody holds that lock. */
	{.name = "held", .sql = "SELECT v::text FROM things, (SELECT pg_advisory_xact_lock_shared(4711)) AS lock WHERE id = $1::int",
	 .codec = CODEC_RAW, .ttl_ms = {60000, 60000, 60000, 60000}},
};

int main(int argc, char **argv)
{
	static struct storer s;
	struct source_conf pg = {.kind = PANEL_PG, .text = driven_text}, redis = {.kind = PANEL_REDIS};
	struct codec_keys keys = {.count = 1, .key = {{.id = 7, .bytes = {1, 2, 3}}}};
	struct store_conf conf = {.redis = &redis, .prefix = "test:", .kind = kinds, .kinds = ARRAY_LEN(kinds), .keys = &keys};
	struct store_events events = {.notice = on_notice, .ctx = &s};
	struct pool_events pool_events = {NULL, NULL, NULL};
	bool listens = true;
	const char *floors = NULL;
	struct json_writer w;
	struct buf out;
	struct err why;
	int option;

	signal(SIGPIPE, SIG_IGN);
	s.pool_conf.limits.min = -1;
	while ((option = getopt(argc, argv, "T:D:nN:M:u:a:sL:F:")) != -1) {
		switch (option) {
		case 'T': conf.tombstone_ms = strtod(optarg, NULL); break;
		case 'D': conf.redis_deadline_ms = strtod(optarg, NULL); break;
		case 'n': listens = false; break;
		case 'N': conf.name = optarg; break;
		case 'M': s.pool_conf.limits.max = (int)strtol(optarg, NULL, 10); break;
		case 'u': s.pool_conf.work.over = optarg; break;
		case 'a': s.pool_conf.limits.acquire_ms = strtod(optarg, NULL); break;
		case 's': conf.flush_at_start = true; break;
		case 'L': s.listen_conf.over = optarg; break;
		case 'F': floors = optarg; break;
		default: return 2;
		}
	}
	pg.target = argv[optind];
	redis.target = argv[optind + 1];
	s.redis = redis;
	s.pool_conf.work.conf = &pg;
	s.pool_conf.work.application = "storer";
	s.listen_conf.conf = &pg;
	s.listen_conf.application = "storer-listen";
	s.floor = map_floors(floors);
	if (loop_new(&s.loop, &why) < 0 || pool_new(&s.pool, s.loop, &s.pool_conf, &pool_events, &why) < 0)
		driven_die("storer", "start", why.text);
	conf.pool = s.pool;
	conf.listen = listens ? &s.listen_conf : NULL;
	conf.listen_sql = driven_text(NULL, "pg_listen");
	if (store_new(&s.store, s.loop, &conf, &events, &why) < 0)
		driven_die("storer", "start", why.text);
	driven_input(&s.input, s.loop, run_command, &s);
	s.again = loop_timer_new(s.loop, on_again, &s);
	pool_open(s.pool);
	store_open(s.store);
	loop_run(s.loop);
	driven_begin(&w, &out, "end");
	driven_end(&w, &out);
	store_free(s.store);
	pool_free(s.pool);
	pgwork_free(s.updater);
	driven_input_free(&s.input);
	loop_timer_free(s.again);
	loop_free(s.loop);
	while (s.asked) {
		struct asked *next = s.asked->next;

		free(s.asked);
		s.asked = next;
	}
	munmap(s.floor, IDS_MAX * sizeof(*s.floor));
	return 0;
}
