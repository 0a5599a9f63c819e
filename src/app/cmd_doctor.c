/* SPDX-License-Identifier: PostgreSQL */
/* dytop doctor: which panel or action lacks what, on each server, with the remedy and what it costs; and what was left
 * behind. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "action/audit.h"
#include "app/commands.h"
#include "app/run.h"
#include "core/clean.h"
#include "core/mem.h"
#include "model/json.h"
#include "source/libpq.h"
#include "source/pgwork.h"

enum { PANELS_MS = 20000, TEXTS_MS = 30000, FINDINGS_MAX = 400, TEXT_MAX = 600, TEXTS_MAX = 4, WIDTH_AREA = 18 };

enum level { LEVEL_OK, LEVEL_NOTE, LEVEL_MISSING, LEVEL_LEFT, LEVELS };

static const char *const level_names[LEVELS] = {"ok", "note", "missing", "left"};

struct finding {
	enum level level;
	int server;                        /* -1: this machine */
	char *area, *what, *remedy, *cost; /* clean; remedy and cost may be NULL */
};

struct args {
	char *format;
	bool all;
};

struct doctor {
	struct run run;
	const struct args *args;
	struct session *session;
	struct finding finding[FINDINGS_MAX];
	int count;
	int server; /* that is asked now */
	struct pgwork *work;
	const char *role; /* of that connection: what it is for */
	bool done, late;
};

static const char *const *formats(void)
{
	static const char *const names[] = {"text", "json", NULL};
	return names;
}

static const struct option_def rows[] = {
	{"format", 0, OPTION_CHOICE, OPTIONS_BATCH, offsetof(struct args, format), OPTION_ARGV_ONLY, "text",
	 .names = formats, .arg = "FORMAT", .help = "text or json"},
	{"all", 'a', OPTION_FLAG, OPTIONS_BATCH, offsetof(struct args, all), OPTION_ARGV_ONLY,
	 .help = "what is in order too, in the text"},
	{0},
};

/* --- findings -------------------------------------------------------------------------------------------------------
 */

static char *clean_copy(const char *raw)
{
	struct buf text = BUF_INIT(TEXT_MAX * 10);
	size_t len;

	if (!raw || !*raw)
		return NULL;
	len = strlen(raw);
	clean_text(&text, raw, len < TEXT_MAX ? len : TEXT_MAX, CLEAN_LINE);
	return buf_take(&text);
}

struct words {
	const char *area, *what, *remedy, *cost;
};

static void add(struct doctor *d, enum level level, int server, const struct words *w)
{
	if (d->count == FINDINGS_MAX)
		return;
	d->finding[d->count++] = (struct finding){
		level, server, clean_copy(w->area), clean_copy(w->what), clean_copy(w->remedy), clean_copy(w->cost)};
}

static const struct server_status *status_of(const struct doctor *d, int server)
{
	int count;

	return session_servers(d->session, &count)[server];
}

/* --- panels: each is asked once -------------------------------------------------------------------------------------
 */

static void on_late(void *ctx)
{
	((struct doctor *)ctx)->late = true;
}

static void on_changed(void *ctx)
{
	(void)ctx;
}

static int want_all(struct doctor *d)
{
	int servers, count = 0, room = 0;
	struct session_pair *want = NULL;

	session_servers(d->session, &servers);
	for (int p = 0; p < d->run.panel_count; p++)
		for (int k = 0; k < servers; k++) {
			if (d->run.panels[p]->source != status_of(d, k)->kind || d->run.panels[p]->source == PANEL_SELF)
				continue;
			if (count == room)
				want = mem_resize(want, (size_t)(room += 64), sizeof *want);
			want[count++] = (struct session_pair){p, k};
		}
	session_want(d->session, want, count);
	free(want);
	return count;
}

static void judge_panels(struct doctor *d, int server)
{
	const struct server_status *s = status_of(d, server);
	char text[64];
	int good = 0;

	for (int p = 0; p < d->run.panel_count; p++) {
		const struct panel *panel = d->run.panels[p];
		const struct feed *f = session_feed(d->session, p, server);
		struct words w = {.area = panel->name};

		if (panel->source != s->kind || !f)
			continue;
		if (feed_state(f) == FEED_LIVE) {
			good++;
			continue;
		}
		w.what = feed_reason(f)[0] ? feed_reason(f) : "no answer in time";
		add(d, panel->body_count > 0 && !panel_body_for(panel, -1, s->version, 0) ? LEVEL_NOTE : LEVEL_MISSING,
		    server, &w);
	}
	snprintf(text, sizeof text, "%d panels have their data", good);
	add(d, LEVEL_OK, server, &(struct words){.area = "panels", .what = text});
}

