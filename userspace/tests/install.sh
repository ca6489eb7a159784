#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the Makefile builds, installs and removes.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$here/lib.bash"
build=${BUILD:?} virtflex=${VIRTFLEX:?} CC=${CC:-cc}
# Makes started here have it from their Makefile, or from the one that runs this.
unset BUILD
# What is built there runs, which it need not do below /tmp.
work=$(mktemp -d "$build/install.XXXXXX")
trap 'rm -rf "$work"' EXIT

make_userspace() { make -s -C "$top/userspace" "$@"; }

# fresh: an empty directory of its own for a test, with a blank in its name
fresh()
{
	rm -rf "$work/a root"
	mkdir "$work/a root"
	root=$work/a\ root
}

# A program built as its author would, from what is installed.
program()
{
	root=$work/root
	make_userspace DESTDIR="$root" PREFIX=/usr install || return 1
	cat >"$work/p.c" <<-'END'
		#include <virtflex.h>
		int main(void)
		{
			struct virtflex *vf;
			int ret = virtflex_open(&vf, 0);

			virtflex_close(vf);
			return ret;
		}
	END
	# shellcheck disable=SC2046
	(cd "$work" && "$CC" -o p p.c $(PKG_CONFIG_PATH=root/usr/lib/pkgconfig \
		PKG_CONFIG_SYSROOT_DIR=root pkg-config --cflags --libs libvirtflex)) || return 1
	LD_LIBRARY_PATH=$root/usr/lib "$work/p"
}

# A shared link needs nothing but the library. What an archive needs besides is
# named for --static; libmount comes as a shared library only, so that the program
# is one that takes the archive, not one without any shared library.
pkg_config()
{
	local opt=$work/pc/opt flags
	pc() { PKG_CONFIG_LIBDIR=$opt/lib/pkgconfig pkg-config "$@" libvirtflex | sed 's/ *$//'; }
	make_userspace DESTDIR="$work/pc" PREFIX=/opt install || return 1
	diff <(pc --cflags --libs) <(echo '-I/opt/include -L/opt/lib -lvirtflex') &&
		diff <(pc --static --cflags --libs) <(echo '-I/opt/include -L/opt/lib -lvirtflex -lmount -pthread') &&
		[ -z "$(pc --print-requires)$(pc --print-requires-private)" ] || return 1
	# where there is the archive only
	rm "$opt/lib/"*.so*
	flags=$(pc --static --cflags --libs | sed "s,/opt/,$opt/,g")
	# shellcheck disable=SC2086
	"$CC" -o "$work/archive" "$top/userspace/examples/follow.c" $flags &&
		! readelf -d "$work/archive" | grep libvirtflex
}

# Where the loader does not look, the command has to know where its library is;
# where it does, that would only be in the way of another one.
command_finds_library()
{
	mkdir "$work/prefix"
	make_userspace DESTDIR= PREFIX="$work/prefix" LDCONFIG=: install || return 1
	[ "$(env -i "$work/prefix/bin/virtflex" --version)" = "$("$virtflex" --version)" ] || return 1
	runs_below_adaptor || return 1
	make_userspace DESTDIR= PREFIX="$work/prefix" LDCONFIG=: uninstall
	[ ! -e "$work/prefix" ] || return 1
	fresh
	for dir in /usr/lib /usr/local/lib /usr/lib/x86_64-linux-gnu; do
		make_userspace DESTDIR="$root" LIBDIR=$dir install || return 1
		! readelf -d "$root/usr/local/bin/virtflex" | grep -E 'RPATH|RUNPATH' || return 1
	done
}

# ... and where the adaptor is, which is beside it, and finds it there.
runs_below_adaptor()
{
	local lib=$work/prefix/lib
	# shellcheck disable=SC2016 # for the shell that is run
	[ "$(cd / && env -i "$work/prefix/bin/virtflex" run /bin/sh -c 'echo "$LD_PRELOAD"')" = "$lib/libvirtflex-omp.so" ] &&
		readelf -d "$lib/libvirtflex-omp.so" | grep -Eq '(RPATH|RUNPATH).*\[\$ORIGIN\]'
}

# ldconfig is told, where it may be and when it is this machine
loader_is_told()
{
	local said
	fresh
	said=$(make_userspace DESTDIR= PREFIX="$work/told" LIBDIR="$work/told/lib" \
		LDCONFIG='echo the cache is new' install) || return 1
	if [ "$(id -u)" -eq 0 ]; then
		[ "$said" = 'the cache is new' ] || return 1
	else
		[ -z "$said" ] || return 1
	fi
	said=$(make_userspace DESTDIR="$root" LDCONFIG='echo the cache is new' install) || return 1
	[ -z "$said" ]
}

everybody_reads()
{
	fresh
	(umask 077 && make_userspace DESTDIR="$root/x" PREFIX=/opt/virtflex install) || return 1
	[ -f "$root/x/opt/virtflex/lib/pkgconfig/libvirtflex.pc" ] || return 1
	! find "$root/x" -type d ! -perm -755 -o ! -type d ! -perm -444 -o ! -type l -perm /022 |
		grep .
}

# man_page SECTION NAME: it is there, and is text or leads to it
man_page()
{
	local dir=$root/usr/local/share/man target
	[ -f "$dir/man$1/$2.$1" ] || { echo "no $2($1)"; return 1; }
	target=$(sed -n 's/^\.so //p' "$dir/man$1/$2.$1")
	[ -z "$target" ] || [ -f "$dir/$target" ] || { echo "$2($1) leads to $target"; return 1; }
	command -v man >/dev/null || return 0
	man -M "$dir" -w "$1" "$2" >/dev/null
}

