# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What goes into a guest's file system: a directory is filled, then packed as
# a cpio archive. The kernel takes several archives one after the other, so
# that the part that is always the same comes from the cache.

# new_root DIR: the directories of a merged-/usr system
new_root() {
	mkdir -p "$1"/{dev,proc,sys,run,tmp,root,var,etc/virtflex} \
		"$1"/usr/{bin,sbin,lib,lib64,local}
	ln -s usr/bin "$1/bin"
	ln -s usr/sbin "$1/sbin"
	ln -s usr/lib "$1/lib"
	ln -s usr/lib64 "$1/lib64"
	ln -s ../run "$1/var/run"
}

pack() { (cd "$1" && find . -print0 | sort -z | cpio -0 -o -H newc -R 0:0 --quiet) >"$2"; }

# base_archive: prints the archive with busybox and the first process
base_archive() {
	local file
	file=$CACHE/initramfs/base-$({ cat /bin/busybox "$SCRIPTS"/init/* "${BASH_SOURCE[0]}"; } | digest).cpio
	[ -e "$file" ] || locked initramfs step "packing busybox" make_base "$file" || exit
	touch "$file" # for scripts/cache prune
	printf '%s\n' "$file"
}

make_base() {
	local root applet
	[ ! -e "$1" ] || return 0
	mkdir -p "$CACHE/initramfs"
	root=$(mktemp -d "$CACHE/initramfs/root.XXXXXX")
	new_root "$root"
	cp /bin/busybox "$root/usr/bin/"
	for applet in $(busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "$root/usr/bin/$applet"
	done
	cp "$SCRIPTS/init/common" "$root/etc/virtflex/"
	install -m 755 "$SCRIPTS/init/guest" "$root/init"
	install -m 755 "$SCRIPTS/init/dom0" "$root/init-dom0"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
	echo 'nobody:x:65534:65534:nobody:/:/bin/sh' >>"$root/etc/passwd"
	echo 'root:x:0:' >"$root/etc/group"
	pack "$root" "$root.cpio"
	rm -rf "$root"
	mv "$root.cpio" "$1"
}

is_elf() { [ "$(head -c 4 "$1" 2>/dev/null | tr -d '\0')" = $'\177ELF' ]; }

# loader_says FILE: which libraries it needs, and where they are, as ldd has it
loader_says() {
	local file=$1 dir path=$TOP/build/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
	LD_LIBRARY_PATH=$path ldd "$file" 2>&1 && return
	# Nothing is mapped to be run from a file system mounted noexec, and ldd says
	# that it is no dynamic executable. Not everything is one.
	readelf -d "$file" 2>/dev/null | grep -q '(NEEDED)' || return 0
	mkdir -p "$CACHE"
	dir=$(mktemp -d "$CACHE/ldd.XXXXXX")
	cp "$file" "$dir/"
	chmod u+x "$dir/${file##*/}"
	LD_LIBRARY_PATH=$(dirname "$file"):$path ldd "$dir/${file##*/}" 2>&1 || :
	rm -rf "$dir"
}

# not_ours: how the names of libraries begin that are to be dom0's own, of another release than this machine's
not_ours=''

# add_libraries ROOT FILE...: the libraries and interpreter that FILEs need. From a standard
# directory they keep their place; others go to /usr/lib, which ld.so searches. By
# libgcc_s glibc ends threads, and loads it when it does: no program names it.
add_libraries() {
	local root=$1 file lib dst said wrong unwinder
	shift
	for file; do
		is_elf "$file" || continue
		said=$(loader_says "$file")
		wrong=$(sed -n 's/^[[:space:]]*\(.*\) => not found$/\1/p' <<<"$said" | head -n 1)
		[ -z "$wrong" ] ||
			fail 125 "$file needs $wrong, which is not on this machine" \
				"Install its package, or add its directory to LD_LIBRARY_PATH."
		# "FILE: LIBRARY: version `NAME' not found (required by FILE)"
		wrong=$(sed -n "s/^.*: \(.*\): version \`\(.*\)' not found (required by .*/version \2 of \1/p" \
			<<<"$said" | head -n 1)
		[ -z "$wrong" ] ||
			fail 125 "$file needs $wrong, and this machine's is another" \
				"Build it here, or bring its own library by LD_LIBRARY_PATH."
		# "NAME => PATH (ADDRESS)", and "PATH (ADDRESS)" for the interpreter
		while read -r lib; do
			[ -z "$not_ours" ] || [ "${lib##*/"$not_ours"}" = "$lib" ] || continue
			case $lib in
			/lib/*|/lib64/*|/usr/lib/*|/usr/lib64/*) dst=$root$lib ;;
			*) dst=$root/usr/lib/${lib##*/} ;;
			esac
			[ -e "$dst" ] || install -D -m 755 "$lib" "$dst"
			[ "${lib##*/}" = libc.so.6 ] || continue
			unwinder=${lib%/*}/libgcc_s.so.1 dst=${dst%/*}/libgcc_s.so.1
			[ -e "$dst" ] || [ ! -e "$unwinder" ] || install -m 644 "$unwinder" "$dst"
		done < <(sed -nE 's/^\t(.* => )?(\/.*) \(0x[0-9a-f]+\)$/\2/p' <<<"$said")
	done
}

# add_file ROOT SRC DST: a file, or a directory with all in it
add_file() {
	local root=$1 src=$2 dst=$3 file
	[ -e "$src" ] || fail 125 "no such file: $src" "It is wanted by --file."
	mkdir -p "$root$(dirname "$dst")"
	if [ -d "$src" ]; then
		mkdir -p "$root$dst"
		cp -a "$src/." "$root$dst/"
		while IFS= read -r -d '' file; do
			add_libraries "$root" "$file"
		done < <(find -L "$src" -type f \( -perm /111 -o -name '*.so*' \) -print0)
	else
		cp -L --preserve=mode,timestamps "$src" "$root$dst"
		# of a package that was unpacked: what it needs is not for this machine to say
		case $src in
		"$CACHE"/unpacked/*) ;;
		*) add_libraries "$root" "$src" ;;
		esac
	fi
}

# quote WORD...: words that a POSIX shell reads back as they are
quote() {
	local word
	for word; do
		printf "'%s' " "${word//\'/\'\\\'\'}"
	done
}
