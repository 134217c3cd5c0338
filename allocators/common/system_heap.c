/* Boundary-tag heap: chunks, bins, segments with a growing top, and single mappings. */
#include "allocators/common/system_heap.h"

#include "allocators/common/access.h"
#include "base/check.h"

enum {
    ALIGNMENT = 16,
    GROW_BYTES = 128 * 1024, /* the top grows by this much more than is needed ... */
    TRIM_BYTES = 256 * 1024, /* ... and shrinks again when it is this large */
    EXACT_BINS = 62          /* chunks of 32, 48 .. 1008 */
};
static const size_t SEGMENT_RESERVE_BYTES = (size_t)1 << 30;

/* Low bits of a size word; sizes are multiples of 16. */
enum { BEFORE_USED = 1, MAPPED = 2, SIZE_FLAGS = 15 };

/* `size` is the size of the whole chunk, this word included, and the block starts behind it. The
 * links are there only while the chunk is free; so is its size in the last word, for the chunk
 * above it. */
struct gcr_system_chunk {
    size_t size;
    struct gcr_system_chunk *next, *prev;
};

/* At the start of its reservation. Chunks tile [first, top); the rest up to `committed` is the top.
 */
struct gcr_system_segment {
    struct gcr_system_segment *next;
    size_t reserved_bytes;
    char *committed;
    char *top;
    bool top_before_used; /* whether the chunk below the top is in use */
};

/* At the start of a mapping; ends with the size word of its one block. */
struct gcr_system_mapping {
    struct gcr_system_mapping *next, *prev;
    size_t bytes;
    size_t size; /* bytes behind the header, flagged MAPPED */
};
_Static_assert(sizeof(struct gcr_system_mapping) == GCR_SYSTEM_MAP_HEADER_BYTES, "header constant");

/* ---- chunks ---- */

static size_t chunk_size(const struct gcr_system_chunk *chunk)
{
    return chunk->size & ~(size_t)SIZE_FLAGS;
}

static void *chunk_block(struct gcr_system_chunk *chunk)
{
    return (char *)chunk + GCR_SYSTEM_CHUNK_HEADER_BYTES;
}

static struct gcr_system_chunk *block_chunk(const void *block)
{
    return (struct gcr_system_chunk *)((uintptr_t)block - GCR_SYSTEM_CHUNK_HEADER_BYTES);
}

static struct gcr_system_chunk *chunk_after(const struct gcr_system_chunk *chunk, size_t bytes)
{
    return (struct gcr_system_chunk *)((uintptr_t)chunk + bytes);
}

/* First chunk of a segment: its block must be 16-aligned. */
static char *segment_first(const struct gcr_system_segment *segment)
{
    uintptr_t behind = (uintptr_t)(segment + 1) + GCR_SYSTEM_CHUNK_HEADER_BYTES;
    behind = (behind + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1);
    return (char *)(behind - GCR_SYSTEM_CHUNK_HEADER_BYTES);
}

/* The segment of a chunk: the newest one almost always. */
static struct gcr_system_segment *segment_of(const struct gcr_system_heap *heap, const void *chunk)
{
    struct gcr_system_segment *segment = heap->segments;
    while ((uintptr_t)chunk - (uintptr_t)segment >= segment->reserved_bytes)
        segment = segment->next;
    return segment;
}

/* Tells whatever lies above a chunk whether that chunk is in use. */
static void set_before_used(struct gcr_system_segment *segment, struct gcr_system_chunk *above,
                            bool used)
{
    if ((char *)above == segment->top)
        GCR_STORE_AS(GCR_CAUSE_METADATA, segment->top_before_used, used);
    else if (used)
        GCR_STORE_AS(GCR_CAUSE_METADATA, above->size, above->size | BEFORE_USED);
    else
        GCR_STORE_AS(GCR_CAUSE_METADATA, above->size, above->size & ~(size_t)BEFORE_USED);
}

/* ---- bins ---- */

/* Exact bins, then four for each power of two, by the two bits below the leading one. */
static unsigned bin_of(size_t size)
{
    if (size < 1024)
        return (unsigned)(size / ALIGNMENT) - 2;
    unsigned log = 63 - GCR_CLZ64(size);
    unsigned bin = EXACT_BINS + (log - 10) * 4 + (unsigned)(size >> (log - 2) & 3);
    return bin < GCR_SYSTEM_BINS ? bin : GCR_SYSTEM_BINS - 1;
}

