#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# virtflex run: the program is as it would be without, but for what is preloaded.
set -u
. "$(dirname "$0")/cli.bash"
preload=${TOPOLOGY_PRELOAD:?} CC=${CC:-cc}
unset LD_PRELOAD VIRTFLEX VIRTFLEX_VERBOSE
# What is preloaded comes before its runtime.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0

# place DIRECTORY [OBJECT]...: the command, and what is to be beside it
place()
{
	mkdir -p "$1" && cp "$BUILD/userspace/san/virtflex" "$1/" || return 1
	local object
	for object in "${@:2}"; do
		ln -s "$BUILD/lib/$object" "$1/" || return 1
	done
}
place "$work/bin" libvirtflex-omp.so libvirtflex-omp-team.so
virtflex=$work/bin/virtflex adaptor=$work/bin/libvirtflex-omp.so

# prints TEXT COMMAND...: that, on standard output, and nothing else
prints()
{
	local text=$1 status
	shift
	"$@" >"$work/out" 2>"$work/err"
	status=$?
	{ [ $status -eq 0 ] && [ ! -s "$work/err" ] && diff <(printf '%s\n' "$text") "$work/out"; } ||
		{ echo "$*: status $status"; cat "$work/out" "$work/err"; return 1; }
}

# ends STATUS COMMAND...: so, and without a word
ends()
{
	local want=$1 status
	shift
	# the shell tells of signals
	{ "$@" >"$work/out" 2>&1 </dev/null; } 2>/dev/null
	status=$?
	{ [ $status -eq "$want" ] && [ ! -s "$work/out" ]; } || { echo "$*: status $status"; cat "$work/out"; return 1; }
}

see='; see virtflex run --help$'
run_test usage_no_program says 125 "run needs a program$see" run
run_test usage_no_program_dashes says 125 "run needs a program$see" run -v --
run_test usage_option says 125 "run has no option --json$see" run --json true
run_test usage_letter says 125 "run has no option -x$see" run -x true
run_test usage_value says 125 "--verbose takes no argument$see" run --verbose=1 true
help_ends()
{
	"$virtflex" run -h | grep -qx 'Usage: virtflex run \[OPTION]... \[--] PROGRAM \[ARG]...' || return 1
	"$virtflex" run --help >/dev/full 2>"$work/err"
	[ $? -eq 125 ]
}
run_test help help_ends

: >"$work/file"
run_test not_found says 127 'none-such-program: No such file or directory$' run none-such-program
run_test not_found_path says 127 "$work/none: No such file or directory\$" run "$work/none"
run_test not_found_empty says 127 "'': No such file or directory\$" run ''
run_test not_found_dashes says 127 '-v: No such file or directory$' run -- -v
run_test cannot_run_directory says 126 "$work: Permission denied\$" run "$work"
run_test cannot_run_file says 126 "$work/file: Permission denied\$" run -- "$work/file"
run_test cannot_run_below_a_file says 126 "$work/file/x: Not a directory\$" run "$work/file/x"
for status in 0 1 2 7 125 126 127 255; do
	run_test "status_$status" ends $status "$virtflex" run sh -c "exit $status"
done
signalled()
{
	ends 143 "$virtflex" run bash -c 'kill -TERM $$' && ends 137 "$virtflex" run -- bash -c 'kill -KILL $$'
}
run_test signalled signalled

# The adaptor is not there, or cannot be named
place "$work/alone"
place "$work/a dir" libvirtflex-omp.so
place "$work/a:dir" libvirtflex-omp.so
of() { local virtflex=$1; shift; "$@"; }
remedy='; make install \(or make userspace\) puts it beside libvirtflex$'
run_test no_adaptor of "$work/alone/virtflex" says 125 "$work/alone/libvirtflex-omp.so: No such file or directory$remedy" run true
for name in 'a dir' a:dir; do
	run_test "named_${name//[ :]/_}" of "$work/$name/virtflex" says 125 \
		"$work/$name/libvirtflex-omp.so: no path with a blank or colon fits LD_PRELOAD: install elsewhere\$" run true
