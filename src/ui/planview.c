/* SPDX-License-Identifier: PostgreSQL */
/* The plan window: what it keeps, and its keys. */
#include "ui/planview.h"

#include <stdlib.h>

#include "core/clean.h"
#include "core/map.h"
#include "core/mem.h"
#include "insight/plan_show.h"
#include "ui/state.h"

/* --- what is kept -------------------------------------------------------------------------------------------------------- */

static void release_plan(struct planview_plan *k)
{
	free(k->title);
	free(k->about);
	free(k->notes);
	free(k->json);
	plan_free(k->plan);
	*k = (struct planview_plan){0};
}

static void release_shown(struct planview *v)
{
	for (int i = 0; i < v->count; i++)
		release_plan(&v->kept[i]);
	v->count = v->here = 0;
	free(v->statement);
	v->statement = NULL;
	free(v->folded);
	v->folded = NULL;
	free(v->compared);
	v->compared = NULL;
}

void planview_release(struct planview *v)
{
	release_shown(v);
	release_plan(&v->marked);
	free(v->marked_statement);
	free(v->node);
	pager_release(&v->pager);
	pager_release(&v->hints);
}

const struct planview_plan *planview_here(const struct planview *v)
{
	return v->count > 0 ? &v->kept[v->here] : NULL;
}

int planview_base(const struct planview *v)
{
	int base = v->count > 0 ? v->kept[v->here].beside - 1 : -1;

	if (v->count < 2)
		return -1;
	for (int i = 0; i < v->count && base < 0; i++) /* the one that is compared with this one, else the first other */
		base = v->kept[i].beside == v->here + 1 ? i : -1;
	if (base < 0 || base >= v->count || base == v->here)
		base = v->here == 0 ? 1 : 0;
	return base;
}

bool planview_is_tree(const struct planview *v)
{
	return v->form == PLANVIEW_TREE && !v->diff && !v->beside;
}

static char *clean_copy(const char *text, bool lines)
{
	struct buf out = BUF_INIT(UI_TEXT_MAX);

	clean_text(&out, text ? text : "", text ? strlen(text) : 0, lines ? CLEAN_KEEP_LINES : CLEAN_LINE);
	return buf_take(&out);
}

static int keep(struct planview_plan *k, const struct ui_plan *from, struct err *why)
{
	struct plan *p = NULL;
	int rc = plan_parse(&p, from->json, from->json_len, why);

	if (rc < 0)
		return rc;
	*k = (struct planview_plan){.title = clean_copy(from->title, false), .about = clean_copy(from->about, false),
	                            .notes = clean_copy(from->notes, true), .json = mem_strndup(from->json, from->json_len),
	                            .json_len = from->json_len, .beside = from->beside, .plan = p};
	return 0;
}

/* The node that a person looks for: the last one of the costliest path. */
static int costliest(const struct plan *p)
{
	int at = 0;

	for (int i = 0; i < p->count; i++)
		at = p->node[i].costliest ? i : at;
	return at;
}

/* How it differs from the one that it is compared with: what an index that is not there would save, for example. Not said
 * of the first one, nor of the other side. */
static void compare(struct planview *v)
{
	const struct planview_plan *base = planview_base(v) >= 0 ? &v->kept[planview_base(v)] : NULL;
	struct buf text = BUF_INIT(UI_TEXT_MAX);
	struct plan_diff *d;

	free(v->compared);
	v->compared = NULL;
	if (!base || (v->here == 0 && v->kept[0].beside == 0) || v->kept[planview_base(v)].beside == v->here + 1)
		return;
	d = plan_diff(base->plan, planview_here(v)->plan);
	buf_addf(&text, "against the %s: ", base->title);
	plan_diff_words(d, base->plan, planview_here(v)->plan, &text);
	plan_diff_free(d);
	v->compared = buf_take(&text);
}

static void look_at(struct planview *v, int which)
{
	v->here = which;
	free(v->folded);
	compare(v);
	v->folded = mem_calloc((size_t)v->kept[which].plan->count, sizeof(*v->folded));
	v->cursor = 0;
	v->pager.top = v->top_drawn = 0;
	v->built_width = 0;
}

/* Remembers the shape of a statement's plan; says whether it had another one before. */
static bool shape_changed(struct planview *v, uint64_t id, uint64_t shape)
{
	struct planview_shape was = {0};
	int at = 0;

	while (at < PLANVIEW_SHAPES - 1 && v->shape[at].id != id)
		at++;
	if (v->shape[at].id == id)
		was = v->shape[at];
	memmove(&v->shape[1], &v->shape[0], (size_t)at * sizeof(v->shape[0]));
	v->shape[0] = (struct planview_shape){id, shape};
	return was.id != 0 && was.shape != shape;
}

