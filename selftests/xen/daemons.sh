#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of vcpu_scheduler and memory_coordinator in dom0, on a guest that does what it is
# told by agent.sh, and on small ones beside it:
#
#	scripts/guest --xen=patched --mem 384M,256M,64M,64M --file build/selftests:/root/t \
#		--dom0 'sh t/xen/daemons.sh' -- sh t/xen/agent.sh
#
# TAP; the last line is the count. Where vCPUs are and how much memory a domain has on each
# physical node is told by the hypervisor.

# For busybox sh; variables set here are read in the functions of lib.sh.
# shellcheck disable=SC2015,SC2016,SC2030,SC2031,SC2034,SC2154,SC3045
here=$(cd "$(dirname "$0")" && pwd)
passed=0 failed=0 skipped=0
. "$here/lib.sh"
. "$here/host.sh"
. "$here/orders.sh"
. "$here/program.sh"

reported() { xenstore-read "$numa/reported"; }

# report NODE: sets used and free, of one report
report() {
	number=''
	until [ -n "$number" ] && [ "$number" = "$(reported)" ]; do
		number=$(reported) used=$(xenstore-read "$numa/node/$1/used") free=$(xenstore-read "$numa/node/$1/free")
	done
}

# heard: until the guest has heard of what was written before, as it hears of all in turn
heard() { guest true || fail "guest: $said"; }

# more_reports COUNT: until there are so many more: the second one is of after what was done before
more_reports() {
	wanted=$(($(reported) + $1)) until=$(($(now) + patience))
	until [ "$(($(reported) + 0))" -ge "$wanted" ]; do
		[ "$(now)" -lt "$until" ] || { fail "no reports any more: $(reported)"; return 1; }
		sleep 0.3
	done
}

# silent WHEN: nothing is reported for three seconds, but for one that was begun before
silent() {
	before=$(reported)
	sleep 3
	after=$(reported)
	[ "$after" = "$before" ] || sleep 3
	same "reports $1" "$after" "$(reported)"
}

# ask_for_reports: what whoever asks makes first
ask_for_reports() {
	for node in 0 1 2 3; do
		for key in used free; do
			xenstore-write "$numa/node/$node/$key" ""
			numa_grant "node/$node/$key"
		done
	done
	xenstore-write "$numa/reported" ""
	numa_grant reported
}

# Nothing is reported until it is asked for, nor once it is not.
reports_are_for_who_asks() {
	virtflexctl publish guest >/dev/null
	await_key control/version 1 "$patience" || fail "the guest has not said what it understands"
	same 'what it understands' 1 "$(xenstore-read "$numa/control/feature-report")"
	ask_for_reports
	silent 'before it is asked'
	same 'reports before it is asked' '' "$(reported)"
	xenstore-write "$numa/report_s" 1
	more_reports 3
	for node in 0 1 2 3; do
		report $node
		guest "awk '\$1 == \"node\" && \$2 == $node { print \$6 }' /proc/virtflex/topology"
		same "used and free of node $node" "$said" "$((used + free))"
		[ "$used" -gt 1000 ] && [ "$free" -gt 10000 ] || fail "node $node: $used used, $free free"
	done
	xenstore-write "$numa/report_s" 0
	heard
	silent 'after it was asked'
}

# What the guest says is in use is what was taken.
reports_what_is_used() {
	xenstore-write "$numa/report_s" 1
	more_reports 2
	before=$(xenstore-read "$numa/node/1/used")
	guest 'mkdir -p /tmp/held; mount -t tmpfs -o size=100m,mpol=bind:1 held /tmp/held; head -c 80000k /dev/zero >/tmp/held/file' || fail "guest: $said"
	more_reports 2
	taken=$(($(xenstore-read "$numa/node/1/used") - before))
	[ "$taken" -gt 76000 ] && [ "$taken" -lt 90000 ] || fail "$taken KiB are taken, and not 80000"
	guest 'umount /tmp/held' || fail "guest: $said"
	more_reports 2
	taken=$(($(xenstore-read "$numa/node/1/used") - before))
	[ "$taken" -gt -12000 ] && [ "$taken" -lt 12000 ] || fail "$taken KiB are still taken"
}

