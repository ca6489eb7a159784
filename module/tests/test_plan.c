// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdlib.h>

#include "fixture.h"

#include <cmocka.h>

#define GOES(n, a, b) \
	"node/" #n "/capacity 262144\nnode/" #n "/target 0\n" \
	"node/" #n "/vcpu/" #a " offline\nnode/" #n "/vcpu/" #b " offline\n"
#define COMES(n, a, b) \
	"node/" #n "/capacity 262144\nnode/" #n "/target 262144\n" \
	"node/" #n "/vcpu/" #a " online\nnode/" #n "/vcpu/" #b " online\n"

static void want(struct fixture *f, const char *text)
{
	assert_int_equal(fixture_read(f, text), 0);
	if (vf_wanted_check(&f->guest, &f->wanted, &f->err))
		fail_msg("%s", f->err.text);
	assert_int_equal(vf_plan(&f->guest, &f->wanted, &f->plan), 0);
}

/* The plan, step by step, one to a line. */
static void assert_plan(struct fixture *f, const char *expected)
{
	char text[4096] = "", step[64];
	u32 i;

	for (i = 0; i < f->plan.nr; i++) {
		vf_step_text(&f->guest, f->plan.step[i], step, sizeof(step));
		strcat(text, step);
		strcat(text, "\n");
	}
	assert_string_equal(text, expected);
}

/* As vf_guest_set_baseline() does: a change starts from what is now. */
static void settle(struct fixture *f)
{
	u32 i;

	for (i = 0; i < FIXTURE_NODES; i++)
		f->nodes[i].was_kb = f->nodes[i].current_kb;
	for (i = 0; i < FIXTURE_VCPUS; i++)
		f->vcpus[i].was_online = f->vcpus[i].online;
}

static void move_memory(struct vf_node *n, u64 to_kb)
{
	u64 all_kb = n->current_kb + n->unplugged_kb;

	n->current_kb = to_kb < all_kb ? to_kb : all_kb;
	n->unplugged_kb = all_kb - n->current_kb;
}

/* As the module does, but for the kernel. */
static void run_step(struct fixture *f, const struct vf_wanted *goal,
		     struct vf_step step)
{
	switch (step.kind) {
	case VF_STEP_VCPU_ONLINE:
		f->vcpus[step.index].online = true;
		break;
	case VF_STEP_VCPU_OFFLINE:
		f->vcpus[step.index].online = false;
		break;
	case VF_STEP_PLUG:
	case VF_STEP_UNPLUG:
		move_memory(&f->nodes[step.index],
			    vf_wanted_kb(&f->guest, goal, step.index));
		break;
	case VF_STEP_MOVE:
		f->nodes[step.index].elsewhere_kb = 0;
		break;
	case VF_STEP_PUBLISH:
		vf_wanted_commit(&f->guest, &f->wanted);
		settle(f);
		break;
	default:
		break;
	}
}

static void run(struct fixture *f, u32 nr)
{
	u32 i;

	for (i = 0; i < nr && i < f->plan.nr; i++)
		run_step(f, &f->wanted, f->plan.step[i]);
}

static void roll_back(struct fixture *f)
{
	u32 i;

	assert_int_equal(vf_plan_rollback(&f->guest, &f->initial, &f->plan), 0);
	for (i = 0; i < f->plan.nr; i++)
		run_step(f, &f->initial, f->plan.step[i]);
}

static void assert_all_there(struct fixture *f)
{
	u32 i;

	for (i = 0; i < FIXTURE_VCPUS; i++)
		assert_true(f->vcpus[i].online);
	for (i = 0; i < FIXTURE_NODES; i++)
		assert_int_equal(f->nodes[i].unplugged_kb, 0);
}

static void shrinks(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	want(&f, "topo_change 2\n" GOES(2, 4, 5) GOES(3, 6, 7));
	assert_plan(&f, "announce\ngrace period\nvcpu 4 offline\n"
		    "vcpu 5 offline\nvcpu 6 offline\nvcpu 7 offline\n"
		    "isolate nodes\nunplug memory of node 2\n"
		    "unplug memory of node 3\npublish\n");
}

