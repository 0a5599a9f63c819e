/* SPDX-License-Identifier: PostgreSQL */
#include "source/redis_slots.h"

#include <string.h>

#include "unit.h"

START_TEST(slots_of_the_specification)
{
	/* "123456789" is the check value of CRC16/XMODEM: 0x31C3; the others were asked of a server (CLUSTER KEYSLOT) */
	ck_assert_uint_eq(redis_slot(STR("123456789")), 0x31c3 % REDIS_SLOTS);
	ck_assert_uint_eq(redis_slot(STR("")), 0);
	ck_assert_uint_eq(redis_slot(STR("foo")), 12182);
	ck_assert_uint_eq(redis_slot(STR("bar")), 5061);
	ck_assert_uint_eq(redis_slot(STR("{foo}.x")), 12182);
	ck_assert_uint_eq(redis_slot(STR("a{foo}b{bar}")), 12182);
	ck_assert_uint_eq(redis_slot(STR("{bar")), redis_slot(STR("{bar")));
	ck_assert_uint_ne(redis_slot(STR("{}foo")), 12182); /* an empty tag is none */
	ck_assert_uint_ne(redis_slot(STR("{}{foo}")), 12182);
	ck_assert_uint_ne(redis_slot(STR("foo{")), 12182);
	ck_assert_uint_eq(redis_slot((struct str){"\xff\x00\x80", 3}), redis_slot((struct str){"\xff\x00\x80", 3}));
}
END_TEST

static bool is_redirect(const char *text, bool ask, unsigned slot, const char *host, int port)
{
	struct redis_place to = {.port = 0};
	unsigned got_slot = 0;
	bool got_ask = false;

	return redis_redirect(str_from(text), &got_ask, &got_slot, &to) && got_ask == ask && got_slot == slot &&
	       strcmp(to.host, host) == 0 && to.port == port;
}

START_TEST(redirects)
{
	static const char *const bad[] = {
		"MOVED", "MOVED ", "MOVED 1", "MOVED 1 ", "MOVED 1 host", "MOVED 16384 h:1", "MOVED -1 h:1", "MOVED 1 h:0", "MOVED 1 h:65536",
		"MOVED 1 h:x", "MOVED x h:1", "MOVED 1 user@h:1", "MOVED 1 a/b:1", "MOVED 1 a b:1", "MOVED 1 a\tb:1", "ASK", "ASK 1",
		"ASKING 1 h:1", "ERR moved", "",
	};
	struct redis_place to;
	unsigned slot;
	bool ask;

	ck_assert(is_redirect("MOVED 3999 127.0.0.1:6381", false, 3999, "127.0.0.1", 6381));
	ck_assert(is_redirect("ASK 16383 cache-2.example:6379", true, 16383, "cache-2.example", 6379));
	ck_assert(is_redirect("MOVED 0 :6381", false, 0, "", 6381));
	ck_assert(is_redirect("MOVED 5 [::1]:7000", false, 5, "::1", 7000));
	ck_assert(is_redirect("MOVED 5 fe80::1:7000", false, 5, "fe80::1", 7000));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!redis_redirect(str_from(bad[i]), &ask, &slot, &to), "%s", bad[i]);
	char endless[400] = "MOVED 1 ";
	memset(endless + 8, 'h', 300);
	memcpy(endless + 308, ":1", 3);
	ck_assert(!redis_redirect(str_from(endless), &ask, &slot, &to));
}
END_TEST

struct seen {
	int ranges;
	unsigned from[4], to[4];
	struct redis_place at[4];
};

static void on_range(void *ctx, unsigned from, unsigned to, const struct redis_place *at)
{
	struct seen *s = ctx;

	if (s->ranges < 4) {
		s->from[s->ranges] = from;
		s->to[s->ranges] = to;
		s->at[s->ranges] = *at;
	}
	s->ranges++;
}

