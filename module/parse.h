/* SPDX-License-Identifier: GPL-2.0-only */
/* What the host wants, taken key by key. Pure, as topology.h. */
#ifndef VIRTFLEX_PARSE_H
#define VIRTFLEX_PARSE_H

#include "topology.h"

/** VF_QUOTE_LEN - enough of a bad value to recognise it by, the end included */
#define VF_QUOTE_LEN	33

void vf_error_set(struct vf_error *err, const char *fmt, ...) __printf(2, 3);
void vf_quote(char *to, size_t size, const char *from, size_t len);
int vf_parse_number(const char *text, size_t len, u64 least, u64 most,
		    u64 *number);

const char *vf_key_name(enum vf_key key);
const char *vf_option_name(enum vf_option option);
bool vf_key_required(enum vf_key key);

int vf_wanted_request(struct vf_wanted *wanted, const char *value, size_t len,
		      struct vf_error *err);
int vf_wanted_id(struct vf_wanted *wanted, const char *value, size_t len,
		 struct vf_error *err);
int vf_wanted_option(struct vf_wanted *wanted, enum vf_option option,
		     const char *value, size_t len, struct vf_error *err);
int vf_wanted_node(const struct vf_guest *guest, struct vf_wanted *wanted,
		   const char *name, u32 *node, struct vf_error *err);
int vf_wanted_key(const struct vf_guest *guest, struct vf_wanted *wanted,
		  u32 node, enum vf_key key, const char *value, size_t len,
		  struct vf_error *err);
int vf_wanted_vcpu(const struct vf_guest *guest, struct vf_wanted *wanted,
		   u32 node, const char *name, const char *value, size_t len,
		   struct vf_error *err);
int vf_wanted_vcpus(const struct vf_guest *guest, struct vf_wanted *wanted,
		    u32 node, const char *value, size_t len,
		    struct vf_error *err);

#endif /* VIRTFLEX_PARSE_H */
