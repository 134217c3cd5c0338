/* The side table: weak references by target, and finalizer cookies.
 *
 * Keys are addresses with a tag in the low bits, which alignment leaves free:
 *   target | 0 -> a = first weak reference to it
 *   weak   | 1 -> a = next, b = previous weak reference to the same target
 *   object | 2 -> a = cookie
 * Each weak reference object promises two entries and each finalizer object one, at its allocation,
 * so that no later operation can find the table full. */
#include "allocators/linked_list/object.h"

enum { TAG_TARGET = 0, TAG_WEAK = 1, TAG_COOKIE = 2 };

static uintptr_t key_of(gcr_ref object, uintptr_t tag)
{
    return (uintptr_t)object | tag;
}

static size_t promised_entries(const struct linked_list_type *type)
{
    return (type_is(type, GCR_SHAPE_WEAK) ? 2u : 0u) +
           (type_is(type, GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER) ? 1u : 0u);
}

bool gcr_linked_list_side_promise(struct linked_list *ll, const struct linked_list_type *type)
{
    size_t n = promised_entries(type);
    return n == 0 || gcr_address_map_promise(&ll->side, n);
}

void gcr_linked_list_side_release(struct linked_list *ll, const struct linked_list_type *type)
{
    gcr_address_map_release(&ll->side, promised_entries(type));
}

/* ---- cookies ---- */

void gcr_linked_list_set_cookie(struct linked_list *ll, gcr_ref object, uint32_t cookie)
{
    gcr_address_map_add(&ll->side, key_of(object, TAG_COOKIE), cookie, 0);
}

uint32_t gcr_linked_list_cookie(const struct linked_list *ll, gcr_ref object)
{
    const struct gcr_address_entry *e = gcr_address_map_find(&ll->side, key_of(object, TAG_COOKIE));
    return e != NULL ? (uint32_t)e->a : 0;
}

void gcr_linked_list_forget_cookie(struct linked_list *ll, gcr_ref object)
{
    gcr_address_map_remove(&ll->side, key_of(object, TAG_COOKIE));
}

/* ---- weak references ---- */

gcr_ref gcr_linked_list_next_weak(const struct linked_list *ll, gcr_ref target, gcr_ref weak)
{
    uintptr_t key = weak == NULL ? key_of(target, TAG_TARGET) : key_of(weak, TAG_WEAK);
    const struct gcr_address_entry *e = gcr_address_map_find(&ll->side, key);
    return e != NULL ? (gcr_ref)e->a : NULL;
}

static void link_first(struct linked_list *ll, gcr_ref target, gcr_ref weak)
{
    struct gcr_address_entry *head = gcr_address_map_find(&ll->side, key_of(target, TAG_TARGET));
    uintptr_t next = head != NULL ? head->a : 0;
    if (head != NULL)
        head->a = (uintptr_t)weak;
    if (next != 0)
        gcr_address_map_find(&ll->side, key_of((gcr_ref)next, TAG_WEAK))->b = (uintptr_t)weak;
    if (head == NULL)
        gcr_address_map_add(&ll->side, key_of(target, TAG_TARGET), (uintptr_t)weak, 0);
    gcr_address_map_add(&ll->side, key_of(weak, TAG_WEAK), next, 0);
    object_header(target)->type |= OBJECT_HAS_WEAK;
}

static void unlink_weak(struct linked_list *ll, gcr_ref target, gcr_ref weak)
{
    struct gcr_address_entry *e = gcr_address_map_find(&ll->side, key_of(weak, TAG_WEAK));
    uintptr_t next = e->a, prev = e->b;
    if (next != 0)
        gcr_address_map_find(&ll->side, key_of((gcr_ref)next, TAG_WEAK))->b = prev;
    if (prev != 0) {
        gcr_address_map_find(&ll->side, key_of((gcr_ref)prev, TAG_WEAK))->a = next;
    } else if (next != 0) {
        gcr_address_map_find(&ll->side, key_of(target, TAG_TARGET))->a = next;
    } else {
        gcr_address_map_remove(&ll->side, key_of(target, TAG_TARGET));
        object_header(target)->type &= ~OBJECT_HAS_WEAK;
    }
    gcr_address_map_remove(&ll->side, key_of(weak, TAG_WEAK));
}

void gcr_linked_list_clear_weak(struct linked_list *ll, gcr_ref weak)
{
    gcr_ref *target = object_weak_target(object_type(ll, weak), weak);
    if (*target != NULL)
        unlink_weak(ll, *target, weak);
    *target = NULL;
}

void gcr_linked_list_clear_weak_to(struct linked_list *ll, gcr_ref target)
{
    gcr_ref weak;
    while ((weak = gcr_linked_list_next_weak(ll, target, NULL)) != NULL)
        gcr_linked_list_clear_weak(ll, weak);
}

void gcr_linked_list_weakref(struct gcr_heap *heap, gcr_ref weak, gcr_ref target)
{
    struct linked_list *ll = linked_list_of(heap);
    gcr_linked_list_clear_weak(ll, weak);
    if (target == NULL)
        return;
    *object_weak_target(object_type(ll, weak), weak) = target;
    link_first(ll, target, weak);
}
