// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The fallback and processes of several threads, on the machine of machine.h:
 * whose policy counts, and by which thread the memory is got at.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "machine.h"

#define PIDFD		5
#define PID		77
#define HALF		(NR_PAGES / 2)
#define SECOND		(BASE + HALF * PAGE_SIZE)

/* Program text, memory without a policy of its own, memory bound to node 2. */
static const char maps[] =
	"00400000-00401000 r--p 00000000 08:02 9 /bin/x\n"
	"00401000-00500000 r-xp 00001000 08:02 9 /bin/x\n"
	"7f0000000000-7f0000400000 rw-p 00000000 00:00 0\n"
	"7f0000400000-7f0000800000 rw-p 00000000 00:00 0\n";

static void write_maps(const char *dir, const char *numa_maps)
{
	write_process(dir, maps, numa_maps);
}

/* A thread whose own policy is @policy. */
static void write_thread(const char *dir, const char *policy)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "00400000 %s file=/bin/x mapped=1 N0=1 kernelpagesize_kB=4\n"
		 "00401000 %s file=/bin/x mapped=9 N0=9 kernelpagesize_kB=4\n"
		 "%llx %s anon=1024 N0=1024 kernelpagesize_kB=4\n"
		 "%llx bind:2 anon=1024 N0=1024 kernelpagesize_kB=4\n",
		 policy, policy, BASE, policy, SECOND);
	write_maps(dir, text);
}

static int setup(void **state)
{
	int ret = machine_setup(state);

	root_write(root, "/proc/thread-self/fdinfo/5", "pos:\t0\nPid:\t77\n");
	m.pid = PID;
	m.threads[0] = PID;
	m.threads[1] = 78;
	return ret;
}

/* Without node 3 there are pages to be moved whatever their policy. */
static int migrate(struct virtflex_migrate_args *args)
{
	place(0, HALF / 2, 0);
	place(HALF / 2, HALF / 2, 3);
	place(HALF, HALF, 0);
	memset(args, 0, sizeof(*args));
	args->nodemask = (uintptr_t)&first_three;
	return run_at(PIDFD, args);
}

/* The first mapping's pages are those of policy bind:1, or of the default. */
static void assert_policy(bool counts)
{
	struct virtflex_migrate_args args;

	assert_int_equal(migrate(&args), 0);
	assert_nodes(0, HALF / 2, counts ? 1 : 0);
	assert_nodes(HALF / 2, HALF / 2, counts ? 1 : 2);
	/* that of a mapping counts in any case */
	assert_nodes(HALF, HALF, 2);
	assert_int_equal(args.moved, counts ? NR_PAGES : NR_PAGES - HALF / 2);
}

static void one_thread(void **state)
{
	(void)state;
	write_thread("77", "bind:1");
	assert_policy(true);
	write_thread("77/task/77", "bind:1");
	assert_policy(true);
	write_thread("77", "default");
	write_thread("77/task/77", "default");
	assert_policy(false);
}

static void shared_policy(void **state)
{
	(void)state;
	write_thread("77", "bind:1");
	write_thread("77/task/77", "bind:1");
	write_thread("77/task/78", "bind:1");
	write_thread("77/task/79", "bind=static:1");
	assert_policy(true);
}

static void policy_of_one_thread(void **state)
{
	static const char *const others[] = {
		"default", "local", "bind:2", "prefer:1", "interleave:1",
	};
	unsigned int i;

	(void)state;
	write_thread("77", "bind:1");
	write_thread("77/task/77", "bind:1");
	write_thread("77/task/78", "bind:1");
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		write_thread("77/task/79", others[i]);
		assert_policy(false);
	}
}

/* The main thread's default is no more than another's policy. */
static void policy_of_a_worker(void **state)
{
	(void)state;
	write_thread("77", "default");
	write_thread("77/task/77", "default");
	write_thread("77/task/78", "bind:1");
	assert_policy(false);
	write_thread("77", "local");
	assert_policy(false);
}

