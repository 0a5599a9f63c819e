/* SPDX-License-Identifier: PostgreSQL */
#include "source/digest.h"

#include <dlfcn.h>
#include <string.h>

/* One call, the same since OpenSSL 0.9.7 and in 3. */
typedef unsigned char *sha256_function(const unsigned char *bytes, size_t len, unsigned char *md);

int digest_sha256(const void *bytes, size_t len, char hex[DIGEST_HEX], struct err *why)
{
	static const char *const names[] = {"libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.so"};
	static const char digits[] = "0123456789abcdef";
	sha256_function *sha256 = NULL;
	unsigned char md[32];
	void *library = NULL;

	/* A second dlopen() costs a look into a list. NODELETE: OpenSSL registers handlers that run at exit. */
	for (size_t i = 0; i < ARRAY_LEN(names) && !library; i++)
		library = dlopen(names[i], RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
	if (library) {
		void *symbol = dlsym(library, "SHA256");
		memcpy(&sha256, &symbol, sizeof sha256);
	}
	if (!sha256 || !sha256(bytes, len, md)) {
		if (library)
			dlclose(library);
		return err_set(why, ERR_UNSUPPORTED, "cannot load SHA-256 from libcrypto: install the Debian package libssl3");
	}
	for (size_t i = 0; i < sizeof md; i++) {
		hex[2 * i] = digits[md[i] >> 4];
		hex[2 * i + 1] = digits[md[i] & 15];
	}
	hex[64] = '\0';
	dlclose(library);
	return 0;
}
