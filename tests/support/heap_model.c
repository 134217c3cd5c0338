#include "tests/support/heap_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const struct gcr_shape model_shapes[MODEL_SHAPES + 1] = {
    [MODEL_PAIR] = {24, 2, 0, 0, 0, MODEL_PAIR, "pair"},
    [MODEL_ARRAY] = {0, 0, 8, 1, 0, MODEL_ARRAY, "array"},
    [MODEL_STRING] = {0, 0, 1, 0, 0, MODEL_STRING, "string"},
    [MODEL_RECORD] = {13, 1, 11, 1, 0, MODEL_RECORD, "record"},
    [MODEL_LIST] = {8, 1, 8, 1, GCR_SHAPE_RESIZABLE, MODEL_LIST, "list"},
    [MODEL_TABLE] = {4, 0, 19, 1, GCR_SHAPE_RESIZABLE, MODEL_TABLE, "table"},
    [MODEL_WEAK] = {8, 1, 0, 0, GCR_SHAPE_WEAK, MODEL_WEAK, "weak"},
    [MODEL_PINNED] = {16, 2, 8, 1, GCR_SHAPE_PINNED, MODEL_PINNED, "pinned"},
    [MODEL_FINALIZER] = {8, 1, 0, 0, GCR_SHAPE_FINALIZER, MODEL_FINALIZER, "finalizer"},
    [MODEL_EMPTY] = {0, 0, 0, 0, 0, MODEL_EMPTY, "empty"},
};

