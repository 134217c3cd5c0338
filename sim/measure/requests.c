/* The log of requests: an array of notes, sorted by request number once, at the end. */
#include "sim/measure/requests.h"

#include <stdlib.h>

static struct gcr_request_note *requests_notes(const struct gcr_request_log *log)
{
    return log->memory.base;
}

bool gcr_requests_reserve(struct gcr_request_log *log)
{
    if (log->room >= GCR_MAX_REQUEST_NOTES)
        return true;
    if (!gcr_growable_reserve(&log->memory, (log->room + 1) * sizeof *requests_notes(log)))
        return false;
    requests_notes(log)[log->room++] = (struct gcr_request_note){0};
    return true;
}

void gcr_requests_note(struct gcr_request_log *log, uint32_t number, bool is_end, uint64_t clock_ns)
{
    if (log->count == log->room) {
        log->dropped += is_end;
        return;
    }
    requests_notes(log)[log->count] =
        (struct gcr_request_note){.clock_ns = clock_ns,
                                  .number = number,
                                  .position = (uint32_t)log->count & (GCR_MAX_REQUEST_NOTES - 1),
                                  .is_end = is_end};
    log->count++;
}

static int requests_compare_notes(const void *left, const void *right)
{
    const struct gcr_request_note *a = left, *b = right;

    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return (a->position > b->position) - (a->position < b->position);
}

static int requests_compare(const void *left, const void *right)
{
    const struct gcr_request *a = left, *b = right;

    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

/* Of notes[0..count) in order of number and time: each beginning with the end that follows it. */
static void requests_pair(const struct gcr_request_note *notes, size_t count,
                          struct gcr_lane_result *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct gcr_request_note *next = &notes[i + 1];

        if (notes[i].is_end)
            continue;
        if (i + 1 == count || next->number != notes[i].number || !next->is_end) {
            out->requests_unfinished++;
            continue;
        }
        out->requests[out->request_count++] = (struct gcr_request){
            .number = next->number, .start_ns = notes[i].clock_ns, .end_ns = next->clock_ns};
    }
}

bool gcr_requests_list(struct gcr_request_log *log, struct gcr_lane_result *out)
{
    out->requests_dropped = log->dropped;
    if (log->count == 0)
        return true;
    /* An end for each beginning: at most half of the notes, and one that has none. */
    out->requests = malloc((log->count / 2 + 1) * sizeof *out->requests);
    if (out->requests == NULL)
        return false;
    qsort(requests_notes(log), log->count, sizeof *requests_notes(log), requests_compare_notes);
    requests_pair(requests_notes(log), log->count, out);
    qsort(out->requests, out->request_count, sizeof *out->requests, requests_compare);
    return true;
}

void gcr_requests_reset(struct gcr_request_log *log)
{
    struct gcr_growable memory = log->memory;

    *log = (struct gcr_request_log){.memory = memory};
}

void gcr_requests_free(struct gcr_request_log *log)
{
    gcr_growable_free(&log->memory);
    *log = (struct gcr_request_log){0};
}
