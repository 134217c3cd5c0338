#include "sim/study/perfetto_marks.h"

#include <stdlib.h>

#include "sim/study/result_list.h"

static bool marks_add(struct perfetto_marks *marks, const struct perfetto_mark *mark)
{
    if (marks->count == marks->room) {
        size_t room = marks->room * 2 + 256;
        struct perfetto_mark *list = realloc(marks->list, room * sizeof *list);
        if (list == NULL)
            return false;
        marks->list = list;
        marks->room = room;
    }
    marks->list[marks->count++] = *mark;
    return true;
}

/* ---- the longest ---- */

/* Which lengths are among the longest: all above the threshold, and the first so many of those
 * equal to it. */
struct marks_choice {
    uint64_t threshold_ns;
    size_t equal;
    uint64_t left_out;
};

/* A list with lengths: of pauses, or of requests. */
struct marks_source {
    const char *list, *start, *end, *length; /* end and length: one of them is NULL */
};
static const struct marks_source marks_pauses = {"pauses.list", "start_ns", NULL, "length_ns"};
static const struct marks_source marks_requests = {"requests", "start_ns", "end_ns", NULL};

/* The rows of one lane, with start and length of each. */
struct marks_rows {
    struct gcr_result_list list;
    size_t start, end, length;
};

static struct marks_rows marks_open(const json_t *lane, const struct marks_source *source)
{
    struct marks_rows rows = {.list = gcr_result_list(lane, source->list)};
    rows.start = gcr_result_list_column(&rows.list, source->start);
    rows.end = source->end != NULL ? gcr_result_list_column(&rows.list, source->end) : SIZE_MAX;
    rows.length =
        source->length != NULL ? gcr_result_list_column(&rows.list, source->length) : SIZE_MAX;
    return rows;
}

static uint64_t marks_length(const struct marks_rows *rows, size_t row)
{
    if (rows->length != SIZE_MAX)
        return gcr_result_list_count(&rows->list, row, rows->length);
    uint64_t start_ns = gcr_result_list_count(&rows->list, row, rows->start);
    uint64_t end_ns = gcr_result_list_count(&rows->list, row, rows->end);
    return end_ns > start_ns ? end_ns - start_ns : 0;
}

static int marks_compare_lengths(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a < b) - (a > b); /* longest first */
}

/* False: no memory. */
static bool marks_choose(const json_t *lanes, const struct marks_source *source, size_t limit,
                         struct marks_choice *out)
{
    size_t count = 0, room = 0;
    *out = (struct marks_choice){.equal = SIZE_MAX};
    for (size_t i = 0; i < json_array_size(lanes); i++)
        room += gcr_result_list(json_array_get(lanes, i), source->list).count;
    if (room <= limit)
        return true;
    uint64_t *length_ns = malloc(room * sizeof *length_ns);
    if (length_ns == NULL)
        return false;
    for (size_t i = 0; i < json_array_size(lanes); i++) {
        struct marks_rows rows = marks_open(json_array_get(lanes, i), source);
        for (size_t row = 0; row < rows.list.count; row++)
            length_ns[count++] = marks_length(&rows, row);
    }
    qsort(length_ns, count, sizeof *length_ns, marks_compare_lengths);
    out->threshold_ns = length_ns[limit - 1];
    out->equal = 0;
    while (out->equal < limit && length_ns[limit - 1 - out->equal] == out->threshold_ns)
        out->equal++;
    out->left_out = room - limit;
    free(length_ns);
    return true;
}

static bool marks_takes(struct marks_choice *choice, uint64_t length_ns)
{
    if (length_ns != choice->threshold_ns)
        return length_ns > choice->threshold_ns;
    return choice->equal > 0 && choice->equal-- > 0;
}

