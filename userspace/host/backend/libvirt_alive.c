// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether a remote host is still there. libvirt asks it now and then and ends a connection
 * that nobody answers on, so that a call on it fails and does not wait for minutes. It does
 * so in an event loop, which has a thread of its own: the program's waits for answers.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "libvirt_host.h"

/* How often a host is asked, and how many times without an answer */
#define ASK_SECONDS	5
#define MOST_UNANSWERED	3

static pthread_t thread;
static bool runs;
static atomic_bool ends;
/* It does nothing but end a round of the loop. */
static int wake = -1;

static void wake_up(int timer, void *data)
{
	(void)timer;
	(void)data;
}

static void *run_loop(void *arg)
{
	(void)arg;
	while (!ends && !virEventRunDefaultImpl())
		;
	return NULL;
}

/* Signals are for the program's own thread, which they are to wake. */
static bool start_thread(void)
{
	sigset_t all, before;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(&thread, NULL, run_loop, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return !ret;
}

/**
 * alive_begin() - run libvirt's event loop, before a host is connected to
 *
 * Return: false if that cannot be done.
 */
bool alive_begin(void)
{
	static bool registered;

	if (!registered && virEventRegisterDefaultImpl())
		return false;
	registered = true;
	if (wake < 0)
		wake = virEventAddTimeout(-1, wake_up, NULL, NULL);
	ends = false;
	runs = wake >= 0 && start_thread();
	return runs;
}

/**
 * alive_watch() - have a host asked whether it is still there
 * @conn: connection
 *
 * A host on the same machine says by itself that it ends. Old ones do not answer, and are not
 * asked then.
 */
void alive_watch(virConnectPtr conn)
{
	virConnectSetKeepAlive(conn, ASK_SECONDS, MOST_UNANSWERED);
}

/**
 * alive_end() - undo alive_begin(), after the host was closed
 */
void alive_end(void)
{
	if (!runs)
		return;
	ends = true;
	virEventUpdateTimeout(wake, 0);
	pthread_join(thread, NULL);
	virEventUpdateTimeout(wake, -1);
	runs = false;
}
