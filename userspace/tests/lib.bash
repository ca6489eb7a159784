# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests in shell that report as cmocka's do.

passed=0 skipped=0
failures=()

# skip REASON: for a test to end with: "skip 'no mandoc here'; return"
skip()
{
	skipped_why=$*
	return 77
}

# run_test NAME COMMAND...: a test that passes when the command does, and is
# skipped when it returns 77, or 4 having said why
run_test()
{
	local name=$1 status
	shift
	printf '[ RUN      ] %s\n' "$name"
	"$@"
	status=$?
	case $status in
	0)
		printf '[       OK ] %s\n' "$name"
		passed=$((passed + 1)) ;;
	4 | 77)
		[ $status -eq 4 ] || printf 'skipped: %s: %s\n' "$name" "$skipped_why"
		printf '[  SKIPPED ] %s\n' "$name"
		skipped=$((skipped + 1)) ;;
	*)
		printf '[  FAILED  ] %s\n' "$name"
		failures+=("$name")
		[ -z "${STOP-}" ] || { finish; exit 1; } ;;
	esac
}

# finish: the sum, and the exit status
finish()
{
	printf '[==========] %d test(s) run.\n' $((passed + skipped + ${#failures[@]}))
	printf '[  PASSED  ] %d test(s).\n' "$passed"
	[ ${#failures[@]} -eq 0 ]
}
