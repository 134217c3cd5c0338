/* A pair of equal spaces for copying collectors: objects are carved from one by bumping `free`; a
 * collection copies what is alive into the other and empties the first.
 *
 * Sizing follows PyPy's semispace.py. The red-zone counter rises when a collection leaves less than
 * a third of the space free, twice when less than a fifth; at two, the next full space is doubled
 * instead of collected: bigger half first (refused: nothing has changed), then the empty half goes,
 * everything moves, the old half goes, and the second bigger half is made. If that is refused, the
 * one big half is split in two for good. With a budget the size is set from outside.
 *
 * How the evacuated half is emptied: DONTNEED gives its pages back, apart from `keep` (a share of
 * what the last collection copied) which stay for the next copy to fill; MEMSET zeroes it in place;
 * NONE leaves it as it is. What is not zero when the half is used again lies below its
 * `dirty_bytes` and is zeroed a window at a time just ahead of the allocation; pages that are not
 * resident are made so a window at a time too, which costs the kernel a fraction of a fault for
 * each of them.
 *
 * Invariants (gcr_copy_space_check): to.start <= free <= limit <= top == to.start + bytes, to is
 * committed up to top; bytes from free to limit are zero; dirty_bytes <= committed_bytes <=
 * reserved_bytes in both halves, and what is committed above dirty_bytes is zero. */
#ifndef GCR_ALLOCATORS_COMMON_COPY_SPACE_H
#define GCR_ALLOCATORS_COMMON_COPY_SPACE_H

#include "allocators/common/access.h"
#include "allocators/common/supply.h"
#include "base/check.h"
#include "base/option.h"

struct gcr_copy_half {
    char *start;
    size_t reserved_bytes, committed_bytes, dirty_bytes;
};

enum gcr_copy_clear { GCR_COPY_DONTNEED, GCR_COPY_MEMSET, GCR_COPY_NONE };

struct gcr_copy_space {
    char *free, *limit; /* allocation: zeroed room */
    char *top;
    size_t bytes; /* S */
    struct gcr_copy_half to, from;
    struct gcr_supply *supply;
    bool split;  /* both halves lie in one reservation; no more growth */
    bool closed; /* nothing may be carved any more */
    uint32_t red_zone;
    size_t survivor_bytes; /* copied by the last collection: what the next one may copy */

    enum gcr_copy_clear clear;
    double keep_ratio;
    size_t window_bytes; /* made resident and zero at a time */
    size_t max_bytes;
    uint32_t red_zone_divisor, red_zone_deep_divisor;
};

/* The option rows of struct gcr_copy_space, for a design's table. */
/* clang-format off */
#define GCR_COPY_SPACE_OPTIONS                                                                     \
    {"start", GCR_OPT_BYTES, "bytes", "8M", 4096, 1099511627776.0, NULL,                           \
     "size of each half at the beginning (native sizing)"},                                        \
    {"max", GCR_OPT_BYTES, "bytes", "1024G", 4096, 1099511627776.0, NULL,                          \
     "size of each half above which the space is not doubled (native sizing)"},                    \
    {"red-zone", GCR_OPT_COUNT, "1", "3", 1, 1000, NULL,                                           \
     "a collection that leaves less than 1/this of the space free counts once; two counts double"},\
    {"red-zone-deep", GCR_OPT_COUNT, "1", "5", 1, 1000, NULL,                                      \
     "a collection that leaves less than 1/this of the space free counts twice"},                  \
    {"clear", GCR_OPT_CHOICE, NULL, "dontneed", 0, 0, "dontneed|memset|none",                      \
     "how the evacuated half is emptied: given back, zeroed in place, or zeroed when allocated "   \
     "from"},                                                                                      \
    {"keep", GCR_OPT_RATIO, "1", "1", 0, 4, NULL,                                                  \
     "with clear=dontneed: how much of the evacuated half is kept for the next copy to fill, as a "\
     "share of the bytes just copied"},                                                            \
    {"window", GCR_OPT_BYTES, "bytes", "128K", 0, 1073741824.0, NULL,                              \
     "how much free room is made resident and zero at a time; 0: pages fault one by one"}
/* clang-format on */

/* Reads those rows; takes no memory yet. GCR_USAGE: start above max. */
gcr_status gcr_copy_space_init(struct gcr_copy_space *space, struct gcr_supply *supply,
                               const struct gcr_option_values *options,
                               struct gcr_error *err) GCR_MUST_USE;
/* Two empty halves of `bytes`, each in a reservation of `reserved_bytes`; whole pages. False: the
 * supply refuses, or nothing to make. */
bool gcr_copy_space_create(struct gcr_copy_space *space, size_t bytes,
                           size_t reserved_bytes) GCR_MUST_USE;
void gcr_copy_space_destroy(struct gcr_copy_space *space);

static inline size_t gcr_copy_space_used(const struct gcr_copy_space *space)
{
    return (size_t)(space->free - space->to.start);
}
static inline size_t gcr_copy_space_room(const struct gcr_copy_space *space)
{
    return (size_t)(space->top - space->free);
}

/* Makes at least `bytes` between free and limit zero and resident; bytes <= room, not closed. */
void gcr_copy_space_open(struct gcr_copy_space *space, uint64_t bytes);
/* `bytes` between free and limit are about to be overwritten by copies: made resident ahead. */
void gcr_copy_space_expect(struct gcr_copy_space *space, uint64_t bytes);
/* After objects were copied to `free`: limit again lies at or behind it. */
void gcr_copy_space_settle(struct gcr_copy_space *space);

/* Changes S in place: used <= bytes <= reserved. The empty half follows if it is larger. False: the
 * supply refuses to grow it. */
bool gcr_copy_space_set_bytes(struct gcr_copy_space *space, size_t bytes) GCR_MUST_USE;

/* Commits `bytes` of the empty half for a collection. False: refused, nothing changed. */
bool gcr_copy_space_prepare(struct gcr_copy_space *space, size_t bytes) GCR_MUST_USE;
/* The prepared half becomes the current one, empty. */
void gcr_copy_space_flip(struct gcr_copy_space *space);
/* Empties the half that a collection has evacuated, of which `used` bytes were in use. */
void gcr_copy_space_clear_from(struct gcr_copy_space *space, size_t used);
void gcr_copy_space_record_red_zone(struct gcr_copy_space *space);

/* Puts a half of twice the size in the place of the empty one. False: at the maximum, split, or
 * refused; nothing has changed. */
bool gcr_copy_space_begin_doubling(struct gcr_copy_space *space) GCR_MUST_USE;
/* After everything has moved: drops the small half and makes the second big one, or splits. */
void gcr_copy_space_finish_doubling(struct gcr_copy_space *space);

/* The invariants above; level 3: zeroes, too. NULL, or what is wrong. */
const char *gcr_copy_space_check(const struct gcr_copy_space *space, int level);

#endif
