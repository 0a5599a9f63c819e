/* SPDX-License-Identifier: PostgreSQL */
#include "source/resp.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

#include "core/clean.h"
#include "core/mem.h"

/* hiredis 1.0 widened a hook's parameter and added types of RESP3, which no server sends unless asked for. */
#if HIREDIS_MAJOR >= 1
typedef size_t resp_elements;
#else
typedef int resp_elements;
#endif

struct resp {
	redisReader *reader;
	redisReplyObjectFunctions hooks;
	size_t fed;        /* bytes since the last whole reply */
	int elements;      /* of the reply that is being read */
	bool too_many;
	bool first_checked;
};

/* --- objects ------------------------------------------------------------------------------------------------ */

/* Puts a new object where its task says. Arrays grow as elements come, so an announced count costs nothing. */
static void *attach(const redisReadTask *task, struct resp_reply *reply)
{
	if (!task->parent)
		return reply;
	struct resp_reply *array = task->parent->obj;
	if ((array->count & (array->count - 1)) == 0)
		array->element = mem_resize(array->element, array->count ? (size_t)array->count * 2 : 1,
		                            sizeof(array->element[0]));
	array->element[array->count++] = reply;
	return reply;
}

/* NULL makes the reader fail with "out of memory"; resp_next() gives that its true name. */
static struct resp_reply *make(const redisReadTask *task, enum resp_type type)
{
	struct resp *r = task->privdata;

	if (r->elements >= RESP_ELEMENTS_MAX) {
		r->too_many = true;
		return NULL;
	}
	r->elements++;
	struct resp_reply *reply = mem_alloc(sizeof(*reply));
	reply->type = type;
	return reply;
}

static void *make_string(const redisReadTask *task, char *bytes, size_t len)
{
	enum resp_type type = task->type == REDIS_REPLY_ERROR    ? RESP_ERROR
	                      : task->type == REDIS_REPLY_STATUS ? RESP_STATUS
	                                                         : RESP_STRING;
	struct resp_reply *reply = make(task, type);
	if (!reply)
		return NULL;
	reply->text = (struct str){mem_strndup(bytes, len), len};
	return attach(task, reply);
}

static void *make_array(const redisReadTask *task, resp_elements count)
{
	struct resp *r = task->privdata;

	if (count > RESP_ELEMENTS_MAX) {
		r->too_many = true;
		return NULL;
	}
	struct resp_reply *reply = make(task, RESP_ARRAY);
	return reply ? attach(task, reply) : NULL;
}

static void *make_integer(const redisReadTask *task, long long value)
{
	struct resp_reply *reply = make(task, RESP_INTEGER);
	if (!reply)
		return NULL;
	reply->integer = value;
	return attach(task, reply);
}

static void *make_nil(const redisReadTask *task)
{
	struct resp_reply *reply = make(task, RESP_NIL);
	return reply ? attach(task, reply) : NULL;
}

#if HIREDIS_MAJOR >= 1
static void *refuse_double(const redisReadTask *task, double value, char *text, size_t len)
{
	(void)task, (void)value, (void)text, (void)len;
	return NULL;
}

static void *refuse_bool(const redisReadTask *task, int value)
{
	(void)task, (void)value;
	return NULL;
}
#endif

static void free_object(void *reply)
{
	resp_reply_free(reply);
}

void resp_reply_free(struct resp_reply *reply)
{
	if (!reply)
		return;
	for (int i = 0; i < reply->count; i++)
		resp_reply_free(reply->element[i]);
	free(reply->element);
	union { /* owned here, const for everybody else */
		const char *constant;
		char *owned;
	} text = {.constant = reply->text.at};
	free(text.owned);
	free(reply);
}

/* --- reader ------------------------------------------------------------------------------------------------- */

struct resp *resp_new(void)
{
	struct resp *r = mem_alloc(sizeof(*r));

	r->hooks.createString = make_string;
	r->hooks.createArray = make_array;
	r->hooks.createInteger = make_integer;
	r->hooks.createNil = make_nil;
	r->hooks.freeObject = free_object;
#if HIREDIS_MAJOR >= 1
	r->hooks.createDouble = refuse_double;
	r->hooks.createBool = refuse_bool;
#endif
	r->reader = redisReaderCreateWithFunctions(&r->hooks);
	if (!r->reader) {
		free(r);
		return NULL;
	}
	r->reader->privdata = r;
	return r;
}

void resp_free(struct resp *r)
{
	if (!r)
		return;
	redisReaderFree(r->reader);
	free(r);
}

/* Bytes that were fed but belong to no reply yet (without the type byte of the one that is being read). */
static size_t pending_bytes(const struct resp *r)
{
	return r->reader->len - r->reader->pos;
}

