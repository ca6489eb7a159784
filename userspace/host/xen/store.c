// SPDX-License-Identifier: GPL-2.0-only
/*
 * Xenstore: what it describes of a domain (docs/xenstore.md), read and written in one
 * transaction, which is done again when another one got in its way.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "exits.h"
#include "text.h"
#include "xen.h"

/* Another program that writes all the time may be in the way of as many. */
#define NR_ATTEMPTS	100

static char *make_path(const char *fmt, va_list args)
{
	char *path;

	return vasprintf(&path, fmt, args) < 0 ? NULL : path;
}

/**
 * store_get() - a value
 * @host: host
 * @t: transaction
 * @fmt: path, as for printf(3)
 *
 * Return: text to be freed; NULL if there is none.
 */
char *store_get(struct host *host, xs_transaction_t t, const char *fmt, ...)
{
	char *path, *value = NULL;
	unsigned int len;
	va_list args;

	va_start(args, fmt);
	path = make_path(fmt, args);
	va_end(args);
	errno = ENOMEM;
	if (path)
		value = xs_read(host->xs, t, path, &len);
	/* What may not be read is not for us; what cannot be is no key that is missing. */
	if (!value && errno != ENOENT && errno != EACCES)
		host->unread = errno;
	free(path);
	return value;
}

/* Says what would be done to a key, if it is a dry run. */
static void say_would(struct host *host, const char *action, const char *path,
		      const char *value)
{
	struct json_object *key;

	if (!host->dry_run)
		return;
	if (!host->would) {
		if (value)
			printf("%s %s = \"%s\"\n", action, path, value);
		else
			printf("%s %s%s\n", action, path,
			       strcmp(action, "grant") ? "" : " to the guest");
		return;
	}
	key = json_object_new_object();
	json_object_object_add(key, "action", json_text(action));
	json_object_object_add(key, "path", json_text(path));
	json_object_object_add(key, "value", value ? json_text(value) : NULL);
	json_object_array_add(host->would, key);
}

/**
 * store_set() - write a value, or print that it would be
 * @host: host
 * @t: transaction
 * @value: text
 * @fmt: path, as for printf(3)
 *
 * Return: whether it is done.
 */
bool store_set(struct host *host, xs_transaction_t t, const char *value,
	       const char *fmt, ...)
{
	va_list args;
	char *path;
	bool done;

	va_start(args, fmt);
	path = make_path(fmt, args);
	va_end(args);
	if (!path)
		return false;
	done = xs_write(host->xs, t, path, value, strlen(value));
	if (done)
		say_would(host, "write", path, value);
	free(path);
	return done;
}

/**
 * store_remove() - remove a key and what is below, or print that it would be
 * @host: host
 * @t: transaction
 * @fmt: path, as for printf(3)
 *
 * Return: whether it is not there.
 */
bool store_remove(struct host *host, xs_transaction_t t, const char *fmt, ...)
{
	char *path, *value;
	unsigned int len;
	va_list args;
	bool done;

	va_start(args, fmt);
	path = make_path(fmt, args);
	va_end(args);
	if (!path)
		return false;
	value = xs_read(host->xs, t, path, &len);
	done = !value || xs_rm(host->xs, t, path);
	if (value && done)
		say_would(host, "remove", path, NULL);
	free(value);
	free(path);
	return done;
}

/**
 * store_grant() - let the guest write a key of its numa directory
 * @host: host
 * @t: transaction
 * @domid: domain
 * @key: below numa
 *
 * Return: whether it is done.
 */
bool store_grant(struct host *host, xs_transaction_t t, unsigned int domid,
		 const char *key)
{
	struct xs_permissions perms[2] = {
		{ .id = 0, .perms = XS_PERM_NONE },
		{ .id = domid, .perms = XS_PERM_READ | XS_PERM_WRITE },
	};
	char path[80];

	snprintf(path, sizeof(path), "/local/domain/%u/numa/%s", domid, key);
	if (!xs_set_permissions(host->xs, t, path, perms, 2))
		return false;
	say_would(host, "grant", path, NULL);
	return true;
}

/* Which vCPUs there are to be used at all. */
static void read_plugged(struct host *host, xs_transaction_t t,
			 struct domain *d)
{
	unsigned int i;
	char *value;

	for (i = 0; i < d->nr_vcpus; i++) {
		value = store_get(host, t, "/local/domain/%u/cpu/%u/availability",
				  d->id, i);
		d->vcpus[i].plugged = !value || strcmp(value, "offline");
		d->vcpus[i].online = d->vcpus[i].plugged;
		free(value);
	}
}

/* The older form: a key for each vCPU. */
static void read_vcpu_keys(struct host *host, xs_transaction_t t,
			   struct domain *d, unsigned int vnode)
{
	unsigned int i;
	char *value;

	for (i = 0; i < d->nr_vcpus; i++) {
		if (d->vcpus[i].vnode != vnode)
			continue;
		value = store_get(host, t, "/local/domain/%u/numa/node/%u/vcpu/%u",
				  d->id, vnode, i);
		if (value)
			d->vcpus[i].online = !strcmp(value, "online");
		free(value);
	}
}

