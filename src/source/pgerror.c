/* SPDX-License-Identifier: PostgreSQL */
#include "source/pgerror.h"

#include <ctype.h>
#include <string.h>

enum pgpeer pgerror_peer(enum pgstage stage, const char *bytes, size_t len)
{
	if (len == 0)
		return PGPEER_CLOSED;
	if (stage == PGSTAGE_TLS && strchr("SG", bytes[0]))
		return PGPEER_POSTGRES;
	if (stage == PGSTAGE_TLS && bytes[0] == 'N')
		return PGPEER_NO_TLS;
	/* E, R, v, N start a message whose length follows; a word that starts so has letters there. */
	if (strchr("ERvN", bytes[0]) && (len < 2 || bytes[1] == '\0'))
		return PGPEER_POSTGRES;
	if (len >= 4 && memcmp(bytes, "HTTP", 4) == 0)
		return PGPEER_HTTP;
	if (len >= 4 && memcmp(bytes, "SSH-", 4) == 0)
		return PGPEER_SSH;
	if (len >= 2 && bytes[0] == 0x15 && bytes[1] == 0x03)
		return PGPEER_TLS;
	if (bytes[0] == '-' || bytes[0] == '+')
		return PGPEER_REDIS;
	return PGPEER_OTHER;
}

static void put(char *out, size_t room, const char *text, size_t len)
{
	char line[1000];

	if (len >= sizeof(line))
		len = sizeof(line) - 1;
	memcpy(line, text, len);
	line[len] = '\0';
	source_put_text(out, room, line);
}

bool pgerror_sqlstate(const char *message, char state[6], char *text, size_t room)
{
	/* "SEVERITY:  XXXXX: text" */
	for (const char *at = strstr(message, ":  "); at; at = strstr(at + 1, ":  ")) {
		const char *code = at + 3;
		size_t len = 0;

		while (len < 5 && (isdigit((unsigned char)code[len]) || isupper((unsigned char)code[len])))
			len++;
		if (len < 5 || strncmp(code + 5, ": ", 2) != 0)
			continue;
		memcpy(state, code, 5);
		state[5] = '\0';
		code += 7;
		put(text, room, code, strcspn(code, "\n"));
		return true;
	}
	return false;
}

/* libpq's own sentence: its first line, without "connection to server at ... failed: ". */
static void own_words(const char *message, char *out, size_t room)
{
	const char *colon;
	size_t len;

	len = strcspn(message, "\n");
	for (colon = message; (colon = memchr(colon, ':', len - (size_t)(colon - message))) != NULL; colon++) {
		if (colon > message && colon[1] == ' ' && len > 10 && memcmp(message, "connection", 10) == 0) {
			len -= (size_t)(colon + 2 - message);
			message = colon + 2;
			break;
		}
	}
	put(out, room, message, len);
}

/* Which of the limits, by the words of an English server; another language gets the server's own words alone. */
static const char *which_limit(const char *text)
{
	static const struct {
		const char *word, *limit;
	} limits[] = {
		{"too many clients", "max_connections"},
		{"reserved", "max_connections less the reserved ones"},
		{"for role", "the role's connection limit"},
		{"for database", "the database's connection limit"},
		{"max_client_conn", "the pooler's max_client_conn"},
		{"no more connections", "the pooler's connection limit"},
		{"standby", "max_wal_senders"},
	};

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		if (strstr(text, limits[i].word))
			return limits[i].limit;
	}
	return NULL;
}

static void full(const char *text, struct pgfailure *out)
{
	const char *limit = which_limit(text);

	out->failure = SOURCE_FULL;
	if (limit)
		err_set(&out->why, ERR_BUSY, "out of connections: %s is reached (%s)", limit, text);
	else
		err_set(&out->why, ERR_BUSY, "out of connections: %s", text);
}

/* PgBouncer says nearly everything with 08P01. */
static void protocol_words(const char *text, struct pgfailure *out)
{
	if (which_limit(text)) {
		full(text, out);
	} else if (strstr(text, "no such") || strstr(text, "not allowed") || strstr(text, "unsupported") ||
	           strstr(text, "auth") || strstr(text, "SASL")) {
		out->failure = SOURCE_DENIED;
		err_set(&out->why, ERR_AUTH, "login refused: %s", text);
	} else {
		out->failure = SOURCE_UNREACHABLE;
		err_set(&out->why, ERR_CONNECT, "refused: %s", text);
	}
}

