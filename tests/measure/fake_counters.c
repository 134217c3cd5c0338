/* A kernel that has whatever counters a test gives it; see fake_counters.h. */
#include "tests/measure/fake_counters.h"

#include <errno.h>
#include <string.h>

static const struct {
    uint32_t type;
    uint64_t config;
} known[GCR_COUNTER_COUNT] = {
    /* numbers of include/uapi/linux/perf_event.h, written out: what is asked for is tested too */
    [GCR_COUNTER_CYCLES] = {0, 0},
    [GCR_COUNTER_INSTRUCTIONS] = {0, 1},
    [GCR_COUNTER_L1D_READ_MISSES] = {3, 0x10000},
    [GCR_COUNTER_LLC_READ_MISSES] = {3, 0x10002},
    [GCR_COUNTER_DTLB_READ_MISSES] = {3, 0x10003},
    [GCR_COUNTER_TASK_CLOCK_NS] = {1, 1},
    [GCR_COUNTER_MINOR_FAULTS] = {1, 5},
    [GCR_COUNTER_MAJOR_FAULTS] = {1, 6},
    [GCR_COUNTER_CONTEXT_SWITCHES] = {1, 3},
};

static int fake_event(const struct perf_event_attr *attr)
{
    for (int e = 0; e < GCR_COUNTER_COUNT; e++)
        if (known[e].type == attr->type && known[e].config == attr->config)
            return e;
    return -1;
}

static bool fake_is_software(int event)
{
    return known[event].type == 1;
}

static uint32_t fake_group_size(const struct fake_kernel *kernel, int leader)
{
    uint32_t size = 0;

    for (int i = 0; i < FAKE_FILES; i++)
        size += kernel->file[i].is_open && kernel->file[i].leader == leader;
    return size;
}

static int fake_open(void *arg, struct perf_event_attr *attr, int group_fd)
{
    struct fake_kernel *kernel = arg;
    int event = fake_event(attr), leader = group_fd >= 0 ? group_fd - FAKE_FIRST : -1, i = 0;

    if (event < 0 || attr->read_format != 11 || attr->disabled != (group_fd < 0) ||
        attr->exclude_kernel == fake_is_software(event))
        return -E2BIG; /* not what is expected */
    if (attr->inherit && kernel->refuse_inherited != 0)
        return -kernel->refuse_inherited;
    if (kernel->refuse[event] != 0)
        return -kernel->refuse[event];
    if (leader >= 0 && !fake_is_software(event) &&
        fake_group_size(kernel, leader) >= kernel->group_limit)
        return -EINVAL;
    while (i < FAKE_FILES && kernel->file[i].is_open)
        i++;
    if (i == FAKE_FILES)
        return -EMFILE;
    kernel->opened++;
    kernel->file[i] = (struct fake_file){.is_open = true,
                                         .inherited = attr->inherit,
                                         .event = event,
                                         .leader = leader >= 0 ? leader : i};
    return FAKE_FIRST + i;
}

static int fake_enable(void *arg, int fd)
{
    struct fake_kernel *kernel = arg;

    for (int i = 0; i < FAKE_FILES; i++)
        if (kernel->file[i].is_open && kernel->file[i].leader == fd - FAKE_FIRST)
            kernel->file[i].is_on = true;
    return -kernel->enable_error;
}

static uint64_t fake_value(struct fake_kernel *kernel, const struct fake_file *file)
{
    uint64_t value = kernel->count[file->event];

    if (!file->is_on)
        return 0;
    if (file->inherited)
        return value + kernel->helpers[file->event];
    kernel->count[file->event] += kernel->step[file->event];
    return value;
}

static ssize_t fake_read(void *arg, int fd, void *data, size_t bytes)
{
    struct fake_kernel *kernel = arg;
    int leader = fd - FAKE_FIRST;
    uint64_t out[3 + FAKE_FILES] = {0, kernel->enabled_ns, kernel->running_ns};
    size_t size;

    kernel->reads++;
    if (kernel->read_error[kernel->file[leader].event] != 0)
        return -kernel->read_error[kernel->file[leader].event];
    if (fake_is_software(kernel->file[leader].event))
        out[2] = out[1]; /* these need no counter */
    for (int i = 0; i < FAKE_FILES; i++)
        if (kernel->file[i].is_open && kernel->file[i].leader == leader)
            out[3 + out[0]++] = fake_value(kernel, &kernel->file[i]);
    size = (3 + out[0]) * sizeof *out;
    if (size > bytes)
        return -ENOSPC;
    memcpy(data, out, size);
    return (ssize_t)size;
}

/* Counter i + 1 belongs to file i. */
static const volatile struct perf_event_mmap_page *fake_map(void *arg, int fd)
{
    struct fake_kernel *kernel = arg;
    int i = fd - FAKE_FIRST;

    if (!kernel->has_pages)
        return NULL;
    kernel->mapped++;
    kernel->page[i] = (struct perf_event_mmap_page){.index = (uint32_t)i + 1, .pmc_width = 48};
    kernel->page[i].cap_user_rdpmc = 1;
    kernel->page[i].cap_user_time = 1;
    return &kernel->page[i];
}

static void fake_unmap(void *arg, const volatile struct perf_event_mmap_page *page)
{
    (void)page;
    ((struct fake_kernel *)arg)->unmapped++;
}

static void fake_close(void *arg, int fd)
{
    struct fake_kernel *kernel = arg;

    kernel->closed++;
    kernel->file[fd - FAKE_FIRST].is_open = false;
}

static uint64_t fake_pmc(void *arg, uint32_t index)
{
    struct fake_kernel *kernel = arg;

    return fake_value(kernel, &kernel->file[index]);
}

static uint64_t fake_tsc(void *arg)
{
    return ((struct fake_kernel *)arg)->enabled_ns;
}

struct gcr_counter_system fake_counter_system(struct fake_kernel *kernel)
{
    return (struct gcr_counter_system){.open = fake_open,
                                       .enable = fake_enable,
                                       .read = fake_read,
                                       .map = fake_map,
                                       .unmap = fake_unmap,
                                       .close = fake_close,
                                       .pmc = fake_pmc,
                                       .tsc = fake_tsc,
                                       .paranoid = 3,
                                       .arg = kernel};
}
