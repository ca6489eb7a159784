#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What is promised agrees with what is there: symbols, headers, man pages of the
# library.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$here/lib.bash"
build=${BUILD:?} CC=${CC:-cc}
so=$build/lib/libvirtflex.so.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

exported() { nm -D --defined-only "$so" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' | sort; }
declared() { grep -oE '^([a-z].*\b)?virtflex_[a-z_]+\(' "$top/userspace/lib/virtflex.h" | grep -v '^static' | grep -oE 'virtflex_[a-z_]+\($' | tr -d '(' | sort; }
mapped() { grep -oE '^\s+virtflex_[a-z_]+;' "$top/userspace/lib/libvirtflex.map" | tr -d '\t ;' | sort; }

symbols()
{
	[ -n "$(exported)" ] && diff <(exported) <(mapped) && diff <(exported) <(declared)
}

# What was released once stays as it was: programs are linked to these.
released_symbols()
{
	diff - <(nm -D --defined-only "$so" | awk '$3 ~ /@@LIBVIRTFLEX_0\.1$/ { sub(/@.*/, "", $3); print $3 }' | sort) <<-'EOT'
		virtflex_close
		virtflex_event_map
		virtflex_event_read
		virtflex_event_unmap
		virtflex_migrate
		virtflex_migrate_all
		virtflex_nodemask_parse
		virtflex_open
		virtflex_pages_free
		virtflex_pages_read
		virtflex_topology_active
		virtflex_topology_free
		virtflex_topology_parse
		virtflex_topology_read
		virtflex_wait
	EOT
}

# The name that programs are linked to is a link to the whole version, which is
# that of the header.
soname()
{
	local version
	version=$(sed -n 's/^#define VIRTFLEX_VERSION\t"\(.*\)"/\1/p' "$top/userspace/lib/virtflex.h")

	readelf -d "$so" | grep -q 'SONAME.*\[libvirtflex\.so\.0\]' &&
		[ "$(readlink "$so")" = "libvirtflex.so.$version" ] &&
		[ "$(readlink "$build/lib/libvirtflex.so")" = libvirtflex.so.0 ] &&
		[ -f "$so" ] && [ "${version%%.*}" = 0 ] &&
		! readelf -d "$so" "$build/bin/virtflex" | grep -Eq 'RPATH|RUNPATH'
}

# A program that links the archive has no other names in its way.
archive_names()
{
	diff <(exported) <(nm -g --defined-only "$build/lib/libvirtflex.a" | awk 'NF == 3 { print $3 }' | sort)
}

# ... and may have names of its own that the library's files have too.
static_link()
{
	cat >"$work/s.c" <<-'EOT'
		#include <virtflex.h>
		int vf_open(void);
		int vf_open(void) { return 3; }
		int main(void)
		{
			struct virtflex_nodemask mask;
			struct virtflex *vf;

			return virtflex_open(&vf, "/nonexistent") ||
			       virtflex_nodemask_parse("0-3", &mask) ||
			       virtflex_nodemask_count(&mask) != 4 ||
			       virtflex_migrate_threads(vf, 0, 0, 0, 0, 0, 0, 2) >= 0 ||
			       vf_open() != 3 || (virtflex_close(vf), 0);
		}
	EOT
	# shellcheck disable=SC2046
	"$CC" -I"$top/userspace/lib" -I"$top/uapi" -o "$work/s" "$work/s.c" \
		"$build/lib/libvirtflex.a" $(pkg-config --libs mount) -pthread && "$work/s"
}

# A library does not print, does not exit, and keeps nothing between calls.
manners()
{
	! nm -D --undefined-only "$so" | grep -E ' (exit|_exit|abort|printf|puts|perror|fwrite|fputs|std(out|err))(@|$)' &&
		[ "$(size -A "$so" | awk '$1 == ".bss" { print $2 }')" -le 8 ]
}

headers()
{
	local flags=(-I"$top/userspace/lib" -I"$top/uapi" -pedantic -Wall -Wextra -Wconversion
		-Wsign-conversion -Wshadow -Werror -fsyntax-only)

	cat >"$work/t.c" <<-'EOT'
		#include <virtflex.h>
		int main(void)
		{
			struct virtflex_nodemask mask;
			unsigned int node, sum = 0;

			virtflex_nodemask_clear(&mask);
			virtflex_node_set(&mask, 3);
			virtflex_for_each_node(node, &mask)
				sum += node;
			virtflex_node_clear(&mask, 3);
			return virtflex_node_isset(&mask, sum) ||
			       virtflex_version() < VIRTFLEX_VERSION_CODE(0, 2, 0);
		}
	EOT
	"$CC" -std=c99 "${flags[@]}" "$work/t.c" &&
		"$CC" -x c++ -std=c++11 -Wold-style-cast -Wzero-as-null-pointer-constant "${flags[@]}" "$work/t.c" &&
		"$CC" -x c++ -std=c++20 -Wold-style-cast "${flags[@]}" "$work/t.c" || return 1
	# these are the least that header and page speak of; an older C says so at once
	grep -q '^ \* C99 or C++11 at least' "$top/userspace/lib/virtflex.h" &&
		grep -q '^The header takes C99 or C++11 at least' "$top/docs/man/libvirtflex.3" || return 1
	"$CC" -std=gnu89 "${flags[@]/-pedantic/-Wall}" "$work/t.c" || return 1
	! "$CC" -std=c89 "${flags[@]/-pedantic/-Wall}" "$work/t.c" 2>"$work/err" &&
		grep -m 1 'error:' "$work/err" | grep -q 'virtflex.h takes C99'
}

man_has_functions()
{
	local name

	for name in $(exported) $(inline_functions); do
		grep -q "^[^.]*\<$name\>" <(sed -n '/^\.SH NAME/,/^\.SH [^N]/p' "$top"/docs/man/*.3) ||
			{ echo "no man page has $name as a name"; return 1; }
	done
}

inline_functions()
{
	grep -A1 -E '^static inline|^#define virtflex_' "$top/userspace/lib/virtflex.h" |
		grep -oE '\bvirtflex_[a-z_]+\(' | tr -d '(' | grep -v '^virtflex_nodemask_next$' | sort -u
}

# man_errors PAGE...: entries under ERRORS, as their tests are named
man_errors()
{
	awk 'FNR == 1 { page = FILENAME; sub(/.*\//, "", page); sub(/\.[0-9]$/, "", page); sub(/^virtflex_/, "", page) }
		/^\.SH / { inside = $2 == "ERRORS" }
		inside && entry && /^\.BR? / { sub(/^\\-/, "", $2); print "error_" page "_" $2 ($3 ? "_" $3 : "") }
		{ entry = $1 == ".TP" }' "$@" | sort -u
}

# Each has a test of its name, and each such test is an entry. What section 2 says
# of virtflex_migrate() is tested of the library as well, whatever carries it out.
errors_have_tests()
{
	diff <(man_errors "$top"/docs/man/*.3 "$top/docs/man/virtflex_migrate.2") \
		<(sed -nE 's/^\t\t(TEST|cmocka_unit_test)\((error_.*_E[A-Za-z0-9_]*)\),$/\2/p' "$here"/test_*.c | sort)
}

man_is_clean()
{
	command -v mandoc >/dev/null || { skip 'no mandoc here'; return; }
	mandoc -Tlint -W warning "$top"/docs/man/*.1 "$top"/docs/man/*.3
}

for name in symbols released_symbols soname archive_names static_link manners headers \
	errors_have_tests man_has_functions man_is_clean; do
	run_test "$name" "$name"
done
finish
