/* SPDX-License-Identifier: PostgreSQL */
/*
 * A dashboard without servers, terminal or clock: panels from text, samples from text, keys by name, the canvas compared with
 * golden files (tests/golden/ui/NAME.txt: the text plane, a line of dashes, the style plane). With UI_GOLDEN=write in the
 * environment the golden files are written instead of compared.
 */
#ifndef STAGE_H
#define STAGE_H

#include "core/buf.h"
#include "model/feed.h"
#include "model/status.h"
#include "ui/canvas.h"
#include "ui/ui.h"

enum { STAGE_PANELS = 12, STAGE_SERVERS = 6 };

struct stage {
	struct panel *panel[STAGE_PANELS];
	int panel_count;
	struct server_status server[STAGE_SERVERS];
	int server_count;
	struct feed *feed[STAGE_PANELS][STAGE_SERVERS];
	const struct panel *panels[STAGE_PANELS];
	const struct server_status *servers[STAGE_SERVERS];
	struct ui_host host;
	struct ui *ui;
	struct canvas canvas;
	unsigned result; /* of the last event */
};

/* The usual stage: PostgreSQL and Redis, panels of every shape, two samples each. */
struct stage *stage_new(int width, int height);
/* The same without servers' answers: nothing has come yet. */
struct stage *stage_new_empty(int width, int height);
void stage_free(struct stage *s);

int stage_panel(struct stage *s, const char *name); /* its index */
/* Pushes a sample: a line per row, fields in the panel's order parted by '|', '-' unknown. */
void stage_push(struct stage *s, const char *panel, int server, const char *rows);
void stage_pass(struct stage *s, double seconds);   /* the clock goes on */
void stage_size(struct stage *s, int width, int height);

/* Keys by name, parted by blanks; returns all result bits. */
unsigned stage_keys(struct stage *s, const char *keys);
unsigned stage_type(struct stage *s, const char *text); /* as typed, one event a character */
unsigned stage_paste(struct stage *s, const char *text);
unsigned stage_click(struct stage *s, int x, int y);

/* What the dashboard's owner does about marks and modes after an event. */
void stage_obey(struct stage *s, unsigned result);

/* Draws; the text plane is borrowed until the next call. */
const char *stage_text(struct stage *s);
const char *stage_style(struct stage *s);
/* Line y of the text plane; borrowed until the next call. */
const char *stage_line(struct stage *s, int y);
/* The first line that contains text, -1. */
int stage_find(struct stage *s, const char *text);
/* Draws and compares with tests/golden/ui/NAME.txt. */
void stage_golden(struct stage *s, const char *name);

#endif
