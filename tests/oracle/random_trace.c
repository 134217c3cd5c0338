/* One event at a time: a kind is drawn by weight, its operands are found by walks from random
 * roots, so that they are reachable by construction, and the event goes to the model and to the
 * writer. Every so often the model is marked and what it did not reach gets its DEATH; its indexes
 * are used again. */
#include "tests/oracle/random_trace.h"

#include <stdlib.h>
#include <string.h>

#include "base/splitmix.h"
#include "tests/oracle/random_model.h"
#include "traces/writer.h"

enum shape_name {
    SHAPE_LEAF = 1,
    SHAPE_STRING,
    SHAPE_PAIR,
    SHAPE_NODE,
    SHAPE_TUPLE,
    SHAPE_LIST,
    SHAPE_DICT,
    SHAPE_WEAK,
    SHAPE_FILE,
    SHAPE_LEGACY,
    SHAPE_PINNED,
    SHAPE_BOX,
    SHAPE_BYTES,
    SHAPE_HANDLE,
    SHAPE_RECORDS,
    SHAPE_EMPTY,
    SHAPE_END
};

static const struct gcr_shape random_shapes[SHAPE_END] = {
    [SHAPE_LEAF] = {24, 0, 0, 0, GCR_SHAPE_ACYCLIC, 0, "leaf"},
    [SHAPE_STRING] = {9, 0, 1, 0, GCR_SHAPE_ACYCLIC, 0, "string"},
    [SHAPE_PAIR] = {16, 2, 0, 0, GCR_SHAPE_CONTAINER, 0, "pair"},
    [SHAPE_NODE] = {40, 3, 0, 0, GCR_SHAPE_CONTAINER, 0, "node"},
    [SHAPE_TUPLE] = {0, 0, 8, 1, GCR_SHAPE_CONTAINER | GCR_SHAPE_TUPLE, 0, "tuple"},
    [SHAPE_LIST] = {16, 1, 8, 1, GCR_SHAPE_CONTAINER | GCR_SHAPE_RESIZABLE, 0, "list"},
    [SHAPE_DICT] = {24, 0, 24, 2, GCR_SHAPE_CONTAINER | GCR_SHAPE_DICT | GCR_SHAPE_RESIZABLE, 0,
                    "dict"},
    [SHAPE_WEAK] = {16, 1, 0, 0, GCR_SHAPE_CONTAINER | GCR_SHAPE_WEAK, 0, "weak"},
    [SHAPE_FILE] = {32, 2, 0, 0, GCR_SHAPE_CONTAINER | GCR_SHAPE_FINALIZER, 0, "file"},
    [SHAPE_LEGACY] = {16, 1, 0, 0, GCR_SHAPE_CONTAINER | GCR_SHAPE_LEGACY_FINALIZER, 0, "legacy"},
    [SHAPE_PINNED] = {64, 1, 0, 0, GCR_SHAPE_CONTAINER | GCR_SHAPE_PINNED, 0, "pinned"},
    [SHAPE_BOX] = {8, 1, 0, 0, GCR_SHAPE_ACYCLIC, 0, "box"},
    [SHAPE_BYTES] = {8, 0, 1, 0, GCR_SHAPE_ACYCLIC | GCR_SHAPE_RESIZABLE, 0, "bytes"},
    [SHAPE_HANDLE] = {8, 0, 0, 0, GCR_SHAPE_ACYCLIC | GCR_SHAPE_FINALIZER, 0, "handle"},
    [SHAPE_RECORDS] = {20, 1, 28, 2, GCR_SHAPE_CONTAINER, 0, "records"},
    [SHAPE_EMPTY] = {0, 0, 0, 0, GCR_SHAPE_ACYCLIC, 0, "empty"},
};

enum {
    RANDOM_RESERVED_GLOBALS = 4, /* the last ones: for resurrected objects only */
    RANDOM_MAX_LANES = 12,
    RANDOM_MAX_FORK_DEPTH = 3,
    RANDOM_WALK = 4,
    RANDOM_LONG_TRACE = 4000 /* events from which on a trace may have what is slow to compare */
};

struct random_trace {
    struct gcr_random_options options;
    uint64_t rng;
    struct gcr_writer *writer;
    struct gcr_error *err;
    gcr_status status;
    uint64_t written;
    struct gcr_shape shapes[SHAPE_END];
    uint32_t lanes;
    uint32_t phase;
    bool deaths, tracking;
    uint32_t mark_interval; /* events between marking passes */
    uint32_t fork_weight, big_weight, collect_weight, drop_weight;
    uint32_t popular_left, huge_left; /* how many more of these programs there may be */
};

