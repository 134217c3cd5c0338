/* mark-sweep: when to collect, and how far to let the heap grow.
 *
 * Source: the threshold rule of PyPy's marksweep.py. There the costs are times; here they are work:
 * objects marked and swept against the mutator's operations, so that a replay repeats. */
#include "allocators/mark_sweep/mark_sweep.h"

static uint64_t at_least(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t at_most(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Products in floating point: they overflow 64 bits. */
static void adapt_to_costs(struct mark_sweep_policy *policy, double collector_work,
                           double mutator_work, double live_bytes, double freed_bytes)
{
    double cost = collector_work * live_bytes;
    double yield = freed_bytes * mutator_work;
    double threshold = (double)policy->threshold;
    if (cost > policy->raise_above * yield) {
        policy->threshold = (uint64_t)(threshold * policy->growth);
        policy->raised++;
    } else if (cost < policy->lower_below * yield) {
        policy->threshold = (uint64_t)(threshold * policy->shrink);
        policy->lowered++;
    }
    policy->threshold = at_least(policy->threshold, (uint64_t)live_bytes);
}

void mark_sweep_adapt(struct mark_sweep_policy *policy, uint64_t collector_work,
                      uint64_t mutator_work, uint64_t live_bytes, uint64_t freed_bytes)
{
    if (policy->trigger == MARK_SWEEP_FACTOR)
        policy->threshold =
            at_least(policy->start, (uint64_t)((policy->factor - 1) * (double)live_bytes));
    else
        adapt_to_costs(policy, (double)collector_work, (double)mutator_work, (double)live_bytes,
                       (double)freed_bytes);
    policy->threshold = at_most(policy->threshold, policy->cap);
    policy->peak = at_least(policy->peak, policy->threshold);
}