done
# A link stands for a directory that cannot be named.
linked()
{
	ln -s "$work/a dir" "$work/link"
	# shellcheck disable=SC2016 # for the shell that is run
	prints "$work/link/libvirtflex-omp.so" "$work/link/virtflex" run sh -c 'echo "$LD_PRELOAD"'
}
run_test linked linked
# From the tree, as README says: the loader has a path that is not absolute.
relative()
{
	local top=${BUILD%/*}
	cd "$top" || return 1
	# shellcheck disable=SC2016
	prints "$(realpath "$BUILD")/lib/libvirtflex-omp.so" env LD_LIBRARY_PATH="${BUILD##*/}/lib" \
		"${BUILD##*/}/bin/virtflex" run sh -c 'cd / && ls "$LD_PRELOAD"'
	local status=$?
	cd "$here" && return $status
}
run_test relative relative

# preloaded EXPECTED [NAME=VALUE]...: what LD_PRELOAD is in the program
# shellcheck disable=SC2016
preloaded() { prints "$1" env "${@:2}" "$virtflex" run sh -c 'echo "$LD_PRELOAD"'; }
run_test preload preloaded "$adaptor"
run_test preload_empty preloaded "$adaptor" LD_PRELOAD=
run_test preload_other preloaded "$adaptor:$preload" LD_PRELOAD="$preload"
run_test preload_others preloaded "$adaptor:$preload:$preload" LD_PRELOAD=" $preload  $preload:"
run_test preload_again preloaded "$adaptor" LD_PRELOAD="$adaptor"
run_test preload_again_first preloaded "$adaptor:$preload" LD_PRELOAD="$adaptor:$preload"
run_test preload_again_last preloaded "$adaptor:$preload" LD_PRELOAD="$preload $adaptor"
ln -s "$preload" "$adaptor.1"
ln -s "$preload" "${adaptor%-omp.so}"
run_test preload_other_shorter preloaded "$adaptor:${adaptor%-omp.so}" LD_PRELOAD="${adaptor%-omp.so}"
run_test preload_other_longer preloaded "$adaptor:$adaptor.1" LD_PRELOAD="$adaptor.1"
run_test switched_off preloaded '' VIRTFLEX=0
run_test switched_off_others preloaded "$preload" VIRTFLEX=0 LD_PRELOAD="$preload"
run_test switched_on preloaded "$adaptor" VIRTFLEX=1
run_test switched_off_alone env VIRTFLEX=0 "$work/alone/virtflex" run true
loaded()
{
	"$virtflex" run cat /proc/self/maps >"$work/out" && grep -q /libvirtflex-omp.so "$work/out" &&
		LD_PRELOAD=$preload "$virtflex" run cat /proc/self/maps >"$work/out" &&
		grep -q /libvirtflex-omp.so "$work/out" && grep -q "$preload" "$work/out"
}
run_test loaded loaded
# shellcheck disable=SC2016
run_test nested prints "$adaptor 1" "$virtflex" run -- "$virtflex" run -- "$virtflex" run \
	env VIRTFLEX_VERBOSE=1 sh -c 'echo "$LD_PRELOAD $VIRTFLEX_VERBOSE"'

# The other object, which changes the size of teams, is for who asks for it
team=$work/bin/libvirtflex-omp-team.so
# teamed EXPECTED ARGUMENT...: what LD_PRELOAD is then
# shellcheck disable=SC2016
teamed() { prints "$1" "$virtflex" run "${@:2}" sh -c 'echo "$LD_PRELOAD"'; }
run_test team_follow teamed "$adaptor:$team" --team=follow
run_test team_fixed teamed "$adaptor" --team fixed
run_test team_last teamed "$adaptor" --team follow --team fixed
run_test team_nested teamed "$adaptor:$team" --team follow "$virtflex" run
run_test team_nested_twice teamed "$adaptor:$team" --team follow "$virtflex" run --team=follow
# shellcheck disable=SC2016
run_test team_other env LD_PRELOAD="$preload" bash -c '[ "$("$0" run --team=follow printenv LD_PRELOAD)" = "$1" ]' \
	"$virtflex" "$adaptor:$team:$preload"
run_test team_off env VIRTFLEX=0 "$work/alone/virtflex" run --team=follow true
place "$work/half" libvirtflex-omp.so
run_test team_none of "$work/half/virtflex" says 125 "$work/half/libvirtflex-omp-team.so: No such file or directory$remedy" run --team=follow true
run_test team_none_fixed ends 0 "$work/half/virtflex" run true
run_test usage_team says 125 "--team is fixed or follow, not fo$see" run --team fo true
run_test usage_team_empty says 125 "--team is fixed or follow, not ''$see" run --team= true
run_test usage_team_missing says 125 "--team needs an argument$see" run --team

# What follows the program is the program's
args=(-v --verbose -h --help --json -- -x 'a b' '')
printed="$(printf '<%s>\n' "${args[@]}")"
run_test arguments prints "$printed" "$virtflex" run printf '<%s>\n' "${args[@]}"
run_test arguments_dashes prints "$printed" "$virtflex" run -- printf '<%s>\n' "${args[@]}"
run_test arguments_posix prints "$printed" env POSIXLY_CORRECT=1 "$virtflex" run printf '<%s>\n' "${args[@]}"

# The command itself becomes the program: standard input, descriptors, ignored
# signals and the number of the process are what they were.
input() { printf 'one\ntwo\n' | prints $'one\ntwo' "$virtflex" run cat; }
run_test input input
closed()
{
	"$virtflex" run sh -c 'echo said >&2; exit 3' <&- >&- 2>"$work/err"
	[ $? -eq 3 ] && [ "$(cat "$work/err")" = said ]
}
run_test closed closed
descriptors()
{
	ls /proc/self/fd >"$work/out" && "$virtflex" run ls /proc/self/fd >"$work/out2" &&
		diff "$work/out" "$work/out2"
}
run_test descriptors descriptors
# Signals from 29 on are left out: libc has some of them for itself.
ignored()
{
	local show='s/^(Sig(Pnd|Blk|Ign|Cgt)):.*(.{7})$/\1 \3/p'
	(trap '' INT HUP; sed -nE "$show" /proc/self/status >"$work/out"
		"$virtflex" run sed -nE "$show" /proc/self/status >"$work/out2")
	diff "$work/out" "$work/out2" && grep -qx 'SigIgn .*3' "$work/out2"
}
run_test ignored ignored
process()
{
	# shellcheck disable=SC2016
	"$virtflex" run sh -c 'echo $$' >"$work/out" &
	wait $! && [ "$(cat "$work/out")" = $! ]
}
run_test process process

# same COMMAND...: output, errors and status are those without
same()
{
	local status got
	"$@" >"$work/out" 2>"$work/err" </etc/passwd
	status=$?
	"$virtflex" run -- "$@" >"$work/out2" 2>"$work/err2" </etc/passwd
	got=$?
	[ $got -eq $status ] && cmp "$work/out" "$work/out2" && cmp "$work/err" "$work/err2"
}
tried=0
# try COMMAND...
try() { run_test "same_$1.$((tried += 1))" same "$@"; }
try true
try false
try sh -c 'exit 7'
try perl -e 'print 1; die'
try ls /
try ls /none
try cat
try sort
try awk 'END { print NR; exit 3 }'
try sed p
try grep -r none /etc/hostname
try tar cf - -C / etc/passwd
try gzip -c
try find /etc -maxdepth 1 -name 'p*'
try date -d @0
try make -v
try nproc
try "$CC" --version
try od -c
try sha256sum
# shellcheck disable=SC2016
try env -i sh -c 'echo "$LD_PRELOAD"'
try xargs -n 1 echo

# With --verbose a line says what is followed, on standard error
# told PATTERN STATUS COMMAND...: so, and "ran" on standard output
told()
{
	local pattern=$1 want=$2 status
	shift 2
	"$virtflex" run -v "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	{ [ $status -eq "$want" ] && grep -Eqx "virtflex: $pattern" "$work/err" &&
		[ "$(wc -l <"$work/err")" -eq 1 ] && [ ! -s "$work/out" ]; } ||
		{ echo "status $status"; cat "$work/err"; return 1; }
}
nothing='nothing is followed:'
# shellcheck disable=SC2016
run_test verbose_set prints 'virtflex: 1' sh -c '"$0" run --verbose sh -c "echo virtflex: \$VIRTFLEX_VERBOSE" 2>/dev/null' "$virtflex"
verbose_no_module()
{
	[ ! -e /proc/virtflex/topology ] || { skip 'the module is loaded here'; return; }
	told "$nothing no /proc/virtflex/topology; modprobe virtflex, or insmod virtflex.ko" 3 sh -c 'exit 3'
}
run_test verbose_no_module verbose_no_module
verbose_off()
{
	local -x VIRTFLEX=0
	told "$nothing VIRTFLEX is 0" 0 true
}
run_test verbose_off verbose_off

