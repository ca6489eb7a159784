// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any text as what the host wrote. Beyond what the sanitizers see: what was
 * accepted is within bounds, carries out, and has a way back; what was refused
 * has a reason, in printable ASCII.
 */
#include <stdlib.h>

#include "fixture.h"
#include "report.h"
#include "result.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void must(bool so)
{
	if (!so)
		abort();
}

static void check_reason(const struct fixture *f)
{
	const char *c;

	must(f->err.text[0]);
	for (c = f->err.text; *c; c++)
		must(*c >= ' ' && *c <= '~');
}

static void check_plan(struct fixture *f)
{
	u32 i;

	must(!vf_plan(&f->guest, &f->wanted, &f->plan));
	must(f->plan.nr >= 2 && f->plan.nr <= vf_plan_max_steps(&f->guest));
	for (i = 0; i < f->plan.nr; i++) {
		struct vf_step step = f->plan.step[i];
		char text[64];

		vf_step_text(&f->guest, step, text, sizeof(text));
		must(step.kind != VF_STEP_VCPU_OFFLINE ||
		     f->vcpus[step.index].id);
	}
	must(!vf_plan_rollback(&f->guest, &f->initial, &f->plan));
}

static void check_accepted(struct fixture *f)
{
	struct vf_result result;
	bool active = false;
	u32 i;

	vf_result_set(&result, VF_RESULT_DONE, &f->guest, &f->wanted);
	must(strlen(result.text) < VF_RESULT_LEN);

	for (i = 0; i < f->guest.nr_nodes; i++) {
		const struct vf_wanted_node *w = &f->wanted.nodes[i];

		active |= vf_wanted_active(&f->guest, &f->wanted, i);
		must(!w->named ||
		     (w->value[VF_KEY_TARGET] <= w->value[VF_KEY_CAPACITY] &&
		      w->value[VF_KEY_CAPACITY] <= VF_MAX_KB));
	}
	must(active);
	must(strlen(f->wanted.id) < VF_ID_LEN && !strpbrk(f->wanted.id, " /\n"));
	must(f->wanted.option[VF_OPT_GRACE_MS] <= 600000);
	must(f->wanted.option[VF_OPT_SMALL] <= 1);
	must(f->wanted.option[VF_OPT_WAIT_S] <= 86400);
}

static void check_period(struct fixture *f, const char *text, size_t size)
{
	u64 seconds;

	if (!vf_report_period(text, size, &seconds, &f->err)) {
		must(seconds <= 3600);
		return;
	}
	must(!seconds);
	check_reason(f);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	char *text = malloc(size + 1);
	struct fixture f;

	memcpy(text, data, size);
	text[size] = '\0';
	fixture_init(&f);
	check_period(&f, text, size);
	f.nodes[3].pnode = 3;
	f.nodes[3].elsewhere_kb = 4096;
	vf_wanted_from_guest(&f.guest, &f.initial);
	if (fixture_read(&f, text) ||
	    vf_wanted_check(&f.guest, &f.wanted, &f.err)) {
		check_reason(&f);
	} else {
		check_accepted(&f);
		check_plan(&f);
		must(vf_wanted_equal(&f.guest, &f.wanted, &f.wanted));
		vf_wanted_commit(&f.guest, &f.wanted);
	}
	free(text);
	return 0;
}
