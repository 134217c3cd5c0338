/* buffered-refcount: where slots and data of an object are. See object.h for the layout. */
#include "allocators/buffered_refcount/object.h"

#include "allocators/common/data.h"

static const struct gcr_shape *object_shape(const struct gcr_layouts *layouts, gcr_ref object)
{
    return &layouts->shapes[recycler_shape_number(layouts, object)];
}

gcr_ref *recycler_resizable_slot(const struct gcr_layouts *layouts, gcr_ref object, uint32_t slot)
{
    uint32_t fixed = object_shape(layouts, object)->slots;
    if (slot < fixed)
        return (gcr_ref *)(void *)recycler_payload(object) + slot;
    gcr_ref body = *recycler_body_word(object);
    return (gcr_ref *)(void *)recycler_payload(body) + (slot - fixed);
}

uint32_t recycler_items(const struct gcr_layouts *layouts, gcr_ref object)
{
    if ((recycler_shape_word(object) & RECYCLER_RESIZABLE) != 0)
        return recycler_body_length(*recycler_body_word(object));
    return recycler_layout(layouts, object)->item_bytes != 0 ? recycler_extent_of(object)->length
                                                             : 0;
}

char *recycler_body_data(const struct gcr_layouts *layouts, gcr_ref body)
{
    uint64_t slots =
        (uint64_t)recycler_extent_of(body)->room * recycler_layout(layouts, body)->item_slots;
    return recycler_payload(body) + slots * GCR_SLOT_BYTES;
}

uint8_t *recycler_data(const struct gcr_layouts *layouts, gcr_ref object, uint64_t offset,
                       uint64_t *bytes)
{
    const struct gcr_shape *shape = object_shape(layouts, object);
    uint32_t fixed = gcr_shape_fixed_data(shape);
    uint32_t length = recycler_items(layouts, object);
    char *payload = recycler_payload(object);

    *bytes = gcr_shape_data_bytes(shape, length) - offset;
    if ((recycler_shape_word(object) & RECYCLER_RESIZABLE) == 0)
        return (uint8_t *)payload + gcr_shape_slot_count(shape, length) * GCR_SLOT_BYTES + offset;
    gcr_ref body = *recycler_body_word(object);
    if (offset >= fixed && body != NULL)
        return (uint8_t *)recycler_body_data(layouts, body) + (offset - fixed);
    *bytes = fixed - offset; /* 0 where there are no items and nothing follows */
    return (uint8_t *)payload + (uint64_t)shape->slots * GCR_SLOT_BYTES + offset;
}

static uint8_t *object_find(const void *layouts, gcr_ref object, uint64_t offset, uint64_t *bytes)
{
    return recycler_data(layouts, object, offset, bytes);
}

void recycler_read(const struct gcr_layouts *layouts, gcr_ref object, uint32_t offset,
                   uint32_t length)
{
    gcr_data_read(object_find, layouts, object, offset, length);
}

void recycler_write(const struct gcr_layouts *layouts, gcr_ref object, uint32_t offset,
                    uint32_t length, uint8_t tag)
{
    gcr_data_write(object_find, layouts, object, offset, length, tag);
}
