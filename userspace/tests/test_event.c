// SPDX-License-Identifier: LGPL-2.1-or-later
/* The event page: what is read together belongs together. */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "test.h"

static void read_once(void **state)
{
	struct virtflex_event page = {
		.version = VIRTFLEX_EVENT_VERSION,
		.seq = 4,
		.generation = 9,
		.state = VIRTFLEX_SHRINKING,
		.active.bits = { 5 },
	};
	struct virtflex_nodemask active;
	unsigned int st;
	uint64_t gen;

	(void)state;
	assert_int_equal(virtflex_generation(&page), 9);
	assert_int_equal(virtflex_event_read(&page, &gen, &st, &active), 0);
	assert_int_equal(gen, 9);
	assert_int_equal(st, VIRTFLEX_SHRINKING);
	assert_int_equal(active.bits[0], 5);
	assert_int_equal(virtflex_event_read(&page, NULL, NULL, NULL), 0);
	page.version = 0;
	assert_int_equal(virtflex_event_read(&page, &gen, &st, &active),
			 -ENODEV);
	page.version = VIRTFLEX_EVENT_VERSION + 1;
	assert_int_equal(virtflex_event_read(&page, &gen, &st, &active),
			 -EPROTONOSUPPORT);
	page.version = VIRTFLEX_EVENT_VERSION;
	page.seq = 5; /* a writer that never ends */
	assert_int_equal(virtflex_event_read(&page, &gen, &st, &active),
			 -EAGAIN);
}

struct race {
	struct virtflex_event page;
	int stop;
};

/* Generation, state and each word of the set tell the same number. */
static void *writer(void *data)
{
	struct race *race = data;
	struct virtflex_event *page = &race->page;
	volatile unsigned int pause;
	uint64_t gen;
	unsigned int i;

	for (gen = 1; !__atomic_load_n(&race->stop, __ATOMIC_RELAXED); gen++) {
		__atomic_store_n(&page->seq, page->seq + 1, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		__atomic_store_n(&page->generation, gen, __ATOMIC_RELAXED);
		__atomic_store_n(&page->state, (uint32_t)gen, __ATOMIC_RELAXED);
		for (i = 0; i < ARRAY_SIZE(page->active.bits); i++)
			__atomic_store_n(&page->active.bits[i], gen,
					 __ATOMIC_RELAXED);
		__atomic_store_n(&page->seq, page->seq + 1, __ATOMIC_RELEASE);
		/* a reader must get through now and then */
		for (pause = 0; pause < 200; pause++)
			;
	}
	return NULL;
}

static void never_torn(void **state)
{
	struct race race = { .page.version = VIRTFLEX_EVENT_VERSION };
	struct virtflex_nodemask active;
	unsigned int st, news, i;
	uint64_t gen, last = 0;
	pthread_t thread;
	int ret;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, writer, &race), 0);
	/* until the two were at it together for long enough */
	for (news = 0; news < 1000;) {
		ret = virtflex_event_read(&race.page, &gen, &st, &active);
		if (ret == -EAGAIN)
			continue;
		assert_int_equal(ret, 0);
		assert_int_equal(st, (uint32_t)gen);
		for (i = 0; i < ARRAY_SIZE(active.bits); i++)
			assert_true(active.bits[i] == gen);
		assert_true(gen >= last);
		news += gen != last;
		last = gen;
	}
	__atomic_store_n(&race.stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

static void no_page(void **state)
{
	const struct virtflex_event *event;
	struct virtflex *vf;

	(void)state;
	assert_int_equal(virtflex_open(&vf, "/nonexistent"), 0);
	assert_int_equal(virtflex_event_map(vf, &event), -ENODEV);
	assert_int_equal(virtflex_event_map(NULL, &event), -EINVAL);
	virtflex_close(vf);
	virtflex_event_unmap(NULL);
}

static void layout(void **state)
{
	(void)state;
	assert_int_equal(offsetof(struct virtflex_event, generation), 8);
	assert_int_equal(offsetof(struct virtflex_event, active), 24);
	assert_int_equal(sizeof(struct virtflex_event), 152);
	assert_int_equal(sizeof(struct virtflex_migrate_args),
			 VIRTFLEX_MIGRATE_ARGS_SIZE_VER0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_once),
		cmocka_unit_test(never_torn),
		cmocka_unit_test(no_page),
		cmocka_unit_test(layout),
	};

	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
