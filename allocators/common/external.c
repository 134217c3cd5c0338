#include "allocators/common/external.h"

enum { POOLS_SMALL_LIMIT = 512 };

gcr_status gcr_externals_init(struct gcr_externals *externals, struct gcr_host *host, bool ages,
                              bool pools, struct gcr_error *err)
{
    struct gcr_supply *supply = host->supply;
    *externals = (struct gcr_externals){.host = host, .ages = ages};
    gcr_vector_init(&externals->gen2, supply, GCR_PAGES_SIDE, sizeof(gcr_ref));
    gcr_vector_init(&externals->gen3, supply, GCR_PAGES_SIDE, sizeof(gcr_ref));
    gcr_vector_init(&externals->gray, supply, GCR_PAGES_WORK, sizeof(gcr_ref));
    gcr_system_heap_init(&externals->system, supply);
    if (!pools)
        return GCR_OK;
    static const struct gcr_pools_options options = {.alignment = 16,
                                                     .pool_bytes = 16 * 1024,
                                                     .arena_bytes = 256 * 1024,
                                                     .small_limit = POOLS_SMALL_LIMIT};
    externals->pools =
        gcr_supply_map(supply, GCR_PAGES_SIDE, sizeof *externals->pools, GCR_PAGE_BYTES);
    if (externals->pools == NULL)
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "no room for the pools of external objects");
    gcr_status status = gcr_pools_init(externals->pools, &options, supply, err);
    if (status != GCR_OK) {
        gcr_supply_unmap(supply, GCR_PAGES_SIDE, externals->pools, sizeof *externals->pools);
        externals->pools = NULL;
    }
    return status;
}

void gcr_externals_finish(struct gcr_externals *externals)
{
    gcr_vector_finish(&externals->gen2);
    gcr_vector_finish(&externals->gen3);
    gcr_vector_finish(&externals->gray);
    gcr_system_heap_finish(&externals->system);
    if (externals->pools == NULL)
        return;
    struct gcr_supply *supply = externals->system.supply;
    gcr_pools_finish(externals->pools);
    gcr_supply_unmap(supply, GCR_PAGES_SIDE, externals->pools, sizeof *externals->pools);
    externals->pools = NULL;
}

static size_t external_listed(const struct gcr_externals *externals)
{
    return gcr_vector_count(&externals->gen2) + gcr_vector_count(&externals->gen3);
}

/* An object may pass from generation 2 to 3, so the list of 3 has room for all. */
bool gcr_externals_reserve(struct gcr_externals *externals, size_t count)
{
    size_t all = external_listed(externals) + count;
    return gcr_vector_reserve(&externals->gen2, count) &&
           (!externals->ages ||
            gcr_vector_reserve(&externals->gen3, all - gcr_vector_count(&externals->gen3))) &&
           gcr_vector_reserve(&externals->gray, all - gcr_vector_count(&externals->gray));
}

static uint64_t external_growth(const struct gcr_vector *list, size_t all)
{
    if (all * sizeof(gcr_ref) <= list->committed_bytes)
        return 0;
    return 2 * (list->committed_bytes + GCR_PAGE_BYTES); /* held twice while it moves */
}

uint64_t gcr_externals_reserve_bytes(const struct gcr_externals *externals)
{
    size_t all = external_listed(externals) + 1;
    return external_growth(&externals->gen2, gcr_vector_count(&externals->gen2) + 1) +
           (externals->ages ? external_growth(&externals->gen3, all) : 0) +
           external_growth(&externals->gray, all);
}

gcr_ref gcr_externals_alloc(struct gcr_externals *externals, uint64_t bytes)
{
    if (externals->pools != NULL && bytes <= POOLS_SMALL_LIMIT)
        return gcr_pools_alloc(externals->pools, bytes);
    return gcr_system_heap_alloc(&externals->system, bytes);
}

void gcr_externals_free_block(struct gcr_externals *externals, gcr_ref object)
{
    if (externals->pools != NULL && gcr_pools_owns(externals->pools, object))
        gcr_pools_free(externals->pools, object);
    else
        gcr_system_heap_free(&externals->system, object);
}

