# SPDX-License-Identifier: GPL-2.0
# Keys that virtflexctl's manual page has, under JSON, for some commands: a line each.
#
#	awk -v commands=" list show " -f documented.awk virtflexctl.8

/^\.SH/ { on = $2 == "JSON"; wanted = 0; next }
!on { next }
/^\.TP/ { tag = 1; next }
tag {
	tag = wanted = 0
	gsub(/^\.[BIR]+ |["\\,]/, "")
	for (i = 1; i <= NF; i++)
		if (index(commands, " " $i " "))
			wanted = 1
	next
}
wanted && /^\.I/ {
	gsub(/^\.[BIR]+ |["\\,.;:]/, "")
	for (i = 1; i <= NF; i++)
		if ($i ~ /^[a-z_]+$/ && $i != "and")
			print $i
}
