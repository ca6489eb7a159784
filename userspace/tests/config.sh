#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# virtflexctl config for hosts of KVM: descriptions of some, libvirt's own schema for what
# it prints, and a libvirt of this session that takes it. That xl takes the other format is
# tested on Xen (selftests/xen).
# "A && B || C" is meant: C says why the one or the other failed.
# shellcheck disable=SC2015
set -u
. "$(dirname "$0")/ctl.bash"

# pnode HOST NODE MIB FREE_MIB CPUS DISTANCES: describe a physical node. A quarter of what is
# free is page cache.
pnode()
{
	local dir=$1/sys/devices/system/node/node$2 free=$(($4 * 1024))
	mkdir -p "$dir"
	{
		printf 'Node %d MemTotal:       %d kB\n' "$2" $(($3 * 1024))
		printf 'Node %d MemFree:        %d kB\n' "$2" $((free - free / 4))
		printf 'Node %d MemUsed:        %d kB\n' "$2" $((($3 - $4) * 1024))
		printf 'Node %d Active:         %d kB\n' "$2" 99999999
		printf 'Node %d Active(anon):   %d kB\n' "$2" 99999999
		printf 'Node %d Active(file):   %d kB\n' "$2" $((free / 8))
		printf 'Node %d Inactive(file): %d kB\n' "$2" $((free / 4 - free / 8))
	} >"$dir/meminfo"
	echo "$5" >"$dir/cpulist"
	echo "$6" >"$dir/distance"
}

# online HOST LIST
online() { echo "$2" >"$1/sys/devices/system/node/online"; }

four=$work/four
pnode "$four" 0 16384 8192 0-3,16-19 '10 12 20 22'
pnode "$four" 1 16384 8192 4-7,20-23 '12 10 22 20'
pnode "$four" 2 16384 8192 8-11,24-27 '20 22 10 12'
pnode "$four" 3 16384 8192 12-15,28-31 '22 20 12 10'
online "$four" 0-3
mkdir "$four/dev"
: >"$four/dev/kvm"

# Numbers that are left out, memory without CPUs, CPUs without memory
odd=$work/odd
pnode "$odd" 0 2048 1024 0-1 '10 17 40'
pnode "$odd" 2 2048 2000 '' '17 10 40'
pnode "$odd" 5 0 0 2 '40 40 10'
online "$odd" 0,2,5

# config HOST ARGUMENT...: prints the XML; what it says is in $work/said
config()
{
	local host=$1
	shift
	"$ctl" config --format libvirt --sysroot "$host" "$@" 2>"$work/said"
}

# placed: on which physical nodes, as it says
placed() { sed -nE 's/^virtflexctl: .* on physical nodes ([0-9,]+)(, --seed [0-9]+)?$/\1/p' "$work/said"; }

# value XPATH FILE
value() { xmllint --xpath "$1" "$2" 2>/dev/null | tr '\n' ' ' | sed 's/ $//'; }

# needs COMMAND...: or skip
needs()
{
	local command
	for command; do
		command -v "$command" >/dev/null || { skip "there is no $command here"; return; }
	done
}

schema=/usr/share/libvirt/schemas/domain.rng

