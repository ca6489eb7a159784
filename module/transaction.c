// SPDX-License-Identifier: GPL-2.0-only
/* Something done in a transaction of xenstore, again if somebody else wrote meanwhile. */
#include <linux/errno.h>
#include <linux/sched.h>

#include "transaction.h"

/* Attempts before giving way for a while. */
#define NR_ATTEMPTS	50

/**
 * vf_transaction() - do something in a transaction
 * @what: what to do, perhaps several times; if it fails, nothing is written
 * @data: for it
 *
 * May sleep; xenstored answers in its own time.
 *
 * Return: 0, or the error of @what or xenstore's; -EAGAIN if somebody else was
 * faster each time.
 */
int vf_transaction(int (*what)(struct xenbus_transaction t, void *data), void *data)
{
	struct xenbus_transaction t;
	int ret, attempt;

	for (attempt = 0; attempt < NR_ATTEMPTS; attempt++) {
		ret = xenbus_transaction_start(&t);
		if (ret)
			return ret;
		ret = what(t, data);
		if (ret) {
			xenbus_transaction_end(t, 1);
			return ret;
		}
		ret = xenbus_transaction_end(t, 0);
		if (ret != -EAGAIN)
			return ret;
		cond_resched();
	}
	return ret;
}
