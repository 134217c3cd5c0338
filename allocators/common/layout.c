#include "allocators/common/layout.h"

#include "allocators/common/data.h"

/* Rows: [n] shape n, [count + n] its body, then the two fillers. */
static uint32_t layout_filler_id(const struct gcr_layouts *layouts)
{
    return 2 * layouts->shape_count + 1;
}

static uint32_t layout_word_filler_id(const struct gcr_layouts *layouts)
{
    return 2 * layouts->shape_count + 2;
}

static uint64_t layout_hidden_words(uint32_t payload)
{
    return (uint64_t)((payload - GCR_HEADER_BYTES) / GCR_WORD_BYTES) << GCR_HEADER_PAYLOAD_SHIFT;
}

static uint8_t layout_few_words(bool items_inside, uint32_t fixed_bytes)
{
    bool few = !items_inside && fixed_bytes <= GCR_LAYOUT_FEW_WORDS * GCR_WORD_BYTES;
    return few ? (uint8_t)(fixed_bytes / GCR_WORD_BYTES) : 0;
}

static struct gcr_layout layout_of_shape(const struct gcr_shape *shape, uint32_t min_bytes)
{
    bool items = gcr_shape_has_items(shape);
    bool resizable = items && gcr_shape_is(shape, GCR_SHAPE_RESIZABLE);
    bool inside = items && !resizable;
    uint32_t payload = GCR_HEADER_BYTES;
    if (gcr_shape_is(shape, GCR_SHAPE_WEAK))
        payload += GCR_WORD_BYTES;
    if (items)
        payload += GCR_WORD_BYTES;
    uint32_t fixed = payload + shape->field_bytes;
    if (!inside) {
        fixed = (uint32_t)gcr_word_round(fixed);
        if (fixed < min_bytes)
            fixed = min_bytes;
    }
    return (struct gcr_layout){
        .header =
            shape->number | layout_hidden_words(payload) | (resizable ? GCR_HEADER_RESIZABLE : 0),
        .fixed_bytes = fixed,
        .item_bytes = inside ? shape->item_bytes : 0,
        .slot_start = (uint8_t)(resizable ? payload - GCR_WORD_BYTES : payload),
        .field_bytes = shape->field_bytes,
        .slot_count = shape->slots + (resizable ? 1 : 0),
        .item_slots = inside ? shape->item_slots : 0,
        .payload = (uint8_t)payload,
        .few_words = layout_few_words(inside, fixed),
    };
}

/* Bodies and the filler with a length: a length word and items. */
static struct gcr_layout layout_of_body(uint32_t id, uint32_t item_bytes, uint32_t item_slots)
{
    return (struct gcr_layout){
        .header = id | layout_hidden_words(GCR_BODY_PREFIX_BYTES) | GCR_HEADER_INTERNAL,
        .fixed_bytes = GCR_BODY_PREFIX_BYTES,
        .item_bytes = item_bytes,
        .slot_start = GCR_BODY_PREFIX_BYTES,
        .item_slots = item_slots,
        .payload = GCR_BODY_PREFIX_BYTES,
    };
}

static gcr_status layouts_init(struct gcr_layouts *layouts, struct gcr_supply *supply,
                               const struct gcr_shape *shapes, uint32_t shape_count,
                               uint32_t min_bytes, struct gcr_error *err)
{
    size_t rows = 2 * (size_t)shape_count + 3;
    layouts->bytes = gcr_page_round(rows * sizeof *layouts->row);
    layouts->row = gcr_supply_map(supply, GCR_PAGES_SIDE, layouts->bytes, GCR_PAGE_BYTES);
    if (layouts->row == NULL)
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "no room for the table of %u shapes (%zu bytes)",
                        shape_count, layouts->bytes);
    layouts->shapes = shapes;
    layouts->shape_count = shape_count;
    for (uint32_t n = 1; n <= shape_count; n++) {
        const struct gcr_shape *shape = &shapes[n];
        layouts->row[n] = layout_of_shape(shape, min_bytes);
        layouts->row[shape_count + n] =
            layout_of_body(shape_count + n, shape->item_bytes, shape->item_slots);
    }
    uint32_t filler = layout_filler_id(layouts), word = layout_word_filler_id(layouts);
    layouts->row[filler] = layout_of_body(filler, GCR_WORD_BYTES, 0);
    layouts->row[word] = (struct gcr_layout){.header = word | GCR_HEADER_INTERNAL,
                                             .fixed_bytes = GCR_WORD_BYTES,
                                             .slot_start = GCR_HEADER_BYTES,
                                             .payload = GCR_HEADER_BYTES};
    return GCR_OK;
}

