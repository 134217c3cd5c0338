/* What a collection costs against the size of the heap, how much of it survives, and its shape:
 * bench/README.md.
 *
 * Each iteration builds a graph of `objects` nodes (40 to 56 bytes with the design's header), lets
 * go of what is not to survive, and times one explicit collection of everything; the replay's
 * handles have no part in it. `full`: what survives has lived through no collection but those that
 * the design itself made while the graph was built. `minor`: the youngest generation, and the
 * graph lies in it.
 *
 * per_live and per_dead are the time divided by one or the other: each is the cost of such an
 * object only where there are few of the other kind. The fitted line is over `objects`, and its RMS
 * says how far from one the times are: the largest size weighs most, and caches make steps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/graphs.h"
#include "sim/measure/clock.h"

struct task {
    const struct bench_design *design;
    enum bench_graph graph;
    bool minor;
    unsigned survive;
};

struct fixture {
    struct bench_heap *heap;
    struct bench_graph_parts parts;
    uint64_t collections; /* of the heap, before the graph was built */
};

static size_t nodes_of(const struct gcr_bench *b)
{
    return (size_t)gcr_bench_arg(b, 0);
}

/* ---- one graph ---- */

static bool build(struct gcr_bench *b, struct fixture *f)
{
    const struct task *task = gcr_bench_context(b);
    f->collections = f->heap->collections;
    if (bench_graph_build(f->heap, task->graph, nodes_of(b), task->survive, &f->parts))
        return true;
    gcr_bench_fail(b, "the graph does not fit");
    return false;
}

static void collect(const struct task *task, struct bench_heap *h)
{
    if (task->minor)
        bench_heap_collect_minor(h);
    else
        bench_heap_collect(h);
}

/* What is left of a graph, and of the one before it where that takes two collections. */
static void clear(struct bench_heap *h)
{
    bench_graph_drop(h);
    for (int i = 0; i < 3; i++)
        bench_heap_collect(h);
}

/* Whether one collection frees all of the garbage and nothing else, and says so. */
static bool frees_at_once(const struct gcr_collector *collector)
{
    return gcr_collector_is(collector, GCR_CAP_PRECISE | GCR_CAP_REFCOUNTING) &&
           !gcr_collector_is(collector, GCR_CAP_CONCURRENT);
}

/* Seconds that one collection takes; below 0: this cannot be measured, and b says so. */
static double measure(struct gcr_bench *b, struct fixture *f)
{
    const struct task *task = gcr_bench_context(b);
    struct bench_heap *h = f->heap;
    if (task->minor && h->collections != f->collections) {
        gcr_bench_skip(b, "the graph does not fit into the nursery");
        return -1;
    }
    uint64_t before = h->collections, start_ns = gcr_monotonic_ns();
    collect(task, h);
    double seconds = (double)(gcr_monotonic_ns() - start_ns) * 1e-9;
    if (frees_at_once(h->loops->collector) &&
        (h->collections != before + 1 || h->last.freed != f->parts.dead))
        gcr_bench_fail(b, "the collection freed something else than the garbage");
    return seconds;
}

/* ---- fixture ---- */

static void teardown(void *fixture)
{
    struct fixture *f = fixture;
    bench_heap_close(f->heap);
    free(f);
}

/* One graph comes and goes, so that the heap has its size and its pages. */
static void *setup(struct gcr_bench *b)
{
    const struct task *task = gcr_bench_context(b);
    struct fixture *f = calloc(1, sizeof *f);
    if (f == NULL) {
        gcr_bench_fail(b, "no memory");
        return NULL;
    }
    f->heap = bench_heap_open(b, task->design, bench_graph_shapes, BENCH_GRAPH_SHAPES,
                              bench_graph_roots(nodes_of(b)));
    if (f->heap == NULL) {
        free(f);
        return NULL;
    }
    if (!build(b, f)) {
        teardown(f);
        return NULL;
    }
    clear(f->heap);
    return f;
}

