/* Snapshots: the graph as CPython's collector is about to see it.
 *
 * Taken inside the allocation hook, before the allocation that starts a collection, so nothing can
 * change between the snapshot and the collection. First comes tracking, here; then the candidates
 * are examined (snapshot_examine.c). */
#include "workloads/cpython/snapshot_parts.h"

bool snapshot_init(struct recorder *recorder)
{
    struct snapshot *snapshot = &recorder->snapshot;
    const size_t bytes = (size_t)RECORD_LIMIT * sizeof(uint32_t);
    recorder->mirror.neutral = recorder->neutral;
    snapshot->collects = -1;
    snapshot->candidates.item = recorder_reserve(bytes);
    snapshot->finalizable.item = recorder_reserve(bytes);
    snapshot->changing.item = recorder_reserve(bytes);
    snapshot->looks = recorder_reserve((size_t)RECORD_LIMIT * sizeof *snapshot->looks);
    bool whole = snapshot->candidates.item != NULL && snapshot->finalizable.item != NULL &&
                 snapshot->changing.item != NULL && snapshot->looks != NULL;
    for (int i = 0; i < 4; i++) {
        snapshot->generation[i].item = recorder_reserve(bytes);
        whole = whole && snapshot->generation[i].item != NULL;
    }
    for (int i = 0; i < TIERS; i++) {
        recorder->tiers.member[i].item = recorder_reserve(bytes);
        whole = whole && recorder->tiers.member[i].item != NULL;
    }
    return whole;
}

/* ---- candidates ---- */

/* The record of an object on a collector's list. 0: none can be had. */
static uint32_t snapshot_find(struct recorder *recorder, PyObject *object)
{
    struct mirror *mirror = &recorder->mirror;
    uint32_t prefix = py_prefix(Py_TYPE(object));
    uint64_t block = (uint64_t)(uintptr_t)object - prefix;
    uint32_t found = heap_map_find(&recorder->map, block);
    if (found == 0) {
        /* Allocated before the first hook, or by other means. */
        found = mirror_allocate(mirror, block, (uint32_t)Py_TYPE(object)->tp_basicsize + prefix,
                                GCR_ALLOC_UNCOUNTED);
        mirror_record(mirror, found)->flags |= RECORD_CONTAINER | RECORD_UNCOUNTED;
        heap_map_set(&recorder->map, block, found);
    }
    struct record *record = mirror_record(mirror, found);
    if ((record->flags & RECORD_CONTAINER) == 0) {
        if ((record->flags & RECORD_PENDING) == 0)
            return 0;
        record->flags |= RECORD_CONTAINER;
        mirror_count_up(mirror, found);
    }
    return scan_find(&recorder->scanner, object);
}

/* The replay has it on an older list, CPython on the youngest: it died and was born again on a free
 * list between two hook calls. */
static void snapshot_rebirth(struct recorder *recorder, uint32_t object, PyObject *python)
{
    struct mirror *mirror = &recorder->mirror;
    recorder->counts->unseen_rebirths++;
    mirror_record(mirror, object)->flags |= RECORD_RECYCLED;
    mirror_bury(mirror, object);
    mirror_reallocate(mirror, object, GCR_ALLOC_UNCOUNTED);
    types_settle(&recorder->types, object, types_find(&recorder->types, Py_TYPE(python)));
}

static void snapshot_add_candidate(struct recorder *recorder, PyObject *python, int generation)
{
    struct mirror *mirror = &recorder->mirror;
    uint32_t object = snapshot_find(recorder, python);
    if (object == 0)
        return;
    struct record *record = mirror_record(mirror, object);
    if (generation == 0 && record->generation != GENERATION_NONE && record->generation != 0 &&
        !recorder->neutral)
        snapshot_rebirth(recorder, object, python);
    if (record->generation == GENERATION_NONE && !recorder->neutral)
        mirror_event(mirror, GCR_OP_TRACK, object, 0, 0);
    record->generation = (uint8_t)generation;
    record->epoch = mirror->epoch;
    list_push(&recorder->snapshot.candidates, object);
}

/* What the replay still has on the lists 0 .. generation and CPython has not. */
static void snapshot_untrack_missing(struct recorder *recorder, int generation)
{
    struct mirror *mirror = &recorder->mirror;
    for (int g = 0; g <= generation; g++) {
        struct index_list *list = &recorder->snapshot.generation[g];
        for (uint32_t i = 0; i < list->count; i++) {
            struct record *record = mirror_record(mirror, list->item[i]);
            if (record->kind != RECORD_OBJECT || record->generation != g ||
                record->epoch == mirror->epoch)
                continue;
            mirror_event(mirror, GCR_OP_UNTRACK, list->item[i], 0, 0);
            record->generation = GENERATION_NONE;
        }
        list->count = 0;
    }
}

void snapshot_take(struct recorder *recorder, int generation, bool collects)
{
    struct snapshot *snapshot = &recorder->snapshot;
    struct mirror *mirror = &recorder->mirror;
    mirror->epoch++;
    mirror->unused_roots = mirror->free_roots.count;
    snapshot->candidates.count = 0;
    snapshot->collects = collects ? generation : -1;
    recorder->counts->snapshots++;
    /* CPython appends the younger lists to the oldest one, youngest first. */
    for (int i = -1; i < generation; i++) {
        int list = i < 0 ? generation : i;
        PyGC_Head *head = py_list_head(recorder->gc, list);
        for (PyObject *o = py_list_next(head, NULL); o != NULL; o = py_list_next(head, o))
            snapshot_add_candidate(recorder, o, list);
    }
    if (!recorder->neutral)
        snapshot_untrack_missing(recorder, generation);
    recorder->counts->snapshot_objects += snapshot->candidates.count;
    snapshot_examine(recorder);
    if (recorder->neutral)
        return;
    for (uint32_t i = 0; i < snapshot->candidates.count; i++) {
        uint32_t object = snapshot->candidates.item[i];
        list_push(&snapshot->generation[mirror_record(mirror, object)->generation], object);
    }
}

/* ---- freeze ---- */

static void snapshot_move_list(struct recorder *recorder, int from, int to)
{
    struct index_list *source = &recorder->snapshot.generation[from];
    for (uint32_t i = 0; i < source->count; i++) {
        struct record *record = mirror_record(&recorder->mirror, source->item[i]);
        if (record->kind != RECORD_OBJECT || record->generation != from)
            continue;
        record->generation = (uint8_t)to;
        list_push(&recorder->snapshot.generation[to], source->item[i]);
    }
    source->count = 0;
}

void snapshot_freeze(struct recorder *recorder)
{
    for (int generation = 0; generation < 3; generation++)
        snapshot_move_list(recorder, generation, GENERATION_PERMANENT);
    recorder->mirror.young_count = 0;
}

void snapshot_unfreeze(struct recorder *recorder)
{
    snapshot_move_list(recorder, GENERATION_PERMANENT, 2);
}
