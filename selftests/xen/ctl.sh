#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of virtflexctl, in dom0, on a guest that does what it is told by agent.sh:
#
#	scripts/guest --xen --file build/selftests:/root/t --file /usr/bin/script:/usr/bin/script \
#		--dom0 'sh t/xen/ctl.sh' -- sh t/xen/agent.sh
#
# TAP; the last line is the count. What has gone and come is told by the hypervisor: its
# count of the domain's pages on each physical node, and its vCPUs. CHANGES is how many
# changes in a row are made at random (0).

# For busybox sh; variables set here are read in the functions of lib.sh, and some are for
# the guest.
# shellcheck disable=SC2015,SC2016,SC2030,SC2031,SC2034,SC2154,SC3045
here=$(cd "$(dirname "$0")" && pwd)
passed=0 failed=0 skipped=0
. "$here/lib.sh"
. "$here/host.sh"
. "$here/fill.sh"
. "$here/orders.sh"

# ctl STATUS ARGUMENT...: virtflexctl, which ends so; output in $out, errors in $err
ctl() {
	want=$1
	shift
	virtflexctl "$@" >/tmp/out 2>/tmp/err
	got=$?
	out=$(cat /tmp/out) err=$(cat /tmp/err)
	same "exit status of $*" "$want" "$got"
	[ "$want" = "$got" ] || {
		echo "# $out"
		echo "# $err"
	}
}

pages_on() { numa_placement | awk -v n="$1" '$1 == n { print $2 }'; }
vcpus_up() { numa_vcpus | awk '$2 == "up" { printf "%s%s", sep, $1; sep = " " }'; }
description() { xenstore-ls -f "$numa"; }
# affinity VCPU: hard and soft, as xl has it
affinity() { xl vcpu-list "$DOMID" | awk -v v="$1" 'NR > 1 && $3 == v { print $(NF - 2), $(NF - 1), $NF }'; }
# shown NODE COLUMN
shown() { virtflexctl show guest -nro "node,$2" | awk -v n="$1" '$1 == n { print $2 }'; }

# documented COMMAND...: keys that the manual page has for these, under JSON
documented() {
	awk -v commands=" $* " -f "$here/documented.awk" "$here/virtflexctl.8" | sort -u
}

# json COMMAND... [+KEY]... -- STATUS ARGUMENT...: the keys of what it prints are those
# documented for these commands, and KEYs
json() {
	of='' more=''
	while [ "$1" != -- ]; do
		case $1 in
		+*) more="$more ${1#+}" ;;
		*) of="$of $1" ;;
		esac
		shift
	done
	status=$2
	shift 2
	ctl "$status" "$@"
	# shellcheck disable=SC2086 # words
	same "keys of $*" "$({ documented $of; printf '%s\n' $more; } | sort -u | xargs)" "$(grep -oE '"[a-z_]+":' /tmp/out | tr -d '":' | sort -u | xargs)"
}

nothing_is_published() {
	ctl 0 list -nro name,state,nodes,active
	same list 'guest unpublished 4 4' "$out"
	ctl 0 show "$DOMID"
	like 'first line' 'domain *, guest: unpublished*' "$out"
	ctl 6 show nobody
	like error '*there is no domain nobody*' "$err"
	ctl 6 show 4711
	ctl 4 show 0
	like error '*has no virtual nodes*' "$err"
	ctl 2 shrink guest
	ctl 2 shrink guest x
	ctl 2 set guest 2
	ctl 2 set guest 2=1Q
	ctl 2 expand guest 2 --memory 0
}

published() {
	ctl 0 publish guest --dry-run
	xenstore-exists "$numa/node" && fail "a dry run has written"
	ctl 0 publish guest
	same output 'guest: 4 nodes published' "$out"
	await_key control/version 1 30 || fail "the guest has not said what it understands"
	before=$(description)
	ctl 0 publish --all
	same output 'guest: 4 nodes were published already' "$out"
	same description "$before" "$(description)"
	ctl 0 list -nro state
	same state ready "$out"
	for node in 0 1 2 3; do
		same "physical node of $node" "$node" "$(shown $node pnode)"
	done
	same 'vCPUs of node 2' 4-5 "$(shown 2 vcpus)"
}

