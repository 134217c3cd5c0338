/* buffered-refcount: the design's invariants.
 *
 * At any event, with no package in processing, every count can be told exactly: RC of an object is
 * the number of slots of unreleased objects, of prebuilt objects and of global roots that refer to
 * it, plus its places in the snapshots that count and in the finalizer queue, minus the increments
 * and plus the decrements that are logged and not yet applied. At quiescence, with empty stacks,
 * that is the in-degree. What is compared is kept in ordinary memory: the check is the harness's
 * instrument. Cost O(heap), hashed. */
#include <stdio.h>
#include <stdlib.h>

#include "allocators/buffered_refcount/counts.h"

enum { SEEN_ROOT = 1, SEEN_CYCLE = 2, SEEN_DEAD = 4 };

struct check_object {
    gcr_ref object;
    int64_t expected; /* RC */
    uint32_t seen;
};

struct check {
    struct gcr_recycler *h;
    struct gcr_error *err;
    struct check_object *slot; /* open addressing */
    size_t capacity, count;
    uint64_t sum_rc, over_rc;
    bool good;
};

static bool check_fail(struct check *check, const char *what, gcr_ref object)
{
    if (check->good) {
        uint32_t word = object != NULL ? *recycler_count_word(object) : 0;
        (void)gcr_fail(check->err, GCR_FAULT,
                       "%s (object %p, count word %08x, shape word %08x, epoch %u)", what,
                       (void *)object, word, object != NULL ? recycler_shape_word(object) : 0,
                       check->h->epoch);
    }
    check->good = false;
    return false;
}

/* ---- the table ---- */

