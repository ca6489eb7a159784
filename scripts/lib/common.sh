# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What every script here shares: messages, long steps with their time, the
# cache directory and its locks. Messages go to standard error, which leaves
# standard output to results. Sourced, never run.

SCRIPTS=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034 # for those who source this
TOP=$(dirname "$SCRIPTS")
# Not every service sets HOME; the shell knows the one of this user.
export HOME=${HOME:-$(unset HOME; echo ~)}
case ${XDG_CACHE_HOME-} in
/*) CACHE=$XDG_CACHE_HOME/virtflex ;;
*) CACHE=$HOME/.cache/virtflex ;;
esac
export LC_ALL=C
# What goes into a guest is for all its users.
umask 022

say() { printf '%s\n' "$*" >&2; }

# fail STATUS WHAT [REMEDY]
fail() {
	printf '%s: %s\n' "${0##*/}" "$2" >&2
	[ -z "${3-}" ] || printf '  %s\n' "$3" >&2
	exit "$1"
}

# step WHAT COMMAND...: run a long step with its output in a log, one line on
# standard error: what, and how long it took. On failure the log's end is shown.
step() {
	local what=$1 log start=$SECONDS status=0
	shift
	mkdir -p "$CACHE/log"
	log=$(mktemp "$CACHE/log/step.XXXXXX")
	printf '%s...' "$what" >&2
	# A shell of its own, with what this one knows: where the caller tests the
	# result, "set -e" does nothing in this one and would go on after an error.
	{
		declare -p | grep -v '^declare -[a-zA-Z]*r' || :
		declare -f
		printf 'set -euo pipefail\n'
		printf '%q ' "$@"
	} >"$log.sh"
	bash -c '. "$1"' "$0" "$log.sh" >"$log" 2>&1 </dev/null || status=$?
	rm -f "$log.sh"
	if [ "$status" -eq 0 ]; then
		printf ' done in %d s\n' "$((SECONDS - start))" >&2
		rm -f "$log"
		return 0
	fi
	printf ' FAILED after %d s; the end of %s:\n' "$((SECONDS - start))" "$log" >&2
	tail -n 25 "$log" >&2
	return "$status"
}

# locked NAME COMMAND...: one run at a time does COMMAND; others wait for it.
# The lock is freed when this process ends, however it ends.
locked() {
	local name=$1 fd status
	shift
	mkdir -p "$CACHE/lock"
	exec {fd}>"$CACHE/lock/$name"
	if ! flock -n "$fd"; then
		say "waiting for another run to finish $name"
		flock -w 3600 "$fd" ||
			fail 125 "another run has held the lock on $name for an hour" \
				"Look for it with: fuser -v $CACHE/lock/$name"
	fi
	"$@"
	status=$?
	exec {fd}>&-
	return "$status"
}

# plain_cache: kernels and Xen build in no directory with such a name
plain_cache() {
	case $CACHE in
	*[[:space:]:%]*)
		fail 125 "nothing can be built in a directory with a blank, a colon or a percent sign in its name: $CACHE" \
			"Set XDG_CACHE_HOME to another." ;;
	esac
}

# digest: a short digest of standard input
digest() { sha256sum | cut -c1-16; }

# same_builds: an environment in which the same source builds to the same
# kernel, with objects from the cache. What an object depends on is known from
# the compiler's own list: finding out beforehand would be a third of the time.
same_builds() {
	export CCACHE_DIR=$CACHE/ccache CCACHE_MAXSIZE=2G CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1
	export KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970'
	export KBUILD_BUILD_USER=virtflex KBUILD_BUILD_HOST=virtflex
}
