/* One pass over a trace; see trace_facts.h. */
#include "sim/cmd/trace_facts.h"

#include <stdlib.h>

static void facts_count_object(struct gcr_trace_facts *facts, const struct gcr_shape *shapes,
                               uint32_t shape, uint32_t length)
{
    uint64_t bytes = gcr_shape_object_bytes(&shapes[shape], length);
    facts->objects++;
    facts->bytes += bytes;
    facts->shapes[shape - 1].objects++;
    facts->shapes[shape - 1].bytes += bytes;
}

static void facts_count(struct gcr_trace_facts *facts, const struct gcr_shape *shapes,
                        const struct gcr_event *event)
{
    facts->events[event->op]++;
    if (event->op == GCR_OP_ALLOC)
        facts_count_object(facts, shapes, event->b, event->d);
    else if (event->op == GCR_OP_PREBUILT)
        facts_count_object(facts, shapes, event->b, event->c);
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
    gcr_status status = GCR_OK;
    *out = (struct gcr_trace_facts){0};
    const struct gcr_shape *shapes = gcr_reader_shapes(reader, &out->shape_count);
    out->shapes = calloc(out->shape_count + 1, sizeof *out->shapes);
    if (events == NULL || out->shapes == NULL)
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
                facts_count(out, shapes, &events[i]);
        gcr_cursor_close(cursor);
    }
    free(events);
    if (status == GCR_OK)
        qsort(out->shapes, out->shape_count, sizeof *out->shapes, facts_by_bytes);
    else
        gcr_trace_facts_finish(out);
    return status;
}

void gcr_trace_facts_finish(struct gcr_trace_facts *facts)
{
    free(facts->shapes);
    facts->shapes = NULL;
}
