// SPDX-License-Identifier: GPL-2.0-only
/* What a guest answers, good and bad. */
#include <string.h>

#include "answer.h"
#include "test.h"
#include "text.h"

static void outcomes(void **state)
{
	(void)state;
	assert_int_equal(answer_outcome(NULL, "a"), OUTCOME_NONE);
	assert_int_equal(answer_outcome("", "a"), OUTCOME_NONE);
	assert_int_equal(answer_outcome("a done", "a"), OUTCOME_DONE);
	assert_int_equal(answer_outcome("a done 2=8192/0", "a"), OUTCOME_DONE);
	assert_int_equal(answer_outcome("a partly", "a"), OUTCOME_PARTLY);
	assert_int_equal(answer_outcome("a refused", "a"), OUTCOME_REFUSED);
	assert_int_equal(answer_outcome("a failed 1=2/3", "a"), OUTCOME_FAILED);
	assert_int_equal(answer_outcome("a withdrawn", "a"), OUTCOME_WITHDRAWN);
	/* of another request */
	assert_int_equal(answer_outcome("ab done", "a"), OUTCOME_NONE);
	assert_int_equal(answer_outcome("a done", "ab"), OUTCOME_NONE);
	assert_int_equal(answer_outcome("- done", "a"), OUTCOME_NONE);
	assert_int_equal(answer_outcome("a", "a"), OUTCOME_NONE);
	/* of this one, in other words */
	assert_int_equal(answer_outcome("a don", "a"), OUTCOME_UNKNOWN);
	assert_int_equal(answer_outcome("a donee", "a"), OUTCOME_UNKNOWN);
	assert_int_equal(answer_outcome("a ", "a"), OUTCOME_UNKNOWN);
	/* of whichever it was */
	assert_int_equal(last_outcome(NULL), OUTCOME_NONE);
	assert_int_equal(last_outcome(""), OUTCOME_NONE);
	assert_int_equal(last_outcome("- partly 3=1/2"), OUTCOME_PARTLY);
	assert_true(outcome_holds(OUTCOME_DONE));
	assert_true(outcome_holds(OUTCOME_PARTLY));
	assert_false(outcome_holds(OUTCOME_REFUSED));
	assert_false(outcome_holds(OUTCOME_FAILED));
	assert_false(outcome_holds(OUTCOME_WITHDRAWN));
	assert_false(outcome_holds(OUTCOME_UNKNOWN));
	assert_string_equal(outcome_name(OUTCOME_WITHDRAWN), "withdrawn");
}

static void progress(void **state)
{
	struct progress p;

	(void)state;
	assert_true(answer_progress("shrinking: step 3 of 6: vcpu 6 offline", &p));
	assert_int_equal(p.step, 3);
	assert_int_equal(p.nr_steps, 6);
	assert_int_equal(p.all_kb, 0);
	assert_int_equal(p.what_len, strlen("vcpu 6 offline"));
	assert_true(answer_progress("rolling back: step 7 of 9: unplug memory of node 2, "
				    "34816 of 262144 KiB", &p));
	assert_int_equal(p.done_kb, 34816);
	assert_int_equal(p.all_kb, 262144);
	assert_memory_equal(p.what, "unplug memory of node 2", p.what_len);
	assert_true(progress_share(&p) > 0.681 && progress_share(&p) < 0.682);
	assert_true(answer_progress("moving: step 2 of 3: move memory of node 2, 1 of 2 KiB", &p));
	assert_int_equal(p.step, 2);
	assert_true(answer_progress("expanding: step 1 of 1: x, 2 of 2 KiB", &p));
	assert_true(progress_share(&p) == 1);
}

static void shares(void **state)
{
	static const char *const bad[] = {
		"", "a", "a done", "a done 2=8192/0", "a done 3@2=1/2", "a done 2@3=3/2",
		"a done 2@3=1/2x", "a done 2@3=1", "a done 2@=1/2", "a done 2@-3=1/2",
		"a done 2@70000=1/2", "a done 2@3=1/99999999999999999999",
		"a done 12@3=1/2", "2@3=1/2",
	};
	struct share share;
	size_t i;

	(void)state;
	assert_true(answer_share("a done 1=8192/0 2@3=57344/65536 3@1=0/4", 2, &share));
	assert_int_equal(share.pnode, 3);
	assert_int_equal(share.here_kb, 57344);
	assert_int_equal(share.all_kb, 65536);
	assert_true(answer_share("a done 1=8192/0 2@3=57344/65536 3@1=0/4", 3, &share));
	assert_int_equal(share.here_kb, 0);
	assert_false(answer_share(NULL, 2, &share));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (answer_share(bad[i], 2, &share))
			fail_msg("\"%s\" was taken", bad[i]);
}

