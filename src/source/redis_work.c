/* SPDX-License-Identifier: PostgreSQL */
#include "source/redis_work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "source/redis_login.h"
#include "source/redis_readers.h"
#include "source/stream.h"

enum {
	WORK_OUT_MAX = 14 << 20,     /* bytes of commands that have not left; below what a stream holds */
	WORK_STREAM_FULL = 256 << 10, /* a stream holding so much gets no more until replies come */
	WORK_PIECE = 1 << 20,        /* handed to the stream at once */
	WORK_BYTES_FULL = 2 << 20,   /* waiting to leave: full, whatever the window says */
	WORK_OPEN_MAX = 1 << 20,     /* replies awaited: a caller that ignores redis_work_full() */
	WORK_RING_FIRST = 64,
};

enum work_step { WORK_OFF, WORK_CONNECTING, WORK_AUTH, WORK_LOGIN, WORK_UP };

struct pending {
	redis_work_reply *fn;
	void *ctx;
};

struct lost { /* answered from the loop, because its command could not leave */
	struct pending pending;
	struct err why;
};

/* What loop_defer() holds on to: the connection may be freed before its turn ends. */
struct flush {
	struct redis_work *w; /* NULL: freed */
};

struct redis_work {
	struct loop *loop;
	struct log *log;
	struct redis_work_events events;
	struct redis_login login;
	char *client_name;
	char name[256];
	double deadline_ms;
	int window;
	struct stream *stream;
	struct resp *resp;
	enum work_step step;
	struct loop_timer *deadline;
	int64_t heard_ns;        /* the last bytes, or when the first command after a pause was sent */
	int login_got;
	bool heard;              /* anything, on this connection */
	struct pending *ring;    /* a power of two */
	unsigned ring_room, ring_head, ring_count;
	bool was_full;
	struct buf out;
	struct flush *flush;     /* planned; NULL: not */
	struct lost *lost;
	int lost_count, lost_room;
	struct loop_timer *telling;
};

/* --- open commands ---------------------------------------------------------------------------------------------------- */

static void ring_push(struct redis_work *w, struct pending p)
{
	if (w->ring_count == w->ring_room) {
		unsigned room = w->ring_room ? w->ring_room * 2 : WORK_RING_FIRST;
		struct pending *ring = mem_calloc(room, sizeof(*ring));
		for (unsigned i = 0; i < w->ring_count; i++)
			ring[i] = w->ring[(w->ring_head + i) & (w->ring_room - 1)];
		free(w->ring);
		w->ring = ring;
		w->ring_room = room;
		w->ring_head = 0;
	}
	w->ring[(w->ring_head + w->ring_count++) & (w->ring_room - 1)] = p;
}

static struct pending ring_pop(struct redis_work *w)
{
	struct pending p = w->ring[w->ring_head];

	w->ring_head = (w->ring_head + 1) & (w->ring_room - 1);
	w->ring_count--;
	return p;
}

static void tell_later(struct redis_work *w, struct pending p, const struct err *why)
{
	if (!p.fn)
		return;
	if (w->lost_count == w->lost_room) {
		w->lost_room = w->lost_room ? w->lost_room * 2 : 8;
		w->lost = mem_resize(w->lost, (size_t)w->lost_room, sizeof(*w->lost));
	}
	w->lost[w->lost_count++] = (struct lost){p, *why};
	loop_timer_in(w->telling, 0);
}

static void on_telling(void *ctx)
{
	struct redis_work *w = ctx;
	struct lost *list = w->lost;
	int count = w->lost_count;

	/* what these send themselves is told in the next turn */
	w->lost = NULL;
	w->lost_count = w->lost_room = 0;
	for (int i = 0; i < count; i++)
		list[i].pending.fn(list[i].pending.ctx, NULL, &list[i].why);
	free(list);
}

/* --- connection ------------------------------------------------------------------------------------------------------- */

static void disconnect(struct redis_work *w)
{
	stream_free(w->stream);
	w->stream = NULL;
	resp_free(w->resp);
	w->resp = NULL;
	loop_timer_stop(w->deadline);
	if (w->out.data)
		mem_wipe(w->out.data, w->out.len); /* values may be what nobody else shall read */
	buf_release(&w->out);
	w->step = WORK_OFF;
	w->was_full = false;
}

/* From the loop only. */
static void fail(struct redis_work *w, const struct err *why)
{
	struct err kept = *why; /* it may belong to what is freed */
	bool was_up = w->step == WORK_UP;
	struct pending *ring = w->ring;
	unsigned head = w->ring_head, count = w->ring_count, room = w->ring_room;

	disconnect(w);
	log_write(w->log, was_up ? LOG_WARN : LOG_INFO, "%s: %s", w->name, kept.text);
	w->ring = NULL;
	w->ring_head = w->ring_count = w->ring_room = 0;
	struct err each = kept;
	if (each.code != ERR_TIMEOUT)
		each.code = ERR_LOST;
	for (unsigned i = 0; i < count; i++) {
		struct pending *p = &ring[(head + i) & (room - 1)];
		if (p->fn)
			p->fn(p->ctx, NULL, &each);
	}
	free(ring);
	if (w->events.down)
		w->events.down(w->events.ctx, &kept);
}

