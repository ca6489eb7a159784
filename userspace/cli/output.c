// SPDX-License-Identifier: GPL-2.0-only
/*
 * Errors, colours, bars, JSON.
 *
 * JSON is json-c's: a generation is an unsigned 64-bit number, which jansson's
 * signed integers cannot hold.
 */
#include <errno.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli.h"

/* One write, so that lines of several programs do not mix. */
static void say(const char *end, const char *fmt, va_list args)
{
	char text[512];

	fflush(stdout);
	vsnprintf(text, sizeof(text), fmt, args);
	fprintf(stderr, "virtflex: %s%s\n", text, end);
}

/**
 * error() - say on standard error what is wrong
 * @fmt: a line without newline, as for printf(3)
 */
void error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("", fmt, args);
	va_end(args);
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

	va_start(args, fmt);
	say("; see virtflex --help", fmt, args);
	va_end(args);
	return EXIT_USAGE;
}

/**
 * error_topology() - say why the topology cannot be read
 * @err: negative errno of a reader
 */
void error_topology(int err)
{
	switch (err) {
	case -ENOENT:
		error("no /proc/virtflex/topology: is the module loaded? modprobe virtflex");
		break;
	case -ENODEV:
		error("the virtflex module was unloaded; to go on: modprobe virtflex");
		break;
	case -EBADMSG:
		error("/proc/virtflex/topology is damaged: is the module of another version?");
		break;
	case -EPROTONOSUPPORT:
		error("/proc/virtflex/topology is of a newer version: update virtflex");
		break;
	case -EOPNOTSUPP:
		error("below --sysroot nothing changes: there is nothing to wait for");
		break;
	default:
		error("/proc/virtflex/topology: %s", strerror(-err));
	}
}

/**
 * on_terminal() - does someone look at this?
 * @f: stream
 */
bool on_terminal(FILE *f)
{
	const char *term = getenv("TERM");

	return isatty(fileno(f)) && (!term || strcmp(term, "dumb"));
}

/**
 * paint() - what to print to change the colour of standard output
 * @color: one of the colours of cli.h
 *
 * Return: an escape sequence, or "" where colours are not wanted.
 */
const char *paint(const char *color)
{
	static char seq[4][8];
	static unsigned int next;
	const char *no = getenv("NO_COLOR");

	if ((no && *no) || !on_terminal(stdout))
		return "";
	next = (next + 1) % 4;
	snprintf(seq[next], sizeof(seq[next]), "\033[%sm", color);
	return seq[next];
}

/* The locale may be missing, as in a small initramfs, and its name still say. */
static bool can_show_blocks(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value, *dot;
	unsigned int i;

	if (!strcmp(nl_langinfo(CODESET), "UTF-8"))
		return true;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		value = getenv(names[i]);
		if (!value || !*value)
			continue;
		dot = strchr(value, '.');
		return dot && (!strncasecmp(dot, ".utf-8", 6) ||
			       !strncasecmp(dot, ".utf8", 5));
	}
	return false;
}

/**
 * print_bar() - a bar
 * @value: length
 * @full: what the whole width stands for
 * @width: in columns
 * @pad: whether to fill up the width with spaces
 *
 * In eighths of a column on a terminal that can show them; where there is
 * anything, something is seen.
 */
void print_bar(uint64_t value, uint64_t full, unsigned int width, bool pad)
{
	static const char *const parts[] = {
		" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉",
	};
	bool blocks = on_terminal(stdout) && can_show_blocks();
	unsigned int eighths, i;

	if (value > full)
		value = full;
	eighths = full ? (unsigned int)((double)value / full * width * 8 + 0.5) :
			 0;
	if (value && !eighths)
		eighths = 1;
	if (!blocks)
		eighths = (eighths + 7) / 8 * 8;
	for (i = 0; i < width; i++) {
		if (i < eighths / 8)
			fputs(blocks ? "█" : "#", stdout);
		else if (i == eighths / 8 && (eighths % 8 || pad))
			fputs(parts[eighths % 8], stdout);
		else if (pad)
			putchar(' ');
	}
}

/**
 * print_clean() - print text from elsewhere, without what steers a terminal
 * @f: stream
 * @text: text
 */
void print_clean(FILE *f, const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text,
		      f);
}

/**
 * size_text() - a size for people
 * @kb: in KiB
 * @buf: where to write it
 * @size: of @buf
 *
 * Return: @buf.
 */
const char *size_text(uint64_t kb, char *buf, size_t size)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB" };
	double value = kb;
	unsigned int i = 0;

	while (value >= 1024 && i < sizeof(units) / sizeof(*units) - 1) {
		value /= 1024;
		i++;
	}
	if (!i)
		snprintf(buf, size, "%.0f %s", value, units[i]);
	else
		snprintf(buf, size, "%.*f %s", value < 10 ? 2 : 1, value,
			 units[i]);
	return buf;
}

/**
 * print_json() - print an object and a newline, and free it
 * @object: object, or NULL if there was no memory for it
 * @flags: JSON_C_TO_STRING_PRETTY, or JSON_C_TO_STRING_PLAIN for a line
 *
 * Return: enum exit_code.
 */
int print_json(struct json_object *object, int flags)
{
	const char *text = NULL;

	if (object)
		text = json_object_to_json_string_ext(object,
						      flags |
						      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		puts(text);
	else
		error("%s", strerror(ENOMEM));
	json_object_put(object);
	fflush(stdout);
	return text ? EXIT_DONE : EXIT_ERROR;
}

/**
 * json_u64() - a number
 * @value: number
 */
struct json_object *json_u64(uint64_t value)
{
	return json_object_new_uint64(value);
}

/**
 * parse_count() - read a decimal number of the command line
 * @text: text
 * @max: highest value to take
 * @value: where to store it
 *
 * Return: whether it is one.
 */
bool parse_count(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return !errno && !*end && *value <= max;
}

/**
 * method_text() - how pages were migrated
 * @method: enum virtflex_method
 */
const char *method_text(unsigned int method)
{
	return method == VIRTFLEX_METHOD_SYSCALL ? "virtflex_migrate" :
						   "move_pages";
}
