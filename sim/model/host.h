/* How `host` is found out, open to tests: from where, and with which processor's answers. */
#ifndef GCR_SIM_MODEL_HOST_H
#define GCR_SIM_MODEL_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/model/geometry.h"

struct gcr_cpuid {
    uint32_t eax, ebx, ecx, edx;
};

/* Answers CPUID for a leaf and subleaf; zeros for a leaf that the processor does not have. */
typedef struct gcr_cpuid gcr_cpuid_ask(uint32_t leaf, uint32_t subleaf);

/* This machine's: zeros everywhere on other than x86-64. */
gcr_cpuid_ask gcr_cpuid_here;

/* Replaces out's l1 and l2 where a processor's cache folder in sysfs gives a level's size, ways and
 * line size, in lines of 64 bytes. */
void gcr_host_caches(const char *folder, struct gcr_geometry *out);

/* Replaces out's TLBs where CPUID gives entries and ways for 4 KiB pages: AMD's leaves 80000005 and
 * 80000006, Intel's leaf 18. */
void gcr_host_tlbs(gcr_cpuid_ask *ask, struct gcr_geometry *out);

/* A fully associative TLB as the fewest sets of equal and possible width. */
struct gcr_tlb_level gcr_host_full_tlb(uint32_t entries, const char *source);

#endif
