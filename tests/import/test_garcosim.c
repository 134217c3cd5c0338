/* GarCoSim traces: what each line becomes, policies, dialects, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/splitmix.h"
#include "tests/import/import_kit.h"

#define SHAPE(n, name, bytes, slots, flag)                                                         \
    "shape " #n " " name " fields=" #bytes " slots=" #slots " items=0 item-slots=0 flags=" flag "\n"

static void expect_import(const char *options, const char *text, const char *events)
{
    struct imported got = import_text("garcosim", options, text);
    if (got.status != GCR_OK)
        fail_msg("%s", got.err.text);
    expect_events(&got, events);
    imported_free(&got);
}

static void test_each_line(void **state)
{
    (void)state;
    expect_import("",
                  "% a comment\n\n"
                  "a T1 O10 C3 S48 N2\r\n"
                  "+ T1 O10 \n"
                  "a  N0   S24 O7 T1\n"
                  "+ O7 T1\n"
                  "w T1 P10 #1 O7 F40 S8 V0\n"
                  "- T1 O7\n"
                  "c T1 C3 F16 O7 S8 V1\n"
                  "w T1 P10 #1 O0\n"
                  "s T1 P10 F16 S4 V0\n"
                  "s T1 O7 F20 S2 V0\n"
                  "r T1 O10 F24 S8 V0\n"
                  "r T1 O10 F40 S8 V0\n"
                  "r T1 O10 I0 S8 V0\n"
                  "s T1 C3 F16 S1 V0\n"
                  "r T1 C3 F16 S1 V0\n"
                  "x L1\n"
                  "c T1 C3 F16 O0\n"
                  "- T1 O10\n",
                  SHAPE(1, "\"class 3\"", 32, 2, "container")
                      SHAPE(2, "object", 8, 0, "acyclic") "thread 1\n"
                                                          "alloc o1 1 t2 0\n"
                                                          "alloc o2 2 t3 0\n"
                                                          "store o1 1 o2\n"
                                                          "root t3 null\n"
                                                          "root g0 o2\n"
                                                          "store o1 1 null\n"
                                                          "write o1 0 4\n"
                                                          "write o2 4 2\n"
                                                          "read o1 8 8\n"
                                                          "load o1 1 t1\n"
                                                          "load o1 0 t1\n"
                                                          "root g0 null\n"
                                                          "root t2 null\n");
    struct imported got =
        import_text("garcosim", "", "a T0 O1 S16 N0\nx L1\nx L0\ns C1 F1 S1 V1\n");
    assert_int_equal(imported_count(&got, "locked_regions"), 2);
    assert_int_equal(imported_count(&got, "static_accesses"), 1);
    assert_int_equal(imported_count(&got, "volatile_accesses"), 1);
    assert_int_equal(imported_count(&got, "pinned"), 1);
    imported_free(&got);
}

/* A loaded reference is let go again. */
static void test_loads(void **state)
{
    (void)state;
    expect_import("", "a T0 O1 S24 N1\n+ T0 O1\nr T0 O1 I0\nw T0 P1 #0 O1\nr T0 O1 F16 S8\n",
                  SHAPE(1, "object", 8, 1, "container") "alloc o1 1 t2 0\n"
                                                        "load o1 0 t1\n"
                                                        "store o1 0 o1\n"
                                                        "load o1 0 t1\n"
                                                        "root t1 null\n");
}

/* Root sets are multisets; slots are used again; threads have their own. */
static void test_roots(void **state)
{
    (void)state;
    struct imported got =
        import_text("garcosim", "",
                    "a T0 O1 S16 N0\n+ T0 O1\n+ T0 O1\n+ T2 O1\n- T0 O1\n- T0 O1\n"
                    "- T0 O1\n- T1 O1\n- T2 O9\na T0 O2 S16 N0\n+ T0 O2\n");
    expect_events(&got, SHAPE(1, "object", 0, 0, "acyclic") "alloc o1 1 t2 0\n"
                                                            "root t3 o1\n"
                                                            "thread 2\n"
                                                            "root t2 o1\n"
                                                            "thread 0\n"
                                                            "root t3 null\n"
                                                            "root t2 null\n"
                                                            "alloc o2 1 t2 0\n");
    assert_int_equal(imported_count(&got, "missing_roots"), 3);
    assert_int_equal(imported_count(&got, "root_additions"), 4);
    assert_int_equal(got.facts.live_end_objects, 2);
    imported_free(&got);
}

