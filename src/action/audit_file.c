/* SPDX-License-Identifier: PostgreSQL */
/* The file: who may have written it, one writer at a time, what the last line was, the next one. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "action/audit_private.h"
#include "core/clock.h"
#include "core/mem.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

enum { LOCK_TRIES = 100, LOCK_GAP_MS = 50 };

static const char no_line_before[] = "0000000000000000000000000000000000000000000000000000000000000000";

int audit_make_folders(const char *path, struct err *why)
{
	char *copy = mem_strdup(path);
	int rc = 0;

	for (char *slash = strchr(copy + 1, '/'); slash && rc == 0; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			rc = err_set(why, ERR_IO, "audit log: cannot make the folder %s: %m", copy);
		*slash = '/';
	}
	free(copy);
	return rc;
}

/* A log that others could have written proves nothing, and one that others read may hold what they should not know. */
static int check_owner(int fd, const char *path, struct err *why)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(why, ERR_IO, "audit log %s: %m", path);
	if (!S_ISREG(st.st_mode))
		return err_set(why, ERR_INVALID, "audit log %s: no regular file", path);
	if (st.st_uid != geteuid() && geteuid() != 0)
		return err_set(why, ERR_INVALID, "audit log %s: belongs to another user (uid %u)", path, (unsigned)st.st_uid);
	if (st.st_mode & 077)
		return err_set(why, ERR_INVALID, "audit log %s: open to others (mode %04o): chmod 600 it", path, st.st_mode & 07777u);
	return 0;
}

int audit_open(const char *path, bool create, struct err *why)
{
	int flags = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int fd = create ? open(path, flags | O_RDWR | O_APPEND) : open(path, flags | O_RDONLY);
	int rc;

	if (fd < 0 && errno == ENOENT && create) {
		rc = audit_make_folders(path, why);
		if (rc < 0)
			return rc;
		fd = open(path, flags | O_RDWR | O_APPEND | O_CREAT, 0600);
	}
	if (fd < 0 && errno == ELOOP)
		return err_set(why, ERR_INVALID, "audit log %s: is a symbolic link, which is not followed", path);
	if (fd < 0)
		return err_set(why, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "audit log: cannot open %s: %m", path);
	rc = check_owner(fd, path, why);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	return fd;
}

int audit_lock(int fd, bool exclusive, const char *path, struct err *why)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_set(why, ERR_IO, "audit log: cannot lock %s: %m", path);
		poll(NULL, 0, LOCK_GAP_MS); /* in a thread, or a command: nothing else waits */
	}
	return err_set(why, ERR_BUSY, "audit log: %s is locked by another process for 5 s", path);
}

/* Whether path still is the file that we hold: it may have been renamed away between open() and flock(). */
static bool still_there(int fd, const char *path)
{
	struct stat held, named;

	return fstat(fd, &held) == 0 && lstat(path, &named) == 0 && held.st_dev == named.st_dev &&
	       held.st_ino == named.st_ino;
}

struct tail {
	int64_t seq;              /* of the next line */
	char prev[DIGEST_HEX];
	off_t size;
	bool torn;                /* the last line has no end */
};

static int64_t seq_of(const char *line, size_t len)
{
	struct json *j = NULL;
	int64_t seq = 0;

	if (json_parse(&j, line, len, AUDIT_LINE_MAX, NULL) < 0)
		return 0;
	if (!json_int(json_get(j, "seq"), &seq) || seq < 1)
		seq = 0;
	json_free(j);
	return seq;
}

/* The number of the line behind the last one. A line that was cut short by a crash has none: then it is told by those before. */
static int64_t next_seq(const char *text, size_t len)
{
	int64_t beyond = 1;

	while (len > 0) {
		const char *cut = memrchr(text, '\n', len);
		size_t begin = cut ? (size_t)(cut - text) + 1 : 0;
		int64_t seq = seq_of(text + begin, len - begin);

		if (seq > 0)
			return seq + beyond;
		if (!cut)
			break;
		beyond++;
		len = begin - 1;
	}
	return 0;
}

static int read_end(int fd, const char *path, struct tail *t, struct err *why)
{
	size_t want = t->size < 2 * AUDIT_LINE_MAX ? (size_t)t->size : 2 * (size_t)AUDIT_LINE_MAX, len = 0;
	char *text = mem_alloc(want + 1);
	int rc = 0;

	while (len < want) {
		ssize_t n = pread(fd, text + len, want - len, t->size - (off_t)want + (off_t)len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			rc = err_set(why, ERR_IO, "audit log: cannot read %s: %m", path);
			break;
		}
		len += (size_t)n;
	}
	if (rc == 0) {
		t->torn = text[len - 1] != '\n';
		len -= t->torn ? 0 : 1;
		const char *cut = memrchr(text, '\n', len);
		size_t begin = cut ? (size_t)(cut - text) + 1 : 0;
		rc = digest_sha256(text + begin, len - begin, t->prev, why);
		t->seq = next_seq(text, len);
		if (rc == 0 && t->seq == 0)
			rc = err_set(why, ERR_INVALID, "audit log: %s holds something else: move it away", path);
	}
	free(text);
	return rc;
}

