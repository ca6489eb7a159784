#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vcpu_scheduler and memory_coordinator on hosts that are described in hosts/: what they decide,
# what they say of command lines that are wrong, and that help, man page and completion
# agree. What they do to real guests is tested by scripts/check/host.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.bash"
top=$(cd "$here/../.." && pwd)
cd "$here" || exit 1
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_RUNTIME_DIR=$work
san=${BUILD:?}/userspace/san
[ -x "$san/vcpu_scheduler" ] || {
	no_libvirt() { skip 'there is no libvirt-dev here'; }
	run_test host no_libvirt
	finish
	exit
}
programs=(vcpu_scheduler memory_coordinator)

# says PROGRAM STATUS PATTERN ARGUMENT...
says()
{
	local program=$1 status=$2 pattern=$3 got
	shift 3
	timeout 60 "$san/$program" "$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	if [ $got -ne "$status" ] || [ -s "$work/out" ] || ! grep -Eq "^$program: $pattern" "$work/err"; then
		echo "$program $*: status $got"
		cat "$work/out" "$work/err"
		return 1
	fi
}

# replay PROGRAM HOST ARGUMENT...: its lines of JSON to $work/out
replay()
{
	local program=$1 host=$2
	shift 2
	timeout 60 "$san/$program" 2 --json --connect "replay:hosts/$host.json" "$@" \
		>"$work/out" 2>"$work/err" </dev/null || { echo "$program $host: status $?"; cat "$work/err"; return 1; }
}

# holds EXPRESSION: of jq, for all lines in an array; they are shown if it does not
holds()
{
	jq -se "$1" "$work/out" >/dev/null && return
	echo "does not hold: $1"
	jq -c . "$work/out" | tail -n 30
	return 1
}

pins='[.[].changes[]]'

host_all_on_one_cpu()
{
	replay vcpu_scheduler one-cpu &&
		holds "(${pins} | length) == 3 and all(${pins}[]; .done and .from == 0)" &&
		holds "(${pins} | [.[].to] | sort) == [1, 2, 3]" &&
		holds '.[-1].spread < 2 and (.[-5:] | all(.changes == []))'
}

host_demand_is_not_use()
{
	replay vcpu_scheduler one-cpu && holds 'all(.[0].vcpus[]; .demand > 98)'
}

host_balanced_is_left_alone()
{
	replay vcpu_scheduler balanced && holds "${pins} == []" &&
		replay vcpu_scheduler unpinned && holds "${pins} == []" &&
		# moving an idle vCPU would gain next to nothing
		replay vcpu_scheduler one-too-many && holds "${pins} == []"
}

# Those that the kernel places are told, once and in each interval if that is wanted.
host_not_pinned()
{
	local all
	all=$(jq '[.guests[].vcpus | length] | add' hosts/unpinned.json)
	"$san/vcpu_scheduler" 2 -c replay:hosts/unpinned.json >"$work/out" &&
		[ "$(grep -c "^$all of $all vCPUs are not pinned, and are left to the kernel$" "$work/out")" -eq 1 ] || return 1
	"$san/vcpu_scheduler" 2 -vc replay:hosts/unpinned.json >"$work/out" &&
		[ "$(grep -c 'are not pinned' "$work/out")" -eq "$(grep -c '^CPUs, in percent' "$work/out")" ] || return 1
	replay vcpu_scheduler unpinned && holds "all(.[]; .not_pinned == $all)" &&
		"$san/vcpu_scheduler" 2 -vc replay:hosts/balanced.json >"$work/out" && ! grep 'not pinned' "$work/out"
}

# Those that wait while a CPU has nothing to do are pinned, if that is asked for; if none is idle, or
# somebody wants them on several, they are not.
host_pin_floating()
{
	replay vcpu_scheduler floating && holds "${pins} == []" &&
		replay vcpu_scheduler floating --pin-floating &&
		holds "(${pins} | length) == 3 and all(${pins}[]; .done and .from == null) and .[1].changes != []" &&
		holds '.[-1].spread < 2 and .[-1].not_pinned == 1 and (.[-5:] | all(.changes == []))' &&
		replay vcpu_scheduler floating --pin-floating --domains a && holds "all(${pins}[]; .guest == \"a\")" &&
		replay vcpu_scheduler unpinned --pin-floating && holds "${pins} == []" || return 1
	jq '.guests[].vcpus[].bound = "0"' hosts/floating.json >"$work/bound.json"
	"$san/vcpu_scheduler" 2 -Jc "replay:$work/bound.json" --pin-floating >"$work/out" && holds "${pins} == []" &&
		"$san/vcpu_scheduler" 2 -nc replay:hosts/floating.json --pin-floating >"$work/out" &&
		grep -q '^b: vCPU 0, which wants 100 % of a CPU: not pinned -> [01] (not changed: --dry-run)$' "$work/out"
}

# One change is enough: 80 against 50 and 30. An idle and a paused guest stay.
host_fewest_changes()
{
	replay vcpu_scheduler unequal &&
		holds "(${pins} | length) == 1 and ${pins}[0].guest == \"a\" and .[-1].spread < 2"
}

# What two intervals do not agree upon
host_peak_moves_nothing() { replay vcpu_scheduler one-peak && holds "${pins} == []"; }

# An administrator's bounds, and a CPU that is offline
host_bounds()
{
	replay vcpu_scheduler bound &&
		holds "(${pins} | length) == 1 and ${pins}[0].vcpu == 0 and ${pins}[0].to == 1"
}

