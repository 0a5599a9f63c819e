/* SPDX-License-Identifier: PostgreSQL */
/*
 * The guard: a small parent that waits for the dashboard and gives the terminal back if the dashboard cannot.
 *
 * The dashboard runs in a child. However the child ends - a key, a signal, an abort, SIGKILL - the parent, which never
 * touched the terminal, puts back its modes and, when the child could not, leaves the alternate screen, shows the cursor and
 * switches mouse and paste modes off. Then it ends the way the child ended, so that the shell sees the true status.
 *
 *   ^Z      the child restores the terminal and stops; the parent stops after it, so the shell's prompt comes last
 *   STOP    of the child, from outside: the parent restores the terminal and stops, as after ^Z
 *   fg      the parent continues the child
 *   signals sent to the parent's pid are passed on
 *   SIGKILL of the parent: the child gets SIGTERM (PR_SET_PDEATHSIG), restores and ends
 */
#ifndef APP_GUARD_H
#define APP_GUARD_H

#include "core/base.h"
#include "core/err.h"
#include "core/str.h"

struct guard; /* a page shared by both processes */

/* Forks. In the child returns 0 with *out set: go on. The parent never returns. Call before any thread, any curses and
 * any secret. The parent's messages go to stderr. */
int guard_start(struct guard **out, struct err *why) MUSTCHECK;

/* The child tells what bytes bring the terminal back (terminfo's own, see term_restore_text()), and that the terminal is
 * open; with active false the parent will only check its modes. */
void guard_arm(struct guard *g, struct str restore, bool active);

/* False: the terminal is given back, by guard_arm() or by the parent when the child was stopped from outside. */
bool guard_armed(const struct guard *g);

/* The child was continued (SIGCONT): so is the parent that stopped with it, when somebody continued the child alone. */
void guard_continued(struct guard *g);

#endif
