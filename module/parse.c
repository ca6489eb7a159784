// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking what the host wants, one key at a time.
 *
 * Nothing that comes from outside is used before it passed the tables below or
 * was found among what the guest has; so every array is as large as the guest,
 * whatever the host writes.
 */
#include "parse.h"

/* Numbers of a node: what is accepted, and whether it can be left out. */
static const struct {
	const char *name;
	u64 least;
	u64 most;
	bool required;
} keys[VF_NR_KEYS] = {
	[VF_KEY_PNODE]	  = { "pnode",	  0, 65535,	false },
	[VF_KEY_CAPACITY] = { "capacity", 0, VF_MAX_KB, true },
	[VF_KEY_TARGET]	  = { "target",	  0, VF_MAX_KB, true },
};

/* Numbers of a change: what is accepted. All can be left out. */
static const struct {
	const char *name;
	u64 most;
} options[VF_NR_OPTIONS] = {
	[VF_OPT_GRACE_MS] = { "grace_ms", 600000 },
	[VF_OPT_SMALL]	  = { "small",	  1 },
	[VF_OPT_WAIT_S]	  = { "wait_s",	  86400 },
};

/**
 * vf_error_set() - say what is wrong
 * @err: where to; cut if too long
 * @fmt: as printf; texts from outside go through vf_quote() first
 */
void vf_error_set(struct vf_error *err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
}

/**
 * vf_quote() - make text from outside fit to be shown
 * @to: where to; always terminated
 * @size: room there, at least 1
 * @from: the text, not necessarily terminated
 * @len: its length
 *
 * What is not printable ASCII, and the quote itself, becomes "?"; what does
 * not fit is cut, and ends in "...".
 */
void vf_quote(char *to, size_t size, const char *from, size_t len)
{
	size_t nr = len < size ? len : size - 1;
	size_t i;

	for (i = 0; i < nr; i++) {
		char c = from[i];

		to[i] = c >= ' ' && c <= '~' && c != '"' ? c : '?';
	}
	to[nr] = '\0';
	if (len > nr)
		for (i = nr > 3 ? nr - 3 : 0; i < nr; i++)
			to[i] = '.';
}

/**
 * vf_parse_number() - strict parser of the one notation there is
 * @text: decimal digits and nothing else; no leading zero but in "0"
 * @len: length of @text
 * @least: smallest value accepted
 * @most: largest value accepted
 * @number: out; written only on success
 *
 * Return: 0, -EINVAL if it is no number, -ERANGE if it is out of bounds.
 */
int vf_parse_number(const char *text, size_t len, u64 least, u64 most,
		    u64 *number)
{
	bool huge = false;
	u64 value = 0;
	size_t i;

	if (!len || (text[0] == '0' && len > 1))
		return -EINVAL;
	for (i = 0; i < len; i++) {
		u32 digit;

		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		digit = text[i] - '0';
		if (value > (U64_MAX - digit) / 10)
			huge = true;
		else
			value = value * 10 + digit;
	}
	if (huge || value < least || value > most)
		return -ERANGE;
	*number = value;
	return 0;
}

/**
 * vf_key_name() - name of a node's key
 * @key: which
 *
 * Return: the name, as in xenstore.
 */
const char *vf_key_name(enum vf_key key)
{
	return keys[key].name;
}

/**
 * vf_key_required() - whether a node's key cannot be left out
 * @key: which
 *
 * Return: true if so.
 */
bool vf_key_required(enum vf_key key)
{
	return keys[key].required;
}

/**
 * vf_option_name() - name of a key that says how
 * @option: which
 *
 * Return: the name, as in xenstore.
 */
const char *vf_option_name(enum vf_option option)
{
	return options[option].name;
}

/**
 * vf_wanted_request() - take the value of topo_change
 * @wanted: out
 * @value: text
 * @len: length of @value
 * @err: why it failed
 *
 * Return: 0 or -EINVAL.
 */
int vf_wanted_request(struct vf_wanted *wanted, const char *value, size_t len,
		      struct vf_error *err)
{
	char quoted[VF_QUOTE_LEN];

