/* SPDX-License-Identifier: PostgreSQL */
/* What out/record writes is what source/replay answers, and nothing that is broken is taken for whole. */
#include "source/replay.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "out/record.h"
#include "unit.h"

static const char panel_text[] =
	"/* dytop panel\n"
	"title: Things\n"
	"source: pg\n"
	"key: [id, sub]\n"
	"fields:\n"
	"  id: id\n"
	"  sub: id\n"
	"  calls: counter\n"
	"  load: gauge\n"
	"  name: text\n"
	"  on: bool\n"
	"  later: gauge\n"
	"lookups:\n"
	"  texts: {by: [id], fields: {query: text}}\n"
	"columns:\n"
	"  - {name: id, title: ID, unit: id, width: 5, priority: 1}\n"
	"  - {name: query, title: QUERY, unit: text, width: 20, priority: 1, flex: yes}\n"
	"*/\n"
	"-- since 130000\n"
	"SELECT id, sub, calls, load, name, on, later FROM things\n"
	"-- lookup texts since 130000\n"
	"SELECT id, query FROM texts\n";

enum { ID, SUB, CALLS, LOAD, NAME, ON, LATER, QUERY, FIELDS };

static struct panel *make_panel(void)
{
	struct panel *p = NULL;
	struct err why = {0};

	ck_assert_msg(panel_parse(&p, "things", "things.sql", panel_text, sizeof panel_text - 1, &why) == 0, "%s", why.text);
	ck_assert_int_eq(p->field_count, FIELDS);
	return p;
}

static const char hostile[] = "\x1b]0;x\a \xff\xfe \xe2\x80\xae \"q\" \\ \r\n\t \xc2\x9b end";

static struct sample *make_sample(const struct panel *p, int frame)
{
	struct sample *s = sample_new(p->field_count);

	sample_type(s, ID, SAMPLE_INT);
	sample_type(s, SUB, SAMPLE_INT);
	sample_type(s, CALLS, SAMPLE_INT);
	sample_type(s, LOAD, SAMPLE_FLOAT);
	sample_type(s, NAME, SAMPLE_TEXT);
	sample_type(s, ON, SAMPLE_BOOL);
	for (int i = 0; i < 3; i++) {
		int row = sample_add_row(s);
		sample_set_int(s, row, ID, INT64_C(-8674665223082153551) + i);
		sample_set_int(s, row, SUB, i);
		sample_set_int(s, row, CALLS, frame * 100 + i);
		sample_set_float(s, row, LOAD, 0.1 * frame);
		sample_set_int(s, row, ON, i % 2);
	}
	sample_set_text(s, 0, NAME, hostile, sizeof hostile - 1);
	sample_set_text(s, 1, NAME, "\xc3\xa9t\xc3\xa9\0x", 7);
	sample_set_float(s, 2, LOAD, (double)NAN);
	s->mono_ns = frame * CLOCK_SECOND_NS + 5000;
	s->wall_us = INT64_C(1795359600000000) + frame * INT64_C(1000000) + 5;
	s->elapsed_us = 1234;
	s->life = UINT64_C(0xfedcba9876543210);
	s->hidden = 2;
	s->cut = frame == 2;
	sample_finish(s, p->key, p->key_count);
	return s;
}

static struct sample *make_lookup(const struct panel *p)
{
	struct sample *s = sample_new(p->field_count);

	sample_type(s, ID, SAMPLE_INT);
	sample_type(s, QUERY, SAMPLE_TEXT);
	int row = sample_add_row(s);
	sample_set_int(s, row, ID, INT64_C(-8674665223082153551));
	sample_set_text(s, row, QUERY, "SELECT 1", 8);
	s->mono_ns = CLOCK_SECOND_NS + 9000;
	s->wall_us = INT64_C(1795359601000009);
	sample_finish(s, p->lookup[0].by, p->lookup[0].by_count);
	return s;
}

