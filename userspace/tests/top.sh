#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# virtflex top, where it is no terminal and where it is one.
set -u
. "$(dirname "$0")/cli.bash"

run_test once golden top.txt 0 top -c 1 4242 --sysroot sysroot/machine
run_test once_json golden top.json 0 top -c 1 --json 4242 --sysroot sysroot/machine
run_test of_user golden top.txt 0 top -c 1 -a 1234567 --sysroot sysroot/machine
run_test of_none golden top-nodes.txt 0 top -c 1 -a 99 --sysroot sysroot/machine
run_test no_process golden top-nodes.txt 0 top -c 1 --sysroot sysroot/machine
run_test without_sys golden top-without-sys.txt 0 top -c 1 --sysroot sysroot/xen-shrinking
# a copy does not change: it is shown once, unless more is asked for
run_test of_a_copy golden top.txt 0 top 4242 --sysroot sysroot/machine
run_test of_a_copy_json golden top.json 0 top --json 4242 --sysroot sysroot/machine
head_of_nothing() { [[ $("$virtflex" top --sysroot "$work/nothing" | head -n 1) == *:*:*' no topology' ]]; }
run_test of_an_empty_copy head_of_nothing
run_test gone says 1 'there is no process 99 below sysroot/machine$' top 99 --sysroot sysroot/machine
run_test one_gone says 1 'there is no process 99 below sysroot/machine$' top 4242 99 --sysroot sysroot/machine
run_test no_user says 1 "there is no user 'no such user'\$" top --all-of 'no such user'
run_test no_proc says 1 '.*/proc: No such file or directory$' top -a 0 --sysroot "$work/nothing"
kernel_thread()
{
	[ "$(cat /proc/2/comm 2>/dev/null)" = kthreadd ] || { skip 'no kthreadd here'; return; }
	says 1 'process 2 is a kernel thread, which has no pages of its own$' top -c 1 2
}
run_test kernel_thread kernel_thread

# nobody ARGUMENT...: the command, as nobody
nobody()
{
	local bin=$work/bin
	chmod 755 "$work"
	[ -x "$bin/virtflex" ] || install -D -m 755 "$BUILD/userspace/san/virtflex" "$bin/virtflex"
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all "$bin/virtflex" "$@"
}

is_root() { [ "$(id -u)" -eq 0 ] && setpriv --reuid=65534 --clear-groups true 2>/dev/null; }

# Where nothing of a user may be looked at, that is said, and why; and where some
# may, how many may not.
nothing_of_user()
{
	local virtflex=nobody all
	is_root || { skip 'cannot be another user here'; return; }
	lines=2 with_process says 1 'process [0-9]+ is not yours; try as its user or as root$' top -c 1 -a root &&
		grep -Eqx 'virtflex: none of the [0-9]+ processes of root can be looked at' "$work/err" || return 1
	# a name with a file that cannot be read, beside one that can be
	all=$work/some
	{ cp -r sysroot/machine "$all" && chmod -R a+rX "$all" && cp -r "$all/proc/4242" "$all/proc/77" &&
		sed -i "s/4242/77/" "$all/proc/77/status" &&
		rm "$all/proc/77/numa_maps" && mkdir -m 700 "$all/proc/77/numa_maps" &&
		nobody top -c 1 -a 1234567 --sysroot "$all" >"$work/out" 2>"$work/err" &&
		[ ! -s "$work/err" ] && grep -q '^ *4242 ' "$work/out" &&
		grep -qx '1 of 2 processes cannot be looked at' "$work/out" &&
		nobody top -c 1 -Ja 1234567 --sysroot "$all" >"$work/out" &&
		grep -q '"hidden_processes": 1\b' "$work/out"; } || { cat "$work/out" "$work/err"; return 1; }
}
# of a copy, it is the file that cannot be read
hidden_copy()
{
	local virtflex=nobody root=$work/some
	is_root || { skip 'cannot be another user here'; return; }
	says 1 "$root/proc/77 cannot be read: Permission denied\$" top 77 --sysroot "$root" &&
		says 1 "$root/proc/77 cannot be read: Permission denied\$" pages 77 --sysroot "$root"
}
run_test nothing_of_user nothing_of_user
run_test hidden_copy hidden_copy