	if (len == 1 && value[0] >= '0' && value[0] <= '3') {
		wanted->request = value[0] - '0';
		return 0;
	}
	vf_quote(quoted, sizeof(quoted), value, len);
	vf_error_set(err, "numa/topo_change: \"%s\" is not 0, 1, 2 or 3", quoted);
	return -EINVAL;
}

static bool is_id_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_';
}

/**
 * vf_wanted_id() - take the name of the request
 * @wanted: out
 * @value: text; NULL if the key does not exist
 * @len: length of @value
 * @err: why it failed
 *
 * Return: 0 or -EINVAL.
 */
int vf_wanted_id(struct vf_wanted *wanted, const char *value, size_t len,
		 struct vf_error *err)
{
	char quoted[VF_QUOTE_LEN];
	bool fits = len < sizeof(wanted->id);
	size_t i;

	if (!value)
		return 0;
	for (i = 0; i < len && fits; i++)
		fits = is_id_char(value[i]);
	if (fits) {
		memcpy(wanted->id, value, len);
		wanted->id[len] = '\0';
		return 0;
	}
	vf_quote(quoted, sizeof(quoted), value, len);
	vf_error_set(err,
		     "numa/request_id: \"%s\" is not a name of up to %u letters, digits and -._",
		     quoted, VF_ID_LEN - 1);
	return -EINVAL;
}

/**
 * vf_wanted_option() - take a key that says how to carry a change out
 * @wanted: out
 * @option: which
 * @value: text; NULL if the key does not exist
 * @len: length of @value
 * @err: why it failed
 *
 * Return: 0 or -EINVAL.
 */
int vf_wanted_option(struct vf_wanted *wanted, enum vf_option option,
		     const char *value, size_t len, struct vf_error *err)
{
	char quoted[VF_QUOTE_LEN];

	if (!value)
		return 0;
	if (!vf_parse_number(value, len, 0, options[option].most,
			     &wanted->option[option])) {
		wanted->has_option[option] = true;
		return 0;
	}
	vf_quote(quoted, sizeof(quoted), value, len);
	vf_error_set(err, "numa/%s: \"%s\" is not a number from 0 to %llu",
		     options[option].name, quoted,
		     (unsigned long long)options[option].most);
	return -EINVAL;
}

/**
 * vf_wanted_node() - take a name in the directory of nodes
 * @guest: what there is
 * @wanted: out
 * @name: text, terminated
 * @node: out: index of the node
 * @err: why it failed
 *
 * Return: 0 or -EINVAL.
 */
int vf_wanted_node(const struct vf_guest *guest, struct vf_wanted *wanted,
		   const char *name, u32 *node, struct vf_error *err)
{
	char quoted[VF_QUOTE_LEN];
	u64 id;
	u32 i;

	vf_quote(quoted, sizeof(quoted), name, strlen(name));
	if (vf_parse_number(name, strlen(name), 0, VIRTFLEX_MAX_NODES - 1,
			    &id)) {
		vf_error_set(err, "numa/node/%s: not a node number below %u",
			     quoted, VIRTFLEX_MAX_NODES);
		return -EINVAL;
	}
	for (i = 0; i < guest->nr_nodes; i++)
		if (guest->nodes[i].vnode == id)
			break;
	if (i == guest->nr_nodes) {
		vf_error_set(err, "numa/node/%s: this guest has no such node",
			     quoted);
		return -EINVAL;
	}
	if (wanted->nodes[i].named) {
		vf_error_set(err, "numa/node/%s: named twice", quoted);
		return -EINVAL;
	}
	wanted->nodes[i].named = true;
	*node = i;
	return 0;
}

/**
 * vf_wanted_key() - take a number of a node
 * @guest: what there is
 * @wanted: out
 * @node: index of the node
 * @key: which number
 * @value: text; NULL if the key does not exist
 * @len: length of @value
 * @err: why it failed
 *
 * Return: 0 or -EINVAL.
 */
