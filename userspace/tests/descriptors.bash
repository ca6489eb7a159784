# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# with_standard_descriptors COMMAND...: without any others that this shell was started with, which newer
# releases of valgrind take for the program's own
with_standard_descriptors()
(
	for fd in /proc/"$BASHPID"/fd/*; do
		fd=${fd##*/}
		[ "$fd" -le 2 ] || exec {fd}>&-
	done
	exec "$@"
)
