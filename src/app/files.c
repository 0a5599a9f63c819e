/* SPDX-License-Identifier: PostgreSQL */
#include "app/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/embed.h"
#include "app/shown.h"
#include "app/slurp.h"
#include "core/mem.h"
#include "core/nearest.h"

enum {
	FILE_BYTES_MAX = 1 << 20,
	FOLDER_FILES_MAX = 1000, /* entries of one folder that are looked at */
	FILES_MAX = 2000,
};

static const struct {
	const char *folder; /* under the user's and the system's folder, and under --sql-dir */
	const char *embedded;
	const char *ending;
} kinds[FILE_KIND_COUNT] = {
	[FILE_PANEL] = {"panels", "sql/panels/", ".sql"},
	[FILE_SESSION] = {"session", "sql/session/", ".sql"},
	[FILE_THEME] = {"themes", "themes/", ".theme"},
	[FILE_ACTION] = {"actions", "sql/actions/", ".sql"},
	[FILE_WARM] = {"warm", "sql/warm/", ".sql"},
	[FILE_BENCH] = {"bench", "sql/bench/", ".sql"},
	[FILE_BRIDGE] = {"bridge", "sql/bridge/", ".sql"},
};

struct found {
	enum file_kind kind;
	char *name;       /* without folder and ending */
	char *path;       /* for messages and reading */
	const char *text; /* compiled in; or read, then owned */
	size_t len;
	bool embedded, trusted;
	struct str header; /* packed, of an embedded panel; empty when it must be parsed */
};

struct files {
	struct found *found;
	int found_count;
	const struct panel **panel;
	int panel_count;
	int parsed;       /* how many of found have been looked at by files_parse_next() */
	struct files_screen *screen;
	int screen_count;
	const char **theme;
	struct found_texts { /* what is looked for at first use: the dashboard's start need not wait for it */
		bool looked;
		const char **name;
	} texts[FILE_KIND_COUNT];
};

/* --- what there is ------------------------------------------------------------------------------------------------ */

static struct found *find(const struct files *f, enum file_kind kind, const char *name)
{
	for (int i = 0; i < f->found_count; i++)
		if (f->found[i].kind == kind && strcmp(f->found[i].name, name) == 0)
			return &f->found[i];
	return NULL;
}

static struct found *add(struct files *f, enum file_kind kind, const char *name, size_t len, const char *path)
{
	f->found = mem_resize(f->found, (size_t)f->found_count + 1, sizeof *f->found);
	f->found[f->found_count] = (struct found){.kind = kind, .name = mem_strndup(name, len), .path = mem_strdup(path)};
	return &f->found[f->found_count++];
}

/* The length of NAME in NAME.ending: letters, digits, _ and -, no hidden or backup files; 0 for others. */
static size_t stem(const char *file, enum file_kind kind)
{
	size_t len = strlen(file), ending = strlen(kinds[kind].ending);

	if (len <= ending || strcmp(file + len - ending, kinds[kind].ending) != 0)
		return 0;
	len -= ending;
	for (size_t i = 0; i < len; i++)
		if (!((file[i] >= 'a' && file[i] <= 'z') || (file[i] >= 'A' && file[i] <= 'Z') ||
		      (file[i] >= '0' && file[i] <= '9') || (i > 0 && strchr("_-", file[i]))))
			return 0;
	return len;
}

/* Adds what the folder has and no stronger place had. A folder that is not there is empty; `needed` makes it an error. */
static int look(struct files *f, enum file_kind kind, const char *folder, bool trusted, bool needed, struct err *why)
{
	struct buf path = BUF_INIT(8192);
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int rc = 0, seen = 0;

	if (!dir)
		return needed || (errno != ENOENT && errno != ENOTDIR && errno != EACCES) ?
		               err_set(why, ERR_INVALID, "%s: %s", folder, strerror(errno)) : 0;
	while (rc == 0 && (entry = readdir(dir))) {
		size_t len = stem(entry->d_name, kind);
		char name[256];
		if (len == 0)
			continue;
		snprintf(name, sizeof name, "%.*s", (int)len, entry->d_name);
		if (find(f, kind, name))
			continue;
		buf_clear(&path);
		buf_addf(&path, "%s/%s", folder, entry->d_name);
		if (++seen > FOLDER_FILES_MAX || f->found_count >= FILES_MAX || path.failed)
			rc = err_set(why, ERR_TOO_BIG, "%s: too many files", folder);
		else
			add(f, kind, name, len, buf_text(&path))->trusted = trusted;
	}
	closedir(dir);
	buf_release(&path);
	return rc;
}

