# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Domains that never run, which have memory of the host. Sourced in dom0; needs xl.

# fill_node PNODE [MIB]: a domain that never runs has what is free on a physical node,
# but for MIB, and a little that Xen itself may need
fill_node() {
	free=$(xl info -n | awk -v n="$1" '$1 == n ":" && NF >= 4 { print $3; exit }')
	size=$(((free - ${2:-0} - 8) / 2 * 2))
	cat >/tmp/filler <<-EOT
	name = "filler"
	type = "hvm"
	memory = $size
	vcpus = 1
	vnuma = [ [ "pnode=$1", "size=$size", "vcpus=0", "vdistances=10" ] ]
	vga = "none"
	vnc = 0
	sdl = 0
	usb = 0
	EOT
	xl create -p -q /tmp/filler
}

free_node() { xl destroy filler; }

# mute_domain: one with two nodes of 16 MiB, the second on physical node 3, that says nothing
mute_domain() {
	cat >/tmp/mute <<-EOT
	name = "mute"
	type = "hvm"
	memory = 32
	vcpus = 2
	vnuma = [ [ "pnode=0", "size=16", "vcpus=0", "vdistances=10,20" ],
	    [ "pnode=3", "size=16", "vcpus=1", "vdistances=20,10" ] ]
	vga = "none"
	vnc = 0
	sdl = 0
	usb = 0
	EOT
	xl create -p -q /tmp/mute
}