/* Every panel has its answer, or its server has failed twice. */
static bool panels_settled(const struct doctor *d)
{
	int servers;

	session_servers(d->session, &servers);
	for (int k = 0; k < servers - 1; k++) {
		const struct server_status *s = status_of(d, k);

		if (s->state != SERVER_LIVE && s->state != SERVER_STALE) {
			if (s->state != SERVER_REFUSED && s->retries < 2)
				return false;
			continue;
		}
		for (int p = 0; p < d->run.panel_count; p++)
			if (d->run.panels[p]->source == s->kind &&
			    session_pending(d->session, (struct session_pair){p, k}))
				return false;
	}
	return true;
}

static void ask_panels(struct doctor *d)
{
	struct loop_timer *timer = loop_timer_new(d->run.loop, on_late, d);
	int servers;

	session_connect(d->session);
	session_start(d->session, d->run.panels, d->run.panel_count);
	want_all(d);
	session_hold(d->session, true);
	loop_timer_in(timer, PANELS_MS);
	while (!d->late && !panels_settled(d))
		loop_once(d->run.loop, true);
	loop_timer_free(timer);
	session_servers(d->session, &servers);
	for (int k = 0; k < servers - 1; k++) {
		const struct server_status *s = status_of(d, k);

		if (s->state == SERVER_LIVE)
			judge_panels(d, k);
		else
			add(d, LEVEL_MISSING, k,
			    &(struct words){.area = "connection",
					    .what = s->reason[0] ? s->reason : "no answer in time"});
	}
}

/* --- PostgreSQL: what the files sql/session/doctor_*.sql find -------------------------------------------------------
 */

static const char *cell(const struct pgresult *r, int row, const char *name)
{
	int len;

	for (int i = 0; i < r->columns; i++)
		if (strcmp(pgresult_name(r, i), name) == 0)
			return pgresult_value(r, row, i, &len);
	return NULL;
}

static void on_rows(void *ctx, const struct pgwork_outcome *o)
{
	struct doctor *d = ctx;

	if (o->why && !o->skipped) {
		add(d, LEVEL_MISSING, d->server, &(struct words){.area = d->role, .what = o->why->text});
		return;
	}
	for (int i = 0; o->result && i < o->result->rows; i++) {
		const char *level = cell(o->result, i, "level");
		struct words w = {cell(o->result, i, "area"), cell(o->result, i, "what"), cell(o->result, i, "remedy"),
				  cell(o->result, i, "cost")};

		for (int k = 0; k < LEVELS && level; k++)
			if (strcmp(level, level_names[k]) == 0)
				add(d, (enum level)k, d->server, &w);
	}
}

/* The texts that hold for this server, each alone: one that fails costs no other. */
static void on_up(void *ctx)
{
	struct doctor *d = ctx;
	int version = pgwork_version(d->work);
	const char *watch[] = {"doctor_watch", NULL}, *explain[] = {"doctor_explain", NULL};
	const char *act[] = {"doctor_act", version >= 150000 ? "doctor_act_15" : "doctor_act_13",
			     version >= 170000 ? "doctor_act_17" : "doctor_maintain_13", NULL};
	const char **names = strcmp(d->role, "watch") == 0 ? watch : strcmp(d->role, "act") == 0 ? act : explain;

	for (int i = 0; names[i]; i++) {
		const char *sql = files_session_text(d->run.files, names[i]);
		struct pgwork_query q = {.sql = sql, .deadline_ms = TEXTS_MS / 3, .done = on_rows, .ctx = d};

		if (sql)
			pgwork_run(d->work, &q, 1);
	}
}

static void on_down(void *ctx, const struct err *why)
{
	struct doctor *d = ctx;

	add(d, LEVEL_MISSING, d->server, &(struct words){.area = d->role, .what = why->text});
	d->done = true;
}

