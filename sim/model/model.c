/* The process's one model: set up, phases, counters, and accesses that the filters do not answer.
 *
 * Memory: one mapping, made at open, of 64 or 128 bytes a set and 1 MiB for the numbers of
 * gigabytes (touched where the program is). It lies wherever the kernel puts it, which is never in
 * the supply's region. */
#include "sim/model/model.h"

#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "sim/model/pages.h"
#include "sim/model/state.h"

static void model_touch_nothing(uintptr_t address, struct gcr_cache_counts *counts)
{
    (void)address;
    (void)counts;
}

static void model_drain_nothing(void) {}

struct gcr_model_state gcr_model_state = {.now = &gcr_model_state.unseen,
                                          .now_data = &gcr_model_state.unseen,
                                          .now_count = &gcr_model_state.unseen,
                                          .read = model_touch_nothing,
                                          .write = model_touch_nothing,
                                          .drain = model_drain_nothing,
                                          .paused = true};

static const char *const vectors_names[] = {[GCR_VECTORS_BEST] = "none",
                                            [GCR_VECTORS_SCALAR] = "scalar",
                                            [GCR_VECTORS_AVX2] = "avx2",
                                            [GCR_VECTORS_AVX512] = "avx512"};

/* ---- which counters ---- */

/* The cause of an untagged store to a page of objects. */
static const enum gcr_write_cause phase_cause[GCR_PHASE_COUNT] = {
    [GCR_PHASE_MUTATOR] = GCR_CAUSE_DATA,    [GCR_PHASE_ALLOCATION] = GCR_CAUSE_NEW,
    [GCR_PHASE_BARRIER] = GCR_CAUSE_HEADER,  [GCR_PHASE_REFCOUNT] = GCR_CAUSE_COUNT,
    [GCR_PHASE_MARK] = GCR_CAUSE_HEADER,     [GCR_PHASE_SWEEP] = GCR_CAUSE_FREE_LINK,
    [GCR_PHASE_COPY] = GCR_CAUSE_MOVE,       [GCR_PHASE_COMPACT] = GCR_CAUSE_MOVE,
    [GCR_PHASE_FINALIZE] = GCR_CAUSE_HEADER,
};

static void model_aim(void)
{
    struct gcr_model_state *s = &gcr_model_state;
    bool collecting = s->gc != GCR_PHASE_MUTATOR;
    enum gcr_gc_phase phase = collecting ? s->gc : s->entered;

    if (s->paused) {
        s->now = s->now_data = s->now_count = &s->unseen;
        return;
    }
    s->now = &s->counts.phase[phase];
    s->now_data = collecting ? s->now : &s->counts.phase[GCR_PHASE_MUTATOR];
    s->now_count = collecting ? s->now : &s->counts.phase[GCR_PHASE_REFCOUNT];
    s->store_key = GCR_STORE_KEY(phase_cause[phase], false);
}

bool gcr_model_pause(bool paused)
{
    struct gcr_model_state *s = &gcr_model_state;
    bool before = s->paused;
    if (s->open) {
        s->paused = paused;
        model_aim();
    }
    return before;
}

enum gcr_gc_phase gcr_model_enter(enum gcr_gc_phase phase)
{
    enum gcr_gc_phase before = gcr_model_state.entered;
    gcr_model_state.entered = phase;
    model_aim();
    return before;
}

void gcr_model_gc_phase(enum gcr_gc_phase phase)
{
    gcr_model_state.gc = phase;
    model_aim();
}

void gcr_model_restart(void)
{
    gcr_model_state.drain();
    gcr_model_state.counts = (struct gcr_model_counts){0};
}

void gcr_model_read(struct gcr_model_counts *out)
{
    gcr_model_state.drain();
    *out = gcr_model_state.counts;
}

/* ---- accesses ---- */

void gcr_model_read_slow(uintptr_t address, struct gcr_cache_counts *counts)
{
    if (!gcr_model_state.paused)
        gcr_model_state.read(address, counts);
}

void gcr_model_write_slow(uintptr_t address, struct gcr_cache_counts *counts, uint64_t store_key)
{
    uintptr_t page = address >> MODEL_PAGE_SHIFT;
    if (gcr_model_state.paused)
        return;
    if (!gcr_store_filter_has(page, store_key)) {
        enum gcr_write_cause cause = gcr_store_key_cause(store_key);
        if (!gcr_store_key_tagged(store_key))
            cause = gcr_pages_cause(address, cause);
        gcr_pages_note(address, cause);
        gcr_store_filter_put(page, store_key);
    }
    if (!model_is_hot(address, true))
        gcr_model_state.write(address, counts);
}

static void model_range_read(uintptr_t address, uintptr_t last)
{
    for (uintptr_t line = address >> MODEL_LINE_SHIFT; line <= last >> MODEL_LINE_SHIFT; line++)
        model_load(line << MODEL_LINE_SHIFT, 1, false);
}

