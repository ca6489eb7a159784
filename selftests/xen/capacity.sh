# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of memory that goes to the host and comes back. What has gone is told by
# the hypervisor's count of the domain's pages on each physical node. Sourced by
# guest.sh.
# shellcheck disable=SC3045,SC2016,SC2034,SC2154

# pages_on PNODE: the hypervisor's count
pages_on() {
	host numa_placement || fail "dom0: $said"
	echo "$said" | awk -v n="$1" '$1 == n { print $2 }'
}

# A line "PNODE PAGES" each
placement() {
	host numa_placement || fail "dom0: $said"
	echo "$said"
}

node_total_kb() { awk '$3 == "MemTotal:" { print $4 }' "/sys/devices/system/node/node$1/meminfo"; }
total_kb() { awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo; }
shown_kb() { awk -v n="$1" '$1 == "node" && $2 == n { print $6 }' "$topology"; }
# unplugged_kb NODE, leaked_kb: of the module's counters
unplugged_kb() { awk -v n="$1" '$1 == "node" && $2 == n { print $3 }' "$counters"; }
leaked_kb() { awk '$1 == "node" { kb += $4 } END { print kb }' "$counters"; }

# gone PNODE BEFORE: pages that went since there were so many
gone() { echo $((${2:-0} - $(pages_on "$1"))); }

# ask COMMAND: as change(), but it may fall short
ask() {
	host "$@" || fail "dom0: $said"
	answered
	like status 'done*' "$status"
	same state stable "$(state)"
}

# hold NODE MIB [MODE]: start the program of that memory; $line is its first
hold() {
	rm -f /tmp/holder.in /tmp/holder.out
	mkfifo /tmp/holder.in /tmp/holder.out
	"$here/../capacity_pages" "$@" </tmp/holder.in >/tmp/holder.out &
	holder=$!
	exec 5>/tmp/holder.in 6</tmp/holder.out
	read -r -t 60 line <&6
}

# intact WHAT: it has looked at each byte
intact() {
	echo >&5
	read -r -t 60 line <&6
	same "$1" intact "$line"
}

# let_go: it has ended, and well
let_go() {
	exec 5>&-
	wait "$holder"
	same 'exit status' 0 $?
	exec 6<&-
}

no_huge_pages() {
	for node in /sys/devices/system/node/node*; do
		echo 0 >"$node/hugepages/hugepages-2048kB/nr_hugepages"
	done
}

memory_goes_and_comes() {
	# programs had their time in the tests before; from here on, less
	host 'xenstore-write $numa/grace_ms 200' || fail "dom0: $said"
	before2=$(pages_on 2) before3=$(pages_on 3) everywhere=$(placement)
	total=$(total_kb) total2=$(node_total_kb 2) shown=$(shown_kb 2)
	change numa_nodes shrink 2 3
	like status '*; node 2 keeps * KiB, asked for 0: kernel *' "$status"
	same 'pages gone from physical node 2' $(($(unplugged_kb 2) / 4)) "$(gone 2 "$before2")"
	same 'pages gone from physical node 3' $(($(unplugged_kb 3) / 4)) "$(gone 3 "$before3")"
	# a small node, after all that came before: the kernel has something in many
	# extents, and with its checkers on in more of them
	[ "$(unplugged_kb 2)" -ge $((total2 / 4)) ] || fail "only $(unplugged_kb 2) of $total2 KiB are unplugged: $status"
	same 'MemTotal of node 2' $((total2 - $(unplugged_kb 2))) "$(node_total_kb 2)"
	same 'MemTotal' $((total - $(unplugged_kb 2) - $(unplugged_kb 3))) "$(total_kb)"
	same 'current of node 2' $((shown - $(unplugged_kb 2))) "$(shown_kb 2)"
	same 'current in xenstore' "$(shown_kb 2)" "$(xenstore-read numa/node/2/current)"
	change numa_nodes expand 2 3
	same 'pages of all nodes' "$everywhere" "$(placement)"
	same 'MemTotal' "$total" "$(total_kb)"
	same 'MemTotal of node 2' "$total2" "$(node_total_kb 2)"
	same 'current of node 2' "$shown" "$(shown_kb 2)"
	same leaked 0 "$(leaked_kb)"
}

