/* A process opens its descriptors once: those that a child inherits speak of its parent's memory. A
 * userfaultfd that a living child has inherited is not closed for good by its owner, and stays in
 * charge of the mappings; so it is used again after each further fork.
 *
 * The whole region is registered, reservations included: that only marks their mappings. Pages are
 * protected one by one as PAGEMAP_SCAN finds them, not by UFFDIO_WRITEPROTECT over ranges, which
 * would fill the page tables of unused reservations with markers. */
#include "sim/measure/written_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/pagemap_scan.h"

/* ---- scanning ---- */

/* Pages that the process holds and that are its own. `wanted`: categories they must have besides;
 * `told`: categories by which neighbours are told apart. */
static struct gcr_pagemap_scan scan_of_held_pages(uint64_t wanted, uint64_t told)
{
    return (struct gcr_pagemap_scan){
        .size = sizeof(struct gcr_pagemap_scan),
        .category_inverted = GCR_PAGE_OF_ZEROES,
        .category_mask = GCR_PAGE_OF_ZEROES | wanted,
        .category_anyof_mask = GCR_PAGE_PRESENT | GCR_PAGE_SWAPPED,
        .return_mask = told,
    };
}

typedef bool scan_visitor(void *arg, const struct gcr_page_region *region);

/* Calls visit for each run of matching pages of a range, in ascending order, until it says false.
 * False: it did, or the kernel refused and errno says why (it is 0 otherwise).
 *
 * walk_end may lie before what has been reported: the kernel (seen on 6.18) leaves it where its own
 * buffer of 512 runs was full for the first time. Hence the last run counts as well. */
static bool scan_range(int pagemap, struct gcr_pagemap_scan request, uintptr_t start, uintptr_t end,
                       scan_visitor *visit, void *arg)
{
    struct gcr_page_region regions[1024];

    request.vec = (uintptr_t)regions;
    request.vec_len = GCR_COUNT_OF(regions);
    request.start = start;
    request.end = end;
    while (request.start < end) {
        int found = ioctl(pagemap, GCR_PAGEMAP_SCAN, &request);
        uint64_t seen = found > 0 ? regions[found - 1].end : 0;

        if (found < 0 && errno == EINTR)
            continue;
        if (found < 0)
            return false;
        errno = 0;
        for (int i = 0; i < found; i++)
            if (!visit(arg, &regions[i]))
                return false;
        seen = seen > request.walk_end ? seen : request.walk_end;
        if (seen <= request.start)
            break; /* a kernel that does not get on has nothing more to say */
        request.start = seen;
    }
    return true;
}

/* The same for the supply's whole region. */
static bool scan_region(int pagemap, struct gcr_pagemap_scan request, scan_visitor *visit,
                        void *arg)
{
    uintptr_t first, last;

    gcr_supply_region(&first, &last);
    return scan_range(pagemap, request, first, last, visit, arg);
}

/* ---- what a scan finds ---- */

struct written_walk {
    const struct gcr_written_pages *pages;
    gcr_page_visitor *visit; /* NULL: only counted */
    void *arg;
    uint64_t held, copied;
};

static bool written_walk_run(void *arg, const struct gcr_page_region *region)
{
    struct written_walk *walk = arg;

    walk->held += (region->end - region->start) / GCR_PAGE_BYTES;
    if ((region->categories & GCR_PAGE_WRITTEN) != 0)
        walk->copied += gcr_page_set_visit(&walk->pages->shared, region->start, region->end,
                                           walk->visit, walk->arg);
    return true;
}

/* How many pages of the range were shared, have not been released, and have been written since. */
static uint64_t written_in_range(const struct gcr_written_pages *pages, uintptr_t start,
                                 uintptr_t end)
{
    struct written_walk walk = {.pages = pages};

    if (!pages->is_armed || gcr_page_set_count(&pages->shared, start, end) == 0)
        return 0;
    (void)scan_range(pages->pagemap, scan_of_held_pages(GCR_PAGE_WRITTEN, GCR_PAGE_WRITTEN), start,
                     end, written_walk_run, &walk);
    return walk.copied;
}

