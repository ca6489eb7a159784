#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# virtflexctl, vcpu_scheduler and memory_coordinator on a real xenstored, without a hypervisor
# (store.bash).
set -u
. "$(dirname "$0")/store.bash"

# ---- publish

# Each domain as it is made, and what was noted of one that is gone is forgotten
publish_follows()
{
	published
	ctl 0 shrink guest 3 --no-wait
	gone=$id
	"$ctl" publish --follow >"$work/first" 2>"$work/first.err" & first=$!
	fresh
	await is topo_change 0
	await_gone() { ! xenstore-exists "/tool/virtflex/$gone"; }
	await await_gone
	kill -TERM $first
	ctl_ends 143
	same output 'guest: 4 nodes published' "$out"
}

# key, value and who may do what
described()
{
	cat <<-EOT
		control "" b
		error "" b
		node "" r
	EOT
	for node in 0 1 2 3; do
		cat <<-EOT
			node/$node "" r
			node/$node/capacity "262144" r
			node/$node/current "" b
			node/$node/pnode "$node" r
			node/$node/target "262144" r
			node/$node/vcpus "$((2 * node))-$((2 * node + 1))" r
		EOT
	done
	cat <<-EOT
		result "" b
		status "" b
		topo_change "0" b
	EOT
}

publish_writes_what_is_documented()
{
	fresh
	ctl 0 publish guest --dry-run
	xenstore-exists "$numa" && wrong 'a dry run has written'
	like 'dry run' "*write $numa/node/0/target = \"262144\"*grant $numa/topo_change to the guest*" "$out"
	ctl 0 publish guest
	same output 'guest: 4 nodes published' "$out"
	described >"$work/wanted"
	xenstore-ls -fp "$numa" | sed -E "s,^$numa/,,; s/ = / /; s/ +[. ]*\(n0,([rwb])$id\)\$/ \1/" | sort >"$work/got"
	diff "$work/wanted" "$work/got" || bad=1
	before=$(description)
	ctl 0 publish guest
	ctl 0 publish --all
	same output 'guest: 4 nodes were published already' "$out"
	same 'what is described' "$before" "$(description)"
	# what it is to have stays, and so does what the guest has said
	xenstore-write "$numa/node/2/target" 131072 "$numa/status" idle "$numa/grace_ms" 7
	before=$(description)
	ctl 0 publish guest
	same 'what is described' "$before" "$(description)"
}

hosts_keys() { xenstore-ls -f "$numa" | grep -E '/(capacity|pnode|request_id|target|vcpus) '; }

guests_write_their_keys_only()
{
	published
	ctl 0 shrink guest 3 --no-wait
	before=$(hosts_keys)
	same 'what the guest may not write' '' "$(as_guest status=mine error=mine result=mine \
		node/3/current=1 control/version=1 control/feature-x=1 topo_change=0)"
	for key in node/3/target node/3/capacity node/3/pnode node/3/vcpus node/4/target request_id \
		grace_ms small wait_s new "/local/domain/$id/domid" "/tool/virtflex/$id/before" \
		/tool/virtflex/x /local/domain/0/name; do
		same "$key" "$key: Permission denied" "$(as_guest "$key=1")"
	done
	same 'target' 'rm:node/3/target: Permission denied' "$(as_guest rm:node/3/target)"
	same 'what is described' "$before" "$(hosts_keys)"
	# nor does it see what this host notes
	XENSTORED_PATH=$XENSTORED_RUNDIR/domain-$id xenstore-read "/tool/virtflex/$id/by" >"$work/out" 2>&1 &&
		wrong "the guest reads what the host notes: $(cat "$work/out")"
	# what it takes away from itself comes back
	same removed '' "$(as_guest rm:status rm:topo_change rm:result rm:node/3/current)"
	ctl 0 publish guest
	same 'what the guest may not write' '' "$(as_guest status=x result=x node/3/current=1 topo_change=0)"
}

# ---- requests

# No moment shows a part of a request: two nodes, the list of vCPUs, name and kind are all
# of one, and so is what this host notes.
a_request_is_one_transaction()
{
	local n
	published
	ready_guest 'done'
	"$parts/look" "$numa/node/2/target" "$numa/node/3/target" "$numa/node/2/vcpus" "$numa/node/3/vcpus" \
		"$numa/topo_change" "$numa/request_id" "/tool/virtflex/$id/id" >"$work/seen" &
	looker=$!
	await test -s "$work/seen"
	for n in 1 2 3 4 5 6 7 8; do
		ctl 0 shrink guest 2 3
		ctl 0 expand guest 2 3
	done
	kill $looker
	wait $looker 2>/dev/null
	awk -F '|' '
		{ all = $1 "|" $2 "|" $3 "|" $4 }
		all == "262144|262144|4-5|6-7" && $5 != 2 && $6 == $7 { expanded++; next }
		all == "0|0||" && $5 != 1 && $6 == $7 { shrunk++; next }
		{ print "half of a request: " $0; half = 1 }
		END { exit half || expanded < 8 || shrunk < 8 }' "$work/seen" || wrong "seen: $(cat "$work/seen")"
}

