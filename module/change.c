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
 *              -> the guest is frozen: leave off, and go on when it thaws
 *              -> unload: stop there; who loads next starts from what is there
 *   answer, if what was answered is still what is asked; otherwise once more
 *        -> xenstore takes no answer just now: that answer again, later
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitops.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/nodemask.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "change.h"
#include "check.h"
#include "compat.h"
#include "cpus.h"
#include "guest.h"
#include "hold.h"
#include "memory.h"
#include "parse.h"
#include "plan.h"
#include "state.h"
#include "step.h"
#include "usage.h"
#include "xenstore.h"

/* Of the pause before xenstore is tried again: 32 s at most. */
#define MOST_DOUBLINGS	5U

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
	struct vf_reading unanswered;	/* carried out or refused, and not said so */
	bool has_unanswered;		/* and no way to say so */
	bool owed;			/* and to be said, with status and said */
	unsigned int retries;		/* in a row, of what xenstore did not do */
	struct vf_error said;		/* value of error, as far as known */

	struct vf_steps plan;
	struct vf_wanted *as_was;	/* before the change that is going on */
	bool under_way;			/* left off for a suspend: as_was is from then */
	bool going_back;		/* to as_was */
	struct vf_error why;		/* it goes back; empty if it does not */
	struct vf_status status;
} change;

static void retry_later(void)
{
	mod_delayed_work(change.queue, &change.work, HZ);
}

/* xenstore did not do something: again, in growing pauses; it is said once. */
static void retry_xenstore(const char *what, int ret)
{
	if (!change.retries)
		pr_warn("numa cannot be %s now, and is tried again: %pe\n",
			what, ERR_PTR(ret));
	mod_delayed_work(change.queue, &change.work,
			 HZ << min(change.retries, MOST_DOUBLINGS));
	change.retries++;
}

static void say_error(const char *text)
{
	strscpy(change.said.text, text, sizeof(change.said.text));
	vf_xs_say("error", text);
}

/* Whether the host wants something else by now, which is then in "now". */
static bool changed_its_mind(void)
{
	if (!test_and_clear_bit(LOOK, &change.flags))
		return false;
	/* If it cannot be read, go on: the answer will find out. */
	if (vf_xs_read(change.guest, &change.next, false))
		return false;
	if (vf_reading_equal(change.guest, &change.now, &change.next))
		return false;
	swap(change.now, change.next);
	return true;
}

/*
 * Whether to leave off, in the middle of a step or between two. What the host wants
 * by now does not matter while going back.
 */
static int leave_off(void)
{
	if (test_bit(STOP, &change.flags))
		return -ESHUTDOWN;
	if (vf_freezing()) {
		/* The queue is held until the guest thaws. */
		retry_later();
		return -ESHUTDOWN;
	}
	return !change.going_back && changed_its_mind() ? -EAGAIN : 0;
}

/* For steps: sleep, unless there is a reason to leave off. */
static int nap(unsigned long jiffies)
{
	if (jiffies)
		wait_event_idle_timeout(change.nudge, change.flags, jiffies);
	return leave_off();
}

static const char *verb(void)
{
	if (change.going_back)
		return "going back";
	return change.now.wanted->request == VF_SHRINK ? "shrinking" :
							 "expanding";
}

static int run_step(u32 step, const struct vf_wanted *goal)
{
	struct vf_work work = {
		.guest	= change.guest,
		.goal	= goal,
		.status	= &change.status,
		.pause	= nap,
	};

	vf_status_step(&change.status, change.guest, &change.plan, step,
		       verb());
	return vf_step_run(&work, change.plan.step[step]);
}

/*
 * As far as possible: a step that fails does not keep the others from it.
 * Return: 0, or -ESHUTDOWN if it was left off.
 */
static int go_back(void)
{
	int ret = 0;
	u32 i;

	change.going_back = true;
	if (vf_plan_back(change.guest, change.as_was, &change.plan))
		change.plan.nr = 0;
	for (i = 0; i < change.plan.nr; i++) {
		char text[48];

		ret = leave_off() ?: run_step(i, change.as_was);
		if (ret == -ESHUTDOWN)
			break;
		if (!ret)
			continue;
		vf_step_text(change.guest, change.plan.step[i], text,
			     sizeof(text));
		pr_warn("going back to what was: %s: %pe\n", text,
			ERR_PTR(ret));
		ret = 0;
	}
	vf_hold_open_all();
	change.going_back = false;
	return ret;
}

/* What going back did not bring back is part of why a change failed. */
static void say_not_undone(struct vf_error *why)
{
	vf_status_set(&change.status, "%s", why->text);
	if (vf_status_short(&change.status, change.guest, change.as_was))
		strscpy(why->text, change.status.text, sizeof(why->text));
}

/*
 * Ends of a request. They return what vf_xs_answer() does.
 */

/*
 * What could not be answered: not begun over and over if there is no way to, and else
 * owed.
 */
static void remember_unanswered(bool owed)
{
	swap(change.unanswered, change.now);
	change.has_unanswered = !owed;
	change.owed = owed;
}

/*
 * Where xenstore has no room for it just now, the answer is owed: what was carried
 * out, or refused, is not judged again.
 */
static int answer(const char *error)
{
	int ret;

	strscpy(change.said.text, error, sizeof(change.said.text));
	ret = vf_xs_answer(change.guest, &change.now, &change.next,
			   change.status.text, error);
	if (!ret || ret == -ESTALE) {
		change.retries = 0;
	} else if (vf_xs_passes(ret)) {
		retry_xenstore("answered", ret);
		remember_unanswered(true);
	} else {
		pr_warn_ratelimited("numa/topo_change cannot be written: %pe\n",
				    ERR_PTR(ret));
		remember_unanswered(false);
	}
	return ret;
}

