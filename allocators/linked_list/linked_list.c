/* linked-list: options, life cycle, descriptor. See linked_list.h for the parts. */
#include "allocators/linked_list/linked_list.h"

#include <stdlib.h>

#include "allocators/linked_list/gc_head.h"

extern const struct gcr_collector gcr_collector_linked_list;

static const struct gcr_option linked_list_options[] = {
    {"head", GCR_OPT_CHOICE, NULL, "16", 0, 0, "16|24|32",
     "bytes of the GC head: 16 as in CPython 3.8 to 3.11, 24 as in 3.6, 32 as in 3.7.4"},
    {"alignment", GCR_OPT_CHOICE, NULL, "auto", 0, 0, "auto|8|16",
     "alignment of blocks and spacing of size classes in bytes; auto is 8 for a head of 24, else "
     "16"},
    {"pool", GCR_OPT_BYTES, "bytes", "0", 0, 65536, NULL,
     "size of a pool, a power of two from 4K; 0 is 4K for a head of 24, else 16K"},
    {"arena", GCR_OPT_BYTES, "bytes", "0", 0, 67108864, NULL,
     "size of an arena, a power of two from 64K; 0 is 256K for a head of 24, else 1M"},
    {"small-limit", GCR_OPT_BYTES, "bytes", "512", 16, 2048, NULL,
     "largest block from the pools; larger ones come from the system heap"},
    {"threshold0", GCR_OPT_COUNT, "objects", "700", 0, 2147483647, NULL,
     "container allocations minus frees above which a collection starts; 0 never; if set, "
     "overrides the trace"},
    {"threshold1", GCR_OPT_COUNT, "collections", "10", 0, 2147483647, NULL,
     "collections of generation 0 above which generation 1 is collected; if set, overrides the "
     "trace"},
    {"threshold2", GCR_OPT_COUNT, "collections", "10", 0, 2147483647, NULL,
     "collections of generation 1 above which generation 2 is collected; if set, overrides the "
     "trace"},
    {"long-lived-ratio", GCR_OPT_RATIO, "1", "0.25", 0, 100, NULL,
     "an automatic full collection waits until this part of its last survivors has newly arrived"},
    {"untrack", GCR_OPT_CHOICE, NULL, "once", 0, 0, "once|fixpoint|off",
     "collections stop tracking tuples (and dicts, where the trace is faithful) that cannot be in "
     "a "
     "cycle: in one pass, until nothing changes, or never"},
    {"empty-free-lists", GCR_OPT_FLAG, NULL, "on", 0, 0, NULL,
     "full collections give back the blocks of recycled objects"},
    {"separate-pools", GCR_OPT_FLAG, NULL, "off", 0, 0, NULL,
     "containers live in pools of their own"},
    {0},
};

/* ---- types ---- */

static struct linked_list_type describe(const struct gcr_shape *shape, uint32_t head_bytes,
                                        bool verified)
{
    struct linked_list_type type = {.flags = shape->flags};
    bool container = gcr_shape_is(shape, GCR_SHAPE_CONTAINER);
    bool resizable = gcr_shape_is(shape, GCR_SHAPE_RESIZABLE);
    bool weak = gcr_shape_is(shape, GCR_SHAPE_WEAK);
    bool finalizer = gcr_shape_is(shape, GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER);
    uint32_t hidden_words = (resizable ? 1u : 0u) + (weak ? 1u : 0u);
    type.slots = shape->slots;
    type.item_slots = shape->item_slots;
    type.item_bytes = resizable ? 0 : shape->item_bytes;
    type.slots_offset = (uint32_t)sizeof(struct object_header) + hidden_words * GCR_SLOT_BYTES;
    type.head_bytes = container ? head_bytes : 0;
    type.header_bytes = type.head_bytes + type.slots_offset;
    type.fixed_data = gcr_shape_fixed_data(shape);
    type.item_data = gcr_shape_item_data(shape);
    type.inline_slots = resizable ? shape->slots : UINT32_MAX;
    type.base_bytes = (uint64_t)type.header_bytes + shape->field_bytes;
    type.field_bytes = shape->field_bytes;
    type.body_item_bytes = shape->item_bytes;
    if (!weak && !finalizer && !resizable && !verified)
        type.flags |= TYPE_IS_PLAIN;
    if (!container && !finalizer && (shape->slots != 0 || shape->item_slots != 0))
        type.flags |= TYPE_IS_BUFFER;
    return type;
}

