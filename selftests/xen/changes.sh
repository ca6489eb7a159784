# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of changes as such: what is asked, and answered, and shown; bad input;
# the host that changes its mind; the module that comes and goes. Sourced by
# guest.sh.
# shellcheck disable=SC3045,SC2016,SC2034,SC2154

no_keys_at_all() {
	xenstore-exists numa/node && fail "there is a description already"
	same state stable "$(state)"
	same active '0 1 2 3' "$(active)"
	same 'nodes with CPUs, memory and distances' 4 \
		"$(awk '$1 == "node" && $5 != "-" && $6 > 0 && split($9, d, ",") == 4' "$topology" | wc -l)"
	same pnode - "$(awk '$1 == "node" && $2 == 1 { print $4 }' "$topology")"
}

memory_is_on_its_physical_nodes() {
	host numa_placement || fail "dom0: $said"
	pages=$said
	host numa_layout || fail "dom0: $said"
	for want in $(echo "$said" | awk '{ print $2 ":" $3 / 4 }'); do
		pnode=${want%:*} want=${want#*:}
		have=$(echo "$pages" | awk -v n="$pnode" '$1 == n { print $2 }')
		# the device model's and the firmware's pages come on top
		if [ "${have:-0}" -lt $((want - 2048)) ] ||
			[ "${have:-0}" -gt $((want + 4096)) ]; then
			fail "physical node $pnode has ${have:-no} pages, expected about $want"
		fi
	done
	[ -n "$said" ] || fail "no layout"
}

no_permission_on_topo_change() {
	before=$(nodes_text) lines=$(log_lines)
	host 'xenstore-write $(numa_pairs) $numa/topo_change 1 &&
		xenstore-chmod $numa/topo_change n0 r$DOMID' || fail "dom0: $said"
	wait_for_state 'failed: *'
	like state 'failed: *topo_change*host has to grant*' "$(state)"
	same 'nodes' "$before" "$(nodes_text)"
	same 'log lines' $((lines + 1)) "$(log_lines)"
	like log '*topo_change*host has to grant*' "$(last_log)"
	host 'xenstore-rm $numa' || fail "dom0: $said"
}

# The file's own event: follow.sh would do; here a small loop on a reader that
# sleeps in poll().
wait_for_state() {
	end=$(($(now) + 180))
	# shellcheck disable=SC2254
	while [ "$(now)" -lt $end ]; do
		case $(state) in
		$1) return 0 ;;
		esac
		"$here/../wait_topology" 1000
	done
	return 1
}

a_description_is_shown() {
	host numa_setup || fail "dom0: $said"
	change numa_nodes expand 0 1 2 3
	same active '0 1 2 3' "$(active)"
	awk '$1 == "node" && ($4 != $2 || $8 < 65536 || $7 != $8) { exit 1 }' "$topology" ||
		fail "nodes: $(nodes_text)"
	for node in 0 1 2 3; do
		same "current of $node" \
			"$(awk -v n=$node '$1 == "node" && $2 == n { print $6 }' "$topology")" \
			"$(xenstore-read numa/node/$node/current)"
	done
}

shrink_two_nodes() {
	before=$(generation)
	change numa_nodes shrink 2 3
	same active '0 1' "$(active)"
	same cpus '0-3' "$(cat /sys/devices/system/cpu/online)"
	same 'cpus of node 2' - "$(cpus_of 2)"
	[ "$(generation)" -gt "$before" ] || fail "generation is $(generation)"
	like status "done: generation $(generation)*" "$status"
	host numa_vcpus || fail "dom0: $said"
	same 'vCPUs for Xen' 'up up up up down down down down' \
		"$(echo "$said" | awk '{ printf "%s%s", sep, $2; sep = " " }')"
}

