// SPDX-License-Identifier: GPL-2.0-only
/*
 * All paths are relative, so xenstored resolves them to the domain's own
 * directory, before and after a migration. Everything that belongs together is
 * read in one transaction; EAGAIN from its end means that it was torn.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <xen/xen.h>
#include <xen/xenbus.h>

#include "parse.h"
#include "transaction.h"
#include "watch.h"
#include "xenstore.h"

static struct {
	void (*changed)(void);	/* Set at load, const from then on. */
	bool ready;		/* One way; store-release, load-acquire. */
} xs;

/**
 * vf_reading_equal() - whether two readings found the same request
 * @guest: what there is
 * @a: one
 * @b: the other
 *
 * Where nothing is asked, one may have read the description, and the other not.
 *
 * Return: true if so.
 */
bool vf_reading_equal(const struct vf_guest *guest, const struct vf_reading *a,
		      const struct vf_reading *b)
{
	if (!a->asked && !b->asked)
		return !strcmp(a->wanted->id, b->wanted->id);
	return a->asked == b->asked && a->ret == b->ret &&
	       !strcmp(a->err.text, b->err.text) &&
	       vf_wanted_equal(guest, a->wanted, b->wanted);
}

/* A value, to be freed; NULL if there is no such key. */
static int read_key(struct xenbus_transaction t, const char *dir,
		    const char *key, char **value, unsigned int *len,
		    struct vf_error *err)
{
	char *read = xenbus_read(t, dir, key, len);

	*value = NULL;
	if (PTR_ERR_OR_ZERO(read) == -ENOENT)
		return 0;
	if (IS_ERR(read)) {
		vf_error_set(err, "%s/%s cannot be read: %pe", dir, key, read);
		return -EINVAL;
	}
	*value = read;
	return 0;
}

static int read_directory(struct xenbus_transaction t, const char *dir,
			  const char *key, char ***names, unsigned int *nr,
			  struct vf_error *err)
{
	char **read = xenbus_directory(t, dir, key, nr);

	*names = NULL;
	if (PTR_ERR_OR_ZERO(read) == -ENOENT) {
		*nr = 0;
		return 0;
	}
	if (IS_ERR(read)) {
		vf_error_set(err, "%s/%s cannot be listed: %pe", dir, key,
			     read);
		return -EINVAL;
	}
	*names = read;
	return 0;
}

static int read_id(struct xenbus_transaction t, struct vf_reading *r)
{
	unsigned int len;
	char *value;
	int ret;

	ret = read_key(t, "numa", "request_id", &value, &len, &r->err);
	if (!ret)
		ret = vf_wanted_id(r->wanted, value, value ? len : 0, &r->err);
	kfree(value);
	return ret;
}

static int read_request(struct xenbus_transaction t, struct vf_reading *r)
{
	unsigned int len;
	char *value;
	int ret;

	ret = read_key(t, "numa", "topo_change", &value, &len, &r->err);
	if (ret || !value)
		return ret;
	ret = vf_wanted_request(r->wanted, value, len, &r->err);
	r->asked = ret || r->wanted->request != VF_IDLE;
	kfree(value);
	return ret;
}

static int read_options(struct xenbus_transaction t, struct vf_reading *r)
{
	enum vf_option option;
	int ret = 0;

	for (option = 0; option < VF_NR_OPTIONS && !ret; option++) {
		unsigned int len;
		char *value;

		ret = read_key(t, "numa", vf_option_name(option), &value, &len,
			       &r->err);
		if (!ret)
			ret = vf_wanted_option(r->wanted, option, value,
					       value ? len : 0, &r->err);
		kfree(value);
	}
	return ret;
}

static int read_vcpu_list(struct xenbus_transaction t,
			  const struct vf_guest *guest, struct vf_reading *r,
			  u32 node, const char *dir)
{
	unsigned int len;
	char *value;
	int ret;

	ret = read_key(t, dir, "vcpus", &value, &len, &r->err);
	if (!ret)
		ret = vf_wanted_vcpus(guest, r->wanted, node, value,
				      value ? len : 0, &r->err);
	kfree(value);
	return ret;
}

static int read_vcpus(struct xenbus_transaction t,
		      const struct vf_guest *guest, struct vf_reading *r,
		      u32 node, const char *dir)
{
	unsigned int nr, i, len;
	char **names, *value;
	char vcpu_dir[40];
	int ret;

	ret = read_directory(t, dir, "vcpu", &names, &nr, &r->err);
	snprintf(vcpu_dir, sizeof(vcpu_dir), "%s/vcpu", dir);
	for (i = 0; i < nr && !ret; i++) {
		ret = read_key(t, vcpu_dir, names[i], &value, &len, &r->err);
		if (ret)
			break;
		ret = vf_wanted_vcpu(guest, r->wanted, node, names[i], value,
				     value ? len : 0, &r->err);
		kfree(value);
	}
	kfree(names);
	return ret;
}

