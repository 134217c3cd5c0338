#include "sim/study/slurm_queue.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

/* squeue(1), JOB STATE CODES. */
static bool state_is_over(const char *state)
{
    static const char *const over[] = {"BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE",
                                       "FAILED",    "NODE_FAIL", "REVOKED",   "OUT_OF_MEMORY",
                                       "PREEMPTED", "TIMEOUT"};
    return is_one_of(state, over, GCR_COUNT_OF(over));
}

static bool state_is_pending(const char *state)
{
    static const char *const pending[] = {"PENDING",      "REQUEUED",     "REQUEUE_FED",
                                          "REQUEUE_HOLD", "SPECIAL_EXIT", "RESV_DEL_HOLD"};
    return is_one_of(state, pending, GCR_COUNT_OF(pending));
}

/* JobHeldUser, JobHeldAdmin, "launch failed requeued held". */
static bool is_held(const char *state, const char *reason)
{
    return strstr(state, "HOLD") != NULL || strstr(reason, "Held") != NULL ||
           strstr(reason, "held") != NULL;
}

void gcr_slurm_tally_line(struct gcr_slurm_tally *tally, const char *line)
{
    uint64_t array;
    char state[32];
    int end = 0;
    if (sscanf(line, "%" SCNu64 " %31s%n", &array, state, &end) != 2 || array != tally->array ||
        state_is_over(state))
        return;
    if (!state_is_pending(state)) {
        tally->running++;
        return;
    }
    const char *reason = line + end;
    reason += strspn(reason, " ");
    tally->pending++;
    if (is_held(state, reason))
        tally->held++;
    snprintf(tally->reason, sizeof tally->reason, "%s", reason);
}

uint64_t gcr_slurm_job_id(const char *line)
{
    char *end;
    if (line[0] < '0' || line[0] > '9')
        return 0;
    uint64_t id = strtoull(line, &end, 10);
    return *end == '\0' || *end == ';' ? id : 0;
}

size_t gcr_slurm_max_array_size(const char *line)
{
    size_t size;
    return sscanf(line, " MaxArraySize = %zu", &size) == 1 ? size : 0;
}
