/* The preload library's entry: allocator hooks, the gc module's functions, fork.
 *
 * Its constructor runs before main. In a process that is CPython 3.11 and that was started by
 * `gcreplay record`, it puts hooks before the allocators of the OBJ and MEM domains, which are only
 * called with the GIL held; in every other process it does nothing. It takes itself out of the
 * environment, so programs that the recorded one executes are left alone.
 *
 * `the_recorder` is the one mutable global: hooks are found through the allocator's context, but
 * constructors, fork handlers and the replaced gc functions are handed nothing. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "workloads/cpython/recorder.h"

struct hook_context {
    struct recorder *recorder;
    PyMemAllocatorEx original;
};

static struct {
    struct recorder recorder;
    struct hook_context object, memory;
    struct py_gc_functions original;
} the_recorder;

/* ---- what happened since the last hook call ---- */

static struct site *hooks_site(struct recorder *recorder, uint64_t address)
{
    uint32_t at = (uint32_t)((address * 0x9e3779b97f4a7c15u) >> 50);
    for (;; at = (at + 1) & (SITE_TABLE - 1)) {
        struct site *site = &recorder->sites[at];
        if (site->address == address)
            return site;
        if (site->address == 0) {
            site->address = address;
            return site;
        }
    }
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
        list_push(&recorder->tiers.member[0], object);
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

/* Brings the mirror up to the present. `freed` as in hooks_settle_last. */
static void hooks_sync(struct recorder *recorder, uint32_t freed)
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
        recorder->snapshot.collects = -1; /* it was not a container after all */
        recorder->channel.hold = GCR_CHANNEL_NO_HOLD;
    }
    free_lists_sync(recorder);
    if (recorder->collection.running && !recorder->gc->collecting)
        collection_end(recorder);
    hooks_note_control(recorder);
    hooks_note_thread(recorder);
}

/* The same at a place where nothing is being freed, so that CPython's counter is exact. */
static void hooks_sync_count(struct recorder *recorder)
{
    hooks_sync(recorder, 0);
    if (recorder->collection.count_is_due && !recorder->collection.running)
        collection_settle_count(recorder);
}

/* ---- recording on and off ---- */

static void hooks_stop(struct recorder *recorder, const char *reason)
{
    recorder->on = false;
    channel_stop(&recorder->channel, reason);
}

