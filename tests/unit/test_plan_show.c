/* SPDX-License-Identifier: PostgreSQL */
/* Trees and plans side by side against golden files (PLAN_GOLDEN=write writes them), and what every output must keep to. */
#include "insight/plan_show.h"

#include "core/utf8.h"
#include "plans.h"
#include "unit.h"

static const int versions[] = {13, 14, 15, 16, 17, 18};

static void golden(const char *name, const char *have)
{
	const char *top = getenv("srcdir"), *mode = getenv("PLAN_GOLDEN");
	char path[1024], *want = calloc(1, 1 << 20);
	bool write = mode && strcmp(mode, "write") == 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/golden/plan/%s.txt", top ? top : ".", name);
	f = fopen(path, write ? "w" : "r");
	ck_assert_msg(f != NULL, "%s", path);
	if (write)
		ck_assert_int_eq(fputs(have, f) < 0, 0);
	else
		ck_assert_int_lt(fread(want, 1, (1 << 20) - 1, f), 1 << 20);
	fclose(f);
	if (!write && strcmp(want, have) != 0)
		fprintf(stderr, "--- %s\n%s--- have\n%s", path, want, have);
	ck_assert(write || strcmp(want, have) == 0);
	free(want);
}

static void tree(const char *name, int version, int width, bool ascii)
{
	struct plan_style style = {.width = width, .ascii = ascii};
	struct plan *p = plans_load(name, version);
	struct buf out = BUF_INIT(1 << 20);
	char file[128];

	plan_tree(&out, p, &style);
	snprintf(file, sizeof(file), "%s-%d-%d%s", name, version, width, ascii ? "-ascii" : "");
	golden(file, buf_text(&out));
	buf_release(&out);
	plan_free(p);
}

START_TEST(trees)
{
	tree("limit", 15, 120, false);
	tree("limit", 15, 80, true);
	tree("seq", 15, 120, false);
	tree("seq", 18, 80, false);
	tree("spill", 15, 120, false);
	tree("spill", 15, 80, true);
	tree("workers", 15, 120, false);
	tree("cte", 18, 100, false);
	tree("lossy", 17, 80, false);
	tree("indexonly", 13, 120, false);
	tree("odd", 15, 60, true);
	tree("union", 15, 80, false);
	tree("never", 16, 40, false);
}
END_TEST

static void beside(const char *a, const char *b, int version, int width, bool ascii)
{
	static const char *const title[2] = {"before", "after"};
	struct plan_style style = {.width = width, .ascii = ascii};
	struct plan *one = plans_load(a, version), *two = plans_load(b, version);
	struct buf out = BUF_INIT(1 << 20);
	char file[128];

	plan_beside(&out, one, two, title, &style);
	snprintf(file, sizeof(file), "%s-%s-%d-%d%s", a, b, version, width, ascii ? "-ascii" : "");
	golden(file, buf_text(&out));
	buf_release(&out);
	plan_free(one);
	plan_free(two);
}

START_TEST(two_plans)
{
	beside("joins", "parallel", 15, 120, false);
	beside("joins", "parallel", 15, 80, true);
	beside("limit", "backward", 15, 120, false);
	beside("limit", "backward", 15, 80, false);
	beside("merge", "merge", 18, 100, false);
}
END_TEST

/* Every line is as narrow as asked, of whole characters, and without controls. */
static void check_lines(const struct buf *out, int width, bool ascii, const char *what)
{
	const char *line = buf_text(out);

	ck_assert(!out->failed);
	for (const char *end = strchr(line, '\n'); end; line = end + 1, end = strchr(line, '\n')) {
		ck_assert_msg(utf8_text_width(line, (size_t)(end - line)) <= width, "%s, %d: '%.*s'", what, width, (int)(end - line), line);
		for (const char *c = line; c < end; c++)
			ck_assert_msg((unsigned char)*c >= ' ' && *c != 0x7f && (!ascii || (unsigned char)*c < 0x7f), "%s: %02x in '%.*s'", what,
			              (unsigned char)*c, (int)(end - line), line);
	}
	ck_assert_msg(*line == '\0', "%s: a line has no end", what);
}

START_TEST(fits)
{
	static const int widths[] = {24, 40, 79, 80, 100, 120, 200};
	static const char *const title[2] = {"generic plan", "with values"};
	struct plans_entry e;
	struct plans s;

	for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
		struct plan *last = NULL;

		plans_open(&s, versions[v]);
		while (plans_next(&s, &e)) {
			struct plan *p = plans_parse(e.json);

			for (size_t w = 0; w < ARRAY_LEN(widths) * 2; w++) {
				struct plan_style style = {.width = widths[w / 2], .ascii = w % 2};
				struct buf out = BUF_INIT(1 << 20);

				plan_tree(&out, p, &style);
				if (last && style.width >= 40)
					plan_beside(&out, last, p, title, &style);
				check_lines(&out, style.width, style.ascii, e.name);
				buf_release(&out);
			}
			plan_free(last);
			last = p;
		}
		plan_free(last);
		plans_close(&s);
	}
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {trees, two_plans, fits};

	return unit_run("plan_show", cases, ARRAY_LEN(cases));
}
