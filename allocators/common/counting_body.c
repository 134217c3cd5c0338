/* RESIZE: the body of a resizable object is a raw block, reallocated as obmalloc does it: in place
 * if the new size fits and more than 3/4 of the block stay in use, else new block, copy, free. */
#include "allocators/common/counting_death.h"
#include "allocators/common/raw_body.h"

/* Where the size alone says whose a block is, it must go on doing so. */
static bool changes_owner(const struct gcr_counting *c, uint64_t before, uint64_t after)
{
    return c->ownership == GCR_OWNERSHIP_SIZED &&
           (before <= c->small_limit) != (after <= c->small_limit);
}

static bool fits_in_place(struct gcr_counting *c, char *body, uint64_t before, uint64_t bytes)
{
    uint64_t have = gcr_counting_block_room(c, body, before);
    return gcr_raw_body_fits(have, bytes) && !changes_owner(c, before, bytes);
}

/* Drops the items from `after` on; whoever dies waits in the queue until the length stands. */
static void drop_items(struct gcr_counting *c, const struct gcr_counting_type *type, char *body,
                       uint64_t before, uint64_t after)
{
    gcr_ref *slot = (gcr_ref *)body + after * type->item_slots;
    gcr_ref *end = (gcr_ref *)body + before * type->item_slots;
    for (; slot < end; slot++)
        gcr_counting_drop_later(c, c->side_counted, *slot);
}

/* The block for the new length: the old one, a new one, or NULL (with *refused) if there is none.
 */
static char *new_body(struct gcr_counting *c, char *body, uint64_t before, uint64_t bytes,
                      bool *refused)
{
    *refused = false;
    if (bytes == 0)
        return NULL;
    if (body != NULL && fits_in_place(c, body, before, bytes))
        return body;
    char *fresh = gcr_counting_block_alloc(c, bytes);
    if (fresh == NULL && bytes < before && !changes_owner(c, before, bytes))
        return body;
    if (fresh == NULL) {
        c->design->collect(c, 2, GCR_REASON_EMERGENCY);
        fresh = gcr_counting_block_alloc(c, bytes);
    }
    *refused = fresh == NULL;
    return fresh;
}

bool gcr_counting_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length)
{
    struct gcr_counting *c = gcr_counting_of(heap);
    gcr_ref object = *handle;
    const struct gcr_counting_type *type = gcr_counting_type_of(c, object);
    uint64_t before = gcr_counted_length(object), after = length;
    char *body = *gcr_counted_body(object);
    bool refused;
    uint64_t bytes = before * type->body_item_bytes;
    char *fresh = new_body(c, body, bytes, after * type->body_item_bytes, &refused);
    if (refused)
        return false;
    if (after < before)
        drop_items(c, type, body, before, after);
    if (fresh != NULL)
        gcr_raw_body_move(type->item_slots, type->item_data, fresh, body, before, after);
    if (body != NULL && body != fresh)
        gcr_counting_block_free(c, body, bytes);
    GCR_STORE_AS(GCR_CAUSE_DATA, *gcr_counted_body(object), fresh);
    struct gcr_counted *header = gcr_counted(object);
    GCR_STORE_AS(GCR_CAUSE_DATA, header->type,
                 (header->type & ~GCR_COUNTED_LENGTH_MASK) | after << GCR_COUNTED_LENGTH_SHIFT);
    c->resized_bytes += ((int64_t)after - (int64_t)before) * (int64_t)type->body_item_bytes;
    c->design->bury_queued(c);
    return true;
}
