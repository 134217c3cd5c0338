#include "allocators/common/weak_list.h"

void gcr_weak_list_init(struct gcr_weak_list *list, struct gcr_supply *supply)
{
    gcr_vector_init(&list->old, supply, GCR_PAGES_SIDE, sizeof(gcr_ref));
    gcr_vector_init(&list->young, supply, GCR_PAGES_SIDE, sizeof(gcr_ref));
    gcr_vector_init(&list->retargeted, supply, GCR_PAGES_SIDE, sizeof(gcr_ref));
    list->retargeted_lost = false;
}

void gcr_weak_list_finish(struct gcr_weak_list *list)
{
    gcr_vector_finish(&list->old);
    gcr_vector_finish(&list->young);
    gcr_vector_finish(&list->retargeted);
}

static gcr_ref *entry_at(const struct gcr_vector *entries, size_t index)
{
    return gcr_vector_at(entries, index);
}

bool gcr_weak_list_reserve(struct gcr_weak_list *list)
{
    return gcr_vector_reserve(&list->young, 1) &&
           gcr_vector_reserve(&list->old, gcr_vector_count(&list->young) + 1);
}

static void push_reserved(struct gcr_vector *entries, gcr_ref weak)
{
    bool pushed = gcr_vector_push_word(entries, (uintptr_t)weak);
    GCR_CHECK(1, pushed);
    (void)pushed;
}

void gcr_weak_list_add(struct gcr_weak_list *list, gcr_ref weak, bool young)
{
    push_reserved(young ? &list->young : &list->old, weak);
}

void gcr_weak_list_retarget(struct gcr_weak_list *list, gcr_ref weak)
{
    if (!gcr_vector_push_word(&list->retargeted, (uintptr_t)weak))
        list->retargeted_lost = true;
}

static bool is_young(const struct gcr_weak_update *update, gcr_ref object)
{
    return object != NULL && update->still_young != NULL &&
           update->still_young(update->arg, object);
}

/* Clears or updates the target; true if it is in the nursery afterwards. What has not changed is
 * not written: its page may be shared with a forked process. */
static bool update_target(const struct gcr_weak_update *update, gcr_ref weak)
{
    gcr_ref *word = gcr_object_weak_word(weak), before = *word;
    gcr_ref after = before != NULL ? update->survivor(update->arg, before) : NULL;
    if (after != before)
        *word = after;
    return is_young(update, after);
}

/* Old weak references with a target in the nursery: those remain `retargeted` whose target stays
 * there. */
static void update_retargeted(struct gcr_weak_list *list, const struct gcr_weak_update *update)
{
    if (list->retargeted_lost) {
        list->retargeted_lost = false;
        gcr_vector_truncate(&list->retargeted, 0);
        for (size_t i = 0; i < gcr_vector_count(&list->old); i++)
            if (update_target(update, *entry_at(&list->old, i)))
                list->retargeted_lost = true;
        return;
    }
    size_t count = gcr_vector_count(&list->retargeted), kept = 0;
    for (size_t i = 0; i < count; i++) {
        gcr_ref weak = *entry_at(&list->retargeted, i);
        if (update_target(update, weak))
            *entry_at(&list->retargeted, kept++) = weak;
    }
    gcr_vector_truncate(&list->retargeted, kept);
}

/* Young entries: dead ones go, those that stay in the nursery stay, the others join `old`, where
 * room was reserved. */
static void update_young(struct gcr_weak_list *list, const struct gcr_weak_update *update)
{
    size_t count = gcr_vector_count(&list->young), kept = 0;
    for (size_t i = 0; i < count; i++) {
        gcr_ref weak = update->survivor(update->arg, *entry_at(&list->young, i));
        if (weak == NULL)
            continue;
        bool young_target = update_target(update, weak);
        if (is_young(update, weak)) {
            *entry_at(&list->young, kept++) = weak;
            continue;
        }
        push_reserved(&list->old, weak);
        if (young_target)
            gcr_weak_list_retarget(list, weak);
    }
    gcr_vector_truncate(&list->young, kept);
}

void gcr_weak_list_update_young(struct gcr_weak_list *list, const struct gcr_weak_update *update)
{
    update_retargeted(list, update);
    update_young(list, update);
}

void gcr_weak_list_update(struct gcr_weak_list *list, const struct gcr_weak_update *update)
{
    gcr_vector_truncate(&list->retargeted, 0);
    list->retargeted_lost = false;
    size_t count = gcr_vector_count(&list->old), kept = 0;
    for (size_t i = 0; i < count; i++) {
        gcr_ref weak = update->survivor(update->arg, *entry_at(&list->old, i));
        if (weak == NULL)
            continue;
        *entry_at(&list->old, kept++) = weak;
        if (update_target(update, weak))
            gcr_weak_list_retarget(list, weak);
    }
    gcr_vector_truncate(&list->old, kept);
    update_young(list, update);
}

void gcr_weak_list_update_in_place(struct gcr_weak_list *list, const struct gcr_weak_update *update)
{
    GCR_CHECK(1, gcr_vector_count(&list->young) == 0);
    gcr_vector_truncate(&list->retargeted, 0);
    list->retargeted_lost = false;
    size_t count = gcr_vector_count(&list->old), kept = 0;
    for (size_t i = 0; i < count; i++) {
        gcr_ref weak = *entry_at(&list->old, i), moved = update->survivor(update->arg, weak);
        if (moved == NULL)
            continue;
        (void)update_target(update, weak);
        *entry_at(&list->old, kept++) = moved;
    }
    gcr_vector_truncate(&list->old, kept);
}

static bool check_entries(const struct gcr_vector *entries, const struct gcr_shape *shapes,
                          struct gcr_error *err)
{
    for (size_t i = 0; i < gcr_vector_count(entries); i++) {
        gcr_ref weak = *entry_at(entries, i);
        if (!gcr_shape_is(&shapes[gcr_layout_shape(weak)], GCR_SHAPE_WEAK))
            return gcr_fail(err, GCR_FAULT, "object at %p is on the weak list, but is not weak",
                            (void *)weak) == GCR_OK;
    }
    return true;
}

bool gcr_weak_list_check(const struct gcr_weak_list *list, const struct gcr_shape *shapes,
                         struct gcr_error *err)
{
    return check_entries(&list->old, shapes, err) && check_entries(&list->young, shapes, err);
}
