/* What a trace can be trusted for. Results carry these on; a figure that needs more is refused. */
#ifndef GCR_TRACES_CAPABILITY_H
#define GCR_TRACES_CAPABILITY_H

#include <stdint.h>

enum gcr_cap_stores { GCR_STORES_EXACT = 0, GCR_STORES_SAMPLED = 1 };
enum gcr_cap_reads { GCR_READS_NONE = 0, GCR_READS_PAGE_SAMPLED = 1, GCR_READS_EXACT = 2 };
enum gcr_cap_deaths { GCR_DEATHS_NONE = 0, GCR_DEATHS_GRANULATED = 1, GCR_DEATHS_EXACT = 2 };
enum gcr_cap_roots { GCR_ROOTS_EXACT = 0, GCR_ROOTS_SYNTHESISED = 1 };

/* 16 bytes, on disk as it is (little endian). */
struct gcr_capabilities {
    uint8_t stores;   /* enum gcr_cap_stores */
    uint8_t loads;    /* 1: LOAD events are complete */
    uint8_t reads;    /* enum gcr_cap_reads */
    uint8_t deaths;   /* enum gcr_cap_deaths */
    uint8_t roots;    /* enum gcr_cap_roots */
    uint8_t tracking; /* 1: TRACK and UNTRACK say what is tracked */
    uint8_t threads;  /* 1: THREAD events may occur */
    uint8_t forks;    /* 1: FORK events may occur */
    uint8_t times;    /* 1: TIME events may occur */
    uint8_t faithful; /* 1: edges and roots are true at the recorded runtime's own collections */
    uint8_t unused[6];
};
_Static_assert(sizeof(struct gcr_capabilities) == 16, "part of the file header");

#endif