# Another writer commits in between: all is read, checked and written anew.
another_writer_comes_first()
{
	published
	BEFORE_COMMIT="xenstore-write $numa/node/2/target 131072" ctl 0 set guest 3=128M --no-wait
	same 'node 2, of the other' 131072 "$(get node/2/target)"
	same 'node 3' 131072 "$(get node/3/target)"
	# what was before this request is what the other one has left
	like 'what was before' '*131072:4-5 262144:6-7 ' "$(xenstore-read "/tool/virtflex/$id/before")"
	published
	before=$(description)
	BEFORE_COMMIT="xenstore-write $numa/topo_change 1" ctl 8 shrink guest 3 --no-wait
	like error '*a change is going on: not made by virtflexctl; *' "$err"
	xenstore-write "$numa/topo_change" 0
	same 'what is described' "$before" "$(description)"
	# the last node but one is gone by then
	BEFORE_COMMIT="xenstore-write $numa/node/0/target 0 $numa/node/1/target 0 $numa/node/2/target 0" \
		ctl 4 shrink guest 3 --no-wait
	like error '*one has to stay*' "$err"
	published
	BEFORE_COMMIT="xenstore-rm /local/domain/$id" ctl 6 shrink guest 3 --no-wait
	like error '*guest: the domain is gone*' "$err"
	xenstore-exists "/local/domain/$id" && wrong 'a domain that is gone is described'
	published
	BEFORE_COMMIT="xenstore-write $numa/grace_ms 1 $numa/node/2/target 131072" BEFORE_COMMIT_TIMES=1000 \
		ctl 8 set guest 2=64M --no-wait
	like error '*somebody else writes its topology all the time*' "$err"
	same 'topo_change' 0 "$(get topo_change)"
}

# Exactly one of two is first, and the other one is told who.
two_administrators()
{
	local n winner loser one two
	published
	for n in $(seq "${RACES:-100}"); do
		"$ctl" shrink guest 2 --no-wait >/dev/null 2>"$work/one" & one=$!
		"$ctl" shrink guest 3 --no-wait >/dev/null 2>"$work/two" & two=$!
		wait $one
		first_status=$?
		wait $two
		case $first_status.$? in
		0.8) winner=$one loser=two ;;
		8.0) winner=$two loser=one ;;
		*) wrong "race $n ends with $first_status and others: $(cat "$work/one" "$work/two")"; return ;;
		esac
		grep -q "a change is going on: .*(process $winner) since .*: shrink [23]; wait for it" "$work/$loser" ||
			{ wrong "race $n, won by $winner: $(cat "$work/$loser")"; return; }
		[ "$(get node/2/target)$(get node/3/target)" = "$([ $winner = $one ] && echo 0262144 || echo 2621440)" ] ||
			{ wrong "race $n: targets $(get node/2/target) $(get node/3/target)"; return; }
		xenstore-write "$numa/topo_change" 0
	done
}

# ---- answers

answers()
{
	published
	ready_guest 'done'
	ctl 0 shrink guest 2 3
	like output 'guest: done in * s: nodes 2-3 left; 512.0 MiB given back to the host*' "$out"
	same state ready "$(state)"
	guest partly
	ctl 3 expand guest 3
	like output 'guest: partly in * s: node 3 joined*' "$out"
	like error '*guest: the guest says: done: generation*' "$err"
	same state partly "$(state)"
	# what did not hold is put back
	before=$(get node/3/target)
	guest refused
	ctl 4 shrink guest 3
	like error '*the guest says: failed: as it was told*' "$err"
	same target "$before" "$(get node/3/target)"
	guest failed
	ctl 1 shrink guest 3
	same target "$before" "$(get node/3/target)"
	same state failed "$(state)"
	guest withdrawn
	ctl 4 shrink guest 3
	guest begin 'result=@ frobnicated' error= topo_change=0 commit
	ctl 1 shrink guest 3
	like error '*the guest says in no known word how it ended*' "$err"
	same target "$before" "$(get node/3/target)"
	guest 'done'
	ctl 0 shrink guest 3 --json
	like output '*"outcome": "done"*' "$out"
}

# What is said of another request is no answer; one without any does not hold it up for ever.
answers_of_others()
{
	published
	ready_guest result=ctl-1.000000002-3\ done sleep:700 'done'
	ctl 0 shrink guest 3
	took=$(echo "$out" | sed -E 's/.* in ([0-9]+)\.([0-9]) s.*/\1\2/')
	[ "$took" -ge 7 ] || wrong "it took the answer of another request: $out"
	guest 'result=- done' result=@ 'result=@done' result=\ @\ done sleep:300 'done'
	ctl 0 expand guest 3
	guest begin 'result=ctl-1.000000002-3 done' status=idle topo_change=0 commit
	ctl 1 shrink guest 3
	like error '*has put the request away, and does not say how it ended*' "$err"
	same state ready "$(state)"
	guest 'done'
	ctl 0 shrink guest 3
}

# However long, and whatever it is: it is shown as letters, or not at all.
garbage_of_guests()
{
	local long value key
	published
	ready_guest
	long=$(printf 'A%%n%%s\033[2J%.0s' $(seq 200))
	for value in $'\033[2J\033]0;x\007' '%s%s%n%n' "$long" -1 1e9 99999999999999999999 0x10 $'\377\376\200' \
		$'\342\200\256live' '../../../../etc/passwd' /local/domain/0/name 'shrinking: step 1 of 0: %n' \
		'shrinking: step 1 of 99999999999999999999: x' $'shrinking: step 1 of 2: \033[2J, 1 of 2 KiB' $'a\nb\tc\r'; do
		as_guest "status=$value" "error=$value" "result=$value" "control/version=$value" \
			"node/3/current=$value" "result=ctl-0 $value" >"$work/guest"
		for command in 'show guest' 'show guest --json' 'list -nro name,guest' 'watch guest --once'; do
			# shellcheck disable=SC2086
			ctl 0 $command
			no_controls "$work/out"
			no_controls "$work/err"
		done
	done
	# 100 KB do not even arrive
	long=$(head -c 4200 /dev/zero | tr '\0' A)
	like 'what xenstored says' 'status: *' "$(as_guest "status=$long")"
	# and in the middle of a request
	for value in $'\033[2J' '%s%n' "${long:0:1900}" -1; do
		guest "status=$value" "error=$value" "node/3/current=$value" "status=shrinking: step 1 of 2: $value" \
			"result=x $value" sleep:20 begin "error=$value" "result=@ refused $value" topo_change=0 commit
		xenstore-write "$numa/status" idle
		ctl 4 shrink guest 3 --verbose
		no_controls "$work/err"
		no_controls "$work/out"
	done
	guest 'done'
	ctl 0 shrink guest 3
}

