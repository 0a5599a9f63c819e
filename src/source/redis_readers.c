/* SPDX-License-Identifier: PostgreSQL */
#include "source/redis_readers.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clean.h"
#include "core/mem.h"
#include "source/redis_info.h"

enum {
	READER_NAME_MAX = 128,      /* of a command or a field */
	READER_TEXT_MAX = 4096,     /* of a joined slow log command */
	READER_HISTOGRAM_MAX = 64,  /* buckets */
};

/* --- values ------------------------------------------------------------------------------------------------- */

static void set_type(struct sample *s, int field, enum sample_type type)
{
	if (s->column[field].type == SAMPLE_ABSENT)
		sample_type(s, field, type);
}

static void put_number(struct sample *s, int row, int field, struct str value)
{
	int64_t integer;
	double number;

	if (info_int(value, &integer)) {
		set_type(s, field, SAMPLE_INT);
		sample_set_int(s, row, field, integer);
	} else if (info_number(value, &number)) {
		set_type(s, field, SAMPLE_FLOAT);
		sample_set_float(s, row, field, number);
	}
}

/* Seconds since 1970; Redis says 0 or -1 for "never". */
static void put_time(struct sample *s, int row, int field, struct str value)
{
	int64_t seconds;

	if (!info_int(value, &seconds) || seconds <= 0 || seconds > INT64_MAX / 1000000)
		return;
	set_type(s, field, SAMPLE_INT);
	sample_set_int(s, row, field, seconds * 1000000);
}

static void put_bool(struct sample *s, int row, int field, struct str value)
{
	bool yes = str_is(value, "1") || str_is(value, "yes");

	if (!yes && !str_is(value, "0") && !str_is(value, "no"))
		return;
	set_type(s, field, SAMPLE_BOOL);
	sample_set_int(s, row, field, yes);
}

void redis_put(const struct panel *p, struct sample *s, int row, int field, struct str value)
{
	switch (p->field[field].kind) {
	case FIELD_GAUGE:
	case FIELD_COUNTER:
	case FIELD_ID:
		put_number(s, row, field, value);
		break;
	case FIELD_TIME:
		put_time(s, row, field, value);
		break;
	case FIELD_BOOL:
		put_bool(s, row, field, value);
		break;
	case FIELD_TEXT:
	case FIELD_HISTOGRAM:
		set_type(s, field, SAMPLE_TEXT);
		sample_set_text(s, row, field, value.at, value.len);
		break;
	}
}

/* The field of a server's name, in which '-' is written '_' ("lib-name"); -1 when the panel does not want it. */
static int field_of(const struct panel *p, struct str name)
{
	char plain[READER_NAME_MAX];

	if (name.len == 0 || name.len > sizeof(plain))
		return -1;
	for (size_t i = 0; i < name.len; i++)
		plain[i] = name.at[i] == '-' ? '_' : name.at[i];
	return panel_field_by_name(p, (struct str){plain, name.len});
}

/* Puts a named value unless the row has one already: the first one counts. */
static void put_named(const struct panel *p, struct sample *s, int row, struct str name, struct str value)
{
	int field = field_of(p, name);

	if (field < 0)
		return;
	if (s->column[field].type != SAMPLE_ABSENT && sample_cell(s, row, field).kind != CELL_UNKNOWN)
		return;
	redis_put(p, s, row, field, value);
}

/* A row while the panel's limit allows one, else -1 with `cut` set. */
static int add_row(const struct panel *p, struct sample *s)
{
	if (p->limit > 0 && s->rows >= p->limit) {
		s->cut = true;
		return -1;
	}
	return sample_add_row(s);
}

static int unexpected(struct err *why, const char *command)
{
	return err_set(why, ERR_PROTOCOL, "%s was answered in a form that Redis does not use", command);
}

static int want_text(const struct resp_reply *reply, const char *command, struct err *why)
{
	if (reply->type == RESP_ERROR)
		return redis_error(reply, command, why);
	/* A verbatim status would be legal, and says the same. */
	return reply->type == RESP_STRING || reply->type == RESP_STATUS ? 0 : unexpected(why, command);
}

/* --- histograms --------------------------------------------------------------------------------------------- */

