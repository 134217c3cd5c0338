/* Neutral mode: what a container's root kept in reach of the trace.
 *
 * Known edges are sampled: a holder that was examined long ago may have changed since. While it is
 * in reach of the trace that does no harm, because the look that finds the change protects what the
 * holder lost. Once it is out of reach nothing can be written about it any more. So before a
 * container loses its root, known edges are followed backwards to another root. If there is none,
 * the container and what only it leads to would be lost. Those are examined now, all of them: their
 * references are brought up to date, and each one's real count is compared with what is known. Only
 * if every reference to every one of them comes from within, which is CPython's own criterion
 * (gcmodule.c, subtract_refs), they are garbage, will not change any more, and the root goes.
 *
 * Together with mirror_protect this keeps the promise of mirror.h. The backward search goes breadth
 * first, because a root is seldom far, and has a budget, so that all searches together are linear
 * in the number of containers ever allocated; when it is spent, the container keeps its root until
 * it is examined again. */
#include "workloads/cpython/recorder.h"

enum {
    REACH_LEAST = 256,        /* objects that any search may visit */
    REACH_PER_ALLOCATION = 8, /* and all together, for each container ever allocated */
    REACH_ROUNDS = 4          /* examinations of one container's surroundings */
};

enum reach { REACH_ROOTED, REACH_NOTHING, REACH_UNKNOWN };

/* In the scratch word, while objects are looked for. */
enum reach_mark {
    MARK_NONE,
    MARK_VISITED,  /* by the backward search under way */
    MARK_ROOTLESS, /* nothing rooted leads to it */
    MARK_LOST,     /* the same, and the container in question leads to it */
    MARK_HELD      /* something else that is rooted leads to it */
};

bool reach_init(struct recorder *recorder)
{
    const size_t bytes = (size_t)RECORD_LIMIT * sizeof(uint32_t);
    recorder->reach.marked.item = recorder_reserve(bytes);
    recorder->reach.lost.item = recorder_reserve(bytes);
    return recorder->reach.marked.item != NULL && recorder->reach.lost.item != NULL;
}

static void reach_mark(struct recorder *recorder, uint32_t object, enum reach_mark mark)
{
    struct record *record = mirror_record(&recorder->mirror, object);
    if (record->scratch == MARK_NONE)
        list_push(&recorder->reach.marked, object);
    record->scratch = mark;
}

/* Marks what was marked from entry `first` on; MARK_NONE takes it off the list. */
static void reach_mark_again(struct recorder *recorder, uint32_t first, enum reach_mark mark)
{
    struct index_list *marked = &recorder->reach.marked;
    for (uint32_t i = first; i < marked->count; i++)
        mirror_record(&recorder->mirror, marked->item[i])->scratch = mark;
    if (mark == MARK_NONE)
        marked->count = first;
}

/* Whether known edges lead to `start`, which is not marked, from a root other than its own. */
static enum reach reach_search_back(struct recorder *recorder, uint32_t start)
{
    const struct mirror *mirror = &recorder->mirror;
    const struct index_list *marked = &recorder->reach.marked;
    struct tiers *tiers = &recorder->tiers;
    const uint32_t first = marked->count;
    uint64_t limit = REACH_LEAST, allowed = tiers->allocated * REACH_PER_ALLOCATION;
    if (allowed > tiers->searched)
        limit += allowed - tiers->searched;
    enum reach found = REACH_NOTHING;
    reach_mark(recorder, start, MARK_VISITED);
    for (uint32_t i = first; i < marked->count && found == REACH_NOTHING; i++) {
        const struct record *record = &mirror->records[marked->item[i]];
        for (uint32_t e = record->in_head; e != 0 && found == REACH_NOTHING;
             e = mirror->edges[e].next) {
            const uint32_t src = mirror->edges[e].src;
            const struct record *from = &mirror->records[src];
            if (from->scratch == MARK_HELD)
                found = REACH_ROOTED;
            else if (from->scratch != MARK_NONE)
                continue;
            else if (from->root != 0)
                found = REACH_ROOTED;
            else if (marked->count - first >= limit)
                found = REACH_UNKNOWN;
            else
                reach_mark(recorder, src, MARK_VISITED);
        }
    }
    tiers->searched += marked->count - first;
    reach_mark_again(recorder, first, found == REACH_NOTHING ? MARK_ROOTLESS : MARK_NONE);
    return found;
}

/* Is `dst`, which a lost object refers to, lost as well? What holds no references is on the list
 * without a search: nothing but its count matters. */
static enum reach reach_follow(struct recorder *recorder, uint32_t dst)
{
    const struct record *to = mirror_record(&recorder->mirror, dst);
    if (dst == 0 || to->kind != RECORD_OBJECT || to->root != 0 || to->scratch == MARK_LOST ||
        to->scratch == MARK_HELD)
        return REACH_ROOTED;
    enum reach found = REACH_NOTHING;
    if ((to->flags & RECORD_CONTAINER) != 0 && to->scratch != MARK_ROOTLESS)
        found = reach_search_back(recorder, dst);
    if (found == REACH_ROOTED) {
        reach_mark(recorder, dst, MARK_HELD);
    } else if (found == REACH_NOTHING) {
        reach_mark(recorder, dst, MARK_LOST);
        list_push(&recorder->reach.lost, dst);
    }
    return found;
}