uint64_t model_seed(uint64_t fallback)
{
    const char *given = getenv("GCR_TEST_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : fallback;
    print_message("seed %llu (set GCR_TEST_SEED to change it)\n", (unsigned long long)seed);
    return seed;
}

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t model_random(struct model *model)
{
    uint64_t z = model->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint32_t model_below(struct model *model, uint64_t bound)
{
    return bound == 0 ? 0 : (uint32_t)(model_random(model) % bound);
}

static uint32_t model_slot_count(const struct model_object *object)
{
    return (uint32_t)gcr_shape_slot_count(&model_shapes[object->shape], object->length);
}

static uint32_t model_data_bytes(const struct model_object *object)
{
    return (uint32_t)gcr_shape_data_bytes(&model_shapes[object->shape], object->length);
}

/* ---- the shadow ---- */

static struct model_object *model_add(struct model *model, uint32_t number, uint32_t shape,
                                      uint32_t length)
{
    while (number >= model->capacity) {
        uint32_t capacity = model->capacity == 0 ? 1024 : model->capacity * 2;
        model->objects = realloc(model->objects, capacity * sizeof *model->objects);
        assert_non_null(model->objects);
        memset(model->objects + model->capacity, 0,
               (capacity - model->capacity) * sizeof *model->objects);
        model->capacity = capacity;
    }
    struct model_object *object = &model->objects[number];
    *object = (struct model_object){.shape = shape, .length = length};
    object->slots = calloc(model_slot_count(object) + 1, sizeof *object->slots);
    object->bytes = calloc(model_data_bytes(object) + 1, 1);
    assert_non_null(object->slots);
    assert_non_null(object->bytes);
    return object;
}

/* Keeps the items' slots behind the fixed ones, and their data behind the fixed data. */
static void model_set_length(struct model_object *object, uint32_t length)
{
    uint32_t slots = model_slot_count(object), bytes = model_data_bytes(object);
    object->length = length;
    uint32_t new_slots = model_slot_count(object), new_bytes = model_data_bytes(object);
    object->slots = realloc(object->slots, (new_slots + 1) * sizeof *object->slots);
    object->bytes = realloc(object->bytes, new_bytes + 1);
    assert_non_null(object->slots);
    assert_non_null(object->bytes);
    for (uint32_t i = slots; i < new_slots; i++)
        object->slots[i] = 0;
    for (uint32_t i = bytes; i < new_bytes; i++)
        object->bytes[i] = 0;
}

static void model_mark(struct model *model)
{
    uint32_t count = model->fixture->handle_count;
    uint32_t *stack = malloc((count + 1) * sizeof *stack);
    assert_non_null(stack);
    uint32_t depth = 0;
    for (uint32_t i = 1; i < count; i++) {
        model->objects[i].reachable = model->objects[i].prebuilt;
        if (model->objects[i].prebuilt)
            stack[depth++] = i;
    }
    for (uint32_t i = 0; i < FIXTURE_ROOTS; i++)
        if (model->roots[i] != 0 && !model->objects[model->roots[i]].reachable) {
            model->objects[model->roots[i]].reachable = true;
            stack[depth++] = model->roots[i];
        }
    while (depth > 0) {
        const struct model_object *object = &model->objects[stack[--depth]];
        for (uint32_t i = 0; i < model_slot_count(object); i++) {
            uint32_t to = object->slots[i];
            if (to != 0 && !model->objects[to].reachable) {
                model->objects[to].reachable = true;
                stack[depth++] = to;
            }
        }
    }
    free(stack);
}

/* ---- opening and closing ---- */

void model_init(struct model *model, struct fixture *fixture, uint64_t seed, uint32_t prebuilt)
{
    *model = (struct model){.fixture = fixture, .random = seed, .max_length = 40};
    for (uint32_t i = 0; i < prebuilt; i++) {
        uint32_t shape = i % 2 == 0 ? MODEL_ARRAY : MODEL_LIST;
        uint32_t number = fixture_prebuilt(fixture, shape, i % 5);
        if (number == 0) {
            model->exhausted = true;
            return;
        }
        model_add(model, number, shape, i % 5)->prebuilt = true;
    }
    model->prebuilt_count = prebuilt;
}

void model_finish(struct model *model)
{
    for (uint32_t i = 0; i < model->capacity; i++) {
        free(model->objects[i].slots);
        free(model->objects[i].bytes);
    }
    free(model->objects);
}

/* ---- random events ---- */

/* A reachable object: some steps from a root or a prebuilt object. 0: found none. */
static uint32_t model_pick(struct model *model)
{
    uint32_t at = model->roots[model_below(model, FIXTURE_ROOTS / 2)];
    if (at == 0 && model->prebuilt_count > 0)
        at = 1 + model_below(model, model->prebuilt_count);
    for (uint32_t hops = model_below(model, 12); at != 0 && hops > 0; hops--) {
        const struct model_object *object = &model->objects[at];
        uint32_t slots = model_slot_count(object);
        uint32_t next = slots == 0 ? 0 : object->slots[model_below(model, slots)];
        if (next == 0)
            break;
        at = next;
    }
    return at;
}

static void model_set_slot(struct model *model, uint32_t at, uint32_t slot, uint32_t value)
{
    fixture_store(model->fixture, at, slot, value);
    model->objects[at].slots[slot] = value;
}

/* A slot that holds null, if one of a few tries finds it. */
static bool model_free_slot(struct model *model, uint32_t at, uint32_t *slot)
{
    const struct model_object *object = &model->objects[at];
    uint32_t slots = model_slot_count(object);
    for (int tries = 0; tries < 4 && slots > 0; tries++) {
        *slot = model_below(model, slots);
        if (object->slots[*slot] == 0)
            return true;
    }
    return false;
}

static void model_alloc(struct model *model)
{
    uint32_t shape = 1 + model_below(model, MODEL_SHAPES);
    if (shape == MODEL_FINALIZER && !model->finalizers)
        shape = MODEL_PAIR;
    uint32_t length = 0;
    if (gcr_shape_has_items(&model_shapes[shape]))
        length = model_below(model, model_below(model, 4) == 0 ? model->max_length : 4);
    int root = (int)model_below(model, FIXTURE_ROOTS / 2);
    uint32_t number = fixture_alloc(model->fixture, shape, length, root);
    if (number == 0) {
        model->exhausted = true;
        return;
    }
    const struct model_object *object = model_add(model, number, shape, length);
    model->roots[root] = number;
    assert_int_equal(fixture_length(model->fixture, number), length);
    fixture_assert_zero(model->fixture, number, 0, model_data_bytes(object));
    for (int tries = 0; tries < 4; tries++) { /* hang it in somewhere, so that the graph grows */
        uint32_t at = model_pick(model), slot;
        if (at != 0 && model_free_slot(model, at, &slot)) {
            model_set_slot(model, at, slot, number);
            return;
        }
    }
}

static void model_store(struct model *model, uint32_t at)
{
    uint32_t slots = model_slot_count(&model->objects[at]);
    if (slots == 0)
        return;
    uint32_t value = model_below(model, 8) == 0 ? 0 : model_pick(model);
    model_set_slot(model, at, model_below(model, slots), value);
}

static void model_copy(struct model *model, uint32_t dst)
{
    uint32_t src = model_below(model, 2) == 0 ? dst : model_pick(model);
    if (src == 0)
        return;
    struct model_object *to = &model->objects[dst], *from = &model->objects[src];
    uint32_t most = model_slot_count(to) < model_slot_count(from) ? model_slot_count(to)
                                                                  : model_slot_count(from);
    uint32_t n = model_below(model, (uint64_t)most + 1);
    uint32_t to_slot = model_below(model, (uint64_t)model_slot_count(to) - n + 1);
    uint32_t from_slot = model_below(model, (uint64_t)model_slot_count(from) - n + 1);
    fixture_copy(model->fixture, dst, to_slot, src, from_slot, n);
    memmove(to->slots + to_slot, from->slots + from_slot, n * sizeof *to->slots);
}

static void model_write(struct model *model, uint32_t at)
{
    struct model_object *object = &model->objects[at];
    uint32_t bytes = model_data_bytes(object);
    uint32_t offset = model_below(model, bytes);
    uint32_t length = model_below(model, (uint64_t)bytes - offset + 1);
    uint8_t tag = (uint8_t)model_random(model);
    if (length == 0)
        return;
    fixture_write(model->fixture, at, offset, length, tag);
    for (uint32_t i = offset; i < offset + length; i++)
        object->bytes[i] = gcr_pattern_byte(tag, i);
    model->fixture->ops->read(model->fixture->heap, fixture_ref(model->fixture, at), offset,
                              length);
}

static void model_resize(struct model *model, uint32_t at)
{
    struct model_object *object = &model->objects[at];
    if (!gcr_shape_is(&model_shapes[object->shape], GCR_SHAPE_RESIZABLE))
        return;
    uint32_t length = model_below(model, model->max_length);
    if (!fixture_resize(model->fixture, at, length)) {
        assert_true(length > object->length);
        model->exhausted = true;
        return;
    }
    model_set_length(object, length);
}

static void model_change_root(struct model *model)
{
    uint32_t root = model_below(model, FIXTURE_ROOTS / 2);
    uint32_t value = model_below(model, 2) == 0 ? 0 : model_pick(model);
    fixture_root(model->fixture, (int)root, value);
    model->roots[root] = value;
}

static void model_load(struct model *model, uint32_t at)
{
    const struct model_object *object = &model->objects[at];
    uint32_t slots = model_slot_count(object);
    if (slots == 0)
        return;
    uint32_t slot = model_below(model, slots), root = model_below(model, FIXTURE_ROOTS / 2);
    gcr_ref *to = &model->fixture->roots[root];
    model->fixture->ops->load(model->fixture->heap, fixture_ref(model->fixture, at), slot, to,
                              false);
    assert_ptr_equal(*to, fixture_ref(model->fixture, object->slots[slot]));
    model->roots[root] = object->slots[slot];
}

static void model_weakref(struct model *model, uint32_t at)
{
    if (model->objects[at].shape != MODEL_WEAK)
        return;
    uint32_t target = model_pick(model);
    fixture_weakref(model->fixture, at, target);
    model->objects[at].weak = target;
}

static void model_touch(struct model *model, uint32_t choice, uint32_t at)
{
    if (choice < 47)
        model_store(model, at);
    else if (choice < 55)
        model_copy(model, at);
    else if (choice < 75)
        model_write(model, at);
    else if (choice < 85)
        model_resize(model, at);
    else if (choice < 92)
        model_load(model, at);
    else
        model_weakref(model, at);
}

void model_run(struct model *model, uint32_t steps)
{
    for (uint32_t i = 0; i < steps && !model->exhausted; i++) {
        uint32_t choice = model_below(model, 100);
        uint32_t at = model_pick(model);
        if (choice < 30 || at == 0)
            model_alloc(model);
        else if (choice < 35)
            model_change_root(model);
        else
            model_touch(model, choice, at);
    }
}

/* ---- judging ---- */

static void model_compare_object(const struct model *model, uint32_t number)
{
    const struct fixture *fixture = model->fixture;
    const struct model_object *object = &model->objects[number];
    gcr_ref at = fixture_ref(fixture, number);
    if (at == NULL)
        fail_msg("reachable object %u is gone", number);
    assert_int_equal(fixture->collector->shape_number(fixture->heap, at), object->shape);
    assert_int_equal(fixture->collector->length(fixture->heap, at), object->length);
    for (uint32_t i = 0; i < model_slot_count(object); i++)
        assert_ptr_equal(fixture->collector->slot(fixture->heap, at, i),
                         fixture_ref(fixture, object->slots[i]));
    uint32_t bytes = model_data_bytes(object);
    for (uint64_t offset = 0; offset < bytes;) {
        uint64_t run;
        const uint8_t *data = fixture->collector->data(fixture->heap, at, offset, &run);
        assert_true(run > 0);
        run = run < bytes - offset ? run : bytes - offset;
        assert_memory_equal(data, object->bytes + offset, run);
        offset += run;
    }
    if (object->shape == MODEL_WEAK && object->weak != 0 && model->objects[object->weak].reachable)
        assert_ptr_equal(fixture->collector->weak_target(fixture->heap, at),
                         fixture_ref(fixture, object->weak));
}

static void model_compare_weak_target(const struct model *model, uint32_t number)
{
    const struct model_object *object = &model->objects[number];
    if (object->shape == MODEL_WEAK && object->weak != 0 && !model->objects[object->weak].reachable)
        assert_null(model->fixture->collector->weak_target(model->fixture->heap,
                                                           fixture_ref(model->fixture, number)));
}

uint32_t model_compare(struct model *model, bool exact)
{
    uint32_t reachable = 0;
    model_mark(model);
    for (uint32_t i = 0; i < FIXTURE_ROOTS / 2; i++)
        assert_ptr_equal(model->fixture->roots[i], fixture_ref(model->fixture, model->roots[i]));
    for (uint32_t i = 1; i < model->fixture->handle_count; i++) {
        if (model->objects[i].reachable) {
            reachable++;
            model_compare_object(model, i);
            if (exact)
                model_compare_weak_target(model, i);
        } else if (exact && !fixture_is_dead(model->fixture, i)) {
            fail_msg("unreachable object %u was kept", i);
        }
    }
    if (exact)
        assert_int_equal(fixture_walk_count(model->fixture), reachable);
    fixture_check(model->fixture);
    return reachable;
}

void model_reap(struct model *model)
{
    model_mark(model);
    for (uint32_t i = 1; i < model->fixture->handle_count; i++)
        if (!model->objects[i].reachable && !model->objects[i].reaped) {
            model->objects[i].reaped = true;
            fixture_death(model->fixture, i);
        }
}
