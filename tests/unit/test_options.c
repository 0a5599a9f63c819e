/* SPDX-License-Identifier: PostgreSQL */
#include "app/options.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/usage.h"
#include "app/wipe.h"
#include "unit.h"

enum { WORDS_MAX = 16 };

/* Runs options_read() on words ("dytop" is put before them), in an empty surrounding. */
static int read_words(struct options *o, struct err *why, const char *const *words)
{
	char *argv[WORDS_MAX + 2] = {strdup("dytop")};
	int argc = 1;

	for (; words[argc - 1]; argc++)
		argv[argc] = strdup(words[argc - 1]);
	int rc = options_read(o, argc, argv, why);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return rc;
}

#define READ(o, why, ...) read_words(o, why, (const char *const[]){__VA_ARGS__, NULL})

static void alone(void)
{
	clearenv();
	setenv("TZ", "UTC", 1);
	setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	setlocale(LC_CTYPE, "C.UTF-8");
}

static const struct {
	const char *words[6];
	const char *message;
} bad[] = {
	{{"--intervall", "1"}, "unknown option --intervall; did you mean --interval?"},
	{{"--intervall=1"}, "unknown option --intervall; did you mean --interval?"},
	{{"--zzzzzz"}, "unknown option --zzzzzz; see dytop --help"},
	{{"--redis-c", "x"}, "option --redis-c is ambiguous: --redis-cacert or --redis-cert"},
	{{"-x"}, "unknown option -x; see dytop --help"},
	{{"--batch", "-xb"}, "unknown option -x; see dytop --help"},
	{{"-n"}, "option -n needs a value; see dytop --help"},
	{{"--panel"}, "option --panel needs a value; see dytop --help"},
	{{"--batch=yes"}, "option --batch takes no value"},
	{{"-n", "two"}, "-n: 'two' is not a number from 0 to 1000000000"},
	{{"-n", "1.5"}, "-n: '1.5' is not a whole number"},
	{{"-n", "-1"}, "-n: '-1' is not a number from 0 to 1000000000"},
	{{"-i", "0"}, "-i: '0' is not a duration from 0.1s to 3600s"},
	{{"-i", "50ms"}, "-i: '50ms' is not a duration from 0.1s to 3600s"},
	{{"--interval", "5kB"}, "--interval: '5kB' is not a duration from 0.1s to 3600s"},
	{{"--delay", "2h"}, "--delay: '2h' is not a duration from 0.1s to 3600s"},
	{{"--interval", "nan"}, "--interval: 'nan' is not a duration from 0.1s to 3600s"},
	{{"--format", "jsn"},
	 "--format: 'jsn' is not known; did you mean json? (table, json, ndjson, csv, openmetrics)"},
	{{"--format", "xml"}, "--format: 'xml' is not known; there are table, json, ndjson, csv, openmetrics"},
	{{"--panel", "activity,,locks"}, "--panel: ',locks' is not a list of names with commas between"},
	{{"--panel", "activity,"}, "--panel: ',' is not a list of names with commas between"},
	{{"--size", "80"}, "--size: '80' is not WIDTHxHEIGHT, from 1x1 to 1000x500"},
	{{"--size", "0x5"}, "--size: '0x5' is not WIDTHxHEIGHT, from 1x1 to 1000x500"},
	{{"--size", "80x24x"}, "--size: '80x24x' is not WIDTHxHEIGHT, from 1x1 to 1000x500"},
	{{"-W", "-w"}, "-W and -w contradict each other"},
	{{"--no-postgres"}, "--no-postgres leaves nothing to watch; add --redis or --pgbouncer"},
	{{"--script", "keys"}, "--script needs --replay FILE"},
	{{"--record", "a", "--replay", "b"}, "--record and --replay contradict each other"},
	{{"--redis-cert", "a"}, "--redis-cert and --redis-key go together"},
	{{"--format", "openmetrics", "-n", "0"}, "--format openmetrics is one exposition: it needs -n 1 or more"},
	{{"--pool", "max=3"}, "--pool: a pool needs its application"},
	{{"--pool", "application=a,maxx=3"}, "--pool: unknown key 'maxx' of a pool; did you mean max?"},
	{{"--pool", "application=a,max=3,min=4"}, "--pool: the pool's min is above its max"},
	{{"--pool", "application=a,lifetime=x"}, "--pool: 'x' is not a duration from 0s to 31622400s"},
	{{"--cache-patterns", "tx"}, "--cache-patterns: 'tx' is not KIND=PATTERN, without blanks"},
	{{"--inflight-share", "90"}, "--inflight-share: '90' is not a number from 0.01 to 5"},
	{{"--config", "/nonexistent/c.yaml"}, "/nonexistent/c.yaml: No such file or directory"},
	{{"--config", "/dev/null"}, "/dev/null: not a regular file"},
};

