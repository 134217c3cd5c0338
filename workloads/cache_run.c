/* What a cache does; see cache.h. Every function that writes an event counts it as well, so that a
 * run without a trace tells how many there will be. */
#include <stdlib.h>
#include <string.h>

#include "base/splitmix.h"
#include "workloads/cache.h"
#include "workloads/parts.h"

enum { SLOT_CHAIN, SLOT_NEWER, SLOT_OLDER, SLOT_VALUE, ENTRY_SLOTS };
enum { KEY_BYTES = 16, ENTRY_BYTES = ENTRY_SLOTS * GCR_SLOT_BYTES + KEY_BYTES };
enum { ROOT_ENTRY, ROOT_VALUE, ROOT_NEW }; /* of each thread */

/* ---- events ---- */

static void cache_born(struct cache_run *run, uint64_t bytes)
{
    struct cache_figures *f = &run->figures;
    f->events++;
    f->objects++;
    f->bytes += bytes;
    if (f->objects > f->peak_objects)
        f->peak_objects = f->objects;
    if (f->bytes > f->peak_bytes)
        f->peak_bytes = f->bytes;
}

static uint32_t cache_alloc(struct cache_run *run, uint32_t shape, uint32_t length, uint64_t bytes,
                            uint32_t root)
{
    cache_born(run, bytes);
    return run->emit != NULL ? emit_alloc(run->emit, shape, length, root) : 0;
}

static void cache_died(struct cache_run *run, uint32_t object, uint64_t bytes)
{
    run->figures.events++;
    run->figures.objects--;
    run->figures.bytes -= bytes;
    if (run->emit != NULL)
        emit_death(run->emit, object);
}

static void cache_store(struct cache_run *run, uint32_t object, uint32_t slot, uint32_t value)
{
    run->figures.events++;
    if (run->emit != NULL)
        emit_store(run->emit, object, slot, value);
}

static void cache_load(struct cache_run *run, uint32_t object, uint32_t slot, uint32_t root)
{
    run->figures.events++;
    if (run->emit != NULL)
        emit_load(run->emit, object, slot, gcr_root_thread(root));
}

static void cache_clear(struct cache_run *run, uint32_t root)
{
    run->figures.events++;
    if (run->emit != NULL)
        emit_root(run->emit, gcr_root_thread(root), 0);
}

static void cache_touch(struct cache_run *run, bool writes, uint32_t object, uint32_t bytes)
{
    run->figures.events++;
    if (run->emit != NULL && writes)
        emit_write(run->emit, object, 0, bytes);
    else if (run->emit != NULL)
        emit_read(run->emit, object, 0, bytes);
}

static void cache_plain(struct cache_run *run, enum gcr_op op, uint32_t operand)
{
    run->figures.events++;
    if (run->emit != NULL)
        emit_plain(run->emit, op, operand);
}

static void cache_request(struct cache_run *run, uint64_t number, enum gcr_request_flag what)
{
    run->figures.events++;
    if (run->emit != NULL)
        emit_request(run->emit, (uint32_t)number, what);
}

void cache_time(struct cache_run *run, uint64_t ns)
{
    run->figures.events++;
    if (run->emit != NULL)
        emit_time(run->emit, ns);
}

void cache_exit(struct cache_run *run)
{
    cache_plain(run, GCR_OP_EXIT, 0);
}

/* ---- the order of use ---- */

static void cache_link(struct cache_run *run, uint32_t newer, uint32_t older)
{
    run->entry[newer].older = older;
    run->entry[older].newer = newer;
    cache_store(run, run->entry[newer].object, SLOT_OLDER, run->entry[older].object);
    cache_store(run, run->entry[older].object, SLOT_NEWER, run->entry[newer].object);
}

static void cache_to_front(struct cache_run *run, uint32_t at)
{
    uint32_t first = run->entry[0].older;
    cache_link(run, at, first);
    cache_link(run, 0, at);
}

/* ---- buckets ---- */

static uint32_t cache_bucket(const struct cache_run *run, uint32_t key)
{
    uint64_t random = gcr_splitmix_mix(key + 1);
    return gcr_splitmix_below(&random, run->cache->entries);
}

