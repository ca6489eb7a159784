/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace events: extents unplugged and plugged, and those that could not be evacuated. In
 * tracefs they are below events/virtflex, as are those of virtflex_migrate(2).
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM virtflex

#if !defined(VIRTFLEX_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VIRTFLEX_TRACE_H

#include <linux/tracepoint.h>
#include <linux/types.h>

DECLARE_EVENT_CLASS(virtflex_extent,
	TP_PROTO(u32 node, unsigned long pfn, unsigned long pages,
		 unsigned long done, s64 us),
	TP_ARGS(node, pfn, pages, done, us),
	TP_STRUCT__entry(
		__field(u32, node)
		__field(unsigned long, pfn)
		__field(unsigned long, pages)
		__field(unsigned long, done)
		__field(s64, us)
	),
	TP_fast_assign(
		__entry->node = node;
		__entry->pfn = pfn;
		__entry->pages = pages;
		__entry->done = done;
		__entry->us = us;
	),
	TP_printk("node=%u pfn=0x%lx pages=%lu done=%lu us=%lld",
		  __entry->node, __entry->pfn, __entry->pages, __entry->done,
		  __entry->us)
);

/* Pages handed to Xen, and how many it took: all or none */
DEFINE_EVENT(virtflex_extent, virtflex_extent_unplug,
	TP_PROTO(u32 node, unsigned long pfn, unsigned long pages,
		 unsigned long done, s64 us),
	TP_ARGS(node, pfn, pages, done, us)
);

/* Pages asked of Xen, and how many came */
DEFINE_EVENT(virtflex_extent, virtflex_extent_plug,
	TP_PROTO(u32 node, unsigned long pfn, unsigned long pages,
		 unsigned long done, s64 us),
	TP_ARGS(node, pfn, pages, done, us)
);

/* An extent that could not be evacuated, and why */
TRACE_EVENT(virtflex_evacuate_fail,
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
