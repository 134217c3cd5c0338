#include "tests/oracle/flat_trace.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

enum { FLAT_BATCH = 1024 };

/* Index -> object, of one lane. */
struct flat_names {
    uint32_t *object;
    size_t room;
    uint32_t allocated;
};

static void flat_lane(struct flat_trace *flat, struct gcr_reader *reader, uint32_t number,
                      struct flat_names *names);

static void *flat_memory(void *memory)
{
    assert_non_null(memory);
    return memory;
}

static void flat_name(struct flat_names *names, uint32_t index)
{
    size_t room = names->room == 0 ? 64 : names->room;

    while (room <= index)
        room *= 2;
    if (room != names->room) {
        names->object = flat_memory(realloc(names->object, room * sizeof *names->object));
        memset(names->object + names->room, 0, (room - names->room) * sizeof *names->object);
        names->room = room;
    }
    names->object[index] = ++names->allocated;
}

static void flat_rename(struct flat_names *names, struct gcr_event *e)
{
    uint32_t *const operand[] = {&e->a, &e->b, &e->c, &e->d, &e->e};

    for (unsigned i = 0; i < GCR_OP_MAX_OPERANDS; i++) {
        uint8_t kind = gcr_op_table[e->op].operand[i];
        if (kind == GCR_OPERAND_NEW_OBJECT)
            flat_name(names, *operand[i]);
        else if (kind != GCR_OPERAND_OBJECT && (kind != GCR_OPERAND_VALUE || *operand[i] == 0))
            continue;
        *operand[i] = names->object[*operand[i]];
    }
}

static void flat_fork(struct flat_trace *flat, struct gcr_reader *reader, uint32_t parent,
                      size_t at, uint32_t child, const struct flat_names *names)
{
    struct flat_names copy = *names;

    if (names->room != 0) {
        copy.object = flat_memory(malloc(names->room * sizeof *copy.object));
        memcpy(copy.object, names->object, names->room * sizeof *copy.object);
    }
    flat->lanes[child].parent = parent;
    flat->lanes[child].forked_at = at;
    flat_lane(flat, reader, child, &copy);
    free(copy.object);
}

static void flat_lane(struct flat_trace *flat, struct gcr_reader *reader, uint32_t number,
                      struct flat_names *names)
{
    struct flat_lane *lane = &flat->lanes[number];
    struct gcr_event *batch = flat_memory(malloc(FLAT_BATCH * sizeof *batch));
    struct gcr_cursor *cursor;
    struct gcr_error err = {""};
    size_t n = 1;

    lane->base = names->allocated;
    lane->events =
        flat_memory(malloc((gcr_reader_lane_events(reader, number) + 1) * sizeof *lane->events));
    assert_int_equal(gcr_cursor_open(reader, number, &cursor, &err), GCR_OK);
    while (n != 0) {
        assert_int_equal(gcr_cursor_read(cursor, batch, FLAT_BATCH, &n, &err), GCR_OK);
        for (size_t i = 0; i < n; i++) {
            flat_rename(names, &batch[i]);
            if (batch[i].op == GCR_OP_DEATH) {
                flat_add_death(flat, (struct flat_death){number, batch[i].a, lane->count});
                continue;
            }
            lane->events[lane->count++] = batch[i];
            if (batch[i].op == GCR_OP_FORK)
                flat_fork(flat, reader, number, lane->count - 1, batch[i].a, names);
        }
    }
    gcr_cursor_close(cursor);
    free(batch);
}

void flat_read(struct flat_trace *flat, struct gcr_reader *reader)
{
    struct flat_names names = {0};

    *flat = (struct flat_trace){.lane_count = gcr_reader_lane_count(reader)};
    flat->lanes = flat_memory(calloc(flat->lane_count, sizeof *flat->lanes));
    flat_lane(flat, reader, 0, &names);
    flat_sort_deaths(flat);
    free(names.object);
}

void flat_finish(struct flat_trace *flat)
{
    for (uint32_t i = 0; i < flat->lane_count; i++)
        free(flat->lanes[i].events);
    free(flat->lanes);
    free(flat->deaths);
    *flat = (struct flat_trace){0};
}

void flat_add_death(struct flat_trace *flat, struct flat_death death)
{
    if (flat->death_count == flat->death_room) {
        flat->death_room = flat->death_room * 2 + 64;
        flat->deaths = flat_memory(realloc(flat->deaths, flat->death_room * sizeof *flat->deaths));
    }
    flat->deaths[flat->death_count++] = death;
}

static int flat_order(const void *a, const void *b)
{
    const struct flat_death *x = a, *y = b;

    if (x->lane != y->lane)
        return x->lane < y->lane ? -1 : 1;
    if (x->after != y->after)
        return x->after < y->after ? -1 : 1;
    return (x->object > y->object) - (x->object < y->object);
}

void flat_sort_deaths(struct flat_trace *flat)
{
    if (flat->death_count != 0)
        qsort(flat->deaths, flat->death_count, sizeof *flat->deaths, flat_order);
}

void flat_compare_events(const struct flat_trace *a, const struct flat_trace *b, const char *what)
{
    assert_int_equal(a->lane_count, b->lane_count);
    for (uint32_t lane = 0; lane < a->lane_count; lane++) {
        if (a->lanes[lane].count != b->lanes[lane].count)
            fail_msg("%s: lane %u has %zu and %zu events", what, lane, a->lanes[lane].count,
                     b->lanes[lane].count);
        for (size_t i = 0; i < a->lanes[lane].count; i++)
            if (memcmp(&a->lanes[lane].events[i], &b->lanes[lane].events[i],
                       sizeof(struct gcr_event)) != 0)
                fail_msg("%s: lane %u differs at event %zu", what, lane, i);
    }
}

void flat_compare_deaths(const struct flat_trace *a, const struct flat_trace *b, const char *what)
{
    for (size_t i = 0; i < a->death_count && i < b->death_count; i++) {
        const struct flat_death *x = &a->deaths[i], *y = &b->deaths[i];
        if (flat_order(x, y) != 0)
            fail_msg("%s: object %u of lane %u dies after %llu events, found object %u of lane %u "
                     "after %llu",
                     what, x->object, x->lane, (unsigned long long)x->after, y->object, y->lane,
                     (unsigned long long)y->after);
    }
    if (a->death_count != b->death_count)
        fail_msg("%s: %zu deaths, found %zu", what, a->death_count, b->death_count);
}
