/* SPDX-License-Identifier: PostgreSQL */
/*
 * What redis.c (connection, login, who the server is) and redis_ask.c (panels) share.
 *
 * One batch of commands is in flight at most; `want` replies are awaited, `got` collects them, and when all are there
 * the step decides what they mean. A batch of asks starts with a timed PING alone, whose nonce proves that no stray reply
 * (a forged one, CVE-2025-67733) stands between us and the answers.
 */
#ifndef SOURCE_REDIS_PRIVATE_H
#define SOURCE_REDIS_PRIVATE_H

#include "source/redis_keys.h"
#include "source/redis_login.h"
#include "source/redis_readers.h"
#include "source/resp.h"
#include "source/source_private.h"

enum {
	REDIS_BATCH_BYTES_MAX = 32 << 20, /* of all replies of one batch */
	REDIS_REPLIES_MAX = 1024,         /* commands of one batch */
	REDIS_GIVE_UP_MS = 120000,        /* silent for so long: a new connection */
	REDIS_DEAR_MS = 300000,           /* a panel whose reply was too large rests so long */
	REDIS_DEAR_MAX = 4,
	REDIS_SCANS_MAX = 4,              /* panels with the reader keys */
	REDIS_COMMANDS_MAX = 8,           /* lines of a panel's body */
	REDIS_PING_MS = 5000,             /* how often the round trip is taken by a PING alone */
};

enum redis_step {
	REDIS_OFF,        /* not connected */
	REDIS_CONNECTING,
	REDIS_AUTH,       /* one reply; nothing else is sent before it is OK */
	REDIS_LOGIN,      /* SETNAME, NO-EVICT, SELECT, INFO */
	REDIS_HELLO,      /* when INFO is forbidden */
	REDIS_READY,
	REDIS_PING,       /* the PING before a batch, alone */
	REDIS_BOTH,       /* the PING and the batch, sent together */
	REDIS_ASKING,
};

struct redis_job { /* one ask under way */
	struct ask ask;
	char command[32];      /* its first words, for messages */
	const struct redis_reader *reader;
	struct keys_scan *scan; /* borrowed; for the reader keys, instead */
	int first, count;      /* its replies in `got` */
	bool answered;
	struct err why;        /* code != 0: it failed before anything was sent */
};

struct redis_dear { /* a panel whose reply broke a ceiling */
	const struct panel *panel;
	int64_t until_ns;
	struct err why;
};

struct redis {
	struct source *s;
	struct redis_login login;
	const struct source_param *params;
	struct stream *stream;
	struct resp *resp;
	enum redis_step step;
	struct loop_timer *deadline; /* of the login, of a batch; then once a second while silent */
	/* replies of this step */
	struct resp_reply **got;
	int got_count, got_room, want;
	size_t bytes;                /* that came since the step began */
	/* the batch */
	struct redis_job *job;
	int job_count;
	struct buf commands;
	int commands_want;
	int64_t asked_ns, sent_ns;   /* the PING, then the commands were sent */
	int64_t pinged_ns;           /* when the last PING went out alone */
	double patience_ms;
	bool silent;                 /* the deadline has passed: what comes is thrown away */
	char nonce[24];
	uint64_t nonce_count;
	struct {
		const struct panel *panel;
		struct keys_scan *scan;
	} scan[REDIS_SCANS_MAX];
	struct redis_dear dear[REDIS_DEAR_MAX];
	/* the server */
	char run_id[64];
	bool seen_before;
	int64_t notice_until_ns;
	char state_notice[64];       /* LOADING, BUSY, ... as long as it lasts */
};

/* --- redis.c */
void redis_send(struct redis *r, const struct buf *commands, int want, enum redis_step step);
/* Drops the connection, answers what is open, plans the next try. */
void redis_fail(struct redis *r, const struct err *why, enum source_failure failure);
/* Reads version, role, life from an INFO text. */
void redis_observe(struct redis *r, struct str info);
void redis_notice(struct redis *r, const char *format, ...) PRINTFLIKE(2, 3);
void redis_refresh_notice(struct redis *r);
void redis_forget_replies(struct redis *r);

/* --- redis_ask.c */
int redis_ask(struct source *s, const struct ask *asks, int count, struct err *why) MUSTCHECK;
void redis_ask_pong(struct redis *r);    /* all replies of REDIS_PING are there */
void redis_ask_both(struct redis *r);    /* of REDIS_BOTH */
void redis_ask_answers(struct redis *r); /* of REDIS_ASKING */
void redis_ask_silence(struct redis *r); /* the deadline of one of these two */
void redis_ask_lost(struct redis *r, const struct err *why); /* answers what is open with ERR_LOST */
void redis_ask_blame(struct redis *r, const struct err *why); /* the reply that comes now breaks a ceiling */
void redis_ask_release(struct redis *r);

#endif