# a page by the name of each function and system call, of the command and of its
# commands
man_pages()
{
	local name
	fresh
	make_userspace DESTDIR="$root" install || return 1
	man_page 1 virtflex && man_page 2 virtflex_migrate && man_page 3 libvirtflex || return 1
	for name in $("$virtflex" --help | sed -nE 's/^  ([a-z]+) .*/\1/p'); do
		man_page 1 "virtflex-$name" || return 1
	done
	for name in $(grep -oE '\bvirtflex_[a-z_]+\(' "$top/userspace/lib/virtflex.h" | tr -d '(' |
		sort -u); do
		man_page 3 "$name" || return 1
	done
}

# What README has for users, and what they lead to, is there.
documents()
{
	local name file dir=$work/docs/usr/local/share/doc/virtflex
	make_userspace DESTDIR="$work/docs" install || return 1
	for name in admin openmp proc xen xenstore; do
		{ grep -q "(docs/$name.md)" "$top/README.md" && [ -s "$dir/$name.md" ]; } || { echo "$name.md"; return 1; }
	done
	for file in "$dir"/*; do
		grep -oE '\]\([^)#]+' "$file" | sed 's/^](//' | grep -v '^https\?:' | while read -r name; do
			[ -e "$dir/$name" ] || { echo "${file##*/} leads to $name"; exit 1; }
		done || return 1
	done
	# a link becomes what it said
	grep -q '^virtflexctl(8) describes each command' "$dir/admin.md"
}

# Whatever was there before is there again, and nothing else.
nothing_is_left()
{
	local before
	fresh
	mkdir -p "$root/usr/local/lib/other"
	echo mine >"$root/usr/local/lib/libother.so"
	before=$(cd "$root" && find . | sort)
	make_userspace DESTDIR="$root" install || return 1
	make_userspace DESTDIR="$root" uninstall || return 1
	diff <(echo "$before") <(cd "$root" && find . | sort) || return 1
	# also by someone who has built nothing
	make_userspace DESTDIR="$root" PREFIX=/usr install || return 1
	make_userspace BUILD="$(realpath --relative-to="$top/userspace" "$work")" DESTDIR="$root" PREFIX=/usr uninstall || return 1
	diff <(echo "$before") <(cd "$root" && find . | sort)
}

# compiler VERSION: one, and an archiver, that only make empty files; it notes what it is asked for
compiler()
{
	mkdir -p "$work/bin"
	cat >"$work/bin/note" <<-END
		#!/bin/sh
		[ "\$1" != --version ] || { echo "cc $1"; exit; }
		echo "\$*" >>'$work/calls'
		while [ \$# -gt 0 ]; do
			[ "\$1" != -o ] || : >"\$2"
			shift
		done
	END
	cat >"$work/bin/archive" <<-'END'
		#!/bin/sh
		: >"$2"
	END
	chmod +x "$work/bin/"*
}

# made DIRECTORY ARGUMENT...: how many times the compiler was called
made()
{
	local dir=$1
	shift
	: >"$work/calls"
	(
		unset MAKEFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS LIBDIR PREFIX DESTDIR
		cd "$work" && PATH=$work/bin:$PATH \
			make -s -C "$dir/userspace" CC=note AR=archive OBJCOPY=true \
				PKG_CONFIG=true "$@"
	) >&2 || return 1
	wc -l <"$work/calls"
}

copy_tree()
{
	mkdir -p "$1"
	cp -r "$top/userspace" "$top/uapi" "$top/docs" "$1/"
}

# Other flags or another compiler make other objects.
changed_flags()
{
	local all
	copy_tree "$work/tree"
	compiler 1
	all=$(made "$work/tree" all)
	[ "$all" -gt 10 ] && [ "$(made "$work/tree" all)" -eq 0 ] || return 1
	[ "$(made "$work/tree" all CFLAGS=-O3)" -eq "$all" ] || return 1
	[ "$(made "$work/tree" all CFLAGS=-O3)" -eq 0 ] || return 1
	[ "$(made "$work/tree" all CFLAGS=-O3 LDFLAGS=-s)" -gt 0 ] || return 1
	compiler 2
	[ "$(made "$work/tree" all)" -eq "$all" ] || return 1
	# a file that is gone is not in the library
	rm "$work/tree/userspace/lib/wait.c"
	[ "$(made "$work/tree" all)" -gt 0 ] || return 1
	# root, by sudo, has none of the flags, and installs what is there
	[ "$(made "$work/tree" all CFLAGS=-O3)" -gt 0 ] || return 1
	[ "$(made "$work/tree" install DESTDIR="$work/installed")" -eq 0 ]
}

# A clone in a directory with a blank in its name
blank_in_path()
{
	copy_tree "$work/my clone"
	compiler 1
	[ "$(made "$work/my clone" all)" -gt 10 ] || return 1
	[ "$(made "$work/my clone" all)" -eq 0 ] || return 1
	made "$work/my clone" install DESTDIR="$work/their root" || return 1
	[ -e "$work/their root/usr/local/bin/virtflex" ] || return 1
	# tests, up to the compiler
	[ "$(made "$work/my clone" check TESTS=)" -eq 0 ]
}

for name in program pkg_config command_finds_library loader_is_told everybody_reads man_pages documents \
	nothing_is_left changed_flags blank_in_path; do
	run_test "$name" "$name"
done
finish