# Odd sizes, more nodes than vCPUs, more nodes than physical nodes
config_fits_the_schema()
{
	local nodes policy pnodes file
	needs xmllint || return
	[ -e "$schema" ] || { skip "there is no $schema here"; return; }
	for nodes in 1 2 3 4 5 6 7 8; do
		pnodes=$(printf '%s,' 3 1 1 0 2 3 0 1 | cut -d, -f1-$nodes)
		for policy in '--policy '{interleave,local,round-robin,random} "--pnodes $pnodes" ''; do
			file=$work/schema-$nodes-${policy##* }.xml
			# shellcheck disable=SC2086 # words
			config "$four" --nodes $nodes --memory $((nodes * (2 * nodes + 66))) --vcpus $((nodes * 3 % 17)) \
				--name "n$nodes" $policy >"$file" || { cat "$work/said"; return 1; }
			[ "$(value "count(//cell)" "$file")" = $nodes ] &&
				[ "$(value "sum(//cell/@memory) = //memory" "$file")" = true ] &&
				[ "$(value "//memnode/@nodeset" "$file" | tr -dc '0-9 ' | tr -s ' ' , | sed 's/^,//')" = "$(placed)" ] ||
				{ echo "$nodes nodes, $policy:"; cat "$work/said" "$file"; return 1; }
		done
	done
	config "$odd" --nodes 3 --vcpus 2 --memory 6 >"$work/schema-odd.xml" &&
		xmllint --noout --relaxng "$schema" "$work"/schema-*.xml >"$work/validity" 2>&1 ||
		{ grep -v ' validates$' "$work/validity"; return 1; }
	[ "$(grep -c ' validates$' "$work/validity")" -eq 49 ]
}

# Each in turn, and who is full is left out
config_policies()
{
	config "$four" --nodes 4 --vcpus 8 --memory 4G >"$work/a.xml" && [ "$(placed)" = 0,1,2,3 ] &&
		grep -Fqx 'virtflexctl: free on physical nodes (page cache is as good): 0: 8.00 GiB, 1: 8.00 GiB, 2: 8.00 GiB, 3: 8.00 GiB; wanted: 1.00 GiB for each node' "$work/said" &&
		[ "$(value '//vcpupin[@vcpu = 5]/@cpuset' "$work/a.xml")" = ' cpuset="8-11,24-27"' ] &&
		[ "$(value 'count(//vcpupin)' "$work/a.xml")" = 8 ] &&
		[ "$(value '//cell[@id = 1]//sibling/@value' "$work/a.xml" | tr -dc '0-9 ')" = ' 12  10  22  20' ] &&
		config "$four" --nodes 4 --memory 8G --policy local >"$work/a.xml" && [ "$(placed)" = 0,0,0,0 ] &&
		config "$four" --nodes 3 --memory 15G --policy local >"$work/a.xml" && [ "$(placed)" = 0,1,2 ] &&
		config "$four" --nodes 4 --memory 4G --pnodes 3,3,0,1 >"$work/a.xml" && [ "$(placed)" = 3,3,0,1 ] &&
		[ "$(value '//cell[@id = 0]//sibling/@value' "$work/a.xml" | tr -dc '0-9 ')" = ' 10  11  22  20' ] &&
		config "$odd" --nodes 3 --memory 1536M >"$work/a.xml" && [ "$(placed)" = 0,2,0 ] &&
		grep -q ': 0: 1.00 GiB, 2: 1.95 GiB; ' "$work/said" &&
		[ "$(value '//cell[@id = 0]//sibling/@value' "$work/a.xml" | tr -dc '0-9 ')" = ' 10  17  11' ] &&
		[ "$(value 'count(//vcpupin)' "$work/a.xml")" = 3 ]
}

# By a seed that it says, the same again
config_random()
{
	local seed first i
	config "$four" --nodes 8 --policy random >"$work/a.xml" || return 1
	first=$(placed)
	seed=$(sed -nE 's/.*, --seed ([0-9]+)$/\1/p' "$work/said")
	config "$four" --nodes 8 --policy random --seed "$seed" >"$work/b.xml" && cmp "$work/a.xml" "$work/b.xml" || return 1
	for i in 1 2 3; do
		config "$four" --nodes 8 --policy random --seed $i >"$work/b.xml"
		[ "$(placed)" = "$first" ] || return 0
	done
	echo "always $first"
	return 1
}

# A command's turn is the next one's, also of commands at the same time; a domain that was
# not placed has had none.
config_round_robin()
{
	local turns state=$four/var/lib/virtflex/round-robin i
	rm -rf "${four:?}/var"
	for i in 0 1 2; do
		config "$four" --policy round-robin >/dev/null && [ "$(placed)" = $i,$i ] || { cat "$work/said"; return 1; }
	done
	says 4 'no physical node has room for 2 nodes of 5.00 GiB; .*, or take --policy local$' \
		config --format libvirt --sysroot "$four" --policy round-robin --memory 10G && [ "$(cat "$state")" = 3 ] || return 1
	for i in 1 2 3 4 5 6 7 8; do
		"$ctl" config --format libvirt --sysroot "$four" --policy round-robin 2>"$work/turn-$i" >/dev/null &
	done
	wait
	turns=$(sed -nE 's/.* on physical nodes ([0-9,]+)$/\1/p' "$work"/turn-* | sort | uniq -c | xargs)
	[ "$turns" = '2 0,0 2 1,1 2 2,2 2 3,3' ] || { echo "turns: $turns"; return 1; }
	# what is no number is none
	echo 99999999999999999999 >"$state"
	config "$four" --policy round-robin >/dev/null && [ "$(placed)" = 0,0 ] && [ "$(cat "$state")" = 1 ] || return 1
	rm -r "$four/var/lib/virtflex"
	: >"$four/var/lib/virtflex"
	says 1 "$state: Not a directory; .* are you root\?$" config --format libvirt --sysroot "$four" --policy round-robin
	i=$?
	rm -r "${four:?}/var"
	return $i
}

config_refusals()
{
	local on=(config --format libvirt --sysroot "$four")
	says 4 'no room for 4 nodes of 9.00 GiB; stop or shrink a domain, or ask for less$' "${on[@]}" --nodes 4 --memory 36G &&
		grep -q '^virtflexctl: free on .*: 0: 8.00 GiB, .*; wanted: 9.00 GiB for each node$' "$work/err" &&
		says 4 'physical node 3 has no room for 2 nodes of 5.00 GiB; .*, or name others$' "${on[@]}" --memory 10G --pnodes 3,3 &&
		says 4 'this host has no physical node 4 with memory$' "${on[@]}" --pnodes 0,4 &&
		says 4 'this host has no physical node 1 with memory$' config --format libvirt --sysroot "$odd" --pnodes 0,1 &&
		says 4 'this host has no physical node 5 with memory$' config --format libvirt --sysroot "$odd" --pnodes 0,5 &&
		says 1 "$work/none/sys/devices/system/node/online: No such file or directory; " config --format libvirt --sysroot "$work/none" || return 1
	mkdir -p "$work/bad/sys/devices/system/node" "$work/dom0/proc/xen"
	online "$work/bad" 'a-b'
	says 1 "$work/bad/sys/devices/system/node/online is no list of nodes$" config --format libvirt --sysroot "$work/bad" || return 1
	online "$work/bad" 0-1
	says 4 'no room for 2 nodes' config --format libvirt --sysroot "$work/bad" || return 1
	echo control_d >"$work/dom0/proc/xen/capabilities"
	says 4 'on Xen, libvirt puts node N on physical node N .*; take --format xl$' config --format libvirt --sysroot "$work/dom0"
}

config_usage()
{
	local format name list
	says 2 '--nodes is a number from 1 to 128, not 0;' config --nodes 0 &&
		says 2 '--nodes is a number from 1 to 128, not -1;' config --nodes -1 &&
		says 2 '--nodes is a number from 1 to 128, not 99999999999999999999;' config --nodes 99999999999999999999 &&
		says 2 '--format xl takes no more than 32 nodes, not 33;' config --nodes 33 --memory 66 &&
		says 2 '--format xl takes no more than 128 vCPUs, not 129;' config --vcpus 129 &&
		says 2 '--vcpus is a number from 1 to 255, not 256;' config --vcpus 256 --format libvirt &&
		says 2 '--memory is a size such as 512M or 4G, not 0;' config --memory 0 &&
		says 2 '--memory is a size such as 512M or 4G, not 2048T;' config --memory 2048T &&
		says 2 '--memory is a multiple of 2 MiB for each node: at least 8 MiB for 4;' config --memory 7 --nodes 4 &&
		says 2 '--memory is a multiple of 2 MiB for each node: 32 MiB or 34 MiB for 1;' config --memory 33 --nodes 1 &&
		says 2 '--memory is a multiple of 2 MiB for each node: 4 MiB or 8 MiB for 2;' config --memory 4097K &&
		says 2 '--policy is local, interleave, round-robin or random, not fair;' config --policy fair &&
		says 2 "--policy is local, interleave, round-robin or random, not '';" config --policy '' &&
		says 2 'config: either --policy or --pnodes;' config --policy local --pnodes 0,1 &&
		says 2 'config: --seed goes with --policy random;' config --seed 1 &&
		says 2 '--seed is a number from 0 to 4294967295, not 4294967296;' config --policy random --seed 4294967296 &&
		says 2 'config: either --name or --part;' config --name a --part &&
		says 2 'config: --sysroot goes with --format libvirt;' config --sysroot / &&
		says 2 '--format is xl or libvirt, not vbox;' config --format vbox || return 1
	for list in '' 0 0,1,2 '0,' ,0 0,,1 0-1 a,b '0, 1' 0,-1 0,1024; do
		says 2 '--pnodes is a list of 2 physical nodes, such as 0,1;' config --pnodes "$list" || return 1
	done
	for format in xl libvirt; do
		for name in '' 'a b' $'a\nmemory = 1' 'a"' "a'" 'a</name>' 'a&b' '../a' 4711 -a; do
			says 2 '--name is a letter and then up to 63 letters, digits or -_\.\+, not ' \
				config --format $format --name="$name" --sysroot "$four" || return 1
		done
	done
}

# This machine may be a dom0.
config_without_xen()
{
	[ ! -e /proc/xen/capabilities ] || { skip 'Xen is here'; return; }
	says 1 'no xenstore: ' config && grep -qx 'virtflexctl: for a host of KVM take --format libvirt' "$work/err"
}

# The same as by itself, without the rest
config_part()
{
	config "$four" --name guest >"$work/a.xml" && config "$four" --part >"$work/b.xml" &&
		[ "$(grep -c domain "$work/b.xml")" -eq 0 ] &&
		! grep -Fvxf "$work/a.xml" "$work/b.xml" &&
		{ echo '<domain>'; cat "$work/b.xml"; echo '</domain>'; } | xmllint --noout -
}

# What a libvirt of one's own takes. It is no root's: a session is a user's. An array, so
# that what is started is the process that $! names.
as_user=(env -i PATH="$PATH:/usr/sbin" LC_ALL=C HOME="$work/home" XDG_RUNTIME_DIR="$work/run"
	LIBVIRT_DRIVER_DIR="$work/drivers")
[ "$(id -u)" -ne 0 ] || as_user+=(setpriv --reuid=65534 --regid=65534 --clear-groups)

start_libvirt()
{
	local driver
	driver=$(find /usr/lib -name libvirt_driver_qemu.so -print -quit)
	[ -n "$driver" ] || { skip 'there is no driver of libvirt for QEMU here'; return; }
	mkdir -p "$work"/{home/.config/libvirt,run,drivers}
	ln -s "$driver" "$work/drivers"
	printf '%s\n' 'stdio_handler = "file"' 'security_driver = "none"' >"$work/home/.config/libvirt/qemu.conf"
	chmod 711 "$work"
	chmod 700 "$work/run"
	[ "$(id -u)" -ne 0 ] || chown -R 65534:65534 "$work"/{home,run}
	"${as_user[@]}" libvirtd --timeout 30 >"$work/libvirtd" 2>&1 &
	libvirtd=$!
	for ((i = 0; i < 200; i++)); do
		[ ! -S "$work/run/libvirt/libvirt-sock" ] || return 0
		kill -0 "$libvirtd" 2>/dev/null || break
		sleep 0.1
	done
	cat "$work/libvirtd"
	return 1
}

# defined FILE: takes it, and has of nodes, memory and vCPUs what is in there
defined()
{
	local name path
	name=$(value 'string(/domain/name)' "$1")
	"${as_user[@]}" virsh -q -c qemu:///session define --validate /dev/stdin <"$1" &&
		"${as_user[@]}" virsh -q -c qemu:///session dumpxml --inactive "$name" >"$work/dumped.xml" || return 1
	for path in /domain/memory /domain/vcpu /domain/cputune /domain/numatune //numa; do
		diff <(value "$path" "$1" | tr -d '[:space:]') <(value "$path" "$work/dumped.xml" | tr -d '[:space:]') ||
			{ echo "$path of $name"; return 1; }
	done
}

config_is_defined()
{
	local status
	needs libvirtd virsh xmllint qemu-system-x86_64 setpriv || return
	start_libvirt || return
	rm -rf "$work/emulated"
	cp -r "$four" "$work/emulated"
	rm "$work/emulated/dev/kvm"
	config "$work/emulated" --nodes 4 --memory 4G --vcpus 8 --policy interleave --name whole >"$work/a.xml" &&
		grep -qx 'virtflexctl: no /dev/kvm: the domain is one that QEMU emulates' "$work/said" &&
		config "$odd" --nodes 8 --vcpus 3 --memory 48 --policy random --seed 1 --name odd >"$work/b.xml" &&
		grep -qx 'virtflexctl: 5 of the nodes have no vCPUs, as there are only 3' "$work/said" &&
		config "$work/emulated" --nodes 128 --vcpus 255 --memory 512 --name most >"$work/c.xml" &&
		config "$odd" --pnodes 2,2 --memory 1G --name unpinned >"$work/d.xml" &&
		[ "$(value 'count(//cputune)' "$work/d.xml")" = 0 ] &&
		defined "$work/a.xml" && defined "$work/b.xml" && defined "$work/c.xml" && defined "$work/d.xml"
	status=$?
	kill "$libvirtd"
	wait "$libvirtd" 2>/dev/null
	return $status
}

for name in config_fits_the_schema config_policies config_random config_round_robin config_refusals config_usage \
	config_without_xen config_part config_is_defined; do
	run_test "$name" "$name"
done
finish
