# SPDX-License-Identifier: GPL-2.0
# What scripts/bench/migrate has measured, in figures: from the lines of its parts, as
# lines.jq reads them. A spread is the median and both quartiles.

def at($share): sort | if length == 0 then null else .[((length - 1) * $share) | round] end;
def median: sort | if length == 0 then null else (.[length / 2 | floor] + .[(length - 1) / 2 | floor]) / 2 end;
def spread: {median: median, low: at(0.25), high: at(0.75), runs: length};
def by($i): group_by(.[$i]) | map({(.[0][$i] | tostring): .}) | add // {};

# KIB METHOD RUN PAGES_PER_S SPLIT; ratios are of the same run
def moves: by(0) | map_values(. as $all
	| (map({("\(.[1]) \(.[2])"): .[3]}) | add) as $rate
	| by(1) | map_values({pages_per_s: (map(.[3]) | spread), split: (map(.[4]) | add),
		ratio: (. as $own | ["kernel", "memcpy", "move_pages", "migrate_pages", "mbind"]
			| map(. as $peer | {($peer): ($own | map(.[3] / ($rate["\($peer) \(.[2])"] // empty)) | spread)}) | add)}));

# KIB CALLERS RUN PAGES_PER_S
def callers: by(1) as $of | {one: ($of["1"] | map(.[3]) | spread), two: ($of["2"] | map(.[3]) | spread),
	ratio: ([$of["1"], $of["2"]] | transpose | map(.[1][3] / .[0][3]) | spread)};

# KIB RUN PEER_NS OWN_NS
def beside: {peer_ns: (map(.[2]) | spread), ns: (map(.[3]) | spread), ratio: (map(.[3] / .[2]) | spread)};

# KIB METHOD RUN LONGEST_NS COPY_NS
def waits: by(0) | map_values(by(1) | map_values({longest_ns: (map(.[3]) | spread), copies: (map(.[3] / .[4]) | spread)}));

# On the clock of a count an instruction is a nanosecond
def counts: by(0) | map_values(map({(.[1]): (1e9 / .[3] | round)}) | add);
def functions: map(select(.[4] >= 0.5)) | by(1) | map_values(map({(.[3]): .[4]}) | add);

{mib: $mib, wait_mib: $wait_mib, move: (.move // [] | moves), zeroed: (.zeroed // [] | moves),
 callers: (if .callers then .callers | callers else null end),
 scan: (.scan // [] | by(0) | map_values(beside)),
 mark: (.mark // [] | by(0) | map_values(beside + {faults: {moves: (map(.[4]) | spread), stays: (map(.[5]) | spread)}})),
 wait: (.wait // [] | waits), instructions: (.count // [] | counts), profile: (.function // [] | functions)}
