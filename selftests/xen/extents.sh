# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of guest.sh: extents handed back that are not as the module's, by
# ../extents. What Xen does with them is the same whether it takes a superpage
# in one step or not. Sourced by guest.sh.
# shellcheck disable=SC2016,SC3045 # for dom0's shell; busybox read has -t

extents_case() {
	everywhere=$(placement)
	said=$("$here/../extents" "$1" 2>&1)
	case $? in
	0) ;;
	4) skip "$said"; return ;;
	*) fail "$said" ;;
	esac
	same 'pages of all nodes' "$everywhere" "$(placement)"
}

extents_whole() { extents_case whole; }
extents_partly_out() { extents_case partly_out; }
extents_split() { extents_case split; }
extents_misaligned() { extents_case misaligned; }
extents_batch() { extents_case batch; }
extents_beyond() { extents_case beyond; }

# held_by_dom0 CASE HOW: what dom0 has mapped is dom0's to use until it lets go of it
held_by_dom0() {
	everywhere=$(placement)
	rm -f /tmp/to /tmp/from
	mkfifo /tmp/to /tmp/from
	"$here/../extents" "$1" </tmp/to >/tmp/from 2>&1 & program=$!
	exec 5>/tmp/to 6</tmp/from
	read -r -t 60 number <&6
	case $number in
	*[!0-9]*) skip "$number"; exec 5>&- 6<&-; wait "$program"; return ;;
	esac
	# a writer that stays keeps the pipe open
	host 'rm -f /tmp/hold /tmp/held; mkfifo /tmp/hold
		t/foreign_page $DOMID '"$2 $number"' </tmp/hold >/tmp/held 2>&1 &
		sleep 300 >/tmp/hold 2>/dev/null & echo $! >/tmp/writer
		for i in 1 2 3 4 5 6 7 8 9; do [ ! -s /tmp/held ] || break; sleep 1; done; cat /tmp/held'
	same 'in dom0' mapped "$said"
	echo >&5
	read -r -t 60 line <&6
	same 'the program' gone "$line"
	host 'echo >/tmp/hold; for i in 1 2 3 4 5 6 7 8 9; do [ "$(wc -l </tmp/held)" -lt 2 ] || break; sleep 1; done
		kill "$(cat /tmp/writer)"; tail -n 1 /tmp/held'
	same 'memory dom0 held' intact "$said"
	echo >&5
	exec 5>&-
	said=$(cat <&6)
	exec 6<&-
	wait "$program" || fail "$said"
	same 'pages of all nodes' "$everywhere" "$(placement)"
}

extents_held_by_dom0() { held_by_dom0 held pfn; }
extents_granted_to_dom0() { held_by_dom0 granted grant; }