/* Return: as the ends of a request; -ESTALE also if the host has asked anew. */
static int answer_owed(void)
{
	struct vf_error error = change.said;

	change.owed = false;
	swap(change.unanswered, change.now);
	return answer(error.text);
}

static void show_refused(const struct vf_error *why)
{
	pr_warn_ratelimited("change refused: %s\n", why->text);
	if (vf_state_publish(change.guest, NULL, VIRTFLEX_FAILED, why->text))
		pr_warn_ratelimited("no memory to publish that\n");
	vf_status_set(&change.status, "failed: %s", why->text);
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
	vf_status_say(&change.status);
	say_error(why.text);
	remember_unanswered(false);
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
	change.described = true;
	vf_status_set(&change.status, "done: generation %llu",
		      vf_state_generation());
	if (!vf_status_short(&change.status, change.guest, change.now.wanted))
		return answer("");
	/* The sentence after "done: generation 7; ". */
	pr_warn("%s\n", change.status.text);
	return answer(strchr(change.status.text, ';') + 2);
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
	    vf_usage_least(change.guest, change.now.wanted, why) ||
	    vf_usage_low(change.guest, change.now.wanted, why) ||
	    vf_usage_room(change.guest, change.now.wanted, why))
		return -EINVAL;
	return vf_plan(change.guest, change.now.wanted, &change.plan);
}

/*
 * Return: 0; -EAGAIN if the host wants something else by now; -ESHUTDOWN if it was
 * left off; another error, with why, if it is to go back.
 */
static int run_plan(struct vf_error *why)
{
	int ret = plan(why);
	char text[48];
	u32 i;

	if (ret)
		return ret;
	for (i = 0; i < change.plan.nr && !ret; i++) {
		ret = leave_off() ?: run_step(i, change.now.wanted);
		if (!ret || ret == -EAGAIN || ret == -ESHUTDOWN)
			continue;
		vf_step_text(change.guest, change.plan.step[i], text,
			     sizeof(text));
		vf_error_set(why, "%s: the kernel refused, %pe", text,
			     ERR_PTR(ret));
	}
	vf_hold_open_all();
	return ret;
}

/* Return: as the ends of a request, or -ESHUTDOWN. */
static int carry_out(void)
{
	bool resumed = change.why.text[0];
	struct vf_error why;
	int ret;

	vf_guest_refresh(change.guest);
	if (!change.under_way) {
		vf_guest_settle(change.guest);
		vf_wanted_as_is(change.guest, change.as_was);
		change.under_way = true;
	}
	if (!resumed) {
		do {
			ret = run_plan(&change.why);
		} while (ret == -EAGAIN);
		if (ret == -ESHUTDOWN)
			return ret;
		if (!ret) {
			change.under_way = false;
			return finish();
		}
	}
	if (!resumed)
		say_error(change.why.text);
	ret = go_back();
	if (ret && !test_bit(STOP, &change.flags))
		return ret;
	change.under_way = false;
	why = change.why;
	change.why.text[0] = '\0';
	/* By now the host may have asked for something else: begin with that. */
	if (resumed)
		return -ESTALE;
	say_not_undone(&why);
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

/* Return: false if it left a change off, to go on later or never. */
static bool serve(void)
{
	int ret;

	do {
		if (test_bit(STOP, &change.flags))
			return false;
		clear_bit(LOOK, &change.flags);
		if (change.owed) {
			ret = answer_owed();
			continue;
		}
		ret = vf_xs_read(change.guest, &change.now, !change.described);
		if (ret) {
			retry_xenstore("read", ret);
			return !change.under_way;
		}
		if (!change.now.asked && !change.under_way) {
			change.retries = 0;
			change.has_unanswered = false;
			if (!change.described)
				take_description(true);
			return true;
		}
		ret = vf_xs_writable();
		if (ret && vf_xs_passes(ret)) {
			retry_xenstore("written", ret);
			return !change.under_way;
		}
		if (ret) {
			refuse_unwritable(ret);
			return true;
		}
		change.retries = 0;
		change.has_unanswered = false;
		ret = carry_out();
	} while (ret == -ESTALE);
	return ret != -ESHUTDOWN;
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
	if (vf_xs_ready() && !serve())
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

/* With what the host did not give back. */
static void say_gone(void)
{
	u64 out_kb = vf_memory_all_out_kb();

	vf_status_set(&change.status, "gone");
	if (out_kb)
		vf_status_set(&change.status,
			      "gone: the host has not given %llu KiB back",
			      out_kb);
	vf_status_say(&change.status);
}

static void stop_worker(void)
{
	set_bit(STOP, &change.flags);
	wake_up(&change.nudge);
	vf_xs_stop();
	cancel_delayed_work_sync(&change.work);
	vf_memory_give_all();
	say_gone();
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
	guest_changed();
	wait_for_completion(&change.published);
	ret = change.start_ret;
	if (ret)
		vf_change_stop();
	return ret;
}

/**
 * vf_change_halt() - carry nothing out any more, for good
 *
 * A change that is going on stops after the step it is at. What queues the worker
 * still does, and the worker does nothing.
 *
 * Context: sleeps; waits for the worker.
 */
void vf_change_halt(void)
{
	set_bit(STOP, &change.flags);
	wake_up(&change.nudge);
	cancel_delayed_work_sync(&change.work);
}

/**
 * vf_change_stop() - nothing is changed or published from here on
 *
 * A change that is going on stops after the step it is at. First nobody queues
 * the worker any more, then it is cancelled; both wait without a lock.
 */
void vf_change_stop(void)
{
	set_bit(STOP, &change.flags);
	wake_up(&change.nudge);
	vf_cpus_unwatch();
	stop_worker();
}
