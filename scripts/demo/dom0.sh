#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The demonstration, dom0's side: takes nodes from the guest, and gives them
# back, with virtflexctl. Waits for the guest's word between steps.

set -u
BAR=${1:-#}
# shellcheck source=../../selftests/xen/host.sh
. ./host.sh
data=/local/domain/$DOMID/data/demo

say() { printf 'dom0    | %s\n' "$*"; }

# await_guest STEP: until the guest's side is that far
await_guest()
{
	# shellcheck disable=SC2034 # read by await_key
	(numa=$data && await_key ready "$1" 600) || {
		say "the guest did not get to step $1"
		exit 1
	}
}

# The hypervisor's own count; 1 column is 16 MiB.
placement()
{
	say 'memory of the domain per physical node (xl debug-keys u)'
	numa_placement | awk -v bar="$BAR" '{
		line = ""
		for (c = 0; c < $2 / 4096 - 0.5; c++) line = line bar
		printf "dom0    | node %d %6.1f MiB %s\n", $1, $2 / 256, line }'
}

# change ARGUMENT...: run virtflexctl, and show what comes of it
change()
{
	say "\$ virtflexctl $*"
	answer=$(virtflexctl "$@" -v 2>&1)
	result=$?
	echo "$answer" | while IFS= read -r line; do say "$line"; done
	[ $result -eq 0 ] || exit 1
	placement
	xl vcpu-list "$DOMID" | awk 'NR > 1 { n++; if ($5 ~ /p/) off = off " " $3 }
		END { print "dom0    | xl vcpu-list: " n " vCPUs; paused:" (off ? off : " none") }'
}

# go STEP: the guest's side may take it
go() { xenstore-write "$data/go" "$1"; }

change publish guest
go 1
await_guest 1
change shrink guest 2 3
go 2
await_guest 2
change expand guest 2 3
go 3
await_guest 3

# and for the OpenMP program
await_guest 4
change shrink guest 3
go 4
await_guest 5
change expand guest 3
go 5
await_guest 6
