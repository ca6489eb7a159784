// SPDX-License-Identifier: LGPL-2.1-or-later
/* Words for numbers, and the version. */
#include <stdio.h>
#include <string.h>

#include "test.h"

static void words(void **state)
{
	(void)state;
	assert_string_equal(virtflex_state_name(VIRTFLEX_STABLE), "stable");
	assert_string_equal(virtflex_state_name(VIRTFLEX_EXPANDING),
			    "expanding");
	assert_string_equal(virtflex_state_name(VIRTFLEX_SHRINKING),
			    "shrinking");
	assert_string_equal(virtflex_state_name(VIRTFLEX_FAILED), "failed");
	assert_string_equal(virtflex_node_state_name(VIRTFLEX_NODE_ACTIVE),
			    "active");
	assert_string_equal(virtflex_node_state_name(VIRTFLEX_NODE_ARRIVING),
			    "arriving");
	assert_string_equal(virtflex_node_state_name(VIRTFLEX_NODE_LEAVING),
			    "leaving");
	assert_string_equal(virtflex_node_state_name(VIRTFLEX_NODE_INACTIVE),
			    "inactive");
	assert_string_equal(virtflex_method_name(VIRTFLEX_METHOD_ANY), "any");
	assert_string_equal(virtflex_method_name(VIRTFLEX_METHOD_SYSCALL),
			    "virtflex_migrate");
	assert_string_equal(virtflex_method_name(VIRTFLEX_METHOD_MOVE_PAGES),
			    "move_pages");
}

/* A number of a later version, or one that is none. */
static void no_words(void **state)
{
	(void)state;
	assert_string_equal(virtflex_state_name(4), "unknown");
	assert_string_equal(virtflex_state_name(UINT32_MAX), "unknown");
	assert_string_equal(virtflex_node_state_name(4), "unknown");
	assert_string_equal(virtflex_method_name(3), "unknown");
}

static void version(void **state)
{
	char text[32];

	(void)state;
	assert_int_equal(virtflex_version(),
			 VIRTFLEX_VERSION_CODE(VIRTFLEX_VERSION_MAJOR,
					       VIRTFLEX_VERSION_MINOR,
					       VIRTFLEX_VERSION_PATCH));
	snprintf(text, sizeof(text), "%u.%u.%u", virtflex_version() >> 16,
		 virtflex_version() >> 8 & 255, virtflex_version() & 255);
	assert_string_equal(text, VIRTFLEX_VERSION);
	assert_true(VIRTFLEX_VERSION_CODE(0, 2, 0) <
		    VIRTFLEX_VERSION_CODE(0, 2, 1));
	assert_true(VIRTFLEX_VERSION_CODE(0, 255, 255) <
		    VIRTFLEX_VERSION_CODE(1, 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(no_words),
		cmocka_unit_test(version),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