expand_two_nodes() {
	before=$(generation)
	change numa_nodes expand 2 3
	same active '0 1 2 3' "$(active)"
	same cpus '0-7' "$(cat /sys/devices/system/cpu/online)"
	same 'cpus of node 2' '4-5' "$(cpus_of 2)"
	[ "$(generation)" -gt "$before" ] || fail "generation is $(generation)"
	host numa_vcpus || fail "dom0: $said"
	same 'vCPUs for Xen' 'up up up up up up up up' \
		"$(echo "$said" | awk '{ printf "%s%s", sep, $2; sep = " " }')"
}

# A running program on four nodes, which waits for a change in poll(), has its
# pages moved, and goes on: its own report is on a pipe, numa_maps is the truth.
program_follows() {
	if ! "$here/../follower" --probe; then
		skip "this kernel has no virtflex_migrate(2)"
		return
	fi
	rm -f /tmp/follower
	mkfifo /tmp/follower
	"$here/../follower" >/tmp/follower &
	follower=$!
	exec 6</tmp/follower
	read -r -t 30 line <&6
	like 'at its start' 'ready *' "$line"
	same 'nodes at its start' '0 1 2 3' "$(nodes_of_program $follower)"

	change numa_nodes shrink 2 3
	wait_for_program "$(generation)"
	same 'nodes after the shrink' '0 1' "$(nodes_of_program $follower)"
	same sleeping 'poll' "$(sleeps_in $follower)"

	change numa_nodes expand 2 3
	wait_for_program "$(generation)"
	same 'nodes after the expand' '0 1 2 3' "$(nodes_of_program $follower)"

	kill -TERM $follower
	wait $follower
	same 'exit status' 0 $?
	exec 6<&-
}

# Nodes with pages of the big mappings of a process
nodes_of_program() {
	awk '/anon=/ && !/file=/ {
			n = 0
			for (i = 1; i <= NF; i++)
				if ($i ~ /^anon=/ && substr($i, 6) + 0 >= 256)
					n = 1
			for (i = 1; n && i <= NF; i++)
				if (split($i, part, "=") == 2 && part[1] ~ /^N[0-9]+$/)
					seen[substr(part[1], 2)]
		}
		END { for (i = 0; i < 64; i++) if (i in seen) { printf "%s%d", sep, i; sep = " " } }' \
		"/proc/$1/numa_maps"
}

# Lines of the follower until it has acted on a generation
wait_for_program() {
	while read -r -t 30 line <&6; do
		like 'its memory' '* intact' "$line"
		seen=${line#generation }
		[ "${seen%% *}" -lt "$1" ] || return 0
	done
	fail "the program did not act on generation $1"
}

sleeps_in() {
	# 7 and 271: poll and ppoll; 0: read
	case $(cut -d' ' -f1 "/proc/$1/syscall" 2>/dev/null) in
	7|271) echo poll ;;
	*) cat "/proc/$1/syscall" ;;
	esac
}

switches() { awk '/^voluntary_ctxt/ { print $2 }' "/proc/$1/status"; }

watch_sleeps_in_poll() {
	if ! command -v virtflex >/dev/null; then
		skip "the virtflex command is not here"
		return
	fi
	rm -f /tmp/watch
	mkfifo /tmp/watch
	if [ -x /root/strace ]; then
		/root/strace -o /tmp/strace -e trace=all virtflex watch >/tmp/watch &
	else
		virtflex watch >/tmp/watch &
	fi
	job=$!
	exec 6</tmp/watch
	# its first words say it is there; then it is to sleep
	read -r -t 20 line <&6
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		watcher=$(pidof virtflex)
		[ "$(sleeps_in "${watcher:-self}")" != poll ] || break
		usleep 200000
	done
	same sleeping poll "$(sleeps_in "$watcher")"
	before=$(switches "$watcher")
	# dom0 is busy for a while, with nothing that concerns us
	host numa_vcpus
	host numa_layout
	same 'wake-ups without a change' "$before" "$(switches "$watcher")"

	change numa_nodes shrink 3
	want=$(generation)
	seen=no
	while read -r -t 20 line <&6; do
		case $line in
		*"$want"*) seen=yes; break ;;
		esac
	done
	same "generation $want printed" yes $seen
	kill "$watcher" 2>/dev/null
	wait $job 2>/dev/null
	exec 6<&-
	if [ -e /tmp/strace ]; then
		grep -q poll /tmp/strace || fail "no poll in strace"
		grep -E 'nanosleep|alarm|timer' /tmp/strace && fail "strace shows a timer"
	fi
	everything
}

