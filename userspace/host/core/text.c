// SPDX-License-Identifier: GPL-2.0-only
/* Reading and writing values of xenstore. What is not as it should be is not taken. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* Decimal digits, and what follows them; NULL if there are none, or too many. */
static const char *digits(const char *text, uint64_t most, uint64_t *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return NULL;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno || *number > most ? NULL : end;
}

/**
 * text_number() - a number
 * @text: value; NULL if there is none
 * @most: the largest to take
 * @number: out, set only if it is one
 *
 * Return: whether it is one.
 */
bool text_number(const char *text, uint64_t most, uint64_t *number)
{
	uint64_t value;

	text = text ? digits(text, most, &value) : NULL;
	if (!text || *text)
		return false;
	*number = value;
	return true;
}

/* Sets which vCPUs of a node are to be online; what follows the list, or NULL. */
static const char *take_list(const char *text, struct domain *d,
			     unsigned int vnode)
{
	uint64_t first, last, i;

	for (i = 0; i < d->nr_vcpus; i++)
		if (d->vcpus[i].vnode == vnode)
			d->vcpus[i].online = false;
	while (*text >= '0' && *text <= '9') {
		text = digits(text, MAX_VCPUS - 1, &first);
		last = first;
		if (text && *text == '-')
			text = digits(text + 1, MAX_VCPUS - 1, &last);
		if (!text)
			return NULL;
		for (i = first; i <= last && i < d->nr_vcpus; i++)
			if (d->vcpus[i].vnode == vnode)
				d->vcpus[i].online = true;
		if (*text == ',')
			text++;
	}
	return text;
}

/**
 * text_vcpus() - which vCPUs of a node are to be online
 * @text: list such as "4-5,7"
 * @d: domain, whose vCPUs are set
 * @vnode: node of it
 *
 * Return: whether it is a list.
 */
bool text_vcpus(const char *text, struct domain *d, unsigned int vnode)
{
	text = take_list(text, d, vnode);
	return text && !*text;
}

/**
 * text_nodes() - numbers of nodes, as people type them
 * @text: list such as "2-3,5", in any order
 * @nodes: those that are named are set: MAX_VNODES of them
 *
 * Return: whether it is a list; if not, some may have been set.
 */
bool text_nodes(const char *text, bool *nodes)
{
	uint64_t first, last;

	for (;;) {
		text = digits(text, MAX_VNODES - 1, &first);
		last = first;
		if (text && *text == '-')
			text = digits(text + 1, MAX_VNODES - 1, &last);
		if (!text || last < first)
			return false;
		for (; first <= last; first++)
			nodes[first] = true;
		if (*text != ',')
			return !*text;
		text++;
	}
}

/**
 * text_before() - what a domain is to have, to come back to
 * @d: domain
 *
 * Return: a word "KIB:VCPUS" for each node that is described and "-" for each that is
 * not, to be freed; NULL if there is no memory.
 */
char *text_before(const struct domain *d)
{
	char *text = NULL, *list;
	bool failed = false;
	unsigned int i;
	size_t size;
	FILE *f;

	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	for (i = 0; i < d->nr_vnodes; i++) {
		if (!d->vnodes[i].described) {
			fputs("- ", f);
			continue;
		}
		list = domain_vcpus(d, i, false);
		failed |= !list;
		fprintf(f, "%llu:%s ",
			(unsigned long long)d->vnodes[i].target_kb,
			list ? list : "");
		free(list);
	}
	if (!fclose(f) && !failed)
		return text;
	free(text);
	return NULL;
}

/**
 * text_apply_before() - come back to what text_before() has noted
 * @text: text
 * @d: domain
 *
 * Return: whether the text is of this domain. If not, part of it may have been applied.
 */
bool text_apply_before(const char *text, struct domain *d)
{
	uint64_t target_kb;
	unsigned int i;

	for (i = 0; i < d->nr_vnodes; i++) {
		if (*text == '-') {
			text++;
		} else {
			text = digits(text, MAX_KB, &target_kb);
			if (!text || *text != ':')
				return false;
			text = take_list(text + 1, d, i);
			if (!text)
				return false;
			d->vnodes[i].target_kb = target_kb;
		}
		if (*text++ != ' ')
			return false;
	}
	return !*text;
}
