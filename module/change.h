/* SPDX-License-Identifier: GPL-2.0-only */
/* The worker that carries out what the host wants. */
#ifndef VIRTFLEX_CHANGE_H
#define VIRTFLEX_CHANGE_H

int vf_change_start(void);
void vf_change_halt(void);
void vf_change_stop(void);

#endif /* VIRTFLEX_CHANGE_H */
