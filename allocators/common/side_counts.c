/* The sparse table of counts: directory, leaves, and pages by their number of users. A leaf is one
 * reservation: its counts, then a struct side_leaf with a byte for each page of them. */
#include "allocators/common/side_counts.h"

#include "base/check.h"
#include "base/compiler.h"

enum {
    LEAF_COUNTS = 1 << (GCR_SIDE_LEAF_SHIFT - GCR_SIDE_GRANULE_SHIFT),
    COUNTS_PER_PAGE = GCR_PAGE_BYTES / 8,
    LEAF_PAGES = LEAF_COUNTS / COUNTS_PER_PAGE,
    ENTRIES_PER_PAGE = GCR_PAGE_BYTES / 8
};

/* Committed page by page; page 0 as long as the leaf is there. */
struct side_leaf {
    uint64_t ranges; /* entered and not left */
    uint64_t ready;  /* bit n: page n of this struct is committed */
    uint8_t users[LEAF_PAGES];
};

enum { BOOK_PAGES = (sizeof(struct side_leaf) + GCR_PAGE_BYTES - 1) / GCR_PAGE_BYTES };
_Static_assert(BOOK_PAGES <= 64, "one word has a bit for each");

static const size_t LEAF_BYTES = (size_t)(LEAF_PAGES + BOOK_PAGES) * GCR_PAGE_BYTES;

/* ---- memory ---- */

static bool commit(struct gcr_side_counts *counts, void *start, size_t bytes)
{
    if (!gcr_supply_commit(counts->supply, GCR_PAGES_SIDE, start, bytes))
        return false;
    counts->committed_bytes += bytes;
    return true;
}

static void release(struct gcr_side_counts *counts, void *start, size_t bytes)
{
    gcr_supply_release(counts->supply, GCR_PAGES_SIDE, start, bytes);
    counts->committed_bytes -= bytes;
}

/* ---- directory ---- */

static bool directory_has(const struct gcr_side_counts *counts, size_t page)
{
    return counts->directory_ready[page / 64] >> page % 64 & 1;
}

static bool directory_promise(struct gcr_side_counts *counts, size_t gib)
{
    size_t page = gib / ENTRIES_PER_PAGE;
    if (directory_has(counts, page))
        return true;
    if (!commit(counts, (char *)counts->directory + page * GCR_PAGE_BYTES, GCR_PAGE_BYTES))
        return false;
    counts->directory_ready[page / 64] |= (uint64_t)1 << page % 64;
    return true;
}

bool gcr_side_counts_init(struct gcr_side_counts *counts, struct gcr_supply *supply)
{
    *counts = (struct gcr_side_counts){.supply = supply};
    counts->directory =
        gcr_supply_reserve(supply, GCR_SIDE_DIRECTORY_ENTRIES * sizeof(uintptr_t), GCR_PAGE_BYTES);
    return counts->directory != NULL;
}

/* ---- leaves ---- */

static char *leaf_start(const struct gcr_side_counts *counts, size_t gib)
{
    return (char *)(counts->directory[gib] + gib * LEAF_COUNTS * sizeof(uint64_t));
}

static struct side_leaf *leaf_book(const struct gcr_side_counts *counts, size_t gib)
{
    return (struct side_leaf *)(leaf_start(counts, gib) + (size_t)LEAF_PAGES * GCR_PAGE_BYTES);
}

static bool leaf_create(struct gcr_side_counts *counts, size_t gib)
{
    if (!directory_promise(counts, gib))
        return false;
    char *start = gcr_supply_reserve(counts->supply, LEAF_BYTES, GCR_PAGE_BYTES);
    if (start == NULL)
        return false;
    uintptr_t entry = (uintptr_t)start - gib * LEAF_COUNTS * sizeof(uint64_t);
    if (entry == 0 /* would look like no leaf */ ||
        !commit(counts, start + (size_t)LEAF_PAGES * GCR_PAGE_BYTES, GCR_PAGE_BYTES)) {
        gcr_supply_unreserve(counts->supply, start, LEAF_BYTES);
        return false;
    }
    counts->directory[gib] = entry;
    leaf_book(counts, gib)->ready = 1;
    return true;
}

