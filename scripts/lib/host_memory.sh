# shellcheck shell=bash disable=SC2154 # of scripts/check/host, and scripts/lib/libvirt.sh
# SPDX-License-Identifier: GPL-2.0
#
# memory_coordinator on real guests. Sourced by scripts/check/host, never run.

# Guests' sizes and needs, in KiB
guest_of() { printf '(.[-1].guests[] | select(.guest == "%s"))' "$1"; }
settled='length >= 4 and (.[-4:] | all(all(.guests[]; .change | not)))'

# sizes_below KIB: all guests are smaller than that, by libvirt
sizes_below()
{
	local guest size
	for guest in "${guests[@]}"; do
		size=$(guest_size "$guest")
		[ -n "$size" ] && [ "$size" -lt "$1" ] || return 1
	done
}

# have_room: all guests have what a guest is left in any case, 128 MiB, as they say. What a kernel
# takes for itself may differ a little from when it was asked to fall.
have_room()
{
	local guest usable
	for guest in "${guests[@]}"; do
		usable=$(guest_usable "$guest")
		[ "${usable:-0}" -gt $((112 * 1024)) ] || { echo "$guest is left with ${usable:-no} KiB"; return 1; }
	done
}

# never_below_need: nobody was asked for less than it needs
never_below_need()
{
	shows 'all(.[].guests[]; .target_kb == null or .target_kb >= .actual_kb or .target_kb >= .need_kb + 131072)' ||
		{ echo 'a guest was asked for less than it needs:'; cat "$out"; return 1; }
}

# The host is to keep more than it has: guests fall to the least that they may have.
falls_to_what_is_needed()
{
	tell_all cpu idle && tell_all memory 0 40 || return 1
	start_program memory_coordinator 2 --reserve 1000T
	until_shows 240 "$settled and all(.[-1].guests[]; .actual_kb < 400000)" || return 1
	sizes_below 400000 && have_room && never_below_need
	# it goes on, for the next test
}

# Of what the host keeps nobody gets anything, whatever it wants. The guest has so much left by itself: it
# does not run out of memory, however late it is seen what it wants.
nothing_is_given()
{
	local before
	before=$(guest_size g1)
	guest_tell g1 memory 60 60 || return 1
	until_shows 120 '[.[-3:][].guests[] | select(.guest == "g1" and .want_kb - .actual_kb > 40000)] | length == 3' ||
		return 1
	[ "$(guest_size g1)" -le "$before" ] || { echo "it has $(guest_size g1) KiB, and had $before"; return 1; }
	never_below_need
}

# has_more GUEST KIB: than that, by libvirt
has_more() { [ "$(guest_size "$1")" -gt "$2" ]; }

# The same want is met as soon as there is something to be given.
one_gets_what_it_wants()
{
	local before
	before=$(guest_size g1)
	stop_program || return 1
	start_program memory_coordinator 2 --reserve 64M
	await 240 has_more g1 $((before + 40000)) && await 120 have_room && never_below_need
	# it goes on
}

one_grows_and_frees()
{
	guest_tell g1 memory 400 40
	until_shows 60 "$(guest_of g1) | .actual_kb > 560000 and .need_kb > 400000" || return 1
	guest_tell g1 memory 0 40
	until_shows 120 "$settled and ($(guest_of g1) | .actual_kb < 400000)" || return 1
	stop_program
}

# start_coordinator MIB: with a reserve that leaves so much to be given. What else this
# machine does takes of that, or adds to it.
start_coordinator()
{
	local reserve
	start_program memory_coordinator 2 --dry-run
	until_shows 30 'length >= 1' || return 1
	reserve=$(jq -s --argjson mib "$1" '.[-1] | .available_kb - .claims_kb - $mib * 1024' "$out")
	start_program memory_coordinator 2 --reserve "${reserve}K"
}

sum_of() { jq -s "[.[-1].guests[] | select(.guest | test(\"$1\")) | .actual_kb] | add" "$out"; }

# They get equally much of what there is, all of them less than they want.
all_grow_until_short()
{
	local before
	start_coordinator 150 || return 1
	until_shows 30 'length >= 1' || return 1
	before=$(sum_of .)
	tell_all memory 160 10 || return 1
	until_shows 120 "$settled and all(.[-1].guests[]; .need_kb > 260000 and .want_kb - .actual_kb > 40000)" || return 1
	shows '[.[-1].guests[].actual_kb] | max - min < max / 8' || { tail -n 1 "$out"; return 1; }
	[ $(($(sum_of .) - before)) -lt $((250 * 1024)) ] || { echo 'they were given what the host keeps'; return 1; }
	! grep -l 'Out of memory\|panic' "$lab"/log/g?
}

# What two of them free goes to the two that go on.
two_stop()
{
	local before
	start_coordinator 0 || return 1
	until_shows 30 'length >= 3' || return 1
	before=$(sum_of 'g3|g4')
	guest_tell g1 memory 0 20 && guest_tell g2 memory 0 20 || return 1
	until_shows 120 "$settled and ($(guest_of g1) | .need_kb < 200000) and
		([.[-1].guests[] | select(.guest | test(\"g3|g4\")) | .actual_kb] | add) > $before + 30000" || return 1
	stop_program
}

# One that is killed in the middle is nothing to stumble over, nor is one that comes.
killed_in_the_middle()
{
	tell_all memory 0 40
	start_program memory_coordinator 2
	more_lines 30 2 || return 1
	kill -9 "$(pid_in "$lab/run/libvirt/qemu/run/g4.pid")"
	until_shows 30 '.[-1].guests | length == 3' || return 1
	guest_start g4 1 768 none && until_shows 30 '.[-1].guests | length == 4' || return 1
	grep -q '^memory_coordinator: g4: it has no balloon device' "$out.err" && more_lines 30 2 && stop_program
}
