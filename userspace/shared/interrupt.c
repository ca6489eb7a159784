// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals that end the command, once it has said how far it came. The second one
 * does not wait for that.
 */
#include <signal.h>
#include <stddef.h>

#include "shared.h"

static volatile sig_atomic_t arrived;

static void note(int signal)
{
	arrived = signal;
}

/**
 * catch_interrupts() - go on when a signal arrives that would end the command
 *
 * Those that are ignored stay ignored, as nohup(1) wants it, and those that the program
 * catches itself stay so.
 */
void catch_interrupts(void)
{
	static const int wanted[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = {
		.sa_handler = note,
		.sa_flags = SA_RESTART | SA_RESETHAND,
	}, before;
	unsigned int i;

	sigemptyset(&action.sa_mask);
	for (i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (!sigaction(wanted[i], NULL, &before) &&
		    before.sa_handler == SIG_DFL)
			sigaction(wanted[i], &action, NULL);
}

/**
 * interrupted() - has such a signal arrived?
 *
 * Return: whether one has.
 */
bool interrupted(void)
{
	return arrived;
}

/**
 * end_interrupted() - end by the signal that has arrived, if one has
 * @status: exit status without it
 *
 * Who started the command sees that it was a signal, and a loop of a shell ends.
 *
 * Return: @status.
 */
int end_interrupted(int status)
{
	if (arrived)
		raise(arrived);
	return status;
}
