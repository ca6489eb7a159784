#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Whatever the environment says of places, well or badly: below the adaptor the
# runtime makes the same of it, and threads have exactly those CPUs again after a
# node left and returned.
#
# ALL=1: ten times as many strings
# SEED: for others than those of every time (1)
set -u
ulimit -c 0
. "$(dirname "$0")/omp.bash"
seed=${SEED:-1} count=25
[ -z "${ALL-}" ] || count=250
taskset -cp "$cpu0,$cpu1" $$ >"$work/out" || exit 1
mkdir "$work/changes"
for generation in 1 2 3; do
	publish $generation "$([ $generation -eq 2 ] && echo one || echo both)"
	mv "$work/dir/topology" "$work/changes/$generation"
done
# a process that begins without one does not look again
publish 1 both
# spinning is not what this is about
export OMP_WAIT_POLICY=passive

# What makes up strings adds to this, and draws from RANDOM, whose values are those
# of the seed: nothing here is in a subshell.
text=
chance() { [ $((RANDOM % $1)) -eq 0 ]; }
one_of() { local n=$((RANDOM % $# + 1)); text+=${!n}; }

number()
{
	if chance 12; then
		one_of '' -1 x 1.5 007 1024 65536 99999999999999999999
	elif chance 6; then
		text+=$((RANDOM % 70))
	else
		one_of "$cpu0" "$cpu1"
	fi
}
small() { if chance 12; then number; else text+=$((RANDOM % 3 + 1)); fi; }
blanks() { ! chance 5 || one_of ' ' '  ' $'\t'; }

# interval: what may follow a number or a place
interval()
{
	chance 3 || return 0
	text+=:
	small
	! chance 3 || { text+=:; ! chance 3 || text+=-; small; }
}

# list SEPARATOR ELEMENT: some of them
list()
{
	"$2"
	until chance 2; do
		blanks
		text+=$1
		blanks
		"$2"
	done
}
cpus() { ! chance 20 || text+='!'; number; interval; }
place() { text+='{'; list , cpus; text+='}'; interval; }
range() { number; ! chance 3 || { text+=-; number; ! chance 3 || { text+=:; small; }; }; }
policy() { one_of true false primary master close spread SPREAD Close none 2; }

OMP_PLACES()
{
	if chance 4; then
		one_of threads cores sockets ll_caches numa_domains Threads thread
		! chance 3 || { text+='('; small; text+=')'; }
	else
		list , place
	fi
}
GOMP_CPU_AFFINITY() { if chance 2; then list , range; else list ' ' range; fi; }
OMP_PROC_BIND() { list , policy; }
KMP_AFFINITY()
{
	chance 2 || one_of granularity=fine, granularity=core, respect, norespect, nowarnings,
	if chance 2; then
		one_of compact scatter balanced none disabled logical physical compact,1,0 compct
	else
		text+='explicit,proclist=['
		list , range
		text+=]
	fi
}

# damage: a character too many, or too few
damage()
{
	local at=$((RANDOM % (${#text} + 1))) before
	before=${text:0:at}
	if chance 2; then
		text=${text:at + 1}
	else
		text=${text:at}
		before+=${damaging:RANDOM % ${#damaging}:1}
	fi
	text=$before$text
}
damaging='{}[]():,-!*0x '

# setting VARIABLE: one more, in $settings
setting()
{
	text=
	"$1"
	! chance 8 || damage
	settings+=("$1=$text")
}

# run FILE [NAME=VALUE]...: the program with $settings; what it says goes to FILE and
# FILE.err
run() { { env "${settings[@]}" "${@:2}" "$places" >"$1" 2>"$1.err"; } 2>/dev/null; }

# has_absent: are there places of CPUs that are not there? gcc's runtime takes them as
# they are, and then ends the program if it cannot make a thread there
has_absent()
{
	awk -F '[ ;]' -v a="$cpu0" -v b="$cpu1" '{
			for (i = 3; i <= NF && $i != "bind"; i++)
				if ($i ~ /^[0-9]/ && $i != a && $i != b)
					absent = 1
			exit
		}
		END { exit !absent }' "$work/bare"
}

# same COMPILER VARIABLE...: with each of these, and with some of them
same()
{
	local places=$programs/places.$1 n variable settings below status got bound=0 refused=0 absent=0
	local -x MORE=1
	# LLVM's runtime may count threads to say where the next one is bound, and among
	# them those that sleep while CPUs are short. Not by OMP_PLACES alone
	[ "$1" = gcc ] || [ "${*:2}" = OMP_PLACES ] || unset MORE
	shift
	RANDOM=$seed
	for ((n = 0; n < count; n++)); do
		settings=(OMP_NUM_THREADS=$((RANDOM % 3 + 2)))
		for variable; do
			if [ $# -eq 1 ] || chance 2; then
				setting "$variable"
			fi
		done
		run "$work/bare" </dev/null
		status=$?
		below=("$work/below" TOPOLOGY_DIR="$work/dir" CHANGES="$work/changes" STAYS="$cpu0"
			LD_PRELOAD="$adaptor $preload")
		if has_absent; then
			# there is nothing to compare with, but it goes on
			absent=$((absent + 1))
			run "${below[@]}" </dev/null
			got=$?
			[ $got -eq 0 ]
		else
			run "${below[@]}" <"$work/bare"
			got=$?
			[ $got -eq $status ] && cmp "$work/bare" "$work/below" &&
				cmp "$work/bare.err" "$work/below.err"
		fi || {
			echo "status $status, and $got below the adaptor:" "${settings[@]@Q}"
			cat "$work/bare" "$work/bare.err"
			echo '--'
			cat "$work/below" "$work/below.err"
			return 1
		}
		! grep -q ' cpus ,[0-9]*\( \|$\)' "$work/bare" || bound=$((bound + 1))
		[ ! -s "$work/bare.err" ] || refused=$((refused + 1))
	done
	echo "$count strings: $bound bind threads to a CPU, $refused are complained about, $absent want CPUs that are not there"
	[ $bound -gt 0 ] && [ $refused -gt 0 ]
}
for compiler in "${compilers[@]}"; do
	run_test "places.OMP_PLACES.$compiler" same "$compiler" OMP_PLACES
	run_test "places.GOMP_CPU_AFFINITY.$compiler" same "$compiler" GOMP_CPU_AFFINITY
	run_test "places.OMP_PROC_BIND.$compiler" same "$compiler" OMP_PROC_BIND
	run_test "places.several.$compiler" same "$compiler" OMP_PLACES OMP_PROC_BIND GOMP_CPU_AFFINITY
done
[ ! -e "$programs/places.clang" ] || run_test places.KMP_AFFINITY.clang same clang KMP_AFFINITY
finish
