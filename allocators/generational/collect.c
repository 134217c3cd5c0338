/* generational: its ways of copying. A minor collection copies what lies in the nursery, a full one
 * everything; every copy is old afterwards. */
#include "allocators/common/cheney.h"
#include "allocators/generational/generational.h"

static void generational_forward(struct gcr_copy_heap *h, gcr_ref *slots, uint64_t count)
{
    if (h->young_bytes != 0)
        gcr_cheney_forward_slots(h, slots, count, GCR_CHENEY_MINOR, NULL, 0);
    else
        gcr_cheney_forward_slots(h, slots, count, GCR_CHENEY_OLD, NULL, 0);
}

static void generational_forward_roots(struct gcr_copy_heap *h)
{
    if (h->young_bytes != 0)
        gcr_cheney_forward_roots(h, GCR_CHENEY_MINOR, NULL, 0);
    else
        gcr_cheney_forward_roots(h, GCR_CHENEY_OLD, NULL, 0);
}

static void generational_scan(struct gcr_copy_heap *h, char *from)
{
    if (h->young_bytes != 0)
        gcr_cheney_scan(h, from, GCR_CHENEY_MINOR, NULL, 0);
    else
        gcr_cheney_scan(h, from, GCR_CHENEY_OLD, NULL, 0);
}

/* Of the prebuilt objects, those on the list; all of them, if it is incomplete. Each once: a slot
 * that is up to date must not be forwarded again. */
static void generational_older_roots(struct gcr_copy_heap *h)
{
    if (((const struct gcr_young_heap *)h)->remembered.last_incomplete)
        gcr_copy_forward_prebuilt(h);
    else
        gcr_young_forward_last(h);
}

static uint32_t generational_generation(const struct gcr_copy_heap *h)
{
    (void)h;
    return 1;
}

const struct gcr_copy_design generational_design = {
    .name = "generational",
    .old_flags = GCR_HEADER_NO_YOUNG,
    .immortal_flags = GCR_YOUNG_LAST_FLAGS,
    .forward = generational_forward,
    .forward_roots = generational_forward_roots,
    .scan = generational_scan,
    .share = gcr_copy_half_share,
    .generation = generational_generation,
    .begin_full = gcr_young_begin_full,
    .older_roots = generational_older_roots,
    .sweep = gcr_copy_sweep,
    .end_full = gcr_young_end_full,
    .bodied = gcr_young_bodied,
    .check = generational_check,
};
