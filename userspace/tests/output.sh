#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Where output goes: terminals, full disks, closed pipes; and text of others in it.
set -u
. "$(dirname "$0")/cli.bash"

# cannot_write WHERE ARGUMENT...: the output does not arrive, and that is an error,
# which says why
cannot_write()
{
	local where=$1 status
	shift
	case $where in
	full) "$virtflex" "$@" >/dev/full 2>"$work/err" ;;
	closed) "$virtflex" "$@" >&- 2>"$work/err" ;;
	pipe) (trap '' PIPE; exec "$virtflex" "$@" 2>"$work/err") > >(exec sleep 0) ;;
	esac
	status=$?
	{ [ $status -eq 1 ] && [ "$(grep -c '^virtflex: cannot write the output: [A-Z]' "$work/err")" -eq 1 ]; } ||
		{ echo "virtflex $*: status $status"; cat "$work/err"; return 1; }
}

for where in full closed; do
	run_test "help_$where" cannot_write $where --help
	run_test "version_$where" cannot_write $where --version
	run_test "command_help_$where" cannot_write $where topology --help
	run_test "topology_$where" cannot_write $where topology --sysroot sysroot/xen-stable
	run_test "topology_json_$where" cannot_write $where topology --json --sysroot sysroot/xen-stable
	run_test "watch_$where" cannot_write $where watch --count 0 --sysroot sysroot/xen-stable
	run_test "watch_json_$where" cannot_write $where watch --json --count 0 --sysroot sysroot/xen-stable
	run_test "pages_$where" cannot_write $where pages 4242 --sysroot sysroot/xen-shrinking
	run_test "pages_json_$where" cannot_write $where pages --json 4242 --sysroot sysroot/xen-shrinking
	run_test "mappings_$where" cannot_write $where pages -m 4242 --sysroot sysroot/machine
	run_test "help_of_$where" cannot_write $where help topology
	run_test "top_$where" cannot_write $where top 4242 --sysroot sysroot/machine
	run_test "top_json_$where" cannot_write $where top --json 4242 --sysroot sysroot/machine
	run_test "doctor_$where" cannot_write $where doctor
	run_test "doctor_json_$where" cannot_write $where doctor --json
	run_test "migrate_$where" cannot_write $where migrate $$
done

# A reader that goes ends the command as any other: by SIGPIPE.
closed_pipe()
{
	local status=("$("$virtflex" --help | head -c 0; echo "${PIPESTATUS[0]}")")
	case ${status[0]} in
	0|141) return 0 ;; # it may have been done before
	esac
	echo "status ${status[0]}"
	return 1
}
run_test closed_pipe closed_pipe

# How a change failed is text of others: here with what steers a terminal.
mkdir -p "$work/evil/proc/virtflex"
{
	printf 'version 1\ngeneration 2\n'
	printf 'state failed: a\033[31mb\007c\302\233d\233e\200f\177g\303\251h\303i\355\240\200j\360\200\200\200k\364\220\200\200l\tm\n'
	printf 'node 0 active 0 0 4 4 4 10\n'
} >"$work/evil/proc/virtflex/topology"

# no_control FILE: nothing but text, newlines and what a locale without UTF-8 has not
no_control()
{
	{
		! LC_ALL=C tr -d '\n\040-\176\200-\377' <"$1" | grep -q . &&
			iconv -f UTF-8 -t UTF-8 "$1" >/dev/null &&
			! iconv -f UTF-8 -t UTF-32LE "$1" | od -An -v -tx4 -w4 | grep -Eq '000000(8|9)[0-9a-f]$'
	} ||
		{ od -c "$1"; return 1; }
}