/* ---- the supply's observer ---- */

static void written_committed(const struct gcr_supply_observer *self, enum gcr_page_kind kind,
                              void *start, size_t bytes)
{
    struct gcr_written_pages *pages = (struct gcr_written_pages *)(uintptr_t)self;
    uintptr_t at = (uintptr_t)start;

    /* What is committed after a fork is not shared by it; but all must lie where scans look. */
    (void)kind;
    if (at < pages->shared.first || at + bytes > pages->shared.last)
        pages->is_elsewhere = true;
}

static void written_populated(const struct gcr_supply_observer *self, void *start, size_t bytes)
{
    (void)self;
    (void)start;
    (void)bytes;
}

static void written_released(const struct gcr_supply_observer *self, enum gcr_page_kind kind,
                             void *start, size_t bytes)
{
    struct gcr_written_pages *pages = (struct gcr_written_pages *)(uintptr_t)self;
    uintptr_t first = (uintptr_t)start, end = first + bytes;

    (void)kind;
    pages->dropped_copied += written_in_range(pages, first, end);
    pages->dropped += gcr_page_set_remove(&pages->shared, first, end);
}

/* ---- life ---- */

gcr_status gcr_written_pages_open(struct gcr_written_pages *pages, struct gcr_supply *supply,
                                  struct gcr_error *err)
{
    *pages = (struct gcr_written_pages){
        .observer = {written_committed, written_populated, written_released, NULL},
        .uffd = -1,
        .pagemap = -1,
    };
    if (!gcr_page_set_init(&pages->shared))
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the list of shared pages");
    gcr_supply_observe(supply, &pages->observer);
    return GCR_OK;
}

static void written_shut(struct gcr_written_pages *pages)
{
    if (pages->uffd >= 0)
        close(pages->uffd);
    if (pages->pagemap >= 0)
        close(pages->pagemap);
    pages->uffd = pages->pagemap = -1;
    pages->is_armed = false;
}

void gcr_written_pages_close(struct gcr_written_pages *pages)
{
    written_shut(pages);
    gcr_page_set_finish(&pages->shared);
}

bool gcr_written_pages_are_armed(const struct gcr_written_pages *pages)
{
    return pages->is_armed;
}

/* ---- arming ---- */

static gcr_status written_refused(struct gcr_error *err, const char *what, const char *since)
{
    return gcr_fail(err, GCR_UNSUPPORTED, "the kernel refuses %s%s: %s", what, since,
                    strerror(errno));
}

/* A userfaultfd that protects without ever stopping anybody. */
static gcr_status written_open(struct gcr_written_pages *pages, struct gcr_error *err)
{
    struct uffdio_api api = {.api = UFFD_API,
                             .features = GCR_UFFD_WP_ASYNC | GCR_UFFD_WP_UNPOPULATED};

    pages->uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | GCR_UFFD_USER_MODE_ONLY);
    if (pages->uffd < 0)
        return written_refused(err, "userfaultfd", "");
    if (ioctl(pages->uffd, UFFDIO_API, &api) != 0)
        return written_refused(err, "asynchronous write protection", " (Linux 6.7 has it)");
    pages->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    return pages->pagemap >= 0 ? GCR_OK : written_refused(err, "/proc/self/pagemap", "");
}

/* Marks what is mapped in the region now; nothing else can hold shared pages. */
static gcr_status written_register(struct gcr_written_pages *pages, struct gcr_error *err)
{
    uintptr_t first, last;
    struct uffdio_register range = {.mode = UFFDIO_REGISTER_MODE_WP};

    gcr_supply_region(&first, &last);
    range.range = (struct uffdio_range){.start = first, .len = last - first};
    return ioctl(pages->uffd, UFFDIO_REGISTER, &range) == 0
               ? GCR_OK
               : written_refused(err, "to watch the heap's mappings", "");
}