# Two busy ones on the threads of one core, and an idle core
host_threads()
{
	replay vcpu_scheduler threads && holds "(${pins} | length) == 1 and ${pins}[0].guest == \"a\" and ${pins}[0].to >= 2"
}

host_guests_come_and_go()
{
	replay vcpu_scheduler comes-and-goes &&
		holds "(${pins} | length) == 1 and ${pins}[0].to == 0 and .[-1].spread < 2"
}

host_cpus_for_guests()
{
	replay vcpu_scheduler one-cpu --cpus 2-3 &&
		holds "(${pins} | length) == 4 and all(${pins}[]; .to >= 2)" &&
		replay vcpu_scheduler one-cpu --reserve 0-1 &&
		holds "(${pins} | length) == 4 and all(${pins}[]; .to >= 2)" &&
		says vcpu_scheduler 1 'no physical CPU is left for guests; see --cpus and --reserve' \
			2 -c replay:hosts/one-cpu.json --reserve 0-3
}

# Those that float lose CPUs that are not for guests, which is told, also by a dry run.
host_kept_off()
{
	jq '.guests[].vcpus[].cpus = "0-3"' hosts/one-cpu.json >"$work/float.json"
	"$san/vcpu_scheduler" 2 -Jc "replay:$work/float.json" --reserve 0 >"$work/out" &&
		holds '[.[].kept_off[]] | length == 4 and all(.[]; .from == "0-3" and .to == "1-3" and .done)' &&
		holds 'all(.[].vcpus[]; .cpus == "1-3")' || return 1
	"$san/vcpu_scheduler" 2 -nc "replay:$work/float.json" --reserve 0 --once >"$work/out" &&
		grep -q '^b: vCPU 1, not pinned: CPUs 0-3 -> 1-3 (not changed: --dry-run)$' "$work/out"
}

# All CPUs that guests may have go offline for a while.
host_cpus_go_offline()
{
	"$san/vcpu_scheduler" 2 -nc replay:hosts/one-cpu.json --record "$work/record" >/dev/null || return 1
	jq -c 'if .ns > 9e9 and .ns < 20e9 then .cpus[2:][].online = false else . end' "$work/record" >"$work/gone"
	"$san/vcpu_scheduler" 2 -Jc "record:$work/gone" --cpus 2-3 >"$work/out" 2>"$work/err" || return 1
	[ "$(grep -c 'no physical CPU that guests may have is online; vCPUs stay where they are until one is$' "$work/err")" -eq 1 ] &&
		[ "$(wc -l <"$work/err")" -eq 1 ] && holds '.[-1].interval == 19 and .[-1].cpus != []'
}

host_domains()
{
	replay vcpu_scheduler one-cpu --domains 'b*' &&
		holds "(${pins} | length) == 2 and all(${pins}[]; .guest == \"b\")"
}

# What cannot be pinned is tried once, and then others.
host_refused()
{
	replay vcpu_scheduler refuses && holds "[${pins}[] | select(.done)] | length == 1 and .[0].guest == \"b\"" &&
		[ "$(grep -c 'a: it cannot be pinned' "$work/err")" -le 2 ] &&
		holds '.[-10:] | all(.changes == [])'
}

host_without_delay()
{
	replay vcpu_scheduler no-delay && holds "(${pins} | length) == 1" &&
		[ "$(grep -c 'does not say how long vCPUs wait' "$work/err")" -eq 1 ] || return 1
	# of one vCPU alone it is not the host
	jq '.guests[0].vcpus[0].delay = true' hosts/no-delay.json >"$work/one.json"
	local said
	said=$("$san/vcpu_scheduler" 5 -c "replay:$work/one.json" 2>&1 >/dev/null)
	[[ $said != *'how long vCPUs wait'* ]]
}

host_dry_run()
{
	replay vcpu_scheduler one-cpu --dry-run && holds "(${pins} | length) > 0 and all(${pins}[]; .done | not)" &&
		holds 'all(.[].vcpus[]; .cpus == "0")' || return 1
	# what has to leave its CPU does not, and others are told all the same
	jq '.guests = [ { name: "a", vcpus: [ { load: 10, cpus: "0" } ] },
		{ name: "b", vcpus: [ { load: 100, cpus: "1" }, { load: 100, cpus: "1" } ] } ]' hosts/one-cpu.json >"$work/astray.json"
	"$san/vcpu_scheduler" 2 -nJc "replay:$work/astray.json" --reserve 0 --once >"$work/out" &&
		holds 'length == 2 and (.[1].changes | map(.guest) | sort) == ["a", "b"]' &&
		replay memory_coordinator grows-and-frees --dry-run &&
		holds 'all(.[].guests[]; .actual_kb == 2097152) and any(.[].guests[]; .change)'
}

host_once()
{
	replay vcpu_scheduler one-cpu --once && holds 'length == 2 and (.[1].changes | length) == 3' &&
		replay memory_coordinator grows-and-frees --once && holds 'length == 2 and any(.[1].guests[]; .change)'
}

