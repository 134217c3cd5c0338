/* One block of events of one lane, encoded by columns, compressed, and checked.
 *
 * A block stands alone: nothing outside it is needed to decode it (except the zstd library), so a
 * reader can start at any block and a recorder can encode in any process. FORMAT.md has the bytes.
 */
#ifndef GCR_TRACES_BLOCK_H
#define GCR_TRACES_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "traces/event.h"

/* Events per block: at most this many; writers cut a block here, at FORK and at the lane's end. */
enum { GCR_BLOCK_EVENTS = 32768 };

/* Upper bound of the bytes that gcr_block_encode writes for n events, header included. */
size_t gcr_block_bound(uint32_t n);

struct gcr_block_encoder; /* scratch space; one per writing thread */
gcr_status gcr_block_encoder_create(int zstd_level, struct gcr_block_encoder **out,
                                    struct gcr_error *err) GCR_MUST_USE;
void gcr_block_encoder_destroy(struct gcr_block_encoder *encoder);
/* Weighing all predictors of a block costs nearly as much as writing it. From now on they are
 * weighed for one block in `blocks` (1, the default: each), and kept for those that follow it: for
 * whoever encodes while a program waits. A block's bytes depend on those before it then, its
 * content does not. */
void gcr_block_encoder_keep(struct gcr_block_encoder *encoder, uint32_t blocks);

/* Encodes events[0..n) of `lane`, whose first event has number `first_event` in the lane, into out
 * (gcr_block_bound(n) bytes). Deterministic: the same events give the same bytes (after the same
 * blocks, see gcr_block_encoder_keep). O(n). */
gcr_status gcr_block_encode(struct gcr_block_encoder *encoder, uint32_t lane, uint64_t first_event,
                            const struct gcr_event *events, uint32_t n, void *out,
                            size_t *out_bytes, struct gcr_error *err) GCR_MUST_USE;

#endif
