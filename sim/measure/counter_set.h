/* Counters of one thread: opening what the kernel gives, reading all of it at once.
 *
 * Hardware events form a group, so that they are counted over the same time; one that does not fit
 * beside the others (EINVAL) begins a group of its own, and the kernel takes turns with the groups.
 * Software events form another. Hardware events count user space alone: what the kernel does in
 * page faults is another machine's matter, and that is all that perf_event_paranoid = 2 allows.
 * Software events that perf_event_open refuses come from getrusage(RUSAGE_THREAD) and
 * clock_gettime, which count the same for the calling thread.
 *
 * A group is read in user space (rdpmc.h) if every event of it has a page that allows that, with
 * one system call otherwise. */
#ifndef GCR_SIM_MEASURE_COUNTER_SET_H
#define GCR_SIM_MEASURE_COUNTER_SET_H

#include <linux/perf_event.h>
#include <sys/types.h>

#include "sim/measure/counter_figures.h"

/* What the system is asked for; a test puts its own functions here. Calls fail with -errno. */
struct gcr_counter_system {
    int (*open)(void *arg, struct perf_event_attr *attr, int group_fd);
    int (*enable)(void *arg, int fd); /* a group, by its leader */
    ssize_t (*read)(void *arg, int fd, void *data, size_t bytes);
    const volatile struct perf_event_mmap_page *(*map)(void *arg, int fd); /* NULL: refused */
    void (*unmap)(void *arg, const volatile struct perf_event_mmap_page *page);
    void (*close)(void *arg, int fd);
    uint64_t (*pmc)(void *arg, uint32_t index); /* raw value of a hardware counter */
    uint64_t (*tsc)(void *arg);
    int paranoid; /* kernel.perf_event_paranoid; INT_MAX: not known */
    void *arg;
};

/* The kernel's. The level is read from /proc. */
struct gcr_counter_system gcr_counter_system_real(void);

/* One moment. All values count from the set's opening, or from an unknown origin: differences are
 * meant. */
struct gcr_counter_reading {
    uint64_t value[GCR_COUNTER_COUNT];
    uint64_t enabled_ns[GCR_COUNTER_COUNT], running_ns[GCR_COUNTER_COUNT];
};

struct gcr_counter_group {
    int fd; /* the leader's */
    uint32_t size;
    bool user_space; /* read without a system call */
    uint8_t member[GCR_COUNTER_COUNT];
};

struct gcr_counter_set {
    const struct gcr_counter_system *system;
    enum gcr_counter_source source[GCR_COUNTER_COUNT];
    int fd[GCR_COUNTER_COUNT]; /* -1: none */
    const volatile struct perf_event_mmap_page *page[GCR_COUNTER_COUNT];
    char reason[GCR_COUNTER_COUNT][192];
    struct gcr_counter_group group[GCR_COUNTER_COUNT]; /* hardware groups first */
    size_t group_count;
};

/* Opens the calling thread's counters, which run from here on. `inherited`: and those of all
 * threads that it starts later (Linux 5.13), without the fallbacks. Cannot fail: an event that is
 * not to be had is refused with its reason. `system` must outlive the set. */
void gcr_counter_set_open(struct gcr_counter_set *set, const struct gcr_counter_system *system,
                          bool inherited);

/* Reads every event that is not refused; hardware is read last (`begins`) or first, so that an
 * interval between two readings holds as little of them as can be. False: the kernel failed to
 * answer for an event, which is refused from then on with the reason. */
bool gcr_counter_set_read(struct gcr_counter_set *set, bool begins,
                          struct gcr_counter_reading *out);

/* `forked`: the process is a child of the one that opened it, and has no mappings of its pages. */
void gcr_counter_set_close(struct gcr_counter_set *set, bool forked);

#endif