static int look_under(struct files *f, enum file_kind kind, const char *top, bool trusted, struct err *why)
{
	struct buf folder = BUF_INIT(4096);
	int rc;

	buf_addf(&folder, "%s/%s", top, kinds[kind].folder);
	rc = look(f, kind, buf_text(&folder), trusted, false, why);
	buf_release(&folder);
	return rc;
}

static struct str packed_header(const struct embed_header *headers, const char *path)
{
	for (const struct embed_header *h = headers; h && h->path; h++)
		if (strcmp(h->path, path) == 0)
			return h->tree;
	return (struct str){0};
}

static void look_inside(struct files *f, enum file_kind kind, const struct embed_header *headers)
{
	size_t prefix = strlen(kinds[kind].embedded);

	for (const struct embed_file *e = embed_files; e->path; e++) {
		if (strncmp(e->path, kinds[kind].embedded, prefix) != 0)
			continue;
		size_t len = stem(e->path + prefix, kind);
		char name[256];
		snprintf(name, sizeof name, "%.*s", (int)len, e->path + prefix);
		if (len == 0 || find(f, kind, name))
			continue;
		struct found *found = add(f, kind, name, len, e->path);
		found->text = e->text;
		found->len = e->len;
		found->embedded = true;
		found->header = packed_header(headers, e->path);
	}
}

static int discover(struct files *f, const struct options *o, enum file_kind from, enum file_kind to, struct err *why)
{
	int rc = 0;

	for (enum file_kind kind = from; kind <= to && rc == 0; kind++) {
		const char *given = kind == FILE_THEME ? o->theme_dir : o->sql_dir;
		if (given && kind != FILE_THEME)
			rc = look_under(f, kind, given, false, why);
		if (given && rc == 0 && (kind == FILE_PANEL || kind == FILE_THEME)) /* themes, and a folder of nothing but panels */
			rc = look(f, kind, given, false, true, why);
		if (o->config_dir && rc == 0)
			rc = look_under(f, kind, o->config_dir, true, why);
		if (rc == 0)
			rc = look_under(f, kind, DYTOP_SYSCONFDIR, true, why);
		if (rc == 0)
			look_inside(f, kind, o->headers);
	}
	return rc;
}

static int by_kind_and_name(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	return x->kind != y->kind ? (int)x->kind - (int)y->kind : strcmp(x->name, y->name);
}

/* Reads a file that is not in memory yet. */
static int load(struct found *found, struct err *why)
{
	struct buf text = BUF_INIT(FILE_BYTES_MAX);

	if (found->text)
		return 0;
	int rc = slurp_file(&text, found->path, found->trusted ? SLURP_TRUSTED : SLURP_PLAIN, why);
	if (rc == 0) {
		found->len = text.len;
		found->text = buf_take(&text);
	}
	buf_release(&text);
	return rc;
}

/* --- panels ------------------------------------------------------------------------------------------------------- */

static bool figure_exists(const struct files *f, const char *name)
{
	for (int p = 0; p < f->panel_count; p++)
		for (int i = 0; i < f->panel[p]->figure_count; i++)
			if (strcmp(f->panel[p]->figure[i].name, name) == 0)
				return true;
	return false;
}

static int panel_index(const struct files *f, const char *name)
{
	for (int i = 0; i < f->panel_count; i++)
		if (strcmp(f->panel[i]->name, name) == 0)
			return i;
	return -1;
}

static int check_panel(const struct files *f, const struct panel *p, struct err *why)
{
	static const char *const reserved[] = {"marks", "rung", "alerts"}; /* JSON's own keys of a row */

	for (int i = 0; i < p->chart_count; i++)
		for (int k = 0; k < p->chart[i].figure_count; k++)
			if (!figure_exists(f, p->chart[i].figure[k]))
				return err_set(why, ERR_INVALID, "%s: chart %s: no panel has a figure '%s'", p->file,
				               p->chart[i].name, p->chart[i].figure[k]);
	if (p->observes && panel_index(f, p->observes) < 0)
		return err_set(why, ERR_INVALID, "%s: observes: there is no panel '%s'", p->file, p->observes);
	for (int i = 0; i < p->column_count; i++)
		for (size_t k = 0; k < ARRAY_LEN(reserved); k++)
			if (strcmp(p->column[i].name, reserved[k]) == 0)
				return err_set(why, ERR_INVALID, "%s:%d: a column cannot be called '%s'", p->file,
				               p->column[i].line, reserved[k]);
	for (int i = 0; i < f->panel_count; i++) {
		const struct panel *other = f->panel[i];
		bool same_screen = strcmp(p->screen, other->screen) == 0;
		if (find(f, FILE_PANEL, p->name)->embedded && !find(f, FILE_PANEL, other->name)->embedded)
			continue; /* the person's file is the one to name */
		if (p->digit >= 0 && p->digit == other->digit && !same_screen)
			return err_set(why, ERR_INVALID, "%s: digit %d is the key of screen %s (%s) already", p->file, p->digit,
			               other->screen, other->file);
		if (p->digit >= 0 && other->digit >= 0 && p->digit != other->digit && same_screen)
			return err_set(why, ERR_INVALID, "%s: screen %s has digit %d already (%s)", p->file, p->screen,
			               other->digit, other->file);
	}
	return 0;
}

