// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdlib.h>

#include "fixture.h"
#include "result.h"

#include <cmocka.h>

#define ALL \
	"node/0/pnode 0\nnode/0/capacity 262144\nnode/0/target 262144\n" \
	"node/0/vcpu/0 online\nnode/0/vcpu/1 online\n" \
	"node/1/pnode 1\nnode/1/capacity 262144\nnode/1/target 262144\n" \
	"node/1/vcpu/2 online\nnode/1/vcpu/3 online\n"
#define TWO_KEPT \
	"node/2/capacity 262144\nnode/2/target 262144\nnode/2/vcpu/4 online\n"
#define TWO_GOES \
	"node/2/capacity 262144\nnode/2/target 0\n" \
	"node/2/vcpu/4 offline\nnode/2/vcpu/5 offline\n"

/* What is kept of node 2, with a list of its vCPUs. */
#define TWO_LISTED(list) \
	"node/2/capacity 262144\nnode/2/target 262144\nnode/2/vcpus " list "\n"
/* of 64 letters */
#define LONG_NAME \
	"abcdefghijklmnopqrstuvwxyz-0123456789.ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static void parses_numbers(void **state)
{
	static const struct {
		const char *text;
		int ret;
		u64 number;
	} cases[] = {
		{ "0", 0, 0 }, { "1", 0, 1 }, { "524288", 0, 524288 },
		{ "18446744073709551615", 0, U64_MAX },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "99999999999999999999999999", -ERANGE, 0 },
		{ "", -EINVAL, 0 }, { "-1", -EINVAL, 0 }, { "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 }, { "1 ", -EINVAL, 0 },
		{ "1\n", -EINVAL, 0 }, { "01", -EINVAL, 0 },
		{ "00", -EINVAL, 0 }, { "0x10", -EINVAL, 0 },
		{ "1k", -EINVAL, 0 }, { "1.5", -EINVAL, 0 },
		{ "99999999999999999999999999x", -EINVAL, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 number = 4711;

		assert_int_equal(vf_parse_number(cases[i].text,
						 strlen(cases[i].text), 0,
						 U64_MAX, &number),
				 cases[i].ret);
		if (cases[i].ret)
			assert_int_equal(number, 4711);
		else
			assert_true(number == cases[i].number);
	}
}

static void reads_how(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(fixture_read(&f, "topo_change 2\ngrace_ms 0\nsmall 1\n"), 0);
	assert_true(f.wanted.has_option[VF_OPT_GRACE_MS]);
	assert_int_equal(f.wanted.option[VF_OPT_GRACE_MS], 0);
	assert_int_equal(f.wanted.option[VF_OPT_SMALL], 1);
	assert_false(f.wanted.has_option[VF_OPT_WAIT_S]);

	assert_int_equal(fixture_read(&f, "grace_ms -1\n"), -EINVAL);
	assert_string_equal(f.err.text,
			    "numa/grace_ms: \"-1\" is not a number from 0 to 600000");
	assert_int_equal(fixture_read(&f, "small 2\n"), -EINVAL);
	assert_string_equal(f.err.text,
			    "numa/small: \"2\" is not a number from 0 to 1");
	assert_int_equal(fixture_read(&f, "wait_s 86401\n"), -EINVAL);
	assert_string_equal(f.err.text,
			    "numa/wait_s: \"86401\" is not a number from 0 to 86400");
}

static void parses_within_bounds(void **state)
{
	u64 number = 0;

	(void)state;
	assert_int_equal(vf_parse_number("4", 1, 5, 7, &number), -ERANGE);
	assert_int_equal(vf_parse_number("5", 1, 5, 7, &number), 0);
	assert_int_equal(vf_parse_number("7", 1, 5, 7, &number), 0);
	assert_int_equal(vf_parse_number("8", 1, 5, 7, &number), -ERANGE);
	assert_int_equal(vf_parse_number("1\0002", 3, 0, 99, &number), -EINVAL);
}

static void quotes(void **state)
{
	char to[8];

	(void)state;
	vf_quote(to, sizeof(to), "abc", 3);
	assert_string_equal(to, "abc");
	vf_quote(to, sizeof(to), "a\n\033\"\377\0b", 7);
	assert_string_equal(to, "a?????b");
	vf_quote(to, sizeof(to), "abcdefgh", 8);
	assert_string_equal(to, "abcd...");
	vf_quote(to, 2, "abc", 3);
	assert_string_equal(to, ".");
	vf_quote(to, 1, "abc", 3);
	assert_string_equal(to, "");
	vf_quote(to, sizeof(to), "", 0);
	assert_string_equal(to, "");
}

static void errors_are_bounded(void **state)
{
	struct vf_error err;
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	vf_error_set(&err, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void takes_good_input(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(fixture_read(&f, "topo_change 2\n" ALL TWO_GOES), 0);
	assert_int_equal(vf_wanted_check(&f.guest, &f.wanted, &f.err), 0);
	assert_int_equal(f.wanted.request, VF_SHRINK);
	assert_true(f.wanted.nodes[0].has[VF_KEY_PNODE]);
	assert_false(f.wanted.nodes[2].has[VF_KEY_PNODE]);
	assert_false(f.wanted.nodes[3].named);
	assert_false(vf_wanted_active(&f.guest, &f.wanted, 2));
	assert_true(vf_wanted_active(&f.guest, &f.wanted, 3));
	assert_int_equal(f.wanted.vcpus[4], VF_VCPU_OFFLINE);
	assert_int_equal(f.wanted.vcpus[6], VF_VCPU_UNNAMED);
	assert_false(vf_wanted_complete(&f.guest, &f.wanted));

	vf_wanted_commit(&f.guest, &f.wanted);
	assert_true(f.nodes[0].described);
	assert_int_equal(f.nodes[0].pnode, 0);
	assert_int_equal(f.nodes[2].pnode, VF_PNODE_UNKNOWN);
	assert_false(f.nodes[2].active);
	assert_false(f.nodes[3].described);
}

/* Each with the key it is about and the reason. */
static void refuses_bad_input(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} cases[] = {
		{ "topo_change 4\n", "topo_change: \"4\" is not" },
		{ "topo_change 3\n", "no node is described" },
		{ "topo_change 3\n" TWO_GOES,
		  "node/2/target: a move changes no amount, and 0 KiB is not" },
		{ "topo_change 3\n" TWO_KEPT "node/2/pnode 3\n",
		  "node/2/pnode: the physical node that its memory is on now was never" },
		{ "topo_change 3\n" TWO_KEPT "node/2/vcpu/5 offline\n",
		  "node/2/vcpu/5: a move takes no vCPU on or offline" },
		{ "topo_change 22\n", "topo_change: \"22\" is not" },
		{ "topo_change \t\n", "topo_change: \"?\" is not" },
		{ "topo_change -1\n", "topo_change: \"-1\" is not" },
		{ "topo_change 2\n", "no node is described" },
		{ "topo_change 2\nnode/4/target 0\n", "node/4: this guest has no" },
		{ "topo_change 2\nnode/1024/target 0\n", "node/1024: not a node" },
		{ "topo_change 2\nnode/02/target 0\n", "node/02: not a node" },
		{ "topo_change 2\nnode/x/target 0\n", "node/x: not a node" },
		{ "topo_change 2\nnode//target 0\n", "node/: not a node" },
		{ "topo_change 2\nnode/2/target 0\n", "node/2/capacity is missing" },
		{ "topo_change 2\nnode/2/capacity 9\n", "node/2/target is missing" },
		{ "topo_change 2\nnode/2/capacity 9\nnode/2/target 10\n",
		  "node/2/target: 10 KiB is above capacity, 9 KiB" },
		{ "topo_change 2\nnode/2/capacity 1099511627777\nnode/2/target 1\n",
		  "node/2/capacity: 1099511627777 is not between" },
		{ "topo_change 2\nnode/2/capacity 9\nnode/2/target -1\n",
		  "node/2/target: \"-1\" is not a number" },
		{ "topo_change 2\nnode/2/capacity 9\nnode/2/target 9999999999999999999999999\n",
		  "node/2/target: 9999999999999999999999999 is not between" },
		{ "topo_change 2\nnode/2/pnode x\n", "node/2/pnode: \"x\" is not a number" },
		{ "topo_change 2\nnode/2/pnode 65536\n", "node/2/pnode: 65536 is not between" },
		{ "topo_change 2\n" TWO_KEPT "node/2/vcpu/8 offline\n",
		  "node/2/vcpu/8: this guest has no" },
		{ "topo_change 2\n" TWO_KEPT "node/2/vcpu/8192 offline\n",
		  "node/2/vcpu/8192: not a vCPU" },
		{ "topo_change 2\n" TWO_KEPT "node/2/vcpu/-1 offline\n",
		  "node/2/vcpu/-1: not a vCPU" },
		{ "topo_change 2\n" TWO_KEPT "node/2/vcpu/1 offline\n",
		  "node/2/vcpu/1: this vCPU belongs to node 0" },
		{ "topo_change 2\n" TWO_KEPT "node/2/vcpu/4 offline\n",
		  "node/2/vcpu/4: named twice" },
		{ "topo_change 2\n" TWO_KEPT "node/2/vcpu/5 gone\n",
		  "node/2/vcpu/5: \"gone\" is neither" },
		{ "topo_change 2\n" TWO_KEPT "node/2/vcpu/5 \t\n",
		  "node/2/vcpu/5: \"?\" is neither" },
		{ "topo_change 2\n" TWO_KEPT "node/2/vcpu/5 offlinee\n",
		  "node/2/vcpu/5: \"offlinee\" is neither" },
		{ "topo_change 2\nnode/0/capacity 9\nnode/0/target 9\nnode/0/vcpu/0 offline\n",
		  "vCPU 0 cannot go offline" },
		{ "topo_change 1\n" ALL TWO_GOES,
		  "node/2/target: an expand takes no memory, 0 KiB is less" },
		{ "topo_change 1\n" TWO_KEPT "node/2/vcpu/5 offline\n",
		  "node/2/vcpu/5: an expand takes no vCPU" },
		{ "topo_change 2\nnode/0/capacity 9\nnode/0/target 0\n"
		  "node/1/capacity 9\nnode/1/target 0\nnode/2/capacity 9\n"
		  "node/2/target 0\nnode/3/capacity 9\nnode/3/target 0\n",
		  "no node would be left" },
		{ "topo_change 2\nnode/0/capacity 9\nnode/0/target 0\n"
		  "node/1/capacity 9\nnode/1/target 0\nnode/2/capacity 9\n"
		  "node/2/target 0\nnode/3/capacity 9\nnode/3/target 9\n"
		  "node/3/vcpu/6 offline\nnode/3/vcpu/7 offline\n",
		  "would have a vCPU online" },
		{ "topo_change 2\n" TWO_KEPT ALL TWO_KEPT, "node/2: named twice" },
		{ "topo_change 2\nrequest_id a b\n" TWO_KEPT,
		  "request_id: \"a b\" is not a name" },
		{ "topo_change 2\nrequest_id " LONG_NAME "5\n" TWO_KEPT,
		  "is not a name of up to 64 letters" },
		{ "topo_change 2\n" TWO_LISTED("5,4"), "node/2/vcpus: \"5,4\" is not an" },
		{ "topo_change 2\n" TWO_LISTED("4,4"), "is not an ascending list" },
		{ "topo_change 2\n" TWO_LISTED("4-4"), "is not an ascending list" },
		{ "topo_change 2\n" TWO_LISTED("4,"), "is not an ascending list" },
		{ "topo_change 2\n" TWO_LISTED(",4"), "is not an ascending list" },
		{ "topo_change 2\n" TWO_LISTED("4-"), "is not an ascending list" },
		{ "topo_change 2\n" TWO_LISTED("4 5"), "is not an ascending list" },
		{ "topo_change 2\n" TWO_LISTED("4-8192"), "is not an ascending list" },
		{ "topo_change 2\n" TWO_LISTED("8"),
		  "node/2/vcpus: this guest has no vCPU 8" },
		{ "topo_change 2\n" TWO_LISTED("3-4"),
		  "node/2/vcpus: vCPU 3 belongs to node 1" },
		{ "topo_change 2\nnode/0/capacity 9\nnode/0/target 9\nnode/0/vcpus 1\n",
		  "node/0/vcpus: vCPU 0 cannot go offline" },
		{ "topo_change 2\n" TWO_LISTED("4") "node/2/vcpu/5 offline\n",
		  "node/2/vcpu/5: named twice; remove it, or numa/node/2/vcpus" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture f;
		int ret;

		fixture_init(&f);
		ret = fixture_read(&f, cases[i].text);
		if (!ret)
			ret = vf_wanted_check(&f.guest, &f.wanted, &f.err);
		assert_int_equal(ret, -EINVAL);
		if (!strstr(f.err.text, cases[i].error))
			fail_msg("case %zu: \"%s\" is not in \"%s\"", i,
				 cases[i].error, f.err.text);
	}
}

static void knows_what_adds_and_what_takes(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.vcpus[5].online = false;
	f.vcpus[5].was_online = false;

	/* The first targets are above what the kernel counts: no addition. */
	assert_int_equal(fixture_read(&f, "topo_change 2\n" ALL TWO_GOES), 0);
	assert_int_equal(vf_wanted_check(&f.guest, &f.wanted, &f.err), 0);
	vf_wanted_commit(&f.guest, &f.wanted);

	assert_int_equal(fixture_read(&f, "topo_change 2\n" ALL TWO_KEPT), 0);
	assert_int_equal(vf_wanted_check(&f.guest, &f.wanted, &f.err), -EINVAL);
	assert_non_null(strstr(f.err.text, "a shrink adds no memory"));
	f.wanted.request = VF_EXPAND;
	assert_int_equal(vf_wanted_check(&f.guest, &f.wanted, &f.err), 0);

	assert_int_equal(fixture_read(&f, "topo_change 2\n" ALL
				      "node/2/capacity 9\nnode/2/target 0\n"
				      "node/2/vcpu/5 online\n"),
			 0);
	assert_int_equal(vf_wanted_check(&f.guest, &f.wanted, &f.err), -EINVAL);
	assert_non_null(strstr(f.err.text, "a shrink brings no vCPU online"));

	/* A vCPU that went in the change that is going on may come back. */
	f.vcpus[5].was_online = true;
	assert_int_equal(vf_wanted_check(&f.guest, &f.wanted, &f.err), 0);
}

/* What the guest did to a vCPU is no matter of a change that goes the other way. */
static void keeps_what_the_guest_did(void **state)
{
	struct fixture f;
	u32 i;

	(void)state;
	fixture_init(&f);
	assert_int_equal(fixture_read(&f, "topo_change 2\n" ALL TWO_GOES), 0);
	assert_int_equal(vf_wanted_check(&f.guest, &f.wanted, &f.err), 0);
	vf_wanted_commit(&f.guest, &f.wanted);
	for (i = 4; i < 6; i++) {
		f.vcpus[i].online = false;
		f.vcpus[i].was_online = false;
	}
	/* vCPU 3, which the host wants online, was taken offline in the guest */
	f.vcpus[3].online = false;
	f.vcpus[3].was_online = false;
	assert_int_equal(fixture_read(&f, "topo_change 2\n" ALL TWO_GOES
				      "node/3/capacity 9\nnode/3/target 9\n"), 0);
	assert_int_equal(vf_wanted_check(&f.guest, &f.wanted, &f.err), 0);
	assert_int_equal(vf_plan(&f.guest, &f.wanted, &f.plan), 0);
	for (i = 0; i < f.plan.nr; i++)
		assert_int_not_equal(f.plan.step[i].kind, VF_STEP_VCPU_ONLINE);
	/* and vCPU 5, which is to be offline, brought online */
	f.vcpus[5].online = true;
	f.vcpus[5].was_online = true;
	f.wanted.request = VF_EXPAND;
	assert_int_equal(vf_wanted_check(&f.guest, &f.wanted, &f.err), 0);
	assert_int_equal(vf_plan(&f.guest, &f.wanted, &f.plan), 0);
	for (i = 0; i < f.plan.nr; i++)
		assert_int_not_equal(f.plan.step[i].kind, VF_STEP_VCPU_OFFLINE);
	/* an expand that wants it online brings 3 back */
	assert_int_equal(f.plan.step[1].kind, VF_STEP_VCPU_ONLINE);
	assert_int_equal(f.plan.step[1].index, 3);
	/* a move keeps both */
	f.wanted.request = VF_MOVE;
	assert_int_equal(vf_wanted_check(&f.guest, &f.wanted, &f.err), 0);
	assert_int_equal(vf_plan(&f.guest, &f.wanted, &f.plan), 0);
	assert_int_equal(f.plan.nr, 2);
	assert_int_equal(f.plan.step[1].kind, VF_STEP_PUBLISH);
	/* what is new is not kept */
	f.wanted.request = VF_SHRINK;
	f.wanted.vcpus[4] = VF_VCPU_ONLINE;
	assert_int_equal(vf_wanted_check(&f.guest, &f.wanted, &f.err), -EINVAL);
	assert_non_null(strstr(f.err.text, "vcpu/4: a shrink brings no vCPU online"));
}

static void described_nodes_do_not_vanish(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(fixture_read(&f, "topo_change 2\n" ALL TWO_GOES), 0);
	vf_wanted_commit(&f.guest, &f.wanted);
	assert_int_equal(fixture_read(&f, "topo_change 2\n" TWO_GOES), 0);
	assert_int_equal(vf_wanted_check(&f.guest, &f.wanted, &f.err), -EINVAL);
	assert_string_equal(f.err.text, "numa/node/0 is missing");
}

/* They cannot come online; offline they are. */
static void unplugged_vcpus(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.vcpus[5].present = false;
	f.vcpus[5].online = false;
	f.vcpus[5].was_online = false;
	f.vcpus[5].node = 0;
	assert_int_equal(fixture_read(&f, "topo_change 2\n" TWO_GOES), 0);
	assert_int_equal(f.wanted.vcpus[4], VF_VCPU_OFFLINE);
	assert_int_equal(f.wanted.vcpus[5], VF_VCPU_UNNAMED);
	assert_int_equal(vf_wanted_check(&f.guest, &f.wanted, &f.err), 0);
	assert_int_equal(fixture_read(&f, "topo_change 1\n" TWO_KEPT
				      "node/2/vcpu/5 online\n"), -EINVAL);
	assert_non_null(strstr(f.err.text, "no such vCPU"));
}

/* What a node never had is not missing; small pieces are, however little it is. */
static void short_of_what_is_out(void **state)
{
	struct vf_node n = { .current_kb = 4096 };

	(void)state;
	assert_false(vf_node_short(&n, 4096));
	assert_false(vf_node_short(&n, 1 << 20));
	n.unplugged_kb = 2048;
	assert_false(vf_node_short(&n, 6143));
	assert_true(vf_node_short(&n, 6144));
	n.small_kb = 4;
	assert_true(vf_node_short(&n, 4100));
	assert_false(vf_node_short(&n, 4099));
	assert_false(vf_node_short(&n, 4096));
}

static void finds_vcpus_by_the_id_of_xen(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.vcpus[4].id = 5;
	f.vcpus[5].id = 4;
	assert_int_equal(fixture_read(&f, "topo_change 2\n" TWO_KEPT), 0);
	assert_int_equal(f.wanted.vcpus[5], VF_VCPU_ONLINE);
	assert_int_equal(f.wanted.vcpus[4], VF_VCPU_UNNAMED);
}

/* Linux numbers nodes as it finds them; the host knows only Xen's numbers. */
static void finds_nodes_by_the_number_of_xen(void **state)
{
	struct fixture f;
	u32 i;

	(void)state;
	fixture_init(&f);
	for (i = 0; i < FIXTURE_NODES; i++)
		f.nodes[i].vnode = FIXTURE_NODES - 1 - i;
	assert_int_equal(fixture_read(&f, "topo_change 2\n"
				      "node/3/capacity 262144\nnode/3/target 1024\n"
				      "node/3/vcpu/1 offline\n"), 0);
	assert_int_equal(f.wanted.nodes[0].value[VF_KEY_TARGET], 1024);
	assert_false(f.wanted.nodes[3].named);
	assert_int_equal(f.wanted.vcpus[1], VF_VCPU_OFFLINE);
	assert_int_equal(fixture_read(&f, "topo_change 2\n"
				      "node/3/capacity 262144\nnode/3/target 1024\n"
				      "node/3/vcpu/7 offline\n"), -EINVAL);
	assert_string_equal(f.err.text,
			    "numa/node/3/vcpu/7: this vCPU belongs to node 0");
	assert_int_equal(fixture_read(&f, "topo_change 2\n"
				      "node/2/capacity 1024\nnode/2/target 2048\n"), 0);
	assert_int_equal(vf_wanted_check(&f.guest, &f.wanted, &f.err), -EINVAL);
	assert_string_equal(f.err.text,
			    "numa/node/2/target: 2048 KiB is above capacity, 1024 KiB");
}

static void compares(void **state)
{
	struct fixture a, b;

	(void)state;
	fixture_init(&a);
	fixture_init(&b);
	fixture_read(&a, "topo_change 2\n" ALL TWO_GOES);
	fixture_read(&b, "topo_change 2\n" TWO_GOES ALL);
	assert_true(vf_wanted_equal(&a.guest, &a.wanted, &b.wanted));
	b.wanted.request = VF_EXPAND;
	assert_false(vf_wanted_equal(&a.guest, &a.wanted, &b.wanted));
	fixture_read(&b, "topo_change 2\n" ALL TWO_KEPT);
	assert_false(vf_wanted_equal(&a.guest, &a.wanted, &b.wanted));
	fixture_read(&b, "topo_change 2\n" ALL TWO_GOES
		     "node/3/pnode 1\nnode/3/capacity 1\nnode/3/target 1\n");
	assert_false(vf_wanted_equal(&a.guest, &a.wanted, &b.wanted));
	fixture_read(&b, "topo_change 2\n" ALL TWO_GOES);
	b.wanted.vcpus[7] = VF_VCPU_ONLINE;
	assert_false(vf_wanted_equal(&a.guest, &a.wanted, &b.wanted));
}

static void takes_lists_of_vcpus(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(fixture_read(&f, "topo_change 2\n" TWO_LISTED("4")), 0);
	assert_int_equal(f.wanted.vcpus[3], VF_VCPU_UNNAMED);
	assert_int_equal(f.wanted.vcpus[4], VF_VCPU_ONLINE);
	assert_int_equal(f.wanted.vcpus[5], VF_VCPU_OFFLINE);
	assert_int_equal(fixture_read(&f, "topo_change 2\n" TWO_LISTED("")), 0);
	assert_int_equal(f.wanted.vcpus[4], VF_VCPU_OFFLINE);
	assert_int_equal(f.wanted.vcpus[5], VF_VCPU_OFFLINE);
	assert_int_equal(fixture_read(&f, "topo_change 2\n" TWO_LISTED("4-5")), 0);
	assert_int_equal(f.wanted.vcpus[4], VF_VCPU_ONLINE);
	assert_int_equal(f.wanted.vcpus[5], VF_VCPU_ONLINE);

	/* One that is not plugged yet is as offline as can be. */
	f.vcpus[5].present = false;
	assert_int_equal(fixture_read(&f, "topo_change 2\n" TWO_LISTED("4")), 0);
	assert_int_equal(f.wanted.vcpus[5], VF_VCPU_UNNAMED);
	assert_int_equal(fixture_read(&f, "topo_change 2\n" TWO_LISTED("4-5")), -EINVAL);
}

static void names_of_requests(void **state)
{
	struct fixture a, b;

	(void)state;
	fixture_init(&a);
	fixture_init(&b);
	assert_int_equal(fixture_read(&a, "topo_change 2\n" TWO_GOES), 0);
	assert_string_equal(a.wanted.id, "");
	assert_int_equal(fixture_read(&b, "topo_change 2\nrequest_id " LONG_NAME "\n"
				      TWO_GOES), 0);
	assert_string_equal(b.wanted.id, LONG_NAME);
	assert_false(vf_wanted_equal(&a.guest, &a.wanted, &b.wanted));
}

static void results(void **state)
{
	struct vf_result result;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(fixture_read(&f, "topo_change 2\n" ALL TWO_GOES), 0);
	f.nodes[2].current_kb = 2047;
	vf_result_set(&result, VF_RESULT_DONE, &f.guest, &f.wanted);
	assert_string_equal(result.text, "done");
	f.nodes[2].current_kb = 8192;
	vf_result_set(&result, VF_RESULT_DONE, &f.guest, &f.wanted);
	assert_string_equal(result.text, "done 2=8192/0");
	f.nodes[1].current_kb = 1024;
	f.nodes[1].unplugged_kb = 261120;
	vf_result_set(&result, VF_RESULT_PARTLY, &f.guest, &f.wanted);
	assert_string_equal(result.text, "partly 1=1024/262144 2=8192/0");
	vf_result_set(&result, VF_RESULT_WITHDRAWN, &f.guest, NULL);
	assert_string_equal(result.text, "withdrawn");
	/* Where memory of a node is that is split, whoever asked for what */
	f.nodes[1].pnode = 3;
	f.nodes[1].elsewhere_kb = 1000;
	vf_result_set(&result, VF_RESULT_WITHDRAWN, &f.guest, NULL);
	assert_string_equal(result.text, "withdrawn 1@3=24/1024");
	vf_result_set(&result, VF_RESULT_PARTLY, &f.guest, &f.wanted);
	assert_string_equal(result.text,
			    "partly 1@3=24/1024 1=1024/262144 2=8192/0");
}

/* What does not fit is left out as a whole. */
static void results_are_bounded(void **state)
{
	struct vf_wanted_node wanted_nodes[128] = { 0 };
	struct vf_node nodes[128] = { 0 };
	struct vf_guest guest = { .nr_nodes = 128, .nodes = nodes };
	struct vf_wanted wanted = { .nodes = wanted_nodes };
	struct vf_result result;
	char *last;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(nodes); i++) {
		nodes[i].vnode = i;
		nodes[i].current_kb = 1099511627776ULL;
		wanted_nodes[i].named = true;
	}
	vf_result_set(&result, VF_RESULT_PARTLY, &guest, &wanted);
	assert_true(strlen(result.text) > VF_RESULT_LEN - 24);
	assert_true(strlen(result.text) < VF_RESULT_LEN);
	last = strrchr(result.text, ' ');
	assert_string_equal(strchr(last, '='), "=1099511627776/0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_numbers),
		cmocka_unit_test(parses_within_bounds),
		cmocka_unit_test(reads_how),
		cmocka_unit_test(quotes),
		cmocka_unit_test(errors_are_bounded),
		cmocka_unit_test(takes_good_input),
		cmocka_unit_test(refuses_bad_input),
		cmocka_unit_test(knows_what_adds_and_what_takes),
		cmocka_unit_test(keeps_what_the_guest_did),
		cmocka_unit_test(described_nodes_do_not_vanish),
		cmocka_unit_test(unplugged_vcpus),
		cmocka_unit_test(short_of_what_is_out),
		cmocka_unit_test(finds_vcpus_by_the_id_of_xen),
		cmocka_unit_test(finds_nodes_by_the_number_of_xen),
		cmocka_unit_test(compares),
		cmocka_unit_test(takes_lists_of_vcpus),
		cmocka_unit_test(names_of_requests),
		cmocka_unit_test(results),
		cmocka_unit_test(results_are_bounded),
	};

	return cmocka_run_group_tests_name("topology", tests, NULL, NULL);
}
