/* What the harness itself costs: decoding, preparation, the handle table, and the loop around
 * operations that do nothing. bench/README.md.
 *
 * Traces are recorded ones of traces/samples and a small gcbench, which is generated for the
 * purpose. Of their events the loop gets those that it carries out itself; finalizers are left out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "bench/gcr_bench.h"
#include "bench/pretend.h"
#include "sim/replay/loop.h"
#include "traces/reader.h"
#include "workloads/generator.h"

enum { BATCH = BENCH_PRETEND_BATCH, MAX_EVENTS = 4 << 20 };

/* ---- traces ---- */

enum source { JSON_SERVICE, PREFORK_SERVER, GCBENCH, SOURCES };
static const char *const source_name[SOURCES] = {"json_service", "prefork_server", "gcbench"};

/* A recording under GCR_SAMPLES, or a file that is generated at the first call and removed by
 * nobody but remove_generated. NULL: err says why. */
static char generated[] = "/tmp/bench_replay.XXXXXX";
static bool is_generated;

static const char *generate(struct gcr_error *err)
{
    static const char *const small[] = {"stretch-depth=14", "long-depth=12", "max-depth=12"};
    const struct gcr_generator *generator = gcr_generator_find("gcbench");
    struct gcr_option_values options;
    if (is_generated)
        return generated;
    int file = mkstemp(generated);
    if (file < 0) {
        (void)gcr_fail(err, GCR_IO, "%s cannot be created", generated);
        return NULL;
    }
    (void)close(file);
    is_generated = true;
    gcr_options_init(generator->options, &options);
    for (size_t i = 0; i < GCR_COUNT_OF(small); i++)
        if (gcr_option_assign(&options, "gcbench", small[i], err) != GCR_OK)
            return NULL;
    if (gcr_generate_file(generator, &options, generated, NULL, NULL, err) != GCR_OK)
        return NULL;
    return generated;
}

static void remove_generated(void)
{
    if (is_generated)
        (void)unlink(generated);
}

static struct gcr_reader *open_trace(struct gcr_bench *b, enum source source)
{
    char path[4096];
    struct gcr_error err = {""};
    struct gcr_reader *reader = NULL;
    const char *found = source == GCBENCH ? generate(&err) : path;
    (void)snprintf(path, sizeof path, "%s/%s.gct", GCR_SAMPLES, source_name[source]);
    if (found == NULL || gcr_reader_open(found, &reader, &err) != GCR_OK) {
        gcr_bench_fail(b, err.text);
        return NULL;
    }
    return reader;
}

/* ---- decode ---- */

struct decode_task {
    enum source source;
    bool ahead;
};

static void *decode_setup(struct gcr_bench *b)
{
    const struct decode_task *task = gcr_bench_context(b);
    struct gcr_reader *reader = open_trace(b, task->source);
    if (reader != NULL)
        gcr_reader_decode_ahead(reader, task->ahead);
    return reader;
}

static void decode_teardown(void *fixture)
{
    gcr_reader_close(fixture);
}

/* The first lane's events, from its beginning; how many. */
static uint64_t decode_lane(struct gcr_bench *b, struct gcr_reader *reader)
{
    struct gcr_cursor *cursor;
    struct gcr_error err;
    uint64_t events = 0;
    size_t n = 0;
    gcr_status status = gcr_cursor_open(reader, 0, &cursor, &err);
    if (status == GCR_OK) {
        const struct gcr_event *next;
        do {
            status = gcr_cursor_next(cursor, BATCH, &next, &n, &err);
            events += n;
        } while (status == GCR_OK && n > 0);
        gcr_cursor_close(cursor);
    }
    if (status != GCR_OK)
        gcr_bench_fail(b, err.text);
    return events;
}

static void decode_run(struct gcr_bench *b, void *fixture)
{
    uint64_t events = 0, expected = gcr_reader_lane_events(fixture, 0);
    while (gcr_bench_batch(b, 1)) {
        uint64_t decoded = decode_lane(b, fixture);
        if (decoded != expected)
            gcr_bench_fail(b, "the lane has another number of events");
        events += decoded;
    }
    gcr_bench_items(b, (int64_t)events);
}

