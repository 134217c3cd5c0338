/* A window ends when as many events as there were nodes at its start have passed (so that the work
 * stays linear, and the dead never outnumber what is alive and what the window allocated), at FORK,
 * and at the lane's end. Until then its events wait, with nodes in place of indexes. At its end the
 * covers say after which event each node died; the events go out, deaths between them, and the dead
 * are released. */
#include "sim/oracle/annotate_walk.h"

#include <inttypes.h>
#include <stdlib.h>

#include "sim/oracle/annotate_holds.h"
#include "sim/oracle/annotate_names.h"
#include "sim/oracle/lanes.h"
#include "sim/oracle/reach.h"

enum { WALK_BATCH = 4096 };

/* A node that died: after so many events of the window. */
struct walk_death {
    uint64_t after;
    uint32_t ordinal, node;
};

struct walk_all {
    struct gcr_reader *reader;
    const struct gcr_annotate_plan *plan;
    const struct gcr_annotation *options;
    struct gcr_writer *writer;
    struct gcr_annotation_result *out;
    struct gcr_error *err;
    uint32_t lanes; /* walked so far */
    struct gcr_reach reach;
    struct gcr_event *waiting; /* the window's events; a fork's lanes use it in turn */
    size_t waiting_count, waiting_room;
    struct walk_death *deaths;
    size_t death_count, death_room;
};

/* One lane on its way. */
struct walk {
    struct walk_all *all;
    uint32_t lane;
    struct gcr_shadow *shadow;
    struct gcr_annotate_names names;
    struct gcr_annotate_holds holds;
    uint64_t number;    /* of the next event */
    size_t window;      /* events until the next analysis, at least */
    uint32_t pretended; /* 1 if the window's first state has no event, as after walk_pretend */
};

static gcr_status walk_lane(struct walk_all *all, struct walk *w);

static gcr_status walk_no_memory(struct walk_all *all)
{
    return gcr_fail(all->err, GCR_NO_MEMORY, "no memory to annotate the trace");
}

/* ---- events that wait ---- */

/* The object operands become nodes. `given`: those that name an object which the event allocates.
 */
static void walk_translate(const struct gcr_shadow *s, struct gcr_event *e, bool given)
{
    uint32_t *const operand[] = {&e->a, &e->b, &e->c, &e->d, &e->e};

    for (unsigned i = 0; i < GCR_OP_MAX_OPERANDS; i++) {
        uint8_t kind = gcr_op_table[e->op].operand[i];
        if (given ? kind == GCR_OPERAND_NEW_OBJECT
                  : kind == GCR_OPERAND_OBJECT || kind == GCR_OPERAND_VALUE)
            *operand[i] = gcr_shadow_find(s, *operand[i]);
    }
}

static struct gcr_event *walk_wait(struct walk *w, const struct gcr_event *e)
{
    struct walk_all *all = w->all;

    if (all->waiting_count == all->waiting_room) {
        size_t room = all->waiting_room == 0 ? WALK_BATCH : all->waiting_room * 2;
        struct gcr_event *grown = realloc(all->waiting, room * sizeof *grown);
        if (grown == NULL)
            return NULL;
        all->waiting = grown;
        all->waiting_room = room;
    }
    all->waiting[all->waiting_count] = *e;
    walk_translate(w->shadow, &all->waiting[all->waiting_count], false);
    return &all->waiting[all->waiting_count++];
}

/* ---- writing ---- */

static uint32_t walk_name(const struct walk *w, uint32_t node)
{
    if (node == GCR_SHADOW_NULL)
        return 0;
    return w->all->options->keep_indexes ? w->shadow->nodes[node].index : w->names.of_node[node];
}

static gcr_status walk_put(struct walk *w, const struct gcr_event *e)
{
    w->all->out->events++;
    return gcr_writer_event(w->all->writer, w->lane, e, w->all->err);
}

/* An event that has waited, with names in place of nodes. */
static gcr_status walk_write(struct walk *w, struct gcr_event e)
{
    uint32_t *const operand[] = {&e.a, &e.b, &e.c, &e.d, &e.e};

    if (e.op == GCR_OP_DEATH)
        return GCR_OK; /* the input's own */
    for (unsigned i = 0; i < GCR_OP_MAX_OPERANDS; i++)
        switch (gcr_op_table[e.op].operand[i]) {
        case GCR_OPERAND_NEW_OBJECT:
            if (!w->all->options->keep_indexes && !gcr_annotate_names_give(&w->names, *operand[i]))
                return walk_no_memory(w->all);
            *operand[i] = walk_name(w, *operand[i]);
            if (*operand[i] > w->all->out->highest_index)
                w->all->out->highest_index = *operand[i];
            break;
        case GCR_OPERAND_OBJECT:
        case GCR_OPERAND_VALUE:
            *operand[i] = walk_name(w, *operand[i]);
            break;
        default:
            break;
        }
    return walk_put(w, &e);
}

