#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# virtflex migrate --self-test finds out about kernels that do not do what they say.
set -u
. "$(dirname "$0")/cli.bash"
virtflex=$faked

# tested STATUS KERNEL PATTERN...: each is a line of the output
tested()
{
	local status=$1 kernel=$2 got
	shift 2
	FAKE_KERNEL=$kernel "$virtflex" migrate --self-test >"$work/out" 2>&1
	got=$?
	[ $got -eq "$status" ] || { echo "status $got"; cat "$work/out"; return 1; }
	for pattern; do
		grep -Eqx "$pattern" "$work/out" || { echo "no $pattern"; cat "$work/out"; return 1; }
	done
}
right='1024 pages on their right nodes'
wrong='of 1024 pages are on a wrong node'
# each WORD SIZE TEXT [TEXT of interleave]: patterns for the cases with pages of that size
each()
{
	local name text
	for name in bind 'prefer \(many\)' interleave evacuate local; do
		[ "$name $2" != 'prefer \(many\) 2 MiB' ] || continue
		text=$3
		[ "$name" != interleave ] || text=${4:-$3}
		echo "$1 +$name +$2 +$text"
	done
}
# all WORD TEXT [TEXT of interleave]: $patterns are those for pages of both sizes
all() { readarray -t patterns < <(each "$1" '4 KiB' "${@:2}"; each "$1" '2 MiB' "${@:2}"); }

all pass "$right"
run_test honest tested 0 honest "${patterns[@]}" 'by virtflex_migrate\(2\): 9 passed, 0 failed, 0 skipped'
all FAIL "1024 $wrong" "512 $wrong"
run_test lazy tested 3 lazy "${patterns[@]}" 'by virtflex_migrate\(2\): 0 passed, 9 failed, 0 skipped'
# one of the two is where its pages were before
readarray -t patterns < <(each FAIL '4 KiB' "2 $wrong"; each FAIL '2 MiB' "2 $wrong" "1 $wrong")
run_test careless tested 3 careless "${patterns[@]}" 'by virtflex_migrate\(2\): 0 passed, 9 failed, 0 skipped'
all FAIL 'virtflex_migrate: Operation not permitted'
run_test refused tested 3 refused "${patterns[@]}" '0 passed, 9 failed, 0 skipped'
all FAIL 'memory could not be put on the first node'
run_test stubborn tested 3 stubborn "${patterns[@]}" '0 passed, 9 failed, 0 skipped'
all FAIL 'move_pages\(2\) as a query: Function not implemented'
run_test blind tested 3 blind "${patterns[@]}" '0 passed, 9 failed, 0 skipped'
# without 2 MiB pages the rest is tested all the same
readarray -t patterns < <(each pass '4 KiB' "$right"; each skip '2 MiB' 'no transparent 2 MiB pages were to be had')
run_test fragmented tested 0 fragmented "${patterns[@]}" 'by virtflex_migrate\(2\): 5 passed, 0 failed, 4 skipped'
readarray -t patterns < <(each pass '4 KiB' "$right"; each skip '2 MiB' 'this kernel has no transparent 2 MiB pages')
run_test small tested 0 small "${patterns[@]}" 'by virtflex_migrate\(2\): 5 passed, 0 failed, 4 skipped'
readarray -t patterns < <(each pass '4 KiB' "$right"; each FAIL '2 MiB' '2 MiB pages were split')
run_test splitting tested 3 splitting "${patterns[@]}" 'by virtflex_migrate\(2\): 5 passed, 4 failed, 0 skipped'

all FAIL 'mbind\(2\): Operation not permitted'
run_test strict tested 3 strict "${patterns[@]}" '0 passed, 9 failed, 0 skipped'
# without virtflex_migrate(2), what it alone can do is not asked for
readarray -t patterns < <(each pass '4 KiB' "$right"; each pass '2 MiB' "$right")
run_test old tested 0 old "${patterns[@]//pass +local*/skip +local +. .iB +needs virtflex_migrate.2.}" \
	'by move_pages\(2\): 7 passed, 0 failed, 2 skipped'

run_test crowded tested 0 crowded 'skip +local +. .iB +the second node has no CPU' \
	'by virtflex_migrate\(2\): 7 passed, 0 failed, 2 skipped'

# active STATE STATE: a topology of two nodes in these states is the one that counts
active()
{
	printf 'version 1\ngeneration 1\nstate stable\nnode 0 %s 0 - 1 1 1 10,20\nnode 1 %s 1 - 1 1 1 20,10\n' "$@" \
		>"$work/topology"
	export FAKE_TOPOLOGY=$work/topology
}
active active active
run_test both_active tested 0 honest 'by virtflex_migrate\(2\): 9 passed, 0 failed, 0 skipped'
active inactive active
run_test one_active tested 4 honest 'virtflex: the self-test needs two active nodes with memory; here there is one'
active inactive leaving
run_test none_active tested 4 honest 'virtflex: the self-test needs two active nodes with memory; here there is none'
unset FAKE_TOPOLOGY

json()
{
	FAKE_KERNEL=lazy "$virtflex" migrate --self-test --json >"$work/out"
	[ $? -eq 3 ] && tr -d ' \n' <"$work/out" | grep -q '{"method":"virtflex_migrate","cases":\[{"name":"bind","page_kb":4,"result":"fail","right":0,"wrong":1024,"moved":1024,"marked":0,"why":"1024of1024pagesareonawrongnode"},.*\],"passed":0,"failed":9,"skipped":0,"why":null}'
}
run_test json json

# One that cannot run says so in JSON too.
skipped()
{
	local status
	"$virtflex" migrate --self-test --json >"$work/out" 2>"$work/err"
	status=$?
	case $status in
	4) grep -Eq '"why": ".* two active nodes' "$work/out" && grep -q '"cases": \[' "$work/out" ;;
	0) grep -q '"why": null' "$work/out" ;;
	*) false ;;
	esac || { echo "status $status"; cat "$work/out" "$work/err"; return 1; }
}
run_test skipped skipped
finish
