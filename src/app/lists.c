/* SPDX-License-Identifier: PostgreSQL */
/* What the --list-* options print. */
#include <string.h>

#include "app/usage.h"
#include "core/units.h"

void usage_panels(const struct files *f, struct buf *out)
{
	int count;
	const struct panel *const *panels = files_panels(f, &count);

	for (int i = 0; i < count; i++)
		buf_addf(out, "%-20s %-10s %-14s %s\n", panels[i]->name, panels[i]->source_name,
		         panels[i]->shape == PANEL_HIDDEN ? "-" : panels[i]->screen,
		         panels[i]->about ? panels[i]->about : panels[i]->title);
}

void usage_screens(const struct files *f, struct buf *out)
{
	int count, panel_count;
	const struct files_screen *screens = files_screens(f, &count);
	const struct panel *const *panels = files_panels(f, &panel_count);

	for (int i = 0; i < count; i++) {
		if (screens[i].digit >= 0)
			buf_addf(out, "%d  %-16s", screens[i].digit, screens[i].name);
		else
			buf_addf(out, "   %-16s", screens[i].name);
		for (int k = 0; k < panel_count; k++)
			if (strcmp(panels[k]->screen, screens[i].name) == 0 && panels[k]->shape != PANEL_HIDDEN)
				buf_addf(out, " %s", panels[k]->name);
		buf_addc(out, '\n');
	}
}

void usage_themes(const struct files *f, struct buf *out)
{
	for (const char *const *name = files_themes(f); *name; name++)
		buf_addf(out, "%s\n", *name);
}

static void add_fields(const struct panel *p, struct buf *out)
{
	buf_addf(out, "%s (%s)\n", p->name, p->title);
	for (int i = 0; i < p->column_count; i++)
		buf_addf(out, "  %-22s %-10s %-9s %s\n", p->column[i].name, p->column[i].title, unit_name(p->column[i].unit),
		         p->column[i].about ? p->column[i].about : "");
	for (int i = 0; i < p->figure_count; i++)
		buf_addf(out, "  %-22s %-10s %-9s figure of the whole panel\n", p->figure[i].name, p->figure[i].title,
		         unit_name(p->figure[i].unit));
}

int usage_fields(const struct files *f, const struct option_list *names, struct buf *out, struct err *why)
{
	int count;
	const struct panel *const *panels = files_panels(f, &count);

	for (int i = 0; i < names->count; i++) {
		int index = files_panel(f, names->item[i], why);
		if (index < 0)
			return index;
		add_fields(panels[index], out);
	}
	for (int i = 0; i < count && names->count == 0; i++)
		add_fields(panels[i], out);
	return 0;
}
