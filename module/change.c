// SPDX-License-Identifier: GPL-2.0-only
/*
 * The worker: one work item on an ordered queue. Events carry no data, they only queue
 * it. Each time it reads everything:
 *
 *   read -> no request: publish what changed in the guest, if anything
 *        -> bad, or there is no way to answer: refuse
 *        -> plan, then run step by step; between steps read the request again, and
 *           plan again from the present state if it is another one
 *              -> a step fails: roll back, refuse
 *              -> the guest is frozen: interrupt, and continue after the thaw
 *              -> unload: stop; the next load starts from the present state
 *   answer, if the request is still the one that was carried out; else start over
 *        -> xenstore has no room for an answer: write it later
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

#include "answer.h"
#include "change.h"
#include "check.h"
#include "compat.h"
#include "guest.h"
#include "isolate.h"
#include "memory.h"
#include "parse.h"
#include "plan.h"
#include "state.h"
#include "step.h"
#include "usage.h"
#include "xenstore.h"

/* Pauses before xenstore is tried again grow from 1 s to 32 s. */
#define MAX_BACKOFF_SHIFT	5U

/* Bits of flags. */
enum {
	REREAD,	/* the request may have changed */
	STOP,	/* the module is being unloaded */
};

/*
 * Unless noted otherwise a field is accessed by the worker only, by load before the
 * worker is queued for the first time, and by unload after it was cancelled.
 */
static struct {
	struct workqueue_struct *queue;	/* const while anything can queue */
	struct delayed_work work;	/* has its own serialisation */
	unsigned long flags;		/* atomic bit operations */
	wait_queue_head_t wake;		/* flags were set; has its own lock */
	struct completion published;	/* the first generation, or start_ret */
	bool started;
	int start_ret;

	struct vf_guest *guest;
	bool described;			/* a description was accepted */

	struct vf_reading now;		/* what is being carried out */
	struct vf_reading next;		/* scratch */
	struct vf_answers answers;
	unsigned int retries;		/* failed accesses to xenstore in a row */

	struct vf_steps plan;
	struct vf_wanted *initial;	/* before the change that is going on */
	bool in_progress;		/* interrupted by a freeze; initial is of its start */
	bool rolling_back;		/* to initial */
	struct vf_error why;		/* why it is rolled back; empty if it is not */
	enum vf_outcome outcome;	/* if it is rolled back */
	struct vf_status status;
} change;

static void retry_later(void)
{
	mod_delayed_work(change.queue, &change.work, HZ);
}

/* An access to xenstore failed: retry, in growing pauses, and log it once. */
static void retry_xenstore(const char *what, int ret)
{
	if (!change.retries)
		pr_warn("numa cannot be %s now, and is tried again: %pe\n",
			what, ERR_PTR(ret));
	mod_delayed_work(change.queue, &change.work,
			 HZ << min(change.retries, MAX_BACKOFF_SHIFT));
	change.retries++;
}

/* Whether there is another request by now, which is then in "now". */
static bool request_changed(void)
{
	if (!test_and_clear_bit(REREAD, &change.flags))
		return false;
	/* If it cannot be read, continue: vf_xs_answer() compares again. */
	if (vf_xs_read(change.guest, &change.next, false))
		return false;
	if (vf_reading_equal(change.guest, &change.now, &change.next))
		return false;
	swap(change.now, change.next);
	return true;
}

/*
 * Whether to stop, in the middle of a step or between two: 0 if not, -ESHUTDOWN at unload
 * and for a freeze, -EAGAIN if the request changed, which is ignored in a rollback.
 */
static int interrupted(void)
{
	if (test_bit(STOP, &change.flags))
		return -ESHUTDOWN;
	if (vf_freezing()) {
		/* The queue is held until the guest thaws. */
		retry_later();
		return -ESHUTDOWN;
	}
	return !change.rolling_back && request_changed() ? -EAGAIN : 0;
}

/* For steps: sleep, unless there is a reason to stop. */
static int step_pause(unsigned long jiffies)
{
	if (jiffies)
		wait_event_idle_timeout(change.wake, change.flags, jiffies);
	return interrupted();
}

