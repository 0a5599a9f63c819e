/* SPDX-License-Identifier: PostgreSQL */
/* From what was asked for, and the rows it was asked for, to the task that does it. */
#include <string.h>

#include "action/signal.h"
#include "app/desk_private.h"
#include "model/feed.h"

enum { OWN_MAX = 64 };

struct aim {
	const struct panel *panel;
	const struct feed *feed; /* NULL when no rows are meant */
	struct source *source;
	const struct server_status *status;
};

/* The server and the rows; refuses what is not connected. */
static int take_aim(struct desk *d, const struct ui_request *r, struct aim *out, struct err *why)
{
	const struct server_status *const *servers;
	int count;

	servers = session_servers(d->session, &count);
	if (r->server < 0 || r->server >= count)
		return err_set(why, ERR_INVALID, "there is no server for that");
	*out = (struct aim){.status = servers[r->server], .source = session_source(d->session, r->server)};
	if (!out->source)
		return err_set(why, ERR_INVALID, "that is dytop itself");
	if (out->status->state != SERVER_LIVE && out->status->state != SERVER_STALE)
		return err_set(why, ERR_CONNECT, "%s is %s: nothing can be done there now", out->status->name,
			       server_state_name(out->status->state));
	if (r->panel < 0)
		return 0;
	out->panel = d->panels[r->panel];
	out->feed = session_feed(d->session, r->panel, r->server);
	return out->feed ? 0 : err_set(why, ERR_NOT_FOUND, "the rows are gone");
}

/* A whole number of a row; false when it is not known. */
static bool number_of(const struct aim *a, int row, enum panel_part part, int64_t *out)
{
	struct cell cell = CELL_NONE;

	if (a->panel->part[part] >= 0)
		cell = feed_field(a->feed, row, a->panel->part[part]);
	*out = cell.kind == CELL_INT ? cell.integer : 0;
	return cell.kind == CELL_INT;
}

static int own_sessions(const struct desk *d, int out[OWN_MAX])
{
	const struct server_status *const *servers;
	int count, own = 0;

	servers = session_servers(d->session, &count);
	for (int i = 0; i < count && own < OWN_MAX; i++)
		if (servers[i]->kind == PANEL_PG && servers[i]->backend_pid > 0)
			out[own++] = servers[i]->backend_pid;
	return own;
}

static int start_signal(struct desk *d, const struct ui_request *r, enum signal_kind kind, struct task **out,
			struct err *why)
{
	struct signal_target target[SIGNAL_TARGETS_MAX];
	int own[OWN_MAX];
	struct aim a = {0};
	int rc = take_aim(d, r, &a, why);

	if (rc < 0)
		return rc;
	if (r->row_count > SIGNAL_TARGETS_MAX)
		return err_set(why, ERR_INVALID, "%d sessions at once, at most %d are taken", r->row_count,
			       SIGNAL_TARGETS_MAX);
	for (int i = 0; i < r->row_count; i++) {
		int64_t pid, start;

		if (!number_of(&a, r->row[i], PART_PID, &pid) || pid <= 0)
			return err_set(why, ERR_INVALID,
				       "that is no session: a prepared transaction is ended by ROLLBACK PREPARED");
		if (!number_of(&a, r->row[i], PART_START, &start))
			return err_set(why, ERR_PRIVILEGE,
				       "since when backend %lld is connected cannot be seen: GRANT pg_monitor TO %s",
				       (long long)pid, a.status->user);
		target[i] = (struct signal_target){(int)pid, start};
	}
	struct signal_conf conf = {.kind = kind,
				   .like = a.source,
				   .over = d->conf.options->operator_conn,
				   .target = target,
				   .count = r->row_count,
				   .own = own,
				   .own_count = own_sessions(d, own),
				   .read_only = d->conf.options->read_only,
				   .audit = desk_audit(d),
				   .text = files_session_text,
				   .text_ctx = d->conf.files,
				   .log = d->conf.log};

	if (!conf.audit) {
		*why = d->audit_why;
		return why->code;
	}
	return signal_new(out, d->loop, &conf, why);
}

int desk_start(struct desk *d, const struct ui_request *r, struct task **out, struct err *why)
{
	if (strcmp(r->action, "cancel") == 0)
		return start_signal(d, r, SIGNAL_CANCEL, out, why);
	if (strcmp(r->action, "terminate") == 0)
		return start_signal(d, r, SIGNAL_TERMINATE, out, why);
	return err_set(why, ERR_NOT_FOUND, "nothing is called '%s'", r->action);
}
