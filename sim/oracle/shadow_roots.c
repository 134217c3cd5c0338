/* Sparse arrays in chunks; see shadow_roots.h. */
#include "sim/oracle/shadow_roots.h"

#include <stdlib.h>
#include <string.h>

static bool roots_grow(struct gcr_shadow_roots *roots, uint32_t group)
{
    uint32_t count = roots->group_count == 0 ? 1 : roots->group_count;
    struct gcr_shadow_edge ***grown;

    while (count <= group)
        count *= 2;
    grown = realloc(roots->group, count * sizeof(struct gcr_shadow_edge **));
    if (grown == NULL)
        return false;
    for (uint32_t i = roots->group_count; i < count; i++)
        grown[i] = NULL;
    roots->group = grown;
    roots->group_count = count;
    return true;
}

struct gcr_shadow_edge *gcr_shadow_roots_make(struct gcr_shadow_roots *roots, uint32_t slot)
{
    uint32_t group = slot / GCR_ROOT_GROUP_SLOTS;
    struct gcr_shadow_edge **chunk;

    if (group >= roots->group_count && !roots_grow(roots, group))
        return NULL;
    if (roots->group[group] == NULL)
        roots->group[group] = calloc(GCR_ROOT_GROUP_CHUNKS, sizeof(struct gcr_shadow_edge *));
    if (roots->group[group] == NULL)
        return NULL;
    chunk = &roots->group[group][slot / GCR_ROOT_CHUNK_SLOTS % GCR_ROOT_GROUP_CHUNKS];
    if (*chunk == NULL)
        *chunk = calloc(GCR_ROOT_CHUNK_SLOTS, sizeof(struct gcr_shadow_edge));
    if (*chunk == NULL)
        return NULL;
    if (slot >= roots->end)
        roots->end = slot + 1;
    return &(*chunk)[slot % GCR_ROOT_CHUNK_SLOTS];
}

uint32_t gcr_shadow_roots_next(const struct gcr_shadow_roots *roots, uint32_t from)
{
    uint64_t at = from; /* past the last slot there may be no 32-bit number */

    while (at < roots->end) {
        uint32_t group = (uint32_t)(at / GCR_ROOT_GROUP_SLOTS);
        if (roots->group[group] == NULL)
            at = ((uint64_t)group + 1) * GCR_ROOT_GROUP_SLOTS;
        else if (roots->group[group][at / GCR_ROOT_CHUNK_SLOTS % GCR_ROOT_GROUP_CHUNKS] == NULL)
            at = (at / GCR_ROOT_CHUNK_SLOTS + 1) * GCR_ROOT_CHUNK_SLOTS;
        else
            return (uint32_t)at;
    }
    return at < UINT32_MAX ? (uint32_t)at : UINT32_MAX;
}

bool gcr_shadow_roots_clone(const struct gcr_shadow_roots *roots, struct gcr_shadow_roots *copy)
{
    uint32_t i = gcr_shadow_roots_next(roots, 0);

    *copy = (struct gcr_shadow_roots){0};
    while (i < roots->end) { /* i is a chunk's first slot */
        struct gcr_shadow_edge *slots = gcr_shadow_roots_make(copy, i);

        if (slots == NULL) {
            gcr_shadow_roots_finish(copy);
            return false;
        }
        memcpy(slots, gcr_shadow_roots_find(roots, i), GCR_ROOT_CHUNK_SLOTS * sizeof *slots);
        if (roots->end - i <= GCR_ROOT_CHUNK_SLOTS)
            break;
        i = gcr_shadow_roots_next(roots, i + GCR_ROOT_CHUNK_SLOTS);
    }
    copy->end = roots->end;
    return true;
}

void gcr_shadow_roots_finish(struct gcr_shadow_roots *roots)
{
    for (uint32_t g = 0; g < roots->group_count; g++) {
        if (roots->group[g] == NULL)
            continue;
        for (uint32_t i = 0; i < GCR_ROOT_GROUP_CHUNKS; i++)
            free(roots->group[g][i]);
        free(roots->group[g]);
    }
    free(roots->group);
    *roots = (struct gcr_shadow_roots){0};
}