static struct server_status status(void)
{
	struct server_status s = {.kind = PANEL_PG, .state = SERVER_CONNECTING, .version = 150020, .rtt_ms = 0.25,
	                          .life = UINT64_C(0xfedcba9876543210), .superuser = true};

	snprintf(s.name, sizeof s.name, "bridge@db1:5432");
	snprintf(s.role, sizeof s.role, "primary");
	return s;
}

/* Two frames; the lookup's answer is in the first, no sample of the panel in a third. */
static void make_recording(struct buf *out, const struct panel *p)
{
	struct server_status pg = status(), self = {.kind = PANEL_SELF, .state = SERVER_LIVE};
	const struct server_status *const servers[] = {&pg, &self};
	const int64_t keys[] = {INT64_C(-8674665223082153551), 7};
	struct record r;

	record_begin(&r, out, servers, 2, &(struct clock){1, INT64_C(1795359600000000)}, 1000);
	for (int frame = 1; frame <= 3; frame++) {
		struct clock now = {frame * CLOCK_SECOND_NS, INT64_C(1795359600000000) + frame * 1000000};
		record_frame(&r, out, servers, &now);
		pg.state = SERVER_LIVE;
		if (frame == 3)
			break;
		struct sample *s = make_sample(p, frame), *l = make_lookup(p);
		record_sample(&r, out, &(struct record_sample){0, p, -1, NULL, 0, s}, &pg);
		if (frame == 1)
			record_sample(&r, out, &(struct record_sample){0, p, 0, keys, 2, l}, &pg);
		sample_free(s);
		sample_free(l);
	}
	record_end(&r, out);
	record_release(&r);
	ck_assert(!out->failed);
}

static void put_file(char path[32], const char *bytes, size_t len)
{
	snprintf(path, 32, "/tmp/dytop-test-XXXXXX");
	int fd = mkstemp(path);

	ck_assert_int_eq((int)write(fd, bytes, len), (int)len);
	close(fd);
}

struct got {
	struct sample *sample;
	struct err why;
	int count;
};

static void on_done(void *ctx, struct sample *sample, const struct err *why)
{
	struct got *got = ctx;

	sample_free(got->sample);
	got->sample = sample;
	if (why)
		got->why = *why;
	got->count++;
}

static void ask(struct loop *l, struct source *s, struct ask ask, struct got *got)
{
	struct err why = {0};
	int before = got->count;

	ask.done = on_done;
	ask.ctx = got;
	ck_assert_msg(source_ask(s, &ask, 1, &why) == 0, "%s", why.text);
	ck_assert(!source_ready(s));
	ck_assert_int_eq(got->count, before); /* never from inside */
	for (int i = 0; i < 100 && got->count == before; i++)
		loop_once(l, true);
	ck_assert_int_eq(got->count, before + 1);
}

static void same_samples(const struct sample *a, const struct sample *b)
{
	ck_assert_int_eq(a->rows, b->rows);
	ck_assert_int_eq(a->columns, b->columns);
	ck_assert(a->life == b->life && a->mono_ns == b->mono_ns && a->wall_us == b->wall_us && a->cut == b->cut);
	ck_assert(a->hidden == b->hidden && a->elapsed_us == b->elapsed_us);
	for (int row = 0; row < a->rows; row++) {
		ck_assert(a->key[row] == b->key[row]);
		for (int i = 0; i < a->columns; i++) {
			struct cell x = sample_cell(a, row, i), y = sample_cell(b, row, i);
			ck_assert_int_eq(x.kind, y.kind);
			ck_assert_msg(cell_compare(&x, &y) == 0, "row %d field %d", row, i);
		}
	}
}

