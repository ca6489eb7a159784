/* SPDX-License-Identifier: GPL-2.0-only */
/* /proc/virtflex/topology; see docs/proc.md. */
#ifndef VIRTFLEX_PROC_H
#define VIRTFLEX_PROC_H

int vf_proc_init(void);
void vf_proc_exit(void);

#endif /* VIRTFLEX_PROC_H */
