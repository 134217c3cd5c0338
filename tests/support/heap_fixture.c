#include "tests/support/heap_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FIXTURE_GROW(array, count, capacity)                                                       \
    do {                                                                                           \
        if ((count) == (capacity)) {                                                               \
            (capacity) = (capacity) == 0 ? 64 : (capacity)*2;                                      \
            (array) = realloc((array), (capacity) * sizeof *(array));                              \
            assert_non_null(array);                                                                \
        }                                                                                          \
    } while (0)

static struct fixture *fixture_of(struct gcr_host *host)
{
    return (struct fixture *)host;
}

/* ---- the host's side ---- */

static const struct gcr_root_span *fixture_host_roots(struct gcr_host *host, size_t *count)
{
    struct fixture *fixture = fixture_of(host);
    *count = 2;
    return fixture->spans;
}

/* Once for each time that objects move. Those still young after a minor update are asked for again
 * by the next one. */
static void fixture_host_update_handles(struct gcr_host *host, struct gcr_heap *heap, bool minor)
{
    struct fixture *fixture = fixture_of(host);
    uint32_t first_young = fixture->handle_count;
    assert_true(fixture->in_collection);
    assert_true(gcr_collector_is(fixture->collector, GCR_CAP_GENERATIONAL) || !fixture->updated);
    fixture->updated = true;
    for (uint32_t i = minor ? fixture->oldest_young : 1; i < fixture->handle_count; i++) {
        gcr_ref from = fixture->handles[i], to = NULL;
        if (from != NULL)
            to = fixture->ops->forwarded(heap, from);
        if (from != NULL && to == gcr_still_young(from)) {
            to = from;
            first_young = i < first_young ? i : first_young;
        }
        fixture->handles[i] = to;
    }
    fixture->oldest_young = first_young;
}

static void fixture_host_finalize(struct gcr_host *host, struct gcr_heap *heap, uint32_t cookie,
                                  gcr_ref object)
{
    struct fixture *fixture = fixture_of(host);
    assert_int_not_equal(cookie, 0);
    assert_non_null(object);
    for (uint32_t i = 0; i < fixture->finalized_count; i++)
        assert_int_not_equal(fixture->finalized[i].cookie, cookie); /* once per object */
    uint32_t nth = fixture->finalized_count;
    FIXTURE_GROW(fixture->finalized, fixture->finalized_count, fixture->finalized_capacity);
    fixture->finalized[fixture->finalized_count++] = (struct fixture_finalized){
        .cookie = cookie, .object = object, .collection = fixture->collection_count};
    if (nth < FIXTURE_GLOBAL_ROOTS && fixture->resurrect_into[nth] != FIXTURE_NO_ROOT)
        fixture->ops->root(heap, &fixture->globals[fixture->resurrect_into[nth]], object, true);
}

static void fixture_host_freed(struct gcr_host *host, gcr_ref object)
{
    struct fixture *fixture = fixture_of(host);
    assert_true(host->report_frees);
    FIXTURE_GROW(fixture->freed, fixture->freed_count, fixture->freed_capacity);
    fixture->freed[fixture->freed_count++] = object;
    for (uint32_t i = 1; i < fixture->handle_count; i++)
        if (fixture->handles[i] == object)
            fixture->handles[i] = NULL;
}

static void fixture_host_begin(struct gcr_host *host, struct gcr_heap *heap, enum gcr_reason reason,
                               uint32_t generation)
{
    struct fixture *fixture = fixture_of(host);
    (void)heap;
    (void)reason;
    assert_true(generation < fixture->collector->generations);
    assert_false(fixture->in_collection);
    fixture->in_collection = true;
    fixture->updated = false;
    fixture->begun++;
}

static void fixture_host_end(struct gcr_host *host, struct gcr_heap *heap,
                             const struct gcr_collection *done)
{
    struct fixture *fixture = fixture_of(host);
    assert_true(fixture->in_collection);
    assert_ptr_equal(heap->host, host);
    if (gcr_collector_is(fixture->collector, GCR_CAP_MOVING))
        assert_true(fixture->updated);
    assert_int_equal(done->after_bytes, fixture->supply.committed_bytes);
    FIXTURE_GROW(fixture->collections, fixture->collection_count, fixture->collection_capacity);
    fixture->collections[fixture->collection_count++] = *done;
    fixture->in_collection = false;
    if (fixture->after_collection != NULL)
        fixture->after_collection(fixture, fixture->arg);
}

