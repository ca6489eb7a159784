#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The examples of event loops, built as their authors would: of ten changes they
# miss none that they could have seen, and never the last.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.bash"
build=${BUILD:?} preload=${TOPOLOGY_PRELOAD:?}
work=$(mktemp -d)
program=
trap '[ -z "$program" ] || kill -KILL "$program" 2>/dev/null; rm -rf "$work"' EXIT

publish()
{
	printf 'version 1\ngeneration %d\nstate stable\nnode 0 active 0 0-1 1 1 1 10,20\nnode 1 %s 1 - 1 1 1 20,10\n' \
		"$1" "$([ $(($1 % 2)) -eq 0 ] && echo inactive || echo active)" >"$work/next"
	mv "$work/next" "$work/dir/topology"
}

# start NAME: its lines are read from descriptor 5
start()
{
	# of a test that failed
	[ -z "$program" ] || kill -KILL "$program"
	mkdir -p "$work/dir"
	publish 1
	rm -f "$work/lines"
	mkfifo "$work/lines"
	TOPOLOGY_DIR=$work/dir LD_PRELOAD=$preload LD_LIBRARY_PATH=$build/lib \
		"$build/examples/$1" >"$work/lines" 2>"$work/stderr" &
	program=$!
	exec 5<"$work/lines"
	until_generation 1 && return
	grep '^uring: no io_uring here' "$work/stderr" || return
	wait "$program"
	program=
	skip 'no io_uring here'
}

# until_generation N: read lines up to that of generation N. The limit is for a
# program that has lost it: it would say nothing any more.
until_generation()
{
	local word generation rest

	while read -r -t 120 -u 5 word generation rest; do
		[ "$word" = generation ] || return
		[ "${generation%,}" -le "$1" ] || { echo "$generation: not published"; return 1; }
		[ "${generation%,}" -ne "$1" ] || return 0
	done
	echo "generation $1 was missed"
	cat "$work/stderr"
	return 1
}

# stop STATUS [SIGNAL]: it ends with that, and has said all
stop()
{
	local status=0 said=

	[ -z "${2-}" ] || kill "-$2" "$program"
	while [ "$status" -eq 0 ]; do
		read -r -t 120 -u 5
		status=$?
		[ "$status" -ne 0 ] || said=yes
	done
	# its end of the pipe is still open
	if [ "$status" -gt 128 ]; then
		echo "it does not end"
		kill -KILL "$program"
	fi
	wait "$program"
	status=$?
	program=
	exec 5<&-
	[ "$status" -eq "$1" ] && [ -z "$said" ]
}

# Each of them, when there is time for it
one_by_one()
{
	local i

	start "$1" || return
	for i in {2..11}; do
		publish "$i"
		until_generation "$i" || return 1
	done
	stop 0 TERM
}

# As fast as they come: some may be skipped
at_once()
{
	local i

	start "$1" || return
	for i in {2..11}; do
		publish "$i"
	done
	until_generation 11 && stop 0 INT
}

# While it does not run at all
asleep()
{
	local i

	start "$1" || return
	kill -STOP "$program"
	for i in {2..11}; do
		publish "$i"
	done
	kill -CONT "$program"
	until_generation 11 && stop 0 TERM
}

unloaded()
{
	start "$1" || return
	rm "$work/dir/topology"
	stop 1 && grep -q "^$1: No such device" "$work/stderr"
}

for name in epoll uring; do
	for case in one_by_one at_once asleep unloaded; do
		run_test "${name}_$case" "$case" "$name"
	done
done
finish
