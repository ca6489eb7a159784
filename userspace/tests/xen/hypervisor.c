// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into xenstored, in the place of the hypervisor that is not there. Which
 * domains there are says the host that the test makes up (host.h); SIGUSR1 tells
 * xenstored to look again, as the hypervisor does when a domain ends.
 *
 * A domain's ring is a page here. Who connects to the socket domain-ID, beside
 * xenstored's own, is that domain: what it sends is put into the ring, and what it gets
 * comes out of it. One at a time, as a guest's kernel is one.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenevtchn.h>
#include <xengnttab.h>
#include <xen/io/xs_wire.h>

#include "host.h"

#define PAGE_BYTES	4096
#define VIRQ_PORT	1
/* Port of a domain is this and its number. */
#define FIRST_PORT	1000
#define MAX_DOMID	256

/**
 * struct ring - a domain's connection
 * @page: what it shares with xenstored
 * @event: xenstored has looked at it
 * @socket: where the domain connects
 */
struct ring {
	struct xenstore_domain_interface *page;
	int event;
	int socket;
};

static struct ring rings[MAX_DOMID];
static int ports[2] = { -1, -1 };

static void raise_port(evtchn_port_t port)
{
	ssize_t done = write(ports[1], &port, sizeof(port));

	(void)done;
}

static void look_again(int sig)
{
	(void)sig;
	raise_port(VIRQ_PORT);
}

/* ---- what xenstored asks of the hypervisor */

xc_interface *xc_interface_open(xentoollog_logger *logger,
				xentoollog_logger *dombuild_logger,
				unsigned int flags)
{
	(void)logger;
	(void)dombuild_logger;
	(void)flags;
	return (xc_interface *)ports;
}

int xc_interface_close(xc_interface *xch)
{
	(void)xch;
	return 0;
}

/* Xen 4.17's number of the domctl interface; later ones have no xc_domain_getinfo() */
#define HAS_GETINFO	0x15

#if XEN_DOMCTL_INTERFACE_VERSION <= HAS_GETINFO
int xc_domain_getinfo(xc_interface *xch, uint32_t first, unsigned int max,
		      xc_dominfo_t *info)
{
	const struct made_domain *d;
	struct made_host h;

	(void)xch;
	(void)max;
	made_host_read(&h);
	d = made_domain_find(&h, first);
	if (!d && first)
		return 0;
	memset(info, 0, sizeof(*info));
	info->domid = first;
	info->dying = d && !strcmp(d->state, "dying");
	info->shutdown = d && !strcmp(d->state, "shutdown");
	return 1;
}
#else
int xc_domain_getinfo_single(xc_interface *xch, uint32_t id,
			     xc_domaininfo_t *info)
{
	const struct made_domain *d;
	struct made_host h;

	(void)xch;
	made_host_read(&h);
	d = made_domain_find(&h, id);
	if (!d && id) {
		errno = ESRCH;
		return -1;
	}
	memset(info, 0, sizeof(*info));
	info->domain = id;
	if (d && !strcmp(d->state, "dying"))
		info->flags |= XEN_DOMINF_dying;
	if (d && !strcmp(d->state, "shutdown"))
		info->flags |= XEN_DOMINF_shutdown;
	return 0;
}
#endif

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger,
				 unsigned int flags)
{
	(void)logger;
	(void)flags;
	if (pipe(ports))
		return NULL;
	signal(SIGUSR1, look_again);
	return (xenevtchn_handle *)ports;
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
	(void)xce;
	return ports[0];
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *xce,
					      unsigned int virq)
{
	(void)xce;
	(void)virq;
	return VIRQ_PORT;
}

xenevtchn_port_or_error_t
xenevtchn_bind_interdomain(xenevtchn_handle *xce, uint32_t domid,
			   evtchn_port_t remote)
{
	(void)xce;
	(void)remote;
	return FIRST_PORT + domid;
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
	(void)xce;
	(void)port;
	return 0;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
	evtchn_port_t port;

	(void)xce;
	return read(ports[0], &port, sizeof(port)) == sizeof(port) ? (int)port : -1;
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
	(void)xce;
	(void)port;
	return 0;
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
	uint64_t one = 1;

	(void)xce;
	if (port < FIRST_PORT || port >= FIRST_PORT + MAX_DOMID ||
	    !rings[port - FIRST_PORT].page)
		return 0;
	return write(rings[port - FIRST_PORT].event, &one, sizeof(one)) < 0 ? -1 : 0;
}

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger,
				 unsigned int flags)
{
	(void)logger;
	(void)flags;
	return (xengnttab_handle *)ports;
}

int xengnttab_close(xengnttab_handle *xgt)
{
	(void)xgt;
	return 0;
}

int xengnttab_set_max_grants(xengnttab_handle *xgt, uint32_t nr)
{
	(void)xgt;
	(void)nr;
	return 0;
}

/* ---- a domain's side of its ring */

static void wait_for_xenstored(struct ring *r)
{
	struct pollfd fd = { .fd = r->event, .events = POLLIN };
	uint64_t count;

	/* It may have looked before we did. */
	if (poll(&fd, 1, 10) > 0 && read(r->event, &count, sizeof(count)) < 0)
		return;
}

