/* Counting designs: rows for shapes, policy, life cycle, figures. See counting.h. */
#include "allocators/common/counting_free_lists.h"

#include <stdlib.h>

/* ---- types ---- */

/* Two objects never share a count in the side table. */
enum { COUNT_SPACING = 1 << GCR_SIDE_GRANULE_SHIFT };

static uint64_t at_least(uint64_t bytes, uint64_t minimum)
{
    return bytes < minimum ? minimum : bytes;
}

static struct gcr_counting_type describe(const struct gcr_counting *c,
                                         const struct gcr_shape *shape)
{
    struct gcr_counting_type type = {.flags = shape->flags};
    bool container = gcr_shape_is(shape, GCR_SHAPE_CONTAINER);
    bool resizable = gcr_shape_is(shape, GCR_SHAPE_RESIZABLE);
    bool weak = gcr_shape_is(shape, GCR_SHAPE_WEAK);
    bool finalizer = gcr_shape_is(shape, GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER);
    uint32_t hidden_words = (resizable ? 1u : 0u) + (weak ? 1u : 0u);
    type.slots = shape->slots;
    type.item_slots = shape->item_slots;
    type.item_bytes = resizable ? 0 : shape->item_bytes;
    type.slots_offset = (uint32_t)sizeof(struct gcr_counted) + hidden_words * GCR_SLOT_BYTES;
    uint32_t head_bytes = container ? c->head_bytes : 0;
    uint32_t large_head_bytes = container ? c->large_head_bytes : 0;
    type.ref_offset = (int16_t)((int32_t)head_bytes - (int32_t)c->absent_bytes);
    type.large_ref_offset = (int16_t)((int32_t)large_head_bytes - (int32_t)c->absent_bytes);
    type.fixed_data = gcr_shape_fixed_data(shape);
    type.item_data = gcr_shape_item_data(shape);
    type.inline_slots = resizable ? shape->slots : UINT32_MAX;
    type.base_bytes = gcr_counting_header_bytes(&type, false) + (uint64_t)shape->field_bytes;
    if (c->side_counted && (c->pools[0].options.alignment < COUNT_SPACING ||
                            head_bytes % COUNT_SPACING != 0)) /* else blocks' sizes see to it */
        type.base_bytes = at_least(type.base_bytes, head_bytes + COUNT_SPACING);
    type.field_bytes = shape->field_bytes;
    type.body_item_bytes = shape->item_bytes;
    if (!weak && !c->base.report_frees)
        type.flags |= GCR_COUNTING_INLINE;
    if (weak || finalizer || c->base.report_frees)
        type.flags |= GCR_COUNTING_TABLED;
    if (container)
        type.kind = GCR_KIND_CONTAINER;
    else if (!finalizer && (shape->slots != 0 || shape->item_slots != 0))
        type.kind = GCR_KIND_BUFFER;
    if (container && c->has_own_rules && gcr_counting_has_free_list(shape))
        type.flags |= GCR_COUNTING_LISTED;
    return type;
}