static void model_range_write(uintptr_t address, uintptr_t last)
{
    struct gcr_model_state *s = &gcr_model_state;
    for (uintptr_t line = address >> MODEL_LINE_SHIFT; line <= last >> MODEL_LINE_SHIFT; line++)
        model_store(line << MODEL_LINE_SHIFT, 1, false, s->now, s->store_key);
}

void gcr_model_range(uintptr_t address, size_t bytes, bool write)
{
    struct gcr_model_state *s = &gcr_model_state;
    if (bytes == 0)
        return;
    if (bytes <= MODEL_SCALAR_BYTES && write)
        model_store(address, bytes, true, s->now, s->store_key);
    else if (bytes <= MODEL_SCALAR_BYTES)
        model_load(address, bytes, true);
    else if (write)
        model_range_write(address, address + bytes - 1);
    else
        model_range_read(address, address + bytes - 1);
}

void gcr_model_access(const void *at, size_t bytes, bool write)
{
    gcr_model_range((uintptr_t)at, bytes, write);
}

/* ---- set up ---- */

/* Out of numbers only when more than windows_most gigabytes have been touched; they then share. */
GCR_COLD uint32_t gcr_model_new_window(uint32_t window)
{
    struct gcr_model_state *s = &gcr_model_state;
    uint32_t id = s->windows_seen++ % s->windows_most + 1;
    s->window_ids[window] = id;
    return id;
}

static void model_level_init(struct gcr_model_level *level, uint32_t sets, uint32_t ways)
{
    *level = (struct gcr_model_level){.sets = sets, .ways = ways};
    if (sets == 0)
        return;
    level->row_shift = ways <= 16 ? MODEL_NARROW_SHIFT : MODEL_NARROW_SHIFT + 1;
    level->last_way = UINT32_C(1) << (ways - 1);
    level->power_of_two = (sets & (sets - 1)) == 0;
    level->set_mask = sets - 1;
    level->set_shift = (uint8_t)GCR_CTZ64(sets);
    level->reciprocal = UINT64_MAX / sets + 1;
}

static size_t model_level_bytes(const struct gcr_model_level *level)
{
    return ((size_t)level->sets << level->row_shift) * sizeof level->tags[0];
}

/* So many gigabytes can be told apart by a tag of 31 bits. `shift`: lines or pages of one. */
static void model_level_limit(const struct gcr_model_level *level, unsigned shift, uint32_t *most)
{
    uint64_t windows = ((uint64_t)(INT32_MAX - 1) * level->sets) >> shift;
    if (level->sets != 0 && windows < *most)
        *most = (uint32_t)windows;
}

static uintptr_t model_hot_line_mask(uint32_t sets)
{
    uint32_t meeting = sets & (~sets + 1); /* the largest power of two that divides sets */
    return (meeting < MODEL_HOT_LINES ? meeting : MODEL_HOT_LINES) - 1;
}

static void model_levels_init(struct gcr_model_state *s, const struct gcr_geometry *geometry)
{
    model_level_init(&s->l1, geometry->l1.sets, geometry->l1.ways);
    model_level_init(&s->l2, geometry->l2.sets, geometry->l2.ways);
    model_level_init(&s->llc, geometry->llc.sets, geometry->llc.ways);
    model_level_init(&s->tlb1, geometry->tlb1.sets, geometry->tlb1.ways);
    model_level_init(&s->tlb2, geometry->tlb2.sets, geometry->tlb2.ways);
    s->windows_most = MODEL_WINDOWS;
    model_level_limit(&s->l1, MODEL_WINDOW_SHIFT, &s->windows_most);
    model_level_limit(&s->l2, MODEL_WINDOW_SHIFT, &s->windows_most);
    model_level_limit(&s->llc, MODEL_WINDOW_SHIFT, &s->windows_most);
    model_level_limit(&s->tlb1, MODEL_WINDOW_SHIFT - MODEL_LINES_OF_PAGE_SHIFT, &s->windows_most);
    model_level_limit(&s->tlb2, MODEL_WINDOW_SHIFT - MODEL_LINES_OF_PAGE_SHIFT, &s->windows_most);
    s->hot_line_mask = model_hot_line_mask(s->l1.sets);
    s->prefetch = geometry->prefetch && geometry->l2.sets != 0;
    gcr_model_streams_init(&s->streams);
    memset(s->hot_lines, 0xff, sizeof s->hot_lines); /* no line */
    memset(s->hot_pages, 0xff, sizeof s->hot_pages);
}

