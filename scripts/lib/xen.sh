# shellcheck shell=bash disable=SC2154 # the options are scripts/guest's
# SPDX-License-Identifier: GPL-2.0
#
# The machine with Xen on it: the hypervisor and dom0's programs out of
# Debian's packages, dom0's file system, and the configuration of the guest,
# whose nodes lie each on a physical node of the same number. With the series
# of xen-patches, hypervisor and libxenlight are our own (scripts/xen). Which Debian that
# is, choose_debian() of debian.sh says.

DOM0_PROGRAMS="xl xenstored xen-init-dom0 xenconsoled libxl-save-helper xenctx xen-hvmctx"
DOM0_MB=640

xen_packages() {
	"$SCRIPTS/packages" unpack-all "${debian_suite_option[@]}" "xen-utils-$debian_xen" \
		"xen-hypervisor-$debian_xen-amd64" qemu-system-xen xenstore-utils \
		${debian_suite_option:+libxen-dev}
}

LIBRARIES=lib/x86_64-linux-gnu

# The C library and what works with no other version of it. By libgcc_s it ends threads,
# and no program names that.
C_LIBRARY=(libc.so.6 libm.so.6 libmvec.so.1 libpthread.so.0 libdl.so.2 librt.so.1 libresolv.so.2
	libutil.so.1 libanl.so.1 libgcc_s.so.1)
LOADER=lib64/ld-linux-x86-64.so.2

# in_usr_or_root DIRECTORY FILE: where FILE is, in a release that has /lib in /usr or one that has both
in_usr_or_root() {
	local place
	for place in "$1/$2" "$1/usr/$2"; do
		[ ! -e "$place" ] || { printf '%s\n' "$place"; return; }
	done
	return 1
}

# add_c_library ROOT: of the newer of two releases, dom0's and this machine's, as programs of
# both run with it; and whole, as those that are brought along may need what the packages do not
add_c_library() {
	local from=$sysroot name
	[ "$debian_is" != older ] || from=
	install -D -m 755 "$(in_usr_or_root "$from" $LOADER)" "$1/usr/$LOADER"
	for name in "${C_LIBRARY[@]}"; do
		install -D -m 755 -t "$1/usr/$LIBRARIES" "$(in_usr_or_root "$from" "$LIBRARIES/$name")"
	done
}

# in_sysroot ROOT FILE...: FILEs of the unpacked packages, with libraries from there, but
# for the C library
in_sysroot() {
	local root=$1 file name lib path
	path=${patched:+$patched/lib:}$sysroot/$LIBRARIES:$sysroot/usr/$LIBRARIES
	path+=:$sysroot/usr/lib/xen-$debian_xen/$LIBRARIES
	shift
	for file; do
		install -D -m 755 "$sysroot/$file" "$root/$file"
		while read -r name lib; do
			case " ${C_LIBRARY[*]} " in
			*" $name "*) ;;
			*) install -D -m 755 "$lib" "$root/usr/$LIBRARIES/$name" ;;
			esac
		done < <("$(in_usr_or_root "$sysroot" $LOADER)" --inhibit-cache --library-path "$path" \
			--list "$sysroot/$file" | awk '$2 == "=>" && $1 !~ /ld-linux/ { print $1, $3 }')
	done
}

xenstore_tools() {
	local tool
	for tool in read write ls chmod watch list rm exists; do
		in_sysroot "$1" "usr/bin/xenstore-$tool"
	done
}

# add_dom0_tools ROOT PROGRAM...: the project's own for dom0, with their libraries, but for
# Xen's, which dom0 has, and the C library. Others are in dom0's release too, or as they are here.
add_dom0_tools() {
	local root=$1 tool name lib own
	shift
	for tool; do
		install -D -m 755 -t "$root/usr/sbin" "$tool"
		while read -r name lib; do
			case " ${C_LIBRARY[*]} " in
			*" $name "*) continue ;;
			esac
			case $name in
			libxen*|ld-linux*) continue ;;
			esac
			own=$(in_usr_or_root "$sysroot" "$LIBRARIES/$name") || own=
			[ "$debian_is" = older ] || lib=${own:-$lib}
			[ ! -e "$lib" ] || install -D -m 755 -t "$root/usr/$LIBRARIES" "$lib"
		done < <(ldd "$tool" | awk '$2 == "=>" { print $1, $3 }')
	done
}

# xen_archive dom0|guest: prints the archive of what Xen adds to that side
xen_archive() {
	local file
	file=$CACHE/initramfs/xen-$1-$({ echo "${sysroot##*/} ${patched##*/} $debian_is"; [ "$debian_is" != older ] || cat /$LOADER; cat "${BASH_SOURCE[0]}"; } | digest).cpio
	[ -e "$file" ] || locked initramfs step "packing what Xen adds to the $1" make_xen_archive "$1" "$file" || exit
	touch "$file" # for scripts/cache prune
	printf '%s\n' "$file"
}

