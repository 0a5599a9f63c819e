/* SPDX-License-Identifier: PostgreSQL */
#include "source/libpq_gate.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* A global, but of one thread and between two calls: recv() has no argument to carry it. */
static _Thread_local struct {
	bool open;
	int fd;
	size_t left, taken;
} gate;

void libpq_gate_open(int fd, size_t most)
{
	gate.open = true;
	gate.fd = fd;
	gate.left = most;
	gate.taken = 0;
}

size_t libpq_gate_shut(void)
{
	gate.open = false;
	return gate.taken;
}

ssize_t recv(int fd, void *bytes, size_t room, int flags)
{
	bool counted = gate.open && fd == gate.fd && room > 0;
	ssize_t got;

	if (counted && gate.left == 0) {
		errno = EAGAIN;
		return -1;
	}
	if (counted && room > gate.left)
		room = gate.left;
	got = recvfrom(fd, bytes, room, flags, NULL, NULL); /* what recv() is, by POSIX */
	if (counted && got > 0) {
		gate.left -= (size_t)got;
		gate.taken += (size_t)got;
	}
	return got;
}

bool libpq_gate_works(void)
{
	ssize_t (*ours)(int, void *, size_t, int) = recv;
	void *met = dlsym(RTLD_DEFAULT, "recv");

	return met && memcmp(&met, &ours, sizeof(met)) == 0;
}
