/* SPDX-License-Identifier: PostgreSQL */
/* The text made from each server's JSON is the text that the same server gave, to the letter but for times. */
#include "insight/plan_show.h"
#include "plans.h"
#include "unit.h"

/* 12.345 is a time (costs have two decimals): each run has its own. */
static void hide_times(char *text)
{
	char *out = text;

	for (const char *at = text; *at;) {
		size_t whole = strspn(at, "0123456789"), part = whole && at[whole] == '.' ? strspn(at + whole + 1, "0123456789") : 0;

		if (part == 3) {
			*out++ = 'T';
			at += whole + 1 + part;
		} else if (whole) {
			size_t n = whole + (part ? part + 1 : 0);

			memmove(out, at, n);
			out += n;
			at += n;
		} else {
			*out++ = *at++;
		}
	}
	*out = '\0';
}

static int compare(int version, const struct plans_entry *e)
{
	struct buf have = BUF_INIT(4 << 20);
	struct plan *p = plans_parse(e->json);
	char *text, *want = strdup(e->text);
	int wrong;

	plan_text(&have, p);
	text = buf_take(&have);
	hide_times(text);
	hide_times(want);
	wrong = strcmp(text, want) != 0;
	if (wrong)
		fprintf(stderr, "--- %s %d: the server's\n%s--- ours\n%s", e->name, version, want, text);
	plan_free(p);
	free(text);
	free(want);
	return wrong;
}

START_TEST(is_the_servers)
{
	static const int versions[] = {13, 14, 15, 16, 17, 18};
	struct plans_entry e;
	struct plans s;
	int count = 0, wrong = 0;

	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		plans_open(&s, versions[i]);
		while (plans_next(&s, &e)) {
			if (strcmp(e.name, "workers") == 0)
				continue; /* each run divides the work otherwise */
			count++;
			wrong += compare(versions[i], &e);
		}
		plans_close(&s);
	}
	ck_assert_int_ge(count, 250);
	ck_assert_msg(wrong == 0, "%d of %d differ", wrong, count);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {is_the_servers};

	return unit_run("plan_text", cases, ARRAY_LEN(cases));
}
