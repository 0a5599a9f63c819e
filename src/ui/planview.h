/* SPDX-License-Identifier: PostgreSQL */
/* The plan window's state. Private to src/ui. */
#ifndef UI_PLANVIEW_H
#define UI_PLANVIEW_H

#include "insight/plan.h"
#include "ui/pager.h"
#include "ui/ui.h"

enum { PLANVIEW_SHAPES = 32 };

enum planview_form { PLANVIEW_TREE, PLANVIEW_TEXT, PLANVIEW_JSON, PLANVIEW_FORMS };

/* A plan that the window keeps, with its own copies of everything. */
struct planview_plan {
	char *title, *about, *notes, *json;
	size_t json_len;
	int beside;                /* as in struct ui_plan */
	struct plan *plan;         /* NULL: none is kept here */
};

/* The shape that a plan of a statement had when it was last shown; id: of the statement and the kind of plan. */
struct planview_shape {
	uint64_t id, shape;
};

struct planview {
	uint64_t id;               /* of the statement */
	char *statement;
	struct planview_plan kept[UI_PLANS_MAX];
	int count, here;
	struct planview_plan marked; /* by '!' */
	char *marked_statement;
	uint64_t marked_id;
	bool diff;                 /* that one beside the one here */
	bool beside;               /* this one beside the one that it is compared with */
	enum planview_form form;
	bool no_details, no_hints; /* turned off by the person */
	char *compared;            /* how the plan here differs from that one; NULL there is none */
	bool *folded;              /* by node of the plan here */
	int cursor;                /* node */
	int *node;                 /* by line of the pager: what it is about; tree only */
	int lines, line_room;
	struct pager pager, hints;
	int built_width;           /* that the pager was built for; 0: it must be built */
	bool built_ascii;
	int top_drawn;             /* a search moves pager.top, and the cursor follows */
	bool changed;              /* another shape than when it was last shown */
	struct planview_shape shape[PLANVIEW_SHAPES]; /* the newest first */
};

void planview_release(struct planview *v);
void planview_move(struct ui *u, int by);           /* the cursor, or the text */
bool planview_is_tree(const struct planview *v);    /* with a cursor; else lines that scroll */
/* A click on a node: goes there; on the one under the cursor: folds it. */
unsigned planview_click(struct ui *u, const struct ui_host *h, int node);
void planview_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end);
unsigned planview_copy(struct ui *u, const struct ui_host *h, bool json);
/* Which plan the one here is compared with; -1 none. */
int planview_base(const struct planview *v);
/* The plan that is looked at; NULL before the first one. */
const struct planview_plan *planview_here(const struct planview *v);

#endif