#
# Bad input: one table. Each line is a test: name, what the error must be like,
# request, and the keys below numa that are written with it (a "-" value: the
# key is removed first).
#
bad_input() {
	name=$1 pattern=$2
	shift 2
	current=bad_input_$name bad='' reason=''
	before=$(nodes_text) active_before=$(active) lines=$(log_lines)
	host "$@" || fail "dom0: $said"
	answered
	like status 'failed: *' "$status"
	like error "$pattern" "$error"
	like state "failed: $pattern" "$(state)"
	same nodes "$before" "$(nodes_text)"
	same 'log lines' $((lines + 1)) "$(log_lines)"
	like log "*$pattern" "$(last_log)"
	# as it was; and the next good change works
	host numa_restore || fail "dom0: $said"
	answered
	like 'status of the next good change' 'done: *' "$status"
	same 'error after it' '' "$error"
	same 'state after it' stable "$(state)"
	same 'active after it' "$active_before" "$(active)"
	result "$current"
}

rm_then_ask() { echo "xenstore-rm \$numa/$1; numa_request expand"; }

bad_inputs() {
	# missing
	bad_input missing_target '*node/1/target*missing*' "$(rm_then_ask node/1/target)"
	bad_input missing_capacity '*node/2/capacity*missing*' "$(rm_then_ask node/2/capacity)"
	# junk
	bad_input target_word '*node/1/target*not a number*' numa_request expand node/1/target lots
	bad_input target_empty '*node/1/target*' "numa_request expand node/1/target ''"
	bad_input target_unit '*node/1/target*' numa_request expand node/1/target 262144k
	bad_input target_negative '*node/1/target*' numa_request expand node/1/target -1
	bad_input target_hex '*node/1/target*' numa_request expand node/1/target 0x1000
	bad_input target_blank '*node/1/target*' "numa_request expand node/1/target ' 262144'"
	bad_input target_binary '*node/1/target*' "numa_request expand node/1/target '\\x01\\x7f\\xff'"
	bad_input target_long '*node/1/target*' \
		"numa_request expand node/1/target \$(head -c 1500 /dev/zero | tr '\\0' 9)"
	bad_input pnode_word '*node/1/pnode*' numa_request expand node/1/pnode first
	bad_input vcpu_word '*node/1/vcpu/2*' numa_request expand node/1/vcpu/2 maybe
	bad_input request_word '*topo_change*' numa_request grow
	bad_input request_number '*topo_change*' numa_request 4
	# out of range
	bad_input target_2_64 '*node/1/target*' numa_request expand node/1/target 18446744073709551616
	bad_input target_2_64_and_some '*node/1/target*' numa_request expand node/1/target 18446744073709813760
	bad_input capacity_too_big '*node/1/capacity*' numa_request expand node/1/capacity 1099511627777
	bad_input target_above_capacity '*node/1/target*above*capacity*' \
		numa_request expand node/1/target $(($(xenstore-read numa/node/1/capacity) + 1))
	bad_input node_that_does_not_exist '*node/4*no such node*' \
		numa_request expand node/4/target 262144 node/4/capacity 262144
	bad_input node_1024 '*node/1024*' numa_request expand node/1024/target 0 node/1024/capacity 0
	bad_input node_2_32 '*node/4294967296*' numa_request expand node/4294967296/target 0
	bad_input node_word '*node/first*' numa_request expand node/first/target 0
	bad_input node_negative '*node/-1*' numa_request expand node/-1/target 0
	bad_input vcpu_that_does_not_exist '*vcpu/8*' numa_request expand node/1/vcpu/8 online
	bad_input vcpu_100000 '*vcpu/100000*' numa_request expand node/1/vcpu/100000 online
	bad_input vcpu_of_another_node '*vcpu/4*belongs to node 2*' numa_request expand node/1/vcpu/4 online
	bad_input vcpu_0_offline '*vcpu/0*cannot go offline*' numa_request shrink node/0/vcpu/0 offline
	# directions
	bad_input expand_takes_a_vcpu '*vcpu/7*' numa_request expand node/3/vcpu/7 offline
	bad_input expand_takes_memory '*node/3/target*' numa_request expand node/3/target 0
	bad_input nothing_left '*node*target above 0*' \
		numa_request shrink node/0/target 0 node/1/target 0 node/2/target 0 node/3/target 0
	# very many
	bad_input very_many_nodes '*node*' \
		'for i in $(seq 100 120); do set --; for j in $(seq 0 9); do set -- "$@" $numa/node/$i$j/target 0; done; xenstore-write "$@"; done; numa_request expand'
	bad_input very_many_vcpus '*vcpu*' \
		'for i in $(seq 100 140); do set --; for j in $(seq 0 9); do set -- "$@" $numa/node/1/vcpu/$i$j online; done; xenstore-write "$@"; done; numa_request expand'
}

