# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What tests of the command share. They run it below a work directory of their
# own, in the C locale unless they say otherwise.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.bash"
# The command, the same with fake/ in it, and processes to look at
virtflex=${BUILD:?}/userspace/san/virtflex
faked=$BUILD/userspace/san/virtflex-faked
looked_at=$BUILD/userspace/tests
cd "$here" || exit 1
export LC_ALL=C
unset NO_COLOR
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# for --sysroot: of a machine that lacks all
mkdir "$work/nothing"

# same_to_a_reader FILE: it, but for what differs between versions of libsmartcols: how an empty
# array is written; and, without headings, how wide columns are
same_to_a_reader()
{
	case $1 in
	*.json) sed -z -E 's/\[\n +\]/[]/g' "$1" ;;
	*-noheadings*) sed -E 's/^ +//' "$1" | tr -s ' ' ;;
	*) cat "$1" ;;
	esac
}

# golden FILE STATUS ARGUMENT...: output, errors and status are those of FILE
golden()
{
	local file=golden/$1 all=$work/all-${1##*/} status=$2 got
	shift 2
	"$virtflex" "$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	[ $got -eq "$status" ] || { echo "virtflex $*: status $got"; cat "$work/err"; return 1; }
	# the first line of a watch begins with the time
	sed -E 's/^[0-9]{2}:[0-9]{2}:[0-9]{2} /HH:MM:SS /' "$work/out" >"$all"
	sed 's/^/stderr: /' "$work/err" >>"$all"
	sed -i "s,$work/,WORK/,g" "$all"
	[ -n "${UPDATE-}" ] && cp "$all" "$file"
	diff -u <(same_to_a_reader "$file") <(same_to_a_reader "$all")
}

# says STATUS PATTERN ARGUMENT...: fails so, with a line on standard error, or $lines
says()
{
	local status=$1 pattern=$2 got
	shift 2
	"$virtflex" "$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	if [ $got -ne "$status" ] || [ -s "$work/out" ] || [ "$(wc -l <"$work/err")" -ne "${lines-1}" ] ||
		! grep -Eq "^virtflex: $pattern" "$work/err"; then
		echo "virtflex $*: status $got"
		cat "$work/out" "$work/err"
		return 1
	fi
}

# with_process COMMAND...: run it with PID set to that of a process to look at
with_process()
{
	local PID status
	sleep 60 &
	PID=$!
	"$@"
	status=$?
	kill "$PID"
	wait "$PID" 2>/dev/null
	return $status
}
