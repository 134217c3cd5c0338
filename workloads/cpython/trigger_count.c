/* Keeping the replay's trigger count, allocations less frees of the youngest generation, equal to
 * CPython's: it decides when the next collection comes. */
#include "workloads/cpython/recorder.h"

/* Takes the first `from` steps' allocations out of the count, as far as their events are still
 * open, and works out what the replay's counter will be. */
static void collection_uncount(struct recorder *recorder, uint32_t from)
{
    struct mirror *mirror = &recorder->mirror;
    const uint64_t head = recorder->channel.head,
                   committed = atomic_load(&recorder->channel.ring->committed);
    int count = 0;
    for (uint32_t i = 0; i < mirror->steps.count; i++) {
        uint32_t step = mirror->steps.item[i];
        uint64_t position = head - (uint32_t)((uint32_t)head - step);
        if (step == STEP_DOWN)
            count -= count > 0;
        else if (i >= from || position < committed)
            count++;
        else
            channel_event(&recorder->channel, position)->flags |= GCR_ALLOC_UNCOUNTED;
    }
    mirror->young_count = count;
}

/* The counter after a run of steps up and down, which never goes below 0, is the largest sum of a
 * suffix of the run. So if everything before some place does not count, what follows it decides
 * alone; and from the end of the run to its beginning that sum grows by one at a time, so there is
 * a place for every value up to the whole. */
void collection_settle_count(struct recorder *recorder)
{
    struct mirror *mirror = &recorder->mirror;
    const struct index_list *steps = &mirror->steps;
    const int64_t real = recorder->gc->generations[0].count;
    recorder->collection.count_is_due = false;
    mirror->logging = false;
    if (recorder->neutral) { /* when a replay collects is its own affair */
        recorder->channel.hold = GCR_CHANNEL_NO_HOLD;
        return;
    }
    int64_t sum = 0, largest = 0;
    uint32_t from = steps->count;
    while (from > 0 && largest < real) {
        sum += steps->item[--from] == STEP_DOWN ? -1 : 1;
        if (sum > largest)
            largest = sum;
    }
    collection_uncount(recorder, from);
    recorder->channel.hold = GCR_CHANNEL_NO_HOLD;
    collection_correct_count(recorder);
}

void collection_correct_count(struct recorder *recorder)
{
    struct mirror *mirror = &recorder->mirror;
    while (mirror->young_count != recorder->gc->generations[0].count) {
        bool up = mirror->young_count < recorder->gc->generations[0].count;
        uint32_t object =
            mirror_allocate(mirror, 0, 32, up ? GCR_ALLOC_NOTRIGGER : GCR_ALLOC_UNCOUNTED);
        mirror_record(mirror, object)->flags |= RECORD_CONTAINER | (up ? RECORD_RECYCLED : 0);
        types_settle(&recorder->types, object, TYPE_UNKNOWN_CONTAINER);
        if (up)
            mirror_count_up(mirror, object);
        mirror_bury(mirror, object);
        mirror_release_record(mirror, object);
        recorder->counts->count_drift++;
    }
}
