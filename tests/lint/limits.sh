#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Sizes of files, functions and parameter lists; calls that are banned; goto; globals that can change.
. "$(dirname "$0")/lint.sh"
cd_top

sizes() {
	c_files | xargs "$awk" '
	BEGIN {
		# known, and to be cut down; nothing may be added here
		long_file["src/source/pgconn.c"]
		long_list["pgstmt_verdict"]
	}
	function say(line, text) { print FILENAME ":" line ": " text }
	function columns(s,   i, n, c) {
		for (i = 1; i <= length(s); i++) {
			c = substr(s, i, 1)
			if (c == "\t") n += 8 - n % 8
			else if (c !~ /[\200-\277]/) n++
		}
		return n
	}
	FNR == 1 { signature = ""; inside = 0 }
	FNR == 601 && !(FILENAME in long_file) { say(FNR, "the file is longer than 600 lines") }
	length($0) > 70 && columns($0) > 144 { say(FNR, "longer than 144 columns (120 is the aim)") }
	inside && /^}/ {
		if (FNR - start + 1 > 80) say(start, name "() has " FNR - start + 1 " lines, more than 80")
		inside = 0
		signature = ""
		next
	}
	inside { next }
	# a signature begins at the left edge and ends before { at the left edge
	/^[A-Za-z_]/ && signature == "" { signature = $0; start = FNR; if (/[;:]$/ || /^#/) signature = ""; next }
	/^{/ && signature ~ /\(/ && signature !~ /=/ {
		inside = 1
		name = signature
		sub(/\(.*/, "", name)
		sub(/.*[ *]/, "", name)
		depth = parameters = 0
		for (i = 1; i <= length(signature); i++) {
			c = substr(signature, i, 1)
			if (c == "(") depth++
			else if (c == ")" && --depth == 0) break
			else if (c == "," && depth == 1) parameters++
		}
		if (parameters + 1 > 7 && !(name in long_list)) say(start, name "() has " parameters + 1 " parameters, more than 7")
		next
	}
	signature != "" { signature = signature " " $0; if (/;$/ || /^$/) signature = "" }'
}

banned() {
	code code | "$awk" '
	BEGIN {
		ban("strcpy|strcat|sprintf|vsprintf|stpcpy", "use struct buf or snprintf()", "")
		ban("strtok|strtok_r", "use struct str", "")
		ban("atoi|atol|atoll|atof", "use strtol() with its end, or unit_parse()", "")
		ban("localtime|gmtime|ctime|asctime", "use core/clock", "")
		ban("gets|system|popen|alloca|tmpnam|mktemp|rand|srand", "never", "")
		ban("setjmp|longjmp|sigsetjmp|siglongjmp", "never", "")
		ban("malloc|calloc|realloc|strdup|strndup|asprintf|vasprintf", "use core/mem", "^src/core/mem\\.c$")
		ban("clock_gettime|gettimeofday|time", "use core/clock", "^src/core/clock\\.c$")
		ban("printf|puts|putchar|perror|vprintf|err|errx|warn|warnx", "only app/ prints", "^src/app/")
		ban("exit|_exit|_Exit|quick_exit", "only app/ ends the program", "^src/app/")
		ban("abort", "only where memory is out, and in app/", "^src/(core/mem\\.c$|loop/loop\\.c$|app/)")
		ban("sleep|usleep|nanosleep", "nothing waits: use a timer of the loop", "^src/app/guard\\.c$")
		ban("getaddrinfo|gethostbyname", "use loop/resolve", "^src/loop/resolve\\.c$")
	}
	function ban(names, instead, files) { name[++count] = "(" names ")"; hint[count] = instead; except[count] = files }
	{
		match($0, /^[^:]*:[0-9]+:/)
		where = substr($0, 1, RLENGTH)
		file = where
		sub(/:.*/, "", file)
		text = substr($0, RLENGTH + 1)
		if (text !~ /[a-z] *\(|goto|stderr|stdout/) next
		for (i = 1; i <= count; i++) {
			if (except[i] != "" && file ~ except[i]) continue
			if (!match(" " text, "[^A-Za-z0-9_.>]" name[i] " *\\(")) continue
			if (text ~ /^(static )?[a-z_]+ \*?[a-z_]+\(/ && text ~ "^[a-z_ ]* \\*?" name[i] "\\(") continue
			found = substr(" " text, RSTART + 1, RLENGTH - 1)
			print where " " found ") is banned: " hint[i]
		}
		if (text ~ /(^|[^A-Za-z0-9_])(stderr|stdout)([^A-Za-z0-9_]|$)/ && file !~ /^src\/app\//)
			print where " only app/ prints (stderr, stdout)"
		if (text ~ /(^|[^A-Za-z0-9_])goto / && text !~ /goto out;/)
			print where " goto leads only forward to out:"
	}'
}

# Symbols that are neither code nor constant. Exceptions by name, each with its reason.
globals() {
	[ -f "$archive" ] || { echo "$archive:0: not built; nothing to look at"; return; }
	"${NM:-nm}" -f sysv "$archive" 2>/dev/null | "$awk" -F'|' '
	BEGIN {
		allow["mem.o exhausted_hook"] = "an allocator has no caller to pass state through"
		allow["libpq_gate.o gate"] = "recv() has no argument to carry it"
	}
	/\[.*\.o\]:|^[^|]*\.o:/ { object = $0; sub(/\]?:$/, "", object); sub(/.*[\[\/(]/, "", object); sub(/^.* /, "", object); next }
	NF >= 7 {
		name = $1
		section = $NF
		gsub(/ /, "", name)
		gsub(/ /, "", section)
		if (section !~ /^(\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ || section ~ /^\.data\.rel\.ro/) next
		if (name ~ /^(__asan|__odr_asan|__gcov|__llvm|_ZN|\.L|__prof|__sancov|__ubsan|lprof)/ || name ~ /^(__gcov|\.)/) next
		sub(/\.[0-9]+$/, "", name)
		if ((object " " name) in allow) next
		print object, name
	}' | while read -r object name; do
		file=$(find src -name "${object%.o}.c" | head -n 1)
		line=$(grep -n -w -- "$name" "$file" 2>/dev/null | head -n 1 | cut -d: -f1)
		echo "${file:-$object}:${line:-0}: $name is a global that can change; pass state to those who need it"
	done
}

{ sizes; banned; globals; } | verdict
