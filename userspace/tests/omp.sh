#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The OpenMP adaptor below real programs and runtimes.
#
# RUNTIMES: other releases to take runtimes from, see omp.bash
# ALL=1: each program of each kind with each way to bind it, not a selection,
#	and ten changes for each, not four
set -u
. "$(dirname "$0")/omp.bash"

# stays [NAME=VALUE]...: threads keep the CPUs they have when a node leaves. What
# does not happen cannot be waited for: so it is given the time that it takes
# elsewhere.
stays()
{
	start "$programs/triad.gcc" "$@"
	until_true 'there are two threads' two_threads || return
	threads >"$work/before"
	publish 2 one
	sleep 0.3
	threads | diff "$work/before" - || return
	! followed || { echo 'it is followed'; return 1; }
	stop
}

# binds_itself KIND: a program that binds its threads is left alone
binds_itself()
{
	start "$programs/self_bound.$1"
	until_true 'it is followed' followed || return
	for generation in 2 3 4 5 6; do
		publish $generation "$([ $((generation % 2)) -eq 0 ] && echo one || echo both)"
		sleep 0.1
	done
	right
}

# binds_often KIND: a thread that binds itself stays so, whatever moment it
# chooses: here others are made all the time, which are placed
binds_often()
{
	start "$programs/binds_often.$1"
	until_true 'it is followed' followed || return
	publish 2 one
	sleep 2
	right
}

# forks KIND: children are not held back by what their parent's threads have
forks()
{
	start "$programs/forks.$1"
	until_true 'it is followed' followed || return
	publish 2 one
	until_true 'its threads leave' left_by_threads || return
	sleep 0.2
	right
}
# Its children have its name, and are no threads of it.
left_by_threads() { threads | awk -v cpu="$cpu0" '$2 != cpu { bad = 1 } END { exit bad || NR < 2 }'; }

# leaves region|thread: a program whose initial thread has ended, with a region of its
# own or not, ends with the last of its threads, not of ours. (LLVM's runtime keeps
# threads of its own for ever, also without us.)
leaves()
{
	start "$programs/leaves.gcc" LEAVES="$1"
	if [ "$1" = thread ]; then
		until_true 'it is followed' followed || return
		publish 2 one
		until_true 'it has threads that sleep' helped || return
		right
	else
		ended
	fi
}

# cancelled KIND: a thread that is cancelled has not kept our lock, nor has it
# ended where it would not have without us
cancelled()
{
	start "$programs/cancelled.$1" VIRTFLEX_VERBOSE=1
	until_true 'it is followed' followed || return
	publish 2 one
	sleep 0.2
	kill "$program"
	done_right
}

# at_limit KIND [NAME=VALUE]...: with as many threads as it may have at all, a
# program has all of them, though one was ours
at_limit()
{
	start "$programs/grows.$1" THREAD_LIMIT=4 GROWS=4 LD_PRELOAD="$limited"
	until_true 'it is followed' followed || return
	kill -USR1 "$program"
	until_true 'it has its threads' has_threads 4 || return
	right
}
has_threads() { [ "$(threads | wc -l)" -eq "$1" ]; }
limited="$adaptor ${preload%/*}/thread_limit.so $preload"

# at_limit_asleep: or some slept, which LLVM's runtime would not let go meanwhile
at_limit_asleep()
{
	start "$programs/grows.gcc" THREAD_LIMIT=12 GROWS=12 LD_PRELOAD="$limited"
	until_true 'it is followed' followed || return
	publish 2 one
	until_true 'it has threads that sleep' helped || return
	kill -USR1 "$program"
	until_true 'it has its threads' has_threads 12 || return
	right
}

