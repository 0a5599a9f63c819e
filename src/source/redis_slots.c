/* SPDX-License-Identifier: PostgreSQL */
#include "source/redis_slots.h"

#include <string.h>

#include "source/redis_info.h"

static uint16_t crc16(struct str text)
{
	unsigned crc = 0;

	for (size_t i = 0; i < text.len; i++) {
		/* x^16 + x^12 + x^5 + 1, most significant bit first, a byte at a time without a table */
		unsigned x = (crc >> 8 ^ (unsigned char)text.at[i]) & 0xff;
		x ^= x >> 4;
		crc = (crc << 8 ^ x << 12 ^ x << 5 ^ x) & 0xffff;
	}
	return (uint16_t)crc;
}

unsigned redis_slot(struct str key)
{
	const char *open = key.len ? memchr(key.at, '{', key.len) : NULL;

	if (open) {
		size_t left = key.len - (size_t)(open + 1 - key.at);
		const char *close = left ? memchr(open + 1, '}', left) : NULL;
		if (close && close > open + 1)
			key = (struct str){open + 1, (size_t)(close - open - 1)};
	}
	return crc16(key) % REDIS_SLOTS;
}

static bool put_host(struct redis_place *to, struct str host)
{
	if (host.len > REDIS_HOST_MAX)
		return false;
	for (size_t i = 0; i < host.len; i++) {
		unsigned char c = (unsigned char)host.at[i];
		if (c <= ' ' || c >= 0x7f || strchr("/@?#[]%", c)) /* it becomes part of an address */
			return false;
	}
	if (host.len)
		memcpy(to->host, host.at, host.len);
	to->host[host.len] = '\0';
	return true;
}

static bool put_place(struct redis_place *to, struct str text)
{
	const char *colon = text.len ? memrchr(text.at, ':', text.len) : NULL;
	int64_t port;

	if (!colon)
		return false;
	struct str host = {text.at, (size_t)(colon - text.at)};
	struct str digits = {colon + 1, text.len - host.len - 1};
	if (host.len >= 2 && host.at[0] == '[' && host.at[host.len - 1] == ']')
		host = (struct str){host.at + 1, host.len - 2};
	if (!info_int(digits, &port) || port < 1 || port > 65535 || !put_host(to, host))
		return false;
	to->port = (int)port;
	return true;
}

bool redis_redirect(struct str text, bool *ask, unsigned *slot, struct redis_place *to)
{
	struct str rest = text, word, number;
	int64_t value;
	const char *blank;

	*ask = text.len > 4 && memcmp(text.at, "ASK ", 4) == 0;
	if (!*ask && (text.len <= 6 || memcmp(text.at, "MOVED ", 6) != 0))
		return false;
	size_t skip = *ask ? 4 : 6;
	rest = (struct str){text.at + skip, text.len - skip};
	blank = memchr(rest.at, ' ', rest.len);
	if (!blank)
		return false;
	number = (struct str){rest.at, (size_t)(blank - rest.at)};
	word = (struct str){blank + 1, rest.len - number.len - 1};
	if (!info_int(number, &value) || value < 0 || value >= REDIS_SLOTS)
		return false;
	*slot = (unsigned)value;
	return put_place(to, word);
}

static bool is_slot(const struct resp_reply *reply)
{
	return reply->type == RESP_INTEGER && reply->integer >= 0 && reply->integer < REDIS_SLOTS;
}

int redis_slots_read(const struct resp_reply *reply, void (*fn)(void *ctx, unsigned from, unsigned to, const struct redis_place *at),
                     void *ctx, struct err *why)
{
	if (reply->type != RESP_ARRAY)
		return err_set(why, ERR_PROTOCOL, "CLUSTER SLOTS was not answered with a list");
	for (int i = 0; i < reply->count; i++) {
		const struct resp_reply *range = reply->element[i];
		struct redis_place at = {.port = 0};
		if (range->type != RESP_ARRAY || range->count < 2 || !is_slot(range->element[0]) || !is_slot(range->element[1]))
			return err_set(why, ERR_PROTOCOL, "CLUSTER SLOTS: a range is not one");
		if (range->count < 3)
			continue;
		const struct resp_reply *node = range->element[2];
		if (node->type != RESP_ARRAY || node->count < 2 || node->element[1]->type != RESP_INTEGER)
			return err_set(why, ERR_PROTOCOL, "CLUSTER SLOTS: a node is not one");
		struct str host = node->element[0]->type == RESP_STRING ? node->element[0]->text : STR("");
		int64_t port = node->element[1]->integer;
		/* "?": a node that does not know its own address (preferred endpoint unknown-endpoint) */
		if (str_is(host, "?"))
			host = STR("");
		if (port < 1 || port > 65535 || !put_host(&at, host))
			return err_set(why, ERR_PROTOCOL, "CLUSTER SLOTS: a node has no usable address");
		at.port = (int)port;
		fn(ctx, (unsigned)range->element[0]->integer, (unsigned)range->element[1]->integer, &at);
	}
	return 0;
}

bool redis_node_place(struct str nodes, struct str id, struct redis_place *to)
{
	struct str line;

	while (info_line(&nodes, &line)) {
		if (id.len == 0 || line.len <= id.len || memcmp(line.at, id.at, id.len) != 0 || line.at[id.len] != ' ')
			continue;
		struct str place = {line.at + id.len + 1, line.len - id.len - 1};
		for (size_t i = 0; i < place.len; i++)
			if (strchr("@, ", place.at[i])) {
				place.len = i;
				break;
			}
		/* ":0": of one that has never been heard of; an IPv6 address stands without brackets, its port behind the last colon */
		return put_place(to, place);
	}
	return false;
}
