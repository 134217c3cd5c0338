/* incminimark: its check names each kind of damage. Every test makes a whole heap, breaks one
 * thing, and asks. */
#include "tests/collectors/incminimark_fixture.h"

#include <string.h>

/* A heap with something of everything: an old pair (root 0) and one it refers to, a large array
 * with cards (root 1), a young pair (root 2), a pinned blob (root 3). */
enum { OLD, ARRAY, YOUNG, BLOB };
struct heap {
    struct fixture fixture;
    uint32_t old, child, array, young, blob;
};

static void open_heap(struct heap *heap)
{
    static const char *const settings[] = {"nursery=64K", "large=4K", "min-heap=256K",
                                           "increment=0.05", NULL};
    struct fixture *fixture = &heap->fixture;
    inc_open(fixture, settings, 0);
    heap->old = fixture_alloc(fixture, MODEL_PAIR, 0, OLD);
    heap->child = fixture_alloc(fixture, MODEL_PAIR, 0, OLD + 10);
    fixture_store(fixture, heap->old, 0, heap->child);
    heap->array = fixture_alloc(fixture, MODEL_ARRAY, 2000, ARRAY);
    heap->blob = fixture_alloc(fixture, INC_BLOB, 100, BLOB);
    collect_minor(fixture);
    heap->young = fixture_alloc(fixture, MODEL_PAIR, 0, YOUNG);
    fixture_check(fixture);
}

static void assert_broken(struct heap *heap, int level, const char *what)
{
    assert_true(check_fails(&heap->fixture, level, what));
}

static uint64_t *header_of(const struct heap *heap, uint32_t object)
{
    return gcr_object_word(fixture_ref(&heap->fixture, object), 0);
}

static gcr_ref *slot_of(const struct heap *heap, uint32_t object, uint32_t slot)
{
    return gcr_layout_slot(&inside(&heap->fixture)->layouts, fixture_ref(&heap->fixture, object),
                           slot);
}

/* Changes a word, asks, and puts it back. */
static void assert_word_matters(struct heap *heap, uint64_t *word, uint64_t value, int level,
                                const char *what)
{
    uint64_t before = *word;
    *word = value;
    assert_broken(heap, level, what);
    *word = before;
    fixture_check(&heap->fixture);
}

static void test_flags_and_lists(void **state)
{
    (void)state;
    struct heap heap;
    open_heap(&heap);
    struct gcr_incminimark *h = inside(&heap.fixture);
    uint64_t *old = header_of(&heap, heap.old), *array = header_of(&heap, heap.array);
    assert_word_matters(&heap, old, *old & ~GCR_HEADER_NO_YOUNG, 2,
                        "remembered set and flag disagree");
    assert_word_matters(&heap, old, *old | INCMINIMARK_PINNED_PARENT, 2,
                        "list of pinned objects' parents and flag disagree");
    assert_word_matters(&heap, old, *old | GCR_HEADER_MARKED, 2,
                        "mark outside marking and sweeping");
    assert_word_matters(&heap, old, *old | INCMINIMARK_REACHED, 2,
                        "flag of a collection left behind");
    assert_word_matters(&heap, old, *old | GCR_HEADER_ORDERING, 2,
                        "flag of a collection left behind");
    assert_word_matters(&heap, old, *old | INCMINIMARK_CARDS_SET, 2,
                        "cards of an object without cards");
    assert_word_matters(&heap, old, *old | INCMINIMARK_PINNED, 2,
                        "old object with a flag of another kind");
    assert_word_matters(&heap, old, *old | 0xffff, 2, "header names no shape");
    assert_word_matters(&heap, array, *array | INCMINIMARK_CARDS_SET, 2,
                        "card list and flag disagree");
    uint64_t *young = header_of(&heap, heap.young);
    assert_word_matters(&heap, young, *young | GCR_HEADER_NO_YOUNG, 2,
                        "flag of an old object in the nursery");
    fixture_store(&heap.fixture, heap.old, 1, heap.young);
    assert_true(gcr_vector_push_word(&h->remember.objects,
                                     (uintptr_t)fixture_ref(&heap.fixture, heap.old)));
    assert_broken(&heap, 2, "object remembered twice");
    (void)gcr_vector_pop(&h->remember.objects);
    fixture_close(&heap.fixture);
}