static int read_slots(struct seen *s, const char *bytes)
{
	struct resp *r = resp_new();
	struct resp_reply *reply;
	struct err why;

	*s = (struct seen){.ranges = 0};
	ck_assert_int_eq(resp_feed(r, bytes, strlen(bytes), &why), 0);
	ck_assert_int_eq(resp_next(r, &reply, &why), 1);
	int code = redis_slots_read(reply, on_range, s, &why);
	resp_reply_free(reply);
	resp_free(r);
	return code;
}

START_TEST(cluster_slots)
{
	struct seen s;

	ck_assert_int_eq(read_slots(&s, "*2\r\n*4\r\n:0\r\n:5460\r\n*3\r\n$8\r\n10.0.0.1\r\n:6379\r\n$2\r\nid\r\n*2\r\n$1\r\nr\r\n:1\r\n"
	                                "*3\r\n:5461\r\n:16383\r\n*2\r\n$-1\r\n:7000\r\n"), 0);
	ck_assert_int_eq(s.ranges, 2);
	ck_assert_uint_eq(s.to[0], 5460);
	ck_assert_str_eq(s.at[0].host, "10.0.0.1");
	ck_assert_int_eq(s.at[0].port, 6379);
	ck_assert_str_eq(s.at[1].host, "");
	ck_assert_int_eq(read_slots(&s, "*0\r\n"), 0);
	ck_assert_int_eq(read_slots(&s, "*1\r\n*2\r\n:0\r\n:5\r\n"), 0);
	ck_assert_int_eq(s.ranges, 0);
	static const char *const bad[] = {
		"+OK\r\n", "*1\r\n:1\r\n", "*1\r\n*1\r\n:1\r\n", "*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n$1\r\nh\r\n:1\r\n",
		"*1\r\n*3\r\n:-1\r\n:5\r\n*2\r\n$1\r\nh\r\n:1\r\n", "*1\r\n*3\r\n:0\r\n:5\r\n*1\r\n$1\r\nh\r\n",
		"*1\r\n*3\r\n:0\r\n:5\r\n*2\r\n$1\r\nh\r\n:0\r\n", "*1\r\n*3\r\n:0\r\n:5\r\n*2\r\n$3\r\na@b\r\n:1\r\n",
		"*1\r\n*3\r\n:0\r\n:5\r\n:7\r\n", "*1\r\n*3\r\n:0\r\n:5\r\n*2\r\n$1\r\nh\r\n$1\r\n1\r\n",
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(read_slots(&s, bad[i]) == ERR_PROTOCOL, "%zu", i);
}
END_TEST

START_TEST(places_of_nodes)
{
	const struct str nodes = STR("07c37d 127.0.0.1:30004@31004,host slave e7d1ee 0 1426238317239 4 connected\n"
	                             "e7d1ee ::1:30001@31001 myself,master - 0 0 1 connected 0-5460 [93->-07c37d]\n"
	                             "67ed2d :0@0 master,noaddr - 0 0 2 disconnected\n"
	                             "292f8b 10.0.0.3:6379 master - 0 0 3 connected\n");
	struct redis_place at;

	ck_assert(redis_node_place(nodes, STR("07c37d"), &at));
	ck_assert_str_eq(at.host, "127.0.0.1");
	ck_assert_int_eq(at.port, 30004);
	ck_assert(redis_node_place(nodes, STR("e7d1ee"), &at));
	ck_assert_str_eq(at.host, "::1");
	ck_assert_int_eq(at.port, 30001);
	ck_assert(redis_node_place(nodes, STR("292f8b"), &at));
	ck_assert_int_eq(at.port, 6379);
	static const char *const none[] = {"67ed2d", "07c37", "", "nobody", "07c37d 127.0.0.1"};
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		ck_assert_msg(!redis_node_place(nodes, str_from(none[i]), &at), "%s", none[i]);
	ck_assert(!redis_node_place(STR(""), STR("a"), &at));
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {slots_of_the_specification, redirects, cluster_slots, places_of_nodes};

	return unit_run("redis_slots", cases, ARRAY_LEN(cases));
}
