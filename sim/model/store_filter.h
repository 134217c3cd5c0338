/* Which (page, cause) pairs the page tracker has been told of lately: telling it again would change
 * nothing until the process forks or the page is released. The tracker empties the filter then.
 * With the tracker closed the mask is 0, and the filter knows everything. */
#ifndef GCR_SIM_MODEL_STORE_FILTER_H
#define GCR_SIM_MODEL_STORE_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "allocators/common/access.h"
#include "base/compiler.h"

enum { STORE_FILTER_ENTRIES = 64, STORE_KEY_CAUSE_SHIFT = 44, STORE_KEY_TAG_SHIFT = 60 };

/* A pair is page ^ key. The low bits of a key keep causes of one page apart. */
#define GCR_STORE_KEY(cause, tagged)                                                               \
    ((uint64_t)(tagged) << STORE_KEY_TAG_SHIFT | (uint64_t)(cause) << STORE_KEY_CAUSE_SHIFT |      \
     (uint64_t)(cause) << 2 | (uint64_t)(tagged))

struct gcr_store_filter {
    uint64_t mask; /* all ones, or 0 */
    uint64_t pairs[STORE_FILTER_ENTRIES];
};

extern struct gcr_store_filter gcr_store_filter; /* in pages.c */

GCR_ALWAYS_INLINE bool gcr_store_filter_has(uintptr_t page, uint64_t store_key)
{
    uint64_t pair = (page ^ store_key) & gcr_store_filter.mask;
    return gcr_store_filter.pairs[pair % STORE_FILTER_ENTRIES] == pair;
}

GCR_ALWAYS_INLINE void gcr_store_filter_put(uintptr_t page, uint64_t store_key)
{
    uint64_t pair = (page ^ store_key) & gcr_store_filter.mask;
    gcr_store_filter.pairs[pair % STORE_FILTER_ENTRIES] = pair;
}

static inline enum gcr_write_cause gcr_store_key_cause(uint64_t store_key)
{
    return (enum gcr_write_cause)(store_key >> STORE_KEY_CAUSE_SHIFT & 15);
}

/* The store said its cause itself. */
static inline bool gcr_store_key_tagged(uint64_t store_key)
{
    return store_key >> STORE_KEY_TAG_SHIFT != 0;
}

#endif