static void server_said(const struct pgattempt *a, const char *state, const char *text, struct pgfailure *out)
{
	out->failure = SOURCE_DENIED;
	if (strcmp(state, "53300") == 0)
		full(text, out);
	else if (strcmp(state, "28P01") == 0 || strcmp(state, "28000") == 0)
		err_set(&out->why, ERR_AUTH, "login refused: %s", text);
	else if (strcmp(state, "3D000") == 0)
		err_set(&out->why, ERR_NOT_FOUND, "no such database: %s", text);
	else if (strcmp(state, "42501") == 0)
		err_set(&out->why, ERR_PRIVILEGE, "login refused: %s", text);
	else if (strcmp(state, "08P01") == 0)
		protocol_words(text, out);
	else if (strncmp(state, "57P", 3) == 0 || strncmp(state, "53", 2) == 0 || strncmp(state, "58", 2) == 0 ||
	         strncmp(state, "XX", 2) == 0 || strncmp(state, "55", 2) == 0) {
		out->failure = strcmp(state, "57P03") == 0 ? SOURCE_AWAY : SOURCE_UNREACHABLE;
		err_set(&out->why, ERR_CONNECT, "%s", text);
	} else {
		err_set(&out->why, ERR_CONNECT, "refused: %s", text);
	}
	/* What comes before TLS is whoever sent it: nothing of it is shown to a person who demanded TLS. */
	if (a->tls_required && !a->tls_in_use)
		err_set(&out->why, out->why.code, "%s refused the connection before TLS was in place (SQLSTATE %s)", a->address,
		        state);
}

static bool not_postgres(const struct pgattempt *a, struct pgfailure *out)
{
	static const struct {
		enum pgpeer peer;
		const char *words;
	} kinds[] = {
		{PGPEER_HTTP, "it speaks HTTP"},
		{PGPEER_REDIS, "it looks like Redis"},
		{PGPEER_SSH, "it speaks SSH"},
		{PGPEER_TLS, "it wants TLS from the first byte"},
		{PGPEER_OTHER, "its answer makes no sense"},
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (kinds[i].peer != a->peer)
			continue;
		out->failure = SOURCE_FULL; /* shown as refused; the port may soon be another's again */
		err_set(&out->why, ERR_PROTOCOL, "not a PostgreSQL server at %s: %s", a->address, kinds[i].words);
		return true;
	}
	return false;
}

static void gave_up(const struct pgattempt *a, struct pgfailure *out)
{
	static const char *const stage[] = {"to the connection", "to the request for TLS", "to the login"};

	out->failure = SOURCE_UNREACHABLE;
	err_set(&out->why, ERR_TIMEOUT, "no answer %s from %s within %.0f s", stage[a->stage], a->address,
	        a->gave_up_ms / 1000);
}

void pgerror_attempt(const struct pgattempt *a, struct pgfailure *out)
{
	char state[6], text[240];

	*out = (struct pgfailure){.failure = SOURCE_UNREACHABLE};
	if (a->gave_up_ms > 0) {
		gave_up(a, out);
		return;
	}
	if (not_postgres(a, out))
		return;
	if (pgerror_sqlstate(a->message, state, text, sizeof(text))) {
		server_said(a, state, text, out);
		return;
	}
	own_words(a->message, text, sizeof(text));
	if (a->needs_password) {
		out->failure = SOURCE_DENIED;
		err_set(&out->why, ERR_AUTH, "%s asks for a password: use -W, PGPASSWORD or ~/.pgpass", a->address);
	} else if (a->peer == PGPEER_NO_TLS && a->tls_required) {
		out->failure = SOURCE_DENIED;
		err_set(&out->why, ERR_CONNECT, "%s does not offer TLS, and sslmode demands it", a->address);
	} else if (a->stage == PGSTAGE_TLS) {
		out->failure = a->peer == PGPEER_CLOSED ? SOURCE_UNREACHABLE : SOURCE_DENIED;
		err_set(&out->why, ERR_CONNECT, "TLS with %s failed: %s%s", a->address, text,
		        strstr(text, "certificate verify failed") ? ": its CA is unknown here (sslrootcert), or it is out of date" : "");
	} else if (a->stage == PGSTAGE_LOGIN && a->peer == PGPEER_CLOSED) {
		err_set(&out->why, ERR_CONNECT, "%s closed the connection without a word", a->address);
	} else if (a->stage == PGSTAGE_LOGIN) {
		err_set(&out->why, ERR_CONNECT, "login to %s failed: %s", a->address, text);
	} else {
		out->failure = SOURCE_AWAY;
		err_set(&out->why, ERR_CONNECT, "cannot connect to %s: %s", a->address, text);
	}
}

void pgerror_lost(const char *state, const char *text, const char *message, struct err *why)
{
	char words[240];

	if (state[0]) {
		err_set(why, ERR_LOST, "connection ended by the server: %s", text);
		return;
	}
	own_words(message, words, sizeof(words));
	if (words[0])
		err_set(why, ERR_LOST, "connection lost: %s", words);
	else
		err_set(why, ERR_LOST, "connection lost");
}