/* One lane on its way. */
struct random_lane {
    struct random_trace *trace;
    struct random_model model;
    uint32_t number, depth;
    uint64_t events, time_ns;
    uint32_t *free_index;
    uint32_t free_count, free_room;
};

static void lane_run(struct random_lane *lane, uint64_t events);

static uint32_t below(struct random_lane *lane, uint32_t bound)
{
    return gcr_splitmix_below(&lane->trace->rng, bound);
}

static bool is_over(const struct random_lane *lane)
{
    const struct random_trace *t = lane->trace;
    return t->status != GCR_OK || t->written >= t->options.max_events;
}

static void emit(struct random_lane *lane, struct gcr_event event)
{
    struct random_trace *t = lane->trace;

    if (is_over(lane))
        return;
    t->status = gcr_writer_event(t->writer, lane->number, &event, t->err);
    t->written++;
    lane->events++;
    random_model_apply(&lane->model, &event);
}

#define EMIT(lane, kind, ...) emit(lane, (struct gcr_event){.op = (kind), __VA_ARGS__})

/* ---- choosing ---- */

static uint32_t any_root(struct random_lane *lane)
{
    if (below(lane, 3) == 0)
        return gcr_root_global(below(lane, RANDOM_GLOBALS - RANDOM_RESERVED_GLOBALS));
    return gcr_root_thread(below(lane, RANDOM_THREAD_ROOTS));
}

static uint32_t start_of_walk(struct random_lane *lane)
{
    struct random_model *m = &lane->model;
    uint32_t kind = below(lane, 10);

    if (kind == 0) {
        uint32_t first = 1 + below(lane, 4);
        return first < m->end && m->objects[first].state == RANDOM_PREBUILT ? first : 0;
    }
    if (kind < 4) /* the low global roots are popular */
        return m->globals[below(lane, 1 + below(lane, RANDOM_GLOBALS))];
    return m->threads[below(lane, RANDOM_THREADS)][below(lane, RANDOM_THREAD_ROOTS)];
}

/* A reachable object, or 0. */
static uint32_t any_object(struct random_lane *lane)
{
    uint32_t index = 0;

    for (unsigned i = 0; i < 6 && index == 0; i++)
        index = start_of_walk(lane);
    for (uint32_t steps = below(lane, RANDOM_WALK); index != 0 && steps != 0; steps--) {
        const struct random_object *o = &lane->model.objects[index];
        uint32_t next = o->slot_count == 0 ? 0 : o->slots[below(lane, o->slot_count)];
        if (next == 0)
            break;
        index = next;
    }
    return index;
}

static const struct gcr_shape *shape_of(const struct random_lane *lane, uint32_t index)
{
    return &lane->trace->shapes[lane->model.objects[index].shape];
}

/* A reachable object whose shape has one of the flags, or 0. */
static uint32_t any_object_with(struct random_lane *lane, uint32_t flags)
{
    for (unsigned i = 0; i < 8; i++) {
        uint32_t index = any_object(lane);
        if (index != 0 && gcr_shape_is(shape_of(lane, index), flags))
            return index;
    }
    return 0;
}

static uint32_t any_object_with_slots(struct random_lane *lane)
{
    for (unsigned i = 0; i < 6; i++) {
        uint32_t index = any_object(lane);
        if (index != 0 && lane->model.objects[index].slot_count != 0)
            return index;
    }
    return 0;
}

/* Objects of acyclic shapes may only refer to leaves. */
static bool may_refer(const struct random_lane *lane, uint32_t from, uint32_t to)
{
    if (to == 0 || !gcr_shape_is(shape_of(lane, from), GCR_SHAPE_ACYCLIC))
        return true;
    return lane->model.objects[to].slot_count == 0 &&
           gcr_shape_is(shape_of(lane, to), GCR_SHAPE_ACYCLIC) &&
           !gcr_shape_is(shape_of(lane, to), GCR_SHAPE_RESIZABLE);
}

static uint32_t any_value(struct random_lane *lane)
{
    return below(lane, 5) == 0 ? 0 : any_object(lane);
}

static uint32_t new_index(struct random_lane *lane)
{
    if (lane->free_count != 0 && below(lane, 8) != 0)
        return lane->free_index[--lane->free_count];
    return lane->model.end + (below(lane, 50) == 0);
}