struct buckets { /* by rising bound; what is in each alone */
	int64_t bound[READER_HISTOGRAM_MAX], count[READER_HISTOGRAM_MAX];
	int used;
};

static bool add_bucket(struct buckets *b, int64_t bound, int64_t count)
{
	int at = b->used;

	while (at > 0 && b->bound[at - 1] >= bound)
		at--;
	if (at == b->used || b->bound[at] != bound) {
		if (b->used == READER_HISTOGRAM_MAX)
			return false;
		memmove(b->bound + at + 1, b->bound + at, (size_t)(b->used - at) * sizeof(*b->bound));
		memmove(b->count + at + 1, b->count + at, (size_t)(b->used - at) * sizeof(*b->count));
		b->bound[at] = bound;
		b->count[at] = 0;
		b->used++;
	}
	return !__builtin_add_overflow(b->count[at], count, &b->count[at]);
}

/* ["calls", n, "histogram_usec", [bound, cumulated count, ...]]: bounds must grow and counts not shrink. */
static bool add_histogram(struct buckets *b, const struct resp_reply *about)
{
	const struct resp_reply *pairs = NULL;
	int64_t bound = -1, seen = 0;

	if (about->type != RESP_ARRAY)
		return false;
	for (int i = 0; i + 1 < about->count; i += 2)
		if (about->element[i]->type == RESP_STRING && str_is(about->element[i]->text, "histogram_usec"))
			pairs = about->element[i + 1];
	if (!pairs || pairs->type != RESP_ARRAY || pairs->count % 2)
		return false;
	for (int i = 0; i < pairs->count; i += 2) {
		const struct resp_reply *to = pairs->element[i], *n = pairs->element[i + 1];
		if (to->type != RESP_INTEGER || n->type != RESP_INTEGER || to->integer <= bound || n->integer < seen ||
		    !add_bucket(b, to->integer, n->integer - seen))
			return false;
		bound = to->integer;
		seen = n->integer;
	}
	return true;
}

/* "bound:cumulated count ..."; false when they are too many to count. */
static bool histogram_text(const struct buckets *b, struct buf *out)
{
	int64_t seen = 0;

	for (int i = 0; i < b->used; i++) {
		if (__builtin_add_overflow(seen, b->count[i], &seen))
			return false;
		buf_addf(out, "%s%" PRId64 ":%" PRId64, i ? " " : "", b->bound[i], seen);
	}
	return !out->failed;
}

/* LATENCY HISTOGRAM, all commands in one; one that cannot be read makes the whole unknown. */
static void put_all_histograms(const struct panel *p, struct sample *s, int row, const struct resp_reply *list)
{
	struct buf text = BUF_INIT(READER_TEXT_MAX);
	struct buckets all = {.used = 0};
	bool good = list->count > 1 && list->element[1]->type == RESP_ARRAY;

	for (int i = 0; good && i + 1 < list->count; i += 2)
		good = add_histogram(&all, list->element[i + 1]);
	if (good && histogram_text(&all, &text))
		put_named(p, s, row, STR("latency"), buf_str(&text));
	buf_release(&text);
}

/* --- info --------------------------------------------------------------------------------------------------- */

static int read_info(const struct panel *p, struct resp_reply *const *reply, int count,
                     const struct redis_facts *facts, struct sample *s, struct err *why)
{
	int code = want_text(reply[0], "INFO", why);
	if (code)
		return code;
	int row = sample_add_row(s);
	if (row < 0)
		return 0;
	int ping = panel_field_by_name(p, STR("ping_ms"));
	if (ping >= 0 && isfinite(facts->ping_ms)) {
		sample_type(s, ping, SAMPLE_FLOAT);
		sample_set_float(s, row, ping, facts->ping_ms);
	}
	for (int i = 0; i < count; i++) {
		const struct resp_reply *r = reply[i];
		struct str rest = r->text, name, value;
		if (r->type == RESP_STRING || r->type == RESP_STATUS)
			while (info_next(&rest, &name, &value))
				put_named(p, s, row, name, value);
		if (r->type != RESP_ARRAY)
			continue;
		/* CONFIG GET: names and values in turn */
		for (int k = 0; k + 1 < r->count; k += 2)
			if (r->element[k]->type == RESP_STRING && r->element[k + 1]->type == RESP_STRING)
				put_named(p, s, row, r->element[k]->text, r->element[k + 1]->text);
		put_all_histograms(p, s, row, r);
	}
	return 0;
}

