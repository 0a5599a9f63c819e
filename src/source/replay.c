/* SPDX-License-Identifier: PostgreSQL */
/* The file: lines to frames, strictly. */
#include "source/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "source/replay_private.h"
#include "source/source_private.h"

enum {
	RECORDING_VERSION = 2,
	REPLAY_HEAD_BYTES = 200, /* of a line, in which out/record says whose sample it is */
	READ_PASSED = 2,
};

/* Years 1 to about 9999, in microseconds since 1970. */
static const int64_t wall_min = INT64_C(-62135596800000000), wall_max = INT64_C(253402300799000000);

int replay_fail_at(const struct replay *r, struct err *why, const char *what)
{
	return err_set(why, ERR_INVALID, "%s:%d: %s", r->path, r->line, what);
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

/* As out/record begins the sample of a panel. Of a lookup it is not: its answers are needed by what comes later. */
static bool is_sample(const char *head)
{
	static const char begin[] = "{\"sample\":\"";

	return strncmp(head, begin, sizeof begin - 1) == 0 && strstr(head, "\"lookup\":null,");
}

/* A frame is as old as its last sample. */
static void pass_time(struct replay *r, int64_t mono_ns, int64_t wall_us)
{
	if (mono_ns > r->now.mono_ns)
		r->now.mono_ns = mono_ns;
	if (wall_us > r->now.wall_us)
		r->now.wall_us = wall_us;
}

/* Reads to the end of a line whose beginning is in r->text, and leaves only that there. */
static int pass_line(struct replay *r, struct err *why)
{
	const char *mono = strstr(buf_text(&r->text), "\"mono_ns\":"), *wall = strstr(buf_text(&r->text), "\"wall_us\":");
	int64_t passed = 0;
	int c;

	if (mono && wall)
		pass_time(r, strtoll(mono + 10, NULL, 10), strtoll(wall + 10, NULL, 10));

	while ((c = getc_unlocked(r->file)) != EOF && c != '\n')
		passed++;
	r->offset += (int64_t)r->text.len + passed + (c == '\n');
	if (ferror(r->file))
		return err_set(why, ERR_IO, "%s: %s", r->path, strerror(errno));
	return c == EOF ? replay_fail_at(r, why, "truncated: the line does not end") : READ_PASSED;
}

/* Reads a line into r->text: 1, 0 at the end of the file; READ_PASSED: a sample that was passed over. */
static int read_line(struct replay *r, struct err *why)
{
	int c;

	buf_clear(&r->text);
	r->line++;
	r->line_offset = r->offset;
	while ((c = getc_unlocked(r->file)) != EOF && c != '\n') {
		if (!buf_addc(&r->text, (char)c))
			return replay_fail_at(r, why, "a line over 64 MiB");
		if (r->passing && r->text.len == REPLAY_HEAD_BYTES && is_sample(buf_text(&r->text)))
			return pass_line(r, why);
	}
	r->offset += (int64_t)r->text.len + (c == '\n');
	if (ferror(r->file))
		return err_set(why, ERR_IO, "%s: %s", r->path, strerror(errno));
	if (c == EOF && r->text.len > 0)
		return replay_fail_at(r, why, "truncated: the line does not end");
	return c != EOF;
}

int replay_parse_line(struct replay *r, struct json **out, struct err *why)
{
	int rc;

	do
		rc = read_line(r, why);
	while (rc == READ_PASSED);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return replay_fail_at(r, why, "truncated: the recording has no end");
	rc = json_parse(out, buf_text(&r->text), r->text.len, REPLAY_LINE_MAX, why);
	if (rc < 0)
		return err_prefix(why, "%s:%d", r->path, r->line);
	if (json_kind(*out) != JSON_MAP) {
		json_free(*out);
		*out = NULL;
		return replay_fail_at(r, why, "not a line of a recording");
	}
	return 0;
}

/* --- values ------------------------------------------------------------------------------------------------------- */

static int get_int(const struct replay *r, const struct json *map, const char *key, int64_t min, int64_t max,
                   int64_t *out, struct err *why)
{
	const struct json *node = json_get(map, key);
	int64_t value;

	if (!node)
		return err_set(why, ERR_INVALID, "%s:%d: '%s' is missing", r->path, r->line, key);
	if (!json_int(node, &value) || value < min || value > max)
		return err_set(why, ERR_INVALID, "%s:%d: '%s' is not a number from %" PRId64 " to %" PRId64, r->path, r->line,
		               key, min, max);
	*out = value;
	return 0;
}

static int get_life(const struct replay *r, const struct json *map, uint64_t *out, struct err *why)
{
	const char *text = json_text(json_get(map, "life"));
	char *end;

	if (!text || strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
		return replay_fail_at(r, why, "'life' is not 16 hexadecimal digits");
	*out = strtoull(text, &end, 16);
	return 0;
}

static int get_choice(const struct replay *r, const struct json *map, const char *key, const char *const *names,
                      int *out, struct err *why)
{
	const char *text = json_text(json_get(map, key));

	for (int i = 0; text && names[i]; i++) {
		if (strcmp(names[i], text) == 0) {
			*out = i;
			return 0;
		}
	}
	return err_set(why, ERR_INVALID, "%s:%d: '%s' is not known here", r->path, r->line, key);
}

static double get_number(const struct json *map, const char *key, double missing)
{
	double value = json_number(json_get(map, key));
	return isnan(value) ? missing : value;
}

static void get_text(const struct json *map, const char *key, char *out, size_t room)
{
	source_put_text(out, room, json_text(json_get(map, key)));
}

/* --- kinds of lines ------------------------------------------------------------------------------------------------ */

int replay_read_status(struct replay *r, const struct json *line, struct err *why)
{
	static const char *const kinds[] = {"pg", "redis", "pgbouncer", NULL};
	static const char *const states[] = {"connecting", "live", "stale", "lost", "refused", "ended", NULL};
	struct server_status s = {0};
	int64_t server, version = 0, retries = 0, hidden = 0;
	int kind = 0, state = 0;
	int rc = get_int(r, line, "server", 0, r->server_count - 1, &server, why);

	if (rc == 0)
		rc = get_choice(r, line, "kind", kinds, &kind, why);
	if (rc == 0)
		rc = get_choice(r, line, "state", states, &state, why);
	if (rc == 0)
		rc = get_int(r, line, "since_ns", 0, INT64_MAX, &s.since_ns, why);
	if (rc == 0)
		rc = get_int(r, line, "answered_ns", 0, INT64_MAX, &s.answered_ns, why);
	if (rc == 0)
		rc = get_int(r, line, "retries", 0, INT32_MAX, &retries, why);
	if (rc == 0)
		rc = get_int(r, line, "version", 0, INT32_MAX, &version, why);
	if (rc == 0)
		rc = get_int(r, line, "hidden", 0, INT32_MAX, &hidden, why);
	if (rc == 0)
		rc = get_int(r, line, "started_us", wall_min, wall_max, &s.started_us, why);
	if (rc == 0)
		rc = get_int(r, line, "logins", 0, INT64_MAX, &s.logins, why);
	if (rc == 0)
		rc = get_int(r, line, "asked", 0, INT64_MAX, &s.asked, why);
	if (rc == 0)
		rc = get_int(r, line, "failed", 0, INT64_MAX, &s.failed, why);
	if (rc == 0)
		rc = get_life(r, line, &s.life, why);
	if (rc < 0)
		return rc;
	s.kind = (enum panel_source)kind;
	s.state = (enum server_state)state;
	s.retries = (int)retries;
	s.version = (int)version;
	s.hidden = (int)hidden;
	s.rtt_ms = get_number(line, "rtt_ms", (double)NAN);
	s.cost_ms = get_number(line, "cost_ms", 0);
	s.superuser = json_is_true(json_get(line, "superuser"));
	s.pooled = json_is_true(json_get(line, "pooled"));
	get_text(line, "name", s.name, sizeof s.name);
	get_text(line, "product", s.product, sizeof s.product);
	get_text(line, "version_text", s.version_text, sizeof s.version_text);
	get_text(line, "role", s.role, sizeof s.role);
	get_text(line, "user", s.user, sizeof s.user);
	get_text(line, "reason", s.reason, sizeof s.reason);
	get_text(line, "notice", s.notice, sizeof s.notice);
	if (r->status[server].name[0] && r->status[server].kind != s.kind)
		return replay_fail_at(r, why, "the server is of another kind than before");
	r->status[server] = s;
	r->status_at[server] = r->line_offset;
	return 0;
}

/* Every row is a list as long as `fields`. */
static int check_rows(const struct replay *r, const struct json *line, struct err *why)
{
	const struct json *fields = json_get(line, "fields"), *rows = json_get(line, "rows");
	int width, count = 0;

	if (json_kind(fields) != JSON_MAP || json_kind(rows) != JSON_LIST)
		return replay_fail_at(r, why, "a sample needs 'fields' and 'rows'");
	width = json_count(fields);
	if (width > REPLAY_FIELDS_MAX)
		return replay_fail_at(r, why, "too many fields");
	for (const struct json *f = json_child(fields); f; f = json_next(f)) {
		const char *type = json_text(f);
		if (!type || (strcmp(type, "int") && strcmp(type, "float") && strcmp(type, "text") && strcmp(type, "bool")))
			return err_set(why, ERR_INVALID, "%s:%d: field '%.60s' is of no known type", r->path, r->line, json_key(f));
	}
	for (const struct json *row = json_child(rows); row; row = json_next(row)) {
		if (++count > SAMPLE_ROWS_MAX)
			return replay_fail_at(r, why, "more than 200000 rows");
		if (json_kind(row) != JSON_LIST || json_count(row) != width)
			return err_set(why, ERR_INVALID, "%s:%d: row %d is not a list of %d values", r->path, r->line, count, width);
	}
	return 0;
}

static int check_sample(struct replay *r, const struct json *line, int64_t *server, struct err *why)
{
	int64_t mono, wall, elapsed, hidden;
	uint64_t life;
	int rc = get_int(r, line, "server", 0, r->server_count - 1, server, why);

	if (rc == 0)
		rc = get_int(r, line, "mono_ns", 0, INT64_MAX, &mono, why);
	if (rc == 0)
		rc = get_int(r, line, "wall_us", wall_min, wall_max, &wall, why);
	if (rc == 0)
		rc = get_int(r, line, "elapsed_us", 0, INT64_MAX, &elapsed, why);
	if (rc == 0)
		rc = get_int(r, line, "hidden", 0, INT32_MAX, &hidden, why);
	if (rc == 0)
		rc = get_life(r, line, &life, why);
	if (rc == 0)
		rc = check_rows(r, line, why);
	if (rc == 0)
		pass_time(r, mono, wall);
	return rc;
}

static void append(struct replay_sample **list, int *count, const struct replay_sample *s)
{
	if ((*count & (*count - 1)) == 0) /* at each power of two, twice the room */
		*list = mem_resize(*list, *count ? (size_t)*count * 2 : 1, sizeof **list);
	(*list)[(*count)++] = *s;
}

/* Takes the line over. */
static int keep_sample(struct replay *r, struct json *line, struct err *why)
{
	struct replay_sample s = {.line = line, .panel = json_text(json_get(line, "sample"))};
	const struct json *lookup = json_get(line, "lookup");
	int64_t server = 0;
	int rc = s.panel ? check_sample(r, line, &server, why) : replay_fail_at(r, why, "'sample' is not a panel's name");

	if (rc == 0 && lookup && json_kind(lookup) != JSON_NULL && !(s.lookup = json_text(lookup)))
		rc = replay_fail_at(r, why, "'lookup' is not a name");
	if (rc < 0) {
		json_free(line);
		return rc;
	}
	s.server = (int)server;
	s.frame = r->frame;
	if (s.lookup)
		append(&r->learned, &r->learned_count, &s);
	else
		append(&r->sample, &r->sample_count, &s);
	return 0;
}

/* --- frames ------------------------------------------------------------------------------------------------------- */

void replay_forget_frame(struct replay *r)
{
	for (int i = 0; i < r->sample_count; i++)
		json_free(r->sample[i].line);
	r->sample_count = 0;
}

static int begin_frame(struct replay *r, struct err *why)
{
	struct clock now;
	int64_t number;
	int rc = get_int(r, r->next, "frame", r->frame + 1, r->frame + 1, &number, why);

	if (rc == 0)
		rc = get_int(r, r->next, "mono_ns", 0, INT64_MAX, &now.mono_ns, why);
	if (rc == 0)
		rc = get_int(r, r->next, "wall_us", wall_min, wall_max, &now.wall_us, why);
	if (rc == 0 && r->frame > 0 && now.mono_ns < r->now.mono_ns)
		now.mono_ns = r->now.mono_ns; /* an answer of the frame before came a little later */
	if (rc < 0)
		return rc;
	replay_note_place(r, number, &now);
	r->frame = number;
	r->frame_offset = r->next_offset;
	r->now = now;
	json_free(r->next);
	r->next = NULL;
	return 0;
}

/* Reads up to the line that begins the next frame or ends the file. */
static int read_frame(struct replay *r, struct err *why)
{
	int rc = 0;

	while (rc == 0) {
		struct json *line = NULL;
		rc = replay_parse_line(r, &line, why);
		if (rc < 0)
			return rc;
		if (json_get(line, "sample")) {
			rc = r->frame > 0 ? keep_sample(r, line, why) : replay_fail_at(r, why, "a sample before the first frame");
			if (r->frame == 0)
				json_free(line);
		} else if (json_get(line, "task")) {
			rc = r->frame > 0 ? replay_take_task(r, line, why) : replay_fail_at(r, why, "a task before the first frame");
			if (rc == 0)
				replay_note_event(r, line);
			json_free(line);
		} else if (json_get(line, "plans")) {
			if (r->frame > 0)
				replay_note_event(r, line);
			rc = r->frame > 0 ? replay_take_plans(r, line, why) : replay_fail_at(r, why, "plans before the first frame");
			if (r->frame == 0)
				json_free(line);
		} else if (json_get(line, "server")) {
			rc = replay_read_status(r, line, why);
			json_free(line);
		} else if (json_get(line, "frame") || json_get(line, "end")) {
			r->next = line;
			r->next_offset = r->line_offset;
			r->next_line = r->line;
			return 0;
		} else {
			json_free(line);
			rc = replay_fail_at(r, why, "neither server, frame, sample, task, plans nor end");
		}
	}
	return rc;
}

static int read_head(struct replay *r, struct err *why)
{
	static const char begin[] = "{\"dytop_recording\":";
	int64_t version, servers;
	struct json *head = NULL;
	int rc = read_line(r, why);

	if (rc <= 0 || strncmp(buf_text(&r->text), begin, sizeof begin - 1) != 0)
		return replay_fail_at(r, why, "not a dytop recording");
	rc = json_parse(&head, buf_text(&r->text), r->text.len, REPLAY_LINE_MAX, why);
	if (rc < 0)
		return err_prefix(why, "%s:%d", r->path, r->line);
	rc = get_int(r, head, "dytop_recording", 1, INT32_MAX, &version, why);
	if (rc == 0 && version > RECORDING_VERSION)
		rc = err_set(why, ERR_INVALID, "%s:1: a recording of version %" PRId64 "; this dytop reads up to %d: use a newer one",
		             r->path, version, RECORDING_VERSION);
	if (rc == 0)
		rc = get_int(r, head, "servers", 1, REPLAY_SERVERS_MAX, &servers, why);
	if (rc == 0) {
		r->interval_ms = get_number(head, "interval_ms", 1000);
		r->server_count = (int)servers;
		r->status = mem_calloc((size_t)servers, sizeof *r->status);
		r->status_at = mem_calloc((size_t)servers, sizeof *r->status_at);
		r->source = mem_calloc((size_t)servers, sizeof *r->source);
	}
	json_free(head);
	return rc;
}

/* The last line is there and whole: so nothing was cut off. Leaves the file where it was. */
static int check_end(struct replay *r, struct err *why)
{
	char chunk[65536], tail[128] = "";
	size_t got, tail_len = 0;
	int lines = 0;
	int64_t frames;
	struct json *end = NULL;
	long here = ftell(r->file);

	rewind(r->file);
	while ((got = fread(chunk, 1, sizeof chunk, r->file)) > 0) {
		for (const char *p = chunk; (p = memchr(p, '\n', (size_t)(chunk + got - p))) != NULL; p++)
			lines++;
		size_t keep = got < sizeof tail - 1 ? got : sizeof tail - 1, old = sizeof tail - 1 - keep;
		old = tail_len < old ? tail_len : old;
		memmove(tail, tail + tail_len - old, old);
		memcpy(tail + old, chunk + got - keep, keep);
		tail_len = old + keep;
	}
	bool ends = tail_len > 0 && tail[tail_len - 1] == '\n';
	tail[ends ? tail_len - 1 : tail_len] = '\0';
	const char *last = strrchr(tail, '\n');
	last = last ? last + 1 : tail;
	if (!ends || strncmp(last, "{\"end\":true,", 12) != 0)
		return err_set(why, ERR_INVALID, "%s:%d: truncated: the recording has no end", r->path, lines + !ends);
	int rc = json_parse(&end, last, strlen(last), sizeof tail, why);
	if (rc == 0)
		rc = get_int(r, end, "frames", 1, INT32_MAX, &frames, why);
	if (rc == 0)
		r->frames = frames;
	json_free(end);
	if (rc == 0 && fseek(r->file, here, SEEK_SET) != 0)
		rc = err_set(why, ERR_IO, "%s: %s", r->path, strerror(errno));
	return rc;
}

static int open_file(struct replay *r, const char *path, struct err *why)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return err_set(why, ERR_INVALID, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(why, ERR_INVALID, "%s: not a regular file", path);
	}
	r->file = fdopen(fd, "r");
	if (!r->file) {
		close(fd);
		return err_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	}
	return 0;
}

static int check_servers(const struct replay *r, struct err *why)
{
	for (int i = 0; i < r->server_count; i++)
		if (!r->status[i].name[0])
			return err_set(why, ERR_INVALID, "%s:%d: server %d is not declared before the first frame", r->path, r->line, i);
	return 0;
}

int replay_open(struct replay **out, const char *path, struct err *why)
{
	struct replay *r = mem_alloc(sizeof *r);
	int rc;

	r->path = mem_strdup(path);
	r->text = BUF_INIT(REPLAY_LINE_MAX);
	rc = open_file(r, path, why);
	if (rc == 0)
		rc = read_head(r, why);
	if (rc == 0)
		rc = check_end(r, why);
	if (rc == 0)
		rc = read_frame(r, why); /* the servers, up to the first frame */
	if (rc == 0)
		rc = check_servers(r, why);
	if (rc == 0)
		rc = replay_next(r, why);
	if (rc < 0) {
		replay_close(r);
		return rc;
	}
	*out = r;
	return 0;
}

void replay_close(struct replay *r)
{
	if (!r)
		return;
	replay_forget_frame(r);
	for (int i = 0; i < r->learned_count; i++)
		json_free(r->learned[i].line);
	for (int i = 0; i < r->index_count; i++) {
		free(r->index[i].panel);
		free(r->index[i].lookup);
		map_release(&r->index[i].row);
		map_release(&r->index[i].owner);
	}
	replay_forget_tasks(r);
	replay_forget_places(r);
	free(r->status_at);
	json_free(r->next);
	if (r->file)
		fclose(r->file);
	free(r->index);
	free(r->learned);
	free(r->sample);
	free(r->status);
	free(r->source);
	free(r->path);
	buf_release(&r->text);
	free(r);
}

static int finish(struct replay *r, struct err *why)
{
	int64_t frames;
	int rc = r->frame == 0 ? replay_fail_at(r, why, "no frame in it") :
	                         get_int(r, r->next, "frames", r->frame, r->frame, &frames, why);

	if (rc < 0)
		return rc;
	if (read_line(r, why) != 0)
		return replay_fail_at(r, why, "something behind the end");
	replay_end(r);
	return 0;
}

int replay_step(struct replay *r, struct err *why)
{
	int rc = begin_frame(r, why);

	if (rc < 0)
		return rc;
	replay_forget_frame(r);
	return read_frame(r, why);
}

int replay_next(struct replay *r, struct err *why)
{
	int rc;

	if (r->ended)
		return 0;
	if (json_get(r->next, "end"))
		return finish(r, why);
	rc = replay_step(r, why);
	if (rc < 0)
		return rc;
	for (int i = 0; i < r->server_count; i++)
		replay_show_status(r, i);
	return 1;
}

int replay_servers(const struct replay *r)
{
	return r->server_count;
}

int64_t replay_frame(const struct replay *r)
{
	return r->frame;
}

int64_t replay_frames(const struct replay *r)
{
	return r->frames;
}

double replay_interval_ms(const struct replay *r)
{
	return r->interval_ms;
}

const struct clock *replay_now(const struct replay *r)
{
	return &r->now;
}