static void test_references(void **state)
{
    (void)state;
    struct heap heap;
    open_heap(&heap);
    gcr_ref *slot = slot_of(&heap, heap.old, 1), young = fixture_ref(&heap.fixture, heap.young);
    *slot = young;
    assert_broken(&heap, 2, "refers to a young one and is not remembered");
    *slot = fixture_ref(&heap.fixture, heap.blob);
    assert_broken(&heap, 2, "refers to a young one and is not remembered");
    *slot = (gcr_ref)(void *)((char *)fixture_ref(&heap.fixture, heap.child) + 8);
    assert_broken(&heap, 3, "reference to no object");
    *slot = (gcr_ref)(void *)((char *)fixture_ref(&heap.fixture, heap.child) + 1);
    assert_broken(&heap, 2, "reference is not aligned");
    *slot = NULL;
    *slot_of(&heap, heap.array, 300) = young;
    assert_broken(&heap, 2, "refers to a young one and is not remembered");
    *slot_of(&heap, heap.array, 300) = NULL;
    fixture_store(&heap.fixture, heap.array, 300, heap.young); /* sets card 2 */
    fixture_check(&heap.fixture);
    *incminimark_card_byte(fixture_ref(&heap.fixture, heap.array), 0) = 1 << 1;
    assert_broken(&heap, 2, "refers to a young one and is not remembered");
    fixture_close(&heap.fixture);
}

static void test_cards(void **state)
{
    (void)state;
    struct heap heap;
    open_heap(&heap);
    uint8_t *byte = incminimark_card_byte(fixture_ref(&heap.fixture, heap.array), 0);
    *byte = 1 << 3;
    assert_broken(&heap, 2, "card bit of an array that is not on the card list");
    *byte = 0;
    fixture_store(&heap.fixture, heap.array, 0, heap.young);
    struct gcr_vector *list = &inside(&heap.fixture)->cards_set;
    assert_int_equal(gcr_vector_count(list), 1);
    assert_true(gcr_vector_push_word(list, *(uintptr_t *)gcr_vector_at(list, 0)));
    assert_broken(&heap, 2, "array on the card list twice");
    gcr_vector_truncate(list, 0);
    assert_broken(&heap, 2, "card list and flag disagree");
    fixture_close(&heap.fixture);
}

/* Steps of a cycle until it marks, with the old pair black. */
static void test_colours(void **state)
{
    (void)state;
    struct heap heap;
    open_heap(&heap);
    struct gcr_incminimark *h = inside(&heap.fixture);
    keep_pairs(&heap.fixture, 5, 4000);        /* takes many steps to mark */
    fixture_root(&heap.fixture, 40, heap.old); /* the last root is the first one marked */
    collect_minor(&heap.fixture);
    h->threshold_bytes = 0;
    collect_minor(&heap.fixture); /* scanning, perhaps a step of marking */
    while (h->state == INCMINIMARK_MARKING && !(inc_header(&heap.fixture, heap.old) >> 63))
        collect_minor(&heap.fixture);
    assert_int_equal(h->state, INCMINIMARK_MARKING);
    uint32_t white = fixture_alloc(&heap.fixture, MODEL_FINALIZER, 0, 20); /* born old: white */
    fixture_check(&heap.fixture);
    gcr_ref *slot = slot_of(&heap, heap.old, 1);
    *slot = fixture_ref(&heap.fixture, white);
    assert_broken(&heap, 2, "black object refers to a white one");
    *slot = NULL;
    fixture_store(&heap.fixture, heap.old, 1, white); /* with its barrier */
    fixture_check(&heap.fixture);
    collect_minor(&heap.fixture);
    fixture_check(&heap.fixture);
    fixture_collect(&heap.fixture);
    assert_true(gcr_mark_stack_push(&h->gray, fixture_ref(&heap.fixture, heap.old)));
    assert_broken(&heap, 2, "gray objects outside marking");
    (void)gcr_mark_stack_pop(&h->gray);
    fixture_close(&heap.fixture);
}

