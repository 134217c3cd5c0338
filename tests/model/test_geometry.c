/* Geometries: what lists say, what is refused and how, and what the host's files and CPUID tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "sim/model/geometry.h"
#include "sim/model/host.h"

static void lists_are_read_from_left_to_right(void **state)
{
    (void)state;
    struct gcr_geometry g;
    struct gcr_error err;
    assert_int_equal(gcr_geometry_parse("l2=2MiB/16/64,llc=36M/12,tlb1=96/6,prefetch=on", &g, &err),
                     GCR_OK);
    assert_string_equal(g.profile, "host");
    assert_int_equal(g.l2.bytes, 2 << 20);
    assert_int_equal(g.l2.sets, 2048);
    assert_int_equal(g.l2.ways, 16);
    assert_string_equal(g.l2.source, "given");
    assert_int_equal(g.llc.sets, 49152);
    assert_int_equal(g.tlb1.sets, 16);
    assert_int_equal(g.tlb1.ways, 6);
    assert_true(g.prefetch);
    assert_string_not_equal(g.l1.source, "given");

    assert_int_equal(gcr_geometry_parse("l1=64K/4,skylake,llc=off,tlb2=off", &g, &err), GCR_OK);
    assert_string_equal(g.profile, "skylake");
    assert_int_equal(g.l1.bytes, 32 << 10); /* the profile came after it */
    assert_int_equal(g.llc.sets + g.llc.bytes, 0);
    assert_int_equal(g.tlb2.sets, 0);
    assert_int_equal(g.tlb1.sets * g.tlb1.ways, 64);
    assert_string_equal(g.l1.source, "profile skylake");
    assert_false(g.prefetch);
}

static void wrong_words_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *list, *message;
    } bad[] = {
        {"l2=1MiB", "cache geometry: l2=1MiB: expected l2=SIZE/WAYS[/64]"},
        {"l2=1MiB/", "cache geometry: l2=1MiB/:  ways; 1 .. 32 are possible"},
        {"l2=1MiB/33", "cache geometry: l2=1MiB/33: 33 ways; 1 .. 32 are possible"},
        {"l2=1MiB/0", "cache geometry: l2=1MiB/0: 0 ways; 1 .. 32 are possible"},
        {"l2=1MiB/-1", "cache geometry: l2=1MiB/-1: -1 ways; 1 .. 32 are possible"},
        {"l2=1MiB/8/128", "cache geometry: l2=1MiB/8/128: lines are 64 bytes, not 128"},
        {"l2=1MiB/8/64/2", "cache geometry: l2=1MiB/8/64/2: lines are 64 bytes, not 64/2"},
        {"l2=big/8",
         "cache geometry: l2=big/8: big is no size in lines of 64 bytes (32K, 1MiB ...)"},
        {"l2=100/1",
         "cache geometry: l2=100/1: 100 is no size in lines of 64 bytes (32K, 1MiB ...)"},
        {"l2=1MiB/7", "cache geometry: l2=1MiB/7: not a whole number of sets of 7"},
        {"l2=0/7", "cache geometry: l2=0/7: not a whole number of sets of 7"},
        {"llc=1024G/1", "cache geometry: llc=1024G/1: more than 4194304 sets"},
        {"l1=off", "cache geometry: l1=off: there is always one"},
        {"tlb1=off", "cache geometry: tlb1=off: there is always one"},
        {"tlb1=64", "cache geometry: tlb1=64: expected tlb1=ENTRIES/WAYS"},
        {"tlb1=64K/4", "cache geometry: tlb1=64K/4: a TLB is ENTRIES/WAYS"},
        {"tlb1=64/4/64", "cache geometry: tlb1=64/4/64: a TLB is ENTRIES/WAYS"},
        {"tlb1=64/5", "cache geometry: tlb1=64/5: not a whole number of sets of 5"},
        {"prefetch=yes", "cache geometry: prefetch=yes: prefetch=on or prefetch=off"},
        {"l2=off,prefetch=on", "cache geometry: prefetch=on needs an L2 to fetch into"},
        {"l3=1M/8",
         "cache geometry: l3=1M/8: no level of that name (l1, l2, llc, tlb1, tlb2, prefetch)"},
        {"l2=1M/8,,llc=off", "cache geometry: an empty word at \",llc=off\""},
        {"l2=1M/8,", "cache geometry: an empty word at \"l2=1M/8,\""},
        {",", "cache geometry: an empty word at \",\""},
    };
    for (size_t i = 0; i < GCR_COUNT_OF(bad); i++) {
        struct gcr_geometry g = {.prefetch = true};
        struct gcr_error err = {""};
        assert_int_equal(gcr_geometry_parse(bad[i].list, &g, &err), GCR_USAGE);
        assert_string_equal(err.text, bad[i].message);
        assert_true(g.prefetch && g.l1.bytes == 0); /* untouched */
    }
    struct gcr_geometry g;
    struct gcr_error err;
    char longest[200];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(gcr_geometry_parse("pentium", &g, &err), GCR_USAGE);
    assert_non_null(strstr(err.text, "no profile pentium (there are host, zen4, skylake"));
    assert_int_equal(gcr_geometry_parse(longest, &g, &err), GCR_USAGE);
    assert_non_null(strstr(err.text, "too long"));
}