/* Outside collections: work for the collector begins, and ends with GCR_PHASE_MUTATOR. */
static void fixture_host_phase(struct gcr_host *host, enum gcr_gc_phase phase)
{
    struct fixture *fixture = fixture_of(host);
    if (!fixture->in_collection) {
        assert_int_equal(fixture->bracketed, phase == GCR_PHASE_MUTATOR);
        fixture->bracketed = phase != GCR_PHASE_MUTATOR;
    }
    fixture->phases[phase]++;
}

/* ---- opening and closing ---- */

static void fixture_set_host(struct fixture *fixture, const struct fixture_config *config)
{
    fixture->host = (struct gcr_host){
        .shapes = config->shapes,
        .shape_count = config->shape_count,
        .capabilities = &fixture->capabilities,
        .supply = &fixture->supply,
        .report_frees = config->report_frees,
        .roots = fixture_host_roots,
        .update_handles = fixture_host_update_handles,
        .finalize = fixture_host_finalize,
        .freed = fixture_host_freed,
        .collection_begin = fixture_host_begin,
        .collection_end = fixture_host_end,
        .phase = fixture_host_phase,
    };
}

gcr_status fixture_try_open(struct fixture *fixture, const struct fixture_config *config,
                            struct gcr_error *err)
{
    memset(fixture, 0, sizeof *fixture);
    fixture->collector = config->collector;
    fixture->ops = config->ops;
    fixture->capabilities.deaths = GCR_DEATHS_EXACT;
    if (config->capabilities != NULL)
        fixture->capabilities = *config->capabilities;
    fixture->spans[0] = (struct gcr_root_span){fixture->roots, FIXTURE_ROOTS, 0};
    fixture->spans[1] =
        (struct gcr_root_span){fixture->globals, FIXTURE_GLOBAL_ROOTS, GCR_GLOBAL_ROOTS};
    for (int i = 0; i < FIXTURE_GLOBAL_ROOTS; i++)
        fixture->resurrect_into[i] = FIXTURE_NO_ROOT;
    gcr_supply_init(&fixture->supply, config->budget_bytes);
    fixture->supply.fail_after = config->fail_after;
    fixture->supply.system_limit_bytes = config->system_limit_bytes;
    fixture_set_host(fixture, config);
    if (config->collector->options != NULL) {
        gcr_options_init(config->collector->options, &fixture->options);
        for (const char *const *word = config->settings; word != NULL && *word != NULL; word++) {
            gcr_status set =
                gcr_option_assign(&fixture->options, config->collector->name, *word, err);
            if (set != GCR_OK)
                return set;
        }
    }
    const struct gcr_heap_config heap_config = {.options = &fixture->options,
                                                .budget_bytes = config->budget_bytes};
    gcr_status status =
        config->collector->create(&heap_config, &fixture->host, &fixture->heap, err);
    if (status != GCR_OK) {
        assert_int_equal(fixture->supply.committed_bytes, 0);
        return status;
    }
    assert_ptr_equal(fixture->heap->collector, config->collector);
    fixture->handle_capacity = 256;
    fixture->handles = calloc(fixture->handle_capacity, sizeof *fixture->handles);
    assert_non_null(fixture->handles);
    fixture->handle_count = fixture->oldest_young = 1;
    return GCR_OK;
}

void fixture_open(struct fixture *fixture, const struct fixture_config *config)
{
    struct gcr_error err = {"no message"};
    if (fixture_try_open(fixture, config, &err) != GCR_OK)
        fail_msg("%s: %s", config->collector->name, err.text);
}

void fixture_close(struct fixture *fixture)
{
    fixture->collector->destroy(fixture->heap);
    assert_int_equal(fixture->supply.committed_bytes, 0);
    free(fixture->handles);
    free(fixture->collections);
    free(fixture->finalized);
    free(fixture->freed);
}

