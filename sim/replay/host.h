/* The replay's host: the functions that a heap under test may call back. */
#ifndef GCR_SIM_REPLAY_HOST_H
#define GCR_SIM_REPLAY_HOST_H

#include "allocators/collector.h"

/* Fills *host, which must be the first member of a struct gcr_replay_state. */
void gcr_host_init(struct gcr_host *host, const struct gcr_shape *shapes, uint32_t shape_count,
                   const struct gcr_capabilities *capabilities, struct gcr_supply *supply);

#endif
