#include "tests/study/study_kit.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/measure/output.h"

void study_kit_begin(struct study_kit *kit)
{
    snprintf(kit->directory, sizeof kit->directory, "/tmp/gcreplay-study-XXXXXX");
    assert_non_null(mkdtemp(kit->directory));
    assert_int_equal(mkdir(study_kit_path(kit, "results"), 0777), 0);
    kit->study = json_pack("{s:s, s:s, s:[], s:[], s:[], s:[]}", "schema", "gcreplay-study-1",
                           "question", "Which?", "traces", "designs", "heaps", "jobs");
    assert_non_null(kit->study);
}

static int study_kit_remove(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info, (void)kind, (void)where;
    return remove(path);
}

void study_kit_end(struct study_kit *kit)
{
    json_decref(kit->study);
    assert_int_equal(nftw(kit->directory, study_kit_remove, 16, FTW_DEPTH | FTW_PHYS), 0);
}

const char *study_kit_path(const struct study_kit *kit, const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", kit->directory, name);
    return path;
}

void study_kit_write(const struct study_kit *kit, const char *name, const char *text)
{
    FILE *file = fopen(study_kit_path(kit, name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

char *study_kit_read(const struct study_kit *kit, const char *name)
{
    FILE *file = fopen(study_kit_path(kit, name), "r");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    rewind(file);
    char *text = calloc((size_t)size + 1, 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)size, file), (size_t)size);
    assert_int_equal(fclose(file), 0);
    return text;
}

const char *study_kit_row(const char *text, const char *beginning)
{
    static char row[1024];
    size_t found = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        if (strncmp(text, beginning, strlen(beginning)) == 0) {
            found++;
            snprintf(row, sizeof row, "%.*s", (int)length, text);
        }
        text += length + (text[length] == '\n');
    }
    if (found != 1)
        fail_msg("%zu rows begin with '%s'", found, beginning);
    return row;
}

void study_kit_write_json(const struct study_kit *kit, const char *name, const json_t *document)
{
    struct gcr_error err = {""};
    assert_int_equal(gcr_output_json(study_kit_path(kit, name), document, &err), GCR_OK);
}

void study_kit_name(struct study_kit *kit, const char *list, const char *name)
{
    json_t *entry = strcmp(list, "traces") == 0
                        ? json_pack("{s:s, s:s+, s:s, s:i, s:i, s:i}", "name", name, "path", name,
                                    ".gct", "digest", "0123456789abcdef", "events", 1000, "lanes",
                                    1, "peak_live_bytes", 1 << 20)
                        : json_string(name);
    assert_int_equal(json_array_append_new(json_object_get(kit->study, list), entry), 0);
}

static unsigned run_invocation(const struct study_run *run)
{
    return run->invocation > 0 ? run->invocation : 1;
}

/* The back end of "generational:nursery=2M". */
static json_t *run_collector(const struct study_run *run)
{
    return json_stringn(run->design, strcspn(run->design, ":"));
}

const char *study_kit_job(struct study_kit *kit, const struct study_run *run)
{
    json_t *job =
        json_pack("{s:s+++++++, s:s, s:o, s:s, s:s, s:s, s:i}", "id", run->trace, ".", run->design,
                  ".", run->heap, ".", gcr_study_mode_name[run->mode], "", "trace", run->trace,
                  "collector", run_collector(run), "design", run->design, "heap", run->heap, "mode",
                  gcr_study_mode_name[run->mode], "invocation", (int)run_invocation(run));
    char id[256];
    assert_non_null(job);
    snprintf(id, sizeof id, "%s.%u", json_string_value(json_object_get(job, "id")),
             run_invocation(run));
    for (char *c = id; (c = strpbrk(c, ":/=")) != NULL;)
        *c = '-';
    json_object_set_new(job, "id", json_string(id));
    assert_int_equal(json_array_append_new(json_object_get(kit->study, "jobs"), job), 0);
    return json_string_value(json_object_get(job, "id"));
}

static json_t *known(bool is_known, uint64_t value)
{
    return is_known ? json_integer((json_int_t)value) : json_null();
}

json_t *study_kit_result(const struct study_run *run)
{
    bool cpu = run->mutator_cpu_ns + run->collector_cpu_ns > 0;
    json_t *document = json_pack(
        "{s:s, s:{s:s+, s:s, s:i, s:i}, s:o, s:s, s:s, s:{s:I, s:o, s:I}, s:{s:I, s:I, s:o, s:o, "
        "s:{s:i}}, s:[{}]}",
        "schema", "gcreplay-result-1", "trace", "path", run->trace, ".gct", "digest",
        "0123456789abcdef", "events", 1000, "lanes", 1, "collector", run_collector(run), "outcome",
        run->outcome != NULL ? run->outcome : "ok", "message",
        run->outcome != NULL ? "it did not complete" : "", "memory", "footprint_peak_bytes",
        (json_int_t)run->peak_bytes, "budget_bytes",
        known(run->budget_bytes > 0, run->budget_bytes), "live_peak_bytes",
        (json_int_t)(run->peak_bytes / 2), "time", "mutator_ns", (json_int_t)run->mutator_ns,
        "collector_ns", (json_int_t)run->collector_ns, "mutator_cpu_ns",
        known(cpu, run->mutator_cpu_ns), "collector_cpu_ns", known(cpu, run->collector_cpu_ns),
        "phases", "outside_pauses_ns", 0, "lanes");
    assert_non_null(document);
    if (run->mode == GCR_STUDY_CACHE) {
        json_object_set_new(document, "model", json_pack("{s:b}", "repeatable", 1));
        json_object_set_new(document, "cache",
                            json_pack("{s:{s:I, s:i}}", "total", "llc_read_misses",
                                      (json_int_t)run->llc_misses, "llc_write_misses", 0));
    }
    return document;
}

const char *study_kit_run(struct study_kit *kit, const struct study_run *run)
{
    const char *id = study_kit_job(kit, run);
    json_t *document = study_kit_result(run);
    char name[300];
    snprintf(name, sizeof name, "results/%s.json", id);
    study_kit_write_json(kit, name, document);
    json_decref(document);
    return id;
}

struct gcr_dataset *study_kit_open(struct study_kit *kit)
{
    struct gcr_error err = {""};
    struct gcr_dataset *dataset = NULL;
    study_kit_write_json(kit, "study.json", kit->study);
    gcr_status status = gcr_dataset_open(kit->directory, &dataset, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, GCR_OK);
    return dataset;
}

void study_kit_run_full(struct study_kit *kit, const struct study_run *run, json_t *lanes)
{
    const char *id = study_kit_run(kit, run);
    json_t *document = study_kit_result(run);
    char name[300];
    assert_non_null(lanes);
    json_object_set_new(document, "lanes", lanes);
    snprintf(name, sizeof name, "results/%s.full.json", id);
    study_kit_write_json(kit, name, document);
    json_decref(document);
}
