/* When the program went from phase to phase (PHASE events), on the replay clock of its process. */
#ifndef GCR_SIM_MEASURE_PROGRAM_PHASES_H
#define GCR_SIM_MEASURE_PROGRAM_PHASES_H

#include "sim/measure/growable.h"
#include "sim/measure/result.h"

enum { GCR_MAX_PROGRAM_PHASES = 1 << 16 }; /* of a lane; later ones are left out */

/* All zero: empty. */
struct gcr_program_phase_log {
    struct gcr_growable memory; /* struct gcr_program_phase */
    size_t room;                /* entries for which there is memory, touched */
    size_t count;
};

/* Makes room for one more than has been asked for before, off the clock. Amortised O(1). False: no
 * memory. */
bool gcr_program_phases_reserve(struct gcr_program_phase_log *log) GCR_MUST_USE;

/* The phase of that name's number begins. O(1). */
void gcr_program_phases_note(struct gcr_program_phase_log *log, uint32_t name, uint64_t event,
                             uint64_t clock_ns);

/* A forked lane starts its own log, in the phase that its parent is in. */
void gcr_program_phases_restart(struct gcr_program_phase_log *log);

static inline const struct gcr_program_phase *
gcr_program_phases_list(const struct gcr_program_phase_log *log)
{
    return log->memory.base;
}

#endif
