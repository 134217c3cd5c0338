#include "sim/oracle/annotate_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/number_map.h"

enum { PLAN_BATCH = 4096 };

/* An object with a finalizer. */
struct plan_object {
    uint64_t birth; /* number of its ALLOC or PREBUILT */
    uint32_t lane;  /* of it */
    uint32_t id;    /* plus 1; 0: no FINALIZED names it so far */
};

struct plan_walk {
    struct gcr_reader *reader;
    const struct gcr_shape *shapes;
    struct gcr_annotate_plan *plan;
    struct plan_object *objects; /* [0] unused */
    uint32_t object_count, object_room;
    uint32_t *owner; /* object by id */
    uint32_t owner_room;
    struct gcr_error *err;
};

/* Index -> object, of one lane. */
typedef struct gcr_number_map plan_names;

static gcr_status plan_lane(struct plan_walk *w, uint32_t lane, plan_names *names);

static gcr_status plan_no_memory(struct plan_walk *w)
{
    return gcr_fail(w->err, GCR_NO_MEMORY, "no memory for the table of finalized objects");
}

static bool plan_reserve(void *array, uint32_t *room, uint32_t at, size_t size)
{
    void **p = array, *grown;
    uint64_t wanted = *room == 0 ? 64 : (uint64_t)*room * 2;

    if (at < *room)
        return true;
    if (wanted > UINT32_MAX)
        return false;
    grown = realloc(*p, (size_t)wanted * size);
    if (grown == NULL)
        return false;
    *p = grown;
    *room = (uint32_t)wanted;
    return true;
}

static gcr_status plan_mark(struct plan_walk *w, struct gcr_annotate_marks *marks, uint64_t number,
                            uint32_t id)
{
    if (marks->count == marks->room) {
        size_t room = marks->room == 0 ? 64 : marks->room * 2;
        struct gcr_annotate_mark *grown = realloc(marks->mark, room * sizeof *grown);
        if (grown == NULL)
            return plan_no_memory(w);
        marks->mark = grown;
        marks->room = room;
    }
    marks->mark[marks->count++] = (struct gcr_annotate_mark){number, id};
    return GCR_OK;
}

/* ---- events ---- */

static gcr_status plan_born(struct plan_walk *w, plan_names *names, uint32_t lane, uint64_t number,
                            const struct gcr_event *e)
{
    if (!gcr_shape_is(&w->shapes[e->b], GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER))
        return GCR_OK;
    if (w->object_count == 0)
        w->object_count = 1;
    if (!plan_reserve(&w->objects, &w->object_room, w->object_count, sizeof *w->objects) ||
        !gcr_number_map_put(names, e->a, w->object_count))
        return plan_no_memory(w);
    w->objects[w->object_count++] = (struct plan_object){.birth = number, .lane = lane};
    return GCR_OK;
}

static gcr_status plan_finalized(struct plan_walk *w, const plan_names *names, uint32_t lane,
                                 uint64_t number, uint32_t index)
{
    struct gcr_annotate_plan *plan = w->plan;
    uint32_t at = gcr_number_map_find(names, index);
    gcr_status status;

    if (at == 0)
        return GCR_OK;
    if (w->objects[at].id == 0) {
        if (!plan_reserve(&w->owner, &w->owner_room, plan->kept, sizeof *w->owner))
            return plan_no_memory(w);
        w->owner[plan->kept] = at;
        status = plan_mark(w, &plan->births[w->objects[at].lane], w->objects[at].birth, plan->kept);
        if (status != GCR_OK)
            return status;
        w->objects[at].id = ++plan->kept;
    }
    return plan_mark(w, &plan->ends[lane], number, w->objects[at].id - 1);
}

/* What the child's events name of what it shares with its parent, the parent keeps until FORK. */
static gcr_status plan_fork(struct plan_walk *w, const plan_names *names, uint32_t lane,
                            uint64_t number, uint32_t child)
{
    const struct gcr_annotate_marks *ends;
    plan_names copy = *names;
    gcr_status status = GCR_OK;

    if (child <= lane || child >= w->plan->lanes)
        return GCR_OK; /* lost with the file's end */
    if (names->entries != NULL) {
        copy.entries = malloc((names->mask + 1) * sizeof *copy.entries);
        if (copy.entries == NULL)
            return plan_no_memory(w);
        memcpy(copy.entries, names->entries, (names->mask + 1) * sizeof *copy.entries);
    }
    status = plan_lane(w, child, &copy);
    gcr_number_map_finish(&copy);
    ends = &w->plan->ends[child];
    for (size_t i = 0; i < ends->count && status == GCR_OK; i++)
        if (w->objects[w->owner[ends->mark[i].id]].lane != child)
            status = plan_mark(w, &w->plan->ends[lane], number, ends->mark[i].id);
    return status;
}