# The bar, of a guest's words too: nothing but what the bar itself is made of
a_bar_on_a_terminal()
{
	published
	rm -f "$work/first_seen" "$work/second_seen"
	ready_guest $'status=shrinking: step 1 of 2: x\033]0;y, 1024 of 2048 KiB' "file:$work/first_seen" \
		$'status=shrinking: step 2 of 2: \033[2Jz, 3 of 2 KiB' "file:$work/second_seen" 'done'
	TERM=xterm script -qfec "$ctl shrink guest 3" /dev/null </dev/null >"$work/out" 2>&1 &
	local bar=$!
	await grep -q 1/2 "$work/out"
	: >"$work/first_seen"
	await grep -q 2/2 "$work/out"
	: >"$work/second_seen"
	wait "$bar" || wrong "status $?"
	sed -i -E 's/\x1b\[K//g; s/\x1b\[[0-9]*m//g; s/\r//g' "$work/out"
	no_controls "$work/out"
	like bar '*guest \[*\] 1/2 x?\]0;y, 1.00 MiB of 2.00 MiB*guest \[*\] 2/2 ?\[2Jz, 3 of 2 KiB*done in*' "$(cat "$work/out")"
}

# ---- no answer

never_and_late()
{
	published
	ready_guest sleep:2000 'done'
	ctl 5 shrink guest 3 --timeout 1
	like error '*guest: no answer within 1 s; the request stands. *watch guest; *cancel guest' "$err"
	ctl 8 expand guest 3
	like error '*a change is going on: *: shrink 3; *' "$err"
	same state shrinking "$(state)"
	await is topo_change 0
	same state ready "$(state)"
	same 'state of node 3' inactive "$(shown 3 state)"
	guest sleep:1500 refused
	ctl 5 expand guest 3 --timeout 1
	await is topo_change 0
	# what was refused late is not what the next command starts from
	same 'target in xenstore' 262144 "$(get node/3/target)"
	same 'target' 0 "$(shown 3 target)"
	guest 'done'
	ctl 0 shrink guest 2
	same 'target in xenstore' 0 "$(get node/3/target)"
	same 'vCPUs of node 3' '' "$(get node/3/vcpus)"
}

# ends_in HOW: the domain ends while a command waits
ends_in()
{
	published
	ready_guest stop
	ctl_begins shrink guest 3
	case $1 in
	shutdown) hosted shutdown ;;
	dying) hosted dying ;;
	# as libxl does it: the keys first, or last
	keys) hosted none; xenstore-rm "/local/domain/$id" ;;
	none) xenstore-rm "/local/domain/$id"; sleep 0.1; hosted none ;;
	esac
	ctl_ends 6
	like "error, $1" '*guest: the domain is gone, before its guest answered*' "$err"
}

domain_ends_in_the_middle()
{
	for how in shutdown dying keys none; do
		ends_in $how
	done
	xenstore-exists "/local/domain/$id" && wrong 'a domain that is gone is described'
	ctl 6 show guest
	ctl 6 shrink 4711 2
	like error '*there is no domain 4711; see xl list' "$err"
	# watching it is over, too
	published
	ready_guest stop
	ctl 0 shrink guest 3 --no-wait
	"$ctl" watch guest --once >"$work/first" 2>"$work/first.err" & first=$!
	sleep 0.2
	hosted none
	xenstore-rm "/local/domain/$id"
	ctl_ends 6
	ctl 0 publish --all
	xenstore-exists "/tool/virtflex/$id" && wrong 'what was noted of a domain that is gone is there'
}

# Waiting ends, the change does not.
interrupted_while_it_waits()
{
	published
	ready_guest sleep:1000 'done'
	ctl_begins shrink guest 3
	sleep 0.2
	kill -INT "$first"
	ctl_ends 130
	like error '*guest: not waited for; the request stands. *' "$err"
	same topo_change 2 "$(get topo_change)"
	ctl 8 expand guest 3
	await is topo_change 0
	same 'state of node 3' inactive "$(shown 3 state)"
}

# ---- cancel

cancel_from_any_state()
{
	published
	ctl 4 cancel guest
	like error '*no change is going on*' "$err"
	# nobody is there to undo it
	before=$(get node/3/target)
	ctl 0 shrink guest 3 --no-wait
	ctl 0 cancel guest
	like output '*the guest had not begun*' "$out"
	same target "$before" "$(get node/3/target)"
	same vCPUs 6-7 "$(get node/3/vcpus)"
	# in the middle; who waits for it is told
	ready_guest 'status=shrinking: step 1 of 2: x' withdrawn? sleep:4500 withdrawn
	ctl_begins shrink guest 3
	await is status 'shrinking: step 1 of 2: x'
	ctl 0 cancel guest
	like output 'guest: withdrawn in * s: as it was before' "$out"
	ctl_ends 4
	like error '*guest: withdrawn by another command*' "$err"
	same target "$before" "$(get node/3/target)"
	# not waited for any more
	ctl 5 shrink guest 3 --timeout 1
	guest_at_it withdrawn? withdrawn
	ctl 0 cancel guest
	same target "$before" "$(get node/3/target)"
	# after the one that asked was killed
	no_guest
	ctl_begins shrink guest 3
	ctl_killed
	guest_at_it withdrawn? withdrawn
	ctl 0 cancel guest
	same target "$before" "$(get node/3/target)"
	# the guest was faster
	no_guest
	ctl 0 shrink guest 3 --no-wait
	guest_at_it withdrawn? 'done'
	ctl 0 cancel guest
	like error '*the guest was faster: the change is carried out*' "$err"
	same 'state of node 3' inactive "$(shown 3 state)"
	# carried out in part: that is over
	guest partly
	ctl 3 expand guest 3
	ctl 4 cancel guest
	# the guest does not undo it, nor is it there
	no_guest
	ctl 0 shrink guest 3 --no-wait
	guest_at_it withdrawn? stop
	ctl 5 cancel guest --timeout 1
	like error '*it is withdrawn, and the guest undoes it when it can*' "$err"
	same target "$before" "$(shown 3 target)"
	guest 'done'
	ctl 0 shrink guest 2
	same 'target in xenstore' "$before" "$(get node/3/target)"
	# made by somebody else, whose wish is not known
	no_guest
	xenstore-write "$numa/node/3/target" 0 "$numa/request_id" other "$numa/topo_change" 2
	guest_at_it withdrawn? withdrawn
	ctl 0 cancel guest
	same topo_change 0 "$(get topo_change)"
}

