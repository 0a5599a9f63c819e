/* SPDX-License-Identifier: PostgreSQL */
/* The layout as a file: screen, theme, interval, and for each panel its columns, order and filter. Written by W, read strictly
 * at start. */
#include <stdio.h>
#include <stdlib.h>

#include "model/yaml.h"
#include "ui/state.h"

enum { INTERVAL_MIN_MS = 100, INTERVAL_MAX_MS = 3600 * 1000 };

/* --- writing ------------------------------------------------------------------------------------------------------------- */

static void add_quoted(struct buf *out, const char *text)
{
	buf_addc(out, '"');
	for (const char *at = text; *at; at++) {
		if (*at == '"' || *at == '\\')
			buf_addc(out, '\\');
		if ((unsigned char)*at < ' ')
			buf_addf(out, "\\x%02X", (unsigned)*at);
		else
			buf_addc(out, *at);
	}
	buf_addc(out, '"');
}

static bool columns_changed(const struct ui_table *t)
{
	for (int i = 0; i < t->p->column_count; i++)
		if (t->column[i] != i || t->shown[i] != t->p->column[i].shown)
			return true;
	return false;
}

/* The panel's own settings are not written, so that a later version may have better ones. */
static bool table_changed(const struct ui *u, const struct ui_table *t)
{
	return columns_changed(t) || t->view.sort != t->p->sort || t->view.descending != t->p->sort_descending ||
	       t->view.filter_text || t->view.show_hidden || t->view.tree != t->p->tree_default || t->wrap ||
	       t->cycle || u->mode[t->panel] != FEED_INTERVAL || t->view.follow;
}

static void add_table(const struct ui *u, const struct ui_table *t, const char *screen, struct buf *out)
{
	bool first = true;

	buf_addf(out, "  %s/%s:\n", screen, t->p->name);
	if (t->view.sort >= 0)
		buf_addf(out, "    sort: %s%s\n", t->view.descending ? "-" : "", t->p->column[t->view.sort].name);
	if (t->view.filter_text) {
		buf_adds(out, "    filter: ");
		add_quoted(out, t->view.filter_text);
		buf_adds(out, "\n");
	}
	if (columns_changed(t)) {
		buf_adds(out, "    columns: [");
		for (int i = 0; i < t->p->column_count; i++) {
			if (!t->shown[t->column[i]])
				continue;
			buf_addf(out, "%s%s", first ? "" : ", ", t->p->column[t->column[i]].name);
			first = false;
		}
		buf_adds(out, "]\n");
	}
	if (t->view.show_hidden)
		buf_adds(out, "    hidden: yes\n");
	if (t->view.tree != t->p->tree_default)
		buf_addf(out, "    tree: %s\n", t->view.tree ? "yes" : "no");
	if (t->wrap)
		buf_adds(out, "    wrap: yes\n");
	if (t->view.follow)
		buf_adds(out, "    follow: yes\n");
	if (t->cycle > 0)
		buf_addf(out, "    cycle: %s\n", t->p->column[t->p->cycle[t->cycle]].name);
	if (u->mode[t->panel] == FEED_LIFETIME)
		buf_adds(out, "    mode: cumulative\n");
}

void ui_layout(const struct ui *u, struct buf *out)
{
	bool any = false;

	buf_adds(out, "# dytop layout: written by the key W, read at start\n");
	buf_addf(out, "screen: %s\n", u->screen[u->here].name);
	if (u->theme[0])
		buf_addf(out, "theme: %s\n", u->theme);
	buf_addf(out, "interval: %.0fms\n", u->interval_ms);
	for (int s = 0; s < u->screen_count; s++)
		for (int i = 0; i < u->screen[s].table_count; i++) {
			const struct ui_table *t = &u->table[u->screen[s].table[i]];

			if (!table_changed(u, t))
				continue;
			if (!any)
				buf_adds(out, "tables:\n");
			any = true;
			add_table(u, t, u->screen[s].name, out);
		}
}

/* --- reading ------------------------------------------------------------------------------------------------------------- */

static struct ui_table *table_named(const struct ui *u, const char *key)
{
	for (int s = 0; s < u->screen_count; s++)
		for (int i = 0; i < u->screen[s].table_count; i++) {
			struct ui_table *t = &u->table[u->screen[s].table[i]];
			char name[256];

			snprintf(name, sizeof(name), "%s/%s", u->screen[s].name, t->p->name);
			if (strcmp(name, key) == 0)
				return t;
		}
	return NULL;
}

static int read_columns(struct ui_table *t, const struct yaml_file *f, const struct yaml *list, struct err *why)
{
	struct buf names = BUF_INIT(8192);
	int rc = 0;

	if (list->kind != YAML_LIST)
		return yaml_error(f, list, why, "columns must be a list of names");
	for (const struct yaml *n = list->child; n && rc == 0; n = n->next) {
		if (n->kind != YAML_SCALAR || panel_column_by_name(t->p, str_from(n->text)) < 0)
			rc = yaml_error(f, n, why, "panel %s has no column '%s'", t->p->name, n->text ? n->text : "");
		else
			buf_addf(&names, "%s ", n->text);
	}
	if (rc == 0 && names.len > 0)
		rc = columns_set(t, buf_text(&names), why);
	buf_release(&names);
	return rc;
}

static int read_sort(struct ui_table *t, const struct yaml_file *f, const struct yaml *n, struct err *why)
{
	const char *text;
	int column, rc = yaml_read_text(f, n, &text, why);
	bool descending;

	if (rc < 0)
		return rc;
	descending = text[0] == '-';
	column = panel_column_by_name(t->p, str_from(text + descending));
	if (column < 0)
		return yaml_error(f, n, why, "panel %s has no column '%s'", t->p->name, text + descending);
	view_sort(&t->view, column, descending);
	return 0;
}