static bool written_share(void *arg, const struct gcr_page_region *region)
{
    bool ok = gcr_page_set_add(arg, region->start, region->end);

    errno = 0;
    return ok;
}

/* Protects and lists in one walk: a page is protected exactly if it is in the set. */
static gcr_status written_protect(struct gcr_written_pages *pages, struct gcr_error *err)
{
    struct gcr_pagemap_scan request = scan_of_held_pages(GCR_PAGE_WATCHABLE, GCR_PAGE_WATCHABLE);

    request.flags = GCR_PAGEMAP_PROTECT_MATCHING;
    if (scan_region(pages->pagemap, request, written_share, &pages->shared))
        return GCR_OK;
    return errno != 0 ? written_refused(err, "PAGEMAP_SCAN", " (Linux 6.7 has it)")
                      : gcr_fail(err, GCR_UNSUPPORTED, "no memory for the list of shared pages");
}

gcr_status gcr_written_pages_arm(struct gcr_written_pages *pages, const struct gcr_supply *supply,
                                 struct gcr_error *err)
{
    gcr_status status = GCR_OK;

    if (pages->owner != getpid())
        written_shut(pages);
    pages->owner = getpid();
    pages->is_armed = false;
    gcr_page_set_clear(&pages->shared);
    pages->dropped = pages->dropped_copied = 0;
    if (supply->foreign_bytes > 0)
        return gcr_fail(err, GCR_UNSUPPORTED,
                        "%llu bytes of this heap are mapped by a library, and cannot be told from "
                        "the replay's own",
                        (unsigned long long)supply->foreign_bytes);
    if (pages->is_elsewhere)
        return gcr_fail(err, GCR_UNSUPPORTED,
                        "the system has placed a part of this heap outside of its region");
    if (pages->uffd < 0)
        status = written_open(pages, err);
    if (status == GCR_OK)
        status = written_register(pages, err);
    if (status == GCR_OK)
        status = written_protect(pages, err);
    if (status != GCR_OK)
        written_shut(pages);
    pages->is_armed = status == GCR_OK;
    return status;
}

/* ---- asking ---- */

static gcr_status written_walk(struct written_walk *walk, uint64_t wanted, struct gcr_error *err)
{
    if (!gcr_written_pages_are_armed(walk->pages))
        return gcr_fail(err, GCR_UNSUPPORTED, "written pages are not being followed");
    return scan_region(walk->pages->pagemap, scan_of_held_pages(wanted, GCR_PAGE_WRITTEN),
                       written_walk_run, walk)
               ? GCR_OK
               : written_refused(err, "PAGEMAP_SCAN", "");
}

gcr_status gcr_written_pages_count(const struct gcr_written_pages *pages,
                                   struct gcr_written_counts *out, struct gcr_error *err)
{
    struct written_walk walk = {.pages = pages};
    gcr_status status = written_walk(&walk, 0, err);

    *out = (struct gcr_written_counts){
        .shared = pages->shared.pages,
        .copied = walk.copied,
        .dropped = pages->dropped,
        .dropped_copied = pages->dropped_copied,
        .fresh = walk.held > pages->shared.pages ? walk.held - pages->shared.pages : 0,
    };
    return status;
}

gcr_status gcr_written_pages_visit_copied(const struct gcr_written_pages *pages,
                                          gcr_page_visitor *visit, void *arg, struct gcr_error *err)
{
    struct written_walk walk = {.pages = pages, .visit = visit, .arg = arg};

    return written_walk(&walk, GCR_PAGE_WRITTEN, err);
}

void gcr_written_pages_visit_shared(const struct gcr_written_pages *pages, gcr_page_visitor *visit,
                                    void *arg)
{
    (void)gcr_page_set_visit(&pages->shared, pages->shared.first, pages->shared.last, visit, arg);
}