shrink_adds_is_refused() {
	change numa_nodes shrink 3
	before=$(nodes_text) lines=$(log_lines)
	host numa_request shrink node/3/target 65536 node/2/target 0 || fail "dom0: $said"
	answered
	like status 'failed: *' "$status"
	like error '*node/3/target*shrink adds no memory*' "$error"
	same nodes "$before" "$(nodes_text)"
	same 'log lines' $((lines + 1)) "$(log_lines)"
	everything
}

#
# While a change is going on
#

keys_deleted_in_the_middle() {
	host 'during "shrinking*" "numa_nodes shrink 2 3" "xenstore-rm $numa/node/2"' || fail "dom0: $said"
	answered
	like status 'failed: *' "$status"
	like error '*node*2*' "$error"
	like state 'failed: *' "$(state)"
	same 'active' '0 1 2 3' "$(active)"
	same 'cpus, undone' '0-7' "$(cat /sys/devices/system/cpu/online)"
	restore
}

everything_deleted_in_the_middle() {
	host 'during "shrinking*" "numa_nodes shrink 2 3" "xenstore-rm $numa"' || fail "dom0: $said"
	wait_for_state 'failed: *' || wait_for_state stable || fail "state: $(state)"
	same 'active' '0 1 2 3' "$(active)"
	same 'cpus, undone' '0-7' "$(cat /sys/devices/system/cpu/online)"
	restore
}

restore() {
	host 'numa_setup && numa_restore' || fail "dom0: $said"
	answered
	like 'status of the next good change' 'done: *' "$status"
	same 'state after it' stable "$(state)"
	same 'active after it' '0 1 2 3' "$(active)"
}

taken_back_in_the_middle() {
	host 'during "shrinking*" "numa_nodes shrink 2 3" "xenstore-write \$(numa_pairs) $numa/topo_change 0"' ||
		fail "dom0: $said"
	wait_for_state 'failed: *' || fail "state: $(state)"
	await numa/status 'failed: *' || fail "status: $(xenstore-read numa/status)"
	same 'cpus, undone' '0-7' "$(cat /sys/devices/system/cpu/online)"
	everything
}

# Who asks by a name knows the answer by it, however it ends.
answers_are_named() {
	same 'what the guest understands' '1 1 1 1' "$(xenstore-read numa/control/version \
		numa/control/feature-request-id numa/control/feature-vcpu-list numa/control/feature-move | xargs)"
	host 'numa_request shrink request_id first node/3/target 0 node/3/vcpu/6 offline node/3/vcpu/7 offline' ||
		fail "dom0: $said"
	answered
	like result "first done 3=$(shown_kb 3)/0" "$(xenstore-read numa/result)"
	host 'numa_request expand request_id second node/2/target 0' || fail "dom0: $said"
	answered
	same result 'second refused' "$(xenstore-read numa/result | cut -d" " -f1,2)"
	host 'numa_request expand request_id "not a name"' || fail "dom0: $said"
	answered
	like error 'numa/request_id: "not a name" is not *' "$error"
	same result '- refused' "$(xenstore-read numa/result | cut -d" " -f1,2)"
	host 'xenstore-rm $numa/request_id' || fail "dom0: $said"
	everything
	same result '- done' "$(xenstore-read numa/result)"
}

