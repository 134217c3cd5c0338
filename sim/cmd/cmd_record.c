/* gcreplay record: runs a CPython program and writes down what it does to its heap. */
#include <stdlib.h>
#include <string.h>

#include "sim/cmd/command.h"
#include "sim/cmd/commands.h"
#include "sim/cmd/record_window.h"
#include "sim/cmd/table.h"
#include "sim/measure/output.h"
#include "workloads/cpython/session.h"

#include <sys/stat.h>

static const struct gcr_flag record_flags[] = {
    {"--mode", 0, "MODE",
     "neutral: for comparing designs, dense snapshots (default); "
     "faithful: edges and roots true at CPython's own collections",
     GCR_FLAG_OPTIONAL, NULL},
    {"--output", 'o', "TRACE", "trace file to write", GCR_FLAG_REQUIRED, NULL},
    {"--snapshot-every", 0, "N", "neutral: containers allocated between snapshots (default 50)",
     GCR_FLAG_OPTIONAL, NULL},
    {"--follow", 0, NULL,
     "record Pythons that the program executes, too (subprocess, multiprocessing, os.exec, scripts "
     "in between), each in a trace of its own: TRACE with .1, .2 ... before .gct",
     GCR_FLAG_OPTIONAL, NULL},
    {"--sample-pages", 0, "WHERE",
     "READ events for pages that the program wrote and no other event explains, as reads through "
     "references do: forked (implied): in each process from its first fork on, and in its "
     "children; "
     "all: in the first process from its start, too",
     GCR_FLAG_OPTIONAL, "forked"},
    {"--sample-every", 0, "N",
     "events between two samplings of pages, besides those at collections, forks and ends (default "
     "10000)",
     GCR_FLAG_OPTIONAL, NULL},
    {"--start-after", 0, "TIME|N",
     "begin to record only then, with the heap as it is: after a time (2.5s, 300ms), or in each "
     "process after so many allocations (1000000)",
     GCR_FLAG_OPTIONAL, NULL},
    {"--start-on", 0, "SIGNAL",
     "begin to record when gcreplay itself gets that signal (USR1 or USR2)", GCR_FLAG_OPTIONAL,
     NULL},
    {"--stop-after", 0, "TIME|N",
     "record only so long, or so many allocations of each process; the program goes on",
     GCR_FLAG_OPTIONAL, NULL},
    {"--stop-on", 0, "SIGNAL", "end the recording when gcreplay itself gets that signal",
     GCR_FLAG_OPTIONAL, NULL},
    {"--rotate", 0, "SIZE|N",
     "go on in another file when one has that size (64M), or so many of a process's events "
     "(10000000); each begins with the heap as it is, and can be replayed alone",
     GCR_FLAG_OPTIONAL, NULL},
    {"--keep", 0, "N",
     "of each process's files, remove the oldest when more than N are finished (with --rotate)",
     GCR_FLAG_OPTIONAL, NULL},
    {"--marks", 0, NULL,
     "put the folder of gcreplay_marks.py, by which programs mark requests and phases, before the "
     "program's PYTHONPATH",
     GCR_FLAG_OPTIONAL, NULL},
    {"--library", 0, "FILE", "preload library (default: beside gcreplay, or in ../lib)",
     GCR_FLAG_OPTIONAL, NULL},
    {"--", 0, "PROGRAM [ARGUMENT]...", "the program to run, and its arguments", GCR_FLAG_REQUIRED,
     NULL},
    {0}};

static gcr_status record_parse_number(const struct gcr_arguments *arguments, const char *flag,
                                      unsigned long most, uint32_t *number, struct gcr_error *err)
{
    const char *text = gcr_argument(arguments, flag);
    if (text == NULL)
        return GCR_OK;
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*end != '\0' || n < 1 || n > most)
        return gcr_fail(err, GCR_USAGE, "record: %s %.32s: expected 1 .. %lu", flag, text, most);
    *number = (uint32_t)n;
    return GCR_OK;
}