/* Follows the chain to the key's entry, or its end; the entry root holds where it came to. */
static uint32_t cache_find(struct cache_run *run, uint32_t key)
{
    uint32_t bucket = cache_bucket(run, key), at = run->bucket[bucket];
    cache_load(run, run->table, bucket, ROOT_ENTRY);
    while (at != 0) {
        cache_touch(run, false, run->entry[at].object, KEY_BYTES);
        if (run->entry[at].key == key)
            return at;
        cache_load(run, run->entry[at].object, SLOT_CHAIN, ROOT_ENTRY);
        at = run->entry[at].chain;
    }
    return 0;
}

static void cache_unchain(struct cache_run *run, uint32_t gone)
{
    uint32_t bucket = cache_bucket(run, run->entry[gone].key), at = run->bucket[bucket];
    uint32_t rest = run->entry[gone].chain;
    if (at == gone) {
        run->bucket[bucket] = rest;
        cache_store(run, run->table, bucket, rest != 0 ? run->entry[rest].object : 0);
        return;
    }
    while (run->entry[at].chain != gone)
        at = run->entry[at].chain;
    run->entry[at].chain = rest;
    cache_store(run, run->entry[at].object, SLOT_CHAIN, rest != 0 ? run->entry[rest].object : 0);
}

/* ---- values and entries ---- */

/* A new value in the value root. */
static void cache_new_value(struct cache_run *run, uint32_t *value, uint32_t *bytes)
{
    *bytes = cache_draw_size(run->cache, &run->random);
    *value = cache_alloc(run, run->value_shape, *bytes, *bytes, gcr_root_thread(ROOT_VALUE));
    cache_touch(run, true, *value, *bytes);
}

static void cache_update(struct cache_run *run, uint32_t at)
{
    struct cache_entry *e = &run->entry[at];
    uint32_t old = e->value, old_bytes = e->bytes;
    cache_new_value(run, &e->value, &e->bytes);
    cache_store(run, e->object, SLOT_VALUE, e->value);
    cache_died(run, old, old_bytes);
}

static void cache_hit(struct cache_run *run, uint32_t at)
{
    if ((gcr_splitmix_next(&run->random) >> 32) < run->cache->updates) {
        cache_update(run, at);
    } else {
        cache_load(run, run->entry[at].object, SLOT_VALUE, ROOT_VALUE);
        cache_touch(run, false, run->entry[at].value, run->entry[at].bytes);
    }
    if (run->entry[0].older != at) {
        cache_link(run, run->entry[at].newer, run->entry[at].older);
        cache_to_front(run, at);
    }
    cache_clear(run, ROOT_VALUE);
    cache_clear(run, ROOT_ENTRY);
}

static void cache_evict(struct cache_run *run)
{
    uint32_t last = run->entry[0].newer;
    struct cache_entry *e = &run->entry[last];
    cache_load(run, run->entry[0].object, SLOT_NEWER, ROOT_ENTRY);
    cache_link(run, e->newer, 0);
    cache_unchain(run, last);
    cache_clear(run, ROOT_ENTRY);
    cache_died(run, e->object, ENTRY_BYTES);
    cache_died(run, e->value, e->bytes);
    run->free_entry = last;
    run->count--;
}

static void cache_miss(struct cache_run *run, uint32_t key)
{
    uint32_t bucket = cache_bucket(run, key);
    uint32_t at = run->free_entry != 0 ? run->free_entry : run->count + 1;
    struct cache_entry *e = &run->entry[at];
    cache_clear(run, ROOT_ENTRY);
    run->free_entry = 0;
    run->count++;
    e->key = key;
    e->chain = run->bucket[bucket];
    cache_new_value(run, &e->value, &e->bytes);
    e->object = cache_alloc(run, run->entry_shape, 0, ENTRY_BYTES, gcr_root_thread(ROOT_NEW));
    cache_touch(run, true, e->object, KEY_BYTES);
    cache_store(run, e->object, SLOT_VALUE, e->value);
    cache_store(run, e->object, SLOT_CHAIN, e->chain != 0 ? run->entry[e->chain].object : 0);
    cache_store(run, run->table, bucket, e->object);
    run->bucket[bucket] = at;
    cache_to_front(run, at);
    cache_clear(run, ROOT_VALUE);
    cache_clear(run, ROOT_NEW);
    if (run->count > run->cache->entries)
        cache_evict(run);
}

void cache_operation(struct cache_run *run, uint64_t number)
{
    uint32_t thread = (uint32_t)(number / run->cache->turn % run->cache->threads);
    uint32_t key = cache_draw_key(run->cache, run->cumulative, &run->random), at;
    if (thread != run->thread)
        cache_plain(run, GCR_OP_THREAD, thread);
    run->thread = thread;
    cache_request(run, number, GCR_REQUEST_BEGIN);
    at = cache_find(run, key);
    if (at != 0)
        cache_hit(run, at);
    else
        cache_miss(run, key);
    cache_request(run, number, GCR_REQUEST_END);
}