static void ask_texts(struct doctor *d, int server, const char *role, const char *over)
{
	static const char *const settings[] = {"search_path",
					       "pg_catalog",
					       "statement_timeout",
					       "10s",
					       "lock_timeout",
					       "1s",
					       "default_transaction_read_only",
					       "on",
					       "client_min_messages",
					       "error",
					       NULL};
	struct pgwork_events events = {.up = on_up, .down = on_down, .ctx = d};
	struct pgwork_conf conf = {.like = session_source(d->session, server),
				   .over = over,
				   .application = "dytop",
				   .settings = settings,
				   .log = d->run.log};
	struct loop_timer *timer = loop_timer_new(d->run.loop, on_late, d);
	struct err why = {0};

	d->server = server;
	d->role = role;
	d->done = d->late = false;
	if (pgwork_new(&d->work, d->run.loop, &conf, &events, &why) < 0) {
		add(d, LEVEL_MISSING, server, &(struct words){.area = role, .what = why.text});
		loop_timer_free(timer);
		return;
	}
	loop_timer_in(timer, TEXTS_MS);
	pgwork_open(d->work);
	while (!d->late && !d->done && !(pgwork_is_up(d->work) && pgwork_open_count(d->work) == 0))
		loop_once(d->run.loop, true);
	if (d->late)
		add(d, LEVEL_MISSING, server, &(struct words){.area = role, .what = "no answer in time"});
	pgwork_free(d->work);
	d->work = NULL;
	loop_timer_free(timer);
}

static void ask_rights(struct doctor *d)
{
	const struct options *o = d->run.options;
	int servers;

	session_servers(d->session, &servers);
	for (int k = 0; k < servers - 1; k++) {
		if (status_of(d, k)->kind != PANEL_PG || status_of(d, k)->state != SERVER_LIVE)
			continue;
		ask_texts(d, k, "watch", NULL);
		if (!o->read_only)
			ask_texts(d, k, "act", o->operator_conn);
		ask_texts(d, k, "explain", o->explain_conn);
	}
}

/* --- this machine ---------------------------------------------------------------------------------------------------
 */

/* The releases of libpq that mended CVE-2025-12818 (sizes of allocations overflow), by branch. */
static const int libpq_mended[] = {130023, 140020, 150015, 160011, 170007, 180001};

static void look_at_libpq(struct doctor *d)
{
	struct libpq pq;
	struct err why = {0};
	char what[200], remedy[120];

	if (libpq_load(&pq, &why) < 0) {
		add(d, LEVEL_MISSING, -1, &(struct words){.area = "libpq", .what = why.text});
		return;
	}
	int version = pq.PQlibVersion();
	for (size_t i = 0; i < ARRAY_LEN(libpq_mended); i++) {
		if (version / 10000 != libpq_mended[i] / 10000 || version >= libpq_mended[i])
			continue;
		snprintf(what, sizeof what,
			 "libpq %d.%d has a known fault (CVE-2025-12818), if your distribution did not mend it",
			 version / 10000, version % 10000);
		snprintf(remedy, sizeof remedy, "update it to %d.%d", libpq_mended[i] / 10000, libpq_mended[i] % 10000);
		add(d, LEVEL_NOTE, -1, &(struct words){.area = "libpq", .what = what, .remedy = remedy});
		return;
	}
	snprintf(what, sizeof what, "libpq %d.%d", version / 10000, version % 10000);
	add(d, LEVEL_OK, -1, &(struct words){.area = "libpq", .what = what});
}

/* The nearest folder of a path that is there. */
static void folder_of(char *path)
{
	char *slash = strrchr(path, '/');

	while (slash && slash > path) {
		*slash = '\0';
		if (access(path, F_OK) == 0)
			return;
		slash = strrchr(path, '/');
	}
	snprintf(path, 2, slash ? "/" : ".");
}

static bool is_folder(const char *path)
{
	struct stat st;
	bool is = stat(path, &st) == 0 && S_ISDIR(st.st_mode);

	if (!is)
		errno = ENOTDIR;
	return is;
}

