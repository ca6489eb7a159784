# shellcheck shell=bash disable=SC2154 # who sources this has chosen a Debian
# SPDX-License-Identifier: GPL-2.0
#
# A Debian that nothing was ever done to, made by mmdebstrap for one command and gone after
# it, for what a newcomer types. Sourced, never run, after common.sh and debian.sh.

# fresh_sources: sets sources to where the chosen release comes from; false if that is nowhere
fresh_sources() {
	local status=0
	sources=$(scripts/packages sources "${debian_suite_option[@]}") || status=$?
	[ "$status" -ne 4 ] && [ -n "$sources" ] || return 1
	[ "$status" -eq 0 ] || exit "$status"
}

# in_fresh_debian PACKAGES COMMAND...: runs it in a copy of this tree in there, as root. PACKAGES
# are those that are there besides the least there can be, with commas between them.
in_fresh_debian() {
	local packages=$1 work status=0
	shift
	scripts/packages need mmdebstrap tar || return
	[ "$(id -u)" -eq 0 ] || scripts/packages need uidmap || return
	work=$(mktemp -d)
	git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf "$work/tree.tar" || return
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
