/* SPDX-License-Identifier: PostgreSQL */
/* From what was asked for, and the rows it was asked for, to the task that does it: sessions and maintenance. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/maintain.h"
#include "action/signal.h"
#include "app/desk_private.h"
#include "core/mem.h"
#include "model/feed.h"

enum { OWN_MAX = 64 };

int desk_aim(struct desk *d, const struct ui_request *r, struct desk_aim *out, struct err *why)
{
	const struct server_status *const *servers;
	int count;

	servers = session_servers(d->session, &count);
	*out = (struct desk_aim){0};
	if (r->server < 0 || r->server >= count)
		return err_set(why, ERR_INVALID, "there is no server for that");
	out->status = servers[r->server];
	out->source = session_source(d->session, r->server);
	if (!out->source)
		return err_set(why, ERR_INVALID, "that is dytop itself");
	if (!d->conf.replay && out->status->state != SERVER_LIVE && out->status->state != SERVER_STALE)
		return err_set(why, ERR_CONNECT, "%s is %s: nothing can be done there now", out->status->name,
			       server_state_name(out->status->state));
	if (r->panel < 0)
		return 0;
	out->panel = d->panels[r->panel];
	out->feed = session_feed(d->session, r->panel, r->server);
	return out->feed ? 0 : err_set(why, ERR_NOT_FOUND, "the rows are gone");
}

static struct cell part_of(const struct desk_aim *a, int row, enum panel_part part)
{
	return a->panel->part[part] >= 0 ? feed_field(a->feed, row, a->panel->part[part]) : CELL_NONE;
}

bool desk_number(const struct desk_aim *a, int row, enum panel_part part, int64_t *out)
{
	struct cell cell = part_of(a, row, part);

	*out = cell.kind == CELL_INT ? cell.integer : 0;
	return cell.kind == CELL_INT;
}

char *desk_text(const struct desk_aim *a, int row, enum panel_part part)
{
	struct cell cell = part_of(a, row, part);

	return cell.kind == CELL_TEXT ? mem_strndup(cell.text.at, cell.text.len) : NULL;
}

static int need_audit(struct desk *d, struct err *why)
{
	if (desk_audit(d))
		return 0;
	*why = d->audit_why;
	return why->code;
}

/* --- sessions -------------------------------------------------------------------------------------------------------
 */

/* What is ours on the server that is meant: pids of another server say nothing about those of this one. */
struct own {
	int watching[OWN_MAX], jobs[OWN_MAX];
	int watching_count, job_count;
	bool unknown; /* a pooler is between */
};

static bool same_server(const struct server_status *a, const struct server_status *b)
{
	return a->kind == b->kind && (a == b || !a->started_us || !b->started_us || a->started_us == b->started_us);
}

static void find_own(const struct desk *d, const struct server_status *at, struct own *own)
{
	const struct server_status *const *servers;
	int count;

	*own = (struct own){0};
	servers = session_servers(d->session, &count);
	for (int i = 0; i < count && own->watching_count < OWN_MAX; i++) {
		if (!same_server(servers[i], at))
			continue;
		own->unknown |= servers[i]->pooled;
		if (servers[i]->backend_pid > 0)
			own->watching[own->watching_count++] = servers[i]->backend_pid;
	}
	for (int i = 0; i < d->task_count && own->job_count < OWN_MAX; i++) {
		const struct desk_side *side = d->side[i];

		if (side->task && side->task->state != TASK_DONE && side->task->backend_pid > 0 && side->server >= 0 &&
		    side->server < count && same_server(servers[side->server], at))
			own->jobs[own->job_count++] = side->task->backend_pid;
	}
}

