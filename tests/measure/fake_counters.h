/* A kernel that has whatever counters a test gives it. */
#ifndef GCR_TESTS_MEASURE_FAKE_COUNTERS_H
#define GCR_TESTS_MEASURE_FAKE_COUNTERS_H

#include "sim/measure/counter_set.h"

enum { FAKE_FILES = 64, FAKE_FIRST = 100 };

/* An open event. Files of one thread's events, and of inherited ones, are told apart. */
struct fake_file {
    bool is_open, is_on, inherited;
    int event;  /* enum gcr_counter */
    int leader; /* file number; its own if it leads */
};

/* All zero but `group_limit`: everything is there, nothing is counted. */
struct fake_kernel {
    int refuse[GCR_COUNTER_COUNT];       /* errno, 0: given */
    int refuse_inherited;                /* errno for all inherited events */
    int enable_error;                    /* errno when a group is switched on */
    int read_error[GCR_COUNTER_COUNT];   /* errno when a group that this event leads is read */
    uint32_t group_limit;                /* hardware events that fit into one group */
    uint64_t count[GCR_COUNTER_COUNT];   /* of the thread */
    uint64_t helpers[GCR_COUNTER_COUNT]; /* of threads that it has started */
    uint64_t enabled_ns, running_ns;
    uint64_t step[GCR_COUNTER_COUNT]; /* added to `count` after each reading */
    struct fake_file file[FAKE_FILES];
    uint32_t opened, closed, mapped, unmapped, reads;
    bool has_pages; /* hardware can be read in user space */
    struct perf_event_mmap_page page[FAKE_FILES];
};

/* Valid while the kernel is. */
struct gcr_counter_system fake_counter_system(struct fake_kernel *kernel);

#endif
