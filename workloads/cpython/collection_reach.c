/* What a collection of the candidates would find, and what of it the program has kept: steps 1 and
 * 2 of collection.c. */
#include "workloads/cpython/collection_parts.h"

/* ---- 1: the replay's collection ---- */

uint32_t collection_close(struct recorder *recorder)
{
    uint32_t reached = 0;
    struct mirror *mirror = &recorder->mirror;
    struct index_list *work = &recorder->collection.work;
    while (work->count > 0) {
        const struct record *record = mirror_record(mirror, work->item[--work->count]);
        for (uint32_t i = 0; i < record->edge_count; i++) {
            uint32_t dst = mirror->edges[record->edges + i].dst;
            struct record *to = mirror_record(mirror, dst);
            if (dst == 0 || !collection_is_candidate(mirror, to) ||
                (to->flags & RECORD_REACHED) != 0)
                continue;
            to->flags |= RECORD_REACHED;
            list_push(work, dst);
            reached++;
        }
    }
    return reached;
}

void collection_find_reachable(struct recorder *recorder,
                               bool (*rooted)(const struct recorder *, const struct record *))
{
    struct mirror *mirror = &recorder->mirror;
    const struct index_list *candidates = &recorder->snapshot.candidates;
    struct index_list *work = &recorder->collection.work;
    work->count = 0;
    for (uint32_t i = 0; i < candidates->count; i++) {
        struct record *record = mirror_record(mirror, candidates->item[i]);
        record->scratch = record->in_count + rooted(recorder, record);
    }
    for (uint32_t i = 0; i < candidates->count; i++) {
        const struct record *record = mirror_record(mirror, candidates->item[i]);
        if (!collection_is_candidate(mirror, record))
            continue;
        for (uint32_t e = 0; e < record->edge_count; e++) {
            uint32_t dst = mirror->edges[record->edges + e].dst;
            struct record *to = mirror_record(mirror, dst);
            if (dst != 0 && collection_is_candidate(mirror, to))
                to->scratch--;
        }
    }
    for (uint32_t i = 0; i < candidates->count; i++) {
        uint32_t object = candidates->item[i];
        struct record *record = mirror_record(mirror, object);
        if (record->scratch > 0 && collection_is_candidate(mirror, record) &&
            (record->flags & RECORD_REACHED) == 0) {
            record->flags |= RECORD_REACHED;
            list_push(work, object);
        }
        record->scratch = 0;
    }
    collection_close(recorder);
}

/* ---- 2: what survives for reasons that the replay does not see ---- */

/* An unreachable tuple, list or dict that was not seen dying, or a slice or the like, whose free
 * lists are not mirrored: is it dead, and perhaps born again already? What a finalizer saves is on
 * an older list; what was born since is on the youngest list or, as what is dead, not tracked. */
static bool collection_was_reborn(struct recorder *recorder, uint32_t object)
{
    const struct record *record = mirror_record(&recorder->mirror, object);
    if ((record->flags & RECORD_TYPED) == 0 ||
        !py_type_has_free_list(recorder->types.info[record->type].type))
        return false;
    const PyObject *python = py_object_at(record->block + record->prefix);
    if (!py_is_tracked(python))
        return true;
    PyGC_Head *head = py_list_head(recorder->gc, 0);
    for (PyObject *o = py_list_next(head, NULL); o != NULL; o = py_list_next(head, o)) {
        if (o == python)
            return true;
    }
    return false;
}

/* The old object is dead; the block holds a new one. */
static void collection_note_rebirth(struct recorder *recorder, uint32_t object)
{
    struct mirror *mirror = &recorder->mirror;
    struct record *record = mirror_record(mirror, object);
    if (!recorder->neutral)
        record->flags |= RECORD_RECYCLED;
    collection_note_death(recorder, object);
    uint32_t type = record->type;
    uint32_t fresh = mirror_allocate(mirror, record->block, record->bytes,
                                     recorder->neutral ? 0 : GCR_ALLOC_UNCOUNTED);
    mirror_record(mirror, fresh)->flags |= RECORD_CONTAINER | RECORD_UNCOUNTED;
    types_settle(&recorder->types, fresh, type);
    heap_map_set(&recorder->map, record->block, fresh);
    if (recorder->neutral)
        snapshot_add_young(recorder, fresh);
    recorder->tiers.live++;
    recorder->counts->free_list_births++;
}

void collection_keep_resurrected(struct recorder *recorder)
{
    struct mirror *mirror = &recorder->mirror;
    const struct index_list *candidates = &recorder->snapshot.candidates;
    struct index_list *work = &recorder->collection.work;
    work->count = 0;
    for (uint32_t i = 0; i < candidates->count; i++) {
        uint32_t object = candidates->item[i];
        struct record *record = mirror_record(mirror, object);
        if (!collection_is_candidate(mirror, record) ||
            (record->flags & (RECORD_REACHED | RECORD_DEAD)) != 0)
            continue;
        if (collection_was_reborn(recorder, object)) {
            collection_note_rebirth(recorder, object);
            continue;
        }
        if (record->garbage)
            continue; /* lost before: its block is kept somewhere, or it was found by gc's means */
        recorder->counts->resurrected++;
        finalizers_look(recorder, object);
        collection_root_before(recorder, object);
        record->flags |= RECORD_REACHED;
        list_push(work, object);
    }
    collection_close(recorder);
}
