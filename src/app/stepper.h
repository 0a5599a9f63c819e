/* SPDX-License-Identifier: PostgreSQL */
/*
 * Steps in a recording: one frame on or back, to a time, to the end. A frame that is not the next one is searched for a few
 * milliseconds a turn, then those before it are shown to the session without a picture of them, until its feeds have what they had
 * when the recording came there by itself. Keys go on meanwhile.
 */
#ifndef APP_STEPPER_H
#define APP_STEPPER_H

#include "app/session.h"
#include "core/err.h"
#include "loop/loop.h"
#include "source/replay.h"
#include "ui/ui.h"

struct stepper;

struct stepper *stepper_new(struct loop *l, struct replay *replay); /* borrowed */
void stepper_free(struct stepper *st); /* NULL is accepted */
/* Begins a step, or takes it for the next one while another is under way. */
void stepper_go(struct stepper *st, const struct ui_step *step);
/* A turn of the loop: 1 under way (nothing of it should be drawn by itself), 2 it has just arrived, 0 nothing is under way. Negative: the
 * recording cannot be read, and is at its end. */
int stepper_turn(struct stepper *st, struct session *s, struct err *why) MUSTCHECK;
bool stepper_busy(const struct stepper *st);
/* What came of the last step and is not what was asked for ("the recording begins here"), NULL nothing; once. */
const char *stepper_notice(struct stepper *st);

#endif