/* No step is believed that cannot be, and no amount. */
static void no_progress(void **state)
{
	static const char *const bad[] = {
		"", "idle", "done: generation 7", "shrinking", "shrinking: step ",
		"shrinking: step 0 of 6: x", "shrinking: step 7 of 6: x",
		"shrinking: step -1 of 6: x", "shrinking: step 1 of 6 x",
		"shrinking: step 1 of 99999999999999999999: x",
		"shrinking: step 1 of 2000000: x", "going: step 1 of 2: x",
	};
	static const char *const amounts[] = {
		"shrinking: step 1 of 2: x, 3 of 2 KiB",
		"shrinking: step 1 of 2: x, 1 of 2 MiB",
		"shrinking: step 1 of 2: x, 1 of 2 KiB!",
		"shrinking: step 1 of 2: x, of 2 KiB",
		"shrinking: step 1 of 2: x, 1 of 99999999999999999999 KiB",
		"shrinking: step 1 of 2: x, ",
	};
	struct progress p;
	size_t i;

	(void)state;
	assert_false(answer_progress(NULL, &p));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (answer_progress(bad[i], &p))
			fail_msg("\"%s\" was taken", bad[i]);
	for (i = 0; i < ARRAY_SIZE(amounts); i++) {
		if (!answer_progress(amounts[i], &p))
			fail_msg("\"%s\" was not taken", amounts[i]);
		if (p.all_kb || progress_share(&p))
			fail_msg("the amounts of \"%s\" were taken", amounts[i]);
		assert_int_equal(p.what_len, strlen(p.what));
	}
}

static void listening(void **state)
{
	(void)state;
	assert_false(guest_listens(NULL));
	assert_false(guest_listens(""));
	assert_false(guest_listens("unloaded"));
	assert_false(guest_listens("unloaded: 2048 KiB stay unplugged"));
	assert_true(guest_listens("idle"));
	assert_true(guest_listens("failed: numa/node is missing"));
}

/* What is said is a few changes away from what is well, in an allocation of its size. */
static char *some_text(unsigned int *seed)
{
	static const char *const good[] = {
		"shrinking: step 7 of 9: unplug memory of node 2, 34816 of 262144 KiB",
		"expanding: step 3 of 6: vcpu 6 offline", "ctl-1.2-3 done 2=8192/0",
		"ctl-1.2-3 withdrawn 2=8192/0 2@3=57344/65536 3@1=0/4",
		"262144:0-1 - 262144:4 0: ", "4-5,7", "unloaded: 2048 KiB stay unplugged",
	};
	static const char letters[] = "0123456789 :,-=/@%\n\033\377ofKiBdonepartly";
	const char *from = good[rand_r(seed) % ARRAY_SIZE(good)];
	size_t len = strlen(from), at;
	char *text = malloc(len + 1);
	int changes;

	memcpy(text, from, len + 1);
	for (changes = rand_r(seed) % 6; changes && len; changes--) {
		at = rand_r(seed) % len;
		if (rand_r(seed) % 4) {
			text[at] = letters[rand_r(seed) % (sizeof(letters) - 1)];
		} else {
			text[at] = 0;
			len = at;
		}
	}
	return text;
}

/* Longer than xenstore takes it. */
static void long_text(void **state)
{
	static const char *const begins[] = {
		"", "a ", "a done 2=", "shrinking: step 1 of 2: ", "shrinking: step ",
		"shrinking: step 1 of 2: x, ", "unloaded", "262144:", "- - - ",
	};
	static const char letters[] = "A1 -,:%";
	struct domain *d = domain_new(7, "guest", 4, 8);
	size_t size = 100 << 10, i, j, len;
	char *text = malloc(size + 1);
	struct progress p;

	(void)state;
	text[size] = 0;
	for (i = 0; i < ARRAY_SIZE(begins); i++) {
		for (j = 0; letters[j]; j++) {
			len = strlen(begins[i]);
			memcpy(text, begins[i], len);
			memset(text + len, letters[j], size - len);
			if (answer_progress(text, &p))
				assert_true(p.what + p.what_len == text + size);
			assert_false(outcome_holds(last_outcome(text)) && i != 2);
			answer_outcome(text, "a");
			guest_listens(text);
			text_apply_before(text, d);
			text_vcpus(text, d, i % 4);
		}
	}
	free(text);
	domain_free(d);
}

static void any_text(void **state)
{
	struct domain *d = domain_new(7, "guest", 4, 8);
	unsigned int seed = 1, i;
	struct progress p;
	struct share share;
	char *text;

	(void)state;
	for (i = 0; i < 300000; i++) {
		text = some_text(&seed);
		if (answer_progress(text, &p)) {
			assert_true(p.step && p.step <= p.nr_steps);
			assert_true(p.done_kb <= p.all_kb);
			assert_true(progress_share(&p) >= 0 && progress_share(&p) <= 1);
			assert_true(p.what >= text && p.what_len >= 0);
			assert_true(p.what + p.what_len <= text + strlen(text));
		}
		answer_outcome(text, "ctl-1.2-3");
		last_outcome(text);
		if (answer_share(text, i % 4, &share))
			assert_true(share.here_kb <= share.all_kb &&
				    share.all_kb <= MAX_KB);
		guest_listens(text);
		text_apply_before(text, d);
		text_vcpus(text, d, i % 4);
		free(text);
	}
	for (i = 0; i < d->nr_vnodes; i++)
		assert_true(d->vnodes[i].target_kb <= MAX_KB);
	domain_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(progress),
		cmocka_unit_test(shares),
		cmocka_unit_test(no_progress),
		cmocka_unit_test(listening),
		cmocka_unit_test(long_text),
		cmocka_unit_test(any_text),
	};

	return cmocka_run_group_tests_name("host_answer", tests, NULL, NULL);
}