static void bin_insert(struct gcr_system_heap *heap, struct gcr_system_chunk *chunk, size_t size)
{
    unsigned bin = bin_of(size);
    GCR_STORE_AS(GCR_CAUSE_METADATA, *(size_t *)((uintptr_t)chunk + size - sizeof(size_t)), size);
    GCR_STORE_AS(GCR_CAUSE_FREE_LINK, chunk->prev, NULL);
    GCR_STORE_AS(GCR_CAUSE_FREE_LINK, chunk->next, heap->bin[bin]);
    if (chunk->next != NULL)
        GCR_STORE_AS(GCR_CAUSE_FREE_LINK, chunk->next->prev, chunk);
    heap->bin[bin] = chunk;
    heap->bin_used[bin / 64] |= (uint64_t)1 << (bin % 64);
}

static void bin_remove(struct gcr_system_heap *heap, struct gcr_system_chunk *chunk)
{
    unsigned bin = bin_of(chunk_size(chunk));
    if (chunk->next != NULL)
        GCR_STORE_AS(GCR_CAUSE_FREE_LINK, chunk->next->prev, chunk->prev);
    if (chunk->prev != NULL)
        GCR_STORE_AS(GCR_CAUSE_FREE_LINK, chunk->prev->next, chunk->next);
    else
        heap->bin[bin] = chunk->next;
    if (heap->bin[bin] == NULL)
        heap->bin_used[bin / 64] &= ~((uint64_t)1 << (bin % 64));
}

/* First bin at or above `bin` that is not empty; GCR_SYSTEM_BINS if none. */
static unsigned bin_next_used(const struct gcr_system_heap *heap, unsigned bin)
{
    for (unsigned word = bin / 64; word < GCR_COUNT_OF(heap->bin_used); word++) {
        uint64_t bits = heap->bin_used[word];
        if (word == bin / 64)
            bits &= ~(uint64_t)0 << (bin % 64);
        if (bits != 0)
            return word * 64 + GCR_CTZ64(bits);
    }
    return GCR_SYSTEM_BINS;
}

/* A free chunk of at least `size` bytes, taken out of its bin. Chunks of one wide bin may be too
 * small, so that bin is searched; any chunk of a higher bin is large enough. */
static struct gcr_system_chunk *bin_take(struct gcr_system_heap *heap, size_t size)
{
    for (unsigned bin = bin_next_used(heap, bin_of(size)); bin < GCR_SYSTEM_BINS;
         bin = bin_next_used(heap, bin + 1)) {
        for (struct gcr_system_chunk *c = heap->bin[bin]; c != NULL; c = c->next) {
            if (chunk_size(c) >= size) {
                bin_remove(heap, c);
                return c;
            }
        }
    }
    return NULL;
}

/* ---- top ---- */

static bool segment_create(struct gcr_system_heap *heap)
{
    char *start = gcr_supply_reserve(heap->supply, SEGMENT_RESERVE_BYTES, GCR_PAGE_BYTES);
    if (start == NULL)
        return false;
    if (!gcr_supply_commit(heap->supply, GCR_PAGES_OBJECTS, start, GCR_PAGE_BYTES)) {
        gcr_supply_unreserve(heap->supply, start, SEGMENT_RESERVE_BYTES);
        return false;
    }
    struct gcr_system_segment *segment = (struct gcr_system_segment *)start;
    GCR_STORE_AS(GCR_CAUSE_METADATA, segment->next, heap->segments);
    GCR_STORE_AS(GCR_CAUSE_METADATA, segment->reserved_bytes, SEGMENT_RESERVE_BYTES);
    GCR_STORE_AS(GCR_CAUSE_METADATA, segment->committed, start + GCR_PAGE_BYTES);
    GCR_STORE_AS(GCR_CAUSE_METADATA, segment->top, segment_first(segment));
    GCR_STORE_AS(GCR_CAUSE_METADATA, segment->top_before_used,
                 true); /* nothing below the first chunk to coalesce with */
    heap->segments = segment;
    return true;
}

