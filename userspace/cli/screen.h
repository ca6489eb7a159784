/* SPDX-License-Identifier: GPL-2.0-only */
/* A terminal that is written over and over. */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>

/**
 * enum screen_event - why a pause on a screen ended
 * @SCREEN_TIME: the time is over, or there is news
 * @SCREEN_END: who looks at it wants to end
 */
enum screen_event {
	SCREEN_TIME,
	SCREEN_END,
};

int screen_open(bool terminal);
void screen_close(void);
void screen_draw(const char *text);
enum screen_event screen_pause(int news_fd, int timeout_ms);

#endif /* SCREEN_H */
