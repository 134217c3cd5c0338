/* Restating the heap: see restate.h.
 *
 * Order: all objects, each into a root; the collector's lists, while no object has a reference yet;
 * references; weak references; then the roots that the mirror does not have go. So nothing can die
 * and, as a tuple with empty slots stays tracked, the collections that fill the lists untrack
 * nothing. (A dict without values would be untracked by a full collection: those that must go
 * through one hold themselves meanwhile.)
 *
 * The lists. A full collection moves everything tracked to generation 2 and sets the number of its
 * members then (gcmodule.c's long_lived_total); one of generation 1 adds what it moves there to
 * long_lived_pending and one to the counter of generation 2; one of generation 0 fills generation
 * 1. gc.freeze empties all lists into the permanent one and zeroes the counters, gc.unfreeze moves
 * them to generation 2. Objects that died since they were counted are stood in for by some that
 * live only so long. As in CPython, generation 2 has at most total + pending members unless
 * gc.unfreeze has put more there, and then nothing is frozen; and pending with a counter of 0 means
 * that gc.freeze has come since. The order of a list is kept where it was filled at once; else
 * parts follow each other.
 *
 * Events are appended directly: none of them explains a page that the program wrote (sampler.h). */
#include "workloads/cpython/restate.h"

enum { /* in record.scratch */
       MARK_LISTED = 1 << 0,
       MARK_TEMPORARY_ROOT = 1 << 1,
       MARK_HOLDS_ITSELF = 1 << 2,
       MARK_FROZEN = 1 << 3,
       MARK_RESTATED = 1 << 4,
       MARK_FOUND = 1 << 5
};
enum { HELD_SLOT = 1 }; /* of a dict: a value */
#define RESTATE_ALL UINT32_MAX

/* One of the mirror's lists, as far as it has been restated. */
struct restate_list {
    int generation;
    uint32_t next;
};

static void restate_event(struct recorder *recorder, enum gcr_op op, uint32_t a, uint32_t b,
                          uint32_t c)
{
    channel_append(&recorder->channel,
                   (struct gcr_event){.op = (uint8_t)op, .a = a, .b = b, .c = c});
}

bool restate_is_possible(const struct recorder *recorder)
{
    return !recorder->collection.running && !recorder->collection.count_is_due &&
           !recorder->mirror.logging && recorder->snapshot.collects < 0 && recorder->last == 0;
}

/* ---- objects ---- */

static uint32_t restate_shape(const struct recorder *recorder, const struct record *record)
{
    if ((record->flags & RECORD_TYPED) != 0)
        return recorder->types.info[record->type].shape;
    if ((record->flags & RECORD_CONTAINER) != 0)
        return recorder->types.info[TYPE_UNKNOWN_CONTAINER].shape;
    return recorder->mirror.raw_shape;
}

static void restate_alloc(struct recorder *recorder, uint32_t object, uint32_t shape,
                          uint32_t length, unsigned flags)
{
    const struct gcr_event event = {
        .op = GCR_OP_ALLOC,
        .flags = (uint8_t)flags,
        .a = object,
        .b = shape,
        .c = gcr_root_global(mirror_record(&recorder->mirror, object)->root - 1),
        .d = length};
    channel_append(&recorder->channel, event);
}

static void restate_object(struct recorder *recorder, uint32_t object)
{
    struct mirror *mirror = &recorder->mirror;
    struct record *record = mirror_record(mirror, object);
    if (record->root == 0) {
        record->root = mirror_take_root(mirror);
        record->scratch |= MARK_TEMPORARY_ROOT;
    }
    record->scratch |= MARK_RESTATED;
    recorder->counts->restated_objects++;
    restate_alloc(recorder, object, restate_shape(recorder, record), record->length,
                  GCR_ALLOC_UNCOUNTED | GCR_ALLOC_NOTRIGGER);
}

/* All that have all of these marks, and are not restated yet. */
static void restate_objects(struct recorder *recorder, uint32_t marks)
{
    const struct mirror *mirror = &recorder->mirror;
    for (uint32_t object = 1; object < mirror->record_top; object++) {
        if (mirror->records[object].kind == RECORD_OBJECT &&
            (mirror->records[object].scratch & (marks | MARK_RESTATED)) == marks)
            restate_object(recorder, object);
    }
}

static bool restate_is_frozen(const struct recorder *recorder)
{
    return py_list_next(py_list_head(recorder->gc, GENERATION_PERMANENT), NULL) != NULL;
}

/* Without TRACK events a container is tracked from its allocation on: what is frozen comes first.
 */
