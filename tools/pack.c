/* SPDX-License-Identifier: PostgreSQL */
/* A tool of the build: pack SRCDIR FILE... > packed.c turns the headers of the panels among the files into C (src/app/embed.h). */
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "model/panel.h"
#include "model/yaml_pack.h"

enum { FILE_MAX = 1 << 20 };

static bool read_file(const char *top, const char *path, struct buf *out)
{
	char name[4096], block[8192];
	FILE *file;
	size_t n;

	if ((size_t)snprintf(name, sizeof(name), "%s/%s", top, path) >= sizeof(name))
		return false;
	file = fopen(name, "rb");
	while (file && (n = fread(block, 1, sizeof(block), file)) > 0)
		buf_add(out, block, n);
	if (file)
		fclose(file);
	return file && !out->failed;
}

static void print_bytes(const char *path, const struct buf *bytes)
{
	printf("\t{\"%s\", {", path);
	for (size_t i = 0; i < bytes->len; i++)
		printf("%s\\%03o", i % 24 == 0 ? i ? "\"\n\t\"" : "\n\t\"" : "", (unsigned char)bytes->data[i]);
	printf("\", %zu}},\n", bytes->len);
}

static bool pack(const char *top, const char *path)
{
	struct buf text = BUF_INIT(FILE_MAX), bytes = BUF_INIT(FILE_MAX);
	struct yaml_file *tree = NULL;
	struct err why = {0};
	bool good = read_file(top, path, &text) && panel_header(&tree, path, buf_text(&text), text.len, &why) == 0;

	if (good) {
		yaml_pack(tree, &bytes);
		print_bytes(path, &bytes);
	} else {
		fprintf(stderr, "pack: %s\n", why.code ? why.text : path);
	}
	yaml_file_free(tree);
	buf_release(&text);
	buf_release(&bytes);
	return good;
}

int main(int argc, char **argv)
{
	puts("/* Made by tools/pack; do not edit. */\n#include \"app/embed.h\"\nconst struct embed_header embed_headers[] = {");
	for (int i = 2; i < argc; i++)
		if (strncmp(argv[i], "sql/panels/", 11) == 0 && !pack(argv[1], argv[i]))
			return 1;
	puts("\t{0, {0, 0}}\n};");
	return fflush(stdout) == 0 ? 0 : 1;
}
