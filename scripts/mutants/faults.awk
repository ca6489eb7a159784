# SPDX-License-Identifier: GPL-2.0
# All single faults that could be planted in a C file of the kernel's style, one a
# line, with a byte 31 between the fields:
#
#   OPERATOR HASH LINE FUNCTION NTH OLD NEW
#
# OLD is the text of the line, the NTH that is the same in the function, and NEW is
# what it is to be. The hash is of these and the file's name: an edit elsewhere does
# not change it.
#
# An operator has exceptions where such a fault makes no difference that a test sees:
#   bound   fd < 0: no file that is opened becomes descriptor 0
#           printf() < 0: nothing that is printed is empty
#           a < b ? a : b, and if (a < b) b = a: equal values are the same
#   number  < 0: is one of bound; 1000 and more: one less is little; sizes of arrays;
#           MAP_ANONYMOUS: no descriptor is looked at
#   flag, bits  CLOEXEC: no program is started; O_DIRECTORY: it is one
#   call    sched_yield(), and the *_destroy() of pthreads, which frees nothing

BEGIN {
	INVISIBLE = "CLOEXEC|O_DIRECTORY"
	for (i = 32; i < 127; i++)
		ascii = ascii sprintf("%c", i)
}

{ text[NR] = $0 }

END {
	for (n = 1; n <= NR; n++) {
		line = text[n]
		after = text[n + 1]
		if (line == "{") {
			inside = 1
			split("", seen)
		} else if (line ~ /^}/) {
			inside = 0
		} else if (inside) {
			nth = ++seen[line]
			bare = blanked(line)
			operators()
		} else if (line ~ /^[A-Za-z].*\(/) {
			name = line
			sub(/\(.*/, "", name)
			sub(/.*[ *]/, "", name)
		}
	}
}

# A line with comments and strings blanked; what is left of it is where it was.
function blanked(line)
{
	if (comment || line ~ /^#/) {
		comment = comment && line !~ /\*\//
		return ""
	}
	while (match(line, /"([^"\\]|\\.)*"|'([^'\\]|\\.)+'|\/\*.*\*\//))
		line = substr(line, 1, RSTART - 1) sprintf("%" RLENGTH "s", "") \
			substr(line, RSTART + RLENGTH)
	comment = index(line, "/*")
	return comment ? substr(line, 1, comment - 1) : line
}

function operators()
{
	condition()
	if (bare !~ /(fd|printf\(.*\)) (<|>=) 0|\?/ && !is_maximum()) {
		swap("bound", " < ", " <= ")
		swap("bound", " > ", " >= ")
	}
	swap("equal", " == ", " != ")
	swap("logic", " && ", " || ")
	swap("sum", " + ", " - ")
	swap("sum", " += ", " -= ")
	swap("sum", "++", "--")
	swap("bits", " |= ", " &= ")
	if (bare !~ INVISIBLE)
		swap("bits", " & ", " | ")
	swap("bits", " << ", " >> ")
	if (bare ~ /^\t+[a-z_][a-zA-Z0-9_.>-]*\(.*\);$/ &&
	    bare !~ /sched_yield|pthread_.*_destroy/)
		emptied("call")
	if (bare ~ /^\t+(break|continue|return);$/)
		emptied("jump")
	flags()
	result()
	errors()
	if (bare !~ / (<|>=) 0|MAP_ANONYMOUS/)
		numbers()
}

# The fault that is the line with LENGTH characters from START on replaced.
function fault(operator, start, length_, by,    i, key, hash)
{
	key = nth "\037" line "\037" \
		substr(line, 1, start - 1) by substr(line, start + length_)
	by = FILENAME name key
	for (i = 1; i <= length(by); i++)
		hash = (hash * 31 + index(ascii, substr(by, i, 1))) % 16777213
	print operator "\037" hash "\037" n "\037" name "\037" key
}

function swap(operator, one, other)
{
	replace_each(operator, one, other)
	replace_each(operator, other, one)
}

function replace_each(operator, old, new,    at, start)
{
	for (start = 1; at = index(substr(bare, start), old); start += at)
		fault(operator, start + at - 1, length(old), new)
}

function emptied(operator)
{
	match(line, /[^\t]/)
	fault(operator, RSTART, length(line), ";")
}

# An "if" on one line: the opposite; and never, if it is to leave.
function condition(    start, end, depth, c)
{
	if (!match(bare, /[\t ]if \(/))
		return
	start = end = RSTART + RLENGTH
	for (depth = 1; end <= length(bare); end++) {
		c = substr(bare, end, 1)
		depth += (c == "(") - (c == ")")
		if (!depth)
			break
	}
	if (depth)
		return
	fault("negate", start, end - start, "!(" substr(line, start, end - start) ")")
	if (after ~ /^\t+(return|goto|continue|break)[ ;]/)
		fault("unchecked", start, end - start, "0")
}

# if (a < b), and then b = a or a = b
function is_maximum(    side, next_line)
{
	if (split(bare, side, / [<>]=? /) != 2)
		return 0
	sub(/.*\(/, "", side[1])
	sub(/\).*/, "", side[2])
	next_line = after
	gsub(/[\t;]/, "", next_line)
	return next_line == side[1] " = " side[2] || next_line == side[2] " = " side[1]
}

function flags(    start, flag)
{
	for (start = 1; match(substr(bare, start), / \| [A-Z][A-Z0-9_]+/); start += RLENGTH) {
		start += RSTART - 1
		flag = substr(bare, start, RLENGTH)
		if (flag !~ INVISIBLE && substr(bare, start + RLENGTH, 1) != "(")
			fault("flag", start, RLENGTH, "")
	}
}

function result(    value, other)
{
	if (!match(bare, /^\t+return .*;$/))
		return
	value = bare
	gsub(/^\t+return |;$/, "", value)
	other = value == "0" ? "-EIO" : value == "false" ? "true" : "0"
	if (value != "NULL")
		fault("return", index(bare, "return ") + 7, length(value), other)
}

function errors(    start, old)
{
	for (start = 1; match(substr(bare, start), /-E[A-Z0-9]+/); start += RLENGTH) {
		start += RSTART - 1
		old = substr(bare, start, RLENGTH)
		fault("error", start, RLENGTH, old == "-EINVAL" ? "-EIO" : "-EINVAL")
	}
}

# One less, and 1 for 0.
function numbers(    start, old, before, size)
{
	size = bare ~ /^\t+[a-z_0-9]+ [a-z_0-9 *]*\[/ && bare !~ /^\t+(return|else) /
	for (start = 1; match(substr(bare, start), /[0-9]+/); start += RLENGTH) {
		start += RSTART - 1
		old = substr(bare, start, RLENGTH)
		before = substr(bare, start - 1, 1)
		if (before ~ /[A-Za-z0-9_.]/ || (size && before == "[") || old >= 1000 ||
		    substr(bare, start + RLENGTH) ~ /^[uUlL]*[a-tv-zA-KM-TV-Z_.]/)
			continue
		fault("number", start, RLENGTH, old + 0 ? old - 1 : 1)
	}
}
