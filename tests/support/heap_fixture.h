/* A small host that drives any heap directly through the seam: root slots, a handle table, and logs
 * of what the heap reported. For tests of back ends; the replay has a host of its own.
 *
 * Objects are named by handle number, 1 and up, in order of allocation; 0 is null. Every function
 * asserts (cmocka) that what it does is legal, so a test states only what it is about. */
#ifndef GCR_TESTS_SUPPORT_HEAP_FIXTURE_H
#define GCR_TESTS_SUPPORT_HEAP_FIXTURE_H

#include "allocators/collector.h"

enum { FIXTURE_ROOTS = 64, FIXTURE_GLOBAL_ROOTS = 64, FIXTURE_NO_ROOT = -1 };

/* One host->finalize call. */
struct fixture_finalized {
    uint32_t cookie; /* the handle number given at allocation */
    gcr_ref object;
    uint32_t collection; /* collections ended before it */
};

struct fixture {
    struct gcr_host host; /* first: the heap gives it back to our callbacks */
    struct gcr_supply supply;
    struct gcr_capabilities capabilities;
    const struct gcr_collector *collector;
    const struct gcr_mutator_ops *ops;
    struct gcr_option_values options;
    struct gcr_heap *heap;

    gcr_ref roots[FIXTURE_ROOTS];          /* one thread's */
    gcr_ref globals[FIXTURE_GLOBAL_ROOTS]; /* resurrected objects go here */
    struct gcr_root_span spans[2];

    gcr_ref *handles; /* by number; [0] is NULL. NULL once dead */
    uint32_t handle_count, handle_capacity;
    uint32_t oldest_young; /* first handle of a minor update */

    struct gcr_collection *collections;
    uint32_t collection_count, collection_capacity, begun;
    bool in_collection, updated;      /* handles were updated in this collection */
    uint32_t phases[GCR_PHASE_COUNT]; /* calls of host->phase */
    bool bracketed;                   /* between two such calls outside of collections */

    struct fixture_finalized *finalized;
    uint32_t finalized_count, finalized_capacity;
    int resurrect_into[FIXTURE_GLOBAL_ROOTS]; /* global root for the n-th finalizer call, or
                                                 FIXTURE_NO_ROOT (the start value) */
    gcr_ref *freed;
    uint32_t freed_count, freed_capacity;

    void (*after_collection)(struct fixture *fixture,
                             void *arg); /* or NULL; handles are up to date */
    void *arg;
};

struct fixture_config {
    const struct gcr_collector *collector;
    const struct gcr_mutator_ops *ops;
    const struct gcr_shape *shapes; /* [0] unused */
    uint32_t shape_count;           /* highest number */
    uint64_t budget_bytes;
    bool report_frees;
    const char *const *settings; /* "name=value" words ended by NULL, or NULL */
    uint64_t fail_after;         /* see struct gcr_supply; counts from create on */
    uint64_t system_limit_bytes;
    const struct gcr_capabilities *capabilities; /* of the trace played; NULL: exact deaths alone */
};

/* Opens a heap; asserts that it could be created. */
void fixture_open(struct fixture *fixture, const struct fixture_config *config);
/* The same, returning what create said; err holds its message. On failure nothing needs closing. */
gcr_status fixture_try_open(struct fixture *fixture, const struct fixture_config *config,
                            struct gcr_error *err);
/* Destroys the heap and asserts that all of its pages went back to the supply. */
void fixture_close(struct fixture *fixture);

/* A new object in thread root `root` (or, with FIXTURE_NO_ROOT, in the last root, cleared at once
 * again). Its cookie is its handle number if the shape has a finalizer. 0: heap exhausted. */
uint32_t fixture_alloc(struct fixture *fixture, uint32_t shape, uint32_t length, int root);
/* The same with allocation flags (enum gcr_alloc_flag). */
uint32_t fixture_alloc_flags(struct fixture *fixture, uint32_t shape, uint32_t length,
                             unsigned flags, int root);
/* 0: no memory. */
uint32_t fixture_prebuilt(struct fixture *fixture, uint32_t shape, uint32_t length);

void fixture_store(struct fixture *fixture, uint32_t object, uint32_t slot, uint32_t value);
void fixture_copy(struct fixture *fixture, uint32_t dst, uint32_t dst_slot, uint32_t src,
                  uint32_t src_slot, uint32_t n);
void fixture_root(struct fixture *fixture, int root, uint32_t value);
void fixture_global(struct fixture *fixture, int root, uint32_t value);
void fixture_write(struct fixture *fixture, uint32_t object, uint32_t offset, uint32_t length,
                   uint8_t tag);
bool fixture_resize(struct fixture *fixture, uint32_t object, uint32_t length);
void fixture_weakref(struct fixture *fixture, uint32_t weak, uint32_t target);
/* DEATH: the heap's ops->death, if it has one; the handle becomes null. */
void fixture_death(struct fixture *fixture, uint32_t object);
/* Full explicit collection; asserts that begin, update_handles and end came once each. */
void fixture_collect(struct fixture *fixture);

/* Where the object is; NULL once dead. */
gcr_ref fixture_ref(const struct fixture *fixture, uint32_t object);
bool fixture_is_dead(const struct fixture *fixture, uint32_t object);
uint32_t fixture_length(const struct fixture *fixture, uint32_t object);
/* Handle number of the object at an address; 0 for NULL. Asserts that it is known. O(handles). */
uint32_t fixture_number(const struct fixture *fixture, gcr_ref object);
/* Handle number of what the slot refers to. */
uint32_t fixture_slot(const struct fixture *fixture, uint32_t object, uint32_t slot);
uint8_t fixture_byte(const struct fixture *fixture, uint32_t object, uint64_t offset);
/* All data bytes from offset on carry the pattern of `tag` (`zero`: are zero). */
void fixture_assert_pattern(const struct fixture *fixture, uint32_t object, uint64_t offset,
                            uint64_t bytes, uint8_t tag);
void fixture_assert_zero(const struct fixture *fixture, uint32_t object, uint64_t offset,
                         uint64_t bytes);
/* Asserts that the heap's own check at level 3 passes, and that its footprint adds up to what the
 * supply has committed. */
void fixture_check(const struct fixture *fixture);
/* Asserts that the heap's own check at level 3 fails, with `word` in its message. */
void fixture_expect_damage(const struct fixture *fixture, const char *word);
/* Objects that walk() visits. */
uint32_t fixture_walk_count(const struct fixture *fixture);
/* The last collection's record; asserts that there is one. */
const struct gcr_collection *fixture_last(const struct fixture *fixture);

#endif
