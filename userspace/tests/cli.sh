#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The command, against golden outputs and by its exit status. Set UPDATE=1 to
# write the golden files anew, and read the difference before believing it.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.bash"
virtflex=${VIRTFLEX:?}
cd "$here" || exit 1
export LC_ALL=C
unset NO_COLOR
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# golden FILE STATUS ARGUMENT...: output, errors and status are those of FILE
golden()
{
	local file=golden/$1 status=$2 got
	shift 2
	"$virtflex" "$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	[ $got -eq "$status" ] || { echo "virtflex $*: status $got"; cat "$work/err"; return 1; }
	# the first line of a watch begins with the time
	sed -E 's/^[0-9]{2}:[0-9]{2}:[0-9]{2} /HH:MM:SS /' "$work/out" >"$work/all"
	sed 's/^/stderr: /' "$work/err" >>"$work/all"
	[ -n "${UPDATE-}" ] && cp "$work/all" "$file"
	diff -u "$file" "$work/all"
}

# says STATUS PATTERN ARGUMENT...: fails so, with a line on standard error
says()
{
	local status=$1 pattern=$2 got
	shift 2
	"$virtflex" "$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	if [ $got -ne "$status" ] || [ -s "$work/out" ] ||
		! grep -Eq "^virtflex: $pattern" "$work/err"; then
		echo "virtflex $*: status $got"
		cat "$work/out" "$work/err"
		return 1
	fi
}

