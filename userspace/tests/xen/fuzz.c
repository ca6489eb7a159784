// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz lines DOMAIN COUNT SEED: command lines at random, each in a process of its own. None
 * crashes, each ends with a status that is documented, and one that is wrong writes nothing.
 *
 * fuzz answers DOMAIN COUNT SEED: a guest that says anything, on the domain's own
 * connection (XENSTORED_PATH), while commands read it. None crashes, each ends, and
 * nothing that steers a terminal comes out of them.
 *
 * This process has no threads: what is forked from it is sound.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xenstore.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))
#define MAX_WORDS	9
#define HANGS_MS	20000

int ctl_main(int argc, char **argv);

static unsigned int seed;
static char out_path[256], err_path[256];
static char text[1 << 20];
static int failures;

static unsigned int below(unsigned int most)
{
	return rand_r(&seed) % most;
}

static const char *one_of(const char *const *list, unsigned int count)
{
	return list[below(count)];
}

static void fail(char **argv, const char *what)
{
	printf("%s:", what);
	for (; *argv; argv++)
		printf(" '%.60s'", *argv);
	printf("\n%.2000s\n", text);
	failures++;
}

static void read_text(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[len < 0 ? 0 : len] = 0;
	if (fd >= 0)
		close(fd);
}

static pid_t start(char **argv)
{
	int argc = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	while (argv[argc])
		argc++;
	if (!freopen("/dev/null", "r", stdin) || !freopen(out_path, "w", stdout) ||
	    !freopen(err_path, "w", stderr))
		_exit(98);
	exit(ctl_main(argc, argv));
}

/* Whether it has ended, within a time. */
static bool ended(pid_t pid, int *status, unsigned int ms)
{
	for (;;) {
		if (waitpid(pid, status, WNOHANG) == pid)
			return true;
		if (!ms--)
			return false;
		usleep(1000);
	}
}

static bool is_documented(int status, bool interrupted)
{
	if (WIFSIGNALED(status))
		return interrupted && WTERMSIG(status) == SIGTERM;
	return WEXITSTATUS(status) <= 8;
}

/* Letters and line ends only: it does not go to a terminal, so not even colours. */
static bool steers(const char *path)
{
	const char *p;

	read_text(path);
	for (p = text; *p; p++)
		if ((unsigned char)*p < ' ' && *p != '\n')
			return true;
	return false;
}

/* ---- command lines */

static const char *const commands[] = {
	"list", "show", "publish", "shrink", "expand", "set", "replace", "move",
	"cancel", "watch", "pin", "unpin", "balance", "config", "help", "frob",
};

static const char *const options[] = {
	"--json", "--raw", "-r", "-n", "-o", "--output", "--no-wait", "-W",
	"--timeout", "-t", "--dry-run", "-N", "--partly", "-p", "--grace", "-g",
	"--fragments", "-f", "--wait-host", "--memory", "-m", "--all", "-a", "--hard",
	"-H", "--once", "-1", "--verbose", "-v", "--help", "-h", "--nodes", "--vcpus",
	"--policy", "--pnodes", "--seed", "--name", "--format", "--version", "--frob",
	"--timeout=1", "--memory=64M", "--pnodes=0,1", "--policy=random", "--t", "--",
	"-", "-x", "--memory=", "-t1", "-t0", "-m%n",
};

static const char *const arguments[] = {
	"guest", "nobody", "0", "1", "2", "3", "2", "3", "4", "2-3", "1,3", "3-2",
	"2=64M", "3=0", "2=256M", "2=1Q", "=", "2=", "=5", "-1", "1025",
	"18446744073709551616", "99999999999999999999999", "", " ", "%s%n%s%n",
	"../../tool", "\033[2J", "\377\376", "node", "id,name", "xl", "libvirt",
	"local", "interleave", "1T", "64M", "0x10", "1e3", "2,", ",", "0-1024",
};

static char long_word[5000], number[16];

static char *any_word(void)
{
	switch (below(20)) {
	case 0:
		return long_word;
	case 1:
		return number;
	case 2 ... 8:
		return (char *)one_of(options, ARRAY_SIZE(options));
	default:
		return (char *)one_of(arguments, ARRAY_SIZE(arguments));
	}
}

