/* SPDX-License-Identifier: PostgreSQL */
/* Between the files of the audit log. */
#ifndef ACTION_AUDIT_PRIVATE_H
#define ACTION_AUDIT_PRIVATE_H

#include "action/audit.h"

/* Appends one line made of who, when, the chain and `body` (a JSON map), synced. Runs in a thread; waits 5 s for the lock. */
int audit_append(const char *path, const char *body, struct err *why) MUSTCHECK;
/* Opens for reading and appending, or (create false) for reading only, with all checks of who may write it. Returns the fd. */
int audit_open(const char *path, bool create, struct err *why) MUSTCHECK;
int audit_make_folders(const char *path, struct err *why) MUSTCHECK;
/* flock() with a deadline of 5 s. */
int audit_lock(int fd, bool exclusive, const char *path, struct err *why) MUSTCHECK;

#endif
