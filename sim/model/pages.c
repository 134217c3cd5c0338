/* Written pages by cause: a word of state for each page of the supply's region, in tables of one
 * gigabyte that appear with the first page committed or stored to there.
 *
 * Invariant: the counters are what a walk over all words would find; a pair in the store filter has
 * been noted, and noting it again would change no word. Memory: 1 MiB a gigabyte, touched where the
 * heap is; the directory is 24 bytes a gigabyte of the region. */
#include "sim/model/pages.h"

#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "sim/model/store_filter.h"

enum {
    PAGE_SHIFT = 12,
    WINDOW_SHIFT = 18, /* pages of a gigabyte */
    WINDOW_PAGES = 1 << WINDOW_SHIFT
};

/* A page's word. */
enum {
    PAGE_RESIDENT = 1u << 0,
    PAGE_SHARED = 1u << 1, /* since the last fork; then also resident */
    PAGE_COPIED = 1u << 2, /* shared, and written since */
    PAGE_KIND_SHIFT = 4,   /* enum gcr_page_kind, 2 bits */
    PAGE_KIND_MASK = 3u << PAGE_KIND_SHIFT,
    PAGE_FIRST_SHIFT = 8, /* cause of the store that copied it, 4 bits */
    PAGE_ANY_SHIFT = 16,  /* one bit a cause, of all stores since it was copied */
};

struct pages_window {
    uint32_t *words;    /* NULL: nothing there yet */
    uint32_t low, high; /* words that may not be zero: low <= i < high */
};

static struct {
    bool open;
    uintptr_t first, pages;                       /* the region, in pages */
    struct pages_window *windows;                 /* lazily backed */
    size_t window_count, window_low, window_high; /* those with words: low <= i < high */
    struct gcr_page_counts counts;
} tracker;

struct gcr_store_filter gcr_store_filter;