static const char *verb(void)
{
	if (change.rolling_back)
		return "rolling back";
	switch (change.now.wanted->request) {
	case VF_SHRINK:
		return "shrinking";
	case VF_MOVE:
		return "moving";
	default:
		return "expanding";
	}
}

static int run_step(u32 step, const struct vf_wanted *goal)
{
	struct vf_work work = {
		.guest	= change.guest,
		.goal	= goal,
		.status	= &change.status,
		.pause	= step_pause,
	};

	vf_status_step(&change.status, change.guest, &change.plan, step,
		       verb());
	return vf_step_run(&work, change.plan.step[step]);
}

/*
 * Roll back as far as possible: if a step fails, the others are run.
 * Return: 0, or -ESHUTDOWN if it was interrupted.
 */
static int roll_back(void)
{
	int ret = 0;
	u32 i;

	change.rolling_back = true;
	if (vf_plan_rollback(change.guest, change.initial, &change.plan))
		change.plan.nr = 0;
	for (i = 0; i < change.plan.nr; i++) {
		char text[48];

		ret = interrupted() ?: run_step(i, change.initial);
		if (ret == -ESHUTDOWN)
			break;
		if (!ret)
			continue;
		vf_step_text(change.guest, change.plan.step[i], text,
			     sizeof(text));
		pr_warn("rollback: %s: %pe\n", text, ERR_PTR(ret));
		ret = 0;
	}
	vf_unisolate_all();
	change.rolling_back = false;
	return ret;
}

/* What could not be rolled back is part of why a change failed. */
static void add_not_rolled_back(struct vf_error *why)
{
	vf_status_set(&change.status, "%s", why->text);
	if (vf_status_short(&change.status, change.guest, change.initial))
		strscpy(why->text, change.status.text, sizeof(why->text));
}

/*
 * Ends of a request. They return what vf_xs_answer() does.
 */

static int answer(const char *error)
{
	int ret = vf_answer(&change.answers, change.guest, &change.now,
			    &change.next, change.status.text, error);

	if (!ret || ret == -ESTALE)
		change.retries = 0;
	if (change.answers.pending)
		retry_xenstore("answered", ret);
	return ret;
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
	vf_result_set(&change.answers.result, change.outcome, change.guest, change.initial);
	return answer(why->text);
}

/* topo_change cannot be written: tell by status and error, as far as possible. */
static void refuse_unwritable(int ret)
{
	struct vf_error why;

	if (vf_answer_is_hopeless(&change.answers, change.guest, &change.now))
		return;
	if (ret == -EACCES)
		vf_error_set(&why,
			     "numa/topo_change: not writable here, the host has to grant b<domid>");
	else
		vf_error_set(&why, "numa/topo_change cannot be written: %pe",
			     ERR_PTR(ret));
	show_refused(&why);
	vf_status_write(&change.status);
	vf_answer_error(&change.answers, why.text);
	vf_answer_give_up(&change.answers, &change.now);
}

static int finish(void)
{
	struct vf_snapshot *s = vf_state_get();
	nodemask_t active = NODE_MASK_NONE;
	bool short_of;
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
	short_of = vf_status_short(&change.status, change.guest,
				   change.now.wanted);
	vf_result_set(&change.answers.result, short_of ? VF_RESULT_PARTLY : VF_RESULT_DONE,
		      change.guest, change.now.wanted);
	if (!short_of)
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
	change.outcome = change.now.asked ? VF_RESULT_REFUSED : VF_RESULT_WITHDRAWN;
	if (!change.now.asked) {
		vf_error_set(why, "numa/topo_change: the host withdrew the request");
		return -EINVAL;
	}
	if (change.now.ret) {
		*why = change.now.err;
		return change.now.ret;
	}
	if (vf_wanted_check(change.guest, change.now.wanted, why) ||
	    vf_usage_min(change.guest, change.now.wanted, why) ||
	    vf_usage_low(change.guest, change.now.wanted, why) ||
	    vf_usage_headroom(change.guest, change.now.wanted, why) ||
	    vf_usage_can_move(change.guest, change.now.wanted, why))
		return -EINVAL;
	return vf_plan(change.guest, change.now.wanted, &change.plan);
}

