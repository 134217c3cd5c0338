/* Types and shapes: see types.h. Shapes are registered in the shared segment, under its lock,
 * because all processes of a recording share their numbers. */
#include "workloads/cpython/types.h"

#include <stdio.h>
#include <string.h>

#include "workloads/cpython/heap_map.h"

/* ---- shapes ---- */

/* FNV-1a (Fowler, Noll and Vo). */
static uint32_t types_hash_shape(const struct gcr_shape *shape)
{
    const unsigned char *bytes = (const unsigned char *)shape;
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < sizeof *shape; i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return hash;
}

/* The number of a shape like this one, made if there is none; 0: no room. Expected O(1). */
static uint32_t types_register_shape(struct gcr_segment *segment, struct gcr_shape *shape)
{
    const uint32_t mask = (uint32_t)GCR_COUNT_OF(segment->shape_index) - 1;
    shape->number = 0;
    uint32_t number, at = types_hash_shape(shape) & mask;
    segment_lock(segment);
    for (; (number = segment->shape_index[at]) != 0; at = (at + 1) & mask) {
        shape->number = number;
        if (memcmp(&segment->shapes[number], shape, sizeof *shape) == 0)
            break;
    }
    const uint32_t count = atomic_load(&segment->shape_count);
    if (number == 0 && count + 1 < GCR_SEGMENT_SHAPES) {
        number = count + 1;
        shape->number = number;
        segment->shapes[number] = *shape;
        atomic_store(&segment->shape_count, number);
        segment->shape_index[at] = number;
    }
    segment_unlock(segment);
    return number;
}

static void types_name_shape(struct gcr_shape *shape, const char *name)
{
    size_t n = 0;
    for (; name[n] != '\0' && n < GCR_SHAPE_NAME_BYTES - 1; n++)
        shape->name[n] = name[n] > ' ' && name[n] < 127 ? name[n] : '?';
    if (n == 0)
        shape->name[0] = '?';
}

/* ---- types ---- */

