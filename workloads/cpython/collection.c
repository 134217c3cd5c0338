/* Collections of the recorded runtime.
 *
 * In the replay, a collection happens whole, inside the event that triggers it. In the program it
 * takes a while: finalizers and callbacks run, and the hooks see its frees one by one. So from its
 * beginning to its end the mirror stands still, but for new objects; the frees are noted. At the
 * end
 *
 *  1. the collection is computed on the mirror as the replay will have done it (gcmodule.c's
 *     subtract_refs and move_unreachable, as a reachability question);
 *  2. what came out unreachable but was not freed has been resurrected by a finalizer or a
 * callback, which the replay does not run: such objects get a root *before* the collection, at the
 * place where the snapshot's removals begin and everything is still reachable, and survive in the
 *     replay as they did in the program. The same is done for whatever the garbage alone held, as
 * far as the trace knows, and the program still has;
 *  3. what the program freed and the replay did not is buried explicitly;
 *  4. DEATH is written for all that was freed, and the survivors change generation and tracking.
 *
 * Cost: O(candidates and their references), in the same order as CPython's own collection. */
#include "workloads/cpython/collection_parts.h"

bool collection_init(struct recorder *recorder)
{
    struct collection *collection = &recorder->collection;
    const size_t bytes = (size_t)RECORD_LIMIT * sizeof(uint32_t);
    collection->dead.item = recorder_reserve(bytes);
    collection->fresh.item = recorder_reserve(bytes);
    collection->stand_ins.item = recorder_reserve(bytes);
    collection->left.item = recorder_reserve((size_t)EDGE_LIMIT * sizeof(uint32_t));
    collection->work.item = recorder_reserve((size_t)EDGE_LIMIT * sizeof(uint32_t));
    collection->inserts = recorder_reserve((size_t)INSERT_LIMIT * sizeof *collection->inserts);
    collection->cuts = recorder_reserve((size_t)INSERT_LIMIT * sizeof *collection->cuts);
    return collection->dead.item != NULL && collection->fresh.item != NULL &&
           collection->stand_ins.item != NULL && collection->left.item != NULL &&
           collection->work.item != NULL && collection->inserts != NULL && collection->cuts != NULL;
}

bool collection_is_new(const struct recorder *recorder)
{
    const struct gc_generation_stats *stats = recorder->gc->generation_stats;
    const Py_ssize_t *seen = recorder->collection.seen;
    return stats[0].collections != seen[0] || stats[1].collections != seen[1] ||
           stats[2].collections != seen[2];
}

void collection_begin(struct recorder *recorder, uint64_t trigger)
{
    struct collection *collection = &recorder->collection;
    collection->running = true;
    collection->trigger = trigger;
    collection->cut_count = 0;
    collection->has_snapshot = recorder->snapshot.collects >= 0;
    collection->dead.count = 0;
    collection->fresh.count = 0;
    collection->insert_count = 0;
    recorder->mirror.young_count = 0;
    recorder->mirror.steps.count = 0;
    recorder->mirror.logging = true;
    if (!collection->has_snapshot) {
        recorder->counts->unseen_collections++;
        recorder->snapshot.candidates.count = 0;
    }
}

void collection_note_birth(struct recorder *recorder, uint32_t object)
{
    mirror_record(&recorder->mirror, object)->flags |= RECORD_NEW;
    list_push(&recorder->collection.fresh, object);
}

void collection_note_death(struct recorder *recorder, uint32_t object)
{
    mirror_record(&recorder->mirror, object)->flags |= RECORD_DEAD;
    list_push(&recorder->collection.dead, object);
}

/* ---- events put in before others ---- */

void collection_root_before(struct recorder *recorder, uint32_t object)
{
    struct mirror *mirror = &recorder->mirror;
    struct record *record = mirror_record(mirror, object);
    struct collection *collection = &recorder->collection;
    if (record->root != 0 || record->kind != RECORD_OBJECT || record->garbage)
        return; /* it has one, or was lost before: then it can have none any more */
    record->root = mirror_take_unused_root(mirror);
    struct gcr_event event = {
        .op = GCR_OP_ROOT, .a = gcr_root_global(record->root - 1), .b = object};
    if (collection->insert_count < INSERT_LIMIT)
        collection->inserts[collection->insert_count++] = event;
}

static void collection_note_move(void *arg, uint32_t object, uint64_t position)
{
    struct recorder *recorder = arg;
    mirror_record(&recorder->mirror, object)->event = (uint32_t)position;
}