START_TEST(bad_words_get_one_line)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct options o;
		struct err why = {0};
		alone();
		ck_assert_msg(read_words(&o, &why, bad[i].words) < 0, "accepted: %s", bad[i].words[0]);
		ck_assert_str_eq(why.text, bad[i].message);
		options_release(&o);
	}
}
END_TEST

START_TEST(everything_has_a_default)
{
	struct options o;
	struct err why = {0};

	alone();
	ck_assert_int_eq(READ(&o, &why, "-w"), 0);
	ck_assert_double_eq(o.interval_ms, 1000);
	ck_assert_int_eq(o.iterations, 1);
	ck_assert_int_eq(o.limit, 50);
	ck_assert_str_eq(o.format, "table");
	ck_assert_int_eq(o.redis_db, -1);
	ck_assert_int_eq(o.size.width, 80);
	ck_assert_int_eq(o.size.height, 24);
	ck_assert_ptr_null(o.filter);
	ck_assert(!o.ascii);
	ck_assert_int_eq(o.action, OPTIONS_RUN);
	options_release(&o);
}
END_TEST

START_TEST(words_as_in_psql)
{
	struct options o;
	struct err why = {0};

	alone();
	ck_assert_int_eq(READ(&o, &why, "-h", "db1", "-p5433", "one", "-Ubob", "-dtwo", "host=x dbname=y"), 0);
	ck_assert_str_eq(o.host, "db1");
	ck_assert_str_eq(o.port, "5433");
	ck_assert_str_eq(o.user, "bob");
	ck_assert_int_eq(o.targets.count, 3);
	ck_assert_str_eq(o.targets.item[0], "two");
	ck_assert_str_eq(o.targets.item[1], "one");
	ck_assert_str_eq(o.targets.item[2], "host=x dbname=y");
	options_release(&o);
	ck_assert_int_eq(READ(&o, &why, "-?"), 0);
	ck_assert_int_eq(o.action, OPTIONS_HELP);
	options_release(&o);
	ck_assert_int_eq(READ(&o, &why, "-b?"), 0);
	ck_assert_int_eq(o.action, OPTIONS_HELP);
	ck_assert(o.batch);
	options_release(&o);
	ck_assert_int_eq(READ(&o, &why, "--", "-x"), 0);
	ck_assert_str_eq(o.targets.item[0], "-x");
	options_release(&o);
}
END_TEST

START_TEST(the_stronger_place_wins)
{
	struct options o;
	struct err why = {0};
	char path[] = "/tmp/dytop-test-XXXXXX";
	static const char text[] = "interval: 3s\nlimit: 7\nno-mouse: yes\ntheme: light\n"
	                           "redis:\n  - redis://a\n  - redis://b\n";
	int fd = mkstemp(path);

	ck_assert_int_eq(write(fd, text, sizeof text - 1), sizeof text - 1);
	close(fd);
	alone();
	setenv("DYTOP_INTERVAL", "4s", 1);
	setenv("DYTOP_LIMIT", "8", 1);
	ck_assert_int_eq(READ(&o, &why, "--config", path, "-i5", "--redis", "redis://c", "--redis", "redis://d"), 0);
	ck_assert_double_eq(o.interval_ms, 5000);
	ck_assert_int_eq(o.limit, 8);
	ck_assert(o.no_mouse);
	ck_assert_str_eq(o.theme, "light");
	ck_assert_int_eq(o.redis.count, 2);
	ck_assert_str_eq(o.redis.item[0], "redis://c");
	ck_assert_str_eq(o.config_path, path);
	ck_assert_int_eq(options_from(&o, "interval"), OPTION_FROM_ARGV);
	ck_assert_int_eq(options_from(&o, "limit"), OPTION_FROM_ENV);
	ck_assert_int_eq(options_from(&o, "theme"), OPTION_FROM_FILE);
	ck_assert_int_eq(options_from(&o, "screen"), OPTION_DEFAULT);
	options_release(&o);
	setenv("DYTOP_LIMIT", "many", 1);
	ck_assert_int_lt(READ(&o, &why, "-b"), 0);
	ck_assert_str_eq(why.text, "DYTOP_LIMIT: 'many' is not a number from 0 to 1000000");
	options_release(&o);
	unlink(path);
}
END_TEST