/* The caller is asked for by another path. */
static void policy_of_the_caller(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	m.pid = 0;
	write_thread("thread-self", "bind:1");
	write_thread("self/task/77", "bind:1");
	write_thread("self/task/78", "bind:1");
	place(0, NR_PAGES, 0);
	assert_int_equal(run(&args), 0);
	assert_nodes(0, HALF, 1);
	assert_nodes(HALF, HALF, 2);
	write_thread("self/task/78", "default");
	place(0, NR_PAGES, 0);
	clear_counts(&args);
	assert_int_equal(run(&args), 0);
	assert_nodes(0, HALF, 0);
	assert_nodes(HALF, HALF, 2);
	/* who asks has not exited: his other threads say nothing else */
	m.denied = -EINVAL;
	clear_counts(&args);
	assert_int_equal(run(&args), -ESRCH);
}

#define TEXT_OF(policy) \
	"00400000 " policy " file=/bin/x mapped=1 N0=1 kernelpagesize_kB=4\n" \
	"00401000 " policy " file=/bin/x mapped=9 N0=9 kernelpagesize_kB=4\n"

/*
 * numa_maps costs a walk of all page tables: it is read once for a process in
 * which a mapping says "default", and not beyond the program text of other
 * threads where they agree. What is broken here is not read.
 */
static void read_no_more_than_needed(void **state)
{
	(void)state;
	write_thread("77", "default");
	write_maps("77/task/78", "broken\n");
	assert_policy(false);
	write_thread("77", "bind:1");
	write_maps("77/task/78", TEXT_OF("bind:1") "broken\n");
	assert_policy(true);
	/* the text may have a policy of its own, where the thread has none */
	write_maps("77", TEXT_OF("bind:1")
		   "7f0000000000 default anon=1024 N0=1024 kernelpagesize_kB=4\n"
		   "7f0000400000 bind:2 anon=1024 N0=1024 kernelpagesize_kB=4\n");
	write_maps("77/task/78", "broken\n");
	assert_policy(false);
	write_thread("77", "bind:1");
	write_maps("77/task/78", TEXT_OF("bind:2") "broken\n");
	{
		struct virtflex_migrate_args args;

		assert_int_equal(migrate(&args), -EBADMSG);
	}
}

/* Mappings come and go between two reads. */
static void mappings_change(void **state)
{
	(void)state;
	write_thread("77", "bind:1");
	/* the thread differs, and a mapping is there in the one read only */
	write_maps("77/task/78", TEXT_OF("default")
		   "7e0000000000 default anon=1 N0=1 kernelpagesize_kB=4\n"
		   "7f0000400000 bind:2 anon=1 N0=1 kernelpagesize_kB=4\n");
	assert_policy(false);
	/* text is elsewhere: nothing is known of this thread's policy */
	write_maps("77/task/78",
		   "00600000 bind:1 file=/bin/y mapped=1 N0=1 kernelpagesize_kB=4\n"
		   "7f0000000000 bind:1 anon=1 N0=1 kernelpagesize_kB=4\n"
		   "7f0000400000 bind:2 anon=1 N0=1 kernelpagesize_kB=4\n");
	assert_policy(false);
	/* of one line, only the beginning */
	write_maps("77/task/78", TEXT_OF("bind:1"));
	assert_policy(true);
}

/* Where there is no text, it is the first mapping that tells; nothing else does. */
static void without_text(void **state)
{
	static const char no_text[] =
		"7f0000000000-7f0000400000 rw-p 00000000 00:00 0\n"
		"7f0000400000-7f0000800000 rw-p 00000000 00:00 0\n";
	static const char numa[] =
		"7f0000000000 bind:1 anon=1024 N0=1024 kernelpagesize_kB=4\n"
		"7f0000400000 bind:2 anon=1024 N0=1024 kernelpagesize_kB=4\n";

	(void)state;
	write_process("77", no_text, numa);
	write_process("77/task/78", no_text, numa);
	assert_policy(true);
	/* it was not there when this thread was asked */
	write_process("77/task/78", no_text,
		      "7f0000400000 bind:2 anon=1024 N0=1024 kernelpagesize_kB=4\n");
	assert_policy(false);
}

