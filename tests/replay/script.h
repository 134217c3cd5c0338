/* Events in memory, for tests of the replay: lanes are arrays that a test appends to. */
#ifndef GCR_TESTS_REPLAY_SCRIPT_H
#define GCR_TESTS_REPLAY_SCRIPT_H

#include "sim/replay/engine.h"
#include "sim/replay/source.h"

extern const struct gcr_engine gcr_engine_twospace;

/* Shapes of every script. */
enum {
    SHAPE_PAIR = 1,  /* two slots, 8 bytes of data: 24 bytes */
    SHAPE_ARRAY,     /* one slot an item: 8 bytes each */
    SHAPE_FINALIZED, /* one slot, with a finalizer: 8 bytes */
    SHAPE_LIST,      /* resizable, one slot an item */
    SHAPE_BLOB,      /* 64 bytes of data */
    SHAPE_HUGE,      /* items of 64 KiB: lengths make sizes beyond 32 bits */
    SHAPE_COUNT
};
extern const struct gcr_shape script_shapes[SHAPE_COUNT];

enum { SCRIPT_LANES = 8 };

struct script {
    struct gcr_event *events[SCRIPT_LANES];
    size_t count[SCRIPT_LANES], room[SCRIPT_LANES];
    uint32_t lanes;
    void (*on_read)(void); /* called at every read; may be NULL */
    size_t chunk;          /* events a read delivers at most; 0: as many as asked for */
    uint32_t damaged_lane; /* reading it is GCR_BAD_INPUT; 0: none */
    struct gcr_capabilities capabilities;
};

void script_init(struct script *script, uint32_t lanes); /* exact deaths, forks */
void script_free(struct script *script);

void script_add(struct script *script, uint32_t lane, struct gcr_event event);
void script_alloc(struct script *script, uint32_t lane, uint32_t object, uint32_t shape,
                  uint32_t length, uint32_t root);
void script_root(struct script *script, uint32_t lane, uint32_t root, uint32_t value);
void script_store(struct script *script, uint32_t lane, uint32_t object, uint32_t slot,
                  uint32_t value);
void script_death(struct script *script, uint32_t lane, uint32_t object);
void script_collect(struct script *script, uint32_t lane);
void script_fork(struct script *script, uint32_t lane, uint32_t child);
void script_exit(struct script *script, uint32_t lane);

/* n blobs, one after the other, each dead at once; uses thread root 9 and index `object`. */
void script_churn(struct script *script, uint32_t lane, uint32_t object, uint32_t n);

/* Objects 1 .. n, each pointing at the one before; the last is in thread root 0. */
void script_list(struct script *script, uint32_t n);

/* How to run a script; zero: the test collector as it is, unverified. */
struct script_run {
    const struct gcr_engine *engine; /* NULL: gcr_engine_twospace */
    const char *space, *damage;
    uint64_t budget_bytes, supply_fail_after;
    bool final_collection, pace_recorded, cow;
    uint64_t window_bytes;
    gcr_checker_factory *make_checker;
    const struct gcr_counter_system *counters;
    gcr_progress *progress;
    void *progress_arg;
};

gcr_status script_try_replay(const struct script *script, const struct script_run *run,
                             struct gcr_result *result, struct gcr_error *err);
/* Asserts GCR_OK; finish the result. */
void script_replay(const struct script *script, const struct script_run *run,
                   struct gcr_result *result);

#endif