# A signal between two changes: the second is not made.
host_signal()
{
	local program
	jq '.guests |= map(.signal = true | .used_kb = 100000)' hosts/one-cpu.json >"$work/signal.json"
	for program in "${programs[@]}"; do
		{ timeout 60 "$san/$program" 2 -c "replay:$work/signal.json" >"$work/out" 2>"$work/err"; } 2>/dev/null
		if [ $? -ne 143 ] || [ "$(grep -c ' -> .*[^)]$' "$work/out")" -ne 1 ] ||
			! grep -q ' -> .*(not changed: it is to end)$' "$work/out"; then
			cat "$work/out" "$work/err"
			return 1
		fi
	done
	# those that are taken off CPUs that are not for guests
	jq '.guests |= map(.vcpus |= map(.cpus = "0-3"))' "$work/signal.json" >"$work/float.json"
	{
		"$san/vcpu_scheduler" 2 -c "replay:$work/float.json" --reserve 0 --metrics "$work/metrics" \
			>"$work/out" 2>"$work/err"
	} 2>/dev/null
	[ $? -eq 143 ] && grep -q '^vcpu_scheduler_changes_total 1$' "$work/metrics"
}

changes='[.[].guests[] | select(.change)]'

host_grows_and_frees()
{
	replay memory_coordinator grows-and-frees &&
		# never less than what is in use and the floor
		holds 'all(.[].guests[]; .target_kb == null or .target_kb >= .actual_kb or .target_kb >= .need_kb + 131072)' &&
		# a guest that grows by 55 MB a second has it
		holds '[.[40:58][].guests[] | select(.guest == "a") | .actual_kb] | max > 1400000' &&
		holds '(.[-1].guests[] | select(.guest == "a") | .actual_kb) < 330000' &&
		# and then it is quiet
		holds '.[-5:] | all(.[].guests[]; .change | not)'
}

# The reserve is kept; who is equal ends equal
host_short()
{
	replay memory_coordinator short &&
		holds 'all(.[]; .available_kb - .claims_kb >= .reserve_kb - 65536)' &&
		holds '[.[-1].guests[].actual_kb] | (max - min) < max / 30' &&
		holds '.[-5:] | all(.[].guests[]; .change | not)'
}

# Memory that guests share with other programs is no cache that could be dropped.
host_shared()
{
	replay memory_coordinator shared &&
		holds 'all(.[]; .available_kb - .claims_kb >= .reserve_kb - 65536)' &&
		holds '.[-1] | .available_kb + ([.guests[].actual_kb] | add) <= 4194304 - 500000'
}

host_two_grow_one_stops()
{
	replay memory_coordinator two-grow-one-stops &&
		holds '(.[-1].guests[] | select(.guest == "stops") | .actual_kb) < 330000' &&
		holds '(.[-1].guests[] | select(.guest == "grows") | .actual_kb - .need_kb) >= 131072'
}

host_left_alone()
{
	jq '.guests |= map(select(.name == "fixed"))' hosts/left-alone.json >"$work/fixed.json"
	replay memory_coordinator left-alone &&
		[ "$(grep -c 'none: it has no balloon device' "$work/err")" -eq 1 ] &&
		[ "$(grep -c 'silent: it does not say how its memory is' "$work/err")" -eq 1 ] &&
		[ "$(grep -c 'stuck: its balloon stays at .* was asked to; it is asked again later$' "$work/err")" -eq 1 ] &&
		[ "$(grep -c 'old: it does not say how much of its memory is usable' "$work/err")" -eq 1 ] &&
		[ "$(grep -c 'absurd: it says nothing that fits its size of 1.00 GiB' "$work/err")" -eq 1 ] &&
		[ "$(grep -c 'fixed: its memory is locked, in huge pages, or open to a device' "$work/err")" -eq 1 ] &&
		[ "$(wc -l <"$work/err")" -eq 6 ] &&
		holds 'all(.[].guests[] | select(.guest == "fixed"); .actual_kb == 1048576 and (.change | not))' &&
		# it has taken what it has
		"$san/memory_coordinator" 2 -nJ --once -c "replay:$work/fixed.json" >"$work/out" 2>"$work/err" &&
		holds '.[0].claims_kb == 0' || return 1
	replay memory_coordinator left-alone &&
		holds '(.[-1].guests[] | select(.guest == "works") | .actual_kb) < 350000' &&
		holds 'all(.[].guests[] | select(.guest == "old" or .guest == "absurd"); .actual_kb == 1048576 and .need_kb == null)' &&
		# what is left alone is not waited for
		replay memory_coordinator left-alone --once && holds 'length < 25 and any(.[].guests[]; .change)'
}

# Others than those that may be changed, and that run, are not named, nor waited for.
host_not_wanted()
{
	replay memory_coordinator left-alone --domains works --once && [ ! -s "$work/err" ] &&
		holds 'length == 2 and any(.[1].guests[]; .change)' || return 1
	jq '.guests |= map(select(.name == "silent" or .name == "works")) | .guests[1].paused = true' hosts/left-alone.json >"$work/paused.json"
	"$san/memory_coordinator" 2 -Jc "replay:$work/paused.json" >"$work/out" 2>"$work/err" && [ ! -s "$work/err" ]
}

# One that was paused for long is not silent as it goes on.
host_paused()
{
	"$san/memory_coordinator" 2 -nc replay:hosts/grows-and-frees.json --record "$work/record" >/dev/null || return 1
	jq -sc '.[10].guests as $asleep | to_entries[] | .key as $i | .value |
		if $i > 10 and $i < 52 then .guests = ($asleep | map(.running = ($i > 50))) else . end' "$work/record" >"$work/paused"
	[ "$(jq -s '[.[] | select(.guests[0].running | not)] | length' "$work/paused")" -eq 40 ] &&
		"$san/memory_coordinator" 2 -nJc "record:$work/paused" >"$work/out" 2>"$work/err" && [ ! -s "$work/err" ] && return
	cat "$work/err"
	return 1
}

