/* SPDX-License-Identifier: PostgreSQL */
#include "source/pgtarget.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

/* --- what a person gave --------------------------------------------------------------------------------------------- */

static const char *const known_keywords[] = {
	"application_name", "channel_binding", "client_encoding", "connect_timeout", "dbname", "gssencmode", "host",
	"hostaddr", "keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval", "options", "passfile",
	"password", "port", "service", "sslcert", "sslcompression", "sslcrl", "sslkey", "sslmode", "sslrootcert",
	"sslsni", "target_session_attrs", "tcp_user_timeout", "user",
};

static bool known_keyword(const char *at, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(known_keywords); i++) {
		if (strlen(known_keywords[i]) == len && memcmp(known_keywords[i], at, len) == 0)
			return true;
	}
	return false;
}

bool pgtarget_is_uri(const char *text)
{
	return strncmp(text, "postgresql://", 13) == 0 || strncmp(text, "postgres://", 11) == 0;
}

/* keyword=value pairs between separators, values without any quoting. */
static bool plain_pairs(const char *at, char separator)
{
	while (*at) {
		const char *equals, *end;

		while (separator == ' ' && isspace((unsigned char)*at))
			at++;
		if (!*at)
			break;
		equals = at + strcspn(at, "= ");
		if (*equals != '=' || !known_keyword(at, (size_t)(equals - at)))
			return false;
		end = equals + 1;
		while (*end && *end != separator && !isspace((unsigned char)*end))
			end++;
		if (end == equals + 1 || (*end && *end != separator))
			return false;
		at = *end ? end + 1 : end;
	}
	return true;
}

bool pgtarget_plain(const char *conninfo)
{
	const char *rest, *query;

	if (strpbrk(conninfo, "'\\%[]"))
		return false;
	if (!pgtarget_is_uri(conninfo))
		return strchr(conninfo, '=') == NULL || plain_pairs(conninfo, ' ');
	rest = strstr(conninfo, "://") + 3;
	query = strchr(rest, '?');
	for (const char *at = rest; *at && at != query; at++) {
		if (!isalnum((unsigned char)*at) && !strchr("-._~!$&()*+,;=:@/", *at))
			return false;
	}
	return !query || plain_pairs(query + 1, '&');
}

int pgtarget_check(const char *conninfo, struct err *why)
{
	struct libpq pq;
	PQconninfoOption *options;
	char *message = NULL;
	int rc;

	if (!conninfo || pgtarget_plain(conninfo))
		return 0;
	if (!pgtarget_is_uri(conninfo) && !strchr(conninfo, '='))
		return 0; /* a database name, whatever is in it */
	rc = libpq_load(&pq, why);
	if (rc < 0)
		return rc;
	options = pq.PQconninfoParse(conninfo, &message);
	if (!options) {
		/* libpq ends its sentences with a line feed, and may quote the whole text: a password could be in it. */
		bool secret = strstr(conninfo, "password") || (pgtarget_is_uri(conninfo) && strchr(conninfo, '@'));

		if (message)
			message[strcspn(message, "\n")] = '\0';
		rc = err_set(why, ERR_INVALID, "bad connection string: %s",
		             secret && message && strlen(message) > 60 ? "not well-formed" : message ? message : "?");
		pq.PQfreemem(message);
		return rc;
	}
	pq.PQconninfoFree(options);
	return 0;
}

static char *given(const char *text)
{
	return text && *text ? mem_strdup(text) : NULL;
}

int pgtarget_init(struct pgtarget *t, const struct source_conf *conf, struct err *why)
{
	const char *target = conf->target && *conf->target ? conf->target : conf->dbname;
	int rc = pgtarget_check(target, why);

	if (rc == 0 && target != conf->dbname)
		rc = pgtarget_check(conf->dbname, why);
	if (rc < 0)
		return rc;
	*t = (struct pgtarget){0};
	t->conninfo = given(target);
	t->flag_dbname = target == conf->dbname ? NULL : given(conf->dbname);
	t->flag_host = given(conf->host);
	t->flag_port = given(conf->port);
	t->flag_user = given(conf->user);
	t->password = given(conf->password);
	t->bouncer = conf->kind == PANEL_PGBOUNCER;
	t->connect_timeout_ms = conf->connect_timeout_ms > 0 ? conf->connect_timeout_ms : 0;
	return 0;
}

