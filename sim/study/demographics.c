/* One pass over a trace; see demographics.h. A lane is walked where its parent forks it, on a copy
 * of what the parent knows at that moment. */
#include "sim/study/demographics.h"

#include <stdlib.h>
#include <string.h>

#include "sim/measure/growable.h"
#include "sim/study/slot_bits.h"

enum { DEMOGRAPHICS_BATCH = 4096 };

struct demo_object {
    uint64_t birth; /* on its lane's clock */
    struct gcr_slot_bits slots;
    uint32_t shape; /* 0: not alive */
    uint32_t length, longest;
    uint32_t is_inherited; /* the process that allocated it counts it */
};
_Static_assert(sizeof(struct demo_object) == 32, "what the header promises");

/* One process. */
struct demo_lane {
    struct gcr_growable memory; /* struct demo_object by index */
    uint32_t end;               /* indexes below were in use */
    uint64_t clock;             /* bytes allocated, by its ancestors before the fork too */
};

struct demo_walk {
    struct gcr_reader *reader;
    const struct gcr_shape *shapes;
    bool *is_forked; /* by lane */
    struct gcr_demographics *out;
    struct gcr_error *err;
};

static gcr_status demo_no_memory(struct demo_walk *walk)
{
    return gcr_fail(walk->err, GCR_NO_MEMORY, "no memory to follow the objects of %s",
                    gcr_reader_path(walk->reader));
}

/* ---- counting ---- */

static unsigned bin_of(uint64_t value)
{
    return value == 0 ? 0 : 64 - GCR_CLZ64(value);
}

static void tally_add(struct gcr_tally *tally, uint64_t bytes)
{
    tally->objects++;
    tally->bytes += bytes;
}

/* The object is over, by its death or with its process. */
static void demo_count(struct demo_walk *walk, const struct demo_lane *lane,
                       const struct demo_object *object, bool has_died)
{
    struct gcr_demographics *out = walk->out;
    if (object->is_inherited)
        return;
    uint64_t bytes = gcr_shape_object_bytes(&walk->shapes[object->shape], object->longest);
    tally_add(&out->all, bytes);
    tally_add(&out->size.bin[bin_of(bytes)], bytes);
    tally_add(&out->degree.bin[bin_of(gcr_slot_bits_count(&object->slots))], bytes);
    if (has_died)
        tally_add(&out->lifetime.bin[bin_of(lane->clock - object->birth)], bytes);
    else
        tally_add(&out->alive, bytes);
}

/* ---- events ---- */

static struct demo_object *demo_find(const struct demo_lane *lane, uint32_t index)
{
    struct demo_object *objects = lane->memory.base;
    return index < lane->end && objects[index].shape != 0 ? &objects[index] : NULL;
}

static uint64_t demo_slots(const struct demo_walk *walk, const struct demo_object *object)
{
    return gcr_shape_slot_count(&walk->shapes[object->shape], object->length);
}

static void demo_end(struct demo_walk *walk, struct demo_lane *lane, uint32_t index, bool has_died)
{
    struct demo_object *object = demo_find(lane, index);
    if (object == NULL)
        return;
    demo_count(walk, lane, object, has_died);
    gcr_slot_bits_free(&object->slots);
    object->shape = 0;
}

static gcr_status demo_begin(struct demo_walk *walk, struct demo_lane *lane, uint32_t index,
                             uint32_t shape, uint32_t length)
{
    if (!gcr_growable_reserve(&lane->memory, ((size_t)index + 1) * sizeof(struct demo_object)))
        return demo_no_memory(walk);
    demo_end(walk, lane, index, true); /* there is none, unless the trace is invalid */
    if (index >= lane->end)
        lane->end = index + 1;
    lane->clock += gcr_shape_object_bytes(&walk->shapes[shape], length);
    struct demo_object *object = (struct demo_object *)lane->memory.base + index;
    *object = (struct demo_object){
        .birth = lane->clock, .shape = shape, .length = length, .longest = length};
    return GCR_OK;
}

static void demo_resize(const struct demo_walk *walk, struct demo_lane *lane, uint32_t index,
                        uint32_t length)
{
    struct demo_object *object = demo_find(lane, index);
    if (object == NULL)
        return;
    const struct gcr_shape *shape = &walk->shapes[object->shape];
    if (length > object->length)
        lane->clock += (uint64_t)(length - object->length) * shape->item_bytes;
    else
        gcr_slot_bits_cut(&object->slots, gcr_shape_slot_count(shape, length));
    object->length = length;
    if (length > object->longest)
        object->longest = length;
}

static gcr_status demo_store(struct demo_walk *walk, struct demo_lane *lane,
                             const struct gcr_event *event)
{
    struct demo_object *object = demo_find(lane, event->a);
    if (object == NULL || event->b >= demo_slots(walk, object) ||
        gcr_slot_bits_put(&object->slots, event->b, event->c != 0))
        return GCR_OK;
    return demo_no_memory(walk);
}