/* Commits pages until the top has `size` bytes. A generous step first, then what is needed. */
static bool top_grow(struct gcr_system_heap *heap, struct gcr_system_segment *segment, size_t size)
{
    size_t have = (size_t)(segment->committed - segment->top);
    size_t need = gcr_page_round(size - have);
    size_t room = (size_t)((char *)segment + segment->reserved_bytes - segment->committed);
    if (need > room)
        return false;
    size_t step = need + GROW_BYTES <= room ? need + GROW_BYTES : need;
    if (!gcr_supply_commit(heap->supply, GCR_PAGES_OBJECTS, segment->committed, step)) {
        step = need;
        if (!gcr_supply_commit(heap->supply, GCR_PAGES_OBJECTS, segment->committed, step))
            return false;
    }
    GCR_STORE_AS(GCR_CAUSE_METADATA, segment->committed, segment->committed + step);
    return true;
}

/* Carves a chunk from the newest segment's top. NULL: the supply refused. */
static struct gcr_system_chunk *top_take(struct gcr_system_heap *heap, size_t size)
{
    struct gcr_system_segment *segment = heap->segments;
    size_t room =
        segment == NULL ? 0 : (size_t)((char *)segment + segment->reserved_bytes - segment->top);
    if (room < size) {
        if (!segment_create(heap))
            return NULL;
        segment = heap->segments;
    }
    if ((size_t)(segment->committed - segment->top) < size && !top_grow(heap, segment, size))
        return NULL;
    struct gcr_system_chunk *chunk = (struct gcr_system_chunk *)segment->top;
    GCR_STORE_AS(GCR_CAUSE_METADATA, chunk->size,
                 size | (segment->top_before_used ? BEFORE_USED : 0));
    GCR_STORE_AS(GCR_CAUSE_METADATA, segment->top, segment->top + size);
    GCR_STORE_AS(GCR_CAUSE_METADATA, segment->top_before_used, true);
    return chunk;
}

/* A large top goes back, but for one growth step. */
static void top_trim(struct gcr_system_heap *heap, struct gcr_system_segment *segment)
{
    if (segment->committed - segment->top < TRIM_BYTES)
        return;
    char *keep = (char *)gcr_page_round((uintptr_t)segment->top) + GROW_BYTES;
    gcr_supply_release(heap->supply, GCR_PAGES_OBJECTS, keep, (size_t)(segment->committed - keep));
    GCR_STORE_AS(GCR_CAUSE_METADATA, segment->committed, keep);
}

/* ---- single mappings ---- */

static void *mapping_create(struct gcr_system_heap *heap, size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        return NULL;
    size_t total = gcr_page_round(bytes + GCR_SYSTEM_MAP_HEADER_BYTES);
    struct gcr_system_mapping *mapping =
        gcr_supply_map(heap->supply, GCR_PAGES_OBJECTS, total, GCR_PAGE_BYTES);
    if (mapping == NULL)
        return NULL;
    GCR_STORE_AS(GCR_CAUSE_METADATA, mapping->bytes, total);
    GCR_STORE_AS(GCR_CAUSE_METADATA, mapping->size, (total - GCR_SYSTEM_MAP_HEADER_BYTES) | MAPPED);
    GCR_STORE_AS(GCR_CAUSE_METADATA, mapping->prev, NULL);
    GCR_STORE_AS(GCR_CAUSE_METADATA, mapping->next, heap->mappings);
    if (mapping->next != NULL)
        GCR_STORE_AS(GCR_CAUSE_METADATA, mapping->next->prev, mapping);
    heap->mappings = mapping;
    heap->used_mappings++;
    return mapping + 1;
}

static void mapping_destroy(struct gcr_system_heap *heap, struct gcr_system_mapping *mapping)
{
    if (mapping->next != NULL)
        GCR_STORE_AS(GCR_CAUSE_METADATA, mapping->next->prev, mapping->prev);
    if (mapping->prev != NULL)
        GCR_STORE_AS(GCR_CAUSE_METADATA, mapping->prev->next, mapping->next);
    else
        heap->mappings = mapping->next;
    heap->used_mappings--;
    gcr_supply_unmap(heap->supply, GCR_PAGES_OBJECTS, mapping, mapping->bytes);
}

/* ---- the interface ---- */

void gcr_system_heap_init(struct gcr_system_heap *heap, struct gcr_supply *supply)
{
    *heap = (struct gcr_system_heap){.supply = supply};
}

void gcr_system_heap_finish(struct gcr_system_heap *heap)
{
    while (heap->mappings != NULL)
        mapping_destroy(heap, heap->mappings);
    while (heap->segments != NULL) {
        struct gcr_system_segment *segment = heap->segments;
        heap->segments = segment->next;
        size_t reserved_bytes = segment->reserved_bytes;
        gcr_supply_release(heap->supply, GCR_PAGES_OBJECTS, segment,
                           (size_t)(segment->committed - (char *)segment));
        gcr_supply_unreserve(heap->supply, segment, reserved_bytes);
    }
}