static int take_sessions(const struct ui_request *r, const struct desk_aim *a, struct signal_target *target,
			 struct err *why)
{
	if (r->row_count > SIGNAL_TARGETS_MAX)
		return err_set(why, ERR_INVALID, "%d sessions at once, at most %d are taken", r->row_count,
			       SIGNAL_TARGETS_MAX);
	for (int i = 0; i < r->row_count; i++) {
		int64_t pid, start;

		if (!desk_number(a, r->row[i], PART_PID, &pid) || pid <= 0)
			return err_set(why, ERR_INVALID,
				       "that is no session: a prepared transaction is ended by ROLLBACK PREPARED");
		if (!desk_number(a, r->row[i], PART_START, &start))
			return err_set(why, ERR_PRIVILEGE,
				       "since when backend %lld is connected cannot be seen: GRANT pg_monitor TO %s",
				       (long long)pid, a->status->user);
		target[i] = (struct signal_target){(int)pid, start};
	}
	return 0;
}

static int start_signal(struct desk *d, const struct ui_request *r, enum signal_kind kind, struct desk_side *side,
			struct err *why)
{
	struct signal_target target[SIGNAL_TARGETS_MAX];
	struct desk_aim a;
	struct own own;
	int rc = desk_aim(d, r, &a, why);

	if (rc == 0)
		rc = take_sessions(r, &a, target, why);
	if (rc == 0)
		rc = need_audit(d, why);
	if (rc < 0)
		return rc;
	find_own(d, a.status, &own);
	struct signal_conf conf = {.kind = kind,
				   .like = a.source,
				   .over = d->conf.options->operator_conn,
				   .target = target,
				   .count = r->row_count,
				   .own = own.watching,
				   .own_count = own.watching_count,
				   .jobs = own.jobs,
				   .job_count = own.job_count,
				   .own_unknown = own.unknown,
				   .queued = true,
				   .read_only = d->conf.options->read_only,
				   .audit = d->audit,
				   .text = files_session_text,
				   .text_ctx = d->conf.files,
				   .log = d->conf.log};

	side->kind = DESK_SIGNAL;
	return signal_new(&side->task, d->loop, &conf, why);
}

/* --- maintenance ----------------------------------------------------------------------------------------------------
 */

struct targets {
	struct maintain_target at[MAINTAIN_TARGETS_MAX];
	char *name[MAINTAIN_TARGETS_MAX];
	int count;
};

static int take_target(const struct ui_request *r, const struct desk_aim *a, const struct action *action, int i,
		       struct targets *out, struct err *why)
{
	struct maintain_target *t = &out->at[out->count];
	int64_t number;
	char text[32];

	*t = (struct maintain_target){.value = action->value == ACTION_NEEDS_VALUE ? r->text : NULL};
	switch (action->target) {
	case ACTION_ON_SETTING:
		out->name[out->count] = desk_text(a, r->row[i], PART_NAME);
		break;
	case ACTION_ON_QUERY:
		if (desk_number(a, r->row[i], PART_QUERYID, &number)) {
			snprintf(text, sizeof text, "%lld", (long long)number);
			out->name[out->count] = mem_strdup(text);
		}
		break;
	default:
		if (desk_number(a, r->row[i], PART_OID, &number))
			t->oid = (uint32_t)number;
	}
	t->name = out->name[out->count];
	if (!t->name && t->oid == 0)
		return err_set(why, ERR_NOT_FOUND, "what that row is called is not known yet");
	out->count++;
	return 0;
}

static int take_targets(const struct ui_request *r, const struct desk_aim *a, const struct action *action,
			struct targets *out, struct err *why)
{
	int rc = 0;

	if (action->target == ACTION_ON_NOTHING)
		return 0;
	if (action->target == ACTION_ON_DEFINITION) {
		out->name[0] = mem_strdup(r->text);
		out->at[out->count++] = (struct maintain_target){.name = out->name[0]};
		return 0;
	}
	if (r->row_count == 0)
		return err_set(why, ERR_INVALID, "there is no row for that");
	for (int i = 0; i < r->row_count && rc == 0; i++)
		rc = take_target(r, a, action, i, out, why);
	return rc;
}

/* dbname: NULL where `like` is connected to. */
static int maintain(struct desk *d, struct source *like, const char *dbname, const struct action *action,
		    const struct targets *targets, struct desk_side *side, struct err *why)
{
	struct maintain_conf conf = {.like = like,
				     .dbname = dbname,
				     .over = d->conf.options->operator_conn,
				     .action = action,
				     .target = targets->at,
				     .count = targets->count,
				     .audit = desk_audit(d),
				     .queued = true,
				     .read_only = d->conf.options->read_only,
				     .text = files_session_text,
				     .text_ctx = d->conf.files,
				     .log = d->conf.log};

	side->kind = DESK_MAINTAIN;
	side->alone = action->alone;
	return maintain_new(&side->task, d->loop, &conf, why);
}

