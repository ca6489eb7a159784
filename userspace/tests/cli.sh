#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the command shows, against golden outputs. Set UPDATE=1 to write the
# golden files anew, and read the difference before believing it.
set -u
. "$(dirname "$0")/cli.bash"

for dump in sysroot/*; do
	name=${dump#sysroot/}
	id=${name//-/_}
	run_test "topology_$id" golden "$name.topology.txt" 0 topology --sysroot "$dump"
	run_test "topology_${id}_json" golden "$name.topology.json" 0 topology --json --sysroot "$dump"
	run_test "watch_$id" golden "$name.watch.txt" 0 watch --count 0 --sysroot "$dump"
done
run_test watch_json golden watch.json 0 watch --count 0 --json --sysroot sysroot/xen-failed
run_test watch_of_a_dump golden watch-end.txt 1 watch --json --sysroot sysroot/xen-failed
run_test pages golden pages.txt 0 pages 4242 --sysroot sysroot/xen-shrinking
run_test pages_json golden pages.json 0 pages --json 4242 --sysroot sysroot/xen-shrinking
mkdir -p "$work/nomodule/proc/7"
cp sysroot/xen-shrinking/proc/4242/numa_maps "$work/nomodule/proc/7/"
run_test pages_without_module golden pages-nomodule.txt 0 pages 7 --sysroot "$work/nomodule"

# the main thread has exited, and another has the memory
mkdir -p "$work/leaderless/proc/7/task/"{7,8}
: >"$work/leaderless/proc/7/numa_maps"
: >"$work/leaderless/proc/7/task/7/numa_maps"
cp sysroot/xen-shrinking/proc/4242/numa_maps "$work/leaderless/proc/7/task/8/"
run_test pages_without_main_thread golden pages-nomodule.txt 0 pages 7 --sysroot "$work/leaderless"
# no thread has: it has ended, and nobody has asked how
mkdir -p "$work/ended/proc/7/task/7"
: >"$work/ended/proc/7/numa_maps"
: >"$work/ended/proc/7/task/7/numa_maps"
run_test pages_of_an_ended_process says 1 'process 7 has ended$' pages 7 --sysroot "$work/ended"

# What is not in a copy is no fault of this machine
run_test no_module says 1 "no $work/nothing/proc/virtflex/topology: was the module loaded where this copy is from\?\$" topology --sysroot "$work/nothing"
run_test no_module_watch says 1 "no $work/nothing/proc/virtflex/topology: was the module .*" watch --sysroot "$work/nothing"
here()
{
	[ ! -e /proc/virtflex/topology ] || { skip 'the module is loaded here'; return; }
	says 1 'no /proc/virtflex/topology: is the module loaded\? modprobe virtflex, or insmod virtflex.ko$' topology
}
run_test no_module_here here
mkdir -p "$work/bad/proc/virtflex"
echo 'version 1' >"$work/bad/proc/virtflex/topology"
run_test broken_topology says 1 "$work/bad/proc/virtflex/topology is damaged: .*" topology --sysroot "$work/bad"
mkdir -p "$work/newer/proc/virtflex"
echo 'version 2' >"$work/newer/proc/virtflex/topology"
run_test newer_topology says 1 "$work/newer/proc/virtflex/topology is of a newer version: .*" topology --sysroot "$work/newer"
run_test pages_no_process says 1 'there is no process 99 below sysroot/xen-shrinking$' pages 99 --sysroot sysroot/xen-shrinking

# A directory that is not there, or is none
: >"$work/file"
for command in topology watch 'pages 1' top doctor; do
	# shellcheck disable=SC2086
	run_test "sysroot_${command% *}" says 1 "--sysroot $work/none: No such file or directory\$" $command --sysroot "$work/none"
	# shellcheck disable=SC2086
	run_test "sysroot_file_${command% *}" says 1 "--sysroot $work/file: Not a directory\$" $command --sysroot "$work/file"
done

run_test mappings golden mappings.txt 0 pages -m 4242 --sysroot sysroot/machine
run_test mappings_json golden mappings.json 0 pages -m --json 4242 --sysroot sysroot/machine
run_test mappings_columns_json golden mappings-columns.json 0 pages -mJ -o name,range 4242 --sysroot sysroot/machine
run_test mappings_raw golden mappings-raw.txt 0 pages -mr 4242 --sysroot sysroot/machine
run_test pages_several golden pages-several.txt 0 pages 4242 4242 --sysroot sysroot/machine
run_test pages_raw golden pages-raw.txt 0 pages -rn 4242 4242 --sysroot sysroot/machine
run_test pages_columns golden pages-columns.txt 0 pages -o size,node,Command 4242 --sysroot sysroot/machine
run_test pages_columns_json golden pages-columns.json 0 pages -J -o pages,node 4242 --sysroot sysroot/machine
run_test pages_of_user golden pages-raw-one.txt 0 pages -rn --all-of 1234567 --sysroot sysroot/machine
run_test pages_of_others golden empty.txt 0 pages -rn --all-of 1000 --sysroot sysroot/machine
run_test pages_one_of_two golden pages-one-of-two.txt 1 pages -rn 99 4242 --sysroot sysroot/machine
# With --raw a bar is a number: percent of what the whole one stands for.
# shellcheck disable=SC2086 # a command and its options
bars() { diff <(printf '%s\n' "${@:2}") <("$virtflex" $1 -rn --sysroot sysroot/machine); }
run_test pages_raw_bar bars 'pages 4242 -o share,node' '100 0' '97 1' '67 2' '45 3'
run_test topology_raw_bar bars 'topology -o memory,node' '97 0' '99 1' '99 2' '99 3'
run_test topology_raw golden topology-raw.txt 0 topology -r --sysroot sysroot/no-xen
run_test topology_noheadings golden topology-noheadings.txt 0 topology -n --sysroot sysroot/machine
run_test topology_columns golden topology-columns.txt 0 topology -o distances,NODE,Memory --sysroot sysroot/machine
run_test topology_columns_json golden topology-columns.json 0 topology -J -o cpus,node --sysroot sysroot/machine

# Nodes of the topology are shown where there are no pages too, and others with pages
no_pages()
{
	local root=$work/few
	cp -r sysroot/machine "$root" && echo '10000 default anon=3 N1=1 N1023=2 kernelpagesize_kB=4' >"$root/proc/4242/numa_maps" &&
		"$virtflex" pages -rn 4242 --sysroot "$root" | diff - <(printf '4242 %s\n' \
			'0 active 0 0' '1 active 1 4' '2 leaving 0 0' '3 leaving 0 0' '1023 - 2 8')
}
run_test nodes_without_pages no_pages

# Files that are there, and cannot be read or understood
mkdir -p "$work/directory/proc/virtflex/topology"
run_test topology_unreadable says 1 '.*/proc/virtflex/topology: Is a directory$' topology --sysroot "$work/directory"
damaged_mappings()
{
	local root=$work/damaged
	cp -r sysroot/machine "$root" && echo junk >"$root/proc/4242/numa_maps" &&
		says 1 '.*/proc/4242/numa_maps cannot be understood: update virtflex$' pages -m 4242 --sysroot "$root"
}
run_test damaged_mappings damaged_mappings

