#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/model/reference.h"

enum { LINE = 64, PAGE = 4096, MOST_WINDOWS = 512, STREAMS = 32, FURTHEST = 20 };

struct entry {
    uint64_t number, stamp; /* stamp 0: empty */
    bool dirty;
};

struct level {
    struct entry *entries;
    uint64_t sets, ways;
};

/* Where a page's requests go: the last line, which way, how often so, and how far was fetched. */
struct stream {
    uint64_t page, stamp; /* stamp 0: unused */
    int last, step, steps, fetched;
};

struct reference {
    bool prefetch;
    struct stream streams[STREAMS];
    struct level l1, l2, llc, tlb1, tlb2;
    uint64_t clock;
    /* Sets are chosen by a line's place in the gigabytes as they were first touched. */
    uint64_t windows[MOST_WINDOWS];
    size_t window_count;
    struct gcr_model_counts counts;
};

static struct level level_create(uint32_t sets, uint32_t ways)
{
    struct level level = {.sets = sets, .ways = ways};
    if (sets != 0)
        level.entries = calloc((size_t)sets * ways, sizeof level.entries[0]);
    assert_true(sets == 0 || level.entries != NULL);
    return level;
}

struct reference *reference_create(const struct gcr_geometry *geometry)
{
    struct reference *reference = calloc(1, sizeof *reference);
    assert_non_null(reference);
    reference->l1 = level_create(geometry->l1.sets, geometry->l1.ways);
    reference->l2 = level_create(geometry->l2.sets, geometry->l2.ways);
    reference->llc = level_create(geometry->llc.sets, geometry->llc.ways);
    reference->tlb1 = level_create(geometry->tlb1.sets, geometry->tlb1.ways);
    reference->tlb2 = level_create(geometry->tlb2.sets, geometry->tlb2.ways);
    reference->prefetch = geometry->prefetch;
    return reference;
}

void reference_destroy(struct reference *reference)
{
    free(reference->l1.entries);
    free(reference->l2.entries);
    free(reference->llc.entries);
    free(reference->tlb1.entries);
    free(reference->tlb2.entries);
    free(reference);
}

const struct gcr_model_counts *reference_counts(const struct reference *reference)
{
    return &reference->counts;
}

/* An address with its gigabyte replaced by how many were touched before it. */
static uint64_t place(struct reference *reference, uint64_t address)
{
    uint64_t window = address >> 30;
    size_t i = 0;
    while (i < reference->window_count && reference->windows[i] != window)
        i++;
    if (i == reference->window_count) {
        assert_true(i < MOST_WINDOWS);
        reference->windows[reference->window_count++] = window;
    }
    return (uint64_t)i << 30 | (address & ((UINT64_C(1) << 30) - 1));
}

/* Whether it was there; if something dirty made room, *victim is its number. */
static bool touch(struct reference *reference, struct level *level, uint64_t number, bool write,
                  uint64_t *victim)
{
    struct entry *set = level->entries + number % level->sets * level->ways, *oldest = set;
    *victim = UINT64_MAX;
    reference->clock++;
    for (uint64_t way = 0; way < level->ways; way++) {
        if (set[way].stamp != 0 && set[way].number == number) {
            set[way].stamp = reference->clock;
            set[way].dirty |= write;
            return true;
        }
        if (set[way].stamp < oldest->stamp)
            oldest = &set[way];
    }
    if (oldest->stamp != 0 && oldest->dirty)
        *victim = oldest->number;
    *oldest = (struct entry){number, reference->clock, write};
    return false;
}

static void to_memory(struct gcr_cache_counts *counts)
{
    counts->llc_writebacks++;
    counts->memory_write_bytes += LINE;
}

static void write_llc(struct reference *reference, uint64_t line, struct gcr_cache_counts *counts)
{
    uint64_t victim = UINT64_MAX;
    if (reference->llc.sets == 0)
        to_memory(counts);
    else if (!touch(reference, &reference->llc, line, true, &victim) && victim != UINT64_MAX)
        to_memory(counts);
}

static void write_l2(struct reference *reference, uint64_t line, struct gcr_cache_counts *counts)
{
    uint64_t victim = UINT64_MAX;
    if (reference->l2.sets == 0) {
        write_llc(reference, line, counts);
        return;
    }
    touch(reference, &reference->l2, line, true, &victim);
    if (victim != UINT64_MAX) {
        counts->l2_writebacks++;
        write_llc(reference, victim, counts);
    }
}

enum who { READ, WRITE, PREFETCHER };

static void fetch_llc(struct reference *reference, uint64_t line, enum who who,
                      struct gcr_cache_counts *counts)
{
    uint64_t victim = UINT64_MAX;
    if (reference->llc.sets != 0 && touch(reference, &reference->llc, line, false, &victim))
        return;
    if (who == WRITE)
        counts->llc_write_misses++;
    if (who == READ)
        counts->llc_read_misses++;
    counts->memory_read_bytes += LINE;
    if (victim != UINT64_MAX)
        to_memory(counts);
}