/* The first page with a user at or after `page`; LEAF_PAGES if there is none. */
static size_t next_used(const struct side_leaf *book, size_t page)
{
    while (page < LEAF_PAGES) {
        size_t byte = offsetof(struct side_leaf, users) + page;
        if (!(book->ready >> byte / GCR_PAGE_BYTES & 1)) /* on to the next page of this struct */
            page += GCR_PAGE_BYTES - byte % GCR_PAGE_BYTES;
        else if (book->users[page] == 0)
            page++;
        else
            return page;
    }
    return LEAF_PAGES;
}

/* With whatever pages it still has. */
static void leaf_destroy(struct gcr_side_counts *counts, size_t gib)
{
    char *start = leaf_start(counts, gib);
    struct side_leaf *book = leaf_book(counts, gib);
    uint64_t ready = book->ready;
    for (size_t page = next_used(book, 0); page < LEAF_PAGES; page = next_used(book, page + 1))
        release(counts, start + page * GCR_PAGE_BYTES, GCR_PAGE_BYTES);
    for (; ready != 0; ready &= ready - 1)
        release(counts, (char *)book + (size_t)GCR_CTZ64(ready) * GCR_PAGE_BYTES, GCR_PAGE_BYTES);
    gcr_supply_unreserve(counts->supply, start, LEAF_BYTES);
    counts->directory[gib] = 0;
}

void gcr_side_counts_finish(struct gcr_side_counts *counts)
{
    if (counts->directory == NULL)
        return;
    for (size_t page = 0; page < GCR_SIDE_DIRECTORY_PAGES; page++) {
        if (!directory_has(counts, page))
            continue;
        for (size_t i = 0; i < ENTRIES_PER_PAGE; i++) {
            if (counts->directory[page * ENTRIES_PER_PAGE + i] != 0)
                leaf_destroy(counts, page * ENTRIES_PER_PAGE + i);
        }
        release(counts, (char *)counts->directory + page * GCR_PAGE_BYTES, GCR_PAGE_BYTES);
    }
    gcr_supply_unreserve(counts->supply, counts->directory,
                         GCR_SIDE_DIRECTORY_ENTRIES * sizeof(uintptr_t));
    counts->directory = NULL;
}

/* ---- pages of a leaf ---- */

/* Makes the users of pages [first, end) countable. What has come stays for later if more is
 * refused. */
static bool book_promise(struct gcr_side_counts *counts, struct side_leaf *book, size_t first,
                         size_t end)
{
    size_t from = (offsetof(struct side_leaf, users) + first) / GCR_PAGE_BYTES;
    size_t to = (offsetof(struct side_leaf, users) + end - 1) / GCR_PAGE_BYTES;
    for (size_t page = from; page <= to; page++) {
        if (book->ready >> page & 1)
            continue;
        if (!commit(counts, (char *)book + page * GCR_PAGE_BYTES, GCR_PAGE_BYTES))
            return false;
        book->ready |= (uint64_t)1 << page;
    }
    return true;
}

/* The first page at or after `page` whose having a user is `used`, or `end`. */
static size_t run_end(const struct side_leaf *book, size_t page, size_t end, bool used)
{
    while (page < end && (book->users[page] != 0) == used)
        page++;
    return page;
}

/* One user less for each of [first, end); pages without one go, run by run. */
static void pages_leave(struct gcr_side_counts *counts, char *start, struct side_leaf *book,
                        size_t first, size_t end)
{
    for (size_t page = first; page < end; page++) {
        GCR_CHECK(1, book->users[page] != 0);
        book->users[page]--;
    }
    for (size_t page = first; page < end;) {
        size_t from = run_end(book, page, end, true);
        page = run_end(book, from, end, false);
        if (page > from)
            release(counts, start + from * GCR_PAGE_BYTES, (page - from) * GCR_PAGE_BYTES);
    }
}

/* One user more for each of [first, end); pages without one come, run by run. All or nothing. */
static bool pages_enter(struct gcr_side_counts *counts, char *start, struct side_leaf *book,
                        size_t first, size_t end)
{
    for (size_t page = first; page < end;) {
        size_t fresh = run_end(book, page, end, true);
        size_t next = run_end(book, fresh, end, false);
        if (next > fresh &&
            !commit(counts, start + fresh * GCR_PAGE_BYTES, (next - fresh) * GCR_PAGE_BYTES)) {
            for (; page < fresh; page++)
                book->users[page]++;
            pages_leave(counts, start, book, first, fresh);
            return false;
        }
        for (; page < next; page++)
            book->users[page]++;
    }
    return true;
}

/* ---- ranges ---- */

/* The part of a range that lies in one leaf: its GiB and its pages there. */
struct part {
    size_t gib, first_page, end_page;
    size_t bytes; /* of the range */
};

