// SPDX-License-Identifier: GPL-2.0-only
/*
 * A terminal that is written over and over, and the keys that are typed on it.
 * The sequences are those that every terminal of these days knows, so that
 * nothing has to be installed, in an initramfs neither. Where standard output is
 * no terminal, texts follow each other, and only signals are waited for.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "cli.h"
#include "screen.h"

/* Another page, no cursor, long lines are cut; and all of that back. */
#define ENTER	"\033[?1049h\033[?25l\033[?7l"
#define LEAVE	"\033[?7h\033[?25h\033[?1049l"
#define TOP	"\033[H"
#define NEXT_LINE	"\r\n"
#define CLEAR_LINE	"\033[K"
#define CLEAR_BELOW	"\033[J"

static struct termios before;
static bool is_terminal, has_keys;
static sigset_t old_signals;
static int signals = -1;

static void enter(void)
{
	struct termios now;

	if (!is_terminal)
		return;
	has_keys = !tcgetattr(STDIN_FILENO, &before);
	if (has_keys) {
		now = before;
		/* a key counts at once, and is not shown; ^C and ^Z still do */
		now.c_lflag &= ~(ICANON | ECHO);
		tcsetattr(STDIN_FILENO, TCSANOW, &now);
	}
	fputs(ENTER, stdout);
	flush_output();
}

static void leave(void)
{
	if (!is_terminal)
		return;
	if (has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	fputs(LEAVE, stdout);
	flush_output();
}

/**
 * screen_open() - begin to write over and over
 * @terminal: whether standard output is a terminal
 *
 * Return: 0 or a negative errno.
 */
int screen_open(bool terminal)
{
	static const int wanted[] = {
		SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH,
	};
	sigset_t set;
	unsigned int i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		sigaddset(&set, wanted[i]);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		return -errno;
	sigprocmask(SIG_BLOCK, &set, &old_signals);
	is_terminal = terminal;
	enter();
	return 0;
}

/**
 * screen_close() - leave the terminal as it was
 */
void screen_close(void)
{
	leave();
	close(signals);
	signals = -1;
	sigprocmask(SIG_SETMASK, &old_signals, NULL);
}

/* Lines of a text, with or without those that are blank. */
static unsigned int count_lines(const char *text, bool blank)
{
	unsigned int count = 0;
	size_t len;

	for (; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		count += len || blank;
	}
	return count;
}

/* Cleared first: past the last column, that would take away its letter. */
static void draw_line(const char *text, size_t len, unsigned int columns)
{
	char *line = strndup(text, len);

	fputs(CLEAR_LINE, stdout);
	if (line) {
		cut_text(line, columns);
		fputs(line, stdout);
	}
	/* a colour may have been cut before its end */
	fputs(paint(PLAIN), stdout);
	free(line);
}

static void draw(const char *text, unsigned int rows, unsigned int columns)
{
	bool blank = count_lines(text, true) <= rows;
	unsigned int row, left = count_lines(text, blank);
	char more[48];
	size_t len;

	fputs(TOP, stdout);
	for (row = 0; left; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (!len && !blank)
			continue;
		if (row)
			fputs(NEXT_LINE, stdout);
		if (++row == rows && left > 1 && rows > 1) {
			snprintf(more, sizeof(more), "... %u more lines", left);
			draw_line(more, strlen(more), columns);
			return;
		}
		draw_line(text, len, columns);
		if (row == rows)
			return;
		left--;
	}
	fputs(NEXT_LINE CLEAR_BELOW, stdout);
}

/**
 * screen_draw() - show a text
 * @text: lines. Where they do not fit, blank ones are left out first, then
 *	those at the end, and it is said how many; long ones are cut
 */
void screen_draw(const char *text)
{
	struct winsize size = { 0 };

	if (is_terminal) {
		ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
		draw(text, size.ws_row ? size.ws_row : 24,
		     terminal_width(stdout));
	} else {
		fputs(text, stdout);
	}
	flush_output();
}

/* Another process gets the terminal, and gives it back. */
static void stop(void)
{
	leave();
	raise(SIGSTOP);
	enter();
}

/* What came in by signals; SCREEN_TIME also if that is to draw anew. */
static enum screen_event take_signals(void)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTSTP)
			stop();
		else if (info.ssi_signo != SIGWINCH)
			return SCREEN_END;
	}
	return SCREEN_TIME;
}

static enum screen_event take_keys(void)
{
	char keys[64];
	ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));

	/* where there is nobody any more, there is nothing to wait for */
	if (n <= 0 || memchr(keys, 'q', n) || memchr(keys, 'Q', n))
		return SCREEN_END;
	return SCREEN_TIME;
}

/**
 * screen_pause() - sleep
 * @news_fd: descriptor that ends it when it is ready to be read; -1 for none
 * @timeout_ms: longest time to sleep
 *
 * Return: why it ended.
 */
enum screen_event screen_pause(int news_fd, int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = is_terminal && has_keys ? STDIN_FILENO : -1,
		  .events = POLLIN },
		{ .fd = news_fd, .events = POLLIN },
	};

	poll(fds, sizeof(fds) / sizeof(*fds), timeout_ms);
	if (fds[0].revents && take_signals() == SCREEN_END)
		return SCREEN_END;
	if (fds[1].revents && take_keys() == SCREEN_END)
		return SCREEN_END;
	return SCREEN_TIME;
}