static gcr_status record_parse_sampling(const struct gcr_arguments *arguments,
                                        struct gcr_recording_config *config, struct gcr_error *err)
{
    const char *where = gcr_argument(arguments, "--sample-pages");
    config->sample = where == NULL               ? GCR_SAMPLE_NOTHING
                     : strcmp(where, "all") == 0 ? GCR_SAMPLE_ALL
                                                 : GCR_SAMPLE_FORKED;
    if (config->sample == GCR_SAMPLE_FORKED && strcmp(where, "forked") != 0)
        return gcr_fail(err, GCR_USAGE, "record: --sample-pages %.32s: expected forked or all",
                        where);
    config->sample_every = 10000;
    if (where == NULL && gcr_argument(arguments, "--sample-every") != NULL)
        return gcr_fail(err, GCR_USAGE, "record: --sample-every needs --sample-pages");
    return record_parse_number(arguments, "--sample-every", 1000000000, &config->sample_every, err);
}

static gcr_status record_parse(const struct gcr_arguments *arguments,
                               struct gcr_recording_config *config, struct gcr_error *err)
{
    const char *mode = gcr_argument(arguments, "--mode");
    size_t words = 0;
    config->command = gcr_argument_rest(arguments, &words);
    if (words == 0)
        return gcr_fail(err, GCR_USAGE,
                        "record: no program after '--' (example: gcreplay record -o "
                        "out.gct -- /usr/bin/python3 app.py)");
    config->path = gcr_argument(arguments, "--output");
    config->follow = gcr_argument(arguments, "--follow") != NULL;
    config->marks = gcr_argument(arguments, "--marks") != NULL;
    config->library = gcr_argument(arguments, "--library");
    config->neutral = mode == NULL || strcmp(mode, "neutral") == 0;
    if (!config->neutral && strcmp(mode, "faithful") != 0)
        return gcr_fail(err, GCR_USAGE, "record: --mode %.32s: expected neutral or faithful", mode);
    config->dense_every = 50;
    gcr_status status =
        record_parse_number(arguments, "--snapshot-every", 1000000, &config->dense_every, err);
    if (status == GCR_OK)
        status = record_parse_sampling(arguments, config, err);
    if (status == GCR_OK)
        status = record_parse_window(arguments, &config->window, err);
    return status == GCR_OK ? gcr_output_check_trace_path(config->path, err) : status;
}

static uint64_t record_losses(const struct gcr_recorder_counts *counts)
{
    return counts->unseen_collections + counts->unseen_rebirths + counts->unplaced_references +
           counts->forced_drops + counts->count_drift + counts->late_insertions +
           counts->unmapped_blocks + counts->lost_lanes;
}

static void record_print_sampling(const struct gcr_recording *recording,
                                  const struct gcr_recorder_counts *counts)
{
    if (recording->sampled != GCR_SAMPLE_NOTHING)
        fprintf(stderr,
                "pages: %llu samplings found %llu written: %llu explained, %llu READ, %llu without "
                "an object to read; %llu written around collections\n",
                (unsigned long long)counts->samplings, (unsigned long long)counts->pages_written,
                (unsigned long long)counts->pages_explained, (unsigned long long)counts->pages_read,
                (unsigned long long)counts->pages_unread,
                (unsigned long long)counts->pages_discarded);
    if (recording->unsampled_reason[0] == '\0')
        return;
    if (recording->sampled == GCR_SAMPLE_NOTHING)
        fprintf(stderr, "gcreplay: pages were not sampled: %s\n", recording->unsampled_reason);
    else
        fprintf(stderr, "gcreplay: pages were not sampled to the end in %llu process%s: %s\n",
                (unsigned long long)counts->unsampled_processes,
                counts->unsampled_processes == 1 ? "" : "es", recording->unsampled_reason);
}

