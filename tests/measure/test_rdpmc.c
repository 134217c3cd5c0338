/* Counters read in user space: what the kernel's page and the instruction's result mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/measure/rdpmc.h"

static uint64_t decoded(struct gcr_rdpmc_sample sample)
{
    uint64_t value, enabled_ns, running_ns;

    gcr_rdpmc_decode(&sample, &value, &enabled_ns, &running_ns);
    return value;
}

/* The kernel sets a counter to a negative number of its width, so that it overflows in time, and
 * puts what it took off into the offset. */
static void a_counter_is_signed_and_as_wide_as_the_page_says(void **unused)
{
    const uint64_t start = UINT64_C(0x800000000000); /* the lowest number of 48 bits */

    (void)unused;
    assert_int_equal(
        decoded((struct gcr_rdpmc_sample){.offset = start, .index = 1, .width = 48, .pmc = start}),
        0);
    assert_int_equal(decoded((struct gcr_rdpmc_sample){
                         .offset = start, .index = 1, .width = 48, .pmc = start + 1234}),
                     1234);
    assert_int_equal(decoded((struct gcr_rdpmc_sample){
                         .offset = 1000, .index = 2, .width = 48, .pmc = UINT64_C(0xfffffffffffe)}),
                     998);
    assert_int_equal(
        decoded((struct gcr_rdpmc_sample){.offset = 1000, .index = 2, .width = 48, .pmc = 17}),
        1017);
    /* Bits beyond the width mean nothing; a counter of 32 bits; one of all 64. */
    assert_int_equal(
        decoded((struct gcr_rdpmc_sample){
            .offset = 0, .index = 1, .width = 48, .pmc = UINT64_C(0xabcd000000000005)}),
        5);
    assert_int_equal(decoded((struct gcr_rdpmc_sample){
                         .offset = 10, .index = 1, .width = 32, .pmc = UINT64_C(0xffffffff)}),
                     9);
    assert_int_equal(decoded((struct gcr_rdpmc_sample){
                         .offset = 10, .index = 1, .width = 64, .pmc = UINT64_MAX}),
                     9);
}

static void an_event_off_its_counter_is_what_the_page_says(void **unused)
{
    const struct gcr_rdpmc_sample sample = {.offset = 77,
                                            .index = 0,
                                            .width = 48,
                                            .pmc = 5,
                                            .enabled_ns = 100,
                                            .running_ns = 60,
                                            .time_mult = 1,
                                            .tsc = 40};
    uint64_t value, enabled_ns, running_ns;

    (void)unused;
    gcr_rdpmc_decode(&sample, &value, &enabled_ns, &running_ns);
    assert_int_equal(value, 77);
    assert_int_equal(enabled_ns, 140);
    assert_int_equal(running_ns, 60); /* it waits for its turn */
}

static void times_go_on_by_the_time_stamp(void **unused)
{
    struct gcr_rdpmc_sample sample = {.index = 1,
                                      .width = 48,
                                      .enabled_ns = 1000,
                                      .running_ns = 900,
                                      .tsc = UINT64_C(0x300000002),
                                      .time_mult = 5,
                                      .time_shift = 2,
                                      .time_offset = (uint64_t)-INT64_C(16106127350)};
    uint64_t value, enabled_ns, running_ns;

    (void)unused;
    gcr_rdpmc_decode(&sample, &value, &enabled_ns, &running_ns);
    /* 0x300000002 cycles at 5/4 ns: 16106127362 ns, less the offset: 12 */
    assert_int_equal(enabled_ns, 1012);
    assert_int_equal(running_ns, 912);
    /* A time stamp of 8 bits that has wrapped: 250 -> 4 are 10 cycles. */
    sample = (struct gcr_rdpmc_sample){.index = 1,
                                       .width = 48,
                                       .tsc = 4,
                                       .is_short = true,
                                       .time_cycles = 250,
                                       .time_mask = 255,
                                       .time_mult = 1,
                                       .time_offset = (uint64_t)-INT64_C(250)};
    gcr_rdpmc_decode(&sample, &value, &enabled_ns, &running_ns);
    assert_int_equal(enabled_ns, 10);
}

/* ---- the sequence lock ---- */

struct writer {
    struct perf_event_mmap_page page;
    uint32_t writes_left, readings;
};

/* The kernel takes the event to another counter in the middle of the reading. */
static uint64_t writer_tsc(void *arg)
{
    struct writer *writer = arg;

    writer->readings++;
    if (writer->writes_left == 0)
        return 0;
    writer->writes_left--;
    writer->page.lock += 2;
    writer->page.index = 3;
    writer->page.offset += 100;
    return 0;
}

static uint64_t writer_pmc(void *arg, uint32_t index)
{
    (void)arg;
    return index * 10;
}

static void a_sample_is_taken_again_when_the_kernel_has_written(void **unused)
{
    struct writer writer = {.page = {.lock = 6, .index = 1, .offset = 1000, .pmc_width = 48},
                            .writes_left = 3};
    struct gcr_rdpmc_sample sample;

    (void)unused;
    gcr_rdpmc_sample(&writer.page, writer_pmc, writer_tsc, &writer, &sample);
    assert_int_equal(writer.readings, 4);
    assert_int_equal(sample.offset, 1300);
    assert_int_equal(sample.index, 3);
    assert_int_equal(sample.pmc, 20); /* counter 2 */
}

static void both_the_counter_and_the_time_must_be_allowed(void **unused)
{
    struct perf_event_mmap_page page = {0};

    (void)unused;
    assert_false(gcr_rdpmc_allowed(NULL));
    assert_false(gcr_rdpmc_allowed(&page));
    page.cap_user_rdpmc = 1;
    assert_false(gcr_rdpmc_allowed(&page));
    page.cap_user_time = 1;
    assert_true(gcr_rdpmc_allowed(&page));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_counter_is_signed_and_as_wide_as_the_page_says),
        cmocka_unit_test(an_event_off_its_counter_is_what_the_page_says),
        cmocka_unit_test(times_go_on_by_the_time_stamp),
        cmocka_unit_test(a_sample_is_taken_again_when_the_kernel_has_written),
        cmocka_unit_test(both_the_counter_and_the_time_must_be_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