static void restate_frozen_objects(struct recorder *recorder)
{
    PyGC_Head *head = py_list_head(recorder->gc, GENERATION_PERMANENT);
    for (PyObject *o = py_list_next(head, NULL); o != NULL; o = py_list_next(head, o)) {
        uint64_t block = (uint64_t)(uintptr_t)o - py_prefix(Py_TYPE(o));
        struct record *record =
            mirror_record(&recorder->mirror, heap_map_find(&recorder->map, block));
        if (record->kind == RECORD_OBJECT)
            record->scratch |= MARK_FROZEN;
    }
    restate_objects(recorder, MARK_FROZEN);
    restate_event(recorder, GCR_OP_FREEZE, 0, 0, 0);
}

/* ---- references ---- */

/* The program's own word says whether the target still lives. */
static void restate_weak_target(struct recorder *recorder, uint32_t object)
{
    const struct mirror *mirror = &recorder->mirror;
    const struct record *record = &mirror->records[object];
    const struct type_info *info = &recorder->types.info[record->type];
    if ((record->flags & RECORD_WEAK_KNOWN) == 0 || info->hidden_target < 0)
        return;
    uint64_t raw = *type_word(info, record->block + record->prefix, info->hidden_target);
    if (raw == 0 || py_is_static((const void *)(uintptr_t)raw))
        return;
    uint32_t prefix = py_prefix(Py_TYPE(py_object_at(raw)));
    uint32_t target = heap_map_find(&recorder->map, raw - prefix);
    if (target != 0 && mirror->records[target].kind == RECORD_OBJECT)
        restate_event(recorder, GCR_OP_WEAKREF, object, target, 0);
}

static void restate_references_of(struct recorder *recorder, uint32_t object)
{
    const struct mirror *mirror = &recorder->mirror;
    const struct record *record = &mirror->records[object];
    bool holds_itself = (record->scratch & MARK_HOLDS_ITSELF) != 0;
    for (uint32_t i = 0; i < record->edge_count; i++) {
        const struct edge *edge = &mirror->edges[record->edges + i];
        if (edge->dst == 0)
            continue;
        restate_event(recorder, GCR_OP_STORE, object, edge->slot, edge->dst);
        holds_itself = holds_itself && edge->slot != HELD_SLOT;
    }
    if (holds_itself)
        restate_event(recorder, GCR_OP_STORE, object, HELD_SLOT, 0);
    if ((record->scratch & MARK_HOLDS_ITSELF) != 0 && record->length == 0)
        restate_event(recorder, GCR_OP_RESIZE, object, 0, 0);
    restate_weak_target(recorder, object);
}

/* Of all objects that are restated. */
static void restate_references(struct recorder *recorder)
{
    const struct mirror *mirror = &recorder->mirror;
    for (uint32_t object = 1; object < mirror->record_top; object++) {
        if (mirror->records[object].kind == RECORD_OBJECT &&
            (mirror->records[object].scratch & MARK_RESTATED) != 0)
            restate_references_of(recorder, object);
    }
}

/* The root that the mirror does not have. */
static void restate_unroot(struct recorder *recorder, uint32_t object)
{
    struct mirror *mirror = &recorder->mirror;
    struct record *record = mirror_record(mirror, object);
    if ((record->scratch & MARK_TEMPORARY_ROOT) == 0)
        return;
    restate_event(recorder, GCR_OP_ROOT, gcr_root_global(record->root - 1), 0, 0);
    list_push(&mirror->free_roots, record->root);
    record->root = 0;
    record->scratch &= ~(uint32_t)MARK_TEMPORARY_ROOT;
}

static void restate_finish(struct recorder *recorder)
{
    struct mirror *mirror = &recorder->mirror;
    for (uint32_t object = 1; object < mirror->record_top; object++) {
        if (mirror_record(mirror, object)->kind != RECORD_OBJECT)
            continue;
        restate_unroot(recorder, object);
        if (mirror_record(mirror, object)->scratch != 0) /* after a fork a write costs a page */
            mirror_record(mirror, object)->scratch = 0;
    }
}

/* ---- garbage, in a neutral recording ---- */

/* Cycles that the program has lost lie about there, until CPython's collector finds them. Events
 * may still name them (when they die after all), so they are restated too; but each knot of them by
 * itself, behind everything that lives, so that they never live together. */

/* Takes up an object that is not marked yet. */
static void restate_mark(struct mirror *mirror, struct index_list *work, uint32_t object)
{
    struct record *record = mirror_record(mirror, object);
    if (object == 0 || record->kind != RECORD_OBJECT || (record->scratch & MARK_FOUND) != 0)
        return;
    record->scratch |= MARK_FOUND;
    list_push(work, object);
}