# ---- killed

# kill_before N: kills virtflexctl as it is about to commit its Nth transaction that writes
kill_before()
{
	rm -f "$work/count"
	# shellcheck disable=SC2016
	printf 'echo >>%s; [ $(wc -l <%s) -lt %d ] || kill -9 $PPID' "$work/count" "$work/count" "$1"
}

killed_in_the_middle()
{
	published
	before=$(description)
	BEFORE_COMMIT=$(kill_before 1) BEFORE_COMMIT_TIMES=9 ctl 137 shrink guest 3 --no-wait
	same 'what is described' "$before" "$(description)"
	fresh
	BEFORE_COMMIT=$(kill_before 1) BEFORE_COMMIT_TIMES=9 ctl 137 publish guest
	xenstore-exists "$numa" && wrong "half a description: $(description)"
	ctl 0 publish guest
	# it waits for an answer, which comes
	ready_guest sleep:800 'done'
	ctl_begins shrink guest 3
	ctl_killed
	ctl 8 shrink guest 2
	like error "*a change is going on: * (process $first) since *: shrink 3; *" "$err"
	await is topo_change 0
	same 'state of node 3' inactive "$(shown 3 state)"
	# one that comes is refused: the next command starts from what was
	guest sleep:300 refused
	ctl_begins expand guest 3
	ctl_killed
	await is topo_change 0
	same 'state of node 3' inactive "$(shown 3 state)"
}

replace_is_killed()
{
	# after the first half, before the second is asked for
	published
	ready_guest 'done'
	ctl 0 shrink guest 3
	BEFORE_COMMIT=$(kill_before 2) BEFORE_COMMIT_TIMES=9 ctl 137 replace guest 2 3
	same 'nodes 2 and 3' 'active active' "$(shown 2 state) $(shown 3 state)"
	same topo_change 0 "$(get topo_change)"
	ctl 0 replace guest 2 3
	same 'nodes 2 and 3' 'inactive active' "$(shown 2 state) $(shown 3 state)"
	# while the guest is at the first half, or at the second
	guest sleep:800 'done'
	ctl_begins replace guest 3 2
	ctl_killed
	ctl 8 replace guest 3 2
	like error "*(process $first) since *: replace 3 2; *" "$err"
	await is topo_change 0
	same 'nodes 2 and 3' 'active active' "$(shown 2 state) $(shown 3 state)"
	ctl_begins replace guest 3 2
	await is topo_change 2
	ctl_killed
	ctl 8 replace guest 3 2
	await is topo_change 0
	same 'nodes 2 and 3' 'active inactive' "$(shown 2 state) $(shown 3 state)"
	guest 'done'
	ctl 0 replace guest 3 2
	same 'nodes 2 and 3' 'active inactive' "$(shown 2 state) $(shown 3 state)"
	# the second half is refused: which node is where is said
	ctl 0 expand guest 3
	guest 'done' 'then' refused
	ctl 4 replace guest 3 2
	like error '*node 2 has joined*node 3 has not left; *' "$err"
}

# told NODE: the physical node that Xen was told of last; as built if never
told() { awk -v id=$id -v n="$1" '$1 == "setvnuma" && $2 == id { p = $(n + 3) } END { print p == "" ? n : p }' "$XEN_CALLS"; }

# where: physical node of node 2, as Xen and xenstore have it
where() { echo "$(told 2) $(get node/2/pnode)"; }

# Xen and xenstore agree where a node is, whenever the one that moves it was killed.
move_is_killed()
{
	local n how
	for how in --timeout=9 --offline; do
		published
		ready_guest 'done'
		ctl 0 move guest 2 3 $how
		same "physical node, $how" '3 3' "$(where)"
		for n in 1 2 3; do
			published
			ready_guest 'done'
			{ BEFORE_COMMIT=$(kill_before "$n") BEFORE_COMMIT_TIMES=9 "$ctl" move guest 2 3 $how; } >"$work/out" 2>&1
			await is topo_change 0
			ctl 0 expand guest 2
			same "physical node, $how, killed before $n" "$(get node/2/pnode)" "$(told 2)"
			same 'its state' active "$(shown 2 state)"
		done
	done
	# one that is refused leaves it where it was, also if that is known later
	published
	ready_guest refused
	ctl 4 move guest 2 3
	same 'physical node, refused' '2 2' "$(where)"
	guest sleep:300 refused
	ctl_begins move guest 2 3
	ctl_killed
	await is topo_change 0
	guest 'done'
	ctl 0 expand guest 2
	same 'physical node, refused later' '2 2' "$(where)"
}

# documented COMMAND...: keys that the manual page has for these, under JSON
documented()
{
	awk -v commands=" $* " -f "$top/selftests/xen/documented.awk" "$top/docs/man/virtflexctl.8" | sort -u
}

# json COMMAND... [+KEY]... -- STATUS ARGUMENT...: the keys of what it prints are those
# documented for these commands, and KEYs
json()
{
	local word of=() more=()
	for word; do
		shift
		case $word in
		--) break ;;
		+*) more+=("${word#+}") ;;
		*) of+=("$word") ;;
		esac
	done
	ctl "$@"
	same "keys of $*" "$({ documented "${of[@]}"; printf '%s\n' "${more[@]}"; } | grep . | sort -u | xargs)" \
		"$(grep -oE '"[a-z_]+":' <<<"$out" | tr -d '":' | sort -u | xargs)"
}

