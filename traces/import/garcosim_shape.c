/* Shapes of GarCoSim objects: one for each class, size and number of slots; see garcosim_world.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/splitmix.h"
#include "traces/import/garcosim_world.h"

enum { SHAPE_LARGE_ITEM = 1 << 16 };

/* How the format expresses `slots` slots and `data` bytes: all in the fixed part; beyond its bounds
 * with the slots, or the data, as items. False: not at all. */
static bool shape_layout(uint64_t slots, uint64_t data, struct gcr_shape *shape, uint32_t *length)
{
    uint64_t large = data / SHAPE_LARGE_ITEM;
    *length = 0;
    if (data <= GCR_SHAPE_MAX_FIELD_BYTES && slots <= GCR_SHAPE_MAX_FIELD_BYTES / GCR_SLOT_BYTES &&
        data + GCR_SLOT_BYTES * slots <= GCR_SHAPE_MAX_FIELD_BYTES) {
        shape->slots = (uint32_t)slots;
        shape->field_bytes = (uint32_t)(data + GCR_SLOT_BYTES * slots);
    } else if (data <= GCR_SHAPE_MAX_FIELD_BYTES && slots <= UINT32_MAX) {
        shape->field_bytes = (uint32_t)data;
        shape->item_slots = 1;
        shape->item_bytes = GCR_SLOT_BYTES;
        *length = (uint32_t)slots;
    } else if (slots == 0 && large <= UINT32_MAX) {
        shape->field_bytes = (uint32_t)(data % SHAPE_LARGE_ITEM);
        shape->item_bytes = SHAPE_LARGE_ITEM;
        *length = (uint32_t)large;
    } else {
        return false;
    }
    return true;
}

static void shape_name(const struct garcosim_world *world, uint64_t class_id,
                       struct gcr_shape *shape)
{
    const char *name = garcosim_class_name(world->classes, class_id);
    if (name != NULL && name[0] != '\0')
        snprintf(shape->name, sizeof shape->name, "%s", name);
    else if (class_id != 0)
        snprintf(shape->name, sizeof shape->name, "class %llu", (unsigned long long)class_id);
    else
        snprintf(shape->name, sizeof shape->name, "object");
}

static bool shape_declare(struct garcosim_world *world, struct garcosim_shape *entry, uint64_t data)
{
    struct gcr_shape shape = {.flags = entry->slots > 0 ? (uint32_t)GCR_SHAPE_CONTAINER
                                                        : (uint32_t)GCR_SHAPE_ACYCLIC};
    if (!shape_layout(entry->slots, data, &shape, &entry->length)) {
        world->status =
            gcr_fail(world->err, GCR_BAD_INPUT,
                     "an object of %llu bytes with %llu slots is beyond the trace format",
                     (unsigned long long)entry->bytes, (unsigned long long)entry->slots);
        return false;
    }
    shape_name(world, entry->class_id, &shape);
    entry->number = world->writes ? emit_shape(&world->emit, &shape) : 1;
    return !garcosim_failed(world);
}

static bool shape_reserve(struct garcosim_world *world)
{
    if (world->shape_count < world->shape_room)
        return true;
    uint32_t room = world->shape_room * 2 + 16;
    struct garcosim_shape *grown = realloc(world->shapes, room * sizeof *grown);
    if (grown == NULL) {
        world->status = gcr_fail(world->err, GCR_NO_MEMORY, "no memory for %u shapes", room);
        return false;
    }
    world->shapes = grown;
    world->shape_room = room;
    return true;
}

/* The key under which the shape is, or where it would go: hashes that collide follow each other. */
static uint64_t shape_key(const struct garcosim_world *world, const struct garcosim_shape *wanted,
                          uint32_t *found)
{
    uint64_t key = gcr_splitmix_mix(wanted->class_id + 1);
    key = gcr_splitmix_mix(key ^ wanted->bytes);
    key = gcr_splitmix_mix(key ^ wanted->slots);
    for (;; key++) {
        *found = gcr_number_map_find(&world->by_shape, key);
        const struct garcosim_shape *shape = *found != 0 ? &world->shapes[*found - 1] : NULL;
        if (shape == NULL || (shape->class_id == wanted->class_id &&
                              shape->bytes == wanted->bytes && shape->slots == wanted->slots))
            return key;
    }
}

uint32_t garcosim_shape(struct garcosim_world *world, uint64_t class_id, uint64_t bytes,
                        uint64_t slots, bool *grown)
{
    struct garcosim_shape shape = {.class_id = class_id, .bytes = bytes, .slots = slots};
    uint64_t fixed =
        slots > UINT32_MAX ? UINT64_MAX : GARCOSIM_HEADER_BYTES + slots * GCR_SLOT_BYTES;
    uint32_t found;
    uint64_t key = shape_key(world, &shape, &found);
    *grown = bytes < fixed;
    if (found != 0)
        return found - 1;
    if (!shape_reserve(world) || !shape_declare(world, &shape, bytes > fixed ? bytes - fixed : 0))
        return UINT32_MAX;
    world->shapes[world->shape_count++] = shape;
    if (!gcr_number_map_put(&world->by_shape, key, world->shape_count))
        world->status = gcr_fail(world->err, GCR_NO_MEMORY, "no memory for the table of shapes");
    return world->shape_count - 1;
}
