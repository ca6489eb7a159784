// SPDX-License-Identifier: GPL-2.0-only
/* What a guest's definition says of its memory, and a host's kernel of its own. */
#include "definition.h"
#include "meminfo.h"
#include "test.h"

static struct definition read_one(const char *xml)
{
	struct definition d;

	definition_read(&d, xml);
	return d;
}

static void balloon(void **state)
{
	struct definition d;

	(void)state;
	d = read_one("<devices>\n<memballoon model='virtio'>\n</memballoon>");
	assert_true(d.has_balloon);
	assert_false(d.autodeflate);
	d = read_one("<memballoon model='virtio' autodeflate='on' freePageReporting='on'>");
	assert_true(d.has_balloon);
	assert_true(d.autodeflate);
	/* another tag's attribute is none of it */
	d = read_one("<memballoon model='virtio'/>\n<other model='none' autodeflate='on'/>");
	assert_true(d.has_balloon);
	assert_false(d.autodeflate);
	assert_false(read_one("<memballoon model='none'/>").has_balloon);
	assert_false(read_one("<devices/>").has_balloon);
}

static void fixed(void **state)
{
	static const char *const those[] = {
		"<memoryBacking>\n<hugepages/>\n</memoryBacking>",
		"<memoryBacking><hugepages>\n<page size='2048' unit='KiB'/>",
		"<memoryBacking>\n<locked/>\n",
		"<hostdev mode='subsystem' type='usb'/><hostdev mode='subsystem' type='pci' managed='yes'>",
		"<hostdev mode='subsystem' type='mdev' managed='no' model='vfio-pci'>",
		"<interface type='network'>\n<interface type='hostdev' managed='yes'>",
		"<interface type='vdpa'>",
	}, *const others[] = {
		"<hostdev mode='subsystem' type='usb' managed='yes'>\n<address type='pci'/>",
		"<interface type='bridge'>\n<address type='pci'/>",
		"<memoryBacking>\n<source type='memfd'/>\n<access mode='shared'/>",
		"",
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(those); i++)
		assert_true(read_one(those[i]).fixed);
	for (i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(read_one(others[i]).fixed);
}

static void shared_backing(void **state)
{
	(void)state;
	assert_true(read_one("<source type='memfd'/>\n<access mode='shared'/>").shared);
	assert_true(read_one("<cell id='0' cpus='0' memory='1' memAccess='shared'/>").shared);
	assert_false(read_one("<source type='memfd'/>\n<access mode='private'/>").shared);
	assert_false(read_one("<cell id='0' cpus='0' memory='1' unit='KiB'/>").shared);
}

static void meminfo(void **state)
{
	static const char text[] = "MemTotal:       16318876 kB\n"
				   "MemFree:          123456 kB\n"
				   "MemAvailable:    9876543 kB\n"
				   "HugePages_Total:       0\n";
	uint64_t kb;

	(void)state;
	assert_true(meminfo_kb(text, "MemTotal", &kb));
	assert_int_equal(kb, 16318876);
	assert_true(meminfo_kb(text, "MemAvailable", &kb));
	assert_int_equal(kb, 9876543);
	assert_false(meminfo_kb(text, "Mem", &kb));
	assert_false(meminfo_kb(text, "Available", &kb));
	assert_false(meminfo_kb(text, "HugePages_Total", &kb));
	assert_false(meminfo_kb("", "MemTotal", &kb));
}

/* What Qubes' guests tell, in both forms */
static void meminfo_of_guests(void **state)
{
	uint64_t total, used;

	(void)state;
	assert_true(meminfo_told("123456", &total, &used));
	assert_true(!total && used == 123456);
	assert_true(meminfo_told("123456\n", &total, &used));
	assert_true(meminfo_told("MemTotal: 1000 kB\nMemFree: 100 kB\n"
				 "Buffers: 20 kB\nCached: 30 kB\n"
				 "SwapTotal: 500 kB\nSwapFree: 450 kB\n", &total, &used));
	assert_true(total == 1000 && used == 900);
	assert_true(meminfo_told("MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 300 kB\n",
				 &total, &used));
	assert_true(total == 1000 && used == 700);
	/* more free than there is */
	assert_true(meminfo_told("MemTotal: 10 kB\nMemFree: 100 kB\n", &total, &used));
	assert_true(!used);
	assert_false(meminfo_told("", &total, &used));
	assert_false(meminfo_told("-5", &total, &used));
	assert_false(meminfo_told("12x", &total, &used));
	assert_false(meminfo_told("MemTotal: 1000 kB\n", &total, &used));
	assert_false(meminfo_told("MemTotal: 0 kB\nMemFree: 0 kB\n", &total, &used));
	assert_false(meminfo_told("MemFree: 100 kB\n", &total, &used));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(balloon),
		cmocka_unit_test(fixed),
		cmocka_unit_test(shared_backing),
		cmocka_unit_test(meminfo),
		cmocka_unit_test(meminfo_of_guests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