void pgtarget_clone(struct pgtarget *to, const struct pgtarget *from, int host)
{
	*to = *from;
	to->conninfo = mem_strdup(from->conninfo);
	to->flag_host = mem_strdup(from->flag_host);
	to->flag_port = mem_strdup(from->flag_port);
	to->flag_user = mem_strdup(from->flag_user);
	to->flag_dbname = mem_strdup(from->flag_dbname);
	to->password = mem_strdup(from->password);
	to->user = mem_strdup(from->user);
	to->dbname = mem_strdup(from->dbname);
	to->application = mem_strdup(from->application);
	to->host_count = 1;
	to->host[0].host = mem_strdup(from->host[host].host);
	to->host[0].hostaddr = mem_strdup(from->host[host].hostaddr);
	to->host[0].port = mem_strdup(from->host[host].port);
	to->host[0].local = from->host[host].local;
	to->any_then = false;
	to->fixed = true;
}

static void release_resolved(struct pgtarget *t)
{
	for (int i = 0; i < t->host_count; i++) {
		free(t->host[i].host);
		free(t->host[i].hostaddr);
		free(t->host[i].port);
	}
	t->host_count = 0;
	free(t->user);
	free(t->dbname);
	t->user = t->dbname = NULL;
}

void pgtarget_release(struct pgtarget *t)
{
	release_resolved(t);
	if (t->password)
		mem_wipe(t->password, strlen(t->password));
	if (t->conninfo)
		mem_wipe(t->conninfo, strlen(t->conninfo)); /* it may hold one too */
	free(t->password);
	free(t->conninfo);
	free(t->flag_host);
	free(t->flag_port);
	free(t->flag_user);
	free(t->flag_dbname);
	free(t->application);
	*t = (struct pgtarget){0};
}

/* --- parameters ----------------------------------------------------------------------------------------------------- */

static void add(struct pgtarget_params *p, const char *keyword, const char *value)
{
	if (!value || p->count >= PGTARGET_PARAMS_MAX - 1)
		return;
	p->keyword[p->count] = keyword;
	p->value[p->count++] = value;
	p->keyword[p->count] = NULL;
	p->value[p->count] = NULL;
}

/* Later ones win, so what a connection string says wins over the flags, as in psql. A dbname that holds a string is expanded
 * only the first time. */
static void add_given(const struct pgtarget *t, struct pgtarget_params *p)
{
	p->count = 0;
	add(p, "host", t->flag_host);
	add(p, "port", t->flag_port);
	add(p, "user", t->flag_user);
	add(p, "password", t->password);
	add(p, "dbname", t->conninfo ? t->conninfo : t->bouncer ? "pgbouncer" : NULL);
	add(p, "dbname", t->flag_dbname);
}

void pgtarget_params(const struct pgtarget *t, const struct pgtarget_host *host, const char *hostaddr, int pass,
                     struct pgtarget_params *out)
{
	add_given(t, out);
	if (t->bouncer)
		add(out, "dbname", t->dbname);
	add(out, "host", host->host);
	add(out, "port", host->port);
	if (hostaddr)
		add(out, "hostaddr", hostaddr);
	if (t->any_then)
		add(out, "target_session_attrs", pass == 0 ? "standby" : "any");
	add(out, "application_name", t->application ? t->application : "dytop");
	add(out, "client_encoding", "UTF8");
	/* Looking for Kerberos tickets may wait for another process, so it is not done unasked. */
	if (t->set_gssencmode)
		add(out, "gssencmode", "disable");
	if (t->set_keepalives) {
		add(out, "keepalives_idle", "10");
		add(out, "keepalives_interval", "5");
		add(out, "keepalives_count", "3");
	}
	if (t->set_user_timeout)
		add(out, "tcp_user_timeout", "10000");
}

/* --- what libpq makes of it ------------------------------------------------------------------------------------------ */

static const char *option(const PQconninfoOption *options, const char *keyword)
{
	for (const PQconninfoOption *o = options; o && o->keyword; o++) {
		if (strcmp(o->keyword, keyword) == 0)
			return o->val ? o->val : "";
	}
	return "";
}

/* Item i of a comma-separated list; *count gets the number of items. */
static char *item(const char *list, int i, int *count)
{
	char *found = NULL;
	int n = 0;

	for (const char *at = list;; n++) {
		size_t len = strcspn(at, ",");

		if (n == i)
			found = mem_strndup(at, len);
		if (!at[len]) {
			*count = n + 1;
			return found;
		}
		at += len + 1;
	}
}

