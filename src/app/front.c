/* SPDX-License-Identifier: PostgreSQL */
#include "app/front.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "core/clean.h"
#include "core/mem.h"
#include "core/units.h"
#include "core/utf8.h"

enum { ANSWER_MAX = 1024, TYPED_AHEAD_MS = 300, TICK_MS = 500 };

struct front {
	struct loop *loop;
	struct task *task;
	struct front_conf conf;
	FILE *lines;
	const char *told;         /* the task's last line that was printed */
	struct loop_timer *tick, *expiry;
	struct loop_signal *interrupt, *terminate;
	struct loop_fd *watch;
	int tty;                  /* -1 not open */
	struct buf typed;
	int64_t asked_ns;
	bool asking;              /* a question stands on the terminal */
	bool progress;            /* a progress line stands on stderr */
	bool terminal;            /* stderr is one */
	bool agreed;              /* --yes answers, on the next turn: a task is not answered from inside its own hook */
	bool unanswerable;        /* nobody could be asked */
	bool left;                /* second ^C */
	int signals;
};

int front_status(int code)
{
	return code == 0 ? 0 : code == ERR_CONNECT || code == ERR_AUTH ? 2 : 1;
}

const struct source_conf *front_server(const struct servers *servers, enum panel_source kind, struct err *why)
{
	static const char *const name[] = {[PANEL_PG] = "PostgreSQL", [PANEL_REDIS] = "Redis", [PANEL_PGBOUNCER] = "PgBouncer"};
	const struct source_conf *found = NULL;

	for (int i = 0; i < servers->count; i++) {
		if (servers->conf[i].kind != kind)
			continue;
		if (found) {
			err_set(why, ERR_INVALID, "one %s server at a time, but several are named", name[kind]);
			return NULL;
		}
		found = &servers->conf[i];
	}
	if (!found)
		err_set(why, ERR_INVALID, "no %s server is named: give %s", name[kind],
		        kind == PANEL_PG ? "-d, or leave --no-postgres out" : kind == PANEL_REDIS ? "--redis URI" : "--pgbouncer");
	return found;
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

static void wipe_progress(struct front *f)
{
	if (f->progress)
		fputs("\r\033[K", stderr);
	f->progress = false;
}

static void print_lines(struct front *f)
{
	static const char *const mark[] = {[TASK_PLAIN] = "", [TASK_GOOD] = "", [TASK_WARN] = "warning: ", [TASK_BAD] = "problem: "};
	const struct task *t = f->task;
	int from = 0;

	for (int i = t->line_count - 1; i >= 0 && f->told; i--)
		if (t->line[i].text == f->told) {
			from = i + 1;
			break;
		}
	if (from < t->line_count)
		wipe_progress(f);
	for (int i = from; i < t->line_count; i++) {
		fprintf(f->lines, "%s%s\n", mark[t->line[i].mark], t->line[i].text);
		f->told = t->line[i].text;
	}
	fflush(f->lines);
}

static void add_waits(struct buf *line, const struct task *t)
{
	char text[UNIT_TEXT_MAX];

	if (isfinite(t->progress))
		buf_addf(line, "  %.0f%%", t->progress * 100);
	if (isfinite(t->left_ms)) {
		unit_format(text, UNIT_MS, t->left_ms, 0);
		buf_addf(line, "  ~%s left", text);
	}
	if (t->phase[0])
		buf_addf(line, "  %s", t->phase);
	if (t->waits_for[0])
		buf_addf(line, "  waits for %s", t->waits_for);
}

static void show_progress(struct front *f)
{
	const struct task *t = f->task;
	struct winsize size = {0};
	struct buf line = BUF_INIT(2048);
	char elapsed[UNIT_TEXT_MAX] = "";

	if (!f->terminal || f->conf.quiet || f->asking || t->state == TASK_DONE || t->began_ns == 0)
		return;
	unit_format(elapsed, UNIT_AGE, (double)(loop_now(f->loop)->mono_ns - t->began_ns) / 1e6, 0);
	buf_addf(&line, "%s %s", t->state == TASK_CHECKING ? "checking" : f->signals ? "cancelling" : "running", elapsed);
	add_waits(&line, t);
	if (t->ops->cancel && !f->signals)
		buf_adds(&line, "  (^C cancels)");
	int width = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1 : 79;
	size_t fits = utf8_fit(buf_text(&line), line.len, width, NULL);
	fprintf(stderr, "\r%.*s\033[K", (int)fits, buf_text(&line));
	fflush(stderr);
	f->progress = true;
	buf_release(&line);
}

/* --- the question ------------------------------------------------------------------------------------------------- */

static void end_question(struct front *f)
{
	loop_timer_stop(f->expiry);
	loop_fd_free(f->watch);
	f->watch = NULL;
	if (f->tty >= 0)
		close(f->tty);
	f->tty = -1;
	f->asking = false;
}

static void answer(struct front *f, bool yes)
{
	end_question(f);
	task_answer(f->task, yes);
}

static void say_on_tty(struct front *f, const char *text)
{
	ssize_t ignored = write(f->tty, text, strlen(text));

	(void)ignored;
}

static void prompt(struct front *f)
{
	const struct task_question *q = &f->task->question;
	struct buf text = BUF_INIT(4096);

	if (q->weight == TASK_WEIGHT_WORD)
		buf_addf(&text, "%s\nType %s to go on, anything else for no: ", q->title, q->word);
	else
		buf_addf(&text, "%s [y/N] ", q->title);
	say_on_tty(f, buf_text(&text));
	buf_release(&text);
}

static bool agrees(const struct task_question *q, const char *line)
{
	if (q->weight == TASK_WEIGHT_WORD)
		return strcmp(line, q->word) == 0;
	return strcmp(line, "y") == 0 || strcmp(line, "Y") == 0 || strcmp(line, "yes") == 0;
}

/* Lines from the terminal, whole ones. What was typed before the question could be read is no answer to it. */
static void readable(void *ctx, unsigned got)
{
	struct front *f = ctx;
	char bytes[ANSWER_MAX];
	ssize_t n = read(f->tty, bytes, sizeof bytes);

	(void)got;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		say_on_tty(f, "\n");
		answer(f, false);
		return;
	}
	buf_add(&f->typed, bytes, (size_t)n);
	char *end = f->typed.failed ? NULL : memchr(f->typed.data, '\n', f->typed.len);
	if (!end && !f->typed.failed)
		return;
	if (loop_now(f->loop)->mono_ns - f->asked_ns < TYPED_AHEAD_MS * CLOCK_MS_NS) {
		buf_clear(&f->typed);
		tcflush(f->tty, TCIFLUSH);
		prompt(f);
		return;
	}
	if (end)
		*end = '\0';
	bool yes = end && agrees(&f->task->question, f->typed.data);
	buf_clear(&f->typed);
	answer(f, yes);
}

