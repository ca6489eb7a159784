# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# A libvirt daemon of a session, and guests in software emulation that do what they are
# told: for the programs that keep a KVM host in balance. Nothing of it needs systemd, D-Bus or
# root, and all of it is below one directory, which is removed at the end. For root it
# runs as nobody: root has no session. Sourced after common.sh and debian.sh, never run.

LIBVIRT_PACKAGES=(libvirt-daemon libvirt-daemon-driver-qemu libvirt-clients qemu-system-x86
	busybox-static cpio kmod jq util-linux)
SYSTEM_DIRECTORIES=(/etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt /run/libvirt)

lab='' session=()
declare -A terminals=()

# as_session COMMAND...: with the session's environment, as its user
as_session() { "${session[@]}" "$@"; }

virsh_session() { as_session timeout 180 virsh -q -c qemu:///session "$@"; }

# guest_pins NAME: which CPUs its vCPU 0 may run on
guest_pins() { virsh_session vcpupin "$1" 0 | awk '$1 ~ /^0:?$/ { print $2 }'; }

# guest_size NAME: in KiB, less the balloon
guest_size() { virsh_session dominfo "$1" | awk '/^Used memory/ { print $3 }'; }

# guest_usable NAME: what it could use of that without harm, in KiB, as its driver has said last
guest_usable() { virsh_session dommemstat "$1" | awk '$1 == "usable" { print $2 }'; }

# lab_open: the directory, kernel and initramfs
lab_open()
{
	lab=$(mktemp -d /tmp/virtflex-host.XXXXXX) || return 1
	chmod 755 "$lab"
	session=(env HOME="$lab/home" XDG_RUNTIME_DIR="$lab/run" XDG_CONFIG_HOME="$lab/config"
		XDG_CACHE_HOME="$lab/cache" LIBVIRT_DRIVER_DIR="$lab/drivers" LIBVIRT_AUTOSTART=0
		LC_ALL=C PATH="$PATH:/usr/sbin:/sbin")
	if [ "$(id -u)" -eq 0 ]; then
		session=(setpriv --reuid=nobody --regid=nogroup --clear-groups "${session[@]}")
	fi
	mkdir -p "$lab"/{home,run,config/libvirt,cache,drivers,log,root}
	ln -s /usr/lib/*/libvirt/connection-driver/libvirt_driver_qemu.so "$lab/drivers/"
	printf 'stdio_handler = "file"\nsecurity_driver = "none"\n' >"$lab/config/libvirt/qemu.conf"
	lab_kernel || return 1
	[ "$(id -u)" -ne 0 ] || chown -R nobody "$lab"
}

# Debian's kernel for clouds, with the modules that a balloon needs
lab_kernel()
{
	local image debs modules name
	choose_debian "$(debian_of_machine)"
	image=$("$SCRIPTS/packages" depends "$debian_cloud_image" | grep '^linux-image-') || return 1
	debs=$("$SCRIPTS/packages" unpack "$image") || return 1
	cp "$debs"/boot/vmlinuz-* "$lab/vmlinuz" || return 1
	modules=$(echo "$debs"/lib/modules/*)
	[ -e "$modules" ] || modules=$(echo "$debs"/usr/lib/modules/*)
	mkdir -p "$lab/root"/{bin,dev,proc,sys,m}
	cp /bin/busybox "$lab/root/bin/"
	ln -s busybox "$lab/root/bin/sh"
	for name in virtio virtio_ring virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_balloon; do
		add_module "$modules" "$name"
	done
	cp "$SCRIPTS/init/host_guest" "$lab/root/init"
	chmod 755 "$lab/root/init"
	(cd "$lab/root" && find . | cpio -o -H newc --quiet) >"$lab/initrd"
}

# add_module MODULES NAME: if it is one, in the order in which they are to be loaded
add_module()
{
	local file
	file=$(find "$1" -name "$2.ko*" | head -n 1)
	case $file in
	*.xz) xz -dc "$file" >"$lab/root/$2.ko" ;;
	*.ko) cp "$file" "$lab/root/$2.ko" ;;
	*) return 0 ;;
	esac
	echo "$2.ko" >>"$lab/root/modules"
}

daemon_start()
{
	local i
	as_session libvirtd >"$lab/log/libvirtd" 2>&1 &
	for ((i = 0; i < 60; i++)); do
		virsh_session version >/dev/null 2>&1 && return
		sleep 1
	done
	cat "$lab/log/libvirtd"
	return 1
}

pid_in() { cat "$1" 2>/dev/null; }

daemon_stop()
{
	local pid i
	pid=$(pid_in "$lab/run/libvirt/libvirtd.pid")
	[ -n "$pid" ] || return 0
	kill "$pid"
	for ((i = 0; i < 50; i++)); do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.2
	done
	kill -9 "$pid"
}

# guest_xml NAME VCPUS MIB [BALLOON [WORD]]
guest_xml()
{
	local name=$1
	cat <<-EOT
	<domain type='qemu'>
	  <name>$name</name><memory unit='MiB'>$3</memory><vcpu>$2</vcpu>
	  <os><type arch='x86_64' machine='pc'>hvm</type><kernel>$lab/vmlinuz</kernel><initrd>$lab/initrd</initrd>
	    <cmdline>console=ttyS1 quiet no_timer_check panic=-1 ${5-}</cmdline></os>
	  <features><acpi/></features>
	  <on_poweroff>destroy</on_poweroff><on_reboot>destroy</on_reboot><on_crash>destroy</on_crash>
	  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
	    <serial type='pty'/><serial type='file'><source path='$lab/log/$name'/></serial>
	    <memballoon model='${4:-virtio}'/></devices>
	</domain>
	EOT
}

# guest_start NAME VCPUS MIB [BALLOON]
guest_start()
{
	local name=$1
	guest_xml "$@" >"$lab/$name.xml"
	virsh_session create "$lab/$name.xml" || { cat "$lab/log/libvirtd"; return 1; }
}

# guest_ready NAME: it has come up
guest_ready()
{
	local i
	for ((i = 0; i < 300; i++)); do
		! grep -q '^ready' "$lab/log/$1" 2>/dev/null || { guest_terminal "$1"; return; }
		[ -e "$lab/run/libvirt/qemu/run/$1.pid" ] || break
		sleep 1
	done
	echo "$1 did not come up:"
	cat "$lab/log/$1"
	return 1
}

# Its terminal stays open: QEMU reads from one that nobody has open only now and then.
guest_terminal()
{
	local tty fd
	tty=$(virsh_session ttyconsole "$1" | head -n 1)
	[ -c "$tty" ] && stty -F "$tty" raw -echo && exec {fd}<>"$tty" || return 1
	terminals[$1]=$fd
}

# guest_tell NAME WORD...: a line of scripts/init/host_guest; again, if it has not arrived
guest_tell()
{
	local name=$1 did try wait
	shift
	did=$(grep -c "^did $*" "$lab/log/$name")
	for try in 1 2 3 4; do
		printf '\n%s\n' "$*" >&"${terminals[$name]}"
		for ((wait = 0; wait < 50 * try; wait++)); do
			[ "$(grep -c "^did $*" "$lab/log/$name")" -eq "$did" ] || return 0
			sleep 0.2
		done
	done
	echo "$name does not do: $*"
	tail -n 5 "$lab/log/$name"
	return 1
}

# guest_pids: of all that run
guest_pids() { awk 1 "$lab"/run/libvirt/qemu/run/*.pid 2>/dev/null; }

# system_lab COMMAND...: the same for qemu:///system, with a guest "busy" of two busy vCPUs, for
# root only: a libvirtd that sees directories of its own in the place of the system's, and
# of which nothing is left when the command ends
system_lab()
{
	local dir made=() status
	guest_xml busy 2 512 virtio busy >"$lab/busy.xml"
	for dir in "${SYSTEM_DIRECTORIES[@]}"; do
		[ -d "$dir" ] || { mkdir -p "$dir" && made+=("$dir"); } || return 1
	done
	timeout -k 10 150 unshare --mount --pid --fork --kill-child --mount-proc bash -c "
		$(declare -p lab SYSTEM_DIRECTORIES)
		$(declare -f system_lab_inside)
		system_lab_inside $(printf '%q ' "$@")"
	status=$?
	[ ${#made[@]} -eq 0 ] || rmdir "${made[@]}"
	return $status
}

system_lab_inside()
{
	local dir i
	for dir in "${SYSTEM_DIRECTORIES[@]}"; do
		mount -t tmpfs lab "$dir" || return 1
	done
	printf 'user = "root"\ngroup = "root"\ndynamic_ownership = 0\nremember_owner = 0\n' |
		cat - "$lab/config/libvirt/qemu.conf" >/etc/libvirt/qemu.conf
	# the package of the service makes this user
	for dir in passwd group; do
		{ cat "/etc/$dir"; echo "libvirt-qemu:x:64055:$([ $dir = group ] || echo 64055::/nonexistent:/bin/false)"; } >"$lab/$dir"
		mount --bind "$lab/$dir" "/etc/$dir" || return 1
	done
	LIBVIRT_DRIVER_DIR=$lab/drivers libvirtd >"$lab/log/libvirtd.system" 2>&1 &
	for ((i = 0; i < 30; i++)); do
		! virsh -q -c qemu:///system version >/dev/null 2>&1 || break
		sleep 1
	done
	virsh -q -c qemu:///system create "$lab/busy.xml" || { cat "$lab/log/libvirtd.system"; return 1; }
	for ((i = 0; i < 60; i++)); do
		! grep -q '^ready' "$lab/log/busy" || break
		sleep 1
	done
	"$@"
}

# lab_close: whatever happened, nothing is left
lab_close()
{
	local pids
	[ -n "$lab" ] || return 0
	pids=$(guest_pids)
	daemon_stop
	# shellcheck disable=SC2086 # one each
	[ -z "$pids" ] || kill -9 $pids 2>/dev/null
	# shellcheck disable=SC2046
	kill $(jobs -p) 2>/dev/null
	[ -n "${KEEP-}" ] || rm -rf "$lab"
	lab=''
}
