/* The count word: buffered bit, colour, cyclic count and count, and the tables behind the counts.
 *
 *     bit 31      buffered: in the root or in the cycle buffer
 *     bits 28-30  colour
 *     bits 14-27  CRC: 13 bits and an overflow bit
 *     bits 0-13   RC: 13 bits and an overflow bit
 *
 * A count of 8191 that grows gives 8192 of it to its table and goes on at 0; one of 0 with the
 * overflow bit takes 8192 back. A count is zero when all 14 bits are. Functions belong to the
 * holder of the package. */
#ifndef GCR_ALLOCATORS_BUFFERED_REFCOUNT_COUNTS_H
#define GCR_ALLOCATORS_BUFFERED_REFCOUNT_COUNTS_H

#include "allocators/buffered_refcount/buffered_refcount.h"

enum recycler_colour {
    RECYCLER_BLACK,  /* in use, or released and still buffered (RC 0) */
    RECYCLER_GRAY,   /* possibly in a garbage cycle: being traced */
    RECYCLER_WHITE,  /* member of a garbage cycle, as far as this trace knows */
    RECYCLER_PURPLE, /* possible root of one */
    RECYCLER_GREEN,  /* of a type that cannot be in one */
    RECYCLER_RED,    /* member of the candidate at hand */
    RECYCLER_ORANGE  /* member of a candidate that waits for the next epoch */
};

#define RECYCLER_FIELD ((uint32_t)0x1fff)
#define RECYCLER_OVER ((uint32_t)0x2000)
#define RECYCLER_COUNT (RECYCLER_FIELD | RECYCLER_OVER)
#define RECYCLER_COLOUR ((uint32_t)7 << RECYCLER_COLOUR_SHIFT)
#define RECYCLER_BUFFERED ((uint32_t)1 << 31)
enum {
    RECYCLER_RC_SHIFT = 0,
    RECYCLER_CRC_SHIFT = 14,
    RECYCLER_COLOUR_SHIFT = 28,
    RECYCLER_CARRY = 8192
};

/* Count word of a new object. */
static inline uint32_t recycler_birth(bool green)
{
    return 1u | (uint32_t)(green ? RECYCLER_GREEN : RECYCLER_BLACK) << RECYCLER_COLOUR_SHIFT;
}

static inline enum recycler_colour recycler_colour_of(gcr_ref object)
{
    return (enum recycler_colour)((*recycler_count_word(object) & RECYCLER_COLOUR) >>
                                  RECYCLER_COLOUR_SHIFT);
}

static inline void recycler_set_colour(gcr_ref object, enum recycler_colour colour)
{
    uint32_t *word = recycler_count_word(object);
    GCR_STORE_AS(GCR_CAUSE_HEADER, *word,
                 (*word & ~RECYCLER_COLOUR) | (uint32_t)colour << RECYCLER_COLOUR_SHIFT);
}

static inline bool recycler_is_buffered(gcr_ref object)
{
    return (*recycler_count_word(object) & RECYCLER_BUFFERED) != 0;
}

static inline void recycler_set_buffered(gcr_ref object, bool buffered)
{
    uint32_t *word = recycler_count_word(object);
    GCR_STORE_AS(GCR_CAUSE_HEADER, *word,
                 (*word & ~RECYCLER_BUFFERED) | (buffered ? RECYCLER_BUFFERED : 0));
}

static inline bool recycler_rc_is_zero(gcr_ref object)
{
    return (*recycler_count_word(object) & RECYCLER_COUNT) == 0;
}

static inline bool recycler_crc_is_zero(gcr_ref object)
{
    return (*recycler_count_word(object) >> RECYCLER_CRC_SHIFT & RECYCLER_COUNT) == 0;
}

