/* Which figures of a study are drawn, by gnuplot itself where it is installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/study/csv_reader.h"
#include "sim/study/gnuplot.h"
#include "sim/study/palette.h"
#include "sim/study/plots.h"
#include "study_kit.h"

/* Two traces on two designs in two heap sizes; the second trace's name is hard to quote. */
static struct gcr_dataset *plots_begin(struct study_kit *kit, const char *second)
{
    study_kit_begin(kit);
    const char *traces[] = {"first", second}, *heaps[] = {"native", "2x"};
    for (size_t t = 0; t < 2; t++)
        for (size_t h = 0; h < 2; h++)
            study_kit_run(kit, &(struct study_run){.trace = traces[t],
                                                   .design = "bitmap",
                                                   .heap = heaps[h],
                                                   .mutator_ns = 5,
                                                   .collector_ns = 1,
                                                   .peak_bytes = 100});
    for (size_t i = 0; i < 2; i++)
        study_kit_name(kit, "traces", traces[i]);
    study_kit_name(kit, "designs", "bitmap");
    study_kit_name(kit, "heaps", "native");
    study_kit_name(kit, "heaps", "2x");
    assert_int_equal(mkdir(study_kit_path(kit, "tables"), 0777), 0);
    return study_kit_open(kit);
}

static const struct gcr_plot *plots_find(const struct gcr_plots *plots, const char *figure,
                                         const char *trace)
{
    for (size_t i = 0; i < plots->count; i++)
        if (strcmp(plots->list[i].figure->name, figure) == 0 &&
            strcmp(plots->list[i].trace, trace) == 0)
            return &plots->list[i];
    return NULL;
}

static void draw(struct study_kit *kit, const struct gcr_dataset *dataset,
                 const struct gcr_plots_config *config, struct gcr_plots *plots)
{
    struct gcr_error err = {""};
    assert_int_equal(gcr_plots_draw(dataset, study_kit_path(kit, "."), config, plots, &err),
                     GCR_OK);
}

static bool have_gnuplot(void)
{
    return access("/usr/bin/gnuplot", X_OK) == 0;
}

