/* The number that CPython counts as collected.
 *
 * A faithful replay must collect as many objects as CPython did, because the number of survivors
 * decides when generation 2 is next collected. Two things make them differ: members of the garbage
 * that died by counting before CPython counted it, and weak references that died in it. */
#include "workloads/cpython/collection_parts.h"

static void collection_cut(struct recorder *recorder, enum gcr_op op, uint32_t a, uint32_t b,
                           uint32_t c)
{
    struct collection *collection = &recorder->collection;
    if (collection->cut_count < INSERT_LIMIT)
        collection->cuts[collection->cut_count++] =
            (struct gcr_event){.op = (uint8_t)op, .a = a, .b = b, .c = c};
}

/* Members of the garbage that the program no longer had when CPython counted it: their finalizers
 * undid the cycle, as a generator's does, and they died by counting. The replayed collection passes
 * over them, and they are buried after it. Finalizers run first, so these were freed first. */
static void collection_keep_finalized(struct recorder *recorder, int64_t surplus)
{
    struct mirror *mirror = &recorder->mirror;
    const struct index_list *dead = &recorder->collection.dead;
    struct index_list *work = &recorder->collection.work;
    for (uint32_t i = 0; i < dead->count; i++) {
        struct record *record = mirror_record(mirror, dead->item[i]);
        if (collection_is_candidate(mirror, record) && (record->flags & RECORD_REACHED) == 0)
            record->flags |= RECORD_FINALIZED;
    }
    for (uint32_t i = 0; i < dead->count && surplus > 0; i++) {
        struct record *record = mirror_record(mirror, dead->item[i]);
        if ((record->flags & RECORD_FINALIZED) == 0 || (record->flags & RECORD_REACHED) != 0 ||
            record->garbage)
            continue;
        collection_root_before(recorder, dead->item[i]);
        record->flags |= RECORD_REACHED;
        work->count = 0;
        list_push(work, dead->item[i]);
        surplus -= 1 + collection_close(recorder);
    }
    /* Neither do they count among the survivors. */
    for (uint32_t i = 0; i < dead->count && !recorder->neutral; i++) {
        struct record *record = mirror_record(mirror, dead->item[i]);
        if ((record->flags & (RECORD_FINALIZED | RECORD_REACHED)) !=
            (RECORD_FINALIZED | RECORD_REACHED))
            continue;
        collection_cut(recorder, GCR_OP_UNTRACK, dead->item[i], 0, 0);
        record->generation = GENERATION_NONE;
    }
}

/* CPython counts one survivor more than the replay would: an object that exists for this collection
 * only makes up for it. Only the counts of survivors decide when generation 2 is next collected. */
static void collection_add_survivor(struct recorder *recorder)
{
    struct mirror *mirror = &recorder->mirror;
    struct collection *collection = &recorder->collection;
    if (recorder->neutral || collection->cut_count + 2 > INSERT_LIMIT)
        return;
    uint32_t object = mirror_park(mirror, 0, 32);
    mirror_record(mirror, object)->root = mirror_take_unused_root(mirror);
    collection->cuts[collection->cut_count++] =
        (struct gcr_event){.op = GCR_OP_ALLOC,
                           .flags = GCR_ALLOC_UNCOUNTED,
                           .a = object,
                           .b = recorder->types.info[TYPE_UNKNOWN_CONTAINER].shape,
                           .c = gcr_root_global(mirror_record(mirror, object)->root - 1)};
    collection_cut(recorder, GCR_OP_TRACK, object, 0, 0);
    list_push(&collection->stand_ins, object);
}

void collection_remove_survivors(struct recorder *recorder)
{
    struct mirror *mirror = &recorder->mirror;
    struct index_list *stand_ins = &recorder->collection.stand_ins;
    for (uint32_t i = 0; i < stand_ins->count; i++) {
        mirror_event(mirror, GCR_OP_RECYCLE, stand_ins->item[i], 0, 0);
        mirror_unroot(mirror, stand_ins->item[i]);
        mirror_event(mirror, GCR_OP_DEATH, stand_ins->item[i], 0, 0);
        mirror_release_record(mirror, stand_ins->item[i]);
    }
    stand_ins->count = 0;
}

/* Weak references that their own callbacks removed: CPython counts them as collected
 * (handle_weakrefs). Just before the collection they lose every reference but one to themselves,
 * held in the slot of a word that never has one, and so become garbage. */
static void collection_add_weakrefs(struct recorder *recorder, int64_t missing)
{
    struct mirror *mirror = &recorder->mirror;
    struct collection *collection = &recorder->collection;
    for (uint32_t i = 0; i < collection->dead.count && missing > 0; i++) {
        uint32_t object = collection->dead.item[i];
        struct record *record = mirror_record(mirror, object);
        const struct type_info *info = &recorder->types.info[record->type];
        if (!collection_is_candidate(mirror, record) || info->hidden_target < 0 ||
            (record->flags & RECORD_REACHED) == 0 || record->garbage ||
            collection->cut_count + record->in_count + 2 > INSERT_LIMIT)
            continue;
        int32_t hash = type_slot_of_word(info, info->hidden_target + 2);
        collection_cut(recorder, GCR_OP_STORE, object, (uint32_t)hash, object);
        for (uint32_t e = record->in_head; e != 0; e = record->in_head) {
            struct edge *edge = &mirror->edges[e];
            if (!mirror_record(mirror, edge->src)->garbage)
                collection_cut(recorder, GCR_OP_STORE, edge->src, edge->slot, 0);
            edge_unlink(mirror, e);
            edge->dst = 0;
            edge->raw = 0;
            mirror_record(mirror, edge->src)->seen = 0;
            record->in_count--;
        }
        if (record->root != 0) {
            collection_cut(recorder, GCR_OP_ROOT, gcr_root_global(record->root - 1), 0, 0);
            list_push(&mirror->free_roots, record->root);
            record->root = 0;
        }
        record->flags &= (uint16_t)~RECORD_REACHED;
        missing--;
        collection_add_survivor(recorder);
    }
}

void collection_match_count(struct recorder *recorder, int generation)
{
    struct mirror *mirror = &recorder->mirror;
    const struct index_list *candidates = &recorder->snapshot.candidates;
    int64_t garbage = 0;
    for (uint32_t i = 0; i < candidates->count; i++) {
        const struct record *record = mirror_record(mirror, candidates->item[i]);
        garbage += collection_finds(mirror, record);
    }
    int64_t real = recorder->gc->generation_stats[generation].collected -
                   recorder->collection.collected[generation];
    if (garbage > real)
        collection_keep_finalized(recorder, garbage - real);
    else if (garbage < real)
        collection_add_weakrefs(recorder, real - garbage);
}