# A host that changes its mind all the time, writes what is no number, or takes keys away.
reports_are_bounded() {
	began=$(now) before=$(reported)
	for i in $(seq 1 60); do
		xenstore-write "$numa/report_s" $((i % 5 + 1))
	done
	count=$(($(reported) - before)) took=$(($(now) - began + 1))
	[ "$count" -le $((took + 1)) ] || fail "$count reports in $took s"
	xenstore-write "$numa/report_s" 1.5
	heard
	silent 'for 1.5 s'
	guest 'dmesg | grep "nothing is reported" | tail -n 1' || fail "guest: $said"
	like 'its log' '*nothing is reported: numa/report_s: "1.5" is not a number from 0 to 3600*' "$said"
	xenstore-write "$numa/report_s" 1
	more_reports 2
	xenstore-rm "$numa/node/2/used" "$numa/reported"
	guest 'for _ in $(seq 1 30); do dmesg | grep -q "numa/reported cannot be written" && break; sleep 1; done'
	sleep 3
	xenstore-exists "$numa/reported" 2>/dev/null && fail "a key that was taken away is back"
	guest 'dmesg | grep -c "numa/reported cannot be written"' || fail "guest: $said"
	same 'times that it was said' 1 "$said"
	xenstore-write "$numa/reported" "" && numa_grant reported
	await_key reported '[1-9]*' "$patience" || fail "no reports any more"
	xenstore-exists "$numa/node/2/used" 2>/dev/null && fail "a key that was taken away is back"
	xenstore-rm "$numa/report_s"
}

# The module goes while it reports, again and again.
reports_end_with_the_module() {
	ask_for_reports
	for i in 1 2 3 4 5; do
		xenstore-write "$numa/report_s" 1
		await_key reported '[1-9]*' "$patience" || fail "no reports"
		guest 'rmmod virtflex' || fail "guest: $said"
		before=$(reported)
		sleep 2
		same 'reports without module' "$before" "$(reported)"
		xenstore-write "$numa/reported" ""
		guest 'insmod /lib/virtflex/virtflex.ko' || fail "guest: $said"
	done
	await_key reported '[1-9]*' "$patience" || fail "no reports"
	xenstore-rm "$numa/report_s"
}

# Small domains beside the guest, of one vCPU, that are busy or not

make_small() {
	[ ! -e /tmp/small.cpio ] || return 0
	mkdir -p /tmp/small/bin /tmp/small/proc
	cp /bin/busybox /tmp/small/bin/
	cat >/tmp/small/init <<-'EOT'
	#!/bin/busybox sh
	/bin/busybox mount -t proc proc /proc
	/bin/busybox echo ready
	/bin/busybox grep -q busy /proc/cmdline && while :; do :; done
	while :; do /bin/busybox sleep 1000; done
	EOT
	chmod 755 /tmp/small/init
	(cd /tmp/small && find . | cpio -o -H newc 2>/dev/null) >/tmp/small.cpio
}

# small NAME MIB [WORD]: a domain of that name
small() {
	make_small
	cat >/tmp/small.cfg <<-EOT
	name = "$1"
	type = "pvh"
	kernel = "/boot/guest-kernel"
	ramdisk = "/tmp/small.cpio"
	cmdline = "console=hvc0 quiet noreplace-smp ${3-}"
	memory = $2
	vcpus = 1
	cpus = "1-4"
	EOT
	# that of one before, of that name
	rm -f "/var/log/xen/console/guest-$1.log"
	xl create -q /tmp/small.cfg || fail "no domain $1"
}

# await_small NAME...: until these are what they are to be
await_small() {
	until=$(($(now) + patience))
	for name; do
		until grep -qs '^ready' "/var/log/xen/console/guest-$name.log"; do
			[ "$(now)" -lt "$until" ] || { fail "$name does not come up: $(tail -n 3 "/var/log/xen/console/guest-$name.log")"; return 1; }
			sleep 0.5
		done
	done
}

