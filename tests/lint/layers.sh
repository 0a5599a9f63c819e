#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Which folder may include which (docs/architecture.md), and the one home of each outside library.
. "$(dirname "$0")/lint.sh"
cd_top
c_files | xargs "$awk" '
BEGIN {
	# folder: what it may include besides itself
	may["core"] = ""
	may["model"] = "core"
	may["loop"] = "core"
	may["insight"] = "core model"
	may["source"] = "core model loop"
	may["store"] = "core model loop"
	may["ui"] = "core model insight"
	may["out"] = "core model insight"
	may["action"] = "core model loop insight source store"
	may["bridge"] = "core model loop insight source store"
	may["app"] = "core model loop insight source store ui out action bridge"
	# header: the files that may include it
	home("^(n?curses|term|ncursesw?/.*)\\.h$", "^src/ui/term")
	home("^(libpq-fe|libpq/.*|pg_config.*)\\.h$", "^src/source/")
	home("^hiredis/", "^src/source/resp\\.")
	home("^event2/(bufferevent|buffer|util)", "^src/(loop|source)/")
	home("^event2/|^event\\.h$", "^src/loop/|^src/source/(stream|tls)\\.")
	home("^yaml\\.h$", "^src/model/yaml")
	home("^c[jJ][sS][oO][nN]/", "^src/model/json")
	home("^utf8proc\\.h$", "^src/core/")
	home("^openssl/", "^src/source/tls\\.")
	home("^dlfcn\\.h$", "^src/source/|^src/insight/parse|^src/bridge/codec")
	home("^pg_query\\.h$", "^src/insight/parse")
	home("^(zlib|sodium|sodium/.*)\\.h$", "^src/bridge/codec")
	home("^getopt\\.h$", "^src/app/")
	# what waits, opens or sends has no place in the pure folders
	home("^(sys/socket|netdb|poll|sys/poll|sys/select|sys/epoll|pthread|sys/wait)\\.h$", "^src/(loop|source|store|action|bridge|app)/|^src/ui/(term|outq)\\.")
	home("^(unistd|fcntl|dirent|termios|sys/ioctl|sys/mman)\\.h$", "^src/(core|loop|source|store|action|bridge|app)/|^src/ui/(term|outq)\\.")
}
function home(header, files) { headers[++homes] = header; place[homes] = files }
function say(text) { print FILENAME ":" FNR ": " text }
/^[ \t]*#[ \t]*include[ \t]/ {
	split(FILENAME, part, "/")
	folder = part[2]
	match($0, /[<"][^>"]*[>"]/)
	name = substr($0, RSTART + 1, RLENGTH - 2)
	if (substr($0, RSTART, 1) == "<") {
		for (i = 1; i <= homes; i++) {
			if (name !~ headers[i]) continue
			if (FILENAME !~ place[i]) say("<" name "> has its home elsewhere (" place[i] ")")
			break
		}
		next
	}
	if (name == "config.h") next
	if (name !~ /^[a-z]+\/[a-z0-9_]+\.(h|def)$/) { say("\"" name "\": write \"folder/file.h\""); next }
	split(name, want, "/")
	if (!(folder in may)) say("folder " folder " has no place in tests/lint/layers.sh")
	else if (want[1] != folder && index(" " may[folder] " ", " " want[1] " ") == 0)
		say(folder "/ may not include " want[1] "/ (" name ")")
}' | verdict
