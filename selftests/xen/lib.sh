# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# What the tests on Xen share: results, waiting for a value in xenstore, asking
# dom0 to do something, and what there is to see in the guest. Sourced by
# guest.sh. For busybox sh, whose read has -t; what stands in single quotes is
# for dom0's shell; variables set here are read there, and the other way round.
# shellcheck disable=SC3045,SC2016,SC2034,SC2154

# Results. A test is a function; it fails by "fail WHY", which does not end it.

fail() {
	echo "# $current: $*"
	bad=yes
}

skip() {
	reason=$*
}

# result NAME: count the test that has run, and say how it went
result() {
	if [ -n "$bad" ]; then
		failed=$((failed + 1))
		echo "not ok $((passed + failed + skipped)) xen $1"
	elif [ -n "$reason" ]; then
		skipped=$((skipped + 1))
		echo "ok $((passed + failed + skipped)) xen $1 # SKIP $reason"
	else
		passed=$((passed + 1))
		echo "ok $((passed + failed + skipped)) xen $1"
	fi
}

run_test() {
	current=$1 bad='' reason='' began=$(now)
	"$1" || [ $? -ne 127 ] || fail "no such test"
	result "$1"
	echo "# $1 took $(($(now) - began)) s"
}

# same WHAT EXPECTED SEEN, like WHAT PATTERN SEEN
same() {
	[ "$2" = "$3" ] || fail "$1: expected '$2', is '$3'"
}

like() {
	# shellcheck disable=SC2254 # a pattern is meant
	case $3 in
	$2) ;;
	*) fail "$1: expected '$2', is '$3'" ;;
	esac
}

# Waiting. await PATH PATTERN [SECONDS]: until a value in xenstore is like that

now() { cut -d. -f1 /proc/uptime; }

await() {
	fifo=/tmp/await end=$(($(now) + ${3:-60})) found=1
	rm -f "$fifo"
	mkfifo "$fifo"
	xenstore-watch "$1" >"$fifo" &
	watch=$!
	exec 8<"$fifo"
	while left=$((end - $(now))) && [ "$left" -gt 0 ] &&
		read -r -t "$left" _ <&8; do
		value=$(xenstore-read -R "$1" 2>/dev/null)
		# shellcheck disable=SC2254
		case $value in
		$2) found=0; break ;;
		esac
	done
	kill "$watch"
	wait "$watch" 2>/dev/null
	exec 8<&-
	return $found
}

# host COMMAND: run a shell command in dom0, with the functions of host.sh;
# its output is in $said, its status is returned
# The number of a request is in a file, for who asks in a subshell.
echo 0 >/tmp/asked
host() {
	asked=$(($(cat /tmp/asked) + 1))
	echo $asked >/tmp/asked
	xenstore-write -R data/request "$asked $*"
	await data/reply "$asked *" 120 || {
		fail "dom0 does not answer to: $*"
		said=
		return 99
	}
	said=${value#* }
	code=${said%% *}
	said=${said#* }
	return "$code"
}

# What there is

generation() { awk '$1 == "generation" { print $2 }' "$topology"; }
state() { sed -n 's/^state *//p' "$topology"; }
active() { awk '$1 == "node" && $3 == "active" { printf "%s%s", sep, $2; sep = " " }' "$topology"; }
cpus_of() { awk -v node="$1" '$1 == "node" && $2 == node { print $5 }' "$topology"; }
nodes_text() { grep '^node' "$topology"; }
log_lines() { dmesg | grep -c 'virtflex: '; }
last_log() { dmesg | grep 'virtflex: ' | tail -n 1; }

# answered: wait until the guest's module has answered the request
answered() {
	[ "$(xenstore-read numa/topo_change)" = 0 ] ||
		await numa/topo_change 0 600 || fail "no answer to the request"
	# two lines, of which the second may be empty
	error=$(xenstore-read numa/status numa/error; echo .)
	status=${error%%"
"*}
	error=${error#*"
"}
	error=${error%"
."}
}

# change COMMAND: a request that is to be carried out
change() {
	host "$@" || fail "dom0: $said"
	answered
	like status 'done*' "$status"
	same error '' "$error"
	same state stable "$(state)"
}

everything() { change numa_nodes expand 0 1 2 3; }
