/* Writing files so that they are whole or absent. Internal to traces/. */
#ifndef GCR_TRACES_FILE_H
#define GCR_TRACES_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "traces/section_scan.h"

/* Writes all bytes at the descriptor's position. GCR_IO has the system's reason, not the path. */
gcr_status gct_write(int fd, const void *bytes, size_t size, struct gcr_error *err) GCR_MUST_USE;

/* Appends index and footer for the scan's sections at its `end`. GCR_IO. */
gcr_status gct_write_index(int fd, const struct gct_scan *scan, struct gcr_error *err) GCR_MUST_USE;

/* Makes the file durable and gives it its final name: fsync, rename, fsync of the folder. */
gcr_status gct_publish(int fd, const char *partial, const char *path,
                       struct gcr_error *err) GCR_MUST_USE;

#endif
