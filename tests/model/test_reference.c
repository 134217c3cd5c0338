/* The model against a naive one, on random streams, many geometries and each vector width that this
 * machine has: every counter of every phase. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/compiler.h"
#include "tests/model/reference.h"

enum { STEPS = 25000 };

static uint64_t seed;

static const char *const geometries[] = {
    "host",
    "zen4",
    "skylake",
    "l1=32KiB/8,l2=1MiB/8,llc=32MiB/16",
    "l1=48KiB/12,l2=2MiB/16,llc=off,tlb1=96/6,tlb2=2048/16",
    "l1=512/8,l2=off,llc=off,tlb1=8/8,tlb2=off",
    "l1=64/1,l2=128/1,llc=256/1,tlb1=1/1,tlb2=2/1",
    "l1=3KiB/3,l2=15KiB/5,llc=55KiB/11,tlb1=9/3,tlb2=48/6",
    "l1=2KiB/32,l2=6KiB/32,llc=70KiB/20,tlb1=96/32,tlb2=160/20",
    "l1=1KiB/16,l2=3KiB/16,llc=off,tlb1=4/4,tlb2=32/1",
    "l1=1088/17,l2=off,llc=4KiB/2,tlb1=31/31,tlb2=off",
    "l1=7KiB/7,l2=63KiB/7,llc=198KiB/22,tlb1=12/4,tlb2=96/24",
    "zen4,prefetch=on",
    "l1=2KiB/4,l2=8KiB/8,llc=64KiB/16,prefetch=on",
    "l1=3KiB/3,l2=15KiB/5,llc=off,prefetch=on",
};

/* Places that a program keeps coming back to, and how far it strays from them. */
struct stream {
    uint64_t state;
    uintptr_t bases[6];
    uint64_t spread[6];
    uintptr_t last;
};

static struct stream stream_begin(uint64_t state)
{
    struct stream stream = {.state = state,
                            .bases = {UINT64_C(0x200000000000), UINT64_C(0x200040000000),
                                      UINT64_C(0x3f1234567000), UINT64_C(0x7ffde0000000), 0x404000,
                                      UINT64_C(0x200000080000)},
                            .spread = {1 << 12, 1 << 17, 1 << 23, 1 << 9, 1 << 14, 1 << 20}};
    stream.last = stream.bases[0];
    return stream;
}

struct step {
    uintptr_t at;
    size_t bytes;
    bool write;
};

static struct step stream_next(struct stream *stream)
{
    static const size_t sizes[] = {1, 2, 4, 8, 8, 8, 16, 24};
    uint64_t r = reference_random(&stream->state);
    unsigned kind = r & 15, base = (unsigned)(r >> 8) % 6;
    struct step step = {.bytes = sizes[r >> 16 & 7], .write = r >> 24 & 1};
    if (kind < 6) /* close to the last one */
        step.at = stream->last + (r >> 32) % 96 - 32;
    else if (kind < 9) /* on along a line */
        step.at = stream->last + 64;
    else
        step.at = stream->bases[base] + (r >> 32) % stream->spread[base];
    if (kind == 15)
        step.bytes = 1 + (r >> 40) % 700;
    stream->last = step.at;
    return step;
}

static void run_one(const char *list, uint64_t stream_seed, enum gcr_model_vectors vectors)
{
    struct gcr_geometry geometry;
    struct gcr_error err;
    struct gcr_model_counts found;
    struct stream stream = stream_begin(stream_seed);
    enum gcr_gc_phase phase = GCR_PHASE_MUTATOR;

    assert_int_equal(gcr_geometry_parse(list, &geometry, &err), GCR_OK);
    struct gcr_model_config config = {.geometry = &geometry, .vectors = vectors};
    struct reference *reference = reference_create(&geometry);
    gcr_status status = gcr_model_open(&config, &err);
    if (status == GCR_UNSUPPORTED) {
        print_message("skipped: %s\n", err.text);
        reference_destroy(reference);
        return;
    }
    assert_int_equal(status, GCR_OK);
    assert_true(gcr_model_pause(false));
    for (int i = 0; i < STEPS; i++) {
        if (i % 37 == 0) {
            phase = (enum gcr_gc_phase)(reference_random(&stream.state) % GCR_PHASE_COUNT);
            gcr_model_enter(phase);
        }
        struct step step = stream_next(&stream);
        gcr_model_access((const void *)step.at, step.bytes, step.write);
        reference_access(reference, step.at, step.bytes, step.write, phase);
    }
    gcr_model_read(&found);
    gcr_model_close();
    reference_assert_same(reference_counts(reference), &found);
    assert_true(found.phase[GCR_PHASE_MARK].l1_read_misses > 0); /* the stream is worth something */
    assert_true(found.phase[GCR_PHASE_MARK].l1_writebacks > 0);
    assert_true(!geometry.prefetch || found.phase[GCR_PHASE_MARK].prefetches > 0);
    reference_destroy(reference);
}

static void every_counter_is_the_naive_model_s(void **state)
{
    (void)state;
    for (size_t i = 0; i < GCR_COUNT_OF(geometries); i++) {
        print_message("%s\n", geometries[i]);
        run_one(geometries[i], seed + i, GCR_VECTORS_SCALAR);
        run_one(geometries[i], seed + i, GCR_VECTORS_AVX2);
        run_one(geometries[i], seed + i, GCR_VECTORS_AVX512);
    }
}

/* Geometries drawn at random: any number of sets and ways. */
static void any_number_of_sets_and_ways_will_do(void **state)
{
    (void)state;
    uint64_t random = seed;
    for (int i = 0; i < 24; i++) {
        char list[256];
        uint64_t r = reference_random(&random);
        uint64_t q = reference_random(&random);
        unsigned w1 = 1 + r % 32, w2 = 1 + (r >> 8) % 32, w3 = 1 + (r >> 16) % 32;
        unsigned t1 = 1 + (r >> 24) % 32, t2 = 1 + (r >> 32) % 32;
        (void)snprintf(
            list, sizeof list, "l1=%u/%u,l2=%u/%u,llc=%u/%u,tlb1=%u/%u,tlb2=%u/%u,prefetch=%s",
            (unsigned)(1 + q % 70) * w1 * 64, w1, (unsigned)(1 + (q >> 8) % 300) * w2 * 64, w2,
            (unsigned)(1 + (q >> 20) % 900) * w3 * 64, w3, (unsigned)(1 + (q >> 32) % 12) * t1, t1,
            (unsigned)(1 + (q >> 40) % 40) * t2, t2, i % 3 == 0 ? "on" : "off");
        print_message("%s\n", list);
        run_one(list, r, GCR_VECTORS_SCALAR);
        run_one(list, r, GCR_VECTORS_AVX2);
        run_one(list, r, GCR_VECTORS_AVX512);
    }
}

int main(int argc, char **argv)
{
    seed = reference_seed(argc, argv, 20261122);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_counter_is_the_naive_model_s),
        cmocka_unit_test(any_number_of_sets_and_ways_will_do),
    };
    return cmocka_run_group_tests_name("unit.model_reference", tests, NULL, NULL);
}
