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
# shellcheck disable=SC2015,SC2016,SC2034,SC2154,SC3045
here=$(cd "$(dirname "$0")" && pwd)
passed=0 failed=0 skipped=0
. "$here/lib.sh"
. "$here/host.sh"
. "$here/orders.sh"

reported() { xenstore-read "$numa/reported"; }

# report NODE: sets used and free, of one report
report() {
	number=''
	until [ -n "$number" ] && [ "$number" = "$(reported)" ]; do
		number=$(reported) used=$(xenstore-read "$numa/node/$1/used") free=$(xenstore-read "$numa/node/$1/free")
	done
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
	await_key control/version 1 30 || fail "the guest has not said what it understands"
	same 'what it understands' 1 "$(xenstore-read "$numa/control/feature-report")"
	ask_for_reports
	sleep 2
	same 'reports before it is asked' '' "$(reported)"
	xenstore-write "$numa/report_s" 1
	await_key reported 3 30 || fail "no reports: $(reported)"
	for node in 0 1 2 3; do
		report $node
		guest "awk '\$1 == \"node\" && \$2 == $node { print \$6 }' /proc/virtflex/topology"
		same "used and free of node $node" "$said" "$((used + free))"
		[ "$used" -gt 1000 ] && [ "$free" -gt 10000 ] || fail "node $node: $used used, $free free"
	done
	xenstore-write "$numa/report_s" 0
	sleep 1
	before=$(reported)
	sleep 3
	same 'reports after it was asked' "$before" "$(reported)"
}

# What the guest says is in use is what was taken.
reports_what_is_used() {
	xenstore-write "$numa/report_s" 1
	sleep 2
	before=$(xenstore-read "$numa/node/1/used")
	guest 'mkdir -p /tmp/held; mount -t tmpfs -o size=100m,mpol=bind:1 held /tmp/held; head -c 80000k /dev/zero >/tmp/held/file' || fail "guest: $said"
	sleep 3
	taken=$(($(xenstore-read "$numa/node/1/used") - before))
	[ "$taken" -gt 76000 ] && [ "$taken" -lt 90000 ] || fail "$taken KiB are taken, and not 80000"
	guest 'umount /tmp/held' || fail "guest: $said"
	sleep 3
	taken=$(($(xenstore-read "$numa/node/1/used") - before))
	[ "$taken" -gt -6000 ] && [ "$taken" -lt 6000 ] || fail "$taken KiB are still taken"
}

# A host that changes its mind all the time, writes what is no number, or takes keys away.
reports_are_bounded() {
	before=$(reported) began=$(now)
	for i in $(seq 1 60); do
		xenstore-write "$numa/report_s" $((i % 5 + 1))
	done
	count=$(($(reported) - before)) took=$(($(now) - began + 1))
	[ "$count" -le $((took + 1)) ] || fail "$count reports in $took s"
	xenstore-write "$numa/report_s" 1.5
	sleep 1
	before=$(reported)
	sleep 3
	same 'reports for 1.5 s' "$before" "$(reported)"
	guest 'dmesg | tail -n 3' || fail "guest: $said"
	like 'its log' '*nothing is reported: numa/report_s: "1.5" is not a number from 0 to 3600*' "$said"
	xenstore-write "$numa/report_s" 1
	sleep 2
	xenstore-rm "$numa/node/2/used" "$numa/reported"
	sleep 3
	xenstore-exists "$numa/reported" 2>/dev/null && fail "a key that was taken away is back"
	guest 'dmesg | grep -c "numa/reported cannot be written"' || fail "guest: $said"
	same 'times that it was said' 1 "$said"
	xenstore-write "$numa/reported" "" && numa_grant reported
	await_key reported '[1-9]*' 10 || fail "no reports any more"
	xenstore-exists "$numa/node/2/used" 2>/dev/null && fail "a key that was taken away is back"
	xenstore-rm "$numa/report_s"
}

# The module goes while it reports, again and again.
reports_end_with_the_module() {
	ask_for_reports
	for i in 1 2 3 4 5; do
		xenstore-write "$numa/report_s" 1
		await_key reported '[1-9]*' 30 || fail "no reports"
		guest 'rmmod virtflex' || fail "guest: $said"
		before=$(reported)
		sleep 2
		same 'reports without module' "$before" "$(reported)"
		xenstore-write "$numa/reported" ""
		guest 'insmod /lib/virtflex/virtflex.ko' || fail "guest: $said"
	done
	await_key reported '[1-9]*' 30 || fail "no reports"
	xenstore-rm "$numa/report_s"
}

echo "TAP version 13"
await_agent
[ $# -gt 0 ] || set -- reports_are_for_who_asks reports_what_is_used reports_are_bounded reports_end_with_the_module
for test; do
	run_test "$test"
done
end_agent
echo "# $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
