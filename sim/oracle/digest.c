/* A digest of the reachable graph that is the same for every design that kept it right: computed
 * from the heap, not from the shadow graph, so that it is evidence.
 *
 * Objects are numbered in breadth-first order from the global roots, then each thread's roots, slot
 * by slot; shape, length and the numbers in the slots are hashed (XXH3) in that order, weak targets
 * at the end. */
#include <stdlib.h>
#include <xxhash.h>

#include "sim/oracle/verify.h"

enum { DIGEST_BUFFER = 512 };

struct digest {
    struct gcr_verify *verify;
    struct gcr_oracle_map numbers;
    gcr_ref *queue; /* objects by number - 1 */
    size_t count, room;
    XXH3_state_t *hash;
    uint64_t buffer[DIGEST_BUFFER];
    size_t buffered;
};

static void digest_flush(struct digest *d)
{
    (void)XXH3_64bits_update(d->hash, d->buffer, d->buffered * sizeof d->buffer[0]);
    d->buffered = 0;
}

static void digest_add(struct digest *d, uint64_t value)
{
    if (d->buffered == DIGEST_BUFFER)
        digest_flush(d);
    d->buffer[d->buffered++] = value;
}

/* Hashes the number of an object, which is given one if it is met for the first time. */
static bool digest_reference(struct digest *d, gcr_ref object)
{
    uint32_t number;

    if (object == NULL) {
        digest_add(d, 0);
        return true;
    }
    number = gcr_oracle_map_find(&d->numbers, object);
    if (number == 0) {
        if (d->count == d->room) {
            size_t room = d->room == 0 ? 1024 : d->room * 2;
            gcr_ref *grown = realloc(d->queue, room * sizeof(gcr_ref));
            if (grown == NULL)
                return false;
            d->queue = grown;
            d->room = room;
        }
        d->queue[d->count++] = object;
        number = (uint32_t)d->count;
        if (!gcr_oracle_map_put(&d->numbers, object, number))
            return false;
    }
    digest_add(d, number);
    return true;
}

/* Trailing slots that were never set differ between shadow and replay, so empty slots are skipped
 * and the others hashed with their number. */
static bool digest_roots(struct digest *d, const struct gcr_shadow_roots *roots, uint32_t thread,
                         bool global)
{
    const struct gcr_replay_view *view = d->verify->view;
    uint32_t end = gcr_verify_root_end(d->verify, roots, thread, global);

    for (uint32_t i = gcr_shadow_roots_next(roots, 0); i < end;
         i = gcr_shadow_roots_next(roots, i + 1)) {
        gcr_ref object = view->root(view, thread, global ? gcr_root_global(i) : gcr_root_thread(i));
        if (object == NULL)
            continue;
        digest_add(d, ((uint64_t)thread << 32 | i) + 1);
        if (!digest_reference(d, object))
            return false;
    }
    digest_add(d, 0);
    return true;
}

static bool digest_object(struct digest *d, gcr_ref object)
{
    const struct gcr_collector *collector = d->verify->view->collector;
    struct gcr_heap *heap = d->verify->view->heap;
    uint32_t shape = collector->shape_number(heap, object);
    uint32_t length = collector->length(heap, object);
    uint64_t slots = gcr_shape_slot_count(&d->verify->shadow->shapes[shape], length);

    digest_add(d, (uint64_t)shape << 32 | length);
    for (uint64_t i = 0; i < slots; i++)
        if (!digest_reference(d, collector->slot(heap, object, (uint32_t)i)))
            return false;
    return true;
}

static bool digest_graph(struct digest *d)
{
    const struct gcr_shadow *s = d->verify->shadow;

    if (!digest_roots(d, &s->globals, 0, true))
        return false;
    for (uint32_t t = 0; t < s->thread_count; t++)
        if (!digest_roots(d, &s->threads[t], t, false))
            return false;
    for (size_t i = 0; i < d->count; i++)
        if (!digest_object(d, d->queue[i]))
            return false;
    return true;
}

/* Whether a weak reference to something unreachable is cleared is a matter of when the last
 * collection was, so that only reachable targets count. */
static void digest_weak(struct digest *d)
{
    const struct gcr_collector *collector = d->verify->view->collector;
    struct gcr_heap *heap = d->verify->view->heap;

    for (size_t i = 0; i < d->count; i++) {
        uint32_t shape = collector->shape_number(heap, d->queue[i]);
        gcr_ref target;

        if (!gcr_shape_is(&d->verify->shadow->shapes[shape], GCR_SHAPE_WEAK))
            continue;
        target = collector->weak_target(heap, d->queue[i]);
        digest_add(d, target == NULL ? 0 : gcr_oracle_map_find(&d->numbers, target));
    }
}

gcr_status gcr_digest_heap(struct gcr_verify *v, uint64_t *digest, struct gcr_error *err)
{
    struct digest *d = calloc(1, sizeof *d);
    bool ok = d != NULL;

    if (ok) {
        d->verify = v;
        d->hash = XXH3_createState();
        ok = d->hash != NULL && XXH3_64bits_reset(d->hash) == XXH_OK && digest_graph(d);
    }
    if (ok) {
        digest_weak(d);
        digest_flush(d);
        *digest = XXH3_64bits_digest(d->hash);
        if (*digest == 0)
            *digest = 1; /* 0 means: not taken */
    }
    if (d != NULL) {
        (void)XXH3_freeState(d->hash);
        gcr_oracle_map_finish(&d->numbers);
        free(d->queue);
    }
    free(d);
    return ok ? GCR_OK : gcr_fail(err, GCR_NO_MEMORY, "no memory for the graph's digest");
}
