/* Time events: see marks.h. Cost: a countdown at each allocation, and a reading of the clock in
 * MARKS_LOOK_NS. */
#include <time.h>

#include "workloads/cpython/recorder.h"

static uint64_t marks_now(const struct recorder *recorder)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec - recorder->segment->begun_ns;
}

static void marks_write_time(struct recorder *recorder, uint64_t now_ns)
{
    recorder->marks.time_ns = now_ns;
    channel_append(&recorder->channel, (struct gcr_event){.op = GCR_OP_TIME,
                                                          .a = (uint32_t)now_ns,
                                                          .b = (uint32_t)(now_ns >> 32)});
}

void marks_look(struct recorder *recorder)
{
    struct marks *marks = &recorder->marks;
    const uint64_t now_ns = marks_now(recorder), passed_ns = now_ns - marks->look_ns;
    marks->look_ns = now_ns;
    if (passed_ns / 4 > MARKS_LOOK_NS)
        marks->skip_count /= 4;
    else if (passed_ns < MARKS_LOOK_NS && marks->skip_count < MARKS_MOST_SKIPPED)
        marks->skip_count = 2 * marks->skip_count + 1;
    marks->skipped = marks->skip_count;
    if (now_ns - marks->time_ns >= MARKS_TIME_NS)
        marks_write_time(recorder, now_ns);
}

void marks_write(struct recorder *recorder, struct gcr_event event)
{
    recorder->marks.look_ns = marks_now(recorder);
    marks_write_time(recorder, recorder->marks.look_ns);
    channel_append(&recorder->channel, event);
}
