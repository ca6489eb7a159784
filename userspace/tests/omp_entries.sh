#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Whichever entry of a runtime begins a region, its threads follow. The program has
# no other region.
set -u
. "$(dirname "$0")/omp.bash"

# follows_by ENTRY COMPILER: threads of its regions leave and return
follows_by()
{
	start "$programs/entry.$2" ENTRY="$1" OMP_PROC_BIND=true OMP_PLACES=threads
	until_true 'it is followed, or lacks the entry' followed_or_lacks || return
	! lacks || { skip "$(cat "$work/out")"; return; }
	until_true 'threads are bound' all_back single || return
	publish 2 one
	until_true 'all leave' all_left || return
	publish 3 both
	until_true 'all return' all_back single || return
	right
}
lacks() { grep -qs '^this runtime has no ' "$work/out"; }
followed_or_lacks() { followed || lacks; }

# gcc's, of which LLVM's runtime has all, for programs that gcc built
gcc=(GOMP_parallel GOMP_parallel_reductions GOMP_parallel_sections GOMP_teams_reg
	GOMP_parallel_loop_{static,dynamic,guided,runtime}
	GOMP_parallel_loop_nonmonotonic_{dynamic,guided,runtime}
	GOMP_parallel_loop_maybe_nonmonotonic_runtime
	GOMP_parallel_start GOMP_parallel_sections_start
	GOMP_parallel_loop_{static,dynamic,guided,runtime}_start)
llvm=(__kmpc_fork_call __kmpc_fork_call_if __kmpc_fork_teams
	__kmpc_push_num_threads{,_strict,_list,_list_strict} __kmpc_push_num_teams{,_51})
for compiler in "${compilers[@]}"; do
	for entry in "${gcc[@]}"; do
		run_test "entry.$entry.$compiler" follows_by "$entry" "$compiler"
	done
done
[ ! -e "$programs/entry.clang" ] || for entry in "${llvm[@]}"; do
	run_test "entry.$entry.clang" follows_by "$entry" clang
done
finish