# One that is renamed has that name from then on.
host_renamed()
{
	"$san/memory_coordinator" 2 -nc replay:hosts/short.json --record "$work/record" >/dev/null &&
		jq -c 'if .ns > 20e9 then .guests[0].name = "new" else . end' "$work/record" >"$work/renamed" &&
		"$san/memory_coordinator" 2 -nJc "record:$work/renamed" --metrics "$work/metrics" >"$work/out" &&
		holds '.[5].guests[0].guest == "a" and .[-1].guests[0].guest == "new" and .[-1].guests[0].need_kb > 0' &&
		grep -q '^memory_coordinator_guest_size_bytes{guest="new"}' "$work/metrics" && ! grep 'guest="a"' "$work/metrics"
}

# Nodes of a host and of its guests are recorded, and when vCPUs were seen; it is all seen again as it was.
host_record_nodes()
{
	local nodes='.guests[0].memory += { changing: true, refused: false, advice: "so" } | .nodes = [{ total_kb: 4096, free_kb: 100 }] | .guests[].vcpus[].node = 1 |
		.guests[0] += { vcpus_ns: 4, vcpus_unsure_ns: 3, untouched: true, change: 2, change_end: 3, said: "no", nodes: [
			{ pnode: -1, capacity_kb: 9, target_kb: 8, current_kb: 7 },
			{ pnode: 3, capacity_kb: 9, target_kb: 0, current_kb: 7, used_kb: 5, free_kb: 2 } ] } |
		.guests[1] += { change: 0, change_end: 0, nodes: [] }'
	"$san/memory_coordinator" 2 -nc replay:hosts/short.json --record "$work/record" >/dev/null &&
		head -n 1 "$work/record" | jq -c "$nodes" >"$work/nodes" &&
		"$san/memory_coordinator" 2 -nJc "record:$work/nodes" --record "$work/again" >"$work/out" &&
		jq -S 'del(.guests[1:][] | .nodes, .change, .change_end, .vcpus)' "$work/nodes" >"$work/1" &&
		jq -S 'del(.guests[1:][] | .nodes, .change, .change_end, .vcpus)' "$work/again" >"$work/2" &&
		diff "$work/1" "$work/2" && [ "$(grep -c untouched "$work/2")" -gt 1 ] || return 1
	jq -c '.guests[0].nodes[9999] = {}' "$work/nodes" >"$work/bad"
	says memory_coordinator 1 'line 1 of what was recorded is not' 2 -nc "record:$work/bad"
}

# What was recorded leads to the same first decision; what is no record is named by its line.
host_record()
{
	local program
	for program in "${programs[@]}"; do
		"$san/$program" 2 -J -c replay:hosts/short.json --record "$work/record" >"$work/once" &&
			"$san/$program" 2 -J -c "record:$work/record" >"$work/again" || return 1
		diff <(jq -c 'del(.plan_seconds)' "$work/once" | head -n 2) <(jq -c 'del(.plan_seconds)' "$work/again" | head -n 2) &&
			[ "$(wc -l <"$work/once")" -eq "$(wc -l <"$work/again")" ] || return 1
		{ head -n 1 "$work/record"; echo '{ "ns": 1 }'; } >"$work/bad"
		"$san/$program" 2 -nc "record:$work/bad" 2>&1 | grep -q "^$program: line 2 of what was recorded is not what was seen" || return 1
	done
	# not into what is read, by whatever name
	ln -s record "$work/link"
	cp "$work/record" "$work/before"
	says vcpu_scheduler 1 "$work/link is the file that is read; --record takes another one" 2 -c "record:$work/record" --record "$work/link" &&
		cmp "$work/record" "$work/before" || return 1
	cp hosts/short.json "$work/short.json"
	says vcpu_scheduler 1 '.* is the file that is read' 2 -c "replay:$work/short.json" --record "$work/short.json" &&
		cmp "$work/short.json" hosts/short.json || return 1
	says vcpu_scheduler 1 'cannot write to /nowhere/x: No such file' 2 -c replay:hosts/short.json --record /nowhere/x &&
		says vcpu_scheduler 1 'cannot read a record from /nowhere: No such file' 2 -c record:/nowhere
}

# A guest that is busy with a job says how large it is, and no more: what it has of the host is
# what was seen of it last.
host_busy()
{
	local busy='.memory |= { balloon, autodeflate, maximum_kb, actual_kb }'
	"$san/memory_coordinator" 2 -nJ -c replay:hosts/short.json --record "$work/record" >"$work/all" &&
		jq -c "if .ns > 20000000000 then .guests[] |= ($busy) else . end" "$work/record" >"$work/later" &&
		jq -c ".guests[] |= ($busy)" "$work/record" >"$work/ever" || return 1
	"$san/memory_coordinator" 2 -nJ -c "record:$work/later" >"$work/out" 2>"$work/err" &&
		holds '.[20].claims_kb > 0 and .[20].claims_kb == .[9].claims_kb' || return 1
	"$san/memory_coordinator" 2 -nJ -c "record:$work/ever" >"$work/out" 2>"$work/err" &&
		holds 'all(.[]; .claims_kb == ([.guests[].actual_kb] | add))'
}