/* --- commandstats ------------------------------------------------------------------------------------------- */

/* The row of a command, made when it is not there yet; -1 at the ceiling. */
static int command_row(const struct panel *p, struct sample *s, struct map *rows, struct str command)
{
	uint64_t key = map_hash(MAP_SEED, command.at, command.len), row;

	if (map_get(rows, key, &row))
		return (int)row;
	int made = add_row(p, s);
	if (made >= 0) {
		map_put(rows, key, (uint64_t)made);
		put_named(p, s, made, STR("command"), command);
	}
	return made;
}

static bool cut_prefix(struct str *text, struct str prefix)
{
	if (text->len <= prefix.len || memcmp(text->at, prefix.at, prefix.len) != 0)
		return false;
	text->at += prefix.len;
	text->len -= prefix.len;
	return true;
}

/* p50=1.003,p99=...: fields p50_usec, p99_usec, p99_9_usec (since the server's start). */
static void put_percentile(const struct panel *p, struct sample *s, int row, struct str name, struct str value)
{
	char field[32];

	if (name.len > 16)
		return;
	int len = snprintf(field, sizeof(field), "%.*s_usec", (int)name.len, name.at);
	for (int i = 0; i < len; i++)
		if (field[i] == '.')
			field[i] = '_';
	put_named(p, s, row, (struct str){field, (size_t)len}, value);
}

static void read_command_lines(const struct panel *p, struct sample *s, struct map *rows, struct str info)
{
	struct str name, value, key, number;

	while (info_next(&info, &name, &value)) {
		bool percentiles = cut_prefix(&name, STR("latency_percentiles_usec_"));
		if (!percentiles && !cut_prefix(&name, STR("cmdstat_")))
			continue;
		int row = command_row(p, s, rows, name);
		while (row >= 0 && info_pair(&value, ',', &key, &number))
			if (percentiles)
				put_percentile(p, s, row, key, number);
			else
				put_named(p, s, row, key, number);
	}
}

static void read_histograms(const struct panel *p, struct sample *s, struct map *rows, const struct resp_reply *list)
{
	int field = panel_field_by_name(p, STR("latency"));
	struct buf text = BUF_INIT(READER_TEXT_MAX);

	for (int i = 0; field >= 0 && i + 1 < list->count; i += 2) {
		uint64_t row;
		const struct str command = list->element[i]->text;
		/* Only commands that commandstats knows: the two must tell of the same life of the counters. */
		if (list->element[i]->type != RESP_STRING ||
		    !map_get(rows, map_hash(MAP_SEED, command.at, command.len), &row))
			continue;
		struct buckets one = {.used = 0};
		buf_clear(&text);
		if (add_histogram(&one, list->element[i + 1]) && histogram_text(&one, &text))
			put_named(p, s, (int)row, STR("latency"), buf_str(&text));
	}
	buf_release(&text);
}

static int read_commandstats(const struct panel *p, struct resp_reply *const *reply, int count,
                             const struct redis_facts *facts, struct sample *s, struct err *why)
{
	struct map rows = {0};

	(void)facts;
	int code = want_text(reply[0], "INFO", why);
	if (code)
		return code;
	for (int i = 0; i < count; i++)
		if (reply[i]->type == RESP_STRING)
			read_command_lines(p, s, &rows, reply[i]->text);
	for (int i = 0; i < count; i++)
		if (reply[i]->type == RESP_ARRAY)
			read_histograms(p, s, &rows, reply[i]);
	map_release(&rows);
	return 0;
}

/* --- keyspace ----------------------------------------------------------------------------------------------- */

static int read_keyspace(const struct panel *p, struct resp_reply *const *reply, int count,
                         const struct redis_facts *facts, struct sample *s, struct err *why)
{
	struct str rest, name, value, key, number;
	int64_t db;

	(void)count, (void)facts;
	int code = want_text(reply[0], "INFO", why);
	if (code)
		return code;
	rest = reply[0]->text;
	while (info_next(&rest, &name, &value)) {
		if (!cut_prefix(&name, STR("db")) || !info_int(name, &db) || db < 0)
			continue;
		int row = add_row(p, s);
		if (row < 0)
			break;
		put_named(p, s, row, STR("db"), name);
		while (info_pair(&value, ',', &key, &number))
			put_named(p, s, row, key, number);
	}
	return 0;
}

