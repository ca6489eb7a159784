#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# virtflexd on hosts that are described in hosts/: which guest has which node, what is kept
# of it, what is said of policy files that are wrong, and that help, man page and completion agree.
# What it does to guests of Xen is tested by store_nodes.sh.
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
[ -x "$san/virtflexd" ] || {
	no_virtflexd() { skip 'there is no libvirt-dev here'; }
	run_test nodes no_virtflexd
	finish
	exit
}

# flexd STATUS ARGUMENT...: it ends so; output in $work/out, errors in $work/err
flexd()
{
	local want=$1 got
	shift
	{ timeout 100 "$san/virtflexd" "$@" >"$work/out" 2>"$work/err" </dev/null; } 2>/dev/null
	got=$?
	[ $got -eq "$want" ] || { echo "virtflexd $*: status $got"; cat "$work/out" "$work/err"; return 1; }
}

# says STATUS PATTERN ARGUMENT...: and prints nothing else
says()
{
	local status=$1 pattern=$2
	shift 2
	flexd "$status" "$@" || return 1
	[ ! -s "$work/out" ] && grep -Eq "^virtflexd: $pattern" "$work/err" && return
	echo "virtflexd $*:"
	cat "$work/out" "$work/err"
	return 1
}

# described EDIT...: trade.json, edited by jq, as $work/host.json
described() { jq "$@" hosts/trade.json >"$work/host.json"; }

# replay HOST ARGUMENT...: its lines of JSON
replay() { flexd 0 5 --json --connect "replay:$1" "${@:2}"; }

# holds EXPRESSION: of jq, for all lines in an array; they are shown if it does not
holds()
{
	jq -se "$1" "$work/out" >/dev/null && return
	echo "does not hold: $1"
	jq -c '.nodes | { owners: [.nodes[].owner], decisions } | select(.decisions != [])' "$work/out" | tail -n 20
	cat "$work/err"
	return 1
}

decisions='[.[].nodes.decisions[]]'
moves="[${decisions}[] | select(.what == \"move\")]"
# owner NODE: at each line, the guest that has it
owners() { printf '[.[].nodes.nodes[%d].owner]' "$1"; }

# Loads swap twice: the nodes follow, homes stay, nothing is in two hands.
nodes_trade()
{
	replay hosts/trade.json &&
		holds "all($(owners 0)[]; . == \"a\") and all($(owners 1)[]; . == \"b\")" &&
		holds 'all(.[].nodes.nodes[]; .several | not)' &&
		# a, which is busy, has both before 200 s, b before 400 s, and a in the end
		holds '.[39].nodes.nodes[2].owner == "a" and .[39].nodes.nodes[3].owner == "a"' &&
		holds '.[78].nodes.nodes[2].owner == "b" and .[78].nodes.nodes[3].owner == "b"' &&
		holds '.[-1].nodes.nodes[2].owner == "a" and .[-1].nodes.nodes[3].owner == "a"' &&
		holds "(${moves} | length) == 5 and ([${decisions}[] | select(.what == \"done\")] | length) == 5" &&
		# not before that has lasted: 35 node-seconds, times 1.5, by 2/3 of a node
		holds "${moves}[0].ns > 78e9 and ${moves}[0].ns < 100e9" &&
		# each was worth it, by its own numbers
		holds "all(${moves}[]; .gain > 0 and .gain * .expected_s >= .cost * .margin)" &&
		# what it costs is measured: 12 s and 3 s, as they are seen each second
		holds "${moves}[0].cost == 35 and (${moves}[4].cost | . >= 15 and . <= 17)"
}