/* What differs before the text counts too: text may have a policy of its own. */
static void text_with_policy(void **state)
{
	(void)state;
	write_thread("77", "bind:1");
	write_maps("77/task/78",
		   "00400000 default file=/bin/x mapped=1 N0=1 kernelpagesize_kB=4\n"
		   "00401000 bind:1 file=/bin/x mapped=9 N0=9 kernelpagesize_kB=4\n"
		   "7f0000000000 default anon=1 N0=1 kernelpagesize_kB=4\n"
		   "7f0000400000 bind:2 anon=1 N0=1 kernelpagesize_kB=4\n");
	assert_policy(false);
}

/* A thread that has exited has no policy. */
static void threads_end(void **state)
{
	(void)state;
	write_thread("77", "bind:1");
	write_thread("77/task/77", "bind:1");
	write_maps("77/task/78", "");
	root_write(root, "/proc/77/task/79/status", "");
	write_thread("77/task/80", "bind:1");
	assert_policy(true);
	write_thread("77/task/80", "default");
	assert_policy(false);
}

/* More is not looked at than threads times pages before the text. */
static void bounded(void **state)
{
	static const char format[] =
		"00400000 bind:1 file=/bin/x N0=%u kernelpagesize_kB=4\n"
		"00401000 bind:1 file=/bin/x N0=9 kernelpagesize_kB=4\n"
		"7f0000000000 bind:1 anon=1024 N0=1024 kernelpagesize_kB=4\n"
		"7f0000400000 bind:2 anon=1024 N0=1024 kernelpagesize_kB=4\n";
	char text[512], path[256];
	unsigned int i;

	(void)state;
	snprintf(text, sizeof(text), format, (4 << 20) - 9);
	write_maps("77", text);
	write_thread("77/task/77", "bind:1");
	assert_policy(true);
	write_thread("77/task/78", "bind:1");
	assert_policy(true);
	/* twice 16 GiB are too much: not known, so default */
	write_thread("77/task/79", "bind:1");
	assert_policy(false);
	/* the same of many threads */
	write_thread("77", "bind:1");
	assert_policy(true);
	for (i = 80; i < 78 + 4096; i++) {
		snprintf(path, sizeof(path), "%s/proc/77/task/%u", root, i);
		assert_int_equal(symlink("78", path), 0);
	}
	assert_policy(true);
	write_thread("77/task/9999", "bind:1");
	assert_policy(false);
}

/* ---- the main thread has exited ---- */

static void write_leaderless(void)
{
	write_maps("77", "");
	root_write(root, "/proc/77/maps", "");
	root_write(root, "/proc/77/task/77/maps", "");
	root_write(root, "/proc/77/task/77/numa_maps", "");
	m.threads[0] = 78;
	m.threads[1] = 79;
	m.threads[2] = 0;
}

static void without_leader(void **state)
{
	(void)state;
	write_leaderless();
	write_thread("77/task/78", "bind:1");
	write_thread("77/task/79", "bind:1");
	assert_policy(true);
	write_thread("77/task/79", "default");
	assert_policy(false);
}

/* Newer kernels have no file for it where older ones have an empty one. */
static void without_leaders_files(void **state)
{
	char path[256];

	(void)state;
	write_leaderless();
	snprintf(path, sizeof(path), "%s/proc/77/maps", root);
	unlink(path);
	snprintf(path, sizeof(path), "%s/proc/77/numa_maps", root);
	unlink(path);
	write_thread("77/task/78", "bind:1");
	assert_policy(true);
}

/* The cpuset is that of the thread that lives. */
static void cpuset_without_leader(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	write_leaderless();
	root_write(root, "/proc/77/status", "Mems_allowed_list:\t3\n");
	write_thread("77/task/78", "bind:1");
	root_write(root, "/proc/77/task/78/status", "Mems_allowed_list:\t0\n");
	place(0, 10, 3);
	assert_int_equal(run_at(PIDFD, &args), 0);
	assert_nodes(0, 10, 0);
}

