/* SPDX-License-Identifier: PostgreSQL */
/*
 * Anything may be typed, clicked, pasted, resized and answered, in any state: 100,000 random events from a fixed seed, all
 * sizes, hostile texts. What is looked for is what sanitizers find, and a few things that must always hold.
 */
#include "stage.h"

#include <stdio.h>
#include <string.h>

#include "ui/state.h"
#include "unit.h"

enum { EVENTS = 100000 };

static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static int pick(uint64_t *seed, int count)
{
	return (int)((next(seed) >> 20) % (uint64_t)count);
}

static int random_key(uint64_t *seed)
{
	static const char likely[] = "jkgG/nN\\=<>oI UFitTcvyYfWDr:.,{}S?hq[]0123789dpZ+-RCKeEmwJX!D()bB";

	switch (pick(seed, 10)) {
	case 0:
		return pick(seed, 32);
	case 1:
		return TERM_KEY_UP + pick(seed, TERM_KEY_PASTE - TERM_KEY_UP + 4);
	case 2:
		return pick(seed, 0x110000);
	case 3:
		return TERM_KEY_ESC;
	case 4:
		return TERM_KEY_ENTER;
	default:
		return likely[pick(seed, (int)sizeof(likely) - 1)];
	}
}

static const char *const hostile[] = {
	"\x1b[2J\x1b]0;owned\x07", "\xc2\x9b" "31m", "\xe2\x80\xae" "gnp.exe", "a\r\nb\tc\x08", "\xff\xfe\x80", "日本語テキスト日本語テキスト",
	"e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85", "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7", "\xef\xbf\xbf\xed\xa0\x80",
	"'; DROP TABLE x; --", "%s%n%x", "", " ", "\\\\\\", "\xef\xb7\xba\xef\xb7\xba", "-", "\xe2\x80\x8b\xe2\x80\x8b",
};

/* New samples with rows that come and go, and texts that nobody should send. */
static void random_sample(struct stage *s, uint64_t *seed)
{
	struct buf rows = BUF_INIT(1 << 20);
	int count = pick(seed, 60);

	for (int i = 0; i < count; i++)
		buf_addf(&rows, "%s%d|%d|%s|%s|%d|%d|%s|%d|%s", rows.len ? "\n" : "", pick(seed, 80), pick(seed, 80),
		         pick(seed, 3) ? "active" : "idle", hostile[pick(seed, (int)ARRAY_LEN(hostile))], pick(seed, 100000),
		         pick(seed, 100000), hostile[pick(seed, 3)], pick(seed, 9) == 0,
		         hostile[pick(seed, (int)ARRAY_LEN(hostile))]);
	stage_push(s, "activity", 0, buf_text(&rows));
	buf_clear(&rows);
	for (int i = 0; i < count; i++)
		buf_addf(&rows, "%s%d|%d|%d|%d|%d|%d|%d|%d|%s", rows.len ? "\n" : "", pick(seed, 50), pick(seed, 100000),
		         pick(seed, 100000), pick(seed, 1000), pick(seed, 1000), pick(seed, 1000), pick(seed, 9), pick(seed, 9),
		         hostile[pick(seed, (int)ARRAY_LEN(hostile))]);
	stage_push(s, "statements", 0, buf_text(&rows));
	buf_clear(&rows);
	for (int i = 0; i < count; i++)
		buf_addf(&rows, "%s%d|%d|%s|%s|%d", rows.len ? "\n" : "", pick(seed, 20), pick(seed, 20),
		         hostile[pick(seed, 4)], hostile[pick(seed, 5)], pick(seed, 100000));
	stage_push(s, "locks", 0, buf_text(&rows));
	buf_release(&rows);
}