nodes_leave_and_return() {
	before2=$(pages_on 2) before3=$(pages_on 3) all=$(numa_placement)
	ctl 0 shrink guest 2 3
	like output 'guest: done in * s: nodes 2-3 left; * given back to the host, 4 vCPUs offline*' "$out"
	same 'vCPUs that are up' '0 1 2 3' "$(vcpus_up)"
	[ "$(pages_on 2)" -lt $((before2 / 2)) ] || fail "physical node 2 has $(pages_on 2) of $before2 pages"
	[ "$(pages_on 3)" -lt $((before3 / 2)) ] || fail "physical node 3 has $(pages_on 3) of $before3 pages"
	same 'state of node 3' inactive "$(shown 3 state)"
	# asked twice, what fell short is tried again
	ctl 0 shrink guest 3
	ctl 0 expand guest 2-3 --json
	like JSON '*"outcome": "done"*' "$out"
	same 'vCPUs that are up' '0 1 2 3 4 5 6 7' "$(vcpus_up)"
	same pages "$all" "$(numa_placement)"
}

amounts_are_set() {
	all=$(numa_placement) before=$(pages_on 3)
	ctl 0 set guest 3=48
	now=$(pages_on 3)
	[ $((before - now)) -ge 3584 ] && [ $((before - now)) -le 4608 ] || fail "$before pages, now $now"
	same 'vCPUs that are up' '0 1 2 3 4 5 6 7' "$(vcpus_up)"
	ctl 4 set guest 3=64 2=0
	like error '*run two, the growing one first*' "$err"
	ctl 0 set guest 3=0
	same 'vCPUs that are up' '0 1 2 3 4 5' "$(vcpus_up)"
	ctl 0 expand guest 3 --memory 32M
	same 'target of node 3' 32768 "$(xenstore-read "$numa/node/3/target")"
	ctl 0 set guest 3=64M
	same pages "$all" "$(numa_placement)"
}

# How a change is carried out is said for that change only.
options_of_a_change() {
	ctl 0 shrink guest 3
	kept=$(shown 3 current)
	ctl 0 shrink guest 3 --fragments --grace 1
	same 'what it wrote' '1 1000' "$(xenstore-read "$numa/small" "$numa/grace_ms" | xargs)"
	[ "$(xenstore-read "$numa/node/3/current")" -lt "$kept" ] ||
		fail "it kept $kept KiB, and with fragments $(xenstore-read "$numa/node/3/current")"
	ctl 0 expand guest 3
	xenstore-exists "$numa/small" 2>/dev/null && fail "small is still there"
	xenstore-exists "$numa/grace_ms" 2>/dev/null && fail "grace_ms is still there"
	# what somebody else has written stays
	xenstore-write "$numa/grace_ms" 500
	ctl 0 shrink guest 3
	ctl 0 expand guest 3
	same grace_ms 500 "$(xenstore-read "$numa/grace_ms")"
	xenstore-rm "$numa/grace_ms"
}

balance_is_told() {
	ctl 0 balance -nro pnode,could-give
	same 'who could give' 'guest:3' "$(echo "$out" | awk '$1 == 3 { print $2 }')"
	free=$(virtflexctl balance -nro pnode,free | awk '$1 == 3 { print $2 }')
	ctl 0 shrink guest 3
	now=$(virtflexctl balance -nro pnode,free | awk '$1 == 3 { print $2 }')
	[ "$now" -ge $((free + 32768)) ] || fail "$free KiB were free, now $now"
	ctl 0 balance -nro pnode,could-give
	same 'who could give' - "$(echo "$out" | awk '$1 == 3 { print $2 }')"
	ctl 0 expand guest 3
	ctl 0 balance --json
}

# Nothing is written of what is refused here.
refused_here() {
	before=$(description)
	ctl 4 shrink guest 0 1 2 3
	like error '*no node would be left*' "$err"
	ctl 4 shrink guest 9
	like error '*no node 9: its nodes are 0 to 3*' "$err"
	ctl 4 set guest 2=1G
	like error '*was built with 64.0 MiB*' "$err"
	ctl 4 cancel guest
	like error '*no change is going on*' "$err"
	ctl 0 shrink --dry-run guest 2 3
	like output '*topo_change = "2"*' "$out"
	same description "$before" "$(description)"
}

# What the guest refuses is not what the next request is made from.
refused_by_the_guest() {
	ctl 4 set guest 3=1024K
	like error '*the guest says: numa/node/3/target: *' "$err"
	same 'target of node 3' 65536 "$(xenstore-read "$numa/node/3/target")"
	ctl 0 list -nro state
	same state refused "$out"
	# the same, if nobody was there to put it right
	virtflexctl set guest 3=1024K --no-wait >/dev/null || fail "status $?"
	await_key topo_change 0 60
	same 'target in xenstore' 1024 "$(xenstore-read "$numa/node/3/target")"
	same 'target of node 3' 65536 "$(shown 3 target)"
	ctl 0 shrink guest 2
	same 'target of node 3' 65536 "$(xenstore-read "$numa/node/3/target")"
	same 'vCPUs that are up' '0 1 2 3 6 7' "$(vcpus_up)"
	ctl 0 expand guest 2
}

