/* SPDX-License-Identifier: PostgreSQL */
/* figures: and charts: of a panel's header. */
#include <string.h>

#include "model/panel_private.h"

static int add_figure(struct panel_parser *pp, const struct yaml *n)
{
	static const char *const known[] = {"name",  "title", "expr", "unit", "line",
					    "order", "trend", "warn", "crit", NULL};
	static const int lines[2] = {0, 3}, orders[2] = {-1000, 1000};
	struct panel_figure *f = &pp->p->figure[pp->p->figure_count];
	int rc = yaml_check_keys(pp->yaml, n, known, pp->why);

	if (rc < 0)
		return rc;
	*f = (struct panel_figure){.line = n->line};
	if (yaml_get(n, "name") == NULL)
		return yaml_error(pp->yaml, n, pp->why, "the figure has no name");
	rc = panel_read_name(pp, yaml_get(n, "name"), &f->name);
	if (rc < 0)
		return rc;
	for (int i = 0; i < pp->p->figure_count; i++)
		if (strcmp(pp->p->figure[i].name, f->name) == 0)
			return yaml_error(pp->yaml, n, pp->why, "figure %s is there twice, first on line %d", f->name,
					  pp->p->figure[i].line);
	if (yaml_get(n, "expr") == NULL)
		return yaml_error(pp->yaml, n, pp->why, "%s: expr is missing", f->name);
	f->title = f->name;
	pp->p->figure_count++; /* from here on panel_free() frees its expressions */
	rc = panel_read_text(pp, n, "title", &f->title);
	if (rc == 0)
		rc = panel_read_expr(pp, n, "expr", f->name, &f->expr);
	if (rc == 0)
		rc = panel_read_unit(pp, n, &f->unit);
	if (rc == 0)
		rc = panel_read_int(pp, n, "line", lines, &f->place);
	if (rc == 0)
		rc = panel_read_int(pp, n, "order", orders, &f->order);
	if (rc == 0)
		rc = panel_read_bool(pp, n, "trend", &f->trend);
	if (rc == 0)
		rc = panel_read_threshold(pp, n, "warn", f->name, f->expr, &f->warn);
	if (rc == 0)
		rc = panel_read_threshold(pp, n, "crit", f->name, f->expr, &f->crit);
	return rc;
}

static int add_chart(struct panel_parser *pp, const struct yaml *n)
{
	static const char *const known[] = {"name", "title", "unit", "figures", NULL};
	struct panel_chart *c = &pp->p->chart[pp->p->chart_count];
	const struct yaml *figures;
	int rc = yaml_check_keys(pp->yaml, n, known, pp->why);

	if (rc < 0)
		return rc;
	*c = (struct panel_chart){.title = NULL};
	if (yaml_get(n, "name") == NULL)
		return yaml_error(pp->yaml, n, pp->why, "the chart has no name");
	rc = panel_read_name(pp, yaml_get(n, "name"), &c->name);
	for (int i = 0; i < pp->p->chart_count && rc == 0; i++)
		if (strcmp(pp->p->chart[i].name, c->name) == 0)
			return yaml_error(pp->yaml, n, pp->why, "chart %s is there twice", c->name);
	c->title = c->name;
	if (rc == 0)
		rc = panel_read_text(pp, n, "title", &c->title);
	if (rc == 0)
		rc = panel_read_unit(pp, n, &c->unit);
	if (rc == 0)
		rc = panel_read_list(pp, n, "figures", (int)ARRAY_LEN(c->figure), &figures);
	if (rc < 0)
		return rc;
	if (figures == NULL)
		return yaml_error(pp->yaml, n, pp->why, "%s: figures is missing; name what the chart draws", c->name);
	for (const struct yaml *f = figures->child; f != NULL && rc == 0; f = f->next)
		rc = panel_read_name(pp, f, &c->figure[c->figure_count++]);
	if (rc == 0)
		pp->p->chart_count++;
	return rc;
}

int panel_parse_figures(struct panel_parser *pp)
{
	const struct yaml *figures = NULL, *charts = NULL;
	struct panel *p = pp->p;
	int rc = panel_read_list(pp, pp->root, "figures", PANEL_FIGURES_MAX, &figures);

	if (rc == 0)
		rc = panel_read_list(pp, pp->root, "charts", PANEL_CHARTS_MAX, &charts);
	if (rc < 0)
		return rc;
	if (figures != NULL) {
		p->figure = arena_calloc(pp->arena, (size_t)figures->count, sizeof(*p->figure));
		for (const struct yaml *f = figures->child; f != NULL && rc == 0; f = f->next)
			rc = add_figure(pp, f);
	}
	if (charts != NULL) {
		p->chart = arena_calloc(pp->arena, (size_t)charts->count, sizeof(*p->chart));
		for (const struct yaml *c = charts->child; c != NULL && rc == 0; c = c->next)
			rc = add_chart(pp, c);
	}
	return rc;
}
