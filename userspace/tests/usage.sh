#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Command lines that are wrong: what is said of them, and with which exit status.
set -u
. "$(dirname "$0")/cli.bash"

usage='; see virtflex --help$'
# wrong PATTERN COMMAND...: fails so, and names the help of the command
wrong() { says 2 "$1; see virtflex $2 --help\$" "${@:2}"; }

run_test usage_nothing says 2 "no command$usage"
run_test usage_command says 2 "there is no command frob$usage" frob
run_test usage_option wrong "topology has no option --frob" topology --frob
run_test usage_option_value wrong "topology has no option --frob" topology --frob=1
run_test usage_letter wrong "topology has no option -x" topology -xy
run_test usage_letter_alone wrong "topology has no option -x" topology -x
run_test usage_letter_second wrong "topology has no option -x" topology -nx
run_test usage_number wrong "migrate has no option -1" migrate -12
run_test usage_ambiguous wrong "migrate: --budget could be --budget-pages or --budget-ms" migrate --budget 1
run_test usage_missing wrong "--sysroot needs an argument" topology --sysroot
run_test usage_missing_short wrong "--sysroot needs an argument" topology --sys
run_test usage_takes_none wrong "--json takes no argument" topology --json=1
run_test usage_empty wrong "--sysroot needs a directory" topology --sysroot ''
run_test usage_extra wrong "topology: too many arguments: x" topology x
run_test usage_count wrong "--count is a number from 0 to 18446744073709551615, not -1" watch --count -1
run_test usage_count_blank wrong "--count is a number from 0 to 18446744073709551615, not ' 1'" watch --count ' 1'
run_test usage_timeout wrong "--timeout is a number of seconds from 0 to 2147483, not 1x" watch --timeout 1x
run_test usage_timeout_huge wrong "--timeout is a number of seconds from 0 to 2147483, not 99999999999" watch --timeout 99999999999
run_test usage_no_pid wrong "pages needs a PID or --all-of" pages
run_test usage_pid wrong "0 is no PID" pages 0
run_test usage_pid_huge wrong "2147483648 is no PID" pages 2147483648
run_test usage_migrate wrong "migrate needs a PID, --all-of or --self-test" migrate
run_test usage_migrate_pid wrong "x is no PID" migrate x
run_test usage_selftest wrong "--self-test takes no process" migrate --self-test 1
run_test usage_selftest_user wrong "--self-test takes no process" migrate --self-test --all-of root
for option in --range=1000-2000 --nodes=0 --policy --evacuate --next-touch --shared --budget-pages=1 \
	--budget-ms=1 --threads=2 --output=pid --noheadings --raw; do
	run_test "usage_selftest_${option%%=*}" \
		wrong "--self-test takes --method and --json only" migrate --self-test "$option"
done
run_test usage_user_and_pid wrong "migrate: either PIDs or --all-of" migrate 1 --all-of root
run_test usage_user_and_pid_pages wrong "pages: either PIDs or --all-of" pages 1 --all-of root
run_test usage_second_pid wrong "-2 is no PID" migrate 1 -- -2
run_test usage_threads wrong "--threads is a number from 1 to 256, not 0" migrate 1 --threads 0
run_test usage_threads_many wrong "--threads is a number from 1 to 256, not 257" migrate 1 --threads 257
run_test usage_delay wrong "--delay is a number of seconds from 1 to 2147483, not 0" top --delay 0
run_test usage_delay_huge wrong "--delay is a number of seconds from 1 to 2147483, not 2147484" top -d 2147484
run_test usage_top_count wrong "--count is a number from 1 to 18446744073709551615, not 0" top -c 0
run_test usage_top_pid wrong "x is no PID" top x
run_test usage_top_user wrong "top: either PIDs or --all-of" top 1 -a root
run_test usage_top_column wrong "top has no option -o" top -o node
run_test usage_column wrong 'topology has no column "frob"' topology -o node,frob
run_test usage_column_prefix wrong 'topology has no column "nod"' topology -o nod
run_test usage_column_empty wrong 'topology has no column ""' topology -o ''
run_test usage_column_last wrong 'topology has no column ""' topology -o node,
run_test usage_column_mappings wrong 'pages --mappings has no column "state"' pages -m 1 -o state
run_test usage_column_migrate wrong 'migrate has no column "frob"' migrate 1 -o frob
for command in topology 'pages 1' 'migrate 1' doctor; do
	name=${command% *}
	# shellcheck disable=SC2086
	run_test "usage_json_raw_$name" wrong "$name: either --json or --raw" $command -Jr
	# shellcheck disable=SC2086
	run_test "usage_json_noheadings_$name" wrong "$name: either --json or --noheadings" $command --noheadings --json