/* Without a "+" at once: pinned until the next one, or the thread's next allocation. */
static void test_pinning(void **state)
{
    (void)state;
    expect_import("",
                  "a T1 O1 S24 N1\nr T2 O1 F16 S8\n+ T2 O1\n" /* rooted by another thread */
                  "a T1 O2 S24 N1\nw T2 P1 #0 O2\n"           /* reached by a store */
                  "a T1 O3 S24 N1\n+ T1 O3\n"                 /* ends the pinning of 2 */
                  "a T1 O4 S24 N1\n",
                  SHAPE(1, "object", 8, 1, "container") "thread 1\n"
                                                        "alloc o1 1 t0 0\n"
                                                        "thread 2\n"
                                                        "load o1 0 t1\n"
                                                        "root t2 o1\n"
                                                        "thread 1\n"
                                                        "root t0 null\n"
                                                        "alloc o2 1 t0 0\n"
                                                        "thread 2\n"
                                                        "store o1 0 o2\n"
                                                        "thread 1\n"
                                                        "root t0 null\n"
                                                        "alloc o3 1 t2 0\n"
                                                        "alloc o4 1 t0 0\n");
    expect_import("collect=on", "a T3 O1 S16 N0\n",
                  SHAPE(1, "object", 0, 0, "acyclic") "thread 3\nalloc o1 1 t0 0\nroot t0 null\n"
                                                      "collect 2\n");
}

/* Fields outside of the data are cut, and counted. */
static void test_fields(void **state)
{
    (void)state;
    struct imported got =
        import_text("garcosim", "",
                    "a T0 O1 S40 N1\n+ T0 O1\n" /* 16 bytes of data, then the slot */
                    "s O1 F24 S8\ns O1 F28 S8\ns O1 F32 S8\ns O1 F0 S4\ns P1 I1 S4\ns O1 I7\n"
                    "r O1\nr O1 F18446744073709551615 S18446744073709551615\nr O1 F16 S0\n");
    expect_events(&got, SHAPE(1, "object", 24, 1, "container") "alloc o1 1 t2 0\n"
                                                               "write o1 8 8\n"
                                                               "write o1 12 4\n"
                                                               "write o1 0 4\n"
                                                               "write o1 8 4\n"
                                                               "read o1 0 8\n");
    assert_int_equal(imported_count(&got, "fields_cut"), 5);
    assert_int_equal(imported_count(&got, "fields_guessed"), 3);
    imported_free(&got);
    got = import_text("garcosim", "", "a T0 O1 S20 N3\n+ T0 O1\n");
    expect_events(&got, SHAPE(1, "object", 24, 3, "container") "alloc o1 1 t2 0\n");
    assert_int_equal(imported_count(&got, "enlarged"), 1);
    imported_free(&got);
}

/* Objects beyond a fixed part's bounds keep their size as items. */
static void test_large_objects(void **state)
{
    (void)state;
    struct imported got = import_text("garcosim", "",
                                      "a T0 O1 S16777232 N0\n+ T0 O1\n"
                                      "a T0 O2 S16777233 N0\n+ T0 O2\n"
                                      "a T0 O3 S24000024 N3000000\n+ T0 O3\nw P3 #2999999 O1\n"
                                      "r O3 F24000016 S8\n");
    if (got.status != GCR_OK)
        fail_msg("%s", got.err.text);
    expect_events(&got,
                  "shape 1 object fields=16777216 slots=0 items=0 item-slots=0 flags=acyclic\n"
                  "shape 2 object fields=1 slots=0 items=65536 item-slots=0 flags=acyclic\n"
                  "shape 3 object fields=8 slots=0 items=8 item-slots=1 flags=container\n"
                  "alloc o1 1 t2 0\nalloc o2 2 t3 256\nalloc o3 3 t4 3000000\n"
                  "store o3 2999999 o1\nload o3 2999999 t1\nroot t1 null\n");
    assert_int_equal(got.facts.peak_live_bytes, 16777216 + 16777217 + 24000008);
    imported_free(&got);
}

