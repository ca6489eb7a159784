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

/* As the module does, but for the kernel. */
static void run_step(struct fixture *f, struct vf_step step)
{
	if (step.kind == VF_STEP_VCPU_ONLINE)
		f->vcpus[step.index].online = true;
	if (step.kind == VF_STEP_VCPU_OFFLINE)
		f->vcpus[step.index].online = false;
	if (step.kind == VF_STEP_PUBLISH)
		vf_wanted_take(&f->guest, &f->wanted);
}

static void run(struct fixture *f, u32 nr)
{
	u32 i;

	for (i = 0; i < nr && i < f->plan.nr; i++) {
		run_step(f, f->plan.step[i]);
		vf_steps_done(&f->done, f->plan.step[i]);
	}
}

static void undo(struct fixture *f)
{
	while (f->done.nr) {
		struct vf_step inverse;

		f->done.nr--;
		assert_true(vf_step_inverse(f->done.step[f->done.nr], &inverse));
		run_step(f, inverse);
	}
}

static void assert_all_online(struct fixture *f)
{
	u32 i;

	for (i = 0; i < FIXTURE_VCPUS; i++)
		assert_true(f->vcpus[i].online);
}

static void shrinks(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	want(&f, "topo_change 2\n" GOES(2, 4, 5) GOES(3, 6, 7));
	assert_plan(&f, "announce\nvcpu 4 offline\nvcpu 5 offline\n"
		    "vcpu 6 offline\nvcpu 7 offline\nmemory of node 2 out\n"
		    "memory of node 3 out\npublish\n");
}

static void expands_in_the_other_order(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	want(&f, "topo_change 2\n" GOES(2, 4, 5));
	run(&f, U32_MAX);
	want(&f, "topo_change 1\n" COMES(2, 4, 5));
	assert_plan(&f, "announce\nmemory of node 2 in\nvcpu 4 online\n"
		    "vcpu 5 online\npublish\n");
}

static void leaves_out_what_is_so(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.vcpus[4].online = false;
	want(&f, "topo_change 2\n" GOES(2, 4, 5) COMES(1, 2, 3));
	assert_plan(&f, "announce\nvcpu 5 offline\nmemory of node 2 out\n"
		    "publish\n");
	want(&f, "topo_change 1\n" COMES(1, 2, 3));
	assert_plan(&f, "announce\npublish\n");
}

static void undoes(void **state)
{
	struct fixture f;
	u32 steps;

	(void)state;
	/* Everything but the last step, which is not undone. */
	for (steps = 0; steps < 8; steps++) {
		fixture_init(&f);
		want(&f, "topo_change 2\n" GOES(2, 4, 5) GOES(3, 6, 7));
		run(&f, steps);
		undo(&f);
		assert_all_online(&f);
	}
}

static void takes_over(void **state)
{
	struct fixture f;
	u32 steps;

	(void)state;
	for (steps = 0; steps < 8; steps++) {
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
	}
}

static void undoes_what_took_over(void **state)
{
	struct fixture f;
	u32 first, second;

	(void)state;
	for (first = 0; first < 8; first++)
		for (second = 0; second < 6; second++) {
			fixture_init(&f);
			want(&f, "topo_change 2\n" GOES(2, 4, 5) GOES(3, 6, 7));
			run(&f, first);
			want(&f, "topo_change 2\n" COMES(2, 4, 5) GOES(3, 6, 7));
			run(&f, second < f.plan.nr ? second : f.plan.nr - 1);
			undo(&f);
			assert_all_online(&f);
		}
}

static void host_that_never_decides(void **state)
{
	struct fixture f;
	int i;

	(void)state;
	fixture_init(&f);
	for (i = 0; i < 1000; i++) {
		want(&f, i % 2 ? "topo_change 2\n" COMES(2, 4, 5) GOES(3, 6, 7) :
				 "topo_change 2\n" GOES(2, 4, 5) COMES(3, 6, 7));
		run(&f, f.plan.nr - 1);
		/* Two vCPUs, and both nodes' memory. */
		assert_true(f.done.nr <= 4);
	}
	undo(&f);
	assert_all_online(&f);
}

static void room_is_enough(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(vf_steps_room(&f.guest), ARRAY_SIZE(f.plan_steps));
	f.plan.room = 3;
	assert_int_equal(fixture_read(&f, "topo_change 2\n" GOES(2, 4, 5)), 0);
	assert_int_equal(vf_plan(&f.guest, &f.wanted, &f.plan), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shrinks),
		cmocka_unit_test(expands_in_the_other_order),
		cmocka_unit_test(leaves_out_what_is_so),
		cmocka_unit_test(undoes),
		cmocka_unit_test(takes_over),
		cmocka_unit_test(undoes_what_took_over),
		cmocka_unit_test(host_that_never_decides),
		cmocka_unit_test(room_is_enough),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
