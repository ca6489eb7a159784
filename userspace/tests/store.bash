# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What tests on a real xenstored share, without a hypervisor: the host is one that the test
# makes up (xen/host.h), and guests are xen/guest.c, each on its domain's own connection,
# so that what is granted, refused and counted is what xenstored grants, refuses and counts.
#
# XEN_TOOLS: where Xen's programs are unpacked; without it scripts/packages is asked
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.bash"
top=$(cd "$here/../.." && pwd)
parts=${BUILD:?}/userspace/tests/xen
ctl=$BUILD/userspace/san/virtflexctl
export LC_ALL=C
# a fault that a sanitizer finds is no status that is documented
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}exitcode=99 UBSAN_OPTIONS=exitcode=99
work=$(mktemp -d)
daemon='' guest_pid='' id=0

end_all()
{
	no_guest
	[ -z "$daemon" ] || { kill "$daemon"; wait "$daemon"; }
	[ -z "${program_pid-}" ] || kill "$program_pid"
	rm -rf "$work"
} 2>/dev/null
trap end_all EXIT

cannot=''
[ -x "$ctl" ] || cannot='there is no libxen-dev here'
if [ -z "$cannot" ] && [ -z "${XEN_TOOLS-}" ]; then
	XEN_TOOLS=$(. "$top/scripts/lib/common.sh" && . "$top/scripts/lib/debian.sh" &&
		choose_debian "$(debian_of_machine)" &&
		"$SCRIPTS/packages" unpack "xen-utils-$debian_xen" xenstore-utils 2>"$work/said") ||
		cannot="xenstored cannot be fetched: $(tail -n 1 "$work/said")"
fi
if [ -n "$cannot" ]; then
	no_xenstored() { skip "$cannot"; }
	run_test "$(basename "$0" .sh)" no_xenstored
	finish
	exit
fi
xenstored=$(echo "$XEN_TOOLS"/usr/lib/xen-*/bin/xenstored)
PATH=$XEN_TOOLS/usr/bin:$PATH
export XENSTORED_RUNDIR=$work/run XENSTORED_ROOTDIR=$work/run XEN_HOST=$work/host XEN_CALLS=$work/calls
mkdir "$XENSTORED_RUNDIR"

# ---- what tests are made of

bad=0
wrong() { echo "$*"; bad=1; }
# same WHAT WANTED GOT, like WHAT PATTERN GOT
same() { [ "$2" = "$3" ] || wrong "$1: not '$2' but '$3'"; }
# shellcheck disable=SC2254
like() { case $3 in $2) ;; *) wrong "$1: not like '$2': '$3'" ;; esac; }

# await COMMAND...: until it succeeds, 10 s at most
await()
{
	local tries=0
	until "$@" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 1000 ] || { wrong "in vain: $*"; return 1; }
		sleep 0.01
	done
}

# start_xenstored OPTION...
start_xenstored()
{
	rm -f "$XENSTORED_RUNDIR"/*
	LD_PRELOAD=$parts/hypervisor.so "$xenstored" -N "$@" >"$work/xenstored.log" 2>&1 &
	daemon=$!
	await xenstore-exists /
}

stop_xenstored()
{
	kill "$1" "$daemon"
	wait "$daemon"
	daemon=''
} 2>/dev/null

no_guest()
{
	[ -z "$guest_pid" ] || { kill "$guest_pid"; wait "$guest_pid"; }
	guest_pid=''
} 2>/dev/null

# guest WORD...: the domain's guest from now on (xen/guest.c)
guest()
{
	no_guest
	XENSTORED_PATH=$XENSTORED_RUNDIR/domain-$id "$parts/guest" "$@" >"$work/guest" 2>&1 &
	guest_pid=$!
}

# A guest that has begun with the request that there is
guest_at_it()
{
	at_it=$((${at_it-0} + 1))
	guest "status=shrinking: step 1 of 2: $at_it" "$@"
	await is status "shrinking: step 1 of 2: $at_it"
}

# A guest that has said that it is there
ready_guest()
{
	guest "$@"
	await is status idle
}

# as_guest WORD...: a guest that does this, once; prints what it may not
as_guest()
{
	no_guest
	XENSTORED_PATH=$XENSTORED_RUNDIR/domain-$id "$parts/guest" -1 "$@"
}

get() { xenstore-read "$numa/$1" 2>/dev/null; }
# is KEY VALUE, isnt KEY VALUE
is() { [ "$(get "$1")" = "$2" ]; }
isnt() { ! is "$@"; }

# fresh [NODES KIB VCPUS]: a new domain "guest", as the toolstack makes one
fresh()
{
	no_guest
	xenstore-rm "/local/domain/$id" 2>/dev/null
	id=$((id + 1))
	numa=/local/domain/$id/numa
	hosted running "$@"
	xenstore-write "/local/domain/$id" ''
	xenstore-chmod "/local/domain/$id" n0 "r$id"
	xenstore-write "/local/domain/$id/domid" $id "/local/domain/$id/name" guest
	"$parts/introduce" $id
}

# hosted STATE [NODES KIB VCPUS]: the host, with the domain in that state
hosted()
{
	{
		for _ in 0 1 2 3; do
			echo "pnode 4194304 ${FREE-2097152}"
		done
		[ "$1" = none ] || echo "domain $id guest $1 ${2-4} ${3-262144} ${4-2}"
	} >"$XEN_HOST.new"
	mv "$XEN_HOST.new" "$XEN_HOST"
	kill -USR1 "$daemon"
}

# published [NODES KIB VCPUS]: a new domain that is described
published()
{
	fresh "$@"
	ctl 0 publish guest
}

declare -A reached
# ctl STATUS ARGUMENT...: virtflexctl, which ends so; output in $out, errors in $err
ctl()
{
	local want=$1 got
	shift
	# of one that is killed, the shell says so
	{ "$ctl" "$@" >"$work/out" 2>"$work/err" </dev/null; } 2>/dev/null
	got=$?
	out=$(tr -d '\0' <"$work/out") err=$(tr -d '\0' <"$work/err")
	reached[$got]=1
	[ $got -eq "$want" ] || wrong "virtflexctl $*: status $got, not $want; $out $err"
}

# ctl_begins ARGUMENT...: in the background, as from a terminal; it has asked when this returns
ctl_begins()
{
	local before
	before=$(get request_id)
	env --default-signal=INT "$ctl" "$@" >"$work/first" 2>"$work/first.err" </dev/null &
	first=$!
	await isnt request_id "$before"
}

# ctl_ends STATUS: that one; errors in $err
ctl_ends()
{
	local got
	wait "$first"
	got=$?
	out=$(cat "$work/first") err=$(cat "$work/first.err")
	[ $got -gt 99 ] || reached[$got]=1
	[ $got -eq "$1" ] || wrong "the first command: status $got, not $1; $out $err"
} 2>/dev/null

# ctl_killed: SIGKILL, of which the shell says nothing
ctl_killed()
{
	kill -KILL "$first"
	wait "$first"
} 2>/dev/null

shown() { "$ctl" show guest -nro "node,$2" | awk -v n="$1" '$1 == n { print $2 }'; }
state() { "$ctl" list -nro state; }
description() { xenstore-ls -fp "$numa"; xenstore-ls -fp /tool; }
no_controls() { same "control characters in $1" 0 "$(tr -d '\n' <"$1" | tr -dc '\000-\037' | wc -c)"; }

# checked TEST: its own status only counts if it skips
checked()
{
	local status
	bad=0
	"$1"
	status=$?
	[ $bad -eq 0 ] || return 1
	[ $status -ne 77 ] || return 77
}
