/* A random mutator with a shadow graph, on top of the fixture: does legal things to a heap and
 * knows what must be true afterwards. The shadow holds each object's shape, length, slots and data
 * bytes by handle number, and is compared with the heap slot by slot and byte by byte. */
#ifndef GCR_TESTS_SUPPORT_HEAP_MODEL_H
#define GCR_TESTS_SUPPORT_HEAP_MODEL_H

#include "tests/support/heap_fixture.h"

/* Shapes of the model, usable in any test: every flag that a neutral trace can carry. */
enum model_shape {
    MODEL_PAIR = 1,  /* two slots, 8 bytes of data */
    MODEL_ARRAY,     /* one slot an item */
    MODEL_STRING,    /* one byte an item */
    MODEL_RECORD,    /* one fixed slot, 5 fixed bytes; items of one slot and 3 bytes */
    MODEL_LIST,      /* resizable, one slot an item, one fixed slot */
    MODEL_TABLE,     /* resizable, items of one slot and 11 bytes, 4 fixed bytes */
    MODEL_WEAK,      /* weak reference, one slot */
    MODEL_PINNED,    /* pinned, two slots and one slot an item */
    MODEL_FINALIZER, /* one slot, finalizer */
    MODEL_EMPTY,     /* no fields at all */
    MODEL_SHAPES = MODEL_EMPTY
};
extern const struct gcr_shape model_shapes[MODEL_SHAPES + 1];

struct model_object {
    uint32_t shape, length, weak;
    uint32_t *slots; /* handle numbers */
    uint8_t *bytes;
    bool prebuilt, reachable, reaped;
};

struct model {
    struct fixture *fixture;
    uint64_t random;
    struct model_object *objects; /* by handle number */
    uint32_t capacity;
    uint32_t roots[FIXTURE_ROOTS];
    uint32_t prebuilt_count;
    uint32_t max_length;
    bool finalizers; /* allocate objects with finalizers, too: death is no longer exact */
    bool exhausted;  /* the heap refused an allocation or a resize */
};

/* The seed: environment variable GCR_TEST_SEED, or the fallback. Printed. */
uint64_t model_seed(uint64_t fallback);

/* Takes a freshly opened fixture; makes some prebuilt objects if `prebuilt` > 0. */
void model_init(struct model *model, struct fixture *fixture, uint64_t seed, uint32_t prebuilt);
void model_finish(struct model *model);

/* `steps` random events; stops early if the heap is exhausted. */
void model_run(struct model *model, uint32_t steps);

/* Everything reachable is there and equal. `exact`: nothing else is (right after a full collection
 * of a precise design). Returns the number of reachable objects. O(heap). */
uint32_t model_compare(struct model *model, bool exact);

/* Sends DEATH for whatever is unreachable. */
void model_reap(struct model *model);

#endif
