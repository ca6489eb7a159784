/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's side: reading what it wants, answering. See docs/xenstore.md. */
#ifndef VIRTFLEX_XENSTORE_H
#define VIRTFLEX_XENSTORE_H

#include "result.h"
#include "topology.h"

/**
 * struct vf_reading - what one transaction found
 * @asked: topo_change is not 0, whatever else it is
 * @described: there are nodes in the description
 * @announced: the host knows what this guest understands
 * @ret: 0, or -EINVAL if a key was wrong, @err saying which
 * @err: why
 * @wanted: what the host wants, as far as it was read
 */
struct vf_reading {
	bool asked;
	bool described;
	bool announced;
	int ret;
	struct vf_error err;
	struct vf_wanted *wanted;
};

/**
 * struct vf_answer - the end of a request, carried out or refused
 * @status: value of status
 * @error: value of error
 * @result: value of result, but for the name of the request
 */
struct vf_answer {
	const char *status;
	const char *error;
	const struct vf_result *result;
};

#ifdef CONFIG_XEN
bool vf_reading_equal(const struct vf_guest *guest, const struct vf_reading *a,
		      const struct vf_reading *b);
void vf_xs_start(void (*changed)(void));
void vf_xs_stop(void);
bool vf_xs_ready(void);
int vf_xs_read(const struct vf_guest *guest, struct vf_reading *reading,
	       bool always);
int vf_xs_writable(void);
bool vf_xs_is_transient(int ret);
void vf_xs_announce(void);
bool vf_xs_write(const char *key, const char *text);
int vf_xs_answer(const struct vf_guest *guest, const struct vf_reading *to,
		 struct vf_reading *scratch, const struct vf_answer *answer);
#else
static inline bool vf_reading_equal(const struct vf_guest *guest,
				    const struct vf_reading *a,
				    const struct vf_reading *b)
{
	return false;
}

static inline void vf_xs_start(void (*changed)(void))
{
}

static inline void vf_xs_stop(void)
{
}

static inline bool vf_xs_ready(void)
{
	return false;
}

static inline int vf_xs_read(const struct vf_guest *guest,
			     struct vf_reading *reading, bool always)
{
	return -ENODEV;
}

static inline int vf_xs_writable(void)
{
	return -ENODEV;
}

static inline bool vf_xs_is_transient(int ret)
{
	return false;
}

static inline void vf_xs_announce(void)
{
}

static inline bool vf_xs_write(const char *key, const char *text)
{
	return false;
}

static inline int vf_xs_answer(const struct vf_guest *guest,
			       const struct vf_reading *to,
			       struct vf_reading *scratch,
			       const struct vf_answer *answer)
{
	return -ENODEV;
}
#endif

#endif /* VIRTFLEX_XENSTORE_H */
