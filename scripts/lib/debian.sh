# shellcheck shell=bash disable=SC2034 # for those who source this
# SPDX-License-Identifier: GPL-2.0
#
# What a Debian is: the only place that knows releases, and what is called differently in
# each. Another release is another line of debian_releases(). Sourced, never run, after
# common.sh.

# Number, name of the suite, Xen, headers of the kernel of the line that the module is for,
# that kernel for clouds, LLVM's OpenMP runtime
debian_releases() {
	cat <<-EOT
	12 bookworm 4.17 linux-headers-6.12-amd64 linux-image-6.12-cloud-amd64 libomp5-14
	13 trixie   4.20 linux-headers-amd64      linux-image-cloud-amd64      libomp5-19
	EOT
}

debian_numbers() { debian_releases | awk '{ printf "%s%s", sep, $1; sep = " or " }'; }

# debian_of_machine: prints the number of this machine's release, or nothing if it is none
# of them. OS_RELEASE names another file than the machine's own, for tests.
debian_of_machine() {
	local number
	# shellcheck source=/dev/null
	number=$(. "${OS_RELEASE:-/etc/os-release}" 2>/dev/null && [ "${ID-}" = debian ] && echo "${VERSION_ID-}") || :
	debian_releases | awk -v number="$number" '$1 "" == number "" { print $1 }'
}

# choose_debian [NUMBER]: the release that is asked for, by NUMBER or DEBIAN, or the
# machine's own. Sets debian, its number; what the table has of it; debian_suite_option,
# what scripts/packages is to be told; and debian_is: newer or older than this machine's
# release, or the same.
choose_debian() {
	local own
	own=$(debian_of_machine)
	debian=${1:-${DEBIAN:-$own}}
	[ -n "$debian" ] ||
		fail 125 "this machine is not Debian $(debian_numbers)" "Say which to take by DEBIAN=$(debian_numbers)."
	read -r _ debian_suite debian_xen debian_headers debian_cloud_image debian_libomp \
		< <(debian_releases | awk -v number="$debian" '$1 "" == number ""') ||
		fail 125 "DEBIAN: '$debian' is not a release that is known" "These are: $(debian_numbers)."
	debian_suite_option=() debian_is=same
	[ "$debian" != "$own" ] || return 0
	debian_suite_option=(--suite "$debian_suite") debian_is=newer
	[ "$debian" -gt "${own:-0}" ] || debian_is=older
}

# The release whose QEMU runs guests of Xen: see choose_emulator() in xen.sh.
NESTED_QEMU_SUITE=bookworm

# other_debian: prints the number of a release that is not the machine's, the newest
other_debian() {
	debian_releases | awk -v own="$(debian_of_machine)" '$1 != own { other = $1 } END { print other }'
}
