# shellcheck shell=bash disable=SC2154 # who sources this has chosen a Debian
# SPDX-License-Identifier: GPL-2.0
#
# A Debian that nothing was ever done to, made by mmdebstrap for one command and gone after
# it, for what a newcomer types. Sourced, never run, after common.sh and debian.sh.

# fresh_sources NAME: sets sources to where the chosen release comes from. Where that is nowhere, the test
# is skipped; where it cannot be had, it has failed.
fresh_sources() {
	local log status=0
	log=$(log_of "$1")
	sources=$(scripts/packages sources "${debian_suite_option[@]}" 2>"$log") || status=$?
	case $status in
	0) return 0 ;;
	4) skip "$1" "$(head -n 1 "$log")" ;;
	*)
		failed=$((failed + 1))
		say_failed "$1" "$log" 'its packages cannot be fetched' ;;
	esac
	finish
}

# in_fresh_debian PACKAGES COMMAND...: runs it in a copy of this tree in there, as root. PACKAGES
# are those that are there besides the least there can be, with commas between them.
in_fresh_debian() {
	local packages=$1 work status=0
	shift
	scripts/packages need mmdebstrap tar || return
	[ "$(id -u)" -eq 0 ] || scripts/packages need uidmap || return
	work=$(mktemp -d)
	git ls-files -z --cached --others --exclude-standard |
		tar --null -T - --ignore-failed-read -cf "$work/tree.tar" || { rm -rf "$work"; return 1; }
	printf 'cd /root/tree && exec %s\n' "$(printf '%q ' "$@")" >"$work/command"
	# shellcheck disable=SC2016 # for the shell of mmdebstrap
	echo "$sources" | timeout "${FRESH_TIMEOUT:-1800}" mmdebstrap --variant=minbase --format=null \
		--include="$packages" \
		--customize-hook='mkdir "$1/root/tree"' \
		--customize-hook="tar-in '$work/tree.tar' /root/tree" \
		--customize-hook="upload '$work/command' /root/command" \
		--customize-hook='env -i HOME=/root PATH="$PATH" LC_ALL=C.UTF-8 chroot "$1" sh /root/command' \
		"$debian_suite" - - || status=$?
	rm -rf "$work"
	return "$status"
}
