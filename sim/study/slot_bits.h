/* Which pointer slots of one object hold a reference: a set of slot numbers in 8 bytes, as long as
 * none of them is 63 or more; else in an array that reaches to the highest one ever added. */
#ifndef GCR_SIM_STUDY_SLOT_BITS_H
#define GCR_SIM_STUDY_SLOT_BITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

enum { GCR_SLOT_BITS_INSIDE = 63 };

/* All zero: empty. Top bit clear: the set itself; else the rest is the array's address. */
struct gcr_slot_bits {
    uint64_t word;
};

/* Adds or removes a slot. False: no memory, nothing changed. O(1), amortised. */
bool gcr_slot_bits_put(struct gcr_slot_bits *bits, uint64_t slot, bool is_in) GCR_MUST_USE;

/* Slots [to_slot, to_slot + n) of `to` become what [from_slot, from_slot + n) of `from` are. Both
 * may be the same, and overlap. False: no memory. O(slots in use / 64). */
bool gcr_slot_bits_copy(struct gcr_slot_bits *to, uint64_t to_slot,
                        const struct gcr_slot_bits *from, uint64_t from_slot,
                        uint64_t n) GCR_MUST_USE;

/* Removes all slots from `first` on. */
void gcr_slot_bits_cut(struct gcr_slot_bits *bits, uint64_t first);

/* How many slots are in it. O(highest slot / 64). */
uint64_t gcr_slot_bits_count(const struct gcr_slot_bits *bits);

/* After a plain copy of the struct: gives the copy an array of its own. False: no memory, and the
 * copy is empty. */
bool gcr_slot_bits_own(struct gcr_slot_bits *bits) GCR_MUST_USE;

/* Gives the array back; the set is empty again. */
void gcr_slot_bits_free(struct gcr_slot_bits *bits);

#endif
