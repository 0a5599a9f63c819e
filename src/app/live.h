/* SPDX-License-Identifier: PostgreSQL */
/*
 * The live dashboard: terminal, ui and session on one loop. Nothing here waits: keys are handled in the turn in which they
 * come, a frame is painted when the answers of a round trip are in (or 50 ms after the first of them), and a terminal that
 * does not take output loses frames instead of stopping the loop.
 */
#ifndef APP_LIVE_H
#define APP_LIVE_H

#include "app/desk.h"
#include "app/guard.h"
#include "app/session.h"
#include "app/stepper.h"
#include "core/err.h"
#include "loop/background.h"
#include "ui/theme.h"
#include "ui/ui.h"

struct live_conf {
	struct session_conf session;    /* changed and its ctx are set here */
	/* Reads the panels; called when the first paint is done and the servers are being connected to. */
	int (*read_panels)(void *ctx, const struct panel *const **panels, int *count, struct err *why);
	struct term_conf term;
	const char *const *themes;      /* names, NULL-terminated */
	const char *theme;              /* the one to begin with */
	/* Loads a theme by name. */
	int (*load_theme)(void *ctx, const char *name, struct theme *out, struct err *why);
	/* Applies start settings (screen, sort, filter, saved layout) to a new ui. */
	int (*prepare)(void *ctx, struct ui *ui, struct err *why);
	/* Writes the layout that the person asked to keep, in the background; done gets NULL, or why not. NULL: there is no place
	 * for it. */
	struct background *(*save)(void *ctx, struct str layout, void (*done)(void *ctx, const struct err *why), void *done_ctx);
	/* Replay: shows the next recorded frame; false at the end. NULL when live. */
	bool (*next_frame)(void *ctx);
	const struct replay *replay;    /* the recording; NULL when live */
	struct stepper *stepper;        /* replay: goes to another frame; live_run() frees it. NULL when live */
	/* A turn begins (for a recorder); NULL = none. */
	void (*turn)(void *ctx, struct session *s);
	/* What went wrong beside the view (a disk that is full under a recording), NULL nothing: said once on the screen. */
	const char *(*trouble)(void *ctx);
	void *ctx;
	struct desk *desk;              /* what does things; live_run() frees it, and says on stderr what is left */
	struct guard *guard;            /* NULL: no guard (debugging) */
};

/* Runs until the person quits. 0, or a negative error: nothing is on the terminal any more and *why says it. *signo is the
 * signal that ended it, 0 for a key. */
int live_run(struct loop *l, const struct live_conf *conf, int *signo, struct err *why) MUSTCHECK;

#endif
