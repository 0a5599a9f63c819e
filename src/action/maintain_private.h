/* SPDX-License-Identifier: PostgreSQL */
/* Between the files of maintenance: one task, its items, and its rounds. */
#ifndef ACTION_MAINTAIN_PRIVATE_H
#define ACTION_MAINTAIN_PRIVATE_H

#include "action/maintain.h"
#include "core/buf.h"
#include "source/pgwork.h"

enum { MEASURES_MAX = 8, LEFT_MAX = 32, VALUES_MAX = 4 };

struct maintain;

struct measure {
	char label[64], unit[16], text[200]; /* raw but for the label */
};

struct item {
	/* as asked for */
	char *name, *value;
	uint32_t oid;
	/* as found */
	char *target;              /* quoted by the server: "s"."t"; of a setting or query: its name; NULL not found */
	char *table;               /* quoted: the table of an index, else as target */
	char shown[260];           /* clean */
	char word[200];            /* clean, unquoted: what must be typed */
	char kind;
	char filenode[16];
	char *definition;          /* of ACTION_ON_DEFINITION: the statement, concurrent, its table by `target` once that is known */
	size_t table_at, table_len; /* what it was called there */
	char *sql[ACTION_STATEMENTS_MAX];
	char *undo;                /* clean */
	bool files;                /* of a setting: what the files have for it may be seen */
	char *line;                /* raw: "=VALUE" as postgresql.auto.conf has it, "" it has none, NULL not known */
	bool out;                  /* refused: left out of the batch */
	bool missed;               /* and not for its size, which is asked for */
	double bytes;              /* NAN not known */
	struct measure measure[MEASURES_MAX];
	int measures;
	bool invalid;              /* an index that is to be dropped was no index, when asked */
	uint32_t left[LEFT_MAX];   /* what lay there before */
	int lefts;
};

/* One thing that is asked of the server on the way, or none: send() returns false to leave it out. */
struct round {
	bool (*send)(struct maintain *m);
	void (*take)(struct maintain *m, const struct pgwork_outcome *o);
};

struct maintain {
	struct task task;          /* first */
	struct loop *loop;
	const struct action *action;
	struct audit *audit;
	char *consent;
	double max_bytes;          /* 0 none */
	const char *(*text)(void *ctx, const char *name);
	void *text_ctx;
	struct log *log;
	/* the second one is opened when something runs: it looks on */
	struct pgwork *work, *watch;
	struct pgwork *on;         /* which of them the rounds ask */
	struct loop_timer *soon;   /* what may not happen inside of a call happens there */
	void (*soon_do)(struct maintain *m);
	struct loop_timer *poll;   /* progress */
	struct disk *disk;         /* being looked at */

	struct item *item;
	int items, at;             /* at: the one that is worked on */
	int rounds_at;
	const struct round *rounds;
	int round_count;
	void (*rounds_end)(struct maintain *m);
	bool item_rounds;          /* they are done for each item */

	/* the session */
	char *role, *database, *system_id, *version_text, *server, *extension;
	bool superuser, standby, up;
	int version;

	/* the action under way */
	char id[AUDIT_ID_MAX];
	char application[64];
	char began[64];            /* the server's clock, as a text */
	int step;                  /* statement */
	bool sent, cancelled, locked, answered;
	bool statement;            /* the statement itself is under way */
	bool intending;            /* its intent is being written */
	bool intended;             /* its intent is in the audit log, and wants an outcome */
	bool verifying;            /* the server warned: whether it was done is being asked */
	bool after;                /* it has ended */
	int64_t phase_ns;          /* when its phase began */
	char phase[120];
	int warnings, checks;
	enum task_outcome outcome;
	struct err why;
	char sqlstate[6];
	double elapsed_ms;
	int64_t rows;
	struct buf warning;        /* the first, clean */
	int failed, ok;            /* of a batch */
	struct err first;          /* why the first of them failed */
	enum task_outcome worst;
	int tries;
	struct maintain_follow follow[LEFT_MAX];
	int follows;
};

