# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# A topology of two nodes with a CPU each of this machine, for programs that have
# topology_file.so preloaded: in TOPOLOGY_DIR=$work/dir.

# The first two CPUs that there are for tests
read -r cpu0 cpu1 _ < <(awk '$1 == "Cpus_allowed_list:" {
	n = split($2, range, ",")
	for (i = 1; i <= n; i++) {
		split(range[i], end, "-")
		for (cpu = end[1]; cpu <= (end[2] == "" ? end[1] : end[2]); cpu++)
			printf "%d ", cpu
	} }' /proc/self/status; echo)

# publish GENERATION both|one: a topology in which both nodes are active, or the
# first
publish()
{
	local state=stable second=active
	[ "$2" = both ] || state=shrinking second=leaving
	mkdir -p "$work/dir"
	printf 'version 1\ngeneration %d\nstate %s\nnode 0 active 0 %d 1 1 1 10,20\nnode 1 %s 1 %d 1 1 1 20,10\n' \
		"$1" $state "$cpu0" $second "$cpu1" >"$work/next"
	mv "$work/next" "$work/dir/topology"
}
