#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# virtflexctl without a command, on a terminal and elsewhere, with commands that only say
# how they were run (chooser.c). What it does to a domain is tested on Xen
# (selftests/xen/ctl.sh).
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.bash"
chooser=${BUILD:?}/userspace/san/tests/chooser
export LC_ALL=C TERM=vt100
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# When the program is gone, what was waited for is told, and the test goes on.
trap '' PIPE
[ -x "$chooser" ] || {
	no_xen() { skip 'there is no libxen-dev here'; }
	run_test choose no_xen
	finish
	exit
}

# dialog STATUS [NAME=VALUE]...: virtflexctl on a terminal, with commands that only say so.
# Lines of standard input are what is waited for, a tab, and what is typed then. All that is
# seen is in $seen.
dialog()
{
	local status=$1 heard='' char wait type got bad=0
	shift
	rm -f "$work/in" "$work/out"
	mkfifo "$work/in" "$work/out"
	# what a shell runs beside itself ignores an interrupt otherwise
	env --default-signal=INT "$@" script -qefc "'$chooser'" /dev/null <"$work/in" >"$work/out" 2>&1 &
	exec 5>"$work/in" 6<"$work/out"
	seen=
	while [ $bad -eq 0 ] && IFS=$'\t' read -r wait type; do
		while [[ $heard != *"$wait"* ]]; do
			IFS= read -r -N 1 -t 20 -u 6 char || { echo "waited for: $wait"; bad=1; break; }
			heard+=$char seen+=$char
		done
		heard=
		[ $bad -ne 0 ] || printf '%b' "$type" >&5
	done
	[ $bad -eq 0 ] || kill $!
	seen+=$(timeout 20 cat <&6)
	exec 5>&- 6<&-
	wait $!
	got=$?
	{ [ $bad -eq 0 ] && [ $got -eq "$status" ]; } || { echo "status $got"; echo "$seen"; return 1; }
}

# was LINE...: lines that the commands have said, in this order and no others
was() { diff <(tr -d '\r' <<<"$seen" | grep -oE '<[^<>]*>$') <(printf '%s\n' "$@"); }

# Each question, and what is asked before anything changes
chooses()
{
	dialog 0 <<-'END' && was '<show guest>' '<shrink guest 2 3>' '<expand guest 2-3>' '<balance>' '<move guest 2 1>' '<pin guest>' '<show guest>' || return 1
		Domain, by ID or name (Enter leaves):	7\n
		  8  quit    Leave
		What to do, by number or name (Enter leaves):	2\n
		Nodes to take, such as 2 or 2-3 (Enter goes back):	 2   3 \n
		    virtflexctl shrink guest 2 3
		Do this? [y/N]	y\n
		What to do	exp\n
		Nodes to give back	2-3\n
		[y/N]	yes\n
		What to do	MOVE\n
		Node to move	2\n
		Physical node	1\n
		    virtflexctl move guest 2 1
		[y/N]	Y\n
		What to do	pin\n
		    virtflexctl pin guest
		[y/N]	y\n
		What to do	show\n
		What to do	quit\n
	END
	[[ $seen != *cancel* ]]
}

# What is not confirmed or not whole is not done, and what is wrong leads back.
leads_back()
{
	dialog 0 STATUS=4 <<-'END' && was '<show guest>' '<shrink guest 1>' '<show guest>'
		Domain	nobody\n
		there is no domain nobody
		Domain	guest\n
		What to do	frob\n
		choose a number from 1 to 8, or a name such as show
		What to do	9\n
		choose a number from 1 to 8, or a name such as show
		What to do	s\n
		choose a number from 1 to 8, or a name such as show
		What to do	shrink\n
		Nodes to take	\n
		What to do	shrink\n
		Nodes to take	1\n
		[y/N]	n\n
		What to do	shrink\n
		Nodes to take	1\n
		[y/N]	\n
		What to do	shrink\n
		Nodes to take	--frob\n
		[y/N]	y\n
		shrink has no option --frob; see virtflexctl shrink --help
		What to do	shrink\n
		Nodes to take	1\n
		[y/N]	y\n
		What to do	list\n
		Domain	7\n
		What to do	\n
	END
}

leaves()
{
	# Ctrl-D at each question
	dialog 0 <<-'END' && dialog 0 <<-'END2' && dialog 0 <<-'END3' && dialog 0 <<-'END4' && was '<show guest>' || return 1
		Domain	\n
	END
		Domain	\004
	END2
		Domain	7\n
		What to do	\004
	END3
		Domain	7\n
		What to do	shrink\n
		Nodes	1\n
		[y/N]	\004
	END4
	[ "$(grep -c 'What to do' <<<"$seen")" -eq 1 ] || { echo "$seen"; return 1; }
	# Ctrl-C, at a question and while a command runs, which ends as it does by itself
	dialog 130 <<-'END' && dialog 130 <<-'END2' && was '<show guest>' '<watch --once guest>' '<watch is over>'
		Domain	\003
	END
		Domain	7\n
		What to do	watch\n
		<watch --once guest>	\003
	END2
}

# A change can be withdrawn while it goes on; a name that could be taken for something else
# is not used.
offers()
{
	local name
	dialog 0 CHANGING=1 <<-'END' && was '<show guest>' '<cancel guest>' || return 1
		Domain	7\n
		What to do	cancel\n
		    virtflexctl cancel guest
		[y/N]	y\n
		What to do	\n
	END
	for name in 12 -v 'my guest' "a'b"; do
		dialog 0 DOMAIN_NAME="$name" <<-'END' && was '<show 7>' || return 1
			Domain	7\n
			What to do	\n
		END
	done
}

lists_elsewhere()
{
	[ "$("$chooser" </dev/null)" = '7 guest' ] &&
		[ "$(script -qec "'$chooser' </dev/null" /dev/null </dev/null | tr -d '\r')" = '7 guest' ] &&
		[ "$(script -qec "'$chooser' | cat" /dev/null </dev/null | tr -d '\r')" = '7 guest' ]
}

for name in chooses leads_back leaves offers lists_elsewhere; do
	run_test "$name" "$name"
done
finish
