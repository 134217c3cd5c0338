/* Copy-on-write over a lane: what the model and the kernel say at moments after each fork.
 *
 * An epoch begins with a fork, in the parent as in the child, before either stores into the heap,
 * and ends right before the next fork or with the lane. Within it, points are taken at the ends of
 * batches and of collections; when there are too many, every other one is dropped and from then on
 * every other moment is passed over. The end is always a point of its own. All of it is off the
 * clock. */
#ifndef GCR_SIM_REPLAY_COW_H
#define GCR_SIM_REPLAY_COW_H

#include "sim/measure/growable.h"
#include "sim/measure/result.h"
#include "sim/measure/written_pages.h"

enum { GCR_COW_POINTS = 256 }; /* at most, in an epoch, besides its end */

/* All zero: nothing is followed, and all functions below do nothing. */
struct gcr_cow {
    bool of_model, of_kernel; /* what is to be followed */
    bool in_epoch;
    bool no_memory; /* something could not be kept */
    struct gcr_written_pages written;
    struct gcr_growable epochs; /* struct gcr_cow_epoch; the last is open while in_epoch */
    size_t epoch_count;
    struct gcr_growable points; /* struct gcr_cow_point */
    size_t point_count;
    uint64_t stride, passed_over; /* one moment in `stride` becomes a point */
};

/* Sets up following by the kernel, and by the model if there is one that follows pages. The supply
 * must be new and the heap not yet made. */
gcr_status gcr_cow_open(struct gcr_cow *cow, struct gcr_supply *supply,
                        struct gcr_error *err) GCR_MUST_USE;
void gcr_cow_close(struct gcr_cow *cow);

/* Right after a fork. `event`: number of the FORK in this lane; `lane`: the other side's. In a
 * child, what the parent has kept is forgotten first. */
void gcr_cow_begin(struct gcr_cow *cow, const struct gcr_supply *supply, uint64_t event,
                   uint32_t lane, bool is_born);
/* A moment at which a point may be taken; `event` events of the lane are over. O(pages held). */
void gcr_cow_look(struct gcr_cow *cow, uint64_t event);
/* The epoch is over, if there is one: right before a fork, or at the lane's end. */
void gcr_cow_end(struct gcr_cow *cow, uint64_t event);

#endif
