/* What touching one row of tags answers. */
#ifndef GCR_SIM_MODEL_ROWS_H
#define GCR_SIM_MODEL_ROWS_H

#include <stdbool.h>
#include <stdint.h>

struct model_row {
    bool hit;
    uint32_t front; /* the tag's entry now */
    uint32_t last;  /* at a miss: what fell out of the last way; 0: nothing, or a hit */
};

#endif
