/* Results as JSON: the cache model's part. */
#include "base/compiler.h"
#include "sim/measure/result_json_parts.h"

static const struct {
    const char *name;
    size_t offset;
} model_figures[] = {
#define FIGURE(member)                                                                             \
    {                                                                                              \
#member, offsetof(struct gcr_cache_counts, member)                                         \
    }
    FIGURE(reads),
    FIGURE(writes),
    FIGURE(l1_read_misses),
    FIGURE(l1_write_misses),
    FIGURE(l2_read_misses),
    FIGURE(l2_write_misses),
    FIGURE(llc_read_misses),
    FIGURE(llc_write_misses),
    FIGURE(l1_writebacks),
    FIGURE(l2_writebacks),
    FIGURE(llc_writebacks),
    FIGURE(tlb1_misses),
    FIGURE(tlb2_misses),
    FIGURE(prefetches),
    FIGURE(memory_read_bytes),
    FIGURE(memory_write_bytes),
#undef FIGURE
};
_Static_assert(GCR_COUNT_OF(model_figures) * sizeof(uint64_t) == sizeof(struct gcr_cache_counts),
               "every count has its name");

static const char *const model_phase_name[GCR_PHASE_COUNT] = {
    [GCR_PHASE_MUTATOR] = "mutator",  [GCR_PHASE_ALLOCATION] = "allocation",
    [GCR_PHASE_BARRIER] = "barrier",  [GCR_PHASE_REFCOUNT] = "refcount",
    [GCR_PHASE_MARK] = "mark",        [GCR_PHASE_SWEEP] = "sweep",
    [GCR_PHASE_COPY] = "copy",        [GCR_PHASE_COMPACT] = "compact",
    [GCR_PHASE_FINALIZE] = "finalize"};

static uint64_t *model_figure(struct gcr_cache_counts *counts, size_t i)
{
    return (uint64_t *)(void *)((char *)counts + model_figures[i].offset);
}

void gcr_model_counts_add(struct gcr_model_counts *sum, const struct gcr_model_counts *part)
{
    for (size_t p = 0; p < GCR_PHASE_COUNT; p++)
        gcr_cache_counts_add(&sum->phase[p], &part->phase[p]);
}

static json_t *model_counts(struct gcr_cache_counts counts)
{
    json_t *out = json_object();

    for (size_t i = 0; i < GCR_COUNT_OF(model_figures); i++)
        gcr_json_put(out, model_figures[i].name, *model_figure(&counts, i));
    return out;
}

json_t *gcr_json_cache(const struct gcr_model_counts *counts)
{
    json_t *out = json_object(), *phases = json_object();
    struct gcr_cache_counts total = {0};

    for (size_t p = 0; p < GCR_PHASE_COUNT; p++) {
        json_object_set_new(phases, model_phase_name[p], model_counts(counts->phase[p]));
        gcr_cache_counts_add(&total, &counts->phase[p]);
    }
    json_object_set_new(out, "total", model_counts(total));
    json_object_set_new(out, "phases", phases);
    return out;
}

static json_t *model_cache_level(const struct gcr_cache_level *level)
{
    if (level->bytes == 0)
        return json_null();
    return json_pack("{s:I, s:I, s:I, s:s}", "bytes", (json_int_t)level->bytes, "ways",
                     (json_int_t)level->ways, "sets", (json_int_t)level->sets, "source",
                     level->source);
}

static json_t *model_tlb_level(const struct gcr_tlb_level *level)
{
    if (level->sets == 0)
        return json_null();
    return json_pack("{s:I, s:I, s:I, s:s}", "entries", (json_int_t)level->sets * level->ways,
                     "ways", (json_int_t)level->ways, "sets", (json_int_t)level->sets, "source",
                     level->source);
}

json_t *gcr_json_model(const struct gcr_result *result)
{
    const struct gcr_geometry *geometry = &result->model.geometry;
    json_t *out;

    if (!result->model.is_on)
        return json_null();
    out = json_object();
    gcr_json_put_text(out, "profile", geometry->profile);
    json_object_set_new(out, "l1", model_cache_level(&geometry->l1));
    json_object_set_new(out, "l2", model_cache_level(&geometry->l2));
    json_object_set_new(out, "llc", model_cache_level(&geometry->llc));
    json_object_set_new(out, "tlb1", model_tlb_level(&geometry->tlb1));
    json_object_set_new(out, "tlb2", model_tlb_level(&geometry->tlb2));
    json_object_set_new(out, "prefetch", json_boolean(geometry->prefetch));
    gcr_json_put(out, "line_bytes", GCR_CACHE_LINE_BYTES);
    gcr_json_put_text(out, "vectors", result->model.vectors);
    json_object_set_new(out, "repeatable", json_boolean(result->model.is_repeatable));
    return out;
}
