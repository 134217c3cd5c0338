/* Page supply: reservations with mmap(PROT_NONE, MAP_NORESERVE) at repeating addresses, commits
 * with mprotect, releases with madvise(MADV_DONTNEED).
 *
 * Addresses: reservations are placed one after the other from FIRST_ADDRESS upwards with
 * MAP_FIXED_NOREPLACE; where something else lies in the way, the next gigabyte is tried, and after
 * some tries the kernel chooses. The region is far from where Linux puts executables, libraries,
 * stacks and brk, and from the shadow and allocator regions of AddressSanitizer on x86-64.
 *
 * Released pages stay readable and writable in ordinary builds (one system call less, and no
 * splitting of mappings); from check level 2 on they are protected, so that a use after release
 * faults.
 *
 * Invariant: committed_bytes is the sum of by_kind_bytes, and never above budget_bytes or
 * system_limit_bytes after a successful commit. Cost: one or two system calls each. */
#include "allocators/common/supply.h"

#include <string.h>
#include <sys/mman.h>

#include "base/check.h"

#ifdef GCR_TSAN /* ThreadSanitizer lets a program have its lowest 512 GiB and little else */
static const uintptr_t FIRST_ADDRESS = (uintptr_t)0x001000000000;
static const uintptr_t LAST_ADDRESS = (uintptr_t)0x007000000000;
#else
static const uintptr_t FIRST_ADDRESS = (uintptr_t)0x200000000000;
static const uintptr_t LAST_ADDRESS = (uintptr_t)0x4f0000000000;
#endif
static const uintptr_t NEXT_TRY = (uintptr_t)1 << 30;
enum { PLACED_TRIES = 16 };

void gcr_supply_init(struct gcr_supply *supply, uint64_t budget_bytes)
{
    memset(supply, 0, sizeof *supply);
    supply->budget_bytes = budget_bytes;
    supply->next_address = FIRST_ADDRESS;
}

void gcr_supply_region(uintptr_t *first, uintptr_t *last)
{
    *first = FIRST_ADDRESS;
    *last = LAST_ADDRESS;
}

static bool supply_is_pages(const void *start, size_t bytes)
{
    return (uintptr_t)start % GCR_PAGE_BYTES == 0 && bytes % GCR_PAGE_BYTES == 0;
}

static uintptr_t supply_round_up(uintptr_t address, size_t align)
{
    return (address + align - 1) & ~((uintptr_t)align - 1);
}

static void *supply_map_at(uintptr_t address, size_t bytes, int placement)
{
    void *got = mmap((void *)address, bytes, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | placement, -1, 0);
    return got == MAP_FAILED ? NULL : got;
}

/* Wherever the kernel likes: over-reserve, then cut both ends off. */
static void *supply_reserve_anywhere(size_t bytes, size_t align)
{
    char *got = supply_map_at(0, bytes + align, 0);
    if (got == NULL)
        return NULL;
    char *start = (char *)supply_round_up((uintptr_t)got, align);
    char *end = got + bytes + align;
    if (start > got)
        munmap(got, (size_t)(start - got));
    if (end > start + bytes)
        munmap(start + bytes, (size_t)(end - (start + bytes)));
    return start;
}

void *gcr_supply_reserve(struct gcr_supply *supply, size_t bytes, size_t align)
{
    GCR_CHECK(1, align >= GCR_PAGE_BYTES && (align & (align - 1)) == 0);
    if (bytes == 0 || bytes > LAST_ADDRESS - FIRST_ADDRESS)
        return NULL;
    bytes = gcr_page_round(bytes);
    char *start = NULL;
    uintptr_t address = supply->next_address;
    for (int tries = 0; start == NULL && tries < PLACED_TRIES; tries++) {
        address = supply_round_up(address, align);
        if (address > LAST_ADDRESS - bytes)
            break;
        start = supply_map_at(address, bytes, MAP_FIXED_NOREPLACE);
        if (start != NULL && (uintptr_t)start != address) { /* a kernel before 4.17: only a hint */
            munmap(start, bytes);
            start = NULL;
        }
        if (start == NULL)
            address += NEXT_TRY;
    }
    if (start != NULL)
        supply->next_address = (uintptr_t)start + bytes;
    else
        start = supply_reserve_anywhere(bytes, align);
    if (start != NULL)
        (void)madvise(start, bytes, MADV_NOHUGEPAGE); /* EINVAL: the kernel has no huge pages */
    return start;
}

void gcr_supply_unreserve(struct gcr_supply *supply, void *start, size_t bytes)
{
    bytes = gcr_page_round(bytes);
    GCR_CHECK(1, supply_is_pages(start, bytes));
    int failed = munmap(start, bytes);
    GCR_CHECK(1, !failed);
    (void)failed;
    if (supply->next_address == (uintptr_t)start + bytes)
        supply->next_address = (uintptr_t)start; /* stack order: the address repeats */
}

static bool supply_fits(const struct gcr_supply *supply, uint64_t bytes)
{
    return bytes <= gcr_supply_headroom(supply);
}

/* Budget, system limit and fault injection, for one growth. */
static bool supply_allows(struct gcr_supply *supply, uint64_t bytes)
{
    bool injected = supply->fail_after != 0 && --supply->fail_after == 0;
    if (!injected && supply_fits(supply, bytes))
        return true;
    supply->refused++;
    return false;
}

/* ---- observers ---- */

