#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What is promised agrees with what is there: symbols, headers, help, man pages,
# completion, installation.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$here/lib.bash"
build=${BUILD:?} virtflex=${VIRTFLEX:?} CC=${CC:-cc}
so=$build/lib/libvirtflex.so.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

exported() { nm -D --defined-only "$so" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' | sort; }
declared() { grep -oE '^[a-z].*\bvirtflex_[a-z_]+\(' "$top/userspace/lib/virtflex.h" | grep -v '^static' | grep -oE 'virtflex_[a-z_]+\($' | tr -d '(' | sort; }
mapped() { grep -oE '^\s+virtflex_[a-z_]+;' "$top/userspace/lib/libvirtflex.map" | tr -d '\t ;' | sort; }

symbols()
{
	[ -n "$(exported)" ] && diff <(exported) <(mapped) && diff <(exported) <(declared)
}

soname()
{
	readelf -d "$so" | grep -q 'SONAME.*\[libvirtflex\.so\.0\]' &&
		! readelf -d "$so" "$build/bin/virtflex" | grep -Eq 'RPATH|RUNPATH'
}

# A library does not print, does not exit, and keeps nothing between calls.
manners()
{
	! nm -D --undefined-only "$so" | grep -E ' (exit|_exit|abort|printf|puts|perror|fwrite|fputs|std(out|err))(@|$)' &&
		[ "$(size -A "$so" | awk '$1 == ".bss" { print $2 }')" -le 8 ]
}

headers()
{
	local flags=(-I"$top/userspace/lib" -I"$top/uapi" -Wall -Wextra -Werror -fsyntax-only)

	printf '#include <virtflex.h>\nint main(void) { return 0; }\n' >"$work/t.c"
	"$CC" -std=c99 -pedantic "${flags[@]}" "$work/t.c" && "$CC" -x c++ -std=c++11 "${flags[@]}" "$work/t.c"
}

commands=(topology watch migrate pages)
# options COMMAND, as its help has them
options() { "$virtflex" "$@" --help | grep -oE '^  --[a-z-]+' | tr -d ' ' | sort; }

help_has_commands()
{
	diff <("$virtflex" --help | grep -oE '^  [a-z]+' | tr -d ' ') <(printf '%s\n' "${commands[@]}")
}

# The section of a command in the man page: ".SS name" to the next one.
man_options()
{
	awk -v want="$1" '/^\.S[SH]/ { on = $2 == want } on && tag; { tag = $1 == ".TP" }' "$top/docs/man/virtflex.1" |
		sed 's/\\-/-/g' | grep -oE '^\.(B|BI|BR) "?--[a-z-]+' | grep -oE -- '--[a-z-]+' | sort
}

man_agrees()
{
	local command

	for command in "${commands[@]}"; do
		diff <(options "$command" | grep -vx -- --help) <(man_options "$command") ||
			{ echo "virtflex.1, $command"; return 1; }
	done
	diff <(grep -oE '^\.SS [a-z]+' "$top/docs/man/virtflex.1" | cut -d' ' -f2) <(printf '%s\n' "${commands[@]}")
}

# complete WORD...: what the last word is completed to
complete_words()
{
	(
		# shellcheck source=../cli/virtflex.bash-completion
		. "$top/userspace/cli/virtflex.bash-completion"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		_virtflex
		printf '%s\n' "${COMPREPLY[@]}"
	)
}

completion_agrees()
{
	local command

	diff <(complete_words virtflex '' | grep -v '^-') <(printf '%s\n' "${commands[@]}") || return 1
	for command in "${commands[@]}"; do
		diff <(options "$command") <(complete_words virtflex "$command" -- | sort) ||
			{ echo "completion, $command"; return 1; }
	done
	[ "$(complete_words virtflex migrate --method mo)" = move_pages ]
}

man_has_functions()
{
	local name

	for name in $(exported) virtflex_generation; do
		grep -rqw "$name" "$top"/docs/man/*.3 || { echo "no man page of $name"; return 1; }
	done
}

man_is_clean()
{
	command -v mandoc >/dev/null || return 0
	mandoc -Tlint -W warning "$top/docs/man/virtflex.1" "$top"/docs/man/*.3
}

# A program built as its author would, from what is installed.
installed()
{
	local root=$work/root

	make -s -C "$top/userspace" BUILD="$build" DESTDIR="$root" PREFIX=/usr install || return 1
	cat >"$work/p.c" <<-'EOT'
		#include <virtflex.h>
		int main(void)
		{
			struct virtflex *vf;
			int ret = virtflex_open(&vf, 0);

			virtflex_close(vf);
			return ret;
		}
	EOT
	# shellcheck disable=SC2046
	"$CC" -o "$work/p" "$work/p.c" $(PKG_CONFIG_PATH=$root/usr/lib/pkgconfig \
		PKG_CONFIG_SYSROOT_DIR=$root pkg-config --cflags --libs libvirtflex) || return 1
	LD_LIBRARY_PATH=$root/usr/lib "$work/p" &&
		[ "$(LD_LIBRARY_PATH=$root/usr/lib "$root/usr/bin/virtflex" --version)" = "$("$virtflex" --version)" ] &&
		[ -f "$root/usr/share/man/man1/virtflex.1" ] &&
		[ -f "$root/usr/share/bash-completion/completions/virtflex" ] || return 1
	make -s -C "$top/userspace" BUILD="$build" DESTDIR="$root" PREFIX=/usr uninstall
	[ -z "$(find "$root" ! -type d)" ]
}

for name in symbols soname manners headers help_has_commands man_agrees \
	completion_agrees man_has_functions man_is_clean installed; do
	run_test "$name" "$name"
done
finish
