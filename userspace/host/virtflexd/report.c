// SPDX-License-Identifier: GPL-2.0-only
/* virtflexd report: a picture of what was recorded, by gnuplot. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chart.h"
#include "virtflexd.h"

/* What a shell gives for a program that is not there, or cannot be run */
#define NOT_STARTED	127

static const char *output;

/* Runs gnuplot with this as its input and output; does not return. */
static void be_gnuplot(int in, int out)
{
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0) {
		signal(SIGPIPE, SIG_DFL);
		execlp("gnuplot", "gnuplot", "-", (char *)NULL);
	}
	_exit(NOT_STARTED);
}

static int end_of(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_ERROR;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_STARTED)
		error("gnuplot draws the picture, and cannot be started; "
		      "on Debian: apt-get install gnuplot-nox");
	else if (status)
		error("gnuplot has failed, and said why");
	return status ? EXIT_ERROR : EXIT_DONE;
}

static int draw(const struct log *log, int out)
{
	int fds[2];
	pid_t child;
	FILE *f;

	if (pipe2(fds, O_CLOEXEC)) {
		error("pipe: %s", strerror(errno));
		return EXIT_ERROR;
	}
	/* one that ends early is seen by its status */
	signal(SIGPIPE, SIG_IGN);
	child = fork();
	if (!child)
		be_gnuplot(fds[0], out);
	close(fds[0]);
	f = fdopen(fds[1], "w");
	if (f) {
		chart_write(f, log);
		fclose(f);
	} else {
		close(fds[1]);
	}
	if (child > 0)
		return end_of(child);
	error("cannot start gnuplot: %s", strerror(errno));
	return EXIT_ERROR;
}

/* There is no half of a picture. */
static int draw_file(const struct log *log)
{
	struct beside b;
	int ret;

	if (!beside_begin(&b, output)) {
		error("cannot write %s: %s", output, b.why);
		return EXIT_ERROR;
	}
	ret = draw(log, fileno(b.f));
	if (!beside_end(&b, !ret) && !ret) {
		error("cannot write %s: %s", output, b.why);
		ret = EXIT_ERROR;
	}
	return ret;
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct log *log;
	int ret;

	(void)ctx;
	if (!argc)
		return usage_error("report needs what --record has written, such as: "
				   "virtflexd report LOG -o LOG.svg");
	if (!output && on_terminal(stdout))
		return usage_error("a picture is nothing for a terminal: -o FILE.svg");
	log = log_read(argv[0]);
	if (!log)
		return EXIT_ERROR;
	ret = output ? draw_file(log) : draw(log, STDOUT_FILENO);
	log_free(log);
	return ret;
}

static int take_option(struct context *ctx, const char *name, const char *arg)
{
	(void)ctx;
	(void)name;
	output = arg;
	return *arg ? EXIT_DONE : usage_error("--svg needs a file");
}

static const struct option_desc options[] = {
	{ "svg", 'o', "FILE", "file for the picture (standard output)" },
	{ 0 },
};

const struct command cmd_report = {
	.name = "report",
	.synopsis = "LOG",
	.summary = "Draw what was recorded, as SVG",
	.options = options,
	.note = "LOG is what --record has written, also of vcpu_scheduler and memory_coordinator.",
	.max_args = 1,
	.option = take_option,
	.run = run,
};
