/* Reading a perf event in user space, through the page that perf_event_open's file maps.
 *
 * The protocol is the kernel's (include/uapi/linux/perf_event.h, struct perf_event_mmap_page): a
 * sequence lock, the count as of the last time that the event went on or off its counter, and the
 * number of that counter while it is on it, whose present value is added. Times come from the time
 * stamp counter in the same way. */
#ifndef GCR_SIM_MEASURE_RDPMC_H
#define GCR_SIM_MEASURE_RDPMC_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>

/* Can the event behind this page be read here? Needs leave to read the counter, and times. */
bool gcr_rdpmc_allowed(const volatile struct perf_event_mmap_page *page);

/* What was read from the page under its lock, and the two instructions' results. */
struct gcr_rdpmc_sample {
    uint64_t offset;                 /* the page's: count when it last changed state */
    uint32_t index;                  /* counter + 1; 0: on none at the moment */
    uint16_t width;                  /* bits of the counter */
    uint64_t pmc, tsc;               /* pmc: if index is not 0 */
    uint64_t enabled_ns, running_ns; /* the page's */
    uint64_t time_offset, time_mult; /* of the time stamp */
    uint16_t time_shift;
    bool is_short; /* the time stamp wraps: the two below apply */
    uint64_t time_cycles, time_mask;
};

/* The event's count, and the nanoseconds for which it was enabled and counted. Pure. */
void gcr_rdpmc_decode(const struct gcr_rdpmc_sample *sample, uint64_t *value, uint64_t *enabled_ns,
                      uint64_t *running_ns);

/* Takes a consistent sample of a page; pmc(arg, index) and tsc(arg) do the reading. Retries while
 * the kernel writes. */
void gcr_rdpmc_sample(const volatile struct perf_event_mmap_page *page,
                      uint64_t (*pmc)(void *arg, uint32_t index), uint64_t (*tsc)(void *arg),
                      void *arg, struct gcr_rdpmc_sample *out);

#endif
