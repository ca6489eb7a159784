// SPDX-License-Identifier: GPL-2.0-only
/*
 * The worker. One ordered queue with one work item on it, queued by events
 * that say no more than "look". Each time it looks at everything:
 *
 *   read -> nothing asked: show what changed in the guest, if anything
 *        -> not sound, or no way to answer: refuse
 *        -> plan; then step by step, looking between steps whether the host
 *           changed its mind: if so plan anew, from where we are
 *              -> a step fails: go back to what was, refuse
 *              -> unload: stop there; who loads next starts from what is there
 *   answer, if what was answered is still what is asked; otherwise once more
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitops.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/notifier.h>
#include <linux/ratelimit.h>
#include <linux/reboot.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "change.h"
#include "compat.h"
#include "cpus.h"
#include "guest.h"
#include "memory.h"
#include "plan.h"
#include "state.h"
#include "usage.h"
#include "xenstore.h"

/* How often the host is told how far a step has come. */
#define TELL_EVERY	(HZ / 4)

/* How often it is looked whether programs have left a node. */
#define GRACE_POLL	(HZ / 20)

static unsigned int grace_ms = 2000;
module_param(grace_ms, uint, 0644);
MODULE_PARM_DESC(grace_ms, "time for programs to leave a node, unless the host says (2000)");

/* Room for status: a sentence, and an amount for each of some nodes. */
#define STATUS_LEN	1024

/* Bits of flags. */
enum {
	LOOK,	/* the host may want something else */
	STOP,	/* the module is being unloaded */
};

/*
 * Where nothing else is said, a field is the worker's alone; load uses it
 * before the worker is queued for the first time, unload after it was
 * cancelled.
 */
static struct {
	struct workqueue_struct *queue;	/* const while anything can queue */
	struct delayed_work work;	/* has its own serialisation */
	unsigned long flags;		/* atomic bit operations */
	wait_queue_head_t nudge;	/* flags were set; has its own lock */
	struct completion published;	/* the first generation, or start_ret */
	bool started;
	int start_ret;

	struct vf_guest *guest;
	bool described;			/* a description was taken */

	struct vf_reading now;		/* what is being carried out */
	struct vf_reading next;		/* scratch */
	struct vf_reading unanswered;	/* refused, and no way to say so */
	bool has_unanswered;
	struct vf_error said;		/* value of error, as far as known */

	struct vf_steps plan;
	struct vf_wanted *as_was;	/* before the change that is going on */
	bool going_back;		/* to as_was */
	unsigned long told;		/* jiffies of the last word on a step */
	char status[STATUS_LEN];
} change;

static void retry_later(void)
{
	mod_delayed_work(change.queue, &change.work, HZ);
}

static void say_error(const char *text)
{
	strscpy(change.said.text, text, sizeof(change.said.text));
	vf_xs_say("error", text);
}

static enum virtflex_state request_state(enum vf_request request)
{
	return request == VF_SHRINK ? VIRTFLEX_SHRINKING : VIRTFLEX_EXPANDING;
}

/*
 * Steps.
 */

static int step_announce(u32 unused)
{
	const struct vf_wanted *wanted = change.now.wanted;

	return vf_state_publish(change.guest, wanted,
				request_state(wanted->request), "");
}

/* What the steps are to come to. It changes when the host changes its mind. */
static const struct vf_wanted *goal(void)
{
	return change.going_back ? change.as_was : change.now.wanted;
}

static u64 goal_kb(u32 node)
{
	return goal()->nodes[node].value[VF_KEY_TARGET];
}

/* Whether the host wants something else by now, which is then in "now". */
static bool changed_its_mind(void)
{
	if (!test_and_clear_bit(LOOK, &change.flags))
		return false;
	if (vf_xs_read(change.guest, &change.next, false)) {
		/* Go on: the answer will find out. */
		set_bit(LOOK, &change.flags);
		return false;
	}
	if (vf_reading_equal(change.guest, &change.now, &change.next))
		return false;
	swap(change.now, change.next);
	return true;
}

/*
 * Whether to leave off in the middle of a step. Who goes back, goes all the way,
 * but for unload.
 */
static int leave_off(void)
{
	if (test_bit(STOP, &change.flags))
		return -ESHUTDOWN;
	if (change.going_back)
		return 0;
	if (vf_freezing()) {
		/* The queue is held until the guest thaws; then all again. */
		retry_later();
		return -ESHUTDOWN;
	}
	return changed_its_mind() ? -EAGAIN : 0;
}

/* Sleep, unless there is a reason to leave off. */
static void nap(unsigned long jiffies)
{
	wait_event_timeout(change.nudge, change.flags, jiffies);
}

