/* SPDX-License-Identifier: GPL-2.0-only */
/* Something done in a transaction of xenstore. */
#ifndef VIRTFLEX_TRANSACTION_H
#define VIRTFLEX_TRANSACTION_H

#include <xen/xenbus.h>

int vf_transaction(int (*what)(struct xenbus_transaction t, void *data), void *data);

#endif /* VIRTFLEX_TRANSACTION_H */
