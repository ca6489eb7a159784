#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the command leaves behind: memory and descriptors, by valgrind. It is the
# command that is installed, which no sanitizer looks at.
set -u
. "$(dirname "$0")/cli.bash"
. "$(dirname "$0")/descriptors.bash"

# leaves_nothing STATUS ARGUMENT...
leaves_nothing()
{
	local status=$1 got left
	shift
	command -v valgrind >/dev/null || { skip 'no valgrind here'; return; }
	LD_LIBRARY_PATH=$BUILD/lib with_standard_descriptors valgrind --quiet --log-file="$work/log" --error-exitcode=99 --leak-check=full \
		--errors-for-leak-kinds=definite,indirect,possible --track-fds=yes \
		"$BUILD/bin/virtflex" "$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	# descriptors that it was started with are not its own
	left=$(awk '/Open (file|AF_[A-Z]* socket)/ { what = $0; next } /<inherited/ { what = ""; next }
		what { print what; what = "" } END { if (what) print what }' "$work/log")
	if [ $got -ne "$status" ] || [ -n "$left" ]; then
		echo "virtflex $*: status $got"
		cat "$work/err" "$work/log"
		return 1
	fi
}

run_test topology leaves_nothing 0 topology --sysroot sysroot/machine
run_test topology_json leaves_nothing 0 topology --json -o node,cpus --sysroot sysroot/machine
run_test topology_missing leaves_nothing 1 topology --sysroot "$work"
run_test topology_column leaves_nothing 2 topology -o frob
run_test watch leaves_nothing 1 watch --sysroot sysroot/machine
run_test pages leaves_nothing 1 pages 4242 99 4242 --sysroot sysroot/machine
run_test pages_json leaves_nothing 0 pages --json -a 1234567 --sysroot sysroot/machine
run_test pages_raw leaves_nothing 0 pages -r 4242 4242 --sysroot sysroot/machine
run_test mappings leaves_nothing 0 pages -m 4242 --sysroot sysroot/machine
run_test mappings_json leaves_nothing 0 pages -mJ 4242 --sysroot sysroot/machine
run_test migrate leaves_nothing 1 migrate 2147483647 2147483646
run_test migrate_wrong leaves_nothing 2 migrate 1 x
run_test doctor leaves_nothing 0 doctor --sysroot sysroot/machine
run_test doctor_json leaves_nothing 3 doctor --json --sysroot sysroot/no-xen
run_test doctor_wrong leaves_nothing 2 doctor frob
run_test top leaves_nothing 0 top -c 2 -d 1 4242 --sysroot sysroot/machine
run_test top_json leaves_nothing 0 top -c 1 --json -a 1234567 --sysroot sysroot/machine
run_test top_gone leaves_nothing 1 top 4242 99 --sysroot sysroot/machine
run_test help leaves_nothing 0 help migrate
finish
