/* validate_plain, validate_modelled: one workload on one back end, its sizes by name and argument.
 *
 *   WORKLOAD [STEPS [GEOMETRY [VECTORS]]]
 *
 * STEPS is a number, or `default`; VECTORS avx512, avx2, scalar or best, with +pages if written
 * pages are followed as well. The program
 *
 * prints what it did (equal for both), the processor time it took, and the modelled one its counts
 * by phase for GEOMETRY (sim/model/geometry.h). The heap's creation is not counted, but what it
 * leaves in the cache stays there. Not instrumented. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/compiler.h"
#include "tests/model/validate/validate.h"
#ifdef VALIDATE_MODEL
#include "sim/model/model.h"
#include "sim/model/pages.h"
#endif

extern const struct validate_back_end validate_semispace, validate_generational,
    validate_mark_sweep, validate_linked_list, validate_mark_compact;

enum { MOST_SETTINGS = 4 };

struct workload {
    const char *name;
    const struct validate_back_end *back_end;
    bool gcbench; /* which of its workloads */
    struct validate_sizes sizes;
    const char *settings[MOST_SETTINGS]; /* of the back end; NULL: no more */
};

static const struct workload workloads[] = {
    {"copying", &validate_semispace, false, {60000, 120000, 4, 8, 0}, {"start=4M", "window=4M"}},
    {"resident",
     &validate_generational,
     false,
     {16, 150000, 24, 4, 20000},
     {"start=1536K", "nursery=4K", "clear=memset"}},
    {"marking",
     &validate_mark_sweep,
     false,
     {150000, 100000, 3, 12, 0},
     {"start=4M", "allocator=pools"}},
    {"counting", &validate_linked_list, false, {60000, 100000, 3, 8, 0}, {"threshold0=10000"}},
    {"compacting", &validate_mark_compact, false, {60000, 100000, 4, 8, 0}, {NULL}},
    {"gcbench", &validate_semispace, true, {100000, 12, 0, 0, 0}, {"start=4M"}},
};

static int usage(const char *what, const char *word)
{
    fprintf(stderr,
            "validate: %s: %s; usage: WORKLOAD [STEPS [GEOMETRY [VECTORS]]], WORKLOAD one of", what,
            word);
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
        fprintf(stderr, " %s", workloads[i].name);
    fputc('\n', stderr);
    return 2;
}

static const struct workload *workload_of(const char *name)
{
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
        if (strcmp(workloads[i].name, name) == 0)
            return &workloads[i];
    return NULL;
}

static void make_shapes(struct validate *v)
{
    v->shapes[1] = (struct gcr_shape){.item_bytes = 8,
                                      .item_slots = 1,
                                      .flags = GCR_SHAPE_CONTAINER,
                                      .number = 1,
                                      .name = "table"};
    v->shapes[2] = (struct gcr_shape){
        .field_bytes = 24, .slots = 2, .flags = GCR_SHAPE_CONTAINER, .number = 2, .name = "node"};
}

#ifdef VALIDATE_MODEL
static bool model_vectors(const char *word, struct gcr_model_config *config)
{
    static const char *const names[] = {
        [GCR_VECTORS_BEST] = "best",
        [GCR_VECTORS_SCALAR] = "scalar",
        [GCR_VECTORS_AVX2] = "avx2",
        [GCR_VECTORS_AVX512] = "avx512",
    };
    size_t length = strcspn(word, "+");
    config->pages = strcmp(word + length, "+pages") == 0;
    for (size_t i = 0; i < GCR_COUNT_OF(names); i++)
        if (strlen(names[i]) == length && strncmp(names[i], word, length) == 0) {
            config->vectors = (enum gcr_model_vectors)i;
            return config->pages || word[length] == '\0';
        }
    return false;
}

static gcr_status model_begin(const char *list, const char *vectors, struct gcr_error *err)
{
    static struct gcr_geometry geometry;
    struct gcr_model_config config = {.geometry = &geometry};
    if (!model_vectors(vectors, &config))
        return gcr_fail(err, GCR_USAGE, "no such vectors: %s", vectors);
    gcr_status status = gcr_geometry_parse(list, &geometry, err);
    if (status == GCR_OK)
        status = gcr_model_open(&config, err);
    if (status == GCR_OK)
        (void)gcr_model_pause(false);
    return status;
}