done
# of columns without a key in JSON
run_test usage_json_column wrong 'pages: JSON has no SIZE' pages 1 -J -o node,size
run_test usage_json_column_bar wrong 'topology: JSON has no MEMORY' topology --json -o memory
run_test usage_json_column_stayed wrong 'migrate: JSON has no STAYED' migrate 1 --json -o STAYED,pid
run_test usage_json_column_mappings wrong 'pages --mappings: JSON has no SIZE' pages -m 1 -Jo size
# An argument that is empty is to be seen
run_test usage_empty_command says 2 "there is no command ''$usage" ''
run_test usage_empty_help says 2 "there is no command ''$usage" help ''
run_test usage_empty_help_extra says 2 "help: too many arguments: ''$usage" help topology ''
run_test usage_empty_extra wrong "topology: too many arguments: ''" topology ''
run_test usage_empty_pid wrong "'' is no PID" pages ''
run_test usage_empty_count wrong "--count is a number .*, not ''" watch --count ''
run_test usage_empty_count_top wrong "--count is a number .*, not ''" top --count=
run_test usage_empty_timeout wrong "--timeout is a number .*, not ''" watch --timeout=
run_test usage_empty_delay wrong "--delay is a number .*, not ''" top --delay ''
for option in range method threads budget-pages budget-ms; do
	run_test "usage_empty_$option" wrong "--$option is .*, not ''" migrate 1 --$option ''
done
run_test usage_empty_check wrong "there is no check ''" doctor ''
run_test usage_empty_user says 1 "there is no user ''\$" top --all-of ''
many=$(printf 'node,%.0s' {1..64})node
run_test usage_columns_many wrong "--output takes up to 64 columns" topology -o "$many"
run_test usage_help says 2 "there is no command frob$usage" help frob
run_test usage_help_extra says 2 "help: too many arguments: x$usage" help topology x
run_test usage_main_option says 2 "virtflex has no option --frob before the command$usage" --frob
run_test usage_option_before says 2 "virtflex has no option -J before the command$usage" -J topology
for range in 1000 1000- -1000 1000-2000- 1001-2000 1000-2001 2000-1000 1000-1000 0-0 \
	1000--1000 ' 1000-2000' '1000- 2000' '1000 -2000' '1000-2000 ' +1000-2000 1000-+2000 \
	1000-1000000000000001000 1000-fffffffffffffffff000 x-2000 1000-0x; do
	run_test "usage_range_$(printf %s "$range" | tr -c 0-9a-z _)" \
		wrong "--range is START-END.*, not '?${range//+/\\+}'?" migrate 1 --range "$range"
done
run_test usage_nodes wrong "--nodes is a list of nodes up to 1023 such as 0-1,3, not 0-x" migrate 1 --nodes 0-x
run_test usage_nodes_empty wrong "--nodes is a list .*, not ''" migrate 1 --nodes ''
run_test usage_nodes_range wrong "--nodes is a list of nodes up to 1023 .*, not 1024" migrate 1 --nodes 1024
run_test usage_budget wrong "--budget-ms is a number of milliseconds from 1 to 18446744073709, not 0" migrate 1 --budget-ms 0
run_test usage_budget_huge wrong "--budget-ms is a number of milliseconds from 1 to 18446744073709, not 18446744073710" migrate 1 --budget-ms 18446744073710
run_test usage_budget_pages wrong "--budget-pages is a number from 1 to 18446744073709551615, not x" migrate 1 --budget-pages x
run_test usage_method wrong "--method is virtflex_migrate or move_pages.*" migrate 1 --method magic
run_test usage_letter_needs wrong "--output needs an argument" topology -o
finish
