#include "support.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "traces/reader.h"
#include "traces/text.h"

_Noreturn void fuzz_found(const char *rule, const char *detail)
{
    (void)fprintf(stderr, "fuzz: %s: %s\n", rule, detail);
    abort();
}

const char *fuzz_file(const uint8_t *bytes, size_t size)
{
    static int fd = -1;
    static char path[32];
    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, bytes, size, 0) != (ssize_t)size)
        fuzz_found("no file in memory", path);
    return path;
}

static char folder[32];

static void support_remove_folder(void)
{
    char command[64];
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0)
        (void)fprintf(stderr, "fuzz: %s stays\n", folder);
}

const char *fuzz_path(const char *name, char out[static 64])
{
    if (folder[0] == '\0') {
        (void)snprintf(folder, sizeof folder, "%s/gcr-fuzz-XXXXXX",
                       access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        if (mkdtemp(folder) == NULL || atexit(support_remove_folder) != 0)
            fuzz_found("no folder for files", folder);
    }
    (void)snprintf(out, 64, "%s/%s", folder, name);
    return out;
}

uint8_t *fuzz_slurp(const char *path, size_t *size)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0)
        fuzz_found("a file that should be there is not", path);
    *size = (size_t)info.st_size;
    uint8_t *bytes = malloc(*size + 1);
    if (bytes == NULL || read(fd, bytes, *size) != info.st_size)
        fuzz_found("a file cannot be read", path);
    (void)close(fd);
    return bytes;
}

static void support_check_message(const struct gcr_error *err, const char *path)
{
    if (strstr(err->text, path) == NULL)
        fuzz_found("a failure does not name the file", err->text);
    if (strchr(err->text, '\n') != NULL)
        fuzz_found("a message of more than one line", err->text);
}

static bool support_read_lane(struct gcr_reader *reader, uint32_t lane)
{
    struct gcr_event batch[77];
    struct gcr_error err = {""};
    struct gcr_cursor *cursor;
    uint64_t seen = 0;
    size_t n = 0;
    if (gcr_cursor_open(reader, lane, &cursor, &err) != GCR_OK)
        fuzz_found("a cursor cannot be opened", err.text);
    gcr_status status;
    do {
        status = gcr_cursor_read(cursor, batch, sizeof batch / sizeof batch[0], &n, &err);
        seen += status == GCR_OK ? n : 0;
    } while (status == GCR_OK && n > 0);
    gcr_cursor_close(cursor);
    if (status != GCR_OK)
        support_check_message(&err, gcr_reader_path(reader));
    else if (seen != gcr_reader_lane_events(reader, lane))
        fuzz_found("a lane has not the events that were promised", gcr_reader_path(reader));
    return status == GCR_OK;
}

static bool support_dump(struct gcr_reader *reader, FILE *out, struct gcr_error *err)
{
    return gcr_text_dump(reader, -1, out, err) == GCR_OK;
}

bool fuzz_read_trace(const char *path)
{
    struct gcr_error err = {""};
    struct gcr_reader *reader;
    if (gcr_reader_open(path, &reader, &err) != GCR_OK) {
        support_check_message(&err, path);
        return false;
    }
    bool is_whole = true;
    for (uint32_t lane = 0; lane < gcr_reader_lane_count(reader); lane++) {
        if (gcr_reader_lane_events(reader, lane) > 0)
            is_whole &= support_read_lane(reader, lane);
    }
    FILE *nowhere = fopen("/dev/null", "w");
    if (nowhere == NULL)
        fuzz_found("no /dev/null", "");
    if (support_dump(reader, nowhere, &err) != is_whole)
        fuzz_found("dump and cursors disagree", err.text);
    if (!is_whole)
        support_check_message(&err, path);
    (void)fclose(nowhere);
    gcr_reader_close(reader);
    return is_whole;
}

void fuzz_round_trip(const char *path)
{
    char copy[64];
    char *text = NULL;
    size_t length = 0;
    struct gcr_error err = {""};
    struct gcr_reader *reader;
    if (gcr_reader_open(path, &reader, &err) != GCR_OK)
        fuzz_found("a written trace does not open", err.text);
    FILE *out = open_memstream(&text, &length);
    if (out == NULL || !support_dump(reader, out, &err))
        fuzz_found("a written trace cannot be dumped", err.text);
    (void)fclose(out);
    gcr_reader_close(reader);
    FILE *in = fmemopen(text, length, "r");
    if (in == NULL || gcr_text_assemble(in, "dump", fuzz_path("again.gct", copy), &err) != GCR_OK)
        fuzz_found("a dump cannot be assembled", err.text);
    (void)fclose(in);
    free(text);
    size_t size;
    size_t copy_size;
    uint8_t *bytes = fuzz_slurp(path, &size);
    uint8_t *copy_bytes = fuzz_slurp(copy, &copy_size);
    if (size != copy_size || memcmp(bytes, copy_bytes, size) != 0)
        fuzz_found("assembling a dump gives another file", path);
    free(bytes);
    free(copy_bytes);
}
