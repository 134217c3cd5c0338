/* What a store into the heap is for, said where it is made.
 *
 * Each back end is compiled twice. In the *modelled* twin (GCR_MODELLED) the compiler reports every
 * load and store to the cache model (sim/model/), which counts them under the phase at hand and,
 * for copy-on-write, under a cause. The cause follows from the kind of page (side tables, buffers)
 * or from the phase, unless a store names it by these macros. In the *timed* twin they are plain
 * assignments.
 *
 * Tag what the phase would get wrong: the program's own field stores inside a barrier, counts,
 * links of GC heads, links of free lists, headers of pools. In a collection: header words that a
 * sweep or a copy changes (mark bits, stubs), what a finalizer's order copies, free room that is
 * cleared for the objects to come. RESIZE writes the program's own length and reference to its
 * items; the new block is NEW. Accesses that the compiler does not
 * report (prefetches, inline assembly, __builtin_mem*) are not made in back ends. */
#ifndef GCR_ALLOCATORS_COMMON_ACCESS_H
#define GCR_ALLOCATORS_COMMON_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

/* Why a page was written. In order of the columns of results. */
enum gcr_write_cause {
    GCR_CAUSE_DATA,      /* the mutator: fields, items, data bytes */
    GCR_CAUSE_NEW,       /* a new object: its header, its cleared fields */
    GCR_CAUSE_COUNT,     /* reference counts, wherever they are kept */
    GCR_CAUSE_HEADER,    /* GC heads, mark bits and flags in headers, forwarding stubs */
    GCR_CAUSE_SIDE,      /* side tables: mark bitmaps, planes, page descriptors, cards */
    GCR_CAUSE_METADATA,  /* an allocator's own: pool and arena headers, block descriptors */
    GCR_CAUSE_FREE_LINK, /* links of free lists, written into free cells */
    GCR_CAUSE_MOVE,      /* objects copied or moved, references updated for it */
    GCR_CAUSE_BUFFER,    /* work memory: mark stacks, remembered sets, mutation buffers */
    GCR_CAUSE_COUNT_OF   /* how many there are */
};

#ifdef GCR_MODELLED

/* In sim/model/: reports a store of the low `bytes` bytes (1, 2, 4 or 8) of value and makes it. */
void gcr_model_store(void *at, uint64_t value, size_t bytes, enum gcr_write_cause cause);
/* Reports a load and a store, adds (modulo 2^(8 * bytes)), and returns the new value. */
uint64_t gcr_model_add(void *at, uint64_t delta, size_t bytes, enum gcr_write_cause cause);
/* memmove, and memset to 0. They count as blocks do: one access a line. */
void gcr_model_move(void *to, const void *from, size_t bytes, enum gcr_write_cause cause);
void gcr_model_zero(void *at, size_t bytes, enum gcr_write_cause cause);

/* The modelled twin has one thread: these need not be atomic. Words of 8 bytes. */
static inline uint64_t gcr_model_exchange(void *at, uint64_t value, enum gcr_write_cause cause)
{
    uint64_t before = *(uint64_t *)at;
    gcr_model_store(at, value, sizeof value, cause);
    return before;
}

static inline bool gcr_model_compare_exchange(void *at, void *expected, uint64_t desired,
                                              enum gcr_write_cause cause)
{
    uint64_t now = *(uint64_t *)at;
    bool equal = now == *(uint64_t *)expected;
    if (equal)
        gcr_model_store(at, desired, sizeof desired, cause);
    else
        *(uint64_t *)expected = now;
    return equal;
}

#define GCR_STORE_AS(cause, lvalue, value)                                                         \
    ((void)sizeof((lvalue) = (value)),                                                             \
     gcr_model_store((void *)(uintptr_t) & (lvalue), (uint64_t)(value), sizeof(lvalue), (cause)))
#define GCR_ADD_AS(cause, lvalue, delta)                                                           \
    ((__typeof__(lvalue))gcr_model_add((void *)(uintptr_t) & (lvalue), (uint64_t)(delta),          \
                                       sizeof(lvalue), (cause)))
