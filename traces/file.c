/* The end of a trace file: index, footer, sync, rename. Shared by the writer and by recorders whose
 * processes wrote the sections themselves. */
#include "traces/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "traces/writer.h"

gcr_status gct_write(int fd, const void *bytes, size_t size, struct gcr_error *err)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = write(fd, (const uint8_t *)bytes + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return gcr_fail(err, GCR_IO, "write: %s", strerror(n < 0 ? errno : ENOSPC));
        done += (size_t)n;
    }
    return GCR_OK;
}

gcr_status gct_write_index(int fd, const struct gct_scan *scan, struct gcr_error *err)
{
    uint64_t content_bytes = scan->count * GCT_INDEX_ENTRY_BYTES;
    if (content_bytes > UINT32_MAX)
        return gcr_fail(err, GCR_IO, "too many sections for an index");
    uint8_t *bytes = malloc(GCT_SECTION_HEADER_BYTES + (size_t)content_bytes + GCT_FOOTER_BYTES);
    if (bytes == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the index");
    uint8_t *content = bytes + GCT_SECTION_HEADER_BYTES;
    for (uint64_t i = 0; i < scan->count; i++)
        gct_put_index_entry(&scan->entries[i].section, scan->entries[i].info.offset,
                            content + i * GCT_INDEX_ENTRY_BYTES);
    struct gct_section section = {.kind = GCT_INDEX, .raw_bytes = (uint32_t)content_bytes};
    gct_put_section(&section, content, (uint32_t)content_bytes, bytes);
    const struct gct_footer footer = {.index_offset = scan->end, .sections = scan->count};
    gct_put_footer(&footer, content + content_bytes);
    gcr_status status = gct_write(
        fd, bytes, GCT_SECTION_HEADER_BYTES + (size_t)content_bytes + GCT_FOOTER_BYTES, err);
    free(bytes);
    return status;
}

/* A rename is durable only with its folder. Some file systems refuse to sync folders: no matter. */
static void file_sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    if (folder == NULL)
        return;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
    free(folder);
}

gcr_status gct_publish(int fd, const char *partial, const char *path, struct gcr_error *err)
{
    if (fsync(fd) != 0)
        return gcr_fail(err, GCR_IO, "fsync: %s", strerror(errno));
    if (rename(partial, path) != 0)
        return gcr_fail(err, GCR_IO, "rename to %s: %s", path, strerror(errno));
    file_sync_folder(path);
    return GCR_OK;
}

static gcr_status file_finish(int fd, const char *partial, const char *path, struct gcr_error *err)
{
    struct gct_scan scan;
    gcr_status status = gct_scan_file(fd, &scan, err);
    if (status != GCR_OK)
        return status;
    if (scan.index_end == 0) {
        if (ftruncate(fd, (off_t)scan.end) != 0 || lseek(fd, (off_t)scan.end, SEEK_SET) < 0)
            status = gcr_fail(err, GCR_IO, "cannot drop the torn tail: %s", strerror(errno));
        else
            status = gct_write_index(fd, &scan, err);
    }
    gct_scan_free(&scan);
    return status == GCR_OK ? gct_publish(fd, partial, path, err) : status;
}

gcr_status gcr_format_finish(const char *partial, const char *path, struct gcr_error *err)
{
    int fd = open(partial, O_RDWR | O_CLOEXEC);
    gcr_status status =
        fd < 0 ? gcr_fail(err, GCR_IO, "%s", strerror(errno)) : file_finish(fd, partial, path, err);
    if (fd >= 0)
        (void)close(fd);
    if (status != GCR_OK)
        gcr_error_prefix(err, "%s", partial);
    return status;
}
