#include "sim/model/prefetch.h"

#include <string.h>

#include "sim/model/state.h"

enum { LINES_OF_PAGE = 1 << MODEL_LINES_OF_PAGE_SHIFT };

void gcr_model_streams_init(struct gcr_model_streams *streams)
{
    memset(streams, 0, sizeof *streams);
    memset(streams->pages, 0xff, sizeof streams->pages); /* no page */
}

/* The page's stream, or PREFETCH_STREAMS. Without an early end, so that it is done by vectors. */
static uint32_t streams_search(const struct gcr_model_streams *streams, uint64_t page)
{
    uint32_t found = PREFETCH_STREAMS;
    for (uint32_t i = 0; i < PREFETCH_STREAMS; i++)
        if (streams->pages[i] == page)
            found = i;
    return found;
}

static uint32_t streams_oldest(const struct gcr_model_streams *streams)
{
    uint32_t oldest = 0;
    for (uint32_t i = 1; i < PREFETCH_STREAMS; i++)
        if (streams->stamps[i] < streams->stamps[oldest])
            oldest = i;
    return oldest;
}

static struct gcr_model_stream *streams_find(struct gcr_model_streams *streams, uint64_t page)
{
    uint32_t index = streams->recent;
    if (streams->pages[index] != page)
        index = streams_search(streams, page);
    if (index == PREFETCH_STREAMS) {
        index = streams_oldest(streams);
        streams->pages[index] = page;
        streams->streams[index] = (struct gcr_model_stream){.last = -1};
    }
    streams->recent = index;
    streams->stamps[index] = ++streams->clock;
    return &streams->streams[index];
}

static void stream_step(struct gcr_model_stream *stream, int8_t at)
{
    int8_t direction = at > stream->last ? 1 : -1;
    if (direction != stream->direction) {
        stream->direction = direction;
        stream->steps = 0;
        stream->ahead = at;
    }
    if (stream->steps < PREFETCH_STEPS)
        stream->steps++;
    if ((stream->ahead - at) * direction < 0)
        stream->ahead = at;
    stream->last = at;
}

/* As many lines beyond the furthest as the rules let it. */
static int8_t stream_count(const struct gcr_model_stream *stream)
{
    int8_t count = 0;
    while (count < PREFETCH_AT_ONCE) {
        int next = stream->ahead + (count + 1) * stream->direction;
        if (next < 0 || next >= LINES_OF_PAGE ||
            (next - stream->last) * stream->direction > PREFETCH_AHEAD)
            break;
        count++;
    }
    return count;
}

struct gcr_prefetch gcr_model_streams_see(struct gcr_model_streams *streams, uint64_t line)
{
    uint64_t page = line >> MODEL_LINES_OF_PAGE_SHIFT;
    int8_t at = (int8_t)(line & (LINES_OF_PAGE - 1));
    struct gcr_model_stream *stream = streams_find(streams, page);
    struct gcr_prefetch prefetch = {0};

    if (stream->last < 0) { /* new */
        stream->last = stream->ahead = at;
        return prefetch;
    }
    if (at == stream->last)
        return prefetch;
    stream_step(stream, at);
    if (stream->steps < PREFETCH_STEPS)
        return prefetch;
    prefetch.count = stream_count(stream);
    prefetch.direction = stream->direction;
    prefetch.first = line + (uint64_t)(int64_t)(stream->ahead + stream->direction - at);
    stream->ahead = (int8_t)(stream->ahead + prefetch.count * stream->direction);
    return prefetch;
}
