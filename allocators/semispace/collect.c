/* semispace: its way of copying, everything as it is, for the collection of common/copy_collect.c.
 */
#include "allocators/common/cheney.h"
#include "allocators/semispace/semispace.h"

static void semispace_forward(struct gcr_copy_heap *h, gcr_ref *slots, uint64_t count)
{
    gcr_cheney_forward_slots(h, slots, count, GCR_CHENEY_PLAIN, NULL, 0);
}

static void semispace_forward_roots(struct gcr_copy_heap *h)
{
    gcr_cheney_forward_roots(h, GCR_CHENEY_PLAIN, NULL, 0);
}

static void semispace_scan(struct gcr_copy_heap *h, char *from)
{
    gcr_cheney_scan(h, from, GCR_CHENEY_PLAIN, NULL, 0);
}

const struct gcr_copy_design semispace_design = {
    .name = "semispace",
    .forward = semispace_forward,
    .forward_roots = semispace_forward_roots,
    .scan = semispace_scan,
    .share = gcr_copy_half_share,
    .older_roots = gcr_copy_forward_prebuilt,
    .sweep = gcr_copy_sweep,
    .check = semispace_check,
};