# clean LOCALE ARGUMENT...: of the text of others, only letters come through
clean()
{
	local locale=$1
	shift
	LC_ALL=$locale "$virtflex" "$@" >"$work/out" 2>&1
	no_control "$work/out" || return 1
	if [ "$locale" = C ]; then
		! LC_ALL=C grep -q $'[\200-\377]' "$work/out" && grep -q 'a?.*b?c' "$work/out"
	else
		grep -Eq 'a\?(\[31m)?b\?c\?d\?e\?f\?géh(\?i\?\?\?j\?\?\?\?k\?\?\?\?l\?m)?(;|$)' "$work/out"
	fi || { od -c "$work/out"; return 1; }
}
# what doctor says of the module only: the rest is missing
clean_module() { clean "$1" doctor module --sysroot "$work/evil"; }
for locale in C C.UTF-8; do
	name=$(tr A-Z. a-z_ <<<"${locale%-8}")
	run_test "clean_topology_$name" clean $locale topology --sysroot "$work/evil"
	run_test "clean_watch_$name" clean $locale watch --count 0 --sysroot "$work/evil"
	run_test "clean_top_$name" clean $locale top -c1 --sysroot "$work/evil"
	run_test "clean_doctor_$name" clean_module $locale
	run_test "clean_error_$name" clean $locale \
		$'a\033b\007c\302\233d\233e\200f\177g\303\251h'
done

# JSON is UTF-8 whatever the locale is; what is not becomes U+FFFD.
clean_json()
{
	local fffd=$'\357\277\275'
	"$virtflex" topology --json --sysroot "$work/evil" >"$work/out" || return 1
	{ iconv -f UTF-8 -t UTF-8 "$work/out" >/dev/null &&
		LC_ALL=C grep -qF "d${fffd}e${fffd}f\\u007fg"$'\303\251'"h${fffd}i" "$work/out" &&
		LC_ALL=C grep -qF 'a\u001b[31mb\u0007c\u009bd' "$work/out"; } ||
		{ cat -v "$work/out"; return 1; }
}
run_test clean_json clean_json

terminal()
{
	# what a terminal gets: colours and blocks, unless told otherwise
	local esc=$'\033' run="'$virtflex' pages 4242 --sysroot sysroot/xen-shrinking"

	command -v script >/dev/null || { skip 'no script(1) here'; return; }
	TERM=xterm LC_ALL=C.UTF-8 script -qec "$run" /dev/null </dev/null >"$work/out"
	grep -q "$esc\[32m *active" "$work/out" && grep -q '█' "$work/out" || return 1
	# of what has no colour, nothing is said
	! grep -q '(null)' "$work/out" || return 1
	# to an eighth of a block
	grep -q '█[▏▎▍▌▋▊▉]' "$work/out" || return 1
	TERM=xterm LC_ALL=C.UTF-8 NO_COLOR=1 script -qec "$run" /dev/null </dev/null >"$work/out"
	! grep -q "$esc" "$work/out" && grep -q '█' "$work/out" || return 1
	# a locale that is not installed says what the terminal takes all the same
	TERM=xterm LC_ALL=xx_YY.utf8 script -qec "$run" /dev/null </dev/null >"$work/out"
	grep -q '█' "$work/out" || return 1
	TERM=xterm LC_ALL=xx_YY.latin1 script -qec "$run" /dev/null </dev/null >"$work/out"
	! grep -q '█' "$work/out" || return 1
	TERM=xterm LC_ALL=C script -qec "$run" /dev/null </dev/null >"$work/out"
	grep -q "$esc" "$work/out" && ! grep -q '█' "$work/out"
}
run_test terminal terminal

# A terminal of which nothing is known, or too little, gets plain text.
plain()
{
	local esc=$'\033' run="'$virtflex' pages 4242 --sysroot sysroot/xen-shrinking"

	command -v script >/dev/null || { skip 'no script(1) here'; return; }
	run+="; '$virtflex' top -c 2 -d 1 4242 --sysroot sysroot/machine"
	LC_ALL=C.UTF-8 script -qec "$1; $run" /dev/null </dev/null >"$work/out"
	{ grep -q active "$work/out" && ! grep -q "[$esc█]" "$work/out"; } || { cat -v "$work/out"; return 1; }
}
run_test terminal_unset plain 'unset TERM'
run_test terminal_empty plain 'export TERM='
run_test terminal_dumb plain 'export TERM=dumb'
finish
