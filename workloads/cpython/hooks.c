/* The allocator hooks, and what can be told at each of their calls: see hooks.h. */
#include "workloads/cpython/hooks.h"

/* ---- what happened since the last hook call ---- */

/* Expected O(1). A table that is nearly full takes no more: what is not in it shares one row. */
static struct site *hooks_site(struct recorder *recorder, uint64_t address)
{
    enum { SITE_PROBES = 64 };
    uint32_t at = (uint32_t)((address * 0x9e3779b97f4a7c15u) >> 50);
    for (unsigned probe = 0; probe < SITE_PROBES; probe++, at = (at + 1) & (SITE_TABLE - 1)) {
        struct site *site = &recorder->sites[at];
        if (site->address == address)
            return site;
        if (site->address == 0) {
            site->address = address;
            return site;
        }
    }
    return &recorder->sites[SITE_TABLE];
}

/* Tells whether the last block has a GC head: then CPython's counter of young containers has moved.
 * `freed`: the block about to be freed (its decrement is done already); 0: none. */
static void hooks_settle_last(struct recorder *recorder, uint32_t freed, bool collected)
{
    uint32_t object = recorder->last;
    if (object == 0)
        return;
    recorder->last = 0;
    struct record *record = mirror_record(&recorder->mirror, object);
    struct site *site = recorder->last_site;
    int count = recorder->gc->generations[0].count;
    bool frees_container = freed != 0 && freed != object &&
                           (mirror_record(&recorder->mirror, freed)->flags & RECORD_CONTAINER) != 0;
    bool likely = site->containers > site->others;
    bool container;
    if (collected)
        container = true;
    else if (freed == object)
        container = likely;
    else if (recorder->last_count == 0 && frees_container)
        container = count >= 1 || likely;
    else
        container = count == recorder->last_count - frees_container + 1;
    if (freed != object && !recorder->collection.running) {
        site->containers += container;
        site->others += !container;
    }
    if (!container || record->kind != RECORD_OBJECT || (record->flags & RECORD_CONTAINER) != 0)
        return;
    types_note_container(&recorder->types, object);
    mirror_count_up(&recorder->mirror, object);
    recorder->counts->containers++;
    recorder->tiers.allocated++;
    recorder->tiers.live++;
    if (recorder->neutral)
        snapshot_add_young(recorder, object);
}

static void hooks_note_control(struct recorder *recorder)
{
    const py_gc *gc = recorder->gc;
    if (gc->enabled == recorder->enabled &&
        gc->generations[0].threshold == recorder->thresholds[0] &&
        gc->generations[1].threshold == recorder->thresholds[1] &&
        gc->generations[2].threshold == recorder->thresholds[2])
        return;
    recorder->enabled = gc->enabled;
    for (int i = 0; i < 3; i++)
        recorder->thresholds[i] = gc->generations[i].threshold;
    channel_append(&recorder->channel, (struct gcr_event){.op = GCR_OP_GCCONTROL,
                                                          .a = gc->enabled != 0,
                                                          .b = (uint32_t)recorder->thresholds[0],
                                                          .c = (uint32_t)recorder->thresholds[1],
                                                          .d = (uint32_t)recorder->thresholds[2]});
}

static void hooks_note_thread(struct recorder *recorder)
{
    uint64_t thread = py_thread_number();
    if (thread == recorder->thread || thread == 0 || thread > GCR_MAX_THREADS)
        return;
    recorder->thread = thread;
    mirror_event(&recorder->mirror, GCR_OP_THREAD, (uint32_t)(thread - 1), 0, 0);
}