make_xen_archive() {
	local root program
	[ ! -e "$2" ] || return 0
	mkdir -p "$CACHE/initramfs"
	root=$(mktemp -d "$CACHE/initramfs/root.XXXXXX")
	new_root "$root"
	add_c_library "$root"
	xenstore_tools "$root"
	if [ "$1" = dom0 ]; then
		for program in $DOM0_PROGRAMS; do
			in_sysroot "$root" "usr/lib/xen-$debian_xen/bin/$program"
			ln -s "../lib/xen-$debian_xen/bin/$program" "$root/usr/bin/$program"
		done
		in_sysroot "$root" usr/libexec/xen-qemu-system-i386
		install -D -t "$root/usr/lib/xen-$debian_xen/boot" "$sysroot/usr/lib/xen-$debian_xen/boot/hvmloader"
		mkdir -p "$root/usr/share/qemu" "$root/etc/xen"
		cp -rL "$sysroot/usr/share/seabios" "$root/usr/share/"
		cp -L "$sysroot"/usr/share/qemu/{kvmvapic,linuxboot,linuxboot_dma,multiboot,multiboot_dma}.bin \
			"$root/usr/share/qemu/"
		cp -r "$sysroot/usr/share/qemu/keymaps" "$root/usr/share/qemu/"
	fi
	pack "$root" "$root.cpio"
	rm -rf "$root"
	mv "$root.cpio" "$2"
}