# The module goes while its file is read.
unloaded()
{
	local -x FAKE_TOPOLOGY=unloaded
	local virtflex=$faked
	says 1 'the virtflex module was unloaded; to go on: modprobe virtflex, or insmod virtflex.ko$' topology || return 1
	"$virtflex" doctor module >"$work/out"
	[ $? -eq 3 ] && grep -q '^module missing no /proc/virtflex/topology$' "$work/out"
}
run_test unloaded unloaded

# A process of a user may end before it is looked at: it is none, then.
ended_of_user()
{
	local root=$work/ended_of_user
	cp -r sysroot/machine "$root" && cp -r "$root/proc/4242" "$root/proc/77" && rm -r "$root/proc/77/"{numa_maps,task} &&
		sed -i 's/^\(Tgid\|Pid\):.*/\1:\t77/' "$root/proc/77/status" &&
		golden pages-raw-one.txt 0 pages -rn --all-of 1234567 --sysroot "$root"
}
run_test ended_of_user ended_of_user

# No number is too large.
largest_size()
{
	local root=$work/largest
	mkdir -p "$root/proc/virtflex"
	printf 'version 1\ngeneration 1\nstate stable\nnode 0 active - 0 18446744073709551615 1024 1047552 10\n' \
		>"$root/proc/virtflex/topology"
	"$virtflex" topology -n -o current,target,capacity --sysroot "$root" | awk '{ $1 = $1; print }' |
		diff - <(echo '16777216.0 PiB 1.00 MiB 1023.0 MiB')
}
run_test largest_size largest_size

# The sum is of what is shown, and of nothing else
sum_of_mappings()
{
	local root=$work/sum
	cp -r sysroot/machine "$root" && echo '10000-20000 rw-p 00000000 00:00 0' >"$root/proc/4242/maps" &&
		echo '10000 default anon=3 N1=3 kernelpagesize_kB=4' >"$root/proc/4242/numa_maps" &&
		"$virtflex" pages -m 4242 --sysroot "$root" | head -n 1 | grep -q ': 12 KiB$'
}
run_test sum_of_mappings sum_of_mappings

# With the name of the process, and one after the other
mappings_of()
{
	"$virtflex" pages -mn -o command 4242 --sysroot sysroot/machine | sort -u | diff - <(echo 'lulesh) 2.0?[31m') &&
		diff <("$virtflex" pages -m 4242 4242 --sysroot sysroot/machine) - <<-EOT
			$(cat golden/mappings.txt)

			$(cat golden/mappings.txt)
		EOT
}
run_test mappings_of mappings_of