# From a constant load it comes to rest, and stays so: for three hours
nodes_quiet()
{
	local loads
	for loads in '600 600' '600 250' '500 350' '200 200' '395 500'; do
		# shellcheck disable=SC2016,SC2086 # of jq
		if ! described --argjson a ${loads% *} --argjson b ${loads#* } \
			'.seconds = 10000 | .guests[0].demand = $a | .guests[1].demand = $b' ||
			! flexd 0 20 --json --connect "replay:$work/host.json" ||
			! holds "(${moves} | length) <= 3 and (.[100:] | ${moves}) == []"; then
			echo "loads $loads"
			return 1
		fi
	done
}

# Equal weights and equal loads: two each, wherever the nodes were. With weights they are not.
nodes_equal()
{
	described '.guests[].demand = 600 | .guests[0].nodes[2].has = true | .guests[1].nodes[2].has = false | .seconds = 1500' &&
		replay "$work/host.json" &&
		holds '.[0].nodes.guests[1].cpus == 2 and .[-1].nodes.guests[0].cpus == 4 and .[-1].nodes.guests[1].cpus == 4' || return 1
	echo '{ "guests": { "b": { "weight": 9 } } }' >"$work/policy"
	replay "$work/host.json" --policy "$work/policy" &&
		holds '.[-1].nodes.guests[0].cpus == 2 and .[-1].nodes.guests[1].cpus == 6'
}

# A node that nobody has comes first, and costs less; a node of a guest that is gone is one.
nodes_free()
{
	described '.guests[0].nodes[1].has = false | .guests[1].nodes[2].has = true | .seconds = 150' &&
		replay "$work/host.json" && holds "${moves}[0].from == null and ${moves}[0].node == 2 and ${moves}[0].cost == 5" &&
		described '.guests[1].end = 100 | .guests[0].demand = 600 | .guests[1].demand = 600' &&
		replay "$work/host.json" && holds "(${moves} | length) == 1 and ${moves}[0].from == null and $(owners 3)[-1] == \"a\""
}

# What the host is to keep is not given with a node that nobody has.
nodes_reserve()
{
	described '.guests[0].nodes[1].has = false | .guests[1].nodes[2].has = true | .seconds = 150' &&
		replay "$work/host.json" --reserve 15G && holds "${moves} == []" &&
		replay "$work/host.json" --reserve 1G && holds "${moves}[0].node == 2"
}

# Memory alone is reason enough, and memory in use is reason enough to keep a node.
nodes_memory()
{
	described '.guests[].demand = 100 | .guests[0].used_kb = 9000000 | .guests[0].maximum_kb = 12582912 | .seconds = 400' &&
		replay "$work/host.json" && holds "${moves}[0].to == \"a\" and $(owners 3)[-1] == \"a\"" || return 1
	described '.guests[1].used_kb = 5000000 | .seconds = 190' &&
		replay "$work/host.json" && holds "${moves} == []" || return 1
	# and so is what each guest is to have beside that
	replay hosts/trade.json --min 5G && holds "${moves} == []"
}

# The policy says no: it costs more than it could ever gain.
nodes_not_worth_it()
{
	echo '{ "shrink_s": 5000 }' >"$work/policy"
	replay hosts/trade.json --policy "$work/policy" && holds "${moves} == [] and any(${decisions}[]; .what == \"never\")" &&
		flexd 0 5 --connect replay:hosts/trade.json --policy "$work/policy" &&
		grep -q '^node 3: b -> a, which brings 0.67 nodes and takes 0.00; as has been so for [0-9]* s, as long again is .*: not worth it$' "$work/out"
}

nodes_policy()
{
	# /* comments */ may be; the first pattern counts
	echo '{ "margin": 1, /* none */ "cooldown_s": 0, "guests": { "a": { "most": 2 }, "[ab]": { "fixed": true } } }' >"$work/policy"
	replay hosts/trade.json --policy "$work/policy" && holds "${moves} == []" || return 1
	echo '{ "guests": { "a": { "nodes": "0-2" } } }' >"$work/policy"
	replay hosts/trade.json --policy "$work/policy" && holds "all(${moves}[]; .to == \"b\" or .node == 2)" || return 1
	echo '{ "guests": { "a": { "home": 1 } } }' >"$work/policy"
	replay hosts/trade.json --policy "$work/policy" && holds "all($(owners 2)[]; . == \"a\") and (${moves} | length) > 1"
}

nodes_policy_is_wrong()
{
	local text pattern i=0
	says 1 '/nowhere: No such file' 5 --policy /nowhere || return 1
	while read -r text; read -r pattern; do
		printf '%b' "$text" >"$work/policy"
		says 1 "$work/policy: $pattern; see virtflexd\(8\), POLICY$" 5 -c replay:hosts/trade.json --policy "$work/policy" || return 1
		i=$((i + 1))
	done <<-'END'
		{\n"margin": 2,\n}x
		line 3: there is something after the last brace
		{\n"margin" 2 }
		line 2: .*: it is to be JSON
		{\n"guests": {\n
		line 3: it ends too early: it is to be JSON
		[]
		it has keys in braces, such as \{ "margin": 2 \}
		null\n
		null says nothing: it has keys in braces, such as \{ "margin": 2 \}
		{ "margn": 2 }
		"margn" is not known here: there are margin, cooldown_s, longest_s, shrink_s, expand_s and guests
		{ "margin": 0.5 }
		"margin" is a number from 1 to 1000, not 0.5
		{ "margin": "2" }
		"margin" is a number from 1 to 1000, not "2"
		{ "longest_s": 1e99 }
		"longest_s" is a number from 1 to 604800, not 1e99
		{ "guests": [] }
		"guests" has patterns of names in braces.*, not \[ \]
		{ "guests": { "a": 2 } }
		"guests", "a": it has keys in braces, such as \{ "weight": 2 \}, not 2
		{ "guests": { "a*": { "weight": 0 } } }
		"guests", "a\*": "weight" is a number from 0.001 to 1000, not 0
		{ "guests": { "a": { "home": 1.5 } } }
		"guests", "a": "home" is a whole number from 0 to 1023, not 1.5
		{ "guests": { "a": { "nodes": [1] } } }
		"guests", "a": "nodes" are physical nodes such as "0-2,5", not \[ 1 \]
		{ "guests": { "a": { "fixed": 1 } } }
		"guests", "a": "fixed" is true or false, not 1
		{ "guests": { "a": { "colour": 1 } } }
		"guests", "a": "colour" is not known here: there are weight, home, most, nodes and fixed
	END
	[ $i -eq 16 ]
}

# errors_are LINE...: these and no others
errors_are() { { [ $# -eq 0 ] || printf 'virtflexd: %s\n' "$@"; } | diff - "$work/err"; }

# What guests a file is of is seen later: it is said once, and no other node is taken for the home.
nodes_policy_fits_nobody()
{
	local file="$work/policy: \"guests\", " nobody wrong
	nobody='no guest with nodes goes by it now: none has such a name, or a pattern before it fits it as well'
	wrong='it keeps what it has, and gets nothing, until that is put right and the file read again'
	echo '{ "guests": { "A": { "weight": 2 }, "[ab]": { "most": 9 }, "b": { "weight": 2 } } }' >"$work/policy"
	replay hosts/trade.json --policy "$work/policy" && holds "(${moves} | length) == 5" &&
		errors_are "$file\"A\": $nobody" "$file\"b\": $nobody" || return 1
	echo '{ "guests": { "[ab]": { "home": 3 } } }' >"$work/policy"
	replay hosts/trade.json --policy "$work/policy" && holds "${moves} == [] and all(.[].nodes.guests[]; .may_change | not)" &&
		errors_are "$file\"[ab]\": \"home\" is node 3, and the highest node of a is 2: $wrong" \
			"$file\"[ab]\": \"home\" is node 3, and the highest node of b is 2: $wrong" || return 1
	echo '{ "guests": { "[ab]": { "home": 2 } } }' >"$work/policy"
	replay hosts/trade.json --policy "$work/policy" && errors_are || return 1
	# nor does a change of before go on
	echo "{ \"version\": 1, \"time\": $(date +%s), \"move\": { \"phase\": \"leave\", \"node\": 3, \"from\": \"b\", \"to\": \"a\" } }" >"$work/state8"
	echo '{ "guests": { "b": { "home": 3 } } }' >"$work/policy"
	replay hosts/trade.json --policy "$work/policy" --state "$work/state8" && holds "${decisions}[0].what == \"off\" and ${moves} == []"
}

# awaits PATTERN: half a minute at most
awaits()
{
	for _ in {1..300}; do
		! grep -Eq "$1" "$work/out" "$work/err" || return 0
		sleep 0.1
	done
	echo "never said: $1"
	cat "$work/out" "$work/err"
	return 1
}

# of_libvirt ARGUMENT...: virtflexd on a host that is there for ten minutes (unreliable.c)
of_libvirt()
{
	UNRELIABLE=o$(printf 's%.0s' {1..600}) LD_PRELOAD=$BUILD/userspace/tests/unreliable.so exec "$BUILD/sbin/virtflexd" "$@"
}

# SIGHUP: the file is read again; a bad one is said, and changes nothing.
nodes_policy_again()
{
	local pid status=0
	echo '{ }' >"$work/policy"
	of_libvirt 1 -nc test:///default --policy "$work/policy" >"$work/out" 2>"$work/err" &
	pid=$!
	awaits 'guests with nodes' && echo '{ "margin": 3 }' >"$work/policy" && kill -HUP $pid && awaits 'policy is read again$' &&
		echo '{ "margin": -3 }' >"$work/policy" && kill -HUP $pid && awaits '"margin" is a number .*; what it said before stays$' || status=1
	kill $pid
	wait $pid
	[ $? -eq 143 ] && return $status
}

# What is said of it is no line of JSON; without such a file there is nothing to be read.
nodes_policy_again_in_json()
{
	local pid status=0
	echo '{ }' >"$work/policy"
	of_libvirt 1 -nJc test:///default --policy "$work/policy" >"$work/out" 2>"$work/err" &
	pid=$!
	awaits '"nodes"' && kill -HUP $pid && awaits 'policy is read again$' || status=1
	kill $pid
	wait $pid
	jq -e . "$work/out" >/dev/null || status=1
	of_libvirt 1 -nc test:///default >"$work/out" 2>"$work/err" &
	pid=$!
	awaits 'guests with nodes' && kill -HUP $pid && awaits 'there is no policy file to be read again: it is named by --policy$' || status=1
	kill $pid
	wait $pid
	return $status
}

# One that arrives while it prints, and nobody reads that for the moment, loses nothing.
nodes_policy_again_while_it_prints()
{
	local pid first
	echo '{ }' >"$work/policy"
	mkfifo "$work/slow"
	"$san/virtflexd" 5 --json -c replay:hosts/trade.json --policy "$work/policy" >"$work/slow" 2>"$work/err" &
	pid=$!
	exec 5<"$work/slow"
	read -r first <&5
	for _ in {1..30}; do
		sleep 0.1
		kill -HUP $pid
	done
	{ echo "$first"; cat <&5; } >"$work/out"
	exec 5<&-
	wait $pid && grep -q 'policy is read again$' "$work/err" && holds '.[-1].interval == 119'
}

nodes_dry_run()
{
	replay hosts/trade.json --dry-run --state "$work/none" && [ ! -e "$work/none" ] &&
		holds "${moves} == [] and any(${decisions}[]; .what == \"dry-run\" and .gain > 0) and all($(owners 3)[]; . == \"b\")" &&
		flexd 0 5 --dry-run --connect replay:hosts/trade.json && grep -q '^node 3: b -> a, .* (not changed: --dry-run)$' "$work/out"
}

# It ends, whoever is at a change for ever, and although the state has a move to go on with.
nodes_once()
{
	described '.guests[1].others = [0, 600]' && replay "$work/host.json" --once && holds 'length < 6' || return 1
	echo "{ \"version\": 1, \"time\": $(date +%s), \"move\": { \"phase\": \"leave\", \"node\": 3, \"from\": \"b\", \"to\": \"a\" } }" >"$work/state7"
	replay hosts/trade.json --once --dry-run --state "$work/state7" && holds 'length < 6'
}

nodes_domains() { replay hosts/trade.json --domains a && holds "${moves} == []"; }

# One that refuses is asked again after five minutes, then after ten.
nodes_refused()
{
	described '.guests[1].keeps = true | .guests[].demand = 600 | .guests[1].demand = 50 | .seconds = 1500' &&
		replay "$work/host.json" && holds "(${moves} | length) == 3 and all($(owners 3)[]; . == \"b\")" &&
		holds "[${decisions}[] | select(.what == \"refused\")] | all(.[]; .said != null) and
			(.[1].ns - .[0].ns) > 300e9 and (.[1].ns - .[0].ns) < 400e9 and (.[2].ns - .[1].ns) > 600e9" || return 1
	# also by one that was started anew
	jq '.seconds = 100' "$work/host.json" >"$work/short.json"
	replay "$work/short.json" --state "$work/state5" && holds "(${moves} | length) == 1" &&
		jq '.seconds = 250' "$work/host.json" >"$work/short.json" && replay "$work/short.json" --state "$work/state5" &&
		holds "${moves} == []"
}

# A change of somebody else is waited for, and not touched.
nodes_of_others()
{
	described '.guests[1].others = [0, 150] | .seconds = 195' &&
		replay "$work/host.json" && holds "all(${moves}[]; .ns > 150000000000)" || return 1
	# it comes between the two halves
	described '.guests[0].others = [80, 160] | .seconds = 195' && replay "$work/host.json" &&
		holds "all([${decisions}[] | select(.what == \"done\")][]; .ns > 160000000000)"
}

# A guest that does not answer is asked to undo it, after ten minutes, and rests; nor is somebody
# else's change in the middle waited for for ever.
nodes_slow()
{
	described '.guests[1].shrink_s = 1000 | .seconds = 1200' && replay "$work/host.json" &&
		holds "[${decisions}[] | select(.what == \"slow\")] | length == 1 and .[0].ns > 678e9 and .[0].ns < 710e9" &&
		holds "any(${moves}[]; .ns > 980e9) and $(owners 3)[140] == \"b\"" || return 1
	described '.guests[0].others = [90, 900] | .seconds = 800 | .guests[1].demand = 50' && replay "$work/host.json" &&
		holds "any(${decisions}[]; .what == \"busy\") and $(owners 3)[-1] == null"
}

# It ends in the middle, once the one was asked: the next one goes on.
nodes_restart()
{
	local state=$work/state
	rm -f "$state"
	described '.guests[1] += { signal: true, balloon: "none" }' && flexd 143 5 -c "replay:$work/host.json" --state "$state" &&
		jq -e '.move | .phase == "leave" and .asked and .node == 3 and .from == "b" and .to == "a"' "$state" >/dev/null || return 1
	described '.guests[1].nodes[2].has = false | .seconds = 50' && replay "$work/host.json" --state "$state" &&
		holds "${moves} == [] and $(owners 3)[-1] == \"a\" and ${decisions}[0].what == \"done\"" || return 1
	# what was learned stays, and so does the node where it went
	jq -e '.move == null and (.learned[] | select(.guest == "a") | .expand_s > 0) and .rests[0].node == 3' "$state" >/dev/null || return 1
	described '.guests[0].demand = 50 | .guests[1].demand = 600 | .guests[1].nodes[2].has = false | .guests[0].nodes[2].has = true | .seconds = 65' &&
		replay "$work/host.json" --state "$state" && holds "all(${moves}[]; .node != 3)"
}

# What was planned under other rules is given up by the next one, without a penalty.
nodes_restart_by_other_rules()
{
	local move='{ "phase": "%s", "node": 3, "from": "b", "to": "a", "asked": false, "phase_s_ago": 1, "began_s_ago": 20 }'
	local state=$work/state6 had=false text options phase
	while read -r phase had text options; do
		echo "$text" >"$work/policy"
		# shellcheck disable=SC2059
		printf "{ \"version\": 1, \"time\": $(date +%s), \"move\": $move }" "$phase" >"$state"
		# shellcheck disable=SC2016,SC2086
		if ! described --argjson had "$had" '.guests[1].nodes[2].has = $had | .seconds = 40' ||
			! replay "$work/host.json" --policy "$work/policy" --state "$state" $options ||
			! holds "[${decisions}[].what] == [\"off\"]" ||
			! holds ".[-1].nodes.nodes[3].owner == $([ "$had" = true ] && echo '"b"' || echo null)" ||
			! jq -e 'all(.learned[]; .rest_s == 0) and .move == null' "$state" >/dev/null; then
			echo "phase $phase, $text $options"
			return 1
		fi
	done <<-'END'
		come false {"guests":{"a":{"fixed":true}}}
		come false {"guests":{"a":{"nodes":"0-2"}}}
		come false {"guests":{"a":{"most":2}}}
		come false {} --domains b
		come true {}
		leave true {"guests":{"b":{"fixed":true}}}
		leave true {"guests":{"b":{"home":2}}}
		leave true {} --domains a
	END
}

# Started anew it decides as it would have: what a guest used when it had more is not forgotten.
nodes_restart_changes_nothing()
{
	local state=$work/state2
	# b used 2.5 CPUs of 4, and a took one of its nodes
	described '.guests[0].demand = 600 | .guests[1].demand = 250 | .seconds = 300' &&
		replay "$work/host.json" --state "$state" && holds "(${moves} | length) == 1" &&
		jq -e '.learned[] | select(.guest == "b") | .cpus | . > 2.4 and . < 2.6' "$state" >/dev/null || return 1
	jq '.guests[0].nodes[2].has = true | .guests[1].nodes[2].has = false | .seconds = 2000' "$work/host.json" >"$work/later.json"
	replay "$work/later.json" --state "$state" && holds "${moves} == []" || return 1
	# without, it is tried again
	replay "$work/later.json" && holds "${moves} != []"
}

nodes_state_is_wrong()
{
	local text
	for text in '' 'x' '[]' '{ "version": 2, "time": 1 }' '{ "version": 1 }' '{ "version": 1, "time": 1, "learned": [ 7 ] }' \
		'{ "version": 1, "time": 1, "rests": [ { "node": 99999, "s": 4 } ] }' \
		'{ "version": 1, "time": 1, "move": { "phase": "leave", "node": -1, "from": "a", "to": "b" } }'; do
		echo "$text" >"$work/state3"
		if ! replay hosts/trade.json --state "$work/state3" --once ||
			! grep -q "^virtflexd: $work/state3 is not what virtflexd writes, or cannot be read; nothing is known of before$" "$work/err"; then
			echo "state $text"
			return 1
		fi
		echo "$text" >"$work/state3"
		says 1 "$work/state3 is not what virtflexd writes" explain --state "$work/state3" || return 1
	done
	# numbers that are out of all bounds are none
	echo '{ "version": 1, "time": 1, "learned": [ { "guest": "b", "shrink_s": 1e300, "rest_s": -1, "rests_s": 1e9, "cpus": "x" } ],
		"rests": [ { "node": 3, "s": 1e8 } ], "decisions": [ 1, {}, { "what": 7, "node": "x", "to": [] } ] }' >"$work/state3"
	replay hosts/trade.json --state "$work/state3" && [ ! -s "$work/err" ] && holds "(${moves} | length) == 5" &&
		flexd 0 5 --connect replay:hosts/trade.json --state /nowhere/x &&
		[ "$(grep -c 'cannot write /nowhere/x: No such file or directory; what was learned is lost at the end$' "$work/err")" -eq 1 ] || return 1
	# nor is what is no file replaced by one
	mkfifo "$work/fifo" && flexd 0 5 --connect replay:hosts/trade.json --state "$work/fifo" && [ -p "$work/fifo" ] &&
		grep -q "cannot write $work/fifo: it is no regular file; what was learned" "$work/err"
}

nodes_explain()
{
	says 1 '/nowhere: No such file or directory; virtflexd writes it' explain --state /nowhere || return 1
	replay hosts/trade.json --state "$work/state4" && flexd 0 explain --state "$work/state4" -n 2 && [ "$(wc -l <"$work/out")" -eq 2 ] &&
		tail -n 1 "$work/out" | grep -Eq '^20[0-9]{2}-[0-9-]{5} [0-9:]{8}  node 3: b -> a: done in 1[5-7]\.0 s$' &&
		flexd 0 explain --state "$work/state4" --json && jq -e 'length == 15 and .[-2].gain > 0' "$work/out" >/dev/null &&
		says 2 '--number is a number of decisions from 1 to 200, not 0' explain -n 0
}

nodes_metrics()
{
	flexd 0 5 --connect replay:hosts/trade.json --metrics "$work/metrics" &&
		awk '/^# TYPE/ { type[$3] = 1 } !/^#/ { sub(/{.*/, "", $1); if (!type[$1]) { print; bad = 1 } } END { exit bad }' "$work/metrics" &&
		grep -q '^virtflexd_changes_total [1-9]' "$work/metrics" && grep -q '^virtflexd_node_owned{node="3"} 1$' "$work/metrics" &&
		grep -q '^virtflexd_guest_cpus{guest="a"} 6$' "$work/metrics" && grep -q '^vcpu_scheduler_spread_points ' "$work/metrics" &&
		grep -q '^memory_coordinator_guest_size_bytes{guest="a"} ' "$work/metrics"
}

# What was recorded leads to the same decisions, which only are told.
nodes_record()
{
	replay hosts/trade.json --record "$work/record" && replay hosts/trade.json --dry-run --record "$work/dry" &&
		cp "$work/out" "$work/first" && flexd 0 5 --json -c "record:$work/dry" &&
		diff <(jq -c '[.nodes.decisions[] | del(.time)]' "$work/first") <(jq -c '[.nodes.decisions[] | del(.time)]' "$work/out") || return 1
	# with half a line at its end, and a physical node that cannot be
	head -n 3 "$work/dry" | jq -c '.guests[0].nodes[2].pnode = 2147483647' >"$work/odd" && head -c 99 "$work/dry" >>"$work/odd" &&
		flexd 0 5 --json -c "record:$work/odd" && holds 'length == 3' &&
		grep -qx 'virtflexd: the last line of what was recorded is cut off, and left out' "$work/err"
}

# is_svg FILE: one that is well-formed, with text in it, and nothing was said
is_svg()
{
	grep -q '<svg' "$1" && grep -q '</svg>' "$1" && [ ! -s "$work/err" ] &&
		{ ! command -v xmllint >/dev/null || xmllint --noout "$1"; } && return
	echo "$1 is no picture"
	cat "$work/err"
	return 1
}

nodes_report()
{
	local program
	command -v gnuplot >/dev/null || { skip 'there is no gnuplot here'; return; }
	# a name that is a trap
	# shellcheck disable=SC1003,SC2016
	described --arg name "it's \`touch $work/trapped\` \$(x) @y {/z} "$'\e'' \" \\' '.guests[0].name = $name'
	replay "$work/host.json" --record "$work/record2" && flexd 0 report "$work/record2" -o "$work/a.svg" &&
		is_svg "$work/a.svg" && [ ! -e "$work/trapped" ] && grep -qF 'touch' "$work/a.svg" || return 1
	for text in 'What vCPUs want' 'Memory of guests' 'Memory that the host has left' 'Who has which' 'it is to go' 'it has come' 'CPU 7' 'asked to have'; do
		grep -q "$text" "$work/a.svg" || { echo "not in the picture: $text"; return 1; }
	done
	# by the other programs, and with so many CPUs that they are drawn in rows
	for program in vcpu_scheduler memory_coordinator; do
		"$san/$program" 2 -c replay:hosts/short.json --record "$work/record3" >/dev/null &&
			flexd 0 report "$work/record3" && is_svg "$work/out" || return 1
	done
	grep -q 'Memory of guests' "$work/out" || return 1
	# nothing of memory for who looks at CPUs of a real host alone
	"$san/vcpu_scheduler" 2 -c replay:hosts/short.json --record "$work/record3" >/dev/null &&
		jq -c '.total_kb = 0 | .available_kb = 0 | .guests[].memory |= map_values(if type == "number" then 0 else . end)' \
			"$work/record3" >"$work/record4" &&
		flexd 0 report "$work/record4" && is_svg "$work/out" && grep -q 'What vCPUs want' "$work/out" && ! grep 'Memory of' "$work/out" || return 1
	jq '.cpus = 64' hosts/one-cpu.json >"$work/wide.json"
	"$san/vcpu_scheduler" 2 -c "replay:$work/wide.json" --record "$work/record3" >/dev/null &&
		flexd 0 report "$work/record3" && is_svg "$work/out" && grep -q 'physical CPU' "$work/out" || return 1
	# with half a line at its end, as of one that was killed
	head -c -9 "$work/record3" >"$work/cut" && flexd 0 report "$work/cut" && grep -q '</svg>' "$work/out" &&
		[ "$(cat "$work/err")" = "virtflexd: $work/cut: its last line is cut off, and left out" ] || return 1
	# only one line, and none
	head -n 1 "$work/record3" >"$work/one" && flexd 0 report "$work/one" && is_svg "$work/out" || return 1
	: >"$work/empty"
	says 1 "$work/empty: it is empty: --record writes what can be drawn" report "$work/empty" &&
		says 1 'cannot read /nowhere: No such file' report /nowhere &&
		says 1 "$here/nodes.sh: line 1 is not what --record writes" report "$here/nodes.sh" &&
		says 1 'cannot write /nowhere/x: No such file' report "$work/one" -o /nowhere/x &&
		mkfifo "$work/pipe" && says 1 "cannot write $work/pipe: it is no regular file" report "$work/one" -o "$work/pipe" &&
		says 2 'report needs what --record has written, such as: virtflexd report LOG -o LOG.svg' report || return 1
	# without gnuplot the old picture stays
	cp "$work/a.svg" "$work/b.svg"
	! PATH=$work "$san/virtflexd" report "$work/one" -o "$work/b.svg" 2>"$work/err" &&
		grep -q '^virtflexd: gnuplot draws the picture, and cannot be started; on Debian: apt-get install gnuplot-nox$' "$work/err" &&
		cmp "$work/a.svg" "$work/b.svg" && [ -z "$(ls "$work"/b.svg.* 2>/dev/null)" ]
}

# A guest that is renamed is asked by the name that it has.
nodes_renamed()
{
	replay hosts/trade.json --dry-run --record "$work/dry2" || return 1
	jq -c 'if .ns > 30e9 then .guests[0].name = "new" else . end' "$work/dry2" >"$work/renamed"
	flexd 0 5 --json -c "record:$work/renamed" && holds "${decisions}[-1].to == \"new\" and $(owners 0)[-1] == \"new\""
}

# Neither a second one nor one of the others beside it, nor it beside them.
nodes_two_instances()
{
	local status=0 program pid who beside='and changes what this would change; stop it first'
	local -x RUNTIME_DIRECTORY=$work
	for program in virtflexd vcpu_scheduler memory_coordinator; do
		exec 6>"$work/$program-test----default-$(id -u).lock"
		flock 6
		printf '42\n%s\n' "$program" >&6
		case $program in
		virtflexd) who='another virtflexd is at work on test:///default, process 42; stop it first' ;;
		*) who="$program is at work on test:///default, process 42, $beside" ;;
		esac
		says 1 "$who$" 1 --once -c test:///default || status=1
		exec 6>&-
	done
	of_libvirt 1 -c test:///default >"$work/out" 2>"$work/err" &
	pid=$!
	awaits 'guests with nodes' || status=1
	"$san/memory_coordinator" 1 --once -c test:///default 2>&1 | grep -q "virtflexd is at work on test:///default, process $pid, $beside$" || status=1
	kill $pid
	wait $pid
	return $status
}

nodes_usage()
{
	says 2 'virtflexd needs an interval in seconds, such as: virtflexd 12; see virtflexd run --help' &&
		says 2 'the interval is a number of seconds from 1 to 604800, not 0' 0 &&
		says 2 'there are the commands help, run, explain, report, and not explan' explan && says 2 'there are the commands .*, and not' '' &&
		says 2 'the interval is a number of seconds .*, not frob' run frob &&
		says 2 'run has no option --frob' 2 --frob && says 2 'run has no option --frob' --frob 2 &&
		says 2 '--cpus takes physical CPUs such as 2-7 or 0,4, not x' 2 --cpus x &&
		says 2 '--reserve is a size such as 512M or 4G, not x' 2 --reserve x &&
		says 2 '--min is a size such as 512M or 4G, not x' 2 --min x &&
		says 2 'explain: too many arguments: 3' explain 3
}

nodes_bad_description()
{
	local text pattern
	while read -r text; read -r pattern; do
		described "$text" && says 1 "$work/host.json: $pattern" 5 -c "replay:$work/host.json" || return 1
	done <<-'END'
		.nodes = []
		guests with "nodes" are on a host with "nodes"
		.guests[0].nodes[0].pnode = 4
		"pnode" is a number from 0 to 3, not 4
		.guests[0].vcpus[0].node = 3
		"node" is a number from 0 to 2, not 3
		.guests[0].others = [1]
		"others" is \[SECOND, SECOND\], not \[ 1 \]
		.nodes[0].memory_kb = 0
		"memory_kb" is a number from 1 to .*, not 0
	END
}

all_commands='run explain report'
# options COMMAND: with letters, as its help has them
options() { "$san/virtflexd" help "$1" | sed -nE 's/^  (-[a-zA-Z0-9], |    )(--[a-z-]+).*/\1\2/p' | tr -d ' '; }

nodes_help()
{
	local command
	for command in $all_commands; do
		! "$san/virtflexd" help "$command" | grep -E '^.{82}' || return 1
	done
	! "$san/virtflexd" --help | grep -E '^.{82}' || return 1
	"$san/virtflexd" --version | grep -Eq '^virtflexd [0-9.]+$' || return 1
	diff <(awk '/^\.SH/ { on = $2 == "OPTIONS" } on && tag; { tag = $1 == ".TP" }' "$top/docs/man/virtflexd.8" |
		sed -E 's/\\-/-/g; s/^\.[BIR]+ //; s/\\f[RBI]//g; s/"//g; s/ +/ /g' |
		sed -E 's/^(-[a-zA-Z0-9])[^-]*(--[a-z-]+).*/\1,\2/; s/^(--[a-z-]+).*/\1/' | sort -u) \
		<(for command in $all_commands; do options "$command"; done | sort -u)
}

complete_words()
{
	(
		PATH=$san:$PATH
		# shellcheck source=../host/virtflexd/virtflexd.bash-completion
		. "$top/userspace/host/virtflexd/virtflexd.bash-completion"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		_virtflexd
		[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}"
	)
}

nodes_completion()
{
	local command
	for command in $all_commands; do
		diff <(options "$command" | grep -oE -- '--[a-z-]+' | sort) <(complete_words virtflexd "$command" -- | sort) || return 1
	done
	diff <(complete_words virtflexd --) <(complete_words virtflexd run --) &&
		[ "$(complete_words virtflexd '' | xargs)" = 'run explain report help' ] && [ -z "$(complete_words virtflexd run --min -)" ] &&
		[ "$(complete_words virtflexd --connect x)" = xen ]
}

for name in nodes_trade nodes_quiet nodes_equal nodes_free nodes_reserve nodes_memory nodes_not_worth_it nodes_policy nodes_policy_is_wrong nodes_policy_fits_nobody \
	nodes_policy_again nodes_policy_again_in_json nodes_policy_again_while_it_prints nodes_dry_run nodes_once nodes_domains nodes_refused nodes_of_others nodes_slow nodes_restart nodes_restart_by_other_rules nodes_restart_changes_nothing \
	nodes_state_is_wrong nodes_explain nodes_metrics nodes_record nodes_renamed nodes_report nodes_two_instances nodes_usage \
	nodes_bad_description nodes_help nodes_completion; do
	[ -z "${ONLY-}" ] || [[ " $ONLY " == *" $name "* ]] || continue
	run_test "$name" "$name"
done
finish