/*
 * Return: 0; -EAGAIN if the request changed; -ESHUTDOWN if it was interrupted; another
 * error, with why, if it is to be rolled back.
 */
static int run_plan(struct vf_error *why)
{
	int ret = plan(why);
	char text[48];
	u32 i;

	if (ret)
		return ret;
	ret = vf_guest_take_pnodes(change.guest, change.now.wanted);
	if (ret) {
		change.outcome = VF_RESULT_FAILED;
		vf_error_set(why,
			     "no memory to keep account of the move: free some in the guest, and ask again");
		return ret;
	}
	for (i = 0; i < change.plan.nr && !ret; i++) {
		ret = interrupted() ?: run_step(i, change.now.wanted);
		if (!ret || ret == -EAGAIN || ret == -ESHUTDOWN)
			continue;
		vf_step_text(change.guest, change.plan.step[i], text,
			     sizeof(text));
		change.outcome = VF_RESULT_FAILED;
		vf_error_set(why, "%s: the kernel refused, %pe", text,
			     ERR_PTR(ret));
	}
	vf_unisolate_all();
	return ret;
}

/* Return: as the ends of a request, or -ESHUTDOWN. */
static int carry_out(void)
{
	bool resumed = change.why.text[0];
	struct vf_error why;
	int ret;

	vf_guest_refresh(change.guest);
	if (!change.in_progress) {
		vf_guest_set_baseline(change.guest);
		vf_wanted_from_guest(change.guest, change.initial);
		change.in_progress = true;
	}
	if (!resumed) {
		do {
			ret = run_plan(&change.why);
		} while (ret == -EAGAIN);
		if (ret == -ESHUTDOWN)
			return ret;
		if (!ret) {
			change.in_progress = false;
			return finish();
		}
	}
	if (!resumed)
		vf_answer_error(&change.answers, change.why.text);
	ret = roll_back();
	if (ret && !test_bit(STOP, &change.flags))
		return ret;
	change.in_progress = false;
	why = change.why;
	change.why.text[0] = '\0';
	/* The request may have changed meanwhile: start over. */
	if (resumed)
		return -ESTALE;
	add_not_rolled_back(&why);
	return refuse(&why);
}

/* Publish a description that came without a request. */
static bool accept_description(bool complete)
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
		if (strcmp(change.answers.error.text, why.text)) {
			pr_warn_ratelimited("description not shown: %s\n",
					    why.text);
			vf_answer_error(&change.answers, why.text);
		}
		return false;
	}
	/* What is not known to be elsewhere is not moved: no more than that. */
	if (vf_guest_take_pnodes(change.guest, change.now.wanted))
		pr_warn("no memory to keep account of what is on which physical node\n");
	vf_wanted_commit(change.guest, change.now.wanted);
	change.described = true;
	if (change.answers.error.text[0])
		vf_answer_error(&change.answers, "");
	return true;
}

/*
 * To a host that has described the domain only now, or once more. It may grant one key
 * after the other, and sees by the last one, the version, that all was said.
 */
static void announce(void)
{
	if (change.now.asked || change.in_progress ||
	    vf_xs_write("status", change.status.text[0] ?
			change.status.text : "idle"))
		vf_xs_announce();
}

/*
 * A request that was withdrawn when it was over, or before it was seen: its host waits for
 * an end. Return: whether there is one, with what vf_xs_answer() returned.
 */
static bool answer_withdrawal(int *ret)
{
	if (!change.answers.due) {
		if (vf_answer_is_told(&change.answers, &change.now))
			return false;
		vf_result_set(&change.answers.result, VF_RESULT_WITHDRAWN, change.guest,
			      NULL);
		if (!change.status.text[0])
			vf_status_set(&change.status, "idle");
	}
	*ret = answer(change.answers.error.text);
	return true;
}