START_TEST(surroundings_count_unless_overruled)
{
	struct options o;
	struct err why = {0};

	alone();
	setenv("NO_COLOR", "1", 1);
	setlocale(LC_CTYPE, "C");
	ck_assert_int_eq(READ(&o, &why, "-w"), 0);
	ck_assert(o.no_color && o.ascii);
	options_release(&o);
	setenv("NO_COLOR", "", 1);
	setlocale(LC_CTYPE, "C.UTF-8");
	ck_assert_int_eq(READ(&o, &why, "-w"), 0);
	ck_assert(!o.no_color && !o.ascii);
	options_release(&o);
	setenv("TERM", "dumb", 1);
	setenv("DYTOP_NO_COLOR", "no", 1);
	ck_assert_int_eq(READ(&o, &why, "-w"), 0);
	ck_assert(!o.no_color);
	options_release(&o);
}
END_TEST

START_TEST(passwords_go_from_argv)
{
	struct options o;
	struct err why = {0};
	char *argv[] = {strdup("dytop"), strdup("postgresql://bob:s3@cr/et@h/db?sslpassword=pp&x=1"),
	                strdup("--redis=redis://:hush@r:1/0"), strdup("-d"),
	                strdup("host=a password='it\\'s me' user=b PASSWORD = x"), strdup("plain"), NULL};

	alone();
	ck_assert_int_eq(options_read(&o, 6, argv, &why), 0);
	for (int i = 0; i < 6; i++)
		ck_assert_msg(!strstr(argv[i], "s3") && !strstr(argv[i], "hush") && !strstr(argv[i], "it\\'s") &&
		              !strstr(argv[i], "pp&") && !strstr(argv[i], "= x"), "%s", argv[i]);
	struct options kept = o;
	bool found = false;
	for (int i = 0; i < kept.targets.count; i++)
		found |= strcmp(kept.targets.item[i], "host=a password='it\\'s me' user=b PASSWORD = x") == 0;
	ck_assert(found);
	ck_assert_str_eq(kept.redis.item[0], "redis://:hush@r:1/0");
	struct buf dump = BUF_INIT(1 << 20);
	config_dump(&o, &dump);
	ck_assert(!strstr(buf_text(&dump), "hush"));
	ck_assert(strstr(buf_text(&dump), "redis:\n  - \"redis://*****@r:1/0\"\n"));
	buf_release(&dump);
	options_release(&o);
	for (int i = 0; i < 6; i++)
		free(argv[i]);
}
END_TEST

START_TEST(what_holds_no_secret_stays)
{
	static const char *const plain[] = {"bridge", "host=db1 port=5432 dbname=x", "redis://cache1:6379/0",
	                                    "passwords", "unix:///run/redis.sock", ""};

	for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
		char *copy = strdup(plain[i]);
		wipe_secret(copy);
		ck_assert_str_eq(copy, plain[i]);
		free(copy);
	}
}
END_TEST

static const struct {
	const char *text, *message; /* after "PATH" */
} bad_files[] = {
	{"interval: 2s\nintervall: 1s\n", ":2: "},
	{"interval: fast\n", ":1: interval: 'fast' is not a duration from 0.1s to 3600s"},
	{"limit: 5\nno-mouse: perhaps\n", ":2: no-mouse: 'perhaps' is not yes or no"},
	{"redis: {a: b}\n", ":1: redis: expected a list"},
	{"redis:\n  - redis://a\n  - [x]\n", ":3: redis: expected a list of single values"},
	{"theme: [a, b]\n", ":1: theme: expected a single value"},
	{"pools:\n  - {application: a}\n  - {max: 4}\n", ":3: pools: a pool needs its application"},
	{"pools:\n  - application: a\n    mx: 4\n", ":3: mx: unknown key 'mx' of a pool; did you mean max?"},
	{"pools: 4\n", ":1: pools: expected a list"},
	{"cache-patterns: [a]\n", ":1: cache-patterns: expected a map of KIND: PATTERN"},
	{"cache-patterns:\n  tx: [a]\n", ":2: tx: expected a pattern"},
	{"iterations: 4\n", ":1: "},
	{"- a\n- b\n", ":1"},
	{"a: b: c\n", ":1"},
	{"limit: 5\nlimit: 6\n", ":2"},
};

static int load_text(struct options *o, const char *text, char path[32], struct err *why)
{
	snprintf(path, 32, "%s", "/tmp/dytop-test-XXXXXX");
	int fd = mkstemp(path);

	ck_assert_int_eq((int)write(fd, text, strlen(text)), (int)strlen(text));
	close(fd);
	alone();
	return READ(o, why, "--config", path);
}

