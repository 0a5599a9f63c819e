/* SPDX-License-Identifier: PostgreSQL */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clean.h"
#include "core/mem.h"
#include "source/redis_info.h"
#include "source/redis_private.h"

static void connect_now(struct redis *r);

/* --- state -------------------------------------------------------------------------------------------------- */

void redis_forget_replies(struct redis *r)
{
	for (int i = 0; i < r->got_count; i++)
		resp_reply_free(r->got[i]);
	r->got_count = 0;
	r->want = 0;
	r->bytes = 0;
}

static void disconnect(struct redis *r)
{
	stream_free(r->stream);
	r->stream = NULL;
	resp_free(r->resp);
	r->resp = NULL;
	redis_forget_replies(r);
	loop_timer_stop(r->deadline);
	r->step = REDIS_OFF;
	r->silent = false;
	r->s->asking_ns = 0;
}

void redis_fail(struct redis *r, const struct err *why, enum source_failure failure)
{
	struct err kept = *why; /* it may belong to what is freed */

	disconnect(r);
	source_fail(r->s, &kept, failure);
	redis_ask_lost(r, &kept);
}

/* While logging in, an answer that says no is final for a while; on a live connection everything is worth a new try. */
static enum source_failure failure_of(const struct redis *r, int code)
{
	if (r->step >= REDIS_READY)
		return SOURCE_UNREACHABLE;
	switch (code) {
	case ERR_AUTH:
	case ERR_PRIVILEGE:
	case ERR_PROTOCOL:
	case ERR_INVALID:
	case ERR_UNSUPPORTED:
		return SOURCE_DENIED;
	default:
		return SOURCE_UNREACHABLE;
	}
}

static void fail_with(struct redis *r, const struct err *why)
{
	redis_fail(r, why, failure_of(r, why->code));
}

void redis_refresh_notice(struct redis *r)
{
	struct server_status *st = &r->s->status;
	bool over = r->notice_until_ns && loop_now(r->s->loop)->mono_ns >= r->notice_until_ns;

	if (over)
		r->notice_until_ns = 0;
	if (r->state_notice[0]) {
		if (strcmp(st->notice, r->state_notice) == 0)
			return;
		source_put_text(st->notice, sizeof(st->notice), r->state_notice);
	} else if (st->notice[0] && r->notice_until_ns == 0) {
		st->notice[0] = '\0';
	} else {
		return;
	}
	source_changed(r->s);
}

