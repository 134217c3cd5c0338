/* The side table: weak references by target, and finalizer cookies.
 *
 * Keys are addresses with a tag in the low bits, which alignment leaves free:
 *   target | 0 -> a = first weak reference to it
 *   weak   | 1 -> a = next, b = previous weak reference to the same target
 *   object | 2 -> a = cookie
 * Each weak reference object promises two entries and each finalizer object one, at its allocation,
 * so that no later operation can find the table full. */
#include "allocators/common/counting.h"

enum { TAG_TARGET = 0, TAG_WEAK = 1, TAG_COOKIE = 2 };

static uintptr_t key_of(gcr_ref object, uintptr_t tag)
{
    return (uintptr_t)object | tag;
}

static size_t promised_entries(const struct gcr_counting_type *type)
{
    return (gcr_counting_type_is(type, GCR_SHAPE_WEAK) ? 2u : 0u) +
           (gcr_counting_type_is(type, GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER) ? 1u : 0u);
}

bool gcr_counting_side_promise(struct gcr_counting *c, const struct gcr_counting_type *type)
{
    size_t n = promised_entries(type);
    return n == 0 || gcr_address_map_promise(&c->side, n);
}

void gcr_counting_side_release(struct gcr_counting *c, const struct gcr_counting_type *type)
{
    gcr_address_map_release(&c->side, promised_entries(type));
}

/* ---- cookies ---- */

void gcr_counting_set_cookie(struct gcr_counting *c, gcr_ref object, uint32_t cookie)
{
    gcr_address_map_add(&c->side, key_of(object, TAG_COOKIE), cookie, 0);
}

uint32_t gcr_counting_cookie(const struct gcr_counting *c, gcr_ref object)
{
    const struct gcr_address_entry *e = gcr_address_map_find(&c->side, key_of(object, TAG_COOKIE));
    return e != NULL ? (uint32_t)e->a : 0;
}

void gcr_counting_forget_cookie(struct gcr_counting *c, gcr_ref object)
{
    gcr_address_map_remove(&c->side, key_of(object, TAG_COOKIE));
}

/* ---- weak references ---- */

gcr_ref gcr_counting_next_weak(const struct gcr_counting *c, gcr_ref target, gcr_ref weak)
{
    uintptr_t key = weak == NULL ? key_of(target, TAG_TARGET) : key_of(weak, TAG_WEAK);
    const struct gcr_address_entry *e = gcr_address_map_find(&c->side, key);
    return e != NULL ? (gcr_ref)e->a : NULL;
}

static void link_first(struct gcr_counting *c, gcr_ref target, gcr_ref weak)
{
    struct gcr_address_entry *head = gcr_address_map_find(&c->side, key_of(target, TAG_TARGET));
    uintptr_t next = head != NULL ? head->a : 0;
    if (head != NULL)
        head->a = (uintptr_t)weak;
    if (next != 0)
        gcr_address_map_find(&c->side, key_of((gcr_ref)next, TAG_WEAK))->b = (uintptr_t)weak;
    if (head == NULL)
        gcr_address_map_add(&c->side, key_of(target, TAG_TARGET), (uintptr_t)weak, 0);
    gcr_address_map_add(&c->side, key_of(weak, TAG_WEAK), next, 0);
    gcr_counted_set_flag(target, GCR_COUNTED_HAS_WEAK);
}

static void unlink_weak(struct gcr_counting *c, gcr_ref target, gcr_ref weak)
{
    struct gcr_address_entry *e = gcr_address_map_find(&c->side, key_of(weak, TAG_WEAK));
    uintptr_t next = e->a, prev = e->b;
    if (next != 0)
        gcr_address_map_find(&c->side, key_of((gcr_ref)next, TAG_WEAK))->b = prev;
    if (prev != 0) {
        gcr_address_map_find(&c->side, key_of((gcr_ref)prev, TAG_WEAK))->a = next;
    } else if (next != 0) {
        gcr_address_map_find(&c->side, key_of(target, TAG_TARGET))->a = next;
    } else {
        gcr_address_map_remove(&c->side, key_of(target, TAG_TARGET));
        gcr_counted_clear_flag(target, GCR_COUNTED_HAS_WEAK);
    }
    gcr_address_map_remove(&c->side, key_of(weak, TAG_WEAK));
}

void gcr_counting_clear_weak(struct gcr_counting *c, gcr_ref weak)
{
    gcr_ref *target = gcr_counted_weak_target(gcr_counting_type_of(c, weak), weak);
    if (*target != NULL)
        unlink_weak(c, *target, weak);
    GCR_STORE_AS(GCR_CAUSE_HEADER, *target, (gcr_ref)NULL);
}

void gcr_counting_clear_weak_to(struct gcr_counting *c, gcr_ref target)
{
    gcr_ref weak;
    while ((weak = gcr_counting_next_weak(c, target, NULL)) != NULL)
        gcr_counting_clear_weak(c, weak);
}

bool gcr_counting_weakref(struct gcr_heap *heap, gcr_ref weak, gcr_ref target)
{
    struct gcr_counting *c = gcr_counting_of(heap);
    gcr_counting_clear_weak(c, weak);
    if (target == NULL)
        return true;
    GCR_STORE_AS(GCR_CAUSE_DATA, *gcr_counted_weak_target(gcr_counting_type_of(c, weak), weak),
                 target);
    link_first(c, target, weak);
    return true;
}
