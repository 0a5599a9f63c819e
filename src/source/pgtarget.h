/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where a PostgreSQL (or PgBouncer) connection goes: what a person gave, what libpq makes of it (URI, service file, PG*
 * variables, defaults), as a list of hosts, and the parameters of one attempt on one address.
 */
#ifndef SOURCE_PGTARGET_H
#define SOURCE_PGTARGET_H

#include "source/libpq.h"
#include "source/source.h"

enum { PGTARGET_HOSTS_MAX = 16, PGTARGET_PARAMS_MAX = 24 };

struct pgtarget_host {
	char *host;        /* as given: name, address, socket directory; "" = libpq's own default socket directory */
	char *hostaddr;    /* given beside it; "" = none */
	char *port;        /* never "" */
	bool local;        /* a Unix socket: nothing to resolve */
};

struct pgtarget {
	/* What the person gave; copies. */
	char *conninfo, *flag_host, *flag_port, *flag_user, *flag_dbname, *password;
	char *application;       /* application_name; NULL "dytop" */
	bool bouncer;
	bool fixed;              /* host[0] is all there is: pgtarget_resolve() does nothing */
	double connect_timeout_ms;
	/* What libpq made of it, after pgtarget_resolve(). */
	struct pgtarget_host host[PGTARGET_HOSTS_MAX];
	int host_count;
	char *user, *dbname;
	bool any_then;           /* target_session_attrs=prefer-standby: a first pass for a standby, then any */
	bool tls_required;       /* sslmode is require or stronger */
	bool set_gssencmode, set_keepalives, set_user_timeout; /* the person said nothing: our defaults are sent */
};

/* Copies what it needs of conf. ERR_INVALID with libpq's words for a bad conninfo or URI; libpq is only loaded for that when
 * the text is not one of the plain forms (so that nothing heavy runs before the first paint). */
int pgtarget_init(struct pgtarget *t, const struct source_conf *conf, struct err *why) MUSTCHECK;
/* A copy of what was given, to log in to one host of a resolved target. */
void pgtarget_clone(struct pgtarget *to, const struct pgtarget *from, int host);
/* Where `from` goes (host `host` of it once it is resolved), with the settings of `over` (conninfo or URI; NULL none) before its
 * own, and another database (NULL: as it is). A password stays behind when user or host become others; with a host of its own
 * `over` means that host's port too, and with a service nothing of `from` is kept. ERR_INVALID: bad `over`. */
int pgtarget_like(struct pgtarget *to, const struct pgtarget *from, int host, const char *over, const char *dbname,
                  struct err *why) MUSTCHECK;
bool pgtarget_is_uri(const char *text);
/* ERR_INVALID with libpq's words, unless they may quote a password. NULL is fine. */
int pgtarget_check(const char *conninfo, struct err *why) MUSTCHECK;
void pgtarget_release(struct pgtarget *t); /* wipes the password */

/* Asks libpq for the effective options, without connecting: fills the second half. ERR_INVALID (unknown service, ...). */
int pgtarget_resolve(struct pgtarget *t, const struct libpq *pq, struct err *why) MUSTCHECK;

/* Parameters of PQconnectStartParams (expand_dbname = 1) for one host. hostaddr NULL: as the host says. pass 1 of a
 * prefer-standby target wants a standby. The arrays borrow from t and the arguments. */
struct pgtarget_params {
	const char *keyword[PGTARGET_PARAMS_MAX];
	const char *value[PGTARGET_PARAMS_MAX];
	int count;
};
void pgtarget_params(const struct pgtarget *t, const struct pgtarget_host *host, const char *hostaddr, int pass,
                     struct pgtarget_params *out);

/* True for a conninfo string or URI that is well-formed without looking at it twice (no escapes, known keywords only); false
 * means only that libpq must be asked. */
bool pgtarget_plain(const char *conninfo);

#endif