# held PATTERN ARGUMENT...: virtflexctl in the background, and its guest paused at a status
# like PATTERN, until released
held() {
	rm -f /tmp/pausing
	mkfifo /tmp/pausing
	timeout 120 "$here/../pause_at_status" "$DOMID" "$1" >/tmp/pausing & pauser=$!
	exec 6</tmp/pausing
	read -r answer <&6
	shift
	virtflexctl "$@" >/tmp/first 2>/tmp/first.err & first=$!
	read -r answer <&6
	exec 6<&-
	[ "$answer" = paused ] || fail "the guest was not paused: $answer"
	kill "$pauser" 2>/dev/null
}

released() { xl unpause "$DOMID"; }

# The second is told who is first; who waits may be killed.
one_at_a_time() {
	held 'shrinking*' shrink guest 2 3
	ctl 8 expand guest 2
	like error "*a change is going on: root (process $first) since *: shrink 2 3; *cancel guest*" "$err"
	ctl 8 publish guest
	kill -9 $first
	wait $first 2>/dev/null
	released
	ctl 0 watch --once guest
	await_key topo_change 0 120
	ctl 0 list -nro state
	same state ready "$out"
	same 'vCPUs that are up' '0 1 2 3' "$(vcpus_up)"
	ctl 0 expand guest 2 3
}

withdrawn() {
	all=$(numa_placement)
	held '*unplug memory of node 3*' shrink guest 2 3
	virtflexctl cancel guest >/tmp/second 2>&1 & second=$!
	await_key topo_change 0 30 || fail "it is not withdrawn"
	released
	wait $second
	same 'exit status of cancel' 0 $?
	like output 'guest: withdrawn in * s: as it was before' "$(cat /tmp/second)"
	# who waited for the first request is told
	wait $first
	same 'exit status of the first' 4 $?
	like 'its error' '*guest: withdrawn by another command*' "$(cat /tmp/first.err)"
	same 'target of node 3' 65536 "$(xenstore-read "$numa/node/3/target")"
	same 'vCPUs that are up' '0 1 2 3 4 5 6 7' "$(vcpus_up)"
	same pages "$all" "$(numa_placement)"
	ctl 0 list -nro state
	same state ready "$out"
}

not_waited_for() {
	xl pause "$DOMID"
	ctl 5 shrink guest 3 --timeout 1
	like error '*no answer within 1 s; the request stands*' "$err"
	released
	await_key topo_change 0 120
	held 'shrinking*' shrink guest 2
	kill -TERM $first
	wait $first
	same 'exit status' 143 $?
	like error '*not waited for; the request stands*' "$(cat /tmp/first.err)"
	released
	await_key topo_change 0 120
	same 'vCPUs that are up' '0 1 2 3' "$(vcpus_up)"
	ctl 0 expand guest 2 3
}

host_has_no_more() {
	all=$(numa_placement)
	ctl 0 shrink guest 3
	fill_node 3 || fail "the node cannot be filled"
	ctl 4 expand guest 3
	like error '*physical node 3 has * free, and * are to come from it: *--partly*' "$err"
	ctl 3 expand guest 3 --partly
	like output 'guest: partly in *' "$out"
	like error '*the guest says: *the host has no more for it*' "$err"
	same 'vCPUs that are up' '0 1 2 3 4 5 6 7' "$(vcpus_up)"
	free_node
	ctl 0 expand guest 3
	same pages "$all" "$(numa_placement)"
}

# Described with a key for each vCPU, by another program.
older_keys() {
	xenstore-rm "$numa"
	numa_setup
	ctl 0 shrink guest 3
	same 'vCPUs that are up' '0 1 2 3 4 5' "$(vcpus_up)"
	numa_nodes shrink 3
	await_key topo_change 0 60
	ctl 0 expand guest 3
	same 'vCPUs that are up' '0 1 2 3 4 5 6 7' "$(vcpus_up)"
}

no_guest() {
	guest 'rmmod virtflex' || fail "guest: $said"
	ctl 7 shrink guest 3
	like error '*in the guest: modprobe virtflex*' "$err"
	same topo_change 0 "$(xenstore-read "$numa/topo_change")"
	ctl 0 list -nro state
	same state no-module "$out"
	guest 'insmod /lib/virtflex/virtflex.ko' || fail "guest: $said"
	ctl 0 shrink guest 3
	ctl 0 expand guest 3
}

