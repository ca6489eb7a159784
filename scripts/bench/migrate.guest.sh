#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Measures moves of memory between two nodes, in one guest. Prints lines of
# "NAME VALUE..."; migrate turns them into a table.
#
#	migrate.guest.sh RUNS MIB WAIT_MIB PART...

runs=$1 mib=$2 wait_mib=$3
shift 3
echo 0 >/proc/sys/kernel/numa_balancing
insmod copy_folios.ko || exit 1

for run in $(seq "$runs"); do
	echo "run $run of $runs" >&2
	for part; do
		case $part in
		move)
			for kib in 4 16 64 256 1024 2048; do
				./migrate_bench move $kib "$mib" "$run" || exit
			done ;;
		zeroed)
			for kib in 4 2048; do
				./migrate_bench move $kib "$mib" "$run" | sed 's/^move/zeroed/'
			done ;;
		callers) ./migrate_bench callers 4 "$mib" "$run" || exit ;;
		scan|mark)
			for kib in 4 2048; do
				./migrate_bench "$part" $kib "$mib" "$run" || exit
			done ;;
		wait)
			for kib in 4 2048; do
				./migrate_bench wait $kib "$wait_mib" "$run" || exit
			done ;;
		# on one CPU, and once: each time counts the same
		count)
			for kib in 4 2048; do
				./migrate_bench move $kib "$mib" "$run" | sed 's/^move/count/'
			done
			for name in move_pages virtflex_migrate; do
				./migrate_bench profile 4 "$mib" "$run" $name || exit
			done ;;
		*) echo "bench: no such part: $part" >&2; exit 1 ;;
		esac
	done
done
