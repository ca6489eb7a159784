#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# On the distribution's own kernel, which has no virtflex_migrate(2): the
# module loads and tells the truth, the call is ENOSYS, and the virtflex
# command moves pages by move_pages(2). TAP; the last line is the count.

cd "$(dirname "$0")" || exit 1
results=$(mktemp)
nr=0

# result STATUS NAME [WHY]
result() {
	nr=$((nr + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $nr stock $2"
	else
		echo "not ok $nr stock $2${3:+: $3}"
	fi | tee -a "$results"
}

echo "TAP version 13"
grep -q '^virtflex ' /proc/modules
result $? 'the module is loaded'
! ./follower --probe
result $? 'the system call is not there'

# A program of ours, all its memory on node 0, is to leave for node 1.
if command -v virtflex >/dev/null; then
	output=$(virtflex migrate --self-test 2>&1)
	result $? 'virtflex migrate --self-test' "$output"
	echo "$output" | sed 's/^/# /'
	echo "$output" | grep -qi 'move_pages'
	result $? 'it says that it fell back on move_pages(2)'
else
	echo "ok $((nr += 1)) stock virtflex migrate # SKIP the virtflex command is not here" |
		tee -a "$results"
fi

{
	./run proc_topology event_page module_reload
	TEST_ARGS='-t error_ENOSYS' ./run migrate_abi
} 2>&1 | tee /tmp/run |
	grep -v '^# [0-9]* passed'
awk '/^not ok / { failed++; next } /^ok .*# SKIP/ { skipped++; next } /^ok / { passed++ }
	END { printf "# %d passed, %d failed, %d skipped\n", passed, failed, skipped
		exit failed > 0 || passed == 0 }' "$results" /tmp/run