static void look_at_audit(struct doctor *d)
{
	struct audit_conf conf = {.path = d->run.options->audit};
	struct audit *audit = NULL;
	struct err why = {0};
	struct audit_report report;
	char text[600];

	if (audit_new(&audit, d->run.loop, &conf, &why) < 0) {
		add(d, LEVEL_MISSING, -1,
		    &(struct words){.area = "audit log", .what = why.text, .remedy = "--audit FILE"});
		return;
	}
	const char *path = audit_path(audit);
	char *folder = mem_strdup(path);
	folder_of(folder);
	bool there = access(path, F_OK) == 0;
	if (access(there ? path : folder, W_OK) < 0 || (!there && !is_folder(folder))) {
		snprintf(text, sizeof text, "%.400s cannot be written (%s): no action will run", path, strerror(errno));
		add(d, LEVEL_MISSING, -1,
		    &(struct words){
			    .area = "audit log", .what = text, .remedy = "--audit FILE, or make it writable for you"});
	} else if (there && audit_read(path, NULL, NULL, &report, &why) < 0) {
		add(d, LEVEL_MISSING, -1, &(struct words){.area = "audit log", .what = why.text});
	} else if (there && report.bad_line > 0) {
		snprintf(text, sizeof text, "the chain of %.300s is broken: %.200s", path, report.bad.text);
		add(d, LEVEL_LEFT, -1,
		    &(struct words){.area = "audit log",
				    .what = text,
				    .remedy = "find out who did that; renamed away, a new file begins a new chain"});
	} else if (there && report.open > 0) {
		snprintf(text, sizeof text, "%lld actions have no outcome: dytop ended before the answer came",
			 (long long)report.open);
		add(d, LEVEL_NOTE, -1,
		    &(struct words){
			    .area = "audit log", .what = text, .remedy = "dytop audit shows them; look at the server"});
	} else {
		snprintf(text, sizeof text, "%.400s can be written", path);
		add(d, LEVEL_OK, -1, &(struct words){.area = "audit log", .what = text});
	}
	free(folder);
	audit_free(audit);
}

/* --- printing -------------------------------------------------------------------------------------------------------
 */

static void print_findings(const struct doctor *d, int server)
{
	for (int level = LEVELS - 1; level >= 0; level--)
		for (int i = 0; i < d->count; i++) {
			const struct finding *f = &d->finding[i];

			if (f->server != server || (int)f->level != level || (level == LEVEL_OK && !d->args->all))
				continue;
			printf("  %-8s %-*s %s\n", level_names[level], WIDTH_AREA, f->area ? f->area : "",
			       f->what ? f->what : "");
			if (f->remedy)
				printf("  %-8s %-*s   do: %s\n", "", WIDTH_AREA, "", f->remedy);
			if (f->cost)
				printf("  %-8s %-*s   costs: %s\n", "", WIDTH_AREA, "", f->cost);
		}
}

static int tally(const struct doctor *d, int server, enum level level)
{
	int count = 0;

	for (int i = 0; i < d->count; i++)
		count += (server == -2 || d->finding[i].server == server) && d->finding[i].level == level;
	return count;
}

static void print_text(const struct doctor *d)
{
	int servers;

	session_servers(d->session, &servers);
	for (int k = 0; k < servers - 1; k++) {
		const struct server_status *s = status_of(d, k);

		printf("%s%s%s, %s %s%s%s: %d in order, %d to note, %d missing, %d left over\n", s->name,
		       s->user[0] ? " as " : "", s->user, s->product, s->version_text, s->role[0] ? ", " : "", s->role,
		       tally(d, k, LEVEL_OK), tally(d, k, LEVEL_NOTE), tally(d, k, LEVEL_MISSING),
		       tally(d, k, LEVEL_LEFT));
		print_findings(d, k);
	}
	printf("this machine: %d in order, %d to note, %d missing\n", tally(d, -1, LEVEL_OK), tally(d, -1, LEVEL_NOTE),
	       tally(d, -1, LEVEL_MISSING) + tally(d, -1, LEVEL_LEFT));
	print_findings(d, -1);
}