static int split_hosts(struct pgtarget *t, const PQconninfoOption *options, const char *own_port, struct err *why)
{
	const char *hosts = option(options, "host"), *addresses = option(options, "hostaddr");
	const char *ports = option(options, "port");
	int count = 1, addr_count = 1, port_count = 1;

	free(item(hosts, -1, &count));
	free(item(addresses, -1, &addr_count));
	free(item(ports, -1, &port_count));
	if (!*hosts)
		count = addr_count;
	if (count > PGTARGET_HOSTS_MAX)
		return err_set(why, ERR_INVALID, "too many hosts: %d, at most %d", count, PGTARGET_HOSTS_MAX);
	if ((*addresses && addr_count != count) || (port_count != 1 && port_count != count))
		return err_set(why, ERR_INVALID, "host, hostaddr and port lists differ in length: %d, %d, %d", count,
		               *addresses ? addr_count : 0, port_count);
	for (int i = 0; i < count; i++) {
		struct pgtarget_host *h = &t->host[t->host_count++];
		int n;

		h->host = *hosts ? item(hosts, i, &n) : mem_strdup("");
		h->hostaddr = *addresses ? item(addresses, i, &n) : mem_strdup("");
		h->port = item(ports, port_count == 1 ? 0 : i, &n);
		if (!h->port[0] || own_port) {
			free(h->port);
			h->port = mem_strdup(own_port ? own_port : "5432");
		}
		h->local = !h->hostaddr[0] && (!h->host[0] || h->host[0] == '/' || h->host[0] == '@');
	}
	return 0;
}

/* Was it said in the connection string? (In a service file it cannot be told from libpq's default.) */
static bool said(const struct pgtarget *t, const struct libpq *pq, const char *keyword)
{
	PQconninfoOption *options;
	bool found;

	if (!t->conninfo || (!pgtarget_is_uri(t->conninfo) && !strchr(t->conninfo, '=')))
		return false;
	options = pq->PQconninfoParse(t->conninfo, NULL);
	found = *option(options, keyword) != '\0';
	if (options)
		pq->PQconninfoFree(options);
	return found;
}

static int take_options(struct pgtarget *t, const struct libpq *pq, const PQconninfoOption *options, struct err *why)
{
	const char *sslmode = option(options, "sslmode");
	const char *timeout = option(options, "connect_timeout");
	long seconds = strtol(timeout, NULL, 10);
	int rc;

	release_resolved(t);
	/* The console has defaults of its own; PGPORT and PGDATABASE are about PostgreSQL. */
	rc = split_hosts(t, options, t->bouncer && !t->flag_port && !said(t, pq, "port") ? "6432" : NULL, why);
	if (rc < 0)
		return rc;
	t->user = mem_strdup(option(options, "user"));
	if (t->bouncer && !t->flag_dbname && !said(t, pq, "dbname"))
		t->dbname = mem_strdup(t->conninfo && !pgtarget_is_uri(t->conninfo) && !strchr(t->conninfo, '=') ? t->conninfo
		                                                                                        : "pgbouncer");
	else
		t->dbname = mem_strdup(option(options, "dbname"));
	t->any_then = strcmp(option(options, "target_session_attrs"), "prefer-standby") == 0;
	t->tls_required = strcmp(sslmode, "require") == 0 || strncmp(sslmode, "verify", 6) == 0;
	t->set_gssencmode = !getenv("PGGSSENCMODE") && !said(t, pq, "gssencmode");
	t->set_keepalives = !*option(options, "keepalives_idle") && !*option(options, "keepalives_interval") &&
	                    !*option(options, "keepalives_count");
	t->set_user_timeout = !*option(options, "tcp_user_timeout");
	if (t->connect_timeout_ms <= 0)
		t->connect_timeout_ms = seconds > 0 ? (double)(seconds < 2 ? 2 : seconds) * 1000 : 10000;
	return 0;
}

int pgtarget_resolve(struct pgtarget *t, const struct libpq *pq, struct err *why)
{
	/* libpq tells the options in effect (service file and all) only of a connection. One that it refuses for an impossible
	 * setting is made for that: it looks up and opens nothing. */
	static const char impossible[] = "ssl_max_protocol_version";
	struct pgtarget_params p;
	PQconninfoOption *options;
	PGconn *conn;
	int rc;

	if (t->fixed)
		return 0;
	add_given(t, &p);
	add(&p, impossible, "none");
	conn = pq->PQconnectStartParams(p.keyword, p.value, 1);
	if (!conn)
		return err_set(why, ERR_CONNECT, "libpq: out of memory");
	if (!strstr(pq->PQerrorMessage(conn), impossible)) {
		char message[200];

		strncpy(message, pq->PQerrorMessage(conn), sizeof(message) - 1);
		message[sizeof(message) - 1] = '\0';
		message[strcspn(message, "\n")] = '\0';
		pq->PQfinish(conn);
		return err_set(why, ERR_INVALID, "%s", message);
	}
	options = pq->PQconninfo(conn);
	rc = take_options(t, pq, options, why);
	if (options)
		pq->PQconninfoFree(options);
	pq->PQfinish(conn);
	return rc;
}