# It was carried out by the time it was withdrawn, and its host waits for an end.
withdrawn_when_over() {
	host 'during "shrinking: *: publish" "numa_nodes shrink 3" \
		"xenstore-write \$numa/topo_change 0 \$numa/request_id late"' || fail "dom0: $said"
	await numa/result 'late done*' || fail "result: $(xenstore-read numa/result)"
	like status 'done: *' "$(xenstore-read numa/status)"
	same active '0 1 2' "$(active)"
	host 'during "expanding*" "numa_nodes expand 3" \
		"xenstore-write \$(numa_pairs) \$numa/topo_change 0 \$numa/request_id early"' || fail "dom0: $said"
	await numa/result 'early withdrawn*' || fail "result: $(xenstore-read numa/result)"
	# before it was seen
	host 'xl pause $DOMID; numa_nodes shrink 3; xenstore-write $(numa_pairs) $numa/topo_change 0 \
		$numa/request_id unseen; xl unpause $DOMID' || fail "dom0: $said"
	await numa/result 'unseen withdrawn' || fail "result: $(xenstore-read numa/result)"
	host 'xenstore-rm $numa/request_id' || fail "dom0: $said"
	everything
}

# All vCPUs of a node in one key: those that are listed are to be online.
vcpus_as_a_list() {
	host 'xenstore-rm $numa/node/3/vcpu; numa_request shrink node/3/vcpus 6' || fail "dom0: $said"
	answered
	like status 'done*' "$status"
	same 'CPUs of node 3' 6 "$(cpus_of 3)"
	host 'numa_request expand node/3/vcpus 6-7' || fail "dom0: $said"
	answered
	same 'CPUs of node 3' 6-7 "$(cpus_of 3)"
	host 'numa_request shrink node/3/target 0 node/3/vcpus ""' || fail "dom0: $said"
	answered
	same 'online CPUs' 0-5 "$(cat /sys/devices/system/cpu/online)"
	host 'numa_request shrink node/3/vcpus 5-6' || fail "dom0: $said"
	answered
	same error 'numa/node/3/vcpus: vCPU 5 belongs to node 2' "$error"
	host 'xenstore-rm $numa/node/3/vcpus' || fail "dom0: $said"
	everything
}

# Each request names all vCPUs, also those that the guest itself has taken offline.
cpu_taken_offline_in_the_guest() {
	echo 0 >/sys/devices/system/cpu/cpu3/online
	change numa_nodes shrink 3
	same 'online CPUs' 0-2,4-5 "$(cat /sys/devices/system/cpu/online)"
	everything
	same 'online CPUs' 0-7 "$(cat /sys/devices/system/cpu/online)"
}

# A request that cannot be carried out takes the place of one that is going on. Why
# it is undone is there as long as that takes.
refused_in_the_middle() {
	host 'in_rollback "shrinking: step * unplug memory of node 2*" "numa_nodes shrink 2 3" "numa_request shrink node/2/target x"' ||
		fail "dom0: $said"
	like 'status and error' 'rolling back: *
numa/node/2/target: *' "$said"
	answered
	like status 'failed: *' "$status"
	like error 'numa/node/2/target: *' "$error"
	same 'cpus, undone' '0-7' "$(cat /sys/devices/system/cpu/online)"
	everything
}

