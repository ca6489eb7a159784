#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Xen's own tests of what its series changes, in dom0: the programs in the folder named.
# TAP; the last line is the count.
passed=0 failed=0

echo "TAP version 13"
for program in "$1"/test-*; do
	echo "# $program"
	if "$program"; then
		passed=$((passed + 1))
		echo "ok $((passed + failed)) ${program##*/}"
	else
		failed=$((failed + 1))
		echo "not ok $((passed + failed)) ${program##*/}"
	fi
done
echo "# $passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
