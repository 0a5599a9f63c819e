/* SPDX-License-Identifier: PostgreSQL */
#include "source/redis_uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/str.h"
#include "source/redis_info.h"

enum { REDIS_PORT = 6379, REDIS_DB_MAX = 1 << 20 };

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A percent-decoded copy; NULL for a broken or NUL escape. */
static char *decode(struct str text)
{
	char *out = mem_alloc(text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		if (c == '%') {
			int high = i + 2 < text.len ? hex_digit(text.at[i + 1]) : -1;
			int low = high >= 0 ? hex_digit(text.at[i + 2]) : -1;
			if (low < 0 || (high | low) == 0) {
				mem_wipe(out, len);
				free(out);
				return NULL;
			}
			c = (char)(high << 4 | low);
			i += 2;
		}
		out[len++] = c;
	}
	return out;
}

static int decode_into(char **out, struct str text, const char *what, struct err *why)
{
	char *decoded = decode(text);

	if (!decoded)
		return err_set(why, ERR_INVALID, "Redis address: broken %%-escape in its %s", what);
	free(*out);
	*out = decoded;
	return 0;
}

static struct str until(struct str *rest, char end)
{
	const char *at = rest->len ? memchr(rest->at, end, rest->len) : NULL;
	struct str piece = {rest->at, at ? (size_t)(at - rest->at) : rest->len};

	rest->at += piece.len + (at != NULL);
	rest->len -= piece.len + (at != NULL);
	return piece;
}

static int parse_db(struct redis_address *a, struct str text, struct err *why)
{
	int64_t db;

	if (!info_int(text, &db) || db < 0 || db > REDIS_DB_MAX)
		return err_set(why, ERR_INVALID, "Redis address: the database must be a number from 0 on");
	a->db = (int)db;
	return 0;
}

static int parse_query(struct redis_address *a, struct str query, struct err *why)
{
	while (query.len) {
		struct str pair = until(&query, '&');
		struct str name = until(&pair, '=');
		if (!str_is(name, "db"))
			return err_set(why, ERR_INVALID, "Redis address: unknown parameter; known: db");
		int code = parse_db(a, pair, why);
		if (code)
			return code;
	}
	return 0;
}

static int parse_user(struct redis_address *a, struct str text, struct err *why)
{
	struct str rest = text;
	struct str user = until(&rest, ':');
	int code = 0;

	if (user.len)
		code = decode_into(&a->user, user, "user", why);
	if (!code && user.len < text.len)
		code = decode_into(&a->password, rest, "password", why);
	return code;
}

static int parse_host(struct redis_address *a, struct str text, struct err *why)
{
	struct str host = text, port = {NULL, 0};
	bool has_port = false;

	if (text.len && text.at[0] == '[') {
		const char *end = memchr(text.at, ']', text.len);
		if (!end)
			return err_set(why, ERR_INVALID, "Redis address: '[' without ']'");
		host = (struct str){text.at + 1, (size_t)(end - text.at) - 1};
		port = (struct str){end + 1, text.len - host.len - 2};
		has_port = port.len > 0;
		if (has_port && port.at[0] != ':')
			return err_set(why, ERR_INVALID, "Redis address: something between ']' and the port");
		port = has_port ? (struct str){port.at + 1, port.len - 1} : port;
	} else {
		const char *colon = text.len ? memchr(text.at, ':', text.len) : NULL;
		if (colon) {
			has_port = true;
			host = (struct str){text.at, (size_t)(colon - text.at)};
			port = (struct str){colon + 1, text.len - host.len - 1};
		}
	}
	int64_t number = REDIS_PORT;
	if (has_port && (!info_int(port, &number) || number < 1 || number > 65535))
		return err_set(why, ERR_INVALID, "Redis address: the port must be a number from 1 to 65535");
	for (size_t i = 0; i < host.len; i++)
		if ((unsigned char)host.at[i] <= ' ' || host.at[i] == 0x7f)
			return err_set(why, ERR_INVALID, "Redis address: a blank or control character in the host");
	a->port = (int)number;
	return decode_into(&a->host, host.len ? host : STR("localhost"), "host", why);
}

/* What stands before the host: user[:password]@. The last '@' ends it, so that a password may hold one. */
static struct str cut_user(struct str *authority, bool *found)
{
	const char *at = authority->len ? memrchr(authority->at, '@', authority->len) : NULL;
	struct str user = {authority->at, at ? (size_t)(at - authority->at) : 0};

	*found = at != NULL;
	if (at) {
		authority->at += user.len + 1;
		authority->len -= user.len + 1;
	}
	return user;
}

static int parse_uri(struct redis_address *a, struct str rest, bool local, struct err *why)
{
	struct str query = rest;
	struct str place = until(&query, '?');
	const char *slash = place.len ? memchr(place.at, '/', place.len) : NULL;
	struct str authority = {place.at, slash ? (size_t)(slash - place.at) : place.len};
	struct str path = {place.at + authority.len, place.len - authority.len};
	bool has_user;
	struct str user = cut_user(&authority, &has_user);
	int code = has_user ? parse_user(a, user, why) : 0;

	if (code)
		return code;
	if (local) {
		if (authority.len || path.len < 2)
			return err_set(why, ERR_INVALID, "Redis address: a Unix socket is unix:///path/to/socket");
		code = decode_into(&a->path, path, "path", why);
	} else {
		code = parse_host(a, authority, why);
		if (!code && path.len > 1)
			code = parse_db(a, (struct str){path.at + 1, path.len - 1}, why);
	}
	return code ? code : parse_query(a, query, why);
}

static const struct {
	const char *scheme;
	bool tls, local;
} schemes[] = {
	{"redis://", false, false}, {"rediss://", true, false}, {"valkey://", false, false}, {"valkeys://", true, false},
	{"unix://", false, true},   {"redis+unix://", false, true},
};

int redis_address_parse(struct redis_address *out, const char *text, struct err *why)
{
	struct redis_address a = {.port = REDIS_PORT};
	int code;

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		size_t len = strlen(schemes[i].scheme);
		if (strncasecmp(text, schemes[i].scheme, len) != 0)
			continue;
		a.tls = schemes[i].tls;
		code = parse_uri(&a, str_from(text + len), schemes[i].local, why);
		goto out;
	}
	if (strstr(text, "://")) {
		code = err_set(why, ERR_INVALID, "Redis address: unknown scheme; known: redis, rediss, unix");
		goto out;
	}
	if (text[0] == '/') {
		a.path = mem_strdup(text);
		code = 0;
		goto out;
	}
	code = text[0] ? parse_uri(&a, str_from(text), false, why)
	               : err_set(why, ERR_INVALID, "Redis address: empty (for example redis://localhost:6379)");
out:
	if (code)
		redis_address_release(&a);
	else
		*out = a;
	return code;
}

void redis_address_release(struct redis_address *a)
{
	if (a->password)
		mem_wipe(a->password, strlen(a->password));
	free(a->password);
	free(a->user);
	free(a->host);
	free(a->path);
	*a = (struct redis_address){0};
}

void redis_address_text(const struct redis_address *a, char *out, size_t room)
{
	char db[16] = "";

	if (a->db)
		snprintf(db, sizeof(db), "/%d", a->db);
	if (a->path)
		snprintf(out, room, "%s%s%s", a->path, a->db ? "?db=" : "", a->db ? db + 1 : "");
	else
		snprintf(out, room, strchr(a->host, ':') ? "[%s]:%d%s" : "%s:%d%s", a->host, a->port, db);
}