int vf_wanted_key(const struct vf_guest *guest, struct vf_wanted *wanted,
		  u32 node, enum vf_key key, const char *value, size_t len,
		  struct vf_error *err)
{
	struct vf_wanted_node *w = &wanted->nodes[node];
	u32 vnode = guest->nodes[node].vnode;
	char quoted[VF_QUOTE_LEN];
	int ret;

	if (!value) {
		if (!keys[key].required)
			return 0;
		vf_error_set(err, "numa/node/%u/%s is missing", vnode,
			     keys[key].name);
		return -EINVAL;
	}
	ret = vf_parse_number(value, len, keys[key].least, keys[key].most,
			      &w->value[key]);
	if (!ret) {
		w->has[key] = true;
		return 0;
	}
	vf_quote(quoted, sizeof(quoted), value, len);
	if (ret == -ERANGE)
		vf_error_set(err, "numa/node/%u/%s: %s is not between %llu and %llu",
			     vnode, keys[key].name, quoted,
			     (unsigned long long)keys[key].least,
			     (unsigned long long)keys[key].most);
	else
		vf_error_set(err, "numa/node/%u/%s: \"%s\" is not a number",
			     vnode, keys[key].name, quoted);
	return -EINVAL;
}

/* Index of a vCPU that is plugged; nr_vcpus if there is none of that number. */
static u32 find_vcpu(const struct vf_guest *guest, u32 id)
{
	u32 i;

	for (i = 0; i < guest->nr_vcpus; i++)
		if (guest->vcpus[i].id == id && guest->vcpus[i].present)
			break;
	return i;
}

/* VF_VCPU_UNNAMED for what is neither. */
static enum vf_wanted_vcpu vcpu_value(const char *value, size_t len)
{
	if (value && len == strlen("online") && !memcmp(value, "online", len))
		return VF_VCPU_ONLINE;
	if (value && len == strlen("offline") && !memcmp(value, "offline", len))
		return VF_VCPU_OFFLINE;
	return VF_VCPU_UNNAMED;
}

/**
 * vf_wanted_vcpu() - take what a vCPU is to be
 * @guest: what there is
 * @wanted: out
 * @node: index of the node it is named under
 * @name: its number as text, terminated
 * @value: text; NULL if the key went away
 * @len: length of @value
 * @err: why it failed
 *
 * Return: 0 or -EINVAL.
 */
int vf_wanted_vcpu(const struct vf_guest *guest, struct vf_wanted *wanted,
		   u32 node, const char *name, const char *value, size_t len,
		   struct vf_error *err)
{
	u32 vnode = guest->nodes[node].vnode;
	enum vf_wanted_vcpu which;
	char quoted[VF_QUOTE_LEN];
	u64 id;
	u32 i;

	vf_quote(quoted, sizeof(quoted), name, strlen(name));
	if (vf_parse_number(name, strlen(name), 0, VF_MAX_VCPUS - 1, &id)) {
		vf_error_set(err, "numa/node/%u/vcpu/%s: not a vCPU number below %u",
			     vnode, quoted, VF_MAX_VCPUS);
		return -EINVAL;
	}
	which = vcpu_value(value, len);
	if (which == VF_VCPU_UNNAMED) {
		vf_quote(quoted, sizeof(quoted), value ? value : "",
			 value ? len : 0);
		vf_error_set(err,
			     "numa/node/%u/vcpu/%u: \"%s\" is neither online nor offline",
			     vnode, (u32)id, quoted);
		return -EINVAL;
	}
	i = find_vcpu(guest, id);
	if (i == guest->nr_vcpus) {
		/* One that is not plugged is as offline as can be. */
		if (which == VF_VCPU_OFFLINE && id < guest->nr_vcpus)
			return 0;
		vf_error_set(err, "numa/node/%u/vcpu/%s: this guest has no such vCPU",
			     vnode, quoted);
		return -EINVAL;
	}
	if (guest->vcpus[i].node != node) {
		vf_error_set(err, "numa/node/%u/vcpu/%s: this vCPU belongs to node %u",
			     vnode, quoted,
			     guest->nodes[guest->vcpus[i].node].vnode);
		return -EINVAL;
	}
	if (wanted->vcpus[i] != VF_VCPU_UNNAMED) {
		vf_error_set(err,
			     "numa/node/%u/vcpu/%s: named twice; remove it, or numa/node/%u/vcpus",
			     vnode, quoted, vnode);
		return -EINVAL;
	}
	if (which == VF_VCPU_OFFLINE && !id) {
		vf_error_set(err, "numa/node/%u/vcpu/0: vCPU 0 cannot go offline",
			     vnode);
		return -EINVAL;
	}
	wanted->vcpus[i] = which;
	return 0;
}

