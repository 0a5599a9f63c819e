/* SPDX-License-Identifier: PostgreSQL */
#include "source/redis_readers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "source/redis_keys.h"
#include "unit.h"

/* A panel with these fields ("a: gauge\n  b: text") and no columns that matter. */
static struct panel *panel_of(const char *reader, const char *fields, const char *more)
{
	char text[2048];
	struct panel *p = NULL;
	struct err why = {0};
	const char *first = fields;
	int len = (int)strcspn(first, ":");

	snprintf(text, sizeof(text),
	         "/* dytop panel\ntitle: T\nabout: A.\nsource: redis\nreader: %s\n%sfields:\n  %s\ncolumns:\n"
	         "  - {name: c, title: C, expr: %.*s, width: 5, priority: 1, about: x}\n*/\n-- since 60000\nINFO\n",
	         reader, more, fields, len, first);
	int code = panel_parse(&p, "t", "t.sql", text, strlen(text), &why);
	ck_assert_msg(code == 0, "%s", why.text);
	return p;
}

/* Parses raw bytes into replies, which belong to `kept`. */
static int replies(const char *bytes, size_t len, struct resp_reply **kept, int max)
{
	struct resp *r = resp_new();
	struct err why;
	int count = 0, got = 1;

	ck_assert_int_eq(resp_feed(r, bytes, len, &why), 0);
	while (count < max && (got = resp_next(r, &kept[count], &why)) == 1)
		count++;
	ck_assert_msg(got >= 0, "%s", why.text);
	resp_free(r);
	return count;
}

struct result {
	struct panel *panel;
	struct sample *sample;
	int code;
	struct err why;
};

static struct result read_raw(struct panel *p, const char *bytes, size_t len)
{
	struct result r = {.panel = p, .sample = sample_new(p->field_count)};
	const struct redis_facts facts = {.ping_ms = 0.25};
	struct resp_reply *reply[8];
	int count = replies(bytes, len, reply, 8);

	r.code = redis_reader_find(p->reader)->read(p, reply, count, &facts, r.sample, &r.why);
	sample_finish(r.sample, p->key, p->key_count);
	for (int i = 0; i < count; i++)
		resp_reply_free(reply[i]);
	return r;
}

/* The text as one bulk reply, behind it `more` raw bytes. */
static struct result read_text(struct panel *p, const char *text, const char *more)
{
	struct buf bytes = BUF_INIT(1 << 20);

	buf_addf(&bytes, "$%zu\r\n%s\r\n%s", strlen(text), text, more);
	struct result r = read_raw(p, bytes.data, bytes.len);
	buf_release(&bytes);
	return r;
}

static void done(struct result *r)
{
	sample_free(r->sample);
	panel_free(r->panel);
}

static struct cell cell_of(const struct result *r, int row, const char *field)
{
	return sample_cell(r->sample, row, panel_field_by_name(r->panel, str_from(field)));
}

static double number(const struct result *r, int row, const char *field)
{
	struct cell cell = cell_of(r, row, field);

	return cell_value(&cell);
}

static bool unknown(const struct result *r, int row, const char *field)
{
	return cell_of(r, row, field).kind == CELL_UNKNOWN;
}

static bool text_is(const struct result *r, int row, const char *field, const char *text)
{
	struct cell cell = cell_of(r, row, field);

	return cell.kind == CELL_TEXT && str_is(cell.text, text);
}

START_TEST(info_fields_by_kind)
{
	struct result r = read_text(panel_of("info",
	                                     "ping_ms: gauge\n  hits: counter\n  frag: gauge\n  perc: gauge\n  human: text\n"
	                                     "  human2: gauge\n  saved: time\n  never: time\n  loading: bool\n  gone: gauge\n"
	                                     "  big: counter\n  huge: counter\n  nan: gauge\n  lib_ver: text",
	                                     ""),
	                            "# Stats\r\nhits:9007199254740993\r\nfrag:1.25\r\nperc:98.50%\r\nhuman:1.00M\r\n"
	                            "human2:1.00M\r\nsaved:1700000000\r\nnever:0\r\nloading:1\r\n"
	                            "big:9223372036854775807\r\nhuge:18446744073709551616\r\nnan:nan\r\nlib-ver:1.2\r\n",
	                            "");

	ck_assert_int_eq(r.code, 0);
	ck_assert_int_eq(r.sample->rows, 1);
	ck_assert(fabs(number(&r, 0, "ping_ms") - 0.25) < 1e-9);
	ck_assert(cell_of(&r, 0, "hits").integer == INT64_C(9007199254740993));
	ck_assert(fabs(number(&r, 0, "frag") - 1.25) < 1e-9);
	ck_assert(fabs(number(&r, 0, "perc") - 98.5) < 1e-9);
	ck_assert(text_is(&r, 0, "human", "1.00M"));
	ck_assert(unknown(&r, 0, "human2"));
	ck_assert(cell_of(&r, 0, "saved").integer == INT64_C(1700000000000000));
	ck_assert(unknown(&r, 0, "never"));
	ck_assert(number(&r, 0, "loading") == 1);
	ck_assert(unknown(&r, 0, "gone"));
	ck_assert(cell_of(&r, 0, "big").integer == INT64_MAX);
	ck_assert(unknown(&r, 0, "nan"));
	ck_assert(text_is(&r, 0, "lib_ver", "1.2"));
	done(&r);
}
END_TEST

