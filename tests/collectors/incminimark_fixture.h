/* What the incminimark tests share: opening a heap with sizes that make collections frequent, and
 * looking inside it. */
#ifndef GCR_TESTS_COLLECTORS_INCMINIMARK_FIXTURE_H
#define GCR_TESTS_COLLECTORS_INCMINIMARK_FIXTURE_H

#include "allocators/incminimark/incminimark_inline.h"
#include "tests/support/heap_kit.h"

/* Shapes beyond the model's. */
enum { INC_BLOB = MODEL_SHAPES + 1, INC_SHAPES = INC_BLOB }; /* pinned bytes, no references */

static inline const struct gcr_shape *inc_shapes(void)
{
    static const struct gcr_shape blob = {0, 0, 1, 0, GCR_SHAPE_PINNED, INC_BLOB, "blob"};
    static struct gcr_shape all[INC_SHAPES + 1];
    memcpy(all, model_shapes, sizeof model_shapes);
    all[INC_BLOB] = blob;
    return all;
}

static inline struct fixture_config inc_config(const char *const *settings, uint64_t budget)
{
    struct fixture_config config =
        model_config(&gcr_collector_incminimark, &gcr_mutator_ops_incminimark, settings, budget);
    config.shapes = inc_shapes();
    config.shape_count = INC_SHAPES;
    return config;
}

/* settings: NULL or words ended by NULL. */
static inline void inc_open(struct fixture *fixture, const char *const *settings, uint64_t budget)
{
    struct fixture_config config = inc_config(settings, budget);
    fixture_open(fixture, &config);
}

static inline struct gcr_incminimark *inside(const struct fixture *fixture)
{
    return incminimark_of(fixture->heap);
}

static inline uint64_t inc_header(const struct fixture *fixture, uint32_t object)
{
    return gcr_object_header(fixture_ref(fixture, object));
}

static inline bool inc_is_young(const struct fixture *fixture, uint32_t object)
{
    return incminimark_is_young(inside(fixture), fixture_ref(fixture, object));
}

/* Where items of a resizable object are. */
static inline gcr_ref inc_body(const struct fixture *fixture, uint32_t object)
{
    return *gcr_object_body(fixture_ref(fixture, object), inc_header(fixture, object));
}

#endif