static int read_node(struct xenbus_transaction t, const struct vf_guest *guest,
		     struct vf_reading *r, const char *name)
{
	enum vf_key key;
	char dir[32];
	u32 node;
	int ret;

	ret = vf_wanted_node(guest, r->wanted, name, &node, &r->err);
	if (ret)
		return ret;
	snprintf(dir, sizeof(dir), "numa/node/%u", guest->nodes[node].vnode);
	for (key = 0; key < VF_NR_KEYS; key++) {
		unsigned int len;
		char *value;

		ret = read_key(t, dir, vf_key_name(key), &value, &len, &r->err);
		if (!ret)
			ret = vf_wanted_key(guest, r->wanted, node, key, value,
					    value ? len : 0, &r->err);
		kfree(value);
		if (ret)
			return ret;
	}
	return read_vcpu_list(t, guest, r, node, dir) ?:
	       read_vcpus(t, guest, r, node, dir);
}

/* The number of names does not matter: each is known to the guest, or refused. */
static int read_nodes(struct xenbus_transaction t, const struct vf_guest *guest,
		      struct vf_reading *r)
{
	unsigned int nr, i;
	char **names;
	int ret;

	ret = read_directory(t, "numa", "node", &names, &nr, &r->err);
	if (ret)
		return ret;
	r->described = nr > 0;
	for (i = 0; i < nr && !ret; i++)
		ret = read_node(t, guest, r, names[i]);
	kfree(names);
	return ret;
}

static void read_all(struct xenbus_transaction t, const struct vf_guest *guest,
		     struct vf_reading *r, bool always)
{
	r->asked = false;
	r->described = false;
	r->err.text[0] = '\0';
	r->announced = xenbus_exists(t, "numa/control", "version");
	vf_wanted_clear(guest, r->wanted);
	r->ret = read_request(t, r);
	if (!r->ret)
		r->ret = read_id(t, r);
	if (!r->ret && r->asked)
		r->ret = read_options(t, r);
	if (!r->ret && (r->asked || always))
		r->ret = read_nodes(t, guest, r);
}

/** struct read_work - a description to be read in a transaction */
struct read_work {
	const struct vf_guest *guest;
	struct vf_reading *reading;
	bool always;
};

static int read_in(struct xenbus_transaction t, void *data)
{
	struct read_work *work = data;

	read_all(t, work->guest, work->reading, work->always);
	return 0;
}

/**
 * vf_xs_read() - what the host wants
 * @guest: what there is
 * @reading: out
 * @always: read the description even if nothing is asked
 *
 * Return: 0 with @reading filled, whatever was wrong in it, or a negative error
 * if there was no way to read it at all.
 */
int vf_xs_read(const struct vf_guest *guest, struct vf_reading *reading,
	       bool always)
{
	struct read_work work = {
		.guest = guest,
		.reading = reading,
		.always = always,
	};

	return vf_transaction(read_in, &work);
}

/**
 * vf_xs_writable() - whether a request can be answered
 *
 * xenstored checks permissions at the write, so one in a transaction that is
 * then given up finds out, and nobody sees it.
 *
 * Return: 0, or why not.
 */
int vf_xs_writable(void)
{
	struct xenbus_transaction t;
	int ret;

	ret = xenbus_transaction_start(&t);
	if (ret)
		return ret;
	ret = xenbus_write(t, "numa", "topo_change", "0");
	xenbus_transaction_end(t, 1);
	return ret;
}

/**
 * vf_xs_is_transient() - whether an error of xenstore's may be over the next time
 * @ret: the error
 *
 * -ENOSPC is a quota, as of transactions that this guest has open.
 *
 * Return: true if so.
 */
bool vf_xs_is_transient(int ret)
{
	return ret == -EAGAIN || ret == -ENOMEM || ret == -ENOSPC ||
	       ret == -EBUSY || ret == -EIO;
}

/**
 * vf_xs_announce() - tell the host what this guest understands, if it wants to hear
 */
void vf_xs_announce(void)
{
	static const char *const features[] = {
		"feature-request-id", "feature-vcpu-list", "feature-move",
		"feature-report",
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(features); i++)
		if (xenbus_write(XBT_NIL, "numa/control", features[i], "1"))
			return;
	/* Last, as whoever sees it looks for the others. */
	xenbus_write(XBT_NIL, "numa/control", "version", "1");
}

