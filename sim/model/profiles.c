/* Whole machines by name. Every number is from a public document, named in the row's summary; what
 * a machine has and the model has not is named there too. */
#include <stddef.h>

#include "sim/model/geometry.h"

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)
#define CACHE(name, size, ways_)                                                                   \
    {                                                                                              \
        .bytes = (size), .sets = (uint32_t)((size) / (ways_) / GCR_CACHE_LINE_BYTES),              \
        .ways = (ways_), .source = "profile " name                                                 \
    }
#define TLB(name, entries, ways_)                                                                  \
    {                                                                                              \
        .sets = (entries) / (ways_), .ways = (ways_), .source = "profile " name                    \
    }

/* The first row is the one that fills in what `host` cannot find out. */
static const struct gcr_machine_profile profiles[] = {
    {"zen4",
     "AMD Zen 4 (EPYC 9004, Ryzen 7000), one core complex: Software Optimization Guide for the AMD "
     "Zen4 Microarchitecture (57647). L1 DTLB, fully associative there, as 3 sets of 24",
     {.profile = "zen4",
      .l1 = CACHE("zen4", KIB(32), 8),
      .l2 = CACHE("zen4", MIB(1), 8),
      .llc = CACHE("zen4", MIB(32), 16),
      .tlb1 = TLB("zen4", 72, 24),
      .tlb2 = TLB("zen4", 3072, 24)}},
    {"skylake",
     "Intel Skylake client (Core i7-6700, four cores): Intel 64 and IA-32 Architectures "
     "Optimization Reference Manual (248966), Skylake Client microarchitecture",
     {.profile = "skylake",
      .l1 = CACHE("skylake", KIB(32), 8),
      .l2 = CACHE("skylake", KIB(256), 4),
      .llc = CACHE("skylake", MIB(8), 16),
      .tlb1 = TLB("skylake", 64, 4),
      .tlb2 = TLB("skylake", 1536, 12)}},
    {.name = NULL},
};

const struct gcr_machine_profile *gcr_machine_profiles(void)
{
    return profiles;
}