static void read_node(struct host *host, xs_transaction_t t, struct domain *d,
		      unsigned int i)
{
	static const char fmt[] = "/local/domain/%u/numa/node/%u/%s";
	struct vnode *n = &d->vnodes[i];
	char *target, *pnode, *current, *vcpus;
	uint64_t number;

	target = store_get(host, t, fmt, d->id, i, "target");
	pnode = store_get(host, t, fmt, d->id, i, "pnode");
	current = store_get(host, t, fmt, d->id, i, "current");
	vcpus = store_get(host, t, fmt, d->id, i, "vcpus");
	n->described = text_number(target, MAX_KB, &n->target_kb);
	if (text_number(pnode, UINT16_MAX, &number))
		n->pnode = number;
	if (text_number(current, MAX_KB, &number))
		n->current_kb = number;
	if (n->described && (!vcpus || !text_vcpus(vcpus, d, i)))
		read_vcpu_keys(host, t, d, i);
	d->published |= n->described;
	free(target);
	free(pnode);
	free(current);
	free(vcpus);
}

static void read_answer(struct host *host, xs_transaction_t t, struct domain *d)
{
	static const char fmt[] = "/local/domain/%u/numa/%s";
	uint64_t number;
	char *text;

	d->status = store_get(host, t, fmt, d->id, "status");
	d->error = store_get(host, t, fmt, d->id, "error");
	d->result = store_get(host, t, fmt, d->id, "result");
	text = store_get(host, t, fmt, d->id, "control/version");
	d->version = text_number(text, 1000, &number) ? number : 0;
	free(text);
	text = store_get(host, t, fmt, d->id, "control/feature-move");
	d->can_move = text && !strcmp(text, "1");
	free(text);
	text = store_get(host, t, fmt, d->id, "topo_change");
	/* what is no number is a request too, which the guest refuses */
	d->request = !text || !*text || !strcmp(text, "0") ? REQUEST_NONE :
		     !strcmp(text, "1") ? REQUEST_EXPAND :
		     !strcmp(text, "3") ? REQUEST_MOVE : REQUEST_SHRINK;
	free(text);
}

static void read_all(struct host *host, xs_transaction_t t, struct domain *d)
{
	unsigned int i;

	domain_forget(d);
	read_answer(host, t, d);
	read_plugged(host, t, d);
	for (i = 0; i < d->nr_vnodes; i++)
		read_node(host, t, d, i);
}

static int store_error(struct host *host, const struct domain *d)
{
	switch (errno) {
	case EACCES:
	case EPERM:
		host_error(host, "%s: xenstore does not allow it: are you root in dom0?",
			   d->name);
		break;
	case ENOSPC:
		host_error(host, "%s: xenstore has no room for it: see the quotas of xenstored",
			   d->name);
		break;
	default:
		host_error(host, "%s: xenstore: %s; is xenstored running?",
			   d->name, strerror(errno));
	}
	return EXIT_ERROR;
}

/* Return: EXIT_DONE; EXIT_GONE, which is said; -1 if xenstore failed. */
static int find_keys(struct host *host, xs_transaction_t t,
		     const struct domain *d)
{
	char *id = store_get(host, t, "/local/domain/%u/domid", d->id);
	bool there = id;

	free(id);
	if (there)
		return EXIT_DONE;
	if (errno != ENOENT)
		return -1;
	host_error(host, "%s: the domain is gone", d->name);
	return EXIT_GONE;
}

/**
 * store_transaction() - read what is described of a domain, and act on it
 * @host: host
 * @d: domain, read anew
 * @action: what to do with it; returns an enum exit_code, or -1 if xenstore failed, with
 *	errno. It may be called several times, as long as what it read is changed meanwhile.
 * @arg: for it
 *
 * Nothing is written if @action does not return EXIT_DONE, nor in a dry run.
 *
 * Return: enum exit_code.
 */
int store_transaction(struct host *host, struct domain *d, store_action action,
		      void *arg)
{
	unsigned int attempt;
	xs_transaction_t t;
	int ret, why;
	bool ended;

	for (attempt = 0; attempt < NR_ATTEMPTS; attempt++) {
		t = xs_transaction_start(host->xs);
		if (t == XBT_NULL)
			return store_error(host, d);
		/* What is written for a domain that is gone would stay. */
		host->unread = 0;
		ret = find_keys(host, t, d);
		if (!ret) {
			read_all(host, t, d);
			ret = action(host, t, d, arg);
		}
		why = errno;
		if (ret >= 0 && host->unread) {
			why = host->unread;
			ret = -1;
		}
		if (ret) {
			xs_transaction_end(host->xs, t, true);
			errno = why;
			return ret < 0 ? store_error(host, d) : ret;
		}
		ended = xs_transaction_end(host->xs, t, host->dry_run);
		if (ended)
			return EXIT_DONE;
		if (errno != EAGAIN)
			return store_error(host, d);
	}
	host_error(host, "%s: somebody else writes its topology all the time",
		   d->name);
	return EXIT_BUSY;
}

static int apply_record(struct host *host, xs_transaction_t t,
			struct domain *d, void *arg)
{
	(void)arg;
	record_apply(host, t, d);
	return EXIT_DONE;
}

/**
 * store_read() - read what is described of a domain
 * @host: host
 * @d: domain
 *
 * After a request that did not hold, what was described before it.
 *
 * Return: enum exit_code.
 */
int store_read(struct host *host, struct domain *d)
{
	return store_transaction(host, d, apply_record, NULL);
}

/**
 * store_read_answer() - read again what the guest says, no more
 * @host: host
 * @d: domain
 */
void store_read_answer(struct host *host, struct domain *d)
{
	free(d->status);
	free(d->error);
	free(d->result);
	read_answer(host, XBT_NULL, d);
}