# What it says is shown, and does nothing to a terminal or to us.
garbage() {
	esc=$(printf '\033')
	guest "xenstore-write numa/status '${esc}[2Jshrinking: step 1 of 0: %s%n' numa/error '%s%s%n$esc]0;x' \
		numa/result ' done %s' numa/node/3/current 99999999999999999999" || fail "guest: $said"
	ctl 0 show guest
	same 'control characters' 0 "$(printf '%s' "$out" | tr -d '\n' | tr -dc '\000-\037' | wc -c)"
	like output '*guest: ?\[2Jshrinking: step 1 of 0: %s%n*' "$out"
	ctl 0 show guest --json
	ctl 0 list
	ctl 0 shrink guest 3
	ctl 0 expand guest 3
}

# Any request is made from how things are; in the end they are as was asked last.
many_changes() {
	count=0 seed=${SEED:-4711}
	while [ "$count" -lt "${CHANGES:-0}" ]; do
		count=$((count + 1)) seed=$(((seed * 1103515245 + 12345) % 2147483648))
		case $((seed / 65536 % 6)) in
		0) set -- shrink guest 2 ;;
		1) set -- shrink guest 3 2 ;;
		2) set -- expand guest 2 3 ;;
		3) set -- expand guest 3 ;;
		4) set -- shrink guest 3 ;;
		5) set -- expand guest 2 ;;
		esac
		ctl 0 "$@"
		for node in $(echo "$*" | cut -d' ' -f3-); do
			same "node $node after $*" "$([ "$1" = shrink ] && echo inactive || echo active)" "$(shown "$node" state)"
		done
	done
	ctl 0 expand guest 2 3
	same 'vCPUs that are up' '0 1 2 3 4 5 6 7' "$(vcpus_up)"
}

replaced() {
	ctl 0 shrink guest 3
	ctl 0 replace guest 2 3
	like output '*node 3 joined*node 2 left*' "$(echo "$out" | tr '\n' ' ')"
	same 'vCPUs that are up' '0 1 2 3 6 7' "$(vcpus_up)"
	# once more it is how it was asked for
	ctl 0 replace guest 2 3
	ctl 4 replace guest 3 3
	ctl 4 replace guest 3 9
	ctl 0 expand guest 2 3
}

total() { numa_placement | awk '{ pages += $2 } END { print pages }'; }

# is_back: node 2's memory is on physical node 2, but for what the guest's kernel took of
# it meanwhile, and none is lost
is_back() {
	same 'pages of all nodes' "$all" "$(total)"
	[ "$(pages_on 3)" -le $((before3 + 4096)) ] || fail "physical node 3 has $(pages_on 3) pages"
}

# keep_memory NODE: a program in the guest has memory of every kind there, and looks after
# each byte of it
keep_memory() {
	guest "rm -f /tmp/ask /tmp/kept; mkfifo /tmp/ask; sleep 9999 >/tmp/ask 2>&1 & echo \$! >/tmp/asker
		/root/t/capacity_pages $1 2 </tmp/ask >/tmp/kept 2>&1 & echo \$! >/tmp/keeper
		until grep -q ready /tmp/kept; do sleep 0.1; done"
}

# memory_is_intact NODE: and what is bound to the node is nowhere else; pages of the pool of
# huge pages go where the pool has free ones
memory_is_intact() {
	guest 'lines=$(wc -l </tmp/kept); echo >/tmp/ask
		until [ $(wc -l </tmp/kept) -gt "$lines" ]; do sleep 0.1; done; tail -n 1 /tmp/kept'
	same "the program's memory" intact "$said"
	guest 'grep " bind:" "/proc/$(cat /tmp/keeper)/numa_maps" | grep -v " huge" | grep -o " N[0-9]*=" | sort -u | xargs'
	same 'nodes of what is bound' "N$1=" "$said"
}

free_memory() { guest 'kill $(cat /tmp/asker /tmp/keeper); sleep 0.2; echo 0 >/proc/sys/vm/nr_hugepages'; }

# To another physical node and back, while a program uses the node. $rounds is how often.
moved() {
	all=$(total) before2=$(pages_on 2) before3=$(pages_on 3)
	ctl 0 pin guest
	[ "$(shown 2 elsewhere)" != 0 ] || {
		ctl 0 move guest 2 2
		like output '*already*' "$out"
	}
	keep_memory 2
	round=0
	while [ $round -lt "${rounds:-1}" ]; do
		round=$((round + 1))
		ctl 0 move guest 2 3
		like output 'guest: node 2 is on physical node 3 in * s: * moved*' "$out"
		memory_is_intact 2
		same 'physical node of node 2' 3 "$(shown 2 pnode)"
		same 'vCPUs that are up' '0 1 2 3 4 5 6 7' "$(vcpus_up)"
		came=$(($(pages_on 3) - before3)) went=$((before2 - $(pages_on 2)))
		same 'pages that came and went' "$went" "$came"
		[ "$went" -gt $((before2 / 2)) ] || fail "only $went of $before2 pages moved"
		like 'soft affinity of vCPU 4' '* / 4' "$(affinity 4)"
		ctl 0 move guest 2 2 --json
		like JSON '*"outcome": "done"*"node": 2*"pnode": 2*"here_kb": *' "$out"
		memory_is_intact 2
		is_back
	done
	free_memory
	ctl 0 unpin guest
}