# What is wrong with the topology is said; where pages are does not depend on it.
broken_topology_pages()
{
	local root=$work/broken
	cp -r sysroot/machine "$root" && echo junk >"$root/proc/virtflex/topology" &&
		"$virtflex" pages -rn 4242 --sysroot "$root" >"$work/out" 2>"$work/err" &&
		grep -q '^4242 0 - ' "$work/out" && ! grep -q active "$work/out" &&
		grep -qx 'virtflex: .*/proc/virtflex/topology is damaged: .*' "$work/err"
}
run_test broken_topology_pages broken_topology_pages

# A name may be as long as a kernel thread's.
long_name()
{
	local root=$work/long name
	name=$(printf 'x%.0s' {1..200})
	cp -r sysroot/machine "$root" && sed -i "s/(.*)/($name)/" "$root/proc/4242/stat" &&
		"$virtflex" pages -mrn -o command 4242 --sysroot "$root" | sort -u >"$work/out" &&
		[ "$(wc -l <"$work/out")" -eq 1 ] && grep -Eqx 'x{15,199}' "$work/out"
}
run_test long_name long_name

# Bars: what is there is to be seen, and nothing is longer than the longest.
bars()
{
	local root=$work/bars full='####################'
	cp -r sysroot/machine "$root" && echo '10000 default anon=100001 N0=100000 N1=1' >"$root/proc/4242/numa_maps" &&
		"$virtflex" pages -n -o node,share 4242 --sysroot "$root" | awk '{ print $1, $2 }' |
		diff - <(printf '%s\n' "0 $full" '1 #' '2 ' '3 ') &&
		printf 'version 1\ngeneration 1\nstate stable\nnode 0 active - 0 4096 4096 1024 10,20\nnode 1 active - 1 1024 1024 2048 20,10\n' \
			>"$root/proc/virtflex/topology" &&
		"$virtflex" topology -n -o node,memory --sysroot "$root" | awk '{ print $1, $2 }' |
		diff - <(printf '%s\n' "0 $full" '1 #####')
}
run_test bars bars

# As many columns as can be asked for
most_columns()
{
	[ "$("$virtflex" topology -n -o "$(printf 'node,%.0s' {1..63})node" --sysroot sysroot/machine | head -n 1 | wc -w)" -eq 64 ]
}
run_test most_columns most_columns

# As many mappings as a process can have
many()
{
	local root=$work/many
	mkdir -p "$root/proc/7"
	awk -v root="$root/proc/7" 'BEGIN {
		for (i = 0; i < 65000; i++) {
			start = 65536 + i * 2
			printf "%x000-%x000 rw-p 00000000 00:00 0 \n", start, start + 1 >(root "/maps")
			printf "%x000 default anon=1 dirty=1 N%d=1 kernelpagesize_kB=4\n", start, i % 3 >(root "/numa_maps")
		}
	}'
	"$virtflex" pages -rn 7 --sysroot "$root" >"$work/out" &&
		diff "$work/out" - <<-EOT || return 1
			7 0 - 21667 86668
			7 1 - 21667 86668
			7 2 - 21666 86664
		EOT
	"$virtflex" pages -m -n -o range,nodes,size 7 --sysroot "$root" >"$work/out" &&
		[ "$(wc -l <"$work/out")" -eq 65000 ] &&
		[ "$(tail -n 1 "$work/out" | tr -s ' ')" = '2fbce000-2fbcf000 1=1 4 KiB' ] &&
		[ "$("$virtflex" pages -m --json 7 --sysroot "$root" | grep -o '"range"' | wc -l)" -eq 65000 ]
}
run_test many_mappings many

# Other versions of /proc: fields and lines that are not known, and what is missing
other_proc()
{
	local root=$work/other
	cp -r sysroot/machine "$root" &&
		sed -i 's/$/ newfield=7/' "$root/proc/4242/numa_maps" &&
		printf '4242 (lulesh\n' >"$root/proc/4242/stat" &&
		"$virtflex" pages -rn 4242 --sysroot "$root" | diff - <("$virtflex" pages -rn 4242 --sysroot sysroot/machine) &&
		rm "$root/proc/4242/stat" "$root/proc/4242/status" "$root/proc/4242/smaps_rollup" &&
		"$virtflex" pages -rn 4242 --sysroot "$root" | diff - <("$virtflex" pages -rn 4242 --sysroot sysroot/machine) &&
		echo junk >"$root/proc/4242/numa_maps" &&
		says 1 "$root/proc/4242/numa_maps cannot be understood: update virtflex\$" pages 4242 --sysroot "$root" &&
		says 1 "there is no process 4242 below $work/nothing\$" pages 4242 --sysroot "$work/nothing"
}
run_test other_proc other_proc
finish