static int record_compare_traces(const void *a, const void *b)
{
    const struct gcr_recorded_trace *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

static void record_print_trace(const struct gcr_recorded_trace *trace)
{
    struct stat info;
    uint64_t bytes = stat(trace->path, &info) == 0 ? (uint64_t)info.st_size : 0;
    fprintf(stderr, "%s: %llu events, %u process%s, %s on disk (%.2f bytes an event)\n",
            trace->path, (unsigned long long)trace->events, trace->lanes,
            trace->lanes == 1 ? "" : "es", gcr_text_bytes(bytes).s,
            trace->events > 0 ? (double)bytes / (double)trace->events : 0.0);
}

static void record_print_losses(const struct gcr_recorder_counts *counts)
{
    if (record_losses(counts) == 0)
        return;
    fprintf(
        stderr,
        "losses: %llu collections and %llu rebirths unseen, %llu references unplaced, "
        "%llu stale edges dropped, trigger count corrected by %llu, %llu late roots, "
        "%llu blocks and %llu processes missed\n",
        (unsigned long long)counts->unseen_collections, (unsigned long long)counts->unseen_rebirths,
        (unsigned long long)counts->unplaced_references, (unsigned long long)counts->forced_drops,
        (unsigned long long)counts->count_drift, (unsigned long long)counts->late_insertions,
        (unsigned long long)counts->unmapped_blocks, (unsigned long long)counts->lost_lanes);
}

static void record_print_others(const struct gcr_recording *recording)
{
    static const char *const reasons[GCR_REFUSALS] = {
        [GCR_REFUSED_VERSION] = "not CPython 3.11",
        [GCR_REFUSED_ALLOCATOR] = "PYTHONMALLOC or PYTHONDEVMODE is set",
        [GCR_REFUSED_MEMORY] = "no address space for the recorder's tables (ulimit -v?)",
        [GCR_REFUSED_ROOM] = "too many at one time"};
    if (recording->not_followed > 0)
        fprintf(stderr, "gcreplay: at least %u more Python%s not recorded (see --follow)\n",
                recording->not_followed, recording->not_followed == 1 ? " was" : "s were");
    for (unsigned i = 0; i < GCR_REFUSALS; i++) {
        if (recording->skipped[i] > 0 && reasons[i] != NULL)
            fprintf(stderr, "gcreplay: %u Python%s not recorded: %s\n", recording->skipped[i],
                    recording->skipped[i] == 1 ? " was" : "s were", reasons[i]);
    }
}

/* On standard error: standard output is the recorded program's own. */
static void record_print(const struct gcr_recording *recording)
{
    struct gcr_recorder_counts counts = {0};
    for (size_t i = 0; i < recording->trace_count; i++) {
        record_print_trace(&recording->traces[i]);
        gcr_recorder_counts_add(&counts, &recording->traces[i].counts);
    }
    fprintf(stderr, "%llu allocations (%llu containers), %llu collections, %llu snapshots\n",
            (unsigned long long)counts.allocations, (unsigned long long)counts.containers,
            (unsigned long long)counts.collections, (unsigned long long)counts.snapshots);
    if (recording->removed > 0)
        fprintf(stderr, "%llu older traces were removed (--keep)\n",
                (unsigned long long)recording->removed);
    record_print_losses(&counts);
    record_print_sampling(recording, &counts);
    for (size_t i = 0; i < recording->trace_count; i++) {
        const struct gcr_recorded_trace *trace = &recording->traces[i];
        if (trace->stop_reason[0] != '\0')
            fprintf(stderr, "gcreplay: %s: recording stopped before the program: %s\n", trace->path,
                    trace->stop_reason);
    }
    record_print_others(recording);
    if (recording->program_status != 0)
        fprintf(stderr, "gcreplay: the program ended with status %d\n", recording->program_status);
}

static gcr_status record_run(const struct gcr_arguments *arguments, struct gcr_error *err)
{
    struct gcr_recording_config config = {0};
    struct gcr_recording recording = {0};
    gcr_status status = record_parse(arguments, &config, err);
    if (status == GCR_OK)
        status = gcr_record_program(&config, &recording, err);
    if (status == GCR_OK) {
        qsort(recording.traces, recording.trace_count, sizeof *recording.traces,
              record_compare_traces);
        record_print(&recording);
    }
    gcr_recording_release(&recording);
    return status;
}

const struct gcr_command gcr_cmd_record = {
    "record", "run a CPython 3.11 program and record what it does to its heap",
    "[--mode neutral|faithful] -o TRACE -- PROGRAM [ARGUMENT]...", record_flags, record_run};
