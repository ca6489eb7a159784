#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The demonstration, dom0's side: takes nodes 2 and 3 from the guest, and gives
# them back, with nothing but xenstore. Waits for the guest's word between steps.

set -u
# shellcheck source=../../selftests/xen/host.sh
. ./host.sh
data=/local/domain/$DOMID/data/demo

say() { printf 'dom0    | %s\n' "$*"; }

# await_guest STEP: until the guest's side is that far
await_guest()
{
	# shellcheck disable=SC2034 # read by await_key
	(numa=$data && await_key ready "$1" 120) || {
		say "the guest did not get to step $1"
		exit 1
	}
}

# change expand|shrink NODE...: ask for it, and show what comes of it
change()
{
	numa_nodes "$@" || exit 1
	answer=$(numa_wait 120)
	result=$?
	say "answered: topo_change 0, status $answer"
	[ $result -eq 0 ] || exit 1
	xl vcpu-list "$DOMID" | awk 'NR > 1 { n++; if ($5 ~ /p/) off = off " " $3 }
		END { print "dom0    | xl vcpu-list: " n " vCPUs; paused:" (off ? off : " none") }'
}

numa_setup
xenstore-write "$data/go" 1
await_guest 1
say 'writes in one transaction: target 0 for nodes 2 and 3, their vCPUs offline, topo_change 2'
change shrink 2 3
xenstore-write "$data/go" 2
await_guest 2
say 'writes in one transaction: full targets for nodes 2 and 3, their vCPUs online, topo_change 1'
change expand 2 3
xenstore-write "$data/go" 3
await_guest 3
