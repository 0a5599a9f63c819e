/* SPDX-License-Identifier: PostgreSQL */
/*
 * Every setting of the program, from one table: the command line, the environment (DYTOP_NAME), the config file, their
 * defaults, --help, --dump-config and the man page all read the rows of options_table().
 *
 * The command line wins over the environment, that over the config file, that over the default. What is not known is an
 * error that names the nearest known thing; nothing is skipped silently. No secret is read from the command line without
 * being wiped from it at once, and none is ever printed.
 */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include <math.h>

#include "core/base.h"
#include "core/buf.h"
#include "core/err.h"

enum option_kind {
	OPTION_FLAG,     /* bool */
	OPTION_TEXT,     /* char *, NULL = not given */
	OPTION_CHOICE,   /* char *, one of names() */
	OPTION_INT,      /* int64_t within min and max */
	OPTION_NUMBER,   /* double within min and max: percent and Hz */
	OPTION_DURATION, /* double, ms; a plain number is seconds */
	OPTION_LIST,     /* struct option_list; may be repeated */
	OPTION_NAMES,    /* struct option_list; "a,b,c", may be repeated */
	OPTION_SIZE,     /* struct option_size, WIDTHxHEIGHT */
	OPTION_POOL,     /* adds to struct option_pools */
	OPTION_PATTERN,  /* adds to struct option_patterns */
	OPTION_ACTION,   /* enum options_action: what to do instead of running */
	OPTION_ALIAS,    /* another name of the option in `arg` */
};

enum option_group {
	OPTIONS_POSTGRES, OPTIONS_REDIS, OPTIONS_BATCH, OPTIONS_SCREEN, OPTIONS_SAMPLING, OPTIONS_ACTIONS, OPTIONS_FILES,
	OPTIONS_OTHER,
	OPTIONS_GROUP_COUNT
};

enum option_flags {
	OPTION_ARGV_ONLY = 1u << 0, /* neither in the environment nor in the config file */
	OPTION_SECRET = 1u << 1,    /* may hold a password: wiped from argv, masked when printed */
	OPTION_FILE_ONLY = 1u << 2, /* not in the environment: structured */
};

enum option_from { OPTION_DEFAULT, OPTION_FROM_FILE, OPTION_FROM_ENV, OPTION_FROM_ARGV };

enum options_action {
	OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_DUMP_CONFIG, OPTIONS_LIST_FIELDS, OPTIONS_LIST_PANELS,
	OPTIONS_LIST_SCREENS, OPTIONS_LIST_THEMES, OPTIONS_HELP_KEYS, OPTIONS_LIST_OPTIONS,
	OPTIONS_DOCS_ROFF, OPTIONS_DOCS_MARKDOWN
};

struct option_def {
	const char *name;        /* the long option, the key in the config file; in the environment DYTOP_ and upper case */
	char letter;             /* 0 = none */
	enum option_kind kind;
	enum option_group group;
	size_t offset;           /* of the member of struct options */
	unsigned flags;
	const char *fallback;    /* the default as a person would write it; NULL = none */
	double min, max;
	const char *const *(*names)(void); /* OPTION_CHOICE: NULL-terminated */
	const char *arg;         /* how the value is called in help; an alias' target */
	const char *help;        /* one or two sentences */
};

struct option_list {
	char **item;
	int count;
};

struct option_size {
	int width, height;
};

struct option_pool { /* what an application says about its pool; -1 / NAN = not said */
	char *application;
	int64_t max, min;
	double lifetime_ms, idle_ms, idle_in_transaction_ms;
};

struct option_pools {
	struct option_pool *pool;
	int count;
};

struct option_pattern { /* a kind of cached key */
	char *kind, *pattern;
};

struct option_patterns {
	struct option_pattern *pattern;
	int count;
};

enum { OPTIONS_MAX = 96, OPTIONS_LIST_MAX = 64, OPTIONS_OWN_MAX = 48 };

struct embed_header;
struct command; /* app/commands.h */

struct options {
	enum options_action action;
	const struct embed_header *headers; /* see app/embed.h; NULL = none are packed */
	const struct command *command; /* NULL = the dashboard or a snapshot */
	void *args;                    /* the command's own struct */
	struct option_list words;      /* the command's plain words */

	/* PostgreSQL, as in psql */
	char *host, *port, *user, *service;
	struct option_list targets;   /* -d and plain words: database names, conninfo strings, URIs */
	bool prompt, no_prompt, no_postgres;

	/* Redis and PgBouncer */
	struct option_list redis, pgbouncer;
	char *redis_user, *redis_password_file, *redis_cacert, *redis_cert, *redis_key;
	int64_t redis_db;             /* -1 = as the URI says */
	bool redis_insecure;

	/* batch */
	bool batch;                   /* asked for, or implied by another option; see options_batch() */
	int64_t iterations;           /* frames; 0 = for ever */
	double interval_ms;
	char *format;
	struct option_list panels;    /* empty = the screen's */
	char *output;                 /* NULL = stdout */
	int64_t limit;                /* rows of a panel; 0 = all */