static gcr_status demo_copy(struct demo_walk *walk, struct demo_lane *lane,
                            const struct gcr_event *event)
{
    struct demo_object *to = demo_find(lane, event->a);
    const struct demo_object *from = demo_find(lane, event->c);
    if (to == NULL || from == NULL || (uint64_t)event->b + event->e > demo_slots(walk, to) ||
        (uint64_t)event->d + event->e > demo_slots(walk, from) ||
        gcr_slot_bits_copy(&to->slots, event->b, &from->slots, event->d, event->e))
        return GCR_OK;
    return demo_no_memory(walk);
}

static gcr_status demo_fork(struct demo_walk *walk, const struct demo_lane *parent, uint32_t lane);

static gcr_status demo_event(struct demo_walk *walk, struct demo_lane *lane,
                             const struct gcr_event *event)
{
    switch (event->op) {
    case GCR_OP_PREBUILT:
        return demo_begin(walk, lane, event->a, event->b, event->c);
    case GCR_OP_ALLOC:
        return demo_begin(walk, lane, event->a, event->b, event->d);
    case GCR_OP_STORE:
        return demo_store(walk, lane, event);
    case GCR_OP_COPY:
        return demo_copy(walk, lane, event);
    case GCR_OP_RESIZE:
        demo_resize(walk, lane, event->a, event->b);
        return GCR_OK;
    case GCR_OP_DEATH:
        demo_end(walk, lane, event->a, true);
        return GCR_OK;
    case GCR_OP_FORK:
        return demo_fork(walk, lane, event->a);
    default:
        return GCR_OK;
    }
}

/* ---- lanes ---- */

static gcr_status demo_walk_lane(struct demo_walk *walk, uint32_t number, struct demo_lane *lane)
{
    struct gcr_event *events = calloc(DEMOGRAPHICS_BATCH, sizeof *events);
    struct gcr_cursor *cursor = NULL;
    gcr_status status = events != NULL ? gcr_cursor_open(walk->reader, number, &cursor, walk->err)
                                       : demo_no_memory(walk);
    size_t n = 1;
    while (status == GCR_OK && n > 0) {
        status = gcr_cursor_read(cursor, events, DEMOGRAPHICS_BATCH, &n, walk->err);
        for (size_t i = 0; status == GCR_OK && i < n; i++)
            status = demo_event(walk, lane, &events[i]);
    }
    gcr_cursor_close(cursor);
    free(events);
    for (uint32_t i = 0; i < lane->end; i++)
        demo_end(walk, lane, i, false);
    gcr_growable_free(&lane->memory);
    return status;
}

/* What a child begins with. Without memory, slots that have found no array of their own are empty,
 * so that it can be freed like any other. */
static bool demo_inherit(const struct demo_lane *parent, struct demo_lane *child)
{
    bool is_whole = true;
    *child = (struct demo_lane){.end = parent->end, .clock = parent->clock};
    size_t bytes = parent->end * sizeof(struct demo_object);
    if (bytes == 0)
        return true;
    if (!gcr_growable_reserve(&child->memory, bytes)) {
        child->end = 0;
        return false;
    }
    struct demo_object *objects = memcpy(child->memory.base, parent->memory.base, bytes);
    for (uint32_t i = 0; i < child->end; i++) {
        objects[i].is_inherited = true;
        is_whole = gcr_slot_bits_own(&objects[i].slots) && is_whole;
    }
    return is_whole;
}

static gcr_status demo_fork(struct demo_walk *walk, const struct demo_lane *parent, uint32_t lane)
{
    if (lane >= gcr_reader_lane_count(walk->reader) || walk->is_forked[lane])
        return GCR_OK; /* lost with the file's end, or invalid: then it is counted once */
    walk->is_forked[lane] = true;
    struct demo_lane child;
    if (demo_inherit(parent, &child))
        return demo_walk_lane(walk, lane, &child);
    for (uint32_t i = 0; i < child.end; i++)
        demo_end(walk, &child, i, false);
    gcr_growable_free(&child.memory);
    return demo_no_memory(walk);
}

gcr_status gcr_demographics_read(struct gcr_reader *reader, struct gcr_demographics *out,
                                 struct gcr_error *err)
{
    struct demo_walk walk = {.reader = reader, .out = out, .err = err};
    struct demo_lane first = {0};
    uint32_t shape_count;
    *out = (struct gcr_demographics){.has_deaths = gcr_reader_capabilities(reader)->deaths !=
                                                   GCR_DEATHS_NONE};
    walk.shapes = gcr_reader_shapes(reader, &shape_count);
    walk.is_forked = calloc((size_t)gcr_reader_lane_count(reader) + 1, sizeof *walk.is_forked);
    if (walk.is_forked == NULL)
        return demo_no_memory(&walk);
    walk.is_forked[0] = true;
    gcr_status status = demo_walk_lane(&walk, 0, &first);
    free(walk.is_forked);
    return status;
}
