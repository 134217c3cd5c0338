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
#include "workloads/cpython/recorder.h"

enum { INSERT_LIMIT = 1 << 20 };

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

/* ---- 1: the replay's collection ---- */

static bool collection_is_candidate(const struct mirror *mirror, const struct record *record)
{
    return record->kind == RECORD_OBJECT && record->epoch == mirror->epoch &&
           record_is_traced(record);
}

/* Marks REACHED what is reached from the work list within the candidates; returns how many. */
static uint32_t collection_close(struct recorder *recorder)
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

static bool collection_has_root(const struct recorder *recorder, const struct record *record)
{
    (void)recorder;
    return record->root != 0;
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

/* Whether it was unreachable, and not only lost before and living on. */
static bool collection_finds(const struct mirror *mirror, const struct record *record)
{
    return collection_is_candidate(mirror, record) && (record->flags & RECORD_REACHED) == 0 &&
           (!record->garbage || (record->flags & RECORD_DEAD) != 0);
}

/* A root from before the collection on. Its slot has been free since then. */
static void collection_root_before(struct recorder *recorder, uint32_t object)
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

static void collection_keep_resurrected(struct recorder *recorder)
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

/* ---- what CPython counts as collected ---- */

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

static void collection_remove_survivors(struct recorder *recorder)
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

/* Makes the number of objects that the replay will count as collected equal to CPython's. */
static void collection_match_count(struct recorder *recorder, int generation)
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

/* ---- carrying it out ---- */

/* An edge from garbage goes away without an event. `lost`: from what was lost before. */
static void collection_lose_edge(struct recorder *recorder, uint32_t dst, bool lost)
{
    struct mirror *mirror = &recorder->mirror;
    struct record *to = mirror_record(mirror, dst);
    if (recorder->neutral && !lost && to->scratch == 0) {
        to->scratch = 1; /* until now the trace held it */
        list_push(&recorder->reach.marked, dst);
    }
    uint32_t count = to->in_count + (to->root != 0);
    if ((to->flags & RECORD_DEAD) != 0) {
        if (count == 0) {
            to->flags |= RECORD_REPLAY_FREED;
            list_push(&recorder->collection.work, dst);
        }
        return;
    }
    if (to->root != 0 || (to->scratch == 0 && mirror_is_lost(mirror, dst)))
        return;
    bool needed = count == 0;
    bool used = record_refcount(to) > (int64_t)to->in_count;
    if (!record_is_traced(to) || recorder->neutral)
        needed = needed || used;
    if (record_is_traced(to) && (!recorder->neutral || collection_is_candidate(mirror, to)))
        needed = needed || (to->flags & RECORD_REACHED) == 0;
    if (needed)
        collection_root_before(recorder, dst);
    else if (recorder->neutral && (to->flags & RECORD_CONTAINER) != 0)
        list_push(&recorder->collection.left, dst);
}

/* Neutral mode: survivors that lost a holder. Something else leads to them, or they are older and
 * perhaps garbage by now: then they have a root until they are looked at, which is soon. */
static void collection_judge_left(struct recorder *recorder)
{
    const struct index_list *left = &recorder->collection.left;
    for (uint32_t i = 0; i < left->count; i++) {
        struct record *record = mirror_record(&recorder->mirror, left->item[i]);
        if (record->root != 0 || record->garbage || (record->flags & RECORD_REPLAY_FREED) != 0 ||
            reach_is_held(recorder, left->item[i]))
            continue;
        collection_root_before(recorder, left->item[i]);
        if (record->kind != RECORD_OBJECT)
            continue;
        record->tier = 0;
        snapshot_add_young(recorder, left->item[i]);
    }
}

/* Carries out the collection on the mirror: the unreachable, and what falls with them. */
static void collection_free_garbage(struct recorder *recorder)
{
    struct mirror *mirror = &recorder->mirror;
    const struct index_list *candidates = &recorder->snapshot.candidates;
    struct index_list *work = &recorder->collection.work;
    struct index_list *held = &recorder->reach.marked;
    work->count = 0;
    held->count = 0;
    recorder->collection.left.count = 0;
    for (uint32_t i = 0; i < candidates->count; i++) {
        struct record *record = mirror_record(mirror, candidates->item[i]);
        if (!collection_finds(mirror, record))
            continue;
        record->flags |= RECORD_REPLAY_FREED;
        list_push(work, candidates->item[i]);
    }
    for (uint32_t done = 0; done < work->count; done++) {
        struct record *record = mirror_record(mirror, work->item[done]);
        record->seen = 0;
        for (uint32_t i = 0; i < record->edge_count; i++) {
            struct edge *edge = &mirror->edges[record->edges + i];
            uint32_t dst = edge->dst;
            if (dst == 0)
                continue;
            edge_unlink(mirror, record->edges + i);
            edge->dst = 0;
            mirror_record(mirror, dst)->in_count--;
            if (dst != mirror->static_record &&
                (mirror_record(mirror, dst)->flags & RECORD_REPLAY_FREED) == 0)
                collection_lose_edge(recorder, dst, record->garbage != 0);
        }
    }
    while (held->count > 0)
        mirror_record(mirror, held->item[--held->count])->scratch = 0;
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
