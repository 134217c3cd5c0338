/* The pause list. Begin and end come in pairs and do not nest; the seam promises that. */
#include "sim/measure/pauses.h"

#include "base/check.h"

void gcr_pauses_begin(struct gcr_pauses *pauses, uint64_t start_ns, uint64_t event,
                      uint64_t footprint_bytes)
{
    GCR_CHECK(1, !pauses->open);
    pauses->open = true;
    pauses->open_start_ns = start_ns;
    pauses->open_event = event;
    pauses->open_before_bytes = footprint_bytes;
}

void gcr_pauses_end(struct gcr_pauses *pauses, uint64_t end_ns, uint64_t footprint_bytes,
                    const struct gcr_collection *done)
{
    struct gcr_pause *pause;

    GCR_CHECK(1, pauses->open);
    pauses->open = false;
    pauses->total_ns += end_ns - pauses->open_start_ns;
    if (!gcr_growable_reserve(&pauses->memory, (pauses->count + 1) * sizeof *pause)) {
        pauses->lost++;
        return;
    }
    pause = (struct gcr_pause *)pauses->memory.base + pauses->count++;
    *pause = (struct gcr_pause){
        .start_ns = pauses->open_start_ns,
        .length_ns = end_ns - pauses->open_start_ns,
        .event = pauses->open_event,
        .collected = done->collected,
        .freed = done->freed,
        .survivors = done->survivors,
        .reason = (uint8_t)done->reason,
        .generation = (uint8_t)done->generation,
        .full = done->full,
        .uncollectable = done->uncollectable,
        .before_bytes = pauses->open_before_bytes,
        .after_bytes = footprint_bytes,
    };
}

void gcr_pauses_set_freed(struct gcr_pauses *pauses, uint64_t freed_set)
{
    struct gcr_pause *list = pauses->memory.base;

    if (pauses->count > 0 && pauses->lost == 0)
        list[pauses->count - 1].freed_set = freed_set;
}

const struct gcr_pause *gcr_pauses_list(const struct gcr_pauses *pauses)
{
    return pauses->memory.base;
}

void gcr_pauses_reset(struct gcr_pauses *pauses)
{
    struct gcr_growable memory = pauses->memory;

    *pauses = (struct gcr_pauses){.memory = memory};
}

void gcr_pauses_free(struct gcr_pauses *pauses)
{
    gcr_growable_free(&pauses->memory);
    *pauses = (struct gcr_pauses){0};
}

void gcr_pauses_summarise(const struct gcr_pauses *pauses, struct gcr_lane_result *out)
{
    const struct gcr_pause *list = gcr_pauses_list(pauses);

    out->collector_ns = pauses->total_ns;
    for (size_t i = 0; i < pauses->count; i++) {
        uint32_t generation = list[i].generation;

        if (generation >= GCR_MAX_GENERATIONS)
            generation = GCR_MAX_GENERATIONS - 1;
        out->collections_by_generation[generation]++;
        out->collections_by_reason[list[i].reason]++;
    }
}
