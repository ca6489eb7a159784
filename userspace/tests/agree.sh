#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Help, man pages, completion and JSON of the command agree with each other.
set -u
. "$(dirname "$0")/cli.bash"
top=$(cd "$here/../.." && pwd)
commands=(topology watch pages migrate top run doctor)

# What help says of a command: options with their letters, columns, checks
options() { "$virtflex" "$1" --help | sed -nE 's/^  (-[a-zA-Z], |    )(--[a-z-]+).*/\1\2/p' | tr -d ' ' | sort; }
long_options() { options "$1" | grep -oE -- '--[a-z-]+' | sort; }
columns() { "$virtflex" "$1" --help | sed -nE '/^Columns/,$ s/^  [ *] ([A-Z_/-]+) .*/\1/p' | sort; }
checks() { "$virtflex" doctor -nr -o check | sort; }

help_has_commands()
{
	diff <("$virtflex" --help | grep -oE '^  [a-z]+' | tr -d ' ') <(printf '%s\n' "${commands[@]}")
}

# -h, --help and help COMMAND are one; so are -V and --version
helps()
{
	local command
	diff <("$virtflex" -h) <("$virtflex" --help) && diff <("$virtflex" help) <("$virtflex" --help) &&
		diff <("$virtflex" help help) <("$virtflex" --help) &&
		diff <("$virtflex" -V) <("$virtflex" --version) || return 1
	for command in "${commands[@]}"; do
		diff <("$virtflex" help "$command") <("$virtflex" "$command" -h) &&
			diff <("$virtflex" help "$command") <("$virtflex" "$command" --help) || return 1
		# what stars are is said where there are any
		[ "$("$virtflex" help "$command" | grep -q '^  \* '; echo $?)" -eq \
			"$("$virtflex" help "$command" | grep -q '^Those with \* '; echo $?)" ] || return 1
	done
}

# Help fits a terminal of 80 columns.
help_is_narrow()
{
	local command
	for command in '' "${commands[@]}"; do
		# shellcheck disable=SC2086
		! "$virtflex" $command --help | LC_ALL=C grep -E '^.{80}' || return 1
	done
}

# Tables that a command has besides are called as on its page; and what is done
# where no option says so is said
help_explains()
{
	local command title
	for command in pages top; do
		title=$(sed -nE 's/^\.SH (COLUMNS OF .*)/\1/p' "$top/docs/man/virtflex-$command.1" | tr '[:upper:]' '[:lower:]')
		"$virtflex" help $command | grep -qx "${title^}:" || { echo "$command: $title"; return 1; }
	done
	"$virtflex" help migrate | grep -qx 'Without --policy, --evacuate and --next-touch all three apply.' &&
		"$virtflex" help top | grep -Eq -- '--sysroot .*, once$' &&
		"$virtflex" help watch | grep -Eq -- '--sysroot .*, and end$'
}

# man_words SECTION COMMAND: what is after .TP there
man_words()
{
	awk -v want=".SH $1" 'index($0, ".SH") == 1 { on = index($0, want) == 1 } on && tag; { tag = $1 == ".TP" }' \
		"$top/docs/man/virtflex-$2.1" | sed -E 's/\\-/-/g; s/^\.[BIR]+ //; s/\\f[RBI]//g; s/"//g; s/ +/ /g'
}

man_agrees()
{
	local command

	for command in "${commands[@]}"; do
		{ diff <(options "$command") <(man_words OPTIONS "$command" |
			sed -E 's/^(-[a-zA-Z])[^-]*(--[a-z-]+).*/\1,\2/; s/^(--[a-z-]+).*/\1/' | sort) &&
			diff <(columns "$command") <(man_words COLUMNS "$command" | grep -oE '^[A-Z_/-]+' | sort); } ||
			{ echo "virtflex-$command.1"; return 1; }
	done
	diff <(man_words CHECKS doctor | sort) <(checks) &&
		diff <(grep -oE 'virtflex\\-[a-z]+ \(1\)\)$' "$top/docs/man/virtflex.1" | grep -oE '[a-z]+ ' | tr -d ' ') \
			<(printf '%s\n' "${commands[@]}")
}

# keys COMMAND, as the page has them; those of an object
keys() { man_words JSON "$1" | tr -d ' ' | tr , '\n' | grep -v '^$' | sort -u; }
printed_keys() { grep -oE '"[a-z_]+": ' | tr -d '": ' | sort -u; }

