/* buffered-refcount: weak references. Only the holder of the package touches the two tables: from a
 * weak reference to its registered target, and from a target to those that refer to it. The target
 * word itself is the mutator's to set and the collector's to null, so both do it atomically. */
#include "allocators/buffered_refcount/counts.h"

static void weak_forget(struct gcr_recycler *h, gcr_ref weak, gcr_ref target)
{
    struct recycler_entry *entry = recycler_table_find(&h->collector.weak_refs, target);
    while (entry != NULL && entry->value != (uintptr_t)weak)
        entry = recycler_table_next(&h->collector.weak_refs, entry);
    if (entry != NULL)
        recycler_table_remove(&h->collector.weak_refs, entry);
}

void recycler_weak_register(struct gcr_recycler *h, gcr_ref weak)
{
    struct recycler_collector *c = &h->collector;
    gcr_ref target = GCR_LOAD_ACQUIRE((gcr_ref *)gcr_object_weak_word(weak));
    recycler_weak_dies(h, weak);
    if (target == NULL || recycler_is_immortal(target))
        return;
    (void)!(recycler_table_add(h, &c->weak_targets, weak, (uintptr_t)target) &&
            recycler_table_add(h, &c->weak_refs, target, (uintptr_t)weak));
}

void recycler_weak_dies(struct gcr_recycler *h, gcr_ref weak)
{
    struct recycler_entry *entry = recycler_table_find(&h->collector.weak_targets, weak);
    if (entry == NULL)
        return;
    weak_forget(h, weak, (gcr_ref)(uintptr_t)entry->value);
    recycler_table_remove(&h->collector.weak_targets, entry);
}

void recycler_weak_target_dies(struct gcr_recycler *h, gcr_ref target)
{
    struct recycler_collector *c = &h->collector;
    struct recycler_entry *entry;
    while ((entry = recycler_table_find(&c->weak_refs, target)) != NULL) {
        gcr_ref weak = (gcr_ref)(uintptr_t)entry->value, expected = target;
        recycler_table_remove(&c->weak_refs, entry);
        entry = recycler_table_find(&c->weak_targets, weak);
        if (entry != NULL)
            recycler_table_remove(&c->weak_targets, entry);
        /* If it has been given another target since, that one stays, and is registered later. */
        gcr_ref *word = (gcr_ref *)gcr_object_weak_word(weak);
        while (expected == target &&
               !GCR_COMPARE_EXCHANGE_AS(GCR_CAUSE_HEADER, word, &expected, NULL)) {
        }
    }
}
