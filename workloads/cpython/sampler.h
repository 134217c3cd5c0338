/* Page sampling: what a program's reads do to pages, as far as the kernel can tell.
 *
 * Reading through a reference writes the object's reference count, and no hook sees it. But the
 * kernel knows which pages were written (page_watch.h). For each page that was written in a
 * sampling interval and that nothing recorded in it explains, the trace gets one READ of an object
 * on it, so that a design with counts in its objects writes a page as well.
 *
 * What explains a page (page_notes.h; noted by mirror.c where the events are written):
 *   - a block on it was allocated, freed or moved, or came from or went to a free list, or it is
 *     the first page of the pool of such a block, where the allocator keeps the pool's header;
 *   - a slot of an object on it was stored to, or its body begins on it and the object changed;
 *   - an object with its count on it gained or lost a reference or a root in the trace, or was
 *     tracked, untracked, resized or recycled;
 *   - a collection ran: it writes every GC head, and all that was written from its beginning to
 *     the first hook call after its end is taken for its work and forgotten.
 * The replay writes a page for each of these as well. What is not known to the recorder explains
 * nothing: a neighbour on the collector's list of an object that came or went, a store that only a
 * later snapshot finds, the interpreter's inline caches in code objects. Such a page gets its READ.
 *
 * The object is chosen among the typed, living ones with their count on the page: containers or
 * others, in proportion to their numbers, by the page's number read backwards as a binary fraction;
 * then the middle one of that kind. Replays lay objects out much as the program did, some with
 * containers in pools of their own: neighbouring pages must not choose by chance, or two of them
 * would often name objects of one page of the replay, nor always the same kind, or pages of the
 * other would stay clean. And one page must choose alike whenever it is written, or it would become
 * several. The object must be reachable in the trace, which is decided by looking for a root along
 * known references, backwards, within a bound.
 *
 * Watched are the 1 MiB regions of private anonymous memory in which blocks lie, as far as they
 * existed at the process's last fork (in the first process, if it is sampled from its start: as
 * they come). Cost: one page fault more for each page first written in an interval, one walk over
 * the page tables of what is watched at each sampling. */
#ifndef GCR_WORKLOADS_CPYTHON_SAMPLER_H
#define GCR_WORKLOADS_CPYTHON_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

#include "workloads/cpython/mirror.h"
#include "workloads/cpython/page_watch.h"

struct recorder;

struct page_range {
    uint64_t start, end;
};

struct sampler {
    bool armed;
    bool refused; /* the last look for ranges found some that cannot be watched */
    struct page_watch watch;
    struct page_notes notes;
    uint64_t next; /* sample when the lane has so many events */
    struct page_range *ranges;
    uint32_t range_count;
    uint32_t regions; /* of the heap map, when the ranges were made */
    struct gcr_page_region *found;
    char *buffer;                   /* MAPPINGS_BUFFER bytes */
    struct index_list visited, via; /* a search for a root */
};

/* Room for it all. O(1). */
bool sampler_init(struct recorder *recorder);
/* From here on, in this process: at its start, or right after a fork on either side (`child`: it is
 * the new one). What the kernel refuses is counted and told in the segment; the process is then
 * recorded without. */
void sampler_arm(struct recorder *recorder, bool child);
/* Writes the READs of the interval that ends here. Not during a collection. */
void sampler_take(struct recorder *recorder);
/* The process goes on in another lane, where events are counted anew. */
void sampler_go_on(struct recorder *recorder);
/* Forgets what was written since the last sampling: a collection's work. */
void sampler_discard(struct recorder *recorder);
/* No more in this process. */
void sampler_stop(struct recorder *recorder);

static inline bool sampler_is_due(const struct sampler *sampler, uint64_t events)
{
    return sampler->armed && events >= sampler->next;
}

#endif