static void tables_decide(void **state)
{
    (void)state;
    struct study_kit kit;
    struct gcr_dataset *dataset = plots_begin(&kit, "o'ther, \"x\"");
    study_kit_write(&kit, "tables/mmu.csv",
                    "trace,design,heap,window_ms,mmu,bmu\n"
                    "first,bitmap,native,1,0.5,0.5\nfirst,bitmap,2x,1,0.25,0.25\n"
                    "\"o'ther, \"\"x\"\"\",bitmap,native,1,0.5,0.5\n"
                    "\"o'ther, \"\"x\"\"\",bitmap,2x,1,,\n");
    study_kit_write(&kit, "tables/latency.csv", "trace,design,heap,kind,percentile,latency_us\n");
    study_kit_write(&kit, "tables/pauses.csv",
                    "trace,design,heap,lane,start_ms,length_us,generation,reason,before_mib,"
                    "after_mib,freed\nfirst,bitmap,2x,0,1,10,0,allocation,1,1,0\n"
                    "\"o'ther, \"\"x\"\"\",bitmap,2x,1,1,10,0,allocation,1,1,0\n");
    struct gcr_plots plots;
    draw(&kit, dataset, &(struct gcr_plots_config){.formats = GCR_PLOTS_SVG}, &plots);

    const struct gcr_plot *mmu = plots_find(&plots, "mmu", "first");
    assert_non_null(mmu);
    assert_string_equal(mmu->heap, "2x"); /* nearest to twice the live bytes */
    assert_string_equal(mmu->file, "plots/mmu.first.2x");
    mmu = plots_find(&plots, "mmu", "o'ther, \"x\"");
    assert_non_null(mmu);
    assert_string_equal(mmu->heap, "native"); /* where it has figures */
    assert_string_equal(plots_find(&plots, "latency", "")->reason, "no trace has requests");
    assert_string_equal(plots_find(&plots, "cow", "")->reason, "there is no tables/cow.csv");
    /* Only the first process's pauses are drawn. */
    assert_non_null(plots_find(&plots, "pauses_timeline", "o'ther, \"x\"")->reason);
    if (have_gnuplot()) {
        assert_int_equal(plots.drawn, 3);
        assert_null(mmu->reason);
        char *svg = study_kit_read(&kit, "plots/mmu.o-ther---x-.native.svg");
        assert_non_null(strstr(svg, "<title>bitmap</title>"));
        assert_non_null(strstr(svg, "o'ther; 'x'"));
        free(svg);
        /* The command draws it again. */
        char command[8192];
        assert_int_equal(unlink(study_kit_path(&kit, "plots/mmu.o-ther---x-.native.svg")), 0);
        snprintf(command, sizeof command, "cd %s && %s", study_kit_path(&kit, "."), mmu->command);
        assert_int_equal(system(command), 0);
        assert_int_equal(access(study_kit_path(&kit, "plots/mmu.o-ther---x-.native.svg"), R_OK), 0);
    }
    gcr_plots_finish(&plots);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void says_that_gnuplot_is_missing(void **state)
{
    (void)state;
    struct study_kit kit;
    struct gcr_dataset *dataset = plots_begin(&kit, "second");
    study_kit_write(&kit, "tables/mmu.csv",
                    "trace,design,heap,window_ms,mmu,bmu\nfirst,bitmap,2x,1,0.25,0.25\n");
    char *path = strdup(getenv("PATH"));
    setenv("PATH", "/nonexistent", 1);
    struct gcr_plots plots;
    draw(&kit, dataset, &(struct gcr_plots_config){.formats = GCR_PLOTS_SVG}, &plots);
    setenv("PATH", path, 1);
    free(path);
    const struct gcr_plot *mmu = plots_find(&plots, "mmu", "first");
    assert_string_equal(mmu->reason, "gnuplot is not installed (Debian: gnuplot-nox)");
    assert_int_equal(plots.drawn, 0);
    gcr_plots_finish(&plots);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void a_failing_script_is_a_reason(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    struct study_kit kit;
    struct gcr_dataset *dataset = plots_begin(&kit, "second");
    study_kit_write(&kit, "tables/mmu.csv",
                    "trace,design,heap,window_ms,mmu,bmu\nfirst,bitmap,2x,1,0.25,0.25\n");
    study_kit_write(&kit, "common.inc.gp", "");
    study_kit_write(&kit, "mmu.gp", "set output out\nplot nothing_of_that_name\n");
    struct gcr_plots plots;
    char scripts[256];
    snprintf(scripts, sizeof scripts, "%s", study_kit_path(&kit, "."));
    draw(&kit, dataset,
         &(struct gcr_plots_config){.formats = GCR_PLOTS_SVG, .scripts = scripts, .jobs = 1},
         &plots);
    const struct gcr_plot *mmu = plots_find(&plots, "mmu", "first");
    assert_non_null(strstr(mmu->reason, "gnuplot failed: "));
    assert_non_null(strstr(mmu->reason, "undefined variable: nothing_of_that_name"));
    assert_int_not_equal(access(study_kit_path(&kit, "plots/mmu.first.2x.svg"), F_OK), 0);
    assert_int_not_equal(access(study_kit_path(&kit, "plots/.partial-mmu.first.2x.svg"), F_OK), 0);
    gcr_plots_finish(&plots);
    struct gcr_error err = {""};
    assert_int_equal(gcr_plots_draw(dataset, scripts,
                                    &(struct gcr_plots_config){.scripts = "/nonexistent"}, &plots,
                                    &err),
                     GCR_USAGE);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void rows_are_read_as_written(void **state)
{
    (void)state;
    struct study_kit kit;
    study_kit_begin(&kit);
    study_kit_write(&kit, "a.csv", "x,y,z\n1,,\"a \"\"b\"\", c\"\n\"two\nlines\",2,3");
    struct gcr_csv_reader reader;
    struct gcr_error err = {""};
    bool more;
    assert_int_equal(gcr_csv_reader_open(&reader, study_kit_path(&kit, "a.csv"), &err), GCR_OK);
    assert_int_equal(gcr_csv_reader_next(&reader, &more, &err), GCR_OK);
    assert_int_equal(gcr_csv_reader_find(&reader, "z"), 2);
    assert_int_equal(gcr_csv_reader_find(&reader, "zz"), 3);
    assert_false(reader.quoted);
    assert_int_equal(gcr_csv_reader_next(&reader, &more, &err), GCR_OK);
    assert_true(more && reader.count == 3);
    assert_string_equal(reader.fields[1], "");
    assert_string_equal(reader.fields[2], "a \"b\", c");
    assert_true(reader.quoted);
    assert_int_equal(gcr_csv_reader_next(&reader, &more, &err), GCR_OK);
    assert_true(more);
    assert_string_equal(reader.fields[0], "two\nlines");
    assert_string_equal(reader.fields[2], "3");
    assert_int_equal(gcr_csv_reader_next(&reader, &more, &err), GCR_OK);
    assert_false(more);
    gcr_csv_reader_close(&reader);
    assert_int_equal(gcr_csv_reader_open(&reader, study_kit_path(&kit, "none.csv"), &err), GCR_IO);
    study_kit_end(&kit);
}

static void quotes_for_gnuplot(void **state)
{
    (void)state;
    char out[16];
    assert_int_equal(gcr_gnuplot_quote("it's", out, sizeof out), 7);
    assert_string_equal(out, "'it''s'");
    assert_int_equal(gcr_gnuplot_quote("longer than the room", out, sizeof out), 0);
    assert_int_equal(gcr_palette_colour("generational:nursery=1L2"), 0xD55E00);
    assert_int_equal(gcr_palette_colour("generation"), 0x666666);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_decide),
        cmocka_unit_test(says_that_gnuplot_is_missing),
        cmocka_unit_test(a_failing_script_is_a_reason),
        cmocka_unit_test(rows_are_read_as_written),
        cmocka_unit_test(quotes_for_gnuplot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