START_TEST(what_was_recorded_comes_back)
{
	struct panel *p = make_panel();
	struct buf out = BUF_INIT(1 << 20);
	struct replay *r = NULL;
	struct loop *l = NULL;
	struct source *s = NULL;
	struct err why = {0};
	struct got got = {0};
	char path[32];

	make_recording(&out, p);
	put_file(path, buf_text(&out), out.len);
	ck_assert_msg(replay_open(&r, path, &why) == 0, "%s", why.text);
	ck_assert_int_eq(replay_servers(r), 1);
	ck_assert_int_eq(replay_frames(r), 3);
	ck_assert_int_eq(loop_new(&l, &why), 0);
	struct source_conf conf = replay_source_conf(r, 0);
	ck_assert_int_eq(source_new(&s, l, &conf, NULL, NULL, &why), 0);
	source_start(s);
	ck_assert_str_eq(source_status(s)->name, "bridge@db1:5432");
	ck_assert_int_eq(source_status(s)->state, SERVER_LIVE); /* as it was when the frame's samples came */
	ck_assert(source_ready(s));
	for (int frame = 1; frame <= 2; frame++) {
		struct sample *expected = make_sample(p, frame);
		ask(l, s, (struct ask){.panel = p, .lookup = -1}, &got);
		ck_assert_ptr_nonnull(got.sample);
		same_samples(got.sample, expected);
		ck_assert(loop_now(l)->wall_us >= expected->wall_us);
		sample_free(expected);
		int64_t keys[] = {7, INT64_C(-8674665223082153551)};
		ask(l, s, (struct ask){.panel = p, .lookup = 0, .keys = keys, .key_count = 2}, &got);
		ck_assert_int_eq(got.sample->rows, 1);
		struct cell query = sample_cell(got.sample, 0, QUERY);
		ck_assert(str_is(query.text, "SELECT 1"));
		ck_assert_int_eq(replay_next(r, &why), 1);
	}
	ck_assert_int_eq(source_status(s)->state, SERVER_LIVE);
	ask(l, s, (struct ask){.panel = p, .lookup = -1}, &got);
	ck_assert_ptr_null(got.sample);
	ck_assert_int_eq(got.why.code, ERR_NOT_FOUND);
	ck_assert_int_eq(replay_next(r, &why), 0);
	ck_assert_int_eq(source_status(s)->state, SERVER_ENDED);
	ck_assert(!source_ready(s));
	source_free(s);
	loop_free(l);
	replay_close(r);
	sample_free(got.sample);
	buf_release(&out);
	panel_free(p);
	unlink(path);
}
END_TEST

enum { LONG_FRAMES = 2500, LONG_TURN = 1500 };

/* A frame a second; a name every hundred frames, another role from LONG_TURN on. */
static void make_long(struct buf *out, const struct panel *p)
{
	struct server_status pg = status(), self = {.kind = PANEL_SELF, .state = SERVER_LIVE};
	const struct server_status *const servers[] = {&pg, &self};
	const int64_t keys[] = {7};
	struct record r;

	pg.state = SERVER_LIVE;
	record_begin(&r, out, servers, 2, &(struct clock){1, INT64_C(1795359600000000)}, 1000);
	for (int frame = 1; frame <= LONG_FRAMES; frame++) {
		struct clock now = {frame * CLOCK_SECOND_NS, INT64_C(1795359600000000) + frame * INT64_C(1000000)};
		struct sample *s = make_sample(p, frame), *name = sample_new(p->field_count);
		char text[32];

		snprintf(pg.role, sizeof pg.role, "%s", frame < LONG_TURN ? "primary" : "standby");
		record_frame(&r, out, servers, &now);
		record_sample(&r, out, &(struct record_sample){0, p, -1, NULL, 0, s}, &pg);
		snprintf(text, sizeof text, "SELECT %d", frame);
		sample_type(name, ID, SAMPLE_INT);
		sample_type(name, QUERY, SAMPLE_TEXT);
		sample_add_row(name);
		sample_set_int(name, 0, ID, 7);
		sample_set_text(name, 0, QUERY, text, strlen(text));
		sample_finish(name, p->lookup[0].by, p->lookup[0].by_count);
		if (frame % 100 == 0)
			record_sample(&r, out, &(struct record_sample){0, p, 0, keys, 1, name}, &pg);
		sample_free(s);
		sample_free(name);
	}
	record_end(&r, out);
	record_release(&r);
	ck_assert(!out->failed);
}

