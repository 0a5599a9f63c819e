/* SPDX-License-Identifier: PostgreSQL */
/* The live dashboard from options: the guard first, then the terminal, then everything that takes time. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/live.h"
#include "app/run.h"
#include "app/slurp.h"
#include "core/mem.h"
#include "loop/background.h"

enum { LAYOUT_MAX = 1 << 20 };

static int load_theme(void *ctx, const char *name, struct theme *out, struct err *why)
{
	struct run *r = ctx;

	return files_theme(r->files, name, out, why);
}

static bool layout_path(const struct run *r, struct buf *out)
{
	return r->options->config_dir && buf_addf(out, "%s/layout.yaml", r->options->config_dir);
}

static int load_layout(struct run *r, struct ui *ui, struct err *why)
{
	struct buf path = BUF_INIT(4096), text = BUF_INIT(LAYOUT_MAX);
	int rc = 0;

	if (layout_path(r, &path) && access(buf_text(&path), F_OK) == 0) {
		rc = slurp_file(&text, buf_text(&path), SLURP_TRUSTED, why);
		if (rc == 0)
			rc = ui_load_layout(ui, buf_text(&path), buf_text(&text), text.len, why);
		r->layout = rc == 0;
	}
	buf_release(&path);
	buf_release(&text);
	return rc;
}

static int read_panels(void *ctx, const struct panel *const **panels, int *count, struct err *why)
{
	struct run *r = ctx;
	int rc = run_panels(r, why);

	*panels = r->panels;
	*count = r->panel_count;
	return rc;
}

static int prepare(void *ctx, struct ui *ui, struct err *why)
{
	struct run *r = ctx;
	int rc = load_layout(r, ui, why);

	return rc < 0 ? rc : run_dress(r, ui, why);
}

/* A layout on its way to the disk, in a thread: nothing waits for a home folder that hangs. */
struct saving {
	char *folder, *text;
	size_t len;
	struct err why; /* code 0: it is there */
	void (*done)(void *ctx, const struct err *why);
	void *ctx;
};

/* The folder, and the one it is in ($XDG_CONFIG_HOME) when that is missing too. */
static int make_folder(const char *path, struct err *why)
{
	const char *slash = strrchr(path, '/');

	if (slash && slash > path && access(path, F_OK) < 0) {
		char *parent = mem_strndup(path, (size_t)(slash - path));

		(void)mkdir(parent, 0700); /* what goes wrong here goes wrong again below, and is said there */
		free(parent);
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_set(why, ERR_IO, "cannot make %s: %s", path, strerror(errno));
	return 0;
}

/* Written beside and renamed over, so that a full disk leaves the old layout. */
static void write_layout(void *job)
{
	struct saving *s = job;
	struct buf path = BUF_INIT(4096), fresh = BUF_INIT(4096);
	int fd;

	buf_addf(&path, "%s/layout.yaml", s->folder);
	if (make_folder(s->folder, &s->why) < 0 || !buf_addf(&fresh, "%s.new", buf_text(&path)))
		goto out;
	fd = open(buf_text(&fresh), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, s->text, s->len) != (ssize_t)s->len || fsync(fd) < 0 || rename(buf_text(&fresh), buf_text(&path)) < 0)
		err_set(&s->why, ERR_IO, "cannot write %s: %s", buf_text(&path), strerror(errno));
	if (fd >= 0)
		close(fd);
out:
	buf_release(&path);
	buf_release(&fresh);
}

static void drop_saving(void *job)
{
	struct saving *s = job;

	free(s->folder);
	free(s->text);
	free(s);
}

static void on_saved(void *ctx)
{
	struct saving *s = ctx;

	s->done(s->ctx, s->why.code ? &s->why : NULL);
}

static struct background *save_layout(void *ctx, struct str layout, void (*done)(void *ctx, const struct err *why), void *done_ctx)
{
	struct run *r = ctx;
	struct saving *s;

	if (!r->options->config_dir)
		return NULL;
	s = mem_alloc(sizeof *s);
	s->folder = mem_strdup(r->options->config_dir);
	s->text = mem_strndup(layout.at, layout.len);
	s->len = layout.len;
	s->done = done;
	s->ctx = done_ctx;
	return background_start_job(r->loop, &(struct background_job){write_layout, drop_saving, s}, on_saved, s);
}

static const char *trouble(void *ctx)
{
	return run_trouble(ctx);
}

int run_live(const struct options *options, int *signo, struct err *why)
{
	struct guard *guard = NULL;
	struct run r;
	int rc = guard_start(&guard, why);

	if (rc < 0 || run_init(&r, options, why) < 0)
		return 1;
	struct desk_conf desk = {.options = options, .files = r.files, .servers = r.replay ? NULL : &r.servers,
	                         .replay = r.replay, .recorder = r.recorder, .log = r.log};
	r.desk = desk_new(r.loop, &desk);
	struct live_conf conf = {
		.desk = r.desk,
		.session = run_session(&r), .read_panels = read_panels, .themes = files_themes(r.files),
		.theme = options->theme, .load_theme = load_theme, .prepare = prepare,
		.save = save_layout, .trouble = trouble, .ctx = &r, .guard = guard,
		.turn = r.recorder ? run_turn : NULL, .next_frame = r.replay ? run_next_frame : NULL,
		.replay = r.replay, .stepper = r.replay ? stepper_new(r.loop, r.replay) : NULL,
		.term = {.ascii = options->ascii, .colours = options->no_color ? 0 : -1, .mouse = !options->no_mouse}};

	rc = live_run(r.loop, &conf, signo, why);
	if (rc == 0)
		rc = run_close(&r, why);
	run_release(&r);
	return rc < 0 ? 1 : 0;
}