/* Whichever call finds that the thread it goes by has exited. */
static void exit_meanwhile(pid_t first)
{
	unsigned int call, calls = 0;

	for (call = 0; call <= calls; call++) {
		m.threads[0] = first;
		m.threads[1] = 79;
		m.threads[2] = 0;
		m.calls = 0;
		m.exit_at = call;
		assert_policy(true);
		/* the first time, nothing exits */
		if (!call)
			calls = m.calls;
		assert_int_equal(m.exit_at, 0);
	}
	assert_true(calls > 4);
}

static void thread_exits_meanwhile(void **state)
{
	(void)state;
	write_leaderless();
	write_thread("77/task/78", "bind:1");
	write_thread("77/task/79", "bind:1");
	exit_meanwhile(78);
	/* the main thread may be the one */
	write_thread("77", "bind:1");
	exit_meanwhile(77);
}

/* The thread that was asked for exits, and its number is another process's. */
static void reuse_number(void)
{
	static const char *const files[] = {
		"maps", "numa_maps", "status", "pagemap",
	};
	char path[256];
	unsigned int i;

	/* the main thread has exited already */
	if (m.asked == 77)
		return;
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/proc/77/task/%d/%s", root,
			 m.asked, files[i]);
		assert_int_equal(unlink(path), 0);
	}
	snprintf(path, sizeof(path), "%s/proc/77/task/%d", root, m.asked);
	assert_int_equal(rmdir(path), 0);
	/* move_pages(2) takes it for a process: nothing moves, or counts, by it */
	m.not_to_move = m.asked;
}

/* It may be by the next call. */
static void thread_number_reused(void **state)
{
	struct virtflex_migrate_args args = { .budget_pages = 512 };
	struct vf_walk *walk;
	int ret;

	(void)state;
	write_leaderless();
	write_thread("77/task/78", "bind:1");
	write_thread("77/task/79", "bind:1");
	place(0, NR_PAGES, 0);
	assert_int_equal(vf_walk_open(vf, &fake_os, PIDFD, &args, &walk), 0);
	assert_int_equal(vf_walk_step(walk, &args), 1);
	/* whichever of the two it goes by */
	reuse_number();
	do {
		args.start = args.cursor;
		clear_counts(&args);
		ret = vf_walk_step(walk, &args);
	} while (ret > 0);
	vf_walk_close(walk);
	assert_int_equal(ret, 0);
	assert_nodes(0, HALF, 1);
	assert_nodes(HALF, HALF, 2);
}

/* Or while it is asked where pages are: it is not, then. */
static void thread_number_reused_meanwhile(void **state)
{
	unsigned int call, calls = 0, reused = 0;

	(void)state;
	write_leaderless();
	m.happen = reuse_number;
	for (call = 0; call <= calls; call++) {
		write_thread("77/task/78", "bind:1");
		write_thread("77/task/79", "bind:1");
		m.not_to_move = 0;
		m.calls = 0;
		m.happen_at = call;
		assert_policy(true);
		/* the first time, nothing happens */
		if (!call)
			calls = m.calls;
		reused += !!m.not_to_move;
	}
	assert_true(reused > 2);
}

/*
 * A process may exit, and its number become another's, at any time: nothing of
 * the other is moved, and nothing counted.
 */
static void process_number_reused(void **state)
{
	struct virtflex_migrate_args args;
	unsigned int call, calls;

	(void)state;
	write_thread("77", "bind:1");
	assert_policy(true);
	calls = m.calls;
	for (call = 1; call <= calls; call++) {
		m.calls = 0;
		m.alive = 0;
		m.not_to_move = 0;
		m.reuse_at = call;
		assert_int_equal(migrate(&args), -ESRCH);
	}
	assert_true(calls > 4);
}

/* Threads that exit as soon as they are found do not keep the caller for ever. */
static void threads_exit_for_ever(void **state)
{
	struct virtflex_migrate_args args;

	(void)state;
	write_thread("77", "bind:1");
	m.fleeting = true;
	assert_int_equal(migrate(&args), -EAGAIN);
}

