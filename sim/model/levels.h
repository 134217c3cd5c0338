/* The hierarchy behind the filters, written once for all vector widths. A file that includes this
 * has included rows.h and defined before
 *   static struct model_row model_row_touch_16(uint32_t *row, uint32_t last_way, uint32_t tag,
 *                                              bool write)
 *   and model_row_touch_32
 * which move `tag` to the front of a row of up to 16 or 32 ways, or put it there if it was absent,
 * and mark it dirty if `write`. Bit last_way is that of the row's last way.
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
    uint64_t set;    /* its set's number */
    uint64_t victim; /* a dirty line that had to make room, or MODEL_NO_VICTIM */
};

/* What is known of a level at compile time: narrow ones have a power of two of sets and 16 ways at
 * most. */
GCR_ALWAYS_INLINE uint32_t *model_level_row(const struct gcr_model_level *level, uint64_t set,
                                            bool narrow)
{
    return level->tags + (set << (narrow ? MODEL_NARROW_SHIFT : level->row_shift));
}

/* Divides a number by the level's sets; the remainder is *set. */
GCR_ALWAYS_INLINE uint64_t model_level_divide(const struct gcr_model_level *level, uint64_t number,
                                              bool narrow, uint64_t *set)
{
    uint64_t quotient;
    if (narrow || level->power_of_two) {
        *set = number & level->set_mask;
        return number >> level->set_shift;
    }
    quotient = GCR_MULTIPLY_HIGH(number, level->reciprocal);
    *set = number - quotient * level->sets;
    return quotient;
}

/* Brings a row that will be needed soon into the host's own caches. */
GCR_ALWAYS_INLINE void model_level_expect(const struct gcr_model_level *level, uint64_t number,
                                          bool narrow)
{
    uint64_t set;
    (void)model_level_divide(level, number, narrow, &set);
    GCR_PREFETCH(model_level_row(level, set, narrow));
}

/* Looks a line or page up. */
GCR_ALWAYS_INLINE struct model_touched model_level_touch(const struct gcr_model_level *level,
                                                         uint64_t number, bool write, bool narrow)
{
    uint64_t set, quotient = model_level_divide(level, number, narrow, &set);
    uint64_t victim = MODEL_NO_VICTIM;
    uint32_t *tags = model_level_row(level, set, narrow), tag = ((uint32_t)quotient + 1) << 1;
    struct model_row row = narrow || level->row_shift == MODEL_NARROW_SHIFT
                               ? model_row_touch_16(tags, level->last_way, tag, write)
                               : model_row_touch_32(tags, level->last_way, tag, write);
    if (row.last & 1) {
        uint64_t above = (row.last >> 1) - 1;
        victim =
            (narrow || level->power_of_two ? above << level->set_shift : above * level->sets) + set;
    }
    return (struct model_touched){row.hit, row.front & 1, set, victim};
}

/* ---- the LLC and memory ----
 *
 * Nothing above waits for what the LLC answers, and its tags are the only ones that the host has to
 * fetch from afar. So requests are queued, their rows on the way, and answered in order when the
 * queue is full or somebody wants to read the counters. */

GCR_ALWAYS_INLINE void model_memory_write(struct gcr_cache_counts *counts)
{
    counts->llc_writebacks++;
    counts->memory_write_bytes += GCR_CACHE_LINE_BYTES;
}

GCR_ALWAYS_INLINE void model_memory_read(enum gcr_model_request_kind kind,
                                         struct gcr_cache_counts *counts)
{
    counts->llc_read_misses += kind == MODEL_READ;
    counts->llc_write_misses += kind == MODEL_WRITE;
    counts->memory_read_bytes += GCR_CACHE_LINE_BYTES;
}

static void model_llc_drain(void)
{
    struct gcr_model_state *s = &gcr_model_state;
    for (uint32_t i = 0; i < s->queued; i++) {
        struct gcr_model_request request = s->queue[i];
        bool put = request.kind == MODEL_PUT;
        struct model_touched touched = model_level_touch(&s->llc, request.line, put, false);
        if (!touched.hit && !put)
            model_memory_read(request.kind, request.counts);
        if (touched.victim != MODEL_NO_VICTIM)
            model_memory_write(request.counts);
    }
    s->queued = 0;
}

/* A line is asked for that no level above has, or a dirty one comes down. */
GCR_ALWAYS_INLINE void model_llc_ask(uint64_t line, enum gcr_model_request_kind kind,
                                     struct gcr_cache_counts *counts)
{
    struct gcr_model_state *s = &gcr_model_state;
    if (GCR_UNLIKELY(s->llc.tags == NULL)) {
        if (kind == MODEL_PUT)
            model_memory_write(counts);
        else
            model_memory_read(kind, counts);
        return;
    }
    model_level_expect(&s->llc, line, false);
    s->queue[s->queued++] = (struct gcr_model_request){line, counts, kind};
    if (GCR_UNLIKELY(s->queued == MODEL_QUEUE))
        s->drain();
}

