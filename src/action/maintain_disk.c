/* SPDX-License-Identifier: PostgreSQL */
#include <stdlib.h>
#include <sys/statvfs.h>

#include "action/maintain_private.h"
#include "core/mem.h"
#include "loop/background.h"

struct job {
	char *path;
	double bytes;
};

struct disk {
	struct background *thread;
	struct job *job;
	void (*done)(void *ctx, double free_bytes);
	void *ctx;
};

static void work(void *job)
{
	struct job *j = job;
	struct statvfs st;

	if (statvfs(j->path, &st) == 0)
		j->bytes = (double)st.f_bavail * (double)st.f_frsize;
}

static void drop(void *job)
{
	free(((struct job *)job)->path);
	free(job);
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

struct disk *disk_look(struct loop *l, const char *path, void (*done)(void *ctx, double free_bytes), void *ctx)
{
	struct disk *d = mem_alloc(sizeof *d);
	struct job *j = mem_alloc(sizeof *j);

	j->path = mem_strdup(path);
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
