# shellcheck shell=bash disable=SC2154 # of scripts/check/host, and scripts/lib/libvirt.sh
# SPDX-License-Identifier: GPL-2.0
#
# A program that keeps a host in balance, while it runs on the host of scripts/lib/libvirt.sh, and what its
# lines of JSON show. Sourced by scripts/check/host, never run.

running=
stop_program()
{
	[ -n "$running" ] || return 0
	pkill -TERM -P "$running" 2>/dev/null
	kill "$running" 2>/dev/null
	wait "$running" 2>/dev/null
	running=
}

# start_program PROGRAM ARGUMENT...: every 2 s, its lines of JSON to $out
start_program()
{
	local program=$1
	shift
	# a test that failed has left its own
	stop_program
	out=$logs/$program.json
	: >"$out"
	as_session "$lab/$program" 2 --json --connect qemu:///session "$@" >"$out" 2>"$out.err" &
	running=$!
}

# shows EXPRESSION: of jq, for all lines in an array
shows() { jq -se "$1" "$out" >/dev/null 2>&1; }

# until_shows SECONDS EXPRESSION
until_shows()
{
	local i
	for ((i = 0; i < $1; i++)); do
		! shows "$2" || return 0
		kill -0 "$running" 2>/dev/null || break
		sleep 1
	done
	echo "after $i s it does not hold: $2"
	tail -n 5 "$out"
	cat "$out.err"
	return 1
}

# count_of SECONDS MORE: waits for so many more lines
more_lines()
{
	local want=$(($(wc -l <"$out") + $2))
	until_shows "$1" "length >= $want"
}
