/* Neutral mode: what a container's root kept in reach of the trace.
 *
 * Known edges are sampled: an object that was examined long ago may have got a reference since that
 * no look has found, from a frame for example, and is in reach of the trace only through its known
 * holders. When they become cyclic garbage it would fall out of reach, though the program still has
 * it. So before a container loses its root, known edges are followed backwards to another root. If
 * there is none, the container is garbage, and everything that it leads to and that has no root is
 * compared with its real count now: what has more references gets a root.
 *
 * Objects become garbage once, so the forward walks are linear altogether. The backward search goes
 * breadth first, because a root is seldom far, and has a budget, so that all searches together are
 * linear as well; when that is spent, the container keeps its root until it is examined again. */
#include "workloads/cpython/recorder.h"

enum {
    REACH_LEAST = 256,       /* objects that any search may visit */
    REACH_PER_ALLOCATION = 8 /* and all together, for each container ever allocated */
};

/* The objects in `work` are marked in their scratch words. */
static void reach_unmark(struct recorder *recorder)
{
    const struct index_list *work = &recorder->collection.work;
    for (uint32_t i = 0; i < work->count; i++)
        mirror_record(&recorder->mirror, work->item[i])->scratch = 0;
}

static bool reach_mark(struct recorder *recorder, uint32_t object)
{
    struct record *record = mirror_record(&recorder->mirror, object);
    if (record->scratch != 0)
        return false;
    record->scratch = 1;
    list_push(&recorder->collection.work, object);
    return true;
}

enum reach { REACH_ROOTED, REACH_NOTHING, REACH_UNKNOWN };

/* Whether known edges lead to the object from one that has a root. */
static enum reach reach_search_back(struct recorder *recorder, uint32_t object)
{
    struct mirror *mirror = &recorder->mirror;
    struct index_list *work = &recorder->collection.work;
    struct tiers *tiers = &recorder->tiers;
    uint64_t limit = REACH_LEAST, allowed = tiers->allocated * REACH_PER_ALLOCATION;
    if (allowed > tiers->searched)
        limit += allowed - tiers->searched;
    enum reach found = REACH_NOTHING;
    work->count = 0;
    reach_mark(recorder, object);
    for (uint32_t i = 0; i < work->count && found == REACH_NOTHING; i++) {
        const struct record *record = mirror_record(mirror, work->item[i]);
        for (uint32_t e = record->in_head; e != 0; e = mirror->edges[e].next) {
            uint32_t src = mirror->edges[e].src;
            if (!reach_mark(recorder, src))
                continue;
            if (mirror_record(mirror, src)->root != 0)
                found = REACH_ROOTED;
            else if (work->count >= limit)
                found = REACH_UNKNOWN;
            if (found != REACH_NOTHING)
                break;
        }
    }
    tiers->searched += work->count;
    reach_unmark(recorder);
    return found;
}

/* Gives a root to all that the object leads to and that is referred to from elsewhere. */
static void reach_root_used(struct recorder *recorder, uint32_t object,
                            void (*root)(struct recorder *recorder, uint32_t object))
{
    struct mirror *mirror = &recorder->mirror;
    struct index_list *work = &recorder->collection.work;
    work->count = 0;
    reach_mark(recorder, object);
    for (uint32_t i = 0; i < work->count; i++) {
        const struct record *record = mirror_record(mirror, work->item[i]);
        for (uint32_t k = 0; k < record->edge_count; k++) {
            uint32_t dst = mirror->edges[record->edges + k].dst;
            const struct record *to = mirror_record(mirror, dst);
            if (dst == 0 || to->kind != RECORD_OBJECT || to->root != 0)
                continue;
            if (record_refcount(to) > (int64_t)to->in_count)
                root(recorder, dst);
            else
                reach_mark(recorder, dst);
        }
    }
    reach_unmark(recorder);
}

static void reach_root(struct recorder *recorder, uint32_t object)
{
    mirror_root(&recorder->mirror, object);
}

bool reach_allows_unrooting(struct recorder *recorder, uint32_t object)
{
    const struct record *record = mirror_record(&recorder->mirror, object);
    if (record->root == 0 || record->edge_count == 0)
        return true;
    enum reach found = reach_search_back(recorder, object);
    if (found == REACH_NOTHING)
        reach_root_used(recorder, object, reach_root);
    return found != REACH_UNKNOWN;
}

void reach_keep_used(struct recorder *recorder, uint32_t object,
                     void (*root)(struct recorder *recorder, uint32_t object))
{
    enum reach found = reach_search_back(recorder, object);
    if (found == REACH_NOTHING)
        reach_root_used(recorder, object, root);
    else if (found == REACH_UNKNOWN)
        root(recorder, object);
}
