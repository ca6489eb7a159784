// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is used up once: the allocation whose number is in FAKE_NO_MEMORY
 * fails, and the file FAKE_FAILED is there then. Those of other libraries do not
 * count.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../failing.h"

static bool fails(void)
{
	static unsigned long count;
	const char *number = getenv("FAKE_NO_MEMORY");

	if (!number || ++count != strtoul(number, NULL, 10))
		return false;
	close(creat(getenv("FAKE_FAILED"), 0600));
	errno = ENOMEM;
	return true;
}

char *__real_strdup(const char *s);
char *__wrap_strdup(const char *s);
char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

/* What @text is after a failure, nobody may rely on. */
int __real_vasprintf(char **text, const char *fmt, va_list args);
int __wrap_vasprintf(char **text, const char *fmt, va_list args);
int __wrap_vasprintf(char **text, const char *fmt, va_list args)
{
	*text = (char *)1;
	return fails() ? -1 : __real_vasprintf(text, fmt, args);
}

int __wrap_asprintf(char **text, const char *fmt, ...);
int __wrap_asprintf(char **text, const char *fmt, ...)
{
	va_list args;
	int ret;

	va_start(args, fmt);
	ret = __wrap_vasprintf(text, fmt, args);
	va_end(args);
	return ret;
}

FILE *__real_open_memstream(char **text, size_t *size);
FILE *__wrap_open_memstream(char **text, size_t *size);
FILE *__wrap_open_memstream(char **text, size_t *size)
{
	return fails() ? NULL : __real_open_memstream(text, size);
}

const char *__real_json_object_to_json_string_ext(struct json_object *object,
						  int flags);
const char *__wrap_json_object_to_json_string_ext(struct json_object *object,
						  int flags);
const char *__wrap_json_object_to_json_string_ext(struct json_object *object,
						  int flags)
{
	return fails() ? NULL :
			 __real_json_object_to_json_string_ext(object, flags);
}