static void supply_tell_committed(const struct gcr_supply *supply, enum gcr_page_kind kind,
                                  void *start, size_t bytes)
{
    for (const struct gcr_supply_observer *o = supply->observer; o != NULL; o = o->next)
        o->committed(o, kind, start, bytes);
}

static void supply_tell_populated(const struct gcr_supply *supply, void *start, size_t bytes)
{
    for (const struct gcr_supply_observer *o = supply->observer; o != NULL; o = o->next)
        o->populated(o, start, bytes);
}

static void supply_tell_released(const struct gcr_supply *supply, enum gcr_page_kind kind,
                                 void *start, size_t bytes)
{
    for (const struct gcr_supply_observer *o = supply->observer; o != NULL; o = o->next)
        o->released(o, kind, start, bytes);
}

/* ---- pages ---- */

static void supply_count(struct gcr_supply *supply, enum gcr_page_kind kind, uint64_t bytes)
{
    supply->committed_bytes += bytes;
    supply->by_kind_bytes[kind] += bytes;
    if (supply->committed_bytes > supply->peak_bytes)
        supply->peak_bytes = supply->committed_bytes;
}

static void supply_uncount(struct gcr_supply *supply, enum gcr_page_kind kind, uint64_t bytes)
{
    GCR_CHECK(1, bytes <= supply->by_kind_bytes[kind]);
    supply->committed_bytes -= bytes;
    supply->by_kind_bytes[kind] -= bytes;
}

/* MADV_POPULATE_WRITE is Linux 5.14's. */
static bool supply_populate_at_once(void *start, size_t bytes)
{
#ifdef MADV_POPULATE_WRITE
    return madvise(start, bytes, MADV_POPULATE_WRITE) == 0;
#else
    (void)start;
    (void)bytes;
    return false;
#endif
}

void gcr_supply_populate(struct gcr_supply *supply, void *start, size_t bytes)
{
    GCR_CHECK(1, supply_is_pages(start, bytes));
    volatile char *page = start;
    if (!supply_populate_at_once(start, bytes))
        for (size_t at = 0; at < bytes; at += GCR_PAGE_BYTES)
            page[at] = page[at];
    supply_tell_populated(supply, start, bytes);
}

bool gcr_supply_commit(struct gcr_supply *supply, enum gcr_page_kind kind, void *start,
                       size_t bytes)
{
    GCR_CHECK(1, supply_is_pages(start, bytes));
    if (bytes == 0)
        return true;
    if (!supply_allows(supply, bytes))
        return false;
    if (mprotect(start, bytes, PROT_READ | PROT_WRITE) != 0) {
        supply->refused++;
        return false;
    }
    supply_count(supply, kind, bytes);
    supply_tell_committed(supply, kind, start, bytes);
    if (supply->pretouch)
        gcr_supply_populate(supply, start, bytes);
    return true;
}

void gcr_supply_release(struct gcr_supply *supply, enum gcr_page_kind kind, void *start,
                        size_t bytes)
{
    GCR_CHECK(1, supply_is_pages(start, bytes));
    if (bytes == 0)
        return;
    supply_tell_released(supply, kind, start, bytes);
    int failed = madvise(start, bytes, MADV_DONTNEED);
    GCR_CHECK(1, !failed);
    (void)failed;
    if (GCR_CHECK_LEVEL >= 2)
        (void)mprotect(start, bytes, PROT_NONE); /* too many mappings: stays open, still correct */
    supply_uncount(supply, kind, bytes);
}

void *gcr_supply_map(struct gcr_supply *supply, enum gcr_page_kind kind, size_t bytes, size_t align)
{
    bytes = gcr_page_round(bytes);
    void *start = gcr_supply_reserve(supply, bytes, align);
    if (start != NULL && !gcr_supply_commit(supply, kind, start, bytes)) {
        gcr_supply_unreserve(supply, start, bytes);
        return NULL;
    }
    return start;
}

void gcr_supply_unmap(struct gcr_supply *supply, enum gcr_page_kind kind, void *start, size_t bytes)
{
    bytes = gcr_page_round(bytes);
    supply_uncount(supply, kind, bytes); /* munmap gives the pages back; no madvise is needed */
    supply_tell_released(supply, kind, start, bytes);
    gcr_supply_unreserve(supply, start, bytes);
}

static uint64_t supply_room_below(uint64_t limit_bytes, uint64_t committed_bytes)
{
    if (limit_bytes == 0)
        return UINT64_MAX;
    return limit_bytes > committed_bytes ? limit_bytes - committed_bytes : 0;
}

uint64_t gcr_supply_headroom(const struct gcr_supply *supply)
{
    uint64_t budget = supply_room_below(supply->budget_bytes, supply->committed_bytes);
    uint64_t limit = supply_room_below(supply->system_limit_bytes, supply->committed_bytes);
    return budget < limit ? budget : limit;
}

bool gcr_supply_adjust(struct gcr_supply *supply, enum gcr_page_kind kind, int64_t delta_bytes)
{
    if (delta_bytes <= 0) {
        supply_uncount(supply, kind, (uint64_t)-delta_bytes);
        supply->foreign_bytes -= (uint64_t)-delta_bytes;
        return true;
    }
    if (!supply_allows(supply, (uint64_t)delta_bytes))
        return false;
    supply_count(supply, kind, (uint64_t)delta_bytes);
    supply->foreign_bytes += (uint64_t)delta_bytes;
    return true;
}
