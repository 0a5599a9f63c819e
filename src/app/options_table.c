/* SPDX-License-Identifier: PostgreSQL */
/* The rows. What a row means is in options.h; adding an option is a row here, a member there, and a line in the README. */
#include "app/options.h"

#include <string.h>

#include "out/out.h"

static const char *const log_levels[] = {"error", "warn", "info", "debug", NULL};

static const char *const *log_level_names(void)
{
	return log_levels;
}

static const char *const *format_names(void)
{
	return out_format_names();
}

#define AT(member) offsetof(struct options, member)
#define ACT(action) .kind = OPTION_ACTION, .offset = (action), .flags = OPTION_ARGV_ONLY

static const struct option_def table[] = {
	{"host", 'h', OPTION_TEXT, OPTIONS_POSTGRES, AT(host), OPTION_ARGV_ONLY, .arg = "HOST",
	 .help = "server host or socket directory (PGHOST)"},
	{"port", 'p', OPTION_TEXT, OPTIONS_POSTGRES, AT(port), OPTION_ARGV_ONLY, .arg = "PORT",
	 .help = "server port (PGPORT)"},
	{"username", 'U', OPTION_TEXT, OPTIONS_POSTGRES, AT(user), OPTION_ARGV_ONLY, .arg = "NAME",
	 .help = "user name (PGUSER)"},
	{"dbname", 'd', OPTION_LIST, OPTIONS_POSTGRES, AT(targets), OPTION_ARGV_ONLY | OPTION_SECRET,
	 .arg = "DBNAME", .help = "database name, conninfo string or URI, like a plain word; each one is a server"},
	{"password", 'W', OPTION_FLAG, OPTIONS_POSTGRES, AT(prompt), OPTION_ARGV_ONLY,
	 .help = "ask for the password on the terminal before connecting"},
	{"no-password", 'w', OPTION_FLAG, OPTIONS_POSTGRES, AT(no_prompt), OPTION_ARGV_ONLY,
	 .help = "never ask for a password"},
	{"service", 0, OPTION_TEXT, OPTIONS_POSTGRES, AT(service), 0, .arg = "NAME",
	 .help = "connection service file entry (PGSERVICE)"},
	{"no-postgres", 0, OPTION_FLAG, OPTIONS_POSTGRES, AT(no_postgres), 0,
	 .help = "watch no PostgreSQL server, only what --redis and --pgbouncer name"},

	{"redis", 0, OPTION_LIST, OPTIONS_REDIS, AT(redis), OPTION_SECRET, .arg = "URI",
	 .help = "a Redis or Valkey server: redis://[USER@]HOST[:PORT][/DB], rediss:// (TLS) or unix:///PATH; "
	         "may be repeated"},
	{"redis-user", 0, OPTION_TEXT, OPTIONS_REDIS, AT(redis_user), 0, .arg = "NAME",
	 .help = "ACL user; the password comes from --redis-password-file, DYTOP_REDIS_PASSWORD or REDISCLI_AUTH"},
	{"redis-db", 0, OPTION_INT, OPTIONS_REDIS, AT(redis_db), 0, "-1", -1, 1000000, .arg = "NUMBER",
	 .help = "logical database, where the URI names none (-1)"},
	{"redis-password-file", 0, OPTION_TEXT, OPTIONS_REDIS, AT(redis_password_file), 0, .arg = "FILE",
	 .help = "file with the password in its first line; its mode must be 0600 or less"},
	{"redis-cacert", 0, OPTION_TEXT, OPTIONS_REDIS, AT(redis_cacert), 0, .arg = "FILE",
	 .help = "certificates to verify a rediss:// server with (default: the system's)"},
	{"redis-cert", 0, OPTION_TEXT, OPTIONS_REDIS, AT(redis_cert), 0, .arg = "FILE",
	 .help = "client certificate for rediss://"},
	{"redis-key", 0, OPTION_TEXT, OPTIONS_REDIS, AT(redis_key), 0, .arg = "FILE",
	 .help = "private key of the client certificate"},
	{"redis-insecure", 0, OPTION_FLAG, OPTIONS_REDIS, AT(redis_insecure), 0,
	 .help = "do not verify the certificate of a rediss:// server"},
	{"pgbouncer", 0, OPTION_LIST, OPTIONS_REDIS, AT(pgbouncer), OPTION_SECRET, .arg = "CONNINFO",
	 .help = "admin console of a PgBouncer, e.g. \"host=db1 port=6432 user=stats\"; may be repeated"},

	{"batch", 'b', OPTION_FLAG, OPTIONS_BATCH, AT(batch), OPTION_ARGV_ONLY,
	 .help = "print a snapshot instead of the dashboard; implied by --format, -n, -o and a stdout that is no terminal"},
	{"iterations", 'n', OPTION_INT, OPTIONS_BATCH, AT(iterations), OPTION_ARGV_ONLY, "1", 0, 1e9, .arg = "N",
	 .help = "frames to print, 0 = until interrupted; the first one has cumulative values, later ones rates"},
	{"interval", 'i', OPTION_DURATION, OPTIONS_BATCH, AT(interval_ms), 0, "1s", 100, 3600e3, .arg = "SECS",
	 .help = "time between samples: seconds, or with a unit (500ms, 2s, 1min), 0.1 s to 1 h; also of the dashboard"},
	{"delay", 0, OPTION_ALIAS, OPTIONS_BATCH, .arg = "interval"},
	{"format", 0, OPTION_CHOICE, OPTIONS_BATCH, AT(format), OPTION_ARGV_ONLY, "table", .names = format_names,
	 .arg = "FORMAT", .help = "table, json, ndjson, csv or openmetrics"},
	{"panel", 0, OPTION_NAMES, OPTIONS_BATCH, AT(panels), OPTION_ARGV_ONLY, .arg = "NAME,...",
	 .help = "panels to print (default: those of --screen); see --list-panels"},
	{"output", 'o', OPTION_TEXT, OPTIONS_BATCH, AT(output), OPTION_ARGV_ONLY, .arg = "FILE",
	 .help = "write the snapshot to FILE"},
	{"limit", 0, OPTION_INT, OPTIONS_BATCH, AT(limit), 0, "50", 0, 1e6, .arg = "N",
	 .help = "rows of each panel to print, 0 = all"},
	{"sort", 0, OPTION_TEXT, OPTIONS_BATCH, AT(sort), OPTION_ARGV_ONLY, .arg = "COLUMN",
	 .help = "sort by COLUMN, descending with - before it; also of the dashboard"},
	{"filter", 0, OPTION_TEXT, OPTIONS_BATCH, AT(filter), OPTION_ARGV_ONLY, .arg = "TEXT",
	 .help = "show only rows that contain TEXT, or for which the expression is true (mean > 10ms and query ~ bridge)"},
	{"columns", 0, OPTION_NAMES, OPTIONS_BATCH, AT(columns), OPTION_ARGV_ONLY, .arg = "NAME,...",
	 .help = "columns to show, in this order; see --list-fields"},

	{"screen", 0, OPTION_TEXT, OPTIONS_SCREEN, AT(screen), 0, "overview", .arg = "NAME",
	 .help = "screen to begin with; see --list-screens"},
	{"theme", 0, OPTION_TEXT, OPTIONS_SCREEN, AT(theme), 0, "dark", .arg = "NAME",
	 .help = "colours; see --list-themes"},
	{"ascii", 0, OPTION_FLAG, OPTIONS_SCREEN, AT(ascii), 0,
	 .help = "no characters beyond ASCII (default where the locale is not UTF-8)"},
	{"no-unicode", 0, OPTION_ALIAS, OPTIONS_SCREEN, .arg = "ascii"},
	{"no-color", 0, OPTION_FLAG, OPTIONS_SCREEN, AT(no_color), 0, .help = "no colours (default where NO_COLOR is set)"},
	{"no-colour", 0, OPTION_ALIAS, OPTIONS_SCREEN, .arg = "no-color"},
	{"no-mouse", 0, OPTION_FLAG, OPTIONS_SCREEN, AT(no_mouse), 0,
	 .help = "leave the mouse to the terminal"},

	{"inflight-rate", 0, OPTION_NUMBER, OPTIONS_SAMPLING, AT(inflight_hz), 0, "10", 0, 100, .arg = "HZ",
	 .help = "how often a second running statements are looked at for p95 and p99 (~), 0 = never"},
	{"inflight-share", 0, OPTION_NUMBER, OPTIONS_SAMPLING, AT(inflight_share), 0, "0.05", 0.01, 5, .arg = "PERCENT",
	 .help = "the part of one core of the server that this may take at most; the rate is lowered to it"},
	{"cost-share", 0, OPTION_NUMBER, OPTIONS_SAMPLING, AT(cost_share), 0, "0.4", 0.01, 10, .arg = "PERCENT",
	 .help = "the part of one core of the server that one panel may take; a dearer one is asked less often"},
	{"connect-timeout", 0, OPTION_DURATION, OPTIONS_SAMPLING, AT(connect_timeout_ms), 0, "10s", 100, 300e3,
	 .arg = "SECS", .help = "deadline of one attempt to connect"},
	{"statement-timeout", 0, OPTION_DURATION, OPTIONS_SAMPLING, AT(statement_timeout_ms), 0, "2s", 100, 60e3,
	 .arg = "SECS", .help = "statement_timeout of dytop's own session"},
	{"lock-timeout", 0, OPTION_DURATION, OPTIONS_SAMPLING, AT(lock_timeout_ms), 0, "250ms", 10, 60e3, .arg = "SECS",
	 .help = "lock_timeout of dytop's own session"},
	{"pools", 0, OPTION_POOL, OPTIONS_SAMPLING, AT(pools), OPTION_FILE_ONLY, .arg = "POOL",
	 .help = "an application's pool to compare with: application=NAME,max=20,min=5 (and lifetime=30min, idle=10min, "
	         "idle_in_transaction=1min); may be repeated"},
	{"pool", 0, OPTION_ALIAS, OPTIONS_SAMPLING, .arg = "pools"},
	{"cache-patterns", 0, OPTION_PATTERN, OPTIONS_SAMPLING, AT(cache_patterns), OPTION_FILE_ONLY,
	 .arg = "KIND=PATTERN", .help = "a kind of keys for the panel cache_keys, e.g. tx=dytallix:bridge:tx:*; may be "
	                                "repeated (default: the text before the first : is the kind)"},

	{"read-only", 0, OPTION_FLAG, OPTIONS_ACTIONS, AT(read_only), 0,
	 .help = "refuse everything that would change a server; wins over every file and key"},
	{"operator", 0, OPTION_TEXT, OPTIONS_ACTIONS, AT(operator_conn), OPTION_SECRET, .arg = "CONNINFO",
	 .help = "conninfo over the watched server's own, for what changes something, e.g. \"user=dytop_operator\""},
	{"explain-as", 0, OPTION_TEXT, OPTIONS_ACTIONS, AT(explain_conn), OPTION_SECRET, .arg = "CONNINFO",
	 .help = "the same for EXPLAIN, which runs functions of the statement's author with this user's rights"},
	{"explain-role", 0, OPTION_TEXT, OPTIONS_ACTIONS, AT(explain_role), 0, .arg = "ROLE",
	 .help = "role that EXPLAIN takes on by SET ROLE"},
	{"audit", 0, OPTION_TEXT, OPTIONS_ACTIONS, AT(audit), 0, .arg = "FILE",
	 .help = "audit log of actions (default: $XDG_STATE_HOME/dytop/audit.jsonl)"},
	{"audit-literals", 0, OPTION_FLAG, OPTIONS_ACTIONS, AT(audit_literals), 0,
	 .help = "keep the literals of foreign statements in the audit log; else they are written as ?"},

	{"config", 0, OPTION_TEXT, OPTIONS_FILES, AT(config), OPTION_ARGV_ONLY, .arg = "FILE",
	 .help = "configuration (default: $XDG_CONFIG_HOME/dytop/config.yaml; \"\" = none)"},
	{"sql-dir", 0, OPTION_TEXT, OPTIONS_FILES, AT(sql_dir), 0, .arg = "DIR",
	 .help = "folder whose panels/*.sql and session/*.sql override the others by name"},
	{"theme-dir", 0, OPTION_TEXT, OPTIONS_FILES, AT(theme_dir), 0, .arg = "DIR",
	 .help = "folder whose *.theme files override the others by name"},
	{"replay", 0, OPTION_TEXT, OPTIONS_FILES, AT(replay), OPTION_ARGV_ONLY, .arg = "FILE",
	 .help = "a recording stands in for all servers"},
	{"record", 0, OPTION_TEXT, OPTIONS_FILES, AT(record), OPTION_ARGV_ONLY, .arg = "FILE",
	 .help = "keep every sample in a new FILE (0600), for --replay"},
	{"script", 0, OPTION_TEXT, OPTIONS_FILES, AT(script), OPTION_ARGV_ONLY, .arg = "FILE",
	 .help = "drive the dashboard by the keys in FILE, without a terminal, on a recording, and dump its screens"},
	{"size", 0, OPTION_SIZE, OPTIONS_FILES, AT(size), OPTION_ARGV_ONLY, "80x24", .arg = "WIDTHxHEIGHT",
	 .help = "size of the screen for --script, 1x1 to 1000x500"},
	{"log", 0, OPTION_TEXT, OPTIONS_FILES, AT(log), 0, .arg = "FILE", .help = "append a log to FILE (0600)"},
	{"log-level", 0, OPTION_CHOICE, OPTIONS_FILES, AT(log_level), 0, "info", .names = log_level_names,
	 .arg = "LEVEL", .help = "error, warn, info or debug"},

	{"help", '?', .group = OPTIONS_OTHER, ACT(OPTIONS_HELP), .help = "print this help"},
	{"version", 'V', .group = OPTIONS_OTHER, ACT(OPTIONS_VERSION), .help = "print the versions of dytop and its libraries"},
	{"dump-config", 0, .group = OPTIONS_OTHER, ACT(OPTIONS_DUMP_CONFIG),
	 .help = "print the effective configuration as a commented file"},
	{"list-panels", 0, .group = OPTIONS_OTHER, ACT(OPTIONS_LIST_PANELS), .help = "print the panels"},
	{"list-fields", 0, .group = OPTIONS_OTHER, ACT(OPTIONS_LIST_FIELDS),
	 .help = "print the columns of each panel (or of those of --panel)"},
	{"list-screens", 0, .group = OPTIONS_OTHER, ACT(OPTIONS_LIST_SCREENS), .help = "print the screens and their keys"},
	{"list-themes", 0, .group = OPTIONS_OTHER, ACT(OPTIONS_LIST_THEMES), .help = "print the themes"},
	{"list-options", 0, .group = OPTIONS_OTHER, ACT(OPTIONS_LIST_OPTIONS),
	 .help = "print the names of all options, one a line (for completion)"},
	{"help-keys", 0, .group = OPTIONS_OTHER, ACT(OPTIONS_HELP_KEYS), .help = "print the keys of the dashboard"},
	{"docs-roff", 0, .group = OPTIONS_OTHER, ACT(OPTIONS_DOCS_ROFF),
	 .help = "print the reference part of the man page"},
	{"docs-markdown", 0, .group = OPTIONS_OTHER, ACT(OPTIONS_DOCS_MARKDOWN),
	 .help = "print the same as Markdown tables"},
	{.name = NULL},
};

enum { TABLE_COUNT = ARRAY_LEN(table) - 1 };
_Static_assert(ARRAY_LEN(table) <= OPTIONS_MAX, "struct options.from is too short");

static const char *const group_title[OPTIONS_GROUP_COUNT] = {
	[OPTIONS_POSTGRES] = "PostgreSQL (as in psql; PG* variables, ~/.pgpass and service files count too)",
	[OPTIONS_REDIS] = "Redis and PgBouncer",
	[OPTIONS_BATCH] = "Snapshot",
	[OPTIONS_SCREEN] = "Dashboard",
	[OPTIONS_SAMPLING] = "Sampling",
	[OPTIONS_ACTIONS] = "Actions",
	[OPTIONS_FILES] = "Files",
	[OPTIONS_OTHER] = "Help",
};

const struct option_def *options_table(int *count)
{
	if (count)
		*count = TABLE_COUNT;
	return table;
}

const char *options_group_title(enum option_group group)
{
	return group_title[group];
}

const struct option_def *options_find(const char *name)
{
	for (int i = 0; i < TABLE_COUNT; i++)
		if (strcmp(table[i].name, name) == 0)
			return table[i].kind == OPTION_ALIAS ? options_find(table[i].arg) : &table[i];
	return NULL;
}
