#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The guest's side of the tests in ctl.sh, which run in dom0: does what dom0 asks for
# through the guest's own corner of xenstore, ~/data, until it is told "bye". A request is
# "NUMBER COMMAND" in ~/data/do, the reply "NUMBER STATUS OUTPUT" in ~/data/did.

# busybox sh, whose read has -t
# shellcheck disable=SC3045
mkfifo /tmp/orders
xenstore-watch data/do >/tmp/orders &
exec 7</tmp/orders
last=
xenstore-write data/agent ready
while read -r _ <&7; do
	order=$(xenstore-read -R data/do 2>/dev/null) || continue
	number=${order%% *}
	if [ -z "$order" ] || [ "$number" = "$last" ]; then
		continue
	fi
	last=$number
	[ "${order#* }" != bye ] || break
	output=$( (eval "${order#* }") 2>&1 7<&-)
	status=$?
	xenstore-write -R data/did "$number $status $(printf '%s' "$output" | head -c 3000)"
done
exit 0