static void fetch_l2(struct reference *reference, uint64_t line, enum who who,
                     struct gcr_cache_counts *counts)
{
    uint64_t victim = UINT64_MAX;
    if (reference->l2.sets == 0) {
        fetch_llc(reference, line, who, counts);
        return;
    }
    if (touch(reference, &reference->l2, line, false, &victim))
        return;
    counts->l2_read_misses += who == READ;
    counts->l2_write_misses += who == WRITE;
    counts->prefetches += who == PREFETCHER;
    fetch_llc(reference, line, who, counts);
    if (victim != UINT64_MAX) {
        counts->l2_writebacks++;
        write_llc(reference, victim, counts);
    }
}

static struct stream *stream_of(struct reference *reference, uint64_t page)
{
    struct stream *oldest = reference->streams;
    for (struct stream *s = reference->streams; s < reference->streams + STREAMS; s++) {
        if (s->stamp != 0 && s->page == page)
            return s;
        if (s->stamp < oldest->stamp)
            oldest = s;
    }
    oldest->stamp = 0;
    return oldest;
}

/* Two lines on at each request from the second step in one direction on. */
static void request(struct reference *reference, uint64_t line, struct gcr_cache_counts *counts)
{
    uint64_t page = line / 64;
    int at = (int)(line % 64);
    struct stream *s = stream_of(reference, page);
    bool known = s->stamp != 0;
    s->stamp = ++reference->clock;
    if (!known) {
        *s = (struct stream){.page = page, .stamp = s->stamp, .last = at};
        return;
    }
    if (at == s->last)
        return;
    int step = at > s->last ? 1 : -1;
    s->last = at;
    s->fetched = step == s->step ? s->fetched : at;
    s->steps = step == s->step ? s->steps + 1 : 1;
    s->step = step;
    if (step > 0 ? s->fetched < at : s->fetched > at)
        s->fetched = at;
    for (int n = 0; s->steps >= 2 && n < 2; n++) {
        int next = s->fetched + step;
        if (next < 0 || next > 63 || next > at + FURTHEST || next < at - FURTHEST)
            break;
        s->fetched = next;
        fetch_l2(reference, page * 64 + (uint64_t)next, PREFETCHER, counts);
    }
}

static void translate(struct reference *reference, uint64_t page, struct gcr_cache_counts *counts)
{
    uint64_t none;
    if (touch(reference, &reference->tlb1, page, false, &none))
        return;
    counts->tlb1_misses++;
    if (reference->tlb2.sets == 0 || !touch(reference, &reference->tlb2, page, false, &none))
        counts->tlb2_misses++;
}

static void look(struct reference *reference, uint64_t address, bool write,
                 struct gcr_cache_counts *counts)
{
    uint64_t at = place(reference, address), line = at / LINE, victim;
    translate(reference, at / PAGE, counts);
    if (touch(reference, &reference->l1, line, write, &victim))
        return;
    if (write)
        counts->l1_write_misses++;
    else
        counts->l1_read_misses++;
    fetch_l2(reference, line, write ? WRITE : READ, counts);
    if (victim != UINT64_MAX) {
        counts->l1_writebacks++;
        write_l2(reference, victim, counts);
    }
    if (reference->prefetch)
        request(reference, line, counts);
}

void reference_access(struct reference *reference, uintptr_t at, size_t bytes, bool write,
                      enum gcr_gc_phase phase)
{
    struct gcr_cache_counts *counts = &reference->counts.phase[phase];
    uint64_t first = at / LINE, last = (at + bytes - 1) / LINE;
    uint64_t accesses = bytes <= 16 ? 1 : last - first + 1;
    if (write)
        counts->writes += accesses;
    else
        counts->reads += accesses;
    for (uint64_t line = first; line <= last; line++)
        look(reference, line * LINE, write, counts);
}

void reference_assert_same(const struct gcr_model_counts *expected,
                           const struct gcr_model_counts *found)
{
    for (int phase = 0; phase < GCR_PHASE_COUNT; phase++) {
        const struct gcr_cache_counts *e = &expected->phase[phase], *f = &found->phase[phase];
        assert_int_equal(f->reads, e->reads);
        assert_int_equal(f->writes, e->writes);
        assert_int_equal(f->l1_read_misses, e->l1_read_misses);
        assert_int_equal(f->l1_write_misses, e->l1_write_misses);
        assert_int_equal(f->l2_read_misses, e->l2_read_misses);
        assert_int_equal(f->l2_write_misses, e->l2_write_misses);
        assert_int_equal(f->llc_read_misses, e->llc_read_misses);
        assert_int_equal(f->llc_write_misses, e->llc_write_misses);
        assert_int_equal(f->l1_writebacks, e->l1_writebacks);
        assert_int_equal(f->l2_writebacks, e->l2_writebacks);
        assert_int_equal(f->llc_writebacks, e->llc_writebacks);
        assert_int_equal(f->tlb1_misses, e->tlb1_misses);
        assert_int_equal(f->tlb2_misses, e->tlb2_misses);
        assert_int_equal(f->prefetches, e->prefetches);
        assert_int_equal(f->memory_read_bytes, e->memory_read_bytes);
        assert_int_equal(f->memory_write_bytes, e->memory_write_bytes);
        assert_memory_equal(f, e, sizeof *e); /* and what may be added one day */
    }
}

uint64_t reference_seed(int argc, char **argv, uint64_t fallback)
{
    uint64_t seed = fallback;
    if (argc == 3 && strcmp(argv[1], "--seed") == 0)
        seed = strtoull(argv[2], NULL, 10);
    print_message("seed %llu\n", (unsigned long long)seed);
    return seed;
}

uint64_t reference_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}