/* All deaths from `first` on that belong before event `at` of the window; returns the next one in
 * *first. Their indexes come back in the order of the deaths. */
static gcr_status walk_write_deaths(struct walk *w, size_t *first, uint64_t at)
{
    const struct walk_death *deaths = w->all->deaths;
    size_t end = *first;
    gcr_status status = GCR_OK;

    for (; end < w->all->death_count && deaths[end].after <= at && status == GCR_OK; end++) {
        struct gcr_event e = {.op = GCR_OP_DEATH, .a = walk_name(w, deaths[end].node)};
        w->all->out->deaths++;
        status = walk_put(w, &e);
    }
    for (size_t i = end; i-- > *first && status == GCR_OK && !w->all->options->keep_indexes;)
        if (!gcr_annotate_names_take(&w->names, deaths[i].node))
            status = walk_no_memory(w->all);
    *first = end;
    return status;
}

static gcr_status walk_write_window(struct walk *w)
{
    size_t next = 0;
    gcr_status status = GCR_OK;

    for (size_t i = 0; i < w->all->waiting_count && status == GCR_OK; i++) {
        status = walk_write_deaths(w, &next, i);
        if (status == GCR_OK)
            status = walk_write(w, w->all->waiting[i]);
    }
    if (status == GCR_OK)
        status = walk_write_deaths(w, &next, w->all->waiting_count);
    w->all->waiting_count = 0;
    return status;
}

/* ---- windows ---- */

static int walk_by_time(const void *a, const void *b)
{
    const struct walk_death *x = a, *y = b;

    if (x->after != y->after)
        return x->after < y->after ? -1 : 1;
    return (x->ordinal > y->ordinal) - (x->ordinal < y->ordinal);
}

static gcr_status walk_find_deaths(struct walk *w)
{
    struct walk_all *all = w->all;
    const struct gcr_shadow *s = w->shadow;

    all->death_count = 0;
    for (uint32_t i = 0; i < all->reach.fallen.count; i++) {
        uint32_t node = all->reach.fallen.node[i];

        if (all->death_count == all->death_room) {
            size_t room = all->death_room == 0 ? WALK_BATCH : all->death_room * 2;
            struct walk_death *grown = realloc(all->deaths, room * sizeof *grown);
            if (grown == NULL)
                return walk_no_memory(all);
            all->deaths = grown;
            all->death_room = room;
        }
        /* The window's event i, from 0, leads to state i + 2, so the first state without the object
         * is behind event cover - 1. */
        all->deaths[all->death_count++] =
            (struct walk_death){s->covers[node] - w->pretended, s->lives[node].ordinal, node};
    }
    if (all->death_count != 0)
        qsort(all->deaths, all->death_count, sizeof *all->deaths, walk_by_time);
    return GCR_OK;
}

static void walk_release(struct walk *w)
{
    struct gcr_shadow *s = w->shadow;

    gcr_reach_cut_weak(&w->all->reach, s);
    for (size_t i = 0; i < w->all->death_count; i++) {
        uint32_t node = w->all->deaths[i].node;
        gcr_shadow_release(s, node, !(s->nodes[node].flags & GCR_NODE_DEATHED));
    }
}

static gcr_status walk_close_window(struct walk *w)
{
    struct walk_all *all = w->all;
    size_t least = all->options->window != 0 ? all->options->window : GCR_LANES_WINDOW;
    gcr_status status;

    if (!gcr_reach_cover(&all->reach, w->shadow, true) ||
        !gcr_annotate_holds_fasten(&w->holds, w->shadow))
        return walk_no_memory(all);
    status = walk_find_deaths(w);
    if (status == GCR_OK)
        status = walk_write_window(w);
    if (status != GCR_OK)
        return status;
    walk_release(w);
    gcr_shadow_begin_window(w->shadow);
    w->window = w->shadow->used_nodes > least ? w->shadow->used_nodes : least;
    w->pretended = 0;
    return w->shadow->out_of_memory ? walk_no_memory(all) : GCR_OK;
}

/* A state between two events, at a window's start. */
static void walk_pretend(struct walk *w)
{
    w->shadow->now++;
    w->pretended = 1;
}

/* ---- events ---- */

static gcr_status walk_child(struct walk *w, uint32_t lane)
{
    struct walk_all *all = w->all;
    struct walk child = {.all = all, .lane = lane};
    gcr_status status = gcr_shadow_clone(w->shadow, &child.shadow, all->err);
    bool ended = false;

    if (status != GCR_OK)
        return status;
    if (!gcr_annotate_names_clone(&w->names, &child.names) ||
        !gcr_annotate_holds_clone(&w->holds, lane, &child.holds))
        status = walk_no_memory(all);
    child.window = w->window;
    if (status == GCR_OK) {
        walk_pretend(&child);
        if (!gcr_annotate_holds_inherit(&child.holds, child.shadow, &ended))
            status = walk_no_memory(all);
    }
    if (status == GCR_OK)
        status = walk_lane(all, &child);
    gcr_annotate_holds_finish(&child.holds);
    gcr_annotate_names_finish(&child.names);
    gcr_shadow_destroy(child.shadow);
    return status;
}