START_TEST(info_believes_the_first_and_reads_config)
{
	struct result r = read_text(panel_of("info", "hits: counter\n  maxmemory: gauge\n  policy: text", ""),
	                            "hits:5\r\nerrorstat_X:count=1\r\nhits:999999\r\n",
	                            "*4\r\n$9\r\nmaxmemory\r\n$3\r\n100\r\n$6\r\npolicy\r\n$10\r\nnoeviction\r\n-NOPERM no\r\n");

	ck_assert(number(&r, 0, "hits") == 5);
	ck_assert(number(&r, 0, "maxmemory") == 100);
	ck_assert(text_is(&r, 0, "policy", "noeviction"));
	done(&r);
}
END_TEST

#define HISTOGRAM(name, buckets) "$3\r\n" name "\r\n*4\r\n$5\r\ncalls\r\n:1\r\n$14\r\nhistogram_usec\r\n" buckets

START_TEST(info_sums_the_histograms)
{
	static const struct {
		const char *reply, *sum;
	} cases[] = {
		{"*6\r\n" HISTOGRAM("get", "*4\r\n:1\r\n:4\r\n:8\r\n:10\r\n") HISTOGRAM("set", "*2\r\n:4\r\n:5\r\n")
		 HISTOGRAM("del", "*4\r\n:8\r\n:1\r\n:16384\r\n:3\r\n"), "1:4 4:9 8:16 16384:18"},
		{"*2\r\n" HISTOGRAM("get", "*0\r\n"), ""},
		{"*0\r\n", NULL},
		/* one that is broken: of the sum nothing is known */
		{"*4\r\n" HISTOGRAM("get", "*2\r\n:1\r\n:4\r\n") HISTOGRAM("set", "*4\r\n:8\r\n:5\r\n:16\r\n:4\r\n"), NULL},
		{"*4\r\n" HISTOGRAM("get", "*2\r\n:1\r\n:4\r\n") HISTOGRAM("set", "*2\r\n:1\r\n:9223372036854775807\r\n"), NULL},
		{"*4\r\n" HISTOGRAM("get", "*2\r\n:1\r\n:4\r\n") HISTOGRAM("set", "*2\r\n:2\r\n:9223372036854775807\r\n"), NULL},
		{"-NOPERM no\r\n", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct result r = read_text(panel_of("info", "hits: counter\n  latency: histogram", ""), "hits:5\r\n", cases[i].reply);

		ck_assert(number(&r, 0, "hits") == 5);
		ck_assert_msg(cases[i].sum ? text_is(&r, 0, "latency", cases[i].sum) : unknown(&r, 0, "latency"), "case %zu", i);
		done(&r);
	}
}
END_TEST

START_TEST(info_may_be_empty_or_torn)
{
	static const char *const texts[] = {"", "\r\n", "hits", "hits:", "hits:\r\n", ":5\r\n", "# hits:5\r\n", "hits:5x\r\n"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct result r = read_text(panel_of("info", "hits: counter", ""), texts[i], "");
		ck_assert_int_eq(r.code, 0);
		ck_assert_msg(unknown(&r, 0, "hits"), "%s", texts[i]);
		done(&r);
	}
	struct result r = read_raw(panel_of("info", "hits: counter", ""), ":5\r\n", 4);
	ck_assert_int_eq(r.code, ERR_PROTOCOL);
	done(&r);
}
END_TEST

#define COMMAND_FIELDS \
	"command: text\n  calls: counter\n  usec: counter\n  usec_per_call: gauge\n  failed_calls: counter\n" \
	"  latency: histogram\n  p99_usec: gauge\n  p99_9_usec: gauge"

START_TEST(commandstats_join_histograms)
{
	struct result r = read_text(
		panel_of("commandstats", COMMAND_FIELDS, "key: [command]\n"),
		"# Commandstats\r\ncmdstat_get:calls=10,usec=25,usec_per_call=2.50,failed_calls=0\r\n"
		"cmdstat_client|list:calls=1,usec=7,usec_per_call=7.00\r\ncmdstat_odd:nothing\r\nother:calls=1\r\n"
		"latency_percentiles_usec_get:p50=1.003,p99=5.007,p99.9=9.5\r\n",
		"*6\r\n$3\r\nget\r\n*4\r\n$5\r\ncalls\r\n:10\r\n$14\r\nhistogram_usec\r\n*4\r\n:1\r\n:4\r\n:8\r\n:10\r\n"
		"$11\r\nclient|list\r\n*4\r\n$5\r\ncalls\r\n:1\r\n$14\r\nhistogram_usec\r\n*4\r\n:8\r\n:1\r\n:4\r\n:1\r\n"
		"$7\r\nunknown\r\n*0\r\n");
	int row = sample_find(r.sample, r.sample->key[0]);

	ck_assert_int_eq(r.code, 0);
	ck_assert_int_eq(r.sample->rows, 3);
	ck_assert_int_eq(row, 0);
	ck_assert(text_is(&r, 0, "command", "get"));
	ck_assert(number(&r, 0, "calls") == 10 && number(&r, 0, "usec") == 25);
	ck_assert(text_is(&r, 0, "latency", "1:4 8:10"));
	ck_assert(fabs(number(&r, 0, "p99_usec") - 5.007) < 1e-9 && fabs(number(&r, 0, "p99_9_usec") - 9.5) < 1e-9);
	ck_assert(text_is(&r, 1, "command", "client|list"));
	ck_assert(unknown(&r, 1, "latency")); /* its bounds fall */
	ck_assert(unknown(&r, 1, "failed_calls"));
	ck_assert(text_is(&r, 2, "command", "odd") && unknown(&r, 2, "calls"));
	done(&r);
}
END_TEST

START_TEST(commandstats_without_latency)
{
	static const char *const seconds[] = {"-ERR unknown command `LATENCY`\r\n", "-NOPERM no\r\n", "*0\r\n", ":1\r\n",
	                                      "*1\r\n$3\r\nget\r\n", "*2\r\n$3\r\nget\r\n$1\r\nx\r\n", "*2\r\n:1\r\n:2\r\n", "$-1\r\n",
	                                      "*2\r\n$3\r\nget\r\n*2\r\n$14\r\nhistogram_usec\r\n*1\r\n:1\r\n",
	                                      "*2\r\n$3\r\nget\r\n*2\r\n$14\r\nhistogram_usec\r\n*2\r\n:-2\r\n:1\r\n",
	                                      "*2\r\n$3\r\nget\r\n*2\r\n$14\r\nhistogram_usec\r\n*2\r\n$1\r\n1\r\n:1\r\n"};

	for (size_t i = 0; i < ARRAY_LEN(seconds); i++) {
		struct result r = read_text(panel_of("commandstats", COMMAND_FIELDS, ""), "cmdstat_get:calls=1,usec=2\r\n", seconds[i]);
		ck_assert_int_eq(r.code, 0);
		ck_assert_int_eq(r.sample->rows, 1);
		ck_assert_msg(unknown(&r, 0, "latency"), "%s", seconds[i]);
		ck_assert(number(&r, 0, "calls") == 1);
		done(&r);
	}
}
END_TEST

START_TEST(commandstats_keep_the_limit)
{
	struct buf text = BUF_INIT(1 << 20);

	for (int i = 0; i < 50; i++)
		buf_addf(&text, "cmdstat_c%d:calls=%d\r\n", i, i);
	struct result r = read_text(panel_of("commandstats", COMMAND_FIELDS, "limit: 20\n"), buf_text(&text), "");
	ck_assert_int_eq(r.sample->rows, 20);
	ck_assert(r.sample->cut);
	done(&r);
	buf_release(&text);
}
END_TEST

START_TEST(keyspace_rows)
{
	struct result r = read_text(panel_of("keyspace", "db: id\n  keys: gauge\n  expires: gauge\n  avg_ttl: gauge", "key: [db]\n"),
	                            "# Keyspace\r\ndb0:keys=5,expires=2,avg_ttl=100\r\ndb15:keys=1,expires=0,avg_ttl=0,subexpiry=0\r\n"
	                            "dbx:keys=9\r\ndb-1:keys=9\r\ndb:keys=9\r\ndb3:rubbish\r\n",
	                            "");

	ck_assert_int_eq(r.sample->rows, 3);
	ck_assert(number(&r, 1, "db") == 15 && number(&r, 1, "keys") == 1);
	ck_assert(number(&r, 2, "db") == 3 && unknown(&r, 2, "keys"));
	done(&r);
	r = read_text(panel_of("keyspace", "db: id\n  keys: gauge", ""), "# Keyspace\r\n", "");
	ck_assert_int_eq(r.code, 0);
	ck_assert_int_eq(r.sample->rows, 0);
	done(&r);
}
END_TEST

#define SLOW_FIELDS "id: id\n  time: time\n  duration_us: gauge\n  command: text\n  client: text\n  client_name: text"

START_TEST(slowlog_entries)
{
	static const char good[] = "*4\r\n"
		"*6\r\n:7\r\n:1700000000\r\n:1234\r\n*3\r\n$3\r\nSET\r\n$3\r\na\r\n\r\n$1\r\n\x1b\r\n$9\r\n1.2.3.4:5\r\n$0\r\n\r\n"
		"*4\r\n:6\r\n:1700000000\r\n:1\r\n*0\r\n"
		"*3\r\n:5\r\n:1\r\n:1\r\n"
		"$3\r\nabc\r\n";
	struct result r = read_raw(panel_of("slowlog", SLOW_FIELDS, "key: [id]\n"), good, sizeof(good) - 1);

	ck_assert_int_eq(r.code, 0);
	ck_assert_int_eq(r.sample->rows, 2);
	ck_assert(number(&r, 0, "id") == 7 && number(&r, 0, "duration_us") == 1234);
	ck_assert(cell_of(&r, 0, "time").integer == INT64_C(1700000000000000));
	ck_assert(text_is(&r, 0, "command", "SET a\r\n \x1b"));
	ck_assert(text_is(&r, 0, "client", "1.2.3.4:5") && text_is(&r, 0, "client_name", ""));
	ck_assert(text_is(&r, 1, "command", "") && unknown(&r, 1, "client"));
	done(&r);
	r = read_raw(panel_of("slowlog", SLOW_FIELDS, ""), "$2\r\nno\r\n", 8);
	ck_assert_int_eq(r.code, ERR_PROTOCOL);
	done(&r);
}
END_TEST

START_TEST(slowlog_texts_are_bounded)
{
	struct buf bytes = BUF_INIT(4 << 20);

	buf_adds(&bytes, "*1\r\n*4\r\n:1\r\n:1\r\n:1\r\n*300\r\n");
	for (int i = 0; i < 300; i++)
		buf_addf(&bytes, "$1000\r\n%01000d\r\n", 7);
	struct result r = read_raw(panel_of("slowlog", SLOW_FIELDS, ""), bytes.data, bytes.len);
	ck_assert_int_eq(r.sample->rows, 1);
	ck_assert_uint_le(cell_of(&r, 0, "command").text.len, 4097);
	done(&r);
	buf_release(&bytes);
}
END_TEST

START_TEST(client_lines)
{
	struct result r = read_text(panel_of("clients", "id: id\n  addr: text\n  name: text\n  age: gauge\n  cmd: text\n  lib_name: text",
	                                     "key: [id]\n"),
	                            "id=3 addr=127.0.0.1:1 name= age=5 cmd=client|list user=a=b lib-name=x\n"
	                            "id=4 addr=/run/r:0 name=evil\x1b[2J age=x id=9 addr=forged\nname=torn id=5\n\nid=\nid=6",
	                            "");

	ck_assert_int_eq(r.sample->rows, 3);
	ck_assert(text_is(&r, 0, "cmd", "client|list") && text_is(&r, 0, "lib_name", "x") && text_is(&r, 0, "name", ""));
	ck_assert(number(&r, 1, "id") == 4 && text_is(&r, 1, "addr", "/run/r:0") && unknown(&r, 1, "age"));
	ck_assert(number(&r, 2, "id") == 6 && unknown(&r, 2, "addr"));
	done(&r);
}
END_TEST

START_TEST(errors_have_words)
{
	static const struct {
		const char *raw, *command;
		int code;
		const char *words;
	} rows[] = {
		{"-NOPERM this user has no permissions to run the 'info' command\r\n", "INFO everything", ERR_PRIVILEGE, "+info"},
		{"-NOPERM x\r\n", "FOO", ERR_PRIVILEGE, "FOO"},
		{"-NOAUTH Authentication required.\r\n", "INFO", ERR_AUTH, "asks for a password"},
		{"-WRONGPASS invalid\r\n", "AUTH", ERR_AUTH, "wrong user or password"},
		{"-LOADING Redis is loading\r\n", "SCAN", ERR_BUSY, "loading"},
		{"-BUSY Redis is busy\r\n", "SCAN", ERR_BUSY, "script"},
		{"-MASTERDOWN Link\r\n", "SCAN", ERR_BUSY, "primary"},
		{"-READONLY You\r\n", "SET", ERR_QUERY, "read-only"},
		{"-ERR unknown command 'LATENCY', with args\r\n", "LATENCY HISTOGRAM", ERR_UNSUPPORTED, "no LATENCY HISTOGRAM"},
		{"-ERR max number of clients reached\r\n", "INFO", ERR_CONNECT, "maxclients"},
		{"-ERR \x1b]0;x\a\r\n", "SLOWLOG GET", ERR_QUERY, "SLOWLOG GET: ERR \\x1B]0;x"},
		{"-\r\n", "INFO", ERR_QUERY, "INFO: "},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct resp_reply *reply;
		struct err why;
		ck_assert_int_eq(replies(rows[i].raw, strlen(rows[i].raw), &reply, 1), 1);
		ck_assert_int_eq(redis_error(reply, rows[i].command, &why), rows[i].code);
		ck_assert_msg(strstr(why.text, rows[i].words), "%s: %s", rows[i].raw, why.text);
		resp_reply_free(reply);
	}
}
END_TEST

START_TEST(globs_are_those_of_redis)
{
	static const struct {
		const char *pattern, *key;
		bool fits;
	} rows[] = {
		{"*", "", true}, {"", "", true}, {"", "a", false}, {"a*", "a", true}, {"a*b*c", "axxbyyc", true}, {"a*b*c", "axxbyyd", false},
		{"h?llo", "hello", true}, {"h?llo", "hllo", false}, {"h[ae]llo", "hallo", true}, {"h[^e]llo", "hello", false},
		{"h[a-c]", "hb", true}, {"h[c-a]", "hb", true}, {"h[a-c]", "hd", false}, {"h\\*", "h*", true}, {"h\\*", "hx", false},
		{"[", "a", false}, {"[a", "a", true}, {"a\\", "a\\", true}, {"dy:*:tx:*", "dy:bridge:tx:1", true}, {"*:access", "tx:1:access", true},
		{"*a*a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ck_assert_msg(keys_glob(str_from(rows[i].pattern), str_from(rows[i].key)) == rows[i].fits, "%s %s", rows[i].pattern,
		              rows[i].key);
}
END_TEST

#define KEY_FIELDS \
	"kind: text\n  keys: gauge\n  margin: gauge\n  exact: bool\n  share: gauge\n  bytes: gauge\n  sampled: gauge\n  total: gauge"

/* Feeds one round's replies to k and fills a sample. */
static struct result keys_round(struct keys_scan *k, const char *scan, const char *sizes)
{
	struct result r = {.panel = panel_of("keys", KEY_FIELDS, "")};
	struct buf commands = BUF_INIT(1 << 16);
	struct resp_reply *reply[200];
	int asked;

	r.sample = sample_new(r.panel->field_count);
	keys_begin(k);
	while (r.code == 0 && (asked = keys_step(k, &commands)) > 0) {
		bool sizing = strstr(buf_text(&commands), "MEMORY") != NULL;
		int count = replies(sizing ? sizes : scan, strlen(sizing ? sizes : scan), reply, 200);
		r.code = keys_take(k, reply, count < asked ? count : asked, &r.why);
		for (int i = 0; i < count; i++)
			resp_reply_free(reply[i]);
		buf_clear(&commands);
	}
	keys_fill(k, r.panel, r.sample);
	sample_finish(r.sample, NULL, 0);
	buf_release(&commands);
	return r;
}

START_TEST(a_whole_scan_is_exact)
{
	struct keys_scan *k = NULL;

	ck_assert_int_eq(keys_new(&k, "tx=dy:tx:*,\n sig*", NULL), 0);
	struct result r = keys_round(k, "*2\r\n$1\r\n0\r\n*3\r\n$7\r\ndy:tx:1\r\n$7\r\ndy:tx:2\r\n$1\r\nx\r\n:3\r\n", ":100\r\n:200\r\n$-1\r\n");
	ck_assert_int_eq(r.sample->rows, 3);
	ck_assert(text_is(&r, 0, "kind", "tx") && text_is(&r, 1, "kind", "sig*") && text_is(&r, 2, "kind", "other"));
	ck_assert(number(&r, 0, "keys") == 2 && number(&r, 1, "keys") == 0 && number(&r, 2, "keys") == 1);
	ck_assert(number(&r, 0, "exact") == 1 && number(&r, 0, "margin") == 0 && number(&r, 0, "bytes") == 150);
	ck_assert(unknown(&r, 2, "bytes"));
	done(&r);
	keys_free(k);
}
END_TEST

START_TEST(a_part_of_the_keys_is_an_estimate)
{
	struct keys_scan *k = NULL;

	ck_assert_int_eq(keys_new(&k, NULL, NULL), 0);
	/* Each of the 16 calls of a round brings a:, a:, b: and a cursor that goes on. */
	struct result r = keys_round(k, "*2\r\n$20\r\n18446744073709551615\r\n*3\r\n$3\r\na:1\r\n$3\r\na:2\r\n$3\r\nb:1\r\n:30000\r\n",
	                             "-NOPERM\r\n-NOPERM\r\n");
	ck_assert_int_eq(r.sample->rows, 3);
	ck_assert(number(&r, 0, "exact") == 0 && number(&r, 0, "sampled") == 48 && number(&r, 0, "total") == 30000);
	ck_assert(number(&r, 0, "keys") == 20000 && number(&r, 1, "keys") == 10000);
	ck_assert(number(&r, 0, "margin") > 3000 && number(&r, 0, "margin") < 5000);
	ck_assert(number(&r, 2, "keys") == 0 && number(&r, 2, "margin") > 1000); /* none seen is not none there */
	done(&r);
	keys_free(k);
}
END_TEST

START_TEST(scan_replies_may_be_hostile)
{
	static const char *const bad[] = {
		":1\r\n", "*0\r\n", "*2\r\n:0\r\n*0\r\n", "*2\r\n$0\r\n\r\n*0\r\n", "*2\r\n$3\r\n1\r\n\r\n*0\r\n",
		"*2\r\n$21\r\n111111111111111111111\r\n*0\r\n", "*2\r\n$1\r\n0\r\n$1\r\nx\r\n", "-NOPERM x\r\n", "$1\r\nx\r\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct keys_scan *k = NULL;
		ck_assert_int_eq(keys_new(&k, "a=*", NULL), 0);
		struct result r = keys_round(k, bad[i], "");
		ck_assert_msg(r.code < 0 && r.why.text[0], "%s", bad[i]);
		done(&r);
		keys_free(k);
	}
}
END_TEST

START_TEST(an_empty_database_and_odd_patterns)
{
	struct keys_scan *k = NULL;
	struct buf many = BUF_INIT(1000);
	struct err why;

	ck_assert_int_eq(keys_new(&k, " , \n", NULL), 0);
	struct result r = keys_round(k, "*2\r\n$1\r\n0\r\n*0\r\n:0\r\n", "");
	ck_assert_int_eq(r.sample->rows, 1);
	ck_assert(number(&r, 0, "keys") == 0 && number(&r, 0, "exact") == 1 && unknown(&r, 0, "share"));
	done(&r);
	keys_free(k);
	ck_assert_int_eq(keys_new(&k, "=x", &why), ERR_INVALID);
	ck_assert_int_eq(keys_new(&k, "a=", &why), ERR_INVALID);
	for (int i = 0; i < KEYS_KINDS_MAX; i++)
		buf_addf(&many, "p%d* ", i);
	ck_assert_int_eq(keys_new(&k, buf_text(&many), &why), ERR_INVALID);
	buf_release(&many);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		info_fields_by_kind, info_believes_the_first_and_reads_config, info_sums_the_histograms,
		info_may_be_empty_or_torn, commandstats_join_histograms,
		commandstats_without_latency, commandstats_keep_the_limit, keyspace_rows, slowlog_entries, slowlog_texts_are_bounded,
		client_lines, errors_have_words, globs_are_those_of_redis, a_whole_scan_is_exact, a_part_of_the_keys_is_an_estimate,
		scan_replies_may_be_hostile, an_empty_database_and_odd_patterns,
	};

	return unit_run("redis_readers", cases, ARRAY_LEN(cases));
}