static const char zombie_trace[] = "a T0 O1 S24 N1\n+ T0 O1\n"
                                   "a T0 O2 S24 N1\n+ T0 O2\n"
                                   "w P1 #0 O2\n"
                                   "- T0 O2\n"
                                   "- T0 O1\n"
                                   "r O2 F16 S8\n" /* both are gone */
                                   "+ T0 O1\n"
                                   "w P1 #0 O0\n"
                                   "s O1 I0 S4\n";

static void test_zombies(void **state)
{
    (void)state;
    expect_refused("garcosim", "", zombie_trace,
                   "input:8: object 2 cannot be reached any more; "
                   "--set zombies=keep-alive or skip goes on");
    struct imported got = import_text("garcosim", "zombies=skip", zombie_trace);
    expect_events(&got, SHAPE(1, "object", 8, 1, "container") "alloc o1 1 t2 0\n"
                                                              "alloc o2 1 t3 0\n"
                                                              "store o1 0 o2\n"
                                                              "root t3 null\nroot t2 null\n");
    assert_int_equal(imported_count(&got, "zombie_accesses"), 4);
    imported_free(&got);
    got = import_text("garcosim", "zombies=keep-alive", zombie_trace);
    expect_events(&got, SHAPE(1, "object", 8, 1, "container") "alloc o1 1 t2 0\n"
                                                              "root g0 o1\n"
                                                              "alloc o2 1 t3 0\n"
                                                              "root g1 o2\n"
                                                              "store o1 0 o2\n"
                                                              "root t3 null\nroot t2 null\n"
                                                              "load o2 0 t1\n"
                                                              "root g1 null\n"
                                                              "root t2 o1\n"
                                                              "store o1 0 null\n"
                                                              "root g0 null\n");
    assert_int_equal(imported_count(&got, "zombies_held"), 2);
    assert_int_equal(imported_count(&got, "zombie_accesses"), 2);
    imported_free(&got);
    expect_import("zombies=skip", "a T0 O1 S24 N1\n+ T0 O1\nw P1 #0 O5\nw P6 #0 O1\n+ T0 O7\n",
                  SHAPE(1, "object", 8, 1, "container") "alloc o1 1 t2 0\nstore o1 0 null\n");
    expect_refused("garcosim", "", "a T0 O1 S24 N1\n+ T0 O1\nw P1 #0 O5\n",
                   "input:3: object 5 was never allocated");
    expect_refused("garcosim", "zombies=keep-alive", "r O5 F16 S1\n",
                   "input:1: object 5 was never allocated");
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"q T1\n", "input:1: a line begins with one of"},
        {"a T1 O1 S16 N0\n+T1 O1\n", "input:2: expected a blank and one of"},
        {"a T1 X1\n", "expected a blank and one of"},
        {"a T O1\n", "expected a decimal number"},
        {"a T1 O18446744073709551616 S16 N0\n", "expected a decimal number below 2^64"},
        {"a T1 T1 O1 S16 N0\n", "a key is there twice"},
        {"a O1 S16 N0\n", "'a' without T"},
        {"a T1 S16 N0\n", "'a' without O"},
        {"a T1 O1 N0\n", "'a' without S"},
        {"a T1 O1 S16\n", "'a' without N"},
        {"a T1 O0 S16 N0\n", "object 0 is null"},
        {"a T1 O1 S16 N0\na T2 O1 S16 N0\n", "input:2: object 1 was allocated before"},
        {"a T65536 O1 S16 N0\n", "thread 65536; at most 65536 are possible"},
        {"a T1 O1 S99999999 N4294967296\n", "input:1: an object of 99999999 bytes with 4294967296"},
        {"a T1 O1 S18446744073709551615 N0\n", "is beyond the trace format"},
        {"a T1 O1 S16 N0\n+ T1\n", "'+' without O"},
        {"+ O1\n", "'+' without T"},
        {"a T1 O1 S24 N1\n+ T1 O1\nw T1 P1 O1\n", "'w' without #"},
        {"a T1 O1 S24 N1\n+ T1 O1\nw T1 #0 O1\n", "'w' without P"},
        {"a T1 O1 S24 N1\n+ T1 O1\nw T1 P1 #0\n", "'w' without O"},
        {"a T1 O1 S24 N1\n+ T1 O1\nw T1 P1 #1 O1\n", "input:3: slot 1 of object 1, which has 1"},
        {"c T1 F1 O0\n", "'c' without C"},
        {"c T1 C1 O0\n", "'c' without F"},
        {"c T1 C1 F4294967296 O0\n", "no class has that number or that field"},
        {"r T1\n", "'r' without C"},
        {"a T1 R2 O1 S16 N0\n", "input:1: the old dialect"},
        {"a T1 P2 #0 O1 S16 N0\n", "the old dialect"},
        {"- T1 R2\n", "the old dialect"},
    };
    for (size_t i = 0; i < GCR_COUNT_OF(bad); i++)
        expect_refused("garcosim", "", bad[i].text, bad[i].message);
    struct imported got = import_bytes("garcosim", "", "x L1\0\n", 6);
    assert_int_equal(got.status, GCR_BAD_INPUT);
    imported_free(&got);
}

