# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What tests of the OpenMP adaptor share: programs that run below it, with a
# topology that the test publishes: two nodes with a CPU each, of which one leaves
# and returns. The CPUs stay online, as they do while a change is announced; that
# they go is tested on Xen.
#
# A program is named by what it does and by its kind: COMPILER[_libomp][_RELEASE]. That
# is the compiler that made it, and "libomp" where it was gcc and the runtime is LLVM's.
# The runtime is that of this machine, or of another release, and then with the C
# library of that.
#
# RUNTIMES: other releases, "NAME=DIRECTORY ...", as scripts/packages unpacks them; see
#	docs/testing.md
# ALL=1: ten changes for each program, not four

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.bash"
build=${BUILD:?} preload=${TOPOLOGY_PRELOAD:?}
adaptor=$build/lib/libvirtflex-omp.so
programs=$build/userspace/tests/omp
work=$(mktemp -d)
program=
trap '[ -z "$program" ] || kill -KILL "$program" 2>/dev/null; rm -rf "$work"' EXIT
changes=4
[ -z "${ALL-}" ] || changes=10
export OMP_NUM_THREADS=2
unset OMP_PROC_BIND OMP_PLACES GOMP_CPU_AFFINITY KMP_AFFINITY OMP_WAIT_POLICY \
	OMP_DYNAMIC VIRTFLEX VIRTFLEX_VERBOSE LD_LIBRARY_PATH
declare -A releases=()
libraries=''	# a directory in which programs are to find some

. "$here/two_nodes.bash"

