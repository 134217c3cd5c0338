/* Reading counters in user space; see rdpmc.h. */
#include "sim/measure/rdpmc.h"

#include <stdatomic.h>
#include <stddef.h>

bool gcr_rdpmc_allowed(const volatile struct perf_event_mmap_page *page)
{
    return page != NULL && page->cap_user_rdpmc && page->cap_user_time;
}

/* The kernel runs on the same processor as this thread whenever it writes the page, so the compiler
 * alone must be kept from reordering. */
static void rdpmc_order(void)
{
    atomic_signal_fence(memory_order_seq_cst);
}

void gcr_rdpmc_sample(const volatile struct perf_event_mmap_page *page,
                      uint64_t (*pmc)(void *arg, uint32_t index), uint64_t (*tsc)(void *arg),
                      void *arg, struct gcr_rdpmc_sample *out)
{
    uint32_t sequence;

    do {
        sequence = page->lock;
        rdpmc_order();
        *out = (struct gcr_rdpmc_sample){
            .offset = (uint64_t)page->offset,
            .index = page->index,
            .width = page->pmc_width,
            .enabled_ns = page->time_enabled,
            .running_ns = page->time_running,
            .time_offset = page->time_offset,
            .time_mult = page->time_mult,
            .time_shift = page->time_shift,
            .is_short = page->cap_user_time_short,
            .time_cycles = page->time_cycles,
            .time_mask = page->time_mask,
            .tsc = tsc(arg),
        };
        if (out->index != 0)
            out->pmc = pmc(arg, out->index - 1);
        rdpmc_order();
    } while ((sequence & 1) != 0 || page->lock != sequence);
}

/* Nanoseconds since the page's times were written. */
static uint64_t rdpmc_since(const struct gcr_rdpmc_sample *sample)
{
    uint64_t cycles = sample->tsc, whole, rest;

    if (sample->is_short)
        cycles = sample->time_cycles + ((cycles - sample->time_cycles) & sample->time_mask);
    whole = cycles >> sample->time_shift;
    rest = cycles & ((UINT64_C(1) << sample->time_shift) - 1);
    return sample->time_offset + whole * sample->time_mult +
           ((rest * sample->time_mult) >> sample->time_shift);
}

void gcr_rdpmc_decode(const struct gcr_rdpmc_sample *sample, uint64_t *value, uint64_t *enabled_ns,
                      uint64_t *running_ns)
{
    uint64_t since_ns = rdpmc_since(sample);

    *value = sample->offset;
    *enabled_ns = sample->enabled_ns + since_ns;
    *running_ns = sample->running_ns;
    if (sample->index == 0)
        return;
    *running_ns += since_ns;
    /* Counters count up from a negative start: the value is signed and `width` bits wide. */
    if (sample->width == 0 || sample->width >= 64) {
        *value += sample->pmc;
        return;
    }
    uint64_t sign = UINT64_C(1) << (sample->width - 1);
    uint64_t low = sample->pmc & ((sign << 1) - 1);

    *value += (low ^ sign) - sign;
}
