# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Programs of another release of Debian, run here with their own C library: in a tree that
# scripts/packages has unpacked, seen as / by nobody but them. Sourced, never run.

# complete_tree TREE: what packages leave to others, or to scripts that are not run
complete_tree() {
	local name
	for name in bin sbin lib lib64; do
		[ -e "$1/$name" ] || ln -s "usr/$name" "$1/$name"
	done
	[ -e "$1/usr/bin/awk" ] || ln -s mawk "$1/usr/bin/awk"
	[ -e "$1/usr/bin/sh" ] || [ -e "$1/bin/sh" ] || ln -s dash "$1/usr/bin/sh"
	mkdir -p "$1"/{dev,proc,tmp,mnt}
}

# in_tree TREE DIRECTORY COMMAND...: with DIRECTORY of this machine as /mnt. Who is not root
# needs user namespaces.
in_tree() {
	local tree=$1 dir=$2 user=()
	shift 2
	[ "$(id -u)" -eq 0 ] || user=(-r)
	unshare "${user[@]}" -m true 2>/dev/null ||
		fail 125 "programs of another release want a mount namespace, which this user cannot have" \
			"Be root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone)."
	# What this machine's programs are told by the environment is not for those.
	# shellcheck disable=SC2016 # the inner shell's
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C unshare "${user[@]}" -m bash -c 'set -e
		tree=$1
		mount --rbind /dev "$tree/dev"
		mount --rbind /proc "$tree/proc"
		mount --bind "$2" "$tree/mnt"
		shift 2
		exec chroot "$tree" "$@"' in_tree "$tree" "$dir" "$@"
}
