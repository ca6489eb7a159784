// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest [-q] [-1] WORD...: a guest that does what it is told with each request, over its
 * domain's own connection (hypervisor.c), so that it may write what xenstored lets it.
 *
 *	-q	says nothing by itself: as if its module was not there
 *	-1	does it once, at once, without a request; what xenstored refuses is printed
 *	-r KB	reports while its host asks, ten times as often: so much is in use on each node
 *
 *	KEY=VALUE	writes a key below numa; @ is the name of the request
 *	rm:KEY		removes it
 *	sleep:MS	lets time pass
 *	used:KB		what is in use on each node, from now on
 *	file:PATH	waits until there is such a file
 *	begin, commit	in between, what is written is one transaction
 *	currents	each node has what it should have
 *	withdrawn?	waits until the request is withdrawn
 *	done, partly, refused, failed, withdrawn	answers as docs/xenstore.md has it
 *	then		what follows is for the next request
 *	stop		does nothing any more, with no request
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenstore.h>

static struct xs_handle *xs;
static xs_transaction_t transaction;
static char request_id[128];
static bool stopped;
/* What is in use on each node; 0 for a guest that reports nothing */
static unsigned long used_kb;

static char *get(const char *key)
{
	unsigned int len;
	char path[2100];

	snprintf(path, sizeof(path), "numa/%.2000s", key);
	return xs_read(xs, transaction, path, &len);
}

static bool set(const char *key, const char *value)
{
	char path[2100];

	snprintf(path, sizeof(path), "%s%.2000s", *key == '/' ? "" : "numa/", key);
	return xs_write(xs, transaction, path, value, strlen(value));
}

/* The value, with the name of the request for each @. */
static bool set_filled(const char *key, const char *value)
{
	char *text = NULL;
	size_t size;
	bool done;
	FILE *f = open_memstream(&text, &size);

	for (; *value; value++)
		if (*value == '@')
			fputs(request_id, f);
		else
			fputc(*value, f);
	fclose(f);
	done = set(key, text);
	free(text);
	return done;
}

static bool has(const char *key, const char *value)
{
	char *now = get(key);
	bool same = now && !strcmp(now, value);

	free(now);
	return same;
}

static void put_kb(unsigned int node, const char *part, unsigned long kb)
{
	char key[64], text[24];

	snprintf(key, sizeof(key), "node/%u/%s", node, part);
	snprintf(text, sizeof(text), "%lu", kb);
	set(key, text);
}

/* What a node has: as it said after the last change, or as it was built */
static unsigned long has_kb(unsigned int node)
{
	static const char *const keys[] = { "current", "target" };
	unsigned long kb = 0;
	unsigned int i;
	char key[64], *text;

	for (i = 0; i < 2 && !kb; i++) {
		snprintf(key, sizeof(key), "node/%u/%s", node, keys[i]);
		text = get(key);
		kb = text ? strtoul(text, NULL, 10) : 0;
		free(text);
	}
	return kb;
}

static void report(void)
{
	static unsigned long number;
	char *period = get("report_s"), text[24];
	unsigned long kb;
	unsigned int i;

	if (period && strtoul(period, NULL, 10)) {
		transaction = xs_transaction_start(xs);
		for (i = 0; i < 1024 && (kb = has_kb(i)); i++) {
			put_kb(i, "used", used_kb < kb ? used_kb : kb);
			put_kb(i, "free", used_kb < kb ? kb - used_kb : 0);
		}
		snprintf(text, sizeof(text), "%lu", ++number);
		set("reported", text);
		xs_transaction_end(xs, transaction, false);
		transaction = XBT_NULL;
	}
	free(period);
}

static void wait_for_news(void)
{
	struct pollfd fd = { .fd = xs_fileno(xs), .events = POLLIN };
	unsigned int count;

	while (used_kb && !poll(&fd, 1, 100))
		report();
	free(xs_read_watch(xs, &count));
}

static bool write_currents(void)
{
	char key[64], *target;
	unsigned int i;
	bool done = true;

	for (i = 0; i < 1024 && done; i++) {
		snprintf(key, sizeof(key), "node/%u/target", i);
		target = get(key);
		if (!target)
			break;
		snprintf(key, sizeof(key), "node/%u/current", i);
		done = set(key, target);
		free(target);
	}
	return done;
}

