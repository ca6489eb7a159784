# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What tests of virtflexctl share, those that need no Xen. Without its libraries there is no
# virtflexctl, and the tests are skipped.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.bash"
top=$(cd "$here/../.." && pwd)
ctl=${BUILD:?}/sbin/virtflexctl
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ -x "$ctl" ] || {
	no_xen() { skip 'there is no libxen-dev here'; }
	run_test "$(basename "$0" .sh)" no_xen
	finish
	exit
}

# says STATUS PATTERN ARGUMENT...: fails so, prints nothing, with an error like that
says()
{
	local status=$1 pattern=$2 got
	shift 2
	"$ctl" "$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	if [ $got -ne "$status" ] || [ -s "$work/out" ] || ! grep -Eq "^virtflexctl: $pattern" "$work/err"; then
		echo "virtflexctl $*: status $got"
		cat "$work/out" "$work/err"
		return 1
	fi
}
