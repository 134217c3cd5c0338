/* Examining the candidates of a snapshot: their edges and their roots.
 *
 * Order: additions of edges; removals; then each candidate's real reference count is compared with
 * its known edges. If it has more, it has a root; if as many, every reference to it is known and
 * its root goes.
 * If it has fewer, some known edge is stale: its holder, an older object that this collection does
 * not look at, has changed since it was last scanned, and is scanned now. After that
 *     count in the replay - edges from candidates > 0
 * holds exactly for the candidates for which it holds in CPython, which is all that its collector
 * asks (gcmodule.c, subtract_refs). */
#include "workloads/cpython/snapshot_parts.h"

/* ---- edges that went stale ---- */

static void snapshot_drop_edge(struct recorder *recorder, uint32_t edge)
{
    struct mirror *mirror = &recorder->mirror;
    struct edge *e = &mirror->edges[edge];
    mirror_record(mirror, e->dst)->in_count--;
    if (!mirror_record(mirror, e->src)->garbage) {
        mirror_protect(mirror, e->dst);
        mirror_store(mirror, e->src, e->slot, 0);
    }
    edge_unlink(mirror, edge);
    e->dst = 0;
    e->raw = 0;
    mirror_record(mirror, e->src)->seen = 0;
}

/* More known edges than references: finds out what the older holders refer to now. */
static void snapshot_refresh_holders(struct recorder *recorder, uint32_t object)
{
    struct mirror *mirror = &recorder->mirror;
    struct record *record = mirror_record(mirror, object);
    struct index_list *work = &recorder->collection.work;
    work->count = 0;
    for (uint32_t e = record->in_head; e != 0; e = mirror->edges[e].next)
        list_push(work, mirror->edges[e].src);
    for (uint32_t i = 0; i < work->count; i++) {
        struct record *src = mirror_record(mirror, work->item[i]);
        if (src->epoch == mirror->epoch || !record_is_traced(src) ||
            !py_is_tracked(py_object_at(src->block + src->prefix)))
            continue;
        scan_object(&recorder->scanner, work->item[i]);
        scan_finish(&recorder->scanner);
    }
    /* What is left comes from objects that cannot be scanned, such as one that is being freed. */
    for (uint32_t e = record->in_head, next; e != 0; e = next) {
        next = mirror->edges[e].next;
        if (record_refcount(record) >= (int64_t)record->in_count)
            return;
        if (mirror_record(mirror, mirror->edges[e].src)->epoch == mirror->epoch)
            continue;
        recorder->counts->forced_drops++;
        snapshot_drop_edge(recorder, e);
    }
}

/* Neutral mode: the holders that will have to be scanned once the removals are written are scanned
 * before. Without a collection cyclic garbage lies about, a removal can be the last that led to it,
 * and nothing can be stored into it after that. */
static void snapshot_refresh_ahead(struct recorder *recorder)
{
    struct mirror *mirror = &recorder->mirror;
    struct scanner *scanner = &recorder->scanner;
    const struct index_list *candidates = &recorder->snapshot.candidates;
    struct index_list *work = &recorder->collection.work;
    const uint32_t pending = scanner->later_count;
    work->count = 0;
    for (uint32_t i = 0; i < pending; i++)
        if (scanner->later[i].slot != SCAN_RESIZE)
            mirror_record(mirror, scanner->later[i].old)->in_count--;
    for (uint32_t i = 0; i < candidates->count; i++) {
        snapshot_fetch_record(mirror, candidates, i);
        const struct record *record = mirror_record(mirror, candidates->item[i]);
        if (recorder->snapshot.looks[i].count >= record->in_count)
            continue;
        for (uint32_t e = record->in_head; e != 0; e = mirror->edges[e].next)
            list_push(work, mirror->edges[e].src);
    }
    for (uint32_t i = 0; i < pending; i++)
        if (scanner->later[i].slot != SCAN_RESIZE)
            mirror_record(mirror, scanner->later[i].old)->in_count++;
    for (uint32_t i = 0; i < work->count; i++) {
        const struct record *src = mirror_record(mirror, work->item[i]);
        if (src->epoch != mirror->epoch && record_is_traced(src) &&
            py_is_tracked(py_object_at(src->block + src->prefix)))
            scan_object(scanner, work->item[i]);
    }
}

/* ---- roots ---- */

bool snapshot_is_found_uncounted(const struct record *record)
{
    /* A dead one on a free list has no type: the list is chained through that word. */
    return record->type != 0 && record_refcount(record) > 0 &&
           py_is_found_uncounted(py_object_at(record->block + record->prefix));
}

/* In a neutral recording, cyclic garbage that CPython has not found yet may have lost its roots
 * already, and the program may take objects out of it by ways that count nothing: those have a root
 * until a collection of CPython's shows that they are garbage. */
