// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text from elsewhere: names of processes and files, reasons, arguments. On a
 * terminal nothing of it may be more than letters, and JSON is UTF-8 only.
 */
#include <stdlib.h>
#include <string.h>

#include "shared.h"

#define NOT_UTF8	0xfffd

/*
 * The next character of a text that does not end here, and how many bytes it is
 * long. Bytes that are not UTF-8 are one NOT_UTF8 each.
 */
static unsigned int next_char(const char *text, unsigned int *len)
{
	/* the lowest character of each length: what is below is not the shortest */
	static const unsigned int lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)text;
	unsigned int c, n, i;

	*len = 1;
	if (*p < 0x80)
		return *p;
	if (*p >= 0xc0 && *p < 0xe0)
		n = 2;
	else if (*p >= 0xe0 && *p < 0xf0)
		n = 3;
	else if (*p >= 0xf0 && *p < 0xf8)
		n = 4;
	else
		return NOT_UTF8;
	c = *p & (0x7f >> n);
	for (i = 1; i < n; i++) {
		/* the end of the text is none of these either */
		if ((p[i] & 0xc0) != 0x80)
			return NOT_UTF8;
		c = c << 6 | (p[i] & 0x3f);
	}
	/* halves of UTF-16 are no characters */
	if (c < lowest[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return NOT_UTF8;
	*len = n;
	return c;
}

static bool is_control(unsigned int c)
{
	return c < ' ' || (c >= 0x7f && c < 0xa0);
}

/* Turns the direction of what follows: a name could look like another. */
static bool is_direction(unsigned int c)
{
	return c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

/**
 * clean_text() - text that does nothing to a terminal
 * @text: text
 * @utf8: whether the terminal takes UTF-8, or ASCII only
 *
 * Return: text to be freed, with "?" for what is no letter; NULL if there is no
 * memory.
 */
char *clean_text(const char *text, bool utf8)
{
	char *clean = malloc(strlen(text) + 1), *to = clean;
	unsigned int c, len;

	if (!clean)
		return NULL;
	for (; *text; text += len) {
		c = next_char(text, &len);
		if (is_control(c) || is_direction(c) ||
		    (c == NOT_UTF8 && len == 1) || (c >= 0x80 && !utf8)) {
			*to++ = '?';
			continue;
		}
		memcpy(to, text, len);
		to += len;
	}
	*to = 0;
	return clean;
}

/**
 * print_clean() - print text from elsewhere, without what steers a terminal
 * @f: stream
 * @text: text
 */
void print_clean(FILE *f, const char *text)
{
	char *clean = clean_text(text, has_utf8());

	fputs(clean ? clean : "?", f);
	free(clean);
}

/**
 * valid_text() - text from elsewhere as UTF-8
 * @text: text
 *
 * Return: text to be freed, in which bytes that are not UTF-8 are U+FFFD each; NULL if there
 * is no memory.
 */
char *valid_text(const char *text)
{
	char *valid = malloc(3 * strlen(text) + 1), *to;
	unsigned int len;

	if (!valid)
		return NULL;
	for (to = valid; *text; text += len) {
		if (next_char(text, &len) == NOT_UTF8 && len == 1) {
			memcpy(to, "\357\277\275", 3);
			to += 3;
		} else {
			memcpy(to, text, len);
			to += len;
		}
	}
	*to = 0;
	return valid;
}

/**
 * json_text() - text from elsewhere as a string of JSON
 * @text: text
 *
 * JSON is UTF-8. Control characters are escaped, those that JSON would leave as they are too.
 *
 * Return: string, or NULL.
 */
struct json_object *json_text(const char *text)
{
	char *valid = valid_text(text);
	struct json_object *string = valid ? json_object_new_string(valid) : NULL;

	free(valid);
	return string;
}
