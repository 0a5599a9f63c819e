/* SPDX-License-Identifier: PostgreSQL */
/*
 * Each format from the recording tests/fixtures/formats.ndjson (every unit, every mark, hostile texts, a server that is lost
 * in the second frame), compared byte by byte with tests/golden. DYTOP_GOLDEN=write writes the goldens anew.
 */
#include "out/out.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/slurp.h"
#include "core/mem.h"
#include "loop/loop.h"
#include "source/replay.h"
#include "unit.h"

enum { PANELS = 3, FRAMES = 2, OUT_MAX = 1 << 24 };

struct stage { /* a replay with its feeds, as a session would hold them */
	struct loop *loop;
	struct replay *replay;
	struct source *source[PANELS];
	const struct server_status *status[PANELS];
	struct panel *panel[2];
	struct feed *feed[PANELS];
	struct view view[PANELS];
	struct out_panel out[PANELS];
	bool ascii;
	int row_limit;
};

static const char *top(void)
{
	const char *srcdir = getenv("srcdir");
	return srcdir ? srcdir : ".";
}

static void read_file(struct buf *out, const char *name)
{
	char path[512];
	struct err why = {0};

	snprintf(path, sizeof path, "%s/%s", top(), name);
	ck_assert_msg(slurp_file(out, path, SLURP_PLAIN, &why) == 0, "%s", why.text);
}

static struct panel *read_panel(const char *name, const char *file)
{
	struct buf text = BUF_INIT(1 << 20);
	struct panel *p = NULL;
	struct err why = {0};

	read_file(&text, file);
	ck_assert_msg(panel_parse(&p, name, file, buf_text(&text), text.len, &why) == 0, "%s", why.text);
	buf_release(&text);
	return p;
}

static void begin(struct stage *s)
{
	char path[512];
	struct err why = {0};

	memset(s, 0, sizeof *s);
	s->panel[0] = read_panel("things", "tests/fixtures/panels/things.sql");
	s->panel[1] = read_panel("box", "tests/fixtures/panels/box.sql");
	snprintf(path, sizeof path, "%s/tests/fixtures/formats.ndjson", top());
	ck_assert_msg(replay_open(&s->replay, path, &why) == 0, "%s", why.text);
	ck_assert_int_eq(loop_new(&s->loop, &why), 0);
	for (int i = 0; i < PANELS; i++) {
		struct source_conf conf = replay_source_conf(s->replay, i);
		ck_assert_int_eq(source_new(&s->source[i], s->loop, &conf, NULL, NULL, &why), 0);
		source_start(s->source[i]);
		s->status[i] = source_status(s->source[i]);
		s->feed[i] = feed_new(s->panel[i / 2]);
		view_init(&s->view[i], s->panel[i / 2]);
		s->out[i] = (struct out_panel){.panel = s->panel[i / 2], .feed = s->feed[i], .view = &s->view[i],
		                               .server = s->status[i]};
	}
}

static void end(struct stage *s)
{
	for (int i = 0; i < PANELS; i++) {
		source_free(s->source[i]);
		view_release(&s->view[i]);
		feed_free(s->feed[i]);
	}
	loop_free(s->loop);
	replay_close(s->replay);
	panel_free(s->panel[0]);
	panel_free(s->panel[1]);
}

static void on_done(void *ctx, struct sample *sample, const struct err *why)
{
	if (sample)
		feed_push(ctx, sample);
	else
		feed_fail(ctx, why);
}

/* What a session does in a turn: asks the live servers, and says stale for the others. */
static void gather(struct stage *s)
{
	struct err why = {0};

	for (int i = 0; i < PANELS; i++) {
		struct ask ask = {.panel = s->panel[i / 2], .lookup = -1, .done = on_done, .ctx = s->feed[i]};
		if (!source_ready(s->source[i])) {
			feed_stale(s->feed[i], s->status[i]->reason);
			continue;
		}
		ck_assert_int_eq(source_ask(s->source[i], &ask, 1, &why), 0);
		while (!source_ready(s->source[i]))
			loop_once(s->loop, true);
	}
	for (int i = 0; i < PANELS; i++)
		view_update(&s->view[i], s->feed[i], loop_now(s->loop)->wall_us, true);
}