/* Marks everything that is reachable, or frozen, or reachable from that. */
static void restate_find_living(struct recorder *recorder)
{
    struct mirror *mirror = &recorder->mirror;
    struct index_list *work = &recorder->collection.work;
    work->count = 0;
    for (uint32_t object = 1; object < mirror->record_top; object++) {
        const struct record *record = mirror_record(mirror, object);
        if (record->root != 0 || (record->scratch & MARK_RESTATED) != 0)
            restate_mark(mirror, work, object);
    }
    while (work->count > 0) {
        const struct record *record = mirror_record(mirror, work->item[--work->count]);
        for (uint32_t i = 0; i < record->edge_count; i++)
            restate_mark(mirror, work, mirror->edges[record->edges + i].dst);
    }
}

/* Everything that hangs together with a piece of garbage, and is garbage. */
static void restate_knot(struct recorder *recorder, uint32_t garbage)
{
    struct mirror *mirror = &recorder->mirror;
    struct index_list *knot = &recorder->collection.work;
    knot->count = 0;
    restate_mark(mirror, knot, garbage);
    for (uint32_t i = 0; i < knot->count; i++) {
        const struct record *record = mirror_record(mirror, knot->item[i]);
        for (uint32_t k = 0; k < record->edge_count; k++)
            restate_mark(mirror, knot, mirror->edges[record->edges + k].dst);
        for (uint32_t e = record->in_head; e != 0; e = mirror->edges[e].next)
            restate_mark(mirror, knot, mirror->edges[e].src);
        restate_object(recorder, knot->item[i]);
    }
    for (uint32_t i = 0; i < knot->count; i++)
        restate_references_of(recorder, knot->item[i]);
    for (uint32_t i = 0; i < knot->count; i++)
        restate_unroot(recorder, knot->item[i]);
}

static void restate_garbage(struct recorder *recorder)
{
    const struct mirror *mirror = &recorder->mirror;
    for (uint32_t object = 1; object < mirror->record_top; object++) {
        if (mirror->records[object].kind == RECORD_OBJECT &&
            (mirror->records[object].scratch & MARK_FOUND) == 0)
            restate_knot(recorder, object);
    }
}

/* ---- the collector's lists ---- */

static void restate_hold(struct recorder *recorder, uint32_t object)
{
    struct record *record = mirror_record(&recorder->mirror, object);
    if ((record->flags & RECORD_DICT) == 0)
        return;
    record->scratch |= MARK_HOLDS_ITSELF;
    if (record->length == 0)
        restate_event(recorder, GCR_OP_RESIZE, object, 1, 0);
    restate_event(recorder, GCR_OP_STORE, object, HELD_SLOT, object);
}

/* Tracks up to `most` more objects of a list, to be moved by a collection of generation 2 if
 * `full`. Returns how many there were. */
static uint32_t restate_track(struct recorder *recorder, struct restate_list *list, uint64_t most,
                              bool full)
{
    struct mirror *mirror = &recorder->mirror;
    const struct index_list *members = &recorder->snapshot.generation[list->generation];
    uint32_t tracked = 0;
    for (; list->next < members->count && tracked < most; list->next++) {
        uint32_t object = members->item[list->next];
        struct record *record = mirror_record(mirror, object);
        if (record->kind != RECORD_OBJECT || record->generation != list->generation ||
            (record->scratch & MARK_LISTED) != 0)
            continue;
        record->scratch |= MARK_LISTED;
        if (full)
            restate_hold(recorder, object);
        restate_event(recorder, GCR_OP_TRACK, object, 0, 0);
        tracked++;
    }
    return tracked;
}

/* A container that is none of the program's. */
static uint32_t restate_stand_in(struct recorder *recorder, unsigned flags)
{
    struct mirror *mirror = &recorder->mirror;
    uint32_t object = mirror_park(mirror, 0, 32);
    mirror_record(mirror, object)->root = mirror_take_root(mirror);
    restate_alloc(recorder, object, recorder->types.info[TYPE_UNKNOWN_CONTAINER].shape, 0, flags);
    return object;
}

static void restate_drop_stand_in(struct recorder *recorder, uint32_t object)
{
    struct mirror *mirror = &recorder->mirror;
    uint32_t root = mirror_record(mirror, object)->root;
    restate_event(recorder, GCR_OP_ROOT, gcr_root_global(root - 1), 0, 0);
    restate_event(recorder, GCR_OP_DEATH, object, 0, 0);
    list_push(&mirror->free_roots, root);
    mirror_release_record(mirror, object);
}

/* A collection of `generation` with `members` members: from the list, and stand-ins. */
static void restate_collect(struct recorder *recorder, struct restate_list *list,
                            uint32_t generation, uint64_t members)
{
    struct index_list *stand_ins = &recorder->collection.stand_ins; /* empty between collections */
    uint64_t count = restate_track(recorder, list, members, generation == 2);
    for (; count < members && stand_ins->count < RECORD_LIMIT / 2; count++) {
        uint32_t object = restate_stand_in(recorder, GCR_ALLOC_UNCOUNTED | GCR_ALLOC_NOTRIGGER);
        restate_event(recorder, GCR_OP_TRACK, object, 0, 0);
        list_push(stand_ins, object);
    }
    restate_event(recorder, GCR_OP_COLLECT, generation, 0, 0);
    while (stand_ins->count > 0)
        restate_drop_stand_in(recorder, stand_ins->item[--stand_ins->count]);
}

