#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Each entry under ERRORS of the man page virtflex_migrate(2) has a test named
# after it, error_<ERRNO>_<cause>, and each such test an entry. TAP.
#
# Usage: error_names.sh [MAN_PAGE]

here=$(cd "$(dirname "$0")" && pwd)
man=${1:-$here/../docs/man/virtflex_migrate.2}

echo "TAP version 13"
if [ ! -r "$man" ]; then
	echo "1..0 # SKIP no man page at $man"
	exit 4
fi
entries=$(awk '
	/^\.SH / { inside = $2 == "ERRORS" }
	inside && entry && /^\.B / { print "error_" $2 ($3 ? "_" $3 : "") }
	{ entry = $1 == ".TP" }' "$man" | sort -u)
tests=$(sed -n 's/^TEST[A-Z_]*(.*\(error_E[A-Za-z0-9_]*\).*/\1/p' \
	"$here"/migrate_*.c | sort -u)

names=$(printf '%s\n%s\n' "$entries" "$tests" | sort -u | grep .)
nr=0 failed=0
echo "1..$(printf '%s\n' "$names" | wc -l)"
for name in $names; do
	nr=$((nr + 1))
	if ! printf '%s\n' "$tests" | grep -qx "$name"; then
		echo "not ok $nr $name: an entry of the man page, and no test"
	elif ! printf '%s\n' "$entries" | grep -qx "$name"; then
		echo "not ok $nr $name: a test, and no entry in the man page"
	else
		echo "ok $nr $name"
		continue
	fi
	failed=$((failed + 1))
done
[ $failed -eq 0 ] && [ $nr -gt 0 ]