struct place { /* where a panel stands among all */
	const struct panel *panel;
	int digit, screen_order;
};

/* 1 to 9, then 0 as on a keyboard, then the screens without a digit by their order. */
static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int dx = x->digit < 0 ? 11 : x->digit == 0 ? 10 : x->digit, dy = y->digit < 0 ? 11 : y->digit == 0 ? 10 : y->digit;

	if (dx != dy)
		return dx - dy;
	if (x->screen_order != y->screen_order)
		return x->screen_order < y->screen_order ? -1 : 1;
	int screens = strcmp(x->panel->screen, y->panel->screen);
	if (screens != 0)
		return screens;
	if (x->panel->order != y->panel->order)
		return x->panel->order < y->panel->order ? -1 : 1;
	return strcmp(x->panel->name, y->panel->name);
}

static void sort_panels(struct files *f)
{
	struct place *place = mem_calloc((size_t)f->panel_count + 1, sizeof *place);

	for (int i = 0; i < f->panel_count; i++) {
		place[i] = (struct place){f->panel[i], -1, f->panel[i]->order};
		for (int k = 0; k < f->panel_count; k++) {
			if (strcmp(f->panel[i]->screen, f->panel[k]->screen) != 0)
				continue;
			if (f->panel[k]->digit >= 0)
				place[i].digit = f->panel[k]->digit;
			if (f->panel[k]->order < place[i].screen_order)
				place[i].screen_order = f->panel[k]->order;
		}
	}
	qsort(place, (size_t)f->panel_count, sizeof *place, by_place);
	f->screen = mem_calloc((size_t)f->panel_count + 1, sizeof *f->screen);
	for (int i = 0; i < f->panel_count; i++) {
		const struct panel *p = f->panel[i] = place[i].panel;
		if (p->shape == PANEL_HIDDEN)
			continue;
		if (f->screen_count == 0 || strcmp(f->screen[f->screen_count - 1].name, p->screen) != 0)
			f->screen[f->screen_count++] = (struct files_screen){p->screen, p->title, place[i].digit};
		if (strcmp(p->name, p->screen) == 0)
			f->screen[f->screen_count - 1].title = p->title;
	}
	free(place);
}

static int finish_panels(struct files *f, struct err *why)
{
	int rc = 0;

	for (int i = 0; i < f->panel_count && rc == 0; i++)
		rc = check_panel(f, f->panel[i], why);
	if (rc == 0)
		sort_panels(f);
	return rc;
}

int files_parse_next(struct files *f, struct err *why)
{
	struct panel *panel = NULL;
	struct found *found;
	int rc;

	while (f->parsed < f->found_count && f->found[f->parsed].kind != FILE_PANEL)
		f->parsed++;
	if (f->parsed == f->found_count)
		return finish_panels(f, why);
	found = &f->found[f->parsed++];
	rc = load(found, why);
	if (rc == 0)
		rc = panel_parse_packed(&panel, found->name, found->path, (struct str){found->text, found->len}, found->header,
		                        why);
	if (rc < 0)
		return rc;
	f->panel[f->panel_count++] = panel;
	return 1;
}

int files_open(struct files **out, const struct options *o, struct err *why)
{
	struct files *f = mem_alloc(sizeof *f);
	int themes = 0;
	int rc = discover(f, o, FILE_PANEL, FILE_THEME, why);

	if (rc == 0)
		qsort(f->found, (size_t)f->found_count, sizeof *f->found, by_kind_and_name);
	for (int i = 0; i < f->found_count && rc == 0; i++)
		if (f->found[i].kind == FILE_SESSION)
			rc = load(&f->found[i], why);
	if (rc < 0) {
		files_free(f);
		return rc;
	}
	f->panel = mem_calloc((size_t)f->found_count + 1, sizeof *f->panel);
	f->theme = mem_calloc((size_t)f->found_count + 1, sizeof *f->theme);
	for (int i = 0; i < f->found_count; i++)
		if (f->found[i].kind == FILE_THEME)
			f->theme[themes++] = f->found[i].name;
	*out = f;
	return 0;
}

