/* Opening traces; see trace_file.h. */
#include "sim/cmd/trace_file.h"

gcr_status gcr_trace_file_open(const char *path, struct gcr_reader **out, struct gcr_error *err)
{
    gcr_status status = gcr_reader_open(path, out, err);
    return status == GCR_IO ? GCR_BAD_INPUT : status;
}