# The first request of all, whose nodes were not described before, has a state before it
# as well; and it ends, though the guest has nothing to compare its withdrawal with.
withdrawn_in_the_rollback() {
	host 'xenstore-rm $numa/node' || fail "dom0: $said"
	rmmod virtflex || fail "rmmod: $?"
	insmod "$ko" || fail "insmod: $?"
	host 'in_rollback "shrinking: step * unplug memory of node 2*" \
		"xenstore-write \$(numa_pairs) \$numa/node/2/target 0 \$numa/node/2/vcpu/4 offline \
			\$numa/node/2/vcpu/5 offline \$numa/topo_change 2" \
		"numa_request shrink node/2/target x" "xenstore-write \$numa/topo_change 0 \$numa/request_id late"' ||
		fail "dom0: $said"
	await numa/result 'late *' 60 || fail "no answer: $(xenstore-read numa/result)"
	# it was refused before it was withdrawn
	like result 'late refused*' "$(xenstore-read numa/result)"
	same 'cpus, undone' '0-7' "$(cat /sys/devices/system/cpu/online)"
	host 'xenstore-rm $numa/request_id; numa_setup' || fail "dom0: $said"
	everything
}

two_changes_at_once() {
	# the second is what counts in the end
	host 'numa_nodes shrink 2 3; numa_nodes expand 0 1 2 3' || fail "dom0: $said"
	answered
	like status 'done: *' "$status"
	same active '0 1 2 3' "$(active)"
	same cpus '0-7' "$(cat /sys/devices/system/cpu/online)"
	host 'during "shrinking*" "numa_nodes shrink 3" "numa_nodes shrink 2 3"' || fail "dom0: $said"
	answered
	like status 'done: *' "$status"
	same active '0 1' "$(active)"
	same cpus '0-3' "$(cat /sys/devices/system/cpu/online)"
	everything
	same cpus '0-7' "$(cat /sys/devices/system/cpu/online)"
}

# take_transactions: all that xenstored lets this guest have open, until descriptor 9 is
# closed; what it answers is not read
take_transactions() {
	exec 9<>/dev/xen/xenbus
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
		# XS_TRANSACTION_START, request 0, no transaction, one byte: the end of a string
		printf '\6\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0' >&9
	done
}

xs_complaints() { dmesg | grep -c 'virtflex: numa cannot be'; }

# shrink_and_wait: node 3 is to leave, and a program on it has ten seconds to do so
shrink_and_wait() {
	hold 3 2
	host 'xenstore-write $numa/grace_ms 10000; numa_nodes shrink 3; await_status "*grace period*"' ||
		fail "dom0: $said"
}

# return_to_it: the program ends, and the node returns
return_to_it() {
	let_go
	no_huge_pages
	host 'xenstore-rm $numa/grace_ms' || fail "dom0: $said"
	everything
}

# What was carried out is answered when xenstored lets it, and not judged again.
out_of_transactions() {
	complaints=$(xs_complaints)
	shrink_and_wait
	take_transactions
	patience=240
	until [ "$(state)" = stable ] && [ "$(active)" = '0 1 2' ]; do
		[ $((patience -= 1)) -gt 0 ] || { fail "state: $(state)"; break; }
		sleep 1
	done
	# the module looks again, and must not take up the request once more
	echo 0 >/sys/devices/system/cpu/cpu1/online
	sleep 2
	echo 1 >/sys/devices/system/cpu/cpu1/online
	same 'answer while there is no way' 2 "$(xenstore-read numa/topo_change)"
	same 'generation meanwhile' "$(generation)" "$(sleep 2; generation)"
	exec 9>&-
	answered
	like status 'done: *' "$status"
	same active '0 1 2' "$(active)"
	[ $(($(xs_complaints) - complaints)) -le 1 ] ||
		fail "said $(($(xs_complaints) - complaints)) times"
	return_to_it
	# and none to ask by
	take_transactions
	host numa_nodes expand 0 1 2 3 || fail "dom0: $said"
	sleep 3
	same 'answer while there is no way' 1 "$(xenstore-read numa/topo_change)"
	exec 9>&-
	answered
	like status 'done: *' "$status"
}