static void make_line(char **argv)
{
	unsigned int count = below(MAX_WORDS - 3), i = 0;

	argv[i++] = "virtflexctl";
	if (below(20))
		argv[i++] = (char *)one_of(commands, ARRAY_SIZE(commands));
	/* most that get somewhere begin so */
	if (below(3))
		argv[i++] = "guest";
	while (count--)
		argv[i++] = any_word();
	argv[i] = NULL;
}

/* What only virtflexctl writes. */
static void described(struct xs_handle *xs, unsigned int id, char *all, size_t size)
{
	static const char *const keys[] = {
		"/local/domain/%u/numa/request_id", "/local/domain/%u/numa/grace_ms",
		"/local/domain/%u/numa/small", "/local/domain/%u/numa/wait_s",
		"/local/domain/%u/numa/node/2/target", "/local/domain/%u/numa/node/3/target",
		"/local/domain/%u/numa/node/2/pnode", "/tool/virtflex/%u/id",
		"/tool/virtflex/%u/by", "/tool/virtflex/%u/before",
		"/tool/virtflex/%u/moving",
	};
	unsigned int i, len;
	char path[80], *value;

	for (*all = 0, i = 0; i < ARRAY_SIZE(keys); i++) {
		snprintf(path, sizeof(path), keys[i], id);
		value = xs_read(xs, XBT_NULL, path, &len);
		snprintf(all + strlen(all), size - strlen(all), "%s|",
			 value ? value : "-");
		free(value);
	}
}

static void one_line(struct xs_handle *xs, unsigned int id)
{
	static char before[16384], after[16384];
	char *argv[MAX_WORDS + 1];
	bool interrupted = false;
	int status;
	pid_t pid;

	make_line(argv);
	described(xs, id, before, sizeof(before));
	pid = start(argv);
	/* some watch for ever */
	if (!ended(pid, &status, 200)) {
		interrupted = true;
		kill(pid, SIGTERM);
		if (!ended(pid, &status, HANGS_MS)) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			fail(argv, "hangs");
			return;
		}
	}
	described(xs, id, after, sizeof(after));
	read_text(err_path);
	if (!is_documented(status, interrupted)) {
		fail(argv, "no status that is documented");
	} else if (WIFEXITED(status) && WEXITSTATUS(status) &&
		   strncmp(text, "virtflexctl: ", 13)) {
		fail(argv, "no message");
	} else if (WIFEXITED(status) && WEXITSTATUS(status) == 2) {
		read_text(out_path);
		if (*text)
			fail(argv, "output with a wrong command line");
		if (strcmp(before, after))
			fail(argv, "written with a wrong command line");
	}
	if (steers(out_path) || steers(err_path))
		fail(argv, "control characters");
}

/* ---- answers */

static const char *const keys[] = {
	"numa/status", "numa/error", "numa/result", "numa/topo_change",
	"numa/control/version", "numa/control/feature-request-id",
	"numa/node/2/current", "numa/node/3/current",
};

static const char *const values[] = {
	"", "0", "1", "2", "-1", "4294967296", "99999999999999999999", "0x10", "1e9",
	"idle", "unloaded", "done: generation 7", "failed: %s%n%s%n", "done", "@ done",
	"@ partly 3=1/2", "@ refused", "@ failed 1=2/3", "@ withdrawn", "@ frob", "@",
	"@done", " @ done", "ctl-1.000000002-3 done", "- done", "@ done 2=99999999999999/-5",
	"shrinking: step 3 of 6: vcpu 6 offline", "shrinking: step 0 of 0: ",
	"expanding: step 7 of 9: plug memory of node 2, 34816 of 262144 KiB",
	"rolling back: step 4294967297 of 4294967298: %s%n", "\033[2J\033]0;x\007",
	"\r\n\t\b\177", "\377\300\200\355\240\200", "\342\200\256evil", "../../../etc/passwd",
	"/local/domain/0/name",
};

/* One of the values, a few bytes of it another, or as long as xenstored takes it. */
static size_t any_value(char *to, size_t size, const char *id)
{
	const char *from = one_of(values, ARRAY_SIZE(values));
	size_t len = 0, i;

	for (; *from && len < size / 2; from++)
		if (*from == '@')
			len += snprintf(to + len, size - len, "%s", id);
		else
			to[len++] = *from;
	if (!below(4))
		for (i = 0; i < 3 && len; i++)
			to[below(len)] = below(256);
	if (!below(10))
		while (len < size - 100)
			to[len++] = "A%n\033\377"[below(5)];
	return len;
}