static void collection_insert(struct recorder *recorder, uint64_t position,
                              const struct gcr_event *events, uint32_t count)
{
    if (count == 0)
        return;
    if (!channel_insert(&recorder->channel, position, events, count, collection_note_move)) {
        recorder->counts->late_insertions += count;
        for (uint32_t i = 0; i < count; i++)
            channel_append(&recorder->channel, events[i]);
        return;
    }
    struct index_list *steps = &recorder->mirror.steps;
    for (uint32_t i = 0; i < steps->count; i++)
        steps->item[i] += steps->item[i] == STEP_DOWN ? 0 : count;
}

/* ---- untracking ---- */

/* gcmodule.c, untrack_tuples: whether the replay untracks this survivor by itself. */
static bool collection_predicts_untracking(const struct mirror *mirror, const struct record *record,
                                           int generation)
{
    bool tuple = (record->flags & RECORD_TUPLE) != 0;
    if (!tuple && ((record->flags & RECORD_DICT) == 0 || generation != 2))
        return false;
    uint32_t items = 0;
    for (uint32_t i = 0; i < record->edge_count; i++) {
        const struct edge *edge = &mirror->edges[record->edges + i];
        const struct record *item = &mirror->records[edge->dst];
        if (edge->dst == 0)
            continue;
        items++;
        if ((item->flags & RECORD_CONTAINER) != 0 &&
            ((item->flags & RECORD_TUPLE) == 0 || record_is_traced(item)))
            return false;
    }
    return !tuple || items == record->length;
}

/* Tuples first, then dicts, as gcmodule.c does. A tuple within a tuple may go in the same pass or
 * in the next, by their order on the list: the replay, whose lists are in CPython's order, does as
 * CPython did, and these events say so to one that does not. */
static void collection_untrack(struct recorder *recorder, int generation, unsigned kind)
{
    struct mirror *mirror = &recorder->mirror;
    const struct index_list *candidates = &recorder->snapshot.candidates;
    for (uint32_t i = 0; i < candidates->count; i++) {
        uint32_t object = candidates->item[i];
        struct record *record = mirror_record(mirror, object);
        if (!collection_is_candidate(mirror, record) || (record->flags & kind) == 0 ||
            (record->flags & RECORD_DEAD) != 0)
            continue;
        bool predicted = collection_predicts_untracking(mirror, record, generation);
        bool tracked = py_is_tracked(py_object_at(record->block + record->prefix));
        if (!tracked && !predicted)
            mirror_event(mirror, GCR_OP_UNTRACK, object, 0, 0);
        if (tracked && predicted)
            mirror_event(mirror, GCR_OP_TRACK, object, 0, 0);
        if (!tracked)
            record->generation = GENERATION_NONE;
    }
}

/* ---- 3 and 4 ---- */

static void collection_bury_dead(struct recorder *recorder)
{
    struct mirror *mirror = &recorder->mirror;
    const struct index_list *dead = &recorder->collection.dead;
    for (uint32_t i = 0; i < dead->count; i++) {
        uint32_t object = dead->item[i];
        struct record *record = mirror_record(mirror, object);
        finalizers_tell(recorder, object);
        if ((record->flags & RECORD_REPLAY_FREED) != 0) {
            mirror_event(mirror, GCR_OP_DEATH, object, 0, 0);
            mirror_forget_holders(mirror, object);
            mirror_forget_edges(mirror, object);
        } else {
            mirror_bury(mirror, object);
        }
        recorder->tiers.live -= (record->flags & RECORD_CONTAINER) != 0;
        mirror_release_record(mirror, object);
    }
}

/* Survivors move to the next list. */
static void collection_promote(struct recorder *recorder, int generation)
{
    struct mirror *mirror = &recorder->mirror;
    struct snapshot *snapshot = &recorder->snapshot;
    const uint8_t next = (uint8_t)(generation < 2 ? generation + 1 : 2);
    for (int g = 0; g <= generation; g++)
        snapshot->generation[g].count = 0;
    for (uint32_t i = 0; i < snapshot->candidates.count; i++) {
        uint32_t object = snapshot->candidates.item[i];
        struct record *record = mirror_record(mirror, object);
        if (record->epoch != mirror->epoch || record->kind != RECORD_OBJECT)
            continue;
        record->flags &= (uint16_t)~RECORD_REACHED;
        record->epoch = 0;
        if (!record_is_traced(record))
            continue;
        if (!py_is_tracked(py_object_at(record->block + record->prefix))) {
            mirror_event(mirror, GCR_OP_UNTRACK, object, 0, 0);
            record->generation = GENERATION_NONE;
            continue;
        }
        record->generation = next;
        list_push(&snapshot->generation[next], object);
    }
}

