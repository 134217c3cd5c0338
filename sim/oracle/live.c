/* Peak live bytes: by counting ALLOC and DEATH where the trace has deaths, which is a table look-up
 * an event; else by the shadow graph, trusting the trace. */
#include <stdlib.h>
#include <string.h>

#include "sim/oracle/lanes.h"
#include "sim/oracle/oracle.h"

enum { LIVE_BATCH = 4096 };

struct live_object {
    uint32_t shape; /* 0: not alive */
    uint32_t length;
};

/* One lane's living objects by index. */
struct live_table {
    struct live_object *objects;
    size_t room;
    uint64_t bytes;
};

struct live_walk {
    struct gcr_reader *reader;
    const struct gcr_shape *shapes;
    uint32_t shape_count, lane_count;
    bool *forked;
    uint64_t peak_bytes; /* over all lanes */
    struct gcr_error *err;
};

static gcr_status live_walk_lane(struct live_walk *w, uint32_t lane, struct live_table *table);

static gcr_status live_no_memory(struct live_walk *w)
{
    return gcr_fail(w->err, GCR_NO_MEMORY, "no memory to add up live bytes");
}

static gcr_status live_reserve(struct live_walk *w, struct live_table *t, uint32_t index)
{
    size_t room = t->room == 0 ? 1024 : t->room;
    struct live_object *grown;

    if (index < t->room)
        return GCR_OK;
    while (room <= index)
        room *= 2;
    grown = realloc(t->objects, room * sizeof *grown);
    if (grown == NULL)
        return live_no_memory(w);
    memset(grown + t->room, 0, (room - t->room) * sizeof *grown);
    t->objects = grown;
    t->room = room;
    return GCR_OK;
}

/* Replaces what is known of an object; shape 0 takes it away. */
static gcr_status live_set(struct live_walk *w, struct live_table *t, uint32_t index,
                           uint32_t shape, uint32_t length)
{
    gcr_status status = live_reserve(w, t, index);
    struct live_object *o;

    if (status != GCR_OK)
        return status;
    o = &t->objects[index];
    if (o->shape != 0)
        t->bytes -= gcr_shape_object_bytes(&w->shapes[o->shape], o->length);
    *o = (struct live_object){shape, length};
    if (shape != 0)
        t->bytes += gcr_shape_object_bytes(&w->shapes[shape], length);
    if (t->bytes > w->peak_bytes)
        w->peak_bytes = t->bytes;
    return GCR_OK;
}

static gcr_status live_fork(struct live_walk *w, const struct live_table *t, uint32_t lane)
{
    struct live_table child = *t;
    gcr_status status;

    if (lane == 0 || lane >= w->lane_count || w->forked[lane])
        return GCR_OK; /* lost with the file's end; whether it is valid, `check` says */
    w->forked[lane] = true;
    child.objects = t->room == 0 ? NULL : malloc(t->room * sizeof *child.objects);
    if (t->room != 0) {
        if (child.objects == NULL)
            return live_no_memory(w);
        memcpy(child.objects, t->objects, t->room * sizeof *child.objects);
    }
    status = live_walk_lane(w, lane, &child);
    free(child.objects);
    return status;
}

static gcr_status live_event(struct live_walk *w, struct live_table *t, const struct gcr_event *e)
{
    switch (e->op) {
    case GCR_OP_PREBUILT:
        return live_set(w, t, e->a, e->b, e->c);
    case GCR_OP_ALLOC:
        return live_set(w, t, e->a, e->b, e->d);
    case GCR_OP_RESIZE:
        return e->a < t->room && t->objects[e->a].shape != 0
                   ? live_set(w, t, e->a, t->objects[e->a].shape, e->b)
                   : GCR_OK;
    case GCR_OP_DEATH:
        return live_set(w, t, e->a, 0, 0);
    case GCR_OP_FORK:
        return live_fork(w, t, e->a);
    default:
        return GCR_OK;
    }
}

static gcr_status live_walk_lane(struct live_walk *w, uint32_t lane, struct live_table *table)
{
    struct gcr_event *events = malloc(LIVE_BATCH * sizeof *events);
    struct gcr_cursor *cursor = NULL;
    gcr_status status =
        events == NULL ? live_no_memory(w) : gcr_cursor_open(w->reader, lane, &cursor, w->err);
    size_t n = 1;

    while (status == GCR_OK && n != 0) {
        status = gcr_cursor_read(cursor, events, LIVE_BATCH, &n, w->err);
        for (size_t i = 0; i < n && status == GCR_OK; i++)
            status = live_event(w, table, &events[i]);
    }
    if (cursor != NULL)
        gcr_cursor_close(cursor);
    free(events);
    return status;
}

static gcr_status live_by_deaths(struct gcr_reader *reader, uint64_t *peak_bytes,
                                 struct gcr_error *err)
{
    struct live_walk w = {.reader = reader, .err = err};
    struct live_table table = {0};
    gcr_status status;

    w.shapes = gcr_reader_shapes(reader, &w.shape_count);
    w.lane_count = gcr_reader_lane_count(reader);
    w.forked = calloc((size_t)w.lane_count + 1, sizeof *w.forked);
    if (w.forked == NULL)
        return live_no_memory(&w);
    status = live_walk_lane(&w, 0, &table);
    *peak_bytes = w.peak_bytes;
    free(table.objects);
    free(w.forked);
    return status;
}

gcr_status gcr_trace_peak_live(struct gcr_reader *reader, uint64_t *peak_bytes,
                               struct gcr_error *err)
{
    struct gcr_trace_check facts;
    gcr_status status;

    if (gcr_reader_capabilities(reader)->deaths != GCR_DEATHS_NONE)
        return live_by_deaths(reader, peak_bytes, err);
    status = gcr_lanes_walk(reader, false, GCR_LANES_WINDOW, &facts, err);
    if (status == GCR_OK)
        *peak_bytes = facts.peak_live_bytes;
    return status;
}
