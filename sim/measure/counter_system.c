/* The kernel's side of the counters: perf_event_open and its page. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/measure/counter_set.h"

static int system_open(void *arg, struct perf_event_attr *attr, int group_fd)
{
    (void)arg;
    long fd = syscall(SYS_perf_event_open, attr, 0, -1, group_fd, PERF_FLAG_FD_CLOEXEC);

    return fd >= 0 ? (int)fd : -errno;
}

static int system_enable(void *arg, int fd)
{
    (void)arg;
    return ioctl(fd, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP) == 0 ? 0 : -errno;
}

static ssize_t system_read(void *arg, int fd, void *data, size_t bytes)
{
    (void)arg;
    ssize_t got;

    do
        got = read(fd, data, bytes);
    while (got < 0 && errno == EINTR);
    return got >= 0 ? got : -errno;
}

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static const volatile struct perf_event_mmap_page *system_map(void *arg, int fd)
{
    (void)arg;
    void *page = mmap(NULL, page_bytes(), PROT_READ, MAP_SHARED, fd, 0);

    return page != MAP_FAILED ? page : NULL;
}

static void system_unmap(void *arg, const volatile struct perf_event_mmap_page *page)
{
    (void)arg;
    munmap((void *)(uintptr_t)page, page_bytes());
}

static void system_close(void *arg, int fd)
{
    (void)arg;
    close(fd);
}

#if defined(__x86_64__)
static uint64_t system_pmc(void *arg, uint32_t index)
{
    (void)arg;
    return (uint64_t)__builtin_ia32_rdpmc((int)index);
}

static uint64_t system_tsc(void *arg)
{
    (void)arg;
    return __builtin_ia32_rdtsc();
}
#endif

static int system_paranoid(void)
{
    FILE *file = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
    char text[32] = "", *end = text;
    long level = 0;

    if (file != NULL) {
        if (fgets(text, sizeof text, file) != NULL)
            level = strtol(text, &end, 10);
        fclose(file);
    }
    return end != text ? (int)level : INT_MAX;
}

struct gcr_counter_system gcr_counter_system_real(void)
{
    struct gcr_counter_system system = {
        .open = system_open,
        .enable = system_enable,
        .read = system_read,
        .map = system_map,
        .unmap = system_unmap,
        .close = system_close,
        .paranoid = system_paranoid(),
    };

#if defined(__x86_64__) /* elsewhere every group is read with a system call */
    system.pmc = system_pmc;
    system.tsc = system_tsc;
#endif
    return system;
}
