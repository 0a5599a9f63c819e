/* SPDX-License-Identifier: PostgreSQL */
#include "app/plan_file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/slurp.h"
#include "core/clean.h"
#include "model/json.h"

enum { FILES_MAX = 2, OUT_MAX = 64 << 20 };

static int read_input(struct buf *out, struct err *why)
{
	char bytes[8192];
	ssize_t n;

	while ((n = read(STDIN_FILENO, bytes, sizeof(bytes))) > 0)
		if (!buf_add(out, bytes, (size_t)n))
			return err_set(why, ERR_TOO_BIG, "over %d MB", PLAN_BYTES_MAX >> 20);
	return n < 0 ? err_set(why, ERR_IO, "%s", strerror(errno)) : 0;
}

static int load(struct plan **out, const char *path, struct err *why)
{
	bool input = strcmp(path, "-") == 0;
	struct buf text = BUF_INIT(PLAN_BYTES_MAX);
	int rc = input ? read_input(&text, why) : slurp_file(&text, path, SLURP_PLAIN, why);

	if (rc == 0) {
		rc = plan_parse(out, buf_text(&text), text.len, why);
		if (rc < 0 && !input)
			err_prefix(why, "%s", path);
	}
	if (rc < 0 && input)
		err_prefix(why, "standard input");
	buf_release(&text);
	return rc;
}

static void put_diff(struct json_writer *w, const struct plan *a, const struct plan *b)
{
	struct buf words = BUF_INIT(1 << 16);
	struct plan_diff *d = plan_diff(a, b);

	plan_diff_words(d, a, b, &words);
	json_put_bool(w, "same_shape", d->same_shape);
	json_put_int(w, "changed_nodes", d->changed);
	json_put_number(w, "cost_ratio", d->cost_ratio);
	json_put_number(w, "time_ratio", d->ms_ratio);
	json_put_text(w, "difference", buf_str(&words));
	plan_diff_free(d);
	buf_release(&words);
}

static void write_json(struct buf *out, struct plan *const plan[FILES_MAX], int count)
{
	struct json_writer w;

	json_begin(&w, out, true);
	json_open_map(&w, NULL);
	json_open_list(&w, "plans");
	for (int i = 0; i < count; i++)
		plan_put_json(&w, NULL, plan[i]);
	json_close(&w);
	if (count > 1)
		put_diff(&w, plan[0], plan[1]);
	json_close(&w);
	buf_addc(out, '\n');
}

static void write_plans(struct buf *out, const struct plan_file_conf *conf, struct plan *const plan[FILES_MAX], int count)
{
	if (strcmp(conf->format, "json") == 0) {
		write_json(out, plan, count);
	} else if (strcmp(conf->format, "tree") == 0 && count > 1) {
		char *const *item = conf->files->item;
		struct buf name[FILES_MAX] = {BUF_INIT(4096), BUF_INIT(4096)};

		for (int i = 0; i < FILES_MAX; i++)
			clean_text(&name[i], item[i], strlen(item[i]), CLEAN_LINE);
		plan_beside(out, plan[0], plan[1], (const char *const[]){buf_text(&name[0]), buf_text(&name[1])}, &conf->style);
		for (int i = 0; i < FILES_MAX; i++)
			buf_release(&name[i]);
	} else {
		for (int i = 0; i < count; i++) {
			buf_adds(out, i ? "\n" : "");
			if (strcmp(conf->format, "tree") == 0)
				plan_tree(out, plan[i], &conf->style);
			else
				plan_text(out, plan[i]);
		}
	}
}

int plan_file_print(const struct plan_file_conf *conf, struct err *why)
{
	struct plan *plan[FILES_MAX] = {NULL};
	struct buf out = BUF_INIT(OUT_MAX);
	int status = 0, rc = 0;

	if (conf->files->count > FILES_MAX) {
		err_set(why, ERR_INVALID, "explain: --plan takes one plan, or two to compare");
		return 1;
	}
	for (int i = 0; i < conf->files->count && rc == 0; i++)
		rc = load(&plan[i], conf->files->item[i], why);
	if (rc == 0) {
		write_plans(&out, conf, plan, conf->files->count);
		if (out.failed)
			rc = err_set(why, ERR_TOO_BIG, "the plan takes more than %d MB when drawn", OUT_MAX >> 20);
	}
	if (rc == 0 && (fwrite(buf_text(&out), 1, out.len, stdout) != out.len || fflush(stdout) != 0)) {
		err_set(why, ERR_IO, "cannot write to standard output: %s", strerror(errno));
		status = 4;
	}
	for (int i = 0; i < FILES_MAX; i++)
		plan_free(plan[i]);
	buf_release(&out);
	return rc < 0 ? 1 : status;
}