START_TEST(bad_files_get_file_and_line)
{
	for (size_t i = 0; i < ARRAY_LEN(bad_files); i++) {
		struct options o;
		struct err why = {0};
		char path[32], expected[256];
		ck_assert_msg(load_text(&o, bad_files[i].text, path, &why) < 0, "accepted: %s", bad_files[i].text);
		snprintf(expected, sizeof expected, "%s%s", path, bad_files[i].message);
		ck_assert_msg(strncmp(why.text, expected, strlen(expected)) == 0, "%s\n    is not %s", why.text, expected);
		options_release(&o);
		unlink(path);
	}
}
END_TEST

START_TEST(foreign_and_odd_files_are_refused)
{
	struct options o;
	struct err why = {0};
	char path[32], fifo[64];

	ck_assert_int_eq(load_text(&o, "limit: 3\n", path, &why), 0);
	ck_assert_int_eq(o.limit, 3);
	options_release(&o);
	chmod(path, 0620);
	ck_assert_int_lt(READ(&o, &why, "--config", path), 0);
	ck_assert(strstr(why.text, ": refused: others may write it (chmod go-w)"));
	options_release(&o);
	chmod(path, 0644);
	ck_assert_int_eq(truncate(path, 2 << 20), 0);
	ck_assert_int_lt(READ(&o, &why, "--config", path), 0);
	ck_assert(strstr(why.text, ": over 1048576 bytes"));
	options_release(&o);
	if (geteuid() == 0 && truncate(path, 0) == 0 && chown(path, 12345, 0) == 0) {
		ck_assert_int_lt(READ(&o, &why, "--config", path), 0);
		ck_assert(strstr(why.text, ": refused: it belongs to another user"));
		options_release(&o);
	}
	unlink(path);
	snprintf(fifo, sizeof fifo, "%s.fifo", path);
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	ck_assert_int_lt(READ(&o, &why, "--config", fifo), 0); /* and does not hang */
	ck_assert(strstr(why.text, ": not a regular file"));
	options_release(&o);
	unlink(fifo);
}
END_TEST

START_TEST(a_dump_reads_back_as_itself)
{
	struct options o, again;
	struct err why = {0};
	struct buf first = BUF_INIT(1 << 20), second = BUF_INIT(1 << 20);
	char path[32];

	alone();
	ck_assert_int_eq(READ(&o, &why, "-i", "1500ms", "--pool", "application=a b,max=20,min=5,idle=10min", "--redis",
	                      "redis://x", "--cache-patterns", "tx=a:*", "--theme", "li\"ght", "--ascii"), 0);
	config_dump(&o, &first);
	options_release(&o);
	ck_assert_msg(load_text(&again, buf_text(&first), path, &why) == 0, "%s", why.text);
	ck_assert_double_eq(again.interval_ms, 1500);
	ck_assert_str_eq(again.pools.pool[0].application, "a b");
	ck_assert_double_eq(again.pools.pool[0].idle_ms, 600e3);
	ck_assert_str_eq(again.cache_patterns.pattern[0].pattern, "a:*");
	ck_assert_str_eq(again.theme, "li\"ght");
	config_pools_json(&again, &second);
	ck_assert_str_eq(buf_text(&second), "[{\"application\": \"a b\", \"max\": 20, \"min\": 5, \"lifetime_s\": null, "
	                                    "\"idle_s\": 600, \"idle_in_transaction_s\": null}]");
	options_release(&again);
	buf_release(&first);
	buf_release(&second);
	unlink(path);
}
END_TEST

START_TEST(help_fits_and_names_all)
{
	struct buf help = BUF_INIT(1 << 20);
	char name[80];

	usage_help(&help, NULL);
	for (const char *line = buf_text(&help); *line;) {
		size_t len = strcspn(line, "\n");
		ck_assert_msg(len <= 80, "%.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
	for (const struct option_def *def = options_table(NULL); def->name; def++) {
		snprintf(name, sizeof name, "--%s", def->name);
		ck_assert_msg(strstr(buf_text(&help), name), "%s", name);
		for (const struct option_def *other = options_table(NULL); other->name; other++)
			ck_assert(other == def || (strcmp(def->name, other->name) != 0 &&
			                           (!def->letter || def->letter != other->letter)));
	}
	buf_release(&help);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		bad_words_get_one_line, everything_has_a_default, words_as_in_psql, the_stronger_place_wins,
		surroundings_count_unless_overruled, passwords_go_from_argv, what_holds_no_secret_stays,
		bad_files_get_file_and_line, foreign_and_odd_files_are_refused, a_dump_reads_back_as_itself,
		help_fits_and_names_all,
	};

	return unit_run("options", cases, sizeof cases / sizeof cases[0]);
}
