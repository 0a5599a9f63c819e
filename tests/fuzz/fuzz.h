/* SPDX-License-Identifier: PostgreSQL */
/*
 * A fuzz target is one file with LLVMFuzzerTestOneInput() and what is below. In `make check` runner.c feeds it its seeds
 * and a fixed number of mutations of them, always the same ones (FUZZ_RUNS=N for more, FUZZ_SEED=N for others), or the
 * files named on its command line. For a real hunt leave runner.c out:
 *   clang -std=gnu11 -D_GNU_SOURCE -Isrc -g -fsanitize=fuzzer,address,undefined \
 *     tests/fuzz/fuzz.c tests/fuzz/fuzz_expr.c src/core/[a-z]*.c src/model/[a-z]*.c -lyaml -lcjson -lutf8proc -lm
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const char *const fuzz_seeds[];  /* NULL-terminated; texts */
extern const char *const fuzz_words[];  /* NULL-terminated; pieces that mutations put in */
extern const char *const fuzz_folder;   /* files under $srcdir that are seeds too, or NULL */

/* Ends the program with a message when `text` is no good message: empty, with controls or invalid UTF-8. */
void fuzz_check_message(const char *text);
/* Ends the program when the promise does not hold. */
#define FUZZ_REQUIRE(condition) \
	do { \
		if (!(condition)) \
			fuzz_fail(__FILE__, __LINE__, #condition); \
	} while (0)
void fuzz_fail(const char *file, int line, const char *what) __attribute__((noreturn));

#endif