/* ---- processes ---- */

static gcr_status cache_no_memory(const struct cache_run *run, struct gcr_error *err)
{
    return gcr_fail(err, GCR_NO_MEMORY, "no memory for a cache of %u entries", run->cache->entries);
}

static void cache_declare(struct cache_run *run)
{
    const struct gcr_shape entry = {.field_bytes = ENTRY_BYTES,
                                    .slots = ENTRY_SLOTS,
                                    .flags = GCR_SHAPE_CONTAINER,
                                    .name = "Entry"};
    const struct gcr_shape value = {.item_bytes = 1, .flags = GCR_SHAPE_ACYCLIC, .name = "Value"};
    run->array_shape = parts_array_shape(run->emit);
    run->entry_shape = emit_shape(run->emit, &entry);
    run->value_shape = emit_shape(run->emit, &value);
}

gcr_status cache_begin(struct cache_run *run, struct gcr_error *err)
{
    uint64_t entries = run->cache->entries;
    run->entry = calloc(entries + 2, sizeof *run->entry);
    run->bucket = calloc(entries, sizeof *run->bucket);
    if (run->entry == NULL || run->bucket == NULL)
        return cache_no_memory(run, err);
    if (run->emit != NULL)
        cache_declare(run);
    run->table = cache_alloc(run, run->array_shape, run->cache->entries, entries * GCR_SLOT_BYTES,
                             gcr_root_global(0));
    run->entry[0].object = cache_alloc(run, run->entry_shape, 0, ENTRY_BYTES, gcr_root_global(1));
    cache_link(run, 0, 0);
    return GCR_OK;
}

void cache_finish(struct cache_run *run)
{
    free(run->entry);
    free(run->bucket);
    free(run->dead);
    run->entry = NULL;
    run->bucket = run->dead = NULL;
}

/* Names that the parent has free, which its child uses and gives back in another order. */
static bool cache_save_names(struct cache_run *run)
{
    struct emit *emit = run->emit;
    if (emit == NULL)
        return true;
    run->next = emit->next;
    run->dead_count = emit->dead_count;
    run->dead = malloc((emit->dead_count + 1) * sizeof *run->dead);
    if (run->dead == NULL)
        return false;
    if (emit->dead_count != 0)
        memcpy(run->dead, emit->dead, emit->dead_count * sizeof *run->dead);
    return true;
}

static void cache_restore_names(struct cache_run *run)
{
    struct emit *emit = run->emit;
    if (emit == NULL)
        return;
    if (run->dead_count != 0) /* there was room for them */
        memcpy(emit->dead, run->dead, run->dead_count * sizeof *run->dead);
    emit->dead_count = run->dead_count;
    emit->next = run->next;
    free(run->dead);
    run->dead = NULL;
}

gcr_status cache_fork(struct cache_run *run, uint32_t lane, struct cache_run *child,
                      struct gcr_error *err)
{
    uint64_t entries = run->cache->entries;
    cache_plain(run, GCR_OP_FORK, lane);
    if (!cache_save_names(run))
        return cache_no_memory(run, err);
    *child = *run;
    child->dead = NULL;
    child->figures.events = 0;
    child->entry = malloc((entries + 2) * sizeof *child->entry);
    child->bucket = malloc(entries * sizeof *child->bucket);
    if (child->entry == NULL || child->bucket == NULL) {
        cache_finish(child);
        return cache_no_memory(run, err);
    }
    memcpy(child->entry, run->entry, (entries + 2) * sizeof *child->entry);
    memcpy(child->bucket, run->bucket, entries * sizeof *child->bucket);
    if (run->emit != NULL)
        run->emit->lane = lane;
    return GCR_OK;
}

void cache_join(struct cache_run *run, struct cache_run *child)
{
    struct cache_figures *own = &run->figures, *joined = &child->figures;
    own->events += joined->events;
    if (joined->peak_objects > own->most_objects)
        own->most_objects = joined->peak_objects;
    if (joined->peak_bytes > own->most_bytes)
        own->most_bytes = joined->peak_bytes;
    cache_finish(child);
    cache_restore_names(run);
    if (run->emit != NULL)
        run->emit->lane = 0;
}
