#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of several scripts of this folder, one after the other in dom0, as a boot takes
# longer than many of them:
#
#	scripts/guest --xen=patched --file build/selftests:/root/t \
#		--dom0 'sh t/xen/several.sh "ctl.sh published" daemons.sh' -- sh t/xen/agent.sh
#
# Each word is a script with its tests, if not all. TAP of each; the last line is the sum.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR source=orders.sh
. "$here/orders.sh"
passed=0 failed=0 skipped=0
output=$(mktemp)

# add LINE: what a script has counted; false if that is not that it has tested anything
add() {
	count=$(echo "$1" | sed -nE 's/^# ([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p')
	[ -n "$count" ] || return 1
	# shellcheck disable=SC2086 # three words
	set -- $count
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
	[ $(($1 + $2)) -gt 0 ]
}

for tests; do
	echo "# $tests"
	# shellcheck disable=SC2086 # a script and its tests
	AGENT=stays sh "$here"/$tests | tee "$output"
	add "$(tail -n 1 "$output")" || {
		failed=$((failed + 1))
		echo "not ok ${tests%% *}: it ended without its count, or tested nothing"
	}
done
rm "$output"
end_agent
echo "# $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