static void model_watch(struct validate *v)
{
    if (gcr_pages_are_open())
        gcr_supply_observe(&v->supply, &gcr_pages_observer);
}

static void model_restart(void)
{
    if (gcr_pages_are_open())
        gcr_pages_fork(); /* stores then have something to find out */
    gcr_model_restart();
}

static void model_end(void)
{
    static const char *const names[GCR_PHASE_COUNT] = {"mutator",  "allocation", "barrier",
                                                       "refcount", "mark",       "sweep",
                                                       "copy",     "compact",    "finalize"};
    static struct gcr_model_counts counts;
    (void)gcr_model_pause(true);
    gcr_model_read(&counts);
    for (int i = 0; i < GCR_PHASE_COUNT; i++) {
        const struct gcr_cache_counts *c = &counts.phase[i];
        printf("phase %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", names[i], c->reads,
               c->writes, c->l1_read_misses, c->l1_write_misses);
    }
    gcr_model_close();
}
#else
static gcr_status model_begin(const char *list, const char *vectors, struct gcr_error *err)
{
    (void)list;
    (void)vectors;
    (void)err;
    return GCR_OK;
}
static void model_watch(struct validate *v)
{
    (void)v;
}
static void model_restart(void) {}
static void model_end(void) {}
#endif

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static GCR_NOINLINE gcr_status run(const struct workload *work, struct validate *v,
                                   struct gcr_error *err)
{
    static struct gcr_option_values options;
    const struct gcr_collector *collector = work->back_end->collector;
    gcr_options_init(collector->options, &options);
    for (int i = 0; i < MOST_SETTINGS && work->settings[i] != NULL; i++) {
        gcr_status set = gcr_option_assign(&options, collector->name, work->settings[i], err);
        if (set != GCR_OK)
            return set;
    }
    const struct gcr_heap_config config = {.options = &options};
    model_watch(v);
    gcr_status status = collector->create(&config, &v->host, &v->heap, err);
    if (status != GCR_OK)
        return status;
    uint64_t sum = 0;
    model_restart();
    validate_workload *workload = work->gcbench ? work->back_end->gcbench : work->back_end->run;
    double begin = seconds();
    bool good = workload(v, &work->sizes, &sum);
    double end = seconds();
    model_end();
    printf("seconds %.6f\n", end - begin);
    printf("did %s %s %" PRIu64 " allocated, %" PRIu64 " collections, %" PRIu64 " full, %" PRIu64
           " followed\n",
           work->name, collector->name, v->heap->work.allocated_objects, v->collections,
           v->full_collections, sum);
    collector->destroy(v->heap);
    return good ? GCR_OK : gcr_fail(err, GCR_HEAP_EXHAUSTED, "the heap is exhausted");
}

/* Where the stack begins depends on the environment's size; the workload's is made to begin at the
 * end of a page, so that the lines it shares a cache set with are always the same. */
static GCR_NOINLINE gcr_status run_at_end_of_page(const struct workload *work, struct validate *v,
                                                  struct gcr_error *err)
{
    char *room = __builtin_alloca((uintptr_t)__builtin_frame_address(0) % GCR_PAGE_BYTES);
    __asm__ volatile("" : : "r"(room) : "memory");
    return run(work, v, err);
}

int main(int argc, char **argv)
{
    struct gcr_error err = {""};
    if (argc < 2 || argc > 5)
        return usage("one to four arguments", "WORKLOAD missing");
    const struct workload *found = workload_of(argv[1]);
    if (found == NULL)
        return usage("no such workload", argv[1]);
    struct workload work = *found;
    if (argc > 2 && strcmp(argv[2], "default") != 0) {
        char *end;
        unsigned long steps = strtoul(argv[2], &end, 10);
        if (*argv[2] < '0' || *argv[2] > '9' || *end != '\0' || steps > UINT32_MAX)
            return usage("no number of steps", argv[2]);
        work.sizes.steps = (uint32_t)steps;
    }
    struct validate *v = NULL;
    gcr_status status = model_begin(argc > 3 ? argv[3] : NULL, argc > 4 ? argv[4] : "best", &err);
    if (status == GCR_OK) {
        v = validate_state();
        make_shapes(v);
        status = run_at_end_of_page(&work, v, &err);
    }
    if (status == GCR_OK)
        return 0;
    fprintf(stderr, "validate: %s\n", err.text);
    return 2;
}
