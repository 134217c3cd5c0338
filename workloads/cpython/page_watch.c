/* See page_watch.h. /proc/self/pagemap is opened for each request: one descriptor less to hold, and
 * a child needs its own anyway. */
#include "workloads/cpython/page_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Descriptors near the limit, but not so high that the kernel's table of them becomes large. */
enum { WATCH_HIGHEST_FILE = 4096, WATCH_FILES_ABOVE = 16 };

static gcr_status watch_refused(struct gcr_error *err, const char *what)
{
    return gcr_fail(err, GCR_UNSUPPORTED, "the kernel refuses %s: %s", what, strerror(errno));
}

/* ---- the descriptor ---- */

static int watch_move_up(int file)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return file;
    rlim_t highest = limit.rlim_cur < WATCH_HIGHEST_FILE ? limit.rlim_cur : WATCH_HIGHEST_FILE;
    if (highest <= WATCH_FILES_ABOVE)
        return file;
    int moved = fcntl(file, F_DUPFD_CLOEXEC, (int)(highest - WATCH_FILES_ABOVE));
    if (moved < 0)
        return file;
    close(file);
    return moved;
}

static bool watch_file_is_ours(int file)
{
    static const char ours[] = "anon_inode:[userfaultfd]";
    char path[] = "/proc/self/fd/0000000000", target[sizeof ours] = "";
    char *digit = path + sizeof path - 1;
    for (int rest = file, digits = 0; digits < 10; digits++, rest /= 10)
        *--digit = (char)('0' + rest % 10);
    while (digit[0] == '0' && digit[1] != '\0')
        digit++;
    memmove(path + sizeof "/proc/self/fd/" - 1, digit, strlen(digit) + 1);
    return readlink(path, target, sizeof target) == sizeof ours - 1 &&
           memcmp(target, ours, sizeof ours - 1) == 0;
}

void page_watch_close(struct page_watch *watch)
{
    if (watch->file >= 0 && watch_file_is_ours(watch->file))
        close(watch->file);
    if (watch->sentinel != NULL)
        munmap(watch->sentinel, WATCH_PAGE_BYTES);
    watch->file = -1;
    watch->sentinel = NULL;
}

gcr_status page_watch_open(struct page_watch *watch, struct gcr_error *err)
{
    struct uffdio_api api = {.api = UFFD_API,
                             .features = GCR_UFFD_WP_ASYNC | GCR_UFFD_WP_UNPOPULATED};
    gcr_status status = GCR_OK;
    watch->sentinel = NULL;
    watch->file = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | GCR_UFFD_USER_MODE_ONLY);
    if (watch->file < 0)
        return watch_refused(err, "userfaultfd");
    if (ioctl(watch->file, UFFDIO_API, &api) != 0) {
        status = watch_refused(err, "asynchronous write protection (Linux 6.7 and later have it)");
    } else {
        watch->file = watch_move_up(watch->file);
        void *page = mmap(NULL, WATCH_PAGE_BYTES, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_POPULATE, -1, 0);
        watch->sentinel = page == MAP_FAILED ? NULL : page;
        if (watch->sentinel == NULL ||
            !page_watch_add(watch, (uintptr_t)page, (uintptr_t)page + WATCH_PAGE_BYTES))
            status = watch_refused(err, "to watch a page");
    }
    if (status == GCR_OK)
        status = page_watch_protect((uintptr_t)watch->sentinel,
                                    (uintptr_t)watch->sentinel + WATCH_PAGE_BYTES, err);
    if (status != GCR_OK)
        page_watch_close(watch);
    return status;
}

bool page_watch_add(const struct page_watch *watch, uint64_t start, uint64_t end)
{
    struct uffdio_register range = {.range = {.start = start, .len = end - start},
                                    .mode = UFFDIO_REGISTER_MODE_WP};
    return ioctl(watch->file, UFFDIO_REGISTER, &range) == 0;
}

/* ---- scanning ---- */

/* Pages that the process holds itself; `categories`: what they must be besides. */
static struct gcr_pagemap_scan watch_request(uint64_t start, uint64_t end, uint64_t categories)
{
    return (struct gcr_pagemap_scan){
        .size = sizeof(struct gcr_pagemap_scan),
        .flags = GCR_PAGEMAP_PROTECT_MATCHING,
        .start = start,
        .end = end,
        .category_inverted = GCR_PAGE_OF_ZEROES,
        .category_mask = GCR_PAGE_OF_ZEROES | categories,
        .category_anyof_mask = GCR_PAGE_PRESENT | GCR_PAGE_SWAPPED,
        .return_mask = GCR_PAGE_WRITTEN,
    };
}

static int watch_scan(struct gcr_pagemap_scan *request)
{
    int file = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -1;
    int found;
    do {
        found = ioctl(file, GCR_PAGEMAP_SCAN, request);
    } while (found < 0 && errno == EINTR);
    int reason = errno;
    close(file);
    errno = reason;
    return found;
}

gcr_status page_watch_protect(uint64_t start, uint64_t end, struct gcr_error *err)
{
    struct gcr_pagemap_scan request = watch_request(start, end, GCR_PAGE_WATCHABLE);
    return watch_scan(&request) >= 0
               ? GCR_OK
               : watch_refused(err, "PAGEMAP_SCAN (Linux 6.7 and later have it)");
}

gcr_status page_watch_take(uint64_t start, uint64_t end, struct gcr_page_region *found,
                           uint64_t room, page_visitor *visit, void *arg, struct gcr_error *err)
{
    struct gcr_pagemap_scan request =
        watch_request(start, end, GCR_PAGE_WATCHABLE | GCR_PAGE_WRITTEN);
    request.vec = (uintptr_t)found;
    request.vec_len = room;
    while (request.start < end) {
        int count = watch_scan(&request);
        if (count < 0)
            return watch_refused(err, "PAGEMAP_SCAN");
        for (int i = 0; i < count; i++)
            visit(arg, found[i].start, found[i].end);
        /* walk_end may lie before what has been reported: Linux 6.18 leaves it where a buffer of
         * its own was full for the first time. */
        uint64_t next = count > 0 && found[count - 1].end > request.walk_end ? found[count - 1].end
                                                                             : request.walk_end;
        if (next <= request.start)
            break; /* a kernel that does not get on has nothing more to say */
        request.start = next;
    }
    return GCR_OK;
}

static void watch_count(void *arg, uint64_t start, uint64_t end)
{
    uint64_t *pages = arg;
    *pages += (end - start) / WATCH_PAGE_BYTES;
}

bool page_watch_is_alive(const struct page_watch *watch)
{
    struct gcr_page_region found[2];
    uint64_t pages = 0, start = (uintptr_t)watch->sentinel;
    *(volatile char *)watch->sentinel = 1;
    return page_watch_take(start, start + WATCH_PAGE_BYTES, found, 2, watch_count, &pages, NULL) ==
               GCR_OK &&
           pages == 1;
}

gcr_status page_watch_probe(struct gcr_error *err)
{
    struct page_watch watch;
    gcr_status status = page_watch_open(&watch, err);
    if (status != GCR_OK)
        return status;
    if (!page_watch_is_alive(&watch))
        status = gcr_fail(err, GCR_UNSUPPORTED, "the kernel does not report a page just written");
    page_watch_close(&watch);
    return status;
}
