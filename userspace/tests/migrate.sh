#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# virtflex migrate: what it asks for by each option, and what it makes of the
# answer. Both without a kernel that moves anything.
set -u
. "$(dirname "$0")/cli.bash"
virtflex=$faked
export FAKE_ASKED=$work/asked
all_in_place='0 0 10 10 0 0 0 0 0 0 0'
sleep 300 &
pid=$!
sleep 300 &
other=$!
trap 'kill $pid $other; rm -rf "$work"' EXIT

# answered STATUS REPORT ARGUMENT...
answered()
{
	local status=$1 got
	: >"$FAKE_ASKED"
	FAKE_REPORT=$2 "$virtflex" migrate "${@:3}" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	[ $got -eq "$status" ] || { echo "status $got"; cat "$work/out" "$work/err"; return 1; }
}

# asks EXPECTED OPTION...: EXPECTED has what differs from no option
asks()
{
	local expected='flags=0 range=0-0 nodes=- pages=0 ns=0 method=any threads=0' word
	for word in $1; do
		expected=$(awk -v word="$word" '{ for (i = 1; i <= NF; i++)
			if (index($i, substr(word, 1, index(word, "="))) == 1) $i = word; print }' <<<"$expected")
	done
	answered 0 "$all_in_place" $pid "${@:2}" && diff <(echo "$expected") "$FAKE_ASKED"
}
run_test asks_nothing asks ''
run_test asks_policy asks flags=1 --policy
run_test asks_evacuate asks flags=2 --evacuate
run_test asks_next_touch asks flags=4 --next-touch
run_test asks_shared asks flags=8 --shared
run_test asks_all asks flags=f --policy --evacuate --next-touch --shared
run_test asks_range asks range=7f0000001000-7f00aa000000 --range 7f0000001000-7f00Aa000000
run_test asks_range_0x asks range=1000-2000 --range 0x1000-0X2000
run_test asks_range_low asks range=0-1000 --range 0-1000
run_test asks_range_all asks range=0-fffffffffffff000 --range 0-fffffffffffff000
run_test asks_nodes asks nodes=0-1,3 --nodes 0-1,3
run_test asks_pages asks pages=77 --budget-pages 77
run_test asks_ms asks ns=5000000 --budget-ms 5
run_test asks_both asks 'ns=5000000 pages=77' --budget-ms 5 --budget-pages 77
run_test asks_most_ms asks ns=18446744073709000000 --budget-ms 18446744073709
run_test asks_method asks method=move_pages --method move_pages
run_test asks_method_call asks method=virtflex_migrate --method virtflex_migrate
run_test asks_threads asks threads=7 --threads 7

several()
{
	answered 0 "$all_in_place" $pid $other $pid && [ "$(wc -l <"$FAKE_ASKED")" -eq 3 ] &&
		[ "$(grep -c "^ *$pid sleep " "$work/out")" -eq 2 ] && [ "$(grep -c "^ *$other sleep " "$work/out")" -eq 1 ]
}
run_test several several

# One that is not there does not keep the others from moving.
one_of_several()
{
	answered 1 "$all_in_place" $pid 2147483647 $other && [ "$(wc -l <"$FAKE_ASKED")" -eq 2 ] &&
		grep -q "^ *$other sleep " "$work/out" && grep -qx 'virtflex: there is no process 2147483647' "$work/err"
}
run_test one_of_several one_of_several

golden_table()
{
	answered 3 '0 0 1048576 1000 2000 3000 1 512 262144 4 5' $pid || return 1
	sed -E 's/^ *(PID|[0-9]+) /PID /' "$work/out" >"$work/all"
	[ -n "${UPDATE-}" ] && cp "$work/all" golden/migrate.txt
	diff golden/migrate.txt "$work/all"
}
run_test report golden_table

# With --raw there are numbers only.
raw()
{
	answered 3 '0 0 1048576 1000 2000 3000 1 512 262144 4 5' $pid -rn || return
	grep -qx "$pid sleep 1048576 1000 2000 3000" "$work/out" || { cat "$work/out"; return 1; }
}
run_test raw raw
# ... also of what is not shown unless asked for
raw_stayed()
{
	answered 3 '0 0 1048576 1000 2000 3000 1 512 262144 4 5' $pid -rn -o moved,stayed || return
	grep -qx '2000 busy=1,pinned=512,nomem=262144,shared=4,unmovable=5' "$work/out" || { cat "$work/out"; return 1; }
}
run_test raw_stayed raw_stayed

# counted STATUS WHICH: what stayed decides about the exit status, and is named
counted()
{
	local report=(0 0 10 9 0 0 0 0 0 0 0) text="${3}"
	report[$2]=1
	answered "$1" "${report[*]}" $pid && grep -Eq " $text 4 KiB\$" "$work/out" &&
		answered "$1" "${report[*]}" $pid --json && grep -q "\"$4\": 1\b" "$work/out" &&
		answered "$1" "${report[*]}" $pid -rn -o "$5" && [ "$(cat "$work/out")" = 1 ]
}
run_test stayed_busy counted 3 6 busy busy busy
run_test stayed_pinned counted 3 7 pinned pinned pinned
run_test stayed_nomem counted 3 8 'no memory' nomem nomem
run_test stayed_shared counted 0 9 shared shared shared
run_test stayed_unmovable counted 0 10 unmovable unmovable unmovable

