/* The generator's own idea of the heap: which objects are alive, what they refer to, and by a plain
 * marking pass from the roots, which are reachable. It shares nothing with the oracle that it
 * tests. */
#ifndef GCR_TESTS_ORACLE_RANDOM_MODEL_H
#define GCR_TESTS_ORACLE_RANDOM_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "traces/event.h"
#include "traces/shape.h"

enum { RANDOM_GLOBALS = 24, RANDOM_THREADS = 4, RANDOM_THREAD_ROOTS = 24 };

enum random_state { RANDOM_FREE, RANDOM_ALIVE, RANDOM_PREBUILT };

struct random_object {
    uint32_t shape, length;
    uint32_t *slots; /* objects by index, 0 null */
    uint32_t slot_count;
    enum random_state state;
    bool marked;
};

struct random_model {
    const struct gcr_shape *shapes;
    struct random_object *objects; /* by index */
    uint32_t end, room;
    uint32_t globals[RANDOM_GLOBALS];
    uint32_t threads[RANDOM_THREADS][RANDOM_THREAD_ROOTS];
    uint32_t thread;
};

void random_model_init(struct random_model *model, const struct gcr_shape *shapes);
void random_model_finish(struct random_model *model);
void random_model_copy(const struct random_model *from, struct random_model *to);

/* Carries out one event. The caller has seen to it that it makes sense. */
void random_model_apply(struct random_model *model, const struct gcr_event *event);

uint32_t *random_model_root(struct random_model *model, uint32_t root);

/* Sets `marked` on every reachable object. O(objects + slots). */
void random_model_mark(struct random_model *model);

#endif
