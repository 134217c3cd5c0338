/* The growing half of vector.h. Commits grow by half of what is committed, at least one page, so
 * that a long list costs few system calls and a short one a single page. */
#include "allocators/common/vector.h"

#include <string.h>

enum { FIRST_RESERVATION_BYTES = 1 << 20 };

void gcr_vector_init(struct gcr_vector *vector, struct gcr_supply *supply, enum gcr_page_kind kind,
                     uint32_t element_bytes)
{
    GCR_CHECK(1, element_bytes != 0 && element_bytes <= GCR_PAGE_BYTES);
    *vector = (struct gcr_vector){.supply = supply, .kind = kind, .element_bytes = element_bytes};
}

void gcr_vector_finish(struct gcr_vector *vector)
{
    if (vector->start != NULL) {
        gcr_supply_release(vector->supply, vector->kind, vector->start, vector->committed_bytes);
        gcr_supply_unreserve(vector->supply, vector->start, vector->reserved_bytes);
    }
    gcr_vector_init(vector, vector->supply, vector->kind, vector->element_bytes);
}

/* A reservation of at least needed_bytes, with the elements moved into it. */
static bool vector_move(struct gcr_vector *vector, size_t needed_bytes)
{
    size_t reserved =
        vector->reserved_bytes != 0 ? vector->reserved_bytes : FIRST_RESERVATION_BYTES;
    while (reserved < needed_bytes)
        reserved *= 2;
    char *start = gcr_supply_reserve(vector->supply, reserved, GCR_PAGE_BYTES);
    if (start == NULL)
        return false;
    size_t kept = gcr_page_round(vector->used_bytes);
    if (!gcr_supply_commit(vector->supply, vector->kind, start, kept)) {
        gcr_supply_unreserve(vector->supply, start, reserved);
        return false;
    }
    if (vector->start != NULL) {
        memcpy(start, vector->start, vector->used_bytes);
        gcr_supply_release(vector->supply, vector->kind, vector->start, vector->committed_bytes);
        gcr_supply_unreserve(vector->supply, vector->start, vector->reserved_bytes);
    }
    vector->start = start;
    vector->committed_bytes = kept;
    vector->reserved_bytes = reserved;
    return true;
}

bool gcr_vector_reserve(struct gcr_vector *vector, size_t count)
{
    if (count > (SIZE_MAX / 4 - vector->used_bytes) / vector->element_bytes)
        return false;
    size_t needed = vector->used_bytes + count * vector->element_bytes;
    if (needed <= vector->committed_bytes)
        return true;
    if (needed > vector->reserved_bytes && !vector_move(vector, needed))
        return false;
    size_t least = gcr_page_round(needed) - vector->committed_bytes;
    size_t ample = gcr_page_round(vector->committed_bytes / 2);
    if (ample > vector->reserved_bytes - vector->committed_bytes)
        ample = vector->reserved_bytes - vector->committed_bytes;
    size_t step = ample > least && ample <= gcr_supply_headroom(vector->supply) ? ample : least;
    if (!gcr_supply_commit(vector->supply, vector->kind, vector->start + vector->committed_bytes,
                           step))
        return false;
    vector->committed_bytes += step;
    return true;
}

void gcr_vector_trim(struct gcr_vector *vector)
{
    size_t kept = gcr_page_round(vector->used_bytes);
    if (kept < vector->committed_bytes) {
        gcr_supply_release(vector->supply, vector->kind, vector->start + kept,
                           vector->committed_bytes - kept);
        vector->committed_bytes = kept;
    }
}