gcr_status gcr_layouts_init(struct gcr_layouts *layouts, struct gcr_supply *supply,
                            const struct gcr_shape *shapes, uint32_t shape_count,
                            struct gcr_error *err)
{
    return layouts_init(layouts, supply, shapes, shape_count, GCR_OBJECT_MIN_BYTES, err);
}

gcr_status gcr_layouts_init_packed(struct gcr_layouts *layouts, struct gcr_supply *supply,
                                   const struct gcr_shape *shapes, uint32_t shape_count,
                                   struct gcr_error *err)
{
    return layouts_init(layouts, supply, shapes, shape_count, GCR_HEADER_BYTES, err);
}

void gcr_layouts_finish(struct gcr_layouts *layouts, struct gcr_supply *supply)
{
    gcr_supply_unmap(supply, GCR_PAGES_SIDE, layouts->row, layouts->bytes);
    layouts->row = NULL;
}

static const struct gcr_shape *layout_shape_of(const struct gcr_layouts *layouts, gcr_ref object)
{
    return &layouts->shapes[gcr_layout_shape(object)];
}

/* ---- slots and data ---- */

gcr_ref *gcr_layout_resizable_slot(const struct gcr_layouts *layouts, gcr_ref object, uint32_t slot)
{
    uint64_t header = gcr_object_header(object);
    uint32_t fixed = layout_shape_of(layouts, object)->slots;
    if (slot < fixed)
        return (gcr_ref *)gcr_object_payload(object, header) + slot;
    gcr_ref body = *gcr_object_body(object, header);
    return (gcr_ref *)gcr_object_word(body, GCR_BODY_PREFIX_BYTES) + (slot - fixed);
}

/* Whether the slots lie side by side. */
static bool layout_is_run(const struct gcr_layouts *layouts, gcr_ref object, uint32_t slot,
                          uint32_t n)
{
    if (!gcr_header_is(gcr_object_header(object), GCR_HEADER_RESIZABLE))
        return true;
    uint32_t fixed = layout_shape_of(layouts, object)->slots;
    return slot >= fixed || n <= fixed - slot;
}

void gcr_layout_copy_slots(const struct gcr_layouts *layouts, gcr_ref dst, uint32_t dst_slot,
                           gcr_ref src, uint32_t src_slot, uint32_t n)
{
    if (n == 0)
        return;
    if (layout_is_run(layouts, dst, dst_slot, n) && layout_is_run(layouts, src, src_slot, n)) {
        GCR_MOVE_AS(GCR_CAUSE_DATA, gcr_layout_slot(layouts, dst, dst_slot),
                    gcr_layout_slot(layouts, src, src_slot), (size_t)n * sizeof(gcr_ref));
        return;
    }
    bool backwards = dst == src && dst_slot > src_slot;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = backwards ? n - 1 - i : i;
        GCR_STORE_AS(GCR_CAUSE_DATA, *gcr_layout_slot(layouts, dst, dst_slot + k),
                     *gcr_layout_slot(layouts, src, src_slot + k));
    }
}

uint32_t gcr_layout_items(const struct gcr_layouts *layouts, gcr_ref object)
{
    uint64_t header = gcr_object_header(object);
    if (gcr_header_is(header, GCR_HEADER_RESIZABLE))
        return (uint32_t)gcr_body_length(*gcr_object_body(object, header));
    return (uint32_t)gcr_layout_length(gcr_layout_of_header(layouts, header), object);
}

uint8_t *gcr_layout_data(const struct gcr_layouts *layouts, gcr_ref object, uint64_t offset,
                         uint64_t *bytes)
{
    const struct gcr_shape *shape = layout_shape_of(layouts, object);
    uint64_t header = gcr_object_header(object);
    uint32_t fixed = gcr_shape_fixed_data(shape);
    uint32_t length = gcr_layout_items(layouts, object);
    uint64_t all = gcr_shape_data_bytes(shape, length);
    char *payload = gcr_object_payload(object, header);
    if (!gcr_header_is(header, GCR_HEADER_RESIZABLE)) {
        *bytes = all - offset;
        return (uint8_t *)payload + gcr_shape_slot_count(shape, length) * GCR_SLOT_BYTES + offset;
    }
    if (offset < fixed) {
        *bytes = fixed - offset;
        return (uint8_t *)payload + (uint64_t)shape->slots * GCR_SLOT_BYTES + offset;
    }
    *bytes = all - offset;
    gcr_ref body = *gcr_object_body(object, header);
    if (body == NULL) /* no items, so offset == all: nothing follows */
        return (uint8_t *)payload + shape->field_bytes;
    return (uint8_t *)gcr_object_word(body, GCR_BODY_PREFIX_BYTES) +
           (uint64_t)length * shape->item_slots * GCR_SLOT_BYTES + (offset - fixed);
}