struct long_rig {
	struct panel *p;
	struct replay *r;
	struct loop *l;
	struct source *s;
	char path[32];
};

static void open_long(struct long_rig *rig)
{
	struct buf out = BUF_INIT(64 << 20);
	struct err why = {0};

	rig->p = make_panel();
	make_long(&out, rig->p);
	put_file(rig->path, buf_text(&out), out.len);
	buf_release(&out);
	ck_assert_msg(replay_open(&rig->r, rig->path, &why) == 0, "%s", why.text);
	ck_assert_int_eq(loop_new(&rig->l, &why), 0);
	struct source_conf conf = replay_source_conf(rig->r, 0);
	ck_assert_int_eq(source_new(&rig->s, rig->l, &conf, NULL, NULL, &why), 0);
	source_start(rig->s);
}

static void close_long(struct long_rig *rig)
{
	source_free(rig->s);
	loop_free(rig->l);
	replay_close(rig->r);
	panel_free(rig->p);
	unlink(rig->path);
}

/* Goes there in slices of no time at all; then all is as when the recording came there by itself. */
static void go(struct long_rig *rig, int64_t frame, int64_t wall_us, int64_t expected)
{
	struct err why = {0};
	struct got got = {0};
	struct sample *sample = make_sample(rig->p, (int)expected);
	int64_t target = 0, key = 7, run_up = expected - REPLAY_RUN_UP_FRAMES > 1 ? expected - REPLAY_RUN_UP_FRAMES : 1;
	char text[32];
	int rc;

	replay_seek(rig->r, frame, wall_us);
	while ((rc = replay_seek_on(rig->r, 0, &target, &why)) > 0)
		;
	ck_assert_msg(rc == 0, "%s", why.text);
	ck_assert_int_eq(target, expected);
	for (int64_t at = run_up; at <= expected; at++) { /* not more than is needed, and every one of these */
		ck_assert_msg(replay_next(rig->r, &why) == 1, "%s", why.text);
		if (replay_frame(rig->r) != at)
			ck_abort_msg("frame %d, not %d", (int)replay_frame(rig->r), (int)at);
	}
	ask(rig->l, rig->s, (struct ask){.panel = rig->p, .lookup = -1}, &got);
	ck_assert_ptr_nonnull(got.sample);
	same_samples(got.sample, sample);
	ck_assert(loop_now(rig->l)->mono_ns == sample->mono_ns && loop_now(rig->l)->wall_us == sample->wall_us);
	ck_assert_str_eq(source_status(rig->s)->role, expected < LONG_TURN ? "primary" : "standby");
	ck_assert_int_eq(source_status(rig->s)->state, SERVER_LIVE);
	ask(rig->l, rig->s, (struct ask){.panel = rig->p, .lookup = 0, .keys = &key, .key_count = 1}, &got);
	ck_assert_int_eq(got.sample->rows, expected >= 100);
	if (expected >= 100) { /* the name of then, not a later one */
		snprintf(text, sizeof text, "SELECT %d", (int)(expected / 100 * 100));
		ck_assert(str_is(sample_cell(got.sample, 0, QUERY).text, text));
	}
	sample_free(got.sample);
	sample_free(sample);
}