/* The same in a neutral recording, which does not follow generations. */
static void collection_leave(struct recorder *recorder)
{
    const struct index_list *candidates = &recorder->snapshot.candidates;
    for (uint32_t i = 0; i < candidates->count; i++) {
        struct record *record = mirror_record(&recorder->mirror, candidates->item[i]);
        record->flags &= (uint16_t)~RECORD_REACHED;
        if (record->epoch == recorder->mirror.epoch && record->kind == RECORD_OBJECT &&
            record_is_traced(record) &&
            !py_is_tracked(py_object_at(record->block + record->prefix)))
            record->generation = GENERATION_NONE;
    }
}

/* Which generation was collected, by CPython's statistics; -1: none (gc.collect inside one). */
static int collection_generation(const struct recorder *recorder)
{
    const struct gc_generation_stats *stats = recorder->gc->generation_stats;
    for (int i = 0; i < 3; i++) {
        if (stats[i].collections != recorder->collection.seen[i])
            return i;
    }
    return -1;
}

static void collection_report(struct recorder *recorder, int generation)
{
    struct collection *collection = &recorder->collection;
    const struct gc_generation_stats *stats = &recorder->gc->generation_stats[generation];
    recorder->counts->collections++;
    mirror_event(&recorder->mirror, GCR_OP_COLLECTED, (uint32_t)generation,
                 (uint32_t)(stats->collected - collection->collected[generation]),
                 (uint32_t)(stats->uncollectable - collection->uncollectable[generation]));
    for (int i = 0; i < 3; i++) {
        collection->seen[i] = recorder->gc->generation_stats[i].collections;
        collection->collected[i] = recorder->gc->generation_stats[i].collected;
        collection->uncollectable[i] = recorder->gc->generation_stats[i].uncollectable;
    }
}

static bool collection_has_root(const struct recorder *recorder, const struct record *record)
{
    (void)recorder;
    return record->root != 0;
}

void collection_cancel(struct recorder *recorder)
{
    const struct index_list *candidates = &recorder->snapshot.candidates;
    recorder->collection.insert_count = 0;
    collection_find_reachable(recorder, collection_has_root);
    for (uint32_t i = 0; i < candidates->count; i++) {
        uint32_t object = candidates->item[i];
        struct record *record = mirror_record(&recorder->mirror, object);
        const bool reached = (record->flags & RECORD_REACHED) != 0;
        record->flags &= (uint16_t)~RECORD_REACHED;
        if (!collection_is_candidate(&recorder->mirror, record) || reached || record->garbage)
            continue;
        collection_root_before(recorder, object);
        record->tier = 0;
        snapshot_add_young(recorder, object);
    }
    collection_insert(recorder, recorder->snapshot.position, recorder->collection.inserts,
                      recorder->collection.insert_count);
}

void collection_end(struct recorder *recorder)
{
    struct collection *collection = &recorder->collection;
    int generation = collection_generation(recorder);
    collection->running = false;
    if (recorder->neutral && collection->has_snapshot && generation < 0)
        collection_cancel(recorder);
    if (collection->has_snapshot && generation >= 0) {
        collection_find_reachable(recorder, collection_has_root);
        collection_keep_resurrected(recorder);
        collection_match_count(recorder, generation);
        if (!recorder->neutral) {
            collection_untrack(recorder, generation, RECORD_TUPLE);
            if (generation == 2)
                collection_untrack(recorder, generation, RECORD_DICT);
        }
        collection_free_garbage(recorder);
        collection_judge_left(recorder);
        collection_insert(recorder, collection->trigger, collection->cuts, collection->cut_count);
        collection_insert(recorder, recorder->snapshot.position, collection->inserts,
                          collection->insert_count);
    }
    for (uint32_t i = 0; i < collection->fresh.count; i++)
        mirror_record(&recorder->mirror, collection->fresh.item[i])->flags &= (uint16_t)~RECORD_NEW;
    collection_remove_survivors(recorder);
    collection_bury_dead(recorder);
    if (generation >= 0) {
        if (!recorder->neutral) {
            collection_promote(recorder, generation);
        } else {
            collection_leave(recorder);
        }
        collection_report(recorder, generation);
    }
    recorder->snapshot.collects = -1;
    recorder->snapshot.candidates.count = 0;
    collection->count_is_due = true;
    sampler_discard(recorder);
}