static gcr_status plan_event(struct plan_walk *w, plan_names *names, uint32_t lane, uint64_t number,
                             const struct gcr_event *e)
{
    switch (e->op) {
    case GCR_OP_PREBUILT:
    case GCR_OP_ALLOC:
        return plan_born(w, names, lane, number, e);
    case GCR_OP_FINALIZED:
        return plan_finalized(w, names, lane, number, e->a);
    case GCR_OP_FORK:
        return plan_fork(w, names, lane, number, e->a);
    default:
        return GCR_OK;
    }
}

/* Of the ends of one object the last counts. */
static gcr_status plan_keep_last(struct plan_walk *w, struct gcr_annotate_marks *ends)
{
    bool *seen = calloc((size_t)w->plan->kept + 1, sizeof *seen);
    size_t kept = ends->count;

    if (seen == NULL)
        return plan_no_memory(w);
    for (size_t i = ends->count; i-- > 0;) {
        if (seen[ends->mark[i].id])
            continue;
        seen[ends->mark[i].id] = true;
        ends->mark[--kept] = ends->mark[i];
    }
    ends->count -= kept;
    memmove(ends->mark, ends->mark + kept, ends->count * sizeof *ends->mark);
    free(seen);
    return GCR_OK;
}

static gcr_status plan_lane(struct plan_walk *w, uint32_t lane, plan_names *names)
{
    struct gcr_event *events = malloc(PLAN_BATCH * sizeof *events);
    struct gcr_cursor *cursor = NULL;
    gcr_status status =
        events == NULL ? plan_no_memory(w) : gcr_cursor_open(w->reader, lane, &cursor, w->err);
    uint64_t number = 0;
    size_t n = 1;

    while (status == GCR_OK && n != 0) {
        status = gcr_cursor_read(cursor, events, PLAN_BATCH, &n, w->err);
        for (size_t i = 0; i < n && status == GCR_OK; i++)
            status = plan_event(w, names, lane, number++, &events[i]);
    }
    if (cursor != NULL)
        gcr_cursor_close(cursor);
    free(events);
    if (status == GCR_OK && w->plan->ends[lane].count != 0)
        status = plan_keep_last(w, &w->plan->ends[lane]);
    return status;
}

/* ---- the plan ---- */

static int plan_by_number(const void *a, const void *b)
{
    const struct gcr_annotate_mark *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

bool gcr_annotate_plan_is_needed(struct gcr_reader *reader)
{
    uint32_t count;
    const struct gcr_shape *shapes = gcr_reader_shapes(reader, &count);

    for (uint32_t i = 1; i <= count; i++)
        if (gcr_shape_is(&shapes[i], GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER))
            return true;
    return false;
}

gcr_status gcr_annotate_plan_make(struct gcr_reader *reader, struct gcr_annotate_plan *plan,
                                  struct gcr_error *err)
{
    struct plan_walk w = {.reader = reader, .plan = plan, .err = err};
    plan_names names = {0};
    uint32_t shapes;
    gcr_status status = GCR_OK;

    *plan = (struct gcr_annotate_plan){.lanes = gcr_reader_lane_count(reader)};
    w.shapes = gcr_reader_shapes(reader, &shapes);
    plan->births = calloc((size_t)plan->lanes + 1, sizeof *plan->births);
    plan->ends = calloc((size_t)plan->lanes + 1, sizeof *plan->ends);
    if (plan->births == NULL || plan->ends == NULL)
        status = plan_no_memory(&w);
    if (status == GCR_OK && gcr_annotate_plan_is_needed(reader))
        status = plan_lane(&w, 0, &names);
    for (uint32_t i = 0; status == GCR_OK && i < plan->lanes; i++)
        if (plan->births[i].count != 0)
            qsort(plan->births[i].mark, plan->births[i].count, sizeof *plan->births[i].mark,
                  plan_by_number);
    gcr_number_map_finish(&names);
    free(w.objects);
    free(w.owner);
    if (status != GCR_OK)
        gcr_annotate_plan_finish(plan);
    return status;
}

void gcr_annotate_plan_finish(struct gcr_annotate_plan *plan)
{
    for (uint32_t i = 0; i < plan->lanes; i++) {
        if (plan->births != NULL)
            free(plan->births[i].mark);
        if (plan->ends != NULL)
            free(plan->ends[i].mark);
    }
    free(plan->births);
    free(plan->ends);
    *plan = (struct gcr_annotate_plan){0};
}