START_TEST(any_frame_is_found_again)
{
	static const int to[] = {1, 2, 2500, 2499, 3, 1023, 1024, 1025, 1499, 1500, 1501, 240, 241, 242, 99, 100, 101, 2400, 2048, 1};
	struct long_rig rig;
	struct err why = {0};

	open_long(&rig);
	for (size_t i = 0; i < ARRAY_LEN(to); i++)
		go(&rig, to[i], 0, to[i]);
	go(&rig, 99999, 0, LONG_FRAMES);
	for (int i = 1; replay_next(rig.r, &why) > 0; i++)
		ck_assert_int_lt(i, 2);
	ck_assert_int_eq(source_status(rig.s)->state, SERVER_ENDED);
	ck_assert(replay_ended(rig.r));
	go(&rig, LONG_FRAMES, 0, LONG_FRAMES); /* also from its end */
	go(&rig, 700, 0, 700);
	ck_assert(!replay_ended(rig.r));
	close_long(&rig);
}
END_TEST

START_TEST(a_moment_is_found)
{
	const int64_t begin = INT64_C(1795359600000000);
	struct long_rig rig;

	open_long(&rig);
	ck_assert_int_eq(replay_began_us(rig.r), begin + 1000000);
	go(&rig, 0, begin + 1700 * INT64_C(1000000), 1700);
	go(&rig, 0, begin + 1699 * INT64_C(1000000) + 6, 1700); /* its samples came 5 us after it began */
	go(&rig, 0, begin + 1699 * INT64_C(1000000) + 5, 1699);
	go(&rig, 0, begin + 12 * INT64_C(1000000), 12);
	go(&rig, 0, begin - 5, 1);
	go(&rig, 0, begin + 99999 * INT64_C(1000000), LONG_FRAMES);
	go(&rig, 0, begin + 1 * INT64_C(1000000), 1);
	close_long(&rig);
}
END_TEST

/* Somebody cut the file while it was open: told, and nothing is shown for what is not there. */
START_TEST(a_file_that_changed_is_told)
{
	struct long_rig rig;
	struct err why = {0};
	int64_t target;
	int rc;

	open_long(&rig);
	go(&rig, 2000, 0, 2000);
	ck_assert_int_eq(truncate(rig.path, 5000), 0);
	replay_seek(rig.r, 300, 0);
	while ((rc = replay_seek_on(rig.r, 1000, &target, &why)) > 0)
		;
	ck_assert_int_lt(rc, 0);
	ck_assert_msg(strstr(why.text, rig.path) != NULL, "%s", why.text);
	ck_assert(replay_ended(rig.r));
	ck_assert_int_eq(source_status(rig.s)->state, SERVER_ENDED);
	close_long(&rig);
}
END_TEST

START_TEST(an_open_ask_is_answered_at_the_end)
{
	struct panel *p = make_panel();
	struct buf out = BUF_INIT(1 << 20);
	struct replay *r = NULL;
	struct loop *l = NULL;
	struct source *s = NULL;
	struct err why = {0};
	struct got got = {0};
	char path[32];

	make_recording(&out, p);
	put_file(path, buf_text(&out), out.len);
	ck_assert_int_eq(replay_open(&r, path, &why), 0);
	ck_assert_int_eq(loop_new(&l, &why), 0);
	struct source_conf conf = replay_source_conf(r, 0);
	ck_assert_int_eq(source_new(&s, l, &conf, NULL, NULL, &why), 0);
	source_start(s);
	struct ask one = {.panel = p, .lookup = -1, .done = on_done, .ctx = &got};
	ck_assert_int_eq(source_ask(s, &one, 1, &why), 0);
	ck_assert_int_eq(source_ask(s, &one, 1, &why), ERR_BUSY);
	source_free(s);
	ck_assert_int_eq(got.count, 1);
	ck_assert_int_eq(got.why.code, ERR_LOST);
	loop_free(l);
	replay_close(r);
	buf_release(&out);
	panel_free(p);
	unlink(path);
}
END_TEST

/* Opens and walks through all frames: 0, or the first error. */
static int walk(const char *path, struct err *why)
{
	struct replay *r = NULL;
	int rc = replay_open(&r, path, why);

	while (rc == 0 && (rc = replay_next(r, why)) > 0)
		rc = 0;
	replay_close(r);
	return rc;
}

