# SPDX-License-Identifier: GPL-2.0
# The figures of migrate_summary.jq as a table for people.

def n: if . == null then "-" elif (. | fabs) < 10 then . * 100 | round / 100 | tostring
	elif (. | fabs) < 1000 then . * 10 | round / 10 | tostring
	elif . >= 10000 then (. / 1000 | round | tostring) + "k" else round | tostring end;
def pad($w): tostring | . + " " * ([$w - length, 0] | max);
def spread: if . == null or .median == null then "-" else (.median | n) + " (" + (.low | n) + "-" + (.high | n) + ")" end;
def row: (.[0] | pad(27)) + (.[1:-1] | map(pad(19)) | join("")) + .[-1];
def ms: if . == null then null else map_values(. / 1000000) end;

def moves($title; $goal): if length == 0 then empty else
	["", "", "", "", "", "", "", ""],
	[$title, "memcpy", "kernel copy", "move_pages", "migrate_pages", "mbind", "virtflex_migrate", "split"],
	(to_entries | sort_by(.key | tonumber)[] | .value as $v |
		["\(.key) KiB", ($v.memcpy.pages_per_s | spread), ($v.kernel.pages_per_s | spread), ($v.move_pages.pages_per_s | spread),
		 ($v.migrate_pages.pages_per_s | spread), ($v.mbind.pages_per_s | spread), ($v.virtflex_migrate.pages_per_s | spread),
		 ($v.virtflex_migrate.split | n)],
		["  virtflex_migrate / it", ($v.virtflex_migrate.ratio | (.memcpy | spread), (.kernel | spread), (.move_pages | spread),
		 (.migrate_pages | spread), (.mbind | spread)), "", $goal[.key] // ">= 1.2 x move_pages"]) end;

({"4": ">= 2.0 x move_pages, 1.5 x migrate_pages, 0.65 x kernel copy", "2048": ">= 0.9 x kernel copy"}) as $goal |
((.move | moves("pages/s"; $goal)), (.zeroed | moves("pages/s, each zeroed"; $goal)),
 (.callers | select(. != null) | ["", "", "", "", ""], ["4 KiB pages/s", "one caller", "two callers", "ratio", ""],
	["", (.one | spread), (.two | spread), (.ratio | spread), ">= 1.8"]),
 (.scan | select(length > 0) | ["", "", "", "", ""], ["a page in place, ns", "move_pages query", "virtflex_migrate", "ratio", ""],
	(to_entries[] | ["\(.key) KiB", (.value | (.peer_ns | spread), (.ns | spread), (.ratio | spread)), "<= 0.1"])),
 (.mark | select(length > 0) | ["", "", "", "", "", "", ""],
	["marking a page, ns", "mprotect", "virtflex_migrate", "ratio", "faults, moved", "faults, in place", ""],
	(to_entries[] | ["\(.key) KiB", (.value | (.peer_ns | spread), (.ns | spread), (.ratio | spread), (.faults.moves | spread), (.faults.stays | spread)), "<= 1.2; 1; 0"])),
 (.wait | select(length > 0) | ["", "", "", "", "", "", ""],
	["longest wait, ms", "nothing", "move_pages", "migrate_pages", "mbind", "virtflex_migrate", ""],
	(to_entries[] | .value as $v | ["\(.key) KiB", (["nothing", "move_pages", "migrate_pages", "mbind", "virtflex_migrate"][] | $v[.].longest_ns | ms | spread), ""],
		["  copies of 2 MiB", (["nothing", "move_pages", "migrate_pages", "mbind", "virtflex_migrate"][] | $v[.].copies | spread), "<= 20"])),
 (.instructions | select(length > 0) | ["", "", "", "", "", "", ""],
	["instructions per 4 KiB", "kernel copy", "move_pages", "migrate_pages", "mbind", "virtflex_migrate", ""],
	(to_entries[] | .value as $v | ["\(.key) KiB", (["kernel", "move_pages", "migrate_pages", "mbind", "virtflex_migrate"][] | $v[.] | n), ""],
		["  besides the copy", "", (["move_pages", "migrate_pages", "mbind", "virtflex_migrate"][] | $v[.] - $v.kernel | n),
		 (if .key == "4" then "<= 1/3 of move_pages" else "" end)])),
 (.profile | to_entries[] | ["", ""],
	["4 KiB by \(.key), %", ""],
	(.value | to_entries | sort_by(-.value)[:16] | _nwise(4) | [""] + map("\(.value) \(.key)"  | pad(34)) + [""])))
| row
