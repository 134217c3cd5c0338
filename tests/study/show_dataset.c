/* show_dataset PATH [TABLES]: what a dataset has, a line a configuration, for test scripts; with
 * TABLES, the tables of runs and LBO go there, and the answer's sentences follow. */
#include <inttypes.h>
#include <stdio.h>

#include "sim/study/answer.h"
#include "sim/study/tables.h"

static void show_points(const struct gcr_dataset *dataset)
{
    for (size_t i = 0; i < dataset->point_count; i++) {
        const struct gcr_point *point = &dataset->points[i];
        const struct gcr_observation *run = &point->runs[0];
        json_t *full = gcr_point_full(point);
        printf(
            "%s %s %s %s %s budget=%" PRIu64 " runs=%zu ok=%zu %s time=%d llc=%d peak=%d full=%d\n",
            point->trace, point->collector, point->design, point->heap,
            gcr_study_mode_name[point->mode], point->budget_bytes, point->run_count,
            point->ok_count, run->outcome, run->value[GCR_METRIC_TIME] > 0,
            run->value[GCR_METRIC_LLC_MISSES] > 0, run->value[GCR_METRIC_PEAK] > 0, full != NULL);
        json_decref(full);
    }
}

static gcr_status show_tables(const struct gcr_dataset *dataset, const char *directory,
                              struct gcr_error *err)
{
    struct gcr_answer *answer = NULL;
    gcr_status status = gcr_summary_tables_write(dataset, directory, err);
    if (status == GCR_OK)
        status = gcr_lbo_table_write(dataset, directory, err);
    if (status == GCR_OK)
        status = gcr_answer_find(dataset, GCR_METRIC_COUNT, NULL, &answer, err);
    if (status != GCR_OK)
        return status;
    for (size_t i = 0; i < answer->contest_count; i++)
        for (size_t k = 0; k < answer->contests[i].sentence_count; k++)
            printf("%s\n", answer->contests[i].sentences[k]);
    for (size_t i = 0; i < answer->note_count; i++)
        printf("%s\n", answer->notes[i]);
    gcr_answer_close(answer);
    return GCR_OK;
}

int main(int argc, char **argv)
{
    struct gcr_dataset *dataset = NULL;
    struct gcr_error err = {""};
    gcr_status status = argc < 2 ? gcr_fail(&err, GCR_USAGE, "show_dataset PATH [TABLES]")
                                 : gcr_dataset_open(argv[1], &dataset, &err);
    if (status == GCR_OK) {
        show_points(dataset);
        if (argc > 2)
            status = show_tables(dataset, argv[2], &err);
    }
    if (status != GCR_OK)
        fprintf(stderr, "show_dataset: %s\n", err.text);
    gcr_dataset_close(dataset);
    return gcr_status_exit_code(status);
}