for dump in sysroot/*; do
	name=${dump#sysroot/}
	id=${name//-/_}
	run_test "topology_$id" golden "$name.topology.txt" 0 topology --sysroot "$dump"
	run_test "topology_${id}_json" golden "$name.topology.json" 0 topology --json --sysroot "$dump"
	run_test "watch_$id" golden "$name.watch.txt" 0 watch --count 0 --sysroot "$dump"
done
run_test watch_json golden watch.json 0 watch --count 0 --json --sysroot sysroot/xen-failed
run_test watch_of_a_dump golden watch-end.txt 1 watch --json --sysroot sysroot/xen-failed
run_test pages golden pages.txt 0 pages 4242 --sysroot sysroot/xen-shrinking
run_test pages_json golden pages.json 0 pages --json 4242 --sysroot sysroot/xen-shrinking
mkdir -p "$work/nomodule/proc/7"
cp sysroot/xen-shrinking/proc/4242/numa_maps "$work/nomodule/proc/7/"
run_test pages_without_module golden pages-nomodule.txt 0 pages 7 --sysroot "$work/nomodule"

# the main thread has exited, and another has the memory
mkdir -p "$work/leaderless/proc/7/task/"{7,8}
: >"$work/leaderless/proc/7/numa_maps"
: >"$work/leaderless/proc/7/task/7/numa_maps"
cp sysroot/xen-shrinking/proc/4242/numa_maps "$work/leaderless/proc/7/task/8/"
run_test pages_without_main_thread golden pages-nomodule.txt 0 pages 7 --sysroot "$work/leaderless"
# no thread has: it has ended, and nobody has asked how
mkdir -p "$work/ended/proc/7/task/7"
: >"$work/ended/proc/7/numa_maps"
: >"$work/ended/proc/7/task/7/numa_maps"
run_test pages_of_an_ended_process says 1 'process 7 has ended, or is a kernel thread' pages 7 --sysroot "$work/ended"

run_test no_module says 1 'no /proc/virtflex/topology: .* modprobe virtflex' topology --sysroot "$work"
run_test no_module_watch says 1 'no /proc/virtflex/topology: .* modprobe virtflex' watch --sysroot "$work"
mkdir -p "$work/bad/proc/virtflex"
echo 'version 1' >"$work/bad/proc/virtflex/topology"
run_test broken_topology says 1 '/proc/virtflex/topology is damaged' topology --sysroot "$work/bad"
mkdir -p "$work/newer/proc/virtflex"
echo 'version 2' >"$work/newer/proc/virtflex/topology"
run_test newer_topology says 1 '/proc/virtflex/topology is of a newer version' topology --sysroot "$work/newer"
run_test pages_no_process says 1 'there is no process 99' pages 99 --sysroot sysroot/xen-shrinking
run_test migrate_no_process says 1 'there is no process 2147483647' migrate 2147483647

usage='.*; see virtflex --help$'
run_test usage_nothing says 2 "no command$usage"
run_test usage_command says 2 "there is no command frob$usage" frob
run_test usage_option says 2 "topology has no option --frob$usage" topology --frob
run_test usage_missing says 2 "--sysroot needs an argument$usage" topology --sysroot
run_test usage_empty says 2 "--sysroot needs a directory$usage" topology --sysroot ''
run_test usage_extra says 2 "topology: too many arguments: x$usage" topology x
run_test usage_count says 2 "--count is a number, not -1$usage" watch --count -1
run_test usage_timeout says 2 "--timeout is in seconds, not 1x$usage" watch --timeout 1x
run_test usage_timeout_huge says 2 "--timeout is in seconds" watch --timeout 99999999999
run_test usage_no_pid says 2 "pages needs a PID$usage" pages
run_test usage_pid says 2 "0 is no PID$usage" pages 0
run_test usage_migrate says 2 "migrate needs a PID or --self-test$usage" migrate
run_test usage_migrate_pid says 2 "x is no PID$usage" migrate x
run_test usage_selftest says 2 "--self-test takes no PID$usage" migrate --self-test 1
run_test usage_range says 2 "--range is START-END" migrate 1 --range 1000
run_test usage_range_odd says 2 "--range is START-END" migrate 1 --range 1001-2000
run_test usage_range_inverted says 2 "--range is START-END" migrate 1 --range 2000-1000
run_test usage_nodes says 2 "--nodes is a list" migrate 1 --nodes 0-x
run_test usage_nodes_range says 2 "--nodes is a list" migrate 1 --nodes 1024
run_test usage_budget says 2 "--budget-ms is a number from 1" migrate 1 --budget-ms 0
run_test usage_budget_pages says 2 "--budget-pages is a number from 1" migrate 1 --budget-pages x
run_test usage_method says 2 "--method is virtflex_migrate or move_pages" migrate 1 --method magic

write_error()
{
	"$virtflex" topology --sysroot sysroot/xen-stable >/dev/full 2>"$work/err"
	[ $? -eq 1 ] && grep -q 'cannot write' "$work/err"
}
run_test write_error write_error

terminal()
{
	# what a terminal gets: colours and blocks, unless told otherwise
	local esc=$'\033' run="'$virtflex' pages 4242 --sysroot sysroot/xen-shrinking"

	command -v script >/dev/null || return 0
	TERM=xterm LC_ALL=C.UTF-8 script -qec "$run" /dev/null </dev/null >"$work/out"
	grep -q "$esc\[32mactive" "$work/out" && grep -q '█' "$work/out" || return 1
	TERM=xterm LC_ALL=C.UTF-8 NO_COLOR=1 script -qec "$run" /dev/null </dev/null >"$work/out"
	! grep -q "$esc" "$work/out" && grep -q '█' "$work/out" || return 1
	TERM=xterm LC_ALL=C script -qec "$run" /dev/null </dev/null >"$work/out"
	grep -q "$esc" "$work/out" && ! grep -q '█' "$work/out"
}
run_test terminal terminal

# with_process COMMAND...: run it with PID set to that of a process to look at
with_process()
{
	local PID status
	sleep 60 &
	PID=$!
	"$@"
	status=$?
	kill "$PID"
	wait "$PID" 2>/dev/null
	return $status
}

# migrated METHOD ARGUMENT...: pages of $PID are counted; nothing has to move
# here, by what there is: the machine may have one node
migrated()
{
	local by=$1 status
	shift
	"$virtflex" migrate "$PID" "$@" --json >"$work/out" 2>"$work/err"
	status=$?
	case $status in
	0) grep -q "\"method\": \"$by\"" "$work/out" && grep -q '"moved": 0' "$work/out" &&
		grep -q '"in_place": [1-9]' "$work/out" ;;
	1) grep -Eq 'not yours|has no ' "$work/err" ;;
	*) false ;;
	esac || { echo "status $status"; cat "$work/out" "$work/err"; return 1; }
}
run_test migrate_a_process with_process migrated move_pages --method move_pages

# Whether there is virtflex_migrate(2) here is not for a report to say that was
# asked for by another way.
says_which_method()
{
	local status
	"$virtflex" migrate "$PID" --method move_pages >"$work/out" 2>"$work/err"
	status=$?
	if [ $status -eq 0 ]; then
		grep -q 'by move_pages(2)' "$work/out" && grep -q 'move_pages was asked for: ' "$work/out" &&
			! grep -q 'No virtflex_migrate' "$work/out"
	else
		grep -Eq 'not yours|this kernel has no move_pages\(2\)$' "$work/err"
	fi || { cat "$work/out" "$work/err"; return 1; }
	"$virtflex" migrate "$PID" --method virtflex_migrate >"$work/out" 2>"$work/err"
	status=$?
	if [ $status -eq 0 ]; then
		grep -q 'by virtflex_migrate(2)' "$work/out" && ! grep -q 'next touch\.' "$work/out"
	else
		grep -Eq 'not yours|this kernel has no virtflex_migrate\(2\)$' "$work/err"
	fi || { cat "$work/out" "$work/err"; return 1; }
	"$virtflex" migrate "$PID" >"$work/out" 2>"$work/err"
	status=$?
	if grep -q 'by virtflex_migrate(2)' "$work/out"; then
		! grep -q 'next touch\.' "$work/out"
	elif [ $status -eq 0 ]; then
		grep -q 'No virtflex_migrate(2) here: ' "$work/out"
	else
		grep -Eq 'not yours|this kernel has neither virtflex_migrate\(2\) nor move_pages\(2\)$' "$work/err"
	fi || { cat "$work/out" "$work/err"; return 1; }
}
run_test says_which_method with_process says_which_method

# A process whose main thread has exited is there all the same.
without_main_thread()
{
	local status=0 PID thread
	coproc "${LEADERLESS:?}"
	read -r PID <&"${COPROC[0]}" || return 1
	"$virtflex" pages "$PID" --json >"$work/out" 2>"$work/err"
	case $? in
	0) grep -Eq '"total_pages": ([0-9]{3,}|6[4-9]|[7-9][0-9])' "$work/out" ;;
	1) grep -Eq 'not yours|has no /proc/PID/numa_maps' "$work/err" ;;
	*) false ;;
	esac || { cat "$work/out" "$work/err"; status=1; }
	migrated move_pages --method move_pages || status=1
	for thread in "/proc/$PID/task/"*; do
		thread=${thread##*/}
		[ "$thread" -eq "$PID" ] ||
			says 1 "$thread is a thread, not a process$" migrate "$thread" || status=1
	done
	eval "exec ${COPROC[1]}>&-"
	wait "$COPROC_PID" || status=1
	return $status
}
run_test without_main_thread without_main_thread

# Threads of the kernel have no memory of their own.
kernel_thread()
{
	[ "$(cat /proc/2/comm 2>/dev/null)" = kthreadd ] || return 0
	says 1 'process 2 (has ended, or is a kernel thread|is not yours; .*)$' pages 2 &&
		says 1 'process 2 (has ended, or is a kernel thread|is not yours, or .*)$' migrate 2 --method move_pages
}
run_test kernel_thread kernel_thread
finish