/* Frames that the disk did not take are counted in the next one, and the file is whole all the same. */
START_TEST(frames_left_out_leave_a_whole_recording)
{
	struct server_status pg = status();
	const struct server_status *const servers[] = {&pg};
	struct buf kept = BUF_INIT(1 << 16), frame = BUF_INIT(1 << 16);
	struct err why = {0};
	struct replay *r;
	struct record rec;
	char path[32];

	record_begin(&rec, &kept, servers, 1, &(struct clock){1, INT64_C(1795359600000000)}, 1000);
	for (int i = 1; i <= 5; i++) {
		struct clock now = {i * CLOCK_SECOND_NS, INT64_C(1795359600000000) + i * 1000000};

		record_frame(&rec, &frame, servers, &now);
		if (i == 2 || i == 3) {
			record_drop(&rec);
		} else {
			buf_add(&kept, frame.data, frame.len);
			rec.dropped = 0;
		}
		buf_clear(&frame);
	}
	record_end(&rec, &kept);
	ck_assert_ptr_nonnull(strstr(buf_text(&kept), "{\"frame\":2,\"mono_ns\":4000000000,\"wall_us\":1795359604000000,\"dropped\":2}"));
	ck_assert_ptr_nonnull(strstr(buf_text(&kept), "{\"end\":true,\"frames\":3}"));
	put_file(path, kept.data, kept.len);
	ck_assert_msg(replay_open(&r, path, &why) == 0, "%s", why.text);
	ck_assert_int_eq(replay_frames(r), 3);
	ck_assert_int_eq(replay_next(r, &why), 1);
	ck_assert_int_eq(replay_next(r, &why), 1);
	ck_assert_int_eq(replay_next(r, &why), 0);
	replay_close(r);
	unlink(path);
	record_release(&rec);
	buf_release(&kept);
	buf_release(&frame);
}
END_TEST

START_TEST(cut_at_any_byte_is_told)
{
	struct panel *p = make_panel();
	struct buf out = BUF_INIT(1 << 20);
	struct err why;
	char path[32], begin[64];

	make_recording(&out, p);
	for (size_t len = 0; len < out.len; len++) {
		put_file(path, buf_text(&out), len);
		why = (struct err){0};
		ck_assert_msg(walk(path, &why) < 0, "%zu bytes of %zu were accepted", len, out.len);
		snprintf(begin, sizeof begin, "%s:", path);
		ck_assert_msg(strncmp(why.text, begin, strlen(begin)) == 0, "%s", why.text);
		ck_assert_msg(strstr(why.text, "truncated") || strstr(why.text, "not a dytop recording"), "%zu: %s", len, why.text);
		unlink(path);
	}
	put_file(path, buf_text(&out), out.len);
	ck_assert_int_eq(walk(path, &why), 0);
	unlink(path);
	buf_release(&out);
	panel_free(p);
}
END_TEST

#define HEAD "{\"dytop_recording\":1,\"dytop\":\"0.1.0\",\"started\":\"x\",\"interval_ms\":1000,\"servers\":1}\n"
#define SERVER \
	"{\"server\":0,\"kind\":\"pg\",\"name\":\"a\",\"state\":\"live\",\"since_ns\":1,\"answered_ns\":1,\"retries\":0," \
	"\"version\":150000,\"started_us\":0,\"life\":\"0000000000000001\",\"hidden\":0,\"logins\":1,\"asked\":1,\"failed\":0}\n"
#define FRAME "{\"frame\":1,\"mono_ns\":5,\"wall_us\":5}\n"
#define SAMPLE_BEGIN(elapsed) \
	"{\"sample\":\"p\",\"server\":0,\"lookup\":null,\"mono_ns\":5,\"wall_us\":5,\"elapsed_us\":" elapsed \
	",\"life\":\"0000000000000001\",\"hidden\":0,\"cut\":false,"
#define END "{\"end\":true,\"frames\":1}\n"

