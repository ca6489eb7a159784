// SPDX-License-Identifier: GPL-2.0-only
/* Capabilities of this process. */
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli.h"

/**
 * has_capability() - may this process do something?
 * @cap: CAP_ constant
 *
 * Return: whether the capability is effective.
 */
bool has_capability(unsigned int cap)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	syscall(SYS_capget, &header, data);
	return data[cap / 32].effective >> (cap % 32) & 1;
}