static int read_filter(struct ui_table *t, const struct yaml_file *f, const struct yaml *n, struct err *why)
{
	const char *text;
	struct err inner;
	int rc = yaml_read_text(f, n, &text, why);

	if (rc == 0 && view_set_filter(&t->view, text, &inner) < 0)
		rc = yaml_error(f, n, why, "%s", inner.text);
	return rc;
}

static int read_cycle(struct ui_table *t, const struct yaml_file *f, const struct yaml *n, struct err *why)
{
	const char *text;
	int rc = yaml_read_text(f, n, &text, why);

	if (rc < 0)
		return rc;
	for (int i = 0; i < t->p->cycle_count; i++)
		if (strcmp(t->p->column[t->p->cycle[i]].name, text) == 0) {
			t->cycle = i;
			return 0;
		}
	return yaml_error(f, n, why, "'%s' is none of the columns that T goes through", text);
}

static int read_mode(struct ui *u, const struct ui_table *t, const struct yaml_file *f, const struct yaml *n,
                     struct err *why)
{
	static const char *const names[] = {"interval", "cumulative", NULL};
	int mode, rc = yaml_read_choice(f, n, names, &mode, why);

	if (rc == 0)
		u->mode[t->panel] = mode == 1 ? FEED_LIFETIME : FEED_INTERVAL;
	return rc;
}

static int read_flags(struct ui_table *t, const struct yaml_file *f, const struct yaml *map, struct err *why)
{
	const struct {
		const char *key;
		bool *flag;
	} flags[] = {{"hidden", &t->view.show_hidden}, {"tree", &t->view.tree}, {"wrap", &t->wrap},
	             {"follow", &t->view.follow}};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(flags) && rc == 0; i++) {
		const struct yaml *n = yaml_get(map, flags[i].key);

		if (n)
			rc = yaml_read_bool(f, n, flags[i].flag, why);
	}
	t->view.dirty = true;
	return rc;
}

static int read_table(struct ui *u, const struct yaml_file *f, const struct yaml *map, struct err *why)
{
	static const char *const keys[] = {"sort", "filter", "columns", "hidden", "tree", "wrap",
	                                   "follow", "cycle", "mode", NULL};
	struct ui_table *t = table_named(u, map->key);
	const struct yaml *n;
	int rc;

	if (!t)
		return yaml_error(f, map, why, "there is no table '%s' (they are named screen/panel)", map->key);
	if (map->kind != YAML_MAP)
		return yaml_error(f, map, why, "'%s' must be a map", map->key);
	rc = yaml_check_keys(f, map, keys, why);
	if (rc == 0 && (n = yaml_get(map, "columns")))
		rc = read_columns(t, f, n, why);
	if (rc == 0 && (n = yaml_get(map, "sort")))
		rc = read_sort(t, f, n, why);
	if (rc == 0 && (n = yaml_get(map, "filter")))
		rc = read_filter(t, f, n, why);
	if (rc == 0 && (n = yaml_get(map, "cycle")))
		rc = read_cycle(t, f, n, why);
	if (rc == 0 && (n = yaml_get(map, "mode")))
		rc = read_mode(u, t, f, n, why);
	return rc < 0 ? rc : read_flags(t, f, map, why);
}

static int read_top(struct ui *u, const struct yaml_file *f, const struct yaml *root, struct err *why)
{
	const struct yaml *n;
	const char *text;
	int rc = 0;

	if ((n = yaml_get(root, "screen"))) {
		rc = yaml_read_text(f, n, &text, why);
		if (rc == 0 && ui_set_screen(u, text, NULL) < 0)
			rc = yaml_error(f, n, why, "there is no screen '%s'", text);
	}
	if (rc == 0 && (n = yaml_get(root, "theme"))) {
		rc = yaml_read_text(f, n, &text, why);
		if (rc == 0)
			snprintf(u->theme, sizeof(u->theme), "%s", text);
	}
	if (rc == 0 && (n = yaml_get(root, "interval"))) {
		double ms;

		rc = yaml_read_duration(f, n, &ms, why);
		if (rc == 0 && (ms < INTERVAL_MIN_MS || ms > INTERVAL_MAX_MS))
			rc = yaml_error(f, n, why, "the interval must be from 100ms to 1h");
		if (rc == 0)
			u->interval_ms = ms;
	}
	return rc;
}

int ui_load_layout(struct ui *u, const char *name, const char *yaml, size_t len, struct err *why)
{
	static const char *const keys[] = {"screen", "theme", "interval", "tables", NULL};
	const struct yaml *root, *tables;
	struct yaml_file *f;
	int rc = yaml_parse(&f, name, 1, yaml, len, why);

	if (rc < 0)
		return rc;
	root = yaml_root(f);
	rc = root->kind == YAML_MAP ? yaml_check_keys(f, root, keys, why)
	                            : yaml_error(f, root, why, "a layout is a map of settings");
	if (rc == 0)
		rc = read_top(u, f, root, why);
	tables = rc == 0 ? yaml_get(root, "tables") : NULL;
	if (tables && tables->kind != YAML_MAP)
		rc = yaml_error(f, tables, why, "tables must be a map");
	for (const struct yaml *n = tables && rc == 0 ? tables->child : NULL; n && rc == 0; n = n->next)
		rc = read_table(u, f, n, why);
	yaml_file_free(f);
	return rc;
}
