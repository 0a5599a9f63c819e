/* SPDX-License-Identifier: PostgreSQL */
/* Parses panel files as the program does and prints what is wrong: `panel_check FILE...`. Without arguments: every file
 * that ships under $srcdir/sql/panels. Exit status 0 when all are good. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/panel.h"

enum { PANELS_MAX = 256 };

static char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	size_t room = 1 << 20;
	char *text = malloc(room);

	*len = 0;
	if (f == NULL || text == NULL) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(1);
	}
	*len = fread(text, 1, room, f);
	fclose(f);
	return text;
}

/* NULL when it is not good; it is said why. */
static struct panel *parse(const char *path)
{
	const char *base = strrchr(path, '/');
	char name[256];
	struct panel *p = NULL;
	struct err why;
	size_t len;
	char *text = read_file(path, &len);

	snprintf(name, sizeof(name), "%s", base != NULL ? base + 1 : path);
	name[strcspn(name, ".")] = '\0';
	if (panel_parse(&p, name, path, text, len, &why) < 0)
		printf("%s\n", why.text);
	else
		printf("%s: good: %d fields, %d columns, %d figures, %d bodies\n", path, p->field_count,
		       p->column_count, p->figure_count, p->body_count);
	free(text);
	return p;
}

static int check(const char *path)
{
	struct panel *p = parse(path);
	bool bad = p == NULL;

	panel_free(p);
	return bad;
}

/* --- do they fit each other? -------------------------------------------------------------------------------------- */

struct set {
	struct panel *panel[PANELS_MAX];
	int count;
};

static int complain(const struct panel *p, int line, const char *what, const char *name)
{
	printf("%s:%d: %s '%s'\n", p->file, line, what, name);
	return 1;
}

static int check_chart(const struct set *s, const struct panel *p, const struct panel_chart *c)
{
	int bad = 0;

	for (int k = 0; k < c->figure_count; k++) {
		bool found = false;

		for (int i = 0; i < s->count; i++)
			for (int f = 0; f < s->panel[i]->figure_count; f++)
				if (strcmp(s->panel[i]->figure[f].name, c->figure[k]) == 0)
					found = true;
		if (!found)
			bad += complain(p, 1, "a chart draws what no panel has: figure", c->figure[k]);
	}
	return bad;
}

static int check_pair(const struct panel *a, const struct panel *b)
{
	int bad = 0;

	for (int i = 0; i < a->figure_count; i++)
		for (int k = 0; k < b->figure_count; k++)
			if (strcmp(a->figure[i].name, b->figure[k].name) == 0)
				bad += complain(b, b->figure[k].line, "another panel has a figure", b->figure[k].name);
	return bad;
}

static int check_set(const struct set *s)
{
	int bad = 0;

	for (int i = 0; i < s->count; i++) {
		const struct panel *p = s->panel[i];
		bool observed = p->observes == NULL;

		for (int c = 0; c < p->chart_count; c++)
			bad += check_chart(s, p, &p->chart[c]);
		for (int k = 0; k < i; k++)
			bad += check_pair(s->panel[k], p);
		for (int k = 0; k < s->count; k++)
			observed |= p->observes != NULL && strcmp(p->observes, s->panel[k]->name) == 0 &&
				    s->panel[k]->timings.calls >= 0 && s->panel[k]->timings.queryid >= 0;
		if (!observed)
			bad += complain(p, 1, "observes no panel with timings and queryid:", p->observes);
	}
	return bad;
}

static int check_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	struct set s = {.count = 0};
	int bad = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL && s.count < PANELS_MAX) {
		char path[4096 + 257];
		size_t len = strlen(entry->d_name);

		if (len < 5 || strcmp(entry->d_name + len - 4, ".sql") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		s.panel[s.count] = parse(path);
		if (s.panel[s.count] == NULL)
			bad++;
		else
			s.count++;
	}
	if (dir != NULL)
		closedir(dir);
	if (s.count == 0)
		printf("%s: no panel files\n", folder);
	bad += s.count == 0 || check_set(&s) > 0;
	for (int i = 0; i < s.count; i++)
		panel_free(s.panel[i]);
	return bad > 0;
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir");
	char folder[4096];
	int bad = 0;

	for (int i = 1; i < argc; i++)
		bad += check(argv[i]);
	if (argc > 1)
		return bad > 0;
	snprintf(folder, sizeof(folder), "%s/sql/panels", srcdir != NULL ? srcdir : ".");
	return check_folder(folder);
}
