/* What of a run goes into a trace for Perfetto, in order of time; perfetto.c writes it. */
#ifndef GCR_SIM_STUDY_PERFETTO_MARKS_H
#define GCR_SIM_STUDY_PERFETTO_MARKS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum perfetto_kind { PERFETTO_PAUSE, PERFETTO_REQUEST_BEGIN, PERFETTO_REQUEST_END, PERFETTO_POINT };

/* A row of a list of a lane, and when it begins or ends. */
struct perfetto_mark {
    uint64_t clock_ns;
    uint32_t lane, row; /* places in "lanes" and in the list */
    enum perfetto_kind kind;
};

struct perfetto_marks {
    struct perfetto_mark *list;
    size_t count, room;
    uint64_t pauses, pauses_left_out, requests, requests_left_out;
};

/* Marks of all lanes by time: at most so many pauses, as many requests, and a quarter as many
 * points (a few more where there are many lanes: each has one). False: no memory. */
bool perfetto_marks_read(const json_t *lanes, size_t limit, struct perfetto_marks *out);
void perfetto_marks_finish(struct perfetto_marks *marks);

#endif