static void put_findings(const struct doctor *d, struct json_writer *w, int server)
{
	json_open_list(w, "findings");
	for (int i = 0; i < d->count; i++) {
		const struct finding *f = &d->finding[i];

		if (f->server != server)
			continue;
		json_open_map(w, NULL);
		json_put_string(w, "level", level_names[f->level]);
		json_put_string(w, "area", f->area);
		json_put_string(w, "what", f->what);
		json_put_string(w, "remedy", f->remedy);
		json_put_string(w, "cost", f->cost);
		json_close(w);
	}
	json_close(w);
}

static void print_json(const struct doctor *d)
{
	struct buf out = BUF_INIT(4 << 20);
	struct json_writer w;
	int servers;

	session_servers(d->session, &servers);
	json_begin(&w, &out, true);
	json_open_map(&w, NULL);
	json_put_int(&w, "missing", tally(d, -2, LEVEL_MISSING));
	json_put_int(&w, "left", tally(d, -2, LEVEL_LEFT));
	json_open_list(&w, "servers");
	for (int k = 0; k < servers - 1; k++) {
		const struct server_status *s = status_of(d, k);

		json_open_map(&w, NULL);
		json_put_string(&w, "name", s->name);
		json_put_string(&w, "product", s->product);
		json_put_string(&w, "version", s->version_text[0] ? s->version_text : NULL);
		json_put_string(&w, "user", s->user[0] ? s->user : NULL);
		json_put_string(&w, "state", server_state_name(s->state));
		put_findings(d, &w, k);
		json_close(&w);
	}
	json_close(&w);
	json_open_map(&w, "machine");
	put_findings(d, &w, -1);
	json_close(&w);
	json_close(&w);
	printf("%s\n", buf_text(&out));
	buf_release(&out);
}

/* --- the command
 * ------------------------------------------------------------------------------------------------------ */

static int verdict(const struct doctor *d)
{
	int servers, down = 0;

	session_servers(d->session, &servers);
	for (int k = 0; k < servers - 1; k++)
		down += status_of(d, k)->state != SERVER_LIVE;
	if (servers > 1 && down == servers - 1)
		return 2;
	return tally(d, -2, LEVEL_MISSING) + tally(d, -2, LEVEL_LEFT) > 0 ? 3 : 0;
}

static int examine(struct doctor *d, struct err *why)
{
	struct session_conf conf = run_session(&d->run);
	int rc, status;

	conf.changed = on_changed;
	conf.every_frame = conf.headless = true;
	conf.inflight_hz = 0;
	rc = session_new(&d->session, d->run.loop, &conf, why);
	if (rc < 0)
		return 1;
	ask_panels(d);
	ask_rights(d);
	look_at_libpq(d);
	look_at_audit(d);
	if (strcmp(d->args->format, "json") == 0)
		print_json(d);
	else
		print_text(d);
	status = verdict(d);
	session_free(d->session);
	if (fflush(stdout) != 0) {
		err_set(why, ERR_IO, "cannot write to standard output: %s", strerror(errno));
		return 4;
	}
	return status;
}

static int run(const struct options *o, struct err *why)
{
	struct doctor *d;
	int status = 1;

	if (o->words.count > 0)
		return err_set(why, ERR_INVALID, "doctor takes no words: name servers by -d, --redis, --pgbouncer") < 0;
	if (o->replay)
		return err_set(why, ERR_INVALID, "a recording cannot be examined") < 0;
	d = mem_calloc(1, sizeof *d);
	d->args = o->args;
	if (run_init(&d->run, o, why) == 0) {
		if (run_panels(&d->run, why) == 0)
			status = examine(d, why);
		run_release(&d->run);
	}
	for (int i = 0; i < d->count; i++) {
		free(d->finding[i].area);
		free(d->finding[i].what);
		free(d->finding[i].remedy);
		free(d->finding[i].cost);
	}
	free(d);
	return status;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.arguments = "[OPTION]...",
	.summary = "say what dytop lacks on the servers, with the remedy and what it costs",
	.about = "Asks each panel once of each server; then what the role that watches, the one that acts (--operator) "
		 "and the one that "
		 "explains (--explain-as) may do; looks for what actions left behind that did not end: invalid "
		 "indexes, sessions of a dytop "
		 "that is gone, actions without an outcome in the audit log. Nothing is changed.\n"
		 "Exit status: 0 nothing is missing; 3 something is; 2 no server let us in.",
	.rows = rows,
	.size = sizeof(struct args),
	.run = run,
};