static gcr_status model_map(struct gcr_model_state *s, struct gcr_error *err)
{
    struct gcr_model_level *levels[] = {&s->l1, &s->l2, &s->llc, &s->tlb1, &s->tlb2};
    size_t recent_bytes = s->tlb1.sets * sizeof s->recent_pages[0];
    size_t bytes = recent_bytes + MODEL_WINDOWS * sizeof s->window_ids[0];
    for (size_t i = 0; i < GCR_COUNT_OF(levels); i++)
        bytes += model_level_bytes(levels[i]);
    char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED)
        return gcr_fail(err, GCR_NO_MEMORY, "cache model: no memory for its %zu bytes", bytes);
    (void)madvise(at, bytes, MADV_HUGEPAGE); /* for speed alone; refused without huge pages */
    s->memory = at;
    s->memory_bytes = bytes;
    for (size_t i = 0; i < GCR_COUNT_OF(levels); i++) {
        levels[i]->tags = levels[i]->sets != 0 ? (uint32_t *)(void *)at : NULL;
        at += model_level_bytes(levels[i]);
    }
    s->recent_pages = (uint64_t *)(void *)at;
    memset(s->recent_pages, 0xff, recent_bytes); /* MODEL_NO_PAGE */
    s->window_ids = (uint32_t *)(void *)(at + recent_bytes);
    return GCR_OK;
}

/* NULL: not on this machine. */
static const struct gcr_model_width *model_width(enum gcr_model_vectors vectors)
{
#ifdef GCR_MODEL_X86
    if (vectors == GCR_VECTORS_AVX512)
        return GCR_CPU_HAS("avx512f") ? &gcr_model_avx512 : NULL;
    if (vectors == GCR_VECTORS_AVX2)
        return GCR_CPU_HAS("avx2") ? &gcr_model_avx2 : NULL;
#endif
    return vectors == GCR_VECTORS_SCALAR ? &gcr_model_scalar : NULL;
}

static bool model_is_narrow(const struct gcr_model_level *level)
{
    return level->sets != 0 && level->power_of_two && level->row_shift == MODEL_NARROW_SHIFT;
}

static gcr_status model_choose_vectors(struct gcr_model_state *s, enum gcr_model_vectors asked,
                                       struct gcr_error *err)
{
    static const enum gcr_model_vectors best[] = {GCR_VECTORS_AVX512, GCR_VECTORS_AVX2,
                                                  GCR_VECTORS_SCALAR};
    bool narrow = model_is_narrow(&s->l1) && model_is_narrow(&s->l2);
    for (size_t i = 0; i < GCR_COUNT_OF(best); i++) {
        const struct gcr_model_width *width = model_width(best[i]);
        if (width == NULL || (asked != GCR_VECTORS_BEST && asked != best[i]))
            continue;
        s->vectors = best[i];
        s->drain = width->drain;
        s->read = narrow ? width->read_narrow : width->read;
        s->write = narrow ? width->write_narrow : width->write;
        return GCR_OK;
    }
    return gcr_fail(err, GCR_UNSUPPORTED, "cache model: this processor has no %s",
                    vectors_names[asked]);
}

gcr_status gcr_model_open(const struct gcr_model_config *config, struct gcr_error *err)
{
    struct gcr_model_state *s = &gcr_model_state;
    gcr_status status;
    if (s->open)
        return gcr_fail(err, GCR_USAGE, "cache model: there is one in this process already");
    model_levels_init(s, config->geometry);
    status = model_choose_vectors(s, config->vectors, err);
    if (status != GCR_OK)
        return status;
    status = model_map(s, err);
    if (status != GCR_OK)
        goto fail;
    if (config->pages)
        status = gcr_pages_open(err);
    if (status != GCR_OK)
        goto fail;
    s->pages = config->pages;
    s->windows_seen = 0;
    s->entered = s->gc = GCR_PHASE_MUTATOR;
    s->open = true;
    gcr_model_restart();
    return GCR_OK;
fail:
    gcr_model_close();
    return status;
}

void gcr_model_close(void)
{
    struct gcr_model_state *s = &gcr_model_state;
    s->paused = true;
    model_aim();
    s->drain();
    s->read = s->write = model_touch_nothing;
    s->drain = model_drain_nothing;
    if (s->memory != NULL)
        munmap(s->memory, s->memory_bytes);
    s->memory = NULL;
    if (s->pages)
        gcr_pages_close();
    s->pages = s->open = false;
}

bool gcr_model_is_open(void)
{
    return gcr_model_state.open;
}

const char *gcr_model_vectors_name(void)
{
    return vectors_names[gcr_model_state.vectors];
}

void gcr_cache_counts_add(struct gcr_cache_counts *sum, const struct gcr_cache_counts *part)
{
    sum->reads += part->reads;
    sum->writes += part->writes;
    sum->l1_read_misses += part->l1_read_misses;
    sum->l1_write_misses += part->l1_write_misses;
    sum->l2_read_misses += part->l2_read_misses;
    sum->l2_write_misses += part->l2_write_misses;
    sum->llc_read_misses += part->llc_read_misses;
    sum->llc_write_misses += part->llc_write_misses;
    sum->l1_writebacks += part->l1_writebacks;
    sum->l2_writebacks += part->l2_writebacks;
    sum->llc_writebacks += part->llc_writebacks;
    sum->tlb1_misses += part->tlb1_misses;
    sum->tlb2_misses += part->tlb2_misses;
    sum->prefetches += part->prefetches;
    sum->memory_read_bytes += part->memory_read_bytes;
    sum->memory_write_bytes += part->memory_write_bytes;
}