static void print(struct stage *s, const struct out_format *format, int number, bool last, struct buf *out)
{
	struct out_frame frame = {.number = number, .now = *loop_now(s->loop), .interval_s = 2, .servers = s->status,
	                          .server_count = PANELS, .panels = s->out, .panel_count = PANELS,
	                          .row_limit = s->row_limit, .last = last, .ascii = s->ascii};
	struct err why = {0};

	ck_assert_msg(format->frame(out, &frame, &why) == 0, "%s", why.text);
}

static void run(struct stage *s, const char *name, struct buf *out)
{
	const struct out_format *format = out_format_by_name(name);
	struct err why = {0};

	for (int i = 1; i <= FRAMES; i++) {
		gather(s);
		print(s, format, i, i == FRAMES, out);
		if (i < FRAMES)
			ck_assert_int_eq(replay_next(s->replay, &why), 1);
	}
}

static void compare(const struct buf *out, const char *golden)
{
	const char *mode = getenv("DYTOP_GOLDEN");
	struct buf expected = BUF_INIT(OUT_MAX);
	char path[512];

	snprintf(path, sizeof path, "%s/tests/golden/%s", top(), golden);
	if (mode && strcmp(mode, "write") == 0) {
		FILE *f = fopen(path, "w");
		ck_assert_ptr_nonnull(f);
		ck_assert_uint_eq(fwrite(buf_text(out), 1, out->len, f), out->len);
		fclose(f);
		return;
	}
	snprintf(path, sizeof path, "tests/golden/%s", golden);
	read_file(&expected, path);
	size_t at = 0;
	int line = 1;
	while (at < out->len && at < expected.len && buf_text(out)[at] == buf_text(&expected)[at])
		line += buf_text(out)[at++] == '\n';
	ck_assert_msg(out->len == expected.len && at == out->len, "%s differs from line %d on:\n%.*s\n    is not\n%.*s", golden,
	              line, 300, buf_text(out) + (at > 60 ? at - 60 : 0), 300, buf_text(&expected) + (at > 60 ? at - 60 : 0));
	buf_release(&expected);
}

START_TEST(goldens)
{
	static const struct {
		const char *format, *golden;
		bool ascii;
	} all[] = {
		{"table", "formats.table", false}, {"table", "formats.ascii.table", true},
		{"json", "formats.json", false},   {"ndjson", "formats.ndjson", false},
		{"csv", "formats.csv", false},     {"openmetrics", "formats.prom", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct stage s;
		struct buf out = BUF_INIT(OUT_MAX);
		begin(&s);
		s.ascii = all[i].ascii;
		run(&s, all[i].format, &out);
		compare(&out, all[i].golden);
		end(&s);
		buf_release(&out);
	}
}
END_TEST

/* No format but CSV (line feeds in quotes, CR LF at line ends) and none at all lets a control or a bidi mark through. */
START_TEST(nothing_steers_a_terminal)
{
	static const char *const formats[] = {"table", "json", "ndjson", "csv", "openmetrics"};
	static const char *const harm[] = {"\xe2\x80\xae", "\xe2\x80\xac", "\xe2\x80\x8b", "\xe2\x80\xa8", "\xc2\x9b"};

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct stage s;
		struct buf out = BUF_INIT(OUT_MAX);
		begin(&s);
		run(&s, formats[i], &out);
		for (size_t k = 0; k < out.len; k++) {
			unsigned char c = (unsigned char)buf_text(&out)[k];
			bool line_end = c == '\n' || (c == '\r' && buf_text(&out)[k + 1] == '\n' && strcmp(formats[i], "csv") == 0);
			ck_assert_msg((c >= 0x20 && c != 0x7f) || line_end, "%s: byte %02x at %zu", formats[i], c, k);
		}
		for (size_t k = 0; k < ARRAY_LEN(harm); k++)
			ck_assert_msg(!strstr(buf_text(&out), harm[k]), "%s: %zu", formats[i], k);
		end(&s);
		buf_release(&out);
	}
}
END_TEST

