/* Snapshots of neutral recordings.
 *
 * They do not follow CPython's generations: containers are examined by tiers of their own, each
 * less often than the one below it, wherever CPython keeps them. */
#include "workloads/cpython/snapshot_parts.h"

/* True if the object is complete enough to be scanned; *tracked if it is on a collector's list. */
static bool snapshot_is_ready(struct recorder *recorder, uint32_t object, bool *tracked)
{
    struct mirror *mirror = &recorder->mirror;
    struct record *record = mirror_record(mirror, object);
    if ((record->flags & RECORD_PENDING) != 0)
        types_settle_block(&recorder->types, object);
    if ((record->flags & RECORD_TYPED) == 0 ||
        (record->type == TYPE_UNKNOWN_CONTAINER && record->epoch == 0))
        return false; /* where it begins is not known before it is seen on a collector's list */
    PyObject *python = py_object_at(record->block + record->prefix);
    *tracked = py_is_tracked(python);
    /* An untracked tuple or dict may stay so for ever; others are not finished. */
    return *tracked ||
           ((record->flags & (RECORD_TUPLE | RECORD_DICT)) != 0 && record_refcount(record) > 0);
}

bool snapshot_can_scan(struct recorder *recorder, uint32_t object)
{
    bool tracked;
    return snapshot_is_ready(recorder, object, &tracked);
}

/* An object that is born again and again on a free list while no snapshot is due is on the list as
 * often: it stays once. */
static void snapshot_thin_out_young(struct recorder *recorder)
{
    struct mirror *mirror = &recorder->mirror;
    struct index_list *young = &recorder->tiers.member[0];
    uint32_t kept = 0;
    for (uint32_t i = 0; i < young->count; i++) {
        struct record *record = mirror_record(mirror, young->item[i]);
        if (record->kind != RECORD_OBJECT || record->tier != 0 || record->scratch != 0)
            continue;
        record->scratch = 1;
        young->item[kept++] = young->item[i];
    }
    for (uint32_t i = 0; i < kept; i++)
        mirror_record(mirror, young->item[i])->scratch = 0;
    young->count = kept;
    recorder->tiers.young_limit = kept > TIERS_YOUNG_LEAST / 2 ? 2 * kept : TIERS_YOUNG_LEAST;
}

void snapshot_add_young(struct recorder *recorder, uint32_t object)
{
    struct tiers *tiers = &recorder->tiers;
    if (GCR_UNLIKELY(tiers->member[0].count >= tiers->young_limit))
        snapshot_thin_out_young(recorder);
    list_push(&tiers->member[0], object);
}

void snapshot_take_tiers(struct recorder *recorder, unsigned tier)
{
    struct mirror *mirror = &recorder->mirror;
    struct tiers *tiers = &recorder->tiers;
    struct index_list *candidates = &recorder->snapshot.candidates;
    mirror->epoch++;
    candidates->count = 0;
    while (recorder->scanner.revived.count > 0)
        snapshot_add_young(recorder,
                           recorder->scanner.revived.item[--recorder->scanner.revived.count]);
    recorder->snapshot.collects = -1;
    recorder->counts->snapshots++;
    for (unsigned t = tier + 1; t-- > 0;) {
        struct index_list *members = &tiers->member[t];
        uint32_t count = members->count, kept = 0;
        members->count = 0;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t object = members->item[i];
            struct record *record = mirror_record(mirror, object);
            bool tracked = false;
            snapshot_fetch_member(mirror, members->item, i, count);
            if (record->kind != RECORD_OBJECT || record->tier != t ||
                record->epoch == mirror->epoch || (record->flags & RECORD_CONTAINER) == 0)
                continue;
            if (!snapshot_is_ready(recorder, object, &tracked)) {
                members->item[kept++] = object;
                continue;
            }
            record->epoch = mirror->epoch;
            record->generation = tracked ? 0 : GENERATION_NONE;
            record->tier = (uint8_t)(t + 1 < TIERS ? t + 1 : t);
            list_push(candidates, object);
        }
        members->count = kept;
    }
    recorder->counts->snapshot_objects += candidates->count;
    snapshot_examine(recorder);
    for (uint32_t i = 0; i < candidates->count; i++) {
        uint32_t object = candidates->item[i];
        list_push(&tiers->member[mirror_record(mirror, object)->tier], object);
    }
}