no_small() {
	for name in $(xl list | awk '$1 ~ /^small/ { print $1 }'); do
		xl destroy "$name"
	done
}

# small_pinned: CPUs of their vCPUs, as the hypervisor has them
small_pinned() { xl vcpu-list | awk '$1 ~ /^small/ { print $(NF - 2) }' | sort | xargs; }

# demand_of GUEST VCPU: in percent of a CPU, by the last line
demand_of() { told | tail -n 1 | sed "s/.*\"guest\":\"$1\",\"vcpu\":$2,\"demand\":\([0-9]*\).*/\1/"; }

# In dom0 no host has to be named; what is seen is what xl sees.
scheduler_sees_what_xl_sees() {
	small small1 80
	vcpu_scheduler 2 --once --dry-run --json >/tmp/lines 2>/tmp/said || fail "$(cat /tmp/said)"
	told | tail -n 1 | tr '{' '\n' | sed -n 's/.*"guest":"\([^"]*\)","vcpu":\([0-9]*\).*/\1 \2/p' | sort >/tmp/seen
	xl vcpu-list | awk 'NR > 1 && $5 !~ /p/ { print $1, $3 }' | sort >/tmp/there
	same 'vCPUs' "$(cat /tmp/there)" "$(cat /tmp/seen)"
	like 'the vCPU of small1' '*"guest":"small1","vcpu":0,"demand":*,"cpus":"1-4"*' "$(told | tail -n 1)"
	like 'CPUs' '*"cpu":4,"load":*' "$(told | tail -n 1)"
	no_small
}

# Eight that are busy on one CPU of four, each of which wants a whole one
scheduler_balances() {
	names='small1 small2 small3 small4 small5 small6 small7 small8' balanced='1 1 2 2 3 3 4 4'
	# One that is up sleeps until all are: on one CPU, beside busy ones, the last would take minutes.
	for name in $names; do
		small "$name" 64 busy
		await_small "$name"
		xl pause "$name"
		xl vcpu-pin "$name" 0 1
	done
	for name in $names; do
		xl unpause "$name"
	done
	before=$(xl vcpu-list 0)
	begin vcpu_scheduler 3 --connect xen --cpus 1-4 --dry-run
	lines 3
	end_it
	same 'pins after a dry run' '1 1 1 1 1 1 1 1' "$(small_pinned)"
	for name in $names; do
		demand=$(demand_of "$name" 0)
		[ "$demand" -ge 80 ] || fail "$name wants $demand % of a CPU, and is busy"
	done
	begin vcpu_scheduler 3 --connect xen --cpus 1-4
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		lines 2 && [ "$(small_pinned)" != "$balanced" ] || break
	done
	same pins "$balanced" "$(small_pinned)"
	same 'changes made' 6 "$(told | tr '{' '\n' | grep -c '^"guest":"small.*"done":true')"
	lines 5
	same 'changes made to a balanced host' 6 "$(told | tr '{' '\n' | grep -c '^"guest":"small.*"done":true')"
	# what it was not to touch, by --cpus or as it is dom0's
	same 'vCPUs of dom0' "$(echo "$before" | awk '{ print $(NF - 2) }')" "$(xl vcpu-list 0 | awk '{ print $(NF - 2) }')"
	end_it
	same pins "$balanced" "$(small_pinned)"
	no_small
}