static struct part first_part(uintptr_t start, size_t bytes)
{
    struct part part = {.gib = start >> GCR_SIDE_LEAF_SHIFT};
    uintptr_t end = (uintptr_t)(part.gib + 1) << GCR_SIDE_LEAF_SHIFT;
    part.bytes = bytes < end - start ? bytes : end - start;
    size_t mask = ((size_t)1 << GCR_SIDE_LEAF_SHIFT) - 1;
    size_t first = (start & mask) >> GCR_SIDE_GRANULE_SHIFT;
    size_t last = ((start + part.bytes - 1) & mask) >> GCR_SIDE_GRANULE_SHIFT;
    part.first_page = first / COUNTS_PER_PAGE;
    part.end_page = last / COUNTS_PER_PAGE + 1;
    return part;
}

static void part_leave(struct gcr_side_counts *counts, const struct part *part)
{
    struct side_leaf *book = leaf_book(counts, part->gib);
    pages_leave(counts, leaf_start(counts, part->gib), book, part->first_page, part->end_page);
    if (--book->ranges == 0)
        leaf_destroy(counts, part->gib);
}

static bool part_enter(struct gcr_side_counts *counts, const struct part *part)
{
    size_t directory_page = part->gib / ENTRIES_PER_PAGE;
    bool there = directory_has(counts, directory_page) && counts->directory[part->gib] != 0;
    if (!there && !leaf_create(counts, part->gib))
        return false;
    struct side_leaf *book = leaf_book(counts, part->gib);
    if (book_promise(counts, book, part->first_page, part->end_page) &&
        pages_enter(counts, leaf_start(counts, part->gib), book, part->first_page,
                    part->end_page)) {
        book->ranges++;
        return true;
    }
    if (book->ranges == 0)
        leaf_destroy(counts, part->gib);
    return false;
}

bool gcr_side_counts_enter(struct gcr_side_counts *counts, const void *start, size_t bytes)
{
    uintptr_t at = (uintptr_t)start;
    if (at >> GCR_SIDE_ADDRESS_BITS != 0)
        return false;
    struct part part = first_part(at, bytes);
    if (!part_enter(counts, &part))
        return false;
    if (part.bytes == bytes ||
        gcr_side_counts_enter(counts, (const char *)start + part.bytes, bytes - part.bytes))
        return true;
    part_leave(counts, &part);
    return false;
}

void gcr_side_counts_leave(struct gcr_side_counts *counts, const void *start, size_t bytes)
{
    for (uintptr_t at = (uintptr_t)start; bytes != 0;) {
        struct part part = first_part(at, bytes);
        part_leave(counts, &part);
        at += part.bytes;
        bytes -= part.bytes;
    }
}

/* ---- checking ---- */

struct tally {
    uint64_t pages, set;
};

static void tally_leaf(const struct gcr_side_counts *counts, size_t gib, struct tally *tally)
{
    const struct side_leaf *book = leaf_book(counts, gib);
    const uint64_t *count = (const uint64_t *)leaf_start(counts, gib);
    for (uint64_t ready = book->ready; ready != 0; ready &= ready - 1)
        tally->pages++;
    for (size_t page = next_used(book, 0); page < LEAF_PAGES; page = next_used(book, page + 1)) {
        tally->pages++;
        for (size_t i = 0; i < COUNTS_PER_PAGE; i++)
            tally->set += count[page * COUNTS_PER_PAGE + i] != 0;
    }
}

bool gcr_side_counts_check(const struct gcr_side_counts *counts, uint64_t *set,
                           struct gcr_error *err)
{
    struct tally tally = {0, 0};
    for (size_t page = 0; page < GCR_SIDE_DIRECTORY_PAGES; page++) {
        if (!directory_has(counts, page))
            continue;
        tally.pages++;
        for (size_t i = 0; i < ENTRIES_PER_PAGE; i++) {
            if (counts->directory[page * ENTRIES_PER_PAGE + i] != 0)
                tally_leaf(counts, page * ENTRIES_PER_PAGE + i, &tally);
        }
    }
    *set = tally.set;
    if (tally.pages * GCR_PAGE_BYTES == counts->committed_bytes)
        return true;
    gcr_fail(err, GCR_FAULT, "side counts: %llu pages have users, %llu bytes are committed",
             (unsigned long long)tally.pages, (unsigned long long)counts->committed_bytes);
    return false;
}