GCR_ALWAYS_INLINE void model_l2_put(uint64_t line, bool narrow, struct gcr_cache_counts *counts)
{
    const struct gcr_model_level *l2 = &gcr_model_state.l2;
    uint64_t victim = line;
    if (l2->tags != NULL) {
        victim = model_level_touch(l2, line, true, narrow).victim;
        counts->l2_writebacks += victim != MODEL_NO_VICTIM;
    }
    if (victim != MODEL_NO_VICTIM)
        model_llc_ask(victim, MODEL_PUT, counts);
}

GCR_ALWAYS_INLINE void model_l2_get(uint64_t line, bool write, bool narrow,
                                    struct gcr_cache_counts *counts)
{
    const struct gcr_model_level *l2 = &gcr_model_state.l2;
    uint64_t victim = MODEL_NO_VICTIM;
    if (l2->tags != NULL) {
        struct model_touched touched = model_level_touch(l2, line, false, narrow);
        if (touched.hit)
            return;
        victim = touched.victim;
        *(write ? &counts->l2_write_misses : &counts->l2_read_misses) += 1;
    }
    model_llc_ask(line, write ? MODEL_WRITE : MODEL_READ, counts);
    if (victim != MODEL_NO_VICTIM) {
        counts->l2_writebacks++;
        model_llc_ask(victim, MODEL_PUT, counts);
    }
}

static GCR_NOINLINE void model_prefetch(uint64_t line, struct gcr_cache_counts *counts)
{
    struct gcr_model_state *s = &gcr_model_state;
    struct gcr_prefetch prefetch = gcr_model_streams_see(&s->streams, line);
    for (int8_t i = 0; i < prefetch.count; i++) {
        uint64_t next = prefetch.first + (uint64_t)(int64_t)(i * prefetch.direction);
        struct model_touched touched = model_level_touch(&s->l2, next, false, false);
        if (touched.hit)
            continue;
        counts->prefetches++;
        model_llc_ask(next, MODEL_PREFETCH, counts);
        if (touched.victim != MODEL_NO_VICTIM) {
            counts->l2_writebacks++;
            model_llc_ask(touched.victim, MODEL_PUT, counts);
        }
    }
}

/* A page that is not known to be its set's most recent one. */
static GCR_NOINLINE void model_page_touch(uintptr_t real_page, uint64_t page,
                                          struct gcr_cache_counts *counts)
{
    struct gcr_model_state *s = &gcr_model_state;
    struct model_touched touched = model_level_touch(&s->tlb1, page, false, false);
    uint64_t *recent = &s->recent_pages[touched.set];
    if (s->hot_pages[*recent % MODEL_HOT_PAGES] == *recent)
        s->hot_pages[*recent % MODEL_HOT_PAGES] = MODEL_NO_PAGE;
    *recent = s->hot_pages[real_page % MODEL_HOT_PAGES] = real_page;
    if (touched.hit)
        return;
    counts->tlb1_misses++;
    if (s->tlb2.tags == NULL || !model_level_touch(&s->tlb2, page, false, false).hit)
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
GCR_ALWAYS_INLINE void model_touch(uintptr_t address, bool write, bool narrow,
                                   struct gcr_cache_counts *counts)
{
    struct gcr_model_state *s = &gcr_model_state;
    uintptr_t real_line = address >> MODEL_LINE_SHIFT, real_page = address >> MODEL_PAGE_SHIFT;
    uint64_t line = model_line_number(real_line);

    if (narrow || s->l2.tags != NULL)
        model_level_expect(&s->l2, line, narrow);
    if (s->hot_pages[real_page % MODEL_HOT_PAGES] != real_page)
        model_page_touch(real_page, line >> MODEL_LINES_OF_PAGE_SHIFT, counts);
    struct model_touched touched = model_level_touch(&s->l1, line, write, narrow);
    s->hot_lines[real_line & s->hot_line_mask] = (uint64_t)real_line << 1 | touched.dirty;
    if (touched.hit)
        return;
    *(write ? &counts->l1_write_misses : &counts->l1_read_misses) += 1;
    model_l2_get(line, write, narrow, counts);
    if (touched.victim != MODEL_NO_VICTIM) {
        counts->l1_writebacks++;
        model_l2_put(touched.victim, narrow, counts);
    }
    if (GCR_UNLIKELY(s->prefetch))
        model_prefetch(line, counts);
}

static void model_read_any(uintptr_t address, struct gcr_cache_counts *counts)
{
    model_touch(address, false, false, counts);
}

static void model_write_any(uintptr_t address, struct gcr_cache_counts *counts)
{
    model_touch(address, true, false, counts);
}

static void model_read_narrow(uintptr_t address, struct gcr_cache_counts *counts)
{
    model_touch(address, false, true, counts);
}

static void model_write_narrow(uintptr_t address, struct gcr_cache_counts *counts)
{
    model_touch(address, true, true, counts);
}

#define MODEL_WIDTH                                                                                \
    {                                                                                              \
        model_read_any, model_write_any, model_read_narrow, model_write_narrow, model_llc_drain    \
    }

#endif