void hooks_sync(struct recorder *recorder, uint32_t freed)
{
    bool begins =
        !recorder->collection.running && (recorder->gc->collecting || collection_is_new(recorder));
    uint64_t trigger = recorder->channel.head;
    if (recorder->last != 0)
        trigger -=
            (uint32_t)((uint32_t)trigger - mirror_record(&recorder->mirror, recorder->last)->event);
    hooks_settle_last(recorder, freed, begins);
    if (begins)
        collection_begin(recorder, trigger);
    else if (recorder->snapshot.collects >= 0 && !recorder->collection.running) {
        /* it was not a container after all */
        if (recorder->neutral)
            collection_cancel(recorder);
        recorder->snapshot.collects = -1;
        recorder->channel.hold = GCR_CHANNEL_NO_HOLD;
    }
    free_lists_sync(recorder);
    if (recorder->collection.running && !recorder->gc->collecting)
        collection_end(recorder);
    hooks_note_control(recorder);
    hooks_note_thread(recorder);
}

void hooks_sync_count(struct recorder *recorder)
{
    hooks_sync(recorder, 0);
    if (recorder->collection.count_is_due && !recorder->collection.running)
        collection_settle_count(recorder);
}

/* ---- recording on and off ---- */

void hooks_stop(struct recorder *recorder, const char *reason)
{
    recorder->on = false;
    sampler_stop(recorder);
    channel_stop(&recorder->channel, reason);
}

bool hooks_enter(struct recorder *recorder)
{
    if (!recorder->on || recorder->inside)
        return false;
    recorder->inside = true;
    if (GCR_UNLIKELY(py_is_finalizing())) {
        hooks_sync(recorder, 0);
        sampler_take(recorder);
        hooks_stop(recorder, NULL);
    } else if (GCR_UNLIKELY(py_has_subinterpreter())) {
        /* Its objects have a collector and free lists of their own. */
        hooks_stop(recorder, "the program made a subinterpreter");
    } else if (GCR_UNLIKELY(recorder->mirror.exhausted)) {
        hooks_stop(recorder, "more objects than the recorder has room for");
    } else if (GCR_UNLIKELY(recorder->channel.abandoned)) {
        hooks_stop(recorder, "nobody takes the events any more");
    } else {
        return true;
    }
    recorder->inside = false;
    return false;
}

/* ---- allocation ---- */

/* Containers allocated between two looks at a tier: the older, the more. The oldest also waits
 * until a part of them is allocated anew, so that looking costs so much for each allocation. */
static uint64_t hooks_tier_interval(const struct recorder *recorder, unsigned tier)
{
    static const unsigned looks[TIERS] = {1, 10, 50, 100};
    const uint64_t old = tier == TIERS - 1 ? recorder->tiers.live / 4 : 0;
    return recorder->segment->dense_every * looks[tier] + old;
}

static void hooks_examine_tiers(struct recorder *recorder)
{
    struct tiers *tiers = &recorder->tiers;
    if (tiers->allocated < tiers->due[0])
        return;
    unsigned tier = TIERS - 1;
    while (tiers->allocated < tiers->due[tier])
        tier--;
    snapshot_take_tiers(recorder, tier);
    for (unsigned t = 0; t <= tier; t++)
        tiers->due[t] = tiers->allocated + hooks_tier_interval(recorder, t);
}

/* Before an allocation: if it can start a collection, the heap is looked at now. Returns the flags
 * of its event. */
static unsigned hooks_before_allocation(struct recorder *recorder, const struct site *site)
{
    hooks_sync_count(recorder);
    if (recorder->collection.running)
        return GCR_ALLOC_NOTRIGGER;
    bool container_site = site->containers > 0;
    if (GCR_UNLIKELY(recorder->window.used)) {
        window_look(recorder);
        if (!recorder->on)
            return 0;
    }
    bool pending = py_exception_pending();
    if (recorder->neutral && container_site && !pending)
        hooks_examine_tiers(recorder);
    if (GCR_UNLIKELY(marks_is_due(&recorder->marks)))
        marks_look(recorder);
    if (GCR_UNLIKELY(sampler_is_due(&recorder->sampler, channel_events(&recorder->channel))))
        sampler_take(recorder);
    if (recorder->neutral && pending)
        return GCR_ALLOC_NOTRIGGER;
    int generation = py_predict_trigger(recorder->gc);
    if (generation < 0)
        return recorder->gc->generations[0].count + 1 > recorder->gc->generations[0].threshold &&
                       pending
                   ? GCR_ALLOC_NOTRIGGER
                   : 0;
    if (pending)
        return GCR_ALLOC_NOTRIGGER;
    if (!container_site && site->others > 0)
        return 0;
    if (!recorder->neutral)
        collection_correct_count(recorder);
    snapshot_take(recorder, generation, true);
    sampler_take(recorder);
    return 0;
}

