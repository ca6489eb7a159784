// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that has ended, and whose parent has not asked how. Its number is
 * printed; it is there until standard input ends.
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	siginfo_t info;
	pid_t pid;
	char c;

	pid = fork();
	if (!pid)
		_exit(0);
	if (pid < 0 || waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		return 1;
	printf("%d\n", pid);
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	return 0;
}
