/* See file.h. */
#include "traces/gctrace/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "traces/event.h"
#include "traces/section.h"
#include "traces/writer.h"

/* A process that was announced but has not come by then was killed on its way. */
enum { FILE_ARRIVAL_NS = 1000000000 };

struct trace_file_shared {
    pthread_mutex_t lock; /* process-shared, robust */
    uint64_t end;
    uint32_t shapes, names, lanes;
    uint32_t coming;       /* announced processes */
    uint64_t announced_ns; /* the last of them */
    bool is_finished;
};

static uint64_t file_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ---- the lock ---- */

static gcr_status file_lock(struct trace_file *file, struct gcr_error *err)
{
    int refused = pthread_mutex_lock(&file->shared->lock);
    if (refused == EOWNERDEAD)
        refused = pthread_mutex_consistent(&file->shared->lock);
    if (refused != 0)
        return gcr_fail(err, GCR_IO, "%s: lock: %s", file->partial, strerror(refused));
    return GCR_OK;
}

static void file_unlock(struct trace_file *file)
{
    (void)pthread_mutex_unlock(&file->shared->lock);
}

/* ---- who records ---- */

/* F_RDLCK: this process records. F_WRLCK: it is the last, or EAGAIN. F_UNLCK: it leaves. */
static int file_presence(const struct trace_file *file, int kind)
{
    struct flock range = {
        .l_type = (short)kind, .l_whence = SEEK_SET, .l_start = (off_t)1 << 62, .l_len = 1};
    return fcntl(file->fd, F_SETLK, &range);
}

/* ---- the descriptor ---- */

static bool file_is_ours(const struct trace_file *file)
{
    struct stat is;
    return fstat(file->fd, &is) == 0 && is.st_dev == file->device && is.st_ino == file->inode;
}

/* Daemons close all descriptors, and then the number may be another file's. */
static gcr_status file_recover(struct trace_file *file, struct gcr_error *err)
{
    if (file_is_ours(file))
        return GCR_OK;
    file->fd = open(file->partial, O_RDWR | O_CLOEXEC);
    if (file->fd < 0)
        return gcr_fail(err, GCR_IO, "%s: %s", file->partial, strerror(errno));
    if (!file_is_ours(file)) {
        (void)close(file->fd);
        file->fd = -1;
        return gcr_fail(err, GCR_IO, "%s: replaced by another file", file->partial);
    }
    (void)file_presence(file, F_RDLCK);
    return GCR_OK;
}

/* Locked. */
static gcr_status file_put(struct trace_file *file, const void *bytes, size_t size,
                           struct gcr_error *err)
{
    gcr_status status = file_recover(file, err);
    if (status != GCR_OK)
        return status;
    struct trace_file_shared *shared = file->shared;
    if (shared->is_finished)
        return gcr_fail(err, GCR_IO, "%s: closed by the last process known to record", file->path);
    struct stat is;
    if (fstat(file->fd, &is) == 0 && (uint64_t)is.st_size > shared->end &&
        ftruncate(file->fd, (off_t)shared->end) != 0) /* what a killed process left */
        return gcr_fail(err, GCR_IO, "%s: %s", file->partial, strerror(errno));
    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(file->fd, (const uint8_t *)bytes + done, size - done,
                           (off_t)(shared->end + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            (void)gcr_fail(err, GCR_IO, "%s: write: %s", file->partial,
                           strerror(n < 0 ? errno : ENOSPC));
            (void)!ftruncate(file->fd, (off_t)shared->end);
            return GCR_IO;
        }
        done += (size_t)n;
    }
    shared->end += size;
    return GCR_OK;
}

/* ---- creating ---- */

static gcr_status file_name(struct trace_file *file, const char *path, struct gcr_error *err)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    char *absolute = folder == NULL ? NULL : realpath(folder, NULL);
    gcr_status status = GCR_OK;
    if (absolute == NULL)
        status = gcr_fail(err, GCR_IO, "%s: %s", path, strerror(errno));
    else if (asprintf(&file->path, "%s/%s", absolute, slash == NULL ? path : slash + 1) < 0)
        file->path = NULL;
    if (status == GCR_OK &&
        (file->path == NULL || asprintf(&file->partial, "%s.partial", file->path) < 0)) {
        file->partial = NULL;
        status = gcr_fail(err, GCR_NO_MEMORY, "no memory for a file's name");
    }
    free(absolute);
    free(folder);
    return status;
}

static gcr_status file_share(struct trace_file *file, struct gcr_error *err)
{
    void *range =
        mmap(NULL, sizeof *file->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (range == MAP_FAILED)
        return gcr_fail(err, GCR_NO_MEMORY, "shared memory: %s", strerror(errno));
    file->shared = range;
    file->shared->lanes = 1;
    pthread_mutexattr_t kind;
    if (pthread_mutexattr_init(&kind) != 0 ||
        pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED) != 0 ||
        pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST) != 0 ||
        pthread_mutex_init(&file->shared->lock, &kind) != 0)
        return gcr_fail(err, GCR_IO, "no process-shared lock");
    pthread_mutexattr_destroy(&kind);
    return GCR_OK;
}

