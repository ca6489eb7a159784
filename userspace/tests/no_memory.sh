#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# No memory: each allocation that a command makes fails once. It ends as any other
# time, or with an error that it has told; nothing is left behind.
set -u
. "$(dirname "$0")/cli.bash"
virtflex=$faked
export FAKE_FAILED=$work/failed
few=$work/few
mkdir "$few"
cp -r sysroot/machine/{proc,sys,dev} "$few"
echo '10000-20000 rw-p 00000000 00:00 0 /x' >"$few/proc/4242/maps"
echo '10000 default anon=3 N1=3 kernelpagesize_kB=4' >"$few/proc/4242/numa_maps"

# as_it_should: what is said, and $status, are those of a lack of memory
as_it_should()
{
	[[ $status == [013] ]] || return
	if [ ! -s "$work/err" ]; then
		# where all went wrong anyway, it may not be able to say so
		[ "$status" -ne 1 ] || [ "$usual" -eq 1 ]
		return
	fi
	# nor do the sanitizers say anything
	! grep -qvE "^virtflex: (.*: )?(Cannot allocate memory${told+|$told})\$" "$work/err" || return
	# pages can do without states of nodes
	[ "$status" -eq 1 ] || grep -q '^virtflex: .*/proc/virtflex/topology: ' "$work/err"
}

# each_allocation ARGUMENT...
each_allocation()
{
	local n status usual
	"$virtflex" "$@" --sysroot "$few" >/dev/null 2>&1
	usual=$?
	for ((n = 1; ; n++)); do
		rm -f "$FAKE_FAILED"
		FAKE_NO_MEMORY=$n "$virtflex" "$@" --sysroot "$few" >"$work/out" 2>"$work/err" </dev/null
		status=$?
		[ -e "$FAKE_FAILED" ] || break
		as_it_should || { echo "virtflex $*: allocation $n: status $status"; cat "$work/out" "$work/err"; return 1; }
	done
	[ $n -gt 2 ] && [ $status -eq $usual ]
}

run_test doctor each_allocation doctor xenstore cpuset
run_test doctor_json each_allocation doctor --json kernel
run_test topology each_allocation topology -o node,cpus,memory
run_test topology_json each_allocation topology --json -o node,cpus
run_test pages each_allocation pages 4242 -o size,share
run_test pages_of_user each_allocation pages --all-of 1234567 --json
run_test mappings each_allocation pages -m 4242
run_test watch each_allocation watch --count 0
run_test top each_allocation top -c 1 4242
told='none of the 1 processes of 1234567 .*'
run_test top_of_user each_allocation top -c 1 --all-of 1234567 --json
told='there is no process 99( below .*)?'
run_test no_process each_allocation pages 99
finish
