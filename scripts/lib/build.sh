# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The project's own parts that a guest gets: modules, built against the
# guest's kernel in a directory per flavour, and the programs and libraries.

# build_module KERNEL FLAVOUR [SOURCE]: prints the file of the module in SOURCE,
# which is "module" or another folder of the tree, or nothing if there is none
build_module() {
	local kernel=$1 source=${3-module} key name dir
	name=${source//\//-}-$2
	# of another release: two runs for two releases do not want the same place
	[ ! -e "$kernel/root" ] || name+=-$(cat "$kernel/release")
	dir=$TOP/build/$name
	[ -e "$TOP/$source/Kbuild" ] || return 0
	locked "$name-$(digest <<<"$TOP")" build_module_now >&2 || exit
	find "$dir" -maxdepth 1 -name '*.ko'
}

# plain_path DIRECTORY: it, or a link to it with a name that kbuild can build in
plain_path() {
	local link
	link=$CACHE/tree/$(digest <<<"$1")
	case $1 in
	*[[:space:]:%]*)
		mkdir -p "$CACHE/tree"
		ln -sfn "$1" "$link"
		printf '%s\n' "$link" ;;
	*) printf '%s\n' "$1" ;;
	esac
}

build_module_now() {
	local out
	key=$({ echo "$kernel"; cd "$TOP" || exit
		find "$source" uapi -type f -print0 2>/dev/null | sort -z | xargs -0 sha256sum; } | digest)
	[ "$(cat "$dir/.key" 2>/dev/null)" != "$key" ] || return 0
	mkdir -p "$dir"
	if [ "$(cat "$dir/.kernel" 2>/dev/null)" != "$kernel" ]; then
		rm -rf "$dir"
		mkdir -p "$dir"
	fi
	rm -f "$dir/.key"
	# Next to the module, as in the tree: its includes say ../uapi
	[ ! -d "$TOP/uapi" ] || rsync -a --delete "$TOP/uapi/" "$TOP/build/uapi/"
	rsync -a --delete --exclude='*.o' --exclude='*.ko' --exclude='.*' --exclude='*.mod*' \
		--exclude=Module.symvers --exclude=modules.order --exclude=tests "$TOP/$source/" "$dir/"
	echo "$kernel" >"$dir/.kernel"
	if ! out=$(kbuild "$kernel" "${dir##*/}" 2>&1); then
		printf '%s\n' "$out"
		fail 125 "$source does not build for this kernel" "Leave it out with --no-module."
	fi
	echo "$key" >"$dir/.key"
}

# kbuild KERNEL NAME: makes the modules in build/NAME, by this machine's compiler, or by that of the
# release that the kernel is from
kbuild() {
	if [ -e "$1/root" ]; then
		in_tree "$(realpath "$1/root")" "$TOP/build" \
			make -s -C "/usr/src/linux-headers-$(cat "$1/release")" M="/mnt/$2" modules
	else
		make -s -C "$1/build" M="$(plain_path "$TOP/build")/$2" modules
	fi
}

# build_programs: builds them if the Makefile can
build_programs() {
	[ -e "$TOP/userspace/Makefile" ] && grep -q "^userspace:" "$TOP/Makefile" || return 0
	locked "userspace-$(digest <<<"$TOP")" build_programs_now || exit
}

build_programs_now() {
	local out
	out=$(make -s -C "$TOP" userspace 2>&1) || {
		printf '%s\n' "$out" >&2
		fail 125 "the user-space programs do not build" "Mend them, or leave them out with --bare."
	}
}

# build_dom0_programs: prints the files of what is for dom0. They are built against the libraries of
# Xen that dom0 has, which are in $sysroot if its release is not this machine's
build_dom0_programs() {
	local build=$TOP/build
	if [ "$debian_is" != same ]; then
		build=$TOP/build/debian-$debian
		locked "dom0-$debian-$(digest <<<"$TOP")" build_dom0_programs_now >&2 || exit
	fi
	printf '%s\n' "$build/sbin/virtflexctl" "$build"/dom0/*
}

build_dom0_programs_now() {
	local out
	out=$(make -s -C "$TOP/userspace" BUILD="../${build#"$TOP"/}" DOM0_ROOT="$sysroot" dom0 2>&1) || {
		printf '%s\n' "$out"
		fail 125 "the programs for dom0 do not build for Debian $debian" "Mend them, or leave them out with --bare."
	}
}

# put_for_dom0 ROOT: in place of test programs that use libraries of the toolstack, which were built
# for this machine's, the same built for dom0's
put_for_dom0() {
	local places place build=build/debian-$debian/selftests
	mapfile -t places < <(find "$1" -type f \( -name foreign_page -o -name pause_at_status -o -name perforate \))
	[ ${#places[@]} -gt 0 ] || return 0
	locked "dom0-$debian-$(digest <<<"$TOP")" put_for_dom0_now >&2 || exit
	for place in "${places[@]}"; do
		cp "$TOP/$build/${place##*/}" "$place"
	done
}

put_for_dom0_now() {
	local out
	out=$(make -s -C "$TOP/selftests" KSRC="$("$SCRIPTS/kernel" source)" OUTPUT="../$build" DOM0_ROOT="$sysroot" dom0 2>&1) || {
		printf '%s\n' "$out"
		fail 125 "selftests do not build for dom0 of Debian $debian"
	}
}

# add_programs ROOT: what is in build/bin and build/lib
add_programs() {
	local file
	for file in "$TOP"/build/lib/*.so*; do
		[ ! -e "$file" ] || cp -a "$file" "$1/usr/lib/"
	done
	for file in "$TOP"/build/bin/*; do
		[ ! -f "$file" ] || add_file "$1" "$file" "/usr/bin/${file##*/}"
	done
}
