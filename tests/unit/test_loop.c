/* SPDX-License-Identifier: PostgreSQL */
#include <arpa/inet.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "loop/background.h"
#include "loop/loop.h"
#include "loop/resolve.h"
#include "unit.h"

struct trace {
	struct loop *loop;
	char text[64];
	size_t len;
	struct loop_fd *fd;
	struct loop_timer *timer, *other;
	int turns;
};

static void note(struct trace *t, char c)
{
	if (t->len < sizeof(t->text) - 1)
		t->text[t->len++] = c;
}

static struct loop *make(void)
{
	struct loop *l = NULL;
	struct err why;

	ck_assert_int_eq(loop_new(&l, &why), 0);
	return l;
}

static void deferred_again(void *ctx)
{
	note(ctx, 'D');
}

static void deferred(void *ctx)
{
	struct trace *t = ctx;

	note(t, 'd');
	loop_defer(t->loop, deferred_again, t);
}

static void timer_a(void *ctx)
{
	struct trace *t = ctx;

	note(t, 'a');
	loop_defer(t->loop, deferred, t);
}

static void on_turn(void *ctx)
{
	struct trace *t = ctx;

	note(t, '|');
	if (++t->turns == 2)
		loop_stop(t->loop);
}

START_TEST(deferred_runs_after_callbacks_and_what_it_defers_in_the_next_turn)
{
	struct trace t = {.loop = make()};

	t.timer = loop_timer_new(t.loop, timer_a, &t);
	loop_on_turn(t.loop, on_turn, &t);
	loop_timer_in(t.timer, 0);
	loop_run(t.loop);
	ck_assert_str_eq(t.text, "ad|D|");
	loop_timer_free(t.timer);
	loop_free(t.loop);
}
END_TEST

static void freeing_read(void *ctx, unsigned got)
{
	struct trace *t = ctx;

	ck_assert_uint_eq(got, LOOP_READ);
	note(t, 'r');
	loop_fd_free(t->fd);
	t->fd = NULL;
}

START_TEST(a_descriptor_may_be_freed_in_its_own_callback)
{
	struct trace t = {.loop = make()};
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	t.fd = loop_fd_new(t.loop, ends[0], 0, freeing_read, &t);
	ck_assert_int_eq(write(ends[1], "x", 1), 1);
	loop_once(t.loop, false);
	ck_assert_str_eq(t.text, ""); /* nothing is wanted yet */
	loop_fd_want(t.fd, LOOP_READ);
	loop_once(t.loop, true);
	loop_once(t.loop, false);
	ck_assert_str_eq(t.text, "r");
	close(ends[0]);
	close(ends[1]);
	loop_free(t.loop);
}
END_TEST

static void free_other(void *ctx)
{
	struct trace *t = ctx;

	note(t, 'f');
	loop_timer_free(t->other);
	t->other = NULL;
}

static void never(void *ctx)
{
	note(ctx, '!');
}

static void readable(void *ctx, unsigned got)
{
	struct trace *t = ctx;

	note(t, got == LOOP_READ ? 'r' : '?');
	loop_stop(t->loop);
}

/* As libpq does while it connects: a socket is closed, and the next one has its number, before anybody could stop watching it. */
START_TEST(a_number_that_is_another_descriptor_now_is_watched_anew)
{
	for (int crowded = 0; crowded < 2; crowded++) {
		struct trace t = {0};
		struct err why;
		int one[2], two[2];

		ck_assert_int_eq(crowded ? loop_new_crowded(&t.loop, &why) : loop_new(&t.loop, &why), 0);
		ck_assert_int_eq(pipe(one), 0);
		ck_assert_int_eq(pipe(two), 0);
		t.fd = loop_fd_new(t.loop, one[0], LOOP_READ, readable, &t);
		loop_once(t.loop, false);
		ck_assert_int_eq(dup2(two[0], one[0]), one[0]);
		loop_fd_free(t.fd);
		t.fd = loop_fd_new(t.loop, one[0], LOOP_READ, readable, &t);
		ck_assert_int_eq(write(two[1], "x", 1), 1);
		loop_run(t.loop);
		ck_assert_str_eq(t.text, "r");
		loop_fd_free(t.fd);
		loop_free(t.loop);
		for (int i = 0; i < 2; i++) {
			close(one[i]);
			close(two[i]);
		}
	}
}
END_TEST

START_TEST(a_timer_that_is_due_too_can_be_freed)
{
	struct trace t = {.loop = make()};

	t.timer = loop_timer_new(t.loop, free_other, &t);
	t.other = loop_timer_new(t.loop, never, &t);
	loop_timer_in(t.timer, 1);
	loop_timer_in(t.other, 1.5);
	usleep(5000);
	loop_once(t.loop, true);
	loop_once(t.loop, false);
	ck_assert_str_eq(t.text, "f");
	loop_timer_free(t.timer);
	loop_free(t.loop);
}
END_TEST

START_TEST(the_clock_is_read_once_a_turn_and_timers_keep_time)
{
	struct trace t = {.loop = make()};
	struct clock before, after;
	int64_t first;

	t.timer = loop_timer_new(t.loop, never, &t);
	clock_read(&before);
	loop_timer_at(t.timer, before.mono_ns + 30 * CLOCK_MS_NS);
	ck_assert(loop_timer_armed(t.timer));
	while (t.len == 0)
		loop_once(t.loop, true);
	clock_read(&after);
	ck_assert_int_ge(after.mono_ns - before.mono_ns, 30 * CLOCK_MS_NS);
	ck_assert(!loop_timer_armed(t.timer));
	first = loop_now(t.loop)->mono_ns;
	usleep(2000);
	ck_assert_int_eq(loop_now(t.loop)->mono_ns, first);
	loop_once(t.loop, false);
	ck_assert_int_gt(loop_now(t.loop)->mono_ns, first);
	loop_timer_free(t.timer);
	loop_free(t.loop);
}
END_TEST