static void types_lay_out_fields(struct type_info *info, const PyTypeObject *type)
{
    bool heap_type = (type->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0;
    size_t basic = type->tp_basicsize > 16 ? (size_t)type->tp_basicsize - 16 : 0;
    uint32_t own_words = (uint32_t)(basic / 8);
    info->words = own_words + (info->managed ? 2 : 0);
    if (info->weak && own_words > 0)
        info->hidden_target = info->managed ? 2 : 0;
    if (info->layout == LAYOUT_FIXED) {
        if (info->managed)
            info->hidden_body = 0; /* the inline values */
        else if (!py_type_keeps_inside(type) && own_words > 0)
            info->hidden_body = (int32_t)info->words - 1;
    }
    info->resizable = info->hidden_body >= 0;
    info->slots = info->words - (info->hidden_body >= 0) - (info->hidden_target >= 0);
    if (!heap_type)
        return;
    int32_t list_word = TYPE_NO_SLOT;
    if (type->tp_weaklistoffset >= 16)
        list_word = (int32_t)(type->tp_weaklistoffset - 16) / 8 + (info->managed ? 2 : 0);
    if (list_word >= 0 && (uint32_t)list_word < info->words)
        info->type_slot = type_slot_of_word(info, list_word);
    if (info->type_slot == TYPE_NO_SLOT)
        info->type_slot = (int32_t)info->slots++;
}

static void types_classify(struct type_info *info, PyTypeObject *type)
{
    info->type = type;
    info->prefix = (uint8_t)py_prefix(type);
    info->container = (type->tp_flags & Py_TPFLAGS_HAVE_GC) != 0;
    info->managed = (type->tp_flags & Py_TPFLAGS_MANAGED_DICT) != 0;
    info->hidden_body = info->hidden_target = info->type_slot = TYPE_NO_SLOT;
    if (!info->container || type->tp_traverse == NULL) {
        info->layout = LAYOUT_LEAF;
        return;
    }
    if (type == &PyTuple_Type) {
        info->layout = LAYOUT_TUPLE;
        info->record_flags = RECORD_TUPLE;
    } else if (type == &PyList_Type) {
        info->layout = LAYOUT_LIST;
    } else if (type == &PyDict_Type) {
        info->layout = LAYOUT_DICT;
        info->record_flags = RECORD_DICT;
    } else {
        info->layout = type->tp_itemsize != 0 ? LAYOUT_VARYING : LAYOUT_FIXED;
        info->weak = py_type_is_weakref(type);
        types_lay_out_fields(info, type);
    }
}

/* Field bytes are those of CPython's object behind its 16-byte header, less the words that each
 * back end adds for itself. */
static void types_describe_shape(const struct type_info *info, const PyTypeObject *type,
                                 struct gcr_shape *shape)
{
    types_name_shape(shape, type->tp_name != NULL ? type->tp_name : "?");
    shape->flags = info->container ? GCR_SHAPE_CONTAINER : GCR_SHAPE_ACYCLIC;
    if (type->tp_finalize != NULL && info->container)
        shape->flags |= GCR_SHAPE_FINALIZER;
    if (type->tp_del != NULL)
        shape->flags |= GCR_SHAPE_LEGACY_FINALIZER;
    switch ((enum type_layout)info->layout) {
    case LAYOUT_LEAF:
        shape->item_bytes = 1;
        return;
    case LAYOUT_TUPLE:
        shape->flags |= GCR_SHAPE_TUPLE;
        shape->field_bytes = 8; /* the number of items */
        shape->item_bytes = 8;
        shape->item_slots = 1;
        return;
    case LAYOUT_LIST:
        shape->flags |= GCR_SHAPE_RESIZABLE;
        shape->field_bytes = 16; /* size and allocated */
        shape->item_bytes = 8;
        shape->item_slots = 1;
        return;
    case LAYOUT_DICT:
        shape->flags |= GCR_SHAPE_DICT | GCR_SHAPE_RESIZABLE;
        shape->field_bytes = 24; /* used, version, values */
        shape->item_bytes = 24;  /* key, value, hash */
        shape->item_slots = 2;
        return;
    case LAYOUT_FIXED:
    case LAYOUT_VARYING:
        break;
    }
    shape->slots = info->slots;
    shape->field_bytes = GCR_SLOT_BYTES * info->slots;
    if (info->weak)
        shape->flags |= GCR_SHAPE_WEAK;
    if (info->resizable)
        shape->flags |= GCR_SHAPE_RESIZABLE;
    if (info->resizable || info->layout == LAYOUT_VARYING) {
        shape->item_bytes = 8;
        shape->item_slots = 1;
    }
}

bool types_init(struct types *types, struct gcr_segment *segment, struct mirror *mirror,
                const struct heap_map *map)
{
    memset(types, 0, sizeof *types);
    types->segment = segment;
    types->mirror = mirror;
    types->map = map;
    types->info = recorder_reserve((size_t)TYPE_TABLE / 2 * sizeof *types->info);
    types->table = recorder_reserve((size_t)TYPE_TABLE * sizeof *types->table);
    if (types->info == NULL || types->table == NULL)
        return false;
    struct gcr_shape raw = {.item_bytes = 1, .flags = GCR_SHAPE_ACYCLIC, .name = "(raw)"};
    mirror->raw_shape = types_register_shape(segment, &raw);
    struct gcr_shape unknown = {.item_bytes = 8,
                                .item_slots = 1,
                                .flags = GCR_SHAPE_CONTAINER | GCR_SHAPE_RESIZABLE,
                                .name = "(container)"};
    types->count = TYPE_UNKNOWN_CONTAINER;
    types->info[TYPE_UNKNOWN_CONTAINER] =
        (struct type_info){.shape = types_register_shape(segment, &unknown),
                           .layout = LAYOUT_FIXED,
                           .prefix = 16,
                           .container = true,
                           .resizable = true,
                           .hidden_body = TYPE_NO_SLOT,
                           .hidden_target = TYPE_NO_SLOT,
                           .type_slot = TYPE_NO_SLOT};
    return true;
}

static uint32_t types_hash(const void *type)
{
    return (uint32_t)(((uintptr_t)type >> 4) * 0x9e3779b97f4a7c15u >> 44) & (TYPE_TABLE - 1);
}

static struct type_front *types_front(struct types *types, const void *type)
{
    const uintptr_t word = (uintptr_t)type;
    return &types->front[(word >> 4 ^ word >> 13) & (TYPE_FRONT - 1)];
}

/* Index of a known type, or 0; *place is where it is or would go: in place of a freed type if one
 * was passed, so that a program that makes and drops classes does not fill the table. */
static uint32_t types_look_up(const struct types *types, const void *type, uint32_t *place)
{
    uint32_t at = types_hash(type);
    bool vacant = false;
    for (;; at = (at + 1) & (TYPE_TABLE - 1)) {
        uint32_t index = types->table[at];
        const bool found = index == 0 || (const void *)types->info[index].type == type;
        if (!vacant && (found || types->info[index].type == NULL)) {
            *place = at;
            vacant = true;
        }
        if (found)
            return index;
    }
}

uint32_t types_find(struct types *types, PyTypeObject *type)
{
    struct type_front *front = types_front(types, type);
    if (GCR_LIKELY(front->type == type))
        return front->index;
    uint32_t place, index = types_look_up(types, type, &place);
    if (index == 0) {
        if (types->count + 1 >= TYPE_TABLE / 2)
            return 0;
        index = ++types->count;
        struct type_info *info = &types->info[index];
        types_classify(info, type);
        struct gcr_shape shape = {0};
        types_describe_shape(info, type, &shape);
        info->shape = types_register_shape(types->segment, &shape);
        info->finalizer = (shape.flags & GCR_SHAPE_FINALIZER) != 0 && info->shape != 0;
        if (info->shape == 0) {
            info->layout = LAYOUT_LEAF;
            info->shape = types->mirror->raw_shape;
        }
        types->table[place] = index;
    }
    *front = (struct type_front){type, index};
    return index;
}

void types_forget(struct types *types, PyTypeObject *type)
{
    uint32_t place, index = types_look_up(types, type, &place);
    if (index != 0)
        types->info[index].type = NULL; /* the row stays: objects still name it by index */
    *types_front(types, type) = (struct type_front){0};
}

static uint32_t types_find_metaclass(struct types *types, PyTypeObject *type)
{
    uint32_t place;
    return type == &PyType_Type ? types_find(types, type) : types_look_up(types, type, &place);
}

uint32_t types_find_if_type(struct types *types, uint64_t word)
{
    if (word == 0 || (word & 7) != 0)
        return 0;
    const struct type_front *front = types_front(types, (const void *)(uintptr_t)word);
    if (GCR_LIKELY((uintptr_t)front->type == word))
        return front->index;
    uint32_t place, index = types_look_up(types, (const void *)(uintptr_t)word, &place);
    if (index != 0) {
        *types_front(types, (const void *)(uintptr_t)word) =
            (struct type_front){(const void *)(uintptr_t)word, index};
        return index;
    }
    PyTypeObject *type = (PyTypeObject *)(uintptr_t)word;
    if (py_is_static(type)) {
        /* Any word of the interpreter's data may be named; a type's own type is `type`. */
        if (!py_is_static((const char *)type + sizeof *type) || Py_TYPE(type) != &PyType_Type)
            return 0;
        return types_find(types, type);
    }
    uint32_t holder = heap_map_find(types->map, word - sizeof(PyGC_Head));
    if (holder == 0)
        return 0;
    const struct record *record = mirror_record(types->mirror, holder);
    if ((record->flags & RECORD_CONTAINER) == 0 || record->bytes < sizeof(PyHeapTypeObject))
        return 0;
    /* Its own type, a metaclass, is static or was seen before: classes come after their metaclass.
     */
    uint32_t metaclass = types_find_metaclass(types, Py_TYPE(type));
    if (metaclass == 0 || !py_type_is_type(types->info[metaclass].type) ||
        (type->tp_flags & Py_TPFLAGS_READY) == 0)
        return 0;
    return types_find(types, type);
}

/* ---- settling ---- */

static uint32_t types_length(const struct type_info *info, const struct record *record)
{
    uint32_t behind = record->bytes > info->prefix + 16u ? record->bytes - info->prefix - 16u : 0;
    switch ((enum type_layout)info->layout) {
    case LAYOUT_LEAF:
        return behind;
    case LAYOUT_TUPLE:
        return behind > 8 ? (behind - 8) / 8 : 0;
    case LAYOUT_VARYING: {
        uint32_t words = behind / 8, fixed = info->words - (info->managed ? 2 : 0);
        return words > fixed ? words - fixed : 0;
    }
    case LAYOUT_LIST:
    case LAYOUT_DICT:
    case LAYOUT_FIXED:
        break;
    }
    return 0;
}

void types_note_container(struct types *types, uint32_t object)
{
    struct record *record = mirror_record(types->mirror, object);
    record->flags |= RECORD_CONTAINER;
    if ((record->flags & RECORD_PENDING) == 0)
        return;
    struct ring_event *event = mirror_alloc_event(types->mirror, object);
    event->low = (uint16_t)types->info[TYPE_UNKNOWN_CONTAINER].shape;
    event->word[2] = record->length = types_length(&types->info[TYPE_UNKNOWN_CONTAINER], record);
}

void types_settle(struct types *types, uint32_t object, uint32_t type)
{
    struct record *record = mirror_record(types->mirror, object);
    if ((record->flags & RECORD_PENDING) == 0)
        return;
    const struct type_info *info = &types->info[type];
    struct ring_event *event = mirror_alloc_event(types->mirror, object);
    record->flags =
        (uint16_t)((record->flags & ~RECORD_PENDING) | RECORD_TYPED | info->record_flags);
    record->type = type;
    record->prefix = info->prefix;
    record->length = types_length(info, record);
    event->low = (uint16_t)info->shape;
    event->word[2] = record->length;
    event->flags &= (uint8_t)~RING_EVENT_PENDING;
}

void types_settle_block(struct types *types, uint32_t object)
{
    struct record *record = mirror_record(types->mirror, object);
    if ((record->flags & RECORD_PENDING) == 0)
        return;
    const uint64_t *words = (const uint64_t *)(uintptr_t)record->block;
    uint32_t type = 0;
    if ((record->flags & RECORD_CONTAINER) != 0) {
        if (record->bytes >= 32)
            type = types_find_if_type(types, words[3]);
        if (type != 0 && types->info[type].prefix != 16)
            type = 0;
        if (type == 0 && record->bytes >= 48)
            type = types_find_if_type(types, words[5]);
        if (type != 0 && types->info[type].prefix != 16 &&
            (types->info[type].prefix != 32 || (words[2] & 7) != 0 || (int64_t)words[4] < 0 ||
             (int64_t)words[4] > INT32_MAX))
            type = 0;
    } else if (record->bytes >= 16 && (int64_t)words[0] >= 0) {
        type = types_find_if_type(types, words[1]);
        if (type != 0 && types->info[type].container)
            type = 0;
    }
    if (type != 0 && (types->info[type].prefix != 0) == ((record->flags & RECORD_CONTAINER) != 0)) {
        types_settle(types, object, type);
        return;
    }
    if ((record->flags & RECORD_CONTAINER) != 0) {
        types_settle(types, object, TYPE_UNKNOWN_CONTAINER);
        return;
    }
    record->flags &= (uint16_t)~RECORD_PENDING;
    mirror_alloc_event(types->mirror, object)->flags &= (uint8_t)~RING_EVENT_PENDING;
}
