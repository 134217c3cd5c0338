/* Random operations on heaps that count references, against a model of the object graph: containers
 * of every kind, flags of allocations, weak references, recycling, freezing. One model drives one
 * heap, or two in lock step. */
#ifndef GCR_TESTS_COLLECTORS_COUNTING_MODEL_H
#define GCR_TESTS_COLLECTORS_COUNTING_MODEL_H

#include "tests/collectors/linked_list_kit.h"

enum {
    COUNTING_MODEL_OBJECTS = 60000,
    COUNTING_MODEL_HEAPS = 2,
    COUNTING_MODEL_SLOTS = 12,
    COUNTING_MODEL_ROOTS = 24
};

struct counting_model {
    uint32_t slot[COUNTING_MODEL_OBJECTS][COUNTING_MODEL_SLOTS];
    uint32_t slots[COUNTING_MODEL_OBJECTS];
    uint8_t shape[COUNTING_MODEL_OBJECTS], reached[COUNTING_MODEL_OBJECTS];
    uint32_t root[COUNTING_MODEL_ROOTS];
    uint32_t global[FIXTURE_GLOBAL_ROOTS]; /* resurrected objects */
    const uint32_t *shape_choice;
    uint32_t shape_choices;
    uint32_t stack[COUNTING_MODEL_OBJECTS];
    uint32_t objects; /* handles are 1 .. objects */
    uint64_t random;
    struct fixture *fixture[COUNTING_MODEL_HEAPS]; /* all do the same */
    uint32_t heaps;
};

/* `precise`: without finalizers and without cycles that CPython cannot find. */
void counting_model_init(struct counting_model *m, bool precise, uint64_t seed);
/* An open heap over kit_shapes takes part from now on; some finalizers resurrect. */
void counting_model_add(struct counting_model *m, struct fixture *f);
void counting_model_step(struct counting_model *m);
/* After collections by the test itself: what finalizers have resurrected. */
void counting_model_resurrected(struct counting_model *m);
/* Every reachable object is there with its slots; `exact`: and nothing else. */
void counting_model_compare(struct counting_model *m, bool exact);

#endif
