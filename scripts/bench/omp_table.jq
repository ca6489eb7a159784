# SPDX-License-Identifier: GPL-2.0
# The figures of omp_summary.jq as a table for people.

def n: if . == null then "-" elif (. | fabs) < 100 then . * 10 | round / 10 | tostring else round | tostring end;
def pad($w): tostring | . + " " * ([$w - length, 0] | max);
def spread: (.median | n) + " (" + (.low | n) + " to " + (.high | n) + ")";
def percent: if .median == null then "-" else {median: (.median * 100), low: (.low * 100), high: (.high * 100)} | spread end;
def row: (.[0] | pad(34)) + (.[1:-1] | map(pad(24)) | join("")) + .[-1];

(["a region, ns", "without", "with the adaptor", "difference", "between two without", "least without, with", "target"],
 (.region[] | . as $r | ("\(.compiler), \(.threads) thread" + (if .threads > 1 then "s" else "" end)) as $name |
	(["empty", .empty, "<= 2"], ["EPCC", .epcc, "<= +1 %"]) as [$what, $f, $target] |
	["\($name), \($what) (\($r.runs))", ($f.nothing | spread), ($f.adaptor | spread), ($f.difference | spread), ($f.noise | spread), (($f.least.nothing | n) + ", " + ($f.least.adaptor | n)), $target]),
 ["", "", "", "", "", ""],
 ["an empty region, instructions", "without", "with the adaptor", "", "", ""],
 (.count[] | ["\(.compiler), \(.threads) thread" + (if .threads > 1 then "s, passive" else "" end), (.nothing | spread), (.adaptor | spread), "", "", ""]),
 ["", "", "", "", "", ""],
 ["two threads on one CPU, us a step", "nothing done", "adaptor", "begun there", "begun there, passive", ""],
 (.shared[] | ["\(.compiler), \(.program)", (.nothing.us | spread), (.adaptor.us | spread), (.anew.us | spread), (.passive.us | spread), ""],
	["  times the passive one", (.nothing.ratio | spread), (.adaptor.ratio | spread), (.anew.ratio | spread), "", "<= 1.3"],
	["  the same of CPU time", (.nothing.cpu_ratio | spread), (.adaptor.cpu_ratio | spread), (.anew.cpu_ratio | spread), "", ""]),
 (.guest[] | ["", "", "", "", "", ""],
	 ["\(.compiler), a node leaves and returns", "slower, %", "took, s", "node away, %", "after, %", "pages local, %"],
	 (.variants as $v | [["untouched", "untouched"], ["nothing done", "nothing"], ["NUMA balancing", "balancing"], ["passive", "passive"],
		["taskset, migratepages", "hand"], ["adaptor", "adaptor"]][] | . as [$name, $key] | $v[$key] | select(. != null)
		| [$name, (.slower | percent), (.took_s | spread), (.away | percent), (.after | percent), (.local | percent)])))
| row