/* ---- the mutator's side ---- */

static uint32_t fixture_next_number(struct fixture *fixture)
{
    FIXTURE_GROW(fixture->handles, fixture->handle_count, fixture->handle_capacity);
    return fixture->handle_count;
}

static const struct gcr_shape *fixture_shape(const struct fixture *fixture, uint32_t number)
{
    assert_true(number >= 1 && number <= fixture->host.shape_count);
    return &fixture->host.shapes[number];
}

static uint32_t fixture_cookie(const struct gcr_shape *shape, uint32_t number)
{
    return gcr_shape_is(shape, GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER) ? number : 0;
}

uint32_t fixture_alloc(struct fixture *fixture, uint32_t shape, uint32_t length, int root)
{
    return fixture_alloc_flags(fixture, shape, length, 0, root);
}

uint32_t fixture_alloc_flags(struct fixture *fixture, uint32_t shape, uint32_t length,
                             unsigned flags, int root)
{
    const struct gcr_shape *described = fixture_shape(fixture, shape);
    uint32_t number = fixture_next_number(fixture);
    gcr_ref *at = &fixture->roots[root == FIXTURE_NO_ROOT ? FIXTURE_ROOTS - 1 : root];
    gcr_ref before = *at;
    gcr_ref object = fixture->ops->alloc(fixture->heap, described, length, flags,
                                         fixture_cookie(described, number), at, false);
    if (object == NULL) {
        assert_true((*at == NULL) == (before == NULL)); /* unchanged, though it may have moved */
        return 0;
    }
    assert_ptr_equal(*at, object);
    fixture->handles[number] = object;
    fixture->handle_count++;
    if (root == FIXTURE_NO_ROOT)
        fixture->ops->root(fixture->heap, at, NULL, false);
    return number;
}

uint32_t fixture_prebuilt(struct fixture *fixture, uint32_t shape, uint32_t length)
{
    const struct gcr_shape *described = fixture_shape(fixture, shape);
    uint32_t number = fixture_next_number(fixture);
    gcr_ref object = fixture->collector->prebuilt(fixture->heap, described, length,
                                                  fixture_cookie(described, number));
    if (object == NULL)
        return 0;
    fixture->handles[number] = object;
    fixture->handle_count++;
    return number;
}

gcr_ref fixture_ref(const struct fixture *fixture, uint32_t object)
{
    assert_true(object < fixture->handle_count);
    return fixture->handles[object];
}

/* An operand that must be alive. */
static gcr_ref fixture_live(const struct fixture *fixture, uint32_t object)
{
    gcr_ref at = fixture_ref(fixture, object);
    assert_non_null(at);
    return at;
}

static gcr_ref fixture_value(const struct fixture *fixture, uint32_t object)
{
    return object == 0 ? NULL : fixture_live(fixture, object);
}

void fixture_store(struct fixture *fixture, uint32_t object, uint32_t slot, uint32_t value)
{
    fixture->ops->store(fixture->heap, fixture_live(fixture, object), slot,
                        fixture_value(fixture, value));
}

void fixture_copy(struct fixture *fixture, uint32_t dst, uint32_t dst_slot, uint32_t src,
                  uint32_t src_slot, uint32_t n)
{
    fixture->ops->copy(fixture->heap, fixture_live(fixture, dst), dst_slot,
                       fixture_live(fixture, src), src_slot, n);
}

void fixture_root(struct fixture *fixture, int root, uint32_t value)
{
    fixture->ops->root(fixture->heap, &fixture->roots[root], fixture_value(fixture, value), false);
}

void fixture_global(struct fixture *fixture, int root, uint32_t value)
{
    fixture->ops->root(fixture->heap, &fixture->globals[root], fixture_value(fixture, value), true);
}

void fixture_write(struct fixture *fixture, uint32_t object, uint32_t offset, uint32_t length,
                   uint8_t tag)
{
    fixture->ops->write(fixture->heap, fixture_live(fixture, object), offset, length, tag);
}

bool fixture_resize(struct fixture *fixture, uint32_t object, uint32_t length)
{
    (void)fixture_live(fixture, object);
    return fixture->collector->resize(fixture->heap, &fixture->handles[object], length);
}