# A group of processes that is frozen for itself does not hold a change up.
beside_a_frozen_group() {
	group=/tmp/freezer
	mkdir -p $group
	mount -t cgroup -o freezer freezer $group 2>/dev/null || {
		skip 'the kernel has no cgroup v1 freezer'
		return
	}
	mkdir $group/frozen
	sleep 1000 &
	sleeper=$!
	echo $sleeper >$group/frozen/cgroup.procs
	echo FROZEN >$group/frozen/freezer.state
	before=$(generation)
	change numa_request shrink node/3/vcpu/7 offline
	same 'generation, two on' $((before + 2)) "$(generation)"
	change numa_request expand node/3/vcpu/7 online
	same 'generation, four on' $((before + 4)) "$(generation)"
	echo THAWED >$group/frozen/freezer.state
	kill $sleeper
	wait $sleeper 2>/dev/null
	rmdir $group/frozen
	umount $group
}

# A guest that is frozen for its sleep is not kept from it, and goes on afterwards.
frozen_in_the_middle() {
	grep -qsw freezer /sys/power/pm_test || {
		skip 'the kernel has no test of its freezer'
		return
	}
	echo freezer >/sys/power/pm_test
	shrink_and_wait
	echo freeze >/sys/power/state || fail "the guest cannot be frozen"
	echo none >/sys/power/pm_test
	answered
	like status 'done: *' "$status"
	same active '0 1 2' "$(active)"
	# memory that is not there cannot be in an image
	if grep -qw disk /sys/power/state; then
		echo disk 2>/dev/null >/sys/power/state && fail "the guest hibernated"
		like log '*hibernation refused: * KiB are unplugged*' "$(last_log)"
	fi
	return_to_it
}

asked_twice() {
	change numa_nodes shrink 3
	change numa_nodes shrink 3
	same active '0 1 2' "$(active)"
	everything
}

unload_and_reload() {
	rmmod virtflex || fail "rmmod: $?"
	same status unloaded "$(xenstore-read numa/status)"
	insmod "$ko" || fail "insmod: $?"
	same generation 1 "$(generation)"
	await numa/status 'idle*' || fail "status: $(xenstore-read numa/status)"
	everything
}

unload_in_the_middle() {
	host 'numa_nodes shrink 2 3; await_status "shrinking*"' || fail "dom0: $said"
	rmmod virtflex || fail "rmmod: $?"
	same status unloaded "$(xenstore-read numa/status)"
	same 'request still there' 2 "$(xenstore-read numa/topo_change)"
	insmod "$ko" || fail "insmod: $?"
	# the request is still there: it is carried out
	answered
	like status 'done: *' "$status"
	same active '0 1' "$(active)"
	same cpus '0-3' "$(cat /sys/devices/system/cpu/online)"
	everything
}

# Programs with a loop of their own, around epoll and around io_uring, run
# meanwhile: they may skip topologies, but not the last one.
many_changes() {
	before=$(generation)
	loops=
	for program in epoll uring; do
		"$here/../../examples/$program" >"/tmp/$program" 2>&1 &
		loops="$loops $!"
		wait_for_line "$program" "$before"
	done
	for _ in 1 2 3; do
		change numa_nodes shrink 3
		same active '0 1 2' "$(active)"
		everything
		same active '0 1 2 3' "$(active)"
	done
	[ "$(generation)" -ge $((before + 10)) ] || fail "generation $(generation) after $before"
	for program in epoll uring; do
		wait_for_line "$program" "$(generation)"
		same "$program, its last line" "generation $(generation), stable" \
			"$(tail -n 1 "/tmp/$program" | cut -c "-$(printf 'generation %s, stable' "$(generation)" | wc -c)")"
	done
	# shellcheck disable=SC2086 # numbers
	kill -TERM $loops
	for program in $loops; do
		wait "$program"
		same 'exit status' 0 $?
	done
}

# A program has seen a generation. One that lost it would never say so.
wait_for_line() {
	end=$(($(now) + 60))
	until grep -q "^generation $2, " "/tmp/$1"; do
		[ "$(now)" -lt "$end" ] || {
			fail "$1 has not seen generation $2: $(tail -n 1 "/tmp/$1")"
			return
		}
		sleep 0.1
	done
}