static void ring_put(struct ring *r, unsigned int port, const char *data,
		     size_t len)
{
	struct xenstore_domain_interface *p = r->page;
	uint32_t prod = p->req_prod;

	while (len) {
		if (prod - __atomic_load_n(&p->req_cons, __ATOMIC_ACQUIRE) ==
		    XENSTORE_RING_SIZE) {
			wait_for_xenstored(r);
			continue;
		}
		p->req[MASK_XENSTORE_IDX(prod++)] = *data++;
		len--;
		__atomic_store_n(&p->req_prod, prod, __ATOMIC_RELEASE);
		if (!len || prod - p->req_cons == XENSTORE_RING_SIZE)
			raise_port(port);
	}
}

/* Takes what there is; all of it goes on, or to nobody if @fd is no more. */
static void ring_get(struct ring *r, unsigned int port, int fd)
{
	struct xenstore_domain_interface *p = r->page;
	uint32_t cons = p->rsp_cons;
	char data[XENSTORE_RING_SIZE];
	size_t len = 0;

	while (cons != __atomic_load_n(&p->rsp_prod, __ATOMIC_ACQUIRE) &&
	       len < sizeof(data))
		data[len++] = p->rsp[MASK_XENSTORE_IDX(cons++)];
	if (!len)
		return;
	__atomic_store_n(&p->rsp_cons, cons, __ATOMIC_RELEASE);
	raise_port(port);
	if (send(fd, data, len, MSG_NOSIGNAL) < 0)
		return;
}

/* A message whole, so that xenstored never has half of one. */
static bool take_message(int fd, char *data, size_t *len)
{
	struct xsd_sockmsg *msg = (struct xsd_sockmsg *)data;

	if (recv(fd, data, sizeof(*msg), MSG_WAITALL) != sizeof(*msg) ||
	    msg->len > XENSTORE_PAYLOAD_MAX)
		return false;
	*len = sizeof(*msg) + msg->len;
	return !msg->len ||
	       recv(fd, data + sizeof(*msg), msg->len, MSG_WAITALL) == (ssize_t)msg->len;
}

static void serve(struct ring *r, unsigned int port, int fd)
{
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = r->event, .events = POLLIN },
	};
	char data[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX]
		__attribute__((aligned(8)));
	uint64_t count;
	size_t len;

	for (;;) {
		if (poll(fds, 2, 100) < 0 && errno != EINTR)
			return;
		if (fds[1].revents && read(r->event, &count, sizeof(count)) < 0)
			return;
		ring_get(r, port, fd);
		if (!fds[0].revents)
			continue;
		if (!take_message(fd, data, &len))
			return;
		ring_put(r, port, data, len);
	}
}

/* What one has asked for, and not waited for, is not the next one's. */
static void forget(struct ring *r, unsigned int port)
{
	struct xsd_sockmsg msg = { .type = XS_RESET_WATCHES, .len = 1 };
	struct xenstore_domain_interface *p = r->page;
	unsigned int quiet = 0, tries = 0;
	char data[sizeof(msg) + 1] = "";

	memcpy(data, &msg, sizeof(msg));
	ring_put(r, port, data, sizeof(data));
	/* nobody answers a domain that is gone */
	while (quiet < 3 && tries++ < 100) {
		wait_for_xenstored(r);
		quiet = p->rsp_prod == p->rsp_cons && p->req_prod == p->req_cons ?
				quiet + 1 : 0;
		ring_get(r, port, -1);
	}
}

static void *be_domain(void *arg)
{
	struct ring *r = arg;
	unsigned int port = FIRST_PORT + (r - rings);
	sigset_t all;
	int fd;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	while ((fd = accept(r->socket, NULL, NULL)) >= 0) {
		serve(r, port, fd);
		close(fd);
		forget(r, port);
	}
	return NULL;
}

static int listen_as(unsigned int domid)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path),
			     "%s/domain-%u", getenv("XENSTORED_RUNDIR"),
			     domid) >= sizeof(address.sun_path) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(fd, 5))
		abort();
	return fd;
}

void *xengnttab_map_grant_ref(xengnttab_handle *xgt, uint32_t domid,
			      uint32_t ref, int prot)
{
	struct ring *r = &rings[domid];
	pthread_t thread;

	(void)xgt;
	(void)ref;
	if (domid >= MAX_DOMID || r->page) {
		errno = EINVAL;
		return NULL;
	}
	r->page = mmap(NULL, PAGE_BYTES, prot, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	r->event = eventfd(0, EFD_CLOEXEC);
	r->socket = listen_as(domid);
	if (r->page == MAP_FAILED || pthread_create(&thread, NULL, be_domain, r))
		abort();
	pthread_detach(thread);
	return r->page;
}

/* Its thread may still look at it: a page is kept, and no number is used again. */
int xengnttab_unmap(xengnttab_handle *xgt, void *start, uint32_t count)
{
	(void)xgt;
	(void)start;
	(void)count;
	return 0;
}

/* dom0's own ring, which nobody uses, and its port. */
int open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;
	int fd;

	va_start(args, flags);
	if (flags & O_CREAT)
		mode = va_arg(args, mode_t);
	va_end(args);
	if (strcmp(path, "/proc/xen/xsd_port") && strcmp(path, "/proc/xen/xsd_kva"))
		return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	fd = memfd_create("xenbus", MFD_CLOEXEC);
	if (strstr(path, "port"))
		return write(fd, "2\n", 2) == 2 && !lseek(fd, 0, SEEK_SET) ? fd : -1;
	return ftruncate(fd, PAGE_BYTES) ? -1 : fd;
}
