/* How the replay clock's time in the collector divides into phases, as the heap names them.
 *
 * Pure arithmetic on replay time, like the clock. Time is booked to the phase that was current
 * while it passed: inside a pause to the pause's own, outside to work that the heap has bracketed
 * (lazy sweeping). What passes inside a pause before its first phase is booked to GCR_PHASE_MUTATOR
 * there: the named remainder ("other"). Outside pauses GCR_PHASE_MUTATOR is the mutator itself and
 * is not booked. A pause inside a bracket interrupts it. */
#ifndef GCR_SIM_MEASURE_PHASES_H
#define GCR_SIM_MEASURE_PHASES_H

#include <stdint.h>

#include "allocators/collector.h"

/* All zero: the mutator runs, nothing booked. Invariant: the sum of pause_ns is the length of all
 * finished pauses, plus that of the open one up to since_ns. */
struct gcr_phases {
    uint64_t pause_ns[GCR_PHASE_COUNT];
    uint64_t bracket_ns[GCR_PHASE_COUNT];
    uint64_t since_ns; /* replay time at which `current` began */
    enum gcr_gc_phase current, outer;
    bool in_pause;
};

/* Each is given the replay time of the moment, which never falls. O(1). */
void gcr_phases_change(struct gcr_phases *phases, uint64_t now_ns, enum gcr_gc_phase phase);
void gcr_phases_begin_pause(struct gcr_phases *phases, uint64_t now_ns);
void gcr_phases_end_pause(struct gcr_phases *phases, uint64_t now_ns);

/* All time booked outside pauses. */
uint64_t gcr_phases_bracketed_ns(const struct gcr_phases *phases);

#endif
