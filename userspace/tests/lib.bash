# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests in shell that report as cmocka's do.

passed=0
failures=()

# run_test NAME COMMAND...: a test that passes when the command does
run_test()
{
	local name=$1
	shift
	printf '[ RUN      ] %s\n' "$name"
	if "$@"; then
		printf '[       OK ] %s\n' "$name"
		passed=$((passed + 1))
	else
		printf '[  FAILED  ] %s\n' "$name"
		failures+=("$name")
	fi
}

# finish: the sum, and the exit status
finish()
{
	printf '[==========] %d test(s) run.\n' $((passed + ${#failures[@]}))
	printf '[  PASSED  ] %d test(s).\n' "$passed"
	[ ${#failures[@]} -eq 0 ]
}
