# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# How what the series of xen-patches touches is built, in the source tree that
# is the current directory: the hypervisor, the toolstack's libxenlight with the
# libraries it stands on, and tests. Sourced by who has a tree to build.

# shellcheck disable=SC2034 # for those who source this
XEN_TOOLS=(gcc make patch perl python3 pkg-config bison flex autoconf autotools-dev acpica-tools
	libyajl-dev uuid-dev libncurses-dev zlib1g-dev)

# xen_source: prints the directory of the source tree
xen_source() {
	if [ -n "${XEN_SOURCE-}" ]; then
		[ -e "$XEN_SOURCE/xen/Makefile" ] || fail 125 "XEN_SOURCE: no source of Xen in $XEN_SOURCE"
		realpath "$XEN_SOURCE"
	else
		"$SCRIPTS/packages" source "${debian_suite_option[@]}" xen ||
			fail 125 "no source of Xen $debian_xen" "If the archive has none, name a tree by XEN_SOURCE."
	fi
}

# hypervisor_now y|n: with Xen's own checks, or without
hypervisor_now() {
	# All is made anew when the configuration is.
	[ -e xen/.config ] || {
		echo "CONFIG_DEBUG=$1" >xen/.config
		make -C xen olddefconfig
	}
	make -C xen -j"$(nproc)"
}

# Debian's series deletes what it makes anew at each build. The paths are
# Debian's: the library has them built in.
configure_now() {
	cp /usr/share/misc/config.sub /usr/share/misc/config.guess .
	autoconf -f
	(cd tools && autoconf -f && autoheader)
	./configure --prefix=/usr --includedir=/usr/include --libdir=/usr/lib/x86_64-linux-gnu \
		--with-libexec-libdir-suffix=/x86_64-linux-gnu --with-libexec-leaf-dir="xen-$debian_xen" \
		--sysconfdir=/etc --localstatedir=/var \
		--disable-stubdom --disable-docs --disable-xen --disable-qemu-traditional \
		--disable-rombios --disable-ocamltools --disable-golang --disable-xsmpolicy \
		--disable-monitors --disable-ipxe --disable-pygrub --disable-systemd \
		--with-system-qemu=/usr/libexec/xen-qemu-system-i386 \
		--enable-ovmf --with-system-ovmf=/usr/share/ovmf/OVMF.fd \
		--with-system-seabios=/usr/share/seabios/bios-256k.bin
}

libxenlight_now() {
	local lib
	make -C tools/include
	for lib in toolcore toollog evtchn gnttab call foreignmemory devicemodel ctrl guest hypfs store light; do
		make -C "tools/libs/$lib" -j"$(nproc)"
	done
}

# Xen's own tests, run in dom0, of what the series touches
xen_tests_now() {
	local name
	for name in resource paging-mempool; do
		make -C "tools/tests/$name"
	done
}
