// SPDX-License-Identifier: GPL-2.0-only
/* From wishes to a request, and what speaks against it; values of xenstore. */
#include <string.h>

#include "change.h"
#include "test.h"
#include "text.h"

#define NODE_KB	262144

/* Four nodes of two vCPUs, each on a physical node of the same number. */
static struct domain *four_nodes(void)
{
	struct domain *d = domain_new(7, "guest", 4, 8);
	unsigned int i;

	assert_non_null(d);
	for (i = 0; i < 4; i++) {
		d->vnodes[i] = (struct vnode){
			.described = true, .pnode = i, .capacity_kb = NODE_KB,
			.target_kb = NODE_KB, .current_kb = NODE_KB,
		};
	}
	for (i = 0; i < 8; i++)
		d->vcpus[i].vnode = i / 2;
	d->published = true;
	return d;
}

static void leave(struct domain *d, unsigned int vnode)
{
	d->vnodes[vnode].target_kb = 0;
	d->vnodes[vnode].current_kb = 8192;
	assert_true(text_vcpus("", d, vnode));
}

static void shrinks(void **state)
{
	const struct wish wishes[] = { { 2, 0, true }, { 3, 0, true } };
	struct domain *d = four_nodes();
	struct reason why;
	struct change c;

	(void)state;
	assert_true(change_make(d, REQUEST_SHRINK, wishes, 2, &c, &why));
	assert_int_equal(c.request, REQUEST_SHRINK);
	assert_int_equal(c.target_kb[1], NODE_KB);
	assert_int_equal(c.target_kb[2], 0);
	assert_true(c.online[3]);
	assert_false(c.online[4]);
	assert_false(c.online[7]);
	change_free(&c);
	/* once more is a request too: what fell short is tried again */
	leave(d, 2);
	leave(d, 3);
	assert_true(change_make(d, REQUEST_SHRINK, wishes, 2, &c, &why));
	assert_int_equal(c.request, REQUEST_SHRINK);
	change_free(&c);
	domain_free(d);
}

/* vCPU 0 stays, whatever becomes of its node. */
static void vcpu_0_stays(void **state)
{
	const struct wish wish = { 0, 0, true };
	struct domain *d = four_nodes();
	struct reason why;
	struct change c;

	(void)state;
	assert_true(change_make(d, REQUEST_SHRINK, &wish, 1, &c, &why));
	assert_true(c.online[0]);
	assert_false(c.online[1]);
	change_free(&c);
	domain_free(d);
}

static void expands(void **state)
{
	const struct wish wish = { 3, NODE_KB / 2, true };
	struct domain *d = four_nodes();
	struct reason why;
	struct change c;

	(void)state;
	leave(d, 3);
	d->vcpus[7].plugged = false;
	assert_true(change_make(d, REQUEST_EXPAND, &wish, 1, &c, &why));
	assert_int_equal(c.target_kb[3], NODE_KB / 2);
	assert_true(c.online[6]);
	assert_false(c.online[7]);
	change_free(&c);
	domain_free(d);
}

static void amounts_tell(void **state)
{
	struct domain *d = four_nodes();
	struct wish wish = { 2, 65536, false };
	struct reason why;
	struct change c;

	(void)state;
	assert_true(change_make(d, REQUEST_NONE, &wish, 1, &c, &why));
	assert_int_equal(c.request, REQUEST_SHRINK);
	assert_true(c.online[4]);
	change_free(&c);
	d->vnodes[2].target_kb = 4096;
	assert_true(change_make(d, REQUEST_NONE, &wish, 1, &c, &why));
	assert_int_equal(c.request, REQUEST_EXPAND);
	change_free(&c);
	domain_free(d);
}

static void refused(struct domain *d, enum request_kind request,
		    const struct wish *wishes, unsigned int nr, const char *words)
{
	struct reason why = { "" };
	struct change c;

	assert_false(change_make(d, request, wishes, nr, &c, &why));
	if (!strstr(why.text, words))
		fail_msg("\"%s\" is not in \"%s\"", words, why.text);
	change_free(&c);
}

static void refuses(void **state)
{
	const struct wish all[] = {
		{ 0, 0, true }, { 1, 0, true }, { 2, 0, true }, { 3, 0, true },
	};
	const struct wish seven = { 7, 0, true };
	const struct wish more = { 2, NODE_KB + 4, false };
	const struct wish less = { 2, 4096, true };
	const struct wish both[] = { { 2, 0, true }, { 3, NODE_KB, true } };
	struct domain *d = four_nodes();
	unsigned int i;

	(void)state;
	refused(d, REQUEST_SHRINK, all, 4, "no node would be left");
	refused(d, REQUEST_SHRINK, &seven, 1, "no node 7: its nodes are 0 to 3");
	refused(d, REQUEST_NONE, &more, 1, "cannot have 256.0 MiB");
	refused(d, REQUEST_EXPAND, &less, 1, "expand takes neither memory");
	leave(d, 3);
	refused(d, REQUEST_NONE, both, 2, "run two, the growing one first");
	/* memory is left, and nothing to run on near it */
	for (i = 2; i < 8; i++)
		d->vcpus[i].online = false;
	refused(d, REQUEST_SHRINK, all, 1, "no node with a vCPU");
	domain_free(d);
}

