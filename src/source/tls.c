/* SPDX-License-Identifier: PostgreSQL */
#include "source/tls.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"

/* Every function that is used, once: type, name, parameters. libevent_openssl depends on the libssl and libcrypto that
 * it was built with, so one dlopen() finds them all, and never a second OpenSSL. */
#define TLS_FUNCTIONS(F) \
	F(struct bufferevent *, bufferevent_openssl_socket_new, \
	  (struct event_base *, evutil_socket_t, SSL *, enum bufferevent_ssl_state, int)) \
	F(unsigned long, bufferevent_get_openssl_error, (struct bufferevent *)) \
	F(SSL *, bufferevent_openssl_get_ssl, (struct bufferevent *)) \
	F(const SSL_METHOD *, TLS_client_method, (void)) \
	F(SSL_CTX *, SSL_CTX_new, (const SSL_METHOD *)) \
	F(void, SSL_CTX_free, (SSL_CTX *)) \
	F(long, SSL_CTX_ctrl, (SSL_CTX *, int, long, void *)) \
	F(void, SSL_CTX_set_verify, (SSL_CTX *, int, SSL_verify_cb)) \
	F(void, SSL_CTX_set_default_passwd_cb, (SSL_CTX *, pem_password_cb *)) \
	F(int, SSL_CTX_load_verify_locations, (SSL_CTX *, const char *, const char *)) \
	F(int, SSL_CTX_set_default_verify_paths, (SSL_CTX *)) \
	F(int, SSL_CTX_use_certificate_chain_file, (SSL_CTX *, const char *)) \
	F(int, SSL_CTX_use_PrivateKey_file, (SSL_CTX *, const char *, int)) \
	F(SSL *, SSL_new, (SSL_CTX *)) \
	F(void, SSL_free, (SSL *)) \
	F(long, SSL_ctrl, (SSL *, int, long, void *)) \
	F(int, SSL_set1_host, (SSL *, const char *)) \
	F(X509_VERIFY_PARAM *, SSL_get0_param, (SSL *)) \
	F(long, SSL_get_verify_result, (const SSL *)) \
	F(int, X509_VERIFY_PARAM_set1_ip_asc, (X509_VERIFY_PARAM *, const char *)) \
	F(const char *, X509_verify_cert_error_string, (long)) \
	F(unsigned long, ERR_get_error, (void)) \
	F(unsigned long, ERR_peek_error, (void)) \
	F(void, ERR_clear_error, (void)) \
	F(const char *, ERR_reason_error_string, (unsigned long))

struct tls {
	SSL_CTX *ctx;
	bool insecure;
#define TLS_MEMBER(type, name, args) type(*name) args;
	TLS_FUNCTIONS(TLS_MEMBER)
#undef TLS_MEMBER
};

static const char *const library_names[] = {"libevent_openssl-2.1.so.7", "libevent_openssl-2.1.so.8",
                                            "libevent_openssl-2.2.so.1", "libevent_openssl.so"};

