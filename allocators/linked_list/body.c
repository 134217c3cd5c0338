/* RESIZE: the body of a resizable object is a raw block, reallocated as obmalloc does it: in place
 * if the new size fits and more than 3/4 of the block stay in use, else new block, copy, free. */
#include <string.h>

#include "allocators/linked_list/gc_head.h"

/* Where things are in a body of `length` items: all slots, then all data. */
static uint64_t slots_bytes(const struct linked_list_type *type, uint64_t length)
{
    return length * type->item_slots * GCR_SLOT_BYTES;
}

static uint64_t data_bytes(const struct linked_list_type *type, uint64_t length)
{
    return length * type->item_data;
}

static bool fits_in_place(const struct linked_list *ll, const char *body, uint64_t bytes)
{
    uint64_t have = gcr_linked_list_block_bytes(ll, body);
    return bytes <= have && 4 * bytes > 3 * have;
}

/* Turns a body of `before` items into one of `after`, in one block or from one into another; what
 * is new is zero. In place, the data moves before growing slots and after shrinking ones. */
static void move_items(const struct linked_list_type *type, char *to, const char *from,
                       uint64_t before, uint64_t after)
{
    uint64_t kept = before < after ? before : after;
    if (to != from && kept != 0)
        memcpy(to, from, slots_bytes(type, kept));
    if (kept != 0)
        memmove(to + slots_bytes(type, after), from + slots_bytes(type, before),
                data_bytes(type, kept));
    if (after > before) {
        memset(to + slots_bytes(type, before), 0,
               slots_bytes(type, after) - slots_bytes(type, before));
        memset(to + slots_bytes(type, after) + data_bytes(type, before), 0,
               data_bytes(type, after) - data_bytes(type, before));
    }
}

/* Drops the items from `after` on; whoever dies waits in the queue until the length stands. */
static void drop_items(struct linked_list *ll, const struct linked_list_type *type, char *body,
                       uint64_t before, uint64_t after)
{
    gcr_ref *slot = (gcr_ref *)body + after * type->item_slots;
    gcr_ref *end = (gcr_ref *)body + before * type->item_slots;
    for (; slot < end; slot++) {
        if (*slot != NULL && --object_header(*slot)->count == 0)
            gcr_linked_list_queue_dead(ll, *slot);
    }
}

/* The block for the new length: the old one, a new one, or NULL (with *refused) if there is none.
 */
static char *new_body(struct linked_list *ll, char *body, uint64_t bytes, bool shrinks,
                      bool *refused)
{
    *refused = false;
    if (bytes == 0)
        return NULL;
    if (body != NULL && fits_in_place(ll, body, bytes))
        return body;
    char *fresh = gcr_linked_list_block_alloc(ll, bytes);
    if (fresh == NULL && shrinks)
        return body;
    if (fresh == NULL) {
        gcr_linked_list_collect(ll, 2, GCR_REASON_EMERGENCY);
        fresh = gcr_linked_list_block_alloc(ll, bytes);
    }
    *refused = fresh == NULL;
    return fresh;
}

bool gcr_linked_list_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length)
{
    struct linked_list *ll = linked_list_of(heap);
    gcr_ref object = *handle;
    const struct linked_list_type *type = object_type(ll, object);
    uint64_t before = object_length(object), after = length;
    char *body = *object_body(object);
    bool refused;
    char *fresh = new_body(ll, body, after * type->body_item_bytes, after < before, &refused);
    if (refused)
        return false;
    if (after < before)
        drop_items(ll, type, body, before, after);
    if (fresh != NULL)
        move_items(type, fresh, body, before, after);
    if (body != NULL && body != fresh)
        gcr_linked_list_block_free(ll, body);
    *object_body(object) = fresh;
    struct object_header *header = object_header(object);
    header->type = (header->type & ~OBJECT_LENGTH_MASK) | after << OBJECT_LENGTH_SHIFT;
    ll->resized_bytes += ((int64_t)after - (int64_t)before) * (int64_t)type->body_item_bytes;
    gcr_linked_list_bury_queued(ll);
    return true;
}
