/* Writes the curve tables and the trace for Perfetto of a study into a folder, and lists the
 * documents that they come from: write_curves STUDY FOLDER. For test_curves.sh. */
#include <stdio.h>

#include "sim/study/perfetto.h"
#include "sim/study/tables.h"

static gcr_status write_all(const struct gcr_dataset *dataset, const char *folder,
                            struct gcr_error *err)
{
    char path[512];
    gcr_status status = gcr_curve_tables_write(dataset, folder, err);
    snprintf(path, sizeof path, "%s/pauses.trace.json", folder);
    return status == GCR_OK ? gcr_pauses_trace_write(dataset, path, err) : status;
}

int main(int argc, char **argv)
{
    struct gcr_error err = {""};
    struct gcr_dataset *dataset = NULL;
    if (argc != 3) {
        fprintf(stderr, "usage: write_curves STUDY FOLDER\n");
        return 2;
    }
    gcr_status status = gcr_dataset_open(argv[1], &dataset, &err);
    if (status == GCR_OK)
        status = write_all(dataset, argv[2], &err);
    if (status != GCR_OK)
        fprintf(stderr, "write_curves: %s\n", err.text);
    for (size_t i = 0; status == GCR_OK && i < dataset->point_count; i++) {
        const struct gcr_point *point = &dataset->points[i];
        if (point->ok_count > 0 && point->mode == GCR_STUDY_TIMED)
            printf("%s\t%s\t%s\t%s\n", point->trace, point->design, point->heap,
                   point->runs[0].full);
    }
    gcr_dataset_close(dataset);
    return status == GCR_OK ? 0 : 1;
}
