// SPDX-License-Identifier: LGPL-2.1-or-later
/* runtime.c: which object of the process is an OpenMP runtime. */
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "omp.h"
#include "test.h"

static void *load(const char *name)
{
	void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);

	return handle ? dlsym(handle, "GOMP_parallel") : NULL;
}

static void assert_runtime(const char *name)
{
	void *parallel = load(name);
	struct runtime r;

	if (!parallel)
		skip_because("it is not installed");
	assert_true(runtime_at(parallel, &r));
	assert_ptr_equal(r.parallel, parallel);
	assert_non_null(r.set_dynamic);
	assert_non_null(r.get_num_threads);
	assert_non_null(strstr(r.name, name));
	assert_true(runtime_at(parallel, NULL));
}

static void gcc_runtime(void **state)
{
	(void)state;
	assert_runtime("libgomp.so.1");
}

static void llvm_runtime(void **state)
{
	(void)state;
	assert_runtime("libomp.so.5");
}

/* As Python's packages bring it: a copy of its own beside the system's. */
static void copies_are_told_apart(void **state)
{
	char path[] = "/tmp/virtflex-gomp-XXXXXX";
	struct runtime first, copy;
	void *parallel;
	int from, to;

	(void)state;
	parallel = load("libgomp.so.1");
	if (!parallel)
		skip_because("no libgomp here");
	assert_true(runtime_at(parallel, &first));
	from = open(first.name, O_RDONLY);
	to = mkstemp(path);
	assert_true(from >= 0 && to >= 0);
	while (sendfile(to, from, NULL, 1 << 20) > 0)
		;
	close(from);
	close(to);
	parallel = load(path);
	unlink(path);
	assert_non_null(parallel);
	assert_true(runtime_at(parallel, &copy));
	assert_ptr_equal(copy.parallel, parallel);
	assert_ptr_not_equal(copy.base, first.base);
	assert_string_equal(copy.name, path);
}

static void no_runtime(void **state)
{
	static int here;
	void *heap = malloc(1);
	struct runtime r;

	(void)state;
	assert_false(runtime_at((void *)no_runtime, &r));
	assert_false(runtime_at(dlsym(RTLD_DEFAULT, "qsort"), &r));
	assert_false(runtime_at(&here, &r));
	assert_false(runtime_at(heap, &r));
	assert_false(runtime_at(NULL, &r));
	free(heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gcc_runtime),
		cmocka_unit_test(llvm_runtime),
		cmocka_unit_test(copies_are_told_apart),
		cmocka_unit_test(no_runtime),
	};

	return cmocka_run_group_tests_name("runtime", tests, NULL, NULL);
}
