// SPDX-License-Identifier: GPL-2.0
/* Memory that a thread writes all the time */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include "../numa_util.h"
#include "hot.h"
#include "stress.h"

#define ROUNDS		5000U	/* without a pause: others want the CPU too */
#define STRIDE		(8 * PAGE)

/*
 * In each round every page is told the number of the next one. Who finds another number
 * than that of the round sees a page that was copied before it was written.
 */
static void *write_all_the_time(void *data)
{
	uint64_t round = 0, found;
	struct hot *hot = data;
	size_t at;

	while (!__atomic_load_n(&hot->stop, __ATOMIC_RELAXED)) {
		for (at = 0; at < hot->len; at += STRIDE) {
			uint64_t *word = (uint64_t *)(hot->start + at);

			found = __atomic_load_n(word, __ATOMIC_RELAXED);
			if (found != round) {
				printf("# hot page %zu: round %llu, not %llu\n", at / PAGE,
				       (unsigned long long)found, (unsigned long long)round);
				fflush(stdout);
				__atomic_store_n(&hot->lost, true, __ATOMIC_RELAXED);
				return NULL;
			}
			__atomic_store_n(word, round + 1, __ATOMIC_RELAXED);
		}
		if (!(++round % ROUNDS))
			usleep(1000);
	}
	return NULL;
}

int hot_begin(struct hot *hot, bool huge)
{
	int err;

	*hot = (struct hot){ .len = HUGE_PAGES * PAGE };
	hot->start = region_new(hot->len, huge);
	if (!hot->start)
		return -ENOMEM;
	err = pthread_create(&hot->thread, NULL, write_all_the_time, hot);
	if (err)
		region_free(hot->start, hot->len);
	return -err;
}

bool hot_end(struct hot *hot)
{
	if (!hot->start)
		return true;
	__atomic_store_n(&hot->stop, true, __ATOMIC_RELAXED);
	pthread_join(hot->thread, NULL);
	region_free(hot->start, hot->len);
	return !hot->lost;
}