static const char *verb(void)
{
	if (change.going_back)
		return "going back";
	return change.now.wanted->request == VF_SHRINK ? "shrinking" :
							 "expanding";
}

static void say_step(u32 step)
{
	char text[48];

	vf_step_text(change.guest, change.plan.step[step], text, sizeof(text));
	snprintf(change.status, sizeof(change.status), "%s: step %u of %u: %s",
		 verb(), step + 1, change.plan.nr, text);
	vf_xs_say("status", change.status);
	change.told = jiffies;
}

/* How far a step that takes long has come. */
static void say_progress(u64 done_kb, u64 all_kb)
{
	char text[128];

	if (time_before(jiffies, change.told + TELL_EVERY))
		return;
	scnprintf(text, sizeof(text), "%s, %llu of %llu KiB", change.status,
		  done_kb, all_kb);
	vf_xs_say("status", text);
	change.told = jiffies;
}

static int step_vcpu_online(u32 vcpu)
{
	return vf_cpus_online(&change.guest->vcpus[vcpu]);
}

static int step_vcpu_offline(u32 vcpu)
{
	return vf_cpus_offline(&change.guest->vcpus[vcpu]);
}

static bool users_on_leaving(void)
{
	u32 i;

	for (i = 0; i < change.guest->nr_nodes; i++) {
		const struct vf_node *n = &change.guest->nodes[i];

		if (n->active && n->online &&
		    !vf_wanted_active(change.guest, goal(), i) &&
		    vf_usage_by_users(n->id))
			return true;
	}
	return false;
}

static int step_grace(u32 unused)
{
	const struct vf_wanted *wanted = change.now.wanted;
	unsigned long end = jiffies;
	int ret = 0;

	end += msecs_to_jiffies(wanted->has_option[VF_OPT_GRACE_MS] ?
				wanted->option[VF_OPT_GRACE_MS] :
				READ_ONCE(grace_ms));
	while (!ret && time_before(jiffies, end) && users_on_leaving()) {
		nap(GRACE_POLL);
		ret = leave_off();
	}
	return ret;
}

/* Less than asked is no failure of the step; done_status() tells. */
static int step_memory_out(u32 node)
{
	u32 id = change.guest->nodes[node].id;
	u64 from_kb = vf_guest_node_kb(id), now_kb = from_kb;
	u64 to_kb = goal_kb(node);
	enum vf_moved moved = VF_MOVED;
	int ret = 0;

	if (!vf_memory_movable())
		return 0;
	vf_memory_take_begin(id, !to_kb);
	while (now_kb >= to_kb + VF_EXTENT_KB && moved != VF_NO_MORE && !ret) {
		moved = vf_memory_take(id);
		now_kb = vf_guest_node_kb(id);
		say_progress(from_kb - now_kb, from_kb - to_kb);
		ret = leave_off();
	}
	while (!ret && goal()->option[VF_OPT_SMALL] && now_kb > to_kb &&
	       vf_memory_take_small(id, now_kb - to_kb) == VF_MOVED) {
		now_kb = vf_guest_node_kb(id);
		ret = leave_off();
	}
	vf_memory_take_end(id);
	return ret;
}

static int step_memory_in(u32 node)
{
	u32 id = change.guest->nodes[node].id;
	u64 from_kb = vf_guest_node_kb(id), now_kb = from_kb;
	u64 to_kb = goal_kb(node);
	unsigned long patience = jiffies + goal()->option[VF_OPT_WAIT_S] * HZ;
	enum vf_moved moved = VF_MOVED;
	int ret = 0;

	while (now_kb < to_kb && !ret) {
		moved = vf_memory_give(id, to_kb - now_kb);
		if (moved == VF_NO_MORE)
			break;
		if (moved == VF_NOT_MOVED) {
			if (!time_before(jiffies, patience))
				break;
			nap(HZ);
		}
		now_kb = vf_guest_node_kb(id);
		say_progress(now_kb - from_kb, to_kb - from_kb);
		ret = leave_off();
	}
	return ret;
}

static int step_publish(u32 unused)
{
	vf_wanted_take(change.guest, change.now.wanted);
	vf_guest_settle(change.guest);
	change.described = true;
	return vf_state_publish(change.guest, NULL, VIRTFLEX_STABLE, "");
}

/* By enum vf_step_kind. */
static int (*const step_run[VF_NR_STEP_KINDS])(u32 index) = {
	[VF_STEP_ANNOUNCE]	= step_announce,
	[VF_STEP_MEMORY_IN]	= step_memory_in,
	[VF_STEP_VCPU_ONLINE]	= step_vcpu_online,
	[VF_STEP_GRACE]		= step_grace,
	[VF_STEP_VCPU_OFFLINE]	= step_vcpu_offline,
	[VF_STEP_MEMORY_OUT]	= step_memory_out,
	[VF_STEP_PUBLISH]	= step_publish,
};

