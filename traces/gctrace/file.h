/* The file of a recording, which several processes append whole sections to. Internal to
 * traces/gctrace/.
 *
 * What they share lies in memory that forked processes inherit: a lock that survives its holder,
 * the end of the last whole section, and the next numbers of shapes, names and lanes. A section
 * counts once `end` is behind it, so what a killed process left half written is overwritten, or cut
 * off.
 *
 * Which processes still record is known to the kernel: each holds a lock of its own on a byte far
 * behind the file's end, which vanishes with the process. The last one to leave writes the
 * index. */
#ifndef GCR_GCTRACE_FILE_H
#define GCR_GCTRACE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"
#include "traces/capability.h"

struct trace_file_shared;

struct trace_file {
    char *path, *partial; /* absolute */
    int fd;
    dev_t device;
    ino_t inode;
    struct trace_file_shared *shared;
};

gcr_status trace_file_create(struct trace_file *file, const char *path,
                             const struct gcr_capabilities *capabilities, int level,
                             struct gcr_error *err) GCR_MUST_USE;

/* Appends whole sections. After a failure the file ends where it ended before. */
gcr_status trace_file_append(struct trace_file *file, const void *sections, size_t size,
                             struct gcr_error *err) GCR_MUST_USE;

/* Makes the section under the lock, with the number that it is to have: `format` returns its bytes,
 * at most `size`, into `out`. */
typedef size_t trace_file_format(const void *what, uint32_t number, void *out, size_t size);
gcr_status trace_file_append_shape(struct trace_file *file, trace_file_format *format,
                                   const void *what, uint32_t *number,
                                   struct gcr_error *err) GCR_MUST_USE;
gcr_status trace_file_append_name(struct trace_file *file, trace_file_format *format,
                                  const void *what, uint32_t *number,
                                  struct gcr_error *err) GCR_MUST_USE;

/* A new lane's number; GCR_MAX_LANES if there are no more. Announces a process. */
gcr_status trace_file_add_lane(struct trace_file *file, uint32_t *lane,
                               struct gcr_error *err) GCR_MUST_USE;
/* In that process (is_here) or, if the fork failed, in its parent: the announcement is settled. */
gcr_status trace_file_settle(struct trace_file *file, bool is_here,
                             struct gcr_error *err) GCR_MUST_USE;

/* Leaves the file and frees what this process has of it. If no process is left that records,
 * the file gets its index and its name, unless `is_broken`. */
gcr_status trace_file_leave(struct trace_file *file, bool is_broken, struct gcr_error *err);

#endif
