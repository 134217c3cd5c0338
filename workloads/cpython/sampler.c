/* See sampler.h. Everything that it writes lies in the recorder's own memory. */
#include "workloads/cpython/sampler.h"

#include <errno.h>
#include <string.h>

#include "workloads/cpython/mappings.h"
#include "workloads/cpython/recorder.h"

enum {
    SAMPLER_RANGES = 1 << 16,
    SAMPLER_FOUND = 4096, /* runs of pages taken at once */
    SAMPLER_SEARCH = 4096 /* records looked at for a way to a root */
};

bool sampler_init(struct recorder *recorder)
{
    struct sampler *sampler = &recorder->sampler;
    sampler->ranges = recorder_reserve(SAMPLER_RANGES * sizeof *sampler->ranges);
    sampler->found = recorder_reserve(SAMPLER_FOUND * sizeof *sampler->found);
    sampler->buffer = recorder_reserve(MAPPINGS_BUFFER);
    sampler->visited.item = recorder_reserve(RECORD_LIMIT * sizeof(uint32_t));
    sampler->via.item = recorder_reserve(SAMPLER_SEARCH * sizeof(uint32_t));
    return sampler->ranges != NULL && sampler->found != NULL && sampler->buffer != NULL &&
           sampler->visited.item != NULL && sampler->via.item != NULL &&
           page_notes_init(&sampler->notes);
}

/* ---- arming ---- */

static void sampler_fail(struct recorder *recorder, const char *reason)
{
    struct gcr_segment *segment = recorder->segment;
    recorder->counts->unsampled_processes++;
    if (atomic_fetch_add(&segment->unsampled, 1) == 0) {
        strncpy(segment->unsampled_reason, reason, sizeof segment->unsampled_reason - 1);
        atomic_store(&segment->unsampled_is_told, 1);
    }
    sampler_stop(recorder);
}

void sampler_stop(struct recorder *recorder)
{
    recorder->sampler.armed = false;
    recorder->mirror.notes = NULL;
    page_watch_close(&recorder->sampler.watch);
}

static void sampler_add_range(struct sampler *sampler, uint64_t start, uint64_t end)
{
    if (sampler->range_count >= SAMPLER_RANGES)
        return;
    if (page_watch_add(&sampler->watch, start, end))
        sampler->ranges[sampler->range_count++] = (struct page_range){start, end};
    else
        sampler->refused = true;
}

/* The parts of a mapping in which blocks lie. */
static void sampler_visit_mapping(void *arg, uint64_t start, uint64_t end)
{
    struct recorder *recorder = arg;
    const uint64_t region_bytes = (uint64_t)1 << HEAP_MAP_REGION_BITS;
    uint64_t from = 0, to = 0;
    for (uint64_t at = start; at < end; at = (at | (region_bytes - 1)) + 1) {
        uint64_t region = at >> HEAP_MAP_REGION_BITS;
        if (region >= HEAP_MAP_REGIONS || recorder->map.regions[region] == NULL)
            continue;
        if (at != to && to != 0)
            sampler_add_range(&recorder->sampler, from, to);
        if (at != to)
            from = at;
        to = (at | (region_bytes - 1)) + 1;
        if (to > end)
            to = end;
    }
    if (to != 0)
        sampler_add_range(&recorder->sampler, from, to);
}

static gcr_status sampler_find_ranges(struct recorder *recorder, struct gcr_error *err)
{
    struct sampler *sampler = &recorder->sampler;
    sampler->range_count = 0;
    sampler->refused = false;
    sampler->regions = recorder->map.region_count;
    if (!mappings_visit(sampler->buffer, sampler_visit_mapping, recorder))
        return gcr_fail(err, GCR_UNSUPPORTED, "/proc/self/maps cannot be read: %s",
                        strerror(errno));
    if (sampler->range_count == 0 && sampler->refused)
        return gcr_fail(err, GCR_UNSUPPORTED, "the kernel refuses to watch any of its memory");
    return GCR_OK;
}

static void sampler_begin_interval(struct recorder *recorder)
{
    struct sampler *sampler = &recorder->sampler;
    sampler->notes.interval++;
    sampler->next = channel_events(&recorder->channel) + recorder->segment->sample_every;
}