static uint32_t any_length(struct random_lane *lane, const struct gcr_shape *shape)
{
    uint32_t kind = below(lane, 100);

    if (!gcr_shape_has_items(shape))
        return 0;
    if (kind < lane->trace->big_weight)
        return shape->item_bytes == 1 ? below(lane, 40000) : below(lane, 1500);
    if (kind < 30)
        return below(lane, 3);
    return below(lane, 24);
}

static uint32_t any_shape(struct random_lane *lane)
{
    /* Pairs and nodes are half of everything, as in most programs. */
    switch (below(lane, 6)) {
    case 0:
    case 1:
        return SHAPE_PAIR;
    case 2:
        return SHAPE_NODE;
    default:
        return 1 + below(lane, SHAPE_END - 1);
    }
}

/* ---- single events ---- */

static uint32_t alloc_of(struct random_lane *lane, uint32_t shape, uint32_t length, uint32_t root)
{
    uint32_t index = new_index(lane);
    uint32_t flags = below(lane, 20) == 0 ? below(lane, GCR_ALLOC_ALL_FLAGS + 1) : 0;

    EMIT(lane, GCR_OP_ALLOC, .a = index, .b = shape, .c = root, .d = length,
         .flags = (uint8_t)flags);
    if (lane->trace->tracking && !is_over(lane) && below(lane, 10) != 0 &&
        gcr_shape_is(&lane->trace->shapes[shape], GCR_SHAPE_CONTAINER))
        EMIT(lane, GCR_OP_TRACK, .a = index);
    return index;
}

static uint32_t alloc_into(struct random_lane *lane, uint32_t shape, uint32_t root)
{
    return alloc_of(lane, shape, any_length(lane, &lane->trace->shapes[shape]), root);
}

static void do_alloc(struct random_lane *lane)
{
    uint32_t index = alloc_into(lane, any_shape(lane), any_root(lane)), value;

    if (is_over(lane) || lane->model.objects[index].slot_count == 0)
        return;
    value = below(lane, 4) == 0 ? index : any_object(lane);
    if (may_refer(lane, index, value))
        EMIT(lane, GCR_OP_STORE, .a = index, .c = value);
}

static void do_store(struct random_lane *lane)
{
    uint32_t object = any_object_with_slots(lane), value = any_value(lane);

    if (object == 0 || !may_refer(lane, object, value))
        return;
    EMIT(lane, GCR_OP_STORE, .a = object, .b = below(lane, lane->model.objects[object].slot_count),
         .c = value);
}

static void do_copy(struct random_lane *lane)
{
    uint32_t dst = any_object_with_slots(lane), src = any_object_with_slots(lane);
    uint32_t room, from, to, n;

    if (below(lane, 2) == 0)
        src = dst;
    if (dst == 0 || src == 0 ||
        (dst != src && gcr_shape_is(shape_of(lane, dst), GCR_SHAPE_ACYCLIC)))
        return;
    to = below(lane, lane->model.objects[dst].slot_count);
    from = below(lane, lane->model.objects[src].slot_count);
    room = lane->model.objects[dst].slot_count - to;
    if (lane->model.objects[src].slot_count - from < room)
        room = lane->model.objects[src].slot_count - from;
    n = below(lane, room + 1);
    EMIT(lane, GCR_OP_COPY, .a = dst, .b = to, .c = src, .d = from, .e = n);
}

static void do_load(struct random_lane *lane)
{
    uint32_t object = any_object_with_slots(lane);

    if (object != 0)
        EMIT(lane, GCR_OP_LOAD, .a = object,
             .b = below(lane, lane->model.objects[object].slot_count), .c = any_root(lane));
}

static void do_data(struct random_lane *lane)
{
    uint32_t object = any_object(lane), offset, bytes;

    if (object == 0)
        return;
    bytes =
        (uint32_t)gcr_shape_data_bytes(shape_of(lane, object), lane->model.objects[object].length);
    offset = below(lane, bytes + 1);
    EMIT(lane, below(lane, 2) == 0 ? GCR_OP_READ : GCR_OP_WRITE, .a = object, .b = offset,
         .c = below(lane, bytes - offset + 1));
}

static void do_resize(struct random_lane *lane)
{
    uint32_t object = any_object_with(lane, GCR_SHAPE_RESIZABLE), length;

    if (object == 0)
        return;
    length = lane->model.objects[object].length;
    switch (below(lane, 4)) {
    case 0:
        length += 1;
        break;
    case 1:
        length = length / 2;
        break;
    default:
        length = any_length(lane, shape_of(lane, object));
    }
    EMIT(lane, GCR_OP_RESIZE, .a = object, .b = length);
}