# Programs that cannot have the adaptor: they run as before
mkdir "$work/programs"
cat >"$work/exit.s" <<-'END'
	.globl _start
	_start:
	mov $60, %eax
	mov $7, %edi
	syscall
END
cat >"$work/pause.s" <<-'END'
	.globl _start
	_start:
	mov $34, %eax
	syscall
	jmp _start
END
cat >"$work/preloaded.c" <<-'END'
	#include <stdlib.h>
	int main(void) { return getenv("LD_PRELOAD") ? 9 : 7; }
END
# One is looked for where execvp(3) looks for it: the first of the name is a directory,
# and the second cannot be run.
static()
{
	"$CC" -nostdlib -static -o "$work/programs/exits" "$work/exit.s" &&
		told "$nothing $work/programs/exits is linked statically" 7 "$work/programs/exits" || return 1
	mkdir -p "$work/first/exits" "$work/second" && : >"$work/second/exits"
	local -x PATH=$work/first:$work/second:$work/programs:$PATH
	told "$nothing exits is linked statically" 7 exits || return 1
	PATH=$work/first::$work/second:/usr/bin:/bin
	cd "$work/programs" && told "$nothing exits is linked statically" 7 exits
	local status=$?
	cd "$here" && return $status
}
run_test static static

# What such a program starts may have it.
passed_on()
{
	local program=$work/programs/waits pid status
	"$CC" -nostdlib -static -o "$program" "$work/pause.s" || return 1
	"$virtflex" run "$program" &
	pid=$!
	until [ "$(readlink /proc/$pid/exe)" = "$program" ] || ! kill -0 $pid 2>/dev/null; do
		sleep 0.02
	done
	grep -qzx "LD_PRELOAD=$adaptor" /proc/$pid/environ
	status=$?
	{ kill -KILL $pid && wait $pid; } 2>/dev/null
	return $status
}
run_test passed_on passed_on

