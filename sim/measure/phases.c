/* Booking of time to phases; see phases.h. */
#include "sim/measure/phases.h"

static void phases_book(struct gcr_phases *phases, uint64_t now_ns)
{
    uint64_t passed = now_ns - phases->since_ns;

    phases->since_ns = now_ns;
    if (phases->in_pause)
        phases->pause_ns[phases->current] += passed;
    else if (phases->current != GCR_PHASE_MUTATOR)
        phases->bracket_ns[phases->current] += passed;
}

void gcr_phases_change(struct gcr_phases *phases, uint64_t now_ns, enum gcr_gc_phase phase)
{
    phases_book(phases, now_ns);
    phases->current = phase;
}

void gcr_phases_begin_pause(struct gcr_phases *phases, uint64_t now_ns)
{
    phases_book(phases, now_ns);
    phases->outer = phases->current;
    phases->current = GCR_PHASE_MUTATOR;
    phases->in_pause = true;
}

void gcr_phases_end_pause(struct gcr_phases *phases, uint64_t now_ns)
{
    phases_book(phases, now_ns);
    phases->current = phases->outer;
    phases->in_pause = false;
}

uint64_t gcr_phases_bracketed_ns(const struct gcr_phases *phases)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < GCR_PHASE_COUNT; i++)
        sum += phases->bracket_ns[i];
    return sum;
}