static void do_root(struct random_lane *lane)
{
    EMIT(lane, GCR_OP_ROOT, .a = any_root(lane), .b = any_value(lane));
}

static void do_drop(struct random_lane *lane)
{
    EMIT(lane, GCR_OP_ROOT, .a = any_root(lane));
}

static void do_weakref(struct random_lane *lane)
{
    uint32_t weak = any_object_with(lane, GCR_SHAPE_WEAK), target = any_object(lane);

    if (weak != 0 && target != 0)
        EMIT(lane, GCR_OP_WEAKREF, .a = weak, .b = target);
}

static void do_finalized(struct random_lane *lane)
{
    uint32_t object = any_object_with(lane, GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER);

    if (object == 0)
        return;
    if (lane->trace->options.resurrect && below(lane, 3) != 0) {
        uint32_t slot = RANDOM_GLOBALS - 1 - below(lane, RANDOM_RESERVED_GLOBALS);
        EMIT(lane, GCR_OP_RESURRECT, .a = object, .b = gcr_root_global(slot));
        return;
    }
    EMIT(lane, GCR_OP_FINALIZED, .a = object);
}

static void do_tracking(struct random_lane *lane)
{
    uint32_t object = any_object_with(lane, GCR_SHAPE_CONTAINER);
    uint32_t kind = below(lane, 4);

    if (object == 0)
        return;
    if (kind == 0)
        EMIT(lane, GCR_OP_RECYCLE, .a = object);
    else if (lane->trace->tracking)
        EMIT(lane, kind == 1 ? GCR_OP_UNTRACK : GCR_OP_TRACK, .a = object);
}

static void do_collector(struct random_lane *lane)
{
    switch (below(lane, 8)) {
    case 0:
        EMIT(lane, GCR_OP_GCCONTROL, .a = below(lane, 4) != 0, .b = 1 + below(lane, 200),
             .c = 1 + below(lane, 10), .d = 1 + below(lane, 10));
        break;
    case 1:
        EMIT(lane, GCR_OP_FREEZE);
        break;
    case 2:
        EMIT(lane, GCR_OP_UNFREEZE);
        break;
    default:
        EMIT(lane, GCR_OP_COLLECT, .a = below(lane, 3));
    }
}

static void do_mark(struct random_lane *lane)
{
    switch (below(lane, 4)) {
    case 0:
        EMIT(lane, GCR_OP_REQUEST, .a = below(lane, 100),
             .flags = (uint8_t)(below(lane, 2) ? GCR_REQUEST_BEGIN : GCR_REQUEST_END));
        break;
    case 1:
        EMIT(lane, GCR_OP_PHASE, .a = lane->trace->phase);
        break;
    case 2:
        lane->time_ns += below(lane, 1u << 30);
        EMIT(lane, GCR_OP_TIME, .a = (uint32_t)lane->time_ns, .b = (uint32_t)(lane->time_ns >> 32));
        break;
    default:
        EMIT(lane, GCR_OP_COLLECTED, .a = below(lane, 3), .b = below(lane, 1000));
    }
}

/* ---- small programs ---- */

/* A chain of pairs through slot 0, `closed` into a ring, held by one root. */
static void do_chain(struct random_lane *lane, uint32_t length, bool closed)
{
    uint32_t head = gcr_root_thread(below(lane, RANDOM_THREAD_ROOTS)), work = head, last = 0;

    while (work == head)
        work = gcr_root_thread(below(lane, RANDOM_THREAD_ROOTS));
    EMIT(lane, GCR_OP_ROOT, .a = head);
    for (uint32_t i = 0; i < length && !is_over(lane); i++) {
        uint32_t next = *random_model_root(&lane->model, head);
        uint32_t index = alloc_into(lane, SHAPE_PAIR, work);
        if (last == 0)
            last = index;
        EMIT(lane, GCR_OP_STORE, .a = index, .c = next);
        EMIT(lane, GCR_OP_ROOT, .a = head, .b = index);
    }
    if (closed && last != 0)
        EMIT(lane, GCR_OP_STORE, .a = last, .c = *random_model_root(&lane->model, head));
    EMIT(lane, GCR_OP_ROOT, .a = work);
}

