/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace events: extents that go to the host and come back, and those that could not be
 * emptied. In tracefs they are below events/virtflex, as are those of virtflex_migrate(2).
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM virtflex

#if !defined(VIRTFLEX_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VIRTFLEX_TRACE_H

#include <linux/tracepoint.h>
#include <linux/types.h>

DECLARE_EVENT_CLASS(virtflex_extent,
	TP_PROTO(u32 node, unsigned long pfn, unsigned long pages,
		 unsigned long moved, s64 us),
	TP_ARGS(node, pfn, pages, moved, us),
	TP_STRUCT__entry(
		__field(u32, node)
		__field(unsigned long, pfn)
		__field(unsigned long, pages)
		__field(unsigned long, moved)
		__field(s64, us)
	),
	TP_fast_assign(
		__entry->node = node;
		__entry->pfn = pfn;
		__entry->pages = pages;
		__entry->moved = moved;
		__entry->us = us;
	),
	TP_printk("node=%u pfn=0x%lx pages=%lu moved=%lu us=%lld",
		  __entry->node, __entry->pfn, __entry->pages, __entry->moved,
		  __entry->us)
);

/* Pages handed to the host: all of them, or if Xen refused none */
DEFINE_EVENT(virtflex_extent, virtflex_extent_out,
	TP_PROTO(u32 node, unsigned long pfn, unsigned long pages,
		 unsigned long moved, s64 us),
	TP_ARGS(node, pfn, pages, moved, us)
);

/* Pages asked of the host, and how many came */
DEFINE_EVENT(virtflex_extent, virtflex_extent_in,
	TP_PROTO(u32 node, unsigned long pfn, unsigned long pages,
		 unsigned long moved, s64 us),
	TP_ARGS(node, pfn, pages, moved, us)
);

/* An extent that could not be emptied, and the kernel's error */
TRACE_EVENT(virtflex_extent_busy,
	TP_PROTO(u32 node, unsigned long pfn, int error, s64 us),
	TP_ARGS(node, pfn, error, us),
	TP_STRUCT__entry(
		__field(u32, node)
		__field(unsigned long, pfn)
		__field(int, error)
		__field(s64, us)
	),
	TP_fast_assign(
		__entry->node = node;
		__entry->pfn = pfn;
		__entry->error = error;
		__entry->us = us;
	),
	TP_printk("node=%u pfn=0x%lx error=%d us=%lld", __entry->node,
		  __entry->pfn, __entry->error, __entry->us)
);

#endif /* VIRTFLEX_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