json_agrees()
{
	diff <(keys topology) <("$virtflex" topology --json --sysroot sysroot/xen-failed | printed_keys) &&
		diff <(keys pages) <("$virtflex" pages --json 4242 --sysroot sysroot/xen-shrinking >"$work/a" &&
			"$virtflex" pages -m --json 4242 --sysroot sysroot/machine >"$work/b" &&
			cat "$work/a" "$work/b" | printed_keys) &&
		diff <(keys top) <("$virtflex" top -c1 --json 4242 --sysroot sysroot/machine | printed_keys) &&
		diff <(man_words JSON doctor | sort) <(printf '%s\n' checks complete) &&
		diff <("$virtflex" doctor --json | printed_keys) \
			<(printf '%s\n' check checks complete found remedy state what)
}

# json_columns_of TITLE COMMAND ARGUMENT...: each column is in JSON, or is refused as
# help says, and is never left out in silence
json_columns_of()
{
	local title=$1 column note status want
	shift
	"$virtflex" help "$1" | sed -nE "/^$title:/,/^\$/ s/^  [ *] ([A-Z_/-]+) (.*)/\1 \2/p" >"$work/columns"
	[ -s "$work/columns" ] || return 1
	while read -r column note; do
		"$virtflex" "$@" -Jo "$column" >"$work/out" 2>"$work/err" </dev/null
		status=$?
		case $note in
		*'; not in JSON') want=2 ;;
		*) want=0 ;;
		esac
		{ [ $status -eq $want ] && { [ $want -ne 0 ] || grep -Eq '"[a-z_]+": ("|-?[0-9]|null|\[ *[0-9{])' "$work/out"; }; } ||
			{ echo "$* -o $column: status $status"; cat "$work/out" "$work/err"; return 1; }
	done <"$work/columns"
}
json_columns()
{
	json_columns_of Columns topology --sysroot sysroot/machine &&
		json_columns_of Columns pages 4242 --sysroot sysroot/machine &&
		json_columns_of 'Columns of mappings' pages -m 4242 --sysroot sysroot/machine &&
		json_columns_of Columns doctor kernel --sysroot sysroot/machine &&
		with_process json_columns_of_migrate
}
json_columns_of_migrate()
{
	local virtflex=$faked
	FAKE_ASKED=$work/asked FAKE_REPORT='0 0 9 9 0 0 0 0 0 0 0' json_columns_of Columns migrate "$PID"
}

# complete WORD...: what the last word is completed to
complete_words()
{
	(
		# shellcheck source=../cli/virtflex.bash-completion
		. "$top/userspace/cli/virtflex.bash-completion"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		_virtflex
		printf '%s\n' "${COMPREPLY[@]}"
	)
}

completion_agrees()
{
	local command

	diff <(complete_words virtflex '' | grep -v '^-') <(printf '%s\n' "${commands[@]}" help) || return 1
	for command in "${commands[@]}"; do
		diff <(long_options "$command") <(complete_words virtflex "$command" -- | sort) ||
			{ echo "completion, $command"; return 1; }
	done
	for command in topology migrate doctor; do
		diff <(columns "$command") <(complete_words virtflex "$command" -o '' | sort) || return 1
	done
	diff <(columns pages | sort -u) <({ complete_words virtflex pages -o ''
		complete_words virtflex pages -m -o ''; } | sort -u) &&
		diff <(checks) <(complete_words virtflex doctor '' | sort) &&
		[ "$(complete_words virtflex migrate --method mo)" = move_pages ] &&
		[ "$(complete_words virtflex migrate --method=mo)" = --method=move_pages ] &&
		[ "$(complete_words virtflex migrate --method = mo)" = move_pages ] &&
		[ "$(complete_words virtflex migrate --all-of roo)" = root ] &&
		[ "$(complete_words virtflex topology -o node,sta)" = node,state ] &&
		complete_words virtflex migrate "${$:0:1}" | grep -qx $$
}

# completes_to EXPECTED WORD...: joined by blanks, in any order
completes_to()
{
	diff <(tr ' ' '\n' <<<"$1" | sort) <(complete_words "${@:2}" | sort) || { echo "${*:2}"; return 1; }
}