# None did.
stayed_none() { answered 0 "$all_in_place" $pid && grep -Eq " sleep .* -\$" "$work/out"; }
run_test stayed_none stayed_none

keys()
{
	answered 0 "$all_in_place" $pid --json &&
		diff <(grep -oE '"[a-z_]+": ' "$work/out" | tr -d '": ') \
			<(printf '%s\n' pid command method scanned in_place moved marked busy pinned nomem shared unmovable)
}
run_test keys keys

# refused ERRNO PATTERN OPTION...
refused()
{
	answered 1 "-$1 0 0 0 0 0 0 0 0 0 0" $pid "${@:3}" || return 1
	{ [ ! -s "$work/out" ] && grep -Eqx "virtflex: $2" "$work/err"; } || { cat "$work/out" "$work/err"; return 1; }
}
run_test refused_permission refused 1 "process $pid (has capabilities that root lacks here|needs CAP_SYS_PTRACE, .*|is not yours; .*)"
run_test refused_ended refused 3 "process $pid has ended"
run_test refused_again refused 11 "threads of process $pid exit before it can be looked at; try again"
run_test refused_cpuset refused 13 "the cpuset of process $pid allows none of these nodes, .*"
run_test refused_nodes refused 22 '.*does --nodes name nodes with memory only\?' --nodes 5
run_test refused_no_active refused 22 '.*does any active node have memory\?'
run_test refused_no_call refused 38 'this kernel has no virtflex_migrate\(2\)' --method virtflex_migrate
run_test refused_nothing refused 38 'this kernel has neither virtflex_migrate\(2\) nor move_pages\(2\)'
run_test refused_other refused 12 "process $pid: Cannot allocate memory"
run_test refused_damaged refused 74 "/proc/$pid/numa_maps cannot be understood: update virtflex"

partly()
{
	answered 1 '-3 0 100 30 70 0 0 0 0 0 0' $pid && grep -qx 'virtflex: before that, 70 of 100 pages had been moved' "$work/err"
}
run_test partly partly

# --all-of: those of the user and no others, and not the command itself
of_user()
{
	answered 0 "$all_in_place" --all-of "$(id -un)" && grep -q "^ *$pid sleep " "$work/out" &&
		! grep -q ' virtflex-faked ' "$work/out" && cp "$work/out" "$work/by-name" &&
		answered 0 "$all_in_place" --all-of "$(id -u)" && grep -q "^ *$pid sleep " "$work/out" &&
		! awk 'NR > 1 && $1 ~ /^[0-9]+$/ { print $1 }' "$work/out" | while read -r p; do
			[ "$(stat -c %u "/proc/$p" 2>/dev/null || echo gone)" = "$(id -u)" ] || [ ! -e "/proc/$p" ] || echo "$p"
		done | grep . && ! grep -Eq '^ *[0-9]+ kthreadd ' "$work/out"
}
run_test of_user of_user
of_ended() { answered 0 '-3 0 0 0 0 0 0 0 0 0 0' --all-of "$(id -u)" && [ ! -s "$work/err" ]; }
run_test of_user_ended of_ended
run_test of_nobody says 1 "there is no user 'no such user'\$" migrate --all-of 'no such user'
of_none() { answered 0 "$all_in_place" --all-of 4294967294 && [ ! -s "$FAKE_ASKED" ] && [ ! -s "$work/err" ]; }
run_test of_none of_none

# Progress is for a terminal, and leaves nothing behind.
progress()
{
	local run="'$virtflex' migrate $pid $other"
	command -v script >/dev/null || { skip 'no script(1) here'; return; }
	FAKE_REPORT='0 2 100 70 30 0 0 0 0 0 0' TERM=xterm script -qec "$run" /dev/null </dev/null >"$work/out"
	{ grep -Eq $'\r1 of 2: '"$pid sleep +[0-9]+ %, 120 KiB moved, 1 call" "$work/out" &&
		grep -Eq $'\r2 of 2: '"$other sleep +[0-9]+ %, 120 KiB moved, 2 calls" "$work/out" &&
		[ "$(grep -o $'calls*\033\\[K\r\033\\[K' "$work/out" | wc -l)" -eq 2 ]; } || { cat -v "$work/out"; return 1; }
	FAKE_REPORT='0 2 100 70 30 0 0 0 0 0 0' TERM=dumb script -qec "$run" /dev/null </dev/null >"$work/out"
	! grep -q calls "$work/out" || return 1
	answered 0 '0 2 100 70 30 0 0 0 0 0 0' $pid && [ ! -s "$work/err" ]
}
run_test progress progress

