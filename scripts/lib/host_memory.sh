# shellcheck shell=bash disable=SC2154 # of scripts/check/host, and scripts/lib/libvirt.sh
# SPDX-License-Identifier: GPL-2.0
#
# memory_coordinator on real guests. Sourced by scripts/check/host, never run.

# Guests' sizes and needs, in KiB
guest_of() { printf '(.[-1].guests[] | select(.guest == "%s"))' "$1"; }
settled='length >= 4 and (.[-4:] | all(all(.guests[]; .change | not)))'

falls_to_what_is_needed()
{
	tell_all cpu idle
	start_program memory_coordinator
	until_shows 120 "$settled and all(.[-1].guests[]; .actual_kb < 400000)" || return 1
	shows 'all(.[].guests[]; .target_kb == null or .target_kb >= .actual_kb or .target_kb >= .need_kb + 131072)'
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
	start_program memory_coordinator --dry-run
	until_shows 30 'length >= 1' || return 1
	reserve=$(jq -s --argjson mib "$1" '.[-1] | .available_kb - .claims_kb - $mib * 1024' "$out")
	start_program memory_coordinator --reserve "${reserve}K"
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
	start_program memory_coordinator
	more_lines 30 2 || return 1
	kill -9 "$(pid_in "$lab/run/libvirt/qemu/run/g4.pid")"
	until_shows 30 '.[-1].guests | length == 3' || return 1
	guest_start g4 1 768 none && until_shows 30 '.[-1].guests | length == 4' || return 1
	grep -q '^memory_coordinator: g4: it has no balloon device' "$out.err" && more_lines 30 2 && stop_program
}