moved_many_times() { rounds=3 moved; }

# What is not moved is said, and moved by the same command once more.
moved_in_part() {
	all=$(total) before2=$(pages_on 2) before3=$(pages_on 3)
	keep_memory 2
	# the host's memory comes to its end when the guest has begun: no more than an extent is
	# missing, and withdrawn in the middle it is on both
	held '*: move memory of node 2*' move guest 2 3 --wait-host 300
	fill_node 3 16 || fail "the node cannot be filled"
	released
	await_key status '*move memory of node 2, [1-9]*' 120 || fail "it has not begun: $(xenstore-read "$numa/status")"
	memory_is_intact 2
	ctl 0 cancel guest
	like output 'guest: withdrawn in * s: node 2: * are on physical node 3, * are not' "$out"
	wait $first
	same 'exit status of the first' 4 $?
	ctl 0 show guest
	like 'what is shown' '*node 2: * of * are on physical node 3*' "$out"
	[ "$(shown 2 elsewhere)" -gt 0 ] || fail "nothing is elsewhere"
	[ $((all - $(total))) -le 512 ] || fail "$((all - $(total))) pages are missing"
	[ "$(pages_on 3)" -gt "$before3" ] || fail "nothing came from physical node 3"
	free_node
	ctl 0 move guest 2 3
	same 'pages of all nodes' "$all" "$(total)"
	memory_is_intact 2
	[ "$(pages_on 3)" -gt $((before3 + before2 / 2)) ] || fail "physical node 3 has $(pages_on 3) pages"
	# nobody waits for the host
	held '*: move memory of node 2*' move guest 2 2
	fill_node 2 || fail "the node cannot be filled"
	released
	wait $first
	same 'exit status' 3 $?
	like error '*the host has no more for it*' "$(cat /tmp/first.err)"
	memory_is_intact 2
	[ $((all - $(total))) -le 512 ] || fail "$((all - $(total))) pages are missing"
	free_node
	ctl 0 move guest 2 2
	memory_is_intact 2
	is_back
	free_memory
}

# A node that is full has nowhere to put what is in an extent.
full_node_stays() {
	guest 'echo 3 >/proc/sys/vm/drop_caches; mkdir -p /mnt; mount -t tmpfs -o mpol=prefer:2,size=150m none /mnt
		set -- $(grep MemFree /sys/devices/system/node/node2/meminfo)
		dd if=/dev/zero of=/mnt/fill bs=1M count=$(($4 / 1024 + 4)) 2>&1' ||
		fail "the node cannot be filled: $said"
	all=$(numa_placement)
	ctl 4 move guest 2 3
	like error '*node 2 is full: * can be freed, and a move in use needs 2048 KiB*' "$err"
	same 'physical node of node 2' 2 "$(shown 2 pnode)"
	same pages "$all" "$(numa_placement)"
	# also if nobody waited for the refusal
	xl pause "$DOMID"
	virtflexctl move guest 2 3 >/tmp/first 2>&1 & first=$!
	await_key topo_change 3 60 || fail "it is not asked for"
	kill -9 $first
	xl unpause "$DOMID"
	await_key topo_change 0 60
	same 'physical node of node 2' 3 "$(shown 2 pnode)"
	ctl 0 expand guest 3
	same 'physical node of node 2' 2 "$(shown 2 pnode)"
	guest 'umount /mnt'
}

# The node leaves meanwhile.
moved_offline() {
	all=$(total) before2=$(pages_on 2) before3=$(pages_on 3)
	ctl 2 move guest 2 3 --offline --dry-run
	ctl 4 move guest 2 7
	like error '*this host has no physical node 7*' "$err"
	ctl 4 move guest 9 3
	ctl 0 pin guest
	ctl 0 move --offline guest 2 3
	like output 'guest: node 2 is on physical node 3 in * s: * moved, * stay on physical node 2*' "$out"
	same 'physical node of node 2' 3 "$(shown 2 pnode)"
	came=$(($(pages_on 3) - before3)) went=$((before2 - $(pages_on 2)))
	same 'pages that came and went' "$went" "$came"
	[ "$went" -gt $((before2 / 2)) ] || fail "only $went of $before2 pages moved"
	like 'soft affinity of vCPU 4' '* / 4' "$(affinity 4)"
	# changes after it keep to the new one
	ctl 0 shrink guest 2
	ctl 0 expand guest 2
	[ "$(pages_on 3)" -ge $((before3 + came)) ] || fail "physical node 3 has $(pages_on 3) pages"
	ctl 0 move guest 2 2 --offline
	is_back
	# a node that is away is moved at once
	ctl 0 shrink guest 2
	ctl 0 move guest 2 3
	ctl 0 expand guest 2
	[ "$(pages_on 3)" -gt $((before3 + before2 / 2)) ] || fail "physical node 3 has $(pages_on 3) pages"
	ctl 0 move guest 2 2
	is_back
	ctl 0 unpin guest
}