json_agrees()
{
	published
	ready_guest 'done'
	json list -- 0 list --json
	json show -- 0 show guest --json
	json balance -- 0 balance --json
	json publish -- 0 publish guest --json
	json publish -- 0 publish --all --json
	json publish --dry-run -- 0 publish guest --json --dry-run
	json --dry-run +domain +name -- 0 shrink guest 3 --json --dry-run
	json pin -- 0 pin guest --json --dry-run
	json unpin -- 0 unpin guest --json --dry-run
	json shrink -- 0 shrink guest 3 --json
	json replace --dry-run -- 0 replace guest 2 3 --json --dry-run
	json replace shrink -- 0 replace guest 2 3 --json
	same requests '2 2' "$(grep -c '"request":' <<<"$out") $(grep -c '"outcome": "done"' <<<"$out")"
	json expand -- 0 expand guest 2 --json
	json move -- 0 move guest 2 2 --json
	json watch -- 0 watch guest --once --json
	json shrink -- 0 shrink guest 3 --json --no-wait
	await is topo_change 0
	ctl 4 replace guest 3 9 --json
	same output '' "$out"
}

# The second request, as if the first had been carried out
replace_in_a_dry_run()
{
	local before
	published
	ready_guest 'done'
	ctl 0 shrink guest 1 2 3
	before=$(xenstore-ls -f "$numa")
	ctl 0 replace guest 0 3 --dry-run
	like output 'First, for node 3 to join:*node/3/target*topo_change = "1"*Then, for node 0 to leave:*node/0/target = "0"*topo_change = "2"' "$out"
	same description "$before" "$(xenstore-ls -f "$numa")"
	ctl 0 replace guest 0 3 --no-wait
	like output '*done in*node 3 joined*asked; to see*' "$out"
	await is topo_change 0
	same 'nodes 0 and 3' 'inactive active' "$(shown 0 state) $(shown 3 state)"
}

no_module()
{
	published
	ctl 7 shrink guest 3
	like error '*the guest has not loaded the virtflex module; in the guest: modprobe virtflex' "$err"
	same topo_change 0 "$(get topo_change)"
	same state no-module "$(state)"
}

# ---- xenstored

xenstored_ends_while_it_waits()
{
	local command
	for command in 'shrink guest 3' 'watch guest --once' 'publish --follow'; do
		published
		ready_guest stop
		[ "$command" = 'shrink guest 3' ] || ctl 0 shrink guest 3 --no-wait
		# shellcheck disable=SC2086
		timeout 20 "$ctl" $command >"$work/first" 2>"$work/first.err" & first=$!
		sleep 0.6
		begun=$(date +%s%N)
		stop_xenstored -KILL
		ctl_ends 1
		took=$((($(date +%s%N) - begun) / 1000000))
		like "error of $command" 'virtflexctl: xenstore*is xenstored running?' "$err"
		[ $took -lt 3000 ] || wrong "$command took $took ms to notice"
		no_guest
		start_xenstored
	done
}

nobody_there()
{
	local command
	for command in list 'show guest' 'shrink guest 2' 'publish --all' 'cancel guest' balance; do
		# shellcheck disable=SC2086
		XENSTORED_RUNDIR=$work/nowhere ctl 1 $command
		like "error of $command" 'virtflexctl: no xenstore: *; is this dom0, and are you root?' "$err"
	done
}

# what a domain's own connection may is less than dom0's
not_allowed()
{
	published
	XENSTORED_PATH=$XENSTORED_RUNDIR/domain-$id ctl 1 shrink guest 3 --no-wait
	like error '*guest: xenstore does not allow it: are you root in dom0?' "$err"
	same topo_change 0 "$(get topo_change)"
	stop_xenstored -TERM
	# what cannot be read is not taken for what is not there
	start_xenstored -Q transaction-nodes=20
	published
	XENSTORED_PATH=$XENSTORED_RUNDIR/domain-$id ctl 1 list -nr
	same output '' "$out"
	like error '*guest: xenstore has no room for it: see the quotas of xenstored*' "$err"
	stop_xenstored -TERM
	start_xenstored
}

not_root()
{
	[ "$(id -u)" -eq 0 ] || { skip 'this is not root'; return; }
	command -v setpriv >/dev/null || { skip 'there is no setpriv here'; return; }
	published
	chmod a+rx "$work" "$XENSTORED_RUNDIR"
	cp "$ctl" "$work/virtflexctl"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$work/virtflexctl" list >"$work/out" 2>"$work/err"
	same status 1 $?
	like error 'virtflexctl: no xenstore: *; is this dom0, and are you root?' "$(cat "$work/err")"
}

# As large as Xen makes them, and what is longer than xenstored takes
large_ones()
{
	published 32 65536 16
	ready_guest 'done'
	# of each node every other vCPU
	xenstore-write "$numa/node/1/vcpus" 16,18,20,22,24,26,28,30
	ctl 0 shrink guest 2-31
	ctl 0 expand guest 2-31
	same 'vCPUs of node 31' 496-511 "$(get node/31/vcpus)"
	# shellcheck disable=SC2046
	ctl 0 shrink guest $(printf '2-31,%.0s' $(seq 2000) | sed 's/,$//')
	like 'last request' '* since *: shrink 2-31,2-31,*' "$("$ctl" show guest --json | grep last_request)"
}

# ---- at random

ctl_fuzz()
{
	FUZZ_DIR=$work ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 timeout 120 "$BUILD/userspace/san/fuzz" "$@" >"$work/fuzz" ||
		wrong "fuzz $*: $(cat "$work/fuzz")"
	grep -q "^${3} tried" "$work/fuzz" || wrong "fuzz $*: not all were tried: $(tail -n 3 "$work/fuzz")"
}

