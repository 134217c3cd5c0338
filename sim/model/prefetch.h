/* The stream prefetcher, in the manner of the L2 streamer that Intel describes (64 and IA-32
 * Architectures Optimization Reference Manual, "Data Prefetching", Sandy Bridge and later): it
 * watches the lines that L1 asks L2 for, follows one stream of rising or falling addresses in each
 * of the 32 pages asked for last, and brings up to two lines further at each request, at most 20
 * ahead, never beyond the page. Ours besides: a stream is two steps in one direction, of any width;
 * and the table is searched whole and replaced in LRU order.
 *
 * A prefetched line is looked up in L2, and if it is not there it comes from the LLC or memory like
 * any other, except that no miss is counted: `prefetches` is, and the bytes from memory. */
#ifndef GCR_SIM_MODEL_PREFETCH_H
#define GCR_SIM_MODEL_PREFETCH_H

#include <stdint.h>

#include "sim/model/model.h"

enum {
    PREFETCH_STREAMS = 32,
    PREFETCH_AT_ONCE = 2, /* lines a request */
    PREFETCH_AHEAD = 20,  /* lines */
    PREFETCH_STEPS = 2    /* in one direction, before the first */
};

struct gcr_model_stream {
    int8_t last;      /* line within the page */
    int8_t direction; /* 1, -1; 0: none yet */
    int8_t steps;     /* in this direction, up to PREFETCH_STEPS */
    int8_t ahead;     /* the furthest line asked for */
};

/* By index: each page's own. */
struct gcr_model_streams {
    uint64_t pages[PREFETCH_STREAMS], stamps[PREFETCH_STREAMS];
    struct gcr_model_stream streams[PREFETCH_STREAMS];
    uint64_t clock;
    uint32_t recent; /* the stream of the last request */
};

/* What a request makes the prefetcher ask for: lines first, first + direction ... */
struct gcr_prefetch {
    uint64_t first;
    int8_t direction;
    int8_t count; /* 0 .. PREFETCH_AT_ONCE */
};

void gcr_model_streams_init(struct gcr_model_streams *streams);
/* L1 asks L2 for `line`. O(streams). */
struct gcr_prefetch gcr_model_streams_see(struct gcr_model_streams *streams, uint64_t line);

#endif