/* --- slowlog ------------------------------------------------------------------------------------------------ */

static void join_words(const struct resp_reply *words, struct buf *out)
{
	for (int i = 0; i < words->count && out->len < READER_TEXT_MAX; i++) {
		struct str word = words->element[i]->text;
		size_t left = READER_TEXT_MAX - out->len;
		if (i)
			buf_addc(out, ' ');
		buf_add(out, word.at, word.len < left ? word.len : left);
	}
}

static void put_reply(const struct panel *p, struct sample *s, int row, struct str name, const struct resp_reply *r)
{
	char digits[24];

	if (r->type == RESP_INTEGER) {
		int len = snprintf(digits, sizeof(digits), "%" PRId64, r->integer);
		put_named(p, s, row, name, (struct str){digits, (size_t)len});
	} else if (r->type == RESP_STRING || r->type == RESP_STATUS) {
		put_named(p, s, row, name, r->text);
	}
}

static int read_slowlog(const struct panel *p, struct resp_reply *const *reply, int count,
                        const struct redis_facts *facts, struct sample *s, struct err *why)
{
	struct buf text = BUF_INIT(READER_TEXT_MAX + 8);

	(void)count, (void)facts;
	if (reply[0]->type == RESP_ERROR)
		return redis_error(reply[0], "SLOWLOG GET", why);
	if (reply[0]->type != RESP_ARRAY)
		return unexpected(why, "SLOWLOG GET");
	for (int i = 0; i < reply[0]->count; i++) {
		const struct resp_reply *entry = reply[0]->element[i];
		if (entry->type != RESP_ARRAY || entry->count < 4 || entry->element[3]->type != RESP_ARRAY)
			continue;
		int row = add_row(p, s);
		if (row < 0)
			break;
		put_reply(p, s, row, STR("id"), entry->element[0]);
		put_reply(p, s, row, STR("time"), entry->element[1]);
		put_reply(p, s, row, STR("duration_us"), entry->element[2]);
		buf_clear(&text);
		join_words(entry->element[3], &text);
		put_named(p, s, row, STR("command"), buf_str(&text));
		if (entry->count >= 6) { /* since Redis 4 */
			put_reply(p, s, row, STR("client"), entry->element[4]);
			put_reply(p, s, row, STR("client_name"), entry->element[5]);
		}
	}
	buf_release(&text);
	return 0;
}

/* --- clients ------------------------------------------------------------------------------------------------ */

static int read_clients(const struct panel *p, struct resp_reply *const *reply, int count,
                        const struct redis_facts *facts, struct sample *s, struct err *why)
{
	struct str rest, line, name, value;

	(void)count, (void)facts;
	int code = want_text(reply[0], "CLIENT LIST", why);
	if (code)
		return code;
	rest = reply[0]->text;
	while (info_line(&rest, &line)) {
		/* Every line begins with its id; one that does not was forged or torn. */
		if (line.len < 4 || memcmp(line.at, "id=", 3) != 0)
			continue;
		int row = add_row(p, s);
		if (row < 0)
			break;
		while (info_pair(&line, ' ', &name, &value))
			put_named(p, s, row, name, value);
	}
	return 0;
}

/* --- hash --------------------------------------------------------------------------------------------------- */

static int read_hash(const struct panel *p, struct resp_reply *const *reply, int count, const struct redis_facts *facts,
                     struct sample *s, struct err *why)
{
	struct str name, value;

	(void)count, (void)facts;
	if (reply[0]->type == RESP_ERROR)
		return redis_error(reply[0], "HGETALL", why);
	if (reply[0]->type != RESP_ARRAY)
		return unexpected(why, "HGETALL");
	for (int i = 0; i + 1 < reply[0]->count; i += 2) {
		struct str line = reply[0]->element[i + 1]->text;
		int row = add_row(p, s);

		if (row < 0)
			break;
		put_reply(p, s, row, STR("field"), reply[0]->element[i]);
		while (info_pair(&line, ' ', &name, &value))
			put_named(p, s, row, name, value);
	}
	return 0;
}

