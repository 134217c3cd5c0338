/* The cache of the generator of that name: its state, and the operations that change it and write
 * what they do, or only count it. */
#ifndef GCR_WORKLOADS_CACHE_H
#define GCR_WORKLOADS_CACHE_H

#include "traces/emit.h"

struct cache {
    uint64_t operations, updates, min, turn, warm, rate, seed;
    uint32_t entries, keys, skew_quarters, threads, processes;
    bool heavy;
};

struct cache_figures {
    uint64_t events; /* of all processes */
    uint64_t objects, bytes, peak_objects, peak_bytes;
    uint64_t most_objects, most_bytes; /* peaks of any joined process */
};

/* Entries by place: 0 is the sentinel. */
struct cache_entry {
    uint32_t object, value; /* indexes */
    uint32_t key, bytes;    /* of the value */
    uint32_t chain;         /* next in the bucket; 0: none */
    uint32_t newer, older;  /* in the order of use */
};

/* One process. */
struct cache_run {
    const struct cache *cache;
    const double *cumulative; /* weights of keys */
    struct emit *emit;        /* NULL: only count */
    struct cache_figures figures;
    uint64_t random;
    struct cache_entry *entry; /* entries + 2: the sentinel, and one while the last one goes */
    uint32_t *bucket;          /* first entry of each of `entries` buckets */
    uint32_t count, free_entry;
    uint32_t table; /* index */
    uint32_t array_shape, entry_shape, value_shape;
    uint32_t thread;
    /* of a parent while its child writes: */
    uint32_t *dead, next;
    size_t dead_count;
};

/* Drawn by the generator's options. */
uint32_t cache_draw_key(const struct cache *cache, const double *cumulative, uint64_t *random);
uint32_t cache_draw_size(const struct cache *cache, uint64_t *random);

static inline bool cache_failed(const struct cache_run *run)
{
    return run->emit != NULL && emit_failed(run->emit);
}

/* Shapes, table and sentinel. */
gcr_status cache_begin(struct cache_run *run, struct gcr_error *err);
void cache_finish(struct cache_run *run);
/* Asks for a key. The number says whose turn it is. O(chain). */
void cache_operation(struct cache_run *run, uint64_t number);
void cache_time(struct cache_run *run, uint64_t ns);
void cache_exit(struct cache_run *run);
/* *child is a copy of the run that writes to `lane`, until it is joined, which counts its events to
 * the parent's. O(entries). */
gcr_status cache_fork(struct cache_run *run, uint32_t lane, struct cache_run *child,
                      struct gcr_error *err);
void cache_join(struct cache_run *run, struct cache_run *child);

#endif
