/* SPDX-License-Identifier: PostgreSQL */
/* --script: keys from a file, screens to standard output. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/run.h"
#include "app/script.h"
#include "app/slurp.h"

enum { SCRIPT_TEXT_MAX = 1 << 20, SCRIPT_OUT_MAX = 64 << 20 };

static int prepare(void *ctx, struct ui *ui, struct err *why)
{
	const struct run *r = ctx;

	return run_dress(r, ui, why);
}

static int play(struct run *r, struct str text, struct buf *out, struct err *why)
{
	const struct options *o = r->options;
	const struct desk_conf desk = {.options = o, .files = r->files, .replay = r->replay, .log = r->log};
	struct script_conf conf = {
		.live = {.desk = desk_new(r->loop, &desk),
		         .session = run_session(r), .themes = files_themes(r->files), .theme = o->theme, .prepare = prepare,
		         .next_frame = run_next_frame, .replay = r->replay,
		         .stepper = stepper_new(r->loop, r->replay), .ctx = r, .term = {.ascii = o->ascii}},
		.panels = r->panels, .panel_count = r->panel_count,
		.name = o->script, .text = text.at, .len = text.len,
		.width = o->size.width, .height = o->size.height};

	return script_run(r->loop, &conf, out, why);
}

int run_script(const struct options *options, struct err *why)
{
	struct buf text = BUF_INIT(SCRIPT_TEXT_MAX), out = BUF_INIT(SCRIPT_OUT_MAX);
	struct run r;
	int status = 1;

	if (slurp_file(&text, options->script, SLURP_PLAIN, why) == 0 && run_init(&r, options, why) == 0) {
		if (run_panels(&r, why) == 0 && play(&r, buf_str(&text), &out, why) == 0)
			status = 0;
		/* what was dumped before a step failed helps to find out why */
		if (fwrite(buf_text(&out), 1, out.len, stdout) != out.len || fflush(stdout) != 0) {
			err_set(why, ERR_IO, "cannot write to standard output: %s", strerror(errno));
			status = 4;
		}
		run_release(&r);
	}
	buf_release(&text);
	buf_release(&out);
	return status;
}
