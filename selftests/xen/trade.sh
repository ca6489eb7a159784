#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# virtflexd in dom0, and two guests that each have a virtual node on physical node 2. The
# second one, of the same kernel, is made here:
#
#	scripts/guest --xen=patched --nodes 3 --cpus 3 --mem 320M,64M,64M --host-mem 2688M \
#		--file build/selftests:/root/t --dom0 'sh t/xen/trade.sh' -- sh t/xen/agent.sh
#
# TAP; the last line is the count. Who has a physical node is told by the hypervisor.

# For busybox sh; variables set here are read in the functions of lib.sh.
# shellcheck disable=SC2015,SC2016,SC2030,SC2031,SC2034,SC2154,SC3045
here=$(cd "$(dirname "$0")" && pwd)
passed=0 failed=0 skipped=0
. "$here/lib.sh"
. "$here/host.sh"
. "$here/orders.sh"
. "$here/program.sh"
other=

# make_other: its home is on physical node 1; of 64 MiB on node 2 it has a share as the guest has
make_other() {
	sed -e 's/^name = .*/name = "other"/' -e 's/^memory = .*/memory = 384/' \
		-e 's/^vcpus = .*/vcpus = 2/' -e 's/^maxvcpus = .*/maxvcpus = 2/' \
		-e 's/^vnuma = .*/vnuma = [ ["pnode=1", "size=320", "vcpus=0", "vdistances=10,20"], ["pnode=2", "size=64", "vcpus=1", "vdistances=20,10"] ]/' \
		/etc/virtflex/domain >/tmp/other
	xl create -q /tmp/other && other=$(xl domid other) &&
		(numa=/local/domain/$other/data && await_key agent ready "$patience")
}

# in_other COMMAND: as guest, in the other one
in_other() {
	data=/local/domain/$other/data
	guest "$@"
	status=$?
	data=/local/domain/$DOMID/data
	return $status
}

# busy GUEST..., idle GUEST...: all vCPUs of these have something to do, or nothing
busy() {
	for one; do
		$one 'for n in 1 2 3; do sh -c "while :; do :; done" >/dev/null 2>&1 & echo $! >>/tmp/busy; done' || fail "$one: $said"
	done
}
idle() {
	for one; do
		$one 'kill $(cat /tmp/busy); rm /tmp/busy' || fail "$one: $said"
	done
}

# pages DOMAIN PNODE: as the hypervisor counts them
pages() { (DOMID=$1 && numa_placement) | awk -v n="$2" '$1 == n { print $2 }'; }

# who has physical node 2, by that: most of 64 MiB, or some of the kernel's that stay
has_node() { [ "$(pages "$1" 2)" -ge 12288 ] || fail "domain $1 has only $(pages "$1" 2) pages of node 2"; }
has_not_node() { [ "$(pages "$1" 2)" -le 6144 ] || fail "domain $1 has $(pages "$1" 2) pages of node 2"; }

# has_home DOMAIN PNODE: memory that is not needed goes, but not below 128 MiB
has_home() { [ "$(pages "$1" "$2")" -ge 32768 ] || fail "domain $1 has only $(pages "$1" "$2") pages at home"; }

# policy LONGEST_S: loads are expected to stay as they are no longer than that
policy() { echo "{ \"margin\": 1, \"cooldown_s\": 1, \"longest_s\": $1, \"shrink_s\": 3, \"expand_s\": 1 }" >/tmp/policy; }

# decided WHAT FROM TO: until that is decided on node 2
decided() {
	until=$(($(now) + patience))
	until told | grep -q "\"what\":\"$1\",\"node\":2,\"from\":\"$2\",\"to\":\"$3\""; do
		[ "$(now)" -lt "$until" ] && kill -0 "$pid" || { fail "node 2 is not $1 from $2 to $3: $(tail -n 2 /tmp/lines) $(cat /tmp/said)"; return 1; }
		sleep 1
	done
}

# What two guests have that run: the guest has node 2, and node 1 is the other's alone.
two_guests() {
	make_other || { fail "no second guest: $(tail -n 20 /var/log/xen/console/guest-other.log)"; return; }
	virtflexctl publish --all >/dev/null || fail "they cannot be published"
	virtflexctl shrink guest 1 >/dev/null && virtflexctl shrink other 1 >/dev/null || fail "nodes do not leave"
	has_node "$DOMID"
	has_not_node "$other"
}

# The node goes where the load is, and back when that is elsewhere; homes stay.
follows_the_loads() {
	policy 600
	begin virtflexd 2 --policy /tmp/policy --state /tmp/state
	busy in_other
	decided 'done' guest other
	has_not_node "$DOMID"
	has_node "$other"
	in_other 'grep -c ^processor /proc/cpuinfo'
	same 'CPUs of the other' 2 "$said"
	idle in_other
	busy guest
	decided 'done' other guest
	has_node "$DOMID"
	has_not_node "$other"
	end_it
	has_home "$DOMID" 0
	has_home "$other" 1
	virtflexd explain --state /tmp/state >/tmp/explained || fail "nothing is explained"
	like 'what is explained' '*node 2: guest -> other: done in *node 2: other -> guest: done in *' "$(tr '\n' ' ' </tmp/explained)"
}

# Loads swap again, and what was measured of the changes before exceeds what there is to gain.
costs_more_than_it_gains() {
	policy 1
	begin virtflexd 2 --policy /tmp/policy --state /tmp/state
	idle guest
	busy in_other
	decided never guest other
	lines 5
	told | grep -q '"what":"move"' && fail "it moves: $(grep '"move"' /tmp/lines)"
	end_it
	has_node "$DOMID"
	has_not_node "$other"
	idle in_other
}

echo "TAP version 13"
await_agent
[ $# -gt 0 ] || set -- two_guests follows_the_loads costs_more_than_it_gains
for test; do
	run_test "$test"
done
[ -z "$other" ] || xl destroy other
end_agent
echo "# $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
