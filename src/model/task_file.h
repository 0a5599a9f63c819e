/* SPDX-License-Identifier: PostgreSQL */
/*
 * What can be seen of a task, as members of a JSON map (docs/recording.md), and back: a task that was recorded only shows
 * itself. It answers nothing, and what it is asked to do it does not.
 */
#ifndef MODEL_TASK_FILE_H
#define MODEL_TASK_FILE_H

#include "model/json.h"
#include "model/task.h"

/* Into the map that is open. sql: in place of t->sql (masked, for example); NULL none. */
void task_put(const struct task *t, const char *sql, struct json_writer *w);
/* t, zeroed or from an earlier call, becomes what the map says; its id and its place stay. All texts are cleaned again.
 * ERR_INVALID: something is missing or of no known value, and t is as it was. task_release() gives back what it holds. */
int task_take(struct task *t, const struct json *map, struct err *why) MUSTCHECK;

#endif
