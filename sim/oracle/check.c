#include "sim/oracle/lanes.h"
#include "sim/oracle/oracle.h"

gcr_status gcr_check_trace(struct gcr_reader *reader, struct gcr_trace_check *out,
                           struct gcr_error *err)
{
    return gcr_lanes_walk(reader, true, GCR_LANES_WINDOW, out, err);
}