host_metrics()
{
	local program
	for program in "${programs[@]}"; do
		"$san/$program" 2 -c replay:hosts/grows-and-frees.json --metrics "$work/metrics" >"$work/out" || return 1
		grep -q "^${program}_intervals_total [0-9]*$" "$work/metrics" || return 1
		# each value is of a metric that was described
		awk '/^# TYPE/ { type[$3] = 1 } !/^#/ { sub(/{.*/, "", $1); if (!type[$1]) { print; bad = 1 } } END { exit bad }' \
			"$work/metrics" || return 1
	done
	grep -q '^memory_coordinator_guest_size_bytes{guest="a"} [0-9]*$' "$work/metrics" &&
		says vcpu_scheduler 1 'cannot write metrics to /nowhere/x: No such file' 2 \
			-c replay:hosts/balanced.json --metrics /nowhere/x
}

# Names are anybody's: the file is one that Prometheus reads, all the same.
host_metrics_of_odd_names()
{
	local of=memory_coordinator_guest_size_bytes
	printf '{ "guests": [ { "name": "a\377\\"\\\\\\nb" }, { "name": "\303\244\342\202" } ] }' >"$work/odd.json"
	"$san/memory_coordinator" 2 -nc "replay:$work/odd.json" --metrics "$work/metrics" >"$work/out" 2>"$work/err" &&
		grep "^$of" "$work/metrics" >"$work/got" &&
		printf '%s{guest="a\357\277\275\\"\\\\\\nb"} 1073741824\n%s{guest="\303\244\357\277\275\357\277\275"} 1073741824\n' $of $of | diff - "$work/got"
}

host_usage()
{
	local program
	for program in "${programs[@]}"; do
		says "$program" 2 "$program needs an interval in seconds, such as: $program 12; see $program --help" &&
			says "$program" 2 'the interval is a number of seconds from 1 to 604800, not 0' 0 &&
			says "$program" 2 'the interval is a number of seconds .*, not soon' soon &&
			says "$program" 2 'the interval is a number of seconds .*, not 1.5' 1.5 &&
			says "$program" 2 'the interval is a number of seconds .*, not 604801' 604801 &&
			says "$program" 2 "$program: too many arguments: 3" 2 3 &&
			says "$program" 2 "$program has no option --frob; see $program --help" 2 --frob &&
			says "$program" 2 '--connect needs an argument' 2 --connect '' &&
			says "$program" 1 'cannot read a host from /nowhere: No such file or directory' 2 -c replay:/nowhere &&
			says "$program" 1 'cannot read a host from .*/host.sh: it is not JSON' 2 -c "replay:$here/host.sh" || return 1
	done
	says vcpu_scheduler 2 '--cpus takes physical CPUs such as 2-7 or 0,4, not 3-1' 2 --cpus 3-1 &&
		says vcpu_scheduler 2 '--gain is a number of points from 1 to 1000, not 0' 2 --gain 0 &&
		says memory_coordinator 2 '--reserve is a size such as 512M or 4G, not 1Q' 2 --reserve 1Q &&
		says memory_coordinator 2 '--min is a size such as 512M or 4G, not -1' 2 --min=-1
}

# All take --cpus and --min, and say where one has no meaning; a wrong one is wrong everywhere.
host_alike()
{
	local program
	for program in "${programs[@]}"; do
		"$san/$program" 2 -nc replay:hosts/balanced.json --once --cpus 0-3 --min 64M >"$work/out" 2>"$work/err" || return 1
		[ "$(grep -c 'has no meaning here' "$work/err")" -eq 1 ] && [ "$(wc -l <"$work/err")" -eq 1 ] || return 1
		cat "$work/err" >>"$work/alike"
		says "$program" 2 '--cpus takes physical CPUs such as 2-7 or 0,4, not x' 2 --cpus x &&
			says "$program" 2 '--min is a size such as 512M or 4G, not x' 2 --min x || return 1
	done
	grep -q '^memory_coordinator: --cpus has no meaning here: .*vcpu_scheduler$' "$work/alike" &&
		grep -q '^vcpu_scheduler: --min has no meaning here: .*--gain$' "$work/alike" || return 1
	replay memory_coordinator short --min 1G && cp "$work/out" "$work/floor" && replay memory_coordinator short &&
		! diff "$work/out" "$work/floor" >"$work/diff"
}

# A description with a mistake in it
host_bad_description()
{
	local i=0 text pattern
	while read -r text; read -r pattern; do
		echo "$text" >"$work/host.json"
		says vcpu_scheduler 1 "$work/host.json: $pattern" 2 -c "replay:$work/host.json" || return 1
		i=$((i + 1))
	done <<-'END'
		{ "cpus": 0 }
		"cpus" is a number from 1 to 1024, not 0
		{ "cpus": [] }
		a host has 1 to 1024 physical CPUs
		{ "guests": [ {} ] }
		a guest has no "name"
		{ "guests": [ { "name": "a", "vcpus": [ { "load": 101 } ] } ] }
		"load" is a number from 0 to 100, or a list
		{ "guests": [ { "name": "a", "vcpus": [ { "load": [[2, 1], [1, 1]] } ] } ] }
		"load" is a number from 0 to 100, or a list
		{ "guests": [ { "name": "a", "vcpus": [ { "cpus": "1" } ] } ] }
		"cpus" is a list of physical CPUs
		{ "guests": [ { "name": "a", "balloon": "red" } ] }
		"balloon" is works, none, silent, stuck, old or absurd, not "red"
		{ "guests": [ { "name": "a", "balloon": null } ] }
		"balloon" is works, none, silent, stuck, old or absurd, not null
		{ "guests": [ { "name": "a", "backing": 1 } ] }
		"backing" is private, shared or fixed, not 1
		{ "guests": [ { "name": "a", "maximum_kb": 10, "actual_kb": 11 } ] }
		"actual_kb" is a number from 1 to 10, not 11
	END
	[ $i -eq 10 ]
}

