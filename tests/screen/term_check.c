/* SPDX-License-Identifier: PostgreSQL */
/*
 * What tests/screen/term_test.py drives: opens the terminal, draws a scene with the last event in its first row, and obeys some
 * keys: q quit, n draw the same frame again, l repaint, c copy, z suspend and resume, D flood, + another frame,
 * s scroll a table by a row.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/buf.h"
#include "core/clean.h"
#include "core/clock.h"
#include "ui/term.h"

static volatile sig_atomic_t resized;

static void on_winch(int signo)
{
	(void)signo;
	resized = 1;
}

static void scene(struct canvas *c, const char *event, int frame, int top)
{
	char text[64];

	canvas_clear(c);
	canvas_puts(c, 0, 0, c->width, SLOT_TEXT, 0, event);
	snprintf(text, sizeof(text), "size %dx%d", c->width, c->height);
	canvas_puts(c, 0, 1, c->width, SLOT_WARN, 0, text);
	canvas_puts(c, 0, 2, c->width, SLOT_TEXT, 0, "a\xe6\x97\xa5" "b|e\xcc\x81|caf\xc3\xa9|\xe2\x96\x88|\xf0\x9f\x98\x80|");
	canvas_puts(c, 0, 3, c->width, SLOT_CRIT, CANVAS_BOLD, "critical");
	canvas_puts(c, 0, 4, c->width, SLOT_OK, 0, "under the cursor");
	canvas_flag_row(c, 4, CANVAS_CURSOR);
	canvas_fill(c, c->width - 1, c->height - 1, 1, SLOT_TEXT, 0, '#');
	for (int y = 6; top && y < c->height - 1; y++) {
		snprintf(text, sizeof(text), "row number %d of a table", y + top);
		canvas_puts(c, 0, y, c->width, SLOT_TEXT, 0, text);
	}
	snprintf(text, sizeof(text), "frame %d", frame);
	canvas_puts(c, 0, 5, c->width, SLOT_TEXT, 0, text);
}

static void flood(struct term *t, struct canvas *c)
{
	struct clock before, after;
	int64_t longest = 0;
	int drawn = 0;

	for (int i = 0; i < 400; i++) {
		clock_read(&before);
		if (term_writable(t)) {
			for (int y = 0; y < c->height; y++)
				canvas_fill(c, 0, y, c->width, SLOT_TEXT, 0, (uint32_t)('!' + (i + y) % 90));
			term_draw(t, c);
			drawn++;
		}
		clock_read(&after);
		if (after.mono_ns - before.mono_ns > longest)
			longest = after.mono_ns - before.mono_ns;
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	fprintf(stderr, "flood drawn %d longest_ms %d\n", drawn, (int)(longest / CLOCK_MS_NS));
}

static void describe(const struct term_event *e, char *out, size_t size)
{
	struct buf text = BUF_INIT(60);

	clean_text(&text, e->text.at, e->text.len, CLEAN_EXACT);
	snprintf(out, size, "key %x at %d,%d button %d wheel %d text %zu [%s]", (unsigned)e->key, e->x, e->y, e->button, e->wheel,
	         e->text.len, buf_text(&text));
	buf_release(&text);
	fprintf(stderr, "%s\n", out);
}

/* Draws the same frame often; says what one costs. */
static void same_again(struct term *t, const struct canvas *c)
{
	struct clock before, after;

	clock_read(&before);
	for (int i = 0; i < 100; i++)
		term_draw(t, c);
	clock_read(&after);
	fprintf(stderr, "same_us %d\n", (int)((after.mono_ns - before.mono_ns) / 100000));
}

static bool obey(struct term *t, struct canvas *c, int key)
{
	if (key == 'q' || key == -1)
		return false;
	if (key == 'n')
		same_again(t, c);
	if (key == 'l')
		term_repaint(t);
	if (key == 'c')
		term_copy(t, STR("copied"));
	if (key == 'D')
		flood(t, c);
	if (key == 'z') {
		term_suspend(t);
		fprintf(stderr, "suspended\n");
		nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
		term_resume(t);
	}
	return true;
}

static void run(struct term *t)
{
	char event[160] = "none";
	struct canvas c;
	int width, height, frame = 0, top = 0, n;
	bool going = true;

	term_size(t, &width, &height);
	canvas_init(&c, width, height);
	while (going) {
		struct pollfd p = {.fd = term_fd(t), .events = POLLIN};
		struct term_event e;

		if (resized) {
			resized = 0;
			term_resized(t);
			term_size(t, &width, &height);
			canvas_resize(&c, width, height);
		}
		c.ascii = term_ascii(t);
		scene(&c, event, frame, top);
		term_draw(t, &c);
		fprintf(stderr, "drawn %d\n", frame);
		n = poll(&p, 1, term_half(t) ? TERM_ESC_WAIT_MS : -1);
		if (n < 0)
			continue;
		if (n == 0)
			term_late(t);
		while (going && term_read(t, &e)) {
			describe(&e, event, sizeof(event));
			going = obey(t, &c, e.key);
			frame += e.key == '+';
			top += e.key == 's';
		}
		if (term_half(t))
			fprintf(stderr, "half\n");
	}
	canvas_release(&c);
}

int main(int argc, char **argv)
{
	struct term_conf conf = {.colours = -1, .mouse = true};
	struct theme theme;
	struct sigaction act = {.sa_handler = on_winch};
	struct buf restore = BUF_INIT(512);
	struct term *t;
	struct err why = {0};
	const char *text = "warn: yellow bold\ncrit: \"#ff5f5f on colour 236\"\nok: green\ncursor: on blue\n";

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--ascii") == 0)
			conf.ascii = true;
		if (strncmp(argv[i], "--colours=", 10) == 0)
			conf.colours = (int)strtol(argv[i] + 10, NULL, 10);
	}
	sigaction(SIGWINCH, &act, NULL);
	if (theme_parse(&theme, "check", "check", text, strlen(text), &why) || term_open(&t, &conf, &why)) {
		fprintf(stderr, "error: %s\n", why.text);
		return 1;
	}
	term_set_theme(t, &theme);
	term_restore_text(t, &restore);
	fprintf(stderr, "restore %zu %d\n", restore.len, restore.failed);
	buf_release(&restore);
	run(t);
	term_close(t);
	term_close(NULL);
	fprintf(stderr, "closed\n");
	return 0;
}
