// SPDX-License-Identifier: LGPL-2.1-or-later
/* The event page: what is read together belongs together. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "test.h"

static void read_once(void **state)
{
	struct virtflex_event once = {
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
	assert_int_equal(virtflex_generation(&once), 9);
	assert_int_equal(virtflex_event_read(&once, &gen, &st, &active), 0);
	assert_int_equal(gen, 9);
	assert_int_equal(st, VIRTFLEX_SHRINKING);
	assert_int_equal(active.bits[0], 5);
	assert_int_equal(virtflex_event_read(&once, NULL, NULL, NULL), 0);
	once.version = 0;
	assert_int_equal(virtflex_event_read(&once, &gen, &st, &active),
			 -ENODEV);
	once.version = VIRTFLEX_EVENT_VERSION + 1;
	assert_int_equal(virtflex_event_read(&once, &gen, &st, &active),
			 -EPROTONOSUPPORT);
	once.version = VIRTFLEX_EVENT_VERSION;
	once.seq = 5; /* a writer that never ends */
	assert_int_equal(virtflex_event_read(&once, &gen, &st, &active),
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
	struct virtflex_event *to = &race->page;
	volatile unsigned int pause;
	uint64_t gen;
	unsigned int i;

	for (gen = 1; !__atomic_load_n(&race->stop, __ATOMIC_RELAXED); gen++) {
		__atomic_store_n(&to->seq, to->seq + 1, __ATOMIC_RELAXED);
		/* none of these is to be seen before the store above */
		__atomic_store_n(&to->generation, gen, __ATOMIC_RELEASE);
		__atomic_store_n(&to->state, (uint32_t)gen, __ATOMIC_RELEASE);
		for (i = 0; i < ARRAY_SIZE(to->active.bits); i++)
			__atomic_store_n(&to->active.bits[i], gen,
					 __ATOMIC_RELEASE);
		__atomic_store_n(&to->seq, to->seq + 1, __ATOMIC_RELEASE);
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

/* ---- mapping: open(2) and mmap(2) of the file are replaced ---- */

static int open_error, mmap_error;
static uint32_t page_version;
static struct virtflex_event *page;	/* what is mapped */

int __real_open64(const char *name, int flags, ...);
int __wrap_open64(const char *name, int flags, ...);
int __wrap_open64(const char *name, int flags, ...)
{
	if (strcmp(name, VF_PROC_TOPOLOGY))
		return __real_open64(name, flags);
	assert_int_equal(flags, O_RDONLY | O_CLOEXEC);
	errno = open_error;
	return open_error ? -1 : __real_open64("/dev/null", flags);
}

void *__real_mmap64(void *addr, size_t len, int prot, int flags, int fd,
		    off64_t offset);
void *__wrap_mmap64(void *addr, size_t len, int prot, int flags, int fd,
		    off64_t offset);
void *__wrap_mmap64(void *addr, size_t len, int prot, int flags, int fd,
		    off64_t offset)
{
	if (flags != MAP_SHARED)
		return __real_mmap64(addr, len, prot, flags, fd, offset);
	assert_int_equal(prot, PROT_READ);
	assert_int_equal(offset, 0);
	errno = mmap_error;
	if (mmap_error)
		return MAP_FAILED;
	page = __real_mmap64(NULL, len, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	page->version = page_version;
	return page;
}

static struct virtflex *vf;
static unsigned int fds_before;

static int setup(void **state)
{
	(void)state;
	open_error = 0;
	mmap_error = 0;
	page_version = VIRTFLEX_EVENT_VERSION;
	fds_before = open_fds();
	return virtflex_open(&vf, NULL);
}

static int teardown(void **state)
{
	(void)state;
	virtflex_close(vf);
	return open_fds() == fds_before ? 0 : -1;
}

/* Nothing is at that address any more. */
static void assert_unmapped(void *addr)
{
	unsigned char there;

	assert_int_equal(mincore(addr, 1, &there), -1);
	assert_int_equal(errno, ENOMEM);
}

static void mapped(void **state)
{
	const struct virtflex_event *event;

	(void)state;
	assert_int_equal(virtflex_event_map(vf, &event), 0);
	assert_ptr_equal(event, page);
	/* it needs neither the descriptor nor the handle */
	assert_int_equal(open_fds(), fds_before);
	page->generation = 7;
	assert_int_equal(virtflex_generation(event), 7);
	virtflex_event_unmap(event);
	assert_unmapped(page);
	virtflex_event_unmap(NULL);
}

static void error_event_map_EAGAIN(void **state)
{
	struct virtflex_event busy = {
		.version = VIRTFLEX_EVENT_VERSION, .seq = 5,
	};
	uint64_t gen = 3;

	(void)state;
	assert_int_equal(virtflex_event_read(&busy, &gen, NULL, NULL), -EAGAIN);
	assert_int_equal(gen, 3);
}

static void error_event_map_EINVAL(void **state)
{
	const struct virtflex_event *event;

	(void)state;
	assert_int_equal(virtflex_event_map(NULL, &event), -EINVAL);
	assert_int_equal(virtflex_event_map(vf, NULL), -EINVAL);
	assert_int_equal(virtflex_event_read(NULL, NULL, NULL, NULL), -EINVAL);
}

static void error_event_map_ENODEV_sysroot(void **state)
{
	const struct virtflex_event *event;
	struct virtflex *below;

	(void)state;
	assert_int_equal(virtflex_open(&below, "/nonexistent"), 0);
	assert_int_equal(virtflex_event_map(below, &event), -ENODEV);
	virtflex_close(below);
}

static void error_event_map_ENODEV_unloaded(void **state)
{
	struct virtflex_event gone = { .seq = 2, .generation = 9 };
	const struct virtflex_event *event;

	(void)state;
	mmap_error = EIO;
	assert_int_equal(virtflex_event_map(vf, &event), -ENODEV);
	assert_int_equal(virtflex_event_read(&gone, NULL, NULL, NULL), -ENODEV);
	/* what else goes wrong is told */
	mmap_error = ENOMEM;
	assert_int_equal(virtflex_event_map(vf, &event), -ENOMEM);
}

static void error_event_map_ENOENT(void **state)
{
	const struct virtflex_event *event;

	(void)state;
	open_error = ENOENT;
	assert_int_equal(virtflex_event_map(vf, &event), -ENOENT);
}

static void error_event_map_EPROTONOSUPPORT(void **state)
{
	struct virtflex_event later = { .version = VIRTFLEX_EVENT_VERSION + 1 };
	const struct virtflex_event *event;

	(void)state;
	assert_int_equal(virtflex_event_read(&later, NULL, NULL, NULL),
			 -EPROTONOSUPPORT);
	page_version = VIRTFLEX_EVENT_VERSION + 1;
	assert_int_equal(virtflex_event_map(vf, &event), -EPROTONOSUPPORT);
	assert_unmapped(page);
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_once),
		cmocka_unit_test(never_torn),
		cmocka_unit_test(layout),
		TEST(mapped),
		TEST(error_event_map_EAGAIN),
		TEST(error_event_map_EINVAL),
		TEST(error_event_map_ENODEV_sysroot),
		TEST(error_event_map_ENODEV_unloaded),
		TEST(error_event_map_ENOENT),
		TEST(error_event_map_EPROTONOSUPPORT),
	};
#undef TEST

	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
