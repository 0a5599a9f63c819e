/* SPDX-License-Identifier: PostgreSQL */
/* The batch from options: which panels, which format, where to. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/batch.h"
#include "app/run.h"
#include "core/mem.h"

struct chosen {
	int *panel;
	int count;
};

static void choose(struct chosen *c, int panel)
{
	for (int i = 0; i < c->count; i++)
		if (c->panel[i] == panel)
			return;
	c->panel[c->count++] = panel;
}

static bool has_server(const struct run *r, const struct panel *panel)
{
	const struct source_conf *conf = r->replay ? r->replayed : r->servers.conf;
	int count = r->replay ? r->replayed_count : r->servers.count;

	for (int i = 0; i < count; i++)
		if (conf[i].kind == panel->source)
			return true;
	return panel->source == PANEL_SELF;
}

/* --panel names them; else --screen does; else everything that has a place on a screen. */
static int choose_panels(const struct run *r, struct chosen *c, struct err *why)
{
	const struct options *o = r->options;
	bool by_screen = options_from(o, "screen") == OPTION_FROM_ARGV;

	if (by_screen && files_screen(r->files, o->screen, why) < 0)
		return why->code;
	c->panel = mem_calloc((size_t)r->panel_count + 1, sizeof *c->panel);
	for (int i = 0; i < o->panels.count; i++) {
		int panel = files_panel(r->files, o->panels.item[i], why);

		if (panel < 0)
			return panel;
		choose(c, panel);
	}
	for (int p = 0; o->panels.count == 0 && p < r->panel_count; p++)
		if (r->panels[p]->shape != PANEL_HIDDEN && has_server(r, r->panels[p]) &&
		    (!by_screen || strcmp(r->panels[p]->screen, o->screen) == 0))
			choose(c, p);
	if (c->count == 0)
		return err_set(why, ERR_INVALID, "no panel to show: none of the servers given has one on screen '%s'", o->screen);
	return 0;
}

/* --sort, --filter for each panel that has what they name; that at least one has is checked before. */
static void prepare(void *ctx, struct view *view)
{
	const struct options *o = ((const struct run *)ctx)->options;
	struct err ignored = {0};

	if (o->sort) {
		bool descending = o->sort[0] == '-';
		int column = panel_column_by_name(view->panel, str_from(o->sort + (descending || o->sort[0] == '+')));

		if (column >= 0)
			view_sort(view, column, descending);
	}
	if (o->filter && view_set_filter(view, o->filter, &ignored) < 0)
		return; /* a filter on columns that this panel has not */
}

static int check_sort(const struct run *r, const struct chosen *c, struct err *why)
{
	const char *name = r->options->sort;

	if (!name)
		return 0;
	name += name[0] == '-' || name[0] == '+';
	for (int i = 0; i < c->count; i++)
		if (panel_column_by_name(r->panels[c->panel[i]], str_from(name)) >= 0)
			return 0;
	return err_set(why, ERR_INVALID, "--sort: no panel shown has a column '%s'; --list-fields names them", name);
}

static int check_filter(const struct run *r, const struct chosen *c, struct err *why)
{
	int rc = 0;

	for (int i = 0; r->options->filter && i < c->count; i++) {
		struct view view;

		view_init(&view, r->panels[c->panel[i]]);
		rc = view_set_filter(&view, r->options->filter, why);
		view_release(&view);
		if (rc == 0)
			break;
		err_prefix(why, "--filter");
	}
	if (rc == 0)
		*why = (struct err){0};
	return rc;
}

static int columns(void *ctx, const struct panel *panel, int *chosen)
{
	const struct option_list *names = &((const struct run *)ctx)->options->columns;
	int count = 0;

	for (int i = 0; i < names->count; i++) {
		int column = panel_column_by_name(panel, str_from(names->item[i]));

		if (column >= 0)
			chosen[count++] = column;
	}
	return count;
}

