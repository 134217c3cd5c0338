/* gcr_check_trace against brute force: small random traces, damaged at random (an operand replaced,
 * an event left out or moved), judged event by event with a full marking pass before each. Both
 * must name the same first bad event, or both none, whatever the window. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/splitmix.h"
#include "sim/oracle/lanes.h"
#include "tests/oracle/random_model.h"
#include "tests/oracle/random_trace.h"
#include "tests/oracle/trace_file.h"
#include "traces/writer.h"

enum { BRUTE_EVENTS = 400, BRUTE_TRACES = 60, BRUTE_DAMAGES = 8 };

/* ---- judging, naively ---- */

static bool exists(const struct random_model *m, uint32_t index)
{
    return index != 0 && index < m->end && m->objects[index].state != RANDOM_FREE;
}

static bool is_reachable(const struct random_model *m, uint32_t index)
{
    return exists(m, index) && m->objects[index].marked;
}

static bool has_slots(const struct random_model *m, uint32_t index, uint64_t end)
{
    return is_reachable(m, index) && end <= m->objects[index].slot_count;
}

static bool has_shape(const struct random_model *m, uint32_t index, uint32_t flags)
{
    return exists(m, index) && gcr_shape_is(&m->shapes[m->objects[index].shape], flags);
}

static bool has_data(const struct random_model *m, uint32_t index, uint64_t end)
{
    return is_reachable(m, index) &&
           end <=
               gcr_shape_data_bytes(&m->shapes[m->objects[index].shape], m->objects[index].length);
}

/* The model is marked. */
static bool is_valid(const struct random_model *m, const struct gcr_event *e)
{
    switch (e->op) {
    case GCR_OP_PREBUILT:
    case GCR_OP_ALLOC:
        return !exists(m, e->a);
    case GCR_OP_STORE:
        return has_slots(m, e->a, (uint64_t)e->b + 1) && (e->c == 0 || is_reachable(m, e->c));
    case GCR_OP_COPY:
        return has_slots(m, e->a, (uint64_t)e->b + e->e) &&
               has_slots(m, e->c, (uint64_t)e->d + e->e);
    case GCR_OP_LOAD:
        return has_slots(m, e->a, (uint64_t)e->b + 1);
    case GCR_OP_READ:
    case GCR_OP_WRITE:
        return has_data(m, e->a, (uint64_t)e->b + e->c);
    case GCR_OP_RESIZE:
        return is_reachable(m, e->a) && has_shape(m, e->a, GCR_SHAPE_RESIZABLE);
    case GCR_OP_ROOT:
        return e->b == 0 || is_reachable(m, e->b);
    case GCR_OP_DEATH:
        return exists(m, e->a) && !m->objects[e->a].marked &&
               m->objects[e->a].state != RANDOM_PREBUILT;
    case GCR_OP_TRACK:
    case GCR_OP_UNTRACK:
    case GCR_OP_RECYCLE:
        return is_reachable(m, e->a);
    case GCR_OP_WEAKREF:
        return is_reachable(m, e->a) && has_shape(m, e->a, GCR_SHAPE_WEAK) && is_reachable(m, e->b);
    case GCR_OP_FINALIZED:
        return has_shape(m, e->a, GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER);
    default:
        return true;
    }
}

/* The number of the first bad event, or n. */
static size_t first_bad(const struct gcr_shape *shapes, const struct gcr_event *events, size_t n)
{
    struct random_model model;
    size_t i;

    random_model_init(&model, shapes);
    for (i = 0; i < n; i++) {
        random_model_mark(&model);
        if (!is_valid(&model, &events[i]))
            break;
        random_model_apply(&model, &events[i]);
    }
    random_model_finish(&model);
    return i;
}

/* ---- damage ---- */

static uint32_t *object_operand(struct gcr_event *e, uint64_t *rng)
{
    uint32_t *const operands[] = {&e->a, &e->b, &e->c, &e->d, &e->e};
    unsigned k = gcr_splitmix_below(rng, GCR_OP_MAX_OPERANDS);
    uint8_t kind = gcr_op_table[e->op].operand[k];

    return kind == GCR_OPERAND_OBJECT || kind == GCR_OPERAND_VALUE ? operands[k] : NULL;
}

static void damage(struct gcr_event *events, size_t *n, uint64_t *rng)
{
    size_t at = gcr_splitmix_below(rng, *n), to;
    struct gcr_event moved = events[at];
    uint32_t *operand = NULL;

    switch (gcr_splitmix_below(rng, 4)) {
    case 0: /* leave it out */
        memmove(&events[at], &events[at + 1], (*n - at - 1) * sizeof *events);
        --*n;
        return;
    case 1: /* do it later, never behind EXIT and never a PREBUILT */
        to = at + gcr_splitmix_below(rng, *n - at);
        if (events[at].op == GCR_OP_PREBUILT || events[to].op == GCR_OP_EXIT || at == to)
            return;
        memmove(&events[at], &events[at + 1], (to - at) * sizeof *events);
        events[to] = moved;
        return;
    default: /* another object instead */
        for (unsigned tries = 0; operand == NULL && tries < 50; tries++)
            operand = object_operand(&events[gcr_splitmix_below(rng, *n)], rng);
        if (operand != NULL)
            *operand = 1 + gcr_splitmix_below(rng, 60);
    }
}