part_of_a_node() {
	before=$(pages_on 2) shown=$(shown_kb 2) everywhere=$(placement)
	change numa_request shrink node/2/target $((shown - 20480))
	same 'KiB unplugged' 20480 "$(unplugged_kb 2)"
	same 'pages gone' 5120 "$(gone 2 "$before")"
	same active '0 1 2 3' "$(active)"
	change numa_request expand node/2/target $((shown - 4096))
	same 'KiB unplugged' 4096 "$(unplugged_kb 2)"
	same 'pages gone' 1024 "$(gone 2 "$before")"
	# what is less than an extent is not worth a step
	change numa_request shrink node/2/target $((shown - 5000))
	same 'KiB unplugged' 4096 "$(unplugged_kb 2)"
	everything
	same 'pages of all nodes' "$everywhere" "$(placement)"
}

# reserved_pages, reserve_due: what the first zone of node 0 keeps from those who
# could do with the next one, and what it should by that one's memory now
reserved_pages() {
	awk '/^Node/ { at = $0 } at == "Node 0, zone      DMA" && $1 == "protection:" { print $3 + 0 }' /proc/zoneinfo
}
reserve_due() {
	awk -v ratio="$(cut -f1 /proc/sys/vm/lowmem_reserve_ratio)" '
		/^Node/ { at = $0 }
		at == "Node 0, zone    DMA32" && $1 == "managed" { print int($2 / ratio) }' /proc/zoneinfo
}

# The kernel sizes what it keeps in reserve by the memory there is.
reserves_follow_the_memory() {
	zcat /proc/config.gz | grep -q '^CONFIG_VIRTFLEX_MIGRATE=y' || {
		skip 'the kernel has not the series'
		return
	}
	shown=$(shown_kb 0) before=$(reserved_pages)
	[ "${before:-0}" -gt 0 ] || fail "nothing is reserved: '$before'"
	change numa_request shrink node/0/target $((shown - 32768))
	same 'KiB unplugged' 32768 "$(unplugged_kb 0)"
	same 'pages reserved with memory out' "$(reserve_due)" "$(reserved_pages)"
	[ "$(reserved_pages)" -lt "$before" ] || fail "no less than the $before pages of before"
	everything
	same 'pages reserved at the end' "$before" "$(reserved_pages)"
}

small_pieces() {
	everywhere=$(placement) total=$(total_kb)
	change numa_nodes shrink 3
	whole=$(unplugged_kb 3)
	change numa_request shrink small 1
	[ "$(unplugged_kb 3)" -gt "$whole" ] || fail "no more than $whole KiB unplugged with small pieces"
	awk '$1 == "node" && $2 == 3 && $7 == 0 { exit 1 }' "$counters" || fail "no small blocks counted"
	host 'xenstore-rm $numa/small' || fail "dom0: $said"
	everything
	same 'KiB unplugged' 0 "$(unplugged_kb 3)"
	same 'pages of all nodes' "$everywhere" "$(placement)"
	same MemTotal "$total" "$(total_kb)"
}

# Dom0 wants the memory back when some of it has gone, and then one node of two.
# Node 1 is the one whose memory takes long enough on any Xen.
mind_changed_in_the_memory() {
	everywhere=$(placement) total=$(total_kb)
	leaving='shrinking: step * unplug memory of node 1, *'
	host "during '$leaving' 'numa_nodes shrink 1 3' 'numa_nodes expand 1 3'" || fail "dom0: $said"
	answered
	like status 'done: *' "$status"
	same active '0 1 2 3' "$(active)"
	same cpus '0-7' "$(cat /sys/devices/system/cpu/online)"
	same 'pages of all nodes' "$everywhere" "$(placement)"
	half=$(($(xenstore-read numa/node/1/capacity) / 2)) whole=$(xenstore-read numa/node/3/capacity)
	cpus='node/1/vcpu/2 online node/1/vcpu/3 online node/3/vcpu/6 online node/3/vcpu/7 online'
	host "during '$leaving' 'numa_nodes shrink 1 3' \
		'numa_request shrink node/1/target $half node/3/target $whole $cpus'" || fail "dom0: $said"
	answered
	like status 'done: *' "$status"
	same active '0 1 2 3' "$(active)"
	same cpus '0-7' "$(cat /sys/devices/system/cpu/online)"
	same 'KiB of node 1 unplugged' "$half" "$(unplugged_kb 1)"
	same 'KiB of node 3 unplugged' 0 "$(unplugged_kb 3)"
	everything
	same 'pages of all nodes' "$everywhere" "$(placement)"
	same MemTotal "$total" "$(total_kb)"
}