any_command_line()
{
	published
	ready_guest 'done'
	ctl_fuzz lines $id "${LINES_TRIED:-400}" "${SEED:-1}"
}

any_answer()
{
	published
	no_guest
	XENSTORED_PATH=$XENSTORED_RUNDIR/domain-$id ctl_fuzz answers $id "${ANSWERS_TRIED:-100}" "${SEED:-1}"
	# and after all that it does what it is told
	guest 'done'
	xenstore-write "$numa/topo_change" 0 "$numa/status" idle
	ctl 0 expand guest 0-3
	ctl 0 shrink guest 3
}

# ---- vcpu_scheduler and memory_coordinator on the same host

made_up=$BUILD/userspace/san/made_up
lines=$work/lines program_pid=''

# begin PROGRAM ARGUMENT...: every second, or as INTERVAL says, in the background; lines of JSON in
# $lines, what it says in $work/said
begin()
{
	: >"$lines"
	RUNTIME_DIRECTORY=$work timeout 120 "$made_up/$1" "${INTERVAL-1}" --connect xen --json "${@:2}" >"$lines" 2>"$work/said" &
	program_pid=$!
}

# shows EXPRESSION: of jq, for all lines in an array
shows() { jq -se "$1" "$lines" >/dev/null 2>&1; }
holds() { shows "$1" || wrong "does not hold: $1: $(tail -n 2 "$lines") $(cat "$work/said")"; }

# until_shows SECONDS EXPRESSION
until_shows()
{
	local i
	for ((i = 0; i < $1 * 5; i++)); do
		! shows "$2" || return 0
		kill -0 "$program_pid" 2>/dev/null || break
		sleep 0.2
	done
	wrong "after $((i / 5)) s it does not hold: $2: $(tail -n 2 "$lines") $(cat "$work/said")"
	return 1
}

# intervals MORE
intervals() { until_shows 30 "length >= $(($(wc -l <"$lines") + $1))"; }

# end_it: by a signal
end_it()
{
	pkill -TERM -P "$program_pid"
	wait "$program_pid"
	same 'exit status' 143 $?
}

# coordinator ARGUMENT...
coordinator() { begin memory_coordinator --reserve 0 --min 64M "$@"; }
settled='length >= 5 and all(.[-4:][].guests[]; .change | not)'

# Guests are asked for reports, by keys that they may write, until the program ends.
asks_for_reports()
{
	published
	ready_guest -r 40960
	coordinator --dry-run
	intervals 2
	get report_s && wrong 'a dry run asks'
	end_it
	coordinator --domains 'other*'
	intervals 2
	get report_s && wrong 'a guest is asked that is not to be changed'
	end_it
	coordinator
	await is report_s 1
	await isnt reported ''
	same 'what the guest may not write' '' "$(cat "$work/guest")"
	intervals 1
	holds '.[-1].guests[0].need_kb == 4 * 40960 + 4096'
	end_it
	get report_s && wrong 'reports are asked for still'
	# no less often than a guest does it
	INTERVAL=86400 coordinator
	await is report_s 3600
	end_it
}

# By node targets and nothing else, a tenth at a time, until there is what is needed and the rest
takes_by_nodes()
{
	published
	: >"$XEN_CALLS"
	ready_guest -r 40960 'done'
	coordinator
	until_shows 60 "$settled and .[-1].guests[0].actual_kb < 320000"
	holds 'all(.[].guests[]; .target_kb == null or .target_kb >= .actual_kb * 0.9 - 8 or .target_kb >= .need_kb)'
	holds '.[-1].guests[0].actual_kb >= 4 * 40960 + 65536'
	for node in 0 1 2 3; do
		[ "$(get node/$node/target)" -ge 43008 ] || wrong "node $node is to have $(get node/$node/target) KiB"
	done
	like 'the last request' 'ctl-*' "$(get request_id)"
	same 'what Xen was told' '' "$(cat "$XEN_CALLS")"
	end_it
	# and back, as one needs more
	guest -r 90112 'done'
	coordinator
	until_shows 60 "$settled and .[-1].guests[0].actual_kb >= 4 * 90112 + 65536"
	end_it
}

# What somebody else has asked for goes on as it is.
leaves_others_alone()
{
	local request
	published
	ready_guest -r 40960 status='shrinking: step 1 of 2: x' sleep:6000 currents 'done'
	ctl 0 shrink guest 3 --no-wait
	await is status 'shrinking: step 1 of 2: x'
	request=$(get request_id)
	coordinator --verbose
	intervals 3
	same request "$request" "$(get request_id)"
	same topo_change 2 "$(get topo_change)"
	await is topo_change 0
	end_it
}

# One that refuses is asked once, and what it says is told.
hears_a_refusal()
{
	published
	ready_guest -r 40960 error='node 1 is full' refused
	coordinator --record "$work/record"
	until_shows 30 'any(.[].guests[]; .state == "stuck")'
	intervals 4
	holds '[.[].guests[] | select(.change)] | length == 1'
	like 'what it says' '*memory_coordinator: guest: it stays at 1.00 GiB, as it says: failed: as it was told 1; it is asked again later*' "$(cat "$work/said")"
	same 'target of node 0' 262144 "$(get node/0/target)"
	end_it
	same 'how it ended, as it is recorded' '[0,3]' "$(jq -sc '[.[0,-1].guests[0].change_end]' "$work/record")"
	# which is seen again
	"$made_up/memory_coordinator" 1 --connect "record:$work/record" --reserve 0 --min 64M --json >"$work/again" 2>"$work/said" ||
		wrong 'what was recorded is not read'
	same 'states that were seen' "$(jq -c '[.guests[].state]' "$lines")" "$(jq -c '[.guests[].state]' "$work/again")"
	like 'what it said' '*guest: it stays at 1.00 GiB, as it says: failed: as it was told 1; it is asked again later' "$(cat "$work/said")"
}