static void write_events(struct trace_file *file, struct gcr_reader *like,
                         const struct gcr_event *events, size_t n)
{
    struct gcr_writer *writer;
    struct gcr_error err = {""};
    uint32_t shapes, number;
    const struct gcr_shape *shape = gcr_reader_shapes(like, &shapes);

    trace_file_name(file);
    assert_int_equal(gcr_writer_open(file->path, gcr_reader_capabilities(like), &writer, &err),
                     GCR_OK);
    for (uint32_t i = 1; i <= shapes; i++)
        assert_int_equal(gcr_writer_shape(writer, &shape[i], &number, &err), GCR_OK);
    assert_int_equal(gcr_writer_name(writer, "steady", &number, &err), GCR_OK);
    for (size_t i = 0; i < n; i++)
        if (gcr_writer_event(writer, 0, &events[i], &err) != GCR_OK)
            fail_msg("%s", err.text);
    assert_int_equal(gcr_writer_close(writer, &err), GCR_OK);
    trace_file_open(file);
}

static void compare_verdicts(uint64_t seed, struct gcr_reader *like, const struct gcr_event *events,
                             size_t n, size_t *refused)
{
    static const uint32_t windows[] = {1, 7, 60, GCR_LANES_WINDOW};
    struct trace_file file;
    struct gcr_trace_check check;
    struct gcr_error err = {""};
    gcr_status status;
    uint32_t shapes;
    size_t expected = first_bad(gcr_reader_shapes(like, &shapes), events, n);

    write_events(&file, like, events, n);
    status = gcr_lanes_walk(file.reader, true, windows[seed % 4], &check, &err);
    if (expected == n && status != GCR_OK)
        fail_msg("seed %llu: a valid trace is refused: %s", (unsigned long long)seed, err.text);
    if (expected != n && (status != GCR_INVALID_TRACE || check.bad_event != expected))
        fail_msg("seed %llu: first bad event is %zu, found: status %d, event %llu %s",
                 (unsigned long long)seed, expected, (int)status,
                 (unsigned long long)check.bad_event, err.text);
    *refused += expected != n;
    trace_file_finish(&file);
}

static void run_seed(uint64_t seed, size_t *refused)
{
    const struct gcr_random_options options = {
        .seed = seed, .max_events = BRUTE_EVENTS, .no_forks = true, .no_deaths = seed % 7 == 3};
    struct gcr_event *events = malloc(BRUTE_EVENTS * sizeof *events);
    struct gcr_event *damaged = malloc(BRUTE_EVENTS * sizeof *damaged);
    struct trace_file file;
    struct gcr_cursor *cursor;
    struct gcr_error err = {""};
    uint64_t rng = seed;
    size_t n = 0, got = 1;

    assert_true(events != NULL && damaged != NULL);
    trace_file_name(&file);
    if (gcr_random_trace_write(file.path, &options, &err) != GCR_OK)
        fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
    trace_file_open(&file);
    assert_int_equal(gcr_cursor_open(file.reader, 0, &cursor, &err), GCR_OK);
    for (; got != 0 && n < BRUTE_EVENTS; n += got)
        assert_int_equal(gcr_cursor_read(cursor, events + n, BRUTE_EVENTS - n, &got, &err), GCR_OK);
    gcr_cursor_close(cursor);
    compare_verdicts(seed, file.reader, events, n, refused);
    for (unsigned i = 0; i < BRUTE_DAMAGES; i++) {
        size_t m = n;
        memcpy(damaged, events, n * sizeof *events);
        damage(damaged, &m, &rng);
        if (i % 2 == 1)
            damage(damaged, &m, &rng);
        compare_verdicts(seed, file.reader, damaged, m, refused);
    }
    trace_file_finish(&file);
    free(events);
    free(damaged);
}

static void check_agrees_with_brute_force(void **state)
{
    const char *first = getenv("GCR_TEST_SEED"), *count = getenv("GCR_TEST_COUNT");
    uint64_t seed = first != NULL ? strtoull(first, NULL, 10) : 1;
    uint64_t end = seed + (count != NULL ? strtoull(count, NULL, 10) : BRUTE_TRACES);
    size_t refused = 0;

    (void)state;
    print_message("seeds %llu to %llu\n", (unsigned long long)seed, (unsigned long long)end - 1);
    for (uint64_t s = seed; s < end; s++)
        run_seed(s, &refused);
    print_message("%zu damaged traces refused\n", refused);
    assert_true(refused > (end - seed) * BRUTE_DAMAGES / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(check_agrees_with_brute_force)};

    return cmocka_run_group_tests_name("property.check_brute_force", tests, NULL, NULL);
}
