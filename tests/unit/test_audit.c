/* SPDX-License-Identifier: PostgreSQL */
#include "action/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

struct place {
	char folder[64], path[128];
	struct loop *loop;
	struct audit *audit;
	int told, failed;
	struct err why;
};

static void begin(struct place *p)
{
	struct err why = {0};

	memset(p, 0, sizeof *p);
	snprintf(p->folder, sizeof p->folder, "/tmp/dytop-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(p->folder));
	snprintf(p->path, sizeof p->path, "%s/state/audit.jsonl", p->folder);
	ck_assert_int_eq(loop_new(&p->loop, &why), 0);
	ck_assert_int_eq(audit_new(&p->audit, p->loop, &(struct audit_conf){.path = p->path}, &why), 0);
}

static void end(struct place *p)
{
	char folder[128];

	audit_free(p->audit);
	loop_free(p->loop);
	unlink(p->path);
	snprintf(folder, sizeof folder, "%s/state", p->folder);
	rmdir(folder);
	rmdir(p->folder);
}

static void told(void *ctx, const struct err *why)
{
	struct place *p = ctx;

	p->told++;
	if (why) {
		p->failed++;
		p->why = *why;
	}
}

static void wait_for(struct place *p, int count)
{
	while (p->told < count)
		loop_once(p->loop, true);
}

static const struct audit_intent an_intent = {
	.id = "0123456789ab", .action = "analyze", .target = "public.t", .identity = "oid 16384",
	.sql = "ANALYZE \"public\".\"t\"", .confirmed = "y",
	.server = {.name = "bridge@db1:5432", .host = "db1", .port = "5432", .database = "bridge", .role = "op",
               .system_id = "7000000000000000001", .version = "15.14"},
};

static const struct audit_outcome an_outcome = {.id = "0123456789ab", .action = "analyze", .outcome = TASK_OK,
                                                .duration_ms = 12.5, .rows = -1};

static void write_pair(struct place *p)
{
	audit_intent(p->audit, &an_intent, told, p);
	audit_outcome(p->audit, &an_outcome, told, p);
}

static char *slurp(const struct place *p)
{
	FILE *f = fopen(p->path, "r");
	char *text = calloc(1, 1 << 20);

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_gt(fread(text, 1, (1 << 20) - 1, f), 0);
	fclose(f);
	return text;
}

static void spill(const struct place *p, const char *text, size_t len)
{
	FILE *f = fopen(p->path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, len, f), len);
	fclose(f);
}

static struct audit_report check(const struct place *p)
{
	struct audit_report r;
	struct err why = {0};

	ck_assert_msg(audit_read(p->path, NULL, NULL, &r, &why) == 0, "%s", why.text);
	return r;
}