int files_new(struct files **out, const struct options *o, struct err *why)
{
	int rc = files_open(out, o, why);

	if (rc < 0)
		return rc;
	do
		rc = files_parse_next(*out, why);
	while (rc > 0);
	if (rc < 0)
		files_free(*out);
	return rc;
}

void files_free(struct files *f)
{
	if (!f)
		return;
	for (int i = 0; i < f->panel_count; i++)
		panel_free((struct panel *)(uintptr_t)f->panel[i]);
	for (int i = 0; i < f->found_count; i++) {
		free(f->found[i].name);
		free(f->found[i].path);
		if (!f->found[i].embedded)
			free((char *)(uintptr_t)f->found[i].text);
	}
	free(f->found);
	free(f->panel);
	free(f->screen);
	free(f->theme);
	for (int i = 0; i < FILE_KIND_COUNT; i++)
		free(f->texts[i].name);
	free(f);
}

/* --- by name ------------------------------------------------------------------------------------------------------ */

static int unknown(const char *what, const char *name, const char *const *known, struct err *why)
{
	const char *near = nearest_of(str_from(name), known);

	return near ? err_set(why, ERR_NOT_FOUND, "unknown %s '%s'; did you mean %s?", what, shown(name).text, near) :
	              err_set(why, ERR_NOT_FOUND, "unknown %s '%s'; see dytop --list-%ss", what, shown(name).text, what);
}

const struct panel *const *files_panels(const struct files *f, int *count)
{
	*count = f->panel_count;
	return f->panel;
}

int files_panel(const struct files *f, const char *name, struct err *why)
{
	int index = panel_index(f, name);

	if (index >= 0)
		return index;
	const char **names = mem_calloc((size_t)f->panel_count + 1, sizeof *names);
	for (int i = 0; i < f->panel_count; i++)
		names[i] = f->panel[i]->name;
	int rc = unknown("panel", name, names, why);
	free(names);
	return rc;
}

const struct files_screen *files_screens(const struct files *f, int *count)
{
	*count = f->screen_count;
	return f->screen;
}

int files_screen(const struct files *f, const char *name, struct err *why)
{
	const char **names = mem_calloc((size_t)f->screen_count + 1, sizeof *names);
	int rc = -1;

	for (int i = 0; i < f->screen_count; i++) {
		names[i] = f->screen[i].name;
		if (strcmp(names[i], name) == 0)
			rc = i;
	}
	if (rc < 0)
		rc = unknown("screen", name, names, why);
	free(names);
	return rc;
}

const char *files_session_text(void *ctx, const char *name)
{
	const struct found *found = find(ctx, FILE_SESSION, name);
	return found ? found->text : NULL;
}

const char *const *files_themes(const struct files *f)
{
	return f->theme;
}

int files_theme(const struct files *f, const char *name, struct theme *out, struct err *why)
{
	struct found *found = find(f, FILE_THEME, name);

	if (!found)
		return unknown("theme", name, f->theme, why);
	int rc = load(found, why);
	return rc < 0 ? rc : theme_parse(out, found->name, found->path, found->text, found->len, why);
}

int files_texts(struct files *f, const struct options *o, enum file_kind kind, const char *const **names, struct err *why)
{
	struct found_texts *texts = &f->texts[kind];
	int count = 0, rc = 0;

	if (!texts->looked) {
		rc = discover(f, o, kind, kind, why);
		if (rc < 0)
			return rc;
		texts->looked = true;
		qsort(f->found, (size_t)f->found_count, sizeof *f->found, by_kind_and_name);
		texts->name = mem_calloc((size_t)f->found_count + 1, sizeof *texts->name);
		for (int i = 0; i < f->found_count; i++)
			if (f->found[i].kind == kind)
				texts->name[count++] = f->found[i].name;
	}
	*names = texts->name;
	return 0;
}

int files_text(struct files *f, const struct options *o, enum file_kind kind, const char *name, struct files_text *out,
               struct err *why)
{
	const char *const *names;
	int rc = files_texts(f, o, kind, &names, why);
	struct found *found = rc < 0 ? NULL : find(f, kind, name);

	if (rc == 0 && !found) {
		const char *near = nearest_of(str_from(name), names);
		return err_set(why, ERR_NOT_FOUND, "there is no file '%s' in %s%s%s%s", shown(name).text, kinds[kind].embedded,
		               near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	}
	if (rc == 0)
		rc = load(found, why);
	if (rc == 0)
		*out = (struct files_text){found->name, found->path, {found->text, found->len}};
	return rc;
}