# A guest with nodes stays on the CPUs of its physical nodes: each has one, so it stays. It
# loses the CPU that is not for guests, and prefers the CPUs that it preferred.
scheduler_keeps_nodes() {
	before=$(xl vcpu-list guest | awk 'NR > 1 { print $3, $NF }')
	guest 'for i in 1 2 3; do taskset 4 sh -c "while :; do :; done" >/dev/null 2>&1 & echo $! >>/tmp/busy; done' || fail "guest: $said"
	begin vcpu_scheduler 3 --cpus 1-4 --pin-floating
	lines 6
	demand=$(demand_of guest 2)
	[ "$demand" -ge 80 ] || fail "vCPU 2 wants $demand % of a CPU, and is busy"
	end_it
	guest 'kill $(cat /tmp/busy); rm /tmp/busy' || fail "guest: $said"
	same 'what vCPUs prefer' "$before" "$(xl vcpu-list guest | awk 'NR > 1 { print $3, $NF }')"
	same 'where they may run' 1-4 "$(xl vcpu-list guest | awk 'NR > 1 { print $(NF - 2) }' | sort -u)"
	xl vcpu-pin guest all all -
}

# Memory

# settled: until something was changed, and then nothing is, nor is to be, for some intervals. A guest
# that is stuck is left alone: how much of it cannot be unplugged, as the kernel has it, is another
# thing each time.
settled() {
	until=$(($(now) + patience))
	while :; do
		if told | head -n -4 | grep -q '"change":true' && ! told | tail -n 4 | grep -Eq '"change":true|"state":"(new|moving)"'; then
			return 0
		fi
		[ "$(now)" -lt "$until" ] && kill -0 "$pid" || { fail "it does not settle: $(tail -n 2 /tmp/lines) $(cat /tmp/said)"; return 1; }
		sleep 1
	done
}

# A change that an administrator has asked for is left to go on as it is.
coordinator_leaves_others_alone() {
	xl pause guest
	virtflexctl shrink guest 3 --no-wait >/dev/null || fail "it cannot be asked for"
	id=$(xenstore-read "$numa/request_id")
	begin memory_coordinator 2 --domains guest --reserve 16M --min 64M --verbose
	lines 5
	same request "$id" "$(xenstore-read "$numa/request_id")"
	same 'topo_change' 2 "$(xenstore-read "$numa/topo_change")"
	xl unpause guest
	await_key topo_change 0 "$patience" || fail "the guest has not answered"
	like 'its end' "$id done*" "$(xenstore-read "$numa/result")"
	same 'target of the node that left' 0 "$(xenstore-read "$numa/node/3/target")"
	settled
	same 'target of the node that left' 0 "$(xenstore-read "$numa/node/3/target")"
	end_it
	virtflexctl expand guest 3 >/dev/null || fail "the node does not return"
}

# One without nodes: nothing is known of it, until it says so as Qubes' guests do.
coordinator_reads_meminfo() {
	small small5 160
	await_small small5
	begin memory_coordinator 1 --domains small5 --reserve 16M --min 32M
	until=$(($(now) + patience))
	until grep -q small5 /tmp/said || [ "$(now)" -gt "$until" ]; do
		sleep 1
	done
	like 'what is said' '*small5: it has neither virtual nodes*' "$(cat /tmp/said)"
	like 'its memory' '1[56][0-9]' "$(xl list small5 | awk 'NR > 1 { print $3 }')"
	xenstore-write "/local/domain/$(xl domid small5)/memory/meminfo" 40000
	until=$(($(now) + patience))
	while [ "$(xl list small5 | awk 'NR > 1 { print $3 }')" -gt 125 ] && [ "$(now)" -lt "$until" ]; do
		sleep 2
	done
	has=$(xl list small5 | awk 'NR > 1 { print $3 }')
	[ "$has" -le 125 ] && [ "$has" -ge 78 ] || fail "it has $has MiB: $(tail -n 1 /tmp/lines) $(cat /tmp/said)"
	end_it
	no_small
}

echo "TAP version 13"
await_agent
[ $# -gt 0 ] || set -- reports_are_for_who_asks reports_what_is_used reports_are_bounded reports_end_with_the_module \
	scheduler_sees_what_xl_sees scheduler_balances scheduler_keeps_nodes \
	coordinator_leaves_others_alone coordinator_reads_meminfo
for test; do
	run_test "$test"
done
end_agent
echo "# $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