# The second of a kind refuses; another kind, and one that changes nothing, do not.
host_two_instances()
{
	local status=0
	local -x RUNTIME_DIRECTORY=$work
	exec 6>"$work/vcpu_scheduler-test----default-$(id -u).lock"
	flock 6
	echo recorded >"$work/others"
	echo 42 >&6
	says vcpu_scheduler 1 'another vcpu_scheduler is at work on test:///default, process 42; stop it first' 1 \
		--once -c test:///default --record "$work/others" || status=1
	# what the first one records is as it was
	[ "$(cat "$work/others")" = recorded ] || status=1
	"$san/vcpu_scheduler" 1 --once -nc test:///default >/dev/null 2>&1 || status=1
	exec 6>&-
	"$san/vcpu_scheduler" 1 --once -c test:///default >/dev/null 2>&1 || status=1
	return $status
}

# Refused, it is tried again, and that is said once; a signal ends it.
host_out_of_reach()
{
	local uri="qemu+unix:///session?socket=$work/nobody" pid status
	says vcpu_scheduler 1 'cannot reach .*; is libvirtd running there' 2 --once -c "$uri" || return 1
	"$san/memory_coordinator" 2 -c "$uri" 2>"$work/err" &
	pid=$!
	for _ in {1..600}; do
		[ ! -s "$work/err" ] || break
		sleep 0.1
	done
	# it would say so again
	sleep 3
	kill $pid
	wait $pid
	status=$?
	[ $status -eq 143 ] && [ "$(wc -l <"$work/err")" -eq 1 ] && grep -q 'trying again from time to time$' "$work/err"
}

# unreliable STATUS SCRIPT LINE...: lines that are said below a connection such as unreliable.c has
unreliable()
{
	local status=$1 script=$2 got
	shift 2
	{
		UNRELIABLE=$script LD_PRELOAD=$BUILD/userspace/tests/unreliable.so timeout 60 \
			"$BUILD/sbin/vcpu_scheduler" 1 -nc test:///default >"$work/out" 2>"$work/err"
		got=$?
	} 2>/dev/null
	if [ $got -ne "$status" ] || ! diff <(printf 'vcpu_scheduler: %s\n' "$@") "$work/err"; then
		echo "$script: status $got"
		return 1
	fi
}

# What is wrong is said once until a look has succeeded, and pauses grow until then: 1, 2 and 4 s.
# What was reached once may be again.
host_lost()
{
	local from=$SECONDS lost='lost test:///default: guests cannot be read: end of file; trying to reach it again'
	unreliable 143 oslolpos "$lost" 'test:///default: reached again' && [ $((SECONDS - from)) -ge 7 ] &&
		unreliable 143 oslosl "$lost" 'test:///default: reached again' "$lost" &&
		unreliable 1 p 'no permission for test:///default: authentication failed; run it as root, or join the group libvirt'
}

# The reason is that of the loss, also where a change met it.
host_lost_by_change()
{
	{
		UNRELIABLE=ogos LD_PRELOAD=$BUILD/userspace/tests/unreliable.so timeout 60 \
			"$BUILD/sbin/vcpu_scheduler" 1 --reserve 0 -c test:///default >"$work/out" 2>"$work/err"
	} 2>/dev/null
	diff <(echo 'vcpu_scheduler: lost test:///default: test: broken pipe; trying to reach it again'
		echo 'vcpu_scheduler: test:///default: reached again') "$work/err"
}

# asked N ARGUMENT...: so often guests are asked to report, in three looks
asked()
{
	local count=$1
	shift
	{
		UNRELIABLE=oggg LD_PRELOAD=$BUILD/userspace/tests/unreliable.so timeout 60 \
			"$BUILD/sbin/memory_coordinator" 1 -c test:///default "$@" >"$work/out" 2>"$work/err"
	} 2>/dev/null
	[ "$(grep -c '^asked to report every 1 s$' "$work/err")" -eq "$count" ] || { cat "$work/err"; return 1; }
}

# Guests are told to report once, if they may be changed.
host_asks() { asked 1 && asked 1 --domains 't*' && asked 0 --domains 'other*' && asked 0 --dry-run; }

# bounds_seen VARIABLE...: where vCPUs are bound to, of two in each look, with this environment
bounds_seen()
{
	{
		env LD_PRELOAD="$BUILD/userspace/tests/unreliable.so" UNRELIABLE_VCPUS=2 "$@" \
			timeout 60 "$BUILD/sbin/vcpu_scheduler" 1 -nc test:///default --record "$work/record" >"$work/out" 2>&1
	} 2>/dev/null
	jq -c 'select(.guests | length > 0) | [.guests[].vcpus[].bound]' "$work/record" | xargs
}

# vCPUs that the kept configuration does not have are bound to where they were found, also by
# a libvirtd that was started anew. One that is kept nowhere is so also if CPUs are offline.
host_bounds_found()
{
	local got
	for got in "$(bounds_seen UNRELIABLE=og UNRELIABLE_KEPT=1)" "$(bounds_seen UNRELIABLE=oglog UNRELIABLE_KEPT=1)" \
		"$(bounds_seen UNRELIABLE=og UNRELIABLE_ONLINE=3)"; do
		echo "$got"
	done >"$work/bounds"
	printf '%s\n' '[0,0-1]' '[0,0-1] [0,0-1]' '[0-1,0-1]' | diff - "$work/bounds"
}

