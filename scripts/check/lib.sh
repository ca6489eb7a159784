# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What the parts of the test suite share: run a test, count it, say how it went.

set -u
TOP=${TOP:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
cd "$TOP" || exit 1
part=$(basename "$0")
logs=$TOP/build/log/$part
passed=0 failed=0 skipped=0

# Another user's logs, which stay as they are, would be read for this run's.
if ! mkdir -p "$logs" || [ -n "$(find "$logs" ! -writable -print -quit)" ]; then
	echo "FAIL $part: cannot write below build/; see who owns it, and: make clean"
	echo "$part: 0 passed, 1 failed, 0 skipped"
	exit 1
fi

# log_of NAME: the file a test's output goes to
log_of()
{
	printf '%s/%s.log' "$logs" "$(printf '%s' "$1" | tr -c 'a-zA-Z0-9._\n-' _)"
}

# say_failed NAME LOG WHY: one line; what failed, with what stands above it,
# wherever that is in the log; and the log's end
say_failed()
{
	printf 'FAIL %s: %s; the whole log: %s\n' "$1" "$3" "${2#"$TOP"/}"
	grep -E -B 8 '^not ok|FAIL|exit status' "$2" | grep -Ev '^\[ RUN|^\[ +OK|^ok ' |
		head -n 40 | sed 's/^/     > /'
	tail -n 25 "$2" | sed 's/^/     | /'
}

# run_logged LOG COMMAND...: it, its output to the log. Where its guest died of the
# emulator's own fault, it is run once more, and that is said.
run_logged()
{
	local log=$1 status
	shift
	"$@" >"$log" 2>&1
	status=$?
	grep -q '^guest: FAILED: the emulator ran code' "$log" || return $status
	printf '     the emulator ran code that the kernel had replaced; once more\n'
	mv "$log" "$log.replaced"
	"$@" >"$log" 2>&1
}

# check NAME COMMAND...: a test that passes when the command does
check()
{
	local name=$1 began=$SECONDS log status
	shift
	log=$(log_of "$name")
	run_logged "$log" "$@"
	status=$?
	if [ $status -eq 0 ]; then
		passed=$((passed + 1))
		printf 'ok   %s (%d s)\n' "$name" $((SECONDS - began))
	else
		failed=$((failed + 1))
		say_failed "$name" "$log" "exit status $status"
	fi
	return $status
}

# check_counted NAME COMMAND...: a command that runs many tests and says so in a
# line "N passed, N failed, N skipped", which may have a "#" or a word before it
check_counted()
{
	local name=$1 began=$SECONDS log status count
	shift
	log=$(log_of "$name")
	run_logged "$log" "$@"
	status=$?
	count=$(tr -d '\r' <"$log" | grep -Eo '[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' | tail -n 1)
	if [[ $count =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
		passed=$((passed + BASH_REMATCH[1]))
		failed=$((failed + BASH_REMATCH[2]))
		skipped=$((skipped + BASH_REMATCH[3]))
		if [ $status -eq 0 ] && [ "${BASH_REMATCH[2]}" -eq 0 ]; then
			printf 'ok   %s: %s (%d s)\n' "$name" "$count" $((SECONDS - began))
		else
			[ "${BASH_REMATCH[2]}" -gt 0 ] || failed=$((failed + 1))
			say_failed "$name" "$log" "$count, exit status $status"
		fi
		sed -nE 's/^ok [0-9]* *(.*# SKIP)/     skipped: \1/p; s/^skipped: /     &/p' "$log" | sort | uniq -c |
			sed 's/^ *1 //; t; s/^ *\([0-9]*\) */\1 x /' | head -n 20
	else
		failed=$((failed + 1))
		say_failed "$name" "$log" "no count in its output, exit status $status"
	fi
}

# counted COMMAND...: its output, with the tests of cmocka in it counted; it stops at
# a failure
counted()
{
	local status
	"$@" 2>&1 | awk -f scripts/lib/cmocka.awk
	status=${PIPESTATUS[0]}
	return "$status"
}

# skip NAME REASON: counted and said
skip()
{
	skipped=$((skipped + 1))
	printf 'skip %s: %s\n' "$1" "$2"
}

# other_runtimes: OpenMP runtimes of a newer release, for tests below the adaptor, in RUNTIMES: with
# older ones, what is built here does not run. A mirror need not have that release; if it has, it
# is to be had.
other_runtimes()
{
	local name log dir status
	choose_debian "$(other_debian)"
	name="OpenMP runtimes of Debian $debian"
	[ "$debian_is" = newer ] || { skip "$name" 'they are older than those of this machine'; return; }
	log=$(log_of "$name")
	dir=$(scripts/packages unpack-all --suite "$debian_suite" libc6 libgcc-s1 libgomp1 "$debian_libomp" libmount1 2>"$log")
	status=$?
	case $status in
	0) export RUNTIMES=$debian_suite=$dir ;;
	4) skip "$name" "$(tail -n 1 "$log")" ;;
	*)
		failed=$((failed + 1))
		say_failed "$name" "$log" 'they could not be fetched' ;;
	esac
}

# xen_tools: xenstored and its clients, for tests of virtflexctl, in XEN_TOOLS
xen_tools()
{
	local name log dir
	choose_debian "$(debian_of_machine)"
	name="xenstored of Debian $debian"
	log=$(log_of "$name")
	if dir=$(scripts/packages unpack "${debian_suite_option[@]}" "xen-utils-$debian_xen" xenstore-utils 2>"$log"); then
		export XEN_TOOLS=$dir
		return
	fi
	failed=$((failed + 1))
	say_failed "$name" "$log" 'it could not be fetched'
}

# finish: the part's last line and exit status
finish()
{
	printf '%s: %d passed, %d failed, %d skipped\n' "$part" "$passed" "$failed" "$skipped"
	[ "$failed" -eq 0 ]
	exit
}