# A script says nothing of itself.
script()
{
	# shellcheck disable=SC2016 # for the shell that is run
	printf '#!/bin/sh\n%070d\necho "$LD_PRELOAD"\n' 0 | sed '2s/^/# /' >"$work/programs/script" &&
		chmod +x "$work/programs/script" && prints "$adaptor" "$virtflex" run "$work/programs/script"
}
run_test script script
other_loader()
{
	ln -s /lib64/ld-linux-x86-64.so.2 "$work/ld-other.so.1"
	"$CC" -Wl,--dynamic-linker="$work/ld-other.so.1" -o "$work/programs/other" "$work/preloaded.c" &&
		told "$nothing $work/programs/other is of another C library" 7 "$work/programs/other" &&
		ends 7 "$virtflex" run "$work/programs/other" || return 1
	"$CC" -o "$work/programs/usual" "$work/preloaded.c" && ends 9 "$virtflex" run "$work/programs/usual"
}
run_test other_loader other_loader
# One of 32 bits, whose loader would complain. Not every kernel runs it.
other_class()
{
	"$CC" -m32 -nostdlib -static -o "$work/programs/exits32" "$work/exit.s" || return 1
	{ "$virtflex" run -v "$work/programs/exits32" 2>"$work/err"; } 2>/dev/null
	grep -qx "virtflex: $nothing $work/programs/exits32 is of another architecture" "$work/err" ||
		{ cat "$work/err"; return 1; }
}
run_test other_class other_class
set_id()
{
	[ "$(id -u)" -eq 0 ] || { skip 'not root'; return; }
	local program=$work/programs/set_id
	cp "$work/programs/usual" "$program" && chown 65534:65534 "$program" || return 1
	chmod 4755 "$program" && "$virtflex" run -v "$program" 2>"$work/err"
	grep -qx "virtflex: $nothing $program is set-user-ID or set-group-ID" "$work/err" || return 1
	chmod 2755 "$program" && "$virtflex" run -v "$program" 2>"$work/err"
	grep -qx "virtflex: $nothing $program is set-user-ID or set-group-ID" "$work/err" || return 1
	# mandatory locking of old, and its own user
	chmod 2745 "$program" && "$virtflex" run -v "$program" 2>"$work/err"
	! grep -q set- "$work/err" || return 1
	chown 0:0 "$program" && chmod 6755 "$program" && "$virtflex" run -v "$program" 2>"$work/err"
	! grep -q set- "$work/err"
}
run_test set_id set_id

