# shellcheck shell=bash disable=SC2154 # of scripts/check/host, and scripts/lib/libvirt.sh
# SPDX-License-Identifier: GPL-2.0
#
# vcpu_scheduler on real guests, which have two CPUs, $cpu0 and $cpu1, whatever else this
# machine has. Sourced by scripts/check/host, never run.

balanced='length > 0 and .[-1].spread <= 10'
quiet='length >= 6 and (.[-6:] | all(.changes == []))'
no_pins='[.[].changes[]] == []'

# start_scheduler SECONDS [ARGUMENT]...
start_scheduler()
{
	local seconds=$1
	shift
	start_program vcpu_scheduler "$seconds" --cpus "$cpu0,$cpu1" "$@"
}

# both_cpus: as the kernel writes it
both_cpus() { [ $((cpu0 + 1)) -eq "$cpu1" ] && echo "$cpu0-$cpu1" || echo "$cpu0,$cpu1"; }

# pin CPU GUEST...: vCPU 0 of each
pin()
{
	local cpu=$1 guest
	shift
	for guest; do
		virsh_session vcpupin "$guest" 0 "$cpu" --live || return 1
	done
}

# pinned: how many vCPUs are on each CPU, by the host's own count of what threads may
pinned()
{
	local pid
	for pid in $(guest_pids); do
		grep -l '/KVM$\|CPU 0/' /proc/"$pid"/task/*/comm 2>/dev/null
	done | sed 's,/comm$,,' | while read -r task; do
		sed -n 's/^Cpus_allowed_list:\t//p' "$task/status"
	done | sort -n | uniq -c | awk '{ printf "%s%s:%s", (NR > 1 ? " " : ""), $2, $1 }'
}

expect_pinned()
{
	[ "$(pinned)" = "$1" ] || { echo "threads are pinned so: $(pinned), and not $1"; return 1; }
}

# all_pins: where libvirt has the guests, in their order
all_pins()
{
	local guest
	for guest in "${guests[@]}"; do
		guest_pins "$guest"
	done | paste -sd ' '
}

# told_pins: where they are by what the program told, if all were on $cpu0 at first
told_pins()
{
	# shellcheck disable=SC2016 # of jq
	lines | jq -rs --argjson first "$cpu0" '[.[].changes[] | select(.done)] as $changes | $ARGS.positional[] as $guest |
		[$changes[] | select(.guest == $guest)] | last | .to // $first' --args "${guests[@]}" | paste -sd ' '
}

# two_and_two: two guests are on each of the CPUs, by libvirt and by the kernel
two_and_two()
{
	[ "$(all_pins | tr ' ' '\n' | sort -n | paste -sd ' ')" = "$cpu0 $cpu0 $cpu1 $cpu1" ] &&
		[ "$(pinned)" = "$cpu0:2 $cpu1:2" ]
}

# What busy guests are seen to want is of some seconds: the fewer, the more depends on who else is
# busy. So it is a look every four, and two guests may well change places later on: once it is
# asked for the first changes and for what they led to.
all_on_one_cpu()
{
	pin "$cpu0" "${guests[@]}" && tell_all cpu busy || return 1
	start_scheduler 4
	until_shows 120 'any(.changes != [])' && await 60 two_and_two || return 1
	shows "[.[].changes | select(. != [])][0] | length == 2 and all(.done and .from == $cpu0 and .to == $cpu1)" ||
		{ echo 'not by two changes at first, from the one CPU to the other:'; cat "$out"; return 1; }
	# it goes on, for the next test
}

# What nobody may disturb: nothing follows those two changes.
stays_balanced()
{
	until_shows 60 "$balanced and $quiet" || return 1
	shows '[.[].changes[]] | length == 2' || { echo 'not by two changes'; return 1; }
	two_and_two
}

already_balanced()
{
	local before
	before=$(grep -c '"to"' "$out")
	more_lines 60 6 && [ "$(grep -c '"to"' "$out")" -eq "$before" ]
}

two_at_once()
{
	local status=0
	as_session timeout 180 "$lab/vcpu_scheduler" 2 --connect qemu:///session >"$logs/second" 2>&1 && status=1
	cat "$logs/second"
	[ "$status" -eq 0 ] && grep -q 'another vcpu_scheduler is at work on qemu:///session, process [0-9]*; stop it first' "$logs/second"
}

# A signal ends it between two changes: what is pinned stays so, and it has told all of it.
ends_by_a_signal()
{
	local pins
	stop_program || return 1
	pins=$(all_pins)
	[ "$pins" = "$(told_pins)" ] || { echo "guests are on $pins, and not on $(told_pins)"; return 1; }
}

two_halves()
{
	tell_all cpu idle
	guest_tell g1 cpu busy
	guest_tell g2 cpu busy
	pin "$cpu0" g1 g2 && pin "$cpu1" g3 g4 || return 1
	start_scheduler 2
	until_shows 60 "$balanced and $quiet" || return 1
	shows '[.[].changes[]] | length == 1' || { echo 'not by one change'; return 1; }
	stop_program
}

# Some take part of a CPU: as even as their demands can be, by trying all there are.
unequal()
{
	tell_all cpu some
	guest_tell g1 cpu busy
	pin "$cpu0" "${guests[@]}" || return 1
	start_scheduler 2
	until_shows 90 "$quiet and ([.[].changes[]] | length) > 0" || return 1
	# shellcheck disable=SC2016 # of jq
	shows '.[-1] as $l | ($l.vcpus | map(.demand)) as $d |
		([range(16) as $n | reduce range(4) as $i (0; . + (if (($n / pow(2; $i)) | floor) % 2 == 1 then 1 else -1 end) * $d[$i]) |
			fabs] | min) as $least | $l.spread <= ([$least, 10] | max) + 10' || { tail -n 1 "$out"; return 1; }
	stop_program
}

unpinned()
{
	tell_all cpu busy
	pin "$(both_cpus)" "${guests[@]}" || return 1
	start_scheduler 2
	more_lines 60 8 && shows "$no_pins" || return 1
	expect_pinned "$(both_cpus):4" && stop_program
}

one_vcpu_too_many()
{
	tell_all cpu busy
	guest_tell g4 cpu idle
	pin "$cpu0" g1 && pin "$cpu1" g2 g3 g4 || return 1
	start_scheduler 2
	more_lines 60 8 && shows "$no_pins" && stop_program
}

daemon_restarted()
{
	tell_all cpu busy
	start_scheduler 2
	more_lines 60 2 || return 1
	daemon_stop
	sleep 4
	daemon_start && more_lines 60 4 || return 1
	cat "$out.err"
	[ "$(grep -c 'from time to time$' "$out.err")" -le 1 ] && grep -q 'reached again$' "$out.err" && stop_program
}

# make_far: this machine as another one, by a program in the place of ssh
make_far()
{
	cat >"$lab/ssh" <<-EOT
	#!/bin/sh
	while [ "\$1" != far ]; do shift; done
	shift
	echo \$\$ >"$lab/run/far.pid"
	exec setsid sh -c "\$*"
	EOT
	chmod 755 "$lab/ssh"
}

# until_lost SECONDS: until it is said that the host is
until_lost()
{
	local i
	for ((i = 0; i < $1; i++)); do
		! grep -q '^vcpu_scheduler: lost qemu+ssh://far.*trying to reach it again$' "$out.err" || return 0
		sleep 1
	done
	echo 'it waits for a host that is cut off'
	return 1
}

# A host that is cut off says nothing, not even that it ends.
remote_goes_silent()
{
	local uri="qemu+ssh://far/session?command=$lab/ssh" far status
	make_far
	start_scheduler 2 --connect "$uri"
	more_lines 60 2 && far=$(cat "$lab/run/far.pid") && kill -STOP -- "-$far" || return 1
	until_lost 60
	status=$?
	# one that waits would do so for ever
	kill -KILL -- "-$far"
	[ "$status" -eq 0 ] || return 1
	more_lines 60 2 && grep -q 'reached again$' "$out.err" && stop_program
}