START_TEST(digest_is_sha256)
{
	char hex[DIGEST_HEX];
	struct err why = {0};

	ck_assert_int_eq(digest_sha256("abc", 3, hex, &why), 0); /* FIPS 180-2, B.1 */
	ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	ck_assert_int_eq(digest_sha256("", 0, hex, &why), 0);
	ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

START_TEST(a_line_says_who_what_where)
{
	struct place p;
	struct stat st;
	char *text;
	static const char *const words[] = {
		"{\"seq\":1,\"prev\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"utc\":\"20",
		"\"mono_ns\":", "\"uid\":", "\"login\":", "\"tty\":", "\"ssh\":\"10.1.2.3 5000 10.1.2.4 22\"", "\"dytop\":\"",
		"\"event\":\"intent\"", "\"id\":\"0123456789ab\"", "\"system_id\":\"7000000000000000001\"", "\"role\":\"op\"",
		"\"sql\":\"ANALYZE \\\"public\\\".\\\"t\\\"\"", "\"identity\":\"oid 16384\"", "\"confirmed\":\"y\"}\n{\"seq\":2,",
		"\"outcome\":\"ok\"", "\"duration_ms\":12.5", "\"rows\":null",
	};

	setenv("SSH_CONNECTION", "10.1.2.3 5000 10.1.2.4 22", 1);
	begin(&p);
	write_pair(&p);
	ck_assert_int_eq(p.told, 0); /* never from inside the call */
	wait_for(&p, 2);
	ck_assert_int_eq(p.failed, 0);
	ck_assert_int_eq(stat(p.path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777u, 0600);
	text = slurp(&p);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		ck_assert_msg(strstr(text, words[i]), "no %s in %s", words[i], text);
	free(text);
	struct audit_report r = check(&p);
	ck_assert_int_eq(r.lines, 2);
	ck_assert_int_eq(r.bad_line, 0);
	ck_assert_int_eq(r.open, 0);
	end(&p);
}
END_TEST

/* Each byte of a whole log is changed once: none of that goes unseen but in the last line, whose hash then differs. */
START_TEST(any_change_breaks_the_chain)
{
	struct place p;
	char *text;

	begin(&p);
	for (int i = 0; i < 2; i++)
		write_pair(&p);
	wait_for(&p, 4);
	text = slurp(&p);
	size_t len = strlen(text);
	size_t last = (size_t)(strstr(text, "{\"seq\":4") - text);
	struct audit_report whole = check(&p);
	for (size_t i = 0; i < len; i++) {
		char kept = text[i];
		text[i] = kept == 'x' ? 'y' : 'x';
		spill(&p, text, len);
		chmod(p.path, 0600);
		struct audit_report r = check(&p);
		if (i < last)
			ck_assert_msg(r.bad_line > 0, "byte %zu", i);
		else
			ck_assert_msg(r.bad_line > 0 || strcmp(r.head, whole.head) != 0, "byte %zu", i);
		text[i] = kept;
	}
	/* a line taken out of the middle; the first one taken away */
	char *second = strchr(text, '\n') + 1, *third = strchr(second, '\n') + 1;
	spill(&p, second, strlen(second));
	ck_assert_int_eq(check(&p).bad_line, 1);
	memmove(second, third, strlen(third) + 1);
	spill(&p, text, strlen(text));
	ck_assert_int_eq(check(&p).bad_line, 2);
	free(text);
	end(&p);
}
END_TEST

START_TEST(a_torn_line_is_kept_and_told)
{
	struct place p;
	char *text;

	begin(&p);
	write_pair(&p);
	wait_for(&p, 2);
	text = slurp(&p);
	spill(&p, text, strlen(text) - 30);
	ck_assert_int_eq(check(&p).bad_line, 2);
	write_pair(&p); /* writing goes on */
	wait_for(&p, 4);
	ck_assert_int_eq(p.failed, 0);
	struct audit_report r = check(&p);
	ck_assert_int_eq(r.lines, 4);
	ck_assert_int_eq(r.bad_line, 2);
	char *after = slurp(&p);
	ck_assert_ptr_nonnull(strstr(after, "\n{\"seq\":3,"));
	ck_assert_ptr_nonnull(strstr(after, "\n{\"seq\":4,"));
	free(after);
	free(text);
	end(&p);
}
END_TEST

START_TEST(many_writers_make_one_chain)
{
	enum { WRITERS = 6, EACH = 10 };
	struct place p;

	begin(&p);
	for (int i = 0; i < WRITERS; i++) {
		if (fork() != 0)
			continue;
		struct loop *l;
		struct audit *a;
		struct place mine = {0};
		if (loop_new(&l, NULL) < 0 || audit_new(&a, l, &(struct audit_conf){.path = p.path}, NULL) < 0)
			_exit(1);
		mine.loop = l;
		for (int k = 0; k < EACH; k++)
			audit_intent(a, &an_intent, told, &mine);
		wait_for(&mine, EACH);
		_exit(mine.failed ? 1 : 0);
	}
	for (int i = 0; i < WRITERS; i++) {
		int status;
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	struct audit_report r = check(&p);
	ck_assert_msg(r.bad_line == 0, "%s", r.bad.text);
	ck_assert_int_eq(r.lines, WRITERS * EACH);
	end(&p);
}
END_TEST

static void refused(struct place *p, const char *word)
{
	p->told = p->failed = 0;
	audit_intent(p->audit, &an_intent, told, p);
	wait_for(p, 1);
	ck_assert_int_eq(p->failed, 1);
	ck_assert_msg(strstr(p->why.text, word), "\"%s\" lacks \"%s\"", p->why.text, word);
}

START_TEST(what_cannot_be_trusted_is_refused)
{
	struct place p;
	char other[200], folder[128];

	begin(&p);
	write_pair(&p);
	wait_for(&p, 2);
	chmod(p.path, 0644);
	refused(&p, "chmod 600");
	unlink(p.path);
	snprintf(other, sizeof other, "%s/elsewhere", p.folder);
	ck_assert_int_eq(symlink(other, p.path), 0);
	refused(&p, "symbolic link");
	ck_assert_int_eq(access(other, F_OK), -1);
	unlink(p.path);
	ck_assert_int_eq(mkfifo(p.path, 0600), 0);
	refused(&p, "no regular file");
	unlink(p.path);
	spill(&p, "not ours\n", 9);
	chmod(p.path, 0600);
	refused(&p, "something else");
	unlink(p.path);
	snprintf(folder, sizeof folder, "%s/state", p.folder);
	rmdir(folder);
	int fd = open(folder, O_CREAT | O_WRONLY | O_CLOEXEC, 0600); /* a file where the folder should be */
	close(fd);
	refused(&p, "cannot open");
	unlink(folder);
	end(&p);
}
END_TEST

START_TEST(half_a_line_is_taken_back)
{
	struct place p;
	struct stat before, after;
	struct rlimit limit;

	begin(&p);
	write_pair(&p);
	wait_for(&p, 2);
	ck_assert_int_eq(stat(p.path, &before), 0);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = (rlim_t)before.st_size + 20;
	setrlimit(RLIMIT_FSIZE, &limit);
	refused(&p, "cannot write");
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
	ck_assert_int_eq(stat(p.path, &after), 0);
	ck_assert_int_eq(after.st_size, before.st_size);
	ck_assert_int_eq(check(&p).bad_line, 0);
	end(&p);
}
END_TEST

START_TEST(a_new_file_begins_a_new_chain)
{
	struct place p;
	char old[200];

	begin(&p);
	write_pair(&p);
	wait_for(&p, 2);
	snprintf(old, sizeof old, "%s.1", p.path);
	ck_assert_int_eq(rename(p.path, old), 0);
	write_pair(&p);
	wait_for(&p, 4);
	ck_assert_int_eq(p.failed, 0);
	ck_assert_int_eq(check(&p).lines, 2);
	ck_assert_int_eq(check(&p).bad_line, 0);
	unlink(old);
	end(&p);
}
END_TEST

START_TEST(an_intent_without_outcome_is_counted)
{
	struct place p;

	begin(&p);
	audit_intent(p.audit, &an_intent, told, &p);
	wait_for(&p, 1);
	ck_assert_int_eq(check(&p).open, 1);
	end(&p);
}
END_TEST

START_TEST(what_was_handed_over_is_written_at_the_end)
{
	struct place p;
	struct err why = {0};

	begin(&p);
	for (int i = 0; i < 3; i++)
		write_pair(&p);
	audit_forget(p.audit, &p);
	audit_free(p.audit);
	ck_assert_int_eq(p.told, 0);
	ck_assert_int_eq(check(&p).lines, 6);
	ck_assert_int_eq(audit_new(&p.audit, p.loop, &(struct audit_conf){.path = p.path}, &why), 0);
	end(&p);
}
END_TEST

START_TEST(literals_are_masked)
{
	static const struct {
		const char *sql, *masked;
	} cases[] = {
		{"SELECT 'a', 12, 1.5e-3, x1 FROM t1", "SELECT ?, ?, ?, x1 FROM t1"},
		{"SELECT 'it''s' || E'a\\'b', U&'x'", "SELECT ? || E?, U&?"},
		{"SELECT $$ secret $$, $tag$ 'x' $$ $tag$ + $1", "SELECT ?, ? + $1"},
		{"SELECT \"Col 'x' 12\" /* 'c' /* 1 */ */ -- 'd'\n FROM t", "SELECT \"Col 'x' 12\"    \n FROM t"},
		{"SELECT 'unfinished", "SELECT ?"},
		{"ALTER SYSTEM SET \"primary_conninfo\" = 'password=x'", "ALTER SYSTEM SET \"primary_conninfo\" = ?"},
		{"SELECT a.b, .5, 0x1F", "SELECT a.b, ?, ?"},
		{"SELECT 'a\\', 'b'", "SELECT ?, ?"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT(1 << 16);
		audit_mask(&out, cases[i].sql);
		ck_assert_str_eq(buf_text(&out), cases[i].masked);
		buf_release(&out);
	}
}
END_TEST

START_TEST(foreign_sql_goes_in_masked)
{
	struct place p;
	struct audit_intent i = an_intent;
	struct audit_outcome o = an_outcome;
	char *text;

	begin(&p);
	i.sql = "EXPLAIN SELECT 'hunter2'";
	i.foreign = o.foreign = true;
	o.error = "invalid input: \"hunter2\"";
	audit_intent(p.audit, &i, told, &p);
	audit_outcome(p.audit, &o, told, &p);
	wait_for(&p, 2);
	text = slurp(&p);
	ck_assert_ptr_null(strstr(text, "hunter2"));
	ck_assert_ptr_nonnull(strstr(text, "EXPLAIN SELECT ?"));
	free(text);
	end(&p);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		digest_is_sha256, a_line_says_who_what_where, any_change_breaks_the_chain, a_torn_line_is_kept_and_told,
		many_writers_make_one_chain, what_cannot_be_trusted_is_refused, half_a_line_is_taken_back,
		a_new_file_begins_a_new_chain, an_intent_without_outcome_is_counted, what_was_handed_over_is_written_at_the_end,
		literals_are_masked, foreign_sql_goes_in_masked,
	};

	return unit_run("audit", cases, ARRAY_LEN(cases));
}
