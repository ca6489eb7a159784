#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The kernel's own selftests of memory, tools/testing/selftests/mm, in a guest that
# has no bash for their run_vmtests.sh: which of them run, in what order and how
# long each may take, and why the others do not. Prints what they say and, by
# judge.awk, their results, which scripts/check/mm compares between two kernels.
#
# Usage: run.sh DIRECTORY ROUNDS [PROGRAM]...
# PROGRAM: this alone; or one line of the list, as 'ksm_tests -N -m 1'

judge=$(cd "$(dirname "$0")" && pwd)/judge.awk
cd "$1" || exit 1
rounds=$2
shift 2
only=$(printf '%s\n' "$@")
files=$(echo *)
said=$(mktemp)
named='' ran=0

# wanted NAME [ARGUMENT]...: whether it is to run; it is one that this list knows
wanted() {
	named="$named $1 "
	[ -z "$only" ] || printf '%s\n' "$only" | grep -qxF -e "$1" -e "$*"
}

# run SECONDS COMMAND [ARGUMENT]...
run() {
	limit=$1
	shift
	program=$*
	program=${program##*/}
	# shellcheck disable=SC2086 # words
	wanted $program || return
	ran=$((ran + 1))
	echo "== $program"
	began=$(seconds)
	# In a session of its own, with which the processes end that it leaves
	setsid timeout -k 5 "$limit" "$@" >"$said" 2>&1 </dev/null &
	session=$!
	wait "$session"
	status=$?
	took=$(($(seconds) - began))
	kill -9 "-$session" 2>/dev/null
	# of a counter that is written over itself, how it ends
	sed -i 's/.*\r\(.\)/\1/' "$said"
	awk 1 "$said" # its last line may have no end
	awk -v program="$program" -v status="$status" -v took="$took" -v limit="$limit" -f "$judge" "$said"
}

# left_out NAME WHY
left_out() {
	{ wanted "$1" && [ -e "$1" ]; } || return
	printf 'result skip\t%s\tend\t%s\n' "$1" "$2"
}

seconds() { cut -d . -f 1 /proc/uptime; }

# huge_pages N: the pool has so many, shared out to the nodes
huge_pages() {
	echo "$1" >/proc/sys/vm/nr_hugepages
	[ "$(cat /proc/sys/vm/nr_hugepages)" = "$1" ] || echo "no $1 huge pages: $(cat /proc/sys/vm/nr_hugepages)"
}

# To swap out to: a disk in memory
swap() {
	disk=/sys/kernel/config/nullb/swap
	mount -t configfs configfs /sys/kernel/config && mkdir "$disk" && echo 1 >"$disk/memory_backed" &&
		echo 256 >"$disk/size" && echo 1 >"$disk/power" && mkswap /dev/swap >/dev/null && swapon /dev/swap
}

all() {
	# The first three fill the whole pool.
	huge_pages 128
	run 60 ./hugepage-mmap
	run 60 ./hugepage-shm
	run 60 ./map_hugetlb
	run 60 ./hugepage-mremap
	run 60 ./hugepage-vmemmap
	run 60 ./hugetlb-madvise
	run 60 ./hugetlb_dio
	run 60 ./thuge-gen
	# Each of its six tests takes 20 seconds.
	run 240 ./migration
	run 300 ./cow
	run 60 ./gup_longterm
	run 60 ./gup_test -u
	run 60 ./gup_test -a
	run 60 ./gup_test -L
	run 60 ./gup_test -ct -F 0x1 0 19 0x1000
	run 180 ./hmm-tests
	run 120 ./pagemap_ioctl
	run 60 ./uffd-unit-tests -f register-ioctls
	run 60 ./uffd-unit-tests -f zeropage
	run 120 ./uffd-unit-tests -f move
	run 60 ./uffd-unit-tests -f wp-fork
	run 60 ./uffd-unit-tests -f wp-unpopulated
	run 120 ./uffd-unit-tests -f poison
	run 60 ./uffd-unit-tests -f sigbus
	run 60 ./uffd-stress hugetlb 64 4
	huge_pages 1
	run 60 ./hugetlb_madv_vs_map
	huge_pages 0
	run 60 ./uffd-stress anon 20 4
	run 60 ./uffd-stress shmem 20 4
	run 60 ./ksm_tests -M -p 10
	run 60 ./ksm_tests -Z -p 10 -z 0
	run 60 ./ksm_tests -Z -p 10 -z 1
	# It waits for two scans, and smart ones leave pages out.
	echo 0 >/sys/kernel/mm/ksm/smart_scan
	run 60 ./ksm_tests -N -m 1
	echo 1 >/sys/kernel/mm/ksm/smart_scan
	run 60 ./ksm_tests -N -m 0
	run 60 ./ksm_functional_tests
	run 240 ./khugepaged
	# No directory for its files: no file system here has large folios, and to find that out
	# it writes nine files byte by byte.
	run 60 ./split_huge_page_test none
	run 60 ./transhuge-stress -d 5 1024
	run 120 ./mremap_test -t 4
	run 60 ./mremap_dontunmap
	run 60 ./madv_populate
	run 60 ./mkdirty
	run 60 ./soft-dirty
	run 60 ./map_fixed_noreplace
	run 60 ./map_populate
	run 60 ./mlock-random-test
	run 60 ./mlock2-tests
	# as it is for users who may not lock any amount
	run 60 su nobody -s /bin/sh -c ./on-fault-limit
	run 60 ./mrelease_test
	run 60 ./memfd_secret
	run 60 ./mdwe_test
	run 60 ./mseal_test
	run 60 ./seal_elf
	run 120 ./compaction_test
}

# Nor do the scripts that need bash, what only measures (ksm_tests -H and -P), ksm_tests -U,
# which fails when the one scan that it waits for began too early, and two parts of
# uffd-unit-tests that take minutes in emulation (-f minor, -f events).
no_others() {
	left_out droppable 'fills all memory; what is ended then depends on the moment'
	left_out hugetlb_fault_after_madv 'starts twenty thousand threads: many minutes in emulation'
	left_out hugetlb-read-hwpoison 'needs memory failures, for which the kernel is not built'
	left_out hugetlb-soft-offline 'needs memory failures, for which the kernel is not built'
	for file in protection_keys_32 protection_keys_64 pkey_sighandler_tests_32 pkey_sighandler_tests_64; do
		left_out $file 'needs protection keys, for which the kernel is not built'
	done
	left_out va_high_addr_switch 'looks at addresses alone, with page tables of five levels'
	left_out virtual_address_range 'maps all addresses there are: many minutes in emulation'
	left_out write_to_hugetlbfs 'is for two scripts that need bash and cgroups of huge pages'
	# What a newer source has is not passed over in silence.
	for file in $files; do
		case $named in
		*" $file "*) ;;
		*) left_out "$file" 'nobody has looked at it yet' ;;
		esac
	done
}

swap || echo 'no swap: cases that need it are skipped'
# Tests trace processes that are not their children.
echo 0 >/proc/sys/kernel/yama/ptrace_scope
for _ in $(seq "$rounds"); do
	all
done
no_others
if [ "$ran" -eq 0 ]; then
	echo "None of these runs here: $*. See selftests/kernel_mm/run.sh for those that do." >&2
	exit 1
fi
