/* The proof of a trace: events are judged by rules.h as they come; which operands they used is
 * logged and judged window by window, against the covers of reach.h. A window ends when as many
 * events have passed as there were nodes at its start (so that the work stays linear, and garbage
 * is at most what one window leaves), at FORK, and at the lane's end. */
#include "sim/oracle/lanes.h"

#include <inttypes.h>
#include <stdlib.h>

#include "sim/oracle/reach.h"
#include "sim/oracle/rules.h"
#include "sim/oracle/shadow.h"

enum { LANES_BATCH = 4096, LANES_FIRST_USES = 1024 };

/* In use.node: the event was a DEATH, which must find its object unreachable. */
#define LANES_DEATH 0x80000000u

struct lanes_use {
    uint32_t state; /* that the event leads to; the object must be reachable in the one before */
    uint32_t node;
};

struct lanes {
    struct gcr_reader *reader;
    bool prove;
    uint32_t window; /* events, at least */
    struct gcr_trace_check *out;
    struct gcr_error *err;
    bool *forked; /* by lane */
    struct gcr_reach reach;
    struct lanes_use *uses;
    size_t use_count, use_room;
};

/* One lane on its way. */
struct lanes_walk {
    struct lanes *all;
    uint32_t lane;
    struct gcr_shadow *shadow;
    struct gcr_rules rules;
    uint64_t number;       /* of the next event */
    uint64_t window_start; /* number of the window's first event */
    uint32_t window_events;
    uint32_t window_length; /* events */
};

static gcr_status lanes_walk_lane(struct lanes *all, uint32_t lane, struct gcr_shadow *shadow,
                                  struct gcr_rules rules);

static gcr_status lanes_no_memory(struct lanes *all)
{
    return gcr_fail(all->err, GCR_NO_MEMORY, "no memory to check the trace");
}

/* Notes the place of a bad event whose reason is in err, and puts its text before the reason. */
static gcr_status lanes_bad(struct lanes_walk *w, uint64_t number)
{
    struct lanes *all = w->all;
    struct gcr_cursor *cursor;
    struct gcr_event *events = malloc(LANES_BATCH * sizeof *events);
    uint64_t at = 0;
    size_t n = 0;

    all->out->bad_lane = w->lane;
    all->out->bad_event = number;
    if (events == NULL || gcr_cursor_open(all->reader, w->lane, &cursor, NULL) != GCR_OK) {
        free(events);
        gcr_error_prefix(all->err, "lane %" PRIu32 ", event %" PRIu64, w->lane, number);
        return GCR_INVALID_TRACE;
    }
    while (gcr_cursor_read(cursor, events, LANES_BATCH, &n, NULL) == GCR_OK && n != 0 &&
           at + n <= number)
        at += n;
    if (n != 0 && number - at < n)
        gcr_rules_place(all->err, w->lane, number, &events[number - at]);
    gcr_cursor_close(cursor);
    free(events);
    return GCR_INVALID_TRACE;
}

/* ---- windows ---- */

static gcr_status lanes_log_use(struct lanes *all, uint32_t state, uint32_t node)
{
    if (all->use_count == all->use_room) {
        size_t room = all->use_room == 0 ? LANES_FIRST_USES : all->use_room * 2;
        struct lanes_use *grown = realloc(all->uses, room * sizeof *grown);
        if (grown == NULL)
            return lanes_no_memory(all);
        all->uses = grown;
        all->use_room = room;
    }
    all->uses[all->use_count++] = (struct lanes_use){state, node};
    return GCR_OK;
}

static gcr_status lanes_log_operands(struct lanes_walk *w, const struct gcr_event *e)
{
    uint32_t index[2], state = w->shadow->now + 1;
    unsigned n = gcr_rules_operands(e, index);
    gcr_status status = GCR_OK;

    for (unsigned i = 0; i < n && status == GCR_OK; i++)
        status = lanes_log_use(w->all, state, gcr_shadow_find(w->shadow, index[i]));
    if (e->op == GCR_OP_DEATH && !gcr_shadow_is_gone(gcr_shadow_find(w->shadow, e->a)))
        status = lanes_log_use(w->all, state, gcr_shadow_find(w->shadow, e->a) | LANES_DEATH);
    return status;
}

/* The number of the event that led to `state`. */
static uint64_t lanes_event_of(const struct lanes_walk *w, uint32_t state)
{
    return w->window_start + state - 2;
}