# late_threads KIND: threads that have the CPUs of their parent, and begin only
# when it has others again
late_threads()
{
	touch "$work/begin"
	start "$programs/grows.$1" GROWS=4 THREADS_BEGIN="$work/begin" \
		LD_PRELOAD="$adaptor ${preload%/*}/late_threads.so $preload"
	until_true 'it is followed' followed || return
	publish 2 one
	until_true 'all leave' all_left || return
	until_true 'it has threads that sleep' helped || return
	rm "$work/begin"
	kill -USR1 "$program"
	until_true 'it has new threads' more_threads || return
	publish 3 both
	until_true 'its first thread returns' first_returned || return
	touch "$work/begin"
	until_true 'all return' all_back free || return
	until_true 'it has its threads' more_threads || return
	right
}

# exits_at_any_moment KIND: what has to be done at exit is known before there is anything
# to do
exits_at_any_moment()
{
	start "$programs/triad.$1" LD_PRELOAD="$adaptor ${preload%/*}/exit_handlers.so $preload"
	until_true 'it is followed' followed || return
	publish 2 one
	until_true 'it has threads that sleep' helped || return
	right
}
more_threads() { [ "$(threads | wc -l)" -gt 2 ]; }
first_returned()
{
	[ "$(threads | awk -v tid="$program" '$1 == tid { print $2 }')" != "$cpu0" ]
}

# says PATTERN: it says so, with VIRTFLEX_VERBOSE, and ends as it should
says()
{
	until_true "it says \"$1\"" grep -q "$1" "$work/err" || return
	kill "$program" && done_right
}
pages_moved=': pages: .* busy'