START_TEST(a_ceiling_leaves_nothing_half)
{
	const struct out_format *const *format = out_formats();

	for (; *format; format++) {
		struct stage s;
		struct buf out = BUF_INIT(700);
		struct err why = {0};
		begin(&s);
		gather(&s);
		buf_adds(&out, "before");
		struct out_frame frame = {.number = 1, .now = *loop_now(s.loop), .interval_s = (double)NAN, .servers = s.status,
		                          .server_count = PANELS, .panels = s.out, .panel_count = PANELS, .last = true};
		ck_assert_int_eq((*format)->frame(&out, &frame, &why), ERR_TOO_BIG);
		ck_assert_str_eq(buf_text(&out), "before");
		end(&s);
		buf_release(&out);
	}
}
END_TEST

START_TEST(rows_and_columns_can_be_chosen)
{
	struct stage s;
	struct buf out = BUF_INIT(OUT_MAX);
	int columns[] = {11, 0};

	begin(&s);
	s.row_limit = 2;
	s.out[0].columns = columns;
	s.out[0].column_count = 2;
	gather(&s);
	struct out_frame frame = {.number = 1, .now = *loop_now(s.loop), .interval_s = (double)NAN, .servers = s.status,
	                          .panels = s.out, .panel_count = 1, .row_limit = 2, .last = true};
	struct err why = {0};
	ck_assert_int_eq(out_format_by_name("csv")->frame(&out, &frame, &why), 0);
	ck_assert_msg(strncmp(buf_text(&out), "time,server,panel,state,state,queryid,marks\r\n", 45) == 0, "%s", buf_text(&out));
	int lines = 0;
	for (const char *p = buf_text(&out); (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	ck_assert_int_eq(lines, 3);
	end(&s);
	buf_release(&out);
}
END_TEST

START_TEST(an_ended_run_closes_its_document)
{
	struct stage s;
	struct buf out = BUF_INIT(OUT_MAX);

	begin(&s);
	gather(&s);
	print(&s, out_format_by_name("json"), 1, false, &out);
	out_format_by_name("json")->abandon(&out, 1);
	ck_assert_str_eq(buf_text(&out) + out.len - 4, "\n]}\n");
	end(&s);
	buf_release(&out);
}
END_TEST

START_TEST(a_server_that_never_came_up)
{
	const struct out_format *const *format = out_formats();
	struct server_status down = {.kind = PANEL_PG, .state = SERVER_REFUSED, .rtt_ms = (double)NAN};
	const struct server_status *const servers[] = {&down};
	struct panel *p = read_panel("things", "tests/fixtures/panels/things.sql");
	struct out_panel panel = {.panel = p, .server = &down};
	struct out_frame frame = {.number = 1, .interval_s = (double)NAN, .servers = servers, .server_count = 1,
	                          .panels = &panel, .panel_count = 1, .last = true};

	snprintf(down.name, sizeof down.name, "db1");
	snprintf(down.reason, sizeof down.reason, "password authentication failed");
	for (; *format; format++) {
		struct buf out = BUF_INIT(OUT_MAX);
		struct err why = {0};
		ck_assert_int_eq((*format)->frame(&out, &frame, &why), 0);
		if (strcmp((*format)->name, "csv") != 0 && strcmp((*format)->name, "openmetrics") != 0)
			ck_assert_msg(strstr(buf_text(&out), "password authentication failed"), "%s", buf_text(&out));
		if (strcmp((*format)->name, "openmetrics") == 0)
			ck_assert(strstr(buf_text(&out), "dytop_server_up{server=\"db1\"} 0\n"));
		buf_release(&out);
	}
	panel_free(p);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		goldens, nothing_steers_a_terminal, a_ceiling_leaves_nothing_half, rows_and_columns_can_be_chosen,
		an_ended_run_closes_its_document, a_server_that_never_came_up,
	};

	return unit_run("out", cases, sizeof cases / sizeof cases[0]);
}