int ui_show_plans(struct ui *u, const struct ui_host *host, const struct ui_plans *plans, struct err *why)
{
	struct planview *v = &u->plan;
	struct planview_plan kept[UI_PLANS_MAX] = {{0}};
	int count = plans->count < UI_PLANS_MAX ? plans->count : UI_PLANS_MAX, rc = 0;

	if (count <= 0)
		return err_set(why, ERR_INVALID, "there is no plan to show");
	for (int i = 0; i < count && rc == 0; i++)
		rc = keep(&kept[i], &plans->plan[i], why);
	if (rc < 0) {
		for (int i = 0; i < count; i++)
			release_plan(&kept[i]);
		return rc;
	}
	release_shown(v);
	memcpy(v->kept, kept, sizeof(kept));
	v->count = count;
	v->id = plans->id;
	v->statement = clean_copy(plans->statement, false);
	v->diff = v->beside = false;
	look_at(v, 0);
	v->changed = false;
	for (int i = 0; i < count && plans->id; i++) { /* each kind of plan for itself; what-ifs are none of the statement's own */
		uint64_t kind = map_hash(map_hash_int(MAP_SEED, (int64_t)plans->id), kept[i].title, strlen(kept[i].title));

		v->changed |= kept[i].beside == 0 && shape_changed(v, kind, kept[i].plan->shape);
	}
	(void)host;
	if (u->window != WINDOW_PLAN)
		window_close_all(u);
	u->window = WINDOW_PLAN;
	return 0;
}

/* --- moving -------------------------------------------------------------------------------------------------------------- */

static int line_of(const struct planview *v, int node)
{
	for (int i = 0; i < v->lines; i++)
		if (v->node[i] == node)
			return i;
	return 0;
}

/* The next visible node that way; the same one at the end. */
static int step(const struct planview *v, int node, int by)
{
	int line = line_of(v, node);

	for (line += by; line >= 0 && line < v->lines; line += by)
		if (v->node[line] >= 0 && v->node[line] != node)
			return v->node[line];
	return node;
}

/* Lines of the screen are counted, so that a page is a page; the cursor ends on the node there. */
static void move_cursor(struct planview *v, int by)
{
	int line = line_of(v, v->cursor), to, last = v->lines - 1;

	if (by == 1 || by == -1) {
		v->cursor = step(v, v->cursor, by);
		return;
	}
	to = by > 0 ? (by > last - line ? last : line + by) : (-by > line ? 0 : line + by);
	if (to >= 0 && to <= last && v->node[to] >= 0)
		v->cursor = v->node[to];
}

/* The node's lines in sight: all of them when they fit. */
static void follow(struct planview *v)
{
	int first = line_of(v, v->cursor), last = first, height = v->pager.height > 0 ? v->pager.height : 1;

	while (last + 1 < v->lines && v->node[last + 1] == v->cursor)
		last++;
	if (last >= v->pager.top + height)
		v->pager.top = last - height + 1;
	if (first < v->pager.top)
		v->pager.top = first;
	v->top_drawn = v->pager.top;
}

void planview_move(struct ui *u, int by)
{
	struct planview *v = &u->plan;

	if (!planview_is_tree(v)) {
		pager_scroll(&v->pager, by);
		return;
	}
	move_cursor(v, by);
	follow(v);
}

/* --- keys ---------------------------------------------------------------------------------------------------------------- */

/* The plan, when keys of the tree make sense. */
static const struct plan *need_tree(struct ui *u, const struct ui_host *h)
{
	const struct planview_plan *k = planview_here(&u->plan);

	if (k && planview_is_tree(&u->plan))
		return k->plan;
	ui_note(u, h, "that is for the tree: t goes back to it");
	return NULL;
}

static unsigned fold(struct ui *u, const struct plan *p, bool folded)
{
	struct planview *v = &u->plan;

	if (p->node[v->cursor].end > v->cursor + 1)
		v->folded[v->cursor] = folded;
	v->built_width = 0;
	return UI_REDRAW;
}

unsigned act_plan_fold(struct ui *u, const struct ui_host *h, int key)
{
	const struct plan *p = need_tree(u, h);

	(void)key;
	return p ? fold(u, p, !u->plan.folded[u->plan.cursor]) : UI_REDRAW;
}

unsigned planview_click(struct ui *u, const struct ui_host *h, int node)
{
	if (node == u->plan.cursor)
		return act_plan_fold(u, h, 0);
	u->plan.cursor = node;
	return UI_REDRAW;
}

unsigned act_plan_in(struct ui *u, const struct ui_host *h, int key)
{
	struct planview *v = &u->plan;
	const struct plan *p = need_tree(u, h);

	(void)key;
	if (!p)
		return UI_REDRAW;
	if (!v->folded[v->cursor] && p->node[v->cursor].end > v->cursor + 1)
		return fold(u, p, true);
	v->cursor = p->node[v->cursor].parent >= 0 ? p->node[v->cursor].parent : 0;
	follow(v);
	return UI_REDRAW;
}