# held NAME.KIND COMMAND... [-- NAME=VALUE...]: COMMAND succeeds while a call of the program, by
# which it asks where its pages are, does not return. A first one asks for none.
held()
{
	local file=$programs/$1 holder status command=()
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		command+=("$1")
		shift
	done
	command -v strace >/dev/null || { skip 'no strace'; return; }
	perl -e '$! = 0; syscall(548, -1, 0, 0); exit(!$!{ENOSYS})' || { skip 'virtflex_migrate(2) is there'; return; }
	start "$file" VIRTFLEX_VERBOSE=1 "${@:2}"
	until_true 'it is followed' followed || return
	strace -qq -f -o "$work/calls" -e trace=move_pages -e inject=move_pages:delay_enter=3600000000:when=2+ \
		-p "$program" 2>"$work/strace" & holder=$!
	until_true 'it is traced' traced "$holder" || return
	if [ -s "$work/strace" ]; then
		skip "$(head -n 1 "$work/strace")"
		stop
		return
	fi
	publish 2 one
	until_true 'pages are looked for' grep -q 'move_pages(.*\[0x' "$work/calls" && "${command[@]}"
	status=$?
	{ kill -KILL "$holder"; wait "$holder"; } 2>/dev/null
	[ $status -eq 0 ] || return $status
	kill "$program" && done_right
}
# traced HOLDER: or it cannot be
traced()
{
	! kill -0 "$1" 2>/dev/null || ! grep -hsx 'TracerPid:	0' /proc/"$program"/task/*/status >/dev/null
}

# leave_and_return: threads do not wait for pages
leave_and_return()
{
	publish 3 both
	until_true 'all return' all_back free || return
	publish 4 one
	until_true 'all leave' all_left
}

# grow: nor does a program at its limit that needs a thread
grow()
{
	kill -USR1 "$program"
	until_true 'it has its threads' has_threads 4
}

# moves_at_limit: where there can be no thread to move pages with, they move
moves_at_limit()
{
	start "$programs/triad.gcc" THREAD_LIMIT=3 LD_PRELOAD="$limited" VIRTFLEX_VERBOSE=1
	until_true 'it is followed' followed || return
	publish 2 one
	says "$pages_moved"
}

# closes_what_it_opened: threads that come and go leave no descriptor
closes_what_it_opened()
{
	local generation
	start "$programs/triad.gcc" VIRTFLEX_VERBOSE=1
	until_true 'it is followed' followed || return
	for generation in {2..41}; do
		publish "$generation" "$([ $((generation % 2)) -eq 0 ] && echo one || echo both)"
		sleep 0.02
	done
	until_true 'pages move' grep -q "$pages_moved" "$work/err" || return
	[ "$(descriptors_of_ours)" -lt 20 ] || { echo "$(descriptors_of_ours) descriptors"; return 1; }
	kill "$program" && done_right
}
# Those that threads of ours have, in one table of their own
descriptors_of_ours()
{
	local task
	for task in /proc/"$program"/task/*; do
		! grep -qsx virtflex "$task/comm" || find "$task/fd" -type l 2>/dev/null | wc -l
	done | sort -n | tail -n 1
}

# not_meant: signals that nobody takes do not end what follows
not_meant()
{
	local signal
	cat >"$work/blocked" <<-END
		#!/bin/sh
		exec perl -MPOSIX -e 'sigprocmask(SIG_BLOCK, POSIX::SigSet->new(1 .. 16)); exec @ARGV' "$programs/triad.gcc"
	END
	chmod +x "$work/blocked"
	start "$work/blocked"
	until_true 'it is followed' followed || return
	for signal in 1 2 3 {10..16}; do
		kill -"$signal" "$program"
	done
	publish 2 one
	until_true 'all leave' all_left || return
	publish 3 both
	until_true 'all return' all_back free || return
	stop
}

# no_headroom: none sleep where the program would soon lack them
no_headroom()
{
	start "$programs/grows.gcc" THREAD_LIMIT=6 LD_PRELOAD="$limited" VIRTFLEX_VERBOSE=1
	until_true 'it is followed' followed || return
	publish 2 one
	says 'threads to sleep are too many$'
}

# jailed: a program that has none of the files it was started with runs, and says that
# it is not followed
jailed()
{
	[ "$(id -u)" -eq 0 ] || { skip 'not root'; return; }
	mkdir -p "$work/root"
	start "$programs/jailed.gcc" ROOT="$work/root" VIRTFLEX_VERBOSE=1
	says '^virtflex\[[0-9]*\]: .*libvirtflex\.so\.[0-9]*: cannot open'
}

# several KIND [NAME=VALUE]...: a library of the other compiler, and one whose
# runtime is a copy of its own, as Python's packages have it
several()
{
	local kind=$1 gcc=gcc dir=$work/several
	shift
	[ -z "${releases[${kind##*_}]-}" ] || gcc=gcc_${kind##*_}
	mkdir -p "$dir"
	printf 'int work(void)\n{\n\tint n = 0;\n#pragma omp parallel reduction(+:n)\n\tn++;\n\treturn n;\n}\n' >"$dir/work.c"
	for other in "${compilers[@]}"; do
		"$other" -shared -fPIC -O2 -fopenmp -o "$dir/$other.so" "$dir/work.c" || return
	done
	# a name of the same length, so that nothing moves in the file
	sed 's/libgomp\.so\.1/libgomq.so.1/g' "$(runtime_of "$gcc")" >"$dir/libgomq.so.1" &&
		sed 's/libgomp\.so\.1/libgomq.so.1/g' "$dir/gcc.so" >"$dir/copy.so" || return
	libraries=$dir follows "$@" "several.$kind" \
		LIBRARIES="$dir/copy.so$(printf ":$dir/%s.so" "${compilers[@]}")"
}

# runtime KIND: it runs on that runtime, and of another release on no library of this
# machine
runtime()
{
	local root=${releases[${1##*_}]-}
	start "$programs/triad.$1"
	until_true 'the library is there' has_files '/libvirtflex\.so\.' || return
	[ "$(files '/lib(gomp|i?omp)[0-9.]*\.so')" = "$(runtime_of "$1")" ] || { files '\.so'; return 1; }
	[ -z "$root" ] || ! files '\.so' | grep -Ev "^($root|$(realpath "$build"))/" || return
	right
}
# files PATTERN: those with such names that the program has mapped
files()
{
	awk -v pattern="$1" '$6 ~ pattern && !seen[$6]++ { print $6 }' /proc/"$program"/maps
}
has_files() { [ -n "$(files "$1")" ]; }

# libiomp5 KIND: LLVM's runtime by the name that Intel's has. It has as many letters,
# so that nothing moves in the files.
libiomp5()
{
	local dir=$work/libiomp5
	mkdir -p "$dir"
	sed 's/libomp\.so\.5/libiomp5.so/g' "$(runtime_of "$1")" >"$dir/libiomp5.so" &&
		sed 's/libomp\.so\.5/libiomp5.so/g' "$programs/triad.clang" >"$dir/triad.clang" &&
		chmod +x "$dir/triad.clang" || return
	libraries=$dir start "$dir/triad.$1"
	until_true 'it is followed' followed || return
	[ "$(files '/lib(gomp|i?omp)[0-9.]*\.so')" = "$dir/libiomp5.so" ] || { files '\.so'; return 1; }
	libraries=$dir programs=$dir follows single "triad.$1" OMP_PROC_BIND=true OMP_PLACES=threads
}

# loads KIND EXPRESSION [NAME=VALUE]...: a library whose constructor has a region,
# in which each thread evaluates that
loads()
{
	local kind=$1 each=$2
	shift 2
	"${kind%%_*}" -shared -fPIC -fopenmp -o "$work/library.so" -DEACH="$each" -x c - <<-'END' || return
		#include <omp.h>
		#include <unistd.h>
		__attribute__((constructor)) static void region(void)
		{
			int n = 0;
			usleep(400000);
			_Pragma("omp parallel reduction(+:n)")
			n += EACH;
		}
	END
	ends "loads.$kind" LIBRARY="$work/library.so" "$@"
}

# descriptors KIND: the program has none of ours
descriptors()
{
	start "$programs/triad.$1" VIRTFLEX=0
	until_true 'there are two threads' two_threads || return
	list_descriptors >"$work/before"
	start "$programs/triad.$1"
	until_true 'it is followed' followed || return
	publish 2 one
	until_true 'all leave' all_left || return
	list_descriptors | diff "$work/before" - || return
	until_true 'we have none of its' lets_go || return
	stop
}
# of pipes, a reader waits for the last one
lets_go() { [ -z "$(find /proc/"$program"/task/"$(follower)"/fd -lname "$work/*" -print)" ]; }
follower()
{
	local task
	for task in /proc/"$program"/task/*; do
		[ "$(cat "$task/comm")" != virtflex ] || { echo "${task##*/}"; return; }
	done
}
list_descriptors() { find /proc/"$program"/fd -type l -printf '%f %l\n' | sort; }