static void expands_in_the_other_order(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	want(&f, "topo_change 2\n" GOES(2, 4, 5));
	run(&f, U32_MAX);
	want(&f, "topo_change 1\n" COMES(2, 4, 5));
	assert_plan(&f, "announce\nplug memory of node 2\nvcpu 4 online\n"
		    "vcpu 5 online\npublish\n");
}

static void leaves_out_what_is_so(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.vcpus[4].online = false;
	want(&f, "topo_change 2\n" GOES(2, 4, 5) COMES(1, 2, 3));
	assert_plan(&f, "announce\ngrace period\nvcpu 5 offline\n"
		    "isolate nodes\nunplug memory of node 2\npublish\n");
	want(&f, "topo_change 1\n" COMES(1, 2, 3));
	assert_plan(&f, "announce\npublish\n");
}

/* Part of a node: nobody has to leave it. */
static void takes_part(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	want(&f, "topo_change 2\nnode/2/capacity 262144\nnode/2/target 100000\n");
	assert_plan(&f, "announce\nunplug memory of node 2\npublish\n");
	run(&f, U32_MAX);
	assert_int_equal(f.nodes[2].current_kb, 100000);
	/* Less than an extent more, or less, is as good as that. */
	want(&f, "topo_change 1\nnode/2/capacity 262144\nnode/2/target 102047\n");
	assert_plan(&f, "announce\npublish\n");
	run(&f, U32_MAX);
	want(&f, "topo_change 2\nnode/2/capacity 262144\nnode/2/target 97953\n");
	assert_plan(&f, "announce\npublish\n");
	want(&f, "topo_change 1\nnode/2/capacity 262144\nnode/2/target 102048\n");
	assert_plan(&f, "announce\nplug memory of node 2\npublish\n");
}

/* What fell short is tried again by the same request. */
static void tries_again(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	want(&f, "topo_change 2\n" GOES(2, 4, 5));
	run(&f, U32_MAX);
	f.nodes[2].current_kb = 8192;
	f.nodes[2].unplugged_kb = 262144 - 8192;
	want(&f, "topo_change 2\n" GOES(2, 4, 5));
	assert_plan(&f, "announce\nisolate nodes\nunplug memory of node 2\npublish\n");
}

/* Nodes 2 and 3 have left; node 2 keeps what could not move. */
static void two_left(struct fixture *f)
{
	fixture_init(f);
	want(f, "topo_change 2\n" GOES(2, 4, 5) GOES(3, 6, 7));
	run(f, U32_MAX);
	move_memory(&f->nodes[2], 8192);
	settle(f);
}

/* In an expand nothing goes, not even what a shrink would have liked to take. */
static void expands_and_takes_nothing(void **state)
{
	struct fixture f;

	(void)state;
	two_left(&f);
	want(&f, "topo_change 1\n" GOES(2, 4, 5) COMES(3, 6, 7));
	assert_plan(&f, "announce\nplug memory of node 3\nvcpu 6 online\n"
		    "vcpu 7 online\npublish\n");
	run(&f, U32_MAX);
	assert_int_equal(f.nodes[2].current_kb, 8192);
	assert_int_equal(f.nodes[3].unplugged_kb, 0);
}

/* But what had come by then, for a change that is no longer wanted. */
static void expands_something_else(void **state)
{
	struct fixture f;

	(void)state;
	two_left(&f);
	want(&f, "topo_change 1\n" COMES(2, 4, 5) GOES(3, 6, 7));
	run(&f, 2);
	assert_int_equal(f.nodes[2].unplugged_kb, 0);
	want(&f, "topo_change 1\n" GOES(2, 4, 5) COMES(3, 6, 7));
	run(&f, U32_MAX);
	assert_int_equal(f.nodes[2].current_kb, 8192);
	assert_int_equal(f.nodes[3].unplugged_kb, 0);
}

/* Memory the host never took cannot come. */
static void brings_what_is_out(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	want(&f, "topo_change 1\nnode/2/capacity 524288\nnode/2/target 524288\n");
	assert_plan(&f, "announce\npublish\n");
}

