/* SPDX-License-Identifier: PostgreSQL */
#include "app/slurp.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int check(const char *path, const struct stat *st, size_t ceiling, unsigned flags, struct err *why)
{
	if (!S_ISREG(st->st_mode))
		return err_set(why, ERR_INVALID, "%s: not a regular file", path);
	if (st->st_size > 0 && (uint64_t)st->st_size > ceiling)
		return err_set(why, ERR_TOO_BIG, "%s: over %zu bytes", path, ceiling);
	if (flags & SLURP_TRUSTED && st->st_uid != geteuid() && st->st_uid != 0)
		return err_set(why, ERR_INVALID, "%s: refused: it belongs to another user", path);
	if (flags & SLURP_TRUSTED && st->st_mode & (S_IWGRP | S_IWOTH))
		return err_set(why, ERR_INVALID, "%s: refused: others may write it (chmod go-w)", path);
	if (flags & SLURP_SECRET && st->st_mode & (S_IRWXG | S_IRWXO))
		return err_set(why, ERR_INVALID, "%s: refused: others may read it (chmod 600)", path);
	return 0;
}

int slurp_file(struct buf *out, const char *path, unsigned flags, struct err *why)
{
	char chunk[65536];
	struct stat st;
	ssize_t got;
	int rc;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a FIFO must not hang us */

	if (fd < 0 || fstat(fd, &st) < 0) {
		rc = err_set(why, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", path, strerror(errno));
		goto out;
	}
	rc = check(path, &st, out->limit - out->len, flags, why);
	while (rc == 0 && (got = read(fd, chunk, sizeof chunk)) != 0) {
		if (got < 0 && errno != EINTR)
			rc = err_set(why, ERR_IO, "%s: %s", path, strerror(errno));
		else if (got > 0 && !buf_add(out, chunk, (size_t)got))
			rc = err_set(why, ERR_TOO_BIG, "%s: over %zu bytes", path, out->limit);
	}
out:
	if (fd >= 0)
		close(fd);
	return rc;
}
