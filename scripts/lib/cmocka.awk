#!/usr/bin/awk -f
# SPDX-License-Identifier: GPL-2.0
# Counts tests in the output of cmocka's programs, and of what reports as they
# do or in TAP, and passes it on. Cmocka names a test that failed or was skipped
# once more at its program's end. A test that began and did not end has failed.

function ended() { running = "" }
function lost() {
	if (running == "")
		return
	print "[  FAILED  ] " running ": its program ended before it"
	failed++
	running = ""
}

/^\[ RUN      \] / || /^\[==========\] / { lost() }
{ print; fflush() }
/^\[ RUN      \] / { running = substr($0, 14) }
running != "" && /^\[       OK \] / { passed++; ended() }
running != "" && /^\[  FAILED  \] / { failed++; ended() }
running != "" && /^\[  SKIPPED \] / { skipped++; ended() }
/^ok / { passed++ }
/^not ok / { failed++ }
END {
	lost()
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
}
