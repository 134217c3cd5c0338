/* Opening the traces that a user names. */
#ifndef GCR_SIM_CMD_TRACE_FILE_H
#define GCR_SIM_CMD_TRACE_FILE_H

#include "traces/reader.h"

/* gcr_reader_open, but a file that cannot be opened at all is bad input too: the user named it.
 * Cursors decode ahead where there is a processor for it; a replay decides for itself. */
gcr_status gcr_trace_file_open(const char *path, struct gcr_reader **out,
                               struct gcr_error *err) GCR_MUST_USE;

#endif
