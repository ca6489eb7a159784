#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# virtflexd on a real xenstored, without a hypervisor (store.bash): two domains that trade nodes
# by the requests of virtflexctl, beside administrators who change them as well.
set -u
. "$(dirname "$0")/store.bash"
flexd=$BUILD/userspace/san/made_up/virtflexd
export RUNTIME_DIRECTORY=$work STATE_DIRECTORY=$work/state
mkdir "$STATE_DIRECTORY"
pids=()

# All domains of a test, and what runs for them
clear_host()
{
	local one
	[ ${#pids[@]} -eq 0 ] || { kill "${pids[@]}"; wait "${pids[@]}"; }
	pids=()
	for one in $(xenstore-list /local/domain); do
		xenstore-rm "/local/domain/$one"
	done
	rm -f "$STATE_DIRECTORY"/*
} 2>/dev/null

# load A B: what each vCPU of the two domains runs, in percent; each has four nodes of 256 MiB
load()
{
	{
		for _ in 0 1 2 3; do
			echo "pnode 4194304 ${FREE-2097152}"
		done
		echo "domain $a a running 4 262144 2 $1"
		echo "domain $b b running 4 262144 2 $2"
	} >"$XEN_HOST.new"
	mv "$XEN_HOST.new" "$XEN_HOST"
	kill -USR1 "$daemon"
}

# guest_of ID WORD...
guest_of()
{
	XENSTORED_PATH=$XENSTORED_RUNDIR/domain-$1 "$parts/guest" "${@:2}" >"$work/guest-$1" 2>&1 &
	pids+=($!)
	pid_of[$1]=$!
}
declare -A pid_of

no_guest_of() { kill "${pid_of[$1]}"; wait "${pid_of[$1]}"; } 2>/dev/null

target() { xenstore-read "/local/domain/$1/numa/node/$2/target" 2>/dev/null; }
has() { [ "$(target "$1" "$2")" != 0 ]; }
has_not() { ! has "$@"; }
change_of() { xenstore-read "/local/domain/$1/numa/topo_change" 2>/dev/null; }
idle() { [ "$(change_of "$1")" = 0 ]; }
requests_of() { xenstore-read "/local/domain/$1/numa/request_id" 2>/dev/null; }

# domains A B: two, which answer by these words; a has the nodes 0 and 2, b has 1 and 3, as at
# home on them
domains()
{
	local one
	clear_host
	id=$((id + 2)) a=$((id - 1)) b=$id
	load 0 0
	for one in "$a a" "$b b"; do
		numa=/local/domain/${one% *}
		xenstore-write "$numa" ''
		xenstore-chmod "$numa" n0 "r${one% *}"
		xenstore-write "$numa/domid" "${one% *}" "$numa/name" "${one#* }"
		"$parts/introduce" "${one% *}"
	done
	ctl 0 publish --all
	guest_of "$a" 'done'
	guest_of "$b" 'done'
	ctl 0 shrink a 1 3
	ctl 0 shrink b 0 2
	no_guest_of "$a"
	no_guest_of "$b"
	# shellcheck disable=SC2086
	guest_of "$a" $1
	# shellcheck disable=SC2086
	guest_of "$b" $2
	cat >"$work/policy" <<-END
		{ "margin": 1, "cooldown_s": ${COOLDOWN-1}, "shrink_s": ${SHRINK-1}, "expand_s": 1,
		  "guests": { "b": { "home": 1 } } }
	END
}

# flexd_begins ARGUMENT...: in the background, a look each second
flexd_begins()
{
	rm -f "$work/flexd"
	"$flexd" --policy "$work/policy" "$@" 1 >"$work/flexd" 2>"$work/flexd.err" </dev/null &
	flexd_pid=$!
	pids+=($!)
	await grep -q 'guests with nodes' "$work/flexd"
}

# flexd_ends SIGNAL: and no sanitizer has found anything
flexd_ends()
{
	local status
	kill "-$1" "$flexd_pid"
	wait "$flexd_pid"
	status=$?
	[ $status -ne 99 ] || wrong "a sanitizer has found something: $(cat "$work/flexd.err")"
} 2>/dev/null

told() { "$flexd" explain | sed -E 's/^[0-9-]+ [0-9:]+  //'; }
show_all() { [ $bad -eq 0 ] || { cat "$work/flexd" "$work/flexd.err"; told; xenstore-ls -f /local/domain | grep -E "target|result|topo_change|request_id"; }; }

# Loads swap: the node that is not a home goes back and forth, one request after the other.
nodes_follow_loads()
{
	domains 'done' 'done'
	load 100 5
	flexd_begins --record "$work/record"
	await has "$a" 3
	same 'node 3 of b' 0 "$(target "$b" 3)"
	await idle "$a"
	like 'who asked' '*: virtflexd' "$(xenstore-read "/tool/virtflex/$a/by")"
	load 5 100
	await has_not "$a" 3
	await has "$b" 3
	await has "$b" 2
	await idle "$b"
	same 'homes' '262144 262144' "$(target "$a" 0) $(target "$b" 1)"
	same 'not theirs' '0 0' "$(target "$a" 1) $(target "$b" 0)"
	sleep 2
	flexd_ends TERM
	like decisions '*node 3: b -> a, which brings *node 3: b -> a: done in *node 3: a -> b: done in *' "$(told | tr '\n' ' ')"
	"$flexd" report "$work/record" >"$work/svg" 2>&1 || { command -v gnuplot >/dev/null && wrong "no picture: $(cat "$work/svg")"; }
	show_all
}

# Somebody's change that is going on is not touched, nor withdrawn.
administrators_come_first()
{
	local before
	domains 'done' 'file:never'
	load 100 5
	ctl 0 set b 3=128M --no-wait
	before=$(requests_of "$b")
	flexd_begins --verbose
	sleep 4
	same 'request of b' "$before" "$(requests_of "$b")"
	same 'node 3 of b' 131072 "$(target "$b" 3)"
	same 'node 3 of a' 0 "$(target "$a" 3)"
	no_guest_of "$b"
	guest_of "$b" 'done'
	await idle "$b"
	await has "$a" 3
	flexd_ends TERM
	show_all
}

# A guest refuses: it is described as before, and left alone.
a_guest_refuses()
{
	local before
	domains 'done' refused
	load 100 5
	flexd_begins
	await grep -q ': refused; the guest says: failed: as it was told' "$work/flexd"
	await idle "$b"
	before=$(requests_of "$b")
	sleep 3
	same 'request of b' "$before" "$(requests_of "$b")"
	same 'node 3 of a and b' '0 262144' "$(target "$a" 3) $(target "$b" 3)"
	flexd_ends TERM
	show_all
}

# What the guest could not even be asked for is not what it says.
a_guest_cannot_be_asked()
{
	domains 'done' 'done'
	no_guest_of "$b"
	xenstore-write "/local/domain/$b/numa/status" ''
	load 100 5
	flexd_begins
	await grep -q 'node 3: b -> a: refused; b: the guest has not loaded the virtflex module; in the guest: modprobe virtflex$' "$work/flexd"
	flexd_ends TERM
	show_all
}

# It is killed while the one guest is at it; the next one gives the node to the other.
killed_between_the_halves()
{
	domains 'done' "file:$work/go done"
	rm -f "$work/go"
	load 100 5
	flexd_begins
	await has_not "$b" 3
	flexd_ends KILL
	touch "$work/go"
	await idle "$b"
	same 'node 3 of a' 0 "$(target "$a" 3)"
	load 50 50
	flexd_begins
	await has "$a" 3
	await idle "$a"
	sleep 1
	flexd_ends TERM
	like decisions '*node 3: b -> a: done in *' "$(told | tail -n 1)"
	show_all
}

# What costs more than it gains is not done.
policy_says_no()
{
	SHRINK=80000 domains 'done' 'done'
	load 100 5
	flexd_begins
	await grep -q ': not worth it' "$work/flexd"
	sleep 2
	same 'node 3 of a' 0 "$(target "$a" 3)"
	flexd_ends TERM
	show_all
}

# Less is free than the node was built with: that is asked for.
what_is_free()
{
	domains 'done' 'done'
	FREE=261000 load 100 5
	flexd_begins
	await has "$a" 3
	# what b has on the node is not free before it has given it back
	same 'node 3 of a' 260096 "$(target "$a" 3)"
	flexd_ends TERM
	show_all
}

# Who gave the node back has kept its memory: that is not the fault of who was to get it.
what_is_kept()
{
	local state=$STATE_DIRECTORY/virtflexd.json
	domains 'done' 'done'
	FREE=100000 load 100 5
	flexd_begins
	await grep -q 'node 3: b -> a: given up, as less than half of its memory is free' "$work/flexd"
	sleep 1
	flexd_ends TERM
	same 'node 3 of a' 0 "$(target "$a" 3)"
	same 'who rests' b "$(jq -r '.learned[] | select(.rest_s > 0) | .guest' "$state")"
	show_all
}

# --dry-run asks nobody to report, and says once what comes of that.
nothing_is_asked()
{
	local one
	domains '-r 1000 done' '-r 1000 done'
	for one in "$a" "$b"; do
		xenstore-write "/local/domain/$one/numa/control/feature-report" 1
	done
	flexd_begins --dry-run
	await grep -q 'with --dry-run guests are not asked to report' "$work/flexd.err"
	sleep 2
	flexd_ends TERM
	same 'how often it is said' 1 "$(grep -c 'are not asked to report' "$work/flexd.err")"
	same 'who was asked' '' "$(for one in "$a" "$b"; do xenstore-read "/local/domain/$one/numa/report_s"; done 2>/dev/null)"
	flexd_begins
	sleep 3
	flexd_ends TERM
	same 'how often it is said, as they were asked' 0 "$(grep -c 'are not asked to report' "$work/flexd.err")"
	show_all
}

# A file that is read again is compared with the guests again; with the mistake put right, nodes move.
mistakes_are_said_again()
{
	domains 'done' 'done'
	load 100 5
	sed 's/"b": { "home": 1 }/"[ab]": { "home": 9 }/' "$work/policy" >"$work/wrong"
	mv "$work/policy" "$work/right"
	cp "$work/wrong" "$work/policy"
	flexd_begins
	await grep -q '"home" is node 9, and the highest node of b is 3' "$work/flexd.err"
	kill -HUP "$flexd_pid"
	await grep -q 'is read again' "$work/flexd"
	sleep 3
	same 'how often it is said' 4 "$(grep -c '"home" is node 9' "$work/flexd.err")"
	same 'node 3 of a' 0 "$(target "$a" 3)"
	cp "$work/right" "$work/policy"
	kill -HUP "$flexd_pid"
	await has "$a" 3
	flexd_ends TERM
	show_all
}

two_of_a_kind()
{
	domains 'done' 'done'
	flexd_begins
	"$flexd" 1 --once >"$work/out" 2>"$work/err"
	same status 1 $?
	like error "virtflexd: another virtflexd is at work on xen, process $flexd_pid; stop it first" "$(cat "$work/err")"
	flexd_ends TERM
	# xenstored that ends is said once
	flexd_begins
	stop_xenstored -KILL
	await grep -q 'lost xen: .*; trying to reach it again' "$work/flexd.err"
	# shellcheck disable=SC2119
	start_xenstored
	flexd_ends TERM
	show_all
}

tests=(nodes_follow_loads administrators_come_first a_guest_refuses a_guest_cannot_be_asked killed_between_the_halves policy_says_no
	what_is_free what_is_kept nothing_is_asked mistakes_are_said_again two_of_a_kind)
# shellcheck disable=SC2119
start_xenstored || { cat "$work/xenstored.log"; exit 1; }
for test in ${ONLY:-"${tests[@]}"}; do
	run_test "$test" checked "$test"
done
clear_host
finish