/* May this call be recorded? Ends the recording when the interpreter ends. */
static bool hooks_enter(struct recorder *recorder)
{
    if (!recorder->on || recorder->inside)
        return false;
    recorder->inside = true;
    if (GCR_UNLIKELY(py_is_finalizing())) {
        hooks_sync(recorder, 0);
        hooks_stop(recorder, NULL);
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

static inline void hooks_leave(struct recorder *recorder)
{
    recorder->inside = false;
}

/* ---- allocation ---- */

/* Neutral mode: CPython's own collections are held off, except one at a time when much has grown.
 */
static void hooks_hold_off(struct recorder *recorder)
{
    py_gc *gc = recorder->gc;
    struct tiers *tiers = &recorder->tiers;
    if (tiers->live < tiers->collect_at) {
        gc->generations[0].count = 0;
        recorder->mirror.young_count = 0;
        return;
    }
    gc->generations[2].count = gc->generations[2].threshold + 1;
    gc->long_lived_pending = gc->long_lived_total;
    tiers->collect_at = tiers->live * 2;
    recorder->counts->own_collections++;
}

static void hooks_examine_tiers(struct recorder *recorder)
{
    struct tiers *tiers = &recorder->tiers;
    if (tiers->allocated < tiers->due[0])
        return;
    const uint64_t dense = recorder->segment->dense_every;
    unsigned tier = tiers->allocated >= tiers->due[2]   ? 2
                    : tiers->allocated >= tiers->due[1] ? 1
                                                        : 0;
    snapshot_take_tiers(recorder, tier);
    tiers->due[0] = tiers->allocated + dense;
    if (tier >= 1)
        tiers->due[1] = tiers->allocated + 20 * dense;
    if (tier >= 2) /* the old: once for each half of them allocated anew */
        tiers->due[2] = tiers->allocated + 400 * dense + tiers->live / 2;
}

/* Before an allocation: if it can start a collection, the heap is looked at now. Returns the flags
 * of its event. */
static unsigned hooks_before_allocation(struct recorder *recorder, const struct site *site)
{
    hooks_sync_count(recorder);
    if (recorder->collection.running)
        return GCR_ALLOC_NOTRIGGER;
    bool container_site = site->containers > 0;
    bool pending = py_exception_pending();
    if (recorder->neutral && container_site && !pending)
        hooks_examine_tiers(recorder);
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
    if (recorder->neutral) {
        hooks_hold_off(recorder);
        generation = py_predict_trigger(recorder->gc);
        if (generation < 0)
            return 0;
    }
    if (!recorder->neutral)
        collection_correct_count(recorder);
    snapshot_take(recorder, generation, true);
    return 0;
}

static void hooks_after_allocation(struct recorder *recorder, void *block, size_t bytes,
                                   unsigned flags, struct site *site)
{
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
        if (recorder->collection.running && (record->flags & RECORD_NEW) == 0) {
            collection_note_death(recorder, object);
            return;
        }
        mirror_bury(mirror, object);
        recorder->tiers.live -= (record->flags & RECORD_CONTAINER) != 0;
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
    record->block = address;
    record->bytes = (uint32_t)bytes;
    if ((record->flags & RECORD_PENDING) != 0) {
        record->length = record->bytes > 16 ? record->bytes - 16 : 0;
        mirror_alloc_event(mirror, object)->d = record->length;
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

/* ---- the gc module ---- */

static PyObject *hook_gc_collect(PyObject *module, PyObject *const *args, Py_ssize_t nargs,
                                 PyObject *keywords)
{
    struct recorder *recorder = &the_recorder.recorder;
    int generation = -1;
    if (recorder->on && !recorder->gc->collecting)
        generation = py_collect_argument(args, nargs, keywords);
    bool recorded = generation >= 0 && hooks_enter(recorder);
    if (recorded) {
        hooks_sync_count(recorder);
        snapshot_take(recorder, generation, true);
        mirror_event(&recorder->mirror, GCR_OP_COLLECT, (uint32_t)generation, 0, 0);
        collection_begin(recorder, recorder->channel.head - 1);
        hooks_leave(recorder);
    }
    PyObject *result = the_recorder.original.collect(module, args, nargs, keywords);
    if (recorded && hooks_enter(recorder)) {
        hooks_sync(recorder, 0);
        hooks_leave(recorder);
    }
    return result;
}

static PyObject *hook_gc_freeze(PyObject *module, PyObject *ignored)
{
    struct recorder *recorder = &the_recorder.recorder;
    if (recorder->on && hooks_enter(recorder)) {
        hooks_sync_count(recorder);
        snapshot_take(recorder, 2, false);
        mirror_event(&recorder->mirror, GCR_OP_FREEZE, 0, 0, 0);
        snapshot_freeze(recorder);
        hooks_leave(recorder);
    }
    return the_recorder.original.freeze(module, ignored);
}

static PyObject *hook_gc_unfreeze(PyObject *module, PyObject *ignored)
{
    struct recorder *recorder = &the_recorder.recorder;
    if (recorder->on && hooks_enter(recorder)) {
        hooks_sync(recorder, 0);
        mirror_event(&recorder->mirror, GCR_OP_UNFREEZE, 0, 0, 0);
        snapshot_unfreeze(recorder);
        hooks_leave(recorder);
    }
    return the_recorder.original.unfreeze(module, ignored);
}

static const struct py_gc_functions gc_replacements = {hook_gc_collect, hook_gc_freeze,
                                                       hook_gc_unfreeze};

/* ---- fork ---- */

/* The child goes on with a copy of the mirror, in a lane of its own: no event of the parent may be
 * unsettled when they part. */
static void hooks_before_fork(void)
{
    struct recorder *recorder = &the_recorder.recorder;
    recorder->child_ring = NULL;
    if (!recorder->on || !hooks_enter(recorder))
        return;
    hooks_sync_count(recorder);
    if (!recorder->collection.running) {
        if (recorder->neutral)
            snapshot_take_tiers(recorder, 0);
        else
            snapshot_take(recorder, 0, false);
        channel_commit(&recorder->channel, recorder->channel.head);
        recorder->child_ring = channel_reserve(&recorder->channel);
    }
    if (recorder->child_ring == NULL)
        recorder->counts->lost_lanes++;
    hooks_leave(recorder);
}

static void hooks_after_fork_in_parent(void)
{
    struct recorder *recorder = &the_recorder.recorder;
    if (recorder->child_ring == NULL)
        return;
    mirror_event(&recorder->mirror, GCR_OP_FORK, recorder->child_ring->lane, 0, 0);
    channel_commit(&recorder->channel, recorder->channel.head);
    recorder->child_ring = NULL;
}

static void hooks_after_fork_in_child(void)
{
    struct recorder *recorder = &the_recorder.recorder;
    if (recorder->child_ring == NULL) {
        recorder->on = false;
        return;
    }
    if (!channel_start(&recorder->channel, recorder->child_ring)) {
        recorder->on = false; /* it came so late that its lane was closed */
        return;
    }
    recorder->counts = &recorder->child_ring->counts;
    recorder->scanner.counts = recorder->counts;
    recorder->child_ring = NULL;
}

/* ---- start ---- */

static void hooks_settle(void *arg, uint32_t object)
{
    struct recorder *recorder = arg;
    types_settle_block(&recorder->types, object);
}

/* The segment comes as an inherited file descriptor, which the program must not find open. */
static struct gcr_segment *hooks_map_segment(const char *number)
{
    char *end;
    long file = strtol(number, &end, 10);
    if (*end != '\0' || file < 0 || file > INT32_MAX)
        return NULL;
    void *range =
        mmap(NULL, sizeof(struct gcr_segment), PROT_READ | PROT_WRITE, MAP_SHARED, (int)file, 0);
    if (range == MAP_FAILED)
        return NULL;
    struct gcr_segment *segment = range;
    if (segment->magic != GCR_SEGMENT_MAGIC || segment->bytes_of_ring != sizeof(struct gcr_ring)) {
        munmap(range, sizeof(struct gcr_segment));
        return NULL;
    }
    close((int)file);
    return segment;
}

static void hooks_leave_environment(void)
{
    const char *before = getenv(GCR_PRELOAD_VARIABLE);
    if (before != NULL && before[0] != '\0')
        setenv("LD_PRELOAD", before, 1);
    else
        unsetenv("LD_PRELOAD");
    unsetenv(GCR_PRELOAD_VARIABLE);
    unsetenv(GCR_SEGMENT_VARIABLE);
}

static bool hooks_build(struct recorder *recorder, struct gcr_segment *segment)
{
    recorder->segment = segment;
    recorder->neutral = segment->neutral != 0;
    recorder->channel.segment = segment;
    recorder->channel.settle = hooks_settle;
    recorder->channel.arg = recorder;
    recorder->gc = py_gc_state();
    recorder->interpreter = py_interpreter();
    recorder->sites = recorder_reserve(SITE_TABLE * sizeof *recorder->sites);
    recorder->free_lists = recorder_reserve(PY_FREE_LISTS * sizeof *recorder->free_lists);
    recorder->enabled = -1;
    recorder->tiers.collect_at = 200000;
    recorder->tiers.due[1] = 20 * segment->dense_every;
    recorder->tiers.due[2] = 400 * segment->dense_every;
    return recorder->sites != NULL && recorder->free_lists != NULL &&
           heap_map_init(&recorder->map) && mirror_init(&recorder->mirror, &recorder->channel) &&
           types_init(&recorder->types, segment, &recorder->mirror, &recorder->map) &&
           scanner_init(&recorder->scanner, &recorder->mirror, &recorder->types, &recorder->map) &&
           snapshot_init(recorder) && collection_init(recorder);
}

/* Everything static is one immortal object: its slots are not followed, and it keeps a tuple's item
 * from looking empty. */
static void hooks_write_static(struct recorder *recorder)
{
    struct mirror *mirror = &recorder->mirror;
    mirror->static_record = mirror->record_top++;
    mirror->records[mirror->static_record] =
        (struct record){.kind = RECORD_STATIC, .generation = GENERATION_NONE};
    mirror_event(mirror, GCR_OP_PREBUILT, mirror->static_record, mirror->raw_shape, 0);
}

static void hooks_install(struct recorder *recorder)
{
    struct {
        PyMemAllocatorDomain domain;
        struct hook_context *context;
    } const domains[] = {{PYMEM_DOMAIN_OBJ, &the_recorder.object},
                         {PYMEM_DOMAIN_MEM, &the_recorder.memory}};
    for (size_t i = 0; i < GCR_COUNT_OF(domains); i++) {
        struct hook_context *context = domains[i].context;
        context->recorder = recorder;
        PyMem_GetAllocator(domains[i].domain, &context->original);
        PyMemAllocatorEx hooks = {context, hook_malloc, hook_calloc, hook_realloc, hook_free};
        PyMem_SetAllocator(domains[i].domain, &hooks);
    }
    py_wrap_gc_module(&gc_replacements, &the_recorder.original);
    pthread_atfork(hooks_before_fork, hooks_after_fork_in_parent, hooks_after_fork_in_child);
}

GCR_CONSTRUCTOR static void hooks_start(void)
{
    const char *number = getenv(GCR_SEGMENT_VARIABLE);
    enum py_presence presence = py_presence();
    if (number == NULL || presence == PY_ABSENT)
        return;
    struct gcr_segment *segment = hooks_map_segment(number);
    hooks_leave_environment();
    if (segment == NULL || atomic_exchange(&segment->claimed, 1) != 0)
        return;
    strncpy(segment->python_version, Py_GetVersion(), sizeof segment->python_version - 1);
    const char *allocator = getenv("PYTHONMALLOC");
    const char *developer = getenv("PYTHONDEVMODE");
    struct recorder *recorder = &the_recorder.recorder;
    if (presence == PY_OTHER_VERSION)
        atomic_store(&segment->refused, GCR_REFUSED_VERSION);
    else if ((allocator != NULL && allocator[0] != '\0') ||
             (developer != NULL && developer[0] != '\0'))
        atomic_store(&segment->refused, GCR_REFUSED_ALLOCATOR);
    else if (!hooks_build(recorder, segment))
        atomic_store(&segment->refused, GCR_REFUSED_MEMORY);
    if (atomic_load(&segment->refused) != GCR_REFUSED_NOT)
        return;
    struct gcr_ring *ring = channel_reserve(&recorder->channel);
    if (ring == NULL || !channel_start(&recorder->channel, ring))
        return;
    recorder->counts = &ring->counts;
    recorder->scanner.counts = &ring->counts;
    py_find_static_range();
    hooks_write_static(recorder);
    hooks_install(recorder);
    recorder->on = true;
}
