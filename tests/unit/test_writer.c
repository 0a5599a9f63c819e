/* SPDX-License-Identifier: PostgreSQL */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/mem.h"
#include "loop/writer.h"
#include "unit.h"

enum { ROOM = 1 << 20, CHUNK = 100000 };

struct pipe_end {
	int fd[2];
	struct writer *w;
	char chunk[CHUNK];
};

static double ms_of(int64_t begun)
{
	return (double)(clock_mono() - begun) / (double)CLOCK_MS_NS;
}

static void open_pipe(struct pipe_end *p)
{
	ck_assert_int_eq(pipe2(p->fd, O_CLOEXEC), 0);
	p->w = writer_new(p->fd[1], ROOM);
	memset(p->chunk, 'x', sizeof(p->chunk));
}

static size_t read_all(int fd)
{
	static const int most = 1 << 16;
	char *bytes = mem_alloc((size_t)most);
	size_t sum = 0;
	ssize_t n;

	while ((n = read(fd, bytes, (size_t)most)) > 0)
		sum += (size_t)n;
	free(bytes);
	return sum;
}

/* A reader that does not read: nothing waits, what fits is taken, and all of that comes out when it goes on. */
START_TEST(a_stopped_reader_holds_up_nobody)
{
	struct pipe_end p;
	int64_t begun = clock_mono();
	int taken = 0;
	size_t left;

	open_pipe(&p);
	while (writer_put(p.w, p.chunk, CHUNK))
		taken++;
	ck_assert_int_eq(taken, ROOM / CHUNK);
	ck_assert_double_lt(ms_of(begun), 2000);
	ck_assert_uint_le(writer_waiting(p.w), ROOM);
	ck_assert(!writer_put(p.w, p.chunk, CHUNK));
	ck_assert_int_eq(writer_close(p.w, 50, &left), ETIMEDOUT);
	ck_assert_uint_gt(left, 0);
	ck_assert_uint_eq(read_all(p.fd[0]), (size_t)taken * CHUNK);
	close(p.fd[0]);
}
END_TEST

START_TEST(closing_writes_what_waits)
{
	struct pipe_end p;
	size_t left;

	open_pipe(&p);
	ck_assert(writer_put(p.w, "a\n", 2) && writer_put(p.w, "b\n", 2));
	ck_assert_int_eq(writer_close(p.w, 10000, &left), 0);
	ck_assert_uint_eq(left, 0);
	ck_assert_uint_eq(read_all(p.fd[0]), 4);
	close(p.fd[0]);
}
END_TEST

/* One that is larger than all room is taken when nothing waits. */
START_TEST(what_is_larger_than_all_room_goes_alone)
{
	struct pipe_end p;
	char *large = mem_alloc(ROOM + 1);
	size_t left;

	open_pipe(&p);
	ck_assert(writer_put(p.w, large, ROOM + 1));
	ck_assert(!writer_put(p.w, large, ROOM + 1));
	ck_assert_int_eq(writer_close(p.w, 0, &left), ETIMEDOUT);
	ck_assert_uint_eq(read_all(p.fd[0]), ROOM + 1);
	close(p.fd[0]);
	free(large);
}
END_TEST

/* The first failure is kept, and nothing is written after it. */
START_TEST(the_first_failure_is_kept)
{
	struct pipe_end p;
	size_t left;

	signal(SIGPIPE, SIG_IGN);
	open_pipe(&p);
	close(p.fd[0]);
	ck_assert(writer_put(p.w, "a\n", 2));
	for (int i = 0; i < 1000 && !writer_failure(p.w); i++)
		usleep(10000);
	ck_assert_int_eq(writer_failure(p.w), EPIPE);
	ck_assert(!writer_put(p.w, "b\n", 2));
	ck_assert_int_eq(writer_close(p.w, 10000, &left), EPIPE);

	p.w = writer_new(open("/dev/full", O_WRONLY | O_CLOEXEC), ROOM);
	ck_assert(writer_put(p.w, "a\n", 2));
	ck_assert_int_eq(writer_close(p.w, 10000, &left), ENOSPC);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {a_stopped_reader_holds_up_nobody, closing_writes_what_waits, what_is_larger_than_all_room_goes_alone, the_first_failure_is_kept};

	return unit_run("writer", cases, ARRAY_LEN(cases));
}