static void expired(void *ctx)
{
	struct front *f = ctx;

	if (f->tty >= 0)
		say_on_tty(f, "\nno answer: taken for no\n");
	answer(f, f->agreed);
}

/* The statements and the question, where nobody types the answer, so that a log shows what was agreed to. */
static void print_sql(const struct front *f)
{
	if (f->task->sql)
		fprintf(f->lines, "%s\n", f->task->sql);
	fflush(f->lines);
}

static void ask(struct front *f)
{
	const struct task_question *q = &f->task->question;
	bool word = q->weight == TASK_WEIGHT_WORD;

	f->asking = true;
	f->agreed = f->conf.yes && (f->conf.yes_danger || (word ? f->conf.yes_words : !q->danger));
	wipe_progress(f);
	print_sql(f);
	if (f->agreed) {
		fprintf(f->lines, "%s yes\n", q->title);
		fflush(f->lines);
	} else {
		f->tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		f->unanswerable = f->tty < 0;
	}
	if (f->tty < 0) {
		loop_timer_in(f->expiry, 0);
		return;
	}
	tcflush(f->tty, TCIFLUSH);
	buf_clear(&f->typed);
	f->asked_ns = loop_now(f->loop)->mono_ns;
	f->watch = loop_fd_new(f->loop, f->tty, LOOP_READ, readable, f);
	loop_timer_in(f->expiry, q->expires_ms > 0 ? q->expires_ms : 30000);
	prompt(f);
}

/* --- the run ------------------------------------------------------------------------------------------------------ */

static void changed(void *ctx, struct task *t)
{
	struct front *f = ctx;

	if (!f->conf.quiet || t->state != TASK_LOOKING)
		print_lines(f);
	if (t->state == TASK_DONE) {
		wipe_progress(f);
		loop_stop(f->loop);
	} else if (t->state == TASK_ASKING && !f->asking)
		ask(f);
	else if (t->state != TASK_ASKING && f->asking)
		end_question(f); /* it took its question back */
	show_progress(f);
}

static void tick(void *ctx)
{
	struct front *f = ctx;

	show_progress(f);
	loop_timer_in(f->tick, TICK_MS);
}

static void interrupted(void *ctx, int signo)
{
	struct front *f = ctx;

	(void)signo;
	if (++f->signals > 1) {
		f->left = true;
		loop_stop(f->loop);
	} else if (f->asking) {
		f->signals = 0;
		if (f->tty >= 0)
			say_on_tty(f, "\n");
		answer(f, false);
	} else {
		task_cancel(f->task);
		show_progress(f);
	}
}