static void assert_cache(const struct gcr_cache_level *level)
{
    assert_true(level->ways >= 1 && level->ways <= GCR_CACHE_MOST_WAYS);
    assert_int_equal((uint64_t)level->sets * level->ways * GCR_CACHE_LINE_BYTES, level->bytes);
    assert_non_null(level->source);
}

static void every_profile_can_be_modelled(void **state)
{
    (void)state;
    const struct gcr_machine_profile *row = gcr_machine_profiles();
    assert_string_equal(row->name, "zen4"); /* fills in for the host */
    for (; row->name != NULL; row++) {
        struct gcr_geometry g;
        struct gcr_error err;
        assert_int_equal(gcr_geometry_parse(row->name, &g, &err), GCR_OK);
        assert_string_equal(g.profile, row->name);
        assert_cache(&g.l1);
        assert_cache(&g.l2);
        assert_true(g.l2.bytes > g.l1.bytes);
        assert_true(strlen(row->sources) > 20);
        if (g.llc.bytes != 0)
            assert_cache(&g.llc);
        assert_true(g.tlb1.ways >= 1 && g.tlb1.ways <= GCR_CACHE_MOST_WAYS && g.tlb1.sets > 0);
        assert_true(g.tlb2.ways <= GCR_CACHE_MOST_WAYS);
        assert_true(strlen(row->summary) > 20);
    }
}

static void the_host_is_complete(void **state)
{
    (void)state;
    struct gcr_geometry g, again;
    struct gcr_error err;
    gcr_geometry_host(&g);
    assert_cache(&g.l1);
    assert_cache(&g.l2);
    assert_cache(&g.llc);
    assert_string_equal(g.llc.source, "profile zen4"); /* whatever the machine says */
    assert_int_equal(gcr_geometry_parse(NULL, &again, &err), GCR_OK);
    assert_int_equal(again.l1.bytes, g.l1.bytes);
    assert_int_equal(gcr_geometry_parse("host,zen4,host", &again, &err), GCR_OK);
    assert_int_equal(again.tlb2.sets, g.tlb2.sets);
    assert_string_equal(again.profile, "host");
}

static void write_line(const char *folder, int index, const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/index%d", folder, index);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof path, "%s/index%d/%s", folder, index, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fprintf(file, "%s\n", text) > 0);
    assert_int_equal(fclose(file), 0);
}

static void write_index(const char *folder, int index, const char *const *values)
{
    static const char *const names[] = {"level", "type", "size", "ways_of_associativity"};
    for (size_t i = 0; i < GCR_COUNT_OF(names); i++)
        write_line(folder, index, names[i], values[i]);
}

