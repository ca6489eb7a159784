#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Dom0's side of the tests in guest.sh: does what the guest asks for through
# the guest's own corner of xenstore, ~/data. A request is "NUMBER COMMAND",
# the reply "NUMBER STATUS OUTPUT". No host should do this but in a test.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/host.sh"
. "$here/fill.sh"
data=/local/domain/$DOMID/data

# fragment_node PNODE MIB: as fill_node, but for all pages of so many MiB except the first
# of each 2 MiB. Prints how many that is.
fragment_node() { fill_node "$1" && "$here/../perforate" "$(xl domid filler)" "$2"; }

# during PATTERN FIRST SECOND: run FIRST, and SECOND while the guest is at a
# status like PATTERN: it is paused there until SECOND is done
during() {
	rm -f /tmp/pausing
	mkfifo /tmp/pausing
	timeout 120 "$here/../pause_at_status" "$DOMID" "$1" >/tmp/pausing &
	pauser=$!
	exec 6</tmp/pausing
	read -r answer <&6 && [ "$answer" = watching ] && eval "$2" &&
		read -r answer <&6 && [ "$answer" = paused ] && eval "$3"
	ended=$?
	[ "$answer" = paused ] || echo "the guest had no status like $1"
	kill "$pauser" 2>/dev/null
	exec 6<&-
	xl unpause "$DOMID"
	return "$ended"
}

# said WORD: until pause_at_status has said that, a minute at most
said() {
	patience=600
	until grep -q "$1" /tmp/rolling; do
		patience=$((patience - 1))
		[ "$patience" -gt 0 ] || return 1
		sleep 0.1
	done
}

# in_rollback PATTERN FIRST SECOND [THIRD]: as during, but SECOND is a request that is refused;
# prints status and error of the guest while it rolls back, and runs THIRD then
in_rollback() {
	: >/tmp/rolling
	# shellcheck disable=SC2016 # for the eval in during
	during "$1" "$2" "$3; "'{ timeout 120 "$here/../pause_at_status" "$DOMID" "rolling back*" >/tmp/rolling 2>&1 & }
		roller=$!
		said watching' && said paused && numa_read status error && eval "${4:-}"
	ended=$?
	kill "$roller" 2>/dev/null
	xl unpause "$DOMID" 2>/dev/null
	return "$ended"
}

rm -f /tmp/requests
mkfifo /tmp/requests
xenstore-watch "$data/request" >/tmp/requests &
exec 7</tmp/requests
last=
numa_layout >/dev/null
xenstore-write "$data/boot" "$BOOT" "$data/ready" yes
while read -r _ <&7; do
	request=$(xenstore-read -R "$data/request" 2>/dev/null) || continue
	number=${request%% *}
	if [ -z "$request" ] || [ "$number" = "$last" ]; then
		continue
	fi
	last=$number
	[ "${request#* }" != bye ] || break
	output=$( (eval "${request#* }") 2>&1 7<&-)
	status=$?
	xenstore-write -R "$data/reply" "$number $status $(printf '%s' "$output" | head -c 3000)"
done
exit 0
