// SPDX-License-Identifier: GPL-2.0-only
/* Domains, as Xen and its toolstack know them. */
#include <errno.h>
#include <libxl_utils.h>
#include <stdlib.h>
#include <string.h>

#include "exits.h"
#include "shape.h"

/**
 * domain_find() - which domain is meant
 * @host: host
 * @name: name or number
 * @id: out
 *
 * Return: EXIT_DONE; EXIT_GONE if there is none, which is said.
 */
int domain_find(struct host *host, const char *name, unsigned int *id)
{
	libxl_dominfo info;
	uint64_t number;
	uint32_t found;

	if (parse_count(name, UINT16_MAX, &number)) {
		found = number;
		libxl_dominfo_init(&info);
		if (!libxl_domain_info(host->ctx, &info, found)) {
			libxl_dominfo_dispose(&info);
			*id = found;
			return EXIT_DONE;
		}
	} else if (!libxl_name_to_domid(host->ctx, name, &found)) {
		*id = found;
		return EXIT_DONE;
	}
	host_error(host, "there is no domain %s%s%s; see xl list", quote(name),
		   name, quote(name));
	return EXIT_GONE;
}

/**
 * domains_list() - domains that there are, but for dom0
 * @host: host
 * @count: how many
 *
 * Return: numbers to be freed; NULL if they cannot be listed, which is said.
 */
unsigned int *domains_list(struct host *host, unsigned int *count)
{
	unsigned int *ids;
	libxl_dominfo *list;
	int nr, i;

	list = libxl_list_domain(host->ctx, &nr);
	ids = list ? calloc(nr + 1, sizeof(*ids)) : NULL;
	*count = 0;
	for (i = 0; ids && i < nr; i++)
		if (list[i].domid && !list[i].dying)
			ids[(*count)++] = list[i].domid;
	if (list)
		libxl_dominfo_list_free(list, nr);
	if (!ids)
		host_error(host, "domains cannot be listed: try xl list");
	return ids;
}

/**
 * domain_exists() - is there such a domain, whatever it is at?
 * @host: host
 * @id: domain
 *
 * Return: whether there is; also if that cannot be told.
 */
bool domain_exists(struct host *host, unsigned int id)
{
	libxl_dominfo info;
	int ret;

	libxl_dominfo_init(&info);
	ret = libxl_domain_info(host->ctx, &info, id);
	libxl_dominfo_dispose(&info);
	return ret != ERROR_DOMAIN_NOTFOUND;
}

/**
 * domain_alive() - is there still a guest to answer?
 * @host: host
 * @id: domain
 *
 * Return: whether there is.
 */
bool domain_alive(struct host *host, unsigned int id)
{
	libxl_dominfo info;
	bool alive;

	libxl_dominfo_init(&info);
	if (libxl_domain_info(host->ctx, &info, id))
		return false;
	alive = !info.shutdown && !info.dying;
	libxl_dominfo_dispose(&info);
	return alive;
}

static void use_shape(const struct shape *s, struct domain *d)
{
	const xen_vmemrange_t *r;
	unsigned int i;

	for (i = 0; i < s->nr_ranges; i++) {
		r = &s->ranges[i];
		if (r->nid < d->nr_vnodes)
			d->vnodes[r->nid].capacity_kb += (r->end - r->start) >> 10;
	}
	for (i = 0; i < d->nr_vcpus; i++)
		d->vcpus[i].vnode = s->vnode_of[i] < d->nr_vnodes ?
					    s->vnode_of[i] : 0;
}

static void read_running(struct host *host, struct domain *d)
{
	unsigned int i, nr_cpus = 0;
	int *node_of = cpus_nodes(host, &nr_cpus);
	struct vcpu *v;
	xc_vcpuinfo_t info;

	for (i = 0; i < d->nr_vcpus; i++) {
		v = &d->vcpus[i];
		v->pnode = PNODE_UNKNOWN;
		v->runs = !xc_vcpu_getinfo(host->xc, d->id, i, &info) &&
			  info.online;
		if (v->runs && node_of && info.cpu < nr_cpus)
			v->pnode = node_of[info.cpu];
	}
	free(node_of);
}

/**
 * domain_read() - a domain, as Xen built it and as xenstore describes it
 * @host: host
 * @id: which
 * @d: out, for domain_free(); NULL if it has no virtual nodes, or cannot be read
 *
 * Return: EXIT_DONE; EXIT_GONE if there is none; EXIT_ERROR. It is said.
 */
int domain_read(struct host *host, unsigned int id, struct domain **d)
{
	char *name = libxl_domid_to_name(host->ctx, id);
	char number[16];
	struct shape s;
	int ret;

	*d = NULL;
	snprintf(number, sizeof(number), "%u", id);
	ret = shape_read(host, id, &s);
	if (!ret) {
		*d = domain_new(id, name ? name : number, s.nr_vnodes,
				s.nr_vcpus);
		if (*d)
			use_shape(&s, *d);
		else
			errno = ENOMEM;
	}
	shape_free(&s);
	free(name);
	if (*d) {
		read_running(host, *d);
		ret = store_read(host, *d);
		if (ret) {
			domain_free(*d);
			*d = NULL;
		}
		return ret;
	}
	if (errno == EOPNOTSUPP)
		return EXIT_DONE;
	if (errno == ESRCH) {
		host_error(host, "domain %u is gone", id);
		return EXIT_GONE;
	}
	host_error(host, "domain %u: its virtual nodes cannot be read: %s", id,
		   strerror(errno));
	return EXIT_ERROR;
}

/**
 * domain_find_pnodes() - which physical nodes the toolstack chose, where nobody has said
 * @host: host
 * @d: domain, whose nodes' pnode is filled in
 *
 * Takes a fifth of a second. A node that was moved is on another one: what is known is
 * left. The toolstack notes it last of all when it makes a domain.
 *
 * Return: whether all are known.
 */
bool domain_find_pnodes(struct host *host, struct domain *d)
{
	libxl_domain_config config;
	unsigned int i;
	int ret;

	for (i = 0; i < d->nr_vnodes; i++)
		if (d->vnodes[i].pnode == PNODE_UNKNOWN)
			break;
	if (i == d->nr_vnodes)
		return true;
	libxl_domain_config_init(&config);
	ret = libxl_retrieve_domain_configuration(host->ctx, d->id, &config,
						  NULL);
	for (i = 0; !ret && i < d->nr_vnodes; i++)
		if (d->vnodes[i].pnode == PNODE_UNKNOWN &&
		    (int)i < config.b_info.num_vnuma_nodes)
			d->vnodes[i].pnode = config.b_info.vnuma_nodes[i].pnode;
	libxl_domain_config_dispose(&config);
	return !ret;
}

/**
 * domain_read_pnodes() - as domain_find_pnodes(), for who cannot do without
 * @host: host
 * @d: domain
 *
 * Return: enum exit_code; what is wrong is said.
 */
int domain_read_pnodes(struct host *host, struct domain *d)
{
	if (domain_find_pnodes(host, d))
		return EXIT_DONE;
	host_error(host, "%s: the toolstack does not know this domain's configuration: "
		   "was it made by xl?", d->name);
	return EXIT_ERROR;
}