static void run(struct gcr_bench *b, void *fixture)
{
    struct fixture *f = fixture;
    double seconds = 0;
    while (gcr_bench_batch(b, 1)) {
        if (!build(b, f))
            continue;
        double one = measure(b, f);
        if (one < 0)
            continue;
        gcr_bench_set_time(b, one);
        seconds += one;
        clear(f->heap);
    }
    double iterations = (double)gcr_bench_iterations(b);
    if (f->parts.live > 0)
        gcr_bench_count(b, "per_live", seconds / (iterations * (double)f->parts.live),
                        GCR_BENCH_VALUE);
    if (f->parts.dead > 0)
        gcr_bench_count(b, "per_dead", seconds / (iterations * (double)f->parts.dead),
                        GCR_BENCH_VALUE);
    gcr_bench_complexity_n(b, (int64_t)nodes_of(b));
}

/* ---- the rows ---- */

enum { MAX_TASKS = 1024 };
static const unsigned survivals[] = {0, 10, 50, 90, 100};

static void add(const struct bench_design *design, bool minor, enum bench_graph graph,
                unsigned survive)
{
    static const int64_t sizes[] = {1000, 10000, 100000, 1000000, 3000000};
    static const int64_t young_sizes[] = {1000, 2000, 4000, 8000};
    static struct task tasks[MAX_TASKS];
    static size_t used;
    char name[160];
    if (used == MAX_TASKS)
        return;
    tasks[used] = (struct task){design, graph, minor, survive};
    bench_design_name(design, minor ? "minor" : "full", name, sizeof name);
    (void)snprintf(name + strlen(name), sizeof name - strlen(name), "/%s/survive:%u",
                   bench_graph_name[graph], survive);
    struct gcr_bench_axis objects = {.name = "objects",
                                     .values = minor ? young_sizes : sizes,
                                     .count =
                                         minor ? GCR_COUNT_OF(young_sizes) : GCR_COUNT_OF(sizes)};
    struct gcr_benchmark benchmark = {.name = name,
                                      .run = run,
                                      .setup = setup,
                                      .teardown = teardown,
                                      .context = &tasks[used++],
                                      .axes = {objects},
                                      .clock = GCR_BENCH_MANUAL,
                                      .unit = GCR_BENCH_US,
                                      .complexity = GCR_BENCH_O_N};
    gcr_bench_add(&benchmark);
}

static void add_design(const struct bench_design *design, bool minor)
{
    for (int graph = 0; graph < BENCH_GRAPHS; graph++)
        for (size_t i = 0; i < GCR_COUNT_OF(survivals); i++)
            add(design, minor, (enum bench_graph)graph, survivals[i]);
}

/* Designs with counts as if the trigger never came, so that the young generation stays young. */
static const struct bench_design young[] = {
    {"linked-list", {"threshold0=0"}}, {"bitmap", {"threshold0=0"}},
    {"generational", {NULL}},          {"hybrid", {NULL}},
    {"incminimark", {NULL}},           {"mark-compact-nursery", {NULL}},
};
static const struct bench_design variants[] = {
    {"mark-sweep", {"allocator=pools", "marks=bitmap", "sweep=pools"}},
    {"parallel-mark-sweep", {"workers=1"}},
};

int main(int argc, char **argv)
{
    size_t count;
    const struct bench_design *plain = bench_designs(&count);
    for (size_t i = 0; i < count; i++)
        if (gcr_collector_is(bench_loops_find(plain[i].collector)->collector, GCR_CAP_COLLECTS))
            add_design(&plain[i], false);
    for (size_t i = 0; i < GCR_COUNT_OF(variants); i++)
        add_design(&variants[i], false);
    for (size_t i = 0; i < GCR_COUNT_OF(young); i++)
        add_design(&young[i], true);
    return gcr_bench_main(argc, argv, NULL, 0);
}