static bool marks_add_pauses(const json_t *lanes, size_t limit, struct perfetto_marks *out)
{
    struct marks_choice choice;
    if (!marks_choose(lanes, &marks_pauses, limit, &choice))
        return false;
    out->pauses_left_out = choice.left_out;
    for (size_t i = 0; i < json_array_size(lanes); i++) {
        struct marks_rows rows = marks_open(json_array_get(lanes, i), &marks_pauses);
        for (size_t row = 0; row < rows.list.count; row++) {
            struct perfetto_mark mark = {.clock_ns =
                                             gcr_result_list_count(&rows.list, row, rows.start),
                                         .lane = (uint32_t)i,
                                         .row = (uint32_t)row,
                                         .kind = PERFETTO_PAUSE};
            if (!marks_takes(&choice, marks_length(&rows, row)))
                continue;
            if (!marks_add(out, &mark))
                return false;
            out->pauses++;
        }
    }
    return true;
}

static bool marks_add_requests(const json_t *lanes, size_t limit, struct perfetto_marks *out)
{
    struct marks_choice choice;
    if (!marks_choose(lanes, &marks_requests, limit, &choice))
        return false;
    out->requests_left_out = choice.left_out;
    for (size_t i = 0; i < json_array_size(lanes); i++) {
        struct marks_rows rows = marks_open(json_array_get(lanes, i), &marks_requests);
        for (size_t row = 0; row < rows.list.count; row++) {
            uint64_t length_ns = marks_length(&rows, row);
            struct perfetto_mark mark = {.clock_ns =
                                             gcr_result_list_count(&rows.list, row, rows.start),
                                         .lane = (uint32_t)i,
                                         .row = (uint32_t)row,
                                         .kind = PERFETTO_REQUEST_BEGIN};
            if (!marks_takes(&choice, length_ns))
                continue;
            if (!marks_add(out, &mark))
                return false;
            mark.kind = PERFETTO_REQUEST_END;
            mark.clock_ns += length_ns;
            if (!marks_add(out, &mark))
                return false;
            out->requests++;
        }
    }
    return true;
}

/* ---- points ---- */

/* Of each stretch of points the highest, so that peaks stay. */
static bool marks_add_points(const json_t *lanes, size_t limit, struct perfetto_marks *out)
{
    size_t all = 0;
    for (size_t i = 0; i < json_array_size(lanes); i++)
        all += gcr_result_list(json_array_get(lanes, i), "footprint_series").count;
    size_t stretch = (all + limit - 1) / limit;
    for (size_t i = 0; i < json_array_size(lanes); i++) {
        struct gcr_result_list list = gcr_result_list(json_array_get(lanes, i), "footprint_series");
        size_t clock = gcr_result_list_column(&list, "clock_ns");
        size_t bytes = gcr_result_list_column(&list, "footprint_bytes");
        for (size_t from = 0; from < list.count; from += stretch) {
            size_t highest = from;
            for (size_t row = from; row < from + stretch && row < list.count; row++)
                if (gcr_result_list_count(&list, row, bytes) >
                    gcr_result_list_count(&list, highest, bytes))
                    highest = row;
            struct perfetto_mark mark = {.clock_ns = gcr_result_list_count(&list, highest, clock),
                                         .lane = (uint32_t)i,
                                         .row = (uint32_t)highest,
                                         .kind = PERFETTO_POINT};
            if (!marks_add(out, &mark))
                return false;
        }
    }
    return true;
}

/* ---- all ---- */

/* By time; what begins before what ends, and lists in their own order. */
static int marks_compare(const void *left, const void *right)
{
    const struct perfetto_mark *a = left, *b = right;
    if (a->clock_ns != b->clock_ns)
        return a->clock_ns < b->clock_ns ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->lane != b->lane)
        return a->lane < b->lane ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

bool perfetto_marks_read(const json_t *lanes, size_t limit, struct perfetto_marks *out)
{
    *out = (struct perfetto_marks){0};
    if (!marks_add_pauses(lanes, limit, out) || !marks_add_requests(lanes, limit, out) ||
        !marks_add_points(lanes, limit / 4 + 1, out)) {
        perfetto_marks_finish(out);
        return false;
    }
    if (out->count > 0)
        qsort(out->list, out->count, sizeof *out->list, marks_compare);
    return true;
}

void perfetto_marks_finish(struct perfetto_marks *marks)
{
    free(marks->list);
    *marks = (struct perfetto_marks){0};
}
