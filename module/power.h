/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's own restart and hibernation, while memory is unplugged. */
#ifndef VIRTFLEX_POWER_H
#define VIRTFLEX_POWER_H

void vf_power_watch(void);
void vf_power_unwatch(void);

#endif /* VIRTFLEX_POWER_H */