/* The next range of a list, which begins after the one before. Return: what follows. */
static const char *next_range(const char *text, const char *end, u64 least,
			      u64 *first, u64 *last)
{
	const char *comma = memchr(text, ',', end - text) ?: end;
	const char *dash = memchr(text, '-', comma - text);

	if (vf_parse_number(text, (dash ?: comma) - text, least,
			    VF_MAX_VCPUS - 1, first))
		return NULL;
	*last = *first;
	if (dash && vf_parse_number(dash + 1, comma - dash - 1, *first + 1,
				    VF_MAX_VCPUS - 1, last))
		return NULL;
	if (comma == end)
		return end;
	return comma + 1 < end ? comma + 1 : NULL;
}

static int take_online(const struct vf_guest *guest, struct vf_wanted *wanted,
		       u32 node, u32 id, struct vf_error *err)
{
	u32 vnode = guest->nodes[node].vnode;
	u32 i = find_vcpu(guest, id);

	if (i == guest->nr_vcpus) {
		vf_error_set(err, "numa/node/%u/vcpus: this guest has no vCPU %u",
			     vnode, id);
		return -EINVAL;
	}
	if (guest->vcpus[i].node != node) {
		vf_error_set(err,
			     "numa/node/%u/vcpus: vCPU %u belongs to node %u",
			     vnode, id,
			     guest->nodes[guest->vcpus[i].node].vnode);
		return -EINVAL;
	}
	wanted->vcpus[i] = VF_VCPU_ONLINE;
	return 0;
}

/**
 * vf_wanted_vcpus() - take the list of a node's vCPUs that are to be online
 * @guest: what there is
 * @wanted: out; the other vCPUs of the node are to be offline
 * @node: index of the node
 * @value: text, such as "4-5,7", ascending; NULL if the key does not exist
 * @len: length of @value
 * @err: why it failed
 *
 * Return: 0 or -EINVAL.
 */
int vf_wanted_vcpus(const struct vf_guest *guest, struct vf_wanted *wanted,
		    u32 node, const char *value, size_t len,
		    struct vf_error *err)
{
	u32 vnode = guest->nodes[node].vnode;
	const char *text = value, *end;
	u64 first, last, least = 0;
	char quoted[VF_QUOTE_LEN];
	int ret;
	u32 i;

	if (!value)
		return 0;
	end = value + len;
	for (i = 0; i < guest->nr_vcpus; i++)
		if (guest->vcpus[i].node == node && guest->vcpus[i].present)
			wanted->vcpus[i] = VF_VCPU_OFFLINE;
	while (text && text < end) {
		text = next_range(text, end, least, &first, &last);
		if (!text)
			break;
		least = last + 1;
		for (; first <= last; first++) {
			ret = take_online(guest, wanted, node, first, err);
			if (ret)
				return ret;
		}
	}
	if (!text) {
		vf_quote(quoted, sizeof(quoted), value, len);
		vf_error_set(err,
			     "numa/node/%u/vcpus: \"%s\" is not an ascending list such as 4-5,7",
			     vnode, quoted);
		return -EINVAL;
	}
	i = find_vcpu(guest, 0);
	if (i < guest->nr_vcpus && guest->vcpus[i].node == node &&
	    wanted->vcpus[i] == VF_VCPU_OFFLINE) {
		vf_error_set(err, "numa/node/%u/vcpus: vCPU 0 cannot go offline",
			     vnode);
		return -EINVAL;
	}
	return 0;
}
