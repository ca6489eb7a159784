#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The demonstration, the guest's side: runs a program, shows what it does.

set -u

. ./picture.sh

# tell N: our side of step N is done. await N: dom0's is.
tell() { xenstore-write data/demo/ready "$1"; }
await()
{
	mkfifo "/tmp/events.$1"
	xenstore-watch data/demo/go >"/tmp/events.$1" &
	watch=$!
	while read -r _; do
		[ "$(xenstore-read data/demo/go 2>/dev/null)" != "$1" ] || break
	done <"/tmp/events.$1"
	kill "$watch"
	wait "$watch" 2>/dev/null
}

# hear PATTERN: pass on what the program says, up to a line with PATTERN
hear()
{
	while read -r line <&3; do
		printf 'program | %s\n' "$line"
		case $line in *"$1"*) return 0 ;; esac
	done
	say 'the program ended early'
	exit 1
}

await 1
mkfifo /tmp/program
./follow 16 4000 >/tmp/program &
pid=$!
exec 3</tmp/program

title 'Four nodes, and a program with a thread and 16 MiB on each'
hear ready
topology
memory
pages

title 'dom0 takes nodes 2 and 3 away'
tell 1
hear stable
await 2
topology
memory
pages

title 'dom0 brings them back'
tell 2
hear stable
await 3
topology
memory
pages

kill "$pid"
wait "$pid" || exit
say 'the program found every byte of its memory as it had written it'
tell 3

. ./openmp.sh
