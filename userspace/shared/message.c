// SPDX-License-Identifier: GPL-2.0-only
/* What goes wrong, on standard error, and output that does not arrive. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "shared.h"

static const char *help_of = "";
/* Why output did not arrive; the stream itself remembers only that. */
static int output_errno;

/**
 * flush_output() - let what was printed arrive now
 */
void flush_output(void)
{
	if (fflush(stdout) && !output_errno)
		output_errno = errno;
}

/* One write, so that lines of several programs do not mix. */
static void say(const char *fmt, va_list args, const char *end)
{
	char *text, *clean;

	flush_output();
	if (vasprintf(&text, fmt, args) < 0)
		return;
	clean = clean_text(text, has_utf8());
	if (clean)
		fprintf(stderr, "%s: %s%s\n", program_name(), clean, end);
	free(clean);
	free(text);
}

/**
 * error() - say on standard error what is wrong
 * @fmt: a line without newline, as for printf(3)
 */
void error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(fmt, args, "");
	va_end(args);
}

/**
 * output_retry() - go on to print where what was printed has not arrived
 * @say: whether to say that it has not
 *
 * There may have been no room for it, and there may be some again. What has not arrived is lost.
 *
 * Return: false if nobody takes it any more, as of a pipe that nobody reads.
 */
bool output_retry(bool say)
{
	struct pollfd out = { .fd = fileno(stdout), .events = POLLOUT };
	int why = output_errno;

	if (poll(&out, 1, 0) < 0 || out.revents & (POLLERR | POLLHUP | POLLNVAL))
		return false;
	clearerr(stdout);
	output_errno = 0;
	if (say)
		error("cannot write the output%s%s; it goes on without, and tries again",
		      why ? ": " : "", why ? strerror(why) : "");
	return true;
}

/**
 * set_help() - whose help to name when the command line is wrong
 * @command: name of a subcommand
 */
void set_help(const char *command)
{
	help_of = command;
}

/* Returns EXIT_USAGE. */
static int say_usage(const char *fmt, va_list args)
{
	char end[64];

	snprintf(end, sizeof(end), "; see %s %s%s--help", program_name(),
		 help_of, *help_of ? " " : "");
	say(fmt, args, end);
	return EXIT_USAGE;
}

/**
 * usage_error() - say on standard error what is wrong with the command line
 * @fmt: a line without newline, as for printf(3)
 *
 * Return: EXIT_USAGE.
 */
int usage_error(const char *fmt, ...)
{
	va_list args;
	int ret;

	va_start(args, fmt);
	ret = say_usage(fmt, args);
	va_end(args);
	return ret;
}

/**
 * quote() - what stands around an argument in a message
 * @arg: argument
 *
 * Return: a quotation mark where it could not be seen without: it is empty, or has
 * blanks. Else "".
 */
const char *quote(const char *arg)
{
	return !*arg || strpbrk(arg, " \t\n") ? "'" : "";
}

/**
 * usage_error_of() - say on standard error that an argument is wrong
 * @arg: argument, which ends the line
 * @fmt: what is before it, as for printf(3)
 *
 * Return: EXIT_USAGE.
 */
int usage_error_of(const char *arg, const char *fmt, ...)
{
	va_list args;
	char *text;
	int ret;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	ret = usage_error("%s %s%s%s", text ? text : "", quote(arg), arg,
			  quote(arg));
	free(text);
	return ret;
}

/**
 * finish_output() - see to it that what was printed has arrived
 * @status: exit status so far
 *
 * Return: @status, or EXIT_ERROR if it has not.
 */
int finish_output(int status)
{
	flush_output();
	if (!output_errno && !ferror(stdout))
		return status;
	if (output_errno)
		error("cannot write the output: %s", strerror(output_errno));
	else
		error("cannot write the output");
	return EXIT_ERROR;
}
