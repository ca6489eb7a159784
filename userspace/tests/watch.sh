#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# virtflex watch, with topologies that come when the test says.
set -u
. "$(dirname "$0")/cli.bash"
virtflex=$faked

# topology GENERATION STATE NODE...: a file; a node is its line after "node"
topology()
{
	local file=$work/topology.$1
	printf 'version 1\ngeneration %s\nstate %s\n' "$1" "$2" >"$file"
	shift 2
	printf 'node %s\n' "$@" >>"$file"
}
topology 1 stable '0 active 0 0-1 4096 4096 4096 10,20,20' '1 active - 2 4096 4096 4096 20,10,20' \
	'2 active 2 - 4096 4096 4096 20,20,10'
topology 2 shrinking '0 active 0 0-1 4096 4096 4096 10,20,20' '1 leaving - 2 4096 0 4096 20,10,20' \
	'2 active 2 - 4096 4096 4096 20,20,10'
topology 3 stable '0 active 0 0-1 4096 4096 4096 10,20' '2 active 2 - 4096 4096 4096 20,10'
topology 4 'failed: no memory' '0 active 0 0,3 4096 4096 4096 10,20' '2 active 2 - 4096 4096 8192 20,10'

# watched STATUS EXPECTED FAKE ARGUMENT...
watched()
{
	local status=$1 expected=$2 fake=$3 got
	shift 3
	(cd "$work" && FAKE_WAIT=$fake "$virtflex" watch "$@" >out 2>err </dev/null)
	got=$?
	{ sed -E 's/^[0-9]{2}:[0-9]{2}:[0-9]{2} //' "$work/out" | cat - "$work/err" |
		diff <(printf '%s' "$expected") - && [ $got -eq "$status" ]; } ||
		{ echo "status $got"; return 1; }
}

first='generation 1 stable
  node 0 active   4.00 MiB, target 4.00 MiB, cpus 0-1
  node 1 active   4.00 MiB, target 4.00 MiB, cpus 2
  node 2 active   4.00 MiB, target 4.00 MiB, cpus -
'
second='generation 2 shrinking
  node 1 leaving  4.00 MiB, target 0 KiB, cpus 2
'
third='generation 3 stable
  node 1 gone
'
fourth='generation 4 failed: no memory
  node 0 active   4.00 MiB, target 4.00 MiB, cpus 0,3
  node 2 active   4.00 MiB, target 4.00 MiB, cpus -
'
gone='virtflex: the virtflex module was unloaded; to go on: modprobe virtflex, or insmod virtflex.ko
'
# a CPU of node 0 came, another went; node 2 may have more
run_test what_is_new watched 0 "$first$second$third$fourth" \
	'topology.1 topology.2 topology.3 topology.4' --count 3
run_test nodes_come_back watched 0 "generation 3 stable
  node 0 active   4.00 MiB, target 4.00 MiB, cpus 0-1
  node 2 active   4.00 MiB, target 4.00 MiB, cpus -
generation 1 stable
  node 1 active   4.00 MiB, target 4.00 MiB, cpus 2
" 'topology.3 topology.1' --count 1
# one number of a node, and no other
topology 5 stable '0 active 0 0,3 4096 4096 4096 10,20' '2 active 2 - 2048 4096 8192 20,10'
topology 6 stable '0 active 0 0,3 4096 4096 4096 10,20' '2 active 2 - 2048 2048 8192 20,10'
run_test one_number watched 0 "$fourth""generation 5 stable
  node 2 active   2.00 MiB, target 4.00 MiB, cpus -
generation 6 stable
  node 2 active   2.00 MiB, target 2.00 MiB, cpus -
" 'topology.4 topology.5 topology.6' --count 2
run_test count_none watched 0 "$first" topology.1 --count 0
run_test count_one watched 0 "$first$second" 'topology.1 topology.2' --count 1
run_test signals_are_no_news watched 0 "$first$second" 'interrupted topology.1 interrupted interrupted topology.2' --count 1
run_test timeout_is_status_5 watched 5 "$first" 'topology.1 timeout=3000' --timeout 3
run_test timeout_with_news watched 5 "$first$second" 'topology.1 topology.2 timeout=7000' --timeout 7 --count 2
run_test timeout_zero watched 5 "$first" 'topology.1 timeout=0' --timeout 0
run_test no_timeout watched 5 "$first" 'topology.1 timeout=-1'
run_test longest_timeout watched 5 "$first" 'topology.1 timeout=2147483000' --timeout 2147483
run_test unloaded watched 1 "$first$gone" 'topology.1 unloaded'
run_test unloaded_before watched 1 "$gone" unloaded

json()
{
	(cd "$work" && FAKE_WAIT='topology.1 topology.4 unloaded' "$virtflex" watch --json >out 2>err)
	[ $? -eq 1 ] && [ "$(wc -l <"$work/out")" -eq 2 ] &&
		sed -n 2p "$work/out" | grep -q '^{"version":1,"generation":4,"state":"failed","why":"no memory","nodes":\[{"id":0,.*}\]}$'
}
run_test json json
finish