# sleepers KIND: threads that sleep are there while threads share a CPU
sleepers()
{
	start "$programs/gradient.$1"
	until_true 'it is followed' followed || return
	publish 2 one
	until_true 'it has threads that sleep' helped || return
	publish 3 both
	until_true 'it has none' not_helped || return
	publish 4 one
	until_true 'it has some again' helped || return
	stop
}
ours() { cat /proc/"$program"/task/*/comm 2>/dev/null | grep -cx virtflex; }
helped() { [ "$(ours)" -gt 1 ]; }
not_helped() { [ "$(ours)" -eq 1 ]; }

teamed="$adaptor ${adaptor%.so}-team.so $preload"

# team KIND: with the object that changes teams, a program that asks is told how
# many CPUs there are, and never more than at its start
team()
{
	start "$programs/asks.$1" LD_PRELOAD="$teamed"
	until_true 'it is followed' followed || return
	said '2 threads' || return
	publish 2 one
	said '2 threads' '1 threads' || return
	publish 3 both
	said '2 threads' '1 threads' '2 threads' || return
	stop
	# and without it nothing
	start "$programs/asks.$1"
	until_true 'it is followed' followed || return
	publish 2 one
	until_true 'all leave' all_left || return
	sleep 0.2
	said '2 threads' || return
	stop
}
said()
{
	printf '%s\n' "$@" >"$work/lines"
	until_true "it says $*" cmp -s "$work/lines" "$work/out"
}

# threads_of COMPILER NUMBER: so many threads follow, and return; one that is alone
# stays where it is
threads_of()
{
	start "$programs/quiet.$1" OMP_NUM_THREADS="$2" OMP_WAIT_POLICY=passive
	if [ "$2" -gt 1 ]; then
		until_true 'it is followed' followed || return
	fi
	until_true "there are $2 threads" are_threads "$2" || return
	publish 2 one
	if [ "$2" -gt 1 ]; then
		until_true 'all leave' all_left || return
	fi
	publish 3 both
	until_true 'all return' all_back free || return
	right
}
are_threads() { [ "$(threads | wc -l)" -eq "$1" ]; }

# verbose: it says on standard error what it does, and nothing on standard output
verbose()
{
	start "$programs/triad.gcc" OMP_PROC_BIND=true VIRTFLEX_VERBOSE=1
	until_true 'it is followed' followed || return
	publish 2 one
	until_true 'it says who has CPUs' grep -q \
		'^virtflex\[[0-9]*\]: 2 threads have CPUs, 1 of them others than they asked for$' "$work/err" || return
	until_true 'it says who is told' grep -q \
		'^virtflex\[[0-9]*\]: threads share CPUs: .*libgomp' "$work/err" || return
	kill "$program" && done_right
}

# same_as_before COMMAND...: it does the same below the adaptor
same_as_before()
{
	local status got
	"$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	LD_PRELOAD=$adaptor "$@" >"$work/out2" 2>"$work/err2" </dev/null
	got=$?
	[ $got -eq $status ] && cmp "$work/out" "$work/out2" && cmp "$work/err" "$work/err2"
}

# How threads are bound: by what, and how it shows
ways=(
	'unbound free'
	'bind_true single OMP_PROC_BIND=true OMP_PLACES=threads'
	'bind_close single OMP_PROC_BIND=close OMP_PLACES=threads'
	'bind_spread single OMP_PROC_BIND=spread OMP_PLACES=threads'
	'cores core OMP_PLACES=cores'
	"places single OMP_PLACES={$cpu0},{$cpu1}"
	"gomp_affinity single GOMP_CPU_AFFINITY=$cpu0,$cpu1"
	'kmp_affinity core KMP_AFFINITY=compact'
	'passive free OMP_WAIT_POLICY=passive'
	'active free OMP_WAIT_POLICY=active'
	'dynamic dynamic OMP_DYNAMIC=true'
)
names=(triad jacobi gradient histogram tasks nested sections ordered long_region lazy regrow)
[ ${#compilers[@]} -gt 1 ] || run_test clang skip 'no clang here, so nothing of its runtime'

# has_runtimes RELEASE: its directory has what programs are started with
has_runtimes()
{
	local file
	for file in lib64/ld-linux-x86-64.so.2 lib/x86_64-linux-gnu/lib{c.so.6,gomp.so.1,omp.so.5}; do
		[ -e "${releases[$1]}/usr/$file" ] || { echo "no usr/$file in ${releases[$1]}"; return 1; }
	done
}
for release in "${!releases[@]}"; do
	run_test "has_runtimes.$release" has_runtimes "$release"
done
[ ${#releases[@]} -gt 0 ] || run_test runtimes skip 'RUNTIMES names no other release; see docs/testing.md'

# try NAME KIND WAY; the way of a runtime that does not know a variable is to leave
# threads unbound.
try()
{
	local name=$1 kind=$2 way how
	read -ra way <<<"$3"
	how=${way[1]}
	# make check has half a minute for these
	[ -n "${ALL-}" ] || [[ $kind != *_* ]] || local changes=2
	case $kind.${way[0]} in
	clang* | *_libomp*) ;;
	*.kmp_affinity) how=free ;;
	esac
	run_test "follows.$name.$kind.${way[0]}" follows "$how" "$name.$kind" "${way[@]:2}"
}
# Each program of each kind, and each kind with each way
turn=0
for name in "${names[@]}"; do
	for kind in "${kinds[@]}"; do
		if [ -n "${ALL-}" ]; then
			for way in "${ways[@]}"; do
				try "$name" "$kind" "$way"
			done
		else
			try "$name" "$kind" "${ways[turn % ${#ways[@]}]}"
			turn=$((turn + 1))
		fi
	done
done
for kind in "${kinds[@]}"; do
	run_test "runtime.$kind" runtime "$kind"
	run_test "several.$kind.unbound" several "$kind" free
	run_test "sleepers.$kind" sleepers "$kind"
	run_test "team.$kind" team "$kind"
	case $kind in
	clang*) run_test "libiomp5.$kind" libiomp5 "$kind" ;;
	esac
	# what has less to do with the runtime
	[ -n "${ALL-}" ] || [[ $kind != *_* ]] || continue
	run_test "binds_itself.$kind" binds_itself "$kind"
	run_test "binds_often.$kind" binds_often "$kind"
	run_test "forks.$kind" forks "$kind"
	run_test "ends.forks_amid.$kind" ends "forks_amid.$kind"
	run_test "loads.$kind" loads "$kind" 1
	run_test "loads.$kind.team" loads "$kind" 'omp_get_max_threads()' LD_PRELOAD="$teamed"
	run_test "at_limit.$kind" at_limit "$kind"
	run_test "cancelled.$kind" cancelled "$kind"
	run_test "late_threads.$kind" late_threads "$kind"
	run_test "exits_at_any_moment.$kind" exits_at_any_moment "$kind"
	run_test "placed_at_once.$kind" held "triad.$kind" leave_and_return
	run_test "descriptors.$kind" descriptors "$kind"
	for number in 1 2 64 1024; do
		run_test "threads.$number.$kind" threads_of "$kind" $number
	done
	run_test "follows.initial.$kind.unbound" follows free "initial.$kind"
	run_test "follows.search.$kind.unbound" follows free "search.$kind" OMP_CANCELLATION=true
	# what gcc makes of a target region, LLVM's runtime does not have
	[[ $kind == *_libomp* ]] || run_test "follows.target.$kind.unbound" follows free "target.$kind"
done
run_test at_limit.held held grows.gcc grow -- THREAD_LIMIT=5 GROWS=4 LD_PRELOAD="$limited"
run_test moves_at_limit moves_at_limit
run_test closes_what_it_opened closes_what_it_opened
run_test not_meant not_meant
run_test leaves.region leaves region
run_test leaves.thread leaves thread
run_test at_limit.asleep at_limit_asleep
run_test no_headroom no_headroom
run_test jailed jailed
run_test verbose verbose
tried=0
run_test switched_off stays VIRTFLEX=0
run_test no_topology stays LD_PRELOAD="$adaptor"
same() { run_test "same.$1.$((tried += 1))" same_as_before "$@"; }
same true
same false
same sh -c 'exit 7'
# shellcheck disable=SC2016 # for that shell
same bash -c 'kill -TERM $$'
same perl -e 'print(1); die'
same gcc --version
same gcc -x c -c -o /dev/null /dev/null
same ls /
same ls /none
same cat /etc/passwd
same sort /etc/passwd
same awk 'BEGIN { exit(3) }'
same sed p /etc/passwd
same grep -r none /etc/passwd
same tar cf - /etc/passwd
same gzip -c /etc/passwd
same find /etc -maxdepth 1 -name 'p*'
same date -d @0
same make -v
same nproc
finish
