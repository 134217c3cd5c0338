/* write_series RESULTS FOLDER: the series tables of a dataset into a folder, and which file has the
 * lists of each configuration to standard output: trace, design, heap, mode, path, by tabs. */
#include <stdio.h>

#include "sim/study/tables.h"

static void print_point(const struct gcr_point *point)
{
    for (size_t i = 0; i < point->run_count; i++)
        if (point->runs[i].is_ok && point->runs[i].full != NULL) {
            printf("%s\t%s\t%s\t%s\t%s\n", point->trace, point->design, point->heap,
                   gcr_study_mode_name[point->mode], point->runs[i].full);
            return;
        }
}

int main(int argc, char **argv)
{
    struct gcr_dataset *dataset = NULL;
    struct gcr_error err = {""};
    if (argc != 3)
        return 2;
    if (gcr_dataset_open(argv[1], &dataset, &err) != GCR_OK ||
        gcr_series_tables_write(dataset, argv[2], &err) != GCR_OK) {
        fprintf(stderr, "write_series: %s\n", err.text);
        gcr_dataset_close(dataset);
        return 1;
    }
    for (size_t i = 0; i < dataset->point_count; i++)
        print_point(&dataset->points[i]);
    gcr_dataset_close(dataset);
    return 0;
}