static uint8_t *layout_find(const void *layouts, gcr_ref object, uint64_t offset, uint64_t *bytes)
{
    return gcr_layout_data(layouts, object, offset, bytes);
}

void gcr_layout_read(const struct gcr_layouts *layouts, gcr_ref object, uint32_t offset,
                     uint32_t length)
{
    gcr_data_read(layout_find, layouts, object, offset, length);
}

void gcr_layout_write(const struct gcr_layouts *layouts, gcr_ref object, uint32_t offset,
                      uint32_t length, uint8_t tag)
{
    gcr_data_write(layout_find, layouts, object, offset, length, tag);
}

/* ---- bodies and fillers ---- */

/* Items' data of a body that has `length` items. */
static char *layout_body_data(const struct gcr_layout *body, gcr_ref object, uint64_t length)
{
    return (char *)object + GCR_BODY_PREFIX_BYTES + length * body->item_slots * GCR_SLOT_BYTES;
}

static uint64_t layout_item_data(const struct gcr_layout *body)
{
    return body->item_bytes - (uint64_t)body->item_slots * GCR_SLOT_BYTES;
}

void gcr_layout_copy_items(const struct gcr_layout *body, gcr_ref dst, gcr_ref src, uint64_t length)
{
    memcpy(gcr_object_word(dst, GCR_BODY_PREFIX_BYTES), gcr_object_word(src, GCR_BODY_PREFIX_BYTES),
           length * body->item_slots * GCR_SLOT_BYTES);
    memcpy(layout_body_data(body, dst, gcr_body_length(dst)),
           layout_body_data(body, src, gcr_body_length(src)), length * layout_item_data(body));
}

uint64_t gcr_layout_shrink(const struct gcr_layout *body, gcr_ref object, uint64_t length)
{
    uint64_t *length_word = gcr_layout_length_word(body, object);
    uint64_t before = gcr_layout_bytes(body, *length_word), after = gcr_layout_bytes(body, length);
    memmove(layout_body_data(body, object, length), layout_body_data(body, object, *length_word),
            length * layout_item_data(body));
    GCR_STORE_AS(GCR_CAUSE_DATA, *length_word, length);
    return before - after;
}

void gcr_layout_fill(const struct gcr_layouts *layouts, void *start, uint64_t bytes)
{
    GCR_CHECK(1, bytes % GCR_WORD_BYTES == 0);
    if (bytes == 0)
        return;
    const struct gcr_layout *filler =
        &layouts->row[bytes == GCR_WORD_BYTES ? layout_word_filler_id(layouts)
                                              : layout_filler_id(layouts)];
    uint64_t length = (bytes - filler->fixed_bytes) / GCR_WORD_BYTES;
    GCR_STORE_AS(GCR_CAUSE_METADATA, *gcr_object_word(start, 0), filler->header);
    if (filler->item_bytes != 0)
        GCR_STORE_AS(GCR_CAUSE_METADATA, *gcr_layout_length_word(filler, start), length);
}

bool gcr_layout_walk(const struct gcr_layouts *layouts, char *start, char *end,
                     gcr_walk_visitor *visit, void *arg)
{
    while (start < end) {
        gcr_ref object = (gcr_ref)(void *)start;
        uint64_t header = gcr_object_header(object);
        start += gcr_layout_object_bytes(gcr_layout_of_header(layouts, header), object);
        if (!gcr_header_is(header, GCR_HEADER_INTERNAL) && !visit(arg, object))
            return false;
    }
    return true;
}

bool gcr_layout_header_is_sane(const struct gcr_layouts *layouts, uint64_t header)
{
    uint64_t id = header & GCR_HEADER_ID_MASK;
    if (id == 0 || id > layout_word_filler_id(layouts))
        return false;
    const uint64_t flags = GCR_HEADER_FORWARDED | GCR_HEADER_EXTERNAL | GCR_HEADER_ORDERING |
                           GCR_HEADER_HASH_MASK | GCR_HEADER_UNVISITED | GCR_HEADER_NO_YOUNG |
                           GCR_HEADER_NO_HEAP | GCR_HEADER_AGE_MASK | GCR_HEADER_MARKED;
    return (header & ~flags) == layouts->row[id].header;
}