/* gc.freeze, with what is left of the list. */
static void restate_freeze(struct recorder *recorder, struct restate_list *list)
{
    restate_track(recorder, list, RESTATE_ALL, false);
    restate_event(recorder, GCR_OP_FREEZE, 0, 0, 0);
}

/* The collections of generation 1 since the last of generation 2; together they moved `pending`
 * objects, of which `tracked` are tracked already. */
static void restate_pending(struct recorder *recorder, struct restate_list *list, uint64_t pending,
                            uint64_t tracked)
{
    const int collections = recorder->gc->generations[2].count;
    if (pending > tracked)
        pending -= tracked;
    else
        pending = 0;
    for (int i = 0; i < collections || (i == 0 && pending + tracked > 0); i++)
        restate_collect(recorder, list, 1, i == 0 ? pending : 0);
}

static void restate_old_lists(struct recorder *recorder)
{
    const py_gc *gc = recorder->gc;
    const uint64_t total = (uint64_t)gc->long_lived_total;
    const uint64_t pending = (uint64_t)gc->long_lived_pending;
    struct restate_list old = {.generation = 2}, permanent = {.generation = GENERATION_PERMANENT};
    const bool frozen = restate_is_frozen(recorder);
    const bool frozen_since = gc->generations[2].count == 0 && pending > 0;
    struct restate_list *source = frozen && frozen_since ? &permanent : &old;
    uint64_t tracked = 0;
    if (frozen && !frozen_since)
        restate_freeze(recorder, &permanent);
    if (total > 0)
        restate_collect(recorder, source, 2, total);
    if (frozen && !frozen_since) /* nothing can be moved to generation 2 by gc.unfreeze */
        tracked = restate_track(recorder, &old, RESTATE_ALL, false);
    restate_pending(recorder, source, pending, tracked);
    if (frozen_since || restate_track(recorder, source, 1, false) > 0) {
        restate_freeze(recorder, source);
        if (!frozen)
            restate_event(recorder, GCR_OP_UNFREEZE, 0, 0, 0);
    }
}

static void restate_lists(struct recorder *recorder)
{
    struct restate_list middle = {.generation = 1}, young = {.generation = 0};
    restate_old_lists(recorder);
    const int collections = recorder->gc->generations[1].count;
    uint32_t members = restate_track(recorder, &middle, RESTATE_ALL, false);
    for (int i = 0; i < collections || (i == 0 && members > 0); i++)
        restate_event(recorder, GCR_OP_COLLECT, 0, 0, 0);
    restate_track(recorder, &young, RESTATE_ALL, false);
    for (int i = 0; i < recorder->mirror.young_count; i++) {
        uint32_t object = restate_stand_in(recorder, GCR_ALLOC_NOTRIGGER);
        restate_event(recorder, GCR_OP_RECYCLE, object, 0, 0);
        restate_drop_stand_in(recorder, object);
    }
}

/* ---- all of it ---- */

static void restate_faithful(struct recorder *recorder)
{
    restate_objects(recorder, 0);
    restate_lists(recorder);
    restate_references(recorder);
    restate_finish(recorder);
}

static void restate_neutral(struct recorder *recorder)
{
    if (restate_is_frozen(recorder))
        restate_frozen_objects(recorder);
    restate_find_living(recorder);
    restate_objects(recorder, MARK_FOUND);
    restate_references(recorder);
    restate_garbage(recorder);
    restate_finish(recorder);
    restate_event(recorder, GCR_OP_COLLECT, 2, 0, 0);
}

void restate_write(struct recorder *recorder)
{
    const struct mirror *mirror = &recorder->mirror;
    const uint64_t start = recorder->channel.head;
    restate_event(recorder, GCR_OP_PREBUILT, mirror->static_record, mirror->raw_shape, 0);
    if (recorder->neutral)
        restate_neutral(recorder);
    else
        restate_faithful(recorder);
    if (recorder->enabled >= 0)
        channel_append(&recorder->channel,
                       (struct gcr_event){.op = GCR_OP_GCCONTROL,
                                          .a = recorder->enabled != 0,
                                          .b = (uint32_t)recorder->thresholds[0],
                                          .c = (uint32_t)recorder->thresholds[1],
                                          .d = (uint32_t)recorder->thresholds[2]});
    if (recorder->thread > 1)
        restate_event(recorder, GCR_OP_THREAD, (uint32_t)(recorder->thread - 1), 0, 0);
    recorder->counts->restated_events += recorder->channel.head - start;
}
