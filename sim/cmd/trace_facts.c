/* One pass over a trace; see trace_facts.h. */
#include "sim/cmd/trace_facts.h"

#include <stdlib.h>

static void facts_count_object(struct gcr_trace_facts *facts, const struct gcr_shape *shapes,
                               struct gcr_phase_use *phase, uint32_t shape, uint32_t length)
{
    uint64_t bytes = gcr_shape_object_bytes(&shapes[shape], length);
    facts->objects++;
    facts->bytes += bytes;
    phase->objects++;
    phase->bytes += bytes;
    facts->shapes[shape - 1].objects++;
    facts->shapes[shape - 1].bytes += bytes;
}

/* `phases`: the present phase of each lane; a forked lane begins in its parent's. */
static void facts_count(struct gcr_trace_facts *facts, const struct gcr_shape *shapes,
                        uint32_t *phases, uint32_t lane, const struct gcr_event *event)
{
    if (event->op == GCR_OP_PHASE) {
        phases[lane] = event->a;
        facts->phases[event->a].begun++;
    }
    struct gcr_phase_use *phase = &facts->phases[phases[lane]];
    facts->events[event->op]++;
    phase->events++;
    if (event->op == GCR_OP_ALLOC)
        facts_count_object(facts, shapes, phase, event->b, event->d);
    else if (event->op == GCR_OP_PREBUILT)
        facts_count_object(facts, shapes, phase, event->b, event->c);
    else if (event->op == GCR_OP_REQUEST)
        phase->requests += event->flags == GCR_REQUEST_BEGIN;
    else if (event->op == GCR_OP_FORK)
        phases[event->a] = phases[lane];
}

static int facts_by_bytes(const void *left, const void *right)
{
    const struct gcr_shape_use *a = left, *b = right;
    if (a->bytes != b->bytes)
        return a->bytes < b->bytes ? 1 : -1;
    return a->shape < b->shape ? -1 : 1;
}

gcr_status gcr_trace_facts_read(struct gcr_reader *reader, struct gcr_trace_facts *out,
                                struct gcr_error *err)
{
    enum { BATCH = 4096 };
    struct gcr_event *events = calloc(BATCH, sizeof *events);
    uint32_t *phases = calloc(GCR_MAX_LANES, sizeof *phases);
    gcr_status status = GCR_OK;
    *out = (struct gcr_trace_facts){0};
    gcr_reader_name(reader, 1, &out->phase_count);
    const struct gcr_shape *shapes = gcr_reader_shapes(reader, &out->shape_count);
    out->shapes = calloc(out->shape_count + 1, sizeof *out->shapes);
    out->phases = calloc(out->phase_count + 1, sizeof *out->phases);
    if (events == NULL || phases == NULL || out->shapes == NULL || out->phases == NULL)
        status = gcr_fail(err, GCR_NO_MEMORY, "no memory to count events");
    for (uint32_t i = 0; status == GCR_OK && i < out->shape_count; i++)
        out->shapes[i].shape = i + 1;
    for (uint32_t lane = 0; status == GCR_OK && lane < gcr_reader_lane_count(reader); lane++) {
        struct gcr_cursor *cursor = NULL;
        size_t n = 0;
        status = gcr_cursor_open(reader, lane, &cursor, err);
        while (status == GCR_OK &&
               (status = gcr_cursor_read(cursor, events, BATCH, &n, err)) == GCR_OK && n > 0)
            for (size_t i = 0; i < n; i++)
                facts_count(out, shapes, phases, lane, &events[i]);
        gcr_cursor_close(cursor);
    }
    free(events);
    free(phases);
    if (status == GCR_OK)
        qsort(out->shapes, out->shape_count, sizeof *out->shapes, facts_by_bytes);
    else
        gcr_trace_facts_finish(out);
    return status;
}

void gcr_trace_facts_finish(struct gcr_trace_facts *facts)
{
    free(facts->shapes);
    free(facts->phases);
    facts->shapes = NULL;
    facts->phases = NULL;
}
