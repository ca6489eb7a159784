# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# A program that keeps a host in balance, at work in dom0, and what its lines of JSON say.
# Sourced in dom0, after lib.sh.
# shellcheck disable=SC2015,SC2154

# The longest that it may take until something is so, in seconds, also on a machine that is very busy
: "${patience:=300}"

# begin PROGRAM ARGUMENT...: in the background; its lines of JSON in /tmp/lines
begin() {
	program=$1
	: >/tmp/lines
	"$@" --json >/tmp/lines 2>/tmp/said & pid=$!
}

# told: these lines, without blanks
told() { tr -d ' ' </tmp/lines; }

# end_it: by a signal, which it follows soon
end_it() {
	kill "$pid"
	wait "$pid" 2>/dev/null
	same "exit status of $program" 143 $?
}

# lines MORE: until there are so many more
lines() {
	want=$(($(grep -c . /tmp/lines) + $1)) until=$(($(now) + patience))
	while [ "$(grep -c . /tmp/lines)" -lt "$want" ]; do
		[ "$(now)" -lt "$until" ] && kill -0 "$pid" || { fail "$program does not go on: $(tail -n 3 /tmp/said)"; return 1; }
		sleep 0.5
	done
}
