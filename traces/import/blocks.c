/* Blocks by address; see blocks.h. */
#include "traces/import/blocks.h"

#include <stdlib.h>

#include "base/check.h"

enum { LARGE_ITEM_BYTES = 1 << 16 };

struct gcr_capabilities blocks_capabilities(void)
{
    /* Stores are not recorded at all, so what counts them is refused; there is none weaker. */
    return (struct gcr_capabilities){.stores = GCR_STORES_SAMPLED,
                                     .reads = GCR_READS_NONE,
                                     .deaths = GCR_DEATHS_EXACT,
                                     .roots = GCR_ROOTS_SYNTHESISED};
}

void blocks_init(struct blocks *blocks, const struct emit_target *target, struct gcr_error *err)
{
    *blocks = (struct blocks){.room = 0};
    emit_init(&blocks->emit, target, true, err);
    blocks->shape = emit_shape(
        &blocks->emit,
        &(struct gcr_shape){.item_bytes = 1, .flags = GCR_SHAPE_ACYCLIC, .name = "block"});
}

static void blocks_note(const struct blocks_counts *counts, struct gcr_import_report *report)
{
    const struct gcr_import_note notes[] = {
        {"allocations", "blocks allocated", counts->allocations, false},
        {"allocated_bytes", "bytes allocated", counts->allocated_bytes, false},
        {"frees", "blocks freed", counts->frees, false},
        {"reallocations", "of these, pairs of a reallocation", counts->reallocations, false},
        {"empty", "blocks of size 0", counts->empty, false},
        {"peak_live_bytes", "bytes live at most", counts->peak_live_bytes, false},
        {"peak_live_blocks", "blocks live at most", counts->peak_live, false},
        {"live_at_end", "blocks live at the end", counts->live, false},
        {"live_bytes_at_end", "bytes live at the end", counts->live_bytes, false},
        {"unknown_frees", "frees of blocks that were never seen", counts->unknown_frees, true},
        {"reused_live_addresses",
         "blocks whose free was not seen before their address was used again", counts->reused,
         true},
    };
    for (size_t i = 0; i < GCR_COUNT_OF(notes); i++)
        gcr_import_note(report, notes[i].name, notes[i].meaning, notes[i].count, notes[i].is_loss);
}

gcr_status blocks_finish(struct blocks *blocks, struct gcr_import_report *report)
{
    if (report != NULL)
        blocks_note(&blocks->counts, report);
    gcr_number_map_finish(&blocks->by_address);
    free(blocks->bytes);
    free(blocks->large_shapes);
    blocks->bytes = NULL;
    blocks->large_shapes = NULL;
    return emit_finish(&blocks->emit);
}

static void blocks_fail_memory(struct blocks *blocks)
{
    if (!blocks_failed(blocks))
        blocks->emit.status = gcr_fail(blocks->emit.err, GCR_NO_MEMORY, "no memory for %zu blocks",
                                       (size_t)blocks->counts.live);
}

/* The object's size is kept until it ends. */
static bool blocks_keep(struct blocks *blocks, uint32_t object, uint64_t bytes)
{
    if (object >= blocks->room) {
        size_t room = (size_t)object * 2 + 64;
        uint64_t *grown = realloc(blocks->bytes, room * sizeof *grown);
        if (grown == NULL)
            return false;
        blocks->bytes = grown;
        blocks->room = room;
    }
    blocks->bytes[object] = bytes;
    return true;
}

/* A length has 32 bits. Beyond, items of 64 KiB and the rest in the fixed part: the size stays
 * exact. */
static uint32_t blocks_large_shape(struct blocks *blocks, uint64_t bytes)
{
    uint32_t rest = (uint32_t)(bytes % LARGE_ITEM_BYTES);
    if (blocks->large_shapes == NULL)
        blocks->large_shapes = calloc(LARGE_ITEM_BYTES, sizeof *blocks->large_shapes);
    if (blocks->large_shapes == NULL) {
        blocks_fail_memory(blocks);
        return 0;
    }
    uint32_t *shape = &blocks->large_shapes[rest];
    if (*shape == 0)
        *shape = emit_shape(&blocks->emit, &(struct gcr_shape){.field_bytes = rest,
                                                               .item_bytes = LARGE_ITEM_BYTES,
                                                               .flags = GCR_SHAPE_ACYCLIC,
                                                               .name = "large block"});
    return *shape;
}

uint32_t blocks_begin(struct blocks *blocks, uint64_t bytes)
{
    struct blocks_counts *counts = &blocks->counts;
    GCR_CHECK(1, bytes <= BLOCKS_MAX_BYTES);
    bool is_large = bytes > UINT32_MAX;
    uint32_t shape = is_large ? blocks_large_shape(blocks, bytes) : blocks->shape;
    uint32_t length = (uint32_t)(is_large ? bytes / LARGE_ITEM_BYTES : bytes);
    uint32_t root = gcr_root_global(emit_next_index(&blocks->emit));
    uint32_t object = emit_alloc(&blocks->emit, shape, length, root);
    if (blocks_failed(blocks))
        return 0;
    if (!blocks_keep(blocks, object, bytes)) {
        blocks_fail_memory(blocks);
        return 0;
    }
    counts->allocations++;
    counts->allocated_bytes += bytes;
    counts->empty += bytes == 0;
    counts->live++;
    counts->live_bytes += bytes;
    if (counts->live > counts->peak_live)
        counts->peak_live = counts->live;
    if (counts->live_bytes > counts->peak_live_bytes)
        counts->peak_live_bytes = counts->live_bytes;
    return object;
}

void blocks_end(struct blocks *blocks, uint32_t object)
{
    if (blocks_failed(blocks))
        return;
    emit_root(&blocks->emit, gcr_root_global(object), 0);
    emit_death(&blocks->emit, object);
    blocks->counts.frees++;
    blocks->counts.live--;
    blocks->counts.live_bytes -= blocks->bytes[object];
}

void blocks_alloc(struct blocks *blocks, uint64_t address, uint64_t bytes)
{
    uint32_t old = gcr_number_map_take(&blocks->by_address, address);
    if (old != 0) {
        blocks->counts.reused++;
        blocks_end(blocks, old);
    }
    uint32_t object = blocks_begin(blocks, bytes);
    if (object != 0 && !gcr_number_map_put(&blocks->by_address, address, object))
        blocks_fail_memory(blocks);
}

void blocks_free(struct blocks *blocks, uint64_t address)
{
    uint32_t object = gcr_number_map_take(&blocks->by_address, address);
    if (object != 0)
        blocks_end(blocks, object);
    else
        blocks->counts.unknown_frees++;
}

void blocks_realloc(struct blocks *blocks, uint64_t old, uint64_t address, uint64_t bytes)
{
    blocks->counts.reallocations++;
    blocks_free(blocks, old);
    blocks_alloc(blocks, address, bytes);
}
