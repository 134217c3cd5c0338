#include "tests/collectors/linked_list_kit.h"

const struct gcr_shape kit_shapes[SHAPES + 1] = {
    [NODE] = {8, 1, 0, 0, GCR_SHAPE_CONTAINER, NODE, "node"},
    [PAIR] = {24, 2, 0, 0, GCR_SHAPE_CONTAINER, PAIR, "pair"},
    [LIST] = {8, 0, 8, 1, GCR_SHAPE_CONTAINER | GCR_SHAPE_RESIZABLE, LIST, "list"},
    [TUPLE] = {8, 0, 8, 1, GCR_SHAPE_CONTAINER | GCR_SHAPE_TUPLE, TUPLE, "tuple"},
    [LEAF] = {24, 0, 0, 0, GCR_SHAPE_ACYCLIC, LEAF, "leaf"},
    [FINAL] = {16, 2, 0, 0, GCR_SHAPE_CONTAINER | GCR_SHAPE_FINALIZER, FINAL, "final"},
    [LEGACY] = {16, 2, 0, 0, GCR_SHAPE_CONTAINER | GCR_SHAPE_LEGACY_FINALIZER, LEGACY, "legacy"},
    [WEAK] = {8, 1, 0, 0, GCR_SHAPE_CONTAINER | GCR_SHAPE_WEAK, WEAK, "weak"},
    [BUFFER] = {16, 2, 0, 0, 0, BUFFER, "buffer"},
    [DICT] = {8, 0, 24, 2, GCR_SHAPE_CONTAINER | GCR_SHAPE_RESIZABLE | GCR_SHAPE_DICT, DICT,
              "dict"},
    [FINAL_LEAF] = {8, 1, 0, 0, GCR_SHAPE_FINALIZER, FINAL_LEAF, "final leaf"},
    [BYTES] = {0, 0, 1, 0, GCR_SHAPE_ACYCLIC, BYTES, "bytes"},
};

const char *const kit_head_settings[3][2] = {
    {"head=16", NULL}, {"head=24", NULL}, {"head=32", NULL}};

struct fixture_config kit_config(const char *const *settings)
{
    return (struct fixture_config){.collector = &gcr_collector_linked_list,
                                   .ops = &gcr_mutator_ops_linked_list,
                                   .shapes = kit_shapes,
                                   .shape_count = SHAPES,
                                   .report_frees = true,
                                   .settings = settings};
}

void kit_open(struct fixture *f, const char *const *settings)
{
    struct fixture_config config = kit_config(settings);
    fixture_open(f, &config);
}

/* A trace with TRACK events: nothing is tracked by itself. */
void kit_open_tracking(struct fixture *f, const char *const *settings, bool faithful)
{
    struct gcr_capabilities capabilities = {.tracking = 1, .faithful = faithful};
    struct fixture_config config = kit_config(settings);
    config.capabilities = &capabilities;
    fixture_open(f, &config);
}

void kit_close(struct fixture *f)
{
    fixture_check(f);
    fixture_close(f);
}

struct linked_list *kit_heap(const struct fixture *f)
{
    return linked_list_of(f->heap);
}

struct gcr_gc_head *kit_head(const struct fixture *f, uint32_t object)
{
    return linked_list_head(kit_heap(f), fixture_ref(f, object));
}

bool kit_is_tracked(const struct fixture *f, uint32_t object)
{
    return gcr_head_is_tracked(kit_head(f, object), kit_heap(f)->packed);
}

static bool is_in_list(const struct gcr_gc_head *list, const struct gcr_gc_head *head)
{
    for (const struct gcr_gc_head *h = gcr_head_next(list); h != list; h = gcr_head_next(h)) {
        if (h == head)
            return true;
    }
    return false;
}

int kit_generation(const struct fixture *f, uint32_t object)
{
    for (int g = 0; g < 3; g++) {
        if (is_in_list(&kit_heap(f)->generation[g], kit_head(f, object)))
            return g;
    }
    return is_in_list(&kit_heap(f)->permanent, kit_head(f, object)) ? 3 : -1;
}

void kit_track(struct fixture *f, uint32_t object)
{
    f->ops->track(f->heap, fixture_ref(f, object));
}

void kit_collect(struct fixture *f, uint32_t generation)
{
    f->collector->collect(f->heap, generation, GCR_REASON_EXPLICIT);
}

void kit_fill(struct fixture *f, uint32_t object, uint32_t n, uint32_t *leaf)
{
    for (uint32_t i = 0; i < n; i++) {
        leaf[i] = fixture_alloc(f, LEAF, 0, FIXTURE_ROOTS - 2);
        fixture_store(f, object, i, leaf[i]);
    }
    fixture_root(f, FIXTURE_ROOTS - 2, 0);
}