static int judge(const struct front *f, struct err *why)
{
	const struct task *t = f->task;

	if (t->state != TASK_DONE) {
		bool sent = t->state == TASK_RUNNING || t->state == TASK_CHECKING;

		err_set(why, ERR_LOST, "%s: left before it had ended%s", t->title, sent ? ": what came of it is not known" : "");
		return sent ? 3 : 1;
	}
	switch (t->outcome) {
	case TASK_OK:
		return 0;
	case TASK_DECLINED:
		if (f->unanswerable)
			err_set(why, ERR_INVALID, "%s: not done: there is no terminal to ask on (%s answers this question)", t->title,
			        f->conf.answers ? f->conf.answers : "--yes");
		else
			err_set(why, ERR_INVALID, "%s: not done: the answer was no", t->title);
		return 1;
	case TASK_UNKNOWN:
		*why = t->why;
		return 3;
	case TASK_CANCELLED:
		*why = t->why;
		if (why->code == 0)
			err_set(why, ERR_LOST, "%s: cancelled", t->title);
		return 1;
	default:
		*why = t->why;
		if (why->code == 0)
			err_set(why, ERR_QUERY, "%s: %s", t->title, task_outcome_name(t->outcome));
		return front_status(why->code);
	}
}

int front_run(struct loop *l, struct task *t, const struct front_conf *conf, struct err *why)
{
	struct front f = {.loop = l, .task = t, .conf = *conf, .lines = conf->lines ? conf->lines : stdout, .tty = -1,
	                  .typed = BUF_INIT(ANSWER_MAX), .terminal = isatty(STDERR_FILENO)};

	f.tick = loop_timer_new(l, tick, &f);
	f.expiry = loop_timer_new(l, expired, &f);
	f.interrupt = loop_signal_new(l, SIGINT, interrupted, &f);
	f.terminate = loop_signal_new(l, SIGTERM, interrupted, &f);
	t->hooks = (struct task_hooks){changed, &f};
	loop_timer_in(f.tick, TICK_MS);
	print_lines(&f);
	if (t->state == TASK_ASKING)
		ask(&f);
	if (t->state != TASK_DONE)
		loop_run(l);
	t->hooks = (struct task_hooks){0};
	wipe_progress(&f);
	end_question(&f);
	loop_signal_free(f.interrupt);
	loop_signal_free(f.terminate);
	loop_timer_free(f.tick);
	loop_timer_free(f.expiry);
	buf_release(&f.typed);
	return judge(&f, why);
}

/* --- a line of text ----------------------------------------------------------------------------------------------- */

struct line {
	struct loop *loop;
	int tty;
	struct buf *out;
	int state; /* 0 open, 1 there, -1 ended */
};

static void line_read(void *ctx, unsigned got)
{
	struct line *a = ctx;
	char bytes[ANSWER_MAX];
	ssize_t n = read(a->tty, bytes, sizeof bytes);

	(void)got;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		buf_add(a->out, bytes, (size_t)n);
	if (n <= 0 || a->out->failed)
		a->state = -1;
	else if (a->out->data[a->out->len - 1] == '\n') {
		buf_cut(a->out, a->out->len - 1);
		a->state = 1;
	}
	if (a->state != 0)
		loop_stop(a->loop);
}

static void line_ended(void *ctx)
{
	struct line *a = ctx;

	a->state = -1;
	loop_stop(a->loop);
}

static void line_signal(void *ctx, int signo)
{
	(void)signo;
	line_ended(ctx);
}

int front_ask_line(struct loop *l, const char *text, struct buf *out, double seconds, struct err *why)
{
	struct line a = {.loop = l, .out = out, .tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};

	if (a.tty < 0)
		return err_set(why, ERR_INVALID, "there is no terminal to ask on");
	struct loop_timer *timer = loop_timer_new(l, line_ended, &a);
	struct loop_signal *interrupt = loop_signal_new(l, SIGINT, line_signal, &a);
	struct loop_fd *watch = loop_fd_new(l, a.tty, LOOP_READ, line_read, &a);
	ssize_t ignored = write(a.tty, text, strlen(text));

	(void)ignored;
	loop_timer_in(timer, seconds * 1000);
	loop_run(l);
	loop_fd_free(watch);
	loop_signal_free(interrupt);
	loop_timer_free(timer);
	close(a.tty);
	return a.state > 0 ? 0 : err_set(why, ERR_INVALID, "no answer was given");
}