static gcr_status describe_types(struct linked_list *ll, const struct gcr_host *host,
                                 struct gcr_error *err)
{
    ll->types_memory = calloc((size_t)host->shape_count + 1, sizeof *ll->types_memory);
    if (ll->types_memory == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for %u shapes", host->shape_count);
    for (uint32_t i = 1; i <= host->shape_count; i++)
        ll->types_memory[i] = describe(&host->shapes[i], ll->head_bytes, host->report_frees);
    ll->types = ll->types_memory;
    return GCR_OK;
}

/* ---- policy ---- */

static void update_trigger(struct linked_list *ll)
{
    ll->trigger_above = ll->enabled && ll->threshold[0] != 0 ? ll->threshold[0] : UINT64_MAX;
}

static void read_policy(struct linked_list *ll, const struct gcr_option_values *options,
                        const struct gcr_capabilities *capabilities)
{
    static const char *const threshold[] = {"threshold0", "threshold1", "threshold2"};
    bool recorded =
        capabilities->faithful != 0 && !gcr_option_get(options, "long-lived-ratio")->is_set;
    for (int g = 0; g < LINKED_LIST_GENERATIONS; g++) {
        const struct gcr_option_value *value = gcr_option_get(options, threshold[g]);
        ll->threshold[g] = (uint32_t)value->number;
        ll->threshold_set[g] = value->is_set;
        recorded = recorded && !value->is_set;
    }
    ll->untracks_dicts = recorded;
    ll->tracks_at_alloc = capabilities->tracking == 0;
    ll->enabled = true;
    ll->empties_free_lists = gcr_option_flag(options, "empty-free-lists");
    ll->untrack = (enum linked_list_untrack)gcr_option_number(options, "untrack");
    ll->long_lived_ratio = gcr_option_ratio(options, "long-lived-ratio");
    update_trigger(ll);
}

static void linked_list_gc_control(struct gcr_heap *heap, bool enabled,
                                   const uint32_t thresholds[3])
{
    struct linked_list *ll = linked_list_of(heap);
    ll->enabled = enabled;
    for (int g = 0; g < LINKED_LIST_GENERATIONS; g++) {
        if (!ll->threshold_set[g])
            ll->threshold[g] = thresholds[g];
    }
    update_trigger(ll);
}

/* ---- life cycle ---- */

/* The allocator's geometry goes with the version that the head's size stands for. */
static gcr_status open_pools(struct linked_list *ll, const struct gcr_option_values *options,
                             struct gcr_error *err)
{
    static const uint32_t head_of_choice[] = {16, 24, 32};
    ll->head_bytes = head_of_choice[gcr_option_number(options, "head")];
    ll->packed = ll->head_bytes == 16;
    bool old = ll->head_bytes == 24;
    uint64_t alignment = gcr_option_number(options, "alignment");
    uint64_t pool = gcr_option_number(options, "pool");
    uint64_t arena = gcr_option_number(options, "arena");
    struct gcr_pools_options geometry = {
        .alignment = alignment == 0 ? (old ? 8 : 16) : (uint32_t)alignment * 8,
        .pool_bytes = pool != 0 ? (uint32_t)pool
                      : old     ? 4096
                                : 16384,
        .arena_bytes = arena != 0 ? (uint32_t)arena
                       : old      ? 256 << 10
                                  : 1 << 20,
        .small_limit = (uint32_t)gcr_option_number(options, "small-limit"),
    };
    ll->small_limit = geometry.small_limit;
    uint32_t wanted = gcr_option_flag(options, "separate-pools") ? 2 : 1;
    for (; ll->pools_count < wanted; ll->pools_count++) {
        gcr_status status =
            gcr_pools_init(&ll->pools[ll->pools_count], &geometry, ll->base.supply, err);
        if (status != GCR_OK)
            return status;
    }
    ll->container_pools = &ll->pools[ll->pools_count - 1];
    return GCR_OK;
}

static void linked_list_destroy(struct gcr_heap *heap)
{
    struct linked_list *ll = linked_list_of(heap);
    struct gcr_supply *supply = ll->base.supply;
    gcr_object_set_finish(&ll->objects);
    gcr_address_map_finish(&ll->side);
    gcr_system_heap_finish(&ll->system);
    while (ll->pools_count > 0)
        gcr_pools_finish(&ll->pools[--ll->pools_count]);
    free(ll->types_memory);
    gcr_supply_unmap(supply, GCR_PAGES_SIDE, ll, sizeof *ll);
}

static gcr_status linked_list_create(const struct gcr_heap_config *config, struct gcr_host *host,
                                     struct gcr_heap **out, struct gcr_error *err)
{
    /* On supply pages, so that list heads are counted and have the same address in every run. */
    struct linked_list *ll =
        gcr_supply_map(host->supply, GCR_PAGES_SIDE, sizeof *ll, GCR_PAGE_BYTES);
    if (ll == NULL)
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "no room for the heap's own %zu bytes",
                        sizeof *ll);
    ll->base = gcr_heap_begin(&gcr_collector_linked_list, host);
    ll->sabotage_countdown = GCR_SABOTAGE == GCR_SABOTAGE_EARLY_FREE ? 100 : 1;
    for (int g = 0; g < LINKED_LIST_GENERATIONS; g++)
        list_init(&ll->generation[g]);
    list_init(&ll->permanent);
    gcr_system_heap_init(&ll->system, host->supply);
    gcr_address_map_init(&ll->side, host->supply);
    read_policy(ll, config->options, host->capabilities);
    gcr_status status = open_pools(ll, config->options, err);
    if (status == GCR_OK)
        status = describe_types(ll, host, err);
    if (status != GCR_OK) {
        linked_list_destroy(&ll->base);
        return status;
    }
    *out = &ll->base;
    return GCR_OK;
}