# Memory of every kind on node 2 while that goes and comes
every_byte_survives() {
	hold 2 4
	like 'memory held' 'ready bind preferred interleave local huge locked file*' "$line"
	everywhere=$(placement) total=$(total_kb)
	round=0
	while [ $round -lt "${ROUNDS:-2}" ]; do
		round=$((round + 1))
		ask numa_nodes shrink 2 3
		[ "$(unplugged_kb 2)" -ge 30000 ] || fail "round $round: only $(unplugged_kb 2) KiB are unplugged"
		intact "memory when it has gone, round $round"
		ask numa_nodes expand 2 3
		intact "memory when it is back, round $round"
		same "pages of all nodes, round $round" "$everywhere" "$(placement)"
		same "MemTotal, round $round" "$total" "$(total_kb)"
	done
	let_go
	no_huge_pages
	everything
	same leaked 0 "$(leaked_kb)"
}

# Pages that leave one node do not stop at another that leaves as well.
evacuated_once() {
	hold 2 4
	like 'memory held' 'ready *' "$line"
	# but for those of the pool of huge pages, which go back and forth within it
	pages=$(awk '$3 ~ /^(Active|Inactive|Unevictable):/ { kb += $4 } END { print kb / 4 }' \
		/sys/devices/system/node/node[23]/meminfo)
	tracing=/sys/kernel/tracing
	[ -e $tracing/trace ] || mount -t tracefs tracefs $tracing
	echo >$tracing/trace
	echo 1 >$tracing/events/migrate/mm_migrate_pages/enable
	ask numa_nodes shrink 2 3
	echo 0 >$tracing/events/migrate/mm_migrate_pages/enable
	# of what compaction does meanwhile on nodes that stay, it is told by the reason
	sed -n 's/.* nr_succeeded=\([0-9]*\) .* reason=contig_range$/\1/p' $tracing/trace >/tmp/moves
	echo >$tracing/trace
	moved=$(awk '$1 < 512 { pages += $1 } END { print pages + 0 }' /tmp/moves)
	# clean page cache may be dropped instead, but not what a program has written; of that,
	# huge pages may have been made meanwhile
	with_huge=$(awk '{ pages += $1 } END { print pages + 0 }' /tmp/moves)
	[ "$with_huge" -ge 2048 ] || fail "only $with_huge of $pages pages moved"
	[ "$moved" -le $((pages + pages / 10)) ] || fail "$pages pages took $moved moves"
	intact memory
	let_go
	no_huge_pages
	everything
}

# hog KB: somebody has all but so much of the guest's memory; $hog is it
hog() {
	hog=/dev/shm/hog
	free_kb=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)
	mount -o remount,size=100% /dev/shm
	head -c $(((free_kb - $1) * 1024)) /dev/zero >$hog || fail "no hog of $((free_kb - $1)) KiB"
}

no_oom() { dmesg | grep -q 'Out of memory\|oom-kill' && fail "the OOM killer was called"; }

# The guest is full just when memory is to come, and a node that left keeps what is
# pinned there. That is not to go now; and what comes is room.
expand_of_a_full_guest() {
	hold 2 40 pin
	same 'memory held' 'ready pinned' "$line"
	ask numa_nodes shrink 2 3
	kept=$(shown_kb 2)
	[ "$kept" -ge 40960 ] || fail "node 2 keeps only $kept KiB"
	hog 49152
	change numa_nodes expand 3
	same 'KiB of node 2' "$kept" "$(shown_kb 2)"
	same active '0 1 3' "$(active)"
	no_oom
	rm $hog
	intact memory
	let_go
	everything
}

