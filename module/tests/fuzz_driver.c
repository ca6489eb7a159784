// SPDX-License-Identifier: GPL-2.0-only
/* Where there is no libFuzzer: the corpus, then mutations of it, reproducibly. */
#include <stdlib.h>

#include "user.h"

#define MOST 512

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static size_t read_file(const char *name, u8 *data)
{
	FILE *file = fopen(name, "rb");
	size_t size;

	if (!file) {
		perror(name);
		exit(2);
	}
	size = fread(data, 1, MOST, file);
	fclose(file);
	return size;
}

static size_t mutate(u8 *data, size_t size)
{
	static const char *const words[] = {
		"0", "1", "2", "9", "-", " ", "\n", "/", "node/", "vcpu/",
		"target ", "capacity ", "online", "offline", "topo_change ",
		"18446744073709551616",
	};
	int n = 1 + rand() % 4;

	while (n--) {
		const char *word = words[rand() % ARRAY_SIZE(words)];
		size_t at = size ? rand() % size : 0;
		size_t len = strlen(word);

		switch (rand() % 3) {
		case 0:
			if (size)
				data[at] = rand();
			break;
		case 1:
			if (size)
				memmove(data + at, data + at + 1, --size - at);
			break;
		default:
			if (size + len > MOST)
				break;
			memmove(data + at + len, data + at, size - at);
			memcpy(data + at, word, len);
			size += len;
		}
	}
	return size;
}

int main(int argc, char **argv)
{
	long runs = argc > 1 ? atol(argv[1]) : 0, i;
	u8 data[MOST];

	if (argc < 3) {
		fprintf(stderr, "usage: fuzz RUNS CORPUS...\n");
		return 2;
	}
	srand(1);
	for (i = 2; i < argc; i++)
		LLVMFuzzerTestOneInput(data, read_file(argv[i], data));
	for (i = 0; i < runs || !runs; i++) {
		size_t size = read_file(argv[2 + i % (argc - 2)], data);

		LLVMFuzzerTestOneInput(data, mutate(data, size));
	}
	return 0;
}