static size_t request_chunk_bytes(size_t bytes)
{
    size_t size =
        (bytes + GCR_SYSTEM_CHUNK_HEADER_BYTES + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    return size < GCR_SYSTEM_MIN_CHUNK_BYTES ? GCR_SYSTEM_MIN_CHUNK_BYTES : size;
}

void *gcr_system_heap_alloc(struct gcr_system_heap *heap, size_t bytes)
{
    if (bytes >= GCR_SYSTEM_MAP_THRESHOLD_BYTES)
        return mapping_create(heap, bytes);
    size_t size = request_chunk_bytes(bytes);
    struct gcr_system_chunk *chunk = bin_take(heap, size);
    if (chunk == NULL) {
        chunk = top_take(heap, size);
        if (chunk == NULL)
            return NULL;
        heap->used_chunks++;
        return chunk_block(chunk);
    }
    size_t have = chunk_size(chunk), rest = have - size;
    if (rest >= GCR_SYSTEM_MIN_CHUNK_BYTES) {
        GCR_STORE_AS(GCR_CAUSE_METADATA, chunk->size, size | (chunk->size & BEFORE_USED));
        struct gcr_system_chunk *tail = chunk_after(chunk, size);
        GCR_STORE_AS(GCR_CAUSE_METADATA, tail->size, rest | BEFORE_USED);
        bin_insert(heap, tail, rest);
    } else {
        set_before_used(segment_of(heap, chunk), chunk_after(chunk, have), true);
    }
    heap->used_chunks++;
    return chunk_block(chunk);
}

static bool chunk_is_free(const struct gcr_system_segment *segment,
                          const struct gcr_system_chunk *chunk)
{
    const struct gcr_system_chunk *above = chunk_after(chunk, chunk_size(chunk));
    return (const char *)above == segment->top ? !segment->top_before_used
                                               : (above->size & BEFORE_USED) == 0;
}

void gcr_system_heap_free(struct gcr_system_heap *heap, void *block)
{
    struct gcr_system_chunk *chunk = block_chunk(block);
    if (chunk->size & MAPPED) {
        mapping_destroy(heap, (struct gcr_system_mapping *)block - 1);
        return;
    }
    struct gcr_system_segment *segment = segment_of(heap, chunk);
    size_t size = chunk_size(chunk);
    struct gcr_system_chunk *above = chunk_after(chunk, size);
    heap->used_chunks--;
    if ((char *)above != segment->top && chunk_is_free(segment, above)) {
        bin_remove(heap, above);
        size += chunk_size(above);
    }
    if (!(chunk->size & BEFORE_USED)) {
        size_t below = ((size_t *)chunk)[-1];
        chunk = (struct gcr_system_chunk *)((uintptr_t)chunk - below);
        bin_remove(heap, chunk);
        size += below;
    }
    above = chunk_after(chunk, size);
    if ((char *)above == segment->top) { /* becomes part of the top; what lies below is in use */
        GCR_STORE_AS(GCR_CAUSE_METADATA, segment->top, (char *)chunk);
        GCR_STORE_AS(GCR_CAUSE_METADATA, segment->top_before_used, true);
        top_trim(heap, segment);
        return;
    }
    GCR_STORE_AS(GCR_CAUSE_METADATA, chunk->size, size | BEFORE_USED); /* free chunks never touch */
    set_before_used(segment, above, false);
    bin_insert(heap, chunk, size);
}

size_t gcr_system_heap_block_bytes(const void *block)
{
    const struct gcr_system_chunk *chunk = block_chunk(block);
    size_t size = chunk_size(chunk);
    return chunk->size & MAPPED ? size : size - GCR_SYSTEM_CHUNK_HEADER_BYTES;
}

uint64_t gcr_system_heap_header_bytes(const struct gcr_system_heap *heap)
{
    return heap->used_chunks * GCR_SYSTEM_CHUNK_HEADER_BYTES +
           heap->used_mappings * GCR_SYSTEM_MAP_HEADER_BYTES;
}

/* ---- looking ---- */

bool gcr_system_heap_walk(const struct gcr_system_heap *heap, gcr_block_visitor *visit, void *arg)
{
    for (const struct gcr_system_segment *s = heap->segments; s != NULL; s = s->next) {
        struct gcr_system_chunk *chunk = (struct gcr_system_chunk *)segment_first(s);
        for (; (char *)chunk < s->top; chunk = chunk_after(chunk, chunk_size(chunk))) {
            void *block = chunk_block(chunk);
            if (!chunk_is_free(s, chunk) && !visit(arg, block, gcr_system_heap_block_bytes(block)))
                return false;
        }
    }
    for (struct gcr_system_mapping *m = heap->mappings; m != NULL; m = m->next) {
        if (!visit(arg, m + 1, m->size & ~(size_t)SIZE_FLAGS))
            return false;
    }
    return true;
}

struct tally {
    uint64_t used, free;
};

/* Walks the chunks of one segment by their sizes. */
static bool check_segment(const struct gcr_system_segment *segment, struct tally *tally,
                          struct gcr_error *err)
{
    bool before_free = false;
    const char *at = segment_first(segment);
    while (at < segment->top) {
        const struct gcr_system_chunk *chunk = (const struct gcr_system_chunk *)at;
        size_t size = chunk_size(chunk);
        if (size < GCR_SYSTEM_MIN_CHUNK_BYTES || size % ALIGNMENT != 0 ||
            size > (size_t)(segment->top - at)) {
            gcr_fail(err, GCR_FAULT, "chunk %p: size %zu is impossible", (const void *)at, size);
            return false;
        }
        bool is_free = chunk_is_free(segment, chunk);
        if (((chunk->size & BEFORE_USED) == 0) != before_free || (is_free && before_free)) {
            gcr_fail(err, GCR_FAULT, "chunk %p: free neighbour not coalesced or not known",
                     (const void *)at);
            return false;
        }
        if (is_free && *(const size_t *)(at + size - sizeof(size_t)) != size) {
            gcr_fail(err, GCR_FAULT, "free chunk %p: its sizes at both ends differ",
                     (const void *)at);
            return false;
        }
        tally->free += is_free;
        tally->used += !is_free;
        before_free = is_free;
        at += size;
    }
    if (at != segment->top || segment->top > segment->committed || before_free) {
        gcr_fail(err, GCR_FAULT, "segment %p: its chunks do not end at its top",
                 (const void *)segment);
        return false;
    }
    return true;
}

static bool check_bins(const struct gcr_system_heap *heap, uint64_t free_chunks,
                       struct gcr_error *err)
{
    uint64_t binned = 0;
    for (unsigned bin = 0; bin < GCR_SYSTEM_BINS; bin++) {
        bool flagged = heap->bin_used[bin / 64] >> (bin % 64) & 1;
        if (flagged != (heap->bin[bin] != NULL)) {
            gcr_fail(err, GCR_FAULT, "bin %u: its bit says otherwise", bin);
            return false;
        }
        const struct gcr_system_chunk *prev = NULL;
        for (const struct gcr_system_chunk *c = heap->bin[bin]; c != NULL; prev = c, c = c->next) {
            if (c->prev != prev || bin_of(chunk_size(c)) != bin || ++binned > free_chunks) {
                gcr_fail(err, GCR_FAULT, "free chunk %p: wrongly listed in bin %u", (const void *)c,
                         bin);
                return false;
            }
        }
    }
    if (binned != free_chunks) {
        gcr_fail(err, GCR_FAULT, "%llu free chunks, %llu in bins", (unsigned long long)free_chunks,
                 (unsigned long long)binned);
        return false;
    }
    return true;
}

bool gcr_system_heap_check(const struct gcr_system_heap *heap, struct gcr_error *err)
{
    struct tally tally = {0, 0};
    for (const struct gcr_system_segment *s = heap->segments; s != NULL; s = s->next) {
        if (!check_segment(s, &tally, err))
            return false;
    }
    if (!check_bins(heap, tally.free, err))
        return false;
    uint64_t mappings = 0;
    for (const struct gcr_system_mapping *m = heap->mappings; m != NULL; m = m->next)
        mappings++;
    if (tally.used != heap->used_chunks || mappings != heap->used_mappings) {
        gcr_fail(err, GCR_FAULT, "%llu chunks and %llu mappings in use, counted %llu and %llu",
                 (unsigned long long)tally.used, (unsigned long long)mappings,
                 (unsigned long long)heap->used_chunks, (unsigned long long)heap->used_mappings);
        return false;
    }
    return true;
}