# A node that stays, with less than the kernel has there
too_little_is_refused() {
	everywhere=$(placement)
	for kb in 1 2047 4096; do
		host "numa_request shrink node/2/target $kb" || fail "dom0: $said"
		answered
		like "status, $kb KiB" 'failed: numa/node/2/target: *' "$status"
		like "error, $kb KiB" "numa/node/2/target: $kb KiB is below *; ask for * or more, or for 0" "$error"
	done
	same 'pages of all nodes' "$everywhere" "$(placement)"
	least=${error##*ask for }
	least=${least%% *}
	ask numa_request shrink node/2/target $((least + 4096))
	hold 2 1 late
	intact 'memory bound to it'
	let_go
	no_oom
	everything
}

# Somebody has nearly all of the nodes that would stay.
no_room_is_refused() {
	hog 49152
	before=$(nodes_text) everywhere=$(placement)
	host numa_nodes shrink 2 3 || fail "dom0: $said"
	answered
	like status 'failed: not enough headroom: *' "$status"
	like error 'not enough headroom: * KiB in use must be migrated, and the nodes that stay can take * KiB*' "$error"
	same cpus '0-7' "$(cat /sys/devices/system/cpu/online)"
	same 'pages of all nodes' "$everywhere" "$(placement)"
	no_oom
	rm $hog
	everything
}

# All nodes give a part, and one of them has to migrate for it: what the others have left has room.
each_gives_a_part() {
	mkdir -p /tmp/part
	mount -t tmpfs -o size=56m,mpol=bind:2 part /tmp/part
	head -c 49152k /dev/zero >/tmp/part/file || fail "there is no such file"
	wanted=''
	for node in 0 1 2 3; do
		less=4096
		[ $node != 2 ] || less=20480
		wanted="$wanted node/$node/target $(($(shown_kb $node) / 2048 * 2048 - less))"
	done
	ask numa_request shrink "$wanted"
	[ "$(unplugged_kb 2)" -ge 16384 ] || fail "only $(unplugged_kb 2) KiB are unplugged of node 2"
	no_oom
	umount /tmp/part
	everything
}

pinned_is_named() {
	hold 2 4 pin
	same 'memory held' 'ready pinned' "$line"
	ask numa_nodes shrink 2
	like error 'node 2 keeps * KiB, asked for 0: *pinned *' "$error"
	intact memory
	let_go
	# the same request, now that it can be done
	change numa_nodes shrink 2
	everything
}

# A program bound to a node that has left touches memory for the first time.
bound_to_a_node_that_left() {
	zcat /proc/config.gz | grep -q '^CONFIG_VIRTFLEX_MIGRATE=y' || {
		skip 'the kernel has not the series'
		return
	}
	hold 2 24 late
	same 'memory held' 'ready late' "$line"
	change numa_nodes shrink 2 3
	intact memory
	no_oom
	# node 2 keeps its distance of 20 to both others; they have the pages
	on=$(awk '/ bind:2 / { for (i = 1; i <= NF; i++) if ($i ~ /^N[01]=/) { split($i, n, "="); pages += n[2] } } END { print pages + 0 }' /proc/$holder/numa_maps)
	[ "$on" -ge 6000 ] || fail "only $on of 6144 pages are on active nodes: $(grep bind:2 /proc/$holder/numa_maps)"
	let_go
	everything
}

# Xen gives no more than the whole guest may have.
host_has_no_more() {
	everywhere=$(placement) target=$(xenstore-read memory/target)
	change numa_nodes shrink 3
	out=$(unplugged_kb 3)
	host "xl mem-set \$DOMID $((target - out))k" || fail "dom0: $said"
	ask numa_nodes expand 3
	like error 'node 3 has * KiB, asked for *: the host has no more for it' "$error"
	[ "$(unplugged_kb 3)" -gt 0 ] || fail "nothing is missing"
	# with patience: it may have more while the guest waits
	host "xenstore-write \$numa/wait_s 60; numa_nodes expand 3; sleep 3; xl mem-set \$DOMID ${target}k" ||
		fail "dom0: $said"
	answered
	like status 'done: *' "$status"
	same error '' "$error"
	host 'xenstore-rm $numa/wait_s' || fail "dom0: $said"
	same 'KiB unplugged' 0 "$(unplugged_kb 3)"
	same 'pages of all nodes' "$everywhere" "$(placement)"
}

# Another domain has what went to the physical node. Memory of other physical
# nodes does not do. Of node 1, as the kernel itself has little there.
physical_node_is_full() {
	everywhere=$(placement) shown=$(shown_kb 1)
	change numa_request shrink node/1/target $((shown - 65536))
	same 'KiB unplugged' 65536 "$(unplugged_kb 1)"
	before=$(placement)
	host fill_node 1 || fail "dom0: $said"
	ask numa_request expand node/1/target "$shown"
	like error 'node 1 has * KiB, asked for *: the host has no more for it' "$error"
	[ "$(unplugged_kb 1)" -ge 32768 ] || fail "only $(unplugged_kb 1) of 65536 KiB are missing"
	same 'pages of the other nodes' "$(echo "$before" | grep -v '^1')" "$(placement | grep -v '^1')"
	same cpus '0-7' "$(cat /sys/devices/system/cpu/online)"
	host free_node || fail "dom0: $said"
	everything
	same 'KiB unplugged' 0 "$(unplugged_kb 1)"
	same 'pages of all nodes' "$everywhere" "$(placement)"
}

# The physical node has memory, but nowhere 2 MiB of it in a row.
physical_node_is_fragmented() {
	everywhere=$(placement) shown=$(shown_kb 1) total=$(total_kb)
	change numa_request shrink node/1/target $((shown - 65536))
	before=$(pages_on 1)
	host fragment_node 1 40 || fail "dom0: $said"
	there=$said
	[ "$there" -ge 10000 ] || fail "dom0 freed only $there pages"
	ask numa_request expand node/1/target "$shown"
	came=$(($(pages_on 1) - before))
	# Xen may have a few more of its own, or need some for the guest's page tables
	[ "$came" -ge $((there - 64)) ] || fail "only $came of $there pages came"
	same 'KiB unplugged' $((65536 - came * 4)) "$(unplugged_kb 1)"
	same 'MemTotal' $((total - 65536 + came * 4)) "$(total_kb)"
	like error "node 1 has $((shown - 65536 + came * 4)) KiB, asked for $shown: the host has no more for it" "$error"
	hold 1 24 late
	intact 'memory of which pages came one by one'
	let_go
	host free_node || fail "dom0: $said"
	# what is missing comes with the next change, however small its pieces
	everything
	same 'KiB unplugged' 0 "$(unplugged_kb 1)"
	same 'pages of all nodes' "$everywhere" "$(placement)"
	same 'MemTotal' "$total" "$(total_kb)"
	same leaked 0 "$(leaked_kb)"
}

# Debuggers do not read unplugged memory.
kcore_passes_over_what_is_out() {
	[ -r /proc/kcore ] || {
		skip 'no /proc/kcore'
		return
	}
	change numa_nodes shrink 3
	out=$(($(unplugged_kb 3) / 4))
	# shellcheck disable=SC2046 # three numbers
	set -- $("$here/../kcore_pages" 3)
	[ "${1:-0}" -ge "$out" ] || fail "only ${1:-0} pages read"
	[ "$2" -ge "$out" ] || fail "only $2 pages are empty, with $out out"
	# some that are there have nothing but ones in them
	[ "$3" -lt $((out / 4)) ] || fail "$3 pages were read that are not there, of $out"
	everything
}

# Pages of the domain, as the hypervisor counts them
total_pages() { placement | awk '{ pages += $2 } END { print pages }'; }

# The stock balloon driver works for the whole guest, beside the nodes. What it
# brings back is from any physical node, so this is the last test: those before
# it end with each page where it was.
mem_set_and_nodes() {
	everything_kb=$(($(total_pages) * 4))
	target=$(xenstore-read memory/target)
	host "xl mem-set \$DOMID $((target - 20480))k" || fail "dom0: $said"
	await_pages $(((everything_kb - 20480) / 4))
	# a node that goes takes nothing back of that, and the other way round
	ask numa_nodes shrink 3
	out=$(unplugged_kb 3)
	same 'pages with a node out' $(((everything_kb - 20480 - out) / 4)) "$(total_pages)"
	ask numa_nodes expand 3
	host "xl mem-set \$DOMID ${target}k" || fail "dom0: $said"
	await_pages $((everything_kb / 4))
	everything
	same 'pages at the end' $((everything_kb / 4)) "$(total_pages)"
}

# The balloon driver has no way to say that it is done.
await_pages() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
		have=$(total_pages)
		[ "$have" != "$1" ] || return 0
		sleep 1
	done
	same 'pages of the domain' "$1" "$have"
}

