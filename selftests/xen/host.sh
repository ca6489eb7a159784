# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# The host's side of the xenstore protocol (docs/xenstore.md), as functions for
# scripts in dom0: describe a domain's nodes, ask for a change, wait for the
# answer. DOMID is the domain's number. Sourced; needs xl and xenstore-*, and a
# busybox sh, whose read has -t.
# shellcheck disable=SC3045

: "${DOMID:?the number of a domain}"
numa=/local/domain/$DOMID/numa

# numa_layout: a line for each node of the domain: node, physical node, KiB, its
# vCPUs. Asked once, as it does not change while the domain lives. (xl leaves
# out what is 0.)
numa_layout() {
	: "${numa_layout_lines:=$(xl list -l "$DOMID" 2>/dev/null | awk '
		/"vnuma_nodes": \[/ { inside = 1; next }
		!inside { next }
		/^ *\{$/ { kb = pnode = 0; vcpus = ""; next }
		/"memkb":/ { gsub(/[^0-9]/, ""); kb = $0; next }
		/"pnode":/ { gsub(/[^0-9]/, ""); pnode = $0; next }
		/"vcpus": \[/ { listing = 1; next }
		/"distances": \[/ { skipping = 1; next }
		/\]/ && (listing || skipping) { listing = skipping = 0; next }
		listing { gsub(/[^0-9]/, ""); vcpus = vcpus " " $0; next }
		/^ *\},?$/ { print node + 0, pnode, kb vcpus; node++ }
		/^ *\],?$/ && !skipping { exit }')}"
	echo "$numa_layout_lines"
}

# numa_grant KEY...: keys below numa that the guest may write
numa_grant() {
	for key; do
		xenstore-chmod "$numa/$key" n0 "b$DOMID" || return
	done
}

# numa_restore: nothing but the whole description, and a request to expand to it
numa_restore() {
	pairs=$(numa_pairs)
	# shellcheck disable=SC2046 # words: keys that are not of the description
	set -- $(xenstore-ls -f "$numa/node" | awk -v pairs="$pairs" '
		BEGIN { n = split(pairs, word); for (i = 1; i <= n; i += 2) {
			key = word[i]
			while (sub(/\/[^\/]*$/, "", key) && !(key in known)) known[key]
			known[word[i]]
		} }
		{ key = $1; if (key in known || key ~ /\/current$/) next }
		{ parent = key; sub(/\/[^\/]*$/, "", parent); if (parent in known) print key }')
	[ $# -eq 0 ] || xenstore-rm "$@" || return
	# shellcheck disable=SC2086 # pairs of words
	xenstore-write $pairs "$numa/topo_change" 1
}

# numa_pairs: the whole description as pairs of key and value: everything there
numa_pairs() {
	numa_layout | while read -r node pnode kb vcpus; do
		echo "$numa/node/$node/pnode" "$pnode"
		echo "$numa/node/$node/capacity" "$kb"
		echo "$numa/node/$node/target" "$kb"
		for vcpu in $vcpus; do
			echo "$numa/node/$node/vcpu/$vcpu" online
		done
	done
}

# numa_setup: describe the domain as it was built, and let the guest answer
numa_setup() {
	# shellcheck disable=SC2046 # pairs of words
	xenstore-write $(numa_pairs) "$numa/topo_change" 0 "$numa/control" "" \
		"$numa/status" "" "$numa/error" "" "$numa/result" "" || return
	for node in $(numa_layout | cut -d' ' -f1); do
		xenstore-write "$numa/node/$node/current" "" || return
		numa_grant "node/$node/current"
	done
	# last what wakes the guest
	numa_grant control status error result topo_change
}

# numa_request expand|shrink [KEY VALUE]...: keys below numa and the request,
# in one transaction
numa_request() {
	case $1 in
	expand) request=1 ;;
	shrink) request=2 ;;
	*) request=$1 ;;
	esac
	shift
	count=$#
	while [ "$count" -gt 0 ]; do
		set -- "$@" "$numa/$1" "$2"
		shift 2
		count=$((count - 2))
	done
	# -- for a value that begins with a dash
	xenstore-write -- "$@" "$numa/topo_change" "$request"
}

# numa_nodes expand|shrink NODE...: these nodes come whole or go whole
numa_nodes() {
	change=$1
	shift
	wanted=" $* "
	# shellcheck disable=SC2046 # pairs of words
	numa_request "$change" $(numa_layout | while read -r node _ kb vcpus; do
		case $wanted in
		*" $node "*) ;;
		*) continue ;;
		esac
		if [ "$change" = expand ]; then
			echo "node/$node/target $kb"
			state=online
		else
			echo "node/$node/target 0"
			state=offline
		fi
		for vcpu in $vcpus; do
			echo "node/$node/vcpu/$vcpu $state"
		done
	done)
}

# numa_read KEY...: values below numa, a line each
numa_read() {
	for key; do
		xenstore-read "$numa/$key" 2>/dev/null || echo
	done
}

# await_status PATTERN [SECONDS]: until the guest's status is like that
await_status() {
	await_key status "$1" "${2:-60}"
}

# await_key KEY PATTERN SECONDS: until a value below numa is like that
await_key() {
	events=$(mktemp -u) found=1
	mkfifo "$events"
	exec 8<>"$events"
	rm "$events"
	# Not a job of this shell, which would tell how it ended.
	watch=$(xenstore-watch "$numa/$1" >&8 2>/dev/null & echo $!)
	end=$(($(cut -d. -f1 /proc/uptime) + $3))
	# The first event comes at once, so that no change is missed.
	while left=$((end - $(cut -d. -f1 /proc/uptime))) && [ "$left" -gt 0 ] &&
		read -r -t "$left" _ <&8; do
		# shellcheck disable=SC2254 # a pattern is meant
		case $(numa_read "$1") in
		$2) found=0; break ;;
		esac
	done
	kill "$watch"
	exec 8<&-
	return $found
}

# numa_wait [SECONDS]: until the guest has answered; prints its status, and its
# error if there is one. Returns 0 if the change was carried out, 1 if not, 2
# if there was no answer in time.
numa_wait() {
	await_key topo_change 0 "${1:-60}" || { echo "no answer"; return 2; }
	status=$(numa_read status)
	echo "$status"
	case $status in
	done*) return 0 ;;
	esac
	numa_read error
	return 1
}

# numa_vcpus: the hypervisor's view: a line for each vCPU, "VCPU up|down"
numa_vcpus() {
	xl vcpu-list "$DOMID" 2>/dev/null | awk 'NR > 1 { print $3, $5 ~ /p/ ? "down" : "up" }'
}

# numa_placement: pages of the domain on each physical node, as the hypervisor
# counts them: a line "PNODE PAGES" each
numa_placement() {
	{
		xl dmesg -c >/dev/null
		xl debug-keys u
		xl dmesg
	} 2>/dev/null | awk -v domain="$DOMID" '
		# "Domain 1 (total: ...", and since Xen 4.18 "d1 (total: ..."
		/(Domain |d)[0-9]+ \(total/ {
			sub(/ \(total.*/, "")
			sub(/.*[^0-9]/, "")
			inside = $1 == domain
			next
		}
		inside && /Node [0-9]+: [0-9]+/ {
			sub(/.*Node /, "")
			sub(/:/, "")
			print $1, $2
		}
		inside && /vnodes/ { exit }'
}
