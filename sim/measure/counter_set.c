/* Opening and reading one thread's counters; see counter_set.h. */
#include "sim/measure/counter_set.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/compiler.h"
#include "sim/measure/clock.h"
#include "sim/measure/rdpmc.h"

/* ---- the events ---- */

#define CACHE_READ_MISSES(cache)                                                                   \
    (PERF_COUNT_HW_CACHE_##cache | PERF_COUNT_HW_CACHE_OP_READ << 8 |                              \
     PERF_COUNT_HW_CACHE_RESULT_MISS << 16)

static const struct {
    uint32_t type;
    uint64_t config;
} events[GCR_COUNTER_COUNT] = {
    [GCR_COUNTER_CYCLES] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
    [GCR_COUNTER_INSTRUCTIONS] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
    [GCR_COUNTER_L1D_READ_MISSES] = {PERF_TYPE_HW_CACHE, CACHE_READ_MISSES(L1D)},
    [GCR_COUNTER_LLC_READ_MISSES] = {PERF_TYPE_HW_CACHE, CACHE_READ_MISSES(LL)},
    [GCR_COUNTER_DTLB_READ_MISSES] = {PERF_TYPE_HW_CACHE, CACHE_READ_MISSES(DTLB)},
    [GCR_COUNTER_MINOR_FAULTS] = {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN},
    [GCR_COUNTER_MAJOR_FAULTS] = {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ},
    [GCR_COUNTER_CONTEXT_SWITCHES] = {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES},
    [GCR_COUNTER_TASK_CLOCK_NS] = {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK},
};

static bool event_is_software(size_t event)
{
    return events[event].type == PERF_TYPE_SOFTWARE;
}

/* A leader is opened switched off and switched on with its whole group: a member that joins a group
 * which already runs may not be counted before the next context switch (seen on Linux 6.18 where
 * the two belong to different sources, as the clock and the page faults do). */
static struct perf_event_attr event_attr(size_t event, bool inherited, bool leads)
{
    bool is_software = event_is_software(event);

    return (struct perf_event_attr){
        .size = sizeof(struct perf_event_attr),
        .type = events[event].type,
        .config = events[event].config,
        .read_format =
            PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
        .disabled = leads,
        .inherit = inherited,
        .inherit_thread = inherited,
        .exclude_kernel = !is_software,
        .exclude_hv = !is_software,
    };
}

/* ---- why not ---- */

static void set_explain(struct gcr_counter_set *set, size_t event, int error, bool inherited)
{
    int paranoid = set->system->paranoid, needed = event_is_software(event) ? 1 : 2;
    const char *name = strerrorname_np(error);
    char level[48] = "kernel.perf_event_paranoid is not known", why[128];

    if (paranoid != INT_MAX)
        snprintf(level, sizeof level, "kernel.perf_event_paranoid is %d", paranoid);
    if (error == ENOENT || error == EOPNOTSUPP || error == ENODEV)
        snprintf(why, sizeof why, "this machine has no such event");
    else if (error == EACCES || error == EPERM)
        snprintf(why, sizeof why, "not allowed: needs %d or less, or CAP_PERFMON", needed);
    else if (error == ENOSYS)
        snprintf(why, sizeof why, "no such system call here");
    else if (error == EINVAL && inherited)
        snprintf(why, sizeof why, "cannot follow the threads of this process (Linux 5.13 can)");
    else
        snprintf(why, sizeof why, "%s", strerror(error));
    snprintf(set->reason[event], sizeof set->reason[event], "perf_event_open: %s (%s; %s)", why,
             name != NULL ? name : "unknown error", level);
}

/* The whole group, after it has been opened. */
static void set_refuse_group(struct gcr_counter_set *set, struct gcr_counter_group *group,
                             const char *what, const char *why)
{
    for (size_t i = 0; i < group->size; i++) {
        size_t event = group->member[i];

        set->source[event] = GCR_COUNTER_REFUSED;
        snprintf(set->reason[event], sizeof set->reason[event],
                 "the event was opened but could not be %s: %s", what, why);
    }
    group->size = 0;
}

/* ---- opening ---- */

/* As a further member of the last group of its kind, else as the first of a new one. */
static int set_try(struct gcr_counter_set *set, size_t event, bool inherited)
{
    const struct gcr_counter_system *system = set->system;
    struct gcr_counter_group *last = NULL;
    struct perf_event_attr attr = event_attr(event, inherited, false);
    int fd = -EINVAL;

    if (set->group_count > 0)
        last = &set->group[set->group_count - 1];
    if (last != NULL && event_is_software(last->member[0]) == event_is_software(event))
        fd = system->open(system->arg, &attr, last->fd);
    if (fd >= 0) {
        last->member[last->size++] = (uint8_t)event;
        return fd;
    }
    if (fd != -EINVAL)
        return fd;
    attr = event_attr(event, inherited, true);
    fd = system->open(system->arg, &attr, -1);
    if (fd >= 0)
        set->group[set->group_count++] =
            (struct gcr_counter_group){.fd = fd, .size = 1, .member = {(uint8_t)event}};
    return fd;
}

static enum gcr_counter_source set_fallback(size_t event)
{
    if (!event_is_software(event))
        return GCR_COUNTER_REFUSED;
    return event == GCR_COUNTER_TASK_CLOCK_NS ? GCR_COUNTER_CLOCK_GETTIME : GCR_COUNTER_GETRUSAGE;
}