static const struct {
	const char *text, *message; /* after "PATH:" */
} broken[] = {
	{"", "1: not a dytop recording"},
	{"hello\n", "1: not a dytop recording"},
	{"{\"a\":1}\n" END, "1: not a dytop recording"},
	{"{\"dytop_recording\":3,\"servers\":1}\n" END,
	 "1: a recording of version 3; this dytop reads up to 2: use a newer one"},
	{"{\"dytop_recording\":0,\"servers\":1}\n" END, "1: 'dytop_recording' is not a number from 1 to 2147483647"},
	{"{\"dytop_recording\":1,\"servers\":1e9}\n" END, "1: 'servers' is not a number from 1 to 256"},
	{HEAD SERVER END, "3: no frame in it"},
	{HEAD FRAME END, "2: server 0 is not declared before the first frame"},
	{HEAD SERVER FRAME, "3: truncated: the recording has no end"},
	{HEAD SERVER FRAME END FRAME, "5: truncated: the recording has no end"},
	{HEAD SERVER FRAME END END, "5: something behind the end"},
	{HEAD SERVER FRAME FRAME END, "4: 'frame' is not a number from 2 to 2"},
	{HEAD SERVER FRAME "{\"end\":true,\"frames\":7}\n", "4: 'frames' is not a number from 1 to 1"},
	{HEAD SERVER FRAME "what\n" END, "4: line 1, column 1"},
	{HEAD SERVER FRAME "[1]\n" END, "4: not a line of a recording"},
	{HEAD SERVER FRAME "{\"x\":1}\n" END, "4: neither server, frame, sample, task, plans nor end"},
	{HEAD SERVER FRAME "{\"task\":0,\"server\":0}\n" END, "4: 'task' is not a number from 1"},
	{HEAD SERVER FRAME "{\"task\":1,\"server\":1}\n" END, "4: a task of no declared server"},
	{HEAD SERVER FRAME "{\"task\":1,\"server\":0,\"title\":\"t\",\"state\":\"asleep\",\"outcome\":\"open\"}\n" END,
	 "4: a task's 'state' and 'outcome' are not known here"},
	{HEAD SERVER FRAME "{\"task\":1,\"server\":0,\"title\":\"t\",\"state\":\"done\",\"outcome\":\"open\"}\n" END,
	 "4: a task's 'state' and 'outcome' are not known here"},
	{HEAD SERVER FRAME "{\"task\":1,\"server\":0,\"state\":\"asking\",\"outcome\":\"open\"}\n" END, "4: a task's 'title' is missing"},
	{HEAD SERVER FRAME "{\"task\":1,\"server\":0,\"title\":\"t\",\"state\":\"asking\",\"outcome\":\"open\",\"lines\":[7]}\n" END,
	 "4: a task's line has no known 'mark', or no 'text'"},
	{HEAD SERVER "{\"task\":1}\n" FRAME END, "3: a task before the first frame"},
	{HEAD SERVER "{\"plans\":\"s\"}\n" FRAME END, "3: plans before the first frame"},
	{HEAD SERVER FRAME "{\"plans\":7,\"server\":0}\n" END, "4: plans of nothing"},
	{HEAD SERVER FRAME "{\"plans\":\"s\",\"server\":0,\"queryid\":1,\"dbid\":1,\"pid\":0}\n" END, "4: 'start_us' is not a number"},
	{HEAD SERVER FRAME "{\"plans\":\"s\",\"server\":0,\"queryid\":1,\"dbid\":1,\"pid\":0,\"start_us\":0}\n" END, "4: plans without a plan"},
	{HEAD SERVER FRAME "{\"plans\":\"s\",\"server\":0,\"queryid\":1,\"dbid\":1,\"pid\":0,\"start_us\":0,\"plan\":[{\"title\":\"x\"}]}\n" END,
	 "4: a plan needs 'title' and 'json', both texts"},
	{HEAD SERVER "{\"sample\":\"p\"}\n" FRAME END, "3: a sample before the first frame"},
	{HEAD SERVER FRAME "{\"sample\":7}\n" END, "4: 'sample' is not a panel's name"},
	{HEAD SERVER FRAME "{\"sample\":\"p\"}\n" END, "4: 'server' is missing"},
	{HEAD SERVER FRAME "{\"sample\":\"p\",\"server\":1}\n" END, "4: 'server' is not a number from 0 to 0"},
	{HEAD SERVER FRAME SAMPLE_BEGIN("-1") "\"fields\":{},\"rows\":[]}\n" END,
	 "4: 'elapsed_us' is not a number from 0 to 9223372036854775807"},
	{HEAD SERVER FRAME SAMPLE_BEGIN("\"99999999999999999999\"") "\"fields\":{},\"rows\":[]}\n" END,
	 "4: 'elapsed_us' is not a number"},
	{HEAD SERVER FRAME SAMPLE_BEGIN("1") "\"rows\":[]}\n" END, "4: a sample needs 'fields' and 'rows'"},
	{HEAD SERVER FRAME SAMPLE_BEGIN("1") "\"fields\":{\"a\":\"blob\"},\"rows\":[]}\n" END,
	 "4: field 'a' is of no known type"},
	{HEAD SERVER FRAME SAMPLE_BEGIN("1") "\"fields\":{\"a\":\"int\"},\"rows\":[[1],[1,2]]}\n" END,
	 "4: row 2 is not a list of 1 values"},
	{HEAD SERVER FRAME SAMPLE_BEGIN("1") "\"fields\":{\"a\":\"int\"},\"rows\":[7]}\n" END,
	 "4: row 1 is not a list of 1 values"},
	{HEAD "{\"server\":0,\"kind\":\"mysql\"}\n" FRAME END, "2: 'kind' is not known here"},
	{HEAD SERVER "{\"server\":0,\"kind\":\"redis\",\"name\":\"a\",\"state\":\"live\",\"since_ns\":1,\"answered_ns\":1,"
	 "\"retries\":0,\"version\":1,\"started_us\":0,\"life\":\"0000000000000001\",\"hidden\":0,\"logins\":1,\"asked\":1,"
	 "\"failed\":0}\n" FRAME END, "3: the server is of another kind than before"},
	{HEAD SERVER "{\"frame\":1,\"mono_ns\":-5,\"wall_us\":5}\n" END, "3: 'mono_ns' is not a number"},
	{HEAD SERVER "{\"frame\":1,\"mono_ns\":5,\"wall_us\":1e18}\n" END, "3: 'wall_us' is not a number"},
};

