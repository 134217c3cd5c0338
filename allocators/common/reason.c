/* Names of collection reasons, as results spell them. */
#include "allocators/collector.h"

const char *const gcr_reason_name[GCR_REASON_COUNT] = {
    [GCR_REASON_ALLOCATION] = "allocation",
    [GCR_REASON_EXPLICIT] = "explicit",
    [GCR_REASON_GROWTH] = "growth",
    [GCR_REASON_EMERGENCY] = "emergency",
    [GCR_REASON_FINAL] = "final",
    [GCR_REASON_PROGRESS] = "progress",
    [GCR_REASON_BACK_PRESSURE] = "back-pressure",
    [GCR_REASON_FORK] = "fork",
};
