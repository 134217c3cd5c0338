/* This machine's geometry, where the system tells it: Linux's sysfs
 * (/sys/devices/system/cpu/cpu0/cache/indexN), and CPUID for the TLBs: AMD64 Architecture
 * Programmer's Manual volume 3, appendix E (Fn8000_0005, Fn8000_0006); Intel SDM volume 2A, CPUID
 * leaf 18H. What is not told, or cannot be modelled, stays as it was. */
#include "sim/model/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cache_size.h"
#include "base/option.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif

enum { MAX_INDEXES = 8, MAX_SUBLEAVES = 16 };

static uint32_t host_read_number(const char *folder, int index, const char *name)
{
    char text[32];
    if (!gcr_cache_read_line(folder, index, name, text, sizeof text))
        return 0;
    return (uint32_t)strtoul(text, NULL, 10);
}

/* Size and ways of one index; false if they are not told or make no whole number of sets. */
static bool host_read_cache(const char *folder, int index, struct gcr_cache_level *out)
{
    char size[32];
    struct gcr_cache_level level = {.source = "sysfs"};
    level.ways = host_read_number(folder, index, "ways_of_associativity");
    if (!gcr_cache_read_line(folder, index, "size", size, sizeof size) ||
        !gcr_parse_bytes(size, &level.bytes) || level.bytes == 0 || level.ways == 0 ||
        level.ways > (uint32_t)GCR_CACHE_MOST_WAYS ||
        level.bytes % ((uint64_t)level.ways * GCR_CACHE_LINE_BYTES) != 0)
        return false;
    uint64_t sets = level.bytes / GCR_CACHE_LINE_BYTES / level.ways;
    level.sets = (uint32_t)sets;
    if (sets > UINT32_C(1) << 22)
        return false;
    *out = level;
    return true;
}

void gcr_host_caches(const char *folder, struct gcr_geometry *out)
{
    for (int i = 0; i < MAX_INDEXES; i++) {
        char type[32];
        uint32_t level = host_read_number(folder, i, "level");
        if (!gcr_cache_read_line(folder, i, "type", type, sizeof type) ||
            strcmp(type, "Instruction") == 0)
            continue;
        if (level == 1)
            (void)host_read_cache(folder, i, &out->l1);
        else if (level == 2)
            (void)host_read_cache(folder, i, &out->l2);
    }
}

struct gcr_cpuid gcr_cpuid_here(uint32_t leaf, uint32_t subleaf)
{
    struct gcr_cpuid answer = {0};
#ifdef __x86_64__
    if (leaf <= (uint32_t)__get_cpuid_max(leaf & 0x80000000, NULL))
        __cpuid_count(leaf, subleaf, answer.eax, answer.ebx, answer.ecx, answer.edx);
#else
    (void)leaf;
    (void)subleaf;
#endif
    return answer;
}

struct gcr_tlb_level gcr_host_full_tlb(uint32_t entries, const char *source)
{
    uint32_t sets = (entries + GCR_CACHE_MOST_WAYS - 1) / GCR_CACHE_MOST_WAYS;
    while (sets != 0 && entries % sets != 0)
        sets++;
    return (struct gcr_tlb_level){sets, sets != 0 ? entries / sets : 0, source};
}

static void host_set_tlb(uint32_t entries, uint32_t ways, const char *source,
                         struct gcr_tlb_level *out)
{
    if (entries != 0 && ways != 0 && ways <= (uint32_t)GCR_CACHE_MOST_WAYS && entries % ways == 0)
        *out = (struct gcr_tlb_level){entries / ways, ways, source};
}

/* AMD's codes for the associativity of second levels; 0: none that says a number. */
static uint32_t host_amd_ways(uint32_t code)
{
    static const uint8_t ways[16] = {
        [1] = 1, [2] = 2, [3] = 3, [4] = 4, [5] = 6, [6] = 8, [8] = 16, [10] = 32};
    return ways[code & 15];
}

static void host_amd_tlbs(gcr_cpuid_ask *ask, struct gcr_geometry *out)
{
    static const char source[] = "cpuid 80000005", source2[] = "cpuid 80000006";
    uint32_t l1 = ask(0x80000005, 0).ebx, l2 = ask(0x80000006, 0).ebx;
    uint32_t entries = l1 >> 16 & 0xff, ways = l1 >> 24, entries2 = l2 >> 16 & 0xfff;
    if (ways == 0xff && entries != 0)
        out->tlb1 = gcr_host_full_tlb(entries, source);
    else
        host_set_tlb(entries, ways, source, &out->tlb1);
    host_set_tlb(entries2, host_amd_ways(l2 >> 28), source2, &out->tlb2);
}

/* Leaf 18H: one subleaf a TLB and group of page sizes. */
static void host_intel_tlb(struct gcr_cpuid answer, struct gcr_geometry *out)
{
    static const char source[] = "cpuid 18";
    enum { DATA = 1, UNIFIED = 3, LOADS = 4, SMALL_PAGES = 1, FULLY = 1 << 8 };
    uint32_t type = answer.edx & 31, level = answer.edx >> 5 & 7, ways = answer.ebx >> 16;
    bool data = type == DATA || type == UNIFIED || type == LOADS;
    struct gcr_tlb_level *tlb = level == 1 ? &out->tlb1 : &out->tlb2;
    if (!data || (level != 1 && level != 2) || !(answer.ebx & SMALL_PAGES))
        return;
    if (answer.edx & FULLY)
        *tlb = gcr_host_full_tlb(ways * answer.ecx, source);
    else
        host_set_tlb(ways * answer.ecx, ways, source, tlb);
}

void gcr_host_tlbs(gcr_cpuid_ask *ask, struct gcr_geometry *out)
{
    uint32_t last = ask(0x18, 0).eax;
    host_amd_tlbs(ask, out); /* reserved, and 0, on Intel's processors */
    for (uint32_t i = 0; i <= last && i < MAX_SUBLEAVES; i++)
        host_intel_tlb(ask(0x18, i), out);
}

void gcr_geometry_host(struct gcr_geometry *out)
{
    *out = gcr_machine_profiles()[0].geometry;
    (void)snprintf(out->profile, sizeof out->profile, "host");
    gcr_host_caches("/sys/devices/system/cpu/cpu0/cache", out);
    gcr_host_tlbs(gcr_cpuid_here, out);
}
