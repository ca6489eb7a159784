/* SPDX-License-Identifier: GPL-2.0-only */
/* Tells the host what of each node's memory is in use, while it asks. */
#ifndef VIRTFLEX_REPORTER_H
#define VIRTFLEX_REPORTER_H

#ifdef CONFIG_XEN
void vf_reporter_start(void);
void vf_reporter_stop(void);
#else
static inline void vf_reporter_start(void)
{
}

static inline void vf_reporter_stop(void)
{
}
#endif

#endif /* VIRTFLEX_REPORTER_H */