/* An object becomes popular: thousands of slots of one tuple, filled by copies that double. */
static void do_popular(struct random_lane *lane)
{
    uint32_t length = 500 + below(lane, 3000), star = any_object(lane), tuple;

    if (star == 0 || lane->trace->popular_left == 0)
        return;
    lane->trace->popular_left--;
    tuple = alloc_of(lane, SHAPE_TUPLE, length, any_root(lane));
    star = any_object(lane); /* the root may have been the first one's last */
    if (star == 0)
        return;
    EMIT(lane, GCR_OP_STORE, .a = tuple, .c = star);
    for (uint32_t n = 1; n < length && !is_over(lane); n *= 2)
        EMIT(lane, GCR_OP_COPY, .a = tuple, .b = n, .c = tuple,
             .e = n < length - n ? n : length - n);
}

/* Very large objects: plain data, pointers, and a list that grows. */
static void do_huge(struct random_lane *lane)
{
    uint32_t kind = below(lane, 3), object, value;

    if (lane->trace->huge_left == 0)
        return;
    lane->trace->huge_left--;
    if (kind == 0) {
        alloc_of(lane, SHAPE_STRING, (1u << 20) + below(lane, 3u << 20), any_root(lane));
        return;
    }
    object = alloc_of(lane, kind == 1 ? SHAPE_TUPLE : SHAPE_LIST,
                      kind == 1 ? 20000 + below(lane, 150000) : 0, any_root(lane));
    if (is_over(lane))
        return;
    if (kind == 2)
        EMIT(lane, GCR_OP_RESIZE, .a = object, .b = 20000 + below(lane, 150000));
    value = any_object(lane);
    if (value != 0 && !is_over(lane))
        EMIT(lane, GCR_OP_STORE, .a = object, .b = lane->model.objects[object].slot_count - 1,
             .c = value);
}

static void do_thread(struct random_lane *lane)
{
    EMIT(lane, GCR_OP_THREAD, .a = below(lane, RANDOM_THREADS));
}

static void do_fork(struct random_lane *lane)
{
    struct random_trace *t = lane->trace;
    struct random_lane child = {.trace = t, .depth = lane->depth + 1, .time_ns = lane->time_ns};
    uint64_t events;

    if (t->options.no_forks || t->lanes >= RANDOM_MAX_LANES || lane->depth >= RANDOM_MAX_FORK_DEPTH)
        return;
    if (t->written + 2 > t->options.max_events)
        return; /* a lane without events would not exist */
    child.number = t->lanes++;
    EMIT(lane, GCR_OP_FORK, .a = child.number);
    random_model_copy(&lane->model, &child.model);
    child.free_index = malloc((lane->free_room + 1) * sizeof *child.free_index);
    if (child.free_index == NULL)
        abort();
    if (lane->free_count != 0)
        memcpy(child.free_index, lane->free_index, lane->free_count * sizeof *child.free_index);
    child.free_count = lane->free_count;
    child.free_room = lane->free_room + 1;
    events = 20 + below(lane, 400);
    EMIT(&child, GCR_OP_PHASE, .a = t->phase);
    lane_run(&child, events);
}

/* ---- the lane ---- */

static void note_free(struct random_lane *lane, uint32_t index)
{
    if (lane->free_count == lane->free_room) {
        uint32_t room = lane->free_room * 2 + 64;
        uint32_t *grown = realloc(lane->free_index, room * sizeof *grown);
        if (grown == NULL)
            abort();
        lane->free_index = grown;
        lane->free_room = room;
    }
    lane->free_index[lane->free_count++] = index;
}

/* Some of what has become unreachable is declared dead, now or at a later pass. */
static void declare_deaths(struct random_lane *lane)
{
    uint32_t end = lane->model.end;

    random_model_mark(&lane->model);
    for (uint32_t i = 1; i < end && !is_over(lane); i++) {
        if (lane->model.objects[i].state != RANDOM_ALIVE || lane->model.objects[i].marked ||
            below(lane, 6) == 0)
            continue;
        EMIT(lane, GCR_OP_DEATH, .a = i);
        note_free(lane, i);
    }
}

/* One in eight chains is deep; a long trace has some that are very deep. */
static uint32_t chain_length(struct random_lane *lane)
{
    if (below(lane, 8) != 0)
        return 1 + below(lane, 12);
    if (lane->trace->options.max_events >= RANDOM_LONG_TRACE && below(lane, 4) == 0)
        return 1000 + below(lane, 2000);
    return 100 + below(lane, 400);
}

