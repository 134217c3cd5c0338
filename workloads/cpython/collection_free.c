/* Carrying a collection out on the mirror: the edges of what it frees go away without events. */
#include "workloads/cpython/collection_parts.h"

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

void collection_judge_left(struct recorder *recorder)
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

void collection_free_garbage(struct recorder *recorder)
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
