/* SPDX-License-Identifier: PostgreSQL */
/*
 * The dashboard without a terminal: keys from a file, screens as text. With --replay it is exact to the cell, so screens can
 * be tested and bug reports reproduced.
 *
 *   key NAME ...        press keys: 2, Enter, ^L, F10, Space, Tab
 *   type TEXT           type the rest of the line
 *   paste TEXT          the same as a bracketed paste
 *   click X Y           left mouse button
 *   wheel X Y -1|1
 *   frame [N]           go on N recorded frames (or intervals)
 *   size WxH            resize
 *   dump [NAME]         print the screen's text, and the plane of its styles
 *   text [NAME]         print the screen's text only
 *   # comment
 */
#ifndef APP_SCRIPT_H
#define APP_SCRIPT_H

#include "app/live.h"

struct script_conf {
	struct live_conf live;
	const struct panel *const *panels;
	int panel_count;
	const char *name;       /* for messages */
	const char *text;       /* the script */
	size_t len;
	int width, height;
};

/* Runs the script, appending what it prints to out. */
int script_run(struct loop *l, const struct script_conf *conf, struct buf *out, struct err *why) MUSTCHECK;

#endif