/* Return: false if a change was interrupted, to be continued later or never. */
static bool process_request(void)
{
	int ret;

	do {
		if (test_bit(STOP, &change.flags))
			return false;
		clear_bit(REREAD, &change.flags);
		if (change.answers.pending) {
			vf_answer_resume(&change.answers, &change.now);
			ret = answer(change.answers.error.text);
			continue;
		}
		ret = vf_xs_read(change.guest, &change.now, !change.described);
		if (ret) {
			retry_xenstore("read", ret);
			return !change.in_progress;
		}
		if (!change.now.announced)
			announce();
		if (!change.now.asked && !change.in_progress) {
			change.retries = 0;
			change.answers.hopeless = false;
			if (answer_withdrawal(&ret))
				continue;
			if (!change.described)
				accept_description(true);
			return true;
		}
		ret = vf_xs_writable();
		if (ret && vf_xs_is_transient(ret)) {
			retry_xenstore("written", ret);
			return !change.in_progress;
		}
		if (ret) {
			refuse_unwritable(ret);
			return true;
		}
		change.retries = 0;
		change.answers.hopeless = false;
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
		vf_answer_set_told(&change.answers, &change.now);
		vf_xs_write("status", "idle");
		if (!accept_description(false) && !change.answers.error.text[0])
			vf_answer_error(&change.answers, "");
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
	if (vf_xs_ready() && !process_request())
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
	set_bit(REREAD, &change.flags);
	wake_up(&change.wake);
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
	vf_wanted_free(change.answers.unanswered.wanted);
	vf_wanted_free(change.initial);
	vf_guest_free(change.guest);
}

static int alloc_all(void)
{
	u32 max;

	change.guest = vf_guest_alloc();
	if (!change.guest)
		return -ENOMEM;
	max = vf_plan_max_steps(change.guest);
	change.plan.max = max;
	change.plan.step = kvcalloc(max, sizeof(*change.plan.step),
				    GFP_KERNEL);
	change.now.wanted = vf_wanted_alloc(change.guest);
	change.next.wanted = vf_wanted_alloc(change.guest);
	change.answers.unanswered.wanted = vf_wanted_alloc(change.guest);
	change.initial = vf_wanted_alloc(change.guest);
	/* Frozen with user space: no change goes on while a guest is saved. */
	change.queue = alloc_ordered_workqueue("virtflex", WQ_FREEZABLE);
	if (!change.plan.step || !change.now.wanted || !change.next.wanted ||
	    !change.answers.unanswered.wanted || !change.initial || !change.queue) {
		free_all();
		return -ENOMEM;
	}
	return 0;
}

/* With the memory that stays unplugged. */
static void write_unloaded(void)
{
	u64 unplugged_kb = vf_memory_all_unplugged_kb();

	vf_status_set(&change.status, "unloaded");
	if (unplugged_kb)
		vf_status_set(&change.status,
			      "unloaded: %llu KiB stay unplugged",
			      unplugged_kb);
	vf_status_write(&change.status);
}

static void stop_worker(void)
{
	set_bit(STOP, &change.flags);
	wake_up(&change.wake);
	vf_xs_stop();
	cancel_delayed_work_sync(&change.work);
	vf_memory_plug_all();
	write_unloaded();
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
	init_waitqueue_head(&change.wake);
	/* Before the worker runs: the first generation is to be the host's. */
	vf_xs_start(host_changed);
	ret = vf_guest_watch(guest_changed);
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
 * vf_change_halt() - carry out nothing any more, before a restart
 *
 * A change that is going on stops at the next extent. Events still queue the worker,
 * which does nothing then; so vf_change_stop() may follow.
 *
 * Context: sleeps; waits for the worker.
 */
void vf_change_halt(void)
{
	set_bit(STOP, &change.flags);
	wake_up(&change.wake);
	cancel_delayed_work_sync(&change.work);
}

/**
 * vf_change_stop() - carry out and publish nothing any more, at unload
 *
 * A change that is going on stops at the next extent. First the sources of events are
 * removed, then the worker is cancelled, and all memory is plugged.
 */
void vf_change_stop(void)
{
	set_bit(STOP, &change.flags);
	wake_up(&change.wake);
	vf_guest_unwatch();
	stop_worker();
}
