/* SPDX-License-Identifier: PostgreSQL */
/* A second target from a first one: the same server, perhaps as another user, in another database. */
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/mem.h"
#include "source/pgtarget.h"

enum { PAIRS_MAX = 48, CONNINFO_MAX = 64 << 10 };

struct pairs {
	char *keyword[PAIRS_MAX], *value[PAIRS_MAX];
	int count;
};

static int find(const struct pairs *p, const char *keyword)
{
	for (int i = 0; i < p->count; i++) {
		if (strcmp(p->keyword[i], keyword) == 0)
			return i;
	}
	return -1;
}

static const char *value(const struct pairs *p, const char *keyword)
{
	int i = find(p, keyword);

	return i < 0 ? "" : p->value[i];
}

static void drop(struct pairs *p, const char *keyword)
{
	int i = find(p, keyword);

	if (i < 0)
		return;
	mem_wipe(p->value[i], strlen(p->value[i]));
	free(p->keyword[i]);
	free(p->value[i]);
	p->count--;
	p->keyword[i] = p->keyword[p->count];
	p->value[i] = p->value[p->count];
}

static void put(struct pairs *p, const char *keyword, const char *text)
{
	drop(p, keyword);
	if (!text || !*text || p->count == PAIRS_MAX)
		return;
	p->keyword[p->count] = mem_strdup(keyword);
	p->value[p->count++] = mem_strdup(text);
}

static void clear(struct pairs *p)
{
	while (p->count > 0)
		drop(p, p->keyword[p->count - 1]);
}

/* A conninfo string, a URI, or the name of a database. */
static int put_conninfo(struct pairs *p, const char *conninfo, struct err *why)
{
	struct libpq pq;
	PQconninfoOption *options;
	int rc = pgtarget_check(conninfo, why);

	if (rc < 0 || !conninfo || !*conninfo)
		return rc;
	if (!pgtarget_is_uri(conninfo) && !strchr(conninfo, '=')) {
		put(p, "dbname", conninfo);
		return 0;
	}
	rc = libpq_load(&pq, why);
	if (rc < 0)
		return rc;
	options = pq.PQconninfoParse(conninfo, NULL);
	for (const PQconninfoOption *o = options; o && o->keyword; o++) {
		if (o->val)
			put(p, o->keyword, o->val);
	}
	if (options)
		pq.PQconninfoFree(options);
	return 0;
}

static int put_target(struct pairs *p, const struct pgtarget *from, int host, struct err *why)
{
	int rc;

	put(p, "host", from->flag_host);
	put(p, "port", from->flag_port);
	put(p, "user", from->flag_user);
	put(p, "password", from->password);
	rc = put_conninfo(p, from->conninfo, why);
	if (rc < 0)
		return rc;
	if (from->flag_dbname)
		put(p, "dbname", from->flag_dbname);
	if (from->host_count == 0)
		return 0;
	host = host < from->host_count ? host : 0;
	put(p, "host", from->host[host].host);
	put(p, "hostaddr", from->host[host].hostaddr);
	put(p, "port", from->host[host].port);
	put(p, "user", from->user);
	put(p, "dbname", from->dbname);
	drop(p, "target_session_attrs"); /* it chose the host */
	return 0;
}

static bool differs(const struct pairs *over, const struct pairs *p, const char *keyword)
{
	return find(over, keyword) >= 0 && strcmp(value(over, keyword), value(p, keyword)) != 0;
}

static void merge(struct pairs *p, const struct pairs *over)
{
	bool other_host = differs(over, p, "host") || differs(over, p, "hostaddr");

	if (find(over, "service") >= 0)
		clear(p);
	if (other_host) {
		drop(p, "host");
		drop(p, "hostaddr");
		drop(p, "port");
		drop(p, "target_session_attrs");
	}
	if (other_host || differs(over, p, "user"))
		drop(p, "password");
	for (int i = 0; i < over->count; i++)
		put(p, over->keyword[i], over->value[i]);
}

static char *conninfo_of(const struct pairs *p)
{
	struct buf out = BUF_INIT(CONNINFO_MAX);

	for (int i = 0; i < p->count; i++) {
		buf_addf(&out, "%s%s='", i ? " " : "", p->keyword[i]);
		for (const char *at = p->value[i]; *at; at++) {
			if (*at == '\'' || *at == '\\')
				buf_addc(&out, '\\');
			buf_addc(&out, *at);
		}
		buf_addc(&out, '\'');
	}
	return buf_take(&out);
}

static int merged(struct pgtarget *to, const struct pgtarget *from, int host, const char *over, struct err *why)
{
	struct pairs pairs = {.count = 0}, above = {.count = 0};
	int rc = put_conninfo(&above, over, why);

	if (rc == 0)
		rc = put_target(&pairs, from, host, why);
	if (rc == 0) {
		merge(&pairs, &above);
		*to = (struct pgtarget){
			.conninfo = conninfo_of(&pairs),
			.bouncer = from->bouncer,
			.application = mem_strdup(from->application),
			.connect_timeout_ms = from->connect_timeout_ms,
		};
	}
	clear(&pairs);
	clear(&above);
	return rc;
}

/* What a person gave, not resolved yet. */
static void copy_given(struct pgtarget *to, const struct pgtarget *from)
{
	*to = (struct pgtarget){
		.conninfo = mem_strdup(from->conninfo),
		.flag_host = mem_strdup(from->flag_host),
		.flag_port = mem_strdup(from->flag_port),
		.flag_user = mem_strdup(from->flag_user),
		.flag_dbname = mem_strdup(from->flag_dbname),
		.password = mem_strdup(from->password),
		.application = mem_strdup(from->application),
		.bouncer = from->bouncer,
		.connect_timeout_ms = from->connect_timeout_ms,
	};
}

int pgtarget_like(struct pgtarget *to, const struct pgtarget *from, int host, const char *over, const char *dbname,
                  struct err *why)
{
	int rc = 0;

	if (over && *over)
		rc = merged(to, from, host, over, why);
	else if (from->host_count > 0)
		pgtarget_clone(to, from, host < from->host_count ? host : 0);
	else
		copy_given(to, from);
	if (rc == 0 && dbname) {
		free(to->flag_dbname);
		free(to->dbname);
		to->flag_dbname = mem_strdup(dbname);
		to->dbname = mem_strdup(dbname);
	}
	return rc;
}