static bool snapshot_keeps_root(const struct recorder *recorder, const struct record *record)
{
    return recorder->neutral &&
           (recorder->snapshot.collects < 0 || !record_is_traced(record) ||
            record->epoch != recorder->mirror.epoch) &&
           snapshot_is_found_uncounted(record);
}

static bool snapshot_needs_root(const struct recorder *recorder, const struct record *record)
{
    return record_refcount(record) > (int64_t)record->in_count || record->in_count == 0 ||
           snapshot_keeps_root(recorder, record);
}

/* A root; or, if the trace has lost the object and the program has it, a new object. */
static void snapshot_root(struct recorder *recorder, uint32_t object)
{
    struct mirror *mirror = &recorder->mirror;
    const struct record *record = mirror_record(mirror, object);
    if (!mirror_is_lost(mirror, object))
        mirror_root(mirror, object);
    else if (record_refcount(record) > (int64_t)record->in_count)
        scan_revive(&recorder->scanner, object);
}

/* A snapshot that no collection follows (at a fork, at gc.freeze) takes no roots away in a faithful
 * recording: garbage would lie about that a finalizer may still save when CPython finds it. */
static void snapshot_judge_root(struct recorder *recorder, uint32_t object)
{
    struct mirror *mirror = &recorder->mirror;
    const struct record *record = mirror_record(mirror, object);
    if (snapshot_needs_root(recorder, record))
        snapshot_root(recorder, object);
    else if (recorder->neutral ? reach_allows_unrooting(recorder, object)
                               : recorder->snapshot.collects >= 0 || !record_is_traced(record))
        mirror_unroot(mirror, object);
}

/* Neutral mode, before a collection: what it will find loses its roots without more ado, but last:
 * until then it may lead to what has to be examined. */
static bool snapshot_holds(const struct recorder *recorder, const struct record *record)
{
    return record->root != 0 && snapshot_needs_root(recorder, record);
}

static bool snapshot_was_reached(const struct recorder *recorder, uint32_t object)
{
    return (recorder->mirror.records[object].flags & RECORD_REACHED) != 0;
}

static void snapshot_unroot_garbage(struct recorder *recorder)
{
    const struct index_list *candidates = &recorder->snapshot.candidates;
    for (uint32_t i = 0; i < candidates->count; i++) {
        struct record *record = mirror_record(&recorder->mirror, candidates->item[i]);
        if ((record->flags & RECORD_REACHED) == 0 && !snapshot_needs_root(recorder, record))
            mirror_unroot(&recorder->mirror, candidates->item[i]);
        record->flags &= (uint16_t)~RECORD_REACHED;
    }
}

/* Scans all candidates and notes what the later passes ask of their memory, while it is in the
 * cache. */
static void snapshot_scan(struct recorder *recorder)
{
    const struct mirror *mirror = &recorder->mirror;
    struct snapshot *snapshot = &recorder->snapshot;
    const struct index_list *candidates = &snapshot->candidates;
    struct index_list *kept = &snapshot->changing;
    snapshot->finalizable.count = kept->count = 0;
    for (uint32_t i = 0; i < candidates->count; i++) {
        const uint32_t object = candidates->item[i];
        snapshot_fetch_ahead(mirror, candidates, i);
        scan_object(&recorder->scanner, object);
        const struct record *record = &mirror->records[object];
        const int64_t count = record_refcount(record);
        struct look *look = &snapshot->looks[i];
        look->count = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
        look->kept = snapshot_keeps_root(recorder, record);
        if (look->kept && record->root == 0)
            list_push(kept, object);
        if (recorder->types.info[record->type].finalizer)
            list_push(&snapshot->finalizable, object);
    }
    for (uint32_t i = 0; i < kept->count; i++)
        snapshot_root(recorder, kept->item[i]);
}

/* Whether the root of candidate `i` comes or goes, by the edges known now. */
static inline bool snapshot_changes(const struct recorder *recorder, uint32_t i)
{
    const struct look *look = &recorder->snapshot.looks[i];
    const struct record *record = &recorder->mirror.records[recorder->snapshot.candidates.item[i]];
    const bool needed = look->count > record->in_count || record->in_count == 0 || look->kept;
    return needed == (record->root == 0);
}

/* What examining others than the candidates, or giving them new objects, has changed so far. */
static inline uint64_t snapshot_disturbances(const struct recorder *recorder)
{
    return recorder->reach.scanned + recorder->counts->revived;
}

/* All references of the candidates are known by now. Those whose counts are below what is known of
 * their holders get these looked at; fills `changing`. */