static gcr_status lanes_judge_uses(struct lanes_walk *w)
{
    const struct gcr_shadow *s = w->shadow;

    for (size_t i = 0; i < w->all->use_count; i++) {
        struct lanes_use use = w->all->uses[i];
        const struct gcr_shadow_node *n = &s->nodes[use.node & ~LANES_DEATH];
        uint32_t cover = s->covers[use.node & ~LANES_DEATH];
        bool reachable = cover >= use.state - 1;

        if (use.node & LANES_DEATH) {
            if (!reachable)
                continue;
            (void)gcr_fail(w->all->err, GCR_INVALID_TRACE, "object o%" PRIu32 " is still reachable",
                           n->index);
            return lanes_bad(w, lanes_event_of(w, use.state));
        }
        if (reachable)
            continue;
        (void)gcr_fail(w->all->err, GCR_INVALID_TRACE,
                       "object o%" PRIu32 " is unreachable since event %" PRIu64, n->index,
                       lanes_event_of(w, cover + 1));
        return lanes_bad(w, lanes_event_of(w, use.state));
    }
    return GCR_OK;
}

static void lanes_release_unreachable(struct lanes *all, struct gcr_shadow *s)
{
    gcr_reach_cut_weak(&all->reach, s);
    for (uint32_t i = 0; i < all->reach.fallen.count; i++) {
        uint32_t node = all->reach.fallen.node[i];
        gcr_shadow_release(s, node, !(s->nodes[node].flags & GCR_NODE_DEATHED));
    }
}

static uint32_t lanes_window_length(const struct lanes *all, const struct gcr_shadow *s)
{
    return s->used_nodes > all->window ? s->used_nodes : all->window;
}

static gcr_status lanes_close_window(struct lanes_walk *w)
{
    struct lanes *all = w->all;
    gcr_status status = GCR_OK;

    if (!gcr_reach_cover(&all->reach, w->shadow, !all->prove))
        return lanes_no_memory(all);
    if (all->prove)
        status = lanes_judge_uses(w);
    if (status != GCR_OK)
        return status;
    lanes_release_unreachable(all, w->shadow);
    gcr_shadow_begin_window(w->shadow);
    all->use_count = 0;
    w->window_start = w->number;
    w->window_events = 0;
    w->window_length = lanes_window_length(all, w->shadow);
    return w->shadow->out_of_memory ? lanes_no_memory(all) : GCR_OK;
}

/* ---- events ---- */

static gcr_status lanes_fork(struct lanes_walk *w, const struct gcr_event *e)
{
    struct lanes *all = w->all;
    struct gcr_shadow *child;
    struct gcr_rules rules;
    gcr_status status = lanes_close_window(w);

    if (status != GCR_OK)
        return status;
    if (e->a >= gcr_reader_lane_count(all->reader) && gcr_reader_warning(all->reader) != NULL)
        return GCR_OK; /* lost with the file's end */
    if (e->a <= w->lane || e->a >= gcr_reader_lane_count(all->reader)) {
        (void)gcr_fail(all->err, GCR_INVALID_TRACE,
                       "a forked lane must be later than its parent's, and must exist");
        return lanes_bad(w, w->number - 1);
    }
    if (all->forked[e->a]) {
        (void)gcr_fail(all->err, GCR_INVALID_TRACE, "lane %" PRIu32 " is forked a second time",
                       e->a);
        return lanes_bad(w, w->number - 1);
    }
    all->forked[e->a] = true;
    status = gcr_rules_clone(&w->rules, &rules, all->err);
    if (status != GCR_OK)
        return status;
    status = gcr_shadow_clone(w->shadow, &child, all->err);
    if (status != GCR_OK) {
        gcr_rules_finish(&rules);
        return status;
    }
    child->peak_objects = child->live_objects;
    child->peak_bytes = child->live_bytes;
    child->allocated = 0;
    return lanes_walk_lane(all, e->a, child, rules);
}

/* A malformed event; but an operand in the window before it may have been bad already. */
static gcr_status lanes_malformed(struct lanes_walk *w)
{
    struct gcr_error reason = *w->all->err;
    gcr_status status = lanes_close_window(w);

    if (status != GCR_OK)
        return status;
    *w->all->err = reason;
    return lanes_bad(w, w->number);
}