# A guest may have been started anew, with the number that it had, while its host was out of reach.
host_defined_anew()
{
	{
		UNRELIABLE=ogglogg UNRELIABLE_BALLOON=1 LD_PRELOAD=$BUILD/userspace/tests/unreliable.so timeout 60 \
			"$BUILD/sbin/memory_coordinator" 1 -nc test:///default --record "$work/record" >"$work/out" 2>&1
	} 2>/dev/null
	[ "$(jq '.guests[].memory.balloon' "$work/record" | xargs)" = 'false false true true' ] || { cat "$work/record"; return 1; }
}

# An interval that cannot be read is left out; five in a row are too many.
host_skips()
{
	unreliable 143 osffffsfs "guests cannot be read: nobody answers; this interval is left out"{,} &&
		unreliable 1 osfffff 'guests cannot be read: nobody answers; this interval is left out' \
			'guests cannot be read: nobody answers' &&
		unreliable 1 of 'guests cannot be read: nobody answers'
}

# What is available on this machine is what its kernel says; of another one, what libvirt says.
host_available()
{
	local kb
	kb=$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)
	for kb in "$kb" $((kb + 1)); do
		UNRELIABLE=os UNRELIABLE_KB=$kb LD_PRELOAD=$BUILD/userspace/tests/unreliable.so timeout 60 \
			"$BUILD/sbin/memory_coordinator" 1 -Jn --once -c test:///default || return 1
	done >"$work/out"
	holds 'length == 2 and .[0].available_kb > 1000 and .[1].available_kb == 3'
}

# metrics_there: within half a minute
metrics_there()
{
	for _ in {1..300}; do
		[ ! -e "$work/dir/metrics" ] || return 0
		sleep 0.1
	done
	echo 'no metrics are written'
	return 1
}

# What is no file stays what it is, and so does a link to one.
host_metrics_elsewhere()
{
	mkfifo "$work/fifo" && ln -s fifo "$work/to_fifo" && : >"$work/metrics" && ln -s metrics "$work/to_file" || return 1
	local one
	for one in fifo to_fifo; do
		says vcpu_scheduler 1 "cannot write metrics to $work/$one: it is no regular file; it ends, as they were asked for$" 2 \
			-nJc replay:hosts/balanced.json --metrics "$work/$one" || return 1
	done
	[ -p "$work/fifo" ] && [ -h "$work/to_fifo" ] || return 1
	"$san/vcpu_scheduler" 2 -nJc replay:hosts/balanced.json --metrics /dev/fd/5 5> >(cat) 2>"$work/err" >"$work/out"
	grep -q 'cannot write metrics to /dev/fd/5: it is no regular file' "$work/err" || return 1
	"$san/vcpu_scheduler" 2 -nJc replay:hosts/balanced.json --metrics "$work/to_file" >"$work/out" && [ -h "$work/to_file" ] &&
		grep -q '^vcpu_scheduler_connected 1$' "$work/metrics" && ! compgen -G "$work/fifo.*" && ! compgen -G "$work/metrics.*" || return 1
	# nor is a link that leads to what is not there yet, from wherever it is named
	mkdir "$work/links" "$work/there" && ln -s ../leads "$work/links/one" && ln -s there/new "$work/leads" &&
		"$san/vcpu_scheduler" 2 -nJc replay:hosts/balanced.json --metrics "$work/links/one" >"$work/out" &&
		[ -h "$work/links/one" ] && [ -h "$work/leads" ] && [ -s "$work/there/new" ] || return 1
	ln -sf "$work/there/other" "$work/leads" && rm "$work/there/new" &&
		"$san/vcpu_scheduler" 2 -nJc "replay:$PWD/hosts/balanced.json" --metrics "$work/leads" >"$work/out" &&
		[ "$(ls "$work/there")" = other ] && [ -h "$work/leads" ]
}

# Once they could be written, the program goes on without; it ends if they never could.
host_metrics_later()
{
	local script=o pid status=0
	mkdir "$work/dir"
	for _ in {1..60}; do script+=s; done
	UNRELIABLE=$script LD_PRELOAD=$BUILD/userspace/tests/unreliable.so "$BUILD/sbin/vcpu_scheduler" 1 -nc test:///default \
		--metrics "$work/dir/metrics" >"$work/out" 2>"$work/err" &
	pid=$!
	metrics_there && rm -r "$work/dir" && sleep 4 && mkdir "$work/dir" && metrics_there || status=1
	kill $pid
	wait $pid
	[ $? -eq 143 ] && [ $status -eq 0 ] && [ "$(wc -l <"$work/err")" -eq 1 ] &&
		grep -q 'cannot write metrics to .*: No such file or directory; it goes on without, and tries again$' "$work/err" || return 1
	timeout 60 "$san/vcpu_scheduler" 2 -c "qemu+unix:///session?socket=$work/nobody" -m /nowhere/x 2>&1 |
		grep -q 'cannot write metrics to /nowhere/x: No such file or directory; it ends, as they were asked for$' || return 1
	# no part of them takes the place of what was there
	echo before >"$work/dir/metrics"
	(
		trap '' XFSZ
		ulimit -f 0
		"$san/memory_coordinator" 2 -c replay:hosts/short.json --metrics "$work/dir/metrics" 2>&1 >/dev/null |
			grep -q 'cannot write metrics to .*: File too large; it ends'
	) && [ "$(ls "$work/dir")" = metrics ] && [ "$(cat "$work/dir/metrics")" = before ]
}

