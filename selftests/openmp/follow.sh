# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# OpenMP programs while nodes 2 and 3 leave and return, with the adaptor and without
# it. Whoever sources this after programs.sh has
#
#	nodes_announced	they are to leave; their CPUs are still there
#	nodes_gone	... and are not any more
#	nodes_return	they are back
#
# shellcheck disable=SC2016,SC2154

nodes_leave() {
	nodes_announced
	nodes_gone
}

# What a test cannot do without: it is skipped, and returns
has_programs() { [ -n "$(compilers)" ] || { skip 'no OpenMP programs here'; return 1; }; }
has_migrate() { "$follower" --probe || { skip 'this kernel has no virtflex_migrate(2)'; return 1; }; }

bound='OMP_PROC_BIND=true OMP_PLACES=threads'

# What the adaptor is for: without it, runtimes give up.
openmp_aborts_without() {
	has_programs || return
	for compiler in $(compilers); do
		# shellcheck disable=SC2086
		openmp_start regrow "$compiler" $bound
		all_on_their_cpus "$compiler: bound"
		nodes_leave
		left=600
		while kill -0 "$pid" 2>/dev/null && [ $left -gt 0 ]; do
			left=$((left - 1))
			sleep 0.1
		done
		[ $left -gt 0 ] || { fail "$compiler: it lives"; kill "$pid"; }
		! wait "$pid" || fail "$compiler: it did not fail"
		nodes_return
	done
}

openmp_bound_lives() {
	has_programs || return
	for compiler in $(compilers); do
		# shellcheck disable=SC2086
		openmp_start regrow "$compiler" LD_PRELOAD="$preload" $bound
		all_on_their_cpus "$compiler: bound"
		nodes_leave
		none_beyond_node_1 "$compiler: after the shrink"
		nodes_return
		all_on_their_cpus "$compiler: bound again"
		openmp_stop
	done
}

# In one region from beginning to end, not bound
openmp_in_a_region() {
	has_programs || return
	for compiler in $(compilers); do
		openmp_start long_region "$compiler" LD_PRELOAD="$preload"
		until_threads "$compiler: eight threads" 'END { exit NR < 8 }'
		nodes_announced
		none_beyond_node_1 "$compiler: announced"
		nodes_gone
		nodes_return
		until_threads "$compiler: anywhere again" '{ bad += !/7/ } END { exit bad || NR < 8 }'
		openmp_stop
	done
}

# Threads first, then the memory they use.
openmp_memory_follows() {
	has_programs && has_migrate || return
	for compiler in $(compilers); do
		# shellcheck disable=SC2086
		openmp_start triad "$compiler" LD_PRELOAD="$preload" $bound
		all_on_their_cpus "$compiler: bound"
		until_pages 3 '$1 > 100'
		nodes_leave
		none_beyond_node_1 "$compiler: after the shrink"
		until_pages 3 '$1 == 0'
		nodes_return
		all_on_their_cpus "$compiler: bound again"
		# of the arrays, whose threads are there; others need not be touched there
		until_pages 3 '$1 > 100'
		openmp_stop
	done
}

# late_start COMPILER: a program on node 3, with memory there and no region yet
late_start() {
	below='taskset -c 7' openmp_start late "$1" LD_PRELOAD="$preload"
	until_pages 3 '$1 >= 512'
}

# A program that touched memory before it had a thread that anybody knew of
openmp_begins_late() {
	has_programs && has_migrate || return
	for compiler in $(compilers); do
		late_start "$compiler"
		nodes_leave
		kill -USR1 "$pid"
		none_beyond_node_1 "$compiler: begun"
		until_pages 3 '$1 == 0'
		nodes_return
		openmp_stop
	done
}

# A thread that is not OpenMP's touches new pages where it is until its CPU goes, and
# the others have left long ago.
openmp_touches_amid() {
	has_programs && has_migrate || return
	for compiler in $(compilers); do
		late_start "$compiler"
		kill -USR1 "$pid"
		until_threads "$compiler: eight threads" 'END { exit NR < 8 }'
		nodes_announced
		until_moved "$compiler: all that was there"
		until_pages 3 '$1 > 5'
		nodes_gone
		until_pages 3 '$1 == 0'
		nodes_return
		openmp_stop
	done
}
