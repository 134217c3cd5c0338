/* The log of phases: an array, in order. */
#include "sim/measure/program_phases.h"

static struct gcr_program_phase *program_phases(const struct gcr_program_phase_log *log)
{
    return log->memory.base;
}

bool gcr_program_phases_reserve(struct gcr_program_phase_log *log)
{
    if (log->room >= GCR_MAX_PROGRAM_PHASES)
        return true;
    if (!gcr_growable_reserve(&log->memory, (log->room + 1) * sizeof *program_phases(log)))
        return false;
    program_phases(log)[log->room++] = (struct gcr_program_phase){0};
    return true;
}

void gcr_program_phases_note(struct gcr_program_phase_log *log, uint32_t name, uint64_t event,
                             uint64_t clock_ns)
{
    if (log->count < log->room)
        program_phases(log)[log->count++] =
            (struct gcr_program_phase){.name = name, .event = event, .start_ns = clock_ns};
}

void gcr_program_phases_restart(struct gcr_program_phase_log *log)
{
    if (log->count == 0)
        return;
    program_phases(log)[0] =
        (struct gcr_program_phase){.name = program_phases(log)[log->count - 1].name};
    log->count = 1;
}
