/* The machine that the cache model imitates: sizes and ways of caches and of the data TLB.
 *
 * Spelled on the command line as a comma-separated list (--cache LIST), each word one of
 *   NAME                a profile: host, skylake, zen4, neoverse-n1, apple-m1 ...
 *   LEVEL=SIZE/WAYS[/LINE]   l1, l2, llc: l2=1MiB/16/64
 *   LEVEL=off           l2, llc, tlb2: no such level
 *   tlb1=ENTRIES/WAYS, tlb2=ENTRIES/WAYS
 *   prefetch=on|off     the stream prefetcher (prefetch.h); needs an L2
 * read from left to right; what is not said comes from `host`. */
#ifndef GCR_SIM_MODEL_GEOMETRY_H
#define GCR_SIM_MODEL_GEOMETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

enum { GCR_CACHE_LINE_BYTES = 64, GCR_CACHE_MOST_WAYS = 32 };

/* Where a number comes from: "sysfs", "profile skylake", "given"; constant or inside the profile
 * table. */
struct gcr_cache_level {
    uint64_t bytes; /* 0: no such level */
    uint32_t sets;  /* any number, not only powers of two */
    uint32_t ways;  /* 1 .. GCR_CACHE_MOST_WAYS */
    const char *source;
};

struct gcr_tlb_level {
    uint32_t sets; /* 0: no such level */
    uint32_t ways;
    const char *source;
};

/* Lines are 64 bytes and pages 4 KiB at every level: anything else is refused. */
struct gcr_geometry {
    char profile[32]; /* "host" or the profile's name */
    struct gcr_cache_level l1, l2, llc;
    struct gcr_tlb_level tlb1, tlb2;
    bool prefetch;
};

struct gcr_machine_profile {
    const char *name;
    const char *summary; /* the processor */
    const char *sources; /* of each number, and what the machine has otherwise */
    struct gcr_geometry geometry;
};

/* Rows end with one without a name. */
const struct gcr_machine_profile *gcr_machine_profiles(void);

/* This machine's L1, L2 and TLB by sysfs and CPUID where they tell, else the default profile's; the
 * LLC is always a profile's. Always succeeds. */
void gcr_geometry_host(struct gcr_geometry *out);

/* Reads a LIST as above; NULL or "": host. GCR_USAGE names the word that is wrong. */
gcr_status gcr_geometry_parse(const char *list, struct gcr_geometry *out,
                              struct gcr_error *err) GCR_MUST_USE;

#endif