/* The very first byte tells a Redis server from a web server, a shell or PostgreSQL. */
static int check_first(struct resp *r, const char *bytes, size_t len, struct err *why)
{
	r->first_checked = true;
	if (memchr("+-:$*", bytes[0], 5))
		return 0;
	if ((unsigned char)bytes[0] == 0x15)
		return err_set(why, ERR_PROTOCOL, "not a Redis server in clear: it speaks TLS (use rediss://)");
	struct buf seen = BUF_INIT(400);
	clean_text(&seen, bytes, len < 40 ? len : 40, CLEAN_LINE);
	err_set(why, ERR_PROTOCOL, "not a Redis server: it says \"%s\"", buf_text(&seen));
	buf_release(&seen);
	return ERR_PROTOCOL;
}

int resp_feed(struct resp *r, const char *bytes, size_t len, struct err *why)
{
	if (len == 0)
		return 0;
	if (!r->first_checked && check_first(r, bytes, len, why))
		return ERR_PROTOCOL;
	if (redisReaderFeed(r->reader, bytes, len) != REDIS_OK)
		return err_set(why, ERR_PROTOCOL, "the reply could not be read: %s", r->reader->errstr);
	r->fed += len;
	return 0;
}

/* hiredis looks for the end of a line through all that is there, again with every piece that comes; a line without an end
 * must not get that far. */
static bool line_is_endless(const struct resp *r)
{
	size_t pending = pending_bytes(r);

	return pending >= RESP_LINE_MAX && !memmem(r->reader->buf + r->reader->pos, RESP_LINE_MAX, "\r\n", 2);
}

int resp_next(struct resp *r, struct resp_reply **out, struct err *why)
{
	void *reply = NULL;

	if (line_is_endless(r))
		return err_set(why, ERR_TOO_BIG, "a line of the reply is longer than %d bytes", RESP_LINE_MAX);
	if (redisReaderGetReply(r->reader, &reply) != REDIS_OK) {
		if (r->too_many)
			return err_set(why, ERR_TOO_BIG, "a reply has more than %d elements", RESP_ELEMENTS_MAX);
		return err_set(why, ERR_PROTOCOL, "broken reply: %s", r->reader->errstr);
	}
	if (!reply) {
		if (r->fed > RESP_BYTES_MAX)
			return err_set(why, ERR_TOO_BIG, "a reply is larger than %d MiB", RESP_BYTES_MAX >> 20);
		return 0;
	}
	r->fed = pending_bytes(r);
	r->elements = 0;
	*out = reply;
	return 1;
}

/* --- commands ----------------------------------------------------------------------------------------------- */

/* "*3\r\n", "$12\r\n" */
static bool add_head(struct buf *out, char mark, size_t number)
{
	char text[24];
	size_t at = sizeof(text);

	text[--at] = '\n';
	text[--at] = '\r';
	do
		text[--at] = (char)('0' + number % 10);
	while (number /= 10);
	text[--at] = mark;
	return buf_add(out, text + at, sizeof(text) - at);
}

/* Written here rather than by hiredis, which formats with sprintf() into memory of its own: that took a sixth of a warm-up. */
bool resp_command(struct buf *out, int argc, const struct str *argv)
{
	size_t total = 16;

	for (int i = 0; i < argc && argc <= RESP_ARGS_MAX; i++)
		total += argv[i].len + 26;
	if (argc < 1 || argc > RESP_ARGS_MAX || !buf_reserve(out, total)) {
		out->failed = true;
		return false;
	}
	add_head(out, '*', (size_t)argc);
	for (int i = 0; i < argc; i++) {
		add_head(out, '$', argv[i].len);
		buf_addstr(out, argv[i]);
		buf_add(out, "\r\n", 2);
	}
	return !out->failed;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int resp_command_line(struct buf *out, struct str line, struct err *why)
{
	struct str word[RESP_ARGS_MAX];
	int count = 0;

	for (size_t i = 0; i < line.len;) {
		if (is_blank(line.at[i])) {
			i++;
			continue;
		}
		if (count == RESP_ARGS_MAX)
			return err_set(why, ERR_INVALID, "a command has more than %d words", RESP_ARGS_MAX);
		bool quoted = line.at[i] == '"';
		size_t from = i += quoted;
		while (i < line.len && (quoted ? line.at[i] != '"' : !is_blank(line.at[i])))
			i++;
		if (quoted && i == line.len)
			return err_set(why, ERR_INVALID, "a quote in a command is not closed");
		word[count++] = (struct str){line.at + from, i - from};
		i += quoted;
	}
	if (count == 0)
		return err_set(why, ERR_INVALID, "a command is empty");
	if (!resp_command(out, count, word))
		return err_set(why, ERR_TOO_BIG, "the commands are larger than %zu bytes", out->limit);
	return 0;
}
