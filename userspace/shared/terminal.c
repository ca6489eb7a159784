// SPDX-License-Identifier: GPL-2.0-only
/* What a terminal can show: colours, blocks, letters. */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "shared.h"

/**
 * set_locale() - take the locale's letters
 *
 * The locale may be missing, as in a small initramfs, and its name still say
 * that the terminal takes UTF-8: the C library has a locale for that built in.
 */
void set_locale(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value = NULL, *dot;
	unsigned int i;

	if (setlocale(LC_CTYPE, ""))
		return;
	for (i = 0; i < sizeof(names) / sizeof(*names) && (!value || !*value);
	     i++)
		value = getenv(names[i]);
	dot = value ? strchr(value, '.') : NULL;
	if (dot && (!strncasecmp(dot, ".utf-8", 6) ||
		    !strncasecmp(dot, ".utf8", 5)))
		setlocale(LC_CTYPE, "C.UTF-8");
}

/**
 * has_utf8() - are letters written in UTF-8?
 *
 * Return: whether they are.
 */
bool has_utf8(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

/**
 * on_terminal() - does someone look at this?
 * @f: stream
 *
 * Return: whether it is a terminal that is known to do more than print.
 */
bool on_terminal(FILE *f)
{
	const char *term = getenv("TERM");

	return isatty(fileno(f)) && term && *term && strcmp(term, "dumb");
}

/**
 * paint() - what to print to change the colour of standard output
 * @color: one of the colours of shared.h
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

/**
 * terminal_width() - how many columns has a terminal?
 * @f: stream
 *
 * Return: their number; 80 if that is not known.
 */
unsigned int terminal_width(FILE *f)
{
	struct winsize size = { 0 };

	ioctl(fileno(f), TIOCGWINSZ, &size);
	return size.ws_col ? size.ws_col : 80;
}

/* The next letter, and how many columns it has. Sequences for colours have none. */
static size_t next_letter(const char *text, mbstate_t *state, int *columns)
{
	wchar_t c;
	size_t n;

	*columns = 0;
	if (!strncmp(text, "\033[", 2)) {
		n = strcspn(text, "m");
		return n + (text[n] == 'm');
	}
	n = mbrtowc(&c, text, MB_CUR_MAX, state);
	if (n <= MB_CUR_MAX) {
		*columns = wcwidth(c);
		if (*columns >= 0)
			return n;
	}
	memset(state, 0, sizeof(*state));
	*columns = 1;
	return 1;
}

/**
 * cut_text() - cut a text that is wider than there is room
 * @text: text, which steers a terminal by colours only
 * @width: most columns
 */
void cut_text(char *text, unsigned int width)
{
	mbstate_t state = { 0 };
	int columns;
	size_t n;

	for (; *text; text += n) {
		n = next_letter(text, &state, &columns);
		if ((unsigned int)columns > width) {
			*text = 0;
			return;
		}
		width -= columns;
	}
}

/**
 * bar_text() - a bar
 * @value: length
 * @full: what the whole width stands for
 * @width: in columns
 *
 * In eighths of a column on a terminal that can show them; where there is
 * anything, something is seen.
 *
 * Return: text to be freed, or NULL.
 */
char *bar_text(uint64_t value, uint64_t full, unsigned int width)
{
	static const char *const parts[] = {
		"", "▏", "▎", "▍", "▌", "▋", "▊", "▉",
	};
	bool blocks = on_terminal(stdout) && has_utf8();
	unsigned int eighths, i;
	char *text = NULL;
	size_t size;
	FILE *f;

	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	if (value > full)
		value = full;
	eighths = full ? (unsigned int)((double)value / full * width * 8 + 0.5) :
			 0;
	if (value && !eighths)
		eighths = 1;
	if (!blocks)
		eighths = (eighths + 7) / 8 * 8;
	for (i = 0; i < eighths / 8; i++)
		fputs(blocks ? "█" : "#", f);
	fputs(parts[eighths % 8], f);
	return fclose(f) ? NULL : text;
}
