/* Whole machines by name. Every number is from a public document or from what the processor answers
 * about itself, named in the row; so is what the machine has otherwise. The page
 * docs/cache-profiles.md shows this table (tests/model/test_profiles.c holds it to that). */
#include <stddef.h>

#include "sim/model/geometry.h"

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)
#define CACHE(name, size, ways_)                                                                   \
    {                                                                                              \
        .bytes = (size), .sets = (uint32_t)((size) / (ways_) / GCR_CACHE_LINE_BYTES),              \
        .ways = (ways_), .source = "profile " name                                                 \
    }
#define NO_CACHE(name)                                                                             \
    {                                                                                              \
        .source = "profile " name                                                                  \
    }
#define TLB(name, entries, ways_)                                                                  \
    {                                                                                              \
        .sets = (entries) / (ways_), .ways = (ways_), .source = "profile " name                    \
    }

/* The first row is the one that fills in what `host` cannot find out. */
static const struct gcr_machine_profile profiles[] = {
    {"zen4",
     "AMD Zen 4: EPYC 9004, one core complex of eight cores",
     "caches and TLBs as the processor answers CPUID (Fn8000_001D, Fn8000_0005, Fn8000_0006: "
     "AMD64 Architecture Programmer's Manual volume 3, appendix E). The L1 TLB is fully "
     "associative, here 3 sets of 24; the second one's ways are the fewest that the code 6 stands "
     "for. The LLC is a victim cache there",
     {.profile = "zen4",
      .l1 = CACHE("zen4", KIB(32), 8),
      .l2 = CACHE("zen4", MIB(1), 8),
      .llc = CACHE("zen4", MIB(32), 16),
      .tlb1 = TLB("zen4", 72, 24),
      .tlb2 = TLB("zen4", 3072, 8)}},
    {"skylake",
     "Intel Skylake client: Core i7-6700, four cores",
     "Intel 64 and IA-32 Architectures Optimization Reference Manual (248966), Skylake Client: "
     "cache parameters and TLB parameters. The LLC is inclusive there",
     {.profile = "skylake",
      .l1 = CACHE("skylake", KIB(32), 8),
      .l2 = CACHE("skylake", KIB(256), 4),
      .llc = CACHE("skylake", MIB(8), 16),
      .tlb1 = TLB("skylake", 64, 4),
      .tlb2 = TLB("skylake", 1536, 12)}},
    {"skylake-server",
     "Intel Skylake server: Xeon Platinum 8180, 28 cores",
     "the same manual, Skylake Server; as a table in I. Cutress, The Intel Skylake-X Review, "
     "AnandTech 2017. The LLC is 28 slices of 1.375 MiB, filled by victims there",
     {.profile = "skylake-server",
      .l1 = CACHE("skylake-server", KIB(32), 8),
      .l2 = CACHE("skylake-server", MIB(1), 16),
      .llc = CACHE("skylake-server", KIB(39424), 11),
      .tlb1 = TLB("skylake-server", 64, 4),
      .tlb2 = TLB("skylake-server", 1536, 12)}},
    {"neoverse-n1",
     "Arm Neoverse N1 with 1 MiB of L2 and 32 MiB of system cache (AWS Graviton2)",
     "caches: WikiChip, Neoverse N1, and Arm Learning Paths, Cache levels and performance cliffs "
     "(Graviton2); TLBs: Arm Cortex-A76 Core Technical Reference Manual (100798), section A5.2, "
     "whose derivative it is. The L1 TLB is fully associative, here 2 sets of 24; L1 replaces by "
     "pseudo-LRU there",
     {.profile = "neoverse-n1",
      .l1 = CACHE("neoverse-n1", KIB(64), 4),
      .l2 = CACHE("neoverse-n1", MIB(1), 8),
      .llc = CACHE("neoverse-n1", MIB(32), 16),
      .tlb1 = TLB("neoverse-n1", 48, 24),
      .tlb2 = TLB("neoverse-n1", 1280, 5)}},
    {"cortex-a72",
     "Arm Cortex-A72 with 1 MiB of L2: Raspberry Pi 4",
     "Arm Cortex-A72 MPCore Processor Technical Reference Manual (100095), sections 5.2, 6.1 and "
     "7.1; size of L2: Raspberry Pi, BCM2711. There is no third level",
     {.profile = "cortex-a72",
      .l1 = CACHE("cortex-a72", KIB(32), 2),
      .l2 = CACHE("cortex-a72", MIB(1), 16),
      .llc = NO_CACHE("cortex-a72"),
      .tlb1 = TLB("cortex-a72", 32, 32),
      .tlb2 = TLB("cortex-a72", 1024, 4)}},
    {"apple-m1",
     "Apple M1, a performance core (Firestorm) and its cluster's L2",
     "sizes of L1 and L2: hw.perflevel0 of macOS's sysctl; their ways: J. Yu et al., "
     "Synchronization Storage Channels, USENIX Security 2023; system level cache: H. Oakley, Apple "
     "silicon: memory and internal storage, 2024 (ways are not published: 16); pages held by the "
     "TLBs, 256 and 3072: A. Frumusanu, Apple Announces The Apple Silicon M1, AnandTech 2020 (ways "
     "are not published: 32 and 24). Lines of L2 are 128 bytes there, 64 here; pages are 16 KiB "
     "there, so that each entry is four here, which keeps the TLBs' reach",
     {.profile = "apple-m1",
      .l1 = CACHE("apple-m1", KIB(128), 8),
      .l2 = CACHE("apple-m1", MIB(12), 12),
      .llc = CACHE("apple-m1", MIB(8), 16),
      .tlb1 = TLB("apple-m1", 4 * 256, 32),
      .tlb2 = TLB("apple-m1", 4 * 3072, 24)}},
    {.name = NULL},
};

const struct gcr_machine_profile *gcr_machine_profiles(void)
{
    return profiles;
}
