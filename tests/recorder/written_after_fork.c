/* Preloaded into a program that is not recorded: each forked process that ends by _exit prints to
 * standard error how many of the pages that it shared at its birth it wrote, as the kernel says:
 *     written after fork: COPIED of SHARED
 * Private anonymous memory only: heap, arenas, static data without initial values; no stacks. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "workloads/cpython/mappings.h"
#include "workloads/cpython/page_watch.h"

enum { RANGES = 4096, FOUND = 1024, ADDRESS_BITS = 47, PAGE_BITS = 12 };
static const size_t shared_bytes = (size_t)1 << (ADDRESS_BITS - PAGE_BITS - 3);

static struct {
    struct page_watch watch;
    struct {
        uint64_t start, end;
    } ranges[RANGES];
    unsigned range_count;
    uint8_t *shared; /* a bit for each page of the address space */
    char *buffer;
    struct gcr_page_region *found;
    uint64_t shared_count, copied;
    pid_t process; /* whose figures these are; 0: none */
} after;

static void after_note_shared(void *arg, uint64_t start, uint64_t end)
{
    (void)arg;
    for (uint64_t page = start >> PAGE_BITS; page < end >> PAGE_BITS; page++) {
        after.shared[page >> 3] |= (uint8_t)(1u << (page & 7));
        after.shared_count++;
    }
}

static void after_count(void *arg, uint64_t start, uint64_t end)
{
    (void)arg;
    for (uint64_t page = start >> PAGE_BITS; page < end >> PAGE_BITS; page++)
        after.copied += after.shared[page >> 3] >> (page & 7) & 1;
}

static void after_take(page_visitor *visit)
{
    struct gcr_error err = {""};
    for (unsigned i = 0; i < after.range_count; i++)
        if (page_watch_take(after.ranges[i].start, after.ranges[i].end, after.found, FOUND, visit,
                            NULL, &err) != GCR_OK)
            fprintf(stderr, "written after fork: %s\n", err.text);
}

static void after_add(void *arg, uint64_t start, uint64_t end)
{
    (void)arg;
    if (after.range_count == RANGES || !page_watch_add(&after.watch, start, end))
        return;
    after.ranges[after.range_count].start = start;
    after.ranges[after.range_count++].end = end;
}

/* What has never been protected counts as written: the first answer is all that there is. */
static void after_fork(void)
{
    struct gcr_error err = {""};
    page_watch_close(&after.watch);
    after.process = 0;
    after.range_count = 0;
    after.shared_count = after.copied = 0;
    if (page_watch_open(&after.watch, &err) != GCR_OK ||
        madvise(after.shared, shared_bytes, MADV_DONTNEED) != 0 ||
        !mappings_visit(after.buffer, after_add, NULL))
        return;
    after_take(after_note_shared);
    after.process = getpid();
}

_Noreturn void _exit(int status)
{
    if (after.process == getpid()) {
        after_take(after_count);
        fprintf(stderr, "written after fork: %llu of %llu\n", (unsigned long long)after.copied,
                (unsigned long long)after.shared_count);
    }
    for (;;)
        syscall(SYS_exit_group, status);
}

static void *after_reserve(size_t bytes)
{
    void *range = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED)
        abort();
    return range;
}

GCR_CONSTRUCTOR static void after_start(void)
{
    after.watch.file = -1;
    after.shared = after_reserve(shared_bytes);
    after.buffer = after_reserve(MAPPINGS_BUFFER);
    after.found = after_reserve(FOUND * sizeof *after.found);
    pthread_atfork(NULL, NULL, after_fork);
}
