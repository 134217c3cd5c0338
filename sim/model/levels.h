/* The hierarchy behind the filters, written once for all vector widths. A file that includes this
 * has included rows.h and defined before
 *   static struct model_row model_row_touch(uint32_t *row, const struct gcr_model_level *level,
 *                                           uint32_t tag, bool write)
 * which moves `tag` to the front of a row, or puts it there if it was absent, and marks it dirty if
 * `write`.
 *
 * Order of events at a miss: the line is asked for, level by level, before the dirty victim is
 * written to the next level. A dirty line that arrives at a level without being there is put there
 * whole: nothing is fetched for it. Levels are neither inclusive nor exclusive. */
#ifndef GCR_SIM_MODEL_LEVELS_H
#define GCR_SIM_MODEL_LEVELS_H

#include "sim/model/rows.h"
#include "sim/model/state.h"

/* A line that a level has pushed out, dirty; or none. */
#define MODEL_NO_VICTIM UINT64_MAX

struct model_touched {
    bool hit;
    bool dirty;      /* the line that was touched */
    uint64_t victim; /* a dirty line that had to make room, or MODEL_NO_VICTIM */
};

/* Looks a line or page up. */
GCR_ALWAYS_INLINE struct model_touched model_level_touch(const struct gcr_model_level *level,
                                                         uint64_t number, bool write)
{
    uint64_t set, quotient, victim = MODEL_NO_VICTIM;
    bool power_of_two = level->power_of_two;
    if (GCR_LIKELY(power_of_two)) {
        set = number & (level->sets - 1);
        quotient = number >> level->set_shift;
    } else {
        set = number % level->sets;
        quotient = number / level->sets;
    }
    struct model_row row = model_row_touch(level->tags + (set << level->row_shift), level,
                                           ((uint32_t)quotient + 1) << 1, write);
    if (row.last & 1) {
        uint64_t above = (row.last >> 1) - 1;
        victim = (power_of_two ? above << level->set_shift : above * level->sets) + set;
    }
    return (struct model_touched){row.hit, row.front & 1, victim};
}

GCR_ALWAYS_INLINE void model_memory_write(struct gcr_cache_counts *counts)
{
    counts->llc_writebacks++;
    counts->memory_write_bytes += GCR_CACHE_LINE_BYTES;
}

/* A dirty line comes down to the LLC. */
static void model_llc_put(uint64_t line, struct gcr_cache_counts *counts)
{
    const struct gcr_model_level *llc = &gcr_model_state.llc;
    uint64_t victim = llc->tags != NULL ? model_level_touch(llc, line, true).victim : line;
    if (victim != MODEL_NO_VICTIM)
        model_memory_write(counts);
}

/* A line is asked for that no level above has. Returns whether it came from memory. */
static bool model_llc_get(uint64_t line, struct gcr_cache_counts *counts)
{
    const struct gcr_model_level *llc = &gcr_model_state.llc;
    struct model_touched touched = {.victim = MODEL_NO_VICTIM};
    if (llc->tags != NULL)
        touched = model_level_touch(llc, line, false);
    if (touched.hit)
        return false;
    counts->memory_read_bytes += GCR_CACHE_LINE_BYTES;
    if (touched.victim != MODEL_NO_VICTIM)
        model_memory_write(counts);
    return true;
}

static void model_l2_put(uint64_t line, struct gcr_cache_counts *counts)
{
    const struct gcr_model_level *l2 = &gcr_model_state.l2;
    uint64_t victim = line;
    if (l2->tags != NULL) {
        victim = model_level_touch(l2, line, true).victim;
        counts->l2_writebacks += victim != MODEL_NO_VICTIM;
    }
    if (victim != MODEL_NO_VICTIM)
        model_llc_put(victim, counts);
}

static void model_l2_get(uint64_t line, bool write, struct gcr_cache_counts *counts)
{
    const struct gcr_model_level *l2 = &gcr_model_state.l2;
    uint64_t victim = MODEL_NO_VICTIM;
    if (l2->tags != NULL) {
        struct model_touched touched = model_level_touch(l2, line, false);
        if (touched.hit)
            return;
        victim = touched.victim;
        counts->l2_read_misses += !write;
        counts->l2_write_misses += write;
    }
    bool miss = model_llc_get(line, counts);
    counts->llc_read_misses += miss & !write;
    counts->llc_write_misses += miss & write;
    if (victim != MODEL_NO_VICTIM) {
        counts->l2_writebacks++;
        model_llc_put(victim, counts);
    }
}

static GCR_NOINLINE void model_prefetch(uint64_t line, struct gcr_cache_counts *counts)
{
    struct gcr_model_state *s = &gcr_model_state;
    struct gcr_prefetch prefetch = gcr_model_streams_see(&s->streams, line);
    for (int8_t i = 0; i < prefetch.count; i++) {
        uint64_t next = prefetch.first + (uint64_t)(int64_t)(i * prefetch.direction);
        struct model_touched touched = model_level_touch(&s->l2, next, false);
        if (touched.hit)
            continue;
        counts->prefetches++;
        model_llc_get(next, counts);
        if (touched.victim != MODEL_NO_VICTIM) {
            counts->l2_writebacks++;
            model_llc_put(touched.victim, counts);
        }
    }
}

static void model_page_touch(uint64_t page, struct gcr_cache_counts *counts)
{
    const struct gcr_model_state *s = &gcr_model_state;
    if (model_level_touch(&s->tlb1, page, false).hit)
        return;
    counts->tlb1_misses++;
    if (s->tlb2.tags == NULL || !model_level_touch(&s->tlb2, page, false).hit)
        counts->tlb2_misses++;
}

GCR_ALWAYS_INLINE uint64_t model_line_number(uintptr_t line)
{
    uint32_t window = (uint32_t)(line >> MODEL_WINDOW_SHIFT) & (MODEL_WINDOWS - 1);
    uint32_t id = gcr_model_state.window_ids[window];
    if (GCR_UNLIKELY(id == 0))
        id = gcr_model_new_window(window);
    return (uint64_t)(id - 1) << MODEL_WINDOW_SHIFT |
           (line & (((uintptr_t)1 << MODEL_WINDOW_SHIFT) - 1));
}

/* The whole way of an access that the filters do not answer. */
GCR_ALWAYS_INLINE void model_touch(uintptr_t address, bool write, struct gcr_cache_counts *counts)
{
    struct gcr_model_state *s = &gcr_model_state;
    uintptr_t real_line = address >> MODEL_LINE_SHIFT, real_page = address >> MODEL_PAGE_SHIFT;
    uint64_t line = model_line_number(real_line);
    uint64_t *hot_page = &s->hot_pages[real_page & s->hot_page_mask];

    if (*hot_page != real_page) {
        model_page_touch(line >> MODEL_LINES_OF_PAGE_SHIFT, counts);
        *hot_page = real_page;
    }
    struct model_touched touched = model_level_touch(&s->l1, line, write);
    s->hot_lines[real_line & s->hot_line_mask] = (uint64_t)real_line << 1 | touched.dirty;
    if (touched.hit)
        return;
    counts->l1_read_misses += !write;
    counts->l1_write_misses += write;
    model_l2_get(line, write, counts);
    if (touched.victim != MODEL_NO_VICTIM) {
        counts->l1_writebacks++;
        model_l2_put(touched.victim, counts);
    }
    if (GCR_UNLIKELY(s->prefetch))
        model_prefetch(line, counts);
}

#endif