static void host_has_no_more(void **state)
{
	const struct wish wish = { 3, NODE_KB, true };
	struct pnode pnodes[4] = {
		{ NODE_KB, 0 }, { NODE_KB, 0 }, { NODE_KB, 0 },
		{ NODE_KB, NODE_KB - 8192 },
	};
	struct domain *d = four_nodes();
	struct reason why;
	struct change c;

	(void)state;
	leave(d, 3);
	assert_true(change_make(d, REQUEST_EXPAND, &wish, 1, &c, &why));
	assert_true(change_fits(d, &c, pnodes, 4, &why));
	/* firmware's share does not count */
	pnodes[3].free_kb = NODE_KB - 8192 - 2048;
	assert_true(change_fits(d, &c, pnodes, 4, &why));
	pnodes[3].free_kb -= 4;
	assert_false(change_fits(d, &c, pnodes, 4, &why));
	assert_non_null(strstr(why.text, "physical node 3 has 246.0 MiB free, and "
			       "248.0 MiB are to come from it"));
	/* what is not known cannot be short */
	d->vnodes[3].pnode = PNODE_UNKNOWN;
	assert_true(change_fits(d, &c, pnodes, 4, &why));
	change_free(&c);
	domain_free(d);
}

static void comes_back(void **state)
{
	static const char *const bad[] = {
		"", "1", "1: 2: 3:", "1: 2: 3: 4: 5: ", "x: 2: 3: 4: ",
		"1:a 2: 3: 4: ", "1:0-1 2:2-3 3:4-5 4:6-7", "- - - -",
		"1:0-99999999999 2: 3: 4: ",
	};
	struct domain *d = four_nodes();
	char *before, *again;
	size_t i;

	(void)state;
	d->vnodes[1].described = false;
	leave(d, 3);
	d->vcpus[5].online = false;
	before = text_before(d);
	assert_string_equal(before, "262144:0-1 - 262144:4 0: ");
	d->vnodes[0].target_kb = 1;
	d->vcpus[0].online = false;
	d->vnodes[3].target_kb = 2;
	d->vcpus[5].online = true;
	d->vcpus[6].online = true;
	assert_true(text_apply_before(before, d));
	again = text_before(d);
	assert_string_equal(again, before);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (text_apply_before(bad[i], d))
			fail_msg("\"%s\" was taken", bad[i]);
	free(before);
	free(again);
	domain_free(d);
}

static void values(void **state)
{
	struct domain *d = four_nodes();
	uint64_t number = 7;
	char *list;

	(void)state;
	assert_false(text_number(NULL, 10, &number));
	assert_false(text_number("", 10, &number));
	assert_false(text_number("11", 10, &number));
	assert_false(text_number("1 ", 10, &number));
	assert_false(text_number("-1", 10, &number));
	assert_false(text_number("99999999999999999999", UINT64_MAX, &number));
	assert_int_equal(number, 7);
	assert_true(text_number("10", 10, &number));
	assert_int_equal(number, 10);
	assert_false(text_vcpus("4-", d, 2));
	assert_false(text_vcpus("x", d, 2));
	assert_false(text_vcpus("8192", d, 2));
	/* vCPUs of other nodes are no concern of this one's list */
	assert_true(text_vcpus("0,5-8191", d, 2));
	list = domain_vcpus(d, 2, false);
	assert_string_equal(list, "5");
	free(list);
	list = domain_vcpus(d, 0, true);
	assert_string_equal(list, "0-1");
	free(list);
	list = domain_nodes(d);
	assert_string_equal(list, "0-3");
	free(list);
	domain_free(d);
}

static void lists_of_nodes(void **state)
{
	static const char *const bad[] = {
		"", ",", "2,", ",2", "-", "2-", "-2", "3-2", "x", "2 3", "1024",
		"0-1024", "2=", "0x1", "+1", "99999999999999999999",
	};
	static bool nodes[MAX_VNODES];
	size_t i;

	(void)state;
	assert_true(text_nodes("2", nodes));
	assert_true(nodes[2] && !nodes[1] && !nodes[3]);
	assert_true(text_nodes("5-6,1,3-3", nodes));
	assert_true(nodes[1] && nodes[3] && nodes[5] && nodes[6] && !nodes[4]);
	assert_true(text_nodes("0-1023", nodes));
	assert_true(nodes[0] && nodes[1023]);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (text_nodes(bad[i], nodes))
			fail_msg("\"%s\" was taken", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shrinks),
		cmocka_unit_test(vcpu_0_stays),
		cmocka_unit_test(expands),
		cmocka_unit_test(amounts_tell),
		cmocka_unit_test(refuses),
		cmocka_unit_test(host_has_no_more),
		cmocka_unit_test(comes_back),
		cmocka_unit_test(values),
		cmocka_unit_test(lists_of_nodes),
	};

	return cmocka_run_group_tests_name("host_change", tests, NULL, NULL);
}