/* Lists in `lost` what would be out of reach without the object's root: nothing if REACH_ROOTED. */
static enum reach reach_find_lost(struct recorder *recorder, uint32_t object)
{
    const struct mirror *mirror = &recorder->mirror;
    struct index_list *lost = &recorder->reach.lost;
    recorder->reach.marked.count = 0;
    lost->count = 0;
    enum reach found = reach_search_back(recorder, object);
    if (found == REACH_NOTHING) {
        reach_mark(recorder, object, MARK_LOST);
        list_push(lost, object);
    }
    for (uint32_t i = 0; i < lost->count && found != REACH_UNKNOWN; i++) {
        const struct record *record = &mirror->records[lost->item[i]];
        for (uint32_t k = 0; k < record->edge_count && found != REACH_UNKNOWN; k++)
            if (reach_follow(recorder, mirror->edges[record->edges + k].dst) == REACH_UNKNOWN)
                found = REACH_UNKNOWN;
    }
    reach_mark_again(recorder, 0, MARK_NONE);
    return found;
}

enum verdict { VERDICT_GARBAGE, VERDICT_CHANGED, VERDICT_USED };

/* Brings the references of what would be lost up to date. */
static enum verdict reach_scan_lost(struct recorder *recorder)
{
    struct mirror *mirror = &recorder->mirror;
    const struct index_list *lost = &recorder->reach.lost;
    const uint64_t head = recorder->channel.head;
    for (uint32_t i = 0; i < lost->count; i++) {
        const struct record *record = mirror_record(mirror, lost->item[i]);
        if ((record->flags & RECORD_CONTAINER) == 0 || record->epoch == mirror->epoch)
            continue;
        if (!snapshot_can_scan(recorder, lost->item[i]) &&
            (record->edge_count > 0 || record->type == TYPE_UNKNOWN_CONTAINER))
            return VERDICT_USED;
    }
    for (uint32_t i = 0; i < lost->count; i++) {
        const struct record *record = mirror_record(mirror, lost->item[i]);
        if ((record->flags & RECORD_CONTAINER) != 0 && record->epoch != mirror->epoch &&
            snapshot_can_scan(recorder, lost->item[i]))
            scan_object(&recorder->scanner, lost->item[i]);
    }
    scan_finish(&recorder->scanner);
    if (recorder->channel.head == head)
        return VERDICT_GARBAGE;
    recorder->reach.scanned++;
    return VERDICT_CHANGED;
}

/* Gives a root to those that something else refers to, or can find without a reference. */
static enum verdict reach_root_used(struct recorder *recorder, uint32_t object)
{
    struct mirror *mirror = &recorder->mirror;
    const struct index_list *lost = &recorder->reach.lost;
    enum verdict verdict = VERDICT_GARBAGE;
    for (uint32_t i = 0; i < lost->count; i++) {
        const struct record *record = mirror_record(mirror, lost->item[i]);
        const int64_t count = record_refcount(record);
        const bool container = (record->flags & RECORD_CONTAINER) != 0;
        if (count == (int64_t)record->in_count && !snapshot_is_found_uncounted(record))
            continue;
        if (count < (int64_t)record->in_count && !container)
            continue; /* a holder that is in reach has changed */
        if (lost->item[i] == object || count < (int64_t)record->in_count)
            return VERDICT_USED;
        mirror_root(mirror, lost->item[i]);
        if (container)
            verdict = VERDICT_CHANGED;
        else
            mirror_touch(mirror, lost->item[i]);
    }
    return verdict;
}

static void reach_note_garbage(struct recorder *recorder)
{
    const struct index_list *lost = &recorder->reach.lost;
    for (uint32_t i = 0; i < lost->count; i++) {
        struct record *record = mirror_record(&recorder->mirror, lost->item[i]);
        record->garbage = (record->flags & RECORD_CONTAINER) != 0;
    }
}

bool reach_allows_unrooting(struct recorder *recorder, uint32_t object)
{
    const struct record *record = mirror_record(&recorder->mirror, object);
    if (record->root == 0 || (record->flags & RECORD_CONTAINER) == 0)
        return true;
    for (unsigned round = 0; round < REACH_ROUNDS; round++) {
        enum reach found = reach_find_lost(recorder, object);
        if (found != REACH_NOTHING)
            return found == REACH_ROOTED;
        enum verdict verdict = reach_scan_lost(recorder);
        if (verdict == VERDICT_GARBAGE)
            verdict = reach_root_used(recorder, object);
        if (verdict == VERDICT_GARBAGE)
            reach_note_garbage(recorder);
        if (verdict != VERDICT_CHANGED)
            return verdict == VERDICT_GARBAGE;
    }
    return false;
}

bool reach_is_held(struct recorder *recorder, uint32_t object)
{
    recorder->reach.marked.count = 0;
    enum reach found = reach_search_back(recorder, object);
    reach_mark_again(recorder, 0, MARK_NONE);
    return found == REACH_ROOTED;
}
