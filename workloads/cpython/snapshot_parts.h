/* What the files of the snapshot share. */
#ifndef GCR_WORKLOADS_CPYTHON_SNAPSHOT_PARTS_H
#define GCR_WORKLOADS_CPYTHON_SNAPSHOT_PARTS_H

#include "workloads/cpython/recorder.h"

/* Scans all candidates and judges their roots and those of the leaves they refer to. O(candidates
 * and their references). */
void snapshot_examine(struct recorder *recorder);

/* Objects of a list lie anywhere: those that come soon are fetched into the cache, first their
 * records, then what the records point to. */
enum { SNAPSHOT_AHEAD = 16, SNAPSHOT_SOON = 8 };

static inline void snapshot_fetch_record(const struct mirror *mirror, const struct index_list *list,
                                         uint32_t i)
{
    if (i + SNAPSHOT_AHEAD < list->count)
        GCR_PREFETCH(&mirror->records[list->item[i + SNAPSHOT_AHEAD]]);
}

/* The same for a list that is rewritten meanwhile; of objects, their GC heads. */
static inline void snapshot_fetch_member(const struct mirror *mirror, const uint32_t *item,
                                         uint32_t i, uint32_t count)
{
    if (i + SNAPSHOT_AHEAD >= count)
        return;
    GCR_PREFETCH(&mirror->records[item[i + SNAPSHOT_AHEAD]]);
    const struct record *soon = &mirror->records[item[i + SNAPSHOT_SOON]];
    GCR_PREFETCH((const void *)(uintptr_t)soon->block);
}

static inline void snapshot_fetch_ahead(const struct mirror *mirror, const struct index_list *list,
                                        uint32_t i)
{
    snapshot_fetch_record(mirror, list, i);
    if (i + SNAPSHOT_SOON >= list->count)
        return;
    const struct record *soon = &mirror->records[list->item[i + SNAPSHOT_SOON]];
    GCR_PREFETCH((const void *)(uintptr_t)(soon->block + soon->prefix));
}

#endif