size_t gcr_externals_block_bytes(const struct gcr_externals *externals, gcr_ref object)
{
    if (externals->pools != NULL && gcr_pools_owns(externals->pools, object))
        return gcr_pools_block_bytes(externals->pools, object);
    return gcr_system_heap_block_bytes(object);
}

uint64_t gcr_externals_overhead_bytes(const struct gcr_externals *externals)
{
    return gcr_system_heap_header_bytes(&externals->system) +
           (externals->pools != NULL ? gcr_pools_header_bytes(externals->pools) : 0);
}

/* What an object itself (not its body) adds up to. */
static uint64_t external_own_bytes(const struct gcr_layout *layout, gcr_ref object)
{
    return layout->field_bytes + gcr_layout_length(layout, object) * layout->item_bytes;
}

void gcr_externals_add(struct gcr_externals *externals, const struct gcr_layouts *layouts,
                       gcr_ref object, int generation)
{
    const struct gcr_layout *layout = gcr_layout_of(layouts, object);
    bool pushed = gcr_vector_push_word(generation == 2 ? &externals->gen2 : &externals->gen3,
                                       (uintptr_t)object);
    GCR_CHECK(1, pushed);
    (void)pushed;
    externals->objects += !gcr_header_is(gcr_object_header(object), GCR_HEADER_INTERNAL);
    externals->object_bytes += external_own_bytes(layout, object);
    externals->header_bytes += layout->payload;
    externals->block_bytes += gcr_externals_block_bytes(externals, object);
}

void gcr_externals_drop(struct gcr_externals *externals, const struct gcr_layouts *layouts,
                        gcr_ref object)
{
    const struct gcr_layout *layout = gcr_layout_of(layouts, object);
    bool internal = gcr_header_is(gcr_object_header(object), GCR_HEADER_INTERNAL);
    externals->objects -= !internal;
    externals->object_bytes -= external_own_bytes(layout, object);
    externals->header_bytes -= layout->payload;
    externals->block_bytes -= gcr_externals_block_bytes(externals, object);
    if (externals->host->report_frees && !internal)
        externals->host->freed(externals->host, object);
    gcr_externals_free_block(externals, object);
}

GCR_NOINLINE void gcr_externals_mark(struct gcr_externals *externals, gcr_ref object)
{
    GCR_STORE_AS(GCR_CAUSE_HEADER, *gcr_object_word(object, 0),
                 gcr_object_header(object) & ~GCR_HEADER_UNVISITED);
    bool pushed = gcr_vector_push_word(&externals->gray, (uintptr_t)object);
    GCR_CHECK(1, pushed);
    (void)pushed;
}

uint64_t gcr_externals_sweep(struct gcr_externals *externals, const struct gcr_layouts *layouts)
{
    size_t count = gcr_vector_count(&externals->gen2), kept = 0;
    uint64_t before = externals->objects;
    for (size_t i = 0; i < count; i++) {
        gcr_ref object = gcr_externals_at(&externals->gen2, i);
        uint64_t *header = gcr_object_word(object, 0);
        if (gcr_header_is(*header, GCR_HEADER_UNVISITED)) {
            gcr_externals_drop(externals, layouts, object);
            continue;
        }
        GCR_STORE_AS(GCR_CAUSE_HEADER, *header, *header | GCR_HEADER_UNVISITED);
        *(gcr_ref *)gcr_vector_at(&externals->gen2, kept++) = object;
    }
    gcr_vector_truncate(&externals->gen2, kept);
    return before - externals->objects;
}

static bool external_walk_list(const struct gcr_vector *list, gcr_walk_visitor *visit, void *arg)
{
    for (size_t i = 0; i < gcr_vector_count(list); i++) {
        gcr_ref object = gcr_externals_at(list, i);
        if (!gcr_header_is(gcr_object_header(object), GCR_HEADER_INTERNAL) && !visit(arg, object))
            return false;
    }
    return true;
}

bool gcr_externals_walk(const struct gcr_externals *externals, gcr_walk_visitor *visit, void *arg)
{
    return external_walk_list(&externals->gen2, visit, arg) &&
           external_walk_list(&externals->gen3, visit, arg);
}
