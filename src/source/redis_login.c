/* SPDX-License-Identifier: PostgreSQL */
#include "source/redis_login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "source/redis_readers.h"

/* --- where and as whom ------------------------------------------------------------------------------------------------ */

int redis_login_address(struct redis_address *out, const struct source_conf *conf, struct err *why)
{
	int code = redis_address_parse(out, conf->target ? conf->target : "", why);

	if (code)
		return code;
	if (conf->redis_user && !out->user)
		out->user = mem_strdup(conf->redis_user);
	if (conf->password && !out->password)
		out->password = mem_strdup(conf->password);
	return 0;
}

static const char *own(char **keep, const char *text)
{
	*keep = mem_strdup(text);
	return *keep;
}

int redis_login_init(struct redis_login *out, const struct source_conf *conf, struct err *why)
{
	struct redis_address address = {0};
	int code = redis_login_address(&address, conf, why);

	if (code)
		return code;
	if (address.user && !address.password) {
		redis_address_release(&address);
		/* The "user" may be a password that was put in the wrong place: it is not repeated. */
		return err_set(why, ERR_INVALID,
		               "Redis address: a user without a password (a password alone is redis://:PASSWORD@host)");
	}
	*out = (struct redis_login){.address = address};
	out->tls.ca = own(&out->tls_text[0], conf->tls_ca);
	out->tls.cert = own(&out->tls_text[1], conf->tls_cert);
	out->tls.key = own(&out->tls_text[2], conf->tls_key);
	out->tls.insecure = conf->tls_insecure;
	out->timeout_ms = conf->connect_timeout_ms > 0 ? conf->connect_timeout_ms : 10000;
	return 0;
}

void redis_login_release(struct redis_login *l)
{
	redis_address_release(&l->address);
	for (size_t i = 0; i < ARRAY_LEN(l->tls_text); i++)
		free(l->tls_text[i]);
}

struct stream *redis_login_open(const struct redis_login *l, struct loop *loop, const struct stream_events *events)
{
	const struct stream_conf conf = {
		.path = l->address.path,
		.host = l->address.host,
		.port = l->address.port,
		.tls = l->address.tls ? &l->tls : NULL,
		.connect_timeout_ms = l->timeout_ms,
	};

	return stream_open(loop, &conf, events);
}

/* --- the login -------------------------------------------------------------------------------------------------------- */

bool redis_says(const struct resp_reply *reply, const char *prefix)
{
	size_t len = strlen(prefix);

	return reply->type == RESP_ERROR && reply->text.len >= len && memcmp(reply->text.at, prefix, len) == 0;
}

bool redis_login_auth(const struct redis_login *l, struct stream *stream)
{
	struct buf out = BUF_INIT(RESP_COMMAND_MAX);
	struct str words[3] = {STR("AUTH")};
	int count = 1;

	if (!l->address.password)
		return false;
	if (l->address.user)
		words[count++] = str_from(l->address.user);
	words[count++] = str_from(l->address.password);
	resp_command(&out, count, words);
	stream_send(stream, out.data, out.len);
	if (out.data)
		mem_wipe(out.data, out.len);
	buf_release(&out);
	return true;
}

int redis_login_refused(const struct resp_reply *reply, const char *command, struct err *why)
{
	if (redis_says(reply, "ERR max number of clients"))
		return err_set(why, ERR_CONNECT, "its limit of connections (maxclients) is reached");
	if (redis_says(reply, "NOAUTH") || redis_says(reply, "DENIED") || redis_says(reply, "-DENIED"))
		return redis_error(reply, command, why);
	return 0;
}

int redis_login_authed(const struct resp_reply *reply, struct err *why)
{
	int code = redis_login_refused(reply, "AUTH", why);

	if (code)
		return code;
	if (reply->type == RESP_STATUS && str_is(reply->text, "OK"))
		return 0;
	if (reply->type == RESP_ERROR)
		return redis_error(reply, "AUTH", why);
	return err_set(why, ERR_PROTOCOL, "not a Redis server: AUTH was not answered with OK");
}

int redis_login_select(const struct redis_login *l, struct buf *out)
{
	char db[16];
	struct str words[] = {STR("SELECT"), {db, 0}};

	if (!l->address.db)
		return 0;
	words[1].len = (size_t)snprintf(db, sizeof(db), "%d", l->address.db);
	resp_command(out, 2, words);
	return 1;
}

void redis_login_closed(const struct redis_login *l, bool heard, const struct err *why, struct err *said)
{
	*said = *why;
	/* A port that speaks TLS closes at the first byte in clear, mostly without a word. */
	if (!heard && !l->address.tls && !l->address.path)
		err_set(said, why->code, "%s before any answer (if it wants TLS: rediss://)", why->text);
}

void redis_login_silent(const struct redis_login *l, struct err *why)
{
	err_set(why, ERR_TIMEOUT, "connected, but the login had no answer for %.0f s", l->timeout_ms / 1000);
}