static int run_step(struct vf_step step)
{
	int ret = step_run[step.kind](step.index);

	/* Others take CPUs on and offline too: look rather than assume. */
	vf_guest_refresh(change.guest);
	return ret;
}

/* As far as possible: a step that fails does not keep the others from it. */
static void go_back(void)
{
	u32 i;

	change.going_back = true;
	if (vf_plan_back(change.guest, change.as_was, &change.plan))
		change.plan.nr = 0;
	for (i = 0; i < change.plan.nr; i++) {
		char text[48];
		int ret;

		say_step(i);
		ret = run_step(change.plan.step[i]);
		if (ret == -ESHUTDOWN)
			break;
		if (!ret)
			continue;
		vf_step_text(change.guest, change.plan.step[i], text,
			     sizeof(text));
		pr_warn("going back to what was: %s: %pe\n", text,
			ERR_PTR(ret));
	}
	change.going_back = false;
}

/*
 * Ends of a request. They return what vf_xs_answer() does.
 */

/* There is no way to answer, now or any more: do not start over and over. */
static void remember_unanswered(void)
{
	swap(change.unanswered, change.now);
	change.has_unanswered = true;
}

static int answer(const char *error)
{
	int ret;

	strscpy(change.said.text, error, sizeof(change.said.text));
	ret = vf_xs_answer(change.guest, &change.now, &change.next,
			   change.status, error);
	if (ret == -EAGAIN || ret == -ENOMEM) {
		retry_later();
	} else if (ret && ret != -ESTALE) {
		pr_warn_ratelimited("numa/topo_change cannot be written: %pe\n",
				    ERR_PTR(ret));
		remember_unanswered();
	}
	return ret;
}

static void show_refused(const struct vf_error *why)
{
	pr_warn_ratelimited("change refused: %s\n", why->text);
	if (vf_state_publish(change.guest, NULL, VIRTFLEX_FAILED, why->text))
		pr_warn_ratelimited("no memory to publish that\n");
	snprintf(change.status, sizeof(change.status), "failed: %s", why->text);
}

static int refuse(const struct vf_error *why)
{
	show_refused(why);
	return answer(why->text);
}

/* The host can be told nothing, or so little that it could miss it. */
static void refuse_unwritable(int ret)
{
	struct vf_error why;

	if (change.has_unanswered &&
	    vf_reading_equal(change.guest, &change.unanswered, &change.now))
		return;
	if (ret == -EACCES)
		vf_error_set(&why,
			     "numa/topo_change: not writable here, the host has to grant b<domid>");
	else
		vf_error_set(&why, "numa/topo_change cannot be written: %pe",
			     ERR_PTR(ret));
	show_refused(&why);
	vf_xs_say("status", change.status);
	say_error(why.text);
	remember_unanswered();
}

static void __printf(1, 2) add_status(const char *fmt, ...)
{
	size_t len = strlen(change.status);
	va_list args;

	va_start(args, fmt);
	vscnprintf(change.status + len, sizeof(change.status) - len, fmt, args);
	va_end(args);
}

/*
 * Why a node keeps memory. Return: true if there is enough of it, but for what
 * the kernel uses, to have left as an extent.
 */
static bool add_stuck(const struct vf_node *n)
{
	struct vf_stuck stuck;

	add_status("; node %u keeps %llu KiB, asked for %llu", n->id,
		   n->current_kb, n->target_kb);
	if (!vf_memory_movable()) {
		add_status(" (only an HVM or PVH guest of Xen can hand memory back)");
		return true;
	}
	vf_usage_stuck(n->id, &stuck);
	add_status(": kernel %llu", stuck.kernel);
	if (stuck.free)
		add_status(", free in small pieces %llu", stuck.free);
	if (stuck.pinned)
		add_status(", pinned %llu", stuck.pinned);
	if (stuck.hugetlb)
		add_status(", hugetlb pool %llu", stuck.hugetlb);
	if (stuck.balloon)
		add_status(", ballooned %llu", stuck.balloon);
	if (stuck.user)
		add_status(", in use %llu", stuck.user);
	return stuck.pinned + stuck.hugetlb + stuck.user >= VF_EXTENT_KB;
}

/*
 * In words: the generation, and which nodes have not the memory that was asked.
 * Return: true if that is more than what the kernel itself always keeps.
 */