void sampler_arm(struct recorder *recorder, bool child)
{
    struct sampler *sampler = &recorder->sampler;
    struct gcr_error err = {""};
    gcr_status status = GCR_OK;
    if (child)
        page_watch_close(&sampler->watch);
    if (sampler->watch.file < 0)
        status = page_watch_open(&sampler->watch, &err);
    if (status == GCR_OK)
        status = sampler_find_ranges(recorder, &err);
    for (uint32_t i = 0; i < sampler->range_count && status == GCR_OK; i++)
        status = page_watch_protect(sampler->ranges[i].start, sampler->ranges[i].end, &err);
    if (status != GCR_OK) {
        sampler_fail(recorder, err.text);
        return;
    }
    sampler->armed = true;
    recorder->mirror.notes = &sampler->notes;
    sampler_begin_interval(recorder);
}

/* ---- can the trace reach an object? ---- */

/* Marks in record.scratch, while a sampling lasts. */
enum { MARK_SEEN = 1, MARK_REACHABLE = 2 };

static void sampler_unmark(struct recorder *recorder, uint32_t from)
{
    struct index_list *visited = &recorder->sampler.visited;
    uint32_t kept = from;
    for (uint32_t i = from; i < visited->count; i++) {
        struct record *record = mirror_record(&recorder->mirror, visited->item[i]);
        if (record->scratch == MARK_SEEN)
            record->scratch = 0;
        else
            visited->item[kept++] = visited->item[i];
    }
    visited->count = kept;
}

/* Breadth first against the known references, from the object to a root or to what is known to have
 * one; the way back is then known as well. */
static bool sampler_is_reachable(struct recorder *recorder, uint32_t object)
{
    struct mirror *mirror = &recorder->mirror;
    struct index_list *visited = &recorder->sampler.visited;
    uint32_t *via = recorder->sampler.via.item;
    const uint32_t first = visited->count;
    if (mirror_record(mirror, object)->scratch == MARK_REACHABLE)
        return true;
    if (first + SAMPLER_SEARCH >= RECORD_LIMIT)
        return false;
    mirror_record(mirror, object)->scratch = MARK_SEEN;
    list_push(visited, object);
    bool found = false;
    uint32_t at = first;
    for (; at < visited->count && !found; at++) {
        const struct record *record = mirror_record(mirror, visited->item[at]);
        found = record->root != 0;
        for (uint32_t e = record->in_head; e != 0 && !found; e = mirror->edges[e].next) {
            uint32_t src = mirror->edges[e].src;
            struct record *holder = mirror_record(mirror, src);
            found = holder->scratch == MARK_REACHABLE;
            if (holder->scratch != 0 || visited->count - first >= SAMPLER_SEARCH)
                continue;
            holder->scratch = MARK_SEEN;
            via[visited->count - first] = at - first;
            list_push(visited, src);
        }
    }
    for (uint32_t i = at - 1 - first; found; i = via[i]) {
        mirror_record(mirror, visited->item[first + i])->scratch = MARK_REACHABLE;
        if (i == 0)
            break;
    }
    sampler_unmark(recorder, first);
    return found;
}

static void sampler_forget_marks(struct recorder *recorder)
{
    struct index_list *visited = &recorder->sampler.visited;
    for (uint32_t i = 0; i < visited->count; i++)
        mirror_record(&recorder->mirror, visited->item[i])->scratch = 0;
    visited->count = 0;
}

/* ---- choosing an object ---- */

enum { PAGE_OBJECTS = (WATCH_PAGE_BYTES >> HEAP_MAP_GRANULE_BITS) + 2, LARGEST_PREFIX = 32 };

static bool sampler_is_eligible(const struct record *record, uint64_t page)
{
    uint64_t count = record->block + record->prefix;
    return record->kind == RECORD_OBJECT &&
           (record->flags & (RECORD_TYPED | RECORD_PENDING)) == RECORD_TYPED && count >= page &&
           count < page + WATCH_PAGE_BYTES && record_refcount(record) > 0;
}

/* Objects with their count on the page, in the order of their addresses: containers or others.
 * Returns how many. */
static uint32_t sampler_list_objects(struct recorder *recorder, uint64_t page, bool containers,
                                     uint32_t objects[PAGE_OBJECTS])
{
    uint32_t n = 0;
    for (uint64_t at = page - LARGEST_PREFIX; at < page + WATCH_PAGE_BYTES; at += 16) {
        uint32_t object = heap_map_find(&recorder->map, at);
        if (object == 0)
            continue;
        const struct record *record = mirror_record(&recorder->mirror, object);
        bool container = (record->flags & RECORD_CONTAINER) != 0;
        if (container == containers && sampler_is_eligible(record, page))
            objects[n++] = object;
    }
    return n;
}

