/* SPDX-License-Identifier: PostgreSQL */
/*
 * --record: the recording (out/record.h) in a file of its own, written by a thread, a frame at a time. A failing disk ends the
 * recording, never the view: the first failure is kept and told. A slow one costs frames, whole ones, once 32 MiB wait for it;
 * the next frame in the file says how many. Nothing is synced to the disk.
 */
#ifndef APP_RECORDER_H
#define APP_RECORDER_H

#include "core/err.h"
#include "out/record.h"

struct recorder;

/* A new file, mode 0600, no link followed; one that is there is an error, so nothing is written over. */
int recorder_open(struct recorder **out, const char *path, struct err *why) MUSTCHECK;
/* A frame begins; the first one writes the head. */
void recorder_frame(struct recorder *r, const struct server_status *const *servers, int count, const struct clock *now,
                    double interval_ms);
/* A sample arrived (session_conf.arrived). Before the first frame: nothing. */
void recorder_sample(struct recorder *r, const struct record_sample *s, const struct server_status *status);
/* Of the frame that began last: how a task stands (sql: in place of its own), where *written, its line's hash, says that it
 * changed; and plans that were shown. */
void recorder_task(struct recorder *r, int server, const struct task *t, const char *sql, uint64_t *written);
void recorder_plans(struct recorder *r, const struct record_plans *p);
/* Why recording stopped, or what is missing so far; NULL while it is whole. */
const char *recorder_trouble(struct recorder *r);
/* Writes the end and closes, within 3 s. ERR_IO: the recording is not whole, why says in what. NULL is accepted. */
int recorder_close(struct recorder *r, struct err *why) MUSTCHECK;

#endif
