// SPDX-License-Identifier: LGPL-2.1-or-later
/* The small grammar that /proc and /sys have in common: lines, fields, lists. */
#include <errno.h>
#include <string.h>

#include "internal.h"

/**
 * vf_next_line() - take a line off a text
 * @text: text; what follows the line is left
 * @line: the line without its newline
 *
 * Return: whether there was one. A line without newline at the end counts.
 */
bool vf_next_line(struct vf_span *text, struct vf_span *line)
{
	const char *nl;

	if (!text->len)
		return false;
	nl = memchr(text->p, '\n', text->len);
	line->p = text->p;
	line->len = nl ? (size_t)(nl - text->p) : text->len;
	text->p += line->len + !!nl;
	text->len -= line->len + !!nl;
	return true;
}

/**
 * vf_next_field() - take a field off a line
 * @line: line; what follows the field is left
 * @field: the field, without the spaces around it
 *
 * Return: whether there was one.
 */
bool vf_next_field(struct vf_span *line, struct vf_span *field)
{
	while (line->len && *line->p == ' ') {
		line->p++;
		line->len--;
	}
	field->p = line->p;
	while (line->len && *line->p != ' ') {
		line->p++;
		line->len--;
	}
	field->len = line->p - field->p;
	return field->len;
}

/**
 * vf_span_is() - is a piece of text this word?
 * @s: text
 * @word: word
 */
bool vf_span_is(struct vf_span s, const char *word)
{
	return s.len == strlen(word) && !memcmp(s.p, word, s.len);
}

/**
 * vf_span_skip() - take a prefix off
 * @s: text
 * @prefix: prefix
 *
 * Return: whether it was there.
 */
bool vf_span_skip(struct vf_span *s, const char *prefix)
{
	size_t len = strlen(prefix);

	if (s->len < len || memcmp(s->p, prefix, len))
		return false;
	s->p += len;
	s->len -= len;
	return true;
}

/**
 * vf_find_key() - find a line of a file of "key: value" lines
 * @text: text of the file, such as /proc/PID/status
 * @key: key, with its colon
 * @value: where to store the first field after it
 *
 * Return: whether there is one.
 */
bool vf_find_key(struct vf_span text, const char *key, struct vf_span *value)
{
	struct vf_span line;

	while (vf_next_line(&text, &line)) {
		if (!vf_span_skip(&line, key))
			continue;
		while (vf_span_skip(&line, "\t") || vf_span_skip(&line, " "))
			;
		return vf_next_field(&line, value);
	}
	return false;
}

/**
 * vf_parse_u64() - read a decimal number
 * @s: digits and nothing else
 * @value: where to store it
 *
 * Return: 0, -EINVAL, or -ERANGE if it needs more than 64 bits.
 */
int vf_parse_u64(struct vf_span s, uint64_t *value)
{
	uint64_t v = 0;
	size_t i;

	if (!s.len)
		return -EINVAL;
	for (i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return -ERANGE;
	}
	*value = v;
	return 0;
}

/**
 * vf_parse_hex() - read a hexadecimal number
 * @s: digits and nothing else
 * @value: where to store it
 *
 * Return: 0 or -EINVAL, also if it needs more than 64 bits.
 */
int vf_parse_hex(struct vf_span s, uint64_t *value)
{
	uint64_t v = 0;
	size_t i;
	char c;

	if (!s.len || s.len > 16)
		return -EINVAL;
	for (i = 0; i < s.len; i++) {
		c = s.p[i];
		if (c >= '0' && c <= '9')
			v = v << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (uint64_t)(c - 'a' + 10);
		else
			return -EINVAL;
	}
	*value = v;
	return 0;
}

/**
 * vf_parse_list() - read a list of numbers and ranges such as "0-1,4"
 * @s: the list and nothing else
 * @limit: every number must be below this
 * @ascending: whether the list must ascend, as the kernel's do
 * @add: called for each range; a negative value ends the reading
 * @data: for @add
 *
 * Return: 0, -EINVAL, -ERANGE for a number from @limit, or what @add returned.
 */
int vf_parse_list(struct vf_span s, unsigned int limit, bool ascending,
		  int (*add)(unsigned int first, unsigned int last, void *data),
		  void *data)
{
	uint64_t first, last, least = 0;
	struct vf_span item, end;
	const char *comma, *dash;
	int ret;

	for (;;) {
		comma = memchr(s.p, ',', s.len);
		item = s;
		if (comma)
			item.len = comma - s.p;
		dash = memchr(item.p, '-', item.len);
		end = item;
		if (dash) {
			end.p = dash + 1;
			end.len = item.len - (end.p - item.p);
			item.len = dash - item.p;
		}
		ret = vf_parse_u64(item, &first);
		if (!ret)
			ret = vf_parse_u64(end, &last);
		if (ret)
			return ret;
		if (last >= limit || first >= limit)
			return -ERANGE;
		if (last < first || (ascending && first < least))
			return -EINVAL;
		least = last + 1;
		ret = add(first, last, data);
		if (ret < 0)
			return ret;
		if (!comma)
			return 0;
		s.len -= comma + 1 - s.p;
		s.p = comma + 1;
	}
}

/**
 * vf_parse_node_count() - read a field such as "N2=512" of numa_maps
 * @field: field
 * @node: where to store the node
 * @count: where to store the count
 *
 * Return: 1, 0 if the field is another one, -EBADMSG if it is broken.
 */
int vf_parse_node_count(struct vf_span field, unsigned int *node,
			uint64_t *count)
{
	const char *eq = memchr(field.p, '=', field.len);
	struct vf_span id, number;
	uint64_t value;

	if (field.len < 2 || field.p[0] != 'N' || field.p[1] < '0' ||
	    field.p[1] > '9')
		return 0;
	if (!eq)
		return -EBADMSG;
	id.p = field.p + 1;
	id.len = eq - id.p;
	number.p = eq + 1;
	number.len = field.len - (number.p - field.p);
	if (vf_parse_u64(id, &value) || value >= VIRTFLEX_MAX_NODES ||
	    vf_parse_u64(number, count))
		return -EBADMSG;
	*node = value;
	return 1;
}
