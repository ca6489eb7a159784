# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The machine QEMU makes: nodes, CPUs, memory and the serial ports that carry
# what comes out. COM1 is the console; PCI serial cards carry records and the
# output of commands as they are, apart from any kernel's messages.

# range FIRST COUNT: "first-last"
range() { if [ "$2" -eq 1 ]; then echo "$1"; else echo "$1-$(($1 + $2 - 1))"; fi; }

# share TOTAL PARTS INDEX: the size of part INDEX; what is left over goes to the first ones
share() { echo $(($1 / $2 + ($3 < $1 % $2))); }

# mebibytes SIZE [OPTION]: in MiB
mebibytes() {
	case $1 in
	*[!0-9][MmGg]|[!1-9]*|*[!0-9MmGg]*) fail 125 "${2:---mem}: '$1' is not a size such as 2G or 1536M" ;;
	*[Gg]) echo $((${1%?} * 1024)) ;;
	*[Mm]) echo "${1%?}" ;;
	*) echo "$1" ;;
	esac
}

# node_sizes SIZE[,SIZE]...: sets sizes, of each node in MiB, and mem, their sum
node_sizes() {
	local n given
	IFS=, read -ra given <<<"$1"
	if [ ${#given[@]} -eq 1 ]; then
		mem=$(mebibytes "$1") || exit
		for ((n = 0; n < nodes; n++)); do
			sizes+=("$(share "$mem" "$nodes" "$n")")
		done
	elif [ ${#given[@]} -eq "$nodes" ]; then
		mem=0
		for n in "${given[@]}"; do
			sizes+=("$(mebibytes "$n")") || exit
			mem=$((mem + sizes[-1]))
		done
	else
		fail 125 "--mem: ${#given[@]} sizes for $nodes nodes" "Give one for all, or one for each."
	fi
	for n in "${sizes[@]}"; do
		[ "$n" -ge 64 ] || fail 125 "--mem: a node of $n MiB; the least is 64"
	done
}

# node_cpus CPUS NODES [RANGES]: sets node_ranges, of each node its CPUs as "first-last",
# or "" for none: as given, or in order, shared out evenly
node_cpus() {
	local cpus=$1 nodes=$2 n first=0 count
	node_ranges=()
	shift 2
	if [ -n "${1-}" ]; then
		IFS=: read -ra node_ranges <<<"$1"
		[ ${#node_ranges[@]} -eq "$nodes" ] ||
			fail 125 "--cpus-of: ${#node_ranges[@]} ranges for $nodes nodes"
		for n in "${!node_ranges[@]}"; do
			[[ ${node_ranges[n]} =~ ^(-|[0-9]+(-[0-9]+)?)$ ]] ||
				fail 125 "--cpus-of: '${node_ranges[n]}' is not CPUs such as 2-3, nor -"
			[ "${node_ranges[n]}" != - ] || node_ranges[n]=
		done
		return
	fi
	for ((n = 0; n < nodes; n++)); do
		count=$(share "$cpus" "$nodes" "$n")
		node_ranges+=("$([ "$count" -eq 0 ] || range "$first" "$count")")
		first=$((first + count))
	done
}

# distances FROM NODES: the row of node FROM, with commas
distances() {
	local n row=
	for ((n = 0; n < $2; n++)); do
		row+=,$((n == $1 ? 10 : 20))
	done
	echo "${row#,}"
}

# add_nodes CPUS NODES MEGABYTES...: to the array qemu; each node's memory, and its CPUs
# of node_ranges
add_nodes() {
	local cpus=$1 nodes=$2 n m total=0
	shift 2
	qemu+=(-smp "$cpus,sockets=$cpus,cores=1,threads=1")
	for ((n = 0; n < nodes; n++)); do
		qemu+=(-object "memory-backend-ram,id=m$n,size=$1M"
			-numa "node,nodeid=$n,memdev=m$n${node_ranges[n]:+,cpus=${node_ranges[n]}}")
		total=$((total + $1))
		shift
	done
	for ((n = 0; n < nodes; n++)); do
		for ((m = 0; m < nodes; m++)); do
			qemu+=(-numa "dist,src=$n,dst=$m,val=$((n == m ? 10 : 20))")
		done
	done
	qemu+=(-m "${total}M")
}

# Adds a PCI card of serial ports to the array qemu: card ID FILE...
add_card() {
	local id=$1 nr=0 file device
	shift
	device=pci-serial-4x
	for file; do
		nr=$((nr + 1))
		# QEMU runs in there; its options split at a comma, such as in a path.
		qemu+=(-chardev "file,id=$id$nr,path=${file#"$RUN"/}")
		device+=,chardev$nr=$id$nr
	done
	while [ "$nr" -lt 4 ]; do
		nr=$((nr + 1))
		qemu+=(-chardev "null,id=$id$nr")
		device+=,chardev$nr=$id$nr
	done
	qemu+=(-device "$device")
}

# best_accel: prints kvm where a guest was seen to reach its first process with
# it since this machine started, else tcg. That /dev/kvm exists says little.
best_accel() {
	local file
	file=$CACHE/accel-$(cat /proc/sys/kernel/random/boot_id)
	if [ ! -e "$file" ]; then
		rm -f "$CACHE"/accel-*
		{ kvm_works && echo kvm || echo tcg; } >"$file.$$"
		mv "$file.$$" "$file"
	fi
	cat "$file"
}

# The first process says that it has no ports to work with, and powers off.
kvm_works() {
	[ -w /dev/kvm ] || return 1
	timeout -k 1 10 qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
		-accel kvm -cpu host -smp 2 -m 512M -kernel "$kernel/bzImage" \
		-initrd "$(base_archive)" -append "console=ttyS0 panic=-1" -serial stdio \
		</dev/null 2>/dev/null | grep 'virtflex harness: found 0 of' >/dev/null
}

# What runs the machine; another where choose_emulator() says so
emulator=(qemu-system-x86_64)

machine_begin() {
	qemu=("${emulator[@]}" -nodefaults -no-user-config -display none -no-reboot
		-chardev "file,id=com1,path=console" -serial chardev:com1)
}

# delay_loops: the kernel finds out for each CPU how long a delay loop takes, which takes a
# second or two where CPUs share a core. Emulated, they count the cycles of this
# machine's.
delay_loops() {
	local mhz hz
	mhz=$(sed -n 's/^cpu MHz.*: *\([0-9]*\).*/\1/p' /proc/cpuinfo | head -n 1)
	hz=$(sed -n 's/^CONFIG_HZ=//p' "$kernel/config")
	[ -z "$mhz" ] || [ -z "$hz" ] || echo " lpj=$((mhz * 1000000 / hz))"
}

# One kernel command line for guests on QEMU and on Xen. Thresholds are wide:
# an emulated CPU may have to wait for its turn.
guest_args() {
	local args="panic=-1 oops=panic loglevel=7 8250.nr_uarts=16 watchdog_thresh=30"
	args+=" rcupdate.rcu_cpu_stall_timeout=60 sysctl.kernel.hung_task_timeout_secs=60"
	args+=$(delay_loops)
	[ "$flavour" != debug ] || args+=" panic_on_warn=1 kmemleak=on softlockup_panic=1 hung_task_panic=1"
	echo "$args"
}

# A guest right on QEMU
machine_plain() {
	local base
	machine_begin
	add_nodes "$cpus" "$nodes" "${sizes[@]}"
	add_card a "$RUN/records" "$RUN/out" "$RUN/err"
	if [ "$accel" = kvm ]; then
		qemu+=(-accel kvm -cpu host)
	elif [ "$icount" = yes ]; then
		qemu+=(-accel "tcg,thread=single" -icount "shift=0,sleep=off" -cpu "${cpu:-max}")
	else
		qemu+=(-accel "tcg,thread=multi" -cpu "${cpu:-max}")
	fi
	base=$(base_archive) || exit
	cat "$base" "$RUN"/*.cpio >"$RUN/initrd"
	qemu+=(-kernel "$kernel/bzImage" -initrd initrd
		-append "console=ttyS0 $(guest_args)${args[*]:+ ${args[*]}}")
}

default_mem() {
	if [ "$xen" != no ] && [ "$flavour" != debug ]; then echo 1G; else echo 2G; fi
}