static void set_open_event(struct gcr_counter_set *set, size_t event, bool inherited)
{
    int fd = set_try(set, event, inherited);

    if (fd >= 0) {
        set->fd[event] = fd;
        set->source[event] = GCR_COUNTER_PERF_EVENT;
        return;
    }
    set_explain(set, event, -fd, inherited);
    set->source[event] = inherited ? GCR_COUNTER_REFUSED : set_fallback(event);
}

static void set_enable_group(struct gcr_counter_set *set, struct gcr_counter_group *group)
{
    int status = set->system->enable(set->system->arg, group->fd);

    if (status < 0)
        set_refuse_group(set, group, "switched on", strerror(-status));
}

/* All pages of a group, or none. Inherited events cannot be mapped. */
static void set_map_group(struct gcr_counter_set *set, struct gcr_counter_group *group)
{
    const struct gcr_counter_system *system = set->system;

    group->user_space =
        group->size > 0 && system->pmc != NULL && !event_is_software(group->member[0]);
    for (size_t i = 0; i < group->size && group->user_space; i++) {
        size_t event = group->member[i];

        set->page[event] = system->map(system->arg, set->fd[event]);
        group->user_space = gcr_rdpmc_allowed(set->page[event]);
    }
}

void gcr_counter_set_open(struct gcr_counter_set *set, const struct gcr_counter_system *system,
                          bool inherited)
{
    *set = (struct gcr_counter_set){.system = system};
    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++)
        set->fd[e] = -1;
    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++)
        set_open_event(set, e, inherited);
    for (size_t g = 0; g < set->group_count; g++) {
        set_enable_group(set, &set->group[g]);
        if (!inherited)
            set_map_group(set, &set->group[g]);
    }
}

void gcr_counter_set_close(struct gcr_counter_set *set, bool forked)
{
    const struct gcr_counter_system *system = set->system;

    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++) {
        if (set->page[e] != NULL && !forked)
            system->unmap(system->arg, set->page[e]);
        if (set->fd[e] >= 0)
            system->close(system->arg, set->fd[e]);
    }
    *set = (struct gcr_counter_set){0};
}

/* ---- reading ---- */

static void set_read_pages(const struct gcr_counter_set *set, const struct gcr_counter_group *group,
                           struct gcr_counter_reading *out)
{
    const struct gcr_counter_system *system = set->system;

    for (size_t i = 0; i < group->size; i++) {
        size_t event = group->member[i];
        struct gcr_rdpmc_sample sample;

        gcr_rdpmc_sample(set->page[event], system->pmc, system->tsc, system->arg, &sample);
        gcr_rdpmc_decode(&sample, &out->value[event], &out->enabled_ns[event],
                         &out->running_ns[event]);
    }
}

/* With PERF_FORMAT_GROUP: how many, two times, values in the order of opening. */
static bool set_read_group(struct gcr_counter_set *set, struct gcr_counter_group *group,
                           struct gcr_counter_reading *out)
{
    const struct gcr_counter_system *system = set->system;
    uint64_t data[3 + GCR_COUNTER_COUNT];
    size_t wanted = (3 + group->size) * sizeof *data;
    ssize_t got;

    if (group->size == 0)
        return true;
    got = system->read(system->arg, group->fd, data, wanted);
    if (got != (ssize_t)wanted || data[0] != group->size) {
        set_refuse_group(set, group, "read",
                         got < 0 ? strerror((int)-got) : "the kernel sent too little");
        return false;
    }
    for (size_t i = 0; i < group->size; i++) {
        size_t event = group->member[i];

        out->value[event] = data[3 + i];
        out->enabled_ns[event] = data[1];
        out->running_ns[event] = data[2];
    }
    return true;
}

static void set_read_fallbacks(const struct gcr_counter_set *set, struct gcr_counter_reading *out)
{
    struct rusage usage = {0};
    bool asked = false;

    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++) {
        if (set->source[e] == GCR_COUNTER_GETRUSAGE && !asked)
            asked = getrusage(RUSAGE_THREAD, &usage) == 0;
        if (set->source[e] == GCR_COUNTER_CLOCK_GETTIME)
            out->value[e] = gcr_thread_cpu_ns();
    }
    if (!asked)
        return;
    if (set->source[GCR_COUNTER_MINOR_FAULTS] == GCR_COUNTER_GETRUSAGE)
        out->value[GCR_COUNTER_MINOR_FAULTS] = (uint64_t)usage.ru_minflt;
    if (set->source[GCR_COUNTER_MAJOR_FAULTS] == GCR_COUNTER_GETRUSAGE)
        out->value[GCR_COUNTER_MAJOR_FAULTS] = (uint64_t)usage.ru_majflt;
    if (set->source[GCR_COUNTER_CONTEXT_SWITCHES] == GCR_COUNTER_GETRUSAGE)
        out->value[GCR_COUNTER_CONTEXT_SWITCHES] = (uint64_t)(usage.ru_nvcsw + usage.ru_nivcsw);
}

/* Hardware groups come first in the list: they are read in that order at an interval's end, in the
 * opposite one at its beginning. */
bool gcr_counter_set_read(struct gcr_counter_set *set, bool begins, struct gcr_counter_reading *out)
{
    bool ok = true;

    memset(out, 0, sizeof *out);
    if (begins)
        set_read_fallbacks(set, out);
    for (size_t i = 0; i < set->group_count; i++) {
        struct gcr_counter_group *group = &set->group[begins ? set->group_count - 1 - i : i];

        if (group->user_space)
            set_read_pages(set, group, out);
        else
            ok &= set_read_group(set, group, out);
    }
    if (!begins)
        set_read_fallbacks(set, out);
    return ok;
}