/* The handle stays open for the life of the process: OpenSSL cannot be unloaded safely. */
static int load(struct tls *t, struct err *why)
{
	void *library = NULL;
	for (size_t i = 0; i < ARRAY_LEN(library_names) && !library; i++)
		library = dlopen(library_names[i], RTLD_LAZY | RTLD_LOCAL);
	if (!library)
		return err_set(why, ERR_UNSUPPORTED,
		               "TLS needs the library libevent_openssl (Debian package libevent-openssl-2.1-7): %s", dlerror());
	/* POSIX lets dlsym()'s result be stored through a void **; ISO C knows no other way. */
#define TLS_FIND(type, name, args) \
	if (!(*(void **)(&t->name) = dlsym(library, #name))) \
		return err_set(why, ERR_UNSUPPORTED, "TLS: this OpenSSL or libevent has no %s", #name);
	TLS_FUNCTIONS(TLS_FIND)
#undef TLS_FIND
	return 0;
}

/* The words of OpenSSL's first queued error; the queue is empty after. */
static const char *first_error(struct tls *t)
{
	unsigned long code = t->ERR_get_error();
	const char *text = code ? t->ERR_reason_error_string(code) : NULL;
	t->ERR_clear_error();
	return text ? text : "it cannot be read";
}

/* OpenSSL would ask for the password of an encrypted key at the terminal, which is the dashboard's. */
static int no_password(char *buf, int size, int writing, void *ctx)
{
	(void)buf, (void)size, (void)writing, (void)ctx;
	return 0;
}

static int load_trust(struct tls *t, const struct tls_conf *conf, struct err *why)
{
	if (conf->insecure) {
		t->SSL_CTX_set_verify(t->ctx, SSL_VERIFY_NONE, NULL);
		return 0;
	}
	t->SSL_CTX_set_verify(t->ctx, SSL_VERIFY_PEER, NULL);
	if (!conf->ca) {
		if (t->SSL_CTX_set_default_verify_paths(t->ctx) != 1)
			return err_set(why, ERR_INVALID, "the system's CA certificates: %s", first_error(t));
		return 0;
	}
	struct stat st;
	if (stat(conf->ca, &st))
		return err_set(why, ERR_INVALID, "CA file %s: %m", conf->ca);
	bool folder = S_ISDIR(st.st_mode);
	if (t->SSL_CTX_load_verify_locations(t->ctx, folder ? NULL : conf->ca, folder ? conf->ca : NULL) != 1)
		return err_set(why, ERR_INVALID, "CA file %s: %s", conf->ca, first_error(t));
	return 0;
}

static int load_identity(struct tls *t, const struct tls_conf *conf, struct err *why)
{
	if (!conf->cert) {
		if (conf->key)
			return err_set(why, ERR_INVALID, "a TLS key needs its certificate too (%s)", conf->key);
		return 0;
	}
	const char *key = conf->key ? conf->key : conf->cert;
	if (access(conf->cert, R_OK))
		return err_set(why, ERR_INVALID, "client certificate %s: %m", conf->cert);
	if (access(key, R_OK))
		return err_set(why, ERR_INVALID, "client key %s: %m", key);
	if (t->SSL_CTX_use_certificate_chain_file(t->ctx, conf->cert) != 1)
		return err_set(why, ERR_INVALID, "client certificate %s: %s", conf->cert, first_error(t));
	if (t->SSL_CTX_use_PrivateKey_file(t->ctx, key, SSL_FILETYPE_PEM) == 1)
		return 0;
	if (ERR_GET_REASON(t->ERR_peek_error()) == X509_R_KEY_VALUES_MISMATCH)
		return err_set(why, ERR_INVALID, "client key %s does not belong to %s", key, conf->cert);
	return err_set(why, ERR_INVALID, "client key %s: %s (an encrypted key cannot be used)", key, first_error(t));
}

int tls_new(struct tls **out, const struct tls_conf *conf, struct err *why)
{
	struct tls *t = mem_alloc(sizeof(*t));
	t->insecure = conf->insecure;
	int code = load(t, why);
	if (code)
		goto out;
	t->ERR_clear_error();
	t->ctx = t->SSL_CTX_new(t->TLS_client_method());
	if (!t->ctx) {
		code = err_set(why, ERR_UNSUPPORTED, "TLS: %s", first_error(t));
		goto out;
	}
	t->SSL_CTX_set_default_passwd_cb(t->ctx, no_password);
	t->SSL_CTX_ctrl(t->ctx, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, NULL);
	code = load_trust(t, conf, why);
	if (!code)
		code = load_identity(t, conf, why);
out:
	if (code)
		tls_free(t);
	else
		*out = t;
	return code;
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	if (t->ctx)
		t->SSL_CTX_free(t->ctx);
	free(t);
}

/* An address is checked against the certificate's addresses, a name against its names; only a name is sent as SNI. */
static bool expect_host(struct tls *t, SSL *ssl, const char *host)
{
	unsigned char binary[sizeof(struct in6_addr)];
	if (inet_pton(AF_INET, host, binary) == 1 || inet_pton(AF_INET6, host, binary) == 1)
		return t->insecure || t->X509_VERIFY_PARAM_set1_ip_asc(t->SSL_get0_param(ssl), host) == 1;
	char *name = mem_strdup(host); /* SSL_ctrl() takes a void *, though it only copies */
	bool done = t->SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name) == 1;
	free(name);
	return done && (t->insecure || t->SSL_set1_host(ssl, host) == 1);
}

int tls_wrap(struct tls *t, struct event_base *base, int fd, const char *host, struct bufferevent **out,
             struct err *why)
{
	t->ERR_clear_error();
	SSL *ssl = t->SSL_new(t->ctx);
	if (!ssl || !expect_host(t, ssl, host)) {
		if (ssl)
			t->SSL_free(ssl);
		close(fd);
		return err_set(why, ERR_CONNECT, "TLS with %s: %s", host, first_error(t));
	}
	struct bufferevent *bev = t->bufferevent_openssl_socket_new(base, fd, ssl, BUFFEREVENT_SSL_CONNECTING,
	                                                            BEV_OPT_CLOSE_ON_FREE);
	if (!bev) {
		t->SSL_free(ssl);
		close(fd);
		return err_set(why, ERR_CONNECT, "TLS with %s: no stream could be made", host);
	}
	*out = bev;
	return 0;
}

static int certificate_reason(struct tls *t, long verify, const char *host, struct err *why)
{
	const char *plain = t->X509_verify_cert_error_string(verify);
	switch (verify) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
		return err_set(why, ERR_AUTH, "certificate of %s: unknown CA (%s): name its CA file", host, plain);
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return err_set(why, ERR_AUTH, "certificate is not for %s (%s)", host, plain);
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return err_set(why, ERR_AUTH, "certificate of %s has expired", host);
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return err_set(why, ERR_AUTH, "certificate of %s is not valid yet: check the clocks", host);
	default:
		return err_set(why, ERR_AUTH, "certificate of %s: %s", host, plain);
	}
}

int tls_reason(struct tls *t, struct bufferevent *bev, const char *host, struct err *why)
{
	SSL *ssl = t->bufferevent_openssl_get_ssl(bev);
	unsigned long code = t->bufferevent_get_openssl_error(bev);
	t->ERR_clear_error();
	long verify = ssl ? t->SSL_get_verify_result(ssl) : X509_V_OK;
	if (!t->insecure && verify != X509_V_OK)
		return certificate_reason(t, verify, host, why);
	if (!code)
		return 0;
	const char *plain = t->ERR_reason_error_string(code);
	switch (ERR_GET_REASON(code)) {
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_HTTP_REQUEST:
	case SSL_R_PACKET_LENGTH_TOO_LONG:
		return err_set(why, ERR_PROTOCOL, "%s does not speak TLS here (%s)", host, plain);
	case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
		return err_set(why, ERR_AUTH, "%s asks for a client certificate", host);
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
	case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
		return err_set(why, ERR_AUTH, "%s does not accept the client certificate (%s)", host, plain);
	case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
		return err_set(why, ERR_AUTH, "%s refused the TLS handshake: it may ask for a client certificate", host);
	case SSL_R_UNEXPECTED_EOF_WHILE_READING:
		return 0;
	default:
		return err_set(why, ERR_CONNECT, "TLS with %s: %s", host, plain ? plain : "failed");
	}
}