# Letters in one word, arguments in the same word, abbreviations, and what is no
# option
completion_of_letters()
{
	local nodes mappings some
	nodes=$(complete_words virtflex pages -o '') mappings=$(complete_words virtflex pages -m -o '')
	nodes=${nodes//$'\n'/ } mappings=${mappings//$'\n'/ }
	[ "$nodes" != "$mappings" ] || return 1
	for some in -rm -mn -rnm --map --mappings '-a m -m'; do
		# shellcheck disable=SC2086
		completes_to "$mappings" virtflex pages $some -o '' && completes_to "$mappings" virtflex pages $some --out '' || return 1
	done
	# m is the user, or the option is none
	for some in -am '-a -m' '-ram' '--all-of --mappings' '--all = -m'; do
		# shellcheck disable=SC2086
		completes_to "$nodes" virtflex pages $some -o '' || return 1
	done
	completes_to "$mappings" virtflex pages -mo '' && completes_to "$mappings" virtflex pages -mro '' &&
		completes_to -oNODE virtflex topology -oNO && completes_to -rnoNODE virtflex topology -rnoNO &&
		completes_to -nonode,state virtflex topology -nonode,sta &&
		completes_to root virtflex pages -ra roo && completes_to -raroot virtflex pages -raroo &&
		completes_to --all=root virtflex migrate --all=roo && completes_to '' virtflex top -c 1 -d ''
}

completion_of_arguments()
{
	complete_words virtflex pages -Jm "${$:0:1}" | grep -qx $$ &&
		complete_words virtflex pages -- "${$:0:1}" | grep -qx $$ &&
		completes_to '' virtflex pages -- - && completes_to '' virtflex pages -- --j &&
		complete_words virtflex pages -- -a "${$:0:1}" | grep -qx $$ &&
		completes_to 'xen xenstore' virtflex doctor -- xen &&
		completion_of_programs &&
		completes_to '' virtflex topology -- - || return 1
	# what does not go with what is there already
	completes_to '' virtflex migrate --self-test '' && completes_to '' virtflex migrate --self '' &&
		completes_to '--method --json --help' virtflex migrate --self-test -- &&
		completes_to move_pages virtflex migrate --self-test --method mov &&
		completes_to '' virtflex migrate --all-of root '' && completes_to '' virtflex top -aroot '' &&
		completes_to '' virtflex pages --all-of = root ''
}

# After run: programs and files, of which the first ends the options; then files, or
# what bash-completion knows of the program.
completion_of_programs()
{
	local dir=$work/files
	mkdir -p "$dir" && : >"$dir/program.data" || return 1
	complete_words virtflex run kil | grep -qx kill &&
		complete_words virtflex run -v -- kil | grep -qx kill &&
		completes_to "$dir/program.data" virtflex run "$dir/prog" &&
		completes_to "$dir/program.data" virtflex run -v true --sysroot= "$dir/prog" &&
		completes_to "$dir/program.data" virtflex run -- true "$dir/prog" &&
		completes_to '' virtflex run true --verb && completes_to '' virtflex run -- --verb &&
		completes_to '--verbose' virtflex run --verb || return 1
	(
		_comp_command_offset() { COMPREPLY=("from_$1"); }
		completes_to 'from_3' virtflex run -v true --x && completes_to 'from_2' virtflex run true '' &&
			completes_to 'from_4' virtflex run -v -- -x y
	) && (
		_command_offset() { COMPREPLY=("earlier_from_$1"); }
		completes_to 'earlier_from_2' virtflex run true ''
	)
}

# With --json, columns that JSON has
completion_of_json()
{
	local command
	for command in topology pages migrate doctor; do
		completes_to "$("$virtflex" help $command | sed -nE '/^Columns of/Q; /^Columns/,$ { /; not in JSON$/d; s/^  [ *] ([A-Z_/-]+) .*/\1/p }' |
			tr '\n' ' ' | sed 's/ $//')" virtflex $command -J -o '' || return 1
	done
	completes_to 'PID COMMAND RANGE POLICY PAGES PAGE_KB NODES NAME' virtflex pages -Jm -o ''
}

# As somebody types it: a directory whose name has to be quoted.
completion_quotes()
{
	local typed dir="$work/a dir of mine"
	command -v script >/dev/null || { skip 'no script(1) here'; return; }
	mkdir -p "$dir"
	cat >"$work/rc" <<-EOT
		PS1= PS2=
		bind 'set enable-bracketed-paste off'
		virtflex() { printf '<%s>' "\$@"; echo; }
		. '$top/userspace/cli/virtflex.bash-completion'
	EOT
	for typed in "--sysroot=$work/a" "--sysroot $work/a" "--sysroot=\"$work/a" "--sysroot '$work/a"; do
		printf 'virtflex topology %s\t\n' "$typed"
	done >"$work/typed"
	printf 'exit\n' >>"$work/typed"
	(cd "$work" && HISTFILE='' script -qec "bash --noprofile --rcfile rc -i" /dev/null <typed) |
		tr -d '\r' | grep '^<' | sed 's,/>$,>,' >"$work/out"
	diff "$work/out" - <<-EOT
		<topology><--sysroot=$dir>
		<topology><--sysroot><$dir>
		<topology><--sysroot=$dir>
		<topology><--sysroot><$dir>
	EOT
}

for name in help_has_commands helps help_is_narrow help_explains man_agrees json_agrees json_columns \
	completion_agrees completion_of_letters completion_of_arguments completion_of_json \
	completion_quotes; do
	run_test "$name" "$name"
done
finish
