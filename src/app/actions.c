/* SPDX-License-Identifier: PostgreSQL */
#include "app/actions.h"

#include <stdlib.h>
#include <string.h>

#include "core/clean.h"
#include "core/mem.h"
#include "core/nearest.h"

int actions_init(struct actions *out, struct files *files, const struct options *o, struct err *why)
{
	struct actions all = {0};
	const char *const *names;
	int rc = files_texts(files, o, FILE_ACTION, &names, why), count = 0;

	if (rc < 0)
		return rc;
	while (names[count])
		count++;
	all.at = mem_calloc((size_t)count + 1, sizeof *all.at);
	for (int i = 0; i < count && rc == 0; i++) {
		struct files_text text;
		rc = files_text(files, o, FILE_ACTION, names[i], &text, why);
		if (rc == 0)
			rc = action_parse(&all.at[all.count], text.name, text.path, text.text, why);
		all.count += rc == 0;
	}
	if (rc < 0)
		actions_release(&all);
	else
		*out = all;
	return rc;
}

void actions_release(struct actions *a)
{
	for (int i = 0; i < a->count; i++)
		action_free(a->at[i]);
	free(a->at);
	memset(a, 0, sizeof *a);
}

int actions_find(const struct actions *a, const char *name, const struct action **out, struct err *why)
{
	const char **names = mem_calloc((size_t)a->count + 1, sizeof *names);
	struct buf shown = BUF_INIT(1024);
	const char *near;

	for (int i = 0; i < a->count; i++) {
		names[i] = a->at[i]->name;
		if (strcmp(names[i], name) == 0) {
			*out = a->at[i];
			free(names);
			return 0;
		}
	}
	near = nearest_of(str_from(name), names);
	clean_text(&shown, name, strlen(name), CLEAN_EXACT);
	err_set(why, ERR_NOT_FOUND, "there is no action '%s'%s%s%s; dytop maintain --list names them", buf_text(&shown),
	        near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	buf_release(&shown);
	free(names);
	return ERR_NOT_FOUND;
}
