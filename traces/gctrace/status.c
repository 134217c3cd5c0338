/* The error that sticks. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "traces/gctrace/recording.h"

gctrace_status(recording_fail)(struct gctrace *recording, gctrace_status status, const char *format,
                               ...)
{
    va_list args;
    va_start(args, format);
    (void)pthread_mutex_lock(&recording->failure_lock);
    if (recording->failure == GCTRACE_OK) {
        recording->failure = status;
        (void)vsnprintf(recording->message, sizeof recording->message, format, args);
        uint32_t runs = RECORDING_RUNS;
        (void)atomic_compare_exchange_strong(&recording->state, &runs, RECORDING_FAILED);
    }
    (void)pthread_mutex_unlock(&recording->failure_lock);
    va_end(args);
    return status;
}

gctrace_status recording_fail_as(struct gctrace *recording, gcr_status status,
                                 const struct gcr_error *err)
{
    gctrace_status own = status == GCR_IO          ? GCTRACE_IO
                         : status == GCR_NO_MEMORY ? GCTRACE_NO_MEMORY
                                                   : GCTRACE_USAGE;
    return recording_fail(recording, own, "%s", err->text);
}

gctrace_status gctrace_get_status(struct gctrace *recording, const char **message)
{
    (void)pthread_mutex_lock(&recording->failure_lock);
    gctrace_status status = recording->failure;
    (void)pthread_mutex_unlock(&recording->failure_lock);
    if (message != NULL)
        *message = status == GCTRACE_OK ? "" : recording->message;
    return status;
}

const char *gctrace_version(void)
{
    return GCR_VERSION;
}
