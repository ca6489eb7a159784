# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# The demonstration's second half: an OpenMP program that knows nothing of nodes. It is
# bound to CPUs of a node that leaves, and its picture is drawn meanwhile. Sourced by
# guest.sh.
# shellcheck disable=SC2154

# all_placed: a thread and 3 of its 4 MiB at least are on each node
all_placed() { [ "$(echo "$drawn" | awk '$5 == "active" && $6 == 1 && $8 >= 3' | wc -l)" -eq 4 ]; }
# all_left: nothing of it is on the node that is not active
all_left() { echo "$drawn" | awk '$5 != "active" { n++; left += $6 + ($8 > 0.2) } END { exit n != 1 || left }'; }
# told N: dom0 is that far
told() { [ -e "/tmp/told.$1" ]; }
# listen N: it is heard of in the background
listen() { (await "$1"; : >"/tmp/told.$1") & }

# expect SECONDS CONDITION...: the picture, until it is so
expect()
{
	draw_until "$@" && return
	if kill -0 "$pid" 2>/dev/null; then
		say "not so after $1 s: $2"
	else
		say 'the program ended early'
	fi
	exit 1
}

title 'An OpenMP program as it is, below virtflex run'
# Threads that spin would take the CPUs that emulate the others.
export OMP_WAIT_POLICY=passive OMP_NUM_THREADS=4 OMP_PLACES=cores OMP_PROC_BIND=spread
say '$ OMP_NUM_THREADS=4 OMP_PLACES=cores OMP_PROC_BIND=spread virtflex run ./heat 16 5000'
mkfifo /tmp/heat
while read -r line; do printf 'program | %s\n' "$line"; done </tmp/heat &
lines=$!
virtflex run ./heat 16 5000 >/tmp/heat 2>&1 &
pid=$!
expect 120 all_placed

title 'dom0 takes node 3 away'
listen 4
tell 4
expect 600 told 4
expect 120 all_left

title 'dom0 brings it back'
listen 5
tell 5
expect 600 told 5
expect 120 all_placed

title 'Done'
kill "$pid"
wait "$pid"
status=$?
wait "$lines"
tell 6
exit $status