static void on_deadline(void *ctx)
{
	struct redis_work *w = ctx;
	struct err why;

	if (w->step != WORK_UP) {
		redis_login_silent(&w->login, &why);
		err_prefix(&why, "%s", w->name);
		fail(w, &why);
		return;
	}
	if (w->ring_count == 0)
		return;
	double silent = (double)(loop_now(w->loop)->mono_ns - w->heard_ns) / (double)CLOCK_MS_NS;
	if (silent < w->deadline_ms) {
		loop_timer_in(w->deadline, w->deadline_ms - silent);
		return;
	}
	err_set(&why, ERR_TIMEOUT, "%s: no answer for %.1f s", w->name, silent / 1000);
	fail(w, &why);
}

/* What the socket takes goes at once. The rest waits here: the stream's own buffer has a ceiling that it hits without a word.
 * Whatever is held back stands behind commands whose replies will come, so on_received() calls again. */
static void flush_out(struct redis_work *w)
{
	size_t at = 0;

	while (w->stream && at < w->out.len && stream_unsent(w->stream) < WORK_STREAM_FULL) {
		size_t piece = w->out.len - at < WORK_PIECE ? w->out.len - at : WORK_PIECE;
		stream_send(w->stream, w->out.data + at, piece);
		at += piece;
	}
	buf_drop(&w->out, at);
}

static void on_flush(void *ctx)
{
	struct flush *f = ctx;
	struct redis_work *w = f->w;

	free(f);
	if (!w)
		return;
	w->flush = NULL;
	flush_out(w);
}

static void plan_flush(struct redis_work *w)
{
	if (w->flush)
		return;
	w->flush = mem_alloc(sizeof(*w->flush));
	w->flush->w = w;
	loop_defer(w->loop, on_flush, w->flush);
}

/* --- login ------------------------------------------------------------------------------------------------------------ */

static void send_login(struct redis_work *w)
{
	struct str name[] = {STR("CLIENT"), STR("SETNAME"), str_from(w->client_name)};

	resp_command(&w->out, 3, name);
	(void)redis_login_select(&w->login, &w->out);
	w->step = WORK_LOGIN;
	w->login_got = 0;
	flush_out(w);
}

static void on_connected(void *ctx)
{
	struct redis_work *w = ctx;

	w->resp = resp_new();
	w->heard = false;
	loop_timer_in(w->deadline, w->login.timeout_ms);
	if (redis_login_auth(&w->login, w->stream))
		w->step = WORK_AUTH;
	else
		send_login(w);
}

static void refuse(struct redis_work *w, struct err *why)
{
	err_prefix(why, "%s", w->name);
	fail(w, why);
}

static void take_auth(struct redis_work *w, const struct resp_reply *reply)
{
	struct err why;

	if (redis_login_authed(reply, &why) == 0)
		send_login(w);
	else
		refuse(w, &why);
}

static void take_login(struct redis_work *w, const struct resp_reply *reply)
{
	int mine = w->login_got++;
	bool is_select = mine == 1;
	struct err why;
	int code = redis_login_refused(reply, is_select ? "SELECT" : "the login", &why);

	if (code == 0 && is_select && reply->type == RESP_ERROR)
		code = redis_error(reply, "SELECT", &why);
	if (code) { /* a name that the server does not let us have harms nobody */
		refuse(w, &why);
		return;
	}
	if (!is_select && w->login.address.db)
		return;
	loop_timer_stop(w->deadline);
	w->step = WORK_UP;
	if (w->events.up)
		w->events.up(w->events.ctx);
}

/* --- bytes ------------------------------------------------------------------------------------------------------------ */

/* One reply; 0, or the connection is of no use any more. */
static int take(struct redis_work *w, struct resp_reply *reply, struct err *why)
{
	if (w->step == WORK_AUTH) {
		take_auth(w, reply);
	} else if (w->step == WORK_LOGIN) {
		take_login(w, reply);
	} else if (w->ring_count == 0) {
		resp_reply_free(reply);
		return err_set(why, ERR_PROTOCOL, "%s: an answer came that nobody asked for", w->name);
	} else {
		struct pending p = ring_pop(w);
		if (p.fn)
			p.fn(p.ctx, reply, NULL);
	}
	resp_reply_free(reply);
	return 0;
}