# One whose module does not know of moves
old_guest() {
	xenstore-rm "$numa/control/feature-move"
	ctl 4 move guest 2 3
	like error '*too old to move memory of a node in use: add --offline' "$err"
	same 'physical node of node 2' 2 "$(shown 2 pnode)"
	xenstore-write "$numa/control/feature-move" 1
}

# Both requests at once, as far as that can be told before the first is carried out
replaced_in_a_dry_run() {
	mute_domain || fail "no domain"
	ctl 0 publish mute
	mute=/local/domain/$(xl domid mute)/numa
	xenstore-write "$mute/node/1/target" 0 "$mute/node/1/vcpus" ""
	before=$(xenstore-ls -f "$mute")
	# node 0 is the only one, and may leave once node 1 has joined
	ctl 0 replace mute 0 1 --dry-run
	like output 'First, for node 1 to join:*node/1/target = "16384"*topo_change = "1"*Then, for node 0 to leave:*node/0/target = "0"*topo_change = "2"' "$out"
	same description "$before" "$(xenstore-ls -f "$mute")"
	xl destroy mute
	ctl 0 shrink guest 3
	ctl 0 replace guest 2 3 --no-wait
	like output '*guest: done in *node 3 joined*asked; to see*' "$(echo "$out" | tr '\n' ' ')"
	await_key topo_change 0 60
	same 'vCPUs that are up' '0 1 2 3 6 7' "$(vcpus_up)"
	ctl 0 expand guest 2
}

json_agrees() {
	json list -- 0 list --json
	json show -- 0 show guest --json
	json balance -- 0 balance --json
	json publish -- 0 publish guest --json
	json publish -- 0 publish --all --json
	json publish --dry-run -- 0 publish guest --json --dry-run
	json pin -- 0 pin guest --json --dry-run
	like 'node 3' '*"pnode": 3, "vcpus": \[ 6, 7 \], "cpus": \[ 4 \] *' "$(tr -s ' \t\n' ' ' </tmp/out)"
	json unpin -- 0 unpin guest --json
	json --dry-run +domain +name -- 0 shrink guest 3 --json --dry-run
	json shrink -- 0 shrink guest 3 --json
	json replace --dry-run -- 0 replace guest 2 3 --json --dry-run
	json replace shrink -- 0 replace guest 2 3 --json
	same 'requests and their outcome' '2 2' "$(grep -c '"request":' /tmp/out) $(grep -c '"outcome": "done"' /tmp/out)"
	json expand -- 0 expand guest 2 --json
	json set -- 0 set guest 3=64M --json
	json watch -- 0 watch guest --once --json
	json --dry-run +domain +name -- 0 move guest 2 3 --json --dry-run
	json move -- 0 move guest 2 3 --json
	json move -- 0 move guest 2 2 --json
	xl pause "$DOMID"
	json shrink -- 0 shrink guest 3 --json --no-wait
	json cancel -- 0 cancel guest --json --no-wait
	released
	# nothing of what was not asked of the guest
	ctl 4 replace guest 3 9 --json
	same output '' "$out"
}

# As somebody chooses it on a terminal; what is typed ahead waits there.
chosen() {
	command -v script >/dev/null || { skip 'script(1) is not here'; return; }
	printf '%s\n' nobody guest shrink 3 y show quit |
		TERM=vt100 NO_COLOR=1 script -qec virtflexctl /dev/null >/tmp/out 2>&1
	same 'exit status' 0 $?
	out=$(tr -d '\r' </tmp/out)
	like 'what is seen' '*there is no domain nobody*domain *, guest: ready*virtflexctl shrink guest 3*y/N*node 3 left*inactive*' "$out"
	same 'vCPUs that are up' '0 1 2 3 4 5' "$(vcpus_up)"
	same 'target of node 3' 0 "$(xenstore-read "$numa/node/3/target")"
	# a change that is going on can be withdrawn
	held 'expanding*' expand guest 3
	printf '%s\n' guest cancel n quit | TERM=vt100 script -qec virtflexctl /dev/null >/tmp/out 2>&1
	like 'what is seen' '*  7  cancel *virtflexctl cancel guest*' "$(tr -d '\r' </tmp/out)"
	released
	wait $first
	same 'vCPUs that are up' '0 1 2 3 4 5 6 7' "$(vcpus_up)"
}

