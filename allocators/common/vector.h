/* A growable array on supply pages: mark stacks, object lists, remembered sets.
 *
 * Pages are committed as the array fills; when its reservation is full, a reservation of twice the
 * size is made and the elements are moved, so addresses of elements hold only until the next push
 * or reserve. An element never straddles two reservations. Push is O(1) amortised. */
#ifndef GCR_ALLOCATORS_COMMON_VECTOR_H
#define GCR_ALLOCATORS_COMMON_VECTOR_H

#include "allocators/common/supply.h"
#include "base/check.h"
#include "base/compiler.h"

/* Invariant: used_bytes <= committed_bytes <= reserved_bytes; used_bytes is a multiple of
 * element_bytes. start is NULL until the first push or reserve. */
struct gcr_vector {
    struct gcr_supply *supply;
    enum gcr_page_kind kind;
    uint32_t element_bytes;
    char *start;
    size_t used_bytes, committed_bytes, reserved_bytes;
};

/* Empty; takes no memory yet. supply must outlive the vector. */
void gcr_vector_init(struct gcr_vector *vector, struct gcr_supply *supply, enum gcr_page_kind kind,
                     uint32_t element_bytes);
/* Gives all pages back; the vector is empty and usable again. */
void gcr_vector_finish(struct gcr_vector *vector);

/* Makes sure that `count` more elements can be pushed without a refusal. False, with nothing
 * changed for the user, if the supply refuses. */
bool gcr_vector_reserve(struct gcr_vector *vector, size_t count) GCR_MUST_USE;

/* Gives back whole pages above the elements in use. */
void gcr_vector_trim(struct gcr_vector *vector);

static inline size_t gcr_vector_count(const struct gcr_vector *vector)
{
    return vector->used_bytes / vector->element_bytes;
}

static inline void *gcr_vector_at(const struct gcr_vector *vector, size_t index)
{
    GCR_CHECK(2, index < gcr_vector_count(vector));
    return vector->start + index * vector->element_bytes;
}

/* Room for one more element at the end, contents unspecified; NULL if the supply refuses. */
static inline void *gcr_vector_push(struct gcr_vector *vector)
{
    if (GCR_UNLIKELY(vector->committed_bytes - vector->used_bytes < vector->element_bytes) &&
        !gcr_vector_reserve(vector, 1))
        return NULL;
    void *element = vector->start + vector->used_bytes;
    vector->used_bytes += vector->element_bytes;
    return element;
}

/* Removes the last element and returns where it was (valid until the next push); NULL if empty. */
static inline void *gcr_vector_pop(struct gcr_vector *vector)
{
    if (vector->used_bytes == 0)
        return NULL;
    vector->used_bytes -= vector->element_bytes;
    return vector->start + vector->used_bytes;
}

/* Keeps the first `count` elements (count <= the present number) and all pages. */
static inline void gcr_vector_truncate(struct gcr_vector *vector, size_t count)
{
    GCR_CHECK(1, count <= gcr_vector_count(vector));
    vector->used_bytes = count * vector->element_bytes;
}

/* Vectors of one machine word: references, addresses. False if the supply refuses. */
static inline bool gcr_vector_push_word(struct gcr_vector *vector, uintptr_t word)
{
    uintptr_t *element = gcr_vector_push(vector);
    if (GCR_UNLIKELY(element == NULL))
        return false;
    *element = word;
    return true;
}

#endif