	/* screen and batch */
	char *sort;                   /* "column", "-column" */
	char *filter;
	struct option_list columns;
	char *screen, *theme;
	bool ascii, no_color, no_mouse;

	/* sampling */
	double inflight_hz;           /* 0 = never */
	double inflight_share, cost_share; /* percent of one core */
	double connect_timeout_ms, statement_timeout_ms, lock_timeout_ms;
	struct option_pools pools;
	struct option_patterns cache_patterns;

	/* files */
	char *config;                 /* --config; NULL = the usual place, "" = none */
	char *sql_dir, *theme_dir, *replay, *record, *script, *log, *log_level;
	struct option_size size;      /* of the canvas of --script */
	bool read_only;

	/* actions */
	char *operator_conn;          /* --operator: conninfo over the watched server's, for what changes something; NULL = the same */
	char *explain_conn;           /* --explain-as: the same for EXPLAIN */
	char *explain_role;           /* role taken on by SET ROLE for EXPLAIN */
	char *audit;                  /* file; NULL = the usual place */
	bool audit_literals;          /* of statements that people and applications wrote */

	/* where things were found */
	char *config_path;            /* the file that was read; NULL = none */
	char *config_dir;             /* $XDG_CONFIG_HOME/dytop or ~/.config/dytop; NULL = no home */
	uint8_t from[OPTIONS_MAX];    /* enum option_from of each row */
	uint8_t own_from[OPTIONS_OWN_MAX]; /* of the command's own rows */
};

/* The rows, NULL-named at the end; *count may be NULL. */
const struct option_def *options_table(int *count);
const struct option_def *options_find(const char *name); /* aliases lead to what they stand for; NULL */
const char *options_group_title(enum option_group group);

/* Reads defaults, config file, environment and command line into *o (all of it is initialised, also on failure). Passwords
 * in argv are overwritten there. Looks at the locale (LC_CTYPE must be set), NO_COLOR and TERM. Errors: one sentence,
 * with the name of the option, variable, or file:line that is wrong. */
int options_read(struct options *o, int argc, char **argv, struct err *why) MUSTCHECK;
void options_release(struct options *o);

/* Where the value of an option came from. */
enum option_from options_from(const struct options *o, const char *name);
/* Whether one of the command's own options was given. */
bool options_own_given(const struct options *o, const char *name);
/* The row that a name means with this command (NULL: none): its own ones come first; aliases lead to what they stand for. */
const struct option_def *options_find_for(const struct command *command, const char *name);
/* No dashboard: asked for, or stdout is no terminal. */
bool options_batch(const struct options *o);

/* Sets one option from text; lists are appended to (what a weaker place had said goes first). `where` begins the message. */
int options_set(struct options *o, const struct option_def *def, const char *text, enum option_from from,
                const char *where, struct err *why) MUSTCHECK;
/* Adds a plain word of a command. */
int options_word(struct options *o, const char *text, struct err *why) MUSTCHECK;
/* The value as a person would write it, secrets masked, into out; false when it is not set. Lists: item i; false past the
 * last one. */
bool options_value(const struct options *o, const struct option_def *def, int i, struct buf *out);

/* "DYTOP_REDIS_USER". */
void options_env_name(const struct option_def *def, char out[64]);

#define OPTION_POOL_INIT \
	((struct option_pool){.max = -1, .min = -1, .lifetime_ms = NAN, .idle_ms = NAN, .idle_in_transaction_ms = NAN})
/* One key of a pool, then the pool itself (its application is taken over on success); `where` begins the messages. */
int options_pool_key(struct option_pool *pool, const char *key, const char *text, const char *where,
                     struct err *why) MUSTCHECK;
int options_pool_add(struct option_pools *pools, struct option_pool *pool, const char *where, struct err *why) MUSTCHECK;
int options_pattern_add(struct option_patterns *list, const char *text, const char *where, struct err *why) MUSTCHECK;

/* --- config.c: the file, and what it becomes -------------------------------------------------------------------- */

/* Reads the YAML file into *o. Refused (ERR_INVALID) when it is no regular file, over 1 MiB, writable by others or
 * of another owner than the user and root; unknown keys and bad values: file:line and the nearest known key. */
int config_load(struct options *o, const char *path, struct err *why) MUSTCHECK;
/* The effective configuration as a commented file; without secrets. */
void config_dump(const struct options *o, struct buf *out);
/* The JSON text that panels get as parameter `pools`: [{"application": ..., "max": ..., "min": ..., "lifetime_s": ...,
 * "idle_s": ..., "idle_in_transaction_s": ...}], null for what is not said. */
void config_pools_json(const struct options *o, struct buf *out);
/* Parameter `key_patterns`: "kind=pattern kind=pattern ...". */
void config_patterns_text(const struct options *o, struct buf *out);

#endif