# Below the command as it is installed, with a topology that a test publishes
below=(env OMP_NUM_THREADS=2 TOPOLOGY_DIR="$work/dir" LD_PRELOAD="$preload" LD_LIBRARY_PATH="$BUILD/lib"
	"$BUILD/bin/virtflex" run)
# publish TEXT: nodes of a topology
publish()
{
	mkdir -p "$work/dir" && printf '%b' "version 1\ngeneration 1\n$1" >"$work/next" && mv "$work/next" "$work/dir/topology"
}

# is_followed COMMAND...: an OpenMP program has the thread that follows.
is_followed()
{
	local program left=3000 status=1
	publish 'state stable\nnode 0 active 0 0 1 1 1 10\n'
	"${below[@]}" "$@" >"$work/out" 2>&1 </dev/null &
	program=$!
	while [ $left -gt 0 ] && kill -0 $program 2>/dev/null; do
		! grep -qsx virtflex /proc/$program/task/*/comm || { status=0; break; }
		left=$((left - 1))
		sleep 0.02
	done
	{ kill -KILL $program && wait $program; } 2>/dev/null
	[ $status -eq 0 ] || cat "$work/out"
	return $status
}
triad=$BUILD/userspace/tests/omp/triad.gcc
run_test follows is_followed "$triad"
# shellcheck disable=SC2016 # for the shell that is run
run_test follows_from_a_shell is_followed sh -c ': first; exec "$0"' "$triad"
follows_from_a_script()
{
	printf '#!/bin/sh\ncd /\nexec "$@"\n' >"$work/programs/starts" && chmod +x "$work/programs/starts" &&
		is_followed "$work/programs/starts" env OMP_DYNAMIC=false "$triad"
}
run_test follows_from_a_script follows_from_a_script

# A program that has its runtime in itself, and no dynamic loader, computes as it does.
static_openmp()
{
	local program=$work/programs/static_openmp
	# the linker warns of dlopen(3)
	gcc -static -O2 -fopenmp -o "$program" -x c - 2>"$work/err" <<-'END' || { cat "$work/err"; return 1; }
		#include <stdio.h>
		int main(void)
		{
			int n = 0;
			_Pragma("omp parallel reduction(+:n)")
			n++;
			printf("%d\n", n);
			return 0;
		}
	END
	prints 2 "${below[@]}" "$program"
}
run_test static_openmp static_openmp
finish
