/* The recorder's own memory: anonymous mappings, never the allocators that it watches.
 * Ranges are reserved once at their largest size and touched page by page as they grow, so that
 * nothing ever moves and growing cannot fail half-way. */
#ifndef GCR_WORKLOADS_CPYTHON_MEMORY_H
#define GCR_WORKLOADS_CPYTHON_MEMORY_H

#include <stddef.h>
#include <sys/mman.h>

/* Zeroed address space of that size, or NULL. */
static inline void *recorder_reserve(size_t bytes)
{
    void *range = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return range == MAP_FAILED ? NULL : range;
}

/* The same for a large table that is visited in no order: huge pages spare it most TLB misses, and
 * after a fork most page faults. */
static inline void *recorder_reserve_table(size_t bytes)
{
    void *range = recorder_reserve(bytes);
    if (range != NULL)
        (void)madvise(range, bytes, MADV_HUGEPAGE); /* a hint */
    return range;
}

/* Small tables that come one by one as the program's heap grows lie together in a range of their
 * own, not between the program's pages: of those it is asked who wrote them. */
struct recorder_leaves {
    char *next, *end;
};

static inline void recorder_leaves_init(struct recorder_leaves *leaves, size_t bytes)
{
    leaves->next = recorder_reserve(bytes);
    leaves->end = leaves->next == NULL ? NULL : leaves->next + bytes;
}

/* Zeroed, or NULL. Beyond the range they lie anywhere. */
static inline void *recorder_leaves_take(struct recorder_leaves *leaves, size_t bytes)
{
    if ((size_t)(leaves->end - leaves->next) < bytes)
        return recorder_reserve(bytes);
    void *leaf = leaves->next;
    leaves->next += bytes;
    return leaf;
}

#endif
