# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# How nodes come and go for the tests of openmp/follow.sh: dom0 does it. Whoever
# starts the guest brings the programs and the adaptor. Sourced by guest.sh.
# shellcheck disable=SC2034,SC2154

openmp=$here/../../openmp
preload=$here/../../lib/libvirtflex-omp.so
follower=$here/../follower

nodes_announced() {
	host 'during "shrinking*" "numa_nodes shrink 2 3" true' || fail "dom0: $said"
}

nodes_gone() {
	answered
	like status 'done*' "$status"
	# Pages of a program that does not follow yet may stay in extents that have memory of the kernel.
	case $error in
	'node '*', in use '*) ;;
	*) same error '' "$error" ;;
	esac
}

nodes_return() { change numa_nodes expand 2 3; }

. "$here/../openmp/programs.sh"
. "$here/../openmp/follow.sh"