static void on_received(void *ctx, const char *bytes, size_t len)
{
	struct redis_work *w = ctx;
	const struct resp *mine = w->resp; /* a callback may close, and even open again */
	struct resp_reply *reply;
	struct err why;
	int code;

	w->heard = true;
	w->heard_ns = loop_now(w->loop)->mono_ns;
	code = resp_feed(w->resp, bytes, len, &why);
	while (!code && (code = resp_next(w->resp, &reply, &why)) == 1) {
		code = take(w, reply, &why);
		if (w->resp != mine)
			return;
	}
	if (code < 0) {
		if (why.code != ERR_PROTOCOL || w->step == WORK_UP)
			err_prefix(&why, "%s", w->name);
		fail(w, &why);
		return;
	}
	if (w->out.len)
		plan_flush(w);
	if (w->was_full && (int)w->ring_count <= w->window / 2 && w->out.len + stream_unsent(w->stream) < WORK_BYTES_FULL / 2) {
		w->was_full = false;
		if (w->events.drained)
			w->events.drained(w->events.ctx);
	}
}

static void on_closed(void *ctx, const struct err *why)
{
	struct redis_work *w = ctx;
	struct err said;

	redis_login_closed(&w->login, w->step <= WORK_CONNECTING || w->step == WORK_UP || w->heard, why, &said);
	fail(w, &said);
}

/* --- the outside ------------------------------------------------------------------------------------------------------ */

int redis_work_new(struct redis_work **out, struct loop *l, const struct redis_work_conf *conf,
                   const struct redis_work_events *events, struct err *why)
{
	struct redis_login login;
	int code = redis_login_init(&login, conf->conf, why);

	if (code)
		return code;
	struct redis_work *w = mem_alloc(sizeof(*w));
	w->loop = l;
	w->log = conf->log;
	w->events = *events;
	w->login = login;
	w->client_name = mem_strdup(conf->name ? conf->name : "dytop");
	w->deadline_ms = conf->deadline_ms > 0 ? conf->deadline_ms : 5000;
	w->window = conf->window > 0 ? conf->window : 1000;
	w->out = BUF_INIT(WORK_OUT_MAX);
	w->deadline = loop_timer_new(l, on_deadline, w);
	w->telling = loop_timer_new(l, on_telling, w);
	redis_address_text(&w->login.address, w->name, sizeof(w->name));
	*out = w;
	return 0;
}

void redis_work_free(struct redis_work *w)
{
	if (!w)
		return;
	disconnect(w);
	if (w->flush)
		w->flush->w = NULL;
	loop_timer_free(w->deadline);
	loop_timer_free(w->telling);
	redis_login_release(&w->login);
	free(w->client_name);
	free(w->ring);
	free(w->lost);
	free(w);
}

void redis_work_open(struct redis_work *w)
{
	const struct stream_events events = {on_connected, on_received, on_closed, w};

	if (w->step != WORK_OFF)
		return;
	w->step = WORK_CONNECTING;
	w->stream = redis_login_open(&w->login, w->loop, &events);
}

void redis_work_close(struct redis_work *w)
{
	struct err why;

	disconnect(w);
	err_set(&why, ERR_LOST, "%s: the connection was closed", w->name);
	while (w->ring_count)
		tell_later(w, ring_pop(w), &why);
}

bool redis_work_is_up(const struct redis_work *w)
{
	return w->step == WORK_UP;
}

void redis_work_send(struct redis_work *w, int argc, const struct str *argv, redis_work_reply *reply, void *ctx)
{
	struct pending p = {reply, ctx};
	size_t before = w->out.len;
	struct err why;

	if (w->step != WORK_UP) {
		err_set(&why, ERR_LOST, "%s: not connected", w->name);
		tell_later(w, p, &why);
		return;
	}
	if (w->ring_count >= WORK_OPEN_MAX || !resp_command(&w->out, argc, argv)) {
		w->out.failed = false;
		buf_cut(&w->out, before);
		err_set(&why, ERR_TOO_BIG, "%s: more is waiting to be sent than fits (%d MiB); this command was not sent", w->name,
		        WORK_OUT_MAX >> 20);
		tell_later(w, p, &why);
		return;
	}
	if (w->ring_count == 0) {
		w->heard_ns = loop_now(w->loop)->mono_ns;
		if (!loop_timer_armed(w->deadline))
			loop_timer_in(w->deadline, w->deadline_ms);
	}
	ring_push(w, p);
	if (redis_work_full(w))
		w->was_full = true;
	plan_flush(w);
}

int redis_work_open_count(const struct redis_work *w)
{
	return (int)w->ring_count;
}

bool redis_work_full(const struct redis_work *w)
{
	return (int)w->ring_count >= w->window ||
	       (w->ring_count && w->out.len + stream_unsent(w->stream) >= WORK_BYTES_FULL);
}

const char *redis_work_name(const struct redis_work *w)
{
	return w->name;
}
