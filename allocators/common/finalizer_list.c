#include "allocators/common/finalizer_list.h"

void gcr_finalizer_list_init(struct gcr_finalizer_list *list, struct gcr_supply *supply)
{
    gcr_vector_init(&list->entries, supply, GCR_PAGES_SIDE, sizeof(struct gcr_finalizable));
}

void gcr_finalizer_list_finish(struct gcr_finalizer_list *list)
{
    gcr_vector_finish(&list->entries);
}

bool gcr_finalizer_list_reserve(struct gcr_finalizer_list *list)
{
    return gcr_vector_reserve(&list->entries, 1);
}

void gcr_finalizer_list_add(struct gcr_finalizer_list *list, gcr_ref object, uint32_t cookie)
{
    struct gcr_finalizable *entry = gcr_vector_push(&list->entries);
    GCR_CHECK(1, entry != NULL);
    *entry = (struct gcr_finalizable){.object = object, .cookie = cookie};
}

static void list_close_holes(struct gcr_finalizer_list *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < gcr_finalizer_list_count(list); i++) {
        struct gcr_finalizable entry = *gcr_finalizer_list_at(list, i);
        if (entry.object != NULL)
            *gcr_finalizer_list_at(list, kept++) = entry;
    }
    gcr_vector_truncate(&list->entries, kept);
}

/* An entry that has run is a hole until all have: the list stays in order and whole at each call.
 */
uint64_t gcr_finalizer_list_run(struct gcr_finalizer_list *list, struct gcr_heap *heap)
{
    struct gcr_host *host = heap->host;
    uint64_t run = 0;
    for (size_t i = 0; i < gcr_finalizer_list_count(list); i++) {
        struct gcr_finalizable entry = *gcr_finalizer_list_at(list, i);
        if (entry.fate != GCR_FINALIZER_RUN)
            continue;
        *gcr_finalizer_list_at(list, i) = (struct gcr_finalizable){.object = NULL};
        if (run++ == 0)
            host->phase(host, GCR_PHASE_FINALIZE);
        host->finalize(host, heap, entry.cookie, entry.object);
    }
    if (run != 0)
        list_close_holes(list);
    heap->work.finalized += run;
    return run;
}
