# SPDX-License-Identifier: GPL-2.0
#
# What one of the kernel's selftests said, as a line for each of its tests and one
# for its end, with tabs between:
#
#	result WORD	PROGRAM	TEST	TEXT
#
# WORD is pass, fail, skip, xfail; of the end also another exit status, or timeout.
# TEST is the same in each run: a number, since texts of TAP say how a test went;
# or a name, where the program has names. TEXT is for people, with a reason after " # ".
#
# Variables: program; its exit status; the seconds it took, and its limit.

function result(word, test, text) {
	gsub(/\t/, " ", text)
	printf "result %s\t%s\t%s\t%s\n", word, program, test, text
}

# Test N of TAP: "ok N TEXT", "not ok N TEXT", "ok N # SKIP TEXT", "ok N TEXT # SKIP WHY"
function tap(word) {
	sub(/^(not )?ok [0-9]+ *(- )?/, "")
	if (sub(/ *# *SKIP */, " # "))
		word = "skip"
	else if (sub(/ *# *XFAIL */, " # "))
		word = "xfail"
	sub(/^ # /, "")
	result(word, ++tests, running $0)
}

# khugepaged names a test, and then each of its steps, in red if that fails.
function step_ends() {
	if (step != "")
		result(red == "" ? "pass" : "fail", step, red)
	step = red = ""
}
!/^# (Totals|Planned)/ { last = $0 }
/\033\[31m/ && red == "" { red = $0; gsub(/\033\[[0-9]*m/, "", red) }
/^Run test: / { step_ends(); step = substr($0, 11); next }

# what the next results are of
/^# \[RUN\] / { running = substr($0, 9) " # "; next }
/^ok [0-9]+/ { tap("pass"); next }
/^not ok [0-9]+/ { tap("fail"); next }

# userfaultfd's: "Testing NAME... done", or what went wrong
/^Testing .*\.\.\. / {
	said = $0
	sub(/^.*\.\.\. /, "", said)
	sub(/^Testing /, "")
	sub(/\.\.\. .*/, "")
	result(said ~ /^done/ ? "pass" : said ~ /^skipped/ ? "skip" : "fail", $0, said)
}

function how_it_ended() {
	if (took >= limit)
		return "timeout"
	return status == 0 ? "pass" : status == 1 ? "fail" : status == 4 ? "skip" : "status_" status
}
END {
	step_ends()
	result(how_it_ended(), "end", took " s" (status == 0 ? "" : ": " last))
}
