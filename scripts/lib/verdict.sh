# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Whether a run was good, decided when the machine is off and every log is
# complete. Kernels' own reports are told from other lines by their place: at
# the start of a line, after the time stamp. The list of lines that look bad
# and are not is verdict.allow, each with its reason.

stale_why="the emulator ran code that the kernel had replaced"

# offending FILE...: the lines that make a run fail
offending() {
	# "[    1.234567] ", with the caller ("[ T1]") where the kernel adds it
	local stamp='^(\[ *[0-9]+\.[0-9]+\](\[ *[TC][0-9]+\])? )?'
	grep -ahE "$stamp"'(Kernel panic - not syncing|kernel BUG at |BUG[: ]|WARNING: |Oops(: |$)|(watchdog: )?BUG: |INFO: (task .* blocked for|possible |trying to register|rcu|lockdep)|rcu: INFO: .*(stall|detected)|UBSAN: |kmemleak: [0-9]+ new suspected|unable to handle |Unable to handle |double fault|irq [0-9]+: nobody cared|kasan: |Bad FPU state detected|virtflex harness: )|^\(XEN\) (\[[^]]*\] )?(Panic on CPU|Assertion |Xen BUG at|Xen WARN at|.*domain_crash called|.*Triple fault|.*Failed vm entry)' \
		"$@" 2>/dev/null | tr -d '\r' |
		grep -vEf <(sed '/^#/d; /^$/d' "$SCRIPTS/lib/verdict.allow") || :
}

# stale_code FILE...: whether a kernel there died of a breakpoint that was not in its code
# any more: the emulator ran what the kernel had replaced. The byte before the one that
# "Code:" marks is what the memory held by then; one of a real breakpoint is cc.
# Reported for QEMU 8.0 as well: linux-kernel, July 2023, "qemu-x86_64 booting with
# 8.0.0 stil see int3".
stale_code() {
	{ cat "$@" 2>/dev/null || :; } | awk '
		/Oops: int3/ { oops = 1 }
		oops && match($0, /Code:.* [0-9a-f][0-9a-f] </) {
			if (substr($0, RSTART + RLENGTH - 4, 2) != "cc")
				stale = 1
			oops = 0
		}
		END { exit !stale }'
}

# verdict STATUS_OF_QEMU: explains a failure on standard error and ends with the run's status
verdict() {
	local why='' seen status
	seen=$(offending "$RUN/console" "$RUN/guest-console" | head -n 12)
	status=$(sed -n 's/^exit \([0-9]*\) .*/\1/p' "$RUN/records" | tail -n 1)
	if stale_code "$RUN/console" "$RUN/guest-console"; then
		why=$stale_why
	elif [[ $seen == *"Kernel panic"* ]]; then
		why="guest panicked: $(sed -n 's/.*Kernel panic - not syncing: //p' <<<"$seen" | head -n 1)"
	elif [ "$1" -eq 124 ] || [ "$1" -eq 137 ]; then
		why="timed out after $timeout s (--timeout)"
	elif [ -n "$seen" ]; then
		why="the kernel reported a problem"
	elif [ "$xen" != no ] && ! grep -q '^created' "$RUN/dom0-records"; then
		why=$(dom0_trouble)
	elif ! grep -q '^up' "$RUN/records"; then
		why="guest ended before it reached the command (qemu's status $1)"
	elif [ -z "$status" ]; then
		why="guest ended with no exit status of the command"
	elif grep -q '^module ' "$RUN/records"; then
		why=$(sed -n 's/^module /could not load /p' "$RUN/records")
	fi
	if [ -z "$why" ] && [ -s "$RUN/qemu" ] && [ "$1" -ne 0 ]; then
		why="qemu failed with status $1"
	fi
	if [ -z "$why" ] && [ "$xen" != no ]; then
		why=$(dom0_trouble)
	fi
	if [ -n "$why" ] || [ -n "$log" ]; then
		keep_log
	fi
	[ -n "$why" ] || exit "$status"
	{
		echo "guest: FAILED: $why"
		if [ -n "$seen" ]; then
			printf '%s\n' "$seen" | sed 's/^/    /'
		else
			tail -qn 8 "$RUN/qemu" "$RUN/console" "$RUN/guest-console" 2>/dev/null | tr -d '\r' | sed 's/^/    /' || :
		fi
		echo "  log: $log"
	} >&2
	case $why in
	"timed out"*) exit 124 ;;
	"dom0 command"*) [ "${status:-0}" -ne 0 ] && exit "$status" || exit 1 ;;
	*) exit 125 ;;
	esac
}

keep_log() {
	local part
	if [ -z "$log" ]; then
		log=guest-$(date +%Y%m%d-%H%M%S)-$$.log
		# The tree may be another user's.
		if mkdir -p "$TOP/build/log" && [ -w "$TOP/build/log" ]; then
			log=$TOP/build/log/$log
		else
			log=${TMPDIR:-/tmp}/$log
		fi 2>/dev/null
	fi
	for part in "$RUN"/{command,qemu,records,console,guest-console,dom0-records,dm}; do
		[ ! -s "$part" ] || { echo "==== ${part##*/}"; tr -d '\r' <"$part"; }
	done >"$log"
}
