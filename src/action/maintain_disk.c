/* SPDX-License-Identifier: PostgreSQL */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "action/maintain_private.h"
#include "core/mem.h"
#include "loop/background.h"

struct job {
	char *path, *title;
	int pid;
	double bytes;
};

struct disk {
	struct background *thread;
	struct job *job;
	void (*done)(void *ctx, double free_bytes);
	void *ctx;
};

bool disk_is_backend(const char *command_line, const char *title)
{
	static const char server[] = "postgres:";
	const char *at = strncmp(command_line, server, strlen(server)) == 0 ? strstr(command_line, title) : NULL;

	return at && (at[strlen(title)] == ' ' || at[strlen(title)] == '\0');
}

/* Where there is no /proc, or others' processes are hidden, nothing is believed. */
static bool runs_here(const struct job *j)
{
	char path[40], text[512];
	ssize_t got;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/cmdline", j->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, text, sizeof text - 1);
	close(fd);
	text[got > 0 ? got : 0] = '\0';
	return disk_is_backend(text, j->title);
}

static void work(void *job)
{
	struct job *j = job;
	struct statvfs st;

	if (runs_here(j) && statvfs(j->path, &st) == 0)
		j->bytes = (double)st.f_bavail * (double)st.f_frsize;
}

static void drop(void *job)
{
	struct job *j = job;

	free(j->path);
	free(j->title);
	free(j);
}

static void finished(void *ctx)
{
	struct disk *d = ctx;
	void (*done)(void *, double) = d->done;
	void *to = d->ctx;
	double bytes = d->job->bytes;

	free(d);
	done(to, bytes);
}

struct disk *disk_look(struct loop *l, const struct disk_where *where, void (*done)(void *ctx, double free_bytes), void *ctx)
{
	struct disk *d = mem_alloc(sizeof *d);
	struct job *j = mem_alloc(sizeof *j);

	j->path = mem_strdup(where->path);
	j->title = mem_strdup(where->title);
	j->pid = where->pid;
	j->bytes = -1;
	d->job = j;
	d->done = done;
	d->ctx = ctx;
	d->thread = background_start_job(l, &(struct background_job){work, drop, j}, finished, d);
	return d;
}

void disk_cancel(struct disk *d)
{
	if (!d)
		return;
	background_cancel(d->thread);
	free(d);
}