# Rates are between two updates; what is counted does not change here.
rates()
{
	"$virtflex" top -c 2 -d 1 --json 4242 --sysroot sysroot/machine >"$work/out" &&
		[ "$(wc -l <"$work/out")" -eq 2 ] &&
		sed -n 1p "$work/out" | grep -q '"moved_pages_s": null, .*"in_kb_s": null, "out_kb_s": null' &&
		sed -n 2p "$work/out" | grep -q '"moved_pages_s": 0, ' &&
		[ "$(sed -n 2p "$work/out" | grep -o '"in_kb_s": 0, "out_kb_s": 0' | wc -l)" -eq 4 ]
}
run_test rates rates

uptime_s() { cut -d ' ' -f 1 /proc/uptime; }

# Without the module there are nodes all the same, and it goes on.
without_module()
{
	local root=$work/nomodule
	cp -r sysroot/machine "$root" && rm -r "$root/proc/virtflex" &&
		"$virtflex" top -c 2 -d 1 --sysroot "$root" >"$work/out" &&
		[ "$(grep -c '^..:..:.. no topology' "$work/out")" -eq 2 ] &&
		[ "$(grep -c '^ *[0-3] - ' "$work/out")" -eq 8 ]
}
run_test without_module without_module

# What changes between two updates; a window of another size makes it look anew.
changes()
{
	local root=$work/changing second third fourth begun
	cp -r sysroot/machine "$root" || return 1
	sed -i -E '/^node +3/ s/ 27 +0 +0 +0 / 27 0 0 10 /' "$root/proc/virtflex/counters"
	begun=$(uptime_s)
	started -d 100000 --json --sysroot "$root" || return 1
	sed -i 's/^pgmigrate_success .*/pgmigrate_success 999999999999/' "$root/proc/vmstat"
	# extents that were emptied first, and pages that came
	sed -i -E '/^node +2/ s/ 26 +0 +0 +0 +0 / 26 999999999 0 0 999999999 /' "$root/proc/virtflex/counters"
	# pages only
	sed -i -E '/^node +3/ s/ 27 0 0 10 +0 / 27 0 0 10 500 /' "$root/proc/virtflex/counters"
	kill -WINCH "$TOP"
	read -r -u 5 second || return 1
	# of a time that is part of what has passed since it was started
	sed -E 's/.* "id": 2, [^}]*"in_kb_s": ([0-9]+).*/\1/' <<<"$second" |
		awk -v passed="$(uptime_s)" -v begun="$begun" '{ exit $1 * (passed - begun + 0.02) < 4 * 999999999 }' ||
		{ echo "$second"; return 1; }
	# the module was loaded again, and counts anew
	cp sysroot/machine/proc/vmstat "$root/proc/"
	cp sysroot/machine/proc/virtflex/counters "$root/proc/virtflex/"
	kill -WINCH "$TOP"
	read -r -u 5 third || return 1
	# a node comes, of which nothing is known from before
	echo 0-4 >"$root/sys/devices/system/node/online"
	kill -WINCH "$TOP"
	read -r -u 5 fourth || return 1
	grep -q '"id": 4, [^}]*"in_kb_s": null, "out_kb_s": null' <<<"$fourth" || { echo "$fourth"; return 1; }
	kill "$TOP"
	{ ended && grep -Eq '"moved_pages_s": [1-9].* "id": 2, .* "in_kb_s": [1-9][0-9]*, "out_kb_s": [1-9][0-9]* }, { "id": 3, .* "in_kb_s": [1-9][0-9]*, "out_kb_s": 0 }' <<<"$second" &&
		grep -Eq '"moved_pages_s": null.* "id": 2, .* "in_kb_s": null, "out_kb_s": null }, { "id": 3, .* "in_kb_s": null, "out_kb_s": 0 }' <<<"$third"; } ||
		{ echo "$second"; echo "$third"; return 1; }
}

# started ARGUMENT...: top is running as $TOP, and has written something
started()
{
	rm -f "$work/pipe"
	mkfifo "$work/pipe"
	"$virtflex" top "$@" >"$work/pipe" &
	TOP=$!
	exec 5<"$work/pipe"
	read -r -u 5 _
}

# ended: it has ended by itself, and all was well
ended()
{
	cat <&5 >/dev/null
	exec 5<&-
	wait "$TOP"
}