static int start_maintain(struct desk *d, const struct ui_request *r, struct desk_side *side, struct err *why)
{
	const struct action *action;
	struct targets targets = {.count = 0};
	struct desk_aim a;
	int rc = actions_find(&d->actions, r->action, &action, why);

	if (rc == 0)
		rc = desk_aim(d, r, &a, why);
	if (rc == 0)
		rc = need_audit(d, why);
	if (rc == 0)
		rc = take_targets(r, &a, action, &targets, why);
	if (rc == 0)
		rc = maintain(d, a.source, NULL, action, &targets, side, why);
	for (int i = 0; i < MAINTAIN_TARGETS_MAX; i++)
		free(targets.name[i]);
	return rc;
}

bool desk_follow(struct desk *d, const struct desk_side *of, int i, struct desk_side *side)
{
	struct targets targets = {.count = 1};
	const struct action *action;
	struct maintain_follow f;
	struct err why;

	if (of->kind != DESK_MAINTAIN || !maintain_follow(of->task, i, &f) ||
	    actions_find(&d->actions, f.action, &action, &why) < 0)
		return false;
	targets.at[0] = (struct maintain_target){.oid = f.oid};
	side->server = of->server;
	return maintain(d, session_source(d->session, of->server), NULL, action, &targets, side, &why) == 0;
}

/* The live PostgreSQL server of that address; -1 none is. */
static int server_at(const struct desk *d, const struct desk_look *where)
{
	const struct server_status *const *servers;
	char host[256], port[16];
	int count;

	servers = session_servers(d->session, &count);
	for (int i = 0; i < count; i++) {
		if (servers[i]->kind != PANEL_PG || servers[i]->state != SERVER_LIVE)
			continue;
		audit_place(servers[i]->name, host, port);
		if (strcmp(host, where->host) == 0 && strcmp(port, where->port) == 0)
			return i;
	}
	return -1;
}

bool desk_look(struct desk *d, struct desk_side *side)
{
	const struct targets none = {.count = 0};
	const struct action *action;
	struct err why;

	for (int i = 0; i < d->looks; i++) {
		const struct desk_look where = d->look[i];

		side->server = server_at(d, &where);
		if (side->server < 0)
			continue;
		d->look[i] = d->look[--d->looks];
		return actions_find(&d->actions, "leftovers", &action, &why) == 0 &&
		       maintain(d, session_source(d->session, side->server), where.database[0] ? where.database : NULL, action,
				&none, side, &why) == 0;
	}
	return false;
}

/* --- all of them ----------------------------------------------------------------------------------------------------
 */

int desk_start(struct desk *d, const struct ui_request *r, struct desk_side *side, struct err *why)
{
	side->server = r->server;
	if (strcmp(r->action, "cancel") == 0)
		return start_signal(d, r, SIGNAL_CANCEL, side, why);
	if (strcmp(r->action, "terminate") == 0)
		return start_signal(d, r, SIGNAL_TERMINATE, side, why);
	if (strncmp(r->action, "explain", 7) == 0)
		return desk_explain(d, r, side, why);
	if (strcmp(r->action, "warm") == 0)
		return desk_warm(d, r, side, why);
	if (strcmp(r->action, "drop") == 0)
		return desk_drop(d, r, side, why);
	return start_maintain(d, r, side, why);
}

void desk_side_free(struct desk_side *side)
{
	if (!side)
		return;
	if (side->task) {
		side->task->hooks = (struct task_hooks){0};
		if (side->kind == DESK_WARM)
			desk_warmed(side);
		else if (side->kind == DESK_DROP)
			desk_dropped(side);
		task_free(side->task);
	}
	recipe_free(side->recipe);
	desk_plan_free(side->plan);
	free(side);
}