# runtime_of KIND: the file of its runtime
runtime_of()
{
	local name=libgomp.so.1 root=${releases[${1##*_}]-} found
	case $1 in
	clang* | *_libomp*) name=libomp.so.5 ;;
	esac
	if [ -n "$root" ]; then
		found=$root/usr/lib/x86_64-linux-gnu/$name
	else
		found=$(ldd "$programs"/triad.{gcc,clang} 2>/dev/null |
			awk -v name=$name '$1 == name { print $3; exit }')
	fi
	realpath "$found"
}

# find_way KIND: sets "way" to what programs of it are started by, to find their
# libraries
find_way()
{
	local root=${releases[${1##*_}]-} path=$libraries
	way=()
	case $1 in
	*_libomp*)
		mkdir -p "$work/libraries.$1"
		ln -sf "$(runtime_of "$1")" "$work/libraries.$1/libgomp.so.1"
		path+=${path:+:}$work/libraries.$1 ;;
	esac
	if [ -n "$root" ]; then
		way=("$root/usr/lib64/ld-linux-x86-64.so.2"
			--library-path "${path:+$path:}$root/usr/lib/x86_64-linux-gnu")
	elif [ -n "$path" ]; then
		way=(env "LD_LIBRARY_PATH=$path")
	fi
}

# start PATH.KIND [NAME=VALUE]...: below the adaptor, with both nodes active
start()
{
	local file=${1%.*} kind=${1##*.} way
	shift
	[ -z "$program" ] || stop
	publish 1 both
	find_way "$kind"
	env TOPOLOGY_DIR="$work/dir" LD_PRELOAD="$adaptor $preload" "$@" \
		taskset -c "$cpu0,$cpu1" "${way[@]}" "$file.${kind%%_*}" \
		>"$work/out" 2>"$work/err" </dev/null &
	program=$!
}

# threads: for each thread of the program, but those of the adaptor: its number
# and CPUs
threads()
{
	awk '$1 == "Name:" { name = $2 }
		$1 == "Pid:" { tid = $2 }
		$1 == "Cpus_allowed_list:" && name != "virtflex" { print tid, $2 }' \
		/proc/"$program"/task/*/status 2>/dev/null
	true
}

# until_true WHAT COMMAND...: wait until it succeeds, while the program runs. The
# limit is for what never comes.
until_true()
{
	local what=$1 left=3000
	shift
	until "$@"; do
		left=$((left - 1))
		if [ $left -eq 0 ] || ! kill -0 "$program" 2>/dev/null; then
			# What it did last, it may have done after it was looked at.
			"$@" && return
			echo "never: $what"
			threads
			cat "$work/out" "$work/err"
			return 1
		fi
		sleep 0.02
	done
}

# Are all threads where they may be with the second node gone, or as they are
# bound with both? "single": each on one CPU, and both are used; "core": one or
# both, as the machine has threads and cores; "free": any. With "dynamic" there may be
# no second thread, and so nobody who follows: then only the result counts.
all_left()
{
	[ "${1-}" = dynamic ] ||
		threads | awk -v cpu="$cpu0" '$2 != cpu { bad = 1 } END { exit bad || !NR }'
}
all_back()
{
	[ "$1" = dynamic ] || threads | awk -v how="$1" -v a="$cpu0" -v b="$cpu1" '
		BEGIN { both = b == a + 1 ? a "-" b : a "," b }
		how != "single" && $2 == both { used = 1; next }
		how == "free" || ($2 != a && $2 != b) { bad = 1 }
		$2 == b { used = 1 }
		END { exit bad || !used }'
}
followed() { grep -qsx virtflex /proc/"$program"/task/*/comm; }
two_threads() { [ "$(threads | wc -l)" -eq 2 ]; }

# stop: the program is not needed any more
stop()
{
	{ kill -KILL "$program" && wait "$program"; } 2>/dev/null
	program=
}

# done_right: it comes to its end by itself, with the right result
done_right()
{
	local status left=3000
	while kill -0 "$program" 2>/dev/null; do
		left=$((left - 1))
		[ $left -gt 0 ] || { echo 'it does not end'; stop; return 1; }
		sleep 0.02
	done
	wait "$program"
	status=$?
	program=
	if [ $status -ne 0 ] || [ "$(cat "$work/out")" != right ]; then
		echo "status $status"
		cat "$work/out" "$work/err"
		return 1
	fi
}

# ended: and has said nothing else
ended() { done_right && { [ ! -s "$work/err" ] || { cat "$work/err"; return 1; }; }; }

# right: told to end, it ends so
right()
{
	# of one that has ended already, its result tells why
	kill "$program" 2>/dev/null || { program_says; return 1; }
	ended
}
program_says() { echo 'it has ended:'; cat "$work/out" "$work/err"; }

# follows HOW NAME.KIND [NAME=VALUE]...: changes at random moments, after each of which
# all threads are where they may be
follows()
{
	local generation=1 how=$1 file=$programs/$2
	shift 2
	start "$file" "$@"
	[ "$how" = dynamic ] || until_true 'it is followed' followed || return
	until_true 'threads are bound' all_back "$how" || return
	while [ $generation -le $changes ]; do
		sleep "0.0$((RANDOM % 10))"
		generation=$((generation + 1))
		publish $generation one
		until_true "all leave, generation $generation" all_left "$how" || return
		sleep "0.0$((RANDOM % 10))"
		generation=$((generation + 1))
		publish $generation both
		until_true "all return, generation $generation" all_back "$how" || return
	done
	right
}

# ends NAME.KIND [NAME=VALUE]...: it comes to its end, with the right result
ends()
{
	local file=$programs/$1
	shift
	start "$file" "$@"
	ended
}

# There is gcc's runtime, and with clang LLVM's.
compilers=(gcc)
[ ! -e "$programs/triad.clang" ] || compilers+=(clang)
kinds=("${compilers[@]}")
[ ${#compilers[@]} -eq 1 ] || kinds+=(gcc_libomp)
for release in ${RUNTIMES-}; do
	releases[${release%%=*}]=$(realpath "${release#*=}")
	kinds+=("${compilers[@]/%/_${release%%=*}}" "gcc_libomp_${release%%=*}")
done

[ -n "${cpu1-}" ] || {
	run_test omp skip 'one CPU is not enough for two nodes'
	finish
	exit
}