# Node n is on the physical node of that number, which has CPU n + 1.
pinned() {
	preferred=$(xl vcpu-list guest | awk 'NR > 1 { print $3, $NF }')
	ctl 0 pin guest
	like output '*guest: node 2: vCPUs 4-5 prefer CPUs 3 of physical node 2*' "$out"
	like 'affinity of vCPU 4' '* / 3' "$(affinity 4)"
	# dom0 has CPU 0 for itself
	like 'affinity of vCPU 0' '* / 1' "$(affinity 0)"
	ctl 0 pin guest --hard
	like 'affinity of vCPU 6' '4 / 4' "$(affinity 6)"
	sleep 2
	same 'vCPUs remote from node 3' 0 "$(shown 3 remote)"
	ctl 0 unpin guest
	like 'affinity of vCPU 6' '4 / all' "$(affinity 6)"
	ctl 0 unpin guest --hard
	like 'affinity of vCPU 6' 'all / all' "$(affinity 6)"
	# as xl has made it, for who comes next
	while read -r vcpu soft; do
		xl vcpu-pin guest "$vcpu" - "$soft" || fail "vCPU $vcpu"
	done <<-EOT
	$preferred
	EOT
}

# What it prints is what xl takes.
configured() {
	for how in '--policy local' '' '--policy random --seed 3' '--policy round-robin' '--pnodes 3,3,2,2'; do
		# shellcheck disable=SC2086
		ctl 0 config --nodes 4 --memory 32 --vcpus 6 --name made $how
		printf '%s\nvga = "none"\nvnc = 0\nsdl = 0\nusb = 0\n' "$out" >/tmp/made
		xl create -p -q /tmp/made || { fail "xl does not take $how: $out"; continue; }
		ctl 0 show made -nro node,pnode,vcpus,capacity
		same 'nodes and vCPUs' '0 0-1 1 2-3 2 4 3 5' "$(echo "$out" | awk '{ printf "%s%s %s", sep, $1, $3; sep = " " }')"
		case $how in
		'') same "nodes, $how" '0 1 2 3' "$(echo "$out" | awk '{ printf "%s%s", sep, $2; sep = " " }')" ;;
		*pnodes*) same "nodes, $how" '3 3 2 2' "$(echo "$out" | awk '{ printf "%s%s", sep, $2; sep = " " }')" ;;
		*local|*robin) same "nodes, $how" 1 "$(echo "$out" | awk '{ print $2 }' | sort -u | wc -l)" ;;
		esac
		xl destroy made
	done
	ctl 0 config --policy round-robin -m 32
	first=$(tail -n 1 /tmp/err | grep -o '[0-9,]*$')
	ctl 0 config --policy round-robin -m 32
	[ "$first" != "$(tail -n 1 /tmp/err | grep -o '[0-9,]*$')" ] || fail "the next domain is on $first as well"
	ctl 4 config --memory 1T
	like error '*free on physical nodes: 0: *, 3: *wanted: 512.0 GiB for each node*no room for 2 nodes of 512.0 GiB; *' "$err"
	ctl 4 config --pnodes 0,7 --memory 32
	like error '*this host has no physical node 7 with memory*' "$err"
	ctl 2 config --memory 33
	ctl 2 config --pnodes 0
	ctl 4 config --format libvirt --memory 32
	like error '*take --format xl*' "$err"
}

