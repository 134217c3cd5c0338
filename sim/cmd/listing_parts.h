/* What the text and the Markdown listing share. */
#ifndef GCR_SIM_CMD_LISTING_PARTS_H
#define GCR_SIM_CMD_LISTING_PARTS_H

#include "allocators/collector.h"

/* The i-th property among a back end's capability flags, NULL after the last. */
const char *listing_cap_name(uint32_t caps, size_t i);

#endif