START_TEST(broken_lines_get_file_and_line)
{
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		struct err why = {0};
		char path[32], expected[256];
		put_file(path, broken[i].text, strlen(broken[i].text));
		ck_assert_msg(walk(path, &why) < 0, "accepted: %s", broken[i].text);
		snprintf(expected, sizeof expected, "%s:%s", path, broken[i].message);
		ck_assert_msg(strncmp(why.text, expected, strlen(expected)) == 0, "%s\n    is not %s", why.text, expected);
		unlink(path);
	}
}
END_TEST

START_TEST(odd_files_are_refused)
{
	struct err why = {0};

	ck_assert_int_lt(walk("/dev/zero", &why), 0);
	ck_assert_str_eq(why.text, "/dev/zero: not a regular file");
	ck_assert_int_lt(walk("/nonexistent/x", &why), 0);
	ck_assert_str_eq(why.text, "/nonexistent/x: No such file or directory");
	ck_assert_int_lt(walk("/", &why), 0);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		what_was_recorded_comes_back, any_frame_is_found_again, a_moment_is_found, a_file_that_changed_is_told,
		an_open_ask_is_answered_at_the_end, frames_left_out_leave_a_whole_recording, cut_at_any_byte_is_told,
		broken_lines_get_file_and_line, odd_files_are_refused,
	};

	return unit_run("replay", cases, sizeof cases / sizeof cases[0]);
}