static void step(struct random_lane *lane)
{
    const struct random_trace *t = lane->trace;
    const struct {
        uint32_t weight;
        void (*act)(struct random_lane *);
    } kinds[] = {
        {20, do_alloc},
        {20, do_store},
        {4, do_copy},
        {8, do_load},
        {8, do_data},
        {5, do_resize},
        {8, do_root},
        {t->drop_weight, do_drop},
        {3, do_weakref},
        {2, do_finalized},
        {3, do_tracking},
        {t->collect_weight, do_collector},
        {2, do_mark},
        {2, do_thread},
        {t->popular_left > 0, do_popular},
        {t->huge_left > 0, do_huge},
        {t->fork_weight, do_fork},
    };
    uint32_t total = 0, draw, i = 0;

    for (uint32_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        total += kinds[k].weight * 4;
    draw = below(lane, total + 2);
    if (draw >= total) {
        do_chain(lane, chain_length(lane), draw == total);
        return;
    }
    while (draw >= kinds[i].weight * 4)
        draw -= kinds[i++].weight * 4;
    kinds[i].act(lane);
}

/* Runs the lane for about that many events and frees it. */
static void lane_run(struct random_lane *lane, uint64_t events)
{
    uint64_t next_mark = lane->events + lane->trace->mark_interval, tries = 0;

    while (!is_over(lane) && lane->events < events && tries++ < events * 20) {
        step(lane);
        if (lane->trace->deaths && lane->events >= next_mark) {
            declare_deaths(lane);
            next_mark = lane->events + lane->trace->mark_interval;
        }
    }
    if (below(lane, 3) != 0)
        EMIT(lane, GCR_OP_EXIT, .a = below(lane, 2));
    free(lane->free_index);
    random_model_finish(&lane->model);
}

static void declare(struct random_trace *t)
{
    memcpy(t->shapes, random_shapes, sizeof t->shapes);
    for (uint32_t i = 1; i < SHAPE_END && t->status == GCR_OK; i++)
        t->status = gcr_writer_shape(t->writer, &t->shapes[i], &t->shapes[i].number, t->err);
    if (t->status == GCR_OK)
        t->status = gcr_writer_name(t->writer, "steady", &t->phase, t->err);
}

static void add_prebuilt(struct random_lane *lane)
{
    uint32_t n = below(lane, 6);

    for (uint32_t i = 1; i <= n; i++) {
        uint32_t shape = i == 1 ? SHAPE_LIST : any_shape(lane);
        EMIT(lane, GCR_OP_PREBUILT, .a = i, .b = shape,
             .c = any_length(lane, &lane->trace->shapes[shape]));
    }
}

static void choose(struct random_trace *t)
{
    static const uint32_t intervals[] = {5, 40, 300};

    t->rng = t->options.seed * 0x9e3779b97f4a7c15u + 1;
    t->deaths = !t->options.resurrect && !t->options.no_deaths;
    t->tracking = gcr_splitmix_below(&t->rng, 3) == 0;
    t->mark_interval = intervals[gcr_splitmix_below(&t->rng, 3)];
    t->fork_weight = gcr_splitmix_below(&t->rng, 2);
    t->big_weight = gcr_splitmix_below(&t->rng, 3);
    t->collect_weight = 1 + gcr_splitmix_below(&t->rng, 3);
    t->drop_weight = 3 + gcr_splitmix_below(&t->rng, 12);
    t->popular_left = gcr_splitmix_below(&t->rng, 3);
    if (t->options.max_events >= RANDOM_LONG_TRACE)
        t->huge_left = gcr_splitmix_below(&t->rng, 4);
    t->lanes = 1;
}

gcr_status gcr_random_trace_write(const char *path, const struct gcr_random_options *options,
                                  struct gcr_error *err)
{
    struct random_trace t = {.options = *options, .err = err};
    struct random_lane lane = {.trace = &t};
    struct gcr_capabilities capabilities = {
        .loads = 1, .reads = GCR_READS_EXACT, .threads = 1, .times = 1};

    choose(&t);
    capabilities.forks = !options->no_forks;
    capabilities.tracking = t.tracking;
    capabilities.deaths = t.deaths ? GCR_DEATHS_EXACT : GCR_DEATHS_NONE;
    t.status = gcr_writer_open(path, &capabilities, &t.writer, err);
    if (t.status != GCR_OK)
        return t.status;
    declare(&t);
    random_model_init(&lane.model, t.shapes);
    add_prebuilt(&lane);
    lane_run(&lane, options->max_events);
    if (t.status == GCR_OK)
        return gcr_writer_close(t.writer, err);
    gcr_writer_abandon(t.writer);
    return t.status;
}
