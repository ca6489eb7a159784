#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Dom0's side of the tests in guest.sh: does what the guest asks for through
# the guest's own corner of xenstore, ~/data. A request is "NUMBER COMMAND",
# the reply "NUMBER STATUS OUTPUT". No host should do this but in a test.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/host.sh"
data=/local/domain/$DOMID/data

mkfifo /tmp/requests
xenstore-watch "$data/request" >/tmp/requests &
exec 7</tmp/requests
last=
numa_layout >/dev/null
xenstore-write "$data/ready" yes
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
