#include "sim/study/reference.h"

#include "allocators/collector.h"
#include "sim/replay/replay.h"

bool gcr_collector_is_reference(const struct gcr_collector *collector)
{
    return !gcr_collector_is(collector, GCR_CAP_COLLECTS | GCR_CAP_REFCOUNTING) ||
           gcr_collector_is(collector, GCR_CAP_NEEDS_DEATHS);
}

bool gcr_reference_named(const char *collector)
{
    const struct gcr_engine *engine = gcr_engine_find(collector);
    return engine != NULL && gcr_collector_is_reference(gcr_engine_collector(engine));
}

bool gcr_collector_never_frees(const char *collector)
{
    const struct gcr_engine *engine = gcr_engine_find(collector);
    return engine != NULL &&
           !gcr_collector_is(gcr_engine_collector(engine),
                             GCR_CAP_COLLECTS | GCR_CAP_REFCOUNTING | GCR_CAP_NEEDS_DEATHS);
}