/* maintain.c */
void maintain_soon(struct maintain *m, void (*what)(struct maintain *m));
void maintain_rounds(struct maintain *m, const struct round *rounds, int count, bool each_item, void (*end)(struct maintain *m));
void maintain_next(struct maintain *m); /* of the rounds, after one that went its own way (its take NULL, send true) */
void maintain_end(struct maintain *m, enum task_outcome outcome, const struct err *why);
/* One statement on a connection; done gets its outcome, with m. values: up to VALUES_MAX, only as many as the text has $n go. */
void maintain_query(struct maintain *m, struct pgwork *on, const char *sql, const char *const *values,
                    void (*done)(void *m, const struct pgwork_outcome *o));
/* The same by the name of a session text, in rounds: false (and said) when the text is missing. */
bool maintain_ask(struct maintain *m, const char *text, const char *const *values);
bool maintain_ask_sql(struct maintain *m, const char *sql, const char *const *values);
int maintain_open(struct maintain *m, struct pgwork **out, const char *application, const struct pgwork_events *events,
                  struct err *why) MUSTCHECK;
/* Values of results in text format; NULL is SQL NULL or no such cell. */
const char *maintain_cell(const struct pgresult *r, int row, const char *column);
bool maintain_true(const struct pgresult *r, int row, const char *column);
struct item *maintain_item(struct maintain *m);
/* "name: " of the item in a batch, else "". */
const char *maintain_prefix(const struct maintain *m);
void maintain_clean(char *out, size_t room, const char *raw);
bool maintain_is_relation(const struct action *a);

/* maintain_target.c */
void maintain_session(struct maintain *m, void (*end)(struct maintain *m));
void maintain_targets(struct maintain *m, void (*end)(struct maintain *m));
bool maintain_take_target(struct maintain *m, const struct pgresult *r, int row, struct item *it);
/* The item is left out; when it is the only one the task ends. */
void maintain_refuse_item(struct maintain *m, int code, const char *why);
void maintain_say(struct maintain *m, enum task_mark mark, const char *text); /* in a batch, with the item's name */
bool maintain_not_known(struct maintain *m, const struct pgwork_outcome *o, const char *what);
const char *maintain_oid_text(const struct item *it, char out[16]);
char *maintain_clean_copy(const char *raw);

/* maintain_look.c */
void maintain_look(struct maintain *m);   /* logged in */
/* One of the action's own queries, with $1, $2, $3. */
bool maintain_ask_own(struct maintain *m, enum action_section section);
int maintain_read_measures(const struct pgresult *r, struct measure out[MEASURES_MAX]);
void maintain_show_measure(const struct measure *x, struct buf *out);

/* maintain_definition.c: one CREATE INDEX, made concurrent; *table is its table as it is written there, *at its place in it. */
int maintain_definition(const char *sql, char **concurrent, char **table, size_t *at, struct err *why) MUSTCHECK;

/* maintain_disk.c: how much room a folder of a server on this host has; done(ctx, -1) = not known, most of all when no process of that
 * number here is the server's for our session: then it is another host, container or tunnel. */
struct disk;
struct disk_where {
	const char *path, *title; /* copied; title: " USER DATABASE CLIENT", as in ps */
	int pid;                  /* of the backend */
};
struct disk *disk_look(struct loop *l, const struct disk_where *where, void (*done)(void *ctx, double free_bytes), void *ctx);
bool disk_is_backend(const char *command_line, const char *title); /* "postgres: [CLUSTER: ]USER DATABASE CLIENT ..." */
void disk_cancel(struct disk *d);

/* maintain_run.c */
void maintain_run(struct maintain *m);    /* the answer was yes */
void maintain_lost(struct maintain *m, const struct err *why); /* the connection went while nothing of ours was open */
void maintain_run_free(struct maintain *m);
void maintain_begin_item(struct maintain *m); /* item m->at */
bool maintain_own_path(const struct maintain *m); /* the statement runs with the search_path of the role */

/* maintain_watch.c */
void maintain_watch(struct maintain *m);  /* begins to look at progress */
void maintain_unwatch(struct maintain *m);

/* maintain_after.c */
void maintain_after(struct maintain *m);  /* the statement has ended: outcome, why are set */
void maintain_finish_item(struct maintain *m);

#endif