# Without the module the guest has all its memory; with it, the host asks anew.
reload_with_memory_out() {
	everywhere=$(placement) total=$(total_kb) target=$(xenstore-read memory/target)
	change numa_nodes shrink 3
	[ "$(unplugged_kb 3)" -gt 0 ] || fail "nothing is out"
	rmmod virtflex || fail "rmmod: $?"
	same 'pages of all nodes' "$everywhere" "$(placement)"
	same MemTotal "$total" "$(total_kb)"
	insmod "$ko" || fail "insmod: $?"
	await numa/status 'idle*' || fail "status: $(xenstore-read numa/status)"
	change numa_nodes shrink 3
	[ "$(unplugged_kb 3)" -gt 0 ] || fail "nothing is out after the reload"
	# what the host does not give back is found by the next load
	out=$(unplugged_kb 3)
	host "xl mem-set \$DOMID $((target - out))k" || fail "dom0: $said"
	rmmod virtflex || fail "rmmod: $?"
	like log '*KiB stay unplugged*' "$(last_log)"
	insmod "$ko" || fail "insmod: $?"
	[ "$(unplugged_kb 3)" -gt 0 ] || fail "the memory was not found again"
	await numa/status 'idle*' || fail "status: $(xenstore-read numa/status)"
	host "xl mem-set \$DOMID ${target}k" || fail "dom0: $said"
	everything
	same 'pages of all nodes' "$everywhere" "$(placement)"
	same MemTotal "$total" "$(total_kb)"
}
