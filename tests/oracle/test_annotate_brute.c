/* gcr_annotate against brute force: small random traces of every kind of event, with threads and
 * forks, are annotated; a full marking pass after each event says which objects became unreachable
 * there. Both must have the same deaths at the same places, and nothing else may have changed.
 *
 * From each random trace a second one is made, without deaths and with FINALIZED events at random
 * places, for objects reachable or not, in any lane, and with events that clear the roots of
 * RESURRECT rules. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/splitmix.h"
#include "sim/oracle/annotate.h"
#include "tests/oracle/flat_trace.h"
#include "tests/oracle/random_model.h"
#include "tests/oracle/random_trace.h"
#include "tests/oracle/trace_file.h"
#include "traces/writer.h"

enum { BRUTE_EVENTS = 500, BRUTE_TRACES = 150, BRUTE_RULES = 256, BRUTE_FINALIZED = 12 };

struct rule {
    uint32_t object, root; /* root 0: over */
};

/* One lane on its way. */
struct brute {
    const struct flat_trace *flat;
    const struct gcr_shape *shapes;
    struct flat_trace *out; /* deaths */
    struct random_model model;
    bool *alive;    /* by object, up to `room` */
    size_t *needed; /* by object: number of the lane's event up to which it is kept, plus 1 */
    uint32_t room, allocated;
    struct rule rules[BRUTE_RULES];
    unsigned rule_count;
};

/* ---- what is to come ---- */

/* The last FINALIZED of the object in the lane, or FORK of a lane that has one; plus 1. */
static size_t needed_until(const struct flat_trace *flat, uint32_t lane, uint32_t object)
{
    const struct flat_lane *l = &flat->lanes[lane];

    for (size_t i = l->count; i-- > 0;) {
        const struct gcr_event *e = &l->events[i];
        if (e->op == GCR_OP_FINALIZED && e->a == object)
            return i + 1;
        if (e->op == GCR_OP_FORK && object <= flat->lanes[e->a].base &&
            needed_until(flat, e->a, object) != 0)
            return i + 1;
    }
    return 0;
}

/* ---- reachability ---- */

static void push(struct random_model *m, uint32_t *stack, uint32_t *count, uint32_t index)
{
    if (index == 0 || m->objects[index].marked)
        return;
    m->objects[index].marked = true;
    stack[(*count)++] = index;
}

static void drain(struct random_model *m, uint32_t *stack, uint32_t *count)
{
    while (*count != 0) {
        const struct random_object *o = &m->objects[stack[--*count]];
        for (uint32_t i = 0; i < o->slot_count; i++)
            push(m, stack, count, o->slots[i]);
    }
}

/* After event `at`, or before the first one if it is SIZE_MAX. */
static void mark(struct brute *b, size_t at)
{
    struct random_model *m = &b->model;
    uint32_t *stack = malloc((m->end + 1) * sizeof *stack), count = 0;

    assert_non_null(stack);
    random_model_mark(m);
    for (uint32_t i = 1; i <= b->allocated; i++)
        if (b->needed[i] != 0 && (at == SIZE_MAX || at < b->needed[i] - 1))
            push(m, stack, &count, i);
    for (unsigned i = 0; i < b->rule_count; i++)
        if (b->rules[i].root != 0)
            push(m, stack, &count, b->rules[i].object);
    drain(m, stack, &count);
    free(stack);
}

/* Rules for this root whose object nothing else keeps are over. */
static void end_rules(struct brute *b, uint32_t root, size_t at)
{
    uint32_t was[BRUTE_RULES] = {0};

    for (unsigned i = 0; i < b->rule_count; i++)
        if (b->rules[i].root == root) {
            was[i] = root;
            b->rules[i].root = 0;
        }
    mark(b, at);
    for (unsigned i = 0; i < b->rule_count; i++)
        if (was[i] != 0 && b->model.objects[b->rules[i].object].marked)
            b->rules[i].root = was[i];
}

static void note_deaths(struct brute *b, uint32_t lane, size_t at)
{
    mark(b, at);
    for (uint32_t i = 1; i <= b->allocated; i++)
        if (b->alive[i] && !b->model.objects[i].marked) {
            b->alive[i] = false;
            flat_add_death(b->out,
                           (struct flat_death){lane, i, at == SIZE_MAX ? 0 : (uint64_t)at + 1});
        }
}

static void add_rule(struct brute *b, uint32_t object, uint32_t root)
{
    for (unsigned i = 0; i < b->rule_count; i++)
        if (b->rules[i].object == object && b->rules[i].root != 0) {
            b->rules[i].root = root;
            return;
        }
    assert_true(b->rule_count < BRUTE_RULES);
    b->rules[b->rule_count++] = (struct rule){object, root};
}

/* ---- lanes ---- */

static void brute_lane(struct brute *b, uint32_t lane);

