// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest's definition says of its memory. libvirt writes tags and attributes in one way
 * only, and what users may write is escaped.
 */
#include <stdio.h>
#include <string.h>

#include "definition.h"

/* Whether a tag, with its name, has an attribute of a value. */
static bool tag_has(const char *tag, const char *attribute)
{
	const char *end = strchr(tag, '>'), *at = strstr(tag, attribute);

	return end && at && at < end;
}

/* Whether there is a tag of that beginning that has one of two attributes. */
static bool any_has(const char *xml, const char *begin, const char *one,
		    const char *other)
{
	const char *tag;

	for (tag = strstr(xml, begin); tag; tag = strstr(tag + 1, begin))
		if (tag_has(tag, one) || tag_has(tag, other))
			return true;
	return false;
}

/**
 * definition_read() - read a guest's definition
 * @d: out: what it says
 * @xml: definition of a guest that runs
 */
void definition_read(struct definition *d, const char *xml)
{
	const char *balloon = strstr(xml, "<memballoon ");

	*d = (struct definition){
		.has_balloon = balloon && !tag_has(balloon, " model='none'"),
		.autodeflate = balloon && tag_has(balloon, " autodeflate='on'"),
		.fixed = strstr(xml, "<hugepages") || strstr(xml, "<locked/>") ||
			 any_has(xml, "<hostdev ", " type='pci'", " type='mdev'") ||
			 any_has(xml, "<interface ", " type='hostdev'",
				 " type='vdpa'"),
		.shared = strstr(xml, "<access mode='shared'/>") ||
			  any_has(xml, "<cell ", " memAccess='shared'",
				  " memAccess='shared'"),
	};
}