hypervisor() {
	[ -z "$patched" ] || { printf '%s\n' "$patched/xen"; return; }
	local file=$CACHE/initramfs/${sysroot##*/}-xen
	if [ ! -e "$file" ]; then
		mkdir -p "${file%/*}"
		zcat "$sysroot/boot/xen-$debian_xen-amd64.gz" >"$file.$$" ||
			fail 125 "cannot unpack the hypervisor" "Is there room in $CACHE?"
		mv "$file.$$" "$file"
	fi
	touch "$file" # for scripts/cache prune
	printf '%s\n' "$file"
}

# le32 NUMBER: its four bytes, as escapes of printf
le32() { printf '\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)); }

# split_kernel BZIMAGE INITRD DIR: what the guest starts from, in DIR. Left to
# itself the device model hands a kernel over a byte at a time, which takes
# half of a run. So the two large parts are put straight into the guest's
# memory. What is handed over is the kernel's setup code, which goes on in 32
# bit mode, boot_params in %esi, at what follows it: here, a stub that says
# where the initrd is and jumps to the rest of the kernel
# (Documentation/arch/x86/boot.rst in the kernel's source).
KERNEL_AT=$((32 << 20))
split_kernel() {
	local setup init_size initrd_size
	setup=$(od -An -tu1 -j 0x1f1 -N 1 "$1" | tr -d ' ')
	setup=$((((setup ? setup : 4) + 1) * 512))
	init_size=$(od -An -tu4 -j 0x260 -N 4 "$1" | tr -d ' ')
	initrd_size=$(stat -c %s "$2")
	initrd_at=$(((KERNEL_AT + init_size + (4 << 20)) & ~((2 << 20) - 1)))
	[ $((initrd_at + initrd_size)) -lt $(((sizes[0] - 32) << 20)) ] ||
		fail 125 "${sizes[0]} MiB on node 0 are too little for this kernel and the files" "Give more with --mem."
	{
		head -c "$setup" "$1"
		# movl $initrd_at, 0x218(%esi); movl $initrd_size, 0x21c(%esi); movl $KERNEL_AT, %eax; jmp *%eax
		printf '%b' "\xc7\x86\x18\x02\x00\x00$(le32 "$initrd_at")"
		printf '%b' "\xc7\x86\x1c\x02\x00\x00$(le32 "$initrd_size")"
		printf '%b' "\xb8$(le32 "$KERNEL_AT")\xff\xe0"
		head -c 512 /dev/zero
	} >"$3/guest-setup"
	tail -c "+$((setup + 1))" "$1" >"$3/guest-kernel"
	mv "$2" "$3/guest-initrd"
}

# The guest's configuration for xl. Its output goes through PV consoles
# (hvc1 and on): through a serial port the device model emulates, each byte
# would wait for dom0 to be scheduled. The first of xl's channels takes the
# number of the main console and does not work. Its kernel starts with one CPU,
# and init/guest brings up the others: at boot all CPUs stop together to change
# the clock source. Those that are there first spin, which under emulation takes
# QEMU's global lock over and over, and the one to come, with a tick to serve
# each 10 ms, hardly gets it: seen to last more than a minute. Tests make
# hypercalls of their own (selftests/extents.c), which Linux lets nobody do in a
# guest unless told so.
domain_config() {
	local n vnodes=
	for ((n = 0; n < nodes; n++)); do
		vnodes+=" [\"pnode=$n\", \"size=${sizes[n]}\","
		[ -z "${node_ranges[n]}" ] || vnodes+=" \"vcpus=${node_ranges[n]}\","
		vnodes+=" \"vdistances=$(distances "$n" "$nodes")\"],"
	done
	cat <<-EOT
	name = "guest"
	type = "$type"
	cmdline = "console=hvc0 maxcpus=1 noreplace-smp xen_privcmd.unrestricted=1 $(guest_args)"
	memory = $mem
	vcpus = $vcpus
	maxvcpus = $cpus
	cpus = "1-$nodes"
	vnuma = [$vnodes ]
	on_poweroff = "destroy"
	on_reboot = "$on_reboot"
	on_crash = "destroy"
	channel = [ "name=none,connection=pty",
	    "name=records,connection=pty", "name=out,connection=pty", "name=err,connection=pty" ]
	EOT
	"${type}_config"
}

pvh_config() {
	cat <<-EOT
	kernel = "/boot/guest-kernel"
	ramdisk = "/boot/guest-initrd"
	EOT
}

hvm_config() {
	cat <<-EOT
	kernel = "/boot/guest-setup"
	vga = "$vga"
	vnc = 0
	sdl = 0
	usb = 0
	device_model_args_hvm = [
	    "-device", "loader,file=/boot/guest-kernel,addr=$KERNEL_AT,force-raw=on",
	    "-device", "loader,file=/boot/guest-initrd,addr=$initrd_at,force-raw=on",
	]
	EOT
}

# host_sizes: sets physical, of each node of the host in MiB: what the guest's node, dom0 and
# Xen need, and a share of what --host-mem has beyond that
host_sizes() {
	local n least=0 more=0
	physical=()
	for ((n = 0; n < nodes; n++)); do
		physical+=($((sizes[n] + 192 + (n == 0 ? DOM0_MB + 256 : 0))))
		least=$((least + physical[n]))
	done
	[ -n "$host_mem" ] || return 0
	more=$((host_mem - least))
	[ "$more" -ge 0 ] ||
		fail 125 "--host-mem: $host_mem MiB, and dom0 and this guest need $least" "Give more, or the guest less with --mem."
	for ((n = 0; n < nodes; n++)); do
		physical[n]=$((physical[n] + $(share "$more" "$nodes" "$n")))
	done
}

# choose_emulator: sets emulator, the QEMU that runs Xen. Under version 10.0 a guest's kernel reads
# 0 from CR2 at its first page fault, and stops, though the emulated CPU has the address: it
# seems that the read ends in an exit that Xen has not asked for, and so answers with what it
# has. Under 7.2 it is right; who has a newer one runs that, unpacked, which needs its own C
# library. With KVM, none of this is QEMU's.
choose_emulator() {
	local version root path
	version=$(qemu-system-x86_64 --version | sed -n 's/^QEMU emulator version \([0-9]*\).*/\1/p')
	[ "$accel" != kvm ] && [ "${version:-0}" -gt 7 ] || return 0
	root=$("$SCRIPTS/packages" unpack-all --suite "$NESTED_QEMU_SUITE" qemu-system-x86) ||
		fail 125 "QEMU $version does not run guests of Xen, and an older one could not be fetched" \
			"Check the network and apt's sources, or use a machine with KVM."
	path=$root/$LIBRARIES:$root/usr/$LIBRARIES
	# not by the link in /lib64, which leads to this machine's
	emulator=(env QEMU_MODULE_DIR="$root/usr/$LIBRARIES/qemu"
		"$(in_usr_or_root "$root" "$LIBRARIES/${LOADER##*/}")" --library-path "$path" "$root/usr/bin/qemu-system-x86_64"
		-L "$root/usr/share/qemu" -L "$root/usr/share/seabios")
}

# xen_side dom0|guest: prints the archives of that side. The last one that has a library
# wins, which is the one of the newer release.
xen_side() {
	local base xens
	base=$(base_archive) && xens=$(xen_archive "$1") || exit
	if [ "$debian_is" = newer ]; then
		cat "$base" "$RUN/files.cpio" "$xens"
	else
		cat "$base" "$xens" "$RUN/files.cpio"
	fi
}

# say_machine: what runs, for who reads the log later
say_machine() {
	local version
	version=$(zcat "$sysroot/usr/share/doc/xen-hypervisor-$debian_xen-amd64/changelog.Debian.gz" 2>/dev/null |
		sed -n '1s/^[^(]*(\([^)]*\)).*/\1/p')
	[ -z "$patched" ] || version="$(cat "$patched/version") with xen-patches ($xen)"
	say "guest: Debian $debian: Xen ${version:-$debian_xen}," \
		"a guest of type $type with kernel $(cat "$kernel/release")," \
		"in $("${emulator[@]}" --version | sed -n 's/^QEMU emulator version \([^ ]*\).*/QEMU \1/p')"
}

machine_xen() {
	local root=$RUN/root patched='' dom0_kernel initrd_at tools
	[ "$xen" = stock ] || patched=$("$SCRIPTS/xen" "$xen") || exit
	dom0_kernel=$("$SCRIPTS/kernel" fast) || exit
	choose_emulator
	say_machine
	xen_side guest >"$RUN/guest-initrd" || exit
	new_root "$root"
	mkdir "$root/boot"
	if [ "$type" = hvm ]; then
		split_kernel "$kernel/bzImage" "$RUN/guest-initrd" "$root/boot"
	else
		cp "$kernel/bzImage" "$root/boot/guest-kernel"
		mv "$RUN/guest-initrd" "$root/boot/guest-initrd"
	fi
	cp "$kernel/System.map" "$root/boot/System.map"
	if [ "$programs" = yes ]; then
		tools=$(build_dom0_programs) || exit
		mapfile -t tools <<<"$tools"
		add_dom0_tools "$root" "${tools[@]}"
	fi
	domain_config >"$root/etc/virtflex/domain"
	[ -z "$dom0_command" ] || printf '%s\n' "$dom0_command" >"$root/etc/virtflex/dom0-command"
	pack "$root" "$RUN/dom0.cpio"
	rm -rf "$root"
	# Modules are for the guest; the rest of what was brought is in dom0 as well.
	{ xen_side dom0 && cat "$RUN/dom0.cpio"; } >"$RUN/dom0-initrd" || exit
	rm "$RUN"/*.cpio
	ln -s "$dom0_kernel/bzImage" "$RUN/dom0-kernel"

	: >"$RUN/dom0-records"
	: >"$RUN/guest-console"
	machine_begin
	# CPU 0 is dom0's alone: a guest that was on it was seen to find itself at
	# an address of Xen's, and to die. Of more than one CPU for each node the
	# guest has nothing: whenever it hands back a page, Xen interrupts all CPUs
	# it was on.
	node_cpus $((nodes + 1)) "$nodes"
	add_nodes $((nodes + 1)) "$nodes" "${physical[@]}"
	add_card a "$RUN/records" "$RUN/out" "$RUN/err" "$RUN/guest-console"
	add_card b "$RUN/dom0-records" "$RUN/dom0-output"
	if [ "$accel" = kvm ]; then
		qemu+=(-accel kvm -cpu host)
	else
		# Without these features of the CPU left out, emulated ones crash dom0
		# (smap), hang the guest (rdtscp) or stop Xen (monitor).
		qemu+=(-accel "tcg,thread=multi" -cpu "EPYC,+svm,+npt,-monitor,-smap,-rdtscp")
	fi
	# xsave=0: with it emulated, guests lose FPU state now and then
	qemu+=(-kernel "$(hypervisor)" -append "console=com1 com1=115200,8n1 dom0_mem=${DOM0_MB}M,max:${DOM0_MB}M
dom0_max_vcpus=1 dom0_vcpus_pin dom0_nodes=0 cpuidle=0 mwait-idle=0 xsave=0 loglvl=info guest_loglvl=info ${xen_args[*]}"
		-initrd "dom0-kernel console=hvc0 rdinit=/init-dom0 panic=-1 oops=panic loglevel=7 8250.nr_uarts=16,dom0-initrd")
	qemu[-3]=${qemu[-3]//$'\n'/ }
}

# dom0_trouble: why the run failed on dom0's side, or nothing
dom0_trouble() {
	local status
	# The first that failed, of as many as there were boots
	status=$(sed -n 's/^exit \([0-9]*\)\r*$/\1/p' "$RUN/dom0-records" | awk '!seen { s = $0; seen = $0 > 0 } END { print s }')
	if ! grep -q '^up' "$RUN/dom0-records"; then
		echo "dom0 did not come up"
	elif ! grep -q '^created' "$RUN/dom0-records"; then
		echo "xl could not create the guest"
	elif ! grep -q '^complete' "$RUN/dom0-records"; then
		echo "some of the guest's output was lost on its way"
	elif [ -n "$dom0_command" ] && [ -z "$status" ]; then
		echo "dom0 command did not end with the guest"
	elif [ -n "$dom0_command" ] && [ "$status" -ne 0 ]; then
		echo "dom0 command exited with $status"
	fi
}
