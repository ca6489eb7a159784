# SPDX-License-Identifier: GPL-2.0
#
# Compares results of the same tests on two sides, "without" and "with" what is to
# change none. A line each, as selftests/kernel_mm/judge.awk writes them, with tabs between:
# WORD, PROGRAM, TEST, TEXT.
#
# A test that says the same in all runs of both sides counts as passed if that is what
# the test expects (pass, xfail), and as skipped if not: what did not work before tells
# nothing of the change. One that does not agree with itself without the change cannot be
# judged: it is named, and skipped. All others differ, and have failed; a test that one
# side does not have is one of these.
#
# Usage: awk -f side_by_side.awk side=without FILE side=with FILE

BEGIN { FS = "\t" }
{
	test = $2 FS $3
	if (!(test in seen)) {
		seen[test] = 1
		tests[++nr_tests] = test
	}
	words[side, test] = words[side, test] $1 " "
	if (!well($1) || !((side, test) in text))
		text[side, test] = $4
	nr_words[side, test]++
	if ($3 == "end")
		runs[side, $2]++
}

function well(word) { return word == "pass" || word == "xfail" }

# reason TEXT: what of it is not the test's name
function reason(text) {
	sub(/.* # /, "", text)
	return text
}

# all_of SIDE TEST: what it said in each run of its program; at least one word
function all_of(side, test,	part, all, n) {
	split(test, part, FS)
	all = words[side, test]
	n = nr_words[side, test]
	for (; n < runs[side, part[1]] || n == 0; n++)
		all = all "missing "
	return all
}

# the_word ALL: the one that all of these are; none if they differ
function the_word(all,	word, n, i) {
	n = split(all, word, " ")
	for (i = 2; i <= n; i++)
		if (word[i] != word[1])
			return ""
	return word[1]
}

function count(program, side, word) {
	table[program, side, well(word) ? "pass" : word == "skip" ? "skip" : "fail"]++
}

function row(program, side) {
	return sprintf("%8d %4d %4d", table[program, side, "pass"], table[program, side, "fail"], table[program, side, "skip"])
}

END {
	for (i = 1; i <= nr_tests; i++) {
		split(tests[i], part, FS)
		program = part[1]
		without = all_of("without", tests[i])
		with = all_of("with", tests[i])
		word = the_word(without)
		if (!(program in nr)) {
			programs[++nr_programs] = program
			nr[program] = 0
		}
		count(program, "without", word)
		count(program, "with", the_word(with))
		what = program ": " part[2] ": without " without "(" text["without", tests[i]] "), with " \
			with "(" text["with", tests[i]] ")"
		if (word == "") {
			skipped++
			print "# cannot be judged: " what
			print "skipped: " program ": " part[2] " differs from itself without the series"
		} else if (word != the_word(with)) {
			failed++
			nr[program]++
			print "not ok " failed " " what
		} else if (well(word)) {
			passed++
		} else {
			skipped++
			print "# the same: " what
			print "skipped: " program ": " (word == "skip" ? "" : word " on both: ") reason(text["with", tests[i]])
		}
	}
	printf "# %-40s %18s %18s %7s\n", "", "without the series", "with it", ""
	printf "# %-40s %8s %4s %4s %8s %4s %4s %7s\n", "", "pass", "fail", "skip", "pass", "fail", "skip", "differ"
	for (i = 1; i <= nr_programs; i++)
		printf "# %-40s %s %s %7d\n", programs[i], row(programs[i], "without"), row(programs[i], "with"), nr[programs[i]]
	if (!nr_tests) {
		failed++
		print "not ok " failed " there are no results"
	}
	printf "# %d passed, %d failed, %d skipped\n", passed, failed, skipped
	exit failed > 0 || passed == 0
}
