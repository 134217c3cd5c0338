/* Opening the traces that a user names. */
#ifndef GCR_SIM_CMD_TRACE_FILE_H
#define GCR_SIM_CMD_TRACE_FILE_H

#include "traces/reader.h"

/* gcr_reader_open, but a file that cannot be opened at all is bad input too: the user named it. */
gcr_status gcr_trace_file_open(const char *path, struct gcr_reader **out,
                               struct gcr_error *err) GCR_MUST_USE;

#endif
