/* SPDX-License-Identifier: PostgreSQL */
/* Parses panel files as the program does and prints what is wrong: `panel_check FILE...`. Without arguments: every file
 * that ships under $srcdir/sql/panels. Exit status 0 when all are good. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/panel.h"

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

static int check(const char *path)
{
	const char *base = strrchr(path, '/');
	char name[256];
	struct panel *p = NULL;
	struct err why;
	size_t len;
	char *text = read_file(path, &len);
	int rc;

	snprintf(name, sizeof(name), "%s", base != NULL ? base + 1 : path);
	name[strcspn(name, ".")] = '\0';
	rc = panel_parse(&p, name, path, text, len, &why);
	if (rc < 0)
		printf("%s\n", why.text);
	else
		printf("%s: good: %d fields, %d columns, %d figures, %d bodies\n", path, p->field_count,
		       p->column_count, p->figure_count, p->body_count);
	panel_free(p);
	free(text);
	return rc < 0 ? 1 : 0;
}

static int check_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int bad = 0, count = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char path[4096 + 257];
		size_t len = strlen(entry->d_name);

		if (len < 5 || strcmp(entry->d_name + len - 4, ".sql") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		bad += check(path);
		count++;
	}
	if (dir != NULL)
		closedir(dir);
	if (count == 0)
		printf("%s: no panel files\n", folder);
	return bad > 0 || count == 0;
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
