/* Invariants of a copying heap, between collections. Level 2 walks the space and looks at every
 * header and reference; level 3 also proves that each reference leads to the start of an object,
 * and that free room is zero. A design with a nursery or with ageing says where it is and adds a
 * look at each object. O(heap); level 3 takes one bit per 8 bytes in use from the harness's memory.
 */
#ifndef GCR_ALLOCATORS_COMMON_COPY_CHECK_H
#define GCR_ALLOCATORS_COMMON_COPY_CHECK_H

#include "allocators/common/copy_heap.h"

struct gcr_copy_check {
    struct gcr_copy_heap *h;
    int level;
    struct gcr_error *err;
    /* The nursery, inside the space or NULL: objects tile start .. free, nothing lies up to end. */
    char *young_start, *young_free, *young_end;
    uint64_t allowed_flags; /* of objects in the space, besides what every design may have: none */
    /* More to look at in an object (bodies too, fillers not), external and prebuilt ones as well.
     * NULL: nothing. False: gcr_copy_check_fail was called. */
    bool (*object)(struct gcr_copy_check *check, gcr_ref object);
    void *arg; /* the design's */

    uint64_t *starts; /* level 3: bit per word of to.start .. free: an object starts here */
};

/* Always false; the message names the design. */
bool gcr_copy_check_fail(struct gcr_copy_check *check, const char *what, const void *where);

/* All of it; the first fault is in err. */
bool gcr_copy_check(struct gcr_copy_check *check);

static inline bool gcr_copy_check_in(const void *address, const char *start, const char *end)
{
    return (const char *)address >= start && (const char *)address < end;
}

/* Calls `visit` with every object of the host's in the heap, wherever it is. */
void gcr_copy_walk(struct gcr_copy_heap *h, char *young_start, char *young_free, char *young_end,
                   gcr_walk_visitor *visit, void *arg);

#endif
