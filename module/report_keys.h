/* SPDX-License-Identifier: GPL-2.0-only */
/* The xenstore keys of reports. See docs/xenstore.md. */
#ifndef VIRTFLEX_REPORT_KEYS_H
#define VIRTFLEX_REPORT_KEYS_H

#include <linux/types.h>

struct vf_error;
struct vf_report;

int vf_xs_report_period(u64 *seconds, struct vf_error *err);
int vf_xs_report(const struct vf_report *reports, u32 nr, u64 nr_reports);
void vf_xs_watch_period(void (*may_be_new)(void));
void vf_xs_unwatch_period(void);

#endif /* VIRTFLEX_REPORT_KEYS_H */