static void random_status(struct stage *s, uint64_t *seed)
{
	struct server_status *at = &s->server[pick(seed, s->server_count)];

	at->state = (enum server_state)pick(seed, SERVER_ENDED + 1);
	at->since_ns = s->host.now.mono_ns;
	at->retry_ns = pick(seed, 2) ? s->host.now.mono_ns + CLOCK_SECOND_NS : 0;
	at->answered_ns = pick(seed, 4) ? at->answered_ns : 0;
	snprintf(at->reason, sizeof(at->reason), "%s", pick(seed, 2) ? "connection refused" : "");
	snprintf(at->notice, sizeof(at->notice), "%s", pick(seed, 3) ? "" : "restarted 12:04:31");
}

static void fail_feed(struct stage *s, uint64_t *seed)
{
	struct feed *f = s->feed[pick(seed, s->panel_count)][0];
	struct err why;

	err_set(&why, -1 - pick(seed, 13), "no: %s", "because");
	if (f)
		feed_fail(f, &why);
}

/* One of everything that can happen. */
static void happen(struct stage *s, uint64_t *seed)
{
	struct term_event e = {.key = random_key(seed)};
	const char *text = hostile[pick(seed, (int)ARRAY_LEN(hostile))];

	switch (pick(seed, 40)) {
	case 0:
		stage_pass(s, pick(seed, 5));
		random_sample(s, seed);
		break;
	case 1:
		random_status(s, seed);
		break;
	case 2:
		stage_size(s, pick(seed, 8) ? 20 + pick(seed, 130) : pick(seed, 30), pick(seed, 8) ? 5 + pick(seed, 50) : pick(seed, 9));
		break;
	case 3:
		fail_feed(s, seed);
		break;
	case 4:
		stage_paste(s, text);
		break;
	case 5:
	case 6:
		e = (struct term_event){.key = TERM_KEY_MOUSE, .x = pick(seed, 140) - 5, .y = pick(seed, 60) - 5,
		                        .button = pick(seed, 4), .wheel = pick(seed, 3) - 1};
		break;
	case 7:
		s->canvas.ascii = !s->canvas.ascii;
		s->host.replay = pick(seed, 4) == 0;
		s->host.frames = pick(seed, 9);
		break;
	default:
		break;
	}
	if (e.key == TERM_KEY_PASTE)
		e.text = str_from(text);
	stage_obey(s, ui_event(s->ui, &s->host, &e));
}

/* What must hold whatever happened. */
static void check(struct stage *s)
{
	struct ui_want want[64];
	int count = ui_wants(s->ui, &s->host, want, 64);

	bool sound = s->ui->here >= 0 && s->ui->here < s->ui->screen_count && ui_interval(s->ui) >= 100 &&
	             s->ui->prompt.len < PROMPT_MAX && strlen(s->ui->prompt.text) == s->ui->prompt.len &&
	             s->canvas.cursor_x < s->canvas.width && s->canvas.cursor_y < s->canvas.height;

	for (int i = 0; i < count; i++) {
		const int *rows;

		sound = sound && want[i].panel < s->panel_count &&
		        ui_visible_rows(s->ui, want[i].panel, want[i].server, &rows) <= 200;
	}
	if (!sound)
		ck_abort_msg("screen %d, interval %g, prompt %zu, cursor %d,%d", s->ui->here, ui_interval(s->ui),
		             s->ui->prompt.len, s->canvas.cursor_x, s->canvas.cursor_y);
}

/* Nothing that a terminal obeys ever stands on the canvas, and wide characters are whole. */
static void check_canvas(const struct canvas *c)
{
	for (int i = 0; i < c->width * c->height; i++) {
		const struct canvas_cell *cell = &c->cell[i];

		bool printable = cell->cp == 0 || (cell->cp >= ' ' && cell->cp < 0x7f) || cell->cp >= 0xa0;

		/* Check writes a record for each assertion: too dear for each cell */
		if (!printable || (c->ascii && cell->cp >= 0x7f) || cell->cp == 0x202e || cell->cp == 0x200b ||
		    cell->slot >= SLOT_COUNT)
			ck_abort_msg("cell %d: U+%04X, slot %u, ASCII %d", i, cell->cp, cell->slot, c->ascii);
	}
}