/* What the host had no whole extent for */
static void brings_small_pieces(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.nodes[2].current_kb -= 4;
	f.nodes[2].unplugged_kb = 4;
	want(&f, "topo_change 1\n" COMES(2, 4, 5));
	assert_plan(&f, "announce\npublish\n");
	f.nodes[2].small_kb = 4;
	want(&f, "topo_change 1\n" COMES(2, 4, 5));
	assert_plan(&f, "announce\nplug memory of node 2\npublish\n");
}

static void goes_back(void **state)
{
	struct fixture f;
	u32 steps;

	(void)state;
	/* Everything but the last step, from which there is no way back. */
	for (steps = 0; steps < 10; steps++) {
		fixture_init(&f);
		vf_wanted_from_guest(&f.guest, &f.initial);
		want(&f, "topo_change 2\n" GOES(2, 4, 5) GOES(3, 6, 7));
		run(&f, steps);
		roll_back(&f);
		assert_all_there(&f);
	}
}

static void goes_back_to_half(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	want(&f, "topo_change 2\n" GOES(3, 6, 7));
	run(&f, U32_MAX);
	vf_wanted_from_guest(&f.guest, &f.initial);
	want(&f, "topo_change 1\n" COMES(3, 6, 7));
	run(&f, f.plan.nr - 1);
	assert_all_there(&f);
	roll_back(&f);
	assert_int_equal(f.nodes[3].unplugged_kb, FIXTURE_KB);
	assert_false(f.vcpus[6].online || f.vcpus[7].online);
	assert_true(f.vcpus[4].online && f.vcpus[5].online);
}

/* A vCPU that was plugged in the middle of a change is not part of it. */
static void leaves_what_was_plugged(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.vcpus[7].present = false;
	f.vcpus[7].online = false;
	f.vcpus[7].was_online = false;
	vf_wanted_from_guest(&f.guest, &f.initial);
	want(&f, "topo_change 2\n" GOES(2, 4, 5));
	run(&f, 4);
	f.vcpus[7].present = true;
	f.vcpus[7].online = true;
	roll_back(&f);
	assert_all_there(&f);
}

static void takes_over(void **state)
{
	struct fixture f;
	u32 steps;

	(void)state;
	for (steps = 0; steps < 10; steps++) {
		fixture_init(&f);
		want(&f, "topo_change 2\n" GOES(2, 4, 5) GOES(3, 6, 7));
		run(&f, steps);
		/* Only node 3 after all. */
		want(&f, "topo_change 2\n" COMES(2, 4, 5) GOES(3, 6, 7));
		run(&f, U32_MAX);
		assert_true(f.vcpus[4].online && f.vcpus[5].online);
		assert_false(f.vcpus[6].online || f.vcpus[7].online);
		assert_true(f.nodes[2].active);
		assert_false(f.nodes[3].active);
		assert_int_equal(f.nodes[2].unplugged_kb, 0);
		assert_int_equal(f.nodes[3].current_kb, 0);
	}
}

static void goes_back_from_what_took_over(void **state)
{
	struct fixture f;
	u32 first, second;

	(void)state;
	for (first = 0; first < 10; first++)
		for (second = 0; second < 9; second++) {
			fixture_init(&f);
			vf_wanted_from_guest(&f.guest, &f.initial);
			want(&f, "topo_change 2\n" GOES(2, 4, 5) GOES(3, 6, 7));
			run(&f, first);
			want(&f, "topo_change 2\n" COMES(2, 4, 5) GOES(3, 6, 7));
			run(&f, second < f.plan.nr ? second : f.plan.nr - 1);
			roll_back(&f);
			assert_all_there(&f);
		}
}

static void host_that_never_decides(void **state)
{
	struct fixture f;
	int i;

	(void)state;
	fixture_init(&f);
	vf_wanted_from_guest(&f.guest, &f.initial);
	for (i = 0; i < 1000; i++) {
		want(&f, i % 2 ? "topo_change 2\n" COMES(2, 4, 5) GOES(3, 6, 7) :
				 "topo_change 2\n" GOES(2, 4, 5) COMES(3, 6, 7));
		run(&f, f.plan.nr - 1);
	}
	roll_back(&f);
	assert_all_there(&f);
}

