/* The model's state and the way of one access through it, shared by the files of this folder.
 *
 * Most accesses go to the line that was used last in its L1 set, on the page that was used last in
 * its TLB set: then nothing about any level changes, and counting the access is all there is to do.
 * Two small direct-mapped filters know those lines and pages by their full numbers: an entry that
 * holds one says that it is its set's most recent. For lines that is so because the filter has as
 * many entries as the largest power of two that divides the number of sets, and all lines of a set
 * meet in one entry. TLBs have odd numbers of sets more often, so that a set remembers its most
 * recent page, and takes it out of the filter for the next.
 *
 * Behind the filters a set is a row of 16 or 32 tags of 32 bits, most recently used first. So that
 * addresses of 48 bits fit, gigabytes are numbered as the program comes to them: a line's number is
 * that of its gigabyte and its place therein. */
#ifndef GCR_SIM_MODEL_STATE_H
#define GCR_SIM_MODEL_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "sim/model/model.h"
#include "sim/model/prefetch.h"
#include "sim/model/store_filter.h"

enum {
    MODEL_LINE_SHIFT = 6,
    MODEL_PAGE_SHIFT = 12,
    MODEL_LINES_OF_PAGE_SHIFT = MODEL_PAGE_SHIFT - MODEL_LINE_SHIFT,
    MODEL_WINDOW_SHIFT = 30 - MODEL_LINE_SHIFT, /* lines of a gigabyte */
    MODEL_WINDOWS = 1 << 18,                    /* gigabytes of a 48-bit address space */
    MODEL_NARROW_SHIFT = 4,                     /* 16 tags to a row */
    MODEL_QUEUE = 32,
    MODEL_HOT_LINES = 256,
    MODEL_HOT_PAGES = 64,
    MODEL_SCALAR_BYTES = 16 /* loads and stores up to this size are one access */
};

/* One cache or TLB. A tag is (number / sets + 1) * 2, plus 1 if the line is dirty; 0: empty. */
struct gcr_model_level {
    uint32_t *tags;      /* row i begins at i << row_shift; NULL: no such level */
    uint64_t set_mask;   /* sets - 1, used if power_of_two */
    uint64_t reciprocal; /* 2^64 / sets rounded up, used if not */
    uint32_t sets;
    uint32_t ways;
    uint32_t last_way; /* 1 << (ways - 1) */
    uint8_t row_shift; /* MODEL_NARROW_SHIFT up to 16 ways, else one more */
    uint8_t set_shift; /* log2(sets), if power_of_two */
    bool power_of_two;
};

/* In place of a page's number. */
#define MODEL_NO_PAGE UINT64_MAX

typedef void gcr_model_touch(uintptr_t address, struct gcr_cache_counts *counts);

/* What the LLC is asked for. */
enum gcr_model_request_kind { MODEL_READ, MODEL_WRITE, MODEL_PREFETCH, MODEL_PUT };

struct gcr_model_request {
    uint64_t line;
    struct gcr_cache_counts *counts;
    enum gcr_model_request_kind kind;
};

/* The hierarchy at one vector width: looks one line up, for a load or a store; in the plain form
 * for any geometry, in the second for L1 and L2 of up to 16 ways and a power of two of sets. */
struct gcr_model_width {
    gcr_model_touch *read, *write;
    gcr_model_touch *read_narrow, *write_narrow;
    void (*drain)(void);
};

struct gcr_model_state {
    /* Where accesses, DATA and COUNT stores count now; all three are `unseen` while paused. */
    struct gcr_cache_counts *now, *now_data, *now_count;
    uint64_t store_key; /* of untagged stores: store_filter.h */
    uintptr_t hot_line_mask;
    uint64_t hot_lines[MODEL_HOT_LINES]; /* line << 1 | dirty */
    uint64_t hot_pages[MODEL_HOT_PAGES];