static void snapshot_compare(struct recorder *recorder)
{
    const struct mirror *mirror = &recorder->mirror;
    struct snapshot *snapshot = &recorder->snapshot;
    const struct index_list *candidates = &snapshot->candidates;
    bool refreshed = false;
    for (uint32_t i = 0; i < snapshot->finalizable.count; i++)
        finalizers_look(recorder, snapshot->finalizable.item[i]);
    snapshot->changing.count = 0;
    for (uint32_t i = 0; i < candidates->count; i++) {
        snapshot_fetch_record(mirror, candidates, i);
        if (snapshot->looks[i].count < mirror->records[candidates->item[i]].in_count) {
            snapshot_refresh_holders(recorder, candidates->item[i]);
            refreshed = true;
        }
        if (snapshot_changes(recorder, i))
            list_push(&snapshot->changing, i);
    }
    snapshot->disturbances = snapshot_disturbances(recorder);
    if (!refreshed)
        return;
    snapshot->changing.count = 0; /* any other candidate may have lost an edge meanwhile */
    for (uint32_t i = 0; i < candidates->count; i++)
        if (snapshot_changes(recorder, i))
            list_push(&snapshot->changing, i);
}

/* A walk over the candidates whose roots come or go: those in `changing`, until one is changed by
 * what is done about another, which is rare; from there on all that have not been passed. */
struct change_walk {
    uint32_t listed; /* of `changing`, so many are passed */
    uint32_t next;   /* candidates below are passed */
};

/* The next candidate's number; UINT32_MAX: there is none. */
static uint32_t snapshot_next_change(const struct recorder *recorder, struct change_walk *walk)
{
    const struct snapshot *snapshot = &recorder->snapshot;
    if (snapshot->disturbances == snapshot_disturbances(recorder)) {
        while (walk->listed < snapshot->changing.count) {
            walk->next = snapshot->changing.item[walk->listed++] + 1;
            if (snapshot_changes(recorder, walk->next - 1))
                return walk->next - 1;
        }
        return UINT32_MAX;
    }
    while (walk->next < snapshot->candidates.count) {
        snapshot_fetch_record(&recorder->mirror, &snapshot->candidates, walk->next);
        if (snapshot_changes(recorder, walk->next++))
            return walk->next - 1;
    }
    return UINT32_MAX;
}

/* Neutral mode: all new roots come before the first that goes, so that nothing is out of reach
 * meanwhile. */
static void snapshot_root_first(struct recorder *recorder)
{
    struct mirror *mirror = &recorder->mirror;
    struct change_walk walk = {0, 0};
    for (uint32_t i; (i = snapshot_next_change(recorder, &walk)) != UINT32_MAX;) {
        const uint32_t object = recorder->snapshot.candidates.item[i];
        if (mirror_record(mirror, object)->root == 0)
            snapshot_root(recorder, object);
    }
    for (uint32_t i = 0; i < mirror->touched.count; i++) {
        const struct record *record = mirror_record(mirror, mirror->touched.item[i]);
        if (record->kind == RECORD_OBJECT && snapshot_needs_root(recorder, record))
            snapshot_root(recorder, mirror->touched.item[i]);
    }
}

/* `found_garbage`: only those that were reached are judged. */
static void snapshot_judge_candidates(struct recorder *recorder, bool found_garbage)
{
    struct change_walk walk = {0, 0};
    for (uint32_t i; (i = snapshot_next_change(recorder, &walk)) != UINT32_MAX;) {
        const uint32_t object = recorder->snapshot.candidates.item[i];
        if (!found_garbage || snapshot_was_reached(recorder, object))
            snapshot_judge_root(recorder, object);
    }
}

static void snapshot_judge_touched(struct recorder *recorder)
{
    struct mirror *mirror = &recorder->mirror;
    mirror->touched_limit = UINT32_MAX; /* judging one may touch others, behind it in the list */
    for (uint32_t i = 0; i < mirror->touched.count; i++) {
        uint32_t object = mirror->touched.item[i];
        struct record *record = mirror_record(mirror, object);
        record->flags &= (uint16_t)~RECORD_TOUCHED;
        if (record->kind == RECORD_OBJECT &&
            (!record_is_traced(record) || (recorder->neutral && record->epoch != mirror->epoch)))
            snapshot_judge_root(recorder, object);
    }
    mirror->touched.count = 0;
    mirror->touched_limit = MIRROR_TOUCHED_LEAST;
}

void snapshot_examine(struct recorder *recorder)
{
    struct mirror *mirror = &recorder->mirror;
    snapshot_scan(recorder);
    if (recorder->neutral)
        snapshot_refresh_ahead(recorder);
    recorder->snapshot.position = recorder->channel.head;
    if (recorder->snapshot.collects >= 0)
        recorder->channel.hold = recorder->snapshot.position;
    mirror->examining = !recorder->neutral;
    scan_finish(&recorder->scanner);
    snapshot_compare(recorder);
    if (recorder->neutral)
        snapshot_root_first(recorder);
    const bool found_garbage = recorder->neutral && recorder->snapshot.collects >= 0;
    if (found_garbage)
        collection_find_reachable(recorder, snapshot_holds);
    snapshot_judge_candidates(recorder, found_garbage);
    mirror->examining = false;
    snapshot_judge_touched(recorder);
    if (found_garbage)
        snapshot_unroot_garbage(recorder);
}