# The same of a record, of which what is there is of whole lines, and of what is printed.
host_full_disk()
{
	(
		trap '' XFSZ
		ulimit -f 1
		UNRELIABLE=ossss LD_PRELOAD=$BUILD/userspace/tests/unreliable.so timeout 60 \
			"$BUILD/sbin/vcpu_scheduler" 1 -nc test:///default --record "$work/record" >"$work/out" 2>"$work/err"
	) 2>/dev/null
	[ $? -eq 143 ] && diff <(echo "vcpu_scheduler: cannot write to $work/record: File too large; it goes on without, and tries again") "$work/err" &&
		[ "$(jq -s length "$work/record")" -ge 1 ] && [ "$(tail -c 1 "$work/record" | od -An -c | tr -d ' ')" = '\n' ] || return 1
	local vcpus
	for vcpus in 1 200; do
		{
			UNRELIABLE=oggg UNRELIABLE_VCPUS=$vcpus LD_PRELOAD=$BUILD/userspace/tests/unreliable.so timeout 60 \
				"$BUILD/sbin/vcpu_scheduler" 1 -nJc test:///default >/dev/full 2>"$work/err"
		} 2>/dev/null
		[ $? -eq 143 ] && [ "$(grep -c 'cannot write the output.*; it goes on without, and tries again$' "$work/err")" -eq 1 ] || return 1
	done
	# what decides once does not try again
	(
		trap '' XFSZ
		ulimit -f 1
		UNRELIABLE=ogggg UNRELIABLE_VCPUS=3 LD_PRELOAD=$BUILD/userspace/tests/unreliable.so timeout 60 \
			"$BUILD/sbin/vcpu_scheduler" 1 --once -nc test:///default --record "$work/record" >"$work/out" 2>"$work/err"
	)
	[ $? -eq 1 ] && grep -q "^vcpu_scheduler: cannot write to $work/record: File too large$" "$work/err" || return 1
	# nobody is there to read it
	UNRELIABLE=o$(printf 's%.0s' {1..30}) LD_PRELOAD=$BUILD/userspace/tests/unreliable.so timeout 60 \
		"$BUILD/sbin/vcpu_scheduler" 1 -nJc test:///default 2>"$work/err" | true
	[ "${PIPESTATUS[0]}" -eq 1 ] && grep -q '^vcpu_scheduler: cannot write the output: Broken pipe$' "$work/err" || return 1
	# a host that is described is there for nothing else
	! "$san/vcpu_scheduler" 2 -nJc replay:hosts/balanced.json >/dev/full 2>"$work/err" &&
		grep -q '^vcpu_scheduler: cannot write the output: No space left on device$' "$work/err" &&
		says vcpu_scheduler 1 'cannot write to /dev/full: No space left on device$' 2 -nJc replay:hosts/balanced.json --record /dev/full
}

# options PROGRAM: with letters, as its help has them
options() { "$san/$1" --help | sed -nE 's/^  (-[a-zA-Z0-9], |    )(--[a-z-]+).*/\1\2/p' | tr -d ' ' | sort; }

host_help()
{
	local program page
	for program in "${programs[@]}"; do
		! "$san/$program" --help | grep -E '^.{82}' || return 1
		"$san/$program" --version | grep -Eq "^$program [0-9.]+$" || return 1
		page=$top/docs/man/$program.8
		diff <(awk '/^\.SH/ { on = $2 == "OPTIONS" } on && tag; { tag = $1 == ".TP" }' "$page" |
			sed -E 's/\\-/-/g; s/^\.[BIR]+ //; s/\\f[RBI]//g; s/"//g; s/ +/ /g' |
			sed -E 's/^(-[a-zA-Z0-9])[^-]*(--[a-z-]+).*/\1,\2/; s/^(--[a-z-]+).*/\1/' | sort) \
			<(options "$program") || return 1
	done
}

# complete PROGRAM WORD...: what the last word is completed to
complete_words()
{
	(
		PATH=$san:$PATH
		# shellcheck source=../host/daemon/bash-completion
		. "$top/userspace/host/daemon/bash-completion"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		_virtflex_host
		[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}"
	)
}

host_completion()
{
	local program
	for program in "${programs[@]}"; do
		diff <(options "$program" | grep -oE -- '--[a-z-]+' | sort) <(complete_words "$program" -- | sort) &&
			[ -z "$(complete_words "$program" --min -)" ] &&
			[ "$(complete_words "$program" --connect qemu:///sy)" = qemu:///system ] &&
			[ "$(complete_words "$program" --record ho | xargs)" = "$(printf '%s\n' ho* | xargs)" ] || return 1
	done
}

for name in host_all_on_one_cpu host_demand_is_not_use host_balanced_is_left_alone host_not_pinned host_pin_floating \
	host_fewest_changes host_peak_moves_nothing host_bounds host_threads host_guests_come_and_go \
	host_cpus_for_guests host_kept_off host_cpus_go_offline host_domains host_refused host_signal host_without_delay host_dry_run host_once \
	host_grows_and_frees host_short host_shared host_two_grow_one_stops host_left_alone host_not_wanted host_paused host_renamed \
	host_record host_record_nodes host_busy host_metrics host_metrics_of_odd_names host_usage host_alike host_bad_description host_two_instances host_out_of_reach \
	host_lost host_lost_by_change host_asks host_bounds_found host_defined_anew host_skips host_metrics_later host_full_disk host_metrics_elsewhere host_available host_help \
	host_completion; do
	run_test "$name" "$name"
done
finish