# A change of its own that is to take less is withdrawn.
changes_its_mind()
{
	published
	ready_guest -r 40960 status='shrinking: step 1 of 2: x' used:250000 withdrawn? withdrawn stop
	coordinator
	await is status 'failed: as it was told 1'
	like 'how it ended' '* withdrawn' "$(get result)"
	end_it
}

# Why a guest's memory is left alone, and what to do about it
says_what_is_missing()
{
	fresh
	coordinator --once --record "$work/record"
	wait "$program_pid"
	like unpublished '*guest: its nodes are not described to it; virtflexctl publish does that; it is left alone*' "$(cat "$work/said")"
	"$made_up/memory_coordinator" 1 --connect "record:$work/record" >/dev/null 2>"$work/said"
	like 'unpublished, as it was recorded' '*guest: its nodes are not described to it; *' "$(cat "$work/said")"
	ctl 0 publish guest
	coordinator --once
	wait "$program_pid"
	like 'no module' '*guest: it has not loaded the virtflex module; in the guest: modprobe virtflex; *' "$(cat "$work/said")"
	ready_guest
	coordinator --once
	wait "$program_pid"
	like 'old module' '*guest: its virtflex module is too old to report*' "$(cat "$work/said")"
	fresh 0 524288
	coordinator --once
	wait "$program_pid"
	like 'no nodes' '*guest: it has neither virtual nodes and the virtflex module nor memory/meminfo in xenstore*' "$(cat "$work/said")"
}

# What a guest reports that cannot be is not believed.
reports_of_liars()
{
	published
	ready_guest
	no_guest
	xenstore-write "$numa/control/feature-report" 1
	coordinator --record "$work/record"
	await is report_s 1
	for node in 0 1 2 3; do
		as_guest node/$node/used=1000 node/$node/free=200000
	done
	as_guest node/2/used=99999999999 reported=1
	intervals 2
	as_guest node/2/used=1000 node/2/free=-5 reported=2
	intervals 2
	holds 'all(.[].guests[]; .need_kb == null)'
	as_guest node/2/free=200000 reported=3
	until_shows 10 '.[-1].guests[0].need_kb > 4000'
	end_it
	same 'most that is recorded to be in use' 1000 "$(jq -s '[.[].guests[].nodes[].used_kb] | max' "$work/record")"
}

# A guest without nodes says it as Qubes' guests do, and is asked by its balloon.
reads_meminfo()
{
	fresh 0 524288
	: >"$XEN_CALLS"
	xenstore-write "/local/domain/$id/memory/static-max" 524288 "/local/domain/$id/memory/target" 524288 \
		"/local/domain/$id/memory/meminfo" 100000
	coordinator --once
	wait "$program_pid"
	holds '.[-1].guests[0].need_kb == 100000'
	same 'what Xen was told' "memory $id $((524288 - 524288 / 10))" "$(head -n 1 "$XEN_CALLS")"
	# where nobody says how large it may be, it is as large as it may be
	fresh 0 524288
	: >"$XEN_CALLS"
	xenstore-write "/local/domain/$id/memory/target" 525000 "/local/domain/$id/memory/meminfo" 500000
	coordinator --once
	wait "$program_pid"
	holds '.[-1].guests[0].want_kb == 524288'
	same 'what Xen was told' '' "$(cat "$XEN_CALLS")"
}

# vCPUs stay on the CPUs of their nodes; dom0 is not touched.
bounds_of_nodes()
{
	published 4 262144 2
	{ echo 'domain 0 Domain-0 running 0 1048576 1'; cat "$XEN_HOST"; } >"$XEN_HOST.new" && mv "$XEN_HOST.new" "$XEN_HOST"
	begin vcpu_scheduler --dry-run --record "$work/record"
	intervals 1
	end_it
	head -n 1 "$work/record" >"$lines"
	holds '.[0].cpus == [range(8) | { online: true, node: (. / 2 | floor), core: . }]'
	holds '.[0].guests | map(select(.name == "guest")) | .[0].vcpus | map(.bound) == ["0-1", "0-1", "2-3", "2-3", "4-5", "4-5", "6-7", "6-7"]'
	holds '.[0].guests | map(select(.name == "guest")) | .[0].vcpus | map(.affinity) == map(.bound)'
	holds '[.[0].guests[] | select(.untouched).name] == ["Domain-0"]'
	XEN_OFFLINE=1 begin vcpu_scheduler --dry-run --record "$work/record"
	intervals 1
	end_it
	head -n 1 "$work/record" >"$lines"
	holds '.[0].cpus | map(.online) == [range(8) | . < 7]'
	holds '.[0].guests | map(select(.name == "guest")) | .[0].vcpus | map(.bound)[6:8] == ["6", "6"]'
	xenstore-write "$numa/node/1/pnode" 3
	begin vcpu_scheduler --dry-run --record "$work/record"
	intervals 1
	end_it
	head -n 1 "$work/record" >"$lines"
	holds '.[0].guests | map(select(.name == "guest")) | .[0].vcpus | map(.bound)[2:4] == ["6-7", "6-7"]'
}