static bool done_status(void)
{
	bool fell_short = false;
	u32 i;

	snprintf(change.status, sizeof(change.status), "done: generation %llu",
		 vf_state_generation());
	for (i = 0; i < change.guest->nr_nodes; i++) {
		const struct vf_node *n = &change.guest->nodes[i];

		if (!change.now.wanted->nodes[i].named)
			continue;
		if (n->current_kb >= n->target_kb + VF_EXTENT_KB) {
			fell_short |= add_stuck(n);
		} else if (n->current_kb + VF_EXTENT_KB <= n->target_kb) {
			add_status("; node %u has %llu KiB, asked for %llu: %s",
				   n->id, n->current_kb, n->target_kb,
				   n->out_kb ? "the host has no more for it" :
					       "it never had more");
			fell_short = true;
		}
	}
	return fell_short;
}

static int finish(void)
{
	struct vf_snapshot *s = vf_state_get();
	nodemask_t active = NODE_MASK_NONE;
	u32 i;

	for (i = 0; i < s->nr_nodes; i++)
		if (s->node[i].state == VF_NODE_ACTIVE)
			node_set(s->node[i].id, active);
	pr_info("%s done: generation %llu, active nodes %*pbl, CPUs %*pbl\n",
		vf_request_name(change.now.wanted->request), s->generation,
		nodemask_pr_args(&active), cpumask_pr_args(cpu_online_mask));
	vf_state_put(s);
	if (!done_status())
		return answer("");
	/* The sentence after "done: generation 7; ". */
	pr_warn("%s\n", change.status);
	return answer(strchr(change.status, ';') + 2);
}

/*
 * A request.
 */

static int plan(struct vf_error *why)
{
	if (!change.now.asked) {
		vf_error_set(why, "numa/topo_change: the host took the request back");
		return -EINVAL;
	}
	if (change.now.ret) {
		*why = change.now.err;
		return change.now.ret;
	}
	if (vf_wanted_check(change.guest, change.now.wanted, why) ||
	    vf_usage_room(change.guest, change.now.wanted, why))
		return -EINVAL;
	return vf_plan(change.guest, change.now.wanted, &change.plan);
}

/* Return: as the ends of a request, or -ESHUTDOWN. */
static int carry_out(void)
{
	struct vf_error why;
	int ret;
	u32 i;

	vf_guest_refresh(change.guest);
	vf_guest_settle(change.guest);
	vf_wanted_as_is(change.guest, change.as_was);
again:
	ret = plan(&why);
	if (ret)
		goto fail;
	for (i = 0; i < change.plan.nr; i++) {
		struct vf_step step = change.plan.step[i];
		char text[48];

		if (test_bit(STOP, &change.flags))
			return -ESHUTDOWN;
		if (changed_its_mind())
			goto again;
		say_step(i);
		ret = run_step(step);
		if (ret == -EAGAIN)
			goto again;
		if (ret == -ESHUTDOWN)
			return ret;
		if (ret) {
			vf_step_text(change.guest, step, text, sizeof(text));
			vf_error_set(&why, "%s: the kernel refused, %pe", text,
				     ERR_PTR(ret));
			goto fail;
		}
	}
	return finish();
fail:
	go_back();
	return refuse(&why);
}

/* Show a description nobody asked to act upon. */
static bool take_description(bool complete)
{
	struct vf_error why;
	int ret = change.now.ret;

	if (!change.now.described)
		return false;
	if (!ret && complete &&
	    !vf_wanted_complete(change.guest, change.now.wanted))
		return false;
	if (ret)
		why = change.now.err;
	else
		ret = vf_wanted_check(change.guest, change.now.wanted, &why);
	if (ret) {
		if (strcmp(change.said.text, why.text)) {
			pr_warn_ratelimited("description not shown: %s\n",
					    why.text);
			say_error(why.text);
		}
		return false;
	}
	vf_wanted_take(change.guest, change.now.wanted);
	change.described = true;
	if (change.said.text[0])
		say_error("");
	return true;
}

static void serve(void)
{
	int ret;

	do {
		if (test_bit(STOP, &change.flags))
			return;
		clear_bit(LOOK, &change.flags);
		ret = vf_xs_read(change.guest, &change.now, !change.described);
		if (ret) {
			pr_warn_ratelimited("numa cannot be read: %pe\n",
					    ERR_PTR(ret));
			retry_later();
			return;
		}
		if (!change.now.asked) {
			change.has_unanswered = false;
			if (!change.described)
				take_description(true);
			return;
		}
		ret = vf_xs_writable();
		if (ret) {
			refuse_unwritable(ret);
			return;
		}
		change.has_unanswered = false;
		ret = carry_out();
	} while (ret == -ESTALE);
}