void redis_notice(struct redis *r, const char *format, ...)
{
	char text[sizeof(r->s->status.notice)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	source_put_text(r->s->status.notice, sizeof(r->s->status.notice), text);
	r->notice_until_ns = loop_now(r->s->loop)->mono_ns + (int64_t)(r->s->notice_ms * (double)CLOCK_MS_NS);
	source_changed(r->s);
}

void redis_send(struct redis *r, const struct buf *commands, int want, enum redis_step step)
{
	redis_forget_replies(r);
	r->want = want;
	r->step = step;
	stream_send(r->stream, commands->data, commands->len);
}

/* --- who the server is -------------------------------------------------------------------------------------- */

/* "7.0.15" to 70015; 0 for nonsense. */
static int version_number(struct str text)
{
	int part[3] = {0}, n = 0;

	for (size_t i = 0; i < text.len && n < 3; i++) {
		char c = text.at[i];
		if (c >= '0' && c <= '9' && part[n] < 1000)
			part[n] = part[n] * 10 + (c - '0');
		else if (c == '.')
			n++;
		else
			break;
	}
	return part[0] > 99 || part[1] > 99 || part[2] > 99 ? 0 : part[0] * 10000 + part[1] * 100 + part[2];
}

static void put_str(char *out, size_t room, struct str text)
{
	char copy[256];
	size_t len = text.len < sizeof(copy) - 1 ? text.len : sizeof(copy) - 1;

	memcpy(copy, text.at, len);
	copy[len] = '\0';
	source_put_text(out, room, copy);
}

static void set_role(struct redis *r, struct str role)
{
	struct server_status *st = &r->s->status;
	char name[sizeof(st->role)];

	if (str_is(role, "master"))
		snprintf(name, sizeof(name), "primary");
	else if (str_is(role, "slave"))
		snprintf(name, sizeof(name), "replica");
	else
		put_str(name, sizeof(name), role);
	if (strcmp(name, st->role) == 0)
		return;
	bool known = st->role[0] != '\0';
	memcpy(st->role, name, sizeof(name));
	if (known)
		redis_notice(r, strcmp(name, "primary") == 0 ? "promoted to %s" : "now a %s", name);
	else
		source_changed(r->s);
}

/* Another run_id is another process: its counters began anew. */
static void set_run_id(struct redis *r, struct str id, struct str uptime)
{
	struct server_status *st = &r->s->status;
	const struct clock *now = loop_now(r->s->loop);
	int64_t seconds;
	char at[16];

	if (id.len == 0 || id.len >= sizeof(r->run_id) || str_eq(id, str_from(r->run_id)))
		return;
	bool other = r->run_id[0] != '\0';
	memcpy(r->run_id, id.at, id.len);
	r->run_id[id.len] = '\0';
	st->started_us = info_int(uptime, &seconds) && seconds >= 0 && seconds < INT64_C(4000000000)
	                         ? now->wall_us - seconds * 1000000
	                         : 0;
	if (other) {
		clock_local_time(st->started_us ? st->started_us : now->wall_us, at);
		redis_notice(r, "restarted %s", at);
	}
}

void redis_observe(struct redis *r, struct str info)
{
	struct server_status *st = &r->s->status;
	struct str name, value, redis = {NULL, 0}, valkey = redis, server = redis, id = redis, uptime = redis, role = redis;
	struct {
		const char *name;
		struct str *value;
	} wanted[] = {
		{"redis_version", &redis}, {"valkey_version", &valkey}, {"server_name", &server},
		{"run_id", &id},           {"uptime_in_seconds", &uptime}, {"role", &role},
	};

	while (info_next(&info, &name, &value))
		for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
			if (!wanted[i].value->at && str_is(name, wanted[i].name))
				*wanted[i].value = value;
	if (!id.at && !redis.at)
		return;
	if (redis.at) {
		bool is_valkey = str_is(server, "valkey");
		st->version = version_number(redis);
		snprintf(st->product, sizeof(st->product), "%s", is_valkey ? "Valkey" : "Redis");
		put_str(st->version_text, sizeof(st->version_text), is_valkey && valkey.at ? valkey : redis);
	}
	if (id.at)
		set_run_id(r, id, uptime);
	if (role.at)
		set_role(r, role);
	st->life = map_hash(map_hash(MAP_SEED, r->run_id, strlen(r->run_id)), st->role, strlen(st->role));
}

/* --- login -------------------------------------------------------------------------------------------------- */

static void go_live(struct redis *r)
{
	loop_timer_stop(r->deadline);
	redis_forget_replies(r);
	r->step = REDIS_READY;
	r->state_notice[0] = '\0';
	r->s->status.answered_ns = loop_now(r->s->loop)->mono_ns;
	r->s->status.logins++;
	source_put_text(r->s->status.user, sizeof(r->s->status.user),
	                r->login.address.user ? r->login.address.user : "default");
	source_live(r->s);
}

static void send_login(struct redis *r)
{
	struct buf out = BUF_INIT(RESP_COMMAND_MAX);
	struct str name[] = {STR("CLIENT"), STR("SETNAME"), STR("dytop")};
	struct str keep[] = {STR("CLIENT"), STR("NO-EVICT"), STR("on")};
	struct str info = STR("INFO");

	resp_command(&out, 3, name);
	resp_command(&out, 3, keep);
	resp_command(&out, 1, &info);
	redis_send(r, &out, 3 + redis_login_select(&r->login, &out), REDIS_LOGIN);
	buf_release(&out);
}

static void on_connected(void *ctx)
{
	struct redis *r = ctx;

	r->resp = resp_new();
	loop_timer_in(r->deadline, r->login.timeout_ms);
	if (!redis_login_auth(&r->login, r->stream)) {
		send_login(r);
		return;
	}
	redis_forget_replies(r);
	r->want = 1;
	r->step = REDIS_AUTH;
}

/* A refusal that any command can meet; true when the attempt is over. */
static bool refused(struct redis *r, const struct resp_reply *reply, const char *command)
{
	struct err why;
	int code = redis_login_refused(reply, command, &why);

	if (code)
		redis_fail(r, &why, code == ERR_CONNECT ? SOURCE_FULL : SOURCE_DENIED);
	return code != 0;
}

static void take_auth(struct redis *r)
{
	struct err why;
	int code = redis_login_authed(r->got[0], &why);

	if (code == 0)
		send_login(r);
	else
		redis_fail(r, &why, code == ERR_CONNECT ? SOURCE_FULL : code == ERR_BUSY ? SOURCE_UNREACHABLE : SOURCE_DENIED);
}

static void send_hello(struct redis *r)
{
	struct buf out = BUF_INIT(RESP_COMMAND_MAX);
	struct str hello = STR("HELLO");

	/* Without a version it only tells who the server is; HELLO 3 would change the protocol. */
	resp_command(&out, 1, &hello);
	redis_send(r, &out, 1, REDIS_HELLO);
	buf_release(&out);
}

static void take_login(struct redis *r)
{
	struct err why;

	for (int i = 0; i < r->got_count; i++)
		if (refused(r, r->got[i], "the login"))
			return;
	const struct resp_reply *info = r->got[2];
	if (r->got_count > 3 && r->got[3]->type == RESP_ERROR) {
		redis_error(r->got[3], "SELECT", &why);
		redis_fail(r, &why, SOURCE_DENIED);
		return;
	}
	if (redis_says(info, "NOPERM")) {
		send_hello(r);
		return;
	}
	if (info->type == RESP_ERROR) {
		redis_error(info, "INFO", &why);
		redis_fail(r, &why, why.code == ERR_BUSY ? SOURCE_UNREACHABLE : SOURCE_DENIED);
		return;
	}
	struct str version;
	if (info->type != RESP_STRING || !info_get(info->text, "redis_version", &version)) {
		err_set(&why, ERR_PROTOCOL, "not a Redis server: its INFO has no redis_version");
		redis_fail(r, &why, SOURCE_DENIED);
		return;
	}
	redis_observe(r, info->text);
	go_live(r);
}

/* INFO is forbidden: HELLO tells version and role; without either, the oldest supported version and a life of this
 * connection are assumed. */
static void take_hello(struct redis *r)
{
	const struct resp_reply *reply = r->got[0];
	struct server_status *st = &r->s->status;

	st->version = 60000;
	st->life = map_hash_int(map_hash(MAP_SEED, r->s->status.name, strlen(r->s->status.name)), st->logins);
	if (reply->type == RESP_ARRAY)
		for (int i = 0; i + 1 < reply->count; i += 2) {
			const struct resp_reply *key = reply->element[i], *value = reply->element[i + 1];
			if (key->type != RESP_STRING || value->type != RESP_STRING)
				continue;
			if (str_is(key->text, "version") && version_number(value->text)) {
				st->version = version_number(value->text);
				put_str(st->version_text, sizeof(st->version_text), value->text);
			} else if (str_is(key->text, "role")) {
				set_role(r, value->text);
			}
		}
	go_live(r);
}

/* --- bytes -------------------------------------------------------------------------------------------------- */

static void step_done(struct redis *r)
{
	switch (r->step) {
	case REDIS_AUTH:
		take_auth(r);
		break;
	case REDIS_LOGIN:
		take_login(r);
		break;
	case REDIS_HELLO:
		take_hello(r);
		break;
	case REDIS_PING:
		redis_ask_pong(r);
		break;
	case REDIS_BOTH:
		redis_ask_both(r);
		break;
	case REDIS_ASKING:
		redis_ask_answers(r);
		break;
	case REDIS_OFF:
	case REDIS_CONNECTING:
	case REDIS_READY:
		break;
	}
}

/* maxclients is said instead of every other answer, and then the connection ends: not all replies will come. */
static bool early_end(struct redis *r, const struct resp_reply *reply)
{
	return r->step < REDIS_READY && redis_says(reply, "ERR max number of clients") && refused(r, reply, "the login");
}

static void keep_reply(struct redis *r, struct resp_reply *reply)
{
	if (r->got_count == r->got_room) {
		r->got_room = r->got_room ? r->got_room * 2 : 16;
		r->got = mem_resize(r->got, (size_t)r->got_room, sizeof(*r->got));
	}
	r->got[r->got_count++] = reply;
}

static void on_received(void *ctx, const char *bytes, size_t len)
{
	struct redis *r = ctx;
	struct resp_reply *reply;
	struct err why;

	r->bytes += len;
	int code = resp_feed(r->resp, bytes, len, &why);
	if (!code && r->bytes > REDIS_BATCH_BYTES_MAX)
		code = err_set(&why, ERR_TOO_BIG, "the replies are larger than %d MiB", REDIS_BATCH_BYTES_MAX >> 20);
	/* A step may drop the connection, and with it r->resp. */
	while (!code && r->resp && (code = resp_next(r->resp, &reply, &why)) == 1) {
		code = 0;
		if (early_end(r, reply)) {
			resp_reply_free(reply);
			return;
		}
		keep_reply(r, reply);
		if (r->got_count > r->want)
			code = err_set(&why, ERR_PROTOCOL, "an answer came that nobody asked for");
		else if (r->got_count == r->want)
			step_done(r);
	}
	if (code < 0) {
		if (code == ERR_TOO_BIG)
			redis_ask_blame(r, &why);
		fail_with(r, &why);
	}
}

static void on_closed(void *ctx, const struct err *why)
{
	struct redis *r = ctx;
	struct err said;

	redis_login_closed(&r->login, r->step <= REDIS_CONNECTING || r->step >= REDIS_READY || r->bytes > 0, why, &said);
	fail_with(r, &said);
}

static void on_deadline(void *ctx)
{
	struct redis *r = ctx;
	struct err why;

	if (r->step >= REDIS_READY) {
		redis_ask_silence(r);
		return;
	}
	redis_login_silent(&r->login, &why);
	redis_fail(r, &why, SOURCE_UNREACHABLE);
}

static void connect_now(struct redis *r)
{
	const struct stream_events events = {on_connected, on_received, on_closed, r};

	source_attempt(r->s);
	r->step = REDIS_CONNECTING;
	r->stream = redis_login_open(&r->login, r->s->loop, &events);
}

/* --- ops ---------------------------------------------------------------------------------------------------- */

static int redis_create(struct source *s, struct source_conf *conf, struct err *why)
{
	struct redis_login login;
	char name[256];
	int code = redis_login_init(&login, conf, why);

	if (code)
		return code;
	struct redis *r = mem_alloc(sizeof(*r));
	r->s = s;
	r->login = login;
	r->params = conf->params;
	r->deadline = loop_timer_new(s->loop, on_deadline, r);
	r->commands = BUF_INIT(RESP_COMMAND_MAX);
	s->self = r;
	redis_address_text(&r->login.address, name, sizeof(name));
	source_put_text(s->status.name, sizeof(s->status.name), name);
	snprintf(s->status.product, sizeof(s->status.product), "Redis");
	return 0;
}

static void redis_connect(struct source *s)
{
	struct redis *r = s->self;

	if (r->step == REDIS_OFF)
		connect_now(r);
}

static bool redis_ready(const struct source *s)
{
	const struct redis *r = s->self;

	return r->step == REDIS_READY && s->status.state == SERVER_LIVE;
}

static void redis_destroy(struct source *s)
{
	struct redis *r = s->self;
	struct err why;

	disconnect(r);
	err_set(&why, ERR_LOST, "closed");
	redis_ask_lost(r, &why);
	redis_ask_release(r);
	loop_timer_free(r->deadline);
	redis_login_release(&r->login);
	free(r->got);
	free(r);
	s->self = NULL;
}

const struct source_ops redis_ops = {
	.kind = PANEL_REDIS,
	.create = redis_create,
	.start = redis_connect,
	.retry = redis_connect,
	.ready = redis_ready,
	.ask = redis_ask,
	.destroy = redis_destroy,
};