static gcr_status lanes_event(struct lanes_walk *w, const struct gcr_event *e)
{
    struct lanes *all = w->all;
    gcr_status status = gcr_rules_pass(&w->rules, w->shadow, e, 0)
                            ? GCR_OK
                            : gcr_rules_judge(&w->rules, w->shadow, e, all->err);

    if (status == GCR_INVALID_TRACE)
        return lanes_malformed(w);
    if (status == GCR_OK && all->prove)
        status = lanes_log_operands(w, e);
    if (status != GCR_OK)
        return status;
    if (!gcr_shadow_apply(w->shadow, e))
        return lanes_no_memory(all);
    w->number++;
    w->window_events++;
    all->out->events++;
    if (e->op == GCR_OP_FORK)
        return lanes_fork(w, e);
    if (w->window_events >= w->window_length)
        return lanes_close_window(w);
    return GCR_OK;
}

/* ---- lanes ---- */

static void lanes_note_figures(const struct lanes_walk *w)
{
    struct gcr_trace_check *out = w->all->out;
    const struct gcr_shadow *s = w->shadow;

    out->objects += s->allocated;
    if (s->peak_objects > out->peak_live_objects)
        out->peak_live_objects = s->peak_objects;
    if (s->peak_bytes > out->peak_live_bytes)
        out->peak_live_bytes = s->peak_bytes;
    if (w->lane == 0) {
        out->live_end_objects = s->live_objects;
        out->live_end_bytes = s->live_bytes;
    }
}

/* Takes over shadow and rules. */
static gcr_status lanes_walk_lane(struct lanes *all, uint32_t lane, struct gcr_shadow *shadow,
                                  struct gcr_rules rules)
{
    struct lanes_walk w = {.all = all,
                           .lane = lane,
                           .shadow = shadow,
                           .rules = rules,
                           .window_length = lanes_window_length(all, shadow)};
    struct gcr_event *events = malloc(LANES_BATCH * sizeof *events);
    struct gcr_cursor *cursor = NULL;
    gcr_status status = events == NULL ? lanes_no_memory(all)
                                       : gcr_cursor_open(all->reader, lane, &cursor, all->err);
    size_t n = 1;

    while (status == GCR_OK && n != 0) {
        status = gcr_cursor_read(cursor, events, LANES_BATCH, &n, all->err);
        for (size_t i = 0; i < n && status == GCR_OK; i++)
            status = lanes_event(&w, &events[i]);
    }
    if (status == GCR_OK)
        status = lanes_close_window(&w);
    if (status == GCR_OK)
        lanes_note_figures(&w);
    if (cursor != NULL)
        gcr_cursor_close(cursor);
    free(events);
    gcr_rules_finish(&w.rules);
    gcr_shadow_destroy(shadow);
    return status;
}

static gcr_status lanes_all_forked(struct lanes *all)
{
    uint32_t lanes = gcr_reader_lane_count(all->reader);

    if (gcr_reader_warning(all->reader) != NULL)
        return GCR_OK;
    for (uint32_t i = 1; i < lanes; i++)
        if (!all->forked[i]) {
            all->out->bad_lane = i;
            return gcr_fail(all->err, GCR_INVALID_TRACE, "lane %" PRIu32 " is forked nowhere", i);
        }
    return GCR_OK;
}

gcr_status gcr_lanes_walk(struct gcr_reader *reader, bool prove, uint32_t window,
                          struct gcr_trace_check *out, struct gcr_error *err)
{
    uint32_t shape_count;
    const struct gcr_shape *shapes = gcr_reader_shapes(reader, &shape_count);
    struct gcr_error own;
    struct lanes all = {.reader = reader,
                        .prove = prove,
                        .window = window,
                        .out = out,
                        .err = err == NULL ? &own : err};
    struct gcr_shadow *shadow;
    struct gcr_rules rules;
    gcr_status status;

    *out = (struct gcr_trace_check){0};
    all.forked = calloc((size_t)gcr_reader_lane_count(reader) + 1, sizeof *all.forked);
    if (all.forked == NULL)
        return lanes_no_memory(&all);
    gcr_rules_init(&rules, gcr_reader_capabilities(reader));
    status = gcr_shadow_create(shapes, shape_count, &shadow, all.err);
    if (status == GCR_OK)
        status = lanes_walk_lane(&all, 0, shadow, rules);
    if (status == GCR_OK)
        status = lanes_all_forked(&all);
    gcr_reach_finish(&all.reach);
    free(all.uses);
    free(all.forked);
    return status;
}