static void on_signal(void *ctx, int signo)
{
	struct trace *t = ctx;

	ck_assert_int_eq(signo, SIGUSR1);
	note(t, 's');
	loop_stop(t->loop);
}

START_TEST(signals_arrive_as_callbacks)
{
	struct trace t = {.loop = make()};
	struct loop_signal *s = loop_signal_new(t.loop, SIGUSR1, on_signal, &t);

	raise(SIGUSR1);
	loop_run(t.loop);
	ck_assert_str_eq(t.text, "s");
	loop_signal_free(s);
	loop_free(t.loop);
}
END_TEST

struct answer {
	struct loop *loop;
	int count, calls;
	struct resolve_address first;
	char why[ERR_TEXT_MAX];
};

static void on_answer(void *ctx, const struct resolve_address *found, int count, const struct err *why)
{
	struct answer *a = ctx;

	a->calls++;
	a->count = count;
	if (count > 0)
		a->first = found[0];
	if (why)
		memcpy(a->why, why->text, sizeof(a->why));
	loop_stop(a->loop);
}

START_TEST(numeric_addresses_resolve_at_once_but_never_inside_the_call)
{
	static const char *const hosts[] = {"127.0.0.1", "::1", "0x7f.1"};

	for (size_t i = 0; i < 3; i++) {
		struct answer a = {.loop = make()};

		resolve_start(a.loop, hosts[i], 5432, 1000, on_answer, &a);
		ck_assert_int_eq(a.calls, 0);
		loop_run(a.loop);
		ck_assert_int_eq(a.count, 1);
		ck_assert_str_eq(a.first.text, i == 1 ? "::1" : "127.0.0.1");
		if (i != 1)
			ck_assert_int_eq(((struct sockaddr_in *)&a.first.addr)->sin_port, htons(5432));
		loop_free(a.loop);
	}
}
END_TEST

START_TEST(names_resolve_through_the_system)
{
	struct answer a = {.loop = make()};

	resolve_start(a.loop, "localhost", 1, 5000, on_answer, &a);
	loop_run(a.loop);
	ck_assert_int_ge(a.count, 1);
	ck_assert(strcmp(a.first.text, "127.0.0.1") == 0 || strcmp(a.first.text, "::1") == 0);
	loop_free(a.loop);
}
END_TEST

START_TEST(an_unknown_name_has_a_reason_that_names_it)
{
	struct answer a = {.loop = make()};

	resolve_start(a.loop, "no-such-host.invalid", 1, 20000, on_answer, &a);
	loop_run(a.loop);
	ck_assert_int_eq(a.count, 0);
	ck_assert_ptr_nonnull(strstr(a.why, "\"no-such-host.invalid\""));
	loop_free(a.loop);
}
END_TEST

START_TEST(a_lookup_given_up_calls_nobody)
{
	struct answer a = {.loop = make()};
	struct resolve *name = resolve_start(a.loop, "no-such-host.invalid", 1, 5000, on_answer, &a);
	struct resolve *number = resolve_start(a.loop, "127.0.0.1", 1, 5000, on_answer, &a);

	resolve_cancel(name);
	resolve_cancel(number);
	resolve_cancel(NULL);
	for (int i = 0; i < 20; i++) {
		loop_once(a.loop, false);
		usleep(5000);
	}
	ck_assert_int_eq(a.calls, 0);
	loop_free(a.loop);
}
END_TEST

static atomic_bool rung;

/* Ends after the timer: were it done in the loop's own thread, it would never end. */
static void slow_work(void)
{
	while (!atomic_load(&rung))
		usleep(1000);
}

static void ring(void *ctx)
{
	note(ctx, '!');
	atomic_store(&rung, true);
}

static void on_done(void *ctx)
{
	note(ctx, 'b');
}

START_TEST(the_loop_goes_on_while_a_thread_works)
{
	struct trace t = {.loop = make()};
	struct background *given_up;

	atomic_store(&rung, false);
	t.timer = loop_timer_new(t.loop, ring, &t);
	background_start(t.loop, slow_work, on_done, &t);
	given_up = background_start(t.loop, slow_work, on_done, &t);
	ck_assert_uint_eq(t.len, 0);
	background_cancel(given_up);
	loop_timer_in(t.timer, 1);
	while (t.len < 2)
		loop_once(t.loop, true);
	ck_assert_str_eq(t.text, "!b");
	for (int i = 0; i < 10; i++) {
		loop_once(t.loop, false);
		usleep(5000);
	}
	ck_assert_str_eq(t.text, "!b");
	loop_timer_free(t.timer);
	loop_free(t.loop);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		deferred_runs_after_callbacks_and_what_it_defers_in_the_next_turn,
		a_descriptor_may_be_freed_in_its_own_callback,
		a_number_that_is_another_descriptor_now_is_watched_anew,
		a_timer_that_is_due_too_can_be_freed,
		the_clock_is_read_once_a_turn_and_timers_keep_time,
		signals_arrive_as_callbacks,
		numeric_addresses_resolve_at_once_but_never_inside_the_call,
		names_resolve_through_the_system,
		an_unknown_name_has_a_reason_that_names_it,
		a_lookup_given_up_calls_nobody,
		the_loop_goes_on_while_a_thread_works,
	};

	return unit_run("loop", cases, ARRAY_LEN(cases));
}