/* Random programs that name anything they like, dead or alive: whatever the policy, the trace that
 * comes out is valid (import_text proves it), and each policy loses what it says. */
static char *random_program(uint64_t seed)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    uint64_t rng = seed;
    unsigned objects = 0;
    for (int step = 0; step < 600; step++) {
        unsigned what = gcr_splitmix_below(&rng, 12), thread = gcr_splitmix_below(&rng, 3);
        unsigned old = objects > 12 ? objects - 12 : 0, span = objects - old;
        unsigned a = span > 0 ? old + 1 + gcr_splitmix_below(&rng, span) : 0;
        unsigned b = span > 0 ? old + 1 + gcr_splitmix_below(&rng, span) : 0;
        unsigned slot = gcr_splitmix_below(&rng, 2);
        if (objects == 0 || what <= 1) {
            fprintf(out, "a T%u O%u S48 N2 C%u\n", thread, ++objects, 1 + slot);
            if (what == 0)
                fprintf(out, "+ T%u O%u\n", thread, objects);
        } else if (what <= 3) {
            fprintf(out, "%c T%u O%u\n", what == 2 ? '+' : '-', thread, a);
        } else if (what == 4) {
            fprintf(out, "- T%u O%u\n", thread, b);
        } else if (what <= 8) {
            fprintf(out, "w T%u P%u #%u O%u\n", thread, a, slot, what == 8 ? 0 : b);
        } else if (what == 9) {
            fprintf(out, "c T%u C1 F%u O%u\n", thread, 16 + 8 * slot, slot == 0 ? 0 : b);
        } else {
            fprintf(out, "%c T%u O%u F%u S8\n", what == 10 ? 'r' : 's', thread, a, 16 + 8 * slot);
        }
    }
    fclose(out);
    return text;
}

static void test_random_programs(void **state)
{
    (void)state;
    uint64_t zombies = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        char *text = random_program(seed);
        struct imported strict = import_text("garcosim", "", text);
        struct imported kept, skipped;
        imported_free(&strict);
        kept = import_text("garcosim", "zombies=keep-alive", text);
        imported_free(&kept);
        skipped = import_text("garcosim", "zombies=skip collect=on", text);
        imported_free(&skipped);
        assert_int_equal(kept.status, GCR_OK);
        assert_int_equal(skipped.status, GCR_OK);
        bool has_zombies = imported_count(&kept, "zombies_held") > 0;
        assert_int_equal(strict.status, has_zombies ? GCR_BAD_INPUT : GCR_OK);
        assert_int_equal(imported_count(&skipped, "zombie_accesses") > 0, has_zombies);
        assert_int_equal(imported_count(&kept, "objects"), imported_count(&skipped, "objects"));
        zombies += has_zombies;
        free(text);
    }
    assert_true(zombies > 30 && zombies <= 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_line),       cmocka_unit_test(test_loads),
        cmocka_unit_test(test_roots),           cmocka_unit_test(test_pinning),
        cmocka_unit_test(test_fields),          cmocka_unit_test(test_large_objects),
        cmocka_unit_test(test_zombies),         cmocka_unit_test(test_refused),
        cmocka_unit_test(test_random_programs),
    };
    return cmocka_run_group_tests_name("unit.import_garcosim", tests, NULL, NULL);
}