unsigned act_plan_out(struct ui *u, const struct ui_host *h, int key)
{
	struct planview *v = &u->plan;
	const struct plan *p = need_tree(u, h);

	(void)key;
	if (!p)
		return UI_REDRAW;
	if (v->folded[v->cursor])
		return fold(u, p, false);
	if (p->node[v->cursor].end > v->cursor + 1)
		v->cursor++;
	follow(v);
	return UI_REDRAW;
}

unsigned act_plan_costliest(struct ui *u, const struct ui_host *h, int key)
{
	struct planview *v = &u->plan;
	const struct plan *p = need_tree(u, h);

	(void)key;
	if (!p)
		return UI_REDRAW;
	v->cursor = costliest(p);
	for (int i = v->cursor; i >= 0; i = p->node[i].parent)
		v->folded[i] = v->folded[i] && i == v->cursor;
	v->built_width = 0;
	return UI_REDRAW;
}

static unsigned rebuilt(struct ui *u)
{
	u->plan.built_width = 0;
	u->plan.pager.top = u->plan.top_drawn = 0;
	return UI_REDRAW;
}

unsigned act_plan_form(struct ui *u, const struct ui_host *h, int key)
{
	struct planview *v = &u->plan;

	(void)h;
	(void)key;
	if (v->diff || v->beside)
		v->diff = v->beside = false;
	else
		v->form = (v->form + 1) % PLANVIEW_FORMS;
	return rebuilt(u);
}

unsigned act_plan_other(struct ui *u, const struct ui_host *h, int key)
{
	struct planview *v = &u->plan;

	(void)key;
	if (v->count < 2) {
		ui_note(u, h, "there is one plan only");
		return UI_REDRAW;
	}
	v->diff = v->beside = false;
	look_at(v, (v->here + 1) % v->count);
	return UI_REDRAW;
}

unsigned act_plan_beside(struct ui *u, const struct ui_host *h, int key)
{
	struct planview *v = &u->plan;

	(void)key;
	if (v->count < 2) {
		ui_note(u, h, "there is one plan only; ! keeps one to lay another beside it");
		return UI_REDRAW;
	}
	v->beside = !v->beside;
	v->diff = false;
	return rebuilt(u);
}

unsigned act_plan_details(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	if (!need_tree(u, h))
		return UI_REDRAW;
	u->plan.no_details = !u->plan.no_details;
	u->plan.built_width = 0;
	return UI_REDRAW;
}

unsigned act_plan_hints(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	u->plan.no_hints = !u->plan.no_hints;
	ui_note(u, h, u->plan.no_hints ? "hints are off" : "hints are on");
	return UI_REDRAW;
}

unsigned act_plan_mark(struct ui *u, const struct ui_host *h, int key)
{
	struct planview *v = &u->plan;
	const struct planview_plan *k = planview_here(v);
	struct ui_plan copy;
	struct err why;

	(void)key;
	if (!k)
		return UI_REDRAW;
	release_plan(&v->marked);
	free(v->marked_statement);
	copy = (struct ui_plan){.title = k->title, .about = k->about, .notes = k->notes, .json = k->json, .json_len = k->json_len};
	if (keep(&v->marked, &copy, &why) < 0) { /* it was read once already */
		ui_error(u, h, "%s", why.text);
		return UI_REDRAW;
	}
	v->marked_statement = mem_strdup(v->statement);
	v->marked_id = v->id;
	ui_note(u, h, "this plan is kept; D lays the next one beside it (after an index, an ANALYZE, a setting)");
	return UI_REDRAW;
}

unsigned act_plan_diff(struct ui *u, const struct ui_host *h, int key)
{
	struct planview *v = &u->plan;

	(void)key;
	if (!v->marked.plan) {
		ui_note(u, h, "no plan is kept yet: ! keeps this one");
		return UI_REDRAW;
	}
	v->diff = !v->diff;
	v->beside = false;
	if (v->diff && v->marked_id != v->id)
		ui_note(u, h, "they are plans of two statements");
	return rebuilt(u);
}

unsigned planview_copy(struct ui *u, const struct ui_host *h, bool json)
{
	const struct planview_plan *k = planview_here(&u->plan);

	buf_clear(&u->copy);
	if (!k)
		return UI_REDRAW;
	if (json)
		clean_text(&u->copy, k->json, k->json_len, CLEAN_KEEP_LINES);
	else
		plan_text(&u->copy, k->plan);
	if (u->copy.failed) { /* half a plan is none: nothing that could be pasted elsewhere */
		buf_clear(&u->copy);
		ui_error(u, h, "the plan is too large for the clipboard: dytop explain --format %s", json ? "json" : "text");
		return UI_REDRAW;
	}
	ui_note(u, h, "copied the plan as %s, %zu bytes", json ? "JSON" : "text", u->copy.len);
	return UI_REDRAW | UI_COPY;
}