void fixture_weakref(struct fixture *fixture, uint32_t weak, uint32_t target)
{
    assert_true(fixture->collector->weakref(fixture->heap, fixture_live(fixture, weak),
                                            fixture_value(fixture, target)));
}

void fixture_death(struct fixture *fixture, uint32_t object)
{
    gcr_ref at = fixture_live(fixture, object);
    if (fixture->ops->death != NULL)
        fixture->ops->death(fixture->heap, at);
    fixture->handles[object] = NULL;
}

void fixture_collect(struct fixture *fixture)
{
    uint32_t ended = fixture->collection_count, begun = fixture->begun;
    fixture->collector->collect(fixture->heap, 2, GCR_REASON_EXPLICIT);
    assert_int_equal(fixture->collection_count, ended + 1);
    assert_int_equal(fixture->begun, begun + 1);
}

/* ---- looking ---- */

bool fixture_is_dead(const struct fixture *fixture, uint32_t object)
{
    return fixture_ref(fixture, object) == NULL;
}

uint32_t fixture_length(const struct fixture *fixture, uint32_t object)
{
    return fixture->collector->length(fixture->heap, fixture_live(fixture, object));
}

uint32_t fixture_number(const struct fixture *fixture, gcr_ref object)
{
    if (object == NULL)
        return 0;
    for (uint32_t i = 1; i < fixture->handle_count; i++)
        if (fixture->handles[i] == object)
            return i;
    fail_msg("no handle leads to %p", (void *)object);
    return 0;
}

uint32_t fixture_slot(const struct fixture *fixture, uint32_t object, uint32_t slot)
{
    return fixture_number(
        fixture, fixture->collector->slot(fixture->heap, fixture_live(fixture, object), slot));
}

uint8_t fixture_byte(const struct fixture *fixture, uint32_t object, uint64_t offset)
{
    uint64_t bytes = 0;
    const uint8_t *at =
        fixture->collector->data(fixture->heap, fixture_live(fixture, object), offset, &bytes);
    assert_non_null(at);
    assert_true(bytes > 0);
    return *at;
}

void fixture_assert_pattern(const struct fixture *fixture, uint32_t object, uint64_t offset,
                            uint64_t bytes, uint8_t tag)
{
    for (uint64_t i = offset; i < offset + bytes; i++)
        assert_int_equal(fixture_byte(fixture, object, i), gcr_pattern_byte(tag, i));
}

void fixture_assert_zero(const struct fixture *fixture, uint32_t object, uint64_t offset,
                         uint64_t bytes)
{
    for (uint64_t i = offset; i < offset + bytes; i++)
        assert_int_equal(fixture_byte(fixture, object, i), 0);
}

void fixture_check(const struct fixture *fixture)
{
    struct gcr_error err = {"no message"};
    if (!fixture->collector->check(fixture->heap, 3, &err))
        fail_msg("%s: %s", fixture->collector->name, err.text);
    struct gcr_footprint parts = {0};
    fixture->collector->footprint(fixture->heap, &parts);
    assert_int_equal(parts.objects_bytes + parts.headers_bytes + parts.free_bytes +
                         parts.side_bytes + parts.buffers_bytes,
                     fixture->supply.committed_bytes);
}

void fixture_expect_damage(const struct fixture *fixture, const char *word)
{
    struct gcr_error err;
    assert_false(fixture->collector->check(fixture->heap, 3, &err));
    if (strstr(err.text, word) == NULL)
        fail_msg("\"%s\" does not mention \"%s\"", err.text, word);
}

static bool fixture_count_one(void *arg, gcr_ref object)
{
    assert_non_null(object);
    (*(uint32_t *)arg)++;
    return true;
}

uint32_t fixture_walk_count(const struct fixture *fixture)
{
    uint32_t count = 0;
    fixture->collector->walk(fixture->heap, fixture_count_one, &count);
    return count;
}

const struct gcr_collection *fixture_last(const struct fixture *fixture)
{
    assert_true(fixture->collection_count > 0);
    return &fixture->collections[fixture->collection_count - 1];
}
