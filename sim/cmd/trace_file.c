/* Opening traces; see trace_file.h. */
#include "sim/cmd/trace_file.h"

#include "sim/measure/machine.h"

gcr_status gcr_trace_file_open(const char *path, struct gcr_reader **out, struct gcr_error *err)
{
    gcr_status status = gcr_reader_open(path, out, err);
    if (status == GCR_OK)
        gcr_reader_decode_ahead(*out, gcr_machine_processors() > 1);
    return status == GCR_IO ? GCR_BAD_INPUT : status;
}
