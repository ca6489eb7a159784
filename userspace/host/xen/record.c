// SPDX-License-Identifier: GPL-2.0-only
/*
 * What this host notes of a domain's last request, where the guest does not see it:
 * its name, who made it, and what was described before. So the next command knows how
 * things are even if the one that made the request is gone: a request that was refused
 * leaves its description in xenstore, which the guest does not go by.
 *
 *	/tool/virtflex/$DOMID/id	name of the request
 *	/tool/virtflex/$DOMID/by	who, since when, and with which words
 *	/tool/virtflex/$DOMID/before	"KIB:VCPUS " for each node, before it
 */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "text.h"
#include "xen.h"

#define RECORD	"/tool/virtflex/%u/%s"

/*
 * Whether the last request is of this program, and did not hold: it ended so, or it was
 * withdrawn, and the guest has not said so yet.
 */
static bool did_not_hold(const struct domain *d, const char *id, const char *now)
{
	return id && now && !strcmp(id, now) && d->request == REQUEST_NONE &&
	       !outcome_holds(answer_outcome(d->result, id));
}

/**
 * record_apply() - see things as they were before a request that did not hold
 * @host: host
 * @t: transaction
 * @d: domain, just read
 *
 * Return: whether there is such a request.
 */
bool record_apply(struct host *host, xs_transaction_t t, struct domain *d)
{
	char *now, *id, *before;
	bool applied = false;

	now = store_get(host, t, "/local/domain/%u/numa/request_id", d->id);
	id = store_get(host, t, RECORD, d->id, "id");
	before = store_get(host, t, RECORD, d->id, "before");
	if (id && now && !strcmp(id, now))
		d->by = store_get(host, t, RECORD, d->id, "by");
	if (before && did_not_hold(d, id, now))
		applied = text_apply_before(before, d);
	free(now);
	free(id);
	free(before);
	return applied;
}

/**
 * record_withdraw() - note that the request is withdrawn
 * @host: host
 * @t: transaction, in which @d was read
 * @d: domain
 * @id: name of the withdrawal
 *
 * What was before a request that this program has not made is not known.
 *
 * Return: whether it is done.
 */
bool record_withdraw(struct host *host, xs_transaction_t t,
		     const struct domain *d, const char *id)
{
	return (d->by || (store_remove(host, t, RECORD, d->id, "before") &&
			  store_remove(host, t, RECORD, d->id, "by"))) &&
	       store_set(host, t, id, RECORD, d->id, "id");
}

/**
 * record_restore() - describe again what was before the request
 * @host: host
 * @t: transaction
 * @d: domain, which becomes that
 *
 * Return: whether that is known.
 */
bool record_restore(struct host *host, xs_transaction_t t, struct domain *d)
{
	char *before = store_get(host, t, RECORD, d->id, "before");
	bool known = before && text_apply_before(before, d);

	free(before);
	return known;
}

/* Of a command line that is longer, this much says what it is about. */
#define WORDS_LEN	256

static char *who(const char *words)
{
	const char *sudo = getenv("SUDO_USER");
	struct passwd *pw = getpwuid(getuid());
	time_t now = time(NULL);
	char clock[32] = "", *text;
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(clock, sizeof(clock), "%F %T", &tm);
	if (asprintf(&text, "%s (process %d) since %s: %.*s",
		     sudo ? sudo : pw ? pw->pw_name : "somebody", getpid(),
		     clock, WORDS_LEN, words) < 0)
		return NULL;
	return text;
}

/**
 * record_write() - note a request in the transaction that makes it
 * @host: host
 * @t: transaction
 * @d: domain, as it is before
 * @id: name of the request
 * @words: the command
 *
 * Return: whether it is done.
 */
bool record_write(struct host *host, xs_transaction_t t, const struct domain *d,
		  const char *id, const char *words)
{
	char *before = text_before(d), *by = who(words);
	bool done;

	done = before && by && store_set(host, t, id, RECORD, d->id, "id") &&
	       store_set(host, t, by, RECORD, d->id, "by") &&
	       store_set(host, t, before, RECORD, d->id, "before");
	free(before);
	free(by);
	return done;
}

/**
 * records_clean() - forget domains that are gone
 * @host: host
 */
void records_clean(struct host *host)
{
	unsigned int count, i;
	char **names, path[64];
	uint64_t id;

	names = xs_directory(host->xs, XBT_NULL, "/tool/virtflex", &count);
	for (i = 0; names && i < count; i++) {
		if (!text_number(names[i], UINT16_MAX, &id) ||
		    domain_exists(host, id))
			continue;
		snprintf(path, sizeof(path), "/tool/virtflex/%.12s", names[i]);
		xs_rm(host->xs, XBT_NULL, path);
	}
	free(names);
}
