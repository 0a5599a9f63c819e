# SPDX-License-Identifier: PostgreSQL
# C source as "FILE:LINE:TEXT" for the lints. keep=code: comments and the insides of literals become blanks. keep=text: only the
# string literals, one a line, without their quotes.
FNR == 1 { state = "" }
{
	out = ""
	literal = ""
	n = length($0)
	for (i = 1; i <= n; i++) {
		c = substr($0, i, 1)
		two = substr($0, i, 2)
		if (state == "comment") {
			if (two == "*/") { state = ""; i++ }
			continue
		}
		if (state == "string" || state == "char") {
			if (c == "\\") { literal = literal two; i++; continue }
			if ((state == "string" && c == "\"") || (state == "char" && c == "'")) {
				if (keep == "text" && state == "string") print FILENAME ":" FNR ":" literal
				state = ""
				out = out c
				continue
			}
			literal = literal c
			continue
		}
		if (two == "/*") { state = "comment"; i++; out = out " "; continue }
		if (two == "//") break
		if (c == "\"") { state = "string"; literal = "" }
		if (c == "'") { state = "char"; literal = "" }
		out = out c
	}
	if (state == "string" || state == "char") state = ""
	if (keep == "code") print FILENAME ":" FNR ":" out
}