# The example of the manual page, as it is printed. It takes a host with room for it:
# scripts/guest --host-mem 7G.
configured_whole() {
	ctl 0 config --nodes 4 --memory 4G --vcpus 8 --policy interleave
	like 'what it counted' '*free on physical nodes: 0: *, 3: *; wanted: 1.00 GiB for each node, and * there for Xen*' "$err"
	like 'where nodes are' '*4 nodes of 1.00 GiB on physical nodes 0,1,2,3' "$err"
	virtflexctl config --nodes 4 --memory 4G --vcpus 8 --policy interleave >/tmp/whole 2>/dev/null
	xl create -p -q /tmp/whole || { fail "xl does not take: $out"; return; }
	made=$(xl domid flexible)
	[ "$(xl list flexible | awk 'NR > 1 { print $3 }')" -ge 4080 ] || fail "xl list: $(xl list)"
	same 'vCPUs' '0 1 2 3 4 5 6 7' "$(xl vcpu-list flexible | awk 'NR > 1 { printf "%s%s", sep, $3; sep = " " }')"
	# CPU 0 is of physical node 0, and CPU n + 1 of n
	same 'what they prefer' '0-1 0-1 2 2 3 3 4 4' "$(xl vcpu-list flexible | awk 'NR > 1 { printf "%s%s", sep, $NF; sep = " " }')"
	ctl 0 show flexible -nro node,pnode,vcpus,capacity
	# 8 MiB of node 0 are the graphics card's, which xl gives a domain that says nothing of it
	same nodes '0 0 0-1 1040384,1 1 2-3 1048576,2 2 4-5 1048576,3 3 6-7 1048576' "$(echo "$out" | tr '\n' , | sed 's/,$//')"
	# 4 KiB pages, as Xen counts them; it places a few of its own choice
	DOMID=$made numa_placement >/tmp/pages
	same 'physical nodes with its memory' '0 1 2 3' "$(awk '{ printf "%s%s", sep, $1; sep = " " }' /tmp/pages)"
	awk '$2 < 258048 || $2 > 266240 { bad = 1 } END { exit bad }' /tmp/pages || fail "pages: $(cat /tmp/pages)"
	# its memory is no longer free
	ctl 4 config --nodes 4 --memory 4G --vcpus 8
	xl destroy flexible
	ctl 0 config --nodes 4 --memory 4G --vcpus 8
}

# Whoever makes a domain does not have to think of it.
published_as_made() {
	virtflexctl publish --follow >/tmp/follow 2>&1 & follow=$!
	mute_domain || fail "no domain"
	mute=/local/domain/$(xl domid mute)/numa
	(numa=$mute && await_key node/1/pnode 3 60) || fail "not published: $(cat /tmp/follow)"
	xl destroy mute
	kill $follow
	wait $follow
	like 'what it said' '*mute: 2 nodes published*' "$(cat /tmp/follow)"
}

# A domain whose guest never comes, comes late, says what is not so, or ends.
mute_guests() {
	mute_domain || fail "no domain"
	mute_id=$(xl domid mute)
	mute=/local/domain/$mute_id/numa
	ctl 7 shrink mute 1
	same 'physical node, published by that' 3 "$(xenstore-read "$mute/node/1/pnode")"
	# it was there, and is not well
	xenstore-write "$mute/status" idle
	# and what it says of a step does nothing to a terminal
	xenstore-write "$mute/status" "shrinking: step 1 of 2: $(printf '\033')]0;x"
	ctl 5 shrink mute 1 --timeout 2 --verbose
	like error '*mute: step 1 of 2: ?]0;x*no answer within 2 s*' "$(echo "$err" | tr '\n' ' ')"
	same 'control characters' 0 "$(printf '%s' "$err" | tr -d '\n' | tr -dc '\000-\037' | wc -c)"
	ctl 8 shrink mute 1
	ctl 5 cancel mute --timeout 1
	id=$(xenstore-read "$mute/request_id")
	xenstore-write "$mute/result" "$id withdrawn" "$mute/status" 'failed: late'
	same 'target after a late answer' 16384 "$(virtflexctl show mute -nro node,target | awk '$1 == 1 { print $2 }')"
	# an answer of another request, and one in words that nobody knows
	virtflexctl shrink mute 1 >/tmp/first 2>/tmp/first.err & first=$!
	(numa=$mute && await_key topo_change 2 30) || fail "no request"
	xenstore-write "$mute/result" "$id done" "$mute/topo_change" 0
	sleep 1
	kill -0 $first || fail "it took the answer of another request for its own"
	xenstore-write "$mute/result" "$(xenstore-read "$mute/request_id") perhaps"
	wait $first
	same 'exit status' 1 $?
	virtflexctl shrink mute 1 >/tmp/first 2>/tmp/first.err & first=$!
	(numa=$mute && await_key topo_change 2 30) || fail "no request"
	xl destroy mute
	wait $first
	same 'exit status' 6 $?
	like error '*mute: the domain is gone, before its guest answered*' "$(cat /tmp/first.err)"
	ctl 0 publish --all
	xenstore-exists "/tool/virtflex/$mute_id" 2>/dev/null && fail "the record of a domain that is gone is there"
}

echo "TAP version 13"
await_agent
[ $# -gt 0 ] || set -- nothing_is_published published nodes_leave_and_return amounts_are_set options_of_a_change balance_is_told refused_here \
	refused_by_the_guest one_at_a_time withdrawn not_waited_for host_has_no_more older_keys no_guest garbage \
	replaced replaced_in_a_dry_run moved moved_in_part full_node_stays moved_offline old_guest pinned configured json_agrees chosen published_as_made mute_guests
[ "${CHANGES:-0}" -eq 0 ] || set -- "$@" many_changes moved_many_times
for test; do
	run_test "$test"
done
end_agent
echo "# $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
