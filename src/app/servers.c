/* SPDX-License-Identifier: PostgreSQL */
#include "app/servers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "app/slurp.h"
#include "core/mem.h"

enum { PASSWORD_MAX = 1024, STAGGER_MS = 20 };

/* --- passwords ---------------------------------------------------------------------------------------------------- */

/* A line from fd, without echo, into *out (malloc). Signals are off while the echo is, so that it comes back. */
static int ask_on(int fd, char **out, struct err *why)
{
	static const char prompt[] = "Password: ";
	struct termios old, quiet;
	char line[PASSWORD_MAX];
	size_t len = 0;

	if (tcgetattr(fd, &old) < 0)
		return err_set(why, ERR_IO, "-W: /dev/tty: %s", strerror(errno));
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	quiet.c_lflag |= ICANON;
	if (tcsetattr(fd, TCSAFLUSH, &quiet) < 0 || write(fd, prompt, sizeof prompt - 1) < 0)
		return err_set(why, ERR_IO, "-W: /dev/tty: %s", strerror(errno));
	bool cancelled = false;
	char c = 0;
	while (len < sizeof line - 1 && read(fd, &c, 1) == 1 && c != '\n' && c != '\r') {
		cancelled |= c == 3; /* ^C */
		line[len++] = c;
	}
	tcsetattr(fd, TCSAFLUSH, &old);
	ssize_t ignored = write(fd, "\n", 1);
	(void)ignored;
	line[len] = '\0';
	if (!cancelled)
		*out = mem_strdup(line);
	mem_wipe(line, sizeof line);
	return cancelled ? err_set(why, ERR_INVALID, "-W: no password was given") : 0;
}

static int ask_password(char **out, struct err *why)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_set(why, ERR_IO, "-W needs a terminal to ask on: /dev/tty: %s", strerror(errno));
	int rc = ask_on(fd, out, why);
	close(fd);
	return rc;
}

static int redis_password(char **out, const struct options *o, struct err *why)
{
	const char *env = getenv("DYTOP_REDIS_PASSWORD");
	struct buf text = BUF_INIT(PASSWORD_MAX);
	int rc = 0;

	if (!env || !*env)
		env = getenv("REDISCLI_AUTH");
	if (o->redis_password_file) {
		rc = slurp_file(&text, o->redis_password_file, SLURP_TRUSTED | SLURP_SECRET, why);
		buf_cut(&text, strcspn(buf_text(&text), "\r\n"));
		if (rc == 0 && text.len == 0)
			rc = err_set(why, ERR_INVALID, "%s: its first line is empty", o->redis_password_file);
		if (rc == 0)
			*out = mem_strdup(buf_text(&text));
		if (text.data)
			mem_wipe(text.data, text.room);
	} else if (env && *env) {
		*out = mem_strdup(env);
	}
	buf_release(&text);
	return rc;
}

/* --- the list ----------------------------------------------------------------------------------------------------- */

static char *own(struct servers *s, char *text)
{
	s->owned = mem_resize(s->owned, (size_t)s->owned_count + 1, sizeof *s->owned);
	s->owned[s->owned_count++] = text;
	return text;
}

static struct source_conf *add(struct servers *s, const struct options *o, struct files *files,
                               enum panel_source kind, const char *target)
{
	s->conf = mem_resize(s->conf, (size_t)s->count + 1, sizeof *s->conf);
	struct source_conf *conf = &s->conf[s->count];
	*conf = (struct source_conf){
		.kind = kind, .target = target, .connect_timeout_ms = o->connect_timeout_ms,
		.statement_timeout_ms = o->statement_timeout_ms, .lock_timeout_ms = o->lock_timeout_ms,
		.params = s->params, .text = files_session_text, .text_ctx = files,
		.start_delay_ms = (double)s->count * STAGGER_MS,
	};
	s->count++;
	return conf;
}

