/* SPDX-License-Identifier: PostgreSQL */
/*
 * Compiler contracts and the few macros that every file may use. Nothing else belongs here.
 * GNU attributes are written only through these names, so that another compiler sees empty ones.
 */
#ifndef CORE_BASE_H
#define CORE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define MUSTCHECK __attribute__((warn_unused_result))
#define PRINTFLIKE(fmt, first) __attribute__((format(printf, fmt, first)))
#define NORETURN __attribute__((noreturn))
#else
#define MUSTCHECK
#define PRINTFLIKE(fmt, first)
#define NORETURN
#endif

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
