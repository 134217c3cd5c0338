/* Heap sizes as users write them: native, 64M, 2x, 1.5min. */
#ifndef GCR_SIM_STUDY_HEAP_WORD_H
#define GCR_SIM_STUDY_HEAP_WORD_H

#include <stdbool.h>
#include <stdint.h>

struct gcr_heap_word {
    enum {
        GCR_HEAP_NATIVE,
        GCR_HEAP_BYTES,
        GCR_HEAP_LIVE_MULTIPLE,   /* of the trace's peak live bytes: "2x" */
        GCR_HEAP_MINIMUM_MULTIPLE /* of the smallest heap of a design on a trace: "2min" */
    } kind;
    uint64_t bytes;
    double factor;
};

extern const double gcr_heap_least_factor, gcr_heap_most_factor; /* of multiples */

/* False if it is none of these, 0 bytes, or a factor out of range. */
bool gcr_heap_word_parse(const char *text, struct gcr_heap_word *out);

#endif