# Where there is one process, its number is not told.
progress_of_one()
{
	command -v script >/dev/null || { skip 'no script(1) here'; return; }
	FAKE_REPORT='0 1 100 70 30 0 0 0 0 0 0' TERM=xterm script -qec "'$virtflex' migrate $pid" /dev/null \
		</dev/null >"$work/out"
	grep -q $'\r'"$pid sleep " "$work/out" || { cat -v "$work/out"; return 1; }
}
run_test progress_of_one progress_of_one

# widest: the most columns of a line; a letter of Japanese has two
widest()
{
	local LC_ALL=C.UTF-8 line others most=0 width
	while read -r line || [ -n "$line" ]; do
		others=${line//[ -~]/} width=$((${#line} + ${#others}))
		[ $width -le $most ] || most=$width
	done
	echo $most
}

# It is one line, however narrow the terminal is and whatever a process is called.
narrow()
{
	local columns widest name="$work/日本語のとても長い名" wide
	command -v script >/dev/null || { skip 'no script(1) here'; return; }
	ln -s "$(command -v sleep)" "$name"
	"$name" 300 &
	wide=$!
	until [ "$(cat /proc/$wide/comm)" != bash ]; do :; done
	for columns in 1 2 10 30 45; do
		FAKE_REPORT='0 2 100 70 30 0 0 0 0 0 0' TERM=xterm LC_ALL=C.UTF-8 \
			script -qec "stty cols $columns; '$virtflex' migrate $pid $wide 2>&1 >/dev/null" /dev/null </dev/null >"$work/out"
		widest=$(tr '\r' '\n' <"$work/out" | sed $'s/\033\\[K//g' | widest)
		{ [ "$widest" -lt "$columns" ] && [ "$widest" -ge $((columns - 2)) ] && [ "$(wc -l <"$work/out")" -eq 0 ]; } ||
			{ echo "$columns columns, $widest written"; cat -v "$work/out"; kill $wide; return 1; }
	done
	kill $wide
}
run_test narrow narrow

# by_signal NUMBER TEXT: it says how far it came, and ends by the signal
by_signal()
{
	export FAKE_SIGNAL=$1
	answered $((128 + $1)) '0 2 100 70 30 0 0 0 0 0 0' "${@:2}" $pid $other 2>/dev/null
	local status=$?
	unset FAKE_SIGNAL
	{ [ $status -eq 0 ] && [ "$(wc -l <"$FAKE_ASKED")" -eq 1 ] &&
		[ "$(grep -c '^virtflex: ' "$work/err")" -eq 2 ] &&
		grep -qx "virtflex: interrupted: process $pid is done before address 7f0000001000 only" "$work/err" &&
		grep -qx 'virtflex: interrupted: 1 of 2 processes were not begun' "$work/err"; } || { cat "$work/out" "$work/err"; return 1; }
}
interrupted() { by_signal "$1" && grep -q "^ *$pid sleep .* 120 KiB" "$work/out"; }
run_test interrupted_by_int interrupted 2
run_test interrupted_by_term interrupted 15
run_test interrupted_by_hup interrupted 1
interrupted_json() { by_signal 2 --json && grep -q '"moved": 30,' "$work/out"; }
run_test interrupted_json interrupted_json
# between two processes, and after the last one
between()
{
	FAKE_SIGNAL=2 answered 130 '0 0 100 70 30 0 0 0 0 0 0' $pid $other && grep -q "^ *$pid sleep .* 120 KiB" "$work/out" &&
		[ "$(cat "$work/err")" = 'virtflex: interrupted: 1 of 2 processes were not begun' ] &&
		FAKE_SIGNAL=2 answered 130 '0 0 100 70 30 0 0 0 0 0 0' $pid && grep -q "^ *$pid sleep .* 120 KiB" "$work/out" &&
		[ ! -s "$work/err" ]
}
run_test interrupted_between between
# what is ignored stays so, as by nohup(1)
ignored()
{
	(trap '' HUP && FAKE_SIGNAL=1 answered 0 '0 2 100 70 30 0 0 0 0 0 0' $pid $other) &&
		[ "$(wc -l <"$FAKE_ASKED")" -eq 2 ] && [ ! -s "$work/err" ]
}
run_test interrupted_ignored ignored
# on a terminal the line that tells of progress is gone before that
interrupted_terminal()
{
	command -v script >/dev/null || { skip 'no script(1) here'; return; }
	FAKE_SIGNAL=2 FAKE_REPORT='0 2 100 70 30 0 0 0 0 0 0' TERM=xterm \
		script -qec "'$virtflex' migrate $pid $other" /dev/null </dev/null >"$work/out"
	{ [ $? -eq 130 ] && grep -q $'\r\033\\[Kvirtflex: interrupted' "$work/out" &&
		grep -Eq "^ *$pid sleep .* 120 KiB" "$work/out"; } || { cat -v "$work/out"; return 1; }
}
run_test interrupted_terminal interrupted_terminal
finish
