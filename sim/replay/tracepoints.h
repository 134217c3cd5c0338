/* Static tracepoints, for perf, bpftrace and whoever else reads ELF notes of <sys/sdt.h>.
 *
 * Each is one no-operation instruction and a note in the executable that says where it is and in
 * which registers its arguments lie; nothing happens there until a tracer puts a breakpoint on it.
 * The provider is `gcreplay`; names and arguments are described in docs/measuring.md, and must stay
 * as they are: other people's scripts use them. Without the header (Debian: systemtap-sdt-dev) they
 * are left out; the configuration says so. */
#ifndef GCR_SIM_REPLAY_TRACEPOINTS_H
#define GCR_SIM_REPLAY_TRACEPOINTS_H

#include <stdint.h>

#include "allocators/collector.h"

#ifdef GCR_HAVE_SDT
#include <sys/sdt.h>
#else
#define DTRACE_PROBE2(provider, name, a, b) ((void)(a), (void)(b))
#define DTRACE_PROBE3(provider, name, a, b, c) ((void)(a), (void)(b), (void)(c))
#define DTRACE_PROBE4(provider, name, a, b, c, d) ((void)(a), (void)(b), (void)(c), (void)(d))
#endif

/* A collection begins; `bytes`: footprint. The replay clock stands still. */
static inline void gcr_trace_collection_begin(enum gcr_reason reason, uint32_t generation,
                                              uint64_t bytes)
{
    uint32_t number = (uint32_t)reason;

    DTRACE_PROBE3(gcreplay, collection__begin, number, generation, bytes);
}

/* It ends. Objects reclaimed and kept; footprint. The replay clock stands still. */
static inline void gcr_trace_collection_end(const struct gcr_collection *done, uint64_t bytes)
{
    DTRACE_PROBE4(gcreplay, collection__end, done->generation, done->freed, done->survivors, bytes);
}

/* The heap goes from one phase to another, in a collection or outside. */
static inline void gcr_trace_phase(enum gcr_gc_phase from, enum gcr_gc_phase to)
{
    uint32_t left = (uint32_t)from, entered = (uint32_t)to;

    DTRACE_PROBE2(gcreplay, phase, left, entered);
}

/* `lane` is about to fork `child`; off the replay clock, in the parent. */
static inline void gcr_trace_fork(uint32_t lane, uint32_t child)
{
    DTRACE_PROBE2(gcreplay, fork, lane, child);
}

#endif
