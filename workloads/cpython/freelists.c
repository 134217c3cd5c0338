/* CPython's free lists of tuples, lists and dicts.
 *
 * An object that dies into one keeps its block, and is born again without the allocator hearing of
 * it. The lists are stacks: comparing their tops at each hook call shows what was pushed and popped
 * since the last. What was pushed and popped again between two hook calls stays unseen. */
#include "workloads/cpython/recorder.h"

static void free_lists_push(struct recorder *recorder, PyObject *object, unsigned list)
{
    struct mirror *mirror = &recorder->mirror;
    uint64_t block = (uint64_t)(uintptr_t)object - sizeof(PyGC_Head);
    uint32_t found = heap_map_find(&recorder->map, block);
    if (found == 0)
        return;
    struct record *record = mirror_record(mirror, found);
    if (record->kind != RECORD_OBJECT)
        return;
    if ((record->flags & RECORD_PENDING) != 0) {
        record->flags |= RECORD_CONTAINER;
        types_settle(&recorder->types, found,
                     types_find(&recorder->types, py_free_list_type(list)));
    }
    if (!recorder->neutral) /* in a neutral recording the free lists are the replay's affair */
        record->flags |= RECORD_RECYCLED;
    recorder->counts->deaths++;
    uint32_t bytes = record->bytes;
    if (recorder->collection.running && (record->flags & RECORD_NEW) == 0) {
        collection_note_death(recorder, found);
        found = mirror_park(mirror, block, bytes);
        heap_map_set(&recorder->map, block, found);
        return;
    }
    mirror_bury(mirror, found);
    record->kind = RECORD_PARKED;
    record->flags = 0;
    record->generation = GENERATION_NONE;
    recorder->tiers.live--;
}

static void free_lists_pop(struct recorder *recorder, uint64_t object, unsigned list)
{
    struct mirror *mirror = &recorder->mirror;
    uint32_t found = heap_map_find(&recorder->map, object - sizeof(PyGC_Head));
    if (found == 0 || mirror_record(mirror, found)->kind != RECORD_PARKED)
        return;
    mirror_reallocate(mirror, found, recorder->neutral ? 0 : GCR_ALLOC_UNCOUNTED);
    types_settle(&recorder->types, found, types_find(&recorder->types, py_free_list_type(list)));
    if (recorder->collection.running)
        collection_note_birth(recorder, found);
    if (recorder->neutral)
        snapshot_add_young(recorder, found);
    recorder->tiers.allocated++;
    recorder->tiers.live++;
    recorder->counts->free_list_births++;
}

/* Where the stack is still as it was: the number of members in common. Fills `now` above that. */
static int free_lists_common(const struct recorder *recorder, unsigned list, int length,
                             PyObject *head, uint64_t *now)
{
    const struct free_list_mirror *seen = &recorder->free_lists[list];
    int count = recorder->free_list_tops.length[list];
    if (list >= PY_TUPLE_LISTS) {
        for (int i = length; i-- > 0;) {
            now[i] = (uint64_t)(uintptr_t)py_free_list_below(recorder->interpreter, list, NULL, i);
            if (i < count && seen->member[i] == now[i])
                return i + 1;
        }
        return 0;
    }
    PyObject *object = head;
    int common = length;
    for (; common > 0; common--) {
        if (common <= count && seen->member[common - 1] == (uint64_t)(uintptr_t)object)
            break;
        now[common - 1] = (uint64_t)(uintptr_t)object;
        object = py_free_list_below(recorder->interpreter, list, object, 0);
    }
    return common;
}

static void free_lists_sync_one(struct recorder *recorder, unsigned list, int length,
                                PyObject *head)
{
    struct free_list_mirror *seen = &recorder->free_lists[list];
    uint64_t now[FREE_LIST_LIMIT];
    if (length > FREE_LIST_LIMIT)
        return;
    int common = free_lists_common(recorder, list, length, head, now);
    for (int i = recorder->free_list_tops.length[list]; i-- > common;)
        free_lists_pop(recorder, seen->member[i], list);
    for (int i = common; i < length; i++) {
        seen->member[i] = now[i];
        free_lists_push(recorder, (PyObject *)(uintptr_t)now[i], list);
    }
    recorder->free_list_tops.length[list] = length;
    recorder->free_list_tops.head[list] = head;
}

static void free_lists_sync_changed(struct recorder *recorder)
{
    const struct py_free_list_tops *tops = &recorder->free_list_tops;
    const uint32_t changed = py_free_lists_changed(recorder->interpreter, tops);
    for (uint32_t rest = changed; rest != 0; rest &= rest - 1) {
        const unsigned list = GCR_CTZ64(rest);
        const int length = py_free_list_length(recorder->interpreter, list);
        PyObject *head = length == 0 ? NULL : py_free_list_head(recorder->interpreter, list);
        if (length != tops->length[list] || head != tops->head[list])
            free_lists_sync_one(recorder, list, length, head);
    }
}

void free_lists_sync(struct recorder *recorder)
{
    if (GCR_UNLIKELY(!py_free_lists_are_at(recorder->interpreter, &recorder->free_list_tops)))
        free_lists_sync_changed(recorder);
}