static struct check_object *check_seek(const struct check *check, gcr_ref object)
{
    size_t at = ((uintptr_t)object >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 20;
    for (;; at++) {
        struct check_object *entry = &check->slot[at & (check->capacity - 1)];
        if (entry->object == object || entry->object == NULL)
            return entry;
    }
}

static bool check_count_one(void *arg, void *object, uint64_t room_bytes)
{
    struct check *check = arg;
    (void)object;
    (void)room_bytes;
    check->count++;
    return true;
}

static bool check_enter(void *arg, void *object, uint64_t room_bytes)
{
    struct check *check = arg;
    uint32_t id = recycler_shape_word(object) & RECYCLER_ID_MASK;
    if (id == 0 || id > 2 * check->h->layouts.shape_count)
        return check_fail(check, "an object's shape word names no shape", object);
    if (recycler_is_immortal(object))
        return check_fail(check, "an object outside the prebuilt ones is immortal", object);
    if (recycler_object_bytes(&check->h->layouts, object) > room_bytes)
        return check_fail(check, "an object is larger than its slot", object);
    *check_seek(check, object) = (struct check_object){.object = object};
    return true;
}

/* Adds to what RC should be; false: that object does not exist. */
static bool check_expect(struct check *check, gcr_ref object, int64_t change, const char *what)
{
    if (object == NULL || gcr_immortals_has(&check->h->immortals, object))
        return true;
    struct check_object *entry = check_seek(check, object);
    if (entry->object == NULL || (entry->seen & SEEN_DEAD) != 0)
        return check_fail(check, what, object);
    entry->expected += change;
    return true;
}

/* ---- who refers to whom ---- */

static void check_edges(struct check *check, gcr_ref object)
{
    uint64_t count;
    gcr_ref *slot = recycler_slots(&check->h->layouts, object, &count);
    for (uint64_t i = 0; i < count; i++)
        (void)check_expect(check, slot[i], 1, "a slot refers to a freed object");
}

static void check_heap_edges(struct check *check)
{
    const struct gcr_immortals *immortals = &check->h->immortals;
    for (size_t i = 0; i < check->capacity; i++) {
        const struct check_object *entry = &check->slot[i];
        if (entry->object != NULL && (entry->seen & SEEN_DEAD) == 0 &&
            !recycler_rc_is_zero(entry->object))
            check_edges(check, entry->object);
    }
    for (char *at = gcr_immortals_start(immortals); at < gcr_immortals_end(immortals);) {
        gcr_ref object = (gcr_ref)(void *)at;
        check_edges(check, object);
        at += recycler_object_bytes(&check->h->layouts, object);
    }
}

static void check_roots(struct check *check)
{
    struct gcr_recycler *h = check->h;
    size_t count;
    const struct gcr_root_span *span = h->heap.host->roots(h->heap.host, &count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < span[i].count; k++)
            if (span[i].thread == GCR_GLOBAL_ROOTS || h->logs_stacks)
                (void)check_expect(check, span[i].start[k], 1, "a root refers to a freed object");
    for (const struct recycler_context *x = h->contexts; x != NULL; x = x->next) {
        const struct gcr_vector *stack = &x->stack[x->newest];
        for (size_t i = 0; i < gcr_vector_count(stack); i++)
            (void)check_expect(check, *(gcr_ref *)gcr_vector_at(stack, i), 1,
                               "a snapshot names a freed object");
    }
    for (size_t i = h->batch_done; i < gcr_vector_count(&h->batch); i++)
        (void)check_expect(check,
                           ((struct recycler_finalizable *)gcr_vector_at(&h->batch, i))->object, 1,
                           "a finalizer is due for a freed object");
    struct recycler_cursor at = recycler_list_begin(&h->collector.queue);
    while (recycler_cursor_next(&at) != 0)
        (void)check_expect(check, (gcr_ref)recycler_cursor_next(&at), 1,
                           "the finalizer queue names a freed object");
    if (h->unborn != NULL)
        (void)check_expect(check, h->unborn, 1, "a new body is gone");
}

/* ---- what is logged ---- */

static void check_words(struct check *check, const uintptr_t *word, const uintptr_t *end,
                        bool increments)
{
    const char *const what = "a mutation buffer names a freed object";
    for (; word < end; word++) {
        gcr_ref object = (gcr_ref)(*word & ~(uintptr_t)RECYCLER_TAG_MASK);
        switch (*word & RECYCLER_TAG_MASK) {
        case RECYCLER_INC:
            if (increments)
                (void)check_expect(check, object, -1, what);
            break;
        case RECYCLER_DEC:
            (void)check_expect(check, object, 1, what);
            break;
        case RECYCLER_FINALIZER:
            word++;
            break;
        default:
            break;
        }
    }
}

static void check_logs(struct check *check)
{
    for (const struct recycler_context *x = check->h->contexts; x != NULL; x = x->next)
        for (unsigned i = 0; i < 2; i++) {
            const struct recycler_log *log = &x->log[i];
            if (log->chunk != NULL)
                check_words(check, log->chunk->entry, log->top, true);
            for (const struct recycler_chunk *c = log->full; c != NULL; c = c->next)
                check_words(check, c->entry, c->entry + c->count, true);
            for (const struct recycler_chunk *c = x->before[i]; c != NULL; c = c->next)
                check_words(check, c->entry, c->entry + c->count, false);
        }
}

/* ---- buffers ---- */

static void check_buffer(struct check *check, const struct recycler_list *list, uint32_t seen,
                         const char *unknown, const char *green)
{
    struct recycler_cursor at = recycler_list_begin(list);
    uintptr_t word;
    while ((word = recycler_cursor_next(&at)) != 0) {
        if (recycler_is_epoch(word))
            continue;
        struct check_object *entry = check_seek(check, (gcr_ref)word);
        if (entry->object == NULL || (entry->seen & SEEN_DEAD) != 0) {
            (void)check_fail(check, unknown, (gcr_ref)word);
            continue;
        }
        if ((entry->seen & (SEEN_ROOT | SEEN_CYCLE)) != 0)
            (void)check_fail(check, "an object is buffered twice", entry->object);
        if (recycler_colour_of(entry->object) == RECYCLER_GREEN)
            (void)check_fail(check, green, entry->object);
        entry->seen |= seen;
    }
}

static void check_dead(struct check *check)
{
    struct recycler_cursor at = recycler_list_begin(&check->h->collector.dead);
    gcr_ref object;
    while ((object = (gcr_ref)recycler_cursor_next(&at)) != NULL) {
        struct check_object *entry = check_seek(check, object);
        if (entry->object == NULL)
            (void)check_fail(check, "an object whose free is to be reported is gone", object);
        else
            entry->seen |= SEEN_DEAD;
    }
}

/* ---- every object ---- */

static void check_colour(struct check *check, const struct check_object *entry)
{
    struct gcr_recycler *h = check->h;
    enum recycler_colour colour = recycler_colour_of(entry->object);
    bool stranded = !h->threaded || h->quiet_epoch == h->epoch;
    if (recycler_is_buffered(entry->object) != ((entry->seen & (SEEN_ROOT | SEEN_CYCLE)) != 0))
        (void)check_fail(check, "the buffered bit and the buffers disagree", entry->object);
    if ((colour == RECYCLER_GRAY || colour == RECYCLER_WHITE) && stranded)
        (void)check_fail(check, "an object is gray or white outside of a trace", entry->object);
    if (colour == RECYCLER_RED || colour > RECYCLER_ORANGE)
        (void)check_fail(check, "an object is red outside of the sigma test", entry->object);
    if ((colour == RECYCLER_ORANGE) != ((entry->seen & SEEN_CYCLE) != 0))
        (void)check_fail(check, "orange and the cycle buffer disagree", entry->object);
    if (colour == RECYCLER_PURPLE && (entry->seen & SEEN_ROOT) == 0)
        (void)check_fail(check, "a purple object is not in the root buffer", entry->object);
    if ((colour == RECYCLER_GRAY || colour == RECYCLER_WHITE || colour == RECYCLER_ORANGE) &&
        recycler_crc(h, entry->object) > recycler_rc(h, entry->object))
        (void)check_fail(check, "CRC is above RC", entry->object);
}

static void check_objects(struct check *check)
{
    for (size_t i = 0; i < check->capacity && check->good; i++) {
        const struct check_object *entry = &check->slot[i];
        if (entry->object == NULL || (entry->seen & SEEN_DEAD) != 0)
            continue;
        uint64_t rc = recycler_rc(check->h, entry->object);
        check->sum_rc += rc;
        check->over_rc += (*recycler_count_word(entry->object) & RECYCLER_OVER) != 0;
        if (entry->expected != (int64_t)rc) {
            char what[96];
            (void)snprintf(what, sizeof what, "RC is %llu, and should be %lld",
                           (unsigned long long)rc, (long long)entry->expected);
            (void)check_fail(check, what, entry->object);
        }
        if (rc == 0 && entry->seen == 0)
            (void)check_fail(check, "an object with RC 0 is neither freed nor buffered",
                             entry->object);
        check_colour(check, entry);
    }
}

static void check_sums(struct check *check)
{
    const struct gcr_recycler *h = check->h;
    const struct recycler_collector *c = &h->collector;
    if (check->sum_rc != h->born + c->stats.increments - c->stats.decrements)
        (void)check_fail(check, "counts are not conserved: born + increments - decrements", NULL);
    if (check->over_rc != c->more_rc.count)
        (void)check_fail(check, "the overflow table and the overflow bits disagree", NULL);
    if (c->stats.age[0] != 0)
        (void)check_fail(check, "an object was freed in the epoch of its last reference", NULL);
}

/* ---- weak references ---- */

static void check_weak(struct check *check)
{
    const struct recycler_collector *c = &check->h->collector;
    if (c->weak_targets.count != c->weak_refs.count)
        (void)check_fail(check, "the two tables of weak references differ in length", NULL);
    for (size_t i = 0; i < c->weak_targets.capacity; i++) {
        const struct recycler_entry *entry = &c->weak_targets.slot[i];
        if (entry->key <= 1)
            continue;
        gcr_ref target = (gcr_ref)(uintptr_t)entry->value;
        const struct recycler_entry *back = recycler_table_find(&c->weak_refs, target);
        while (back != NULL && back->value != entry->key)
            back = recycler_table_next(&c->weak_refs, back);
        if (back == NULL)
            (void)check_fail(check, "a weak reference is not registered with its target", target);
        if (check_seek(check, target)->object == NULL)
            (void)check_fail(check, "a weak reference has a freed target", target);
    }
}

/* ---- the whole ---- */

static bool check_blocks(struct gcr_recycler *h, struct gcr_error *err)
{
    struct gcr_blocks_context *contexts = calloc(h->context_count + 1, sizeof *contexts);
    size_t count = 0;
    if (contexts == NULL)
        return true; /* no memory to look with */
    for (const struct recycler_context *x = h->contexts; x != NULL; x = x->next)
        contexts[count++] = x->blocks;
    bool good = gcr_blocks_check(&h->blocks, contexts, count, err);
    free(contexts);
    return good;
}

static void check_all(struct check *check)
{
    struct recycler_collector *c = &check->h->collector;
    if (!gcr_blocks_walk(&check->h->blocks, check_enter, check))
        return;
    check_dead(check);
    check_buffer(check, &c->roots, SEEN_ROOT, "the root buffer names a freed object",
                 "a green object is in the root buffer");
    check_buffer(check, &c->cycles, SEEN_CYCLE, "the cycle buffer names a freed object",
                 "a green object is in the cycle buffer");
    check_heap_edges(check);
    check_roots(check);
    check_logs(check);
    if (check->good)
        check_objects(check);
    if (check->good)
        check_sums(check);
    check_weak(check);
}

bool recycler_check(struct gcr_heap *heap, int level, struct gcr_error *err)
{
    struct gcr_recycler *h = recycler_of(heap);
    struct check check = {.h = h, .err = err, .good = true};
    if (level < 2)
        return true;
    if (h->in_flight)
        (void)recycler_hand_back(h, true);
    if (!check_blocks(h, err))
        return false;
    if (h->exhausted || h->collector.failed)
        return true; /* counts may be unreliable, and nothing is freed any more */
    (void)gcr_blocks_walk(&h->blocks, check_count_one, &check);
    for (check.capacity = 64; check.capacity < 2 * check.count;)
        check.capacity *= 2;
    check.slot = calloc(check.capacity, sizeof *check.slot);
    if (check.slot == NULL)
        return true;
    check_all(&check);
    free(check.slot);
    return check.good;
}