/* ---- recorded events ---- */

/* What the loop does not hand on; objects that were there before count as allocated. */
static bool keep_event(struct gcr_event *e)
{
    switch (e->op) {
    case GCR_OP_PREBUILT:
        *e = (struct gcr_event){.op = GCR_OP_ALLOC, .a = e->a, .b = e->b, .d = e->c};
        return true;
    case GCR_OP_ALLOC:
    case GCR_OP_STORE:
    case GCR_OP_COPY:
    case GCR_OP_LOAD:
    case GCR_OP_READ:
    case GCR_OP_WRITE:
    case GCR_OP_ROOT:
    case GCR_OP_DEATH:
    case GCR_OP_TRACK:
    case GCR_OP_UNTRACK:
    case GCR_OP_RECYCLE:
        return true;
    default:
        return false;
    }
}

static size_t read_events(struct gcr_reader *reader, struct gcr_event *events)
{
    struct gcr_cursor *cursor;
    struct gcr_error err;
    size_t count = 0, n = 1;
    if (gcr_cursor_open(reader, 0, &cursor, &err) != GCR_OK)
        return 0;
    while (count + BATCH <= MAX_EVENTS && n > 0) {
        if (gcr_cursor_read(cursor, &events[count], BATCH, &n, &err) != GCR_OK)
            break;
        size_t end = count + n;
        for (size_t i = count; i < end; i++)
            if (keep_event(&events[i]))
                events[count++] = events[i];
    }
    gcr_cursor_close(cursor);
    return count;
}

static struct gcr_shape *copy_shapes(const struct gcr_reader *reader, uint32_t *count)
{
    const struct gcr_shape *from = gcr_reader_shapes(reader, count);
    struct gcr_shape *shapes = calloc(*count + 1, sizeof *shapes);
    for (uint32_t i = 0; shapes != NULL && i <= *count; i++) {
        shapes[i] = from[i];
        shapes[i].flags &= ~(uint32_t)(GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER);
    }
    return shapes;
}

static void *recorded_setup(struct gcr_bench *b)
{
    struct gcr_reader *reader = open_trace(b, *(const enum source *)gcr_bench_context(b));
    uint32_t shape_count;
    if (reader == NULL)
        return NULL;
    struct gcr_event *events = malloc(MAX_EVENTS * sizeof *events);
    size_t count = events != NULL ? read_events(reader, events) : 0;
    struct gcr_shape *shapes = copy_shapes(reader, &shape_count);
    gcr_reader_close(reader);
    struct bench_pretend *r = bench_pretend_open(b, shapes, shape_count, events, count);
    if (r == NULL || (count > 0 && bench_pretend_prepare(r) && bench_pretend_run(r)))
        return r;
    gcr_bench_fail(b, "the events cannot be carried out");
    bench_pretend_close(r);
    return NULL;
}

/* Does `all`, to all events, again and again. */
static void run_over(struct gcr_bench *b, struct bench_pretend *r,
                     bool (*all)(struct bench_pretend *r), const char *complaint)
{
    while (gcr_bench_batch(b, (int64_t)r->count))
        if (!all(r))
            gcr_bench_fail(b, complaint);
    gcr_bench_items(b, gcr_bench_iterations(b));
}

static void prepare_run(struct gcr_bench *b, void *fixture)
{
    run_over(b, fixture, bench_pretend_prepare, "the events cannot be prepared");
}

static void loop_run(struct gcr_bench *b, void *fixture)
{
    run_over(b, fixture, bench_pretend_run, "the loop has stopped early");
}

/* ---- one kind of event ---- */

enum { KIND_EVENTS = 16 * BATCH, PAIR = 1 };