/* The page's number read backwards as a binary fraction of 2^32 (van der Corput's sequence). */
static uint32_t sampler_fraction(uint32_t number)
{
    uint32_t fraction = 0;
    for (unsigned bit = 0; bit < 32; bit++)
        fraction |= (number >> bit & 1) << (31 - bit);
    return fraction;
}

/* The first that can be reached, from the middle on; 0: none of a few. */
static uint32_t sampler_choose_of(struct recorder *recorder, const uint32_t *objects, uint32_t n)
{
    enum { TRIES = 8 };
    for (uint32_t i = 0; i < n && i < TRIES; i++) {
        uint32_t object = objects[(n / 2 + i) % n];
        if (sampler_is_reachable(recorder, object))
            return object;
    }
    return 0;
}

/* An object for the page's READ; 0: none can be had. See sampler.h. */
static uint32_t sampler_choose(struct recorder *recorder, uint64_t page)
{
    uint32_t containers[PAGE_OBJECTS], others[PAGE_OBJECTS];
    uint32_t c = sampler_list_objects(recorder, page, true, containers);
    uint32_t n = sampler_list_objects(recorder, page, false, others);
    uint64_t fraction = sampler_fraction((uint32_t)(page >> PAGE_NOTES_BITS));
    bool container = fraction * (c + n) >> 32 < c;
    uint32_t object = container ? sampler_choose_of(recorder, containers, c)
                                : sampler_choose_of(recorder, others, n);
    if (object != 0)
        return object;
    return container ? sampler_choose_of(recorder, others, n)
                     : sampler_choose_of(recorder, containers, c);
}

/* ---- sampling ---- */

static void sampler_page(struct recorder *recorder, uint64_t page)
{
    struct gcr_recorder_counts *counts = recorder->counts;
    counts->pages_written++;
    if (page_notes_has(&recorder->sampler.notes, page)) {
        counts->pages_explained++;
        return;
    }
    uint32_t object = sampler_choose(recorder, page);
    if (object == 0) {
        counts->pages_unread++;
        return;
    }
    const struct record *record = mirror_record(&recorder->mirror, object);
    const struct gcr_shape *shape =
        &recorder->segment->shapes[recorder->types.info[record->type].shape];
    uint32_t bytes = gcr_shape_data_bytes(shape, record->length) > 0;
    mirror_event(&recorder->mirror, GCR_OP_READ, object, 0, bytes);
    counts->pages_read++;
}

static void sampler_visit_written(void *arg, uint64_t start, uint64_t end)
{
    for (uint64_t page = start; page < end; page += WATCH_PAGE_BYTES)
        sampler_page(arg, page);
}

static void sampler_visit_discarded(void *arg, uint64_t start, uint64_t end)
{
    struct recorder *recorder = arg;
    recorder->counts->pages_discarded += (end - start) / WATCH_PAGE_BYTES;
}

static void sampler_scan(struct recorder *recorder, page_visitor *visit)
{
    struct sampler *sampler = &recorder->sampler;
    struct gcr_error err = {""};
    if (!page_watch_is_alive(&sampler->watch)) {
        sampler_fail(recorder, "the program closed the recorder's descriptor");
        return;
    }
    gcr_status status = sampler->regions != recorder->map.region_count
                            ? sampler_find_ranges(recorder, &err)
                            : GCR_OK;
    for (uint32_t i = 0; i < sampler->range_count && status == GCR_OK; i++)
        status = page_watch_take(sampler->ranges[i].start, sampler->ranges[i].end, sampler->found,
                                 SAMPLER_FOUND, visit, recorder, &err);
    if (status != GCR_OK)
        sampler_fail(recorder, err.text);
    else
        sampler_begin_interval(recorder);
}

void sampler_take(struct recorder *recorder)
{
    if (!recorder->sampler.armed || recorder->collection.running)
        return;
    recorder->counts->samplings++;
    sampler_scan(recorder, sampler_visit_written);
    sampler_forget_marks(recorder);
}

void sampler_go_on(struct recorder *recorder)
{
    recorder->sampler.next = channel_events(&recorder->channel) + recorder->segment->sample_every;
}

void sampler_discard(struct recorder *recorder)
{
    if (recorder->sampler.armed)
        sampler_scan(recorder, sampler_visit_discarded);
}