/* The first generation, before anything is acted upon. */
static void start(void)
{
	if (vf_xs_ready() &&
	    !vf_xs_read(change.guest, &change.now, true) &&
	    !change.now.asked) {
		vf_xs_say("status", "idle");
		if (!take_description(false) && !change.said.text[0])
			say_error("");
	}
	change.start_ret = vf_state_republish(change.guest);
	change.started = true;
	complete(&change.published);
}

static void change_work(struct work_struct *work)
{
	vf_guest_refresh(change.guest);
	if (!change.started)
		start();
	if (change.start_ret)
		return;
	if (vf_xs_ready())
		serve();
	if (test_bit(STOP, &change.flags))
		return;
	vf_guest_refresh(change.guest);
	if (vf_state_republish(change.guest))
		retry_later();
}

/* From any context that can queue work. */
static void guest_changed(void)
{
	mod_delayed_work(change.queue, &change.work, 0);
}

static void host_changed(void)
{
	set_bit(LOOK, &change.flags);
	wake_up(&change.nudge);
	mod_delayed_work(change.queue, &change.work, 0);
}

/*
 * A kernel started by kexec would take for memory what is not there. (The host
 * may not have it any more; there is no way to refuse here.) After any other
 * restart the host builds the guest's memory anew.
 */
static int before_restart(struct notifier_block *nb, unsigned long action,
			  void *command)
{
	if (action != SYS_RESTART || !command ||
	    strcmp(command, "kexec reboot"))
		return NOTIFY_DONE;
	set_bit(STOP, &change.flags);
	wake_up(&change.nudge);
	cancel_delayed_work_sync(&change.work);
	vf_memory_give_all();
	return NOTIFY_DONE;
}

static struct notifier_block restart_block = {
	.notifier_call = before_restart,
};

/*
 * Load and unload.
 */

static void free_all(void)
{
	if (change.queue)
		destroy_workqueue(change.queue);
	kvfree(change.plan.step);
	vf_wanted_free(change.now.wanted);
	vf_wanted_free(change.next.wanted);
	vf_wanted_free(change.unanswered.wanted);
	vf_wanted_free(change.as_was);
	vf_guest_free(change.guest);
}

static int alloc_all(void)
{
	u32 room;

	change.guest = vf_guest_alloc();
	if (!change.guest)
		return -ENOMEM;
	room = vf_steps_room(change.guest);
	change.plan.room = room;
	change.plan.step = kvcalloc(room, sizeof(*change.plan.step),
				    GFP_KERNEL);
	change.now.wanted = vf_wanted_alloc(change.guest);
	change.next.wanted = vf_wanted_alloc(change.guest);
	change.unanswered.wanted = vf_wanted_alloc(change.guest);
	change.as_was = vf_wanted_alloc(change.guest);
	/* Frozen with user space: no change goes on while a guest is saved. */
	change.queue = alloc_ordered_workqueue("virtflex", WQ_FREEZABLE);
	if (!change.plan.step || !change.now.wanted || !change.next.wanted ||
	    !change.unanswered.wanted || !change.as_was || !change.queue) {
		free_all();
		return -ENOMEM;
	}
	return 0;
}

static void stop_worker(void)
{
	set_bit(STOP, &change.flags);
	wake_up(&change.nudge);
	vf_xs_stop();
	cancel_delayed_work_sync(&change.work);
	vf_xs_say("status", "gone");
	free_all();
}

/**
 * vf_change_start() - publish the first generation, and follow what happens
 *
 * Return: 0 or a negative error.
 */
int vf_change_start(void)
{
	int ret;

	ret = alloc_all();
	if (ret)
		return ret;
	INIT_DELAYED_WORK(&change.work, change_work);
	init_completion(&change.published);
	init_waitqueue_head(&change.nudge);
	/* Before the worker runs: the first generation is to be the host's. */
	vf_xs_start(host_changed);
	ret = vf_cpus_watch(guest_changed);
	if (ret) {
		stop_worker();
		return ret;
	}
	register_reboot_notifier(&restart_block);
	guest_changed();
	wait_for_completion(&change.published);
	ret = change.start_ret;
	if (ret)
		vf_change_stop();
	return ret;
}

/**
 * vf_change_stop() - nothing is changed or published from here on
 *
 * A change that is going on stops after the step it is at. First nobody queues
 * the worker any more, then it is cancelled; both wait without a lock.
 */
void vf_change_stop(void)
{
	unregister_reboot_notifier(&restart_block);
	set_bit(STOP, &change.flags);
	wake_up(&change.nudge);
	vf_cpus_unwatch();
	stop_worker();
}
