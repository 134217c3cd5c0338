/* The page supply: every byte that a heap under test holds comes from here, is counted by kind, and
 * is bounded by one budget. One supply a heap; a forked child's copy goes on counting its own.
 *
 * Address space is reserved first (free of charge) and then committed page by page. Reservations
 * come from a fixed region of the address space in a fixed order, so that addresses repeat from run
 * to run. Transparent huge pages are off for all of it. */
#ifndef GCR_ALLOCATORS_COMMON_SUPPLY_H
#define GCR_ALLOCATORS_COMMON_SUPPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { GCR_PAGE_BYTES = 4096 };

/* What committed pages are for. Object pages are split further (objects, headers, free space) by
 * the back end itself when it reports its footprint. */
enum gcr_page_kind {
    GCR_PAGES_OBJECTS, /* pages that hold objects, their headers, and free room for more */
    GCR_PAGES_SIDE,    /* side tables: bitmaps, radix trees, page descriptors, weak and id tables */
    GCR_PAGES_WORK,    /* buffers, mark stacks, remembered sets, transient arrays */
    GCR_PAGES_KINDS
};

/* Told of pages as they come and go. Called on the mutator's thread, with itself as the first
 * argument: an observer with a state of its own is the first member of it. */
struct gcr_supply_observer {
    void (*committed)(const struct gcr_supply_observer *self, enum gcr_page_kind kind, void *start,
                      size_t bytes);
    /* Committed pages became resident by request. */
    void (*populated)(const struct gcr_supply_observer *self, void *start, size_t bytes);
    /* They still hold what they held. */
    void (*released)(const struct gcr_supply_observer *self, enum gcr_page_kind kind, void *start,
                     size_t bytes);
    const struct gcr_supply_observer *next; /* told after it; NULL: the last */
};

struct gcr_supply {
    uint64_t committed_bytes;                /* now */
    uint64_t peak_bytes;                     /* highest ever, collections included */
    uint64_t by_kind_bytes[GCR_PAGES_KINDS]; /* now */
    uint64_t budget_bytes;                   /* 0: none */
    uint64_t refused;                        /* commits that the budget or the system refused */
    uint64_t fail_after;                     /* tests: n refuses the n-th commit or growth from now
                                                on, once; 0: never */
    uintptr_t next_address;                  /* where the next reservation is tried */
    /* Set by the harness: a commit that would take committed_bytes above this is refused, budget or
     * not (the machine's own memory, so that a runaway heap is an outcome and not an OOM kill).
     * 0: none. */
    uint64_t system_limit_bytes;
    /* Fresh pages are made resident by the commit itself, not by their first use (epsilon). */
    bool pretouch;
    const struct gcr_supply_observer *observer; /* the first of a list; NULL: none */
    /* Of committed_bytes: mapped by somebody else and only reported here (gcr_supply_adjust). */
    uint64_t foreign_bytes;
};

/* Where reservations are placed: addresses outside of it belong to somebody else. */
void gcr_supply_region(uintptr_t *first, uintptr_t *last);

void gcr_supply_init(struct gcr_supply *supply, uint64_t budget_bytes);

/* Puts an observer in front of those that there are; it must outlive the supply. */
static inline void gcr_supply_observe(struct gcr_supply *supply,
                                      struct gcr_supply_observer *observer)
{
    observer->next = supply->observer;
    supply->observer = observer;
}

/* Reserves address space: bytes rounded up to pages, aligned to align (a power of two >= page).
 * NULL if the system refuses. Nothing is counted. */
void *gcr_supply_reserve(struct gcr_supply *supply, size_t bytes, size_t align);
/* Gives a reservation back; its committed pages must have been released. */
void gcr_supply_unreserve(struct gcr_supply *supply, void *start, size_t bytes);

/* Makes pages of a reservation usable and counts them; they read as zero. False, with nothing
 * changed, if the budget or the system refuses. start and bytes are whole pages. */
bool gcr_supply_commit(struct gcr_supply *supply, enum gcr_page_kind kind, void *start,
                       size_t bytes) GCR_MUST_USE;
/* Makes committed pages resident now, in one system call where the kernel can. For its speed alone:
 * they read as before, and nothing is counted. start and bytes are whole pages. */
void gcr_supply_populate(struct gcr_supply *supply, void *start, size_t bytes);
/* Gives pages back to the system and uncounts them; the address space stays reserved, and the pages
 * read as zero when committed again. */
void gcr_supply_release(struct gcr_supply *supply, enum gcr_page_kind kind, void *start,
                        size_t bytes);

/* reserve + commit, release + unreserve. NULL if refused. */
void *gcr_supply_map(struct gcr_supply *supply, enum gcr_page_kind kind, size_t bytes,
                     size_t align);
void gcr_supply_unmap(struct gcr_supply *supply, enum gcr_page_kind kind, void *start,
                      size_t bytes);

/* Room left below the budget and below the system limit, or UINT64_MAX with neither. */
uint64_t gcr_supply_headroom(const struct gcr_supply *supply);

/* Memory that libc's, jemalloc's or mimalloc's malloc holds is theirs to map; the back end that
 * uses one reports the change of its footprint here so that budget and peak hold for it too. False
 * if the growth would exceed the budget (nothing is counted then). */
bool gcr_supply_adjust(struct gcr_supply *supply, enum gcr_page_kind kind,
                       int64_t delta_bytes) GCR_MUST_USE;

static inline size_t gcr_page_round(size_t bytes)
{
    return (bytes + GCR_PAGE_BYTES - 1) & ~(size_t)(GCR_PAGE_BYTES - 1);
}

#endif
