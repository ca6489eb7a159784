# SPDX-License-Identifier: GPL-2.0
# A C file with a fault planted: the line "old" of the environment, where it is there
# for the "nth" time in the function "name", becomes "new". Exits with 1 if it is not.

$0 == "{" { inside = heads }
/^}/ { inside = heads = 0 }
!inside && /^[A-Za-z].*\(/ { heads = $0 ~ ("(^|[ *])" name "\\("); seen = 0 }
inside && $0 == ENVIRON["old"] && ++seen == nth { $0 = ENVIRON["new"]; planted = 1 }
{ print }
END { exit !planted }