/* Another program has other mappings, and is as much to be moved. */
static void exec_bound(void)
{
	write_thread("77", "bind:2");
}

static void execs_meanwhile(void **state)
{
	struct virtflex_migrate_args args;
	unsigned int scan, scans;

	(void)state;
	write_thread("77", "bind:1");
	assert_policy(true);
	scans = m.scans;
	m.exec = exec_bound;
	for (scan = 1; scan <= scans; scan++) {
		write_thread("77", "bind:1");
		m.scans = 0;
		m.exec_at = scan;
		assert_int_equal(migrate(&args), 0);
		assert_nodes(HALF, HALF, 2);
		/* from there on, by the policies of the new program */
		if (scan == 1)
			assert_nodes(0, HALF, 2);
	}
	assert_true(scans > 1);
}

/* What keeps the caller from listing threads does not say that there are none. */
static void threads_not_listed(void **state)
{
	struct virtflex_migrate_args args;
	struct virtflex_pages *pages;
	char path[256];

	(void)state;
	snprintf(path, sizeof(path), "%s/proc/77/task", root);
	write_thread("77", "bind:1");
	assert_int_equal(symlink(path, path), 0);
	assert_int_equal(migrate(&args), -ELOOP);
	write_maps("77", "");
	assert_int_equal(virtflex_pages_read(vf, PID, &pages), -ELOOP);
	m.threads[0] = 78;
	m.threads[1] = 0;
	assert_int_equal(migrate(&args), -ELOOP);
}

/* Only then has it ended. */
static void all_threads_exited(void **state)
{
	struct virtflex_migrate_args args;

	(void)state;
	write_leaderless();
	memset(m.threads, 0, sizeof(m.threads));
	assert_int_equal(migrate(&args), -ESRCH);
	/* others are listed, and gone before they can be used */
	write_thread("77/task/78", "bind:1");
	assert_int_equal(migrate(&args), -EAGAIN);
	m.alive = -ESRCH;
	assert_int_equal(migrate(&args), -ESRCH);
	m.threads[0] = 78;
	assert_int_equal(migrate(&args), -ESRCH);
	/* gone before they can be looked at */
	m.alive = 0;
	write_maps("77/task/78", "");
	root_write(root, "/proc/77/task/78/maps", "");
	assert_int_equal(migrate(&args), -EAGAIN);
	m.denied = -EPERM;
	assert_int_equal(migrate(&args), -EPERM);
}

/* A thread that can be asked for, and is gone before one of its files is read. */
static void files_go_one_by_one(void **state)
{
	static const char *const files[] = {
		"status", "pagemap", "numa_maps", "maps",
	};
	struct virtflex_migrate_args args;
	char path[256];
	unsigned int i;

	(void)state;
	write_leaderless();
	m.threads[1] = 0;
	write_thread("77/task/78", "bind:1");
	assert_int_equal(migrate(&args), 0);
	for (i = ARRAY_SIZE(files); i-- > 0;) {
		snprintf(path, sizeof(path), "%s/proc/77/task/78/%s", root,
			 files[i]);
		assert_int_equal(unlink(path), 0);
		assert_int_equal(migrate(&args), -EAGAIN);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, machine_teardown)
	const struct CMUnitTest tests[] = {
		TEST(one_thread),
		TEST(shared_policy),
		TEST(policy_of_one_thread),
		TEST(policy_of_a_worker),
		TEST(policy_of_the_caller),
		TEST(read_no_more_than_needed),
		TEST(mappings_change),
		TEST(without_text),
		TEST(text_with_policy),
		TEST(threads_end),
		TEST(bounded),
		TEST(without_leader),
		TEST(without_leaders_files),
		TEST(cpuset_without_leader),
		TEST(thread_exits_meanwhile),
		TEST(thread_number_reused),
		TEST(thread_number_reused_meanwhile),
		TEST(process_number_reused),
		TEST(threads_exit_for_ever),
		TEST(execs_meanwhile),
		TEST(threads_not_listed),
		TEST(all_threads_exited),
		TEST(files_go_one_by_one),
	};
#undef TEST

	return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