#define MOVES(n, a, b, p)	COMES(n, a, b) "node/" #n "/pnode " #p "\n"

/* To another physical node, while the node stays as it is */
static void moves(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	want(&f, "topo_change 1\n" MOVES(1, 2, 3, 1) MOVES(2, 4, 5, 2));
	assert_plan(&f, "announce\npublish\n");
	run(&f, U32_MAX);
	want(&f, "topo_change 3\n" MOVES(2, 4, 5, 3) MOVES(1, 2, 3, 1));
	assert_plan(&f, "announce\nmove memory of node 2\npublish\n");
	/* What an earlier move fell short of, if it is asked for */
	run(&f, U32_MAX);
	f.nodes[2].elsewhere_kb = 4096;
	want(&f, "topo_change 1\n" MOVES(1, 2, 3, 1) MOVES(2, 4, 5, 3));
	assert_plan(&f, "announce\npublish\n");
	want(&f, "topo_change 3\n" MOVES(1, 2, 3, 1) MOVES(2, 4, 5, 3));
	assert_plan(&f, "announce\nmove memory of node 2\npublish\n");
	/* An extent that is missing comes first, and more than the target stays. */
	f.nodes[2].current_kb -= 2048;
	f.nodes[2].unplugged_kb = 2048;
	f.nodes[1].current_kb += 8192;
	settle(&f);
	want(&f, "topo_change 3\n" MOVES(1, 2, 3, 1) MOVES(2, 4, 5, 3));
	assert_plan(&f, "announce\nplug memory of node 2\n"
		    "move memory of node 2\npublish\n");
}

/* A node that is away has nothing to move. */
static void moves_nothing_that_is_away(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	want(&f, "topo_change 2\n" GOES(2, 4, 5) "node/2/pnode 2\n");
	run(&f, U32_MAX);
	want(&f, "topo_change 3\n" GOES(2, 4, 5) "node/2/pnode 3\n");
	assert_plan(&f, "announce\npublish\n");
}

/* A shrink that a move replaces is undone by it. */
static void moves_instead_of_a_shrink(void **state)
{
	struct fixture f;
	u32 steps;

	(void)state;
	for (steps = 0; steps < 10; steps++) {
		fixture_init(&f);
		want(&f, "topo_change 1\n" MOVES(2, 4, 5, 2));
		run(&f, U32_MAX);
		want(&f, "topo_change 2\n" GOES(2, 4, 5) "node/2/pnode 2\n");
		run(&f, steps < f.plan.nr ? steps : f.plan.nr - 1);
		want(&f, "topo_change 3\n" MOVES(2, 4, 5, 3));
		run(&f, U32_MAX);
		assert_all_there(&f);
	}
}

static void room_is_enough(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(vf_plan_max_steps(&f.guest), ARRAY_SIZE(f.plan_steps));
	f.plan.max = 3;
	assert_int_equal(fixture_read(&f, "topo_change 2\n" GOES(2, 4, 5)), 0);
	assert_int_equal(vf_plan(&f.guest, &f.wanted, &f.plan), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shrinks),
		cmocka_unit_test(expands_in_the_other_order),
		cmocka_unit_test(leaves_out_what_is_so),
		cmocka_unit_test(takes_part),
		cmocka_unit_test(tries_again),
		cmocka_unit_test(expands_and_takes_nothing),
		cmocka_unit_test(expands_something_else),
		cmocka_unit_test(brings_what_is_out),
		cmocka_unit_test(brings_small_pieces),
		cmocka_unit_test(goes_back),
		cmocka_unit_test(goes_back_to_half),
		cmocka_unit_test(leaves_what_was_plugged),
		cmocka_unit_test(takes_over),
		cmocka_unit_test(goes_back_from_what_took_over),
		cmocka_unit_test(host_that_never_decides),
		cmocka_unit_test(moves),
		cmocka_unit_test(moves_nothing_that_is_away),
		cmocka_unit_test(moves_instead_of_a_shrink),
		cmocka_unit_test(room_is_enough),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