gcr_status gcr_counting_describe(struct gcr_counting *c, uint32_t head_bytes,
                                 uint32_t large_head_bytes, struct gcr_error *err)
{
    const struct gcr_host *host = c->base.host;
    c->head_bytes = head_bytes;
    c->large_head_bytes = large_head_bytes;
    c->types_memory = calloc((size_t)host->shape_count + 1, sizeof *c->types_memory);
    if (c->types_memory == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for %u shapes", host->shape_count);
    for (uint32_t i = 1; i <= host->shape_count; i++) {
        c->types_memory[i] = describe(c, &host->shapes[i]);
        c->has_buffers |= c->types_memory[i].kind == GCR_KIND_BUFFER;
    }
    c->types = c->types_memory;
    return GCR_OK;
}

/* ---- policy ---- */

static void update_trigger(struct gcr_counting *c)
{
    c->trigger_above = c->enabled && c->threshold[0] != 0 ? c->threshold[0] : UINT64_MAX;
}

/* What a recording of CPython that is not faithful leaves to be worked out. */
static bool choose_rules(const struct gcr_option_values *options,
                         const struct gcr_capabilities *capabilities)
{
    enum { AUTO, TRACE, CPYTHON };
    uint64_t choice = gcr_option_number(options, "free-lists");
    bool neutral = capabilities->faithful == 0 && capabilities->tracking == 0 &&
                   capabilities->stores == GCR_STORES_SAMPLED;
    return choice == CPYTHON || (choice == AUTO && neutral);
}

static void read_policy(struct gcr_counting *c, const struct gcr_option_values *options,
                        const struct gcr_capabilities *capabilities)
{
    static const char *const threshold[] = {"threshold0", "threshold1", "threshold2"};
    bool recorded =
        capabilities->faithful != 0 && !gcr_option_get(options, "long-lived-ratio")->is_set;
    for (int g = 0; g < GCR_COUNTING_GENERATIONS; g++) {
        const struct gcr_option_value *value = gcr_option_get(options, threshold[g]);
        c->threshold[g] = (uint32_t)value->number;
        c->threshold_set[g] = value->is_set;
        recorded = recorded && !value->is_set;
    }
    c->has_own_rules = choose_rules(options, capabilities);
    c->untracks_dicts = recorded || c->has_own_rules;
    c->tracks_at_alloc = capabilities->tracking == 0;
    c->enabled = true;
    c->empties_free_lists = gcr_option_flag(options, "empty-free-lists");
    c->freezes_at_fork = gcr_option_number(options, "freeze") == 1;
    c->untrack = (enum gcr_counting_untrack)gcr_option_number(options, "untrack");
    c->long_lived_ratio = gcr_option_ratio(options, "long-lived-ratio");
    update_trigger(c);
}

void gcr_counting_gc_control(struct gcr_heap *heap, bool enabled, const uint32_t thresholds[3])
{
    struct gcr_counting *c = gcr_counting_of(heap);
    c->enabled = enabled;
    for (int g = 0; g < GCR_COUNTING_GENERATIONS; g++) {
        if (!c->threshold_set[g])
            c->threshold[g] = thresholds[g];
    }
    update_trigger(c);
}

void gcr_counting_before_fork(struct gcr_heap *heap)
{
    if (gcr_counting_of(heap)->freezes_at_fork)
        heap->collector->freeze(heap);
}

/* ---- life cycle ---- */

void gcr_counting_init(struct gcr_counting *c, const struct gcr_collector *collector,
                       const struct gcr_counting_design *design, struct gcr_host *host,
                       const struct gcr_option_values *options)
{
    c->base = gcr_heap_begin(collector, host);
    c->design = design;
    c->side_counted = design->side_counts;
    c->absent_bytes = design->side_counts ? (uint32_t)sizeof(uint64_t) : 0;
    c->ownership = GCR_OWNERSHIP_RADIX;
    c->sabotage_countdown = GCR_SABOTAGE == GCR_SABOTAGE_EARLY_FREE ? 100 : 1;
    gcr_system_heap_init(&c->system, host->supply);
    gcr_address_map_init(&c->side, host->supply);
    read_policy(c, options, host->capabilities);
}

bool gcr_counting_arena_mapped(void *arg, void *start, size_t bytes)
{
    struct gcr_counting *c = arg;
    return !c->side_counted || gcr_side_counts_enter(&c->side_counts, start, bytes);
}

void gcr_counting_arena_unmapped(void *arg, void *start, size_t bytes)
{
    struct gcr_counting *c = arg;
    if (c->side_counted)
        gcr_side_counts_leave(&c->side_counts, start, bytes);
}

static void join_hooks(struct gcr_counting *c, struct gcr_pools *pools)
{
    if (c->side_counted)
        pools->hooks = (struct gcr_pools_hooks){
            .mapped = gcr_counting_arena_mapped, .unmapped = gcr_counting_arena_unmapped, .arg = c};
}

gcr_status gcr_counting_open_pools(struct gcr_counting *c, const struct gcr_pools_options *others,
                                   const struct gcr_pools_options *containers,
                                   struct gcr_error *err)
{
    if (c->side_counted && !gcr_side_counts_init(&c->side_counts, c->base.supply))
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "no address space for the side table of counts");
    gcr_status status = gcr_pools_init(&c->pools[0], others, c->base.supply, err);
    if (status != GCR_OK)
        return status;
    join_hooks(c, &c->pools[0]);
    c->pools_count = 1;
    c->container_pools = &c->pools[0];
    c->small_limit = others->small_limit;
    if (containers == NULL)
        return GCR_OK;
    struct gcr_pools_options apart = *containers;
    apart.owner = 1;
    apart.tree_of = &c->pools[0];
    status = gcr_pools_init(&c->pools[1], &apart, c->base.supply, err);
    if (status != GCR_OK)
        return status;
    join_hooks(c, &c->pools[1]);
    c->pools_count = 2;
    c->container_pools = &c->pools[1];
    return GCR_OK;
}

void gcr_counting_finish(struct gcr_counting *c)
{
    gcr_object_set_finish(&c->objects);
    gcr_address_map_finish(&c->side);
    gcr_system_heap_finish(&c->system);
    while (c->pools_count > 0)
        gcr_pools_finish(&c->pools[--c->pools_count]);
    gcr_side_counts_finish(&c->side_counts);
    free(c->types_memory);
}

/* ---- figures ---- */

size_t gcr_counting_figures(const struct gcr_counting *c, struct gcr_design_figure *out)
{
    const struct gcr_design_figure figures[] = {
        {"candidates examined", "objects", (double)c->candidates, GCR_DESIGN_SUM},
        {"containers untracked by collections", "objects", (double)c->untracked, GCR_DESIGN_SUM},
        {"live containers", "objects", (double)c->live_containers, GCR_DESIGN_MAX},
        {"ownership tests of free and realloc", "tests", (double)c->owner_tests, GCR_DESIGN_SUM},
        {"loads of ownership tests", "loads", (double)c->owner_loads, GCR_DESIGN_SUM},
    };
    for (size_t i = 0; i < GCR_COUNT_OF(figures); i++)
        out[i] = figures[i];
    return GCR_COUNT_OF(figures);
}
