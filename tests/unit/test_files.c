/* SPDX-License-Identifier: PostgreSQL */
#include "app/files.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

/* A folder that begins empty, as --sql-dir, --theme-dir or the user's. */
struct place {
	char path[64];
	struct options o;
};

static void begin(struct place *p)
{
	memset(p, 0, sizeof *p);
	snprintf(p->path, sizeof p->path, "/tmp/dytop-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(p->path));
}

static void put(struct place *p, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", p->path, name);
	for (char *slash = path + strlen(p->path) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	chmod(path, 0644);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

static void end(struct place *p)
{
	ck_assert_int_eq(nftw(p->path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

#define PANEL(extra) \
	"/* dytop panel\n" \
	"title: Mine\n" \
	"source: pg\n" extra \
	"key: [a]\n" \
	"fields: {a: id, n: counter, g: gauge}\n" \
	"columns:\n" \
	"  - {name: a, title: A, unit: id, width: 5, priority: 1}\n" \
	"*/\n" \
	"-- since 130000\n" \
	"SELECT a, n, g FROM t\n"

static int index_of(const struct files *f, const char *name)
{
	struct err why;
	return files_panel(f, name, &why);
}

START_TEST(what_ships_is_whole)
{
	struct options o = {0};
	struct files *f = NULL;
	struct err why = {0};
	struct theme theme;
	int panels, screens;

	ck_assert_msg(files_new(&f, &o, &why) == 0, "%s", why.text);
	files_panels(f, &panels);
	const struct files_screen *screen = files_screens(f, &screens);
	ck_assert_int_gt(panels, 20);
	ck_assert_int_gt(screens, 8);
	for (int i = 0, digit = 0; i < screens && screen[i].digit > 0; i++) {
		ck_assert_int_gt(screen[i].digit, digit);
		digit = screen[i].digit;
	}
	ck_assert_int_eq(files_screen(f, screen[0].name, &why), 0);
	for (const char *const *name = files_themes(f); *name; name++)
		ck_assert_msg(files_theme(f, *name, &theme, &why) == 0, "%s", why.text);
	ck_assert_ptr_nonnull(files_session_text(f, "pg_session"));
	ck_assert_ptr_null(files_session_text(f, "pg_sessions"));
	files_free(f);
}
END_TEST

START_TEST(names_are_told_by_the_nearest)
{
	struct options o = {0};
	struct files *f = NULL;
	struct err why = {0};
	struct theme theme;

	ck_assert_int_eq(files_new(&f, &o, &why), 0);
	ck_assert_int_eq(files_panel(f, "activty", &why), ERR_NOT_FOUND);
	ck_assert_str_eq(why.text, "unknown panel 'activty'; did you mean activity?");
	ck_assert_int_eq(files_panel(f, "qqqqqqqq", &why), ERR_NOT_FOUND);
	ck_assert_str_eq(why.text, "unknown panel 'qqqqqqqq'; see dytop --list-panels");
	ck_assert_int_eq(files_screen(f, "statemnts", &why), ERR_NOT_FOUND);
	ck_assert_str_eq(why.text, "unknown screen 'statemnts'; did you mean statements?");
	ck_assert_int_eq(files_theme(f, "drak", &theme, &why), ERR_NOT_FOUND);
	ck_assert_str_eq(why.text, "unknown theme 'drak'; did you mean dark?");
	files_free(f);
}
END_TEST

START_TEST(one_dropped_file_is_a_panel)
{
	struct place p;
	struct files *f = NULL;
	struct err why = {0};
	int before, after, screens;

	begin(&p);
	ck_assert_int_eq(files_new(&f, &p.o, &why), 0);
	files_panels(f, &before);
	files_free(f);
	put(&p, "panels/mine.sql", PANEL(""));
	put(&p, "panels/.mine2.sql", "nonsense");
	put(&p, "panels/mine.sql~", "nonsense");
	put(&p, "panels/#mine.sql#", "nonsense");
	put(&p, "panels/mine.sql.bak", "nonsense");
	put(&p, "panels/README", "nonsense");
	put(&p, "session/mine.sql", "SELECT 1");
	p.o.config_dir = p.path; /* the user's folder */
	ck_assert_msg(files_new(&f, &p.o, &why) == 0, "%s", why.text);
	const struct panel *const *panels = files_panels(f, &after);
	ck_assert_int_eq(after, before + 1);
	ck_assert_str_eq(panels[index_of(f, "mine")]->screen, "mine");
	const struct files_screen *screen = files_screens(f, &screens);
	ck_assert_str_eq(screen[files_screen(f, "mine", &why)].title, "Mine");
	ck_assert_str_eq(files_session_text(f, "mine"), "SELECT 1");
	files_free(f);
	end(&p);
}
END_TEST

START_TEST(the_stronger_folder_wins)
{
	struct place given, user;
	struct files *f = NULL;
	struct err why = {0};
	int count;

	begin(&given);
	begin(&user);
	put(&given, "panels/mine.sql", PANEL("about: given\n"));
	put(&given, "flat.sql", PANEL("about: flat\n"));
	put(&user, "panels/mine.sql", PANEL("about: user\n"));
	put(&user, "panels/flat.sql", PANEL("about: user\n"));
	put(&user, "panels/activity.sql", PANEL("about: user\nscreen: activity\n"));
	put(&user, "themes/dark.theme", "text: red\n");
	given.o.sql_dir = given.path;
	given.o.config_dir = user.path;
	ck_assert_msg(files_new(&f, &given.o, &why) == 0, "%s", why.text);
	const struct panel *const *panels = files_panels(f, &count);
	ck_assert_str_eq(panels[index_of(f, "mine")]->about, "given");
	ck_assert_str_eq(panels[index_of(f, "flat")]->about, "flat");
	ck_assert_str_eq(panels[index_of(f, "activity")]->about, "user");
	files_free(f);
	end(&given);
	end(&user);
}
END_TEST

static const struct {
	const char *text, *message; /* message after "PATH/panels/mine.sql" */
} bad[] = {
	{"hello\n", ":1:"},
	{PANEL("observes: {panel: nobody, id: a, age: g}\n"), ": observes: there is no panel 'nobody'"},
	{PANEL("charts:\n  - {name: c, title: C, unit: ms, figures: [nothing]}\n"), ": chart c: no panel has a figure 'nothing'"},
	{PANEL("digit: 1\n"), ": digit 1 is the key of screen "},
	{PANEL("nonsense: 1\n"), ":4:"},
};

START_TEST(bad_panels_get_file_and_line)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct place p;
		struct files *f = NULL;
		struct err why = {0};
		char expected[256];
		begin(&p);
		put(&p, "panels/mine.sql", bad[i].text);
		p.o.sql_dir = p.path;
		ck_assert_msg(files_new(&f, &p.o, &why) < 0, "accepted: %s", bad[i].text);
		snprintf(expected, sizeof expected, "%s/panels/mine.sql%s", p.path, bad[i].message);
		ck_assert_msg(strncmp(why.text, expected, strlen(expected)) == 0, "%s\n    is not %s", why.text, expected);
		end(&p);
	}
}
END_TEST

START_TEST(a_column_cannot_take_a_key_of_json)
{
	struct place p;
	struct files *f = NULL;
	struct err why = {0};

	begin(&p);
	put(&p, "panels/mine.sql",
	    "/* dytop panel\ntitle: Mine\nsource: pg\nkey: [a]\nfields: {a: id}\ncolumns:\n"
	    "  - {name: marks, title: A, expr: a, unit: id, width: 5, priority: 1}\n*/\n-- since 130000\nSELECT a FROM t\n");
	p.o.sql_dir = p.path;
	ck_assert_int_lt(files_new(&f, &p.o, &why), 0);
	ck_assert_msg(strstr(why.text, "/panels/mine.sql:7: a column cannot be called 'marks'"), "%s", why.text);
	end(&p);
}
END_TEST

START_TEST(odd_files_are_refused)
{
	struct place p;
	struct files *f = NULL;
	struct err why = {0};
	char path[256];

	begin(&p);
	p.o.sql_dir = (char *)(uintptr_t)"/nonexistent/sql";
	ck_assert_int_lt(files_new(&f, &p.o, &why), 0);
	ck_assert_str_eq(why.text, "/nonexistent/sql: No such file or directory");
	p.o.sql_dir = NULL;
	p.o.config_dir = p.path;
	put(&p, "panels/mine.sql", PANEL(""));
	snprintf(path, sizeof path, "%s/panels/mine.sql", p.path);
	chmod(path, 0666);
	ck_assert_int_lt(files_new(&f, &p.o, &why), 0);
	ck_assert_msg(strstr(why.text, "refused: others may write it"), "%s", why.text);
	chmod(path, 0644);
	ck_assert_int_eq(truncate(path, 2 << 20), 0);
	ck_assert_int_lt(files_new(&f, &p.o, &why), 0);
	ck_assert_msg(strstr(why.text, "over 1048576 bytes"), "%s", why.text);
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_lt(files_new(&f, &p.o, &why), 0); /* and does not hang */
	ck_assert_msg(strstr(why.text, "not a regular file"), "%s", why.text);
	end(&p);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		what_ships_is_whole, names_are_told_by_the_nearest, one_dropped_file_is_a_panel, the_stronger_folder_wins,
		bad_panels_get_file_and_line, a_column_cannot_take_a_key_of_json, odd_files_are_refused,
	};

	return unit_run("files", cases, sizeof cases / sizeof cases[0]);
}
