/* What the tests of one design share with those of every other one: a heap of the model's shapes,
 * lists of pairs that live or die, damage that the design's check has to name, and scenes that mean
 * the same in all of them. */
#ifndef GCR_TESTS_SUPPORT_HEAP_KIT_H
#define GCR_TESTS_SUPPORT_HEAP_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/heap_model.h"

enum { PAGE = GCR_PAGE_BYTES, KIB = 1024, MIB = 1024 * 1024, PAIR_BYTES = 32 };

/* settings: NULL or words ended by NULL. */
static inline struct fixture_config model_config(const struct gcr_collector *collector,
                                                 const struct gcr_mutator_ops *ops,
                                                 const char *const *settings, uint64_t budget)
{
    return (struct fixture_config){.collector = collector,
                                   .ops = ops,
                                   .shapes = model_shapes,
                                   .shape_count = MODEL_SHAPES,
                                   .settings = settings,
                                   .budget_bytes = budget};
}

static inline char *address(const struct fixture *fixture, uint32_t object)
{
    return (char *)fixture_ref(fixture, object);
}

/* An explicit collection of the youngest generation. */
void collect_minor(struct fixture *fixture);

/* Root `root` heads a list of `count` more pairs; all are alive. Uses root + 1 as well. */
void keep_pairs(struct fixture *fixture, int root, uint32_t count);
/* The same; false: the heap is exhausted. */
bool try_keep_pairs(struct fixture *fixture, int root, uint32_t count);
/* Garbage pairs. */
void drop_pairs(struct fixture *fixture, uint32_t count);

/* ---- damage ---- */

/* The design's check at this level fails and says so in these words. Prints what it said if not. */
bool check_fails(const struct fixture *fixture, int level, const char *words);

/* Gives a place another value (which may name the right one, `right`), sees that the check names
 * it, and repairs it. */
#define DAMAGED(fixture, place, value, level, words)                                               \
    do {                                                                                           \
        char kit_saved[sizeof(place)];                                                             \
        uint64_t right = (uint64_t)(place);                                                        \
        (void)right;                                                                               \
        memcpy(kit_saved, &(place), sizeof kit_saved);                                             \
        (place) = (value);                                                                         \
        assert_true(check_fails(fixture, level, words));                                           \
        memcpy(&(place), kit_saved, sizeof kit_saved);                                             \
        fixture_check(fixture);                                                                    \
    } while (0)

/* ---- scenes ---- */

/* Handle numbers: a refers to b and c, b to d; `dead` lies between them. 32 bytes each. */
struct scene_family {
    uint32_t a, b, c, d, dead;
};
/* Only a is in a root, 0. */
struct scene_family scene_family(struct fixture *fixture);

/* A cycle lives as long as it is reachable. */
void scene_cycles_are_reclaimed_and_kept(struct fixture *fixture);
/* For designs without generations; ends with a final collection. */
void scene_younger_generations_are_ignored(struct fixture *fixture);
/* The design does not start within 1, 2, or 3 pages. */
void scene_tiny_budgets_are_refused(const struct fixture_config *config);

#endif
