#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The description for syzkaller is that of the header: each structure that both have has
# the same fields, in the same order and of the same size; each flag is there; each
# constant has its value.
#
# Usage: check.sh [DESCRIPTION [HEADER]]

here=$(cd "$(dirname "$0")" && pwd)
text=${1:-$here/virtflex.txt}
header=$(realpath "${2:-$here/../../uapi/linux/virtflex.h}") || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What is said of structures, in C. Of syzkaller's language it knows what is used here.
claims() {
	awk '
	function size_of(type,	part) {
		sub(/\[opt\]$/, "", type)
		if (type in size)
			return size[type]
		if (type ~ /^(int64|ptr64|vma64)/ || type ~ /^(flags|const)\[.*, int64\]$/)
			return 8
		if (match(type, /^array\[.*, [0-9]+\]$/)) {
			sub(/^array\[/, "", type)
			sub(/\]$/, "", type)
			part = type
			sub(/.*, /, "", part)
			sub(/, [0-9]+$/, "", type)
			return part * size_of(type)
		}
		return -1
	}
	function known(name, bytes) { size[name] = bytes }
	/^#/ { next }
	/^resource / {
		if (match($0, /\[int64\]/))
			known(substr($2, 1, index($2, "[") - 1), 8)
		next
	}
	/^[a-z_]+ [{[]$/ { name[++n] = $1; kind[n] = $2; next }
	/^[}\]]/ { next }
	/^\t/ {
		field = $1
		type = $0
		sub(/^\t[a-z_]+[\t ]+/, "", type)
		sub(/[\t ]*\((in|out|inout)\)$/, "", type)
		fields[n] = fields[n] field SUBSEP type "\n"
	}
	END {
		# sizes of what is made of others are known when those are
		for (round = 0; round < n; round++)
			for (i = 1; i <= n; i++) {
				bytes = 0
				count = split(fields[i], all, "\n") - 1
				for (k = 1; k <= count; k++) {
					split(all[k], f, SUBSEP)
					one = size_of(f[2])
					if (one < 0) {
						bytes = -1
						break
					}
					bytes = kind[i] == "{" ? bytes + one : one > bytes ? one : bytes
				}
				if (bytes >= 0)
					known(name[i], bytes)
			}
		for (i = 1; i <= n; i++) {
			if (kind[i] != "{" || !(name[i] in size))
				continue
			at = 0
			count = split(fields[i], all, "\n") - 1
			for (k = 1; k <= count; k++) {
				split(all[k], f, SUBSEP)
				print "struct", name[i], f[1], at, size_of(f[2])
				at += size_of(f[2])
			}
			print "whole", name[i], at
		}
	}' "$text"
}

structures=$(sed -n 's/^struct \([a-z_]*\) {$/\1/p' "$header")
flags=$(sed -n '/^enum virtflex_migrate_flags {/,/^}/s/^\t\([A-Z_]*\).*/\1/p' "$header" | sort)
described=$(sed -n 's/^virtflex_migrate_flags = //p' "$text" | tr -d ' ' | tr , '\n' | sort)
if [ -z "$flags" ] || [ "$flags" != "$described" ]; then
	printf 'flags of %s:\n%s\nflags of %s:\n%s\n' "$header" "$flags" "$text" "$described"
	exit 1
fi
claims >"$work/claims"
for name in virtflex_migrate_args virtflex_nodemask; do
	grep -q "^whole $name " "$work/claims" || { echo "$text: no size of struct $name"; exit 1; }
done
{
	printf '#include <stddef.h>\n#include <fcntl.h>\n#include <sys/syscall.h>\n#include "%s"\n' "$header"
	echo '#define __NR_virtflex_migrate VIRTFLEX_MIGRATE_NR'
	while read -r kind name field at size; do
		printf '%s\n' "$structures" | grep -qx "$name" || continue
		case $kind in
		struct) printf '_Static_assert(offsetof(struct %s, %s) == %s && sizeof(((struct %s *)0)->%s) == %s, "%s.%s");\n' \
			"$name" "$field" "$at" "$name" "$field" "$size" "$name" "$field" ;;
		whole) printf '_Static_assert(sizeof(struct %s) == %s, "size of %s");\n' "$name" "$field" "$name" ;;
		esac
	done <"$work/claims"
	sed -n 's/^\([A-Za-z_]*\) = \([0-9]*\)$/_Static_assert((unsigned long)\1 == \2UL, "\1");/p' "$text.const"
} >"$work/claims.c"
grep -c _Static_assert "$work/claims.c"
gcc -Wall -D_GNU_SOURCE -fsyntax-only "$work/claims.c"