/* Each source wipes the password that it is given, so each gets its own. */
static char *password_for(struct servers *s, const char *password)
{
	return password ? own(s, mem_strdup(password)) : NULL;
}

static void add_postgres(struct servers *s, const struct options *o, struct files *files, const char *target)
{
	struct source_conf *conf = add(s, o, files, PANEL_PG, target);

	conf->host = o->host;
	conf->port = o->port;
	conf->user = o->user;
	conf->password = password_for(s, s->password);
}

static void add_redis(struct servers *s, const struct options *o, struct files *files, const char *uri)
{
	struct buf target = BUF_INIT(8192);
	const char *host = strstr(uri, "://"), *path = host ? strchr(host + 3, '/') : NULL;

	buf_adds(&target, uri);
	/* --redis-db counts where the URI names no database itself; a socket's path is not one. */
	if (o->redis_db >= 0 && host && strncmp(uri, "unix", 4) != 0 && (!path || path[1] == '\0'))
		buf_addf(&target, "%s%lld", path ? "" : "/", (long long)o->redis_db);
	else if (o->redis_db >= 0 && strncmp(uri, "unix", 4) == 0 && !strchr(uri, '?'))
		buf_addf(&target, "?db=%lld", (long long)o->redis_db);
	struct source_conf *conf = add(s, o, files, PANEL_REDIS, own(s, buf_take(&target)));
	conf->redis_user = o->redis_user;
	conf->tls_ca = o->redis_cacert;
	conf->tls_cert = o->redis_cert;
	conf->tls_key = o->redis_key;
	conf->tls_insecure = o->redis_insecure;
	conf->password = password_for(s, s->redis_password);
	buf_release(&target);
}

static void fill(struct servers *s, const struct options *o, struct files *files)
{
	struct buf service = BUF_INIT(1024), text = BUF_INIT(1 << 20);

	config_pools_json(o, &text);
	s->pools = buf_take(&text);
	buf_init(&text, 1 << 20);
	config_patterns_text(o, &text);
	s->cache_patterns = buf_take(&text);
	s->params[0] = (struct source_param){"pools", s->pools};
	s->params[1] = (struct source_param){"key_patterns", s->cache_patterns};
	if (o->service) {
		buf_addf(&service, "service='");
		for (const char *p = o->service; *p; p++)
			buf_addf(&service, "%s%c", *p == '\'' || *p == '\\' ? "\\" : "", *p);
		buf_adds(&service, "'");
		add_postgres(s, o, files, own(s, buf_take(&service)));
	}
	for (int i = 0; i < o->targets.count; i++)
		add_postgres(s, o, files, o->targets.item[i]);
	if (s->count == 0 && !o->no_postgres)
		add_postgres(s, o, files, "");
	for (int i = 0; i < o->redis.count; i++)
		add_redis(s, o, files, o->redis.item[i]);
	for (int i = 0; i < o->pgbouncer.count; i++)
		add(s, o, files, PANEL_PGBOUNCER, o->pgbouncer.item[i]);
	buf_release(&service);
	buf_release(&text);
}

int servers_init(struct servers *out, const struct options *o, struct files *files, struct err *why)
{
	int rc = 0;

	memset(out, 0, sizeof *out);
	if (o->prompt)
		rc = ask_password(&out->password, why);
	if (rc == 0)
		rc = redis_password(&out->redis_password, o, why);
	if (rc == 0)
		fill(out, o, files);
	else
		servers_release(out);
	return rc;
}

static void forget(char *secret)
{
	if (secret)
		mem_wipe(secret, strlen(secret));
	free(secret);
}

void servers_release(struct servers *s)
{
	forget(s->password);
	forget(s->redis_password);
	for (int i = 0; i < s->owned_count; i++)
		forget(s->owned[i]);
	free(s->owned);
	free(s->conf);
	free(s->pools);
	free(s->cache_patterns);
	memset(s, 0, sizeof *s);
}
