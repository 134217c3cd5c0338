/* What the files of the collection share: see collection.c. */
#ifndef GCR_WORKLOADS_CPYTHON_COLLECTION_PARTS_H
#define GCR_WORKLOADS_CPYTHON_COLLECTION_PARTS_H

#include "workloads/cpython/recorder.h"

enum { INSERT_LIMIT = 1 << 20 }; /* events in `inserts` and in `cuts` */

static inline bool collection_is_candidate(const struct mirror *mirror, const struct record *record)
{
    return record->kind == RECORD_OBJECT && record->epoch == mirror->epoch &&
           record_is_traced(record);
}

/* Whether it was unreachable, and not only lost before and living on. */
static inline bool collection_finds(const struct mirror *mirror, const struct record *record)
{
    return collection_is_candidate(mirror, record) && (record->flags & RECORD_REACHED) == 0 &&
           (!record->garbage || (record->flags & RECORD_DEAD) != 0);
}

/* A root from before the collection on. Its slot has been free since then. */
void collection_root_before(struct recorder *recorder, uint32_t object);

/* ---- collection_reach.c ---- */

/* Marks REACHED what is reached from the work list within the candidates; returns how many. */
uint32_t collection_close(struct recorder *recorder);
/* Candidates that came out unreachable and were not freed survive, with what they lead to; those
 * that died unseen and were born again are noted as such. O(candidates and their references). */
void collection_keep_resurrected(struct recorder *recorder);

/* ---- collection_count.c ---- */

/* Makes the number of objects that the replay will count as collected equal to CPython's. */
void collection_match_count(struct recorder *recorder, int generation);
/* The objects that were made up for it die. */
void collection_remove_survivors(struct recorder *recorder);

/* ---- collection_free.c ---- */

/* Carries out the collection on the mirror: the unreachable, and what falls with them. */
void collection_free_garbage(struct recorder *recorder);
/* Neutral mode: survivors that lost a holder. Something else leads to them, or they are older and
 * perhaps garbage by now: then they have a root until they are looked at, which is soon. */
void collection_judge_left(struct recorder *recorder);

#endif
