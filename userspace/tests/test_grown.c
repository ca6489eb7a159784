// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The library as it will be when struct virtflex_migrate_args has grown: this
 * test, and the library it is linked to, are built with a longer one. A caller
 * that was built before has the first one, and memory of his own behind it.
 */
#include <errno.h>
#include <string.h>

#include "fake_syscall.h"

#define SIZE	VIRTFLEX_MIGRATE_ARGS_SIZE_VER0

static int answers;

static long fake_migrate(int pidfd, struct virtflex_migrate_args *args,
			 size_t size)
{
	(void)pidfd;
	assert_int_equal(size, SIZE);
	/* what is behind the caller's structure is no part of it */
	assert_int_equal(args->later[0], 0);
	args->cursor = args->start + 4096;
	args->scanned = 1;
	args->in_place = 1;
	return answers-- > 0;
}

/* What a caller of the first version has. */
struct caller {
	uint64_t before[64];
	unsigned char args[SIZE];
	uint64_t behind[64];
};

static int go_on(const struct virtflex_migrate_args *args, void *data)
{
	struct caller *c = data;

	assert_ptr_equal(args, c->args);
	return 0;
}

static void nothing_behind_is_written(void **state)
{
	unsigned int nr_threads, method, i;

	(void)state;
	assert_true(sizeof(struct virtflex_migrate_args) > SIZE);
	for (nr_threads = 0; nr_threads < 8; nr_threads++) {
		struct virtflex_migrate_args *args;
		struct virtflex *vf;
		struct caller c;
		int ret;

		memset(&c, 0xa5, sizeof(c));
		memset(c.args, 0, SIZE);
		args = (void *)c.args;
		answers = 3;
		method = VIRTFLEX_METHOD_ANY;
		has_syscall = nr_threads < 4;
		assert_int_equal(virtflex_open(&vf, NULL), 0);
		if (nr_threads % 4)
			ret = virtflex_migrate_threads(vf, VIRTFLEX_PIDFD_SELF,
						       args, SIZE, &method,
						       go_on, &c,
						       nr_threads % 4);
		else
			ret = virtflex_migrate(vf, VIRTFLEX_PIDFD_SELF, args,
					       SIZE, &method);
		virtflex_close(vf);
		if (ret == -ENOSYS && !has_syscall)
			continue;
		assert_in_range(ret, 0, 1);
		assert_true(args->scanned > 0);
		for (i = 0; i < ARRAY_SIZE(c.before); i++) {
			assert_true(c.before[i] == UINT64_C(0xa5a5a5a5a5a5a5a5));
			assert_true(c.behind[i] == UINT64_C(0xa5a5a5a5a5a5a5a5));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_behind_is_written),
	};

	return cmocka_run_group_tests_name("grown", tests, NULL, NULL);
}