static void brute_fork(const struct brute *b, uint32_t child)
{
    struct brute copy = *b;

    random_model_copy(&b->model, &copy.model);
    copy.alive = malloc(b->room * sizeof *copy.alive);
    assert_non_null(copy.alive);
    memcpy(copy.alive, b->alive, b->room * sizeof *copy.alive);
    brute_lane(&copy, child);
    free(copy.alive);
    random_model_finish(&copy.model);
}

static void brute_lane(struct brute *b, uint32_t lane)
{
    const struct flat_lane *l = &b->flat->lanes[lane];

    b->needed = calloc(b->room, sizeof *b->needed);
    assert_non_null(b->needed);
    b->allocated = l->base;
    for (uint32_t i = 1; i <= l->base; i++)
        b->needed[i] = needed_until(b->flat, lane, i);
    note_deaths(b, lane, SIZE_MAX);
    for (size_t at = 0; at < l->count; at++) {
        const struct gcr_event *e = &l->events[at];
        random_model_apply(&b->model, e);
        if (e->op == GCR_OP_ALLOC || e->op == GCR_OP_PREBUILT) {
            b->allocated = e->a;
            b->alive[e->a] = true;
            b->needed[e->a] = needed_until(b->flat, lane, e->a);
        }
        if (e->op == GCR_OP_RESURRECT)
            add_rule(b, e->a, e->b);
        if (e->op == GCR_OP_FORK)
            brute_fork(b, e->a);
        if (e->op == GCR_OP_ROOT)
            end_rules(b, e->a, at);
        note_deaths(b, lane, at);
    }
    free(b->needed);
}

static void brute_deaths(const struct flat_trace *flat, const struct gcr_shape *shapes,
                         struct flat_trace *out)
{
    struct brute b = {.flat = flat, .shapes = shapes, .out = out, .room = 1};

    *out = (struct flat_trace){0};
    for (uint32_t lane = 0; lane < flat->lane_count; lane++)
        b.room += (uint32_t)flat->lanes[lane].count;
    b.alive = calloc(b.room, sizeof *b.alive);
    assert_non_null(b.alive);
    random_model_init(&b.model, shapes);
    brute_lane(&b, 0);
    random_model_finish(&b.model);
    free(b.alive);
    flat_sort_deaths(out);
}

/* ---- a trace with events that name the dead ---- */

static void insert(struct flat_trace *flat, uint32_t lane, size_t at, struct gcr_event e)
{
    struct flat_lane *l = &flat->lanes[lane];

    l->events = realloc(l->events, (l->count + 1) * sizeof *l->events);
    assert_non_null(l->events);
    memmove(&l->events[at + 1], &l->events[at], (l->count - at) * sizeof *l->events);
    l->events[at] = e;
    l->count++;
    for (uint32_t i = 0; i < flat->lane_count; i++)
        if (i != 0 && flat->lanes[i].parent == lane && flat->lanes[i].forked_at >= at)
            flat->lanes[i].forked_at++;
}

/* An object with a finalizer that exists before the lane's event `at`, reachable or not; or 0. */
static uint32_t any_finalizable(const struct flat_trace *flat, const struct gcr_shape *shapes,
                                uint32_t lane, size_t at, uint64_t *rng)
{
    uint32_t found = 0, seen = 0;

    if (lane != 0 && gcr_splitmix_below(rng, 2) == 0)
        return any_finalizable(flat, shapes, flat->lanes[lane].parent, flat->lanes[lane].forked_at,
                               rng);
    for (size_t i = 0; i < at; i++) {
        const struct gcr_event *e = &flat->lanes[lane].events[i];
        if ((e->op == GCR_OP_ALLOC || e->op == GCR_OP_PREBUILT) &&
            gcr_shape_is(&shapes[e->b], GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER) &&
            gcr_splitmix_below(rng, ++seen) == 0)
            found = e->a;
    }
    return found;
}

/* A place after the PREBUILT events and before EXIT. */
static size_t any_place(const struct flat_lane *l, uint64_t *rng)
{
    size_t first = 0, end = l->count;

    while (first < l->count && l->events[first].op == GCR_OP_PREBUILT)
        first++;
    if (end > first && l->events[end - 1].op == GCR_OP_EXIT)
        end--;
    return first + gcr_splitmix_below(rng, end - first + 1);
}

static void name_the_dead(struct flat_trace *flat, const struct gcr_shape *shapes, uint64_t *rng)
{
    for (unsigned i = 0; i < BRUTE_FINALIZED; i++) {
        uint32_t lane = gcr_splitmix_below(rng, flat->lane_count);
        size_t at = any_place(&flat->lanes[lane], rng);
        uint32_t object = any_finalizable(flat, shapes, lane, at, rng);
        if (object != 0)
            insert(flat, lane, at, (struct gcr_event){.op = GCR_OP_FINALIZED, .a = object});
        lane = gcr_splitmix_below(rng, flat->lane_count);
        insert(flat, lane, any_place(&flat->lanes[lane], rng),
               (struct gcr_event){
                   .op = GCR_OP_ROOT,
                   .a = gcr_root_global(RANDOM_GLOBALS - 1 - gcr_splitmix_below(rng, 4))});
    }
}

