#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Processes of this machine, of all kinds, as pages and migrate see them.
set -u
. "$(dirname "$0")/cli.bash"

run_test migrate_no_process says 1 'there is no process 2147483647$' migrate 2147483647
run_test pages_no_process says 1 'there is no process 2147483647$' pages 2147483647

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
		grep -q 'by move_pages(2), which was asked for: ' "$work/out"
	else
		grep -Eq 'not yours|this kernel has no move_pages\(2\)$' "$work/err"
	fi || { cat "$work/out" "$work/err"; return 1; }
	"$virtflex" migrate "$PID" --method virtflex_migrate >"$work/out" 2>"$work/err"
	status=$?
	if [ $status -eq 0 ]; then
		grep -q 'by virtflex_migrate(2)' "$work/out" && ! grep -q 'next touch$' "$work/out"
	else
		grep -Eq 'not yours|this kernel has no virtflex_migrate\(2\)$' "$work/err"
	fi || { cat "$work/out" "$work/err"; return 1; }
	"$virtflex" migrate "$PID" >"$work/out" 2>"$work/err"
	status=$?
	if grep -q 'by virtflex_migrate(2)' "$work/out"; then
		! grep -q 'next touch$' "$work/out"
	elif [ $status -eq 0 ]; then
		grep -q 'as there is no virtflex_migrate(2) here: ' "$work/out"
	else
		grep -Eq 'not yours|this kernel has neither virtflex_migrate\(2\) nor move_pages\(2\)$' "$work/err"
	fi || { cat "$work/out" "$work/err"; return 1; }
}
run_test says_which_method with_process says_which_method

# A process whose main thread has exited is there all the same.
without_main_thread()
{
	local status=0 PID thread
	coproc "$looked_at/leaderless"
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
		[ "$thread" -ne "$PID" ] || continue
		says 1 "$thread is a thread of process $PID$" migrate "$thread" || status=1
		says 1 "$thread is a thread of process $PID$" pages "$thread" || status=1
		says 1 "$thread is a thread of process $PID$" top -c 1 "$thread" || status=1
	done
	eval "exec ${COPROC[1]}>&-"
	wait "$COPROC_PID" || status=1
	return $status
}
run_test without_main_thread without_main_thread

# Threads of the kernel have no memory of their own.
kernel_thread()
{
	[ "$(cat /proc/2/comm 2>/dev/null)" = kthreadd ] || { skip 'no kthreadd here'; return; }
	says 1 'process 2 is a kernel thread, which has no pages of its own$' pages 2 &&
		says 1 'process 2 is a kernel thread, which has no pages of its own$' migrate 2 &&
		says 1 'process 2 is a kernel thread, which has no pages of its own$' migrate 2 --method move_pages
}
run_test kernel_thread kernel_thread

# A process that has ended, of which nobody has asked how.
zombie()
{
	local status=0 PID
	coproc "$looked_at/zombie"
	read -r PID <&"${COPROC[0]}" || return 1
	says 1 "process $PID has ended$" pages "$PID" || status=1
	says 1 "process $PID has ended$" migrate "$PID" || status=1
	eval "exec ${COPROC[1]}>&-"
	wait "$COPROC_PID"
	return $status
}
run_test zombie zombie

# as_root COMMAND...: in a shell of its own, whose functions are not for others
as_root()
{
	[ "$(id -u)" -eq 0 ] || { skip 'not root'; return; }
	unshare -m mount -t tmpfs none /proc 2>/dev/null || { skip 'root may not change mounts here'; return; }
	("$@")
}

# Of another user: whoever asks gets a remedy that is one.
foreign()
{
	local as=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all)
	local bin=$work/bin
	# nobody has to be able to run it
	chmod 755 "$work"
	install -D -m 755 "$virtflex" "$bin/virtflex"
	virtflex=foreign_run
	foreign_run() { "${as[@]}" "$bin/virtflex" "$@"; }
	says 1 "process $PID is not yours; try as its user or as root$" migrate "$PID" &&
		says 1 "process $PID is not yours; try as its user or as root$" pages "$PID" || return 1
	as=(setpriv --inh-caps=-all --bounding-set=-all --reuid=0 --securebits=+noroot)
	# root without capabilities, of nobody's process
	setpriv --reuid=65534 --regid=65534 --clear-groups sleep 60 &
	until grep -q '^Uid:.65534' "/proc/$!/status" && [ "$(cat "/proc/$!/comm")" = sleep ]; do :; done
	says 1 "process $! needs CAP_SYS_PTRACE, which root lacks here$" migrate $! &&
		says 1 "process $! needs CAP_SYS_PTRACE, which root lacks here$" pages $!
	local status=$?
	kill $!
	return $status
}
run_test foreign as_root with_process foreign

# Where /proc is not there, or shows nothing of others. Sanitizers need it.
hidden()
{
	local bin=$work/bin
	chmod 755 "$work"
	mkdir -p "$bin"
	cp "$BUILD/bin/virtflex" "$BUILD"/lib/libvirtflex.so.? "$bin"
	virtflex=hidden_run
	hidden_run() { LD_LIBRARY_PATH=$bin unshare -m sh -c "$mount && exec setpriv --reuid=65534 --regid=65534 --clear-groups \"\$@\"" sh "$bin/virtflex" "$@"; }
	mount='mount -t tmpfs none /proc'
	says 1 "/proc does not show process $PID: it is not mounted, or with hidepid$" pages "$PID" || return 1
	mount='mount -t proc -o hidepid=2 proc /proc'
	says 1 "/proc does not show process $PID: it is not mounted, or with hidepid$" pages "$PID"
}
run_test hidden as_root with_process hidden

shared_needs_a_capability()
{
	local without=(setpriv --inh-caps=-sys_nice --bounding-set=-sys_nice)
	virtflex=shared_run
	shared_run() { "${without[@]}" "$BUILD/userspace/san/virtflex" "$@"; }
	says 1 '--shared needs CAP_SYS_NICE$' migrate "$PID" --shared
}
run_test shared_needs_a_capability as_root with_process shared_needs_a_capability
finish