static struct gcr_event event_of(enum gcr_op op, uint32_t a, uint32_t other)
{
    struct gcr_event e = {.op = (uint8_t)op, .a = a};
    switch (op) {
    case GCR_OP_ALLOC:
        e.b = PAIR;
        break;
    case GCR_OP_ROOT:
        e.a = gcr_root_thread(a % 64);
        e.b = other;
        break;
    case GCR_OP_LOAD:
        e.c = gcr_root_thread(other % 64);
        break;
    case GCR_OP_READ:
    case GCR_OP_WRITE:
        e.c = 8;
        break;
    case GCR_OP_STORE:
        e.c = other;
        break;
    case GCR_OP_COPY:
        e.c = other;
        e.e = 1;
        break;
    default:
        break;
    }
    return e;
}

/* Fibonacci hashing: all over 1 .. objects. */
static uint32_t scattered(uint64_t i, uint32_t objects)
{
    return (uint32_t)((i * UINT64_C(0x9e3779b97f4a7c15)) >> 32) % objects + 1;
}

static bool allocate_all(struct bench_pretend *r, uint32_t objects)
{
    for (uint32_t first = 1; first <= objects; first += (uint32_t)r->count) {
        r->count = objects - first + 1 < KIND_EVENTS ? objects - first + 1 : KIND_EVENTS;
        for (uint32_t i = 0; i < r->count; i++)
            r->events[i] = event_of(GCR_OP_ALLOC, first + i, 0);
        if (!bench_pretend_prepare(r) || !bench_pretend_run(r))
            return false;
    }
    return true;
}

/* All objects are there; the events that will be timed are prepared. */
static void *kind_setup_with(struct gcr_bench *b, bool deaths)
{
    enum gcr_op op = *(const enum gcr_op *)gcr_bench_context(b);
    uint32_t objects = (uint32_t)gcr_bench_arg(b, 0);
    struct gcr_shape *shapes = calloc(PAIR + 1, sizeof *shapes);
    struct gcr_event *events = calloc(KIND_EVENTS, sizeof *events);
    struct bench_pretend *r = bench_pretend_open(b, shapes, PAIR, events, 0);
    if (r == NULL)
        return NULL;
    shapes[PAIR] = (struct gcr_shape){.field_bytes = 24, .slots = 2, .number = PAIR};
    bool ready = allocate_all(r, objects);
    for (uint32_t i = 0; i < KIND_EVENTS; i++)
        events[i] = deaths && i % 2 == 1
                        ? event_of(GCR_OP_DEATH, events[i - 1].a, 0)
                        : event_of(op, scattered(i + 1, objects), scattered(~i, objects));
    r->count = KIND_EVENTS;
    if (ready && bench_pretend_prepare(r))
        return r;
    gcr_bench_fail(b, "the events cannot be prepared");
    bench_pretend_close(r);
    return NULL;
}

static void *kind_setup(struct gcr_bench *b)
{
    return kind_setup_with(b, false);
}

static void *life_setup(struct gcr_bench *b)
{
    return kind_setup_with(b, true);
}

/* ---- the handle table alone ---- */

static void lookup_loop(struct gcr_bench *b, struct bench_pretend *r, size_t distance)
{
    gcr_ref *const *table = (gcr_ref *const *)&r->state.handles.table;
    uintptr_t sum = 0;
    while (gcr_bench_batch(b, KIND_EVENTS)) {
        for (size_t i = 0; i < KIND_EVENTS; i++) {
            if (distance > 0 && i + distance < KIND_EVENTS)
                GCR_PREFETCH(&(*table)[r->events[i + distance].a]);
            sum += (uintptr_t)(*table)[r->events[i].a];
        }
    }
    if (sum == 0)
        gcr_bench_fail(b, "all handles are null");
}

static void lookup_run(struct gcr_bench *b, void *fixture)
{
    lookup_loop(b, fixture, 0);
}

static void lookup_ahead_run(struct gcr_bench *b, void *fixture)
{
    lookup_loop(b, fixture, GCR_LOOP_HANDLE_DISTANCE);
}