static void hooks_after_allocation(struct recorder *recorder, void *block, size_t bytes,
                                   unsigned flags, struct site *site)
{
    if (GCR_UNLIKELY(!recorder->on))
        return;
    recorder->counts->allocations++;
    if (bytes > UINT32_MAX)
        bytes = UINT32_MAX;
    uint32_t object =
        mirror_allocate(&recorder->mirror, (uint64_t)(uintptr_t)block, (uint32_t)bytes, flags);
    if (!heap_map_set(&recorder->map, (uint64_t)(uintptr_t)block, object))
        recorder->counts->unmapped_blocks++;
    if (recorder->collection.running)
        collection_note_birth(recorder, object);
    recorder->last = object;
    recorder->last_site = site;
    recorder->last_count = recorder->gc->generations[0].count;
}

/* ---- frees ---- */

/* The block of record `object` is about to be freed. */
static void hooks_bury(struct recorder *recorder, uint32_t object)
{
    struct mirror *mirror = &recorder->mirror;
    struct record *record = mirror_record(mirror, object);
    heap_map_set(&recorder->map, record->block, 0);
    if (record->kind == RECORD_OBJECT) {
        recorder->counts->deaths++;
        if ((record->flags & RECORD_PENDING) != 0)
            types_settle_block(&recorder->types, object);
        if ((record->flags & RECORD_TYPED) != 0 && record->bytes >= sizeof(PyHeapTypeObject)) {
            const struct type_info *info = &recorder->types.info[record->type];
            if (info->type != NULL && py_type_is_type(info->type))
                types_forget(&recorder->types, (PyTypeObject *)(uintptr_t)(record->block + 16));
        }
        finalizers_note(recorder, object);
        if (recorder->collection.running && (record->flags & RECORD_NEW) == 0) {
            collection_note_death(recorder, object);
            return;
        }
        finalizers_tell(recorder, object);
        mirror_bury(mirror, object);
        recorder->tiers.live -= (record->flags & RECORD_CONTAINER) != 0;
    } else if (record->kind == RECORD_BODY) {
        mirror_record(mirror, record->in_head)->seen = 0; /* its owner's, or nobody's by now */
        record->in_head = 0;
    }
    mirror_release_record(mirror, object);
}

/* A block moved or changed its size. */
static void hooks_move(struct recorder *recorder, uint32_t object, void *block, size_t bytes)
{
    struct mirror *mirror = &recorder->mirror;
    struct record *record = mirror_record(mirror, object);
    const uint64_t address = (uint64_t)(uintptr_t)block;
    if (bytes > UINT32_MAX)
        bytes = UINT32_MAX;
    heap_map_set(&recorder->map, record->block, 0);
    if (record->kind == RECORD_OBJECT && (record->flags & RECORD_PENDING) == 0) {
        /* An object of a fixed shape does not grow: a new one takes its place. */
        const unsigned container = record->flags & RECORD_CONTAINER;
        if (container != 0)
            record->flags |= RECORD_RECYCLED;
        if (recorder->collection.running && (record->flags & RECORD_NEW) == 0) {
            collection_note_death(recorder, object);
        } else {
            mirror_bury(mirror, object);
            mirror_release_record(mirror, object);
        }
        unsigned flags = container != 0 ? GCR_ALLOC_UNCOUNTED : 0;
        object = mirror_allocate(mirror, address, (uint32_t)bytes, flags);
        record = mirror_record(mirror, object);
        record->flags |= (uint16_t)container;
        if (recorder->collection.running)
            collection_note_birth(recorder, object);
    }
    mirror_note_block(mirror, record->block, record->bytes);
    mirror_note_block(mirror, address, (uint32_t)bytes);
    record->block = address;
    record->bytes = (uint32_t)bytes;
    if ((record->flags & RECORD_PENDING) != 0) {
        record->length = record->bytes > 16 ? record->bytes - 16 : 0;
        mirror_alloc_event(mirror, object)->word[2] = record->length;
        if ((record->flags & RECORD_CONTAINER) != 0)
            types_note_container(&recorder->types, object);
    }
    heap_map_set(&recorder->map, address, object);
}