# It ends when those have ended that were named.
ends()
{
	sleep 300 &
	local pid=$!
	started -d 1 $pid || return 1
	kill $pid
	wait $pid 2>/dev/null
	ended
}
run_test ends ends
run_test changes changes

signal()
{
	started && kill "-$1" "$TOP" && ended
}
run_test ends_by_int signal INT
run_test ends_by_term signal TERM

# By a key too, and then the terminal is as it was.
terminal()
{
	local esc=$'\033'
	command -v script >/dev/null || { skip 'no script(1) here'; return; }
	{
		echo "stty -a >'$work/before'"
		echo "TERM=xterm '$virtflex' top -d 100 4242 --sysroot sysroot/machine; echo status \$? >'$work/status'"
		echo "stty -a >'$work/after'"
	} >"$work/do"
	# which stays open: only the key can end it
	mkfifo "$work/keys"
	exec 6<>"$work/keys"
	printf q >&6
	TERM=xterm LC_ALL=C.UTF-8 script -qec "sh '$work/do'" /dev/null <&6 >"$work/out"
	exec 6>&-
	{ diff "$work/before" "$work/after" && grep -qx 'status 0' "$work/status" &&
		grep -q "$esc\[?1049h" "$work/out" && grep -q "$esc\[?1049l" "$work/out" &&
		grep -q "$esc\[33mleaving" "$work/out" && grep -q '█' "$work/out"; } || { cat -v "$work/out"; return 1; }
}
run_test terminal terminal

# One view stays on the terminal.
stays()
{
	local options
	command -v script >/dev/null || { skip 'no script(1) here'; return; }
	for options in '' '-c 1'; do
		TERM=xterm script -qec "'$virtflex' top $options 4242 --sysroot sysroot/machine" /dev/null </dev/null >"$work/out"
		{ grep -q 4242 "$work/out" && ! grep -q $'\033\\[?' "$work/out"; } || { cat -v "$work/out"; return 1; }
	done
}
run_test one_view_stays stays

# frame: the first screen of $work/out, without colours
frame()
{
	local esc=$'\033'
	tr -d '\r' <"$work/out" | sed "s/$esc\[H/\n&\n/; s/$esc\[?7h/\n&/" | sed "1,/^$esc\[H/d" |
		sed -E "/$esc\[\?7h/Q; /^$esc\[J/d; s/$esc\[[0-9]*[mKJH]//g" >"$work/frame"
}

# window ROWS COLUMNS: what does not fit is left out, and said to be
window()
{
	local line lines=0
	command -v script >/dev/null || { skip 'no script(1) here'; return; }
	printf q | TERM=xterm LC_ALL=C.UTF-8 script -qec "stty rows $1 cols $2
		'$virtflex' top -d 100 4242 --sysroot sysroot/machine" /dev/null >"$work/out"
	frame
	while read -r line || [ -n "$line" ]; do
		lines=$((lines + 1))
		[ "$(LC_ALL=C.UTF-8; echo ${#line})" -le "$2" ] || { echo "too wide: $line"; return 1; }
	done <"$work/frame"
	[ $lines -le "$1" ] || { cat -v "$work/frame"; return 1; }
}
full()
{
	# what fits is there as it is elsewhere
	window 24 80 && LC_ALL=C.UTF-8 "$virtflex" top -c 1 4242 --sysroot sysroot/machine |
		diff <(tr -d '#' | sed '1d; s/ *$//') <(sed '1d; s/ *$//; s/[█▏▎▍▌▋▊▉]//g; s/ *$//' "$work/frame")
}
few_rows()
{
	# blank lines go first
	{ window 11 80 && [ "$(grep -c '^ *4242 ' "$work/frame")" -eq 4 ] && ! grep -q '^$' "$work/frame" &&
		window 5 80 && grep -q '^ *1 *active' "$work/frame" && [ "$(tail -n 1 "$work/frame")" = '... 7 more lines' ] &&
		window 2 80 && [ "$(tail -n 1 "$work/frame")" = '... 10 more lines' ] &&
		window 1 80 && grep -q 'generation 6' "$work/frame"; } || { cat -A "$work/frame"; return 1; }
}
few_columns()
{
	window 24 20 && grep -qx ' *2 leaving 4-5  19' "$work/frame" && window 24 1
}
run_test window full
run_test window_few_rows few_rows
run_test window_few_columns few_columns
finish