static void update_run(struct gcr_bench *b, void *fixture)
{
    struct bench_pretend *r = fixture;
    while (gcr_bench_batch(b, r->state.handles.limit - 1))
        bench_pretend_update(r);
}

/* ---- the rows ---- */

static const int64_t handle_counts[] = {1 << 10, 1 << 16, 1 << 20, 1 << 23};

struct kind {
    const char *name;
    enum gcr_op op;
    void *(*setup)(struct gcr_bench *b);
    void (*run)(struct gcr_bench *b, void *fixture);
};
static const struct kind kinds[] = {
    {"handles/lookup", GCR_OP_READ, kind_setup, lookup_run},
    {"handles/lookup_ahead", GCR_OP_READ, kind_setup, lookup_ahead_run},
    {"handles/update", GCR_OP_READ, kind_setup, update_run},
    {"dispatch/alloc", GCR_OP_ALLOC, kind_setup, loop_run},
    {"dispatch/alloc_death", GCR_OP_ALLOC, life_setup, loop_run},
    {"dispatch/store", GCR_OP_STORE, kind_setup, loop_run},
    {"dispatch/copy", GCR_OP_COPY, kind_setup, loop_run},
    {"dispatch/load", GCR_OP_LOAD, kind_setup, loop_run},
    {"dispatch/root", GCR_OP_ROOT, kind_setup, loop_run},
    {"dispatch/read", GCR_OP_READ, kind_setup, loop_run},
    {"dispatch/write", GCR_OP_WRITE, kind_setup, loop_run},
    {"dispatch/track", GCR_OP_TRACK, kind_setup, loop_run},
};

static void add_kinds(void)
{
    for (size_t i = 0; i < GCR_COUNT_OF(kinds); i++) {
        struct gcr_benchmark benchmark = {.name = kinds[i].name,
                                          .run = kinds[i].run,
                                          .setup = kinds[i].setup,
                                          .teardown = bench_pretend_close,
                                          .context = &kinds[i].op,
                                          .axes = {{.name = "handles",
                                                    .values = handle_counts,
                                                    .count = GCR_COUNT_OF(handle_counts)}}};
        gcr_bench_add(&benchmark);
    }
}

static void add_decoding(void)
{
    static struct decode_task tasks[SOURCES][2];
    for (int i = 0; i < SOURCES; i++) {
        for (int ahead = 0; ahead < 2; ahead++) {
            char name[80];
            tasks[i][ahead] = (struct decode_task){(enum source)i, ahead != 0};
            (void)snprintf(name, sizeof name, "decode/%s/%s", source_name[i],
                           ahead ? "ahead" : "inline");
            struct gcr_benchmark benchmark = {.name = name,
                                              .run = decode_run,
                                              .setup = decode_setup,
                                              .teardown = decode_teardown,
                                              .context = &tasks[i][ahead],
                                              .clock = GCR_BENCH_REAL,
                                              .unit = GCR_BENCH_MS};
            gcr_bench_add(&benchmark);
        }
    }
}

static void add_recorded(const char *family, void (*run)(struct gcr_bench *b, void *fixture))
{
    static const enum source sources[SOURCES] = {JSON_SERVICE, PREFORK_SERVER, GCBENCH};
    for (int i = 0; i < SOURCES; i++) {
        char name[80];
        (void)snprintf(name, sizeof name, "%s/%s", family, source_name[i]);
        struct gcr_benchmark benchmark = {.name = name,
                                          .run = run,
                                          .setup = recorded_setup,
                                          .teardown = bench_pretend_close,
                                          .context = &sources[i]};
        gcr_bench_add(&benchmark);
    }
}

int main(int argc, char **argv)
{
    add_decoding();
    add_recorded("prepare", prepare_run);
    add_recorded("loop", loop_run);
    add_kinds();
    int code = gcr_bench_main(argc, argv, NULL, 0);
    remove_generated();
    return code;
}