static void write_flat(struct trace_file *file, struct gcr_reader *like,
                       const struct flat_trace *flat)
{
    struct gcr_capabilities capabilities = *gcr_reader_capabilities(like);
    struct gcr_writer *writer;
    struct gcr_error err = {""};
    uint32_t shapes, number;
    const struct gcr_shape *shape = gcr_reader_shapes(like, &shapes);

    capabilities.deaths = GCR_DEATHS_NONE;
    trace_file_name(file);
    assert_int_equal(gcr_writer_open(file->path, &capabilities, &writer, &err), GCR_OK);
    for (uint32_t i = 1; i <= shapes; i++)
        assert_int_equal(gcr_writer_shape(writer, &shape[i], &number, &err), GCR_OK);
    assert_int_equal(gcr_writer_name(writer, "steady", &number, &err), GCR_OK);
    for (uint32_t lane = 0; lane < flat->lane_count; lane++)
        for (size_t i = 0; i < flat->lanes[lane].count; i++)
            if (gcr_writer_event(writer, lane, &flat->lanes[lane].events[i], &err) != GCR_OK)
                fail_msg("%s", err.text);
    assert_int_equal(gcr_writer_close(writer, &err), GCR_OK);
    trace_file_open(file);
}

/* ---- comparison ---- */

static size_t compare(struct gcr_reader *reader, const char *what, struct gcr_annotation options)
{
    struct trace_file made;
    struct flat_trace before, after, expected;
    struct gcr_annotation_result result;
    struct gcr_trace_check check;
    struct gcr_error err = {""};
    uint32_t shapes;
    size_t deaths;

    trace_file_name(&made);
    if (gcr_annotate(reader, made.path, &options, &result, &err) != GCR_OK)
        fail_msg("%s: %s", what, err.text);
    trace_file_open(&made);
    if (gcr_check_trace(made.reader, &check, &err) != GCR_OK)
        fail_msg("%s: the annotated trace is not valid: %s", what, err.text);
    assert_int_equal(gcr_reader_capabilities(made.reader)->deaths, GCR_DEATHS_EXACT);
    assert_int_equal(result.events, gcr_reader_events(made.reader));
    flat_read(&before, reader);
    flat_read(&after, made.reader);
    brute_deaths(&before, gcr_reader_shapes(reader, &shapes), &expected);
    flat_compare_events(&before, &after, what);
    flat_compare_deaths(&expected, &after, what);
    assert_int_equal(result.deaths, after.death_count);
    deaths = after.death_count;
    flat_finish(&expected);
    flat_finish(&after);
    flat_finish(&before);
    trace_file_finish(&made);
    return deaths;
}

static size_t run_seed(uint64_t seed)
{
    static const uint32_t windows[] = {1, 7, 60, 0};
    struct gcr_annotation options = {
        .replace = true, .keep_indexes = seed % 2 == 0, .window = windows[seed / 2 % 4]};
    const struct gcr_random_options random = {.seed = seed,
                                              .max_events = BRUTE_EVENTS,
                                              .resurrect = seed % 3 == 0,
                                              .no_deaths = seed % 3 == 1};
    struct trace_file file, named;
    struct flat_trace flat;
    struct gcr_error err = {""};
    uint64_t rng = seed;
    uint32_t shapes;
    char what[64];
    size_t deaths;

    trace_file_name(&file);
    if (gcr_random_trace_write(file.path, &random, &err) != GCR_OK)
        fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
    trace_file_open(&file);
    snprintf(what, sizeof what, "seed %llu", (unsigned long long)seed);
    deaths = compare(file.reader, what, options);
    flat_read(&flat, file.reader);
    name_the_dead(&flat, gcr_reader_shapes(file.reader, &shapes), &rng);
    write_flat(&named, file.reader, &flat);
    options.replace = false;
    snprintf(what, sizeof what, "seed %llu, with FINALIZED", (unsigned long long)seed);
    deaths += compare(named.reader, what, options);
    trace_file_finish(&named);
    flat_finish(&flat);
    trace_file_finish(&file);
    return deaths;
}

static void deaths_are_where_marking_finds_them(void **state)
{
    const char *first = getenv("GCR_TEST_SEED"), *count = getenv("GCR_TEST_COUNT");
    uint64_t seed = first != NULL ? strtoull(first, NULL, 10) : 1;
    uint64_t end = seed + (count != NULL ? strtoull(count, NULL, 10) : BRUTE_TRACES);
    size_t deaths = 0;

    (void)state;
    print_message("seeds %llu to %llu\n", (unsigned long long)seed, (unsigned long long)end - 1);
    for (uint64_t s = seed; s < end; s++)
        deaths += run_seed(s);
    print_message("%zu deaths\n", deaths);
    assert_true(deaths > (end - seed) * 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(deaths_are_where_marking_finds_them)};

    return cmocka_run_group_tests_name("property.annotate_brute_force", tests, NULL, NULL);
}
