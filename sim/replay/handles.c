/* Growth of the handle table. It happens between batches only, so the loop sees a fixed table. */
#include "sim/replay/handles.h"

enum { HANDLES_TOUCHED_AT_ONCE = 1 << 20 };

/* Pages of new entries are made present now, while the clock stands: an allocation would have to
 * wait for them. A trace that leaves a large gap between its indexes may never use what is in it.
 */
static void handles_touch(struct gcr_handles *handles, uint32_t from, uint32_t to)
{
    const uint32_t entries_a_page = 4096 / sizeof *handles->table;

    if (to - from > HANDLES_TOUCHED_AT_ONCE)
        return;
    for (uint32_t i = from; i < to; i += entries_a_page)
        handles->table[i] = NULL;
    handles->table[to] = NULL;
}

bool gcr_handles_reserve(struct gcr_handles *handles, uint32_t index)
{
    handles->memory.huge_pages = true;
    if (!gcr_growable_reserve(&handles->memory, ((size_t)index + 1) * sizeof *handles->table))
        return false;
    handles->table = handles->memory.base;
    if (index >= handles->limit) {
        handles_touch(handles, handles->limit, index);
        handles->limit = index + 1;
    }
    return true;
}

bool gcr_handles_reserve_young(struct gcr_handles *handles, size_t n)
{
    if (!gcr_growable_reserve(&handles->young_memory,
                              (handles->young_count + n) * sizeof *handles->young))
        return false;
    handles->young = handles->young_memory.base;
    return true;
}

void gcr_handles_free(struct gcr_handles *handles)
{
    gcr_growable_free(&handles->memory);
    gcr_growable_free(&handles->young_memory);
    *handles = (struct gcr_handles){0};
}