static void run(uint64_t seed, int events)
{
	struct stage *s = stage_new(100, 30);

	for (int i = 0; i < events; i++) {
		happen(s, &seed);
		check(s);
		if (pick(&seed, 3))
			continue;
		ui_tick(s->ui, &s->host);
		ui_draw(s->ui, &s->host, &s->canvas);
		check_canvas(&s->canvas);
	}
	stage_free(s);
}

START_TEST(anything_in_any_state)
{
	run(UINT64_C(88172645463325252) + (uint64_t)_i * 7919, EVENTS / 10);
}
END_TEST

START_TEST(all_sizes_and_screens)
{
	static const char *const states[] = {"0", "1 i t", "2 v", "3", "7", "8", "S", "2 Enter", "2 ?", "2 f", "2 o", "2 :", "2 /"};

	for (size_t k = 0; k < ARRAY_LEN(states); k++) {
		struct stage *s = stage_new(120, 40);

		stage_text(s);
		stage_keys(s, states[k]);
		for (int h = 1; h <= 200; h += h < 32 ? 1 : 56)
			for (int w = 1; w <= 500; w += w < 40 ? 1 : w < 140 ? 13 : 120) {
				stage_size(s, w, h);
				ui_draw(s->ui, &s->host, &s->canvas);
				check_canvas(&s->canvas);
			}
		stage_free(s);
	}
}
END_TEST

START_TEST(every_key_in_every_state)
{
	static const char *const states[] = {"0", "1", "2", "3", "7", "8", "S", "2 Enter", "2 ?", "2 f", "2 o", "2 :", "2 /", "2 \\", "d", "2 Enter ?"};

	for (size_t k = 0; k < ARRAY_LEN(states); k++)
		for (int key = -2; key <= TERM_KEY_PASTE + 3; key = key == 256 ? TERM_KEY_UP : key + 1) {
			static struct stage *s;
			struct term_event e = {.key = key, .text = STR("x")};

			if (!s)
				s = stage_new(80, 24);
			stage_keys(s, "Esc Esc Esc Esc");
			stage_keys(s, states[k]);
			ui_event(s->ui, &s->host, &e);
			ui_draw(s->ui, &s->host, &s->canvas);
			if (key == TERM_KEY_PASTE + 3) {
				stage_free(s);
				s = NULL;
			}
		}
}
END_TEST

START_TEST(hostile_texts_stay_in_their_cells)
{
	struct stage *s = stage_new(120, 40);

	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		struct buf row = BUF_INIT(4096);

		buf_addf(&row, "1|-|active|%s|5|6|%s|0|%s", hostile[i], hostile[i], hostile[i]);
		for (char *at = row.data; *at; at++)
			*at = *at == '\n' ? '\v' : *at;
		stage_push(s, "activity", 0, row.data);
		stage_keys(s, "1");
		ui_draw(s->ui, &s->host, &s->canvas);
		check_canvas(&s->canvas);
		stage_keys(s, "Enter");
		ui_draw(s->ui, &s->host, &s->canvas);
		check_canvas(&s->canvas);
		stage_keys(s, "Esc");
		snprintf(s->server[0].name, sizeof(s->server[0].name), "%s", "db");
		ui_notice(s->ui, &s->host, true, hostile[i]);
		ui_draw(s->ui, &s->host, &s->canvas);
		check_canvas(&s->canvas);
		buf_release(&row);
	}
	stage_free(s);
}
END_TEST

/* Groups of its own, since one runs in a loop. */
int main(void)
{
	Suite *suite = suite_create("ui_monkey");
	TCase *group = tcase_create("ui_monkey");
	SRunner *runner;
	int failed;

	setenv("TZ", "UTC", 1);
	tcase_set_timeout(group, 300);
	tcase_add_loop_test(group, anything_in_any_state, 0, 10);
	tcase_add_test(group, all_sizes_and_screens);
	tcase_add_test(group, every_key_in_every_state);
	tcase_add_test(group, hostile_texts_stay_in_their_cells);
	suite_add_tcase(suite, group);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