/* ---- the hooks ---- */

static void *hook_malloc(void *context, size_t bytes)
{
    struct hook_context *hook = context;
    struct recorder *recorder = hook->recorder;
    if (!hooks_enter(recorder))
        return hook->original.malloc(hook->original.ctx, bytes);
    struct site *site = hooks_site(recorder, GCR_RETURN_ADDRESS());
    unsigned flags = hooks_before_allocation(recorder, site);
    void *block = hook->original.malloc(hook->original.ctx, bytes);
    if (block != NULL)
        hooks_after_allocation(recorder, block, bytes, flags, site);
    hooks_leave(recorder);
    return block;
}

static void *hook_calloc(void *context, size_t count, size_t bytes)
{
    struct hook_context *hook = context;
    struct recorder *recorder = hook->recorder;
    if (!hooks_enter(recorder))
        return hook->original.calloc(hook->original.ctx, count, bytes);
    struct site *site = hooks_site(recorder, GCR_RETURN_ADDRESS());
    unsigned flags = hooks_before_allocation(recorder, site);
    void *block = hook->original.calloc(hook->original.ctx, count, bytes);
    if (block != NULL)
        hooks_after_allocation(recorder, block, count * bytes, flags, site);
    hooks_leave(recorder);
    return block;
}

static void *hook_realloc(void *context, void *block, size_t bytes)
{
    struct hook_context *hook = context;
    struct recorder *recorder = hook->recorder;
    if (!hooks_enter(recorder))
        return hook->original.realloc(hook->original.ctx, block, bytes);
    struct site *site = hooks_site(recorder, GCR_RETURN_ADDRESS());
    unsigned flags = 0;
    uint32_t object = 0;
    if (block == NULL) {
        flags = hooks_before_allocation(recorder, site);
    } else {
        hooks_sync(recorder, 0);
        object = heap_map_find(&recorder->map, (uint64_t)(uintptr_t)block);
    }
    void *moved = hook->original.realloc(hook->original.ctx, block, bytes);
    if (moved != NULL && object != 0)
        hooks_move(recorder, object, moved, bytes);
    else if (moved != NULL && block == NULL)
        hooks_after_allocation(recorder, moved, bytes, flags, site);
    hooks_leave(recorder);
    return moved;
}

static void hook_free(void *context, void *block)
{
    struct hook_context *hook = context;
    struct recorder *recorder = hook->recorder;
    if (block != NULL && hooks_enter(recorder)) {
        uint32_t object = heap_map_find(&recorder->map, (uint64_t)(uintptr_t)block);
        GCR_PREFETCH(mirror_record(&recorder->mirror, object));
        hooks_sync(recorder, object);
        if (object != 0)
            hooks_bury(recorder, object);
        hooks_leave(recorder);
    }
    hook->original.free(hook->original.ctx, block);
}

/* ---- start ---- */

void hooks_install(struct recorder *recorder)
{
    struct {
        PyMemAllocatorDomain domain;
        struct hook_context *context;
    } const domains[] = {{PYMEM_DOMAIN_OBJ, &recorder->object_hooks},
                         {PYMEM_DOMAIN_MEM, &recorder->memory_hooks}};
    for (size_t i = 0; i < GCR_COUNT_OF(domains); i++) {
        struct hook_context *context = domains[i].context;
        context->recorder = recorder;
        PyMem_GetAllocator(domains[i].domain, &context->original);
        PyMemAllocatorEx hooks = {context, hook_malloc, hook_calloc, hook_realloc, hook_free};
        PyMem_SetAllocator(domains[i].domain, &hooks);
    }
}