# Where somebody wants a vCPU, also if that is said in the middle, is not forgotten as it is pinned to one
# CPU, nor as it cannot be read for once.
bounds_of_administrators()
{
	local hard
	may_run() { echo "$1" >"$work/hard.new" && mv "$work/hard.new" "$work/hard"; }
	fresh 0 524288
	may_run '0 7'
	XEN_HARD=$work/hard XEN_SILENT=$work/silent begin vcpu_scheduler --dry-run --record "$work/record"
	intervals 1
	for hard in '2 3' '2 2'; do
		may_run "$hard"
		intervals 2
	done
	touch "$work/silent"
	until_shows 10 '.[-1].vcpus == []'
	rm "$work/silent"
	intervals 2
	end_it
	same 'where it may run and where it is bound to' '["0-7 0-7","2-3 2-3","2 2-3"]' "$(jq -sc '[.[].guests[0].vcpus[0] // empty |
		(.may_run // .affinity) + " " + .bound] | reduce .[] as $one ([]; if .[-1] == $one then . else . + [$one] end)' "$work/record")"
}

# What this program leaves to a vCPU that floats is nobody's wish: as long as it runs, that may have more again.
bounds_are_not_its_own()
{
	may_run() { echo "$1" >"$work/hard.new" && mv "$work/hard.new" "$work/hard"; }
	fresh 0 524288
	may_run '0 7'
	: >"$XEN_CALLS"
	XEN_HARD=$work/hard begin vcpu_scheduler --reserve 0 --record "$work/record"
	intervals 1
	may_run '1 7'
	intervals 2
	end_it
	same 'what Xen was told of vCPU 0' "affinity $id 0 hard 1 2 3 4 5 6 7" "$(grep "^affinity $id 0 " "$XEN_CALLS" | sort -u)"
	same 'where it may run and where it is bound to, at the end' '1-7 0-7' "$(tail -n 1 "$work/record" | jq -r '.guests[0].vcpus[0] |
		(.may_run // .affinity) + " " + .bound')"
}

# Floating vCPUs are kept off CPUs that are not for guests, whichever they prefer; dom0's are not.
keeps_off_reserved_cpus()
{
	local n
	published 4 262144 2
	{ echo 'domain 0 Domain-0 running 0 1048576 1'; cat "$XEN_HOST"; } >"$XEN_HOST.new" && mv "$XEN_HOST.new" "$XEN_HOST"
	: >"$XEN_CALLS"
	begin vcpu_scheduler --reserve 0,7
	intervals 2
	end_it
	same 'what Xen was told' "$(for n in {0..7}; do echo "affinity $id $n hard 1 2 3 4 5 6"; done)" "$(sort -u "$XEN_CALLS")"
}

# What vCPUs want is known from the first interval, however long it takes to look: some are blocked
# for half of the time, others wait for the CPU in three quarters of it.
knows_demand_on_a_slow_host()
{
	local n
	fresh
	{
		grep '^pnode' "$XEN_HOST"
		for n in 1 2; do
			echo "domain $((1000 + n)) blocks$n running 0 65536 1 50 0"
			echo "domain $((1010 + n)) waits$n running 0 65536 1 25 1"
		done
	} >"$XEN_HOST.new" && mv "$XEN_HOST.new" "$XEN_HOST"
	XEN_SLOW_MS=350 begin vcpu_scheduler --dry-run --record "$work/record"
	intervals 3
	end_it
	holds 'all(.[].vcpus[]; if .guest | startswith("waits") then .demand > 95 else .demand > 40 and .demand < 60 end)'
	holds 'all(.[].vcpus; length == 4)'
	"$made_up/vcpu_scheduler" 1 --connect "record:$work/record" --json >"$work/again" || wrong 'what was recorded is not read'
	same 'what was recorded' "$(jq -c .vcpus "$lines")" "$(jq -c .vcpus "$work/again")"
}

# On which physical nodes a domain was built is asked for when that is news, as it takes long.
asks_the_toolstack_once()
{
	asked() { grep -cx "configuration $id" "$work/asked"; }
	fresh
	: >"$work/asked"
	XEN_ASKED=$work/asked coordinator --record "$work/record"
	intervals 4
	same 'times that it was asked' 1 "$(asked)"
	hosted running 4 131072
	intervals 4
	same 'times that it was asked, as the memory changed' 2 "$(asked)"
	end_it
	same 'physical nodes' '[[0,1,2,3]]' "$(jq -sc 'map(.guests[0].nodes | map(.pnode)) | unique' "$work/record")"
}

# Without permission it ends; a host that was there is tried again.
host_is_lost()
{
	published
	ready_guest -r 40960
	coordinator
	intervals 1
	no_guest
	kill "$daemon"
	wait "$daemon" 2>/dev/null
	daemon=''
	await grep -q 'lost xen: .*; trying to reach it again' "$work/said"
	end_it
	id=0
	start_xenstored || return 1
	same 'lines that are said' 1 "$(wc -l <"$work/said")"
}

# Each that virtflexctl(8) lists was seen above.
every_status_is_reached()
{
	local status
	ctl 2 shrink guest
	ctl 2 frob
	while read -r status; do
		[ -n "${reached[$status]-}" ] || wrong "no test ends with $status"
	done < <(awk '/^\.SH/ { on = $2 " " $3 == "EXIT STATUS" } on && $1 == ".B" { print $2 }' \
		"$top/docs/man/virtflexctl.8")
	[ -z "${reached[99]-}" ] || wrong 'a sanitizer has found something'
}

tests=(publish_writes_what_is_documented publish_follows guests_write_their_keys_only
	a_request_is_one_transaction another_writer_comes_first two_administrators
	answers answers_of_others garbage_of_guests a_bar_on_a_terminal
	never_and_late domain_ends_in_the_middle interrupted_while_it_waits
	cancel_from_any_state killed_in_the_middle replace_is_killed move_is_killed json_agrees replace_in_a_dry_run no_module
	xenstored_ends_while_it_waits nobody_there not_allowed not_root large_ones
	any_command_line any_answer every_status_is_reached
	asks_for_reports takes_by_nodes leaves_others_alone hears_a_refusal changes_its_mind says_what_is_missing
	reports_of_liars reads_meminfo bounds_of_nodes bounds_of_administrators bounds_are_not_its_own keeps_off_reserved_cpus knows_demand_on_a_slow_host
	asks_the_toolstack_once host_is_lost)

start_xenstored || { cat "$work/xenstored.log"; exit 1; }
for test in ${ONLY:-"${tests[@]}"}; do
	run_test "$test" checked "$test"
done
finish