static gcr_status file_begin(struct trace_file *file, const struct gcr_capabilities *capabilities,
                             int level, struct gcr_error *err)
{
    uint8_t header[GCT_FILE_HEADER_BYTES];
    struct stat is;
    file->fd = open(file->partial, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file->fd < 0 || fstat(file->fd, &is) != 0)
        return gcr_fail(err, GCR_IO, "%s: %s", file->partial, strerror(errno));
    file->device = is.st_dev;
    file->inode = is.st_ino;
    if (!S_ISREG(is.st_mode))
        return gcr_fail(err, GCR_IO, "%s: not a regular file", file->partial);
    if (file_presence(file, F_RDLCK) != 0)
        return gcr_fail(err, GCR_IO, "%s: lock: %s", file->partial, strerror(errno));
    size_t size = gcr_format_file_header(capabilities, level, header, sizeof header);
    return trace_file_append(file, header, size, err);
}

static void file_free(struct trace_file *file)
{
    if (file->shared != NULL)
        (void)munmap(file->shared, sizeof *file->shared);
    if (file->fd >= 0 && file_is_ours(file))
        (void)close(file->fd);
    free(file->path);
    free(file->partial);
}

gcr_status trace_file_create(struct trace_file *file, const char *path,
                             const struct gcr_capabilities *capabilities, int level,
                             struct gcr_error *err)
{
    memset(file, 0, sizeof *file);
    file->fd = -1;
    gcr_status status = file_name(file, path, err);
    if (status == GCR_OK)
        status = file_share(file, err);
    if (status == GCR_OK)
        status = file_begin(file, capabilities, level, err);
    if (status == GCR_OK)
        return GCR_OK;
    if (file->fd >= 0 && file->partial != NULL)
        (void)unlink(file->partial);
    file_free(file);
    return status;
}

/* ---- appending ---- */

gcr_status trace_file_append(struct trace_file *file, const void *sections, size_t size,
                             struct gcr_error *err)
{
    gcr_status status = file_lock(file, err);
    if (status != GCR_OK)
        return status;
    status = file_put(file, sections, size, err);
    file_unlock(file);
    return status;
}

static gcr_status file_append_numbered(struct trace_file *file, uint32_t *last,
                                       trace_file_format *format, const void *what,
                                       uint32_t *number, struct gcr_error *err)
{
    uint8_t section[GCT_SECTION_HEADER_BYTES + GCT_MAX_NAME_BYTES + GCR_SHAPE_NAME_BYTES];
    gcr_status status = file_lock(file, err);
    if (status != GCR_OK)
        return status;
    size_t size = format(what, *last + 1, section, sizeof section);
    status = file_put(file, section, size, err);
    if (status == GCR_OK)
        *number = ++*last;
    file_unlock(file);
    return status;
}

gcr_status trace_file_append_shape(struct trace_file *file, trace_file_format *format,
                                   const void *what, uint32_t *number, struct gcr_error *err)
{
    return file_append_numbered(file, &file->shared->shapes, format, what, number, err);
}

gcr_status trace_file_append_name(struct trace_file *file, trace_file_format *format,
                                  const void *what, uint32_t *number, struct gcr_error *err)
{
    return file_append_numbered(file, &file->shared->names, format, what, number, err);
}

/* ---- processes ---- */

gcr_status trace_file_add_lane(struct trace_file *file, uint32_t *lane, struct gcr_error *err)
{
    gcr_status status = file_lock(file, err);
    if (status != GCR_OK)
        return status;
    struct trace_file_shared *shared = file->shared;
    *lane = shared->lanes;
    if (shared->lanes < GCR_MAX_LANES) {
        shared->lanes++;
        shared->coming++;
        shared->announced_ns = file_now_ns();
    }
    file_unlock(file);
    return GCR_OK;
}

gcr_status trace_file_settle(struct trace_file *file, bool is_here, struct gcr_error *err)
{
    gcr_status status = file_lock(file, err);
    if (status != GCR_OK)
        return status;
    status = file_recover(file, err);
    if (status == GCR_OK && is_here && file_presence(file, F_RDLCK) != 0)
        status = gcr_fail(err, GCR_IO, "%s: lock: %s", file->partial, strerror(errno));
    if (file->shared->coming > 0)
        file->shared->coming--;
    file_unlock(file);
    return status;
}

/* Waits for processes that were forked but have not come yet: they come within microseconds, or
 * were killed on their way. Locked, but not while it waits. */
static gcr_status file_await_arrivals(struct trace_file *file, struct gcr_error *err)
{
    const struct timespec pause = {0, 5000000};
    gcr_status status = GCR_OK;
    while (status == GCR_OK && file->shared->coming > 0 &&
           file_now_ns() - file->shared->announced_ns < FILE_ARRIVAL_NS) {
        file_unlock(file);
        nanosleep(&pause, NULL);
        status = file_lock(file, err);
    }
    return status;
}

/* Locked. */
static gcr_status file_finish(struct trace_file *file, bool is_broken, struct gcr_error *err)
{
    gcr_status status = file_recover(file, err);
    if (status != GCR_OK || file->shared->is_finished || file_presence(file, F_UNLCK) != 0 ||
        file_presence(file, F_WRLCK) != 0) /* others still record */
        return status;
    file->shared->is_finished = true;
    return is_broken ? GCR_OK : gcr_format_finish(file->partial, file->path, err);
}

static gcr_status file_leave(struct trace_file *file, bool is_broken, struct gcr_error *err)
{
    gcr_status status = file_lock(file, err);
    if (status == GCR_OK)
        status = file_await_arrivals(file, err);
    if (status != GCR_OK)
        return status;
    status = file_finish(file, is_broken, err);
    file_unlock(file);
    return status;
}

gcr_status trace_file_leave(struct trace_file *file, bool is_broken, struct gcr_error *err)
{
    gcr_status status = file_leave(file, is_broken, err);
    file_free(file);
    return status;
}
