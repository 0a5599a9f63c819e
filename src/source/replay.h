/* SPDX-License-Identifier: PostgreSQL */
/*
 * A recording (docs/recording.md) in the place of all servers. One open recording is shared by a source for each recorded
 * server; it stands at one frame, and what is asked is answered from that frame: a panel that has no sample in it gets
 * ERR_NOT_FOUND, a lookup what was learned up to then. Time is the recording's: the loop's clock is pinned to the frame.
 */
#ifndef SOURCE_REPLAY_H
#define SOURCE_REPLAY_H

#include "core/clock.h"
#include "core/err.h"
#include "model/json.h"
#include "model/task.h"
#include "source/source.h"

enum { REPLAY_RUN_UP_FRAMES = 240, REPLAY_RUN_UP_BYTES = 8 << 20 };

struct replay;

/* Opens the recording and stands at its first frame. Foreign, of a newer version, truncated at any byte, or with numbers out
 * of range: ERR_INVALID with file:line. */
int replay_open(struct replay **out, const char *path, struct err *why) MUSTCHECK;
void replay_close(struct replay *r); /* after the sources on it are freed; NULL is accepted */
int replay_servers(const struct replay *r);
/* What to give to source_new() for recorded server i (borrows r). */
struct source_conf replay_source_conf(struct replay *r, int i);
/* Goes on to the next frame: 1, or 0 at the end (the sources are SERVER_ENDED then), or an error with file:line. */
int replay_next(struct replay *r, struct err *why) MUSTCHECK;
/* Goes to another frame, a piece at a time. replay_seek() says to which: that number, or with 0 the first one whose samples are of
 * that moment or later; before the first is the first, behind the last the last. replay_seek_on() reads for about so many
 * milliseconds and gives 1 while there is more to read; then 0 with the frame that is meant in *target, and stands before an earlier
 * one, so far back that replay_next() from there brings what that frame's deltas and charts need (REPLAY_RUN_UP_FRAMES, less where
 * frames are large): the first replay_next() begins it. An error names file and line, and the recording is at its end then. */
void replay_seek(struct replay *r, int64_t frame, int64_t wall_us);
int replay_seek_on(struct replay *r, double ms, int64_t *target, struct err *why) MUSTCHECK;
bool replay_ended(const struct replay *r);         /* replay_next() said so */
int64_t replay_began_us(const struct replay *r);   /* wall time of the first frame */
int64_t replay_frame(const struct replay *r);      /* from 1 */
int64_t replay_frames(const struct replay *r);     /* in all */
double replay_interval_ms(const struct replay *r); /* between frames, as recorded */
const struct clock *replay_now(const struct replay *r);

/* What was done while it was recorded, as it stands in this frame, oldest first: tasks that only show themselves (model/task_file.h).
 * Borrowed; the list and the tasks stay where they are, what they say goes on with replay_next(). */
const struct task *const *replay_tasks(const struct replay *r, int *count);
/* Number i, from 0, of the plans that were shown so far, the newest first: the line (docs/recording.md), its types checked; NULL no
 * more. Borrowed until replay_next(). */
const struct json *replay_plans(const struct replay *r, int i);

/* Used by source_new(): a source that conf->replay is set for. */
int replay_source_new(struct source **out, struct loop *l, struct source_conf *conf, const struct source_events *events,
                      struct log *log, struct err *why) MUSTCHECK;

#endif
