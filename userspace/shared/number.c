// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers, as people write and read them.
 *
 * JSON is json-c's: a generation is an unsigned 64-bit number, which jansson's
 * signed integers cannot hold.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared.h"

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
 * parse_size() - read an amount of memory of the command line
 * @text: decimal number of MiB, or of what its last letter says: K, M, G or T
 * @kb: where to store it, in KiB; at most 2^40
 *
 * Return: whether it is one.
 */
bool parse_size(const char *text, uint64_t *kb)
{
	static const char units[] = "kmgt";
	unsigned int shift = 10;
	const char *unit;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*kb = strtoull(text, &end, 10);
	if (errno)
		return false;
	if (*end) {
		unit = strchr(units, *end | 0x20);
		if (!unit || end[1])
			return false;
		shift = (unit - units) * 10;
	}
	if (*kb > (UINT64_C(1) << 40) >> shift)
		return false;
	*kb <<= shift;
	return true;
}

/**
 * take_number() - take the argument of an option that is a number
 * @option: name of the option
 * @arg: argument
 * @of: what it counts, " of seconds"; "" if the option says that
 * @least: lowest value to take
 * @most: highest value to take
 * @value: where to store it
 *
 * Return: enum exit_code, EXIT_DONE to go on.
 */
int take_number(const char *option, const char *arg, const char *of,
		uint64_t least, uint64_t most, uint64_t *value)
{
	if (parse_count(arg, most, value) && *value >= least)
		return EXIT_DONE;
	return usage_error_of(arg, "--%s is a number%s from %llu to %llu, not",
			      option, of, (unsigned long long)least,
			      (unsigned long long)most);
}

/*
 * strtoull(3) also takes blanks and signs, which make another number of
 * something that is none.
 */
static bool parse_address(const char *text, size_t len, uint64_t *value)
{
	static const char digits[] = "0123456789abcdefABCDEF";

	if (len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		text += 2;
		len -= 2;
	}
	if (!len || strspn(text, digits) < len)
		return false;
	/* what is too large becomes the largest number, which is odd */
	*value = strtoull(text, NULL, 16);
	return !(*value % (PAGE_KB << 10));
}

/**
 * parse_range() - read a range of addresses of the command line
 * @text: START-END, as in /proc/PID/maps
 * @start: where to store the first address
 * @end: where to store the first one after the range
 *
 * Return: whether it is one, of whole pages, of one at least.
 */
bool parse_range(const char *text, uint64_t *start, uint64_t *end)
{
	const char *dash = strchr(text, '-');

	return dash && parse_address(text, dash - text, start) &&
	       parse_address(dash + 1, strlen(dash + 1), end) && *start < *end;
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
 * list_text() - numbers as a list such as "0-1,4"
 * @numbers: numbers
 * @count: how many; "-" if there is none
 * @ranges: whether numbers that follow each other are put together
 *
 * Return: text to be freed, or NULL.
 */
char *list_text(const unsigned int *numbers, unsigned int count, bool ranges)
{
	unsigned int i, last;
	char *text = NULL;
	size_t size;
	FILE *f;

	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	if (!count)
		fputc('-', f);
	for (i = 0; i < count; i = last + 1) {
		for (last = i; ranges && last + 1 < count &&
		     numbers[last + 1] == numbers[last] + 1; last++)
			;
		fprintf(f, "%s%u", i ? "," : "", numbers[i]);
		if (last > i)
			fprintf(f, "-%u", numbers[last]);
	}
	return fclose(f) ? NULL : text;
}

/**
 * json_u64() - a number
 * @value: number
 *
 * Return: number, or NULL.
 */
struct json_object *json_u64(uint64_t value)
{
	return json_object_new_uint64(value);
}

/**
 * json_numbers() - numbers as an array
 * @numbers: numbers
 * @count: how many
 *
 * Return: array, or NULL.
 */
struct json_object *json_numbers(const unsigned int *numbers,
				 unsigned int count)
{
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < count; i++)
		json_object_array_add(array, json_u64(numbers[i]));
	return array;
}