/* --- errors ------------------------------------------------------------------------------------------------- */

/* Category of the commands that dytop sends, for the grant that a person has to ask for. */
static const struct {
	const char *command, *rule;
} grants[] = {
	{"INFO", "+info (category @dangerous)"},
	{"SLOWLOG", "+slowlog|get (categories @admin, @dangerous)"},
	{"CLIENT LIST", "+client|list (categories @admin, @dangerous)"},
	{"LATENCY", "+latency (categories @admin, @dangerous)"},
	{"CONFIG", "+config|get (categories @admin, @dangerous)"},
	{"SCAN", "+scan (category @keyspace)"},
	{"DBSIZE", "+dbsize (category @keyspace)"},
	{"MEMORY", "+memory|usage (category @read)"},
	{"PING", "+ping (category @connection)"},
};

static int no_permission(const char *command, struct err *why)
{
	for (size_t i = 0; i < ARRAY_LEN(grants); i++)
		if (strncasecmp(command, grants[i].command, strlen(grants[i].command)) == 0)
			return err_set(why, ERR_PRIVILEGE, "no permission for %s: the ACL user needs %s", command,
			               grants[i].rule);
	return err_set(why, ERR_PRIVILEGE, "no permission for %s: the ACL user needs it", command);
}

static const struct {
	const char *prefix;
	int code;
	const char *words; /* NULL: the server's own */
} error_words[] = {
	{"NOAUTH", ERR_AUTH, "the server asks for a password"},
	{"WRONGPASS", ERR_AUTH, "wrong user or password, or the user is disabled"},
	{"LOADING", ERR_BUSY, "loading its data set"},
	{"BUSY", ERR_BUSY, "busy with a script"},
	{"MASTERDOWN", ERR_BUSY, "a replica without its primary that may not serve old data"},
	{"READONLY", ERR_QUERY, "a read-only replica"},
	{"CLUSTERDOWN", ERR_BUSY, "the cluster is down"},
	{"MISCONF", ERR_QUERY, "cannot write its snapshots to disk"},
	{"OOM", ERR_QUERY, "out of memory by its maxmemory"},
	{"ERR unknown command", ERR_UNSUPPORTED, NULL},
	{"ERR unknown subcommand", ERR_UNSUPPORTED, NULL},
	{"ERR Unknown subcommand", ERR_UNSUPPORTED, NULL},
	{"ERR max number of clients reached", ERR_CONNECT, "its maxclients is reached"},
	{"ERR invalid password", ERR_AUTH, "wrong password"},
	{"ERR AUTH", ERR_AUTH, "no password is set on this server, but one was given"},
	{"ERR Client sent AUTH, but no password is set", ERR_AUTH, "no password is set on this server, but one was given"},
	{"DENIED", ERR_AUTH, "protected mode: only local clients, until a password is set"},
};

int redis_error(const struct resp_reply *reply, const char *command, struct err *why)
{
	if (reply->text.len >= 6 && memcmp(reply->text.at, "NOPERM", 6) == 0)
		return no_permission(command, why);
	for (size_t i = 0; i < ARRAY_LEN(error_words); i++) {
		size_t len = strlen(error_words[i].prefix);
		if (reply->text.len < len || memcmp(reply->text.at, error_words[i].prefix, len) != 0)
			continue;
		if (error_words[i].code == ERR_UNSUPPORTED)
			return err_set(why, ERR_UNSUPPORTED, "this server has no %s", command);
		return err_set(why, error_words[i].code, "%s", error_words[i].words);
	}
	struct buf text = BUF_INIT(1024);
	clean_text(&text, reply->text.at, reply->text.len < 200 ? reply->text.len : 200, CLEAN_LINE);
	err_set(why, ERR_QUERY, "%s: %s", command, buf_text(&text));
	buf_release(&text);
	return ERR_QUERY;
}

static const struct redis_reader readers[] = {
	{"info", read_info},         {"commandstats", read_commandstats}, {"keyspace", read_keyspace},
	{"slowlog", read_slowlog},   {"clients", read_clients},         {"hash", read_hash},
};

const struct redis_reader *redis_reader_find(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_LEN(readers); i++)
		if (strcmp(readers[i].name, name) == 0)
			return &readers[i];
	return NULL;
}
