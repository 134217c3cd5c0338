/* Removing old traces: see keep.h. */
#include "workloads/cpython/keep.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The oldest trace of the process; how many it has goes to *count. */
static size_t keep_find_oldest(const struct gcr_recording *recording, int32_t pid, uint32_t *count)
{
    size_t oldest = 0;
    *count = 0;
    for (size_t i = 0; i < recording->trace_count; i++) {
        const struct gcr_recorded_trace *trace = &recording->traces[i];
        if (trace->pid != pid)
            continue;
        if ((*count)++ == 0 || trace->number < recording->traces[oldest].number)
            oldest = i;
    }
    return oldest;
}

void keep_newest(struct gcr_recording *recording, uint32_t keep)
{
    if (keep == 0 || recording->trace_count == 0)
        return;
    const int32_t pid = recording->traces[recording->trace_count - 1].pid;
    for (;;) {
        uint32_t count;
        const size_t oldest = keep_find_oldest(recording, pid, &count);
        if (count <= keep)
            return;
        struct gcr_recorded_trace *trace = &recording->traces[oldest];
        (void)unlink(trace->path);
        free(trace->path);
        recording->trace_count--;
        memmove(trace, trace + 1, (recording->trace_count - oldest) * sizeof *trace);
        recording->removed++;
    }
}