/* ---- events that are not hot ---- */

static void linked_list_collect(struct gcr_heap *heap, uint32_t generation, enum gcr_reason reason)
{
    gcr_linked_list_collect(linked_list_of(heap), generation, reason);
}

static void linked_list_freeze(struct gcr_heap *heap)
{
    struct linked_list *ll = linked_list_of(heap);
    for (int g = 0; g < LINKED_LIST_GENERATIONS; g++) {
        list_merge(&ll->generation[g], &ll->permanent);
        ll->count[g] = 0;
    }
}

static void linked_list_unfreeze(struct gcr_heap *heap)
{
    struct linked_list *ll = linked_list_of(heap);
    list_merge(&ll->permanent, &ll->generation[LINKED_LIST_GENERATIONS - 1]);
}

const struct gcr_collector gcr_collector_linked_list = {
    .name = "linked-list",
    .summary = "CPython's reference counting with generational cycle collection on linked lists",
    .source = "CPython 3.11 Modules/gcmodule.c and Objects/obmalloc.c; GC heads of 3.6 and 3.7",
    .caps = GCR_CAP_COLLECTS | GCR_CAP_GENERATIONAL | GCR_CAP_REFCOUNTING | GCR_CAP_COUNTS_ROOTS |
            GCR_CAP_COUNTS_LOADS,
    .generations = LINKED_LIST_GENERATIONS,
    .options = linked_list_options,
    .create = linked_list_create,
    .destroy = linked_list_destroy,
    .prebuilt = gcr_linked_list_prebuilt,
    .resize = gcr_linked_list_resize,
    .weakref = gcr_linked_list_weakref,
    .collect = linked_list_collect,
    .gc_control = linked_list_gc_control,
    .freeze = linked_list_freeze,
    .unfreeze = linked_list_unfreeze,
    .thread = NULL,
    .before_fork = NULL,
    .after_fork = NULL,
    .walk = gcr_linked_list_walk,
    .shape_number = gcr_linked_list_shape_number,
    .length = gcr_linked_list_length,
    .slot = gcr_linked_list_slot,
    .data = gcr_linked_list_data,
    .weak_target = gcr_linked_list_weak_target,
    .footprint = gcr_linked_list_footprint,
    .check = gcr_linked_list_check,
};
