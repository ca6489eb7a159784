#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# virtflex doctor: each check, where its thing is there and where it is not.
set -u
. "$(dirname "$0")/cli.bash"

run_test complete golden doctor.txt 0 doctor --sysroot sysroot/machine
run_test nothing golden doctor-nothing.txt 3 doctor --sysroot "$work/nothing"
run_test json golden doctor.json 3 doctor --json series xen --sysroot sysroot/no-xen
run_test some golden doctor-some.txt 0 doctor cpuset module --sysroot sysroot/machine
run_test unknown says 2 'there is no check frob; see virtflex doctor --help$' doctor kernel frob

# without FILE CHECK STATE PATTERN [TEXT]: FILE of a complete machine is not there, or is TEXT
without()
{
	local root=$work/root.$2 want=3 file=$1
	[ "$3" = missing ] || want=0
	rm -rf "$root"
	cp -r sysroot/machine "$root"
	if [ $# -gt 4 ]; then
		printf '%s\n' "$5" >"$root/$file"
	else
		rm "$root/$file"
	fi
	"$virtflex" doctor "$2" --sysroot "$root" -rn -o state,found,remedy >"$work/out" 2>&1
	{ [ $? -eq $want ] && sed 's/\\x20/ /g' "$work/out" | grep -Eq "^$3 $4" &&
		{ [ "$3" != missing ] || ! grep -q -- '-$' "$work/out"; }; } || { cat "$work/out"; return 1; }
}
node=sys/devices/system/node
run_test kernel_old without proc/sys/kernel/osrelease kernel missing 'Linux 6.11.9 install' 6.11.9
run_test kernel_older without proc/sys/kernel/osrelease kernel missing 'Linux 5.19 install' 5.19
run_test kernel_least without proc/sys/kernel/osrelease kernel ok 'Linux 6.12 -' 6.12
run_test kernel_next without proc/sys/kernel/osrelease kernel ok 'Linux 7.0.0-rc1 -' 7.0.0-rc1
copy='copy that too, if the machine has it'
run_test kernel_unknown without proc/sys/kernel/osrelease kernel missing "no .*/proc/sys/kernel/osrelease $copy"
run_test kernel_junk without proc/sys/kernel/osrelease kernel missing "no Linux release in .*/proc/sys/kernel/osrelease $copy" junk
run_test nodes_one without $node/has_memory nodes missing 'one node with memory: 0 give' 0
run_test nodes_none without $node/has_memory nodes missing "no list of nodes in .*/sys/devices/system/node $copy"
run_test nodes_junk without $node/has_memory nodes missing 'no list of nodes' 0-
run_test fallback_none without proc/self/numa_maps fallback missing "no .*/proc/self/numa_maps: pages cannot be counted $copy"
run_test series_none without proc/kallsyms series missing "no .*/proc/kallsyms: .* $copy"
run_test series_other without proc/kallsyms series missing 'the kernel does not know' '0 T virtflex_set_active_nodes_not'
run_test module_none without proc/virtflex/topology module missing 'no .*/proc/virtflex/topology load the module there and copy that too'
run_test module_newer without proc/virtflex/topology module missing '.*newer version update' 'version 2'
run_test module_damaged without proc/virtflex/topology module missing '.*/proc/virtflex/topology: .* load the module' junk
run_test xen_not without sys/hypervisor/type xen unused 'not on Xen'
run_test xen_other without sys/hypervisor/type xen unused 'not on Xen' kvm
run_test xen_pv without sys/hypervisor/guest_type xen missing 'a PV guest' PV
run_test xen_pvh without sys/hypervisor/guest_type xen ok 'PVH guest -' PVH
run_test xenstore_none without dev/xen/xenbus xenstore missing "no .*/dev/xen/xenbus $copy"
run_test xenstore_silent without proc/virtflex/topology xenstore missing 'the host has not said'
run_test xenstore_not without sys/hypervisor/type xenstore unused 'not a guest on Xen'
run_test balloon_none without sys/devices/system/xen_memory/xen_memory0/target_kb balloon missing 'no balloon driver'
run_test balloon_unlocked without proc/kallsyms balloon ok '.*; its count changes without its lock -'
run_test balloon_not without sys/hypervisor/type balloon unused 'not a guest on Xen'
run_test cpuset_closed without proc/self/status cpuset missing 'active nodes .*: 1 add' $'Name:\tx\nMems_allowed_list:\t0,2-3'
run_test cpuset_inactive without proc/self/status cpuset ok 'all active nodes' $'Name:\tx\nMems_allowed_list:\t0-1'
run_test cpuset_none without proc/self/status cpuset unused 'no list of nodes in .*/proc/self/status: no cpusets -'
run_test syscall_copy without proc/self/status syscall unused 'not to be seen'

lib=usr/lib/x86_64-linux-gnu
run_test openmp_no_runtime without $lib/libgomp.so.1 openmp unused 'no OpenMP runtime in the usual directories, but libvirtflex-omp.so -'
run_test openmp_no_adaptor without $lib/libvirtflex-omp.so openmp unused 'libgomp.so.1, but no libvirtflex-omp.so -'
openmp_several()
{
	local root=$work/root.several
	cp -r sysroot/machine "$root" && mkdir -p "$root/lib64" "$root/usr/local/lib" &&
		: >"$root/lib64/libgomp.so.1" && : >"$root/usr/local/lib/libomp.so.5" && : >"$root/lib64/libiomp5.so" &&
		"$virtflex" doctor openmp -rn --sysroot "$root" | sed 's/\\x20/ /g' |
		diff - <(echo 'openmp ok libgomp.so.1, libomp.so.5, libiomp5.so, and libvirtflex-omp.so')
}
run_test openmp_several openmp_several
# of this machine, the one beside the library of the command
openmp_here()
{
	local beside=$work/beside/libvirtflex-omp.so
	mkdir "$work/beside" && cp "$virtflex" "$work/beside/" &&
		"$work/beside/virtflex" doctor openmp >"$work/out" &&
		grep -q 'no libvirtflex-omp.so' "$work/out" &&
		grep -qx 'openmp: for virtflex run: make install puts it beside the library' "$work/out" &&
		: >"$beside" && "$work/beside/virtflex" doctor openmp >"$work/out" &&
		! grep -E 'no libvirtflex|make install' "$work/out"
}
run_test openmp_here openmp_here

# A machine where most is missing, and advises WHAT NOT: what doctor says there to
# do, and nothing that is for another machine
other=$work/other
another()
{
	rm -rf "$other"
	cp -r sysroot/machine "$other" && echo 0 >"$other/$node/has_memory" &&
		rm -r "${other:?}/dev" "$other/proc/virtflex" "$other/sys/devices/system/xen_memory"
}
advises()
{
	"$virtflex" doctor --sysroot "$other" -rn -o check,state,remedy | sed 's/\\x20/ /g' >"$work/out"
	{ grep -Eqx "$1" "$work/out" && ! grep -E "$2" "$work/out"; } || { cat "$work/out"; return 1; }
}
not_on_xen()
{
	another && rm -r "$other/sys/hypervisor" &&
		advises 'nodes missing give the machine several NUMA nodes, if it is a virtual one' '[( ]xl |dom0|CONFIG_XEN|guest' &&
		[ "$(grep -Ec '^(xen|xenstore|balloon) unused -$' "$work/out")" -eq 3 ]
}
in_dom0()
{
	another && mkdir "$other/proc/xen" && echo control_d >"$other/proc/xen/capabilities" &&
		echo PV >"$other/sys/hypervisor/guest_type" &&
		advises 'xen missing look in a guest: dom0 has no nodes that come and go' '[( ]xl |in dom0|type=|vnuma=' &&
		grep -qx 'nodes missing look in a guest: dom0 has no nodes that come and go' "$work/out" &&
		[ "$(grep -Ec '^(xenstore|balloon) unused -$' "$work/out")" -eq 2 ]
}
in_a_guest()
{
	another && advises 'nodes missing give the guest several nodes: vnuma= in its xl configuration' 'look in a guest'
}
run_test not_on_xen not_on_xen
run_test in_dom0 in_dom0
run_test in_a_guest in_a_guest

here()
{
	local want=3
	[ ! -e /proc/self/numa_maps ] || want=0
	"$virtflex" doctor fallback >"$work/out"
	[ $? -eq $want ] || { cat "$work/out"; return 1; }
}
run_test here here
# of this machine, remedies are for this machine
here_remedy()
{
	"$virtflex" doctor -rn -o found,remedy >"$work/out"
	! grep -i copy "$work/out"
}
run_test here_remedy here_remedy

limits()
{
	[ "$(id -u)" -eq 0 ] || { skip 'not root'; return; }
	setpriv --inh-caps=-sys_nice --bounding-set=-sys_nice "$virtflex" doctor limits >"$work/out"
	[ $? -eq 3 ] && grep -q '^limits missing only processes of the same user' "$work/out"
}
run_test limits limits

# It is there, and cannot be read.
unreadable()
{
	rm -rf "$work/unreadable"
	cp -r sysroot/machine "$work/unreadable" && rm "$work/unreadable/proc/sys/kernel/osrelease" &&
		mkdir "$work/unreadable/proc/sys/kernel/osrelease" || return 1
	"$virtflex" doctor kernel --sysroot "$work/unreadable" >"$work/out"
	[ $? -eq 3 ] && grep -q '^kernel missing no .*/proc/sys/kernel/osrelease$' "$work/out"
}
run_test kernel_unreadable unreadable

# No nodes are known, so none is closed.
cpuset_without_nodes()
{
	local root=$work/no_nodes
	cp -r sysroot/machine "$root" && rm "$root/proc/virtflex/topology" "$root/$node/has_memory" &&
		"$virtflex" doctor cpuset --sysroot "$root" >"$work/out" && grep -q 'all active nodes' "$work/out"
}
run_test cpuset_without_nodes cpuset_without_nodes

# Capabilities as the kernel shows them: 19 is CAP_SYS_PTRACE, 23 is CAP_SYS_NICE
limits_here()
{
	local caps want=3 said='only processes of the same user, and no --shared'
	caps=0x$(sed -n 's/^CapEff:\t//p' /proc/self/status)
	[ $((caps >> 19 & caps >> 23 & 1)) -eq 0 ] || { want=0 said='processes of all users, and --shared'; }
	"$virtflex" doctor limits >"$work/out"
	{ [ $? -eq $want ] && grep -q " $said\$" "$work/out"; } || { cat "$work/out"; return 1; }
}
run_test limits_here limits_here
finish