static void test_counters(void **state)
{
    (void)state;
    struct heap heap;
    open_heap(&heap);
    struct gcr_incminimark *h = inside(&heap.fixture);
    assert_word_matters(&heap, &h->pages.used_bytes, h->pages.used_bytes + 8, 2,
                        "used bytes are not the sum over the pages");
    assert_word_matters(&heap, &h->raws.used_bytes, h->raws.used_bytes - 16, 2,
                        "used bytes of raw blocks are not their sum");
    assert_word_matters(&heap, &h->young.objects, h->young.objects + 1, 2,
                        "counters of young objects");
    assert_word_matters(&heap, &h->old.object_bytes, h->old.object_bytes + 1, 2,
                        "counters of old objects");
    assert_word_matters(&heap, &h->pages.arena_count, 7, 2, "do not add up");
    assert_word_matters(&heap, &h->pages.free_pages, 1, 2, "do not add up");
    h->pinned_count++;
    assert_broken(&heap, 2, "number of pinned objects is wrong");
    h->pinned_count--;
    size_t first = h->raws.first_young++;
    assert_broken(&heap, 2, "sections of the raw list");
    h->raws.first_young = first;
    fixture_check(&heap.fixture);
    fixture_close(&heap.fixture);
}

static void test_pages(void **state)
{
    (void)state;
    struct heap heap;
    open_heap(&heap);
    struct gcr_incminimark *h = inside(&heap.fixture);
    struct incminimark_page *page = h->pages.now.partial[4]; /* pairs: 32 bytes */
    assert_non_null(page);
    uint64_t *classes = (uint64_t *)&page->free_blocks, before = *classes;
    page->size_class = 5;
    assert_broken(&heap, 2, "page is on the chain of another class");
    *classes = before;
    page->arena = 9;
    assert_broken(&heap, 2, "page names no arena");
    page->arena = 0;
    char *free = page->free;
    page->free = free + 8;
    assert_broken(&heap, 2, "never-used part of a page begins at no block");
    page->free = free;
    page->free_blocks = 1; /* the first free block holds no link: it is NULL */
    *(char **)(void *)free = (char *)page;
    assert_broken(&heap, 2, "never-used part of a page begins at no block");
    page->free_blocks = 2;
    assert_broken(&heap, 2, "free list of a page does not ascend");
    page->free_blocks = 0;
    h->pages.now.partial[4] = page->next;
    h->pages.now.full[4] = page;
    assert_broken(&heap, 2, "page is on the wrong one of its class's chains");
    h->pages.now.full[4] = NULL;
    assert_broken(&heap, 2, "pages in use that are on no chain");
    h->pages.now.partial[4] = page;
    struct incminimark_arena *arena = gcr_vector_at(&h->pages.arenas, 0);
    arena->free_pages--;
    assert_broken(&heap, 2, "arena's number of free pages is wrong");
    arena->free_pages++;
    fixture_check(&heap.fixture);
    fixture_close(&heap.fixture);
}

static void test_lists_of_others(void **state)
{
    (void)state;
    struct heap heap;
    open_heap(&heap);
    struct gcr_incminimark *h = inside(&heap.fixture);
    (void)fixture_alloc(&heap.fixture, MODEL_FINALIZER, 0, 30);
    struct gcr_finalizable *entry = gcr_finalizer_list_at(&h->finalizers, 0);
    entry->fate = GCR_FINALIZER_RUN;
    assert_broken(&heap, 2, "finalizer decided on outside a cycle's end");
    entry->fate = GCR_FINALIZER_KEPT;
    gcr_ref object = entry->object;
    entry->object = NULL;
    assert_broken(&heap, 2, "finalizer list holds no object");
    entry->object = object;
    gcr_weak_list_retarget(&h->weak, object); /* not an entry: no fault */
    fixture_check(&heap.fixture);
    gcr_vector_truncate(&h->weak.retargeted, 0);
    assert_true(gcr_vector_push_word(&h->weak.old, (uintptr_t)object));
    assert_broken(&heap, 2, "is on the weak list, but is not weak");
    gcr_vector_truncate(&h->weak.old, 0);
    *(uint64_t *)(void *)h->nursery.free = 0;
    h->nursery.free += 8;
    assert_broken(&heap, 2, "header names no shape");
    h->nursery.free -= 8;
    fixture_check(&heap.fixture);
    fixture_close(&heap.fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flags_and_lists), cmocka_unit_test(test_references),
        cmocka_unit_test(test_cards),           cmocka_unit_test(test_colours),
        cmocka_unit_test(test_counters),        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_lists_of_others),
    };
    return cmocka_run_group_tests_name("collector.incminimark_damage", tests, NULL, NULL);
}