static char *read_key(struct xs_handle *xs, const char *key, char *to, size_t size)
{
	unsigned int len;
	char *value = xs_read(xs, XBT_NULL, key, &len);

	snprintf(to, size, "%s", value ? value : "");
	free(value);
	return to;
}

/* How it should be: so that the next command gets somewhere. */
static void behave(struct xs_handle *guest, const char *id)
{
	static const char *const outcomes[] = {
		"done", "partly 2=1/2", "refused", "failed", "withdrawn", "frob",
	};
	char result[256];
	xs_transaction_t t = xs_transaction_start(guest);

	snprintf(result, sizeof(result), "%s %s", id,
		 one_of(outcomes, ARRAY_SIZE(outcomes)));
	xs_write(guest, t, "numa/result", result, strlen(result));
	xs_write(guest, t, "numa/status", "idle", 4);
	xs_write(guest, t, "numa/topo_change", "0", 1);
	xs_transaction_end(guest, t, false);
}

static void make_command(char **argv)
{
	static const char *const lines[][5] = {
		{ "shrink", "guest", "2", "3" }, { "expand", "guest", "2", "3" },
		{ "set", "guest", "2=64M" }, { "cancel", "guest" }, { "show", "guest" },
		{ "show", "guest", "--json" }, { "list", "-o", "id,name,state,guest" },
		{ "list", "--json" }, { "watch", "guest", "--once" },
		{ "watch", "guest", "--json" }, { "shrink", "guest", "3", "--verbose" },
		{ "expand", "guest", "3", "--json" }, { "replace", "guest", "2", "3" },
		{ "publish", "guest" }, { "move", "guest", "3", "2" }, { "balance" },
	};
	unsigned int line = below(ARRAY_SIZE(lines)), i;

	argv[0] = "virtflexctl";
	for (i = 0; i < 5 && lines[line][i]; i++)
		argv[i + 1] = (char *)lines[line][i];
	argv[i + 1] = NULL;
}

static void one_answer(struct xs_handle *guest)
{
	char *argv[MAX_WORDS + 1], id[128] = "", value[2000];
	unsigned int rounds = 0;
	bool interrupted = false;
	int status;
	pid_t pid;

	make_command(argv);
	behave(guest, id);
	pid = start(argv);
	while (!ended(pid, &status, below(4))) {
		read_key(guest, "numa/request_id", id, sizeof(id));
		if (!below(3))
			behave(guest, id);
		else
			xs_write(guest, XBT_NULL, one_of(keys, ARRAY_SIZE(keys)), value,
				 any_value(value, sizeof(value), id));
		if (++rounds == 60) {
			interrupted = true;
			kill(pid, SIGTERM);
		}
		if (rounds == 3000) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			fail(argv, "hangs");
			return;
		}
	}
	read_text(err_path);
	if (!is_documented(status, interrupted))
		fail(argv, "no status that is documented");
	if (steers(out_path) || steers(err_path))
		fail(argv, "control characters");
}

int main(int argc, char **argv)
{
	const char *dir = getenv("FUZZ_DIR");
	struct xs_handle *xs;
	unsigned int id, i;
	bool lines;

	if (argc != 5 || !dir)
		return 1;
	lines = !strcmp(argv[1], "lines");
	id = atoi(argv[2]);
	seed = atoi(argv[4]);
	snprintf(out_path, sizeof(out_path), "%s/fuzz.out", dir);
	snprintf(err_path, sizeof(err_path), "%s/fuzz.err", dir);
	snprintf(number, sizeof(number), "%u", id);
	memset(long_word, 'A', sizeof(long_word) - 1);
	xs = xs_open(0);
	if (!xs) {
		perror("fuzz");
		return 1;
	}
	/* what is forked is dom0's */
	unsetenv("XENSTORED_PATH");
	for (i = 0; i < (unsigned int)atoi(argv[3]) && failures < 5; i++) {
		if (lines)
			one_line(xs, id);
		else
			one_answer(xs);
	}
	printf("%u tried\n", i);
	xs_close(xs);
	return failures > 0;
}
