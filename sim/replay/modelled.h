/* Modelled twins as engines: back ends whose loads and stores feed the cache model.
 *
 * A twin's operations are ordinary functions in instrumented objects; the replay loop around them
 * is the harness's own, compiled without instrumentation, and the same for all twins. It tells the
 * model which mutator-level phase each operation belongs to. */
#ifndef GCR_SIM_REPLAY_MODELLED_H
#define GCR_SIM_REPLAY_MODELLED_H

#include "allocators/collector.h"

/* What the instrumented objects of one back end export. */
struct gcr_modelled_twin {
    const struct gcr_collector *collector;
    const struct gcr_mutator_ops *ops;
    void (*plain_root)(struct gcr_heap *heap, gcr_ref *root, gcr_ref value, bool global_root);
};

struct gcr_engine;

/* Makes an engine of a twin. *out refers to *twin. */
void gcr_modelled_engine(const struct gcr_modelled_twin *twin, struct gcr_engine *out);

#endif