static bool answer(const char *outcome)
{
	static unsigned int generation;
	bool holds = !strcmp(outcome, "done") || !strcmp(outcome, "partly");
	char status[64], result[256];
	bool ended;

	snprintf(status, sizeof(status), holds ? "done: generation %u" :
		 "failed: as it was told %u", ++generation);
	snprintf(result, sizeof(result), "%s %.64s", request_id, outcome);
	do {
		transaction = xs_transaction_start(xs);
		ended = (!holds || write_currents()) && set("status", status) &&
			set("error", strcmp(outcome, "done") ? status : "") &&
			set("result", result) && set("topo_change", "0");
		ended &= xs_transaction_end(xs, transaction, !ended);
		transaction = XBT_NULL;
	} while (!ended && errno == EAGAIN);
	return ended;
}

static bool remove_key(const char *key)
{
	char path[2100];

	snprintf(path, sizeof(path), "numa/%.2000s", key);
	return xs_rm(xs, transaction, path);
}

static bool await_withdrawal(void)
{
	char *id;

	while (!has("topo_change", "0"))
		wait_for_news();
	id = get("request_id");
	snprintf(request_id, sizeof(request_id), "%s", id ? id : "-");
	free(id);
	return true;
}

static bool commit(void)
{
	xs_transaction_t t = transaction;

	transaction = XBT_NULL;
	return xs_transaction_end(xs, t, false);
}

/* Who started this guest ends it, if the file never comes. */
static bool await_file(const char *path)
{
	while (access(path, F_OK))
		usleep(10000);
	return true;
}

static bool do_word(char *word)
{
	char *value = strchr(word, '=');

	if (value) {
		*value = 0;
		return set_filled(word, value + 1);
	}
	if (!strncmp(word, "rm:", 3))
		return remove_key(word + 3);
	if (!strncmp(word, "sleep:", 6))
		return !usleep(atoi(word + 6) * 1000);
	if (!strncmp(word, "used:", 5))
		return (used_kb = strtoul(word + 5, NULL, 10));
	if (!strncmp(word, "file:", 5))
		return await_file(word + 5);
	if (!strcmp(word, "begin"))
		return (transaction = xs_transaction_start(xs));
	if (!strcmp(word, "commit"))
		return commit();
	if (!strcmp(word, "currents"))
		return write_currents();
	if (!strcmp(word, "withdrawn?"))
		return await_withdrawal();
	if (!strcmp(word, "stop"))
		return (stopped = true);
	return answer(word);
}

/* Return: what to do with the next request. */
static char **do_words(char **words)
{
	char word[8192], **all = words;

	for (; *words && !stopped; words++) {
		if (!strcmp(*words, "then"))
			return words + 1;
		snprintf(word, sizeof(word), "%s", *words);
		if (!do_word(word))
			printf("%.60s: %s\n", word, strerror(errno));
		fflush(stdout);
	}
	return all;
}

/* Return: whether there is a request that was not seen yet. */
static bool is_asked(void)
{
	char *change = get("topo_change"), *id = get("request_id");
	const char *name = id ? id : "-";
	bool asked = change && strcmp(change, "0") && strcmp(request_id, name);

	if (asked)
		snprintf(request_id, sizeof(request_id), "%s", name);
	free(change);
	free(id);
	return asked;
}

int main(int argc, char **argv)
{
	bool quiet = false, once = false, said = false;
	char **words;
	int opt;

	while ((opt = getopt(argc, argv, "q1r:")) != -1) {
		if (opt == 'r')
			used_kb = strtoul(optarg, NULL, 10);
		else
			*(opt == 'q' ? &quiet : &once) = true;
	}
	words = argv + optind;
	xs = xs_open(0);
	if (!xs) {
		perror("guest");
		return 1;
	}
	if (once) {
		do_words(words);
		xs_close(xs);
		return 0;
	}
	if (!xs_watch(xs, "numa", "numa"))
		return 1;
	while (!stopped) {
		wait_for_news();
		if (!quiet && !said)
			said = has("status", "") && set("control/feature-move", "1") &&
			       (!used_kb || set("control/feature-report", "1")) &&
			       set("control/version", "1") && set("status", "idle");
		if (is_asked())
			words = do_words(words);
	}
	for (;;)
		pause();
}
