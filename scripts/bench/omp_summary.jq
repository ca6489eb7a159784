# SPDX-License-Identifier: GPL-2.0
# What scripts/bench/omp has measured, in figures: from the lines of its parts, as
# lines.jq reads them. $conditions: what was measured on. $length: seconds of CPU that an
# untouched run in the guest was to take.

def at($share): sort | if length == 0 then null else .[((length - 1) * $share) | round] end;
def median: sort | if length == 0 then null else (.[length / 2 | floor] + .[(length - 1) / 2 | floor]) / 2 end;
def spread: map(select(. != null)) | {median: median, low: at(0.25), high: at(0.75)};
# of the runs that have all variants, by variant
def runs: group_by(.run) | map(map({(.variant): .}) | add);

# 20 samples at least, that nobody else was part of
def regions: map({compiler: .[0], threads: .[1], variant: .[2], run: .[3], empty: .[4], work: .[5], alone: .[6], samples: .[7]})
	| (map(.alone) | min) as $alone | group_by([.compiler, .threads]) | map(
	(runs | map(select(length == 3 and ([.[].samples] | min) >= 20))) as $runs
	| def figure(f): {nothing: ($runs | map(.nothing | f) | spread), adaptor: ($runs | map(.adaptor | f) | spread),
		difference: ($runs | map((.adaptor | f) - (.nothing | f)) | spread),
		noise: ($runs | map((.again | f) - (.nothing | f)) | spread),
		least: {nothing: ($runs | map([.nothing, .again][] | f) | min), adaptor: ($runs | map(.adaptor | f) | min)}};
	{compiler: .[0].compiler, threads: .[0].threads, runs: ($runs | length),
	 empty: figure(.empty), epcc: figure(.work - $alone)});

def counts: map({compiler: .[0], threads: .[1], variant: .[2], run: .[3], count: .[4]})
	| group_by([.compiler, .threads]) | map(
	{compiler: .[0].compiler, threads: .[0].threads}
	+ (group_by(.variant) | map({(.[0].variant): (map(.count) | spread)}) | add));

def shareds: map({compiler: .[0], program: .[1], variant: .[2], run: .[3], us: .[4], cpu_us: .[5]})
	| group_by([.compiler, .program]) | map(runs as $runs
	| {compiler: .[0].compiler, program: .[0].program, runs: ($runs | length)}
	+ (map(.variant) | unique | map(. as $v | {($v): {us: ($runs | map(.[$v].us) | spread),
		cpu_us: ($runs | map(.[$v].cpu_us) | spread),
		ratio: ($runs | map(.[$v].us / .passive.us) | spread), cpu_ratio: ($runs | map(.[$v].cpu_us / .passive.cpu_us) | spread)}}) | add));

# of moments in s and what is from there on, the sum between two moments
def sum_of($from; $to): . as $list | [range(length) | ($list[.] | .[1]) as $n
	| ([if . == 0 then 0 else $list[.][0] end, $from] | max) as $begin
	| ([if . == ($list | length) - 1 then $to else $list[. + 1][0] end, $to] | min) as $till
	| if $till > $begin then ($till - $begin) * $n else 0 end] | add;
# steps done at a moment
def done_at($t): . as $list | (map(select(.[0] <= $t)) | last // [0, 0]) as $a
	| (map(select(.[0] > $t)) | first) as $b
	| if $b == null then $a[1] else $a[1] + ($b[1] - $a[1]) * ($t - $a[0]) / ($b[0] - $a[0]) end;

# what one run has seen: moments in s
def run_of($d; $c; $v; $r): def mine(f): $d[f] // [] | map(select(.[0:3] == [$c, $v, $r]) | .[3:]);
	(mine("cpus") | map([.[0] / 1000, .[1]])) as $cpus
	| ([[0, 0]] + (mine("step") | map([.[1] / 1000, .[0]]))) as $steps
	| ($steps | last) as [$took, $nr]
	| ($cpus | map(select(.[1] == 1)) | first // [null] | .[0]) as $away
	| ($cpus | map(select(.[1] == 2 and $away != null and .[0] > $away)) | first // [$took] | .[0]) as $back
	| {took_s: $took, steps: $nr, cpus: $cpus, done: $steps, away_s: $away, back_s: $back,
	   cpu_s: ($cpus | sum_of(0; $took)), local: (mine("local") | first | .[0] / .[1]),
	   sample: (mine("sample") | map([.[0] / 1000, .[1], .[2], .[3] / 256, .[4] / 256]))};

def part($base; $from; $to): if $from == null or $to - $from < 1 then null else
	((.done | done_at($to)) - (.done | done_at($from))) * $base / (.cpus | sum_of($from; $to)) end;

def guests($d): ($d.step // [] | map(.[0]) | unique) | map(. as $c
	| ($d.step | map(select(.[0] == $c)) | map([.[1], .[2]]) | unique) as $keys
	| ($keys | map({variant: .[0], run: .[1]} + run_of($d; $c; .[0]; .[1]))) as $runs
	| ($runs | map(select(.variant == "untouched") | .cpu_s / .steps) | spread.median) as $base
	| {compiler: $c, cpu_s_a_step: $base, variants: ($runs | group_by(.variant) | map({(.[0].variant): {
		runs: length,
		took_s: (map(.took_s) | spread),
		slower: (map(.cpu_s / (.steps * $base) - 1) | spread),
		lost_cpu_s: (map(.cpu_s - .steps * $base) | spread),
		local: (map(.local) | spread),
		before: (map(part($base; 0; $length / 4)) | spread),
		away: (map(part($base; .away_s; .back_s)) | spread),
		after: (map(part($base; .back_s; .took_s)) | spread),
		first: (.[0] | . as $run | {sample, step: (.done | map([.[0], .[1] * 100 / $run.steps])),
			ideal: [range(0; .took_s; 0.25) | . as $t | [$t, ([($run.cpus | sum_of(0; $t)) / $base / $run.steps, 1] | min) * 100]],
			away: [[.away_s // 0, .back_s // 0]]})}}) | add)});

. as $d | {conditions: $conditions[0], region: (.region // [] | regions), count: (.count // [] | counts),
	shared: (.shared // [] | shareds), guest: guests($d)}