/**
 * vf_xs_write() - tell the host, if it wants to hear
 * @key: below numa
 * @text: value
 *
 * A host that did not make the key writable is not told, which is its choice.
 *
 * Return: whether it is told.
 */
bool vf_xs_write(const char *key, const char *text)
{
	return vf_xs_ready() && !xenbus_write(XBT_NIL, "numa", key, text);
}

static int write_answer(struct xenbus_transaction t,
			const struct vf_guest *guest, const char *id,
			const struct vf_answer *answer)
{
	char dir[32];
	u32 i;

	xenbus_write(t, "numa", "status", answer->status);
	xenbus_write(t, "numa", "error", answer->error);
	xenbus_printf(t, "numa", "result", "%s %s", *id ? id : "-",
		      answer->result->text);
	for (i = 0; i < guest->nr_nodes; i++) {
		const struct vf_node *n = &guest->nodes[i];

		if (!n->described)
			continue;
		snprintf(dir, sizeof(dir), "numa/node/%u", n->vnode);
		/* A directory the host removed is not to come back. */
		if (xenbus_exists(t, dir, "current"))
			xenbus_printf(t, dir, "current", "%llu", n->current_kb);
	}
	return xenbus_write(t, "numa", "topo_change", "0");
}

/** struct answer_work - an answer to be written in a transaction */
struct answer_work {
	const struct vf_guest *guest;
	const struct vf_reading *to;
	struct vf_reading *scratch;
	const struct vf_answer *answer;
};

static int answer_in(struct xenbus_transaction t, void *data)
{
	struct answer_work *work = data;

	read_all(t, work->guest, work->scratch, false);
	if (!vf_reading_equal(work->guest, work->to, work->scratch))
		return -ESTALE;
	return write_answer(t, work->guest, work->to->wanted->id, work->answer);
}

/**
 * vf_xs_answer() - the end of a request, carried out or refused
 * @guest: what there is now
 * @to: the reading this answers
 * @scratch: overwritten
 * @answer: what to say
 *
 * Return: 0; -ESTALE if the host wants something else by now, and nothing was
 * written; another negative error if it could not be written.
 */
int vf_xs_answer(const struct vf_guest *guest, const struct vf_reading *to,
		 struct vf_reading *scratch, const struct vf_answer *answer)
{
	struct answer_work work = {
		.guest = guest,
		.to = to,
		.scratch = scratch,
		.answer = answer,
	};

	return vf_transaction(answer_in, &work);
}

/* What need not wake the worker: our own answers, and what is about reports. */
static const char *const not_changes[] = {
	"status", "error", "current", "result", "used", "free", "reported", "report_s",
};

/* Runs under a spinlock. */
static bool will_handle(struct xenbus_watch *watch, const char *path,
			const char *token)
{
	const char *name = kbasename(path);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(not_changes); i++)
		if (!strcmp(name, not_changes[i]))
			return false;
	return !strstr(path, "numa/control/");
}

/* Runs in the one thread that serves all watches: only a hint to look. */
static void watch_fired(struct xenbus_watch *watch, const char *path,
			const char *token)
{
	xs.changed();
}

static int xenstore_up(struct notifier_block *nb, unsigned long event,
		       void *data)
{
	/*
	 * Reading needs no watch, and the first event must find this true.
	 * Pairs with vf_xs_ready(), which may be asked on another CPU.
	 */
	smp_store_release(&xs.ready, true);
	return vf_watch_up(nb, event, data);
}

static struct vf_watch watch = {
	.watch = {
		.node		= "numa",
		.will_handle	= will_handle,
		.callback	= watch_fired,
	},
	.up.notifier_call = xenstore_up,
};

/**
 * vf_xs_ready() - whether there is a host to talk to
 *
 * Return: true if so.
 */
bool vf_xs_ready(void)
{
	/* Pairs with xenstore_up(). */
	return smp_load_acquire(&xs.ready);
}

/**
 * vf_xs_start() - watch, now or when xenstore is there; nothing without Xen
 * @changed: called when there may be something new; may only queue work
 *
 * The watch survives suspend and resume, and fires after it.
 */
void vf_xs_start(void (*changed)(void))
{
	xs.changed = changed;
	vf_watch_start(&watch);
}

/**
 * vf_xs_stop() - do not call any more; waits for a call that is running
 */
void vf_xs_stop(void)
{
	vf_watch_stop(&watch);
}