static void *pages_map(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

static void pages_forget_stores(void)
{
    memset(gcr_store_filter.pairs, 0, sizeof gcr_store_filter.pairs);
}

gcr_status gcr_pages_open(struct gcr_error *err)
{
    uintptr_t first, last;
    gcr_supply_region(&first, &last);
    tracker.first = first >> PAGE_SHIFT;
    tracker.pages = (last >> PAGE_SHIFT) - tracker.first;
    tracker.window_count = (tracker.pages + WINDOW_PAGES - 1) >> WINDOW_SHIFT;
    tracker.window_low = tracker.window_count;
    tracker.window_high = 0;
    tracker.windows = pages_map(tracker.window_count * sizeof tracker.windows[0]);
    if (tracker.windows == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "page tracker: no memory for its directory");
    tracker.counts = (struct gcr_page_counts){0};
    tracker.open = true;
    pages_forget_stores();
    gcr_store_filter.mask = UINT64_MAX;
    return GCR_OK;
}

void gcr_pages_close(void)
{
    if (!tracker.open)
        return;
    for (size_t i = tracker.window_low; i < tracker.window_high; i++)
        if (tracker.windows[i].words != NULL)
            munmap(tracker.windows[i].words, WINDOW_PAGES * sizeof(uint32_t));
    munmap(tracker.windows, tracker.window_count * sizeof tracker.windows[0]);
    tracker.windows = NULL;
    tracker.open = false;
    gcr_store_filter.mask = 0;
    pages_forget_stores();
}

bool gcr_pages_are_open(void)
{
    return tracker.open;
}

/* ---- words ---- */

/* The process's address space is exhausted: nothing that it counts would be of use. */
static GCR_COLD struct pages_window *pages_new_window(size_t index)
{
    struct pages_window *window = &tracker.windows[index];
    window->words = pages_map(WINDOW_PAGES * sizeof(uint32_t));
    GCR_CHECK(0, window->words != NULL);
    window->low = WINDOW_PAGES;
    window->high = 0;
    if (index < tracker.window_low)
        tracker.window_low = index;
    if (index >= tracker.window_high)
        tracker.window_high = index + 1;
    return window;
}

/* The word of the page `number` pages into the region. */
static uint32_t *pages_word(uintptr_t number)
{
    struct pages_window *window = &tracker.windows[number >> WINDOW_SHIFT];
    uint32_t index = (uint32_t)number & (WINDOW_PAGES - 1);
    if (GCR_UNLIKELY(window->words == NULL))
        window = pages_new_window(number >> WINDOW_SHIFT);
    if (GCR_UNLIKELY(index < window->low))
        window->low = index;
    if (GCR_UNLIKELY(index >= window->high))
        window->high = index + 1;
    return &window->words[index];
}

/* NULL: outside the region. */
static uint32_t *pages_find(uintptr_t address)
{
    uintptr_t number = (address >> PAGE_SHIFT) - tracker.first; /* below: a huge number */
    return tracker.open && number < tracker.pages ? pages_word(number) : NULL;
}

static void pages_add_cause(uint32_t *word, enum gcr_write_cause cause)
{
    uint32_t bit = (uint32_t)1 << (PAGE_ANY_SHIFT + cause);
    if (!(*word & PAGE_COPIED)) {
        *word |= PAGE_COPIED | (uint32_t)cause << PAGE_FIRST_SHIFT;
        tracker.counts.copied++;
        tracker.counts.first_cause[cause]++;
    }
    if (!(*word & bit)) {
        *word |= bit;
        tracker.counts.any_cause[cause]++;
    }
}

static void pages_note_word(uint32_t *word, enum gcr_write_cause cause)
{
    if (!(*word & PAGE_RESIDENT)) {
        *word |= PAGE_RESIDENT;
        tracker.counts.fresh++;
    }
    if (*word & PAGE_SHARED)
        pages_add_cause(word, cause);
}

/* Takes a page's share out of the counters, and leaves its kind. */
static void pages_drop_word(uint32_t *word)
{
    struct gcr_page_counts *counts = &tracker.counts;
    if (*word & PAGE_SHARED) {
        counts->shared--;
        counts->dropped++;
    } else if (*word & PAGE_RESIDENT) {
        counts->fresh--;
    }
    if (*word & PAGE_COPIED) {
        counts->copied--;
        counts->dropped_copied++;
        counts->first_cause[*word >> PAGE_FIRST_SHIFT & 15]--;
        for (unsigned cause = 0; cause < GCR_CAUSE_COUNT_OF; cause++)
            counts->any_cause[cause] -= *word >> (PAGE_ANY_SHIFT + cause) & 1;
    }
    *word = 0;
}

/* ---- what happens to pages ---- */

void gcr_pages_note(uintptr_t address, enum gcr_write_cause cause)
{
    uint32_t *word = pages_find(address);
    if (word != NULL)
        pages_note_word(word, cause);
}

enum gcr_write_cause gcr_pages_cause(uintptr_t address, enum gcr_write_cause otherwise)
{
    const uint32_t *word = pages_find(address);
    unsigned kind = word != NULL ? (*word & PAGE_KIND_MASK) >> PAGE_KIND_SHIFT : GCR_PAGES_OBJECTS;
    if (kind == GCR_PAGES_SIDE)
        return GCR_CAUSE_SIDE;
    return kind == GCR_PAGES_WORK ? GCR_CAUSE_BUFFER : otherwise;
}

static void pages_committed(const struct gcr_supply_observer *self, enum gcr_page_kind kind,
                            void *start, size_t bytes)
{
    (void)self;
    for (size_t at = 0; at < bytes; at += GCR_PAGE_BYTES) {
        uint32_t *word = pages_find((uintptr_t)start + at);
        if (word != NULL)
            *word = (*word & ~(uint32_t)PAGE_KIND_MASK) | (uint32_t)kind << PAGE_KIND_SHIFT;
    }
    pages_forget_stores(); /* the kind decides causes */
}

static void pages_populated(const struct gcr_supply_observer *self, void *start, size_t bytes)
{
    (void)self;
    for (size_t at = 0; at < bytes; at += GCR_PAGE_BYTES)
        gcr_pages_note((uintptr_t)start + at, GCR_CAUSE_NEW);
}

static void pages_released(const struct gcr_supply_observer *self, enum gcr_page_kind kind,
                           void *start, size_t bytes)
{
    (void)self;
    (void)kind;
    for (size_t at = 0; at < bytes; at += GCR_PAGE_BYTES) {
        uint32_t *word = pages_find((uintptr_t)start + at);
        if (word != NULL)
            pages_drop_word(word);
    }
    pages_forget_stores();
}

struct gcr_supply_observer gcr_pages_observer = {
    .committed = pages_committed, .populated = pages_populated, .released = pages_released};

/* ---- walks ---- */

/* Calls each for every word that may not be zero, in ascending order. */
static void pages_each(void (*each)(void *arg, uintptr_t page, uint32_t *word), void *arg)
{
    for (size_t i = tracker.window_low; tracker.open && i < tracker.window_high; i++) {
        struct pages_window *window = &tracker.windows[i];
        if (window->words == NULL)
            continue;
        for (uint32_t k = window->low; k < window->high; k++)
            if (window->words[k] != 0)
                each(arg, (tracker.first + (i << WINDOW_SHIFT) + k) << PAGE_SHIFT,
                     &window->words[k]);
    }
}

static void pages_share(void *arg, uintptr_t page, uint32_t *word)
{
    struct gcr_page_counts *counts = arg;
    (void)page;
    *word &= PAGE_KIND_MASK | PAGE_RESIDENT;
    if (*word & PAGE_RESIDENT) {
        *word |= PAGE_SHARED;
        counts->shared++;
    }
}

void gcr_pages_fork(void)
{
    tracker.counts = (struct gcr_page_counts){0};
    pages_each(pages_share, &tracker.counts);
    pages_forget_stores();
}

void gcr_pages_count(struct gcr_page_counts *out)
{
    *out = tracker.counts;
}

struct pages_visit {
    uint32_t wanted;
    void (*visit)(void *arg, uintptr_t page);
    void *arg;
};

static void pages_visit_word(void *arg, uintptr_t page, uint32_t *word)
{
    const struct pages_visit *visit = arg;
    if (*word & visit->wanted)
        visit->visit(visit->arg, page);
}

void gcr_pages_visit_copied(void (*visit)(void *arg, uintptr_t page), void *arg)
{
    struct pages_visit each = {PAGE_COPIED, visit, arg};
    pages_each(pages_visit_word, &each);
}

void gcr_pages_visit_shared(void (*visit)(void *arg, uintptr_t page), void *arg)
{
    struct pages_visit each = {PAGE_SHARED, visit, arg};
    pages_each(pages_visit_word, &each);
}