/* counts.c: the other side of the overflow bit. */
void recycler_carry(struct gcr_recycler *h, struct recycler_table *table, gcr_ref object);
/* True if that was the last of it. */
bool recycler_borrow(struct recycler_table *table, gcr_ref object);
/* CRC = RC where one of them has an entry. */
void recycler_crc_copy_slow(struct gcr_recycler *h, gcr_ref object);
void recycler_crc_drop(struct gcr_recycler *h, gcr_ref object);
/* Whole counts, for sums and checks. */
uint64_t recycler_rc(const struct gcr_recycler *h, gcr_ref object);
uint64_t recycler_crc(const struct gcr_recycler *h, gcr_ref object);

/* The cyclic count is a trace's own mark, and no count of references. */
static inline enum gcr_write_cause recycler_count_cause(unsigned shift)
{
    return shift == RECYCLER_RC_SHIFT ? GCR_CAUSE_COUNT : GCR_CAUSE_HEADER;
}

static inline void recycler_count_add(struct gcr_recycler *h, gcr_ref object, unsigned shift)
{
    uint32_t *word = recycler_count_word(object);
    if (GCR_LIKELY((*word >> shift & RECYCLER_FIELD) != RECYCLER_FIELD)) {
        (void)GCR_ADD_AS(recycler_count_cause(shift), *word, 1u << shift);
        return;
    }
    GCR_STORE_AS(recycler_count_cause(shift), *word,
                 (*word & ~(RECYCLER_FIELD << shift)) | RECYCLER_OVER << shift);
    recycler_carry(h, shift == RECYCLER_RC_SHIFT ? &h->collector.more_rc : &h->collector.more_crc,
                   object);
}

/* The count must not be zero. */
static inline void recycler_count_subtract(struct gcr_recycler *h, gcr_ref object, unsigned shift)
{
    uint32_t *word = recycler_count_word(object);
    if (GCR_LIKELY((*word >> shift & RECYCLER_FIELD) != 0)) {
        GCR_STORE_AS(recycler_count_cause(shift), *word, *word - (1u << shift));
        return;
    }
    GCR_CHECK(1, (*word >> shift & RECYCLER_OVER) != 0 || h->collector.failed);
    GCR_STORE_AS(recycler_count_cause(shift), *word, *word | RECYCLER_FIELD << shift);
    if (recycler_borrow(shift == RECYCLER_RC_SHIFT ? &h->collector.more_rc : &h->collector.more_crc,
                        object))
        GCR_STORE_AS(recycler_count_cause(shift), *word, *word & ~(RECYCLER_OVER << shift));
}

static inline void recycler_crc_subtract(struct gcr_recycler *h, gcr_ref object)
{
    if (!recycler_crc_is_zero(object))
        recycler_count_subtract(h, object, RECYCLER_CRC_SHIFT);
}

/* CRC = RC. */
static inline void recycler_crc_copy(struct gcr_recycler *h, gcr_ref object)
{
    uint32_t *word = recycler_count_word(object);
    if (GCR_UNLIKELY((*word & (RECYCLER_OVER | RECYCLER_OVER << RECYCLER_CRC_SHIFT)) != 0))
        recycler_crc_copy_slow(h, object);
    GCR_STORE_AS(GCR_CAUSE_HEADER, *word,
                 (*word & ~(RECYCLER_COUNT << RECYCLER_CRC_SHIFT)) | (*word & RECYCLER_COUNT)
                                                                         << RECYCLER_CRC_SHIFT);
}

/* CRC = 0, entry and all. */
static inline void recycler_crc_clear(struct gcr_recycler *h, gcr_ref object)
{
    uint32_t *word = recycler_count_word(object);
    if (GCR_UNLIKELY((*word & RECYCLER_OVER << RECYCLER_CRC_SHIFT) != 0))
        recycler_crc_drop(h, object);
    GCR_STORE_AS(GCR_CAUSE_HEADER, *word, *word & ~(RECYCLER_COUNT << RECYCLER_CRC_SHIFT));
}

/* Out of a trace. */
static inline void recycler_set_black(struct gcr_recycler *h, gcr_ref object)
{
    recycler_crc_clear(h, object);
    recycler_set_colour(object, RECYCLER_BLACK);
}

#endif