static gcr_status walk_fork(struct walk *w, const struct gcr_event *e)
{
    struct walk_all *all = w->all;
    gcr_status status = walk_close_window(w);

    if (status == GCR_OK && (e->a >= gcr_reader_lane_count(all->reader) ||
                             gcr_reader_lane_events(all->reader, e->a) == 0))
        status = gcr_fail(all->err, GCR_BAD_INPUT, "%s is cut short: process %" PRIu32 " is lost",
                          gcr_reader_path(all->reader), e->a);
    if (status == GCR_OK)
        status = walk_child(w, e->a);
    if (status != GCR_OK)
        return status;
    walk_pretend(w);
    return gcr_annotate_holds_pass(&w->holds, w->shadow, w->number - 1, e) ? GCR_OK
                                                                           : walk_no_memory(all);
}

static gcr_status walk_carry_out(struct walk *w, const struct gcr_event *e)
{
    struct gcr_event *waiting = walk_wait(w, e);
    bool ok = waiting != NULL && gcr_shadow_apply(w->shadow, e);

    if (ok && e->op == GCR_OP_RESURRECT)
        ok = gcr_annotate_holds_resurrect(&w->holds, w->shadow, waiting->a, e->b);
    if (ok && e->op != GCR_OP_FORK)
        ok = gcr_annotate_holds_pass(&w->holds, w->shadow, w->number, e);
    if (!ok)
        return walk_no_memory(w->all);
    walk_translate(w->shadow, waiting, true);
    w->number++;
    return GCR_OK;
}

/* An event that may end what RESURRECT rules keep has a window of its own. */
static gcr_status walk_end_rules(struct walk *w, const struct gcr_event *e)
{
    gcr_status status = walk_close_window(w);

    if (status == GCR_OK)
        status = walk_carry_out(w, e);
    if (status == GCR_OK && !gcr_annotate_holds_loosen(&w->holds, w->shadow, e))
        status = walk_no_memory(w->all);
    return status == GCR_OK ? walk_close_window(w) : status;
}

static gcr_status walk_event(struct walk *w, const struct gcr_event *e)
{
    gcr_status status;

    if (gcr_annotate_holds_ends_rules(&w->holds, e))
        return walk_end_rules(w, e);
    status = walk_carry_out(w, e);
    if (status != GCR_OK)
        return status;
    if (e->op == GCR_OP_FORK)
        return walk_fork(w, e);
    return w->all->waiting_count >= w->window ? walk_close_window(w) : GCR_OK;
}

static gcr_status walk_lane(struct walk_all *all, struct walk *w)
{
    struct gcr_event *events = malloc(WALK_BATCH * sizeof *events);
    struct gcr_cursor *cursor = NULL;
    gcr_status status = events == NULL ? walk_no_memory(all)
                                       : gcr_cursor_open(all->reader, w->lane, &cursor, all->err);
    size_t n = 1;

    all->lanes++;
    while (status == GCR_OK && n != 0) {
        status = gcr_cursor_read(cursor, events, WALK_BATCH, &n, all->err);
        for (size_t i = 0; i < n && status == GCR_OK; i++)
            status = walk_event(w, &events[i]);
    }
    if (status == GCR_OK)
        status = walk_close_window(w);
    if (status == GCR_OK)
        status = gcr_writer_cut(all->writer, w->lane, all->err);
    if (cursor != NULL)
        gcr_cursor_close(cursor);
    free(events);
    return status;
}

gcr_status gcr_annotate_walk(struct gcr_reader *reader, const struct gcr_annotate_plan *plan,
                             const struct gcr_annotation *options, struct gcr_writer *writer,
                             struct gcr_annotation_result *out, struct gcr_error *err)
{
    struct walk_all all = {.reader = reader,
                           .plan = plan,
                           .options = options,
                           .writer = writer,
                           .out = out,
                           .err = err};
    struct walk w = {.all = &all, .window = options->window};
    uint32_t shape_count;
    const struct gcr_shape *shapes = gcr_reader_shapes(reader, &shape_count);
    gcr_status status = gcr_shadow_create(shapes, shape_count, &w.shadow, err);

    if (w.window == 0)
        w.window = GCR_LANES_WINDOW;
    gcr_annotate_holds_init(&w.holds, plan);
    if (status == GCR_OK)
        status = walk_lane(&all, &w);
    if (status == GCR_OK && all.lanes != gcr_reader_lane_count(reader))
        status = gcr_fail(err, GCR_BAD_INPUT, "%s is cut short: where a process begins is lost",
                          gcr_reader_path(reader));
    gcr_annotate_holds_finish(&w.holds);
    gcr_annotate_names_finish(&w.names);
    gcr_shadow_destroy(w.shadow);
    gcr_reach_finish(&all.reach);
    free(all.waiting);
    free(all.deaths);
    return status;
}
