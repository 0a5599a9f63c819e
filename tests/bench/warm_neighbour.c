/* SPDX-License-Identifier: PostgreSQL */
/*
 * Another client of a Redis: single GETs of one key at times drawn by chance (so that they meet no rhythm of anybody else's), each
 * waited for.
 *
 *   warm_neighbour HOST PORT KEY GETS_PER_SECOND SECONDS      prints count, p50, p99, p99.9 and max in microseconds
 *
 * No library and one small write and read each: what it measures is the server and the machine. It sleeps between GETs, as clients
 * do, so its own waking up is part of every latency, alone and beside others.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SAMPLES_MAX = 1 << 20 };

static double took[SAMPLES_MAX];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void sleep_us(double us)
{
	struct timespec t = {.tv_sec = (time_t)(us / 1e6), .tv_nsec = (long)(us * 1e3) % 1000000000};

	nanosleep(&t, NULL);
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int connect_to(const char *host, const char *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atol(port))};
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (inet_pton(AF_INET, host, &to.sin_addr) != 1 || fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

/* Reads one bulk reply to its end. */
static void get(int fd, const char *command, size_t len)
{
	static char in[1 << 16];
	size_t have = 0, want = 0;

	if (write(fd, command, len) != (ssize_t)len)
		die("write");
	do {
		ssize_t got = read(fd, in + have, sizeof(in) - 1 - have);
		if (got <= 0)
			die("read");
		have += (size_t)got;
		in[have] = '\0';
		const char *end = strchr(in, '\n');
		if (end && !want)
			want = in[0] == '$' && in[1] != '-' ? (size_t)(end + 1 - in) + (size_t)atol(in + 1) + 2 : (size_t)(end + 1 - in);
	} while (!want || have < want);
}

int main(int argc, char **argv)
{
	char command[400];
	int count = 0;

	if (argc != 6)
		return 1;
	int len = snprintf(command, sizeof(command), "*2\r\n$3\r\nGET\r\n$%zu\r\n%s\r\n", strlen(argv[3]), argv[3]), fd = connect_to(argv[1], argv[2]);
	double gap = 1e6 / atof(argv[4]), began = now_us(), end = began + atof(argv[5]) * 1e6;

	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	srandom((unsigned)getpid());
	while (count < SAMPLES_MAX && now_us() < end) {
		sleep_us(gap * 2 * (double)random() / (double)RAND_MAX);
		double at = now_us();
		get(fd, command, (size_t)len);
		took[count++] = now_us() - at;
	}
	if (count < 100)
		return 1;
	qsort(took, (size_t)count, sizeof(*took), by_value);
	printf("%d %.1f %.1f %.1f %.1f\n", count, took[count / 2], took[count * 99 / 100], took[count * 999L / 1000], took[count - 1]);
	return 0;
}