#define GCR_COPY_AS(cause, to, from, bytes) gcr_model_move((to), (from), (bytes), (cause))
#define GCR_MOVE_AS(cause, to, from, bytes) gcr_model_move((to), (from), (bytes), (cause))
#define GCR_ZERO_AS(cause, at, bytes) gcr_model_zero((at), (bytes), (cause))
#define GCR_ZERO_NEW(at, bytes) ((void)memset((at), 0, (bytes)))
#define GCR_COPY_BEHIND_AS(cause, to, from, words)                                                 \
    do {                                                                                           \
        for (uint64_t gcr_word = 1; gcr_word < (words); gcr_word++)                                \
            GCR_STORE_AS(cause, (to)[gcr_word], (from)[gcr_word]);                                 \
    } while (0)
#define GCR_EXCHANGE_AS(cause, pointer, value)                                                     \
    ((__typeof__(*(pointer)))gcr_model_exchange((pointer), (uint64_t)(value), (cause)))
#define GCR_COMPARE_EXCHANGE_AS(cause, pointer, expected, desired)                                 \
    gcr_model_compare_exchange((pointer), (expected), (uint64_t)(desired), (cause))

#else

/* The first and the last 16 bytes, or 32 of them, which may overlap: one branch for any size. */
GCR_ALWAYS_INLINE void gcr_copy_few_words(uint64_t *to, const uint64_t *from, uint64_t words)
{
    struct gcr_two_words {
        uint64_t word[2];
    } first, second, third, last;
    memcpy(&first, from, sizeof first);
    memcpy(&last, from + words - 2, sizeof last);
    if (words > 4) {
        memcpy(&second, from + 2, sizeof second);
        memcpy(&third, from + words - 4, sizeof third);
        memcpy(to + 2, &second, sizeof second);
        memcpy(to + words - 4, &third, sizeof third);
    }
    memcpy(to, &first, sizeof first);
    memcpy(to + words - 2, &last, sizeof last);
}

/* memset to 0 of 16 to 128 bytes by stores of 16, the ones from the front and the ones from the
 * back overlapping; other sizes by memset. */
GCR_ALWAYS_INLINE void gcr_zero_block(void *at, size_t bytes)
{
    struct gcr_two_words {
        uint64_t word[2];
    } zero = {{0}};
    char *start = at, *end = start + bytes;
    if (GCR_UNLIKELY(bytes - 16 > 112)) {
        memset(at, 0, bytes);
        return;
    }
    if (bytes > 32) {
        memcpy(start + 16, &zero, sizeof zero);
        memcpy(end - 32, &zero, sizeof zero);
    }
    if (bytes > 64) {
        memcpy(start + 32, &zero, sizeof zero);
        memcpy(start + 48, &zero, sizeof zero);
        memcpy(end - 64, &zero, sizeof zero);
        memcpy(end - 48, &zero, sizeof zero);
    }
    memcpy(start, &zero, sizeof zero);
    memcpy(end - 16, &zero, sizeof zero);
}

/* lvalue = value, once each. */
#define GCR_STORE_AS(cause, lvalue, value) ((void)((lvalue) = (value)))
/* lvalue += delta; its value is the new one. lvalue is an unsigned integer. */
#define GCR_ADD_AS(cause, lvalue, delta) ((lvalue) += (delta))
/* memcpy, memmove and memset to 0. */
#define GCR_COPY_AS(cause, to, from, bytes) ((void)memcpy((to), (from), (bytes)))
#define GCR_MOVE_AS(cause, to, from, bytes) ((void)memmove((to), (from), (bytes)))
#define GCR_ZERO_AS(cause, at, bytes) ((void)memset((at), 0, (bytes)))
/* A new object's block, before anything is written into it. */
#define GCR_ZERO_NEW(at, bytes) gcr_zero_block((at), (bytes))
/* An object of 2 to 8 words but for its first one, which is the caller's to store afterwards; the
 * places do not overlap. Counted word by word, moved by 16 bytes. */
#define GCR_COPY_BEHIND_AS(cause, to, from, words) gcr_copy_few_words((to), (from), (words))
#define GCR_EXCHANGE_AS(cause, pointer, value) GCR_EXCHANGE(pointer, value)
#define GCR_COMPARE_EXCHANGE_AS(cause, pointer, expected, desired)                                 \
    GCR_COMPARE_EXCHANGE(pointer, expected, desired)

#endif

#endif
