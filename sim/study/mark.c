#include "sim/study/mark.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "sim/measure/output.h"

static gcr_status mark_create(const char *path, struct gcr_error *err)
{
    uint64_t number;
    if (getrandom(&number, sizeof number, 0) != sizeof number)
        return gcr_fail(err, GCR_IO, "random numbers: %s", strerror(errno));
    struct gcr_output output;
    gcr_status status = gcr_output_open(&output, path, err);
    if (status != GCR_OK)
        return status;
    fprintf(output.file, "%016" PRIx64 "\n", number);
    return gcr_output_close(&output, err);
}

gcr_status gcr_study_mark_get(const char *directory, struct gcr_study_mark *mark,
                              struct gcr_error *err)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/.mark", directory) >= (int)sizeof path)
        return gcr_fail(err, GCR_USAGE, "%s: the path is too long", directory);
    FILE *file = fopen(path, "re");
    if (file == NULL && errno == ENOENT) {
        gcr_status status = mark_create(path, err);
        if (status != GCR_OK)
            return status;
        file = fopen(path, "re");
    }
    if (file == NULL)
        return gcr_fail(err, GCR_IO, "%s: %s", path, strerror(errno));
    bool is_good = fgets(mark->text, sizeof mark->text, file) != NULL &&
                   strspn(mark->text, "0123456789abcdef") == sizeof mark->text - 1;
    fclose(file);
    return is_good ? GCR_OK : gcr_fail(err, GCR_BAD_INPUT, "%s: not 16 hexadecimal digits", path);
}
