/* Growth of the handle table. It happens between batches only, so the loop sees a fixed table. */
#include "sim/replay/handles.h"

bool gcr_handles_reserve(struct gcr_handles *handles, uint32_t index)
{
    if (!gcr_growable_reserve(&handles->memory, ((size_t)index + 1) * sizeof *handles->table))
        return false;
    handles->table = handles->memory.base;
    if (index >= handles->limit)
        handles->limit = index + 1;
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