static void remove_all(const char *folder)
{
    char command[128];
    assert_true(strncmp(folder, "/tmp/", 5) == 0);
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

static void sysfs_gives_l1_and_l2(void **state)
{
    (void)state;
    char folder[] = "/tmp/gcr-geometry-XXXXXX";
    struct gcr_geometry g = gcr_machine_profiles()[0].geometry;
    assert_non_null(mkdtemp(folder));
    gcr_host_caches(folder, &g);
    assert_string_equal(g.l1.source, "profile zen4");
    write_index(folder, 0, (const char *const[]){"1", "Data", "48K", "12"});
    write_index(folder, 1, (const char *const[]){"1", "Instruction", "32K", "8"});
    write_index(folder, 2, (const char *const[]){"2", "Unified", "1280K", "20"});
    write_index(folder, 3, (const char *const[]){"3", "Unified", "266240K", "20"});
    gcr_host_caches(folder, &g);
    assert_int_equal(g.l1.bytes, 48 << 10);
    assert_int_equal(g.l1.sets, 64);
    assert_string_equal(g.l1.source, "sysfs");
    assert_int_equal(g.l2.sets, 1024);
    assert_int_equal(g.llc.bytes, 32 << 20);              /* not believed */
    write_line(folder, 2, "ways_of_associativity", "48"); /* more than can be modelled */
    write_line(folder, 0, "ways_of_associativity", "7");
    g = gcr_machine_profiles()[0].geometry;
    gcr_host_caches(folder, &g);
    assert_string_equal(g.l1.source, "profile zen4");
    assert_string_equal(g.l2.source, "profile zen4");
    remove_all(folder);
}

/* Registers as processors answer them. */
static struct gcr_cpuid ask_zen4(uint32_t leaf, uint32_t subleaf)
{
    (void)subleaf;
    return (struct gcr_cpuid){.ebx = leaf == 0x80000005   ? 0xff48ff40
                                     : leaf == 0x80000006 ? 0x6c004200
                                                          : 0};
}

/* Ice Lake: loads 64/4, stores 16/16, unified 2048/16 in two entries of the list. */
static struct gcr_cpuid ask_icelake(uint32_t leaf, uint32_t subleaf)
{
    static const struct gcr_cpuid rows[] = {
        {.eax = 4},
        {.ebx = 0x00080001, .ecx = 16, .edx = 0x00000022}, /* instructions */
        {.ebx = 0x00040001, .ecx = 16, .edx = 0x00000024}, /* loads, 4 KiB */
        {.ebx = 0x00040006, .ecx = 8, .edx = 0x00000024},  /* loads, 2 and 4 MiB */
        {.ebx = 0x00080007, .ecx = 128, .edx = 0x00004043},
    };
    return leaf == 0x18 && subleaf < 5 ? rows[subleaf] : (struct gcr_cpuid){0};
}

static struct gcr_cpuid ask_nothing(uint32_t leaf, uint32_t subleaf)
{
    (void)leaf;
    (void)subleaf;
    return (struct gcr_cpuid){0};
}

static void cpuid_gives_tlbs(void **state)
{
    (void)state;
    struct gcr_geometry g = gcr_machine_profiles()[1].geometry;
    gcr_host_tlbs(ask_nothing, &g);
    assert_string_equal(g.tlb1.source, "profile skylake");
    gcr_host_tlbs(ask_zen4, &g);
    assert_int_equal(g.tlb1.sets, 3); /* 72, fully associative */
    assert_int_equal(g.tlb1.ways, 24);
    assert_string_equal(g.tlb1.source, "cpuid 80000005");
    assert_int_equal(g.tlb2.sets, 384);
    assert_int_equal(g.tlb2.ways, 8);
    const struct gcr_geometry *zen4 = &gcr_machine_profiles()[0].geometry; /* says the same */
    assert_int_equal(zen4->tlb1.sets * 100 + zen4->tlb1.ways, 324);
    assert_int_equal(zen4->tlb2.sets * 100 + zen4->tlb2.ways, 38408);
    gcr_host_tlbs(ask_icelake, &g);
    assert_int_equal(g.tlb1.sets, 16);
    assert_int_equal(g.tlb1.ways, 4);
    assert_int_equal(g.tlb2.sets, 128);
    assert_int_equal(g.tlb2.ways, 8);
    assert_string_equal(g.tlb2.source, "cpuid 18");
}

static void full_tlbs_are_as_few_sets_as_possible(void **state)
{
    (void)state;
    static const uint32_t expected[][3] = {{32, 1, 32}, {33, 3, 11},  {48, 2, 24}, {64, 2, 32},
                                           {72, 3, 24}, {160, 5, 32}, {37, 37, 1}, {1, 1, 1}};
    for (size_t i = 0; i < GCR_COUNT_OF(expected); i++) {
        struct gcr_tlb_level level = gcr_host_full_tlb(expected[i][0], "x");
        assert_int_equal(level.sets, expected[i][1]);
        assert_int_equal(level.ways, expected[i][2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_read_from_left_to_right),
        cmocka_unit_test(wrong_words_are_named),
        cmocka_unit_test(every_profile_can_be_modelled),
        cmocka_unit_test(the_host_is_complete),
        cmocka_unit_test(sysfs_gives_l1_and_l2),
        cmocka_unit_test(cpuid_gives_tlbs),
        cmocka_unit_test(full_tlbs_are_as_few_sets_as_possible),
    };
    return cmocka_run_group_tests_name("unit.model_geometry", tests, NULL, NULL);
}