/* A theme says nothing in a batch, but one that is asked for and is not there is a mistake that is told, as on the screen. */
static int check_theme(const struct run *r, struct err *why)
{
	struct theme theme;

	if (options_from(r->options, "theme") == OPTION_DEFAULT)
		return 0;
	return files_theme(r->files, r->options->theme, &theme, why);
}

static int check_columns(const struct run *r, const struct chosen *c, struct err *why)
{
	const struct option_list *names = &r->options->columns;

	for (int i = 0; i < names->count; i++) {
		bool found = false;

		for (int k = 0; k < c->count; k++)
			found = found || panel_column_by_name(r->panels[c->panel[k]], str_from(names->item[i])) >= 0;
		if (!found)
			return err_set(why, ERR_INVALID, "--columns: no panel shown has a column '%s'; --list-fields names them",
			               names->item[i]);
	}
	return 0;
}

static int open_output(const struct options *o, int *fd, struct err *why)
{
	*fd = STDOUT_FILENO;
	if (!o->output || strcmp(o->output, "-") == 0)
		return 0;
	*fd = open(o->output, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (*fd < 0)
		return err_set(why, ERR_IO, "cannot write to %s: %s", o->output, strerror(errno));
	return 0;
}

/* A file that cannot be written to the end (a full disk shows at close) is a failed output. */
static int close_output(int fd, const struct options *o, int status, struct err *why)
{
	if (fd == STDOUT_FILENO || (close(fd) == 0))
		return status;
	err_set(why, ERR_IO, "cannot write to %s: %s", o->output, strerror(errno));
	return 4;
}

static int finish_files(struct run *r, int status, struct err *why)
{
	const char *trouble = run_trouble(r);

	if (r->replay && trouble) {
		err_set(why, ERR_INVALID, "%s", trouble);
		return 1;
	}
	return run_close(r, why) < 0 ? 4 : status;
}

static int print_frames(struct run *r, const struct chosen *c, int fd, struct err *why)
{
	const struct options *o = r->options;
	struct buf complaints = BUF_INIT(1 << 20);
	struct batch_conf conf = {
		.session = run_session(r), .all = r->panels, .all_count = r->panel_count, .panels = c->panel, .panel_count = c->count,
		.format = out_format_by_name(o->format), .frames = (int)o->iterations, .row_limit = (int)o->limit, .fd = fd,
		.fd_name = o->output ? o->output : "standard output", .prepare = prepare, .columns = columns, .ctx = r,
		.ascii = o->ascii, .replace = fd != STDOUT_FILENO, .interval_s = run_interval_ms(r) / 1e3,
		.turn = r->recorder ? run_turn : NULL, .next_frame = r->replay ? run_next_frame : NULL,
		.frame_timeout_ms = o->connect_timeout_ms + o->statement_timeout_ms};
	const char *line, *end;
	int rc;

	if (r->replay)
		conf.session.interval_ms = 1; /* as fast as they can be read */
	rc = batch_run(r->loop, &conf, &complaints, why);
	line = buf_text(&complaints);
	for (; (end = strchr(line, '\n')) != NULL; line = end + 1)
		fprintf(stderr, "dytop: %.*s\n", (int)(end - line), line);
	buf_release(&complaints);
	return rc;
}

int run_batch(const struct options *options, struct err *why)
{
	struct chosen chosen = {0};
	struct run r;
	int fd, status = 1;

	if (run_init(&r, options, why) < 0)
		return 1;
	if (run_panels(&r, why) == 0 && choose_panels(&r, &chosen, why) == 0 && check_sort(&r, &chosen, why) == 0 &&
	    check_filter(&r, &chosen, why) == 0 && check_columns(&r, &chosen, why) == 0 && check_theme(&r, why) == 0) {
		if (open_output(options, &fd, why) < 0) {
			status = 4;
		} else {
			status = print_frames(&r, &chosen, fd, why);
			status = close_output(fd, options, status, why);
			status = finish_files(&r, status, why);
		}
	}
	free(chosen.panel);
	run_release(&r);
	return status < 0 ? 1 : status;
}