    struct gcr_model_level l1, l2, llc, tlb1, tlb2;
    uint64_t *recent_pages; /* by set of tlb1 */
    uint32_t *window_ids;   /* by gigabyte: its number plus 1, or 0 */
    uint32_t windows_seen, windows_most;
    gcr_model_touch *read, *write; /* at the chosen vector width */
    void (*drain)(void);           /* answers what the LLC has been asked */
    struct gcr_model_request queue[MODEL_QUEUE];
    uint32_t queued;

    struct gcr_model_streams streams;
    bool open, paused, pages, prefetch;
    enum gcr_gc_phase entered; /* mutator-level */
    enum gcr_gc_phase gc;      /* MUTATOR: no collection's phase is in force */
    enum gcr_model_vectors vectors;
    struct gcr_model_counts counts;
    struct gcr_cache_counts unseen;
    void *memory;
    size_t memory_bytes;
};

extern struct gcr_model_state gcr_model_state;

/* Each file of a width ends by defining one. */
extern const struct gcr_model_width gcr_model_scalar, gcr_model_avx2, gcr_model_avx512;

/* Numbers a gigabyte that is touched for the first time; returns its number plus 1. */
uint32_t gcr_model_new_window(uint32_t window);

/* Accesses that the filters do not answer. */
void gcr_model_read_slow(uintptr_t address, struct gcr_cache_counts *counts);
void gcr_model_write_slow(uintptr_t address, struct gcr_cache_counts *counts, uint64_t store_key);

/* One line or page is as it was left: the last of its set, and dirty if it is written to. */
GCR_ALWAYS_INLINE bool model_is_hot(uintptr_t address, bool write)
{
    const struct gcr_model_state *s = &gcr_model_state;
    uintptr_t line = address >> MODEL_LINE_SHIFT, page = address >> MODEL_PAGE_SHIFT;
    uint64_t hot = s->hot_lines[line & s->hot_line_mask];
    if (!write)
        hot |= 1;
    /* One branch for both. */
    return (int)(hot == ((uint64_t)line << 1 | 1)) &
           (int)(s->hot_pages[page % MODEL_HOT_PAGES] == page);
}

/* Looks at the line of `address` without counting an access. */
GCR_ALWAYS_INLINE void model_look_read(uintptr_t address, struct gcr_cache_counts *counts)
{
    if (GCR_UNLIKELY(!model_is_hot(address, false)))
        gcr_model_read_slow(address, counts);
}

GCR_ALWAYS_INLINE void model_look_write(uintptr_t address, struct gcr_cache_counts *counts,
                                        uint64_t store_key)
{
    if (GCR_UNLIKELY(!((int)model_is_hot(address, true) &
                       (int)gcr_store_filter_has(address >> MODEL_PAGE_SHIFT, store_key))))
        gcr_model_write_slow(address, counts, store_key);
}

GCR_ALWAYS_INLINE bool model_crosses(uintptr_t address, size_t bytes)
{
    return (address ^ (address + bytes - 1)) >> MODEL_LINE_SHIFT != 0;
}

/* A load of up to MODEL_SCALAR_BYTES. */
GCR_ALWAYS_INLINE void model_load(uintptr_t address, size_t bytes, bool may_cross)
{
    struct gcr_cache_counts *counts = gcr_model_state.now;
    counts->reads++;
    model_look_read(address, counts);
    if (may_cross && GCR_UNLIKELY(model_crosses(address, bytes)))
        model_look_read(address + bytes - 1, counts);
}

GCR_ALWAYS_INLINE void model_store(uintptr_t address, size_t bytes, bool may_cross,
                                   struct gcr_cache_counts *counts, uint64_t store_key)
{
    counts->writes++;
    model_look_write(address, counts, store_key);
    if (may_cross && GCR_UNLIKELY(model_crosses(address, bytes)))
        model_look_write(address + bytes - 1, counts, store_key);
}

/* A range of any length: one access up to MODEL_SCALAR_BYTES, else one a line. */
void gcr_model_range(uintptr_t address, size_t bytes, bool write);

#endif