static int find_end(int fd, const char *path, struct tail *t, struct err *why)
{
	struct stat st;

	memset(t, 0, sizeof *t);
	if (fstat(fd, &st) < 0)
		return err_set(why, ERR_IO, "audit log %s: %m", path);
	t->size = st.st_size;
	if (t->size == 0) {
		t->seq = 1;
		memcpy(t->prev, no_line_before, sizeof no_line_before);
		return 0;
	}
	return read_end(fd, path, t, why);
}

static void put_person(struct json_writer *w)
{
	char text[256], room[4096];
	struct passwd entry, *found = NULL;
	const char *ssh = getenv("SSH_CONNECTION"), *sudo = getenv("SUDO_USER");

	json_put_int(w, "uid", getuid());
	if (getlogin_r(text, sizeof text) == 0)
		json_put_string(w, "login", text);
	else if (getpwuid_r(getuid(), &entry, room, sizeof room, &found) == 0 && found)
		json_put_string(w, "login", found->pw_name);
	else
		json_put_null(w, "login");
	if (sudo)
		json_put_string(w, "sudo_user", sudo);
	json_put_string(w, "tty", ttyname_r(STDIN_FILENO, text, sizeof text) == 0 ? text : NULL);
	json_put_string(w, "ssh", ssh);
	if (gethostname(text, sizeof text) == 0) {
		text[sizeof text - 1] = '\0';
		json_put_string(w, "on", text);
	}
}

/* Everything but the body is of the moment of writing: the chain has one order. */
static int compose(struct buf *out, const struct tail *t, const char *body, struct err *why)
{
	struct json_writer w;
	struct clock now;
	char utc[32];

	clock_read(&now);
	clock_utc_text(now.wall_us, utc);
	json_begin(&w, out, false);
	json_open_map(&w, NULL);
	json_put_int(&w, "seq", t->seq);
	json_put_string(&w, "prev", t->prev);
	json_put_string(&w, "utc", utc);
	json_put_id(&w, "mono_ns", now.mono_ns);
	json_put_string(&w, "dytop", PACKAGE_VERSION);
	json_put_int(&w, "pid", getpid());
	put_person(&w);
	buf_addc(out, ',');
	buf_adds(out, body + 1); /* a map too: its opening bracket goes, its closing one is the line's */
	buf_addc(out, '\n');
	if (out->failed)
		return err_set(why, ERR_TOO_BIG, "audit log: the line would be longer than 1 MiB");
	return 0;
}

static int write_line(int fd, const char *path, const struct tail *t, const struct buf *line, struct err *why)
{
	size_t done = 0;

	while (done < line->len) {
		ssize_t n = write(fd, line->data + done, line->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (done == line->len && fdatasync(fd) == 0)
		return 0;
	err_set(why, ERR_IO, "audit log: cannot write %s: %m", path);
	/* Half a line would be a broken chain; what failed to reach the disk must not look as if it had. */
	if (ftruncate(fd, t->size) < 0)
		err_prefix(why, "and cannot take half a line back");
	return ERR_IO;
}

/* The name of a new file must last too. */
static void sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? mem_strndup(path, (size_t)(slash - path) + 1) : mem_strdup(".");
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(folder);
}

/* Without its end, a log cannot tell that its end was cut off; the system's log can. */
static void tell_syslog(const char *path, const struct tail *t, const struct buf *line)
{
	char hash[DIGEST_HEX];

	if (digest_sha256(line->data, line->len - 1, hash, NULL) == 0)
		syslog(LOG_AUTHPRIV | LOG_NOTICE, "dytop[%d]: audit %s line %lld sha256 %s", (int)getpid(), path,
		       (long long)t->seq, hash);
}

static int append_locked(int fd, const char *path, const char *body, struct err *why)
{
	struct buf line = BUF_INIT(AUDIT_LINE_MAX);
	struct tail t;
	int rc = find_end(fd, path, &t, why);

	if (rc == 0 && t.torn) {
		/* A crash left half a line: it stays, as evidence, and is what the next one chains to. */
		rc = write(fd, "\n", 1) == 1 ? 0 : err_set(why, ERR_IO, "audit log: cannot write %s: %m", path);
		t.size++;
	}
	if (rc == 0)
		rc = compose(&line, &t, body, why);
	if (rc == 0)
		rc = write_line(fd, path, &t, &line, why);
	if (rc == 0 && t.size == 0)
		sync_folder(path);
	if (rc == 0)
		tell_syslog(path, &t, &line);
	buf_release(&line);
	return rc;
}

int audit_append(const char *path, const char *body, struct err *why)
{
	for (int i = 0; i < 3; i++) {
		int fd = audit_open(path, true, why);
		int rc = fd < 0 ? fd : audit_lock(fd, true, path, why);
		bool there = rc == 0 && still_there(fd, path);

		if (there)
			rc = append_locked(fd, path, body, why);
		if (fd >= 0)
			close(fd); /* the lock goes with it */
		if (rc < 0 || there)
			return rc;
	}
	return err_set(why, ERR_IO, "audit log: %s is renamed all the time", path);
}
