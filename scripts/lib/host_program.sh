# shellcheck shell=bash disable=SC2154 # of scripts/check/host, and scripts/lib/libvirt.sh
# SPDX-License-Identifier: GPL-2.0
#
# A program that keeps a host in balance, while it runs on the host of scripts/lib/libvirt.sh, and what its
# lines of JSON show. Sourced by scripts/check/host, never run.

running=

# stop_program: by a signal, which it follows soon
stop_program()
{
	local i status
	[ -n "$running" ] || return 0
	kill "$running" 2>/dev/null
	for ((i = 0; i < 300; i++)); do
		kill -0 "$running" 2>/dev/null || break
		sleep 0.1
	done
	[ $i -lt 300 ] || kill -9 "$running"
	wait "$running" 2>/dev/null
	status=$?
	running=
	[ "$status" -eq 143 ] || { echo "it does not end as by a signal: exit status $status"; return 1; }
}

# start_program PROGRAM SECONDS [ARGUMENT]...: with a look every so many seconds, its lines of
# JSON to $out
start_program()
{
	local program=$1 seconds=$2
	shift 2
	# a test that failed has left its own
	stop_program
	out=$logs/$program.json
	: >"$out"
	"${session[@]}" "$lab/$program" "$seconds" --json --connect qemu:///session "$@" >"$out" 2>"$out.err" &
	running=$!
}

# lines: those that are complete
lines() { head -n "$(wc -l <"$out")" "$out"; }

# shows EXPRESSION: of jq, for all lines in an array. There may be none yet: null is less than any number.
shows() { lines | jq -se "$1" >/dev/null 2>&1; }

# await TIMES COMMAND...: tries it once a second, as long as the program runs. How long that
# is in all depends on how busy this machine is.
await()
{
	local i times=$1
	shift
	for ((i = 0; i < times; i++)); do
		! "$@" || return 0
		kill -0 "$running" 2>/dev/null || break
		sleep 1
	done
	echo "after $i tries it is not so: $*"
	tail -n 5 "$out"
	cat "$out.err"
	return 1
}

# until_shows TIMES EXPRESSION
until_shows() { await "$1" shows "$2"; }

# more_lines TIMES MORE: waits for so many more lines
more_lines()
{
	local want=$(($(wc -l <"$out") + $2))
	until_shows "$1" "length >= $want"
}
